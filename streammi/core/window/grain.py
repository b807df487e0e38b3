"""The window's own values: how they go together, which bins belong together, and how wide these are."""

from functools import lru_cache
from typing import Final

import numpy as np

from streammi.core.bins.binning import Axis, Categories
from streammi.core.information.extrapolation import Grain, grain_of
from streammi.core.information.measures import Seen
from streammi.core.kernels.reading import of_values
from streammi.core.window.histogram import Counts
from streammi.core.window.ring import PairRing
from streammi.records import FloatArray

NO_EDGES: Final = np.empty(0)
NO_EDGES.flags.writeable = False  # as those of bins are: the kernel is compiled for these


def seen(ring: PairRing, x_counts: Counts, y_counts: Counts, axes: list[Axis]) -> Seen:
    """The facts by the values in the ring and these bins, with how many are in each of them; O(n).

    Of labels there is no r.
    """
    x, y = axes
    x_parts, y_parts = np.empty(x.count, np.int64), np.empty(y.count, np.int64)
    r, x_constant, y_constant, x_run, y_run, x_ties, x_bits, y_ties, y_bits = of_values(
        ring.values, ring.head, ring.n, ring.entries, x_counts, y_counts, _edges(x), _edges(y), x_parts, y_parts
    )
    grain = grain_of((x_parts, x_ties), (y_parts, y_ties))
    return Seen(r, x_constant, y_constant, x_run, y_run, grain, (x_bits, y_bits))


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


def _edges(axis: Axis) -> FloatArray:
    return NO_EDGES if isinstance(axis, Categories) else axis.edges
