"""A live feed over real sockets: one source, and two that are joined."""

import json
import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from typing import Any

import numpy as np
import pytest
import zmq
from feeds import PATIENCE, wait

from streammi.config import FeedConfig, JoinConfig
from streammi.detect.links import LinkWatch
from streammi.errors import ConfigError
from streammi.ingest.feed import Feed
from streammi.ingest.intake import Links, SourceConfig, intake_of
from streammi.ingest.rates import Meter
from streammi.network.host_search import why_no_host
from streammi.network.link import PLAIN_TEXT_NOTICE, UNANSWERED, unreachable
from streammi.network.silence import Spacing
from streammi.recording.entries import Arrived
from streammi.records import PairBatch
from streammi.records.link_totals import total


@pytest.fixture
def context() -> Iterator[zmq.Context[Any]]:
    with zmq.Context() as context:
        yield context


def bound(context: zmq.Context[Any], kind: int = zmq.PUSH) -> tuple[zmq.Socket[Any], str]:
    socket = context.socket(kind)
    socket.linger = 0
    port = socket.bind_to_random_port("tcp://127.0.0.1")
    return socket, f"tcp://127.0.0.1:{port}"


def test_a_name_that_no_host_has_is_said_while_it_is_tried_and_at_the_end(context: zmq.Context[Any]) -> None:
    now = [1e9]
    with closing(Feed(FeedConfig(endpoint="tcp://nowhere.invalid:5556"), context, lambda: now[0])) as feed:
        feed.receive()
        assert feed.links[0].note == PLAIN_TEXT_NOTICE
        now[0] += 4
        deadline = time.monotonic() + PATIENCE
        while feed.receive() is None and feed.links[0].note in (PLAIN_TEXT_NOTICE, UNANSWERED):
            assert time.monotonic() < deadline
            time.sleep(0.002)
        assert feed.links[0].note == "there is no host nowhere.invalid; still trying"
        assert feed.links[0].state == "connecting"
    for note in ("", UNANSWERED, feed.links[0].note):
        assert "reachable (there is no host nowhere.invalid)" in str(unreachable("tcp://nowhere.invalid:5556", note))
    assert "is no name of a host" in why_no_host("x" * 70 + ".invalid")


class Received:
    """A feed with its intake, and what came of it."""

    def __init__(self, config: SourceConfig, context: zmq.Context[Any]) -> None:
        self.feed, self.intake = Feed(config, context), intake_of(config)
        self.arrived: list[Arrived] = []
        self.batches: list[PairBatch] = []

    def until(self, done: Callable[[], bool], seconds: float = 30.0) -> None:
        deadline = time.monotonic() + seconds
        while not done():
            assert time.monotonic() < deadline, "nothing of the kind came"
            if (arrived := self.feed.receive()) is None:
                time.sleep(0.005)
            else:
                self.arrived.append(arrived)
                self.batches.append(self.intake.decode(arrived.source, arrived.messages, arrived.received))

    @property
    def links(self) -> Links:
        return self.intake.describe(self.feed.links, time.time())

    def close(self) -> None:
        self.feed.close()


def test_one_source(context: zmq.Context[Any]) -> None:
    sender, endpoint = bound(context)
    config = FeedConfig(endpoint=endpoint, x="a", y="b", pull=True)
    with sender, closing(Received(config, context)) as received:
        sent = [json.dumps({"a": k, "b": 2 * k, "seq": k}).encode() for k in (0, 1, 4)]
        for message in sent:
            sender.send(message)
        received.until(lambda: sum(len(arrived.messages) for arrived in received.arrived) == 3)
        (link,) = received.links
    assert np.concatenate([batch.x for batch in received.batches]).tolist() == [0, 1, 4]
    assert {arrived.source for arrived in received.arrived} == {0}
    assert [frames for arrived in received.arrived for frames in arrived.messages] == [[message] for message in sent]
    assert (link.messages, link.pairs, link.gaps, link.format, link.signal) == (3, 3, 2, "json", "both")
    assert link.bytes == sum(map(len, sent))
    assert total([link]) is link


def test_what_came_before_a_sender_ended_is_taken_before_the_link_is_lost(context: zmq.Context[Any]) -> None:
    with zmq.Context() as other:
        sender, endpoint = bound(other)
        sender.linger = 20_000
        with closing(Received(FeedConfig(endpoint=endpoint, x="a", y="b", pull=True), context)) as received:
            sender.send_json({"a": 0, "b": 0})
            received.until(lambda: bool(received.batches))
            for k in range(100):
                sender.send_json({"a": k, "b": k})
            sender.close()
            other.term()  # all is sent
            time.sleep(0.2)
            states = list[tuple[str, bool]]()
            while not states or states[-1][0] != "lost":
                arrived = received.feed.receive()
                states.append((received.feed.links[0].state, arrived is not None))
            assert ("lost", True) not in states
            assert ("connected", True) in states


