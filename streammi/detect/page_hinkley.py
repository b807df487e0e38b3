"""Page and Hinkley's test: readings that have left the mean of those before them."""

import math
from typing import Any, Final

# Deviations of less than one spread do not add up; the sum of what is beyond must exceed eight. Of independent Gaussian
# readings whose level and spread are known, one in 20 million would be a false alarm: a CUSUM with k = 1 and h = 8
# (Siegmund 1985, Sequential Analysis); with a sum of five it would be one in 50,000.
ALLOWED: Final = 1.0  # spreads
LIMIT: Final = 8.0
LEAST: Final = 4  # readings before the first alarm


class PageHinkley:
    """Sums of how far values are above, and below, their own mean so far, less what is allowed for each (Page 1954).

    It computes what river's does, to the last bit: to import that takes more than all the rest of a start, and 80 MB.

    >>> test = PageHinkley()
    >>> for distance in (0.3, -0.2, 0.1, -0.1, 6.8, 6.9):
    ...     test.update(distance)
    >>> test.drift_detected
    True
    """

    def __init__(self) -> None:
        self.drift_detected = False
        self._begin()

    def _begin(self) -> None:
        self._n = self._mean = 0.0
        self._rise = self._fall = 0.0
        self._least, self._most = math.inf, -1.0

    def update(self, value: float) -> None:
        """Take in a value; the one after an alarm is the first of a new mean."""
        if self.drift_detected:
            self.drift_detected = False
            self._begin()
        self._n += 1.0
        self._mean += (1.0 / self._n) * (value - self._mean)
        off = value - self._mean
        self._rise = self._rise + off - ALLOWED
        self._fall = self._fall + off + ALLOWED
        self._least, self._most = min(self._least, self._rise), max(self._most, self._fall)
        if self._n >= LEAST:
            self.drift_detected = self._rise - self._least > LIMIT or self._most - self._fall > LIMIT

    def state(self) -> list[Any]:
        """Plain values that ``restore`` takes."""
        sums = self._rise, self._fall, self._least, self._most
        return [self.drift_detected, self._n, self._mean, *sums]

    def restore(self, state: list[Any]) -> None:
        """Take up a saved state."""
        self.drift_detected, self._n, self._mean, self._rise, self._fall, self._least, self._most = state
