#!/usr/bin/env python
"""Intruders at a monitor's publisher, and a hostile feed: nobody gets in, the legitimate subscriber gets all, memory
stays bounded.

A monitor publishes under CURVE, and another in plain text, on this machine. A subscriber with a key (without one for
the second) counts every reading by its `seq`. Meanwhile come: wrong keys, no keys and plain text; 10,000 connections
that never shake hands; subscriptions without end; messages without an end. Then comes one who is let in, in plain
text or with a key of his own, and asks for more and longer topics than he may, and sends long messages.

A third monitor receives from a publisher that has the key it asks for, and floods it: with messages that have too
many frames, too large ones, long ones within every limit. It must count the good ones that come after.

    scripts/intruders.py                     the full numbers, a minute or two
    scripts/intruders.py --connections 500
"""

import argparse
import socket as sockets
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import msgspec
import psutil
import zmq
from arguments import at_least

from streammi.network.security import PLAIN_TEXT, Keys, read_keys, write_keys

GREETING: Final = b"\xff" + bytes(8) + b"\x7f" + b"\x03\x00" + b"NULL".ljust(20, b"\0") + b"\0" + bytes(31)
READY: Final = b"\x04\x19\x05READY\x0bSocket-Type\x00\x00\x00\x03SUB"
BOUND: Final = 256 << 20  # bytes of memory that the monitor may take for a while, whatever comes to its publisher
FEED_BOUND: Final = 640 << 20  # and from a feed: 272 MiB that wait, and what comes between two looks
FLOOD_SECONDS: Final = 5.0


class Friend:
    """The legitimate subscriber: every reading by its number; and what memory the monitor takes meanwhile."""

    def __init__(self, context: zmq.Context[Any], endpoint: str, keys: Keys, process: psutil.Popen) -> None:
        self._process = process
        self._socket = context.socket(zmq.SUB)
        keys.connect(self._socket)
        self._socket.rcvhwm = 0
        self._socket.linger = 0
        self._socket.subscribe("mi/")
        self._socket.connect(endpoint)
        self._last: int | None = None
        self._look_at = 0.0
        self.came = self.missing = self.peak = 0

    def take(self) -> None:
        if time.monotonic() >= self._look_at:
            self.peak = max(self.peak, self._process.memory_info().rss)
            self._look_at = time.monotonic() + 0.01
        while self._socket.poll(0):
            seq = msgspec.json.decode(self._socket.recv_multipart()[1])["seq"]
            if self._last is not None and seq > self._last:
                self.missing += seq - self._last - 1
            self.came += self._last is None or seq > self._last  # a late joiner has the newest one resent to all
            self._last = max(seq, self._last or 0)

    def close(self) -> None:
        self._socket.close(0)


