"""The samples of many signals that wait for a row, in the order in which they came."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from streammi.records import FloatArray, IntArray


class WaitingSamples:
    """Samples as arrays (n,): of which signal, at which time in s, and its value.

    >>> waiting = WaitingSamples()
    >>> waiting.add(np.array([1, 0, 1]), np.array([2.0, 1.0, 3.0]), np.array([20.0, 10.0, 30.0]))
    >>> channels, t, values = waiting.release(waiting.t <= 2.0)
    >>> channels.tolist(), values.tolist(), waiting.t.tolist()
    ([0, 1], [10.0, 20.0], [3.0])
    """

    def __init__(self) -> None:
        self.channels: IntArray = np.empty(0, dtype=np.int64)
        self.t: FloatArray = np.empty(0)
        self.values: FloatArray = np.empty(0)

    def add(self, channels: IntArray, t: FloatArray, values: FloatArray) -> None:
        """Take in samples, arrays (n,)."""
        self.channels = np.concatenate((self.channels, channels))
        self.t = np.concatenate((self.t, t))
        self.values = np.concatenate((self.values, values))

    def drop(self, which: NDArray[np.bool_]) -> int:
        """Let these go, a mask (n,); how many they are."""
        kept = ~which
        self.channels, self.t, self.values = self.channels[kept], self.t[kept], self.values[kept]
        return int(np.count_nonzero(which))

    def release(self, which: NDArray[np.bool_]) -> tuple[IntArray, FloatArray, FloatArray]:
        """Hand these out, by their time and in the order in which they came: signals, times and values."""
        order = np.flatnonzero(which)
        order = order[np.argsort(self.t[order], kind="stable")]
        found = self.channels[order], self.t[order], self.values[order]
        self.drop(which)
        return found

    def time_of_newest(self, many: int) -> float:
        """The time of the oldest of so many newest ones, of which there are as many at least."""
        return float(np.partition(self.t, -many)[-many])

    def state(self) -> dict[str, Any]:
        """Arrays that ``restore`` takes; they are never written to."""
        return {"_wait_channel": self.channels, "_wait_t": self.t, "_wait_value": self.values}

    def restore(self, state: dict[str, Any]) -> None:
        """Take up the saved state."""
        self.channels, self.t, self.values = (
            np.array(state[name]) for name in ("_wait_channel", "_wait_t", "_wait_value")
        )
