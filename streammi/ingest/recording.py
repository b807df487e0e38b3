"""Reads a recording: its entries in order, and what is missing of them."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from streammi.entries import Begin, Entry, decode, files_of
from streammi.errors import ConfigError
from streammi.journal import MAGIC, Position, RecordReader

UNREADABLE: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


def is_recording(path: str | os.PathLike[str]) -> bool:
    """Whether there is a recording of this name, or a file of one."""
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

    What a crash tore off the end of a file is left out; behind damage in the middle of what one process wrote nothing
    is read any more, as the readings could not be the same. ``notes`` say both. Raises ConfigError for what is no
    recording, or begins with nothing that can be read.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self.notes: list[str] = []  # what a person should know; grow while entries are read
        self.read = 0  # bytes so far
        self._whole = True  # the file that was read last
        try:
            self._files = files_of(self.path)
            self.size = sum(file.stat().st_size for file in self._files.values())
        except OSError as error:
            raise ConfigError("file", f"readable ({error.strerror})", str(path)) from None
        first = next(iter(self), None)
        if not isinstance(first, Begin):
            raise ConfigError("file", "a recording", str(path))
        self.begin = first

    def __iter__(self) -> Iterator[Entry]:
        return (entry for _, entry in self.entries())

    def entries(self, after: Position | None = None) -> Iterator[tuple[Position, Entry]]:
        """The entries behind a position, or all of them, each with the position behind it."""
        self.read = 0
        self.notes.clear()
        expected = None if after is None else after.file  # number of the file that goes on with the one before
        for number, file in self._files.items():
            if after is not None and number < after.file:
                continue
            start = self.read
            for count, entry in enumerate(self._entries_of(file), 1):
                if isinstance(entry, Begin) and not self._may_go_on(file, entry, number, expected):
                    return
                if after is None or (number, count) > after:
                    yield Position(number, count), entry
            self.read = start + file.stat().st_size
            expected = number + 1 if self._whole else -1

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
        except OSError as error:
            raise ConfigError("file", f"readable ({error.strerror})", str(file)) from None
        missing = reader.size - (self.read - start)
        self._whole = not missing
        if missing:
            at = reader.size - missing
            self.notes.append(f"{file}: the last {missing} bytes, from {at} on, are no whole entry and were left out")

    def _may_go_on(self, file: Path, begin: Begin, number: int, expected: int | None) -> bool:
        """Whether a file can follow what was read before it; says what is missing."""
        if begin.lost:
            self.notes.append(
                f"{file}: {begin.lost} batches before it could not be recorded: readings differ from here"
            )
        if not begin.continues:
            return True
        if expected is None:
            self.notes.append(f"{file}: what came before it is gone: readings differ until the window has filled")
            return True
        if expected == number or begin.lost:
            return True
        self.notes.append(f"{file}: it goes on with what was damaged, so it was not read; replay it by itself")
        return False
