"""A sample's time by itself, as seconds since the epoch (float64); ``clock`` reads those of a feed.

By itself a number is seconds, milliseconds, microseconds or nanoseconds by its size: each bound below is the year 5138
in the smaller unit and March 1973 in the larger. Small plain numbers (0.01, a sample number) are seconds as they are.
Text is a number, ISO 8601, or a date in another way that leaves nothing open: 01.03.2026 10:00 does, 01/03/2026 does
not. Without a zone it is UTC. A float64 of seconds resolves 0.24 us in this century.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

import numpy as np
from numpy.typing import NDArray

from streammi.errors import FeedError
from streammi.records import FloatArray

TimeLike = int | float | str | bytes | datetime

BOUNDS: Final = np.array([1e11, 1e14, 1e17])  # below: s, ms, us; from the last on: ns
PER_SECOND: Final = np.array([1.0, 1e3, 1e6, 1e9])
MISSING: Final = frozenset({"", "na", "n/a", "nan", "null", "none", "nat"})  # how files and databases write "no value"

YEAR_1: Final = -62_135_596_800  # s
AT_ONCE: Final = 500  # dates: of more numpy lets go of the interpreter, and one that does not exist crashes the process
_ISO: Final = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?(?P<zone>Z|[+-]\d\d:\d\d)?)?")


def to_seconds(value: TimeLike) -> float:
    """One time in seconds since the epoch; ``FeedError("not a time")`` for what is not a finite time.

    >>> to_seconds(1767225600123), to_seconds("2026-01-01T01:00:00.5+01:00"), to_seconds(b"1767225600.12")
    (1767225600.123, 1767225600.5, 1767225600.12)
    >>> to_seconds("2026-01-01"), to_seconds("2026-01-01 00:00:01"), to_seconds(0.01)
    (1767225600.0, 1767225601.0, 0.01)
    >>> [to_seconds(text) for text in ("Thu, 01 Jan 2026 00:00:00 GMT", "01.01.2026 01:00 CET")]
    [1767225600.0, 1767225600.0]
    >>> to_seconds("yesterday")
    Traceback (most recent call last):
    ...
    streammi.errors.FeedError: not a time: 'yesterday'
    """
    if isinstance(value, float | int) and not isinstance(value, bool):
        number: float = value
    elif isinstance(value, datetime):
        return _of_datetime(value)
    elif isinstance(value, str | bytes):
        text = value if isinstance(value, str) else value.decode("latin-1")
        if text[4:5] == "-":  # 2026-01-01...: no number looks like this, and a failed int() costs more than the parsing
            return _of_iso(text)
        try:
            number = _number(text)
        except ValueError:
            return _of_iso(text)
    else:
        raise _not_a_time(value)
    return by_size(number)


def by_size(number: float) -> float:
    """A number in seconds, ms, us or ns as seconds, by its size; ``FeedError("not a time")`` where it is not finite."""
    size = abs(number)
    if size < 1e11:
        return float(number)
    if size < 1e14:
        return number / 1_000  # of an int: rounded once, not twice
    if size < 1e17:
        return number / 1_000_000
    if size < 1e20:  # the year 5138 in ns; nan and inf fail every comparison
        return number / 1_000_000_000
    raise _not_a_time(number)


def to_seconds_array(texts: list[str], one: Callable[[str], float] = to_seconds) -> FloatArray:
    """Times of a column, shape (n,); NaN where there is none (empty, ``NA``, ...) or it cannot be read.

    ``one`` reads those that are not ISO 8601.

    >>> to_seconds_array(["2026-01-01T00:00:00Z", "", "2026-01-01T00:00:00.25Z"])
    array([1.7672256e+09,           nan, 1.7672256e+09])
    """
    lengths = np.fromiter(map(len, texts), dtype=np.int64, count=len(texts))
    seconds = np.full(len(texts), np.nan)
    for length in np.unique(lengths):  # each by itself: ISO 8601 has few (Python leaves out a fraction of 0)
        rows = np.flatnonzero(lengths == length)
        seconds[rows] = _alike([texts[row] for row in rows] if len(rows) < len(texts) else texts, one)
    return seconds


def by_size_array(numbers: NDArray[np.number]) -> FloatArray:
    """Numbers in seconds, ms, us or ns as seconds, shape (n,); each by its own size, NaN where not finite.

    >>> by_size_array(np.array([0.5, 1767225600, 1767225600_000_000]))
    array([5.0000000e-01, 1.7672256e+09, 1.7672256e+09])
    """
    values = np.asarray(numbers, dtype=np.float64)
    size = np.abs(values)
    if size.size and np.maximum.reduce(size) < BOUNDS[0]:  # seconds already, as most are; NaN is not below
        return values
    seconds: FloatArray = values / PER_SECOND[np.searchsorted(BOUNDS, size, side="right")]
    seconds[~(size < 1e20)] = np.nan
    return seconds


def is_missing(text: str) -> bool:
    """True if a field says that there is no value.

    >>> is_missing(" "), is_missing("NaN"), is_missing("0")
    (True, True, False)
    """
    return text.strip().lower() in MISSING


def _number(text: str) -> float:
    """An int where the text is one: 19 digits of nanoseconds are more than a float64 holds."""
    try:
        return int(text)
    except ValueError:
        return float(text)


def _or_nan(text: str, one: Callable[[str], float]) -> float:
    try:
        return one(text)
    except FeedError:
        return float("nan")


def _alike(texts: list[str], one: Callable[[str], float]) -> FloatArray:
    """Texts of one length: by numpy (5 times faster) where all have the first one's digits, signs and zone."""
    shape = _ISO.fullmatch(texts[0])
    zone = "" if shape is None else shape["zone"] or ""
    try:
        ahead = _of_iso("1970-01-01T00:00" + zone)
    except FeedError:  # a zone of 99 hours
        shape = None
    if shape is None:
        return np.array([_or_nan(text, one) for text in texts])
    end = len(texts[0]) - len(zone)
    letters = np.frombuffer("".join(texts).encode("ascii", "replace"), dtype=np.uint8).reshape(len(texts), -1)
    is_digit = (letters >= ord("0")) & (letters <= ord("9"))
    fixed = ~is_digit[0]
    fixed[end:] = True  # numpy does not read zones
    if (is_digit != is_digit[0]).any() or (letters[:, fixed] != letters[0, fixed]).any():
        return np.array([_or_nan(text, one) for text in texts])
    dates = letters[:, :end].copy().view(f"S{end}")[:, 0]
    seconds = np.empty(len(texts))
    for start in range(0, len(texts), AT_ONCE):
        part = slice(start, start + AT_ONCE)
        try:
            seconds[part] = dates[part].astype("datetime64[us]").astype(np.int64) / 1e6 + ahead
        except ValueError:  # a 30th of February
            seconds[part] = [_or_nan(text, one) for text in texts[part]]
    seconds[seconds < YEAR_1 + ahead] = np.nan  # numpy has a year before it
    return seconds


def _of_iso(text: str) -> float:
    try:
        return _of_datetime(datetime.fromisoformat(text.strip()))
    except ValueError:
        return _of_another_form(text)


def _of_another_form(text: str) -> float:
    from streammi.ingest.files.times.date_texts import one_date

    if not 6 <= len(text) <= 64 or not any(map(str.isdigit, text)) or (seconds := one_date(text)) is None:
        raise _not_a_time(text)
    return seconds


def _of_datetime(when: datetime) -> float:
    return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()


def _not_a_time(value: object) -> FeedError:
    return FeedError("not a time", repr(value)[:80])
