"""Snapshots as msgpack: records.Snapshot as a map by field names, its arrays as extension type 1.

An array is one byte of dtype (``f``: little-endian float64, ``s``: float32, ``i``: int64), one byte of dimensions, the
shape as u32 each, and the raw values in C order.
"""

import math
import struct
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar, get_args

import msgspec
import numpy as np
from numpy.typing import NDArray

from streammi.errors import FeedError
from streammi.publish.messages import VERSION, check_version, open_frames, snapshot_topic
from streammi.records import AxisInfo, FloatArray, Snapshot
from streammi.records.codec import UNREADABLE

MAX_SNAPSHOT_BYTES: Final = 1 << 24  # 1024 x 1024 counts are 8 MiB; history, events and links the rest
MAX_DIMENSIONS: Final = 2
ARRAY: Final = 1
DTYPES: Final[dict[bytes, np.dtype[Any]]] = {b"f": np.dtype("<f8"), b"i": np.dtype("<i8"), b"s": np.dtype("<f4")}
CODES: Final = {dtype: code for code, dtype in DTYPES.items()}


_Kind = TypeVar("_Kind")


class _Envelope(msgspec.Struct):
    v: int
    snapshot: msgspec.Raw


def pack_array(array: object) -> msgspec.msgpack.Ext:
    """An int64, float32 or float64 array of one or two dimensions as an extension value; TypeError for any other."""
    if not isinstance(array, np.ndarray) or array.dtype not in CODES or not 1 <= array.ndim <= MAX_DIMENSIONS:
        raise TypeError(f"no place in a snapshot for {array!r:.80}")
    header = struct.pack(f"<cB{array.ndim}I", CODES[array.dtype], array.ndim, *array.shape)
    return msgspec.msgpack.Ext(ARRAY, header + array.tobytes())


def unpack_array(data: bytes) -> NDArray[Any]:
    """The array that ``pack_array`` packed, read-only; ValueError when dtype, shape and length do not fit."""
    dtype, dimensions = DTYPES.get(data[:1]), data[1] if len(data) > 1 else 0
    if dtype is None or not 1 <= dimensions <= MAX_DIMENSIONS or len(data) < 2 + 4 * dimensions:
        raise ValueError("no such array")
    shape = struct.unpack_from(f"<{dimensions}I", data, 2)
    start = 2 + 4 * dimensions
    if len(data) - start != math.prod(shape) * dtype.itemsize:
        raise ValueError(f"{len(data) - start} bytes for shape {shape}")
    values = np.frombuffer(data, dtype, offset=start).astype(dtype.newbyteorder("="))  # copied, so that it is aligned
    values.flags.writeable = False
    return values.reshape(shape)


class _Packed(msgspec.Struct, frozen=True):
    """An array that has not been asked for yet: hashable, so that even as a map's key it raises nothing new."""

    code: int
    data: bytes


def _take_array(kind: type, value: object) -> NDArray[Any]:
    """An array from its bytes, as msgspec asks for it; msgspec makes a ValidationError of ValueError."""
    if not isinstance(value, _Packed) or value.code != ARRAY:
        raise ValueError("not an array")
    array = unpack_array(value.data)
    wanted = get_args(get_args(kind)[1])[0]
    if array.dtype != wanted:
        raise ValueError(f"{array.dtype} where {wanted.__name__} belongs")
    return array


_encode: Final = msgspec.msgpack.Encoder(enc_hook=pack_array).encode
_open: Final = msgspec.msgpack.Decoder(_Envelope).decode


def packed_decoder(kind: type[_Kind]) -> Callable[[bytes], _Kind]:
    """A function that reads a struct with arrays in it; msgspec's errors for anything else."""
    return msgspec.msgpack.Decoder(
        kind, ext_hook=lambda code, data: _Packed(code, bytes(data)), dec_hook=_take_array
    ).decode


_decode: Final = packed_decoder(Snapshot)


def snapshot_message(snapshot: Snapshot) -> list[bytes]:
    """``[topic, msgpack]`` of a snapshot."""
    return [snapshot_topic(snapshot.pair), _encode(_Envelope(VERSION, msgspec.Raw(_encode(snapshot))))]


def read_snapshot(frames: Sequence[bytes]) -> Snapshot:
    """A published snapshot, its arrays read-only and of shapes that fit together; FeedError for anything else."""
    pair, payload = open_frames(frames, snapshot_topic(""), MAX_SNAPSHOT_BYTES)
    try:
        envelope = _open(payload)
        check_version(envelope.v)
        snapshot = _decode(envelope.snapshot)
    except UNREADABLE as error:
        raise FeedError("not msgpack", str(error)) from None
    if snapshot.pair != pair:
        raise FeedError("bad header", f"topic of {pair!r}, snapshot of {snapshot.pair!r}")
    if not _shapes_fit(snapshot):
        raise FeedError("lengths differ", "arrays of a snapshot")
    return snapshot


def _shapes_fit(snapshot: Snapshot) -> bool:
    x, y, counts, profile = snapshot.x, snapshot.y, snapshot.counts, snapshot.profile
    if counts is not None and counts.ndim != 2:
        return False
    rows, columns = (None, None) if counts is None else counts.shape
    groups: list[tuple[FloatArray, ...]]
    groups = [
        (level.t, level.mi, level.low, level.high, level.null_q95, *_known(level.peak, level.fill))
        for level in snapshot.history
    ]
    groups += [(profile.lags, profile.mi)] if profile else []
    if (trace := snapshot.trace) is not None:
        groups += [(trace.x_low, trace.x_high, trace.y_low, trace.y_high), (trace.x_newest, trace.y_newest)]
    return (
        _axis_fits(x, rows)
        and _axis_fits(y, columns)
        and all(array.shape == (group[0].size,) for group in groups for array in group)
    )


def _known(*arrays: FloatArray | None) -> tuple[FloatArray, ...]:
    """Those that are there."""
    return tuple(array for array in arrays if array is not None)


def _axis_fits(axis: AxisInfo, bins: int | None) -> bool:
    """True if the edges are those of so many bins, or the labels no more than they are; None: any number."""
    if axis.edges is not None:
        return axis.edges.ndim == 1 and axis.edges.size >= 2 and bins in (None, axis.edges.size - 1)
    return bins is None or (axis.labels is not None and len(axis.labels) <= bins)
