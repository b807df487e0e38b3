"""Bins to dots: where the cells of a heatmap are, and how many pairs each dot has.

By rank each bin has equally many dots, and neighbours are added up where there are too few. By value each dot has the
pairs of the part of a bin that it covers.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from streammi.dashboard.drawing.charts import shares
from streammi.records import FloatArray, IntArray, Snapshot

Counts: TypeAlias = NDArray[Any]  # pairs: whole ones, or parts
LABELS = 7  # columns of the y axis, at least
NARROW = 1e-9  # dots


@dataclass(frozen=True, slots=True)
class Shape:
    """Where things are: columns of labels, cells of the heatmap, rows and columns of the marginals, bins shown."""

    left: int
    cells_x: int
    cells_y: int
    top: int
    side: int
    bins_x: int
    bins_y: int

    @classmethod
    def fit(cls, width: int, height: int, bins: tuple[int, ...] | None, dense: int, labels: int = LABELS) -> "Shape":
        """The shape for ``width`` x ``height`` cells; ``cells_x`` 0 where there is not enough room.

        ``bins`` None: each dot is one.
        """
        top = 3 if height >= 20 else 2 if height >= 13 else 1
        side = 8 if width >= 60 else 5 if width >= 30 else 0
        left = min(max(LABELS, labels), max(LABELS, width // 4))
        room_x, room_y = width - left - side - 1, height - top - 1
        if room_x < 4 or room_y < 3:
            return cls(0, 0, 0, 0, 0, 0, 0)
        if bins is None:
            cells_x = min(room_x, 4 * room_y)
            return cls(left, cells_x, room_y, top, side, cells_x, room_y * dense)
        bins_x, bins_y = shown_bins(bins[0], room_x), shown_bins(bins[1], room_y * dense)
        cells_y = -(-length(bins_y, room_y * dense) // dense)
        cells_x = length(bins_x, min(room_x, 4 * cells_y))
        return cls(left, cells_x, cells_y, top, side, bins_x, bins_y)


def shown_bins(bins: int, room: int) -> int:
    """How many bins are shown in ``room`` dots: neighbours are added up until they fit.

    >>> shown_bins(64, 40), shown_bins(16, 40)
    (32, 16)
    """
    return -(-bins // -(-bins // room))


def length(bins: int, room: int) -> int:
    """How many of ``room`` dots are used: whole dots a bin, unless that leaves too much empty.

    >>> length(16, 50), length(16, 31)
    (48, 31)
    """
    whole = room // bins * bins
    return whole if whole >= 0.75 * room else room


@lru_cache(maxsize=64)
def spread(dots: int, bins: int, *, centre: bool = False) -> NDArray[np.intp]:
    """The bin of each dot, shape (dots,)."""
    return ((np.arange(dots) + (0.5 if centre else 0.0)) * bins / dots).astype(np.intp)


def merge(counts: IntArray, bins_x: int, bins_y: int) -> IntArray:
    """The counts with neighbours added up so that no more than ``bins_x`` x ``bins_y`` are left."""
    step_x, step_y = -(-counts.shape[0] // bins_x), -(-counts.shape[1] // bins_y)
    if step_x == step_y == 1:
        return counts
    for axis, step in ((0, step_x), (1, step_y)):
        if counts.shape[axis] % step:
            counts = np.add.reduceat(counts, np.arange(0, counts.shape[axis], step), axis=axis)
        elif step > 1:  # slice by slice: four times as fast as to add along an axis of so few
            rows = counts if axis == 0 else counts.T
            rows = sum((rows[k::step] for k in range(1, step)), rows[::step])
            counts = rows if axis == 0 else rows.T
    return counts


def merged(snapshot: Snapshot, shape: Shape) -> Counts:
    """How many pairs each of the bins that are shown has."""
    assert snapshot.counts is not None
    return merge(snapshot.counts, shape.bins_x, shape.bins_y)


def spread_out(snapshot: Snapshot, shape: Shape) -> Counts:
    """How many pairs each dot has where the axes go by value: its share of the bins that it lies in."""
    assert snapshot.counts is not None
    assert snapshot.x.edges is not None
    assert snapshot.y.edges is not None
    across, up = _shares(snapshot.x.edges, shape.bins_x), _shares(snapshot.y.edges, shape.bins_y)
    return np.asarray(across @ snapshot.counts @ up.T)


def _shares(edges: FloatArray, dots: int) -> FloatArray:
    """The share of each bin that each of ``dots`` equal parts of the whole range covers, shape (dots, bins).

    >>> _shares(np.array([0.0, 1.0, 4.0]), 4).round(2).tolist()
    [[1.0, 0.0], [0.0, 0.33], [0.0, 0.33], [0.0, 0.33]]
    """
    at = shares(edges, edges.item(0), edges.item(-1)) * dots
    low, high = at[:-1], at[1:]
    dot = np.arange(dots)[:, None]
    overlap = np.clip(np.minimum(high, dot + 1) - np.maximum(low, dot), 0.0, None)
    narrow = high - low < NARROW
    inside = np.minimum(low.astype(np.int64), dots - 1) == dot  # what is as narrow as a point lies in one
    return np.asarray(np.where(narrow, inside, overlap / np.where(narrow, 1.0, high - low)))
