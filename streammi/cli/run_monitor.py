"""``streammi monitor``: opens what a monitor needs, refuses what cannot work, and turns its loop."""

import gc
import time
from collections.abc import Callable
from contextlib import closing
from typing import TextIO

from streammi import __version__
from streammi.cli.checks import check_command
from streammi.cli.kernel_cache import compiled_beside
from streammi.cli.monitor_resources import Resources, monitor_resources
from streammi.cli.options import RunOptions
from streammi.config import MonitorConfig, one_signal_note, options_of
from streammi.ingest.feed import Feed
from streammi.ingest.intake import SourceConfig
from streammi.monitor import Monitor
from streammi.monitor.warm_up import warm_up
from streammi.monitor.window_notes import never_full
from streammi.network.security import PLAIN_TEXT, Keys
from streammi.publish.outbox import LineForm, Outbox
from streammi.recording.entries import Begin, settings_of
from streammi.session.loop import LoopParts
from streammi.session.pair_log_messages import PairLogMessages
from streammi.session.pair_loop import PairLoop, show
from streammi.session.session import Session
from streammi.system.commands import Commands
from streammi.system.log import Log


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
    check_command(config, run)
    # The second process first: it is forked off while there is no other thread, and no socket that it would keep open.
    with compiled_beside() as others, monitor_resources(source, run, keys, log, clock) as on:
        options = options_of(config) | options_of(source)
        publisher, metrics, keeper = on.outlets(options, f"mi/{config.pair}")
        on.compile(lambda: warm_up(config, others))  # nothing is left that could be refused
        begin = Begin(__version__, int(clock()), settings_of(config, source, run.samples))
        spoken = on.spool(lines, config.pair, form, clock)
        commands = _commands(on)
        on_alarm = None if commands is None else commands.run
        outbox = Outbox(config.pair, publisher, spoken, begin.run, form=form, on_alarm=on_alarm)
        session = Session(Monitor(config), source, outbox, run.samples)
        if metrics is not None:
            show(session, metrics, clock())
        short = never_full(config.window, run.samples, run.seconds) if run.state is None else ""
        for note in (short, one_signal_note(source)):
            if note:
                on.said.say(note)
        begin = on.going_on(session, begin, keeper)
        if on.stop.requested:  # nothing was taken in; a state that was gone on from is still there as it was
            return on.stop.status
        recorder = on.recorder(begin)
        gc.freeze()  # a collection of what start-up left behind takes 20 to 35 ms
        feed = on.stack.enter_context(closing(Feed(source, on.context, clock, keys, session.intake.spacings)))
        missed = on.missed(keeper, session.health(clock()))
        notes = PairLogMessages(session, options, on.operator(recorder, keeper, spoken, commands, missed=missed))
        on.stop.answer(lambda: notes.report(clock()))
        on.stop.end_after(run.seconds)
        parts = LoopParts(feed, notes, clock, publisher, metrics, recorder, keeper, spoken, run.strict)
        return PairLoop(session, parts).run(on.stop)


def _commands(on: Resources) -> Commands | None:
    """Whatever runs the command of --exec; None without one."""
    if on.run.command is None:
        return None
    commands = Commands(on.run.command)
    on.stack.callback(_end_commands, commands, on.said)
    return commands


def _end_commands(commands: Commands, said: Log) -> None:
    commands.close()
    for note in commands.notes:
        said.warn(note)
