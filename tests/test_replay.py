"""A replay says what was said live, byte for byte, and as fast as it came where asked to."""

import contextlib
import csv
import io
import json
import math
import os
import pty
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any, TextIO

import msgpack
import msgspec
import numpy as np
import pyarrow.parquet
import pyte
import pytest
import zmq
from command_line import streammi
from feeds import PATIENCE, until_left, wait
from programs import started

from streammi.cli import main as cli
from streammi.cli.options import JoinOptions, PairOptions
from streammi.cli.replay_override import Override
from streammi.cli.replay_sinks import Sinks
from streammi.cli.run_replay import replay_files, replay_recording, run_replay
from streammi.config import FeedConfig, MonitorConfig, span
from streammi.errors import ConfigError, StreammiError
from streammi.recording.entries import Arrived, Begin, settings_of
from streammi.recording.reader import Recording
from streammi.recording.writer import Recorder
from streammi.records.status import Status
from streammi.session.replay import FileReplay


class Live:
    """A monitor as a process of its own, and the lines that it says."""

    def __init__(self, *words: str, before: str = "pass") -> None:
        self.lines: list[bytes] = []
        self.messages = b""
        self.process = started("monitor", *words, before=before, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self._reader = Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        self.lines.extend(iter(self.process.stdout.readline, b""))

    def until(self, done: Callable[[dict[str, Any]], bool], meanwhile: Callable[[], None] = lambda: None) -> None:
        """Wait for a line of which something holds."""
        deadline = time.monotonic() + PATIENCE
        seen = 0
        while not any(done(json.loads(line)) for line in self.lines[seen:]):
            seen = len(self.lines)
            assert time.monotonic() < deadline, b"".join(self.lines[-3:]).decode()
            assert self.process.poll() is None, self.process.stderr and self.process.stderr.read().decode()
            meanwhile()
            time.sleep(0.02)

    def end(self, number: signal.Signals = signal.SIGTERM) -> bytes:
        self.process.send_signal(number)
        self.process.wait(PATIENCE)
        self._reader.join()
        assert self.process.stderr is not None
        self.messages = self.process.stderr.read()
        for stream in (self.process.stdout, self.process.stderr):
            assert stream is not None
            stream.close()
        return b"".join(self.lines)


@contextmanager
def live(*words: str, before: str = "pass") -> Iterator[Live]:
    monitor = Live(*words, before=before)
    try:
        yield monitor
    finally:
        if monitor.process.poll() is None:
            monitor.end(signal.SIGKILL)


@contextmanager
def sockets() -> Iterator[zmq.Context[zmq.Socket[bytes]]]:
    """A context that does not wait at its end for messages that nobody takes."""
    with zmq.Context() as context:
        context.linger = 0
        yield context


def replayed(recording: Path | str, *words: str) -> subprocess.CompletedProcess[bytes]:
    done = streammi("replay", str(recording), *words)
    assert done.returncode == 0, done.stderr
    return subprocess.CompletedProcess(done.args, 0, done.stdout.encode(), done.stderr.encode())


def readings(lines: bytes) -> list[dict[str, Any]]:
    """The lines that are readings; the others are events."""
    return [line for line in map(json.loads, lines.splitlines()) if "mi" in line]


def mixed(rng: random.Random, k: int) -> list[bytes]:
    """A message of one format or another, one in three of them of no use."""
    x = rng.gauss(0, 1)
    record = {"a": x, "b": x * x + rng.gauss(0, 0.1), "seq": k, "timestamp": 1.7e9 + k / 100}
    text = json.dumps(record).encode()
    return rng.choice(
        [
            [text],
            [text],
            [b"topic", text],
            [b"topic", text, b"1767225600.5"],
            [json.dumps([record, record]).encode()],
            [msgpack.packb(record)],
            [text[: rng.randrange(len(text))]],
            [b'{"a": 1}'],
            [b'{"a": null, "b": "4"}'],
            [b'{"a": NaN, "b": 1e999}'],
            [rng.randbytes(rng.randrange(40))],
            [b""],
            [b"x"] * 70,
        ]
    )


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, bytes]:
    """A recording of a feed that was mixed, malformed and cut off, and what was said live; a dashboard looked on."""
    folder = tmp_path_factory.mktemp("live")
    feed, out, record = f"ipc://{folder}/feed", f"ipc://{folder}/out", folder / "feed.rec"
    words = ["--pull", "--x", "a", "--y", "b", "--window", "100", "--every", "1ms", "--null", "19", "--lags=-3:3"]
    words += ["--detect", "adwin", "--publish", out, "--record", str(record), "--record-limit", "1MiB"]
    rng = random.Random(6)
    with live(feed, *words) as monitor, sockets() as context, context.socket(zmq.SUB) as dashboard:
        dashboard.subscribe("snapshot/")
        dashboard.connect(out)
        for part in (1, 2):
            with context.socket(zmq.PUSH) as sender:
                sender.bind(feed)
                for k in range(1500):
                    sender.send_multipart(mixed(rng, part * 1500 + k))
                    if rng.random() < 0.05:
                        time.sleep(0.002)
                monitor.until(lambda line, part=part: line.get("messages", 0) >= 1500 * part, lambda: more(sender))
            if part == 1:  # the sender has gone
                monitor.until(lambda line: line.get("kind") == "stalled")
        lines = monitor.end()
    return record, lines


