"""The only compiled code: plain loops on preallocated arrays, results in ``out`` or in the arrays given.

Codes. An axis' code is a uint16: the symbol in the low 15 bits, ``CLIPPED`` set when the value lay outside the bins'
range, ``SKIP`` when it was not finite. A ring entry is ``x_code << 16 | y_code``, uint32: 4 bytes a pair.

State. ``state`` is int64, laid out by the constants below; everything in it is an exact integer.
"""

import math
from typing import Any, Final

import numpy as np
from numba import njit

CLIPPED: Final = 0x8000
SYMBOL: Final = 0x7FFF
SKIP: Final = 0xFFFF
MAX_SYMBOLS: Final = 0x7FFF  # the largest symbol is below it, so that no code reads as SKIP

HEAD, N, S_X, S_Y, S_XY, X_CLIPPED, Y_CLIPPED, PAIRS, CLIPPED_TOTAL, LATE, DROPPED = range(11)
STATE_SIZE: Final = 11


@njit(nogil=True, cache=True)
def bin_uniform(values: Any, low: float, high: float, count: int, out: Any) -> int:
    """Codes of equal-width bins, symbol = floor((v - low) * count / (high - low)); returns how many were not finite."""
    width = high - low
    top = float(count - 1)
    skipped = 0
    for k in range(values.size):
        v = values[k]
        # Clamped as floats: converting 1e300 or infinity to an integer is undefined.
        f = min(max((v - low) * count / width, 0.0), top)
        finite = abs(v) <= 1.7976931348623157e308
        outside = (v < low) | (v > high)
        code = np.int32(f) | (np.int32(outside) << 15)
        out[k] = code if finite else 0xFFFF
        skipped += not finite
    return skipped


@njit(nogil=True, cache=True)
def bin_edges(values: Any, low: float, high: float, inner: Any, out: Any) -> int:
    """Codes of the bins between ``low``, the inner edges and ``high``; returns how many values were not finite.

    ``inner`` holds the edges between the bins, padded with infinity to 2**d - 1, so that a search takes d steps. The
    steps are the outer loop over a block of values: with the values outside, the compiler makes a branch of the
    comparison, which is unpredictable (22 ns a value at 16 bins instead of 5; np.searchsorted 20).
    """
    at = np.empty(512, dtype=np.int64)
    skipped = 0
    for start in range(0, values.size, at.size):
        size = min(at.size, values.size - start)
        at[:size] = 0
        step = (inner.size + 1) >> 1
        while step > 0:
            for k in range(size):
                symbol = at[k]
                at[k] = symbol + step * np.int64(values[start + k] >= inner[symbol + step - 1])
            step >>= 1
        for k in range(size):
            v = values[start + k]
            finite = abs(v) <= 1.7976931348623157e308
            code = at[k] | (np.int64((v < low) | (v > high)) << 15)
            out[start + k] = code if finite else 0xFFFF
            skipped += not finite
    return skipped


@njit(nogil=True, cache=True)
def finite_pairs(x: Any, y: Any, finite: Any) -> int:
    """Write whether each pair is finite to ``finite`` (n,); returns how many are."""
    count = 0
    for k in range(x.size):
        both = (abs(x[k]) <= 1.7976931348623157e308) & (abs(y[k]) <= 1.7976931348623157e308)
        finite[k] = both
        count += both
    return count


@njit(nogil=True, cache=True)
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


# Indices are unsigned throughout: for a signed one the compiler adds Python's wrap-around at each access (14 instead of
# 9 ns a sample). Mixing the two would make a float, hence the typed constants.
_ONE: Final = np.uint64(1)
_TWO: Final = np.uint64(2)
_THREE: Final = np.uint64(3)
_SYMBOL: Final = np.uint64(SYMBOL)
_X: Final = np.uint64(16)
_X_FLAG: Final = np.uint64(31)
_FLAG: Final = np.uint64(15)


