"""The messages that a monitor of many channels publishes, frame by frame; pure.

========================  ==============================  ===================================================
``matrix/<name>``         MatrixSnapshot as msgpack       names, and upper triangles as float32
``pair/<a>~<b>``          a top pair as compact JSON      numbers or null, text only in ``x``, ``y``, ``unit``
``event/<a>~<b>``         an event                        as of one pair; of many at once ``event/<name>``
========================  ==============================  ===================================================
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

import msgspec
import numpy as np

from streammi.errors import FeedError
from streammi.publish.messages import VERSION
from streammi.publish.packed_messages import PackedMessages
from streammi.records import ChannelMatrices, FloatArray, IntArray
from streammi.records.channels import MatrixSnapshot, SmallArray
from streammi.records.triangles import upper_triangle

MAX_MATRIX_BYTES: Final = 60 << 20  # a view takes no frame of more than 64 MiB
LABEL: Final = 31  # characters of a channel in a topic; with two of them and ~ it is a pair's name
TRIANGLES: Final = ("mi", "r", "change", "q", "p")  # in this order, as long as there is room


_messages: Final = PackedMessages(MatrixSnapshot, "matrix", MAX_MATRIX_BYTES + (1 << 22))


def matrix_topic(name: str) -> bytes:
    """The topic of a monitor's matrices."""
    return b"matrix/" + name.encode()


def pair_topic(pair: str) -> bytes:
    """The topic of a top pair's readings."""
    return b"pair/" + pair.encode()


def as_sent(square: FloatArray | None) -> SmallArray:
    """The upper triangle of (C, C), row by row, as float32."""
    assert square is not None
    return upper_triangle(square, np.float32)


def snapshot_of(found: ChannelMatrices, **origin: Any) -> MatrixSnapshot:
    """Matrices as they are shown; ``origin``: whose they are and what else is known, at least as MatrixSnapshot has it.

    The pairs that a third channel explains are those of ``found.via``, unless ``indirect`` is given.
    """
    tested = found.q is not None
    if found.via is not None and "indirect" not in origin:
        origin["indirect"] = indirect_of(found.via)
    return MatrixSnapshot(
        names=found.names, n=found.n, unit=found.unit, estimator=found.estimator, mi=as_sent(found.mi),
        r=as_sent(found.r), p=as_sent(found.p) if tested else None, q=as_sent(found.q) if tested else None,
        untested=found.untested, t1=found.t1, **origin,
    )  # fmt: skip


def indirect_of(via: IntArray) -> IntArray:
    """The pairs that a third channel explains by number, and that channel, (k, 2), of the channels by pair, (C, C).

    >>> indirect_of(np.array([[-1, -1, -1], [-1, -1, 0], [-1, 0, -1]])).tolist()
    [[2, 0]]
    """
    rows, columns = np.nonzero(np.triu(via >= 0, 1))
    channels = len(via)
    numbers = rows * (2 * channels - rows - 1) // 2 + columns - rows - 1
    found: IntArray = np.column_stack((numbers, via[rows, columns])).astype(np.int64)
    return found


def square_of(triangle: Any, channels: int) -> FloatArray:
    """The square (C, C) of an upper triangle, row by row, as ``upper`` makes it; NaN on the diagonal.

    >>> square_of(np.array([1.0, 2.0, 5.0]), 3)[2].tolist()
    [2.0, 5.0, nan]
    """
    square = np.full((channels, channels), np.nan)
    rows, columns = np.triu_indices(channels, 1)
    square[rows, columns] = square[columns, rows] = triangle
    return square


def fits(channels: int) -> bool:
    """True if a message has room for a matrix of so many channels."""
    return channels * (channels - 1) * 2 <= MAX_MATRIX_BYTES


def matrix_message(snapshot: MatrixSnapshot) -> list[bytes]:
    """``[topic, msgpack]``; where there is no room for all its arrays, without the last of TRIANGLES."""
    each = snapshot.mi.nbytes
    room = max(MAX_MATRIX_BYTES // each, 1) if each else len(TRIANGLES)
    left_out = {name: None for name in TRIANGLES[room:] if name not in ("mi", "r")}
    if left_out:
        snapshot = msgspec.structs.replace(snapshot, **left_out)
    return _messages.write(matrix_topic(snapshot.name), snapshot)


def read_matrix(frames: Sequence[bytes]) -> MatrixSnapshot:
    """A published matrix, its arrays read-only and of shapes that fit together; FeedError for anything else."""
    name, snapshot = _messages.read(frames, matrix_topic(""))
    if snapshot.name != name:
        raise FeedError("bad header", f"topic of {name!r}, matrix of {snapshot.name!r}")
    channels = len(snapshot.names)
    pairs = channels * (channels - 1) // 2
    arrays = [array for key in TRIANGLES if (array := getattr(snapshot, key)) is not None]
    indirect, numbers = snapshot.indirect, (snapshot.changed, snapshot.said)
    if any(array.shape != (pairs,) for array in arrays) or any(
        one is not None and (one.ndim != 1 or np.any((one < 0) | (one >= pairs))) for one in numbers
    ):
        raise FeedError("lengths differ", "arrays of a matrix")
    if indirect is not None and (
        indirect.ndim != 2 or indirect.shape[1] != 2 or np.any((indirect < 0) | (indirect >= (pairs, channels)))
    ):
        raise FeedError("lengths differ", "the indirect pairs of a matrix")
    return snapshot


def labels(names: Sequence[str]) -> list[str]:
    """The channels' names as parts of topics: printable, without white space, no two alike.

    >>> labels(["a b", "a_b", "c~d"])
    ['a_b.0', 'a_b.1', 'c-d']
    """
    plain = ["".join(c if c.isprintable() and not c.isspace() else "_" for c in name) for name in names]
    short = [name.replace("~", "-")[:LABEL] or "_" for name in plain]
    often = Counter(short)
    return [f"{one[: LABEL - 6]}.{k}" if often[one] > 1 else one for k, one in enumerate(short)]


def pair_fields(found: ChannelMatrices, i: int, j: int, change: float | None) -> dict[str, object]:
    """The published fields of one pair, None for what is not known."""
    unknown = np.full((1, 1), np.nan)
    values = {"mi": found.mi[i, j], "r": found.r[i, j], "n": found.pairs[i, j]}
    for name in ("p", "q"):
        square = getattr(found, name)
        values[name] = (unknown if square is None else square)[(0, 0) if square is None else (i, j)]
    plain = {name: float(value) if np.isfinite(value) else None for name, value in values.items()}
    return {
        "x": found.names[i], "y": found.names[j], **plain, "n": int(plain["n"] or 0),
        "change": change if change is None or np.isfinite(change) else None, "unit": found.unit,
    }  # fmt: skip


def pair_message(pair: str, fields: dict[str, object]) -> list[bytes]:
    """``[topic, json]`` of a top pair."""
    return [pair_topic(pair), msgspec.json.encode({"v": VERSION, **fields})]
