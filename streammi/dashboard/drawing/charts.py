"""Numbers to glyphs: lines over columns, bars, sparklines and large digits. Pure numpy, no colours, no text.

A chart is drawn in dots finer than cells: 2 x 4 a cell in braille, 1 x 8 in blocks, 1 x 1 in ASCII. Values are
shares of the chart's height, 0 at the bottom to 1 at the top; NaN is no dot.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from streammi.dashboard.drawing.canvas import SPACE
from streammi.dashboard.drawing.cells import Cells
from streammi.dashboard.drawing.glyphs import DIGITS, Glyphs
from streammi.dashboard.drawing.history_columns import Columns
from streammi.records import FloatArray, IntArray

DOTS = {"braille": (2, 4), "block": (1, 8), "ascii": (1, 1)}  # across and up, in one cell

# By row, the bits of the left and the right dot of a braille cell (Unicode chart U+2800).
_LEFT, _RIGHT = (0, 1, 2, 6), (3, 4, 5, 7)
# Braille by its dots as ``braille_dots`` has them: the left column's from the top in the low four bits, then the
# right's.
_CELLS = np.array(
    [SPACE, *(0x2800 + sum((k >> dot & 1) << bit for dot, bit in enumerate(_LEFT + _RIGHT)) for k in range(1, 256))],
    np.uint64,
)


def dot_columns(glyphs: Glyphs, width: int) -> int:
    """How many columns of dots ``width`` cells have."""
    return width * DOTS[glyphs.name][0]


@dataclass(frozen=True, slots=True)
class Spans:
    """Dots from row ``top`` to row ``bottom`` in each of n columns, counted from the top; none where top > bottom."""

    top: IntArray
    bottom: IntArray

    def mask(self, rows: int) -> NDArray[np.bool_]:
        """The dots as (rows, n); of several curves (..., rows, n)."""
        row, top, bottom = np.arange(rows)[:, None], self.top[..., None, :], self.bottom[..., None, :]
        return np.asarray((row >= top) & (row <= bottom))


def braille_dots(height: int, top: IntArray, bottom: IntArray) -> NDArray[np.uint8]:
    """The dots from row ``top`` to row ``bottom``, each (..., n), as cells (..., height, n / 2): see ``_CELLS``.

    Each end of a span is one row of a table, and what lies between both is in both rows: 12 us for three layers of
    19 x 54 cells, against 26 by a mask of all dots.
    """
    below, above = _ends(height)
    right = np.arange(top.shape[-1]) % 2 * len(above[0])
    ends = below.reshape(-1, height), above.reshape(-1, height)
    dots = ends[0].take(top + right, axis=0) & ends[1].take(bottom + (right + 1), axis=0)
    cells: NDArray[np.uint8] = (dots[..., ::2, :] | dots[..., 1::2, :]).swapaxes(-1, -2)
    return cells


@lru_cache(maxsize=64)
def _ends(height: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The dots from row k down, and those above row k, of a left and of a right column: (2, 4 height + 1, height)."""
    rows = np.arange(4 * height)
    below = rows >= np.arange(4 * height + 1)[:, None]
    left = np.packbits(below.reshape(-1, height, 4), axis=-1, bitorder="little")[..., 0]
    return np.stack((left, left << 4)), np.stack((left ^ 0xF, (left ^ 0xF) << 4))


def braille_points(columns: IntArray, rows: IntArray, width: int, height: int) -> NDArray[np.uint8]:
    """Points, by their columns and rows of dots from the top, as ``braille_dots`` has dots, (height, width)."""
    dots = np.zeros((height, 4, width, 2), np.uint8)
    dots[rows >> 2, rows & 3, columns >> 1, columns & 1] = 1
    bits = (dots << np.arange(4, dtype=np.uint8)[:, None, None]).sum(axis=1, dtype=np.uint8)
    return np.asarray(bits[..., 0] | bits[..., 1] << 4)


def shares(values: FloatArray, low: float, high: float) -> FloatArray:
    """Values between ``low`` and ``high`` as shares of what lies between these; a half where that is nothing.

    >>> shares(np.array([2.0, 3.0, np.nan]), 1.0, 3.0), shares(np.array([1.7e308]), -1.7e308, 1.7e308)
    (array([0.5, 1. , nan]), array([1.]))
    """
    if not high > low:
        return np.where(np.isnan(values), np.nan, 0.5)
    if not math.isfinite(high - low):
        values, low, high = values / 2, low / 2, high / 2
    return np.asarray((values - low) / (high - low))


def rows_of(values: FloatArray, rows: int | IntArray) -> IntArray:
    """The row of dots of each value, 0 at the top; -1 for NaN.

    >>> rows_of(np.array([0.0, 0.5, 1.0, np.nan]), 5).tolist()
    [4, 2, 0, -1]
    """
    below = np.minimum(np.maximum(values, 0.0), 1.0) * (rows - 1)
    return np.fmax(np.ceil(rows - 1.5 - below), -1.0).astype(np.int64)


def between(low: IntArray, high: IntArray) -> Spans:
    """The dots from the row of ``low`` up to that of ``high`` in each column; none where they are -1.

    >>> between(np.array([2, 1, -1]), np.array([0, 1, -1])).mask(3).astype(int).tolist()
    [[1, 0, 0], [1, 1, 0], [1, 0, 0]]
    """
    return Spans(np.where(low < 0, 0, high), low)


