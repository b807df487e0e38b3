"""Raw pairs after a restart: held back where they are unlike those before, as another sender's can be read as well."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from streammi.errors import FeedError
from streammi.ingest.formats.content import Wanted
from streammi.ingest.formats.registry import FORMATS
from streammi.ingest.recognition import HELD, HELD_BYTES
from streammi.network.frames import Frames, Messages

WATCHED: Final = 64  # messages behind a new connection that are each looked at: the first may be of the one before it
SMALLER: Final = 8.0  # times as small as all before: in a message behind a new connection that is no such value
NEAR: Final = 0.1  # of the largest value: a constant may be another one after a restart


class RestartCheck:
    """Knows the range of a feed's raw pairs, and holds messages behind a new connection that are unlike those before.

    That is from the first on that has a value beyond three times their range, or is no pairs at all.

    >>> check, wanted = RestartCheck(), Wanted(("0", "1"))
    >>> check.learn([[np.array([20.0, 0.5, 21.0, 0.6]).tobytes()]], "pairs", wanted)
    >>> later = [np.array([[20.5, 0.7]]).tobytes(), np.array([[20.5, 0.5, 21.0, 0.4]]).astype("<f4").tobytes()]
    >>> check.begin()
    >>> check.like([[payload] for payload in later], "pairs", wanted)  # the second would be 2e7, 4e7
    1
    """

    def __init__(self) -> None:
        self.held: list[Frames] = []
        self._left = 0  # messages that are still looked at one by one
        self._least, self._most = np.full(2, np.inf), np.full(2, -np.inf)
        self._still = False  # x was 0 throughout pairs of a message, as a float64 in two halves is where it is round
        self._small = np.full(2, np.inf)  # the smallest absolute values, of those that are not 0

    def state(self) -> list[Any]:
        """Plain values and arrays that ``restore`` takes."""
        held = [list(frames) for frames in self.held]
        ranges = [each.copy() for each in (self._least, self._most, self._small)]  # these go on changing
        return [held, self._left, self._still, *ranges]

    def restore(self, state: list[Any]) -> None:
        """Take up a saved state."""
        self.held, self._left, self._still, *ranges = state
        self._least, self._most, self._small = (each.copy() for each in ranges)  # a state is read-only

    @property
    def is_busy(self) -> bool:
        """True if messages are held, or looked at one by one."""
        return bool(self.held or self._left)

    def begin(self) -> None:
        """A new connection: the sender may be another one."""
        self._left = WATCHED

    def learn(self, messages: Messages, name: str, wanted: Wanted) -> None:
        """Take note of the values of messages that are pairs in this format."""
        found = [values for frames in messages if (values := _values(frames, name, wanted)) is not None]
        if found:
            self._still |= any(values.shape[1] > 1 and not values[0].any() for values in found)
            self._widen(np.concatenate(found, axis=1))

    def like(self, messages: Messages, name: str, wanted: Wanted) -> int:
        """Of these messages so many, from the first on, are like those before; no more where some are held already."""
        if self.held:
            return 0
        many = min(self._left, len(messages))
        for k in range(many):
            values = _values(messages[k], name, wanted)
            split = name == "pairs32" and not self._still and len(_payload(messages[k])) % 16 == 0
            if values is None or not self._is_near(values) or (split and not values[0].any()):
                return k
            self._widen(values)
            self._left -= 1
        return len(messages)

    def is_still(self, name: str, other: str, wanted: Wanted) -> bool:
        """True if what is held is rather float32s with x 0 now: y is as before, as float64s it would not be."""
        now = [_values(frames, name, wanted) for frames in self.held]
        then = [_values(frames, other, wanted) for frames in self.held]
        if name != "pairs32" or not all(values is not None and not values[0].any() for values in now):
            return False
        y_only = [values[1:] for values in now if values is not None]
        near = all(self._is_near(values, first=1) for values in y_only)
        return near and 2 * sum(values is not None and self._is_near(values) for values in then) < len(then)

    def hold(self, frames: Frames) -> bool:
        """Hold a message back; true if as many are held as may be."""
        self.held.append(frames)
        return len(self.held) >= HELD or sum(len(_payload(one)) for one in self.held) > HELD_BYTES

    def release(self) -> list[Frames]:
        """The messages that were held, which are held no more; those behind them are not looked at one by one."""
        held, self.held, self._left = self.held, [], 0
        return held

    def forget(self) -> None:
        """Know nothing any more: the feed is in another format."""
        self.__init__()  # type: ignore[misc]

    def _widen(self, values: NDArray[np.float64]) -> None:
        for k, column in enumerate(values):
            there = column[np.isfinite(column)]
            if not there.size:
                continue
            self._least[k] = min(self._least[k], there.min())
            self._most[k] = max(self._most[k], there.max())
            sizes = np.abs(there[there != 0])
            if sizes.size:
                self._small[k] = min(self._small[k], sizes.min())

    def _is_near(self, values: NDArray[np.float64], first: int = 0) -> bool:
        known = self._least[first:].tolist(), self._most[first:].tolist(), self._small[first:].tolist()
        ranges = zip(values, *known, strict=True)
        for column, least, most, small in ranges:
            there = column[np.isfinite(column)]
            sizes = np.abs(there[there != 0])
            if sizes.size and small <= max(abs(least), abs(most)) and sizes.min() < small / SMALLER:
                return False
            reach = max(most - least, NEAR * max(abs(least), abs(most)))
            if least <= most and there.size and not (least - reach <= there.min() <= there.max() <= most + reach):
                return False
        return True


def _payload(frames: Frames) -> bytes:
    return frames[-1] if frames else b""


def _values(frames: Frames, name: str, wanted: Wanted) -> NDArray[np.float64] | None:
    """The values of a message that is pairs in this format, shape (2, n); None where it is none."""
    row = FORMATS[name]
    try:
        if not row.recognise(frames) or (content := row.read(frames, wanted)) is None:
            return None
    except FeedError:
        return None
    with np.errstate(invalid="ignore", over="ignore"):
        return np.array([content.tree[path] for path in "01"], dtype=np.float64)
