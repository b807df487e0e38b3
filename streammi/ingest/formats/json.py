"""JSON objects and arrays."""

import json
from typing import Any, Final

import msgspec

from streammi.errors import FeedError
from streammi.ingest.formats.content import ASCII_SECONDS, Content, Wanted
from streammi.ingest.formats.format import Format
from streammi.ingest.formats.typed import Typed
from streammi.network.frames import Frames, is_text, last_frame

MAX_DIGITS: Final = 19  # of a whole number that is kept as one: nanoseconds since the epoch


def parse_json(payload: bytes) -> Any:
    """What JSON says, with the NaN and Infinity that Python's own encoder writes; bad UTF-8 in a text is replaced.

    >>> parse_json(b'{"x": NaN, "y": 1e999}')
    {'x': nan, 'y': inf}
    """
    try:
        return msgspec.json.decode(payload)
    except RecursionError:
        raise FeedError("too deep") from None
    except (msgspec.MsgspecError, UnicodeDecodeError):
        pass
    try:
        return json.loads(payload.decode("utf-8", "replace"), strict=False, parse_int=_whole)
    except RecursionError:
        raise FeedError("too deep") from None
    except ValueError as error:
        raise FeedError("not JSON", f"{error} in {payload[:40]!r}") from None


def _whole(digits: str) -> int | float:
    return int(digits) if len(digits) <= MAX_DIGITS else float(digits)


def is_json(frames: Frames) -> bool:
    """Whether the payload begins as a JSON object or array does."""
    payload, _ = _json_payload(frames)
    return payload[:64].lstrip()[:1] in (b"{", b"[") and is_text(payload)


def read_json(frames: Frames, wanted: Wanted) -> Content:
    """The last frame, or the one before where the last is a time in ASCII seconds; ``topic {json}`` in one as well."""
    payload, stamp = _json_payload(frames)
    if not payload.strip():
        raise FeedError("empty")
    return Content(parse_json(payload), stamp)


def _json_payload(frames: Frames) -> tuple[bytes, bytes | None]:
    if len(frames) > 1 and ASCII_SECONDS.fullmatch(frames[-1]):
        return frames[-2], frames[-1]
    payload = last_frame(frames)
    if len(frames) == 1 and payload[:1] not in (b"{", b"["):
        topic, _, rest = payload.partition(b" ")  # send_string(f"{topic} {json}"), as many tutorials have it
        if rest[:1] in (b"{", b"[") and is_text(topic):
            return rest, None
    return payload, None


FORMAT: Final = Format(
    "json",
    "[topic,] JSON [, ASCII seconds]",
    "temp, imu/acc/x, imu.acc.x",
    is_json,
    read_json,
    lambda wanted: Typed(lambda kind: msgspec.json.Decoder(kind).decode, wanted),
)
