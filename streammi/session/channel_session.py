"""A monitor of many channels between what it is fed, entry by entry, and whoever it tells.

A live run and a replay of its recording hand the same entries to the same code, so what they say is the same. Nothing
here looks at a clock.
"""

import math
from collections import deque
from collections.abc import Callable
from typing import Any, Final, Protocol

import msgspec
import numpy as np

from streammi.config import ChannelSettings, FeedConfig
from streammi.core.channels import ranking
from streammi.ingest.row_intake import RowIntake
from streammi.monitor import ChannelMonitor
from streammi.network.frames import Messages
from streammi.publish import matrices
from streammi.publish.messages import VERSION, Fields, event_message
from streammi.recording.entries import Arrived, Begin, Ended, Entry, Flagged, LinkChanged, Polled, Tested
from streammi.records import ChannelMatrices, Event, LinkHealth, MatrixSnapshot, RowBatch, Snapshot, codec
from streammi.records.codec import State
from streammi.records.status import Status, of_now, status_of
from streammi.session.changed_pair_events import PairChanges
from streammi.session.pair_snapshot import pair_snapshot
from streammi.session.pair_tester import PairTester
from streammi.session.recorded import changed
from streammi.system.spool import LineStream

KEPT_EVENTS: Final = 100  # for the screen
NEWS_SECONDS: Final = 1.0  # between two readings that only a status has brought: a link that flaps is no flood


class Outlet(Protocol):
    """Where messages go: a Publisher."""

    def wants(self, topic: bytes) -> bool:
        """True if somebody subscribes to messages of this topic."""

    def send(self, frames: list[bytes]) -> None:
        """Send to whoever subscribes."""


