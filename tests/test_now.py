"""A reading is the truth about now: what came is counted though nothing more comes, and a status is news by itself.

The monitor's own loop turns by a clock that is ours, over a feed that is scripted; what it records is replayed.
"""

import io
import json
import math
import random
from collections import deque
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from streammi.config import FeedConfig, JoinConfig, MonitorConfig, span
from streammi.ingest.intake import Links, SourceConfig, sources_of
from streammi.monitor import Monitor
from streammi.publish.outbox import Outbox
from streammi.recording.entries import Arrived, Begin, settings_of
from streammi.recording.reader import Recording
from streammi.recording.writer import Recorder
from streammi.records import LinkHealth, LinkState
from streammi.records.link_totals import worst
from streammi.records.status import Status, status_words
from streammi.session.checkpoint import Checkpoint
from streammi.session.log_messages import Operator
from streammi.session.loop import TICK_SECONDS, LoopParts
from streammi.session.pair_log_messages import PairLogMessages
from streammi.session.pair_loop import PairLoop
from streammi.session.replay import RecordingReplay
from streammi.session.resume import resume_from
from streammi.session.session import NEWS_SECONDS, Session
from streammi.system.log import Log
from streammi.system.service_manager import Notifier
from streammi.system.signals import Stop

ONE = FeedConfig(endpoint="tcp://127.0.0.1:1", x="a", y="b")
TWO = JoinConfig(x=replace(ONE, endpoint="x"), y=replace(ONE, endpoint="y"), tolerance_s=0.01)
LATEST = 0.001  # that the loop's clock may be late, s: a sleep is a whole number of milliseconds
Line = dict[str, Any]


class ScriptedFeed:
    """A feed that brings what it is told to when it is due, over links that are as they are told to be."""

    sockets = ()
    due = None

    def __init__(self, source: SourceConfig) -> None:
        self.links: Links = tuple(LinkHealth(endpoint=one.endpoint, state="connecting") for one in sources_of(source))
        self.now = 0.0
        self.waiting: deque[Arrived] = deque()

    def receive(self) -> Arrived | None:
        return self.waiting.popleft() if self.waiting and self.waiting[0].received <= self.now else None

    def turn(self, state: LinkState, source: int = 0, **more: Any) -> None:
        links = list(self.links)
        links[source] = replace(links[source], state=state, since=self.now, **more)
        self.links = tuple(links)

    def bring(self, at: float, *messages: bytes, source: int = 0) -> None:
        self.waiting.append(Arrived(source, at, [[message] for message in messages]))


class Case:
    """A monitor whose loop turns as often as it does when nothing comes, and at each arrival."""

    def __init__(self, path: Path, source: SourceConfig = ONE, **options: Any) -> None:
        config = MonitorConfig(**({"x_range": (-4, 4), "y_range": (-4, 4), "window": span(50)} | options))
        self.path, self.feed, self.sent, self._rng = path, ScriptedFeed(source), 0, random.Random(8)
        self._out, self._unsaved = io.StringIO(), False
        self.session = Session(Monitor(config), source, Outbox(config.pair, None, self._out, run=1))
        self.begin = Begin("0.1.0", 1, settings_of(config, source, None))
        self._recorder = Recorder(path, self.begin, 1 << 30)
        notes = PairLogMessages(self.session, {}, Operator(Log(io.StringIO()), Notifier({}, 1), [self]))
        parts = LoopParts(self.feed, notes, lambda: self.feed.now, recorder=self._recorder)
        self.loop = PairLoop(self.session, parts)

    notes: list[str] = []  # noqa: RUF012 - of a writer, who has nothing to say
    summary = ""

    @property
    def unsaved(self) -> bool:
        return self._unsaved

    def cannot_save(self, unsaved: bool) -> None:
        self._unsaved = unsaved

    @property
    def now(self) -> float:
        return self.feed.now

    def send(self, n: int, at: float | None = None, source: int = 0, **fields: float) -> None:
        """So many pairs in one batch, or samples of a source."""
        gauss, start = self._rng.gauss, self.now if at is None else at
        rows = [{"a": gauss(0, 1), "b": gauss(0, 1), **fields} for _ in range(n)]
        self.feed.bring(start, *(json.dumps(row).encode() for row in rows), source=source)
        self.sent += n

    def until(self, end: float) -> None:
        """Let time pass, the loop sleeping for as long as it says; what arrives wakes it."""
        while self.feed.now < end:
            self.loop._turn()
            sleep = math.ceil(self.loop._wait * 1000) / 1000
            arrives = self.feed.waiting[0].received if self.feed.waiting else math.inf
            self.feed.now = min(self.feed.now + max(sleep, LATEST / 10), max(arrives, self.feed.now + 1e-6), end)

    @property
    def lines(self) -> list[Line]:
        return [json.loads(line) for line in self._out.getvalue().splitlines()]

    @property
    def readings(self) -> list[Line]:
        return [line for line in self.lines if "mi" in line]

    def check_replay(self) -> None:
        """What was recorded says the same, byte for byte."""
        self._recorder.close()
        again = io.StringIO()
        replayed = RecordingReplay(Recording(self.path), lambda pair, run: Outbox(pair, None, again, run))
        deque(replayed, maxlen=0)
        replayed.end()
        assert again.getvalue() == self._out.getvalue()


