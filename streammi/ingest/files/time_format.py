"""How a file writes its times: found from fields all over it, then used for all of them."""

import math
import re
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from streammi.errors import ConfigError
from streammi.ingest.clock import FIRST, LAST, TICKS, UNITS, Unit, epoch_unit, goes_nowhere, time_unit, unit_in_name
from streammi.ingest.files.calendar_text import (
    FORMS,
    Forms,
    Order,
    form_of,
    has_date,
    places_of,
    seconds_of,
)
from streammi.ingest.files.file_options import FileOptions
from streammi.ingest.files.number_format import MISSING, NumberFormat
from streammi.ingest.timestamps import is_missing
from streammi.records import FloatArray

# In the order in which they are looked for; without the unit behind them, and in small letters.
NAMES: Final = (
    *("timestamp", "time stamp", "datetime", "date time", "date/time", "time", "ts", "t", "epoch", "unix", "unixtime"),
    *(
        "unix time",
        "utc",
        "utc time",
        "local time",
        "recorded",
        "recorded at",
        "date",
        "tmstamp",
        "received",
        "created",
    ),
    *("zeit", "zeitstempel", "datum", "datum/zeit", "datum zeit", "uhrzeit", "messzeit", "zeitpunkt", "fecha", "hora"),
    *("heure", "horodatage", "uptime", "elapsed", "elapsed time", "millis", "micros", "seconds", "sec", "tijd", "data"),
)
READABLE: Final = 0.8  # the share of a sample's fields that must be times
DAY: Final = 86_400.0
FAR: Final = 2_840_140_800.0  # 2060: a time since 1970 that is later is rather one since 1904
BACKWARDS_FROM: Final = 2  # steps back: a single one, as at the start of a live source, is no order
JUDGED_FROM: Final = 8  # times: fewer do not tell one that goes up and down
_COMPACT: Final = {8: "YYYYMMDD", 10: "YYYYMMDDHH", 12: "YYYYMMDDHHMM", 14: "YYYYMMDDHHMMSS", 17: "YYYYMMDDHHMMSSmmm"}
_COMPACT_FORMS: Final = {
    8: form_of("%Y%m%d"),
    10: re.compile(r"(?P<Y>\d{4})(?P<m>\d\d)(?P<d>\d\d)(?P<H>\d\d)"),
    12: re.compile(r"(?P<Y>\d{4})(?P<m>\d\d)(?P<d>\d\d)(?P<H>\d\d)(?P<M>\d\d)"),
    14: re.compile(r"(?P<Y>\d{4})(?P<m>\d\d)(?P<d>\d\d)(?P<H>\d\d)(?P<M>\d\d)(?P<S>\d\d)"),
    17: re.compile(r"(?P<Y>\d{4})(?P<m>\d\d)(?P<d>\d\d)(?P<H>\d\d)(?P<M>\d\d)(?P<S>\d\d)(?P<f>\d{3})"),
}
_OF_DAY: Final = {
    4: re.compile(r"(?P<H>\d\d)(?P<M>\d\d)"),
    6: re.compile(r"(?P<H>\d\d)(?P<M>\d\d)(?P<S>\d\d)"),
}
EVEN: Final = 0.8  # the share of steps that are alike, of times that go on evenly
_OF_DAYS: Final = re.compile(r"date|datum|fecha|stamp|excel|day", re.IGNORECASE)
_ORDER_WORDS: Final = {"dmy": "DD/MM/YYYY", "mdy": "MM/DD/YYYY", "ymd": "YY/MM/DD"}


