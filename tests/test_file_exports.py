"""Files as programs export them, each as its program writes it: the right pairs and times, or what is wrong."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from logger_files import MARCH, Read, read_file

from streammi.config import FeedConfig, JoinConfig
from streammi.errors import ConfigError
from streammi.ingest.files.joined_files import read_joined
from streammi.ingest.files.pair_file import read_pairs

N = 40
X = [round(20 + 3 * np.sin(0.7 * k), 3) for k in range(N)]
Y = [round(500 + 200 * np.cos(0.9 * k), 2) for k in range(N)]


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Read]:
    return partial(read_file, tmp_path / "export.csv")


def at(k: int) -> datetime:
    return datetime.fromtimestamp(MARCH + k, UTC)


def rows(write: Callable[[int], str]) -> str:
    return "".join(map(write, range(N)))


def right(found: Read, start: float | None = MARCH) -> None:
    """The pairs, and their times: from ``start``, or a second apart from wherever they begin; None for none."""
    np.testing.assert_array_equal(found.x, X)
    np.testing.assert_array_equal(found.y, Y)
    if start is None:
        assert found.t is None
        return
    assert found.t is not None
    np.testing.assert_allclose(found.t - (start or found.t[0]), np.arange(N), rtol=0, atol=1e-4)


SCOPE = "Name\tProject\nStarttime\t134168688000000000\t10:00:00\n\nName\tT\tName\tF\nSymbolComment\t\t\t\n"
SCOPE += "Data-Type\tREAL64\tData-Type\tREAL64\nSampleTime[ms]\t1000\tSampleTime[ms]\t1000\n"
SCOPE += "Offset\t0\tOffset\t0\nUnit\t°C\tUnit\tl\n\n"
FLUX = "#group,false,true,true,false,false\n"
FLUX += "#datatype,string,dateTime:RFC3339,dateTime:RFC3339,double,double\n#default,r,,,,\n"
OF_A_START = (  # the time in ms from a start, or as a time of day
    ("Time (ms)\tT\tF\n", lambda k: f"{1000 * k}\t{X[k]}\t{Y[k]}\n"),
    ("Time_(ms)  T  F\n", lambda k: f"{1000 * k}  {X[k]}  {Y[k]}\n"),
    ("Source,T,F\nSecond,Volt,Volt\n", lambda k: f"{k - 20:.4f},{X[k]},{Y[k]}\n"),
    (SCOPE + "Time\tT\tTime\tF\n", lambda k: f"{1000 * k}\t{X[k]}\t{1000 * k}\t{Y[k]}\n"),
    ("clock,T,F\n", lambda k: f"{at(k):%H:%M:%S},{X[k]},{Y[k]}\n"),
    ("hour,minute,second,T,F\n", lambda k: f"10,0,{k},{X[k]},{Y[k]}\n"),
    ("! export 3\n! t T F\n", lambda k: f"{k} {X[k]} {Y[k]}\n"),
    ("; time,T,F\n", lambda k: f"{k},{X[k]},{Y[k]}\n"),
    ('"time" "T" "F"\n', lambda k: f'"{k + 1}" {k} {X[k]} {Y[k]}\n'),
)
OF_DATES = (
    (
        FLUX + ",result,_start,_time,T,F\n",
        lambda k: f",,2026-03-01T00:00:00Z,{at(k):%FT%TZ},{X[k]},{Y[k]}\n",
    ),
    ("x;T;F\n", lambda k: f"{at(k):%Y%m%d%H%M%S};{X[k]};{Y[k]}\n"),
    ("time,tz,T,F\n", lambda k: f"2026-03-01 11:00:{k:02d},CET,{X[k]},{Y[k]}\n"),
    ("time,UTC offset,T,F\n", lambda k: f"2026-03-01 12:00:{k:02d},+02:00,{X[k]},{Y[k]}\n"),
    ("day,hour,minute,second,T,F\n", lambda k: f"2026-03-01,10,0,{k},{X[k]},{Y[k]}\n"),
    ("time;T;F\n", lambda k: f"{at(k):%F %T};{X[k]};{Y[k]}\n".replace(f"{Y[k]}", f"{Y[k]}".replace(".", ","))),
    ("time,T,F,what\n", lambda k: f"{at(k):%F %T},{X[k]},{Y[k]},{chr(34) * (k == 5)}a{chr(34) * (k == 20)}\n"),
    ("Heure;T;F\n", lambda k: f"{at(k):%d/%m/%Y %H:%M:%S};{X[k]};{Y[k]}\n".replace(".", ",")),
)


@pytest.mark.parametrize(("head", "row"), [*OF_A_START, *OF_DATES])
def test_exports(read: Callable[..., Read], head: str, row: Callable[[int], str]) -> None:
    right(read(head + rows(row), "T", "F"), MARCH if (head, row) in OF_DATES else 0)


def test_what_a_program_knows_of_each_column_is_no_row(read: Callable[..., Read]) -> None:
    found = read(SCOPE + rows(lambda k: f"{1000 * k}\t{X[k]}\t{1000 * k}\t{Y[k]}\n"), "T", "F")
    right(found, None)
    assert "5 rows below the names left out, which begin with words" in found.said
    assert "no times; Name#1 only rises: --time 'Name#1' takes it for one" in found.said
    right(read(SCOPE + rows(lambda k: f"{1000 * k}\t{X[k]}\t{k}\t{Y[k]}\n"), "T", "F", "Name#1"), 0)


def test_a_first_row_with_the_number_of_a_column_is_none_of_names(read: Callable[..., Read]) -> None:
    text = "".join(f"{(k + 1) % 2}|{k % 3 % 2}|good|2026-03-01 10:00:{k:02d}\n" for k in range(N))
    found = read(text, "0", "1")
    np.testing.assert_array_equal(found.x, [(k + 1) % 2 for k in range(N)])
    np.testing.assert_array_equal(found.y, [k % 3 % 2 for k in range(N)])
    assert "no header" in found.said
    read("device,0,1\n" + "a,1.5,2\nb,2.5,3\n" * 20, "0", "1")
    assert "no header" in read("a,0,1\n" + "a,1.5,2\nb,2.5,3\n" * 20, "1", "2").said


@pytest.mark.parametrize(
    ("mark", "delimiter", "other"), [(".", "|", "."), (".", ";", "."), (",", ";", ","), (",", "\t", ",")]
)
def test_thousands_beside_numbers_that_have_none(
    read: Callable[..., Read], mark: str, delimiter: str, other: str
) -> None:
    """As decimals, nearly all would have a point, or some fewer digits behind it."""
    values = [37 * k + 5 for k in range(N)]
    written = [f"{value:,}".replace(",", mark) for value in values]
    found = read("x;y\n".replace(";", delimiter) + "".join(f"{v}{delimiter}{v}\n" for v in written))
    np.testing.assert_array_equal(found.x, values)
    assert f"between thousands (1{mark}004, beside 5; else --decimal {mark})" in found.said
    assert read("x|y\n" + "1.004|2\n1.104|3\n0.5|4\n" * 9).x[0] == 1.004


def test_a_column_without_a_name_is_called_by_its_place(tmp_path: Path, read: Callable[..., Read]) -> None:
    text = ",x,,y\n" + "1,2,3,4\n5,6,7,8\n"
    assert read(text, "column 1", "column 3").y.tolist() == [3, 7]
    with pytest.raises(ConfigError, match=r"\(column 1, x, column 3, y\), got 'z'"):
        read_pairs(tmp_path / "export.csv", "z", "y")


def test_words_below_the_rows_are_no_names(read: Callable[..., Read]) -> None:
    found: Any = read("".join(f"{k} {X[k]} {Y[k]}\n" for k in range(N)) + "End of file\n", "1", "2")
    np.testing.assert_array_equal(found.x, X)
    assert "1 not a number" in found.note


def test_between_blanks_a_field_that_is_missing_shifts_no_other(read: Callable[..., Read]) -> None:
    text = "time         x     y   n\n" + rows(lambda k: f"{k:<6}{X[k] if k % 7 else '':>10}{Y[k]:>10}{k:>6}\n")
    found = read(text)
    np.testing.assert_array_equal(found.x, [x for k, x in enumerate(X) if k % 7])
    assert "6 too few fields (first in line 2: 0 700.0 0)" in found.note


SPARSE = "time,x,y\n" + rows(lambda k: f"{at(k):%F %T},{X[k]},\n{at(k):%F %T},,{Y[k]}\n")
BESIDE = "x_time;x;y_time;y\n" + rows(lambda k: f"{at(k):%F %T};{X[k]};{at(2 * k):%F %T};{Y[k]}\n")


def signal_a_row(head: str, write: Callable[[str, int, str], str]) -> str:
    """A table with a row for each value of each of two signals."""
    return head + rows(lambda k: write("hall.T", k, f"{X[k]}") + write("hall.F", k, f"{Y[k]}"))


LONG = (
    signal_a_row("entity_id,state,last_changed\n", lambda name, k, v: f"{name},{v},{at(k):%FT%T}.000Z\n"),
    signal_a_row(
        '"VarName";"TimeString";"VarValue";"Validity";"Time_ms"\n',
        lambda name, k, v: f'"{name}";"{at(k):%d.%m.%Y %T}";{v.replace(".", ",")};1;{46082416666 + k},6667\n',
    ),
    signal_a_row(
        "Date;Time;Millitm;TagName;Value;Status\n", lambda name, k, v: f"{at(k):%F};{at(k):%T};0;{name};{v};\n"
    ),
    signal_a_row(
        "tagpath,floatvalue,dataintegrity,t_stamp\n", lambda name, k, v: f"{name},{v},192,{MARCH + k:.0f}000\n"
    ),
    signal_a_row(FLUX + ",result,_time,_value,_field\n", lambda name, k, v: f",,{at(k):%FT%TZ},{v},{name}\n"),
    signal_a_row("", lambda name, k, v: f"{at(k):%F %T},{name},{v}\n"),
    signal_a_row("time,tag,value\n", lambda name, k, v: f"{at(k):%F %T},{name},{v}\n{at(k):%F %T},{name},Bad\n"),
)


@pytest.mark.parametrize("text", LONG, ids=["homeassistant", "wincc", "rockwell", "ignition", "influx", "bare", "bad"])
def test_a_signal_a_row(tmp_path: Path, read: Callable[..., Read], text: str) -> None:
    """Its name stands in one column and its value in another: FILE:NAME reads it, and two are paired by their times."""
    with pytest.raises(ConfigError, match=r"has a signal a row, and --x .*csv:hall.T --y .*csv:hall.F pairs them"):
        read(text, "hall.T", "hall.F")
    path = str(tmp_path / "export.csv")
    x, y = (FeedConfig(endpoint=path, x=name, y=name) for name in ("hall.T", "hall.F"))
    found = Read(read_joined(JoinConfig(x=x, y=y)))
    assert re.search(r"hall.T is \S+ where \S+ is hall.T", found.said)
    assert ("40 not a number (first in line 3: hall.T 'Bad')" in found.note) == ("Bad" in text)
    right(found)


def test_a_signal_a_row_with_several_numbers_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("time,tag,min,max\n" + rows(lambda k: f"{at(k):%F %T},T,{k},{k + 1}\n"))
    with pytest.raises(ConfigError, match=r"--x must be .* one column of numbers \(there are min, max\), got 'T'"):
        read_pairs(path, "T", "T")


@pytest.mark.parametrize(
    ("text", "pairs", "why"),
    [
        (SPARSE, list(zip(X, Y, strict=True)), "no row has both, x is in 40 of 80 and y in 40; "),
        (BESIDE, [(X[2 * k], Y[k]) for k in range(N // 2)], "y has times of its own, y_time: "),
    ],
)
def test_signals_with_times_of_their_own(
    tmp_path: Path, read: Callable[..., Read], text: str, pairs: list[tuple[float, float]], why: str
) -> None:
    """It is said, with the words that pair them by these times; and so they do."""
    found, path = read(text), tmp_path / "export.csv"
    assert f"{why}--x {path}:x --y {path}:y" in found.said + found.why_empty
    x, y = (FeedConfig(endpoint=str(path), x=name, y=name) for name in "xy")
    joined = Read(read_joined(JoinConfig(x=x, y=y)))
    assert list(zip(joined.x.tolist(), joined.y.tolist(), strict=True)) == pairs
    assert joined.t is not None
    assert (joined.t[0], joined.t[-1]) == (MARCH, MARCH + (N - 1 if text == SPARSE else N - 2))