@njit(nogil=True, cache=True)
def _put(counts: Any, cell: Any, f: Any) -> Any:
    c = np.uint64(counts[cell])
    counts[cell] = c + _ONE
    return f[c + _ONE] - f[c]


@njit(nogil=True, cache=True)
def _take(counts: Any, cell: Any, f: Any) -> Any:
    c = np.uint64(counts[cell]) - _ONE
    counts[cell] = c
    return f[c + _ONE] - f[c]


@njit(nogil=True, cache=True)
def slide(
    x_codes: Any, y_codes: Any, ring: Any, state: Any, x_counts: Any, y_counts: Any, joint: Any,
    f: Any, whole: Any, unit_bits: float, floor: float, out: Any,
) -> None:  # fmt: skip
    """Push codes, none of them SKIP, into a count window of ``ring.size`` pairs; O(1) each.

    ``f`` and ``whole`` are the estimator's tables. With ``out`` of the codes' length, out[k] becomes ``max(floor, MI)``
    in bits after pair k; an empty ``out`` emits nothing.
    """
    size = ring.size
    y_size = np.uint64(y_counts.size)
    head, n = state[HEAD], state[N]
    s_x, s_y, s_xy = state[S_X], state[S_Y], state[S_XY]
    x_clipped, y_clipped, clipped = state[X_CLIPPED], state[Y_CLIPPED], state[CLIPPED_TOTAL]
    emit = out.size > 0
    total, scale = whole[n], unit_bits / max(n, 1)
    for k in range(x_codes.size):
        x, y = np.uint64(x_codes[k]), np.uint64(y_codes[k])
        i, j = x & _SYMBOL, y & _SYMBOL
        if n == size:
            # No branch on "symbol unchanged": it is unpredictable and costs more (17-27 ns) than the look-ups it saves.
            old = np.uint64(ring[head])
            i_old, j_old = old >> _X & _SYMBOL, old & _SYMBOL
            s_x -= _take(x_counts, i_old, f)
            s_y -= _take(y_counts, j_old, f)
            s_xy -= _take(joint, i_old * y_size + j_old, f)
            x_clipped -= np.int64(old >> _X_FLAG)
            y_clipped -= np.int64(old >> _FLAG & _ONE)
        else:
            n += 1
            total, scale = whole[n], unit_bits / n
        ring[head] = x << _X | y
        head = head + 1 if head + 1 < size else 0
        s_x += _put(x_counts, i, f)
        s_y += _put(y_counts, j, f)
        s_xy += _put(joint, i * y_size + j, f)
        x_clipped += np.int64(x >> _FLAG)
        y_clipped += np.int64(y >> _FLAG)
        clipped += np.int64((x | y) >> _FLAG)
        if emit:
            out[k] = max(floor, (total - s_x - s_y + s_xy) * scale)
    state[HEAD], state[N] = head, n
    state[S_X], state[S_Y], state[S_XY] = s_x, s_y, s_xy
    state[X_CLIPPED], state[Y_CLIPPED], state[CLIPPED_TOTAL] = x_clipped, y_clipped, clipped
    state[PAIRS] += x_codes.size


@njit(nogil=True, cache=True)
def refill(
    x_codes: Any, y_codes: Any, ring: Any, state: Any, x_counts: Any, y_counts: Any, joint: Any, f: Any,
) -> None:  # fmt: skip
    """``slide`` without ``out`` for at least as many codes as the window holds: the same state, to the last bit.

    Nothing is counted that would have left again (1 ns a sample instead of 6 where the window is much shorter).
    """
    size, m = ring.size, x_codes.size
    clipped = np.int64(0)
    for k in range(m):
        clipped += np.int64((x_codes[k] | y_codes[k]) >> 15)
    at = (state[HEAD] + m - size) % size
    for k in range(m - size, m):
        ring[at] = np.uint64(x_codes[k]) << _X | np.uint64(y_codes[k])
        at = at + 1 if at + 1 < size else 0
    x_counts[:], y_counts[:], joint[:] = 0, 0, 0
    state[HEAD], state[N] = at, size
    state[X_CLIPPED], state[Y_CLIPPED] = recount(ring, at, size, x_counts, y_counts, joint)
    table_sums(joint, x_counts, y_counts, f, state[S_X : S_XY + 1])
    state[CLIPPED_TOTAL] += clipped
    state[PAIRS] += m


