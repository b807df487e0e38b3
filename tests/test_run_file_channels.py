"""Many channels of a file, end to end: what stands out in real recordings, and what is exported of every pair."""

import gzip
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pyarrow.parquet as pq
import pytest

from streammi import ChannelWindow, ConfigError, QuantileBins, analyse_channels
from streammi.cli.main import app
from streammi.cli.options import ChannelOptions, PairOptions
from streammi.cli.run_file_channels import run_file_channels
from streammi.ingest.files.file_options import FileOptions
from streammi.ingest.files.row_file import read_rows

DATA = Path(__file__).parents[2] / "shared/data"
recordings = pytest.mark.skipif(not DATA.is_dir(), reason="the recordings are not there")


@pytest.fixture
def plant(tmp_path: Path) -> str:
    """A file of 6 channels, of which two are related, two without being correlated, and one is missing at times."""
    rng = np.random.default_rng(3)
    rows = rng.normal(size=(600, 6))
    rows[:, 1] += 9 * rows[:, 0]
    rows[:, 3] = rows[:, 2] ** 2 + 0.2 * rows[:, 3]
    path = tmp_path / "plant.csv"
    fields = rows.astype(str).astype(object)
    fields[::7, 5] = ""
    path.write_text("\n".join(["flow,valve,x,parabola,other,seldom", *(",".join(row) for row in fields)]) + "\n")
    return str(path)


def said(
    file: str, given: tuple[str, ...] = (), pair: dict[str, Any] | None = None, **many: Any
) -> dict[str, list[str]]:
    """The sections that are said of a file, by title: the pairs, or the lines before the first."""
    out, log = io.StringIO(), io.StringIO()
    options = ChannelOptions(**{"channels": "all", **many})
    assert (
        run_file_channels(file, None, PairOptions(**pair or {}), options, {*given, *(pair or {})}, out=out, log=log)
        == 0
    )
    sections = {}
    for block in out.getvalue().split("\n\n"):
        title, *lines = block.splitlines()
        key = re.split(r"  +", title)[0]
        sections[key] = [" ~ ".join(line.split("  ")[1].split(" ~ ")) for line in lines] if "~" in block else lines
        sections.setdefault("first", block.splitlines())
    return sections


def test_what_stands_out(plant: str) -> None:
    found = said(plant, target="flow", top=2)
    assert found["first"][0] == f"{plant}: 6 channels, 600 rows, 15 pairs; MI in bit (extrapolated)"
    assert found["first"][1] == "2 of 15 pairs depend by more than chance (false discovery rate 0.05)"
    assert found["strongest"] == ["flow ~ valve", "x ~ parabola"]
    assert found["MI high, r low"] == ["x ~ parabola"]
    assert found["tell most of flow, each beside those above"][0].split()[0] == "valve"


def test_a_channel_that_does_not_move_is_said_to_be_constant_and_tells_nothing(plant: str, tmp_path: Path) -> None:
    rows, names = read_rows(plant, ["all"]).whole()[0], "flow,valve,x,parabola,other,seldom"
    rows[:, 3] = 7.25
    still = tmp_path / "still.csv"
    np.savetxt(still, rows, delimiter=",", header=names, comments="")
    out = io.StringIO()
    options = ChannelOptions(channels="all", target="flow")
    assert run_file_channels(str(still), None, PairOptions(), options, set(), out=out, log=io.StringIO()) == 0
    lines = [line.split() for line in out.getvalue().splitlines()]
    assert all(line[-1] == "constant" for line in lines if line and "parabola" in line)
    told = said(str(still), target="flow")["tell most of flow, each beside those above"]
    assert told[0].split()[0] == "valve"
    assert not any("parabola" in line for line in told)
    of_still = said(str(still), target="parabola")
    assert "nothing tells of parabola: it is constant, or in no row with a channel that is not" in of_still


def test_changes_beside_a_baseline(plant: str, tmp_path: Path) -> None:
    rows, names = read_rows(plant, ["all"]).whole()[0], "flow,valve,x,parabola,other,seldom"
    rows[:, 1] = np.roll(rows[:, 1], 300)
    rows[:, 4] += 2 * rows[:, 2]
    later = tmp_path / "later.csv"
    np.savetxt(later, rows, delimiter=",", header=names, comments="")
    found = said(str(later), pair={"baseline": plant})
    assert found["weaker than before"] == ["flow ~ valve"]
    assert set(found["stronger than before"]) == {"x ~ other", "parabola ~ other"}
    same = said(plant, pair={"baseline": plant})
    assert not {"weaker than before", "stronger than before"} & set(same)


