"""One date by itself, written in whichever way leaves nothing open."""

import re
from functools import lru_cache
from typing import Final

import pyarrow as pa

from streammi.ingest.files.times.date_forms import FORMS, OTHER_FORMS, Forms, has_date, has_no_year, places_of
from streammi.ingest.files.times.date_parser import Order, seconds_of
from streammi.ingest.files.times.time_spans import span_of

CALENDAR_FROM, CALENDAR_UNTIL = -14_831_769_600.0, 7_258_118_400.0  # 1500 and 2200, s since 1970
_SHAPE: Final = str.maketrans("023456789", "1" * 9)


def one_date(text: str) -> float | None:
    """Seconds since 1970; None for a text that is no date, or may be several: 01/02/2026 is in two months.

    >>> one_date("1. März 2026 10:00 MEZ"), one_date("2026-03-01T11:00+01:00[Europe/Berlin]")
    (1772355600.0, 1772359200.0)
    >>> one_date("01/03/2026 10:00"), one_date("13/03/2026 10:00"), one_date("10:00"), one_date("PT5M")
    (None, 1773396000.0, None, None)
    """
    if text.strip().startswith(("/Date(", "\\/Date(", "@")):
        return _known(span_of(text))
    forms = _forms_of(text)
    if forms is None or (order := _order(text, forms)) is None:
        return None
    return _known(float(seconds_of(pa.array([text]), order, forms)[0]))


def _forms_of(text: str) -> Forms | None:
    """The form of a text, if it is a date."""
    form = _form_of_shape(text.translate(_SHAPE))
    return None if form is None or has_no_year(text) else (form,)


@lru_cache(256)
def _form_of_shape(shape: str) -> re.Pattern[str] | None:
    """The form of a date, by it with 1 for each digit."""
    found = (form for form in (*FORMS, *OTHER_FORMS) if (places := places_of(shape, (form,))) and has_date(places))
    return next(found, None)


def _order(text: str, forms: Forms) -> Order | None:
    """The order of day and month, where there is but one."""
    places = places_of(text, forms) or {}
    if "a" not in places:
        return "dmy"
    if places["Y"][1] - places["Y"][0] == 2:
        return None
    first, second = (int(text[slice(*places[name])]) for name in "ab")
    if "." in text[: places["b"][0]]:  # with points the day comes first everywhere
        return "dmy"
    return "dmy" if first > 12 else "mdy" if second > 12 else None


def _known(seconds: float) -> float | None:
    return seconds if CALENDAR_FROM <= seconds < CALENDAR_UNTIL else None
