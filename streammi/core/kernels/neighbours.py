"""Nearest neighbours of pairs in the maximum norm, and how many values of each signal lie nearer than them."""

from typing import Any, Final

import numpy as np

from streammi.core.kernels.compiled import allocating_kernel, part

_LOOK: Final = 8  # values to each side that tell how close together a signal's values lie
_ROUNDING: Final = 2.0**-50


@allocating_kernel
def count_nearer(x: Any, x_at: Any, y: Any, y_at: Any, neighbours: int, out: Any) -> None:
    """Count for each pair the values of x, and those of y, that lie nearer than its k-th neighbour, itself included.

    ``x`` and ``y`` (n,) are sorted, and belong to the pairs ``x_at`` and ``y_at``. To out (n + 1,) goes how often each
    count came up, in x and in y together: whole numbers, so that neither the order of the pairs nor that of the
    signals shows. Neighbours are sought along the signal whose values are sparser around the pair, from the pair
    outwards: of n pairs about sqrt(k n) are looked at, fewer where they depend. A grid has crowded cells where values
    are unevenly spread; a tree takes longer to make than all of this.
    """
    n = x.size
    x_rank, y_rank = np.empty(n, dtype=np.int64), np.empty(n, dtype=np.int64)
    for k in range(n):
        x_rank[x_at[k]] = k
        y_rank[y_at[k]] = k
    y_of_x, x_of_y = np.empty(n), np.empty(n)  # the other signal, in the order of this one
    for k in range(n):
        y_of_x[k] = y[y_rank[x_at[k]]]
        x_of_y[k] = x[x_rank[y_at[k]]]
    nearest = np.empty(neighbours)
    for pair in range(n):
        i, j = x_rank[pair], y_rank[pair]
        if _spacing(x, i) >= _spacing(y, j):
            farthest = _nearest(x, y_of_x, i, nearest)
        else:
            farthest = _nearest(y, x_of_y, j, nearest)
        # Strictly nearer, but for rounding: two that are one but for their scale share all.
        radius = max(farthest - _ROUNDING * (abs(x[i]) + abs(y[j]) + 2 * farthest), 0.0)
        out[_within(x, i, radius)] += 1
        out[_within(y, j, radius)] += 1


@part
def _spacing(ordered: Any, at: int) -> Any:
    return ordered[min(at + _LOOK, ordered.size - 1)] - ordered[max(at - _LOOK, 0)]


@part
def _nearest(along: Any, across: Any, at: int, nearest: Any) -> float:
    """The distance of the k-th neighbour of the pair at a place of the sorted signal ``along``.

    ``nearest`` (k,) is room for the distances so far, ascending.
    """
    n, last = along.size, nearest.size - 1
    nearest[:] = np.inf
    a, b = along[at], across[at]
    # Some to each side first, then one side to its end and the other: a choice of side at each step is unpredictable.
    low, high = max(at - last - 1, 0), min(at + last + 2, n)
    for k in range(low, high):
        if k != at:
            _insert(max(abs(along[k] - a), abs(across[k] - b)), nearest)
    for k in range(high, n):
        if along[k] - a >= nearest[last]:
            break
        _insert(max(along[k] - a, abs(across[k] - b)), nearest)
    for k in range(low - 1, -1, -1):
        if a - along[k] >= nearest[last]:
            break
        _insert(max(a - along[k], abs(across[k] - b)), nearest)
    return float(nearest[last])


@part
def _insert(distance: float, nearest: Any) -> None:
    k = nearest.size - 1
    if distance >= nearest[k]:
        return
    while k > 0 and nearest[k - 1] > distance:
        nearest[k] = nearest[k - 1]
        k -= 1
    nearest[k] = distance


@part
def _within(ordered: Any, at: int, radius: float) -> Any:
    """How many of the sorted values are within ``radius`` of the one at a place, itself included."""
    value, n = ordered[at], ordered.size
    low, high = at, n  # value at low is within, at high it is not
    while high - low > 1:
        middle = (low + high) >> 1
        if ordered[middle] - value <= radius:
            low = middle
        else:
            high = middle
    top = high
    low, high = -1, at
    while high - low > 1:
        middle = (low + high) >> 1
        if value - ordered[middle] <= radius:
            high = middle
        else:
            low = middle
    return top - high
