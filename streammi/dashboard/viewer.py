"""A view without a terminal: snapshots and keys in, pictures out."""

from collections.abc import Sequence, Set
from datetime import tzinfo

from msgspec.structs import replace

from streammi.dashboard.actions import act, exists
from streammi.dashboard.capabilities import Look
from streammi.dashboard.choices import PairKey, State
from streammi.dashboard.drawing import history_columns
from streammi.dashboard.drawing.canvas import Canvas
from streammi.dashboard.drawing.pens import Pens
from streammi.dashboard.drawing.theme import Theme, make_theme
from streammi.dashboard.drawing.wording import unit_factor
from streammi.dashboard.keys import BINDINGS, PASTE, Action
from streammi.dashboard.many.desk import Desk
from streammi.dashboard.many.keys import BINDINGS as BINDINGS_OF_MANY, LONGEST, OF_DESK
from streammi.dashboard.many.view import room_of
from streammi.dashboard.monitors import Monitors
from streammi.dashboard.scene import Extremes, Scene, in_unit, is_delayed
from streammi.dashboard.view import render, speaking
from streammi.publish.shown import Said
from streammi.records import LinkState, Snapshot
from streammi.records.link_totals import worst
from streammi.records.links import is_stale

_BY_KEY = {key: binding for binding in BINDINGS for key in binding.keys}
_BY_KEY_OF_MANY = {key: binding for binding in BINDINGS_OF_MANY for key in binding.keys}


