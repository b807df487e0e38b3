"""Pairs by number, as the upper triangle of a matrix has them row by row: which are wanted, and in what order."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from streammi.dashboard.drawing.cells import columns
from streammi.dashboard.drawing.wording import unit_factor
from streammi.dashboard.many.choices import Sort
from streammi.records import FloatArray, IntArray, MatrixSnapshot
from streammi.records.linear import linear_equivalent

NOT_SO_LINEAR = 0.5  # |r| below which a pair is no linear one, whatever its MI


@lru_cache(maxsize=4)
def sides(channels: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Both channels of each pair, (P,) each, the first the lower one.

    >>> [side.tolist() for side in sides(3)]
    [[0, 0, 1], [1, 2, 2]]
    """
    first, second = np.triu_indices(channels, 1)
    return first.astype(np.int32), second.astype(np.int32)


@lru_cache(maxsize=4)
def longest(names: tuple[str, ...]) -> int:
    """The columns that the longest of the names takes."""
    return max(map(columns, names), default=0)


def number_of(first: IntArray, second: IntArray, channels: int) -> IntArray:
    """The numbers of pairs of channels, in either order, of any shape; what a channel has with itself is no pair.

    >>> number_of(np.array([2, 0]), np.array([1, 2]), 3).tolist()
    [2, 1]
    """
    low, high = np.minimum(first, second), np.maximum(first, second)
    found: IntArray = low * (2 * channels - low - 1) // 2 + high - low - 1
    return found


def wanted(names: Sequence[str], words: str) -> NDArray[np.bool_] | None:
    """The pairs that have each of the words in one of their names, in whatever case, (P,); None for all.

    >>> wanted(("mill.speed", "mill.feed", "fan"), "MILL fan").tolist()
    [False, True, True]
    """
    first, second = sides(len(names))
    found: NDArray[np.bool_] | None = None
    for word in words.casefold().split():
        has = np.array([word in name.casefold() for name in names], np.bool_)
        either = has[first] | has[second]
        found = either if found is None else found & either
    return found


def in_order(snapshot: MatrixSnapshot, sort: Sort, words: str = "") -> IntArray:
    """The numbers of the pairs that are wanted, of those that were asked for, the one to look at first."""
    chosen = wanted(snapshot.names, words)
    numbers = np.arange(snapshot.mi.size) if snapshot.said is None else snapshot.said
    numbers = numbers if chosen is None else numbers[chosen[numbers]]
    if sort == "name":
        return numbers[np.argsort(_by_name(snapshot.names)[numbers], kind="stable")]
    return numbers[largest_first(worth(snapshot, sort)[numbers].astype(np.float32))]


def largest_first(values: NDArray[np.float32]) -> IntArray:
    """The places of the values (n,), the largest first, of equals the first one first, NaN last.

    By a whole number each that is sorted as it is, its place in the lower half: of half a million in half of the time
    that argsort takes.

    >>> largest_first(np.array([1, np.nan, 3, 1], np.float32)).tolist()
    [2, 0, 3, 1]
    """
    bits = (0.0 - np.where(np.isnan(values), -np.inf, values)).view(np.int32)  # 0.0 - 0.0 is no -0.0
    keys = (bits ^ ((bits >> 31) & 0x7FFFFFFF)).astype(np.int64) << 32  # in the order of the values
    keys[np.isnan(values)] = np.iinfo(np.int64).max >> 32 << 32
    keys |= np.arange(values.size)
    keys.sort()
    found: IntArray = keys & 0xFFFFFFFF
    return found


def worth(snapshot: MatrixSnapshot, sort: Sort) -> NDArray[np.floating]:
    """By how much each pair comes first, (P,); NaN where that is not known."""
    if sort == "change" and snapshot.change is not None:
        off = np.abs(snapshot.change)
        if snapshot.changed is not None and snapshot.changed.size:
            off[snapshot.changed] += 1e3  # what has changed by more than chance comes first
        return off
    if sort == "MI high, r low":
        return beyond_r(snapshot)
    return snapshot.mi


def beyond_r(snapshot: MatrixSnapshot) -> NDArray[np.floating]:
    """How much more each pair depends than r says; first those of little r that are above chance, or untested."""
    r = np.abs(snapshot.r)
    beyond = linear_equivalent(snapshot.mi / unit_factor("bit", snapshot.unit)) - r
    with np.errstate(invalid="ignore"):
        first = r < NOT_SO_LINEAR
        if snapshot.q is not None:
            first &= ~(snapshot.q > snapshot.fdr)
    beyond[first] += 10
    return beyond


def _by_name(names: Sequence[str]) -> FloatArray:
    """The place of each pair by its names, (P,)."""
    place = np.empty(len(names))
    place[sorted(range(len(names)), key=lambda k: (names[k].casefold(), k))] = np.arange(len(names))
    first, second = sides(len(names))
    low, high = place[first], place[second]
    found: FloatArray = np.minimum(low, high) * len(names) + np.maximum(low, high)
    return found
