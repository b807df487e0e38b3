"""Times and numbers as other countries and programs write them: the right values, or what is wrong in words."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from logger_files import MARCH, Read, lines, read_file

from streammi.errors import ConfigError

HALVES = {"zh": ("上午", "下午"), "ja": ("午前", "午後"), "ko": ("오전", "오후"), "el": ("πμ", "μμ"), "ar": ("ص", "م")}


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
    ],
)
def test_dates(read: Callable[..., Read], pattern: str) -> None:
    right(read(table(lambda t: f"{t:{pattern}}")))


@pytest.mark.parametrize("march", ["marzo", "março", "mrt", "мар", "марта", "März", "mars", "mar."])
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
