"""Correlation, ranks and runs of a window's values."""

import math
from typing import Any, Final

import numpy as np

from streammi.core.kernels.compiled import kernel, part

# Unsigned, as everywhere here: see streammi.core.kernels.sliding.
_ONE: Final = np.uint64(1)
_TWO: Final = np.uint64(2)
_THREE: Final = np.uint64(3)
_START: Final = np.int64(0)  # typed: for a plain number all that it is handed to is compiled anew
_LARGE: Final = 1e300


@part
def centre(values: Any) -> bool:
    """Put values (n,) on a scale of about 1 around their mean, in place; returns whether they are all the same."""
    low, high = extent(values)
    if low == high:
        return True
    scale = _scale(values[0], low, high)
    mean = _sum(values, 0, values.size, scale) / values.size
    for k in range(values.size):
        values[k] = _scaled(values[k], scale) - mean
    return False


@part
def _scale(first: float, low: float, high: float) -> Any:
    """A scale of about 1 for values of which these are the first, the least and the largest: see _scaled.

    Multiplied by powers of two, which is exact, so that neither 1e308 nor 5e-324 is lost: large ones are halved, so
    that no difference is infinite, and the rest is not, for a half of 5e-324 is 0.
    """
    half = 0.5 if max(-low, high) > _LARGE else 1.0
    origin = first * half
    exponent = max(math.frexp(max(origin - low * half, high * half - origin))[1], -1074)
    near = max(exponent, -1000)  # in two steps: 2**1024 and more would be infinite
    return half, origin, math.ldexp(1.0, -near), math.ldexp(1.0, near - exponent)


@part
def _scaled(value: float, scale: Any) -> float:
    half, origin, factor, rest = scale
    return (value * half - origin) * factor * rest  # type: ignore[no-any-return]


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


# A ring is read as it is: copies of long windows are memory that the system hands out, and clears, each time.
@part
def _sum(ring: Any, at: int, n: int, scale: Any) -> float:
    """The sum of ``n`` values of a ring (capacity,), from the place ``at`` on, on a scale."""
    s0 = s1 = s2 = s3 = 0.0
    for _ in range(n >> 2):
        a, b, c, d = _places(at, ring.size)
        s0 += _scaled(ring[a], scale)
        s1 += _scaled(ring[b], scale)
        s2 += _scaled(ring[c], scale)
        s3 += _scaled(ring[d], scale)
        at = at + 4 if at + 4 < ring.size else at + 4 - ring.size
    for _ in range(n & 3):
        s0 += _scaled(ring[np.uint64(at)], scale)
        at = at + 1 if at + 1 < ring.size else 0
    return (s0 + s1) + (s2 + s3)


@part
def _places(at: int, size: int) -> Any:
    """A place in a ring of so many, and the three behind it."""
    a, end = np.uint64(at), np.uint64(size)
    b = a + _ONE if a + _ONE < end else a + _ONE - end
    c = b + _ONE if b + _ONE < end else b + _ONE - end
    d = c + _ONE if c + _ONE < end else c + _ONE - end
    return a, b, c, d


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
    """Pearson r of x and y (n,), NaN for a constant, and whether each is constant."""
    x_low, x_high = extent(x)
    y_low, y_high = extent(y)
    return correlated(x, y, _START, x.size, x_low, x_high, y_low, y_high), x_low == x_high, y_low == y_high


@part
def correlated(
    x: Any, y: Any, at: Any, n: int, x_low: float, x_high: float, y_low: float, y_high: float
) -> float:  # fmt: skip
    """Pearson r of ``n`` values of two rings, from ``at`` on, NaN for a constant; the least and the largest are known.

    A sum kept incrementally would never get rid of the rounding of a spike that has left the window.
    """
    if x_low == x_high or y_low == y_high:
        return np.nan
    x_scale, y_scale = _scale(x[at], x_low, x_high), _scale(y[at], y_low, y_high)
    x_mean, y_mean = _sum(x, at, n, x_scale) / n, _sum(y, at, n, y_scale) / n
    xx0 = xx1 = xx2 = xx3 = xy0 = xy1 = xy2 = xy3 = yy0 = yy1 = yy2 = yy3 = 0.0
    for _ in range(n >> 2):
        a, b, c, d = _places(at, x.size)
        p, q = _scaled(x[a], x_scale) - x_mean, _scaled(y[a], y_scale) - y_mean
        xx0, xy0, yy0 = xx0 + p * p, xy0 + p * q, yy0 + q * q
        p, q = _scaled(x[b], x_scale) - x_mean, _scaled(y[b], y_scale) - y_mean
        xx1, xy1, yy1 = xx1 + p * p, xy1 + p * q, yy1 + q * q
        p, q = _scaled(x[c], x_scale) - x_mean, _scaled(y[c], y_scale) - y_mean
        xx2, xy2, yy2 = xx2 + p * p, xy2 + p * q, yy2 + q * q
        p, q = _scaled(x[d], x_scale) - x_mean, _scaled(y[d], y_scale) - y_mean
        xx3, xy3, yy3 = xx3 + p * p, xy3 + p * q, yy3 + q * q
        at = at + 4 if at + 4 < x.size else at + 4 - x.size
    for _ in range(n & 3):
        p, q = _scaled(x[at], x_scale) - x_mean, _scaled(y[at], y_scale) - y_mean
        xx0, xy0, yy0 = xx0 + p * p, xy0 + p * q, yy0 + q * q
        at = at + 1 if at + 1 < x.size else 0
    xx, xy, yy = (xx0 + xx1) + (xx2 + xx3), (xy0 + xy1) + (xy2 + xy3), (yy0 + yy1) + (yy2 + yy3)
    return max(-1.0, min(1.0, xy / np.sqrt(xx * yy)))  # type: ignore[no-any-return]


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
def final_run(ring: Any, head: int, n: int) -> int:
    """How many of the newest of ``n`` values in a ring, up to ``head``, are the same as the newest one."""
    at = head - 1 if head > 0 else ring.size - 1
    newest, run = ring[at], 1
    while run < n:
        at = at - 1 if at > 0 else ring.size - 1
        if ring[at] != newest:
            break
        run += 1
    return run
