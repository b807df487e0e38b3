"""Do bins that were learnt still fit? Decided from the window's own pairs, by what learning now would give."""

import math
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from streammi.core.bins.binning import Axis, Categories, QuantileBins, Rule, SpanBins
from streammi.core.kernels import slots, splitting
from streammi.records import FloatArray, IntArray

# Bits. Tuned on one half of the histories of scripts/histories.py, judged on the other.
CLOSE: Final = 0.03  # an entropy that learning anew would change by less than this, beyond chance, is left alone
CLOSE_MI: Final = 0.04  # an MI by less than this,
CLOSE_ERRORS: Final = 2.0  # or so many of its standard errors
CLOSE_RANGE: Final = 0.5  # both likewise of bins over a range: that of a Gaussian's window varies by a tenth
CLOSE_RANGE_MI: Final = 0.15
LARGEST_PART: Final = 0.5  # but never a change by more than this part of the entropy there is to be had
NUMBER: Final = 1.25  # a number of bins wanted that is within this factor of the one in use is left alone
OFTEN: Final = 1.5  # times its share of the pairs, from which on a bin may hold what others could tell apart
SETTLED: Final = 1 / 16  # of a window: so little from before a change is not waited for
CLEAR: Final = 0.03  # bits a pair: a smaller jump is none to wait for, in however long a window it is found
DRIFT: Final = 0.25  # of how clear a jump is: what follows it is no stretch of its own if it changes as much again
PLACED: Final = 5.0  # bits less likely than the likeliest: from there on a jump may be
MOST_JUMPS: Final = 1  # in one window: where more are found, the signal goes on moving
MOST_LABEL_JUMPS: Final = 3  # of labels, which do not move
MOST_RANKS: Final = 8  # groups of ranks in which a jump is looked for
LN2: Final = math.log(2.0)

Rules: TypeAlias = tuple[Rule | Categories | None, Rule | Categories | None]  # of the sides that learn


@dataclass(frozen=True)
class Learnt:
    """From what an axis was learnt: the symbols' ``shares`` (B,) then, of ``n`` pairs, with ``wanted`` bins."""

    shares: FloatArray
    n: int
    wanted: int


@dataclass(frozen=True)
class Finding:
    """Of a window: whether learning anew is ``needed``, and how many of its pairs are from ``before`` a jump in it."""

    needed: bool = False
    before: int = 0


def review(
    rules: Rules,
    axes: list[Axis],
    learnt: list[Learnt | None],
    wanted: list[int],
    values: FloatArray,
    counts: tuple[NDArray[Any], NDArray[Any], NDArray[Any]],
    f: IntArray,
    *,
    proven: bool,
) -> Finding:
    """Whether the axes still fit the window's ``values`` (2, n), whose ``counts`` of x, y and both are.

    ``rules`` are those of the sides that learn, ``learnt`` what they learnt from, ``wanted`` the bins that they would
    learn now, ``f`` a table of c log c up to n.
    Axes that have not ``proven`` yet that they fit, in a window after the one that they were learnt from, are compared
    with fresh ones in any case, others only where there is a doubt.
    """
    doubt = not proven
    for rule, axis, before, number, own, held in zip(rules, axes, learnt, wanted, counts, values, strict=False):
        if isinstance(rule, Categories):
            doubt = doubt or own[-1] > 0
        elif rule is not None and before is not None:
            doubt = doubt or _number(number, before) != before.wanted or _doubtful(rule, axis, before, own, held)
    if not doubt:
        return Finding()
    fresh, needed = list(axes), False
    for side, (rule, axis, was) in enumerate(zip(rules, axes, learnt, strict=True)):
        if isinstance(axis, Categories):
            needed = needed or (rule is not None and axis.renewed(values[side]) is not None)
        elif isinstance(rule, Rule) and was is not None:
            fresh[side] = rule.learn(values[side], _number(wanted[side], was))
    needed = needed or _matters(rules, fresh, values, counts)
    return Finding(needed, jump(rules, axes, fresh, values, f, needed=needed))


