"""What the person at the keys has chosen: kept apart from what the feed says, and changed only by actions."""

from dataclasses import dataclass, field, replace
from typing import Final, Literal, TypeAlias, get_args

from streammi.config import Unit
from streammi.dashboard import history
from streammi.dashboard.keys import Action
from streammi.dashboard.theme import PALETTES, Palette
from streammi.records import Snapshot

HeatmapMode: TypeAlias = Literal["counts", "p(y|x)", "pointwise"]
Panel: TypeAlias = Literal["chart", "heatmap", "delays", "events", "feed"]
SCROLL: Final = 0.25  # of the span, an arrow key


@dataclass(frozen=True, slots=True, kw_only=True)
class Extremes:
    """The least and the most that a pair's MI was since the last reset, in bits."""

    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Everything that decides how a snapshot is drawn, but the snapshot and the terminal."""

    pair: int = 0
    unit: Unit | None = None  # None: the monitor's own
    mode: HeatmapMode = "counts"
    palette: Palette = "cividis"
    zoom: int | None = None  # index in history.SPANS; None: what there is
    back: float = 0.0  # s before the newest reading
    enlarged: Panel | None = None
    help: bool = False
    frozen_at: float | None = None  # wall clock
    message: str = ""  # one line for the person, such as what was saved
    extremes: dict[str, Extremes] = field(default_factory=dict)


def act(
    state: State, action: Action, key: str, snapshots: list[Snapshot], panels: tuple[Panel, ...], now: float
) -> State:
    """The state after an action; what the loop itself does (quit, save, redraw) changes nothing here."""
    state = replace(state, message="")
    snapshot = snapshots[state.pair % len(snapshots)] if snapshots else None
    match action:
        case "freeze":
            return replace(state, frozen_at=None if state.frozen_at is not None else now)
        case "help":
            return replace(state, help=not state.help)
        case "overview":
            return replace(state, help=False, enlarged=None)
        case "next pair" | "previous pair":
            step = 1 if action == "next pair" else -1
            return replace(state, pair=(state.pair + step) % max(len(snapshots), 1))
        case "pair":
            return replace(state, pair=int(key) - 1) if int(key) <= len(snapshots) else state
        case "unit":
            units = get_args(Unit)
            current = state.unit or (snapshot.reading.unit if snapshot and snapshot.reading else "bit")
            return replace(state, unit=units[(units.index(current) + 1) % len(units)])
        case "heatmap":
            modes = get_args(HeatmapMode)
            return replace(state, mode=modes[(modes.index(state.mode) + 1) % len(modes)])
        case "palette":
            names = list(PALETTES)
            return replace(state, palette=names[(names.index(state.palette) + 1) % len(names)])
        case "enlarge":
            order: list[Panel | None] = [None, *panels]
            at = order.index(state.enlarged) if state.enlarged in order else 0
            return replace(state, enlarged=order[(at + 1) % len(order)])
        case "log":
            return replace(state, enlarged=None if state.enlarged == "events" else "events")
        case "reset":
            return replace(state, extremes={})
        case _:
            return _scrolled(state, action, snapshot)


def _scrolled(state: State, action: Action, snapshot: Snapshot | None) -> State:
    if snapshot is None or not snapshot.history:
        return state
    past = history.join(snapshot.history)
    zoom = history.usual_span(past) if state.zoom is None else state.zoom
    span, reach = history.SPANS[zoom], float(past.t[-1] - past.t[0])
    steps = {"back": SCROLL, "forward": -SCROLL, "far back": 1.0, "far forward": -1.0}
    if action in steps:
        return replace(state, back=min(max(state.back + steps[action] * span, 0.0), reach))
    if action in ("start", "now"):
        return replace(state, back=reach if action == "start" else 0.0)
    if action in ("zoom in", "zoom out"):
        step = -1 if action == "zoom in" else 1
        return replace(state, zoom=min(max(zoom + step, 0), len(history.SPANS) - 1))
    return state


def seen(state: State, snapshots: list[Snapshot]) -> State:
    """The state with the extremes of what was just received."""
    extremes = dict(state.extremes)
    for snapshot in snapshots:
        if snapshot.reading is not None:
            mi = snapshot.reading.mi_corrected
            known = extremes.get(snapshot.pair, Extremes(low=mi, high=mi))
            extremes[snapshot.pair] = Extremes(low=min(known.low, mi), high=max(known.high, mi))
    return replace(state, extremes=extremes)
