"""Files are held against the csv module and what was written, read in blocks of any size."""

import csv
import gzip
import io
import math
import os
import signal
from collections.abc import Sequence
from contextlib import AbstractContextManager, closing
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from feeds import repeating
from hypothesis import given, strategies as st

from streammi.errors import ConfigError
from streammi.ingest.files.file_options import FileOptions
from streammi.ingest.files.pair_file import PairFile, columns, read_pairs
from streammi.records import PairBatch
from streammi.system.signals import Stop

DATA = Path(__file__).parents[2] / "shared/data"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="the recordings are not here")


def write(path: Path, text: str) -> Path:
    data = text.encode()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


def collect(pairs: PairFile) -> tuple[list[object], list[object], list[float] | None]:
    batches = list(pairs)
    times = [batch.t for batch in batches if batch.t is not None]
    assert len(times) in (0, len(batches))
    x, y = ([value for batch in batches for value in getattr(batch, name).tolist()] for name in "xy")
    return x, y, np.concatenate(times).tolist() if times else None


def from_stdin(text: str | bytes, x: str = "x", y: str = "y", **options: object) -> PairFile:
    data = text.encode() if isinstance(text, str) else text
    return read_pairs("-", x, y, stdin=io.BufferedReader(io.BytesIO(data)), **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["pairs.csv", "pairs.csv.gz", "no_extension"])
def test_columns_are_found_by_name(tmp_path: Path, name: str) -> None:
    path = write(tmp_path / name, "﻿time,a b,c\r\n1767225600,1,2\r\n1767225601.5,3.5,-4e3")
    assert columns(path) == ["time", "a b", "c"]
    pairs = read_pairs(path, "c", "a b")
    assert collect(pairs) == ([2.0, -4000.0], [1.0, 3.5], [1767225600.0, 1767225601.5])
    assert (pairs.time_column, pairs.rows, pairs.note) == ("time", 2, "")


FIELDS = st.sampled_from(
    ["1", "2.5", "-3e4", " 7 ", "", "NA", "nan", "-nan", "inf", "null", "abc", "0x10", "1_0", '"5"', '"6,7"', '5"', "é"]
)
TIMES = st.sampled_from(["2026-01-01T00:00:00Z", "2025-12-31T23:59:59Z", "2026-02-30T00:00:00Z", "", "12 noon", '"1"'])
LINES = st.one_of(st.tuples(TIMES, FIELDS, FIELDS), st.tuples(TIMES, FIELDS), st.just(()))
PLAIN = st.tuples(TIMES, *[st.sampled_from(["1", "2.5", "-3e4", "0.5"])] * 2)
GOOD = ("2026-01-01T00:00:00Z", "1", "2")
AS_WRITTEN = FileOptions(decimal=".", time_format="%Y-%m-%dT%H:%M:%SZ")


