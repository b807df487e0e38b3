"""A monitor of many channels between what it is fed and whoever it tells. Nothing here looks at a clock."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Final, Protocol

import msgspec
import numpy as np

from streammi.config import ChannelConfig, FeedConfig
from streammi.core.channels import ranking
from streammi.core.channels.channel_window import ChannelWindow
from streammi.core.channels.significance import Significance
from streammi.detect.changed_pairs import ChangedPairs, told
from streammi.ingest.row_intake import RowIntake
from streammi.monitor import ChannelMonitor
from streammi.network.frames import Messages
from streammi.publish import matrices
from streammi.publish.messages import VERSION, event_message
from streammi.records import UNIT_PER_BIT, ChannelMatrices, Event, IntArray, LinkHealth, MatrixSnapshot, RowBatch
from streammi.system.spool import LineStream

TOLD_ONE_BY_ONE: Final = 5  # of pairs that change at once: of more one thing is said


class Outlet(Protocol):
    """Where messages go: a Publisher."""

    def wants(self, topic: bytes) -> bool:
        """True if somebody subscribes to messages of this topic."""

    def send(self, frames: list[bytes]) -> None:
        """Send to whoever subscribes."""


class Tester:
    """Tests every pair of a copy of the window in a thread of its own: it takes as long as eight matrices or more."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="significance")
        self._running: Future[Significance] | None = None
        self._tested_at = 0  # rows
        self.newest: Significance | None = None

    def look(self, window: ChannelWindow) -> None:
        """Take in what is done, and begin anew once the window's rows are others."""
        if self._running is not None and self._running.done():
            self.newest, self._running = self._running.result(), None
        if self._running is None and window.fill >= 1 and window.rows - self._tested_at >= window.n:
            self._tested_at = window.rows
            self._running = self._pool.submit(window.copy().significance)

    def wait(self) -> None:
        """Wait for what is being tested."""
        if self._running is not None:
            self.newest, self._running = self._running.result(), None

    def close(self) -> None:
        """End, once what is being tested is done."""
        self._pool.shutdown(wait=True, cancel_futures=True)


