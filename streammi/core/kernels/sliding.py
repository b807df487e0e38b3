"""Pairs into the window and out of it: counts and entropy sums, O(1) each."""

from typing import Any, Final

import numpy as np

from streammi.core.kernels.compiled import apart, kernel, part
from streammi.core.kernels.counting import ONE, put, take
from streammi.core.kernels.nested import HELD, extrapolated, of_pairs
from streammi.core.kernels.state_layout import (
    C_X,
    C_XY,
    C_Y,
    CLIPPED_TOTAL,
    HEAD,
    PAIRS,
    S_X,
    S_XY,
    S_Y,
    SYMBOL,
    X_CLIPPED,
    Y_CLIPPED,
    N,
)

# Typed, as all indices are: see core.kernels.counting.
_SYMBOL: Final = np.uint64(SYMBOL)
_X: Final = np.uint64(16)
_X_FLAG: Final = np.uint64(31)
_FLAG: Final = np.uint64(15)
_MANY: Final = 8


# Three kernels share these: a call that takes six numbers and hands six back is inlined. Written out in each of them, a
# sample cost 0.97 to 1.07 times as much.
@part
def _enter(x: Any, y: Any, x_counts: Any, y_counts: Any, joint: Any, f: Any, sums: Any) -> Any:
    """Count the pair of codes ``x`` and ``y``; returns ``sums`` (S_x, S_y, S_xy, clipped x, y and pairs) with it."""
    s_x, s_y, s_xy, x_clipped, y_clipped, clipped = sums
    i, j = x & _SYMBOL, y & _SYMBOL
    return (
        s_x + put(x_counts, i, f),
        s_y + put(y_counts, j, f),
        s_xy + put(joint, i * np.uint64(y_counts.size) + j, f),
        x_clipped + np.int64(x >> _FLAG),
        y_clipped + np.int64(y >> _FLAG),
        clipped + np.int64((x | y) >> _FLAG),
    )


@part
def _leave(entry: Any, x_counts: Any, y_counts: Any, joint: Any, f: Any, sums: Any) -> Any:
    """Take the pair of a ring entry out of the counts; returns ``sums`` without it, the last, a total, as it was."""
    s_x, s_y, s_xy, x_clipped, y_clipped, clipped = sums
    old = np.uint64(entry)
    i, j = old >> _X & _SYMBOL, old & _SYMBOL
    return (
        s_x - take(x_counts, i, f),
        s_y - take(y_counts, j, f),
        s_xy - take(joint, i * np.uint64(y_counts.size) + j, f),
        x_clipped - np.int64(old >> _X_FLAG),
        y_clipped - np.int64(old >> _FLAG & ONE),
        clipped,
    )


# Of the coarse bins, where there are any: ``nest`` is (x_parts, y_parts, x_counts, y_counts, joint, weight), see
# core.kernels.nested, or None, for which all this is left out when a kernel is compiled: so the loops ask as well, a
# call of a part that does nothing costs 0.7 ns a sample of 7.5.
@part
def _enter_coarse(x: Any, y: Any, nest: Any, f: Any, sums: Any) -> Any:
    if nest is None:
        return sums
    x_parts, y_parts, x_counts, y_counts, joint, _, _ = nest
    i, j = x_parts[x & _SYMBOL], y_parts[y & _SYMBOL]
    return (
        sums[0] + put(x_counts, i, f),
        sums[1] + put(y_counts, j, f),
        sums[2] + put(joint, i * np.uint64(y_counts.size) + j, f),
    )


@part
def _leave_coarse(entry: Any, nest: Any, f: Any, sums: Any) -> Any:
    if nest is None:
        return sums
    x_parts, y_parts, x_counts, y_counts, joint, _, _ = nest
    old = np.uint64(entry)
    i, j = x_parts[old >> _X & _SYMBOL], y_parts[old & _SYMBOL]
    return (
        sums[0] - take(x_counts, i, f),
        sums[1] - take(y_counts, j, f),
        sums[2] - take(joint, i * np.uint64(y_counts.size) + j, f),
    )


