"""The pairs of channels to look at, by a matrix of all: those that stand out, and what says most of one channel."""

import numpy as np

from streammi.records import FloatArray, IntArray
from streammi.records.linear import linear_equivalent


def pairs_by(values: FloatArray, most: int | None = None) -> IntArray:
    """The pairs (i, j), i < j, of the values (C, C), the largest first, shape (k, 2); those that are NaN are left out.

    >>> pairs_by(np.array([[9, 1, 3], [1, 9, np.nan], [3, np.nan, 9]])).tolist()
    [[0, 2], [0, 1]]
    """
    rows, columns = np.triu_indices(len(values), 1)
    upper = values[rows, columns]
    known = np.flatnonzero(~np.isnan(upper))
    if most is not None and 0 < most < known.size:  # of half a million pairs 10 ms, where sorting all takes 80
        least = np.partition(upper[known], known.size - most)[known.size - most]
        known = known[upper[known] >= least]
    order = known[np.argsort(-upper[known], kind="stable")][:most]
    found: IntArray = np.column_stack((rows[order], columns[order]))
    return found


def beyond_r(mi_bits: FloatArray, r: FloatArray) -> FloatArray:
    """How much more each pair depends than its Pearson's r says: the first are those of much MI and little r."""
    return linear_equivalent(mi_bits) - np.abs(r)


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
