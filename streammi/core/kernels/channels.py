"""Every pair of many channels: values to symbols, and the counts of all pairs, slid or counted anew.

The pair loop is outside and the sample loop inside: a pair's counts, 128 bytes for 8 x 8 bins, stay in the first-level
cache while all rows of a hop go through them, and memory is passed through once a hop (with the sample loop outside it
would be once a row: 64 MB for 1,000 channels).

Symbols are unsigned, of one byte where all bins allow it; the largest number of their type, ``MISSING``, stands for a
value that is not there. Pair (i, j), i < j, has its counts, (widths[i], widths[j]), in ``counts`` from
``starts[i] + widths[i] * (below[j] - below[i + 1])`` on, ``below[k]`` being the bins of all channels before k, and is
number ``i (2 C - i - 1) / 2 + j - i - 1``.
"""

from typing import Any

import numpy as np

from streammi.core.kernels import nested
from streammi.core.kernels.coding import bin_edges, bin_uniform
from streammi.core.kernels.compiled import allocating_kernel, kernel, part
from streammi.core.kernels.correlation import centre as _centre, correlation, dot
from streammi.core.kernels.counting import step_down, step_up
from streammi.core.kernels.reading import look
from streammi.core.kernels.state_layout import SKIP, SYMBOL


@allocating_kernel
def code(
    columns: Any, equal: Any, low: Any, high: Any, bins: Any, inner: Any, missing: Any, at: int, symbols: Any,
    absent: Any, clipped: Any,
) -> None:  # fmt: skip
    """Code columns (C, k), and write their symbols into the ring ``symbols`` (C, capacity) from the place ``at`` on.

    Bins are of equal width where ``equal`` (C,) says so, else between ``inner`` (C, 2**d - 1): see core.kernels.coding.
    How many values were not finite, or outside the bins' range, is added to ``absent`` (C,) and ``clipped`` (C,).
    """
    codes = np.empty(columns.shape[1], dtype=np.uint16)
    for c in range(columns.shape[0]):
        if equal[c]:
            bin_uniform(columns[c], low[c], high[c], bins[c], codes)
        else:
            bin_edges(columns[c], low[c], high[c], inner[c], codes)
        write_codes(codes, missing, at, symbols[c], absent[c : c + 1], clipped[c : c + 1])


@kernel
def write_codes(codes: Any, missing: Any, at: int, symbols: Any, absent: Any, clipped: Any) -> None:
    """Write the symbols of codes (k,) into a ring (capacity,) from the place ``at`` on; adds to two counters (1,).

    As many at a time as there are places up to the ring's end: with a look at each whether it is the last, a value cost
    four times as much.
    """
    skipped = clips = np.int64(0)
    done = 0
    while done < codes.size:
        size = min(codes.size - done, symbols.size - at)
        part, into = codes[done : done + size], symbols[at : at + size]
        for k in range(size):
            code = np.int64(part[k])
            absence = code == SKIP
            into[k] = missing if absence else code & SYMBOL
            skipped += np.int64(absence)
            clips += np.int64(code > SYMBOL)
        done += size
        at = 0
    absent[0] += skipped
    clipped[0] += clips - skipped


@kernel
def count_margins(symbols: Any, missing: Any, step: int, margins: Any, absent: Any) -> None:
    """Add ``step``, 1 or -1, for each of symbols (C, k) to the channels' own counts (C, B), or to ``absent`` (C,)."""
    for c in range(symbols.shape[0]):
        for t in range(symbols.shape[1]):
            symbol = symbols[c, t]
            if symbol == missing:
                absent[c] += step
            else:
                margins[c, symbol] += step


@part
def _slide_pair(ni: Any, nj: Any, oi: Any, oj: Any, width: Any, counts: Any, steps: Any) -> Any:
    """Take rows out of a pair's counts and put others in; returns by how much its sum grows."""
    grown = np.int64(0)
    both = min(ni.size, oi.size)
    for t in range(both):
        grown -= step_down(counts, np.uint64(oi[t]) * width + np.uint64(oj[t]), steps)
        grown += step_up(counts, np.uint64(ni[t]) * width + np.uint64(nj[t]), steps)
    for t in range(both, oi.size):
        grown -= step_down(counts, np.uint64(oi[t]) * width + np.uint64(oj[t]), steps)
    for t in range(both, ni.size):
        grown += step_up(counts, np.uint64(ni[t]) * width + np.uint64(nj[t]), steps)
    return grown


