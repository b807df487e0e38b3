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

    def clear(self, sizes: list[int], count: int) -> None:
        """Have the symbols of axes of x and y of these sizes, ``count`` of them for source and target."""
        s, y = sizes[self.source], sizes[1 - self.source]
        self._s_parts, self._y_parts = _parts(s, count), _parts(y, count)
        few = max(2, round((FINER * count) ** (1 / self._history)))
        self._z_parts = _parts(y, few)
        self.sizes = (
            int(self._s_parts[-1]) + 1,
            int(self._y_parts[-1]) + 1,
            (int(self._z_parts[-1]) + 1) ** self._history,
        )
        self._counts = np.zeros(
            (self._delays.size, self.sizes[0] + 1, self.sizes[1] * self.sizes[2] + 1), dtype=np.int32
        )

    def slide(self, symbols: NDArray[Any], missing: int, tail: int, last: int, head: int) -> None:
        """Follow the window from places [0, last) to [tail, head) of the symbols (2, head) of x and y."""
        source, joined = self._source(symbols[self.source], missing), self._joined(symbols[1 - self.source], missing)
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

    def _source(self, symbols: NDArray[Any], missing: int) -> NDArray[Any]:
        return _merged(symbols, self._s_parts, missing, self.sizes[0])

    def _joined(self, symbols: NDArray[Any], missing: int) -> NDArray[Any]:
        """The symbol of the target and its past together at each place; the first ones, which lack it, are missing."""
        width = self.sizes[1] * self.sizes[2]
        target = _merged(symbols, self._y_parts, missing, self.sizes[1]).astype(np.int64)
        own = _merged(symbols, self._z_parts, missing, self._z_parts[-1] + 1).astype(np.int64)
        gone = target == self.sizes[1]
        z = np.zeros(symbols.size, dtype=np.int64)
        for back in range(1, self._history + 1):
            past = np.full(symbols.size, self._z_parts[-1] + 1)
            past[back:] = own[:-back]
            gone |= past > self._z_parts[-1]
            z = z * (self._z_parts[-1] + 1) + past
        joined = target * self.sizes[2] + z
        joined[gone] = width
        found: NDArray[np.uint32] = joined.astype(np.uint32)
        return found


def _parts(size: int, count: int) -> IntArray:
    """The part, of ``count`` or fewer, of each of ``size`` bins."""
    return np.arange(size) * min(count, size) // size


def _merged(symbols: NDArray[Any], parts: IntArray, missing: int, instead: int) -> NDArray[Any]:
    """The parts of symbols; ``instead`` where one is missing."""
    table = np.full(missing + 1, instead, dtype=np.uint16)
    table[: parts.size] = parts
    found: NDArray[np.uint16] = table[symbols]
    return found