@njit(nogil=True, cache=True)
def push(
    x: float, y: float, x_low: float, x_high: float, x_uniform: int, x_inner: Any, y_low: float, y_high: float,
    y_uniform: int, y_inner: Any, ring: Any, values: Any, state: Any, x_counts: Any, y_counts: Any, joint: Any, f: Any,
    whole: Any, unit_bits: float, floor: float,
) -> float:  # fmt: skip
    """``slide`` for one pair, coded here and written to the ring of ``values`` (2, capacity); returns MI in bits.

    An axis is (low, high, number of equal-width bins, or 0 and the edges between the bins). A pair that is not finite
    changes nothing and returns NaN. All in one call: a call from Python costs more than the work.
    """
    value, code, mi = np.empty(2), np.empty((2, 1), dtype=np.uint16), np.empty(1)
    value[0], value[1] = x, y
    if x_uniform:
        skipped = bin_uniform(value[:1], x_low, x_high, x_uniform, code[0])
    else:
        skipped = bin_edges(value[:1], x_low, x_high, x_inner, code[0])
    if y_uniform:
        skipped += bin_uniform(value[1:], y_low, y_high, y_uniform, code[1])
    else:
        skipped += bin_edges(value[1:], y_low, y_high, y_inner, code[1])
    if skipped:
        return np.nan
    head = state[HEAD]
    values[0, head], values[1, head] = x, y
    slide(code[0], code[1], ring, state, x_counts, y_counts, joint, f, whole, unit_bits, floor, mi)
    return mi[0]  # type: ignore[no-any-return]


@njit(nogil=True, cache=True)
def slide_span(
    x_codes: Any, y_codes: Any, t: Any, span: float, limit: int, ring: Any, times: Any, state: Any,
    x_counts: Any, y_counts: Any, joint: Any, f: Any,
) -> int:  # fmt: skip
    """Push codes with times that never step back into a window of ``span`` seconds; returns how many were taken.

    It stops early when the ring is full of pairs that are all still inside, so that the caller can make room; with
    ``limit`` pairs inside, the oldest leaves early. ``f`` is the estimator's table.
    """
    capacity = ring.size
    y_size = np.uint64(y_counts.size)
    head, n = state[HEAD], state[N]
    s_x, s_y, s_xy = state[S_X], state[S_Y], state[S_XY]
    x_clipped, y_clipped, clipped = state[X_CLIPPED], state[Y_CLIPPED], state[CLIPPED_TOTAL]
    tail = head - n if head >= n else head - n + capacity
    taken = 0
    for k in range(x_codes.size):
        oldest = t[k] - span
        while n > 0 and (times[tail] <= oldest or n == limit):
            old = np.uint64(ring[tail])
            i_old, j_old = old >> _X & _SYMBOL, old & _SYMBOL
            s_x -= _take(x_counts, i_old, f)
            s_y -= _take(y_counts, j_old, f)
            s_xy -= _take(joint, i_old * y_size + j_old, f)
            x_clipped -= np.int64(old >> _X_FLAG)
            y_clipped -= np.int64(old >> _FLAG & _ONE)
            tail = tail + 1 if tail + 1 < capacity else 0
            n -= 1
        if n == capacity:
            break
        x, y = np.uint64(x_codes[k]), np.uint64(y_codes[k])
        i, j = x & _SYMBOL, y & _SYMBOL
        n += 1
        ring[head] = x << _X | y
        times[head] = t[k]
        head = head + 1 if head + 1 < capacity else 0
        s_x += _put(x_counts, i, f)
        s_y += _put(y_counts, j, f)
        s_xy += _put(joint, i * y_size + j, f)
        x_clipped += np.int64(x >> _FLAG)
        y_clipped += np.int64(y >> _FLAG)
        clipped += np.int64((x | y) >> _FLAG)
        taken += 1
    state[HEAD], state[N] = head, n
    state[S_X], state[S_Y], state[S_XY] = s_x, s_y, s_xy
    state[X_CLIPPED], state[Y_CLIPPED], state[CLIPPED_TOTAL] = x_clipped, y_clipped, clipped
    state[PAIRS] += taken
    return taken


