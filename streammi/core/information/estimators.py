"""Entropy estimators as integer tables: each is a sum over cells of f(c) and a constant of the number of pairs.

Every estimator here has the form ``H = (W(N) - sum over cells of f(c)) / N`` in bits, so that

    I(X;Y) = H(X) + H(Y) - H(X,Y) = (W(N) - S_x - S_y + S_xy) / N

and adding or evicting a pair changes each S by one entry of a table. The sums are int64 in fixed point: adding and
evicting are exact inverses, no rounding can build up, and the entropy of a constant is 0, not a rounding error.

What a correction says is not cut off at what N pairs can hold (log N, or the smaller of the window's own entropies),
as it is not at 0: it is an estimate of the signals' MI, which is not bounded so, and right on the average because some
windows say too much where others say too little. Measured: of X = Y uniform over 8 values, 3 bits, 16 pairs say 3.007
by schuermann on the average; cut off at the plug-in entropies they say 2.64. Of two pairs nothing is right: X = Y over
2 values, 1 bit, is said to be 1.36, cut off at log N 0.50. Such windows are flagged as undersampled. (Grassberger
2022, Entropy 24, 680, on estimators without bias and what they cost in variance.)
"""

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Final

import msgspec
import numpy as np

from streammi.config import DEFAULT_ESTIMATOR, EstimatorName
from streammi.core.information.extrapolation import Grain
from streammi.core.kernels.nested import HELD_DIGITS
from streammi.errors import ConfigError
from streammi.records import FloatArray, IntArray

LN2: Final = math.log(2.0)
DEFAULT: Final = DEFAULT_ESTIMATOR
OF_CELLS: Final[EstimatorName] = "schuermann"  # the correction below it: the best one of MI in the bins
# Counts of a table that are computed at once. With 65,536 a window of 1,000,000 pairs and its first reading added 40.8
# MB, the allocator keeping what the temporaries took; with 4,096 it is 39.5 MB, and as fast.
PIECE: Final = 4096
# Schuermann's 1/xi - 1. From 0.65 to 0.9 the error is the same to 1 % where there is a pair a cell or more; where there
# are fewer it falls with it, by 10 % (the cases of scripts/accuracy.py).
PARITY: Final = 0.9


class Estimator(msgspec.Struct, frozen=True):
    """One entropy estimator: ``H = (whole(N) - sum terms(c)) / N``, bits; ``source`` says where it comes from.

    Without ``whole`` it is ``terms``: one cell that holds everything has no entropy.
    """

    name: EstimatorName
    source: str
    terms: Callable[[FloatArray], FloatArray]  # counts >= 1 -> f(c), bits
    whole: Callable[[FloatArray], FloatArray] | None = None  # N >= 1 -> W(N), bits


def digamma(x: FloatArray) -> FloatArray:
    """psi(x) for x > 0, by recurrence to x + 16 and the asymptotic series there (Abramowitz & Stegun 6.3.5, 6.3.18).

    Absolute error below 1e-14. psi(1) is minus Euler's constant:

    >>> print(f"{digamma(np.array([1.0]))[0]:.12f}")
    -0.577215664902
    """
    x = np.asarray(x, dtype=np.float64)
    below = sum((1.0 / (x + k) for k in range(16)), np.zeros_like(x))
    z = x + 16.0
    w = 1.0 / (z * z)
    series = w * (1 / 12 - w * (1 / 120 - w * (1 / 252 - w * (1 / 240 - w / 132))))
    result: FloatArray = np.log(z) - 0.5 / z - series - below
    return result


def _c_log_c(c: FloatArray) -> FloatArray:
    result: FloatArray = c * np.log2(np.maximum(c, 1.0))  # 0 log 0 = 0
    return result


def _grassberger_g(c: FloatArray) -> FloatArray:
    sign = 1.0 - 2.0 * (c % 2)
    result: FloatArray = digamma(c) + sign / 2 * (digamma((c + 1) / 2) - digamma(c / 2))
    return result


def _schuermann_g(c: FloatArray) -> FloatArray:
    # psi(c) + (-1)^c times the integral of t^(c-1)/(1+t) from 0 to a, as the sum over k of (-1)^k a^(c+k)/(c+k).
    # Zhang's estimator is a = 0, Grassberger's a = 1, for which the term is 1/(2c) and never dies out: equal-frequency
    # margins are all of one parity, and their terms add up instead of cancelling.
    result = digamma(c)
    few = c <= 512  # 0.9^512 = 1e-23: no table has that many digits
    k = np.arange(400.0)
    powers = c[few, None] + k
    terms = np.where(k % 2, -1.0, 1.0) * PARITY**powers / powers
    result[few] += np.where(c[few] % 2, -1.0, 1.0) * terms.sum(axis=1)
    return result


def _schuermann(c: FloatArray) -> FloatArray:
    result: FloatArray = c * _schuermann_g(c) / LN2
    return result


