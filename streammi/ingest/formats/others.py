"""What raw bytes that are no pairs of little-endian floats may be instead, and how to ask for it."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from streammi.ingest.formats.evidence import judge
from streammi.ingest.formats.words import FLOAT32, FLOAT64
from streammi.records import FloatArray

STRUCT: Final = "--format 'struct:<u8,f4,f4' and the like reads a C struct"
LOOKED_AT: Final = 2048  # bytes of a payload
SMOOTH: Final = 6.0  # bits that a byte takes up from one value to the next: of 8, where it is something else
WHOLE: Final = ("i2", "i4", "i8")


def instead(payloads: list[bytes]) -> str:
    """What to do with payloads that are no pairs: those in another byte order, or of whole numbers, are found.

    >>> values = np.random.default_rng(1).normal(20, 2, (20, 8))
    >>> instead([row.astype(">f8").tobytes() for row in values])
    "they would be big-endian pairs: --format 'struct:>f8,>f8'"
    >>> instead([(100 * row).astype("<i2").tobytes() for row in values])
    "they may be whole numbers of 16 bits: --format 'struct:<i2,<i2'"
    """
    for layout, big, other in ((FLOAT64, ">f8", ">u8"), (FLOAT32, ">f4", ">u4")):
        if _are_pairs_of(payloads, int(big[2])):
            turned = [np.frombuffer(one, dtype=other).astype(layout.word).tobytes() for one in payloads]
            if judge(turned, layout, True).fits:
                return f"they would be big-endian pairs: --format 'struct:{big},{big}'"
    costs = {order + kind: _cost(payloads, order + kind) for kind in WHOLE for order in "<>"}
    best = min(costs, key=lambda kind: costs[kind])
    if costs[best] < SMOOTH:
        return f"they may be whole numbers of {8 * int(best[2])} bits: --format 'struct:{best},{best}'"
    return f"--format NAME takes them so all the same; {STRUCT}"


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
