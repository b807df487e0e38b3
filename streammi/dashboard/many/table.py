"""The table of pairs, or of devices: only the rows that are seen are made."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from streammi.dashboard.drawing import charts
from streammi.dashboard.drawing.canvas import Canvas
from streammi.dashboard.drawing.cells import fit
from streammi.dashboard.drawing.names import fit_middle
from streammi.dashboard.drawing.theme import Theme
from streammi.dashboard.many.listed import Listed
from streammi.dashboard.many.number_cells import figures
from streammi.dashboard.panels.title import Spans, titled
from streammi.dashboard.scene import Scene
from streammi.records import UNIT_PER_BIT, IntArray

SPARK = 24  # columns of the past, at the most
LEAST_SPARK_BITS = 0.1  # at the top of a sparkline, at the least: what chance does is no mountain
NAME = 6, 44  # columns of a name: least and most


@dataclass(frozen=True)
class Column:
    """A column: its heading, how wide it is, and what is left out first where there is no room."""

    title: str
    width: int
    need: int  # the higher the sooner it is left out
    left: bool = False  # flush


def layout(many: Listed, width: int) -> tuple[dict[str, Column], int]:
    """The columns that fit, in their order, and how wide each of the names is."""
    most = many.longest
    found = {
        "rank": Column("#", max(len(str(many.order.size)), 1), 3),
        "x": Column("x", 0, 0, left=True),
        "y": Column("y", 0, 0, left=True),
        "mi": Column(f"MI {many.unit}", 6, 0),
        "spark": Column("past", min(SPARK, max(8, width // 9)), 4, left=True),
        "change": Column("change", 8, 1),
        "r": Column("r", 5, 2),
        "p": Column("p", 7, 5),
        "verdict": Column("verdict", many.verdict_columns, 1, left=True),
        "via": Column("only through", min(max(most, 12), 20), 6, left=True),
    }
    if many.sides == 1:
        del found["y"]
        found["x"] = Column(many.noun, 0, 0, left=True)
    if not many.tested:
        del found["p"]
    if not many.via:
        del found["via"]
    for need in range(6, 0, -1):
        if _room(found, many, width) >= max(min(most, 13 if need > 2 else 10), NAME[0]):
            break
        found = {key: one for key, one in found.items() if one.need != need}
    room = _room(found, many, width)
    name = max(min(room, most, NAME[1]), NAME[0])
    if list(found)[-1] == "verdict":  # the last one has what is left
        found["verdict"] = replace(found["verdict"], width=found["verdict"].width + max((room - name) * many.sides, 0))
    return found, name


def _room(found: dict[str, Column], many: Listed, width: int) -> int:
    """The columns that are left for each of the names."""
    return (width - 1 - sum(one.width + 1 for one in found.values())) // many.sides


def draw(canvas: Canvas, scene: Scene, many: Listed) -> None:
    """Draw the heading and as many rows as there is room for, the one under the cursor among them."""
    theme = scene.theme
    body = titled(canvas, theme, *_title(scene, many))
    places, name = layout(many, body.width)
    height = max(body.height - 1, 0)
    top = first_row(many, height)
    rows = Rows(theme, many, many.order[top : top + height], top)
    x = 1
    for key, column in places.items():
        width = name if key in ("x", "y") else column.width
        heading = column.title if column.left else column.title.rjust(width)
        body.text(x, 0, fit(heading, width), theme.dim)
        part = body.part(x, 1, width, rows.numbers.size)
        if rows.numbers.size and part.width == width:
            _DRAW[key](part, rows)
        x += width + 1
    if rows.numbers.size:
        _mark(body.part(0, 1, body.width, rows.numbers.size), rows)
    elif height:
        names = "name" if many.sides == 1 else "names"
        none = f"no {many.noun} has {many.state.words!r} in its {names}"
        words = none if many.state.words else many.nothing
        body.text(1, 1, fit(words, body.width - 1, theme.glyphs.ellipsis), theme.dim)


class Rows:
    """The rows that are seen."""

    def __init__(self, theme: Theme, many: Listed, numbers: IntArray, top: int) -> None:
        self.theme, self.many, self.numbers, self.top = theme, many, numbers, top
        self.changed = many.are_changed(numbers)
        self.depends = many.depends(numbers)


def first_row(many: Listed, rows: int) -> int:
    """The first place that is seen: the cursor is in the middle, where the ends allow it."""
    return max(min(many.place - rows // 2, many.order.size - rows), 0)


def _title(scene: Scene, many: Listed) -> tuple[str, str | Spans]:
    theme, state = scene.live, many.state
    title = f"{many.noun}s by {state.sort}".upper()
    said = f"{many.order.size:,} of {many.count:,} {many.noun}s" if state.words else _counted(many)
    if state.typing or state.words:
        end = "_" if state.typing else ""
        return title, [("/", theme.mi_strong), (f"{fit(state.words, 40)}{end}", theme.strong), (f"  {said}", theme.dim)]
    return title, said


def _counted(many: Listed) -> str:
    return f"{many.count:,} {many.noun}{'s' * (many.count != 1)}"


def _mark(body: Canvas, rows: Rows) -> None:
    """Mark what has changed, and where the cursor is."""
    theme, here = rows.theme, rows.many.place - rows.top
    body.glyphs[rows.changed, 0] = ord(theme.glyphs.alarm)
    body.pens[rows.changed, 0] = theme.bad
    if 0 <= here < rows.numbers.size:
        body.glyphs[here, 0] = ord(theme.glyphs.cursor)
        for pen in np.unique(body.pens[here]).tolist():
            body.pens[here, body.pens[here] == pen] = theme.pens.on(pen, theme.cursor)


def _names(side: int, part: Canvas, rows: Rows) -> None:
    theme = rows.theme
    for y, name in enumerate(rows.many.fitted(rows.numbers, side, part.width, theme.glyphs.ellipsis)):
        part.text(0, y, name)
    part.pens[...] = np.where(rows.changed, theme.strong, theme.text)[:, None]


def _rank(part: Canvas, rows: Rows) -> None:
    part.glyphs[...] = figures(np.arange(rows.top + 1, rows.top + 1 + rows.numbers.size), part.width, 0)
    part.pens[...] = rows.theme.dim


def _mi(part: Canvas, rows: Rows) -> None:
    values = rows.many.mi(rows.numbers)
    part.glyphs[...] = figures(np.maximum(values, 0.0), part.width)  # below 0 is nothing, as in the view of a pair
    part.pens[...] = np.where(rows.depends, rows.theme.mi_strong, rows.theme.mi)[:, None]


def _r(part: Canvas, rows: Rows) -> None:
    part.glyphs[...] = figures(rows.many.r(rows.numbers), part.width, 2, sign=True)
    part.pens[...] = rows.theme.text


def _p(part: Canvas, rows: Rows) -> None:
    """The p of the newest test, behind a mark of whether it counts among so many."""
    theme, values = rows.theme, rows.many.p(rows.numbers)
    for y, p in enumerate(values.tolist()):
        text = "—" if math.isnan(p) else f"{p:.3f}" if p >= 0.0005 else f"{p:.0e}".replace("e-0", "e-")
        part.right(y, text)
    there = np.isfinite(values)
    marks = np.where(rows.depends, ord(theme.glyphs.connected), ord(theme.glyphs.connecting))
    part.glyphs[there, 0] = marks[there]
    part.pens[...] = np.where(rows.depends, theme.text, theme.dim)[:, None]


def _change(part: Canvas, rows: Rows) -> None:
    """MI less what is usual, with an arrow where that is more than chance."""
    theme, values = rows.theme, rows.many.change(rows.numbers)
    part.glyphs[:, 1:] = figures(values, part.width - 1, sign=True)
    part.pens[...] = np.where(rows.changed, np.where(values < 0, theme.bad, theme.good), theme.dim)[:, None]
    arrows = np.where(values < 0, ord(theme.glyphs.down_arrow), ord(theme.glyphs.up))
    part.glyphs[rows.changed, 0] = arrows[rows.changed]


def _spark(part: Canvas, rows: Rows) -> None:
    """MI over time from 0 up, each row by its own largest: a line of dots where there is braille, else bars."""
    theme, many = rows.theme, rows.many
    dotted = theme.glyphs.name == "braille"
    across = 2 if dotted else 1
    values = many.past(rows.numbers, across * part.width)
    if not len(values):
        return
    known = np.isfinite(values)
    least = LEAST_SPARK_BITS * UNIT_PER_BIT[many.published]
    top = np.fmax(np.max(values, axis=0, where=known, initial=0.0), least)
    steps = 4 if dotted else len(theme.glyphs.levels) - 1
    level = np.clip(np.ceil(np.where(known, values, 0.0) / top * steps), 1, steps)
    padded = np.zeros((rows.numbers.size, across * part.width), np.int64)
    padded[:, padded.shape[1] - len(values) :] = np.where(known, level, 0).T
    part.glyphs[...] = _DOTS[padded[:, ::2], padded[:, 1::2]] if dotted else charts.codes(theme.glyphs.levels)[padded]
    part.pens[...] = np.where(rows.changed, theme.mi_strong, theme.mi_soft)[:, None]


# A dot on each side of a cell of braille, from 0, none, to 4, the highest.
_DOTS = np.array(
    [[ord(" ") if not left + right else 0x2800 + (0, 64, 4, 2, 1)[left] + (0, 128, 32, 16, 8)[right]
      for right in range(5)] for left in range(5)],
    np.uint64,
)  # fmt: skip


def _verdict(part: Canvas, rows: Rows) -> None:
    for y, (word, tone) in enumerate(rows.many.words(rows.numbers)):
        part.text(0, y, fit(word, part.width, rows.theme.glyphs.ellipsis), getattr(rows.theme, tone))


def _via(part: Canvas, rows: Rows) -> None:
    for y, number in enumerate(rows.numbers.tolist()):
        name = fit_middle(rows.many.through(number), part.width, rows.theme.glyphs.ellipsis)
        part.text(0, y, name, rows.theme.dim)


_DRAW: dict[str, Callable[[Canvas, Rows], None]] = {
    "rank": _rank, "x": partial(_names, 0), "y": partial(_names, 1), "mi": _mi, "spark": _spark, "change": _change,
    "r": _r, "p": _p, "verdict": _verdict, "via": _via,
}  # fmt: skip
