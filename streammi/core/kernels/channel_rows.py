"""Rows of many channels: values to symbols in a ring, and what is counted of each channel by itself.

Symbols are unsigned, of one byte where all bins allow it; the largest number of their type, ``missing``, stands for a
value that is not there. Threads share the channels out among themselves by ``turns``, see core.kernels.turns.
"""

from typing import Any, Final

import numpy as np

from streammi.core.kernels.coding import LARGEST, bin_edges, bin_uniform, code_of
from streammi.core.kernels.compiled import allocating_kernel, kernel, part
from streammi.core.kernels.state_layout import SKIP, SYMBOL
from streammi.core.kernels.turns import next_rows

FEW_ROWS: Final = 8  # that are coded one by one: a live feed has one at a time
SIDE_BY_SIDE: Final = 32  # channels, the values of which are side by side where they come from
PIECE: Final = 256  # rows at a time: so many values of several channels stay in the second-level cache
WORD: Final = 64
_ONE: Final = np.uint64(1)


@allocating_kernel
def take_in(
    values: Any, rows: int, across: int, along: int, place: int, ring: Any, equal: Any, low: Any, high: Any, bins: Any,
    inner: Any, learnt: Any, missing: Any, at: int, symbols: Any, seen: Any, absent: Any, clipped: Any, turns: Any,
) -> None:  # fmt: skip
    """Write rows of C channels into ``ring`` (C, capacity) from ``place`` on, and their symbols into another.

    Row k has the value of channel c at ``values[k * along + c * across]``; one that is not finite is NaN in the ring.
    ``symbols`` (C, its capacity) are written from ``at`` on. Bins are of equal width where ``equal`` (C,) says so, else
    between ``inner`` (C, 2**d - 1): see core.kernels.coding. How many values were there, were not finite, or outside of
    a range that was not ``learnt`` (C,), is added to ``seen``, ``absent`` and ``clipped``, (C,) each.

    Several channels at a time, which have their values side by side in a row: one by one each value of 256 channels
    was a line of memory anew, since all rows begin at the same few places of the cache.
    """
    held = np.empty((SIDE_BY_SIDE, min(rows, PIECE) + 8))  # not all of which begin at one place of the cache
    codes = np.empty(min(rows, PIECE), dtype=np.uint16)
    first, last = next_rows(turns, 0)
    while first < last:
        for start in range(0, rows, PIECE):
            size = min(rows - start, PIECE)
            for k in range(size):
                from_ = np.uint64((start + k) * along + first * across)
                for c in range(last - first):
                    held[c, k] = values[from_]
                    from_ += np.uint64(across)
            for c in range(first, last):
                mine, its = held[c - first, :size], codes[:size]
                for k in range(size):
                    v = mine[k]
                    mine[k] = v if abs(v) <= LARGEST else np.nan
                _write(mine, (place + start) % ring.shape[1], ring[c])
                if size < FEW_ROWS and not equal[c]:
                    for k in range(size):
                        its[k] = code_of(mine[k], low[c], high[c], inner[c])
                elif equal[c]:
                    bin_uniform(mine, low[c], high[c], bins[c], its)
                else:
                    bin_edges(mine, low[c], high[c], inner[c], its)
                skipped, outside = write_codes(its, missing, (at + start) % symbols.shape[1], symbols[c])
                seen[c] += size - skipped
                absent[c] += skipped
                clipped[c] += 0 if learnt[c] else outside
        first, last = next_rows(turns, last - first)


@part
def _write(values: Any, place: Any, ring: Any) -> None:
    """Write values (k,) into a ring (capacity,) from ``place`` on: those that nothing later is written over."""
    k = max(values.size - ring.size, 0)
    at = (place + k) % ring.size
    while k < values.size:
        size = min(values.size - k, ring.size - at)
        into, some = ring[at : at + size], values[k : k + size]
        for one in range(size):
            into[one] = some[one]
        k += size
        at = 0


@kernel
def write_codes(codes: Any, missing: Any, at: int, symbols: Any) -> tuple[Any, Any]:
    """Write the symbols of codes (k,) into a ring (capacity,) from the place ``at`` on.

    Returns how many of them are of no value, and how many of one outside the bins' range. As many at a time as there
    are places up to the ring's end: with a look at each whether it is the last, a value cost four times as much.
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
    return skipped, clips - skipped


@kernel
def count_own(
    new: Any, old: Any, missing: Any, which: Any, widths: Any, margins: Any, absent: Any, gappy: Any, new_words: Any,
    old_words: Any, turns: Any,
) -> None:  # fmt: skip
    """Count the symbols ``new`` (C, k) in the channels' own counts, ``margins`` (C, B), and take ``old`` (C, m) out.

    Of those in ``which`` (C,) alone. ``absent`` (C,) counts what is missing; ``gappy`` (C,) says if something is in
    these rows, of the others if something is at all. The words of both are written as ``set_bits`` has it.
    """
    first, last = next_rows(turns, 0)
    while first < last:
        for c in range(first, last):
            if which[c]:
                gone, come = _count(old[c], missing, -1, margins[c]), _count(new[c], missing, 1, margins[c])
                absent[c] += come - gone
                gappy[c] = come + gone > 0
            else:
                gappy[c] = absent[c] > 0
            if widths[c] <= new_words.shape[2]:
                _set_bits(new[c], missing, new_words[c])
                _set_bits(old[c], missing, old_words[c])
        first, last = next_rows(turns, last - first)


@part
def _count(symbols: Any, missing: Any, step: Any, counts: Any) -> Any:
    """Add ``step`` to the count of each of symbols (n,); returns how many are missing."""
    absent = 0
    for t in range(symbols.size):
        symbol = symbols[t]
        if symbol == missing:
            absent += 1
        else:
            counts[np.uint64(symbol)] += step
    return absent


@kernel
def set_bits(symbols: Any, missing: Any, widths: Any, out: Any) -> None:
    """Write the words of symbols (C, n) to ``out`` (C, W, B): bit t % 64 of out[c, t // 64, s] is set for symbol s.

    Of channels with more than B bins nothing is written.
    """
    for c in range(symbols.shape[0]):
        if widths[c] <= out.shape[2]:
            _set_bits(symbols[c], missing, out[c])


@part
def _set_bits(symbols: Any, missing: Any, words: Any) -> None:
    for w in range(words.shape[0]):
        for b in range(words.shape[1]):
            words[w, b] = 0
        for t in range(w * WORD, min((w + 1) * WORD, symbols.size)):
            symbol = symbols[t]
            if symbol != missing:
                words[w, symbol] |= _ONE << np.uint64(t % WORD)


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
