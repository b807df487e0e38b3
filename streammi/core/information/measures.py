"""Counts and sums to a Reading: entropies, mutual information and their standard errors."""

import math
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from streammi.core.information.estimators import Table
from streammi.core.kernels.reading import DOUBT, of_counts
from streammi.errors import ConfigError
from streammi.records import UNIT_PER_BIT, Reading, Unit

NONE: Final = np.empty(0, dtype=np.int64)  # coarse bins, where nothing is extrapolated


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
    *,
    width_bits: tuple[float, float] = (math.nan, math.nan),
    **rest: Any,
) -> Reading:
    """The Reading of marginal counts (Bx,), (By,) and joint counts (Bx * By,) of ``n`` pairs, in ``unit``.

    ``width_bits`` are the means of log2 of the width of x's bins and of y's, NaN where there is no density; ``rest``
    are the fields that do not come from the counts. Each standard error is that of independent pairs.
    """
    per_bit, grain = UNIT_PER_BIT[check_unit(unit)], correction.grain
    nest = (NONE, NONE, 0.0) if grain is None else (grain.x_parts, grain.y_parts, grain.weight)
    counts = joint, x_counts, y_counts, n
    tables = plugin.f, correction.f, correction.whole.item(n), plugin.unit_bits
    *bits, cells = of_counts(*counts, *tables, *nest)
    h_x, h_y, h_xy, mi, x_error, y_error, xy_error, mi_error, binned, x_bits, y_bits, corrected, error = bits
    x_width, y_width = width_bits
    dh_x, dh_y = x_bits + x_width, y_bits + y_width
    return Reading(
        n=n,
        unit=unit,
        h_x=h_x * per_bit,
        h_y=h_y * per_bit,
        h_xy=h_xy * per_bit,
        h_x_given_y=max(0.0, h_xy - h_y) * per_bit,
        h_y_given_x=max(0.0, h_xy - h_x) * per_bit,
        mi=mi * per_bit,
        mi_corrected=corrected * per_bit,
        nmi=min(2 * mi / (h_x + h_y), 1.0) if h_x + h_y > 0 else None,
        estimator=correction.estimator.name,
        cells=math.ceil(cells * 2.0 ** -max(binned, 0.0)),
        h_x_stderr=x_error * per_bit,
        h_y_stderr=y_error * per_bit,
        h_xy_stderr=xy_error * per_bit,
        stderr=error * per_bit,
        mi_binned=binned * per_bit,
        binned_stderr=mi_error * per_bit,
        dh_x=_known(dh_x * per_bit),
        dh_y=_known(dh_y * per_bit),
        dh_xy=_known((dh_x + dh_y - corrected) * per_bit),
        **rest,
    )


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None


def with_batch_errors(reading: Reading, of_mi: float | None, of_binned: float | None) -> Reading:
    """The reading with standard errors for signals with a memory, of MI and of MI in the bins, in bits.

    The first with what is doubtful in extrapolating, as ``stderr`` has it: without that the truth was within 1.96 of it
    in 88 % of windows of 1,000 pairs, on the average of the distributions that DOUBT was chosen by; with it in 94 %.
    """
    per_bit = UNIT_PER_BIT[reading.unit]
    added = 0.0 if reading.mi_binned is None else max(reading.mi_corrected - reading.mi_binned, 0.0)
    return msgspec.structs.replace(
        reading,
        stderr_batch=None if of_mi is None else math.hypot(of_mi * per_bit, DOUBT * added),
        binned_stderr_batch=None if of_binned is None else of_binned * per_bit,
    )
