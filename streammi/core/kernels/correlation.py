"""Correlation, ranks and runs of a window's values."""

import math
from typing import Any, Final

import numpy as np

from streammi.core.kernels.compiled import kernel, part

# Unsigned, as everywhere here: see streammi.core.kernels.sliding.
_ONE: Final = np.uint64(1)
_TWO: Final = np.uint64(2)
_THREE: Final = np.uint64(3)
_LARGE: Final = 1e300


@part
def centre(values: Any) -> bool:
    """Put values (n,) on a scale of about 1 around their mean, in place; returns whether they are all the same.

    Multiplied by powers of two, which is exact, so that neither 1e308 nor 5e-324 is lost: large ones are halved, so
    that no difference is infinite, and the rest is not, for a half of 5e-324 is 0.
    """
    half = 0.5 if _reach(values) > _LARGE else 1.0
    first = values[0] * half
    for k in range(values.size):
        values[k] = values[k] * half - first
    reach = _reach(values)
    if reach == 0.0:
        return True
    exponent = max(math.frexp(reach)[1], -1074)
    near = max(exponent, -1000)  # in two steps: 2**1024 and more would be infinite
    factor, rest = math.ldexp(1.0, -near), math.ldexp(1.0, near - exponent)
    for k in range(values.size):
        values[k] = values[k] * factor * rest
    mean = _sum(values) / values.size
    for k in range(values.size):
        values[k] -= mean
    return False


# Four results side by side, in an order that no compiler changes; one waits for its adder (3 times slower).
@part
def _reach(a: Any) -> float:
    r0 = r1 = r2 = r3 = 0.0
    whole = a.size - a.size % 4
    for k in range(0, whole, 4):
        at = np.uint64(k)
        r0 = max(r0, abs(a[at]))
        r1 = max(r1, abs(a[at + _ONE]))
        r2 = max(r2, abs(a[at + _TWO]))
        r3 = max(r3, abs(a[at + _THREE]))
    for k in range(whole, a.size):
        r0 = max(r0, abs(a[k]))
    return max(max(r0, r1), max(r2, r3))


@part
def _sum(a: Any) -> float:
    s0 = s1 = s2 = s3 = 0.0
    whole = a.size - a.size % 4
    for k in range(0, whole, 4):
        at = np.uint64(k)
        s0 += a[at]
        s1 += a[at + _ONE]
        s2 += a[at + _TWO]
        s3 += a[at + _THREE]
    for k in range(whole, a.size):
        s0 += a[k]
    return (s0 + s1) + (s2 + s3)


@part
def dot(a: Any, b: Any) -> float:
    """The sum of the products of a and b (n,)."""
    s0 = s1 = s2 = s3 = 0.0
    whole = a.size - a.size % 4
    for k in range(0, whole, 4):
        at = np.uint64(k)
        s0 += a[at] * b[at]
        s1 += a[at + _ONE] * b[at + _ONE]
        s2 += a[at + _TWO] * b[at + _TWO]
        s3 += a[at + _THREE] * b[at + _THREE]
    for k in range(whole, a.size):
        s0 += a[k] * b[k]
    return (s0 + s1) + (s2 + s3)


@kernel
def correlation(x: Any, y: Any) -> tuple[float, bool, bool]:
    """Pearson r of x and y (n,), NaN for a constant, and whether each is constant; overwrites them.

    A sum kept incrementally would never get rid of the rounding of a spike that has left the window.
    """
    x_constant, y_constant = centre(x), centre(y)
    if x_constant or y_constant:
        return np.nan, x_constant, y_constant
    xy, xx, yy = dot(x, y), dot(x, x), dot(y, y)
    return max(-1.0, min(1.0, xy / np.sqrt(xx * yy))), False, False


@kernel
def mean_ranks(values: Any, order: Any, out: Any) -> None:
    """Write the ranks of values (n,), from 1 on, ties at their mean one, to ``out``; ``order`` (n,) sorts them."""
    start = 0
    while start < values.size:
        stop = start + 1
        while stop < values.size and values[order[stop]] == values[order[start]]:
            stop += 1
        for k in range(start, stop):
            out[order[k]] = (start + 1 + stop) / 2
        start = stop


@part
def final_run(values: Any) -> int:
    """How many of the newest values (n,) are the same as the newest one."""
    run = 1
    while run < values.size and values[values.size - 1 - run] == values[values.size - 1]:
        run += 1
    return run
