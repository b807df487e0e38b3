"""Spearman's rank correlation."""

import math

import numpy as np

from streammi.core.kernels.correlation import correlation, mean_ranks
from streammi.records import FloatArray


def spearman(x: FloatArray, y: FloatArray) -> float | None:
    """Spearman's rank correlation of finite values, shape (n,) each: Pearson's r of the ranks, ties at their mean rank.

    None when a signal is constant or n < 2. O(n log n).

    >>> spearman(np.array([1.0, 2.0, 3.0]), np.array([1.0, 10.0, 100.0]))
    1.0
    """
    if x.size < 2:
        return None
    r, _, _ = correlation(_ranks(x), _ranks(y))
    return r if math.isfinite(r) else None


def _ranks(values: FloatArray) -> FloatArray:
    ranks = np.empty(values.size)
    mean_ranks(values, np.argsort(values), ranks)
    return ranks
