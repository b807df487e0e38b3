#!/usr/bin/env python3
"""Pairs of many channels: those said to depend, how many of them falsely, and what counting takes: tables with bars.

    .venv/bin/pip install -c constraints.txt '.[test]'      scipy
    .venv/bin/python scripts/channels.py [--quick] [--only few,many]

Ends with 1 when a bar is missed. AR(1) channels with a memory of phi, some pairs of which share r = 0.5, 0.7 or 0.9 of
their standard deviation, every fourth as the square of the other; windows of 1,000 rows, 8 equal-frequency bins. The
constants of core.channels.significance were chosen on the seeds below 1,000; here are those from there on. What a GPU
takes is measured where cupy finds one; ``live`` are processes and sockets of this machine, 100 s on one that is idle.
"""

import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import numpy as np
import psutil
import zmq
from arguments import sections_parser
from processes import free_port
from scipy.signal import lfilter
from sections import MISSED, met, print_sections

from streammi import ChannelWindow, QuantileBins, UniformBins
from streammi.core.channels.cuda import arithmetic_of
from streammi.core.channels.pair_tiles import PairTiles
from streammi.core.information.estimators import scale_bits, table as table_of
from streammi.errors import StreammiError

ROWS = 1000
NOMINAL, MOST = 0.05, 0.07
FIRST_SEED = 1000


def main() -> int:
    sections = {"few": few, "many": many, "none": none, "gpu": gpu, "live": live}
    options = sections_parser(__doc__, sections, quick="fewer repeats: the figures are rougher").parse_args()
    return int(print_sections(sections, options.only, options.quick) > 0)


def few(quick: bool) -> Iterator[str]:
    """64 channels, 10 edges."""
    yield from table(64, 10, 10 if quick else 100)


def many(quick: bool) -> Iterator[str]:
    """1,000 channels, 50 edges."""
    yield from table(1000, 50, 1 if quick else 10)


def none(quick: bool) -> Iterator[str]:
    """64 channels and no edge: in how many windows any is found."""
    yield from table(64, 0, 20 if quick else 200)


def table(channels: int, edges: int, repeats: int) -> Iterator[str]:
    yield (
        f"| {channels:,} channels, {edges} edges, {repeats} windows | false discovery rate at 0.05 | +- | <= 0.07 | "
        "power | r 0.5 | 0.7 | 0.9 | p < 0.05 of the rest | not tested |"
    )
    yield "|---|---|---|---|---|---|---|---|---|---|"
    for name, phi in (("phi 0", [0.0]), ("phi 0.9", [0.9]), ("phi 0.98", [0.98]), ("mixed", [0, 0.5, 0.9, 0.98])):
        found = np.array([one_window(np.resize(phi, channels), edges, FIRST_SEED + k) for k in range(repeats)])
        false, power, weak, middle, strong, alarms, untested = np.nanmean(found, axis=0) if edges else (
            *np.nanmean(found[:, :1], axis=0), *[np.nan] * 4, *np.nanmean(found[:, 5:], axis=0)
        )  # fmt: skip
        error = found[:, 0].std() / np.sqrt(repeats)
        good = "met" if false <= MOST else "within its error" if false <= MOST + 2 * error else MISSED
        cells = " | ".join(f"{value:.2f}" if np.isfinite(value) else "" for value in (power, weak, middle, strong))
        yield f"| {name} | {false:.3f} | {error:.3f} | {good} | {cells} | {alarms:.3f} | {untested:.3f} |"


