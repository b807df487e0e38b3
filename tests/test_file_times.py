"""Times of files, whatever they are written as: the right seconds, or what is wrong in one line."""

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest
from logger_files import MARCH, Read, lines, read_file

from streammi.errors import ConfigError
from streammi.ingest.files.pair_file import read_pairs

YEAR = datetime(2026, 1, 1, tzinfo=UTC).timestamp()


def stamped(t: float) -> datetime:
    return datetime.fromtimestamp(t, UTC)


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Read]:
    return partial(read_file, tmp_path / "logger.csv")


def written(write: Callable[[float], str], n: int = 60, step: float = 1.0, name: str = "time") -> str:
    return lines(((write(MARCH + k * step), k % 17, k) for k in range(n)), f"{name},x,y")


def at(found: Read, n: int = 60, step: float = 1.0, atol: float = 1e-3) -> None:
    assert found.t is not None
    np.testing.assert_allclose(found.t, MARCH + step * np.arange(n), rtol=0, atol=atol)
    np.testing.assert_array_equal(found.y, np.arange(n))
    assert found.note == ""


def since(*start: int, per: int = 1, leaps: int = 0) -> Callable[[float], str]:
    """Units of which there are ``per`` in a second since a day, as calendars count."""
    zero = (datetime(1970, 1, 1) - datetime(*start)).total_seconds()  # type: ignore[arg-type]
    return lambda t: str(round((t + zero + leaps) * per)) if per > 1 else f"{t + zero + leaps:.3f}"


def days(zero: float, digits: int = 9) -> Callable[[float], str]:
    return lambda t: f"{t / 86_400 + zero:.{digits}f}"


@pytest.mark.parametrize(
    ("write", "name", "said"),
    [
        (since(1, 1, 1, per=10**7), "time", "ticks of 100 ns since the year 1, as .NET counts: 2026-03-01"),
        (since(1, 1, 1, per=10**7), "Ticks", "ticks of 100 ns since the year 1"),
        (since(1601, 1, 1, per=10**7), "time", "ticks of 100 ns since 1601, as Windows counts: 2026-03-01"),
        (since(1904, 1, 1), "time", "as LabVIEW counts: 2026-03-01, or --time-unit ntp (2022-03-02)"),
        (since(1904, 1, 1), "LabVIEW Time", "seconds since 1904"),
        (since(1900, 1, 1), "NTP time", "seconds since 1900, as NTP counts: 2026-03-01"),
        (since(1980, 1, 6, leaps=18), "gps_time", "as GPS counts: 2026-03-01, or --time-unit s (2016-02-25)"),
        (days(40_587), "time", "modified Julian days: 2026-03-01"),
        (days(40_587), "MJD", "modified Julian days"),
        (days(2_440_587.5), "time", "Julian days: 2026-03-01"),
        (days(2_440_587.5), "Julian Date", "Julian days"),
        (days(25_569), "time", "days since 1899, as spreadsheets count: 2026-03-01, or --time-unit excel1904"),
        (days(719_529), "datenum", "days since the year 0, as MATLAB counts"),
        (days(0), "time", "days since 1970: 2026-03-01"),
        (lambda t: f"{2026 + (t - YEAR) / 365 / 86_400:.12f}", "decimal_year", "years, with their part behind the"),
        (lambda t: f"DT#{stamped(t):%Y-%m-%d-%H:%M:%S}", "time", ""),
        (lambda t: f"DTL#{stamped(t):%Y-%m-%d-%H:%M:%S}.000000000", "time", ""),
        (lambda t: f"{stamped(t):%Y-%m-%d %H:%M:%S} - {stamped(t + 1):%Y-%m-%d %H:%M:%S}", "MTU", "time in MTU"),
        (lambda t: f"{stamped(t + 3600):%m/%d/%Y %H:%M:%S}.000", "(PDH-CSV 4.0) (MEZ)(-60)", "UTC+1:00"),
        (since(1970, 1, 1), "header.stamp.secs", ""),
        (since(1970, 1, 1), "taken", "time in taken"),
        (since(1970, 1, 1, per=1000), "taken", "time in taken; taken milliseconds since 1970"),
    ],
)  # fmt: skip
def test_numbers_that_are_dates(read: Callable[..., Read], write: Callable[[float], str], name: str, said: str) -> None:
    found = read(written(write, name=name))
    at(found)
    assert said in found.said