def news(reading: Line) -> tuple[int, int]:
    return reading["pairs"], reading["status"]


@pytest.mark.parametrize("every", ["10ms", "100ms", "1s", "7", "1000"])
def test_every_pair_is_counted_though_nothing_more_comes(tmp_path: Path, every: str) -> None:
    """Forty bursts with each; in the end the link is called stalled."""
    case, rng = Case(tmp_path / "rec", every=span(every)), random.Random(every)
    seconds = span(every).seconds
    case.feed.turn("connected")
    for _ in range(40):
        for _ in range(rng.randrange(1, 6)):
            case.send(rng.choice((1, 3, 60)))
            case.until(case.now + rng.choice((0.0005, 0.004, 0.09)))
        last = case.now
        if seconds is not None:
            case.until(last + seconds + LATEST)
            assert case.readings[-1]["pairs"] == case.sent
            assert all(news(one) != news(next_) for one, next_ in pairwise(case.readings))
        if rng.random() < 0.5:
            case.until(last + 3)
            case.feed.turn("stalled")
            case.until(case.now + TICK_SECONDS)
            assert (case.readings[-1]["pairs"], case.readings[-1]["status"] & 8) == (case.sent, 8)
            case.feed.turn("connected")
        case.until(case.now + rng.uniform(0, 2))
    assert case.readings[-1]["status"] & ~Status.WARMING_UP & ~Status.UNDERSAMPLED == 0
    assert [line["seq"] for line in case.readings] == [*range(1, len(case.readings) + 1)]
    case.check_replay()


@pytest.mark.parametrize("every", ["100ms", "1h", "1000"])
@pytest.mark.parametrize(
    ("state", "flag"), [("stalled", Status.STALLED), ("lost", Status.LOST), ("connecting", Status.CONNECTING)]
)
def test_the_newest_reading_says_how_the_link_is(tmp_path: Path, state: LinkState, flag: Status, every: str) -> None:
    case = Case(tmp_path / "rec", every=span(every), bins=MonitorConfig().bins)
    case.feed.turn("connected")
    for _ in range(10):
        case.send(20)
        case.until(case.now + 0.05)
    case.until(5.0)
    before = case.readings[-1] if case.readings else None
    case.feed.turn(state)
    case.until(5.0 + TICK_SECONDS)
    told = case.readings[-1]
    assert told["pairs"] == 200
    assert told["timestamp"] == pytest.approx(5.0, abs=TICK_SECONDS)
    assert told["status"] & ~Status.UNDERSAMPLED == flag
    if every == "100ms" and before is not None:
        same = {
            name: value for name, value in told.items() if name not in ("seq", "timestamp", "status", "lag", "rate")
        }
        assert same.items() <= before.items()
        assert told["seq"] == before["seq"] + 1
    case.until(60.0)
    assert case.readings[-1] == told  # nothing more to say
    case.feed.turn("connected")
    case.until(60.0 + TICK_SECONDS)
    assert case.readings[-1]["status"] & ~Status.UNDERSAMPLED == 0
    case.check_replay()


