"""The loop of a monitor that runs: one turn after the other, wait, receive, record, count, say."""

import math
import time
from collections.abc import Callable
from typing import Final

import msgspec

from streammi.ingest.feed import Feed
from streammi.publish.client import SNAPSHOT_SECONDS
from streammi.publish.messages import Fields, snapshot_topic
from streammi.publish.metrics import Metrics
from streammi.publish.publisher import Publisher
from streammi.publish.snapshot_bytes import snapshot_message
from streammi.recording.entries import Ended, Flagged, LinkChanged, Polled
from streammi.recording.writer import Recorder
from streammi.records.link_totals import lost, total
from streammi.records.status import Status, status_of
from streammi.session.log_messages import Upkeep
from streammi.session.recorded_session import Recorded
from streammi.session.run_end import StrictLoss, exit_status, has_no_reader
from streammi.session.session import Session
from streammi.session.state_keeper import Keeper
from streammi.session.waiting import Waiting
from streammi.system.signals import Stop
from streammi.system.spool import Spool

TICK_SECONDS: Final = 0.1  # how long the loop sleeps at the most, and the least time between two snapshots


class Loop:
    """One turn after the other: wait, receive, record, count, say."""

    def __init__(
        self,
        session: Session,
        feed: Feed,
        recorder: Recorder | None,
        keeper: Keeper | None,
        publisher: Publisher | None,
        upkeep: Upkeep,
        clock: Callable[[], float],
        *,
        lines: Spool | None = None,
        metrics: Metrics | None = None,
        strict: bool = False,
    ) -> None:
        self._lines, self._metrics = lines, metrics
        self._session, self._feed, self._publisher = session, feed, publisher
        self._recorded = Recorded(session, recorder)
        self._keeper, self._upkeep = keeper, upkeep
        self._clock = clock
        self._loss = StrictLoss(strict, self._lost, clock())
        self._look_due = self._snapshot_at = 0.0
        self._offered: object = None  # what the last snapshot was made of

    def run(self, stop: Stop) -> int:
        """Turn until it is time to stop; then say the last reading. Returns the exit status."""
        waiting = Waiting(stop, self._feed, self._publisher)
        self._upkeep.ready()
        while not (stop.requested or self._session.over or has_no_reader(self._lines) or self._loss.found):
            waiting.wait(math.ceil(self._wait * 1000))
            self._turn()
            if self._keeper is not None:
                self._keeper.keep(self._session, self._recorded.place, self._clock())
            self._upkeep.turn(self._clock(), time.monotonic())
        self._upkeep.stopping()
        now = self._clock()
        self._recorded.take(Ended(now))
        if self._keeper is not None:
            self._keeper.keep_last(self._session, self._recorded.place, now)
        self._offer_snapshot(now, at_once=True)
        if self._lines is not None:
            # Whoever asked for so many samples gets what is said of them; at any other end no reader is waited for.
            self._lines.finish(lambda: stop.requested, self._upkeep.say, wait=self._session.over)
        self._upkeep.end()
        return exit_status(stop, self._feed.links, self._lines, self._loss.words(now), self._upkeep.warn)

    def _lost(self, now: float) -> str:
        return lost(total(self._session.health(now)), self._session.monitor.window.dropped)

    def _turn(self) -> None:
        arrived = self._feed.receive()
        now = self._clock() if arrived is None else arrived.received
        changed = self._take_links(now)
        if arrived is not None:
            self._recorded.take(arrived)
            now = self._clock()
        changed |= self._take_flags(now)
        self._poll(now, at_once=changed)
        if self._publisher is not None:
            self._publisher.serve(self._upkeep.warn)
            self._offer_snapshot(now)

    @property
    def _wait(self) -> float:
        """How long to sleep if nothing comes, s: until there is something to say all the same, or a tick."""
        now = self._clock()
        left = [due - now for due in (self._session.due, self._feed.due) if due is not None]
        return max(min([*left, TICK_SECONDS]), 0.0)

    def _take_links(self, now: float) -> bool:
        """Take in how the links are; whether any is otherwise than before."""
        changed = False
        for source, link in enumerate(self._feed.links):
            if link != self._session.links[source]:
                change = LinkChanged(source, now, link.state, link.since, link.reconnects, link.note, link.behind)
                self._upkeep.link(change)
                self._recorded.take(change)
                changed = True
        return changed

    def _take_flags(self, now: float) -> bool:
        """Take in what is added to each status; whether that is otherwise than before."""
        flags = Status.UNSAVED if self._upkeep.unsaved else Status.OK
        if flags == self._session.flags:
            return False
        self._recorded.take(Flagged(now, flags))
        return True

    def _poll(self, now: float, *, at_once: bool) -> None:
        """Say what is to be said though nothing came: when it is due, when a link is otherwise, and each tick."""
        due = self._session.due
        reached = due is not None and due <= now
        if not (at_once or reached) and self._look_due - TICK_SECONDS <= now < self._look_due:
            return
        self._look_due = now + TICK_SECONDS
        self._loss.look(now)
        outputs = self._session.poll(now)
        if outputs:
            self._recorded.note(Polled(now))
        self._session.publish(outputs, now)
        if self._metrics is not None:
            show(self._session, self._metrics, now)

    def _offer_snapshot(self, now: float, at_once: bool = False) -> None:
        """A snapshot, ten a second at the most, fewer while it says the same; only while somebody subscribes to it."""
        session = self._session
        pair = session.monitor.config.pair
        since = now - self._snapshot_at  # negative when the clock was set back
        if self._publisher is None or (0 <= since < TICK_SECONDS and not at_once):
            return
        links = session.health(now)
        news = (session.monitor.window.pairs, session.seq, session.flags, links)
        if news == self._offered and 0 <= since < SNAPSHOT_SECONDS and not at_once:
            return
        if self._publisher.wants(snapshot_topic(pair)):
            self._snapshot_at, self._offered = now, news
            lag = session.outbox.lag
            links = tuple(msgspec.structs.replace(link, lag=lag) for link in links)
            snapshot = session.monitor.snapshot(run=session.run, seq=session.seq, timestamp=now, links=links)
            status = snapshot.status | session.flags
            self._publisher.send(snapshot_message(msgspec.structs.replace(snapshot, status=int(status))))


def show(session: Session, metrics: Metrics, now: float) -> None:
    """Have ``metrics`` show how a session is; counters and the status are known before there is a reading, too."""
    links = session.health(now)
    link = total(links)
    known: Fields = {
        **session.monitor.window.totals,
        "run": session.run,
        "seq": session.seq,
        "unmatched": None if link.tally is None else link.tally.unmatched,
        "status": int(status_of(None, link) | session.flags),
    }
    newest = {**known, **session.outbox.newest} | session.monitor.window.totals
    metrics.set(session.monitor.config.pair, newest, links)
