"""Counts and sums to a Reading: entropies, mutual information, their standard errors, and the verdict in words."""

import math
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from streammi.core.estimators import Table
from streammi.core.kernels import summary
from streammi.errors import ConfigError
from streammi.records import FloatArray, Reading, Unit

UNIT_PER_BIT: Final[dict[Unit, float]] = {"bit": 1.0, "nat": math.log(2.0), "ban": math.log10(2.0)}


def check_unit(unit: str) -> Unit:
    """The unit itself; ConfigError when it is none of bit, nat and ban."""
    if unit not in UNIT_PER_BIT:
        raise ConfigError("unit", "bit, nat or ban", unit)
    return unit


def reading(
    x_counts: NDArray[np.uint32],
    y_counts: NDArray[np.uint32],
    joint: NDArray[np.uint32],
    n: int,
    plugin: Table,
    correction: Table,
    unit: Unit,
    **rest: Any,
) -> Reading:
    """The Reading of marginal counts (Bx,), (By,) and joint counts (Bx * By,) of ``n`` pairs, in ``unit``.

    ``rest`` are the fields that do not come from the counts. Standard errors by the delta method: the variance of an
    estimate that is a mean of logarithms is that of the logarithm, divided by n (Roulston 1999, Physica D 125).
    """
    per_bit = UNIT_PER_BIT[check_unit(unit)]
    sums, moments = np.empty((2, 3), dtype=np.int64), np.empty(4)
    summary.summarise(joint, x_counts, y_counts, n, plugin.f, correction.f, plugin.unit_bits, sums, moments)
    (s_x, s_y, s_xy), (t_x, t_y, t_xy) = sums.tolist()
    per_pair, whole = plugin.unit_bits / n, plugin.whole.item(n)
    h_x, h_y, h_xy = (whole - s_x) * per_pair, (whole - s_y) * per_pair, (whole - s_xy) * per_pair
    mi = max(0.0, h_x + h_y - h_xy)
    x_error, y_error, xy_error, mi_error = (
        math.sqrt(max(0.0, moment - mean * mean) / n) * per_bit
        for moment, mean in zip(moments.tolist(), (h_x, h_y, h_xy, mi), strict=True)
    )
    return Reading(
        n=n,
        unit=unit,
        h_x=h_x * per_bit,
        h_y=h_y * per_bit,
        h_xy=h_xy * per_bit,
        h_x_given_y=max(0.0, h_xy - h_y) * per_bit,
        h_y_given_x=max(0.0, h_xy - h_x) * per_bit,
        mi=mi * per_bit,
        mi_corrected=(correction.whole.item(n) - t_x - t_y + t_xy) * (per_pair * per_bit),
        nmi=min(2 * mi / (h_x + h_y), 1.0) if h_x + h_y > 0 else None,
        estimator=correction.estimator.name,
        cells=int(np.count_nonzero(x_counts)) * int(np.count_nonzero(y_counts)),
        h_x_stderr=x_error,
        h_y_stderr=y_error,
        h_xy_stderr=xy_error,
        stderr=mi_error,
        **rest,
    )


def spearman(x: FloatArray, y: FloatArray) -> float | None:
    """Spearman's rank correlation of finite values, shape (n,) each: Pearson's r of the ranks, ties at their mean rank.

    None when a signal is constant or n < 2. O(n log n).

    >>> spearman(np.array([1.0, 2.0, 3.0]), np.array([1.0, 10.0, 100.0]))
    1.0
    """
    if x.size < 2:
        return None
    r, _, _ = summary.correlation(_ranks(x), _ranks(y))
    return r if math.isfinite(r) else None


def _ranks(values: FloatArray) -> FloatArray:
    _, which, ties = np.unique(values, return_inverse=True, return_counts=True)
    middle = np.cumsum(ties) - (ties - 1) / 2
    ranks: FloatArray = middle[which]
    return ranks


LEAST_PAIRS: Final = 16
RESOLVED_BITS: Final = 0.15  # a Gaussian pair with r = 0.43
SIGNIFICANT: Final = 0.05
CHANCE: Final = 3.0  # standard deviations of MI that chance is allowed,
CHANCE_OF_MANY: Final = 6.0  # the largest of many delays,
CHANCE_OF_G: Final = 1.645  # and what the G-test calls significant: 5 % of a Gaussian lie above
SATURATED: Final = 0.25  # share of the window outside the bins' range: the end bins make the MI
UNTESTED: Final = "untested without --null"
STUCK: Final = 0.5  # share of the window without a change: little of the MI is of now


