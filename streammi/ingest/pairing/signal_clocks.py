"""The clocks of signals that come each at its own pace: how far each has come, and for how long it is waited for."""

import math
from collections.abc import Callable
from typing import Any, Final

import numpy as np

from streammi.records import FloatArray, IntArray

HOLDS: Final = 3.0  # times as long as a signal's samples are usually apart a value is held, if no hold is given
USUAL_OVER: Final = 8  # distances between samples
WAITS: Final = 3.0  # times as long as a signal's messages are usually apart it is waited for,
LEAST_WAIT: Final = 1.0  # s, but so long at least,
FIRST_WAIT: Final = 3.0  # s, and so long where nobody knows how far apart they are
BACK_RUN: Final = 5  # samples in a row, each older than the newest by more than the hold: the clock was set back
_ARRAYS: Final = ("newest", "usual", "seen", "arrived", "apart", "back")


class SignalClocks:
    """Of each of ``channels`` signals what is known of its times, in s, as arrays (channels,).

    ``newest`` is its newest time, -inf before there is one; ``usual`` how far apart its samples usually are, NaN while
    that is not known; ``holds`` for how long a value is held, infinite while that is not known. ``grid_s`` and
    ``hold_s`` are as of an Alignment.
    """

    def __init__(self, channels: int, grid_s: float | None, hold_s: float | None) -> None:
        self._grid, self._hold = grid_s, hold_s
        self.newest: FloatArray = np.full(channels, -np.inf)
        self.usual: FloatArray = np.full(channels, np.nan)
        self._seen: IntArray = np.zeros(channels, dtype=np.int64)  # samples
        self._arrived: FloatArray = np.full(channels, -np.inf)  # when the last came,
        self._apart: FloatArray = np.full(channels, np.nan)  # and how far apart these arrivals are
        self._back: IntArray = np.zeros(channels, dtype=np.int64)  # how many in a row were behind
        self.holds = self._held_for()

    @property
    def middle(self) -> float:
        """The time that most have reached; -inf before any has come."""
        seen = self.newest[self.newest > -np.inf]
        return middle(seen) if seen.size else -math.inf

    @property
    def behind(self) -> FloatArray:
        """By how much the newest time of each is behind that of most, s; 0 of one that never came."""
        found = np.zeros(self.newest.size)
        seen = self.newest > -np.inf
        if seen.any():
            found[seen] = self.middle - self.newest[seen]
        return found

    def learn(
        self, channels: list[int], times: list[float], received: float, set_back: Callable[[int, float], None]
    ) -> None:
        """Take in the times of samples; of a signal whose clock was set back, ``set_back`` is told to which time."""
        newest, usual, seen, back, holds = self.newest, self.usual, self._seen, self._back, self.holds
        for c, t in zip(channels, times, strict=True):
            step = t - newest.item(c)
            if step > 0:
                if step < math.inf:
                    before = usual.item(c)
                    if math.isnan(before):
                        usual[c] = step
                    else:  # of one pause no more is learnt than so much
                        usual[c] = before + (min(step, 2 * holds.item(c)) - before) / min(seen.item(c), USUAL_OVER)
                newest[c], back[c] = t, 0
            elif -step > holds.item(c):
                back[c] += 1
                if back[c] >= BACK_RUN:
                    newest[c], back[c] = t, 0
                    set_back(c, t)
            seen[c] += 1
        came = np.array(list(dict.fromkeys(channels)), dtype=np.int64)
        gap, apart = received - self._arrived[came], self._apart[came]
        learnt = np.where(np.isnan(apart), gap, apart + (gap - apart) / USUAL_OVER)
        self._apart[came] = np.where((gap >= 0) & (gap < np.inf), learnt, apart)
        self._arrived[came] = received
        self.holds = self._held_for()

    def restart(self) -> None:
        """Forget the times themselves: those to come are of another clock."""
        self.newest[:] = -np.inf

    def until(self, received: float, began: float) -> float:
        """No sample up to this time is waited for at ``received``, where the first came when it ``began``."""
        newest, seen = self.newest, self._seen > 0
        if not seen.any() or (not seen.all() and 0 <= received - began <= FIRST_WAIT):
            return -math.inf
        patience = np.where(np.isnan(self._apart), FIRST_WAIT, np.maximum(WAITS * self._apart, LEAST_WAIT))
        live = seen & (received - self._arrived <= patience)
        awaited = live & (newest >= middle(newest[live if live.any() else seen]) - self.holds)
        until = float(newest[awaited].min()) if awaited.any() else float(newest[seen].max())
        if self._grid is not None and awaited.any():
            # Signals that are slower than the others and the grid are not waited for, but for half a step.
            until -= 0.0 if awaited[seen].all() else self._grid / 2
            usual = np.where(np.isnan(self.usual), np.inf, self.usual)
            fast = awaited & (usual <= max(self._grid, 2 * float(usual[awaited].min())))
            if fast.any():
                until = max(until, float(newest[fast].min()) - self._grid / 2)
        return until

    def state(self) -> dict[str, Any]:
        """Arrays that ``restore`` takes, by their names."""
        return {f"_{name}": self._array(name).copy() for name in _ARRAYS}

    def restore(self, state: dict[str, Any]) -> None:
        """Take up the saved state of as many signals."""
        for name in _ARRAYS:
            self._array(name)[:] = state[f"_{name}"]
        self.holds = self._held_for()

    def _array(self, name: str) -> Any:
        return getattr(self, name if name in ("newest", "usual") else f"_{name}")

    def _held_for(self) -> FloatArray:
        if self._hold is not None:
            return np.full(self.newest.size, self._hold)
        held: FloatArray = np.maximum(HOLDS * self.usual, self._grid or 0.0)
        unknown = np.isnan(held)
        if unknown.any():
            held[unknown] = np.inf if unknown.all() else held[~unknown].max()
        return held


def middle(times: FloatArray) -> float:
    """The time that half of these have reached; of two the later one, so that a clock that is behind stops nobody."""
    return float(np.partition(times, times.size // 2)[times.size // 2])
