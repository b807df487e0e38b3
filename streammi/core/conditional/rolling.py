"""rolling_cmi and rolling_te: conditional MI and transfer entropy of a sliding window at each sample of arrays."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from streammi.config import EstimatorName, Span, Unit, span
from streammi.core import finite_values
from streammi.core.bins.binning import Bins, QuantileBins
from streammi.core.conditional.conditional_window import ConditionalWindow
from streammi.core.conditional.division import bins_of_triples, finer
from streammi.core.information.measures import check_unit
from streammi.errors import ConfigError
from streammi.records import UNIT_PER_BIT, FloatArray


def rolling_cmi(
    x: ArrayLike,
    y: ArrayLike,
    z: ArrayLike,
    size: int,
    x_bins: Bins,
    y_bins: Bins,
    z_bins: Bins | Sequence[Bins],
    *,
    unit: Unit = "bit",
    estimator: EstimatorName = "plugin",
    min_count: int | None = None,
) -> FloatArray:
    """I(X;Y|Z) in ``unit`` of the window of ``size`` triples that ends at each sample, shape (n,); O(1) a sample.

    ``x`` and ``y`` have shape (n,), ``z`` too, or (n, 2) of two conditions. NaN before ``min_count`` triples have come
    (default: ``size``), and before bins that are learnt have seen 16; a triple that is not finite repeats the value
    before it. Raises ConfigError for arrays, bins or settings that cannot work.

    >>> from streammi import UniformBins
    >>> half = UniformBins(0, 2, 2)
    >>> rolling_cmi([0, 0, 1, 1], [0, 1, 0, 1], [0, 1, 1, 0], 4, half, half, half)  # z is x xor y
    array([nan, nan, nan,  1.])
    """
    length, least = _lengths(size, min_count)
    check_unit(unit)
    window = ConditionalWindow(x_bins, y_bins, z_bins, length, estimator=estimator)
    out = np.empty(finite_values.numbers(x, "x").shape)
    usable = window.emit(x, y, z, out)
    out[: least - 1 if usable.all() else np.searchsorted(np.cumsum(usable), least)] = np.nan
    out *= UNIT_PER_BIT[unit]
    return out


def rolling_te(
    x: ArrayLike,
    y: ArrayLike,
    size: int,
    *,
    delay: int = 1,
    unit: Unit = "bit",
    bins: int | None = None,
    estimator: EstimatorName = "extrapolated",
    min_count: int | None = None,
) -> FloatArray:
    """Transfer entropy x -> y in ``unit`` of the window of ``size`` samples that ends at each, shape (n,); O(1) each.

    I(y_t; x_{t - delay} | y_{t-1}) of the triples that lie in the window: with equal-frequency bins, ``bins`` of x and
    y (None: chosen from the window) and half as many again of y's past. NaN before ``min_count`` samples have come
    (default: ``size``). Raises ConfigError for arrays or settings that cannot work.

    >>> x = np.random.default_rng(0).integers(0, 2, 4000).astype(float)
    >>> forth, back = rolling_te(x, np.roll(x, 1), 2000), rolling_te(np.roll(x, 1), x, 2000)
    >>> print(f"{forth[-1]:.2f} {abs(back[-1]):.2f}")
    1.00 0.00
    """
    length, least = _lengths(size, min_count)
    check_unit(unit)
    ours, theirs = finite_values.numbers(y, "y"), finite_values.numbers(x, "x")
    finite_values.check_lengths("x and y", theirs, ours)
    assert length.pairs is not None
    if isinstance(delay, bool) or not isinstance(delay, int) or not 1 <= delay <= length.pairs - 2:
        raise ConfigError("delay", f"1 to {length.pairs - 2} samples, two fewer than the window has", delay)
    count = bins or bins_of_triples(length.pairs)[0]
    divided = QuantileBins(count), QuantileBins(count), QuantileBins(finer(count))
    window = ConditionalWindow(*divided, length.pairs - delay, estimator=estimator)
    out = np.full(ours.size, np.nan)
    if ours.size > delay:
        window.emit(ours[delay:], theirs[:-delay], ours[delay - 1 : -1], out[delay:])
    out[: least - 1] = np.nan
    out *= UNIT_PER_BIT[unit]
    return out


def _lengths(size: int, min_count: int | None) -> tuple[Span, int]:
    """The window's length, and how many samples are to have come before anything is said."""
    length = span(size, "size", least_pairs=2)
    if length.pairs is None:
        raise ConfigError("size", "a number of samples", size)
    least = length.pairs if min_count is None else min_count
    if isinstance(least, bool) or not (hasattr(least, "__index__") and 1 <= least <= length.pairs):
        raise ConfigError("min_count", f"a whole number from 1 to the window's {length.pairs} samples", min_count)
    return length, least
