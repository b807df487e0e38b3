"""When to end: a signal, or the end of the time asked for, as something that a loop can poll."""

import os
import signal
import socket
import time
from collections.abc import Callable, Mapping
from types import FrameType
from typing import Final, Self

from streammi.errors import ConfigError

PARENT: Final = "STREAMMI_PARENT"  # names the process that this one was started beside


def parent_of(environment: Mapping[str, str]) -> int | None:
    """The process that this one was started beside, if it was; ConfigError for what names none."""
    given = environment.get(PARENT)
    if given is None:
        return None
    if not (given.isascii() and given.isdigit()):
        raise ConfigError(PARENT, "the number of a process", given)
    return int(given)


def hold_signals() -> None:
    """Have signals do what is documented until a ``Stop`` takes them.

    SIGUSR1 waits, for this process and for those that it starts. Ctrl-C ends the process at once and in silence, as it
    does a program in C: Python's own handler would raise out of some import, with a traceback.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # else it is ignored, as behind a script's &
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGUSR1,))


class Stop:
    """SIGINT and SIGTERM as something to poll: ``requested`` turns true, ``status`` is the exit status it asks for.

    From ``answer`` on SIGUSR1 is answered with a report where ``requested`` is looked at: never in the middle of
    something. With ``stdin`` a signal to end is the end of standard input, too: who waits for more of it is not to be
    woken otherwise, as Python takes up again what a signal interrupts. With ``service`` SIGHUP ends it in order as
    well, unless it is ignored; and a second signal to end, while a long start still goes on, ends the process at once.
    """

    def __init__(
        self,
        deadline: float | None = None,
        clock: Callable[[], float] = time.monotonic,
        parent: int | None = None,
        *,
        stdin: bool = False,
        service: bool = False,
    ) -> None:
        self.status = 0
        self._clock = clock
        self._deadline: float | None = None
        self.end_after(deadline)
        self._caught = self._asked = False
        self._stdin, self._service = stdin, service
        self._report: Callable[[], object] | None = None
        self._parent = parent  # the process that started this one beside itself: when that has died, so do we
        self._reader, self._writer = socket.socketpair()
        self._previous: dict[int, object] = {}
        self._held: set[signal.Signals | int] | None = None

    @property
    def requested(self) -> bool:
        """True if it is time to end: by a signal, because the time asked for is over, or because we are left alone.

        Who asked for a report gets it now.
        """
        if self._asked and self._report is not None:
            self._asked = False
            self.drain()
            self._report()
        late = self._deadline is not None and self._clock() >= self._deadline
        return self._caught or late or (self._parent is not None and os.getppid() != self._parent)

    def end_after(self, seconds: float | None) -> None:
        """End so many seconds from now; None: do not."""
        self._deadline = None if seconds is None else self._clock() + seconds

    def answer(self, report: Callable[[], object]) -> None:
        """Have ``report`` called for SIGUSR1 from now on, also for one that came while it was held back."""
        self._report = report
        self._previous[signal.SIGUSR1] = signal.signal(signal.SIGUSR1, self._catch_report)
        self._held = signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGUSR1,))

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
        if self._service and signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # as nohup has it
            self._previous[signal.SIGHUP] = signal.signal(signal.SIGHUP, self._catch)
        return self

    def __exit__(self, *_: object) -> None:
        if self._held is not None:
            signal.pthread_sigmask(signal.SIG_SETMASK, self._held)
        for number, handler in self._previous.items():
            signal.signal(number, handler)  # type: ignore[arg-type]
        signal.set_wakeup_fd(self._wakeup)
        self._reader.close()
        self._writer.close()

    def _catch(self, number: int, _: FrameType | None) -> None:
        if self._caught and self._service:
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
        self._caught = True
        self.status = 128 + number
        if self._stdin:
            with open(os.devnull, "rb") as nothing:
                os.dup2(nothing.fileno(), 0)

    def _catch_report(self, number: int, _: FrameType | None) -> None:
        self._asked = True