def test_every_pair_is_exported(plant: str, tmp_path: Path) -> None:
    rows = read_rows(plant, ["all"])
    found = analyse_channels(rows.whole()[0], rows.names)
    expected = [
        (found.names[i], found.names[j], found.mi[i, j], found.r[i, j], found.p[i, j], found.q[i, j], found.pairs[i, j])  # type: ignore[index]
        for i in range(6) for j in range(i + 1, 6)
    ]  # fmt: skip
    for end in ("parquet", "jsonl", "csv"):
        path = tmp_path / f"pairs.{end}"
        said(plant, export=str(path))
        if end == "parquet":
            table = pq.read_table(path).to_pylist()
        elif end == "jsonl":
            table = [json.loads(line) for line in path.read_text().splitlines()]
        else:
            head, *lines = (line.split(",") for line in path.read_text().splitlines())
            table = [dict(zip(head, line, strict=True)) for line in lines]
        got = [(t["x"], t["y"], *(float(t[k]) for k in ("mi", "r", "p", "q", "n"))) for t in table]
        assert got == expected
        assert {t["unit"] for t in table} == {"bit"}
    said(plant, export=str(tmp_path / "graph.graphml"))
    root = ElementTree.parse(tmp_path / "graph.graphml").getroot()
    space = {"g": "http://graphml.graphdrawing.org/xmlns"}
    assert [node.get("id") for node in root.findall(".//g:node", space)] == list(rows.names)
    edges = root.findall(".//g:edge", space)
    assert [(edge.get("source"), edge.get("target")) for edge in edges] == [("flow", "valve"), ("x", "parabola")]
    values = {data.get("key"): float(data.text or "nan") for data in edges[0]}
    assert values["mi"] == found.mi[0, 1]
    assert values["n"] == 600


def test_a_window_is_the_last_rows(plant: str) -> None:
    found = said(plant, pair={"window": "200", "unit": "nat", "bins": "6"})
    assert found["first"][0] == f"{plant}: 6 channels, 200 rows, 15 pairs; MI in nat (extrapolated)"
    values = read_rows(plant, ["all"]).whole()[0]
    whole = analyse_channels(values, unit="nat", bins=QuantileBins(6))
    window = ChannelWindow(QuantileBins(6), 600)
    window.extend(values)
    np.testing.assert_array_equal(whole.mi, window.matrix("mi_corrected", unit="nat"))


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--channels", "q*"], "--channels must be all, or names or globs of columns of numbers"),
        (["--channels", ","], "--channels must be all, or names or globs with commas between"),
        (["--channels", "all", "--x", "flow"], "--x must be left out with --channels"),
        (["--channels", "all", "--null", "99"], "--null must be left out with --channels"),
        (["--channels", "all", "--target", "level"], r"--target must be one of the channels \(flow, valve"),
        (["--channels", "all", "--export", "pairs.txt"], "--export must be a name that ends in .csv"),
        (["--channels", "all", "--fdr", "1.5"], "--fdr must be a share between 0 and 1"),
        (["--channels", "all", "--window", "10s"], "--window must be a number of rows where they have no times"),
        (["--channels", "all", "--bins", "categories"], "--bins must be auto, N"),
        (["--channels", "all", "--baseline", "nowhere.csv"], "--baseline must be a file that is there"),
        (["--channels", "all", "--baseline", "FILE"], "--baseline must be a file of 600 rows"),
        (["--channels", "all", "--unit", "byte"], "unit must be bit, nat or ban"),
        (["--x", "flow", "--y", "valve", "--target", "x"], "--target must be left out without --channels"),
    ],
)
def test_what_cannot_work_says_why(plant: str, words: list[str], why: str) -> None:
    short = Path(plant).with_name("short.csv")
    short.write_text("".join(Path(plant).read_text().splitlines(keepends=True)[:100]))
    words = [str(short) if word == "FILE" else word for word in words]
    with pytest.raises(ConfigError, match=why):
        app(["replay", plant, *words], standalone_mode=False)


def test_nothing_to_pair_ends_with_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.csv").write_text("a,b\n" + "1,2\n" * 5)
    assert app(["replay", str(tmp_path / "a.csv"), "--channels", "all"], standalone_mode=False) == 1
    assert "no pair: 2 channels and 5 rows" in capsys.readouterr().err


def tables() -> Iterator[tuple[str, Any]]:
    import pyarrow as pa

    columns = {"a": [1.0, 2.0, 3.0, None] * 10, "b": [1, 2, 3, 4] * 10}
    yield "dict", {"a": [1.0, 2.0, 3.0, np.nan] * 10, "b": columns["b"]}
    yield "pyarrow", pa.table(columns)
    yield "array", np.column_stack([np.array(columns["a"], dtype=float), columns["b"]])


