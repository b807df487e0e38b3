"""The test of every pair of many channels, beside the loop that counts: it takes as long as eight matrices or more."""

from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from streammi.core.channels.channel_window import ChannelWindow
from streammi.core.channels.significance import Significance
from streammi.records import codec
from streammi.records.codec import State


class PairTester:
    """Tests every pair of a copy of the window, once a window's rows, in a thread of its own.

    When it is done is a matter of chance, so what was found counts from ``take`` on alone, which waits for it: who
    records when that was, and calls it there again, says the same. ``at_once``: it is waited for where it begins.
    """

    def __init__(self, *, at_once: bool = False) -> None:
        self._at_once = at_once
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="significance")
        self._running: tuple[ChannelWindow, Future[Significance]] | None = None
        self._tested_at = 0  # rows
        self.newest: Significance | None = None

    @property
    def done(self) -> bool:
        """True if there is something to take without waiting."""
        return self._running is not None and self._running[1].done()

    def look(self, window: ChannelWindow) -> None:
        """Begin where nothing is being tested, and the window's rows are others than those that were."""
        if self._running is None and window.fill >= 1 and window.rows - self._tested_at >= window.n:
            self._tested_at = window.rows
            self._begin(window.copy())
            if self._at_once:
                self.take()

    def take(self) -> None:
        """Take in what is being tested, once it is done; nothing where nothing is."""
        if self._running is not None:
            self.newest, self._running = self._running[1].result(), None

    def close(self) -> None:
        """End, once what is being tested is done."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def state(self) -> State:
        """Plain values and arrays that ``restore`` takes; the window that is being tested is among them."""
        newest, running = self.newest, self._running
        arrays: list[NDArray[Any]] = [] if newest is None else [newest.p, newest.q, newest.shifts]
        plain = {"tested_at": self._tested_at, "untested": None if newest is None else newest.untested}
        parts: dict[str, State] = {"newest": (plain, arrays)}
        if running is not None:
            parts["running"] = running[0].state()
        return codec.joined(parts)

    def restore(self, state: State) -> None:
        """Take up a saved state: what was being tested is tested anew, and found the same."""
        parts = codec.parts_of(state)
        plain, arrays = parts["newest"]
        self._tested_at = plain["tested_at"]
        if plain["untested"] is not None:
            p, q, shifts = arrays
            self.newest = Significance(p, q, shifts.astype(np.int64), plain["untested"])
        if "running" in parts:
            self._begin(ChannelWindow.from_state(*parts["running"]))

    def _begin(self, window: ChannelWindow) -> None:
        self._running = window, self._pool.submit(window.significance)
