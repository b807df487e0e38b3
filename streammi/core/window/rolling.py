"""rolling_mi: the MI of a sliding window at each sample of two arrays."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from streammi.config import EstimatorName, span
from streammi.core import finite_values
from streammi.core.bins.binning import Bins, as_values
from streammi.core.information import measures
from streammi.core.window.joint_window import JointWindow
from streammi.errors import ConfigError
from streammi.records import UNIT_PER_BIT, FloatArray, Unit


def rolling_mi(
    x: ArrayLike,
    y: ArrayLike,
    size: int,
    x_bins: Bins,
    y_bins: Bins,
    *,
    unit: Unit = "bit",
    estimator: EstimatorName = "plugin",
    min_count: int | None = None,
) -> FloatArray:
    """MI in ``unit`` of the window of ``size`` pairs that ends at each sample, shape (n,); O(1) a sample.

    ``x`` and ``y`` have shape (n,). The result is NaN before ``min_count`` pairs (default: ``size``) and, with learnt
    bins, before 16. A pair that is not finite, or masked, repeats the value before it. Raises ConfigError for arrays,
    bins or settings that cannot work.

    >>> from streammi import UniformBins
    >>> bins = UniformBins(0, 2, 2)
    >>> rolling_mi([0, 0, 1, 1], [0, 0, 1, 1], 2, bins, bins).tolist()
    [nan, 0.0, 1.0, 0.0]
    """
    measures.check_unit(unit)
    length = span(size, "size", least_pairs=2)
    if length.pairs is None:
        raise ConfigError("size", "a number of pairs", size)
    least = length.pairs if min_count is None else min_count
    if isinstance(least, bool) or not (hasattr(least, "__index__") and 1 <= least <= length.pairs):
        raise ConfigError("min_count", f"a whole number from 1 to the window's {length.pairs} pairs", min_count)
    window = JointWindow(x_bins, y_bins, length, estimator=estimator)
    x, y = as_values(x, x_bins, "x"), as_values(y, y_bins, "y")
    finite_values.check_lengths("x and y", x, y)
    out = np.empty(x.shape)
    window.emit(x, y, out)
    out[: _first(x, y, least, window)] = np.nan
    if unit != "bit":
        out *= UNIT_PER_BIT[unit]
    return out


def _first(x: NDArray[Any], y: NDArray[Any], least: int, window: JointWindow) -> int:
    """The place of the first sample at which ``least`` pairs have come."""
    if window.pairs == x.size:
        return least - 1
    return int(np.searchsorted(np.cumsum(finite_values.usable(x, y)), least))
