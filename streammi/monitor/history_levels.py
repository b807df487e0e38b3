"""Past readings at several resolutions, so that a chart can go back hours in a few kilobytes."""

import math
from collections import deque
from typing import Any, Final, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

from streammi.records import HistoryLevel
from streammi.records.codec import State

POINTS: Final = 512  # a level
FACTOR: Final = 4  # points of one level that make one of the next
LEVELS: Final = 6  # at 10 readings a second: 51 s, 3.4 min, ... 14.6 h

# Time, mean, least, most, the null's 95 % level, MI at the best delay, how full the window was at least.
Point: TypeAlias = tuple[float, float, float, float, float, float, float]
WIDTH: Final = len(get_args(Point))


class _Ring:
    """The newest POINTS points of one level. Plain tuples: a reading a sample costs 1 us here, with arrays 17."""

    def __init__(self) -> None:
        self.points: deque[Point] = deque(maxlen=POINTS)
        self.total = 0

    def add(self, point: Point) -> None:
        """Add a point; the oldest goes when there are POINTS."""
        self.points.append(point)
        self.total += 1


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

    def add(self, t: float, mi: float, null_q95: float | None, peak: float | None = None, fill: float = 1.0) -> None:
        """Add one reading: its time (s), its corrected MI, the null's 95 % level, MI at the best delay, its fill."""
        null, most = math.nan if null_q95 is None else null_q95, math.nan if peak is None else peak
        point: Point = (t, mi, mi, mi, null, most, fill)
        for finer, ring in enumerate(self._rings):
            ring.add(point)
            if ring.total % FACTOR or finer + 1 == LEVELS:
                return
            point = _merged([ring.points[k] for k in range(-FACTOR, 0)])

    def levels(self) -> tuple[HistoryLevel, ...]:
        """Each resolution that has points, finest first."""
        levels = []
        for k, ring in enumerate(self._rings):
            if ring.total:
                t, mi, low, high, null, peak, fill = np.array(ring.points).T.copy()
                levels.append(
                    HistoryLevel(step=FACTOR**k, t=t, mi=mi, low=low, high=high, null_q95=null, peak=peak, fill=fill)
                )
        return tuple(levels)

    def state(self) -> State:
        """Plain values and arrays that ``restore`` takes."""
        return {"totals": [r.total for r in self._rings]}, [np.array(r.points).reshape(-1, WIDTH) for r in self._rings]

    def restore(self, header: dict[str, Any], arrays: list[NDArray[Any]]) -> None:
        """Take up a saved state."""
        for ring, total, points in zip(self._rings, header["totals"], arrays, strict=True):
            ring.total = total
            ring.points = deque(map(tuple, points.tolist()), maxlen=POINTS)


def _merged(points: list[Point]) -> Point:
    """One point for several."""
    t, mi, low, high, null, peak, fill = zip(*points, strict=True)
    n = len(points)
    return t[-1], sum(mi) / n, min(low), max(high), sum(null) / n, sum(peak) / n, min(fill)
