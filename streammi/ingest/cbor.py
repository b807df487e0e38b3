"""CBOR (RFC 8949) to Python values, with typed arrays (RFC 8746) as numpy arrays; nothing but decoding.

Every length is held against the bytes that are there before anything is made of it, so a message of n bytes makes at
most n values. Nesting is limited; a tag that is not listed here says nothing about the value that we could use.
"""

import math
import struct
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from streammi.errors import FeedError

MAX_DEPTH: Final = 64
MAX_DIMENSIONS: Final = 8

_BREAK: Final = object()
_SIMPLE: Final[dict[int, Any]] = {20: False, 21: True, 22: None, 23: None}  # 23 is "undefined"
_FLOATS: Final = {25: struct.Struct(">e"), 26: struct.Struct(">f"), 27: struct.Struct(">d")}
# RFC 8746 section 2.1, tags 64 to 87: u8, u16, u32, u64 and clamped u8 big- then little-endian, then the signed ones,
# then floats of 16, 32, 64 and 128 bits. 76 (no little-endian s8), 83 and 87 (float128) are left out.
_KINDS: Final = ">u1 >u2 >u4 >u8 u1 <u2 <u4 <u8 >i1 >i2 >i4 >i8 - <i2 <i4 <i8 >f2 >f4 >f8 - <f2 <f4 <f8 -"
_ARRAYS: Final = {tag: np.dtype(kind) for tag, kind in enumerate(_KINDS.split(), 64) if kind != "-"}


def decode(data: bytes) -> Any:
    """The one value that ``data`` is; ``FeedError("not CBOR")`` or ``("too deep")`` otherwise.

    >>> decode(bytes.fromhex("a2 61 78 f9 3c00 61 79 82 01 20"))
    {'x': 1.0, 'y': [1, -1]}
    """
    reader = _Reader(data)
    value = reader.value(0)
    if value is _BREAK or reader.at != len(data):
        raise FeedError("not CBOR", f"ends at byte {reader.at} of {len(data)}")
    return value


class _Reader:
    """A position in the data, and a method for each of the major types."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0
        self._types: tuple[Callable[[int, int | None, int], Any], ...] = (
            self._unsigned, self._negative, self._bytes, self._text, self._list, self._map, self._tagged, self._simple,
        )  # fmt: skip

    def value(self, depth: int) -> Any:
        if depth > MAX_DEPTH:
            raise FeedError("too deep", f"more than {MAX_DEPTH} levels")
        head = self._take(1)[0]
        major, info = head >> 5, head & 31
        if info < 24:
            argument: int | None = info
        elif info < 28:
            argument = int.from_bytes(self._take(1 << (info - 24)), "big")
        elif info == 31 and major in (2, 3, 4, 5, 7):
            argument = None
        else:
            raise FeedError("not CBOR", f"head 0x{head:02x}")
        return self._types[major](info, argument, depth)

    def _take(self, n: int) -> bytes:
        part = self.data[self.at : self.at + n]
        if len(part) != n:
            raise FeedError("not CBOR", f"truncated at byte {self.at}")
        self.at += n
        return part

    def _unsigned(self, info: int, argument: int | None, depth: int) -> Any:
        return argument

    def _negative(self, info: int, argument: int | None, depth: int) -> Any:
        assert argument is not None
        return -1 - argument

    def _bytes(self, info: int, argument: int | None, depth: int) -> bytes:
        if argument is not None:
            return self._take(argument)
        pieces = []
        while (piece := self.value(depth + 1)) is not _BREAK:
            if not isinstance(piece, bytes):
                raise FeedError("not CBOR", "a piece of a string is no string")
            pieces.append(piece)
        return b"".join(pieces)

    def _text(self, info: int, argument: int | None, depth: int) -> str:
        if argument is not None:
            return self._take(argument).decode("utf-8", "replace")
        pieces = []
        while (piece := self.value(depth + 1)) is not _BREAK:
            if not isinstance(piece, str):
                raise FeedError("not CBOR", "a piece of a text is no text")
            pieces.append(piece)
        return "".join(pieces)

    def _list(self, info: int, argument: int | None, depth: int) -> list[Any]:
        if argument is not None:
            self._check_count(argument)
            return [self._item(depth) for _ in range(argument)]
        items = []
        while (item := self.value(depth + 1)) is not _BREAK:
            items.append(item)
        return items

    def _map(self, info: int, argument: int | None, depth: int) -> dict[Any, Any]:
        pairs: dict[Any, Any] = {}
        left = -1
        if argument is not None:
            self._check_count(2 * argument)
            left = argument
        while left != 0:
            key = self.value(depth + 1)
            if key is _BREAK and left < 0:
                break
            if not isinstance(key, str | int | float | bytes | bool | None):
                raise FeedError("not CBOR", f"a map's key is a {type(key).__name__}")
            pairs[key] = self._item(depth)
            left -= 1
        return pairs

    def _tagged(self, info: int, tag: int | None, depth: int) -> Any:
        value = self._item(depth)
        try:
            return _tagged(tag, value)
        except (ValueError, TypeError, OverflowError, OSError) as error:
            raise FeedError("not CBOR", f"tag {tag}: {error}"[:80]) from None

    def _simple(self, info: int, argument: int | None, depth: int) -> Any:
        if argument is None:
            return _BREAK
        if info in _FLOATS:
            (number,) = _FLOATS[info].unpack(argument.to_bytes(1 << (info - 24), "big"))
            return number
        return _SIMPLE.get(argument)

    def _item(self, depth: int) -> Any:
        item = self.value(depth + 1)
        if item is _BREAK:
            raise FeedError("not CBOR", "a break where a value should be")
        return item

    def _check_count(self, n: int) -> None:
        if n > len(self.data) - self.at:
            raise FeedError("not CBOR", f"{n} values in {len(self.data) - self.at} bytes")


def _tagged(tag: int | None, value: Any) -> Any:
    if tag in _ARRAYS and isinstance(value, bytes):
        return np.frombuffer(value, dtype=_ARRAYS[tag])
    if tag in (40, 1040):
        return _multidimensional(value, "C" if tag == 40 else "F")
    if tag == 1:
        return datetime.fromtimestamp(value, UTC)
    if tag in (2, 3) and isinstance(value, bytes):
        number = int.from_bytes(value, "big") if len(value) <= 128 else math.inf  # 128 bytes: a float64's largest
        return number if tag == 2 else -1 - number
    return value


def _multidimensional(value: Any, order: Any) -> NDArray[Any]:
    shape, items = value
    if not 1 <= len(shape) <= MAX_DIMENSIONS or any(type(n) is not int or n < 0 for n in shape):
        raise ValueError("dimensions")
    array = items if isinstance(items, np.ndarray) else np.array(items, dtype=np.float64)
    return array.reshape(tuple(shape), order=order)
