#!/usr/bin/env python3
"""Hold the server of the page in a browser to account: its share of a core, and its memory over a day.

    .venv/bin/python scripts/browsers.py [--browsers 20] [--seconds 20] [--hours 24] [--every 10]

First it serves a monitor of 1,000 pairs a second, tested against chance and at 41 delays, to so many that look over
real WebSockets: each must get 9 pictures a second at the least, and the server may take 5 % of a core. Then snapshots
of so many hours, one each --every seconds by a clock that is made up, go through the same code in one process, while
one browser looks, one takes nothing, and others come and go: memory may not grow. Ends with 1 if one is not so.
"""

import argparse
import asyncio
import math
import socket
import subprocess
import sys
import time
import tracemalloc

import msgspec
import numpy as np
import psutil
from arguments import at_least, positive
from websockets.asyncio.client import connect

from streammi.config import MonitorConfig, Span
from streammi.monitor import Monitor
from streammi.monitor.history_levels import History
from streammi.records import PairBatch
from streammi.web.hub import Browser, Hub

MOST_SHARE = 0.05  # of a core
LEAST_PICTURES = 9.0  # a second
MOST_GROWTH = 300_000  # bytes
START_SECONDS = 180.0  # the monitor may have to compile
NOW = 1.8e9


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def command(*words: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen([sys.executable, "-m", "streammi", *words], stderr=subprocess.DEVNULL)


async def look(url: str, got: list[int]) -> None:
    async with connect(url, proxy=None, max_size=None) as browser:
        async for message in browser:
            got.append(len(message))


async def measure(url: str, server: psutil.Process, browsers: int, seconds: float) -> tuple[float, float]:
    """The server's share of a core, and the least number of messages a second that a browser got."""
    got: list[list[int]] = [[] for _ in range(browsers)]
    looking = [asyncio.create_task(look(url, each)) for each in got]
    started = time.monotonic()
    while min(map(len, got)) < 20:
        if time.monotonic() - started > START_SECONDS:
            raise SystemExit("no pictures came")
        await asyncio.sleep(0.1)
    before, counts, began = server.cpu_times(), [len(each) for each in got], time.monotonic()
    await asyncio.sleep(seconds)
    after, passed = server.cpu_times(), time.monotonic() - began
    pictures = min(len(each) - count for each, count in zip(got, counts, strict=True))
    for one in looking:
        one.cancel()
    return (after.user + after.system - before.user - before.system) / passed, pictures / passed


def served(browsers: int, seconds: float) -> bool:
    feed, readings, page = (free_port() for _ in range(3))
    options = ["--x", "x", "--y", "y", "--null", "99", "--lags=-20:20", "--quiet"]
    running = [
        command("publish", "seed", "--bind", f"tcp://127.0.0.1:{feed}", "--rate", "1000"),
        command("monitor", f"tcp://127.0.0.1:{feed}", *options, "--publish", f"tcp://127.0.0.1:{readings}"),
        command("serve", f"tcp://127.0.0.1:{readings}", "--http", f"127.0.0.1:{page}"),
    ]
    try:
        started = time.monotonic()
        while True:
            try:
                socket.create_connection(("127.0.0.1", page), timeout=1).close()
                break
            except OSError:
                if time.monotonic() - started > START_SECONDS:
                    raise
                time.sleep(0.1)
        url, server = f"ws://127.0.0.1:{page}/live", psutil.Process(running[-1].pid)
        share, pictures = asyncio.run(measure(url, server, browsers, seconds))
    finally:
        for process in running:
            process.terminate()
        for process in running:
            process.wait()
    print(f"{browsers} browsers: {share:.1%} of a core (at most {MOST_SHARE:.0%})", end=", ")
    print(f"{pictures:.1f} pictures a second each (at least {LEAST_PICTURES:g})")
    return share <= MOST_SHARE and pictures >= LEAST_PICTURES


def a_day(hours: float, every: float) -> bool:
    x = np.random.default_rng(1).random(4000)
    monitor = Monitor(MonitorConfig(window=Span(pairs=1000)))
    monitor.feed(PairBatch(x=x, y=(2 * x - 1) ** 2, received=NOW))
    base = monitor.snapshot(run=1, seq=0, timestamp=NOW, links=())
    at, history, steps, used = [NOW], History(), round(hours * 3600 / every), []
    hub = Hub(["tcp://127.0.0.1:5557"], clock=lambda: at[0])
    looking = Browser()
    hub.add(looking)
    hub.add(Browser())
    started = time.monotonic()
    tracemalloc.start()
    for k in range(steps):
        at[0] += every
        history.add(at[0], 1 + 0.1 * math.sin(k), None)
        moved = msgspec.structs.replace(base, seq=k, timestamp=at[0], history=history.levels())
        hub.take(0, [moved], "connected", "")
        hub.message(looking)
        passing = Browser()
        hub.add(passing)
        hub.message(passing)
        hub.remove(passing)
        if k >= steps // 2 and k % max(steps // 40, 1) == 0:
            used.append(tracemalloc.get_traced_memory()[0])
    growth = max(used) - min(used)
    print(f"{steps:,} snapshots in {time.monotonic() - started:.0f} s", end=": ")
    print(f"memory within {growth:,} bytes over the second half (at most {MOST_GROWTH:,})")
    return growth <= MOST_GROWTH


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("--browsers", type=at_least(1), default=20, metavar="N")
    parser.add_argument("--seconds", type=positive, default=20.0, help="of looking")
    parser.add_argument("--hours", type=positive, default=24.0, help="of snapshots")
    parser.add_argument("--every", type=positive, default=10.0, metavar="SECONDS", help="between two snapshots")
    given = parser.parse_args()
    found = [served(given.browsers, given.seconds), a_day(given.hours, given.every)]
    return 0 if all(found) else 1


if __name__ == "__main__":
    sys.exit(main())
