"""All that a picture is made of: one value, so that the same scene is always the same picture."""

import math
from dataclasses import dataclass
from datetime import tzinfo
from functools import cache
from typing import TypeVar

import msgspec

from streammi.config import Unit
from streammi.dashboard.choices import PairKey, State
from streammi.dashboard.drawing.history_columns import Past
from streammi.dashboard.drawing.theme import Theme
from streammi.dashboard.drawing.wording import elapsed, unit_factor
from streammi.dashboard.many.listed import Listed
from streammi.records import AxisInfo, DelayProfile, Event, HistoryLevel, LinkHealth, Reading, Snapshot, linear
from streammi.records.link_totals import total, worst
from streammi.records.links import is_stale
from streammi.records.published import INFORMATION, fields_of
from streammi.records.status import Status, status_words
from streammi.records.verdict import leads_with_delay, verdict

Record = TypeVar("Record", Reading, HistoryLevel, DelayProfile)
EQUAL = 1.001  # of the narrowest bin's width: what rounding does to equal ones
_WARNINGS = int(Status.SPANS_GAP | Status.CLIPPED | Status.UNDERSAMPLED | Status.BEHIND | Status.UNSAVED)


@dataclass(frozen=True, slots=True)
class Extremes:
    """The lowest and the highest MI that was shown of a full window since a time."""

    low: float
    high: float
    since: float


@dataclass(frozen=True, slots=True)
class Tab:
    """One of several pairs, or a monitor that is still waited for, as the header lists it."""

    key: PairKey
    label: str
    mi: float | None
    state: str
    delayed: bool = False  # MI is that at the best delay


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Everything that panels draw from; information is in ``unit`` throughout."""

    snapshot: Snapshot | None
    many: Listed | None = None  # of a monitor of many: then there is no snapshot, but of one that was opened
    past: Past
    state: State
    theme: Theme  # for what the snapshot says: faded where that is no more of now
    live: Theme  # for what is of now whatever happens: states, keys, how long something has lasted
    unit: Unit
    link: str = "connected"  # of this view to the monitor
    link_note: str = ""  # why there is none
    link_seconds: float | None = None  # how long it has been in its state, where that is known
    now: float | None = None  # by the monitor's wall clock, s; None: the time of the snapshot
    endpoint: str = ""  # of the monitor; empty where it was started with this view
    tabs: tuple[Tab, ...] = ()
    shown: PairKey = (0, "")  # which of them
    # Of all pairs, those that nobody has acknowledged, newest first; with the pair's name, where another is shown.
    alarms: tuple[tuple[str, Event], ...] = ()
    extremes: Extremes | None = None
    behind: tuple[float, int] | None = None  # of a frozen picture: seconds and readings
    zone: tzinfo | None = None  # None: the machine's own

    @property
    def reading(self) -> Reading | None:
        """The snapshot's reading."""
        return self.snapshot.reading if self.snapshot else None

    @property
    def links(self) -> tuple[LinkHealth, ...]:
        """How the feed's links are."""
        return self.snapshot.links if self.snapshot else self.many.source.links if self.many else ()

    @property
    def events(self) -> tuple[Event, ...]:
        """The events so far, newest last."""
        return self.snapshot.events if self.snapshot else self.many.source.events if self.many else ()

    @property
    def delayed(self) -> bool:
        """True if the MI that is shown is that at the best delay, as that is what there is to say."""
        return self.reading is not None and leads_with_delay(self.reading)

    @property
    def alarm_words(self) -> tuple[str, ...]:
        """The newest alarm that nobody has acknowledged, and how many more, in words and shorter; empty for none."""
        if not self.alarms:
            return ()
        (label, event), more = self.alarms[0], len(self.alarms) - 1
        further = f" +{more}" if more else ""
        where = f"{label}: " if label else ""
        return (f"alarm {where}{event.rule}{further}", f"alarm {event.rule}{further}", f"alarm{further}")

    @property
    def warnings(self) -> tuple[str, ...]:
        """Warnings before the reading is believed, in words, but for those of the link."""
        return status_words(self.snapshot.status & _WARNINGS) if self.snapshot else ()

    @property
    def worst_link(self) -> str:
        """The state of the link that is worst off: the view's own, or one of the feed's."""
        return worst(self.link, *(feed.state for feed in self.links))

    @property
    def wall(self) -> float:
        """The monitor's wall clock now, s."""
        shown = self.snapshot or (self.many.source if self.many else None)
        made = shown.timestamp if shown else 0.0
        return made if self.now is None else self.now

    def lasted(self, link: LinkHealth) -> str:
        """How long a link of the feed has been in its state, in words; empty where that is not known."""
        return f" for {elapsed(self.wall - link.since)}" if link.since else ""

    @property
    def full_in(self) -> float | None:
        """In how many seconds the window will be full, as things are; None where it is, or nobody knows."""
        snapshot, reading = self.snapshot, self.reading
        if snapshot is None or reading is None or not 0 < reading.fill < 1 or self.stale:
            return None
        if snapshot.window_seconds is not None:
            return snapshot.window_seconds * (1 - reading.fill)
        rate = total(snapshot.links).rate
        return reading.n * (1 - reading.fill) / reading.fill / rate if rate else None

    @property
    def of_feed(self) -> Theme:
        """For what the monitor knows of its feed, whatever state that is in: of now as long as the monitor is there."""
        return self.theme if is_stale(self.link) else self.live

    @property
    def link_lasted(self) -> str:
        """How long the link to the monitor has been in its state, in words; empty where that is not known."""
        return "" if self.link_seconds is None else f" for {elapsed(self.link_seconds)}"

    @property
    def stale(self) -> bool:
        """True if what is shown is no more that of now: nothing comes, from the feed or from the monitor."""
        return is_stale(self.worst_link)


