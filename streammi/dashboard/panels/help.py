"""The keys that work here, and what is on the screen."""

from streammi.dashboard.canvas import Canvas
from streammi.dashboard.keys import BINDINGS
from streammi.dashboard.panels.title import flow, titled
from streammi.dashboard.scene import Scene
from streammi.dashboard.text import fit


def draw(canvas: Canvas, scene: Scene) -> None:
    """Draw one line a key."""
    theme = scene.theme
    body = titled(canvas, theme, "KEYS", "any key closes")
    listed = [b for b in BINDINGS if b.words and not (scene.state.readonly and b.changes)]
    if body.height < len(listed):
        flow(body, [[(b.shown, theme.mi_strong), (f" {b.action}", theme.text)] for b in listed])
        return
    for y, binding in enumerate(listed):
        body.text(1, y, binding.shown, theme.mi_strong)
        body.text(10, y, fit(binding.words, body.width - 10, theme.glyphs.ellipsis), theme.text)
