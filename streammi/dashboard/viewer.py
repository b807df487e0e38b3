"""A view without a terminal: snapshots and keys in, pictures out."""

from datetime import tzinfo

from msgspec.structs import replace

from streammi.config import Unit
from streammi.dashboard import history
from streammi.dashboard.actions import act
from streammi.dashboard.canvas import Canvas
from streammi.dashboard.capabilities import Look
from streammi.dashboard.keys import BINDINGS, Action
from streammi.dashboard.scene import Extremes, Scene, Tab, in_unit
from streammi.dashboard.state import State
from streammi.dashboard.text import unit_factor
from streammi.dashboard.theme import Pens, Theme, make_theme
from streammi.dashboard.view import render, speaking
from streammi.health import total
from streammi.records import LinkState, Snapshot

_BY_KEY = {key: binding for binding in BINDINGS for key in binding.keys}


class Viewer:
    """What is known of the pairs, what was chosen, and the picture of both."""

    def __init__(self, look: Look, *, readonly: bool = False, endpoint: str = "", zone: tzinfo | None = None) -> None:
        self.pens = Pens(look.depth)
        self.link: LinkState = "connecting"  # to the monitor
        self.link_note = ""  # why there is none
        self._look, self._endpoint, self._zone = look, endpoint, zone
        self._state = State(palette=look.palette, background=look.background, readonly=readonly)
        self._newest: dict[str, Snapshot] = {}
        self._frozen: dict[str, Snapshot] | None = None
        self._extremes: dict[str, Extremes] = {}
        self._theme: Theme | None = None

    @property
    def theme(self) -> Theme:
        """The theme of the state; pens of earlier ones stay valid."""
        theme, state = self._theme, self._state
        if theme is None or (theme.palette, theme.background) != (state.palette, state.background):
            theme = self._theme = make_theme(self._look.glyphs, self.pens, state.background, state.palette)
        return theme

    @property
    def shown(self) -> dict[str, Snapshot]:
        """The snapshots that are shown, by pair: the newest, or those at the moment of freezing."""
        return self._newest if self._frozen is None else self._frozen

    def take(self, snapshots: list[Snapshot]) -> bool:
        """Take in what was received; return whether anything but the clock is new."""
        news = False
        for snapshot in snapshots:
            news |= _differ(self._newest.get(snapshot.pair), snapshot)
            self._newest[snapshot.pair] = snapshot
            if snapshot.reading is not None:
                self._extremes[snapshot.pair] = _widened(self._extremes.get(snapshot.pair), snapshot)
        return news

    def press(self, key: str) -> Action | None:
        """Act on a key; return the action, None where the key does nothing here."""
        binding = _BY_KEY.get(key)
        if binding is None or (binding.changes and self._state.readonly):
            return None
        if self._state.help and binding.action not in ("quit", "redraw", "light", "dark"):
            self._state = replace(self._state, help=False)
            return "help"
        scene = self.scene()
        self._state = act(scene, binding.action, key, speaking(scene))
        if binding.action == "freeze":
            self._frozen = dict(self._newest) if self._frozen is None else None
        elif binding.action == "reset" and scene.snapshot is not None:
            self._extremes.pop(scene.snapshot.pair, None)
        return binding.action

    def say(self, message: str) -> None:
        """Show one line until the next key."""
        self._state = replace(self._state, message=message)

    def scene(self) -> Scene:
        """Return all that the picture is made of."""
        shown = self.shown
        names = sorted(shown)
        pair = self._state.pair if self._state.pair in shown else names[0] if names else ""
        snapshot = shown.get(pair)
        published = snapshot.reading.unit if snapshot and snapshot.reading else "bit"
        unit = self._state.unit or published
        if snapshot is not None:
            snapshot = in_unit(snapshot, unit)
        seen, factor = self._extremes.get(pair), unit_factor(published, unit)
        return Scene(
            snapshot=snapshot,
            past=history.join(snapshot.history if snapshot else ()),
            state=self._state,
            theme=self.theme,
            unit=unit,
            link=self.link,
            link_note=self.link_note,
            endpoint=self._endpoint,
            tabs=tuple(self._tab(shown[name], unit) for name in names) if len(names) > 1 else (),
            extremes=Extremes(seen.low * factor, seen.high * factor, seen.since) if seen else None,
            behind=self._behind(pair),
            zone=self._zone,
        )

    def canvas(self, width: int, height: int) -> Canvas:
        """Return the picture for a terminal of this size."""
        return render(self.scene(), width, height)

    def _behind(self, pair: str) -> tuple[float, int] | None:
        if self._frozen is None or pair not in self._frozen:
            return None if self._frozen is None else (0.0, 0)
        old, new = self._frozen[pair], self._newest[pair]
        return new.timestamp - old.timestamp, new.seq - old.seq

    @staticmethod
    def _tab(snapshot: Snapshot, unit: Unit) -> Tab:
        mi = (
            None
            if snapshot.reading is None
            else max(snapshot.reading.mi_corrected, 0.0) * unit_factor(snapshot.reading.unit, unit)
        )
        return Tab(snapshot.pair, mi, total(snapshot.links).state if snapshot.links else "connected")


def _differ(old: Snapshot | None, new: Snapshot) -> bool:
    if old is None:
        return True
    fields = ("run", "seq", "reading", "links", "status", "events", "verdict")
    return any(getattr(old, name) != getattr(new, name) for name in fields)


def _widened(seen: Extremes | None, snapshot: Snapshot) -> Extremes:
    assert snapshot.reading is not None
    mi = snapshot.reading.mi_corrected
    if seen is None:
        return Extremes(mi, mi, snapshot.timestamp)
    return Extremes(min(seen.low, mi), max(seen.high, mi), seen.since)
