"""Standard errors of signals with a memory: by leaving out runs of pairs, and by the means of runs."""

from typing import Any, Final

import numpy as np

from streammi.core.kernels.arrays import floats, zeros
from streammi.core.kernels.compiled import allocating_kernel, allocating_part, apart, part
from streammi.core.kernels.counting import ONE
from streammi.core.kernels.nested import extrapolated, log_held, log_of, of_pairs, term_of
from streammi.core.kernels.state_layout import SYMBOL

# Unsigned, as everywhere here: see streammi.core.kernels.sliding.
_SYMBOL: Final = np.uint64(SYMBOL)
_X: Final = np.uint64(16)


@allocating_kernel
def spreads(
    ring: Any, head: int, n: int, x_counts: Any, y_counts: Any, joint: Any, x_parts: Any, y_parts: Any, x_size: int,
    y_size: int, f: Any, unit_bits: float, weight: float, left_out: int, runs: int,
) -> tuple[float, float]:  # fmt: skip
    """The variance of MI, bits squared, without each of ``left_out`` runs of pairs in turn; that of ``runs`` means.

    Of the ring's newest ``n`` entries, up to ``head``, oldest first, in runs of one length; the counts, ``joint`` (Bx *
    By,), are theirs. The means are those of the pointwise MI of the pairs in a run. ``f`` is a table of c log2 c.
    """
    counts = x_counts, y_counts, joint
    nest = x_parts, y_parts, x_size, y_size, weight
    without = _without_runs(ring, head, n, counts, nest, f, unit_bits, floats(left_out))
    return _variance(without), _variance(_of_runs(ring, head, n, counts, f, unit_bits, floats(runs)))


@allocating_part
def _without_runs(ring: Any, head: int, n: int, counts: Any, nest: Any, f: Any, unit_bits: float, out: Any) -> Any:
    """MI without each of as many runs as ``out`` has places, to ``out``.

    A pair that is left out changes six counts. Those of cells are looked at pair by pair, those of margins, of which
    there are few, when all pairs of a run are out.
    """
    _, _, joint = counts
    x_parts, y_parts, x_size, y_size, weight = nest
    x, y, fine_size = zeros(x_parts.size), zeros(y_parts.size), np.uint64(y_parts.size)
    cells, of_cell, coarse = zeros(joint.size), zeros(joint.size), zeros(x_size * y_size)
    for i in range(x.size):
        for j in range(y.size):
            cell, part_of = i * y.size + j, x_parts[i] * y_size + y_parts[j]
            cells[cell], of_cell[cell] = joint[cell], part_of
            coarse[part_of] += joint[cell]
            x[i] += joint[cell]
            y[j] += joint[cell]
    x_coarse, y_coarse = _put_together(x, x_parts, x_size), _put_together(y, y_parts, y_size)
    terms = _terms(max(_most(x_coarse), _most(y_coarse)), f, unit_bits)
    cells_sum, coarse_sum = _total(cells, terms), _total(coarse, terms)
    x_out, y_out = zeros(x.size), zeros(y.size)
    whole, margins = term_of(n, f, unit_bits), _total(x, terms) + _total(y, terms)
    below = (whole - _total(x_coarse, terms) - _total(y_coarse, terms) + coarse_sum) / n
    added = _added((whole - margins + cells_sum) / n, below, (2.0 * whole - margins) / n, joint, n, weight)
    length = n // out.size
    left = n - length
    of_left = term_of(left, f, unit_bits)
    whole_coarse, few = zeros(coarse.size), cells.size < 4 * length
    for k in range(coarse.size):
        whole_coarse[k] = coarse[k]
    at = head - length * out.size
    at = at if at >= 0 else at + ring.size
    for run in range(out.size):
        fine, rough, start = cells_sum, coarse_sum, at
        for _ in range(length):
            entry = np.uint64(ring[np.uint64(at)])
            a, b = entry >> _X & _SYMBOL, entry & _SYMBOL
            x_out[a] += 1
            y_out[b] += 1
            cell = a * fine_size + b
            fine -= _taken(cells, cell, terms)
            rough -= _taken(coarse, np.uint64(of_cell[cell]), terms)
            at = at + 1 if at + 1 < ring.size else 0
        if few:  # And they are back again: all cells at once, or, where these are many, pair by pair.
            for k in range(cells.size):
                cells[k] = joint[k]
            for k in range(coarse.size):
                coarse[k] = whole_coarse[k]
        else:
            for back in range(start, start + length):
                entry = np.uint64(ring[np.uint64(back if back < ring.size else back - ring.size)])
                cell = (entry >> _X & _SYMBOL) * fine_size + (entry & _SYMBOL)
                cells[cell] += 1
                coarse[np.uint64(of_cell[cell])] += 1
        rough_margins = _left(x_coarse, _put_together(x_out, x_parts, x_size), terms)
        rough_margins += _left(y_coarse, _put_together(y_out, y_parts, y_size), terms)
        margins = _left(x, x_out, terms) + _left(y, y_out, terms)
        bits = (of_left - margins + fine) / left
        out[run] = bits + added * (bits - (of_left - rough_margins + rough) / left)
    return out


