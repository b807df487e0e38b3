"""``streammi replay``: finds what replays a recording or files, and does its steps, at full speed or as it came."""

import select
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Final, TextIO

import numpy as np
from msgspec.structs import replace
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TimeRemainingColumn

from streammi.cli.baseline import with_baseline
from streammi.cli.kernel_cache import warn_uncached
from streammi.cli.options import JoinOptions, PairOptions, check_unused
from streammi.cli.options.feed import ONE_SOURCE
from streammi.cli.replay_sinks import Sinks
from streammi.config import FeedConfig, JoinConfig, MonitorConfig, Span, one_signal_note
from streammi.errors import ConfigError
from streammi.ingest.files.file_options import PLAIN, FileOptions
from streammi.ingest.intake import sources_of
from streammi.monitor import Monitor
from streammi.recording.entries import Settings, files_of
from streammi.recording.reader import Recording
from streammi.session.replay import FileReplay, RecordingReplay, Replay
from streammi.system.log import Log
from streammi.system.signals import Stop

if TYPE_CHECKING:
    from streammi.ingest.files.tables import Recorded

EVERY_UNTIMED: Final = 100  # samples, where a file has no timestamps and --every is left as it is


def replay_recording(path: str, override: Callable[[Settings], Settings], sinks: Sinks) -> "RecordingReplay":
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
    """The replay of one file, or of two where x and y name theirs; ConfigError for columns that are not there."""
    from streammi.ingest.files.pair_file import given_column  # not for a recording of a feed: 0.3 s

    if x is None or y is None:
        rule = "given, FILE:COL" if file is None else given_column(file, options)
        raise ConfigError("--x" if x is None else "--y", rule)
    both: FeedConfig | JoinConfig
    if file is not None:
        joining.check_unused()
        both, pairs = _of_one_file(FeedConfig(endpoint=file, x=x, y=y, t=t), pair, sinks, options)
    else:
        both, pairs = _of_two_files(x, y, t, pair, joining, sinks, options)
    with ExitStack() as refused:
        refused.callback(pairs.close)
        columns = (both.x.x, both.y.y) if isinstance(both, JoinConfig) else (both.x, both.y)
        config, notes = with_baseline(pair.config(*columns, file or ""), pair.baseline, options), []
        if not pairs.timed and not pairs.empty:  # of which something else is to be said
            _check_untimed(config, pair, speed)
            if pair.every == PairOptions.every:
                config = replace(config, every=Span(pairs=EVERY_UNTIMED))
                notes.append(f"no timestamps: a reading each {EVERY_UNTIMED} samples (--every N)")
        monitor = Monitor(config, event_time=True)
        replayed = FileReplay(monitor, pairs, sinks.outbox(config.pair, 0), sinks.on_pairs(labels=pair.labels), speed)
        refused.pop_all()
    replayed.opening += filter(None, [one_signal_note(both)])
    replayed.notes += notes
    return replayed


def _of_one_file(
    columns: FeedConfig, pair: PairOptions, sinks: Sinks, options: FileOptions
) -> tuple[FeedConfig, "Recorded"]:
    """The source, and its pairs, of the ``columns`` of one file."""
    from streammi.ingest.files.pair_file import read_pairs

    file, x, y, given = columns.endpoint, columns.x, columns.y, pair.condition_paths
    sinks.spare(file)
    pairs = read_pairs(file, x, y, columns.t, labels=pair.labels, options=options, given=given)
    return FeedConfig(endpoint=file, x=x, y=y, given=given), pairs


def _of_two_files(
    x: str, y: str, t: str | None, pair: PairOptions, joining: JoinOptions, sinks: Sinks, options: FileOptions
) -> tuple[JoinConfig, "Recorded"]:
    """The sources, and their pairs, where ``x`` and ``y`` are FILE:COL."""
    from streammi.ingest.files.joined_files import file_column, read_joined

    if pair.condition_paths:
        raise ConfigError("--given", ONE_SOURCE, ", ".join(pair.condition_paths))
    (x_file, x), (y_file, y) = file_column(x, "--x"), file_column(y, "--y")
    sinks.spare(x_file, y_file)
    common = FeedConfig(endpoint="", x=x, y=y, t=t, labels=pair.labels)
    joined = joining.config(replace(common, endpoint=x_file), replace(common, endpoint=y_file))
    return joined, read_joined(joined, options)


def _check_untimed(config: MonitorConfig, pair: PairOptions, speed: float | None) -> None:
    """ConfigError for what needs the samples' time, where they have none."""
    untimed = "where the samples have no timestamps"
    if config.window.seconds is not None:
        raise ConfigError("--window", f"a number of pairs {untimed}", pair.window)
    if config.baseline is not None and config.baseline.first is not None and config.baseline.first.seconds is not None:
        raise ConfigError("--baseline", f"a file, or a number of pairs, {untimed}", pair.baseline)
    cycles = [condition for condition in config.given if condition.cycle is not None and condition.cycle.seconds]
    if cycles:
        raise ConfigError("--given", f"a cycle of samples, such as cycle:50, {untimed}", ", ".join(pair.given or ()))
    check_unused(untimed, speed=speed)


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
