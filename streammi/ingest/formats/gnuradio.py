"""Items of a GNU Radio PUB sink, as its tag_headers.cc and pmt_serialize.cc write them."""

import struct
from typing import Final

from streammi.errors import FeedError
from streammi.ingest.formats.content import Content, Wanted
from streammi.ingest.formats.format import Format
from streammi.ingest.formats.pairs import FLOAT32, columns_of_pairs
from streammi.network.frames import Frames, last_frame

GR_HEADER: Final = struct.Struct("=HBQQ")  # magic, version, offset, number of tags; in the sender's byte order
GR_MAGIC: Final = 0x5FF0
_PMT_FIXED: Final = {0x00: 0, 0x01: 0, 0x03: 4, 0x04: 8, 0x05: 16, 0x06: 0, 0x0B: 8, 0x0D: 8}  # tag: bytes behind it
# Bytes an item of a uniform vector: u8 s8 u16 s16 u32 s32 u64 s64 f32 f64 c32 c64.
_PMT_UNIFORM: Final = (1, 1, 2, 2, 4, 4, 8, 8, 4, 8, 8, 16)


def is_gnuradio(frames: Frames) -> bool:
    """True if the payload begins with the header of a GNU Radio sink that passes tags."""
    return last_frame(frames)[:3] == GR_HEADER.pack(GR_MAGIC, 1, 0, 0)[:3]


def read_gnuradio(frames: Frames, wanted: Wanted) -> Content:
    """``[items]`` or ``[key, items]`` of a PUB sink: float32 of vector length 2, or complex64, which is the same bytes.

    With pass_tags there is a header with the number of the first item, and tags, which are skipped.
    """
    payload = last_frame(frames)
    if not is_gnuradio(frames):
        return Content(columns_of_pairs(frames, payload, FLOAT32))
    if len(payload) < GR_HEADER.size:
        raise FeedError("bad header", f"{len(payload)} bytes")
    _, _, offset, tags = GR_HEADER.unpack_from(payload)
    at = GR_HEADER.size
    for _ in range(min(tags, len(payload))):  # one that is not there ends it
        at = _skip_pmts(payload, at + 8, 3)
    return Content(columns_of_pairs(frames, payload[at:], FLOAT32), first=offset)


def _skip_pmts(data: bytes, at: int, count: int) -> int:
    """Where ``count`` serialized polymorphic values end."""
    while count:
        count -= 1
        if at >= len(data):
            raise FeedError("bad header", "a tag ends behind the message")
        tag = data[at]
        at += 1
        if tag in _PMT_FIXED:
            at += _PMT_FIXED[tag]
        elif tag == 0x02:  # symbol: u16 length, text
            at += 2 + int.from_bytes(data[at : at + 2], "big")
        elif tag in (0x07, 0x09):  # pair, dict: two values
            count += 2
        elif tag in (0x08, 0x0C):  # vector, tuple: u32 length, values
            count += min(int.from_bytes(data[at : at + 4], "big"), len(data) + 1)
            at += 4
        elif tag == 0x0A and at + 6 <= len(data) and data[at] < len(_PMT_UNIFORM):  # type, u32 length, padding, items
            at += 6 + data[at + 5] + _PMT_UNIFORM[data[at]] * int.from_bytes(data[at + 1 : at + 5], "big")
        else:
            raise FeedError("bad header", f"unknown tag 0x{tag:02x}")
    if at > len(data):
        raise FeedError("bad header", "a tag ends behind the message")
    return at


FORMAT: Final = Format("gnuradio", "[key,] float32 pairs or complex64, tags", "0 and 1", is_gnuradio, read_gnuradio)
