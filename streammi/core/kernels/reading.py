"""All that a reading says of a window, in two passes: one over its values, one over its counts."""

import math
from typing import Any, Final

import numpy as np

from streammi.core.kernels.arrays import floats, zeros
from streammi.core.kernels.compiled import apart, kernel, part
from streammi.core.kernels.correlation import BLOCK, LANES, add_sides, correlated, final_run, in_lanes
from streammi.core.kernels.nested import HELD, LN2, extrapolated, log_held, log_of, of_pairs, step_of
from streammi.core.kernels.state_layout import SYMBOL

MOST_TIES: Final = 0.5  # fewer than two values a bin are no density
# Of what extrapolation adds, the part that counts as uncertain in the standard error: how fast the loss falls depends
# on the shape of the densities, and is not known.
DOUBT: Final = 0.36
SIDES: Final = 4 * LANES
# Unsigned, as everywhere here: see streammi.core.kernels.sliding.
_SYMBOL: Final = np.uint64(SYMBOL)
_X: Final = np.uint64(16)
_Y: Final = np.uint64(0)


@kernel
def of_values(
    values: Any, head: int, n: int, ring: Any, x_counts: Any, y_counts: Any, x_bins: Any, y_bins: Any, parts: Any,
) -> tuple[float, bool, bool, int, int, float, float, float, float, bool]:  # fmt: skip
    """Look at the newest ``n`` values (2, capacity) in a ring, up to ``head``, by the bins that its entries name.

    ``counts`` (B,) are how many are in each bin, ``bins`` (2 B + 1,) their edges and log2 of their widths, (0,) of
    labels. Returns Pearson's r, NaN for a constant or for labels, whether x and y are constant, and their final runs
    (see core.kernels.correlation); then of x and of y T, how often two values in a bin are the same, and the mean of
    log2(width), NaN where there is no density. To ``parts`` (Bx + By,) goes which coarse bin each belongs to: two and
    two, but for one that holds one value only, which stays by itself; last comes whether that is another than before.
    """
    x_size, y_size = x_counts.size, y_counts.size
    x_edges, y_edges = x_bins[: x_size + 1], y_bins[: y_size + 1]
    # From the oldest to the newest: a sum's last bit must not depend on where the ring begins.
    first = head - n if head >= n else head - n + ring.size
    x, y = values[0], values[1]
    x_first, x_same, x_sides = floats(x_size), zeros(x_size), floats(SIDES)
    y_first, y_same, y_sides = floats(y_size), zeros(y_size), floats(SIDES)
    x_kept = x_first, x_same, x_sides, *_begin(x_edges, x_first, x_sides)
    y_kept = y_first, y_same, y_sides, *_begin(y_edges, y_first, y_sides)
    x_calm: Any = np.int64(0)
    y_calm, done = x_calm, x_calm
    while done < n:
        at = first + done if first + done < ring.size else first + done - ring.size
        stop = min(at + min(BLOCK, n - done), ring.size)
        if x_calm + y_calm > 0:
            x_like, y_like = _alike(x, y, ring, at, stop, x_kept[0], y_kept[0])
            x_calm, y_calm = x_calm * np.int64(x_like == 0), y_calm * np.int64(y_like == 0)
        x_calm = _note(x, ring, at, stop, done, _X, x_calm, x_kept)
        y_calm = _note(y, ring, at, stop, done, _Y, y_calm, y_kept)
        done += stop - at
    x_least, x_most, x_ties, x_width, x_other = _told(
        n, x_counts, x_kept, x_edges, x_bins[x_size + 1 :], parts[:x_size]
    )  # fmt: skip
    y_least, y_most, y_ties, y_width, y_other = _told(
        n, y_counts, y_kept, y_edges, y_bins[y_size + 1 :], parts[x_size:]
    )  # fmt: skip
    x_run, y_run = final_run(x, head, n), final_run(y, head, n)
    r = np.nan
    if x_edges.size > 0 and y_edges.size > 0:
        r = correlated(x, y, first, n, x_least, x_most, y_least, y_most)
    return (
        r, x_least == x_most, y_least == y_most, x_run, y_run, x_ties, x_width, y_ties, y_width, x_other or y_other,
    )  # fmt: skip


