"""Times that are texts, or numbers: how those of a column are written."""

import re
from collections.abc import Sequence
from typing import Final

import numpy as np
import pyarrow as pa

from streammi.ingest.files.file_options import FileOptions
from streammi.ingest.files.numbers.missing import is_no_value
from streammi.ingest.files.numbers.number_format import NumberFormat
from streammi.ingest.files.times.date_forms import (  # fmt: skip
    DAYS,
    FORMS,
    MINUTES,
    OTHER_FORMS,
    Forms,
    form_of,
    has_date,
    has_no_year,
    places_of,
)
from streammi.ingest.files.times.date_parser import BUDDHIST, Order, seconds_of
from streammi.ingest.files.times.date_texts import CALENDAR_FROM
from streammi.ingest.files.times.time_format import READABLE, TimeFormat, in_order
from streammi.ingest.files.times.time_numbers import LIKELY, OLD, format_of_numbers
from streammi.ingest.files.times.time_of_day import evenness
from streammi.ingest.files.times.time_spans import spans_of
from streammi.ingest.files.times.time_zones import ahead_of_utc, zone_in_name, zone_of, zones_in

_ZONED: Final = 50  # texts that are looked at for a zone of their own
HOURS: Final = 24  # of a day
SIXTY, PICTURES = 60, 30  # minutes and seconds, and pictures of a film in a second, are fewer;
FEW: Final = 5  # of them are told from seconds that come again
_FOUR: Final = re.compile(r"\s*\d{1,4}:\d{1,2}:\d{2}:\d{2}\s*")
OTHER_CALENDAR: Final = 1500  # years before this are of another one
# What names of columns say of the order of day, month and year: by themselves, or by their language.
_ORDERS_IN_NAMES: Final[tuple[tuple[Order, re.Pattern[str]], ...]] = (
    ("dmy", re.compile(r"dmy|dd[-_./ ]?mm[-_./ ]?y|jj[-_./ ]?mm|tt[-_./ ]?mm", re.IGNORECASE)),
    ("mdy", re.compile(r"mdy|mm[-_./ ]?dd[-_./ ]?y", re.IGNORECASE)),
    ("ymd", re.compile(r"ymd|yy[-_./ ]?mm[-_./ ]?dd|jj[-_./ ]?mm[-_./ ]?tt", re.IGNORECASE)),
)
_DAY_FIRST: Final = re.compile(
    r"fecha|hora\b|heure|horodat|\bdata\b|\bora\b|datum|zeit|tijd|\bdato|\btid|päivä|aika|tarih|saat|\bkell|czas|godz|\bčas"
    r"|дата|время|час|ημερ|ώρα|ngày",
    re.IGNORECASE,
)
_BEFORE_CLOCK: Final = re.compile(r"\d\s?(?:à|a las|às|alle|alle ore|um|om|kl\.?|klo)\s\d|\d{4} \d{1,2}h")
_ORDER_WORDS: Final = {"dmy": "DD/MM/YYYY", "mdy": "MM/DD/YYYY", "ymd": "YY/MM/DD"}


def time_format(name: str, texts: Sequence[str], decimal: str, asked: FileOptions) -> TimeFormat | None:
    """How the times of a column are written, by its name and these of its fields; None where they are none."""
    present = [text for text in texts if not is_no_value(text)]
    if not present:
        return None
    if asked.time_format is not None:
        forms = (form_of(asked.time_format),)
        dated = _dated(present, forms)
        found = (
            _in_zone(TimeFormat(forms=forms, of_day=not dated), name, present)
            if dated
            else TimeFormat(forms=forms, of_day=True)
        )
        return in_order(found, present) if np.isfinite(found.seconds(pa.array(present, pa.string()))).any() else None
    numbers = NumberFormat(decimal)
    values, bad = numbers.array(pa.array(present, pa.string()))
    share = 1 - bad.mean()
    if share >= READABLE:
        kept = [text.strip() for text, is_bad in zip(present, bad.tolist(), strict=True) if not is_bad]
        return format_of_numbers(name, kept, values[~bad], numbers, asked)
    form = textual(name, present, FORMS, decimal) or _spans(present)
    if form is None and not has_no_year(present[0]):
        form = textual(name, present, (*FORMS, *OTHER_FORMS), decimal)
    if form is None or asked.time_unit == "auto":
        return form
    unheeded = f"text, of which --time-unit {asked.time_unit} says nothing"
    return form._replace(said=", ".join(filter(None, (form.said, unheeded))))