@part
def _slide_gappy(ni: Any, nj: Any, oi: Any, oj: Any, width: Any, missing: Any, counts: Any, steps: Any) -> Any:
    """As ``_slide_pair``, of rows in which values may be missing."""
    grown = np.int64(0)
    for t in range(oi.size):
        if oi[t] != missing and oj[t] != missing:
            grown -= step_down(counts, np.uint64(oi[t]) * width + np.uint64(oj[t]), steps)
    for t in range(ni.size):
        if ni[t] != missing and nj[t] != missing:
            grown += step_up(counts, np.uint64(ni[t]) * width + np.uint64(nj[t]), steps)
    return grown


@kernel
def slide(
    new: Any, old: Any, gappy: Any, stale: Any, missing: Any, widths: Any, below: Any, starts: Any, steps: Any,
    counts: Any, sums: Any, first: int, last: int,
) -> None:  # fmt: skip
    """Take the symbols ``old`` (C, m) out of all pairs of the channels from ``first`` on with later ones, ``new`` in.

    ``new`` has shape (C, k). Of pairs with a channel that is ``stale`` nothing is counted. ``gappy`` (C,) says which
    channels miss a value in these rows; ``steps`` is by how much a table's entries grow.
    """
    channels = widths.size
    for i in range(first, last):
        if stale[i]:
            continue
        ni, oi = new[i], old[i]
        p = i * (2 * channels - i - 1) // 2
        for j in range(i + 1, channels):
            if not stale[j]:
                at = starts[i] + widths[i] * (below[j] - below[i + 1])
                cells, width = counts[at : at + widths[i] * widths[j]], np.uint64(widths[j])
                if gappy[i] or gappy[j]:
                    sums[p] += _slide_gappy(ni, new[j], oi, old[j], width, missing, cells, steps)
                else:
                    sums[p] += _slide_pair(ni, new[j], oi, old[j], width, cells, steps)
            p += 1


# It makes no array; but compiled as if it did, its loop takes 0.92 times as long.
@allocating_kernel
def recount(
    symbols: Any, others: Any, gappy: Any, stale: Any, missing: Any, widths: Any, below: Any, starts: Any, f: Any,
    counts: Any, sums: Any, first: int, last: int,
) -> None:  # fmt: skip
    """Count symbols (C, n) anew, of the pairs of the channels from ``first`` to ``last`` with later ones.

    Only those with a channel that is ``stale`` (C,). The second of each pair is taken from ``others``, which has the
    shape of ``symbols``, and is it but for a null.
    """
    channels = widths.size
    for i in range(first, last):
        p = i * (2 * channels - i - 1) // 2
        for j in range(i + 1, channels):
            if stale[i] or stale[j]:
                at = starts[i] + widths[i] * (below[j] - below[i + 1])
                cells, width = counts[at : at + widths[i] * widths[j]], np.uint64(widths[j])
                cells[:] = 0
                a, b = symbols[i], others[j]
                if gappy[i] or gappy[j]:
                    for t in range(a.size):
                        if a[t] != missing and b[t] != missing:
                            cells[np.uint64(a[t]) * width + np.uint64(b[t])] += 1
                else:
                    for t in range(a.size):
                        cells[np.uint64(a[t]) * width + np.uint64(b[t])] += 1
                sums[p] = _sum(cells, f)
            p += 1


@allocating_kernel
def sums_of_shifted(
    symbols: Any, shift: int, gappy: Any, missing: Any, widths: Any, f: Any, margins: Any, out: Any, first: int,
    last: int,
) -> None:  # fmt: skip
    """As ``sums_of_pairs``, of pairs of which the second channel's symbols (C, n) are ``shift`` rows late, in a circle.

    The counts are kept of one pair at a time.
    """
    channels, n = symbols.shape
    most = 0
    for c in range(channels):
        most = max(most, widths[c])
    cells = np.empty(most * most, dtype=np.uint32)
    late = np.empty(n, dtype=symbols.dtype)
    for j in range(max(first, 1), last):
        for t in range(n):
            late[t] = symbols[j, t + n - shift if t < shift else t - shift]
        width = np.uint64(widths[j])
        for i in range(j):
            p = i * (2 * channels - i - 1) // 2 + j - i - 1
            held, a = cells[: widths[i] * widths[j]], symbols[i]
            held[:] = 0
            if gappy[i] or gappy[j]:
                for t in range(n):
                    if a[t] != missing and late[t] != missing:
                        held[np.uint64(a[t]) * width + np.uint64(late[t])] += 1
                out[0, p], out[1, p], out[2, p], out[3, p] = _sums_of(held, widths[i], widths[j], f)
            else:
                for t in range(n):
                    held[np.uint64(a[t]) * width + np.uint64(late[t])] += 1
                out[0, p], out[1, p], out[2, p], out[3, p] = n, margins[i], margins[j], _sum(held, f)


