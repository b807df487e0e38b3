"""Times and numbers as other countries and programs write them: the right values, or what is wrong in words."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from logger_files import MARCH, Read, lines, read_file

from streammi.errors import ConfigError

HALVES = {"zh": ("上午", "下午"), "ja": ("午前", "午後"), "ko": ("오전", "오후"), "el": ("πμ", "μμ"), "ar": ("ص", "م")}
HALVES_BEHIND = ["vorm. nachm.", "de. du.", "ap. ip.", "ÖÖ ÖS", "SA CH", "ق.ظ ب.ظ", "A P"]


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Read]:
    return partial(read_file, tmp_path / "logger.csv")


def table(write: Callable[[datetime], str], step: int = 3600, n: int = 60, delimiter: str = ";") -> str:
    """Rows an hour apart, with their time as it is written, x and y."""
    rows = ((write(datetime.fromtimestamp(MARCH + k * step, UTC)), k % 17, k) for k in range(n))
    return lines(rows, "time,x,y", delimiter)


def right(found: Read, step: float = 3600, n: int = 60) -> None:
    assert found.t is not None
    np.testing.assert_allclose(found.t, MARCH + step * np.arange(n), rtol=0, atol=1e-3)
    np.testing.assert_array_equal(found.y, np.arange(n))
    assert found.note == ""


@pytest.mark.parametrize("blank", ["\u202f", "\u00a0", " ", ""])
def test_the_blank_before_am_and_pm(read: Callable[..., Read], blank: str) -> None:
    """That of browsers, Java and .NET since CLDR 42 is a narrow one that breaks no line."""
    right(read(table(lambda t: f"{t:%m/%d/%Y, %I:%M:%S}{blank}{t:%p}")))


@pytest.mark.parametrize("language", HALVES)
def test_halves_of_the_day(read: Callable[..., Read], language: str) -> None:
    for write in ("{half} {time}", "{time} {half}", "{half}{time}"):
        right(
            read(
                table(
                    lambda t, write=write: (  # type: ignore[misc]
                        f"{t:%Y/%m/%d} " + write.format(half=HALVES[language][t.hour >= 12], time=f"{t:%I:%M:%S}")
                    )
                )
            )
        )


@pytest.mark.parametrize("halves", HALVES_BEHIND)
def test_halves_of_the_day_behind_the_time(read: Callable[..., Read], halves: str) -> None:
    right(read(table(lambda t: f"{t:%d.%m.%Y %I:%M} {halves.split()[t.hour >= 12]}")))


def test_boards_that_fill_up_nothing(read: Callable[..., Read]) -> None:
    for write in ("{t.year}/{t.month}/{t.day} {t.hour}:{t.minute}:{t.second}", "{t.day}-{t:%b-%y} {t.hour}:{t.minute}"):
        right(read(table(lambda t, write=write: write.format(t=t))))  # type: ignore[misc]


@pytest.mark.parametrize(
    ("name", "pattern"),
    [
        ("Fecha", "%d/%m/%Y %H:%M"),
        ("Date/Heure", "%d/%m/%Y %H:%M"),
        ("YYMMDDHHMM", "%y%m%d%H%M"),
        ("time (dd/mm/yy)", "%d/%m/%y %H:%M"),
        ("mm-dd-yyyy time", "%m-%d-%Y %H:%M"),
    ],
)
def test_names_tell_the_order_of_day_and_month(read: Callable[..., Read], name: str, pattern: str) -> None:
    right(read(table(lambda t: f"{t:{pattern}}", step=60).replace("time", name, 1), t=name), step=60)


@pytest.mark.parametrize(
    "pattern",
    [
        "%Y年%m月%d日 %H时%M分%S秒",
        "%Y年%m月%d日 %H:%M",
        "%Y年%m月%d日(日) %H時%M分",
        "%Y. %m. %d. %H:%M:%S",
        "%Y년 %m월 %d일 %H시 %M분",
        "[%d/%b/%Y:%H:%M:%S +0000]",
        "%Y-%jT%H:%M:%SZ",
        "%Y-%m-%d-%H-%M-%S",
        "%Y-%m-%d_%H-%M-%S",
        "%Y-%m-%d %H:%M:%S GMT+0",
        "%a %b %d %Y %H:%M:%S GMT+0000 (Coordinated Universal Time)",
        "%y%m%d%H%M%S",
        "%y%m%d%H%M",
        "%y-%m-%d %H:%M:%S",
        "%G-W%V-%uT%H:%M:%S",
        "%Y%jT%H%M%S",
        "%Y:%j:%H:%M:%S.000",
        "%Y/%j-%H:%M:%S",
        "%Y_%m_%d_%H_%M_%S",
        "%Y.%m.%d.%H.%M.%S",
        "%d%b%Y:%H:%M:%S",
        "%d%b%y %H:%M",
        "%Y-%m-%dT%HZ",
        "%Y%m%d %H",
        "%Y-%m-%d %I%p",
        "%d.%m.%Y %H Uhr",
        "%d.%m.%Y klo %H.%M",
        "%B %d, %Y at %I:%M %p",
        "%Y-%m-%d %H:%M:%S.000000000 +0000 UTC",
        "%Y-%m-%d %H:%M:%S (UTC)",
        "'%Y-%m-%d %H:%M:%S'",
        '="%Y-%m-%d %H:%M:%S"',
        "/Date(%s000)/",
        "\\/Date(%s000+0100)\\/",
        "@%s",
        "%ss",
        "%d. %m. %Y %H:%M:%S",
        "%Y-%m-%dt%H:%M:%S.0z",
        "%Y-%m-%d %H:%M:%S UTC+0:00",
        "%d%m%Y %H%M%S",
        "%y%m%d_%H%M%S",
        "%GW%V%uT%H%M%S",
        "%Y%j%H%M%S",
        "%d%m%Y%H%M%S",
        "%d%m%y%H%M%S",
        "%Y%m%d%H%M%S.000",
        "%Y%m%d%H%M%S,000",
        "%d/%m/%Y à %Hh%M",
        "%d/%m/%Y a las %H:%M:%S",
    ],
)
def test_dates(read: Callable[..., Read], pattern: str) -> None:
    right(read(table(lambda t: f"{t:{pattern}}")))


@pytest.mark.parametrize(
    ("step", "pattern"), [(86_400, "%G-W%V-%u"), (86_400, "%GW%V%u"), (7 * 86_400, "%G-W%V"), (86_400, "%Y-%j")]
)
def test_weeks_and_days_of_the_year_over_new_year(read: Callable[..., Read], step: int, pattern: str) -> None:
    """2026 begins on a Thursday, and has 53 weeks."""
    start = datetime(2025, 12, 1, tzinfo=UTC)  # a Monday
    found = read(lines(((f"{start + timedelta(seconds=k * step):{pattern}}", k, k) for k in range(80)), "time,x,y"))
    assert found.t is not None
    np.testing.assert_array_equal(found.t, start.timestamp() + step * np.arange(80))
    assert found.note == ""
    assert read(lines((f"2025-W{w}-1", w, w) for w in (51, 52, 53, *range(10, 50)))).note.startswith("1 row skipped")


def test_months_and_suffixes_of_days(read: Callable[..., Read]) -> None:
    def th(day: int) -> str:
        return f"{day}{'th' if day // 10 == 1 else {1: 'st', 2: 'nd', 3: 'rd'}.get(day % 10, 'th')}"

    days = [datetime(2026, 3, 1, tzinfo=UTC) + timedelta(days=k) for k in range(60)]
    for write in ("{th} {t:%B %Y %H:%M}", "{t:%B} {th}, {t:%Y %H:%M}", "{t.day} de {t:%B} de {t:%Y %H:%M}"):
        rows = [(write.format(t=t, th=th(t.day)), k, k) for k, t in enumerate(days)]
        found = read(lines(rows, "time,x,y", ";"))
        assert found.t is not None
        np.testing.assert_array_equal(found.t, [t.timestamp() for t in days])
    months = [datetime(2024 + k // 12, k % 12 + 1, 1, tzinfo=UTC) for k in range(30)]
    for pattern in ("%Y-%m", "%b %Y", "%Y/%m"):
        found = read(lines(((f"{t:{pattern}}", k, k) for k, t in enumerate(months)), "date,x,y"))
        assert found.t is not None
        np.testing.assert_array_equal(found.t, [t.timestamp() for t in months])


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("{y}/{t:%m/%d %H:%M}", "years of the Buddhist calendar (2569 is 2026)"),
        ("令和{era}年{t.month}月{t.day}日 {t:%H:%M}", ""),
        ("民國{roc}年{t.month}月{t.day}日 {t:%H:%M}", ""),
    ],
)
def test_years_of_other_eras(read: Callable[..., Read], written: str, said: str) -> None:
    found = read(table(lambda t: written.format(t=t, y=t.year + 543, era=t.year - 2018, roc=t.year - 1911)))
    right(found)
    assert said in found.said
    found = read(table(lambda t: f"1404/12/{10 + t.day} {t:%H:%M}"))
    assert found.t is None
    assert "its year 1404 is of another calendar" in found.said


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "EST5EDT"])
def test_places_as_zones_over_the_change_of_summer_time(read: Callable[..., Read], zone: str) -> None:
    """Behind each time, with the offset before it as Java writes it, and in the name of the column."""
    start = datetime(2026, 3, 1, tzinfo=UTC)
    local = [(start + timedelta(hours=9 * k)).astimezone(ZoneInfo(zone)) for k in range(120)]
    texts = [f"{t:%Y-%m-%d %H:%M:%S}" for t in local]
    for name, behind in (("time", f" {zone}"), ("time", "{offset}[" + zone + "]"), (f"time ({zone})", "")):
        rows = [
            (text + behind.format(offset=t.isoformat()[-6:]), k, k)
            for k, (text, t) in enumerate(zip(texts, local, strict=True))
        ]
        found = read(lines(rows, f"{name},x,y"))
        assert found.t is not None
        np.testing.assert_array_equal(found.t, start.timestamp() + 9 * 3600 * np.arange(120))
    assert f"{zone}, as its name says" in found.said
    assert "its zone Europe/Nowhere is not known" in read(table(lambda t: f"{t:%Y-%m-%d %H:%M} Europe/Nowhere")).said


@pytest.mark.parametrize("name", ["time (CET)", '"Date Time, GMT+01:00"', "Timestamp [UTC+1]", "time_CET"])
def test_the_zone_in_the_name_of_a_column(read: Callable[..., Read], name: str) -> None:
    """As HOBO and others write it: the times were an hour late without a word."""
    hour = timedelta(hours=1)
    for write in ("%Y-%m-%d %H:%M:%S", "%Y%m%d%H%M%S"):
        text = table(lambda t, write=write: f"{t + hour:{write}}", delimiter=",")  # type: ignore[misc]
        found = read(text.replace("time", name, 1))
        right(found)
        assert "as its name says" in found.said
    right(
        read(table(lambda t: f"{t:%Y-%m-%d %H:%M:%S}Z", delimiter=",").replace("time", name, 1))
    )  # its own comes first


@pytest.mark.parametrize(
    "write",
    [
        lambda s: f"PT{s // 3600}H{s // 60 % 60}M{s % 60}S",
        lambda s: f"P{s // 86_400}DT{s % 86_400 / 3600:.9f}H",
        lambda s: f"{s // 3600} h {s // 60 % 60} min {s % 60} s",
        lambda s: f"{s // 60}m{s % 60}s",
        lambda s: f"{s // 86_400}d {s // 3600 % 24:02}h {s // 60 % 60:02}m {s % 60:02}s",
        lambda s: f"{s * 1000} ms",
        lambda s: f"{s / 60:.9f} min",
        lambda s: f"+{s // 3600:02}:{s // 60 % 60:02}:{s % 60:02}",
        lambda s: f"T+{s // 3600:02}:{s // 60 % 60:02}:{s % 60:02}",
        lambda s: f"T+{s}",
    ],
)
def test_spans_with_their_units(read: Callable[..., Read], write: Callable[[int], str]) -> None:
    found = read(lines(((write(977 * k), k, k) for k in range(120)), "time,x,y", ";"))
    assert found.t is not None
    np.testing.assert_allclose(found.t, 977.0 * np.arange(120), rtol=0, atol=1e-3)
    assert "from its start" in found.said


def test_times_of_receivers_of_gps(read: Callable[..., Read]) -> None:
    """RMC has hhmmss.ss, and ddmmyy: numbers that step by 41 at each minute."""
    times = [datetime(2026, 3, 31, 23, 50, tzinfo=UTC) + timedelta(seconds=7.5 * k) for k in range(100)]
    rows = ((f"{t:%d%m%y}", f"{t:%H%M%S}.{t.microsecond // 10_000:02}", k, k) for k, t in enumerate(times))
    found = read(lines(rows, "date,utc,x,y"))
    assert found.t is not None
    np.testing.assert_array_equal(found.t, [t.timestamp() for t in times])
    alone = ((f"{t:%H%M%S}.{t.microsecond // 10_000:02}", k, k) for k, t in enumerate(times[:80]))
    found = read(lines(alone, "utc,x,y"))
    assert found.t is not None
    np.testing.assert_array_equal(found.t - found.t[0], 7.5 * np.arange(80))


@pytest.mark.parametrize(
    "write",
    [
        lambda t: f"{t + timedelta(hours=1):%Y-%m-%d %H:%M:%S} CET",
        lambda t: f"{t:%a, %d %b %Y %H:%M:%S} GMT",
        lambda t: f"{t:%d.%m.%Y %H:%M:%S}",
        lambda t: f"{t.day}/{t.month}/{t.year} {t:%H:%M:%S}",  # day 13 and above
        lambda t: f"/Date({t.timestamp() * 1000:.0f})/",
        lambda t: {"sec": int(t.timestamp()), "nanosec": 0},
        lambda t: {"seconds": f"{t.timestamp():.0f}", "nanos": 0},
        lambda t: {"$date": {"$numberLong": f"{t.timestamp() * 1000:.0f}"}},
        lambda t: [t.year, t.month, t.day, t.hour, t.minute, t.second, 0],
    ],
)
def test_times_in_json(read: Callable[..., Read], write: Callable[[datetime], object]) -> None:
    start = datetime(2026, 3, 13, 10, tzinfo=UTC)
    times = [start + timedelta(seconds=k) for k in range(40)]
    found = read("".join(json.dumps({"time": write(t), "x": k, "y": k}) + "\n" for k, t in enumerate(times)))
    assert found.t is not None
    np.testing.assert_array_equal(found.t, start.timestamp() + np.arange(40))
    for text in ("03/01/2026 10:00", "10:00", "2026-13-01 10:00", [2026, 13, 1, 10, 0]):
        assert read(json.dumps({"time": text, "x": 1, "y": 2}) * 3).t is None


@pytest.mark.parametrize(
    "march",
    [
        "marzo",
        "março",
        "mrt",
        "мар",
        "марта",
        "März",
        "mars",
        "mar.",
        "marca",
        "března",
        "Mart",
        "maaliskuu",
        "márc.",
        "Μαρ",
        "бер",
    ],
)
def test_months(read: Callable[..., Read], march: str) -> None:
    right(read(table(lambda t: f"{t.day} {march} {t:%Y %H:%M:%S}", n=40)), n=40)


@pytest.mark.parametrize("zone", ["+1", "+01", "+01:00", "GMT+1", "UTC+01:00", "GMT+0100 (CET)"])
def test_offsets(read: Callable[..., Read], zone: str) -> None:
    hour = timedelta(hours=1)
    right(read(table(lambda t: f"{t + hour:%Y-%m-%d %H:%M:%S} {zone}")))


@pytest.mark.parametrize(
    "write", ["{d}.{h:02}:00:00", "{d}d {h:02}:00:00", "{d} days {h:02}:00:00", "{d} day, {h}:00:00"]
)
def test_spans_of_days_go_on(read: Callable[..., Read], write: str) -> None:
    """As .NET, loggers, pandas and Python write them; those of .NET were taken for minutes of one day."""
    found = read(
        table(lambda t: write.format(d=int(t.timestamp() - MARCH) // 86_400, h=int(t.timestamp() - MARCH) // 3600 % 24))
    )
    assert found.t is not None
    np.testing.assert_array_equal(found.t, 3600.0 * np.arange(60))


def test_a_clock_of_twelve_hours_without_am_and_pm_is_named(read: Callable[..., Read]) -> None:
    found = read(table(lambda t: f"{t:%Y-%m-%d %I:%M:%S}"))
    assert found.note == (
        "time steps back 5 times: a clock of twelve hours without AM and PM; streammi takes 24 hours, or AM and PM"
    )
    text = table(lambda t: f"{t:%Y-%m-%d %H:%M:%S}", step=60).split("\n")
    assert "rows out of order" in read("\n".join([*text[:30], *text[20:]])).note


@pytest.mark.parametrize("week", [2408, 2408 - 2048])
@pytest.mark.parametrize(("name", "per"), [("TOW", 1), ("sow", 1), ("iTOW", 1000)])
def test_weeks_of_gps(read: Callable[..., Read], week: int, name: str, per: int) -> None:
    """2026-03-01T10:00:00Z is second 36,018 of week 2408: 18 s ahead of UTC. A receiver of 10 bits begins anew."""
    start = 604_800 - 20  # into the next week
    rows = ((week + (start + k) // 604_800, (start + k) % 604_800 * per, k % 17, k) for k in range(60))
    found = read(lines(rows, f"GPS week,{name},x,y"))
    assert found.t is not None
    np.testing.assert_array_equal(found.t, MARCH + start - 36_018 + np.arange(60))
    assert f"time in GPS week and {name}, as GPS counts weeks" in found.said
    assert ("(2048 more)" in found.said) == (week < 1024)
    assert (
        read(lines(((week, 36_018 * per + k * per, 1, k) for k in range(9)), f"week,{name},x,y"), t=f"week,{name}").t
        is not None
    )


def test_two_digits_of_a_year_are_those_of_our_days_where_the_rest_decides_nothing(read: Callable[..., Read]) -> None:
    found = read(table(lambda t: f"{t:%y/%m/%d %H:%M:%S}", step=1))
    right(found, step=1)
    assert "YY/MM/DD (such as 26/03/01 10:00:00), which nothing in it decides (--time-format does)" in found.said


# numbers and text


@pytest.mark.parametrize(
    ("texts", "values"),
    [
        (["1\u2009234,5", "12\u2009345,25", "7,5"], [1234.5, 12345.25, 7.5]),  # thin blanks, as SI has it
        (["1\u2007234.5", "12\u2007345.25", "7.5"], [1234.5, 12345.25, 7.5]),
        (["\u20131.5", "- 2.5", "+ 3", "\ufeff4", "\u200e5\u200b"], [-1.5, -2.5, 3, 4, 5]),
        (["1.234.567", "999.888", "1"], [1234567, 999888, 1]),  # several points: none of them is decimal
        (["1,234,567", "999,888", "1"], [1234567, 999888, 1]),
        (["1,50 €", "12,25 €", "-3 €"], [1.5, 12.25, -3]),  # the unit hides that commas are decimal
        (["3,2 kW", "1.003,2 kW", "1 kW"], [3.2, 1003.2, 1]),
        (["USD 1.50", "USD 1,200.25", "USD -3"], [1.5, 1200.25, -3]),
        (["'1.5", "'2.5'", "3"], [1.5, 2.5, 3]),
        (["1_234.5", "1_000_000", "7.25"], [1234.5, 1e6, 7.25]),
        (["OUI", "NON"], [1, 0]),
    ],
)
def test_numbers_as_people_and_programs_write_them(
    read: Callable[..., Read], texts: list[str], values: list[float]
) -> None:
    found = read(lines(((k, texts[k % len(texts)], k) for k in range(60)), delimiter=";"))
    np.testing.assert_array_equal(found.x, np.resize(values, 60))
    assert found.note == ""


def test_what_is_no_value_and_what_is_no_number(read: Callable[..., Read]) -> None:
    """The first are missing, in a row that counts; the others are skipped, with the line."""
    missing = [
        "#BEZUG!",
        "#DIV/0!",
        "#¡VALOR!",
        "-1.#IND00",
        "1.#QNAN",
        "1.#J",
        "nan(0x8)",
        "\\N",
        "(null)",
        "<NULL>",
        "nil",
    ]
    found = read(lines((k, text, k) for k, text in enumerate(["1.5", *missing, "1.#INF", "-1.#INF00", "∞", "2.5"] * 3)))
    np.testing.assert_array_equal(found.x, np.tile([1.5, *[np.nan] * len(missing), np.inf, -np.inf, np.inf, 2.5], 3))
    for text in ("1_2", "2026_03_01", "1..5", "+-1", "OL", "<0.5"):
        found = read(lines((k, text if k % 4 == 1 else 0.5, k) for k in range(40)))
        assert found.x.tolist() == [0.5] * 30
        assert f"10 not a number (first in line 3: x '{text}')" in found.note


def test_a_minus_behind(read: Callable[..., Read]) -> None:
    """As SAP writes it; left out, all that is below 0 was missing."""
    found = read(lines(((k, f"{k},25-" if k % 2 else f"1.00{k % 10},5-", k) for k in range(60)), delimiter=";"))
    np.testing.assert_array_equal(found.x, [-k - 0.25 if k % 2 else -1000.5 - k % 10 for k in range(60)])
    assert found.note == ""


def test_a_unit_that_only_some_have_is_said(read: Callable[..., Read]) -> None:
    text = lines((k, f"{k + 1} %" if k % 3 else (k + 1) / 100, k) for k in range(60))
    assert "x in %, also where none stands (0.01)" in read(text).said
    assert "x in %" in read(text.replace(",0.", ",0;0.")).said


@pytest.mark.parametrize(
    ("encoding", "name"), [("cp1251", "темп"), ("shift_jis", "温度"), ("gb18030", "温度"), ("cp1252", "größe")]
)
def test_names_tell_the_encoding(read: Callable[..., Read], encoding: str, name: str) -> None:
    text = lines(((k, k % 17, k) for k in range(60)), f"n,{name},y")
    found = read(text.encode(encoding), name)
    np.testing.assert_array_equal(found.x, np.arange(60) % 17)
    assert encoding.upper() in found.said


def test_pages_of_a_printer(read: Callable[..., Read]) -> None:
    rows = table(str).split("\n")
    right(read("\n".join([*rows[:20], "\f" + rows[20], *rows[21:40], "\f", *rows[40:]])))


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda text: text.replace("\n", "\0\n"), r"line 1 has the byte 0x00, as no text has: tr -d '\\000'"),
        (lambda text: text.replace(";", "\x1f"), r"line 1 has the byte 0x1F, as no text has: tr '\\037' ,"),
    ],
)
def test_bytes_that_no_text_has_are_named(read: Callable[..., Read], change: Callable[[str], str], why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        read(change(table(str)))
