"""Arrays and plain values as bytes and back: versioned, checksummed, nothing evaluated."""

import math
import struct
import zlib
from typing import Any, Final, TypeAlias

import msgspec
import numpy as np
from numpy.typing import NDArray

from streammi.errors import ConfigError

MAGIC: Final = b"streammi"
ARRAY_TYPES: Final = {"float64", "uint32", "uint16", "int64", "uint8"}
State: TypeAlias = tuple[dict[str, Any], list[NDArray[Any]]]  # plain values, and arrays that nobody writes to any more
# What msgspec raises for bad input, of JSON and of msgpack.
UNREADABLE: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
AS_IT_IS: Final = {float, str, bool, bytes}
_NAMES: Final = {np.dtype(name): name for name in ARRAY_TYPES}  # numpy makes a name anew each time
_HEAD = struct.Struct("<8sI")  # magic, CRC-32 of all that follows
_LENGTH = struct.Struct("<I")  # of the header
_decode: Final = msgspec.msgpack.Decoder(tuple[str, dict[str, Any], list[tuple[str, list[int]]]]).decode


class DamagedError(ConfigError):
    """Bytes that are not, or not any more, what was saved: cut, changed or something else."""


def joined(parts: dict[str, State]) -> State:
    """Several states as one.

    >>> parts_of(joined({"a": ({"n": 1}, []), "b": ({}, [np.array([2.5])])}))
    {'a': ({'n': 1}, []), 'b': ({}, [array([2.5])])}
    """
    header = {name: [plain, len(arrays)] for name, (plain, arrays) in parts.items()}
    return header, [array for _, arrays in parts.values() for array in arrays]


def parts_of(state: State) -> dict[str, State]:
    """The states that ``joined`` made one of, by name."""
    header, arrays = state
    parts, at = {}, 0
    for name, (plain, count) in header.items():
        parts[name] = plain, arrays[at : at + count]
        at += count
    return parts


def to_plain(value: Any) -> Any:
    """Nested dicts, lists, tuples, sets, arrays and plain values as something that ``pack`` takes in its header.

    >>> from_plain(to_plain({("a", 1): {2**70}}))
    {('a', 1): {1180591620717411303424}}
    """
    if value is None or type(value) in AS_IT_IS:  # nearly always
        return value
    match value:
        case dict():
            return ["dict", [[to_plain(key), to_plain(one)] for key, one in value.items()]]
        case list() | tuple() | set():
            return [type(value).__name__, [to_plain(one) for one in value]]
        case np.ndarray() if value.dtype == object:
            return ["labels", [to_plain(one) for one in value.tolist()]]
        case np.ndarray():
            return ["array", [value.dtype.str, list(value.shape), value.tobytes()]]
        case np.generic():
            return value.item()
        case int() if not -(1 << 63) <= value < 1 << 63:
            return ["int", str(value)]
    return value


def from_plain(value: Any) -> Any:
    """The value that ``to_plain`` made plain."""
    if not isinstance(value, list):
        return value
    kind, content = value
    if kind == "dict":
        return {from_plain(key): from_plain(one) for key, one in content}
    if kind == "array":
        dtype, shape, data = content
        return np.frombuffer(data, dtype=dtype).reshape(shape)
    if kind == "int":
        return int(content)
    if kind == "labels":
        return np.fromiter(map(from_plain, content), dtype=object, count=len(content))
    return {"list": list, "tuple": tuple, "set": set}[kind](map(from_plain, content))


def pack(kind: str, header: dict[str, Any], arrays: list[NDArray[Any]]) -> bytes:
    """``kind`` (what it is, and its version), plain values and arrays as bytes.

    >>> unpack("demo 1", pack("demo 1", {"n": 2}, [np.array([1.5])]))
    ({'n': 2}, [array([1.5])])
    """
    return b"".join(pieces(kind, header, arrays))


def pieces(kind: str, header: dict[str, Any], arrays: list[NDArray[Any]]) -> list[bytes | memoryview]:
    """The bytes of ``pack`` in pieces, the arrays among them as they are: nothing large is copied."""
    shapes = [(_NAMES.get(a.dtype) or a.dtype.name, list(a.shape)) for a in arrays]
    first = msgspec.msgpack.encode((kind, header, shapes))
    raw = [np.ascontiguousarray(a, dtype=a.dtype.newbyteorder("<")).reshape(-1).view(np.uint8).data for a in arrays]
    body: list[bytes | memoryview] = [_LENGTH.pack(len(first)), first, *raw]
    checksum = 0
    for piece in body:
        checksum = zlib.crc32(piece, checksum)
    return [_HEAD.pack(MAGIC, checksum), *body]


def unpack(kind: str, data: bytes) -> tuple[dict[str, Any], list[NDArray[Any]]]:
    """The header and arrays of ``pack``; DamagedError when bytes are cut or changed, ConfigError for other kinds."""
    if len(data) < _HEAD.size + _LENGTH.size or data[: len(MAGIC)] != MAGIC:
        raise DamagedError("saved state", "bytes that streammi saved", bytes(data[:16]))
    _, checksum = _HEAD.unpack_from(data)
    body = memoryview(data)[_HEAD.size :]
    if zlib.crc32(body) != checksum:
        raise DamagedError("saved state", "whole and unchanged (its checksum differs)", f"{len(data)} bytes")
    start = _LENGTH.size + _LENGTH.unpack_from(body)[0]
    try:
        found, header, shapes = _decode(body[_LENGTH.size : start])
    except UNREADABLE:
        raise DamagedError("saved state", "bytes that streammi saved", bytes(data[:16])) from None
    if found != kind:
        raise ConfigError("saved state", f"of the kind {kind!r}", found)
    arrays, at = [], start
    for name, shape in shapes:
        if name not in ARRAY_TYPES or min(shape, default=0) < 0:
            raise DamagedError("saved state", "made of arrays of " + ", ".join(sorted(ARRAY_TYPES)), (name, shape))
        stop = at + math.prod(shape) * np.dtype(name).itemsize
        if stop > len(body):
            raise DamagedError("saved state", "as long as it says", f"{len(data)} bytes")
        stored = np.frombuffer(body[at:stop], dtype=np.dtype(name).newbyteorder("<"))
        arrays.append(stored.astype(name, copy=False).reshape(shape))
        at = stop
    return header, arrays
