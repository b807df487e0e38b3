"""A publisher that dies, pauses or cannot be reached any more, and a receiver that is slow: nothing is lost in silence.

The sender's own count, in a file that outlives it, is what ours is held against. STREAMMI_RESTARTS says how often the
publisher is killed (50 for a thorough run).
"""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zmq
from feeds import PATIENCE, free_port
from network import Relay
from programs import LINES, started

from streammi.config import FeedConfig
from streammi.ingest.feed import Feed
from streammi.ingest.intake import intake_of
from streammi.network.subscriber import Subscriber
from streammi.records import LinkHealth
from streammi.records.link_totals import total
from streammi.records.status import Status

RESTARTS = int(os.environ.get("STREAMMI_RESTARTS", "3"))
BACK = 20.0  # seconds at most until a feed that is there again is heard: two of the longest pauses between two tries
SENDER = """
import json, mmap, sys, time, zmq
port, path, rate = int(sys.argv[1]), sys.argv[2], float(sys.argv[3])
with open(path, "r+b") as file, mmap.mmap(file.fileno(), 16) as shared, zmq.Context() as context:
    with context.socket(zmq.PUB) as socket:
        socket.bind(f"tcp://127.0.0.1:{port}")
        seq = int.from_bytes(shared[:8], "little")
        while not shared[8]:
            # Counted first: what is killed between the two was never sent, and is missing all the same.
            shared[:8] = (seq + 1).to_bytes(8, "little")
            socket.send(b'{"x":%d,"y":%d,"seq":%d}' % (seq, -seq, seq))
            seq += 1
            time.sleep(1 / rate)
        time.sleep(0.5)
"""


class Sender:
    """A publisher in plain pyzmq, in a process of its own, that goes on counting where the one before it was killed."""

    def __init__(self, folder: Path, rate: float = 500.0) -> None:
        self._count = folder / "count"
        self._count.write_bytes(bytes(16))
        self._rate, self.port = rate, free_port()
        self.start()

    @property
    def sent(self) -> int:
        return int.from_bytes(self._count.read_bytes()[:8], "little")

    def start(self) -> None:
        words = [sys.executable, "-c", SENDER, str(self.port), str(self._count), str(self._rate)]
        self.process = subprocess.Popen(words)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def end(self) -> None:
        with self._count.open("r+b") as file:
            file.seek(8)
            file.write(b"\1")


class Receiver:
    """A feed, what came of it, and how long that took."""

    def __init__(self, feed: Feed, config: FeedConfig) -> None:
        self._feed, self._intake = feed, intake_of(config)
        self.x: list[float] = []

    @property
    def link(self) -> LinkHealth:
        return total(self._intake.describe(self._feed.links, time.time()))

    def until(self, done: Callable[[], bool], within: float = PATIENCE) -> float:
        """Receive until something holds; how long that took, s."""
        start = time.monotonic()
        while not done():
            assert time.monotonic() - start < within, f"not within {within} s: {self.link}"
            if (arrived := self._feed.receive()) is None:
                time.sleep(0.002)
            else:
                self.x += self._intake.decode(arrived.source, arrived.messages, arrived.received).x.tolist()
        return time.monotonic() - start

    def more(self, n: int = 100) -> Callable[[], bool]:
        wanted = len(self.x) + n
        return lambda: len(self.x) >= wanted


@pytest.fixture
def sender(tmp_path: Path) -> Iterator[Sender]:
    sender = Sender(tmp_path)
    yield sender
    sender.process.kill()
    sender.process.wait()


@contextmanager
def receiver(port: int, **more: Any) -> Iterator[Receiver]:
    config = FeedConfig(endpoint=f"tcp://127.0.0.1:{port}", x="x", y="y", **more)
    with zmq.Context() as context, closing(Feed(config, context)) as feed:
        yield Receiver(feed, config)


def check_count(sender: Sender, received: Receiver) -> None:
    """Let the sender come to its end; what came and what was counted as missing is what it sent."""
    sender.end()
    received.until(lambda: sender.process.poll() is not None)
    received.until(lambda: bool(received.x) and received.x[-1] == sender.sent - 1)
    assert (np.diff(received.x) > 0).all()  # in order, and nothing twice
    first = int(received.x[0])  # what was sent before we were there
    assert first + len(received.x) + received.link.gaps == sender.sent
    assert received.link.resets == received.link.reordered == 0


def test_a_publisher_that_is_killed_and_restarted(sender: Sender) -> None:
    with receiver(sender.port) as received:
        received.until(received.more())
        for k in range(RESTARTS):
            sender.kill()
            received.until(lambda: received.link.state == "lost")
            sender.start()
            started = sender.sent
            received.until(lambda started=started: sender.sent > started)  # type: ignore[misc]
            assert received.until(received.more()) < BACK
            assert received.link.state == "connected"
            assert received.link.reconnects == k + 1
        check_count(sender, received)
        assert received.link.gaps > 0