@part
def look(values: Any, symbols: Any, edges: Any, parts: Any) -> float:
    """T of one signal's values (n,); which bins belong together goes to ``parts``."""
    first, same, sides, counts = floats(parts.size), zeros(parts.size), floats(SIDES), zeros(parts.size)
    kept, start = (first, same, sides, *_begin(edges, first, sides)), np.int64(0)
    for k in range(values.size):
        counts[symbols[k]] += 1
    _note(values, symbols, start, values.size, start, _Y, start, kept)
    _, _, ties, _, _ = _told(values.size, counts, kept, edges, None, parts)
    return ties  # type: ignore[no-any-return]


@apart
@part
def _begin(edges: Any, first: Any, sides: Any) -> Any:
    """Note of each bin's values, of none so far, the ``first`` one, (B,), and of all of them ``sides`` (4 LANES,).

    That is, in LANES side by side, the least, the largest, and by how much they are beyond the bins that are not at an
    end, which begin and end at two edges: these are returned. Beside it, in ``same`` (B,), is how many values are like
    the first one of their bin.
    """
    for k in range(first.size):
        first[k] = np.nan
    for k in range(LANES):
        sides[k], sides[k + LANES], sides[k + 2 * LANES], sides[k + 3 * LANES] = np.inf, -np.inf, 0.0, 0.0
    return (edges[1], edges[first.size - 1]) if edges.size > 2 else (-np.inf, np.inf)


@apart
@part
def _alike(x: Any, y: Any, entries: Any, at: Any, stop: Any, x_first: Any, y_first: Any) -> Any:
    """How many values of x and of y from one place to another are like the first of their bins, or are that.

    To see only that, of both at once, takes less than half of the time that ``_note`` does.
    """
    x_like, y_like = np.int64(0), np.int64(0)
    for k in range(at, stop):
        place = np.uint64(k)
        entry = np.uint64(entries[place])
        a, b = x_first[entry >> _X & _SYMBOL], y_first[entry & _SYMBOL]
        x_like += (a == x[place]) | (a != a)
        y_like += (b == y[place]) | (b != b)
    return x_like, y_like


@apart
@part
def _note(values: Any, entries: Any, at: Any, stop: Any, done: Any, shift: Any, calm: Any, kept: Any) -> Any:
    """Note the values from one place to another, behind so many that are ``done``.

    Returns 1 if all were others than the first of their bins, which are known: the next ones are likely to be; 0 if
    not. ``calm`` is 1 where that is known of them: nearly always, in a long window, of a signal without ties.
    """
    first, same, sides, low, high = kept
    like: Any = np.int64(1) - calm
    if like > 0:
        like = np.int64(0)
        for k in range(at, stop):
            place = np.uint64(k)
            symbol = np.uint64(entries[place]) >> shift & _SYMBOL
            if first[symbol] != first[symbol]:
                first[symbol] = values[place]
            known = first[symbol] == values[place]
            same[symbol] += known
            like += known
    add_sides(values, at, stop, done % LANES, low, high, sides)
    return np.int64(like == 0)


