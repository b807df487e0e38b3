"""The keys that work here, and what the marks on the screen stand for."""

from collections.abc import Sequence

from streammi.dashboard.actions import works
from streammi.dashboard.drawing.canvas import Canvas
from streammi.dashboard.drawing.cells import fit
from streammi.dashboard.drawing.theme import Theme
from streammi.dashboard.keys import BINDINGS, Binding
from streammi.dashboard.layout import LEAST, LayoutName
from streammi.dashboard.panels.title import Spans, flow, titled
from streammi.dashboard.scene import Scene
from streammi.records.links import LINK_STATES

WIDTH = 124  # columns of keys and marks side by side
LAYOUTS: dict[LayoutName, str] = {"wide": "all, large", "full": "all", "compact": "most", "small": "MI, past"}


def draw(canvas: Canvas, scene: Scene, layout: LayoutName) -> None:
    """Draw one line a key; beside or below them the marks, where there is room."""
    theme = scene.live
    body = titled(canvas, theme, "KEYS", "any key closes")
    listed = [binding for binding in BINDINGS if binding.words and works(scene, binding, layout)]
    if not draw_keys(body, listed, theme):
        return
    marks, used = _marks(theme), len(listed) + 1
    if body.width >= WIDTH:
        _list(body.part(WIDTH // 2, 0, body.width - WIDTH // 2, body.height), marks, scene)
    elif body.height >= used + len(marks):
        _list(body.part(0, used, body.width, body.height - used), marks, scene)
        used += len(marks) + 1
    if body.height > used:
        _sizes(body, theme, layout)


def draw_keys(body: Canvas, listed: Sequence[Binding], theme: Theme) -> bool:
    """Draw one line a key; where there is no room for that, all one after the other, and return False."""
    if body.height < len(listed):
        flow(body, [[(one.shown, theme.mi_strong), (f" {one.action}", theme.text)] for one in listed], theme)
        return False
    for y, one in enumerate(listed):
        body.text(1, y, one.shown, theme.mi_strong)
        body.text(11, y, fit(one.words, body.width - 11, theme.glyphs.ellipsis), theme.text)
    return True


def _list(canvas: Canvas, marks: list[tuple[Spans, str]], scene: Scene) -> None:
    theme = scene.live
    for y, (spans, words) in enumerate(marks):
        canvas.spans(1, y, spans)
        canvas.text(11, y, fit(words, canvas.width - 11, theme.glyphs.ellipsis), theme.text)


def _sizes(body: Canvas, theme: Theme, layout: LayoutName) -> None:
    """In the last line: what is shown at which size."""
    sizes = [(f"{LEAST[name][0]} x {LEAST[name][1]} {words}", name == layout) for name, words in LAYOUTS.items()]
    x = body.text(1, body.height - 1, "sizes: ", theme.dim)
    for words, mine in sizes:
        if x + len(words) > body.width:
            break
        x = body.text(x, body.height - 1, words, theme.strong if mine else theme.dim) + 2


def _marks(theme: Theme) -> list[tuple[Spans, str]]:
    glyphs = theme.glyphs
    verdicts: Spans = [(f"{glyphs.connected} ", theme.mi_strong), (glyphs.connecting, theme.dim)]
    return [
        ([("1.234", theme.mi_strong)], "MI corrected for bias; plug-in is the estimate as it is"),
        ([(glyphs.plus_minus, theme.text)], "standard error of MI"),
        (verdicts, "verdict: significant; not so, or untested"),
        (
            [(f"{glyphs.up} {glyphs.down_arrow} {glyphs.steady}", theme.strong)],
            "rising, falling, steady (three standard errors)",
        ),
        ([(glyphs.below_zero, theme.warn)], "estimate below 0, drawn at 0"),
        ([(glyphs.dotted * 3, theme.null)], "chance: 95 % of unrelated signals stay below"),
        ([("h(X)", theme.x)], "differential entropy, of the signal in its own unit; may be negative"),
        ([("|r|", theme.mi)], "r of a Gaussian pair with as much MI"),
        ([(f"{glyphs.warning} ", theme.warn)], "to know before believing a number"),
        *(([theme.state(name)], f"{name}: {state.meaning}") for name, state in LINK_STATES.items()),
    ]
