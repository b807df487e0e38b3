"""Raw pairs after a restart: held back where they are unlike those before, as another sender's can be read as well."""

from math import isfinite
from struct import Struct
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
PAIR: Final = {"pairs": Struct("<dd"), "pairs32": Struct("<ff")}
FAR: Final = 4096.0  # times as large or small as all before: without a new connection that is looked into as well


class RestartCheck:
    """Knows the range of a feed's raw pairs, and holds messages from the first that is unlike those before.

    That is one beyond three times their range, or no pairs at all, among the first behind a new connection, and at any
    other time one that is thousands of times as large or as small as all: a float64 read as two float32s is any size.

    >>> check, wanted = RestartCheck(), Wanted(("0", "1"))
    >>> check.learn([[np.array([20.0, 0.5, 21.0, 0.6]).tobytes()]], "pairs", wanted)
    >>> later = [np.array([[20.5, 0.7]]).tobytes(), np.array([[20.5, 0.5, 21.0, 0.4]]).astype("<f4").tobytes()]
    >>> check.like([[payload] for payload in later], "pairs", wanted)  # the second would be 2e7, 4e7
    1
    """

    def __init__(self) -> None:
        self.held: list[Frames] = []
        self.after_restart = False  # what is held came behind a new connection
        self._left = 0  # messages that are still looked at one by one
        self._least, self._most = np.full(2, np.inf), np.full(2, -np.inf)
        self._still = False  # x was 0 throughout a message, as a float64 in two halves is where it is round
        self._pair: Struct | None = None  # of the format; None: nothing was learnt
        self._limits = (0.0,) * 4  # absolute values beyond which one is far: the least and the largest of x, of y
        self._small, self._large = np.full(2, np.inf), np.zeros(2)  # absolute values, of those that are not 0

    def state(self) -> list[Any]:
        """Plain values and arrays that ``restore`` takes."""
        held = [list(frames) for frames in self.held]
        ranges = [self._still, self._least, self._most, self._small, self._large]
        return [held, self.after_restart, self._left, *ranges]

    def restore(self, state: list[Any], name: str) -> None:
        """Take up a saved state, of this format."""
        self.held, self.after_restart, self._left, self._still, *ranges = state
        self._least, self._most, self._small, self._large = ranges
        if self._large.any():
            self._set_limits(name)

    @property
    def is_busy(self) -> bool:
        """True if messages are held, or looked at one by one."""
        return bool(self.held or self._left)

    def begin(self) -> None:
        """A new connection: the sender may be another one."""
        self._left = WATCHED
        self.after_restart |= bool(self.held)

    def learn(self, messages: Messages, name: str, wanted: Wanted) -> None:
        """Take note of the values of messages that are pairs in this format."""
        found = [values for frames in messages if (values := _values(frames, name, wanted)) is not None]
        if found:
            self._still |= any(not values[0].any() for values in found)
            self._widen(np.concatenate(found, axis=1), name)

    def like(self, messages: Messages, name: str, wanted: Wanted) -> int:
        """Of these messages so many, from the first on, are like those before; no more where some are held already."""
        if not self._left and not self.held:
            if self._seem_like(messages):
                return len(messages)
            found = self._first_far(messages, name, wanted)
            return len(messages) if found is None else found
        if self.held:
            return 0
        many = min(self._left, len(messages))
        for k in range(many):
            values = _values(messages[k], name, wanted)
            split = name == "pairs32" and not self._still and len(messages[k][-1]) % 16 == 0
            if values is None or not self._is_near(values) or (split and not values[0].any()):
                self.after_restart = True
                return k
            self._widen(values, name)
            self._left -= 1
        return many + self.like(messages[many:], name, wanted) if many < len(messages) else many

    def seldom(self, name: str, wanted: Wanted) -> bool:
        """True if no more than half of the messages that are held are far from all before: a few absurd values."""
        return 2 * sum(self._first_far([one], name, wanted) is not None for one in self.held) <= len(self.held)

    def is_still(self, name: str, other: str, wanted: Wanted) -> bool:
        """True if what is held is rather float32s with x 0 now: y is as before, as float64s it would not be."""
        now = [_values(frames, name, wanted) for frames in self.held]
        then = [_values(frames, other, wanted) for frames in self.held]
        if name != "pairs32" or not all(values is not None and not values[0].any() for values in now):
            return False
        y_only = [values[1:] for values in now if values is not None]
        near = all(self._is_near(values, first=1) for values in y_only)
        return near and not all(values is not None and self._is_near(values) for values in then)

    def hold(self, frames: Frames) -> bool:
        """Hold a message back; true if as many are held as may be."""
        self.held.append(frames)
        return len(self.held) >= HELD or sum(len(one[-1]) for one in self.held) > HELD_BYTES

    def release(self) -> list[Frames]:
        """The messages that were held, which are held no more; those behind them are not looked at one by one."""
        held, self.held, self.after_restart, self._left = self.held, [], False, 0
        return held

    def forget(self) -> None:
        """Know nothing any more: the feed is in another format."""
        self.__init__()  # type: ignore[misc]

    def _widen(self, values: NDArray[np.float64], name: str) -> None:
        for k, column in enumerate(values):
            there = column[np.isfinite(column)]
            if not there.size:
                continue
            self._least[k] = min(self._least[k], there.min())
            self._most[k] = max(self._most[k], there.max())
            sizes = np.abs(there[there != 0])
            if sizes.size:
                self._small[k] = min(self._small[k], sizes.min())
                self._large[k] = max(self._large[k], sizes.max())
        self._set_limits(name)

    def _set_limits(self, name: str) -> None:
        self._pair = PAIR.get(name)
        small, large = self._small.tolist(), self._large.tolist()
        self._limits = small[0] / FAR, large[0] * FAR, small[1] / FAR, large[1] * FAR

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

    def _seem_like(self, messages: Messages) -> bool:
        """True if the first and the last message begin with a pair that is no more than FAR from all before."""
        if self._pair is None or not messages:
            return True
        small, large, y_small, y_large = self._limits
        for frames in (messages[0], messages[-1]) if len(messages) > 1 else messages:
            if len(frames[-1]) < self._pair.size:
                return False
            x, y = self._pair.unpack_from(frames[-1])
            if not (small <= abs(x) <= large and y_small <= abs(y) <= y_large):
                return False
        return True

    def _first_far(self, messages: Messages, name: str, wanted: Wanted) -> int | None:
        """The first of these of which the first pair is far from all before; None for none."""
        if self._pair is None:
            return None
        ranges = self._limits[:2], self._limits[2:]
        for k, frames in enumerate(messages):
            payload = frames[-1]
            if not payload or len(payload) % self._pair.size:  # refused, and counted, where it is read
                continue
            for value, (small, large) in zip(self._pair.unpack_from(payload), ranges, strict=True):
                if value and large and isfinite(value) and not small <= abs(value) <= large:
                    return k
        return None


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
