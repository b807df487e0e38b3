"""Numbers to glyphs: lines over columns, bars, sparklines and large digits. Pure numpy, no colours, no text.

A chart is drawn in dots finer than cells: 2 x 4 a cell in braille, 1 x 8 in blocks, 1 x 1 in ASCII. Values are
shares of the chart's height, 0 at the bottom to 1 at the top; NaN is no dot.
"""

import numpy as np
from numpy.typing import NDArray

from streammi.dashboard.canvas import SPACE
from streammi.dashboard.glyphs import DIGITS, Glyphs
from streammi.dashboard.history import Columns
from streammi.records import FloatArray

Cells = NDArray[np.uint64]
DOTS = {"braille": (2, 4), "block": (1, 8), "ascii": (1, 1)}  # across and up, in one cell

_BRAILLE = 0x2800
# The dots of a braille cell by row and column (Unicode chart U+2800).
_WEIGHTS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]], np.uint64)


def dot_columns(glyphs: Glyphs, width: int) -> int:
    """Return how many columns of dots ``width`` cells have."""
    return width * DOTS[glyphs.name][0]


def rows_of(values: FloatArray, rows: int) -> FloatArray:
    """Return the row of dots of each value, 0 at the top; NaN stays NaN."""
    return (rows - 1) - np.rint(np.clip(values, 0.0, 1.0) * (rows - 1))


def spans(low: FloatArray, high: FloatArray, rows: int) -> NDArray[np.bool_]:
    """Return a (rows, n) mask of the dots from ``low`` to ``high`` in each of n columns.

    >>> spans(np.array([0.0, 0.5]), np.array([1.0, 0.5]), 3).astype(int).tolist()
    [[1, 0], [1, 1], [1, 0]]
    """
    row = np.arange(rows)[:, None]
    with np.errstate(invalid="ignore"):
        return np.asarray((row >= rows_of(high, rows)) & (row <= rows_of(low, rows)))


def connected(values: FloatArray, rows: int) -> NDArray[np.bool_]:
    """Return a (rows, n) mask of a line through the values: each column reaches half-way to its neighbours."""
    row = rows_of(values, rows)
    low, high = row.copy(), row.copy()
    middle = (row[1:] + row[:-1]) / 2
    step = ~np.isnan(middle)
    low[1:][step] = np.maximum(low[1:], np.floor(middle))[step]
    high[1:][step] = np.minimum(high[1:], np.ceil(middle))[step]
    low[:-1][step] = np.maximum(low[:-1], np.floor(middle))[step]
    high[:-1][step] = np.minimum(high[:-1], np.ceil(middle))[step]
    grid = np.arange(rows)[:, None]
    with np.errstate(invalid="ignore"):
        return np.asarray((grid >= high) & (grid <= low))


def braille(mask: NDArray[np.bool_]) -> Cells:
    """Return the braille cells (h, w) of a dot mask (4 h, 2 w); empty cells are blank.

    >>> [hex(c) for c in braille(np.eye(4, 2, dtype=bool))[0].tolist()]
    ['0x2811']
    """
    height, width = mask.shape[0] // 4, mask.shape[1] // 2
    dots = mask.reshape(height, 4, width, 2).transpose(0, 2, 1, 3).reshape(-1, 8) @ _WEIGHTS.ravel()
    cells = dots.reshape(height, width) + np.uint64(_BRAILLE)
    cells[cells == _BRAILLE] = SPACE
    return cells


def bars(values: FloatArray, height: int, ramp: str) -> Cells:
    """Return upright bars, one column each, shape (height, n), in the steps of ``ramp`` (blank first, full last)."""
    steps = len(ramp) - 1
    filled = np.nan_to_num(np.ceil(np.clip(values, 0.0, 1.0) * height * steps - 1e-9))
    level = np.clip(filled[None, :] - steps * np.arange(height - 1, -1, -1)[:, None], 0, steps).astype(int)
    return np.asarray(_codes(ramp)[level])


def lengths(values: FloatArray, width: int, ramp: str) -> Cells:
    """Return bars that grow to the right, one row each, shape (n, width)."""
    return bars(values, width, ramp)[::-1].T


def sparkline(values: FloatArray, glyphs: Glyphs) -> str:
    """Return one glyph a value, from 0 to the largest; what is not known is blank.

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
    gap = np.zeros((6, 1), bool)
    parts = []
    for character in text:
        parts += [np.array([[bit == "1" for bit in row] for row in DIGITS[character]]), gap]
    pixels = np.concatenate(parts[:-1], axis=1).repeat(scale, axis=0).repeat(scale, axis=1)
    return np.asarray(_codes(" ▄▀█")[2 * pixels[::2] + pixels[1::2]])


def nice_ceiling(value: float) -> float:
    """Return the least of 1, 1.5, 2, 3, 4, 5, 6, 8 times a power of ten that is not below ``value``.

    >>> nice_ceiling(1.7), nice_ceiling(0.021), nice_ceiling(0.0)
    (2.0, 0.03, 1.0)
    """
    if not value > 0 or not np.isfinite(value):
        return 1.0
    power = 10.0 ** np.floor(np.log10(value))
    factor = next((f for f in (1, 1.5, 2, 3, 4, 5, 6, 8) if value <= f * power * (1 + 1e-9)), 10)
    return float(f"{factor * power:.6g}")


def ceiling_of(data: Columns) -> float:
    """Return the value at the top of a chart of these columns."""
    known = [values[~np.isnan(values)] for values in (data.high, data.mi, data.null)]
    return nice_ceiling(1.05 * max((float(v.max()) for v in known if len(v)), default=1.0))


def _codes(ramp: str) -> Cells:
    return np.array([ord(glyph) for glyph in ramp], np.uint64)
