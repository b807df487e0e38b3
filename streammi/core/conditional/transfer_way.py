"""TransferWay: one direction of transfer entropy, at each delay, and its p."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from streammi.core.bins.binning import QuantileBins
from streammi.core.conditional.division import FINER, OF_CELLS, halves, weight
from streammi.core.conditional.past import HISTORY, Past, far_delays, shifts_around
from streammi.core.information import estimators
from streammi.core.kernels import conditional as kernels
from streammi.core.significance.shift_null import LEAST_PARTNERS
from streammi.records import FloatArray, IntArray, codec

BUDGET: Final = 3_000_000  # triples that are counted for the null at a reading: about 5 ms


class TransferWay:
    """One direction: the counts of the ``source`` (0: x, 1: y) at each delay with the target and its own past."""

    def __init__(self, source: int, delays: IntArray, history: int, partners: int) -> None:
        self.source = source
        self._delays, self._history = delays, history
        self._reach = np.maximum(delays, history)  # samples before a place that belong to its triple
        self.reach = int(self._reach.max())
        self.past = Past()
        self._maxima = np.full(partners, np.nan)
        self._turn = 0

    def clear(self, sizes: list[int], count: int, missing: int) -> None:
        """Have the symbols of axes of x and y of these sizes, ``count`` of them for source and target."""
        s, y = sizes[self.source], sizes[1 - self.source]
        few = max(2, round((FINER * count) ** (1 / self._history)))
        merged = [_merged(size, parts, missing) for size, parts in ((s, count), (y, count), (y, few))]
        self._s_of, self._y_of, self._z_of = (table for table, _ in merged)
        s, y, self._of_past = (parts for _, parts in merged)
        self.sizes = s, y, self._of_past**self._history
        self._counts = np.zeros(
            (self._delays.size, self.sizes[0] + 1, self.sizes[1] * self.sizes[2] + 1), dtype=np.int32
        )

    def slide(self, symbols: NDArray[Any], tail: int, last: int, head: int) -> None:
        """Follow the window from places [0, last) to [tail, head) of the symbols (2, head) of x and y."""
        source, joined = self._s_of[symbols[self.source]], np.empty(head, dtype=np.uint32)
        y_size = self.sizes[1]
        kernels.join(symbols[1 - self.source], self._y_of, self._z_of, y_size, self._of_past, self._history, joined)
        begin = np.minimum(self._reach, head)
        kernels.count_transfer(
            source, joined, self._delays, np.maximum(begin, last), np.full_like(begin, head), 1, self._counts
        )
        kernels.count_transfer(source, joined, self._delays, begin, np.minimum(tail + begin, head), -1, self._counts)
        self._joined_now = joined[tail:]

    def bits(self, table: estimators.Table) -> FloatArray:
        """Transfer entropy in bits at each delay, extrapolated, (D,); NaN where nothing is counted."""
        fine, pairs = self._sums(self._counts, table, [np.arange(size) for size in self.sizes])
        bits = fine * table.unit_bits / np.maximum(pairs, 1)
        extrapolated = weight(min(self.sizes[:2]))
        if extrapolated:
            # Of more than one past sample the condition is coarse as it is.
            past = halves(self.sizes[2]) if self._history == 1 else np.arange(self.sizes[2])
            coarse, _ = self._sums(self._counts, table, [halves(self.sizes[0]), halves(self.sizes[1]), past])
            bits += extrapolated * (fine - coarse) * table.unit_bits / np.maximum(pairs, 1)
        found: FloatArray = np.where(pairs > 0, bits, np.nan)
        return found

    def p(self, n: int, digits: int, partners: int, *, renew: bool, around: bool) -> float | None:
        """p of the largest over all delays, against as many partners: the source delayed by far more, or ``around``."""
        past = self.past.newest(n if around else int((HISTORY + 1) * n) + self.reach)
        finite = np.isfinite(past)
        joined = self._joined_now
        if not finite.any():
            return None
        shifts = shifts_around(past, partners, self.reach) if around else far_delays(past, n, partners, self.reach)
        if around:
            past, finite = np.tile(past, 3), np.tile(finite, 3)
        if shifts.size < LEAST_PARTNERS:
            return None
        axis = QuantileBins(self.sizes[0]).learn(past[finite])
        source = np.full(past.size, self.sizes[0], dtype=np.uint8 if self.sizes[0] < 255 else np.uint16)
        source[finite] = np.minimum(axis.symbols(past[finite]), self.sizes[0] - 1)
        table = estimators.table(OF_CELLS, 1 << max(n - 1, 1).bit_length(), digits)
        own = self._largest(source, joined, 0, table)
        if shifts.size != self._maxima.size:
            self._maxima = np.full(shifts.size, np.nan)
        due = shifts.size if around else max(1, min(shifts.size, BUDGET // max(n * self._delays.size, 1)))
        maxima = self._maxima if renew else self._maxima.copy()
        for step in range(due):
            which = (self._turn + step) % shifts.size
            maxima[which] = self._largest(source, joined, shifts.item(which), table)
        if renew:
            self._turn = (self._turn + due) % shifts.size
        null = maxima[np.isfinite(maxima)]
        return None if null.size < LEAST_PARTNERS else (int((null >= own).sum()) + 1) / (null.size + 1)

    def state(self) -> codec.State:
        """The state that ``restore`` needs: plain values and arrays."""
        return {"turn": self._turn}, [self.past.newest().copy(), self._maxima.copy()]

    def restore(self, header: dict[str, Any], past: FloatArray, maxima: FloatArray) -> None:
        """Take up a saved state; counts are there once the window is asked."""
        self.past = Past()
        self.past.extend(past, past.size)
        self._maxima, self._turn = maxima.copy(), header["turn"]

    def _largest(self, source: NDArray[Any], joined: NDArray[Any], shift: int, table: estimators.Table) -> float:
        """The largest over the delays, in bits, of the newest places with the source delayed by ``shift`` more."""
        counts = np.zeros_like(self._counts)
        n, start = joined.size, source.size - joined.size
        places = np.minimum(self._reach, n)
        kernels.count_transfer(
            source[start - shift - self.reach :] if start - shift - self.reach >= 0 else source,
            np.concatenate((np.zeros(self.reach, dtype=joined.dtype), joined)),
            self._delays,
            places + self.reach,
            np.full_like(places, n + self.reach),
            1,
            counts,
        )
        sums, pairs = self._sums(counts, table, [np.arange(size) for size in self.sizes])
        return float((sums * table.unit_bits / np.maximum(pairs, 1)).max())

    def _sums(self, counts: NDArray[Any], table: estimators.Table, parts: list[IntArray]) -> tuple[IntArray, IntArray]:
        sums, pairs = np.empty((2, self._delays.size), dtype=np.int64)
        s_parts, y_parts, z_parts = parts
        kernels.transfer_sums(counts, s_parts, y_parts, z_parts, table.f, sums, pairs)
        return sums, pairs


def _merged(size: int, count: int, missing: int) -> tuple[NDArray[np.uint16], int]:
    """To what each of ``size`` symbols is merged, of ``count`` parts or fewer, and how many these are.

    As many stands for what is ``missing``, the largest of the table's symbols.
    """
    parts = np.arange(size) * min(count, size) // size
    found = int(parts[-1]) + 1
    table = np.full(missing + 1, found, dtype=np.uint16)
    table[:size] = parts
    return table, found
