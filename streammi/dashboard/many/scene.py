"""All that a picture of many channels is made of: one value, so that the same one is always the same picture."""

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from streammi.dashboard.many.channel_order import Leaves
from streammi.dashboard.many.listed import Bools, Listed, Toned
from streammi.dashboard.many.pairs import longest, sides
from streammi.dashboard.many.past import Past
from streammi.dashboard.names import names_in
from streammi.records import IntArray, MatrixSnapshot, Unit
from streammi.records.pair_words import pair_words

MOST_PAST = 240  # matrices that are in a sparkline


@dataclass(frozen=True, kw_only=True)
class Many(Listed):
    """The pairs of many channels, as far as they are known."""

    noun = "pair"
    sides = 2
    tested = True
    verdict_columns = 10

    matrix: MatrixSnapshot
    seen: Past
    leaves: Leaves | None  # the channels in the order of their similarity; None before it was asked for

    @property
    def source(self) -> MatrixSnapshot:
        """The newest matrix."""
        return self.matrix

    @property
    def published(self) -> Unit:
        """The unit of the matrix."""
        return self.matrix.unit

    @property
    def channels(self) -> int:
        """How many there are."""
        return len(self.matrix.names)

    @property
    def is_empty(self) -> bool:
        """True if no pair is known."""
        return not self.matrix.mi.size

    @property
    def nothing(self) -> str:
        """Why there is no pair though nothing is filtered."""
        return super().nothing if self.count or not self.matrix.names else "no pair fits --pairs"

    @property
    def title(self) -> str:
        """The name of the monitor."""
        return self.matrix.name

    @property
    def what(self) -> str:
        """How many channels there are."""
        return f"{self.channels:,} channels" if self.channels else ""

    @property
    def longest(self) -> int:
        """The columns that the longest name takes."""
        return longest(self.matrix.names)

    def fitted(self, numbers: IntArray, side: int, width: int, ellipsis: str) -> list[str]:
        """One channel of each pair: cut so that no two of all channels look alike, where that can be."""
        names = names_in(self.matrix.names, width, ellipsis)
        return [names[channel] for channel in sides(self.channels)[side][numbers].tolist()]

    def mi(self, numbers: IntArray) -> NDArray[np.floating]:
        """MI in the unit that is shown."""
        return np.asarray(self.matrix.mi[numbers] * self.factor)

    def r(self, numbers: IntArray) -> NDArray[np.floating]:
        """Pearson's r."""
        return self.matrix.r[numbers]

    def p(self, numbers: IntArray) -> NDArray[np.floating]:
        """The p of the newest test."""
        return _of(self.matrix.p, numbers)

    def change(self, numbers: IntArray) -> NDArray[np.floating]:
        """MI less what is usual by the windows before, in the unit that is shown."""
        return _of(self.matrix.change, numbers) * self.factor

    def past(self, numbers: IntArray, most: int) -> NDArray[np.floating]:
        """MI in the last matrices, each column the mean of several where there are more."""
        return self.seen.of(numbers, most, MOST_PAST, self.matrix.timestamp)

    def are_changed(self, numbers: IntArray) -> Bools:
        """True of those that are so by the monitor."""
        return self.has_changed[numbers]

    def words(self, numbers: IntArray) -> list[Toned]:
        """A word on each."""
        return pair_words(self.matrix, numbers)

    @property
    def chosen(self) -> int | None:
        """The pair under the cursor, of the matrix where that is shown; None where there is none."""
        if not self.state.matrix or self.leaves is None:
            return self.number
        return self.leaves.number(self.state.row, self.state.column)

    @cached_property
    def changed(self) -> IntArray:
        """The numbers of the pairs that have changed."""
        return np.zeros(0, np.int64) if self.matrix.changed is None else self.matrix.changed

    @cached_property
    def has_changed(self) -> NDArray[np.bool_]:
        """True of each pair that has, (P,)."""
        found = np.zeros(self.matrix.mi.size, np.bool_)
        found[self.changed] = True
        return found

    @cached_property
    def via(self) -> dict[int, int]:
        """The channel that explains a pair, by the pair's number."""
        return {} if self.matrix.indirect is None else dict(self.matrix.indirect.tolist())

    def depends(self, numbers: IntArray) -> NDArray[np.bool_]:
        """The pairs that depend by more than chance; none where nothing was tested."""
        if self.matrix.q is None:
            return np.zeros(numbers.shape, np.bool_)
        with np.errstate(invalid="ignore"):
            found: NDArray[np.bool_] = self.matrix.q[numbers] <= self.matrix.fdr
        return found

    @property
    def dependent(self) -> int | None:
        """How many pairs do; None where nothing was tested."""
        return _dependent(self.matrix)

    @property
    def count(self) -> int:
        """How many pairs there are, of those that were asked for."""
        return self.matrix.mi.size if self.matrix.said is None else self.matrix.said.size

    def names(self, number: int) -> tuple[str, str]:
        """Both channels of a pair."""
        first, second = (side.item(number) for side in sides(self.channels))
        return self.matrix.names[first], self.matrix.names[second]

    @property
    def silent(self) -> tuple[str, ...]:
        """The channels of which no pair is known, though some are of others: they have no values in the window."""
        return _silent(self.matrix)

    @cached_property
    def blamed(self) -> tuple[str, int]:
        """The channel that most of the changed pairs have, and how many of them."""
        first, second = sides(self.channels)
        counts = np.bincount(np.concatenate((first[self.changed], second[self.changed])), minlength=self.channels)
        most = int(np.argmax(counts)) if counts.size else 0
        return (self.matrix.names[most], int(counts[most])) if counts.size else ("", 0)


def _of(values: NDArray[np.float32] | None, numbers: IntArray) -> NDArray[np.floating]:
    """Those of some pairs; NaN where nothing is known of any."""
    return np.full(numbers.size, np.nan) if values is None else values[numbers]


# Of each matrix once, however many pictures show it: of half a million pairs 1 ms.
@lru_cache(maxsize=2)
def _dependent(matrix: MatrixSnapshot) -> int | None:
    if matrix.q is None:
        return None
    said = slice(None) if matrix.said is None else matrix.said
    with np.errstate(invalid="ignore"):
        return int(np.count_nonzero(matrix.q[said] <= matrix.fdr))


@lru_cache(maxsize=2)
def _silent(matrix: MatrixSnapshot) -> tuple[str, ...]:
    known = np.isfinite(matrix.mi)
    if known.all() or not known.any():
        return ()
    channels = len(matrix.names)
    has = np.zeros(channels, np.bool_)
    for side in sides(channels):
        has[side[known]] = True
    return tuple(matrix.names[k] for k in np.flatnonzero(~has).tolist())
