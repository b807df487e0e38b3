"""RowRing: the window's rows, in arrays that are written round and round."""

import math
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from streammi.config import MAX_WINDOW_PAIRS, Span
from streammi.core.kernels import state_layout
from streammi.core.kernels.late_pairs import admit
from streammi.core.kernels.state_layout import HEAD, N
from streammi.errors import ConfigError
from streammi.records import FloatArray, IntArray

FIRST_CAPACITY: Final = 1024  # rows that a time window has room for at first; doubled as needed
SLACK: Final = 0.35  # windows of rows that may wait to be counted: from 0.3 on it is cheaper to count anew

Symbols = NDArray[np.unsignedinteger[Any]]


class RowRing:
    """The values, symbols and times of the last rows of ``channels``: those in the window, and of symbols some more.

    Row number k, counted from the first one on, has its values at k modulo ``values.shape[1]``, and its symbols at k
    modulo ``symbols.shape[1]``; both arrays have a row a channel. ``head`` is the number of the next row, ``n`` how
    many are in the window. Values that are not there are NaN, their symbols ``missing``.
    """

    def __init__(self, channels: int, span: Span, symbol_type: type[np.unsignedinteger[Any]]) -> None:
        self.span = span
        self.head = self.n = 0
        self.first, self.newest = math.inf, -math.inf  # times of the very first row and of the newest one
        self.set_back = 0.0  # by so many seconds altogether the clock was, so far
        self.missing = int(np.iinfo(symbol_type).max)
        self._state = np.zeros(state_layout.STATE_SIZE, dtype=np.int64)  # of what ``admit`` counts
        capacity = span.pairs or FIRST_CAPACITY
        self.values = np.zeros((channels, capacity))
        self.symbols: Symbols = np.zeros((channels, _with_slack(capacity)), dtype=symbol_type)
        self.times: FloatArray | None = None if span.pairs else np.zeros(capacity)

    @property
    def tail(self) -> int:
        """The number of the oldest row in the window."""
        return self.head - self.n

    @property
    def late(self) -> int:
        """Rows whose time stepped back, since the start."""
        return self._state.item(state_layout.LATE)

    @property
    def dropped(self) -> int:
        """Rows dropped since the start, because they were older than the window when they came."""
        return self._state.item(state_layout.DROPPED)

    def numbers(self, first: int, last: int, capacity: int) -> IntArray:
        """The places of rows from ``first`` up to ``last`` in a ring of so many."""
        places: IntArray = np.arange(first, last) % capacity
        return places

    def values_of(self, channels: Any) -> FloatArray:
        """The window's values of a channel, (n,), or of several, (k, n), oldest first; a copy."""
        capacity = self.values.shape[1]
        start, stop = self.tail % capacity, self.head % capacity
        rows = self.values[channels]
        if start < stop or self.n == 0:
            found: FloatArray = rows[..., start : start + self.n].copy()
            return found
        return np.concatenate((rows[..., start:], rows[..., :stop]), axis=-1)

    def symbols_between(self, first: int, last: int) -> Symbols:
        """The symbols of the rows from number ``first`` up to ``last``, shape (C, k), contiguous."""
        capacity = self.symbols.shape[1]
        start, size = first % capacity, last - first
        if start + size <= capacity:
            return np.ascontiguousarray(self.symbols[:, start : start + size])
        return np.concatenate((self.symbols[:, start:], self.symbols[:, : start + size - capacity]), axis=1)

    def timestamps(self) -> FloatArray:
        """``times``, from now on at least; rows that came without one have NaN."""
        if self.times is None:
            self.times = np.full(self.values.shape[1], np.nan)
        return self.times

    def times_in_order(self) -> FloatArray | None:
        """The times of the window's rows, oldest first; None where none came with one."""
        if self.times is None:
            return None
        return self.times[self.numbers(self.tail, self.head, self.times.size)]

    def admit(self, t: FloatArray) -> tuple[NDArray[np.bool_], FloatArray, float]:
        """The rows with times ``t`` (n,) that belong to the window, their times (m,), and by how much the clock
        was set back behind the first k, of which alone something is said then; see core.kernels.late_pairs.admit.
        """
        times, state = self.timestamps(), self._state
        state[HEAD], state[N] = self.head % times.size, self.n
        kept, clock = np.empty(t.size, dtype=np.bool_), np.empty(t.size)
        span = self.span
        looked, m, back = admit(t, times, span.pairs or 0, span.seconds or math.inf, self.newest, state, clock, kept)
        if back:
            times += back
            self.first, self.newest, self.set_back = self.first + back, self.newest + back, self.set_back - back
        return kept[:looked], clock[:m], back

    def push(self, m: int, t: FloatArray | None) -> tuple[int, int]:
        """Have ``m`` rows that belong to the window, with times ``t`` (m,), and move on.

        Returns the places at which the values, and the symbols, of the first of them are to be written.
        """
        if self.span.pairs is None and self.n + m > self.values.shape[1]:
            self.make_room(self.n + m)
        places = self.head % self.values.shape[1], self.head % self.symbols.shape[1]
        if t is not None and m:
            _write(self.timestamps(), self.head, t)
            self.first, self.newest = min(self.first, t.item(0)), t.item(-1)
        self.head += m
        self.n = min(self.n + m, self.span.pairs or MAX_WINDOW_PAIRS)
        if self.span.seconds is not None:
            self.n -= self._left_by(self.newest - self.span.seconds)
        return places

    def keep(self, symbols: Symbols) -> None:
        """Write the symbols (C, m) of the rows that were pushed last."""
        _write(self.symbols, self.head - symbols.shape[1], symbols)

    def _left_by(self, limit: float) -> int:
        """How many of the window's rows are of the time ``limit`` (s) or before."""
        times = self.timestamps()
        oldest = times[self.tail % times.size :][: self.n]
        gone = int(np.searchsorted(oldest, limit, side="right"))
        if gone == oldest.size:
            gone += int(np.searchsorted(times[: self.n - gone], limit, side="right"))
        return gone

    def make_room(self, rows: int) -> None:
        """Have room for at least ``rows``, in twice as many places as often as needed."""
        old, capacity = self.values.shape[1], self.values.shape[1]
        while capacity < rows:
            capacity *= 2
        from_, to = self.numbers(self.tail, self.head, old), self.numbers(self.tail, self.head, capacity)
        values = np.zeros((self.values.shape[0], capacity))
        values[:, to] = self.values[:, from_]
        if self.times is not None:
            times = np.zeros(capacity)
            times[to] = self.times[from_]
            self.times = times
        symbols = np.zeros((self.values.shape[0], _with_slack(capacity)), dtype=self.symbols.dtype)
        first = max(0, self.head - self.symbols.shape[1])  # also those that only wait to be counted
        symbols[:, self.numbers(first, self.head, symbols.shape[1])] = self.symbols_between(first, self.head)
        self.values, self.symbols = values, symbols

    def state(self) -> tuple[dict[str, Any], list[NDArray[Any]]]:
        """The state that ``restore`` needs: plain values, and the values and times of the window's rows."""
        times = self.times_in_order()
        header = {
            "rows": [self.head, self.n],
            "times": [self.first, self.newest, self.set_back],
            "late": self._state[state_layout.LATE :].tolist(),
        }
        return header, [self.values_of(slice(None)), *([] if times is None else [times])]

    def restore(self, header: dict[str, Any], arrays: list[NDArray[Any]]) -> None:
        """Take up a saved state; the symbols are to be written anew."""
        values, *times = arrays
        self.head, n = header["rows"]
        if values.shape != (self.values.shape[0], n):
            raise ConfigError("saved state", f"of {self.values.shape[0]} channels and {n} rows", values.shape)
        if self.span.pairs is None and n > self.values.shape[1]:
            self.make_room(n)
        self.n = n
        at = self.numbers(self.tail, self.head, self.values.shape[1])
        self.values[:, at] = values
        if times:
            self.timestamps()[at] = times[0]
        self.first, self.newest, self.set_back = header["times"]
        self._state[state_layout.LATE :] = header["late"]


def _write(ring: NDArray[Any], number: int, columns: NDArray[Any]) -> None:
    """Write (..., m) round and round into a ring (..., capacity), from the place of a row's ``number`` on."""
    m, capacity = columns.shape[-1], ring.shape[-1]
    first = max(m - capacity, 0)  # what comes before would be written over
    start = (number + first) % capacity
    turn = min(first + capacity - start, m)
    ring[..., start : start + turn - first] = columns[..., first:turn]
    ring[..., : m - turn] = columns[..., turn:]


def _with_slack(capacity: int) -> int:
    return capacity + max(int(SLACK * capacity), 16)
