"""What is lost is said: in the status of each window that it touches, by --strict, and that we are behind."""

import json
import threading
import time
from collections.abc import Callable
from contextlib import closing, suppress

import numpy as np
import pytest
import zmq
from command_line import streammi
from feeds import PATIENCE
from hypothesis import given, strategies as st

from streammi import Monitor, PairBatch, Reading
from streammi.config import FeedConfig, JoinConfig, MonitorConfig, bins, span
from streammi.ingest.intake import intake_of
from streammi.network.subscriber import BEHIND_NOTE, Subscriber
from streammi.records import LinkHealth
from streammi.records.status import Status, status_of

LINK = LinkHealth(endpoint="tcp://127.0.0.1:5556", state="connected")


@given(st.lists(st.tuples(st.integers(0, 30), st.booleans(), st.booleans()), min_size=1, max_size=12))
def test_a_window_that_spans_a_gap_says_so(batches: list[tuple[int, bool, bool]]) -> None:
    """A gap is before or inside its batch: a window spans it when it has a pair from before and one from behind it."""
    monitor = Monitor(MonitorConfig(window=span(20), every=span(1), bins=bins("2"), x_range=(0, 1), y_range=(0, 1)))
    taken, hole = 0, None
    for size, gap, broken in batches:
        batch = PairBatch(x=np.full(size, 0.5), y=np.full(size, 0.5), gaps=3 * gap, interrupted=broken)
        if gap or broken:
            hole = (taken, taken + size)
        for _, reading in monitor.feed(batch):
            taken += 1
            assert isinstance(reading, Reading)
            oldest = max(taken - 20, 0)
            expected = hole is not None and any(oldest < at for at in range(hole[0], hole[1] + 1)) and taken > hole[0]
            assert reading.spans_gap == expected
            assert bool(status_of(reading, LINK) & Status.SPANS_GAP) == expected


def test_pairs_that_wait_are_marked_until_those_from_before_the_gap_have_come() -> None:
    """x loses 3 samples while 10 wait for y."""
    intake = intake_of(JoinConfig(x=FeedConfig(endpoint="", x="v"), y=FeedConfig(endpoint="", y="v"), mode="exact"))

    def rows(*numbers: int) -> list[list[bytes]]:
        return [[b'{"v": 1, "timestamp": %d, "seq": %d}' % (k, k)] for k in numbers]

    intake.decode(0, rows(*range(10)), 0.0)
    gap = intake.decode(0, rows(*range(13, 20)), 0.0)
    assert (gap.gaps, gap.x.size) == (3, 0)
    came = [(batch.x.size, batch.interrupted) for k in range(30) for batch in [intake.decode(1, rows(k), 0.0)]]
    pairs_marked = [marked for size, marked in came if size]
    assert len(pairs_marked) == 17
    assert all(pairs_marked[:11])  # the last from before the gap, and the first from behind it


def test_who_cannot_keep_up_is_behind_until_the_queue_is_empty() -> None:
    with zmq.Context() as context, context.socket(zmq.PUSH) as sender:
        sender.linger = 0
        port = sender.bind_to_random_port("tcp://127.0.0.1")
        config = FeedConfig(endpoint=f"tcp://127.0.0.1:{port}", pull=True)
        with closing(Subscriber(config, context)) as subscriber:
            deadline = time.monotonic() + PATIENCE
            while not subscriber.link.behind:
                assert time.monotonic() < deadline
                with suppress(zmq.Again):
                    for _ in range(10_000):
                        sender.send(b"1 2", zmq.NOBLOCK)
                time.sleep(0.02)  # what counting takes
                subscriber.receive()
            assert subscriber.link.note == BEHIND_NOTE
            while subscriber.link.behind:
                assert time.monotonic() < deadline
                subscriber.receive()
            assert subscriber.link.note == ""
    reading = Reading(
        n=1, unit="bit", h_x=0, h_y=0, h_xy=0, h_x_given_y=0, h_y_given_x=0, mi=0, mi_corrected=0, nmi=None,
        pearson_r=None,
    )  # fmt: skip
    assert status_of(reading, LinkHealth(endpoint="", state="connected", behind=True)) == Status.BEHIND


def strict(send: Callable[[zmq.Socket[bytes]], None], *words: str) -> tuple[int, str, list[dict[str, float]]]:
    with zmq.Context() as context, context.socket(zmq.PUSH) as sender:
        sender.linger = 0
        port = sender.bind_to_random_port("tcp://127.0.0.1")
        line = ["monitor", f"tcp://127.0.0.1:{port}", "--pull", "--seconds", "60"]
        line += ["--x", "a", "--y", "b", "--window", "50", "--bins", "2", "--strict", *words]
        sending = threading.Thread(target=lambda: sender.poll(40_000, zmq.POLLOUT) and send(sender))
        sending.start()
        done = streammi(*line)
        sending.join()
    return done.returncode, done.stderr, [json.loads(line) for line in done.stdout.splitlines()]


def rows(*numbers: int) -> list[bytes]:
    return [b'{"a":%d,"b":%d,"seq":%d}' % (k % 7, k % 5, k) for k in numbers]


def timed(*seconds: int) -> list[bytes]:
    return [b'{"a":%d,"b":%d,"t":%d}' % (k % 7, k % 5, 1_700_000_000 + k) for k in seconds]


@pytest.mark.parametrize(
    ("messages", "said"),
    [
        (rows(*range(100), *range(103, 200)), "3 samples missing by sequence numbers"),
        ([*rows(*range(100)), b"{oops", *rows(*range(100, 200))], "1 message malformed"),
        ([*rows(*range(100)), *rows(*range(100))], "1 time the sequence numbers began again"),
        ([*timed(*range(100)), *timed(7), *timed(*range(100, 200))], "1 pair older than the whole window"),
    ],
)
def test_strict_ends_with_status_3_on_loss(messages: list[bytes], said: str) -> None:
    status, err, readings = strict(lambda sender: [sender.send(message) for message in messages])  # type: ignore[func-returns-value]
    assert status == 3
    assert f"--strict: {said}" in err
    assert readings


def test_strict_is_content_when_nothing_is_lost() -> None:
    messages = rows(*range(200))
    status, err, readings = strict(
        lambda sender: [sender.send(message) for message in messages],  # type: ignore[func-returns-value]
        "--samples",
        "200",
    )
    assert (status, "--strict" in err, readings[-1]["pairs"], readings[-1]["gaps"]) == (0, False, 200, 0)
    assert not readings[-1]["status"] & Status.SPANS_GAP
