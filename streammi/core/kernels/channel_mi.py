"""Every pair of many channels: their counts to sums and MI.

Pair (i, j), i < j, has its counts, (widths[i], widths[j]), in ``counts`` from
``starts[i] + widths[i] * (below[j] - below[i + 1])`` on, ``below[k]`` being the bins of all channels before k, and is
number ``i (2 C - i - 1) / 2 + j - i - 1``. How they are counted: see core.kernels.pair_counting.
"""

from typing import Any, Final

import numpy as np

from streammi.core.kernels import nested
from streammi.core.kernels.compiled import allocating_kernel, kernel, part
from streammi.core.kernels.counting import sum_of, sums_of
from streammi.core.kernels.reading import look
from streammi.core.kernels.turns import next_rows

_ONE: Final = np.uint64(1)


@kernel
def mi(
    counts: Any, sums: Any, gappy: Any, n: int, margins: Any, widths: Any, below: Any, starts: Any, f: Any, whole: Any,
    unit_bits: float, out: Any, turns: Any,
) -> None:  # fmt: skip
    """Plug-in MI in bits of all pairs, written to both halves of ``out`` (C, C); NaN where there is no pair of values.

    ``margins`` (C,) are S of each channel, ``n`` the rows; a pair with a gap has margins of its own.
    """
    channels = widths.size
    first, last = next_rows(turns, 0)
    while first < last:
        for i in range(first, last):
            p = i * (2 * channels - i - 1) // 2
            for j in range(i + 1, channels):
                pairs, s_x, s_y, s_xy = n, margins[i], margins[j], sums[p]
                if gappy[i] or gappy[j]:
                    at = starts[i] + widths[i] * (below[j] - below[i + 1])
                    cells = counts[at : at + widths[i] * widths[j]]
                    pairs, s_x, s_y, s_xy = sums_of(cells, widths[i], widths[j], f)
                bits = np.nan
                if pairs > 0:
                    bits = max(0.0, (whole[pairs] - s_x - s_y + s_xy) * (unit_bits / pairs))
                out[i, j] = bits
                out[j, i] = bits
                p += 1
        first, last = next_rows(turns, last - first)


@kernel
def sums_of_pairs(
    counts: Any, gappy: Any, n: int, margins: Any, widths: Any, below: Any, starts: Any, f: Any, out: Any, turns: Any,
) -> None:  # fmt: skip
    """The number of pairs of values, S_x, S_y and S_xy of the table ``f``, of all pairs: to ``out`` (4, P)."""
    channels = widths.size
    first, last = next_rows(turns, 0)
    while first < last:
        for i in range(first, last):
            p = i * (2 * channels - i - 1) // 2
            for j in range(i + 1, channels):
                at = starts[i] + widths[i] * (below[j] - below[i + 1])
                cells = counts[at : at + widths[i] * widths[j]]
                if gappy[i] or gappy[j]:
                    out[0, p], out[1, p], out[2, p], out[3, p] = sums_of(cells, widths[i], widths[j], f)
                else:
                    out[0, p], out[1, p], out[2, p], out[3, p] = n, margins[i], margins[j], sum_of(cells, f)
                p += 1
        first, last = next_rows(turns, last - first)


@allocating_kernel
def extrapolated(
    counts: Any, parts: Any, ties: Any, values: Any, symbols: Any, gappy: Any, numeric: Any, missing: Any, edges: Any,
    bins: Any, n: int, margins: Any, coarse_margins: Any, widths: Any, below: Any, starts: Any, f: Any, whole: Any,
    unit_bits: float, out: Any, turns: Any,
) -> None:  # fmt: skip
    """MI in bits beyond the bins of all pairs, written to both halves of ``out`` (C, C); NaN where there is no value.

    ``parts`` (C, B) names the coarse bin of each of a channel's bins, of which there are ``bins`` (C,), ``ties`` (C,)
    its share of them; NaN where none are put together. ``margins`` (C,) are S of each channel by the table ``f``,
    ``coarse_margins`` (C,) those of its coarse bins. For a pair with a gap all are found anew, from the values (C, n)
    and symbols (C, n) of the rows where both are there. See core.window.grain.
    """
    channels = widths.size
    most = parts.shape[1]
    own, coarse = np.empty((2, most), dtype=np.int64), np.empty(most * most, dtype=np.int64)
    held, named = np.empty((2, symbols.shape[1])), np.empty((2, symbols.shape[1]), dtype=symbols.dtype)
    known = nested.of_pairs(n)
    first, last = next_rows(turns, 0)
    while first < last:
        for i in range(first, last):
            for j in range(i + 1, channels):
                at = starts[i] + widths[i] * (below[j] - below[i + 1])
                cells = counts[at : at + widths[i] * widths[j]]
                if gappy[i] or gappy[j]:
                    own[0], own[1] = parts[i], parts[j]
                    tied, one = _ties_of_both(
                        i, j, ties, values, symbols, numeric, missing, edges, bins, own, held, named
                    )
                    pairs, s_x, s_y, s_xy = sums_of(cells, widths[i], widths[j], f)
                    rows, columns = own[0, bins[i] - 1] + 1, own[1, bins[j] - 1] + 1
                    coarse[: rows * columns] = 0
                    for a in range(bins[i]):
                        for b in range(bins[j]):
                            coarse[own[0, a] * columns + own[1, b]] += np.int64(cells[a * widths[j] + b])
                    _, c_x, c_y, c_xy = sums_of(coarse, rows, columns, f)
                    its_own = nested.of_pairs(pairs)
                else:
                    pairs, s_x, s_y, tied, one, its_own = n, margins[i], margins[j], ties[i], ties[j], known
                    c_x, c_y = coarse_margins[i], coarse_margins[j]
                    s_xy, c_xy = _nested_sums(cells, widths[j], parts[i, : bins[i]], parts[j, : bins[j]], f)
                bits = np.nan
                if pairs > 0:
                    weight = nested.weight_of(one if tied != tied else tied if one != one else max(tied, one))
                    fine, coarsely = (pairs, s_x, s_y, s_xy), (c_x, c_y, c_xy)
                    bits = nested.beyond(fine, coarsely, whole[pairs], unit_bits / pairs, its_own, weight)
                out[i, j] = bits
                out[j, i] = bits
        first, last = next_rows(turns, last - first)


