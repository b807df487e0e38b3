"""``streammi monitor --channels``: opens what a monitor of many channels needs, and turns its loop."""

import time
from collections.abc import Callable
from contextlib import closing
from typing import Final, TextIO

import msgspec
import numpy as np

from streammi import __version__
from streammi.cli.monitor_resources import monitor_resources
from streammi.cli.options import ChannelOptions, FeedOptions, JoinOptions, PairOptions, RunOptions
from streammi.config import (
    ChannelConfig,
    ChannelSettings,
    FeedConfig,
    bins,
    check_pair_name,
    options_of,
    options_of_channels,
    span,
)
from streammi.core.channels.cuda import arithmetic_of
from streammi.core.conditional.given_null import GivenNull
from streammi.errors import ConfigError
from streammi.ingest.feed import Feed
from streammi.monitor import ChannelMonitor
from streammi.network.security import PLAIN_TEXT, Keys
from streammi.recording.entries import Begin, Settings
from streammi.records import RowBatch
from streammi.session.channel_log_messages import ChannelLogMessages
from streammi.session.channel_loop import ChannelLoop
from streammi.session.channel_session import ChannelSession
from streammi.session.loop import LoopParts
from streammi.session.pair_snapshot import pair_snapshot

EVERY: Final = "1s"  # a reading is of every pair
NAME: Final = "channels"
WARM_ROWS: Final = 1 << 18  # a longer window is not filled to see rows leave it: the kernels are the same
HEEDED: Final = frozenset((
    "endpoint", "t", "time_unit", "topic", "pull", "format", "receive_queue", "max_message", "channels", "top", "fdr",
    "window", "bins", "every", "unit", "estimator", "name", "publish", "insecure", "seconds", "strict", "samples",
    "log", "quiet", "config", "curve_server_key", "curve_secret", "authorized_keys", "record", "record_limit", "state",
    "state_every", "grid", "hold", "pairs", "target", "metrics", "device",
))  # fmt: skip


def channel_source(
    endpoint: str | None, feed: FeedOptions, pair: PairOptions, many: ChannelOptions, given: set[str]
) -> FeedConfig:
    """The feed; ``given`` are the names of the options that were given: ConfigError for one that is not heeded."""
    many.patterns()
    for name in sorted(given - HEEDED):
        raise ConfigError("--" + name.replace("_", "-"), "left out with --channels")
    if endpoint is None:
        raise ConfigError("ENDPOINT", "given with --channels", endpoint)
    source = feed.config(endpoint, False, JoinOptions())
    assert isinstance(source, FeedConfig)
    return source


def channel_settings(pair: PairOptions, many: ChannelOptions, given: set[str]) -> ChannelSettings:
    """The settings of what is computed of the channels; ConfigError for what cannot work."""
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
    name = check_pair_name(pair.name or NAME)
    return ChannelSettings(
        name=name, config=config, patterns=tuple(many.patterns()), grid_s=many.grid_s, hold_s=many.hold_s,
        pairs=many.of_pairs, target=many.target, top=many.top, fdr=many.fdr,
    )  # fmt: skip


def run_channel_monitor(
    settings: ChannelSettings,
    source: FeedConfig,
    run: RunOptions,
    lines: TextIO | None = None,
    *,
    device: str | None = None,
    keys: Keys = PLAIN_TEXT,
    log: TextIO | None = None,
    clock: Callable[[], float] = time.time,
) -> int:
    """Receive, count and say until a signal, or as long as ``run`` says; returns the exit status.

    Raises ConfigError for an endpoint or a ``device`` that cannot be used, or a state that cannot be gone on from.
    """
    if device is not None:
        arithmetic_of(device)
    with monitor_resources(source, run, keys, log, clock) as on:
        options = options_of_channels(settings) | options_of(source)
        publisher, metrics, keeper = on.outlets(
            options,
            f"matrix/{settings.name} and pair/",
            of_metrics=f", of the {settings.top} top pairs and all together",
        )
        on.compile(lambda: _warm_up(settings.config, device))
        spoken = on.spool(lines, settings.name, "jsonl", clock)
        begin = Begin(__version__, int(clock()), Settings(feed=source, samples=run.samples, channels=settings))
        session = ChannelSession(
            settings, source, publisher, spoken, begin.run, samples=run.samples, say=on.said.say, device=device
        )
        on.stack.enter_context(closing(session))
        begin = on.going_on(session, begin, keeper)
        missed = on.missed(keeper, (session.health(clock()),))
        if on.stop.requested:  # nothing was taken in; a state that was gone on from is still there as it was
            return on.stop.status
        recorder = on.recorder(begin)
        feed = on.stack.enter_context(closing(Feed(source, on.context, clock, keys, session.intake.spacings)))
        on.stop.end_after(run.seconds)
        notes = ChannelLogMessages(session, on.operator(recorder, keeper, spoken, missed=missed))
        parts = LoopParts(feed, notes, clock, publisher, metrics, recorder, keeper, spoken, run.strict)
        return ChannelLoop(session, parts).run(on.stop)


def _warm_up(config: ChannelConfig, device: str | None) -> None:
    """Have every kernel of such a monitor loaded or compiled."""
    rows = np.random.default_rng(0).random((600, 4))
    rows[::9, 2:] = np.nan
    # The counts are as wide as the window is long: of the real length, and filled by two pieces, one of a single row.
    length = config.window.seconds or 600.0
    monitor = ChannelMonitor(msgspec.structs.replace(config, names=("a", "b", "c", "d"), tested=False), device=device)
    for start, stop in ((0, 300), (300, 301), (301, 598), (598, 600)):
        monitor.feed(RowBatch(rows=rows[start:stop], t=np.arange(start, stop) / 300 * length))
        monitor.said(0.0)
    ((_, found),) = monitor.said(0.0)
    monitor.window.significance()
    GivenNull().p(rows[1:9, :3].T, around=True)  # of the pairs that a third channel may explain
    pair_snapshot(monitor.window, 0, 1, found, config, pair="a~b", run=0, seq=0, timestamp=0.0, links=(), events=())
    if config.window.pairs and config.window.pairs <= WARM_ROWS:  # so that rows leave it
        more = np.random.default_rng(1).random((config.window.pairs, 4))
        more[::9, 2:] = np.nan
        for part in (more, more[:2]):
            monitor.window.extend(part)
            monitor.said(0.0)
