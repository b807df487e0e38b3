"""When to end: a signal, or the end of the time asked for, as something that a loop can poll."""

import signal
import socket
import time
from collections.abc import Callable
from types import FrameType
from typing import Self


class Stop:
    """SIGINT and SIGTERM as something to poll: ``requested`` turns true, ``status`` is the exit status it asks for."""

    def __init__(self, deadline: float | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self.status = 0
        self._clock = clock
        self._deadline = None if deadline is None else clock() + deadline
        self._caught = False
        self._reader, self._writer = socket.socketpair()
        self._previous: dict[int, object] = {}

    @property
    def requested(self) -> bool:
        """Whether it is time to end: by a signal, or because the time asked for is over."""
        return self._caught or (self._deadline is not None and self._clock() >= self._deadline)

    def fileno(self) -> int:
        """Becomes readable when a signal arrives."""
        return self._reader.fileno()

    def drain(self) -> None:
        """Take note of what woke the loop, so that it can sleep again."""
        try:
            while self._reader.recv(64):
                pass
        except BlockingIOError:
            return

    def __enter__(self) -> Self:
        self._reader.setblocking(False)
        self._writer.setblocking(False)
        self._wakeup = signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)
        self._previous = {number: signal.signal(number, self._catch) for number in (signal.SIGINT, signal.SIGTERM)}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)  # type: ignore[arg-type]
        signal.set_wakeup_fd(self._wakeup)
        self._reader.close()
        self._writer.close()

    def _catch(self, number: int, _: FrameType | None) -> None:
        self._caught = True
        self.status = 128 + number
