"""JSON as programs write it to files: the records, wherever they are, and what stands for none."""

import itertools
import json
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from logger_files import MARCH, Read, iso, read_file

from streammi.errors import ConfigError
from streammi.ingest.files.file_options import FileOptions
from streammi.ingest.files.file_probe import probe_file
from streammi.ingest.files.json.json_lines import JsonLines
from streammi.ingest.files.pair_file import read_pairs

ROWS = [{"timestamp": MARCH + k, "x": 20 + k / 8, "y": k % 7} for k in range(60)]
LISTS = [list(row.values()) for row in ROWS]
COLUMNS = {name: [row[name] for row in ROWS] for name in ROWS[0]}


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Read]:
    return partial(read_file, tmp_path / "a.json")


def right(found: Read) -> None:
    np.testing.assert_array_equal(found.x, COLUMNS["x"])
    np.testing.assert_array_equal(found.y, COLUMNS["y"])
    assert found.t is not None
    np.testing.assert_array_equal(found.t, COLUMNS["timestamp"])
    assert (found.note, found.why_empty) == ("", "")


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (ROWS, ""),
        ({"records": ROWS}, "records in records"),
        ({"meta": {"n": 60, "names": ["a", "b"]}, "data": ROWS}, "records in data"),
        ({"status": "ok", "result": {"series": [1], "data": ROWS}}, "records in result/data"),
        ([[*ROWS[0]], *LISTS], "names in the first row"),
        ({"columns": [*ROWS[0]], "index": list(range(60)), "data": LISTS}, "names in columns"),
        ({"fields": [{"name": name} for name in ROWS[0]], "rows": LISTS}, "names in fields"),
        ({"device": 7, **COLUMNS}, "columns side by side"),
        ({name: dict(enumerate(values)) for name, values in COLUMNS.items()}, "columns side by side"),
        (dict(enumerate(ROWS)), "records by number"),
        ({row["timestamp"]: {"x": row["x"], "y": row["y"]} for row in ROWS}, "records by time"),
        ({iso(row["timestamp"]): {"x": row["x"], "y": row["y"]} for row in ROWS}, "records by time"),
        ({c: {int(1000 * row["timestamp"]): row[c] for row in ROWS} for c in "xy"}, "columns side by side"),
        (
            {"columns": ["x", "y"], "index": COLUMNS["timestamp"], "data": [row[1:] for row in LISTS]},
            "names in columns",
        ),
        ({"a": [{"series": [{"name": "m", "columns": [*ROWS[0]], "values": LISTS}]}]}, "names in columns"),
        (ROWS[::-1], "its time newest first: sorted"),
        *(
            ([{name: iso(row["timestamp"]), "x": row["x"], "y": row["y"]} for row in ROWS], f"time in {name}")
            for name in ("Date/Time", "@timestamp", "loggedAt", "last_updated")
        ),
    ],
)
@pytest.mark.parametrize("indent", [None, 2])
def test_documents(read: Callable[..., Read], document: Any, said: str, indent: int | None) -> None:
    found = read(json.dumps(document, indent=indent))
    right(found)
    assert found.said.endswith(said)


@pytest.mark.parametrize(
    "text",
    [
        "\n".join(map(json.dumps, ROWS)),
        ",\n".join(map(json.dumps, ROWS)),
        "[\n" + ",\n".join(map(json.dumps, ROWS)) + "\n]\n",
        "[" + ",\n".join(map(json.dumps, ROWS)) + "]\n",
        "[\n" + ",\n".join(map(json.dumps, ROWS)) + ",\n",  # whose writer was killed
        "".join(map(json.dumps, ROWS)),
        "".join("\x1e" + json.dumps(row) + "\n" for row in ROWS),
        "\n".join(json.dumps(row, indent=2) for row in ROWS),
        "\n\n".join(map(json.dumps, ROWS)).replace("\n", "\r\n"),
    ],
)
def test_records_in_lines_and_without(read: Callable[..., Read], text: str) -> None:
    right(read(text))
    right(read(text.encode("utf-16")))