@pytest.mark.parametrize(
    ("write", "unit", "other"),
    [
        (since(1980, 1, 6, leaps=18), "gps", "seconds since 1970: 2016-02-25, or --time-unit gps (2026-03-01)"),
        (since(2000, 1, 1), "y2000", "y2000 (2026-03-01)"),
        (since(2001, 1, 1), "cocoa", "cocoa (2026-03-01)"),
        (
            since(1900, 1, 1),
            "ntp",
            "seconds since 1904, as LabVIEW counts: 2030-02-28, or --time-unit ntp (2026-03-01)",
        ),
        (since(1601, 1, 1, per=10**6), "webkit", "microseconds since 1601, as Chrome counts: 2026-03-01"),
        (days(24_107), "excel1904", "2022-02-28, or --time-unit excel1904 (2026-03-01)"),
    ],
)
def test_numbers_that_may_be_other_dates_say_so(
    read: Callable[..., Read], write: Callable[[float], str], unit: str, other: str
) -> None:
    assert other in read(written(write)).said
    at(read(written(write), time_unit=unit))


def test_fractions_that_may_be_of_days_or_of_seconds_are_asked_for(read: Callable[..., Read]) -> None:
    text = written(days(25_569, 5), step=60)
    with pytest.raises(
        ConfigError, match=r"--time-unit must be given: time \(46082.41667\) may be .* excel \(2026-03-01"
    ):
        read(text)
    at(read(text, time_unit="excel"), step=60, atol=0.5)
    assert read(text, time_unit="s").t is not None
    assert read(text, t="").t is None
    at(read(text.replace("time", "Date", 1)), step=60, atol=0.5)


def test_leap_seconds_of_gps_are_those_of_the_time(read: Callable[..., Read]) -> None:
    """Before and after the end of 2016, by the published table: 17 s, then 18 s."""
    gps = [1_167_264_000 + k for k in (-3600, 0, 3600)]
    found = read(lines((t, 1, 2) for t in gps), time_unit="gps")
    assert found.t is not None
    last = datetime(2016, 12, 31, 23, 59, 43, tzinfo=UTC).timestamp()
    assert found.t.tolist() == [last - 3600, last, last + 3599]


@pytest.mark.parametrize("turn", [5, 30, 59, 6000])
@pytest.mark.parametrize("fine", [1000, 10**6, 10**9])
def test_a_logger_that_changes_its_unit(read: Callable[..., Read], turn: int, fine: int) -> None:
    """A firmware update: seconds since 1970, and from some row on finer, or the other way round, or for one row."""
    n = 60 if turn < 60 else 12_000
    for is_fine in (lambda t: t >= MARCH + turn, lambda t: t < MARCH + turn, lambda t: t == MARCH + turn):
        at(read(written(lambda t, is_fine=is_fine: f"{int(t) * (fine if is_fine(t) else 1)}", n=n)), n=n)


def test_dates_and_numbers_in_one_column(read: Callable[..., Read]) -> None:
    def iso(t: float) -> str:
        return datetime.fromtimestamp(t, UTC).isoformat()

    for turn in (3, 30, 57):
        for number in (int, lambda t: int(t * 1000)):
            at(read(written(lambda t, turn=turn, number=number: iso(t) if t < MARCH + turn else str(number(t)))))
            at(read(written(lambda t, turn=turn, number=number: iso(t) if t >= MARCH + turn else str(number(t)))))


def test_a_unit_says_nothing_of_text(read: Callable[..., Read]) -> None:
    """The times were left out; beside another file whose times are numbers, both are needed."""
    found = read(written(lambda t: f"{stamped(t):%Y-%m-%d %H:%M:%S}"), time_unit="ms")
    at(found)
    assert "time text, of which --time-unit ms says nothing" in found.said


