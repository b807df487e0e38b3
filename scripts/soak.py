#!/usr/bin/env python
"""A monitor under load for as long as you like, with dashboards coming and going: nothing grows, nothing is lost.

50,000 messages a second of one pair each go to `streammi monitor` in a process of its own, over PUSH, which drops none.
It looks for delays, significance and changes, saves its state, and every few seconds a view comes, or goes, or is
killed. At the end:

- the counts are those of np.histogram2d over the last pairs that were sent, to the last one;
- the monitor's memory (RSS) is flat: the medians of the last three quarters are within 2 % of each other, and what it
  takes for a moment, as for a snapshot, stays below 10 %;
- it has as many descriptors as before the first view came.

    scripts/soak.py                60 minutes
    scripts/soak.py --minutes 1    as CI runs it
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any, Final, NamedTuple

import numpy as np
import psutil
import zmq
from arguments import at_least, positive

from streammi.publish.shown import ShownSource
from streammi.records import Snapshot

WINDOW: Final = 10_000
BINS: Final = 16
TICK_SECONDS: Final = 0.05
VIEW_SECONDS: Final = 4.0  # between two comings or goings of views
VIEWS: Final = 3
SPREAD: Final = 0.02  # of memory, and
PEAK: Final = 0.10  # for a moment
OPTIONS: Final = [
    "--pull", f"--window={WINDOW}", f"--bins={BINS}", "--x-range=-4:4", "--y-range=-8:8", "--null=99", "--lags=-20:20",
    "--name=soak", "--quiet",
]  # fmt: skip


class Sample(NamedTuple):
    """The monitor as it was at a time."""

    seconds: float
    rss: int
    descriptors: int


@contextmanager
def monitor(feed: str, readings: str, state: str) -> Iterator[psutil.Popen]:
    words = [sys.executable, "-m", "streammi", "monitor", feed, *OPTIONS, "--publish", readings, "--state", state]
    process = psutil.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(20)


class Views:
    """Dashboards that come and go; every third one is killed."""

    def __init__(self, readings: str) -> None:
        self._words = [sys.executable, "-m", "streammi", "view", readings, "--output"]
        self._running: list[subprocess.Popen[bytes]] = []
        self._leaving: list[subprocess.Popen[bytes]] = []  # nobody waits for them: the messages go on
        self._due = 0.0
        self.came = 0

    def turn(self, now: float) -> None:
        if now < self._due:
            return
        self._due = now + VIEW_SECONDS
        if len(self._running) >= VIEWS:
            leaving = self._running.pop(0)
            (leaving.kill if self.came % 3 == 0 else leaving.terminate)()
            self._leaving.append(leaving)
        output = ("plain", "jsonl", "influx")[self.came % 3]
        self._running.append(subprocess.Popen([*self._words, output], stdout=subprocess.DEVNULL))
        self.came += 1

    def close(self) -> None:
        for process in self._running:
            process.terminate()
        for process in (*self._running, *self._leaving):
            process.wait(20)


def send(
    socket: zmq.Socket[Any], seconds: float, rate: int, process: psutil.Popen, views: Views
) -> tuple[np.ndarray, int, list[Sample]]:
    """Send at ``rate``; returns the last WINDOW pairs, how many there were, and the monitor once a second."""
    rng = np.random.default_rng(0)
    samples: list[Sample] = []
    sent, tail = 0, np.empty((0, 2))
    start = time.monotonic()
    while (now := time.monotonic() - start) < seconds:
        due = int(now * rate) - sent
        if due > 0:
            x = rng.normal(size=due)
            pairs = np.stack([x, x * np.sin(now / 60) + rng.normal(size=due)], axis=1)  # MI that moves
            for pair in pairs:
                socket.send(pair.tobytes())
            sent += due
            tail = np.concatenate([tail, pairs])[-WINDOW:]
        views.turn(now)
        if not samples or now - samples[-1].seconds >= 1:
            samples.append(Sample(now, process.memory_info().rss, process.num_fds()))
        time.sleep(TICK_SECONDS)
    return tail, sent, samples


def last_snapshot(source: ShownSource, sent: int, seconds: float = 60.0) -> Snapshot | None:
    """The snapshot in which every pair has arrived; the newest one if there is none in time."""
    deadline, newest = time.monotonic() + seconds, None
    while time.monotonic() < deadline:
        for newest in source.said():
            if newest.reading is not None and newest.reading.pairs >= sent:
                return newest
        time.sleep(0.05)
    return newest


def soak(minutes: float, rate: int) -> list[str]:
    """Everything that did not hold; prints what was found."""
    with tempfile.TemporaryDirectory(prefix="streammi-") as folder, zmq.Context() as context:
        feed, readings = f"ipc://{folder}/feed", f"ipc://{folder}/readings"
        with context.socket(zmq.PUSH) as socket, monitor(feed, readings, f"{folder}/state") as process:
            socket.sndhwm = 2 * rate
            socket.linger = 0
            socket.bind(feed)
            assert socket.poll(180_000, zmq.POLLOUT), "the monitor did not start"
            time.sleep(1)
            before = process.num_fds()
            views = Views(readings)
            with closing(views):
                tail, sent, samples = send(socket, minutes * 60, rate, process, views)
            with closing(ShownSource(readings, context)) as source:
                snapshot = last_snapshot(source, sent)
            deadline = time.monotonic() + 20
            while process.num_fds() != before and time.monotonic() < deadline:
                time.sleep(0.1)
            after = process.num_fds()
    return _judge(tail, sent, samples, snapshot, before, after, views.came)


def _judge(
    tail: np.ndarray, sent: int, samples: list[Sample], snapshot: Snapshot | None, before: int, after: int, views: int
) -> list[str]:
    wrong = []
    rss = [sample.rss for sample in samples]
    k = len(rss) // 4
    medians = [statistics.median(rss[at : at + k]) for at in (k, 2 * k, len(rss) - k)]
    median = statistics.median(rss[k:])
    spread, peak = (max(medians) - min(medians)) / median, max(rss[k:]) / median - 1
    arrived = snapshot.reading.pairs if snapshot and snapshot.reading else 0
    symbols = np.clip(np.floor((tail - [-4, -8]) * BINS / [8, 16]), 0, BINS - 1)
    fresh = np.histogram2d(symbols[:, 0], symbols[:, 1], bins=BINS, range=[[-0.5, BINS - 0.5]] * 2)[0]
    equal = snapshot is not None and snapshot.counts is not None and np.array_equal(snapshot.counts, fresh)
    print(
        f"{sent:,} messages in {samples[-1].seconds:.0f} s, {arrived:,} counted; {views} views came and went;"
        f" memory {median / 2**20:.1f} MiB, flat within {spread:.2%}, {peak:.1%} more at most;"
        f" descriptors {before} before, {after} after,"
        f" {max(sample.descriptors for sample in samples)} at the most; counts {'equal' if equal else 'differ'}"
    )
    if not equal or arrived != sent:
        wrong.append(f"the counts are not those of the last {WINDOW} pairs sent")
    if spread > SPREAD:
        wrong.append(f"memory moved by {spread:.2%}, more than {SPREAD:.0%}")
    if peak > PEAK:
        wrong.append(f"memory was {peak:.1%} above its median, more than {PEAK:.0%}")
    if after > before:
        wrong.append(f"{after - before} descriptors are left open")
    return wrong


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--minutes", type=positive, default=60.0)
    parser.add_argument("--rate", type=at_least(1), default=50_000, help="messages a second")
    given = parser.parse_args()
    wrong = soak(given.minutes, given.rate)
    for words in wrong:
        print(f"soak: {words}", file=sys.stderr)
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
