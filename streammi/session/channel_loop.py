"""The loop of a monitor of many channels: wait, receive, record, count, say, one turn after the other."""

from typing import Final

from streammi.publish.client import SNAPSHOT_SECONDS
from streammi.publish.matrices import fits, matrix_message, matrix_topic
from streammi.publish.messages import snapshot_topic
from streammi.publish.metrics import Metrics
from streammi.publish.publisher import Publisher
from streammi.publish.snapshot_bytes import snapshot_message
from streammi.recording.entries import Polled, Tested
from streammi.session.channel_session import ChannelSession
from streammi.session.loop import TICK_SECONDS, Loop, LoopParts

MOST_PAIRS: Final = 64  # of which snapshots are made: each takes a few ms


class ChannelLoop(Loop[ChannelSession]):
    """Says what is due of all pairs, and offers matrices, and snapshots of the pairs that somebody asks for."""

    def __init__(self, session: ChannelSession, parts: LoopParts) -> None:
        super().__init__(session, parts)
        self._shown = -1  # seq of the reading that metrics show
        self._offered = -1  # seq of the last snapshot
        self._offered_at = 0.0
        self._pairs: dict[bytes, tuple[int, float]] = {}  # that somebody asks for: seq and time of their last snapshot

    def _lost(self, now: float) -> str:
        link = self._session.health(now)
        lost = {"missing by the feed's numbers": link.gaps, "unusable": sum(link.malformed.values())}
        return ", ".join(f"{count:,} messages {how}" for how, count in lost.items() if count)

    def _turn(self) -> None:
        session, arrived = self._session, self._feed.receive()
        now = self._clock() if arrived is None else arrived.received
        changed = self._take_links(now)
        if arrived is not None:
            self._recorded.take(arrived)
            now = self._clock()
        if session.tester.done:
            self._recorded.take(Tested(now))
        if changed or self._is_tick(now):
            self._look_due = now + TICK_SECONDS
            self._look(now)
        if self._publisher is not None:
            self._publisher.serve(self._log.warn)
            self._offer(now)

    def _look(self, now: float) -> None:
        """Do what is to be done every so often."""
        self._take_flags(now)
        if self._session.polls(now):
            self._recorded.take(Polled(now))
        if self._metrics is not None:
            self._show(self._metrics, now)
        self._loss.look(now)

    def _show(self, metrics: Metrics, now: float) -> None:
        """Have metrics show how the session is, and its top pairs."""
        session = self._session
        metrics.set(session.name, session.known(now), (session.health(now),))
        if session.seq != self._shown:
            self._shown = session.seq
            metrics.set_top(session.name, session.top())

    def _last(self, now: float) -> None:
        self._offer(now, at_once=True)

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
