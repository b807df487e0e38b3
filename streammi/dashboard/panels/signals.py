"""The two signals themselves over the window: in each column of dots the least and the most of its values."""

import numpy as np

from streammi.dashboard import charts
from streammi.dashboard.canvas import Canvas
from streammi.dashboard.panels.title import Spans, titled
from streammi.dashboard.scene import Scene
from streammi.dashboard.wording import count, duration, fit, short
from streammi.records import AxisInfo, FloatArray, SignalTrace

LEAST_SIZE = (24, 5)

LABEL = 8  # columns of the values on the left
TIMES_FROM = 5  # rows below the title from which one says how far back the left end is
NAMED_FROM = 3  # rows of a signal from which its name stands between its values


def says(scene: Scene) -> bool:
    """True if there are two values to draw a line between."""
    trace = scene.snapshot.trace if scene.snapshot else None
    return trace is not None and trace.x_newest.size > 1


def draw(canvas: Canvas, scene: Scene) -> None:
    """Draw x above y, each on a scale of its own, over the same time."""
    theme, snapshot = scene.theme, scene.snapshot
    assert snapshot is not None
    trace = snapshot.trace
    assert trace is not None
    newest = trace.x_newest.item(-1), trace.y_newest.item(-1)
    body = titled(canvas, theme, "SIGNALS", *_infos(scene, snapshot.x, snapshot.y, newest))
    times = int(body.height >= TIMES_FROM)
    half, rows = divmod(body.height - times, 2)
    upper = body.part(0, 0, body.width, half + rows)
    lower = body.part(0, half + rows, body.width, half)
    for part, axis, pen, ends in (
        (upper, snapshot.x, theme.x, (trace.x_low, trace.x_high)),
        (lower, snapshot.y, theme.y, (trace.y_low, trace.y_high)),
    ):
        _draw_signal(part, scene, axis, pen, *ends)
    if times:
        axis_row = body.part(LABEL, body.height - 1, body.width - LABEL, 1)
        axis_row.text(0, 0, f"−{_back(trace)}", theme.dim)
        axis_row.right(0, "newest", theme.dim)


def _infos(scene: Scene, x: AxisInfo, y: AxisInfo, newest: tuple[float, float]) -> list[Spans]:
    """The newest values with their names and units; where there is no room for that, without the names."""
    theme = scene.theme
    named: Spans = []
    plain: Spans = []
    for axis, pen, value in zip((x, y), (theme.x, theme.y), newest, strict=True):
        between, said = "  " if named else "", f"{_said(value)} {axis.unit}".rstrip()
        named += [(f"{between}{axis.name} ", pen), (said, theme.text)]
        plain += [(f"{between}{said}", pen)]
    return [named, plain]


def _draw_signal(canvas: Canvas, scene: Scene, axis: AxisInfo, pen: int, low: FloatArray, high: FloatArray) -> None:
    """Draw one signal from its least value at the bottom to its most at the top."""
    theme, rows = scene.theme, canvas.height
    plot = canvas.part(LABEL, 0, canvas.width - LABEL, rows)
    if plot.width < 2 or rows < 1 or not np.isfinite(low).any():
        return
    least, most = float(np.fmin.reduce(low)), float(np.fmax.reduce(high))
    values = canvas.part(0, 0, LABEL, rows)
    if rows > 1 and most > least:
        values.right(0, _said(most), theme.dim, margin=1)
        values.right(rows - 1, _said(least), theme.dim, margin=1)
    else:  # a constant, or one row
        values.right(rows // 2, _said(most), theme.dim, margin=1)
    if rows >= NAMED_FROM and most > least:
        values.right(rows // 2, fit(axis.name, LABEL - 1, theme.glyphs.ellipsis), pen, margin=1)
    across, up = charts.DOTS[theme.glyphs.name] if theme.glyphs.name == "braille" else (1, 1)
    spans = _line(charts.shares(low, least, most), charts.shares(high, least, most), plot.width * across, rows * up)
    if up > 1:
        plot.glyphs[...] = charts.braille(charts.braille_dots(rows, spans)[0])
    else:
        plot.glyphs[spans.mask(rows)] = ord(theme.glyphs.full if theme.half_blocks else "*")
    plot.pens[...] = pen


def _said(value: float) -> str:
    return short(value).replace("-", "−")


def _line(low: FloatArray, high: FloatArray, dots: int, rows: int) -> charts.Spans:
    """The dots of ``dots`` columns: from the least to the most of each, and on to its neighbours."""
    k = low.size
    if k >= dots:
        starts = np.arange(dots) * k // dots
        low, high = np.fmin.reduceat(low, starts), np.fmax.reduceat(high, starts)
    else:
        at, centres = (np.arange(dots) + 0.5) * k / dots, np.arange(k) + 0.5
        low, high = np.interp(at, centres, low), np.interp(at, centres, high)
    return charts.joined(charts.rows_of(low, rows), charts.rows_of(high, rows))


def _back(trace: SignalTrace) -> str:
    """How long before the newest pair the left end is, in words."""
    length = trace.stop - trace.start
    return duration(length) if trace.unit == "s" else f"{count(round(length))} pairs"
