"""The joint histogram as a heatmap, with its marginals on the edges and the signals' values on the axes.

Three ways to see it, and the newest pairs as points in its place: counts; p(y|x), each column a distribution; and
pointwise mutual information, whether two values meet more or less often than chance would have it. Bins that were
learnt hold equally many pairs each: drawn alike they are ranks, and a parabola may be a line. So they can be drawn by
value too, each as wide as it is: then every dot has the pairs of the part of a bin that it covers.
"""

import math
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from streammi.dashboard.choices import HeatmapMode
from streammi.dashboard.drawing import charts
from streammi.dashboard.drawing.canvas import Canvas
from streammi.dashboard.drawing.cells import columns, fit
from streammi.dashboard.drawing.heatmap_cells import Counts, Shape, merged, spread, spread_out
from streammi.dashboard.drawing.palettes import LEVELS, Ramp
from streammi.dashboard.drawing.theme import Theme
from streammi.dashboard.drawing.wording import short_in, unit_factor
from streammi.dashboard.panels.scatter import draw_points, framed, points_legend
from streammi.dashboard.panels.title import Spans, titled
from streammi.dashboard.scene import Scene, by_rank, has_points
from streammi.records import AxisInfo, FloatArray

LEAST_SIZE = (24, 8)

NAMED_FROM = 50  # columns in which the title says how the axes go; the corner always does
LEAST = {"a cell": "1", "a dot": "0"}  # what is least, and yet something
TITLES: dict[HeatmapMode, str] = {
    "counts": "JOINT COUNTS",
    "conditional": "p(y|x)",
    "pointwise": "POINTWISE MI",
    "scatter": "SCATTER",
}


# By the upper and the lower level: nothing, the larger one in front of the smaller, or both alike.
_HALVES = np.array(
    [ord("█ "[not top] if top == low else "▄▀"[top > low]) for top in range(LEVELS + 1) for low in range(LEVELS + 1)],
    np.uint64,
)


@dataclass(frozen=True, slots=True)
class Field:
    """Levels of a ramp for each bin, shape (Bx, By), and what the ramp's ends stand for."""

    levels: NDArray[np.intp]
    ramp: Ramp
    legends: tuple[tuple[str, str], ...]  # what the ends stand for, longest first


def says(scene: Scene) -> bool:
    """True if the bins are known and hold something."""
    return scene.snapshot is not None and scene.snapshot.counts is not None and bool(scene.snapshot.counts.any())


def draw(canvas: Canvas, scene: Scene) -> None:
    """Draw marginal, heatmap, marginal, axes and legend into what room there is."""
    theme, mode, ranks = scene.theme, shown_mode(scene), by_rank(scene.snapshot)
    if mode == "scatter":
        assert scene.snapshot is not None
        scene = replace(scene, snapshot=framed(scene.snapshot))
    snapshot = scene.snapshot
    assert snapshot is not None
    assert snapshot.counts is not None
    dense = 2 if theme.half_blocks else 1
    by_value = mode == "scatter" or (ranks and scene.state.values)
    bins = None if by_value else snapshot.counts.shape
    shape = Shape.fit(canvas.width, canvas.height - 1, bins, dense, _label_columns(snapshot.y))
    if not shape.cells_x:
        body = titled(canvas, theme, TITLES[mode])
        body.text(0, 0, fit("needs more room", body.width), theme.dim)
        return
    counts: Counts = (spread_out if by_value else merged)(snapshot, shape)
    kind = ("values" if by_value else "ranks") if ranks else ""
    title = TITLES[mode] + (f", BY {kind[:-1].upper()}" if kind and canvas.width >= NAMED_FROM else "")
    if mode == "scatter":
        body = titled(canvas, theme, title, *points_legend(snapshot))
        draw_points(body.part(shape.left, shape.top, shape.cells_x, shape.cells_y), snapshot, theme)
    else:
        field = make_field(counts, scene, "a dot" if by_value else "a cell")
        body = titled(canvas, theme, title, *legend_spans(field.ramp, field.legends, theme))
        paint(body.part(shape.left, shape.top, shape.cells_x, shape.cells_y), field, theme, shape)
    _draw_marginals(body, counts, theme, shape)
    draw_axes(body, scene, shape, by_value=by_value)
    body.text(0, shape.top + shape.cells_y, kind, theme.dim)


