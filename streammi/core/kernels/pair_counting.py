"""The counts of every pair of many channels, slid and counted anew; laid out as core.kernels.channel_mi has it.

The pair loop is outside and the sample loop inside: a pair's counts, 128 bytes for 8 x 8 bins, stay in the first-level
cache while all rows of a hop go through them, and memory is passed through once a hop (with the sample loop outside it
would be once a row: 64 MB for 1,000 channels).

Threads share the pairs out among themselves by ``turns``, see core.kernels.turns.

Two ways, the same integers. Row by row: one count up, 0.42 ns, or one up and one down, 1.5 ns. Or by bits, 64 rows at a
time: of each bin of each channel there is a word whose bit k says that row k is in it, and a pair's count of two bins
is how many bits both have. Of 8 x 8 bins that takes 6 ns for 64 rows where the processor counts the bits of eight words
at once (AVX-512), 16 where it does not, and row by row 27, or 96 to slide; of 16 x 16 bins four times as much. A row in
which a value is missing has no bit.
"""

from typing import Any, Final

import numpy as np
from llvmlite import ir
from llvmlite.binding import get_host_cpu_features
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from streammi.core.kernels.channel_rows import WORD
from streammi.core.kernels.compiled import allocating_kernel, kernel, part
from streammi.core.kernels.counting import step_down, step_up, sum_of, sums_of
from streammi.core.kernels.turns import next_rows

LANES: Final = 8  # bins that are counted at once,
HALF: Final = 4  # or so many, where no more are left: few bins are filled up to a multiple of it,
MANY: Final = 16  # which are those of channels that have words
AT_ONCE: Final[bool] = get_host_cpu_features().get("avx512vpopcntdq", False)
MOST_CELLS: Final = 256 if AT_ONCE else 128  # of a pair: beyond them it is cheaper row by row