def by_rank(snapshot: Snapshot | None) -> bool:
    """True if bins of equal width on the screen are not so in truth: learnt to hold equally many pairs, for one."""
    return snapshot is not None and any(unequal(axis) for axis in (snapshot.x, snapshot.y))


def has_points(snapshot: Snapshot | None) -> bool:
    """True if there are values to draw as points, and axes to draw them between."""
    return (
        snapshot is not None
        and snapshot.trace is not None
        and snapshot.x.edges is not None
        and snapshot.y.edges is not None
    )


def unequal(axis: AxisInfo) -> bool:
    """True if the bins of an axis are of different widths."""
    edges = axis.edges
    if edges is None or len(edges) < 3:
        return False
    low, second, high = (edges.item(k) for k in (0, 1, -1))
    usual, first = (high - low) / (len(edges) - 1), second - low
    if not math.isfinite(usual):  # values that no scale of ours reaches
        return False
    if first > EQUAL * usual or usual > EQUAL * first:  # nearly all that are: no need to look at the others
        return True
    widths = edges[1:] - edges[:-1]
    return bool(widths.max() > EQUAL * widths.min())


def is_delayed(snapshot: Snapshot | None) -> bool:
    """True if MI is shown at the best delay."""
    return snapshot is not None and snapshot.reading is not None and leads_with_delay(snapshot.reading)


def in_unit(snapshot: Snapshot, unit: Unit) -> Snapshot:
    """The snapshot with all information in ``unit``; the same one where it is already."""
    reading = snapshot.reading
    if reading is None or reading.unit == unit:
        return snapshot
    factor = unit_factor(reading.unit, unit)
    replace = msgspec.structs.replace
    reading, words = replace(_times(reading, factor), unit=unit), snapshot.verdict
    if leads_with_delay(reading):  # then its MI is in the words
        words = verdict(reading, labels=snapshot.x.labels is not None, given=snapshot.given)
    return replace(
        snapshot,
        reading=reading,
        # Where the delay leads, its MI is in the words.
        verdict=words,
        history=tuple(_times(level, factor) for level in snapshot.history),
        profile=_times(snapshot.profile, factor) if snapshot.profile else None,
        events=tuple(
            replace(event, size=event.size * unit_factor(event.unit, unit), unit=unit)  # type: ignore[arg-type]
            if event.size is not None and event.unit in ("bit", "nat", "ban")
            else event
            for event in snapshot.events
        ),
    )


def _times(record: Record, factor: float) -> Record:
    """All information in a record times ``factor``."""
    values = ((name, getattr(record, name)) for name in _information(type(record)))
    return msgspec.structs.replace(record, **{name: value * factor for name, value in values if value is not None})


@cache
def _information(record: type) -> tuple[str, ...]:
    return tuple(field.attribute for field in fields_of(record) if field.published.unit == INFORMATION)


def linear_equivalent(mi: float, unit: Unit) -> float:
    """The |r| at which a Gaussian pair would have this MI: see records.linear."""
    return float(linear.linear_equivalent(mi * unit_factor(unit, "bit")))
