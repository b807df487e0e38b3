"""CBOR (RFC 8949), decoded by cbor2, with typed arrays (RFC 8746) as numpy arrays.

cbor2 makes Python objects of some tags: regular expressions, MIME messages, values that contain themselves. None of
them is of use here, so these tags, like unknown ones, say nothing; it holds lengths and depth against what is there.
"""

import io
import math
from collections.abc import Mapping
from typing import Any, Final

import cbor2
import numpy as np
from numpy.typing import NDArray

from streammi.errors import FeedError
from streammi.ingest.formats.content import Content, Wanted
from streammi.ingest.formats.envelope import Places, envelope
from streammi.ingest.formats.format import Format, says_little
from streammi.network.frames import Frames

MAX_DEPTH: Final = 64
MAX_DIMENSIONS: Final = 8
MAX_INTEGER: Final = 128  # bytes: a float64's largest

# RFC 8746 section 2.1, tags 64 to 87: u8, u16, u32, u64 and clamped u8 big- then little-endian, then the signed ones,
# then floats of 16, 32, 64 and 128 bits. 76 (no little-endian s8), 83 and 87 (float128) are left out.
_KINDS: Final = ">u1 >u2 >u4 >u8 u1 <u2 <u4 <u8 >i1 >i2 >i4 >i8 - <i2 <i4 <i8 >f2 >f4 >f8 - <f2 <f4 <f8 -"
_ARRAYS: Final = {tag: np.dtype(kind) for tag, kind in enumerate(_KINDS.split(), 64) if kind != "-"}
_SAY_NOTHING: Final = (0, 1, 21, 22, 23, 24, 28, 29, 35, 36, 37, 52, 54, 100, 258, 260, 261, 1004, 43000, 55799)
_UNDEFINED: Final = b"\xf7"


def decode(data: bytes) -> Any:
    """The one value that ``data`` is, or the maps of a sequence (RFC 8742) as a list; ``FeedError("not CBOR")`` or
    ``("too deep")`` otherwise.

    >>> decode(bytes.fromhex("a2 61 78 f9 3c00 61 79 82 01 20"))
    {'x': 1.0, 'y': [1, -1]}
    >>> decode(bytes.fromhex("c4 82 22 19 4f1b"))  # a decimal fraction
    20.251
    >>> decode(bytes.fromhex("d9d9f7 a1 61 78 01")), decode(bytes.fromhex("a1 61 78 01  a1 61 78 02"))
    ({'x': 1}, [{'x': 1}, {'x': 2}])
    """
    stream = io.BytesIO(data)
    decoder = cbor2.CBORDecoder(
        stream, tag_hook=_of_unknown, semantic_decoders=_DECODERS, str_errors="replace", max_depth=MAX_DEPTH
    )
    try:
        values = [decoder.decode()]
        while isinstance(values[-1], dict) and stream.tell() < len(data):
            values.append(decoder.decode())
    except cbor2.CBORDecodeError as error:
        if "nesting depth" in str(error):
            raise FeedError("too deep", f"more than {MAX_DEPTH} levels") from None
        raise FeedError("not CBOR", f"{error}{f': {error.__cause__}' if error.__cause__ else ''}"[:80]) from None
    if stream.tell() < len(data) or (len(values) > 1 and not isinstance(values[-1], dict)):
        raise FeedError("not CBOR", "there are bytes behind the value")
    value = values if len(values) > 1 else values[0]
    return _defined(value) if _UNDEFINED in data else value


