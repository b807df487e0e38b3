"""PairRing: the window's pairs, from the oldest to the newest, in arrays that are written round and round."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from streammi.config import Span
from streammi.core.kernels import late_pairs
from streammi.core.kernels.state_layout import DROPPED_RUN, HEAD, SET_BACK_AFTER, N
from streammi.records import FloatArray, IntArray


class PairRing:
    """The pairs of a window: their entries (both codes in one), their values and, where they have any, their times.

    ``state`` is the window's own, see core.kernels.state_layout: HEAD, the place of the next pair, and N, how many
    there are, belong to the ring, and the kernels move them. ``entries`` and ``times`` have shape (capacity,),
    ``values`` has (2, capacity); labels have their symbols as values. ``timed`` is the ring of a window of seconds: in
    any other one ``times`` is None until a pair comes with one.
    """

    def __init__(self, capacity: int, state: IntArray, *, timed: bool) -> None:
        self._state, self._timed = state, timed
        self.entries = np.zeros(capacity, dtype=np.uint32)
        self.values = np.zeros((2, capacity))
        self.times: FloatArray | None = np.zeros(capacity) if timed else None
        self.first, self.newest = math.inf, -math.inf  # times of the very first pair and of the newest one
        self.set_back = 0.0  # by so many seconds altogether the clock was, so far

    @property
    def capacity(self) -> int:
        """How many pairs there is room for."""
        return self.entries.size

    @property
    def head(self) -> int:
        """The place at which the next pair will stand."""
        return self._state.item(HEAD)

    @property
    def n(self) -> int:
        """How many pairs there are."""
        return self._state.item(N)

    def places(self, most: int | None = None) -> IntArray:
        """The places of the newest pairs, ``most`` of them or all, oldest first; shape (k,)."""
        head, n = self.head, self.n
        first = head - (n if most is None else min(most, n))
        if first >= 0:
            return np.arange(first, head)
        return np.concatenate((np.arange(first + self.capacity, self.capacity), np.arange(head)))

    def values_in_order(self) -> FloatArray:
        """The values, oldest first, shape (2, n); a copy."""
        head = self.head
        first = head - self.n
        if first >= 0:
            return self.values[:, first:head].copy()
        return np.concatenate((self.values[:, first:], self.values[:, :head]), axis=1)

    def signal_in_order(self, side: int) -> FloatArray:
        """The values of x (0) or y (1), oldest first, shape (n,); a copy."""
        head, kept = self.head, self.values[side]
        first = head - self.n
        return kept[first:head].copy() if first >= 0 else np.concatenate((kept[first:], kept[:head]))

    def values_at(self, back: int) -> tuple[float, float]:
        """The values of the pair that is ``back`` pairs from the end: 1 is the newest, n the oldest."""
        at = (self.head - back) % self.capacity
        return self.values.item(0, at), self.values.item(1, at)

    def time_at(self, back: int) -> float | None:
        """The time of the pair that is ``back`` pairs from the end; None when it came without one."""
        if self.times is None:
            return None
        t = self.times.item((self.head - back) % self.capacity)
        return t if math.isfinite(t) else None

    def timestamps(self) -> FloatArray:
        """``times``, from now on at least; pairs that came without one have NaN."""
        if self.times is None:
            self.times = np.full(self.capacity, np.nan)
        return self.times

    def admit(self, t: FloatArray, span: Span) -> tuple[NDArray[np.bool_], FloatArray]:
        """The pairs with the times ``t`` (n,) that belong to a window of ``span``, and their times.

        The times (m,) are those of the m pairs that do; they never step back. What is late or dropped is counted. Where
        the clock turns out to be set back, so are the times of the pairs before, and nothing is said of those behind:
        the answer, (k,), is of the first k pairs then, with that pair as the last.
        """
        if self._follow(t):
            self._state[DROPPED_RUN] = 0
            # Numbers that may not be written to are others to the compiler, which would begin anew with them.
            return np.ones(t.size, dtype=np.bool_), t if t.flags.writeable else t.copy()
        kept, clock, back = _sifted(t, span, self.timestamps(), self.newest, self._state)
        if back:
            self.timestamps()[:] += back
            self.first, self.newest, self.set_back = self.first + back, self.newest + back, self.set_back - back
        return kept, clock

    def before_set_back(self, t: FloatArray, span: Span) -> int:
        """Of how many of the pairs with the times ``t`` (n,) ``admit`` would say something at once; changes nothing."""
        if t.size < SET_BACK_AFTER - self._state.item(DROPPED_RUN) or self._follow(t):
            return t.size
        times = np.full(self.capacity, np.nan) if self.times is None else self.times
        kept, _, _ = _sifted(t, span, times, self.newest, self._state.copy())
        return kept.size

    def _follow(self, t: FloatArray) -> bool:
        """True if none of the times ``t`` (n,) is late, and each is one; nearly always, and looked at in no time."""
        return t.size > 0 and late_pairs.in_order(t, self.newest)

    def stamp_all(self, head: int, t: FloatArray) -> None:
        """Write the times (m,) of the pairs that a kernel has entered from ``head`` on."""
        if not t.size:
            return
        if not self._timed:  # else the kernel has written them, which lets pairs out by them
            _write(self.timestamps(), head, t)
        self.first, self.newest = min(self.first, t.item(0)), t.item(-1)

    def stamp(self, t: float) -> None:
        """Write the time of the newest pair, which is in already and not late."""
        times = self.timestamps() if self.times is None else self.times
        times[self._state.item(HEAD) - 1] = self.newest = t  # where the head is 0, the last place
        self.first = min(self.first, t)
        if self._state.item(DROPPED_RUN):
            self._state[DROPPED_RUN] = 0

    def make_room(self, pairs: int) -> None:
        """Have room for at least ``pairs``, in twice as many places as often as needed."""
        capacity = self.capacity
        while capacity < pairs:
            capacity *= 2
        if capacity == self.capacity:
            return
        at = self.places()
        self.entries, self.values = _grown(self.entries[at], capacity), _grown(self.values[:, at], capacity)
        if self.times is not None:
            self.times = _grown(self.times[at], capacity)
        self._state[HEAD] = at.size

    def refill(self, entries: NDArray[np.uint32], values: FloatArray, times: FloatArray | None) -> None:
        """Hold these pairs, oldest first, and no others: entries (n,), values (2, n) and times (n,)."""
        n = entries.size
        self.make_room(n)
        self.entries[:n], self.values[:, :n] = entries, values
        if times is not None:
            self.timestamps()[:n] = times
        self._state[HEAD], self._state[N] = n % self.capacity, n


def _sifted(
    t: FloatArray, span: Span, times: FloatArray, newest: float, state: IntArray
) -> tuple[NDArray[np.bool_], FloatArray, float]:
    """The pairs that are kept, their times, and by how much the clock was set back behind them; see `late_pairs`."""
    kept, clock = np.empty(t.size, dtype=np.bool_), np.empty(t.size)
    looked, m, back = late_pairs.admit(t, times, span.pairs or 0, span.seconds or math.inf, newest, state, clock, kept)
    return kept[:looked], clock[:m], back


def _write(array: NDArray[Any], head: int, values: NDArray[Any]) -> None:
    """Write ``values`` (m,) into a ring from ``head`` on, as m single writes would leave it."""
    skipped = max(values.size - array.size, 0)
    values, head = values[skipped:], (head + skipped) % array.size
    first = min(values.size, array.size - head)
    array[head : head + first] = values[:first]
    if first < values.size:
        array[: values.size - first] = values[first:]


def _grown(array: NDArray[Any], capacity: int) -> NDArray[Any]:
    grown = np.zeros((*array.shape[:-1], capacity), dtype=array.dtype)
    grown[..., : array.shape[-1]] = array
    return grown
