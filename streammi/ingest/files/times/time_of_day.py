"""Numbers that are times of day: without signs, or seconds since midnight."""

import re
from typing import Final

import numpy as np
import pyarrow as pa

from streammi.ingest.files.times.time_format import TimeFormat
from streammi.ingest.time_units import DAY
from streammi.records import FloatArray

EVEN: Final = 0.8  # the share of steps that are alike, of times that go on evenly
_OF_DAY: Final = {
    4: re.compile(r"(?P<H>\d\d)(?P<M>\d\d)"),
    6: re.compile(r"(?P<H>\d\d)(?P<M>\d\d)(?P<S>\d\d)"),
}


def begin_anew_each_day(seconds: FloatArray) -> bool:
    """True if times, (n,), in s, are of a day, and go back at midnight alone: an uptime seldom ends so near to it.

    >>> begin_anew_each_day(np.array([86_000.0, 86_300, 200, 500])), begin_anew_each_day(np.array([60_000.0, 0, 300]))
    (True, False)
    """
    back = np.diff(seconds)
    back = back[back < 0]
    low, high = (float(seconds.min()), float(seconds.max())) if seconds.size else (0.0, 0.0)
    return bool(back.size and (back < -DAY / 2).all() and 0 <= low < 0.1 * DAY and 0.9 * DAY < high < DAY)


def of_day_without_signs(values: FloatArray, digits: int) -> TimeFormat | None:
    """Times of day as whole numbers, 959 and 1000 of four ``digits``: if only as such they go on evenly; else None.

    >>> of_day_without_signs(np.array([957.0, 958, 959, 1000, 1001]), 4).said
    'times of day (HHMM), without a date'
    >>> of_day_without_signs(np.arange(100.0, 150.0), 4) is None
    True
    """
    form = TimeFormat(forms=(_OF_DAY[digits],), of_day=True, digits=digits)
    texts = pa.array([f"{value:0{digits}.0f}" for value in values.tolist()], pa.string())
    if evenness(form.seconds(texts)) < max(EVEN, np.nextafter(evenness(values), 2)):
        return None
    return form._replace(said=f"times of day ({'HHMMSS'[:digits]}), without a date")


def evenness(values: FloatArray) -> float:
    """The share of steps that are the usual one."""
    steps = np.diff(values)
    return float(np.mean(steps == np.median(steps))) if steps.size > 1 else 0.0
