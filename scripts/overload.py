#!/usr/bin/env python3
"""A publisher at twice the rate that a monitor can sustain: memory, lag, what is said, what is lost, and the recovery.

    .venv/bin/python scripts/overload.py [--seconds 60]

The sender is plain pyzmq in a process of its own; its count is what the monitor's is held against. Exits with 1 where
a sample is unaccounted for, memory is not bounded, or the monitor does not recover.
"""

import argparse
import multiprocessing
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from multiprocessing.sharedctypes import Synchronized
from typing import Any

import psutil
import zmq
from arguments import positive
from processes import free_port

from streammi.publish.snapshot_bytes import read_snapshot
from streammi.records import Snapshot
from streammi.records.link_totals import total
from streammi.records.status import Status, status_words

QUIET_SHARE = 0.1  # of the sustainable rate, before and after
SETTLED_LAG = 0.5  # seconds; below it, and without the word "behind", the monitor has recovered
MEMORY_LIMIT = 64 << 20  # bytes that an overload may add: the queue's 256 messages are far less
# A reading a sample, so that a sender in Python is fast enough to overload it.
WORDS = ["--x", "x", "--y", "y", "--window", "1000", "--bins", "16", "--x-range", "0:1", "--y-range", "0:1", "--quiet",
         "--every", "1", "--name", "overload"]  # fmt: skip


def send(kind: int, port: int, rate: "Synchronized[float]", sent: "Synchronized[int]") -> None:
    """Send at ``rate`` (0: as fast as it is taken) until it is negative; then a last one that nothing drops."""
    with zmq.Context() as context, context.socket(kind) as socket:
        socket.bind(f"tcp://127.0.0.1:{port}")
        # From the first sample on there is somebody who listens. An XPUB drops as a PUB does.
        socket.poll(60_000, zmq.POLLOUT if kind == zmq.PUSH else zmq.POLLIN)
        seq, due, last = 0, time.perf_counter(), 0.0
        while (pace := rate.value) >= 0:
            if pace != last:
                due, last = time.perf_counter(), pace
            for _ in range(20):
                socket.send(b'{"x":%.4f,"y":%.4f,"timestamp":%.6f,"seq":%d}'
                            % (seq * 0.37 % 1, seq * 0.11 % 1, time.time(), seq))  # fmt: skip
                seq += 1
            sent.value = seq
            if pace:
                due += 20 / pace
                time.sleep(max(due - time.perf_counter(), 0))
        time.sleep(1)
        socket.send(b'{"x":0.5,"y":0.5,"timestamp":%.6f,"seq":%d}' % (time.time(), seq))
        sent.value = seq + 1
        time.sleep(1)


class Watched:
    """A monitor process, a sender process, and the newest snapshot."""

    def __init__(self, kind: int, folder: str, context: zmq.Context[Any]) -> None:
        self._port = free_port()
        self.rate, self.sent = multiprocessing.Value("d", 0.0), multiprocessing.Value("q", 0)
        self._kind = kind
        publish = f"ipc://{folder}/{kind}"
        words = [sys.executable, "-m", "streammi", "monitor", f"tcp://127.0.0.1:{self._port}", "--publish", publish]
        words += ["--pull"] if kind == zmq.PUSH else []
        self.monitor = subprocess.Popen([*words, *WORDS], stderr=subprocess.DEVNULL)
        self._source = context.socket(zmq.SUB)
        self._source.subscribe("snapshot/")
        self._source.connect(publish)
        self.newest: Snapshot | None = None
        self.peak = self.lag = 0.0
        self.said: set[str] = set()

    def start(self, rate: float) -> None:
        """Start to send at a rate once somebody listens."""
        self.rate.value = rate
        self._sender = multiprocessing.Process(target=send, args=(self._kind, self._port, self.rate, self.sent))
        self._sender.start()

    def look(self, seconds: float, until: Callable[[], bool] = lambda: False) -> float:
        """Follow the snapshots for so long, or until something holds; how long that took."""
        start = time.monotonic()
        process = psutil.Process(self.monitor.pid)
        while time.monotonic() - start < seconds and not until():
            if self._source.poll(200):
                self.newest = read_snapshot(self._source.recv_multipart())
                self.lag = max(self.lag, self.lag_now or 0.0)
                self.said |= set(status_words(self.newest.status))
            self.peak = max(self.peak, process.memory_info().rss)
        return time.monotonic() - start

    @property
    def pairs(self) -> int:
        return total(self.newest.links).pairs if self.newest else 0

    @property
    def gaps(self) -> int:
        return total(self.newest.links).gaps if self.newest else 0

    @property
    def lag_now(self) -> float | None:
        return total(self.newest.links).lag if self.newest else None

    @property
    def settled(self) -> bool:
        return bool(self.newest) and not self.newest.status & Status.BEHIND and (self.lag_now or 0) < SETTLED_LAG

    def end(self) -> None:
        self.rate.value = -1
        self._sender.join()
        self.look(10, lambda: self.pairs + self.gaps >= self.sent.value)

    def close(self) -> None:
        self.monitor.terminate()
        self.monitor.wait()
        self._source.close(0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=positive, default=60.0, help="how long the overload lasts")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, zmq.Context() as context:
        rate = sustainable(folder, context)
        print(f"sustainable, a reading a sample: {rate:,.0f} samples/s")
        sys.exit(overload(folder, context, rate, options.seconds))


def sustainable(folder: str, context: zmq.Context[Any]) -> float:
    """Samples a second that a PUSH, which waits, gets rid of."""
    watched = Watched(zmq.PUSH, folder, context)
    watched.start(0.0)
    watched.look(60, lambda: watched.pairs > 0)
    watched.look(2)
    before, start = watched.pairs, time.monotonic()
    watched.look(5)
    rate = (watched.pairs - before) / (time.monotonic() - start)
    watched.end()
    watched.close()
    return rate


def overload(folder: str, context: zmq.Context[Any], rate: float, seconds: float) -> int:
    """Twice the rate for so long, between two quiet times; prints what it did, returns the exit status."""
    watched = Watched(zmq.XPUB, folder, context)
    watched.start(QUIET_SHARE * rate)
    watched.look(60, lambda: watched.pairs > 2000)
    watched.look(3)
    memory, watched.peak, watched.said = watched.peak, 0.0, set()
    sent_before, start = watched.sent.value, time.monotonic()
    watched.rate.value = 2 * rate
    watched.look(seconds)
    sent, took = watched.sent.value - sent_before, time.monotonic() - start
    watched.rate.value = QUIET_SHARE * rate
    recovery = watched.look(30, lambda: watched.settled)
    watched.look(2)
    said, lag, peak = watched.said, watched.lag, watched.peak
    watched.end()
    unaccounted, settled = watched.sent.value - watched.pairs - watched.gaps, watched.settled
    print(f"sent for {took:.0f} s: {sent / took:,.0f} samples/s, {sent / took / rate:.2f} times that")
    print(f"said meanwhile: {', '.join(sorted(said)) or 'nothing'}; largest lag {lag:.2f} s")
    print(f"memory: {memory / 2**20:.0f} MiB before, {peak / 2**20:.0f} MiB at the most")
    print(f"sent {watched.sent.value:,}; received {watched.pairs:,}; missing by sequence numbers {watched.gaps:,}")
    print(f"unaccounted for: {unaccounted:,}")
    print(f"recovered {recovery:.1f} s after the overload" if settled else "NOT recovered")
    watched.close()
    return int(not settled or "behind" not in said or peak - memory > MEMORY_LIMIT or unaccounted)


if __name__ == "__main__":
    main()
