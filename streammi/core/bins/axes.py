"""Axes: how x and y are divided now; given once, or learnt from the window's own pairs and learnt again."""

import math
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from streammi.core.bins import fit
from streammi.core.bins.binning import UNLEARNT, Axis, Bins, Categories, Codes, Rule, from_plain, to_plain
from streammi.core.bins.fit import Learnt
from streammi.core.kernels import slots
from streammi.records import FloatArray, IntArray

LEARN_FROM: Final = 16  # pairs from which bins are learnt first
NEVER: Final = 1 << 62  # pairs
MOST_WAITS: Final = 3  # checks in a row that only wait for a jump to leave the window, where all is well still,
MOST_LATE: Final = 2  # and where it is not: then bins are learnt though the window is a mixture
MOST_SPARE: Final = 3  # times that bins may be learnt twice in a window, before they prove to fit again
EMPTY: Final = np.empty(0)


class Axes:
    """The axes of x and y: what was asked for in ``bins``, and what they are ``now``.

    Bins are learnt from the first 16 pairs, or as many as a shorter window has, again at each doubling until the window
    is full, and from then on where they no longer fit (see core.bins.fit). When the next check is due, the window asks
    for a ``review`` and, where that says so, has them ``learn`` and counts its pairs by the new axes. What is learnt
    clips nothing: there is no range that somebody gave.
    """

    def __init__(self, x_bins: Bins, y_bins: Bins, capacity: int, *, watched: bool = False) -> None:
        self.bins = x_bins, y_bins
        self.rules = _rule(x_bins), _rule(y_bins)
        self.now: list[Axis] = [UNLEARNT if isinstance(b, Rule) else b for b in self.bins]
        self.numeric = not any(isinstance(b, Categories) for b in self.bins)
        self.epoch = 0  # how often they were learnt: from the first window, as it filled, and then anew
        self.least = min(LEARN_FROM, capacity)
        self.learns = self.rules != (None, None)
        self.adapts = any(isinstance(rule, Rule) and rule.count is None for rule in self.rules)  # in number, to the MI
        self.watched = self.learns or watched  # also axes that do not learn may be looked at
        self.next_check = self.least if self.watched else NEVER  # when so many pairs have come,
        self.next_time = math.inf  # or, in a window of seconds, one of that time, whichever is first,
        self.soonest = self.next_check  # but not before so many have come
        self.filled = False  # whether a first window was full
        self.waits = 0, 0  # checks that only waited for a jump to leave the window: all was well still, or not
        self.spare = 1  # how often they may be learnt more than once in a window
        self.proven = False  # that they fit, in a window after the one that they were learnt from
        self.learnt: list[Learnt | None] = [None, None]

    @property
    def known(self) -> bool:
        """Whether both are there: given, or learnt by now."""
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
        if isinstance(rule, Rule):
            np.bitwise_and(codes, np.uint16(slots.SYMBOL), out=codes)
        elif isinstance(axis, Categories) and rule is not None and (others := codes >= slots.CLIPPED).any():
            self.now[side] = axis.with_waiting(values[others])
        return codes

    def kept_values(self, side: int, values: NDArray[Any], codes: Codes) -> NDArray[Any]:
        """What a ring keeps of values that have these codes: themselves, or of labels a number."""
        axis = self.now[side]
        return axis.kept(values, codes) if isinstance(axis, Categories) else values

    def shown(self, side: int, kept: FloatArray) -> FloatArray:
        """What is said of values (n,) that a ring keeps: themselves, or of labels the symbols."""
        axis = self.now[side]
        return np.minimum(kept, axis.limit) if isinstance(axis, Categories) else kept

    def entries(self, kept: FloatArray) -> NDArray[np.uint32]:
        """The ring entries (n,), see core.kernels.slots, of values (2, n) that a ring has kept."""
        x_codes, y_codes = (self._code_again(side, kept[side]) for side in (0, 1))
        entries: NDArray[np.uint32] = x_codes.astype(np.uint32) << np.uint32(16) | y_codes
        return entries

    def due(self, pairs: int, t: FloatArray | None) -> int:
        """How many of the next pairs, with the times ``t`` (n,), may come until the next check; ``pairs`` have come.

        Without a check among them it is more than there are.
        """
        room = self.next_check - pairs
        if t is not None and self.next_time < math.inf:
            room = min(room, int(np.searchsorted(t, self.next_time)) + 1)
        return max(room, self.soonest - pairs)

    def is_due(self, pairs: int, newest: float) -> bool:
        """Whether it is time for a check, now that ``pairs`` have come, the ``newest`` at that time."""
        return pairs >= self.soonest and (pairs >= self.next_check or newest >= self.next_time)

    def wait(self, pairs: int, more: int, time: float) -> None:
        """Set when the next check is due: when ``more`` than the ``pairs`` so far have come, or one of that ``time``.

        In a sparse window of seconds, in which each pair is a window's time after the last, it is not due so soon.
        """
        self.next_check, self.next_time = pairs + more, time
        self.soonest = pairs + min(more, self.least)

    def review(self, values: FloatArray, counts: Any, f: IntArray, bits: float) -> tuple[bool, int]:
        """Whether to learn anew from the window's ``values`` (2, n), and how many of its pairs to see off before.

        ``bits`` is their MI, by which they may want more or fewer bins.

        The second is not 0 where the window's next check is not to be in a window's time but when these have left it:
        what is learnt of a mixture does not fit the stretch that follows. Bins are learnt at once and then again, twice
        in a window, as often as they proved to fit for a window before; else only when the stretch is by itself. So
        they are learnt once a window at most on the average, however the signal moves.
        """
        wanted = self.wanted(values.shape[1], bits)
        found = fit.review(self.rules, self.now, self.learnt, wanted, values, counts, f, proven=self.proven)
        idle, late = self.waits
        self.proven = not found.needed
        if found.before and not found.needed and idle < MOST_WAITS:
            self.waits = idle + 1, late
            return False, found.before
        if found.before and found.needed and self.spare:
            self.spare -= 1
            return True, found.before
        if found.before and found.needed and late < MOST_LATE:
            self.waits = idle, late + 1
            return False, found.before
        self.waits = 0, 0
        if self.proven:
            self.spare = min(self.spare + 1, MOST_SPARE)
        return found.needed, 0

    def review_first(self, values: FloatArray, f: IntArray) -> int:
        """As ``review``, of bins that were just learnt from the first window: how many pairs to see off."""
        return fit.jump(self.rules, self.now, self.now, values, f, needed=True)

    def wanted(self, n: int, bits: float) -> list[int]:
        """How many bins x and y are to have, of ``n`` pairs with so much MI; 0 for those whose number is not learnt."""
        return [rule.wanted(n, bits) if isinstance(rule, Rule) else 0 for rule in self.rules]

    def learn(self, values: FloatArray, wanted: list[int]) -> list[IntArray | None]:
        """Learn as many bins as ``wanted`` from the window's ``values`` (2, n); returns what of labels.

        That is, for x and for y, what each number becomes that was kept of a label; None where it stays.
        """
        numbers = list[IntArray | None]([None, None])
        for side, rule in enumerate(self.rules):
            axis = self.now[side]
            if isinstance(rule, Rule):
                self.now[side] = rule.learn(values[side], wanted[side])
            elif isinstance(axis, Categories) and rule is not None and (renewed := axis.renewed(values[side])):
                self.now[side], numbers[side] = renewed
        return numbers

    def remember(self, counts: tuple[NDArray[Any], NDArray[Any]], n: int, wanted: list[int]) -> None:
        """Remember how the ``n`` pairs that they were learnt from were shared out: ``counts`` of x (Bx,), y (By,)."""
        self.learnt = [
            Learnt(counts[side] / n, n, wanted[side]) if isinstance(rule, Rule) else None
            for side, rule in enumerate(self.rules)
        ]

    @property
    def kept_bits(self) -> tuple[int, int]:
        """Which bits of a code count, for x and for y: what is learnt clips nothing."""
        return self._bits(0), self._bits(1)

    @property
    def learnt_shares(self) -> list[FloatArray]:
        """The shares of each symbol of x and of y when these were learnt; none where they are given."""
        return [EMPTY if one is None else one.shares for one in self.learnt]

    def state(self) -> dict[str, Any]:
        """What ``restore`` needs beside ``learnt_shares``: plain values."""
        return {
            "axes": [to_plain(a) for a in self.now],
            "learnt": [None if one is None else [one.n, one.wanted] for one in self.learnt],
            "epoch": self.epoch,
            "checks": [self.next_check, self.next_time, self.soonest, list(self.waits), self.spare],
            "flags": [self.filled, self.proven],
        }

    def restore(self, state: dict[str, Any], shares: list[FloatArray]) -> None:
        """Take up a saved state."""
        self.now = [from_plain(a) for a in state["axes"]]
        self.learnt = [
            None if one is None else Learnt(part, *one) for one, part in zip(state["learnt"], shares, strict=True)
        ]
        self.epoch = state["epoch"]
        self.next_check, self.next_time, self.soonest, waits, self.spare = state["checks"]
        self.filled, self.proven = state["flags"]
        self.waits = tuple(waits)

    def _bits(self, side: int) -> int:
        return slots.SYMBOL if isinstance(self.rules[side], Rule) else slots.SKIP

    def _code_again(self, side: int, kept: FloatArray) -> Codes:
        axis = self.now[side]
        if isinstance(axis, Categories):
            symbols = np.minimum(kept, axis.limit).astype(np.uint16)
            return np.where(symbols == axis.limit, symbols | slots.CLIPPED, symbols).astype(np.uint16)
        return self.code(side, kept)


def _rule(bins: Bins) -> Rule | Categories | None:
    """How bins are learnt; None where they are given."""
    return bins if isinstance(bins, Rule) or (isinstance(bins, Categories) and not bins.labels) else None
