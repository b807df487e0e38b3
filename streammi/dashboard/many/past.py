"""MI of every pair as it was, as long as this view has seen it, in memory that does not grow."""

import numpy as np
from numpy.typing import NDArray

from streammi.records import FloatArray, HistoryLevel, IntArray
from streammi.records.channels import SmallArray

MOST_BYTES = 48 << 20
MOST, LEAST = 1024, 24  # matrices that are kept
STEPS = 1000  # of one unit of MI, up to 32 of it
UNKNOWN = np.iinfo(np.int16).min


class Past:
    """The MI of ``pairs`` pairs in the last matrices: as int16, 24 of half a million pairs take 24 MB.

    (As half floats as many; but to make these takes six times as long.)

    >>> past = Past(2)
    >>> past.add(7.0, np.array([0.5, 1.5], np.float32))
    >>> past.add(8.0, np.array([0.25, np.nan], np.float32))
    >>> past.of(np.array([0]), 8).tolist(), past.of(np.array([0, 1]), 1).tolist()
    ([[0.5], [0.25]], [[0.375, 1.5]])
    """

    def __init__(self, pairs: int) -> None:
        depth = max(min(MOST_BYTES // (2 * max(pairs, 1)), MOST), LEAST)
        self._mi: NDArray[np.int16] = np.full((depth, pairs), UNKNOWN, np.int16)
        self._t = np.full(depth, np.nan)
        self._added = 0

    def add(self, t: float, mi: SmallArray) -> None:
        """Add the MI of each pair, (P,), at a time, s; the oldest go when there is no more room."""
        place = self._added % len(self._t)
        steps = mi * np.float32(STEPS)
        np.rint(steps, out=steps)
        np.clip(steps, UNKNOWN + 1, -UNKNOWN - 1, out=steps)
        steps[np.isnan(steps)] = UNKNOWN
        self._mi[place], self._t[place] = steps, t
        self._added += 1

    def of(self, numbers: IntArray, columns: int, most: int = MOST, until: float = np.inf) -> NDArray[np.float32]:
        """The last values of some pairs up to a time in at most so many columns, oldest first, (k, n).

        Where ``most`` values are more than columns, each is the mean of several, always of the same ones.
        """
        places = self._places(most, until)
        if not places.size or not columns:
            return np.zeros((0, numbers.size), np.float32)
        values = _values(self._mi[np.ix_(places, numbers)]).astype(np.float32)
        each = -(-min(places.size, most) // columns)
        if each == 1:
            return values
        first = (self._added - places.size) % each  # how many the first column has had before
        starts = np.arange(-first, len(values), each)
        known = np.isfinite(values)
        sums = np.add.reduceat(np.where(known, values, 0), np.maximum(starts, 0), axis=0)
        counts = np.add.reduceat(known, np.maximum(starts, 0), axis=0)
        with np.errstate(invalid="ignore"):
            return (sums / counts).astype(np.float32)[-columns:]

    def level(self, number: int, until: float = np.inf) -> tuple[HistoryLevel, ...]:
        """All that is known of one pair, as a chart draws it; nothing where there is nothing."""
        places = self._places(MOST, until)
        mi = _values(self._mi[places, number])
        known = np.isfinite(mi)
        t, mi = self._t[places][known], mi[known]
        if not t.size:
            return ()
        return (HistoryLevel(step=1, t=t, mi=mi, low=mi, high=mi, null_q95=np.full(t.size, np.nan)),)

    def _places(self, most: int, until: float) -> IntArray:
        kept = min(self._added, len(self._t))
        places = (self._added - kept + np.arange(kept)) % len(self._t)
        return np.asarray(places[self._t[places] <= until][-most:])


def _values(steps: NDArray[np.int16]) -> FloatArray:
    return np.where(steps == UNKNOWN, np.nan, steps / STEPS)
