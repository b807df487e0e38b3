"""The loop of a monitor of many devices: receive, count, and say what is due as far as there is time for it."""

import time
from typing import Final

from streammi.network.subscriber import DRAIN_MESSAGES
from streammi.publish.client import SNAPSHOT_SECONDS
from streammi.publish.messages import snapshot_topic
from streammi.publish.snapshot_bytes import snapshot_message
from streammi.recording.entries import Due, Polled
from streammi.records.link_totals import lost
from streammi.session.keyed_session import KeyedSession
from streammi.session.loop import TICK_SECONDS, Loop, LoopParts

BUSY_SECONDS: Final = 0.001  # for readings in a turn whose batch was as large as it can be: what waits comes first,
FREE_SECONDS: Final = 0.02  # and in any other one
FIRST_SECONDS: Final = 0.001  # what a reading takes, until it is known,
LEARNT_SHARE: Final = 0.2  # and how much each turn says of it
IDLE_SECONDS: Final = 1.0  # between two looks for keys that are idle
MOST_DEVICES: Final = 64  # of which snapshots are made: each takes some ms


class KeyedLoop(Loop[KeyedSession]):
    """Says what is due of each device, as far as there is time for it."""

    def __init__(self, session: KeyedSession, parts: LoopParts) -> None:
        super().__init__(session, parts)
        self._reading_seconds = FIRST_SECONDS  # what one takes
        self._waiting = False  # some reading that is due was not made yet,
        self._waiting_since = 0.0  # and since when there was one, s
        self._idle_due = self._offered_at = 0.0
        self._asked: set[bytes] = set()  # topics of devices that somebody asks for

    @property
    def _wait(self) -> float:
        return 0.0 if self._waiting else TICK_SECONDS

    def _turn(self) -> None:
        arrived = self._feed.receive()
        now = self._clock() if arrived is None else arrived.received
        self._take_links(now)
        room = FREE_SECONDS
        if arrived is not None:
            self._recorded.take(arrived)
            room = BUSY_SECONDS if len(arrived.messages) >= DRAIN_MESSAGES else FREE_SECONDS
        self._say(now, room)
        if self._publisher is not None:
            self._publisher.serve(self._log.warn)
        if self._is_tick(now):
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
        self._log.waited = time.monotonic() - self._waiting_since if self._waiting else 0.0
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
        self._take_flags(now)
        self._offer(now)
        if self._metrics is not None:
            self._metrics.set(session.monitor.config.pair.pair, session.known(now), (session.health(now),))
        self._loss.look(now)

    def _lost(self, now: float) -> str:
        refused = self._session.monitor.windows.refused
        words = [lost(self._session.health(now))]
        words += [f"{refused:,} pairs of keys beyond --max-keys"] if refused else []
        return "; ".join(filter(None, words))

    def _last(self, now: float) -> None:
        """Each device's last reading was said with the session's end; how the feed ended is to be seen."""
        self._offer(now, at_once=True)

    def _offer(self, now: float, *, at_once: bool = False) -> None:
        """Once a second, where somebody asks: snapshots of the monitor as a whole, and of devices by their names."""
        session, publisher = self._session, self._publisher
        if publisher is None:
            return
        before, self._asked = self._asked, publisher.topics(snapshot_topic(""))
        due = at_once or not 0 <= now - self._offered_at < SNAPSHOT_SECONDS
        if due:
            self._offered_at = now
            if publisher.wants(snapshot_topic(session.monitor.config.pair.pair)):
                publisher.send(snapshot_message(session.snapshot(now)))
        for topic in sorted(self._asked if due else self._asked - before)[:MOST_DEVICES]:
            snapshot = session.device(topic.decode("utf-8", "replace").partition("/")[2], now)
            if snapshot is not None:
                publisher.send(snapshot_message(snapshot))
