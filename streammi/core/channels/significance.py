"""The pairs of channels that depend more than by chance, with the share of false ones among them held.

A pair is compared with pairs that cannot depend: the second channel of each is moved by so many rows, in a circle, that
nothing of what they share is left, and both keep their memory. What is compared is no MI: slow channels share more by
chance than fast ones. Twice n times MI of pairs that do not depend is a sum of chi-squares, one for each pair of the
channels' modes, as large as these modes last together; its mean and its variance follow from how each channel's symbols
follow each other at each lag (Bartlett's effective sample size, of symbols instead of values). By both it becomes a
number z that is about normal (Wilson & Hilferty 1931), and all pairs have about one null: the moved pairs of them all
together. So 8 shifts are enough for half a million pairs, p reaches down to one in as many, and what is wrong with the
mean and the variance is as wrong in the null; but a circle has a seam, which is in the null alone and reckoned with.
The false discovery rate is that of Benjamini & Hochberg 1995.

Measured by scripts/channels.py: see there. By MI itself half the edges are lost where fast and slow channels are mixed;
by its mean alone 8 % are false where all are slow.
"""

import math
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from streammi.core.channels.channel_axes import ChannelAxes
from streammi.core.channels.matrices import margin_sums, mi_bits
from streammi.core.channels.pair_counts import PairCounts
from streammi.core.channels.row_ring import RowRing, Symbols
from streammi.core.information.estimators import LN2, Table
from streammi.core.kernels import channel_mi, channel_rows
from streammi.core.significance.shift_null import correlation_time
from streammi.records import FloatArray, IntArray

MOST_SHIFTS: Final = 99
LEAST_SHIFTS: Final = 8
NULL_PAIRS: Final = 200_000  # moved pairs that are enough
NEAREST: Final = 0.05  # of the window: no shift is nearer, whatever the memory
LONGEST: Final = 0.125  # of the window: a channel with a longer memory has no null in it
FARTHEST_LAG: Final = 0.25  # of the window: memory is measured as far
LAG_STEP: Final = 1.4  # between lags that are measured; between them memory is about straight
NO_SHIFTS: Final = np.empty(0, dtype=np.int64)
NOISE: Final = 1.0  # times what a channel without memory would show at a lag, on the average: there memory ends


class Significance(msgspec.Struct, frozen=True, eq=False):
    """Of every pair of channels, (C, C): ``p``, and ``q``, the false discovery rate at which it is the last to count.

    NaN where a pair was not tested: a channel is constant, or remembers more than an eighth of the window. ``shifts``
    are by how many rows the pairs of the null were moved, (S,); ``untested`` says why there are none, or is empty.
    """

    p: FloatArray
    q: FloatArray
    shifts: IntArray
    untested: str = ""


def significance(counts: PairCounts, ring: RowRing, axes: ChannelAxes) -> Significance:
    """Test every pair of the window's rows."""
    channels, n = counts.widths.size, ring.n
    nothing = np.full((channels, channels), np.nan)
    if channels < 2 or n < 2:
        return Significance(
            nothing, nothing.copy(), np.empty(0, dtype=np.int64), "untested: no two rows of two channels"
        )
    symbols = ring.symbols_between(ring.tail, ring.head)
    missing = symbols.dtype.type(ring.missing)
    memory = np.array([_memory(row, missing) for row in symbols])
    varied = axes.known & (np.count_nonzero(counts.margins, axis=1) > 1)
    if np.count_nonzero(varied) < 2:
        return Significance(nothing, nothing.copy(), NO_SHIFTS, "untested: there are no two channels that vary")
    usable = varied & (memory <= LONGEST * n)
    pairs = np.flatnonzero(np.logical_and.outer(usable, usable)[np.triu_indices(channels, 1)])
    if not pairs.size:
        second = int(np.sort(memory[varied])[1])  # of the fastest pair
        why = f"untested: about {math.ceil(second / LONGEST):,} rows are needed, {n:,} are there"
        return Significance(nothing, nothing.copy(), NO_SHIFTS, why)
    shifts = _shifts(n, int(memory[usable].max()), pairs.size)
    table = counts.table("plugin", ring.values.shape[1])
    margins = margin_sums(counts, table)
    scale = _Scale(symbols, missing, axes.sizes, pairs)
    sums = counts.sums_by(table, n, margins)
    own = scale.z(sums, table, seams=0)
    null = []
    for shift in shifts.tolist():
        null.append(scale.z(counts.sums_of_shifted(symbols, shift, missing, table, margins), table, seams=1))
    p = _above(own, np.sort(np.concatenate(null)))
    p_of, q_of = (_square(channels, pairs, values, counts.pairs) for values in (p, adjusted(p)))
    return Significance(p_of, q_of, shifts)


def adjusted(p: FloatArray) -> FloatArray:
    """The false discovery rates at which tests with these p (n,) begin to count (Benjamini & Hochberg 1995).

    >>> adjusted(np.array([0.01, 0.04, 0.03])).tolist()
    [0.03, 0.04, 0.04]
    """
    order = np.argsort(p)
    rates = p[order] * p.size / np.arange(1, p.size + 1)
    q = np.empty(p.size)
    q[order] = np.minimum(np.minimum.accumulate(rates[::-1])[::-1], 1.0)
    return q