def _counting(lanes: int) -> Any:
    """A function of kernels that counts the bits that one bin has together with each of so many bins of another."""

    def count(context: Any, new: Any, others: Any, old: Any, before: Any, a: Any, b: Any, cells: Any, at: Any) -> Any:
        """Add to cells[at : at + lanes] how many bits bin ``a`` has together with each bin from ``b`` on, less the old.

        ``new`` and ``others`` are the words (W, B) of two channels' rows that come, ``old`` and ``before`` those of
        the rows that go. A loop in Python would be the same at 3 times the cost: the compiler does not see that it may
        do all these bins at once.
        """

        def write(context: Any, builder: Any, signature: Any, given: Any) -> Any:
            kind, word = context.get_value_type(signature.args[6].dtype), ir.IntType(WORD)
            words, small = ir.VectorType(word, lanes), ir.VectorType(kind, lanes)
            zero = ir.Constant(words, None)
            everywhere = ir.Constant(ir.VectorType(ir.IntType(32), lanes), None)
            of_one, name = ir.FunctionType(words, [words]), f"llvm.ctpop.v{lanes}i{WORD}"
            ones = cgutils.get_or_insert_function(builder.module, of_one, name)  # type: ignore[no-untyped-call]
            total = cgutils.alloca_once_value(builder, zero)  # type: ignore[no-untyped-call]
            for k, moved in ((0, builder.add), (2, builder.sub)):
                x, y = (context.make_array(signature.args[n])(context, builder, given[n]) for n in (k, k + 1))
                size, step = cgutils.unpack_tuple(builder, x.shape)  # type: ignore[no-untyped-call]
                with cgutils.for_range(builder, size) as loop:
                    row = builder.mul(loop.index, step)
                    one = builder.load(builder.gep(x.data, [builder.add(row, given[4])]))
                    at_y = builder.bitcast(builder.gep(y.data, [builder.add(row, given[5])]), words.as_pointer())
                    first = builder.insert_element(zero, one, ir.Constant(ir.IntType(32), 0))
                    both = builder.and_(builder.shuffle_vector(first, zero, everywhere), builder.load(at_y, align=8))
                    builder.store(moved(builder.load(total), builder.call(ones, [both])), total)
            into = context.make_array(signature.args[6])(context, builder, given[6])
            place = builder.bitcast(builder.gep(into.data, [given[7]]), small.as_pointer())
            change = builder.load(total) if kind == word else builder.trunc(builder.load(total), small)
            builder.store(builder.add(builder.load(place, align=kind.width // 8), change), place, kind.width // 8)
            return context.get_dummy_value()

        return types.void(new, others, old, before, types.intp, types.intp, cells, types.intp), write

    return intrinsic(count)


_count_lanes, _count_half = _counting(LANES), _counting(HALF)


@part
def _by_bits(rows: Any, columns: Any, bits: Any) -> Any:
    """True if pairs of so many bins are counted by ``bits`` (C, W, B)."""
    return max(rows, columns) <= bits.shape[2] and rows * columns <= MOST_CELLS


@part
def _count_bits(new: Any, others: Any, old: Any, before: Any, rows: Any, columns: Any, cells: Any) -> None:
    """Have rows come and go in the counts of two channels, cells (rows * columns,), by the words (W, B) of these."""
    at = 0
    for a in range(rows):
        b = 0
        while columns - b > HALF:
            _count_lanes(new, others, old, before, a, b, cells, at)
            at += LANES
            b += LANES
        if b < columns:
            _count_half(new, others, old, before, a, b, cells, at)
            at += HALF


@part
def _count_rows(a: Any, b: Any, gaps: bool, width: Any, missing: Any, cells: Any) -> None:
    """Count the rows of two channels' symbols (n,) in their cells, row by row."""
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


# Both in one took 1.2 times as long row by row.
@kernel
def slide(
    new: Any, old: Any, bits: Any, gappy: Any, stale: Any, missing: Any, widths: Any, below: Any, starts: Any,
    steps: Any, counts: Any, sums: Any, turns: Any,
) -> None:  # fmt: skip
    """Take the symbols ``old`` (C, m) out of all pairs of the channels whose ``turns`` these are, and put ``new`` in.

    ``new`` has shape (C, k). Of pairs with a channel that is ``stale`` nothing is counted, nor of those that are
    counted by ``bits`` (C, W, B), as ``slide_bits`` does. ``gappy`` (C,) says which channels miss a value in these
    rows; ``steps`` is by how much a table's entries grow.
    """
    channels = widths.size
    first, last = next_rows(turns, 0)
    while first < last:
        for i in range(first, last):
            if stale[i]:
                continue
            ni, oi = new[i], old[i]
            p = i * (2 * channels - i - 1) // 2
            for j in range(i + 1, channels):
                if not stale[j] and not _by_bits(widths[i], widths[j], bits):
                    at = starts[i] + widths[i] * (below[j] - below[i + 1])
                    cells, width = counts[at : at + widths[i] * widths[j]], np.uint64(widths[j])
                    if gappy[i] or gappy[j]:
                        sums[p] += _slide_gappy(ni, new[j], oi, old[j], width, missing, cells, steps)
                    else:
                        sums[p] += _slide_pair(ni, new[j], oi, old[j], width, cells, steps)
                p += 1
        first, last = next_rows(turns, last - first)


@kernel
def slide_bits(
    new: Any, old: Any, stale: Any, widths: Any, below: Any, starts: Any, f: Any, counts: Any, sums: Any, turns: Any,
) -> None:  # fmt: skip
    """The same by the words ``new`` and ``old`` (C, W, B) of these rows, of the pairs that are counted so."""
    first, last = next_rows(turns, 0)
    while first < last:
        for i in range(first, last):
            if not stale[i]:
                _slide_bits(i, new, old, stale, widths, below, starts, f, counts, sums)
        first, last = next_rows(turns, last - first)


# Written into the loop above this took 1.15 times as long; row by row it is the other way round.
@part
def _slide_bits(
    i: Any, new: Any, old: Any, stale: Any, widths: Any, below: Any, starts: Any, f: Any, counts: Any, sums: Any,
) -> None:  # fmt: skip
    """Slide the rows of the pairs of channel ``i`` with the later ones."""
    channels = widths.size
    p = i * (2 * channels - i - 1) // 2
    rows = widths[i]
    for j in range(i + 1, channels):
        if not stale[j] and _by_bits(rows, widths[j], new):
            at = starts[i] + rows * (below[j] - below[i + 1])
            cells = counts[at : at + rows * widths[j]]
            _count_bits(new[i], new[j], old[i], old[j], rows, widths[j], cells)
            sums[p] = sum_of(cells, f)
        p += 1


@allocating_kernel
def recount(
    symbols: Any, others: Any, bits: Any, other_bits: Any, gappy: Any, stale: Any, missing: Any, widths: Any,
    below: Any, starts: Any, f: Any, counts: Any, sums: Any, turns: Any,
) -> None:  # fmt: skip
    """Count symbols (C, n) anew, of the pairs of the channels whose ``turns`` these are with later ones.

    Only those with a channel that is ``stale`` (C,). The second of each pair is taken from ``others``, which has the
    shape of ``symbols``, and is it but for a null. Both have their words, as channel_rows.set_bits writes them.
    """
    channels = widths.size
    none = bits[0, :0]
    first, last = next_rows(turns, 0)
    while first < last:
        for i in range(first, last):
            p = i * (2 * channels - i - 1) // 2
            rows = widths[i]
            for j in range(i + 1, channels):
                if stale[i] or stale[j]:
                    at, columns = starts[i] + rows * (below[j] - below[i + 1]), widths[j]
                    cells = counts[at : at + rows * columns]
                    cells[:] = 0
                    if _by_bits(rows, columns, bits):
                        _count_bits(bits[i], other_bits[j], none, none, rows, columns, cells)
                    else:
                        _count_rows(symbols[i], others[j], gappy[i] or gappy[j], np.uint64(columns), missing, cells)
                    sums[p] = sum_of(cells, f)
                p += 1
        first, last = next_rows(turns, last - first)


@allocating_kernel
def sums_of_shifted(
    symbols: Any, others: Any, bits: Any, other_bits: Any, gappy: Any, missing: Any, widths: Any, f: Any, margins: Any,
    out: Any, turns: Any,
) -> None:  # fmt: skip
    """As channel_mi.sums_of_pairs, with the second channel of each pair from ``others`` (C, n), which are moved rows.

    Both have their words, as channel_rows.set_bits writes them. The counts are kept of one pair at a time.
    """
    channels, n = symbols.shape
    most = 0
    for c in range(channels):
        most = max(most, widths[c])
    held, none = np.empty(most * most, dtype=np.uint32), bits[0, :0]
    first, last = next_rows(turns, 0)
    while first < last:
        for i in range(first, last):
            p = i * (2 * channels - i - 1) // 2
            rows = widths[i]
            for j in range(i + 1, channels):
                columns = widths[j]
                cells, gaps = held[: rows * columns], gappy[i] or gappy[j]
                cells[:] = 0
                if _by_bits(rows, columns, bits):
                    _count_bits(bits[i], other_bits[j], none, none, rows, columns, cells)
                else:
                    _count_rows(symbols[i], others[j], gaps, np.uint64(columns), missing, cells)
                if gaps:
                    out[0, p], out[1, p], out[2, p], out[3, p] = sums_of(cells, rows, columns, f)
                else:
                    out[0, p], out[1, p], out[2, p], out[3, p] = n, margins[i], margins[j], sum_of(cells, f)
                p += 1
        first, last = next_rows(turns, last - first)