def test_a_disk_and_a_queue_are_said_at_once_too(tmp_path: Path) -> None:
    case = Case(tmp_path / "rec", every=span("1h"))
    case.feed.turn("connected")
    case.send(60)
    case.until(2.0)
    for change, flag in (
        (lambda: case.cannot_save(True), Status.UNSAVED),
        (lambda: case.cannot_save(False), Status.OK),
        (lambda: case.feed.turn("connected", behind=True), Status.BEHIND),
        (lambda: case.feed.turn("connected", behind=False), Status.OK),
    ):
        change()
        case.until(case.now + TICK_SECONDS)
        assert case.readings[-1]["status"] & ~Status.UNDERSAMPLED == flag
        case.until(case.now + 2)
    assert len(case.readings) == 5
    case.check_replay()


def test_a_stuck_signal_is_said_before_the_next_reading_is_due(tmp_path: Path) -> None:
    case = Case(tmp_path / "rec", every=span("1h"), x_range=(-4, 4), y_range=(-4, 4))
    case.feed.turn("connected")
    case.send(60)
    case.until(1.0)
    for k in range(10):
        case.send(10, b=0.5)
        case.until(2.0 + k)
    assert [bool(line["status"] & Status.STUCK) for line in case.readings] == [False, True]
    assert case.readings[-1]["pairs"] == 110  # the first 50 that are all the same
    case.send(1)
    case.until(case.now + 1)
    assert not case.readings[-1]["status"] & Status.STUCK
    case.check_replay()


