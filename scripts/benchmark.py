#!/usr/bin/env python3
"""One run, one table: streammi beside its peers on the same data, and the live path over loopback.

    .venv/bin/pip install -c constraints.txt '.[bench]'      the peers; those that are missing are left out, and said so
    .venv/bin/python scripts/benchmark.py [--quick] [--only rolling,live]

Figures are medians of interleaved rounds: machines are shared and noisy, so look at the ratios. Sections estimators,
delays, neighbours, times and files count CPU time.
"""

import contextlib
import fcntl
import functools
import importlib.metadata
import json
import multiprocessing
import os
import platform
import pty
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import numpy as np
import zmq
from arguments import sections_parser
from benchmark_conditional import conditional
from processes import free_port
from sections import met, print_sections

from streammi import ChannelWindow, JointWindow, KeyedWindow, QuantileBins, UniformBins, rolling_mi
from streammi.core.information import estimators

ROUNDS = 5
HOPS = 100, 200, 400, 1000  # rows at a time, of many channels
CPU = time.process_time


def main() -> None:
    sections = {
        "rolling": rolling,
        "estimators": corrections,
        "delays": delays,
        "neighbours": neighbours,
        "channels": every_pair,
        "keys": devices,
        "conditional": lambda quick: conditional(quick, timed, CPU),
        "one": one_sample,
        "times": times,
        "files": files,
        "memory": memory,
        "start": start_up,
        "frame": frames,
        "decode": decode,
        "live": live,
        "latency": latency,
        "checkpoint": checkpoint,
    }
    parser = sections_parser(__doc__, sections, quick="fewer samples: the figures are rougher")
    options = parser.parse_args()
    print(machine(), end="\n\n")
    print_sections(sections, options.only, options.quick)


def machine() -> str:
    cpu = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in line
        ),
        platform.processor(),
    )
    names = (
        "numpy",
        "numba",
        "pyzmq",
        "msgspec",
        "rich",
        "scikit-learn",
        "river",
        "boost-histogram",
        "infomeasure",
        "ennemi",
        "pyarrow",
        "polars",
        "pandas",
    )
    versions = ", ".join(f"{name} {version(name)}" for name in names)
    return f"{cpu}, {multiprocessing.cpu_count()} cores, Python {platform.python_version()}; {versions}"


def version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "missing"


def signals(n: int) -> tuple[np.ndarray, np.ndarray]:
    """The textbook pair: X ~ U(0, 1), Y = X + N(0, 0.1)."""
    rng = np.random.default_rng(0)
    x = rng.random(n)
    return x, x + rng.normal(0, 0.1, n)


def axes(bins: int) -> tuple[UniformBins, UniformBins]:
    return UniformBins(0, 1, bins), UniformBins(-0.4, 1.4, bins)


def timed(
    *works: Callable[[], object], rounds: int = ROUNDS, clock: Callable[[], float] = time.perf_counter
) -> list[float]:
    """Median seconds of each work, the rounds interleaved; the first round, which may compile, is not counted."""
    found: list[list[float]] = [[] for _ in works]
    for round_ in range(rounds + 1):
        for times, work in zip(found, works, strict=True):
            start = clock()
            work()
            if round_:
                times.append(clock() - start)
    return [statistics.median(times) for times in found]


def rolling(quick: bool) -> Iterator[str]:
    """MI at every sample: ns a sample, and how many times the cost of adding the two arrays that is."""
    n = 1_000_000 if quick else 4_000_000
    x, y = signals(n)
    out = np.empty(n)
    yield "| MI at every sample | window | bins | ns/sample | times np.add | times slower than streammi |"
    yield "|---|---|---|---|---|---|"
    for bins in (8, 30, 64):
        for size in (1_000, 100_000, 1_000_000):
            size = min(size, n)
            floor, ours = timed(
                lambda: np.add(x, y, out=out), lambda size=size, bins=bins: rolling_mi(x, y, size, *axes(bins))
            )
            found = [("streammi.rolling_mi", ours / n)]
            if size == 1_000:
                found += peers(x, y, size, bins)
            for name, cost in found:
                ratios = f"{cost * n / floor:,.1f} | {cost * n / ours:,.0f}"
                yield f"| {name} | {size:,} | {bins} x {bins} | {cost * 1e9:,.1f} | {ratios} |"
    yield f"| np.add(x, y, out) | | | {floor / n * 1e9:.2f} | 1 | |"


