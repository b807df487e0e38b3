"""Past readings at several resolutions, so that a chart can go back hours in a few kilobytes."""

from typing import Final

import numpy as np

from streammi.records import FloatArray, HistoryLevel

POINTS: Final = 512  # a level
FACTOR: Final = 4  # points of one level that make one of the next
LEVELS: Final = 6  # at 10 readings a second: 51 s, 3.4 min, ... 14.6 h

T, MI, LOW, HIGH, NULL = range(5)


class _Ring:
    """The newest POINTS points of one level, and the open group that becomes a point of the next one."""

    def __init__(self) -> None:
        self.points = np.empty((5, POINTS))
        self.total = 0

    def add(self, point: FloatArray) -> None:
        self.points[:, self.total % POINTS] = point
        self.total += 1

    def ordered(self, count: int = POINTS) -> FloatArray:
        """The newest ``count`` points, oldest first, shape (5, k)."""
        first = max(self.total - min(count, POINTS), 0)
        ordered: FloatArray = self.points[:, np.arange(first, self.total) % POINTS]
        return ordered


class History:
    """Readings in, chart points out; memory is fixed.

    >>> history = History()
    >>> for t in range(8):
    ...     history.add(float(t), mi=0.1 * t, null_q95=None)
    >>> fine, coarse = history.levels()
    >>> coarse.step, coarse.t.tolist(), coarse.high.round(1).tolist()
    (4, [3.0, 7.0], [0.3, 0.7])
    """

    def __init__(self) -> None:
        self._rings = [_Ring() for _ in range(LEVELS)]

    def add(self, t: float, mi: float, null_q95: float | None) -> None:
        """Add one reading: its time (s), its corrected MI and the null's 95 % level."""
        point = np.array([t, mi, mi, mi, np.nan if null_q95 is None else null_q95])
        for finer, ring in enumerate(self._rings):
            ring.add(point)
            if ring.total % FACTOR or finer + 1 == LEVELS:
                return
            point = _merged(ring.ordered(FACTOR))

    def levels(self) -> tuple[HistoryLevel, ...]:
        """Each resolution that has points, finest first."""
        levels = []
        for k, ring in enumerate(self._rings):
            if ring.total:
                t, mi, low, high, null = ring.ordered()
                levels.append(HistoryLevel(step=FACTOR**k, t=t, mi=mi, low=low, high=high, null_q95=null))
        return tuple(levels)


def _merged(points: FloatArray) -> FloatArray:
    """One point for several, shape (5, k) -> (5,)."""
    return np.array([points[T, -1], points[MI].mean(), points[LOW].min(), points[HIGH].max(), points[NULL].mean()])
