"""msgpack: the same values as JSON, packed into bytes."""

from typing import Any, Final

import msgspec
import numpy as np

from streammi.errors import FeedError
from streammi.ingest.formats.content import Content, Wanted
from streammi.ingest.formats.envelope import envelope
from streammi.ingest.formats.format import Format, says_little
from streammi.ingest.formats.numpy import array_of
from streammi.ingest.formats.typed import Typed
from streammi.network.frames import Frames
from streammi.records.codec import UNREADABLE

_LENGTHS: Final = msgspec.msgpack.Decoder(msgspec.Raw)


class Extension(msgspec.Struct, frozen=True):
    """A value of an application's own kind, which says nothing here."""

    kind: int

    def __repr__(self) -> str:
        return f"of type {self.kind}"


def parse_msgpack(payload: bytes) -> Any:
    """The value of a msgpack; ``FeedError("not msgpack")``.

    Keys in bytes are texts, and arrays as msgpack_numpy packs them are arrays.

    >>> parse_msgpack(bytes.fromhex("82 c4 01 78 01 c4 01 79 d4 2a 00"))
    {'x': 1, 'y': of type 42}
    """
    try:
        return _plain(msgspec.msgpack.decode(payload))
    except RecursionError:
        raise FeedError("too deep") from None
    except UNREADABLE as error:
        raise FeedError("not msgpack", f"{error} in {payload[:20]!r}") from None


def _plain(value: Any) -> Any:
    """A value as those of other formats are; nothing is looked for in lists of numbers."""
    if isinstance(value, dict):
        plain = {key.decode("utf-8", "replace") if isinstance(key, bytes) else key: one for key, one in value.items()}
        return _array(plain) if "nd" in plain else {key: _plain(one) for key, one in plain.items()}
    if isinstance(value, list) and value and isinstance(value[0], dict | list):
        return [_plain(one) for one in value]
    return Extension(value.code) if isinstance(value, msgspec.msgpack.Ext) else value


def _array(packed: dict[Any, Any]) -> Any:
    """The array or number that msgpack_numpy packs: nd, type, shape and data; any other map as it is."""
    kind, data = packed.get("type"), packed.get("data")
    kind = kind.decode("ascii", "replace") if isinstance(kind, bytes) else kind
    if not isinstance(data, bytes) or not isinstance(packed["nd"], bool) or kind is None:
        return packed
    return array_of(data, kind, packed.get("shape", ()) if packed["nd"] else ())[()]


def is_msgpack(frames: Frames) -> bool:
    """True if the payload, to its last byte, is a map or an array in msgpack."""
    payload = frames[envelope(frames, _is_payload).payload]
    return _is_payload(payload) and _reads(payload)


def read_msgpack(frames: Frames, wanted: Wanted) -> Content:
    """The last frame, or one before it with a time or a counter behind."""
    at = envelope(frames, _is_payload)
    return Content(parse_msgpack(frames[at.payload]), beside=None if at.beside is None else frames[at.beside], at=at)


def _is_payload(frame: bytes) -> bool:
    """True if a frame's lengths are those of one map or array; nothing is made of it: that may be a million lists."""
    if not frame or not (0x80 <= frame[0] <= 0x9F or 0xDC <= frame[0] <= 0xDF):
        return False
    try:
        _LENGTHS.decode(frame)
    except (RecursionError, *UNREADABLE):
        return False
    return True


def _reads(payload: bytes) -> bool:
    try:
        return isinstance(parse_msgpack(payload), dict | list | np.ndarray)
    except FeedError:
        return False


FORMAT: Final = Format(
    "msgpack",
    "[topic,] msgpack [, time or counter]",
    "as in JSON",
    is_msgpack,
    read_msgpack,
    lambda wanted: Typed(lambda kind: msgspec.msgpack.Decoder(kind).decode, wanted),
    doubtful=lambda frames: says_little(lambda: read_msgpack(frames, Wanted(())).tree, max(frames, key=len)),
    by_chance=True,
)
