"""How far one joint histogram's association is from another's, whatever the margins are."""

import math
from typing import Any, Final

import numpy as np

from streammi.core.kernels.compiled import allocating_kernel

ROUNDS: Final = 20  # of fitting: 20 more changed the distance by 0.002 nats at most, on all windows of a plant's run


@allocating_kernel
def divergence_nats(counts: Any, normal: Any) -> float:
    """Kullback and Leibler's divergence of ``counts`` (Bx, By) from ``normal`` (Bx, By), fitted to their margins.

    In nats, >= 0: what is left of the difference when both margins are those of the counts. ``normal`` is positive
    everywhere. By iterative proportional fitting (Deming & Stephan 1940), which keeps the odds ratios.
    """
    x_size, y_size = counts.shape
    fitted = normal.copy()
    x_sums, y_sums = np.zeros(x_size), np.zeros(y_size)
    total = 0.0
    for i in range(x_size):
        for j in range(y_size):
            x_sums[i] += counts[i, j]
            y_sums[j] += counts[i, j]
            total += counts[i, j]
    for _ in range(ROUNDS):
        for i in range(x_size):
            row = 0.0
            for j in range(y_size):
                row += fitted[i, j]
            factor = x_sums[i] / row if row > 0.0 else 0.0
            for j in range(y_size):
                fitted[i, j] *= factor
        for j in range(y_size):
            column = 0.0
            for i in range(x_size):
                column += fitted[i, j]
            factor = y_sums[j] / column if column > 0.0 else 0.0
            for i in range(x_size):
                fitted[i, j] *= factor
    nats = 0.0
    for i in range(x_size):
        for j in range(y_size):
            if counts[i, j] > 0:
                nats += counts[i, j] * math.log(counts[i, j] / fitted[i, j])
    return nats / total
