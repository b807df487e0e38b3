"""Changes among the pairs of many channels, and the events that tell of it."""

from fnmatch import fnmatchcase
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from streammi.core.channels.channel_window import ChannelWindow
from streammi.detect.changed_pairs import ChangedPairs, told
from streammi.publish import matrices
from streammi.records import UNIT_PER_BIT, ChannelMatrices, Event, IntArray
from streammi.records.channels import SmallArray
from streammi.records.codec import State
from streammi.records.triangles import sides, upper_triangle

TOLD_ONE_BY_ONE: Final = 5  # of pairs that change at once: of more one thing is said


class PairChanges:
    """Looks at each reading for pairs that have changed, and learns from one a window what is usual.

    ``name`` is that of the monitor: an event of many pairs at once is of it. Where there are ``globs`` of pairs,
    nothing is said of others than theirs.
    """

    def __init__(self, name: str, names: tuple[str, ...], globs: tuple[str, ...] = ()) -> None:
        self._name, self._names = name, names
        self.said = pairs_of(names, globs)  # of which pairs anything is said, (C, C)
        self.said_pairs: NDArray[np.bool_] = upper_triangle(self.said)  # the same, row by row
        self.labels = matrices.labels(names)
        self._places = {label: place for place, label in enumerate(self.labels)}
        self.usual = ChangedPairs(len(names) * (len(names) - 1) // 2)
        self._learnt_at = 0  # rows
        self._told: NDArray[np.bool_] = self.usual.changed  # changed pairs that were told of

    @property
    def count(self) -> int:
        """Of how many pairs anything is said."""
        return int(np.count_nonzero(self.said_pairs))

    @property
    def said_numbers(self) -> IntArray | None:
        """The pairs of which anything is said, by number; None for all."""
        return None if self.said_pairs.all() else np.flatnonzero(self.said_pairs)

    @property
    def changed(self) -> NDArray[np.bool_]:
        """The pairs of these that have changed, row by row."""
        return self.usual.changed & self.said_pairs

    @property
    def known(self) -> bool:
        """True if there is something usual yet."""
        return self.usual.windows > 0

    def look(self, at: float, found: ChannelMatrices, window: ChannelWindow) -> list[Event]:
        """Look at what the window says; the events that tell of what has changed."""
        if window.fill < 1 or window.rows < 2 * window.n:  # bins are learnt anew as it fills first
            return []
        bits = upper_triangle(found.mi) / UNIT_PER_BIT[found.unit]
        values = upper_triangle(found.pairs)
        changed = self.usual.look(bits, values) & self.said_pairs
        new, channel = told(changed, self._told, len(found.names))
        events = self._events(at, found, bits, new, channel)
        if window.rows - self._learnt_at >= window.n:
            self._learnt_at = window.rows
            self.usual.learn(bits, values)
        self._told = self.changed
        return events

    def most(self, found: ChannelMatrices, top: int) -> list[tuple[int, int]]:
        """The pairs that have changed, those that have done so most first, ``top`` at most."""
        off = upper_triangle(found.mi, np.float32) / UNIT_PER_BIT[found.unit] - self.usual.mean
        changed = np.flatnonzero(self.changed)
        most = changed[np.argsort(-np.abs(off[changed]), kind="stable")][:top]
        rows, columns = sides(most, len(found.names))
        return list(zip(rows.tolist(), columns.tolist(), strict=True))

    def change(self, found: ChannelMatrices, i: int, j: int) -> float:
        """MI of the pair i < j less the usual, in the unit of ``found``; NaN before anything is."""
        usual = self.usual.mean.item(_number(i, j, len(found.names))) * UNIT_PER_BIT[found.unit]
        return float(found.mi.item((i, j)) - usual)

    def change_of_all(self, found: ChannelMatrices) -> SmallArray:
        """The same of every pair, row by row."""
        usual: SmallArray = (self.usual.mean * UNIT_PER_BIT[found.unit]).astype(np.float32)
        return upper_triangle(found.mi, np.float32) - usual

    def pair(self, i: int, j: int) -> str:
        """The name of a pair in topics."""
        return f"{self.labels[i]}~{self.labels[j]}"

    def numbers(self, pair: str) -> tuple[int, int] | None:
        """The channels of a pair by its name in topics; None where there is no such pair."""
        first, separator, second = pair.partition("~")
        places = (self._places.get(first, -1), self._places.get(second, -1))
        return places if separator and 0 <= places[0] < places[1] else None

    def state(self) -> State:
        """Plain values and arrays that ``restore`` takes."""
        header, arrays = self.usual.state()
        return {"learnt_at": self._learnt_at, "usual": header}, [*arrays, self._told.astype(np.uint8)]

    def restore(self, state: State) -> None:
        """Take up the saved state of one with the same channels."""
        header, (*arrays, told) = state
        self._learnt_at, self._told = header["learnt_at"], told.astype(np.bool_)
        self.usual.restore((header["usual"], arrays))

    def _events(self, at: float, found: ChannelMatrices, bits: Any, new: IntArray, channel: str) -> list[Event]:
        rows, columns = (side.tolist() for side in sides(new, len(found.names)))
        per_bit = UNIT_PER_BIT[found.unit]
        changes = [
            (i, j, now * per_bit, usual * per_bit)
            for i, j, now, usual in zip(rows, columns, bits[new].tolist(), self.usual.mean[new].tolist(), strict=True)
        ]
        changes.sort(key=lambda one: -abs(one[2] - one[3]))
        if len(changes) <= TOLD_ONE_BY_ONE:
            return [self._event(at, found, *one) for one in changes]
        i, j, now, usual = changes[0]
        of = f", most of them of {found.names[int(channel)]}" if channel else ""
        evidence = (
            f"MI of {len(changes):,} of {self.count:,} pairs has changed{of}; "
            f"{found.names[i]} ~ {found.names[j]} most: {usual:.3f} to {now:.3f} {found.unit}"
        )
        size = float(len(changes))
        return [Event(pair=self._name, kind="many", timestamp=at, size=size, unit="pairs", evidence=evidence)]

    def _event(self, at: float, found: ChannelMatrices, i: int, j: int, now: float, usual: float) -> Event:
        kind = "lost" if now < usual / 3 else "gained" if now > 3 * usual else "shifted"
        evidence = f"MI of {found.names[i]} ~ {found.names[j]} was {usual:.3f} usually, and is {now:.3f} {found.unit}"
        pair = self.pair(i, j)
        return Event(pair=pair, kind=kind, timestamp=at, size=now - usual, unit=found.unit, evidence=evidence)


def pairs_of(names: tuple[str, ...], globs: tuple[str, ...]) -> NDArray[np.bool_]:
    """The pairs (C, C) of channels that fit one of the globs a~b, in either order; all where there are none.

    >>> pairs_of(("flow", "rack1", "rack2"), ("rack*~flow",)).tolist()
    [[False, True, True], [True, False, False], [True, False, False]]
    """
    if not globs:
        return np.ones((len(names), len(names)), dtype=np.bool_)
    found = np.zeros((len(names), len(names)), dtype=np.bool_)
    for one in globs:
        a, b = (np.array([glob == name or fnmatchcase(name, glob) for name in names]) for glob in one.split("~"))
        found |= np.logical_and.outer(a, b) | np.logical_and.outer(b, a)
    return found


def _number(i: int, j: int, channels: int) -> int:
    """The place of the pair i < j in the upper triangle, row by row."""
    return i * (2 * channels - i - 1) // 2 + j - i - 1
