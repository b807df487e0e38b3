"""A monitor of many channels between what it is fed, entry by entry, and whoever it tells.

A live run and a replay of its recording hand the same entries to the same code, so what they say is the same. Nothing
here looks at a clock.
"""

import math
from collections import deque
from collections.abc import Callable
from typing import Any, Final

import msgspec
import numpy as np

from streammi.config import ChannelSettings, FeedConfig
from streammi.ingest.row_intake import RowIntake
from streammi.network.frames import Messages
from streammi.publish import matrices
from streammi.publish.messages import Fields
from streammi.recording.entries import Arrived, Begin, Ended, Entry, Flagged, LinkChanged, Polled, Tested
from streammi.records import ChannelMatrices, Event, LinkHealth, MatrixSnapshot, RowBatch, Snapshot, codec
from streammi.records.codec import State
from streammi.records.status import Status, of_now, status_of
from streammi.session.channel_outbox import Audience, ChannelOutbox, Outlet
from streammi.session.pair_snapshot import pair_snapshot
from streammi.session.pair_tester import PairTester
from streammi.session.recorded_session import changed
from streammi.session.watched_pairs import WatchedPairs
from streammi.system.spool import LineStream

KEPT_EVENTS: Final = 100  # for the screen
NEWS_SECONDS: Final = 1.0  # between two readings that only a status has brought: a link that flaps is no flood


