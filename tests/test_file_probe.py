"""What probe says of a file, held against the numbers that were written; and that its command works."""

import io
import json
import shlex
from collections.abc import Iterator
from itertools import repeat
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest

from streammi.cli.run_file_probe import run_file_probe
from streammi.errors import ConfigError
from streammi.ingest.files.file_options import PLAIN, FileOptions
from streammi.ingest.files.file_probe import probe_file
from streammi.ingest.files.file_report import FileReport
from streammi.ingest.files.pair_file import read_pairs

START = 1_767_225_600  # 2026-01-01
RNG = np.random.default_rng(3)
T, X, Y = START + np.arange(3000) * 0.5, RNG.normal(20, 3, 3000).round(3), RNG.normal(0, 1, 3000).round(3)


def forever() -> Iterator[bool]:
    return repeat(True)


def probed(path: Path, text: str | None = None, options: FileOptions = PLAIN, t: str | None = None) -> FileReport:
    if text is not None:
        path.write_text(text)
    return probe_file(str(path), options, t, forever())


def rows(write: str) -> str:
    return "".join(write.format(t=t, x=x, y=y) for t, x, y in zip(T, X, Y, strict=True))


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
def test_columns_and_times(tmp_path: Path, form: str) -> None:
    path = tmp_path / f"a.{form}"
    if form == "csv":
        path.write_text("timestamp,x,name,y\n" + rows("{t},{x},a,{y}\n"))
    elif form == "jsonl":
        path.write_text(rows('{{"timestamp": {t}, "x": {x}, "name": "a", "y": {y}}}\n'))
    else:
        pyarrow.parquet.write_table(pa.table({"timestamp": T, "x": X, "name": ["a"] * 3000, "y": Y}), path)
    report = probed(path)
    assert (report.rows, report.whole, report.skipped, report.problem) == (3000, True, {}, "")
    found = {column.name: (column.low, column.high) for column in report.columns if column.name in "xy"}
    assert found == {"x": (X.min(), X.max()), "y": (Y.min(), Y.max())}
    assert "timestamp" in report.time
    if form != "jsonl":
        assert (report.first, report.last, report.step) == (T[0], T[-1], 0.5)
        assert [column.labels for column in report.columns if column.name == "name"] == [("a",)]
    words = shlex.split(report.command or "")
    assert words == ["streammi", "replay", str(path), "--x", "x", "--y", "y"]
    found_x = np.concatenate([batch.x for batch in read_pairs(words[2], words[4], words[6])])
    np.testing.assert_array_equal(found_x, X)


def test_what_is_missing_odd_or_far_out(tmp_path: Path) -> None:
    lines = [f"{k};{'' if k % 5 == 0 else X[k]};{-9999 if k % 9 == 0 else Y[k]};{k} %\n" for k in range(300)]
    text = "t;x;y;z\n" + "".join(lines).replace(".", ",") + "300;twenty;0,5;1 %\n"
    report = probed(tmp_path / "a.csv", text)
    t, x, y, z = report.columns
    assert (x.missing, x.unreadable, y.sentinel, z.written) == (60, 1, -9999.0, "in %")
    assert (t.low, t.high) == (0.0, 300.0)
    assert "decimal commas" in report.said
    report = probed(tmp_path / "a.csv", options=FileOptions(missing="-9999"))
    assert (report.columns[2].missing, report.columns[2].sentinel) == (34, None)
    assert report.command is not None
    assert report.command.endswith("--missing=-9999")


def test_a_command_for_columns_of_one_name(tmp_path: Path) -> None:
    report = probed(tmp_path / "a b.csv", "t,x,x\n" + "".join(f"{k},{k},{-k}\n" for k in range(30)))
    assert report.command == f"streammi replay '{tmp_path}/a b.csv' --x 'x#1' --y 'x#2'"


