"""Arrays and plain values as bytes and back: versioned, checksummed, nothing evaluated."""

import math
import struct
import zlib
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from streammi.errors import ConfigError

MAGIC: Final = b"streammi"
ARRAY_TYPES: Final = {"float64", "uint32", "uint16", "int64", "uint8"}
_HEAD = struct.Struct("<8sI")  # magic, CRC-32 of all that follows
_LENGTH = struct.Struct("<I")  # of the header
_decode: Final = msgspec.msgpack.Decoder(tuple[str, dict[str, Any], list[tuple[str, list[int]]]]).decode


def pack(kind: str, header: dict[str, Any], arrays: list[NDArray[Any]]) -> bytes:
    """``kind`` (what it is, and its version), plain values and arrays as bytes.

    >>> unpack("demo 1", pack("demo 1", {"n": 2}, [np.array([1.5])]))
    ({'n': 2}, [array([1.5])])
    """
    shapes = [(a.dtype.name, list(a.shape)) for a in arrays]
    first = msgspec.msgpack.encode((kind, header, shapes))
    body = b"".join([_LENGTH.pack(len(first)), first, *(np.ascontiguousarray(a).tobytes() for a in arrays)])
    return _HEAD.pack(MAGIC, zlib.crc32(body)) + body


def unpack(kind: str, data: bytes) -> tuple[dict[str, Any], list[NDArray[Any]]]:
    """The header and arrays of ``pack``; ConfigError when the bytes are cut, changed or of another kind."""
    if len(data) < _HEAD.size + _LENGTH.size or data[: len(MAGIC)] != MAGIC:
        raise ConfigError("saved state", "bytes that streammi saved", bytes(data[:16]))
    _, checksum = _HEAD.unpack_from(data)
    body = memoryview(data)[_HEAD.size :]
    if zlib.crc32(body) != checksum:
        raise ConfigError("saved state", "whole and unchanged (its checksum differs)", f"{len(data)} bytes")
    start = _LENGTH.size + _LENGTH.unpack_from(body)[0]
    try:
        found, header, shapes = _decode(body[_LENGTH.size : start])
    except msgspec.MsgspecError:
        raise ConfigError("saved state", "bytes that streammi saved", bytes(data[:16])) from None
    if found != kind:
        raise ConfigError("saved state", f"of the kind {kind!r}", found)
    arrays, at = [], start
    for name, shape in shapes:
        if name not in ARRAY_TYPES or min(shape, default=0) < 0:
            raise ConfigError("saved state", "made of arrays of " + ", ".join(sorted(ARRAY_TYPES)), (name, shape))
        stop = at + math.prod(shape) * np.dtype(name).itemsize
        if stop > len(body):
            raise ConfigError("saved state", "as long as it says", f"{len(data)} bytes")
        arrays.append(np.frombuffer(body[at:stop], dtype=name).reshape(shape))
        at = stop
    return header, arrays