def peers(x: np.ndarray, y: np.ndarray, size: int, bins: int) -> Iterator[tuple[str, float]]:
    """Seconds a sample of what else there is."""
    try:
        from sklearn.metrics import mutual_info_score

        def recompute() -> None:
            for k in range(50):
                joint = np.histogram2d(x[k : k + size], y[k : k + size], bins)[0]
                mutual_info_score(None, None, contingency=joint)

        yield "np.histogram2d + scikit-learn mutual_info_score", timed(recompute)[0] / 50
    except ImportError:
        yield "scikit-learn (missing)", np.nan
    try:
        import boost_histogram as bh
        from sklearn.metrics import mutual_info_score

        x_axis, y_axis = bh.axis.Regular(bins, 0, 1), bh.axis.Regular(bins, -0.4, 1.4)

        def refill() -> None:
            for k in range(50):
                histogram = bh.Histogram(x_axis, y_axis)
                histogram.fill(x[k : k + size], y[k : k + size])
                mutual_info_score(None, None, contingency=histogram.view())

        yield "boost-histogram refilled + mutual_info_score", timed(refill)[0] / 50
    except ImportError:
        yield "boost-histogram (missing)", np.nan
    from river import metrics, utils

    i, j = (axis.symbols(v[: size + 20]).tolist() for axis, v in zip(axes(bins), (x, y), strict=True))
    metric = utils.Rolling(metrics.MutualInfo, window_size=size)
    for a, b in zip(i[:size], j[:size], strict=True):
        metric.update(a, b)

    def river() -> None:
        for a, b in zip(i[size:], j[size:], strict=True):
            metric.update(a, b)
            metric.get()

    yield "river utils.Rolling(metrics.MutualInfo)", timed(river, rounds=1)[0] / 20


def estimator_cost(name: str, x: np.ndarray, y: np.ndarray) -> Callable[[], object]:
    return lambda: rolling_mi(x, y, 1000, *axes(30), estimator=name)


def corrections(quick: bool) -> Iterator[str]:
    """Each correction at every sample, beside plug-in, and what infomeasure takes for one window."""
    n = 1_000_000 if quick else 4_000_000
    x, y = signals(n)
    names = list(estimators.ESTIMATORS)
    costs = timed(*(estimator_cost(name, x, y) for name in names), clock=CPU)
    one = [axis.symbols(v[:1000]) for axis, v in zip(axes(30), (x, y), strict=True)]
    yield "| estimator, window 1,000, 30 x 30 | ns CPU/sample | times plug-in | bar | infomeasure, one window |"
    yield "|---|---|---|---|---|"
    for name, cost in zip(names, costs, strict=True):
        ratio, bar = cost / costs[0], 2.2 if name == "extrapolated" else 1.4  # whose histograms are two
        peer = infomeasure_cost(*one, approach={"plugin": "discrete"}.get(name, name))
        yield f"| {name} | {cost / n * 1e9:.1f} | {ratio:.2f} | <= {bar}: {met(ratio <= bar)} | {peer} |"


def infomeasure_cost(x: np.ndarray, y: np.ndarray, **options: object) -> str:
    try:
        import infomeasure
    except ImportError:
        return "missing"
    try:
        (cost,) = timed(lambda: infomeasure.mutual_information(x, y, **options), rounds=3, clock=CPU)
    except ValueError:  # it does not have this estimator
        return ""
    return f"{cost * 1e6:,.0f} us"


def delays(quick: bool) -> Iterator[str]:
    """101 delays and 99 delayed partners kept at each sample, in two sizes of batches; the peers on one window."""
    from streammi.core.information.lags import LagBank
    from streammi.core.significance.shift_null import ShiftNull

    n = 100_000 if quick else 300_000
    x, y = signals(n)
    kinds = {
        "101 delays": (lambda: LagBank(range(-50, 51)), lambda follower, window, by: follower.mi(window.table(by))),
        "99 delayed partners, p": (
            lambda: ShiftNull(99),
            lambda follower, window, by: follower.complete(window.reading(estimator=by), window.table(by)),
        ),
    }
    heads = "pairs a batch | ns/sample beside the window | <= 600 | us a reading | times plug-in's"
    yield f"| window 1,000, 8 x 8 bins | {heads} |"
    yield "|---|---|---|---|---|---|"
    for name, (make, read) in kinds.items():
        for batch in (1000, 100):
            plain, kept = timed(
                lambda b=batch: feed(x, y, b, None), lambda b=batch, m=make: feed(x, y, b, m()), clock=CPU
            )
            follower = make()
            window = feed(x, y, batch, follower)
            by_plugin, reading = timed(
                *(
                    lambda by=by, f=follower, w=window, r=read: [r(f, w, by) for _ in range(100)]
                    for by in ("plugin", None)
                ),
                clock=CPU,
            )
            cost, ratio = (kept - plain) / n * 1e9, reading / by_plugin
            beside = f"{ratio:.2f}; <= 2.2: {met(ratio <= 2.2)}"  # what is kept is the same
            yield f"| {name} | {batch:,} | {cost:.0f} | {met(cost <= 600)} | {reading / 100 * 1e6:.0f} | {beside} |"
    yield ""
    yield "| the same work anew, one window of 1,000 | us |"
    yield "|---|---|"
    for name, cost in delay_peers(x[:1200], y[:1200]):
        yield f"| {name} | {cost} |"


def feed(x: np.ndarray, y: np.ndarray, batch: int, follower: object) -> JointWindow:
    window = JointWindow(*axes(8), 1000)
    if follower is not None:
        window.follow(follower)
    for start in range(0, x.size, batch):
        window.extend(x[start : start + batch], y[start : start + batch])
    return window