def more(sender: zmq.Socket[bytes]) -> None:
    sender.send_json({"a": 0.5, "b": 0.25})


def test_the_feed_was_as_bad_as_it_should_be(recorded: tuple[Path, bytes]) -> None:
    lines = [json.loads(line) for line in recorded[1].splitlines()]
    assert {"stalled", "recovered", "gap"} <= {line["kind"] for line in lines if "kind" in line}
    last = [line for line in lines if "mi" in line][-1]
    assert last["malformed"] > 200
    assert last["pairs"] > 1000
    assert last["reconnects"] == 1
    assert last["p"] is not None
    assert len({line["rate"] for line in lines if "mi" in line}) > 1
    assert len(lines) > 5  # a loaded machine says fewer


def test_a_replay_equals_the_live_run_byte_for_byte(recorded: tuple[Path, bytes]) -> None:
    record, lines = recorded
    done = replayed(record)
    assert done.stdout == lines
    assert b"Traceback" not in done.stderr


def test_a_copy_without_its_end_says_all_that_came_before(recorded: tuple[Path, bytes], tmp_path: Path) -> None:
    record, lines = recorded
    cut = tmp_path / "cut.rec"
    content = record.read_bytes()
    for share in (0.3, 0.9, 0.999):
        size, torn = int(len(content) * share), 0
        for left in (size, size - 1):  # one of them may be where an entry ends
            cut.write_bytes(content[:left])
            log = io.StringIO()
            with Sinks("jsonl", str(tmp_path / "out"), None) as sinks:
                run_replay(
                    replay_recording(str(cut), Override((), PairOptions(), JoinOptions()), sinks), sinks, log=log
                )
            said = (tmp_path / "out").read_bytes()
            assert lines.startswith(said)
            assert said or share < 0.9
            torn += "no whole entry" in log.getvalue()
        assert torn


def test_a_killed_monitor_loses_nothing(tmp_path: Path) -> None:
    feed, record = f"ipc://{tmp_path}/feed", tmp_path / "feed.rec"
    with (
        live(feed, "--pull", "--every", "1", "--window", "50", "--record", str(record)) as monitor,
        sockets() as context,
        context.socket(zmq.PUSH) as sender,
    ):
        sender.bind(feed)
        for k in range(200):
            sender.send(np.array([math.sin(k), math.cos(k)]).tobytes())
        monitor.until(lambda line: line.get("pairs", 0) >= 200)
        lines = monitor.end(signal.SIGKILL)
    again = replayed(record).stdout
    assert again.startswith(lines)  # the last line may have been on its way
    assert readings(again)[-1]["pairs"] == 200


