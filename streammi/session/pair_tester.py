"""The test of every pair of many channels, beside the loop that counts: it takes as long as eight matrices or more."""

import time
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from streammi.core.channels.analysis import matrices_of
from streammi.core.channels.channel_window import ChannelWindow
from streammi.core.conditional.indirect import explained_by
from streammi.publish.matrices import indirect_of
from streammi.records import FloatArray, IntArray, codec
from streammi.records.codec import State

SHARE: Final = 0.1  # of a core: of 1,000 channels a test takes seconds, and comes that much more seldom


class Tested(NamedTuple):
    """The findings of a test: ``p`` and ``q`` of each pair, (C, C), or why there are none.

    ``indirect`` holds the pairs that depend only through a third channel, by number, and that channel's, (k, 2).
    """

    p: FloatArray | None
    q: FloatArray | None
    untested: str
    indirect: IntArray
    seconds: float = 0.0  # of a core that it took


class PairTester:
    """Tests every pair of a copy of the window, once a window's rows, in a thread of its own.

    The pairs that count at the rate ``fdr`` are looked at for a third channel that explains them. When it is done is a
    matter of chance, so what was found counts from ``take`` on alone, which waits for it, and it rests until ``take``
    comes once more: who records when that was, and calls it there again, says the same. ``at_once``: it is waited for
    where it begins, and never rests.
    """

    def __init__(self, fdr: float, *, at_once: bool = False, device: str | None = None) -> None:
        self._fdr, self._at_once, self._device = fdr, at_once, device
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="significance")
        self._running: tuple[ChannelWindow, Future[Tested]] | None = None
        self._tested_at = 0  # rows
        self._resting, self._rest_until = False, 0.0  # by the machine's own clock
        self.newest: Tested | None = None

    @property
    def done(self) -> bool:
        """True if there is something to take without waiting, or it has rested for long enough."""
        if self._resting:
            return time.monotonic() >= self._rest_until
        return self._running is not None and self._running[1].done()

    def look(self, window: ChannelWindow) -> None:
        """Begin where nothing is being tested, and the window's rows are others than those that were."""
        due = window.fill >= 1 and window.rows - self._tested_at >= window.n
        if self._running is None and not self._resting and due:
            self._tested_at = window.rows
            self._begin(window.copy())
            if self._at_once:
                self.take()

    def take(self) -> None:
        """Take in what is being tested, once it is done; where nothing is, end a rest."""
        self._resting = False
        if self._running is not None:
            self.newest, self._running = self._running[1].result(), None
            self._resting = not self._at_once
            self._rest_until = time.monotonic() + self.newest.seconds * (1 / SHARE - 1)

    def close(self) -> None:
        """End, once what is being tested is done."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def state(self) -> State:
        """Plain values and arrays that ``restore`` takes; the window that is being tested is among them."""
        newest, running = self.newest, self._running
        arrays: list[NDArray[Any]] = [] if newest is None else [newest.indirect]
        if newest is not None and newest.p is not None and newest.q is not None:
            arrays += [newest.p, newest.q]
        plain = {"tested_at": self._tested_at, "untested": None if newest is None else newest.untested}
        parts: dict[str, State] = {"newest": (plain | {"resting": self._resting}, arrays)}
        if running is not None:
            parts["running"] = running[0].state()
        return codec.joined(parts)

    def restore(self, state: State) -> None:
        """Take up a saved state: what was being tested is tested anew, and found the same."""
        parts = codec.parts_of(state)
        plain, arrays = parts["newest"]
        self._tested_at, self._resting = plain["tested_at"], plain["resting"]
        if plain["untested"] is not None:
            indirect, *found = arrays
            p, q = found or (None, None)
            self.newest = Tested(p, q, plain["untested"], indirect.astype(np.int64).reshape(-1, 2))
        if "running" in parts:
            self._begin(ChannelWindow.from_state(*parts["running"], self._device))

    def _begin(self, window: ChannelWindow) -> None:
        self._running = window, self._pool.submit(tested, window, self._fdr)


def tested(window: ChannelWindow, fdr: float) -> Tested:
    """The test of every pair of a window, and the pairs that depend only through a third channel."""
    began = time.thread_time()
    found = matrices_of(window, exact=False)
    via = explained_by(window, found, fdr)
    return Tested(found.p, found.q, found.untested, indirect_of(via), time.thread_time() - began)
