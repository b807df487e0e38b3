"""The window's own values: how they go together, which bins belong together, and how wide these are."""

from typing import Final, NamedTuple

import numpy as np

from streammi.core.bins.binning import Axis, Categories
from streammi.core.information.extrapolation import Grain, grain_of
from streammi.core.kernels.reading import of_values
from streammi.core.window.ring import PairRing
from streammi.records import FloatArray

NO_EDGES: Final = np.empty(0)
NO_EDGES.flags.writeable = False  # as those of bins are: the kernel is compiled for these


class Seen(NamedTuple):
    """The facts that the window's own values say."""

    pearson_r: float  # NaN for a constant
    x_constant: bool
    y_constant: bool
    x_run: int  # newest pairs with one and the same x
    y_run: int
    grain: Grain  # which of its bins belong together
    width_bits: tuple[float, float]  # of x's bins and of y's, the mean of log2; NaN where there is no density


def seen(ring: PairRing, axes: list[Axis]) -> Seen:
    """The facts by the values in the ring and these bins; O(n)."""
    parts = np.empty(axes[0].count, dtype=np.int64), np.empty(axes[1].count, dtype=np.int64)
    edges = _edges(axes[0]), _edges(axes[1])
    places = ring.values, ring.head, ring.n, ring.entries
    r, x_constant, y_constant, x_run, y_run, x_ties, x_bits, y_ties, y_bits = of_values(*places, *edges, *parts)
    grain = grain_of((parts[0], x_ties), (parts[1], y_ties))
    return Seen(r, x_constant, y_constant, x_run, y_run, grain, (x_bits, y_bits))


def unseen(axes: list[Axis], *, extrapolated: bool = True) -> Grain:
    """The grain where no value has been seen yet: as if all were different."""
    x, y = (np.arange(axis.count) >> (extrapolated and not isinstance(axis, Categories)) for axis in axes)
    return grain_of((x, 0.0), (y, 0.0))


def _edges(axis: Axis) -> FloatArray:
    return NO_EDGES if isinstance(axis, Categories) else axis.edges
