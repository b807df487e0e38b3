"""Book: what a log of records holds of each key, and how much of each record still counts."""

import math
from typing import Final, TypeAlias

import msgspec

Key: TypeAlias = str | int

OLD: Final = 1.5  # times what counts: a longer log is cleaned
SLACK: Final = 1 << 14  # bytes by which a log may be longer still


class Piece(msgspec.Struct, array_like=True, frozen=True):
    """Pairs of a window from number ``first`` of its key on, packed: x, y and, where there are any, times."""

    first: int
    pairs: int
    columns: tuple[bytes, ...]

    @property
    def size(self) -> int:
        """Bytes."""
        return sum(map(len, self.columns))


class Entry(msgspec.Struct, array_like=True, frozen=True):
    """A key in a record: the pairs in its window, its small state, and pieces of the window.

    The pieces are new, or moved here, or, ``whole``, all there are. The small state is None where a newer record has
    it. ``newest`` is its newest time, s; ``born`` the record in which its window began: nothing of before counts.
    """

    key: Key
    n: int
    small: bytes | None
    pieces: tuple[Piece, ...]
    whole: bool = False
    newest: float = -math.inf
    born: int = 0


class Kept(msgspec.Struct):
    """The things that count of a key, each with the number of the record in which it is."""

    n: int = 0
    record: int = -1
    small: bytes = b""
    pieces: list[tuple[int, Piece]] = msgspec.field(default_factory=list)  # the oldest first
    newest: float = -math.inf
    born: int = -1


class Book:
    """The content of a log of records: entries are taken in as they are written, or read, by ascending number.

    >>> book = Book()
    >>> book.take(0, [Entry("a", 2, b"12", (Piece(0, 2, (b"xxxx",)),)), Entry("b", 1, b"34", ())], size=9)
    >>> book.take(1, [Entry("a", 2, b"56", (Piece(2, 2, (b"yyyy",)),))], size=7)
    >>> book.live, book.forget_old()
    ({0: 2, 1: 6}, [])
    >>> book.take(2, book.moved(0), size=3)
    >>> book.forget_old(), book.keys["b"].record
    ([0], 2)
    """

    def __init__(self) -> None:
        self.keys: dict[Key, Kept] = {}
        self.sizes: dict[int, int] = {}  # bytes of each record,
        self.live: dict[int, int] = {}  # and how many of them count
        self.next = 0  # number of the next record

    @property
    def size(self) -> int:
        """Bytes of all records."""
        return sum(self.sizes.values())

    def take(self, number: int, entries: list[Entry], size: int) -> None:
        """Take in a record of so many bytes."""
        self.sizes[number], self.live[number] = size, 0
        self.next = number + 1
        for entry in entries:
            kept = self.keys.setdefault(entry.key, Kept())
            kept.n, kept.newest = entry.n, entry.newest
            if entry.born > kept.born:
                self._drop(kept, len(kept.pieces))
                kept.born = entry.born
            if entry.small is not None:
                self._count(kept.record, -len(kept.small))
                kept.small, kept.record = entry.small, number
                self._count(number, len(entry.small))
            if entry.whole:
                self._drop(kept, len(kept.pieces))
            moved = {piece.first for piece in entry.pieces}
            for place, piece in kept.pieces:
                if piece.first in moved:
                    self._count(place, -piece.size)
            kept.pieces = [one for one in kept.pieces if one[1].first not in moved]
            kept.pieces += [(number, piece) for piece in entry.pieces]
            kept.pieces.sort(key=lambda one: one[1].first)
            self._count(number, sum(piece.size for piece in entry.pieces))
            self._trim(kept)

    def forget(self, key: Key) -> None:
        """Let go of a key: nothing of it counts any more, if there was anything."""
        kept = self.keys.pop(key, Kept())
        self._count(kept.record, -len(kept.small))
        self._drop(kept, len(kept.pieces))

    def forget_old(self) -> list[int]:
        """The records in which nothing counts any more."""
        gone = [number for number, live in self.live.items() if live <= 0]
        for number in gone:
            del self.sizes[number], self.live[number]
        return gone

    def to_clean(self) -> list[int]:
        """The oldest records, to be written again where more of the log is old than may be."""
        size, live, found = self.size, sum(self.live.values()), list[int]()
        for number in sorted(self.sizes):
            if size <= OLD * live + SLACK:
                break
            found.append(number)
            size -= self.sizes[number] - self.live[number]
        return found

    def moved(self, number: int) -> list[Entry]:
        """The part of a record that counts, as entries of another."""
        entries = []
        for key, kept in self.keys.items():
            pieces = tuple(piece for place, piece in kept.pieces if place == number)
            small = kept.small if kept.record == number else None
            if pieces or small is not None:
                entries.append(Entry(key, kept.n, small, pieces, False, kept.newest, kept.born))
        return entries

    def _trim(self, kept: Kept) -> None:
        """Count no more what lies before the pairs of a key's window."""
        room = sum(piece.pairs for _, piece in kept.pieces) - kept.n
        gone = 0
        for _, piece in kept.pieces:
            room -= piece.pairs
            if room < 0:
                break
            gone += 1
        self._drop(kept, gone)

    def _drop(self, kept: Kept, pieces: int) -> None:
        for number, piece in kept.pieces[:pieces]:
            self._count(number, -piece.size)
        del kept.pieces[:pieces]

    def _count(self, number: int, change: int) -> None:
        if number in self.live:
            self.live[number] += change
