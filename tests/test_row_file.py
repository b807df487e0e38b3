"""Rows of many channels in files, against what was written."""

import csv
import gzip
import math
from contextlib import closing
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from streammi import ConfigError
from streammi.ingest.files.file_options import FileOptions
from streammi.ingest.files.row_file import read_rows


def written(path: Path, text: str) -> str:
    path.write_text(text)
    return str(path)


def test_columns_by_globs_in_the_order_that_was_asked(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", "t,rack1/temp,rack2/temp,flow,state\n1,2,3,4,hot\n2,3,,5,cold\n3,4,5,6,hot\n")
    rows = read_rows(path, ["flow", "rack*/temp"])
    values, t = rows.whole()
    assert rows.names == ("flow", "rack1/temp", "rack2/temp")
    np.testing.assert_array_equal(values, [[4, 2, 3], [5, 3, math.nan], [6, 4, 5]])
    assert t is not None
    assert t.tolist() == [1, 2, 3]
    with closing(read_rows(path, ["all"])) as rows:
        assert rows.names == ("rack1/temp", "rack2/temp", "flow")  # no time, no words
        assert "state is text and no channel: --bins categories takes it, as x or y of one pair" in rows.said


def test_what_is_no_number_is_missing_and_counted(tmp_path: Path) -> None:
    lines = "".join(f"{k},{k * 2 if k != 7 else 'broken'},-9999\n" for k in range(20))
    rows = read_rows(written(tmp_path / "a.csv", "a,b,c\n" + lines), ["all"], options=FileOptions(missing="-9999"))
    values, t = rows.whole()
    assert rows.names == ("a", "b")
    assert t is None
    assert math.isnan(values[7, 1])
    assert np.isnan(values).sum() == 1
    assert rows.note == "1 fields that are no numbers are taken as missing"


def test_the_newest_first_is_turned_around_and_bad_times_are_left_out(tmp_path: Path) -> None:
    stamps = [f"2024-01-01 00:{59 - k:02d}:00" for k in range(60)]
    stamps[30] = "?"
    text = "time,a,b\n" + "".join(f"{stamp},{k},{-k}\n" for k, stamp in enumerate(stamps))
    rows = read_rows(written(tmp_path / "a.csv", text), ["a", "b"])
    values, t = rows.whole()
    assert t is not None
    assert (np.diff(t) > 0).all()
    assert values[:, 0].tolist() == [k for k in range(59, -1, -1) if k != 30]
    assert rows.note == "1 rows without a time that can be read are left out"


def test_parquet_and_gzip_and_names_that_are_the_same(tmp_path: Path) -> None:
    numbers = np.random.default_rng(0).normal(size=(50, 3))
    pq.write_table(
        pa.table({"a": numbers[:, 0], "b": numbers[:, 1].astype("f4"), "w": ["x"] * 50}), tmp_path / "a.parquet"
    )
    rows = read_rows(str(tmp_path / "a.parquet"), ["*"])
    assert rows.names == ("a", "b")
    np.testing.assert_array_equal(rows.whole()[0], np.column_stack((numbers[:, 0], numbers[:, 1].astype("f4"))))
    with gzip.open(tmp_path / "a.csv.gz", "wt") as file:
        csv.writer(file).writerows([["v", "v", "u"], *numbers.tolist()])
    rows = read_rows(str(tmp_path / "a.csv.gz"), ["v*"])
    assert rows.names == ("v#1", "v#2")
    np.testing.assert_array_equal(rows.whole()[0], numbers[:, :2])


def test_what_cannot_be_read_says_why(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", "a,b,words\n1,2,x\n2,3,y\n")
    with pytest.raises(
        ConfigError, match=r"--channels must be all, or names or globs of columns of numbers .*\(a, b\)"
    ):
        read_rows(path, ["q*"])
    with pytest.raises(ConfigError, match="only a fits --channels all; there are a"):
        read_rows(written(tmp_path / "a.jsonl", '{"a": 1}\n'), ["all"])
