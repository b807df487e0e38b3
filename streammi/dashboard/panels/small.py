"""What is left where there is little room: one column, a few lines, one line."""

import numpy as np

from streammi.dashboard import charts
from streammi.dashboard.canvas import Canvas
from streammi.dashboard.history import SPANS, columns, shown_span
from streammi.dashboard.panels import entropy, history
from streammi.dashboard.scene import Scene
from streammi.dashboard.text import fit, number, signed, wrap
from streammi.records import Reading

Spans = list[tuple[str, int]]


def draw(canvas: Canvas, scene: Scene) -> None:
    """Draw MI, the verdict, the line over time and the entropies below each other."""
    theme, reading = scene.theme, scene.reading
    if reading is None:
        draw_waiting(canvas, scene)
        return
    x = canvas.spans(0, 0, _value(scene, reading))
    linear = _linear(reading)
    if x + len(linear) < canvas.width:
        canvas.right(0, linear, theme.text)
    canvas.text(
        0, 1, fit(scene.snapshot.verdict if scene.snapshot else "", canvas.width, theme.glyphs.ellipsis), theme.strong
    )
    bar = int(entropy.says(scene) and canvas.height >= 7)
    if bar:
        entropy.draw_labelled_bar(canvas.part(0, canvas.height - 1, canvas.width, 1), scene)
    if history.says(scene):
        history.draw_chart(canvas.part(0, 2, canvas.width, canvas.height - 2 - bar), scene)


def draw_lines(canvas: Canvas, scene: Scene) -> None:
    """Draw up to five lines: state and pair, MI, the verdict, the past, correlation; all in one where there is one."""
    theme, reading = scene.theme, scene.reading
    if reading is None:
        draw_waiting(canvas, scene)
        return
    snapshot = scene.snapshot
    assert snapshot is not None
    state, pen = theme.state(scene.worst_link)
    head = [(f"{state} ", pen)]
    value = _value(scene, reading)
    if canvas.height == 1:
        x = canvas.spans(0, 0, head + value)
        x = canvas.text(x + 1, 0, _spark(scene, min(16, canvas.width - x - 1)), theme.mi) + 1
        canvas.text(x, 0, f"{snapshot.pair}  {snapshot.verdict}", theme.dim)
        return
    lines: list[Spans] = [
        value,
        [(_spark(scene, canvas.width), theme.mi)],
        [(fit(snapshot.verdict, canvas.width, theme.glyphs.ellipsis), theme.text)],
        [(_linear(reading), theme.text)],
    ]
    canvas.spans(0, 0, [*head, (snapshot.pair, theme.title)])
    for y, spans in enumerate(lines, 1):
        canvas.spans(0, y, spans)


def draw_waiting(canvas: Canvas, scene: Scene) -> None:
    """Say what is waited for."""
    theme = scene.theme
    glyph, pen = theme.state(scene.worst_link)
    canvas.spans(
        0, 0, [(f"{glyph} ", pen), (fit(_waiting(scene), canvas.width - 2, theme.glyphs.ellipsis), theme.text)]
    )
    if scene.snapshot is None:
        for y, line in enumerate(wrap(scene.link_note, canvas.width - 2)[: canvas.height - 1], 1):
            canvas.text(2, y, line, theme.warn)


def _waiting(scene: Scene) -> str:
    if scene.snapshot is not None:
        return "waiting for the first pairs"
    return f"waiting for a monitor at {scene.endpoint}" if scene.endpoint else "waiting for a monitor"


def _value(scene: Scene, reading: Reading) -> Spans:
    theme = scene.theme
    below = theme.glyphs.below_zero if reading.mi_corrected < 0 else ""
    spans = [(f"{number(max(reading.mi_corrected, 0.0))}{below}", theme.mi_strong), (f" {reading.unit}", theme.mi)]
    if scene.warnings:
        spans.append((f" {theme.glyphs.warning}{scene.warnings[0]}", theme.warn))
    if reading.stderr is not None:
        spans.append((f" {theme.glyphs.plus_minus}{number(reading.stderr)}", theme.dim))
    return spans


def _linear(reading: Reading) -> str:
    return "" if reading.pearson_r is None else f"r {signed(reading.pearson_r, 2)}"


def _spark(scene: Scene, width: int) -> str:
    if width < 1 or len(scene.past.t) < 2:
        return ""
    span = float(SPANS[shown_span(scene.past, scene.state.span)])
    return charts.sparkline(np.maximum(columns(scene.past, width, span).mi, 0.0), scene.theme.glyphs)
