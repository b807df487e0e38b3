"""Guesses: what a single number, or how numbers go, says of the clock that they are of."""

import math
from typing import Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from streammi.ingest.time_units import DATES, DAY, LAST, TICKS, UNITS, Unit, epoch_unit, is_ticks
from streammi.ingest.timestamps import TimeLike, is_missing
from streammi.records import FloatArray

Kind: TypeAlias = Literal["unknown", "epoch", "date", "start", "none"]

BEYOND: Final = 1e20  # the year 5138 in ns: a number of this size is no time
NOW_WITHIN: Final = 3600.0  # s: a first number is dates of another kind where these are now
LOCAL_WITHIN: Final = 14 * 3600.0  # s: from Greenwich to the farthest zone
RESTLESS: Final = 0.2  # the share of steps back from which a number is no clock, if it has got nowhere either
# Those that no other number comes near, and those that one from a start may.
_TOLD_BY_NOW: Final = (*TICKS, UNITS["ticks"], UNITS["filetime"])
_DAYS: Final = tuple(unit for unit in DATES if unit.seconds == int(DAY))  # of the place, as spreadsheets have them
_SECONDS: Final = tuple(unit for unit in DATES if unit.per == unit.seconds == 1)


def goes_nowhere(values: FloatArray) -> bool:
    """True if numbers, shape (n,), go up and down, as those of no clock do.

    >>> goes_nowhere(np.array([20.1, 20.4, 20.2, 20.3, 20.0])), goes_nowhere(np.array([0.0, 2, 1, 3, 4, 5]))
    (True, False)
    """
    steps = np.diff(values)
    way, downs = float(np.abs(steps).sum()), int(np.count_nonzero(steps < 0))
    return is_restless(downs, int(np.count_nonzero(steps)), float(steps.sum()), way)


def is_restless(downs: int, steps: int, progress: float, way: float) -> bool:
    """True if a clock with so many ``downs`` among its ``steps`` has gone far and got nowhere: so it is none."""
    return downs > RESTLESS * steps and abs(progress) < 0.5 * way


def guessed(number: float) -> tuple[Kind, Unit]:
    """The meaning of a feed's first number: where it is no time since 1970, for the largest unit that is likely."""
    if is_ticks(number):
        return "date", UNITS["ticks"]
    unit = epoch_unit(number)
    if unit is not None:
        return "epoch", unit
    size = abs(number)
    # Between these years in seconds and in milliseconds lie 68 minutes to 7 days in us, behind it 68 minutes in ns.
    return "start", TICKS[0] if size < LAST else TICKS[2] if size < LAST * 1_000 else TICKS[3]


def are_near(numbers: FloatArray, now: float) -> NDArray[np.bool_]:
    """The numbers that are a time within a day of ``now``, in one of the units that no other number comes near."""
    near = np.zeros(numbers.shape, dtype=bool)
    for unit in _TOLD_BY_NOW:
        near |= np.abs(numbers - unit.zero - now * unit.per) < DAY * unit.per
    return near


def unit_of_now(number: float, now: float, *, is_first: bool) -> Unit | None:
    """The unit in which a number is a time within a day of ``now``; None where it is so in none.

    A first number may also be one of another kind of seconds, such as those of GPS, or of days, with the time of day
    behind the point: later ones may come near by and by.
    """
    for unit in _TOLD_BY_NOW:
        if abs(number - unit.zero - now * unit.per) < DAY * unit.per:
            return unit
    if not is_first:
        return None
    ways = [*((unit, NOW_WITHIN) for unit in _SECONDS), *((unit, LOCAL_WITHIN) for unit in _DAYS if number % 1)]
    return next((unit for unit, within in ways if abs(unit.one(number) - now) < within), None)


def number_of(value: TimeLike) -> float | int | None:
    """A number, also one that is written as text; None for what has to be read in another way."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return value if math.isfinite(value) and abs(value) < BEYOND else None
    if not isinstance(value, str | bytes):
        return None
    text = value if isinstance(value, str) else value.decode("latin-1")
    if text[4:5] == "-" or is_missing(text):
        return None
    for read in (int, float):
        try:
            return number_of(read(text))
        except ValueError:
            pass
    return None
