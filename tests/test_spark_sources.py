"""What a streaming query reads: recordings, exactly once, and live feeds, at most once."""

import json
import time
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import zmq
from feeds import free_port

from streammi.config import FeedConfig, MonitorConfig
from streammi.errors import ConfigError
from streammi.interop.spark import recorded
from streammi.publish.outbox import Outbox
from streammi.recording.entries import Arrived, Begin, Ended, settings_of
from streammi.recording.reader import Recording
from streammi.recording.writer import Recorder
from streammi.records import PairBatch
from streammi.session.replay import RecordingReplay

needs_pyspark = pytest.mark.skipif(find_spec("pyspark") is None, reason="pyspark is not installed")


def message(k: int) -> list[bytes]:
    x = None if k == 3 else k / 7
    return [json.dumps({"t": 1.7e9 + k / 10, "x": x, "y": -k, "seq": k}).encode()]


def record(path: Path, runs: int = 2, limit: int = 1 << 24, messages: int = 60, first_run: int = 0) -> None:
    """So many runs of a monitor, one after the other."""
    settings = settings_of(MonitorConfig(), FeedConfig(endpoint="tcp://127.0.0.1:1", x="x", y="y"), None)
    for run in range(first_run, first_run + runs):
        recorder = Recorder(path, Begin("0.1.0", 1_700_000_000 + run, settings), limit)
        for start in range(0, messages, 7):
            some = [message(k) for k in range(start, min(start + 7, messages))]
            recorder.write(Arrived(0, 1.7e9 + start, some))
        if run:
            recorder.write(Ended(2e9))
        recorder.close()


def test_the_pairs_are_those_that_a_replay_counts(tmp_path: Path) -> None:
    path = tmp_path / "feed.rec"
    record(path)
    seen: list[PairBatch] = []
    replay = RecordingReplay(Recording(path), lambda pair, run: Outbox(pair, None, None, run), on_pairs=seen.append)
    for _ in replay:
        pass
    want = [np.concatenate([getattr(batch, name) for batch in seen]) for name in ("x", "y", "t")]
    assert recorded.count(str(path)) == want[0].size == 120
    rng = np.random.default_rng(0)
    cuts = [0, *np.sort(rng.integers(0, 121, 5)).tolist(), 120]
    rows = [batch for a, b in pairwise(cuts) for batch in recorded.rows_of(str(path), a, b)]
    table = pa.Table.from_batches(rows)
    for name, values in zip("xyt", want, strict=True):
        assert np.array_equal(table.column(name).to_numpy(), values, equal_nan=True)
    assert table.column("seq").to_pylist() == list(range(120))
    assert table.column("run").to_pylist() == [1_700_000_000] * 60 + [1_700_000_001] * 60


@needs_pyspark
def test_offsets_and_what_is_refused(tmp_path: Path) -> None:
    from streammi.interop.spark import Recordings

    path = tmp_path / "feed.rec"
    record(path, runs=1)
    source = Recordings({"path": str(path), "pairs_per_batch": "40"})
    reader = source.streamReader(source.schema())
    start = reader.initialOffset()
    reader.prepareForTriggerAvailableNow()  # as a query is begun that ends with what there is
    record(path, runs=1)  # and more comes
    taken = []
    while (end := reader.latestOffset(start, reader.getDefaultReadLimit())) != start:
        (share,) = reader.partitions(start, end)
        taken += [sum(batch.num_rows for batch in reader.read(share))]
        start = end
    assert start == {"pairs": 60, "oldest": 0, "run": 1_700_000_000}
    assert taken == [40, 20]
    assert Recordings({"path": str(path)}).streamReader(None).latestOffset(start)["pairs"] == 120
    path.unlink()
    with pytest.raises(ConfigError, match="path must be that of a recording whose oldest file is still number 0"):
        reader.partitions(start, start)
    (tmp_path / "feed.rec.1").unlink()
    record(path, runs=1, messages=30, first_run=1)  # another of the same name
    with pytest.raises(ConfigError, match="still number 0, of the run 1700000000"):
        reader.partitions(start, start)
    with pytest.raises(ConfigError, match="with the 60 pairs that are counted"):
        reader.latestOffset(start)
    with pytest.raises(ConfigError, match="a recording with the 60 pairs that the driver has found, on each worker"):
        list(recorded.rows_of(str(path), 20, 60))
    for options in ({}, {"path": str(tmp_path / "none")}):
        with pytest.raises(ConfigError, match="path must be that of a recording"):
            Recordings(options).streamReader(None).initialOffset()
    for options, words in (
        ({"pairs_per_batch": "-3"}, "pairs_per_batch must be a whole number of pairs, 1 or more"),
        ({"pairs_per_bacth": "3"}, "option must be one of path, pairs_per_batch"),
    ):
        with pytest.raises(ConfigError, match=words):
            Recordings({"path": str(path), **options}).schema()


@needs_pyspark
def test_a_live_feed_is_read_at_most_once(caplog: pytest.LogCaptureFixture) -> None:
    from streammi.interop.spark import LiveAtMostOnce

    options = {"endpoint": f"tcp://127.0.0.1:{free_port()}", "x": "x", "y": "y"}
    with zmq.Context() as context, context.socket(zmq.PUB) as socket:
        socket.bind(options["endpoint"])
        reader = LiveAtMostOnce(options).simpleStreamReader(None)
        start, rows, sent = reader.initialOffset(), [], 0
        end = time.monotonic() + 60
        while len(rows) < 50 and time.monotonic() < end:
            socket.send_multipart(message(sent + 10))
            sent += 1
            found, now = reader.read(start)
            some = list(found)
            assert (now == start) == (not some)
            rows, start = rows + some, now
    assert [row[1] for row in rows] == list(range(len(rows)))
    numbers = [round(-row[4]) for row in rows]
    assert numbers == list(range(numbers[0], numbers[0] + len(rows)))
    assert all(row[3] == pytest.approx(-row[4] / 7) for row in rows)
    assert list(reader.readBetweenOffsets({"pairs": 0}, start)) == []
    reader.stop()
    again = LiveAtMostOnce(options).simpleStreamReader(None)  # the driver of a query that goes on
    astray = LiveAtMostOnce(options | {"x": "X"}).simpleStreamReader(None)
    with zmq.Context() as context, context.socket(zmq.PUB) as socket:
        socket.bind(options["endpoint"])
        found, end = [], time.monotonic() + 60
        while not (found and "did you mean x?" in caplog.text) and time.monotonic() < end:
            socket.send_multipart(message(7))
            found += list(again.read({"run": 5, "pairs": 5000})[0])
            assert list(astray.read({"run": 5, "pairs": 0})[0]) == []
    assert found[0][1] == 5000
    assert "no such path: 'X'" in caplog.text
    again.stop()
    astray.stop()
    with pytest.raises(ConfigError, match="endpoint must be that of a feed"):
        LiveAtMostOnce({}).simpleStreamReader(None)
