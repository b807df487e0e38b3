"""Marks that a glance at learnt bins compares with: how pairs were shared out then, and what may change.

Marks are a float array (3, max(B, MARKS)) for each signal, laid out in core.kernels.bin_fit: it is looked at there, a
few times a window, and only what passes a limit is reviewed (see core.bins.refit). Where nothing has to be learnt, the
marks are made anew, and the limit is moved away: a signal with a memory strays further than chance would have it.
"""

import math
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from streammi.core.bins.binning import Axis, Categories, EdgeBins, QuantileBins, Rule
from streammi.core.kernels import bin_fit
from streammi.core.kernels.bin_fit import ATOMS, GIVEN, LABELS, LIMITS, MARKS, QUANTILES, RANGES, SHARES
from streammi.records import FloatArray

CLOSE: Final = 0.01  # of chi-square a pair: half of what makes 0.03 bits of entropy
CLOSE_RANGE: Final = 0.05  # of bins over a range, whose entropy may change by more
DEVIATIONS: Final = 3.1  # of chi-square by chance; what it sees in vain eases the limit, what it misses stays wrong
HIDDEN_BITS: Final = 0.02
RANGE_BITS: Final = 0.1
MORE_PAIRS: Final = 1.4  # times as many, or as few, want another number of bins
MANY_MORE_PAIRS: Final = 4.0  # may have the values for bins that were asked for, but not to be had
MORE_BITS: Final = 0.4  # of MI, by which it wants another number,
BITS_BY_CHANCE: Final = 3.0  # and over the root of the pairs, by which it strays
EASED: Final = 1.5
MOST_EASED: Final = 0.3  # of chi-square a pair


def chance(degrees: int, deviations: float) -> float:
    """About how much a chi-square of so many degrees may be by chance."""
    return degrees + deviations * math.sqrt(2.0 * degrees) + 4.0


def blank(count: int, kind: int = GIVEN) -> FloatArray:
    """Marks of ``count`` bins that are not to be compared with anything: given ones, or labels."""
    marks = np.zeros((3, max(count, MARKS)))
    marks[LIMITS, bin_fit.KIND] = kind
    return marks


def of_labels(axis: Categories) -> FloatArray:
    """Marks of labels that are learnt: one without a symbol is enough."""
    return blank(axis.count, LABELS)


def of_learnt(
    rule: Rule,
    axis: Axis,
    counts: NDArray[Any],
    values: FloatArray,
    entries: NDArray[np.uint32],
    side: int,
    bits: float,
) -> FloatArray:
    """Marks of the ``axis`` of x (0) or y (1) that the ``rule`` has just learnt from ``values`` (n,), in order.

    ``counts`` (B,) and ``entries`` (n,) are theirs by this axis, and ``bits`` is the MI by which it is looked at.
    """
    n = values.size
    quantiles = isinstance(rule, QuantileBins)
    marks = blank(counts.size, QUANTILES if quantiles else RANGES)
    marks[SHARES, : counts.size] = counts / n
    loose = bin_fit.atoms(values, entries, 0, n, 0 if side else 16, marks[ATOMS, : counts.size])
    marks[ATOMS, : counts.size][counts == 0] = -math.inf  # beside what was constant: whatever comes there is news
    limits = marks[LIMITS]
    limits[bin_fit.LEARNT] = limits[bin_fit.PAIRS_THEN] = n
    limits[bin_fit.CHANCE] = chance(counts.size - 1, DEVIATIONS)
    limits[bin_fit.CLOSE] = CLOSE if quantiles else CLOSE_RANGE
    limits[bin_fit.SINGLE] = loose >= 0 and isinstance(axis, EdgeBins)
    limits[bin_fit.HIDDEN] = HIDDEN_BITS + 2 * bin_fit.hidden_bits(max(loose, 0), n, counts.size)
    limits[bin_fit.PAIRS_BY] = MORE_PAIRS if rule.count is None else MANY_MORE_PAIRS
    limits[bin_fit.BITS_THEN] = bits
    limits[bin_fit.BITS_BY] = MORE_BITS + BITS_BY_CHANCE / math.sqrt(n) if rule.count is None else math.inf
    low, high = float(values.min()), float(values.max())
    limits[bin_fit.RANGE] = math.log2(high - low) if low < high else -math.inf
    limits[bin_fit.RANGE_BY] = RANGE_BITS
    return marks


def eased(marks: FloatArray, before: FloatArray, column: int) -> None:
    """Take over the limits of the marks ``before``, and move that of the ``column`` away: it was passed for no need."""
    # The shares stay those that were learnt: a signal that strays in two steps would be compared with the first.
    marks[SHARES] = before[SHARES]
    limits, was = marks[LIMITS], before[LIMITS]
    for kept in (bin_fit.LEARNT, bin_fit.CHANCE, bin_fit.CLOSE, bin_fit.RANGE_BY):
        limits[kept] = was[kept]
    if column == bin_fit.CLOSE:
        # But never so far that half of the bins may stand empty: that makes 0.6 or so a pair.
        most = max(limits[bin_fit.CHANCE], MOST_EASED * limits[bin_fit.LEARNT])
        limits[bin_fit.CHANCE] = min(EASED * limits[bin_fit.CHANCE], most)
        limits[bin_fit.CLOSE] = min(EASED * limits[bin_fit.CLOSE], MOST_EASED)
    elif column == bin_fit.RANGE_BY:
        limits[column] *= EASED
