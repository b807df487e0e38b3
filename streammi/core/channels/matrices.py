"""The numbers of every pair of a ChannelWindow: counts and sums to matrices, each entry as a JointWindow says it."""

import math
from typing import Final, Literal, TypeAlias, get_args

import numpy as np

from streammi.config import EstimatorName, Unit
from streammi.core.bins.binning import Categories
from streammi.core.channels.channel_axes import ChannelAxes
from streammi.core.channels.pair_counts import Coarse, PairCounts
from streammi.core.channels.row_ring import RowRing
from streammi.core.information import measures
from streammi.core.information.estimators import Table
from streammi.core.kernels import channel_correlation, channel_mi
from streammi.core.kernels.turns import turns_of
from streammi.errors import ConfigError
from streammi.records import UNIT_PER_BIT, FloatArray, IntArray

Measure: TypeAlias = Literal["mi", "mi_corrected", "mi_binned", "h_xy", "h_x_given_y", "nmi", "pearson_r", "n"]
MEASURES: Final[tuple[Measure, ...]] = get_args(Measure)
DOT_NS: Final = 0.3  # of a row of a pair's r, about
EXACT: Final = 1 << 24  # whole numbers up to here are exact in float32
_NO_UNIT: Final = ("nmi", "pearson_r", "n")


def matrix(
    counts: PairCounts,
    ring: RowRing,
    axes: ChannelAxes,
    measure: Measure,
    estimator: EstimatorName | None,
    unit: Unit,
) -> FloatArray:
    """The measure of every pair of channels, shape (C, C), in ``unit``; NaN where it is not known."""
    if measure not in MEASURES:
        raise ConfigError("measure", "one of " + ", ".join(MEASURES), measure)
    per_bit = UNIT_PER_BIT[measures.check_unit(unit)]
    channels = counts.widths.size
    found = np.full((channels, channels), np.nan)
    if not ring.n:
        return found
    if measure == "pearson_r":
        _correlate(counts, ring, axes, found)
    elif measure == "mi":
        _plug_in(counts, ring, found)
    elif measure == "n":
        _both_there(counts, ring, found)
    else:
        _of_sums(counts, ring, axes, measure, estimator, found)
    if per_bit != 1.0 and measure not in _NO_UNIT:
        found *= per_bit
    if not axes.known.all():
        found[~axes.known], found[:, ~axes.known] = np.nan, np.nan
    return found


def margin_sums(counts: PairCounts, table: Table) -> IntArray:
    """S of each channel by itself, (C,), by a table."""
    sums: IntArray = table.f[counts.margins].sum(axis=1)
    return sums


def _plug_in(counts: PairCounts, ring: RowRing, out: FloatArray) -> None:
    table = counts.table("plugin", ring.values.shape[1])
    margins = margin_sums(counts, table)
    counts.mi(table, ring.n, margins, out)
    n = ring.n - counts.absent
    np.fill_diagonal(out, np.maximum(mi_bits(np.stack((n, margins, margins, margins)), table), 0.0))


def _of_sums(
    counts: PairCounts,
    ring: RowRing,
    axes: ChannelAxes,
    measure: Measure,
    estimator: EstimatorName | None,
    out: FloatArray,
) -> None:
    """The entropies by the sums of a table over each pair's counts."""
    corrected = measure in ("mi_corrected", "mi_binned")
    table = counts.table(estimator if corrected else "plugin", ring.values.shape[1])
    if measure == "mi_corrected" and table.estimator.name == "extrapolated":
        _extrapolated(counts, ring, axes, table, out)
        return
    margins = margin_sums(counts, table)
    diagonal = np.stack((ring.n - counts.absent, margins, margins, margins))
    sums = counts.sums_by(table, ring.n, margins)
    if measure == "h_x_given_y":
        rows, columns = np.triu_indices(len(out), 1)
        h_x, h_y, h_xy = _entropies(sums, table)
        out[rows, columns] = np.maximum(h_xy - h_y, 0.0)
        out[columns, rows] = np.maximum(h_xy - h_x, 0.0)
        np.fill_diagonal(out, np.where(diagonal[0], 0.0, np.nan))
    else:
        made = _MADE[measure]
        _fill(out, made(sums, table), made(diagonal, table))


def _extrapolated(counts: PairCounts, ring: RowRing, axes: ChannelAxes, table: Table, out: FloatArray) -> None:
    """MI beyond the bins, of all pairs and of the channels themselves; see core.information.extrapolation."""
    channels = counts.widths.size
    values = ring.values_of(slice(None))
    symbols = ring.symbols_between(ring.tail, ring.head)
    missing = symbols.dtype.type(ring.missing)
    parts = np.zeros((channels, int(axes.sizes.max())), dtype=np.int64)
    ties, numeric = np.full(channels, np.nan), np.ones(channels, dtype=np.bool_)
    edges = np.full((channels, parts.shape[1] + 1), np.inf)
    for c, axis in enumerate(axes.now):
        numeric[c] = not isinstance(axis, Categories)
        if not isinstance(axis, Categories):
            edges[c, : axis.count + 1] = axis.edges
    channel_mi.grains(values, symbols, numeric, missing, edges, axes.sizes, parts, ties)
    put = np.zeros_like(parts)
    np.add.at(put, (np.arange(channels)[:, None], parts), counts.margins[:, : parts.shape[1]])
    own, margins = table.f[put].sum(axis=1), margin_sums(counts, table)
    looked = Coarse(parts, ties, values, symbols, numeric, missing, edges, axes.sizes, own)
    counts.extrapolated(looked, table, ring.n, margins, out)
    diagonal = np.empty(channels)
    fine, coarse = np.stack((ring.n - counts.absent, margins, margins, margins)), np.stack((own, own, own))
    channel_mi.extrapolate(fine, coarse, ties, table.whole, table.unit_bits, diagonal)
    np.fill_diagonal(out, diagonal)


