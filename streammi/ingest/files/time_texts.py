"""Times that are texts, or numbers: how those of a column are written."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import pyarrow as pa

from streammi.ingest.files.date_forms import (
    FORMS,
    MINUTES,
    OTHER_FORMS,
    Forms,
    form_of,
    has_date,
    has_no_year,
    places_of,
)  # fmt: skip
from streammi.ingest.files.date_parser import BUDDHIST, Order, seconds_of
from streammi.ingest.files.date_texts import CALENDAR_FROM
from streammi.ingest.files.file_options import FileOptions
from streammi.ingest.files.missing import is_no_value
from streammi.ingest.files.number_format import NumberFormat
from streammi.ingest.files.time_format import READABLE, TimeFormat, in_order
from streammi.ingest.files.time_numbers import LIKELY, format_of_numbers
from streammi.ingest.files.time_spans import spans_of
from streammi.ingest.files.time_zones import ahead_of_utc, zone_in_name, zone_of, zones_in

_ZONED: Final = 50  # texts that are looked at for a zone of their own
HOURS: Final = 24  # of a day
OTHER_CALENDAR: Final = 1500  # years before this are of another one
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
    if asked.time_unit != "auto":
        return None
    form = textual(name, present, FORMS, decimal) or _spans(present)
    if form is not None or has_no_year(present[0]):
        return form
    return textual(name, present, (*FORMS, *OTHER_FORMS), decimal)


def why_unread(text: str) -> str:
    """Say what keeps a text from being read as a time, where that is known."""
    if has_no_year(text):
        return "has no year: write it in front of the day"
    zone = zone_of(text)
    if zone and ahead_of_utc(zone, np.array([0])) is None:
        return f"its zone {zone} is not known"
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
    dated = _dated(texts, forms)
    found: list[tuple[float, float, Order]] = []
    for order in _orders(texts, forms, decimal):
        seconds = TimeFormat(order=order, forms=forms, epoch=dated).seconds(fields)
        good = seconds[np.isfinite(seconds)]
        found.append((1 - good.size / len(texts), float(np.abs(np.diff(good)).sum()), order))
    if not found or min(found)[0] > 1 - READABLE:
        return None
    fitting = [one for one in found if one[0] == min(found)[0]]
    # 26/03/01 goes on as evenly in 2001 as in 2026, of which the one is not when recordings are from.
    _, _, order = min(fitting, key=lambda one: (round(one[1], 3), not _is_likely(fields, one[2], forms)))
    read = TimeFormat(order=order, forms=forms, epoch=dated)
    if dated and np.nanmedian(read.seconds(fields)) < CALENDAR_FROM:
        return None
    said = [_order_said(order, found, fitting, texts)]
    if not dated:
        if (stopwatch := _of_stopwatch(texts, fields)) is not None:
            return stopwatch
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


def _is_likely(fields: pa.Array, order: Order, forms: Forms) -> bool:
    """True if texts are times of years from which recordings are, in this order of day, month and year."""
    seconds = seconds_of(fields, order, forms)
    return bool(LIKELY[0] <= np.nanmedian(seconds) < LIKELY[1])


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


def _orders(texts: Sequence[str], forms: Forms, decimal: str) -> list[Order]:
    """The orders of day, month and year that may be meant, the likeliest first: where commas are decimal, no month is.

    >>> _orders(["01/03/2026"], FORMS, "."), _orders(["01/03/2026"], FORMS, ",")
    (['mdy', 'dmy'], ['dmy', 'mdy'])
    """
    text = next((text for text in texts if "a" in (places_of(text, forms) or {})), None)
    if text is None or "." in text[:3]:  # with points the day comes first everywhere
        return ["dmy"]
    places = places_of(text, forms) or {}
    american = ("p" in places or "/" in text) and decimal != ","
    orders: list[Order] = ["mdy", "dmy"] if american else ["dmy", "mdy"]
    return [*orders, "ymd"] if places["Y"][1] - places["Y"][0] == 2 else orders
