"""Payloads that zlib or gzip packed, as they were before; never more than a message may have."""

import zlib
from typing import Final

from streammi.errors import FeedError
from streammi.ingest.formats.magic import is_zlib
from streammi.network.frames import Frames

GZIP: Final = b"\x1f\x8b\x08"
EITHER: Final = 32 + zlib.MAX_WBITS  # zlib's or gzip's head
NEAR_THE_END: Final = 2  # frames among which the payload is


def is_packed(frames: Frames) -> bool:
    """True if a payload begins as what zlib or gzip packed; that may be by chance.

    >>> is_packed([b"topic", zlib.compress(b"{}")]), is_packed([b"{}"])
    (True, False)
    """
    return any(_begins_so(frame) for frame in frames[-NEAR_THE_END:])


def unpacked(frames: Frames, limit: int) -> Frames:
    """The message with its payload as it was before it was packed; as it is where nothing was.

    ``FeedError("too large")`` for more than ``limit`` bytes: no more than that is ever unpacked.

    >>> unpacked([b"topic", zlib.compress(b"{}")], 100)
    [b'topic', b'{}']
    """
    if not is_packed(frames):
        return frames
    first = max(len(frames) - NEAR_THE_END, 0)
    return [*frames[:first], *(_unpacked(frame, limit) for frame in frames[first:])]


def _begins_so(frame: bytes) -> bool:
    return frame.startswith(GZIP) or is_zlib(frame)


def _unpacked(frame: bytes, limit: int) -> bytes:
    if not _begins_so(frame):
        return frame
    unpacker = zlib.decompressobj(EITHER)
    try:
        plain = unpacker.decompress(frame, limit)
    except zlib.error:
        return frame
    if unpacker.unconsumed_tail and not unpacker.eof:
        raise FeedError("too large", f"more than {limit:,} bytes when unpacked")
    return plain if unpacker.eof else frame