def test_a_time_before_there_was_one_is_none(read: Callable[..., Read]) -> None:
    """A receiver without a fix writes 0."""
    found = read("time,x,y\n" + "0,7,7\n" * 3 + written(str, name="")[5:])
    assert found.note == "3 rows skipped: 3 not a time (first in line 2: time '0')"
    assert found.t is not None
    assert found.t[0] == MARCH


@pytest.mark.parametrize(
    ("header", "write", "said"),
    [
        ("year,month,day,hour,minute,second", "{:%Y,%m,%d,%H,%M,%S}", "time in year,month,day,hour,minute,second"),
        ("YY,MM,DD,hh,mm,ss", "{:%y,%m,%d,%H,%M,%S}", "time in YY,MM,DD,hh,mm,ss"),
        ("Year,Month,Day,Time", "{:%Y,%m,%d,%H:%M:%S}", "time in Year,Month,Day,Time"),
        ("Year,DOY,hhmmss", "{:%Y,%j,%H%M%S}", "time in Year,DOY,hhmmss"),
        ("hour,minute,second,day,month,year", "{:%H,%M,%S,%d,%m,%Y}", "time in year,month,day,hour,minute,second"),
        ("Date,Time,ms", "{:%d.%m.%Y,%H:%M:%S},0", "time in Date and Time"),
        (
            "Jahr,Monat,Tag,Stunde,Minute,Sekunde",
            "{:%Y,%m,%d,%H,%M,%S}",
            "time in Jahr,Monat,Tag,Stunde,Minute,Sekunde",
        ),
        ("Année,Mois,Jour,Heure,Minute,Seconde", "{:%Y,%m,%d,%H,%M,%S}", "time in Année,Mois"),
        ("date,h,m,s", "{:%Y-%m-%d,%H,%M,%S}", "time in date,h,m,s"),
    ],
)
def test_dates_in_many_columns(read: Callable[..., Read], header: str, write: str, said: str) -> None:
    text = lines(
        ((write.format(datetime.fromtimestamp(MARCH + k, UTC)), k % 17, k) for k in range(60)), f"{header},x,y"
    )
    found = read(text)
    at(found)
    assert said in found.said
    at(read(text, t=header.removesuffix(",ms")))


@pytest.mark.parametrize(
    ("header", "write", "step"),
    [
        ("Date,Time", lambda t: f"{stamped(t):%m/%d/%Y},{stamped(t):%I:%M}{'ap'[stamped(t).hour > 11]}", 3600),
        ("date,hour", lambda t: f"{stamped(t - 3600):%Y-%m-%d},{stamped(t - 3600).hour + 1}", 3600),
        ("Date,Time", lambda t: f"{stamped(t - 3600):%Y-%m-%d},{stamped(t - 3600).hour + 1:02d}:00", 3600),
        ("Date,Time", lambda t: f"{t // 86_400 + 25_569:.0f},{t % 86_400 / 86_400:.9f}", 60),
    ],
)  # fmt: skip
def test_dates_and_the_hour_beside(
    read: Callable[..., Read], header: str, write: Callable[[float], str], step: int
) -> None:
    """As weather stations, markets (hours end, up to 24) and spreadsheets have them."""
    at(read(written(write, 60, step, header)), step=step)


@pytest.mark.parametrize(
    ("header", "write"),
    [
        ("Date,Time", "%d%m%Y,%H%M%S"),
        ("Date,Time", "%y%m%d,%H%M%S"),
        ("YYMMDD,HHMMSS", "%y%m%d,%H%M%S"),
        ("YYYYMMDD,HHMMSS", "%Y%m%d,%H%M%S"),
        ("Data,Ora", "%d/%m/%Y,%H.%M.%S"),
        ("Päivä,Aika", "%d.%m.%Y,%H.%M.%S"),
        ("Year,Day,Time", "%Y,%j,%H:%M:%S"),
    ],
)
def test_dates_and_times_without_signs_or_with_others(read: Callable[..., Read], header: str, write: str) -> None:
    at(read(written(lambda t: f"{stamped(t):{write}}", 120, 61, header)), 120, 61)


