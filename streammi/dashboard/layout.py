"""The place of each panel, at each size: the one place to look when something should be shown elsewhere.

====================  =====================================================================
``wide``   160 x 45   two columns; under the heatmap everything has its own panel
``full``   100 x 30   two columns, less of each
``compact`` 60 x 17   two columns for MI and the shape, one line of everything else
``small``   24 x 7    one column: MI, its words, the line, the bar
``line``              whatever fits into one to five short lines
====================  =====================================================================
"""

from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import Literal, NamedTuple, TypeAlias

# A module of panels/ each, in the order in which they are enlarged.
PanelName: TypeAlias = Literal[
    "history", "heatmap", "signals", "delays", "events", "health", "entropy", "correlation", "direct", "now"
]
LayoutName: TypeAlias = Literal["wide", "full", "compact", "small", "line"]
LEAST: dict[LayoutName, tuple[int, int]] = {
    "wide": (160, 45),
    "full": (100, 30),
    "compact": (60, 17),
    "small": (24, 7),
    "line": (0, 0),
}
GUTTER = 2


class Area(NamedTuple):
    """A rectangle of cells."""

    x: int
    y: int
    width: int
    height: int

    def columns(self, left: int) -> "tuple[Area, Area]":
        """The area's two sides, the left one ``left`` wide, a gutter between them."""
        rest = self.width - left - GUTTER
        return Area(self.x, self.y, left, self.height), Area(self.x + left + GUTTER, self.y, rest, self.height)

    def rows(self, top: int) -> "tuple[Area, Area]":
        """The upper ``top`` rows and the rest."""
        return Area(self.x, self.y, self.width, top), Area(self.x, self.y + top, self.width, self.height - top)


class Slot(NamedTuple):
    """A panel's claim on rows: at least ``least``, and ``weight`` parts of what is left, up to ``most``."""

    panel: PanelName
    least: int
    weight: int = 0
    most: int = 1000


Places: TypeAlias = Sequence[tuple[PanelName, Area]]


def layout_for(width: int, height: int) -> LayoutName:
    """The richest layout that fits.

    >>> layout_for(200, 60), layout_for(120, 40), layout_for(80, 24), layout_for(40, 12), layout_for(20, 5)
    ('wide', 'full', 'compact', 'small', 'line')
    """
    return next(name for name, (columns, rows) in LEAST.items() if width >= columns and height >= rows)


@lru_cache(maxsize=64)
def arrange(layout: LayoutName, body: Area, says: tuple[PanelName, ...]) -> Places:
    """Where each panel that has something to say goes in ``body``."""
    return {"wide": _wide, "full": _full, "compact": _compact}[layout](body, says)


def _wide(body: Area, says: Collection[PanelName]) -> Places:
    left, right = body.columns(body.width * 11 // 20)
    return [
        *stack(
            left,
            says,
            Slot("now", 10),
            Slot("history", 10, 3),
            Slot("delays", 8, 2),
            Slot("events", 4, 1, 16),
            Slot("signals", 7, 2, 14),
        ),
        *stack(
            right,
            says,
            Slot("heatmap", 10, 1),
            Slot("entropy", 6),
            Slot("correlation", 6),
            Slot("direct", 6),
            Slot("health", 7),
        ),
    ]


def _full(body: Area, says: Collection[PanelName]) -> Places:
    left, right = body.columns(body.width - max(46, body.width * 12 // 25) - GUTTER)
    return [
        *stack(
            left,
            says,
            Slot("now", 7),
            Slot("history", 8, 3),
            Slot("delays", 6, 1, 9),
            Slot("events", 3, 1, 8),
            Slot("signals", 5, 2, 10),
        ),
        *stack(right, says, Slot("heatmap", 10, 1), Slot("entropy", 6), Slot(_third(says), 5), Slot("health", 5)),
    ]


def _compact(body: Area, says: Collection[PanelName]) -> Places:
    feed = 0 if body.height < 20 else 3 + max(0, body.height - 28) // 3  # rows; where it is tall, more of them
    upper, lower = body.rows(body.height - 4 - feed)
    left, right = upper.columns(upper.width - max(28, upper.width * 4 // 9) - GUTTER)
    bars, rest = lower.rows(4)
    return [
        *stack(left, says, Slot("now", 6), Slot("history", 5, 1)),
        *stack(right, says, Slot("heatmap", 8, 1)),
        *beside(bars, says, Slot("entropy", 4), Slot(_third(says), 4)),
        *beside(rest, says, Slot("health", 3), Slot("events", 3)),
    ]


def _third(says: Collection[PanelName]) -> PanelName:
    """The panel beside heatmap and entropies: why, where somebody asked for it, else the correlation."""
    return "direct" if "direct" in says else "correlation"


# Panels that do not get better by more rows, and what fills the rest of the screen below them, as far as it fits.
_BELOW: dict[PanelName, tuple[Slot, ...]] = {
    "now": (Slot("now", 7), Slot("history", 8, 1)),
    "entropy": (Slot("entropy", 6), Slot("correlation", 6), Slot("health", 6, 1)),
    "correlation": (Slot("correlation", 6), Slot("entropy", 6), Slot("health", 6, 1)),
    "direct": (Slot("direct", 6), Slot("entropy", 6), Slot("correlation", 6, 1)),
    "health": (Slot("health", 8), Slot("events", 6, 1)),
}


def enlarged(name: PanelName, body: Area, says: Collection[PanelName]) -> Places:
    """Where the enlarged panel goes, and what else there is room for."""
    first, *others = _BELOW.get(name, (Slot(name, 0, 1),))
    if name == "now" and body.height >= 20:
        first = first._replace(least=11)
    if body.height < first.least:
        return [(name, body)]
    return stack(body, {name, *says}, first, *others)


def stack(area: Area, says: Collection[PanelName], *slots: Slot) -> Places:
    """The slots that have something to say one below the other; the last give way where it is too low."""
    wanted = [slot for slot in slots if slot.panel in says]
    while wanted and sum(slot.least for slot in wanted) > area.height:
        wanted.pop()
    heights = [slot.least for slot in wanted]
    spare = area.height - sum(heights)
    for _ in range(len(wanted)):  # what one cannot take goes to the others
        growing = [k for k, slot in enumerate(wanted) if slot.weight and heights[k] < slot.most]
        parts = sum(wanted[k].weight for k in growing)
        for k in growing:
            more = min(spare * wanted[k].weight // parts, wanted[k].most - heights[k])
            heights[k] += more
        spare = area.height - sum(heights)
    if spare and wanted:
        heights[max(range(len(wanted)), key=lambda k: wanted[k].weight)] += spare
    places, y = [], area.y
    for slot, height in zip(wanted, heights, strict=True):
        places.append((slot.panel, Area(area.x, y, area.width, height)))
        y += height
    return places


def beside(area: Area, says: Collection[PanelName], *slots: Slot) -> Places:
    """The slots that have something to say side by side, equally wide; none where it is too low."""
    wanted = [slot for slot in slots if slot.panel in says and area.height >= slot.least - 1]
    if not wanted:
        return []
    width = (area.width - GUTTER * (len(wanted) - 1)) // len(wanted)
    return [
        (slot.panel, Area(area.x + k * (width + GUTTER), area.y, width, area.height)) for k, slot in enumerate(wanted)
    ]