@njit(nogil=True, cache=True)
def admit(t: Any, times: Any, size: int, span: float, newest: float, state: Any, clock: Any, kept: Any) -> int:
    """Decide which pairs belong to the window by their times; returns how many do.

    A time below the newest is late. A late pair is kept, at the newest time, unless it is older than the window: by
    ``span`` seconds, or, in a count window (``size`` > 0) that is full, older than its oldest pair. ``clock[:m]``
    receives the kept pairs' times and ``kept`` which they are.
    """
    m = 0
    head, n, capacity = state[HEAD], state[N], times.size
    for k in range(t.size):
        time = t[k]
        keep = True
        if time < newest:
            state[LATE] += 1
            if size > 0:
                if n + m >= size:
                    oldest = clock[m - size] if m >= size else times[(head - min(n, size - m) + capacity) % capacity]
                    keep = not time < oldest
            else:
                keep = not time <= newest - span
            state[DROPPED] += not keep
            time = newest
        kept[k] = keep
        if keep:
            clock[m] = time
            newest = time
            m += 1
    return m


@njit(nogil=True, cache=True)
def recount(ring: Any, head: int, n: int, x_counts: Any, y_counts: Any, joint: Any) -> tuple[Any, Any]:
    """Count the ring's newest ``n`` entries, up to ``head``, into cleared arrays; returns the clipped x and y."""
    y_size = y_counts.size
    x_clipped = y_clipped = np.int64(0)
    at = head - n if head >= n else head - n + ring.size
    for _ in range(n):
        entry = np.int64(ring[at])
        i, j = entry >> 16 & SYMBOL, entry & SYMBOL
        x_counts[i] += 1
        y_counts[j] += 1
        joint[i * y_size + j] += 1
        x_clipped += entry >> 31
        y_clipped += entry >> 15 & 1
        at = at + 1 if at + 1 < ring.size else 0
    return x_clipped, y_clipped


@njit(nogil=True, cache=True)
def _centre(values: Any) -> bool:
    """Put values (n,) on a scale of about 1 around their mean, in place; returns whether they are all the same.

    Halved and multiplied by a power of two, both exact, so that neither 1e308 nor 1e-308 is lost.
    """
    first = values[0] * 0.5
    for k in range(values.size):
        values[k] = values[k] * 0.5 - first
    reach = _reach(values)
    if reach == 0.0:
        return True
    factor = math.ldexp(1.0, -max(math.frexp(reach)[1], -1021))  # 2**1022 and more would be infinite
    for k in range(values.size):
        values[k] *= factor
    mean = _sum(values) / values.size
    for k in range(values.size):
        values[k] -= mean
    return False


# Four results side by side, in an order that no compiler changes; one waits for its adder (3 times slower).
@njit(nogil=True, cache=True)
def _reach(a: Any) -> float:
    r0 = r1 = r2 = r3 = 0.0
    whole = a.size - a.size % 4
    for k in range(0, whole, 4):
        at = np.uint64(k)
        r0 = max(r0, abs(a[at]))
        r1 = max(r1, abs(a[at + _ONE]))
        r2 = max(r2, abs(a[at + _TWO]))
        r3 = max(r3, abs(a[at + _THREE]))
    for k in range(whole, a.size):
        r0 = max(r0, abs(a[k]))
    return max(max(r0, r1), max(r2, r3))


@njit(nogil=True, cache=True)
def _sum(a: Any) -> float:
    s0 = s1 = s2 = s3 = 0.0
    whole = a.size - a.size % 4
    for k in range(0, whole, 4):
        at = np.uint64(k)
        s0 += a[at]
        s1 += a[at + _ONE]
        s2 += a[at + _TWO]
        s3 += a[at + _THREE]
    for k in range(whole, a.size):
        s0 += a[k]
    return (s0 + s1) + (s2 + s3)


