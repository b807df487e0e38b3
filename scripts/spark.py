#!/usr/bin/env python3
"""streammi on Apache Spark held to account: markdown tables, each with its bar. Needs Java, 3 GB and up to an hour.

    .venv/bin/pip install -c constraints.txt '.[test,spark]'
    .venv/bin/python scripts/spark.py [--quick] [--only equality,faults,state,speed,tiles,plan]

Ends with 1 when a bar is missed. Everything runs on a cluster on loopback, a master and two workers of a core each,
that is started and stopped here. What is compared with is Monitor and ChannelWindow in this process.
"""

import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pyarrow as pa
import pyarrow.parquet as pq
from arguments import sections_parser
from sections import met, print_sections

from streammi import ChannelWindow, Monitor, UniformBins
from streammi.config import MonitorConfig, bins, span
from streammi.interop.spark.key_states import Cache, Shard
from streammi.interop.spark.plan import Plan, check
from streammi.interop.spark.rows import Blocks, Layout
from streammi.interop.spark.samples import Samples, to_block
from streammi.records import PairBatch

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from spark_cluster import batches, cluster, ended, job, kill, session
from test_spark_state import MemoryLog

RANGES: dict[str, Any] = {"x_range": (0.0, 1.0), "y_range": (-0.5, 1.5)}
COMPARED = (
    "n",
    "mi",
    "mi_corrected",
    "h_xy",
    "pearson_r",
    "stderr_batch",
    "spearman_r",
    "t0",
    "t1",
    "pairs",
    "nonfinite",
)
LONG = "id string, x double, y double, t double"
ARRAYS = "id string, x array<double>, y array<double>, t array<double>"
JOB = """
import sys
sys.path[:0] = sys.argv[1:3]
from spark import streamed
from spark_cluster import ended

ended(lambda: streamed(*sys.argv[3:]))
"""


def main() -> int:
    sections = {"equality": equality, "faults": faults, "state": state, "speed": speed, "tiles": tiles, "plan": plan}
    options = sections_parser(__doc__, sections, quick="a tenth of the keys, 3 kills each").parse_args()
    with tempfile.TemporaryDirectory() as folder:
        return int(print_sections(sections, options.only, options.quick, Path(folder)) > 0)