def test_two_sources_are_replayed_too(tmp_path: Path) -> None:
    x, y, record = f"ipc://{tmp_path}/x", f"ipc://{tmp_path}/y", tmp_path / "feed.rec"
    words = [
        "--x",
        f"{x}#:a",
        "--y",
        f"{y}#:b",
        "--pull",
        "--tolerance",
        "5ms",
        "--lateness",
        "20ms",
        "--window",
        "100",
    ]
    with (
        live(*words, "--every", "7", "--record", str(record)) as monitor,
        sockets() as context,
        context.socket(zmq.PUSH) as x_sender,
        context.socket(zmq.PUSH) as y_sender,
    ):
        x_sender.bind(x)
        y_sender.bind(y)
        rng = random.Random(3)
        for k in range(600):
            if rng.random() < 0.9:
                x_sender.send_json({"a": math.sin(k / 5), "timestamp": 1.7e9 + k / 100})
            if rng.random() < 0.9:
                y_sender.send_json({"b": math.cos(k / 5), "timestamp": 1.7e9 + k / 100 + rng.random() / 1000})
            if k % 50 == 0:
                time.sleep(0.005)
        monitor.until(lambda line: line.get("pairs", 0) >= 400)
        lines = monitor.end()
    assert replayed(record).stdout == lines
    other = readings(replayed(record, "--tolerance", "500us").stdout)
    assert 0 < other[-1]["pairs"] < readings(lines)[-1]["pairs"]


def test_options_that_are_given_replace_the_recorded_ones(recorded: tuple[Path, bytes]) -> None:
    """Also one that is given its default."""
    words = ["--window", "1000", "--unit", "nat", "--y", "a", "--every", "100", "--null", "0", "--detect", "kswin"]
    found = readings(replayed(recorded[0], *words).stdout)
    assert [line["pairs"] + line["nonfinite"] for line in found][:3] == [100, 200, 300]
    assert found[-1]["n"] > 900
    assert {line["unit"] for line in found} == {"nat"}
    assert found[-1]["r"] == pytest.approx(1.0)  # a with itself
    assert {line["p"] for line in found} == {None}
    assert found[-1]["peak_lag"] is not None  # --lags as recorded


def test_an_override_names_the_rest_as_recorded(recorded: tuple[Path, bytes]) -> None:
    settings = Recording(recorded[0]).begin.settings
    assert Override((), PairOptions(), JoinOptions())(settings) == settings
    changed = Override(("bins", "name"), PairOptions(bins="categories", name="z"), JoinOptions())(settings)
    assert changed.feed is not None
    assert changed.feed.labels
    assert changed.monitor.pair == "z"
    assert changed.monitor.window == settings.monitor.window


def test_what_is_given_replaces_what_was_recorded_and_does_not_go_with_it(recorded: tuple[Path, bytes]) -> None:
    settings = Recording(recorded[0]).begin.settings
    ranges, shift = {"x_range": (0.0, 1.0), "y_range": (0.0, 2.0)}, {"test": "shift", "null": 199}

    def changed(given: dict[str, Any], **recorded: object) -> MonitorConfig:
        monitor = msgspec.structs.replace(settings.monitor, **{"null": 0, "lags": None, **recorded})
        options = PairOptions(**given)
        return Override(given, options, JoinOptions())(msgspec.structs.replace(settings, monitor=monitor)).monitor

    for bins in ("categories", "quantile:8"):
        assert (changed({"bins": bins}, **ranges).x_range, changed({"bins": bins}, **ranges).y_range) == (None, None)
    assert changed({"bins": "quantile:8", "x_range": "0:3"}, **ranges).x_range == (0.0, 3.0)
    assert changed({"bins": "uniform:8"}, **ranges).y_range == (0.0, 2.0)
    by_g = changed({"test": "g"}, **shift)
    assert (by_g.test, by_g.null) == ("g", 0)
    for given, expected in (({"test": "shift"}, 99), ({"null": 49}, 49), ({"test": "shift", "null": 49}, 49)):
        by_shift = changed(given, test="g")
        assert (by_shift.test, by_shift.null) == ("shift", expected)
    # What goes together is what is replayed with: not the defaults of what is not given.
    assert changed({"baseline": "200"}, window=span(50)).baseline is not None
    assert changed({"lags": "-1s:1s"}, window=span("10s")).lags is not None
    assert changed({"history": 3}, transfer=True).history == 3
    assert changed({"alarm": ["p<0.05"]}, null=99).alarms
    with pytest.raises(ConfigError, match="p is so only with --null"):
        changed({"alarm": ["p<0.05"]})
    with pytest.raises(ConfigError, match="at least 2 windows of 1000 pairs"):
        changed({"baseline": "1500"}, window=span(1000))
    assert changed({"test": "shift"}, **shift).null == 199
    assert changed({"null": 0}, test="g").test == "g"


