"""Clock, signals and sockets: runs a Monitor between a feed and whoever wants to know."""

import gc
import os
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any, Final, TextIO, TypeAlias, cast

import msgspec
import numpy as np
import zmq

from streammi import __version__
from streammi.checkpoint import Checkpoint, Keeper, Place, Resumed, time_of_day
from streammi.config import MonitorConfig, byte_size, options_of
from streammi.entries import Begin, Ended, Entry, Flagged, LinkChanged, Looked, Settings, settings_of
from streammi.health import lost, total
from streammi.ingest.feed import Feed
from streammi.ingest.intake import SourceConfig
from streammi.ingest.link import unreachable
from streammi.ingest.recording import Recording, is_recording
from streammi.journal import Position
from streammi.log import FORMS, Form, Log
from streammi.monitor import Monitor
from streammi.options import RunOptions, check_choice
from streammi.publish.messages import snapshot_topic
from streammi.publish.metrics import Metrics, MetricsServer
from streammi.publish.outbox import LineForm, Outbox
from streammi.publish.publisher import Publisher
from streammi.publish.recorder import Recorder
from streammi.publish.snapshots import snapshot_message
from streammi.publish.status import Status
from streammi.records import PairBatch
from streammi.security import PLAIN_TEXT, Keys
from streammi.session import Session
from streammi.stop import Stop, parent_of

