"""rolling_mi: the MI of a sliding window at each sample of two arrays."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from streammi.config import EstimatorName
from streammi.core import measures
from streammi.core.binning import Bins
from streammi.core.window import JointWindow, as_values
from streammi.errors import ConfigError
from streammi.records import FloatArray, Unit


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

    NaN before ``min_count`` pairs have come (default: ``size``); a pair that is not finite repeats the value before it.
    Raises ConfigError as JointWindow does.

    >>> from streammi import UniformBins
    >>> bins = UniformBins(0, 2, 2)
    >>> rolling_mi([0, 0, 1, 1], [0, 0, 1, 1], 2, bins, bins).tolist()
    [nan, 0.0, 1.0, 0.0]
    """
    measures.check_unit(unit)
    window = JointWindow(x_bins, y_bins, size, estimator=estimator)
    if window.size.pairs is None:
        raise ConfigError("size", "a number of pairs", size)
    least = window.size.pairs if min_count is None else min_count
    if not (hasattr(least, "__index__") and 1 <= least <= window.size.pairs):
        raise ConfigError("min_count", f"between 1 and the window's {window.size.pairs} pairs", min_count)
    x, y = as_values(x, x_bins), as_values(y, y_bins)
    out = np.empty(x.shape)
    window.emit(x, y, out)
    out[: _first(x, y, least, window)] = np.nan
    if unit != "bit":
        out *= measures.UNIT_PER_BIT[unit]
    return out


def _first(x: NDArray[Any], y: NDArray[Any], least: int, window: JointWindow) -> int:
    """The place of the first sample at which ``least`` pairs have come."""
    if window.pairs == x.size:
        return least - 1
    return int(np.searchsorted(np.cumsum(window.usable(x, y)), least))
