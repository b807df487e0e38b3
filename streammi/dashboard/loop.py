"""The view as it runs: snapshots, keys, signals and the clock in; frames out, as many as the terminal takes.

Nothing here waits for the terminal. While it does not take what was written, no further frame is made; the next one
is the newest then, so a slow terminal sees fewer frames and never old ones, and the memory is that of one frame.
"""

import os
import signal
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from queue import SimpleQueue
from types import FrameType
from typing import Final, Protocol

import zmq

from streammi.dashboard.drawing.cells import printable
from streammi.dashboard.keys import WAIT, Keys
from streammi.dashboard.screen import Screen
from streammi.dashboard.terminal import Terminal
from streammi.dashboard.viewer import Viewer
from streammi.publish.shown import Said
from streammi.records import LinkState, Snapshot
from streammi.system.signals import Stop

LOOK_SECONDS: Final = 0.5  # between two looks at whether what is shown has ended, when nothing comes

_HANDLED: Final = (signal.SIGWINCH, signal.SIGTSTP, signal.SIGCONT, signal.SIGHUP)


class SnapshotFeed(Protocol):
    """Where the snapshots of a monitor come from."""

    @property
    def socket(self) -> zmq.Socket[bytes]:
        """The socket that becomes readable when there is news."""

    @property
    def link(self) -> LinkState:
        """How the connection is, as of the last ``said``."""

    @property
    def note(self) -> str:
        """Why there is no connection; empty when there is nothing to say."""

    @property
    def waiting(self) -> bool:
        """True if more waits than came with the last ``said``."""

    def said(self) -> list[Said]:
        """The newest of each pair, of many channels and of each device since the last call, without waiting."""

    def ask_for(self, pair: str | None) -> None:
        """Ask a monitor of many for the snapshots of one pair or device; None: of none any more."""


