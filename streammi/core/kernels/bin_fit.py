"""Do learnt bins still seem to fit? A glance, a few times a window, from the counts that are kept in any case."""

from typing import Any, Final

import numpy as np

from streammi.core.kernels.arrays import floats, zeros
from streammi.core.kernels.compiled import apart, kernel, part
from streammi.core.kernels.state_layout import HEAD, PAIRS, STATE_SIZE, SYMBOL, N

# What a glance compares with: of each side marks (3, max(B, MARKS)), see streammi.core.bins.marks.
SHARES, ATOMS, LIMITS = range(3)
# The third row: what is learnt; from so many pairs; the chi-square that chance may make, and what may be beside that
# per pair; whether one value was most of a bin, and what may be hidden in such bins, in bits; the pairs and the MI, in
# bits, that the number of bins was chosen for, and by which factor and how much they may change; the range in log2, and
# how much that may.
KIND, LEARNT, CHANCE, CLOSE, SINGLE, HIDDEN, PAIRS_THEN, PAIRS_BY, BITS_THEN, BITS_BY, RANGE, RANGE_BY = range(12)
MARKS: Final = 12
GIVEN, QUANTILES, RANGES, LABELS = range(4)  # kinds
# Of a ring's entry: see core.kernels.state_layout. Typed: for each plain number all that it is handed to is compiled
# anew.
X_SHIFT: Final = np.int64(16)
Y_SHIFT: Final = np.int64(0)
OF_Y: Final = 16  # added to what a glance finds in y
GLANCES: Final = 8  # in a window
LEAST_GLANCE: Final = 4  # pairs between two
SOONEST: Final = 64  # in a window at most, where what makes a range leaves: of a signal that falls each value does
# What is kept of a side from one glance to the next: which pairs had the least and the largest value, up to which pair
# that is known, and before which the next glance should be. In no saved state: with UNSEEN, all values are looked at.
LEAST, MOST, LOOKED, SOON = range(4)
SEEN: Final = 4
SHORT: Final = 4  # pairs a bin: in windows of fewer
MOST_IN_ONE: Final = 0.8  # of the pairs in one bin are looked at, where fewer than half as many were
UNSEEN: Final = -1


