"""Axes: how x and y are divided now; given once, or learnt from the window's own pairs and learnt again."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from streammi.core.bins.binning import UNLEARNT, Axis, Bins, Categories, Codes, Rule
from streammi.core.kernels import slots
from streammi.records import FloatArray

LEARN_FROM: Final = 16  # pairs from which bins are learnt first
NEVER: Final = -1
EMPTY: Final = np.empty(0)


class Axes:
    """The axes of x and y: what was asked for in ``bins``, and what they are ``now``.

    Bins are learnt from the first 16 pairs, or as many as a shorter window has, again at each doubling until the window
    is full, and from then on, once a window at most, where they no longer fit. When ``next_check`` pairs have come, the
    window asks for the ``misfits``, has them ``fit``, counts its pairs by the new axes, says what they have ``learnt``,
    and lets them ``wait``.
    """

    def __init__(self, x_bins: Bins, y_bins: Bins, capacity: int) -> None:
        self.bins = x_bins, y_bins
        self.now: list[Axis] = [UNLEARNT if isinstance(b, Rule) else b for b in self.bins]
        self.numeric = not any(isinstance(b, Categories) for b in self.bins)
        self.epoch = 0  # how often they were fitted
        self.least = min(LEARN_FROM, capacity)
        self.next_check = self.least if any(isinstance(b, Rule) for b in self.bins) else NEVER
        self.learnt_shares: list[FloatArray] = [EMPTY, EMPTY]  # of each symbol, when they were fitted last

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
        axis = self.now[side]
        if isinstance(axis, Categories):
            axis = self.now[side] = axis.extended(values)
        codes = np.empty(values.size, dtype=np.uint16)
        axis.code(values, codes)
        return codes

    def kept_values(self, side: int, values: NDArray[Any], codes: Codes) -> NDArray[Any]:
        """What a ring keeps of values that have these codes: themselves, or of labels the symbols."""
        return codes & slots.SYMBOL if isinstance(self.now[side], Categories) else values

    def entries(self, kept: FloatArray) -> NDArray[np.uint32]:
        """The ring entries (n,), see core.kernels.slots, of values (2, n) that a ring has kept."""
        x_codes, y_codes = (self._code_again(side, kept[side]) for side in (0, 1))
        entries: NDArray[np.uint32] = x_codes.astype(np.uint32) << np.uint32(16) | y_codes
        return entries

    def misfits(self, shares: tuple[FloatArray, FloatArray], clipped: tuple[float, float], whole: bool) -> list[int]:
        """Which sides are to be fitted anew; ``whole`` says that no pair has left the window yet.

        ``shares`` are those of the symbols of x (Bx,) and y (By,) now, ``clipped`` those outside the bins' ranges.
        """
        return [
            side
            for side, rule in enumerate(self.bins)
            if isinstance(rule, Rule)
            and (
                whole
                or self.now[side] is UNLEARNT
                or not rule.fits(self.now[side], shares[side], self.learnt_shares[side], clipped[side])
            )
        ]

    def fit(self, sides: list[int], values: FloatArray) -> bool:
        """Fit these sides to the window's ``values`` (2, n); returns whether that changes anything."""
        before = list(self.now)
        for side in sides:
            rule = self.bins[side]
            assert isinstance(rule, Rule)
            self.now[side] = rule.learn(values[side])
        changed = self.now != before
        self.epoch += changed
        return changed

    def learnt(self, shares: tuple[FloatArray, FloatArray]) -> None:
        """Remember which shares the symbols have with the axes that were just fitted."""
        self.learnt_shares = list(shares)

    def wait(self, n: int, pairs: int, size: int | None) -> None:
        """Set when to look again: the window has ``n`` pairs now, ``pairs`` have come, and ``size`` fill it."""
        self.next_check = pairs + max(n, self.least)
        if size and pairs < size:
            self.next_check = min(self.next_check, size)

    def _code_again(self, side: int, kept: FloatArray) -> Codes:
        axis = self.now[side]
        if isinstance(axis, Categories):
            symbols = kept.astype(np.uint16)
            return np.where(symbols == axis.limit, symbols | slots.CLIPPED, symbols).astype(np.uint16)
        return self.code(side, kept)