class Audience(Protocol):
    """Whoever is to see all of it: each row and each matrix."""

    def rows(self, names: tuple[str, ...], batch: RowBatch) -> None:
        """Take rows of the channels, before they are counted."""

    def matrix(self, snapshot: MatrixSnapshot) -> None:
        """Take the matrices of a window."""


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
        self.name, self.run, self.seq, self.closed = settings.name, run, 0, False
        self._config, self._top, self._fdr = settings.config, settings.top, settings.fdr
        self._outlet, self._lines, self._samples, self._say = outlet, lines, samples, say
        self.intake = RowIntake(source, list(settings.patterns), settings.grid_s, settings.hold_s)
        self.links = [LinkHealth(endpoint=source.endpoint, state="connecting")]
        self.flags = Status.OK
        self.catching_up = False  # what is taken in was recorded by a run that may have said what comes of it
        self.taken = self.changes = 0  # rows; how often something was taken in or said
        self.monitor: ChannelMonitor | None = None  # None until the channels are known,
        self.pairs: PairChanges | None = None  # likewise
        self.tester = PairTester(settings.fdr, at_once=at_once, device=device)
        self._device = device
        self._told = Status.OK  # what the last reading said of the moment,
        self._news_at = -math.inf  # and when one was said last for that alone, s
        self._newest: ChannelMatrices | None = None
        self._events: deque[Event] = deque(maxlen=KEPT_EVENTS)

    @property
    def link(self) -> LinkHealth:
        """The link as its socket knows it."""
        return self.links[0]

    @property
    def rows(self) -> int:
        """Rows taken in so far, also before the state that was gone on from."""
        return 0 if self.monitor is None else self.monitor.window.rows

    @property
    def counted(self) -> int:
        """Those of ``counts`` that were taken in so far."""
        return self.rows

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

    def resume(self) -> None:
        """Go on after a pause of the monitor itself, of which nothing that is said here depends."""

    def feed(self, messages: Messages, received: float) -> None:
        """Take in messages, and say what comes of it."""
        self._take(self.intake.decode(messages, received), received)
        self._settle(received)

    def polls(self, now: float) -> bool:
        """True if ``poll`` has something to do at ``now``."""
        if self.monitor is None:
            return self.intake.settles(now)
        return self.monitor.is_due(now) or self._is_news(now)

    def poll(self, now: float) -> None:
        """Take in what waited for the channels to be known, and say what is due though nothing came.

        That is of rows of which nothing was said yet, or a status that is not what the last reading said.
        """
        self._settle(now)
        if self.monitor is None:
            return
        said = self.monitor.catch_up(now)
        if not said and self._is_news(now):
            self._news_at = now
            said = self.monitor.said(now)
        for at, found in said:
            self._publish(at, found)

    def end(self, now: float) -> None:
        """Take in what was held back, and say the last."""
        self._take(self.intake.end(now), now)
        if self.monitor is not None and self.monitor.window.n:
            self._test(self.monitor)
            self.tester.take()
            for at, found in self.monitor.said(now):
                self._publish(at, found)

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
        if self._newest is None or self.monitor is None or self.pairs is None:
            nothing = np.zeros(0, dtype=np.float32)
            return MatrixSnapshot(
                **origin, names=(), n=0, rows=0, fill=0.0, unit=self._config.unit, estimator="", mi=nothing, r=nothing
            )
        found, pairs, newest = self._newest, self.pairs, self.tester.newest
        return matrices.snapshot_of(
            found, **origin, rows=self.rows, fill=self.monitor.window.fill,
            change=pairs.change_of_all(found) if pairs.known else None,
            changed=np.flatnonzero(pairs.changed) if pairs.known else None,
            indirect=newest.indirect if found.q is not None and newest else None, usual_windows=pairs.usual.windows,
            events=tuple(self._events),
        )  # fmt: skip

    def pair(self, label: str, now: float) -> Snapshot | None:
        """The snapshot of one pair, by what it is called in topics; None where it is none, or not known yet."""
        if self._newest is None or self.monitor is None or self.pairs is None:
            return None
        numbers = self.pairs.numbers(label)
        return None if numbers is None else pair_snapshot(
            self.monitor.window, *numbers, self._newest, self._config, pair=label, run=self.run, seq=self.seq,
            timestamp=now, links=(self.health(now),),
            events=tuple(event for event in self._events if event.pair in (label, self.name)),
        )  # fmt: skip

    def known(self, now: float) -> Fields:
        """What metrics show of all pairs together."""
        window, pairs = None if self.monitor is None else self.monitor.window, self.pairs
        status = (
            status_of(None, self.health(now)) & ~Status.WARMING_UP if window is None else self._status(self.health(now))
        )
        fields: Fields = {"run": self.run, "seq": self.seq, "status": int(status), "rows": self.rows}
        counted = {"missing": self.intake.missing, "expired": self.intake.expired, "unused": self.intake.unused}
        if window is None or pairs is None:
            return fields | counted
        found = self._newest
        return fields | counted | {
            "n": window.n, "fill": window.fill, "channels": len(self.intake.names), "pairs_watched": pairs.count,
            "dependent": None if found is None else self._dependent(found),
            "changed": int(np.count_nonzero(pairs.changed)) if pairs.known else None,
        }  # fmt: skip

    def top(self) -> dict[str, Fields]:
        """What metrics show of each of the top pairs, by its name in topics."""
        found, pairs = self._newest, self.pairs
        if found is None or pairs is None:
            return {}
        shown: dict[str, Fields] = {}
        for i, j in self._best(found):
            known = {"mi_corrected": found.mi, "r": found.r, "p": found.p, "n": found.pairs}
            values = {name: square.item((i, j)) for name, square in known.items() if square is not None}
            shown[pairs.pair(i, j)] = {"unit": found.unit, **values}
        return shown

    def _best(self, found: ChannelMatrices) -> list[tuple[int, int]]:
        assert self.pairs is not None
        among = np.where(self.pairs.said, found.mi, np.nan)
        return [(i, j) for i, j in ranking.pairs_by(among, self._top).tolist()]

    def state(self) -> State:
        """Everything that what is said from now on depends on, as plain values and arrays that are its own no more."""
        plain = {"intake": self.intake.state(), "link": msgspec.structs.asdict(self.link), "flags": int(self.flags)}
        plain |= {"told": int(self._told), "news_at": self._news_at}
        plain["events"] = [msgspec.structs.asdict(event) for event in self._events]
        parts: dict[str, State] = {"session": ({"plain": codec.to_plain(plain)}, list[Any]())}
        if self.monitor is not None and self.pairs is not None:
            parts |= {"monitor": self.monitor.state(), "pairs": self.pairs.state(), "tester": self.tester.state()}
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
            monitor, pairs = self._begin()
            monitor.restore(*parts["monitor"])
            pairs.restore(parts["pairs"])
            self.tester.restore(parts["tester"])

    def _settle(self, now: float) -> None:
        """Take in what waited for the channels to be known."""
        if self.monitor is None:
            self._take(self.intake.settle(now), now)

    def _is_news(self, now: float) -> bool:
        """True if a reading is to be said for its status alone, which is not what the last one said."""
        if self.monitor is None or not self.monitor.window.n or 0 <= now - self._news_at < NEWS_SECONDS:
            return False
        return of_now(self._status(self.health(now))) != self._told

    def _status(self, link: LinkHealth) -> Status:
        """The flags of a reading that is said now."""
        assert self.monitor is not None
        filling = self.monitor.window.fill < 1
        status = status_of(None, link) & ~Status.WARMING_UP | (Status.WARMING_UP if filling else Status.OK)
        return status | self.flags | (Status.CAUGHT_UP if self.catching_up else Status.OK)

    def _take(self, batch: RowBatch | None, now: float) -> None:
        if batch is None:
            return
        monitor = self._begin()[0] if self.monitor is None else self.monitor
        if batch.t is None and self._config.window.seconds is not None:  # then they are of when they came
            batch = msgspec.structs.replace(batch, t=np.full(len(batch.rows), batch.received))
        if self._samples is not None:
            left = max(self._samples - self.taken, 0)
            t = None if batch.t is None else batch.t[:left]
            batch = msgspec.structs.replace(batch, rows=batch.rows[:left], t=t)
        self.taken += len(batch.rows)
        if self._audience is not None:
            self._audience.rows(self.intake.names, batch)
        for at, found in monitor.readings(batch):
            self._test(monitor)
            self._publish(at, found)
        self._test(monitor)

    def _test(self, monitor: ChannelMonitor) -> None:
        if self._config.tested:
            self.tester.look(monitor.window)

    def _begin(self) -> tuple[ChannelMonitor, PairChanges]:
        names = self.intake.names
        config = msgspec.structs.replace(self._config, names=names, tested=False)
        self.monitor = ChannelMonitor(config, device=self._device)
        self.pairs = PairChanges(self.name, names, self.settings.pairs)
        shown = ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
        self._say(f"{len(names)} channels, {self.pairs.usual.mean.size:,} pairs: {shown}")
        if not self.pairs.count:
            self._say(f"no pair of these fits --pairs {','.join(self.settings.pairs)}")
        if self.settings.target is not None and self.settings.target not in names:
            self._say(f"--target {self.settings.target} is not among the channels: nothing is said of it")
        for note in self.intake.notes:
            self._say(note)
        if self._outlet is not None and not matrices.fits(len(names)):
            self._say(f"no matrix/{self.name} is published: {len(names):,} channels do not fit a message")
        return self.monitor, self.pairs

    def _publish(self, at: float, found: ChannelMatrices) -> None:
        """Say what the matrices tell."""
        assert self.monitor is not None
        assert self.pairs is not None
        self.seq += 1
        self.changes += 1
        self._newest = found = self._with_test(found)
        link = self.health(at)
        status = self._status(link)
        self._told = of_now(status)
        events = self.pairs.look(at, found, self.monitor.window)
        self._events.extend(events)
        if self._audience is not None:
            self._audience.matrix(self.snapshot(at))
        top = self._best(found)
        said = [self._fields(found, i, j) for i, j in top]
        lines = [self._summary(at, found, said, link, status), *(event_message(event)[1] for event in events)]
        if self._outlet is not None:
            origin = {"run": self.run, "seq": self.seq, "timestamp": at, "status": int(status)}
            for (i, j), fields in zip(top, said, strict=True):
                self._outlet.send(matrices.pair_message(self.pairs.pair(i, j), {**origin, **fields}))
            for event in events:
                self._outlet.send(event_message(event))
        if self._lines is not None and not self.closed:
            try:
                self._lines.write("".join(line.decode() + "\n" for line in lines))
                self._lines.flush()
            except BrokenPipeError:  # whoever read our lines has gone, as `| head` does: nothing is wrong
                self.closed = True

    def _with_test(self, found: ChannelMatrices) -> ChannelMatrices:
        """The matrices with what the newest test has found."""
        assert self.monitor is not None
        test = self.tester.newest
        if test is not None:
            return msgspec.structs.replace(found, p=test.p, q=test.q, untested=test.untested)
        if self._config.tested and self.monitor.window.fill < 1:
            return msgspec.structs.replace(found, untested="untested: the window is not full yet")
        return found

    def _fields(self, found: ChannelMatrices, i: int, j: int) -> dict[str, object]:
        assert self.pairs is not None
        assert self.monitor is not None
        fields = matrices.pair_fields(found, i, j, self.pairs.change(found, i, j))
        r = self.monitor.window.correlation(i, j)  # to the last bit: a replay on another machine says the same
        return fields | {"r": r if math.isfinite(r) else None}

    def _summary(
        self, at: float, found: ChannelMatrices, top: list[dict[str, object]], link: LinkHealth, status: Status
    ) -> bytes:
        assert self.monitor is not None
        assert self.pairs is not None
        window, target = self.monitor.window, self.settings.target
        told = {} if target is None else {"target": target, "tells": self._tells(found, target)}
        return msgspec.json.encode(told | {
            "v": VERSION, "name": self.name, "run": self.run, "seq": self.seq, "timestamp": at, "t1": found.t1,
            "n": found.n, "rows": window.rows, "fill": window.fill, "channels": len(found.names),
            "pairs": self.pairs.count, "dependent": self._dependent(found),
            "changed": int(np.count_nonzero(self.pairs.changed)) if self.pairs.known else None, "top": top,
            "changes": [self._fields(found, i, j) for i, j in self.pairs.most(found, self._top)],
            "untested": found.untested, "missing": self.intake.missing, "later": len(self.intake.later),
            "gaps": link.gaps, "malformed": sum(link.malformed.values()), "empty": link.nonfinite,
            "late": window.totals["late"] + self.intake.late, "unused": self.intake.unused,
            "expired": self.intake.expired, "dropped": window.totals["dropped"], "rate": link.rate,
            "status": int(status), "unit": found.unit,
        })  # fmt: skip

    def _dependent(self, found: ChannelMatrices) -> int | None:
        """How many of the pairs depend by more than chance; None where that was not tested."""
        assert self.pairs is not None
        if found.q is None:
            return None
        i, j = found.edges(self._fdr).T
        return int(np.count_nonzero(self.pairs.said[i, j]))

    def _tells(self, found: ChannelMatrices, target: str) -> list[dict[str, object]]:
        """What tells most of a channel, each beside those before it."""
        if target not in found.names:
            return []
        at = found.names.index(target)
        chosen = ranking.least_redundant(found.mi, at, self._top).tolist()
        return [{"x": found.names[c], "mi": found.mi.item((c, at))} for c in chosen]
