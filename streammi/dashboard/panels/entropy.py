"""The entropies as one bar: what X has alone, what both share, what Y has alone."""

from streammi.dashboard.drawing.canvas import Canvas
from streammi.dashboard.drawing.cells import columns
from streammi.dashboard.drawing.wording import number
from streammi.dashboard.panels.title import Spans, flow, titled
from streammi.dashboard.scene import Scene, unequal

LEAST_SIZE = (36, 4)


def says(scene: Scene) -> bool:
    """True if there is a reading of something that varies."""
    return scene.reading is not None and scene.reading.h_xy > 0


def draw_bar(canvas: Canvas, scene: Scene) -> tuple[int, int]:
    """Draw the bar of H(X|Y), I(X;Y) and H(Y|X) into the first row; return where the first and the second part end."""
    theme, reading = scene.theme, scene.reading
    assert reading is not None
    width = canvas.width
    first = round(width * reading.h_x_given_y / reading.h_xy)
    second = round(width * min(reading.h_x / reading.h_xy, 1.0))
    canvas.text(0, 0, theme.glyphs.x_only * first, theme.x)
    canvas.text(first, 0, theme.glyphs.shared * (second - first), theme.mi)
    canvas.text(second, 0, theme.glyphs.y_only * (width - second), theme.y)
    return first, second


def draw_labelled_bar(canvas: Canvas, scene: Scene) -> None:
    """Draw the bar with its numbers inside, as far as they fit."""
    reading, theme = scene.reading, scene.theme
    assert reading is not None
    first, second = draw_bar(canvas, scene)
    for start, end, name, value, pen in (
        (0, first, "H(X|Y)", reading.h_x_given_y, theme.in_x),
        (first, second, "I", reading.mi, theme.in_mi),
        (second, canvas.width, "H(Y|X)", reading.h_y_given_x, theme.in_y),
    ):
        figure, unit = number(value, 2), reading.unit
        tight = f"{name} {figure} {unit}" if pen != theme.text else ""  # without colours a gap must part them
        words = (f" {name} {figure} {unit} ", tight, f" {name} {figure} ", f" {figure} ")
        label = next((text for text in words if 0 < len(text) <= end - start), "")
        if pen == theme.text:  # no colours: the glyphs of the bar go on around the label
            canvas.text(start + (end - start - len(label)) // 2, 0, label, pen)
        else:
            canvas.text(start, 0, label.center(end - start), pen)


def draw(canvas: Canvas, scene: Scene) -> None:
    """Draw H(X) above and H(Y) below the bar, so that what they share lies under both; or h, where H says nothing."""
    theme, reading, glyphs = scene.theme, scene.reading, scene.theme.glyphs
    assert reading is not None
    unit = reading.unit
    h_x, h_y, h_xy = entropies(scene)
    body = titled(canvas, theme, "ENTROPY", f"{h_xy} {unit}")
    bar = body.part(0, 1, body.width, 1)
    first, second = draw_bar(bar, scene)
    _bracket(body.part(0, 0, second, 1), f" {h_x} {unit} ", theme.x, scene)
    _bracket(body.part(first, 2, body.width - first, 1), f" {h_y} {unit} ", theme.y, scene)
    words = (
        (glyphs.x_only, f"H(X|Y) {number(reading.h_x_given_y, 2)} {unit}", theme.x),
        (glyphs.shared, f"I(X;Y) {number(reading.mi, 2)} {unit}", theme.mi),
        (glyphs.y_only, f"H(Y|X) {number(reading.h_y_given_x, 2)} {unit}", theme.y),
    )
    legend: list[Spans] = [[(f"{g} ", pen), (text, theme.text)] for g, text, pen in words]
    flow(body.part(0, 3, body.width, body.height - 3), legend, theme)


def entropies(scene: Scene) -> tuple[str, str, str]:
    """The entropies of X, of Y and of both, as numbers with a name: h, differential, where H is that of learnt bins.

    Bins that hold equally many pairs have the entropy log2(their number), whatever the signal.
    """
    reading, snapshot = scene.reading, scene.snapshot
    assert reading is not None
    assert snapshot is not None
    learnt = [unequal(axis) for axis in (snapshot.x, snapshot.y)]
    sides = (
        ("X", reading.h_x, reading.dh_x, learnt[0]),
        ("Y", reading.h_y, reading.dh_y, learnt[1]),
        ("X,Y", reading.h_xy, reading.dh_xy, all(learnt)),
    )
    x, y, both = (
        f"H({name}) {number(h, 2)}" if dh is None or not differential else f"h({name}) {number(dh, 2)}"
        for name, h, dh, differential in sides
    )
    return x, y, both


def _bracket(canvas: Canvas, label: str, pen: int, scene: Scene) -> None:
    glyphs = scene.theme.glyphs
    if canvas.width >= 2:
        canvas.text(0, 0, glyphs.left_end + glyphs.across * (canvas.width - 2) + glyphs.right_end, pen)
    if columns(label) <= canvas.width - 2:
        canvas.text((canvas.width - columns(label)) // 2, 0, label, scene.theme.text)