@pytest.mark.parametrize("form", ["csv", "parquet", "jsonl"])
def test_readings_and_pairs_as_tables(recorded: tuple[Path, bytes], tmp_path: Path, form: str) -> None:
    record, lines = recorded
    out, pairs = tmp_path / f"readings.{form}", tmp_path / f"pairs.{form}"
    with Sinks("auto", str(out), str(pairs)) as sinks:
        run_replay(
            replay_recording(str(record), Override((), PairOptions(), JoinOptions()), sinks), sinks, log=sys.stderr
        )
    expected = readings(lines)
    if form == "jsonl":
        assert out.read_bytes() == lines
    else:
        assert table(out) == expected
    rows = table(pairs)
    assert len(rows) == expected[-1]["pairs"] + expected[-1]["nonfinite"]
    if form == "parquet":
        assert pyarrow.parquet.ParquetFile(pairs).num_row_groups <= 1 + len(rows) // 65_536  # not one a message
    assert set(rows[0]) == {"received", "t", "x", "y"}
    assert [row["received"] for row in rows] == sorted(row["received"] for row in rows)
    x, y = (np.array([math.nan if row[name] is None else row[name] for row in rows]) for name in "xy")
    last = np.isfinite(x) & np.isfinite(y)
    assert np.corrcoef(x[last][-100:], y[last][-100:])[0, 1] == pytest.approx(expected[-1]["r"], abs=1e-9)


def table(path: Path) -> list[dict[str, Any]]:
    """Rows as Python values, by readers that are not ours."""
    if path.suffix == ".parquet":
        return pyarrow.parquet.read_table(path).to_pylist()
    if path.suffix == ".jsonl":
        return [json.loads(line) for line in path.read_text().splitlines()]
    with path.open(newline="") as file:
        return [{name: parsed(text) for name, text in row.items()} for row in csv.DictReader(file)]


def parsed(text: str) -> Any:
    if text in ("", "bit"):
        return text or None
    return float(text) if text == "inf" else json.loads(text)


def test_csv_of_labels_to_parquet(tmp_path: Path) -> None:
    file = tmp_path / "labels.csv"
    file.write_text("a,b\n" + "red,on\nblue,\n" * 20)
    with Sinks("parquet", str(tmp_path / "out"), str(tmp_path / "pairs.parquet")) as sinks:
        options = PairOptions(bins="categories", every="10", window="20")
        run_replay(replay_files(str(file), "a", "b", None, options, JoinOptions(), sinks, None), sinks)
    rows = table(tmp_path / "pairs.parquet")
    assert rows[:2] == [
        {"received": None, "t": None, "x": "red", "y": "on"},
        {"received": None, "t": None, "x": "blue", "y": None},
    ]
    assert pyarrow.parquet.read_table(tmp_path / "out")["n"].to_pylist()[-1] == 20


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--output", "parquet"], "--out must be given where the output is parquet"),
        (["--output", "xml"], "--output must be"),
        (["--out", "readings.xls"], "--out must be a name that ends in .csv, .jsonl or .parquet"),
        (["--samples-out", "no/such/folder.csv"], "--samples-out must be a file that can be written (No such file"),
        (["--out", "no/such/folder.parquet"], "--out must be a file that can be written"),
        (["--tolerance", "1s"], "--tolerance must be left out where both signals have one source"),
        (["--window", "1"], "--window must be >= 2 pairs"),
    ],
)
def test_what_cannot_work_is_named(recorded: tuple[Path, bytes], words: list[str], said: str) -> None:
    with pytest.raises(StreammiError) as error:
        cli.app(["replay", str(recorded[0]), *words], standalone_mode=False)
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("messages", "why"),
    [
        ([], "no messages"),
        ([b'{"a": 1}'] * 2, "2 messages: no such path: 'b'"),
        ([b'{"a": NaN, "b": 2}'], "1 message: none of 1 pairs is finite"),
        ([b'{"a": 1, "b": 2}'], ""),
    ],
)
def test_a_recording_without_a_pair_is_no_result(tmp_path: Path, messages: list[bytes], why: str) -> None:
    path, feed = tmp_path / "feed.rec", FeedConfig(endpoint="tcp://127.0.0.1:1", x="a", y="b", format="json")
    recorder = Recorder(path, Begin("0.1.0", 1, settings_of(MonitorConfig(), feed, None)), 1 << 30)
    recorder.write(Arrived(0, 1.0, [[message] for message in messages]))
    recorder.close()
    done = streammi("replay", str(path))
    assert done.returncode == bool(why)
    assert done.stderr.count(f"no pair: {why}") == bool(why)


