"""Helpers: threads that do works of kernels together with whoever asks."""

import time
import weakref
from collections.abc import Callable, Sequence
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Final

from streammi.core.kernels.turns import Shares, Turns, are_done, shares_of

SHARE_NS: Final = 50_000  # of what several threads share, that each has at least: 20,000 go by until another is awake
LOOKS: Final = 200_000  # whether the others are done, 0.1 ms, before
PAUSE_S: Final = 1e-4  # a pause: one of them is not running

Work = Callable[[Turns], None]  # of a kernel, which does what it takes of the turns; see core.kernels.turns
Shared = tuple[Work, int, int]  # with how many channels it is of, how many of them at once, or 0: of their pairs


class _Task:
    """Works one after the other: the next begins when all of the one before is done."""

    def __init__(self, works: Sequence[tuple[Work, Shares]]) -> None:
        self._works = works
        self.given_up = False

    def do(self, own: int) -> None:
        """Do what nobody else does, from the thread's own share on; not before all is done where that is the first."""
        for k, (work, shares) in enumerate(self._works):
            work((shares, own))
            if own and k + 1 == len(self._works):
                return
            while not are_done(shares, LOOKS):
                if self.given_up:
                    return
                time.sleep(PAUSE_S)


class Helpers:
    """All ``threads`` that work together: whoever asks, and those who help him, which begin when they are needed."""

    def __init__(self, threads: int) -> None:
        self.threads = threads
        self._tasks: list[SimpleQueue[_Task | None]] = []
        self._helpers: list[Thread] = []
        weakref.finalize(self, _end, self._tasks)

    def do(self, cost_ns: float, *works: Shared) -> None:
        """Have works done one after the other, by several threads together.

        All of them take about ``cost_ns``: where that is too little for threads, whoever asks does them alone. Else he
        takes part: he has begun long before another thread is awake.
        """
        count = min(self.threads, int(cost_ns / SHARE_NS)) if cost_ns >= 2 * SHARE_NS else 1
        task = _Task([(work, shares_of(0, size, count, at_once)) for work, size, at_once in works])
        asked = [] if count == 1 else self._ask(task, count - 1)
        try:
            task.do(0)
        except BaseException:
            task.given_up = True
            raise
        for tasks in asked:  # who has not begun yet need not
            _clear(tasks)

    def _ask(self, task: _Task, count: int) -> list[SimpleQueue[_Task | None]]:
        """Give a task to so many helpers."""
        while len(self._helpers) < count:
            tasks: SimpleQueue[_Task | None] = SimpleQueue()
            helper = Thread(target=_help, args=(tasks, len(self._helpers) + 1), name="streammi counts", daemon=True)
            self._tasks.append(tasks)
            self._helpers.append(helper)
            helper.start()
        # After a fork none of them is there any more.
        asked = [tasks for tasks, helper in zip(self._tasks, self._helpers, strict=True) if helper.is_alive()][:count]
        for tasks in asked:
            tasks.put(task)
        return asked


def _help(tasks: "SimpleQueue[_Task | None]", own: int) -> None:
    while (task := tasks.get()) is not None:
        task.do(own)
        del task  # it holds the arrays


def _clear(tasks: "SimpleQueue[_Task | None]") -> None:
    if tasks.qsize():
        with suppress(Empty):
            tasks.get_nowait()


def _end(tasks: "list[SimpleQueue[_Task | None]]") -> None:
    for one in tasks:
        one.put(None)