@contextmanager
def started(*words: str) -> Iterator[psutil.Popen]:
    process = psutil.Popen([sys.executable, "-m", "streammi", *words], stderr=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(20)
        process.stderr.close()


def endpoint_of(process: psutil.Popen) -> str:
    """Where a monitor says that it publishes."""
    while " on tcp://" not in (line := process.stderr.readline()):
        assert line, "the monitor did not start"
    return str(line.split(" on ")[1].strip())


def raw(endpoint: str, *, handshake: bool) -> sockets.socket:
    host, port = endpoint.removeprefix("tcp://").split(":")
    peer = sockets.create_connection((host, int(port)), timeout=2)
    if handshake:
        peer.sendall(GREETING + READY)
        time.sleep(0.05)
    return peer


def strangers(endpoint: str, tries: dict[str, Keys], friend: Friend) -> list[str]:
    """Who of these gets a message within three seconds."""
    inside = []
    with zmq.Context() as context:
        for name, keys in tries.items():
            with context.socket(zmq.SUB) as socket:
                keys.connect(socket)
                socket.linger = 0
                socket.subscribe("")
                socket.connect(endpoint)
                if socket.poll(3000):
                    inside.append(name)
            friend.take()
    return inside


def half_open(endpoint: str, n: int, friend: Friend) -> str:
    peers: list[sockets.socket] = []
    refused = 0
    for k in range(n):
        try:
            peers.append(raw(endpoint, handshake=False))
        except OSError:
            refused += 1
        if len(peers) > 800:  # our own descriptors: these have long been cut
            peers.pop(0).close()
        if k % 100 == 0:
            friend.take()
    for peer in peers:
        peer.close()
    return f"{n:,} connections, {refused} of them refused by the kernel"


def flood(endpoint: str, block: Callable[[int], bytes], friend: Friend) -> str:
    """Send blocks for FLOOD_SECONDS, from a new connection each time one is cut off."""
    deadline, sent, cuts = time.monotonic() + FLOOD_SECONDS, 0, 0
    while time.monotonic() < deadline:
        try:
            with raw(endpoint, handshake=True) as peer:
                while time.monotonic() < deadline:
                    peer.sendall(block(sent))
                    sent += 1
                    friend.take()
        except OSError:
            cuts += 1
        friend.take()
    return f"{sent} blocks, cut off {cuts} times"


def subscriptions(k: int) -> bytes:
    return b"".join(bytes([0, 9]) + b"\1" + b"%08d" % (k * 1000 + i) for i in range(1000))


UNFINISHED: Final = (bytes([1, 200]) + b"x" * 200) * 1000


def guest(endpoint: str, keys: Keys, message: Callable[[int], list[bytes]], friend: Friend) -> str:
    """One who is let in, and says so much: ZeroMQ itself, which connects again, and asks for all of it again."""
    deadline, sent = time.monotonic() + FLOOD_SECONDS, 0
    with zmq.Context() as context, context.socket(zmq.XSUB) as socket:
        keys.connect(socket)
        socket.linger, socket.sndhwm, socket.reconnect_ivl = 0, 0, 10
        socket.connect(endpoint)
        while time.monotonic() < deadline:
            socket.send_multipart(message(sent))
            sent += 1
            if not sent % 20:
                friend.take()
                time.sleep(0.001)  # for the thread that sends it
    return f"{sent} messages"


GUESTS: Final[dict[str, Callable[[int], list[bytes]]]] = {
    "let in, topics": lambda k: [b"\1%08d" % k],
    "let in, topics of 100 kB": lambda k: [b"\1%08d" % (k % 200) + bytes(100_000)],
    "let in, 20,000 frames": lambda k: [b"\2" + bytes(200)] * (1 if k % 20 else 20_000),
}
FEEDS: Final[dict[str, list[bytes]]] = {
    "feed, 2,000,000 frames": [bytes(200)] * 2_000_000,
    "feed, a frame of 2 MiB": [bytes(2 << 20)],
    "feed, 300 frames": [bytes(1000)] * 300,
    "feed, 64 frames of 1 MiB": [bytes(1 << 20)] * 64,
    "feed, 16 frames of 1 MiB": [bytes(1 << 20)] * 16,
    "feed, objects of 1 MiB": [b'{"x": 1, "y": [' + b"[]," * 340_000 + b"1]}"],
}


def told(kind: str, attempt: Callable[[], str], friend: Friend, memory: Callable[[], int], bound: int) -> list[str]:
    """Let it happen, print what was found, and return what did not hold."""
    before, came, friend.peak = memory(), friend.came, 0
    found = attempt()
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and (friend.came < came + 10 or memory() > friend.peak):
        friend.take()
        time.sleep(0.01)
    grown = friend.peak - before
    print(
        f"{kind:31}  {found or 'nobody in'}; memory {grown / 2**20:+.1f} MiB;"
        f" {friend.came - came} readings came, {friend.missing} are missing",
        flush=True,
    )
    wrong = []
    if grown > bound:
        wrong.append(f"{kind}: memory grew by {grown / 2**20:.0f} MiB")
    if friend.came == came:
        wrong.append(f"{kind}: no reading came")
    return wrong


@contextmanager
def watched(feed: str, keys: Keys, *words: str) -> Iterator[tuple[str, Friend, Callable[[], int]]]:
    """A monitor of a feed, which is there: its endpoint, a legitimate subscriber, and the memory it takes."""
    monitor = ["monitor", feed, "--x=x", "--y=y", "--quiet", "--every=20ms", "--publish=tcp://127.0.0.1:*", *words]
    with zmq.Context() as context, started(*monitor) as process:
        endpoint = endpoint_of(process)
        reader = threading.Thread(target=process.stderr.read)  # it must not wait for us to read its warnings
        reader.start()
        friend = Friend(context, endpoint, keys, process)
        yield endpoint, friend, lambda: int(process.memory_info().rss)
        friend.close()
        process.terminate()
        reader.join()


def attack(
    name: str, keys: Keys, tries: dict[str, Keys], guests: Keys, words: list[str], connections: int
) -> list[str]:
    """Everything that did not hold of one monitor; prints what was found."""
    wrong = []
    with tempfile.TemporaryDirectory(prefix="streammi-") as folder:
        feed = f"ipc://{folder}/feed"
        with started("publish", "seed", "--bind", feed), watched(feed, keys, *words) as (endpoint, friend, memory):
            while friend.came < 50:
                friend.take()
            inside: list[str] = []

            def come() -> str:
                inside.extend(strangers(endpoint, tries, friend))
                return ", ".join(inside)

            attempts: dict[str, Callable[[], str]] = {
                "strangers": come,
                "half-open": lambda: half_open(endpoint, connections, friend),
                "subscriptions": lambda: flood(endpoint, subscriptions, friend),
                "unfinished": lambda: flood(endpoint, lambda k: UNFINISHED, friend),
            }
            for kind, message in GUESTS.items():
                attempts[kind] = lambda message=message: guest(endpoint, guests, message, friend)  # type: ignore[misc]
            for kind, attempt in attempts.items():
                wrong += told(f"{name}  {kind}", attempt, friend, memory, BOUND)
            wrong += [f"{who} got in" for who in inside]
            if friend.missing:
                wrong.append(f"{friend.missing} readings are missing")
    return [f"{name}: {words}" for words in wrong]


def hostile_feed(server: Keys, words: list[str]) -> list[str]:
    """Everything that did not hold of a monitor whose feed floods it, with the right key; prints what was found."""
    wrong = []
    with zmq.Context() as context, context.socket(zmq.PUB) as socket:
        socket.curve_server, socket.curve_publickey, socket.curve_secretkey = True, server.public, server.secret
        socket.linger, socket.sndhwm = 0, 2
        feed = f"tcp://127.0.0.1:{socket.bind_to_random_port('tcp://127.0.0.1')}"

        def good(k: int) -> None:
            socket.send(b'{"x": %d, "y": %d}' % (k % 7, k % 5))

        with watched(feed, PLAIN_TEXT, *words) as (_, friend, memory):
            for kind, message in FEEDS.items():

                def attempt(message: list[bytes] = message) -> str:
                    k, sent, deadline = 0, 0, time.monotonic() + FLOOD_SECONDS
                    while time.monotonic() < deadline:
                        socket.send_multipart(message, copy=False)
                        sent += 1
                        friend.take()
                    came, deadline = friend.came, time.monotonic() + 60
                    while friend.came < came + 20 and time.monotonic() < deadline:
                        good(k := k + 1)
                        friend.take()
                        time.sleep(0.001)
                    return f"{sent} messages of {sum(map(len, message)):,} bytes in {len(message):,} frames"

                while friend.came < 20:
                    good(friend.came)
                    friend.take()
                    time.sleep(0.001)
                wrong += told(f"curve  {kind}", attempt, friend, memory, FEED_BOUND)
            if friend.missing:
                wrong.append(f"{friend.missing} readings are missing")
    return [f"hostile feed: {words}" for words in wrong]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--connections", type=at_least(1), default=10_000)
    connections = parser.parse_args().connections
    with tempfile.TemporaryDirectory(prefix="streammi-") as name:
        folder = Path(name)
        pairs = {who: tuple(map(str, write_keys(folder / who))) for who in ("plant", "alice", "bob", "mallory")}
        inside = folder / "in"
        inside.mkdir(mode=0o700)
        for who in ("alice", "bob"):
            (inside / f"{who}.key").write_text(Path(pairs[who][0]).read_text())
        alice, bob = (read_keys(pairs[who][1], server=pairs["plant"][0]) for who in ("alice", "bob"))
        tries = {
            "wrong key": read_keys(pairs["mallory"][1], server=pairs["plant"][0]),
            "wrong server key": read_keys(pairs["alice"][1], server=pairs["mallory"][0]),
            "no key": PLAIN_TEXT,
        }
        words = ["--curve-secret", pairs["plant"][1], "--authorized-keys", str(inside)]
        wrong = attack("curve", alice, tries, bob, words, connections)
        wrong += attack("plain", PLAIN_TEXT, {}, PLAIN_TEXT, [], connections)
        known = ["--curve-secret", pairs["alice"][1], "--curve-server-key", pairs["bob"][0]]
        wrong += hostile_feed(bob, known)
    for line in wrong:
        print(f"intruders: {line}", file=sys.stderr)
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