class TimeFormat(NamedTuple):
    """How times are written: numbers of a unit, or dates and times of day in these forms."""

    unit: Unit | None = None  # None: text
    numbers: NumberFormat = NumberFormat()
    order: Order = "dmy"
    forms: Forms = FORMS
    of_day: bool = False  # they have no date
    backwards: bool = False  # the newest comes first
    digits: int = 0  # of a time of day in a column of its own that has no signs, as 95959 of six; 0 for others
    said: str = ""  # what is worth a word of it

    def seconds(self, fields: pa.Array) -> FloatArray:
        """Times in seconds, (n,), NaN where there is none, or it cannot be read."""
        kind = fields.type
        if pa.types.is_date(kind):
            fields, kind = pc.cast(fields, pa.timestamp("s")), pa.timestamp("s")
        if pa.types.is_timestamp(kind) or pa.types.is_time(kind) or pa.types.is_duration(kind):
            ticks = pc.cast(pc.cast(fields, pa.int64(), safe=False), pa.float64(), safe=False)
            return np.asarray(UNITS[kind.unit].array(ticks.to_numpy(zero_copy_only=False)))
        if not (pa.types.is_string(kind) or pa.types.is_large_string(kind)):
            values = pc.cast(fields, pa.float64(), safe=False).to_numpy(zero_copy_only=False)
            if self.unit is not None:
                return self.unit.array(values)
            fields = pc.cast(pc.cast(fields, pa.int64(), safe=False), pa.string())
        if self.unit is not None:
            return self.unit.array(self.numbers.array(fields)[0])
        return seconds_of(fields, self.order, self.forms)


class OfDay:
    """Times of day made to go on: past midnight a day is added. Keeps where it is from block to block."""

    def __init__(self) -> None:
        self._days, self._last = 0.0, math.nan

    def __call__(self, seconds: FloatArray) -> FloatArray:
        """Seconds of the day, (n,), as seconds since midnight of the first day."""
        known = np.flatnonzero(np.isfinite(seconds))
        if not known.size:
            return seconds
        times = seconds[known]
        first = self._last if math.isfinite(self._last) else times.item(0)
        days = self._days + DAY * np.cumsum(np.diff(times, prepend=first) < -DAY / 2)
        self._days, self._last = days.item(-1), times.item(-1)
        found = seconds.copy()
        found[known] = times + days
        return found


def is_time_name(name: str) -> bool:
    """Whether a column of this name usually has times; T is a temperature, t is not.

    >>> [is_time_name(name) for name in ("Timestamp", "Time [s]", "uptime_ms", "t", "T", "temperature")]
    [True, True, True, True, False, False]
    """
    return rank_of(name) is not None


def rank_of(name: str) -> int | None:
    """The place of a column's name among NAMES, None for none of them."""
    plain = re.sub(r"\s*[\[({].*?[\])}]\s*", " ", name.strip()).strip(" :#")
    if len(plain) == 1:
        return NAMES.index("t") if plain == "t" else None
    plain = re.sub(r"[_\s]+", " ", plain.lower())
    if plain in NAMES:
        return NAMES.index(plain)
    short = re.sub(r"(?:[ /.]|(?<=time)|(?<=uptime))(?:s|ms|us|µs|ns|sec|min|h|utc|local|gmt|cet)$", "", plain)
    return NAMES.index(short) if short in NAMES else None


def time_format(name: str, texts: Sequence[str], decimal: str, asked: FileOptions) -> TimeFormat | None:
    """How the times of a column are written, by its name and these of its fields; None where they are none."""
    present = [text for text in texts if not (is_missing(text) or text.strip().lower() in MISSING)]
    if not present:
        return None
    if asked.time_format is not None:
        forms = (form_of(asked.time_format),)
        found = TimeFormat(forms=forms, of_day=not _dated(present, forms))
        return _in_order(found, present) if np.isfinite(found.seconds(pa.array(present, pa.string()))).any() else None
    numbers = NumberFormat(decimal)
    values, bad = numbers.array(pa.array(present, pa.string()))
    if bad.mean() <= 1 - READABLE:
        return _numeric(name, [text.strip() for text in present], values, numbers, asked)
    return None if asked.time_unit != "auto" else _textual(present)


def numeric_format(name: str, values: FloatArray, asked: FileOptions) -> TimeFormat | None:
    """How the times of a column of numbers are written; None where they are none."""
    finite = values[np.isfinite(values)]
    whole = bool((finite == np.floor(finite)).all())
    texts = [f"{value:.0f}" if whole else repr(value) for value in finite.tolist()]
    return _numeric(name, texts, finite, NumberFormat(), asked) if finite.size else None


