"""Two nested histograms of the same pairs: the coarse one's bins are those of the fine one, put together."""

import math
from typing import Any, Final

import numpy as np

from streammi.core.kernels.compiled import kernel, part
from streammi.core.kernels.slots import SYMBOL

# See streammi.core.information.extrapolation, where these are explained. All information here is in bits.
FACTOR: Final = 0.976  # bins an axis that n independent pairs want: so much,
POWER: Final = 0.35  # times n to the power of this,
FOUR_FROM: Final = 32  # but four from so many pairs on, and else two
ADDED: Final = 0.85  # of the step from the coarse to the fine bins, beyond these
FINER: Final = 0.575  # bits of log2(bins an axis) that a bit of MI allows more
MOST_BITS: Final = 4.33  # of MI that allow more bins: 3 nats
IN_FULL: Final = 0.848  # log2 of 1.8: as many times as fine as wanted, and still extrapolated in full
NOT_AT_ALL: Final = 1.678  # log2 of 3.2: so many times as fine, and only the coarse bins count
MOST_TIES: Final = 0.5  # fewer than two values a bin are no density
_FACTOR_BITS: Final = math.log2(FACTOR)
_LN2: Final = 0.6931471805599453
_EULER: Final = 0.5772156649015329


@kernel
def base_bits(n: int) -> float:
    """log2 of the bins an axis that ``n`` independent pairs want."""
    pairs = max(float(n), 1.0)
    return max(_FACTOR_BITS + POWER * math.log2(pairs), 2.0 if pairs >= FOUR_FROM else 1.0)


@kernel
def extrapolated(fine: float, coarse: float, entropies: float, base: float, weight: float) -> float:
    """MI in bits, of bins without end, from that of fine and of coarse bins.

    ``entropies`` is H(x) + H(y) of the fine bins, ``base`` log2 of the bins an axis that as many independent pairs
    want, ``weight`` which part of the step is to be added.
    """
    over = 0.5 * entropies - base - FINER * min(max(coarse, 0.0), MOST_BITS)
    trust = min(max((NOT_AT_ALL - over) / (NOT_AT_ALL - IN_FULL), 0.0), 1.0)
    return fine + ((1.0 + weight) * trust - 1.0) * (fine - coarse)


@kernel
def extrapolate(fine: Any, coarse: Any, entropies: Any, pairs: Any, weight: float) -> None:
    """``extrapolated`` of arrays (D,) each, of as many pairs each, written to ``fine``."""
    for d in range(fine.size):
        fine[d] = extrapolated(fine[d], coarse[d], entropies[d], base_bits(pairs[d]), weight)


@kernel
def coarsen(joint: Any, x_parts: Any, y_parts: Any, out: Any) -> None:
    """Add the counts of joint histograms (D, Bx, By) up in ``out`` (D, Cx, Cy), whose bins the parts (B,) name."""
    for d in range(joint.shape[0]):
        for i in range(joint.shape[1]):
            row, x = joint[d, i], x_parts[i]
            for j in range(row.size):
                out[d, x, y_parts[j]] += row[j]


