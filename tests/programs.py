"""``streammi`` as a process of its own: forked off tests/fork_server.py where that runs, as for the whole suite."""

import contextlib
import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import termios
from pathlib import Path
from threading import Thread
from typing import IO, Any, Self

SERVER = "STREAMMI_FORK_SERVER"  # where it listens, in the environment
STREAMS = ("stdin", "stdout", "stderr")
# What most ask for: its lines as text, and its messages or not.
BOTH: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
LINES: dict[str, Any] = BOTH | {"stderr": subprocess.DEVNULL}


def until_ready() -> None:
    """Wait until the server has imported and compiled what it has to."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as link:
        link.connect(os.environ[SERVER])
        link.shutdown(socket.SHUT_WR)
        link.recv(1)


def started(*words: str, before: str = "pass", text: bool = False, terminal: int | None = None, **how: Any) -> Any:
    """``streammi`` with these words, warnings being errors; ``before`` runs first, and the rest is as for Popen.

    With a ``terminal`` its streams are that, and it leads a session there.
    """
    if place := os.environ.get(SERVER):
        how |= dict.fromkeys(STREAMS, terminal) if terminal is not None else {}
        return Forked(place, words, before, text, terminal=terminal is not None, **how)
    how |= on_terminal(terminal) if terminal is not None else {}
    code = f"{before}\nfrom streammi.__main__ import main\nmain()"
    return subprocess.Popen([sys.executable, "-W", "error", "-c", code, *words], text=text, **how)


def on_terminal(terminal: int) -> dict[str, Any]:
    """What Popen is told, for a process that is to lead a session on a terminal."""
    streams: dict[str, Any] = dict.fromkeys(STREAMS, terminal)
    return streams | {
        "start_new_session": True,
        "preexec_fn": lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    }


class Forked:
    """What Popen is for a process that it has begun, for one that the server was asked for."""

    stdin: IO[Any] | None
    stdout: IO[Any] | None
    stderr: IO[Any] | None

    def __init__(
        self,
        place: str,
        words: tuple[str, ...],
        before: str,
        text: bool,
        *,
        terminal: bool = False,
        env: dict[str, str] | None = None,
        cwd: Path | str | None = None,
        **streams: Any,
    ) -> None:
        self.args, self.returncode, self._text = words, None, text
        order = {
            "words": words,
            "before": before,
            "terminal": terminal,
            "folder": str(cwd or Path.cwd()),
            "environment": {**(env or os.environ)},
        }
        self._link = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._link.connect(place)
        with contextlib.ExitStack() as ends:
            theirs = [self._end(name, streams.pop(name, None), ends) for name in STREAMS]
            assert not streams
            socket.send_fds(self._link, [json.dumps(order).encode()], theirs)
        self.pid = self._told(None)

    def _end(self, name: str, asked: Any, ends: contextlib.ExitStack) -> int:
        """The process' end of a stream; ours is kept where there is to be a pipe between the two."""
        setattr(self, name, None)
        if asked == subprocess.PIPE:
            reads, writes = os.pipe()
            ours, theirs = (writes, reads) if name == "stdin" else (reads, writes)
            mode = ("w" if name == "stdin" else "r") + ("" if self._text else "b")
            setattr(self, name, open(ours, mode, encoding="utf-8" if self._text else None))  # noqa: SIM115
        elif asked == subprocess.DEVNULL:
            theirs = os.open(os.devnull, os.O_RDWR)
        else:
            number = STREAMS.index(name) if asked is None else asked
            return int(number if isinstance(number, int) else number.fileno())
        ends.callback(os.close, theirs)
        return theirs

    def _told(self, timeout: float | None) -> int:
        """The next number that the server says; TimeoutExpired."""
        self._link.settimeout(timeout)
        try:
            number = self._link.recv(64)
        except TimeoutError:
            raise subprocess.TimeoutExpired(self.args, timeout or 0.0) from None
        except BlockingIOError:
            raise subprocess.TimeoutExpired(self.args, 0.0) from None
        if not number:
            raise RuntimeError("the server that forks processes has ended")
        return int(number)

    def wait(self, timeout: float | None = None) -> int:
        if self.returncode is None:
            self.returncode = self._told(timeout)
            self._link.close()
        return self.returncode

    def poll(self) -> int | None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.wait(0.0)
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):  # it ends at this moment
                os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def communicate(self, given: Any = None, timeout: float | None = None) -> tuple[Any, Any]:
        said: dict[str, Any] = {}

        def read(name: str, stream: IO[Any]) -> None:
            with stream:
                said[name] = stream.read()

        readers = [
            Thread(target=read, args=(name, stream), daemon=True)
            for name in STREAMS[1:]
            if (stream := getattr(self, name)) is not None and not stream.closed
        ]
        for reader in readers:
            reader.start()
        if self.stdin is not None and not self.stdin.closed:
            with contextlib.suppress(BrokenPipeError), self.stdin as stdin:
                if given is not None:
                    stdin.write(given)
        self.wait(timeout)
        for reader in readers:
            reader.join()
        return said.get("stdout"), said.get("stderr")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for name in STREAMS:
            if (stream := getattr(self, name)) is not None:
                with contextlib.suppress(BrokenPipeError):
                    stream.close()
        self.wait()
