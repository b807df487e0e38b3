"""The small frame beside a payload: a time, as PlotJuggler's senders add one, or a counter; else it is ignored.

What it is shows in the first messages: a number that is a time since 1970 is a time, one that goes up by one from
message to message counts them. It may be ASCII, or a whole number or float64 in bytes, of either order.
"""

import re
import struct
from collections.abc import Callable
from typing import Any, Final, TypeAlias

import numpy as np

from streammi.ingest.clock import Clock
from streammi.ingest.sequence import Numbers
from streammi.ingest.time_units import epoch_unit
from streammi.records import FloatArray, IntArray

Value: TypeAlias = int | float

ASCII: Final = re.compile(rb"[+-]?[0-9]{1,20}(\.[0-9]{1,12})?")
COUNTS_FROM: Final = 3  # messages
EXACT_DIGITS: Final = 15  # of a number that is one, however it is read
GIVEN_UP_AFTER: Final = 20  # messages in which it was nothing
SAME_DAY: Final = 86_400  # s: seconds since 1970 in 32 bits are these only if they stay together
SMALL: Final = 1 << 32  # a number of 64 bits that is less, in either order, counts something
_LIMIT: Final = 1 << 62
_WIDTHS: Final = {1: ("u1",), 2: ("<u2", ">u2"), 4: ("<u4", ">u4"), 8: ("<u8", ">u8")}
_CODES: Final = {"u1": "B"} | {order + kind: order + code for order in "<>" for kind, code in
                              (("u2", "H"), ("u4", "I"), ("u8", "Q"), ("f8", "d"))}  # fmt: skip


def is_beside(frame: bytes) -> bool:
    """True if a frame can be a time or a counter.

    >>> is_beside(b"1700000000.5"), is_beside(b"\\x07\\0\\0\\0"), is_beside(b"room/1"), is_beside(b"")
    (True, True, False, False)
    """
    return ASCII.fullmatch(frame) is not None or (len(frame) in _WIDTHS and not frame.isalnum())


def is_time_by_itself(frame: bytes) -> bool:
    """True if eight bytes are a time since 1970, as a float64 or a whole number of either order.

    >>> is_time_by_itself(struct.pack("<d", 1.8e9)), is_time_by_itself(struct.pack(">Q", 1_800_000_000_000))
    (True, True)
    >>> is_time_by_itself(struct.pack("<ff", 20.25, 19.5)), is_time_by_itself(b"room/12b")
    (False, False)
    """
    return len(frame) == 8 and bool(_long_time(frame))


class Beside:
    """Reads the frames beside a feed's payloads, and remembers what they are.

    >>> beside = Beside()
    >>> [beside.read(struct.pack("<I", k)) for k in (7, 8, 9)]  # not known, not known; then it counts
    [None, None, Numbers(first=9, many=1, weight=1)]
    >>> beside.earlier()
    [Numbers(first=7, many=1, weight=1), Numbers(first=8, many=1, weight=1)]
    >>> Beside().read(b"1700000000500")
    1700000000500
    """

    def __init__(self) -> None:
        self.kind = ""  # time or count and how it is written, such as "time ascii"; "nothing"; "": not known yet
        self._first: list[bytes] = []  # frames, until it is known
        self._earlier: list[Numbers] = []

    @property
    def is_known(self) -> bool:
        """True if it is known what it is."""
        return bool(self.kind)

    def read(self, frame: bytes) -> Value | Numbers | None:
        """The time or the number that a frame is; None where it is neither, or that is not known yet."""
        if not self.kind:
            self._learn(frame)
        what, _, written = self.kind.partition(" ")
        value = _value(frame, written)
        if value is None or what not in ("time", "count"):
            return None
        return value if what == "time" else Numbers(int(value))

    def earlier(self) -> list[Numbers]:
        """The numbers of the messages before it was known that they are counted; once."""
        earlier, self._earlier = self._earlier, []
        return earlier

    def fitting(self) -> Callable[[bytes], object]:
        """The test of a frame that is written as those before: 0.1 us, where reading it takes 1."""
        written = self.kind.partition(" ")[2]
        if written == "ascii":
            return ASCII.fullmatch
        if written not in _CODES:  # what is ignored may be anything
            return lambda frame: True
        width = struct.calcsize(_CODES[written])
        if width < 8:
            return lambda frame: len(frame) == width
        return lambda frame: _value(frame, written) is not None

    def times(self, frames: list[bytes], clock: Clock) -> FloatArray:
        """Those of many messages, s."""
        written = self.kind.partition(" ")[2]
        if written == "ascii" and max(map(len, frames)) > EXACT_DIGITS:
            return np.array([clock.one(frame) for frame in frames])
        if written == "ascii":
            return clock.array(np.array(frames).astype(np.float64 if any(b"." in one for one in frames) else np.int64))
        return clock.array(np.frombuffer(b"".join(frames), dtype=written))

    def numbers(self, frames: list[bytes]) -> IntArray:
        """Those of many messages."""
        written = self.kind.partition(" ")[2]
        if written == "ascii":
            return np.array(list(map(int, frames)), dtype=np.int64)
        return np.frombuffer(b"".join(frames), dtype=written).astype(np.int64)

    def state(self) -> list[Any]:
        """Plain values and arrays that ``restore`` takes."""
        return [self.kind, list(self._first)]

    def restore(self, state: list[Any]) -> None:
        """Take up a saved state."""
        self.kind, self._first = state

    def _learn(self, frame: bytes) -> None:
        self._first.append(frame)
        self.kind = _time_of(self._first) or _count_of(self._first)
        if not self.kind and len(self._first) >= GIVEN_UP_AFTER:
            self.kind = _otherwise(self._first)
        if self.kind.startswith("count"):
            values = (_value(one, self.kind.partition(" ")[2]) for one in self._first[:-1])
            self._earlier = [Numbers(int(value)) for value in values if value is not None]
        if self.kind:
            self._first = []


