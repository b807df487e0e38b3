"""Counts and sums to a Reading: entropies, mutual information and their standard errors."""

import math
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from streammi.core.information.estimators import LN2, Table
from streammi.core.kernels import nested, summary
from streammi.errors import ConfigError
from streammi.records import UNIT_PER_BIT, FloatArray, IntArray, Reading, Unit

# Of what extrapolation adds, the part that counts as uncertain in the standard error: how fast the loss falls depends
# on the shape of the densities, and is not known.
DOUBT: Final = 0.36


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
    densities: tuple[float | None, float | None] = (None, None),
    **rest: Any,
) -> Reading:
    """The Reading of marginal counts (Bx,), (By,) and joint counts (Bx * By,) of ``n`` pairs, in ``unit``.

    ``densities`` are the differential entropies of x and y in bits, ``rest`` are the fields that do not come from the
    counts. Standard errors by the delta method: the variance of an estimate that is a mean of logarithms is that of the
    logarithm, divided by n (Roulston 1999, Physica D 125).
    """
    per_bit = UNIT_PER_BIT[check_unit(unit)]
    sums, moments = np.empty((2, 3), dtype=np.int64), np.empty(4)
    summary.summarise(joint, x_counts, y_counts, n, plugin.f, correction.f, plugin.unit_bits, sums, moments)
    h_x, h_y, h_xy = _entropies(sums[0], plugin, n)
    mi = max(0.0, h_x + h_y - h_xy)
    x_error, y_error, xy_error, mi_error = (
        math.sqrt(max(0.0, moment - mean * mean) / n)
        for moment, mean in zip(moments.tolist(), (h_x, h_y, h_xy, mi), strict=True)
    )
    bits = _mi_bits(sums[1], correction, n)
    corrected, error = bits, mi_error
    if correction.grain is not None:
        margins = (2 * correction.whole.item(n) - int(sums[1, 0]) - int(sums[1, 1])) * (correction.unit_bits / n)
        corrected, error = _extrapolated((x_counts, y_counts, joint), n, plugin, correction, mi, bits, margins)
    dh_x, dh_y = densities
    cells = int(np.count_nonzero(x_counts)) * int(np.count_nonzero(y_counts))
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
        cells=math.ceil(cells * 2.0 ** -max(bits, 0.0)),
        h_x_stderr=x_error * per_bit,
        h_y_stderr=y_error * per_bit,
        h_xy_stderr=xy_error * per_bit,
        stderr=error * per_bit,
        mi_binned=bits * per_bit,
        binned_stderr=mi_error * per_bit,
        dh_x=None if dh_x is None else dh_x * per_bit,
        dh_y=None if dh_y is None else dh_y * per_bit,
        dh_xy=None if dh_x is None or dh_y is None else (dh_x + dh_y - corrected) * per_bit,
        **rest,
    )


def _entropies(sums: IntArray, table: Table, n: int) -> tuple[float, float, float]:
    """H(x), H(y), H(x,y) in bits of the sums S_x, S_y, S_xy over ``n`` pairs."""
    s_x, s_y, s_xy = sums.tolist()
    per_pair, whole = table.unit_bits / n, table.whole.item(n)
    return (whole - s_x) * per_pair, (whole - s_y) * per_pair, (whole - s_xy) * per_pair


def _mi_bits(sums: IntArray, table: Table, n: int) -> float:
    """MI in bits of the sums, exact but for one rounding."""
    s_x, s_y, s_xy = sums.tolist()
    return float((table.whole.item(n) - s_x - s_y + s_xy) * (table.unit_bits / n))


def _extrapolated(
    counts: tuple[NDArray[np.uint32], NDArray[np.uint32], NDArray[np.uint32]],
    n: int,
    plugin: Table,
    correction: Table,
    mi: float,
    fine: float,
    margins: float,
) -> tuple[float, float]:
    """MI in bits, extrapolated, and its standard error, of the window's ``counts``.

    ``mi`` is plug-in, ``fine`` and ``margins``, H(x) + H(y), are corrected: all of the fine bins, in bits.
    """
    x_counts, y_counts, joint = counts
    grain = correction.grain
    assert grain is not None
    parts = grain.x_parts, grain.y_parts
    x, y = (np.zeros(size, dtype=np.int64) for size in grain.sizes)
    both, sums = np.zeros(grain.sizes, dtype=np.int64), np.empty((2, 3), dtype=np.int64)
    nested.sum_coarse(joint, x_counts, y_counts, *parts, x, y, both, plugin.f, correction.f, sums)
    coarse = _mi_bits(sums[1], correction, n)
    bits = nested.extrapolated(fine, coarse, margins, nested.base_bits(n), grain.weight)
    step = fine - coarse
    added = (bits - fine) / step if step else 0.0
    variance = nested.left_out(joint, x_counts, y_counts, *parts, x, y, both, n, plugin.f, plugin.unit_bits, added)
    fine_bias, coarse_bias = mi - fine, _mi_bits(sums[0], plugin, n) - coarse
    # Of what is not linear in the counts, leaving one out finds twice the variance that there is (Efron & Stein 1981).
    # And that of independent pairs is bias / n in nats: 2 n MI is chi-square with 2 n bias degrees of freedom.
    bias_nats = (max(coarse_bias, 0.0) + (1 + added) ** 2 * max(fine_bias - coarse_bias, 0.0)) * LN2
    unrelated = max(bias_nats, 0.5 / n) / n / (LN2 * LN2)
    doubt = DOUBT * max(added, 0.0) * step
    # Where one signal is in one bin, MI is 0, and nothing about it is uncertain.
    error = math.sqrt(max(variance - unrelated, unrelated) + doubt * doubt) if mi > 0 or variance > 0 else 0.0
    return bits, error


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


def with_batch_errors(reading: Reading, of_mi: float | None, of_binned: float | None) -> Reading:
    """The reading with standard errors for signals with a memory, of MI and of MI in the bins, in bits."""
    of_mi, of_binned = (None if bits is None else bits * UNIT_PER_BIT[reading.unit] for bits in (of_mi, of_binned))
    return msgspec.structs.replace(reading, stderr_batch=of_mi, binned_stderr_batch=of_binned)
