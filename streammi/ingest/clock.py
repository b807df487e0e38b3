"""Clock: what the numbers count that a feed gives as its times. One guess for a feed, from several of them, and kept.

A number is a time since 1970 where it is one of the years 1990 to 2100 in seconds, milliseconds, microseconds or
nanoseconds: no number is so in two of these. Any other is a time since the sender's start, in a unit that is told by
how fast it passes beside the time of arrival. What goes up and down, or stands still, is no clock. Text in ISO 8601
needs no guess.
"""

import math
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from streammi.errors import FeedError
from streammi.ingest.time_guesses import BEYOND, Kind, are_near, guessed, is_restless, number_of, unit_of_now
from streammi.ingest.time_units import (
    FIRST,
    LAST,
    TICKS,
    UNITS,
    Unit,
    time_unit,
    unit_in_name,
)  # fmt: skip
from streammi.ingest.timestamps import TimeLike, by_size, by_size_array, to_seconds, to_seconds_array
from streammi.records import FloatArray

LEARNT_FROM: Final = 20  # values
RATE_FROM: Final = 5  # values, and a second: from then on it is known how fast they pass
RATE_SECONDS: Final = 1.0
SETTLED_SECONDS: Final = 10.0  # after which a unit that has not shown by then is none
RATE_WITHIN: Final = 0.05  # of a power of 1,000: a recording played at any speed seldom comes so close to one


