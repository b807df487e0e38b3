"""DeviceCounts: what PairCounts says, of counts that are made on a device each time something is asked."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from streammi.config import Span
from streammi.core.channels.helpers import Helpers
from streammi.core.channels.pair_counts import Coarse, PairCounts
from streammi.core.channels.pair_tiles import Arithmetic, PairTiles
from streammi.core.channels.row_ring import RowRing, Symbols
from streammi.core.information.estimators import Table
from streammi.core.kernels import channel_mi, pair_counting
from streammi.core.kernels.turns import turns_of
from streammi.records import FloatArray, IntArray

BLOCK_CELLS: Final = 1 << 24  # of pairs that are counted on the host at a time


class DeviceCounts(PairCounts):
    """Nothing is kept of pairs, however many there are, but their sums, until the rows are others.

    The channels' own counts are kept, as PairCounts has them, and so are the symbols of the rows that were counted.
    """

    most_cells = 1 << 62  # none are kept

    def __init__(self, widths: IntArray, span: Span, helpers: Helpers, arithmetic: Arithmetic) -> None:
        self._arithmetic = arithmetic
        super().__init__(widths, span, helpers)

    def lay_out(self, widths: IntArray) -> None:
        """Be ready for so many symbols."""
        super().lay_out(widths)
        self._tiles = PairTiles(self._arithmetic, int(self.widths.max(initial=1)))
        self._symbols: Symbols = np.zeros((self.widths.size, 0), dtype=np.uint8)
        self._missing = 0
        self._made: dict[str, IntArray] = {}  # sums, by the estimator whose table they are of

    def follow(self, ring: RowRing) -> None:
        """Take the window's rows as they are now."""
        if (self.first, self.last) == (ring.tail, ring.head) and not self.stale.any():
            return
        self._symbols, self._missing = ring.symbols_between(ring.tail, ring.head), ring.missing
        self.stale[:] = True
        self.own_anew(self._symbols, self._symbols.dtype.type(self._missing), 0)
        self._made = {}
        self.first, self.last = ring.tail, ring.head
        self.stale[:] = False

    def count_between(self, ring: RowRing, first: int) -> None:
        """All of them: what is not asked for is not made either."""
        self.follow(ring)

    def mi(self, table: Table, n: int, margins: IntArray, out: FloatArray) -> None:
        """As PairCounts has it."""
        pairs, s_x, s_y, s_xy = self.sums_by(table, n, margins)
        with np.errstate(divide="ignore", invalid="ignore"):
            bits = (table.whole[pairs] - s_x - s_y + s_xy) * (table.unit_bits / pairs)
        channel_mi.square(np.maximum(bits, 0.0), out)

    def sums_by(self, table: Table, n: int, margins: IntArray) -> IntArray:
        """As PairCounts has it."""
        name = table.estimator.name
        if name not in self._made:
            self._made[name] = self._sums(self._symbols, self._symbols, table, n, margins)
        return self._made[name]

    def sums_of_shifted(self, symbols: Symbols, shift: int, missing: Any, table: Table, margins: IntArray) -> IntArray:
        """As PairCounts has it."""
        return self._sums(symbols, np.roll(symbols, shift, axis=1), table, symbols.shape[1], margins)

    def extrapolated(self, coarse: Coarse, table: Table, n: int, margins: IntArray, out: FloatArray) -> None:
        """As PairCounts has it; of pairs with a gap, which have coarse bins of their own, on the host."""
        most = coarse.parts.shape[1]
        named = np.take_along_axis(coarse.parts, np.minimum(self._symbols, most - 1).astype(np.int64), axis=1)
        symbols = np.where(self._symbols == self._missing, self._missing, named).astype(self._symbols.dtype)
        below = self._sums(symbols, symbols, table, n, coarse.margins)
        found = np.empty(self.pairs)
        ties: FloatArray = np.fmax(*_of_pairs(coarse.ties))
        fine = self.sums_by(table, n, margins)
        channel_mi.extrapolate(fine, below[1:], ties, table.whole, table.unit_bits, found)
        channel_mi.square(found, out)
        if self.gappy.any():
            on_host = np.empty_like(out)
            self._of_gappy(coarse, table, n, margins, on_host)
            np.copyto(out, on_host, where=np.logical_or.outer(self.gappy, self.gappy))

    def counts_of(self, i: int, j: int) -> IntArray:
        """As PairCounts has it."""
        a, b = self._symbols[i], self._symbols[j]
        both = (a != self._missing) & (b != self._missing)
        rows, columns = self.widths[i], self.widths[j]
        cells: IntArray = np.bincount(a[both].astype(np.int64) * columns + b[both], minlength=rows * columns)
        return cells.reshape(rows, columns)

    def _sums(self, symbols: Symbols, others: Symbols, table: Table, n: int, margins: IntArray) -> IntArray:
        """The sums (4, P) of all pairs by tiles."""
        found = np.empty((4, self.pairs), dtype=np.int64)
        found[0], found[1:3] = n, _of_pairs(margins)
        self._tiles.packed(self._tiles.of(symbols, others, self._missing, table.f, self.gappy), found)
        return found

    def _of_gappy(self, coarse: Coarse, table: Table, n: int, margins: IntArray, out: FloatArray) -> None:
        """The same of the pairs with a gap, of so many channels at a time as their counts have room for."""
        bits = self._words(self._symbols, coarse.missing, self._lanes)
        counted = self._symbols, self._symbols, bits, bits, self.gappy, self.gappy, coarse.missing
        ends, sums = np.append(self.starts, self.cells), np.empty(self.pairs, dtype=np.int64)
        first = 0
        while first < self.widths.size:
            last = max(int(np.searchsorted(ends, ends[first] + BLOCK_CELLS, side="right")) - 1, first + 1)
            cells = np.zeros(int(ends[last] - ends[first]), dtype=np.min_scalar_type(self._symbols.shape[1]))
            layout = self.widths, self.below, self.starts - self.starts[first]
            pair_counting.recount(*counted, *layout, table.f, cells, sums, turns_of(first, last))
            known = *coarse[:4], self.gappy, *coarse[4:8], n, margins, coarse.margins, *layout
            channel_mi.extrapolated(cells, *known, table.f, table.whole, table.unit_bits, out, turns_of(first, last))
            first = last


def _of_pairs(values: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """The values of the first and of the second channel of each pair, (P,) each, of ``values`` (C,)."""
    later = np.arange(values.size - 1, -1, -1)
    return np.repeat(values, later), np.concatenate([values[k + 1 :] for k in range(values.size)])
