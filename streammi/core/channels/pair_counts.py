"""PairCounts: the joint counts of every pair of channels, and the sums that their MI is made of."""

from functools import partial
from typing import Any, ClassVar, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from streammi.config import MAX_WINDOW_PAIRS, EstimatorName, Span
from streammi.core.channels.helpers import Helpers, Shared, Work
from streammi.core.channels.row_ring import RowRing, Symbols
from streammi.core.information import estimators
from streammi.core.information.estimators import Table
from streammi.core.kernels import channel_mi, channel_rows, pair_counting
from streammi.core.kernels.channel_rows import WORD
from streammi.core.kernels.pair_counting import AT_ONCE, HALF, MANY, MOST_CELLS as MOST_BIT_CELLS
from streammi.core.kernels.turns import turns_of
from streammi.errors import ConfigError
from streammi.records import FloatArray, IntArray

MOST_CELLS: Final = 1 << 31  # 4 GiB of counts in windows of up to 65,535 rows
# What it takes, about, of a pair:
SLIDE_NS: Final = 1.5  # a row in and one out, row by row
COUNT_NS: Final = 0.42  # a row counted anew, row by row
CELL_NS: Final = 0.5  # a cell whose term is summed up
BITS_NS: Final = 15.0  # by bits,
WORD_NS: Final = 0.1 if AT_ONCE else 0.27  # and each word of 64 rows, of each two bins
MI_NS: Final = 20.0  # its MI
OWN_AT_ONCE: Final = 8  # channels
OWN_NS: Final = 1.0  # and a symbol counted in its own channel

Cells = NDArray[np.unsignedinteger[Any]]
Words = NDArray[np.uint64]


class Coarse(NamedTuple):
    """The coarse bins of each channel, and what those of a pair with a gap are found from; see core.window.grain.

    ``parts`` (C, B) names the coarse bin of each of the ``sizes`` (C,) bins, ``ties`` (C,) is the share of them, NaN
    where none are put together; ``values`` and ``symbols`` (C, n) are the rows, ``edges`` those of the ``numeric``, and
    ``margins`` (C,) S of the coarse bins.
    """

    parts: IntArray
    ties: FloatArray
    values: FloatArray
    symbols: Symbols
    numeric: NDArray[np.bool_]
    missing: Any
    edges: FloatArray
    sizes: IntArray
    margins: IntArray


