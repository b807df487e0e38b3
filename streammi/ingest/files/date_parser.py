"""Dates and times of day as people and loggers write them: text to seconds, many at once.

Texts that have the same letters and signs, and digits at the same places, have one shape: the first of a shape is read
by a regular expression, which says where each number stands, and all others by their digits at these places.
"""

import re
from collections.abc import Sequence
from typing import Final, Literal, TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from streammi.errors import ConfigError
from streammi.ingest.files.date_words import month_of, plain_date
from streammi.ingest.files.time_zones import ZONES
from streammi.records import FloatArray, IntArray

Order: TypeAlias = Literal["dmy", "mdy", "ymd"]  # of 01/02/2026, or 01/02/26
Letters: TypeAlias = NDArray[np.uint8]
Forms: TypeAlias = tuple[re.Pattern[str], ...]
Places: TypeAlias = dict[str, tuple[int, int]]

_DATES: Final = (
    r"(?P<Y>\d{4})(?P<s1>[-/.])(?P<m>\d{1,2})(?P=s1)(?P<d>\d{1,2})",
    r"(?P<a>\d{1,2})(?P<s2>[-/.])(?P<b>\d{1,2})(?P=s2)(?P<Y>\d{4}|\d{2})",
    r"(?P<d>\d{1,2})(?:\.\s?|[-/ ])(?P<n>[^\W\d_]{3,9})\.?[-/ ,]\s?(?P<Y>\d{4}|\d{2})",
    r"(?P<n>[^\W\d_]{3,9})\.?\s(?P<d>\d{1,2}),?\s(?P<Y>\d{4})",
    r"(?P<Y>\d{4})[-/ ](?P<n>[^\W\d_]{3,9})[-/ ](?P<d>\d{1,2})",
    r"(?P<Y>\d{4})\. ?(?P<m>\d{1,2})\. ?(?P<d>\d{1,2})\.",  # Korea, Hungary
    r"(?P<Y>\d{4})-(?P<j>\d{3})",
    r"(?P<Y>\d{4})(?P<m>\d\d)(?P<d>\d\d)",
)
_TIME: Final = (
    # 1.02:03 is a day and two hours, and no time of day with a point in it.
    r"(?P<H>\d{1,2})(?P<s3>[:.h])(?P<M>\d{2})(?:(?:(?P=s3)|(?<=h\d\d)[:m])(?P<S>\d{2})(?:[.,:](?P<f>\d{1,9}))?s?)?"
    r"(?:\s?(?P<p>[AaPp])\.?\s?[Mm]\.?)?"
)
_PACKED: Final = r"(?P<H>\d\d)(?P<M>\d\d)(?:(?P<S>\d\d)(?:[.,](?P<f>\d{1,9}))?)?"
_SPAN: Final = r":(?P<M>[0-5]\d):(?P<S>[0-5]\d)(?:[.,](?P<f>\d{1,9}))?"
_DASHED: Final = r"(?P<H>\d\d)(?P<s4>[-_])(?P<M>\d\d)(?:(?P=s4)(?P<S>\d\d)(?:[.,](?P<f>\d{1,9}))?)?"
_ZONE: Final = (
    r"(?:\s?(?:(?:GMT|UTC)(?=[+-]))?(?P<z>[+-]\d{2}:?\d{2}|[+-]\d{1,2}|[A-Z]{1,5})(?:\[[^]]*\])?(?:\s\([^)]*\))?)?"
)
_DAY_NAME: Final = r"(?:[^\W\d_]{2,12}\.?,?\s)?"
FORMS: Final = tuple(
    re.compile(rf"\s*\[?{form}\]?\s*")
    for form in (
        rf"(?P<D>\d{{1,5}})(?:\.|\s?d(?:ays?)?,?\s)(?P<H>\d{{1,2}}){_SPAN}",  # a span, as .NET and Python write it
        *(rf"{_DAY_NAME}{date}(?:(?:[T ,;_]|\s-\s|:|,\s)\s?{_TIME}{_ZONE})?" for date in _DATES),
        rf"{_DATES[-1]}[T _-]?{_PACKED}{_ZONE}",
        *(rf"{date} {_PACKED}" for date in _DATES[:2]),
        rf"{_DATES[0]}[-_T ]{_DASHED}",
        rf"{_TIME}{_ZONE}(?:\s|,\s?){_DAY_NAME}{_DATES[0]}",
        rf"{_TIME}{_ZONE}(?:\s|,\s?){_DAY_NAME}{_DATES[1]}",
        # C's ctime and the program date.
        rf"{_DAY_NAME}(?P<n>[^\W\d_]{{3,9}})\s{{1,2}}(?P<d>\d{{1,2}})\s{_TIME}(?:\s(?P<z>[A-Z]{{1,5}}))?\s(?P<Y>\d{{4}})",
        rf"(?P<H>\d{{1,4}}){_SPAN}",
        rf"{_TIME}",
        r"(?P<M>\d{1,4}):(?P<S>[0-5]\d)[.,](?P<f>\d{1,9})",
    )
)
MINUTES: Final = (re.compile(r"\s*(?P<M>\d{1,4}):(?P<S>[0-5]\d)\s*"),)  # and seconds, of a stopwatch
_LENGTHS: Final = np.array([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
_STRPTIME: Final = {
    "%Y": r"(?P<Y>\d{4})", "%y": r"(?P<Y>\d\d)", "%m": r"(?P<m>\d{1,2})", "%d": r"(?P<d>[ \d]?\d)",
    "%b": r"(?P<n>[^\W\d_]{3,9})\.?", "%B": r"(?P<n>[^\W\d_]{3,9})", "%j": r"(?P<j>\d{1,3})", "%H": r"(?P<H>\d{1,2})",
    "%I": r"(?P<H>\d{1,2})", "%M": r"(?P<M>\d{1,2})", "%S": r"(?P<S>\d{1,2})", "%f": r"(?P<f>\d{1,9})",
    "%p": r"(?P<p>[AaPp])\.?[Mm]\.?", "%z": r"(?P<z>Z|[+-]\d\d:?\d\d|[+-]\d\d)", "%Z": r"(?P<z>[A-Z]{1,5})",
    "%a": r"[^\W\d_]{2,9}\.?", "%A": r"[^\W\d_]{2,9}", "%%": "%",
}  # fmt: skip
_UNIX: Final = 719_468  # days from 0000-03-01 to 1970-01-01


_WITHOUT_YEAR: Final = re.compile(
    rf"\s*{_DAY_NAME}(?:(?P<before>[^\W\d_]{{3,9}})\.?\s+\d{{1,2}}"
    rf"|\d{{1,2}}(?:[-/ ]|\.\s?)(?:(?P<behind>[^\W\d_]{{3,9}})|\d{{1,2}})\.?)"
    rf"(?:[T ,_]\s*{_TIME}{_ZONE})?\s*"
)


def has_no_year(text: str) -> bool:
    """True if a text is a date and time of day, but for the year.

    >>> [has_no_year(text) for text in ("Mar  1 10:00:00", "01.03. 10:00", "03-01 10:00:00.5", "2026-03-01", "10:00")]
    [True, True, True, False, False]
    """
    match = _WITHOUT_YEAR.fullmatch(text)
    month = match["before"] or match["behind"] if match else None
    return match is not None and (not month or month_of(month) > 0) and places_of(text) is None


def places_of(text: str, forms: Forms = FORMS) -> Places | None:
    """Where the parts of a date or time of day stand in a text: Y, m or n (a name), d, H, M, S, f, p, z, or a and b."""
    text = plain_date(text)
    for form in forms:
        if match := form.fullmatch(text):
            found = {name: match.span(name) for name in match.groupdict() if match[name] is not None}
            return {name: span for name, span in found.items() if name[0] != "s"}
    return None


def has_date(places: Places) -> bool:
    """True if these parts have a day, not only the time of one."""
    return "Y" in places or "j" in places


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
            hour = hour % 12 + 12 * (half == "p")
        elif has_date(self._places):
            valid = valid & ((hour < 24) | ((hour == 24) & (minute == 0) & (second == 0)))
        zone, known = self._zone()
        # 60: a leap second, which is the next minute's first. Minutes without an hour are those of a stopwatch.
        valid = valid & known & ((minute < 60) | ("H" not in self._places)) & (second <= 60)
        whole = days * 86_400 + hour * 3600 + minute * 60 + second - zone
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
        if "j" in self._places:
            day = self._number("j")
            return _days_of(year, np.ones_like(year), day), (day >= 1) & (day <= 365 + _is_leap(year))
        if "a" in self._places:
            first, second = self._number("a"), self._number("b")
            day, month = (first, second) if order == "dmy" else (second, first)
            if order == "ymd":
                year, month, day = first + 2000, second, self._number("Y")
        elif "n" in self._places:
            day, month = self._number("d"), np.full_like(year, month_of(self._word("n")))
        else:
            day, month = self._number("d"), self._number("m")
        valid = (month >= 1) & (month <= 12)
        month = np.where(valid, month, 1)
        longest = _LENGTHS[month] + ((month == 2) & _is_leap(year))
        return _days_of(year, month, day), valid & (day >= 1) & (day <= longest)

    def _zone(self) -> tuple[IntArray | int, bool]:
        """Seconds east of Greenwich, and whether they are known."""
        if "z" not in self._places:
            return 0, True
        name = self._word("z")
        if name[0] not in "+-":
            return int(ZONES.get(name, 0) * 3600), name in ZONES
        start, stop = self._places["z"]
        hours = _Shape(self._text, {"h": (start + 1, min(start + 3, stop))}, self._letters)._number("h")
        minutes = _Shape(self._text, {"m": (stop - 2, stop)}, self._letters)._number("m") if stop - start > 3 else 0
        return (hours * 3600 + minutes * 60) * (-1 if name[0] == "-" else 1), True


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


def form_of(pattern: str) -> re.Pattern[str]:
    """The form of times in the words of strptime, such as ``%d.%m.%Y %H:%M:%S.%f``; ``ConfigError`` for others.

    >>> seconds_of(pa.array(["31|12|2025 23h"]), forms=(form_of("%d|%m|%Y %Hh"),)).tolist()
    [1767222000.0]
    """
    parts = re.split(r"(%.)", pattern.strip())
    named = [part for part in parts if part.startswith("%")]
    unknown = [part for part in named if part not in _STRPTIME]
    pattern = pattern.strip()
    dateless = not {"%Y", "%y"} & set(named) and bool({"%m", "%d", "%b", "%B", "%j"} & set(named))
    if unknown or not named or len(set(named)) < len(named) or dateless:
        rule = "with the year, if it has a day" if dateless else "as strptime has it, of " + " ".join(_STRPTIME)
        raise ConfigError("--time-format", rule, pattern)
    regex = "".join(_STRPTIME.get(part) or re.sub(r"\\ ", r"\\s+", re.escape(part)) for part in parts)
    return re.compile(rf"\s*{regex}\s*")


def form_of_parts(parts: Sequence[str]) -> re.Pattern[str]:
    """The form of dates whose parts, by strptime's letters, stand one behind the other; T is a time of day with signs.

    >>> seconds_of(pa.array(["2026 3 1 10 0 0.5", "26 03 01 10 00 01"]), forms=(form_of_parts("YmdHMS"),)).tolist()
    [1772359200.5, 1772359201.0]
    >>> seconds_of(pa.array(["2026 60 1000"]), forms=(form_of_parts(("Y", "j", "HM")),)).tolist()
    [1772359200.0]
    """
    known = {
        "Y": r"(?P<Y>\d{4}|\d\d)", "m": r"(?P<m>\d{1,2})", "d": r"(?P<d>\d{1,2})", "j": r"(?P<j>\d{1,3})",
        "H": r"(?P<H>\d{1,2})", "M": r"(?P<M>\d{1,2})", "S": r"(?P<S>\d{1,2})(?:\.(?P<f>\d{1,9}))?", "T": _TIME,
        "HM": r"(?P<H>\d\d)(?P<M>\d\d)", "HMS": r"(?P<H>\d\d)(?P<M>\d\d)(?P<S>\d\d)",
    }  # fmt: skip
    return re.compile(r"\s*" + r"\s+".join(known[part] for part in parts) + r"\s*")