@pytest.mark.parametrize(
    ("zone", "east"),
    [
        ("CET", 1),
        ("+01:00", 1),
        ("+1", 1),
        ("1", 1),
        ("5.5", 5.5),
        ("60", 1),
        ("UTC+5:30", 5.5),
        ("-0300", -3),
        ("", None),
    ],
)
@pytest.mark.parametrize("write", ["%Y-%m-%d %H:%M:%S", "%Y-%m-%d,%H:%M:%S", "%Y%m%d,%H%M%S", "%Y,%m,%d,%H,%M,%S"])
def test_the_zone_in_a_column_of_its_own(read: Callable[..., Read], write: str, zone: str, east: float | None) -> None:
    """Beside a date and a time in columns of their own it was left out, and the times were hours off."""
    header = {0: "time", 1: "Date,Time", 5: "year,month,day,hour,minute,second"}[write.count(",")]
    found = read(written(lambda t: f"{stamped(t + 3600 * (east or 0)):{write}},{zone or 'Mars'}", name=f"{header},TZ"))
    at(found)
    said = "TZ is not read as a zone (such as 'Mars'): times are as of UTC" if east is None else "and TZ"
    assert said in found.said


@pytest.mark.parametrize("number", [lambda k: k % 3 + 1, lambda k: f"+{k % 3}", lambda k: f"Z{k % 3}"])
def test_numbers_of_zones_are_no_zones_of_times(read: Callable[..., Read], number: Callable[[int], object]) -> None:
    rows = ((f"{stamped(MARCH + k):%Y-%m-%d %H:%M:%S}", number(k), k % 17, k) for k in range(60))
    at(read(lines(rows, "time,zone,x,y")))


@pytest.mark.parametrize(
    ("write", "seconds"),
    [
        (lambda k: f"{k // 48}:{k // 2 % 24:02}:{k % 2 * 30:02}:30", lambda k: 1800 * k + 30),
        (lambda k: f"{k // 24:03}:{k % 24:02}:03:04.5", lambda k: 3600 * k + 184.5),
        (lambda k: f"10:00:{k // 100:02}:{k % 100:02}", lambda k: 36_000 + k / 100),
        (lambda k: f"{k // 24}d {k % 24:02}:03", lambda k: 3600 * k + 180),
        (lambda k: f"{k // 24} {k % 24:02}:03:04", lambda k: 3600 * k + 184),
        (lambda k: f"10:00:{k // 25:02}:{k % 25:02}", None),  # a film
        (lambda k: f"{k // 60:02}:{k % 60:02}:00:00", None),
    ],
)
def test_times_of_four_parts(
    read: Callable[..., Read], write: Callable[[int], str], seconds: Callable[[int], float] | None
) -> None:
    """0:01:02:03 has a day and an hour, or an hour and a minute: as one of them it goes on, or it is asked for."""
    found = read(lines(((write(k), k, k) for k in range(240)), "time,x,y"))
    if seconds is None:
        assert found.t is None
        assert "may be days or hours first: 0d 00:01:02 has days, --time-format %H:%M:%S:%f" in found.said
    else:
        np.testing.assert_allclose(found.t, [seconds(k) for k in range(240)], rtol=0, atol=1e-6)


def test_a_date_that_is_missing_makes_no_time_of_day(read: Callable[..., Read]) -> None:
    """Beside dates, it was of the first day of 1970."""
    rows = [(f"{stamped(MARCH + k):{'%H:%M:%S' if k % 9 == 4 else '%Y-%m-%d %H:%M:%S'}}", k, k) for k in range(60)]
    found = read(lines(rows))
    assert found.note == "7 rows skipped: 7 not a time (first in line 6: time '10:00:04')"
    assert found.t is not None
    assert found.t.min() == MARCH


