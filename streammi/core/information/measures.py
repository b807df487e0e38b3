"""Counts and sums to a Reading: entropies, mutual information and their standard errors."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from streammi.core.information.estimators import Table
from streammi.core.kernels import summary
from streammi.errors import ConfigError
from streammi.records import UNIT_PER_BIT, FloatArray, Reading, Unit


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
