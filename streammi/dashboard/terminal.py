"""The real terminal: taken over, given back, and never waited for.

The device is opened anew, so that making it non-blocking does not leak into the shell or into other programs that
share this one's standard streams.
"""

import errno
import fcntl
import os
import select
import struct
import sys
import termios
import tty
from types import TracebackType
from typing import Any, Self

from streammi.errors import ConfigError

# Alternate screen, no cursor, no wrap at the last column, pasted text told from keys; and back. A fresh state of
# attributes at both ends.
_ENTER = b"\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[?2004h\x1b[0m\x1b[2J"
_LEAVE = b"\x1b[?2026l\x1b[0m\x1b[?2004l\x1b[?7h\x1b[?25h\x1b[?1049l"
ASK_BACKGROUND = b"\x1b]11;?\x1b\\"
READ_SIZE = 4096
_GONE = (errno.EIO, errno.EPIPE, errno.ENXIO)
PATIENCE = 0.5  # s that a stopped terminal is given to take its last bytes


class Terminal:
    """A terminal by file descriptor; as a context it is in cbreak mode on its alternate screen."""

    def __init__(self, fd: int, *, ask_background: bool = False) -> None:
        self._fd = fd
        self._question = ASK_BACKGROUND if ask_background else b""
        os.set_blocking(fd, False)
        self._modes: list[Any] | None = None
        self._pending = b""

    @classmethod
    def open(cls, *, ask_background: bool = False) -> Self:
        """Open the terminal that standard output is; raise ConfigError when there is none.

        With ``ask_background`` it is asked for the colour of its ground; the answer comes among the keys, if ever.
        """
        flags = os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK
        try:
            fd = os.open(os.ttyname(sys.stdout.fileno()), flags)
        except OSError:  # a pseudo-terminal of another mount namespace has no name here, but is /dev/tty
            try:
                fd = os.open("/dev/tty", flags)
            except OSError as error:
                rule = f"jsonl or plain where there is no terminal ({error.strerror})"
                raise ConfigError("--output", rule, "tui") from None
        return cls(fd, ask_background=ask_background)

    def fileno(self) -> int:
        """The descriptor: poll it for keys, and for writing while ``busy``."""
        return self._fd

    @property
    def size(self) -> tuple[int, int]:
        """Columns and rows; 80 x 24 where the terminal does not know."""
        rows, columns, _, _ = struct.unpack("HHHH", fcntl.ioctl(self._fd, termios.TIOCGWINSZ, bytes(8)))
        return (columns, rows) if columns and rows else (80, 24)

    @property
    def busy(self) -> bool:
        """True if part of the last frame is still to be written: until then there is no next one."""
        return bool(self._pending)

    def write(self, frame: bytes) -> bool:
        """Write what the terminal takes now; ``flush`` writes the rest. False: the terminal is gone."""
        self._pending += frame
        return self.flush()

    def flush(self) -> bool:
        """Write more of what is pending, without waiting. False: the terminal is gone."""
        while self._pending:
            try:
                written = os.write(self._fd, self._pending)
            except BlockingIOError:
                return True
            except OSError as error:
                if error.errno not in _GONE:
                    raise
                self._pending = b""
                return False
            self._pending = self._pending[written:]
        return True

    def read(self) -> bytes | None:
        """The bytes that were typed, b"" when nothing was, None when the terminal is gone."""
        try:
            return os.read(self._fd, READ_SIZE) or None
        except BlockingIOError:
            return b""
        except OSError as error:
            if error.errno in _GONE:
                return None
            raise

    def enter(self) -> None:
        """Take the terminal over, or over again; it will be given back as it was at first."""
        if self._modes is None:
            self._modes = termios.tcgetattr(self._fd)
        tty.setcbreak(self._fd, termios.TCSANOW)
        self.write(_ENTER + self._question)

    def leave(self) -> None:
        """Give the terminal back as it was; what was pending is dropped. A terminal that is gone stays gone."""
        if self._modes is None:
            return
        modes, self._modes = self._modes, None
        # CAN ends the escape sequence that a dropped rest may have left open.
        last, self._pending = (b"\x18" if self._pending else b"") + _LEAVE, b""
        try:
            if self._question:
                termios.tcflush(self._fd, termios.TCIFLUSH)  # an answer that comes now would be typed into the shell
            self.write(last)
            if self.busy and select.select([], [self._fd], [], PATIENCE)[1]:
                self.flush()
            termios.tcsetattr(self._fd, termios.TCSANOW, modes)
        except (OSError, termios.error):
            return

    def close(self) -> None:
        """Give the terminal back and close the descriptor."""
        self.leave()
        os.close(self._fd)

    def __enter__(self) -> Self:
        self.enter()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.leave()