@njit(nogil=True, cache=True)
def _dot(a: Any, b: Any) -> float:
    s0 = s1 = s2 = s3 = 0.0
    whole = a.size - a.size % 4
    for k in range(0, whole, 4):
        at = np.uint64(k)
        s0 += a[at] * b[at]
        s1 += a[at + _ONE] * b[at + _ONE]
        s2 += a[at + _TWO] * b[at + _TWO]
        s3 += a[at + _THREE] * b[at + _THREE]
    for k in range(whole, a.size):
        s0 += a[k] * b[k]
    return (s0 + s1) + (s2 + s3)


@njit(nogil=True, cache=True)
def correlation(x: Any, y: Any) -> tuple[float, bool, bool]:
    """Pearson r of x and y (n,), NaN for a constant, and whether each is constant; overwrites them.

    A sum kept incrementally would never get rid of the rounding of a spike that has left the window.
    """
    x_constant, y_constant = _centre(x), _centre(y)
    if x_constant or y_constant:
        return np.nan, x_constant, y_constant
    xy, xx, yy = _dot(x, y), _dot(x, x), _dot(y, y)
    return max(-1.0, min(1.0, xy / np.sqrt(xx * yy))), False, False


@njit(nogil=True, cache=True)
def compare(values: Any, head: int, n: int) -> tuple[float, bool, bool, int, int]:
    """Of the newest ``n`` values (2, capacity) of two rings, up to ``head``: ``correlation``, and each one's final run.

    A final run is how many of the newest values are the same as the newest one.
    """
    # From the oldest to the newest: a sum's last bit must not depend on where the ring begins.
    x, y = np.empty(n), np.empty(n)
    first = n - head if head < n else 0  # pairs before the ring's end
    x[:first], y[:first] = values[0, values.shape[1] - first :], values[1, values.shape[1] - first :]
    x[first:], y[first:] = values[0, head - n + first : head], values[1, head - n + first : head]
    x_run, y_run = _final_run(x), _final_run(y)
    r, x_constant, y_constant = correlation(x, y)
    return r, x_constant, y_constant, x_run, y_run


@njit(nogil=True, cache=True)
def _final_run(values: Any) -> int:
    run = 1
    while run < values.size and values[values.size - 1 - run] == values[values.size - 1]:
        run += 1
    return run


@njit(nogil=True, cache=True)
def summarise(
    joint: Any, x_counts: Any, y_counts: Any, n: int, f: Any, g: Any, unit_bits: float, sums: Any, moments: Any
) -> None:
    """All that a reading needs of the counts of ``n`` pairs, in one pass over them.

    ``f`` is the plug-in table, ``g`` another's, both in ``unit_bits``; their S_x, S_y, S_xy go to sums (2, 3), exact.
    To moments (4,) go the second moments (bits squared) for the delta method: of log p(x), log p(y), log p(x,y) and
    the pointwise MI. As f(c) = c log2 c, no logarithm is taken.
    """
    y_size = y_counts.size
    log_n = f[n] * unit_bits / n  # of the table too: the logarithm of a certainty is exactly 0
    x_logs, y_logs = np.zeros(x_counts.size), np.zeros(y_size)
    sums[:] = 0
    moments[:] = 0.0
    for side, counts, logs in ((0, x_counts, x_logs), (1, y_counts, y_logs)):
        for k in range(counts.size):
            c = np.uint64(counts[k])
            if c > 0:
                sums[0, side] += f[c]
                sums[1, side] += g[c]
                logs[k] = f[c] * unit_bits / c - log_n
                moments[side] += c * logs[k] ** 2
    f_xy = g_xy = np.int64(0)
    log_p2 = pointwise2 = 0.0
    for i in range(x_counts.size):
        if x_counts[i] == 0:
            continue
        row, x_log = joint[i * y_size : (i + 1) * y_size], x_logs[i]
        for j in range(y_size):
            c = np.uint64(row[j])
            if c > 0:
                f_xy += f[c]
                g_xy += g[c]
                log_p = f[c] * unit_bits / c - log_n
                log_p2 += c * log_p**2
                pointwise2 += c * (log_p - x_log - y_logs[j]) ** 2
    sums[0, 2], sums[1, 2] = f_xy, g_xy
    moments[2], moments[3] = log_p2, pointwise2
    moments /= n


