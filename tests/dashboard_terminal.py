"""Terminals for tests: pyte, an emulator of another hand, alone and on a pseudo-terminal with a real process."""

import os
import pty
import select
import struct
import subprocess
import termios
import time
from collections.abc import Callable
from fcntl import ioctl
from pathlib import Path
from typing import Any

import pyte
from dashboard_samples import viewer
from feeds import PATIENCE
from programs import on_terminal, started

from streammi.dashboard.drawing.glyphs import GlyphName
from streammi.dashboard.drawing.pens import Depth
from streammi.dashboard.screen import Screen
from streammi.records import Snapshot


class Television:
    """What a terminal shows of what the screen writes; each picture is held against the canvas."""

    def __init__(
        self,
        *snapshots: Snapshot,
        size: tuple[int, int] = (80, 24),
        glyphs: GlyphName = "braille",
        depth: Depth = "truecolor",
        readonly: bool = False,
        reports: bool = False,
    ) -> None:
        self.viewer = viewer(*snapshots, glyphs=glyphs, depth=depth, readonly=readonly, reports=reports)
        self.screen = Screen(self.viewer.pens)
        self.emulator = pyte.Screen(*size)
        self._stream = pyte.ByteStream(self.emulator)

    def resize(self, width: int, height: int) -> None:
        self.emulator.resize(height, width)
        self.screen.forget()

    def show(self) -> bytes:
        canvas = self.viewer.canvas(self.emulator.columns, self.emulator.lines)
        data = self.screen.frame(canvas)
        self._stream.feed(data)
        assert shown(self.emulator) == [line.rstrip() for line in canvas.lines()]
        return data

    def press(self, *keys: str) -> str:
        for key in keys:
            self.viewer.press(key)
        self.show()
        return self.text

    @property
    def text(self) -> str:
        return "\n".join(shown(self.emulator))


def shown(emulator: pyte.Screen) -> list[str]:
    """The rows; pyte keeps a wide character in one cell and leaves the next one empty, as ours do."""
    return [line.rstrip() for line in emulator.display]


def colours(emulator: pyte.Screen) -> list[tuple[str, str]]:
    """Foreground and background of each cell, row by row."""
    return [
        (emulator.buffer[y][x].fg, emulator.buffer[y][x].bg)
        for y in range(emulator.lines)
        for x in range(emulator.columns)
    ]


class Session:
    """``streammi`` on a pseudo-terminal, or another program, seen through pyte."""

    def __init__(
        self,
        words: list[str],
        width: int = 80,
        height: int = 24,
        folder: Path | None = None,
        *,
        before: str = "pass",
        program: str | None = None,
        **environment: str,
    ) -> None:
        self.emulator = pyte.Screen(width, height)
        self._stream = pyte.ByteStream(self.emulator)
        self.written = b""
        self.fd, terminal = pty.openpty()
        ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))
        plain = {"TERM": "xterm-256color", "LANG": "C.UTF-8", "LC_ALL": "", "NO_COLOR": "", "CI": ""}
        where: dict[str, Any] = {"env": os.environ | plain | environment, "cwd": folder}
        self.process = (
            started(*words, before=before, terminal=terminal, **where)
            if program is None
            else subprocess.Popen([program, *words], **on_terminal(terminal), **where)
        )
        os.close(terminal)
        self.pid = self.process.pid

    def read(self, seconds: float) -> bool:
        """Take in what is written for so long; False when the terminal was closed at the other end."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            if select.select([self.fd], [], [], left)[0]:
                try:
                    data = os.read(self.fd, 65536)
                except OSError:
                    return False
                self.written += data
                self._stream.feed(data)
        return True

    def until(self, words: str, seconds: float = PATIENCE, gone: bool = False) -> None:
        deadline = time.monotonic() + seconds
        while (words in self.text) == gone:
            assert time.monotonic() < deadline, self.text
            self.read(0.02)

    def until_written(self, code: bytes, start: int = 0, seconds: float = PATIENCE) -> None:
        """Wait for what is written to the terminal from byte ``start`` on, wherever the cursor is."""
        deadline = time.monotonic() + seconds
        while code not in self.written[start:]:
            assert time.monotonic() < deadline, self.text
            self.read(0.02)

    def until_titled(self, right: Callable[[str], bool]) -> None:
        """Wait for a title of the window."""
        deadline = time.monotonic() + PATIENCE
        while not right(self.emulator.title):
            assert time.monotonic() < deadline, self.emulator.title
            self.read(0.02)

    @property
    def text(self) -> str:
        return "\n".join(shown(self.emulator))

    def resize(self, width: int, height: int) -> None:
        self.emulator.resize(height, width)
        ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))

    def type(self, keys: str) -> None:
        os.write(self.fd, keys.encode())

    def end(self) -> int:
        """What it ends with, once it does."""
        deadline = time.monotonic() + PATIENCE
        while (status := self.process.poll()) is None:
            assert time.monotonic() < deadline, "it did not end"
            self.read(0.05)
        self.read(0.05)
        os.close(self.fd)
        return int(status)

    @property
    def restored(self) -> bool:
        """Whether the terminal was given back: the ordinary screen, a cursor, wrapping."""
        tail = self.written[self.written.rfind(b"\x1b[?1049h") :]
        return all(code in tail for code in (b"\x1b[?1049l", b"\x1b[?25h", b"\x1b[?7h"))