@pytest.mark.parametrize(("kind", "table"), list(tables()))
def test_tables_of_any_kind(kind: str, table: Any) -> None:
    found = analyse_channels(table, None if kind != "array" else ["a", "b"])
    assert found.names == ("a", "b")
    assert found.n == 40
    assert found.pairs.tolist() == [[30, 30], [30, 40]]


def cut(file: str, first: int, last: int, folder: Path) -> str:
    """Some rows of a recording, as a file."""
    with gzip.open(DATA / file, "rt") as whole:
        names, *lines = whole
    path = folder / "cut.csv"
    path.write_text("".join([names, *lines[first:last]]))
    return str(path)


NORMAL = str(DATA / "tep/normal_d00_te.csv.gz")


@recordings
def test_a_sticking_valve_changes_its_own_pairs() -> None:
    """Tennessee Eastman, fault 14: the reactor's cooling valve sticks, and its temperatures begin to cycle with it."""
    found = said(str(DATA / "tep/fault14.csv.gz"), channels="XM*", pair={"baseline": NORMAL})
    assert set(found["stronger than before"][:3]) == {"XMEAS9 ~ XMV10", "XMEAS9 ~ XMEAS21", "XMEAS21 ~ XMV10"}
    assert set(found["MI high, r low"][:2]) == {"XMEAS9 ~ XMEAS21", "XMEAS21 ~ XMV10"}


@recordings
def test_a_feed_that_is_lost_breaks_from_its_valve(tmp_path: Path) -> None:
    """Fault 6, the first 13 hours: the A feed is lost, and its valve stands open; the plant is not down yet."""
    found = said(cut("tep/fault06.csv.gz", 160, 420, tmp_path), channels="XM*", pair={"baseline": NORMAL})
    assert "XMEAS1 ~ XMV3" in found["weaker than before"][:2]


@recordings
@pytest.mark.parametrize(
    ("file", "rows", "channels", "pair"),
    [
        ("gas_turbine/gt_2011.csv.gz", (0, 7411), "all", "AT ~ GTEP"),
        ("imu_xio/gait_short_walk.csv.gz", (6040, 13_640), "gyr*,acc*", "gyr_Y ~ acc_X"),
        ("imu_xio/marg_sensor_data.csv.gz", (1370, 7260), "all", "mag_X ~ mag_Y"),
    ],
)
def test_what_depends_without_being_correlated_comes_first(
    file: str, rows: tuple[int, int], channels: str, pair: str, tmp_path: Path
) -> None:
    found = said(cut(file, *rows, tmp_path), channels=channels)
    assert found["MI high, r low"][0] == pair


@pytest.mark.parametrize("form", ["lines", "array", "one a line"])
def test_json_is_read_as_the_table_that_it_is(plant: str, tmp_path: Path, form: str) -> None:
    table = read_rows(plant, ["all"])
    rows, names = table.whole()[0], table.names
    records = [
        {"time": 1.7e9 + k, "unit": {n: v for n, v in zip(names, row, strict=True) if v == v}}
        for k, row in enumerate(rows.tolist())
    ]
    file = tmp_path / "plant.jsonl"
    if form == "array":
        file.write_text(json.dumps(records))
    elif form == "lines":
        file.write_text("\n".join([*map(json.dumps, records), "{broken"]))
    else:
        each = [(one["time"], n, v) for one in records for n, v in one["unit"].items() if n != "seldom"]  # type: ignore[attr-defined]
        file.write_text("\n".join(json.dumps({"name": f"unit/{n}", "value": v, "t": t}) for t, n, v in each))
    read = read_rows(str(file), ["unit/*"])
    values, t = read.whole()
    order = [read.names.index(f"unit/{name}") for name in names if f"unit/{name}" in read.names]
    assert t is not None
    if form != "one a line":
        np.testing.assert_array_equal(values[:, order], rows)
        np.testing.assert_array_equal(t, 1.7e9 + np.arange(600))
        assert ("1 row skipped" in read.note) == (form == "lines")
        assert said(str(file), channels="unit/*")["strongest"][:2] == [
            "unit/flow ~ unit/valve",
            "unit/x ~ unit/parabola",
        ]
    else:
        np.testing.assert_array_equal(values[:, order], rows[:, :5])


def test_json_without_such_channels_says_what_there_is(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text('{"a": 1, "b": 2}\n' * 20)
    with pytest.raises(ConfigError, match=r"globs of numbers of .*none fits --channels q\*; there are a, b"):
        read_rows(str(file), ["q*"])
    with pytest.raises(ConfigError, match=r"--decimal must be left out: .* is JSON"):
        read_rows(str(file), ["all"], None, FileOptions(decimal=","))