def test_seconds_since_midnight_go_on_past_it(read: Callable[..., Read]) -> None:
    for name, per in (("time", 1), ("time_ms", 1000)):
        found = read(lines(((((36_000 + 900 * k) % 86_400) * per, k, k) for k in range(300)), f"{name},x,y"))
        assert found.t is not None
        np.testing.assert_array_equal(found.t, 36_000 + 900 * np.arange(300))
        assert (found.note, found.said[-10:]) == ("", "of the day")
    found = read(lines(((600 * (k % 100), k, k) for k in range(300)), "time,x,y"))  # 16 h each: a device starts again
    assert found.note.startswith("time steps back 2 times: a clock or counter that begins anew")


@pytest.mark.parametrize("names", ["Date,Time,Millitm", "year,month,day,hour,minute,second,Millisecond"])
def test_fractions_behind_times_in_several_columns(read: Callable[..., Read], names: str) -> None:
    form = "%m/%d/%Y,%H:%M:%S" if "Date" in names else "%Y,%m,%d,%H,%M,%S"
    rows = ((f"{stamped(MARCH + k // 8):{form}}", k % 8 * 125, k % 17, k) for k in range(60))
    text = lines(rows, f"{names},x,y")
    at(read(text), step=0.125)
    at(read(text, t=names), step=0.125)