def _dated(texts: Sequence[str], forms: Forms) -> bool:
    places = next((found for text in texts if (found := places_of(text, forms))), None)
    return places is not None and has_date(places)


def _textual(texts: Sequence[str]) -> TimeFormat | None:
    """Dates and times of day: the order of day and month is what fits all of them, or makes them go on most evenly."""
    fields = pa.array(texts, pa.string())
    found: list[tuple[float, float, Order]] = []
    for order in _orders(texts):
        seconds = seconds_of(fields, order)
        good = seconds[np.isfinite(seconds)]
        found.append((1 - good.size / len(texts), float(np.abs(np.diff(good)).sum()), order))
    if not found or min(found)[0] > 1 - READABLE:
        return None
    fitting = [one for one in found if one[0] == min(found)[0]]
    _, _, order = min(fitting, key=lambda one: one[1])
    said = ""
    if len(fitting) > 1:
        ways = {one[1] for one in fitting}
        certain = len(ways) > 1 and sorted(ways)[0] < 0.5 * sorted(ways)[1]
        told = (
            ", as which they go on evenly" if certain else f" (such as {texts[0].strip()}), which nothing in it decides"
        )
        said = f"{_ORDER_WORDS[order]}{told}"
    elif len(found) > 1:
        said = _ORDER_WORDS[order]
    dated = _dated(texts, FORMS)
    if not dated:
        said = "times of day, without a date"
    elif "H" not in (places_of(texts[0]) or {"H": (0, 0)}) and len(set(texts)) < len(texts):
        said = ", ".join(filter(None, (said, "days, without a time of day")))
    return _in_order(TimeFormat(order=order, of_day=not dated, said=said), texts)


def _orders(texts: Sequence[str]) -> list[Order]:
    """The orders of day, month and year that may be meant, the likeliest first."""
    text = next((text for text in texts if "a" in (places_of(text) or {})), None)
    if text is None or "." in text[:3]:  # with points the day comes first everywhere
        return ["dmy"]
    places = places_of(text) or {}
    american = "p" in places or "/" in text
    orders: list[Order] = ["mdy", "dmy"] if american else ["dmy", "mdy"]
    return [*orders, "ymd"] if places["Y"][1] - places["Y"][0] == 2 else orders


def _in_order(form: TimeFormat, texts: Sequence[str]) -> TimeFormat:
    seconds = form.seconds(pa.array(texts, pa.string()))
    return _directed(form, seconds[np.isfinite(seconds)])


def _directed(form: TimeFormat, seconds: FloatArray) -> TimeFormat:
    """With what is said of times that go back: the newest first."""
    steps = np.diff(seconds)
    back = np.count_nonzero(steps < 0)
    backwards = back >= BACKWARDS_FROM and back > 0.9 * np.count_nonzero(steps)
    if not backwards or form.of_day:
        return form
    return form._replace(backwards=True, said=", ".join(filter(None, (form.said, "newest first: sorted"))))


def _numeric(
    name: str, texts: Sequence[str], values: FloatArray, numbers: NumberFormat, asked: FileOptions
) -> TimeFormat | None:
    given = time_unit(asked.time_unit)
    finite = values[np.isfinite(values)]
    if not finite.size:
        return None
    if given is None and (compact := _compact(texts)) is not None:
        return _in_order(compact, texts)
    unit, said = (given, "") if given else _unit_of(name, finite, texts)
    form = TimeFormat(unit=unit, numbers=numbers, said=said)
    return _directed(form, unit.array(finite))


def _compact(texts: Sequence[str]) -> TimeFormat | None:
    """Dates as whole numbers: 20260301, 202603011000, ...; all of them must be in the calendar."""
    size = len(texts[0])
    if size not in _COMPACT or not all(len(text) == size and text.isascii() and text.isdigit() for text in texts):
        return None
    if not all("1900" <= text[:4] <= "2100" for text in texts):
        return None
    form = TimeFormat(forms=(_COMPACT_FORMS[size],), said=_COMPACT[size])
    return form if np.isfinite(form.seconds(pa.array(texts, pa.string()))).all() else None


