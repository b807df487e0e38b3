#!/usr/bin/env python3
"""A monitor whose standard output nobody reads, a reading a sample: what its subscriber misses, and how it ends.

    .venv/bin/python scripts/blocked_reader.py [--seconds 60] [--rate 10000]

As `streammi monitor ... --every 1 | sleep 600`, with standard error on the same pipe. The sender and the subscriber are
plain pyzmq, each a process of its own. Exits with 1 where a reading is missing, or SIGTERM does not end it within 1 s.
"""

import argparse
import json
import multiprocessing
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

import zmq
from arguments import positive
from processes import begun

MOST_SECONDS = 1.0  # from SIGTERM to the end


class Found(NamedTuple):
    """The findings: what came of it."""

    sent: int  # samples
    counted: int  # of them, by the last reading
    readings: int  # that the subscriber got
    missed: int  # by their seq
    read: int  # whole lines that were in the pipe
    cut: bool  # whether the last of them has no end
    status: int
    ended_s: float


def send(feed: str, rate: float, seconds: float, news: Connection) -> None:
    """Send at ``rate`` from when the monitor has subscribed; a pair whose y follows its x."""
    with zmq.Context() as context, context.socket(zmq.XPUB) as socket:
        socket.sndhwm = 0
        socket.bind(feed)
        socket.recv()
        began, sent = time.monotonic(), 0
        while (passed := time.monotonic() - began) < seconds:
            while sent < passed * rate:
                socket.send(b'{"x":%.4f,"y":%.4f,"seq":%d}' % (sent * 0.37 % 1, sent * 0.11 % 1, sent))
                sent += 1
            time.sleep(0.001)
        news.send(sent)
        news.recv()  # until it may go


def subscribe(readings: str, pair: str, news: Connection) -> None:
    """Say when the monitor is there; take readings until all that was sent is counted, or none comes for a minute."""
    with zmq.Context() as context, context.socket(zmq.SUB) as socket:
        socket.rcvhwm = 0
        socket.subscribe(f"mi/{pair}")
        connected = socket.get_monitor_socket(zmq.EVENT_HANDSHAKE_SUCCEEDED)
        socket.connect(readings)
        connected.poll()
        socket.disable_monitor()
        news.send(None)
        got = missed = seq = counted = 0
        sent, last = None, time.monotonic()
        while counted != sent and time.monotonic() - last < 60:
            if sent is None and news.poll():
                sent = news.recv()
            if not socket.poll(100):
                continue
            last = time.monotonic()
            reading = json.loads(socket.recv_multipart()[1])
            missed += reading["seq"] - seq - 1
            got, seq, counted = got + 1, reading["seq"], reading["pairs"]
        news.send((got, missed, counted))


def blocked(folder: str, seconds: float, rate: float, start: Callable[..., Any] = begun) -> Found:
    """Run it for so long."""
    feed, readings = f"ipc://{folder}/feed", f"ipc://{folder}/readings"
    reader, pipe = os.pipe()
    (mine, of_sender), (ours, of_subscriber) = multiprocessing.Pipe(), multiprocessing.Pipe()
    sender = multiprocessing.Process(target=send, args=(feed, rate, seconds, of_sender))
    subscriber = multiprocessing.Process(target=subscribe, args=(readings, "blocked", of_subscriber))
    subscriber.start()
    words = ["--x=x", "--y=y", "--every=1", "--bins=8", "--name=blocked", f"--publish={readings}"]
    with start("monitor", feed, *words, stdout=pipe, stderr=pipe) as run:
        try:
            ours.recv()
            sender.start()
            sent = mine.recv()
            ours.send(sent)
            got, missed, counted = ours.recv()
            began = time.monotonic()
            run.send_signal(signal.SIGTERM)
            status = run.wait(30)
            ended_s = time.monotonic() - began
            mine.send(None)
        finally:
            run.kill()
            for process in (sender, subscriber):
                process.join(5)
                process.kill()
    os.close(pipe)
    with os.fdopen(reader, "rb") as held:
        lines = held.read()
    return Found(sent, counted, got, missed, lines.count(b"\n"), not lines.endswith(b"\n"), status, ended_s)


def main() -> int:
    """Run it and say what came of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=positive, default=60.0)
    parser.add_argument("--rate", type=positive, default=10_000.0, help="samples a second")
    words = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = blocked(folder, words.seconds, words.rate)
    print(f"{found.sent:,} samples sent, {found.counted:,} counted, {found.readings:,} readings, {found.missed} missed")
    print(f"{found.read} whole lines in the pipe{', and one cut' if found.cut else ''}")
    print(f"SIGTERM: ended with {found.status} after {found.ended_s:.2f} s")
    good = found.sent == found.counted and found.missed == 0 and not found.cut and found.status == 143
    return 0 if good and found.ended_s < MOST_SECONDS else 1


if __name__ == "__main__":
    sys.exit(main())
