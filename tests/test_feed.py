"""A live feed over real sockets: one source, and two that are joined."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import numpy as np
import pytest
import zmq

from streammi.config import FeedConfig, JoinConfig
from streammi.errors import ConfigError
from streammi.health import total
from streammi.ingest.feed import Feed
from streammi.records import PairBatch


@pytest.fixture
def context() -> Iterator[zmq.Context[Any]]:
    with zmq.Context() as context:
        yield context


def bound(context: zmq.Context[Any], kind: int = zmq.PUSH) -> tuple[zmq.Socket[Any], str]:
    socket = context.socket(kind)
    socket.linger = 0
    port = socket.bind_to_random_port("tcp://127.0.0.1")
    return socket, f"tcp://127.0.0.1:{port}"


def until(feed: Feed, done: Callable[[], bool], seconds: float = 30.0) -> list[PairBatch]:
    """Receive until something holds; what came until then."""
    batches: list[PairBatch] = []
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, "nothing of the kind came"
        if (batch := feed.receive()) is None:
            time.sleep(0.005)
        else:
            batches.append(batch)
    return batches


def test_one_source(context: zmq.Context[Any]) -> None:
    sender, endpoint = bound(context)
    seen: list[tuple[int, float, list[bytes]]] = []
    config = FeedConfig(endpoint=endpoint, x="a", y="b", pull=True)
    hook = lambda source, received, messages: seen.extend((source, received, list(m)) for m in messages)  # noqa: E731
    with sender, closing(Feed(config, context, on_frames=hook)) as feed:
        sent = [json.dumps({"a": k, "b": 2 * k, "seq": k}).encode() for k in (0, 1, 4)]
        for message in sent:
            sender.send(message)
        batches = until(feed, lambda: len(seen) == 3)
        (link,) = feed.health(time.time())
    assert np.concatenate([batch.x for batch in batches]).tolist() == [0, 1, 4]
    assert [source for source, _, _ in seen] == [0, 0, 0]
    assert [frames for _, _, frames in seen] == [[message] for message in sent]
    assert (link.messages, link.pairs, link.gaps, link.format, link.signal) == (3, 3, 2, "json", "both")
    assert link.bytes == sum(map(len, sent))
    assert total([link]) is link


def test_two_sources_become_pairs_by_their_times(context: zmq.Context[Any]) -> None:
    """One JSON, one CSV; x is 0.1 s early and half as fast; a sample of y has no partner."""
    (x_sender, x_endpoint), (y_sender, y_endpoint) = bound(context), bound(context)
    config = JoinConfig(
        x=FeedConfig(endpoint=x_endpoint, x="flow", pull=True),
        y=FeedConfig(endpoint=y_endpoint, y="1", t="0", pull=True),
        tolerance_s=0.2,
    )
    numbers: set[int] = set()
    hook = lambda source, received, messages: numbers.add(source)  # noqa: E731
    with x_sender, y_sender, closing(Feed(config, context, on_frames=hook)) as feed:
        for k in range(50):
            x_sender.send(json.dumps({"flow": k, "timestamp": 1.7e9 + k}).encode())
            y_sender.send(b"%.1f,%d\n%.1f,%d" % (1.7e9 + k + 0.1, 2 * k, 1.7e9 + k + 0.6, -1))
        batches = until(feed, lambda: sum(link.messages for link in feed.health(time.time())) == 100)
        x_link, y_link = feed.health(time.time())
    x, y, t = (np.concatenate([getattr(batch, name) for batch in batches]) for name in ("x", "y", "t"))
    assert x.tolist() == list(range(len(x)))
    assert (y == 2 * x).all()
    assert (t == 1.7e9 + x).all()
    assert len(x) in (49, 50)  # whether the last y is the nearest to the last x, or another follows
    assert numbers == {0, 1}
    assert (x_link.signal, y_link.signal, x_link.format, y_link.format) == ("x", "y", "json", "csv")
    assert x_link.pairs == y_link.pairs == len(x)
    for link, received in ((x_link, 50), (y_link, 100)):
        tally = link.tally
        assert tally is not None
        assert tally.received == received
        lots = tally.paired + tally.unmatched + tally.late + tally.duplicate + tally.dropped + tally.pending
        assert lots == received
    assert x_link.pair_offset == pytest.approx(0.1, abs=1e-4)
    both = total((x_link, y_link))
    assert (both.messages, both.pairs, both.format) == (100, len(x), "json + csv")


def test_two_sources_without_times_say_so(context: zmq.Context[Any]) -> None:
    (x_sender, x_endpoint), (y_sender, y_endpoint) = bound(context), bound(context)
    x, y = (FeedConfig(endpoint=one, x="0", y="0", pull=True, format="csv") for one in (x_endpoint, y_endpoint))
    with x_sender, y_sender, closing(Feed(JoinConfig(x=x, y=y, mode="exact"), context)) as feed:
        for k in range(3):
            x_sender.send(b"%d" % k)
            y_sender.send(b"%d" % (k + 10))
        batches = until(feed, lambda: total(feed.health(time.time())).pairs == 3)
        assert "no timestamps: paired by order" in total(feed.health(time.time())).note
    assert np.concatenate([batch.y for batch in batches]).tolist() == [10, 11, 12]


def test_a_busy_source_does_not_starve_the_other(context: zmq.Context[Any]) -> None:
    (x_sender, x_endpoint), (y_sender, y_endpoint) = bound(context), bound(context)
    x, y = (FeedConfig(endpoint=endpoint, x="0", y="0", pull=True) for endpoint in (x_endpoint, y_endpoint))
    sources: list[int] = []
    hook = lambda source, received, messages: sources.append(source)  # noqa: E731
    with x_sender, y_sender, closing(Feed(JoinConfig(x=x, y=y), context, on_frames=hook)) as feed:
        for _ in range(2000):
            x_sender.send(b"1 1")
            y_sender.send(b"1 1")
        until(feed, lambda: len(sources) >= 4)
    assert set(sources[:4]) == {0, 1}


def test_what_cannot_be_connected_to_closes_everything(context: zmq.Context[Any]) -> None:
    sender, endpoint = bound(context)
    sender.close()
    with pytest.raises(ConfigError, match="ENDPOINT must be an endpoint such as"):
        Feed(JoinConfig(x=FeedConfig(endpoint=endpoint), y=FeedConfig(endpoint="nowhere")), context)
