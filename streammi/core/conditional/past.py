"""Past: what a signal was before the window, and delays so long that it cannot have driven what is in it."""

from typing import Final

import numpy as np

from streammi.core.significance.shift_null import FARTHEST_START, NEAREST, SPREAD, correlation_time
from streammi.records import FloatArray, IntArray

MOST_PARTS: Final = 1024  # that wait to be put together
HISTORY: Final = FARTHEST_START + SPREAD  # windows of the past that may be needed


class Past:
    """The newest values of a signal, put together when somebody asks."""

    def __init__(self) -> None:
        self._parts: list[FloatArray] = []
        self._size = 0

    def extend(self, values: FloatArray, keep: int) -> None:
        """Take in values (m,), and keep the newest ``keep`` at least; O(m) on the average."""
        self._parts.append(np.array(values))
        self._size += values.size
        if self._size > 2 * keep or len(self._parts) > MOST_PARTS:
            self._parts = [self.newest(keep).copy()]
            self._size = self._parts[0].size

    def newest(self, most: int | None = None) -> FloatArray:
        """The newest values, ``most`` of them or all there are, oldest first."""
        if len(self._parts) != 1:
            self._parts = [np.concatenate([*self._parts, np.empty(0)])]
        return self._parts[0] if most is None else self._parts[0][max(self._size - most, 0) :]


def far_delays(past: FloatArray, n: int, partners: int, beyond: int = 0) -> IntArray:
    """Delays (S,) by which a signal that was ``past`` (m,) up to now cannot have driven the window of ``n``.

    Spread over four windows, from twice its correlation time and a quarter of a window on, as in a ShiftNull; none
    where there is not so much past, with ``beyond`` samples to spare.
    """
    nothing: IntArray = np.empty(0, dtype=np.int64)
    if past.size < (NEAREST + SPREAD + 1) * n + beyond:
        return nothing
    clear = min(max(NEAREST * n, 2.0 * _memory(past[-n:])), FARTHEST_START * n)
    if past.size < clear + (SPREAD + 1) * n + beyond:
        return nothing
    return _spread(clear, clear + SPREAD * n, partners)


def shifts_around(values: FloatArray, partners: int, beyond: int = 0) -> IntArray:
    """Delays (S,) of a whole record (n,) shifted around in a circle: clear of both its ends, and ``beyond`` more."""
    n = values.size
    clear = max(2 * _memory(values), n // 20, 1) + 2 * beyond
    if n - 2 * clear < partners // 2:
        return np.empty(0, dtype=np.int64)
    return _spread(clear, n - clear, partners)


def _memory(values: FloatArray) -> int:
    """The correlation time of the ranks: a spike of 1e9 would make any signal look as if it had no memory."""
    ranks = np.argsort(np.argsort(np.nan_to_num(values), kind="stable")).astype(np.float64)
    return correlation_time(ranks)


def _spread(first: float, last: float, partners: int) -> IntArray:
    return np.unique(np.rint(np.linspace(first, last, partners)).astype(np.int64))