def _both_there(counts: PairCounts, ring: RowRing, out: FloatArray) -> None:
    """In how many rows both channels have a value."""
    gappy = np.flatnonzero(counts.gappy)
    out[:] = ring.n
    if gappy.size:
        there = (ring.n - counts.absent[gappy])[:, None]
        out[gappy], out[:, gappy] = there, there.T
        symbols = ring.symbols_between(ring.tail, ring.head)[gappy]
        known = (symbols != ring.missing).astype(np.float32 if ring.n < EXACT else np.float64)
        out[np.ix_(gappy, gappy)] = known @ known.T


def mi_bits(sums: IntArray, table: Table) -> FloatArray:
    """MI in bits of n, S_x, S_y and S_xy, (4, P), exact but for one rounding; NaN where n is 0."""
    n, s_x, s_y, s_xy = sums
    with np.errstate(divide="ignore", invalid="ignore"):
        bits: FloatArray = (table.whole[n] - s_x - s_y + s_xy) * (table.unit_bits / n)
    return bits


def _entropies(sums: IntArray, table: Table) -> tuple[FloatArray, FloatArray, FloatArray]:
    """H(x), H(y), H(x,y) in bits of n, S_x, S_y and S_xy, (4, P)."""
    n = sums[0]
    with np.errstate(divide="ignore", invalid="ignore"):
        per_pair, whole = table.unit_bits / n, table.whole[n]
        return (whole - sums[1]) * per_pair, (whole - sums[2]) * per_pair, (whole - sums[3]) * per_pair


def _nmi(sums: IntArray, table: Table) -> FloatArray:
    h_x, h_y, h_xy = _entropies(sums, table)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.minimum(2 * np.maximum(0.0, h_x + h_y - h_xy) / (h_x + h_y), 1.0)


_MADE: Final = {
    "h_xy": lambda sums, table: _entropies(sums, table)[2],
    "nmi": _nmi,
    "mi_binned": mi_bits,
    "mi_corrected": mi_bits,
}


def _fill(out: FloatArray, packed: FloatArray, diagonal: FloatArray) -> None:
    channel_mi.square(packed, out)
    np.fill_diagonal(out, diagonal)


def correlations(counts: PairCounts, ring: RowRing, axes: ChannelAxes) -> FloatArray:
    """Pearson's r of every pair, (C, C), of those without a gap by one product of matrices; NaN where it is not known.

    That differs from ``matrix`` by rounding, 1e-13 or less, and takes 30 ms of 1,000 channels, where it takes 160.
    """
    values = ring.values_of(slice(None))
    numeric = np.array([not isinstance(axis, Categories) for axis in axes.now])
    out = np.full((len(values), len(values)), np.nan)
    if not ring.n:
        return out
    centred, squares = np.where(np.isnan(values), 0.0, values), np.zeros(len(values))
    channel_correlation.centre_all(centred, squares)
    whole = numeric & ~counts.gappy & (squares > 0)
    if counts.gappy.any():  # no square is needed of a pair with a gap, and one without is left out
        none = np.zeros_like(squares)
        counts.each(
            DOT_NS * values.shape[1] * counts.pairs,
            lambda turns: channel_correlation.correlations(values, centred, none, counts.gappy, numeric, out, turns),
        )
    scaled = centred[whole] / np.sqrt(squares[whole])[:, None]
    products = scaled @ scaled.T
    np.clip(products, -1.0, 1.0, out=products)
    if whole.all():
        return products
    out[np.ix_(whole, whole)] = products
    out[~axes.known], out[:, ~axes.known] = np.nan, np.nan
    return out


def correlation_of(counts: PairCounts, ring: RowRing, axes: ChannelAxes, i: int, j: int) -> float:
    """Pearson's r of one pair, as ``matrix`` has it to the last bit."""
    if not (ring.n and axes.known[i] and axes.known[j]):
        return math.nan
    both, out = [i, j], np.full((2, 2), np.nan)
    values = np.array([ring.values_of(c) for c in both])
    numeric = np.array([not isinstance(axes.now[c], Categories) for c in both])
    centred, squares = np.where(np.isnan(values), 0.0, values), np.zeros(2)
    channel_correlation.centre_all(centred, squares)
    channel_correlation.correlations(values, centred, squares, counts.gappy[both], numeric, out, turns_of(0, 2))
    return float(out[0, 1])


def _correlate(counts: PairCounts, ring: RowRing, axes: ChannelAxes, out: FloatArray) -> None:
    """Pearson's r of the window's own values: what a sum kept along would say of a spike never leaves it."""
    values = ring.values_of(slice(None))
    numeric = np.array([not isinstance(axis, Categories) for axis in axes.now])
    centred, squares = np.where(np.isnan(values), 0.0, values), np.zeros(len(values))
    channel_correlation.centre_all(centred, squares)
    counts.each(
        DOT_NS * values.shape[1] * counts.pairs,
        lambda turns: channel_correlation.correlations(values, centred, squares, counts.gappy, numeric, out, turns),
    )
