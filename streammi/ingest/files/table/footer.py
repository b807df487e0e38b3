"""A row of sums or means below a table, which looks like any other row."""

import math
from typing import Final

import numpy as np

from streammi.records import FloatArray

TOLD_FROM: Final = 8  # rows
WITHIN: Final = 1e-6  # of a sum: how far off it may be written


class Footer:
    """Watches whether the last row of a file has the sums, or the means, of all others in both of its columns."""

    def __init__(self) -> None:
        self._rows = 0
        self._sums, self._first, self._last = np.zeros(2), np.zeros(2), np.zeros(2)
        self._moves = np.zeros(2, dtype=bool)

    def take(self, x: FloatArray, y: FloatArray) -> None:
        """Take in rows, values (n,) each."""
        if not len(x):
            return
        last = np.array([x[-1], y[-1]], dtype=np.float64)
        known = np.isfinite(x) & np.isfinite(y)
        if not known.all():
            x, y = x[known], y[known]
        if len(x) and not self._rows:
            self._first = np.array([x[0], y[0]], dtype=np.float64)
        if len(x) and not self._moves.all():
            self._moves |= (x != self._first[0]).any(), (y != self._first[1]).any()
        self._rows += len(x)
        with np.errstate(over="ignore", invalid="ignore"):  # of huge values: no footer is told then
            self._sums += np.array([x.sum(), y.sum()], dtype=np.float64)
        self._last = last

    @property
    def words(self) -> str:
        """A word on it; empty where the last row is like any other."""
        if (
            self._rows < TOLD_FROM
            or not self._moves.all()
            or not np.isfinite(self._sums).all()
            or not np.isfinite(self._last).all()
        ):
            return ""
        above = self._sums - self._last
        for what, expected in (("sums", above), ("means", above / (self._rows - 1))):
            alike = [math.isclose(a, b, rel_tol=WITHIN) for a, b in zip(self._last, expected, strict=True)]
            if all(alike) and self._last.all():
                return f"the last row has the {what} of all others: a footer, which was taken for a pair"
        return ""
