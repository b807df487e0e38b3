"""Pearson's r of every pair of many channels."""

from typing import Any

import numpy as np

from streammi.core.kernels.arrays import floats
from streammi.core.kernels.compiled import allocating_kernel
from streammi.core.kernels.correlation import LANES, centre, correlation, dot
from streammi.core.kernels.turns import next_rows


@allocating_kernel
def centre_all(values: Any, squares: Any) -> None:
    """Put each row of values (C, n) on a scale of about 1 around its mean, and its sum of squares in ``squares`` (C,).

    That of a constant is 0.
    """
    room = floats(LANES)
    for c in range(values.shape[0]):
        squares[c] = 0.0 if centre(values[c], room) else dot(values[c], values[c], room)


@allocating_kernel
def correlations(values: Any, centred: Any, squares: Any, gappy: Any, numeric: Any, out: Any, turns: Any) -> None:
    """Pearson r of every pair of values (C, n), to both halves of ``out`` (C, C), as core.kernels.correlation has it.

    ``centred`` and ``squares`` are what ``centre_all`` made of them; a pair with a gap is centred by itself. NaN where
    a signal is constant, or not ``numeric`` (C,).
    """
    channels, n = values.shape
    x, y, room = np.empty(n), np.empty(n), floats(LANES)
    first, last = next_rows(turns, 0)
    while first < last:
        for i in range(first, last):
            for j in range(i, channels):
                r = np.nan
                if numeric[i] and numeric[j]:
                    if gappy[i] or gappy[j]:
                        m = 0
                        for t in range(n):
                            if np.isfinite(values[i, t]) and np.isfinite(values[j, t]):
                                x[m], y[m] = values[i, t], values[j, t]
                                m += 1
                        if m > 0:
                            r, _, _ = correlation(x[:m], y[:m])
                    elif squares[i] > 0.0 and squares[j] > 0.0:
                        r = max(-1.0, min(1.0, dot(centred[i], centred[j], room) / np.sqrt(squares[i] * squares[j])))
                out[i, j] = r
                out[j, i] = r
        first, last = next_rows(turns, last - first)
