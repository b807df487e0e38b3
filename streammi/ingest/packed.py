"""Formats that pack the same values as JSON into bytes: msgpack and CBOR."""

from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np

from streammi.errors import FeedError
from streammi.ingest import cbor
from streammi.ingest.content import Content, Wanted
from streammi.ingest.frames import UNREADABLE, Frames, last_frame


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
    return (0x80 <= payload[0] <= 0x9F or 0xDC <= payload[0] <= 0xDF) and _reads(parse_msgpack, payload)


def read_msgpack(frames: Frames, wanted: Wanted) -> Content:
    """The last frame."""
    return Content(parse_msgpack(last_frame(frames)))


def is_cbor(frames: Frames) -> bool:
    """Whether the payload, to its last byte, is a map, an array or a tagged value in CBOR."""
    payload = last_frame(frames)
    return payload[0] >> 5 in (4, 5, 6) and _reads(cbor.decode, payload)


def read_cbor(frames: Frames, wanted: Wanted) -> Content:
    """The last frame."""
    return Content(cbor.decode(last_frame(frames)))


def _reads(parse: Callable[[bytes], Any], payload: bytes) -> bool:
    try:
        return isinstance(parse(payload), dict | list | np.ndarray)
    except FeedError:
        return False
