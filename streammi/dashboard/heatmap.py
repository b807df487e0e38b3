"""How the joint histogram is drawn: counts to levels, levels to cells, marginals on the edges."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from streammi.dashboard import charts
from streammi.dashboard.canvas import Canvas
from streammi.dashboard.text import fit, short
from streammi.dashboard.theme import LEVELS, Ramp, Theme
from streammi.records import AxisInfo, FloatArray, Snapshot

Levels = NDArray[np.int64]
MARGINAL_ROWS, MARGINAL_COLUMNS, LABEL_COLUMNS = 2, 6, 7


def draw_heatmap(canvas: Canvas, snapshot: Snapshot, mode: str, theme: Theme) -> None:
    """Draw the histogram, x to the right and y upwards, with as much around it as there is room for."""
    assert snapshot.counts is not None
    roomy = canvas.width >= 30 and canvas.height >= 8
    left = LABEL_COLUMNS if roomy else 0
    above = MARGINAL_ROWS if canvas.height >= 10 else 0
    right = MARGINAL_COLUMNS if roomy else 0
    height = canvas.height - above - (1 if roomy else 0)
    rows = height * (2 if theme.half_blocks else 1)
    counts = _fitted(snapshot.counts, canvas.width - left - right, rows)
    levels = _levels(counts, mode)
    wide, tall = (canvas.width - left - right) // counts.shape[0], max(rows // counts.shape[1], 1)
    # As the screen has it: the first row is the largest y.
    picture = levels.T[::-1].repeat(tall, axis=0).repeat(max(wide, 1), axis=1)
    body = canvas.part(left, above, picture.shape[1], height)
    ramp = theme.diverging if mode == "pointwise" else theme.heat
    used = _half_blocks(body, picture, ramp) if theme.half_blocks else _glyphs(body, picture, ramp)
    if above:
        shares = counts.sum(axis=1).repeat(max(wide, 1)).astype(float)
        top = canvas.part(left, 0, shares.size, above)
        _stamp(top, charts.bars(shares / max(shares.max(), 1.0), above, theme.glyphs.levels), theme.x)
    if right:
        step = tall / (2 if theme.half_blocks else 1)
        shares = counts.sum(axis=0)[::-1].astype(float)
        side = shares[np.minimum((np.arange(used) / step).astype(int), shares.size - 1)]
        edge = canvas.part(left + picture.shape[1], above, right, used)
        _stamp(edge, charts.lengths(side / max(side.max(), 1.0), right, theme.glyphs.lengths), theme.y)
    if roomy:
        _axes(canvas, snapshot, left, above, picture.shape[1], used, theme)


def _fitted(counts: NDArray[np.int64], width: int, height: int) -> NDArray[np.int64]:
    """Counts with neighbouring bins added up until they fit into so many columns and rows."""
    for axis, room in ((0, width), (1, height)):
        size = counts.shape[axis]
        if size > max(room, 1):
            counts = np.add.reduceat(counts, np.arange(0, size, -(-size // max(room, 1))), axis=axis)
    return counts


def _levels(counts: NDArray[np.int64], mode: str) -> Levels:
    """Steps of the ramp, 0 where there is nothing, shape of ``counts``."""
    filled = counts > 0
    if mode == "pointwise":
        n = max(int(counts.sum()), 1)
        expected = counts.sum(axis=1, keepdims=True) * counts.sum(axis=0, keepdims=True) / n
        with np.errstate(divide="ignore", invalid="ignore"):
            pointwise = np.log2(counts / expected)
        share = np.clip(0.5 + pointwise / 6.0, 0.0, 1.0)  # 8 times as often as by chance is the end of the ramp
    else:
        most = counts.sum(axis=1, keepdims=True) if mode == "p(y|x)" else counts.max()
        share = np.sqrt(counts / np.maximum(most, 1))  # the eye sees little of what is a tenth of the largest
    with np.errstate(invalid="ignore"):
        levels = np.where(filled, np.rint(1 + np.nan_to_num(share) * (LEVELS - 1)), 0)
    return levels.astype(np.int64)


def _half_blocks(body: Canvas, picture: Levels, ramp: Ramp) -> int:
    if picture.shape[0] % 2:
        picture = np.vstack([picture, np.zeros((1, picture.shape[1]), dtype=np.int64)])
    top, bottom = picture[::2][: body.height], picture[1::2][: body.height]
    glyphs = np.where(top > bottom, ord("▀"), np.where(bottom > top, ord("▄"), np.where(top > 0, ord("█"), ord(" "))))
    used = int(top.shape[0])
    body.glyphs[:used] = glyphs
    body.pens[:used] = ramp.half[top, bottom]
    return used


def _glyphs(body: Canvas, picture: Levels, ramp: Ramp) -> int:
    picture = picture[: body.height]
    steps = len(ramp.glyphs) - 1
    index = np.where(picture > 0, 1 + (picture - 1) * steps // LEVELS, 0)
    used = int(picture.shape[0])
    body.glyphs[:used] = np.array([ord(g) for g in ramp.glyphs], np.uint64)[index]
    body.pens[:used] = ramp.front[picture]
    return used


def _axes(canvas: Canvas, snapshot: Snapshot, left: int, above: int, width: int, used: int, theme: Theme) -> None:
    low, high = _ends(snapshot.y)
    canvas.text(0, above, fit(high, left - 1).rjust(left - 1), theme.dim)
    canvas.text(0, above + used - 1, fit(low, left - 1).rjust(left - 1), theme.dim)
    if used > 4:
        canvas.text(0, above + used // 2, fit(snapshot.y.name, left - 1).rjust(left - 1), theme.y)
    low, high = _ends(snapshot.x)
    row = above + used
    end = canvas.text(left, row, low, theme.dim)
    canvas.text(left + width - len(high), row, high, theme.dim)
    name = fit(snapshot.x.name, max(width - len(low) - len(high) - 2, 0))
    canvas.text(max(end + 1, left + (width - len(name)) // 2), row, name, theme.x)


def _ends(axis: AxisInfo) -> tuple[str, str]:
    if axis.edges is not None:
        edges: FloatArray = axis.edges
        return short(float(edges[0])), short(float(edges[-1]))
    labels: Any = axis.labels or ("",)
    return labels[0], labels[-1]


def _stamp(canvas: Canvas, cells: charts.Cells, pen: int) -> None:
    cells = cells[: canvas.height, : canvas.width]
    canvas.glyphs[: cells.shape[0], : cells.shape[1]] = cells
    canvas.pens[: cells.shape[0], : cells.shape[1]] = pen
