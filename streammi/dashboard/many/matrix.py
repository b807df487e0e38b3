"""The matrix of all channels as a heatmap: those that are alike side by side, two dots a cell where there are colours.

A dot is some channels by as many, or a part of one pair, as large as the whole can be seen; or larger, by ``+``, and
then the part around the cursor is seen. Of several pairs the one farthest from 0 counts.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from streammi.dashboard.drawing import charts
from streammi.dashboard.drawing.canvas import SPACE, Canvas
from streammi.dashboard.drawing.cells import columns, fit
from streammi.dashboard.drawing.names import names_in
from streammi.dashboard.drawing.palettes import LEVELS, Ramp
from streammi.dashboard.drawing.theme import Theme
from streammi.dashboard.drawing.wording import unit_factor
from streammi.dashboard.many.channel_order import Leaves, whole_scale
from streammi.dashboard.many.pair_list import Many
from streammi.dashboard.many.pairs import longest, number_of
from streammi.dashboard.panels.heatmap import legend_spans
from streammi.dashboard.panels.title import Spans, titled
from streammi.dashboard.scene import Scene
from streammi.records import IntArray
from streammi.records.linear import linear_equivalent

MOST_NAME, LEAST_NAME = 24, 6  # columns of the names beside it
CHANGED, CURSOR = LEVELS + 1, LEVELS + 2  # levels above those of the ramp
STEPS = 12  # from one end of r and of changes to the other: with more of them chance alone repaints all of it
ALL = slice(None)
LEAST_CHANGE_BITS = 0.1  # at the ends of the ramp of changes


@dataclass(frozen=True)
class Shape:
    """How the matrix lies in its room: columns of names, dots that are seen, and the first of them."""

    left: int
    scale: int  # dots a channel; below 0: channels a dot
    across: int
    down: int
    first_column: int
    first_row: int
    whole: int  # dots of all channels
    of_all: int  # the scale at which all of them are seen
    wide: int  # columns of cells a dot
    dense: int  # dots a cell, one above the other

    def dot_of(self, channel: int) -> int:
        """The first dot of a channel's place."""
        return channel * self.scale if self.scale > 0 else channel // -self.scale

    @property
    def step(self) -> int:
        """Channels a dot, 1 at the least."""
        return max(-self.scale, 1)


