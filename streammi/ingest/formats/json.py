"""JSON objects and arrays, one in a payload or several in lines."""

import re
from functools import lru_cache
from itertools import islice
from typing import Any, Final

import msgspec

from streammi.errors import FeedError
from streammi.ingest.formats.content import Content, Wanted
from streammi.ingest.formats.envelope import envelope
from streammi.ingest.formats.format import SHORT, Format
from streammi.ingest.formats.json_text import parse_json, parse_lines
from streammi.ingest.formats.typed import Typed
from streammi.network.frames import Frames, is_text, utf8

PREFIX: Final = 256  # bytes of words before the JSON
STARTS: Final = 4  # brackets among them that are tried
KEPT: Final = 2  # frames whose words are known
SCHEMA: Final = 5  # bytes, of which the first is 0
_BRACKET: Final = re.compile(rb"[{\[]")


def is_json(frames: Frames) -> bool:
    """True if a frame begins as a JSON object or array does, maybe behind some words."""
    return starts_as_json(payload_of(frames))


def read_json(frames: Frames, wanted: Wanted) -> Content:
    """The last frame that is JSON, behind a topic or none, and a time or a counter beside it.

    ``topic {json}`` in one frame is taken as well, and several objects, one a line, which are a batch.
    """
    at = envelope(frames, _can_be_json)
    payload = _behind_words(frames[at.payload])
    if not payload.strip():
        raise FeedError("empty")
    beside = None if at.beside is None else frames[at.beside]
    try:
        return Content(parse_json(payload), beside=beside, at=at)
    except FeedError:
        lines = parse_lines(payload)
        if lines is None:
            raise
        return Content(lines, beside=beside, at=at, lines=True)


def payload_of(frames: Frames) -> bytes:
    """The JSON, without the words that may be before it in its frame."""
    return _behind_words(frames[envelope(frames, _can_be_json).payload])


def starts_as_json(payload: bytes) -> bool:
    """True if a payload is text that begins as a JSON object or array does."""
    plain = utf8(payload)
    start = plain[:64].lstrip(b" \t\r\n\x1e")
    twice = start[:2] in (b'"{', b'"[') and plain.rstrip()[-2:] in (b'}"', b']"')  # JSON in a text of JSON
    return (start[:1] in (b"{", b"[") or twice) and is_text(plain.lstrip(b"\x1e"))


def _can_be_json(frame: bytes) -> bool:
    return starts_as_json(frame) or _behind_words(frame) is not frame


def _behind_words(frame: bytes) -> bytes:
    """A frame without the words in front: send_string(f"{topic} {json}"), as many tutorials have it; else as it is.

    The words may have brackets of their own, as those of a log have: [INFO] bs[3] {"x": 1}.
    """
    if frame[:1] == b"{" or (frame[:1] == b"[" and not frame[1:2].isalpha()) or frame[:2] in (b'"{', b'"['):
        return frame
    words = _words_before(frame)
    return frame[words:] if words else frame


@lru_cache(KEPT)
def _words_before(frame: bytes) -> int:
    """How many bytes of words there are: each is asked for several times, and finding out means reading the JSON.

    NULs may be behind them, as a topic in C has one; or there are five bytes of a schema's number, as Kafka has them.
    """
    starts = (match.start() for match in _BRACKET.finditer(frame, 0, PREFIX))
    for start in islice(starts, STARTS):
        words = frame[:start].rstrip(b"\0")
        if start and not (start == SCHEMA and frame[:1] == b"\0") and (not is_text(words) or not words.strip()):
            return 0
        try:
            tree = parse_json(frame[start:])
        except FeedError:
            continue
        return start if isinstance(tree, dict) or frame[start - 1 : start] == b" " else 0
    return 0


def _may_be_floats(frames: Frames) -> bool:
    """True if a few bytes that begin as JSON does are none, as those of two floats may by chance."""
    payload = payload_of(frames)
    if len(payload) >= SHORT or len(payload) % 8:
        return False
    try:
        parse_json(payload)
    except FeedError:
        return parse_lines(payload) is None
    return False


def _decode(kind: Any) -> Any:
    return msgspec.json.Decoder(kind).decode


def _decode_lines(kind: Any) -> Any:
    return msgspec.json.Decoder(kind).decode_lines


FORMAT: Final = Format(
    "json",
    "[topic,] JSON [, time or counter]",
    "temp, imu/acc/x, imu.acc.x",
    is_json,
    read_json,
    lambda wanted: Typed(_decode, wanted, _decode_lines),
    doubtful=_may_be_floats,
)
