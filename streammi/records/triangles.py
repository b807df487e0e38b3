"""Pairs of channels by number: those of the upper triangle of a square (C, C), row by row."""

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from streammi.records.batches import IntArray


def upper_triangle(square: NDArray[Any], dtype: DTypeLike | None = None) -> NDArray[Any]:
    """The values of all pairs (P,), those of (0, 1) first, as ``dtype`` or as they are.

    >>> upper_triangle(np.arange(9).reshape(3, 3)).tolist()
    [1, 2, 5]
    """
    channels = len(square)
    found = np.empty(channels * (channels - 1) // 2, dtype=square.dtype if dtype is None else dtype)
    start = 0
    for row in range(channels - 1):  # of 1,000 channels 1.5 ms, by triu_indices 10
        stop = start + channels - row - 1
        found[start:stop] = square[row, row + 1 :]
        start = stop
    return found


def first_of_rows(channels: int) -> IntArray:
    """The number of the first pair of each channel with later ones, (C - 1,)."""
    rows = np.arange(channels - 1)
    return rows * (2 * channels - rows - 1) // 2


def sides(numbers: IntArray, channels: int) -> tuple[IntArray, IntArray]:
    """The channels of the pairs with these numbers, (k,) each, i < j.

    >>> [side.tolist() for side in sides(np.array([0, 1, 2]), 3)]
    [[0, 0, 1], [1, 2, 2]]
    """
    starts = first_of_rows(channels)
    rows = np.searchsorted(starts, numbers, side="right") - 1
    if not len(numbers):
        return rows, rows
    return rows, numbers - starts[rows] + rows + 1