@apart
@part
def astray(
    values: Any, ring: Any, state: Any, shift: Any, counts: Any, bits: float, marks: Any, seen: Any
) -> int:  # fmt: skip
    """The limit of its marks that the window's values of one signal pass, with so many ``bits`` of MI; 0: none.

    The marks are all in one row here, (3 * max(B, MARKS),); ``shift`` is X_SHIFT or Y_SHIFT. O(B) for a glance, O(1)
    for each pair since the one before, and O(n) where something seems to be hidden in a bin, or an extreme has left.
    """
    seen[SOON] = np.inf
    head, n = state[HEAD], state[N]
    width = marks.size // 3
    shares, limits = marks[SHARES * width :], marks[LIMITS * width :]
    kind = np.int64(limits[KIND])
    if kind == GIVEN:
        return 0
    if kind == LABELS:  # those without a symbol
        return CHANCE if counts[counts.size - 1] > 0 else 0
    if max(n / limits[PAIRS_THEN], limits[PAIRS_THEN] / n) > limits[PAIRS_BY]:
        return PAIRS_BY
    if abs(bits - limits[BITS_THEN]) > limits[BITS_BY]:
        return BITS_BY
    spread, chi, crowded = 1.0 + n / limits[LEARNT], 0.0, False
    for k in range(counts.size):
        expected = shares[k] * n
        off = np.float64(counts[k]) - expected
        # The variance by both: of 10 expected and 1 there is, that of 10 alone hides that a bin is all but empty.
        chi += off * off / (0.5 * (expected + counts[k]) * spread + 1.0)
        crowded |= counts[k] > MOST_IN_ONE * n and shares[k] < MOST_IN_ONE / 2
    if chi > limits[CHANCE] + limits[CLOSE] * n:
        return CLOSE
    # Of few pairs for so many bins that all are in one of these, that sum can be no larger than by chance.
    if n <= SHORT * counts.size and crowded:
        return CLOSE
    if limits[SINGLE] == 0.0:
        if kind == QUANTILES:
            return 0
        low, high = _extremes(values, head, n, state[PAIRS], seen)
        seen[SOON] = _outlier_leaves(counts, n, seen)
        if low == high:
            return RANGE_BY if limits[RANGE] > -np.inf else 0
        off = abs(np.log2(high - low) - limits[RANGE])
        return RANGE_BY if off > limits[RANGE_BY] else 0
    newest, alone = min(max(n // GLANCES, LEAST_GLANCE), n), _alone(counts, n)
    if not alone and _loose(values, ring, head, newest, shift, marks) == 0:
        return 0
    loose = _loose(values, ring, head, n, shift, marks)
    if alone and loose == 0 and limits[RANGE] > -np.inf:
        return RANGE_BY  # it stands still now: what comes next is to be told from it
    hidden = hidden_bits(loose, n, counts.size)
    return HIDDEN if hidden > min(limits[HIDDEN], entropy_bits(counts, n)) else 0


@kernel
def glance(values: Any, entries: Any, counts: Any, marks: Any) -> Any:
    """``astray`` for one signal by itself: all of its values (n,) in order, with their entries as those of an x.

    With it comes in how many pairs the value leaves that the next glance should not miss.
    """
    state, seen = zeros(STATE_SIZE), floats(SEEN)
    for k in range(SEEN):
        seen[k] = UNSEEN
    state[N] = state[PAIRS] = values.size
    found = astray(values, entries, state, X_SHIFT, counts, 0.0, marks, seen)
    return found, seen[SOON] - values.size


@part
def _alone(counts: Any, n: int) -> bool:
    """True if all ``n`` pairs are in one bin."""
    alone = False
    for k in range(counts.size):  # the method max takes 0.4 s to compile
        alone |= counts[k] == n
    return alone


@apart
@part
def _outlier_leaves(counts: Any, n: int, seen: Any) -> float:
    """How many pairs will have come when the value leaves that makes a range in which almost all are in one bin.

    All are in one bin then, and MI is 0, until somebody looks. Infinite where there is no such value.
    """
    leaves = np.inf
    for k in range(counts.size):
        if counts[k] > MOST_IN_ONE * n:
            if k > 0:
                leaves = min(leaves, seen[LEAST] + n + 1)
            if k < counts.size - 1:
                leaves = min(leaves, seen[MOST] + n + 1)
    return leaves


@part
def _loose(values: Any, ring: Any, head: int, n: int, shift: Any, marks: Any) -> int:
    """How many of the newest ``n`` values are others than the one that most in their bin had, where there was one."""
    found, atoms = 0, marks[ATOMS * (marks.size // 3) :]
    at = head - n if head >= n else head - n + ring.size
    for _ in range(n):
        atom = atoms[np.int64(ring[at]) >> shift & SYMBOL]
        found += (atom == atom) & (values[at] != atom)
        at = at + 1 if at + 1 < ring.size else 0
    return found


@kernel
def hidden_bits(pairs: int, n: int, bins: int) -> float:
    """About how much entropy, in bits, so many of ``n`` pairs may have that are not told apart."""
    share = pairs / n
    if share <= 0.0:
        return 0.0
    beside = -(1.0 - share) * np.log2(1.0 - share) if share < 1.0 else 0.0
    each = np.log2(max(min(float(bins), float(pairs)), 1.0))
    return beside - share * np.log2(share) + share * each  # type: ignore[no-any-return]


@part
def entropy_bits(counts: Any, n: int) -> float:
    """The plug-in entropy of counts of ``n`` pairs, in bits."""
    total = 0.0
    for c in counts:
        if c > 0:
            total -= c * np.log2(c / n)
    return total / n


@part
def _extremes(values: Any, head: int, n: int, pairs: int, seen: Any) -> Any:
    """The least and the largest of the newest ``n`` values in a ring, up to ``head``; ``pairs`` have come so far.

    ``seen`` has which of the pairs these were at the last glance. While they are there still, only those that have come
    since are looked at: a third as many as there are, where values are independent.
    """
    least, most, looked = int(seen[LEAST]), int(seen[MOST]), int(seen[LOOKED])
    known = min(least, most) >= pairs - n and looked < pairs
    newer = pairs - looked if known else n
    low, high = _range_of(values, head, newer)
    before_low, before_high = values[_place(pairs - least, head, values)], values[_place(pairs - most, head, values)]
    if known and before_low < low:
        low = before_low
    else:
        least = pairs - _back(values, head, newer, low)
    if known and before_high > high:
        high = before_high
    else:
        most = pairs - _back(values, head, newer, high)
    seen[LEAST], seen[MOST], seen[LOOKED] = least, most, pairs
    return low, high


@part
def _place(back: int, head: int, values: Any) -> Any:
    """Where in a ring the value stands that is so far from the end: 1 is the newest one."""
    at = head - min(back, values.size)
    return at if at >= 0 else at + values.size


@apart
@part
def _back(values: Any, head: int, n: int, value: float) -> int:
    """How far from the end the last one is that equals ``value``, of the newest ``n`` in a ring."""
    back = 1
    while back < n and values[_place(back, head, values)] != value:
        back += 1
    return back


@part
def _range_of(values: Any, head: int, n: int) -> Any:
    """The least and the largest of the newest ``n`` values in a ring, up to ``head``."""
    start = head - n
    low = high = values[head - 1 if head > 0 else values.size - 1]
    if start < 0:
        low, high = _widened(values, start + values.size, values.size, low, high)
        start = 0
    return _widened(values, start, head, low, high)


@apart
@part
def _widened(values: Any, start: int, stop: int, low: float, high: float) -> Any:
    # Four at a time: one after the other each comparison waits for the one before (1.3 ns a value instead of 0.4).
    a = b = c = d = low
    e = f = g = h = high
    at = start
    while at + 4 <= stop:
        a, b, c, d = (
            min(a, values[at]),
            min(b, values[at + 1]),
            min(c, values[at + 2]),
            min(d, values[at + 3]),
        )
        e, f, g, h = (
            max(e, values[at]),
            max(f, values[at + 1]),
            max(g, values[at + 2]),
            max(h, values[at + 3]),
        )
        at += 4
    while at < stop:
        a, e = min(a, values[at]), max(e, values[at])
        at += 1
    return min(min(a, b), min(c, d)), max(max(e, f), max(g, h))


@kernel
def atoms(values: Any, ring: Any, head: int, n: int, shift: Any, out: Any) -> int:
    """Write the value that most pairs of a bin have, two of them at least, to ``out`` (B,), NaN where there is none.

    Returns how many pairs have others in such bins, -1 without any. Of the newest ``n`` values of one signal in a ring,
    by the bins that the entries name. Source: Boyer & Moore's vote, 1981.
    """
    pairs, votes, same = zeros(out.size), zeros(out.size), zeros(out.size)
    first = head - n if head >= n else head - n + ring.size
    at = first
    for _ in range(n):
        symbol = np.int64(ring[at]) >> shift & SYMBOL
        pairs[symbol] += 1
        if votes[symbol] == 0:
            out[symbol] = values[at]
        votes[symbol] += 1 if out[symbol] == values[at] else -1
        at = at + 1 if at + 1 < ring.size else 0
    at = first
    for _ in range(n):
        symbol = np.int64(ring[at]) >> shift & SYMBOL
        same[symbol] += out[symbol] == values[at]
        at = at + 1 if at + 1 < ring.size else 0
    found, loose = False, 0
    for k in range(out.size):
        if same[k] > 1 and 2 * same[k] > pairs[k]:
            found = True
            loose += pairs[k] - same[k]
        else:
            out[k] = np.nan
    return loose if found else -1
