"""The loop of a monitor that runs: one turn after the other, wait, receive, record, count, say; and its end."""

import math
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Generic, Protocol, TypeVar

from streammi.ingest.feed import Feed
from streammi.publish.metrics import Metrics
from streammi.publish.publisher import Publisher
from streammi.recording.entries import Ended, Flagged
from streammi.recording.writer import Recorder
from streammi.records import LinkHealth
from streammi.records.status import Status
from streammi.session.log_messages import LogMessages
from streammi.session.recorded_session import Applies, Recorded, change_of
from streammi.session.run_end import StrictLoss, exit_status, has_no_reader
from streammi.session.state_keeper import Keeper, Kept
from streammi.session.waiting import Waiting
from streammi.system.signals import Stop
from streammi.system.spool import Spool

TICK_SECONDS: Final = 0.1  # how long a loop sleeps at the most, and the least time between two snapshots


class Turned(Applies, Kept, Protocol):
    """A session, as a loop turns it."""

    flags: Status  # added to each status

    @property
    def links(self) -> Sequence[LinkHealth]:
        """The links, one a source, as they were when that was said last."""

    @property
    def over(self) -> bool:
        """True if there is nothing left to do."""


S = TypeVar("S", bound=Turned)


@dataclass(frozen=True, slots=True)
class LoopParts:
    """Everything that a loop turns with beside its session; what is None is not there."""

    feed: Feed
    log: LogMessages
    clock: Callable[[], float]  # the wall's, s
    publisher: Publisher | None = None
    metrics: Metrics | None = None
    recorder: Recorder | None = None
    keeper: Keeper | None = None
    lines: Spool | None = None
    strict: bool = False


class Loop(ABC, Generic[S]):
    """One turn after the other, until it is time to stop; what a turn does is of a kind of monitor."""

    def __init__(self, session: S, parts: LoopParts) -> None:
        self._session, self._feed, self._log, self._clock = session, parts.feed, parts.log, parts.clock
        self._publisher, self._metrics, self._keeper = parts.publisher, parts.metrics, parts.keeper
        self._lines = parts.lines
        self._recorded = Recorded(session, parts.recorder)
        self._loss = StrictLoss(parts.strict, self._lost, parts.clock())
        self._look_due = 0.0

    @abstractmethod
    def _turn(self) -> None:
        """Take in what has come, and say what is due."""

    @abstractmethod
    def _lost(self, now: float) -> str:
        """All that is lost so far, in words; empty for nothing."""

    @property
    def _wait(self) -> float:
        """How long to sleep if nothing comes, s."""
        return TICK_SECONDS

    @abstractmethod
    def _last(self, now: float) -> None:
        """Say what is still to be said, once no more will come."""

    def run(self, stop: Stop) -> int:
        """Turn until it is time to stop; then say the last readings. Returns the exit status."""
        session, log, waiting = self._session, self._log, Waiting(stop, self._feed, self._publisher)
        log.ready()
        while not (stop.requested or session.over or has_no_reader(self._lines) or self._loss.found):
            waiting.wait(math.ceil(self._wait * 1000))
            self._turn()
            if self._keeper is not None:
                self._keeper.keep(session, self._recorded.place, self._clock())
            log.turn(self._clock(), time.monotonic())
        log.stopping()
        now = self._clock()
        self._recorded.take(Ended(now))
        if self._keeper is not None:
            self._keeper.keep_last(session, self._recorded.place, now)
        self._last(now)
        if self._lines is not None:
            # Whoever asked for so many samples gets what is said of them; at any other end no reader is waited for.
            self._lines.finish(lambda: stop.requested, log.say, wait=session.over)
        log.end()
        status = exit_status(stop, self._feed.links, self._lines, self._loss.words(now), log.warn)
        log.sum_up()
        return status

    def _take_links(self, now: float) -> bool:
        """Take in how the links are; whether any is otherwise than before."""
        found = False
        for source, link in enumerate(self._feed.links):
            before = self._session.links[source]
            if link != before and (change := change_of(source, now, link, before)) is not None:
                self._log.link(change, before)
                self._recorded.take(change)
                found = True
        return found

    def _take_flags(self, now: float) -> bool:
        """Take in what is added to each status; whether that is otherwise than before."""
        flags = Status.UNSAVED if self._log.unsaved else Status.OK
        if flags == self._session.flags:
            return False
        self._recorded.take(Flagged(now, flags))
        return True

    def _is_tick(self, now: float) -> bool:
        """True if a tick has passed since what is done every so often was done, or the clock was set back."""
        return not self._look_due - TICK_SECONDS <= now < self._look_due