def delay_peers(x: np.ndarray, y: np.ndarray) -> Iterator[tuple[str, str]]:
    """The time that 101 delays, or 99 surrogates, take elsewhere; 1,200 values, so that each delay has 1,000 pairs."""
    i, j = (axis.symbols(v) for axis, v in zip(axes(8), (x, y), strict=True))
    try:
        from sklearn.metrics import mutual_info_score

        def loop(shifts: range) -> list[float]:
            return [mutual_info_score(i[100:1100], j[100 + k : 1100 + k]) for k in shifts]

        (every,) = timed(lambda: loop(range(-50, 51)), rounds=1, clock=CPU)
        yield "scikit-learn mutual_info_score, 101 delays", f"{every * 1e6:,.0f}"
        (every,) = timed(lambda: loop(range(1, 100)), rounds=1, clock=CPU)
        yield "scikit-learn mutual_info_score, 99 delayed partners", f"{every * 1e6:,.0f}"
    except ImportError:
        yield "scikit-learn", "missing"
    try:
        import infomeasure

        (every,) = timed(
            lambda: [
                infomeasure.mutual_information(i[100:1100], j[100:1100], approach="discrete", offset=k)
                for k in range(-50, 51)
            ],
            rounds=1,
            clock=CPU,
        )
        yield "infomeasure discrete, 101 delays", f"{every * 1e6:,.0f}"
        (every,) = timed(
            lambda: infomeasure.estimator(
                i[100:1100], j[100:1100], measure="mutual_information", approach="discrete"
            ).statistical_test(n_tests=99, method="permutation_test"),
            rounds=1,
            clock=CPU,
        )
        yield "infomeasure discrete, 99 permutations (which have no memory)", f"{every * 1e6:,.0f}"
    except ImportError:
        yield "infomeasure", "missing"
    try:
        import ennemi

        (every,) = timed(
            lambda: ennemi.estimate_mi(y[:1100], x[:1100], lag=range(-50, 51), max_threads=1), rounds=1, clock=CPU
        )
        yield "ennemi, nearest neighbours, 101 delays", f"{every * 1e6:,.0f}"
    except ImportError:
        yield "ennemi", "missing"


def neighbours(quick: bool) -> Iterator[str]:
    """MI by nearest neighbours (--ksg 4) of one window, and what scikit-learn takes."""
    from streammi.core.information import ksg

    yield "| MI by 4 nearest neighbours | window | ms CPU | bar, ms | scikit-learn, ms CPU | times |"
    yield "|---|---|---|---|---|---|"
    pairs = {"X ~ U(0, 1), Y = X + N(0, 0.1)": signals, "independent": independent}
    for name, make in pairs.items():
        for n, bar in ((1000, 2.0), (10_000, 40.0), (20_000, None)):
            x, y = make(n)
            (cost,) = timed(lambda x=x, y=y: ksg.mi_nats(x, y, 4), rounds=3 if quick else 15, clock=CPU)
            peer = sklearn_ksg_cost(x, y)
            ours = f"{cost * 1e3:.2f} | " + (f"<= {bar:g}: {met(cost * 1e3 <= bar)}" if bar else "")
            theirs = f"{peer * 1e3:.1f} | {peer / cost:.1f}" if peer else "missing | "
            yield f"| {name} | {n:,} | {ours} | {theirs} |"


def every_pair(quick: bool) -> Iterator[str]:
    """Every pair of many channels: rows a second in hops of 100, and what the peers take for one window."""
    yield "| channels, bins | rows/s, one core | bar | | count anew | MI of all | <= 15 ms |"
    yield "|---|---|---|---|---|---|---|"
    gains = []
    for channels, bins, least in ((64, 16, 250_000), (256, 8, 15_000), (1000, 8, 1_000)):
        rows = related(channels, 1000 + HOPS[0] * 8)
        one, two = (ChannelWindow(UniformBins(0, 1, bins), 1000, threads=threads) for threads in (1, 2))
        cost = min(timed(hops(one, rows, HOPS[0]), rounds=3 if quick else 9, clock=CPU)) / 8
        gains.append(f"| {channels:,}, {bins} | " + " | ".join(two_threads(one, two, channels, quick)) + " |")
        anew = timed(lambda w=one: (w._counts.lay_out(w._counts.widths), w.settle()), rounds=3, clock=CPU)[0]
        (read,) = timed(one.matrix, clock=CPU)
        rate = 100 / cost
        yield (
            f"| {channels:,}, {bins} | {rate:,.0f} | {least:,} | {met(rate >= least)} | "
            f"{anew * 1e3:.1f} ms = {anew / cost * HOPS[0]:.0f} rows | {read * 1e3:.2f} ms | {met(read <= 0.015)} |"
        )
    yield ""
    yield (
        "| channels, bins: two threads as fast as one >= 1.7 times | "
        + " | ".join(f"hops of {h:,}" for h in HOPS)
        + " |"
    )
    yield "|---" * (1 + len(HOPS)) + "|"
    yield from gains
    yield ""
    yield "| MI of all pairs of one window of 1,000 rows, 8 bins | of 64 channels | of 1,000 |"
    yield "|---|---|---|"
    for name, work in matrix_peers(related(64, 1000)):
        text = "missing"
        if work is not None:
            cost = timed(work, rounds=1 if quick else 3, clock=CPU)[0] / (64 * 63 / 2)
            text = f"{cost * 2016 * 1e3:,.0f} ms | {cost * 499_500:,.1f} s"
        yield f"| {name} | {text} |"
    yield ""
    added, in_all = channel_memory()
    bare = in_all - added
    yield f"1,000 rows of 1,000 channels, 8 bins, add {added:.0f} MB at most (<= 200) to a process of {bare:.0f}."


