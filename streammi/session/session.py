"""A monitor between what it is fed, entry by entry, and whoever it tells.

A live run and a replay of its recording hand the same entries to the same code, so what they say is the same. Nothing
here looks at a clock: times come with the entries.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec

from streammi.ingest.intake import Links, SourceConfig, intake_of, sources_of
from streammi.monitor import Monitor, Output
from streammi.publish.outbox import Outbox
from streammi.recording.entries import Arrived, Begin, Ended, Entry, Flagged, LinkChanged, Polled
from streammi.records import LinkHealth, PairBatch, Reading, codec
from streammi.records.codec import State
from streammi.records.link_totals import total
from streammi.records.status import Status, of_now, status_of
from streammi.session.recorded_session import changed

SILENT: Final = ("stalled", "lost", "ended")  # a link over which nothing more is awaited soon
NEWS_SECONDS: Final = 1.0  # between two readings that only a status has brought: a link that flaps is no flood


class Session:
    """Counts what arrives and says what is due; over after ``samples`` pairs, or when nobody reads the lines.

    ``on_pairs`` is handed the pairs as they are counted.
    """

    counts = "pairs"  # what a state that is gone on from has so many of

    def __init__(
        self,
        monitor: Monitor,
        source: SourceConfig,
        outbox: Outbox,
        samples: int | None = None,
        on_pairs: Callable[[PairBatch], None] | None = None,
    ) -> None:
        self.monitor, self.outbox = monitor, outbox
        self.intake = intake_of(source)
        self.links = [LinkHealth(endpoint=one.endpoint, state="connecting") for one in sources_of(source)]
        self.flags = Status.OK
        self.catching_up = False  # what is taken in was recorded by a run that may have said what comes of it
        self.taken = 0  # pairs handed to the monitor
        self._samples, self._on_pairs = samples, on_pairs
        self.changes = 0  # how often something was taken in or said: without another one the state is the same
        self._told = Status.OK  # what the last reading said of the moment,
        self._news_at = -math.inf  # and when one was said last for that alone, s
        self._health: tuple[float, Links] | None = None  # as of when; None once something has changed
        self._interrupted = False  # a connection broke since the last batch, or the monitor stood still

    @property
    def run(self) -> int:
        """When the monitor was started, s."""
        return self.outbox.run

    @property
    def seq(self) -> int:
        """The newest reading's number."""
        return self.outbox.seq

    @property
    def closed(self) -> bool:
        """True if nobody reads what is said any more."""
        return self.outbox.closed

    @property
    def counted(self) -> int:
        """Those of ``counts`` that were taken in so far."""
        return self.monitor.window.pairs

    @property
    def over(self) -> bool:
        """True if there is nothing left to do."""
        return self.closed or (self._samples is not None and self.taken >= self._samples)

    def state(self) -> State:
        """Everything that what is said from now on depends on, as plain values and arrays that are its own no more."""
        links = [msgspec.structs.asdict(link) for link in self.links]
        plain = {"intake": self.intake.state(), "links": links, "flags": int(self.flags)}
        plain |= {"interrupted": self._interrupted, "told": int(self._told), "news_at": self._news_at}
        parts = {"session": ({"plain": codec.to_plain(plain)}, list[Any]()), "monitor": self.monitor.state()}
        return codec.joined(parts)

    def restore(self, state: State) -> None:
        """Take up the state of a session with the same settings; ``taken`` counts from here."""
        parts = codec.parts_of(state)
        plain = codec.from_plain(parts["session"][0]["plain"])
        self.intake.restore(plain["intake"])
        self.links = [LinkHealth(**link) for link in plain["links"]]
        self.flags, self._interrupted = Status(plain["flags"]), plain["interrupted"]
        self._told, self._news_at = Status(plain["told"]), plain["news_at"]
        self.monitor.restore(parts["monitor"])
        self._health = None

    def resume(self) -> None:
        """Go on after a pause of the monitor itself: what was sent meanwhile is not here."""
        self._interrupted = True
        for source in range(len(self.links)):
            self.intake.restarted(source)

    def apply(self, entry: Entry) -> None:
        """Take in what happened next, and say what comes of it."""
        self.changes += 1
        self._health = None
        match entry:
            case Arrived(source, received, messages):
                self._feed(self.intake.decode(source, messages, received), received)
            case LinkChanged():
                self._change(entry)
            case Polled(at):
                self.publish(self.poll(at), at)
            case Flagged(_, flags):
                self.flags = Status(flags)
            case Ended(at):
                for batch in self.intake.end(at):
                    self._feed(batch, at)
                self._settle(at)
                self.publish(self.monitor.last(at) or self._news(self.health(at), at), at)
            case Begin():
                self.outbox.run, self.outbox.seq, self.taken = entry.run, entry.seq, entry.taken
                if entry.resumed:
                    self.resume()

    def poll(self, now: float) -> list[Output]:
        """The events that the links bring as of ``now``, and the reading that is due by then though nothing comes.

        That is one of pairs that none has counted yet, or one whose status is not what the last one said. Looking again
        brings nothing a second time, and where there is nothing to say nothing changes.
        """
        links = self.health(now)
        outputs = [output for link in links for output in self.monitor.link(link, now)]
        if not 0 <= now - self._news_at < NEWS_SECONDS:  # a clock may be set back
            outputs += self._news(links, now)
        return outputs + self.monitor.catch_up(now, at_once=False)

    @property
    def due(self) -> float | None:
        """When (wall clock, s) ``poll`` will have pairs to count that came before; None where there are none."""
        return self.monitor.due

    def publish(self, outputs: Sequence[Output], now: float) -> None:
        """Say these, with the links as of ``now``."""
        if outputs:
            self.changes += 1
            link = total(self.health(now))
            flags = self.flags | (Status.CAUGHT_UP if self.catching_up else Status.OK)
            for timestamp, item in outputs:
                self.outbox.publish(timestamp, item, link, flags)
                if isinstance(item, Reading):
                    # What was caught up is judged as it was before.
                    status = int(self.outbox.status & ~Status.CAUGHT_UP)
                    for at, alarm in self.monitor.judge({**self.outbox.newest, "status": status}):
                        self.outbox.publish(at, alarm, link, flags)
            if any(isinstance(item, Reading) for _, item in outputs):
                self._told = of_now(self.outbox.status)

    def health(self, now: float) -> Links:
        """The health of the links, one a source; made once, however many ask."""
        if self._health is None or self._health[0] != now:
            self._health = now, self.intake.describe(tuple(self.links), now)
        return self._health[1]

    def _change(self, to: LinkChanged) -> None:
        """A link is otherwise from now on."""
        known = self.links[to.source]
        if to.reconnects > known.reconnects:
            self._interrupted = True
            self.intake.restarted(to.source)
        self.links[to.source] = changed(known, to)
        if to.state in SILENT and known.state not in SILENT:
            self._settle(to.at)

    def _news(self, links: Links, now: float) -> list[Output]:
        """A reading at once where the last one's status is not that of the moment."""
        status = status_of(None, total(links)) & ~Status.WARMING_UP | self.flags
        if self.monitor.stuck:
            status |= Status.STUCK
        outputs = [] if of_now(status) == self._told else self.monitor.catch_up(now, at_once=True)
        if outputs:
            self._news_at = now
        return outputs

    def _settle(self, now: float) -> None:
        """Pair what waits only for a nearer partner that will not come soon."""
        batch = self.intake.settle()
        if batch is not None:
            self._feed(msgspec.structs.replace(batch, received=now), now)

    def _feed(self, batch: PairBatch, now: float) -> None:
        """Count a batch, and say what comes of it."""
        outputs = self._count(batch)
        self.intake.count(now, self.monitor.window.nonfinite)
        self._health = None
        if outputs:
            self.publish(outputs, now)

    def _count(self, batch: PairBatch) -> list[Output]:
        if self._samples is not None:
            batch = first_pairs(batch, self._samples - self.taken)
        if self._interrupted:
            batch, self._interrupted = msgspec.structs.replace(batch, interrupted=True), False
        if batch.x.size or batch.gaps or batch.interrupted:
            self.taken += batch.x.size
            if self._on_pairs is not None:
                self._on_pairs(batch)
            return self.monitor.feed(batch)
        return []


def first_pairs(batch: PairBatch, n: int) -> PairBatch:
    """The first ``n`` pairs of a batch."""
    if batch.x.size <= n:
        return batch
    t = None if batch.t is None else batch.t[:n]
    return msgspec.structs.replace(batch, x=batch.x[:n], y=batch.y[:n], t=t)
