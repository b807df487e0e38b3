#!/usr/bin/env python3
"""Hold the report and the page in a browser to account: how long they take, and how much memory.

    .venv/bin/python scripts/pages.py [--quick] [--only report,channels,paint,pair,many,day]

report: of ten million rows of two columns. channels: of a million rows of 20 columns, and of a quarter of them, which
may not differ in memory. paint: the first paint in Chromium, and when the number is there. pair: a page that 20 look
at, ten pictures a second. many: the same of 32 channels, by 20 who look at table or matrix. day: a day of snapshots by
a clock that is made up, while one browser looks, one takes nothing, and others come and go: memory may not grow. Ends
with 1 if a bar is missed.
"""

import asyncio
import json
import math
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import numpy as np
import psutil
from arguments import sections_parser
from processes import free_port
from sections import judge, met
from websockets.asyncio.client import connect

from streammi.config import MonitorConfig, Span
from streammi.monitor import Monitor
from streammi.monitor.history_levels import History
from streammi.records import PairBatch
from streammi.web.hub import Browser, Hub

REPORT_SECONDS, REPORT_MB = 60.0, 500
FLAT_MB = 25  # by which four times as many rows may take more
PAINT_SECONDS = 1.0
MOST_SHARE = 0.05  # of a core
LEAST_PICTURES = 9.0  # a second
MOST_GROWTH = 300_000  # bytes
START_SECONDS = 180.0  # the monitor may have to compile
NOW = 1.8e9
BROWSERS = 20
CHUNK = 250_000  # rows that are made at once
MIB = 1 << 20


