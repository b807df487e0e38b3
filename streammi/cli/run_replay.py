"""Runs what was recorded through a monitor again: a recording of a live feed, or CSV, at full speed or as it came."""

import select
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol, TextIO

import numpy as np
from msgspec.structs import replace
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TimeRemainingColumn

from streammi import __version__
from streammi.cli.baseline import with_baseline
from streammi.cli.kernel_cache import warn_uncached
from streammi.cli.options import JoinOptions, PairOptions, check_unused
from streammi.cli.replay_override import Override
from streammi.cli.replay_sinks import Sinks
from streammi.config import FeedConfig, MonitorConfig, Span, options_of
from streammi.errors import ConfigError
from streammi.ingest.files.file_options import PLAIN, FileOptions
from streammi.ingest.intake import sources_of
from streammi.monitor import Monitor
from streammi.publish.outbox import Outbox
from streammi.recording.entries import Arrived, Begin, Settings, files_of
from streammi.recording.reader import Recording
from streammi.records import LinkHealth, PairBatch
from streammi.records.link_totals import total
from streammi.session import first_aid
from streammi.session.first_aid import Report
from streammi.session.session import Session
from streammi.system.log import Log
from streammi.system.signals import Stop

if TYPE_CHECKING:
    from streammi.ingest.files.tables import Recorded

NOTHING: Final = 1  # exit status where there was no pair
EVERY_UNTIMED: Final = 100  # samples, where a file has no timestamps and --every is left as it is
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
        """Whether nobody reads what is said any more."""

    def __iter__(self) -> Iterator[float]: ...

    def end(self) -> None:
        """Say what is left to be said, after the last step."""

    def report(self, now: float) -> Report:
        """A first-aid report; ``now`` is the wall clock, s."""


def run_replay(
    replay: Replay, sinks: Sinks, speed: float | None = None, *, log: TextIO | None = None, bar: bool = False
) -> int:
    """Do every step, ``speed`` times as fast as it came, or as fast as can be, into ``sinks``; returns the exit status.

    It waits for whoever reads, and ends on a signal all the same.
    """
    log = log or sys.stderr
    said = Log(log)
    with ExitStack() as stack:
        stop = stack.enter_context(Stop(stdin=True))
        sinks.stopped = lambda: stop.requested
        shown = stack.enter_context(_progress(log)) if bar else None
        task = None if shown is None else shown.add_task("", total=None)
        pace = Pace(speed, stop)
        stop.answer(lambda: said.report("report", replay.report(time.time())))
        for line in replay.opening:
            said.say(line)
        for at in replay:
            if shown is not None and task is not None:
                read, size = replay.progress
                shown.update(task, completed=read, total=size or None)
            pace.wait(at)
            if stop.requested or replay.closed:
                break
        replay.end()
        sinks.finish(said.say)
    for note in replay.notes:
        said.say(note)
    warn_uncached(said, "seconds")
    return stop.status or replay.status