class ChannelSession:
    """Counts rows, and says of the pairs what is due: lines, ``pair/`` and ``event/`` messages, and matrices.

    ``config`` needs no names: they are those of the channels that fit ``patterns``, once they are known.
    """

    def __init__(
        self,
        name: str,
        config: ChannelConfig,
        source: FeedConfig,
        patterns: list[str],
        outlet: Outlet | None,
        lines: LineStream | None,
        run: int,
        *,
        top: int = 10,
        fdr: float = 0.05,
        say: Callable[[str], None] = lambda line: None,
    ) -> None:
        self.name, self.run, self.seq, self.closed = name, run, 0, False
        self._config, self._top, self._fdr = config, top, fdr
        self._outlet, self._lines, self._say = outlet, lines, say
        self.intake = RowIntake(source, patterns)
        self.link = LinkHealth(endpoint=source.endpoint, state="connecting")
        self.monitor: ChannelMonitor | None = None
        self.tester = Tester()
        self._usual = ChangedPairs(0)
        self._learnt_at = 0  # rows
        self._told: Any = np.zeros(0, dtype=np.bool_)  # changed pairs that were told of
        self._labels: list[str] = []
        self._newest: tuple[float, ChannelMatrices] | None = None

    @property
    def rows(self) -> int:
        """Rows taken in so far."""
        return 0 if self.monitor is None else self.monitor.window.rows

    def feed(self, messages: Messages, received: float) -> None:
        """Take in messages, and say what comes of it."""
        self._take(self.intake.decode(messages, received), received)
        self.poll(received)

    def poll(self, now: float) -> None:
        """Take in what waited for the channels to be known."""
        if self.monitor is None:
            self._take(self.intake.settle(now), now)

    def end(self, now: float) -> None:
        """Take in what was held back, and say the last."""
        self._take(self.intake.end(now), now)
        if self.monitor is not None and self.monitor.window.n:
            self.tester.look(self.monitor.window)
            self.tester.wait()
            for at, found in self.monitor.said(now):
                self._publish(at, found)
        self.tester.close()

    def health(self, now: float) -> LinkHealth:
        """The link with all that was counted."""
        return self.intake.describe(self.link, now)

    def snapshot(self, now: float) -> MatrixSnapshot | None:
        """What a view shows; None before there is something."""
        if self._newest is None or self.monitor is None:
            return None
        _, found = self._newest
        window, tested = self.monitor.window, found.q is not None
        change = matrices.upper(found.mi) - (self._usual.mean * UNIT_PER_BIT[found.unit]).astype(np.float32)
        return MatrixSnapshot(
            name=self.name, run=self.run, seq=self.seq, timestamp=now, names=found.names, n=found.n, rows=window.rows,
            fill=window.fill, unit=found.unit, estimator=found.estimator, mi=matrices.upper(found.mi),
            r=matrices.upper(found.r), p=matrices.upper(found.p) if tested else None,
            q=matrices.upper(found.q) if tested else None, change=change if self._usual.windows else None,
            changed=np.flatnonzero(self._usual.changed) if self._usual.windows else None, fdr=self._fdr,
            untested=found.untested, window=str(window.size).replace("pairs", "rows"), t1=found.t1,
            missing=self.intake.missing, links=(self.health(now),), notes=tuple(self.intake.notes),
        )  # fmt: skip

    def _take(self, batch: RowBatch | None, now: float) -> None:
        if batch is None:
            return
        if self.monitor is None:
            self._begin()
        assert self.monitor is not None
        if batch.t is None and self._config.window.seconds is not None:  # then they are of when they came
            batch = msgspec.structs.replace(batch, t=np.full(len(batch.rows), batch.received))
        said = self.monitor.feed(batch)
        if self._config.tested:
            self.tester.look(self.monitor.window)
        for at, found in said:
            self._publish(at, found)

    def _begin(self) -> None:
        names = self.intake.names
        self.monitor = ChannelMonitor(msgspec.structs.replace(self._config, names=names, tested=False))
        self._usual = ChangedPairs(len(names) * (len(names) - 1) // 2)
        self._told = self._usual.changed
        self._labels = matrices.labels(names)
        shown = ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
        self._say(f"{len(names)} channels, {self._usual.mean.size:,} pairs: {shown}")
        for note in self.intake.notes:
            self._say(note)
        if self._outlet is not None and not matrices.fits(len(names)):
            self._say(f"no matrix/{self.name} is published: {len(names):,} channels do not fit a message")

    def _publish(self, at: float, found: ChannelMatrices) -> None:
        """Say what the matrices tell."""
        assert self.monitor is not None
        self.seq += 1
        test = self.tester.newest
        if test is not None:
            p, q = (None, None) if test.untested else (test.p, test.q)
            found = msgspec.structs.replace(found, p=p, q=q, untested=test.untested)
        elif self._config.tested and self.monitor.window.fill < 1:
            found = msgspec.structs.replace(found, untested="untested: the window is not full yet")
        self._newest = at, found
        events = self._changes(at, found)
        top = ranking.pairs_by(found.mi, self._top).tolist()
        said = [self._fields(found, i, j) for i, j in top]
        lines = [self._summary(at, found, said), *(event_message(event)[1] for event in events)]
        if self._outlet is not None:
            origin = {"run": self.run, "seq": self.seq, "timestamp": at}
            for (i, j), fields in zip(top, said, strict=True):
                pair = f"{self._labels[i]}~{self._labels[j]}"
                self._outlet.send(matrices.pair_message(pair, {**origin, **fields}))
            for event in events:
                self._outlet.send(event_message(event))
        if self._lines is not None and not self.closed:
            try:
                self._lines.write("".join(line.decode() + "\n" for line in lines))
                self._lines.flush()
            except BrokenPipeError:  # whoever read our lines has gone, as `| head` does: nothing is wrong
                self.closed = True

    def _fields(self, found: ChannelMatrices, i: int, j: int) -> dict[str, object]:
        usual = self._usual.mean.item(_number(i, j, len(found.names))) * UNIT_PER_BIT[found.unit]
        return matrices.pair_fields(found, i, j, found.mi.item((i, j)) - usual)

    def _summary(self, at: float, found: ChannelMatrices, top: list[dict[str, object]]) -> bytes:
        assert self.monitor is not None
        link, window, usual = self.health(at), self.monitor.window, self._usual
        off = matrices.upper(found.mi) / UNIT_PER_BIT[found.unit] - usual.mean
        rows, columns = np.triu_indices(len(found.names), 1)
        changed = np.flatnonzero(usual.changed)
        most = changed[np.argsort(-np.abs(off[changed]), kind="stable")][: self._top]
        return msgspec.json.encode({
            "v": VERSION, "name": self.name, "run": self.run, "seq": self.seq, "timestamp": at, "t1": found.t1,
            "n": found.n, "fill": window.fill, "channels": len(found.names), "pairs": usual.mean.size,
            "dependent": None if found.q is None else len(found.edges(self._fdr)),
            "changed": changed.size if usual.windows else None, "top": top,
            "changes": [self._fields(found, rows.item(k), columns.item(k)) for k in most.tolist()],
            "untested": found.untested, "missing": self.intake.missing, "later": len(self.intake.later),
            "gaps": link.gaps, "malformed": sum(link.malformed.values()), "empty": link.nonfinite,
            "late": window.totals["late"], "dropped": window.totals["dropped"], "rate": link.rate,
            "unit": found.unit,
        })  # fmt: skip

    def _changes(self, at: float, found: ChannelMatrices) -> list[Event]:
        """Look at what has changed; the events that tell of it."""
        assert self.monitor is not None
        window = self.monitor.window
        if window.fill < 1 or window.rows < 2 * window.n:  # bins are learnt anew as it fills first
            return []
        bits = found.mi[np.triu_indices(len(found.names), 1)] / UNIT_PER_BIT[found.unit]
        changed = self._usual.look(bits)
        new, channel = told(changed, self._told, len(found.names))
        events = self._events(at, found, bits, new, channel)
        if window.rows - self._learnt_at >= window.n:
            self._learnt_at = window.rows
            self._usual.learn(bits)
        self._told = self._usual.changed.copy()
        return events

    def _events(self, at: float, found: ChannelMatrices, bits: Any, new: IntArray, channel: str) -> list[Event]:
        rows, columns = (places[new].tolist() for places in np.triu_indices(len(found.names), 1))
        per_bit = UNIT_PER_BIT[found.unit]
        changes = [
            (i, j, now * per_bit, usual * per_bit)
            for i, j, now, usual in zip(rows, columns, bits[new].tolist(), self._usual.mean[new].tolist(), strict=True)
        ]
        changes.sort(key=lambda one: -abs(one[2] - one[3]))
        if len(changes) <= TOLD_ONE_BY_ONE:
            return [self._event(at, found, *one) for one in changes]
        i, j, now, usual = changes[0]
        of = f", most of them of {found.names[int(channel)]}" if channel else ""
        evidence = (
            f"MI of {len(changes):,} of {self._usual.mean.size:,} pairs has changed{of}; "
            f"{found.names[i]} ~ {found.names[j]} most: {usual:.3f} to {now:.3f} {found.unit}"
        )
        return [
            Event(pair=self.name, kind="shifted", timestamp=at, size=now - usual, unit=found.unit, evidence=evidence)
        ]

    def _event(self, at: float, found: ChannelMatrices, i: int, j: int, now: float, usual: float) -> Event:
        kind = "lost" if now < usual / 3 else "gained" if now > 3 * usual else "shifted"
        evidence = f"MI of {found.names[i]} ~ {found.names[j]} was {usual:.3f} usually, and is {now:.3f} {found.unit}"
        pair = f"{self._labels[i]}~{self._labels[j]}"
        return Event(pair=pair, kind=kind, timestamp=at, size=now - usual, unit=found.unit, evidence=evidence)


def _number(i: int, j: int, channels: int) -> int:
    """The place of the pair i < j in the upper triangle, row by row."""
    return i * (2 * channels - i - 1) // 2 + j - i - 1