@apart
@part
def _told(n: int, counts: Any, kept: Any, edges: Any, widths: Any, parts: Any) -> Any:
    """The least and the largest of ``n`` values of which this was noted, T and the mean of log2(width).

    With log2 of the bins' ``widths``, or without the mean. Last comes whether ``parts`` were others before.

    The width of a bin at an end is by the values that it holds. Those of a long tail are wide, and nearly empty far
    out: as if their values were spread evenly, the entropy of a Gaussian came out 0.09 nats too large at 1,000 pairs,
    0.7 for a Cauchy. Of all densities with one range the even one has the largest entropy, of all with one mean the
    exponential one: the smaller of both is taken.
    """
    _, same, sides, _, _ = kept
    least, most = np.inf, -np.inf
    for k in range(LANES):
        least, most = min(least, sides[k]), max(most, sides[k + LANES])
    size, other = parts.size, False
    if edges.size == 0:
        for k in range(size):
            other |= parts[k] != k
            parts[k] = k
        return least, most, 0.0, np.nan, other
    below, above = in_lanes(sides, 2), in_lanes(sides, 3)
    width, density = 0.0, n > 1
    part = ties = others = 0
    for k in range(size):
        pairs: Any = np.int64(counts[k])
        single, beside = _single(pairs, same[k]), k ^ 1
        paired = beside < size and not single and not _single(np.int64(counts[beside]), same[beside])
        other |= parts[k] != part
        parts[k] = part
        part += not (paired and beside > k)
        if paired and pairs > 1:
            ties += same[k] - 1
            others += pairs - 1
        density &= not single
        if widths is not None and pairs > 0 and density:
            if 0 < k < size - 1:
                bits = widths[k]
            else:
                bits = np.log2((most if k == size - 1 else edges[k + 1]) - (least if k == 0 else edges[k]))
                if size > 1:
                    bits = min(bits, np.log2((below if k == 0 else above) / pairs) + 1.0 / LN2)
            width += pairs * bits
    share = ties / others if others else 0.0
    return least, most, share, width / n if density and share <= MOST_TIES else np.nan, other


@part
def _single(pairs: Any, same: Any) -> Any:
    """True if a bin holds one value only, and that more than once."""
    return pairs > 1 and same == pairs


@kernel
def of_counts(
    joint: Any, x_counts: Any, y_counts: Any, n: int, f: Any, g: Any, whole: int, unit_bits: float, x_parts: Any,
    y_parts: Any, weight: float, x_width: float, y_width: float, per_bit: float, rough: Any,
) -> Any:  # fmt: skip
    """All that the counts (Bx * By,), (Bx,) and (By,) of ``n`` pairs say, in a unit of which there are ``per_bit``.

    ``f`` is the plug-in table, ``g`` that of a correction and ``whole`` its W(n), in ``unit_bits``; the sums over them
    are exact. ``parts`` are the coarse bins that ``weight`` extrapolates from, (0,) where nothing is, and ``rough``,
    (2, Cx * Cy), is room for what there is of their cells; ``width`` is the mean of log2 of the bins' widths, NaN where
    there is no density. Returns the plug-in H(x), H(y), H(x,y), H(x|y),
    H(y|x), MI and NMI, NaN where neither varies; the standard errors of the three entropies and of MI by the delta
    method; corrected MI, and the same extrapolated and its standard error; the differential h(x), h(y) and h(x,y), or
    NaN; and how many cells there are to hold a pair: the bins of x that do, times those of y, but for what MI empties.
    """
    y_size = y_counts.size
    log_n = f[n] * unit_bits / n  # of the table too: the logarithm of a certainty is exactly 0
    x_logs, y_logs = floats(x_counts.size), floats(y_size)
    x_f, x_g, x_squares, x_bins = _margin(x_counts, n, f, g, unit_bits, x_logs)
    y_f, y_g, y_squares, y_bins = _margin(y_counts, n, f, g, unit_bits, y_logs)
    nests = x_parts.size > 0
    y_coarse = y_parts[y_size - 1] + 1 if nests else 0
    coarse, steps = rough[0], rough[1]
    for k in range(coarse.size):
        coarse[k] = 0.0
    xy_f = xy_g = np.int64(0)
    squares = pointwise_squares = 0.0
    for i in range(x_counts.size):
        if x_counts[i] == 0:
            continue
        for j in range(y_size):
            c = np.int64(joint[np.uint64(i * y_size + j)])
            if c > 0:
                xy_f += f[c]
                xy_g += g[c]
                log_p = log_of(c, f, unit_bits) - log_n
                squares += c * (log_p * log_p)
                pointwise = log_p - x_logs[i] - y_logs[j]
                pointwise_squares += c * (pointwise * pointwise)
                if nests:
                    coarse[x_parts[i] * y_coarse + y_parts[j]] += c
    per_pair = unit_bits / n
    h_x, h_y, h_xy = (f[n] - x_f) * per_pair, (f[n] - y_f) * per_pair, (f[n] - xy_f) * per_pair
    mi = max(0.0, h_x + h_y - h_xy)
    x_error, y_error, xy_error = _error(x_squares, h_x, n), _error(y_squares, h_y, n), _error(squares, h_xy, n)
    mi_error = _error(pointwise_squares, mi, n)
    binned = (whole - x_g - y_g + xy_g) * per_pair
    x_entropy, y_entropy = (whole - x_g) * per_pair, (whole - y_g) * per_pair
    bits, error = binned, mi_error
    if nests:
        bits, error = _extrapolation(
            joint, x_counts, y_counts, n, f, g, whole, unit_bits, x_parts, y_parts, coarse, steps, weight,
            mi, binned, x_entropy + y_entropy, log_held(xy_g & HELD),
        )  # fmt: skip
    nmi = min(2 * mi / (h_x + h_y), 1.0) if h_x + h_y > 0.0 else np.nan
    dh_x, dh_y = x_entropy + x_width, y_entropy + y_width
    return (
        h_x * per_bit, h_y * per_bit, h_xy * per_bit, max(0.0, h_xy - h_y) * per_bit, max(0.0, h_xy - h_x) * per_bit,
        mi * per_bit, nmi, x_error * per_bit, y_error * per_bit, xy_error * per_bit, mi_error * per_bit,
        binned * per_bit, bits * per_bit, error * per_bit, dh_x * per_bit, dh_y * per_bit,
        (dh_x + dh_y - bits) * per_bit, x_bins * y_bins * 2.0 ** -max(binned, 0.0),
    )  # fmt: skip


