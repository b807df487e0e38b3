"""All that a picture of many channels is made of: one value, so that the same one is always the same picture."""

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from streammi.dashboard.many.channel_order import Leaves
from streammi.dashboard.many.choices import ManyState
from streammi.dashboard.many.pairs import sides
from streammi.dashboard.many.past import Past
from streammi.dashboard.wording import unit_factor
from streammi.records import IntArray, MatrixSnapshot, Unit


@dataclass(frozen=True, kw_only=True)
class Many:
    """The pairs of many channels, as far as they are known, and what was chosen."""

    matrix: MatrixSnapshot
    state: ManyState
    unit: Unit
    order: IntArray  # the pairs of the table by number, first the one to look at
    place: int  # of the cursor in that
    past: Past
    leaves: Leaves | None  # the channels in the order of their similarity; None before it was asked for

    @property
    def channels(self) -> int:
        """How many there are."""
        return len(self.matrix.names)

    @property
    def factor(self) -> float:
        """The factor of the matrix's information, to be in the unit that is shown."""
        return unit_factor(self.matrix.unit, self.unit)

    @property
    def number(self) -> int | None:
        """The pair under the cursor of the table; None where the table is empty."""
        return self.order.item(self.place) if self.order.size else None

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