def test_what_is_replayed_is_not_written_over(recorded: tuple[Path, bytes], tmp_path: Path) -> None:
    csv_file, record = tmp_path / "a.csv", tmp_path / "plant.rec"
    csv_file.write_text("a,b\n" + "1,2\n3,1\n" * 100)
    record.write_bytes(recorded[0].read_bytes())
    (tmp_path / "again.csv").symlink_to(csv_file)
    one, two = [str(csv_file), "--x", "a", "--y", "b"], ["--x", f"{csv_file}:a", "--y", f"{csv_file}:b"]
    for words, option in (
        ([*one, "--out", str(csv_file)], "--out"),
        ([*one, "--samples-out", str(tmp_path / "again.csv")], "--samples-out"),
        ([*two, "--out", str(csv_file)], "--out"),
        ([str(record), "--output", "csv", "--out", str(record)], "--out"),
    ):
        before = csv_file.read_bytes(), record.read_bytes()
        with pytest.raises(ConfigError, match=f"{option} must be another file than what is replayed"):
            cli.app(["replay", *words], standalone_mode=False)
        assert (csv_file.read_bytes(), record.read_bytes()) == before
    out = str(tmp_path / "out.csv")
    with pytest.raises(ConfigError, match="--samples-out must be another file than --out"):
        cli.app(["replay", *one, "--out", out, "--samples-out", out], standalone_mode=False)


