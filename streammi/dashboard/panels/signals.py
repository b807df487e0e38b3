"""The two signals themselves over the window: in each column of dots the least and the most of its values."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from streammi.dashboard.drawing import charts
from streammi.dashboard.drawing.canvas import SPACE, Canvas
from streammi.dashboard.drawing.cells import fit
from streammi.dashboard.drawing.wording import count, duration, short, short_in
from streammi.dashboard.panels.title import Spans, titled
from streammi.dashboard.scene import Scene
from streammi.records import AxisInfo, FloatArray, IntArray, SignalTrace

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
    parts = body.part(0, 0, body.width, half + rows), body.part(0, half + rows, body.width, half)
    signals = (
        Signal.of(snapshot.x, theme.x, np.array((trace.x_low, trace.x_high))),
        Signal.of(snapshot.y, theme.y, np.array((trace.y_low, trace.y_high))),
    )
    for part, signal in zip(parts, signals, strict=True):
        _draw_values(part.part(0, 0, LABEL, part.height), scene, signal)
    plots = [part.part(LABEL, 0, part.width - LABEL, part.height) for part in parts]
    if plots[0].width >= 2:
        _draw_lines(plots, scene, signals)
    if times:
        axis_row = body.part(LABEL, body.height - 1, body.width - LABEL, 1)
        axis_row.text(0, 0, f"−{_back(trace)}", theme.dim)
        axis_row.right(0, "newest", theme.dim)


@dataclass(frozen=True, slots=True)
class Signal:
    """One signal over time: its least and its most value in each column, (2, k), and in all of them."""

    axis: AxisInfo
    pen: int
    ends: FloatArray
    least: float
    most: float

    @classmethod
    def of(cls, axis: AxisInfo, pen: int, ends: FloatArray) -> "Signal":
        """The signal with these ends."""
        return cls(axis, pen, ends, float(np.fmin.reduce(ends[0])), float(np.fmax.reduce(ends[1])))


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


def _draw_values(canvas: Canvas, scene: Scene, signal: Signal) -> None:
    """Write the most at the top and the least at the bottom, and between them the name where there is room."""
    theme, rows, varies = scene.theme, canvas.height, signal.most > signal.least
    if rows > 1 and varies:
        canvas.right(0, short_in(signal.most, LABEL - 1), theme.dim, margin=1)
        canvas.right(rows - 1, short_in(signal.least, LABEL - 1), theme.dim, margin=1)
    else:  # a constant, or one row
        canvas.right((rows - 1) // 2, short_in(signal.most, LABEL - 1), theme.dim, margin=1)  # where its line is
    if rows >= NAMED_FROM and varies:
        canvas.right(rows // 2, fit(signal.axis.name, LABEL - 1, theme.glyphs.ellipsis), signal.pen, margin=1)


def _draw_lines(plots: Sequence[Canvas], scene: Scene, signals: Sequence[Signal]) -> None:
    """Draw the signals, each from its least value at the bottom of its plot to its most at the top."""
    theme = scene.theme
    braille = theme.glyphs.name == "braille"
    across, up = charts.DOTS["braille"] if braille else (1, 1)
    rows = np.array([[[plot.height * up]] for plot in plots])
    spans = _spans(signals, plots[0].width * across, rows)
    if braille:
        cells = charts.braille(charts.braille_dots(plots[0].height, spans.top, spans.bottom))
    else:
        lines = spans.mask(plots[0].height)
        cells = np.where(lines, np.uint64(ord(theme.glyphs.full if theme.half_blocks else "*")), np.uint64(SPACE))
    for plot, signal, drawn in zip(plots, signals, cells, strict=True):
        plot.glyphs[...], plot.pens[...] = drawn[: plot.height], signal.pen


def _said(value: float) -> str:
    return short(value).replace("-", "−")


def _spans(signals: Sequence[Signal], dots: int, rows: IntArray) -> charts.Spans:
    """The dots of ``dots`` columns, (signals, dots): from the least to the most of each, and on to its neighbours.

    ``rows``: of dots that each signal has, (signals, 1, 1).
    """
    shares = np.empty((len(signals), 2, dots))
    k = signals[0].ends.shape[1]
    if k >= dots:
        starts = np.arange(dots) * k // dots
        for signal, share in zip(signals, shares, strict=True):
            np.fmin.reduceat(signal.ends[0], starts, out=share[0])
            np.fmax.reduceat(signal.ends[1], starts, out=share[1])
            share[...] = charts.shares(share, signal.least, signal.most)
    else:
        at, centres = (np.arange(dots) + 0.5) * k / dots, np.arange(k) + 0.5
        for signal, share in zip(signals, shares, strict=True):
            ends = charts.shares(signal.ends, signal.least, signal.most)
            share[...] = [np.interp(at, centres, end) for end in ends]
    low, high = charts.rows_of(shares, rows).swapaxes(0, 1)
    return charts.joined(low, high)


def _back(trace: SignalTrace) -> str:
    """How long before the newest pair the left end is, in words."""
    length = trace.stop - trace.start
    return duration(length) if trace.unit == "s" else f"{count(round(length))} pairs"
