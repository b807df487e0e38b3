"""A view without a terminal: snapshots and keys in, pictures out."""

from collections import Counter
from collections.abc import Sequence
from datetime import tzinfo

from msgspec.structs import replace

from streammi.config import Unit
from streammi.dashboard import history_columns
from streammi.dashboard.actions import act, exists
from streammi.dashboard.canvas import Canvas
from streammi.dashboard.capabilities import Look
from streammi.dashboard.choices import PairKey, State
from streammi.dashboard.keys import BINDINGS, Action
from streammi.dashboard.scene import Extremes, Scene, Tab, in_unit
from streammi.dashboard.theme import Pens, Theme, make_theme
from streammi.dashboard.view import render, speaking
from streammi.dashboard.wording import place, unit_factor
from streammi.records import LinkState, Snapshot
from streammi.records.link_totals import worst
from streammi.records.verdict import leads_with_delay, strength

_BY_KEY = {key: binding for binding in BINDINGS for key in binding.keys}


class Viewer:
    """What is known of the pairs, what was chosen, and the picture of both."""

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
        self._links: list[tuple[LinkState, str]] = [("connecting", "")] * len(self._endpoints)
        self._state = State(palette=look.palette, background=look.background, readonly=readonly, reports=reports)
        self._newest: dict[PairKey, Snapshot] = {}
        self._frozen: dict[PairKey, Snapshot] | None = None
        self._extremes: dict[PairKey, Extremes] = {}
        self._theme: Theme | None = None

    @property
    def theme(self) -> Theme:
        """The theme of the state; pens of earlier ones stay valid."""
        theme, state = self._theme, self._state
        if theme is None or (theme.palette, theme.background) != (state.palette, state.background):
            theme = self._theme = make_theme(self._look.glyphs, self.pens, state.background, state.palette)
        return theme

    @property
    def shown(self) -> dict[PairKey, Snapshot]:
        """The snapshots that are shown: the newest of each pair, or those at the moment of freezing."""
        return self._newest if self._frozen is None else self._frozen

    def take(self, snapshots: list[Snapshot], monitor: int = 0) -> bool:
        """Take in what was received from a monitor; return whether anything but the clock is new."""
        news = False
        for snapshot in snapshots:
            key = (monitor, snapshot.pair)
            news |= _differ(self._newest.get(key), snapshot)
            self._newest[key] = snapshot
            if snapshot.reading is not None and snapshot.reading.fill >= 1:  # of fewer pairs it is another thing
                self._extremes[key] = _widened(self._extremes.get(key), snapshot)
        return news

    def connect(self, state: LinkState, note: str = "", monitor: int = 0) -> bool:
        """Take note of how the connection to a monitor is, and why there is none; return whether that is new."""
        before, self._links[monitor] = self._links[monitor], (state, note)
        return before != self._links[monitor]

    def press(self, key: str) -> Action | None:
        """Act on a key; return the action, None where the key does nothing here."""
        binding = _BY_KEY.get(key)
        if binding is None or not exists(self._state, binding):
            return None
        if self._state.help and binding.action not in ("quit", "redraw", "light", "dark"):
            self._state = replace(self._state, help=False)
            return "help"
        scene = self.scene()
        self._state = act(scene, binding.action, key, speaking(scene))
        if binding.action == "freeze":
            self._frozen = dict(self._newest) if self._frozen is None else None
        elif binding.action == "reset" and scene.snapshot is not None:
            self._extremes.pop(scene.shown, None)
        return binding.action

    def say(self, message: str) -> None:
        """Show one line until the next key."""
        self._state = replace(self._state, message=message)

    def scene(self) -> Scene:
        """Return all that the picture is made of."""
        keys = self._keys()
        key = self._state.pair if self._state.pair in keys else keys[0]
        snapshot = self.shown.get(key)
        published = snapshot.reading.unit if snapshot and snapshot.reading else "bit"
        unit = self._state.unit or published
        if snapshot is not None:
            snapshot = in_unit(snapshot, unit)
        seen, factor = self._extremes.get(key), unit_factor(published, unit)
        link, note = self._links[key[0]]
        return Scene(
            snapshot=snapshot,
            past=history_columns.join(snapshot.history if snapshot else (), at_peak=_delayed(snapshot)),
            state=self._state,
            theme=self.theme,
            unit=unit,
            link=link,
            link_note=note,
            endpoint=self._endpoints[key[0]],
            tabs=self._tabs(keys, unit) if len(keys) > 1 else (),
            shown=key,
            extremes=Extremes(seen.low * factor, seen.high * factor, seen.since) if seen else None,
            behind=self._behind(key),
            zone=self._zone,
        )

    def canvas(self, width: int, height: int) -> Canvas:
        """Return the picture for a terminal of this size."""
        return render(self.scene(), width, height)

    def _behind(self, key: PairKey) -> tuple[float, int] | None:
        if self._frozen is None or key not in self._frozen:
            return None if self._frozen is None else (0.0, 0)
        old, new = self._frozen[key], self._newest[key]
        return new.timestamp - old.timestamp, new.seq - old.seq

    def _keys(self) -> list[PairKey]:
        """The pairs by name, and behind them the monitors that have not sent one yet."""
        heard = {monitor for monitor, _ in self.shown}
        waited_for = [(monitor, "") for monitor in range(len(self._endpoints)) if monitor not in heard]
        return sorted(self.shown, key=lambda key: (key[1], key[0])) + waited_for

    def _tabs(self, keys: Sequence[PairKey], unit: Unit) -> tuple[Tab, ...]:
        named = Counter(pair for _, pair in keys)
        tabs = []
        for key in keys:
            monitor, pair = key
            where = place(self._endpoints[monitor])
            label = where if not pair else f"{pair} {where}" if named[pair] > 1 else pair
            snapshot, link = self.shown.get(key), self._links[monitor][0]
            reading = snapshot and snapshot.reading
            mi = max(strength(reading), 0.0) * unit_factor(reading.unit, unit) if reading else None
            feeds = snapshot.links if snapshot else ()
            tabs.append(Tab(key, label, mi, worst(link, *(feed.state for feed in feeds)), _delayed(snapshot)))
        return tuple(tabs)


def _delayed(snapshot: Snapshot | None) -> bool:
    return snapshot is not None and snapshot.reading is not None and leads_with_delay(snapshot.reading)


def _differ(old: Snapshot | None, new: Snapshot) -> bool:
    if old is None:
        return True
    fields = ("run", "seq", "reading", "links", "status", "events", "verdict")
    return any(getattr(old, name) != getattr(new, name) for name in fields)


def _widened(seen: Extremes | None, snapshot: Snapshot) -> Extremes:
    assert snapshot.reading is not None
    mi = strength(snapshot.reading)
    if seen is None:
        return Extremes(mi, mi, snapshot.timestamp)
    return Extremes(min(seen.low, mi), max(seen.high, mi), seen.since)