class Viewer:
    """What is known of the monitors, the choices made at the keys, and the picture of both."""

    def __init__(
        self,
        look: Look,
        *,
        readonly: bool = False,
        reports: bool = False,
        endpoints: Sequence[str] = ("",),
        zone: tzinfo | None = None,
    ) -> None:
        self.pens = Pens(look.depth)
        self._look, self._endpoints, self._zone = look, tuple(endpoints), zone
        self._monitors = Monitors(self._endpoints, self._succeed)
        self._state = State(palette=look.palette, background=look.background, readonly=readonly, reports=reports)
        self._themes: dict[bool, Theme] = {}  # of now, and of then

    @property
    def theme(self) -> Theme:
        """The theme of the state; pens of earlier ones stay valid."""
        return self._theme_of(faded=False)

    def _theme_of(self, *, faded: bool) -> Theme:
        theme, state = self._themes.get(faded), self._state
        if theme is None or (theme.palette, theme.background) != (state.palette, state.background):
            theme = make_theme(self._look.glyphs, self.pens, state.background, state.palette, faded=faded)
            self._themes[faded] = theme
        return theme

    @property
    def shown(self) -> dict[PairKey, Snapshot]:
        """The snapshots that are shown: the newest of each pair, or those at the moment of freezing."""
        return self._monitors.pairs.shown

    @property
    def keys(self) -> tuple[PairKey, ...]:
        """The pairs in the order of their numbers; a monitor without one yet is in the place of its first."""
        return self._monitors.keys

    def tick(self, now: float) -> bool:
        """Take note of this machine's wall clock, s; return whether the picture changes: how long a state lasts."""
        return self._monitors.tick(now)

    def receive(self, said: Sequence[Said], monitor: int = 0) -> bool:
        """Take in what was received from a monitor; return whether anything but the clock is new."""
        return self._monitors.receive(said, monitor)

    def connect(self, state: LinkState, note: str = "", monitor: int = 0) -> bool:
        """Take note of how the connection to a monitor is, and why there is none; return whether that is new."""
        return self._monitors.connect(state, note, monitor)

    def desk(self, key: PairKey) -> Desk | None:
        """The rows of a monitor of many channels, or devices; None of what is none."""
        return self._monitors.desks.get(key)

    def opened(self, monitor: int) -> str | None:
        """The pair of many channels, or the device, whose own view is open, as topics name it."""
        return self._monitors.opened(monitor)

    def open_beside(self, pairs: Set[PairKey]) -> None:
        """Take in these pairs of monitors of many channels, too, as topics name them, and let go of others."""
        self._monitors.open_beside(pairs)

    def rang(self) -> bool:
        """True if an alarm, or a change among many pairs, has come since this was asked last."""
        return self._monitors.alarms.rang()

    def _succeed(self, before: PairKey, key: PairKey) -> None:
        """Stay on a pair whose monitor has begun anew under another name."""
        if self._state.pair == before:
            self._state = replace(self._state, pair=key)

    def press(self, key: str) -> Action | None:
        """Act on a key; return the action, None where the key does nothing here."""
        if key.startswith(PASTE):
            return self._paste(key.removeprefix(PASTE))
        desk = self._monitors.desks.get(self._shown_key())
        at_desk = desk is not None and desk.opened_label is None and self._state.enlarged != "events"
        if desk is not None and at_desk and not self._state.help and desk.typed(key):
            self._state = replace(self._state, message="")
            return "filter"
        binding = (_BY_KEY_OF_MANY if at_desk else _BY_KEY).get(key)
        if binding is None or not exists(self._state, binding):
            return None
        action = binding.action
        if self._state.help and action not in ("quit", "redraw", "light", "dark"):
            self._state = replace(self._state, help=False)
            return "help"
        scene = self.scene()
        if action == "freeze" and scene.snapshot is None and scene.many is None and not self._monitors.pairs.is_frozen:
            return None  # nothing is there that could be kept
        if self._state.pair is None and (scene.snapshot is not None or desk is not None):
            self._state = replace(self._state, pair=scene.shown)  # what keys are pressed on does not go away
        leaving = desk is not None and not at_desk and action == "overview" and self._state.enlarged is None
        if desk is not None and (leaving or (at_desk and action in OF_DESK)):
            self._at_desk(desk, scene, action)
            return action
        self._state = act(scene, action, key, speaking(scene))
        if action == "freeze":
            self._freeze()
        elif action == "acknowledge":
            self._monitors.alarms.acknowledge()
        elif action == "reset" and scene.snapshot is not None:
            self._monitors.pairs.reset_extremes(self._pair_key(scene.shown))
        return action

    def _paste(self, text: str) -> Action:
        """Take a pasted text for what is typed into the filter; elsewhere its letters are no keys."""
        desk = self._monitors.desks.get(self._shown_key())
        if desk is not None and desk.opened_label is None and desk.typing:
            for letter in text[:LONGEST].strip():
                desk.typed(letter)
        else:
            self.show_message("pasted text is left out: it is no keys")
        return "paste"

    def _at_desk(self, desk: Desk, scene: Scene, action: Action) -> None:
        """Act on a screen of many channels, or come back to it from a pair."""
        self._state = replace(self._state, message="", enlarged=None)
        if desk.opened_label is not None:
            self._monitors.pairs.forget(self._pair_key(scene.shown))
        if action == "open" and self._monitors.pairs.is_frozen:
            self._freeze()  # its own view begins now
        desk.act(action, scene.unit)
        if action == "open" and desk.opened_label is not None:
            self._state = replace(self._state, message=desk.hint)

    def _freeze(self) -> None:
        frozen = not self._monitors.pairs.is_frozen
        self._monitors.pairs.freeze(frozen=frozen)
        for desk in self._monitors.desks.values():
            desk.freeze(frozen)

    def show_message(self, message: str) -> None:
        """Show one line until the next key."""
        self._state = replace(self._state, message=message)

    @property
    def first(self) -> PairKey:
        """The pair that is shown to whoever has chosen none: the first of which something is known."""
        return next((key for key in self.keys if key in self.shown or key in self._monitors.desks), self.keys[0])

    def scene(self, key: PairKey | None = None, opened: str | None = None) -> Scene:
        """All that the picture is made of: of the pair ``key``, where it is there, else of the one shown.

        Of many channels it is of the pair ``opened``, or of that opened at the keys, or of all.
        """
        tab = key if key in self.keys else self._shown_key()
        desk = self._monitors.desks.get(tab)
        label = opened if opened is not None else desk.opened_label if desk is not None else None
        key = tab if label is None else (tab[0], label)
        snapshot = self.shown.get(key)
        published = desk.unit if desk else snapshot.reading.unit if snapshot and snapshot.reading else "bit"
        unit = self._state.unit or published
        if snapshot is not None and desk is not None and label is not None:
            snapshot = desk.own(label, snapshot)
        if snapshot is not None:
            snapshot = in_unit(snapshot, unit)
        seen, factor = self._monitors.pairs.extremes(key), unit_factor(published, unit)
        link, note = self._monitors.pairs.links[key[0]]
        many = desk.many(unit) if desk is not None and label is None else None
        links = () if snapshot is None else snapshot.links
        state = worst(self._monitors.state_of(tab), *(feed.state for feed in links))
        stale = (snapshot is not None or many is not None) and is_stale(state)
        return Scene(
            snapshot=snapshot,
            many=many,
            past=history_columns.join(snapshot.history if snapshot else (), at_peak=is_delayed(snapshot)),
            state=self._state,
            theme=self._theme_of(faded=stale),
            live=self.theme,
            unit=unit,
            link=link,
            link_note=note,
            link_seconds=self._monitors.pairs.link_seconds(key[0]),
            now=self._monitors.now(key),
            endpoint=self._endpoints[key[0]],
            tabs=self._monitors.tabs(unit) if len(self.keys) > 1 else (),
            shown=tab,
            alarms=self._monitors.alarms.shown(key),
            extremes=Extremes(seen.low * factor, seen.high * factor, seen.since) if seen else None,
            behind=self._monitors.desks[key].behind
            if key in self._monitors.desks
            else self._monitors.pairs.behind(key),
            zone=self._zone,
        )

    def canvas(self, width: int, height: int) -> Canvas:
        """The picture for a terminal of this size."""
        scene = self.scene()
        if scene.many is not None:
            self._monitors.desks[scene.shown].room = room_of(scene, scene.many, width, height)
        return render(scene, width, height)

    @property
    def alarm_words(self) -> tuple[str, ...]:
        """The newest alarm that nobody has acknowledged, and how many more, in words and shorter; empty for none."""
        return self.scene().alarm_words if self._monitors.alarms.open else ()

    def _shown_key(self) -> PairKey:
        """The pair that was chosen; before that the first of which something is known."""
        return self._state.pair if self._state.pair in self.keys else self.first

    def _pair_key(self, tab: PairKey) -> PairKey:
        """The pair that a tab shows: of many channels the one that was opened."""
        label = self._monitors.desks[tab].opened_label if tab in self._monitors.desks else None
        return tab if label is None else (tab[0], label)
