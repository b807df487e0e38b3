"""Shard: the devices of a share of the keys, and the log of records in which their state is kept.

Each batch appends one record: of every key that it had samples of, the small state and the pairs that are new in its
window. So what a batch writes grows with what is new. A record in which all is old is removed; where too much of the
log is old, what still counts in the oldest records is written again, and they go.
"""

import math
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

HEAD: Final = "spark shard 2"
RECORD: Final = "spark record 2"
DEVICE: Final = "spark device 1"
MOST_PIECES: Final = 64  # of a key's window: then it is written as one
CACHED_BYTES: Final = 1 << 28  # of logs, and of devices as they are, that a worker keeps so as not to read them again


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


class Memory(msgspec.Struct):
    """A worker's memory of a log: its book, and the devices of its keys, as they were when it was written."""

    book: Book
    devices: dict[Key, Device] = msgspec.field(default_factory=dict)

    @property
    def size(self) -> int:
        """Bytes."""
        return self.book.size + sum(device.size for device in self.devices.values())

    def limit(self, most: int, active: Iterable[Key]) -> None:
        """Forget devices until ``most`` bytes are left, those of ``active`` keys last: the log has them all.

        Of these the first stay: where there is not room for all, those that went would be wanted next.
        """
        left = most - self.book.size
        kept: dict[Key, Device] = {}
        for key in dict.fromkeys((*active, *self.devices)):
            if key in self.devices and (left := left - self.devices[key].size) >= 0:
                kept[key] = self.devices[key]
        self.devices = kept


class Cache:
    """The memory of logs as they were written last, by the tokens in their heads: ``limit`` bytes of it.

    A token is made anew each time, so that one that a log has can only be that of what was written to it: where a batch
    was lost, or came elsewhere, the log is read.
    """

    def __init__(self, limit: int = CACHED_BYTES) -> None:
        self._memories: OrderedDict[bytes, Memory] = OrderedDict()
        self._limit = limit

    def taken(self, token: bytes) -> Memory | None:
        """All there is of a token, which the cache has no more; None where it has nothing."""
        return self._memories.pop(token, None)

    def put(self, token: bytes, memory: Memory, active: Iterable[Key]) -> None:
        """Keep what is remembered of a log in which the ``active`` keys have just been written."""
        memory.limit(self._limit // (len(self._memories) + 1), active)
        self._memories[token] = memory
        while sum(one.size for one in self._memories.values()) > self._limit:
            self._memories.popitem(last=False)


class Shard:
    """The devices of a share of the keys, over their ``log``; ConfigError for one that was made with other settings."""

    def __init__(self, plan: Plan, log: Log, cache: Cache | None = None) -> None:
        self._plan, self._log = plan, log
        self._cache = Cache(0) if cache is None else cache
        self._tables = tables(plan)
        head = log.head()
        if head is None:
            self._token, self._words, self._clock = b"", self._usual_words(), -math.inf
        else:
            header, _ = codec.unpack(HEAD, head)
            check_same(plan.settings, header["settings"])
            self._token, self._words, self._clock = header["token"], header["words"], header["clock"]
        memory = self._cache.taken(self._token)
        self._memory = Memory(self._read()) if memory is None else memory
        self.book = self._memory.book

    def feed(self, blocks: Iterable[bytes]) -> Iterator[tuple[Key, list[Output]]]:
        """Take in blocks of samples; yields keys with outputs. What is new is written when all are taken.

        An empty block has none: with it alone the shard only has its settings looked at.
        """
        parts: dict[Key, list[Samples]] = {}
        for block in filter(None, blocks):
            for key, samples in of_block(block):
                parts.setdefault(key, []).append(samples)
        entries = []
        for key, some in parts.items():
            device = self._device(key)
            window, lives = device.monitor.window, device.lives
            pairs, set_back = window.pairs, window.set_back
            outputs = device.feed(some)
            begun = device.lives != lives or key not in self.book.keys
            moved = device.monitor.window.set_back != set_back
            entries.append(self._entry(key, device, pairs, moved=moved, begun=begun))
            yield key, outputs
        if entries:
            for key in self._idle(entries):
                if self._plan.watermark is not None:
                    yield key, self._device(key).flush()
                self._memory.devices.pop(key, None)
                self.book.forget(key)
            self._write([entry for entry in entries if entry.newest >= self._since])
        elif not self._token:
            self._write([])  # the settings alone
        else:
            self._cache.put(self._token, self._memory, [])

    def _idle(self, entries: list[Entry]) -> list[Key]:
        """The keys that are idle by the clock of the others, now that ``entries`` have come.

        The clock is the median of the newest times of the keys that have just come: no one of them moves it alone.
        """
        if self._plan.idle is None:
            return []
        self._clock = max(self._clock, sorted(entry.newest for entry in entries)[(len(entries) - 1) // 2])
        newest = {key: kept.newest for key, kept in self.book.keys.items()} | {one.key: one.newest for one in entries}
        return [key for key, at in newest.items() if at < self._since]

    @property
    def _since(self) -> float:
        """When a key must have had a sample last, s, that is not idle."""
        if self._plan.idle is None:
            return -math.inf
        return self._clock - self._plan.idle - (self._plan.watermark or 0.0)

    def _read(self) -> Book:
        book = Book()
        for number, data in sorted(self._log.records()) if self._token else ():
            header, _ = codec.unpack(RECORD, data)
            book.take(number, msgspec.convert(header["entries"], list[Entry], builtin_types=(bytes,)), len(data))
        for key in [key for key, kept in book.keys.items() if kept.newest < self._since]:
            book.forget(key)  # anew: what is left of it is in records of others, too
        book.forget_old()
        return book

    def _device(self, key: Key) -> Device:
        devices = self._memory.devices
        if key not in devices:
            devices[key] = self._restored(key)
        return devices[key]

    def _restored(self, key: Key) -> Device:
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

    def _entry(self, key: Key, device: Device, before: int, *, moved: bool, begun: bool) -> Entry:
        """The entry of a record on a device that had taken ``before`` pairs.

        ``moved``: the times of all are others; ``begun``: its window has begun in this batch.
        """
        state, values, times = device.state()
        kept, pairs, n = self.book.keys.get(key), device.monitor.window.pairs, values.shape[1]
        whole = moved or begun or (kept is not None and len(kept.pieces) >= MOST_PIECES)
        new = n if whole else min(pairs - before, n)
        born = self.book.next if begun or kept is None else kept.born
        columns = [*values, *([] if times is None else [times])]
        pieces = []
        if new:
            made = tuple(packed.pack(column[n - new :], self._table(k)) for k, column in enumerate(columns))
            pieces.append(Piece(pairs - new, new, made))
        return Entry(key, n, self._pressed(codec.pack(DEVICE, *state)), tuple(pieces), whole, device.newest, born)

    def _write(self, entries: list[Entry]) -> None:
        """Write a record, and remove what is old by it."""
        if entries:
            self._put(entries)
        moved = [entry for number in self.book.to_clean() for entry in self.book.moved(number)]
        if moved:
            self._put(moved)
        for number in self.book.forget_old():
            self._log.remove(number)
        self._token = os.urandom(16)
        head = {"settings": self._plan.settings, "token": self._token, "words": self._words, "clock": self._clock}
        self._log.set_head(codec.pack(HEAD, head, []))
        self._cache.put(self._token, self._memory, [entry.key for entry in entries])

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
        """The bytes that most small states have in common: with it they take a quarter of the bytes."""
        return codec.pack(DEVICE, *Device(self._plan, self._plan.watermark).state()[0])
