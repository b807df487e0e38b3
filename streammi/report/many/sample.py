"""Rows that stand for a recording of any length, in the order in which they came, in memory that does not grow."""

import numpy as np

from streammi.records import FloatArray
from streammi.report.collect import SEED


class RowSample:
    """Of each stretch of rows one at random: where there are more than ``room`` stretches, two become one.

    Each row is as likely to be kept as any other, and they stay in their order: what remembers itself still does.

    >>> sample = RowSample(2, room=4)
    >>> sample.add(np.arange(20.0).reshape(10, 2), np.arange(10.0))
    >>> sample.step, sample.rows.shape, bool((np.diff(sample.t) > 0).all())
    (4, (2, 2), True)
    """

    def __init__(self, channels: int, room: int) -> None:
        self.step = 1  # rows a stretch
        self.seen = 0  # rows
        self._rows, self._t = np.empty((room, channels)), np.empty(room)
        self._n = self._next = 0  # rows that are kept, and the number of the one that is next
        self._random = np.random.default_rng(SEED)

    @property
    def rows(self) -> FloatArray:
        """The rows that are kept, (n, C)."""
        return self._rows[: self._n]

    @property
    def t(self) -> FloatArray:
        """Their times, (n,)."""
        return self._t[: self._n]

    def add(self, rows: FloatArray, t: FloatArray) -> None:
        """Take rows (n, C), and their times (n,)."""
        start, stop = self.seen, self.seen + len(rows)
        while self._next < stop:
            later = np.arange(self._n + 1, min((stop - 1) // self.step, len(self._t) - 1) + 1)
            picks = np.append(self._next, later * self.step + self._random.integers(self.step, size=later.size))
            taken = picks[picks < stop] - start
            end = self._n + taken.size
            self._rows[self._n : end], self._t[self._n : end] = rows[taken], t[taken]
            self._n = end
            if end == len(self._t):
                self._halve()
            self._next = picks.item(taken.size) if taken.size < picks.size else self._drawn()
        self.seen = stop

    def _drawn(self) -> int:
        """The number of the row that is kept of the next stretch."""
        return self._n * self.step + self._random.integers(self.step).item()

    def _halve(self) -> None:
        half = self._n // 2
        kept = 2 * np.arange(half) + self._random.integers(2, size=half)
        self._rows[:half], self._t[:half] = self._rows[kept], self._t[kept]
        self._n, self.step = half, 2 * self.step
