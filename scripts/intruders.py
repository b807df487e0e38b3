#!/usr/bin/env python
"""Intruders at a monitor's publisher: nobody gets in, the legitimate subscriber gets all, memory stays bounded.

A monitor publishes under CURVE, and another in plain text, on this machine. A subscriber with a key (without one for
the second) counts every reading by its `seq`. Meanwhile come: wrong keys, no keys and plain text; 10,000 connections
that never shake hands; subscriptions without end; messages without an end.

    scripts/intruders.py                     the full numbers, a minute or two
    scripts/intruders.py --connections 500
"""

import argparse
import socket as sockets
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import msgspec
import psutil
import zmq

from streammi.network.security import PLAIN_TEXT, Keys, read_keys, write_keys

GREETING: Final = b"\xff" + bytes(8) + b"\x7f" + b"\x03\x00" + b"NULL".ljust(20, b"\0") + b"\0" + bytes(31)
READY: Final = b"\x04\x19\x05READY\x0bSocket-Type\x00\x00\x00\x03SUB"
BOUND: Final = 256 << 20  # bytes of memory that the monitor may take for a while, whatever comes
FLOOD_SECONDS: Final = 5.0


class Friend:
    """The legitimate subscriber: every reading by its number."""

    def __init__(self, context: zmq.Context[Any], endpoint: str, keys: Keys) -> None:
        self._socket = context.socket(zmq.SUB)
        keys.connect(self._socket)
        self._socket.rcvhwm = 0
        self._socket.linger = 0
        self._socket.subscribe("mi/")
        self._socket.connect(endpoint)
        self._last: int | None = None
        self.came = self.missing = 0

    def take(self) -> None:
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


def attack(name: str, keys: Keys, tries: dict[str, Keys], words: list[str], connections: int) -> list[str]:
    """What did not hold of one monitor; prints what was found."""
    wrong = []
    with tempfile.TemporaryDirectory(prefix="streammi-") as folder, zmq.Context() as context:
        feed = f"ipc://{folder}/feed"
        monitor = ["monitor", feed, "--x=x", "--y=y", "--quiet", "--every=20ms", "--publish=tcp://127.0.0.1:*", *words]
        with started("publish", "seed", "--bind", feed), started(*monitor) as process:
            endpoint = endpoint_of(process)
            friend = Friend(context, endpoint, keys)
            while friend.came < 50:
                friend.take()
            attempts: dict[str, Callable[[], str]] = {
                "strangers": lambda: ", ".join(strangers(endpoint, tries, friend)),
                "half-open": lambda: half_open(endpoint, connections, friend),
                "subscriptions": lambda: flood(endpoint, subscriptions, friend),
                "unfinished": lambda: flood(endpoint, lambda k: UNFINISHED, friend),
            }
            for kind, attempt in attempts.items():
                before, came = process.memory_info().rss, friend.came
                found = attempt()
                time.sleep(0.3)
                friend.take()
                grown = process.memory_info().rss - before
                print(
                    f"{name:5}  {kind:13}  {found or 'nobody in'}; memory {grown / 2**20:+.1f} MiB;"
                    f" {friend.came - came} readings came, {friend.missing} are missing"
                )
                if kind == "strangers" and found:
                    wrong.append(f"{found} got in")
                if grown > BOUND:
                    wrong.append(f"{kind}: memory grew by {grown / 2**20:.0f} MiB")
                if friend.came == came:
                    wrong.append(f"{kind}: no reading came")
            if friend.missing:
                wrong.append(f"{friend.missing} readings are missing")
            friend.close()
    return [f"{name}: {words}" for words in wrong]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--connections", type=int, default=10_000)
    connections = parser.parse_args().connections
    with tempfile.TemporaryDirectory(prefix="streammi-") as name:
        folder = Path(name)
        pairs = {who: tuple(map(str, write_keys(folder / who))) for who in ("plant", "alice", "mallory")}
        inside = folder / "in"
        inside.mkdir(mode=0o700)
        (inside / "alice.key").write_text(Path(pairs["alice"][0]).read_text())
        tries = {
            "wrong key": read_keys(pairs["mallory"][1], server=pairs["plant"][0]),
            "wrong server key": read_keys(pairs["alice"][1], server=pairs["mallory"][0]),
            "no key": PLAIN_TEXT,
        }
        words = ["--curve-secret", pairs["plant"][1], "--authorized-keys", str(inside)]
        friend = read_keys(pairs["alice"][1], server=pairs["plant"][0])
        wrong = attack("curve", friend, tries, words, connections)
        wrong += attack("plain", PLAIN_TEXT, {}, [], connections)
    for line in wrong:
        print(f"intruders: {line}", file=sys.stderr)
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