@kernel
def count_lagged(symbols: Any, missing: Any, lags: Any, out: Any) -> None:
    """How often each symbol of a channel (C, n) follows another by each of ``lags`` (K,): to ``out`` (C, K, B, B)."""
    for c in range(symbols.shape[0]):
        for k in range(lags.size):
            lag = lags[k]
            for t in range(lag, symbols.shape[1]):
                a, b = symbols[c, t - lag], symbols[c, t]
                if a != missing and b != missing:
                    out[c, k, a, b] += 1.0


@part
def _sum(cells: Any, f: Any) -> Any:
    total = np.int64(0)
    for c in cells:
        total += f[np.uint64(c)]
    return total


@part
def _sums_of(cells: Any, rows: Any, columns: Any, f: Any) -> Any:
    """How many pairs are in the cells (rows * columns,), and S_x, S_y of their margins and S_xy."""
    n = np.int64(0)
    s_x = s_y = s_xy = np.int64(0)
    for a in range(rows):
        c = np.int64(0)
        for b in range(columns):
            cell = np.uint64(cells[a * columns + b])
            c += np.int64(cell)
            s_xy += f[cell]
        s_x += f[np.uint64(c)]
        n += c
    for b in range(columns):
        c = np.int64(0)
        for a in range(rows):
            c += np.int64(cells[a * columns + b])
        s_y += f[np.uint64(c)]
    return n, s_x, s_y, s_xy


@kernel
def mi(
    counts: Any, sums: Any, gappy: Any, n: int, margins: Any, widths: Any, below: Any, starts: Any, f: Any, whole: Any,
    unit_bits: float, out: Any, first: int, last: int,
) -> None:  # fmt: skip
    """Plug-in MI in bits of all pairs, written to both halves of ``out`` (C, C); NaN where there is no pair of values.

    ``margins`` (C,) are S of each channel, ``n`` the rows; a pair with a gap has margins of its own.
    """
    channels = widths.size
    for i in range(first, last):
        p = i * (2 * channels - i - 1) // 2
        for j in range(i + 1, channels):
            pairs, s_x, s_y, s_xy = n, margins[i], margins[j], sums[p]
            if gappy[i] or gappy[j]:
                at = starts[i] + widths[i] * (below[j] - below[i + 1])
                cells = counts[at : at + widths[i] * widths[j]]
                pairs, s_x, s_y, s_xy = _sums_of(cells, widths[i], widths[j], f)
            bits = np.nan
            if pairs > 0:
                bits = max(0.0, (whole[pairs] - s_x - s_y + s_xy) * (unit_bits / pairs))
            out[i, j] = bits
            out[j, i] = bits
            p += 1


@kernel
def sums_of_pairs(
    counts: Any, gappy: Any, n: int, margins: Any, widths: Any, below: Any, starts: Any, f: Any, out: Any, first: int,
    last: int,
) -> None:  # fmt: skip
    """The number of pairs of values, S_x, S_y and S_xy of the table ``f``, of all pairs: to ``out`` (4, P)."""
    channels = widths.size
    for i in range(first, last):
        p = i * (2 * channels - i - 1) // 2
        for j in range(i + 1, channels):
            at = starts[i] + widths[i] * (below[j] - below[i + 1])
            cells = counts[at : at + widths[i] * widths[j]]
            if gappy[i] or gappy[j]:
                out[0, p], out[1, p], out[2, p], out[3, p] = _sums_of(cells, widths[i], widths[j], f)
            else:
                out[0, p], out[1, p], out[2, p], out[3, p] = n, margins[i], margins[j], _sum(cells, f)
            p += 1


@allocating_kernel
def coarse_sums(
    counts: Any, parts: Any, ties: Any, values: Any, symbols: Any, gappy: Any, numeric: Any, missing: Any, edges: Any,
    widths: Any, below: Any, starts: Any, bins: Any, f: Any, out: Any, weights: Any, first: int, last: int,
) -> None:  # fmt: skip
    """S_x, S_y and S_xy of the coarse bins of all pairs, to ``out`` (3, P), and the share of ties to weights (P,).

    ``parts`` (C, B) names the coarse bin of each of a channel's bins, of which there are ``bins`` (C,), ``ties`` (C,)
    its share of them; NaN where none are put together. For a pair with a gap both are found anew, from the values
    (C, n) and symbols (C, n) of the rows where both are there. See core.window.grain.
    """
    channels, n = symbols.shape
    most = parts.shape[1]
    own = np.empty((2, most), dtype=np.int64)
    coarse = np.empty(most * most, dtype=np.int64)
    held, named = np.empty((2, n)), np.empty((2, n), dtype=symbols.dtype)
    for i in range(first, last):
        p = i * (2 * channels - i - 1) // 2
        for j in range(i + 1, channels):
            tied, one = ties[i], ties[j]
            own[0], own[1] = parts[i], parts[j]
            if gappy[i] or gappy[j]:
                m = 0
                for t in range(n):
                    if symbols[i, t] != missing and symbols[j, t] != missing:
                        held[0, m], held[1, m] = values[i, t], values[j, t]
                        named[0, m], named[1, m] = symbols[i, t], symbols[j, t]
                        m += 1
                if numeric[i]:
                    tied = _look(held[0, :m], named[0, :m], edges[i, : bins[i] + 1], own[0, : bins[i]])
                if numeric[j]:
                    one = _look(held[1, :m], named[1, :m], edges[j, : bins[j] + 1], own[1, : bins[j]])
            at = starts[i] + widths[i] * (below[j] - below[i + 1])
            cells = counts[at : at + widths[i] * widths[j]]
            rows, columns = own[0, bins[i] - 1] + 1, own[1, bins[j] - 1] + 1
            coarse[: rows * columns] = 0
            for a in range(bins[i]):
                for b in range(bins[j]):
                    coarse[own[0, a] * columns + own[1, b]] += np.int64(cells[a * widths[j] + b])
            _, out[0, p], out[1, p], out[2, p] = _sums_of(coarse, rows, columns, f)
            weights[p] = one if tied != tied else tied if one != one else max(tied, one)
            p += 1


