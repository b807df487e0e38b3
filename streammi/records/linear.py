"""MI on the scale of r: by how much a straight line with as much MI would correlate."""

import math
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

_NATS: Final = -2 * math.log(2)  # in a bit, times -2


def linear_equivalent(mi_bits: ArrayLike) -> NDArray[Any]:
    """The \\|r\\| of a Gaussian pair with as much MI, in bits, of any shape: sqrt(1 - exp(-2 I)), I in nats.

    Where it is much larger than \\|r\\|, the dependence is not a linear one. Source: Linfoot 1957, An informational
    measure of correlation.

    >>> linear_equivalent(np.array([0.0, 0.5])).round(3).tolist()
    [0.0, 0.707]
    """
    found: NDArray[Any] = np.sqrt(-np.expm1(_NATS * np.maximum(mi_bits, 0.0)))
    return found


def fisher_z(mi_bits: ArrayLike) -> NDArray[Any]:
    """Fisher's z of that \\|r\\|, artanh \\|r\\| = I + ln(1 + \\|r\\|), I in nats: of any shape.

    On this scale MI scatters alike, whether it is that of chance or large, and about as normal as r does: in bits the
    estimates of unrelated signals have a long tail. Source: Fisher 1921, Metron 1.

    >>> fisher_z(np.array([0.0, 0.5, 40.0])).round(3).tolist(), round(math.atanh(0.5**0.5), 3)
    ([0.0, 0.881, 28.419], 0.881)
    """
    nats = math.log(2) * np.maximum(mi_bits, 0.0)
    found: NDArray[Any] = nats + np.log1p(np.sqrt(-np.expm1(-2 * nats)))
    return found
