"""The values and symbols of the window and of what came before it, for pairs that are counted at a delay."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from streammi.core.bins.binning import Axis, Categories, Codes
from streammi.core.kernels import state_layout
from streammi.records import FloatArray

FIRST_CAPACITY: Final = 1024  # pairs


class History:
    """The values and symbols of the window and of ``reach`` pairs before it; pairs are numbered from the first one.

    A buffer with half its length to spare, moved back when it is full: no wrap-around in the counting loop.
    """

    def __init__(self) -> None:
        self.reach = 0
        self.seen = 0  # pairs taken in
        self.n = 0  # of those, in the window
        self.oldest = 0  # number of the oldest pair that is kept
        self._values = np.empty((2, FIRST_CAPACITY))
        self._codes = np.empty((2, FIRST_CAPACITY), dtype=np.uint16)

    @property
    def tail(self) -> int:
        """Number of the window's oldest pair; the window may have begun before the history."""
        return max(self.seen - self.n, self.oldest)

    @property
    def codes(self) -> tuple[Codes, Codes, int]:
        """The symbols of x and y, from the pair with the number that is given with them."""
        return self._codes[0], self._codes[1], self.oldest

    @property
    def room(self) -> int:
        """How many pairs there is room for: it decides when old ones are forgotten."""
        return self._values.shape[1]

    @property
    def kept(self) -> int:
        """How many pairs there are."""
        return self.seen - self.oldest

    @property
    def values(self) -> FloatArray:
        """The values, oldest first, shape (2, kept); of labels the numbers that a ring keeps."""
        return self._values[:, : self.kept]

    def extend(self, x: NDArray[Any], y: NDArray[Any], x_codes: Codes, y_codes: Codes, n: int) -> None:
        """Take in pairs, values and codes of shape (m,); the window now holds ``n``."""
        kept, m = self.kept, x.size
        if kept + m > self._values.shape[1]:
            capacity = 3 * (max(kept + m, self.n + self.reach)) // 2
            self._values, self._codes = _resized(self._values, capacity), _resized(self._codes, capacity)
        place = slice(kept, kept + m)
        self._values[0, place], self._values[1, place] = x, y
        np.bitwise_and(x_codes, state_layout.SYMBOL, out=self._codes[0, place])
        np.bitwise_and(y_codes, state_layout.SYMBOL, out=self._codes[1, place])
        self.seen, self.n = self.seen + m, n

    def forget(self) -> None:
        """Make room once a third of the buffer is no longer needed."""
        spare = self.seen - self.n - self.reach - self.oldest
        if spare * 3 > self._values.shape[1]:
            kept = self.kept
            for array in (self._values, self._codes):
                array[:, : kept - spare] = array[:, spare:kept].copy()
            self.oldest += spare

    def code(self, axes: tuple[Axis, Axis]) -> None:
        """Code all that is kept anew."""
        kept = self.kept
        for side, axis in enumerate(axes):
            values, out = self._values[side, :kept], self._codes[side, :kept]
            if isinstance(axis, Categories):
                out[:] = np.minimum(values, axis.limit)
            else:
                axis.code(values, out)
                out &= state_layout.SYMBOL

    def restore(self, values: NDArray[Any], seen: int, n: int, room: int) -> None:
        """Keep these values (2, kept), the newest that were seen; ``code`` follows."""
        self._values = _resized(values, room)
        self._codes = np.zeros(self._values.shape, dtype=np.uint16)
        self.seen, self.n, self.oldest = seen, n, seen - values.shape[1]


def _resized(array: NDArray[Any], capacity: int) -> NDArray[Any]:
    resized = np.empty((array.shape[0], capacity), dtype=array.dtype)
    resized[:, : array.shape[1]] = array
    return resized
