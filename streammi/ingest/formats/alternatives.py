"""Other readings of raw bytes that are no pairs of little-endian floats, and how to ask for it."""

import math
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from streammi.ingest.formats.c_fields import as_struct
from streammi.ingest.formats.column_major import in_turn, is_column_major
from streammi.ingest.formats.evidence import against, alike, judge, support
from streammi.ingest.formats.float_bits import FLOAT32, FLOAT64, Layout, is_number, lie_close
from streammi.ingest.formats.floats_behind import behind
from streammi.ingest.formats.protobuf import protobuf
from streammi.records import FloatArray

STRUCT: Final = "--format 'struct:<u8,f4,f4' and the like reads a C struct"
FIELDS: Final = 16  # of a row of floats that is looked for
FEW: Final = 8  # messages: of fewer, a single value says little
LOOKED_AT: Final = 2048  # bytes of a payload
SMOOTH: Final = 6.0  # bits that a byte takes up from one value to the next: of 8, where it is something else
WHOLE: Final = ("i2", "i4", "i8")


class Instead:
    """Says what to do with payloads that are no pairs: looked for when there are twice as many as at the last time.

    To look for it takes some ms, and a feed may send thousands of them a second.
    """

    def __init__(self) -> None:
        self._asked, self._words = 0, ""

    def __call__(self, payloads: list[bytes]) -> str:
        """The thing to do with these, or with those before them."""
        self._asked += 1
        if self._asked & (self._asked - 1) == 0:
            self._words = instead(payloads)
        return self._words


def instead(payloads: list[bytes]) -> str:
    """Say what to do with payloads that are no pairs: those in another byte order, or of whole numbers, are found.

    >>> values = np.random.default_rng(1).normal(20, 2, (20, 8))
    >>> instead([row.astype(">f8").tobytes() for row in values])
    "they would be big-endian pairs: --format 'struct:>f8,>f8'"
    >>> instead([(100 * row).astype("<i2").tobytes() for row in values])
    "they may be whole numbers of 16 bits: --format 'struct:<i2,<i2'"
    """
    for floats, big, other in ((FLOAT64, ">f8", ">u8"), (FLOAT32, ">f4", ">u4")):
        if _are_pairs_of(payloads, int(big[2])):
            turned = [np.frombuffer(one, dtype=other).astype(floats.word).tobytes() for one in payloads]
            if judge(turned, floats, True).fits:
                return f"they would be big-endian pairs: --format 'struct:{big},{big}'"
    if known := protobuf(payloads):
        return f"they may be Protocol Buffers ({known}), which say nothing of names: send JSON, msgpack or raw pairs"
    if columns := _columns(payloads):
        return f"they would be one column behind the other: --format {columns}:columns"
    if struct := as_struct(payloads):
        return struct
    if fields := _rows(payloads):
        paths = f"--x f0 --y f1 (to f{len(fields) - 1})"
        return f"they may be rows of {len(fields)} floats: --format 'struct:{','.join(fields)}' {paths}"
    if kind := _single(payloads):
        return f"one float a message: --format 'struct:{kind}' --x 'ENDPOINT#TOPIC:f0' --y 'ENDPOINT#OTHER:f0'"
    if (row := behind(payloads)) is not None:
        return str(row)
    costs = {order + kind: _cost(payloads, order + kind) for kind in WHOLE for order in "<>"}
    best = min(costs, key=lambda kind: costs[kind])
    if costs[best] < SMOOTH:
        return f"they may be whole numbers of {8 * int(best[2])} bits: --format 'struct:{best},{best}'"
    return f"--format NAME takes them so all the same; {STRUCT}"


def _columns(payloads: list[bytes]) -> str:
    """The name of the pairs that payloads are if one column is behind the other; empty where they are none."""
    for name, layout in (("pairs", FLOAT64), ("pairs32", FLOAT32)):
        size = int(layout.word[2:])
        if _are_pairs_of(payloads, size) and any(len(one) > 2 * size for one in payloads):
            turned = [in_turn(one, layout) for one in payloads]
            if is_column_major(payloads, layout) is not False and judge(turned, layout, True).fits:
                return name
    return ""


def _single(payloads: list[bytes]) -> str:
    """The kind of floats of which there is one in each message; empty where there are none."""
    for kind, layout in (("<f8", FLOAT64), (">f8", FLOAT64), ("<f4", FLOAT32), (">f4", FLOAT32)):
        width = int(kind[2])
        if all(len(one) == width for one in payloads) and len(payloads) >= FEW:
            words = np.frombuffer(b"".join(payloads), dtype=f"{kind[0]}u{width}").astype(np.uint64)
            if _are_floats(words, layout):
                return kind
    return ""


def _rows(payloads: list[bytes]) -> list[str]:
    """The fields of a row of floats, of which a message has one or several; none where payloads are none."""
    size = math.gcd(*map(len, payloads))
    whole = all(len(one) == size for one in payloads)
    for kind in ("<f8", "<f4", ">f8", ">f4"):
        layout, width = (FLOAT64, 8) if kind[2] == "8" else (FLOAT32, 4)
        if size % width:
            continue
        for fields in _widths(size // width, whole):
            # The first rows of each message: to sort all of 1 MiB by value took 0.5 s.
            part = max(LOOKED_AT // (fields * width), 1) * fields * width
            words = np.frombuffer(b"".join(one[:part] for one in payloads), dtype=f"{kind[0]}u{width}")
            if all(_are_floats(column, layout) for column in words.astype(np.uint64).reshape(-1, fields).T):
                return [kind] * fields
    return []


def _widths(values: int, whole: bool) -> list[int]:
    """How many fields a row may have of which there are so many values in a message, or in several rows."""
    few = [fields for fields in range(3, FIELDS + 1) if values % fields == 0]
    return [values] if whole and 2 < values <= FIELDS else few


def _are_floats(words: NDArray[Any], layout: Layout) -> bool:
    """True if a column is of floats that lie close together, as those of one signal do."""
    numbers = np.unique(words[is_number(words, layout)])
    close = numbers.size < 2 or lie_close(numbers, layout)
    return close and not (against(words, layout) or alike(words, layout)) and support(numbers, layout) > 0


def _cost(payloads: list[bytes], kind: str) -> float:
    """How many bits a byte takes up on average, where a value is told by how far it is from the one before it."""
    size = int(kind[2])
    if not _are_pairs_of(payloads, size):
        return 8.0
    rows: NDArray[np.int64] = np.concatenate(
        [np.frombuffer(one[: LOOKED_AT // (2 * size) * 2 * size], dtype=kind).reshape(-1, 2) for one in payloads]
    ).astype(np.int64)
    if len(rows) < 2 or (rows == rows[0]).all():
        return 8.0
    steps: FloatArray = np.abs(np.diff(rows.astype(np.float64), axis=0))
    return float(np.max(np.mean(np.log2(1 + steps) + 1, axis=0))) / size


def _are_pairs_of(payloads: list[bytes], size: int) -> bool:
    return all(payload and len(payload) % (2 * size) == 0 for payload in payloads)
