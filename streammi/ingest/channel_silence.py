"""Channels that have fallen silent among others that go on: by how many rows lie between their values."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from streammi.records import IntArray

LEAST_ROWS: Final = 100  # without a value
SHARE: Final = 3  # times as many as ever before


class ChannelSilence:
    """When each channel had a value last, and how many rows it has been without one at the most; counted in rows.

    >>> silence = ChannelSilence(2)
    >>> for _ in range(12):
    ...     silence.add(np.array([[True, False]] * 10))
    >>> silence.silent.tolist()
    []
    >>> silence.add(np.array([[True, True]]))
    >>> for _ in range(400):
    ...     silence.add(np.array([[True, False]]))
    >>> silence.silent.tolist()
    [1]
    """

    def __init__(self, channels: int) -> None:
        self._rows = 0
        self._last: IntArray = np.full(channels, -1)  # the row of each one's newest value; -1 before there was one
        self._widest: IntArray = np.zeros(channels, dtype=np.int64)

    def add(self, there: NDArray[np.bool_]) -> None:
        """Take in rows: whether each channel has a value, (n, C)."""
        n = len(there)
        if there.all():  # nearly always: a tenth of the time
            np.maximum(self._widest, self._rows - self._last, out=self._widest)
            self._last[:] = self._rows + n - 1
            self._rows += n
            return
        some = there.any(axis=0)
        first = self._rows + there.argmax(axis=0)
        last = self._rows + n - 1 - there[::-1].argmax(axis=0)
        self._widest = np.where(some, np.maximum(self._widest, first - self._last), self._widest)
        self._last = np.where(some, last, self._last)
        self._rows += n

    @property
    def silent(self) -> IntArray:
        """The channels that had values, and have had none for three times as many rows as ever before, 100 at least."""
        without = self._rows - 1 - self._last
        found: IntArray = np.flatnonzero((self._last >= 0) & (without > np.maximum(LEAST_ROWS, SHARE * self._widest)))
        return found

    def state(self) -> dict[str, Any]:
        """Plain values that ``restore`` takes."""
        return {"rows": self._rows, "last": self._last.tolist(), "widest": self._widest.tolist()}

    def restore(self, state: dict[str, Any]) -> None:
        """Take up a saved state."""
        self._rows = state["rows"]
        self._last, self._widest = (np.array(state[name], dtype=np.int64) for name in ("last", "widest"))
