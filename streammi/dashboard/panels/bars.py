"""The header, the tabs of several pairs and the footer."""

from collections import Counter
from functools import lru_cache

from streammi.dashboard.actions import works
from streammi.dashboard.drawing.canvas import Canvas
from streammi.dashboard.drawing.cells import columns, fit
from streammi.dashboard.drawing.names import fit_middle, names_in
from streammi.dashboard.drawing.wording import ahead, clock, duration, number, pace
from streammi.dashboard.keys import BINDINGS, Action
from streammi.dashboard.layout import LEAST, LayoutName
from streammi.dashboard.panels.title import Spans, span_columns
from streammi.dashboard.scene import Scene, Tab
from streammi.records import Snapshot
from streammi.records.link_totals import total
from streammi.records.links import badness, is_stale

FULL = LEAST["full"]
# Columns of a tab's label, and whether its MI is said: the first with which all are seen.
DETAILS = ((24, True), (24, False), (12, False), (6, False), (0, False), (0, False))
LEAST_LABEL = 8  # of the one that is shown
HINTS: dict[Action, str] = {  # in the order of what is needed most: a narrow footer ends early
    "quit": "quit", "acknowledge": "acknowledge", "help": "help", "freeze": "freeze", "next pair": "pair",
    "enlarge": "enlarge", "heatmap": "heatmap", "axes": "values", "unit": "unit", "back": "scroll", "zoom in": "zoom",
    "log": "log", "save": "save", "palette": "colours",
}  # fmt: skip

_BINDING = {binding.action: binding for binding in BINDINGS if binding.words}


def draw_header(canvas: Canvas, scene: Scene) -> None:
    """Draw who is watched on the left, and from the right how it is: link, other pairs, clock, window, rate."""
    snapshot = scene.snapshot
    if snapshot is None:
        header(canvas, scene, "streammi", "", [])
        return
    names = f"{snapshot.x.name} {scene.live.glyphs.times} {snapshot.y.name}"
    header(canvas, scene, snapshot.pair, names, _right_of_pair(scene, snapshot))