def signals(key: int, n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng([key, n])
    x = rng.random(n)
    return x, x + rng.normal(0, 0.1, n), 1.7e9 + np.arange(n) * 0.01


def config(window: int, every: int, **more: Any) -> MonitorConfig:
    return MonitorConfig(window=span(window), every=span(every), bins=bins(16), **RANGES, **more)


def write(folder: Path, keys: int, n: int, files: int, *, arrays: bool, seed: int = 0, sizes: Any = None) -> None:
    """The samples of so many keys in files, rows of a file in a random order.

    Each key is cut at random places, with a ``seed``, else in equal parts, or in ``sizes``.
    """
    rng = np.random.default_rng(seed)
    folder.mkdir(parents=True)
    equal = np.arange(1, files) * n // files if sizes is None else np.cumsum(sizes)[:-1]
    parts: list[list[pa.Table]] = [[] for _ in range(files)]
    for key in range(keys):
        x, y, t = signals(key, n)
        cuts = np.sort(rng.integers(0, n, files - 1)) if seed else equal
        for number, at in enumerate(np.split(np.arange(n), cuts)):
            if arrays and at.size:
                row = {"id": [f"k{key}"], "x": [x[at]], "y": [y[at]], "t": [t[at]]}
                parts[number].append(pa.table(row))
            elif at.size:
                at = rng.permutation(at)
                parts[number].append(pa.table({"id": [f"k{key}"] * at.size, "x": x[at], "y": y[at], "t": t[at]}))
    for number, tables in enumerate(parts):
        path = folder / f"{number:04}.parquet"
        table = pa.concat_tables([tables[k] for k in rng.permutation(len(tables))])
        pq.write_table(table, path, row_group_size=max(len(table) // 4, 1))  # what tasks share out
        os.utime(path, (1e9 + number, 1e9 + number))


def streamed(master: str, folder: str, window: str, every: str, arrays: str = "", **more: Any) -> Any:
    """The query of a folder's samples, a file a batch, on a master."""
    from streammi.interop.spark import readings

    frame = session(master).readStream.schema(ARRAYS if arrays else LONG).option("maxFilesPerTrigger", 1)
    table = readings(
        frame.parquet(f"{folder}/in"), key="id", x="x", y="y", t="t", window=int(window), every=int(every), bins=16,
        **RANGES, **more,
    )  # fmt: skip
    writer = table.writeStream.format("parquet").option("path", f"{folder}/out")
    return writer.option("checkpointLocation", f"{folder}/state").trigger(availableNow=True).start()


def wrong(spark: Any, folder: Path, keys: int, n: int, settings: MonitorConfig) -> tuple[int, int]:
    """How many readings there are, and how many of them are missing, there twice, or not the monitor's own."""
    table = spark.read.parquet(str(folder / "out")).select("id", "timestamp", *COMPARED).toPandas()
    got = {key: rows.sort_values("timestamp") for key, rows in table.groupby("id")}
    said = bad = 0
    for key in range(keys):
        x, y, t = signals(key, n)
        want = Monitor(settings, event_time=True).feed(PairBatch(x=x, y=y, t=t))
        rows = got.pop(f"k{key}", None)
        said += len(want)
        if rows is None or len(rows) != len(want):
            bad += len(want)
            continue
        for name in ("timestamp", *COMPARED):
            values = [at if name == "timestamp" else getattr(item, name) for at, item in want]
            bad += int((rows[name].to_numpy() != np.array(values, dtype=rows[name].dtype)).sum())
    return said, bad + sum(len(rows) for rows in got.values())


def equality(quick: bool, folder: Path) -> Iterator[str]:
    """Keys cut into batches at random places, in a random order, over two workers."""
    keys, n, settings = 100 if quick else 1000, 5120, config(1000, 256)
    root = folder / "equality"
    write(root / "in", keys, n, 8, arrays=False, seed=1)
    with cluster(root, workers=2) as found:
        ended(lambda: streamed(found.master, str(root), "1000", "256"))
        said, bad = wrong(session(found.master), root, keys, n, settings)
        session(found.master).stop()
    yield f"| {keys:,} keys x {n:,} samples, cut at random | readings | not Monitor's own, bit for bit | bar: 0 |"
    yield "|---|---|---|---|"
    yield f"| {len(COMPARED)} fields of each | {said:,} | {bad} | {met(bad == 0 and said > 0)} |"


def faults(quick: bool, folder: Path) -> Iterator[str]:
    """An executor and the driver killed in turn, each at a random moment; the next driver goes on.

    A moment is anywhere in one and a half batches, whatever a batch takes here: while Spark plans, reads, computes,
    writes its state or its results, or commits. It ends after an hour, with as many kills as there were.
    """
    kills, keys, n, settings = 3 if quick else 20, 20, 4000, config(500, 100)
    root, rng = folder / "faults", np.random.default_rng()
    files = 6 * kills + 10
    write(root / "in", keys, n, files, arrays=False, seed=2)
    here = str(Path(__file__).parent)
    arguments = (here, f"{here}/../tests")
    executors = drivers = 0
    began, ends = time.monotonic(), time.monotonic() + 3600
    with cluster(root, workers=2) as found:
        while drivers < kills and time.monotonic() < ends:
            with job(JOB, *arguments, found.master, str(root), "500", "100") as driver:
                pace = commits(driver, root / "state", 2)
                time.sleep(rng.random() * 1.5 * pace)
                alive = found.executors()
                if alive and driver.poll() is None:
                    alive[int(rng.integers(len(alive)))].kill()
                    executors += 1
                commits(driver, root / "state", 1)
                time.sleep(rng.random() * 1.5 * pace)
                if driver.poll() is None:
                    kill(driver)
                    drivers += 1
                elif batches(root / "state") >= files:
                    break  # all was done before enough were killed
        took = time.monotonic() - began
        ended(lambda: streamed(found.master, str(root), "500", "100"))
        said, bad = wrong(session(found.master), root, keys, n, settings)
        session(found.master).stop()
    all_killed = min(executors, drivers) >= kills
    yield "| executors killed | drivers killed | in s | readings | missing, twice or others | bar: 0 |"
    yield "|---|---|---|---|---|---|"
    yield f"| {executors} | {drivers} | {took:,.0f} | {said:,} | {bad} | {met(bad == 0 and said > 0 and all_killed)} |"


def commits(driver: Any, checkpoint: Path, more: int) -> float:
    """Wait until so many more batches are committed, or the driver has ended; returns how long the newest took, s."""
    newest, at = batches(checkpoint), time.monotonic()
    end, took = at + 900, 0.0
    while more > 0 and driver.poll() is None and time.monotonic() < end:
        time.sleep(0.02)
        if (now := batches(checkpoint)) > newest:
            more, newest, took, at = more - (now - newest), now, time.monotonic() - at, time.monotonic()
    return took


def state(quick: bool, folder: Path) -> Iterator[str]:
    """The bytes that are kept of a key at a window of 1,000, and what a batch of 256 pairs a key writes."""
    yield "| kept, of a key | bytes | written by a batch of 256 pairs | at a window of 4,000 | bar: 6,000 bytes |"
    yield "|---|---|---|---|---|"
    for name, keep, digits in (
        ("symbols", "symbols", None),
        ("rounded values", "rounded", None),
        ("values of 2 decimals", "values", 2),
        ("values", "values", None),
    ):
        size, written, longer = *kept(1000, keep, digits), kept(4000, keep, digits)[1]
        bar = "none: 53 random bits each" if (keep, digits) == ("values", None) else met(size <= 6000)
        assert longer < 1.5 * written
        yield f"| {name} | {size:,.0f} | {written:,.0f} | {longer:,.0f} | {bar} |"


def kept(window: int, keep: Any, digits: int | None) -> tuple[float, float]:
    """Bytes of a key in the log, and of what a batch writes of it, both on average once the window is full."""
    more = {"estimator": "grassberger"} if keep == "symbols" else {}
    settings = check(Plan(config=config(window, 1000, **more), by_time=True, timed=True, keep=keep))
    log, keys, size = MemoryLog(), 20, 256
    feeds = [[v if digits is None else v.round(digits) for v in signals(key, 40 * size)] for key in range(keys)]
    sizes, written = [], []
    for start in range(0, 40 * size, size):
        before, part = log.written, slice(start, start + size)
        made = [block(key, *(v[part] for v in feed)) for key, feed in enumerate(feeds)]
        list(Shard(settings, log).feed(made))
        sizes.append(log.size / keys)
        written.append((log.written - before) / keys)
    return float(np.mean(sizes[20:])), float(np.mean(written[20:]))


def block(key: int, x: np.ndarray, y: np.ndarray, t: np.ndarray) -> bytes:
    return to_block([key], [t.size], Samples(t, np.zeros(t.size, dtype=np.uint32), np.stack((x, y))))


def speed(quick: bool, folder: Path) -> Iterator[str]:
    """Pairs a second once all runs, and where the time of a batch goes; beside this process alone on one core.

    One query has batches of several sizes, the small ones first. What a batch takes whatever is in it is told from
    what each pair takes: steady is what a pair more takes, between the smallest and the largest.
    """
    spent = []
    yield "| two workers of a core | s of an empty batch | pairs/s more, steady | bar | | Monitor alone, one core |"
    yield "|---|---|---|---|---|---|"
    for name, arrays, sizes, bar in (
        ("rows of arrays", True, (1000, 5000, 20_000, 50_000), 2e6),
        ("long rows", False, (1000, 5000, 20_000), 4e5),
    ):
        keys, each = (50, 5) if quick else (200, 6)
        root = folder / name.replace(" ", "_")
        lengths = [size for size in sizes for _ in range(each)]
        write(root / "in", keys, sum(lengths), len(lengths), arrays=arrays, sizes=lengths)
        with cluster(root, workers=2, megabytes=2500) as found:
            session(found.master, **THROUGHPUT)
            query = streamed(found.master, str(root), "1000", "1000", "1" if arrays else "")
            marks = watched(query, root / "state")
            progress = query.recentProgress
            session(found.master).stop()
        alone, rows, windows = in_process(root / "in", keys, lengths, arrays=arrays)
        groups = [(keys * size, range(k * each + 2, (k + 1) * each)) for k, size in enumerate(sizes)]
        took = [float(np.median([progress[b]["durationMs"]["triggerExecution"] for b in of])) / 1e3 for _, of in groups]
        rate = (groups[-1][0] - groups[0][0]) / (took[-1] - took[0])
        fixed = took[0] - groups[0][0] / rate
        yield f"| {name} | {fixed:.2f} | {rate:,.0f} | {bar:,.0f} | {met(rate >= bar)} | {1e6 / alone:,.0f} |"
        for (pairs, of), s in zip(groups, took, strict=True):
            share = marks[of[-1] + 1] - marks[of[0]] if len(marks) > of[-1] + 1 else marks[-1] * np.nan
            cpu = " | ".join(f"{v / len(of):.2f}" for v in share)
            parts = [float(np.mean([part_of(progress[b], what) for b in of])) / 1e3 for what in PARTS]
            spent.append(f"| {name} | {pairs:,} | {s:.2f} | {' | '.join(f'{v:.2f}' for v in parts)} | {cpu} |")
        spent.append(
            f"| {name}, alone | 1,000,000 | | | | | | | {rows:.2f} + {windows:.2f}, of it Monitor {alone:.2f} |"
        )
    yield ""
    yield "Of a batch, s; the last three are CPU, of all processes of their kind:"
    yield ""
    yield f"| | pairs | s | {' | '.join(PARTS.values())} | driver | executors | their Python |"
    yield "|---|" + "---|" * (len(PARTS) + 5)
    yield from spent


THROUGHPUT = {"spark__executor__memory": "2g", "spark__executor__extraJavaOptions": "-XX:+UseParallelGC"}
PARTS = {
    "latestOffset getBatch": "finding it",
    "queryPlanning": "planning",
    "addBatch": "the job",
    "walCommit commitOffsets": "noting it",
}


def part_of(progress: Any, names: str) -> float:
    return sum(progress["durationMs"].get(name, 0) for name in names.split())


def watched(query: Any, checkpoint: Path) -> list[np.ndarray]:
    """The CPU seconds of driver, executors and Python workers as each batch is committed, from none on."""
    marks = [cpu_seconds()]
    while query.isActive:
        while len(marks) <= batches(checkpoint):
            marks.append(cpu_seconds())
        time.sleep(0.02)
    query.awaitTermination()
    return marks


def cpu_seconds() -> np.ndarray:
    found = np.zeros(3)
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):
            words, times = " ".join(process.cmdline()), process.cpu_times()
            kinds = ("SparkSubmit", "CoarseGrainedExecutorBackend", "pyspark.daemon")
            found += [(kind in words) * (times.user + times.system) for kind in kinds]
    return found


def in_process(folder: Path, keys: int, lengths: list[int], *, arrays: bool) -> tuple[float, float, float]:
    """CPU seconds of a million pairs: Monitor alone, and the workers' Python, rows to blocks and windows with state."""
    settings, n = config(1000, 1000), min(sum(lengths), 30_000)
    began = time.process_time()
    for key in range(keys):
        x, y, t = (values[:n] for values in signals(key, sum(lengths)))
        Monitor(settings, event_time=True, hints=False).feed(PairBatch(x=x, y=y, t=t))
    alone = (time.process_time() - began) / (keys * n)
    task, log, cache = check(Plan(config=settings, by_time=True, timed=True)), MemoryLog(), Cache()
    packing = windows = 0.0
    some = sorted(folder.iterdir())[len(lengths) // 2 :][:4]
    for path in some:
        rows = pq.read_table(path).select(["id", "t", "x", "y"])
        rows = rows.add_column(0, "shard", pa.array(np.zeros(len(rows), dtype=np.int32)))
        began = time.process_time()
        made = list(Blocks(Layout(2, arrays, arrays))(rows.to_batches(10_000)))
        packing += time.process_time() - began
        began = time.process_time()
        list(Shard(task, log, cache).feed(one for batch in made for one in batch.column(1).to_pylist()))
        windows += time.process_time() - began
    count = keys * sum(lengths[len(lengths) // 2 :][:4])
    return alone * 1e6, packing / count * 1e6, windows / count * 1e6


def tiles(quick: bool, folder: Path) -> Iterator[str]:
    """Every pair of many channels on two workers, against ChannelWindow in this process on one core."""
    from streammi.interop.spark import all_pairs

    channels, rows = 300 if quick else 1000, 1000
    root, names = folder / "tiles", [f"c{k}" for k in range(channels)]
    root.mkdir()
    values = np.random.default_rng(0).random((rows, channels))
    pq.write_table(pa.table({"n": np.arange(rows)} | dict(zip(names, values.T, strict=True))), root / "in.parquet")
    began = time.process_time()
    window = ChannelWindow(UniformBins(0, 1, 8), rows, names)
    window.extend(values)
    matrix = window.matrix("mi")
    alone = time.process_time() - began
    with cluster(root, workers=2) as found:
        spark = session(found.master)
        frame = spark.read.parquet(str(root / "in.parquet"))
        for _ in range(2):  # the first starts the workers
            began = time.perf_counter()
            table = all_pairs(frame, names, rows, seq="n", bins=UniformBins(0, 1, 8))
            table.write.mode("overwrite").parquet(str(root / "out"))
            took = time.perf_counter() - began
        pairs = spark.read.parquet(str(root / "out")).toPandas()
        spark.stop()
    number = {name: k for k, name in enumerate(names)}
    x, y = (pairs[side].map(number).to_numpy() for side in "xy")
    whole = len(pairs) == channels * (channels - 1) // 2
    same = whole and bool((pairs["value"].to_numpy() == matrix[x, y]).all())
    yield f"| {channels:,} channels, 8 bins, window of {rows:,} | pairs | as ChannelWindow | s | one core, s |"
    yield "|---|---|---|---|---|"
    yield f"| two workers, written to Parquet | {len(pairs):,} | {met(same)} | {took:.1f} | {alone:.2f} |"


def plan(quick: bool, folder: Path) -> Iterator[str]:
    """The cost of matrices that one machine cannot hold, by constants that are measured here."""
    from streammi.core.bins import binning
    from streammi.interop.spark.tiles import Question, Tiles, block_of

    size, rows = 250, 1000
    bins_ = UniformBins(0, 1, 8)
    rng = np.random.default_rng(0)
    data = [block_of([f"{side}{k}" for k in range(size)], rng.random((size, rows))) for side in "ab"]
    question = Question(bins=binning.to_plain(bins_), measure="mi", estimator=None, unit="bit", least=0.1)
    tile = pa.table({"tile": [1, 1], "side": [0, 1], "data": data})
    Tiles(question)(tile)
    rounds = []
    for _ in range(3):
        began = time.process_time()
        Tiles(question)(tile)
        rounds.append(time.process_time() - began)
    a_pair, a_block = min(rounds) / size**2, len(data[0])
    hours = f"core-hours at {a_pair * 1e9:.0f} ns a pair"
    yield f"| channels, window of {rows:,}, 8 bins | pairs | tiles of {size} | {hours} | GB shuffled |"
    yield "|---|---|---|---|---|"
    for channels in (10_000, 100_000):
        count = channels // size
        pairs = channels * (channels - 1) // 2
        moved = count**2 * a_block / 1e9
        used = pairs * a_pair / 3600
        yield f"| {channels:,} | {pairs:,} | {count * (count + 1) // 2:,} | {used:.2f} | {moved:,.1f} |"


if __name__ == "__main__":
    sys.exit(main())