def why_unread(text: str) -> str:
    """Say what keeps a text from being read as a time, where that is known."""
    if has_no_year(text):
        return "has no year: write it in front of the day"
    zone = zone_of(text)
    if zone and ahead_of_utc(zone, np.array([0])) is None:
        return f"its zone {zone} is not known"
    if _are_of_four([text]):
        return "may be days or hours first: 0d 00:01:02 has days, --time-format %H:%M:%S:%f has parts of a second"
    year = _year(text)
    return f"its year {year} is of another calendar" if year and year < OTHER_CALENDAR else ""


def _year(text: str) -> int:
    """The year that stands in a text, in four digits; 0 where there is none."""
    start, stop = (places_of(text) or {}).get("Y", (0, 0))
    return int(text[start:stop]) if stop - start == 4 and text[start:stop].isdecimal() else 0


def _in_zone(form: TimeFormat, name: str, texts: Sequence[str]) -> TimeFormat:
    """With the zone that the column's name says, where the times have none of their own."""
    zone = zone_in_name(name)
    if not zone or any("z" in (places_of(text, form.forms) or {}) for text in texts[:_ZONED]):
        return form
    return form._replace(zone=zone, said=", ".join(filter(None, (form.said, f"{zone}, as its name says"))))


def _spans(texts: Sequence[str]) -> TimeFormat | None:
    """Seconds from a start with their units, or a sign; None where they are none."""
    seconds = spans_of(pa.array(texts, pa.string()))
    good = seconds[np.isfinite(seconds)]
    if good.size < READABLE * len(texts):
        return None
    since_1970 = texts[0].strip().lstrip("\\")[:1] in "/@"
    said = "since 1970" if since_1970 else f"from its start (such as {texts[-1].strip()})"
    return in_order(TimeFormat(spans=True, said=said), texts)


def _dated(texts: Sequence[str], forms: Forms) -> bool:
    places = next((found for text in texts if (found := places_of(text, forms))), None)
    return places is not None and has_date(places)


def textual(name: str, texts: Sequence[str], forms: Forms, decimal: str) -> TimeFormat | None:
    """Dates and times of day: the order of day and month is what fits all of them, or makes them go on most evenly."""
    fields = pa.array(texts, pa.string())
    if dated := _dated(texts, forms):  # a time of day among them is no day of 1970
        forms = tuple(form for form in forms if "Y" in form.groupindex)
    found: list[tuple[float, float, Order]] = []
    for order in _orders(name, texts, forms, decimal):
        seconds = TimeFormat(order=order, forms=forms, epoch=dated).seconds(fields)
        good = seconds[np.isfinite(seconds)]
        found.append((1 - good.size / len(texts), float(np.abs(np.diff(good)).sum()), order))
    if not found or min(found)[0] > 1 - READABLE:
        return None
    fitting = [one for one in found if one[0] == min(found)[0]]
    # 26/03/01 goes on as evenly in 2001 as in 2026, of which the one is not when recordings are from.
    _, _, order = min(fitting, key=lambda one: (round(one[1], 3), _age(fields, one[2], forms)))
    read = TimeFormat(order=order, forms=forms, epoch=dated)
    if dated and np.nanmedian(read.seconds(fields)) < CALENDAR_FROM:
        return None
    said = [_order_said(order, found, fitting, texts)]
    if not dated:
        if (stopwatch := _of_stopwatch(texts, fields)) is not None:
            return stopwatch
        if _are_of_four(texts):
            return _of_four(texts, fields)
        signs = "" if "S" in (places_of(texts[0], forms) or {"S": (0, 0)}) else " (HH:MM)"
        said = [f"times of day{signs}, without a date"]
    elif "H" not in (places_of(texts[0], forms) or {"H": (0, 0)}) and len(set(texts)) < len(texts):
        said.append("days, without a time of day")
    if zones := zones_in(texts):
        said.append(zones)
    if dated and (np.isnan(seconds_of(fields, order, forms)) & np.isfinite(read.seconds(fields))).any():
        said.append("numbers among them since 1970")
    if _year(texts[0]) >= BUDDHIST:
        said.append(f"years of the Buddhist calendar ({_year(texts[0])} is {_year(texts[0]) - 543})")
    form = read._replace(of_day=not dated, said=", ".join(filter(None, said)))
    return in_order(_in_zone(form, name, texts) if dated else form, texts)


def _age(fields: pa.Array, order: Order, forms: Forms) -> int:
    """0 for texts that are times of our days in this order, 1 of the years from which recordings are, 2 of others."""
    middle = float(np.nanmedian(seconds_of(fields, order, forms)))
    return 0 if OLD <= middle < LIKELY[1] else 1 if LIKELY[0] <= middle < LIKELY[1] else 2