def _draw_marginals(body: Canvas, counts: Counts, theme: Theme, shape: Shape) -> None:
    """Draw how many pairs there are along x above the heatmap, and along y beside it."""
    share = _of_most(counts.sum(axis=1))
    top = body.part(shape.left, 0, shape.cells_x, shape.top)
    top.glyphs[...] = charts.bars(share[spread(shape.cells_x, len(share))], shape.top, theme.glyphs.levels)
    top.pens[...] = theme.x_soft
    if shape.side:
        share = _of_most(counts.sum(axis=0)[::-1])
        middle = spread(shape.cells_y, len(share), centre=True)
        side = body.part(shape.left + shape.cells_x, shape.top, shape.side, shape.cells_y)
        side.glyphs[...] = charts.lengths(share[middle], shape.side, theme.glyphs.lengths)
        side.pens[...] = theme.y_soft


def shown_mode(scene: Scene) -> HeatmapMode:
    """The mode that is drawn: the one that was asked for, or the counts where there are no points to draw."""
    mode = scene.state.heatmap
    return "counts" if mode == "scatter" and not has_points(scene.snapshot) else mode


def _of_most(totals: Counts) -> FloatArray:
    most = totals.max()
    return np.asarray(totals / (most if most > 0 else 1))


def _label_columns(axis: AxisInfo) -> int:
    return 1 + max(map(columns, (axis.name, *(axis.labels or ()))))


def make_field(counts: Counts, scene: Scene, each: str = "a cell") -> Field:
    """The levels of what the state asks for."""
    mode, theme = shown_mode(scene), scene.theme
    if mode == "pointwise":
        return _pointwise(counts, scene)
    if mode == "conditional":
        total = counts.sum(axis=1, keepdims=True)
        share = counts / np.where(total > 0, total, 1)
        most = float(share.max())
        return Field(
            _levels(share / most if most else share, counts),
            theme.heat,
            (("0 %", f"{most:.0%} of a column"), ("0 %", f"{most:.0%}")),
        )
    most = counts.max()
    said = f"{most:,}" if counts.dtype.kind == "i" else f"{most:,.3g}"
    # The square root brings out what is rare: with a few counts per bin their spread is the same everywhere.
    return Field(
        _levels(np.sqrt(counts / (most if most > 0 else 1)), counts),
        theme.heat,
        ((LEAST[each], f"{said} pairs {each}"), (LEAST[each], f"{said} pairs")),
    )


def _pointwise(counts: Counts, scene: Scene) -> Field:
    n = counts.sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        bits = np.log2(counts * float(n) / np.outer(counts.sum(axis=1), counts.sum(axis=0)))
    values = np.where(counts > 0, bits, 0.0) * unit_factor("bit", scene.unit)
    most = max(float(np.abs(values).max()), 1e-9)
    levels = np.rint((values / most + 1) / 2 * (LEVELS - 1)).astype(np.intp) + 1
    levels[counts == 0] = 0
    low, high = f"−{most:.1f}", f"+{most:.1f} {scene.unit}"
    return Field(levels, scene.theme.diverging, ((f"{low} rarer", f"more often {high}"), (low, high)))


def _levels(share: FloatArray, counts: Counts) -> NDArray[np.intp]:
    levels = np.ceil(share * LEVELS).astype(np.intp)
    levels[counts == 0] = 0
    return np.minimum(levels, LEVELS, out=levels)