def test_a_column_must_be_named(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a,b\n1,2\n")
    with pytest.raises(ConfigError, match=r"--x must be given, a column of .*/a.csv \(a, b\)"):
        cli.app(["replay", str(tmp_path / "a.csv")], standalone_mode=False)
    with pytest.raises(ConfigError, match="No such file"):
        cli.app(["replay", str(tmp_path / "b.rec")], standalone_mode=False)
    with pytest.raises(ConfigError, match="--y must be given, FILE:COL"):
        cli.app(["replay", "--x", f"{tmp_path}/a.csv:a"], standalone_mode=False)


def test_a_reader_that_goes_away_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a,b\n" + "".join(f"{k % 7},{k % 5}\n" for k in range(100_000)))
    words = ["replay", str(tmp_path / "a.csv"), "--x=a", "--y=b", "--every=20", "--output=csv"]
    process = started(*words, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stderr is not None
    assert process.stdout.readline()
    process.stdout.close()
    assert process.wait(PATIENCE) == 0
    assert b"Traceback" not in process.stderr.read()
    process.stderr.close()


def test_the_pace_is_that_of_the_recording(recorded: tuple[Path, bytes], tmp_path: Path) -> None:
    """At ten times the speed it takes at least a tenth of the time, and says the same."""
    record, lines = recorded
    times = [entry.received for entry in Recording(record) if hasattr(entry, "received")]
    start = time.monotonic()
    assert replayed(record, "--speed", "10").stdout == lines
    assert time.monotonic() - start >= (times[-1] - times[0]) / 10


def test_csv_is_paced_by_its_timestamps(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("timestamp,a,b\n" + "".join(f"{1.7e9 + k / 100:.2f},{k % 7},{k % 5}\n" for k in range(500)))
    words = [str(file), "--x=a", "--y=b", "--every=500ms"]
    start = time.monotonic()
    paced = replayed(*words, "--speed", "5").stdout
    assert time.monotonic() - start >= 0.9 * 4.99 / 5  # the pace begins with the end of the first piece
    assert paced == replayed(*words).stdout


@pytest.mark.parametrize(("window", "speed"), [("10s", None), ("10", 2.0), ("10s", 1.0)])
@pytest.mark.parametrize("name", ["a.csv", "joined"])
def test_a_file_without_a_row_is_empty_and_not_without_timestamps(
    tmp_path: Path, window: str, speed: float | None, name: str
) -> None:
    (tmp_path / "a.csv").write_text("t,a,b\n")
    file = str(tmp_path / "a.csv")
    x, y = ("a", "b") if name == "a.csv" else (f"{file}:a", f"{file}:b")
    said = io.StringIO()
    with Sinks("csv", os.devnull, None) as sinks:
        options = PairOptions(window=window, every="5s")
        replay = replay_files(file if name == "a.csv" else None, x, y, None, options, JoinOptions(), sinks, speed)
        assert run_replay(replay, sinks, speed, log=said) == 1
    assert said.getvalue().count("\n") == 1
    assert "no pair: there is no row below the names" in said.getvalue()


@pytest.mark.parametrize(
    ("given", "rule"),
    [
        ("cycle:1h", "a cycle of samples, such as cycle:50, where the samples have no timestamps, got 'cycle:1h'"),
        ("c", r"a column of numbers \(c has 'red'\), got 'c'"),
    ],
)
def test_a_condition_that_a_file_does_not_have_is_refused(tmp_path: Path, given: str, rule: str) -> None:
    """All that is said given it was null, without a word."""
    (tmp_path / "a.csv").write_text("a,b,c\n" + "1,2,red\n2,3,blue\n" * 20)
    options = PairOptions(given=[given])
    with Sinks("csv", os.devnull, None) as sinks, pytest.raises(ConfigError, match=f"--given must be {rule}"):
        replay_files(str(tmp_path / "a.csv"), "a", "b", None, options, JoinOptions(), sinks, None)


def test_one_piece_where_there_is_no_hurry(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("timestamp,a,b\n" + "".join(f"{k},{k % 7},{k % 5}\n" for k in range(500)))
    steps = {}
    for speed in (None, 100.0):
        with Sinks("csv", os.devnull, None) as sinks:
            replay = replay_files(
                str(tmp_path / "a.csv"), "a", "b", None, PairOptions(every="100"), JoinOptions(), sinks, speed
            )
            assert isinstance(replay, FileReplay)
            steps[speed] = list(replay)
            read, size = replay.progress
            assert read == size == (tmp_path / "a.csv").stat().st_size
    assert steps[None] == [499.0]
    assert len(steps[100.0]) == 50  # of ten seconds each


def test_two_runs_in_one_recording(tmp_path: Path) -> None:
    """A monitor that is started again goes on in a second file; the replay says what both said."""
    feed, record = f"ipc://{tmp_path}/feed", tmp_path / "feed.rec"
    said, pairs = b"", [np.array([math.sin(k), math.cos(k)]).tobytes() for k in range(50)]
    with sockets() as context, context.socket(zmq.PUSH) as sender:
        sender.bind(feed)
        for window in ("20", "30"):
            words = ["--pull", "--every", "10", "--window", window, "--samples", "50", "--record", str(record)]
            sending = Thread(target=lambda: [sender.send(pair) for pair in pairs])
            sending.start()
            said += streammi("monitor", feed, *words).stdout.encode()
            sending.join()
            until_left(sender)
    assert [entry.continues for entry in Recording(record) if isinstance(entry, Begin)] == [False, False]
    assert replayed(record).stdout == said
    assert readings(said)[-1]["n"] == 30


def test_a_monitor_that_goes_on_from_its_state_is_replayed_as_one(tmp_path: Path) -> None:
    feed, record, state = f"ipc://{tmp_path}/feed", tmp_path / "feed.rec", tmp_path / "state"
    words = ["--pull", "--every", "5", "--window", "60", "--record", str(record), "--state", str(state)]
    words += ["--detect", "off"]  # events have no run
    said = []
    with sockets() as context, context.socket(zmq.PUSH) as sender:
        sender.bind(feed)
        for part in range(2):
            with live(feed, *words, "--state-every", "50ms") as monitor:
                for k in range(200):
                    sender.send(np.array([math.sin(k + 200 * part), math.cos(3 * k)]).tobytes())
                    time.sleep(0.001)
                monitor.until(lambda line, part=part: line.get("pairs", 0) >= 200 * (part + 1))
                said.append(monitor.end(signal.SIGKILL).splitlines())
            run = json.loads(said[part][-1])["run"]
            wait(lambda run=run: time.time() >= run + 1)  # `run` is a start second
            until_left(sender)
    lines = replayed(record).stdout.splitlines()
    runs = [json.loads(line)["run"] for line in lines]
    first = [line for line, run in zip(lines, runs, strict=True) if run == runs[0]]
    second = [line for line, run in zip(lines, runs, strict=True) if run == runs[-1]]
    assert first == said[0]
    assert 0 < len(second) <= len(said[1])  # what was recorded behind the checkpoint is said again, live
    assert second == said[1][-len(second) :]
    assert readings(b"\n".join(lines))[-1]["pairs"] == 400


def test_a_disk_that_takes_no_more_is_said_and_marked(tmp_path: Path) -> None:
    """The operating system refuses to let the file grow, as a full disk does; the monitor goes on."""
    feed, record = f"ipc://{tmp_path}/feed", tmp_path / "feed.rec"
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, 2_000_000))"
    words = ["--pull", "--every", "1000", "--record", str(record)]
    with (
        sockets() as context,
        context.socket(zmq.PUSH) as sender,
        live(feed, *words, before=limit) as monitor,
    ):
        sender.bind(feed)
        for message in np.random.default_rng(0).random((20_000, 20)):
            sender.send(message.tobytes())
        monitor.until(lambda line: line.get("pairs") == 200_000)
        lines = readings(monitor.end())
    assert monitor.process.returncode == 143
    marked = [line["pairs"] for line in lines if line["status"] & Status.UNSAVED]
    assert 0 < marked[0] < 200_000
    assert monitor.messages.count(b"cannot record (File too large): going on without") >= 1
    assert record.stat().st_size <= 2_000_000
    entries = list(Recording(record))
    assert sum(len(entry.messages) for entry in entries if isinstance(entry, Arrived)) > 1000


def on_terminal(words: list[str], out: TextIO) -> bytes:
    """What a command writes to a terminal that is its standard error."""
    main, end = pty.openpty()
    shown: list[bytes] = []

    def read() -> None:
        with contextlib.suppress(OSError):  # the terminal's other end is closed
            while part := os.read(main, 65536):
                shown.append(part)

    reader = Thread(target=read)
    reader.start()
    with open(end, "w") as terminal:
        assert streammi(*words, stdout=out, stderr=terminal).returncode == 0
    reader.join()
    os.close(main)
    return b"".join(shown)


def test_a_bar_shows_how_far_it_is(tmp_path: Path) -> None:
    """On a terminal of its own, and gone at the end; nothing of it where standard error is none."""
    (tmp_path / "a.csv").write_text("timestamp,a,b\n" + "".join(f"{k},{k % 7},{k % 5}\n" for k in range(20_000)))
    words = ["replay", str(tmp_path / "a.csv"), "--x=a", "--y=b", "--every=1000", "--speed", "20000"]
    with (tmp_path / "lines").open("w") as lines:
        shown = on_terminal(words, lines)
    assert (tmp_path / "lines").read_bytes().count(b"\n") == 20
    percents = [int(found) for found in re.findall(rb"(\d+)%", shown)]
    assert percents
    assert percents == sorted(percents)
    assert b"Traceback" not in shown
    screen = pyte.Screen(80, 24)
    pyte.ByteStream(screen).feed(shown)
    assert not any("%" in line for line in screen.display)
    reads, writes = os.pipe()  # as to jq, which writes to the same terminal
    with open(writes, "w") as pipe:
        assert b"%" not in on_terminal([*words, "--every=10000"], pipe)
    os.close(reads)
