"""Times that are numbers: what they count, told by their name, their size and their steps."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

import numpy as np
import pyarrow as pa

from streammi.errors import ConfigError
from streammi.ingest.files.file_options import FileOptions
from streammi.ingest.files.numbers.number_format import NumberFormat
from streammi.ingest.files.times.date_forms import form_of
from streammi.ingest.files.times.time_format import READABLE, TimeFormat, directed, epoch_seconds, in_order
from streammi.ingest.files.times.time_of_day import begin_anew_each_day, evenness
from streammi.ingest.files.times.time_zones import zone_in_name
from streammi.ingest.time_units import (
    DATES,
    DAY,
    LAST,
    TICKS,
    UNITS,
    Unit,
    date_unit_in_name,
    epoch_unit,
    is_ticks,
    time_unit,
    unit_in_name,
)  # fmt: skip
from streammi.records import FloatArray

LIKELY: Final = (1_104_537_600.0, 1_924_992_000.0)  # 2005 to 2031, s since 1970: when recordings are from
OLD: Final = 1_609_459_200.0  # 2021: a time since 1970 that is earlier may be one of today by another clock
POSSIBLE: Final = (315_532_800.0, 2_840_140_800.0)  # 1980 to 2060, s since 1970
_COMPACT: Final = {
    7: "YYYYDDD",
    8: "YYYYMMDD",
    10: "YYYYMMDDHH",
    11: "YYYYDDDHHMM",
    12: "YYYYMMDDHHMM",
    13: "YYYYDDDHHMMSS",
    14: "YYYYMMDDHHMMSS",
    17: "YYYYMMDDHHMMSSmmm",
}
_COMPACT_FORMS: Final = {
    7: re.compile(r"(?P<Y>\d{4})(?P<j>\d{3})"),
    8: form_of("%Y%m%d"),
    10: re.compile(r"(?P<Y>\d{4})(?P<m>\d\d)(?P<d>\d\d)(?P<H>\d\d)"),
    11: re.compile(r"(?P<Y>\d{4})(?P<j>\d{3})(?P<H>\d\d)(?P<M>[0-5]\d)"),
    12: re.compile(r"(?P<Y>\d{4})(?P<m>\d\d)(?P<d>\d\d)(?P<H>\d\d)(?P<M>\d\d)"),
    13: re.compile(r"(?P<Y>\d{4})(?P<j>\d{3})(?P<H>\d\d)(?P<M>[0-5]\d)(?P<S>[0-5]\d)"),
    14: re.compile(r"(?P<Y>\d{4})(?P<m>\d\d)(?P<d>\d\d)(?P<H>\d\d)(?P<M>\d\d)(?P<S>\d\d)(?:[.,](?P<f>\d{1,9}))?"),
    17: re.compile(r"(?P<Y>\d{4})(?P<m>\d\d)(?P<d>\d\d)(?P<H>\d\d)(?P<M>\d\d)(?P<S>\d\d)(?P<f>\d{3})"),
}
# Of two digits a year, or the day first. A number may be such a date by chance: it must be one of our days, and go on
# as dates do.
_CLOCKS: Final = {"": "", "HHMM": r"(?P<H>\d\d)(?P<M>\d\d)", "HHMMSS": r"(?P<H>\d\d)(?P<M>\d\d)(?P<S>\d\d)"}
_SHORT: Final = {
    f"{day}{clock}": re.compile(date + of_day)
    for clock, of_day in _CLOCKS.items()
    for day, date in (
        ("YYMMDD", r"(?P<Y>\d\d)(?P<m>\d\d)(?P<d>\d\d)"),
        ("DDMMYY", r"(?P<d>\d\d)(?P<m>\d\d)(?P<Y>\d\d)"),
        ("DDMMYYYY", r"(?P<d>\d\d)(?P<m>\d\d)(?P<Y>\d{4})"),
        ("MMDDYYYY", r"(?P<m>\d\d)(?P<d>\d\d)(?P<Y>\d{4})"),
    )
}
SHORT_FROM: Final = 8  # of them
SECONDS: Final = 14  # digits of a date to its seconds,
_SECONDS_WITH_PARTS: Final = re.compile(r"(?:19|20)\d{12}[.,]\d*")  # behind which there may be parts of one
HHMMSS: Final = re.compile(r"(?P<H>[01]\d|2[0-3])(?P<M>[0-5]\d)(?P<S>[0-5]\d)\.(?P<f>\d{1,9})")
_OF_UTC: Final = re.compile(r"utc|hh|hms|gps", re.IGNORECASE)
_OF_YEAR: Final = re.compile(r"date|datum|day|doy|jul|yyyyddd", re.IGNORECASE)
_DOY: Final = re.compile(r"doy|day.?of.?year|j(?:ulian|ul)?.?day|yday|jahrestag", re.IGNORECASE)
_YEARS: Final = re.compile(r"year|decimal.?date|jahr|ann[ée]e", re.IGNORECASE)
FAST: Final = 2e-4  # of a step: as one of days 17 s, of seconds 5 kHz, for which uptimes have no digits
AGE: Final = 3_155_760_000.0  # 100 years, s: nothing has been up for so long
_OF_DAYS: Final = re.compile(r"date|datum|fecha|stamp|excel|day", re.IGNORECASE)
# Between these numbers, days are of the years 2010 to 2050 since 1970, and of 1980 to 2060 by other counts; those of
# spreadsheets only to 2041, as 2000 of the next one is behind it.
_DAYS: Final = (
    ("d", 14_610, 29_221), ("excel", 29_221, 51_544), ("mjd", 51_544, 80_000), ("matlab", 690_000, 780_000),
    ("jd", 2_430_000, 2_480_000),
)  # fmt: skip


def numeric_format(name: str, values: FloatArray, asked: FileOptions) -> TimeFormat | None:
    """How the times of a column of numbers are written; None where they are none."""
    finite = values[np.isfinite(values)]
    whole = bool((finite == np.floor(finite)).all())
    texts = [f"{value:.0f}" if whole else repr(value) for value in finite.tolist()]
    return format_of_numbers(name, texts, finite, NumberFormat(), asked) if finite.size else None


def format_of_numbers(
    name: str, texts: Sequence[str], values: FloatArray, numbers: NumberFormat, asked: FileOptions
) -> TimeFormat | None:
    """How times are written that are these numbers, as these texts."""
    given = time_unit(asked.time_unit)
    finite = values[np.isfinite(values)]
    if not finite.size:
        return None
    if given is None and (compact := _compact(name, texts)) is not None:
        return in_order(_in_zone_of(name, compact), texts)
    unit, said, epoch = (given, "", False) if given else _unit_of(name, finite, texts)
    form = TimeFormat(unit=unit, numbers=numbers, epoch=epoch, said=said)
    if begin_anew_each_day(unit.array(finite)):
        return form._replace(of_day=True, epoch=False, said=f"{unit.words} of the day")
    return directed(form, form.seconds(pa.array(finite)))


def _in_zone_of(name: str, form: TimeFormat) -> TimeFormat:
    zone = "" if form.of_day else zone_in_name(name)
    return form._replace(zone=zone, said=f"{form.said}, {zone}, as its name says") if zone else form


def _compact(name: str, texts: Sequence[str]) -> TimeFormat | None:
    """Dates as whole numbers: 20260301, 202603011000, ...; all of them must be in the calendar."""
    size = len(texts[0])
    if size > 7 and texts[0][6] == ".":
        return _of_day_with_fraction(name, texts)
    if _SECONDS_WITH_PARTS.fullmatch(texts[0]):
        texts, size = [text.replace(",", ".").partition(".")[0] for text in texts], SECONDS
    if size == 7 and not _OF_YEAR.search(name):  # which may be any number
        return None
    if size not in (6, *_COMPACT) or not all(len(text) == size and text.isascii() and text.isdigit() for text in texts):
        return None
    if size == 6 or not all("1900" <= text[:4] <= "2100" for text in texts):
        return _short(name, texts)
    form = TimeFormat(forms=(_COMPACT_FORMS[size],), said=_COMPACT[size])
    return form if np.isfinite(form.seconds(pa.array(texts, pa.string()))).all() else None


def _of_day_with_fraction(name: str, texts: Sequence[str]) -> TimeFormat | None:
    """Times of day as receivers of GPS write them, 100000.00: they go on as such, and not as numbers."""
    if not all(len(text) == len(texts[0]) and HHMMSS.fullmatch(text) for text in texts):
        return None
    form = TimeFormat(forms=(HHMMSS,), of_day=True, said="times of day (HHMMSS), without a date")
    seconds = form.seconds(pa.array(texts, pa.string()))
    told = _OF_UTC.search(name) or any(text.startswith("0") for text in texts)
    evener = evenness(seconds) > evenness(np.array(texts, dtype=np.float64))
    return form if np.isfinite(seconds).all() and (told or evener) else None


def _short(name: str, texts: Sequence[str]) -> TimeFormat | None:
    """Dates as whole numbers with two digits of the year, 260301100000: as such they are of our days, and go on."""
    size, called = len(texts[0]), re.sub(r"[^A-Z]", "", name.upper())
    ways = [words for words in _SHORT if len(words) == size]
    told = [words for words in ways if words in called]
    ways = told[:1] or ways
    if not ways or len(set(texts)) < SHORT_FROM:
        return None
    fields, numbers = pa.array(texts, pa.string()), evenness(np.array(texts, dtype=np.float64))
    found: list[tuple[float, str, TimeFormat]] = []
    for words in ways:
        form = TimeFormat(forms=(_SHORT[words],))
        seconds = form.seconds(fields)
        of_our_days = bool(((seconds >= LIKELY[0]) & (seconds < LIKELY[1])).all())
        if of_our_days and (told or evenness(seconds) > numbers or size == 12 or texts[0][0] == "0"):
            found.append((float(np.abs(np.diff(seconds)).sum()), words, form))
    if not found:
        return None
    least, words, form = min(found, key=lambda one: one[0])
    others = [other for far, other, _ in found if other != words and far < 2 * least]
    open_ = f" (such as {texts[0]}), or {' or '.join(others)} (--time-format says which)" if others else ""
    return form._replace(said=words + open_)


def _unit_of(name: str, values: FloatArray, texts: Sequence[str]) -> tuple[Unit, str, bool]:
    """The unit of numeric times, what is said of it, nothing where it is certain, and whether they are since 1970."""
    if (dates := _of_dates(name, values)) is not None:
        return dates, _dates_said(dates, values, name), False
    named = unit_in_name(name)
    epoch = epoch_unit(float(np.median(values)))
    known = np.isfinite(epoch_seconds(values))
    if epoch is not None and known.mean() >= READABLE:
        other = named is not None and named is not epoch and named in TICKS
        if not (other and named is not None and float(np.median(values)) / named.per < LAST):
            return epoch, _epoch_words(epoch, values[known]), True
    if named is not None:
        return named, f"{named.words}, as its name says", False
    if (of_year := _of_year(name, values)) is not None:
        return of_year
    if (days := _days(name, values, texts)) is not None:
        return days, _dates_said(days, values, name), False
    unit = _by_steps(values)
    likely = [one for one in DATES if _is_likely(one, values)]
    if likely and unit.one(float(values.min())) > AGE:
        return likely[0], _dates_said(likely[0], values, name), False
    ways = ["ms" if unit is TICKS[0] else "s", *_others(values)]
    return (
        unit,
        f"{unit.words} from its start, by its steps (--time-unit {', '.join(ways)}, ... if they are not)",
        False,
    )


def _of_year(name: str, values: FloatArray) -> tuple[Unit, str, bool] | None:
    """The unit of days of a year, and of years, with their parts behind the point; None for other numbers."""
    if not (values % 1).any():
        return None
    if _DOY.search(name) and 0 <= values.min() <= values.max() < 367:
        return UNITS["d"], "days of a year", False
    if _YEARS.search(name) and 1900 <= values.min() <= values.max() < 2100:
        return UNITS["year"], f"{UNITS['year'].words}: {_day(UNITS['year'].one(values.item(0)))}", False
    return None


def _of_dates(name: str, values: FloatArray) -> Unit | None:
    """Find the dates that numbers are that no other numbers are, or that are called so."""
    first, last = float(values.min()), float(values.max())
    if is_ticks(first) and is_ticks(last):
        return UNITS["ticks"]
    named = date_unit_in_name(name)
    candidates = [UNITS["filetime"]] if named is None else [named, UNITS["filetime"]]
    for unit in candidates:
        # A clock that is called GPS may have been set to UTC since: then it is not of years to come.
        until = LIKELY[1] if unit.name == "gps" else POSSIBLE[1]
        if all(POSSIBLE[0] <= unit.one(one) < until for one in (first, last)):
            return unit
    for unit in (UNITS["labview"], UNITS["ntp"]):  # as seconds since 1970 they are of the years after 2070
        if first > 3.18e9 and all(LIKELY[0] <= unit.one(one) < LIKELY[1] for one in (first, last)):
            return unit
    return None


def _dates_said(unit: Unit, values: FloatArray, name: str) -> str:
    others = [way for way in _others(values) if not way.startswith(f"{unit.name} ")]
    if (epoch := epoch_unit(values.item(0))) is not None and values.item(0) / epoch.per < LIKELY[1]:
        others.insert(0, f"{epoch.name} ({_day(values.item(0) / epoch.per)})")
    ways = f", or --time-unit {' or '.join(others)}" if others else ""
    words = "days since 1970" if unit is UNITS["d"] else unit.words
    return f"{words}: {_day(unit.one(values.item(0)))}{ways}"


def _epoch_words(unit: Unit, values: FloatArray) -> str:
    """A word on times since 1970: nothing of seconds in our days."""
    mixed = {one for one in map(epoch_unit, values.tolist()) if one is not None}
    first = float(epoch_seconds(values[:1])[0])
    others = _others(values) if first < OLD or first >= LIKELY[1] else []
    if len(mixed) > 1:
        return f"{' and '.join(one.words for one in TICKS if one in mixed)} since 1970"
    if others:
        return f"{unit.words} since 1970: {_day(first)}, or --time-unit {' or '.join(others)}"
    return "" if unit is TICKS[0] else f"{unit.words} since 1970"


def _others(values: FloatArray) -> list[str]:
    """The units of other dates that numbers may be as well, with the first one's day."""
    return [f"{unit.name} ({_day(unit.one(values.item(0)))})" for unit in DATES if _is_likely(unit, values)]


