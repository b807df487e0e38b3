"""MI over time: the line, its range in each column, the level that chance reaches, and events.

What is of a window that was not full yet is drawn as that: MI of fewer pairs is another thing, in fewer bins.
"""

from functools import lru_cache

import numpy as np

from streammi.dashboard.drawing import charts
from streammi.dashboard.drawing.canvas import SPACE, Canvas
from streammi.dashboard.drawing.history_columns import SPANS, Columns, columns, shown_span
from streammi.dashboard.drawing.theme import Ground, Theme
from streammi.dashboard.drawing.wording import clock, duration, number, short, short_in
from streammi.dashboard.panels.events import glyph_of
from streammi.dashboard.panels.title import titled
from streammi.dashboard.scene import Scene
from streammi.records import FloatArray

LEAST_SIZE = (20, 5)

LABEL = 6  # columns of the values on the left
WARMING = "window not full"
NORMAL = "normal"
STEPS = (
    0.1,
    0.2,
    0.5,
    1,
    2,
    5,
    10,
    15,
    30,
    60,
    120,
    300,
    600,
    900,
    1800,
    3600,
    7200,
    21600,
    43200,
    86400,
    172800,
    604800,
)


def says(scene: Scene) -> bool:
    """True if there is a past."""
    return len(scene.past.t) > 1


def draw(canvas: Canvas, scene: Scene) -> None:
    """Draw the chart under its title."""
    what = "PEAK MI" if scene.delayed else "MI"
    draw_chart(titled(canvas, scene.theme, f"{what} OVER TIME ({scene.unit})", *_infos(scene)), scene)


def draw_chart(body: Canvas, scene: Scene, unit: str = "") -> None:
    """Draw the chart with its axes; ``unit`` goes to the highest value where no title names it."""
    theme = scene.theme
    if body.width < LABEL + 4 or body.height < 2 or not says(scene):
        return
    plot = body.part(LABEL, 0, body.width - LABEL, body.height - 1)
    back = 0.0 if scene.state.until is None else float(scene.past.t[-1]) - scene.state.until
    data = columns(scene.past, charts.dot_columns(theme.glyphs, plot.width), _span(scene), back)
    band = band_of(scene)
    top = max(charts.ceiling_of(data), charts.nice_ceiling(1.05 * band[1]) if band else 0.0)
    shares = np.array((data.mi, data.low, data.high, data.null)) / top
    draw_lines(plot, scene, data, shares)
    _draw_values(body.part(0, 0, LABEL, plot.height), scene, top, unit)
    _draw_times(body.part(LABEL, body.height - 1, plot.width, 1), scene, data)
    _draw_events(plot, scene, data)
    if theme.glyphs.name == "braille":
        shares[0][data.warming] = np.nan
        _ground(plot, theme, shares[::3])
    _name_warm_up(plot, scene, data)
    if band:
        _draw_band(plot, scene, band[0] / top, band[1] / top)


def band_of(scene: Scene) -> tuple[float, float] | None:
    """Between what the line normally is, where a baseline has taught it."""
    reading = scene.snapshot.reading if scene.snapshot else None
    if reading is None or reading.baseline_low is None or reading.baseline_high is None:
        return None
    of_peak = reading.peak_mi is not None  # then the baseline is of that
    return (reading.baseline_low, reading.baseline_high) if of_peak == scene.delayed else None


def _draw_band(plot: Canvas, scene: Scene, low: float, high: float) -> None:
    """Draw the two edges where nothing else is, and name the upper one."""
    theme = scene.theme
    for edge in (low, high):
        row = plot.height - 1 - min(max(int(edge * plot.height), 0), plot.height - 1)
        free = plot.glyphs[row] == SPACE
        plot.glyphs[row, free], plot.pens[row, free] = ord(theme.glyphs.dotted), theme.good
    free = plot.glyphs[row] == ord(theme.glyphs.dotted)
    room = np.flatnonzero(np.convolve(free, np.ones(len(NORMAL) + 2), "valid") == len(NORMAL) + 2)
    if len(room):
        plot.text(int(room[0]), row, f" {NORMAL} ", theme.good)


