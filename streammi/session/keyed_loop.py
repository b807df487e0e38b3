"""The loop of a monitor of many devices: receive, count, and say what is due as far as there is time for it."""

import math
import time
from collections.abc import Callable, Sequence
from typing import Final

from streammi.ingest.feed import Feed
from streammi.network.subscriber import DRAIN_MESSAGES
from streammi.publish.metrics import Metrics
from streammi.publish.publisher import Publisher
from streammi.recording.entries import Due, Ended, Flagged, Polled
from streammi.recording.writer import Recorder
from streammi.records.link_totals import lost
from streammi.records.status import Status
from streammi.session.keyed_session import KeyedSession
from streammi.session.log_messages import MALFORMED_SECONDS, Writer
from streammi.session.loop import TICK_SECONDS
from streammi.session.recorded_session import Recorded, change_of
from streammi.session.resume import MissedReport
from streammi.session.run_end import StrictLoss, exit_status, has_no_reader
from streammi.session.state_keeper import Keeper
from streammi.session.waiting import Waiting
from streammi.system.log import Log
from streammi.system.service_manager import Notifier
from streammi.system.signals import Stop
from streammi.system.spool import Spool

BUSY_SECONDS: Final = 0.001  # for readings in a turn whose batch was as large as it can be: what waits comes first,
FREE_SECONDS: Final = 0.02  # and in any other one
FIRST_SECONDS: Final = 0.001  # what a reading takes, until it is known,
LEARNT_SHARE: Final = 0.2  # and how much each turn says of it
IDLE_SECONDS: Final = 1.0  # between two looks for keys that are idle
LATE_SECONDS: Final = 5.0  # for which readings wait, or for as long as is between two of a key: then that is said