@part
def _bits(sums: Any, coarse: Any, nest: Any, total: Any, scale: float, known: Any, floor: float) -> float:
    """MI in bits, of the sums times ``scale``: W(N) is ``total``, the rest as nested.extrapolated takes it."""
    fine = (total - sums[0] - sums[1] + sums[2]) * scale
    if nest is None:
        return max(floor, fine)  # type: ignore[no-any-return]
    entropies = (2 * total - sums[0] - sums[1]) * scale
    below = (total - coarse[0] - coarse[1] + coarse[2]) * scale
    return extrapolated(fine, below, entropies, nest[6][np.uint64(sums[2] & HELD)], known, nest[5])


@part
def _known(n: Any, nest: Any) -> Any:
    return None if nest is None else of_pairs(n)


@part
def _load(state: Any) -> Any:
    return state[S_X], state[S_Y], state[S_XY], state[X_CLIPPED], state[Y_CLIPPED], state[CLIPPED_TOTAL]


@part
def _load_coarse(state: Any) -> Any:
    return state[C_X], state[C_Y], state[C_XY]


@part
def _store(state: Any, sums: Any, coarse: Any) -> None:
    state[C_X], state[C_Y], state[C_XY] = coarse
    state[S_X], state[S_Y], state[S_XY], state[X_CLIPPED], state[Y_CLIPPED], state[CLIPPED_TOTAL] = sums


@kernel
def slide(
    x_codes: Any, y_codes: Any, ring: Any, state: Any, x_counts: Any, y_counts: Any, joint: Any, nest: Any,
    f: Any, whole: Any, unit_bits: float, floor: float, out: Any,
) -> None:  # fmt: skip
    """Push codes, none of them SKIP, into a count window of ``ring.size`` pairs; O(1) each.

    ``f`` and ``whole`` are the estimator's tables, ``nest`` the coarse bins, or None. With ``out`` of the codes'
    length, out[k] becomes ``max(floor, MI)`` in bits after pair k; an empty ``out`` emits nothing.
    """
    counts = x_counts, y_counts, joint
    if out.size > 0:
        slide_each(x_codes, y_codes, ring, state, counts, nest, f, whole, unit_bits, floor, out)
    elif _many(x_codes, joint):
        slide_each(x_codes, y_codes, ring, state, counts, nest, None, whole, unit_bits, floor, None)
        _sum_up(state, counts, nest, f)
    else:
        slide_each(x_codes, y_codes, ring, state, counts, nest, f, whole, unit_bits, floor, None)


@part
def _many(codes: Any, joint: Any) -> bool:
    """True if so many pairs come that their sums take less time of all counts at the end than at each pair.

    16 bins, 125 pairs: 2 ns a pair instead of 6; 30 bins, 4,096 pairs: 4 instead of 8.
    """
    return _MANY * codes.size >= joint.size  # type: ignore[no-any-return]


@part
def slide_each(
    x_codes: Any, y_codes: Any, ring: Any, state: Any, counts: Any, nest: Any, f: Any, whole: Any, unit_bits: float,
    floor: float, out: Any,
) -> None:  # fmt: skip
    """``slide`` of few pairs; where ``f`` is None, the sums are left as they are, and with an ``out`` of None no MI is.

    To ask at each pair whether there is an ``out`` took 0.5 ns of 8: not even a loop without that came of it.
    """
    size = ring.size
    x_counts, y_counts, joint = counts
    head, n = state[HEAD], state[N]
    sums, coarse = _load(state), _load_coarse(state)
    total, scale, known = whole[n], unit_bits / max(n, 1), _known(n, nest)
    for k in range(x_codes.size):
        x, y = np.uint64(x_codes[k]), np.uint64(y_codes[k])
        if n == size:
            # No branch on "symbol unchanged": it is unpredictable and costs more (17-27 ns) than the look-ups it saves.
            entry = ring[head]
            sums = _leave(entry, x_counts, y_counts, joint, f, sums)
            if nest is not None:
                coarse = _leave_coarse(entry, nest, f, coarse)
        else:
            n += 1
            total, scale, known = whole[n], unit_bits / n, _known(n, nest)
        ring[head] = x << _X | y
        head = head + 1 if head + 1 < size else 0
        sums = _enter(x, y, x_counts, y_counts, joint, f, sums)
        if nest is not None:
            coarse = _enter_coarse(x, y, nest, f, coarse)
        if out is not None:
            out[k] = _bits(sums, coarse, nest, total, scale, known, floor)
    state[HEAD], state[N] = head, n
    _store(state, sums, coarse)
    state[PAIRS] += x_codes.size


