"""Signals with times of their own into rows of all of them: on a grid, or at the pace of the slowest.

A row has of each signal the last value that it had by then, if that is not older than the signal's hold. On a grid a
row is at each multiple of so many seconds. Without one a row is made as soon as every signal has a value that no row
has had yet (the refresh times of Barndorff-Nielsen, Hansen, Lunde & Shephard 2011, J. Econometrics 162(2)), and takes
along what comes just behind.

What comes out depends on the samples' times, and not on how those of different signals interleave: samples wait until
no signal that still sends is behind them. A signal that has fallen silent is waited for no longer than usual, and one
whose clock is behind those of most by more than its hold not at all.
"""

import math
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from streammi.ingest.pairing.signal_clocks import SignalClocks, middle
from streammi.ingest.pairing.waiting_samples import WaitingSamples
from streammi.records import FloatArray, IntArray, RowBatch

SETTLES: Final = 0.25  # of the distance between samples of the slowest signal, for which a complete row waits
MOST_WAITING: Final = 1 << 20  # samples: beyond it they are let go, whoever is behind
MOST_HELD: Final = 100_000  # steps of the grid for which a value is held
CELLS: Final = 1 << 20  # values of rows that are made at a time
EDGE: Final = 1e-3  # of a step of the grid: a time is on it, whatever the rounding
_SAVED: Final = (
    "used", "late", "unused", "expired", "dropped", "untimed", "set_back", "by_arrival", "_made", "_began",
    "_complete", "_row_at",
)  # fmt: skip
_ARRAYS: Final = ("_value", "_time", "_fresh")