class ChannelSession:
    """Counts rows, and says of the pairs what is due: lines, ``pair/`` and ``event/`` messages, and matrices.

    It is over after ``samples`` rows, or when nobody reads the lines. A test of all pairs runs beside; what it has
    found is said from the entry on that says so, or ``at_once``. All is counted by ``device``, as ChannelWindow has it.
    """

    counts = "rows"  # what a state that is gone on from has so many of

    def __init__(
        self,
        settings: ChannelSettings,
        source: FeedConfig,
        outlet: Outlet | None,
        lines: LineStream | None,
        run: int,
        *,
        samples: int | None = None,
        at_once: bool = False,
        say: Callable[[str], None] = lambda line: None,
        device: str | None = None,
        audience: Audience | None = None,
    ) -> None:
        self.settings, self._audience = settings, audience
        self.name, self.run, self.seq = settings.name, run, 0
        self._config, self._fdr = settings.config, settings.fdr
        self._outbox = ChannelOutbox(settings.name, outlet, lines)
        self._samples, self._say = samples, say
        self.intake = RowIntake(source, list(settings.patterns), settings.grid_s, settings.hold_s)
        self.links = [LinkHealth(endpoint=source.endpoint, state="connecting")]
        self.said_at_first = ""  # of the intake's notes: those on how the channels were found
        self.flags = Status.OK
        self.catching_up = False  # what is taken in was recorded by a run that may have said what comes of it
        self.taken = self.changes = 0  # rows; how often something was taken in or said
        self.watched: WatchedPairs | None = None  # None until the channels are known
        self.tester = PairTester(settings.fdr, at_once=at_once, device=device)
        self._device = device
        self._told = Status.OK  # what the last reading said of the moment,
        self._news_at = -math.inf  # and when one was said last for that alone, s
        self._events: deque[Event] = deque(maxlen=KEPT_EVENTS)

    @property
    def link(self) -> LinkHealth:
        """The link as its socket knows it."""
        return self.links[0]

    @property
    def rows(self) -> int:
        """Rows taken in so far, also before the state that was gone on from."""
        return 0 if self.watched is None else self.watched.window.rows

    @property
    def counted(self) -> int:
        """Those of ``counts`` that were taken in so far."""
        return self.rows

    @property
    def closed(self) -> bool:
        """True if nobody reads the lines any more."""
        return self._outbox.closed

    @property
    def over(self) -> bool:
        """True if there is nothing left to do."""
        return self.closed or (self._samples is not None and self.taken >= self._samples)

    def apply(self, entry: Entry) -> None:
        """Take in what happened next, and say what comes of it."""
        self.changes += 1
        match entry:
            case Arrived(_, received, messages):
                self.feed(messages, received)
            case LinkChanged():
                if entry.reconnects > self.link.reconnects:
                    self.intake.restarted()
                self.links[0] = changed(self.link, entry)
            case Polled(at):
                self.poll(at)
            case Tested():
                self.tester.take()
            case Flagged(_, flags):
                self.flags = Status(flags)
            case Ended(at):
                self.end(at)
            case Begin():
                self.run, self.seq, self.taken = entry.run, entry.seq, entry.taken
                if entry.resumed:
                    self.resume()

    def resume(self) -> None:
        """Go on after a pause of the monitor itself: the sender may be another one by now."""
        self.intake.restarted()

    def feed(self, messages: Messages, received: float) -> None:
        """Take in messages, and say what comes of it."""
        self._take(self.intake.decode(messages, received), received)
        self._settle(received)

    def polls(self, now: float) -> bool:
        """True if ``poll`` has something to do at ``now``."""
        if self.watched is None:
            return self.intake.settles(now)
        return self.watched.monitor.is_due(now) or self._is_news(now)

    def poll(self, now: float) -> None:
        """Take in what waited for the channels to be known, and say what is due though nothing came.

        That is of rows of which nothing was said yet, or a status that is not what the last reading said.
        """
        self._settle(now)
        if self.watched is None:
            return
        said = self.watched.monitor.catch_up(now)
        if not said and self._is_news(now):
            self._news_at = now
            said = self.watched.monitor.said(now)
        for at, found in said:
            self._publish(self.watched, at, found)

    def end(self, now: float) -> None:
        """Take in what was held back, and say the last."""
        self._take(self.intake.end(now), now)
        if self.watched is not None and self.watched.window.n:
            self._test(self.watched)
            self.tester.take()
            for at, found in self.watched.monitor.said(now):
                self._publish(self.watched, at, found)

    def close(self) -> None:
        """End what is done beside."""
        self.tester.close()

    def health(self, now: float) -> LinkHealth:
        """The link with all that was counted."""
        return self.intake.describe(self.link, now)

    def snapshot(self, now: float) -> MatrixSnapshot:
        """The snapshot that a view shows; without channels and pairs before there are any."""
        links, notes, window = (self.health(now),), tuple(self.intake.notes), self._config.window
        origin: dict[str, Any] = {
            "name": self.name, "run": self.run, "seq": self.seq, "timestamp": now, "fdr": self._fdr, "links": links,
            "notes": notes, "window": str(window).replace("pairs", "rows"), "missing": self.intake.missing,
        }  # fmt: skip
        if self.watched is None or self.watched.newest is None:
            nothing = np.zeros(0, dtype=np.float32)
            return MatrixSnapshot(
                **origin, names=(), n=0, rows=0, fill=0.0, unit=self._config.unit, estimator="", mi=nothing, r=nothing
            )
        found = self.watched.newest
        known = self.watched.of_snapshot(found, self.tester.newest)
        origin["notes"] = tuple(filter(None, (*notes, self.watched.apart)))
        return matrices.snapshot_of(found, **origin, **known, events=tuple(self._events))

    def pair(self, label: str, now: float) -> Snapshot | None:
        """The snapshot of one pair, by what it is called in topics; None where it is none, or not known yet."""
        if self.watched is None or self.watched.newest is None:
            return None
        numbers = self.watched.changes.numbers(label)
        return None if numbers is None else pair_snapshot(
            self.watched.window, *numbers, self.watched.newest, self._config, pair=label, run=self.run, seq=self.seq,
            timestamp=now, links=(self.health(now),),
            events=tuple(event for event in self._events if event.pair in (label, self.name)),
        )  # fmt: skip

    def known(self, now: float) -> Fields:
        """The fields that metrics show of all pairs together."""
        link, watched = self.health(now), self.watched
        status = status_of(None, link) & ~Status.WARMING_UP if watched is None else self._status(watched, link)
        fields: Fields = {
            "run": self.run, "seq": self.seq, "status": int(status), "rows": self.rows, "missing": self.intake.missing,
            "expired": self.intake.expired, "unused": self.intake.unused,
        }  # fmt: skip
        return fields if watched is None else fields | watched.of_all()

    def top(self) -> dict[str, Fields]:
        """The fields that metrics show of each of the top pairs, by its name in topics."""
        return {} if self.watched is None else self.watched.of_top()

    def state(self) -> State:
        """Everything that what is said from now on depends on, as plain values and arrays that are its own no more."""
        plain = {"intake": self.intake.state(), "link": msgspec.structs.asdict(self.link), "flags": int(self.flags)}
        plain |= {"told": int(self._told), "news_at": self._news_at}
        plain["events"] = [msgspec.structs.asdict(event) for event in self._events]
        parts: dict[str, State] = {"session": ({"plain": codec.to_plain(plain)}, list[Any]())}
        if (watched := self.watched) is not None:
            parts |= {"monitor": watched.monitor.state(), "pairs": watched.changes.state()}
            parts["tester"] = self.tester.state()
        return codec.joined(parts)

    def restore(self, state: State) -> None:
        """Take up the state of a session with the same settings; ``taken`` counts from here."""
        parts = codec.parts_of(state)
        plain = codec.from_plain(parts["session"][0]["plain"])
        self.intake.restore(plain["intake"])
        self.links = [LinkHealth(**plain["link"])]
        self.flags, self._told, self._news_at = Status(plain["flags"]), Status(plain["told"]), plain["news_at"]
        self._events.extend(Event(**event) for event in plain["events"])
        if "monitor" in parts:
            watched = self._begin()
            watched.monitor.restore(*parts["monitor"])
            watched.changes.restore(parts["pairs"])
            self.tester.restore(parts["tester"])

    def _settle(self, now: float) -> None:
        """Take in what waited for the channels to be known."""
        if self.watched is None:
            self._take(self.intake.settle(now), now)

    def _is_news(self, now: float) -> bool:
        """True if a reading is to be said for its status alone, which is not what the last one said."""
        if self.watched is None or not self.watched.window.n or 0 <= now - self._news_at < NEWS_SECONDS:
            return False
        return of_now(self._status(self.watched, self.health(now))) != self._told

    def _status(self, watched: WatchedPairs, link: LinkHealth) -> Status:
        """The flags of a reading that is said now."""
        filling = watched.window.fill < 1
        status = status_of(None, link) & ~Status.WARMING_UP | (Status.WARMING_UP if filling else Status.OK)
        return status | self.flags | (Status.CAUGHT_UP if self.catching_up else Status.OK)

    def _take(self, batch: RowBatch | None, now: float) -> None:
        if batch is None:
            return
        watched = self._begin() if self.watched is None else self.watched
        if batch.t is None and self._config.window.seconds is not None:  # then they are of when they came
            batch = msgspec.structs.replace(batch, t=np.full(len(batch.rows), batch.received))
        if self._samples is not None:
            left = max(self._samples - self.taken, 0)
            t = None if batch.t is None else batch.t[:left]
            batch = msgspec.structs.replace(batch, rows=batch.rows[:left], t=t)
        self.taken += len(batch.rows)
        if self._audience is not None:
            self._audience.rows(self.intake.names, batch)
        for at, found in watched.monitor.readings(batch):
            self._test(watched)
            self._publish(watched, at, found)
        self._test(watched)

    def _test(self, watched: WatchedPairs) -> None:
        if self._config.tested:
            self.tester.look(watched.window)

    def _begin(self) -> WatchedPairs:
        names = self.intake.names
        self.watched = WatchedPairs(self.settings, names, self._device)
        self.said_at_first = "; ".join(self.intake.notes)
        for note in (*self.watched.notes(names), *self.intake.notes, self._outbox.note(len(names))):
            if note:
                self._say(note)
        return self.watched

    def _publish(self, watched: WatchedPairs, at: float, found: ChannelMatrices) -> None:
        """Say what the matrices tell."""
        self.seq += 1
        self.changes += 1
        before = watched.apart
        found = watched.take(found, self.tester.newest)
        if watched.apart and not before:
            self._say(watched.apart)
        link = self.health(at)
        status = self._status(watched, link)
        self._told = of_now(status)
        events = watched.changes.look(at, found, watched.window)
        self._events.extend(events)
        if self._audience is not None:
            self._audience.matrix(self.snapshot(at))
        origin: Fields = {"run": self.run, "seq": self.seq, "timestamp": at}
        self._outbox.publish(watched, found, events, self.intake, link, status, origin)
