"""A monitor of many as a view knows it: what came, the choices made at the keys, and what follows for a table."""

from abc import ABC, abstractmethod

import numpy as np
from msgspec.structs import replace

from streammi.config import Unit
from streammi.dashboard.keys import Action
from streammi.dashboard.many.choices import ManyState, Room
from streammi.dashboard.many.keys import act, typed
from streammi.dashboard.many.listed import Listed
from streammi.records import IntArray, MatrixSnapshot, Snapshot

REORDER_SECONDS = 5.0  # between two orders of the table: what jumps about cannot be read


class Desk(ABC):
    """One monitor of many: of channels, whose rows are pairs, or of devices."""

    def __init__(self) -> None:
        self.state = ManyState()
        self.opened_label: str | None = None  # the row whose own view is shown, as topics name it; None for none
        self.room = Room()
        self._order: IntArray = np.zeros(0, np.int64)
        self._ordered: tuple[object, ...] = ()  # by what
        self._ordered_at = -np.inf

    @property
    @abstractmethod
    def shown(self) -> MatrixSnapshot | Snapshot:
        """The newest of the monitor as a whole, or that at the moment of freezing."""

    @property
    @abstractmethod
    def unit(self) -> Unit:
        """The unit that information comes in."""

    @property
    @abstractmethod
    def run(self) -> int:
        """The run of the monitor that the newest is of."""

    @abstractmethod
    def freeze(self, frozen: bool) -> None:
        """Keep showing what is shown, or go on to what is newest."""

    @property
    @abstractmethod
    def behind(self) -> tuple[float, int] | None:
        """How far what is shown is behind, s and readings; None where it is not frozen."""

    @property
    @abstractmethod
    def hint(self) -> str:
        """The way back from the opened row, and to what is not known of it here."""

    @abstractmethod
    def own(self, label: str, snapshot: Snapshot) -> Snapshot:
        """A row's own snapshot, with what only this view knows of it."""

    @abstractmethod
    def label(self, number: int) -> str:
        """The name in topics of a row."""

    @abstractmethod
    def number(self, label: str) -> int | None:
        """The row that topics name so; None where there is none."""

    @abstractmethod
    def many(self, unit: Unit) -> Listed:
        """All that is shown."""

    @abstractmethod
    def _in_order(self) -> IntArray:
        """The numbers of the rows that are wanted, the one to look at first."""

    @abstractmethod
    def _news(self) -> object:
        """What makes an order of its own, besides the choices."""

    @property
    def typing(self) -> bool:
        """True while the filter is typed."""
        return self.state.typing

    def typed(self, key: str) -> bool:
        """Take a key for the filter, while it is typed; False where it is none of its."""
        state = typed(self.state, key) if self.state.typing else None
        self.state = state or self.state
        return state is not None

    def act(self, action: Action, unit: Unit) -> None:
        """Do what a key asks for."""
        if self.opened_label is not None:
            self.opened_label = None
            return
        many = self.many(unit)
        if action == "open":
            self.opened_label = None if many.chosen is None else self.label(many.chosen)
        else:
            self.state = act(many, action, self.room)

    def _sort(self, now: float) -> None:
        """Put the rows in order, where that is asked for, or some seconds have passed at the monitor's time, s."""
        state = self.state
        asked = (state.sort, state.words, self._news())
        due = not state.matrix and not 0 <= now - self._ordered_at < REORDER_SECONDS
        if asked != self._ordered or due or self._ordered_at == -np.inf:
            self._order = self._in_order()
            self._ordered, self._ordered_at = asked, now

    def _place(self) -> int:
        """The place of the cursor in the table."""
        if self.state.pair is None or not self._order.size:
            return 0
        found = np.flatnonzero(self._order == self.state.pair)
        return found.item(0) if found.size else 0

    def _forget_rows(self) -> None:
        """Begin anew with the table: its rows are others."""
        self._order, self._ordered, self._ordered_at = np.zeros(0, np.int64), (), -np.inf
        self.state = replace(self.state, pair=None)
