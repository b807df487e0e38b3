"""Counts and sums to a Reading: entropies, mutual information, their standard errors, and the verdict in words."""

import math
from typing import Any, Final, get_args

import numpy as np
from numpy.typing import NDArray

from streammi.core import kernels
from streammi.core.estimators import Table
from streammi.errors import ConfigError
from streammi.records import Reading, Unit

UNIT_PER_BIT: Final[dict[Unit, float]] = {"bit": 1.0, "nat": math.log(2.0), "ban": math.log10(2.0)}


def check_unit(unit: str) -> Unit:
    """The unit itself; ConfigError when it is none of bit, nat and ban."""
    if unit not in get_args(Unit):
        raise ConfigError("unit", "bit, nat or ban", unit)
    return unit  # type: ignore[return-value]


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
    h_x, h_y, h_xy = entropies(x_counts, y_counts, joint, n, plugin)
    c_x, c_y, c_xy = entropies(x_counts, y_counts, joint, n, correction)
    mi = max(0.0, h_x + h_y - h_xy)
    moments = np.empty(4)
    kernels.log_moments(joint, x_counts, y_counts, n, moments)
    errors = [
        math.sqrt(max(0.0, float(m) - mean * mean) / n) * per_bit
        for m, mean in zip(moments, (h_x, h_y, h_xy, mi), strict=True)
    ]
    return Reading(
        n=n,
        unit=unit,
        h_x=h_x * per_bit,
        h_y=h_y * per_bit,
        h_xy=h_xy * per_bit,
        h_x_given_y=max(0.0, h_xy - h_y) * per_bit,
        h_y_given_x=max(0.0, h_xy - h_x) * per_bit,
        mi=mi * per_bit,
        mi_corrected=(c_x + c_y - c_xy) * per_bit,
        nmi=min(2 * mi / (h_x + h_y), 1.0) if h_x + h_y > 0 else None,
        estimator=correction.estimator.name,
        h_x_stderr=errors[0],
        h_y_stderr=errors[1],
        h_xy_stderr=errors[2],
        stderr=errors[3],
        **rest,
    )


def entropies(
    x_counts: NDArray[np.uint32], y_counts: NDArray[np.uint32], joint: NDArray[np.uint32], n: int, table: Table
) -> tuple[float, float, float]:
    """H(X), H(Y), H(X,Y) in bits by the table's estimator: A(n) - S/n."""
    sums = np.empty(3, dtype=np.int64)
    kernels.table_sums(joint, x_counts, y_counts, table.f, sums)
    constant = math.log2(n) if table.estimator.name == "plugin" else float(table.estimator.constant(np.float64(n)))  # type: ignore[arg-type]
    s_x, s_y, s_xy = sums.tolist()
    per_pair = table.unit_bits / n
    return constant - s_x * per_pair, constant - s_y * per_pair, constant - s_xy * per_pair
