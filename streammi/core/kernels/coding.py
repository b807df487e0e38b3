"""Values to codes, and where equal-frequency bins begin."""

from typing import Any, Final

import numpy as np

from streammi.core.kernels.arrays import integers
from streammi.core.kernels.compiled import apart, kernel, part

BLOCK: Final = 512  # values searched at a time
LARGEST: Final = 1.7976931348623157e308  # finite
_NONE: Final = np.uint64(0)
_ONE: Final = np.uint64(1)


@apart
@kernel
def bin_uniform(values: Any, low: float, high: float, count: int, out: Any) -> int:
    """Codes of equal-width bins, symbol = floor((v - low) * count / (high - low)); returns how many were not finite."""
    skipped = 0
    for k in range(values.size):
        v = values[k]
        finite = abs(v) <= LARGEST
        code = uniform_code(v, low, high, count)
        out[k] = code if finite else 0xFFFF
        skipped += not finite
    return skipped


@part
def uniform_code(v: Any, low: float, high: float, count: int) -> Any:
    """As ``bin_uniform``, of one value that is finite."""
    # Clamped as floats: converting 1e300 or infinity to an integer is undefined.
    f = min(max((v - low) * count / (high - low), 0.0), float(count - 1))
    outside = (v < low) | (v > high)
    return np.int32(f) | (np.int32(outside) << 15)


@apart
@kernel
def bin_edges(values: Any, low: float, high: float, inner: Any, out: Any) -> int:
    """Codes of the bins between ``low``, the inner edges and ``high``; returns how many values were not finite.

    ``inner`` holds the edges between the bins, padded with infinity to 2**d - 1, so that a search takes d steps. The
    steps are the outer loop over a block of values: with the values outside, the compiler makes a branch of the
    comparison, which is unpredictable (22 ns a value at 16 bins instead of 2; np.searchsorted 20).
    """
    at = integers(BLOCK)
    skipped = 0
    for start in range(0, values.size, BLOCK):
        some, codes = values[start : start + BLOCK], out[start : start + BLOCK]
        for k in range(some.size):
            at[k] = 0
        step = np.uint64(inner.size + 1) >> _ONE
        while step > _NONE:
            # Unsigned, and no product: with Python's wrap-around at each look-up it was 6 ns.
            for k in range(some.size):
                symbol = np.uint64(at[k])
                at[k] = symbol + (step if some[k] >= inner[symbol + step - _ONE] else _NONE)
            step >>= _ONE
        for k in range(some.size):
            v = some[k]
            finite = abs(v) <= LARGEST
            code = at[k] | (np.int64((v < low) | (v > high)) << 15)
            codes[k] = code if finite else 0xFFFF
            skipped += not finite
    return skipped


@part
def code_of(v: Any, low: float, high: float, inner: Any) -> Any:
    """As ``bin_edges``, of one value: without the block, which takes four times as long to have as to fill."""
    symbol, step = np.int64(0), (inner.size + 1) >> 1
    while step > 0:
        symbol += step * np.int64(v >= inner[symbol + step - 1])
        step >>= 1
    finite = abs(v) <= LARGEST
    return symbol | (np.int64((v < low) | (v > high)) << 15) if finite else np.int64(0xFFFF)


@kernel
def finite_pairs(x: Any, y: Any, finite: Any) -> int:
    """Write whether each pair is finite to ``finite`` (n,); returns how many are."""
    count = 0
    for k in range(x.size):
        both = (abs(x[k]) <= LARGEST) & (abs(y[k]) <= LARGEST)
        finite[k] = both
        count += both
    return count


@kernel
def equal_frequency(ordered: Any, count: int, out: Any) -> int:
    """Lower edges of at most ``count`` bins that hold equally many of the sorted values; returns how many there are.

    Only comparisons of values decide, so any increasing transform of the values has the same bins. So has a decreasing
    one where all values differ, unless the middle value lies on an edge. A value that is heavier than a bin's share
    gets a bin of its own, and the rest is shared out among the remaining bins.
    """
    n = ordered.size
    distinct = 1
    for k in range(1, n):
        distinct += ordered[k] != ordered[k - 1]
    out[0] = ordered[0]
    if distinct == n and count <= n:
        for k in range(1, count):  # the edge nearest to k n / count, of two the one nearer to the middle
            mirrored = min(k, count - k)
            place = (2 * mirrored * n + count) // (2 * count)
            out[k] = ordered[place if mirrored == k else n - place]
        return count
    made = 1
    held = 0  # values in the open bin
    left = n  # values in the open bin and above
    start = 0
    while start < n:
        stop = start + 1
        while stop < n and ordered[stop] == ordered[start]:
            stop += 1
        ties = stop - start
        full = 2 * (held * (count - made + 1) - left) + ties * (count - made + 1) > 0
        if held > 0 and made < count and (full or distinct <= count):
            out[made] = ordered[start]
            made += 1
            left -= held
            held = 0
        held += ties
        start = stop
    return made
