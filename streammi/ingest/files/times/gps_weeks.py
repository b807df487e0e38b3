"""Times in two columns, as GPS counts: a week, and the seconds or milliseconds of it."""

import re
from collections.abc import Sequence
from typing import Final

import numpy as np
import pyarrow as pa

from streammi.ingest.files.times.time_format import WEEK, TimeFormat, numbers_in
from streammi.ingest.files.times.time_numbers import LIKELY
from streammi.ingest.time_units import UNITS
from streammi.records import FloatArray

ROUND: Final = 1024  # weeks, after which receivers of 10 bits begin anew
_WEEKS: Final = frozenset({"week", "wn", "weekno", "weeknumber", "wk"})
_OF_WEEK: Final = frozenset({"tow", "sow", "itow", "towms", "secondsofweek", "secofweek", "timeofweek", "tows", "secs"})


def gps_week_in(names: Sequence[str]) -> tuple[int, int] | None:
    """The places of the columns that have the week and the time of it, as GPS counts; None where there are none.

    >>> gps_week_in(["x", "GPS Week", "TOW"]), gps_week_in(["week", "sales"])
    ((1, 2), None)
    """
    plain = [re.sub(r"[-_\s.]+|[\[(].*", "", name.lower()).removeprefix("gps") for name in names]
    week = next((k for k, name in enumerate(plain) if name in _WEEKS), None)
    of_week = next((k for k, name in enumerate(plain) if name in _OF_WEEK), None)
    return None if week is None or of_week is None else (week, of_week)


def weeks_of_gps(columns: Sequence[pa.Array]) -> TimeFormat | None:
    """How the times of these two columns are written, where they are weeks and their seconds, or ms; else None.

    Weeks of 10 bits are those of the last time round, if that makes them of our days.

    >>> form = weeks_of_gps([pa.array([2408, 2408]), pa.array([36018.0, 36019.5])])
    >>> form.of([pa.array([2408]), pa.array([36018.0])]).tolist(), form.said
    ([1772359200.0], 'as GPS counts weeks')
    """
    numbers, times = (numbers_in(column) for column in columns)
    known = np.isfinite(numbers) & np.isfinite(times)
    if not known.any() or (numbers[known] % 1).any() or (times[known] < 0).any():
        return None
    ms = bool(times[known].max() > WEEK)
    for weeks in (0,) if numbers[known].max() >= ROUND else (2 * ROUND, ROUND):
        counted = f" ({weeks} more)" if weeks else ""
        said = f"as GPS counts weeks{counted}{', in ms' * ms}"
        form = TimeFormat(fraction=UNITS["ms" if ms else "s"], weeks=float(weeks), said=said)
        if _are_of_our_days(form.of(columns)):
            return form
    return None


def _are_of_our_days(seconds: FloatArray) -> bool:
    seconds = seconds[np.isfinite(seconds)]
    return bool(((seconds >= LIKELY[0]) & (seconds < LIKELY[1])).all())
