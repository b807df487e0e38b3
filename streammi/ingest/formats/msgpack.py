"""msgpack: the same values as JSON, packed into bytes."""

from typing import Any, Final

import msgspec

from streammi.errors import FeedError
from streammi.ingest.formats.content import Content, Wanted
from streammi.ingest.formats.envelope import envelope
from streammi.ingest.formats.format import Format, says_little
from streammi.ingest.formats.typed import Typed
from streammi.network.frames import Frames
from streammi.records.codec import UNREADABLE

_LENGTHS: Final = msgspec.msgpack.Decoder(msgspec.Raw)


def parse_msgpack(payload: bytes) -> Any:
    """The value of a msgpack; ``FeedError("not msgpack")``."""
    try:
        return msgspec.msgpack.decode(payload)
    except RecursionError:
        raise FeedError("too deep") from None
    except UNREADABLE as error:
        raise FeedError("not msgpack", f"{error} in {payload[:20]!r}") from None


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
        return isinstance(parse_msgpack(payload), dict | list)
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
