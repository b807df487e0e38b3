"""msgpack: the same values as JSON, packed into bytes."""

from typing import Any, Final

import msgspec

from streammi.errors import FeedError
from streammi.ingest.formats.content import Content, Wanted
from streammi.ingest.formats.format import Format, says_little
from streammi.ingest.formats.typed import Typed
from streammi.network.frames import Frames, last_frame
from streammi.records.codec import UNREADABLE


def parse_msgpack(payload: bytes) -> Any:
    """What msgpack says; ``FeedError("not msgpack")``."""
    try:
        return msgspec.msgpack.decode(payload)
    except RecursionError:
        raise FeedError("too deep") from None
    except UNREADABLE as error:
        raise FeedError("not msgpack", f"{error} in {payload[:20]!r}") from None


def is_msgpack(frames: Frames) -> bool:
    """Whether the payload, to its last byte, is a map or an array in msgpack."""
    payload = last_frame(frames)
    return (0x80 <= payload[0] <= 0x9F or 0xDC <= payload[0] <= 0xDF) and _reads(payload)


def read_msgpack(frames: Frames, wanted: Wanted) -> Content:
    """The last frame."""
    return Content(parse_msgpack(last_frame(frames)))


def _reads(payload: bytes) -> bool:
    try:
        return isinstance(parse_msgpack(payload), dict | list)
    except FeedError:
        return False


FORMAT: Final = Format(
    "msgpack",
    "[topic,] msgpack",
    "as in JSON",
    is_msgpack,
    read_msgpack,
    lambda wanted: Typed(lambda kind: msgspec.msgpack.Decoder(kind).decode, wanted),
    doubtful=lambda frames: says_little(parse_msgpack(frames[-1]), frames[-1]),
)
