"""The header, the tabs of several pairs and the footer."""

from functools import lru_cache

from streammi.dashboard.actions import works
from streammi.dashboard.canvas import Canvas
from streammi.dashboard.keys import BINDINGS, Action
from streammi.dashboard.layout import LEAST, LayoutName
from streammi.dashboard.panels.title import Spans, span_columns
from streammi.dashboard.scene import Scene, Tab
from streammi.dashboard.wording import clock, columns, duration, fit, number, short
from streammi.records.link_totals import total

FULL = LEAST["full"]
TAB_COLUMNS = 24  # of a tab's label
HINTS: dict[Action, str] = {  # in the order of what is needed most: a narrow footer ends early
    "quit": "quit", "help": "help", "freeze": "freeze", "next pair": "pair", "enlarge": "enlarge", "heatmap": "heatmap",
    "unit": "unit", "back": "scroll", "zoom in": "zoom", "log": "log", "save": "save", "palette": "colours",
}  # fmt: skip

_BINDING = {binding.action: binding for binding in BINDINGS if binding.words}


def draw_header(canvas: Canvas, scene: Scene) -> None:
    """Draw who is watched on the left, and from the right how it is: clock, window, rate, link."""
    theme, snapshot = scene.theme, scene.snapshot
    canvas.fill(" ", theme.bar)
    right = canvas.width
    for text, pen in _right(scene):
        if right - columns(text) - 2 < canvas.width // 3:
            break
        right -= columns(text) + 2
        canvas.text(right + 1, 0, text, pen)
    left = canvas.part(0, 0, right, 1)
    if snapshot is None:
        left.text(1, 0, fit("streammi", left.width - 1), theme.bar_strong)
        return
    names = f"{snapshot.x.name} {theme.glyphs.times} {snapshot.y.name}"
    x = left.text(1, 0, fit(snapshot.pair, left.width - 2, theme.glyphs.ellipsis), theme.bar_strong)
    if x + 2 + columns(names) < left.width:
        left.text(x + 2, 0, names, theme.bar)


def _right(scene: Scene) -> list[tuple[str, int]]:
    theme, snapshot = scene.theme, scene.snapshot
    parts: list[tuple[str, int]] = []
    if scene.link != "connected":
        glyph, pen = theme.state(scene.link, bar=True)
        parts.append((f"{glyph} monitor {scene.link}", pen))
    if snapshot is None:
        return parts
    link = total(snapshot.links) if snapshot.links else None
    if link is not None:
        glyph, pen = theme.state(link.state, bar=True)
        since = f" since {clock(link.since, scene.zone)}" if link.since and link.state != "connected" else ""
        parts.append((f"{glyph} {link.state}{since}", pen))
    parts += [(f"{theme.glyphs.warning} {words}", theme.bar_warn) for words in scene.warnings]
    moment = snapshot.reading.t1 if snapshot.reading and snapshot.reading.t1 is not None else snapshot.timestamp
    parts.append((clock(moment, scene.zone), theme.bar))
    if link is not None and link.rate is not None:
        parts.append((f"{short(link.rate)} pairs/s", theme.bar))
    if snapshot.reading:
        fill = snapshot.reading.fill
        parts.append(
            (
                f"window {snapshot.window}" + ("" if fill >= 1 else f" {fill:.0%} full"),
                theme.bar_dim if fill >= 1 else theme.bar_warn,
            )
        )
    parts += [(link.endpoint, theme.bar_dim) for link in snapshot.links]
    return parts


def draw_tabs(canvas: Canvas, scene: Scene) -> None:
    """Draw the pairs with their numbers, the shown one strong."""
    theme = scene.theme
    tabs = [_tab(index, tab, scene) for index, tab in enumerate(scene.tabs, 1)]
    shown = next((k for k, tab in enumerate(scene.tabs) if tab.key == scene.shown), 0)
    first = 0
    while first < shown and sum(span_columns(tab) + 3 for tab in tabs[first : shown + 1]) > canvas.width - 4:
        first += 1
    x = 1 if not first else canvas.text(1, 0, f"{theme.glyphs.ellipsis} ", theme.dim)
    for tab in tabs[first:]:
        if x + span_columns(tab) + 2 > canvas.width and tab is not tabs[-1]:
            canvas.text(x, 0, theme.glyphs.ellipsis, theme.dim)
            return
        x = canvas.spans(x, 0, tab) + 3


def _tab(index: int, tab: Tab, scene: Scene) -> Spans:
    theme = scene.theme
    glyph, pen = theme.state(tab.state)
    here = tab.key == scene.shown
    mi = "" if tab.mi is None else f" {'peak ' * tab.delayed}{number(tab.mi, 2)} {scene.unit}"
    return [
        (f"{index} " if index < 10 else "  ", theme.mi_strong if here else theme.dim),
        (f"{glyph} ", pen),
        (fit(tab.label, TAB_COLUMNS, theme.glyphs.ellipsis), theme.strong if here else theme.text),
        (mi, theme.mi if here else theme.dim),
    ]


def draw_footer(canvas: Canvas, scene: Scene, layout: LayoutName) -> None:
    """Draw what holds now (frozen, scrolled, an answer) and then the keys."""
    theme, state = scene.theme, scene.state
    canvas.fill(" ", theme.bar)
    x = 1
    if scene.behind is not None:
        seconds, readings = scene.behind
        x = canvas.text(x, 0, f"FROZEN, {duration(seconds)} and {readings:,} readings behind", theme.bar_warn) + 3
    if state.message:
        x = canvas.text(x, 0, fit(state.message, canvas.width - x - 1, theme.glyphs.ellipsis), theme.bar_strong) + 3
    right = canvas.width
    if layout in ("compact", "small"):
        needed = f"more at {FULL[0]} x {FULL[1]}"
        if x + len(needed) + 14 < right:  # where q and ? are named as well
            right = canvas.right(0, needed, theme.bar_dim, margin=1) - 1
    hints = _hints(tuple(action for action in HINTS if works(scene, _BINDING[action], layout)), right - x)
    x = canvas.text(x, 0, "".join(f"{shown} {word}  " for shown, word in hints)[:-2], theme.bar)
    for shown, word in reversed(hints):
        x -= len(shown) + len(word) + 1
        canvas.pens[0, x : x + len(shown)] = theme.key
        x -= 2


@lru_cache
def _hints(actions: tuple[Action, ...], width: int) -> list[tuple[str, str]]:
    """What is pressed for these actions, and a word on each, as many as there is room for."""
    hints, x = [], 0
    for action in actions:
        shown, word = _BINDING[action].shown, HINTS[action]
        x += len(shown) + len(word) + 3
        if x - 1 > width:
            break
        hints.append((shown, word))
    return hints
