"""Spearman's rank correlation."""

import math

from streammi.core.kernels.correlation import correlation
from streammi.core.ranks import mean_ranks
from streammi.records import FloatArray


def spearman(x: FloatArray, y: FloatArray) -> float | None:
    """Spearman's rank correlation of finite values, shape (n,) each: Pearson's r of the ranks, ties at their mean rank.

    None when a signal is constant or n < 2. O(n log n).

    >>> import numpy as np
    >>> spearman(np.array([1.0, 2.0, 3.0]), np.array([1.0, 10.0, 100.0]))
    1.0
    """
    if x.size < 2:
        return None
    r, _, _ = correlation(mean_ranks(x), mean_ranks(y))
    return r if math.isfinite(r) else None