def paint(heat: Canvas, field: Field, theme: Theme, shape: Shape) -> None:
    """Paint the levels, y upwards: two a cell by half blocks, or one glyph a cell."""
    across = spread(shape.cells_x, shape.bins_x)
    dense = 2 if theme.half_blocks else 1
    up = spread(shape.cells_y * dense, shape.bins_y)[::-1]
    levels = field.levels.take(across, axis=0).take(up, axis=1).T
    if not theme.half_blocks:
        glyphs = charts.codes(field.ramp.glyphs)
        heat.glyphs[...] = glyphs[-(-levels * (len(glyphs) - 1) // LEVELS)]
        heat.pens[...] = field.ramp.front[levels]
        return
    both = levels[::2] * (LEVELS + 1) + levels[1::2]
    heat.glyphs[...] = _HALVES.take(both)
    heat.pens[...] = field.ramp.half.take(both)


def legend_spans(ramp: Ramp, ends: tuple[tuple[str, str], ...], theme: Theme) -> list[Spans]:
    """The ramp between what its ends stand for, long and short."""
    spans = []
    for (low, high), cells in zip(ends, (8, 4), strict=True):
        steps = [1 + (LEVELS - 1) * k // (cells - 1) for k in range(cells)]
        shown = [(_glyph(ramp, level, theme), int(ramp.front[level])) for level in steps]
        spans.append([(f"{low} ", theme.dim), *shown, (f" {high}", theme.dim)])
    return spans


def _glyph(ramp: Ramp, level: int, theme: Theme) -> str:
    return theme.glyphs.full if theme.half_blocks else ramp.glyphs[-(-level * (len(ramp.glyphs) - 1) // LEVELS)]


def draw_axes(body: Canvas, scene: Scene, shape: Shape, *, by_value: bool = False) -> None:
    """Write the values at the ends and the middle of both axes, or each label where it fits, and the signals' names."""
    theme, snapshot = scene.theme, scene.snapshot
    assert snapshot is not None
    ellipsis, bottom = theme.glyphs.ellipsis, shape.top + shape.cells_y
    for y, text in _y_labels(snapshot.y, shape, by_value):
        body.part(0, shape.top + y, shape.left - 1, 1).right(0, fit(text, shape.left - 1, ellipsis), theme.dim)
    name = fit(_named(snapshot.y, shape.left - 1), shape.left - 1, ellipsis)
    body.part(0, max(shape.top - 1, 0), shape.left - 1, 1).right(0, name, theme.y)
    axis = body.part(shape.left, bottom, body.width - shape.left, 1)
    labels = snapshot.x.labels or ()
    step = shape.cells_x / max(len(labels), 1)
    if labels and len(labels) == shape.bins_x and max(map(columns, labels)) < step:
        for k, label in enumerate(labels):
            axis.text(int((k + 0.5) * step - columns(label) / 2 + 0.5), 0, label, theme.dim)
        axis.text(shape.cells_x + 1, 0, fit(snapshot.x.name, axis.width - shape.cells_x - 1, ellipsis), theme.x)
        return
    axis = axis.part(0, 0, shape.cells_x, 1)
    room = axis.width // 3
    low, high = (fit(axis_value(snapshot.x, share, room, by_value), room, ellipsis) for share in (0.0, 1.0))
    axis.text(0, 0, low, theme.dim)
    axis.right(0, high, theme.dim)
    room = axis.width - columns(low) - columns(high) - 2
    name = fit(_named(snapshot.x, room), room, ellipsis)
    middle, most = (axis.width - columns(name)) // 2, axis.width - columns(high) - 1 - columns(name)
    axis.text(min(max(middle, columns(low) + 1), most), 0, name, theme.x)


def _named(axis: AxisInfo, room: int) -> str:
    """The axis' name with its unit, where there is room for both."""
    return axis.titled if columns(axis.titled) <= room else axis.name


def _y_labels(axis: AxisInfo, shape: Shape, by_value: bool) -> list[tuple[int, str]]:
    """Rows, from the top of the heatmap, and what is written there."""
    labels = axis.labels or ()
    if labels and len(labels) == shape.bins_y <= shape.cells_y:
        step = shape.cells_y / len(labels)
        return [(int(shape.cells_y - (k + 0.5) * step), label) for k, label in enumerate(labels)]
    return [
        (y, axis_value(axis, share, shape.left - 1, by_value))
        for y, share in ((shape.cells_y - 1, 0.0), (shape.cells_y // 2, 0.5), (0, 1.0))
    ]


def axis_value(axis: AxisInfo, share: float, room: int, by_value: bool = False) -> str:
    """The value in ``room`` columns, or the label, at ``share`` of an axis, along which bins or values go evenly."""
    if axis.labels is not None:
        return axis.labels[min(int(share * len(axis.labels)), len(axis.labels) - 1)] if axis.labels else ""
    if axis.edges is None:
        return ""
    low, high, value = (axis.edges.item(k) for k in (0, -1, round(share * (len(axis.edges) - 1))))
    return _in_range(low + share * (high - low) if by_value else value, low, high, room)


@lru_cache(maxsize=1024)
def _in_range(value: float, low: float, high: float, room: int) -> str:
    """A value of an axis that goes from ``low`` to ``high`` in ``room`` columns."""
    span = high - low
    if not math.isfinite(span) or not span:
        return short_in(value, room)
    # Three digits of the range: what is finer than a bin is not worth reading.
    decimals = 2 - math.floor(math.log10(span))
    return short_in(round(value, decimals) + 0.0, room)  # + 0.0: no minus before 0
