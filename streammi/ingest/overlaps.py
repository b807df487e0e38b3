"""Samples that messages repeat: a sender that sends its last 100 each time sends each of them many times."""

import zlib
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from streammi.ingest.formats.columns import Column
from streammi.ingest.formats.content import Samples
from streammi.ingest.sequence import Numbers
from streammi.records import IntArray

LOOKED_AT: Final = 32  # messages, in which it shows; of those in which nothing changes,
LONGEST: Final = 1000  # so many
LEAST: Final = 3  # samples that are repeated, of which none is like another: that is no chance
ALIKE: Final = 3  # messages in a row, where that is less certain
CHANGES: Final = 3  # among samples of which some are alike
BATCH: Final = 4  # samples of a message, of which one may be repeated
TRIED: Final = 8  # places where a repetition may begin,
FIRST: Final = 64  # and samples that are compared to find these
COMPARED: Final = 4096  # samples that are told from each other
LOST: Final = 5  # messages in a row in which nothing is repeated: it is done no more


class Overlaps:
    """Leaves out of each message the samples that the one before it had: the oldest, or the newest first.

    What begins a message, and ended the one before it, in all of its values and times, is the same samples: unless it
    is all of them (a message that is sent again and again), or they repeat themselves, as those of an exact period do.
    It takes LEAST samples that are all different, else ALIKE messages in a row, to conclude that; ``looks`` says
    whether there is something to look for. ``count`` is the number of samples left out, ``breaks`` how often a message
    had nothing of the one before it, so that something is missing. Numbers of messages say nothing of that: of a
    message that is missing the next one has the samples.

    >>> overlaps = Overlaps()
    >>> values = np.arange(9.0)
    >>> [overlaps.without(Samples((values[k : k + 5], 2 * values[k : k + 5]))).values[0].tolist() for k in (0, 1, 3, 3)]
    [[0.0, 1.0, 2.0, 3.0, 4.0], [5.0], [6.0, 7.0], []]
    >>> overlaps.count, overlaps.note
    (12, 'its messages repeat samples of those before (now 5 of 5): each counts once')
    """

    def __init__(self) -> None:
        self.count = self.breaks = 0
        self.looks = True
        self._way = 0  # 1: the newest sample is the last one of a message; -1: the first; 0: nothing is repeated
        self._last: list[IntArray] = []  # the last messages, each of shape (columns, n)
        self._seen = self._alone = 0
        self._evidence = 0, 0  # the way, and how many messages in a row speak for it
        self._fresh = 1  # samples of the last message that were new
        self._share = 0, 0  # of the samples of the last message, those that were repeated

    @property
    def note(self) -> str:
        """One line for a person; empty where nothing is repeated."""
        if not self._way:
            return ""
        lost = f"; {self.breaks:,} times there was nothing to repeat: samples are missing" if self.breaks else ""
        many, n = self._share
        return f"its messages repeat samples of those before (now {many:,} of {n:,}): each counts once{lost}"

    @property
    def remark(self) -> str:
        """The same as it is said once."""
        return "its messages repeat samples of those before: each counts once" if self._way else ""

    def without(self, found: Samples) -> Samples:
        """The samples of a message that the one before it did not have, maybe none."""
        if not self.looks:
            return found
        rows = _rows(found)
        self._seen += 1
        if not self._way:
            self._look(rows, found.t)
        before = self._last[-1] if self._last else None
        self._last = [*self._last[-ALIKE:], rows] if not self._way else [rows]
        if not self._way or before is None or before.shape[0] != rows.shape[0]:
            return found
        many = self._repeated(before[:, :: self._way], rows[:, :: self._way])
        self._share = many, rows.shape[1]
        self.count += many
        return _behind(found, many, self._way)

    def state(self) -> dict[str, Any]:
        """Plain values and arrays that ``restore`` takes."""
        return {name: getattr(self, name) for name in _SAVED} | {"_last": list(self._last)}

    def restore(self, state: dict[str, Any]) -> None:
        """Take up a saved state."""
        for name in _SAVED:
            setattr(self, name, state[name])
        self._evidence, self._share = (state["_evidence"][0], state["_evidence"][1]), (self._share[0], self._share[1])
        self._last = [np.asarray(rows) for rows in state["_last"]]

    def _look(self, rows: IntArray, t: Column | None) -> None:
        """Find out whether messages repeat samples, from one and those before it."""
        single, changes = rows.shape[1] == 1, bool((rows != rows[:, :1]).any())
        self.looks = self._seen < (LOOKED_AT if changes or single else LONGEST)
        if not (changes or single) or not self._last or any(before.shape[0] != rows.shape[0] for before in self._last):
            return
        for way in () if _was_there(self._last, rows) else (1, -1):
            weight = _weight([before[:, ::way] for before in self._last], rows[:, ::way])
            if not weight:
                continue
            if way < 0 and not _goes_back(t):  # what has a period longer than a message looks so, once
                weight = 1
            self._evidence = way, weight + (self._evidence[1] if self._evidence[0] == way else 0)
            if self._evidence[1] >= ALIKE:
                self._way, self.looks = way, True
            return
        self._evidence = 0, 0

    def _repeated(self, before: IntArray, rows: IntArray) -> int:
        """How many of a message's samples the one before it had; of several answers, as many as the last time."""
        found = _overlaps(before, rows)
        if not found:
            self._alone += 1
            self.breaks += 1
            if self._alone >= LOST:
                self._way, self.looks = 0, False
            return 0
        self._alone = 0
        usual = rows.shape[1] - self._fresh
        many = usual if usual in found else found[0]
        self._fresh = rows.shape[1] - many
        return many