def test_two_sources_become_pairs_by_their_times(context: zmq.Context[Any]) -> None:
    """One JSON, one CSV; x is 0.1 s early and half as fast; a sample of y has no partner."""
    (x_sender, x_endpoint), (y_sender, y_endpoint) = bound(context), bound(context)
    config = JoinConfig(
        x=FeedConfig(endpoint=x_endpoint, x="flow", pull=True),
        y=FeedConfig(endpoint=y_endpoint, y="1", t="0", pull=True),
        tolerance_s=0.2,
    )
    with x_sender, y_sender, closing(Received(config, context)) as received:
        for k in range(50):
            x_sender.send(json.dumps({"flow": k, "timestamp": 1.7e9 + k}).encode())
            y_sender.send(b"%.1f,%d\n%.1f,%d" % (1.7e9 + k + 0.1, 2 * k, 1.7e9 + k + 0.6, -1))
        received.until(lambda: sum(link.messages for link in received.links) == 100)
        x_link, y_link = received.links
    x, y, t = (np.concatenate([getattr(batch, name) for batch in received.batches]) for name in ("x", "y", "t"))
    assert x.tolist() == list(range(len(x)))
    assert (y == 2 * x).all()
    assert (t == 1.7e9 + x).all()
    assert len(x) in (49, 50)  # whether the last y is the nearest to the last x, or another follows
    assert {arrived.source for arrived in received.arrived} == {0, 1}
    assert (x_link.signal, y_link.signal, x_link.format, y_link.format) == ("x", "y", "json", "csv")
    assert x_link.pairs == y_link.pairs == len(x)
    for link, samples in ((x_link, 50), (y_link, 100)):
        tally = link.tally
        assert tally is not None
        assert tally.received == samples
        lots = tally.paired + tally.unmatched + tally.late + tally.duplicate + tally.dropped + tally.pending
        assert lots == samples
    assert x_link.pair_offset == pytest.approx(0.1, abs=1e-4)
    both = total((x_link, y_link))
    assert (both.messages, both.pairs, both.format) == (100, len(x), "json + csv")


def test_two_sources_without_times_say_so(context: zmq.Context[Any]) -> None:
    (x_sender, x_endpoint), (y_sender, y_endpoint) = bound(context), bound(context)
    x, y = (FeedConfig(endpoint=one, x="0", y="0", pull=True, format="csv") for one in (x_endpoint, y_endpoint))
    with x_sender, y_sender, closing(Received(JoinConfig(x=x, y=y, mode="exact"), context)) as received:
        for k in range(3):
            x_sender.send(b"%d" % k)
            y_sender.send(b"%d" % (k + 10))
        received.until(lambda: total(received.links).pairs == 3)
        assert "no timestamps: paired by order" in total(received.links).note
    assert np.concatenate([batch.y for batch in received.batches]).tolist() == [10, 11, 12]


def test_a_busy_source_does_not_starve_the_other(context: zmq.Context[Any]) -> None:
    (x_sender, x_endpoint), (y_sender, y_endpoint) = bound(context), bound(context)
    x, y = (FeedConfig(endpoint=endpoint, x="0", y="0", pull=True) for endpoint in (x_endpoint, y_endpoint))
    with x_sender, y_sender, closing(Received(JoinConfig(x=x, y=y), context)) as received:
        for _ in range(2000):
            x_sender.send(b"1 1")
            y_sender.send(b"1 1")
        received.until(lambda: len(received.arrived) >= 4)
    assert {arrived.source for arrived in received.arrived[:4]} == {0, 1}


class Timed:
    """A feed and its sender, by a clock that is ours."""

    def __init__(self, context: zmq.Context[Any], spacings: Sequence[Spacing] = ()) -> None:
        self.now, self.watch, self.events = 1000.0, LinkWatch("a"), list[str]()
        self.sender, endpoint = bound(context)
        config = FeedConfig(endpoint=endpoint, pull=True)
        self.feed = Feed(config, context, lambda: self.now, spacings=spacings)
        wait(lambda: self.look() == "connected")

    def send(self, count: int = 1) -> None:
        for _ in range(count):
            self.sender.send(b"1 2")
        came = 0
        while came < count:
            wait(lambda: bool(self.feed.sockets[0].poll(10)))
            arrived = self.feed.receive()
            came += 0 if arrived is None else len(arrived.messages)
        self.look()

    def look(self) -> str:
        self.feed.receive()
        (link,) = self.feed.links
        self.events += [event.kind for event in self.watch.update(link, self.now)]
        return link.state

    def after(self, seconds: float) -> str:
        """The link's state then; it is looked at on the way."""
        end = self.now + seconds
        while self.now < end:
            due = self.feed.due
            self.now = end if due is None or due <= self.now else min(due, end)
            self.look()
        return self.look()

    def close(self) -> None:
        self.feed.close()
        self.sender.close()


@pytest.mark.parametrize("seconds", [(6.0, 9.0), (5.0, 5.0), (60.0, 60.0), (0.5, 2.9), (170.0, 170.0)])
def test_a_slow_feed_is_not_stalled_between_its_messages(
    context: zmq.Context[Any], seconds: tuple[float, float]
) -> None:
    rng = random.Random(4)
    with closing(Timed(context)) as timed:
        timed.after(rng.uniform(*seconds))
        for _ in range(20):
            timed.send()
            assert timed.after(rng.uniform(*seconds)) == "connected"
        assert timed.events == []
        timed.send()
        assert timed.after(6 * seconds[1]) == "stalled"


