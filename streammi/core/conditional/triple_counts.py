"""TripleCounts: how often symbols of x, y and a condition occur together in a window, and the entropy sums."""

import math
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from streammi.config import MAX_WINDOW_PAIRS, EstimatorName, Span
from streammi.core.bins.binning import Axis
from streammi.core.conditional.division import OF_CELLS, Nest, condition_sizes, nest
from streammi.core.information import estimators
from streammi.core.kernels import conditional as kernels
from streammi.records import FloatArray, IntArray

NOTHING: Final = np.empty(0)
Codes = NDArray[np.uint32]


class TripleCounts:
    """The counts of triples that enter and leave, and S of an estimator's table over each table.

    Exact integers: whatever went in and out, they are those of the triples that are in. ``xyz`` has shape (Bx, By, Bz).
    By the estimator "extrapolated" the same is kept of half as many bins.
    """

    def __init__(self, estimator: EstimatorName, span: Span) -> None:
        self.estimator = estimators.estimator(estimator).name
        self._digits = estimators.scale_bits(span.pairs or MAX_WINDOW_PAIRS)
        self._floor = 0.0 if self.estimator == "plugin" else -math.inf
        self.n = 0
        self._state = np.zeros(2, dtype=np.int64)  # S_xyz + S_z - S_xz - S_yz, and that of the coarse bins
        self._stepped: IntArray | None = None

    def clear(self, axes: list[Axis], capacity: int) -> None:
        """Have the symbols of these axes, of x, y and one or more conditions, and no triple, of up to ``capacity``."""
        counts = np.array([axis.count for axis in axes])
        sizes, self._condition_sizes = condition_sizes(counts), counts[2:].astype(np.uint32)
        self.sizes = sizes
        self.nest: Nest | None = nest(axes) if self.estimator == "extrapolated" else None
        self._tables = _tables(*sizes)
        self._nest = None
        if self.nest is not None:
            parts = self.nest.x_parts, self.nest.y_parts, self.nest.z_parts
            coarse = _tables(*(int(part.max()) + 1 for part in parts))
            places = zip(parts, (*coarse[:2], np.uint64(0)), strict=True)
            self._nest = *(part.astype(np.uint64) << bits for part, bits in places), *coarse
        self.reach(capacity)
        self.n = 0
        self._state[:] = 0

    def reach(self, capacity: int) -> None:
        """Let counts be as large as ``capacity``."""
        name = OF_CELLS if self.estimator == "extrapolated" else self.estimator
        self.table = estimators.table(name, capacity, self._digits)
        if self.table.f is not self._stepped:
            self._stepped, self._steps = self.table.f, np.diff(self.table.f)

    def codes(self, symbols: NDArray[Any]) -> Codes:
        """The codes (m,) of symbols (2 + k, m) of x, y and k conditions, as the kernels take them."""
        yz_bits, z_bits = self._tables[:2]
        z = symbols[2].astype(np.uint32)
        for size, more in zip(self._condition_sizes[1:], symbols[3:], strict=True):
            z *= size
            z += more
        found: Codes = symbols[0].astype(np.uint32)
        found <<= np.uint32(yz_bits)
        found |= symbols[1].astype(np.uint32) << np.uint32(z_bits)
        found |= z
        return found

    @property
    def plugin(self) -> estimators.Table:
        """The plug-in table with the same reach and digits."""
        return estimators.table("plugin", self.table.f.size - 1, self._digits)

    @property
    def xyz(self) -> IntArray:
        """The joint counts, (Bx, By, Bz); a copy."""
        x, y, z = self.sizes
        found: IntArray = self._tables[2].reshape(x, -1, self._tables[5].size)[:, :y, :z].astype(np.int64)
        return found

    @property
    def sums(self) -> tuple[int, int, int, int]:
        """S_xyz, S_xz, S_yz and S_z, of the estimator's table."""
        xyz, xz, yz, z = (int(self.table.f[counts].sum()) for counts in self._tables[2:])
        return xyz, xz, yz, z

    @property
    def weight(self) -> float:
        """By how much of the gain from the coarse bins to the fine ones is extrapolated."""
        return 0.0 if self.nest is None else self.nest.weight

    def slide(self, new: Codes, old: Codes, out: FloatArray = NOTHING) -> None:
        """Take the codes ``old`` (k,) out and ``new`` (m,) in; CMI in bits after each goes to ``out``, unless empty."""
        counted = self._tables, self._nest, self._steps, self._state, self.weight, self.table.unit_bits, self._floor
        kernels.slide(new, old, self.n, *counted, out)
        self.n += new.size - old.size

    def bits(self) -> float:
        """Conditional MI in bits, of one triple at least; O(1)."""
        scale = self.table.unit_bits / self.n
        fine, coarse = self._state.item(0) * scale, self._state.item(1) * scale
        return max(self._floor, fine + self.weight * (fine - coarse))


def _tables(x: int, y: int, z: int) -> tuple[Any, ...]:
    """Empty counts of so many symbols, as the kernels take them; cells that nothing falls into are never touched."""
    y_bits, z_bits = (y - 1).bit_length(), (z - 1).bit_length()
    sizes = x << y_bits + z_bits, x << z_bits, 1 << y_bits + z_bits, 1 << z_bits
    return np.uint64(y_bits + z_bits), np.uint64(z_bits), *(np.zeros(size, dtype=np.uint32) for size in sizes)