class Clock:
    """Reads a feed's times as seconds, and holds what was guessed of them.

    ``unit`` is what was asked for (``auto``: guess); ``name`` is the time's own, whose ending may say it, and ``asked``
    whether it was asked for by that name: then it is a time, whatever it looks like. ``begin`` says when the messages
    arrived that are read next. ``one``, ``array`` and ``texts`` give seconds, and learn. What they answer depends on
    the values and arrivals so far, not on how these were parted, so that a replay or a resumed run says the same.

    >>> clock = Clock()
    >>> clock.one(1767225600123), clock.one("2026-01-01T01:00:00.5+01:00"), clock.one(b"1767225600120")
    (1767225600.123, 1767225600.5, 1767225600.12)
    >>> Clock(name="uptime_ms").array(np.array([99_999_999_000, 100_000_000_000]))  # by size, these are of two units
    array([9.9999999e+07, 1.0000000e+08])
    >>> clock = Clock()
    >>> for k in range(6):
    ...     clock.begin(1_800_000_000 + k)
    ...     t = clock.one(5000 + 1000 * k)
    >>> t, clock.unit.name, clock.note
    (10.0, 'ms', 'its times pass 1,000 in a second: milliseconds since its start (else give --time-unit)')
    """

    def __init__(self, unit: str = "auto", name: str = "", *, asked: bool = False) -> None:
        self.note = ""  # one line for a person where the guess is worth a word
        given = time_unit(unit)
        named = unit_in_name(name)
        self.unit = given or named or TICKS[0]
        self._kind: Kind = "start" if given or named else "unknown"
        self._given, self._asked = given is not None, asked
        self._settled = self._given
        self._now = 0.0  # s since 1970; 0 where it is not known
        self._count = self._downs = self._steps = 0
        self._whole, self._near = True, False
        self._first, self._first_now, self._last, self._way = math.nan, 0.0, math.nan, 0.0
        self._mark, self._mark_now = math.nan, 0.0
        self._dates, self._date, self._date_now, self._dates_moved = 0, math.nan, 0.0, False
        self._lacked = 0  # messages without a time

    @property
    def is_none(self) -> bool:
        """True if the numbers turned out to be no clock: then there are no times, and all are NaN."""
        return self._kind == "none"

    @property
    def words(self) -> str:
        """The meaning of its numbers, in words."""
        if self.is_none:
            return "no clock: it goes up and down" if self._way else "no clock: it stands still"
        return self.unit.words if self._kind in ("epoch", "date") else f"{self.unit.words} from its start"

    @property
    def _instead(self) -> str:
        """The times that there are instead of its own: of a file, nothing."""
        return "the time of arrival is used" if self._now else "there are no times"

    def begin(self, now: float) -> None:
        """The messages that are read next arrived at ``now``, s since 1970; 0 where that is not known."""
        if not self._settled:
            self._judge_rate()
            if self._dates and not self._dates_moved:
                self._judge_dates()
        self._now = now

    def one(self, value: TimeLike) -> float:
        """One time in seconds, NaN where there is no clock; ``FeedError("not a time")`` for what is none."""
        number = number_of(value)
        if number is None:
            return self._of_date(to_seconds(value))
        if self._given:
            return self.unit.one(number)
        self._set_by_arrival(float(number))
        if not self._settled:
            self._learn(np.array([float(number)]), isinstance(number, int))
        if self.is_none:
            return math.nan
        if self._kind == "epoch" and not FIRST <= number / self.unit.per < LAST:
            return by_size(number)
        return self.unit.one(number)

    def array(self, values: NDArray[np.number]) -> FloatArray:
        """Times in seconds, shape (n,); NaN where there is none, or no clock."""
        numbers, whole = np.asarray(values, dtype=np.float64), values.dtype.kind in "iu"
        if self._settled and self._kind == "epoch":  # as those of most feeds are: nothing is left to be learnt
            return self._since_1970(numbers)
        if numbers.size and not np.abs(numbers).max() < BEYOND:
            numbers = np.where(np.abs(numbers) < BEYOND, numbers, np.nan)
        if self._given or not numbers.size:
            return self.unit.array(numbers)
        parts: list[FloatArray] = []
        while numbers.size:
            cut = self._next_turn(numbers)
            parts.append(self._alike(numbers[:cut], whole))
            numbers = numbers[cut:]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def unread(self, name: str, value: Any) -> None:
        """A feed's time, as its name says, cannot be read."""
        if name != "t" and not self.note and not self._count and value is not None:  # t may be anything
            self.note = f"its {name} {repr(value)[:40]} is no time that can be read: {self._instead}"

    @property
    def lacks(self) -> bool:
        """True while there was neither a time nor a word on why there is none, in so many messages at most."""
        self._lacked += 1
        return self._lacked <= LEARNT_FROM and not self.note and not self._count and not self._dates

    def suggest(self, path: str) -> None:
        """What may be a feed's time is at this path, if it is at any, under a name that is no usual one."""
        if path:
            self.note = f"--t {path} would take its times: {self._instead}"

    def texts(self, texts: list[str]) -> FloatArray:
        """Times of a list of texts in seconds, shape (n,); NaN where there is none, or it cannot be read."""
        try:
            numbers = np.array(texts, dtype=np.float64)
        except ValueError:
            if any(text[4:5] != "-" and number_of(text) is not None for text in texts):  # some are numbers
                return np.array([self._or_nan(text) for text in texts])
            seconds = to_seconds_array(texts)
            dates = seconds[np.isfinite(seconds)]
            if dates.size:
                self._learn_dates(dates.item(0), dates.size, bool((dates != dates[0]).any()))
            return np.full(seconds.shape, np.nan) if self.is_none else seconds
        return self.array(numbers)

    def _or_nan(self, text: str) -> float:
        try:
            return self.one(text)
        except FeedError:
            return math.nan

    def _of_date(self, seconds: float) -> float:
        """One date in seconds; NaN where dates turned out to stand still."""
        self._learn_dates(seconds, 1, False)
        return math.nan if self.is_none else seconds

    def _learn_dates(self, first: float, many: int, moved: bool) -> None:
        """Learn of dates, of which this is the first: they need no guess, but may be those of a clock that stands."""
        if self._dates_moved:
            return
        if not self._dates:
            self._date, self._date_now = first, self._now
        self._dates += many
        self._dates_moved = moved or first != self._date or not self._now

    def _judge_dates(self) -> None:
        """Take dates that were one and the same for long for none, as ``_judge_rate`` does numbers."""
        passed = self._now - self._date_now
        if self._dates < LEARNT_FROM or self._dates_moved or passed < SETTLED_SECONDS or self._asked or self.is_none:
            return
        self._kind, self._settled = "none", True
        still = datetime.fromtimestamp(self._date, UTC).isoformat()
        self.note = f"its times stand still at {still}: that is no clock, and {self._instead}"

    def state(self) -> dict[str, Any]:
        """The state that ``restore`` needs, as plain values."""
        return {name: getattr(self, name) for name in _SAVED} | {"unit": self.unit.name}

    def restore(self, state: dict[str, Any]) -> None:
        """Take up the saved state of a clock that was asked for the same."""
        for name in _SAVED:
            setattr(self, name, state[name])
        self.unit = UNITS[state["unit"]]

    def _next_turn(self, numbers: FloatArray) -> int:
        """How many of these numbers can be read before the guess may change."""
        cut = numbers.size
        if not self._settled and self._count < LEARNT_FROM:
            cut = min(1 if not self._count else LEARNT_FROM - self._count, cut)
        if self._now and self._kind in ("unknown", "start"):
            near = np.flatnonzero(are_near(numbers[:cut], self._now))
            cut = max(int(near[0]), 1) if near.size else cut
        if self._near and not self._settled and self._count:  # settled by the first that has passed
            passed = np.flatnonzero(numbers[:cut] != self._last)
            cut = int(passed[0]) + 1 if passed.size else cut
        return cut

    def _alike(self, numbers: FloatArray, whole: bool) -> FloatArray:
        """Numbers among which the guess changes at the first at most, as seconds."""
        self._set_by_arrival(numbers.item(0))
        if not self._settled:
            self._learn(numbers[np.isfinite(numbers)], whole)
        if self.is_none:
            return np.full(numbers.shape, np.nan)
        return self._since_1970(numbers) if self._kind == "epoch" else self.unit.array(numbers)

    def _since_1970(self, numbers: FloatArray) -> FloatArray:
        """Times since 1970 as seconds; those that are in another unit than most, by their own size."""
        if self.unit.per == 1:
            return by_size_array(numbers)
        seconds = self.unit.array(numbers)
        others = ~((seconds >= FIRST) & (seconds < LAST))
        if others.any():
            seconds[others] = by_size_array(numbers[others])
        return seconds

    def _set_by_arrival(self, number: float) -> None:
        """A number that is now, or was so within a day, in one of the units: that settles it, also later on."""
        if not self._now or self._kind not in ("unknown", "start"):
            return
        unit = unit_of_now(number, self._now, is_first=not self._count)
        if unit is not None:
            self._take("date" if unit.is_date else "epoch", unit)
            self._near = True  # and settled once it passes: what stands still there is no clock either

    def _take(self, kind: Kind, unit: Unit) -> None:
        self._kind, self.unit = kind, unit
        if kind == "date":
            self.note = f"its times are {unit.words} (else give --time-unit)"

    def _learn(self, values: FloatArray, whole: bool) -> None:
        if not values.size:
            return
        if not self._count:
            self._first, self._first_now = values.item(0), self._now
            if self._kind == "unknown":
                self._take(*guessed(values.item(0)))
        steps = np.diff(values, prepend=self._last if self._count else values.item(0))
        before, self._count = self._count, self._count + values.size
        self._steps += int(np.count_nonzero(steps))
        self._downs += int(np.count_nonzero(steps < 0))
        self._way += float(np.abs(steps).sum())
        self._last = values.item(-1)
        if self._now != self._mark_now:
            self._mark, self._mark_now = values.item(0), self._now
        self._whole &= whole
        self._settled |= self._near and self._way > 0
        if (
            before < LEARNT_FROM <= self._count
            and self._kind == "start"
            and not self._asked
            and is_restless(self._downs, self._steps, self._last - self._first, self._way)
        ):
            self._kind, self._settled = "none", True
            self.note = (
                f"its times go up and down ({self._first:g} ... {self._last:g}): that is no clock, and {self._instead}"
            )
        if self._count >= LEARNT_FROM and not self._first_now:  # how fast they pass will never be known
            self._settled = True

    def _judge_rate(self) -> None:
        """Settle the guess once there is enough to settle it by: how fast the times pass beside those of arrival."""
        passed = self._mark_now - self._first_now if self._first_now else 0.0
        if self._count < RATE_FROM or passed < RATE_SECONDS:
            return
        rate = (self._mark - self._first) / passed  # of the first of what arrived together, as of the very first
        unit = next((unit for unit in TICKS if abs(rate / unit.per - 1) < RATE_WITHIN), None)
        self._settled = unit is not None or (self._count >= LEARNT_FROM and passed >= SETTLED_SECONDS)
        if self._settled and not self._way and not self._asked:
            self._kind = "none"
            self.note = f"its times stand still at {self._first:g}: that is no clock, and {self._instead}"
            return
        if unit is None or unit is self.unit:
            return
        if self._kind == "start" and self._whole:
            self.unit = unit
            self.note = f"its times pass {unit.per:,} in a second: {unit.words} since its start (else give --time-unit)"
        else:
            since = "since 1970" if self._kind == "epoch" else "since its start"
            self.note = (
                f"its times, read as {self.unit.words} {since}, pass {unit.per:,} in a second: "
                f"give --time-unit {unit.name} if that is what they are"
            )


_SAVED: Final = (
    "note", "_kind", "_settled", "_now", "_count", "_downs", "_steps", "_whole", "_first", "_first_now", "_last",
    "_mark", "_mark_now", "_way", "_near", "_dates", "_date", "_date_now", "_dates_moved",
)  # fmt: skip
