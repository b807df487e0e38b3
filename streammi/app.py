"""Clock, signals and sockets: runs a Monitor between a feed and whoever wants to know."""

import gc
import os
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from typing import Final, TextIO

import msgspec
import numpy as np
import zmq

from streammi.config import MonitorConfig
from streammi.health import total
from streammi.ingest.feed import Feed
from streammi.ingest.files import PairFile
from streammi.ingest.intake import SourceConfig
from streammi.ingest.joined_files import JoinedFiles
from streammi.monitor import Monitor
from streammi.options import RunOptions
from streammi.publish.messages import snapshot_topic
from streammi.publish.outbox import Outbox
from streammi.publish.publisher import Publisher
from streammi.publish.snapshots import snapshot_message
from streammi.records import PairBatch
from streammi.security import PLAIN_TEXT, Keys
from streammi.stop import Stop, parent_of

TICK_SECONDS: Final = 0.1  # how long the loop sleeps at the most, and the least time between two snapshots


def run_monitor(
    config: MonitorConfig,
    source: SourceConfig,
    run: RunOptions,
    lines: TextIO | None = None,
    *,
    keys: Keys = PLAIN_TEXT,
    log: TextIO | None = None,
    clock: Callable[[], float] = time.time,
) -> int:
    """Receive, count and say until a signal, or as long as ``run`` says; returns the exit status.

    Raises ConfigError for an endpoint that cannot be used.
    """
    log = log or sys.stderr
    with ExitStack() as stack:
        context = stack.enter_context(zmq.Context())
        stack.enter_context(keys.guarding(context))
        publisher = None
        if run.publish is not None:
            publisher = Publisher(run.publish, context, keys=keys, insecure=run.insecure)
            stack.enter_context(closing(publisher))
            print(f"streammi: publishing mi/{config.pair} on {publisher.endpoint}", file=log, flush=True)
        # Compiled before the feed is connected: nothing queues up, and is lost, behind a compiler.
        warm_up(config)
        gc.freeze()  # a collection of what start-up left behind takes 20 to 35 ms
        feed = stack.enter_context(closing(Feed(source, context, clock, keys=keys)))
        for link in feed.health(clock()):
            if link.note:
                print(f"streammi: {link.endpoint}: {link.note}", file=log, flush=True)
        stop = stack.enter_context(Stop(run.seconds, parent=parent_of(os.environ)))
        loop = Loop(Monitor(config), feed, publisher, Outbox(config.pair, publisher, lines, int(clock())), clock)
        return loop.run(stop, run.samples, log)


class Loop:
    """One turn after the other: wait, receive, count, say."""

    def __init__(
        self,
        monitor: Monitor,
        feed: Feed,
        publisher: Publisher | None,
        outbox: Outbox,
        clock: Callable[[], float],
    ) -> None:
        self._monitor, self._feed, self._publisher, self._outbox = monitor, feed, publisher, outbox
        self._clock = clock
        self._snapshot_due = self._link_due = 0.0
        self._taken = 0  # pairs handed to the monitor

    def run(self, stop: Stop, samples: int | None, log: TextIO) -> int:
        """Turn until it is time to stop; then say the last reading. Returns the exit status."""
        poller = zmq.Poller()
        for socket in self._feed.sockets:
            poller.register(socket, zmq.POLLIN)
        poller.register(stop.fileno(), zmq.POLLIN)
        if self._publisher is not None:
            poller.register(self._publisher.socket, zmq.POLLIN)
        while not stop.requested and not self._outbox.closed and (samples is None or self._taken < samples):
            poller.poll(round(TICK_SECONDS * 1000))
            self._turn(samples)
            while self._monitor.notes:
                print(f"streammi: {self._monitor.notes.pop(0)}", file=log, flush=True)
        now = self._clock()
        for timestamp, item in self._monitor.last(now):
            self._outbox.say(timestamp, item, total(self._feed.health(now)))
        self._offer_snapshot(now, at_once=True)
        return stop.status

    def _turn(self, samples: int | None) -> None:
        batch = self._feed.receive()
        now = self._clock()
        if batch is not None and batch.x.size:
            if samples is not None:
                batch = first_pairs(batch, samples - self._taken)
            self._taken += batch.x.size
            outputs = self._monitor.feed(batch)
            if outputs:
                link = total(self._feed.health(now))
                for timestamp, item in outputs:
                    self._outbox.say(timestamp, item, link)
        self._look_at_links(now)
        if self._publisher is not None:
            self._publisher.handle_subscriptions()
            self._offer_snapshot(now)

    def _look_at_links(self, now: float) -> None:
        """Say what happened to the links, ten times a second at the most."""
        if self._link_due - TICK_SECONDS <= now < self._link_due:
            return
        self._link_due = now + TICK_SECONDS
        links = self._feed.health(now)
        for link in links:
            for timestamp, item in self._monitor.link(link, now):
                self._outbox.say(timestamp, item, total(links))

    def _offer_snapshot(self, now: float, at_once: bool = False) -> None:
        """A snapshot, ten a second at the most, and only while somebody subscribes to it."""
        pair = self._monitor.config.pair
        if self._publisher is None or (now < self._snapshot_due and not at_once):
            return
        if self._publisher.wants(snapshot_topic(pair)):
            self._snapshot_due = now + TICK_SECONDS
            snapshot = self._monitor.snapshot(
                run=self._outbox.run, seq=self._outbox.seq, timestamp=now, links=self._feed.health(now)
            )
            self._publisher.send(snapshot_message(snapshot))


def run_replay(config: MonitorConfig, pairs: PairFile | JoinedFiles, lines: TextIO, log: TextIO | None = None) -> int:
    """A recording at full speed, readings by event time; returns the exit status."""
    log = log or sys.stderr
    monitor = Monitor(config, event_time=True)
    outbox = Outbox(config.pair, None, lines, run=0)
    taken, newest = 0, 0.0
    with Stop() as stop, pairs:
        for batch in pairs:
            taken += batch.x.size
            newest = float(taken if batch.t is None else batch.t[-1]) if batch.x.size else newest
            for timestamp, item in monitor.feed(batch):
                outbox.say(timestamp, item, total(pairs.health()))
            if stop.requested or outbox.closed:
                break
        for timestamp, item in monitor.last(newest):
            outbox.say(timestamp, item, total(pairs.health()))
        for note in (*monitor.notes, pairs.note):
            if note:
                print(f"streammi: {note}", file=log)
        return stop.status


def first_pairs(batch: PairBatch, n: int) -> PairBatch:
    """The first ``n`` pairs of a batch."""
    if batch.x.size <= n:
        return batch
    t = None if batch.t is None else batch.t[:n]
    return msgspec.structs.replace(batch, x=batch.x[:n], y=batch.y[:n], t=t)


def warm_up(config: MonitorConfig) -> None:
    """Load or compile every kernel that a monitor with these settings will use."""
    rng = np.random.default_rng(0)
    monitor = Monitor(config)
    categories = config.bins.kind == "categories"
    x = rng.integers(0, 2, 64).astype(object) if categories else rng.random(64)
    monitor.feed(PairBatch(x=x, y=x.copy(), t=np.arange(64.0) if config.window.seconds else None))
    monitor.window.reading(config.unit, config.estimator)
