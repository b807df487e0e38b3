"""Raw floats that are rows of more than two signals, or structs: taken for pairs, one column would mix several."""

import math
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from streammi.ingest.formats.float_bits import MESSAGE_WORDS, Layout, floats
from streammi.records import FloatArray

LONGEST: Final = 16  # pairs in a row that is looked for
ROWS: Final = 8  # from which on it shows, where each is a message
PART_ROWS: Final = 6  # the same, where a message has several
PART_LONGEST: Final = 6  # pairs in a row then
SHORT: Final = 8  # pairs: a message of so many may well be one row
WIDTH_ROWS: Final = 32  # of longer ones, from which on it shows that one is WIDER times wider
ROUNDING: Final = 1e-12  # of a value, in means of what never changes
UNLIKE: Final = 2.0  # times as far apart as the rows are
WIDER: Final = 30.0  # times as widely spread
STILL: Final = 0.85  # of rows in which another changes: one of few values stands still by chance


def enough_rows(payloads: Sequence[bytes], layout: Layout, final: bool) -> bool:
    """True if it could be told from so many messages if each was made of rows of a few pairs, or (``final``) was one.

    >>> from streammi.ingest.formats.float_bits import FLOAT64
    >>> [enough_rows([bytes(32)] * n, FLOAT64, False) for n in (7, 8)], enough_rows([bytes(16)], FLOAT64, False)
    ([False, True], True)
    """
    total = sum(len(payload) // _pair(layout) for payload in payloads)
    whole = total // len(payloads)
    lengths = _lengths(payloads, layout)
    return all(
        total // many >= (ROWS if many == whole else PART_ROWS) for many in lengths if not final or many == whole
    )


def unlike_rows(payloads: Sequence[bytes], layout: Layout) -> str:
    """Why pairs are rather rows of several: those at one place in them are unlike those at the next, always in the same
    way; empty where they are not.
    """
    for many in _lengths(payloads, layout):
        each = max(MESSAGE_WORDS // (2 * many), 1) * many * _pair(layout)
        words = np.frombuffer(b"".join(payload[:each] for payload in payloads), dtype=layout.word)
        rows = floats(words, layout).reshape(-1, many, 2)
        rows = rows[np.isfinite(rows).all(axis=(1, 2))]
        whole = all(len(payload) == many * _pair(layout) for payload in payloads)
        if len(rows) < (ROWS if whole else PART_ROWS):
            continue
        wide = len(rows) >= (ROWS if whole and many <= SHORT else WIDTH_ROWS) and _are_wider(rows)
        if _are_unlike(rows) or wide:
            return f"{many} pairs in a row are unlike each other, always in the same way: a struct, or several signals"
    return ""


def _lengths(payloads: Sequence[bytes], layout: Layout) -> Iterator[int]:
    """How many pairs a row may have."""
    pairs = math.gcd(*(len(payload) // _pair(layout) for payload in payloads))
    whole = max(len(payload) // _pair(layout) for payload in payloads)
    longest = LONGEST if pairs == whole else PART_LONGEST
    return (many for many in range(2, longest + 1) if pairs % many == 0 and (many <= PART_LONGEST or many == whole))


def _pair(layout: Layout) -> int:
    return 2 * int(layout.word[2:])


def _are_unlike(rows: FloatArray) -> bool:
    """True if their means are farther apart than the rows are; or one never changes where another mostly does."""
    between, within = rows.mean(axis=0).var(axis=0), rows.var(axis=0).mean(axis=0)
    changes = np.mean(np.diff(rows, axis=0) != 0, axis=0)
    still = (len(rows) >= ROWS) & (changes.min(axis=0) == 0) & (changes.max(axis=0) > STILL)
    rounding = (ROUNDING * np.abs(rows).max(axis=(0, 1))) ** 2
    return bool((between > UNLIKE * within + rounding).any() or still.any())


def _are_wider(rows: FloatArray) -> bool:
    width = np.median(np.abs(rows - np.median(rows, axis=0)), axis=0)
    return bool(((width.min(axis=0) > 0) & (width.max(axis=0) > WIDER * width.min(axis=0))).any())