@part
def _nested_sums(cells: Any, width: Any, x_parts: Any, y_parts: Any, f: Any) -> Any:
    """S_xy of cells (rows, width), and of its coarse bins, each of which is one bin or two.

    Of 8 x 8 bins they take 35 ns. By the counts of all coarse bins, added up first, it were 150.
    """
    fine = coarse = np.int64(0)
    row = np.uint64(width)
    a = 0
    while a < x_parts.size:
        two_rows = a + 1 < x_parts.size and x_parts[a + 1] == x_parts[a]
        at, b = np.uint64(a) * row, 0
        while b < y_parts.size:
            two = b + 1 < y_parts.size and y_parts[b + 1] == y_parts[b]
            c = np.uint64(cells[at])
            count, grown = c, f[c]
            if two_rows:
                c = np.uint64(cells[at + row])
                count, grown = count + c, grown + f[c]
            if two:
                c = np.uint64(cells[at + _ONE])
                count, grown = count + c, grown + f[c]
                if two_rows:
                    c = np.uint64(cells[at + row + _ONE])
                    count, grown = count + c, grown + f[c]
                at += _ONE
                b += 1
            fine += grown
            coarse += f[count]
            at += _ONE
            b += 1
        a += 2 if two_rows else 1
    return fine, coarse


@part
def _ties_of_both(
    i: Any, j: Any, ties: Any, values: Any, symbols: Any, numeric: Any, missing: Any, edges: Any, bins: Any, own: Any,
    held: Any, named: Any,
) -> Any:  # fmt: skip
    """The shares of ties of two channels in the rows where both are there; their coarse bins go to ``own`` (2, B)."""
    m = 0
    for t in range(symbols.shape[1]):
        if symbols[i, t] != missing and symbols[j, t] != missing:
            held[0, m], held[1, m] = values[i, t], values[j, t]
            named[0, m], named[1, m] = symbols[i, t], symbols[j, t]
            m += 1
    tied, one = ties[i], ties[j]
    if numeric[i]:
        tied = _look(held[0, :m], named[0, :m], edges[i, : bins[i] + 1], own[0, : bins[i]])
    if numeric[j]:
        one = _look(held[1, :m], named[1, :m], edges[j, : bins[j] + 1], own[1, : bins[j]])
    return tied, one


@part
def _look(values: Any, symbols: Any, edges: Any, parts: Any) -> float:
    """The share of ties, NaN where no bins are put together; the coarse bins go to ``parts``."""
    share = look(values, symbols, edges, parts)
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
def extrapolate(fine: Any, coarse: Any, ties: Any, whole: Any, unit_bits: float, out: Any) -> None:
    """As ``extrapolated`` has it, of what was summed up: pairs of values, S_x, S_y and S_xy of fine bins, (4, P).

    ``coarse`` (3, P) are the last three of these of coarse bins, ``ties`` (P,) their shares; to ``out`` (P,).
    """
    for p in range(out.size):
        pairs = fine[0, p]
        out[p] = np.nan
        if pairs > 0:
            sums, coarsely = (pairs, fine[1, p], fine[2, p], fine[3, p]), (coarse[0, p], coarse[1, p], coarse[2, p])
            known, weight = nested.of_pairs(pairs), nested.weight_of(ties[p])
            out[p] = nested.beyond(sums, coarsely, whole[pairs], unit_bits / pairs, known, weight)


@kernel
def square(packed: Any, out: Any) -> None:
    """Write what is of pairs (P,) to both halves of ``out`` (C, C)."""
    p = 0
    for i in range(out.shape[0]):
        for j in range(i + 1, out.shape[0]):
            out[i, j] = packed[p]
            out[j, i] = packed[p]
            p += 1
