"""The picture that the terminal shows already, and the bytes that turn it into the next picture.

Only cells that changed are written, in runs, between the marks of synchronised output (mode 2026: terminals that
know it show the frame at once, others ignore the marks). Nothing changed: no bytes.
"""

from functools import lru_cache
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from streammi.dashboard.drawing.canvas import SPACE, Canvas
from streammi.dashboard.drawing.cells import CONTINUATION, MARK_BITS, Cells, cell_text, has_fragile
from streammi.dashboard.drawing.pens import Pens

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
        width, glyphs, pens = canvas.width, canvas.glyphs.ravel(), canvas.pens.ravel()
        places = _bridged(changed).ravel().nonzero()[0]
        if not len(places):
            return ""
        fragile = None
        if has_fragile(glyphs[places]):
            places = _with_other_halves(places, glyphs)
            fragile = (glyphs[places] >> np.uint64(MARK_BITS) != 0) | (glyphs[places] == CONTINUATION)
        written, pens = glyphs[places], pens[places]
        starts, ends = _pieces(places, written, pens, fragile, width)
        # By pen, not by place: a move is shorter than two colours. A heatmap of noise takes 32 KB so, 78 KB row by row.
        order = pens[starts].argsort(kind="stable")
        starts, ends = starts[order], ends[order]
        text = cell_text(written if fragile is None else np.where(fragile, np.uint64(SPACE), written))
        pieces = [text[start:end] for start, end in zip(starts.tolist(), ends.tolist(), strict=True)]
        stops = places[ends - 1] + 1
        unknown = stops % width == 0  # what the cursor does after the last column differs
        if fragile is not None:  # terminals differ on how wide these are: say where the next cell is
            for k in fragile[starts].nonzero()[0].tolist():
                pieces[k] = cell_text(written[starts[k] : ends[k]])
            unknown |= fragile[starts]
        cursors = np.append(-1, np.where(unknown, -1, stops)[:-1])
        moves, switches = _moves(cursors, places[starts], width), self._switches(pens[starts])
        return "".join(chain.from_iterable(zip(moves, switches, pieces, strict=True)))

    def _switches(self, pens: NDArray[np.uint16]) -> list[str]:
        """What is written before each piece, so that it is in its pen; they are in the order of their pens."""
        switches, before = [""] * len(pens), ("", "", "")
        for k in np.append(0, (pens[1:] != pens[:-1]).nonzero()[0] + 1).tolist():
            codes = self._pens.codes[pens[k]]
            if codes != before:
                switches[k], before = _switch(before, codes), codes
        return switches


def _bridged(changed: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """A copy with gaps of ``BRIDGE`` cells or fewer inside a row closed.

    >>> _bridged(np.array([[1, 0, 0, 0, 1, 0, 0, 0, 0, 1]], bool)).astype(int).tolist()
    [[1, 1, 1, 1, 1, 0, 0, 0, 0, 1]]
    """
    height, width = changed.shape
    wide = np.zeros((height, width + 2 * BRIDGE), bool)
    wide[:, BRIDGE : BRIDGE + width] = changed
    # By k: whether there is something at most k + 1 cells to the left, to the right.
    left, right = [wide[:, BRIDGE - 1 : BRIDGE - 1 + width]], [wide[:, BRIDGE + 1 : BRIDGE + 1 + width]]
    for k in range(1, BRIDGE):
        left.append(left[-1] | wide[:, BRIDGE - 1 - k : BRIDGE - 1 - k + width])
        right.append(right[-1] | wide[:, BRIDGE + 1 + k : BRIDGE + 1 + k + width])
    closed = changed.copy()
    for before, after in zip(left, right[::-1], strict=True):
        closed |= before & after
    return closed


def _with_other_halves(places: NDArray[np.intp], glyphs: Cells) -> NDArray[np.intp]:
    """The places with the other half of each wide character that is half among them."""
    changed = np.zeros(len(glyphs), bool)
    changed[places] = True
    second = (glyphs == CONTINUATION).nonzero()[0]
    changed[second] = changed[second - 1] = changed[second] | changed[second - 1]
    return changed.nonzero()[0]


def _pieces(
    places: NDArray[np.intp],
    written: Cells,
    pens: NDArray[np.uint16],
    fragile: NDArray[np.bool_] | None,
    width: int,
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """From where to where among the places there is a piece: of one pen in one row; a fragile cell is a piece."""
    opens = np.empty(len(places), bool)
    opens[:1] = True
    opens[1:] = (places[1:] - places[:-1] != 1) | (pens[1:] != pens[:-1]) | (places[1:] % width == 0)
    if fragile is not None:
        opens[1:] |= fragile[1:] | fragile[:-1]
        opens[written == CONTINUATION] = False
    starts = opens.nonzero()[0]
    return starts, np.append(starts[1:], len(places))


def _moves(cursors: NDArray[np.intp], targets: NDArray[np.intp], width: int) -> list[str]:
    """What is written for the cursor to get from each place to another; from -1, which is not known, too.

    >>> _moves(np.array([-1, 12, 3, 5]), np.array([12, 12, 5, 10]), 10)
    ['\\x1b[2;3H', '', '\\x1b[2C', '\\x1b[2H']
    """
    rows, columns = targets // width, targets % width
    gaps = np.where((cursors < 0) | (cursors // width != rows) | (cursors > targets), -1, targets - cursors)
    steps = zip(gaps.tolist(), (rows + 1).tolist(), (columns + 1).tolist(), strict=True)
    return [
        "" if not gap else f"\x1b[{gap}C" if gap > 0 else f"\x1b[{row};{column}H" if column > 1 else f"\x1b[{row}H"
        for gap, row, column in steps
    ]


@lru_cache(maxsize=4096)
def _switch(before: tuple[str, str, str], after: tuple[str, str, str]) -> str:
    attributes, front, back = after
    if before[0] != attributes or (before[1] and not front) or (before[2] and not back):
        codes = ("0", attributes, front, back)  # an attribute or a colour can only be taken away by a reset
    else:
        codes = ("", "", front if front != before[1] else "", back if back != before[2] else "")
    return f"\x1b[{';'.join(code for code in codes if code)}m"