def test_a_publisher_that_is_paused(sender: Sender) -> None:
    """Longer than a subscription is made anew after: it is the first one that goes on, with all there is."""
    with receiver(sender.port) as received:
        received.until(received.more())
        sender.process.send_signal(signal.SIGSTOP)
        received.until(lambda: received.link.state == "stalled")
        received.until(lambda: "takes no new connection" in received.link.note)
        sender.process.send_signal(signal.SIGCONT)
        assert received.until(received.more()) < BACK
        assert (received.link.state, received.link.note, received.link.reconnects) == ("connected", "", 0)
        check_count(sender, received)
        assert received.link.gaps == 0


def test_a_connection_that_hangs_is_replaced(sender: Sender) -> None:
    with Relay(sender.port) as relay, receiver(relay.port) as received:
        received.until(received.more())
        relay.hang(accepts=True)
        assert received.until(received.more()) < BACK
        assert received.link.reconnects == 1
        missing = received.link.gaps
        assert missing > 0
        check_count(sender, received)
        assert received.link.gaps == missing


def test_what_the_second_connection_has_is_taken_when_the_first_one_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    with zmq.Context() as context, context.socket(zmq.XPUB) as sender:
        sender.linger, sender.xpub_verboser = 0, 1
        with (
            Relay(sender.bind_to_random_port("tcp://127.0.0.1")) as relay,
            closing(Subscriber(FeedConfig(endpoint=f"tcp://127.0.0.1:{relay.port}"), context)) as feed,
        ):
            subscribed(feed, sender)
            relay.hang(accepts=True)
            monkeypatch.setattr("streammi.network.subscriber.SILENT_SECONDS", 0.5)
            subscribed(feed, sender)  # a second time
            relay.accepts = False
            sent = [[b"%d" % k] for k in range(10)]
            for message in sent:
                sender.send_multipart(message)
            assert feed._spare is not None
            assert feed._spare[0].poll(40_000)
            relay.end_hung()
            came, deadline = feed.receive()[1], time.monotonic() + PATIENCE
            while len(came) < len(sent):
                assert time.monotonic() < deadline
                came += feed.receive()[1]
            assert came == sent
            assert feed.link.reconnects == 1


def subscribed(feed: Subscriber, sender: zmq.Socket[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not sender.poll(10):
        assert feed.receive()[1] == []
        assert time.monotonic() < deadline
    assert sender.recv() == b"\1"


def test_a_monitor_goes_on_over_the_new_connection(sender: Sender) -> None:
    """The whole program: readings go on as fast as before, and the windows that span the hole say so."""
    with Relay(sender.port) as relay:
        words = ["--x", "x", "--y", "y", "--window", "200", "--bins", "4", "--every", "100ms"]
        line = ["monitor", f"tcp://127.0.0.1:{relay.port}", *words]
        process = started(*line, **LINES)
        try:
            assert process.stdout is not None
            lines = (json.loads(line) for line in process.stdout)
            readings = (found for found in lines if "mi" in found)
            assert not next(found for found in readings if found["n"] == 200)["status"] & Status.SPANS_GAP
            relay.hang(accepts=True)
            first = next(found for found in readings if found["reconnects"])
            assert first["status"] & Status.SPANS_GAP
            assert first["gaps"] > 0
            later = next(found for found in readings if found["seq"] == first["seq"] + 20)
            assert not later["status"] & Status.SPANS_GAP
            assert later["gaps"] == first["gaps"]
            assert later["timestamp"] - first["timestamp"] < BACK
        finally:
            process.kill()
            process.communicate()


def test_a_network_that_hangs_as_a_whole(sender: Sender) -> None:
    with Relay(sender.port) as relay, receiver(relay.port) as received:
        received.until(received.more())
        relay.hang(accepts=False)
        received.until(lambda: "takes no new connection" in received.link.note)
        relay.resume()
        assert received.until(received.more()) < BACK
        check_count(sender, received)


def test_a_receiver_that_is_slow_keeps_its_connection() -> None:
    """Behind a full queue no heartbeat is answered, and libzmq's own would cut the connection after 8 s."""
    with zmq.Context() as context, context.socket(zmq.PUSH) as push:
        push.linger = 0
        port = push.bind_to_random_port("tcp://127.0.0.1")
        ended = threading.Event()
        sent = 0

        def send() -> None:
            nonlocal sent
            while not ended.is_set():
                try:
                    push.send(b'{"x":%d,"y":0,"seq":%d,"pad":"%s"}' % (sent, sent, b"-" * 20_000), zmq.NOBLOCK)
                    sent += 1
                except zmq.Again:
                    time.sleep(0.001)

        with receiver(port, pull=True) as received:
            thread = threading.Thread(target=send)
            thread.start()
            received.until(received.more())
            time.sleep(9)  # the queue fills
            before = sent
            received.until(lambda: sent > before + 1000)
            ended.set()
            thread.join()
            received.until(lambda: len(received.x) == sent)
            assert received.x == list(range(sent))
            assert received.link.gaps == received.link.reconnects == 0
