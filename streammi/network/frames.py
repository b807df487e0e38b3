"""The frames of a message, as bytes."""

from collections.abc import Sequence
from typing import Final, TypeAlias

from streammi.errors import FeedError

Frames: TypeAlias = Sequence[bytes]
Messages: TypeAlias = Sequence[Frames]

MAX_FRAMES: Final = 256  # of a message
MAX_MESSAGE_FRAMES: Final = 16  # of the largest size: a message of all its frames is no larger than so many
LOOKED_AT: Final = 512  # bytes, to tell text from binary
_CONTROL: Final = bytes(set(range(32)) - set(b"\t\n\r")) + b"\x7f"


def last_frame(frames: Frames) -> bytes:
    """The payload, behind a topic or none; ``FeedError("empty")``."""
    if not frames or not frames[-1]:
        raise FeedError("empty")
    return frames[-1]


def is_text(frame: bytes) -> bool:
    """Whether a frame begins like UTF-8 text without control characters.

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
        return frame.decode("utf-8")
    except UnicodeDecodeError:
        raise FeedError("not text", repr(frame[:40])) from None