def _progress(log: TextIO) -> Progress:
    columns = (BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    return Progress(*columns, console=Console(file=log), transient=True)


def replay_recording(path: str, override: Override, sinks: Sinks) -> "RecordingReplay":
    """The replay of a recording; ConfigError for settings that cannot work."""
    sinks.spare(*files_of(Path(path)).values())
    recording = Recording(path)
    settings = override(recording.begin.settings)
    source = settings.feed or settings.join
    labels = any(one.labels for one in sources_of(source)) if source is not None else False
    return RecordingReplay(recording, sinks.outbox, override, sinks.on_pairs(labels=labels))


def replay_files(
    file: str | None,
    x: str | None,
    y: str | None,
    t: str | None,
    pair: PairOptions,
    joining: JoinOptions,
    sinks: Sinks,
    speed: float | None,
    options: FileOptions = PLAIN,
) -> "FileReplay":
    """What replays one file, or two where x and y name theirs; ConfigError for columns that are not there."""
    from streammi.ingest.files.joined_files import file_column, read_joined
    from streammi.ingest.files.pair_file import given_column, read_pairs  # not for a recording of a feed: 0.3 s

    if x is None or y is None:
        rule = "given, FILE:COL" if file is None else given_column(file, options)
        raise ConfigError("--x" if x is None else "--y", rule)
    pairs: Recorded
    if file is not None:
        joining.check_unused()
        sinks.spare(file)
        pairs = read_pairs(file, x, y, t, labels=pair.labels, options=options)
    else:
        (x_file, x), (y_file, y) = file_column(x, "--x"), file_column(y, "--y")
        sinks.spare(x_file, y_file)
        common = FeedConfig(endpoint="", x=x, y=y, t=t, labels=pair.labels)
        both = joining.config(replace(common, endpoint=x_file), replace(common, endpoint=y_file))
        pairs = read_joined(both, options)
    with ExitStack() as refused:
        refused.callback(pairs.close)
        config, notes = with_baseline(pair.config(x, y, file or ""), pair.baseline, options), []
        if not pairs.timed:
            _check_untimed(config, pair, speed)
            if pair.every == PairOptions.every:
                config = replace(config, every=Span(pairs=EVERY_UNTIMED))
                notes.append(f"no timestamps: a reading each {EVERY_UNTIMED} samples (--every N)")
        monitor = Monitor(config, event_time=True)
        replayed = FileReplay(monitor, pairs, sinks.outbox(config.pair, 0), sinks.on_pairs(labels=pair.labels), speed)
        refused.pop_all()
    replayed.notes += notes
    return replayed


def _check_untimed(config: MonitorConfig, pair: PairOptions, speed: float | None) -> None:
    """ConfigError for what needs the samples' time, where they have none."""
    untimed = "where the samples have no timestamps"
    if config.window.seconds is not None:
        raise ConfigError("--window", f"a number of pairs {untimed}", pair.window)
    if config.baseline is not None and config.baseline.first is not None and config.baseline.first.seconds is not None:
        raise ConfigError("--baseline", f"a file, or a number of pairs, {untimed}", pair.baseline)
    check_unused(untimed, speed=speed)


class Pace:
    """Lets time pass between steps as it passed between what they replay, ``speed`` times as fast."""

    def __init__(self, speed: float | None, stop: Stop, clock: Callable[[], float] = time.monotonic) -> None:
        self._speed, self._stop, self._clock = speed, stop, clock
        self._start: tuple[float, float] | None = None

    def wait(self, at: float) -> None:
        """Wait until ``at``, in the recording's time; a signal ends it. At a time that is NaN it starts anew."""
        if self._speed is None or not np.isfinite(at):
            self._start = None
            return
        now = self._clock()
        if self._start is None or at < self._start[1]:  # a clock that was set back starts anew
            self._start = now, at
        began, first = self._start
        while (left := began + (at - first) / self._speed - self._clock()) > 0 and not self._stop.requested:
            select.select([self._stop], [], [], min(left, 1.0))


def _report(now: float, replay: Replay, monitor: Monitor, outbox: Outbox, links: Sequence[LinkHealth]) -> Report:
    progress = _progress_of(replay) | {"readings": outbox.seq}
    return first_aid.report(now, options_of(monitor.config), links, reading=monitor.window.reading(), progress=progress)


def _progress_of(replay: Replay) -> dict[str, object]:
    read, size = replay.progress
    return {"bytes_read": read, "bytes": size or None}


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
        self._monitor, self._pairs, self._outbox, self._on_pairs = monitor, pairs, outbox, on_pairs
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
        """Whether nobody reads what is said any more."""
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
                    for timestamp, item in self._monitor.feed(piece):
                        self._outbox.publish(timestamp, item, total(self._pairs.health()))

    def end(self) -> None:
        """Say the last reading."""
        for timestamp, item in self._monitor.last(self._newest):
            self._outbox.publish(timestamp, item, total(self._pairs.health()))
        why_empty = self._pairs.why_empty
        if self._outbox.seq == 0 and not why_empty:
            self.notes.append(f"no reading: {self._monitor.awaited or 'no pairs'}")
        self.status = NOTHING if why_empty else 0
        self.notes += [*self._monitor.notes, *filter(None, [why_empty or self._pairs.note])]

    def report(self, now: float) -> Report:
        """A first-aid report."""
        return _report(now, self, self._monitor, self._outbox, self._pairs.health())


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


class RecordingReplay:
    """A recording: the very same readings as live, unless ``settings`` makes others of those recorded."""

    def __init__(
        self,
        recording: Recording,
        outbox: Callable[[str, int], Outbox],
        settings: Callable[[Settings], Settings] = lambda recorded: recorded,
        on_pairs: OnPairs | None = None,
    ) -> None:
        self.notes: list[str] = []
        self.opening: list[str] = []
        self.status = 0
        self._recording, self._outbox, self._settings, self._on_pairs = recording, outbox, settings, on_pairs
        self._session: Session | None = None

    @property
    def progress(self) -> tuple[int, int]:
        """Bytes read so far, and of all."""
        return self._recording.read, self._recording.size

    @property
    def closed(self) -> bool:
        """Whether nobody reads what is said any more."""
        return self._session is not None and self._session.outbox.closed

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
        self._note_monitor()
        self.notes += self._recording.notes

    def report(self, now: float) -> Report:
        """A first-aid report."""
        session = self._session
        if session is None:
            return first_aid.report(now, {}, progress=_progress_of(self))
        return _report(now, self, session.monitor, session.outbox, session.health(now))

    def _begin(self, begin: Begin) -> None:
        if self._session is not None and (begin.continues or begin.resumed):
            if not begin.continues:
                self._session.apply(begin)
            elif begin.lost:
                self._session.resume()
            return
        self._note_monitor()
        if begin.version != __version__:
            self.notes.append(f"recorded by streammi {begin.version}; readings by {__version__} may differ")
        settings = self._settings(begin.settings)
        source = settings.feed or settings.join
        assert source is not None
        outbox = self._outbox(settings.monitor.pair, begin.run)
        self._session = Session(Monitor(settings.monitor), source, outbox, settings.samples, self._on_pairs)

    def _note_monitor(self) -> None:
        if self._session is not None:
            self.notes += self._session.monitor.notes