def jump(rules: Rules, axes: list[Axis], fresh: list[Axis], values: FloatArray, f: IntArray, *, needed: bool) -> int:
    """How many of the window's ``values`` (2, n) are from before a jump in them; 0 where there is none, or few are.

    A window with a jump in it is a mixture: what is learnt from it does not fit what comes after. It is looked for in
    the symbols of the ``axes`` that are used and of those that are ``fresh`` from these values. Where learning is
    ``needed``, a less certain one will do.
    """
    found = 0
    for side, rule in enumerate(rules):
        if rule is None:
            continue
        held, axis = values[side], axes[side]
        if isinstance(axis, Categories):
            ways = [(held.astype(np.int64), 2 * axis.limit + 1)]
        else:
            ranks = QuantileBins(MOST_RANKS).learn(held) if isinstance(rule, SpanBins) else fresh[side]
            ways = [(_symbols(one, held), one.count) for one in (axis, ranks)]
        least, most = _place(held, ways, f, needed=needed)
        if isinstance(rule, SpanBins):
            outside = _out_of_range(held, most)
            least = outside or (0 if needed else most)
        elif least <= SETTLED * held.size:
            least = 0
        found = max(found, least)
    return found


def _out_of_range(values: FloatArray, before: int) -> int:
    """How many of the ``before`` first values (n,) are to leave until none is outside the range of the rest.

    One value of another time is enough to spoil a range.
    """
    earlier, rest = values[:before], values[before:]
    outside = np.flatnonzero((earlier < rest.min()) | (earlier > rest.max()))
    return int(outside[-1]) + 1 if outside.size else 0


def _number(wanted: int, learnt: Learnt) -> int:
    """How many bins to compare with: those in use, unless far more or fewer are wanted."""
    near = wanted <= NUMBER * learnt.wanted and learnt.wanted <= NUMBER * wanted
    return learnt.wanted if near else wanted


def _doubtful(rule: Rule, axis: Axis, learnt: Learnt, counts: NDArray[Any], values: FloatArray) -> bool:
    """Whether learning anew might change anything that matters; O(n), with nothing sorted."""
    n = values.size
    expected = learnt.shares * n
    spread = expected * (1 + n / learnt.n) + 1
    if float(((counts - expected) ** 2 / spread).sum()) > _chance(counts.size - 1, 2.3):
        return True
    assert not isinstance(axis, Categories)
    low, high = axis.edges.item(0), axis.edges.item(-1)
    if isinstance(rule, SpanBins):
        margin = 0.02 * (high - low)
        return not (abs(values.min() - low) <= margin and abs(values.max() - high) <= margin)
    hidden = _hidden(axis.edges, counts, values, learnt.wanted)
    return hidden > _tolerance(rule, counts.size, n) or hidden > entropy(counts)


def _hidden(edges: FloatArray, counts: NDArray[Any], values: FloatArray, wanted: int) -> float:
    """At most how much entropy, in bits, other bins could find within these: outside them, and within heavy ones."""
    n = values.size
    loose: FloatArray = np.zeros(counts.size)
    loose[0] = np.count_nonzero(values < edges[0])
    loose[-1] += np.count_nonzero(values > edges[-1])
    for k in np.flatnonzero(counts > OFTEN * n / wanted).tolist():
        loose[k] += np.count_nonzero((values > edges[k]) & (values < edges[k + 1]))
    found = 0.0
    for k in np.flatnonzero(loose).tolist():
        held, part = counts.item(k) / n, loose.item(k) / n
        found += held * _binary(part / held) + part * math.log2(min(wanted, part * n))
    return found


def _matters(
    rules: Rules,
    fresh: list[Axis],
    values: FloatArray,
    counts: tuple[NDArray[Any], NDArray[Any], NDArray[Any]],
) -> bool:
    """Whether fresh axes would change an entropy or the MI by more than chance and binning do."""
    n, width = values.shape[1], fresh[1].count
    x, y = (_symbols(axis, held) for axis, held in zip(fresh, values, strict=True))
    joint = np.bincount(x * width + y, minlength=fresh[0].count * width).reshape(-1, width)
    old, new = ([entropy(c) for c in group] for group in (counts, (joint.sum(axis=1), joint.sum(axis=0), joint)))
    for rule, axis, before, after in zip(rules, fresh, old, new, strict=False):
        if isinstance(rule, Rule):
            limit = _tolerance(rule, axis.count, n)
            if abs(after - before) > (min(limit, LARGEST_PART * after) if after > 0 else limit):
                return True
    change = (new[0] + new[1] - new[2]) - (old[0] + old[1] - old[2])
    close = CLOSE_RANGE_MI if any(isinstance(rule, SpanBins) for rule in rules) else CLOSE_MI
    return abs(change) > max(close, CLOSE_ERRORS * _stderr(joint))


