"""JointHistogram: the counts of the window's pairs, and the sums of the entropies that are made of them."""

import math
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from streammi.config import EstimatorName
from streammi.core.information import estimators, extrapolation
from streammi.core.information.extrapolation import Grain
from streammi.core.kernels import nested, sliding, standard_errors, state_layout
from streammi.core.kernels.state_layout import N
from streammi.core.window.ring import PairRing
from streammi.records import IntArray

Counts: TypeAlias = NDArray[np.uint32]


class JointHistogram:
    """The joint and the marginal counts of the pairs in a ring, and S_x, S_y, S_xy of an estimator's table over them.

    ``joint`` has shape (Bx * By,), ``x`` (Bx,) and ``y`` (By,), ``sizes`` being Bx and By. The sums are exact integers
    in ``state``, the window's own (see core.kernels.state_layout), with as many digits as ``most`` pairs leave room
    for; ``capacity`` is how many there may be for now. Where the estimator extrapolates, the same is kept of the coarse
    bins that ``grain`` names.
    """

    def __init__(
        self, estimator: EstimatorName, capacity: int, most: int, sizes: tuple[int, int], state: IntArray, grain: Grain
    ) -> None:
        self._state = state
        self._digits = estimators.scale_bits(most)
        self.table = estimators.table(estimator, capacity, self._digits)
        # The plug-in MI is never negative but for the last bit of a float; a corrected one may be, and is said so.
        self.floor = 0.0 if self.table.estimator.name == "plugin" else -math.inf
        self.clear(*sizes, grain)

    @property
    def sums(self) -> tuple[int, int, int]:
        """S_x, S_y, S_xy."""
        s_x, s_y, s_xy = self._state[state_layout.S_X : state_layout.S_XY + 1].tolist()
        return s_x, s_y, s_xy

    def mi(self) -> float:
        """MI in bits by the table's estimator, of one pair at least; O(1)."""
        s_x, s_y, s_xy = self.sums
        n = self._state.item(N)
        whole, scale = self.table.whole.item(n), self.table.unit_bits / n
        fine = (whole - s_x - s_y + s_xy) * scale
        if self.nest is None:
            return max(self.floor, fine)
        c_x, c_y, c_xy = self._state[state_layout.C_X : state_layout.C_XY + 1].tolist()
        entropies, coarse = (2 * whole - s_x - s_y) * scale, (whole - c_x - c_y + c_xy) * scale
        held = nested.log_held(s_xy & nested.HELD)
        return nested.extrapolated(fine, coarse, entropies, held, nested.of_pairs(n), self.grain.weight)

    def mi_in_bins(self) -> float:
        """The MI in bits that a glance takes (see core.kernels.bin_fit): by the table, nothing extrapolated."""
        s_x, s_y, s_xy = self.sums
        n = self._state.item(N)
        return (self.table.whole.item(n) - s_x - s_y + s_xy) * self.table.unit_bits / n

    def spreads(self, ring: PairRing, left_out: int, grain: Grain) -> tuple[float, float]:
        """Variances, bits squared, of MI without each of ``left_out`` runs of pairs, and of the means of half as many.

        See core.kernels.standard_errors.
        """
        n, plugin = ring.n, self.table_of("plugin")
        counted = ring.entries, ring.head, n, *self.counts, grain.x_parts, grain.y_parts, *grain.sizes
        fine, coarse = self.joint.size, grain.sizes[0] * grain.sizes[1]
        room = np.empty(fine), np.empty((2, fine + 1), dtype=np.int64), np.empty((2, coarse), dtype=np.int64)
        return standard_errors.spreads(*counted, plugin.f, plugin.unit_bits, grain.weight, left_out, *room)

    def coarsen(self, ring: PairRing, grain: Grain) -> None:
        """Have other coarse bins, where any are kept."""
        if self.nest is not None and not grain.same(self.grain):
            self.recount(ring, self.x.size, self.y.size, grain)

    def table_of(self, estimator: EstimatorName | None) -> estimators.Table:
        """Another estimator's table with the digits and the reach of this one's; None is the default correction."""
        return estimators.table(
            estimators.DEFAULT if estimator is None else estimator, self.table.f.size - 1, self._digits
        )

    def reach(self, pairs: int) -> None:
        """Let the table reach counts of so many pairs."""
        self.table = estimators.table(self.table.estimator.name, pairs, self._digits)

    def clear(self, x_size: int, y_size: int, grain: Grain) -> None:
        """Have so many bins, and no pair in them; the sums are what they were until pairs are counted."""
        self.x = np.zeros(x_size, dtype=np.uint32)
        self.y = np.zeros(y_size, dtype=np.uint32)
        self.joint = np.zeros(x_size * y_size, dtype=np.uint32)
        self.counts = self.x, self.y, self.joint
        self.grain = grain
        self.nest = _nest(grain, x_size * y_size) if self.table.estimator.name == "extrapolated" else None
        self.kept = *self.counts, self.nest  # as the kernels take them

    def recount(self, ring: PairRing, x_size: int, y_size: int, grain: Grain) -> None:
        """Count the ring's pairs anew, into so many bins."""
        self.clear(x_size, y_size, grain)
        sliding.recount(ring.entries, self._state, *self.kept, self.table.f)

    def evict(self, ring: PairRing) -> None:
        """Take the ring's oldest pair, of which there is one at least, out of it and of the counts; O(1)."""
        sliding.evict(ring.entries, self._state, *self.kept, self.table.f)


def _nest(grain: Grain, cells: int) -> tuple[Any, ...]:
    """Empty counts of the coarse bins, as core.kernels.sliding takes them."""
    x_parts, y_parts = grain.x_parts.astype(np.uint64), grain.y_parts.astype(np.uint64)
    x_size, y_size = grain.sizes
    x, y, joint = (np.zeros(size, dtype=np.uint32) for size in (x_size, y_size, x_size * y_size))
    return x_parts, y_parts, x, y, joint, grain.weight, extrapolation.logs_held(cells)
