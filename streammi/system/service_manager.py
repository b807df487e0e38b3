"""Messages to the service manager that started this program: that it is ready, how it is, and that it lives.

The protocol of sd_notify(3): a datagram of lines to the socket that the environment names. Without one all of this does
nothing.
"""

import os
import re
import socket
from collections.abc import Callable, Mapping
from typing import Final

STATUS_SECONDS: Final = 10.0  # between two that nothing asks for


class Notifier:
    """Tells the service manager named in ``environment``; ``notes`` say what of it makes no sense, or fails."""

    def __init__(self, environment: Mapping[str, str], pid: int) -> None:
        self.notes: list[str] = []
        self._socket: socket.socket | None = None
        self._due = 0.0
        watched = environment.get("WATCHDOG_PID", str(pid)) == str(pid)
        timeout_s = self._timeout(environment.get("WATCHDOG_USEC")) if watched else None
        self._every = STATUS_SECONDS if timeout_s is None else min(timeout_s / 2, STATUS_SECONDS)  # half, by the manual
        address = environment.get("NOTIFY_SOCKET", "")
        if address and address[0] not in "/@":
            self.notes.append(f"NOTIFY_SOCKET is no path of a socket, nor an abstract name: {address}")
        elif address:
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
            try:
                self._socket.connect(address.replace("@", "\0", 1) if address[0] == "@" else address)
            except OSError as error:
                self._give_up(error)

    def ready(self) -> None:
        """Everything is bound and compiled, and the feed is being connected to."""
        self._send("READY=1")

    def alive(self, now: float, status: Callable[[], str]) -> None:
        """The loop has turned, by a clock that only goes forward, s; ``status`` is one line for a person."""
        if self._socket is not None and now >= self._due:
            self._due = now + self._every
            self._send(f"WATCHDOG=1\nSTATUS={status()}")

    def stopping(self) -> None:
        """It ends in order."""
        self._send("STOPPING=1")

    def close(self) -> None:
        """Close the socket."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _timeout(self, microseconds: str | None) -> float | None:
        """The watchdog's patience, s; None where there is none."""
        if microseconds is None:
            return None
        # As sd_watchdog_enabled(3) reads it: a whole number that is neither 0 nor the largest, which is "infinity".
        if re.fullmatch("[0-9]{1,20}", microseconds) and 0 < int(microseconds) < (1 << 64) - 1:
            return int(microseconds) / 1e6
        self.notes.append(f"WATCHDOG_USEC is no number of microseconds: {microseconds}")
        return None

    def _send(self, lines: str) -> None:
        if self._socket is None:
            return
        try:
            self._socket.send(lines.encode(), socket.MSG_DONTWAIT)
        except BlockingIOError:  # the manager is busy: the next one comes soon, and a watchdog allows for one lost
            return
        except OSError as error:
            self._give_up(error)

    def _give_up(self, error: OSError) -> None:
        self.notes.append(f"the service manager cannot be told anything ({error.strerror or error})")
        self.close()


def notifier() -> Notifier:
    """That of this process."""
    return Notifier(os.environ, os.getpid())
