"""The naive G-test: significance for signals without memory, in which each sample is independent of the others."""

import math
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from streammi.records import Reading

Counts = NDArray[np.unsignedinteger[Any]]


def g_test(counts: Counts) -> float | None:
    """p of the G-test of joint counts (Bx, By): 2 n MI (nats) is chi-square, freedom (Kx - 1)(Ky - 1).

    Assumes that each signal's samples are independent of each other, and many pairs a cell. Those of sensors are not
    independent: it calls 73 % of unrelated AR(1) pairs with phi 0.9 dependent at a nominal 5 %, which is what
    shift_null.ShiftNull is for. With a few pairs a cell G is larger than chi-square: of 200 unrelated windows
    it calls 6 % dependent with 16 pairs a cell (1,000 pairs, 8 x 8 equal-frequency bins), 15 % with 5, 48 % with 5 of
    45 x 45 and 99 % with 1. None when a signal is constant.

    >>> round(g_test(np.array([[3, 1], [1, 3]], dtype=np.uint32)), 3)  # G = 2.093, one degree of freedom
    0.148
    """
    g, freedom = _statistic(counts)
    return chi_square_tail(g, freedom) if freedom else None


def complete(reading: Reading, counts: Counts) -> Reading:
    """The reading of a window with these joint counts (Bx, By) with ``p`` and ``z`` by the G-test.

    z is how many standard deviations of chi-square G lies above its mean; both stay None for a constant signal.
    """
    g, freedom = _statistic(counts)
    if not freedom:
        return reading
    z = (g - freedom) / math.sqrt(2 * freedom)
    return msgspec.structs.replace(reading, p=chi_square_tail(g, freedom), z=z, test="g")


def _statistic(counts: Counts) -> tuple[float, int]:
    """G and its degrees of freedom, 0 when a signal is constant."""
    c = counts[np.ix_(counts.any(axis=1), counts.any(axis=0))].astype(np.float64)
    expected = c.sum(axis=1, keepdims=True) * c.sum(axis=0, keepdims=True) / c.sum()
    seen = c > 0
    return 2.0 * float((c[seen] * np.log(c[seen] / expected[seen])).sum()), (c.shape[0] - 1) * (c.shape[1] - 1)


def chi_square_tail(x: float, freedom: int) -> float:
    """P(chi-square > x): the finite sums for whole degrees of freedom (Abramowitz & Stegun 26.4.4, 26.4.5)."""
    half = max(x, 0.0) / 2
    if half == 0.0:
        return 1.0
    odd = freedom % 2
    start = math.erfc(math.sqrt(half)) if odd else 0.0
    powers = np.arange(freedom // 2) + odd / 2  # k, or k + 1/2
    log_factorials = math.lgamma(1 + odd / 2) + np.cumsum(np.log(np.append(1.0, powers[1:])[: powers.size]))
    return min(1.0, start + float(np.exp(powers * math.log(half) - half - log_factorials).sum()))
