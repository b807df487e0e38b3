"""Numbers of a window for a reading: of its values, correlation and runs; of its counts, sums and moments."""

import math
from typing import Any, Final

import numpy as np

from streammi.core.kernels.compiled import kernel, part
from streammi.core.kernels.slots import SYMBOL

# Unsigned, as everywhere here: see streammi.core.kernels.sliding.
_ONE: Final = np.uint64(1)
_TWO: Final = np.uint64(2)
_THREE: Final = np.uint64(3)
_LARGE: Final = 1e300


@part
def _centre(values: Any) -> bool:
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
def _dot(a: Any, b: Any) -> float:
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
    x_constant, y_constant = _centre(x), _centre(y)
    if x_constant or y_constant:
        return np.nan, x_constant, y_constant
    xy, xx, yy = _dot(x, y), _dot(x, x), _dot(y, y)
    return max(-1.0, min(1.0, xy / np.sqrt(xx * yy))), False, False


@kernel
def compare(values: Any, head: int, n: int) -> tuple[float, bool, bool, int, int]:
    """Of the newest ``n`` values (2, capacity) of two rings, up to ``head``: ``correlation``, and each one's final run.

    A final run is how many of the newest values are the same as the newest one.
    """
    # From the oldest to the newest: a sum's last bit must not depend on where the ring begins.
    # Copied in loops: numba's check that two slices fit, with its message, takes 2 s to compile.
    x, y = np.empty(n), np.empty(n)
    at = head - n if head >= n else head - n + values.shape[1]
    for k in range(n):
        x[k], y[k] = values[0, at], values[1, at]
        at = at + 1 if at + 1 < values.shape[1] else 0
    x_run, y_run = _final_run(x), _final_run(y)
    r, x_constant, y_constant = correlation(x, y)
    return r, x_constant, y_constant, x_run, y_run


@part
def _final_run(values: Any) -> int:
    run = 1
    while run < values.size and values[values.size - 1 - run] == values[values.size - 1]:
        run += 1
    return run


@kernel
def summarise(
    joint: Any, x_counts: Any, y_counts: Any, n: int, f: Any, g: Any, unit_bits: float, sums: Any, moments: Any
) -> None:
    """All that a reading needs of the counts of ``n`` pairs, in one pass over them.

    ``f`` is the plug-in table, ``g`` another's, both in ``unit_bits``; their S_x, S_y, S_xy go to sums (2, 3), exact.
    To moments (4,) go the second moments (bits squared) for the delta method: of log p(x), log p(y), log p(x,y) and
    the pointwise MI. As f(c) = c log2 c, no logarithm is taken.
    """
    y_size = y_counts.size
    log_n = f[n] * unit_bits / n  # of the table too: the logarithm of a certainty is exactly 0
    x_logs, y_logs = np.empty(x_counts.size), np.empty(y_size)  # of symbols that there are
    for side, counts, logs in ((0, x_counts, x_logs), (1, y_counts, y_logs)):
        f_one = g_one = np.int64(0)
        log_p2 = 0.0
        for k in range(counts.size):
            c = np.uint64(counts[k])
            if c > 0:
                f_one += f[c]
                g_one += g[c]
                log_p = f[c] * unit_bits / c - log_n
                log_p2 += c * (log_p * log_p)
                logs[k] = log_p
        sums[0, side], sums[1, side], moments[side] = f_one, g_one, log_p2 / n
    f_xy = g_xy = np.int64(0)
    log_p2 = pointwise2 = 0.0
    for i in range(x_counts.size):
        if x_counts[i] == 0:
            continue
        row, x_log = joint[i * y_size : (i + 1) * y_size], x_logs[i]
        for j in range(y_size):
            c = np.uint64(row[j])
            if c > 0:
                f_xy += f[c]
                g_xy += g[c]
                log_p = f[c] * unit_bits / c - log_n
                log_p2 += c * (log_p * log_p)
                pointwise = log_p - x_log - y_logs[j]
                pointwise2 += c * (pointwise * pointwise)
    sums[0, 2], sums[1, 2] = f_xy, g_xy
    moments[2], moments[3] = log_p2 / n, pointwise2 / n


@kernel
def batch_means(ring: Any, head: int, n: int, x_counts: Any, y_counts: Any, joint: Any, out: Any) -> None:
    """Means of the pointwise MI (bits) over as many runs of pairs, all of one length, as ``out`` has places.

    Of the ring's newest ``n`` entries, up to ``head``, oldest first; the counts are theirs.
    """
    y_size = y_counts.size
    logs = np.empty(joint.size)  # of cells that hold a pair
    for i in range(x_counts.size):
        for j in range(y_size):
            c = joint[i * y_size + j]
            if c > 0:
                logs[i * y_size + j] = np.log2(c * float(n) / (float(x_counts[i]) * y_counts[j]))
    length = n // out.size
    at = head - length * out.size
    for batch in range(out.size):
        total = 0.0
        for k in range(at, at + length):
            entry = np.int64(ring[k if k >= 0 else k + ring.size])
            total += logs[(entry >> 16 & SYMBOL) * y_size + (entry & SYMBOL)]
        out[batch] = total / length
        at += length
