"""``streammi monitor --key``: opens what a monitor of many devices needs, and turns its loop."""

import os
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from typing import TextIO, cast

import numpy as np
import zmq

from streammi.cli.checks import check_monitor
from streammi.cli.kernel_cache import warn_uncached
from streammi.cli.options import RunOptions
from streammi.config import FeedConfig, JoinConfig, KeyedConfig, options_of, twice
from streammi.errors import ConfigError
from streammi.ingest.feed import Feed
from streammi.monitor.keyed_monitor import KeyedMonitor
from streammi.network.security import PLAIN_TEXT, Keys
from streammi.publish.metrics import Metrics, MetricsServer
from streammi.publish.outbox import LineForm, omitted_line
from streammi.publish.publisher import Publisher
from streammi.records import KeyedBatch
from streammi.session.keyed_loop import KeyedLoop
from streammi.session.keyed_session import KeyedSession
from streammi.session.saving import Keeper
from streammi.system.log import Form, Log, time_of_day
from streammi.system.open_files import check_open_files
from streammi.system.service_manager import notifier
from streammi.system.signals import Stop, parent_of
from streammi.system.spool import Spool


def run_keyed(
    config: KeyedConfig,
    source: FeedConfig | JoinConfig,
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
    if isinstance(source, JoinConfig):
        raise ConfigError("--key", "given with one ENDPOINT, whose messages hold both signals", config.key)
    check_open_files()
    check_monitor(source, run, keys)
    said = Log(log or sys.stderr, cast(Form, run.log), clock)
    pair = config.pair.pair
    with ExitStack() as stack:
        stop = stack.enter_context(Stop(parent=parent_of(os.environ), service=True))
        service = stack.enter_context(closing(notifier()))
        context = stack.enter_context(zmq.Context())
        stack.enter_context(keys.guarding(context))
        publisher = metrics = keeper = spoken = None
        if run.publish is not None:
            publisher = Publisher(run.publish, context, keys=keys, insecure=run.insecure, topics=config.max_keys)
            stack.enter_context(closing(publisher))
        if run.metrics is not None:
            metrics = Metrics()
            server = stack.enter_context(closing(MetricsServer(run.metrics, metrics, insecure=run.insecure)))
        if run.state is not None:
            keeper = stack.enter_context(closing(Keeper(run.state, _options(config, source), run.state_every_s)))
        if publisher is not None:
            said.say(f"publishing mi/<key>/{pair} on {publisher.endpoint}")
        if metrics is not None:
            said.say(f"metrics on {server.url}, of all keys together")
        began = time.monotonic()
        _warm_up(config)
        warn_uncached(said, f"{time.monotonic() - began:.1f} s")
        if lines is not None:
            spoken = Spool.on(lines, omitted=lambda many: omitted_line(pair, form, clock(), many))
        session = KeyedSession(config, source, publisher, spoken, int(clock()), form=form, samples=run.samples)
        if keeper is not None and keeper.saved_at is not None:
            session.restore(keeper.hand_over().session)
            said.say(f"going on from {time_of_day(keeper.saved_at)}: {len(session.monitor.windows):,} keys")
        if note := twice(source):
            said.say(note)
        feed = stack.enter_context(closing(Feed(source, context, clock, keys)))
        stop.end_after(run.seconds)
        outlets = {"publisher": publisher, "metrics": metrics, "keeper": keeper, "lines": spoken}
        return KeyedLoop(session, feed, said, service, clock, **outlets, strict=run.strict).run(stop)  # type: ignore[arg-type]


def _options(config: KeyedConfig, source: FeedConfig) -> dict[str, str]:
    """The settings that a state depends on, by option; the limits may change."""
    return options_of(config.pair) | options_of(source) | {"--key": config.key}


def _warm_up(config: KeyedConfig) -> None:
    """Compile before the feed is connected: nothing queues up, and is lost, behind a compiler."""
    monitor = KeyedMonitor(config)
    x = np.random.default_rng(0).random(64)
    monitor.feed(KeyedBatch(keys=["a"] * 64, x=x, y=x.copy()))
    for _ in monitor.last(0.0):
        pass
