"""The picture that the terminal shows already, and the bytes that turn it into the next picture.

Only cells that changed are written, in runs, between the marks of synchronised output (mode 2026: terminals that
know it show the frame at once, others ignore the marks). Nothing changed: no bytes.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from streammi.dashboard.canvas import SPACE, Canvas
from streammi.dashboard.pens import Pens
from streammi.dashboard.wording import CONTINUATION, MARK_BITS, Cells, cell_text

BEGIN, END = "\x1b[?2026h", "\x1b[?2026l"
BRIDGE = 3  # unchanged cells that are cheaper to write again than to jump over


class Screen:
    """The cells on the terminal, as far as they were written."""

    def __init__(self, pens: Pens) -> None:
        self._pens = pens
        self._shown: Canvas | None = None

    def forget(self) -> None:
        """Assume nothing of what the terminal shows: the next frame clears it and writes everything."""
        self._shown = None

    def frame(self, canvas: Canvas) -> bytes:
        """The bytes that make the terminal show ``canvas``, and remember it; empty when it already does."""
        canvas.settle()
        shown, clear = self._shown, ""
        if shown is None or shown.glyphs.shape != canvas.glyphs.shape:
            shown, clear = Canvas(canvas.width, canvas.height), "\x1b[0m\x1b[2J"
        changed = (canvas.glyphs != shown.glyphs) | (canvas.pens != shown.pens)
        self._shown = canvas
        if not clear and not changed.any():
            return b""
        return f"{BEGIN}{clear}{self._runs(canvas, changed)}\x1b[0m{END}".encode()

    def _runs(self, canvas: Canvas, changed: NDArray[np.bool_]) -> str:
        width, cells, pens = canvas.width, canvas.glyphs.ravel(), canvas.pens.ravel()
        fragile = (cells >> np.uint64(MARK_BITS) != 0) | (cells == CONTINUATION)
        starts, ends = _segments(_bridged(changed), cells, pens, fragile, width)
        # By pen, not by place: a move is shorter than two colours. A heatmap of noise takes 32 KB so, 78 KB row by row.
        order = np.argsort(pens[starts], kind="stable")
        starts, ends = starts[order], ends[order]
        text = cell_text(np.where(fragile, np.uint64(SPACE), cells))
        out: list[str] = []
        cursor, before = -1, ("", "", "")
        pieces = zip(starts.tolist(), ends.tolist(), pens[starts].tolist(), fragile[starts].tolist(), strict=True)
        for start, end, pen, alone in pieces:
            if start != cursor:
                out.append(_move(cursor, start, width))
            codes = self._pens.codes[pen]
            if codes != before:
                out.append(_switch(before, codes))
                before = codes
            if alone:  # terminals differ on how wide these are: say where the next cell is
                out.append(cell_text(cells[start:end]))
                cursor = -1
            else:
                out.append(text[start:end])
                cursor = end if end % width else -1  # what the cursor does after the last column differs, too
        return "".join(out)


def _bridged(changed: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """A flat copy with short gaps inside a row closed."""
    flat = changed.ravel().copy()
    at = np.flatnonzero(flat)
    gap = np.diff(at)
    near = (gap > 1) & (gap <= BRIDGE + 1) & (at[1:] // changed.shape[1] == at[:-1] // changed.shape[1])
    for step in range(1, BRIDGE + 1):
        flat[at[:-1][near & (gap > step)] + step] = True
    return flat


def _segments(
    changed: NDArray[np.bool_],
    cells: Cells,
    pens: NDArray[np.uint16],
    fragile: NDArray[np.bool_],
    width: int,
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Where each piece of changed cells of one pen in one row starts and ends; a fragile cell is a piece."""
    opens = np.empty(len(cells), bool)
    opens[1:] = ~changed[:-1] | (pens[1:] != pens[:-1])
    opens[::width] = True
    if fragile.any():
        second = np.flatnonzero(cells == CONTINUATION)
        changed[second] = changed[second - 1] = changed[second] | changed[second - 1]
        opens[1:] |= fragile[1:] | fragile[:-1] | ~changed[:-1]
        opens[second] = False
    opens &= changed
    starts = np.flatnonzero(opens)
    closes = np.flatnonzero(changed & np.append(opens[1:] | ~changed[1:], True))
    return starts, closes + 1


def _move(cursor: int, target: int, width: int) -> str:
    row, column = divmod(target, width)
    if 0 <= cursor < target and cursor // width == row:
        return f"\x1b[{target - cursor}C"
    return f"\x1b[{row + 1};{column + 1}H" if column else f"\x1b[{row + 1}H"


@lru_cache(maxsize=4096)
def _switch(before: tuple[str, str, str], after: tuple[str, str, str]) -> str:
    attributes, front, back = after
    if before[0] != attributes or (before[1] and not front) or (before[2] and not back):
        codes = ("0", attributes, front, back)  # an attribute or a colour can only be taken away by a reset
    else:
        codes = ("", "", front if front != before[1] else "", back if back != before[2] else "")
    return f"\x1b[{';'.join(code for code in codes if code)}m"
