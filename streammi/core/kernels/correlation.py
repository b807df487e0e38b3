"""Correlation, ranks and runs of a window's values."""

import math
from typing import Any, Final

import numpy as np

from streammi.core.kernels.arrays import floats
from streammi.core.kernels.compiled import allocating_kernel, allocating_part, apart, kernel, part

# Unsigned, as everywhere here: see streammi.core.kernels.sliding.
_ONE: Final = np.uint64(1)
_TWO: Final = np.uint64(2)
_THREE: Final = np.uint64(3)
_FOUR: Final = np.uint64(4)
_START: Final = np.int64(0)  # typed: for a plain number all that it is handed to is compiled anew
_LARGE: Final = 1e300
_NOTHING: Final = (0.0, 0.0, 0.0, 0.0)
BLOCK: Final = 512  # values; by LANES, or the last bit of a sum depends on it
LANES: Final = 128
_LANES: Final = np.uint64(LANES)
LONG: Final = 1 << 14  # values, of which only a part is looked at for what they are to be centred around


@part
def centre(values: Any) -> bool:
    """Put values (n,) on a scale of about 1 around their mean, in place; returns whether they are all the same."""
    low, high = extent(values)
    if low == high:
        return True
    _scaled_all(values, _scale(values[0], low, high), 0.0, values)
    mean = _together(_fours(values, _NOTHING)) / values.size
    for k in range(values.size):
        values[k] -= mean
    return False


@apart
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
@apart
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


# A ring is read block by block: a copy of all of a long window is memory that the system hands out, and clears, each
# time; and values put on a scale in a loop of its own are so by several at once (1.3 ns a pair instead of 2.4).
@apart
@part
def _scaled_block(ring: Any, at: int, scale: Any, mean: float, out: Any) -> None:
    """Write values of a ring (capacity,), from the place ``at`` on, on a scale around ``mean``, to ``out``."""
    within = ring[at : at + out.size]
    _scaled_all(within, scale, mean, out)
    _scaled_all(ring[: out.size - within.size], scale, mean, out[within.size :])


@part
def _scaled_all(values: Any, scale: Any, mean: float, out: Any) -> None:
    for k in range(values.size):
        out[k] = _scaled(values[k], scale) - mean


@apart
@part
def _about_mean(ring: Any, at: int, n: int, scale: Any, block: Any) -> float:
    """About the mean of ``n`` values of a ring (capacity,), from the place ``at`` on, on a scale.

    Of a long window, that of every few blocks: products are taken around it, and it need not be the mean for that.
    """
    sums, pairs = _NOTHING, 0
    for done in range(0, n, block.size * (1 + n // LONG)):
        some = block[: n - done]
        _scaled_block(ring, _ahead(at, done, ring), scale, 0.0, some)
        sums = _fours(some, sums)
        pairs += some.size
    return _together(sums) / pairs  # type: ignore[no-any-return]


@part
def _fours(values: Any, sums: Any) -> Any:
    """Four sums side by side, with every fourth of the values (n,) each; the first has those of a last, short row."""
    s0, s1, s2, s3 = sums
    whole = values.size - values.size % 4
    for k in range(0, whole, 4):
        at = np.uint64(k)
        s0 += values[at]
        s1 += values[at + _ONE]
        s2 += values[at + _TWO]
        s3 += values[at + _THREE]
    for k in range(whole, values.size):
        s0 += values[np.uint64(k)]
    return s0, s1, s2, s3


@part
def _together(sums: Any) -> Any:
    return (sums[0] + sums[1]) + (sums[2] + sums[3])


@part
def _ahead(at: int, steps: int, ring: Any) -> int:
    """The place in a ring so many ``steps`` behind another, no more than once around."""
    ahead = at + steps
    return ahead if ahead < ring.size else ahead - ring.size


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


@allocating_kernel
def correlation(x: Any, y: Any) -> tuple[float, bool, bool]:
    """Pearson r of x and y (n,), NaN for a constant, and whether each is constant."""
    x_low, x_high = extent(x)
    y_low, y_high = extent(y)
    return correlated(x, y, _START, x.size, x_low, x_high, y_low, y_high), x_low == x_high, y_low == y_high


@allocating_part
def correlated(
    x: Any, y: Any, at: Any, n: int, x_low: float, x_high: float, y_low: float, y_high: float
) -> float:  # fmt: skip
    """Pearson r of ``n`` values of two rings, from ``at`` on, NaN for a constant; the least and the largest are known.

    A sum kept incrementally would never get rid of the rounding of a spike that has left the window.
    """
    if x_low == x_high or y_low == y_high:
        return np.nan
    x_block, y_block, sums = floats(min(n, BLOCK)), floats(min(n, BLOCK)), floats(5 * LANES)
    for k in range(sums.size):
        sums[k] = 0.0
    x_scale, y_scale = _scale(x[at], x_low, x_high), _scale(y[at], y_low, y_high)
    x_mean, y_mean = _about_mean(x, at, n, x_scale, x_block), _about_mean(y, at, n, y_scale, y_block)
    for done in range(0, n, BLOCK):
        p, q = x_block[: n - done], y_block[: n - done]
        _scaled_block(x, _ahead(at, done, x), x_scale, x_mean, p)
        _scaled_block(y, _ahead(at, done, y), y_scale, y_mean, q)
        _add_products(p, q, sums)
    x_sum, y_sum = _lane(sums, 0), _lane(sums, 1)
    xx, xy, yy = _lane(sums, 2), _lane(sums, 3), _lane(sums, 4)
    xx, xy, yy = xx - x_sum * x_sum / n, xy - x_sum * y_sum / n, yy - y_sum * y_sum / n
    return max(-1.0, min(1.0, xy / np.sqrt(xx * yy)))  # type: ignore[no-any-return]


@part
def _add_products(x: Any, y: Any, sums: Any) -> None:
    """Add x and y (n,), and their products, to ``sums`` (5 LANES,): each of LANES in a row to a place of its own.

    So the compiler, which may not change the order of what is added up, does several at once.
    """
    for start in range(0, x.size, LANES):
        for k in range(min(LANES, x.size - start)):
            at, lane = np.uint64(start + k), np.uint64(k)
            a, b = x[at], y[at]
            sums[lane] += a
            sums[lane + _LANES] += b
            sums[lane + _TWO * _LANES] += a * a
            sums[lane + _THREE * _LANES] += a * b
            sums[lane + _FOUR * _LANES] += b * b


@apart
@part
def _lane(sums: Any, number: int) -> float:
    """What was added up in the LANES of this number."""
    s0 = s1 = s2 = s3 = 0.0
    for k in range(number * LANES, (number + 1) * LANES, 4):
        at = np.uint64(k)
        s0 += sums[at]
        s1 += sums[at + _ONE]
        s2 += sums[at + _TWO]
        s3 += sums[at + _THREE]
    return (s0 + s1) + (s2 + s3)


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


@apart
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
