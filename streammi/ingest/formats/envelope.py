"""Where in a message's frames its payload is: behind a topic or none, and maybe beside a time or a counter."""

from collections.abc import Callable
from typing import Final, NamedTuple

from streammi.errors import FeedError
from streammi.ingest.side_frame import is_beside, is_time_by_itself
from streammi.network.frames import Frames, is_text

FROM_END: Final = 4  # frames that are looked at


class Places(NamedTuple):
    """Where in the frames, counted from the end, the payload is, and what stands beside it, if anything does."""

    payload: int = -1
    beside: int | None = None


def envelope(frames: Frames, is_payload: Callable[[bytes], bool]) -> Places:
    """Where the last frame is that can be the payload; what is behind it is no more than a time, a counter or empty.

    >>> envelope([b"topic", b"{}", b"1700000000.5"], lambda frame: frame == b"{}")
    Places(payload=-2, beside=-1)
    >>> envelope([b"id", b"", b"{}"], lambda frame: frame == b"{}")
    Places(payload=-1, beside=None)
    """
    if not any(frames):
        raise FeedError("empty")
    behind: int | None = None
    for at in range(-1, -min(len(frames), FROM_END) - 1, -1):
        frame = frames[at]
        if frame and is_payload(frame):
            return Places(at, _between(frames, at) if behind is None else behind)
        if frame and is_beside(frame):
            behind = at
    return Places(-1, None)


def has_time_behind(frames: Frames, size: int) -> bool:
    """True if the last frame is a time, though it is as long as pieces of ``size`` bytes, and the payload before it.

    >>> stamp = b"\\0\\0\\0\\x80t\\xd2\\xda\\x41"  # 1.8e9
    >>> has_time_behind([bytes(8), stamp], 8), has_time_behind([b"sensor/1", stamp], 8), has_time_behind([stamp], 8)
    (True, False, False)
    """
    if len(frames) < 2 or not is_time_by_itself(frames[-1]):
        return False
    before = frames[-2]
    return bool(before) and len(before) % size == 0 and not is_text(before)


def of_size(frames: Frames, size: int, head: int = 0) -> Places:
    """Where the payload is that is made of pieces of ``size`` bytes, which a time may be too, behind a ``head``."""
    if not head and has_time_behind(frames, size):
        return Places(-2, -1)
    return envelope(frames, lambda frame: len(frame) >= head and (len(frame) - head) % size == 0)


def _between(frames: Frames, at: int) -> int | None:
    """A counter between the topic and the payload."""
    before = at - 1
    if len(frames) + before < 1 or not frames[before] or not is_beside(frames[before]):
        return None
    return before
