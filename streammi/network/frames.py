"""The frames of a message, as bytes."""

import json
from codecs import BOM_UTF8
from collections.abc import Sequence
from typing import Final, TypeAlias

from streammi.errors import FeedError

Frames: TypeAlias = Sequence[bytes]
Messages: TypeAlias = Sequence[Frames]

MAX_FRAMES: Final = 256  # of a message
MAX_MESSAGE_FRAMES: Final = 16  # of the largest size: a message of all its frames is no larger than so many
LOOKED_AT: Final = 512  # bytes, to tell text from binary
SHORTEST: Final = 3  # characters, 1,2: what is shorter is two whole numbers rather than a text in UTF-16 or UTF-32
_MARKS: Final = (b"\xef", b"\xfe", b"\xff")  # with which a byte order mark begins
_CONTROL: Final = bytes(set(range(32)) - set(b"\t\n\r")) + b"\x7f"


def refused_for_size(frames: Frames, max_frame: int) -> FeedError | None:
    """The refusal of a message with too many frames, or one or all of them too large, in bytes; None for no other."""
    if len(frames) > MAX_FRAMES:
        return FeedError("too many frames", f"more than {MAX_FRAMES}")
    largest, all_of_them = max(map(len, frames), default=0), sum(map(len, frames))
    if largest > max_frame:
        return FeedError("too large", f"{largest} bytes, over {max_frame}")
    if all_of_them > MAX_MESSAGE_FRAMES * max_frame:
        return FeedError("too large", f"{all_of_them} bytes in all frames")
    return None


def last_frame(frames: Frames) -> bytes:
    """The payload, behind a topic or none; ``FeedError("empty")``."""
    if not frames or not frames[-1]:
        raise FeedError("empty")
    return frames[-1]


def utf8(frame: bytes) -> bytes:
    """A text without what surrounds it, in UTF-8: a byte order mark, NULs behind it; any other frame as it is.

    >>> utf8(b"1,2" + bytes(5)), utf8(b"\\xef\\xbb\\xbf{}"), utf8("1,2".encode("utf-16"))
    (b'1,2', b'{}', b'1,2')
    """
    encoding = json.detect_encoding(frame[:4]) if 0 in frame[:4] or frame[:1] in _MARKS else "utf-8"
    plain = frame
    if encoding not in ("utf-8", "utf-8-sig"):
        try:
            text = frame.decode(encoding).lstrip("\ufeff")
        except UnicodeError:
            return frame
        if len(text) < SHORTEST:
            return frame
        plain = text.encode()
    return plain.removeprefix(BOM_UTF8).rstrip(b"\0") or frame


def is_text(frame: bytes) -> bool:
    """True if a frame begins like UTF-8 text without control characters.

    >>> is_text("20 °C".encode()), is_text(b"\\x00\\x00\\xa0@")
    (True, False)
    """
    start = frame[:LOOKED_AT]
    if start.translate(None, _CONTROL) != start:
        return False
    # Up to a tenth need not be UTF-8: Latin-1 has the odd byte above 127, and the last character may be cut.
    return len(start.decode("utf-8", "ignore").encode()) >= 0.9 * len(start)


def text_of(frame: bytes) -> str:
    """A frame as text; ``FeedError("not text")``."""
    try:
        return utf8(frame).decode("utf-8")
    except UnicodeDecodeError:
        raise FeedError("not text", repr(frame[:40])) from None