def _span(scene: Scene) -> float:
    return float(SPANS[shown_span(scene.past, scene.state.span)])


def draw_lines(plot: Canvas, scene: Scene, data: Columns, shares: FloatArray) -> None:
    """Draw the three layers, the most important last: range, chance, MI.

    ``shares``: of the chart's height, MI, its range and the level of chance, (4, n).
    """
    theme = scene.theme
    draw = {"braille": _braille, "block": _blocks, "ascii": _ascii}[theme.glyphs.name]
    draw(plot, scene, data, shares)
    below = data.mi < 0
    if below.any():
        cells = np.flatnonzero(below) * plot.width // len(below)
        plot.glyphs[-1, cells], plot.pens[-1, cells] = ord(theme.glyphs.below_zero), theme.warn


def _ground(plot: Canvas, theme: Theme, shares: FloatArray) -> None:
    """Give the cells that lie wholly below a line, MI or chance, (2, n), the ground of that line."""
    lowest = np.fmin(shares[:, ::2], shares[:, 1::2])
    top = plot.height - (np.fmin(np.fmax(lowest, 0.0), 1.0) * plot.height).astype(np.int64)
    row = np.arange(plot.height)[:, None]
    which = np.where(row >= top[1], Ground.NULL, np.where(row >= top[0], Ground.MI, Ground.NONE))
    plot.pens[...] = theme.grounds[which, plot.pens]


