"""``streammi monitor --channels``: opens what a monitor of many channels needs, and turns its loop."""

import os
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from typing import Final, TextIO, cast

import msgspec
import numpy as np
import zmq

from streammi.cli.checks import check_monitor
from streammi.cli.kernel_cache import warn_uncached
from streammi.cli.options import ChannelOptions, FeedOptions, JoinOptions, PairOptions, RunOptions
from streammi.config import ChannelConfig, FeedConfig, bins, check_pair_name, span
from streammi.errors import ConfigError
from streammi.ingest.feed import Feed
from streammi.monitor import ChannelMonitor
from streammi.network.security import PLAIN_TEXT, Keys
from streammi.publish.publisher import Publisher
from streammi.records import RowBatch
from streammi.session.channel_loop import ChannelLoop
from streammi.session.channel_session import ChannelSession
from streammi.system.log import Form, Log
from streammi.system.open_files import check_open_files
from streammi.system.service_manager import notifier
from streammi.system.signals import Stop, parent_of
from streammi.system.spool import Spool

EVERY: Final = "1s"  # a reading is of every pair
NAME: Final = "channels"
WARM_ROWS: Final = 1 << 18  # a longer window is not filled to see rows leave it: the kernels are the same
HEEDED: Final = frozenset((
    "endpoint", "t", "time_unit", "topic", "pull", "format", "receive_queue", "max_message", "channels", "top", "fdr",
    "window", "bins", "every", "unit", "estimator", "name", "publish", "insecure", "seconds", "strict", "samples",
    "log", "quiet", "config", "curve_server_key", "curve_secret", "authorized_keys",
))  # fmt: skip


class ChannelRunOptions(msgspec.Struct, frozen=True):
    """What a monitor of many channels is asked for, checked."""

    name: str
    config: ChannelConfig
    source: FeedConfig
    patterns: list[str]
    top: int
    fdr: float


def channel_run(
    endpoint: str | None, feed: FeedOptions, pair: PairOptions, many: ChannelOptions, given: set[str]
) -> ChannelRunOptions:
    """The settings; ``given`` are the names of the options that were given: ConfigError for one that is not heeded."""
    patterns = many.patterns()
    for name in sorted(given - HEEDED):
        raise ConfigError("--" + name.replace("_", "-"), "left out with --channels")
    if endpoint is None:
        raise ConfigError("ENDPOINT", "given with --channels", endpoint)
    asked = bins(pair.bins)
    if asked.kind == "categories":
        raise ConfigError("--bins", "auto, N, quantile:N or uniform:N with --channels", pair.bins)
    pair.config("x", "y", "")  # the names of the unit and the estimator
    config = ChannelConfig(
        names=(),
        window=span(pair.window, "--window", least_pairs=2),
        bins=asked,
        every=span(pair.every if "every" in given else EVERY, "--every"),
        unit=pair.unit,  # type: ignore[arg-type]  # checked above
        estimator=pair.estimator,  # type: ignore[arg-type]
    )
    source = feed.config(endpoint, False, JoinOptions())
    assert isinstance(source, FeedConfig)
    name = check_pair_name(pair.name or NAME)
    return ChannelRunOptions(name, config, source, patterns, many.top, many.fdr)


def run_channel_monitor(
    asked: ChannelRunOptions,
    run: RunOptions,
    lines: TextIO | None = None,
    *,
    keys: Keys = PLAIN_TEXT,
    log: TextIO | None = None,
    clock: Callable[[], float] = time.time,
) -> int:
    """Receive, count and say until a signal, or as long as ``run`` says; returns the exit status."""
    check_open_files()
    check_monitor(asked.source, run, keys)
    said = Log(log or sys.stderr, cast(Form, run.log), clock)
    with ExitStack() as stack:
        stop = stack.enter_context(Stop(parent=parent_of(os.environ), service=True))
        service = stack.enter_context(closing(notifier()))
        context = stack.enter_context(zmq.Context())
        stack.enter_context(keys.guarding(context))
        publisher = None
        if run.publish is not None:
            publisher = stack.enter_context(closing(Publisher(run.publish, context, keys=keys, insecure=run.insecure)))
            said.say(f"publishing matrix/{asked.name} and pair/ on {publisher.endpoint}")
        _warm_up(asked.config, said)
        spoken = None if lines is None else Spool.on(lines)
        session = ChannelSession(
            asked.name, asked.config, asked.source, asked.patterns, publisher, spoken, int(clock()),
            top=asked.top, fdr=asked.fdr, say=said.say,
        )  # fmt: skip
        feed = stack.enter_context(closing(Feed(asked.source, context, clock, keys)))
        stop.end_after(run.seconds)
        loop = ChannelLoop(
            session, feed, publisher, spoken, said, service, clock, samples=run.samples, strict=run.strict
        )
        return loop.run(stop)


def _warm_up(config: ChannelConfig, said: Log) -> None:
    """Load or compile the kernels before the feed is connected: nothing queues up behind a compiler."""
    began = time.monotonic()
    rows = np.random.default_rng(0).random((600, 4))
    rows[::9, 2:] = np.nan
    # The counts are as wide as the window is long: of the real length, and filled by two pieces, one of a single row.
    length = config.window.seconds or 600.0
    monitor = ChannelMonitor(msgspec.structs.replace(config, names=("a", "b", "c", "d"), tested=False))
    for start, stop in ((0, 300), (300, 301), (301, 598), (598, 600)):
        monitor.feed(RowBatch(rows=rows[start:stop], t=np.arange(start, stop) / 300 * length))
        monitor.said(0.0)
    monitor.window.significance()
    if config.window.pairs and config.window.pairs <= WARM_ROWS:  # so that rows leave it
        more = np.random.default_rng(1).random((config.window.pairs, 4))
        more[::9, 2:] = np.nan
        for part in (more, more[:2]):
            monitor.window.extend(part)
            monitor.said(0.0)
    warn_uncached(said, f"{time.monotonic() - began:.1f} s")
