"""Samples that come twice, as over a relay that hears a publisher by two ways: the second one is left out."""

from itertools import compress
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from streammi.ingest.formats.columns import Column
from streammi.ingest.formats.content import Samples
from streammi.ingest.sequence import Numbers

Columns: TypeAlias = tuple[Column, ...]


class Duplicates:
    """Leaves out what has the number of the one before it, and the same values and time; ``count`` is in samples.

    The same number with anything else is no copy: the sender began again, or another one numbers its own samples. Nor
    is anything without a number: a signal may well stay where it is. A batch of samples with a number each that comes
    again as a whole goes back: that is a new beginning for GapCounter.

    >>> duplicates = Duplicates()
    >>> duplicates.without(Samples(([1.0, 1.0, 1.0],), None, np.array([7, 7, 8])))
    Samples(values=([1.0, 1.0],), t=None, numbers=array([7, 8]), places=None)
    >>> duplicates.without(Samples(([1.0],), None, Numbers(8))), duplicates.count
    (None, 2)
    """

    def __init__(self) -> None:
        self.count = 0
        self._number: int | None = None  # of the last sample, or of the message that it came in,
        self._last: Columns = ()  # and its values and time

    def without(self, found: Samples) -> Samples | None:
        """The samples that are no copies; None when all of them are."""
        if found.numbers is None:
            return found
        columns = (*found.values,) if found.t is None else (*found.values, found.t)
        if isinstance(found.numbers, Numbers):
            return self._message(found, found.numbers.first, columns)
        if isinstance(found.numbers, range) and found.numbers.start != self._number:
            return self._seen(found, found.numbers[-1], columns)
        numbers = np.asarray(found.numbers)
        again = np.concatenate(([numbers[0] == self._number], numbers[1:] == numbers[:-1]))
        if again.any() and not (fresh := self._fresh(columns, again)).all():
            self.count += int(np.count_nonzero(~fresh))
            if not fresh.any():
                return None
            values = tuple(_kept(column, fresh) for column in found.values)
            t = None if found.t is None else _kept(found.t, fresh)
            found = found._replace(values=values, t=t, numbers=numbers[fresh])
        return self._seen(found, int(numbers[-1]), columns)

    def state(self) -> list[Any]:
        """Plain values and arrays that ``restore`` takes."""
        # As lists, whichever way the samples were decoded.
        last = [column.tolist() if isinstance(column, np.ndarray) else column for column in self._last]
        return [self.count, self._number, last]

    def restore(self, state: list[Any]) -> None:
        """Take up a saved state."""
        self.count, self._number, last = state
        self._last = tuple(last)

    def _seen(self, found: Samples, number: int, columns: Columns) -> Samples:
        """Remember the last of samples with a number each."""
        self._number, self._last = number, tuple([column[-1:] for column in columns])
        return found

    def _message(self, found: Samples, number: int, columns: Columns) -> Samples | None:
        """All samples of a message with one number, or none."""
        if number == self._number and _same(columns, self._last):
            self.count += len(columns[0])
            return None
        self._number, self._last = number, columns
        return found

    def _fresh(self, columns: Columns, again: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """The samples that are no copies, among those of which some have a number ``again``; shape (n,)."""
        fresh = np.ones(len(again), dtype=bool)
        for k in np.flatnonzero(again).tolist():
            before = tuple(column[k - 1 : k] for column in columns) if k else self._last
            fresh[k] = not _same(tuple(column[k : k + 1] for column in columns), before)
        return fresh


def _same(one: Columns, other: Columns) -> bool:
    return len(one) == len(other) and all(
        len(a) == len(b) and all(map(_equal, a, b)) for a, b in zip(one, other, strict=True)
    )


def _equal(one: Any, other: Any) -> bool:
    return bool(one == other or (one != one and other != other))  # NaN is what was sent, too


def _kept(column: Column, which: NDArray[np.bool_]) -> Column:
    return column[which] if isinstance(column, np.ndarray) else list(compress(column, which))