def _name_warm_up(plot: Canvas, scene: Scene, data: Columns) -> None:
    """Say what the faint part of the line is, where it is long enough for the words."""
    if not data.warming.any():
        return
    drawn = (data.warming & np.isfinite(data.mi)).nonzero()[0]
    if not len(drawn):
        return
    first, last = (drawn.item(end) * plot.width // len(data.warming) for end in (0, -1))
    if last - first + 1 < len(WARMING) or plot.height < 3:
        return
    words = slice(first, first + len(WARMING))
    for row in (0, plot.height - 1):  # above the line or below it, wherever nothing is drawn
        if (plot.glyphs[row, words] == SPACE).all():
            plot.text(words.start, row, WARMING, scene.theme.dim)
            return


def _braille(plot: Canvas, scene: Scene, data: Columns, shares: FloatArray) -> None:
    theme, rows = scene.theme, plot.height * 4
    line, least, most, chance = charts.rows_of(shares, rows)
    chance[3::4] = -1  # dotted
    layers = charts.between(least, most), charts.between(chance, chance), charts.connected(line)
    if data.warming.any():
        gaps = data.warming & (np.arange(len(line)) % 2 == 1)
        for layer in (layers[0], layers[2]):
            layer.bottom[gaps], layer.top[gaps] = -1, 0  # dotted, too
    ends = (np.array([getattr(layer, end) for layer in layers]) for end in ("top", "bottom"))
    dots = charts.braille_dots(plot.height, *ends)
    mi = np.where(data.warming[::2], theme.faint, theme.mi)
    plot.pens[...] = np.where(dots[2] != 0, mi, np.where(dots[1] != 0, theme.null, theme.faint))
    plot.glyphs[...] = charts.braille(dots[0] | dots[1] | dots[2])


def _blocks(plot: Canvas, scene: Scene, data: Columns, shares: FloatArray) -> None:
    theme, (mi, _, _, null) = scene.theme, shares
    plot.glyphs[...] = charts.bars(mi, plot.height, theme.glyphs.levels)
    filled = plot.glyphs != SPACE
    plot.pens[...] = theme.mi_soft
    plot.pens[np.argmax(filled, axis=0), np.arange(plot.width)] = theme.mi
    warm = filled & data.warming
    plot.glyphs[warm], plot.pens[warm] = ord(theme.glyphs.warming), theme.faint
    # The row of cells that holds the level, by the same measure as the bars: a cell is 1 / height.
    row = plot.height - 1 - np.floor(np.where(np.isnan(null), -1.0, null) * plot.height)
    line = np.arange(plot.height)[:, None] == row
    plot.glyphs[line] = ord(theme.glyphs.dotted)
    plot.pens[line] = np.where(filled, theme.null_in_mi, theme.null)[line]


def _ascii(plot: Canvas, scene: Scene, data: Columns, shares: FloatArray) -> None:
    theme, rows = scene.theme, plot.height
    line, least, most, chance = charts.rows_of(shares, rows)
    for spans, glyph, pen in (
        (charts.between(least, most), ":", theme.faint),
        (charts.between(chance, chance), theme.glyphs.dotted, theme.null),
        (charts.between(line, line), "*", theme.mi),
    ):
        mask = spans.mask(rows)
        plot.glyphs[mask], plot.pens[mask] = ord(glyph), pen
    warm = charts.between(line, line).mask(rows) & data.warming
    plot.glyphs[warm], plot.pens[warm] = ord(theme.glyphs.warming), theme.faint


def _draw_values(canvas: Canvas, scene: Scene, top: float, unit: str) -> None:
    theme = scene.theme
    for row, label in _value_labels(canvas.height, top):
        canvas.right(row, label, theme.dim, margin=1)
    if unit:  # beside the highest value, or below it
        highest = f"{short(top)} {unit}"
        fits = len(highest) < canvas.width
        canvas.right(int(not fits), highest if fits else unit, theme.dim, margin=1)


@lru_cache(maxsize=64)
def _value_labels(height: int, top: float) -> list[tuple[int, str]]:
    """Rows, and the value that is written there."""
    steps = 4 if height >= 9 else 2 if height >= 5 else 1
    # Even distances, where four, five or two steps give them and leave a row between two labels.
    rows = height - 1
    steps = next((n for n in (4, 5, 2) if steps / 2 <= n <= rows / 2 and rows % n == 0), steps)
    return [(round(rows * (1 - step / steps)), short_in(top * step / steps, LABEL - 1)) for step in range(steps + 1)]


def _draw_times(canvas: Canvas, scene: Scene, data: Columns) -> None:
    live = scene.state.until is None
    newest = "now" if scene.worst_link == "connected" else clock(float(scene.past.t[-1]), scene.zone)
    for x, before in _moments(canvas.width, _span(scene)):
        label = ("−" + duration(before) if before else newest) if live else clock(data.stop - before, scene.zone)
        x = min(max(0, x - len(label) // 2), canvas.width - len(label))
        canvas.text(x, 0, label, scene.theme.dim)


@lru_cache(maxsize=64)
def _moments(width: int, span: float) -> list[tuple[int, float]]:
    """Columns, and how long before the right end of the chart that is, s: in whole steps, where some fit.

    >>> _moments(35, 15.0), _moments(71, 15.0)[:2]
    ([(34, 0), (0, 15)], [(70, 0), (47, 5)])
    """
    fitting = [step for step in STEPS if span / step <= max(1, width // 14)]
    step = next((step for step in fitting if abs(span / step - round(span / step)) < 1e-9), span)
    moments = [k * step for k in range(round(span / step) + 1)]
    return [(round((width - 1) * (1 - before / span)), before) for before in moments]


def _draw_events(plot: Canvas, scene: Scene, data: Columns) -> None:
    theme = scene.theme
    for event in scene.snapshot.events if scene.snapshot else ():
        if not data.start <= event.timestamp < data.stop:
            continue
        x = int((event.timestamp - data.start) / (data.stop - data.start) * plot.width)
        free = plot.glyphs[:, x] == SPACE
        plot.glyphs[free, x], plot.pens[free, x] = ord(theme.glyphs.dotted_down), theme.faint
        glyph, pen = glyph_of(event, theme)
        plot.text(x, 0, glyph, pen)


def _infos(scene: Scene) -> tuple[str, ...]:
    span = duration(_span(scene))
    shown = f"last {span}" if scene.state.until is None else f"{span}, scrolled back"
    seen = scene.extremes
    if seen is None:
        return (shown,)
    extremes = f"least {number(seen.low)} most {number(seen.high)} {scene.unit}"
    return (f"{extremes} since {clock(seen.since, scene.zone)}  {shown}", f"{extremes}  {shown}", shown)
