"""``streammi monitor``: opens what a monitor needs, refuses what cannot work, and turns its loop."""

import gc
import os
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from typing import NamedTuple, TextIO, cast

import msgspec
import zmq

from streammi import __version__
from streammi.cli.checks import check_command, check_monitor
from streammi.cli.kernel_cache import warn_uncached
from streammi.cli.options import RunOptions
from streammi.config import MonitorConfig, options_of, twice
from streammi.ingest.feed import Feed
from streammi.ingest.intake import SourceConfig
from streammi.monitor import Monitor
from streammi.monitor.warm_up import warm_up
from streammi.monitor.window_notes import never_full
from streammi.network.security import PLAIN_TEXT, Keys
from streammi.publish.metrics import Metrics, MetricsServer
from streammi.publish.outbox import LineForm, Outbox, omitted_line
from streammi.publish.publisher import Publisher
from streammi.recording.entries import Begin, settings_of
from streammi.recording.writer import Recorder
from streammi.session.loop import Loop, show
from streammi.session.operator_notes import Upkeep
from streammi.session.resume import MissedReport, resume_from
from streammi.session.saving import Keeper
from streammi.session.session import Session
from streammi.system.commands import Commands
from streammi.system.log import Form, Log
from streammi.system.open_files import check_open_files
from streammi.system.service_manager import notifier
from streammi.system.signals import Stop, parent_of
from streammi.system.spool import Spool


class Outlets(NamedTuple):
    """Whatever a monitor's readings and state go to, opened."""

    publisher: Publisher | None
    metrics: Metrics | None
    keeper: Keeper | None


def run_monitor(
    config: MonitorConfig,
    source: SourceConfig,
    run: RunOptions,
    lines: TextIO | None = None,
    *,
    form: LineForm = "jsonl",
    keys: Keys = PLAIN_TEXT,
    log: TextIO | None = None,
    clock: Callable[[], float] = time.time,
) -> int:
    """Receive, count and say until a signal, or as long as ``run`` says; returns the exit status.

    Raises ConfigError for an endpoint that cannot be used, or a state that cannot be gone on from.
    """
    check_open_files()
    check_monitor(source, run, keys)
    check_command(config, run)
    said = Log(log or sys.stderr, cast(Form, run.log), clock)
    with ExitStack() as stack:
        stop = stack.enter_context(Stop(parent=parent_of(os.environ), service=True))
        service = stack.enter_context(closing(notifier()))
        context = stack.enter_context(zmq.Context())
        stack.enter_context(keys.guarding(context))
        options = options_of(config) | options_of(source)
        publisher, metrics, keeper = _opened(config, run, keys, options, context, stack, said)
        # Nothing is left that could be refused.
        _warm_up(config, said)
        begin = Begin(__version__, int(clock()), settings_of(config, source, run.samples))
        spoken = None
        if lines is not None:
            spoken = Spool.on(lines, omitted=lambda many: omitted_line(config.pair, form, clock(), many))
        commands = None if run.command is None else Commands(run.command)
        if commands is not None:
            stack.callback(_end_commands, commands, said)
        on_alarm = None if commands is None else commands.run
        outbox = Outbox(config.pair, publisher, spoken, begin.run, form=form, on_alarm=on_alarm)
        session = Session(Monitor(config), source, outbox, run.samples)
        if metrics is not None:
            show(session, metrics, clock())
        if (note := never_full(config.window, run.samples, run.seconds)) and run.state is None:
            said.say(note)
        if note := twice(source):
            said.say(note)
        begin = _going_on(session, begin, keeper, run.record, said, stop)
        if stop.requested:  # nothing was taken in; a state that was gone on from is still there as it was
            return stop.status
        recorder = None
        if run.record is not None:
            recorder = stack.enter_context(closing(Recorder(run.record, begin, run.record_limit_bytes)))
        gc.freeze()  # a collection of what start-up left behind takes 20 to 35 ms
        feed = stack.enter_context(closing(Feed(source, context, clock, keys, session.intake.spacings)))
        saved_at = None if keeper is None else keeper.saved_at
        missed = None if saved_at is None else MissedReport(saved_at, session.health(clock()))
        writers = [writer for writer in (recorder, keeper, spoken, commands) if writer is not None]
        upkeep = Upkeep(session, options, writers, said, service, missed)
        stop.answer(lambda: upkeep.report(clock()))
        stop.end_after(run.seconds)
        loop = Loop(
            session, feed, recorder, keeper, publisher, upkeep, clock, lines=spoken, metrics=metrics, strict=run.strict
        )
        return loop.run(stop)


def _end_commands(commands: Commands, said: Log) -> None:
    commands.close()
    for note in commands.notes:
        said.warn(note)


def _opened(
    config: MonitorConfig,
    run: RunOptions,
    keys: Keys,
    options: dict[str, str],
    context: zmq.Context[zmq.Socket[bytes]],
    stack: ExitStack,
    said: Log,
) -> Outlets:
    """The outlets that ``run`` asks for, closed with ``stack``; said once all are open, as any may be refused."""
    publisher = metrics = server = keeper = None
    if run.publish is not None:
        publisher = Publisher(run.publish, context, keys=keys, insecure=run.insecure)
        stack.enter_context(closing(publisher))
    if run.metrics is not None:
        metrics = Metrics()
        server = stack.enter_context(closing(MetricsServer(run.metrics, metrics, insecure=run.insecure)))
    if run.state is not None:
        keeper = stack.enter_context(closing(Keeper(run.state, options, run.state_every_s)))
    if publisher is not None:
        said.say(f"publishing mi/{config.pair} on {publisher.endpoint}")
    if server is not None:
        said.say(f"metrics on {server.url}")
    return Outlets(publisher, metrics, keeper)


def _warm_up(config: MonitorConfig, said: Log) -> None:
    """Compile before the feed is connected: nothing queues up, and is lost, behind a compiler."""
    began = time.monotonic()
    warm_up(config)
    warn_uncached(said, f"{time.monotonic() - began:.1f} s")


def _going_on(
    session: Session, begin: Begin, keeper: Keeper | None, recording: str | None, said: Log, stop: Stop
) -> Begin:
    """Let the session go on from the saved state, where there is one; returns how its recording begins then."""
    if keeper is None or keeper.saved_at is None:
        return begin
    recorded = resume_from(session, begin.settings, keeper.hand_over(), recording, said, stop)
    return msgspec.structs.replace(begin, resumed=recorded, seq=session.outbox.seq, taken=session.taken)