def verdict(reading: Reading, *, labels: bool = False, untested: str = UNTESTED) -> str:
    """What a reading says, in plain words; ``labels``: of labels, not of numbers; ``untested``: what is said of
    it where it has no p.

    Dependence is decided by ``p`` where it is known (<= 0.05). Without it, corrected MI must exceed what
    ``chance_bits`` allows at three standard deviations, and the largest of many delays at six; that holds for signals
    without memory only, so it is then said to be untested. The G-test's p is far too small where a cell has a few
    pairs: of 200 unrelated windows of 10,000 pairs in 45 x 45 bins it called 48 % dependent, so that corrected MI must
    be beyond chance too. It is linear when the correlation accounts for at least half of the MI: for a Gaussian pair
    MI = -1/2 log(1 - r^2). An input that says nothing comes first: constant, outside its bins' range in a quarter of
    the pairs, or the same for half of the window.
    """
    trouble = _trouble(reading, labels)
    if trouble:
        return trouble
    bits = reading.mi_corrected / UNIT_PER_BIT[reading.unit]
    noise = noise_bits(reading)
    cells = 2.0 ** (reading.h_xy / UNIT_PER_BIT[reading.unit])
    if reading.n < LEAST_PAIRS or (cells > reading.n / 2 and (reading.p is None or reading.test == "g")):
        return "too few samples to say"
    if not is_dependent(reading) and is_dependent_with_delay(reading):
        return "dependent with a delay" + _follows(reading.peak_lag) + _untested(reading, reading.peak_p, untested)
    if not is_dependent(reading):
        return "too few samples to say" if 3 * noise > RESOLVED_BITS else "not distinguishable from independent"
    return _kind(reading.pearson_r, bits) + _doubt(reading, untested)


def is_dependent(reading: Reading) -> bool:
    """Whether the MI without delay is more than chance: by its p where that is known, else by its standard errors."""
    bits = reading.mi_corrected / UNIT_PER_BIT[reading.unit]
    if reading.p is None:
        return bits > chance_bits(reading, CHANCE)
    return reading.p <= SIGNIFICANT and (reading.test != "g" or bits > CHANCE_OF_G * _independent_bits(reading))


def is_dependent_with_delay(reading: Reading) -> bool:
    """Whether the MI at the best delay is more than the largest of so many would be by chance."""
    if reading.peak_mi is None:
        return False
    if reading.peak_p is not None:
        return reading.peak_p <= SIGNIFICANT
    return reading.peak_mi / UNIT_PER_BIT[reading.unit] > chance_bits(reading, CHANCE_OF_MANY)


def _trouble(reading: Reading, labels: bool) -> str:
    """What is the matter with the inputs, empty for nothing."""
    if reading.x_constant and reading.y_constant:
        return "both signals are constant"
    for name, constant, clipped, run in (
        ("x", reading.x_constant, reading.x_clipped, reading.x_run),
        ("y", reading.y_constant, reading.y_clipped, reading.y_run),
    ):
        if constant:
            return f"{name} is constant"
        if clipped > SATURATED * reading.n:
            where = "has a label beyond their limit" if labels else "is outside its bins' range"
            return f"{name} {where} in {clipped / reading.n:.0%} of the pairs"
        if reading.n >= LEAST_PAIRS and run >= STUCK * reading.n:
            return f"{name} has not changed for {run} pairs"
    return ""


def _follows(lag: float | None) -> str:
    if not lag:
        return ""
    return ": y follows x" if lag > 0 else ": x follows y"


def _doubt(reading: Reading, untested: str) -> str:
    by_g = reading.test == "g" and reading.p is not None
    return " (by the G-test: if the samples are independent)" if by_g else _untested(reading, reading.p, untested)


def _untested(reading: Reading, p: float | None, why: str) -> str:
    if p is not None:
        return ""
    # The partners' delays reach over four windows, the nearest is a quarter of one, and the farthest is one long.
    return " (untested yet: it takes five windows)" if reading.test == "shift" else f" ({why})"


def chance_bits(reading: Reading, deviations: float) -> float:
    """How far corrected MI, in bits, may be above 0 by chance: so many standard deviations, whichever are the largest.

    Of independent samples 2 n MI (nats) is chi-square, which has a longer tail than a Gaussian the fewer bins there
    are: its quantile is that many standard deviations and (deviations^2 - 1) 2/3 above its mean (Cornish & Fisher
    1937). Without that term 18 of 30 unrelated windows in 2 x 2 bins were called dependent at one of 1,001 delays.
    """
    tail_nats = (deviations * deviations - 1) / (3 * reading.n)
    independent = deviations * _independent_bits(reading) + tail_nats / UNIT_PER_BIT["nat"]
    return max(independent, deviations * noise_bits(reading))


def noise_bits(reading: Reading) -> float:
    """The standard deviation in bits that corrected MI has, or would have for independent samples; the largest one."""
    per_bit = UNIT_PER_BIT[reading.unit]
    return max(_independent_bits(reading), (reading.stderr or 0.0) / per_bit, (reading.stderr_batch or 0.0) / per_bit)


def _independent_bits(reading: Reading) -> float:
    """The standard deviation in bits that MI of independent samples has: sqrt(bias / n) nats, as 2 n MI is chi-square
    with 2 n bias degrees of freedom, of which there is one at least: a correction of few pairs may be none at all.
    """
    bias_nats = (reading.mi - reading.mi_corrected) / UNIT_PER_BIT[reading.unit] * UNIT_PER_BIT["nat"]
    return math.sqrt(max(bias_nats, 0.5 / reading.n) / reading.n) / UNIT_PER_BIT["nat"]


def _kind(r: float | None, bits: float) -> str:
    if r is None or bits <= 0:  # more than its null by p, and yet nothing of which r could be a part
        return "dependent"
    explained = math.inf if r * r >= 1 else -0.5 * math.log2(1 - r * r)
    return "linearly dependent" if explained >= bits / 2 else "dependent but not linearly"