Sockets: TypeAlias = tuple[zmq.Socket[Any], ...]
LOSS_STATUS: Final = 3  # exit status of --strict
TICK_SECONDS: Final = 0.1  # how long the loop sleeps at the most, and the least time between two snapshots


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

    Raises ConfigError for an endpoint that cannot be used.
    """
    said = Log(log or sys.stderr, cast(Form, check_choice("--log", run.log, FORMS)), clock)
    with ExitStack() as stack:
        keeper = None
        if run.state is not None:
            keeper = Keeper(run.state, options_of(config) | options_of(source), run.state_every_s)
            stack.enter_context(closing(keeper))
        context = stack.enter_context(zmq.Context())
        stack.enter_context(keys.guarding(context))
        publisher = None
        if run.publish is not None:
            publisher = Publisher(run.publish, context, keys=keys, insecure=run.insecure)
            stack.enter_context(closing(publisher))
            said.say(f"publishing mi/{config.pair} on {publisher.endpoint}")
        metrics = None
        if run.metrics is not None:
            metrics = Metrics()
            server = stack.enter_context(closing(MetricsServer(run.metrics, metrics, insecure=run.insecure)))
            said.say(f"metrics on {server.url}")
        # Compiled before the feed is connected: nothing queues up, and is lost, behind a compiler.
        warm_up(config)
        begin = Begin(__version__, int(clock()), settings_of(config, source, run.samples))
        outbox = Outbox(config.pair, publisher, lines, begin.run, form=form)
        session = Session(Monitor(config), source, outbox, run.samples)
        if keeper is not None and keeper.saved is not None:
            resumed = go_on(session, begin.settings, keeper.saved, run.record, said)
            begin = msgspec.structs.replace(begin, resumed=resumed, seq=session.outbox.seq, taken=session.taken)
        recorder = None
        if run.record is not None:
            recorder = stack.enter_context(closing(Recorder(run.record, begin, byte_size(run.record_limit))))
        gc.freeze()  # a collection of what start-up left behind takes 20 to 35 ms
        feed = stack.enter_context(closing(Feed(source, context, clock, keys=keys)))
        stop = stack.enter_context(Stop(run.seconds, parent=parent_of(os.environ)))
        loop = Loop(session, feed, recorder, keeper, publisher, said, clock, metrics=metrics, strict=run.strict)
        return loop.run(stop)


class Loop:
    """One turn after the other: wait, receive, record, count, say."""

    def __init__(
        self,
        session: Session,
        feed: Feed,
        recorder: Recorder | None,
        keeper: Keeper | None,
        publisher: Publisher | None,
        log: Log,
        clock: Callable[[], float],
        *,
        metrics: Metrics | None = None,
        strict: bool = False,
    ) -> None:
        self._metrics = metrics
        self._strict, self._lost = strict, False
        self._session, self._feed, self._recorder, self._publisher = session, feed, recorder, publisher
        self._keeper, self._log = keeper, log
        self._clock = clock
        self._snapshot_due = self._link_due = 0.0
        self._resumed = None
        if keeper is not None and keeper.saved is not None:
            self._resumed = Resumed(keeper.saved.saved, session.health(clock()))

    def run(self, stop: Stop) -> int:
        """Turn until it is time to stop; then say the last reading. Returns the exit status."""
        poller = zmq.Poller()
        polled: Sockets = ()
        poller.register(stop.fileno(), zmq.POLLIN)
        if self._publisher is not None:
            poller.register(self._publisher.socket, zmq.POLLIN)
        while not stop.requested and not self._session.over and not self._lost:
            if polled != self._feed.sockets:
                polled = _register(poller, polled, self._feed.sockets)
            poller.poll(round(TICK_SECONDS * 1000))
            self._turn()
            if self._keeper is not None:
                self._keeper.keep(self._session, self._place, self._clock())
            self._say_notes()
        now = self._clock()
        self._take(Ended(now))
        if self._keeper is not None:
            self._keeper.keep_last(self._session, self._place, now)
        self._offer_snapshot(now, at_once=True)
        self._say_notes()
        if stop.status == 0 and stop.requested and all(link.state == "connecting" for link in self._feed.links):
            raise unreachable(self._feed.links[0].endpoint, self._feed.links[0].note)
        if self._strict and (loss := self._loss(now)):
            self._log.warn(f"--strict: {loss}")
            return LOSS_STATUS
        return stop.status

    def _loss(self, now: float) -> str:
        return lost(total(self._session.health(now)))

    @property
    def _place(self) -> Place | None:
        """Behind what was recorded so far."""
        if self._recorder is None:
            return None
        return Place(str(self._recorder.path), *self._recorder.position)

    def _turn(self) -> None:
        arrived = self._feed.receive()
        now = self._clock() if arrived is None else arrived.received
        self._take_links(now)
        if arrived is not None:
            self._take(arrived)
            now = self._clock()
        self._take_flags(now)
        self._look_at_links(now)
        if self._publisher is not None:
            self._publisher.handle_subscriptions()
            self._offer_snapshot(now)

    def _take(self, entry: Entry) -> None:
        """Record what happened, and then let it act: what is said depends on what is recorded, and on nothing else."""
        if self._recorder is not None:
            self._recorder.write(entry)
        self._session.apply(entry)

    def _take_links(self, now: float) -> None:
        for source, link in enumerate(self._feed.links):
            before = self._session.links[source]
            if link != before:
                if link.note and link.note != before.note:
                    self._log.warn(f"{link.endpoint}: {link.note}")
                self._take(LinkChanged(source, now, link.state, link.since, link.reconnects, link.note, link.behind))

    def _take_flags(self, now: float) -> None:
        unsaved = any(writer is not None and writer.unsaved for writer in (self._recorder, self._keeper))
        flags = Status.UNSAVED if unsaved else Status.OK
        if flags != self._session.flags:
            self._take(Flagged(now, flags))

    def _look_at_links(self, now: float) -> None:
        """Say what happened to the links, ten times a second at the most."""
        if self._link_due - TICK_SECONDS <= now < self._link_due:
            return
        self._link_due = now + TICK_SECONDS
        if self._strict:
            self._lost = bool(self._loss(now))
        outputs = self._session.look(now)
        if outputs and self._recorder is not None:
            self._recorder.write(Looked(now))
        self._session.say(outputs, now)
        if self._metrics is not None:
            session = self._session
            self._metrics.set(session.monitor.config.pair, session.outbox.newest, session.health(now))

    def _say_notes(self) -> None:
        """Say what the others have noted for a person."""
        while self._session.monitor.notes:
            self._log.say(self._session.monitor.notes.pop(0))
        for writer in (self._recorder, self._keeper):
            while writer is not None and writer.notes:
                self._log.warn(writer.notes.pop(0))
        if self._resumed is not None:
            missed = self._resumed.missed(self._session.health(self._clock()), self._session.intake.numbered)
            if missed is not None:
                self._log.say(missed)
                self._resumed = None

    def _offer_snapshot(self, now: float, at_once: bool = False) -> None:
        """A snapshot, ten a second at the most, and only while somebody subscribes to it."""
        session = self._session
        pair = session.monitor.config.pair
        if self._publisher is None or (now < self._snapshot_due and not at_once):
            return
        if self._publisher.wants(snapshot_topic(pair)):
            self._snapshot_due = now + TICK_SECONDS
            snapshot = session.monitor.snapshot(
                run=session.outbox.run, seq=session.outbox.seq, timestamp=now, links=session.health(now)
            )
            status = snapshot.status | session.flags
            self._publisher.send(snapshot_message(msgspec.structs.replace(snapshot, status=int(status))))


def go_on(session: Session, settings: Settings, saved: Checkpoint, recording: str | None, log: Log) -> bool:
    """Let the session go on from what was saved, and from what was recorded behind it; whether it was recorded."""
    session.restore(saved.session)
    log.say(f"going on from {session.monitor.window.pairs} pairs, saved at {time_of_day(saved.saved)}")
    if saved.place is None or recording is None or saved.place.recording != str(Path(recording).absolute()):
        return False
    if not is_recording(recording):
        log.warn(f"what was recorded since is gone: {recording}")
        return False
    recorded, before = Recording(recording), session.monitor.window.pairs
    for _, entry in recorded.entries(Position(*saved.place[1:])):
        if not isinstance(entry, Begin):  # its `run` is another process'
            session.apply(entry)
        elif (entry.settings.feed, entry.settings.join) != (settings.feed, settings.join):
            log.warn(f"{recording} goes on with another feed: it was not gone on from")
            return False
    for note in recorded.notes:
        log.warn(note)
    log.say(f"took {session.monitor.window.pairs - before} more pairs from {recording}")
    return True


def _register(poller: zmq.Poller, old: Sockets, new: Sockets) -> Sockets:
    """Poll the new sockets in place of the old ones."""
    for socket in old:
        poller.unregister(socket)
    for socket in new:
        poller.register(socket, zmq.POLLIN)
    return new


def warm_up(config: MonitorConfig) -> None:
    """Load or compile every kernel that a monitor with these settings will use."""
    rng = np.random.default_rng(0)
    monitor = Monitor(config)
    categories = config.bins.kind == "categories"
    x = rng.integers(0, 2, 64).astype(object) if categories else rng.random(64)
    monitor.feed(PairBatch(x=x, y=x.copy(), t=np.arange(64.0) if config.window.seconds else None))
    monitor.window.reading(config.unit, config.estimator)
