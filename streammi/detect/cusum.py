"""Readings that have left a level which is known: Page's test, twice."""

import math
from typing import Final

from streammi.detect.usual_readings import EXPECTED_WEIGHT

# (allowance, limit, most that one reading counts), in spreads. The first is of MI as it is published and finds what is
# far out within one to three readings; the second is of MI in the bins, which spreads less, and finds what is not far
# out but stays there: no single reading moves it much. Limits of 8 and, with an allowance of 0.35, 12 called 10 of 36
# stationary made-up feeds changed, 400 looks each; these none, and faults 6 and 14 of scripts/detection.py are found.
TESTS: Final = ((1.0, 10.0, math.inf), (0.5, 16.0, 1.5))
ERROR_SHARE: Final = 0.5  # of the baseline's own error, that is allowed for at each reading
OVERLAPPING: Final = 1.5  # readings of windows that overlap by half say of their mean what one independent one says
FAR: Final = 4.0  # spreads: of two or three readings so far out a sum is beyond its limit


class PageTest:
    """Sums of how far readings are above, and below, a known level (Page 1954), less what is allowed for each.

    river's Page-Hinkley learns the level from what it sees, so that a change soon after the start becomes part of it.

    >>> test = PageTest(looks=30)
    >>> for distance in (0.3, -0.2, 6.8, 6.9):
    ...     test.update(distance, distance)
    >>> test.drift_detected, test.since
    (True, 2)
    """

    def __init__(self, looks: int) -> None:
        self._error = ERROR_SHARE * math.sqrt(OVERLAPPING / looks)
        self.sums = [[0.0, 0.0] for _ in TESTS]
        self.runs = [[0, 0] for _ in TESTS]  # readings since a sum was 0
        self.since = 0  # of the sum that is beyond its limit: the newest so many readings are the change

    @property
    def drift_detected(self) -> bool:
        """True if a sum is beyond its limit."""
        return self.since > 0

    @property
    def longest(self) -> int:
        """How many of the newest readings may turn out to be the change."""
        return max(map(max, self.runs))

    def update(self, *distances: float) -> None:
        """Take in a reading, how far its MI is from the level, in spreads: as it is published, and in the bins."""
        self.since = 0
        for k, ((allowance, limit, most), distance) in enumerate(zip(TESTS, distances, strict=True)):
            for side, sign in enumerate((1, -1)):
                beyond = self.sums[k][side] + min(max(sign * distance, -most), most) - allowance - self._error
                self.sums[k][side] = max(beyond, 0.0)
                self.runs[k][side] = self.runs[k][side] + 1 if beyond > 0 else 0
                if beyond > limit and not self.since:
                    self.since = self.runs[k][side]


def uncertainty(looks: int) -> float:
    """How many times as far out a reading has to seem, as so few looks told what is usual.

    Student's t beside a Gaussian, at four spreads (Abramowitz & Stegun 26.7.5), of a reading beside a mean that has an
    error of its own. Its degrees of freedom are those of the spread: what is expected counts for eight looks.

    >>> [round(uncertainty(looks), 2) for looks in (6, 14, 47, 10_000)]
    [1.74, 1.4, 1.14, 1.0]
    """
    z, independent = FAR * FAR, looks / OVERLAPPING
    freedom = EXPECTED_WEIGHT + independent - 1
    terms = (z + 1) / 4, (5 * z * z + 16 * z + 3) / 96, (3 * z**3 + 19 * z * z + 17 * z - 15) / 384
    t = 1 + sum(term / freedom**power for power, term in enumerate(terms, 1))
    return t * math.sqrt(1 + 1 / independent)