@part
def slide_one(
    x: Any, y: Any, ring: Any, state: Any, counts: Any, nest: Any, f: Any, whole: Any, unit_bits: float, floor: float
) -> float:  # fmt: skip
    """``slide`` of one pair of codes; returns what it would emit. A loop of one took three times as long to compile."""
    x_counts, y_counts, joint = counts
    head, n = state[HEAD], state[N]
    sums, coarse = _load(state), _load_coarse(state)
    if n == ring.size:
        entry = ring[head]
        sums = _leave(entry, x_counts, y_counts, joint, f, sums)
        if nest is not None:
            coarse = _leave_coarse(entry, nest, f, coarse)
    else:
        n += 1
    ring[head] = x << _X | y
    sums = _enter(x, y, x_counts, y_counts, joint, f, sums)
    if nest is not None:
        coarse = _enter_coarse(x, y, nest, f, coarse)
    state[HEAD], state[N] = head + 1 if head + 1 < ring.size else 0, n
    _store(state, sums, coarse)
    state[PAIRS] += 1
    return _bits(sums, coarse, nest, whole[n], unit_bits / n, _known(n, nest), floor)


@part
def _sum_up(state: Any, counts: Any, nest: Any, f: Any) -> None:
    """Write the sums of ``f`` over the counts to ``state``."""
    state[S_X], state[S_Y], state[S_XY] = _sum(counts[0], f), _sum(counts[1], f), _sum(counts[2], f)
    if nest is not None:
        state[C_X], state[C_Y], state[C_XY] = _sum(nest[2], f), _sum(nest[3], f), _sum(nest[4], f)


@apart
@part
def _sum(counts: Any, f: Any) -> Any:
    total = np.int64(0)
    for c in counts:
        total += f[c]
    return total