class _Scale:
    """The mean and the variance of 2 n MI of pairs that do not depend, by their channels' memory.

    In n rows as they came n - k are followed by one k rows later. Of rows that were moved in a circle k less are: where
    the end meets the beginning, a channel does not remember. That seam takes a fortieth of the variance of channels
    that last for 25 of 1,000 rows, and by it a fifth of what is as large as one pair in a million.
    """

    def __init__(self, symbols: Symbols, missing: Any, sizes: IntArray, pairs: IntArray) -> None:
        lags, weights = _lags(int(FARTHEST_LAG * symbols.shape[1]), symbols.shape[1])
        modes = _modes(symbols, missing, sizes, lags)
        channels = len(symbols)
        rows, columns = (places[pairs] for places in np.triu_indices(channels, 1))
        self._pairs = pairs
        traces = np.einsum("ckaa->ck", modes)
        both = np.einsum("ckab,clab->ckl", modes, modes).reshape(channels, -1)
        self._mean, self._freedom = [], []
        for one in weights:
            mean = ((traces * one) @ traces.T)[rows, columns]
            spread = ((both * np.outer(one, one).ravel()) @ both.T)[rows, columns]
            self._mean.append(mean)
            with np.errstate(divide="ignore", invalid="ignore"):
                self._freedom.append(mean**2 / spread)

    def z(self, sums: IntArray, table: Table, seams: int) -> FloatArray:
        """MI of the sums (4, P) as a number that is about normal; of pairs without a scale -inf."""
        held = sums[:, self._pairs]
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = 2 * LN2 * held[0] * mi_bits(held, table) / self._mean[seams]
            part = 2 / (9 * self._freedom[seams])
            z: FloatArray = (np.cbrt(ratio) - (1 - part)) / np.sqrt(part)
        return np.where(np.isfinite(z), z, -np.inf)


def _modes(symbols: Symbols, missing: Any, sizes: IntArray, lags: IntArray) -> FloatArray:
    """How symbols follow each other, (C, K, B, B): p(a, b) / sqrt(p(a) p(b)) at each lag, less what is by chance.

    At a lag where it is not more than of a channel without a memory, and beyond, it is 0. Symmetrical: the mean of
    both directions.
    """
    channels = len(symbols)
    most = int(sizes.max())
    counts = np.zeros((channels, lags.size, most, most))
    channel_rows.count_lagged(symbols, missing, lags, counts)
    total = counts.sum(axis=(2, 3), keepdims=True)
    shares = counts / np.maximum(total, 1)
    norm = np.sqrt(shares.sum(axis=3, keepdims=True) * shares.sum(axis=2, keepdims=True))
    modes = np.divide(shares, norm, out=np.zeros_like(shares), where=norm > 0) - norm
    modes = (modes + modes.transpose(0, 1, 3, 2)) / 2
    occupied = np.count_nonzero(counts[:, 0].diagonal(axis1=1, axis2=2), axis=1)
    strength = (modes**2).sum(axis=(2, 3))
    chance = NOISE * (np.maximum(occupied - 1, 1) ** 2)[:, None] / np.maximum(total[:, :, 0, 0], 1)
    lasting = np.cumprod(strength > chance, axis=1).astype(np.bool_)
    return np.where(lasting[:, :, None, None], modes, 0.0)


def _lags(longest: int, n: int) -> tuple[IntArray, FloatArray]:
    """Lags at which memory is measured, (K,), and how many of n rows, of both signs, each stands for, (2, K).

    First of rows as they came, then of rows with a seam.
    """
    lags = [0]
    while max(lags[-1] + 1, int(LAG_STEP * lags[-1])) <= longest:
        lags.append(max(lags[-1] + 1, int(LAG_STEP * lags[-1])))
    all_of_them = np.arange(1, lags[-1] + 1)
    left = 1 - np.outer([1, 2], all_of_them) / n
    weights = np.array([2 * left @ np.interp(all_of_them, lags, one) for one in np.eye(len(lags))]).T
    weights[:, 0] += 1
    return np.array(lags), weights


def _shifts(n: int, memory: int, pairs: int) -> IntArray:
    """By how many rows to move, spread over what is clear of both ends of ``n`` rows."""
    count = min(max(math.ceil(NULL_PAIRS / pairs), LEAST_SHIFTS), MOST_SHIFTS)
    clear = max(2 * memory, math.ceil(NEAREST * n), 1)
    return np.unique(np.rint(np.linspace(clear, n - clear, count)).astype(np.int64))


def _memory(symbols: NDArray[np.unsignedinteger[Any]], missing: Any) -> int:
    """The correlation time of a channel's symbols (n,) in rows; those that are missing are taken as the mean."""
    there = symbols != missing
    if there.all():
        return correlation_time(symbols.astype(np.float64))
    if not there.any():
        return symbols.size
    return correlation_time(np.where(there, symbols, symbols[there].mean()))


def _above(own: FloatArray, null: FloatArray) -> FloatArray:
    """(b + 1) / (N + 1), b of the N sorted values of the null being no less than each one's own."""
    order = np.argsort(own)  # of half a million values a fifth of the time of looking for them as they come
    p = np.empty(own.size)
    p[order] = (null.size - np.searchsorted(null, own[order], side="left") + 1) / (null.size + 1)
    return p


def _square(channels: int, pairs: IntArray, values: FloatArray, of: int) -> FloatArray:
    packed = np.full(of, np.nan)
    packed[pairs] = values
    found = np.full((channels, channels), np.nan)
    channel_mi.square(packed, found)
    return found
