"""Recordings through a monitor again, step by step: a recording of a live feed, or the pairs of files."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from itertools import pairwise
from typing import TYPE_CHECKING, Final, Generic, Protocol, TypeVar

import numpy as np
from msgspec.structs import replace

from streammi import __version__
from streammi.config import options_of
from streammi.monitor import Monitor, Output
from streammi.publish.outbox import Outbox
from streammi.recording.entries import Arrived, Begin, Settings
from streammi.recording.reader import Recording
from streammi.records import LinkHealth, PairBatch, Reading
from streammi.records.link_totals import total
from streammi.session import diagnosis
from streammi.session.diagnosis import Report
from streammi.session.resume import Resumed
from streammi.session.session import Session

if TYPE_CHECKING:
    from streammi.ingest.files.tables import Recorded

NOTHING: Final = 1  # exit status where there was no pair
PIECE_SECONDS: Final = 0.1  # of the time that passes, when a file is paced by its timestamps
PIECE_READINGS: Final = 1000  # at the most between two looks at whether it is time to end: 0.1 s
PIECE_ROWS: Final = 4096  # likewise where readings are by time, and may be one a row
OnPairs = Callable[[PairBatch], None]


class Replay(Protocol):
    """Says, step by step, what was recorded: iterating yields the time of the next step, in s, before it is done.

    The time is NaN where there is none, and where another run begins.
    """

    opening: list[str]  # lines to be said before the first step
    notes: list[str]
    status: int  # that it ends with

    @property
    def progress(self) -> tuple[int, int]:
        """Bytes read so far, and of all; 0 where that is not known."""

    @property
    def closed(self) -> bool:
        """True if nobody reads what is said any more."""

    @property
    def monitor(self) -> Monitor | None:
        """The monitor that it goes through, of several the newest; None before there is one."""

    def __iter__(self) -> Iterator[float]: ...

    def end(self) -> None:
        """Say what is left to be said, after the last step."""

    def links(self, now: float) -> Sequence[LinkHealth]:
        """Everything read so far and what became of it, as links of a feed, as of ``now`` by its clock."""

    def report(self, now: float) -> Report:
        """A first-aid report; ``now`` is the wall clock, s."""


class Replayed(Resumed, Protocol):
    """The session of a run, of any kind."""

    @property
    def closed(self) -> bool:
        """True if nobody reads what is said any more."""

    def health(self, now: float) -> LinkHealth | tuple[LinkHealth, ...]:
        """Its link, or links, with all that was counted."""


Run = TypeVar("Run", bound=Replayed)


class EntryReplay(ABC, Generic[Run]):
    """The entries of a recording through a session each run, step by step: the very same as live."""

    def __init__(self, recording: Recording) -> None:
        self.notes: list[str] = []
        self.opening: list[str] = []
        self.status = 0
        self._recording = recording
        self._session: Run | None = None  # of the newest run

    @property
    def closed(self) -> bool:
        """True if nobody reads what is said any more."""
        return self._session is not None and self._session.closed

    def links(self, now: float) -> Sequence[LinkHealth]:
        """The links of the newest run as they were."""
        if self._session is None:
            return ()
        found = self._session.health(now)
        return found if isinstance(found, tuple) else (found,)

    @property
    def progress(self) -> tuple[int, int]:
        """Bytes read so far, and of all."""
        return self._recording.read, self._recording.size

    def __iter__(self) -> Iterator[float]:
        for entry in self._recording:
            if isinstance(entry, Begin):
                self._begin(entry)
                if not entry.continues:
                    yield np.nan  # nobody waits for the time between two runs
            elif self._session is not None:
                yield entry.received if isinstance(entry, Arrived) else entry.at
                self._session.apply(entry)

    def end(self) -> None:
        """All was said: the live monitor's last reading is an entry of its own."""
        self._ended()
        self.notes += self._recording.notes

    def _begin(self, begin: Begin) -> None:
        if self._session is not None and (begin.continues or begin.resumed):
            if not begin.continues:
                self._session.apply(begin)
            elif begin.lost:
                self._session.resume()
            return
        self._ended()
        if begin.version != __version__:
            self.notes.append(f"recorded by streammi {begin.version}; readings by {__version__} may differ")
        self._session = self._made(begin)

    @abstractmethod
    def _made(self, begin: Begin) -> Run:
        """The session of a run that begins so."""

    @abstractmethod
    def _ended(self) -> None:
        """The newest run is over, if there is one."""


