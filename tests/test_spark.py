"""The same readings on Spark: of batches and streams, in a session and on a cluster whose parts are killed."""

import os
import shutil
import sys
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
import zmq
from spark_cluster import batches, cluster, ended, job, session, wait_for
from test_spark_sources import record

from streammi.config import MonitorConfig, bins, span
from streammi.core.bins.binning import UniformBins
from streammi.core.channels.channel_window import ChannelWindow
from streammi.errors import ConfigError, MissingExtra
from streammi.monitor import Monitor
from streammi.publish.messages import read_reading
from streammi.publish.snapshot_bytes import read_snapshot
from streammi.records import Event, PairBatch, Reading

pytestmark = [
    pytest.mark.skipif(find_spec("pyspark") is None, reason="pyspark is not installed (pip install streammi[spark])"),
    pytest.mark.skipif(shutil.which("java") is None, reason="there is no Java, 17 or newer, on the PATH"),
    pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning"),
    pytest.mark.timeout(1800),
]
N = 700
CONFIG = MonitorConfig(
    window=span(200), every=span(64), bins=bins(16), x_range=(0.0, 1.0), y_range=(-0.5, 1.5), detector="page-hinkley"
)
SETTINGS: dict[str, Any] = {
    "key": "id", "x": "x", "y": "y", "window": 200, "every": 64, "bins": 16, "x_range": (0, 1), "y_range": "-0.5:1.5",
    "detector": "page-hinkley", "events": True,
}  # fmt: skip
JOB = """
import sys
sys.path.insert(0, sys.argv[1])
from spark_cluster import ended
from test_spark import streamed

ended(lambda: streamed(*sys.argv[2:]))
"""
MICROS = "timestamp_micros(try_cast(round({} * 1e6) as bigint))"  # seconds as a timestamp


# Of small tables what Spark would compile is run as it is: compiling took half of the time.
CHEAP = {
    "spark__sql__shuffle__partitions": "1",
    "spark__sql__adaptive__enabled": "false",
    "spark__sql__codegen__wholeStage": "false",
    "spark__sql__codegen__factoryMode": "NO_CODEGEN",
}


