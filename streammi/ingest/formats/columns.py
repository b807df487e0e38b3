"""Values as messages hold them to float64 columns, or to labels; and the columns of many messages to one batch.

A value is a number, a boolean (0 or 1, as a switch is), or a text that reads as a number, as exchanges and MQTT bridges
send them. null and NaN are both "nothing measured": they pass as NaN, and the window counts them as not finite. A whole
number too large for a float64 passes as infinite, likewise.
"""

import math
import re
from collections.abc import Callable
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from streammi.errors import FeedError
from streammi.ingest.clock import Clock
from streammi.ingest.formats.time_parts import from_calendar, in_parts, is_calendar
from streammi.ingest.timestamps import is_missing
from streammi.network.frames import is_text
from streammi.records import FloatArray

Column: TypeAlias = list[Any] | NDArray[Any]
Columns: TypeAlias = tuple[Column, ...] | FloatArray  # of equal length, the array's being its rows
_WITH_UNIT: Final = re.compile(r"[-+]?[0-9.]+(?:[eE][-+]?[0-9]+)?[^\W\d_]{0,4}%?")
LONG_TEXT: Final = 8  # characters
NUMERIC: Final[np.dtype[Any]] = np.dtype(np.float64)
LABELS: Final[np.dtype[Any]] = np.dtype(np.object_)


def is_array(value: Any) -> bool:
    """True if a value is many values.

    >>> is_array([1, 2]), is_array(np.zeros(2)), is_array("12"), is_array(np.float32(1))
    (True, True, False, False)
    """
    return isinstance(value, list) or (isinstance(value, np.ndarray) and value.ndim > 0)


def number(value: Any) -> float:
    """A value as a float64; ``FeedError("not a number")``.

    >>> number(7), number(True), number("1e3"), number(None), number(-(10**400))
    (7.0, 1.0, 1000.0, nan, -inf)
    """
    try:
        if isinstance(value, float | int | np.number | np.bool_):
            return float(value)
        if isinstance(value, str):
            return math.nan if is_missing(value) else float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf
    except (ValueError, TypeError):  # a text; a complex number
        pass
    if value is None:
        return math.nan
    raise FeedError("not a number", f"{type(value).__name__} {repr(value)[:60]}{_instead(value)}")


def _instead(value: Any) -> str:
    if isinstance(value, dict):
        inside = next((key for key, one in value.items() if _is_numeric(one)), None)
        if isinstance(inside, str) and inside.isdecimal():
            return (
                " (by numbers of rows, as pandas has it: orient='split' or 'records' is read)"
                if len(inside) < LONG_TEXT
                else ' (by its time: send {"x": ..., "y": ..., "time": ...})'
            )
        return "" if inside is None else f" (its {inside} is a number: add /{inside} to the path)"
    if isinstance(value, list):
        return ' (a list in a list: send {"x": [...], "y": [...]}, and times beside them)'
    if not isinstance(value, str):
        return ""
    if is_number(value.split(" ", 1)[0]) or _WITH_UNIT.fullmatch(value):
        return " (something is behind the number: send the number by itself)"
    if is_number(value.replace(",", ".", 1)) or is_number(value.replace(",", "").replace("'", "")):
        return " (a decimal comma, or thousands: send a point, and no comma)"
    if is_number(value.replace("\N{MINUS SIGN}", "-")):
        return " (a minus sign that is none of ASCII: send -)"
    if re.fullmatch(r"[-+]?0[xX][0-9A-Fa-f]+", value):
        return " (hexadecimal: send a number)"
    if len(value) >= LONG_TEXT and len(value) % 4 == 0 and re.fullmatch(r"[A-Za-z0-9+/]+={1,2}", value):
        return " (base64 maybe: send the numbers themselves)"
    return " (--bins categories takes texts)"


def _is_numeric(value: Any) -> bool:
    return isinstance(value, int | float) or (isinstance(value, str) and is_number(value))


def is_number(text: str) -> bool:
    """True if a text reads as a number.

    >>> is_number("-1e3"), is_number("NaN"), is_number("1 2")
    (True, True, False)
    """
    try:
        float(text)
    except ValueError:
        return False
    return True


def label(value: Any) -> Any:
    """A value as a label: a text, a boolean or a number as it is; bytes as their text, or as digits; null as NaN.

    >>> label("on"), label(b"on"), label(b"\\x00\\xff"), label(3), label(None)
    ('on', 'on', '00ff', 3, nan)
    """
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace") if is_text(value) else value.hex()
    if isinstance(value, str | bool | int | float):
        return value
    return number(value)


def column(values: Column, labels: bool) -> NDArray[Any]:
    """Many values as float64, or as labels, shape (n,): one that is no value becomes NaN, unless none of them is one.

    >>> column([1, None, "2.5", "x", {}], labels=False)
    array([1. , nan, 2.5, nan, nan])
    >>> column(["x"], labels=False)
    Traceback (most recent call last):
    ...
    streammi.errors.FeedError: not a number: str 'x' (--bins categories takes texts)
    """
    if len(values) == 0:
        raise FeedError("empty", "an empty array")
    if isinstance(values, np.ndarray) and (values.ndim != 1 or values.dtype.kind not in "fiub"):
        raise FeedError("not a number", f"an array of {values.dtype} with shape {values.shape}")
    if labels:
        return _objects([or_nan(value, label) for value in values])
    try:
        numbers = np.ascontiguousarray(values, dtype=np.float64)  # reads numbers, null, booleans and texts
    except (ValueError, TypeError, OverflowError):
        pass
    else:
        if numbers.ndim == 1:
            return numbers
    numbers = np.array([or_nan(value, number) for value in values])
    if np.isnan(numbers).all():
        for value in values:
            number(value)
    return numbers