def gpu(quick: bool) -> Iterator[str]:
    """10,000 channels of 8 bins on a GPU: a matrix of integers, and all of ``matrix("mi")``; some pairs anew."""
    channels, repeats = (2000, 3) if quick else (10_000, 5)
    try:
        arithmetic = arithmetic_of("cuda")
    except StreammiError as error:
        yield f"gpu: not measured ({error})"
        return
    yield f"| {channels:,} channels, 8 bins, {ROWS:,} rows | ms | <= 30 | 200 pairs counted anew | `matrix('mi')`, ms |"
    yield "|---|---|---|---|---|"
    rng = np.random.default_rng(0)
    rows = 0.7 * rng.random((ROWS, channels)) + 0.3 * rng.random((ROWS, 1))
    window = ChannelWindow(UniformBins(0, 1, 8), ROWS, device="cuda")
    window.extend(rows)
    symbols = window.ring.symbols_between(0, ROWS)
    f = table_of("plugin", ROWS, scale_bits(ROWS)).f
    whole = np.zeros(channels, dtype=np.bool_)
    sums = np.zeros((channels, channels), dtype=np.int64)
    taken = []
    for _ in range(repeats):
        began = time.perf_counter()
        tiles = list(PairTiles(arithmetic, 8).of(symbols, symbols, 255, f, whole))
        arithmetic.xp.cuda.runtime.deviceSynchronize()
        taken.append((time.perf_counter() - began) * 1e3)
    for tile in tiles:
        found = arithmetic.fetched(tile.sums)[0]
        sums[tile.row : tile.row + len(found), tile.column : tile.column + found.shape[1]] = found
    pairs = np.sort(rng.integers(0, channels, (200, 2)), axis=1)
    exact = all(f[np.bincount(symbols[i] * 8 + symbols[j], minlength=64)].sum() == sums[i, j] for i, j in pairs)
    began = time.perf_counter()
    window.matrix("mi")
    whole_ms = (time.perf_counter() - began) * 1e3
    good = met(min(taken) <= 30)
    yield f"| the fastest of {repeats} | {min(taken):.1f} | {good} | {'equal' if exact else MISSED} | {whole_ms:.0f} |"


def live(quick: bool) -> Iterator[str]:
    """From a sender in another process: many keys as fast as they are taken, and what many channels take of a core."""
    yield from live_keys(10_000, 100 if quick else 1000)
    yield ""
    yield from live_channels(1000, 100, 10.0 if quick else 20.0)


def live_keys(keys: int, each: int) -> Iterator[str]:
    """JSON objects, one a message, pushed to a monitor that publishes a reading of each key every 10 s."""
    yield f"| {keys:,} keys, {each:,} pairs each | pairs/s | >= 200,000 | of CPU | lost | KB a key | <= 25 |"
    yield "|---|---|---|---|---|---|---|"
    count = keys * each
    rng = np.random.default_rng(0)
    order = rng.permutation(np.repeat(np.arange(keys), 10)).tolist()
    values = rng.normal(size=(len(order), 2)).tolist()
    sent = [
        f'{{"id":"device-{k:05}","a":{x:.6f},"b":{y:.6f}}}'.encode() for k, (x, y) in zip(order, values, strict=True)
    ]
    words = [
        "--x",
        "a",
        "--y",
        "b",
        "--key",
        "id",
        "--max-keys",
        str(keys),
        "--window",
        "1000",
        "--samples",
        str(count),
    ]
    words += ["--x-range=-3:3", "--y-range=-3:3", "--publish", f"tcp://127.0.0.1:{free_port()}", "--quiet"]
    with feeding(zmq.PUSH, "monitor", *words, "--pull") as (feed, monitor):
        feed.poll(60_000, zmq.POLLOUT)
        time.sleep(1.0)
        used_before, before, most = cpu(psutil.Process(monitor.pid)), resident(monitor), 0
        began = time.perf_counter()
        for k in range(count):
            feed.send(sent[k % len(sent)])
            if k % 50_000 == 0:
                most = max(most, resident(monitor))
        took, used = time.perf_counter() - began, cpu(psutil.Process(monitor.pid)) - used_before
        said = monitor.communicate(timeout=60)[1].decode()
    taken = re.search(r"([\d,]+) pairs of ([\d,]+) keys, 0 refused", said)
    lost = count - int(taken[1].replace(",", "")) if taken else count
    a_key = (most - before) / keys / 1e3
    figures = f"{count / took:,.0f} | {met(count / took >= 200_000)} | {count / used:,.0f}/s | {lost} {met(not lost)}"
    yield f"| PUSH to PULL, ranges given, a reading of each every 10 s | {figures} | {a_key:.1f} | {met(a_key <= 25)} |"


