"""The samples of two sorted series that belong together; pure functions of arrays of times in seconds.

``tx`` (n,) and ``ty`` (m,) ascend; samples of one time are in the order they came.
"""

from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from streammi.records import FloatArray

Rows: TypeAlias = NDArray[np.intp]
Mask: TypeAlias = NDArray[np.bool_]


class Followed(NamedTuple):
    """For every x (n,): whether its y is known for good, whether it has one, and between which rows of y it is."""

    known: Mask
    good: Mask
    left: Rows
    right: Rows  # the same as left where y need not be interpolated


def mutual_nearest(tx: FloatArray, ty: FloatArray, tolerance: float) -> tuple[Rows, Rows]:
    """Rows i of x and j of y that are each other's nearest, at most ``tolerance`` apart; both ascend.

    Of two that are equally near the earlier one counts, and of those with one time the k-th goes with the k-th.

    >>> i, j = mutual_nearest(np.array([0.0, 1.0, 5.0, 5.0]), np.array([0.9, 5.0, 5.0, 5.0]), 2.0)
    >>> i.tolist(), j.tolist()
    ([1, 2, 3], [0, 1, 2])
    """
    if not (len(tx) and len(ty)):
        none = np.empty(0, dtype=np.intp)
        return none, none
    rising = bool((tx[1:] > tx[:-1]).all() and (ty[1:] > ty[:-1]).all())
    j_of, i_of = _nearest(tx, ty, rising), _nearest(ty, tx, rising)
    i = np.flatnonzero((i_of[j_of] == np.arange(len(tx))) & (np.abs(tx - ty[j_of]) <= tolerance))
    return i, j_of[i]


def _nearest(a: FloatArray, b: FloatArray, rising: bool) -> Rows:
    """For every a (n,) the row of its nearest b; b is not empty. ``rising``: no two in a, nor in b, have one time."""
    after = np.searchsorted(b, a)  # the first b that is not before a
    before = after - 1
    to_after = np.where(after < len(b), b[np.minimum(after, len(b) - 1)] - a, np.inf)
    to_before = np.where(before >= 0, a - b[before], np.inf)
    near = np.where(to_before <= to_after, before, after)
    if rising:
        return near
    first, last = np.searchsorted(b, b[near]), np.searchsorted(b, b[near], side="right") - 1
    occurrence = np.arange(len(a)) - np.searchsorted(a, a)
    rows: Rows = np.minimum(first + occurrence, last)
    return rows


def previous(tx: FloatArray, ty: FloatArray, tolerance: float, watermark: float) -> Followed:
    """For every x the newest y that is not after it; of y with one time the first. No y before ``watermark`` comes.

    >>> known, good, left, _ = previous(np.array([1.0, 2.0, 9.0]), np.array([1.0, 1.5]), 5.0, 8.0)
    >>> known, good, left
    (array([ True,  True, False]), array([ True,  True, False]), array([0, 1, 1]))
    """
    if not len(ty):
        return _nothing(tx, tx < watermark)
    newest = np.searchsorted(ty, tx, side="right") - 1
    left = np.where(newest >= 0, np.searchsorted(ty, ty[newest]), -1)
    found = left >= 0
    exact = found & (ty[left] == tx)  # the first of this time is here: another one changes nothing
    return Followed((tx < watermark) | exact, found & (tx - ty[left] <= tolerance), left, left)


def neighbours(tx: FloatArray, ty: FloatArray, tolerance: float, watermark: float) -> Followed:
    """For every x the y before and the y after it, or the one of its own time; no y before ``watermark`` comes.

    >>> neighbours(np.array([1.0, 2.0]), np.array([1.0, 3.0]), 5.0, 3.0)
    Followed(known=array([ True,  True]), good=array([ True,  True]), left=array([0, 0]), right=array([0, 1]))
    """
    if not len(ty):
        return _nothing(tx, watermark - tx > tolerance)
    end = len(ty) - 1
    right = np.searchsorted(ty, tx)
    ahead = np.where(right <= end, ty[np.minimum(right, end)] - tx, np.inf)
    right = np.minimum(right, end)
    exact = ahead == 0
    before = np.searchsorted(ty, tx) - 1
    left = np.where(exact, right, np.searchsorted(ty, ty[before]))
    inside = (before >= 0) & (ahead < np.inf)
    good = exact | (inside & (tx - ty[left] <= tolerance) & (ahead <= tolerance))
    known = exact | ((ahead < np.inf) & (ty[right] <= watermark)) | (watermark - tx > tolerance)
    return Followed(known, good, left, right)


def between(tx: FloatArray, ty: FloatArray, y: NDArray[np.generic], left: Rows, right: Rows) -> NDArray[np.generic]:
    """The values of ``y`` (m,) at ``tx`` (n,), on the straight line from row ``left`` to ``right`` where these differ.

    >>> between(np.array([1.0]), np.array([0.0, 4.0]), np.array([10.0, 50.0]), np.array([0]), np.array([1]))
    array([20.])
    """
    apart = left != right
    if not apart.any():
        return y[left]
    values = y[left].astype(np.float64)
    at, low, high = tx[apart], left[apart], right[apart]
    share = (at - ty[low]) / (ty[high] - ty[low])
    with np.errstate(invalid="ignore", over="ignore"):  # a value that is not finite makes one that is not
        values[apart] = y[low] + share * (y[high] - y[low])
    return values


def _nothing(tx: FloatArray, known: Mask) -> Followed:
    rows = np.zeros(len(tx), dtype=np.intp)
    return Followed(known, np.zeros(len(tx), dtype=bool), rows, rows)
