"""Append-only files of records, each with its length and a checksum; pure. A crash can tear only the last of them.

A file is MAGIC, and then records: u32 length, u32 CRC-32 of length and body, body. The first byte of a body says how
the rest is stored: as it is, or as the next part of the file's one deflate stream, flushed so that it can be read at
once. One stream for all makes records of a single short message half as large, where each by itself would not shrink.
"""

import struct
import zlib
from collections.abc import Iterator
from typing import BinaryIO, Final, NamedTuple

MAGIC: Final = b"streammi recording 1\n"
HEAD: Final = struct.Struct("<II")
STORED: Final = b"\x00"
DEFLATED: Final = b"\x01"
MAX_RECORD: Final = 1 << 30  # bytes, packed or not: a batch is at most 2 MiB and one message
LEVEL: Final = 1  # 190 MB/s of JSON, to 28 %; level 3 has 110 MB/s for 27 %
WORTH: Final = 0.8  # of its size: what shrinks less, as floats do, costs more time than it saves space
TASTED: Final = 4096  # bytes of a payload, to know whether it is worth it; a smaller one costs 10 us at the most


class Position(NamedTuple):
    """A place in a recording: after so many records of the file with this number."""

    file: int
    records: int


class Packer:
    """Payloads to records of one file, in order.

    >>> read = RecordReader(__import__("io").BytesIO(MAGIC + Packer().pack(b"one")))
    >>> list(read), read.whole == read.size
    ([b'one'], True)
    """

    def __init__(self) -> None:
        self._stream = zlib.compressobj(LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)

    def pack(self, payload: bytes, *, plain: bool = False) -> bytes:
        """The record of a payload; ``plain``: stored as it is."""
        if plain or not _shrinks(payload):
            return framed(STORED + payload)
        return framed(DEFLATED + self._stream.compress(payload) + self._stream.flush(zlib.Z_SYNC_FLUSH))


def _shrinks(payload: bytes) -> bool:
    return len(payload) < TASTED or len(zlib.compress(payload[:TASTED], LEVEL)) < WORTH * TASTED


def framed(body: bytes) -> bytes:
    """A body behind its length and checksum."""
    length = len(body).to_bytes(4, "little")
    return length + zlib.crc32(body, zlib.crc32(length)).to_bytes(4, "little") + body


class RecordReader:
    """Iterates over the payloads of a file's whole records, and stops at the first that is not.

    ``whole`` is where the last whole record ends, ``size`` the file's size when it was opened: what is between them is
    torn or damaged, and ``behind`` of these records are whole, but nothing to go on with.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.size = file.seek(0, 2)
        self.whole = self.records = 0
        self._stream = zlib.decompressobj(-zlib.MAX_WBITS)

    def __iter__(self) -> Iterator[bytes]:
        self._file.seek(0)
        if self._file.read(len(MAGIC)) != MAGIC:
            return
        self.whole = len(MAGIC)
        while (payload := self._next()) is not None:
            self.records += 1
            yield payload

    @property
    def behind(self) -> int:
        """Whole records behind the first that is not; 0 where its length is not to be trusted either."""
        self._file.seek(self.whole)
        count = 0
        while (found := self._body()) is not None:
            count += found[1]
        return count

    def _next(self) -> bytes | None:
        found = self._body()
        if found is None or not found[1]:
            return None
        payload = self._payload(found[0])
        if payload is not None:
            self.whole += HEAD.size + len(found[0])
        return payload

    def _body(self) -> tuple[bytes, bool] | None:
        """The next body, and whether it is unchanged; None where there is none."""
        head = self._file.read(HEAD.size)
        if len(head) < HEAD.size:
            return None
        length, checksum = HEAD.unpack(head)
        if not 2 <= length <= min(MAX_RECORD, self.size - self._file.tell()):
            return None
        body = self._file.read(length)
        return body, len(body) == length and zlib.crc32(body, zlib.crc32(head[:4])) == checksum

    def _payload(self, body: bytes) -> bytes | None:
        if body[:1] == STORED:
            return body[1:]
        if body[:1] != DEFLATED:
            return None
        try:
            payload = self._stream.decompress(body[1:], MAX_RECORD)
        except zlib.error:
            return None
        return None if self._stream.unconsumed_tail else payload