@pytest.mark.parametrize(
    ("write", "unit"),
    [
        (lambda t: t / 86_400 + 25_569, "days since 1899, as spreadsheets count"),
        (lambda t: t + 2_082_844_800, "seconds since 1904, as LabVIEW counts"),
        (lambda t: t / 86_400 + 2_440_587.5, "Julian days"),
        (lambda t: int(t + 11_644_473_600) * 10**7, "ticks of 100 ns since 1601"),
        (lambda t: str(t + 2_082_844_800), "seconds since 1904"),
    ],
)
def test_numbers_that_are_dates(
    tmp_path: Path, read: Callable[..., Read], write: Callable[[float], Any], unit: str
) -> None:
    """As in tables: they were seconds from a start, without a word."""
    found = read("\n".join(json.dumps({**row, "timestamp": write(row["timestamp"])}) for row in ROWS))
    assert found.t is not None
    np.testing.assert_allclose(found.t, COLUMNS["timestamp"], rtol=0, atol=1e-3)
    assert f"timestamp {unit}" in found.said
    report = probe_file(str(tmp_path / "a.json"), FileOptions(), None, itertools.repeat(True))
    assert report.first == pytest.approx(MARCH, abs=1e-3)
    assert read(json.dumps([{"time": 20260301100000 + k, "x": k, "y": 1} for k in range(9)])).t is None


@pytest.mark.parametrize("inside", [False, True])
@pytest.mark.parametrize("cut", [1, 2, 9, 40])
def test_a_document_that_is_cut_off(read: Callable[..., Read], cut: int, inside: bool) -> None:
    records = [{"time": MARCH + k, "x": k, "y": [k * k, {"a": '}]"'}]} for k in range(40)]
    text = json.dumps({"meta": [{"a": 1}], "data": records} if inside else records)
    found = read(text[:-cut], y="y/0")
    assert found.x.tolist() == list(range(40 - (cut > inside + 1)))
    assert "cut off at its end" in found.said
    assert read(json.dumps(records)[:20]).why_empty.startswith("no pair: 1 row skipped: 1 not JSON")


def test_the_time_that_stands_beside_x(tmp_path: Path, read: Callable[..., Read]) -> None:
    rows = [{"made": iso(0), "a": {"Time": row["timestamp"], "x": row["x"], "y": row["y"]}} for row in ROWS]
    text = "\n".join(map(json.dumps, rows))
    right(read(text, "a/x", "a.y"))
    report = probe_file(str(tmp_path / "a.json"), FileOptions(), None, itertools.repeat(True))
    assert (report.time, report.first) == ("a/Time", MARCH)
    two = read("\n".join(json.dumps({"Date": "2026-03-01", **row["a"]}) for row in rows).replace("Time", "z"))
    assert two.t is None
    assert "no time in Date (such as '2026-03-01')" in two.said


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (
            "\n".join(f'{{"name": "{name}", "value": 1}}' for name in "xyxy"),
            r"a signal a record \(name is x in record 1\)",
        ),
        (json.dumps([{"m": {"n": n}, "v": LISTS} for n in "xy"]), r"a signal a record \(m/n is x in record 1\)"),
        ("// of a logger\n" + json.dumps(ROWS), "JSON behind words in its lines"),
        (f"reply({json.dumps(ROWS)});", "JSON behind words in its lines"),
    ],
)
def test_json_of_another_kind_is_named(read: Callable[..., Read], text: str, what: str) -> None:
    with pytest.raises(ConfigError, match=what):
        read(text)


