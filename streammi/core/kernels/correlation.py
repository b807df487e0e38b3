"""Correlation, ranks and runs of a window's values."""

import math
from typing import Any, Final

import numpy as np

from streammi.core.kernels.arrays import floats
from streammi.core.kernels.compiled import apart, kernel, part

# Unsigned, as everywhere here: see streammi.core.kernels.sliding.
_ONE: Final = np.uint64(1)
_TWO: Final = np.uint64(2)
_THREE: Final = np.uint64(3)
_START: Final = np.int64(0)  # typed: for a plain number all that it is handed to is compiled anew
_LARGE: Final = 1e300
BLOCK: Final = 512  # values; by LANES, or the last bit of a sum depends on it
LANES: Final = 128
_ROWS: Final = np.uint64(BLOCK // LANES)
_LANES: Final = np.uint64(LANES)


@part
def centre(values: Any, room: Any) -> bool:
    """Put values (n,) on a scale of about 1 around their mean, in place; returns whether they are all the same.

    What is in ``room`` (LANES,) is lost.
    """
    low, high = extent(values)
    if low == high:
        return True
    scale = _scale(values[0], low, high)
    _scaled_all(values, scale, _mean(values, _START, values.size, scale, room), values)
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
def _mean(ring: Any, at: Any, n: int, scale: Any, room: Any) -> float:
    """The mean of ``n`` values of a ring (capacity,), from the place ``at`` on, on a scale; by ``room`` (LANES,)."""
    for k in range(LANES):
        room[k] = 0.0
    within = min(n, ring.size - at)
    _add_scaled(ring, at, at + within, _START, scale, room)
    _add_scaled(ring, _START, n - within, within % LANES, scale, room)
    return in_lanes(room, 0) / n


# What is added up goes to LANES side by side: so the compiler, which may not change the order, adds several at once.
@part
def _add_scaled(values: Any, at: Any, stop: Any, lane: Any, scale: Any, sums: Any) -> None:
    """Add values, from one place to another, on a scale to ``sums`` (LANES,), of which the first goes to a ``lane``."""
    while at < stop:
        some = min(LANES - lane, stop - at)
        for k in range(some):
            sums[np.uint64(lane + k)] += _scaled(values[np.uint64(at + k)], scale)
        at += some
        lane = _START


@part
def _ahead(at: int, steps: int, ring: Any) -> int:
    """The place in a ring so many ``steps`` behind another, no more than once around."""
    ahead = at + steps
    return ahead if ahead < ring.size else ahead - ring.size


@part
def dot(a: Any, b: Any, room: Any) -> float:
    """The sum of the products of a and b (n,), as ``correlated`` has it; by ``room`` (LANES,)."""
    for k in range(LANES):
        room[k] = 0.0
    for start in range(0, a.size, LANES):
        for k in range(min(LANES, a.size - start)):
            at = np.uint64(start + k)
            room[np.uint64(k)] += a[at] * b[at]
    return in_lanes(room, 0)


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
    x_block, y_block, sums = floats(BLOCK), floats(BLOCK), floats(3 * LANES)
    x_scale, y_scale = _scale(x[at], x_low, x_high), _scale(y[at], y_low, y_high)
    x_mean, y_mean = _mean(x, at, n, x_scale, sums), _mean(y, at, n, y_scale, sums)
    for k in range(sums.size):
        sums[k] = 0.0
    for done in range(0, n, BLOCK):
        p, q = x_block[: n - done], y_block[: n - done]  # as many as are left, or all
        _scaled_block(x, _ahead(at, done, x), x_scale, x_mean, p)
        _scaled_block(y, _ahead(at, done, y), y_scale, y_mean, q)
        _add_products(p, q, sums)
    xx, xy, yy = in_lanes(sums, 0), in_lanes(sums, 1), in_lanes(sums, 2)
    return max(-1.0, min(1.0, xy / np.sqrt(xx * yy)))  # type: ignore[no-any-return]


@part
def _add_products(x: Any, y: Any, sums: Any) -> None:
    """Add the products of x and y (n,) to ``sums`` (3 LANES,): x with itself, with y, and y with itself.

    Of a whole block all of a lane before the sums are written: 0.06 ns of a pair's 0.5.
    """
    done = 0
    if x.size == BLOCK:
        for k in range(LANES):
            lane = np.uint64(k)
            xx, xy, yy = sums[lane], sums[lane + _LANES], sums[lane + _TWO * _LANES]
            for row in range(_ROWS):
                a, b = x[lane + row * _LANES], y[lane + row * _LANES]
                xx, xy, yy = xx + a * a, xy + a * b, yy + b * b
            sums[lane], sums[lane + _LANES], sums[lane + _TWO * _LANES] = xx, xy, yy
        done = BLOCK
    for start in range(done, x.size, LANES):
        for k in range(min(LANES, x.size - start)):
            at, lane = np.uint64(start + k), np.uint64(k)
            a, b = x[at], y[at]
            sums[lane] += a * a
            sums[lane + _LANES] += a * b
            sums[lane + _TWO * _LANES] += b * b


@part
def add_sides(values: Any, at: Any, stop: Any, lane: Any, low: float, high: float, sides: Any) -> None:
    """Take values, from one place to another, into ``sides`` (4 LANES,), of which the first goes to a ``lane``.

    They are the least, the largest, and by how much the values are below ``low``, and above ``high``.
    """
    while at < stop:
        some = min(LANES - lane, stop - at)
        for k in range(some):
            v, to = values[np.uint64(at + k)], np.uint64(lane + k)
            under, over = low - v, v - high
            sides[to] = v if v < sides[to] else sides[to]
            sides[to + _LANES] = v if v > sides[to + _LANES] else sides[to + _LANES]
            sides[to + _TWO * _LANES] += under if under > 0.0 else 0.0
            sides[to + _THREE * _LANES] += over if over > 0.0 else 0.0
        at += some
        lane = 0


@apart
@part
def in_lanes(sums: Any, number: int) -> float:
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
def ranks(ordered: Any, places: Any, of_groups: bool, out: Any) -> None:
    """Write the ranks of values, from 1 on, ties at their mean one, to ``out`` (n,).

    They are ``ordered`` (n,), and belong to the ``places`` (n,). Or, ``of_groups``, how many different ones are less.
    """
    start = group = 0
    while start < ordered.size:
        stop = start + 1
        while stop < ordered.size and ordered[stop] == ordered[start]:
            stop += 1
        rank = float(group) if of_groups else (start + 1 + stop) / 2
        for k in range(start, stop):
            out[places[k]] = rank
        group += 1
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