def shape_of(many: Many, theme: Theme, width: int, height: int) -> Shape:
    """The shape for a room of so many cells, of which the first line names the column under the cursor."""
    half = theme.half_blocks
    wide, dense = (1, 2) if half else (2, 1)
    left = max(min(longest(many.matrix.names), MOST_NAME, width // 4), LEAST_NAME) + 1
    room_across, room_down = max((width - left) // wide, 1), max((height - 1) * dense, 1)
    of_all = whole_scale(many.channels, room_across, room_down)
    scale = max(many.state.scale or of_all, of_all)  # the room may have become larger
    whole = many.channels * scale if scale > 0 else -(-many.channels // -scale)
    across, down = min(whole, room_across), min(whole, room_down)
    dots = [(many.state.column, across), (many.state.row, down)]
    first_column, first_row = (
        max(min((place * scale if scale > 0 else place // -scale) - seen // 2, whole - seen), 0) for place, seen in dots
    )
    first_row -= first_row % dense
    return Shape(left, scale, across, down, first_column, first_row, whole, of_all, wide, dense)


def draw(canvas: Canvas, scene: Scene, many: Many) -> None:
    """Draw the names on the left, the channel of the cursor's column above, and the dots."""
    theme, leaves = scene.theme, many.leaves
    if leaves is None or many.channels < 2:
        titled(canvas, theme, "MATRIX").text(1, 1, "no pairs yet", theme.dim)
        return
    ramp = theme.heat if many.state.shade == "MI" else theme.diverging
    body = titled(canvas, theme, f"MATRIX OF {many.state.shade.upper()}", *_legend(many, ramp, theme))
    shape = shape_of(many, theme, body.width, body.height)
    levels = dots(many, leaves, shape)
    _mark_cursor(levels, many, shape)
    heat = body.part(shape.left, 1, shape.across * shape.wide, -(-shape.down // shape.dense))
    paint(heat, levels, ramp, theme, shape)
    _names(body, many, leaves, shape, theme)


def dots(many: Many, leaves: Leaves, shape: Shape) -> NDArray[np.intp]:
    """The level of each dot that is seen, (down, across)."""
    rows = shape.first_row + np.arange(shape.down)
    across = shape.first_column + np.arange(shape.across)
    if shape.scale > 0:
        first, second = leaves.order[rows // shape.scale], leaves.order[across // shape.scale]
        numbers = number_of(first[:, None], second[None, :], many.channels)
        same = first[:, None] == second[None, :]
        numbers[same] = 0
        found = levels_of(many, values_of(many, numbers))
        found[many.has_changed[numbers]] = CHANGED
        found[same] = 0
        return found
    blocks = leaves.blocks(-shape.scale)
    of_blocks = leaves.largest(many.matrix, many.state.shade, -shape.scale, _shaded(many), lambda: _is_chance(many))
    level = levels_of(many, of_blocks)
    level[blocks.of_pair[many.changed]] = CHANGED
    square = np.zeros((shape.whole, shape.whole), np.intp)
    square[blocks.rows, blocks.columns] = square[blocks.columns, blocks.rows] = level
    return square[rows[:, None], across[None, :]]


def values_of(many: Many, numbers: IntArray | slice = ALL) -> NDArray[np.float32]:
    """The values that the matrix shows, of pairs by number; MI and r that are chance are 0, or they would flicker."""
    values, chance = _shaded(many)[numbers], _is_chance(many, numbers)
    return values if chance is None else values * ~chance


def _shaded(many: Many) -> NDArray[np.float32]:
    """What is asked for of each pair, (P,)."""
    matrix = many.matrix
    if many.state.shade == "change":
        return np.full(matrix.mi.size, np.nan, np.float32) if matrix.change is None else matrix.change
    return matrix.r if many.state.shade == "r" else matrix.mi


def _is_chance(many: Many, numbers: IntArray | slice = ALL) -> NDArray[np.bool_] | None:
    """True of the pairs whose MI and r are no more than chance; None where that was not tested, or is of a change."""
    matrix = many.matrix
    return None if matrix.q is None or many.state.shade == "change" else matrix.q[numbers] > matrix.fdr


def most_changed(many: Many) -> float:
    """The change that the ends of their ramp stand for, in the matrix's unit."""
    least = LEAST_CHANGE_BITS * unit_factor("bit", many.matrix.unit)
    change = many.matrix.change
    known = change[np.isfinite(change)] if change is not None else np.zeros(0)
    return max(float(np.abs(known).max(initial=0.0)), least)


def levels_of(many: Many, values: NDArray[np.float32]) -> NDArray[np.intp]:
    """Values, of any shape, as levels: MI by the |r| of a Gaussian pair with as much: a colour stays the same."""
    known = np.isfinite(values)
    filled = np.where(known, values, 0.0)
    if many.state.shade == "MI":
        share = linear_equivalent(filled / unit_factor("bit", many.matrix.unit))
        level = np.maximum(np.ceil(share * LEVELS), 1)
    else:
        most = 1.0 if many.state.shade == "r" else most_changed(many)
        step = np.rint((np.clip(filled / most, -1, 1) + 1) / 2 * STEPS)
        level = np.rint(step * ((LEVELS - 1) / STEPS)) + 1
    return np.where(known, level, 0).astype(np.intp)


def _mark_cursor(levels: NDArray[np.intp], many: Many, shape: Shape) -> None:
    thick = max(shape.scale, 1)
    row, column = shape.dot_of(many.state.row) - shape.first_row, shape.dot_of(many.state.column) - shape.first_column
    part = levels[max(row, 0) : max(row + thick, 0), max(column, 0) : max(column + thick, 0)]
    if thick < 4:
        part[...] = CURSOR
        return
    part[[0, -1]] = CURSOR  # a frame around the pair
    part[:, [0, -1]] = CURSOR


def paint(heat: Canvas, levels: NDArray[np.intp], ramp: Ramp, theme: Theme, shape: Shape) -> None:
    """Paint the levels, two a cell by half blocks, or a glyph for each."""
    if shape.dense == 1:
        glyphs = charts.codes(ramp.glyphs)
        shown = np.minimum(levels, LEVELS)
        cells = glyphs[-(-shown * (len(glyphs) - 1) // LEVELS)]
        cells = np.where(levels == CHANGED, ord(theme.glyphs.alarm), cells)
        cells = np.where(levels == CURSOR, ord(theme.glyphs.peak), cells)
        pens = np.where(levels == CHANGED, theme.bad, np.where(levels == CURSOR, theme.strong, ramp.front[shown]))
        heat.glyphs[...] = cells.repeat(shape.wide, axis=1)
        heat.pens[...] = pens.repeat(shape.wide, axis=1)
        return
    if len(levels) % 2:
        levels = np.concatenate((levels, np.zeros((1, levels.shape[1]), np.intp)))
    both = levels[::2] * (CURSOR + 1) + levels[1::2]
    heat.glyphs[...] = _HALVES.take(both)
    heat.pens[...] = theme.marked(ramp).take(both)


# By the upper and the lower level: nothing, the larger one in front of the smaller, or both alike.
_HALVES = np.array(
    [
        SPACE if not top + low else ord("█" if top == low else "▄▀"[top > low])
        for top in range(CURSOR + 1)
        for low in range(CURSOR + 1)
    ],
    np.uint64,
)


def _names(body: Canvas, many: Many, leaves: Leaves, shape: Shape, theme: Theme) -> None:
    """The channels on the left, as far as each has a line; always those of the cursor."""
    width, names, glyphs = shape.left - 1, many.matrix.names, theme.glyphs
    short_names = names_in(names, width, glyphs.ellipsis)
    here = (shape.dot_of(many.state.row) - shape.first_row + (max(shape.scale, 1) - 1) // 2) // shape.dense
    if shape.scale >= shape.dense:
        channels = range(shape.first_row // shape.scale, -(-(shape.first_row + shape.down) // shape.scale))
        for place in channels:
            y = (shape.dot_of(place) - shape.first_row + (shape.scale - 1) // 2) // shape.dense
            if 0 <= y < -(-shape.down // shape.dense):
                name = short_names[leaves.order[place]]
                body.part(0, 1 + y, width, 1).right(0, name, theme.strong if place == many.state.row else theme.dim)
    else:
        name = short_names[leaves.order[many.state.row]]
        body.part(0, 1 + here, width, 1).right(0, name, theme.x)
    body.text(width, 1 + here, glyphs.cursor, theme.x)
    dot = shape.dot_of(many.state.column) - shape.first_column + (max(shape.scale, 1) - 1) // 2
    x = shape.left + dot * shape.wide
    name = names[leaves.order[many.state.column]]
    if x + 2 + columns(name) <= body.width:
        body.spans(x, 0, [(glyphs.down_arrow, theme.y), (f" {name}", theme.y)])
    else:
        name = fit(name, max(x - 1, 0), glyphs.ellipsis)
        body.spans(x - 1 - columns(name), 0, [(f"{name} ", theme.y), (glyphs.down_arrow, theme.y)])


def _legend(many: Many, ramp: Ramp, theme: Theme) -> list[Spans]:
    """The values that the ends of the ramp stand for, in words, long and short."""
    most = most_changed(many) * many.factor if many.state.shade == "change" else 1.0
    ends = {
        "MI": (("as |r| 0", "1"), ("0", "1")),
        "r": (("−1", "+1"), ("−1", "+1")),
        "change": ((f"−{most:.2f}", f"+{most:.2f} {many.unit}"), (f"−{most:.1f}", f"+{most:.1f} {many.unit}")),
    }[many.state.shade]
    spans = legend_spans(ramp, ends, theme)
    if many.changed.size:
        mark = theme.glyphs.full if theme.half_blocks else theme.glyphs.alarm
        spans = [[(mark, theme.bad), (" changed  ", theme.dim), *spans[0]], *spans]
    return spans
