"""What the window's own values say of its bins: which belong together, and how wide they are."""

import math
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from streammi.core.bins.binning import Axis, Categories
from streammi.core.information.estimators import Table
from streammi.core.information.extrapolation import Grain, grain_of
from streammi.core.kernels import nested
from streammi.core.window.ring import PairRing
from streammi.records import IntArray


class Side(msgspec.Struct, frozen=True, eq=False):
    """One signal's bins: which coarse one each belongs to, (B,), T, how often two values in a bin are the same, and
    the mean of log2(width); NaN where there is no density.
    """

    parts: IntArray
    ties: float = 0.0
    width_bits: float = math.nan


def sides_of(ring: PairRing, axes: list[Axis]) -> tuple[Side, Side]:
    """Both signals' bins, by the values in the ring; O(n)."""
    return _side(ring, 0, axes[0]), _side(ring, 1, axes[1])


def unseen(axes: list[Axis], *, extrapolated: bool = True) -> Grain:
    """What is extrapolated from what where no value has been seen yet: as if all were different."""
    x, y = (np.arange(axis.count) >> (extrapolated and not isinstance(axis, Categories)) for axis in axes)
    return grain_of((x, 0.0), (y, 0.0))


def grain(sides: tuple[Side, Side]) -> Grain:
    """What is to be extrapolated from what."""
    x, y = sides
    return grain_of((x.parts, x.ties), (y.parts, y.ties))


def differential_bits(side: Side, counts: NDArray[Any], correction: Table) -> float | None:
    """The differential entropy in bits of a signal with these counts (B,): H of its bins and the mean of log2(width).

    None where it has none. ``correction`` is the table that H is corrected by.
    """
    if not math.isfinite(side.width_bits):
        return None
    n = int(counts.sum())
    return (correction.whole.item(n) - int(correction.f[counts].sum())) * (correction.unit_bits / n) + side.width_bits


def _side(ring: PairRing, which: int, axis: Axis) -> Side:
    if isinstance(axis, Categories):
        return Side(np.arange(axis.count))
    parts = np.empty(axis.count, dtype=np.int64)
    found = nested.look(ring.values[which], ring.head, ring.n, ring.entries, 0 if which else 16, axis.edges, parts)
    return Side(parts, *found)
