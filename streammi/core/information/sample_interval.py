"""The time between samples, where there is one: delays are counted in samples, and said in seconds by it."""

from typing import Final

import numpy as np

from streammi.config import MAX_WINDOW_PAIRS
from streammi.records import FloatArray, IntArray

LEAST_SAMPLES: Final = 17  # 16 intervals, as many as bins are learnt from pairs
NEAR: Final = 0.25  # of the median interval: how far another may be from it
IRREGULAR: Final = 0.05  # share of the intervals that may be farther: gaps, and stamps that were delayed


def interval(t: FloatArray) -> float | None:
    """The seconds from one sample to the next of times (n,) in order; None where they are irregular.

    Irregular is sampling of which more than one interval in twenty is farther than a quarter from the median, or of
    which fewer than 17 samples are there: then so many samples are no certain time. The others' mean is taken: single
    intervals of times since the epoch are rounded to 0.2 us.

    >>> interval(np.arange(20) / 4)
    0.25
    >>> interval(np.arange(20.0) ** 2) is None
    True
    """
    if t.size < LEAST_SAMPLES:
        return None
    steps = np.diff(t)
    usual = float(np.median(steps))
    near = np.abs(steps - usual) <= NEAR * usual
    return float(steps[near].mean()) if usual > 0 and near.mean() >= 1 - IRREGULAR else None


def delays_between(first: float, last: float, step: float, most: int) -> IntArray:
    """The delays in samples of ``step`` seconds from ``first`` to ``last`` seconds, (k,); ``most`` of them, spread.

    None is longer than the longest window, 16,777,216 samples: that far back nothing is remembered.

    >>> delays_between(-0.5, 1, 0.25, 100).tolist(), delays_between(-0.5, 1, 0.001, 4).tolist()
    ([-2, -1, 0, 1, 2, 3, 4], [-500, 0, 500, 1000])
    """
    low, high = (min(max(round(end / step), -MAX_WINDOW_PAIRS), MAX_WINDOW_PAIRS) for end in (first, last))
    count = min(high - low + 1, most)
    return np.rint(np.linspace(low, high, count)).astype(np.int64)
