#!/usr/bin/env python3
"""Let feeds die after random bursts, and hold what a consumer of readings alone is told of it to account.

    .venv/bin/python scripts/dead_feed.py [--bursts 200] [--monitors 8] [--late 0.1] [--seed 1]

Several monitors run at once, each with options of its own, over feeds in plain pyzmq (PUB and PUSH) that send some
pairs at random and then nothing. A subscriber to ``mi/`` must have a reading that says so (stalled, in ``status``)
within 3 s and one --every of the last message, and its ``pairs`` must be all that was sent. With the next burst the
feed is back, and a reading must say that too. Ends with 1 if one is wrong, or later than that by more than --late.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import zmq
from arguments import at_least, positive
from processes import begun

from streammi.config import span
from streammi.records.status import Status

EVERY = ("100ms", "10ms", "50", "1s", "1000", "2s", "10ms", "7")  # of the monitors, in turn
SILENT_SECONDS = 3.0
START_SECONDS = 180.0  # the first monitor of all may have to compile
WAIT_SECONDS = 60.0  # for a reading that says so, beyond when it is due


class Told(NamedTuple):
    """Everything that a consumer learnt of one burst."""

    every: str
    sent: int  # pairs, since the monitor's start
    counted: int  # of these, in the reading that said that the feed is silent
    seconds: float  # from the last message to that reading
    late: float  # of these, beyond 3 s and one --every
    back: bool  # a reading has said that the feed was there again


class Watched:
    """A monitor process, its feed, and a consumer of its readings."""

    def __init__(self, folder: Path, number: int, seed: int, start: Callable[..., Any]) -> None:
        self.every, self._rng = EVERY[number % len(EVERY)], random.Random(f"{seed} {number}")
        self._context = zmq.Context()
        push = number % 2
        self._feed = self._context.socket(zmq.PUSH if push else zmq.XPUB)
        feed, out = f"ipc://{folder}/feed{number}", f"ipc://{folder}/out{number}"
        self._feed.bind(feed)
        self._readings = self._context.socket(zmq.SUB)
        self._readings.subscribe("mi/")
        self._readings.connect(out)
        words = [
            "monitor",
            feed,
            "--x",
            "a",
            "--y",
            "b",
            "--x-range=-4:4",
            "--y-range=-4:4",
            "--window",
            "200",
            "--quiet",
        ]
        words += ["--every", self.every, "--publish", out, *(["--pull"] if push else [])]
        self._process = start(*words, stderr=subprocess.DEVNULL)
        self._sent = 0
        ready = zmq.POLLOUT if push else zmq.POLLIN  # a PUB sends nothing to whoever has not subscribed yet
        assert self._feed.poll(START_SECONDS * 1000, ready), "the monitor does not come"

    def burst(self) -> Told:
        """Send some, and wait until a reading says that nothing comes."""
        back = self._sent == 0
        for _ in range(self._rng.randrange(20, 400)):
            pairs = [
                {"a": self._rng.gauss(0, 1), "b": self._rng.gauss(0, 1)} for _ in range(self._rng.choice((1, 1, 3)))
            ]
            self._feed.send(json.dumps(pairs if len(pairs) > 1 else pairs[0]).encode())
            self._sent += len(pairs)
            if self._rng.random() < 0.05:
                time.sleep(self._rng.choice((0.001, 0.02, 0.2)))
        last, limit = time.monotonic(), SILENT_SECONDS + (span(self.every).seconds or 0.0)
        while time.monotonic() - last < limit + WAIT_SECONDS:
            if not self._readings.poll(100):
                continue
            reading: dict[str, Any] = json.loads(self._readings.recv_multipart()[1])
            if reading["status"] & Status.STALLED and back:
                seconds = time.monotonic() - last
                return Told(self.every, self._sent, reading["pairs"], seconds, seconds - limit, back)
            back |= not reading["status"] & Status.STALLED
        return Told(self.every, self._sent, 0, limit + WAIT_SECONDS, WAIT_SECONDS, back)

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(60)
        self._context.destroy(0)


def watch(folder: Path, monitors: int, bursts: int, seed: int, start: Callable[..., Any] = begun) -> list[Told]:
    """Everything that was told of so many bursts, over several monitors at once."""
    told: list[Told] = []

    def one(number: int) -> None:
        with closing(Watched(folder, number, seed, start)) as watched:
            for _ in range((number + 1) * bursts // monitors - number * bursts // monitors):
                told.append(watched.burst())

    threads = [threading.Thread(target=one, args=(number,)) for number in range(monitors)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return told


def wrong(told: list[Told], late: float) -> list[str]:
    """Everything that should not be, in words."""
    found = []
    for one in told:
        if one.counted != one.sent:
            found.append(f"--every {one.every}: {one.counted} of {one.sent} pairs are counted in what was said last")
        if not one.back:
            found.append(f"--every {one.every}: nothing was said of the feed's being back")
        if one.late > late:
            found.append(f"--every {one.every}: said {one.seconds:.2f} s after the last message")
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bursts", type=at_least(1), default=200, help="of all feeds together (default 200)")
    parser.add_argument("--monitors", type=at_least(1), default=8, help="at once (default 8)")
    parser.add_argument("--late", type=positive, default=0.1, help="s that a busy machine may be late (default 0.1)")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="streammi-dead-") as folder:
        told = watch(Path(folder), options.monitors, options.bursts, options.seed)
    found = wrong(told, options.late) + [f"{options.bursts - len(told)} bursts were not seen"] * (
        len(told) < options.bursts
    )
    late = sorted(one.late for one in told)
    whole = sum(one.counted == one.sent for one in told)
    print(f"{len(told)} bursts, {whole} counted to the last pair")
    print(f"said {late[len(late) // 2]:+.3f} s from 3 s and one --every after it, {late[-1]:+.3f} s at the latest")
    print("\n".join(found) or "all told")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