@njit(nogil=True, cache=True)
def batch_means(ring: Any, head: int, n: int, x_counts: Any, y_counts: Any, joint: Any, out: Any) -> None:
    """Means of the pointwise MI (bits) over as many runs of pairs, all of one length, as ``out`` has places.

    Of the ring's newest ``n`` entries, up to ``head``, oldest first; the counts are theirs.
    """
    y_size = y_counts.size
    logs = np.zeros(joint.size)
    for i in range(x_counts.size):
        for j in range(y_size):
            c = joint[i * y_size + j]
            if c > 0:
                logs[i * y_size + j] = np.log2(c * float(n) / (float(x_counts[i]) * y_counts[j]))
    length = n // out.size
    at = head - length * out.size
    for batch in range(out.size):
        total = 0.0
        for k in range(at, at + length):
            entry = np.int64(ring[k if k >= 0 else k + ring.size])
            total += logs[(entry >> 16 & SYMBOL) * y_size + (entry & SYMBOL)]
        out[batch] = total / length
        at += length


@njit(nogil=True, cache=True)
def table_sums(joint: Any, x_counts: Any, y_counts: Any, f: Any, out: Any) -> None:
    """S_x, S_y, S_xy of one estimator's table from the counts; exact integers into ``out`` (3,)."""
    out[:] = 0
    for c in x_counts:
        out[0] += f[c]
    for c in y_counts:
        out[1] += f[c]
    for c in joint:
        out[2] += f[c]


@njit(nogil=True, cache=True)
def count_delays(x: Any, y: Any, delays: Any, starts: Any, first: int, last: int, step: int, joint: Any) -> None:
    """Add ``step`` (1 or -1) to the joint counts (D, Bx, By) of each delay for the later places [first, last).

    At delay L >= 0 the pair of place s is (x[s - L], y[s]), at L < 0 it is (x[s], y[s + L]); places before starts[d]
    have no partner and are left out. One delay after the other over all samples: its histogram and the symbols stay in
    the first-level cache (1.5 ns per delay and sample to evict one pair and add one).
    """
    width = np.uint64(joint.shape[2])
    flat = joint.reshape(joint.shape[0], joint.shape[1] * joint.shape[2])
    change = np.uint32(step)
    for d in range(delays.size):
        counts = flat[d]
        start = max(first, starts[d])
        size = last - start
        if size <= 0:
            continue
        ahead = max(delays[d], 0)
        behind = max(-delays[d], 0)
        i, j = x[start - ahead : last - ahead], y[start - behind : last - behind]
        for k in range(size):
            counts[np.uint64(i[k]) * width + np.uint64(j[k])] += change


@njit(nogil=True, cache=True)
def delay_sums(joint: Any, f: Any, sums: Any, pairs: Any) -> None:
    """For each joint histogram (D, Bx, By): S_x + S_y - S_xy of the table ``f`` into sums (D,), totals into pairs."""
    x_size, y_size = joint.shape[1], joint.shape[2]
    columns = np.empty(y_size, dtype=np.int64)
    for d in range(joint.shape[0]):
        columns[:] = 0
        total = np.int64(0)
        n = np.int64(0)
        for i in range(x_size):
            row = np.int64(0)
            for j in range(y_size):
                c = np.int64(joint[d, i, j])
                row += c
                columns[j] += c
                total -= f[c]
            total += f[row]
            n += row
        for j in range(y_size):
            total += f[columns[j]]
        sums[d], pairs[d] = total, n
