"""MI on the scale of r: by how much a straight line with as much MI would correlate."""

import math
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

_NATS: Final = -2 * math.log(2)  # in a bit


def linear_equivalent(mi_bits: ArrayLike) -> NDArray[Any]:
    """The \\|r\\| of a Gaussian pair with as much MI, in bits, of any shape: sqrt(1 - exp(-2 I)), I in nats.

    Where it is much larger than \\|r\\|, the dependence is not a linear one. Source: Linfoot 1957, An informational
    measure of correlation.

    >>> linear_equivalent(np.array([0.0, 0.5])).round(3).tolist()
    [0.0, 0.707]
    """
    found: NDArray[Any] = np.sqrt(-np.expm1(_NATS * np.maximum(mi_bits, 0.0)))
    return found
