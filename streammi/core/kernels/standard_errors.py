"""Standard errors of signals with a memory: by leaving out runs of pairs, and by the means of runs."""

from typing import Any, Final

import numpy as np

from streammi.core.kernels.arrays import floats, zeros
from streammi.core.kernels.compiled import allocating_kernel, allocating_part, part
from streammi.core.kernels.nested import extrapolated, log_of, term_of
from streammi.core.kernels.state_layout import SYMBOL

# Unsigned, as everywhere here: see streammi.core.kernels.sliding.
_SYMBOL: Final = np.uint64(SYMBOL)
_X: Final = np.uint64(16)


@allocating_kernel
def spread_without_runs(
    ring: Any, head: int, n: int, x_counts: Any, y_counts: Any, joint: Any, x_parts: Any, y_parts: Any, x_size: int,
    y_size: int, f: Any, unit_bits: float, base: float, weight: float, runs: int,
) -> float:  # fmt: skip
    """The variance of MI, bits squared, without each of so many runs of pairs, all of one length, in turn.

    Of the ring's newest ``n`` entries, up to ``head``, oldest first; the counts, ``joint`` (Bx * By,), are theirs. A
    pair that is left out changes six counts, and only the terms of these are looked at.
    """
    fine_size, nest_size = np.uint64(y_counts.size), np.uint64(y_size)
    x, y, cells = _copied(x_counts), _copied(y_counts), _copied(joint)
    x_coarse, y_coarse, coarse = zeros(x_size), zeros(y_size), zeros(x_size * y_size)
    for i in range(x.size):
        x_coarse[x_parts[i]] += x[i]
        for j in range(y.size):
            coarse[x_parts[i] * y_size + y_parts[j]] += cells[i * y.size + j]
    for j in range(y.size):
        y_coarse[y_parts[j]] += y[j]
    steps = _steps(_most(y_coarse, _most(x_coarse, 0)), f, unit_bits)
    fine_margins = _terms(x, f, unit_bits) + _terms(y, f, unit_bits)
    fine_sum = fine_margins - _terms(cells, f, unit_bits)
    coarse_sum = _terms(x_coarse, f, unit_bits) + _terms(y_coarse, f, unit_bits) - _terms(coarse, f, unit_bits)
    out = floats(runs)
    length = n // runs
    left = n - length
    of_left = term_of(left, f, unit_bits)
    at = head - length * runs
    at = at if at >= 0 else at + ring.size
    for run in range(runs):
        margins, fine, nest = fine_margins, fine_sum, coarse_sum
        start = at
        for _ in range(length):
            entry = np.uint64(ring[np.uint64(at)])
            a, b = entry >> _X & _SYMBOL, entry & _SYMBOL
            k, m = np.uint64(x_parts[a]), np.uint64(y_parts[b])
            margin = _taken(x, a, steps) + _taken(y, b, steps)
            margins -= margin
            fine -= margin - _taken(cells, a * fine_size + b, steps)
            margin = _taken(x_coarse, k, steps) + _taken(y_coarse, m, steps)
            nest -= margin - _taken(coarse, k * nest_size + m, steps)
            at = at + 1 if at + 1 < ring.size else 0
        bits, entropies = (of_left - fine) / left, (2.0 * of_left - margins) / left
        out[run] = extrapolated(bits, (of_left - nest) / left, entropies, base, weight)
        for back in range(start, start + length):  # and they are back again
            entry = np.uint64(ring[np.uint64(back if back < ring.size else back - ring.size)])
            a, b = entry >> _X & _SYMBOL, entry & _SYMBOL
            x[a] += 1
            y[b] += 1
            cells[a * fine_size + b] += 1
            k, m = np.uint64(x_parts[a]), np.uint64(y_parts[b])
            x_coarse[k] += 1
            y_coarse[m] += 1
            coarse[k * nest_size + m] += 1
    return float(_variance(out))


# Loops, not methods of arrays: the largest and the sum take 0.4 s to compile.
@part
def _most(counts: Any, most: Any) -> Any:
    for k in range(counts.size):
        most = max(most, counts[k])
    return most


@part
def _variance(values: Any) -> Any:
    total = squares = 0.0
    for v in values:
        total += v
    mean = total / values.size
    for v in values:
        squares += (v - mean) ** 2
    return squares / values.size


@allocating_part
def _copied(counts: Any) -> Any:
    copy = zeros(counts.size)
    for k in range(counts.size):
        copy[k] = counts[k]
    return copy


@part
def _terms(counts: Any, f: Any, unit_bits: float) -> Any:
    total = 0.0
    for k in range(counts.size):
        if counts[k] > 0:
            total += term_of(counts[k], f, unit_bits)
    return total


@allocating_part
def _steps(most: int, f: Any, unit_bits: float) -> Any:
    """By how much a cell's term grows with its last pair, for counts up to ``most``; (most + 1,)."""
    steps = floats(most + 1)
    steps[0] = before = 0.0
    for c in range(1, steps.size):
        term = term_of(c, f, unit_bits)
        steps[c] = term - before
        before = term
    return steps


@part
def _taken(counts: Any, cell: Any, steps: Any) -> Any:
    """Take one pair out of a cell; returns by how much its term falls."""
    c = counts[cell]
    counts[cell] = c - 1
    return steps[np.uint64(c)]


@allocating_kernel
def spread_of_runs(
    ring: Any, head: int, n: int, x_counts: Any, y_counts: Any, joint: Any, f: Any, unit_bits: float, runs: int
) -> float:
    """The variance of the means of the pointwise MI (bits) over so many runs of pairs, all of one length.

    Of the ring's newest ``n`` entries, up to ``head``, oldest first; the counts are theirs, ``f`` that of c log2 c.
    """
    y_size = y_counts.size
    logs = floats(joint.size)  # of cells that hold a pair
    log_n = log_of(n, f, unit_bits)
    y_logs = floats(y_size)
    for j in range(y_size):
        y_logs[j] = log_of(np.int64(y_counts[j]), f, unit_bits) if y_counts[j] > 0 else 0.0
    for i in range(x_counts.size):
        if x_counts[i] == 0:
            continue
        x_log = log_of(np.int64(x_counts[i]), f, unit_bits) - log_n
        for j in range(y_size):
            c = np.int64(joint[np.uint64(i * y_size + j)])
            if c > 0:
                logs[i * y_size + j] = log_of(c, f, unit_bits) - x_log - y_logs[j]
    out = floats(runs)
    length = n // runs
    at = head - length * runs
    for run in range(runs):
        total = 0.0
        for k in range(at, at + length):
            entry = np.int64(ring[k if k >= 0 else k + ring.size])
            total += logs[(entry >> 16 & SYMBOL) * y_size + (entry & SYMBOL)]
        out[run] = total / length
        at += length
    return float(_variance(out))
