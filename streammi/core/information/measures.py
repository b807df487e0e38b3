"""Counts and sums to a Reading: entropies, mutual information and their standard errors."""

import math
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from streammi.core.information.estimators import Table
from streammi.core.information.extrapolation import Grain
from streammi.core.kernels.reading import DOUBT, of_counts
from streammi.errors import ConfigError
from streammi.records import UNIT_PER_BIT, Reading, Unit

NONE: Final = np.empty(0, dtype=np.int64)  # coarse bins, where nothing is extrapolated
NO_ROOM: Final = np.empty((2, 0))  # for them


def check_unit(unit: str) -> Unit:
    """The unit itself; ConfigError when it is none of bit, nat and ban."""
    if unit not in UNIT_PER_BIT:
        raise ConfigError("unit", "bit, nat or ban", unit)
    return unit


class Seen(NamedTuple):
    """The facts that a window's own values say."""

    pearson_r: float  # NaN for a constant
    x_constant: bool
    y_constant: bool
    x_run: int  # newest pairs with one and the same x
    y_run: int
    grain: Grain  # which of its bins belong together
    width_bits: tuple[float, float]  # of x's bins and of y's, the mean of log2; NaN where there is no density


class Totals(NamedTuple):
    """Pairs since the start, as a Reading has them, and those in the window that are outside the bins' range."""

    x_clipped: int
    y_clipped: int
    pairs: int
    clipped: int
    nonfinite: int
    late: int
    dropped: int
    epoch: int


NO_GRAIN: Final = Grain(NONE, NONE, (0, 0), 0.0)
NOTHING_SEEN: Final = Seen(math.nan, False, False, 0, 0, NO_GRAIN, (math.nan, math.nan))
NO_TOTALS: Final = Totals(0, 0, 0, 0, 0, 0, 0, 0)
NOT_KNOWN: Final = (None, None)


def reading(
    x_counts: NDArray[np.uint32],
    y_counts: NDArray[np.uint32],
    joint: NDArray[np.uint32],
    n: int,
    plugin: Table,
    correction: Table,
    unit: Unit,
    seen: Seen = NOTHING_SEEN,
    batch_errors: tuple[float | None, float | None] = NOT_KNOWN,
    totals: Totals = NO_TOTALS,
    *,
    fill: float = 1.0,
    times: tuple[float | None, float | None] = NOT_KNOWN,
) -> Reading:
    """The Reading of marginal counts (Bx,), (By,) and joint counts (Bx * By,) of ``n`` pairs, in ``unit``.

    ``batch_errors`` are the standard errors for signals with a memory, of MI and of MI in the bins, in bits, where they
    are known; all others are those of independent pairs. ``times`` are those of the oldest and of the newest pair.

    The first with what is doubtful in extrapolating, as ``stderr`` has it: without that the truth was within 1.96 of it
    in 88 % of windows of 1,000 pairs, on the average of the distributions that DOUBT was chosen by; with it in 94 %.
    """
    per_bit, grain = UNIT_PER_BIT[check_unit(unit)], correction.grain
    nest = (NONE, NONE, 0.0) if grain is None else (grain.x_parts, grain.y_parts, grain.weight)
    room = NO_ROOM if grain is None else np.empty((2, grain.sizes[0] * grain.sizes[1]))
    tables = plugin.f, correction.f, correction.whole.item(n), plugin.unit_bits
    (
        h_x, h_y, h_xy, h_x_given_y, h_y_given_x, mi, nmi, x_error, y_error, xy_error, mi_error, binned, corrected,
        error, dh_x, dh_y, dh_xy, cells,
    ) = of_counts(joint, x_counts, y_counts, n, *tables, *nest, *seen.width_bits, per_bit, room)  # fmt: skip
    (of_mi, of_binned), (t0, t1) = batch_errors, times
    x_clipped, y_clipped, pairs, clipped, nonfinite, late, dropped, epoch = totals
    # By their places, as the names of so many take 1.4 us of 20: in the order of the fields of a Reading.
    return Reading(
        n,
        unit,
        h_x,
        h_y,
        h_xy,
        h_x_given_y,
        h_y_given_x,
        mi,
        corrected,
        _known(nmi),
        _known(seen.pearson_r),
        correction.estimator.name,
        error,  # stderr
        None if of_mi is None else math.hypot(of_mi * per_bit, DOUBT * max(corrected - binned, 0.0)),  # stderr_batch
        binned,
        mi_error,  # binned_stderr
        None if of_binned is None else of_binned * per_bit,  # binned_stderr_batch
        x_error,
        y_error,
        xy_error,
        None,  # spearman_r
        None,  # mi_ksg
        fill,
        False,  # spans_gap
        t0,
        t1,
        epoch,
        seen.x_constant,
        seen.y_constant,
        seen.x_run,
        seen.y_run,
        x_clipped,
        y_clipped,
        pairs,
        clipped,
        nonfinite,
        late,
        dropped,
        math.ceil(cells),
        _known(dh_x),
        _known(dh_y),
        _known(dh_xy),
    )


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None