def test_a_link_that_flaps_is_no_flood(tmp_path: Path) -> None:
    case = Case(tmp_path / "rec", every=span("1h"))
    case.feed.turn("connected")
    case.send(60)
    case.until(1.0)
    for k in range(200):
        case.feed.turn("lost" if k % 2 else "connected", reconnects=k // 2)
        case.until(case.now + 0.07)
    case.feed.turn("lost")
    case.until(case.now + NEWS_SECONDS + TICK_SECONDS)
    times = [line["timestamp"] for line in case.readings]
    assert 10 <= len(times) <= 17
    assert all(later - earlier >= NEWS_SECONDS for earlier, later in pairwise(times[1:]))
    assert case.readings[-1]["status"] & Status.LOST
    case.check_replay()


def test_of_two_sources_the_one_that_dies_is_enough(tmp_path: Path) -> None:
    """Each sample has a partner 1 ms later; whether one still nearer comes is not known of the last ones."""
    case = Case(tmp_path / "rec", TWO, every=span("100ms"))
    for source in (0, 1):
        case.feed.turn("connected", source)
    for k in range(100):
        case.send(1, at=k / 50, source=0, timestamp=1e9 + k / 50)
        case.send(1, at=k / 50, source=1, timestamp=1e9 + k / 50 + 0.001)
    case.until(4.0)
    assert case.readings[-1]["pairs"] == 99
    case.feed.turn("stalled", 1)
    case.until(4.0 + TICK_SECONDS)
    assert (case.readings[-1]["pairs"], case.readings[-1]["status"] & Status.STALLED) == (100, Status.STALLED)
    for k in range(250, 300):  # x alone goes on, and y comes back
        case.send(1, at=k / 50, source=0, timestamp=1e9 + k / 50)
    case.until(7.0)
    assert case.readings[-1]["pairs"] == 100
    case.feed.turn("connected", 1)
    for k in range(350, 400):
        case.send(1, at=k / 50, source=0, timestamp=1e9 + k / 50)
        case.send(1, at=k / 50, source=1, timestamp=1e9 + k / 50 + 0.001)
    case.until(9.0)
    assert (case.readings[-1]["pairs"], case.readings[-1]["status"] & Status.STALLED) == (149, 0)
    case.check_replay()


def test_the_end_says_what_is_left(tmp_path: Path) -> None:
    case = Case(tmp_path / "rec", TWO, every=span("1000"))
    for source in (0, 1):
        case.feed.turn("connected", source)
        case.send(1, source=source, timestamp=1e9 + source / 1000)
    case.until(1.0)
    assert case.readings == []
    with closing(Ending(case)):
        pass
    assert [line["pairs"] for line in case.readings] == [1]
    case.check_replay()


def test_a_monitor_that_is_started_again_without_its_feed_says_so(tmp_path: Path) -> None:
    """Its last reading said that all was well; of the run that was killed there is another whose status is flagged."""
    first = Case(tmp_path / "rec", every=span("100ms"))
    first.feed.turn("connected")
    for _ in range(30):
        first.send(5)
        first.until(first.now + 0.05)
    saved = Checkpoint({}, first.now, first.session.state(), first.loop._recorded.place)
    for _ in range(30):
        first.send(5)
        first.until(first.now + 0.05)
    second = Case(tmp_path / "other", every=span("100ms"))
    with Stop() as stop:
        assert resume_from(second.session, first.begin.settings, saved, str(tmp_path / "rec"), Log(io.StringIO()), stop)
    again = second.readings
    assert [line["status"] & Status.CAUGHT_UP for line in again] == [Status.CAUGHT_UP] * len(again)
    said = {(line["pairs"], line["timestamp"]): line for line in first.readings}
    for line in again:  # they are those that were said before
        before = said[line["pairs"], line["timestamp"]]
        own = {"run": line["run"], "seq": line["seq"], "status": line["status"] & ~Status.CAUGHT_UP}
        assert line | own == before | {"run": line["run"], "seq": line["seq"]}
    second.feed.now = first.now + 5
    second.until(second.now + TICK_SECONDS)
    (told,) = second.readings[len(again) :]
    assert (told["pairs"], told["status"] & ~Status.UNDERSAMPLED) == (300, Status.CONNECTING)
    second.feed.turn("connected")
    second.until(second.now + NEWS_SECONDS + TICK_SECONDS)
    assert second.readings[-1]["status"] & ~Status.UNDERSAMPLED == 0
    second.feed.turn("stalled")
    second.until(second.now + NEWS_SECONDS + TICK_SECONDS)
    assert second.readings[-1]["status"] & ~Status.UNDERSAMPLED == Status.STALLED


LINKS: list[LinkState] = ["connected", "connected", "stalled", "lost", "connecting"]


@pytest.mark.parametrize("seed", range(6))
def test_whatever_happens_is_said_again_by_a_replay_and_by_a_monitor_that_goes_on(tmp_path: Path, seed: int) -> None:
    """Links that come and go, disks that fill, clocks that are set, bursts of good and bad pairs; cut somewhere."""
    rng = random.Random(seed)
    every, source = rng.choice(["10ms", "100ms", "1s", "7", "300"]), rng.choice([ONE, TWO])
    options: dict[str, Any] = {"every": span(every), "window": span(rng.choice(["20", "300", "2s"]))}
    case = Case(tmp_path / "rec", source, **options, detector="page-hinkley")
    case.feed.now = 1e9
    count = len(case.feed.links)
    for _ in range(60):
        at = rng.randrange(count)
        match rng.randrange(8):
            case 0 | 1:
                case.feed.turn(rng.choice(LINKS), at, reconnects=rng.randrange(3), behind=rng.random() < 0.2)
            case 2:
                case.cannot_save(rng.random() < 0.5)
            case 3:
                case.feed.bring(case.now, *[rng.choice([b'{"a": NaN, "b": 1}', b"\xff"])] * 9, source=at)
            case 4 if rng.random() < 0.3:
                case.feed.now += rng.choice((-3600.0, 3600.0))
            case _:
                fixed = {"b": 0.5} if rng.random() < 0.3 else {}
                case.send(rng.choice((1, 5, 90)), source=at, timestamp=case.now + rng.gauss(0, 0.01), **fixed)
                if count == 2:
                    case.send(rng.choice((1, 5)), source=1 - at, timestamp=case.now)
        long = rng.random() < 0.3
        case.until(case.now + (NEWS_SECONDS + 2 * TICK_SECONDS if long else rng.choice((0.001, 0.02, 0.5))))
        if long and case.readings:
            states = [link.state for link in case.session.health(case.now)]
            told = status_words(case.readings[-1]["status"])
            assert worst(*states) in ("connected", *told)
            assert {"stalled", "lost", "connecting"}.isdisjoint({*told} - {*states})
            assert case.unsaved == ("unsaved" in told)
    case.check_replay()
    assert len(case.readings) > 5
    _, *entries = Recording(case.path)
    for cut in (rng.randrange(len(entries)) for _ in range(4)):
        out = io.StringIO()
        first, second = (
            Session(Monitor(case.session.monitor.config), source, Outbox("x~y", None, out, run=1)) for _ in range(2)
        )
        for entry in entries[:cut]:
            first.apply(entry)
        second.restore(first.state())
        second.outbox.seq = first.outbox.seq
        for entry in entries[cut:]:
            second.apply(entry)
        assert [json.loads(line) for line in out.getvalue().splitlines()] == case.lines


class Ending:
    """The loop's own end, at once."""

    status, requested = 143, True

    def __init__(self, case: Case) -> None:
        self._case = case

    def fileno(self) -> int:
        return 0

    def close(self) -> None:
        self._case.loop.run(self)  # type: ignore[arg-type]


def test_bursts_that_are_never_finite_are_counted_as_that(tmp_path: Path) -> None:
    case = Case(tmp_path / "rec", every=span("100ms"))
    case.feed.turn("connected")
    case.send(60)
    case.until(0.05)
    case.feed.bring(case.now, b'{"a": NaN, "b": 1}')
    case.until(1.0)
    assert (case.readings[-1]["pairs"], case.readings[-1]["nonfinite"]) == (60, 1)
    case.check_replay()


def test_a_clock_that_is_set_back_stops_no_reading(tmp_path: Path) -> None:
    case = Case(tmp_path / "rec", every=span("100ms"))
    case.feed.now = 1e6
    case.feed.turn("connected")
    case.send(60)
    case.until(1e6 + 1)
    case.feed.turn("stalled")
    case.until(1e6 + 2)
    case.feed.now = 1e6 - 3600
    case.send(1)
    case.feed.turn("connected")
    case.until(case.now + 0.05)
    case.send(1)
    case.until(case.now + 0.3)
    assert case.readings[-1]["pairs"] == 62
    assert case.readings[-1]["status"] & Status.STALLED == 0
    case.check_replay()


def test_pairs_that_are_not_finite_do_not_count(tmp_path: Path) -> None:
    """Neither as pairs nor in their rate; how many they are is said beside."""
    case = Case(tmp_path / "rec", every=span("100ms"))
    case.feed.turn("connected")
    for k in range(400):
        case.feed.bring(k / 100, b'{"a": NaN, "b": 1}', b'{"a": 2, "b": null}')
    case.until(4.0)
    (link,) = case.session.health(case.now)
    assert (link.pairs, link.nonfinite, link.messages) == (0, 800, 800)
    assert (link.rate, link.message_rate) == (0.0, pytest.approx(200, rel=0.1))
    (stalled,) = case.lines
    assert "is stalled after 0 pairs and " in stalled["evidence"]
    for k in range(400, 800):
        case.feed.bring(k / 100, b'{"a": NaN, "b": 1}', b'{"a": %d, "b": %d}' % (k % 3, k % 2))
    case.until(8.2)
    assert (case.readings[-1]["pairs"], case.readings[-1]["nonfinite"]) == (400, 1200)
    assert case.readings[-1]["rate"] == pytest.approx(100, rel=0.1)
    case.check_replay()


def test_a_slow_feed_has_a_rate(tmp_path: Path) -> None:
    case = Case(tmp_path / "rec", every=span("100ms"))
    case.feed.turn("connected")
    rates = []
    for k in range(6):
        case.send(1)
        case.until(case.now + 4.9)
        rates.append(case.session.health(case.now)[0].rate)
        case.until(5.0 * (k + 1))
    assert rates == [None, *[pytest.approx(0.2)] * 5]
    case.until(case.now + 20)
    assert case.session.health(case.now)[0].rate == 0.0