@part
def _added(fine: float, below: float, entropies: float, joint: Any, n: int, weight: float) -> Any:
    """The part of the step from coarse to fine bins that is added beyond these, of all pairs.

    That of all runs too: what is left out changes MI, hardly the way it is made.
    """
    held = 0
    for c in joint:
        held += 3 if c == 1 else 2 if c > 1 else 0
    bits = extrapolated(fine, below, entropies, log_held(held), of_pairs(n), weight)
    return (bits - fine) / (fine - below) if fine != below else 0.0


# Loops, not methods of arrays: the largest and the sum take 0.4 s to compile.
@part
def _most(counts: Any) -> Any:
    most = counts[0]
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
def _put_together(counts: Any, parts: Any, size: int) -> Any:
    """The counts (B,) of fine bins in the ``size`` coarse ones that ``parts`` names."""
    coarse = zeros(size)
    for k in range(counts.size):
        coarse[parts[k]] += counts[k]
    return coarse


@allocating_part
def _terms(most: int, f: Any, unit_bits: float) -> Any:
    """The terms of counts up to ``most``, in bits, (most + 1,)."""
    terms = floats(most + 1)
    terms[0] = 0.0
    for c in range(1, terms.size):
        terms[c] = term_of(c, f, unit_bits)
    return terms


@apart
@part
def _total(counts: Any, terms: Any) -> Any:
    total = 0.0
    for k in range(counts.size):
        total += terms[np.uint64(counts[k])]
    return total


@part
def _left(counts: Any, out: Any, terms: Any) -> Any:
    """The sum of the terms of counts without so many ``out`` of each, which are set to 0."""
    total = 0.0
    for k in range(counts.size):
        total += terms[np.uint64(counts[k] - out[k])]
        out[k] = 0
    return total


@part
def _taken(counts: Any, cell: Any, terms: Any) -> Any:
    """Take one pair out of a cell; returns by how much its term falls."""
    c = np.uint64(counts[cell])
    counts[cell] = c - ONE
    return terms[c] - terms[c - ONE]


@allocating_part
def _of_runs(ring: Any, head: int, n: int, counts: Any, f: Any, unit_bits: float, out: Any) -> Any:
    """The mean of the pointwise MI, bits, of the pairs of each of as many runs as ``out`` has places, to ``out``."""
    x_counts, y_counts, joint = counts
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
    length, width = n // out.size, np.uint64(y_size)
    at = head - length * out.size
    at = at if at >= 0 else at + ring.size
    for run in range(out.size):
        total = 0.0
        for _ in range(length):
            entry = np.uint64(ring[np.uint64(at)])
            total += logs[(entry >> _X & _SYMBOL) * width + (entry & _SYMBOL)]
            at = at + 1 if at + 1 < ring.size else 0
        out[run] = total / length
    return out