def _unit_of(name: str, values: FloatArray, texts: Sequence[str]) -> tuple[Unit, str]:
    """The unit of numeric times, and what is said of it: nothing where it is certain."""
    named = unit_in_name(name)
    epoch = epoch_unit(float(np.median(values)))
    if epoch is not None and all(epoch_unit(one) is epoch for one in (float(values.min()), float(values.max()))):
        if named is None or named is epoch or named.name not in ("s", "ms", "us", "ns"):
            return epoch, _epoch_words(epoch, float(values.max()) / epoch.per)
        return named, f"{named.words}, as its name says"
    if named is not None:
        return named, f"{named.words}, as its name says"
    if (days := _days(name, values, texts)) is not None:
        return days, f"{days.words} (else --time-unit)"
    unit = _by_steps(values)
    other = "ms" if unit is TICKS[0] else "s"
    return unit, f"{unit.words} from its start, by its steps (--time-unit {other}, ... if they are not)"


def _epoch_words(unit: Unit, last: float) -> str:
    """What is said of times since 1970: nothing of seconds in our days."""
    if last > FAR:
        year = 1970 + int(last / (365.2425 * DAY))
        return f"{unit.words} since 1970, which is {year} (--time-unit labview, if they count from 1904)"
    return "" if unit is TICKS[0] else f"{unit.words} since 1970"


def _days(name: str, values: FloatArray, texts: Sequence[str]) -> Unit | None:
    """Days as spreadsheets or MATLAB count them: by their size, and a name, or fractions that are whole seconds."""
    unit = UNITS["excel"] if 15_000 < values.min() <= values.max() < 80_000 else None
    if 690_000 < values.min() <= values.max() < 780_000:
        unit = UNITS["matlab"]
    if unit is None:
        return None
    if _OF_DAYS.search(name):
        return unit
    digits = max(len(text.partition(".")[2] or text.partition(",")[2]) for text in texts)
    seconds = values * DAY
    whole = np.abs(seconds - np.round(seconds)) < max(2e-4, DAY * 0.51 * 10.0**-digits)
    return unit if digits >= 6 and whole.mean() > 0.95 else None


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


def of_day_without_signs(values: FloatArray, digits: int) -> TimeFormat | None:
    """Times of day as whole numbers, 959 and 1000 of four ``digits``: if only as such they go on evenly; else None.

    >>> of_day_without_signs(np.array([957.0, 958, 959, 1000, 1001]), 4).said
    'times of day (HHMM), without a date'
    >>> of_day_without_signs(np.arange(100.0, 150.0), 4) is None
    True
    """
    form = TimeFormat(forms=(_OF_DAY[digits],), of_day=True, digits=digits)
    texts = pa.array([f"{value:0{digits}.0f}" for value in values.tolist()], pa.string())
    if _evenness(form.seconds(texts)) < max(EVEN, np.nextafter(_evenness(values), 2)):
        return None
    return form._replace(said=f"times of day ({'HHMMSS'[:digits]}), without a date")


def _evenness(values: FloatArray) -> float:
    """The share of steps that are the usual one."""
    steps = np.diff(values)
    return float(np.mean(steps == np.median(steps))) if steps.size > 1 else 0.0


def is_restless(values: FloatArray) -> bool:
    """Whether numbers go up and down, as those of no clock do."""
    return values.size >= JUDGED_FROM and goes_nowhere(values) and not _all_epoch(values)


def _all_epoch(values: FloatArray) -> bool:
    unit = epoch_unit(float(np.median(values)))
    return unit is not None and bool(((values / unit.per >= FIRST) & (values / unit.per < LAST)).all())


def not_times(option: str, name: str, example: str) -> ConfigError:
    """The refusal of a column that was asked for and cannot be read as times."""
    rule = f"a column of times, or given with --time-format or --time-unit ({name}: {example!r})"
    return ConfigError(option, rule, name)


def as_texts(fields: Sequence[Any]) -> list[str]:
    """Fields as texts, what is absent as empty ones."""
    return ["" if field is None else str(field) for field in fields]
