"""What a table shows, and the keys go by: rows by number, whatever they are of."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, TypeAlias

import numpy as np
from numpy.typing import NDArray

from streammi.dashboard.drawing.glyphs import Glyphs
from streammi.dashboard.drawing.wording import unit_factor
from streammi.dashboard.many.choices import ManyState
from streammi.dashboard.many.marks import Mark, Toned
from streammi.records import IntArray, MatrixSnapshot, Snapshot, Unit

Bools: TypeAlias = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Listed(ABC):
    """The rows of a table by number, and what was chosen: pairs of channels, or devices.

    What is known of some of them comes in arrays (n,) in the order asked for; NaN where it is not known.
    """

    noun: ClassVar[str]  # of a row
    sides: ClassVar[int]  # names a row has
    tested: ClassVar[bool]  # rows have a p
    verdict_columns: ClassVar[int]
    has_events: ClassVar[bool]
    pieces: ClassVar[str]  # of which the feed brings so many a second
    incomplete: ClassVar[str]  # of those of which no value is finite

    state: ManyState
    unit: Unit
    order: IntArray  # the numbers in the order of the table, first the one to look at
    place: int  # of the cursor in that

    @property
    def number(self) -> int | None:
        """The row under the cursor of the table; None where the table is empty."""
        return self.order.item(self.place) if self.order.size else None

    @property
    def chosen(self) -> int | None:
        """The row under the cursor, wherever that is; None where there is none."""
        return self.number

    @property
    @abstractmethod
    def source(self) -> MatrixSnapshot | Snapshot:
        """The newest of the monitor."""

    @property
    @abstractmethod
    def published(self) -> Unit:
        """The unit that information comes in."""

    @property
    def factor(self) -> float:
        """The factor of that, to be in the unit that is shown."""
        return unit_factor(self.published, self.unit)

    @property
    @abstractmethod
    def count(self) -> int:
        """How many rows there are, before the filter."""

    @property
    @abstractmethod
    def is_empty(self) -> bool:
        """True if nothing is known of any row."""

    @property
    def nothing(self) -> str:
        """Why there is no row though nothing is filtered."""
        return f"no {self.noun}s yet"

    @property
    @abstractmethod
    def title(self) -> str:
        """The name of the monitor."""

    @property
    @abstractmethod
    def what(self) -> str:
        """How many channels or devices there are, in words; empty where that is not known."""

    @abstractmethod
    def names(self, number: int) -> tuple[str, ...]:
        """The names of a row, in full."""

    @property
    @abstractmethod
    def longest(self) -> int:
        """The columns that the longest name takes."""

    @abstractmethod
    def fitted(self, numbers: IntArray, side: int, width: int, ellipsis: str) -> list[str]:
        """One of the names of each, in at most so many columns."""

    @abstractmethod
    def mi(self, numbers: IntArray) -> NDArray[np.floating]:
        """MI in the unit that is shown."""

    @abstractmethod
    def r(self, numbers: IntArray) -> NDArray[np.floating]:
        """Pearson's r."""

    @abstractmethod
    def p(self, numbers: IntArray) -> NDArray[np.floating]:
        """The p of the newest test."""

    @abstractmethod
    def change(self, numbers: IntArray) -> NDArray[np.floating]:
        """MI less what is usual, in the unit that is shown."""

    @abstractmethod
    def past(self, numbers: IntArray, most: int) -> NDArray[np.floating]:
        """MI as it was in at most so many columns, oldest first, (k, n)."""

    @abstractmethod
    def depends(self, numbers: IntArray) -> Bools:
        """True of those that depend by more than chance."""

    @abstractmethod
    def are_changed(self, numbers: IntArray) -> Bools:
        """True of those that have changed by more than chance."""

    @abstractmethod
    def words(self, numbers: IntArray) -> list[Toned]:
        """A verdict on each."""

    @property
    def via(self) -> dict[int, int]:
        """The channel that explains a pair, by the pair's number."""
        return {}

    def through(self, number: int) -> str:
        """The name of that channel; empty where there is none."""
        return ""

    def evidence(self, number: int) -> list[tuple[str, float]]:
        """The names of what a row was tested by, and their values; NaN where they are not known."""
        return []

    @property
    def newest(self) -> float | None:
        """The time of the newest that it is of, by its own times, s; None where it has none."""
        return None

    @property
    @abstractmethod
    def window(self) -> tuple[str, bool]:
        """The window in words, and whether it is full; no words where that is not known."""

    @abstractmethod
    def standing(self, glyphs: Glyphs, *, stale: bool) -> list[Toned]:
        """What has changed, or how it stands, or what is waited for."""

    @property
    def changed_at(self) -> float | None:
        """The time of the newest change, s; None where nothing has changed."""
        return None

    @property
    @abstractmethod
    def totals(self) -> list[tuple[str, str]]:
        """How much has come, and of what."""

    @property
    def matrix_shown(self) -> bool:
        """True if the matrix is, in the place of the table."""
        return False

    @property
    def itself(self) -> str:
        """The channel that the cursor of the matrix has on both sides; empty for none."""
        return ""

    @abstractmethod
    def marks(self, glyphs: Glyphs) -> list[Mark]:
        """The marks of what is shown, and what they mean."""