def live_channels(channels: int, rate: int, seconds: float) -> Iterator[str]:
    """JSON objects of all channels to ``watch``, on a terminal of 120 x 40 that nobody touches."""
    yield f"| {channels:,} channels, {rate} rows/s, window 1,000 | rows/s sent | monitor | screen | in all | <= 50 % |"
    yield "|---|---|---|---|---|---|"
    rng = np.random.default_rng(0)
    rows = 0.5 * rng.random((2000, channels)) + 0.5 * rng.random((2000, 1))
    sent = [json.dumps({f"rack{c}/temp": round(v, 4) for c, v in enumerate(row)}).encode() for row in rows.tolist()]
    master, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    threading.Thread(target=drain, args=(master,), daemon=True).start()
    how = {"stdin": terminal, "stdout": terminal, "env": os.environ | {"TERM": "xterm-256color"}}
    with feeding(zmq.PUSH, "watch", "--channels", "all", "--window", "1000", "--pull", **how) as (feed, watch):
        feed.poll(60_000, zmq.POLLOUT)
        began, shares = time.perf_counter(), []
        full = began + 2000 / rate  # and the bins are learnt
        for k in range(int(2000 + seconds * rate)):
            if (left := began + k / rate - time.perf_counter()) > 0:
                time.sleep(left)
            feed.send(sent[k % len(sent)])
            if not shares and time.perf_counter() >= full:
                shares, first = [(cpu(one), time.perf_counter()) for one in family(watch)], k
        used = [
            (cpu(one) - then) / (time.perf_counter() - at)
            for one, (then, at) in zip(family(watch), shares, strict=True)
        ]
        sent_rate = (k - first) / (time.perf_counter() - shares[0][1])
    view, monitor = used
    figures = f"{sent_rate:.0f} | {monitor:.0%} | {view:.0%} | {view + monitor:.0%} | {met(view + monitor <= 0.5)}"
    yield f"| `watch --channels all` | {figures} |"


@contextmanager
def feeding(kind: int, *words: str, **how: Any) -> Iterator[tuple[Any, Any]]:
    """A socket that is bound, and a streammi process that is told of it behind its first word; ended at last."""
    port = free_port()
    with zmq.Context() as context, context.socket(kind) as feed:
        feed.linger = 0
        feed.bind(f"tcp://127.0.0.1:{port}")
        command = [sys.executable, "-m", "streammi", words[0], f"tcp://127.0.0.1:{port}", *words[1:]]
        process = subprocess.Popen(command, stderr=subprocess.PIPE, **how)
        try:
            yield feed, process
        finally:
            process.terminate()
            process.communicate()


def family(process: Any) -> list[Any]:
    """A process and those that it has started."""
    first = psutil.Process(process.pid)
    return [first, *first.children(recursive=True)]


def cpu(process: Any) -> float:
    """The CPU time of a process, s."""
    times = process.cpu_times()
    return float(times.user + times.system)


def resident(process: Any) -> int:
    """The memory of a process, bytes."""
    return int(psutil.Process(process.pid).memory_info().rss)


def drain(master: int) -> None:
    """Read what a terminal is sent, as long as there is one."""
    with suppress(OSError):
        while os.read(master, 1 << 16):
            pass


def one_window(phi: np.ndarray, edges: int, seed: int) -> list[float]:
    """The share of false edges among those found, of true ones found, and of each r; p below 0.05; not tested."""
    rng = np.random.default_rng(seed)
    channels = phi.size
    rows = related(phi, rng)
    true, strength = np.zeros((channels, channels), dtype=bool), np.zeros((channels, channels))
    order = rng.permutation(channels)
    for k in range(edges):
        i, j = order[2 * k : 2 * k + 2]
        r = (0.5, 0.7, 0.9)[k % 3]
        other = rows[:, i] if k % 4 < 3 else (rows[:, i] ** 2 - 1) / np.sqrt(2)
        rows[:, j] = np.sqrt(1 - r * r) * rows[:, j] + r * other
        true[min(i, j), max(i, j)], strength[min(i, j), max(i, j)] = True, r
    window = ChannelWindow(QuantileBins(8), ROWS)
    window.extend(rows)
    tested = window.significance()
    upper = np.triu_indices(channels, 1)
    p, q, is_true, r = tested.p[upper], tested.q[upper], true[upper], strength[upper]
    found = q <= NOMINAL
    false = float(np.sum(found & ~is_true)) / max(int(found.sum()), 1)
    power = [float(found[r == one].mean()) if (r == one).any() else np.nan for one in (0.5, 0.7, 0.9)]
    all_of_them = float(found[is_true].mean()) if edges else np.nan
    return [false, all_of_them, *power, float(np.mean(p[~is_true] < 0.05)), float(np.mean(np.isnan(p)))]


def related(phi: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """AR(1) channels of unit variance, rows (n, C)."""
    noise = rng.normal(size=(phi.size, ROWS + 500))
    made = [lfilter([np.sqrt(1 - p * p)], [1.0, -p], one) for p, one in zip(phi, noise, strict=True)]
    return np.ascontiguousarray(np.array(made)[:, 500:].T)


if __name__ == "__main__":
    sys.exit(main())
