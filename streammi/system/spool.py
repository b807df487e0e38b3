"""Lines on their way to a reader that may not take them: a thread of its own writes them, and nobody else waits.

A pipe that nobody reads, a terminal stopped with Ctrl-S and a file on a disk that hangs all hold up whoever writes to
them, and no signal wakes Python from it for good. So the program never writes: it hands its lines to a spool.
"""

import io
import os
import select
import stat
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Final, Protocol, Self, TextIO

MIB: Final = 1 << 20
ROOM_BYTES: Final = 16 * MIB  # of what waits: 2 s of a reading a sample, at 10,000 a second
LINGER_SECONDS: Final = 0.25  # for what waits at the end, where nobody is to wait for its reader
RETRY_SECONDS: Final = 1.0  # until a disk that is full is tried again
HUNG_SECONDS: Final = 5.0  # after which a disk that takes nothing is worth a word
SLOW_SECONDS: Final = 1.0  # after which it is worth a word that a reader is waited for
FILE_BYTES: Final = 1 << 16  # written to a file at once; a pipe takes no more than PIPE_BUF whole, or not at all
LOOK_SECONDS: Final = 0.1  # between two looks at whether it is time to stop waiting


class LineStream(Protocol):
    """Something that takes text, as every text file does."""

    def write(self, text: str, /) -> object:
        """Take a line."""

    def flush(self) -> object:
        """Hand on what was taken."""


