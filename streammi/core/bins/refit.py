"""The refit of learnt bins: do they still fit? Decided from the window's own pairs, by what learning now would give."""

import math
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from streammi.core.bins.binning import Axis, Categories, QuantileBins, Rule, SpanBins
from streammi.core.bins.marks import chance
from streammi.core.kernels import change_points, state_layout
from streammi.records import FloatArray, IntArray

# Bits. Tuned on one half of the histories of scripts/histories.py, judged on the other.
CLOSE: Final = 0.025  # an entropy that learning anew would change by less than this, beyond chance, is left alone
CLOSE_MI: Final = 0.03  # an MI by less than this,
CLOSE_ERRORS: Final = 2.0  # or so many of its standard errors
CLOSE_RANGE: Final = 0.5  # both likewise of bins over a range: that of a Gaussian's window varies by a tenth
CLOSE_RANGE_MI: Final = 0.15
FAR_OFF: Final = 4.0  # times what is left alone of MI
NUMBER: Final = 1.2  # times as many bins, where the number is learnt
LARGEST_PART: Final = 0.5  # but never a change by more than this part of the entropy there is to be had
SETTLED: Final = 1 / 16  # of a window: so little from before a change is not waited for
NARROWER: Final = 2.0  # times: a range that will be so much narrower once some pairs have left is looked at then,
LEFT_OVER, LEAST_LEFT_OVER = 32, 12  # if such a part of the window's pairs, and so many, are behind these
WIDER: Final = 1.1  # times a range: values from before a jump that make it so are waited for
CLEAR: Final = 0.03  # bits a pair: a smaller jump is none to wait for, in however long a window it is found
DRIFT: Final = 0.25  # of how clear a jump is: what follows it is no stretch of its own if it changes as much again
PLACED: Final = 5.0  # bits less likely than the likeliest: from there on a jump may be
MOST_JUMPS: Final = 1  # in one window: where more are found, the signal goes on moving
MOST_LABEL_JUMPS: Final = 3  # of labels, which do not move
MOST_RANKS: Final = 8  # groups of ranks in which a jump is looked for
LN2: Final = math.log(2.0)

Ordered: TypeAlias = tuple[FloatArray | None, FloatArray | None]  # the values of x and of y, from the least on
Rules: TypeAlias = tuple[Rule | Categories | None, Rule | Categories | None]  # of the sides that learn


@dataclass(frozen=True)
class Finding:
    """Of a window: whether learning anew is ``needed``, and how many of its pairs are from ``before`` a jump in it.

    ``far_off``: without it MI would be off by several times what is left alone. ``narrower``: when so many of its pairs
    have left, bins over a range will be over too wide a one; 0 for never.
    """

    needed: bool = False
    before: int = 0
    far_off: bool = False
    narrower: int = 0

    @property
    def fits(self) -> bool:
        """True if all is well."""
        return not self.needed and not self.before


def review(
    rules: Rules,
    axes: list[Axis],
    used: list[int],
    numbers: list[int],
    values: FloatArray,
    counts: tuple[NDArray[Any], NDArray[Any], NDArray[Any]],
    f: IntArray,
    ordered: Ordered,
) -> Finding:
    """Do the axes still fit the window's ``values`` (2, n), whose ``counts`` of x, y and both are.

    ``rules`` are those of the sides that learn, ``used`` how many bins they were to have, ``numbers`` how many they
    would learn now, ``f`` a table of c log c up to n, ``ordered`` the values in order, where bins are learnt of that.
    """
    fresh, needed = list(axes), False
    for side, (rule, axis) in enumerate(zip(rules, axes, strict=True)):
        if isinstance(axis, Categories):
            needed = needed or (rule is not None and axis.renewed(values[side]) is not None)
        elif isinstance(rule, Rule):
            fresh[side] = made = rule.learn(values[side], numbers[side], ordered[side])
            more = max(made.count, axis.count) > NUMBER * min(made.count, axis.count)
            stands_still = made != axis and bool((values[side] == values[side, 0]).all())  # next is to be told from it
            needed = needed or (numbers[side] != used[side] and more) or stands_still
    matters, far_off = _matters(rules, fresh, values, counts)
    needed = needed or matters
    return Finding(needed, jump(rules, axes, fresh, values, f, needed=needed), far_off, narrower(rules, values))


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
            outside = _out_of_range(held, max(most, int(SETTLED * held.size)))
            least = outside or (0 if needed and rule.count else most)
        elif least <= SETTLED * held.size:
            least = 0
        found = max(found, least)
    return found


def _out_of_range(values: FloatArray, before: int) -> int:
    """How many of the ``before`` first values (n,) are to leave until they do not make the range much wider.

    One value of another time is enough to spoil a range.
    """
    earlier, rest = values[:before], values[before:]
    low, high = float(rest.min()), float(rest.max())
    lows, highs = np.minimum.accumulate(earlier[::-1]), np.maximum.accumulate(earlier[::-1])
    spoilt = np.maximum(highs, high) / 2 - np.minimum(lows, low) / 2 > WIDER * (high / 2 - low / 2)
    return int(np.count_nonzero(spoilt))


