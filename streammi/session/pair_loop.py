"""The loop of a monitor of one pair: what is due is said when it is due, also while nothing comes."""

import msgspec

from streammi.publish.client import SNAPSHOT_SECONDS
from streammi.publish.messages import Fields, snapshot_topic
from streammi.publish.metrics import Metrics
from streammi.publish.snapshot_bytes import snapshot_message
from streammi.recording.entries import Polled
from streammi.records.link_totals import lost, total
from streammi.records.status import status_of
from streammi.session.loop import TICK_SECONDS, Loop, LoopParts
from streammi.session.session import Session


class PairLoop(Loop[Session]):
    """Says each reading when it is due, and offers snapshots of the pair."""

    def __init__(self, session: Session, parts: LoopParts) -> None:
        super().__init__(session, parts)
        self._snapshot_at = 0.0
        self._offered: object = None  # what the last snapshot was made of

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
            self._publisher.serve(self._log.warn)
            self._offer_snapshot(now)

    @property
    def _wait(self) -> float:
        """How long to sleep if nothing comes, s: until there is something to say all the same, or a tick."""
        now = self._clock()
        left = [due - now for due in (self._session.due, self._feed.due) if due is not None]
        return max(min([*left, TICK_SECONDS]), 0.0)

    def _poll(self, now: float, *, at_once: bool) -> None:
        """Say what is to be said though nothing came: when it is due, when a link is otherwise, and each tick."""
        due = self._session.due
        reached = due is not None and due <= now
        if not (at_once or reached or self._is_tick(now)):
            return
        self._look_due = now + TICK_SECONDS
        self._loss.look(now)
        outputs = self._session.poll(now)
        if outputs:
            self._recorded.note(Polled(now))
        self._session.publish(outputs, now)
        if self._metrics is not None:
            show(self._session, self._metrics, now)

    def _last(self, now: float) -> None:
        self._offer_snapshot(now, at_once=True)

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
