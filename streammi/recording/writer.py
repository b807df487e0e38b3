"""Writes a recording: what came off the wire, as it came, so that the very same readings can be made of it again."""

import contextlib
import errno
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from streammi.errors import ConfigError
from streammi.recording.entries import Arrived, Begin, Entry, Flagged, LinkChanged, encode, files_of, numbered
from streammi.recording.framing import MAGIC, Packer, Position
from streammi.system import file_lock

FILES: Final = 16  # that a recording is divided into when it is at its limit: the oldest goes as a whole
RETRY_SECONDS: Final = 10.0  # after a write that failed
LOOK_SECONDS: Final = 1.0  # between two looks whether the file is still where it was
IN_USE: Final = "another monitor writes it"
FULL: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class Recorder:
    """Appends to the recording ``path``, whose files together stay below ``limit`` bytes: the oldest go first.

    Each entry is handed to the operating system at once, so that a crash of this process loses none. What cannot be
    written is counted, ``unsaved`` is true until it works again, and ``notes`` say it. A recording that is there
    already is gone on with in a new file, and so is one whose file somebody removes or renames. Raises ConfigError
    where nothing can be written or another one writes.
    """

    def __init__(self, path: str | os.PathLike[str], begin: Begin, limit: int) -> None:
        self.notes: list[str] = []  # what a person should know; the application says them
        self.unsaved = False
        self.path = Path(path).absolute()
        self._begin, self._limit = begin, limit
        self._standing: dict[int, Entry] = {}  # what still holds, and each file begins with
        self._lost = 0
        self._dropping = False
        self._left: set[Path] = set()  # files that were said not to begin like a recording
        self._retry_at = self._look_at = 0.0
        self._fd = -1
        self._size = 0
        self._number = -1
        self._records = 0
        self._packer = Packer()
        try:
            with self._newest_held() as known:
                self._next_file(known)
            if self._number:
                self.notes.append(f"{path} is there already: recording goes on in {numbered(self.path, self._number)}")
        except BlockingIOError:
            raise ConfigError("--record", "a file that no other monitor writes", str(path)) from None
        except OSError as error:
            if error.errno not in FULL:
                raise ConfigError("--record", f"a file that can be written ({error.strerror})", str(path)) from None
            self._failed(error, 0.0)

    @property
    def position(self) -> Position:
        """Behind the last entry."""
        return Position(self._number, self._records)

    @property
    def summary(self) -> str:
        """How far the recording is."""
        return f"{self._records} entries, {self._size} bytes in file {self._number} of {self.path}"

    def write(self, entry: Entry) -> None:
        """Record what happened next."""
        if isinstance(entry, LinkChanged):
            self._standing[entry.source] = entry
        elif isinstance(entry, Flagged):
            self._standing[-1] = entry
        now = entry.received if isinstance(entry, Arrived) else 0.0 if isinstance(entry, Begin) else entry.at
        if not self._written(entry, now):
            self._lost += isinstance(entry, Arrived)

    def close(self) -> None:
        """Close the file."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _written(self, entry: Entry, now: float) -> bool:
        if self._fd < 0 and self._retry_at - RETRY_SECONDS <= now < self._retry_at:
            return False
        try:
            payload = encode(entry)
            self._look_after_the_file(now)
            if self._fd < 0 or self._size + len(payload) > self._limit // FILES:
                self._next_file(files_of(self.path), len(payload))
            self._append(self._packer.pack(payload))
        except OSError as error:
            self._failed(error, now)
            return False
        if self.unsaved:
            self.unsaved, self._lost = False, 0
            self.notes.append("recording again")
        return True

    def _look_after_the_file(self, now: float) -> None:
        """Close a file that is no longer where it was: what is written to it may be gone with it."""
        if self._fd < 0 or self._look_at - LOOK_SECONDS <= now < self._look_at:
            return
        self._look_at = now + LOOK_SECONDS
        file = numbered(self.path, self._number)
        with contextlib.suppress(FileNotFoundError):
            if os.path.samestat(file.stat(), os.fstat(self._fd)):
                return
        self.close()
        self.notes.append(f"{file} was removed or replaced: recording goes on in a new file")

    def _append(self, record: bytes) -> None:
        _put(self._fd, record)
        self._size += len(record)
        self._records += 1

    def _next_file(self, known: dict[int, Path], room: int = 0) -> None:
        """Go on in a file of its own, which can be read without those before it, with room for so many bytes."""
        number = max(self._number, *known, -1) + 1
        continues = self._number >= 0
        begin = replace(self._begin, continues=continues, lost=self._lost, after=self._records if continues else -1)
        packer = Packer()
        start = MAGIC + packer.pack(encode(begin), plain=True)
        start += b"".join(packer.pack(encode(entry)) for entry in self._standing.values())
        made = self._made(number, start)
        self.close()  # not before: who looks whether this recording is written to finds the newest file locked
        self._fd, self._number = made, number
        self._packer, self._size, self._records = packer, len(start), 1 + len(self._standing)
        self._drop_oldest(known, self._size + max(room, self._limit // FILES))

    def _made(self, number: int, start: bytes) -> int:
        """The descriptor of a new file, locked and begun; BlockingIOError when another one makes files here too.

        Nobody waits for a lock: one on the user's folder, or on a file, may be held for as long as its holder likes.
        """
        name = numbered(self.path, number)
        try:
            made = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o666)
        except FileExistsError:
            if name.exists():  # no link to nowhere: it was made since the others were listed
                raise BlockingIOError(errno.EAGAIN, IN_USE) from None
            raise
        try:
            file_lock.lock(made, IN_USE)
            if max(files_of(self.path), default=-1) > number:  # somebody found this file before it was locked
                raise BlockingIOError(errno.EAGAIN, IN_USE)
            _put(made, start)
        except OSError:
            os.close(made)
            os.unlink(name)
            raise
        return made

    def _drop_oldest(self, known: dict[int, Path], room: int) -> None:
        """Remove the oldest files beyond the limit: only what begins like a recording, to the last byte, is one's own.

        A file that damage has changed there is left, as somebody's own file of such a name is.
        """
        sizes = {file: file.stat().st_size for file in known.values() if _begins_with(file, MAGIC)}
        total = sum(sizes.values()) + room
        if total <= self._limit:
            return
        if not self._dropping:
            self.notes.append(f"the recording is at its limit of {self._limit} bytes: its oldest files go")
        self._dropping = True
        if left := [file for file in known.values() if file not in sizes and file not in self._left]:
            names = ", ".join(file.name for file in left)
            self.notes.append(f"left, and not counted, for not beginning like a recording: {names}")
            self._left.update(left)
        for file, size in sizes.items():
            if total <= self._limit:
                return
            file.unlink()
            total -= size

    def _failed(self, error: OSError, now: float) -> None:
        """Leave the file as it was before the entry; its stream of deflated data ends there."""
        if not self.unsaved:
            self.notes.append(f"cannot record ({error.strerror}): going on without; trying again every 10 s")
        if self._fd >= 0:
            try:
                os.ftruncate(self._fd, self._size)
            except OSError as also:
                self.notes.append(f"and the recording has a torn end ({also.strerror})")
            self.close()
        self.unsaved = True
        self._retry_at = now + RETRY_SECONDS

    @contextlib.contextmanager
    def _newest_held(self) -> Iterator[dict[int, Path]]:
        """The files there are, with the lock of the newest; BlockingIOError when another one writes.

        Who lists the same files and gets the lock later cannot make the next file, which is then there.
        ConfigError when it is no recording: nobody's file is to be touched. What a power cut left of a recording is one
        too: without its end, with zeros or a wrong bit at its start.
        """
        known = files_of(self.path)
        with contextlib.ExitStack() as stack:
            _refuse_others(self.path, known)
            for file in [*known.values()][-1:]:
                file_lock.lock(stack.enter_context(file.open("rb")).fileno(), IN_USE)
            yield known


def check_recording(path: str) -> None:
    """Refuse a file that is there and is no recording, before anything is done; ConfigError."""
    whole = Path(path).absolute()
    _refuse_others(whole, files_of(whole))


def _refuse_others(path: Path, known: Mapping[int, Path]) -> None:
    for file in [*known.values()][-1:]:
        if not file.is_file():
            raise ConfigError("--record", "a regular file", str(path))
        if not any(map(_may_be_ours, known.values())):
            raise ConfigError("--record", "a new file, or a recording to go on with", str(path))


def _put(fd: int, data: bytes) -> None:
    written = os.write(fd, data)
    while written < len(data):
        written += os.write(fd, data[written:])


def _begins_with(file: Path, start: bytes) -> bool:
    if not file.is_file():
        return False
    with file.open("rb") as opened:
        return opened.read(len(start)) == start


def _may_be_ours(file: Path) -> bool:
    """True if a file begins like a recording, as far as a power cut leaves that to be seen."""
    if not file.is_file():
        return False
    with file.open("rb") as opened:
        start = opened.read(len(MAGIC))
    return sum(found not in (known, 0) for found, known in zip(start, MAGIC, strict=False)) <= 1
