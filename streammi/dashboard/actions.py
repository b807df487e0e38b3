"""The effect of a key on the state: one function, the same scene and action always give the same state."""

from collections.abc import Sequence
from typing import TypeVar, get_args

from msgspec.structs import replace

from streammi.config import Unit
from streammi.dashboard.choices import HeatmapMode, State
from streammi.dashboard.drawing.history_columns import SPANS, shown_span
from streammi.dashboard.drawing.palettes import PALETTES
from streammi.dashboard.keys import Action, Binding
from streammi.dashboard.layout import LayoutName, PanelName
from streammi.dashboard.scene import Scene, by_rank, has_points

ARROW, PAGE = 0.25, 1.0  # of the span
_SCROLL = {"back": -ARROW, "forward": ARROW, "far back": -PAGE, "far forward": PAGE}
_LINES = {"zoom in": -1, "zoom out": 1, "far back": -10, "far forward": 10}


def act(scene: Scene, action: Action, key: str, panels: tuple[PanelName, ...]) -> State:
    """The state after an action on what is shown; ``panels`` are those that can be enlarged.

    Quitting, freezing, saving, redrawing and asking for a report are not choices of how to show something: they change
    nothing here.
    """
    state = replace(scene.state, message="")
    if state.enlarged == "events" and action in _LINES:
        most = len(scene.events) - 1
        return replace(state, scrolled=max(0, min(state.scrolled + _LINES[action], most)))
    match action:
        case "help":
            return replace(state, help=not state.help)
        case "overview":
            return replace(state, help=False, enlarged=None, scrolled=0)
        case "next pair" | "previous pair" | "pair":
            return _pair(scene, state, action, key)
        case "unit":
            return replace(state, unit=_after(get_args(Unit), scene.unit))
        case "heatmap":
            modes = [mode for mode in get_args(HeatmapMode) if mode != "scatter" or has_points(scene.snapshot)]
            return replace(state, heatmap=_after(modes, state.heatmap))
        case "axes":
            return replace(state, values=not state.values)
        case "palette":
            palette = _after(tuple(PALETTES), state.palette)
            return replace(state, palette=palette, message=f"colours: {palette}")
        case "light" | "dark":
            return replace(state, background=action)
        case "enlarge":
            return replace(state, enlarged=_after((None, *panels), state.enlarged), scrolled=0)
        case "log":
            return replace(state, enlarged=None if state.enlarged == "events" else "events", scrolled=0)
        case "start" | "now" | "zoom in" | "zoom out" | "back" | "forward" | "far back" | "far forward":
            return _history(scene, state, action)
        case _:
            return state


def exists(state: State, binding: Binding) -> bool:
    """True if a view has a key at all, whatever it shows."""
    if binding.action == "report" and not state.reports:
        return False
    return not (binding.changes and state.readonly)


def works(scene: Scene, binding: Binding, layout: LayoutName) -> bool:
    """True if a key does anything on what is shown: what does nothing is not offered."""
    enlarged = scene.state.enlarged
    if not exists(scene.state, binding):
        return False
    match binding.action:
        case "next pair":
            return len(scene.tabs) > 1
        case "heatmap" | "axes":
            if binding.action == "axes" and not by_rank(scene.snapshot):
                return False
            shown = layout not in ("small", "line") if enlarged is None else enlarged == "heatmap"
            return shown and scene.snapshot is not None and scene.snapshot.counts is not None
        case "back" | "start" | "zoom in":
            return len(scene.past.t) > 1 and enlarged in (None, "history", "now")
        case "acknowledge":
            return bool(scene.alarms)
        case "reset":
            return scene.extremes is not None
        case "freeze" | "enlarge" | "save" | "page":
            return scene.snapshot is not None
        case "unit":
            return scene.reading is not None
        case _:
            return True


Choice = TypeVar("Choice")


def _after(choices: Sequence[Choice], current: object, step: int = 1) -> Choice:
    """The choice ``step`` after the current one, around the end; the first where the current one is not among them."""
    return choices[(choices.index(current) + step) % len(choices)] if current in choices else choices[0]


def _pair(scene: Scene, state: State, action: Action, key: str) -> State:
    keys = tuple(tab.key for tab in scene.tabs)
    if action == "pair":
        number = int(key)
        return replace(state, pair=keys[number - 1], until=None) if number <= len(keys) else state
    step = 1 if action == "next pair" else -1
    return replace(state, pair=_after(keys, scene.shown, step), until=None) if keys else state


def _history(scene: Scene, state: State, action: Action) -> State:
    t = scene.past.t
    if len(t) < 2:
        return state
    index = shown_span(scene.past, state.span)
    if action in ("zoom in", "zoom out"):
        index += 1 if action == "zoom out" else -1
        return replace(state, span=max(0, min(index, len(SPANS) - 1)))
    oldest, newest, span = float(t[0]), float(t[-1]), SPANS[index]
    if action in ("start", "now"):
        until = newest if action == "now" else oldest + span
    else:
        until = (newest if state.until is None else state.until) + _SCROLL[action] * span
    until = max(until, min(oldest + span, newest))
    return replace(state, until=None if until >= newest else until)