def _of_stopwatch(texts: Sequence[str], fields: pa.Array) -> TimeFormat | None:
    """Minutes and seconds, which look like hours and minutes: of a day with 49 of them, say; None where they are not.

    >>> [form and form.said for form in (_of_stopwatch(t, pa.array(t)) for t in (["9:30", "49:50"], ["9:30", "23:50"]))]
    ['minutes and seconds (MM:SS)', None]
    """
    places = places_of(texts[0]) or {}
    if not {"H", "M"} <= places.keys() <= {"H", "M"}:
        return None
    seconds = seconds_of(fields, forms=MINUTES)
    if np.isnan(seconds).mean() > 1 - READABLE or not np.nanmax(seconds) > HOURS * 60:
        return None
    return in_order(TimeFormat(forms=MINUTES, said="minutes and seconds (MM:SS)"), texts)


def _are_of_four(texts: Sequence[str]) -> bool:
    """True if times have four parts of two digits, as 0:01:02:03."""
    return sum(_FOUR.fullmatch(text) is not None for text in texts) > READABLE * len(texts)


def _of_four(texts: Sequence[str], fields: pa.Array) -> TimeFormat | None:
    """Days, hours, minutes and seconds, or hours, minutes, seconds and hundredths; None where they may be either.

    Film counts pictures in the last part, of which a second has 24 to 30.

    >>> texts = ["1:23:59:30", "2:00:00:30"], ["00:00:01:99", "00:00:02:00"], ["00:00:00:01", "00:00:00:02"]
    >>> [form and form.said for form in (_of_four(several, pa.array(several)) for several in texts)]
    [None, 'times of day, without a date, and hundredths of a second', None]
    """
    parts = np.array([[int(part) for part in text.split(":")] for text in texts if _FOUR.fullmatch(text)])
    first, second, _, last = parts.max(axis=0).tolist()
    fine = TimeFormat(of_day=True, said="times of day, without a date, and hundredths of a second")
    if last >= SIXTY or (second >= HOURS and last >= PICTURES):
        return fine
    days = seconds_of(fields, forms=DAYS)
    pictures = last < PICTURES and len({text.strip()[-2:] for text in texts}) > FEW
    if second >= HOURS or np.isnan(days).any() or (pictures and first < HOURS):
        return None
    evener = evenness(days) > evenness(np.round(100 * fine.seconds(fields)))
    if not (evener or first >= HOURS):
        return None
    said = f"days, hours, minutes and seconds (such as {texts[-1].strip()})"
    return in_order(TimeFormat(forms=DAYS, said=said), texts)


def _order_said(
    order: Order, found: Sequence[tuple[float, float, Order]], fitting: Sequence[tuple[float, float, Order]],
    texts: Sequence[str],
) -> str:  # fmt: skip
    """A word on the order of day, month and year."""
    if len(fitting) > 1:
        ways = sorted({one[1] for one in fitting})
        if len(ways) > 1 and ways[0] < 0.5 * ways[1]:
            return f"{_ORDER_WORDS[order]}, as which they go on evenly"
        return f"{_ORDER_WORDS[order]} (such as {texts[0].strip()}), which nothing in it decides (--time-format does)"
    return _ORDER_WORDS[order] if len(found) > 1 else ""


def _orders(name: str, texts: Sequence[str], forms: Forms, decimal: str) -> list[Order]:
    """The orders of day, month and year that may be meant, the likeliest first: where commas are decimal, no month is.

    >>> _orders("time", ["01/03/2026"], FORMS, "."), _orders("time", ["01/03/2026"], FORMS, ",")
    (['mdy', 'dmy'], ['dmy', 'mdy'])
    >>> _orders("Fecha", ["01/03/2026"], FORMS, "."), _orders("YYMMDD", ["01/03/26"], FORMS, ".")
    (['dmy', 'mdy'], ['ymd'])
    """
    text = next((text for text in texts if "a" in (places_of(text, forms) or {})), None)
    if text is None or "." in text[:3]:  # with points the day comes first everywhere
        return ["dmy"]
    places = places_of(text, forms) or {}
    short = places["Y"][1] - places["Y"][0] == 2
    told = [order for order, words in _ORDERS_IN_NAMES if words.search(name) and (short or order != "ymd")]
    if told:
        return told[-1:]
    day_first = decimal == "," or _DAY_FIRST.search(name) or _BEFORE_CLOCK.search(text)
    american = ("p" in places or "/" in text) and not day_first
    orders: list[Order] = ["mdy", "dmy"] if american else ["dmy", "mdy"]
    return [*orders, "ymd"] if short else orders