@apart
@part
def _margin(counts: Any, n: int, f: Any, g: Any, unit_bits: float, logs: Any) -> Any:
    """Of one signal's counts (B,): the sums of ``f`` and ``g``, the sum of log2(p)^2, and the bins that hold a pair.

    log2(p) of each of these goes to ``logs`` (B,). As f(c) = c log2 c, no logarithm is taken.
    """
    log_n = f[n] * unit_bits / n
    f_sum = g_sum = np.int64(0)
    squares, bins = 0.0, 0
    for k in range(counts.size):
        c = np.int64(counts[k])
        if c > 0:
            f_sum += f[c]
            g_sum += g[c]
            logs[k] = log_of(c, f, unit_bits) - log_n
            squares += c * (logs[k] * logs[k])
            bins += 1
    return f_sum, g_sum, squares, bins


@part
def _error(squares: float, mean: float, n: int) -> float:
    """By the delta method: a mean of logarithms has their variance, divided by n (Roulston 1999, Physica D 125)."""
    return math.sqrt(max(0.0, squares / n - mean * mean) / n)


@part
def _extrapolation(
    joint: Any, x_counts: Any, y_counts: Any, n: int, f: Any, g: Any, whole: int, unit_bits: float, x_parts: Any,
    y_parts: Any, coarse: Any, steps: Any, weight: float, mi: float, fine: float, entropies: float,
    held: float,
) -> tuple[float, float]:  # fmt: skip
    """MI in bits, extrapolated, and its standard error; of the fine bins MI is ``mi``, corrected ``fine``."""
    x_coarse, y_coarse = zeros(x_parts[x_parts.size - 1] + 1), zeros(y_parts[y_parts.size - 1] + 1)
    _coarsen(x_counts, x_parts, x_coarse)
    _coarsen(y_counts, y_parts, y_coarse)
    f_sum = g_sum = np.int64(0)
    for counts in (x_coarse, y_coarse):
        for k in range(counts.size):
            f_sum += f[counts[k]]
            g_sum += g[counts[k]]
    for k in range(coarse.size):
        c = np.int64(coarse[k])
        f_sum -= f[c]
        g_sum -= g[c]
        steps[k] = step_of(c, f, unit_bits)
    per_pair = unit_bits / n
    bias, below = mi - fine, (whole - g_sum) * per_pair
    coarse_bias = (f[n] - f_sum) * per_pair - below
    bits = extrapolated(fine, below, entropies, held, of_pairs(n), weight)
    step = fine - below
    added = (bits - fine) / step if step else 0.0
    variance = _left_out(
        joint, x_counts, y_counts, n, f, unit_bits, x_parts, y_parts, x_coarse, y_coarse, steps, added
    )  # fmt: skip
    # Of what is not linear in the counts, leaving one out finds twice the variance that there is (Efron & Stein 1981).
    # And that of independent pairs is bias / n in nats: 2 n MI is chi-square with 2 n bias degrees of freedom.
    bias_nats = (max(coarse_bias, 0.0) + (1.0 + added) ** 2 * max(bias - coarse_bias, 0.0)) * LN2
    unrelated = max(bias_nats, 0.5 / n) / n / (LN2 * LN2)
    doubt = DOUBT * max(added, 0.0) * step
    # Where one signal is in one bin, MI is 0, and nothing about it is uncertain.
    certain = not (mi > 0.0 or variance > 0.0)
    return bits, 0.0 if certain else math.sqrt(max(variance - unrelated, unrelated) + doubt * doubt)