class ViewLoop:
    """One view on one terminal, of one monitor or several."""

    def __init__(
        self,
        feeds: Sequence[SnapshotFeed],
        terminal: Terminal,
        viewer: Viewer,
        *,
        max_fps: float = 10.0,
        folder: Path | None = None,
        bell: bool = False,
        ask_report: Callable[[], str] = lambda: "",
        make_page: Callable[[Snapshot, Path], str] = lambda snapshot, folder: "",
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._feeds, self._terminal, self._viewer, self._clock = feeds, terminal, viewer, clock
        self._wall = wall
        self._screen, self._keys = Screen(viewer.pens), Keys()
        self._interval, self._folder = 1.0 / max_fps, folder or Path.cwd()
        self._bell, self._title = bell, ""
        self._ask_report = ask_report  # answers where the report will be, in words
        self._make_page = make_page  # answers where the page is
        self._answers: SimpleQueue[str] = SimpleQueue()  # of what is made beside the drawing
        self._making = False
        self._over = self._dirty = self._urgent = False
        self._drawn = -self._interval
        self._signals: set[int] = set()  # that came since the last turn

    def run(self, stop: Stop, ended: Callable[[], bool] = lambda: False) -> None:
        """Show until q, a signal, a closed terminal, or the end of what is shown."""
        poller = zmq.Poller()
        for feed in self._feeds:
            poller.register(feed.socket, zmq.POLLIN)
        poller.register(stop.fileno(), zmq.POLLIN)
        stop.answer(self._report)
        previous = {number: signal.signal(number, self._note) for number in _HANDLED}
        self._dirty = self._urgent = True
        try:
            while not (self._over or stop.requested or ended()):
                poller.register(self._terminal.fileno(), zmq.POLLIN | (zmq.POLLOUT if self._terminal.busy else 0))
                poller.poll(max(0, round(self._wait() * 1000)))
                stop.drain()
                self._heed_signals()
                self._turn()
        finally:
            self._show_title("")
            for number, handler in previous.items():
                signal.signal(number, handler)

    def _wait(self) -> float:
        if any(feed.waiting for feed in self._feeds):
            return 0.0
        if self._keys.waiting:
            return WAIT
        if self._dirty and not self._terminal.busy:
            return 0.0 if self._urgent else self._drawn + self._interval - self._clock()
        return LOOK_SECONDS

    def _turn(self) -> None:
        typed = self._terminal.read()
        if typed is None or not self._terminal.flush():
            self._over = True  # the terminal has gone
            return
        for key in self._keys.feed(typed, self._clock()):
            self._press(key)
        self._dirty |= self._viewer.tick(self._wall())
        if self._making and not self._answers.empty():
            self._making = False
            self._answer(self._answers.get())
        for monitor, feed in enumerate(self._feeds):
            self._dirty |= self._viewer.receive(feed.said(), monitor)
            self._dirty |= self._viewer.connect(feed.link, feed.note, monitor)
            feed.ask_for(self._viewer.opened(monitor))
        if self._bell:
            self._ring()
        due = self._urgent or self._clock() - self._drawn >= self._interval
        if self._dirty and due and not self._terminal.busy:
            self._draw()

    def _ring(self) -> None:
        """The bell for a new alarm, and the alarm as the terminal's title until it is acknowledged."""
        if self._viewer.rang():
            self._terminal.write(b"\a")
        words = self._viewer.alarm_words
        self._show_title(f"{words[0]} - streammi" if words else "")

    def _show_title(self, title: str) -> None:
        """Give the terminal a title, its own one for none: terminals that know it keep that (XTWINOPS 22 and 23)."""
        if title == self._title:
            return
        kept = "\x1b[22;2t" if not self._title else ""
        self._title = title
        written = f"{kept}\x1b]2;{printable(title)}\x07" if title else "\x1b]2;\x07\x1b[23;2t"
        self._terminal.write(written.encode())

    def _draw(self) -> None:
        self._dirty = self._urgent = False
        self._drawn = self._clock()
        if not self._terminal.write(self._screen.frame(self._viewer.canvas(*self._terminal.size))):
            self._over = True

    def _press(self, key: str) -> None:
        action = self._viewer.press(key)
        if action is None:
            return
        self._dirty = self._urgent = True  # a key is answered at once, whatever the frame rate
        if action == "quit":
            self._over = True
        elif action == "redraw":
            self._screen.forget()
        elif action == "save":
            self._viewer.show_message(self._save())
        elif action == "report":
            self._report()
        elif action == "page":
            self._draw_page()

    def _report(self) -> None:
        self._answer(self._ask_report())

    def _answer(self, words: str) -> None:
        self._viewer.show_message(words)
        self._dirty = self._urgent = True

    def _draw_page(self) -> None:
        """Have a page made of what is shown: beside the drawing, as that takes seconds, and nobody waits for it."""
        snapshot = self._viewer.scene().snapshot
        if snapshot is None or self._making:
            return
        self._making = True
        self._answer("report: being made")
        threading.Thread(target=self._page_of, args=(snapshot,), name="report", daemon=True).start()

    def _page_of(self, snapshot: Snapshot) -> None:
        words = "report: not made, by a defect of ours: see the log"
        try:
            words = self._make_page(snapshot, self._folder)
        finally:
            self._answers.put(words)

    def _save(self) -> str:
        from streammi.dashboard import picture_files  # Rich's console takes 70 ms to load: only who saves waits for it

        try:
            written = picture_files.save(self._folder, self._viewer, self._terminal.size)
        except OSError as error:
            return f"not saved: {error.strerror} ({self._folder})"
        if not written:
            return "nothing to save yet"
        return f"saved {written[0].stem} as " + ", ".join(path.suffix[1:] for path in written)

    def _note(self, number: int, frame: FrameType | None) -> None:
        """Only note the signal: it may come in the middle of a frame. It also wakes the loop, through ``Stop``."""
        self._signals.add(number)

    def _heed_signals(self) -> None:
        signals, self._signals = self._signals, set()
        if signal.SIGHUP in signals:
            self._over = True
        elif signal.SIGTSTP in signals:
            self._suspend()
        elif signal.SIGCONT in signals:
            self._terminal.enter()  # stopped by what cannot be caught: others may have used the terminal meanwhile
        if signals:
            self._screen.forget()
            self._dirty = self._urgent = True

    def _suspend(self) -> None:
        """Give the terminal back, stop as the shell expects, and take it over again when continued."""
        self._terminal.leave()
        signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGTSTP)  # returns when continued
        signal.signal(signal.SIGTSTP, self._note)
        self._terminal.enter()
