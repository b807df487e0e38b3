"""Axes: how x and y are divided now; given once, or learnt from the window's own pairs and learnt again."""

from functools import lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from streammi.core.bins import marks, refit
from streammi.core.bins.binning import (
    UNLEARNT,
    Axis,
    Bins,
    Categories,
    Codes,
    QuantileBins,
    Rule,
    from_plain,
    in_order,
    to_plain,
)
from streammi.core.bins.number import number_kept
from streammi.core.bins.refit import Finding, Ordered
from streammi.core.kernels import state_layout
from streammi.core.kernels.bin_fit import OF_Y
from streammi.records import FloatArray, IntArray

EMPTY: Final = np.empty(0)
UNORDERED: Final = (None, None)


class Axes:
    """The axes of x and y: what was asked for in ``bins``, and what they are ``now``.

    Bins are learnt from the first 16 pairs, or as many as a shorter window has, again at each doubling until the window
    is full, and from then on where they no longer fit (see core.bins.refit). When the next check is due (see
    core.bins.schedule), the window asks for a ``review`` and, where that says so, has them ``learn`` and counts its
    pairs by the new axes. What is learnt clips nothing: there is no range that somebody gave.
    """

    def __init__(self, x_bins: Bins, y_bins: Bins) -> None:
        self.bins = x_bins, y_bins
        self.rules = _rule(x_bins), _rule(y_bins)
        self.now: list[Axis] = [UNLEARNT if isinstance(b, Rule) else b for b in self.bins]
        self.numeric = not any(isinstance(b, Categories) for b in self.bins)
        self.epoch = 0  # how often they were learnt: from the first window, as it filled, and then anew
        self.learns = self.rules != (None, None)
        self.adapts = any(isinstance(rule, Rule) and rule.count is None for rule in self.rules)  # in number, to the MI
        self.clips = [*self._given]  # whether there is a range that somebody gave
        self.marks = [self._blank(side) for side in (0, 1)]  # by which they are looked at: see core.bins.marks
        self.numbers = [0, 0]  # of bins that they were learnt with; 0 where that is not learnt

    @property
    def known(self) -> bool:
        """True if both are there: given, or learnt by now."""
        return UNLEARNT is not self.now[0] and UNLEARNT is not self.now[1]

    def known_one(self, side: int) -> Axis | None:
        """The axis of x (0) or y (1); None until it is learnt."""
        return None if self.now[side] is UNLEARNT else self.now[side]

    @property
    def sizes(self) -> tuple[int, int]:
        """How many symbols x and y can have."""
        return self.now[0].count, self.now[1].count

    def code(self, side: int, values: NDArray[Any]) -> Codes:
        """The codes of the values (n,) of x (0) or y (1); new labels become symbols while there are any left."""
        axis, rule = self.now[side], self.rules[side]
        if isinstance(axis, Categories) and rule is not None:
            axis = self.now[side] = axis.extended(values)
        codes = np.empty(values.size, dtype=np.uint16)
        axis.code(values, codes)
        if not self.clips[side]:
            np.bitwise_and(codes, np.uint16(state_layout.SYMBOL), out=codes)
        elif isinstance(axis, Categories) and rule is not None and (others := codes >= state_layout.CLIPPED).any():
            self.now[side] = axis.with_waiting(values[others])
        return codes

    def kept_values(self, side: int, values: NDArray[Any], codes: Codes) -> NDArray[Any]:
        """Values that have these codes as a ring keeps them: themselves, or of labels a number."""
        axis = self.now[side]
        return axis.kept(values, codes) if isinstance(axis, Categories) else values

    def shown(self, side: int, kept: FloatArray) -> FloatArray:
        """Values (n,) that a ring keeps, as they are said: themselves, or of labels the symbols."""
        axis = self.now[side]
        return np.minimum(kept, axis.limit) if isinstance(axis, Categories) else kept

    def entries(self, kept: FloatArray) -> NDArray[np.uint32]:
        """The ring entries (n,), see core.kernels.state_layout, of values (2, n) that a ring has kept."""
        x_codes, y_codes = (self._code_again(side, kept[side]) for side in (0, 1))
        entries: NDArray[np.uint32] = x_codes.astype(np.uint32) << np.uint32(16) | y_codes
        return entries

    def in_order(self, values: FloatArray, known: Ordered = UNORDERED) -> Ordered:
        """Values (2, n) from the least on, of the sides whose bins are learnt of that; see binning.in_order."""
        x, y = (
            in_order(values[side], known[side]) if isinstance(rule, QuantileBins) else None
            for side, rule in enumerate(self.rules)
        )
        return x, y

    def review(
        self, values: FloatArray, counts: Any, f: IntArray, bits: float, ordered: Ordered = UNORDERED
    ) -> Finding:
        """The decision to learn anew from the window's ``values`` (2, n), and how many of its pairs to see off before.

        ``counts`` are theirs, ``bits`` is their MI, by which they may want more or fewer bins.
        """
        numbers = self.kept_numbers(self.numbers, counts[2], bits)
        return refit.review(self.rules, self.now, self.numbers, numbers, values, counts, f, ordered)

    def kept_numbers(self, used: list[int], joint: NDArray[Any], bits: float) -> list[int]:
        """How many bins x and y are to have, of an MI of ``bits``: as many as are ``used``, if that may be.

        ``joint`` (Bx * By,) are the window's counts.
        """
        if not self.adapts:
            return used
        n, error = int(joint.sum()), refit.stderr(joint.reshape(self.sizes))
        return [
            number_kept(number, n, bits, error) if isinstance(rule, Rule) and rule.count is None else number
            for number, rule in zip(used, self.rules, strict=True)
        ]

    def review_first(self, values: FloatArray, f: IntArray) -> Finding:
        """As ``review``, of bins that were just learnt from the first window."""
        before = refit.jump(self.rules, self.now, self.now, values, f, needed=True)
        return Finding(needed=before > 0, before=before, narrower=refit.narrower(self.rules, values))

    def wanted(self, n: int, bits: float) -> list[int]:
        """How many bins x and y are to have, of ``n`` pairs with so much MI; 0 for those whose number is not learnt."""
        return [rule.wanted(n, bits) if isinstance(rule, Rule) else 0 for rule in self.rules]

    def learn(
        self, values: FloatArray, wanted: list[int], since: int = 0, ordered: Ordered = UNORDERED
    ) -> list[IntArray | None]:
        """Learn as many bins as ``wanted`` from the window's ``values`` (2, n); returns what of labels.

        That is, for x and for y, what each number becomes that was kept of a label; None where it stays. Of numbers,
        those before the place ``since`` are left out: a few of another time would spoil a range. The others are
        ``ordered`` as well, where that is known.
        """
        numbers = list[IntArray | None]([None, None])
        for side, rule in enumerate(self.rules):
            axis = self.now[side]
            if isinstance(rule, Rule):
                self.now[side] = rule.learn(values[side, since:], wanted[side], ordered[side])
            elif isinstance(axis, Categories) and rule is not None and (renewed := axis.renewed(values[side])):
                self.now[side], numbers[side] = renewed
        return numbers

    def remember(self, counts: Any, values: FloatArray, entries: Any, bits: float, reason: int = 0) -> None:
        """Remember how ``values`` (2, n) are shared out, with their ``counts`` and ``entries``, in order.

        ``bits`` is the MI by which they will be looked at. With a ``reason`` of core.kernels.bin_fit they were found
        to fit though that had raised a doubt.
        """
        for side, rule in enumerate(self.rules):
            if isinstance(rule, Rule):
                made = marks.of_learnt(rule, self.now[side], counts[side], values[side], entries, side, bits)
                if reason:
                    marks.eased(made, self.marks[side], reason - side * OF_Y)
                self.marks[side] = made

    def forget(self) -> None:
        """Compare with nothing until there is something to ``remember``."""
        self.marks = [self._blank(side) for side in (0, 1)]

    def kept_bits(self, side: int) -> int:
        """The bits of a code of x (0) or y (1) that count: what is learnt clips nothing."""
        return state_layout.SKIP if self.clips[side] else state_layout.SYMBOL

    def state(self) -> dict[str, Any]:
        """The state that ``restore`` needs beside the marks: plain values."""
        found = {"axes": [to_plain(a) for a in self.now], "numbers": self.numbers, "epoch": self.epoch}
        # Bins say for themselves whether they clip, but for those that were learnt elsewhere.
        return found if self.clips == self._given else found | {"clips": self.clips}

    def restore(self, state: dict[str, Any], x_marks: FloatArray, y_marks: FloatArray) -> None:
        """Take up a saved state."""
        self.now = [from_plain(a) for a in state["axes"]]
        self.numbers, self.epoch = state["numbers"], state["epoch"]
        self.clips = state.get("clips", self.clips)
        self.marks = [x_marks.copy(), y_marks.copy()]

    @property
    def _given(self) -> list[bool]:
        return [not isinstance(rule, Rule) for rule in self.rules]

    def _blank(self, side: int) -> FloatArray:
        axis, rule = self.now[side], self.rules[side]
        if rule is None:
            return _unmarked(axis.count)
        return marks.of_labels(axis) if isinstance(axis, Categories) else marks.blank(axis.count)

    def _code_again(self, side: int, kept: FloatArray) -> Codes:
        axis = self.now[side]
        if isinstance(axis, Categories):
            symbols = np.minimum(kept, axis.limit).astype(np.uint16)
            return np.where(symbols == axis.limit, symbols | state_layout.CLIPPED, symbols).astype(np.uint16)
        return self.code(side, kept)


@lru_cache(maxsize=64)
def _unmarked(count: int) -> FloatArray:
    """The marks of so many bins that are given; shared, read-only."""
    made = marks.blank(count)
    made.flags.writeable = False
    return made


def _rule(bins: Bins) -> Rule | Categories | None:
    """How bins are learnt; None where they are given."""
    return bins if isinstance(bins, Rule) or (isinstance(bins, Categories) and not bins.labels) else None