def number_of(frame: bytes) -> Value:
    """The number that ASCII is."""
    return float(frame) if b"." in frame else int(frame)


def _value(frame: bytes, written: str) -> Value | None:
    if written == "ascii":
        return number_of(frame) if ASCII.fullmatch(frame) else None
    code = _CODES.get(written)
    if code is None or struct.calcsize(code) != len(frame):
        return None
    (value,) = struct.unpack(code, frame)
    return value if abs(value) < _LIMIT else None


def _time_of(frames: list[bytes]) -> str:
    """How the newest frame is a time since 1970; or, with a fraction, since the sender's start."""
    frame = frames[-1]
    if ASCII.fullmatch(frame):
        return "time ascii" if b"." in frame or epoch_unit(int(frame)) is not None else ""
    if len(frame) == 8 and (written := _long_time(frame)):
        return f"time {written}"
    if len(frame) == 4 and len(frames) >= COUNTS_FROM:
        for written in ("<u4", ">u4"):
            values = [_value(one, written) for one in frames]
            known = [value for value in values if value is not None and epoch_unit(value) is not None]
            if len(known) == len(values) and max(known) - min(known) < SAME_DAY:
                return f"time {written}"
    return ""


def _long_time(frame: bytes) -> str:
    """How eight bytes are a time since 1970; empty where they are none."""
    if min(struct.unpack("<Q", frame)[0], struct.unpack(">Q", frame)[0]) > SMALL:
        for written in ("<f8", ">f8", "<u8", ">u8"):
            value = _value(frame, written)
            if value is not None and epoch_unit(value) is not None:
                return written
    return ""


def _count_of(frames: list[bytes]) -> str:
    """How the frames count: each is more than the one before, and mostly by one."""
    for written in ("ascii", *_WIDTHS.get(len(frames[-1]), ())):
        values = [_value(frame, written) for frame in frames]
        if len(values) < COUNTS_FROM or None in values:
            continue
        steps = np.diff(np.array(values, dtype=np.float64))
        ones = int(np.count_nonzero(steps == 1))
        if steps.min() >= 1 and ones >= 2 and 2 * ones >= steps.size:
            return f"count {written}"
    return ""


def _otherwise(frames: list[bytes]) -> str:
    """How ASCII numbers that do not count by one go up: by the same each time, as numbers do, or as a time does."""
    values = [_value(frame, "ascii") for frame in frames]
    steps = np.diff(np.array(values, dtype=np.float64)) if None not in values else np.array([-1.0])
    if (steps < 0).any():
        return "nothing"
    return "count ascii" if steps[0] > 1 and (steps == steps[0]).all() else "time ascii"