@kernel
def look(values: Any, head: int, n: int, ring: Any, shift: int, edges: Any, parts: Any) -> tuple[float, float]:
    """Look at the newest ``n`` values of one signal in a ring, up to ``head``, by the bins that the entries name.

    ``edges`` (B + 1,) are the bins'. Writes to ``parts`` (B,) which coarse bin each belongs to: two and two, but for
    one that holds one value only, which stays by itself. Returns T, how often two values in one of the others are the
    same, and the mean of log2(width), each bin's by the values that it holds; NaN where there is no density.

    The end bins of a long tail are wide, and nearly empty far out: as if their values were spread evenly, the entropy
    of a Gaussian came out 0.09 nats too large at 1,000 pairs, 0.7 for a Cauchy. Of all densities with one range the
    even one has the largest entropy, of all with one mean the exponential one: the smaller of both is taken.
    """
    size = parts.size
    pairs, same = np.zeros(size, dtype=np.int64), np.zeros(size, dtype=np.int64)
    first = np.empty(size)
    least, most, below, above = np.inf, -np.inf, 0.0, 0.0
    low, high = (edges[1], edges[size - 1]) if size > 1 else (0.0, 0.0)
    at = head - n if head >= n else head - n + ring.size
    for _ in range(n):
        v, symbol = values[at], np.int64(ring[at]) >> shift & SYMBOL
        if pairs[symbol] == 0:
            first[symbol] = v
        pairs[symbol] += 1
        same[symbol] += first[symbol] == v
        least, most = min(least, v), max(most, v)
        if symbol == 0:
            below += low - v
        if symbol == size - 1:
            above += v - high
        at = at + 1 if at + 1 < ring.size else 0
    part = 0
    ties = others = 0
    density = n > 1
    width = 0.0
    for k in range(size):
        single = pairs[k] > 1 and same[k] == pairs[k]
        beside = k ^ 1
        paired = beside < size and not single and not (pairs[beside] > 1 and same[beside] == pairs[beside])
        parts[k] = part
        part += not (paired and beside > k)
        if paired and pairs[k] > 1:
            ties += same[k] - 1
            others += pairs[k] - 1
        density &= not single
        if pairs[k] > 0 and density:
            bits = np.log2((most if k == size - 1 else edges[k + 1]) - (least if k == 0 else edges[k]))
            if k == 0 and size > 1:
                bits = min(bits, np.log2(below / pairs[k]) + 1.0 / _LN2)
            if k == size - 1 and size > 1:
                bits = min(bits, np.log2(above / pairs[k]) + 1.0 / _LN2)
            width += pairs[k] * bits
    share = ties / others if others else 0.0
    return share, width / n if density and share <= MOST_TIES else np.nan


@kernel
def sum_coarse(
    joint: Any, x_counts: Any, y_counts: Any, x_parts: Any, y_parts: Any, x_coarse: Any, y_coarse: Any, coarse: Any,
    f: Any, g: Any, sums: Any,
) -> None:  # fmt: skip
    """Add the counts up in the coarse bins, (Cx,), (Cy,) and (Cx, Cy), and write S_x, S_y, S_xy of ``f`` and of ``g``.

    ``sums`` has shape (2, 3), ``joint`` (Bx * By,).
    """
    for i in range(x_counts.size):
        x_coarse[x_parts[i]] += x_counts[i]
    for j in range(y_counts.size):
        y_coarse[y_parts[j]] += y_counts[j]
    for i in range(x_counts.size):
        for j in range(y_counts.size):
            coarse[x_parts[i], y_parts[j]] += joint[i * y_counts.size + j]
    sums[:] = 0
    for i in range(x_coarse.size):
        sums[0, 0] += f[x_coarse[i]]
        sums[1, 0] += g[x_coarse[i]]
        for j in range(y_coarse.size):
            sums[0, 2] += f[coarse[i, j]]
            sums[1, 2] += g[coarse[i, j]]
    for j in range(y_coarse.size):
        sums[0, 1] += f[y_coarse[j]]
        sums[1, 1] += g[y_coarse[j]]


# By Zhang's estimator, whose terms c psi(c) are smooth in c: by Schuermann's, which alternate, errors came out up to
# 1.7 times too large. psi by its series (Abramowitz & Stegun 6.3.18): 5e-4 nats off at c = 2, less above.
@part
def _zhang(c: Any, f: Any, unit_bits: float) -> Any:
    if c < 2:
        return -_EULER / _LN2 * c
    return f[c] * unit_bits - (0.5 + 1.0 / (12.0 * c)) / _LN2


@part
def _step(c: Any, f: Any, unit_bits: float) -> Any:
    """By how much a cell's term grows with its last pair."""
    if c < 2:
        return -_EULER / _LN2 * c
    return f[c] * unit_bits / c + (1.0 - 0.5 / c - 1.0 / (12.0 * c * c)) / _LN2