@pytest.mark.parametrize(
    "names", ["secs,nsecs", "tv_sec,tv_usec", "Time,ms", "sec,usec", "stamp.sec,stamp.nanosec", "timestamp,millis"]
)
def test_fractions_of_seconds_in_a_column_of_their_own(read: Callable[..., Read], names: str) -> None:
    per = {"s": 10**9, "u": 10**6, "m": 10**3}["u" if "usec" in names else "s" if "n" in names.split(",")[1] else "m"]
    rows = ((int(MARCH) + k // 8, k % 8 * per // 8, k % 17, k) for k in range(60))
    found = read(lines(rows, f"{names},x,y"))
    at(found, step=0.125)
    assert "of each second" in found.said


def test_columns_of_ms_that_are_no_fractions_are_left_alone(read: Callable[..., Read]) -> None:
    rows = [(MARCH + k, 1000 * k, k % 17, k) for k in range(60)]
    at(read(lines(rows, "time,ms,x,y")))


@pytest.mark.parametrize(
    ("zone", "east"), [("CST", -6), ("BST", 1), ("EST", -5), ("AEST", 10), ("ACST", 9.5), ("JST", 9)]
)
def test_names_of_zones_are_said(read: Callable[..., Read], zone: str, east: float) -> None:
    local = timedelta(hours=east)
    found = read(written(lambda t: f"{datetime.fromtimestamp(t, UTC) + local:%Y-%m-%d %H:%M:%S} {zone}"))
    at(found)
    assert f"{zone} as UTC{east:+g}" in found.said


def test_an_unknown_zone_is_named_and_can_be_left_out(read: Callable[..., Read]) -> None:
    text = written(lambda t: f"{datetime.fromtimestamp(t, UTC):%Y-%m-%d %H:%M:%S} XYZ")
    assert "its zone XYZ is not known" in read(text).said
    at(read(text, time_format="%Y-%m-%d %H:%M:%S XYZ"))


@pytest.mark.parametrize(
    "write",
    ["%b %d %H:%M:%S", "%d/%m %H:%M:%S", "%d.%m. %H:%M", "%m-%d %H:%M:%S.%f", "%a %d %b %H:%M", "%d %b %H:%M:%S"],
)
def test_dates_without_a_year_are_named(read: Callable[..., Read], write: str) -> None:
    found = read(written(lambda t: f"{datetime.fromtimestamp(t, UTC):{write}}"))
    assert found.t is None
    assert "has no year: write it in front of the day" in found.said


@pytest.mark.parametrize(
    ("unit", "per"),
    [
        ("(ms)", 1000),
        ("ms", 1000),
        ("[us]", 10**6),
        ("min", 1 / 60),
        ("(s)", 1),
        ("hours", 1 / 3600),
        ("uur", 1 / 3600),
    ],
)
def test_the_unit_below_the_name_is_the_unit(read: Callable[..., Read], unit: str, per: float) -> None:
    rows = "".join(f"{k * 0.5 * per!r},{k % 17},{k}\n" for k in range(60))
    found = read(f"Time,x,y\n{unit},V,mV\n\n{rows}")
    assert found.t is not None
    np.testing.assert_allclose(found.t, np.arange(60) / 2, rtol=0, atol=1e-9)


def test_numbers_of_any_name_that_are_no_dates_are_left_alone(read: Callable[..., Read]) -> None:
    rng = np.random.default_rng(5)
    for column in (range(60), 1_772_359_200 + rng.permutation(60), [1_772_359_200] * 60, range(10**9 - 60, 10**9)):
        assert read(lines(((one, k, k) for k, one in enumerate(column)), "serial,x,y")).t is None


def test_typed_columns_of_parquet(tmp_path: Path) -> None:
    seconds = MARCH + np.arange(60)
    columns: list[tuple[str, Any]] = [
        ("Ticks", ((seconds + 62_135_596_800) * 1e7).astype(np.int64)),
        ("time", np.where(np.arange(60) < 30, seconds, seconds * 1000)),
        ("stamp", seconds),
    ]
    for name, values in columns:
        table = pa.table({name: values, "x": np.arange(60) % 17, "y": np.arange(60)})
        pyarrow.parquet.write_table(table, tmp_path / "a.parquet")
        at(Read(read_pairs(tmp_path / "a.parquet", "x", "y")))


def test_typed_times_of_parquet_that_go_back_or_past_midnight_or_stand_beside_their_date(tmp_path: Path) -> None:
    start = datetime(2026, 3, 1, 23, 59, 30)
    stamps = [start + timedelta(seconds=k) for k in range(60)]
    rest = {"x": np.arange(60) % 17, "y": np.arange(60)}
    clocks = pa.array([stamp.time() for stamp in stamps], pa.time64("us"))
    tables = {
        "newest first": pa.table({"time": stamps, **rest}).take(list(range(59, -1, -1))),
        "of day": pa.table({"time": clocks, **rest}),
        "two columns": pa.table({"date": pa.array([s.date() for s in stamps]), "time": clocks, **rest}),
    }
    first = start.replace(tzinfo=UTC).timestamp()
    for name, table in tables.items():
        pyarrow.parquet.write_table(table, tmp_path / "a.parquet")
        found = Read(read_pairs(tmp_path / "a.parquet", "x", "y"))
        zero = first - first // 86_400 * 86_400 if name == "of day" else first
        assert found.t is not None, name
        np.testing.assert_array_equal(found.t, zero + np.arange(60))
        np.testing.assert_array_equal(found.y, np.arange(60))
        assert found.note == ""


@pytest.mark.parametrize(
    "write", [lambda t: "2026-03-01T10:00:00Z", lambda t: "1772359200", lambda t: "01.03.2026"], ids=["iso", "s", "day"]
)
def test_a_clock_that_stands_still_is_none(read: Callable[..., Read], write: Callable[[float], str]) -> None:
    found = read(written(write))
    assert found.t is None
    assert found.said.endswith(f"no time in time: it stands still ({write(0)})")
    asked = read(written(write), t="time")
    assert asked.t is not None
    assert "time stands still" in asked.said
    assert read(written(write, n=7)).t is not None  # so few may have come at one moment
    live = written(write).encode()
    reader, writer = os.pipe()
    with os.fdopen(writer, "wb") as end, os.fdopen(reader, "rb") as start:
        end.write(live)
        end.flush()
        pairs = read_pairs("-", "x", "y", stdin=start)  # more may come, and later
        assert pairs.timed


@pytest.mark.parametrize(("most", "unit"), [(49, 1), (23, 60)])
def test_minutes_and_seconds_look_like_hours_and_minutes(read: Callable[..., Read], most: int, unit: int) -> None:
    steps = range(0, 60 * most + 50, 10)
    found = read(lines(((f"{k // 60:02}:{k % 60:02}", k, k) for k in steps), "elapsed,x,y"))
    np.testing.assert_array_equal(found.t, [k * unit for k in steps])
    assert found.said.endswith("minutes and seconds (MM:SS)" if unit == 1 else "times of day (HH:MM), without a date")
