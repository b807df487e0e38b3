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
    """Put values (n,) on a scale of about 1 around their mean, in place; returns whether they are all the same."""
    low, high = extent(values)
    if low == high:
        return True
    mean = scaled(values, low, high)
    for k in range(values.size):
        values[k] -= mean
    return False


# Four results side by side, in an order that no compiler changes; one waits for its adder (3 times slower).
@part
def extent(values: Any) -> Any:
    """The least and the largest of values (n,), of which there is one at least."""
    a = b = c = d = e = f = g = h = values[0]
    whole = values.size - values.size % 4
    for k in range(0, whole, 4):
        at = np.uint64(k)
        p, q, r, s = values[at], values[at + _ONE], values[at + _TWO], values[at + _THREE]
        a, b, c, d = p if p < a else a, q if q < b else b, r if r < c else c, s if s < d else d
        e, f, g, h = p if p > e else e, q if q > f else f, r if r > g else g, s if s > h else h
    for k in range(whole, values.size):
        v = values[k]
        a, e = v if v < a else a, v if v > e else e
    return min(min(a, b), min(c, d)), max(max(e, f), max(g, h))


@part
def scaled(values: Any, low: float, high: float) -> float:
    """Put values (n,), the least and the largest of which are not the same, on a scale of about 1; returns their mean.

    Multiplied by powers of two, which is exact, so that neither 1e308 nor 5e-324 is lost: large ones are halved, so
    that no difference is infinite, and the rest is not, for a half of 5e-324 is 0.
    """
    half = 0.5 if max(-low, high) > _LARGE else 1.0
    first = values[0] * half
    exponent = max(math.frexp(max(first - low * half, high * half - first))[1], -1074)
    near = max(exponent, -1000)  # in two steps: 2**1024 and more would be infinite
    factor, rest = math.ldexp(1.0, -near), math.ldexp(1.0, near - exponent)
    s0 = s1 = s2 = s3 = 0.0
    whole = values.size - values.size % 4
    for k in range(0, whole, 4):
        at = np.uint64(k)
        p, q = (values[at] * half - first) * factor * rest, (values[at + _ONE] * half - first) * factor * rest
        r, s = (values[at + _TWO] * half - first) * factor * rest, (values[at + _THREE] * half - first) * factor * rest
        values[at], values[at + _ONE], values[at + _TWO], values[at + _THREE] = p, q, r, s
        s0 += p
        s1 += q
        s2 += r
        s3 += s
    for k in range(whole, values.size):
        values[k] = (values[k] * half - first) * factor * rest
        s0 += values[k]
    return ((s0 + s1) + (s2 + s3)) / values.size  # type: ignore[no-any-return]


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
    """Pearson r of x and y (n,), NaN for a constant, and whether each is constant; overwrites them."""
    x_low, x_high = extent(x)
    y_low, y_high = extent(y)
    return correlated(x, y, x_low, x_high, y_low, y_high), x_low == x_high, y_low == y_high


@part
def correlated(x: Any, y: Any, x_low: float, x_high: float, y_low: float, y_high: float) -> float:
    """Pearson r of x and y (n,), the least and the largest of which are known; overwrites them.

    A sum kept incrementally would never get rid of the rounding of a spike that has left the window.
    """
    if x_low == x_high or y_low == y_high:
        return np.nan
    x_mean, y_mean = scaled(x, x_low, x_high), scaled(y, y_low, y_high)
    for k in range(x.size):
        x[k] -= x_mean
        y[k] -= y_mean
    return max(-1.0, min(1.0, dot(x, y) / np.sqrt(dot(x, x) * dot(y, y))))  # type: ignore[no-any-return]


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
