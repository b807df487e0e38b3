"""Mutual information by nearest neighbours: a second opinion that needs no bins."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from streammi.core.information.estimators import digamma
from streammi.core.kernels import neighbours
from streammi.core.ranks import places
from streammi.records import FloatArray, IntArray

LARGE: Final = 1e300
SAME: Final = 2.0**-50  # of a value: values no farther apart are one value, but for rounding
JITTER: Final = 1e-10  # standard deviations: far above rounding, far below what is measured; scikit-learn's size


def mi_nats(x: FloatArray, y: FloatArray, k: int) -> float | None:
    """Mutual information in nats of finite values, shape (n,) each, by the distance of their k-th nearest neighbours.

    The first estimator of Kraskov, Stoegbauer and Grassberger (2004, Physical Review E 69, 066138) of signals that are
    divided by their standard deviations: scikit-learn's ``mutual_info_regression``, but not cut off at 0, and without
    its random noise. Only values that come several times are parted, as neighbours at one and the same distance have
    no order: by up to 1e-10 standard deviations, in the same way each time. None where there are no k neighbours, or a
    signal is constant. About O(n sqrt(k n)).

    >>> x = np.sin(np.arange(500.0) ** 2)
    >>> y = x + np.cos(np.arange(500.0) ** 2.5)
    >>> round(mi_nats(x, y, 4), 3), mi_nats(x, y, 4) == mi_nats(1 - y[::-1], x[::-1], 4), mi_nats(x, 0 * x, 4)
    (0.671, True, None)
    """
    n = x.size
    if n <= k:
        return None
    x_sorted, y_sorted = (_sorted(values, salt) for salt, values in enumerate((x, y)))
    if x_sorted is None or y_sorted is None:
        return None
    counts = np.zeros(n + 1, dtype=np.int64)
    neighbours.count_nearer(*x_sorted, *y_sorted, k, counts)
    found = np.flatnonzero(counts)
    psi_n, psi_k = digamma(np.array([n, k], dtype=np.float64)).tolist()
    return float(psi_n + psi_k - counts[found] @ digamma(found.astype(np.float64)) / n)


def _sorted(values: FloatArray, salt: int) -> tuple[FloatArray, IntArray] | None:
    """Values from their median on, in standard deviations, ascending, and the place of each; None for a constant.

    Nothing here depends on the order of values that differ. From the median on, as a spike would take all digits.
    """
    at = places(values)
    ordered = values[at]
    # Halved where a difference could be infinite; times a power of two, for squares of 1e308 or 5e-324 are none.
    ordered *= 0.5 if max(abs(ordered[0]), abs(ordered[-1])) > LARGE else 1.0
    scaled = ordered - ordered[ordered.size // 2]
    reach = max(-scaled[0], scaled[-1])
    if not reach:
        return None
    scaled = np.ldexp(scaled, -int(np.frexp(reach)[1]))
    scaled /= scaled.std()
    tied = np.diff(ordered) <= SAME * np.abs(ordered[1:])
    tied |= np.diff(scaled) == 0
    if tied.any():
        parted = np.append(tied, False) | np.append(False, tied)
        scaled[parted] += JITTER * _noise(at[parted], salt)
        again = places(scaled)
        scaled, at = scaled[again], at[again]
    return scaled, at


def _noise(places: IntArray, salt: int) -> FloatArray:
    """Numbers from 0 to 1, as many as there are places, that look random: splitmix64 (Steele et al. 2014, OOPSLA)."""
    z: NDArray[Any] = (2 * places.astype(np.uint64) + np.uint64(salt + 1)) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    noise: FloatArray = (z ^ (z >> np.uint64(31))) * 2.0**-64
    return noise
