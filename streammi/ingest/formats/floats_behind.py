"""Floats behind something else in a message: a count, a text, an id. Where they begin, and in which rows they stand."""

import math
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np

from streammi.ingest.formats.evidence import against, alike, support
from streammi.ingest.formats.float_bits import FLOAT32, FLOAT64, Layout, floats, is_number, lie_close

MOST_HEAD: Final = 64  # bytes in front that are looked at
FIELDS: Final = 16  # of a row
ROWS: Final = 64  # of a message that are looked at
FEW: Final = 3  # different values of a column
A_FIELD: Final = 0.1  # of the width of columns, as a logarithm: what a field more is to bring
ENOUGH: Final = 0.5  # of the best odds, as logarithms
LEAST_WIDTH: Final = 1e-300
SURE: Final = 40.0  # the logarithm of the odds: many heads and rows are tried
KINDS: Final = ("<f8", ">f8", "<f4", ">f4")
ONE, TWO = "an array behind its length", "an array of two dimensions behind their lengths"


class Row(NamedTuple):
    """The layout of messages: so many bytes in front, and rows of floats; ``what`` it is, where that is known."""

    head: int
    kind: str
    fields: int
    what: str

    def __str__(self) -> str:
        layout = f"struct:{self.head}+{','.join([self.kind] * self.fields)}"
        paths = "" if self.fields == 2 else f" --x f0 --y f1 (to f{self.fields - 1})"
        return f"{self.what}: --format '{layout}'{paths}"


def behind(payloads: Sequence[bytes]) -> Row | None:
    """The rows of floats in payloads that begin with something else; None where there are none.

    >>> import struct
    >>> values = np.random.default_rng(1).normal(20, 2, (20, 4, 2))
    >>> str(behind([struct.pack(">i", 4) + four.astype(">f8").tobytes() for four in values]))
    "an array behind its length, as LabVIEW flattens it: --format 'struct:4+>f8,>f8'"
    >>> str(behind([b"S-17\\0" + four[0].astype("<f4").tobytes() for four in values]))
    "floats behind 5 bytes: --format 'struct:5+<f4,<f4'"
    """
    if counted := _counted(payloads):
        return counted
    found: list[tuple[float, float, Row]] = []
    shortest = min(map(len, payloads))
    for kind in KINDS:
        layout, width = (FLOAT64, 8) if kind[2] == "8" else (FLOAT32, 4)
        for head in range(1, min(MOST_HEAD, shortest - 2 * width) + 1):
            sizes = {len(one) - head for one in payloads}
            if any(size % width for size in sizes):
                continue
            for fields in _widths([size // width for size in sizes]):
                score, spread = _score(payloads, head, kind, fields, layout)
                if score >= SURE:
                    found.append(
                        (spread + A_FIELD * fields, score, Row(head, kind, fields, f"floats behind {head} bytes"))
                    )
    # Of what is as likely, what holds most of the values, in the narrowest columns: others mix them.
    most = max((score for _, score, _ in found), default=0.0)
    return min((one for one in found if one[1] >= ENOUGH * most), default=(0.0, 0.0, None))[2]


def _counted(payloads: Sequence[bytes]) -> Row | None:
    """Arrays as LabVIEW flattens them: the length, or the lengths of both dimensions, and what is in them."""
    found: list[tuple[float, Row]] = []
    for order, width in (("big", 8), ("little", 8), ("big", 4), ("little", 4)):
        layout, kind = (FLOAT64 if width == 8 else FLOAT32), f"{'>' if order == 'big' else '<'}f{width}"
        counts = [(int.from_bytes(one[:4], order), int.from_bytes(one[4:8], order)) for one in payloads]  # type: ignore[arg-type]
        sizes = [len(one) for one in payloads]
        clusters = {(size - 4) // (width * n) if n else 0 for (n, _), size in zip(counts, sizes, strict=True)}
        for head, widths, what in ((4, clusters, ONE), (8, {columns for _, columns in counts}, TWO)):
            fields = widths.pop() if len(widths) == 1 else 0
            if fields == 1:  # values, of which two and two are a pair
                counts, fields = [(n // 2, columns) for n, columns in counts], 2
            whole = all(head + n * fields * width == size for (n, _), size in zip(counts, sizes, strict=True))
            if 2 <= fields <= FIELDS and whole:
                score, spread = _score(payloads, head, kind, fields, layout)
                if score > 0:
                    found.append((spread, Row(head, kind, fields, f"{what}, as LabVIEW flattens it")))
    return min(found, default=(0.0, None))[1]


def _widths(values: Sequence[int]) -> Iterator[int]:
    """How many fields a row may have of which there are so many values in messages: the fewest first."""
    common = math.gcd(*values)
    for fields in range(2, FIELDS + 1):
        if common % fields == 0:
            yield fields


def _score(payloads: Sequence[bytes], head: int, kind: str, fields: int, layout: Layout) -> tuple[float, float]:
    """The logarithm of the odds that these are rows of floats, and of how wide their columns are for their size.

    -inf where a column is none.
    """
    row = fields * int(kind[2])
    rows = b"".join(one[head : head + (len(one) - head) // row * row][: ROWS * row] for one in payloads)
    words = np.frombuffer(rows, dtype=f"{kind[0]}u{kind[2]}").astype(np.uint64).reshape(-1, fields)
    score, widths = 0.0, list[float]()
    for column in words.T:
        numbers = np.unique(column[is_number(column, layout)])
        enough = numbers.size >= max(min(FEW, len(column)), 1)
        if not (enough and lie_close(numbers, layout)) or against(column, layout) or alike(column, layout):
            return -math.inf, 0.0
        score += support(numbers, layout)
        values = floats(numbers, layout)
        values = values[np.isfinite(values)]
        middle = abs(float(np.median(values)))
        width = max(float(np.median(np.abs(values - np.median(values)))), LEAST_WIDTH)
        widths.append(math.log(width) - math.log(max(middle, width)))
    return score, sum(widths) / fields