class Alignment:
    """Takes samples of ``channels`` signals, and gives rows; ``grid_s`` None: at the pace of the slowest.

    Of each sample it is known what became of it: it is ``used`` in a row, ``unused`` (a newer one of its signal was
    there before a row was, or it was too old for it), ``dropped`` (its clock was set back), ``untimed``, or
    ``waiting``. ``late`` are those that came after the row that they belong to was made, and are held for the next.
    ``expired`` counts values that rows do not have, since the last one was too old.

    >>> grid = Alignment(2, grid_s=1.0, hold_s=2.0)
    >>> grid.add(np.array([0, 1, 0, 0]), np.array([1.0, 5.0, 2.0, 3.0]), np.array([0.5, 0.7, 1.4, 2.0]), received=9.0)
    >>> grid.add(np.array([1]), np.array([6.0]), np.array([2.0]), received=9.0)
    >>> rows = grid.rows(received=9.0)
    >>> rows.t, rows.rows.tolist()
    (array([1., 2.]), [[1.0, 5.0], [3.0, 6.0]])
    >>> grid.unused
    1
    """

    def __init__(self, channels: int, grid_s: float | None = None, hold_s: float | None = None) -> None:
        self._grid = grid_s
        self.used = self.late = self.unused = self.expired = self.dropped = self.untimed = self.set_back = 0
        self.by_arrival = False  # some signal has no times of its own: then all are of when they came
        self._clocks = SignalClocks(channels, grid_s, hold_s)
        self._made = -math.inf  # the last row: its time, or its number on the grid
        self._complete = self._row_at = math.inf  # when the next row was complete, and its time so far
        self._began = math.inf  # when the first sample came
        self._value: FloatArray = np.full(channels, np.nan)  # the last values,
        self._time: FloatArray = np.full(channels, -np.inf)  # and their times
        self._fresh: NDArray[np.bool_] = np.zeros(channels, dtype=np.bool_)  # no row has had it
        self._waiting = WaitingSamples()

    @property
    def holds(self) -> FloatArray:
        """For how long a value of each signal is held, s; infinite where that is not known yet."""
        return self._clocks.holds

    @property
    def usual(self) -> FloatArray:
        """How far apart the samples of each signal usually are, s; NaN where that is not known yet."""
        return self._clocks.usual

    @property
    def behind(self) -> FloatArray:
        """By how much the newest time of each signal is behind that of most, s; 0 of one that never came."""
        return self._clocks.behind

    @property
    def waiting(self) -> int:
        """Samples that wait for a row."""
        return self._waiting.t.size + int(np.count_nonzero(self._fresh))

    def add(self, channels: IntArray, values: FloatArray, t: FloatArray | None, received: float) -> None:
        """Take in samples, arrays (n,) in the order in which they came; ``t`` None: they have no times."""
        if t is None and not self.by_arrival:
            self._clocks.restart()
            self._restart()
            self.by_arrival = True
        if t is None or self.by_arrival:
            t = np.full(channels.size, received)
        self._began = min(self._began, received)
        timed = np.isfinite(t)
        if not timed.all():
            self.untimed += int(t.size - np.count_nonzero(timed))
            channels, values, t = channels[timed], values[timed], t[timed]
        self.late += int(np.count_nonzero(t <= self._made_at))
        self._clocks.learn(channels.tolist(), t.tolist(), received, self._set_back)
        self._waiting.add(channels, t, values)

    def rows(self, received: float, *, final: bool = False) -> RowBatch:
        """The rows that nothing to come can change, or that are not waited for any longer; ``final``: all."""
        until = self._until(received, final)
        if self._grid is None:
            found, t = self._refreshed(until)
        else:
            found, t = self._on_grid(until, final)
        return RowBatch(rows=found, t=t, received=received)

    def state(self) -> dict[str, Any]:
        """Plain values and arrays that ``restore`` takes; they are copied before more samples come."""
        plain = {name: getattr(self, name) for name in _SAVED}
        arrays = {name: getattr(self, name).copy() for name in _ARRAYS}
        return plain | self._clocks.state() | arrays | self._waiting.state()

    def restore(self, state: dict[str, Any]) -> None:
        """Take up the saved state of one with as many signals."""
        for name in _SAVED:
            setattr(self, name, state[name])
        for name in _ARRAYS:
            setattr(self, name, np.array(state[name]))
        self._clocks.restore(state)
        self._waiting.restore(state)

    def _set_back(self, c: int, t: float) -> None:
        """The clock of a signal was set back to ``t``: what it said before, and no row has yet, is of no use."""
        self.set_back += 1
        self._time[c] = -np.inf
        self.dropped += self._waiting.drop((self._waiting.channels == c) & (self._waiting.t > t))
        if self._clocks.middle < self._made_at - self._clocks.holds.item(c):  # those of most
            self._restart()

    def _restart(self) -> None:
        """Begin anew at any time: with what waits, but for what is ahead of the clocks as they are now."""
        ahead = self._waiting.drop(self._waiting.t > self._clocks.middle)
        self.dropped += ahead + int(np.count_nonzero(self._fresh))
        self._made, self._complete = -math.inf, math.inf
        self._time[:], self._value[:], self._fresh[:] = -np.inf, np.nan, False

    @property
    def _made_at(self) -> float:
        """The time of the last row."""
        return self._made if self._grid is None else self._made * self._grid

    def _until(self, received: float, final: bool) -> float:
        """No sample up to this time is waited for."""
        if final:
            return math.inf
        until = self._clocks.until(received, self._began)
        if until == -math.inf:
            return until
        if self._waiting.t.size > MOST_WAITING:
            until = max(until, self._waiting.time_of_newest(MOST_WAITING // 2))
        return until

    def _refreshed(self, until: float) -> tuple[FloatArray, FloatArray]:
        """A row where each signal that is not too old has a value that no row has had, and what comes just behind."""
        channels, t, values = self._waiting.release(self._waiting.t <= until)
        holds, value, time, fresh = self._clocks.holds, self._value, self._time, self._fresh
        rows: list[FloatArray] = []
        times: list[float] = []
        settled = self._settling(holds)
        lacking, left = ~fresh, 0  # of the signals that a row waits for those that are lacking, and how many they are
        until_old = -math.inf  # when one of these is too old to be waited for
        newest = self._clocks.newest  # also of what still waits
        for c, t_own, v in zip(channels.tolist(), t.tolist(), values.tolist(), strict=True):
            at = max(t_own, self._made)
            if at > self._complete + settled:
                rows.append(self._row(holds))
                times.append(self._made)
                lacking, left, until_old = ~fresh, 0, -math.inf
            if t_own < time[c]:  # it is late, and a newer one is there
                self.unused += 1
                continue
            self.unused += bool(fresh[c])
            if lacking[c]:
                lacking[c], left = False, left - 1
            value[c], time[c], fresh[c] = v, t_own, True
            if self._complete < math.inf:
                self._row_at = at
                continue
            if left > 0 and at <= until_old:
                continue
            lacking = ~fresh & (at - newest <= holds) & (newest > -np.inf)
            left = int(np.count_nonzero(lacking))
            if left:
                until_old = float((newest + holds)[lacking].min())
            else:
                self._complete = self._row_at = at
        if self._complete + settled <= until and self._complete < math.inf:
            rows.append(self._row(holds))
            times.append(self._made)
        return np.array(rows).reshape(len(rows), fresh.size), np.array(times)

    def _settling(self, holds: FloatArray) -> float:
        """How long a row that is complete waits for what comes just behind, s.

        Of signals that step together one may lose a sample; else it would be a step ahead of the others for ever.
        """
        newest, usual = self._clocks.newest, self._clocks.usual
        live = newest >= middle(newest) - holds
        slowest = float(np.max(usual, initial=0.0, where=live & ~np.isnan(usual)))
        return min(SETTLES * slowest, float(holds.min()) / 2)

    def _row(self, holds: FloatArray) -> FloatArray:
        """The row that is complete."""
        self._made, self._complete = self._row_at, math.inf
        old = self._made - self._time > holds
        self.expired += int(np.count_nonzero(old & (self._time > -np.inf)))
        self.used += int(np.count_nonzero(self._fresh & ~old))
        self.unused += int(np.count_nonzero(self._fresh & old))
        self._fresh[:] = False
        found: FloatArray = np.where(old, np.nan, self._value)
        return found

    def _on_grid(self, until: float, final: bool) -> tuple[FloatArray, FloatArray]:
        """A row at each step of the grid up to ``until`` at which some signal has a value."""
        grid = self._grid
        assert grid is not None
        empty = np.empty((0, self._value.size)), np.empty(0)
        if not final and until == -math.inf:
            return empty
        # A sample belongs to the first step that is not before it; those that are late to the next that is made.
        steps = np.maximum(np.ceil(self._waiting.t / grid - EDGE), self._made + 1)
        last = float(steps.max(initial=-math.inf)) if final else math.floor(until / grid + EDGE)
        if not last > self._made or (self._made == -math.inf and not (steps <= last).any()):
            return empty
        due = steps <= last
        held = steps[due][np.argsort(self._waiting.t[due], kind="stable")]
        channels, t, values = self._waiting.release(due)
        holds = self._clocks.holds
        numbers = self._numbers(held, last, holds)
        found = np.empty((numbers.size, self._value.size))
        full = np.empty(numbers.size, dtype=np.bool_)
        place = np.searchsorted(numbers, held)
        size = max(CELLS // self._value.size, 1)
        for start in range(0, numbers.size, size):
            piece = numbers[start : start + size]
            of = (place >= start) & (place < start + size)
            samples = place[of] - start, channels[of], t[of], values[of]
            found[start : start + size], full[start : start + size] = self._piece(piece * grid, *samples, holds)
        self._made = last
        return found[full], (numbers * grid)[full] + 0.0  # no -0.0

    def _numbers(self, held: FloatArray, last: float, holds: FloatArray) -> FloatArray:
        """The steps of the grid up to the ``last`` at which some signal may have a value: a clock may jump by years."""
        assert self._grid is not None
        longest = min(float(holds.max()) / self._grid, MOST_HELD) // 1 + 1
        before = float(self._time.max())
        starts = np.unique(np.append(held, self._made + 1 if before > -np.inf else held[:1]))
        stops = np.append(starts[1:], last + 1)
        ends = np.minimum(stops, starts + longest + 1)
        if (ends == stops).all():
            return np.arange(starts[0], last + 1)
        return np.concatenate(
            [np.arange(start, end) for start, end in zip(starts.tolist(), ends.tolist(), strict=True)]
        )

    def _piece(
        self, at: FloatArray, place: IntArray, channels: IntArray, t: FloatArray, values: FloatArray, holds: FloatArray
    ) -> tuple[FloatArray, NDArray[np.bool_]]:
        """Rows at these times, shape (n, C), of samples ordered by time, each of which belongs to the row ``place``.

        The second array, (n,), says which have any value.
        """
        n, signals = at.size, self._value.size
        t, values = np.concatenate((self._time, t)), np.concatenate((self._value, values))
        newest = np.full((n, signals), -1, dtype=np.int64)
        newest[0] = np.arange(signals)  # what was held
        fresh = np.arange(signals, t.size)
        older = t[fresh] < self._time[channels]  # late, and a newer one is there
        self.unused += int(np.count_nonzero(older))
        place, channels, fresh = place[~older], channels[~older], fresh[~older]
        newest[place, channels] = fresh  # of several the last one counts
        own = newest >= signals
        newest = np.maximum.accumulate(newest, axis=0)
        times = t[newest]
        old = at[:, None] - times > holds + EDGE * (self._grid or 0.0)
        used = int(np.count_nonzero(own & ~old))
        self.used, self.unused = self.used + used, self.unused + fresh.size - used
        full: NDArray[np.bool_] = ~np.logical_and.reduce(old, axis=1)
        self.expired += int(np.count_nonzero((old & (times > -np.inf))[full]))
        self._time, self._value = times[-1].copy(), values[newest[-1]]
        return np.where(old, np.nan, values[newest]), full
