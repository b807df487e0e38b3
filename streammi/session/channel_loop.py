"""The loop of a monitor of many channels: wait, receive, count, say, one turn after the other."""

import time
from collections.abc import Callable
from typing import Final

from streammi.ingest.feed import Feed
from streammi.network.link import unreachable
from streammi.publish.client import SNAPSHOT_SECONDS
from streammi.publish.matrices import fits, matrix_message, matrix_topic
from streammi.publish.publisher import Publisher
from streammi.session.channel_session import ChannelSession
from streammi.session.loop import LOSS_STATUS, TICK_SECONDS
from streammi.session.waiting import Waiting
from streammi.system.log import Log
from streammi.system.service_manager import Notifier
from streammi.system.signals import Stop
from streammi.system.spool import Spool

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
        samples: int | None = None,
        strict: bool = False,
    ) -> None:
        self._session, self._feed, self._publisher, self._lines = session, feed, publisher, lines
        self._said, self._service, self._clock = said, service, clock
        self._samples, self._strict = samples, strict
        self._offered = -1  # seq of the last snapshot
        self._offered_at = 0.0
        self._state, self._note, self._noted = "", "", 0.0
        self._unusable = 0

    def run(self, stop: Stop) -> int:
        """Turn; then say the last. Returns the exit status."""
        waiting = Waiting(stop, self._feed, self._publisher)
        self._service.ready()
        while not (stop.requested or self._over or (self._strict and self._loss)):
            waiting.wait(int(TICK_SECONDS * 1000))
            self._turn()
        self._service.stopping()
        now = self._clock()
        self._session.end(now)
        self._offer(now, at_once=True)
        if self._lines is not None:
            self._lines.finish(lambda: stop.requested, self._said.say, wait=self._over)
        if stop.status == 0 and stop.requested and self._session.link.state == "connecting":
            raise unreachable(self._session.link.endpoint, self._session.link.note)
        if self._strict and (loss := self._loss):
            self._said.warn(f"--strict: {loss}")
            return LOSS_STATUS
        if self._session.monitor is None and (why := self._session.intake.why_waiting):
            self._said.say(f"no channels: {why}")
        return stop.status

    @property
    def _over(self) -> bool:
        gone = self._session.closed or (self._lines is not None and self._lines.gone)
        return gone or (self._samples is not None and self._session.rows >= self._samples)

    @property
    def _loss(self) -> str:
        link = self._session.health(self._clock())
        lost = {"missing by the feed's numbers": link.gaps, "unusable": sum(link.malformed.values())}
        return ", ".join(f"{count:,} messages {how}" for how, count in lost.items() if count)

    def _turn(self) -> None:
        arrived = self._feed.receive()
        now = self._clock() if arrived is None else arrived.received
        (self._session.link,) = self._feed.links
        if arrived is not None:
            self._session.feed(arrived.messages, arrived.received)
            now = self._clock()
        else:
            self._session.poll(now)
        self._tell(now)
        self._service.alive(
            time.monotonic(), lambda: f"{self._session.rows:,} rows of {len(self._session.intake.names)} channels"
        )
        if self._publisher is not None:
            self._publisher.handle_subscriptions()
            if news := self._publisher.connections.news():
                self._said.warn(news)
            self._offer(now)

    def _tell(self, now: float) -> None:
        """Say how the link is, and what cannot be used."""
        link = self._session.health(now)
        if link.state != self._state:
            self._state = link.state
            self._said.say(f"{link.endpoint}: {link.state}", endpoint=link.endpoint, state=link.state)
        if not 0 <= now - self._noted < NOTE_SECONDS or not self._note:
            unusable = sum(link.malformed.values())
            if link.note and link.note != self._note:
                self._note, self._noted = link.note, now
                self._said.warn(f"{link.endpoint}: {link.note}", endpoint=link.endpoint)
            if unusable > self._unusable:
                reasons = ", ".join(f"{count:,} {reason}" for reason, count in link.malformed.items())
                self._unusable, self._noted, self._note = unusable, now, self._note or reasons
                self._said.warn(f"{unusable:,} messages cannot be used so far: {reasons}", endpoint=link.endpoint)

    def _offer(self, now: float, *, at_once: bool = False) -> None:
        """A matrix when there is a new one, and each second; only while somebody subscribes to it."""
        session, publisher = self._session, self._publisher
        since = now - self._offered_at
        if publisher is None or session.monitor is None or not fits(len(session.intake.names)):
            return
        if not at_once and 0 <= since < (SNAPSHOT_SECONDS if session.seq == self._offered else TICK_SECONDS):
            return
        if publisher.wants(matrix_topic(session.name)) and (snapshot := session.snapshot(now)) is not None:
            self._offered, self._offered_at = session.seq, now
            publisher.send(matrix_message(snapshot))