def test_rows_without_names_have_numbers(read: Callable[..., Read]) -> None:
    for text in (json.dumps(LISTS), "\n".join(map(json.dumps, LISTS))):
        np.testing.assert_array_equal(read(text, "1", "2").x, COLUMNS["x"])


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("stands", ["OFFLINE", 'say "no"', -9999, "-9999"])
def test_what_stands_for_no_value(read: Callable[..., Read], indent: int | None, stands: Any) -> None:
    rows = [{**row, "x": stands if k % 9 == 0 else row["x"], str(stands): 1} for k, row in enumerate(ROWS)]
    expected = [np.nan if k % 9 == 0 else row["x"] for k, row in enumerate(ROWS)]
    for text in (json.dumps(rows, indent=indent), "\n".join(json.dumps(row, indent=indent) for row in rows)):
        found = read(text, missing=str(stands))
        np.testing.assert_array_equal(found.x, expected)
        np.testing.assert_array_equal(read(text, str(stands), missing=str(stands)).x, np.ones(60))  # as a name
        assert found.hint == ""
        assert ("--missing=-9999?" in read(text).hint) == (str(stands) == "-9999")


def test_a_live_source_is_read_from_its_first_line() -> None:
    reading, writing = os.pipe()
    with open(reading, "rb") as source, open(writing, "wb", buffering=0) as sink:
        sink.write(json.dumps(ROWS[0]).encode() + b"\n")
        batches = iter(read_pairs("-", "x", "y", stdin=source))
        assert next(batches).x.tolist() == [20.0]
        sink.write(json.dumps(ROWS[1]).encode() + b"\n")
        assert next(batches).x.tolist() == [20.125]


def test_lines_are_not_held(tmp_path: Path) -> None:
    """An array with a record a line is read a block at a time; a document is held, and says what would do if large."""
    path = tmp_path / "a.json"
    path.write_text("[\n" + ",\n".join(json.dumps(row) for row in ROWS * 100) + "\n]")
    pairs = read_pairs(path, "x", "y", chunk=1 << 12)
    assert isinstance(pairs, JsonLines)
    assert max(batch.x.size for batch in pairs) < 1000
    assert pairs.rows == 6000


def test_probe_sees_the_same_records(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps({"meta": 1, "data": ROWS}, indent=1))
    report = probe_file(str(path), FileOptions(), None, iter([True] * 99))
    assert (report.rows, report.form, report.time) == (60, "JSON", "timestamp")
    assert report.said == ("records in data",)
    assert {column.name: (column.low, column.high) for column in report.columns} == {
        "x": (20.0, 27.375),
        "y": (0.0, 6.0),
    }


def test_a_text_that_begins_like_json(read: Callable[..., Read]) -> None:
    assert read("[Header]\nn=1\n[Data]\nx,y\n1,2\n3,4\n").x.tolist() == [1.0, 3.0]
    with pytest.raises(ConfigError, match=r"--x must be a path of .*\(properties/x, properties/y\)"):
        read(json.dumps({"features": [{"properties": {"x": 1, "y": 2}}] * 3}))


@pytest.mark.parametrize("missing", ["-99,9", "-99.9", "-99,9;7", "OFF,-99.9", " -99,9 "])
def test_missing_where_commas_are_decimal(read: Callable[..., Read], missing: str) -> None:
    text = "x;y\n" + "".join(f"{'-99,9' if k % 9 == 0 else f'2{k % 7},5'};{k}\n" for k in range(60))
    expected = [np.nan if k % 9 == 0 else 20.5 + k % 7 for k in range(60)]
    np.testing.assert_array_equal(read(text, missing=missing).x, expected)


@pytest.mark.parametrize(
    ("option", "value", "why"),
    [
        ("decimal", ",", "whose numbers have a decimal point"),
        ("time_format", "%d.%m.%Y", r"whose times are numbers \(--time-unit\) or ISO 8601"),
        ("skip_rows", 1, "which has no lines above its values"),
        ("columns", ("a", "b"), "whose values have their names"),
    ],
)
def test_what_is_of_tables_is_refused_for_what_json_has_instead(
    tmp_path: Path, option: str, value: object, why: str
) -> None:
    (tmp_path / "a.jsonl").write_text('{"x": 1, "y": 2}\n')
    name = "--" + option.replace("_", "-")
    with pytest.raises(ConfigError, match=f"{name} must be left out: .*a.jsonl is JSON, {why}"):
        read_pairs(tmp_path / "a.jsonl", "x", "y", options=FileOptions(**{option: value}))  # type: ignore[arg-type]
