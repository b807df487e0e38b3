"""Dates and times of day as people and loggers write them: text to seconds, many at once.

Texts that have the same letters and signs, and digits at the same places, have one shape: the first of a shape is read
by a regular expression, which says where each number stands, and all others by their digits at these places.
"""

from collections.abc import Sequence
from typing import Final, Literal, TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from streammi.ingest.files.times.date_forms import FORMS, Forms, Places, has_date, places_of
from streammi.ingest.files.times.date_words import month_of, plain_date
from streammi.ingest.files.times.time_zones import ahead_of_utc
from streammi.records import FloatArray, IntArray

Order: TypeAlias = Literal["dmy", "mdy", "ymd"]  # of 01/02/2026, or 01/02/26
Letters: TypeAlias = NDArray[np.uint8]

_AFTERNOON: Final = frozenset({"p", "nachm", "du", "odp", "ip", "em", "ch"})  # German, Hungarian, Czech, Finnish, ...
_LENGTHS: Final = np.array([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
BUDDHIST: Final = 2400  # years from here on are those of Thailand, 543 more than ours
_UNIX: Final = 719_468  # days from 0000-03-01 to 1970-01-01


def seconds_of(fields: pa.StringArray, order: Order = "dmy", forms: Forms = FORMS) -> FloatArray:
    """Texts as seconds since 1970, or of the day where they have no date; (n,), NaN where they cannot be read as such.

    >>> seconds_of(pa.array(["2026-01-01T00:00:00.5Z", "01.01.2026 00:00", "1/1/2026 1:00:00 AM", "no", None])).tolist()
    [1767225600.5, 1767225600.0, 1767229200.0, nan, nan]
    """
    seconds = np.full(len(fields), np.nan)
    for rows, letters in _by_length(fields):
        for part in _by_shape(letters):
            chosen = letters[part]
            found = _of_shape(chosen, order, forms)
            if found is not None:
                seconds[rows[part]] = found
    return seconds


def _by_length(fields: pa.StringArray) -> list[tuple[IntArray, Letters]]:
    """The rows with texts of each length, and their letters, (k, length)."""
    buffers = fields.buffers()
    if not len(fields) or buffers[2] is None:
        return []
    width = np.int64 if pa.types.is_large_string(fields.type) else np.int32
    offsets = np.frombuffer(buffers[1], dtype=width)[fields.offset : fields.offset + len(fields) + 1].astype(np.int64)
    data = np.frombuffer(buffers[2], dtype=np.uint8)
    lengths = np.diff(offsets)
    if fields.null_count:
        lengths = np.where(fields.is_null().to_numpy(zero_copy_only=False), 0, lengths)
    first = lengths.item(0)
    if first and (lengths == first).all() and offsets[-1] - offsets[0] == first * len(fields):
        return [(np.arange(len(fields)), data[offsets[0] : offsets[-1]].reshape(-1, first))]
    found: list[tuple[IntArray, Letters]] = []
    for length in np.unique(lengths):
        if 0 < length <= 64:
            rows = np.flatnonzero(lengths == length)
            found.append((rows, data[offsets[:-1][rows, None] + np.arange(length)]))
    return found


def _by_shape(letters: Letters) -> Sequence[slice | IntArray]:
    """Rows (k, length) that are alike but for their digits."""
    is_digit = (letters >= ord("0")) & (letters <= ord("9"))
    shape = np.where(is_digit, np.uint8(ord("0")), letters)
    if (shape == shape[0]).all():
        return [slice(None)]
    keys = np.ascontiguousarray(shape).view(f"V{shape.shape[1]}")[:, 0]
    _, inverse = np.unique(keys, return_inverse=True)
    order = np.argsort(inverse, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(inverse[order])) + 1)


def _of_shape(letters: Letters, order: Order, forms: Forms) -> FloatArray | None:
    """Texts of one shape, (k, length), in seconds; None for a shape that is no time."""
    text = letters[0].tobytes().decode("utf-8", "replace")
    places = places_of(text, forms)
    if places is None:
        return None
    if len(text) != letters.shape[1]:  # a letter of two bytes, as in März
        plain = [plain_date(row.tobytes().decode("utf-8", "replace")) for row in letters]
        return seconds_of(pa.array(plain), order, forms)
    return _Shape(text, places, letters).seconds(order)


class _Shape:
    """Texts of one shape, with the places of their parts."""

    def __init__(self, text: str, places: Places, letters: Letters) -> None:
        self._text, self._places, self._letters = text, places, letters

    def seconds(self, order: Order) -> FloatArray:
        """Seconds since 1970, or of the day; (k,), NaN for a 30th of February and the like."""
        days, valid = self._days(order) if has_date(self._places) else (self._number("D"), True)
        hour, minute, second = self._number("H"), self._number("M"), self._number("S")
        if half := self._word("p").lower():
            valid = valid & (hour >= 1) & (hour <= 12)
            hour = hour % 12 + 12 * (half in _AFTERNOON)
        elif has_date(self._places):
            valid = valid & ((hour < 24) | ((hour == 24) & (minute == 0) & (second == 0)))
        whole = days * 86_400 + hour * 3600 + minute * 60 + second
        zone, known = self._zone(whole)
        # 60: a leap second, which is the next minute's first. Minutes without an hour are those of a stopwatch.
        valid = valid & known & ((minute < 60) | ("H" not in self._places)) & (second <= 60)
        whole -= zone
        digits = len(self._word("f"))
        if digits <= 6:  # rounded once, as a datetime's timestamp() is
            seconds = (whole * 1_000_000 + self._number("f") * 10 ** (6 - digits)) / 1e6
        else:
            seconds = whole + self._number("f") / 10.0**digits
        found: FloatArray = np.where(valid, seconds, np.nan)
        return found

    def _number(self, name: str) -> IntArray:
        start, stop = self._places.get(name, (0, 0))
        found = np.zeros(len(self._letters), dtype=np.int64)
        for k in range(start, stop):
            found = found * 10 + (self._letters[:, k] & 15)  # of a blank, as before a day of one digit: 0
        return found

    def _word(self, name: str) -> str:
        return self._text[slice(*self._places.get(name, (0, 0)))]

    def _days(self, order: Order) -> tuple[IntArray, NDArray[np.bool_]]:
        """Days since 1970, and which of them are in the calendar."""
        year = self._number("Y")
        if len(self._word("Y")) == 2:
            year += np.where(year < 69, 2000, 1900)  # as POSIX has it
        year -= np.where(year >= BUDDHIST, 543, 0)
        if "j" in self._places:
            day = self._number("j")
            return _days_of(year, np.ones_like(year), day), (day >= 1) & (day <= 365 + _is_leap(year))
        if "a" in self._places:
            first, second = self._number("a"), self._number("b")
            day, month = (first, second) if order == "dmy" else (second, first)
            if order == "ymd":
                year, month, day = first + 2000, second, self._number("Y")
        elif "w" in self._places:
            return self._day_of_week(year)
        elif "n" in self._places:
            day, month = self._number("d"), np.full_like(year, month_of(self._word("n")))
        else:
            day, month = self._number("d"), self._number("m")
        if not {"a", "d"} & self._places.keys():  # months
            day = np.ones_like(year)
        valid = (month >= 1) & (month <= 12)
        month = np.where(valid, month, 1)
        longest = _LENGTHS[month] + ((month == 2) & _is_leap(year))
        return _days_of(year, month, day), valid & (day >= 1) & (day <= longest)

    def _day_of_week(self, year: IntArray) -> tuple[IntArray, NDArray[np.bool_]]:
        """As ``_days``, of weeks as ISO 8601 counts them: the first is that of the year's 4th of January."""
        week, day = self._number("w"), self._number("u") if "u" in self._places else np.ones_like(year)
        fourth, next_fourth = (_days_of(one, np.ones_like(one), np.full_like(one, 4)) for one in (year, year + 1))
        first, after = (days - (days + 3) % 7 for days in (fourth, next_fourth))  # Mondays: 1970 began on a Thursday
        found = first + 7 * (week - 1) + day - 1
        return found, (week >= 1) & (day >= 1) & (day <= 7) & (found < after)

    def _zone(self, local: IntArray) -> tuple[IntArray | int, NDArray[np.bool_] | bool]:
        """Seconds east of Greenwich at these ``local`` times, in seconds, and whether they are known."""
        if "z" not in self._places:
            return 0, True
        name = self._word("z")
        if name[0] not in "+-":
            ahead = ahead_of_utc(name, local)
            return (0, False) if ahead is None else (ahead, True)
        start, stop = self._places["z"]
        short = min(stop, start + (2 if name[2:3] == ":" else 3))  # +5:30
        hours = _Shape(self._text, {"h": (start + 1, short)}, self._letters)._number("h")
        minutes = _Shape(self._text, {"m": (stop - 2, stop) if stop - start > 3 else (0, 0)}, self._letters)._number(
            "m"
        )
        return (hours * 3600 + minutes * 60) * (-1 if name[0] == "-" else 1), (hours < 24) & (minutes < 60)


def _is_leap(year: IntArray) -> IntArray:
    leap: IntArray = ((year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))).astype(np.int64)
    return leap


def _days_of(year: IntArray, month: IntArray, day: IntArray) -> IntArray:
    """Days since 1970 in the Gregorian calendar, by years that begin in March (Hinnant, days_from_civil)."""
    year = year - (month <= 2)
    era = year // 400
    of_era = year - era * 400
    of_year = (153 * ((month + 9) % 12) + 2) // 5 + day - 1
    found: IntArray = era * 146_097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - _UNIX
    return found