class KeyedLoop:
    """One turn after the other: wait, receive, count, say."""

    def __init__(
        self,
        session: KeyedSession,
        feed: Feed,
        log: Log,
        service: Notifier,
        clock: Callable[[], float],
        *,
        publisher: Publisher | None = None,
        metrics: Metrics | None = None,
        keeper: Keeper | None = None,
        lines: Spool | None = None,
        recorder: Recorder | None = None,
        missed: MissedReport | None = None,
        strict: bool = False,
    ) -> None:
        self._session, self._feed, self._log, self._service, self._clock = session, feed, log, service, clock
        self._publisher, self._metrics, self._keeper, self._lines = publisher, metrics, keeper, lines
        self._loss = StrictLoss(strict, self._lost, clock())
        self._recorded, self._missed = Recorded(session, recorder), missed
        self._writers: Sequence[Writer] = [one for one in (recorder, keeper, lines) if one is not None]
        self._reading_seconds = FIRST_SECONDS  # what one takes
        self._waiting = False  # some reading that is due was not made yet,
        self._waiting_since = 0.0  # and since when there was one, s
        self._look_due = self._complaint_due = self._idle_due = 0.0
        self._unusable = self._malformed()

    def run(self, stop: Stop) -> int:
        """Turn until it is time to stop; then say the last readings. Returns the exit status."""
        waiting = Waiting(stop, self._feed, self._publisher)
        self._service.ready()
        while not (stop.requested or self._session.over or has_no_reader(self._lines) or self._loss.found):
            waiting.wait(0 if self._waiting else math.ceil(TICK_SECONDS * 1000))
            self._turn()
        return self._ended(stop)

    def _turn(self) -> None:
        arrived = self._feed.receive()
        now = self._clock() if arrived is None else arrived.received
        self._take_link(now)
        room = FREE_SECONDS
        if arrived is not None:
            self._recorded.take(arrived)
            room = BUSY_SECONDS if len(arrived.messages) >= DRAIN_MESSAGES else FREE_SECONDS
        self._say(now, room)
        if self._publisher is not None:
            self._publisher.serve(self._log.warn)
        if self._keeper is not None:
            self._keeper.keep(self._session, self._recorded.place, self._clock())
        if not self._look_due - TICK_SECONDS <= now < self._look_due:
            self._look_due = now + TICK_SECONDS
            self._look(now)

    def _say(self, now: float, room: float) -> None:
        """Say as many of the readings that are due as there is ``room`` for, s, one at least."""
        session = self._session
        due = len(session.monitor.due(now))
        most = max(int(room / self._reading_seconds), 1)
        before, self._waiting = self._waiting, due > most
        if not before:
            self._waiting_since = time.monotonic()
        if not due:
            return
        said, began = session.seq, time.perf_counter()
        self._recorded.take(Due(now, most))
        took, made = time.perf_counter() - began, session.seq - said
        if made:  # of keys without bins there is none, and it takes next to nothing
            self._reading_seconds += (took / made - self._reading_seconds) * LEARNT_SHARE

    def _look(self, now: float) -> None:
        """Do what is to be done every so often."""
        session = self._session
        if not 0 < self._idle_due - now <= IDLE_SECONDS:
            self._idle_due = now + IDLE_SECONDS
            if session.monitor.idle(now):
                self._recorded.take(Polled(now))
        flags = Status.UNSAVED if any(writer.unsaved for writer in self._writers) else Status.OK
        if flags != session.flags:
            self._recorded.take(Flagged(now, flags))
        if self._missed is not None and (missed := self._missed.missed((session.health(now),), False)):
            self._log.say(missed)
            self._missed = None
        if self._metrics is not None:
            self._metrics.set(session.monitor.config.pair.pair, session.known(now), (session.health(now),))
        self._loss.look(now)
        self._service.alive(time.monotonic(), lambda: f"{len(session.monitor.windows):,} keys")
        self._say_notes()
        if time.monotonic() >= self._complaint_due and self._complained(now):
            self._complaint_due = time.monotonic() + MALFORMED_SECONDS

    def _take_link(self, now: float) -> None:
        """Take in how the link is, and say where that is news."""
        (link,), before = self._feed.links, self._session.link
        change = change_of(0, now, link, before)
        if change is None:
            return
        if link.state != before.state:
            self._log.say(f"{link.endpoint}: {link.state}", endpoint=link.endpoint, state=link.state)
        if link.note and link.note != before.note:
            self._log.warn(f"{link.endpoint}: {link.note}", endpoint=link.endpoint)
        self._recorded.take(change)

    def _say_notes(self) -> None:
        of_writers = [writer.notes for writer in self._writers]
        for notes in (self._session.monitor.notes, *of_writers, self._service.notes):
            while notes:
                self._log.warn(notes.pop(0))

    def _complained(self, now: float) -> bool:
        """Say what could not be used since the last time, and that readings are late; whether there was anything."""
        session, unusable = self._session, self._malformed()
        more, self._unusable = unusable - self._unusable, unusable
        if more:
            self._log.warn(f"messages or pairs that could not be used: {more}, the newest: {session.decoder.detail}")
        every = session.monitor.config.pair.every
        waited = time.monotonic() - self._waiting_since if self._waiting else 0.0
        late = waited > max(every.seconds or 0.0, LATE_SECONDS)
        if late:
            self._log.warn(f"readings come late: for {waited:.0f} s more were due than could be made (--every {every})")
        return bool(more or late)

    def _malformed(self) -> int:
        return sum(self._session.decoder.malformed.values())

    def _lost(self, now: float) -> str:
        refused = self._session.monitor.windows.refused
        words = [lost(self._session.health(now))]
        words += [f"{refused:,} pairs of keys beyond --max-keys"] if refused else []
        return "; ".join(filter(None, words))

    def _ended(self, stop: Stop) -> int:
        self._service.stopping()
        now = self._clock()
        self._recorded.take(Ended(now))
        self._complained(now)
        if self._keeper is not None:
            self._keeper.keep_last(self._session, self._recorded.place, now)
        if self._lines is not None:
            self._lines.finish(lambda: stop.requested, self._log.say, wait=self._session.over)
        self._say_notes()
        status = exit_status(stop, [self._session.link], self._lines, self._loss.words(now), self._log.warn)
        windows = self._session.monitor.windows
        self._log.say(f"{self._session.taken:,} pairs of {len(windows):,} keys, {windows.refused:,} refused")
        return status
