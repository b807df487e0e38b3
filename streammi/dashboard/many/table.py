"""The table of pairs: only the rows that are seen are made."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial

import numpy as np

from streammi.dashboard import charts
from streammi.dashboard.canvas import Canvas
from streammi.dashboard.many.number_cells import figures
from streammi.dashboard.many.pairs import longest, sides
from streammi.dashboard.many.scene import Many
from streammi.dashboard.panels.title import Spans, titled
from streammi.dashboard.scene import Scene
from streammi.dashboard.theme import Theme
from streammi.dashboard.wording import columns, fit
from streammi.records import UNIT_PER_BIT, IntArray
from streammi.records.pair_words import pair_words

SPARK = 24  # columns of the past, at the most,
MOST_PAST = 240  # and matrices that are in them
LEAST_SPARK_BITS = 0.1  # at the top of a sparkline, at the least: what chance does is no mountain
NAME = 6, 44  # columns of a name: least and most


@dataclass(frozen=True)
class Column:
    """A column: its heading, how wide it is, and what is left out first where there is no room."""

    title: str
    width: int
    need: int  # the higher the sooner it is left out
    left: bool = False  # flush


def layout(many: Many, width: int) -> tuple[dict[str, Column], int]:
    """The columns that fit, in their order, and how wide each of the two names is."""
    most = longest(many.matrix.names)
    found = {
        "rank": Column("#", max(len(str(many.order.size)), 1), 3),
        "x": Column("x", 0, 0, left=True),
        "y": Column("y", 0, 0, left=True),
        "mi": Column(f"MI {many.unit}", 6, 0),
        "spark": Column("past", min(SPARK, max(8, width // 9)), 4, left=True),
        "change": Column("change", 8, 1),
        "r": Column("r", 5, 2),
        "p": Column("p", 7, 5),
        "verdict": Column("verdict", 10, 1, left=True),
        "via": Column("only through", min(max(most, 12), 20), 6, left=True),
    }
    if not many.via:
        del found["via"]
    for need in range(6, 0, -1):
        name = (width - 1 - sum(one.width + 1 for one in found.values())) // 2
        if name >= max(min(most, 13 if need > 2 else 10), NAME[0]):
            break
        found = {key: one for key, one in found.items() if one.need != need}
    name = (width - 1 - sum(one.width + 1 for one in found.values())) // 2
    return found, max(min(name, most, NAME[1]), NAME[0])


def draw(canvas: Canvas, scene: Scene, many: Many) -> None:
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
        none = "no pairs yet" if many.count or not many.matrix.names else "no pair fits --pairs"
        words = f"no pair has {many.state.words!r} in its names" if many.state.words else none
        body.text(1, 1, fit(words, body.width - 1, theme.glyphs.ellipsis), theme.dim)


class Rows:
    """The rows that are seen."""

    def __init__(self, theme: Theme, many: Many, numbers: IntArray, top: int) -> None:
        self.theme, self.many, self.numbers, self.top = theme, many, numbers, top
        self.changed = many.has_changed[numbers]
        self.depends = many.depends(numbers)


def first_row(many: Many, rows: int) -> int:
    """The first place that is seen: the cursor is in the middle, where the ends allow it."""
    return max(min(many.place - rows // 2, many.order.size - rows), 0)


def _title(scene: Scene, many: Many) -> tuple[str, str | Spans]:
    theme, state = scene.live, many.state
    title = f"PAIRS BY {state.sort.upper()}" if state.sort != "MI high, r low" else "PAIRS BY MI HIGH, R LOW"
    said = f"{many.order.size:,} of {many.count:,} pairs" if state.words else f"{many.count:,} pairs"
    if state.typing or state.words:
        end = "_" if state.typing else ""
        return title, [("/", theme.mi_strong), (f"{fit(state.words, 40)}{end}", theme.strong), (f"  {said}", theme.dim)]
    return title, said


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
    theme, many = rows.theme, rows.many
    names = names_in(many.matrix.names, part.width, theme.glyphs.ellipsis)
    for y, channel in enumerate(sides(many.channels)[side][rows.numbers].tolist()):
        part.text(0, y, names[channel])
    part.pens[...] = np.where(rows.changed, theme.strong, theme.text)[:, None]


@lru_cache(maxsize=4096)
def fit_middle(name: str, width: int, ellipsis: str = "…") -> str:
    """The name in so many columns, cut in its middle: long names differ at their ends.

    >>> fit_middle("plant/unit3/reactor/temperature", 16)
    'plant/u…perature'
    """
    if columns(name) <= width:
        return name
    tail = name[-((width - 1) // 2 + 1) :]
    while tail and columns(tail) > (width - 1) // 2 + 1:
        tail = tail[1:]
    head = fit(name, width - columns(tail), ellipsis)
    return head + tail if head else fit(name, width, ellipsis)


@lru_cache(maxsize=16)
def names_in(names: tuple[str, ...], width: int, ellipsis: str = "…") -> tuple[str, ...]:
    """The names in so many columns: where they would look alike, without what all of them begin or end with.

    >>> names_in(("rack1/sensor1/temperature", "rack1/sensor2/temperature", "rack2/sensor1/temperature"), 12)
    ('…1/sensor1…', '…1/sensor2…', '…2/sensor1…')
    """
    in_middle = tuple(fit_middle(name, width, ellipsis) for name in names)
    if len(set(in_middle)) == len(set(names)):
        return in_middle
    first = _alike(names)
    last = min(_alike([name[::-1] for name in names]), min(map(len, names)) - first)
    begin, end = (ellipsis if cut > 1 else "" for cut in (first, last))
    first, last = first * (first > 1), last * (last > 1)
    cut = tuple(
        name if columns(name) <= width else fit_middle(f"{begin}{name[first : len(name) - last]}{end}", width, ellipsis)
        for name in names
    )
    return cut if len(set(cut)) > len(set(in_middle)) else in_middle


def _alike(names: Sequence[str]) -> int:
    """How many letters all of them begin with: as many as the first and the last in order do."""
    low, high = min(names), max(names)
    return next((k for k, (a, b) in enumerate(zip(low, high, strict=False)) if a != b), len(low))


def _rank(part: Canvas, rows: Rows) -> None:
    part.glyphs[...] = figures(np.arange(rows.top + 1, rows.top + 1 + rows.numbers.size), part.width, 0)
    part.pens[...] = rows.theme.dim


def _mi(part: Canvas, rows: Rows) -> None:
    values = rows.many.matrix.mi[rows.numbers] * rows.many.factor
    part.glyphs[...] = figures(np.maximum(values, 0.0), part.width)  # below 0 is nothing, as in the view of a pair
    part.pens[...] = np.where(rows.depends, rows.theme.mi_strong, rows.theme.mi)[:, None]


def _r(part: Canvas, rows: Rows) -> None:
    part.glyphs[...] = figures(rows.many.matrix.r[rows.numbers], part.width, 2, sign=True)
    part.pens[...] = rows.theme.text


def _p(part: Canvas, rows: Rows) -> None:
    """The p of the newest test, behind a mark of whether it counts among so many."""
    theme, found = rows.theme, rows.many.matrix.p
    values = np.full(rows.numbers.size, np.nan) if found is None else found[rows.numbers]
    for y, p in enumerate(values.tolist()):
        text = "—" if math.isnan(p) else f"{p:.3f}" if p >= 0.0005 else f"{p:.0e}".replace("e-0", "e-")
        part.right(y, text)
    there = np.isfinite(values)
    marks = np.where(rows.depends, ord(theme.glyphs.connected), ord(theme.glyphs.connecting))
    part.glyphs[there, 0] = marks[there]
    part.pens[...] = np.where(rows.depends, theme.text, theme.dim)[:, None]


def _change(part: Canvas, rows: Rows) -> None:
    """MI less what is usual, with an arrow where that is more than chance."""
    theme, found = rows.theme, rows.many.matrix.change
    values = np.full(rows.numbers.size, np.nan) if found is None else found[rows.numbers] * rows.many.factor
    part.glyphs[:, 1:] = figures(values, part.width - 1, sign=True)
    part.pens[...] = np.where(rows.changed, np.where(values < 0, theme.bad, theme.good), theme.dim)[:, None]
    arrows = np.where(values < 0, ord(theme.glyphs.down_arrow), ord(theme.glyphs.up))
    part.glyphs[rows.changed, 0] = arrows[rows.changed]


def _spark(part: Canvas, rows: Rows) -> None:
    """MI over time from 0 up, each row by its own largest: a line of dots where there is braille, else bars."""
    theme, many = rows.theme, rows.many
    dotted = theme.glyphs.name == "braille"
    across = 2 if dotted else 1
    values = many.past.of(rows.numbers, across * part.width, MOST_PAST, many.matrix.timestamp)
    if not len(values):
        return
    known = np.isfinite(values)
    least = LEAST_SPARK_BITS * UNIT_PER_BIT[many.matrix.unit]
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
    for y, (word, tone) in enumerate(pair_words(rows.many.matrix, rows.numbers)):
        part.text(0, y, word, getattr(rows.theme, tone))


def _via(part: Canvas, rows: Rows) -> None:
    many = rows.many
    for y, number in enumerate(rows.numbers.tolist()):
        if number in many.via:
            name = fit_middle(many.matrix.names[many.via[number]], part.width, rows.theme.glyphs.ellipsis)
            part.text(0, y, name, rows.theme.dim)


_DRAW: dict[str, Callable[[Canvas, Rows], None]] = {
    "rank": _rank, "x": partial(_names, 0), "y": partial(_names, 1), "mi": _mi, "spark": _spark, "change": _change,
    "r": _r, "p": _p, "verdict": _verdict, "via": _via,
}  # fmt: skip
