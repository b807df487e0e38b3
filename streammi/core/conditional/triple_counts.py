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
Symbols = NDArray[np.uint32]


class TripleCounts:
    """The counts of triples of symbols (3, m) that enter and leave, and S of an estimator's table over each table.

    Exact integers: whatever went in and out, they are those of the triples that are in. ``xyz`` has shape (Bx, By, Bz).
    By the estimator "extrapolated" the same is kept of half as many bins.
    """

    def __init__(self, estimator: EstimatorName, span: Span) -> None:
        self.estimator = estimators.estimator(estimator).name
        self._digits = estimators.scale_bits(span.pairs or MAX_WINDOW_PAIRS)
        self._floor = 0.0 if self.estimator == "plugin" else -math.inf
        self.n = 0
        self._state = np.zeros(kernels.SUMS, dtype=np.int64)

    def clear(self, axes: list[Axis], capacity: int) -> None:
        """Have the symbols of these axes, of x, y and one or more conditions, and no triple, of up to ``capacity``."""
        sizes = condition_sizes(np.array([axis.count for axis in axes]))
        x, y, z = self.sizes = sizes
        self.nest: Nest | None = nest(axes) if self.estimator == "extrapolated" else None
        self._tables = _tables(x, y, z)
        self._nest = None
        if self.nest is not None:
            parts = [part.astype(np.uint64) for part in (self.nest.x_parts, self.nest.y_parts, self.nest.z_parts)]
            self._nest = *parts, *_tables(*(int(part.max()) + 1 for part in parts))
        self.reach(capacity)
        self.n = 0
        self._state[:] = 0

    def reach(self, capacity: int) -> None:
        """Let counts be as large as ``capacity``."""
        name = OF_CELLS if self.estimator == "extrapolated" else self.estimator
        self.table = estimators.table(name, capacity, self._digits)

    @property
    def plugin(self) -> estimators.Table:
        """The plug-in table with the same reach and digits."""
        return estimators.table("plugin", self.table.f.size - 1, self._digits)

    @property
    def xyz(self) -> IntArray:
        """The joint counts, (Bx, By, Bz); a copy."""
        found: IntArray = self._tables[2].reshape(self.sizes).astype(np.int64)
        return found

    @property
    def sums(self) -> tuple[int, int, int, int]:
        """S_xyz, S_xz, S_yz and S_z, of the estimator's table."""
        xyz, xz, yz, z = self._state[: kernels.S_Z + 1].tolist()
        return xyz, xz, yz, z

    @property
    def weight(self) -> float:
        """By how much of the gain from the coarse bins to the fine ones is extrapolated."""
        return 0.0 if self.nest is None else self.nest.weight

    def slide(self, new: Symbols, old: Symbols, out: FloatArray = NOTHING) -> None:
        """Take ``old`` (3, k) out and ``new`` (3, m) in, in turn; CMI in bits after each goes to ``out``, if (m,)."""
        table = self.table
        counted = self._tables, self._nest, table.f, self._state, self.weight, table.unit_bits, self._floor
        kernels.slide(new, old, self.n, *counted, out)
        self.n += new.shape[1] - old.shape[1]

    def bits(self) -> float:
        """Conditional MI in bits, of one triple at least; O(1)."""
        scale = self.table.unit_bits / self.n
        xyz, xz, yz, z, c_xyz, c_xz, c_yz, c_z = self._state.tolist()
        fine = (xyz + z - xz - yz) * scale
        if self._nest is not None:
            fine += self.weight * (fine - (c_xyz + c_z - c_xz - c_yz) * scale)
        return max(self._floor, fine)


def _tables(x: int, y: int, z: int) -> tuple[Any, ...]:
    """Empty counts of so many symbols, as the kernels take them."""
    sizes = x * y * z, x * z, y * z, z
    return np.uint64(y), np.uint64(z), *(np.zeros(size, dtype=np.uint32) for size in sizes)


def combined(symbols: NDArray[Any], sizes: list[int]) -> Symbols:
    """Symbols (2 + k, m) of x, y and k conditions as those of x, y and all conditions together, (3, m).

    >>> combined(np.array([[0], [1], [2], [1]]), [2, 2, 3, 4]).ravel().tolist()
    [0, 1, 9]
    """
    found = np.empty((3, symbols.shape[1]), dtype=np.uint32)
    found[:2] = symbols[:2]
    found[2] = symbols[2]
    for size, more in zip(sizes[3:], symbols[3:], strict=True):
        found[2] = found[2] * size + more
    return found
