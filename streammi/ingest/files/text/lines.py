"""Text as bytes: the ends of its lines, and the rows whose fields in quotes have several lines."""

import codecs
from typing import Final

import numpy as np
from numpy.typing import NDArray

MAX_LINE: Final = 1 << 20  # bytes; what has no line end for longer than this is no table
NEW_PAGE: Final = b"\x0c"  # as programs write it that print
_BOM: Final = codecs.BOM_UTF8  # amid a text: files were put one behind the other
_ENDS: Final = np.frombuffer(b",;\t|\n", dtype=np.uint8)  # of a field


def in_quotes(data: bytes, places: NDArray[np.intp]) -> NDArray[np.bool_]:
    """The places, shape (n,), that are inside a field in quotes.

    A quote opens a field at its start and closes it at its end: one elsewhere, as in 5", does neither.
    """
    letters = np.frombuffer(data, dtype=np.uint8)
    quotes = np.flatnonzero(letters == ord('"'))
    before = np.where(quotes > 0, letters[quotes - 1], ord("\n"))
    behind = np.append(letters, np.uint8(ord("\n")))[quotes + 1]
    opens, closes = np.isin(before, _ENDS), np.isin(behind, _ENDS)
    events = opens | closes
    last = np.searchsorted(quotes[events], places) - 1
    inside: NDArray[np.bool_] = (last >= 0) & np.append(opens[events], False)[last]
    return inside


def whole_rows(data: bytes) -> int:
    """How many of these bytes are whole rows."""
    cut = data.rfind(b"\n") + 1
    if not cut or data.count(b'"', 0, cut) % 2 == 0 or len(data) > MAX_LINE:
        return cut
    ends = np.flatnonzero(np.frombuffer(data, dtype=np.uint8) == ord("\n"))
    ends = ends[~in_quotes(data, ends)]
    return int(ends[-1]) + 1 if ends.size else 0


def with_plain_ends(data: bytes) -> bytes:
    """The same with LF alone at the end of each line, and no marks between files that were put together."""
    data = data.replace(_BOM, b"") if _BOM[:1] in data else data  # one byte is found ten times as fast
    data = data.replace(NEW_PAGE, b"") if NEW_PAGE in data else data
    return data.replace(b"\r\n", b"\n").replace(b"\r", b"\n") if b"\r" in data else data
