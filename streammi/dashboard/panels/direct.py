"""How much of the MI conditions explain, as one bar; and which signal drives which, as arrows with their p."""

from typing import NamedTuple

from streammi.dashboard.drawing.canvas import Canvas
from streammi.dashboard.drawing.cells import columns
from streammi.dashboard.drawing.wording import number
from streammi.dashboard.panels.title import titled
from streammi.dashboard.scene import Scene
from streammi.records import Reading
from streammi.records.verdict import SIGNIFICANT, of_conditions, of_direction

LEAST_SIZE = (30, 4)


def says(scene: Scene) -> bool:
    """True if a condition was given, or transfer entropy asked for."""
    reading = scene.reading
    return reading is not None and (reading.cmi is not None or reading.te_xy is not None)


def draw(canvas: Canvas, scene: Scene) -> None:
    """Draw the bar of what is explained and what is left, and both arrows, as far as they are known and fit."""
    theme, reading, snapshot = scene.theme, scene.reading, scene.snapshot
    assert reading is not None
    assert snapshot is not None
    given = snapshot.given if reading.cmi is not None else ""
    body = titled(canvas, theme, "WHY", f"given {given}" if given else "which drives which")
    y = 0
    if reading.cmi is not None:
        bar(body.part(0, 0, body.width, 1), scene, reading)
        body.text(0, 1, _fitting(left(reading, given), body.width), theme.text)
        y = 2
    for arrow in arrows(reading)[: body.height - y]:
        drawn = f"{arrow.source} {theme.glyphs.across * max(1, round(4 * arrow.share))}> {arrow.target}"
        body.text(0, y, drawn, theme.mi_strong if arrow.sure else theme.dim)
        body.text(10, y, _fitting(arrow.words, body.width - 10), theme.text)
        y += 1


class Arrow(NamedTuple):
    """Transfer entropy one way: how large beside the larger one, and in words, longest first."""

    source: str
    target: str
    share: float
    sure: bool
    words: tuple[str, ...]


def arrows(reading: Reading) -> list[Arrow]:
    """The transfer both ways, as far as they are known."""
    found = []
    for source, target, te, lag, p in (
        ("x", "y", reading.te_xy, reading.te_xy_lag, reading.te_xy_p),
        ("y", "x", reading.te_yx, reading.te_yx_lag, reading.te_yx_p),
    ):
        if te is None:
            continue
        sure = p is not None and p <= SIGNIFICANT and bool(of_direction(reading))
        share = max(te, 0.0) / max(reading.te_xy or 0.0, reading.te_yx or 0.0, te, 1e-9)
        samples = f", {lag} sample{'s' * (lag != 1)} ahead"
        tested = ", untested yet" if p is None else f", p {p:.3g}"
        words = f"{number(max(te, 0.0))} {reading.unit}"
        found.append(Arrow(source, target, share, sure, (words + samples + tested, words + tested, words)))
    return found


def bar(canvas: Canvas, scene: Scene, reading: Reading) -> None:
    """Draw the MI as a bar: the part that is explained, and in the MI's colour what is left."""
    theme, cells = scene.theme, round(canvas.width * share_left(reading))
    canvas.text(0, 0, theme.glyphs.x_only * (canvas.width - cells), theme.dim)
    canvas.text(canvas.width - cells, 0, theme.glyphs.shared * cells, theme.mi)


def share_left(reading: Reading) -> float:
    """The share that conditions leave of the MI, or 1 where they bring out more."""
    if reading.explained is None:
        return 1.0 if (reading.cmi or 0.0) > 0 else 0.0
    return min(max(1.0 - reading.explained, 0.0), 1.0)


def left(reading: Reading, given: str) -> tuple[str, ...]:
    """The rest of the MI, in longer and shorter words."""
    unit = reading.unit
    tested = "untested yet" if reading.cmi_p is None else f"p {reading.cmi_p:.3g}"
    words = f"{number(max(reading.cmi or 0.0, 0.0))} of {number(max(reading.mi_corrected, 0.0))} {unit} left"
    verdict = of_conditions(reading, given)
    return (f"{words}, {tested}; {verdict}", f"{words}, {tested}", words) if verdict else (f"{words}, {tested}", words)


def _fitting(words: tuple[str, ...], width: int) -> str:
    return next((text for text in words if columns(text) <= width), "")
