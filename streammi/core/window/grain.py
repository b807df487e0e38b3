"""The window's own values: how they go together, which bins belong together, and how wide these are."""

import math
from functools import lru_cache
from itertools import pairwise
from typing import Final

import numpy as np

from streammi.core.bins.binning import Axis, Categories
from streammi.core.information.extrapolation import Grain, grain_of
from streammi.core.information.measures import Seen
from streammi.core.kernels.reading import of_values
from streammi.core.window.histogram import Counts
from streammi.core.window.ring import PairRing
from streammi.records import FloatArray

NO_BINS: Final = np.empty(0)


class Look:
    """A look at the values in a ring by bins and how many pairs are in each; for as long as all these stay the same."""

    def __init__(self, ring: PairRing, x_counts: Counts, y_counts: Counts, axes: list[Axis]) -> None:
        self._values, self._entries, self._x_size = ring.values, ring.entries, x_counts.size
        self._counted = x_counts, y_counts, _bins(axes[0]), _bins(axes[1])
        self._parts = np.empty(x_counts.size + y_counts.size, dtype=np.int64)  # as the kernel has left them
        self._ties = 0.0, 0.0
        self._grain: Grain | None = None  # of these

    def seen(self, head: int, n: int) -> Seen:
        """The facts by the newest ``n`` values, up to ``head``; O(n). Of labels there is no r."""
        r, x_constant, y_constant, x_run, y_run, x_ties, x_bits, y_ties, y_bits, others = of_values(
            self._values, head, n, self._entries, *self._counted, self._parts
        )
        if others or self._grain is None or (x_ties, y_ties) != self._ties:  # seldom: of numbers hardly two are equal
            parts = self._parts.copy()
            self._ties = x_ties, y_ties
            self._grain = grain_of((parts[: self._x_size], x_ties), (parts[self._x_size :], y_ties))
        return Seen(r, x_constant, y_constant, x_run, y_run, self._grain, (x_bits, y_bits))


def seen(ring: PairRing, x_counts: Counts, y_counts: Counts, axes: list[Axis]) -> Seen:
    """The facts by the values in a ring at one look."""
    return Look(ring, x_counts, y_counts, axes).seen(ring.head, ring.n)


def unseen(axes: list[Axis], *, extrapolated: bool = True) -> Grain:
    """The grain where no value has been seen yet: as if all were different."""
    x, y = axes
    return _even(
        x.count, extrapolated and not isinstance(x, Categories), y.count, extrapolated and not isinstance(y, Categories)
    )


@lru_cache(maxsize=64)
def _even(x_count: int, x_pairs: bool, y_count: int, y_pairs: bool) -> Grain:
    """So many fine bins of x and y, two and two or each by itself; shared, as it is made for each window anew."""
    return grain_of((np.arange(x_count) >> x_pairs, 0.0), (np.arange(y_count) >> y_pairs, 0.0))


def _bins(axis: Axis) -> FloatArray:
    """An axis as the kernel has it: the edges, and log2 of the bins' widths; by libm's, which the kernel takes too."""
    if isinstance(axis, Categories):
        return NO_BINS
    edges = axis.edges.tolist()
    widths = (b - a for a, b in pairwise(edges))
    return np.array(edges + [math.log2(width) if width > 0.0 else -math.inf for width in widths])
