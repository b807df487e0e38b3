"""The loop of a monitor of many channels: wait, receive, record, count, say, one turn after the other."""

import time
from collections.abc import Callable, Sequence
from typing import Final

from streammi.ingest.feed import Feed
from streammi.publish.client import SNAPSHOT_SECONDS
from streammi.publish.matrices import fits, matrix_message, matrix_topic
from streammi.publish.messages import snapshot_topic
from streammi.publish.metrics import Metrics
from streammi.publish.publisher import Publisher
from streammi.publish.snapshot_bytes import snapshot_message
from streammi.recording.entries import Ended, Flagged, Polled, Tested
from streammi.recording.writer import Recorder
from streammi.records.status import Status
from streammi.session.channel_session import ChannelSession
from streammi.session.log_messages import Writer
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

MOST_PAIRS: Final = 64  # of which snapshots are made: each takes a few ms
NOTE_SECONDS: Final = 60.0  # between two lines about messages that cannot be used, or channels that are not watched


class ChannelLoop:
    """Turns until a signal, ``samples`` rows, or nobody reads the lines."""

    def __init__(
        self,
        session: ChannelSession,
        feed: Feed,
        publisher: Publisher | None,
        lines: Spool | None,
        said: Log,
        service: Notifier,
        clock: Callable[[], float],
        *,
        recorder: Recorder | None = None,
        keeper: Keeper | None = None,
        metrics: Metrics | None = None,
        missed: MissedReport | None = None,
        strict: bool = False,
    ) -> None:
        self._session, self._feed, self._publisher, self._lines = session, feed, publisher, lines
        self._said, self._service, self._clock = said, service, clock
        self._recorded = Recorded(session, recorder)
        self._keeper, self._metrics, self._missed = keeper, metrics, missed
        self._shown = -1  # seq of the reading that metrics show
        self._writers: Sequence[Writer] = [one for one in (recorder, keeper, lines) if one is not None]
        self._loss = StrictLoss(strict, self._lost, clock())
        self._look_due = 0.0
        self._offered = -1  # seq of the last snapshot
        self._offered_at = 0.0
        self._pairs: dict[bytes, tuple[int, float]] = {}  # that somebody asks for: seq and time of their last snapshot
        self._note, self._noted = "", 0.0
        self._unusable = sum(session.health(0.0).malformed.values())

    def run(self, stop: Stop) -> int:
        """Turn; then say the last. Returns the exit status."""
        session, waiting = self._session, Waiting(stop, self._feed, self._publisher)
        self._service.ready()
        while not (stop.requested or self._over or self._loss.found):
            waiting.wait(int(TICK_SECONDS * 1000))
            self._turn()
            if self._keeper is not None:
                self._keeper.keep(session, self._recorded.place, self._clock())
        self._service.stopping()
        now = self._clock()
        self._recorded.take(Ended(now))
        if self._keeper is not None:
            self._keeper.keep_last(session, self._recorded.place, now)
        self._offer(now, at_once=True)
        if self._lines is not None:
            self._lines.finish(lambda: stop.requested, self._said.say, wait=self._over)
        self._say_notes()
        status = exit_status(stop, [session.link], self._lines, self._loss.words(now), self._said.warn)
        if session.watched is None and (why := session.intake.why_waiting):
            self._said.say(f"no channels: {why}")
        return status

    @property
    def _over(self) -> bool:
        return self._session.over or has_no_reader(self._lines)

    def _lost(self, now: float) -> str:
        link = self._session.health(now)
        lost = {"missing by the feed's numbers": link.gaps, "unusable": sum(link.malformed.values())}
        return ", ".join(f"{count:,} messages {how}" for how, count in lost.items() if count)

    def _turn(self) -> None:
        session, arrived = self._session, self._feed.receive()
        now = self._clock() if arrived is None else arrived.received
        changed = self._take_link(now)
        if arrived is not None:
            self._recorded.take(arrived)
            now = self._clock()
        if session.tester.done:
            self._recorded.take(Tested(now))
        if changed or not self._look_due - TICK_SECONDS <= now < self._look_due:
            self._look_due = now + TICK_SECONDS
            self._look(now)
        self._service.alive(time.monotonic(), lambda: f"{session.rows:,} rows of {len(session.intake.names)} channels")
        if self._publisher is not None:
            self._publisher.serve(self._said.warn)
            self._offer(now)

    def _look(self, now: float) -> None:
        """Do what is to be done every so often."""
        flags = Status.UNSAVED if any(writer.unsaved for writer in self._writers) else Status.OK
        if flags != self._session.flags:
            self._recorded.take(Flagged(now, flags))
        if self._session.polls(now):
            self._recorded.take(Polled(now))
        if self._metrics is not None:
            self._show(self._metrics, now)
        self._loss.look(now)
        self._tell(now)
        self._say_notes()

    def _show(self, metrics: Metrics, now: float) -> None:
        """Have metrics show how the session is, and its top pairs."""
        session = self._session
        metrics.set(session.name, session.known(now), (session.health(now),))
        if session.seq != self._shown:
            self._shown = session.seq
            metrics.set_top(session.name, session.top())

    def _take_link(self, now: float) -> bool:
        """Take in how the link is, and say where that is news; whether it is otherwise than before."""
        (link,), before = self._feed.links, self._session.link
        change = change_of(0, now, link, before)
        if change is None:
            return False
        if link.state != before.state:
            self._said.say(f"{link.endpoint}: {link.state}", endpoint=link.endpoint, state=link.state)
        self._recorded.take(change)
        return True

    def _tell(self, now: float) -> None:
        """Say what cannot be used, and what was missed since the state that was gone on from."""
        link = self._session.health(now)
        if self._missed is not None and (missed := self._missed.missed((link,), self._session.intake.numbered)):
            self._said.say(missed)
            self._missed = None
        if not 0 <= now - self._noted < NOTE_SECONDS or not self._note:
            unusable = sum(link.malformed.values())
            if link.note and link.note != self._note:
                self._note, self._noted = link.note, now
                self._said.warn(f"{link.endpoint}: {link.note}", endpoint=link.endpoint)
            if unusable > self._unusable:
                reasons = ", ".join(f"{count:,} {reason}" for reason, count in link.malformed.items())
                self._unusable, self._noted, self._note = unusable, now, self._note or reasons
                self._said.warn(f"{unusable:,} messages cannot be used so far: {reasons}", endpoint=link.endpoint)

    def _say_notes(self) -> None:
        for notes in (*(writer.notes for writer in self._writers), self._service.notes):
            while notes:
                self._said.warn(notes.pop(0))

    def _offer(self, now: float, *, at_once: bool = False) -> None:
        """A matrix when there is a new one, and each second; only while somebody subscribes to it."""
        session, publisher = self._session, self._publisher
        if publisher is None:
            return
        self._offer_pairs(now, publisher)
        since = now - self._offered_at
        if not fits(len(session.intake.names)):
            return
        if not at_once and 0 <= since < (SNAPSHOT_SECONDS if session.seq == self._offered else TICK_SECONDS):
            return
        if publisher.wants(matrix_topic(session.name)):
            self._offered, self._offered_at = session.seq, now
            publisher.send(matrix_message(session.snapshot(now)))

    def _offer_pairs(self, now: float, publisher: Publisher) -> None:
        """Snapshots of the pairs that somebody subscribes to by name, when there is a new reading, and each second."""
        asked = publisher.topics(snapshot_topic(""))
        if not asked and not self._pairs:
            return
        made, self._pairs = self._pairs, {}
        for topic in sorted(asked)[:MOST_PAIRS]:
            seq, at = made.get(topic, (-1, 0.0))
            if seq != self._session.seq or not 0 <= now - at < SNAPSHOT_SECONDS:
                seq, at = self._session.seq, now
                snapshot = self._session.pair(topic.decode("utf-8", "replace").partition("/")[2], now)
                if snapshot is not None:
                    publisher.send(snapshot_message(snapshot))
            self._pairs[topic] = seq, at
