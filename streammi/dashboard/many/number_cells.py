"""Columns of numbers as cells, all rows at once: a screen of text by text would take longer than it may."""

import numpy as np
from numpy.typing import NDArray

from streammi.dashboard.drawing.canvas import SPACE
from streammi.dashboard.drawing.cells import Cells
from streammi.records import IntArray

MINUS, PLUS, POINT, UNKNOWN, TOO_LARGE = (ord(glyph) for glyph in "−+.—#")


def figures(values: NDArray[np.floating] | IntArray, width: int, digits: int = 3, *, sign: bool = False) -> Cells:
    """The values (n,) with so many digits after the point, flush right in cells (n, width), as ``wording.number`` does.

    ``sign``: with a plus, too. What is not known is a dash; where there is no room for it, a value is crosses.

    >>> from streammi.dashboard.drawing.cells import cell_text
    >>> [cell_text(row) for row in figures(np.array([1.5, -0.25, np.nan, 123.0]), 6, 2)]
    ['  1.50', ' −0.25', '     —', '123.00']
    """
    known = np.isfinite(values)
    scaled = np.rint(np.abs(np.where(known, values, 0.0), dtype=np.float64) * 10**digits)
    fits = scaled < 10 ** min(width - (digits > 0), 17)
    left = np.where(fits, scaled, 0).astype(np.int64)
    negative, positive = known & (values < 0) & (left > 0), known & (left > 0 if digits else known) & (values > 0)
    out = np.full((len(values), width), SPACE, np.uint64)
    free = np.full(len(values), width - 1)  # the place before the first digit
    for place in range(width - 1, -1, -1):
        behind = width - 1 - place
        if digits and behind == digits:
            out[:, place], free = POINT, free - 1
            continue
        there = (left > 0) | (behind <= digits + (digits > 0))
        out[there, place] = ord("0") + left[there] % 10
        free = np.where(there, place - 1, free)
        left //= 10
    rows = np.arange(len(values))
    signs = np.where(negative, MINUS, np.where(positive & sign, PLUS, 0))
    placed = (signs > 0) & (free >= 0)
    out[rows[placed], free[placed]] = signs[placed]
    out[~fits | ((signs > 0) & (free < 0))] = TOO_LARGE
    out[~known] = SPACE
    out[~known, -1] = UNKNOWN
    return out