@part
def _look(values: Any, symbols: Any, edges: Any, parts: Any) -> float:
    """The share of ties, NaN where no bins are put together; the coarse bins go to ``parts``."""
    share, _ = look(values, symbols, edges, parts)
    return share if parts[parts.size - 1] + 1 < parts.size else np.nan


@allocating_kernel
def grains(values: Any, symbols: Any, numeric: Any, missing: Any, edges: Any, bins: Any, parts: Any, ties: Any) -> None:
    """The bins of each channel that belong together, to ``parts`` (C, B), and its share of ties to ``ties`` (C,).

    By its values (C, n) that are there; see core.window.grain. NaN where no bins are put together.
    """
    held, named = np.empty(values.shape[1]), np.empty(values.shape[1], dtype=symbols.dtype)
    for c in range(values.shape[0]):
        m = 0
        for t in range(values.shape[1]):
            if symbols[c, t] != missing:
                held[m], named[m] = values[c, t], symbols[c, t]
                m += 1
        for k in range(bins[c]):
            parts[c, k] = k
        ties[c] = np.nan
        if numeric[c]:
            ties[c] = _look(held[:m], named[:m], edges[c, : bins[c] + 1], parts[c, : bins[c]])


@kernel
def extrapolate(fine: Any, coarse: Any, entropies: Any, pairs: Any, weights: Any) -> None:
    """``nested.extrapolated`` of arrays (P,) each, each with a weight of its own, written to ``fine``."""
    for p in range(fine.size):
        fine[p] = nested.extrapolated(fine[p], coarse[p], entropies[p], nested.base_bits(pairs[p]), weights[p])


@kernel
def square(packed: Any, out: Any) -> None:
    """Write what is of pairs (P,) to both halves of ``out`` (C, C)."""
    p = 0
    for i in range(out.shape[0]):
        for j in range(i + 1, out.shape[0]):
            out[i, j] = packed[p]
            out[j, i] = packed[p]
            p += 1


@kernel
def centre(values: Any, squares: Any) -> None:
    """Put each row of values (C, n) on a scale of about 1 around its mean, and its sum of squares in ``squares`` (C,).

    That of a constant is 0.
    """
    for c in range(values.shape[0]):
        squares[c] = 0.0 if _centre(values[c]) else dot(values[c], values[c])


@allocating_kernel
def correlations(
    values: Any, centred: Any, squares: Any, gappy: Any, numeric: Any, out: Any, first: int, last: int
) -> None:
    """Pearson r of every pair of values (C, n), to both halves of ``out`` (C, C), as summary.correlation has it.

    ``centred`` and ``squares`` are what ``centre`` made of them; a pair with a gap is centred by itself. NaN where a
    signal is constant, or not ``numeric`` (C,).
    """
    channels, n = values.shape
    x, y = np.empty(n), np.empty(n)
    for i in range(first, last):
        for j in range(i, channels):
            r = np.nan
            if numeric[i] and numeric[j]:
                if gappy[i] or gappy[j]:
                    m = 0
                    for t in range(n):
                        if np.isfinite(values[i, t]) and np.isfinite(values[j, t]):
                            x[m], y[m] = values[i, t], values[j, t]
                            m += 1
                    if m > 0:
                        r, _, _ = correlation(x[:m], y[:m])
                elif squares[i] > 0.0 and squares[j] > 0.0:
                    r = max(-1.0, min(1.0, dot(centred[i], centred[j]) / np.sqrt(squares[i] * squares[j])))
            out[i, j] = r
            out[j, i] = r
