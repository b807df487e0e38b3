"""The counts of every pair of many channels: rows slid in and out, or counted anew; as core.kernels.channels has them.

The pair loop is outside and the sample loop inside: a pair's counts, 128 bytes for 8 x 8 bins, stay in the first-level
cache while all rows of a hop go through them, and memory is passed through once a hop (with the sample loop outside it
would be once a row: 64 MB for 1,000 channels).

Two ways, the same integers. Row by row: one count up, 0.42 ns, or one up and one down, 1.5 ns. Or by bits, 64 rows at a
time: of each bin of each channel there is a word whose bit k says that row k is in it, and a pair's count of two bins
is how many bits both have. That takes 6 ns a word for 8 x 8 bins with AVX-512, 15 without, where 64 rows one by one
take 27 to 96; with twice as many bins it is four times as much. A row in which a value is missing has no bit.
"""

from typing import Any, Final

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from streammi.core.kernels.compiled import allocating_kernel, kernel, part
from streammi.core.kernels.counting import step_down, step_up, sum_of, sums_of

LANES: Final = 8  # bins that are counted at once; a channel's words are filled up to a multiple of it
FEW: Final = 8  # bins, of at least one channel of a pair that is counted by bits,
MANY: Final = 16  # and at most of the other
WORD: Final = 64
_ONE: Final = np.uint64(1)