_SAVED: Final = ("count", "breaks", "looks", "_way", "_seen", "_evidence", "_alone", "_fresh", "_share")


def _weight(last: list[IntArray], rows: IntArray) -> int:
    """How much it says that a message begins as the one before it ended: ALIKE is enough, 0 is nothing."""
    n, found = rows.shape[1], _overlaps(last[-1], rows)
    many = found[0] if found else 0
    if many in (0, n) or len(found) > 1 or _ends_as_it_begins(rows):
        return 0
    fresh = rows[:, many:][:, -COMPARED:]
    together = np.concatenate([last[-1][:, -COMPARED:], fresh], axis=1)
    if _kinds(together) == together.shape[1]:  # all are different
        known = np.concatenate([before[:, -COMPARED:] for before in last], axis=1)
        is_new = _kinds(np.concatenate([known, fresh], axis=1)) == _kinds(known) + fresh.shape[1]
        return 0 if not is_new else ALIKE if many >= LEAST else int(n >= BATCH)
    part = rows[:, :many]
    return int(np.count_nonzero((part[:, 1:] != part[:, :-1]).any(axis=0)) >= CHANGES)


def _kinds(rows: IntArray) -> int:
    """How many different samples there are."""
    return int(np.unique(rows, axis=1).shape[1])


def _was_there(last: list[IntArray], rows: IntArray) -> bool:
    """True if a message is part of those before it, as that of something with a longer period is, and no other one."""
    n, together = rows.shape[1], np.concatenate(last, axis=1)
    starts = np.arange(max(together.shape[1] - n + 1, 0))
    for k in range(min(n, FIRST) if starts.size else 0):
        starts = starts[(together[:, starts + k] == rows[:, k : k + 1]).all(axis=0)]
    return any(np.array_equal(together[:, start : start + n], rows) for start in starts[:TRIED].tolist())


def _ends_as_it_begins(rows: IntArray) -> bool:
    """True if a message may have more than a period of something that repeats itself exactly."""
    first = rows[:, :COMPARED]
    least = LEAST if 2 * _kinds(first) <= first.shape[1] else 1
    return any(least <= many < rows.shape[1] for many in _overlaps(rows, rows))


def _overlaps(before: IntArray, rows: IntArray) -> list[int]:
    """How many samples a message may begin with that ended the one before it, the most first."""
    size, n = before.shape[1], rows.shape[1]
    starts = np.arange(max(size - n, 0), size)
    for k in range(min(n, FIRST) if starts.size else 0):
        there = starts + k < size
        same = (before[:, starts[there] + k] == rows[:, k : k + 1]).all(axis=0)
        starts = np.concatenate([starts[there][same], starts[~there]])
    lengths = (size - starts[:TRIED]).tolist()
    return [many for many in lengths if np.array_equal(before[:, size - many :], rows[:, :many])]


def _behind(found: Samples, many: int, way: int) -> Samples:
    """The samples behind so many, the oldest first."""
    kept = slice(many, None) if way > 0 else slice(None, len(found.values[0]) - many)
    values = tuple(column[kept][::way] for column in found.values)
    t = None if found.t is None else found.t[kept][::way]
    if found.numbers is None or isinstance(found.numbers, Numbers):
        return Samples(values, t)
    return Samples(values, t, np.asarray(found.numbers)[kept][::way])


def _goes_back(t: Column | None) -> bool:
    """True if times go from the newest to the oldest."""
    return t is not None and len(t) > 1 and bool((np.diff(np.asarray(t, dtype=np.float64)) < 0).all())


def _rows(found: Samples) -> IntArray:
    """The samples as whole numbers that are the same where values are, NaN included; shape (columns, n)."""
    columns = [*found.values, *filter(lambda one: one is not None, (found.t,))]
    if found.numbers is not None and not isinstance(found.numbers, Numbers):
        columns.append(np.asarray(found.numbers))
    return np.stack([_codes(column) for column in columns])


def _codes(column: Column) -> NDArray[np.int64]:
    values = np.asarray(column)
    if values.dtype.kind in "fiub":
        return np.ascontiguousarray(values, dtype=np.float64).view(np.int64)
    return np.array([zlib.crc32(repr(value).encode()) for value in column], dtype=np.int64)
