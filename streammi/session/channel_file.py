"""A file's rows through a monitor of many channels: the matrices of window after window, and what changes in them."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Final

import numpy as np
from msgspec.structs import replace

from streammi.config import ChannelSettings, Span, options_of_channels
from streammi.ingest.files.channel_rows import ChannelRows, counted
from streammi.monitor import ChannelMonitor, Monitor
from streammi.publish import matrices
from streammi.records import ChannelMatrices, Event, FloatArray, LinkHealth, MatrixSnapshot, RowBatch
from streammi.session import diagnosis
from streammi.session.changed_pair_events import PairChanges
from streammi.session.channel_outbox import Audience
from streammi.session.channel_session import KEPT_EVENTS
from streammi.session.diagnosis import Report
from streammi.session.pair_tester import tested
from streammi.session.replay import NOTHING, progress_of

SHORT: Final = 10  # windows: a file of fewer has shorter ones, where nobody said how long they are
LEAST_WINDOW: Final = 50  # rows
READINGS_A_WINDOW: Final = 4  # a window is counted anew for each; what has changed is known a quarter of one later
PIECE_ROWS: Final = 4096  # between two looks at whether it is time to end


class ChannelFileReplay:
    """The rows of a file, and the matrices of its windows, for ``audience``; nothing is kept of what has left them.

    A window that is ``chosen`` stays as it is; else it is a tenth of a file that has fewer than ten of them. The status
    is 1 where there is no pair.
    """

    monitor: Monitor | None = None  # of a pair: there is none
    closed = False

    def __init__(
        self, rows: ChannelRows, settings: ChannelSettings, audience: Audience, path: str, *, chosen: bool
    ) -> None:
        self.opening = [line for line in (rows.said, rows.hint) if line]
        self.notes: list[str] = []
        self.status = 0
        self.settings, self._rows, self._audience, self._path, self._chosen = settings, rows, audience, path, chosen
        self.names = tuple(rows.names)
        self._run: _Run | None = None
        self.taken = 0  # rows
        self._newest, self._backwards, self._first_back = -np.inf, 0, 0  # of the rows' times

    @property
    def progress(self) -> tuple[int, int]:
        """Bytes read so far, and of all."""
        return self._rows.progress

    def __iter__(self) -> Iterator[float]:
        with closing(self._rows):
            held: list[tuple[FloatArray, FloatArray | None]] = []
            waiting = not self._chosen
            for values, t in self._rows:
                held.append((values, t))
                if waiting and sum(len(part) for part, _ in held) < SHORT * self._window_rows:
                    continue
                waiting = False
                for part in held:
                    yield from self._take(*part)
                held.clear()
            if waiting:  # the whole of a short file
                self._shorten(sum(len(part) for part, _ in held))
            for part in held:
                yield from self._take(*part)

    def end(self) -> None:
        """Say the last, and test it."""
        if self._run is not None:
            self._run.end()
        self.notes += [self._rows.note] if self._rows.note else []
        if self._backwards:
            times = "once" if self._backwards == 1 else f"{self._backwards:,} times"
            self.notes.append(f"the times go back {times}, first in row {self._first_back:,}")
        if self.taken < 2 or len(self.names) < 2:
            self.notes.append(f"no pair: {counted(len(self.names), self.taken)} in {self._path}")
            self.status = NOTHING

    def links(self, now: float) -> Sequence[LinkHealth]:
        """The file as a link of a feed."""
        return (LinkHealth(endpoint=self._path, state="ended", pairs=self.taken, note=self._rows.note),)

    def report(self, now: float) -> Report:
        """A first-aid report."""
        settings = options_of_channels(self.settings)
        return diagnosis.report(now, settings, progress=progress_of(self) | {"rows": self.taken})

    @property
    def _window_rows(self) -> int:
        assert self.settings.config.window.pairs is not None  # the default
        return self.settings.config.window.pairs

    def _shorten(self, rows: int) -> None:
        window = min(max(rows // SHORT, LEAST_WINDOW), self._window_rows)
        every = Span(pairs=max(window // READINGS_A_WINDOW, 1))
        config = replace(self.settings.config, window=Span(pairs=window), every=every)
        self.settings = replace(self.settings, config=config)

    def _take(self, values: FloatArray, t: FloatArray | None) -> Iterator[float]:
        if len(self.names) < 2:
            return
        if self._run is None:
            config = replace(self.settings.config, names=self.names, tested=False)
            self._run = _Run(replace(self.settings, config=config), self._audience)
        for start in range(0, len(values), PIECE_ROWS):
            part = slice(start, start + PIECE_ROWS)
            yield np.nan
            batch = RowBatch(rows=values[part], t=None if t is None else t[part])
            self._look_back(batch.t)
            self.taken += len(batch.rows)
            self._audience.rows(self.names, batch)
            self._run.take(batch)

    def _look_back(self, t: FloatArray | None) -> None:
        """Count the rows whose time is before that of the row before them."""
        if t is None or not t.size:
            return
        back = np.flatnonzero(np.diff(t, prepend=self._newest) < 0)
        if back.size:
            self._first_back = self._first_back or self.taken + back.item(0) + 1
            self._backwards += back.size
        self._newest = t.item(-1)


class _Run:
    """The monitor of a file's rows, and what is usual in its windows."""

    def __init__(self, settings: ChannelSettings, audience: Audience) -> None:
        self._settings, self._audience = settings, audience
        self._monitor = ChannelMonitor(settings.config, event_time=True)
        self._pairs = PairChanges(settings.name, settings.config.names, settings.pairs)
        self._events: list[Event] = []
        self._seq = 0

    def take(self, batch: RowBatch) -> None:
        """Count rows, and hand on the matrices that are due among them."""
        for at, found in self._monitor.readings(batch):
            self._hand_on(at, found)

    def end(self) -> None:
        """Hand on the matrices of the last window, tested."""
        window = self._monitor.window
        if not window.n:
            return
        at = float(window.rows) if window.t1 is None else window.t1
        for _, found in self._monitor.said(at):
            test = tested(window, self._settings.fdr)
            found = replace(found, p=test.p, q=test.q, untested=test.untested)
            self._hand_on(at, found, indirect=test.indirect)

    def _hand_on(self, at: float, found: ChannelMatrices, **more: object) -> None:
        window, pairs, settings = self._monitor.window, self._pairs, self._settings
        self._events = [*self._events, *pairs.look(at, found, window)][-KEPT_EVENTS:]
        self._seq += 1
        snapshot: MatrixSnapshot = matrices.snapshot_of(
            found, name=settings.name, run=0, seq=self._seq, timestamp=at, rows=window.rows, fill=window.fill,
            window=str(window.size).replace("pairs", "rows"), fdr=settings.fdr, usual_windows=pairs.usual.windows,
            change=pairs.change_of_all(found) if pairs.known else None,
            changed=np.flatnonzero(pairs.changed) if pairs.known else None, events=tuple(self._events), **more,
        )  # fmt: skip
        self._audience.matrix(snapshot)
