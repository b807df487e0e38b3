"""Shard: the devices of a share of the keys, and the log of records in which their state is kept.

Each batch appends one record: of every key that it had samples of, the small state and the pairs that are new in its
window. So what a batch writes grows with what is new. A record in which all is old is removed; where too much of the
log is old, what still counts in the oldest records is written again, and they go.
"""

import os
import zlib
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from typing import Any, Final, Protocol

import msgspec
import numpy as np

from streammi.config.as_options import check_same
from streammi.interop.spark import packed
from streammi.interop.spark.device import Device
from streammi.interop.spark.plan import Plan, tables
from streammi.interop.spark.samples import Samples, of_block
from streammi.interop.spark.state_index import Book, Entry, Kept, Key, Piece
from streammi.monitor import Output
from streammi.records import codec

HEAD: Final = "spark shard 1"
RECORD: Final = "spark record 1"
DEVICE: Final = "spark device 1"
MOST_PIECES: Final = 64  # of a key's window: then it is written as one
CACHED_BYTES: Final = 1 << 28  # of logs that a worker keeps, so as not to read them again


class Log(Protocol):
    """A log of records by number, and a head; what is written counts when the batch is committed."""

    def head(self) -> bytes | None:
        """The head; None before there is one."""

    def set_head(self, data: bytes) -> None:
        """Write the head."""

    def records(self) -> Iterable[tuple[int, bytes]]:
        """The records by their numbers, in any order."""

    def put(self, number: int, data: bytes) -> None:
        """Write a record."""

    def remove(self, number: int) -> None:
        """Remove a record."""


class Cache:
    """Books of logs as they were written last, by the tokens in their heads; the newest ``limit`` bytes of them.

    A token is made anew each time, so that one that a log has can only be that of what was written to it: where a batch
    was lost, or came elsewhere, the log is read.
    """

    def __init__(self, limit: int = CACHED_BYTES) -> None:
        self._books: OrderedDict[bytes, Book] = OrderedDict()
        self._limit = limit

    def taken(self, token: bytes) -> Book | None:
        """The book of a token, which the cache has no more; None where it has none."""
        return self._books.pop(token, None)

    def put(self, token: bytes, book: Book) -> None:
        """Keep a book."""
        self._books[token] = book
        while sum(one.size for one in self._books.values()) > self._limit:
            self._books.popitem(last=False)


class Shard:
    """The devices of a share of the keys, over their ``log``; ConfigError for one that was made with other settings."""

    def __init__(self, plan: Plan, log: Log, cache: Cache | None = None) -> None:
        self._plan, self._log = plan, log
        self._cache = Cache(0) if cache is None else cache
        self._tables = tables(plan)
        head = log.head()
        if head is None:
            self._token, self._words = b"", self._usual_words()
        else:
            header, _ = codec.unpack(HEAD, head)
            check_same(plan.settings, header["settings"])
            self._token, self._words = header["token"], header["words"]
        self.book = self._cache.taken(self._token) or self._read()

    def feed(self, blocks: Iterable[bytes]) -> Iterator[tuple[Key, list[Output]]]:
        """Take in blocks of samples; yields each key's outputs. What is new is written when all are taken."""
        parts: dict[Key, list[Samples]] = {}
        for block in blocks:
            for key, samples in of_block(block):
                parts.setdefault(key, []).append(samples)
        entries = []
        for key, some in parts.items():
            device = self._device(key)
            window = device.monitor.window
            pairs, set_back = window.pairs, window.set_back
            outputs = device.feed(some)
            entries.append(self._entry(key, device, pairs, moved=device.monitor.window.set_back != set_back))
            yield key, outputs
        self._write(entries)

    def _read(self) -> Book:
        book = Book()
        for number, data in sorted(self._log.records()) if self._token else ():
            header, _ = codec.unpack(RECORD, data)
            book.take(number, msgspec.convert(header["entries"], list[Entry], builtin_types=(bytes,)), len(data))
        book.forget_old()
        return book

    def _device(self, key: Key) -> Device:
        kept = self.book.keys.get(key)
        if kept is None:
            return Device(self._plan, self._plan.watermark)
        state = codec.unpack(DEVICE, zlib.decompressobj(zdict=self._words).decompress(kept.small))
        return Device.from_state(self._plan, self._plan.watermark, state, *self._pairs(kept))

    def _pairs(self, kept: Kept) -> tuple[Any, Any]:
        """The values (2, n) of a key's window, and their times (n,), None where there are none."""
        if not kept.n:
            return np.zeros((2, 0)), np.zeros(0) if self._plan.timed else None
        columns = [
            np.concatenate([packed.unpack(piece.columns[k], self._table(k)) for _, piece in kept.pieces])[-kept.n :]
            for k in range(3 if self._plan.timed else 2)
        ]
        return np.stack(columns[:2]), columns[2] if self._plan.timed else None

    def _entry(self, key: Key, device: Device, before: int, *, moved: bool) -> Entry:
        """What a record says of a device that had taken ``before`` pairs; ``moved``: the times of all are others."""
        state, values, times = device.state()
        kept, pairs, n = self.book.keys.get(key), device.monitor.window.pairs, values.shape[1]
        whole = moved or (kept is not None and len(kept.pieces) >= MOST_PIECES)
        new = n if whole else min(pairs - before, n)
        columns = [*values, *([] if times is None else [times])]
        pieces = []
        if new:
            made = tuple(packed.pack(column[n - new :], self._table(k)) for k, column in enumerate(columns))
            pieces.append(Piece(pairs - new, new, made))
        return Entry(key, n, self._pressed(codec.pack(DEVICE, *state)), tuple(pieces), whole)

    def _write(self, entries: list[Entry]) -> None:
        """Write a record, and remove what is old by it."""
        if not entries:
            return
        self._put(entries)
        moved = [entry for number in self.book.to_clean() for entry in self.book.moved(number)]
        if moved:
            self._put(moved)
        for number in self.book.forget_old():
            self._log.remove(number)
        self._token = os.urandom(16)
        head = {"settings": self._plan.settings, "token": self._token, "words": self._words}
        self._log.set_head(codec.pack(HEAD, head, []))
        self._cache.put(self._token, self.book)

    def _put(self, entries: list[Entry]) -> None:
        number = self.book.next
        plain = msgspec.to_builtins(entries, builtin_types=(bytes,))
        data = codec.pack(RECORD, {"entries": plain}, [])
        self.book.take(number, entries, len(data))
        self._log.put(number, data)

    def _table(self, column: int) -> Any:
        return None if self._tables is None or column > 1 else self._tables[column].values

    def _pressed(self, data: bytes) -> bytes:
        press = zlib.compressobj(zdict=self._words)
        return press.compress(data) + press.flush()

    def _usual_words(self) -> bytes:
        """What most small states have in common: with it they take a quarter of the bytes."""
        return codec.pack(DEVICE, *Device(self._plan, self._plan.watermark).state()[0])