@apart
@part
def _coarsen(counts: Any, parts: Any, coarse: Any) -> None:
    """Add the counts (B,) up in ``coarse`` (C,)."""
    for k in range(counts.size):
        coarse[parts[k]] += counts[k]


@part
def _left_out(
    joint: Any, x_counts: Any, y_counts: Any, n: int, f: Any, unit_bits: float, x_parts: Any, y_parts: Any,
    x_coarse: Any, y_coarse: Any, steps: Any, added: float,
) -> float:  # fmt: skip
    """The variance, bits squared, that leaving one pair out at a time finds for MI = fine + added (fine - coarse).

    ``steps`` (Cx * Cy,) are by how much each coarse cell's term grows with its last pair. Source: Efron & Stein 1981,
    Annals of Statistics 9(3), 586-596.
    """
    y_size = y_counts.size
    x_steps, y_steps = floats(x_counts.size), floats(y_size)
    _write_steps(x_counts, x_coarse, x_parts, f, unit_bits, added, x_steps)
    _write_steps(y_counts, y_coarse, y_parts, f, unit_bits, added, y_steps)
    total = squares = 0.0
    for i in range(x_counts.size):
        for j in range(y_size):
            c = np.int64(joint[np.uint64(i * y_size + j)])
            if c > 0:
                step = (1.0 + added) * step_of(c, f, unit_bits) - added * steps[x_parts[i] * y_coarse.size + y_parts[j]]
                step -= x_steps[i] + y_steps[j]
                total += c * step
                squares += c * step * step
    mean = total / n
    return max(squares / n - mean * mean, 0.0) / n


@apart
@part
def _write_steps(
    counts: Any, coarse: Any, parts: Any, f: Any, unit_bits: float, added: float, steps: Any
) -> None:  # fmt: skip
    """Write by how much the terms of a signal's bins grow with their last pair, extrapolated, to ``steps`` (B,)."""
    for k in range(counts.size):
        of_coarse = step_of(coarse[parts[k]], f, unit_bits)
        steps[k] = (1.0 + added) * step_of(np.int64(counts[k]), f, unit_bits) - added * of_coarse
