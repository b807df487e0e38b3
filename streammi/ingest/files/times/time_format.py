"""How a file writes its times, and how they are read by that."""

import math
import re
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from streammi.errors import ConfigError
from streammi.ingest.files.numbers.number_format import NumberFormat
from streammi.ingest.files.sampled import as_floats, is_text, joined
from streammi.ingest.files.times.date_forms import DATED, FORMS, Forms
from streammi.ingest.files.times.date_parser import Order, seconds_of
from streammi.ingest.files.times.time_spans import spans_of
from streammi.ingest.files.times.time_zones import ahead_of_utc
from streammi.ingest.files.times.zone_column import ahead_in_column
from streammi.ingest.time_guesses import goes_nowhere
from streammi.ingest.time_units import DAY, FIRST, LAST, TICKS, UNITS, Unit
from streammi.records import FloatArray

READABLE: Final = 0.8  # the share of a sample's fields that must be times
BACKWARDS_FROM: Final = 2  # steps back: a single one, as at the start of a live source, is no order
SORTED: Final = "newest first: sorted"
JUDGED_FROM: Final = 8  # times: fewer do not tell one that goes up and down
WEEK: Final = 7 * DAY
_NUMBER: Final = re.compile(r"[0-9]+(?:\.[0-9]*)?")


class TimeFormat(NamedTuple):
    """How times are written: numbers of a unit, or dates and times of day in these forms."""

    unit: Unit | None = None  # None: text
    numbers: NumberFormat = NumberFormat()
    order: Order = "dmy"
    forms: Forms = FORMS
    of_day: bool = False  # they have no date
    epoch: bool = False  # they are dates, and numbers among them are since 1970, each in the unit of its size
    backwards: bool = False  # the newest comes first
    digits: int = 0  # of a time of day in a column of its own that has no signs, as 95959 of six; 0 for others
    fraction: Unit | None = None  # what the last column has of each second, where one of its own has it
    weeks: float | None = None  # the first column has weeks as GPS counts, so many fewer; then that is of each week
    spans: bool = False  # they have their units with them, or a sign
    zone: str = ""  # in which dates are, as the name of the column has it
    zoned: bool = False  # the last column has the zone of each row,
    offsets: bool = False  # which may be a number without a sign
    said: str = ""  # what is worth a word of it

    def of(self, columns: Sequence[pa.Array]) -> FloatArray:
        """The times that these columns have together, in seconds, (n,), NaN where they cannot be read."""
        if self.zoned:
            local = self._replace(zoned=False).of(columns[:-1])
            ahead: FloatArray = local - ahead_in_column(columns[-1], local, of_offsets=self.offsets)
            return ahead
        if self.fraction is None:
            return self.seconds(joined(columns, self.digits))
        *whole, part = columns
        values = numbers_in(part)
        if self.weeks is not None:
            return UNITS["gps"].array(WEEK * (numbers_in(whole[0]) + self.weeks) + self.fraction.array(values))
        found: FloatArray = self.seconds(joined(whole, self.digits)) + self.fraction.array(values)
        return found

    def seconds(self, fields: pa.Array) -> FloatArray:
        """Times in seconds, (n,), NaN where there is none, or it cannot be read."""
        kind = fields.type
        if pa.types.is_date(kind):
            fields, kind = pc.cast(fields, pa.timestamp("s")), pa.timestamp("s")
        if pa.types.is_timestamp(kind) or pa.types.is_time(kind) or pa.types.is_duration(kind):
            whole = pc.cast(fields, pa.int32()) if pa.types.is_time32(kind) else fields  # arrow has no other way
            ticks = pc.cast(pc.cast(whole, pa.int64(), safe=False), pa.float64(), safe=False)
            return np.asarray(UNITS[kind.unit].array(ticks.to_numpy(zero_copy_only=False)))
        if not is_text(fields):
            values = pc.cast(fields, pa.float64(), safe=False).to_numpy(zero_copy_only=False)
            if self.unit is not None:
                return self._of_numbers(values)
            texts = (f"{value:.6f}".rstrip("0").rstrip(".") if math.isfinite(value) else None for value in values)
            fields = pa.array(texts, pa.string())
        if self.spans:
            return spans_of(fields)
        if self.unit is None:
            seconds = self._in_utc(seconds_of(fields, self.order, self.forms))
            return self._with_others(seconds, fields) if self.epoch else seconds
        values, bad = self.numbers.array(fields)
        seconds = self._of_numbers(values)
        return self._with_others(seconds, fields) if self.epoch and bad.any() else seconds

    def _in_utc(self, seconds: FloatArray) -> FloatArray:
        """Local times as those of Greenwich, where the name of the column has the zone."""
        if not self.zone or not (known := np.isfinite(seconds)).any():
            return seconds
        ahead = ahead_of_utc(self.zone, np.floor(seconds[known]).astype(np.int64))
        found = seconds.copy()
        found[known] -= 0 if ahead is None else ahead
        return found

    def _of_numbers(self, values: FloatArray) -> FloatArray:
        assert self.unit is not None
        seconds = self.unit.array(values)
        if self.epoch:
            others = np.isfinite(seconds) & ~((seconds >= FIRST) & (seconds < LAST))
            if others.any():
                seconds = seconds.copy()
                seconds[others] = epoch_seconds(values[others])
        return seconds

    def _with_others(self, seconds: FloatArray, fields: pa.Array) -> FloatArray:
        """With those that are written otherwise than most: numbers among texts, texts among numbers."""
        rows = np.flatnonzero(np.isnan(seconds))
        if not rows.size:
            return seconds
        texts = fields.take(pa.array(rows))
        if self.unit is not None:
            others = seconds_of(texts, self.order, DATED)
        else:
            numbers = [
                float(text) if text and _NUMBER.fullmatch(text.strip()) else math.nan for text in texts.to_pylist()
            ]
            others = epoch_seconds(np.array(numbers))
        found = seconds.copy()
        found[rows] = others
        return found


