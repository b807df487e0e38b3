"""Helpers: threads that do works of kernels together with whoever asks."""

import weakref
from collections.abc import Callable, Sequence
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Final

from streammi.core.kernels.turns import Shares, Turns, are_done, shares_of

SHARE_NS: Final = 50_000  # of what several threads share, that each has at least: 20,000 go by until another is awake
LOOKS: Final = 200_000  # at a time, whether the others are done

Work = Callable[[Turns], None]  # of a kernel, which does what it takes of the turns; see core.kernels.turns
Shared = tuple[Work, int, int]  # with how many channels it is of, how many of them at once, or 0: of their pairs


class Helpers:
    """All ``threads`` that work together: whoever asks, and those who help him, which begin when they are needed.

    Threads of our own: handed to an executor's, 0.3 ms of work took 0.04 longer. They end with what they help.
    """

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._helpers: list[_Helper] = []

    def do(self, cost_ns: float, *works: Shared) -> None:
        """Have works done one after the other, by several threads together.

        All of them take about ``cost_ns``: where that is too little for threads, whoever asks does them alone. Else he
        takes part: he has begun long before another thread is awake.
        """
        count = min(self._threads, int(cost_ns / SHARE_NS)) if cost_ns >= 2 * SHARE_NS else 1
        while len(self._helpers) < count - 1:
            self._helpers.append(_Helper(len(self._helpers) + 1))
        asked = self._helpers[: count - 1]
        task = _Task([(work, shares_of(0, size, count, at_once)) for work, size, at_once in works])
        for helper in asked:
            helper.ask(task)
        try:
            task.do()
        finally:
            task.over = True
            for helper in asked:
                helper.forget()


class _Task:
    """Works one after the other: the next begins when all of the one before is done."""

    def __init__(self, works: Sequence[tuple[Work, Shares]]) -> None:
        self._works = works
        self.over = False

    def do(self) -> None:
        """Do what nobody else does, until all is done."""
        for work, shares in self._works:
            work((shares, 0))
            while not are_done(shares, LOOKS):
                pass

    def help(self, own: int) -> None:
        """Do what nobody else does, from the share ``own`` on."""
        for k, (work, shares) in enumerate(self._works, 1):
            work((shares, own))
            while k < len(self._works) and not are_done(shares, LOOKS):
                if self.over:
                    return


class _Helper:
    """A thread that waits for tasks, and has the same share of each."""

    def __init__(self, own: int) -> None:
        self._tasks: SimpleQueue[_Task | None] = SimpleQueue()
        self._thread = Thread(target=_help, args=(self._tasks, own), name="streammi counts", daemon=True)
        self._thread.start()
        weakref.finalize(self, self._tasks.put, None)

    def ask(self, task: _Task) -> None:
        """Have it help, if it is there: after a fork it is not."""
        if self._thread.is_alive():
            self._tasks.put(task)

    def forget(self) -> None:
        """Take back what it has not begun yet."""
        if self._tasks.qsize():
            with suppress(Empty):
                self._tasks.get_nowait()


def _help(tasks: "SimpleQueue[_Task | None]", own: int) -> None:
    while (task := tasks.get()) is not None:
        task.help(own)
        del task  # it holds the arrays
