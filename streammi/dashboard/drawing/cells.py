"""Text as cells of a screen: harmless, measured in columns, broken into lines and cut to fit.

A cell is one uint64: a code point and up to two combining marks of 21 bits each, and the top bit for a character two
columns wide, whose second cell is ``CONTINUATION``. So a row compares and slices as an array, whatever is in it.
"""

import unicodedata
from functools import lru_cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from rich.cells import get_character_cell_size

Cells: TypeAlias = NDArray[np.uint64]
CONTINUATION = 0
MARK_BITS = 21
WIDE_BIT = 63
_MARKS = 2
LAST_ASCII = 126
_ASCII = {"—": "-", "−": "-", "…": "~", "×": "x", "±": "~", "µ": "u", "ρ": "r", "←": "<", "→": ">", "↑": "^", "↓": "v"}


@lru_cache(maxsize=4096)
def cells(text: str) -> Cells:
    """The cells of ``text``, shape (columns,), with everything in it that could steer a terminal made harmless.

    Control characters become U+FFFD so that an attempt is seen; invisible format characters, direction overrides
    among them, are left out. A character stands alone: joiners are left out too, so that every terminal agrees on
    the width.

    >>> cells("ab").tolist(), len(cells("日本")), cells("a" + chr(27)).tolist()[1] == 0xFFFD
    ([97, 98], 4, True)
    """
    if text.isascii() and text.isprintable():
        return np.frombuffer(text.encode("utf-32-le"), np.uint32).astype(np.uint64)
    out: list[int] = []
    marks, base = _MARKS, -1
    for character in unicodedata.normalize("NFC", text):
        category = unicodedata.category(character)
        if category in ("Cc", "Cs", "Co", "Cn", "Zl", "Zp"):
            character, category = "\ufffd", "So"
        if category == "Cf":
            continue
        width = get_character_cell_size(character)
        if width == 0:
            if marks < _MARKS and base >= 0:
                marks += 1
                out[base] |= ord(character) << (MARK_BITS * marks)
            continue
        base, marks = len(out), 0
        out.append(ord(character) if width == 1 else ord(character) | 1 << WIDE_BIT)
        out.extend([CONTINUATION] * (width - 1))
    return np.array(out, np.uint64)


def printable(text: str, *, ascii_only: bool = False) -> str:
    """Return ``text`` as ``cells`` would show it: for a line that is printed, not placed.

    >>> printable("1.5 ± 0.1" + chr(27) + "[2J", ascii_only=True)
    '1.5 ~ 0.1?[2J'
    """
    row = cells(text)
    return cell_text(ascii_cells(row) if ascii_only else row)


def cell_text(row: Cells) -> str:
    """The text of a row of cells."""
    if not (row >> np.uint64(MARK_BITS)).any():
        return row.astype(np.uint32).tobytes().decode("utf-32-le").replace("\0", "")
    one = (1 << MARK_BITS) - 1
    codes = ((cell & one, cell >> MARK_BITS & one, cell >> 2 * MARK_BITS & one) for cell in row.tolist())
    return "".join(chr(code) for cell in codes for code in cell if code)


def has_fragile(cells: Cells) -> bool:
    """True if a cell has more or less than one character of one column: is wide or half of that, or has marks."""
    # One look at all of them: CONTINUATION, which is 0, is the largest then.
    return bool(cells.size) and int((cells - np.uint64(1)).max()) >> MARK_BITS != 0


def ascii_cells(glyphs: Cells) -> Cells:
    """Cells of any shape with something of the same meaning, or a question mark, for what is not ASCII."""
    out = glyphs.copy()
    for cell in np.unique(glyphs[glyphs > LAST_ASCII]).tolist():
        character = chr(cell & (1 << MARK_BITS) - 1)
        letter = unicodedata.normalize("NFKD", character)[0]
        out[glyphs == cell] = ord(_ASCII.get(character) or (letter if letter.isascii() else "?"))
    out[glyphs == CONTINUATION] = ord("?")
    return out


def columns(text: str) -> int:
    """How many columns ``text`` takes once it is harmless."""
    return len(text) if text.isascii() else len(cells(text))


def fit(text: str, width: int, ellipsis: str = "…") -> str:
    """Return ``text`` in at most ``width`` columns, with an ellipsis where something was cut.

    >>> fit("temperature", 6), fit("日本語", 5)
    ('tempe…', '日本…')
    """
    if columns(text) <= width:
        return text
    kept, used = [], columns(ellipsis)
    for character in text:
        used += columns(character)
        if used > width:
            break
        kept.append(character)
    return "".join(kept) + ellipsis if width >= columns(ellipsis) else ""


def wrap(text: str, width: int) -> list[str]:
    """Return ``text`` broken at spaces into lines of at most ``width`` columns; a longer word is cut.

    >>> wrap("dependent, but not linearly", 12)
    ['dependent,', 'but not', 'linearly']
    """
    lines: list[str] = []
    for word in text.split():
        if lines and columns(lines[-1]) + 1 + columns(word) <= width:
            lines[-1] += " " + word
        else:
            lines.append(fit(word, width))
    return lines