def _count_both(context: Any, first: Any, a: Any, second: Any, b: Any, out: Any, at: Any) -> Any:
    """How many bits the words of bin ``a`` have together with those of each of LANES bins, from ``b`` on: to ``out``.

    ``first`` and ``second`` are words (W, B), ``out`` is of unsigned integers, written from ``at`` on. A loop in Python
    would be the same, at 3 times the cost: the compiler does not see that it may do all of these bins at once.
    """

    def write(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        x, y, into = (context.make_array(signature.args[k])(context, builder, given[k]) for k in (0, 2, 4))
        size, x_step = cgutils.unpack_tuple(builder, x.shape)  # type: ignore[no-untyped-call]
        _, y_step = cgutils.unpack_tuple(builder, y.shape)  # type: ignore[no-untyped-call]
        kind = context.get_value_type(signature.args[4].dtype)
        word, lanes, small = ir.IntType(WORD), ir.VectorType(ir.IntType(WORD), LANES), ir.VectorType(kind, LANES)
        nothing, everywhere = ir.Constant(lanes, ir.Undefined), ir.Constant(ir.VectorType(ir.IntType(32), LANES), None)
        of_one, name = ir.FunctionType(lanes, [lanes]), f"llvm.ctpop.v{LANES}i{WORD}"
        ones = cgutils.get_or_insert_function(builder.module, of_one, name)  # type: ignore[no-untyped-call]
        total = cgutils.alloca_once_value(builder, ir.Constant(lanes, None))  # type: ignore[no-untyped-call]
        with cgutils.for_range(builder, size) as loop:
            at_x = builder.gep(x.data, [builder.add(builder.mul(loop.index, x_step), given[1])])
            at_y = builder.gep(y.data, [builder.add(builder.mul(loop.index, y_step), given[3])])
            one = builder.insert_element(nothing, builder.load(at_x), ir.Constant(ir.IntType(32), 0))
            several = builder.load(builder.bitcast(at_y, lanes.as_pointer()), align=WORD // 8)
            both = builder.and_(builder.shuffle_vector(one, nothing, everywhere), several)
            builder.store(builder.add(builder.load(total), builder.call(ones, [both])), total)
        counts = builder.load(total) if kind == word else builder.trunc(builder.load(total), small)
        builder.store(counts, builder.bitcast(builder.gep(into.data, [given[5]]), small.as_pointer()), kind.width // 8)
        return context.get_dummy_value()

    return types.void(first, types.intp, second, types.intp, out, types.intp), write


_count_eight: Any = intrinsic(_count_both)


@kernel
def set_bits(symbols: Any, missing: Any, widths: Any, out: Any) -> None:
    """Write the words of symbols (C, n) to ``out`` (C, W, B): bit t % 64 of out[c, t // 64, s] is set for symbol s.

    Of channels with more than B bins nothing is written.
    """
    for c in range(symbols.shape[0]):
        if widths[c] > out.shape[2]:
            continue
        words = out[c]
        for w in range(words.shape[0]):
            for b in range(words.shape[1]):
                words[w, b] = 0
            for t in range(w * WORD, min((w + 1) * WORD, symbols.shape[1])):
                symbol = symbols[c, t]
                if symbol != missing:
                    words[w, symbol] |= _ONE << np.uint64(t % WORD)


@part
def _by_bits(rows: Any, columns: Any, bits: Any) -> Any:
    """True if pairs of so many bins are counted by ``bits`` (C, W, B)."""
    return min(rows, columns) <= FEW and max(rows, columns) <= min(MANY, bits.shape[2])


@part
def _count(x: Any, y: Any, rows: Any, columns: Any, out: Any) -> None:
    """The joint counts of two channels' words (W, B), rows of as many LANES as hold the columns: to ``out``."""
    at = 0
    for a in range(rows):
        for b in range(0, columns, LANES):
            _count_eight(x, a, y, b, out, at)
            at += LANES


@part
def _fill(x: Any, y: Any, rows: Any, columns: Any, room: Any, cells: Any) -> None:
    """The joint counts of two channels' words to their cells (rows * columns,); ``room`` holds FEW * MANY."""
    if columns == LANES:
        _count(x, y, rows, columns, cells)
        return
    _count(x, y, rows, columns, room)
    wide = -(-columns // LANES) * LANES
    for a in range(rows):
        for b in range(columns):
            cells[a * columns + b] = room[a * wide + b]


@part
def _put(cells: Any, up: Any, down: Any, rows: Any, columns: Any) -> None:
    """Add to cells (rows * columns,) the counts ``up`` and take ``down`` off, as ``_count`` has written them."""
    if columns == LANES:
        for k in range(rows * LANES):
            cells[k] += up[k] - down[k]
        return
    wide = -(-columns // LANES) * LANES
    for a in range(rows):
        for b in range(columns):
            cells[a * columns + b] += up[a * wide + b] - down[a * wide + b]


@part
def _count_rows(a: Any, b: Any, gaps: bool, width: Any, missing: Any, cells: Any) -> None:
    """Count the rows of two channels' symbols (n,) to their cells, row by row."""
    cells[:] = 0
    if gaps:
        for t in range(a.size):
            if a[t] != missing and b[t] != missing:
                cells[np.uint64(a[t]) * width + np.uint64(b[t])] += 1
    else:
        for t in range(a.size):
            cells[np.uint64(a[t]) * width + np.uint64(b[t])] += 1


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


@allocating_kernel
def slide(
    new: Any, old: Any, new_bits: Any, old_bits: Any, gappy: Any, stale: Any, missing: Any, widths: Any, below: Any,
    starts: Any, f: Any, steps: Any, counts: Any, sums: Any, first: int, last: int,
) -> None:  # fmt: skip
    """Take the symbols ``old`` (C, m) out of all pairs of the channels from ``first`` on with later ones, ``new`` in.

    ``new`` has shape (C, k); both have their words, as ``set_bits`` writes them, with B = 0 where it is to be done row
    by row. Of pairs with a channel that is ``stale`` nothing is counted. ``gappy`` (C,) says which channels miss a
    value in these rows; ``steps`` is by how much the entries of the table ``f`` grow.
    """
    channels = widths.size
    up, down = np.empty(FEW * MANY, dtype=counts.dtype), np.empty(FEW * MANY, dtype=counts.dtype)
    for i in range(first, last):
        if stale[i]:
            continue
        ni, oi, rows = new[i], old[i], widths[i]
        p = i * (2 * channels - i - 1) // 2
        for j in range(i + 1, channels):
            if not stale[j]:
                at, columns = starts[i] + rows * (below[j] - below[i + 1]), widths[j]
                cells, width = counts[at : at + rows * columns], np.uint64(columns)
                if _by_bits(rows, columns, new_bits):
                    _count(new_bits[i], new_bits[j], rows, columns, up)
                    _count(old_bits[i], old_bits[j], rows, columns, down)
                    _put(cells, up, down, rows, columns)
                    sums[p] = sum_of(cells, f)
                elif gappy[i] or gappy[j]:
                    sums[p] += _slide_gappy(ni, new[j], oi, old[j], width, missing, cells, steps)
                else:
                    sums[p] += _slide_pair(ni, new[j], oi, old[j], width, cells, steps)
            p += 1


@allocating_kernel
def recount(
    symbols: Any, others: Any, bits: Any, other_bits: Any, gappy: Any, stale: Any, missing: Any, widths: Any,
    below: Any, starts: Any, f: Any, counts: Any, sums: Any, first: int, last: int,
) -> None:  # fmt: skip
    """Count symbols (C, n) anew, of the pairs of the channels from ``first`` to ``last`` with later ones.

    Only those with a channel that is ``stale`` (C,). The second of each pair is taken from ``others``, which has the
    shape of ``symbols``, and is it but for a null. Both have their words, as ``set_bits`` writes them.
    """
    channels = widths.size
    room = np.empty(FEW * MANY, dtype=counts.dtype)
    for i in range(first, last):
        p = i * (2 * channels - i - 1) // 2
        rows = widths[i]
        for j in range(i + 1, channels):
            if stale[i] or stale[j]:
                at, columns = starts[i] + rows * (below[j] - below[i + 1]), widths[j]
                cells = counts[at : at + rows * columns]
                if _by_bits(rows, columns, bits):
                    _fill(bits[i], other_bits[j], rows, columns, room, cells)
                else:
                    _count_rows(symbols[i], others[j], gappy[i] or gappy[j], np.uint64(columns), missing, cells)
                sums[p] = sum_of(cells, f)
            p += 1


@allocating_kernel
def sums_of_shifted(
    symbols: Any, bits: Any, shift: int, gappy: Any, missing: Any, widths: Any, f: Any, margins: Any, out: Any,
    first: int, last: int,
) -> None:  # fmt: skip
    """As channels.sums_of_pairs, of pairs whose second channel's symbols (C, n) are ``shift`` rows late, in a circle.

    ``bits`` are the words of the symbols. The counts are kept of one pair at a time.
    """
    channels, n = symbols.shape
    most = 0
    for c in range(channels):
        most = max(most, widths[c])
    held, room = np.empty(most * most, dtype=np.uint32), np.empty(FEW * MANY, dtype=np.uint32)
    late, late_bits = np.empty((1, n), dtype=symbols.dtype), np.empty((1, *bits.shape[1:]), dtype=np.uint64)
    for j in range(max(first, 1), last):
        late[0, :shift], late[0, shift:] = symbols[j, n - shift :], symbols[j, : n - shift]
        columns = widths[j]
        set_bits(late, missing, widths[j : j + 1], late_bits)
        for i in range(j):
            rows = widths[i]
            p = i * (2 * channels - i - 1) // 2 + j - i - 1
            cells, gaps = held[: rows * columns], gappy[i] or gappy[j]
            if _by_bits(rows, columns, bits):
                _fill(bits[i], late_bits[0], rows, columns, room, cells)
            else:
                _count_rows(symbols[i], late[0], gaps, np.uint64(columns), missing, cells)
            if gaps:
                out[0, p], out[1, p], out[2, p], out[3, p] = sums_of(cells, rows, columns, f)
            else:
                out[0, p], out[1, p], out[2, p], out[3, p] = n, margins[i], margins[j], sum_of(cells, f)
