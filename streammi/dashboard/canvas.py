"""The picture: a grid of cells, each a glyph and a pen. Nothing can be drawn outside it.

A part of a canvas is a canvas that shares the cells, so a panel draws from its own (0, 0) and is clipped by
construction: no row is ever longer than the terminal.
"""

import unicodedata
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from streammi.dashboard.text import CONTINUATION, MARK_BITS, WIDE_BIT, cells, columns

SPACE = ord(" ")
LAST_ASCII = 126
_ASCII = {"—": "-", "−": "-", "…": "~", "×": "x", "±": "~", "µ": "u", "ρ": "r", "←": "<", "→": ">", "↑": "^", "↓": "v"}


class Canvas:
    """Cells: ``glyphs`` (height, width) uint64 as of text.cells, and ``pens`` (height, width) uint16."""

    __slots__ = ("glyphs", "pens")

    def __init__(self, width: int, height: int) -> None:
        self.glyphs: NDArray[np.uint64] = np.full((height, width), SPACE, np.uint64)
        self.pens: NDArray[np.uint16] = np.zeros((height, width), np.uint16)

    @property
    def width(self) -> int:
        """Columns."""
        return int(self.glyphs.shape[1])

    @property
    def height(self) -> int:
        """Rows."""
        return int(self.glyphs.shape[0])

    def part(self, x: int, y: int, width: int, height: int) -> "Canvas":
        """Return the cells from column ``x`` and row ``y`` on as a canvas of its own; what lies outside is cut off."""
        x, y, right, bottom = max(x, 0), max(y, 0), max(x + width, 0), max(y + height, 0)
        part = Canvas.__new__(Canvas)
        part.glyphs, part.pens = self.glyphs[y:bottom, x:right], self.pens[y:bottom, x:right]
        return part

    def text(self, x: int, y: int, text: str, pen: int = 0) -> int:
        """Write ``text`` from column ``x`` of row ``y`` on; return the column after it."""
        written = cells(text)
        end = x + len(written)
        if not 0 <= y < self.height or x >= self.width or end <= 0:
            return end
        start = max(x, 0)
        written = written[start - x : self.width - x]
        stop = start + len(written)
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
        second = self.glyphs == CONTINUATION
        first = self.glyphs >> np.uint64(WIDE_BIT) != 0
        if second.any() or first.any():
            whole = np.zeros(first.shape, bool)
            whole[:, :-1] = first[:, :-1] & second[:, 1:]
            paired = np.zeros(first.shape, bool)
            paired[:, 1:] = whole[:, :-1]
            self.glyphs[(first & ~whole) | (second & ~paired)] = SPACE

    def to_ascii(self) -> None:
        """Put something of the same meaning, or a question mark, where a glyph is not ASCII."""
        for cell in np.unique(self.glyphs[self.glyphs > LAST_ASCII]).tolist():
            self.glyphs[self.glyphs == cell] = ord(_in_ascii(chr(cell & (1 << MARK_BITS) - 1)))
        self.glyphs[self.glyphs == CONTINUATION] = ord("?")

    def lines(self) -> list[str]:
        """Return the rows as text, one string of ``width`` columns each."""
        return [cell_text(row) for row in self.glyphs]


def _in_ascii(character: str) -> str:
    letter = unicodedata.normalize("NFKD", character)[0]
    return _ASCII.get(character) or (letter if letter.isascii() else "?")


def cell_text(row: NDArray[np.uint64]) -> str:
    """Return the text of a row of cells."""
    if not (row >> np.uint64(MARK_BITS)).any():
        return row.astype(np.uint32).tobytes().decode("utf-32-le").replace("\0", "")
    one = (1 << MARK_BITS) - 1
    codes = ((cell & one, cell >> MARK_BITS & one, cell >> 2 * MARK_BITS & one) for cell in row.tolist())
    return "".join(chr(code) for cell in codes for code in cell if code)