class PairCounts:
    """The counts of the rows from number ``first`` up to ``last`` of a RowRing, of its channels and of all their pairs.

    They follow the ring when they are asked to, by taking out the rows that have left and adding those that came, or
    anew where that is cheaper; the integers are the same. ``widths`` (C,) are how many symbols the channels may have.
    ``margins`` (C, B) are the channels' own counts, ``absent`` (C,) the rows in which each has no value, ``sums`` (P,)
    S_xy of the plug-in table ``table`` of each pair.
    """

    most_cells: ClassVar = MOST_CELLS

    def __init__(self, widths: IntArray, span: Span, helpers: Helpers) -> None:
        self._digits = estimators.scale_bits(span.pairs or MAX_WINDOW_PAIRS)
        self._helpers = helpers
        self.lay_out(widths)

    def lay_out(self, widths: IntArray) -> None:
        """Have room for so many symbols; nothing is counted then."""
        channels = widths.size
        filled = -(-widths // HALF) * HALF
        self.widths = np.where(filled <= MANY, filled, widths).astype(np.int64)
        self.below = np.concatenate(([0], np.cumsum(self.widths)))
        rows = self.widths * (self.below[-1] - self.below[1:])
        self.starts = np.concatenate(([0], np.cumsum(rows)))[:channels]
        self.cells = int(rows.sum())
        if self.cells > self.most_cells:
            rule = f"so few that all pairs have {self.most_cells:,} cells at most"
            raise ConfigError("channels and bins", rule, f"{channels} channels, {self.cells:,} cells")
        self.pairs = channels * (channels - 1) // 2
        self._lanes = self._by_bits = self._bit_cells = 0  # pairs that may be counted by bits, and their cells
        self._look_for_bits()
        self.counts: Cells = np.zeros(0, dtype=np.uint8)  # until something is counted
        self.sums = np.zeros(self.pairs, dtype=np.int64)
        self.margins = np.zeros((channels, int(self.widths.max(initial=1))), dtype=np.int64)
        self.absent = np.zeros(channels, dtype=np.int64)
        self._gaps = np.zeros(channels, dtype=np.bool_)  # of the rows that are counted now
        self.stale = np.ones(channels, dtype=np.bool_)  # channels whose pairs are to be counted anew
        self.first = self.last = 0

    def _look_for_bits(self) -> None:
        """See which pairs are so small that they are counted by bits."""
        sizes, often = (v.tolist() for v in np.unique(self.widths[self.widths <= MANY], return_counts=True))
        for k, x in enumerate(sizes):
            for y, channels in zip(sizes[k:], often[k:], strict=True):
                if x * y <= MOST_BIT_CELLS:
                    pairs = often[k] * (often[k] - 1) // 2 if x == y else often[k] * channels
                    self._by_bits += pairs
                    self._bit_cells += pairs * x * y
                    self._lanes = max(self._lanes, y)

    @property
    def layout(self) -> tuple[IntArray, IntArray, IntArray]:
        """``widths``, ``below`` and ``starts``, as the kernels take them."""
        return self.widths, self.below, self.starts

    @property
    def gappy(self) -> NDArray[np.bool_]:
        """The channels that miss a value in some row, (C,)."""
        return self.absent > 0

    def table(self, estimator: EstimatorName | None, capacity: int) -> estimators.Table:
        """An estimator's table (None: the default), as JointWindow has it."""
        return estimators.table(estimators.DEFAULT if estimator is None else estimator, capacity, self._digits)

    def follow(self, ring: RowRing) -> None:
        """Count the window's rows as they are now."""
        come, gone = ring.head - self.last, ring.tail - self.first
        if not come and not gone and not self.stale.any():
            return
        table = self.table("plugin", ring.values.shape[1])
        self._have_room(ring.values.shape[1])
        lost = self.first < ring.head - ring.symbols.shape[1]
        if lost or ring.tail >= self.last or self._slide_ns(come, gone) > self._count_ns(ring.n):
            self.stale[:] = True
        missing = ring.symbols.dtype.type(ring.missing)
        if not self.stale.all():
            self._slide(ring, missing, table.f, estimators.steps("plugin", table.f.size - 1, self._digits))
        if self.stale.any():
            self._recount(ring, missing, table.f)
        self.first, self.last = ring.tail, ring.head
        self.stale[:] = False

    def count_between(self, ring: RowRing, first: int) -> None:
        """Count the pairs of the ``first`` channels with the later ones in the window's rows, and no others."""
        table = self.table("plugin", ring.values.shape[1])
        self._have_room(ring.values.shape[1])
        symbols = ring.symbols_between(ring.tail, ring.head)
        missing = symbols.dtype.type(ring.missing)
        self.stale[:] = True
        bits = self.own_anew(symbols, missing, self._lanes)
        later = np.arange(self.widths.size) >= first
        counted = symbols, symbols, bits, bits, self.gappy, later, missing, *self.layout, table.f, self.counts
        pair_counting.recount(*counted, self.sums, turns_of(0, first))
        self.first, self.last = (
            ring.tail,
            ring.head,
        )  # and of the others nothing: whoever asks next has all counted anew

    def each(self, cost_ns: float, *works: Work) -> None:
        """Have works done one after the other, each of all channels with the later ones; they take so long about."""
        self._helpers.do(cost_ns, *((work, self.widths.size, 0) for work in works))

    def mi(self, table: Table, n: int, margins: IntArray, out: FloatArray) -> None:
        """Plug-in MI in bits of every pair of the window's ``n`` rows, to both halves of ``out`` (C, C).

        ``margins`` (C,) are S of each channel by the plug-in ``table``.
        """
        known = self.counts, self.sums, self.gappy, n, margins, *self.layout
        last = table.f, table.whole, table.unit_bits, out
        self.each(MI_NS * self.pairs, partial(channel_mi.mi, *known, *last))

    def sums_by(self, table: Table, n: int, margins: IntArray) -> IntArray:
        """The pairs of values, S_x, S_y and S_xy by a table, of every pair, shape (4, P).

        ``margins`` (C,) are S of each channel, of the window's ``n`` rows: those of pairs without a gap. What is
        returned may be kept: it is not to be written to.
        """
        sums = np.empty((4, self.pairs), dtype=np.int64)
        known = self.counts, self.gappy, n, margins, *self.layout, table.f, sums
        self.each(CELL_NS * self.cells, partial(channel_mi.sums_of_pairs, *known))
        return sums

    def sums_of_shifted(self, symbols: Symbols, shift: int, missing: Any, table: Table, margins: IntArray) -> IntArray:
        """As ``sums_by``, with the second channel of each pair ``shift`` rows late, in a circle."""
        sums = np.empty((4, self.pairs), dtype=np.int64)
        late = np.roll(symbols, shift, axis=1)
        words = self._words(symbols, missing, self._lanes), self._words(late, missing, self._lanes)
        known = symbols, late, *words, self.gappy, missing, self.widths, table.f, margins, sums
        self.each(self._count_ns(symbols.shape[1]), partial(pair_counting.sums_of_shifted, *known))
        return sums

    def extrapolated(self, coarse: Coarse, table: Table, n: int, margins: IntArray, out: FloatArray) -> None:
        """MI beyond the bins in bits of every pair of the window's ``n`` rows, to both halves of ``out`` (C, C).

        ``margins`` (C,) are S of each channel by the table.
        """
        seen = *coarse[:4], self.gappy, *coarse[4:8]
        known = self.counts, *seen, n, margins, coarse.margins, *self.layout, table.f, table.whole, table.unit_bits, out
        cost_ns = CELL_NS * self.cells + MI_NS * self.pairs
        self.each(cost_ns, partial(channel_mi.extrapolated, *known))

    def counts_of(self, i: int, j: int) -> IntArray:
        """The joint counts of channels i and j, shape (widths[i], widths[j]); a copy."""
        if i == j:
            return np.diag(self.margins[i, : self.widths[i]])
        if i > j:
            return self.counts_of(j, i).T.copy()
        rows, columns = self.widths[i], self.widths[j]
        at = self.starts[i] + rows * (self.below[j] - self.below[i + 1])
        return self.counts[at : at + rows * columns].reshape(rows, columns).astype(np.int64)

    def _have_room(self, rows: int) -> None:
        """Have counts that are as large as ``rows``, of the smallest type that is."""
        needed = np.min_scalar_type(rows)
        if self.counts.size != self.cells or self.counts.dtype != needed:
            self.counts = np.zeros(self.cells, dtype=needed)
            self.stale[:] = True

    def lanes(self, come: int, gone: int) -> int:
        """Of how many bins bits are set for so many rows that come and go; 0 where it is cheaper row by row."""
        return (
            self._lanes
            if self._bits_ns(come, gone) + CELL_NS * self._bit_cells < _rows_ns(come, gone) * self._by_bits
            else 0
        )

    def _words(self, symbols: Symbols, missing: Any, lanes: int) -> Words:
        """The words of symbols (C, n) of so many bins, (C, W, lanes); see core.kernels.pair_counting."""
        words = np.empty((len(symbols), -(-symbols.shape[1] // WORD), lanes), dtype=np.uint64)
        channel_rows.set_bits(symbols, missing, self.widths, words)
        return words

    def own_anew(self, symbols: Symbols, missing: Any, lanes: int) -> Words:
        """Count the symbols (C, n) of each channel that is stale by itself; returns the words of all."""
        work, words = self._anew(symbols, missing, lanes)
        self._helpers.do(OWN_NS * symbols.size, work)
        return words

    def _slide(self, ring: RowRing, missing: Any, f: IntArray, steps: IntArray) -> None:
        new = ring.symbols_between(self.last, ring.head)
        old = ring.symbols_between(self.first, ring.tail)
        come, gone = new.shape[1], old.shape[1]
        lanes = self.lanes(come, gone)
        own, words = self._own(new, old, missing, ~self.stale, lanes)
        by_bits = *words, self.stale, *self.layout, f, self.counts, self.sums
        by_row = new, old, words[0], self._gaps, self.stale, missing, *self.layout, steps, self.counts, self.sums
        works = [own]
        if lanes:
            works.append((partial(pair_counting.slide_bits, *by_bits), own[1], 0))
        if not lanes or self._by_bits < self.pairs:
            works.append((partial(pair_counting.slide, *by_row), own[1], 0))
        self._helpers.do(self._slide_ns(come, gone), *works)

    def _recount(self, ring: RowRing, missing: Any, f: IntArray) -> None:
        symbols = ring.symbols_between(ring.tail, ring.head)
        own, bits = self._anew(symbols, missing, self._lanes)
        given = symbols, symbols, bits, bits, self._gaps, self.stale, missing
        counted = *given, *self.layout, f, self.counts, self.sums
        work = partial(pair_counting.recount, *counted)
        self._helpers.do(self._count_ns(symbols.shape[1]), own, (work, own[1], 0))

    def _anew(self, symbols: Symbols, missing: Any, lanes: int) -> tuple[Shared, Words]:
        """The work that counts each channel that is stale by itself, anew, and writes the words of all."""
        self.margins[self.stale], self.absent[self.stale] = 0, 0
        work, (words, _) = self._own(symbols, symbols[:, :0], missing, self.stale, lanes)
        return work, words

    def _own(
        self, new: Symbols, old: Symbols, missing: Any, which: NDArray[np.bool_], lanes: int
    ) -> tuple[Shared, tuple[Words, Words]]:
        """The work that has rows come and go in each channel by itself, and the words of both that it writes."""
        channels = self.widths.size
        long = [-(-rows.shape[1] // WORD) if lanes else 0 for rows in (new, old)]
        words = np.empty((channels, long[0], lanes), np.uint64), np.empty((channels, long[1], lanes), np.uint64)
        known = new, old, missing, which, self.widths, self.margins, self.absent, self._gaps, *words
        return (partial(channel_rows.count_own, *known), channels, OWN_AT_ONCE), words

    def _count_ns(self, rows: int) -> float:
        """How long it takes, about, to count so many rows of all pairs anew."""
        by_row = COUNT_NS * rows * (self.pairs - self._by_bits) + CELL_NS * self.cells
        return by_row + self._bits_ns(rows, 0)

    def _slide_ns(self, come: int, gone: int) -> float:
        """How long it takes, about, to have so many rows come and go in all pairs."""
        by_row = _rows_ns(come, gone)
        by_bits = self._bits_ns(come, gone) + CELL_NS * self._bit_cells
        return by_row * (self.pairs - self._by_bits) + min(by_row * self._by_bits, by_bits)

    def _bits_ns(self, come: int, gone: int) -> float:
        """How long it takes of those that can be counted by bits."""
        return BITS_NS * self._by_bits + WORD_NS * (-(-come // WORD) - (-gone // WORD)) * self._bit_cells


def _rows_ns(come: int, gone: int) -> float:
    """How long it takes, about, to have so many rows come and go in a pair, row by row."""
    return SLIDE_NS * (come + gone) / 2