def _day(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d}"


def _days(name: str, values: FloatArray, texts: Sequence[str]) -> Unit | None:
    """Days as spreadsheets, MATLAB or astronomers count them: by their size, and a name, or fractions of a day.

    ``ConfigError`` for fractions that may be of seconds as well.
    """
    fitting = (UNITS[unit] for unit, low, high in _DAYS if low <= values.min() <= values.max() < high)
    unit = next(fitting, None)
    if unit is None:
        return None
    if _OF_DAYS.search(name):
        return unit
    digits = max(len(text.partition(".")[2] or text.partition(",")[2]) for text in texts)
    seconds = (values - np.floor(values)) * DAY
    within = max(2e-4, DAY * float(np.spacing(values.max())), DAY * 0.51 * 10.0**-digits)
    whole = np.abs(seconds - np.round(seconds)) < within
    steps = np.abs(np.diff(values))
    if digits >= 6 and within < 0.1 and whole.mean() > 0.95:
        return unit
    step = float(np.median(steps)) if steps.size else 0.0
    if digits < 4 or not 0 < step < 0.5 or not (whole.mean() > 0.95 or _is_likely(unit, values)):
        return None
    if digits >= 6 and step < FAST and _is_likely(unit, values):
        return unit
    rule = f"given: {name} ({texts[0]}) may be seconds from a start, s, or {unit.words}, {unit.name}"
    raise ConfigError("--time-unit", f"{rule} ({_day(unit.one(values.item(0)))})", "auto")


def _is_likely(unit: Unit, values: FloatArray) -> bool:
    return all(LIKELY[0] <= unit.one(float(one)) < LIKELY[1] for one in (values.min(), values.max()))


def _by_steps(values: FloatArray) -> Unit:
    """The unit of times since a start by how far they are apart: loggers have round seconds, devices many ticks."""
    steps = np.diff(values)
    steps = steps[steps > 0]
    if not steps.size or not (values == np.floor(values)).all():
        return TICKS[0]
    step = float(np.median(steps))
    if step >= 2e7:
        return TICKS[3]
    if step >= 2e4 and step % 60:
        return TICKS[2]
    uneven = bool(np.unique(steps).size > 3 and steps.std() < step)
    if step % 30 and (step > 15 or (step > 2 and uneven)):
        return TICKS[1]
    return TICKS[0]