@pytest.mark.parametrize("burst", [3, 50, 1500])
@pytest.mark.parametrize("silences", [0, 5])
def test_a_fast_feed_that_dies_is_missed_after_three_seconds(
    context: zmq.Context[Any], burst: int, silences: int
) -> None:
    """Also one that was silent now and then, or had an hour's outage."""
    with closing(Timed(context)) as timed:
        for _ in range(silences):
            for _ in range(12):
                timed.send(burst)
                timed.after(0.01)
            timed.after(4.0)
        if silences:
            timed.after(3600)
        for _ in range(12):
            timed.send(burst)
            timed.after(0.01)
        assert timed.after(2.98) == "connected"
        assert timed.after(0.02) == "stalled"


def test_a_feed_that_becomes_slow_is_learnt_to_be_that(context: zmq.Context[Any]) -> None:
    with closing(Timed(context)) as timed:
        for _ in range(50):
            timed.send()
            timed.after(0.1)
        for _ in range(20):
            timed.send()
            timed.after(10)
        assert timed.events == ["stalled", "recovered"] * 2


@pytest.mark.parametrize("period", [5.0, 60.0, 900.0])
def test_bursts_that_come_regularly_are_learnt_to_be_that(context: zmq.Context[Any], period: float) -> None:
    """Nobody can tell the first ones from a feed that dies."""
    rng = random.Random(4)
    with closing(Timed(context)) as timed:
        for _ in range(20):
            timed.send(rng.randrange(5, 50))
            timed.after(period * rng.uniform(0.97, 1.03))
        assert timed.events == ["stalled", "recovered"] * 3
        step = min(period / 600, 0.9)
        for _ in range(int(3.2 * period / step)):  # it goes on without a pause
            timed.send()
            timed.after(step)
        assert timed.after(2.9 - step) == "connected"
        assert timed.after(0.2) == "stalled"


def test_messages_at_random_times_stall_seldom(context: zmq.Context[Any]) -> None:
    rng = random.Random(4)
    with closing(Timed(context)) as timed:
        for _ in range(400):
            timed.send()
            timed.after(rng.expovariate(0.2))
        assert timed.events.count("stalled") <= 8


def test_what_an_earlier_run_has_learnt_is_known(context: zmq.Context[Any]) -> None:
    """A feed that was fast before the monitor was started again, and says nothing now."""
    fast = Spacing()
    fast.add(None, 100)
    known = fast.state()
    with closing(Timed(context, [fast])) as timed:
        assert timed.after(3.0) == "stalled"
        timed.send(3)
    with closing(Timed(context)) as timed:
        assert timed.after(170.0) == "connected"  # nothing is known of it
        assert timed.after(10.0) == "stalled"
    assert fast.state() == known  # the saved one is no longer theirs


def test_what_cannot_be_connected_to_closes_everything(context: zmq.Context[Any]) -> None:
    sender, endpoint = bound(context)
    sender.close()
    with pytest.raises(ConfigError, match="ENDPOINT must be an endpoint such as"):
        Feed(JoinConfig(x=FeedConfig(endpoint=endpoint), y=FeedConfig(endpoint="nowhere")), context)


def test_rates_are_known_again_at_once_when_the_clock_was_set_back() -> None:
    meter = Meter()
    for k in range(100):
        meter.add(1e4 + k / 10, k, 2 * k)
    for k in range(100, 130):
        meter.add(6400 + k / 10, k, 2 * k)
    assert meter.rates(6413.0) == pytest.approx((10.0, 20.0))


@pytest.mark.parametrize("every", [0.5, 1.0, 1.9, 2.5, 5.0, 9.0, 60.0, 300.0])
def test_a_regular_feed_has_its_rate_however_seldom_it_comes(every: float) -> None:
    """At the moment that a message comes, just before the next, and for a while after it should have come."""
    meter = Meter()
    for k in range(20):
        meter.add(1e6 + k * every, k, k)
        for later in (0.0, 0.99 * every):
            if k:
                assert meter.rates(1e6 + k * every + later)[1] == pytest.approx(1 / every, rel=1e-6), (k, later)
    assert meter.rates(1e6 + 19 * every + max(3.1 * every, 2.1)) == (0.0, 0.0)


def test_a_rate_is_that_of_now_soon_after_a_pause_or_a_change() -> None:
    meter = Meter()
    for k in range(50):
        meter.add(0.1 * k, k, k)
    for k in range(50, 80):
        meter.add(100.0 + 0.1 * k, k, 50 + 100 * (k - 50))
        if k > 51:
            assert meter.rates(100.0 + 0.1 * k)[1] == pytest.approx(1000.0, rel=0.01)
    for k in range(80, 84):  # from ten a second to one in ten: the third of these is two intervals away
        meter.add(107.9 + 10.0 * (k - 79), k, k)
    assert meter.rates(148.0)[0] == pytest.approx(0.1)