@kernel
def left_out(
    joint: Any, x_counts: Any, y_counts: Any, x_parts: Any, y_parts: Any, x_coarse: Any, y_coarse: Any, coarse: Any,
    n: int, f: Any, unit_bits: float, added: float,
) -> float:  # fmt: skip
    """The variance, bits squared, that leaving one pair out at a time finds for MI = fine + added (fine - coarse).

    ``f`` is the table of c log2 c. Source: Efron & Stein 1981, Annals of Statistics 9(3), 586-596.
    """
    x_steps, y_steps = np.empty(x_counts.size), np.empty(y_counts.size)
    for i in range(x_counts.size):
        of_coarse = _step(np.int64(x_coarse[x_parts[i]]), f, unit_bits)
        x_steps[i] = (1.0 + added) * _step(np.int64(x_counts[i]), f, unit_bits) - added * of_coarse
    for j in range(y_counts.size):
        of_coarse = _step(np.int64(y_coarse[y_parts[j]]), f, unit_bits)
        y_steps[j] = (1.0 + added) * _step(np.int64(y_counts[j]), f, unit_bits) - added * of_coarse
    total = squares = 0.0
    for i in range(x_counts.size):
        for j in range(y_counts.size):
            c = np.int64(joint[i * y_counts.size + j])
            if c > 0:
                of_coarse = _step(np.int64(coarse[x_parts[i], y_parts[j]]), f, unit_bits)
                step = (1.0 + added) * _step(c, f, unit_bits) - added * of_coarse - x_steps[i] - y_steps[j]
                total += c * step
                squares += c * step * step
    mean = total / n
    return max(squares / n - mean * mean, 0.0) / n


@part
def _mi_of(x_counts: Any, y_counts: Any, joint: Any, n: int, f: Any, unit_bits: float) -> Any:
    """MI by Zhang's estimator, and H(x) + H(y), of counts (B,), (B,) and (Bx, By)."""
    whole = _zhang(n, f, unit_bits)
    margins = cells = 0.0
    for i in range(x_counts.size):
        margins += _zhang(x_counts[i], f, unit_bits)
        for j in range(y_counts.size):
            cells += _zhang(joint[i, j], f, unit_bits)
    for j in range(y_counts.size):
        margins += _zhang(y_counts[j], f, unit_bits)
    return (whole - margins + cells) / n, (2.0 * whole - margins) / n


@part
def _count_run(ring: Any, at: int, length: int, step: int, x: Any, y: Any, joint: Any) -> int:
    """Add ``step`` for each of the next ``length`` entries from ``at`` on; returns the place behind them."""
    for _ in range(length):
        entry = np.int64(ring[at])
        i, j = entry >> 16 & SYMBOL, entry & SYMBOL
        x[i] += step
        y[j] += step
        joint[i, j] += step
        at = at + 1 if at + 1 < ring.size else 0
    return at


@kernel
def without_each_run(
    ring: Any, head: int, n: int, x_counts: Any, y_counts: Any, joint: Any, x_parts: Any, y_parts: Any, x_size: int,
    y_size: int, f: Any, unit_bits: float, base: float, weight: float, out: Any,
) -> None:  # fmt: skip
    """MI in bits, (runs,), without each of so many runs of pairs, all of one length, in turn.

    Of the ring's newest ``n`` entries, up to ``head``, oldest first; the counts, ``joint`` (Bx * By,), are theirs.
    """
    x, y = np.empty(x_counts.size, dtype=np.int64), np.empty(y_counts.size, dtype=np.int64)
    cells = np.empty((x.size, y.size), dtype=np.int64)
    for i in range(x.size):
        x[i] = x_counts[i]
        for j in range(y.size):
            cells[i, j] = joint[i * y.size + j]
    for j in range(y.size):
        y[j] = y_counts[j]
    length = n // out.size
    at = head - length * out.size
    at = at if at >= 0 else at + ring.size
    for run in range(out.size):
        behind = _count_run(ring, at, length, -1, x, y, cells)
        x_coarse, y_coarse = np.zeros(x_size, dtype=np.int64), np.zeros(y_size, dtype=np.int64)
        coarse = np.zeros((x_size, y_size), dtype=np.int64)
        for i in range(x.size):
            x_coarse[x_parts[i]] += x[i]
            for j in range(y.size):
                coarse[x_parts[i], y_parts[j]] += cells[i, j]
        for j in range(y.size):
            y_coarse[y_parts[j]] += y[j]
        fine_bits, entropies = _mi_of(x, y, cells, n - length, f, unit_bits)
        coarse_bits, _ = _mi_of(x_coarse, y_coarse, coarse, n - length, f, unit_bits)
        out[run] = extrapolated(fine_bits, coarse_bits, entropies, base, weight)
        _count_run(ring, at, length, 1, x, y, cells)
        at = behind
