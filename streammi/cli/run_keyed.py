"""``streammi monitor --key``: opens what a monitor of many devices needs, and turns its loop."""

import time
from collections.abc import Callable
from contextlib import closing
from typing import TextIO

import numpy as np

from streammi import __version__
from streammi.cli.monitor_resources import monitor_resources
from streammi.cli.options import RunOptions
from streammi.config import FeedConfig, KeyedConfig, one_signal_note, options_of
from streammi.ingest.feed import Feed
from streammi.monitor.keyed_monitor import KeyedMonitor
from streammi.network.security import PLAIN_TEXT, Keys
from streammi.publish.outbox import LineForm
from streammi.recording.entries import Begin, Settings
from streammi.records import KeyedBatch
from streammi.session.keyed_log_messages import KeyedLogMessages
from streammi.session.keyed_loop import KeyedLoop
from streammi.session.keyed_session import KeyedSession
from streammi.session.loop import LoopParts


def run_keyed(
    config: KeyedConfig,
    source: FeedConfig,
    run: RunOptions,
    lines: TextIO | None = None,
    *,
    form: LineForm = "jsonl",
    keys: Keys = PLAIN_TEXT,
    log: TextIO | None = None,
    clock: Callable[[], float] = time.time,
) -> int:
    """Receive, count and say until a signal, or as long as ``run`` says; returns the exit status.

    Raises ConfigError for an endpoint that cannot be used, and for a state that cannot be gone on from.
    """
    pair = config.pair.pair
    with monitor_resources(source, run, keys, log, clock) as on:
        outlets = on.outlets(
            _options(config, source),
            f"mi/<key>/{pair}",
            of_metrics=", of all keys together",
            most_topics=config.max_keys,
        )
        on.compile(lambda: _warm_up(config))
        spoken = on.spool(lines, pair, form, clock)
        begin = Begin(__version__, int(clock()), Settings(feed=source, samples=run.samples, keys=config))
        session = KeyedSession(config, source, outlets.publisher, spoken, begin.run, form=form, samples=run.samples)
        keeper = outlets.keeper
        begin = on.going_on(session, begin, keeper)
        missed = on.missed(keeper, (session.health(clock()),))
        if on.stop.requested:  # nothing was taken in; a state that was gone on from is still there as it was
            return on.stop.status
        recorder = on.recorder(begin)
        if note := one_signal_note(source):
            on.said.say(note)
        feed = on.stack.enter_context(closing(Feed(source, on.context, clock, keys)))
        on.stop.end_after(run.seconds)
        notes = KeyedLogMessages(session, on.operator(recorder, keeper, spoken, missed=missed))
        parts = LoopParts(feed, notes, clock, outlets.publisher, outlets.metrics, recorder, keeper, spoken, run.strict)
        return KeyedLoop(session, parts).run(on.stop)


def _options(config: KeyedConfig, source: FeedConfig) -> dict[str, str]:
    """The settings that a state depends on, by option; the limits may change."""
    return options_of(config.pair) | options_of(source) | {"--key": config.key}


def _warm_up(config: KeyedConfig) -> None:
    """Have every kernel of such a monitor loaded or compiled."""
    monitor = KeyedMonitor(config)
    x = np.random.default_rng(0).random(64)
    monitor.feed(KeyedBatch(keys=["a"] * 64, x=x, y=x.copy()))
    for _ in monitor.last(0.0):
        pass