def _leave_one_out(c: FloatArray) -> FloatArray:
    # N H - (N-1) mean of the leave-one-out H: the plug-in sum S cancels, which leaves one table, c (c log c - (c-1)
    # log(c-1)). Taken as a difference it loses as many digits as c has (1e-12 bits of MI at 1,000 pairs); as c log c -
    # c (c-1) log(1 - 1/c) none.
    result: FloatArray = _c_log_c(c) - c * (c - 1) * np.log1p(-1.0 / np.maximum(c, 2.0)) / LN2
    return result


ESTIMATORS: Final[dict[EstimatorName, Estimator]] = {
    e.name: e
    for e in (
        Estimator("plugin", "maximum likelihood", _c_log_c),
        Estimator(
            "miller_madow",
            "Miller 1955: plug-in + (K - 1)/(2N) nats, K occupied cells",
            lambda c: _c_log_c(c) - 0.5 / LN2,
        ),
        Estimator(
            "zhang",
            "Zhang 2012, Neural Computation 24; in closed form Schuermann 2015",
            lambda c: c * digamma(c) / LN2,
        ),
        Estimator(
            "grassberger",
            "Grassberger 2003, arXiv physics/0307138",
            lambda c: c * _grassberger_g(c) / LN2,
            _c_log_c,
        ),
        Estimator("jackknife", "Efron; Zahl 1977", _leave_one_out),
        Estimator(
            "schuermann",
            "Schuermann 2004, J. Phys. A 37 L295, with xi = 1/1.9; less what it says of a constant",
            _schuermann,
        ),
        Estimator(
            "extrapolated",
            "schuermann of two nested histograms, extrapolated: see streammi.core.information.extrapolation",
            _schuermann,
        ),
    )
}


def estimator(name: str | None) -> Estimator:
    """The estimator of that name; None is the default correction. ConfigError for any other name."""
    try:
        return ESTIMATORS[DEFAULT if name is None else name]  # type: ignore[index]
    except KeyError:
        raise ConfigError("estimator", "one of " + ", ".join(ESTIMATORS), name) from None


def scale_bits(capacity: int) -> int:
    """Binary digits after the point: as many as a sum over ``capacity`` pairs leaves free in 62 bits.

    >>> scale_bits(1000)
    48
    """
    bound = capacity * (math.log2(capacity) + 2)  # of every estimator's sum; f(1) < 2 bits
    return 62 - math.ceil(math.log2(bound))


class Table(msgspec.Struct, frozen=True, eq=False):
    """One estimator's f(c) and W(N) up to ``size`` in fixed point: int64, shape (size + 1,) each, in ``unit_bits``.

    f(0) = W(0) = 0. Of one that extrapolates they are those of the correction below it, rounded to 22 digits less, and
    these hold 3 for a count of 1, 2 for a larger one: added up over a window's cells, they say how many of these hold a
    pair. ``grain`` says from what to what it extrapolates; None: nothing is extrapolated.
    """

    estimator: Estimator
    f: IntArray
    whole: IntArray  # W(N); the same array as f where they do not differ
    unit_bits: float
    grain: Grain | None = None


@lru_cache(maxsize=8)
def table(name: str | None, size: int, digits: int) -> Table:
    """The table of one estimator for counts up to ``size`` with ``digits`` binary digits; shared, read-only.

    ``c log2 c`` for 0, 1, 2 is 0, 0, 2:

    >>> t = table("plugin", 2, 4)
    >>> (t.f * t.unit_bits).tolist()
    [0.0, 0.0, 2.0]
    """
    rule = estimator(name)
    if rule.name == "extrapolated":
        f = _holding(_fixed_point(rule.terms, size, digits))
        return Table(rule, f, f, 2.0**-digits)
    f = _fixed_point(rule.terms, size, digits)
    return Table(rule, f, f if rule.whole is None else _fixed_point(rule.whole, size, digits), 2.0**-digits)


@lru_cache(maxsize=8)
def steps(name: str | None, size: int, digits: int) -> IntArray:
    """By how much f of that table grows from each count to the next, shape (size,); shared, read-only."""
    grown: IntArray = np.diff(table(name, size, digits).f)
    grown.flags.writeable = False
    return grown


def _holding(f: IntArray) -> IntArray:
    """The table with the lowest digits that ``nested.HELD`` names. At 11 digits that are left, which is what windows of
    seconds have, MI of 1,000 pairs is off by 4e-6 bits, in others by 1e-9.
    """
    held: IntArray = (f + (1 << HELD_DIGITS - 1) >> HELD_DIGITS << HELD_DIGITS) + 2
    held[0] = 0
    held[1] += 1
    held.flags.writeable = False
    return held


def _fixed_point(terms: Callable[[FloatArray], FloatArray], size: int, digits: int) -> IntArray:
    values = np.zeros(size + 1, dtype=np.int64)
    for start in range(1, size + 1, PIECE):
        c = np.arange(start, min(start + PIECE, size + 1), dtype=np.float64)
        values[start : start + c.size] = np.rint(terms(c) * 2.0**digits)
    values.flags.writeable = False
    return values