def connected(row: IntArray) -> Spans:
    """A line through the rows: each column reaches half-way to its neighbours; -1: none.

    >>> connected(np.array([4, 1, -1, 3])).mask(5).astype(int).tolist()
    [[0, 0, 0, 0], [0, 1, 0, 0], [1, 1, 0, 0], [1, 1, 0, 1], [1, 0, 0, 0]]
    """
    spans = Spans(np.where(row < 0, 0, row), row.copy())
    both = row[:-1] + row[1:]
    _reach(spans, row >= 0, both >> 1, (both + 1) >> 1)  # rows that meet half-way, both on the line
    return spans


def joined(low: IntArray, high: IntArray) -> Spans:
    """The dots from the row of ``low`` up to that of ``high``, on to where the neighbours begin; -1: none.

    Of one curve, shape (n,), or of several, shape (..., n).

    >>> joined(np.array([5, 3, 0]), np.array([5, 3, 0])).mask(6).astype(int).tolist()
    [[0, 0, 1], [0, 0, 1], [0, 1, 0], [0, 1, 0], [0, 1, 0], [1, 0, 0]]
    """
    spans = Spans(np.where(low < 0, 0, high), low.copy())
    lowest_top = np.maximum(spans.top[..., :-1], spans.top[..., 1:])
    highest_bottom = np.minimum(spans.bottom[..., :-1], spans.bottom[..., 1:])
    middle = lowest_top + highest_bottom >> 1  # between the two; where they overlap, in both
    _reach(spans, low >= 0, middle + 1, middle)
    return spans


def _reach(spans: Spans, known: NDArray[np.bool_], above: IntArray, below: IntArray) -> None:
    """Let neighbours that are known begin at ``above`` at the latest, and end at ``below`` at the earliest."""
    if not known.all():
        both = known[..., :-1] & known[..., 1:]
        above, below = np.where(both, above, np.iinfo(above.dtype).max), np.where(both, below, -1)
    for side in (slice(None, -1), slice(1, None)):
        top, bottom = spans.top[..., side], spans.bottom[..., side]
        np.minimum(top, above, out=top)
        np.maximum(bottom, below, out=bottom)


def braille(dots: NDArray[np.uint8]) -> Cells:
    """The braille cells of these dots; empty ones are blank."""
    return _CELLS.take(dots)


def bars(values: FloatArray, height: int, ramp: str) -> Cells:
    """Upright bars, one column each, shape (height, n), in the steps of ``ramp`` (blank first, full last)."""
    share = np.fmin(np.fmax(values, 0.0), 1.0)
    steps = np.ceil(share * (height * (len(ramp) - 1)) - 1e-9).astype(np.int64)
    return _filled(height, ramp).take(steps, axis=1)


@lru_cache(maxsize=64)
def _filled(height: int, ramp: str) -> Cells:
    """Bars that are filled to 0, 1, 2, ... of their steps, shape (height, steps + 1)."""
    steps = len(ramp) - 1
    level = np.arange(height * steps + 1) - steps * np.arange(height - 1, -1, -1)[:, None]
    return np.asarray(codes(ramp)[np.clip(level, 0, steps)])


def lengths(values: FloatArray, width: int, ramp: str) -> Cells:
    """Bars that grow to the right, one row each, shape (n, width)."""
    return bars(values, width, ramp)[::-1].T


def sparkline(values: FloatArray, glyphs: Glyphs) -> str:
    """One glyph a value, from 0 to the largest; what is not known is blank.

    >>> from streammi.dashboard.drawing.glyphs import BRAILLE
    >>> sparkline(np.array([0.0, 0.5, 1.0, np.nan]), BRAILLE)
    '▁▄█ '
    """
    known = values[~np.isnan(values)]
    top = known.max() if len(known) and known.max() > 0 else 1.0
    ramp = glyphs.levels
    level = np.nan_to_num(np.clip(np.ceil(values / top * (len(ramp) - 1)), 1, len(ramp) - 1), nan=0.0)
    return "".join(ramp[int(k)] for k in level)


def large(text: str, scale: int = 1) -> Cells:
    """Return ``text`` (digits, point, dash) 3 ``scale`` rows high, in half blocks of 4 x 6 scaled pixels a digit."""
    return np.concatenate([_digit(character, scale) for character in text], axis=1)[:, :-scale]


@lru_cache
def _digit(character: str, scale: int) -> Cells:
    """One of them, and a gap."""
    pixels = np.array([[int(bit) for bit in row + "0"] for row in DIGITS[character]])
    pixels = pixels.repeat(scale, axis=0).repeat(scale, axis=1)
    return np.asarray(codes(" ▄▀█")[2 * pixels[::2] + pixels[1::2]])


def nice_ceiling(value: float) -> float:
    """The least of 1, 1.5, 2, 3, 4, 5, 6, 8 times a power of ten that is not below ``value``.

    >>> nice_ceiling(1.7), nice_ceiling(0.021), nice_ceiling(0.0)
    (2.0, 0.03, 1.0)
    """
    if not value > 0 or not math.isfinite(value):
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    factor = next((f for f in (1, 1.5, 2, 3, 4, 5, 6, 8) if value <= f * power * (1 + 1e-9)), 10)
    return float(f"{factor * power:.6g}")


def ceiling_of(data: Columns) -> float:
    """The value at the top of a chart of these columns."""
    return nice_ceiling(1.05 * float(np.fmax.reduce((data.high, data.mi, data.null), axis=None)))


@lru_cache
def codes(ramp: str) -> Cells:
    """The glyphs of a ramp by level."""
    return np.array([ord(glyph) for glyph in ramp], np.uint64)
