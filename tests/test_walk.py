"""The walk of one message: how many calls it takes from its frames to the window's update, and how many modules."""

import gc
import json
import sys
from itertools import pairwise
from types import FrameType
from typing import Any

import pytest

from streammi.config import FeedConfig, MonitorConfig, span
from streammi.ingest.sequence import GapCounter
from streammi.monitor import Monitor
from streammi.publish.outbox import Outbox
from streammi.recording.entries import Arrived
from streammi.session.session import Session

NOW = 1.8e9


def walk(session: Session, *arrived: Arrived) -> list[str]:
    """The modules of the Python functions that are called while messages are taken in, in order."""
    called: list[str] = []

    def note(frame: FrameType, event: str, _: Any) -> None:
        if event == "call":
            called.append(frame.f_globals.get("__name__", ""))

    gc.disable()  # hypothesis counts collections, by two calls each
    sys.setprofile(note)
    try:
        for one in arrived:
            session.apply(one)
    finally:
        sys.setprofile(None)
        gc.enable()
    return called


def arrived(first: int, many: int, timed: bool) -> Arrived:
    """Messages of a sender of a thousand a second."""
    records: list[dict[str, float]] = [{"x": k * 0.37 % 1, "y": k * 0.11 % 1} for k in range(first, first + many)]
    if timed:
        records = [{**one, "timestamp": NOW + k / 1000, "seq": k} for k, one in enumerate(records, first)]
    return Arrived(0, NOW + first / 1000, [[json.dumps(one).encode()] for one in records])


def settled(timed: bool) -> Session:
    """A session to which nothing is new any more: the format, the unit of the times, the bins, how far messages are."""
    config = MonitorConfig(window=span(500), every=span(10**6), x_range=(0, 1), y_range=(0, 1))
    session = Session(Monitor(config), FeedConfig(endpoint="", x="x", y="y"), Outbox("xy", None, None, 0))
    for first in range(0, 18_000, 100):
        session.apply(arrived(first, 100, timed))
    session.apply(arrived(18_000, 1000, timed))  # kernels are compiled, or loaded, when they are met first
    session.apply(arrived(19_000, 999, timed))
    session.apply(arrived(19_999, 1, timed))
    return session


# When this was first counted it was 75 calls with 30 changes of module, and with a time and a number 106 with 50.
@pytest.mark.parametrize(("timed", "calls", "changes"), [(False, 43, 24), (True, 60, 36)])
def test_a_message_goes_through_few_hands(timed: bool, calls: int, changes: int) -> None:
    session = settled(timed)
    found = walk(session, arrived(20_000, 1, timed))
    assert session.monitor.window.pairs == 20_001
    assert len(found) <= calls
    assert sum(a != b for a, b in pairwise(found)) <= changes


def test_a_batch_of_a_thousand_takes_no_more_than_two_messages() -> None:
    session = settled(True)
    assert len(walk(session, arrived(20_000, 1000, True))) <= 2 * len(walk(session, arrived(21_000, 1, True)))


def test_a_gap_sends_no_message_through_a_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the middle of a batch 7 messages are missing: those before and behind are counted at once."""
    session, checks = settled(True), list[int]()
    check = GapCounter.check

    def counted(self: GapCounter, numbers: Any) -> None:
        checks.append(numbers.first)
        check(self, numbers)

    monkeypatch.setattr(GapCounter, "check", counted)
    batch = arrived(20_000, 1000, True)
    found = walk(session, Arrived(0, batch.received, [*batch.messages[:400], *batch.messages[407:]]))
    assert session.monitor.window.pairs == 20_993
    assert session.health(NOW)[0].gaps == 7
    assert len(checks) <= 4
    assert len(found) < 175
