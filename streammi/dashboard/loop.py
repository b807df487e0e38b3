"""The view as it runs: snapshots, keys, signals and the clock in; frames out, as many as the terminal takes."""

import os
import signal
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Final

import zmq

from streammi.dashboard import save, view
from streammi.dashboard.canvas import Canvas
from streammi.dashboard.capabilities import Look
from streammi.dashboard.keys import BINDINGS, WAIT, Keys
from streammi.dashboard.screen import Screen
from streammi.dashboard.source import Source
from streammi.dashboard.state import State, act, seen
from streammi.dashboard.terminal import Terminal
from streammi.dashboard.theme import Pens, Theme, make_theme
from streammi.records import Snapshot
from streammi.stop import Stop

IDLE_SECONDS: Final = 0.5  # between two looks at what changes by itself: a clock, a link
_BY_KEY: Final = {key: binding for binding in BINDINGS for key in binding.keys}


class ViewLoop:
    """One view on one terminal."""

    def __init__(
        self,
        source: Source,
        terminal: Terminal,
        look: Look,
        *,
        max_fps: float,
        readonly: bool,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._source, self._terminal, self._look, self._clock = source, terminal, look, clock
        self._pens = Pens(look.depth)
        self._screen = Screen(self._pens)
        self._keys = Keys()
        self._interval, self._readonly = 1.0 / max_fps, readonly
        self._state = State(palette=look.palette)
        self._theme = self._themed()
        self._received: dict[str, Snapshot] = {}
        self._frozen: list[Snapshot] = []
        self._quit = False
        self._resized = False
        self._dirty = True
        self._drawn = -1.0  # when, by the monotonic clock

    def run(self, stop: Stop, ended: Callable[[], bool]) -> None:
        """Show until q, a signal, a closed terminal, or the end of what it shows."""
        poller = zmq.Poller()
        poller.register(self._source.socket, zmq.POLLIN)
        poller.register(stop.fileno(), zmq.POLLIN)
        handlers = {signal.SIGWINCH: self._on_resize, signal.SIGTSTP: self._on_suspend, signal.SIGHUP: self._on_hangup}
        previous = {number: signal.signal(number, handler) for number, handler in handlers.items()}
        try:
            while not (self._quit or stop.requested or ended()):
                poller.register(self._terminal.fileno(), zmq.POLLIN | (zmq.POLLOUT if self._terminal.busy else 0))
                poller.poll(round(self._wait() * 1000))
                stop.drain()
                self._turn()
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)

    def _wait(self) -> float:
        if self._keys.waiting:
            return WAIT
        if self._dirty and not self._terminal.busy:
            return max(self._drawn + self._interval - time.monotonic(), 0.0)
        return IDLE_SECONDS

    def _turn(self) -> None:
        typed = self._terminal.read()
        if typed is None:  # the terminal has gone
            self._quit = True
            return
        for key in self._keys.feed(typed, time.monotonic()):
            self._press(key)
        snapshots = self._source.snapshots()
        if snapshots:
            self._received |= {snapshot.pair: snapshot for snapshot in snapshots}
            self._state = seen(self._state, snapshots)
            self._dirty = True
        self._terminal.flush()
        due = time.monotonic() - self._drawn >= self._interval
        if self._resized:
            self._resized, due, self._dirty = False, True, True
            self._screen.forget()
        if (self._dirty or time.monotonic() - self._drawn > IDLE_SECONDS) and due and not self._terminal.busy:
            self._draw()

    def _snapshots(self) -> list[Snapshot]:
        if self._state.frozen_at is not None:
            return self._frozen
        return [self._received[pair] for pair in sorted(self._received)]

    def _draw(self) -> None:
        self._terminal.write(self._screen.frame(self._canvas()))
        self._drawn, self._dirty = time.monotonic(), False

    def _canvas(self) -> Canvas:
        width, height = self._terminal.size
        waiting = f"waiting for readings from {self._source.endpoint}"
        return view.draw(self._snapshots(), self._state, self._theme, width, height, waiting, self._clock())

    def _press(self, key: str) -> None:
        binding = _BY_KEY.get(key)
        if binding is None or (self._readonly and binding.changes):
            return
        snapshots = self._snapshots()
        if binding.action == "quit":
            self._quit = True
        elif binding.action == "redraw":
            self._screen.forget()
        elif binding.action == "save":
            self._save(snapshots)
        elif binding.action in ("light", "dark"):
            self._look = replace(self._look, background=binding.action)
        else:
            panels = view.shown_panels(snapshots[self._state.pair % len(snapshots)]) if snapshots else ()
            if binding.action == "freeze" and self._state.frozen_at is None:
                self._frozen = snapshots
            self._state = act(self._state, binding.action, key, snapshots, panels, self._clock())
        self._theme = self._themed()
        self._dirty, self._drawn = True, -1.0  # a key is answered at once

    def _themed(self) -> Theme:
        return make_theme(self._look.glyphs, self._pens, self._look.background, self._state.palette)

    def _save(self, snapshots: list[Snapshot]) -> None:
        stem = time.strftime("streammi-%Y%m%d-%H%M%S", time.localtime(self._clock()))
        try:
            written = save.save(Path.cwd(), stem, self._canvas(), self._theme, snapshots)
            message = "saved " + " and ".join(path.name for path in written)
        except OSError as error:
            message = f"not saved: {error.strerror} ({Path.cwd()})"
        self._state = replace(self._state, message=message)

    def _on_resize(self, number: int, frame: FrameType | None) -> None:
        self._resized = True

    def _on_hangup(self, number: int, frame: FrameType | None) -> None:
        self._quit = True

    def _on_suspend(self, number: int, frame: FrameType | None) -> None:
        """Give the terminal back, stop, and take it over again when continued."""
        self._terminal.leave()
        os.kill(os.getpid(), signal.SIGSTOP)
        self._terminal.enter()
        self._resized = True