@kernel
def refill(
    x_codes: Any, y_codes: Any, ring: Any, state: Any, x_counts: Any, y_counts: Any, joint: Any, nest: Any, f: Any,
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
    state[HEAD], state[N] = at, size
    recount(ring, state, x_counts, y_counts, joint, nest, f)
    state[CLIPPED_TOTAL] += clipped
    state[PAIRS] += m


@kernel
def evict(ring: Any, state: Any, x_counts: Any, y_counts: Any, joint: Any, nest: Any, f: Any) -> None:
    """Take the oldest of the window's pairs, of which there is one at least, out; ``f`` is the estimator's table."""
    at = state[HEAD] - state[N]
    entry = ring[at if at >= 0 else at + ring.size]
    sums = _leave(entry, x_counts, y_counts, joint, f, _load(state))
    _store(state, sums, _leave_coarse(entry, nest, f, _load_coarse(state)))
    state[N] -= 1


@kernel
def slide_span(
    x_codes: Any, y_codes: Any, t: Any, span: float, limit: int, few: int, ring: Any, times: Any, state: Any,
    x_counts: Any, y_counts: Any, joint: Any, nest: Any, f: Any,
) -> int:  # fmt: skip
    """Push codes with times that never step back into a window of ``span`` seconds; returns how many were taken.

    It stops early when the ring is full of pairs that are all still inside, so that the caller can make room, and
    behind a pair with which fewer than ``few`` are; with ``limit`` pairs inside, the oldest leaves early. ``f`` is the
    estimator's table.
    """
    counts = x_counts, y_counts, joint
    if _many(x_codes, joint):
        taken = _slide_span(x_codes, y_codes, t, span, limit, few, ring, times, state, counts, nest, None)
        _sum_up(state, counts, nest, f)
    else:
        taken = _slide_span(x_codes, y_codes, t, span, limit, few, ring, times, state, counts, nest, f)
    return taken


@part
def _slide_span(
    x_codes: Any, y_codes: Any, t: Any, span: float, limit: int, few: int, ring: Any, times: Any, state: Any,
    counts: Any, nest: Any, f: Any,
) -> int:  # fmt: skip
    """``slide_span``; where ``f`` is None, the sums are left as they are."""
    x_counts, y_counts, joint = counts
    capacity = ring.size
    head, n = state[HEAD], state[N]
    sums, coarse = _load(state), _load_coarse(state)
    tail = head - n if head >= n else head - n + capacity
    taken = 0
    for k in range(x_codes.size):
        oldest = t[k] - span
        while n > 0 and (times[tail] <= oldest or n == limit):
            entry = ring[tail]
            sums = _leave(entry, x_counts, y_counts, joint, f, sums)
            if nest is not None:
                coarse = _leave_coarse(entry, nest, f, coarse)
            tail = tail + 1 if tail + 1 < capacity else 0
            n -= 1
        if n == capacity:
            break
        x, y = np.uint64(x_codes[k]), np.uint64(y_codes[k])
        n += 1
        ring[head] = x << _X | y
        times[head] = t[k]
        head = head + 1 if head + 1 < capacity else 0
        sums = _enter(x, y, x_counts, y_counts, joint, f, sums)
        if nest is not None:
            coarse = _enter_coarse(x, y, nest, f, coarse)
        taken += 1
        if n < few:
            break
    state[HEAD], state[N] = head, n
    _store(state, sums, coarse)
    state[PAIRS] += taken
    return taken


@kernel
def recount(ring: Any, state: Any, x_counts: Any, y_counts: Any, joint: Any, nest: Any, f: Any) -> None:
    """Count the ring's newest N entries, up to HEAD, anew, and write the sums of ``f`` and the clipped to ``state``."""
    for counts in (x_counts, y_counts, joint):
        _clear(counts)
    y_size = y_counts.size
    x_clipped = y_clipped = np.int64(0)
    at = state[HEAD] - state[N]
    at = at if at >= 0 else at + ring.size
    for _ in range(state[N]):
        entry = np.int64(ring[at])
        i, j = entry >> 16 & SYMBOL, entry & SYMBOL
        x_counts[i] += 1
        y_counts[j] += 1
        joint[i * y_size + j] += 1
        x_clipped += entry >> 31
        y_clipped += entry >> 15 & 1
        at = at + 1 if at + 1 < ring.size else 0
    state[X_CLIPPED], state[Y_CLIPPED] = x_clipped, y_clipped
    if nest is not None:
        _recount_coarse(ring, state, nest)
    _sum_up(state, (x_counts, y_counts, joint), nest, f)


@part
def _clear(counts: Any) -> None:
    for k in range(counts.size):  # a slice that is set to 0 takes 0.1 s to compile
        counts[k] = 0


@part
def _recount_coarse(ring: Any, state: Any, nest: Any) -> None:
    for counts in nest[2:5]:
        _clear(counts)
    coarse = np.int64(0), np.int64(0), np.int64(0)
    at = state[HEAD] - state[N]
    at = at if at >= 0 else at + ring.size
    for _ in range(state[N]):
        entry = np.uint64(ring[at])
        coarse = _enter_coarse(entry >> _X, entry, nest, None, coarse)
        at = at + 1 if at + 1 < ring.size else 0
