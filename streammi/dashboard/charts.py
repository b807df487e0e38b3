"""Numbers to glyphs: lines over columns, bars, sparklines and large digits. Pure numpy, no colours, no text.

A chart is drawn in dots finer than cells: 2 x 4 a cell in braille, 1 x 8 in blocks, 1 x 1 in ASCII. Values are
shares of the chart's height, 0 at the bottom to 1 at the top; NaN is no dot.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from streammi.dashboard.canvas import SPACE
from streammi.dashboard.glyphs import DIGITS, Glyphs
from streammi.dashboard.history_columns import Columns
from streammi.dashboard.wording import Cells
from streammi.records import FloatArray, IntArray

DOTS = {"braille": (2, 4), "block": (1, 8), "ascii": (1, 1)}  # across and up, in one cell

# By row, the bits of the left and the right dot of a braille cell (Unicode chart U+2800).
_LEFT, _RIGHT = (0, 1, 2, 6), (3, 4, 5, 7)
# Braille by its dots as ``braille`` has them: the left column's from the top in the low four bits, then the right's.
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
        """The dots as (rows, n)."""
        row = np.arange(rows)[:, None]
        return np.asarray((row >= self.top) & (row <= self.bottom))


def braille_dots(height: int, *layers: Spans) -> NDArray[np.uint16]:
    """The layers' dots as bits of ``height`` rows of braille cells: shape (layers, height, n / 2).

    Bits 0 to 3 are the left column of a cell from the top, bits 8 to 11 the right one: two dots at a time, as they lie
    side by side in memory. 27 us for three layers of 30 x 54 cells, against 57 a dot at a time.
    """
    row = np.arange(4 * height, dtype=np.int16)[:, None]
    top, bottom = (np.array([getattr(layer, end) for layer in layers], np.int16)[:, None] for end in ("top", "bottom"))
    return _bits((row >= top) & (row <= bottom))


def braille_points(columns: IntArray, rows: IntArray, width: int, height: int) -> NDArray[np.uint16]:
    """Points, by their columns and rows of dots from the top, as ``braille_dots`` has dots, (height, width)."""
    dots = np.zeros((1, 4 * height, 2 * width), np.bool_)
    dots[0, rows, columns] = True
    bits: NDArray[np.uint16] = _bits(dots)[0]
    return bits


def _bits(mask: NDArray[np.bool_]) -> NDArray[np.uint16]:
    """Dots (layers, 4 height, 2 width) as bits of cells (layers, height, width)."""
    layers, rows, _ = mask.shape
    dots = mask.view("<u2").reshape(layers, rows // 4, 4, -1)
    bits: NDArray[np.uint16] = dots[:, :, 3] << np.uint16(1)
    for y in (2, 1):
        bits |= dots[:, :, y]
        bits <<= 1
    bits |= dots[:, :, 0]
    return bits


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


def rows_of(values: FloatArray, rows: int) -> IntArray:
    """The row of dots of each value, 0 at the top; -1 for NaN.

    >>> rows_of(np.array([0.0, 0.5, 1.0, np.nan]), 5).tolist()
    [4, 2, 0, -1]
    """
    inside = np.minimum(np.maximum(values, 0.0), 1.0)
    return np.where(np.isnan(inside), rows, (rows - 1) * inside + 0.5).astype(np.int64) * -1 + (rows - 1)


def between(low: IntArray, high: IntArray) -> Spans:
    """The dots from the row of ``low`` up to that of ``high`` in each column; none where they are -1.

    >>> between(np.array([2, 1, -1]), np.array([0, 1, -1])).mask(3).astype(int).tolist()
    [[1, 0, 0], [1, 1, 0], [1, 0, 0]]
    """
    return Spans(np.where(low < 0, 0, high), low)


def connected(row: IntArray) -> Spans:
    """A line through the rows: each column reaches half-way to its neighbours."""
    top, bottom = row.copy(), row.copy()
    before, after = row[:-1], row[1:]
    joined = (before >= 0) & (after >= 0)
    middle = before + after
    up, down = middle >> 1, (middle + 1) >> 1  # rows that meet half-way, both on the line
    np.minimum(top[1:], up, out=top[1:], where=joined)
    np.maximum(bottom[1:], down, out=bottom[1:], where=joined)
    np.minimum(top[:-1], up, out=top[:-1], where=joined)
    np.maximum(bottom[:-1], down, out=bottom[:-1], where=joined)
    return Spans(np.where(row < 0, 0, top), bottom)


def joined(low: IntArray, high: IntArray) -> Spans:
    """The dots from the row of ``low`` up to that of ``high``, on to where the neighbours begin; -1: none.

    >>> joined(np.array([5, 3, 0]), np.array([5, 3, 0])).mask(6).astype(int).tolist()
    [[0, 0, 1], [0, 0, 1], [0, 1, 0], [0, 1, 0], [0, 1, 0], [1, 0, 0]]
    """
    spans = between(low, high)
    top, bottom = spans.top.copy(), spans.bottom.copy()
    known = (low >= 0) & (high >= 0)
    both = known[:-1] & known[1:]
    falls, rises = both & (spans.bottom[:-1] < spans.top[1:]), both & (spans.top[:-1] > spans.bottom[1:])
    middle = spans.bottom[:-1] + spans.top[1:] >> 1
    np.maximum(bottom[:-1], middle, out=bottom[:-1], where=falls)
    np.minimum(top[1:], middle + 1, out=top[1:], where=falls)
    middle = spans.top[:-1] + spans.bottom[1:] >> 1
    np.minimum(top[:-1], middle + 1, out=top[:-1], where=rises)
    np.maximum(bottom[1:], middle, out=bottom[1:], where=rises)
    return Spans(top, bottom)


def braille(dots: NDArray[np.uint16]) -> Cells:
    """The braille cells of these dots; empty ones are blank."""
    return _CELLS.take((dots | dots >> 4).astype(np.uint8))


def bars(values: FloatArray, height: int, ramp: str) -> Cells:
    """Upright bars, one column each, shape (height, n), in the steps of ``ramp`` (blank first, full last)."""
    steps = len(ramp) - 1
    share = np.minimum(np.maximum(np.where(np.isnan(values), 0.0, values), 0.0), 1.0)
    filled = np.ceil(share * (height * steps) - 1e-9).astype(np.int64)
    level = filled - steps * np.arange(height - 1, -1, -1)[:, None]
    return np.asarray(codes(ramp)[np.minimum(np.maximum(level, 0), steps)])


def lengths(values: FloatArray, width: int, ramp: str) -> Cells:
    """Bars that grow to the right, one row each, shape (n, width)."""
    return bars(values, width, ramp)[::-1].T


def sparkline(values: FloatArray, glyphs: Glyphs) -> str:
    """One glyph a value, from 0 to the largest; what is not known is blank.

    >>> from streammi.dashboard.glyphs import BRAILLE
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
    pixels = np.concatenate([_digit(character) for character in text], axis=1)[:, :-1]
    pixels = pixels.repeat(scale, axis=0).repeat(scale, axis=1)
    return np.asarray(codes(" ▄▀█")[2 * pixels[::2] + pixels[1::2]])


@lru_cache
def _digit(character: str) -> NDArray[np.uint8]:
    """Its pixels and a gap."""
    return np.array([[int(bit) for bit in row + "0"] for row in DIGITS[character]], np.uint8)


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
    most = [np.fmax.reduce(values) for values in (data.high, data.mi, data.null)]
    return nice_ceiling(1.05 * float(np.fmax.reduce(most)))


@lru_cache
def codes(ramp: str) -> Cells:
    """The glyphs of a ramp by level."""
    return np.array([ord(glyph) for glyph in ramp], np.uint64)
