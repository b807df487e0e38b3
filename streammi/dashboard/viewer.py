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
from streammi.dashboard.pens import Pens
from streammi.dashboard.scene import Extremes, Scene, Tab, in_unit, is_stale
from streammi.dashboard.theme import Theme, make_theme
from streammi.dashboard.view import render, speaking
from streammi.dashboard.wording import place, unit_factor
from streammi.records import Event, LinkState, Snapshot
from streammi.records.link_totals import worst
from streammi.records.verdict import leads_with_delay, strength

_BY_KEY = {key: binding for binding in BINDINGS for key in binding.keys}


class Viewer:
    """The pairs as far as they are known, the choices made at the keys, and the picture of both."""

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
        self._since: list[float | None] = [None] * len(self._endpoints)  # when they came into that state
        self._tabs: list[PairKey] = [(monitor, "") for monitor in range(len(self._endpoints))]  # by their number
        self._now: float | None = None  # this machine's wall clock, s
        self._received: dict[PairKey, float | None] = {}  # when the newest snapshots came, by the same
        self._state = State(palette=look.palette, background=look.background, readonly=readonly, reports=reports)
        self._newest: dict[PairKey, Snapshot] = {}
        self._frozen: dict[PairKey, Snapshot] | None = None
        self._frozen_at: float | None = None
        self._extremes: dict[PairKey, Extremes] = {}
        self._alarms: dict[tuple[PairKey, str], Event] = {}  # that nobody has acknowledged, by rule, newest last
        self._acknowledged: dict[tuple[PairKey, str], Event] = {}  # the newest of each rule
        self._rings = False  # a new one has come
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
        return self._newest if self._frozen is None else self._frozen

    def tick(self, now: float) -> bool:
        """Take note of this machine's wall clock, s; return whether the picture changes: how long a state lasts."""
        before, self._now = self._now, now
        if before is None or int(before) == int(now) or self._frozen is not None:
            return False
        return any(self._state_of(key) != "connected" for key in self._tabs)

    def receive(self, snapshots: list[Snapshot], monitor: int = 0) -> bool:
        """Take in what was received from a monitor; return whether anything but the clock is new."""
        news = False
        for snapshot in snapshots:
            key = (monitor, snapshot.pair)
            if key not in self._newest:
                self._give_number(key, snapshot.run)
            self._received[key] = self._now
            self._take_alarms(key, self._newest.get(key), snapshot)
            news |= _differ(self._newest.get(key), snapshot)
            self._newest[key] = snapshot
            if snapshot.reading is not None and snapshot.reading.fill >= 1:  # of fewer pairs it is another thing
                self._extremes[key] = _widened(self._extremes.get(key), snapshot)
        return news

    def connect(self, state: LinkState, note: str = "", monitor: int = 0) -> bool:
        """Take note of how the connection to a monitor is, and why there is none; return whether that is new."""
        # One that starts with this view compiles its kernels before it says anything: that is no silence.
        starting = not self._endpoints[monitor] and all(place != monitor for place, _ in self._newest)
        if starting and state == "stalled":
            state, note = "connecting", ""
        before, self._links[monitor] = self._links[monitor], (state, note)
        if before[0] != state:
            self._since[monitor] = self._now
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
        if self._state.pair is None and scene.snapshot is not None:  # what keys are pressed on does not go away
            self._state = replace(self._state, pair=scene.shown)
        self._state = act(scene, binding.action, key, speaking(scene))
        if binding.action == "freeze":
            self._frozen = dict(self._newest) if self._frozen is None else None
            self._frozen_at = self._now
        elif binding.action == "acknowledge":
            self._acknowledged |= self._alarms
            self._alarms = {}
        elif binding.action == "reset" and scene.snapshot is not None:
            self._extremes.pop(scene.shown, None)
        return binding.action

    def show_message(self, message: str) -> None:
        """Show one line until the next key."""
        self._state = replace(self._state, message=message)

    @property
    def keys(self) -> tuple[PairKey, ...]:
        """The pairs in the order of their numbers; a monitor without one yet is in the place of its first."""
        return tuple(self._tabs)

    @property
    def first(self) -> PairKey:
        """The pair that is shown to whoever has chosen none: the first of which something is known."""
        return next((key for key in self._tabs if key in self.shown), self._tabs[0])

    def scene(self, key: PairKey | None = None) -> Scene:
        """All that the picture is made of: of the pair ``key``, where it is there, else of the one shown."""
        key = key if key in self._tabs else self._shown_key()
        snapshot = self.shown.get(key)
        published = snapshot.reading.unit if snapshot and snapshot.reading else "bit"
        unit = self._state.unit or published
        if snapshot is not None:
            snapshot = in_unit(snapshot, unit)
        seen, factor = self._extremes.get(key), unit_factor(published, unit)
        link, note = self._links[key[0]]
        stale = snapshot is not None and is_stale(self._state_of(key))
        return Scene(
            snapshot=snapshot,
            past=history_columns.join(snapshot.history if snapshot else (), at_peak=_delayed(snapshot)),
            state=self._state,
            theme=self._theme_of(faded=stale),
            live=self.theme,
            unit=unit,
            link=link,
            link_note=note,
            link_seconds=self._for(self._since[key[0]]),
            now=self._monitors_now(key),
            endpoint=self._endpoints[key[0]],
            tabs=self._all_tabs(unit) if len(self._tabs) > 1 else (),
            shown=key,
            alarms=self._all_alarms(key) if self._alarms else (),
            extremes=Extremes(seen.low * factor, seen.high * factor, seen.since) if seen else None,
            behind=self._behind(key),
            zone=self._zone,
        )

    def canvas(self, width: int, height: int) -> Canvas:
        """Return the picture for a terminal of this size."""
        return render(self.scene(), width, height)

    @property
    def alarm_words(self) -> tuple[str, ...]:
        """The newest alarm that nobody has acknowledged, and how many more, in words and shorter; empty for none."""
        return self.scene().alarm_words if self._alarms else ()

    def rang(self) -> bool:
        """True if an alarm has come since this was asked last."""
        rings, self._rings = self._rings, False
        return rings

    def _take_alarms(self, key: PairKey, before: Snapshot | None, snapshot: Snapshot) -> None:
        """Keep the alarms that are raised, and those that came and went since the snapshot before."""
        if not snapshot.alarms and (before is None or before.events == snapshot.events):  # nearly always
            return
        old = () if before is None else before.events
        gone = [] if before is None else [one for one in snapshot.events if one.kind == "alarm" and one not in old]
        for alarm in (*gone, *snapshot.alarms):
            place = key, alarm.rule
            if alarm in (self._alarms.get(place), self._acknowledged.get(place)):
                continue
            self._alarms.pop(place, None)
            self._alarms[place] = alarm
            self._rings = True

    def _all_alarms(self, shown: PairKey) -> tuple[tuple[str, Event], ...]:
        found = reversed(self._alarms.items())
        return tuple(("" if key == shown else key[1], alarm) for (key, _), alarm in found)

    def _behind(self, key: PairKey) -> tuple[float, int] | None:
        if self._frozen is None or key not in self._frozen:
            return None if self._frozen is None else (0.0, 0)
        old = self._frozen[key]
        new = self._newest.get(key, old)  # its monitor may have begun anew under another name
        return new.timestamp - old.timestamp, new.seq - old.seq

    def _give_number(self, key: PairKey, run: int) -> None:
        """Find a number for a pair that is new: its monitor's, or that of what this one was before it began anew."""
        monitor, _ = key
        for number, other in enumerate(self._tabs):
            before = self._newest.get(other)
            if other[0] == monitor and (before is None or before.run != run):
                for known in (self._newest, self._received, self._extremes):
                    known.pop(other, None)
                self._tabs[number] = key
                self._state = replace(self._state, pair=key) if self._state.pair == other else self._state
                return
        self._tabs.append(key)

    def _shown_key(self) -> PairKey:
        """The pair that was chosen; before that the first of which something is known."""
        if self._state.pair in self._tabs:
            return self._state.pair
        return self.first

    def _state_of(self, key: PairKey) -> str:
        """The state of the link that is worst off of those that a pair comes over."""
        snapshot = self.shown.get(key)
        return worst(self._links[key[0]][0], *(feed.state for feed in (snapshot.links if snapshot else ())))

    def _for(self, since: float | None) -> float | None:
        now = self._now if self._frozen is None else self._frozen_at
        return None if since is None or now is None else max(now - since, 0.0)

    def _monitors_now(self, key: PairKey) -> float | None:
        """A monitor's wall clock now: that of its newest snapshot, and as long as has passed here since that came."""
        snapshot, passed = self.shown.get(key), self._for(self._received.get(key))
        return None if snapshot is None or passed is None else snapshot.timestamp + passed

    def _all_tabs(self, unit: Unit) -> tuple[Tab, ...]:
        named = Counter(pair for _, pair in self._tabs)
        tabs = []
        for key in self._tabs:
            monitor, pair = key
            where = place(self._endpoints[monitor])
            label = where if not pair else f"{pair} {where}" if named[pair] > 1 else pair
            snapshot = self.shown.get(key)
            reading = snapshot and snapshot.reading
            mi = max(strength(reading), 0.0) * unit_factor(reading.unit, unit) if reading else None
            tabs.append(Tab(key, label, mi, self._state_of(key), _delayed(snapshot)))
        return tuple(tabs)


def _delayed(snapshot: Snapshot | None) -> bool:
    return snapshot is not None and snapshot.reading is not None and leads_with_delay(snapshot.reading)


def _differ(old: Snapshot | None, new: Snapshot) -> bool:
    if old is None:
        return True
    fields = ("run", "seq", "reading", "links", "status", "events", "alarms", "verdict")
    return any(getattr(old, name) != getattr(new, name) for name in fields)


def _widened(seen: Extremes | None, snapshot: Snapshot) -> Extremes:
    assert snapshot.reading is not None
    mi = strength(snapshot.reading)
    if seen is None:
        return Extremes(mi, mi, snapshot.timestamp)
    return Extremes(min(seen.low, mi), max(seen.high, mi), seen.since)
