"""Correlation beside MI, on one scale from -1 to +1: where MI reaches much further, the dependence is not linear."""

from streammi.dashboard.drawing.canvas import Canvas
from streammi.dashboard.drawing.wording import number, signed
from streammi.dashboard.panels.title import titled
from streammi.dashboard.scene import Scene, linear_equivalent
from streammi.records import Reading
from streammi.records.verdict import strength

LEAST_SIZE = (30, 4)

LABEL = 11


def says(scene: Scene) -> bool:
    """True if there is a coefficient."""
    return scene.reading is not None


def draw(canvas: Canvas, scene: Scene) -> None:
    """Draw a bar for each coefficient that is known."""
    theme, reading = scene.theme, scene.reading
    assert reading is not None
    body = titled(canvas, theme, "CORRELATION", "" if reading.nmi is None else f"NMI {number(reading.nmi, 2)} of 1")
    label = LABEL + scene.delayed
    known = coefficients(scene, reading)[: body.height]
    for y, (name, value, text, pen) in enumerate(known):
        body.text(0, y, name, theme.dim)
        body.right(y, text, pen if pen == theme.mi else theme.text)
        scale(body.part(label, y, body.width - label - 6, 1), value, pen, scene)
    if body.height > len(known):
        axis = body.part(label, len(known), body.width - label - 6, 1)
        axis.text(0, 0, "−1", theme.dim)
        axis.text(axis.width // 2, 0, "0", theme.dim)
        axis.right(0, "+1", theme.dim)


def coefficients(scene: Scene, reading: Reading) -> list[tuple[str, float, str, int]]:
    """The coefficients that are known: the name, the value, the value as text, and its pen."""
    theme = scene.theme
    as_r = linear_equivalent(strength(reading), reading.unit)
    by_ksg = None  # where a delay leads it is of other pairs than what is shown
    if reading.mi_ksg is not None and not scene.delayed:
        by_ksg = linear_equivalent(reading.mi_ksg, reading.unit)
    rows = [
        ("Pearson r", reading.pearson_r, signed(reading.pearson_r, 2), theme.dim),
        ("Spearman ρ", reading.spearman_r, signed(reading.spearman_r, 2), theme.dim),
        ("peak as |r|" if scene.delayed else "MI as |r|", as_r, number(as_r, 2), theme.mi),
        ("KSG as |r|", by_ksg, number(by_ksg, 2), theme.mi),
    ]
    return [(name, value, text, pen) for name, value, text, pen in rows if value is not None]


def scale(canvas: Canvas, value: float, pen: int, scene: Scene) -> None:
    """Draw a bar from the middle (0) to ``value`` on a row that goes from -1 to +1."""
    glyphs, theme = scene.theme.glyphs, scene.theme
    middle = canvas.width // 2
    canvas.text(0, 0, glyphs.across * canvas.width, theme.faint)
    end = round(middle + max(-1.0, min(value, 1.0)) * (canvas.width - 1) / 2)
    canvas.text(min(middle, end), 0, glyphs.full * max(abs(end - middle), 0), pen)
    canvas.text(middle, 0, glyphs.tick if end == middle else glyphs.full, pen if end != middle else theme.dim)
