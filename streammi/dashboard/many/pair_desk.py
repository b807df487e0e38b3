"""A monitor of many channels as a view knows it: its newest matrix, and the pairs in it."""

import shlex

import numpy as np
from msgspec.structs import replace

from streammi.config import Unit
from streammi.dashboard.drawing.wording import unit_factor
from streammi.dashboard.keys import Action
from streammi.dashboard.many.channel_order import Leaves
from streammi.dashboard.many.desk import Desk
from streammi.dashboard.many.pair_list import Many
from streammi.dashboard.many.pairs import in_order, number_of, sides
from streammi.dashboard.many.past import Past
from streammi.dashboard.many.similarity import leaf_order
from streammi.publish.matrices import labels
from streammi.records import IntArray, MatrixSnapshot, Snapshot


class PairDesk(Desk):
    """The pairs of one monitor of many channels: matrices and choices in, what is shown out."""

    def __init__(self, snapshot: MatrixSnapshot) -> None:
        super().__init__()
        self.newest = snapshot
        self._frozen: MatrixSnapshot | None = None
        self._labels: list[str] = []
        self._begin(snapshot)
        self.take(snapshot)

    def _begin(self, snapshot: MatrixSnapshot) -> None:
        """Forget what was of other channels."""
        self._past, self._past_seq = Past(snapshot.mi.size), -1
        self._labels = labels(snapshot.names)
        self._leaves: Leaves | None = None
        self._leaves_full = False
        self._forget_rows()
        self.state = replace(self.state, row=0, column=int(len(snapshot.names) > 1))
        if self.opened_label is not None and self.number(self.opened_label) is None:
            self.opened_label = None
        self._frozen = None

    @property
    def shown(self) -> MatrixSnapshot:
        """The newest matrix, or that at the moment of freezing."""
        return self.newest if self._frozen is None else self._frozen

    @property
    def unit(self) -> Unit:
        """The unit of the matrix."""
        return self.shown.unit

    @property
    def run(self) -> int:
        """The run of the monitor that the newest is of."""
        return self.newest.run

    def take(self, snapshot: MatrixSnapshot) -> bool:
        """Take in what was received; whether anything but the clock is new."""
        before, self.newest = self.newest, snapshot
        if snapshot.run != before.run or snapshot.names != before.names:
            self._begin(snapshot)
        if snapshot.seq != self._past_seq and snapshot.mi.size:
            self._past.add(snapshot.timestamp, snapshot.mi)
            self._past_seq = snapshot.seq
        return before is snapshot or _is_news(before, snapshot)

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
    def hint(self) -> str:
        """The way back from the opened pair, and to what is not known of one among many."""
        number = None if self.opened_label is None else self.number(self.opened_label)
        if number is None:
            return ""
        first, second = (self.newest.names[side.item(number)] for side in sides(len(self._labels)))
        return (
            f"esc: back. Delays and conditions: watch --x {shlex.quote(first)} --y {shlex.quote(second)} --lags=-50:50"
        )

    def own(self, label: str, snapshot: Snapshot) -> Snapshot:
        """A pair's own snapshot with its past, as far as this view has seen it."""
        number = self.number(label)
        history = () if number is None else self._past.level(number, self.shown.timestamp)
        return replace(snapshot, history=history)

    def act(self, action: Action, unit: Unit) -> None:
        """Do what a key asks for."""
        on_screen = self.opened_label is None and self.shown.mi.size > 0
        if on_screen and (action == "arrange" or (action == "matrix" and self._leaves is None)):
            self.arrange()
        if action != "arrange":
            super().act(action, unit)

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
        self._sort(shown.timestamp)
        if (
            self.state.matrix
            and shown.mi.size
            and (self._leaves is None or (shown.fill >= 1 and not self._leaves_full))
        ):
            self.arrange()
        return Many(
            matrix=shown, state=self.state, unit=unit, order=self._order, place=self._place(), seen=self._past,
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

    def _in_order(self) -> IntArray:
        """The numbers of the pairs that are wanted."""
        return in_order(self.shown, self.state.sort, self.state.words)

    def _news(self) -> object:
        """What has changed, where the table is by that, and whether it is of now."""
        changed = self.shown.changed
        by_change = 0 if changed is None or self.state.sort != "change" else hash(changed.tobytes())
        return by_change, self._frozen is None


def _is_news(old: MatrixSnapshot, new: MatrixSnapshot) -> bool:
    fields = ("run", "seq", "names", "links", "notes", "events", "untested", "missing")
    return any(getattr(old, name) != getattr(new, name) for name in fields)
