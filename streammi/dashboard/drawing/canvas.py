"""The picture: a grid of cells, each a glyph and a pen. Nothing can be drawn outside it.

A part of a canvas is a canvas that shares the cells, so a panel draws from its own (0, 0) and is clipped by
construction: no row is ever longer than the terminal.
"""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from streammi.dashboard.drawing.cells import CONTINUATION, WIDE_BIT, Cells, cell_text, cells, columns, has_fragile

SPACE = ord(" ")


class Canvas:
    """Cells: ``glyphs`` (height, width) uint64 as of text.cells, and ``pens`` (height, width) uint16."""

    __slots__ = ("glyphs", "height", "pens", "width")

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self.glyphs: Cells = np.full((height, width), SPACE, np.uint64)
        self.pens: NDArray[np.uint16] = np.zeros((height, width), np.uint16)

    def part(self, x: int, y: int, width: int, height: int) -> "Canvas":
        """The cells from column ``x`` and row ``y`` on as a canvas of its own; what lies outside is cut off."""
        right, bottom = x + width, y + height
        if x < 0 or y < 0 or right < 0 or bottom < 0:
            right, bottom, x, y = max(right, 0), max(bottom, 0), max(x, 0), max(y, 0)
        part, cells = Canvas.__new__(Canvas), (slice(y, bottom), slice(x, right))
        part.glyphs, part.pens = self.glyphs[cells], self.pens[cells]
        part.height, part.width = part.glyphs.shape
        return part

    def text(self, x: int, y: int, text: str, pen: int = 0) -> int:
        """Write ``text`` from column ``x`` of row ``y`` on; return the column after it."""
        written = cells(text)
        end = x + len(written)
        if not 0 <= y < self.height:
            return end
        start, stop = x, end
        if x < 0 or end > self.width:
            start, stop = max(x, 0), min(end, self.width)
            written = written[start - x : max(stop - x, 0)]
        self.glyphs[y, start:stop] = written
        self.pens[y, start:stop] = pen
        return end

    def spans(self, x: int, y: int, spans: Iterable[tuple[str, int]]) -> int:
        """Write texts, each with its pen, one after the other; return the column after them."""
        for text, pen in spans:
            x = self.text(x, y, text, pen)
        return x

    def right(self, y: int, text: str, pen: int = 0, margin: int = 0) -> int:
        """Write ``text`` so that it ends ``margin`` columns before the right edge; return its first column."""
        x = self.width - margin - columns(text)
        self.text(x, y, text, pen)
        return x

    def fill(self, glyph: str, pen: int = 0) -> None:
        """Put one glyph into every cell."""
        self.glyphs[...] = ord(glyph)
        self.pens[...] = pen

    def settle(self) -> None:
        """Blank the halves of wide characters whose other half was drawn over or cut off."""
        if not has_fragile(self.glyphs):
            return
        second = self.glyphs == CONTINUATION
        first = self.glyphs >> np.uint64(WIDE_BIT) != 0
        whole = np.zeros(first.shape, bool)
        whole[:, :-1] = first[:, :-1] & second[:, 1:]
        paired = np.zeros(first.shape, bool)
        paired[:, 1:] = whole[:, :-1]
        self.glyphs[(first & ~whole) | (second & ~paired)] = SPACE

    def lines(self) -> list[str]:
        """The rows as text, one string of ``width`` columns each."""
        return [cell_text(row) for row in self.glyphs]