def command(*words: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen([sys.executable, "-m", "streammi", *words], stderr=subprocess.DEVNULL)


def write_rows(path: Path, rows: int, channels: int) -> None:
    """Rows of channels that remember themselves, of which some follow others; from the middle on one does not."""
    rng, names = np.random.default_rng(1), [f"c{k}" for k in range(channels)]
    with path.open("w") as file:
        file.write("time," + ",".join(names) + "\n")
        for start in range(0, rows, CHUNK):
            n = min(CHUNK, rows - start)
            values = rng.normal(size=(n, channels))
            values[:, 1::2] += values[:, ::2] ** 2 if start < rows // 2 else 0.0
            t = 1.7e9 + (start + np.arange(n)) * 0.01
            np.savetxt(file, np.column_stack((t, values)), delimiter=",", fmt=["%.2f", *["%.3f"] * channels])


def reported(*words: str) -> tuple[float, float, float]:
    """How long ``streammi report`` takes, s, its memory at the most, MB, and what it takes of a core, s."""
    started = time.monotonic()
    process = subprocess.Popen([sys.executable, "-m", "streammi", "report", *words], stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"streammi report {' '.join(words)} ended with {os.waitstatus_to_exitcode(status)}")
    return time.monotonic() - started, used.ru_maxrss * 1024 / 1e6, used.ru_utime + used.ru_stime


def of_a_pair(quick: bool) -> Iterator[str]:
    rows = 300_000 if quick else 10_000_000
    with tempfile.TemporaryDirectory() as folder:
        file, out = Path(folder, "rows.csv"), Path(folder, "a.html")
        write_rows(file, rows, 2)
        seconds, used, busy = reported(str(file), "--x=c0", "--y=c1", f"--out={out}")
    bar = met(seconds <= REPORT_SECONDS and used <= REPORT_MB)
    words = f"report of {rows:,} rows: {seconds:.1f} s, {busy:.1f} of a core, {used:.0f} MB"
    yield f"{words} (at most {REPORT_SECONDS:g} s, {REPORT_MB} MB): {bar}"


def of_channels(quick: bool) -> Iterator[str]:
    rows, found = (80_000 if quick else 1_000_000), []
    with tempfile.TemporaryDirectory() as folder:
        file, out = Path(folder, "rows.csv"), Path(folder, "a.html")
        for n in (rows // 4, rows):
            write_rows(file, n, 20)
            found.append(reported(str(file), "--channels=all", f"--out={out}"))
            yield f"report of {n:,} rows of 20 channels: {found[-1][0]:.1f} s, {found[-1][1]:.0f} MB"
    more = found[1][1] - found[0][1]
    yield f"memory: {more:+.0f} MB for four times as many (at most {FLAT_MB} MB): {met(more <= FLAT_MB)}"


@contextmanager
def served(source: str, *words: str) -> Iterator[tuple[int, psutil.Process]]:
    """The port of a page of a monitor of ``source``, and the page's server."""
    feed, readings, page = (free_port() for _ in range(3))
    monitor = ["monitor", f"tcp://127.0.0.1:{feed}", *words, "--quiet", "--publish", f"tcp://127.0.0.1:{readings}"]
    running = [
        command("publish", source, "--bind", f"tcp://127.0.0.1:{feed}"),
        command(*monitor),
        command("serve", f"tcp://127.0.0.1:{readings}", "--http", f"127.0.0.1:{page}"),
    ]
    try:
        until(lambda: answers(page) and answers(readings))
        yield page, psutil.Process(running[-1].pid)
    finally:
        for process in running:
            process.terminate()
        for process in running:
            process.wait()


def answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def until(holds: Callable[[], bool]) -> None:
    started = time.monotonic()
    while not holds():
        if time.monotonic() - started > START_SECONDS:
            raise SystemExit("it did not start")
        time.sleep(0.1)


async def listen(url: str, got: list[int]) -> None:
    async with connect(url, proxy=None, max_size=None) as browser:
        async for message in browser:
            got.append(len(message))


async def measure(url: str, server: psutil.Process, browsers: int, seconds: float) -> tuple[float, float]:
    """The server's share of a core, and the least number of messages a second that a browser got."""
    got: list[list[int]] = [[] for _ in range(browsers)]
    looking = [asyncio.create_task(listen(url, each)) for each in got]
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


PAIR = ("--x=x", "--y=y", "--null=99", "--lags=-20:20")


def paint(quick: bool) -> Iterator[str]:
    from playwright.sync_api import sync_playwright

    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        yield "first paint: no Chromium here"
        return
    first, there = [], []
    with served("seed", *PAIR) as (port, _), sync_playwright() as tool:
        browser = tool.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        for k in range(3 if quick else 7):
            page = browser.new_page(viewport={"width": 1280, "height": 800})
            page.goto(f"http://127.0.0.1:{port}/")
            until(lambda page=page: page.inner_text("#mi") != "—")  # type: ignore[misc]
            script = "[performance.getEntriesByName('first-contentful-paint')[0]?.startTime, performance.now()]"
            while page.evaluate(script)[0] is None:
                page.wait_for_timeout(10)
            if k:  # the first one waits for the monitor's first snapshot
                first.append(page.evaluate(script)[0] / 1000)
                there.append(page.evaluate(script)[1] / 1000)
            page.close()
        browser.close()
    middle = float(np.median(first))
    words = f"first paint {middle:.2f} s, the number by {float(np.median(there)):.2f} s, medians of {len(first)}"
    yield f"{words} (at most {PAINT_SECONDS:g} s): {met(middle <= PAINT_SECONDS)}"


def pair(quick: bool) -> Iterator[str]:
    with served("seed", *PAIR) as (port, server):
        for browsers in (1, BROWSERS):
            share, pictures = asyncio.run(measure(f"ws://127.0.0.1:{port}/live", server, browsers, 5 if quick else 20))
            bar = met(share <= MOST_SHARE and pictures >= LEAST_PICTURES)
            words = f"{share:.1%} of a core (at most {MOST_SHARE:.0%}), {server.memory_info().rss / MIB:.0f} MiB"
            pace = f"{pictures:.1f} pictures a second (at least {LEAST_PICTURES:g})"
            yield f"a pair, {browsers} look: {words}, {pace}: {bar}"


async def look(port: int, browsers: int, seconds: float, server: psutil.Process) -> float:
    """The server's share of a core while so many look at many channels, every other one at the matrix."""
    url, looking = f"ws://127.0.0.1:{port}/live", []

    async def one(matrix: bool) -> None:
        async with connect(url, proxy=None, max_size=None) as browser:
            async for message in browser:
                if (key := json.loads(message).get("many", {}).get("key")) and matrix:
                    await browser.send(json.dumps({"show": key, "view": {"matrix": True}}))
                    matrix = False

    looking = [asyncio.create_task(one(bool(k % 2))) for k in range(browsers)]
    await asyncio.sleep(5)
    before, began = server.cpu_times(), time.monotonic()
    await asyncio.sleep(seconds)
    after, passed = server.cpu_times(), time.monotonic() - began
    for task in looking:
        task.cancel()
    return (after.user + after.system - before.user - before.system) / passed


def many(quick: bool) -> Iterator[str]:
    with served("plant", "--channels=all", "--window=1000", "--every=0.5s") as (port, server):
        share = asyncio.run(look(port, BROWSERS, 5 if quick else 20, server))
        words = f"{share:.1%} of a core (at most {MOST_SHARE:.0%}), {server.memory_info().rss / MIB:.0f} MiB"
        yield f"32 channels twice a second, {BROWSERS} look: {words}: {met(share <= MOST_SHARE)}"


def day(quick: bool) -> Iterator[str]:
    hours, every = (1.0 if quick else 24.0), 10.0
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
    words = f"{steps:,} snapshots of {hours:g} h in {time.monotonic() - started:.0f} s"
    bar = met(growth <= MOST_GROWTH)
    yield f"{words}: memory within {growth:,} bytes over the second half (at most {MOST_GROWTH:,}): {bar}"


SECTIONS = {"report": of_a_pair, "channels": of_channels, "paint": paint, "pair": pair, "many": many, "day": day}


def main() -> int:
    given = sections_parser(__doc__, SECTIONS, "fewer rows and seconds").parse_args()
    return judge(SECTIONS, given.only, given.quick)


if __name__ == "__main__":
    sys.exit(main())
