"""Reads a recording: its entries in order, and what is missing of them."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from streammi.errors import ConfigError
from streammi.recording.entries import Begin, Entry, decode, files_of
from streammi.recording.framing import MAGIC, Position, RecordReader
from streammi.records.codec import UNREADABLE

_DIFFER: Final = "readings differ until the window has filled anew"


def is_recording(path: str | os.PathLike[str]) -> bool:
    """True if there is a recording of this name, or a file of one."""
    try:
        return any(_starts_so(file) for file in files_of(Path(path)).values())
    except OSError:
        return False


def _starts_so(path: Path) -> bool:
    if not path.is_file():  # a pipe can be read only once
        return False
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


class Recording:
    """The entries of a recording, in the order they were written, over all of its files; or of one of these.

    What a crash tore off the end of a file is left out, and what is behind damage in the middle of one: its entries
    cannot be read without those before them. The next file can; where it continues one that is not whole, or not
    there, its Begin has what is missing as ``lost``. ``notes`` say all of it. Raises ConfigError for what is no
    recording, or has nothing that can be read.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self.notes: list[str] = []  # what a person should know; grow while entries are read
        self.read = 0  # bytes so far
        try:
            self._files = files_of(self.path)
            self.size = sum(file.stat().st_size for file in self._files.values())
        except OSError as error:
            raise ConfigError("file", f"readable ({error.strerror})", str(path)) from None
        first = next(iter(self), None)
        if not isinstance(first, Begin):
            rule = "a recording whose first entry can be read" if is_recording(path) else "a recording"
            raise ConfigError("file", rule, str(path))
        self.begin = first

    def __iter__(self) -> Iterator[Entry]:
        return (entry for _, entry in self.entries())

    def entries(self, after: Position | None = None) -> Iterator[tuple[Position, Entry]]:
        """The entries behind a position, or all of them, each with the position behind it."""
        self.read = 0
        self.notes.clear()
        before: Position | None = None  # how far the file before was read
        if after is not None and after.file in self._files:
            before = Position(after.file - 1, -1)  # not looked at: it is known to be taken already
        for number, file in self._files.items():
            if after is not None and number < after.file:
                continue
            start, count = self.read, 0
            for count, entry in enumerate(self._entries_of(file), 1):
                if isinstance(entry, Begin):
                    entry = self._continuing(file, entry, number, before)
                if after is None or (number, count) > after:
                    yield Position(number, count), entry
            self.read = start + file.stat().st_size
            before = Position(number, count)

    def _entries_of(self, file: Path) -> Iterator[Entry]:
        """The whole entries of a file; its end is said when it is torn."""
        try:
            with file.open("rb") as opened:
                reader, start = RecordReader(opened), self.read
                for payload in reader:
                    try:
                        entry = decode(payload)
                    except UNREADABLE:
                        break
                    self.read = start + reader.whole
                    yield entry
                whole = self.read - start
                if whole < reader.size:
                    self.notes.append(f"{file}: {_torn(whole, reader.size, reader.behind)}")
        except OSError as error:
            raise ConfigError("file", f"readable ({error.strerror})", str(file)) from None

    def _continuing(self, file: Path, begin: Begin, number: int, before: Position | None) -> Begin:
        """The first entry of a file, with what is missing before it; says that."""
        if begin.lost:
            self.notes.append(f"{file}: {begin.lost} batches before it could not be recorded: {_DIFFER}")
        if not begin.continues or before == (number - 1, -1):
            return begin
        if before is None or before.file != number - 1:
            self.notes.append(f"{file}: what came before it is gone: {_DIFFER}")
            return replace(begin, lost=max(begin.lost, 1))
        missing = max(begin.after - before.records, 0)
        if missing:
            self.notes.append(f"{file}: {missing} entries before it are missing: {_DIFFER}")
        return replace(begin, lost=begin.lost + missing)


def _torn(whole: int, size: int, behind: int) -> str:
    """A line on a file of which so many bytes at the start are whole.

    >>> _torn(90, 100, 0)
    'the last 10 bytes, from 90 on, are no whole entry and were left out'
    """
    if not behind:
        return f"the last {size - whole} bytes, from {whole} on, are no whole entry and were left out"
    return f"damaged at byte {whole}: the {behind} whole entries behind it ({size - whole} bytes) cannot be read"