def _stderr(joint: IntArray) -> float:
    """The standard error of the MI in bits of joint counts (Bx, By), as a Reading has it."""
    shares = joint / joint.sum()
    outer = shares.sum(axis=1, keepdims=True) * shares.sum(axis=0, keepdims=True)
    held = shares > 0
    pointwise, weight = np.log2(shares[held] / outer[held]), shares[held]
    mean = float((weight * pointwise).sum())
    return math.sqrt(max(float((weight * pointwise**2).sum()) - mean * mean, 0.0) / joint.sum())


def _tolerance(rule: Rule, count: int, n: int) -> float:
    close = CLOSE_RANGE if isinstance(rule, SpanBins) else CLOSE
    return close + _chance(count - 1, 3.1) / (n * LN2)


def _place(values: FloatArray, ways: list[tuple[IntArray, int]], f: IntArray, *, needed: bool) -> tuple[int, int]:
    """How many of the values (n,) are from before a jump: at least, and most likely; 0 without one.

    ``ways`` are their symbols (n,) by several axes, each with their number. Where what follows a jump goes on moving
    about as much, there is none.
    """
    least = most = 0
    clearest = 0.0
    for _ in range((MOST_JUMPS if len(ways) > 1 else MOST_LABEL_JUMPS) + 1):
        bits = [_gains(symbols, count, f) for symbols, count in ways]
        chances = [(_chance(count - 1, 3.0) + (4 if needed else 14)) / (2 * LN2) for _, count in ways]
        floor = max(CLEAR * values.size, DRIFT * clearest)
        if not any(gains.max() > max(chance, floor) for gains, chance in zip(bits, chances, strict=True)):
            return least, most
        both = np.sum(bits, axis=0)
        at = int(np.argmax(both))
        least, most = most + int(np.argmax(both > both[at] - PLACED)), most + at
        clearest = clearest or float(max(gains.max() for gains in bits))
        values, ways = values[at:], [(symbols[at:], count) for symbols, count in ways]
        if values.size <= MOST_RANKS:
            return least, most
        if len(ways) > 1:  # numbers; by ranks of its own no stretch is too short for a drift to be seen
            ranks = QuantileBins(MOST_RANKS).learn(values)
            ways = [ways[0], (_symbols(ranks, values), ranks.count)]
    return 0, 0


def _gains(symbols: IntArray, count: int, f: IntArray) -> FloatArray:
    """How clear a jump before each of the symbols (n,) would be, in bits, shape (n,)."""
    gains = np.empty(symbols.size, dtype=np.int64)
    splitting.gains(symbols, count, f, gains)
    return gains / (f.item(2) / 2.0)


def _chance(degrees: int, deviations: float) -> float:
    """About how much a chi-square of so many degrees may be by chance."""
    return degrees + deviations * math.sqrt(2.0 * degrees) + 4.0


def _symbols(axis: Axis, values: FloatArray) -> IntArray:
    codes = np.empty(values.size, dtype=np.uint16)
    if isinstance(axis, Categories):
        codes[:] = np.minimum(values, axis.limit)
    else:
        axis.code(values, codes)
    return (codes & slots.SYMBOL).astype(np.int64)


def entropy(counts: NDArray[Any]) -> float:
    """The plug-in entropy of counts, of any shape, in bits."""
    shares = counts[counts > 0] / counts.sum()
    return float(-(shares * np.log2(shares)).sum())


def _binary(share: float) -> float:
    return 0.0 if not 0 < share < 1 else -(share * math.log2(share) + (1 - share) * math.log2(1 - share))
