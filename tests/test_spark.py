"""The same readings on Spark: of batches and streams, in a session and on a cluster whose parts are killed."""

import os
import shutil
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from streammi.config import MonitorConfig, bins, span
from streammi.errors import ConfigError
from streammi.monitor import Monitor
from streammi.records import Event, PairBatch, Reading

pytestmark = [
    pytest.mark.skipif(find_spec("pyspark") is None, reason="pyspark is not installed (pip install streammi[spark])"),
    pytest.mark.skipif(shutil.which("java") is None, reason="there is no Java, 17 or newer, on the PATH"),
    pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning"),
    pytest.mark.timeout(600),
]
N = 700
CONFIG = MonitorConfig(
    window=span(200), every=span(64), bins=bins(16), x_range=(0.0, 1.0), y_range=(-0.5, 1.5), detector="page-hinkley"
)
SETTINGS: dict[str, Any] = {
    "key": "id", "x": "x", "y": "y", "window": 200, "every": 64, "bins": 16, "x_range": (0, 1), "y_range": "-0.5:1.5",
    "detector": "page-hinkley", "events": True,
}  # fmt: skip
# Half the cost of a session that lives for a minute: no second compiler, and one collector.
JAVA = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xshare:auto"
CONF = {
    "spark.ui.enabled": "false",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.extraJavaOptions": JAVA,
    "spark.executor.extraJavaOptions": JAVA,
    "spark.sql.shuffle.partitions": "2",
    "spark.sql.streaming.stateStore.providerClass": (
        "org.apache.spark.sql.execution.streaming.state.RocksDBStateStoreProvider"
    ),
    "spark.sql.streaming.noDataMicroBatches.enabled": "false",
    "spark.log.level": "OFF",
}


def session(master: str, **conf: str) -> Any:
    from pyspark.sql import SparkSession

    os.environ["PYSPARK_PYTHON"] = sys.executable
    builder = SparkSession.builder.master(master).appName("streammi tests")
    for name, value in {**CONF, **conf}.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()


def signals(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = rng.random(N)
    y = np.where(np.arange(N) < 350, x, rng.random(N)) + rng.normal(0, 0.1, N)
    x[5], y[6], x[300:480] = np.nan, np.inf, 0.5  # and stuck
    return x, y, np.arange(N) * 0.1 + 1.7e9


FEEDS = {f"k{k}": signals(k) for k in range(5)}


def wanted() -> dict[str, list[tuple[float, Any]]]:
    found = {}
    for key, (x, y, t) in FEEDS.items():
        found[key] = Monitor(CONFIG, event_time=True).feed(PairBatch(x=x, y=y, t=t))
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


@pytest.fixture(scope="module")
def spark() -> Iterator[Any]:
    found = session("local[2]")
    yield found
    found.stop()


def run(frame: Any, out: Path, checkpoint: Path) -> Any:
    writer = frame.writeStream.format("parquet").option("path", str(out)).option("checkpointLocation", str(checkpoint))
    query = writer.trigger(availableNow=True).start()
    query.awaitTermination()
    return query


def test_in_a_session(spark: Any, tmp_path: Path, subtests: pytest.Subtests) -> None:
    # One test, for the session is dear: of several each might start one of its own.
    from pyspark.errors import StreamingQueryException
    from pyspark.sql import Observation

    from streammi.interop.spark import readings

    want = wanted()
    write_long(tmp_path / "long", files=3)
    long = spark.read.parquet(str(tmp_path / "long"))
    arrays = spark.createDataFrame(
        array_rows(), "id string, x array<double>, y array<double>, t array<double>, seq long"
    )
    with subtests.test("a batch of long rows, with poison"):
        observation = Observation("poison")
        hold(readings(long, t="t", observation=observation, **SETTINGS).collect(), want)
        assert observation.get == {"rows": 5 * N + 9, "without_key": 3, "without_order": 6}
    with subtests.test("a batch of arrays, by their times and by number"):
        observation = Observation("uneven")
        hold(readings(arrays, t="t", observation=observation, **SETTINGS).collect(), want)
        assert observation.get["uneven"] == 5
        hold(readings(arrays, t="t", seq="seq", **SETTINGS).collect(), want)
    with subtests.test("a stream"):
        stream = spark.readStream.schema(long.schema).option("maxFilesPerTrigger", 1).parquet(str(tmp_path / "long"))
        query = run(readings(stream, t="t", **SETTINGS), tmp_path / "out", tmp_path / "state")
        hold(spark.read.parquet(str(tmp_path / "out")).collect(), want)
        counts = [progress["observedMetrics"]["streammi"] for progress in query.recentProgress]
        assert sum(row["without_order"] for row in counts) == 6
    with subtests.test("other settings are refused by name"):
        shutil.copy(tmp_path / "long" / "0.parquet", tmp_path / "long" / "9.parquet")
        other = readings(stream, t="t", **{**SETTINGS, "window": 300})
        with pytest.raises(StreamingQueryException, match="window must be 200 pairs, as when the state was saved"):
            run(other, tmp_path / "out", tmp_path / "state")
    with subtests.test("what cannot work is refused at once"):
        for changed, words in (
            ({"t": None}, "t or seq must be the column by which a stream's rows are in order"),
            ({"x": "z"}, "x must be one of the columns id, x, y, t, got 'z'"),
            ({"x": "id", "key": "y"}, "key must be a column of texts or of whole numbers"),
            ({"t": "id"}, "t must be a column of times"),
            ({"wndow": 3}, "settings must be among"),
            ({"events": False}, "events must be True with detector"),
            ({"keep": "symbols", "detector": None}, "estimator must be one that needs no values"),
            ({"every": "0.5"}, "every must be"),
            ({"last": True}, "last must be left out with a streaming DataFrame"),
        ):
            with pytest.raises(ConfigError, match=words):
                readings(stream, **{"t": "t", **SETTINGS, **changed})
