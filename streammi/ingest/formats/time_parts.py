"""Times that records have in parts: seconds and nanoseconds of ROS and Protocol Buffers, and year, month, day, ..."""

from datetime import UTC, datetime
from typing import Any, Final

from streammi.errors import FeedError

_WHOLE: Final = ("sec", "secs", "seconds", "tv_sec", "$date", "$numberLong")
_PARTS: Final = (
    *((name, 1e-9) for name in ("nanosec", "nanosecs", "nsec", "nsecs", "nanos", "nanoseconds", "tv_nsec")),
    *((name, 1e-6) for name in ("usec", "usecs", "micros", "microseconds", "tv_usec")),
    *((name, 1e-3) for name in ("msec", "msecs", "millis", "milliseconds")),
)
_YEARS: Final = (1970, 2100)


def in_parts(value: dict[Any, Any]) -> Any:
    """A time whose seconds and their fraction stand apart, or that has its type with it; FeedError for another object.

    >>> in_parts({"sec": 1767225600, "nanosec": 500000000}), in_parts({"$date": {"$numberLong": "1767225600123"}})
    (1767225600.5, '1767225600123')
    """
    names = [name for name in _WHOLE if name in value]
    parts = [(value[name], per) for name, per in _PARTS if name in value]
    if len(names) != 1 or len(value) != 1 + len(parts):
        raise _no_time(value)
    whole = value[names[0]]
    if isinstance(whole, dict):
        whole = in_parts(whole)
    if not parts:
        return whole
    try:
        return float(whole) + sum(float(part) * per for part, per in parts)
    except (TypeError, ValueError):
        raise _no_time(value) from None


def is_calendar(value: Any) -> bool:
    """True if an array is a date and time of day in parts, as Java's Jackson writes it.

    >>> is_calendar([2026, 3, 1, 10, 0]), is_calendar([1767225600, 1767225601]), is_calendar([2026, 13, 1, 0, 0])
    (True, False, False)
    """
    if not isinstance(value, list) or not 5 <= len(value) <= 7 or any(type(one) is not int for one in value):
        return False
    year, month, day, hour, *_ = value
    return bool(_YEARS[0] <= year < _YEARS[1] and 1 <= month <= 12 and 1 <= day <= 31 and 0 <= hour < 24)


def from_calendar(value: list[Any]) -> float:
    """The time of such an array, in seconds since 1970; FeedError for another one.

    >>> from_calendar([2026, 3, 1, 10, 0, 0, 500000000])
    1772359200.5
    """
    if is_calendar(value):
        year, month, day, hour, minute, second, nanoseconds = (*value, 0, 0)[:7]
        try:
            return datetime(year, month, day, hour, minute, second, tzinfo=UTC).timestamp() + float(nanoseconds) / 1e9
        except ValueError:  # a 30th of February
            pass
    raise _no_time(value)


def _no_time(value: Any) -> FeedError:
    return FeedError("not a time", repr(value)[:80])
