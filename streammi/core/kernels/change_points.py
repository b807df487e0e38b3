"""Where a sequence of symbols changes."""

from typing import Any

import numpy as np

from streammi.core.kernels.arrays import zeros
from streammi.core.kernels.compiled import kernel


@kernel
def gains(symbols: Any, count: int, f: Any, out: Any) -> None:
    """The gain of cutting symbols (n,) below ``count`` before each of them: to out (n,), 0 before the first.

    That is by how much less entropy both parts have than the whole, times n: the logarithm of a likelihood ratio.
    ``f`` is a table of c log c up to n in integers, and the gain is in its units.
    """
    n = symbols.size
    left, right = zeros(count), zeros(count)
    for k in range(n):
        right[symbols[k]] += 1
    s_left = s_right = np.int64(0)
    for c in right:
        s_right += f[c]
    whole = s_right - f[n]
    out[0] = 0
    for k in range(1, n):
        symbol = symbols[k - 1]
        c = left[symbol]
        s_left += f[c + 1] - f[c]
        left[symbol] = c + 1
        c = right[symbol]
        s_right += f[c - 1] - f[c]
        right[symbol] = c - 1
        out[k] = s_left - f[k] + s_right - f[n - k] - whole