def _defined(value: Any) -> Any:
    """A value with None for each "undefined" in it."""
    if isinstance(value, dict):
        return {key: _defined(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_defined(one) for one in value]
    return None if value is cbor2.undefined else value


def _of_unknown(tag: cbor2.CBORTag, immutable: bool) -> Any:
    return tag.value if immutable else _mutable(tag.value)


def _as_it_is(value: Any, immutable: bool) -> Any:
    return value if immutable else _mutable(value)


def _mutable(value: Any) -> Any:
    """A value behind a tag, where cbor2 has maps and arrays that may be keys, as any other value is."""
    if isinstance(value, Mapping):
        return {key: _mutable(one) for key, one in value.items()}
    return [_mutable(one) for one in value] if isinstance(value, tuple | list) else value


def _typed(dtype: np.dtype[Any]) -> Any:
    def decode(value: Any, immutable: bool) -> Any:
        return np.frombuffer(value, dtype=dtype) if isinstance(value, bytes) else value

    return decode


def _integer(sign: int) -> Any:
    def decode(value: Any, immutable: bool) -> Any:
        if not isinstance(value, bytes):
            raise ValueError("no byte string")
        number = int.from_bytes(value, "big") if len(value) <= MAX_INTEGER else math.inf
        return number if sign > 0 else -1 - number

    return decode


def _decimal(value: Any, immutable: bool) -> float:
    """Tag 4: mantissa times a power of ten. By way of its text, which is rounded once."""
    exponent, mantissa = value
    return float(f"{mantissa}e{exponent}") if type(exponent) is type(mantissa) is int else math.nan


def _binary(value: Any, immutable: bool) -> float:
    """Tag 5: mantissa times a power of two."""
    exponent, mantissa = value
    try:
        return math.ldexp(mantissa, exponent)
    except OverflowError:
        return math.copysign(math.inf, mantissa)


def _ratio(value: Any, immutable: bool) -> float:
    above, below = value
    return float(above / below)


def _multidimensional(order: Any) -> Any:
    def decode(value: Any, immutable: bool) -> NDArray[Any]:
        shape, items = value
        if not 1 <= len(shape) <= MAX_DIMENSIONS or any(type(n) is not int or n < 0 for n in shape):
            raise ValueError("dimensions")
        array = items if isinstance(items, np.ndarray) else np.array(items, dtype=np.float64)
        return array.reshape(tuple(shape), order=order)

    return decode


_DECODERS: Final = {
    **dict.fromkeys(_SAY_NOTHING, _as_it_is),
    **{tag: _typed(dtype) for tag, dtype in _ARRAYS.items()},
    2: _integer(1),
    3: _integer(-1),
    4: _decimal,
    5: _binary,
    30: _ratio,
    40: _multidimensional("C"),
    1040: _multidimensional("F"),
}


def is_cbor(frames: Frames) -> bool:
    """True if the payload, to its last byte, is a map, an array or a tagged value in CBOR."""
    return _is_tree(_decoded(frames)[1])


def read_cbor(frames: Frames, wanted: Wanted) -> Content:
    """The last frame, or one before it with a time or a counter behind."""
    at, tree = _decoded(frames)
    if isinstance(tree, FeedError):
        raise tree
    return Content(tree, beside=None if at.beside is None else frames[at.beside], at=at)


def _decoded(frames: Frames) -> tuple[Places, Any]:
    """Where the payload is, and the value or the FeedError that it is: no frame is decoded twice: it takes long."""
    found: dict[int, Any] = {}  # by the frames' identities

    def is_payload(frame: bytes) -> bool:
        if frame[0] >> 5 not in (4, 5, 6):
            return False
        found[id(frame)] = _value(frame)
        return _is_tree(found[id(frame)])

    at = envelope(frames, is_payload)
    payload = frames[at.payload]
    return at, found[id(payload)] if id(payload) in found else _value(payload)


def _value(frame: bytes) -> Any:
    try:
        return decode(frame)
    except FeedError as error:
        return error


def _is_tree(value: Any) -> bool:
    return isinstance(value, dict | list | np.ndarray)


FORMAT: Final = Format(
    "cbor",
    "[topic,] CBOR [, time or counter]",
    "as in JSON",
    is_cbor,
    read_cbor,
    doubtful=lambda frames: says_little(lambda: read_cbor(frames, Wanted(())).tree, max(frames, key=len)),
    by_chance=True,
)
