"""A monitor that says something of each sample keeps nothing of it: what all programs have from the system is counted.

scripts/soak.py watches memory for a minute at ten readings a second, and half a kilobyte of each is 0.3 MB then.
"""

import ctypes
import gc
import json
import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from numba.core.runtime import _nrt_python, rtsys

from streammi import Monitor, MonitorConfig
from streammi.config import ChannelConfig, ChannelSettings, FeedConfig, KeyedConfig, span
from streammi.config.conditions import condition
from streammi.config.monitor import BinsConfig
from streammi.core.conditional import past
from streammi.core.information.estimators import ESTIMATORS
from streammi.monitor import history_levels
from streammi.publish.outbox import Outbox
from streammi.recording.entries import Arrived, Due, Entry, Polled
from streammi.session.channel_session import ChannelSession
from streammi.session.keyed_session import KeyedSession
from streammi.session.session import Session

SOURCE = FeedConfig(endpoint="ipc:///tmp/feed", x="x", y="y")
KEPT = 256  # bytes of a reading at most: what grows by a few kilobytes once is none of one
TURNS = 200


class Lines:
    """Takes lines, and keeps none."""

    count = 0

    def write(self, text: str) -> int:
        self.count += text.count("\n")
        return len(text)

    def flush(self) -> None:
        """Nothing waits."""


class Held(ctypes.Structure):
    """What glibc's malloc says of all that a process has: of numpy's arrays, of numba's, of libraries'."""

    _fields_ = [(f"before_{k}", ctypes.c_size_t) for k in range(4)] + [
        ("mapped", ctypes.c_size_t),
        *((f"between_{k}", ctypes.c_size_t) for k in range(2)),
        ("in_use", ctypes.c_size_t),
        *((f"behind_{k}", ctypes.c_size_t) for k in range(2)),
    ]


def held() -> int:
    """Bytes in use, with Python's own small objects, which it has pages for, by their number."""
    gc.collect()
    info = LIBC.mallinfo2()
    return int(info.in_use + info.mapped) + 64 * sys.getallocatedblocks()


LIBC = ctypes.CDLL(None)
if hasattr(LIBC, "mallinfo2"):
    LIBC.mallinfo2.restype = Held
pytestmark = pytest.mark.skipif(not hasattr(LIBC, "mallinfo2"), reason="no glibc of 2.33 or later")


def left(turn: Callable[[int], Any], turns: int, said: Callable[[], int]) -> float:
    """How many bytes more there are of each thing that is said."""
    for k in range(turns):
        turn(k)
    before, count, arrays = held(), said(), of_kernels()
    for k in range(turns, 2 * turns):
        turn(k)
    assert said() >= count + turns
    assert of_kernels() - arrays < turns / 10
    return (held() - before) / (said() - count)


def of_kernels() -> int:
    """The arrays of kernels that nobody has let go of, by numba's own count."""
    found = rtsys.get_allocation_stats()
    return int(found.mi_alloc - found.mi_free)


CASES: dict[str, dict[str, Any]] = {
    **{name: {"estimator": name} for name in ESTIMATORS},
    "delays": {"lags": (-3, 3), "null": 19},
    "g-test, detection": {"test": "g", "null": 0, "detector": "page-hinkley"},
    "neighbours": {"ksg": 4},
    "a third signal": {"given": (condition("z"),)},
    "a cycle": {"given": (condition("cycle:7"),)},
    "what drives": {"transfer": True},
    "texts": {"bins": BinsConfig(kind="categories")},
    "seconds": {"window": span("2s")},
}


@pytest.fixture(autouse=True)
def soon_full(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What charts and nulls go back by."""
    monkeypatch.setattr(history_levels, "POINTS", 4)
    monkeypatch.setattr(history_levels, "LEVELS", 2)
    monkeypatch.setattr(past, "MOST_PARTS", 16)
    _nrt_python.memsys_enable_stats()
    yield
    _nrt_python.memsys_disable_stats()


@pytest.mark.parametrize("name", CASES)
def test_of_a_pair(name: str) -> None:
    config = MonitorConfig(**{"window": span(20), "every": span(1), **CASES[name]})
    values = np.random.default_rng(0).normal(size=(500, 3)).round(0 if "bins" in CASES[name] else 6)
    lines = Lines()
    session = Session(Monitor(config), SOURCE, Outbox(config.pair, None, lines, run=1))  # type: ignore[arg-type]

    def turn(k: int) -> None:
        x, y, z = values[k % len(values)].tolist()
        message = json.dumps({"x": x, "y": x + y, "z": z, "t": 1e9 + k / 10}).encode()
        session.apply(Arrived(0, 1e9 + k / 10, [[message]]))

    assert left(turn, TURNS, lambda: lines.count) < KEPT


def test_of_channels() -> None:
    lines, values = Lines(), np.random.default_rng(0).normal(size=(500, 4))
    config = ChannelConfig(names=(), window=span(20), every=span(1))
    settings = ChannelSettings(name="plant", config=config, patterns=("all",))
    session = ChannelSession(settings, SOURCE, None, lines, 1)  # type: ignore[arg-type]

    def turn(k: int) -> None:
        message = json.dumps({f"c{c}": v for c, v in enumerate(values[k % len(values)].tolist())}).encode()
        session.apply(Arrived(0, 1e9 + k, [[message]]))

    try:
        assert left(turn, TURNS, lambda: lines.count) < KEPT
    finally:
        session.close()


def test_of_devices() -> None:
    """Of which each is gone soon, and there are always others."""
    lines, values = Lines(), np.random.default_rng(0).normal(size=(500, 2))
    config = KeyedConfig(pair=MonitorConfig(window=span(40), every=span("1s")), key="id", idle_s=20.0)
    session = KeyedSession(config, SOURCE, None, lines, 1)  # type: ignore[arg-type]

    def turn(k: int) -> None:
        at = 1e9 + k
        messages = [[json.dumps({"id": f"n{k}", "x": x, "y": y}).encode()] for x, y in values[:20].tolist()]
        entries: list[Entry] = [Arrived(0, at, messages), Due(at + 0.9, 10_000), Polled(at + 0.9)]
        for entry in entries:
            session.apply(entry)

    assert left(turn, TURNS, lambda: lines.count) < KEPT
