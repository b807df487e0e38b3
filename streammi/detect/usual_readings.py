"""The usual readings: their mean and spread, learnt on the way, or from a baseline and then fixed."""

import math
from typing import Final, NamedTuple

from streammi.config import Baseline

MEMORY: Final = 256  # readings that are remembered
EXPECTED_WEIGHT: Final = 8.0  # readings that the expected spread counts for, beside the spread that is seen
UNUSUAL: Final = 3.0  # spreads: so far from the usual level is unusual, and what is not is no change
BAND: Final = 1.96  # spreads: 19 of 20 readings are as near


class Usual:
    """Mean and spread of the readings that are usual; old ones are forgotten.

    >>> usual = Usual()
    >>> for value in (1.0, 1.2, 0.8, 1.0):
    ...     usual.add(value, error=0.1)
    >>> usual.mean, round(usual.spread, 2), usual.contains(1.5)
    (1.0, 0.15, False)
    """

    def __init__(self, memory: float = MEMORY) -> None:
        self.mean = 0.0
        self.n = 0
        self.squares = 0.0  # sum of squared deviations from the mean
        self.expected = 0.0  # variance that the readings' standard errors let expect
        self._memory = memory

    def add(self, value: float, error: float) -> None:
        """Take in a usual reading and how much it is expected to spread."""
        if self.n == self._memory:
            self.n -= 1
            self.squares *= 1 - 1 / self._memory
        self.n += 1
        deviation = value - self.mean
        self.mean += deviation / self.n
        self.squares += deviation * (value - self.mean)
        self.expected += (error * error - self.expected) / self.n

    @property
    def spread(self) -> float:
        """Their standard deviation, what is seen and what is expected; larger while they are few (as Student's t)."""
        variance = (EXPECTED_WEIGHT * self.expected + self.squares) / (EXPECTED_WEIGHT + self.n - 1)
        return math.sqrt(variance) * (1 + 1 / self.n)

    def distance(self, value: float) -> float:
        """How far a reading is from their mean, in spreads."""
        return (value - self.mean) / self.spread

    def contains(self, value: float) -> bool:
        """True if a reading is one of them."""
        return abs(self.distance(value)) <= UNUSUAL


class Band(NamedTuple):
    """Between what 19 of 20 readings of a baseline lie."""

    low: float
    high: float

    def __str__(self) -> str:
        digits = min(max(2 - math.floor(math.log10(max(self.high - self.low, 1e-9))), 2), 6)
        return f"{self.low:.{digits}f} to {self.high:.{digits}f}"


def usual_of(baseline: Baseline) -> Usual:
    """The looks of a learnt baseline, by MI in the bins."""
    return _of(baseline.looks, baseline.mean, baseline.squares, baseline.expected)


def shown_of(baseline: Baseline) -> Usual:
    """The same by MI as it is published."""
    return _of(baseline.looks, baseline.shown_mean, baseline.shown_squares, baseline.shown_expected)


def band_of(baseline: Baseline) -> Band:
    """Where the readings of a learnt baseline lie, as they are published."""
    usual = shown_of(baseline)
    reach = BAND * usual.spread
    low = usual.mean - reach
    # MI is not below 0; its estimate may be, where there is none.
    return Band(max(low, 0.0) if baseline.dependent else low, usual.mean + reach)


def _of(looks: int, mean: float, squares: float, expected: float) -> Usual:
    usual = Usual(math.inf)
    usual.n, usual.mean, usual.squares, usual.expected = looks, mean, squares, expected
    return usual
