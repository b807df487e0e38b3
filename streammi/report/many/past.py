"""MI of every pair over time, however long that is, in memory that does not grow."""

import numpy as np

from streammi.records import FloatArray, MatrixSnapshot
from streammi.records.channels import SmallArray

MOST_BYTES = 24 << 20
MOST, LEAST = 600, 24  # points


class LongPast:
    """Means over stretches of matrices: where there are more than ``room``, two become one.

    >>> past = LongPast(1, room=4)
    >>> for k in range(5):
    ...     past.add(float(k), np.array([k], np.float32), k % 2)
    >>> past.step, past.t.tolist(), past.of(0).tolist(), past.changed.tolist()
    (2, [0.0, 2.0, 4.0], [0.5, 2.5, 4.0], [1.0, 1.0, 0.0])
    """

    def __init__(self, pairs: int, room: int | None = None) -> None:
        self._room = room or 2 * (max(min(MOST_BYTES // (4 * max(pairs, 1)), MOST), LEAST) // 2)
        self.step, self._n, self._in_last = 1, 0, 0
        self._t, self._mi = np.empty(self._room), np.empty((self._room, pairs), np.float32)
        self._changed = np.zeros(self._room, np.int64)

    def add(self, t: float, mi: SmallArray, changed: int) -> None:
        """Take the MI of each pair, (P,), at a time, and how many pairs have changed then."""
        if self._in_last in (0, self.step):
            if self._n == self._room:
                self._halve()
            self._n, self._in_last = self._n + 1, 0
            self._t[self._n - 1], self._mi[self._n - 1], self._changed[self._n - 1] = t, 0, 0
        last = self._mi[self._n - 1]
        last += (mi - last) / (self._in_last + 1)
        self._in_last += 1
        self._changed[self._n - 1] = max(self._changed[self._n - 1], changed)

    @property
    def t(self) -> FloatArray:
        """When each stretch begins, (k,)."""
        return self._t[: self._n]

    @property
    def changed(self) -> FloatArray:
        """How many pairs had changed at the most, (k,)."""
        return self._changed[: self._n].astype(np.float64)

    def of(self, pair: int) -> FloatArray:
        """The mean MI of a pair in each stretch, (k,); NaN where it was not known all along."""
        return self._mi[: self._n, pair].astype(np.float64)

    def _halve(self) -> None:
        half = self._room // 2
        self._t[:half] = self._t[::2]
        self._mi[:half] = (self._mi[::2] + self._mi[1::2]) / 2
        self._changed[:half] = np.maximum(self._changed[::2], self._changed[1::2])
        self._n, self.step, self._in_last = half, 2 * self.step, 0


class Changes:
    """Of each pair in how many readings it was changed, and where it was farthest from the usual."""

    def __init__(self, pairs: int) -> None:
        self.times = np.zeros(pairs, np.int64)
        self.farthest = np.zeros(pairs, np.float32)  # MI less the usual then,
        self.mi = np.zeros(pairs, np.float32)  # and MI
        self.at = np.zeros(pairs)

    def add(self, snapshot: MatrixSnapshot) -> None:
        """Take the matrices of a reading."""
        if snapshot.changed is None or snapshot.change is None or not snapshot.changed.size:
            return
        changed = snapshot.changed
        self.times[changed] += 1
        farther = changed[np.abs(snapshot.change[changed]) > np.abs(self.farthest[changed])]
        self.farthest[farther], self.mi[farther] = snapshot.change[farther], snapshot.mi[farther]
        self.at[farther] = snapshot.timestamp

    def most(self, count: int) -> list[int]:
        """The pairs that were changed, those that were so most first, ``count`` at most."""
        found = np.flatnonzero(self.times)
        order = np.argsort(-np.abs(self.farthest[found]), kind="stable")
        return [int(number) for number in found[order][:count]]