def times(value: Any, n: int, clock: Clock) -> Column:
    """The times of ``n`` samples in seconds by the feed's clock: of each, or one for all. ``FeedError("not a time")``.

    >>> times("2026-01-01T00:00:00Z", 2, Clock()), times([1767225600000, None], 2, Clock())
    ([1767225600.0, 1767225600.0], array([1.7672256e+09,           nan]))
    """
    if not is_array(value) or (n == 1 and is_calendar(value)):
        return [_seconds(value, clock)] * n
    if len(value) != n:
        raise FeedError("lengths differ", f"{len(value)} times for {n} samples")
    if isinstance(value, np.ndarray):
        if value.ndim != 1 or value.dtype.kind not in "fiu":
            raise FeedError("not a time", f"an array of {value.dtype} with shape {value.shape}")
        return clock.array(value)
    if all(isinstance(one, str) for one in value):
        return clock.texts(value)
    return np.array([math.nan if one is None else _seconds(one, clock) for one in value])


def is_time(value: Any) -> bool:
    """True if a value can be a time, or the times of many samples.

    >>> is_time(0.5), is_time("2026-01-01"), is_time([]), is_time("noon")
    (True, True, True, False)
    """
    try:
        return is_array(value) or bool(times(value, 1, Clock()))
    except FeedError:
        return False


def _seconds(value: Any, clock: Clock) -> float:
    if isinstance(value, dict):
        value = in_parts(value)
    elif isinstance(value, list):
        value = from_calendar(value)
    if isinstance(value, np.number):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return math.nan
    return clock.one(value)


def or_nan(value: Any, convert: Callable[[Any], Any]) -> Any:
    """A value as ``convert`` has it; NaN where that raises FeedError."""
    try:
        return convert(value)
    except FeedError:
        return math.nan


def _objects(values: list[Any]) -> NDArray[Any]:
    array = np.empty(len(values), dtype=np.object_)
    array[:] = values
    return array


class Batch:
    """The columns of messages, one after the other.

    >>> batch = Batch(2, labels=False)
    >>> batch.add(([1.0], [2.0]), None)
    >>> batch.add((np.array([3.0]), np.array([4.0])), [60.0])
    >>> batch.drain(math.nan)
    ([array([1., 3.]), array([2., 4.])], array([60., 60.]))
    """

    def __init__(self, signals: int, labels: bool) -> None:
        self._dtype = LABELS if labels else NUMERIC
        self._signals = signals
        self._pieces: list[tuple[Columns, Column | None]] = []

    def add(self, values: Columns, t: Column | None) -> None:
        """Add columns of equal length, and their times."""
        self._pieces.append((values, t))

    def drain(self, last_t: float) -> tuple[list[Any] | FloatArray, FloatArray | None]:
        """The columns, and their times: a sample without one is taken to be at the time of the one before.

        ``last_t`` is the time of the sample before the first, NaN where there is none. None instead of the
        times where there are none at all.
        """
        pieces, self._pieces = self._pieces, []
        columns: list[NDArray[Any]] | FloatArray
        if len(pieces) == 1:  # nearly always: all messages were alike
            values, t = pieces[0]
            columns = (
                values
                if isinstance(values, np.ndarray)
                else [
                    one
                    if isinstance(one, np.ndarray) and one.dtype is NUMERIC is self._dtype
                    else _array(one, self._dtype)
                    for one in values
                ]
            )
        else:
            *columns, t = self._joined(pieces)
            t = t if any(times is not None for _, times in pieces) else None
        if t is None:
            return columns, None if math.isnan(last_t) else np.full(columns[0].size, last_t)
        return columns, _filled(_array(t, NUMERIC), last_t)

    def _joined(self, pieces: list[tuple[Columns, Column | None]]) -> list[NDArray[Any]]:
        """The columns and times of pieces, NaN where there is none; single samples become an array together."""
        rows: list[tuple[Any, ...]] = []
        blocks: list[tuple[Column, ...]] = []
        for values, t in pieces:
            times = [math.nan] * len(values[0]) if t is None else t
            if len(values[0]) == 1 and not isinstance(values[0], np.ndarray):
                rows.append((*(column[0] for column in values), times[0]))
                continue
            if rows:
                blocks.append(tuple(map(list, zip(*rows, strict=True))))
                rows = []
            blocks.append((*values, times))
        if rows:
            blocks.append(tuple(map(list, zip(*rows, strict=True))))
        if not blocks:
            return [np.empty(0, dtype=self._dtype)] * self._signals + [np.empty(0)]
        dtypes = [self._dtype] * self._signals + [NUMERIC]
        return [
            np.concatenate([_array(column, dtype) for column in columns])
            for columns, dtype in zip(zip(*blocks, strict=True), dtypes, strict=True)
        ]


def _array(column: Column, dtype: np.dtype[Any]) -> NDArray[Any]:
    return _objects(list(column)) if dtype is LABELS else np.asarray(column, dtype=dtype)


def _filled(t: FloatArray, last_t: float) -> FloatArray:
    known = np.isfinite(t)
    if np.logical_and.reduce(known) or not (known.any() or math.isfinite(last_t)):
        return t
    first = last_t if math.isfinite(last_t) else t[known][0]
    source = np.maximum.accumulate(np.where(known, np.arange(t.size), -1))
    filled: FloatArray = np.where(source < 0, first, t[source])
    return filled