def numbers_in(column: pa.Array) -> FloatArray:
    """The numbers of a column, (n,), NaN where there is none."""
    return NumberFormat().array(column)[0] if is_text(column) else as_floats(column)


def epoch_seconds(values: FloatArray) -> FloatArray:
    """Numbers since 1970, each in the unit of its size, as seconds, (n,); NaN for one that is so in none.

    >>> epoch_seconds(np.array([1767225600, 1767225600123, 4711, np.nan]))
    array([1.7672256e+09, 1.7672256e+09,           nan,           nan])
    """
    found = np.full(values.shape, np.nan)
    for unit in TICKS:
        seconds = values / unit.per
        there = (seconds >= FIRST) & (seconds < LAST)
        found[there] = seconds[there]
    return found


class OfDay:
    """Times of day made to go on: past midnight a day is added. Keeps where it is from block to block."""

    def __init__(self) -> None:
        self._days, self._last = 0.0, math.nan

    def __call__(self, seconds: FloatArray) -> FloatArray:
        """Seconds of the day, (n,), as seconds since midnight of the first day."""
        known = np.flatnonzero(np.isfinite(seconds))
        if not known.size:
            return seconds
        times = seconds[known]
        first = self._last if math.isfinite(self._last) else times.item(0)
        days = self._days + DAY * np.cumsum(np.diff(times, prepend=first) < -DAY / 2)
        self._days, self._last = days.item(-1), times.item(-1)
        found = seconds.copy()
        found[known] = times + days
        return found


def in_order(form: TimeFormat, texts: Sequence[str]) -> TimeFormat:
    """With what is said of times that go back: the newest first."""
    seconds = form.seconds(pa.array(texts, pa.string()))
    return directed(form, seconds[np.isfinite(seconds)])


def directed(form: TimeFormat, seconds: FloatArray) -> TimeFormat:
    """Likewise, of times in seconds, (n,)."""
    if form.of_day or not goes_back(seconds):
        return form
    return form._replace(backwards=True, said=", ".join(filter(None, (form.said, SORTED))))


def goes_back(seconds: FloatArray) -> bool:
    """True if times, (n,), in seconds, have the newest first."""
    steps = np.diff(seconds)
    back = np.count_nonzero(steps < 0)
    return bool(back >= BACKWARDS_FROM and back > 0.9 * np.count_nonzero(steps))


def is_restless(seconds: FloatArray) -> bool:
    """True if times, in seconds, go up and down, as those of no clock do."""
    epoch = (seconds >= FIRST) & (seconds < LAST)
    return seconds.size >= JUDGED_FROM and goes_nowhere(seconds) and not bool(epoch.all())


def not_times(option: str, name: str, example: str) -> ConfigError:
    """The refusal of a column that was asked for and cannot be read as times."""
    rule = f"a column of times, or given with --time-format or --time-unit ({name}: {example!r})"
    return ConfigError(option, rule, name)