def expected_rows(lines: Sequence[str]) -> tuple[list[tuple[float, float, float]], dict[str, list[int]]]:
    """One row after the other: (t, x, y) of the good ones, and the lines of the others by reason."""
    good, bad = [], dict[str, list[int]]()
    missing = ("", "na", "nan", "null")
    for number, line in enumerate(lines, 2):
        row = next(csv.reader([line]), [])
        if not row:
            continue
        if len(row) < 3:
            bad.setdefault("too few fields", []).append(number)
            continue
        try:
            x, y = (math.nan if field.strip().lower() in missing else as_float(field) for field in row[1:3])
        except ValueError:
            bad.setdefault("not a number", []).append(number)
            continue
        try:
            good.append((datetime.strptime(row[0], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp(), x, y))
        except ValueError:
            bad.setdefault("not a time", []).append(number)
    return good, bad


def as_float(field: str) -> float:
    """As Python has it, but for 1_0, which no file has for 10."""
    if "_" in field:
        raise ValueError(field)
    return float(field)


@given(st.lists(st.one_of(PLAIN, LINES)), st.integers(1, 200), st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_any_rows_in_any_blocks(rows: list[tuple[str, ...]], chunk: int, end: str, closed: bool) -> None:
    lines = [",".join(row) for row in (GOOD, *rows)]
    text = end.join(["t,x,y", *lines]) + (end if closed else "")
    pairs = from_stdin(text, t="t", chunk=chunk, options=AS_WRITTEN)
    x, y, t = collect(pairs)
    good, bad = expected_rows(lines)
    np.testing.assert_array_equal(np.array(x, dtype=float), [row[1] for row in good])
    np.testing.assert_array_equal(np.array(y, dtype=float), [row[2] for row in good])
    np.testing.assert_allclose(t or [], [row[0] for row in good], rtol=0, atol=1e-6)
    assert pairs.malformed == {reason: len(numbers) for reason, numbers in bad.items()}
    assert pairs.first_line == {reason: numbers[0] for reason, numbers in bad.items()}
    assert pairs.rows == len(good) + sum(pairs.malformed.values())


def test_rows_that_yield_no_pair_are_said() -> None:
    pairs = from_stdin("x,y\n1,2\nfoo,2\n3\n,4\n1,bar\n", chunk=1 << 20)
    x, y, t = collect(pairs)
    assert (x[0], y, t) == (1.0, [2.0, 4.0], None)
    assert math.isnan(x[1])  # type: ignore[arg-type]
    skipped = "3 rows skipped: 1 too few fields (first in line 4: 3), 2 not a number (first in line 3: x 'foo')"
    assert pairs.note == skipped


@pytest.mark.parametrize("blocks", [1, 7, 1 << 18])
def test_labels_stay_text(blocks: int) -> None:
    pairs = from_stdin('x,y\non,1\n"off, really",2\n,3\nNA,x\n', labels=True, chunk=blocks)
    x, y, _ = collect(pairs)
    assert (x[:2], y) == (["on", "off, really"], ["1", "2", "3", "x"])
    assert all(isinstance(value, float) and math.isnan(value) for value in x[2:])
    assert pairs.malformed == {}


def test_a_column_that_only_looks_like_a_time_is_left_out() -> None:
    pairs = from_stdin("time,x,y\nnoon,1,2\nmidnight,3,4\n")
    assert collect(pairs) == ([1.0, 3.0], [2.0, 4.0], None)
    assert pairs.time_column is None
    assert pairs.note == ""
    assert pairs.said == "-: no time in time (such as 'noon'; --time-format says how it is written)"
    with refused("--time", "a column of times, or given with --time-format", r"\(time: 'noon'\)"):
        from_stdin("time,x,y\nnoon,1,2\nmidnight,3,4\n", t="time")


@pytest.mark.parametrize(
    ("header", "t", "expected"),
    [
        ("x,y,Timestamp", None, "Timestamp"),
        ("t,x,y", None, "t"),
        ("T,x,y", None, None),  # a temperature
        ("date,x,y,time", None, "time"),
        ("t,x,y", "", None),
        ("t,x,y", "y", "y"),
    ],
)
def test_the_time_column(header: str, t: str | None, expected: str | None) -> None:
    row = ",".join("1234"[: len(header.split(","))])
    assert from_stdin(f"{header}\n{row}\n", t=t).time_column == expected


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_other_delimiters(delimiter: str) -> None:
    text = "t,x,y\n0,1,2\n1,3,4\n".replace(",", delimiter)
    assert collect(from_stdin(text)) == ([1.0, 3.0], [2.0, 4.0], [0.0, 1.0])


def test_standard_input_is_read_as_it_comes() -> None:
    reading, writing = os.pipe()
    with open(reading, "rb") as source, open(writing, "wb", buffering=0) as sink:
        sink.write(b"x,y\n1,2\n3,")
        pairs = read_pairs("-", "x", "y", stdin=source)
        batches = iter(pairs)
        assert next(batches).x.tolist() == [1.0]
        sink.write(b"4\n5,6\n")
        assert next(batches).x.tolist() == [3.0, 5.0]
        sink.write(b"7,8")
        sink.close()
        assert next(batches).y.tolist() == [8.0]
        assert next(batches, None) is None
        assert not source.closed


def refused(name: str, *parts: str) -> AbstractContextManager[object]:
    return pytest.raises(ConfigError, match=f"(?s)^{name} must be .*" + ".*".join(parts))


def test_what_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with refused("file", "No such file", "nowhere.csv"):
        read_pairs(tmp_path / "nowhere.csv", "x", "y")
    with refused("file", "Is a directory"):
        columns(tmp_path)
    for name, content in (("empty", ""), ("escape", "x,y\x1b[2J\n")):
        with refused("file", "column names", name):
            columns(write(tmp_path / name, content))
    with refused("file", "not binary data"):
        columns(write(tmp_path / "binary", "\0\1\2\n"))
    with refused("file", r"there is nothing in it"):
        columns(write(tmp_path / "blank", "\n\n"))
    with refused("--skip-rows", r"fewer lines than .*: none is left, got 7"):
        columns(write(tmp_path / "short", "a,b\n1,2\n"), FileOptions(skip_rows=7))
    with refused("file", "text with a line of column names"):
        columns(write(tmp_path / "long", "x" * (3 << 20)))
    path = write(tmp_path / "good.csv", "time,a,b\n1,2,3\n")
    with refused("--y", r"time, a, b\), got 'c'"):
        read_pairs(path, "a", "c")
    with refused("--time", "got 'when'"):
        read_pairs(path, "a", "b", "when")
    with refused("chunk", ">= 1"):
        read_pairs(path, "a", "b", chunk=0)


def test_broken_gzip_gives_what_is_whole_and_then_says_so(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    text = "x,y\n" + "".join(f"{a!r},{b!r}\n" for a, b in rng.random((5000, 2)).tolist())
    data = gzip.compress(text.encode())
    for name, broken in (("cut", data[: len(data) // 2]), ("flipped", data[:60_000] + b"\xff" * 9 + data[60_009:])):
        path = tmp_path / f"{name}.csv.gz"
        path.write_bytes(broken)
        batches: list[PairBatch] = []
        with pytest.raises(ConfigError, match=r"whole gzip \(it is broken after line"):
            batches.extend(read_pairs(path, "x", "y", chunk=4096))
        assert 100 < sum(batch.x.size for batch in batches) < 5000
    path.write_bytes(b"\x1f\x8bnot gzip at all")
    with pytest.raises(ConfigError, match="whole gzip"):
        columns(path)


@needs_data
@pytest.mark.parametrize("path", sorted(DATA.glob("*/*.csv.gz")), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_recording_reads_as_the_csv_module_reads_it(path: Path) -> None:
    with gzip.open(path, "rt", newline="") as file:
        names, *rows = csv.reader(file)
    assert columns(path) == names
    x_name, y_name = names[-1], names[-2] if len(names) > 2 else names[-1]
    pairs = read_pairs(path, x_name, y_name)
    x, y, t = collect(pairs)
    for values, name in ((x, x_name), (y, y_name)):
        expected = [float(row[names.index(name)] or "nan") for row in rows]
        np.testing.assert_array_equal(np.array(values, dtype=float), expected)
    assert (t is None) == (not {"timestamp", "t_s", "t_min", "date"} & set(names))
    assert pairs.malformed == {}


def test_signals_amid_reading_leave_no_row_out(tmp_path: Path) -> None:
    """Arrow's parser stops for a signal that somebody handles."""
    rows = np.arange(300_000)
    np.savetxt(tmp_path / "pairs.csv", np.column_stack((rows % 1000, rows % 977)), "%d", ",", header="a,b", comments="")
    with (
        Stop() as stop,
        repeating(lambda: os.kill(os.getpid(), signal.SIGINT), 0.005),
        closing(read_pairs(str(tmp_path / "pairs.csv"), "a", "b")) as pairs,
    ):
        read = np.concatenate([batch.x for batch in pairs])
        assert stop.requested
    assert np.array_equal(read, rows % 1000)