class Spool:
    """Takes text, line by line, and has it written by a thread: ``write`` fails, or returns at once.

    Where more than ``room`` bytes wait, the older half is left out at once, as single holes would be many; what
    ``omitted`` makes of the number of lines is written in their place, if it is given. With ``patient`` nothing is left
    out: ``write`` waits for room, and raises the OSError that writing has met; else ``unsaved`` holds meanwhile, and
    the lines wait for a disk that takes them again. ``notes`` say what a person should know. Only whole lines are
    written, but for one longer than PIPE_BUF whose reader stops in the middle. BrokenPipeError: the reader has gone, or
    ``patient`` says that it is to be waited for no more.
    """

    def __init__(
        self,
        put: Callable[[bytes], int],
        name: str = "standard output",
        *,
        file: bool = False,
        room: int = ROOM_BYTES,
        encoding: str = "utf-8",
        omitted: Callable[[int], str] | None = None,
        patient: Callable[[], bool] | None = None,
    ) -> None:
        self.notes: list[str] = []
        self.gone = False  # the reader: it takes nothing any more
        self.lost = False  # the last lines, at the end: they could not be written
        self.patient, self.omitted = patient, omitted
        self._put, self._name, self._file, self._room, self._encoding = put, name, file, room, encoding
        self._lines: deque[bytes] = deque()
        self._waiting = 0  # bytes
        self._rest = b""  # of what was written in part
        self._left_out = self._all_left_out = self._taken = 0  # lines
        self._slow = False  # the reader: lines were left out since a quarter of the room was enough
        self._error: OSError | None = None  # that the newest write has met
        self._writing_since: float | None = None
        self._ended = self._over = self._said_hung = False
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    @classmethod
    def on(
        cls,
        stream: TextIO,
        name: str = "standard output",
        *,
        room: int = ROOM_BYTES,
        omitted: Callable[[int], str] | None = None,
        patient: Callable[[], bool] | None = None,
    ) -> Self:
        """A spool for a text stream: for its descriptor where it has one, so that nothing stays in its buffers."""
        encoding = stream.encoding or "utf-8"
        try:
            stream.flush()
            descriptor = stream.fileno()
        except io.UnsupportedOperation:  # text in memory
            put: Callable[[bytes], int] = _StreamPut(stream, encoding)
            file = False
        else:
            put, file = _DescriptorPut(descriptor), stat.S_ISREG(os.fstat(descriptor).st_mode)
        return cls(put, name, file=file, room=room, encoding=encoding, omitted=omitted, patient=patient)

    @property
    def summary(self) -> str:
        """How many lines were taken."""
        return f"{self._taken} lines" + (f", {self._all_left_out} left out" if self._all_left_out else "")

    @property
    def unsaved(self) -> bool:
        """True if lines that should be on a disk are not, at the moment."""
        since = self._writing_since
        hung = self._file and since is not None and time.monotonic() - since >= HUNG_SECONDS
        if hung and not self._said_hung:
            self.notes.append(f"{self._name}: the disk has taken nothing for {HUNG_SECONDS:.0f} s")
        self._said_hung = hung
        return self._error is not None or hung

    def write(self, text: str) -> int:
        """Take whole lines."""
        lines = text.encode(self._encoding, "backslashreplace")
        with self._changed:
            if self.gone:
                raise BrokenPipeError
            self._raise_if_patient()
            self._lines.append(lines)
            self._waiting += len(lines)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="lines", daemon=True)
                self._thread.start()
            self._changed.notify()
            while self._waiting > self._room:
                if self.patient is None:
                    self._leave_out()
                elif not self.patient():
                    raise BrokenPipeError
                else:
                    self._changed.wait(LOOK_SECONDS)
                    self._raise_if_patient()
        return len(text)

    def flush(self) -> None:
        """Nothing to do: what is taken is written as soon as it can be."""

    def finish(
        self, stop: Callable[[], bool], say: Callable[[str], object] = lambda words: None, *, wait: bool = True
    ) -> None:
        """Let what waits be written, for as long as the reader needs, but LINGER_SECONDS from when ``stop`` says so.

        Without ``wait`` that is now. ``say`` is told that a reader is waited for. What is left then is given up, as
        ``notes`` say. A patient spool raises the OSError that writing has met.
        """
        began = time.monotonic()
        until = None if wait else began + LINGER_SECONDS
        said = not wait
        with self._changed:
            self._ended = True
            self._changed.notify_all()
            while self._busy and not self._over:
                now = time.monotonic()
                if until is None and stop():
                    until = now + LINGER_SECONDS
                if until is not None and now >= until:
                    break
                if not said and now - began >= SLOW_SECONDS:
                    said = True
                    say(f"waiting for the reader of {self._name} to take the last lines; Ctrl-C gives them up")
                self._changed.wait(LOOK_SECONDS if until is None else min(LOOK_SECONDS, until - now))
            self._over = True  # else a thread that is stuck would go on some day, with a descriptor that is another's
            self._raise_if_patient()
            if self._busy and not self.gone:
                left = self._left_out + sum(map(_count, filter(None, (*self._lines, self._rest))))
                self.lost = self._error is not None
                told = f"the last {left} lines could not be written"
                given_up = f"its reader did not take the last {left} lines; they are given up"
                self.notes.append(f"{self._name}: {told if self.lost else given_up}")

    @property
    def _busy(self) -> bool:
        return bool(self._lines or self._rest or self._left_out or self._writing_since is not None)

    def _raise_if_patient(self) -> None:
        if self.patient is not None and self._error is not None:
            raise self._error

    def _leave_out(self) -> None:
        """Drop what has waited longest, and say so when it begins."""
        if not self._slow and self._error is None and self.patient is None:
            self.notes.append(f"{self._name} is not read as fast as lines come: some are left out")
        self._slow = True
        while self._waiting > self._room // 2:
            lines = self._lines.popleft()
            self._waiting -= len(lines)
            self._left_out += _count(lines)
            self._all_left_out += _count(lines)

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._busy:
                    if self._ended:
                        self._over = True
                        return
                    self._changed.wait()
                chunk = self._rest or self._next()
                self._rest = chunk
                self._writing_since = time.monotonic()
            error = self._write_out()
            with self._changed:
                self._writing_since = None
                self._took(chunk, error)
                self._changed.notify_all()
                self._over |= self.gone or (error is not None and self._ended)
                if self._over:
                    return
                if error is not None:
                    self._changed.wait(RETRY_SECONDS)

    def _next(self) -> bytes:
        """The next lines, as many as are written at once."""
        chunk = b""
        if self._left_out:
            if self.omitted is not None:
                chunk = self.omitted(self._left_out).encode(self._encoding, "backslashreplace")
            self._left_out = 0
        size = FILE_BYTES if self._file else select.PIPE_BUF
        while self._lines and (not chunk or len(chunk) + len(self._lines[0]) <= size):
            lines = self._lines.popleft()
            self._waiting -= len(lines)
            chunk += lines
        if self._slow and self._waiting < self._room // 4:
            self._slow = False
            self.notes.append(f"{self._name} is read again; {self._all_left_out} lines were left out so far")
        return chunk

    def _write_out(self) -> OSError | None:
        """Write the chunk; returns what it failed of. Its rest is kept, so that no line is ever cut."""
        try:
            while self._rest:
                self._rest = self._rest[self._put(self._rest) :]
        except OSError as error:
            return error
        return None

    def _took(self, chunk: bytes, error: OSError | None) -> None:
        if isinstance(error, BrokenPipeError | ConnectionResetError):
            self.gone = True
            self._lines.clear()
            self._rest, self._waiting, self._left_out = b"", 0, 0
        elif error is not None:
            if self._error is None:
                self.notes.append(f"{self._name}: {error.strerror}; lines wait until it takes them again")
            self._error = OSError(error.errno, error.strerror, self._name)
        else:
            self._taken += _count(chunk)
            if self._error is not None:
                self.notes.append(f"{self._name} takes lines again; by their seq you see whether any are lost")
            self._error = None


def _count(lines: bytes) -> int:
    return max(lines.count(b"\n"), 1)


class _DescriptorPut:
    """Writes to a descriptor; waits for one that somebody has set not to block."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def __call__(self, chunk: bytes) -> int:
        while True:
            try:
                return os.write(self._descriptor, chunk)
            except BlockingIOError:
                poller = select.poll()
                poller.register(self._descriptor, select.POLLOUT)
                poller.poll()


class _StreamPut:
    """Writes to a text stream without a descriptor."""

    def __init__(self, stream: TextIO, encoding: str) -> None:
        self._stream, self._encoding = stream, encoding

    def __call__(self, chunk: bytes) -> int:
        self._stream.write(chunk.decode(self._encoding))
        self._stream.flush()
        return len(chunk)