def related(channels: int, n: int) -> np.ndarray:
    rng = np.random.default_rng(channels)
    return 0.5 * rng.random((n, channels)) + 0.5 * rng.random((n, 1))


def two_threads(one: ChannelWindow, two: ChannelWindow, channels: int, quick: bool) -> Iterator[str]:
    """How many times as fast two threads are as one, by the wall clock, for rows that come in hops of each length."""
    for hop in HOPS:
        rows = related(channels, 1000 + hop * max(800 // hop, 2))
        alone, both = timed(hops(one, rows, hop), hops(two, rows, hop), rounds=3 if quick else 9)
        yield f"{alone / both:.2f} times, {met(alone / both >= 1.7)}"


def hops(window: ChannelWindow, rows: np.ndarray, hop: int) -> Callable[[], None]:
    """Takes in all rows but the first 1,000, so many at a time, and counts them after each."""
    window.extend(rows[:1000])
    window.settle()

    def work() -> None:
        for start in range(1000, len(rows), hop):
            window.extend(rows[start : start + hop])
            window.settle()

    return work


def matrix_peers(rows: np.ndarray) -> Iterator[tuple[str, Callable[[], object] | None]]:
    """Makes MI of all pairs of rows (n, C) in 8 bins anew."""
    axis = UniformBins(0, 1, 8)
    symbols = np.ascontiguousarray([axis.symbols(column) for column in rows.T])
    pairs = [(i, j) for i in range(len(symbols)) for j in range(i)]

    def ours() -> None:
        window = ChannelWindow(axis, len(rows))
        window.extend(rows)
        window.matrix()

    def bincount() -> None:
        for i, j in pairs:
            p = np.bincount(symbols[i] * 8 + symbols[j], minlength=64).reshape(8, 8) / len(rows)
            expected = p.sum(axis=1, keepdims=True) * p.sum(axis=0, keepdims=True)
            held = p > 0
            (p[held] * np.log2(p[held] / expected[held])).sum()

    yield "streammi.ChannelWindow, from values, nothing kept", ours
    yield "np.bincount", bincount
    try:
        from sklearn.metrics import mutual_info_score

        yield "scikit-learn mutual_info_score", lambda: [mutual_info_score(symbols[i], symbols[j]) for i, j in pairs]
    except ImportError:
        yield "scikit-learn", None
    try:
        import infomeasure

        yield (
            "infomeasure.mutual_information",
            lambda: [infomeasure.mutual_information(symbols[i], symbols[j], approach="discrete") for i, j in pairs],
        )
    except ImportError:
        yield "infomeasure", None


def channel_memory() -> tuple[float, float]:
    """The most that 1,000 channels add to a process with three of them, MB, and the most that it takes then."""
    code = (
        "import resource, numpy as np; from streammi import ChannelWindow, UniformBins\n"
        "def run(channels):\n"
        "    w = ChannelWindow(UniformBins(0, 1, 8), 1000); rng = np.random.default_rng(0)\n"
        "    for _ in range(12): w.extend(rng.random((100, channels))); w.settle(); w.matrix()\n"
        "    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)\n"
        "run(3); run(1000)"
    )
    run = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    before, after = (int(kilobytes) * 1024 / 1e6 for kilobytes in run.stdout.split())
    return after - before, after


def devices(quick: bool) -> Iterator[str]:
    """A window a key: what a pair and a reading cost of 10,000 keys in turn, and what a key takes."""
    keys, rng = [f"device-{k:05}" for k in range(10_000)], np.random.default_rng(0)
    mixed = [keys[k] for k in rng.permutation(np.repeat(np.arange(10_000), 5))]
    x, y = independent(50_000)
    yield "| 10,000 keys, window 1,000 | M pairs/s of CPU time | us a reading | KB a key (<= 25) |"
    yield "|---|---|---|---|"
    for name, bins in (("bins given", UniformBins(-3, 3, 11)), ("learnt", QuantileBins())):
        windows = KeyedWindow(bins, bins, 1000)
        before = resident()
        for _ in range(200):  # 1,000 pairs a key
            windows.extend(mixed, x, y)
        bytes_a_key = (resident() - before) / len(windows)
        (pair,) = timed(lambda w=windows: w.extend(mixed, x, y), rounds=3 if quick else 9, clock=CPU)
        some = keys[:: 100 if quick else 20]
        (reading,) = timed(lambda w=windows, s=some: [w.reading(k, batched=True) for k in s], rounds=3, clock=CPU)
        cost = f"{50_000 / pair / 1e6:.1f} | {reading / len(some) * 1e6:.0f} | {bytes_a_key / 1e3:.1f}"
        yield f"| {name} | {cost}: {met(bytes_a_key <= 25_000)} |"


def resident() -> int:
    """The memory of this process, bytes."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def independent(n: int) -> tuple[np.ndarray, np.ndarray]:
    x, y = np.random.default_rng(1).normal(size=(2, n))
    return x, y


def sklearn_ksg_cost(x: np.ndarray, y: np.ndarray) -> float | None:
    try:
        from sklearn.feature_selection import mutual_info_regression
    except ImportError:
        return None
    (cost,) = timed(lambda: mutual_info_regression(x[:, None], y, n_neighbors=4, random_state=0), rounds=3, clock=CPU)
    return cost


def one_sample(quick: bool) -> Iterator[str]:
    """update() and .mi from Python, and a whole reading."""
    n = 20_000
    x, y = (v.tolist() for v in signals(n))
    window = JointWindow(*axes(30), 1000)

    def run() -> None:
        for a, b in zip(x, y, strict=True):
            window.update(a, b)
            window.mi  # noqa: B018 -- what is timed

    (cost,) = timed(run)
    (reading,) = timed(lambda: [window.reading() for _ in range(1000)])
    yield "| from Python, window 1,000, 30 x 30 | us |"
    yield "|---|---|"
    yield f"| update() + .mi | {cost / n * 1e6:.2f} |"
    yield f"| reading() | {reading / 1000 * 1e6:.1f} |"


def times(quick: bool) -> Iterator[str]:
    """Pairs with times at 1 kHz into a monitor, in batches: in order, and out of it by many places."""
    from streammi.config import MonitorConfig, bins, span
    from streammi.monitor import Monitor
    from streammi.records import PairBatch

    n, batch = 1 << (18 if quick else 20), 4096
    x, y = signals(n)
    t = 1e9 + np.arange(n) / 1000
    jittering = t + np.random.default_rng(0).uniform(-0.005, 0.005, n)
    yield f"| pairs at 1 kHz into a monitor, {batch:,} a batch | times in order | 5 ms of jitter |"
    yield "|---|---|---|"

    def take(window: str, t: np.ndarray) -> None:
        monitor = Monitor(MonitorConfig(window=span(window), bins=bins("16"), every=span("10s"), detector=None))
        for start in range(0, n, batch):
            part = slice(start, start + batch)
            monitor.feed(PairBatch(x=x[part], y=y[part], t=t[part], received=1e9 + start / 1000))

    for window in ("1000", "1s"):
        costs = timed(lambda w=window: take(w, t), lambda w=window: take(w, jittering), clock=CPU)
        yield f"| window of {span(window)} | " + " | ".join(f"{n / cost / 1e6:.1f} M/s" for cost in costs) + " |"


def files(quick: bool) -> Iterator[str]:
    """CSV of two columns of numbers, and of those with times in ISO 8601: read in blocks, to float64 and seconds."""
    n = 300_000 if quick else 2_000_000
    x, y = signals(n)
    rows = [f"{a!r},{b!r}" for a, b in zip(x.round(4).tolist(), y.round(4).tolist(), strict=True)]
    start = np.datetime64("2026-01-01T00:00:00.000")
    stamps = np.datetime_as_string(start + 100 * np.arange(n)).tolist()
    with tempfile.TemporaryDirectory() as folder:
        numbers, timed_ = Path(folder) / "numbers.csv", Path(folder) / "timed.csv"
        numbers.write_text("x,y\n" + "\n".join(rows) + "\n")
        timed_.write_text("time,x,y\n" + "\n".join(map(",".join, zip(stamps, rows, strict=True))) + "\n")
        names, readers = zip(*file_readers(), strict=True)
        yield "| CSV to arrays | two columns of numbers | with ISO 8601 times |"
        yield "|---|---|---|"
        costs = [
            timed(*(functools.partial(read, path) for read in readers), rounds=3, clock=CPU)
            for path in (numbers, timed_)
        ]
        for name, *each in zip(names, *costs, strict=True):
            yield f"| {name} | " + " | ".join(f"{n / cost / 1e6:.1f} M rows/s" for cost in each) + " |"
        yield from file_memory(numbers, 1 if quick else 40)
    yield f"Start-up: import of pyarrow {import_time('pyarrow.csv, pyarrow.compute'):.2f} s."


def file_readers() -> Iterator[tuple[str, Callable[[Path], object]]]:
    """Each reads a file in blocks, on one thread, and says how many rows there were."""
    os.environ["POLARS_MAX_THREADS"] = "1"  # before it is imported
    import pyarrow as pa
    import pyarrow.csv

    from streammi.ingest.files.pair_file import read_pairs

    kinds = {"x": pa.float64(), "y": pa.float64(), "time": pa.timestamp("us")}
    options = pa.csv.ReadOptions(use_threads=False), pa.csv.ConvertOptions(column_types=kinds)

    def arrow(path: Path) -> int:
        with pa.csv.open_csv(path, options[0], convert_options=options[1]) as batches:
            return sum(max(len(c.to_numpy(zero_copy_only=False)) for c in batch.columns) for batch in batches)

    yield (
        "streammi (pyarrow, with a look at each field)",
        lambda path: sum(len(b.x) for b in read_pairs(path, "x", "y")),
    )
    yield "pyarrow.csv.open_csv", arrow
    with contextlib.suppress(ImportError):
        import polars

        def lazy(path: Path) -> int:
            kinds = {"x": polars.Float64, "y": polars.Float64, "time": polars.Datetime("us")}
            schema = {name: kinds[name] for name in path.open().readline().strip().split(",")}
            return sum(batch.height for batch in polars.scan_csv(path, schema=schema).collect_batches())

        yield "polars.scan_csv", lazy
    with contextlib.suppress(ImportError):
        import pandas

        def chunks(path: Path) -> int:
            times = ["time"] if path.name == "timed.csv" else False
            return sum(len(chunk) for chunk in pandas.read_csv(path, chunksize=1 << 16, parse_dates=times))

        yield "pandas.read_csv, in chunks", chunks


def file_memory(numbers: Path, times: int) -> Iterator[str]:
    """The memory that a file so many times as large takes, at a tenth, at half and at its end, in its own process."""
    large = numbers.with_name("large.csv")
    header, _, body = numbers.read_bytes().partition(b"\n")
    with large.open("wb") as file:
        file.write(header + b"\n")
        for _ in range(times):
            file.write(body)
    code = (
        "import sys, psutil; from streammi.ingest.files.pair_file import read_pairs\n"
        "pairs = read_pairs(sys.argv[1], 'x', 'y'); marks = [.1, .5, 1]\n"
        "for batch in pairs:\n"
        "    read, size = pairs.progress\n"
        "    while marks and read >= marks[0] * size:\n"
        "        print(psutil.Process().memory_info().rss); marks.pop(0)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, large], check=True, capture_output=True, text=True)
    found = ", ".join(f"{int(line) / 2**20:.0f}" for line in done.stdout.split())
    yield f"Memory at a tenth, half and the end of {large.stat().st_size / 2**20:,.0f} MiB: {found} MiB."


def import_time(modules: str) -> float:
    code = f"import time; start = time.perf_counter(); import {modules}; print(time.perf_counter() - start)"
    costs = [
        float(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout)
        for _ in range(ROUNDS)
    ]
    return statistics.median(costs)


def memory(quick: bool) -> Iterator[str]:
    """The memory that a window of 1,000,000 pairs adds, with one reading taken, in a process of its own."""
    code = (
        "import psutil, numpy as np; from streammi import JointWindow, UniformBins\n"
        "def run(size):\n"
        "    w = JointWindow(UniformBins(0, 1, 30), UniformBins(0, 1, 30), size)\n"
        "    for k in range(0, size, 1000): w.extend(np.full(1000, .5), np.full(1000, .5))\n"
        "    w.reading(); return w\n"
        "small = run(1000); before = psutil.Process().memory_info().rss\n"
        "large = run(1_000_000); print(psutil.Process().memory_info().rss - before)"
    )
    added = int(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout)
    yield f"A window of 1,000,000 pairs adds {added / 2**20:.0f} MB."


def start_up(quick: bool) -> Iterator[str]:
    """Whole processes, with the kernels compiled before and, in an empty cache, not."""
    first = (
        "from streammi import JointWindow, UniformBins; b = UniformBins(0, 1, 8); "
        "w = JointWindow(b, b, 10); w.update(0, 0); w.mi"
    )
    words = ["-m", "streammi", "demo", "--seconds", "60"]
    pictures = (b"\x1b[?2026h", b"Pearson")  # the first frame, and the first panel that has numbers
    costs = timed(
        lambda: subprocess.run([sys.executable, "-m", "streammi", "--help"], check=True, capture_output=True),
        lambda: subprocess.run([sys.executable, "-c", first], check=True),
    )
    warm = [statistics.median(moments) for moments in zip(*(until_shown(words, pictures) for _ in "123"), strict=True)]
    with tempfile.TemporaryDirectory() as empty:
        cold = until_shown(words, pictures, NUMBA_CACHE_DIR=empty)
    yield "| start | warm, s | kernels not compiled yet, s |"
    yield "|---|---|---|"
    yield f"| streammi --help | {costs[0]:.2f} | |"
    yield f"| a fresh interpreter to its first MI | {costs[1]:.2f} | |"
    yield f"| demo to its first frame | {warm[0]:.2f} | {cold[0]:.2f} |"
    yield f"| demo to its first numbers | {warm[1]:.2f} | {cold[1]:.2f} |"


def until_shown(words: list[str], shown: tuple[bytes, ...], **environment: str) -> list[float]:
    """Seconds until a program on a terminal of 120 x 40 has written each of these, in order."""
    start, moments, written = time.perf_counter(), [], b""
    pid, terminal = pty.fork()
    if pid == 0:
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        os.execve(sys.executable, [sys.executable, *words], os.environ | {"TERM": "xterm", "CI": ""} | environment)
    while len(moments) < len(shown):
        written += os.read(terminal, 65536)
        while len(moments) < len(shown) and shown[len(moments)] in written:
            moments.append(time.perf_counter() - start)
    os.write(terminal, b"q")
    with contextlib.suppress(OSError):  # the other end of the terminal has closed
        while os.read(terminal, 65536):
            pass
    os.waitpid(pid, 0)
    os.close(terminal)
    return moments


def frames(quick: bool) -> Iterator[str]:
    """Drawing, and the dashboard as it runs."""
    from benchmark_screen import drawing, drawing_devices, drawing_many, watching

    yield from drawing(*signals(150_000))
    yield ""
    yield from drawing_many()
    yield ""
    yield from drawing_devices()
    yield ""
    yield from watching(free_port(), quick)


def checkpoint(quick: bool) -> Iterator[str]:
    """The cost of saving the state every 5 s, window 100,000; measured at 20 times that rate, to be seen at all."""
    import tempfile

    from streammi.config import FeedConfig, MonitorConfig, Span, bins
    from streammi.monitor import Monitor
    from streammi.publish.outbox import Outbox
    from streammi.recording.entries import Arrived
    from streammi.session.session import Session
    from streammi.session.state_keeper import Keeper

    default_s, every_s = 5.0, 0.25
    seconds, rounds = (2.0, 3) if quick else (5.0, 5)
    rng = np.random.default_rng(0)
    messages = [[[rng.random((4096, 2)).tobytes()]] for _ in range(64)]
    yield "| state every 5 s, window 100,000, 16 x 16 | bytes | pause of the loop | written in | throughput |"
    yield "|---|---|---|---|---|"
    for name, more in (("window alone", {}), ("with --null 99 --lags=-50:50", {"null": 99, "lags": (-50, 50)})):
        config = MonitorConfig(window=Span(pairs=100_000), bins=bins("16"), **more)
        session = Session(Monitor(config), FeedConfig(endpoint=""), Outbox("xy", None, None, run=0))
        now, pauses = 1e9, []

        def run(keeper: Keeper | None, session: Session = session, pauses: list[float] = pauses) -> float:
            """Pairs a second."""
            nonlocal now
            batches, start = 0, time.perf_counter()
            while (elapsed := time.perf_counter() - start) < seconds:
                session.apply(Arrived(0, now + elapsed, messages[batches % 64]))
                batches += 1
                if keeper is not None:
                    before = time.perf_counter()
                    if keeper.keep(session, None, now + elapsed):
                        pauses.append(time.perf_counter() - before)
            now += seconds
            return batches * 4096 / elapsed

        run(None)
        ratios, writing = [], []
        for _ in range(rounds):
            with tempfile.TemporaryDirectory() as folder:
                keeper = Keeper(folder, {}, every_s)
                without, with_ = run(None), run(keeper)
                start = time.perf_counter()
                keeper.keep_last(session, None, now)
                writing.append(time.perf_counter() - start)
                ratios.append(with_ / without)
                size = keeper.newest[1] if keeper.newest else 0
        cost = (1 - statistics.median(ratios)) * every_s / default_s
        yield (
            f"| {name} | {size / 1e6:.1f} MB | {statistics.median(pauses) * 1e3:.1f} ms "
            f"| {statistics.median(writing) * 1e3:.0f} ms | {-cost:+.2%} |"
        )


def decode(quick: bool) -> Iterator[str]:
    """Messages to pairs without a socket, 1,000 messages at a time (raw: 32 of 4,096 pairs), as they are drained."""
    import msgpack

    from streammi.config import FeedConfig, JoinConfig
    from streammi.ingest.intake import intake_of

    rounds = 20 if quick else 100
    rows = [{"x": k * 0.37 % 1, "y": k * 0.11 % 1} for k in range(1000)]
    full = [{**row, "timestamp": 1.8e9 + k / 1000, "seq": k} for k, row in enumerate(rows)]
    block = np.random.default_rng(0).random((4096, 2)).tobytes()

    def one(messages: list[list[bytes]], x: str, y: str) -> tuple[Callable[[], object], int]:
        intake = intake_of(FeedConfig(endpoint="", x=x, y=y))
        intake.decode(0, messages, 0.0)
        n = intake.decode(0, messages, 0.0).x.size
        return lambda: [intake.decode(0, messages, 0.0) for _ in range(rounds)], n * rounds

    def two(mode: str, batch: int) -> tuple[Callable[[], object], int]:
        """Both sources in turn, ``batch`` messages each, a millisecond apart."""
        n = 20 * rounds * 10
        sides = [
            [[b'{"%s":%.6f,"timestamp":%.6f}' % (name, k * 0.37 % 1, 1.8e9 + k / 1000 + late)] for k in range(n)]
            for name, late in ((b"x", 0.0), (b"y", 0.0 if mode == "exact" else 0.0002))
        ]

        def run() -> None:
            source = FeedConfig(endpoint="")
            tolerance = np.inf if mode == "exact" else 0.002
            x, y = (msgspec.structs.replace(source, x="x"), msgspec.structs.replace(source, y="y"))
            intake = intake_of(JoinConfig(x=x, y=y, mode=mode, tolerance_s=tolerance))
            pairs = 0
            for start in range(0, n, batch):
                for side in (0, 1):
                    pairs += intake.decode(side, sides[side][start : start + batch], 0.0).x.size
            assert pairs >= 0.9 * n

        return run, n

    works = {
        "JSON, one pair a message": one([[msgspec.json.encode(row)] for row in rows], "x", "y"),
        "JSON with timestamp and seq": one([[msgspec.json.encode(row)] for row in full], "x", "y"),
        "msgpack, one pair a message": one([[msgpack.packb(row)] for row in rows], "x", "y"),
        "raw float64, 4,096 pairs a message": one([[block]] * 32, "0", "1"),
        "two sources of JSON, nearest, 1,000 messages a batch": two("nearest", 1000),
        "two sources of JSON, nearest, 100 messages a batch": two("nearest", 100),
        "two sources of JSON, exact, 1,000 messages a batch": two("exact", 1000),
        "two sources of JSON, interpolated, 1,000 messages a batch": two("interpolate", 1000),
    }
    # CPU time: on a shared machine the wall clock measures the others.
    costs = timed(*(work for work, _ in works.values()), clock=time.process_time)
    yield "| decoded and, of two sources, joined | M pairs/s of CPU time |"
    yield "|---|---|"
    for (name, (_, n)), cost in zip(works.items(), costs, strict=True):
        yield f"| {name} | {n / cost / 1e6:.2f} |"


def push(port: int, count: int, kind: str) -> None:
    """A sender in plain pyzmq, in a process of its own."""
    with zmq.Context() as context, context.socket(zmq.PUSH) as socket:
        socket.bind(f"tcp://127.0.0.1:{port}")
        socket.poll(60_000, zmq.POLLOUT)
        if kind == "json":
            messages = [b'{"x":%.6f,"y":%.6f}' % (k * 0.37 % 1, k * 0.11 % 1) for k in range(1000)]
            for _ in range(count // 1000):
                for message in messages:
                    socket.send(message)
        else:
            block = np.random.default_rng(0).random((4096, 2)).tobytes()
            for _ in range(count // 4096):
                socket.send(block, copy=False)


def monitor_words(port: int, x: str, y: str, *more: str) -> list[str]:
    words = [sys.executable, "-m", "streammi", "monitor", f"tcp://127.0.0.1:{port}", "--pull", "--x", x, "--y", y]
    return [*words, "--bins", "16", "--x-range", "0:1", "--y-range", "0:1", *more]


def live(quick: bool) -> Iterator[str]:
    """From a sender in another process to readings: pairs a second between the first and the last reading."""
    yield "| live over loopback, PUSH to PULL | pairs/s | lost |"
    yield "|---|---|---|"
    for name, kind, count, x, y in (
        ("one JSON object a message", "json", 400_000 if quick else 2_000_000, "x", "y"),
        ("raw float64, 4,096 pairs a message", "raw", 4096 * (5_000 if quick else 40_000), "0", "1"),
    ):
        rates, lost = [], 0
        for _ in range(1 if quick else 3):
            port = free_port()
            sender = multiprocessing.Process(target=push, args=(port, count, kind))
            sender.start()
            done = subprocess.run(
                monitor_words(port, x, y, "--samples", str(count)), check=True, capture_output=True, text=True
            )
            sender.join()
            readings = [json.loads(line) for line in done.stdout.splitlines()]
            first, last = readings[0], readings[-1]
            rates.append((last["pairs"] - first["pairs"]) / (last["timestamp"] - first["timestamp"]))
            lost += count - last["pairs"]
        yield f"| {name} | {statistics.median(rates) / 1e6:.2f} M | {lost} |"


def latency(quick: bool) -> Iterator[str]:
    """Sample sent to reading received by a consumer, --every 1, 10,000 messages a second."""
    count = 20_000 if quick else 100_000
    port, out = free_port(), free_port()
    with zmq.Context() as context, context.socket(zmq.PUSH) as sender, context.socket(zmq.SUB) as consumer:
        sender.bind(f"tcp://127.0.0.1:{port}")
        consumer.set_hwm(0)
        consumer.subscribe("mi/")
        consumer.connect(f"tcp://127.0.0.1:{out}")
        words = monitor_words(port, "x", "y", "--every", "1", "--quiet", "--publish", f"tcp://127.0.0.1:{out}")
        process = subprocess.Popen(words, stderr=subprocess.DEVNULL)
        sender.poll(60_000, zmq.POLLOUT)
        time.sleep(1.0)
        delays_s, sent = [], 0
        start = time.perf_counter()
        while sent < count:
            while sent < (time.perf_counter() - start) * 10_000 and sent < count:
                sender.send(b'{"x":%.4f,"y":0.5,"timestamp":%.6f}' % (sent % 7 / 7, time.time()))
                sent += 1
            # Those on their way at the end are waited for.
            while consumer.poll(0 if sent < count else 500):
                reading = json.loads(consumer.recv_multipart()[1])
                delays_s.append(time.time() - (reading["timestamp"] - reading["lag"]))
            time.sleep(0.0001)
        process.terminate()
        process.wait()
    p50, p99 = np.percentile(delays_s, [50, 99]) * 1e3
    yield "| latency, 10,000 messages/s, --every 1 | ms |"
    yield "|---|---|"
    yield f"| p50 | {p50:.2f} |"
    yield f"| p99 | {p99:.2f} |"
    yield f"| readings | {len(delays_s):,} of {count:,} |"


if __name__ == "__main__":
    main()
