"""Standard errors of signals with a memory: by leaving out runs of pairs, and by the means of runs."""

from typing import Any, Final

import numpy as np

from streammi.core.kernels.arrays import floats, zeros
from streammi.core.kernels.compiled import apart, kernel, part
from streammi.core.kernels.nested import extrapolated, log_held, log_of, of_pairs, term_of
from streammi.core.kernels.state_layout import SYMBOL

# Unsigned, as everywhere here: see streammi.core.kernels.sliding.
_SYMBOL: Final = np.uint64(SYMBOL)
_X: Final = np.uint64(16)
TABLE: Final = 4096  # counts whose terms are looked up; larger ones are few, and made as they come
MANY: Final = 2  # pairs of a run for each cell that holds any: then nearly all these hold some of the run


@kernel
def spreads(
    ring: Any, head: int, n: int, x_counts: Any, y_counts: Any, joint: Any, x_parts: Any, y_parts: Any, x_size: int,
    y_size: int, f: Any, unit_bits: float, weight: float, left_out: int, logs: Any, cells: Any,
    rough: Any,
) -> tuple[float, float]:  # fmt: skip
    """The variance of MI, bits squared, without each of ``left_out`` runs of pairs in turn; that of half as many means.

    Of the ring's newest ``n`` entries, up to ``head``, oldest first, in runs of one length; the counts, ``joint`` (Bx *
    By,), are theirs. The means are those of the pointwise MI of the pairs in a run. ``f`` is a table of c log2 c.
    ``logs`` (Bx * By,), ``cells`` (2, Bx * By + 1) and ``rough`` (2, Cx * Cy) are room for what there is of the cells.

    Each run is counted by itself; then each cell that it has is looked at once. To take its pairs out of the cells one
    by one, and put them back, took two to three times as long.
    """
    y_bins, tables = np.uint64(y_counts.size), (f, unit_bits)
    entries, of_run, coarse, coarse_out = cells[0], cells[1], rough[0], rough[1]
    for k in range(of_run.size):
        of_run[k] = 0
    for k in range(coarse.size):
        coarse[k] = coarse_out[k] = 0
    found, fine_sum, held = _of_cells(
        x_counts, y_counts, joint, x_parts, y_parts, y_size, n, tables, logs, coarse, entries, floats(y_counts.size)
    )
    terms = floats(min(_most(coarse), TABLE) + 1)
    _write_terms(terms, tables)
    x_out, y_out = zeros(x_counts.size), zeros(y_counts.size)
    margins, rough_margins = _margins(x_counts, y_counts, x_out, y_out, x_parts, y_parts, terms, tables)
    rough_sum = _left(coarse, coarse_out, terms, tables)
    whole = term_of(n, f, unit_bits)
    added = _added(
        (whole - margins + fine_sum) / n, (whole - rough_margins + rough_sum) / n, (2.0 * whole - margins) / n,
        held, n, weight,
    )  # fmt: skip
    length = n // left_out
    left = n - length
    of_left = term_of(left, f, unit_bits)
    without, totals, means = floats(left_out), floats(left_out), floats(left_out // 2)
    for run in range(left_out):
        looked_at = _count(ring, head - length * (left_out - run), length, y_bins, of_run, entries, found)
        fine, total = fine_sum, 0.0
        last, gone, start = np.uint64(0), np.int64(0), np.uint64(0)
        for k in range(looked_at):
            entry = np.uint64(entries[np.uint64(k)])
            a, b = entry >> _X & _SYMBOL, entry & _SYMBOL
            cell = a * y_bins + b
            c, out = np.int64(joint[cell]), of_run[cell]
            of_run[cell] = 0
            term = _term(c, terms, tables) - _term(c - out, terms, tables)
            known = out * logs[cell]
            if a != last:
                x_out[last] += gone
                last, gone = a, np.int64(0)
                start = np.uint64(x_parts[a] * y_size)
            gone += out
            y_out[b] += out
            coarse_out[start + np.uint64(y_parts[b])] += out
            fine -= term
            total += known
        x_out[last] += gone
        totals[run] = total
        margins, rough_margins = _margins(x_counts, y_counts, x_out, y_out, x_parts, y_parts, terms, tables)
        bits = (of_left - margins + fine) / left
        below = (of_left - rough_margins + _left(coarse, coarse_out, terms, tables)) / left
        without[run] = bits + added * (bits - below)
    _write_means(ring, head, n, y_bins, logs, totals, means)
    return _variance(without), _variance(means)


@apart
@part
def _of_cells(
    x_counts: Any, y_counts: Any, joint: Any, x_parts: Any, y_parts: Any, y_size: int, n: int, tables: Any, logs: Any,
    coarse: Any, entries: Any, y_logs: Any,
) -> Any:  # fmt: skip
    """How many cells hold a pair, the sum of their terms, and ``held`` of them (see core.kernels.nested).

    An entry of each of them goes to ``entries``, the pointwise MI there to ``logs`` (Bx * By,), bits, and what there is
    in coarse cells is added up in ``coarse``.
    """
    f, unit_bits = tables
    y_bins = y_counts.size
    log_n = log_of(n, f, unit_bits)
    for j in range(y_bins):
        y_logs[j] = log_of(np.int64(y_counts[j]), f, unit_bits) if y_counts[j] > 0 else 0.0
    found, total, held = 0, 0.0, 0
    for i in range(x_counts.size):
        if x_counts[i] == 0:
            continue
        x_log = log_of(np.int64(x_counts[i]), f, unit_bits) - log_n
        for j in range(y_bins):
            c = np.int64(joint[np.uint64(i * y_bins + j)])
            if c > 0:
                entries[found] = i << 16 | j
                found += 1
                total += term_of(c, f, unit_bits)
                held += 3 if c == 1 else 2
                logs[i * y_bins + j] = log_of(c, f, unit_bits) - x_log - y_logs[j]
                coarse[x_parts[i] * y_size + y_parts[j]] += c
    return found, total, held


@apart
@part
def _count_all(ring: Any, y_bins: Any, cells: Any) -> None:
    """Count all of a piece of a ring: to ask at each pair whether it ends there took half as long again."""
    for k in range(ring.size):
        entry = np.uint64(ring[np.uint64(k)])
        cells[(entry >> _X & _SYMBOL) * y_bins + (entry & _SYMBOL)] += 1


@part
def _count(ring: Any, at: int, length: int, y_bins: Any, cells: Any, entries: Any, found: int) -> int:
    """Count ``length`` pairs of a ring, from ``at`` on, in ``cells`` (Bx * By,), which are all 0.

    Returns how many cells are to be looked at: the ``found`` that ``entries`` name, or, where these are many beside so
    few pairs, those of the pairs, an entry of which goes there.
    """
    at = at if at >= 0 else at + ring.size
    if length > MANY * found:
        within = min(length, ring.size - at)
        _count_all(ring[at : at + within], y_bins, cells)
        _count_all(ring[: length - within], y_bins, cells)
        return found
    of_pairs = 0
    for _ in range(length):
        entry = np.uint64(ring[np.uint64(at)])
        cell = (entry >> _X & _SYMBOL) * y_bins + (entry & _SYMBOL)
        c = cells[cell]
        cells[cell] = c + 1
        entries[of_pairs] = entry  # in any case, once all cells are named behind the last: a branch is unpredictable
        of_pairs += c == 0
        at = at + 1 if at + 1 < ring.size else 0
    return of_pairs


@part
def _write_means(ring: Any, head: int, n: int, y_bins: Any, logs: Any, totals: Any, means: Any) -> None:
    """Write the means of the pointwise MI in runs to ``means`` (R,).

    ``totals`` (2 R,) are its sums in runs of half that length, or one pair less; ``logs`` (Bx * By,) are the pointwise
    MI of each cell.
    """
    runs = means.size
    length = n // runs
    odd = length - 2 * (n // totals.size)  # a run begins so many pairs earlier for each that is behind it
    before = _total(ring, head - length * runs, odd * runs, y_bins, logs)
    for run in range(runs):
        behind = runs - run - 1
        after = _total(ring, head - length * behind, odd * behind, y_bins, logs)
        means[run] = (before + totals[2 * run] + totals[2 * run + 1] - after) / length
        before = after


@apart
@part
def _total(ring: Any, at: int, pairs: int, y_bins: Any, logs: Any) -> float:
    """The sum of ``logs`` over so many pairs of a ring, from ``at`` on."""
    total = 0.0
    at = at if at >= 0 else at + ring.size
    for _ in range(pairs):
        entry = np.uint64(ring[np.uint64(at)])
        total += logs[(entry >> _X & _SYMBOL) * y_bins + (entry & _SYMBOL)]
        at = at + 1 if at + 1 < ring.size else 0
    return total


@part
def _added(fine: float, below: float, entropies: float, held: int, n: int, weight: float) -> Any:
    """The part of the step from coarse to fine bins that is added beyond these, of all pairs.

    That of all runs too: what is left out changes MI, hardly the way it is made.
    """
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


@apart
@part
def _margins(
    x_counts: Any, y_counts: Any, x_out: Any, y_out: Any, x_parts: Any, y_parts: Any, terms: Any, tables: Any
) -> Any:  # fmt: skip
    """The sums of the terms of both margins without so many ``out`` of each bin, which are set to 0; then of coarse.

    Which coarse bin each belongs to goes up by one or stays the same from one to the next.
    """
    fine = rough = 0.0
    for counts, out, parts in ((x_counts, x_out, x_parts), (y_counts, y_out, y_parts)):
        together = np.int64(0)
        for k in range(counts.size):
            c = np.int64(counts[k]) - out[k]
            out[k] = 0
            fine += _term(c, terms, tables)
            together += c
            if k + 1 == counts.size or parts[k + 1] != parts[k]:
                rough += _term(together, terms, tables)
                together = np.int64(0)
    return fine, rough


@part
def _write_terms(terms: Any, tables: Any) -> None:
    """Write the terms of counts from 0 on, in bits, to ``terms``."""
    terms[0] = 0.0
    for c in range(1, terms.size):
        terms[c] = term_of(c, tables[0], tables[1])


@part
def _term(c: Any, terms: Any, tables: Any) -> Any:
    return terms[np.uint64(c)] if c < terms.size else term_of(c, tables[0], tables[1])


@apart
@part
def _left(counts: Any, out: Any, terms: Any, tables: Any) -> Any:
    """The sum of the terms of counts without so many ``out`` of each, which are set to 0."""
    total = 0.0
    for k in range(counts.size):
        total += _term(np.int64(counts[k]) - out[k], terms, tables)
        out[k] = 0
    return total
