"""A monitor of many channels as a view knows it: its newest matrix, the choices made at the keys, and what follows."""

import shlex

import numpy as np
from msgspec.structs import replace

from streammi.config import Unit
from streammi.dashboard.keys import Action
from streammi.dashboard.many.channel_order import Leaves
from streammi.dashboard.many.choices import ManyState, Room
from streammi.dashboard.many.keys import act, typed
from streammi.dashboard.many.pairs import in_order, number_of, sides
from streammi.dashboard.many.past import Past
from streammi.dashboard.many.scene import Many
from streammi.dashboard.many.similarity import leaf_order
from streammi.dashboard.wording import unit_factor
from streammi.publish.matrices import labels
from streammi.records import HistoryLevel, IntArray, MatrixSnapshot

REORDER_SECONDS = 5.0  # between two orders of the table: what jumps about cannot be read


class Desk:
    """The pairs of one monitor: matrices and choices in, what is shown out."""

    def __init__(self, snapshot: MatrixSnapshot) -> None:
        self.state = ManyState()
        self.opened: int | None = None  # the pair whose own view is shown
        self.newest = snapshot
        self.room = Room()
        self._frozen: MatrixSnapshot | None = None
        self._labels: list[str] = []
        self._begin(snapshot)
        self.take(snapshot)

    def _begin(self, snapshot: MatrixSnapshot) -> None:
        """Forget what was of other channels."""
        pair = None if self.opened is None else self.label(self.opened)
        self._past, self._past_seq = Past(snapshot.mi.size), -1
        self._labels = labels(snapshot.names)
        self._order: IntArray = np.zeros(0, np.int64)
        self._ordered: tuple[object, ...] = ()
        self._ordered_at = -np.inf
        self._leaves: Leaves | None = None
        self._leaves_full = False
        self.state = replace(self.state, pair=None, row=0, column=int(len(snapshot.names) > 1))
        self.opened = None if pair is None else self.number(pair)
        self._frozen = None

    @property
    def shown(self) -> MatrixSnapshot:
        """The newest matrix, or that at the moment of freezing."""
        return self.newest if self._frozen is None else self._frozen

    def take(self, snapshot: MatrixSnapshot) -> bool:
        """Take in what was received; whether anything but the clock is new."""
        before, self.newest = self.newest, snapshot
        if snapshot.run != before.run or snapshot.names != before.names:
            self._begin(snapshot)
        if snapshot.seq != self._past_seq and snapshot.mi.size:
            self._past.add(snapshot.timestamp, snapshot.mi)
            self._past_seq = snapshot.seq
        return before is snapshot or _news(before, snapshot)

    def freeze(self, frozen: bool) -> None:
        """Keep showing what is shown, or go on to what is newest."""
        self._frozen = self.newest if frozen else None

    @property
    def behind(self) -> tuple[float, int] | None:
        """How far what is shown is behind, s and readings; None where it is not frozen."""
        if self._frozen is None:
            return None
        return self.newest.timestamp - self._frozen.timestamp, self.newest.seq - self._frozen.seq

    @property
    def opened_label(self) -> str | None:
        """The name in topics of the pair whose own view is open; None for none."""
        return None if self.opened is None else self.label(self.opened)

    @property
    def hint(self) -> str:
        """How to see of the opened pair what is not known of one among many."""
        if self.opened is None:
            return ""
        first, second = (self.newest.names[side.item(self.opened)] for side in sides(len(self._labels)))
        return (
            f"esc: back. Delays and conditions: watch --x {shlex.quote(first)} --y {shlex.quote(second)} --lags=-50:50"
        )

    def history_of(self, label: str | None) -> tuple[HistoryLevel, ...]:
        """The past of a pair, by what topics call it, as far as this view has seen it."""
        number = None if label is None else self.number(label)
        return () if number is None else self._past.level(number, self.shown.timestamp)

    def typed(self, key: str) -> bool:
        """Take a key for the filter, while it is typed; False where it is none of its."""
        state = typed(self.state, key) if self.state.typing else None
        self.state = state or self.state
        return state is not None

    def act(self, action: Action, unit: Unit) -> None:
        """Do what a key asks for."""
        if self.opened is not None:
            self.opened = None
            return
        if action == "matrix" and self._leaves is None and self.shown.mi.size:
            self.arrange()
        many = self.many(unit)
        if action == "open":
            self.opened = many.chosen
        elif action == "arrange":
            if self.shown.mi.size:
                self.arrange()
        else:
            self.state = act(many, action, self.room)

    @property
    def labels(self) -> list[str]:
        """The names of the channels in topics."""
        return self._labels

    def label(self, number: int) -> str:
        """The name of a pair in topics."""
        first, second = (side.item(number) for side in sides(len(self._labels)))
        return f"{self._labels[first]}~{self._labels[second]}"

    def number(self, label: str) -> int | None:
        """The pair that is called so; None where there is none."""
        places = {name: k for k, name in enumerate(self._labels)}
        one, _, other = label.partition("~")
        first, second = places.get(one, -1), places.get(other, -1)
        if not 0 <= first < second:
            return None
        return int(number_of(np.array([first]), np.array([second]), len(self._labels))[0])

    def many(self, unit: Unit) -> Many:
        """All that is shown."""
        shown = self.shown
        self._sort()
        if (
            self.state.matrix
            and shown.mi.size
            and (self._leaves is None or (shown.fill >= 1 and not self._leaves_full))
        ):
            self.arrange()
        return Many(
            matrix=shown, state=self.state, unit=unit, order=self._order, place=self._place(), past=self._past,
            leaves=self._leaves,
        )  # fmt: skip

    def arrange(self) -> None:
        """Put the channels of the matrix in the order of their similarity as it is now."""
        shown, state, before = self.shown, self.state, self._leaves
        bits = shown.mi * np.float32(unit_factor(shown.unit, "bit"))
        self._leaves = Leaves(leaf_order(bits, len(shown.names)))
        self._leaves_full = shown.fill >= 1
        if before is not None:  # the cursor stays with its channels
            row, column = (int(self._leaves.place[before.order[place]]) for place in (state.row, state.column))
            self.state = replace(state, row=row, column=column)

    def _sort(self) -> None:
        shown, state = self.shown, self.state
        changed = 0 if shown.changed is None or state.sort != "change" else hash(shown.changed.tobytes())
        asked = (state.sort, state.words, changed, self._frozen is None)
        due = not state.matrix and not 0 <= shown.timestamp - self._ordered_at < REORDER_SECONDS
        if asked != self._ordered or due or self._ordered_at == -np.inf:
            self._order = in_order(shown, state.sort, state.words)
            self._ordered, self._ordered_at = asked, shown.timestamp

    def _place(self) -> int:
        """The place of the cursor in the table."""
        if self.state.pair is None or not self._order.size:
            return 0
        found = np.flatnonzero(self._order == self.state.pair)
        return found.item(0) if found.size else 0


def _news(old: MatrixSnapshot, new: MatrixSnapshot) -> bool:
    fields = ("run", "seq", "names", "links", "notes", "events", "untested", "missing")
    return any(getattr(old, name) != getattr(new, name) for name in fields)
