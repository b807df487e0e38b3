"""Structs with arrays in them as msgpack messages: maps by field names, the arrays as extension type 1.

An array is one byte of dtype (``f``: little-endian float64, ``s``: float32, ``i``: int64), one byte of dimensions, the
shape as u32 each, and the raw values in C order.
"""

import math
import struct
from collections.abc import Sequence
from typing import Any, Final, Generic, TypeVar, get_args

import msgspec
import numpy as np
from numpy.typing import NDArray

from streammi.errors import FeedError
from streammi.publish.messages import VERSION, check_version, open_frames
from streammi.records.codec import UNREADABLE

MAX_DIMENSIONS: Final = 2
ARRAY: Final = 1
DTYPES: Final[dict[bytes, np.dtype[Any]]] = {b"f": np.dtype("<f8"), b"i": np.dtype("<i8"), b"s": np.dtype("<f4")}
CODES: Final = {dtype: code for code, dtype in DTYPES.items()}


_Kind = TypeVar("_Kind")


class PackedMessages(Generic[_Kind]):
    """The messages of one kind of struct: ``[topic, {"v": 1, field: struct}]``."""

    def __init__(self, kind: type[_Kind], field: str, max_bytes: int) -> None:
        self._field, self._max_bytes = field, max_bytes
        envelope: Any = msgspec.defstruct("Envelope", [("v", int), (field, msgspec.Raw)])
        self._open = msgspec.msgpack.Decoder(envelope).decode
        self._decode = msgspec.msgpack.Decoder(
            kind, ext_hook=lambda code, data: _Packed(code, bytes(data)), dec_hook=_take_array
        ).decode

    def write(self, topic: bytes, value: _Kind) -> list[bytes]:
        """``[topic, msgpack]``."""
        return [topic, _encode({"v": VERSION, self._field: value})]

    def read(self, frames: Sequence[bytes], channel: bytes) -> tuple[str, _Kind]:
        """The topic behind its ``channel``, and the struct, its arrays read-only; FeedError for anything else."""
        name, payload = open_frames(frames, channel, self._max_bytes)
        try:
            envelope = self._open(payload)
            check_version(envelope.v)
            return name, self._decode(getattr(envelope, self._field))
        except UNREADABLE as error:
            raise FeedError("not msgpack", str(error)) from None


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