class RecordingReplay(EntryReplay[Session]):
    """Of a monitor of a pair: the same readings as live, unless ``settings`` makes others of those recorded."""

    def __init__(
        self,
        recording: Recording,
        outbox: Callable[[str, int], Outbox],
        settings: Callable[[Settings], Settings] = lambda recorded: recorded,
        on_pairs: OnPairs | None = None,
    ) -> None:
        super().__init__(recording)
        self._outbox, self._settings, self._on_pairs = outbox, settings, on_pairs
        self._why_empty: str | None = "no messages"  # of the newest run; None once a pair has come

    @property
    def monitor(self) -> Monitor | None:
        """The monitor of the newest run."""
        return None if self._session is None else self._session.monitor

    def report(self, now: float) -> Report:
        """A first-aid report."""
        session = self._session
        if session is None:
            return diagnosis.report(now, {}, progress=progress_of(self))
        return _report(now, self, session.monitor, session.outbox, session.health(now))

    def _made(self, begin: Begin) -> Session:
        settings = self._settings(begin.settings)
        source = settings.feed or settings.join
        assert source is not None
        outbox = self._outbox(settings.monitor.pair, begin.run)
        return Session(Monitor(settings.monitor), source, outbox, settings.samples, self._on_pairs)

    def end(self) -> None:
        """All was said; a recording without any pair ends with a status of its own, unless nobody reads it."""
        super().end()
        if self._why_empty is not None and not self.closed:
            self.status = NOTHING
            self.notes.append(f"no pair: {self._why_empty}")

    def _ended(self) -> None:
        session = self._session
        if session is None:
            return
        self.notes += session.monitor.notes
        if session.counted or self._why_empty is None:
            self._why_empty = None
        elif messages := total(session.health(0.0)).messages:
            why = session.monitor.awaited or session.intake.detail or "none of them made a pair"
            self._why_empty = f"{messages:,} {'message' if messages == 1 else 'messages'}: {why}"


class FileReplay:
    """CSV: readings by the samples' own time."""

    def __init__(
        self,
        monitor: Monitor,
        pairs: "Recorded",
        outbox: Outbox,
        on_pairs: OnPairs | None = None,
        speed: float | None = None,
    ) -> None:
        self.notes: list[str] = []
        self.opening = [*pairs.said.splitlines(), *pairs.hint.splitlines()]
        self.status = 0
        self.monitor = monitor
        self._pairs, self._outbox, self._on_pairs = pairs, outbox, on_pairs
        self._piece_seconds = None if speed is None else PIECE_SECONDS * speed
        every = monitor.config.every.pairs
        self._piece_rows = PIECE_ROWS if every is None else PIECE_READINGS * every
        self._taken, self._newest = 0, 0.0

    @property
    def progress(self) -> tuple[int, int]:
        """Bytes read so far, and of all."""
        return self._pairs.progress

    @property
    def closed(self) -> bool:
        """True if nobody reads what is said any more."""
        return self._outbox.closed

    def __iter__(self) -> Iterator[float]:
        with closing(self._pairs):
            for batch in self._pairs:
                for piece in pieces(batch, self._piece_rows, self._piece_seconds):
                    self._taken += piece.x.size
                    self._newest = float(self._taken if piece.t is None else piece.t[-1])
                    yield np.nan if piece.t is None else self._newest
                    if self._on_pairs is not None:
                        self._on_pairs(piece)
                    self._publish(self.monitor.feed(piece))

    def links(self, now: float) -> Sequence[LinkHealth]:
        """Everything read so far."""
        return self._pairs.health()

    def end(self) -> None:
        """Say the last reading."""
        self._publish(self.monitor.last(self._newest))
        why_empty = self._pairs.why_empty
        if "not a number" in why_empty:
            why_empty += " (--bins categories takes texts)"
        if self._outbox.seq == 0 and not why_empty:
            self.notes.append(f"no reading: {self.monitor.awaited or 'no pairs'}")
        self.status = NOTHING if why_empty else 0
        self.notes += [*self.monitor.notes, *filter(None, [why_empty or self._pairs.note])]

    def report(self, now: float) -> Report:
        """A first-aid report."""
        return _report(now, self, self.monitor, self._outbox, self._pairs.health())

    def _publish(self, outputs: Sequence[Output]) -> None:
        """Say these, and the alarms that the readings among them raise."""
        for timestamp, item in outputs:
            link = total(self._pairs.health())
            self._outbox.publish(timestamp, item, link)
            if isinstance(item, Reading):
                for at, alarm in self.monitor.judge(self._outbox.newest):
                    self._outbox.publish(at, alarm, link)


def pieces(batch: PairBatch, rows: int, seconds: float | None = None) -> Iterator[PairBatch]:
    """A batch in pieces of so many pairs at most, that span so many seconds at most where there is time.

    >>> batch = PairBatch(x=np.arange(4.0), y=np.arange(4.0), t=np.array([0.0, 1.0, 2.0, 2.5]))
    >>> [piece.x.tolist() for piece in pieces(batch, 10, 1.5)], [piece.x.tolist() for piece in pieces(batch, 3)]
    ([[0.0, 1.0], [2.0, 3.0]], [[0.0, 1.0, 2.0], [3.0]])
    """
    cuts = set(range(0, batch.x.size, rows))
    if seconds is not None and batch.t is not None and batch.x.size:
        place = np.floor((batch.t - batch.t[0]) / seconds)
        cuts |= set((np.flatnonzero(np.diff(place)) + 1).tolist())
    for start, stop in pairwise([*sorted(cuts), batch.x.size]):
        t = None if batch.t is None else batch.t[start:stop]
        gaps = 0 if start else batch.gaps
        yield replace(batch, x=batch.x[start:stop], y=batch.y[start:stop], t=t, gaps=gaps)


def _report(now: float, replay: Replay, monitor: Monitor, outbox: Outbox, links: Sequence[LinkHealth]) -> Report:
    progress = progress_of(replay) | {"readings": outbox.seq}
    return diagnosis.report(now, options_of(monitor.config), links, reading=monitor.window.reading(), progress=progress)


def progress_of(replay: Replay) -> dict[str, object]:
    """How far a replay is, for its report."""
    read, size = replay.progress
    return {"bytes_read": read, "bytes": size or None}