def header(canvas: Canvas, scene: Scene, title: str, names: str, more: list[tuple[str, int]]) -> None:
    """Draw a header: title and names on the left, from the right how the links are, then the words of ``more``."""
    theme = scene.live
    canvas.fill(" ", theme.bar)
    right = canvas.width
    for words, pen, must in [*_of_links(scene), *(((text,), pen, False) for text, pen in more)]:
        rooms = [canvas.width // 3, LEAST_LABEL] if must else [canvas.width // 3]
        fitting = [text for room in rooms for text in words if right - columns(text) - 2 >= room]
        if not fitting and not must:
            break
        text = fitting[0] if fitting else words[-1]
        right -= columns(text) + 2
        canvas.text(right + 1, 0, text, pen)
    left = canvas.part(0, 0, right, 1)
    x = left.text(1, 0, fit(title, left.width - 2, theme.glyphs.ellipsis), theme.bar_strong)
    if names and x + 2 + columns(names) < left.width:
        left.text(x + 2, 0, names, theme.bar)


def _of_links(scene: Scene) -> list[tuple[tuple[str, ...], int, bool]]:
    """How links and alarms are, most important first: in longer and shorter words, its pen, whether it must be."""
    theme = scene.live
    parts: list[tuple[tuple[str, ...], int, bool]] = []
    if scene.alarms:
        mark = theme.glyphs.alarm
        parts.append((tuple(f"{mark} {words}" for words in scene.alarm_words), theme.bar_bad, True))
    if scene.link != "connected":
        glyph, pen = theme.state(scene.link, bar=True)
        words = f"{glyph} monitor {scene.link}"
        parts.append(((f"{words}{scene.link_lasted}", words, f"{glyph} {scene.link}"), pen, True))
    link = total(scene.links) if scene.links else None
    if link is not None and not is_stale(scene.link):  # else it is what the feed was
        glyph, pen = theme.state(link.state, bar=True)
        lasted = scene.lasted(link) if link.state != "connected" else ""
        parts.append(((f"{glyph} {link.state}{lasted}", f"{glyph} {link.state}"), pen, True))
    if trouble := others(scene):
        parts.append((trouble, theme.bar_bad if "lost" in trouble[0] else theme.bar_warn, True))
    return parts


def _right_of_pair(scene: Scene, snapshot: Snapshot) -> list[tuple[str, int]]:
    theme, link = scene.live, total(snapshot.links) if snapshot.links else None
    parts = [(f"{theme.glyphs.warning} {words}", theme.bar_warn) for words in scene.warnings]
    newest = snapshot.reading.t1 if snapshot.reading else None
    moment = scene.wall if scene.stale or newest is None else newest
    parts.append((clock(moment, scene.zone), theme.bar))
    if link is not None and link.rate is not None and not scene.stale:
        parts.append((pace(link.rate), theme.bar))
    if snapshot.reading:
        fill = snapshot.reading.fill
        parts.append(
            (
                f"window {snapshot.window}" + filling(scene),
                theme.bar_dim if fill >= 1 else theme.bar_warn,
            )
        )
    return parts + [(link.endpoint, theme.bar_dim) for link in snapshot.links]


def filling(scene: Scene) -> str:
    """How full the window is, or when it will be; empty where it is full."""
    if scene.reading is None or scene.reading.fill >= 1:
        return ""
    left = scene.full_in
    return f" {scene.reading.fill:.0%} full" if left is None else f", full in {ahead(left)}"


def others(scene: Scene) -> tuple[str, ...]:
    """How many of several pairs are in which state that is not well, in words and shorter; empty where all are well."""
    if len(scene.tabs) < 2:
        return ()
    found = Counter(tab.state for tab in scene.tabs)
    bad = [(state, found[state]) for state in sorted(found, key=badness, reverse=True) if state != "connected"]
    if not bad:
        return ()
    glyphs = scene.theme.glyphs
    return (
        ", ".join(f"{times} {state}" for state, times in bad) + f" of {len(scene.tabs)}",
        ", ".join(f"{times} {state}" for state, times in bad),
        "".join(f"{getattr(glyphs, state)}{times}" for state, times in bad),
    )


def draw_tabs(canvas: Canvas, scene: Scene) -> None:
    """Draw the pairs with their numbers, the shown one strong: in as many words as let all of them be seen."""
    theme = scene.live
    for detail in range(len(DETAILS)):
        tabs = _tabs(scene, detail)
        gap = 3 if detail == 0 else 2 if detail < 4 else 1
        if sum(span_columns(tab) + gap for tab in tabs) - gap <= canvas.width - 2:
            x = 1
            for tab in tabs:
                x = canvas.spans(x, 0, tab) + gap
            return
    widths = [span_columns(tab) + gap for tab in tabs]
    shown = next((k for k, tab in enumerate(scene.tabs) if tab.key == scene.shown), 0)
    seen = _seen(shown, widths, [badness(tab.state) for tab in scene.tabs], canvas.width - 2)
    x, before = 1, -1
    for k in seen:
        if k > before + 1:
            x = canvas.text(x, 0, f"{theme.glyphs.ellipsis} ", theme.dim)
        x, before = canvas.spans(x, 0, tabs[k]) + gap, k
    if before + 1 < len(tabs):
        canvas.text(x, 0, theme.glyphs.ellipsis, theme.dim)


def _seen(shown: int, widths: list[int], bad: list[int], room: int) -> list[int]:
    """The tabs for which there is room, in order: the shown one, those that are worst off, then those nearest to it.

    Each may need a mark of what is left out before it, two columns, and so may the end.
    """
    by_need = sorted(range(len(widths)), key=lambda k: (k != shown, -bad[k], abs(k - shown)))
    seen, used = [], 2
    for k in by_need:
        used += widths[k] + 2 * (k == shown or bad[k] > bad[shown])
        if used > room:
            break
        seen.append(k)
    return sorted(seen)


def _tabs(scene: Scene, detail: int) -> list[Spans]:
    """All of them, in so much detail."""
    most, ellipsis = DETAILS[detail][0], scene.live.glyphs.ellipsis
    names = names_in(tuple(tab.label for tab in scene.tabs), most, ellipsis) if most else ("",) * len(scene.tabs)
    return [_tab(k, tab, name, scene, detail) for k, (tab, name) in enumerate(zip(scene.tabs, names, strict=True), 1)]


def _tab(index: int, tab: Tab, name: str, scene: Scene, detail: int) -> Spans:
    theme = scene.live
    glyph, pen = theme.state(tab.state)
    here, then, with_mi = tab.key == scene.shown, is_stale(tab.state), DETAILS[detail][1]
    if here:
        name = name if columns(name) >= LEAST_LABEL else fit_middle(tab.label, LEAST_LABEL, theme.glyphs.ellipsis)
        with_mi = with_mi or detail + 2 < len(DETAILS)
    mi = "" if tab.mi is None or not with_mi else f" {'peak ' * tab.delayed}{number(tab.mi, 2)} {scene.unit}"
    return [
        (f"{index} " if name or detail + 1 < len(DETAILS) else f"{index}", theme.mi_strong if here else theme.dim),
        (f"{glyph} " if name else glyph, pen),
        (name, theme.strong if here else theme.text),
        (mi, theme.faint if then else theme.mi if here else theme.dim),
    ]


def draw_footer(canvas: Canvas, scene: Scene, layout: LayoutName) -> None:
    """Draw what holds now (frozen, scrolled, an answer) and then the keys."""
    needed = f"more at {FULL[0]} x {FULL[1]}" if layout in ("compact", "small") else ""
    values = scene.state.values
    hints = tuple(
        (_BINDING[action].shown, "ranks" if action == "axes" and values else HINTS[action])
        for action in HINTS
        if works(scene, _BINDING[action], layout)
    )
    footer(canvas, scene, hints, needed)


def footer(canvas: Canvas, scene: Scene, hints: tuple[tuple[str, str], ...], needed: str = "") -> None:
    """Draw a footer: what holds now, keys and a word on each, as many as fit; at its end what is needed for more."""
    theme, state = scene.live, scene.state
    canvas.fill(" ", theme.bar)
    x = 1
    if scene.behind is not None:
        seconds, readings = scene.behind
        since = f"FROZEN, {duration(seconds)}"
        choices = (f"{since} and {readings:,} readings behind", f"{since} behind", since, "FROZEN", "")
        x = canvas.text(x, 0, next(text for text in choices if x + columns(text) <= canvas.width), theme.bar_warn) + 3
    if state.message:
        x = canvas.text(x, 0, fit(state.message, canvas.width - x - 1, theme.glyphs.ellipsis), theme.bar_strong) + 3
    right = canvas.width
    if needed and x + len(needed) + 14 < right:  # where q and ? are named as well
        right = canvas.right(0, needed, theme.bar_dim, margin=1) - 1
    fitting = _fitting(hints, right - x)
    x = canvas.text(x, 0, "".join(f"{shown} {word}  " for shown, word in fitting)[:-2], theme.bar)
    for shown, word in reversed(fitting):
        x -= len(shown) + len(word) + 1
        canvas.pens[0, x : x + len(shown)] = theme.key
        x -= 2


@lru_cache
def _fitting(hints: tuple[tuple[str, str], ...], width: int) -> list[tuple[str, str]]:
    """As many as there is room for."""
    fitting, x = [], 0
    for shown, word in hints:
        x += len(shown) + len(word) + 3
        if x - 1 > width:
            break
        fitting.append((shown, word))
    return fitting