def test_numbers_of_rows_and_times_are_no_signals(tmp_path: Path) -> None:
    rows = [(k, 1000 + 0.1 * k, X[k], Y[k]) for k in range(300)]
    for form in ("nr,step,x,y\n{}", "{}"):
        text = form.format("".join(",".join(map(str, row)) + "\n" for row in rows))
        command = probed(tmp_path / "a.csv", text).command or ""
        assert command.endswith("--x x --y y" if "nr" in form else "--x 2 --y 3")
    (tmp_path / "a.csv").write_text("".join(f'{{"nr": {k}, "x": {x}, "y": {y}}}\n' for k, _, x, y in rows))
    assert (probed(tmp_path / "a.csv").command or "").endswith("--x x --y y")


def test_columns_that_nobody_can_read_for_certain_are_not_proposed(tmp_path: Path) -> None:
    """What is proposed is what replay takes: the first two of these, it refuses."""
    rows = [f"{'1.250' if k < 100 else '1,250'};{'20 °C' if k % 2 else '68 °F'};{k % 3};{k % 5}\n" for k in range(200)]
    report = probed(tmp_path / "a.csv", "a;b;x;y\n" + "".join(rows))
    assert (report.command or "").endswith("--x x --y y")
    assert [bool(column.doubt) for column in report.columns] == [True, True, False, False]
    report = probed(tmp_path / "a.csv", "a;b;x\n" + "".join(row[:-3] + "\n" for row in rows))
    assert (report.command, report.problem.partition(",")[0]) == (None, "a has 1.250 and 1")
    labels = probed(tmp_path / "a.csv", "time,a,b\n" + "".join(f"10:00:{k},hot,on{k % 3}\n" * 2 for k in range(10, 60)))
    assert labels.command is None
    labels = probed(
        tmp_path / "a.csv", "time,a,b\n" + "".join(f"10:00:{k},h{k % 2},on{k % 3}\n" for k in range(10, 60))
    )
    assert (labels.command or "").endswith("--x a --y b --bins categories")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("10:00:01 x=1.5 y=2\n10:00:02 x=1.6 y=3\n", "x=1.5 y=2.5 in its lines"),
        ("time,name,v\n" + "10:00:01,x,1\n10:00:01,y,2\n" * 9, "if name names signals (x, y): streammi replay --x "),
        ("t,x\n0,1\n1,2\n", "no two columns of numbers; with another file: streammi replay --x "),
        ("name,room\na,b\nc,d\n", "there is no column of numbers"),
        ('{"name": "a"}\n', "there are no two numbers"),
    ],
)
def test_what_makes_no_pair(tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(text)
    out = io.StringIO()
    assert run_file_probe(str(path), PLAIN, None, 5.0, out=out) == 1
    assert problem in out.getvalue()


def test_words_and_json(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("timestamp,x,y\n" + rows("{t},{x},{y}\n") + "timestamp,x,y\n1\n")
    out = io.StringIO()
    assert run_file_probe(str(path), PLAIN, None, 5.0, out=out) == 0
    said = out.getvalue()
    assert f"{path}: text, 3,002 rows\n" in said
    assert "time: timestamp, 2026-01-01 00:00:00Z to 2026-01-01 00:24:59.5Z, a row each 0.5 s" in said
    assert "rows skipped: 1 header again, 1 too few fields" in said
    out = io.StringIO()
    run_file_probe(str(path), PLAIN, None, 5.0, as_json=True, out=out)
    assert json.loads(out.getvalue())["columns"][1]["high"] == X.max()
    with pytest.raises(ConfigError, match="a file that is there, got 'nowhere'"):
        run_file_probe("nowhere", PLAIN, None, 5.0)


def test_a_large_file_is_read_for_as_long_as_asked(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("x,y\n" + "1.25,2.5\n" * 400_000)
    report = probe_file(str(path), PLAIN, None, iter([True]))
    assert 100_000 < report.rows < 400_000
    assert not report.whole
