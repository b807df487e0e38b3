"""The pairs of channels to look at, by a matrix of all: those that stand out, and what says most of one channel."""

import numpy as np

from streammi.records import FloatArray, IntArray
from streammi.records.linear import linear_equivalent
from streammi.records.triangles import first_of_rows, sides, upper_triangle


def pairs_by(values: FloatArray, most: int | None = None) -> IntArray:
    """The pairs (i, j), i < j, of the values (C, C), the largest first, shape (k, 2); those that are NaN are left out.

    >>> pairs_by(np.array([[9, 1, 3], [1, 9, np.nan], [3, np.nan, 9]])).tolist()
    [[0, 2], [0, 1]]
    """
    pairs = upper_triangle(values)
    known = np.flatnonzero(pairs >= _least(pairs, len(values), most))
    order = known[np.argsort(-pairs[known], kind="stable")][:most]
    found: IntArray = np.column_stack(sides(order, len(values)))
    return found


def _least(pairs: FloatArray, channels: int, most: int | None) -> float:
    """A value that at least ``most`` of the pairs have or exceed, but for those that are NaN: that of ``most`` rows.

    Of half a million pairs it takes 0.3 ms, where the value that just so many have takes 10, and sorting all 80.
    """
    if most is None or not 0 < most < channels:
        return -np.inf
    best = np.fmax.reduceat(pairs, first_of_rows(channels))
    best = best[~np.isnan(best)]
    if best.size < most:
        return -np.inf
    return float(np.partition(best, best.size - most)[best.size - most])


def beyond_r(mi_bits: FloatArray, r: FloatArray) -> FloatArray:
    """How much more each pair depends than its Pearson's r says: the first are those of much MI and little r."""
    return linear_equivalent(mi_bits) - np.abs(r)


def of_moving(mi: FloatArray, r: FloatArray) -> FloatArray:
    """MI (C, C), NaN where a channel of the pair is constant, and r so unknown: it can tell nothing of any other.

    >>> of_moving(np.array([[2.0, 0.0], [0.0, 0.0]]), np.array([[1.0, np.nan], [np.nan, np.nan]])).tolist()
    [[2.0, nan], [nan, nan]]
    """
    return np.where(np.isnan(r) & ~(mi > 0), np.nan, mi)


def relevance(mi: FloatArray, target: int) -> IntArray:
    """The other channels, shape (k,), by their MI with one, the largest first; without those of which it is NaN."""
    of_target = mi[target].copy()
    of_target[target] = np.nan
    order = np.argsort(-of_target, kind="stable")
    found: IntArray = order[: np.count_nonzero(~np.isnan(of_target))]
    return found


def least_redundant(mi: FloatArray, target: int, most: int | None = None) -> IntArray:
    """The other channels in the order in which each adds most: MI with ``target`` less mean MI with those before it.

    Source: mRMR by differences, Peng, Long & Ding 2005, IEEE Trans. PAMI 27(8). O(C) a channel.

    >>> mi = np.array([[3, 2, 2, 1], [2, 3, 2, 0], [2, 2, 3, 0], [1, 0, 0, 3.0]])  # 1 and 2 say the same of 0
    >>> least_redundant(mi, 0).tolist()
    [1, 3, 2]
    """
    left = relevance(mi, target)
    most = left.size if most is None else min(most, left.size)
    with_chosen, chosen = np.zeros(len(mi)), list[int]()
    while len(chosen) < most:
        scores = mi[target, left] - with_chosen[left] / max(len(chosen), 1)
        best = left.item(int(np.argmax(scores)))
        chosen.append(best)
        left = left[left != best]
        with_chosen += np.nan_to_num(mi[best])
    return np.array(chosen, dtype=np.int64)