def signals(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = rng.random(N)
    y = np.where(np.arange(N) < 350, x, rng.random(N)) + rng.normal(0, 0.1, N)
    x[5], y[6], x[300:480] = np.nan, np.inf, 0.5  # and stuck
    return x, y, np.arange(N) * 0.1 + 1.7e9


FEEDS = {f"k{k}": signals(k) for k in range(5)}


def wanted(*, last: bool = False) -> dict[str, list[tuple[float, Any]]]:
    found = {}
    for key, (x, y, t) in FEEDS.items():
        monitor = Monitor(CONFIG, event_time=True)
        found[key] = monitor.feed(PairBatch(x=x, y=y, t=t)) + (monitor.last(t[-1].item()) if last else [])
        assert not last or found[key][-1][1].pairs + found[key][-1][1].nonfinite == N
    assert any(isinstance(item, Event) for outputs in found.values() for _, item in outputs)
    return found


def hold(rows: list[Any], want: dict[str, list[tuple[float, Any]]]) -> None:
    """All fields of all readings and events, bit for bit, and not one more or less."""
    got: dict[str, list[Any]] = {key: [] for key in want}
    for row in rows:
        got[row["id"]].append(row)
    for key, outputs in want.items():
        said = sorted(got[key], key=lambda row: (row["timestamp"], row["event_kind"] or ""))
        outputs = sorted(outputs, key=lambda one: (one[0], getattr(one[1], "kind", "")))
        assert len(said) == len(outputs)
        for row, (at, item) in zip(said, outputs, strict=True):
            assert row["timestamp"] == at
            fields = msgspec.structs.asdict(item)
            if isinstance(item, Reading):
                assert {name: row[name] for name in fields} == fields
            else:
                assert row["mi"] is None
                names = ("kind", "size", "unit", "evidence", "signal", "rule")
                assert [row[f"event_{name}"] for name in names] == [fields[name] for name in names]


def write_long(folder: Path, files: int) -> None:
    """Rows of a sample each, in a random order within a file, with x as text, and rows without a place among them."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    rng = np.random.default_rng(0)
    folder.mkdir()
    for number in range(files):
        tables = []
        for k, (key, (x, y, t)) in enumerate(FEEDS.items()):
            cuts = np.sort(np.random.default_rng(k).integers(0, N, files - 1))
            part = rng.permutation(N)
            part = part[np.searchsorted(cuts, part, side="right") == number]
            text = ["null" if np.isnan(v) else repr(v) for v in x[part].tolist()]
            tables.append(
                pa.table({"id": pa.array([key] * part.size, pa.string()), "x": text, "y": y[part], "t": t[part]})
            )
        poison = {"id": [None, "k0", "k1"], "x": ["0.5"] * 3, "y": [0.5] * 3, "t": [1.7e9, None, float("nan")]}
        tables.append(pa.table(poison).cast(tables[0].schema))
        path = folder / f"{number}.parquet"
        pq.write_table(pa.concat_tables(tables), path)
        os.utime(path, (1e9 + number, 1e9 + number))


def array_rows() -> list[dict[str, Any]]:
    rows = []
    for key, (x, y, t) in FEEDS.items():
        for start in range(0, N, 90):
            part = slice(start, start + 90)
            rows.append({"id": key, "x": x[part].tolist(), "y": y[part].tolist(), "t": t[part].tolist(), "seq": start})
        rows.append({"id": key, "x": [1.0], "y": [1.0, 2.0], "t": [1.7e9], "seq": 0})  # uneven
        rows.append({"id": key, "x": [], "y": [], "t": [], "seq": 3})
    return rows[::-1]


def streamed(master: str, folder: str) -> Any:
    """The query of a folder's long rows, a file a batch, on a master."""
    from streammi.interop.spark import readings

    frame = session(master).readStream.schema("id string, x string, y double, t double")
    rows = frame.option("maxFilesPerTrigger", 1).parquet(f"{folder}/long")
    writer = readings(rows, t="t", idle="1h", **SETTINGS).writeStream.format("parquet").option("path", f"{folder}/out")
    return writer.option("checkpointLocation", f"{folder}/state").trigger(availableNow=True).start()


def test_in_a_session(tmp_path: Path, subtests: pytest.Subtests) -> None:
    # One test, for a session is dear: of several each might start one of its own.
    write_long(tmp_path / "long", files=2)
    spark = session("local[1]", **CHEAP)
    try:
        query = ended(lambda: streamed("local[1]", str(tmp_path)))
        with subtests.test("a stream, with poison"):
            hold(spark.read.parquet(str(tmp_path / "out")).collect(), wanted())
            counts = [progress["observedMetrics"]["streammi"] for progress in query.recentProgress]
            assert [(row["without_key"], row["without_order"]) for row in counts] == [(1, 2)] * 2
        check_recording(spark, tmp_path, subtests)
        check_batches(spark, tmp_path, subtests)
        check_pairs(spark, subtests)
        check_refusals(spark, tmp_path, subtests)  # last: a worker that refuses ends, and another starts
    finally:
        spark.stop()


@pytest.mark.skipif("STREAMMI_CLUSTER" not in os.environ, reason="2 minutes of CPU: STREAMMI_CLUSTER=1 runs it")
def test_on_a_cluster(tmp_path: Path) -> None:
    write_long(tmp_path / "long", files=5)
    state = tmp_path / "state"
    with cluster(tmp_path, workers=1) as found:
        with job(JOB, str(Path(__file__).parent), found.master, str(tmp_path)):
            wait_for(lambda: batches(state) >= 1 and found.executors(), "the first batch")
            found.executors()[0].kill()
            wait_for(lambda: batches(state) >= 3, "batches after an executor was killed")
        found.add_worker()  # and the driver is killed
        spark = session(found.master)
        try:
            ended(lambda: streamed(found.master, str(tmp_path)))
            assert len(found.executors()) == 2
            hold(spark.read.parquet(str(tmp_path / "out")).collect(), wanted())
        finally:
            spark.stop()


def check_batches(spark: Any, folder: Path, subtests: pytest.Subtests) -> None:
    from pyspark.sql import Observation, functions as F

    from streammi.interop.spark import readings

    arrays = spark.createDataFrame(
        array_rows(), "id string, x array<double>, y array<double>, t array<double>, seq long"
    )
    with subtests.test("a batch of long rows, with poison"):
        observation = Observation("poison")
        long = spark.read.parquet(str(folder / "long")).withColumn("t", F.expr(MICROS.format("t")))
        hold(readings(long, t="t", observation=observation, **SETTINGS).collect(), wanted())
        assert observation.get == {"rows": 5 * N + 6, "without_key": 2, "without_order": 4, "nonfinite": 10}
    with subtests.test("a batch of arrays, by number"):
        observation = Observation("uneven")
        timestamps = arrays.withColumn("t", F.expr(f"transform(t, v -> {MICROS.format('v')})"))
        asked = {**SETTINGS, "t": "t", "seq": "seq", "observation": observation, "last": True}
        hold(readings(timestamps, **asked).collect(), wanted(last=True))
        assert observation.get["uneven"] == 5


def check_refusals(spark: Any, folder: Path, subtests: pytest.Subtests) -> None:
    from pyspark.errors import StreamingQueryException

    from streammi.interop.spark import readings

    stream = spark.readStream.schema("id string, x string, y double, t double").parquet(str(folder / "long"))
    with subtests.test("a state of other settings is refused by their names"):
        shutil.copy(folder / "long" / "0.parquet", folder / "long" / "9.parquet")
        other = readings(stream, t="t", idle="1h", **{**SETTINGS, "window": 300})
        writer = other.writeStream.format("noop").option("checkpointLocation", str(folder / "state"))
        with pytest.raises(StreamingQueryException, match="window must be 200 pairs, as when the state was saved"):
            ended(writer.trigger(availableNow=True).start)
        (folder / "long" / "9.parquet").unlink()
    with subtests.test("what cannot work is refused at once"):
        for changed, words in (
            ({"t": None}, "t or seq must be the column by which a stream's rows are in order"),
            ({"x": "z"}, "x must be one of the columns id, x, y, t, got 'z'"),
            ({"x": "id", "key": "y"}, "key must be a column of texts"),
            ({"t": "id"}, "t must be a column of times"),
            ({"wndow": 3}, "settings must be among"),
            ({"events": False}, "events must be True with detector"),
            ({"keep": "symbols", "detector": None}, "estimator must be one that needs no values"),
            ({"every": "0.5"}, "every must be"),
            ({"last": True}, "last must be left out with a streaming DataFrame"),
            ({"last": 1}, "last must be True or False"),
            ({"key": "Nmi"}, "key must be one of the columns id, x, y, t"),
            ({"x": "*"}, "x must be one of the columns id, x, y, t"),
            ({"null": "many"}, "null must be as MonitorConfig has it, or as the command line takes it"),
            ({"lags": 5}, "lags must be as MonitorConfig has it"),
            ({"x_range": 3}, "x_range must be as MonitorConfig has it"),
            ({"transfer": "perhaps"}, "transfer must be as MonitorConfig has it"),
            ({"alarms": "hx_given_z<1"}, "--alarm must be about a number that is published"),
            ({"idle": 50}, "idle must be a duration such as 1h"),
            ({"idle": "1h", "t": None, "seq": "t"}, "idle must be left out where the rows of a key are in the order"),
            (
                {"keep": "rounded", "x_range": None},
                'keep must be "values" where x_range and y_range are not both given',
            ),
        ):
            with pytest.raises(ConfigError, match=words):
                readings(stream, **{"t": "t", **SETTINGS, **changed})
        with pytest.raises(ConfigError, match=r"frame must be a DataFrame of pyspark\.sql"):
            readings({"x": [1.0]}, t="t", **SETTINGS)  # type: ignore[arg-type]
        twice = stream.select("*", stream["y"].alias("X"))
        with pytest.raises(ConfigError, match="x must be a column whose name no other has, got 'x'"):
            readings(twice, t="t", **SETTINGS)
        by_case = stream.withColumn("id", stream["id"].cast("string collate UTF8_LCASE"))
        with pytest.raises(ConfigError, match=r"key must be a column of texts \(without a collation\)"):
            readings(by_case, t="t", **SETTINGS)
        with pytest.MonkeyPatch.context() as patch:
            patch.setitem(sys.modules, "google.protobuf", None)
            with pytest.raises(MissingExtra, match="a streaming query needs protobuf"):
                readings(stream, t="t", **SETTINGS)
        dotted = stream.withColumnRenamed("x", "a.b").withColumnRenamed("id", "MI")
        assert readings(dotted, t="t", **{**SETTINGS, "x": "a.b", "key": "a.b"}).columns[0] == "a.b"
        with pytest.raises(ConfigError, match="key must be a column that is called otherwise than a field"):
            readings(dotted, t="t", **{**SETTINGS, "x": "a.b", "key": "MI"})


def check_pairs(spark: Any, subtests: pytest.Subtests) -> None:
    import pandas as pd

    from streammi.interop.spark import all_pairs

    names, rng = [f"c{k}" for k in range(7)], np.random.default_rng(0)
    values = rng.random((150, 7))
    values[:, 1] = values[:, 0] + rng.normal(0, 0.05, 150)
    values[20:30, 4] = np.nan
    window = ChannelWindow(UniformBins(0, 1, 8), 100, names)
    window.extend(values[-100:])
    matrix = window.matrix("mi_corrected")
    wide = pd.DataFrame(values, columns=names).assign(n=np.arange(150)).sample(frac=1, random_state=0)
    frames = {
        "a column a channel": (wide, names, None),
        "a row a value": (wide.melt("n", var_name="name", value_name="v"), "name", "v"),
    }
    for name, (frame, channels, value) in frames.items():
        with subtests.test(name):
            # Of blocks that a hash fills, some have no channel where there are many: their tiles have no pairs.
            asked = {"bins": UniformBins(0, 1, 8), "measure": "mi_corrected", "block": 3 if value is None else 1}
            table = all_pairs(spark.createDataFrame(frame), channels, 100, seq="n", value=value, **asked)
            rows = table.collect()
            found = {frozenset((row["x"], row["y"])): row["value"] for row in rows}
            assert len(rows) == len(found) == 21
            assert all(matrix[window.number(x), window.number(y)] == v for (x, y), v in found.items())


def check_recording(spark: Any, folder: Path, subtests: pytest.Subtests) -> None:
    from pyspark.sql import functions as F

    from streammi.interop.spark import PublishTo, Recordings, readings

    record(folder / "feed.rec", runs=1)
    spark.dataSource.register(Recordings)
    with subtests.test("a recording, published"), closing(PublishTo("tcp://127.0.0.1:*", key="id")) as published:
        with zmq.Context() as context, context.socket(zmq.SUB) as socket:
            socket.subscribe(b"")
            socket.rcvtimeo = 300_000
            socket.connect(published.endpoint)
            stream = spark.readStream.format("streammi").load(str(folder / "feed.rec"))
            one_without = F.when(F.col("seq") != 7, F.col("t")).otherwise(1.7e12)  # milliseconds are no time
            rows = stream.withColumns({"id": F.lit("pump 3"), "t": one_without})
            table = readings(rows, key="id", x="x", y="y", t="t", seq="seq", window=30, every=20)
            checkpoint = str(folder / "recorded")
            query = table.writeStream.foreachBatch(published).option("checkpointLocation", checkpoint)
            counts = ended(query.trigger(availableNow=True).start).recentProgress[0]["observedMetrics"]["streammi"]
            assert (counts["nonfinite"], counts["without_time"]) == (1, 1)
            said = [socket.recv_multipart() for _ in range(4)]
        readings_said = [read_reading(frames) for frames in said if frames[0].startswith(b"mi/")]
        assert [(pair, fields["n"], fields["seq"]) for pair, fields in readings_said] == [
            ("pump%203/xy", 18, 1), ("pump%203/xy", 30, 2), ("pump%203/xy", 30, 3),
        ]  # fmt: skip
        (snapshot,) = [read_snapshot(frames) for frames in said if frames[0].startswith(b"snapshot/")]
        assert snapshot.pair == "pump%203/xy"
        assert snapshot.reading is not None
        assert snapshot.reading.mi == readings_said[-1][1]["mi"]
        for frame, words in (
            (spark.range(1), "with timestamp, n, unit"),
            (spark.range(1).toDF("k"), "with id, timestamp"),
        ):
            with pytest.raises(ConfigError, match=words):
                published(frame, 0)