def narrower(rules: Rules, values: FloatArray) -> int:
    """When so many of the ``values`` (2, n) have left, a range that is learnt will be far too wide; 0 for never.

    One value far outside leaves all others in one bin, and MI at 0, until somebody looks.
    """
    found = [_narrower(held) for rule, held in zip(rules, values, strict=True) if isinstance(rule, SpanBins)]
    return min(filter(None, found), default=0)


def _narrower(values: FloatArray) -> int:
    kept = values.size - max(values.size // LEFT_OVER, LEAST_LEFT_OVER)
    if kept <= 0:
        return 0
    # Halves, as the whole may be more than a float64 holds.
    ranges = np.maximum.accumulate(values[::-1] / 2)[::-1] - np.minimum.accumulate(values[::-1] / 2)[::-1]
    narrow = ranges[: kept + 1] < ranges[0] / NARROWER
    return int(np.argmax(narrow)) if narrow.any() else 0


def _matters(
    rules: Rules,
    fresh: list[Axis],
    values: FloatArray,
    counts: tuple[NDArray[Any], NDArray[Any], NDArray[Any]],
) -> tuple[bool, bool]:
    """True if fresh axes would change an entropy or the MI by more than chance and binning do; and the MI by far.

    That is so, too, where all of a signal is in one bin, and would be told apart: MI is 0.
    """
    n, width = values.shape[1], fresh[1].count
    x, y = (_symbols(axis, held) for axis, held in zip(fresh, values, strict=True))
    joint = np.bincount(x * width + y, minlength=fresh[0].count * width).reshape(-1, width)
    old, new = ([entropy(c) for c in group] for group in (counts, (joint.sum(axis=1), joint.sum(axis=0), joint)))
    change = (new[0] + new[1] - new[2]) - (old[0] + old[1] - old[2])
    close = CLOSE_RANGE_MI if any(isinstance(rule, SpanBins) for rule in rules) else CLOSE_MI
    limit = max(close, CLOSE_ERRORS * stderr(joint)) + (max(joint.shape) - 1) / (n * LN2)
    matters = abs(change) > limit or _entropies_matter(rules, fresh, old, new, n)
    told_apart = any(before <= 0.0 < after for before, after in zip(old[:2], new[:2], strict=True))
    return matters, abs(change) > FAR_OFF * limit or (matters and told_apart)


def _entropies_matter(rules: Rules, fresh: list[Axis], old: list[float], new: list[float], n: int) -> bool:
    for rule, axis, before, after in zip(rules, fresh, old, new, strict=False):
        if isinstance(rule, Rule):
            tolerance = _tolerance(rule, axis.count, n)
            if abs(after - before) > (min(tolerance, LARGEST_PART * after) if after > 0 else tolerance):
                return True
    return False


def stderr(joint: NDArray[Any]) -> float:
    """The standard error of the MI in bits of joint counts (Bx, By), as a Reading has it."""
    shares = joint / joint.sum()
    outer = shares.sum(axis=1, keepdims=True) * shares.sum(axis=0, keepdims=True)
    held = shares > 0
    pointwise, weight = np.log2(shares[held] / outer[held]), shares[held]
    mean = float((weight * pointwise).sum())
    return math.sqrt(max(float((weight * pointwise**2).sum()) - mean * mean, 0.0) / joint.sum())


def _tolerance(rule: Rule, count: int, n: int) -> float:
    close = CLOSE_RANGE if isinstance(rule, SpanBins) else CLOSE
    return close + chance(count - 1, 3.1) / (n * LN2)


def _place(values: FloatArray, ways: list[tuple[IntArray, int]], f: IntArray, *, needed: bool) -> tuple[int, int]:
    """How many of the values (n,) are from before a jump: at least, and most likely; 0 without one.

    ``ways`` are their symbols (n,) by several axes, each with their number. Where what follows a jump goes on moving
    about as much, there is none.
    """
    least = most = 0
    clearest = 0.0
    for _ in range((MOST_JUMPS if len(ways) > 1 else MOST_LABEL_JUMPS) + 1):
        bits = [_gains(symbols, count, f) for symbols, count in ways]
        chances = [(chance(count - 1, 3.0) + (4 if needed else 14)) / (2 * LN2) for _, count in ways]
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
    change_points.gains(symbols, count, f, gains)
    return gains / (f.item(2) / 2.0)


def _symbols(axis: Axis, values: FloatArray) -> IntArray:
    codes = np.empty(values.size, dtype=np.uint16)
    if isinstance(axis, Categories):
        codes[:] = np.minimum(values, axis.limit)
    else:
        axis.code(values, codes)
    return (codes & state_layout.SYMBOL).astype(np.int64)


def entropy(counts: NDArray[Any]) -> float:
    """The plug-in entropy of counts, of any shape, in bits."""
    shares = counts[counts > 0] / counts.sum()
    return float(-(shares * np.log2(shares)).sum())
