"""Clock, signals and sockets: runs a Monitor between a feed and whoever wants to know."""

import gc
import math
import os
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from typing import Any, Final, TextIO, TypeAlias, cast

import msgspec
import numpy as np
import zmq

from streammi import __version__
from streammi.cli.checks import check_monitor
from streammi.cli.kernel_cache import warn_uncached
from streammi.cli.options import RunOptions
from streammi.config import MonitorConfig, options_of
from streammi.core.bins.axes import LEARN_FROM
from streammi.core.information import ksg
from streammi.core.window.joint_window import JointWindow
from streammi.ingest.feed import Feed
from streammi.ingest.intake import SourceConfig
from streammi.monitor import Monitor
from streammi.monitor.bins import bins_for
from streammi.monitor.window_notes import never_full
from streammi.network.link import unreachable
from streammi.network.security import PLAIN_TEXT, Keys
from streammi.publish.client import SNAPSHOT_SECONDS
from streammi.publish.messages import Fields, snapshot_topic
from streammi.publish.metrics import Metrics, MetricsServer
from streammi.publish.outbox import LineForm, Outbox, omitted_line
from streammi.publish.publisher import Publisher
from streammi.publish.snapshots import snapshot_message
from streammi.recording.entries import Begin, Ended, Entry, Flagged, LinkChanged, Polled, settings_of
from streammi.recording.writer import Recorder
from streammi.records import PairBatch
from streammi.records.link_totals import lost, total
from streammi.records.status import Status, status_of
from streammi.session.checkpoint import Keeper, Place, located
from streammi.session.operator_notes import Upkeep
from streammi.session.resume import MissedReport, resume_from
from streammi.session.session import Session
from streammi.system.log import Form, Log
from streammi.system.open_files import check_open_files
from streammi.system.service_manager import notifier
from streammi.system.signals import Stop, parent_of
from streammi.system.spool import Spool

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

    Raises ConfigError for an endpoint that cannot be used, or a state that cannot be gone on from.
    """
    check_open_files()
    check_monitor(source, run, keys)
    said = Log(log or sys.stderr, cast(Form, run.log), clock)
    with ExitStack() as stack:
        stop = stack.enter_context(Stop(parent=parent_of(os.environ), service=True))
        service = stack.enter_context(closing(notifier()))
        context = stack.enter_context(zmq.Context())
        stack.enter_context(keys.guarding(context))
        publisher = None
        if run.publish is not None:
            publisher = Publisher(run.publish, context, keys=keys, insecure=run.insecure)
            stack.enter_context(closing(publisher))
        metrics = server = None
        if run.metrics is not None:
            metrics = Metrics()
            server = stack.enter_context(closing(MetricsServer(run.metrics, metrics, insecure=run.insecure)))
        options, keeper = options_of(config) | options_of(source), None
        if run.state is not None:
            keeper = stack.enter_context(closing(Keeper(run.state, options, run.state_every_s)))
        # Nothing is left that could be refused.
        if publisher is not None:
            said.say(f"publishing mi/{config.pair} on {publisher.endpoint}")
        if server is not None:
            said.say(f"metrics on {server.url}")
        # Compiled before the feed is connected: nothing queues up, and is lost, behind a compiler.
        began = time.monotonic()
        warm_up(config)
        warn_uncached(said, f"{time.monotonic() - began:.1f} s")
        begin = Begin(__version__, int(clock()), settings_of(config, source, run.samples))
        spoken = None
        if lines is not None:
            spoken = Spool.on(lines, omitted=lambda many: omitted_line(config.pair, form, clock(), many))
        outbox = Outbox(config.pair, publisher, spoken, begin.run, form=form)
        session = Session(Monitor(config), source, outbox, run.samples)
        if metrics is not None:
            show(session, metrics, clock())
        if (note := never_full(config.window, run.samples, run.seconds)) and run.state is None:
            said.say(note)
        if keeper is not None and keeper.saved_at is not None:
            recorded = resume_from(session, begin.settings, keeper.hand_over(), run.record, said, stop)
            begin = msgspec.structs.replace(begin, resumed=recorded, seq=session.outbox.seq, taken=session.taken)
        if stop.requested:  # nothing was taken in; a state that was gone on from is still there as it was
            return stop.status
        recorder = None
        if run.record is not None:
            recorder = stack.enter_context(closing(Recorder(run.record, begin, run.record_limit_bytes)))
        gc.freeze()  # a collection of what start-up left behind takes 20 to 35 ms
        feed = stack.enter_context(closing(Feed(source, context, clock, keys, session.intake.spacings)))
        resumed = None
        if keeper is not None and keeper.saved_at is not None:
            resumed = MissedReport(keeper.saved_at, session.health(clock()))
        writers = [writer for writer in (recorder, keeper, spoken) if writer is not None]
        upkeep = Upkeep(session, options, writers, said, service, resumed)
        stop.answer(lambda: upkeep.report(clock()))
        stop.end_after(run.seconds)
        loop = Loop(
            session, feed, recorder, keeper, publisher, upkeep, clock, lines=spoken, metrics=metrics, strict=run.strict
        )
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
        upkeep: Upkeep,
        clock: Callable[[], float],
        *,
        lines: Spool | None = None,
        metrics: Metrics | None = None,
        strict: bool = False,
    ) -> None:
        self._lines, self._metrics = lines, metrics
        self._strict, self._lost = strict, False
        self._session, self._feed, self._recorder, self._publisher = session, feed, recorder, publisher
        self._keeper, self._upkeep = keeper, upkeep
        self._clock = clock
        self._lost_before = self._loss(clock())  # by the run that this one goes on from
        self._look_due = self._snapshot_at = 0.0
        self._offered: object = None  # what the last snapshot was made of

    def run(self, stop: Stop) -> int:
        """Turn until it is time to stop; then say the last reading. Returns the exit status."""
        poller = zmq.Poller()
        polled: Sockets = ()
        poller.register(stop.fileno(), zmq.POLLIN)
        if self._publisher is not None:
            for socket in self._publisher.sockets:
                poller.register(socket, zmq.POLLIN)
        self._upkeep.ready()
        while not (stop.requested or self._session.over or self._unread or self._lost):
            if polled != self._feed.sockets:
                polled = _register(poller, polled, self._feed.sockets)
            poller.poll(math.ceil(self._wait * 1000))
            self._turn()
            if self._keeper is not None:
                self._keeper.keep(self._session, self._place, self._clock())
            self._upkeep.turn(self._clock(), time.monotonic())
        self._upkeep.stopping()
        now = self._clock()
        self._take(Ended(now))
        if self._keeper is not None:
            self._keeper.keep_last(self._session, self._place, now)
        self._offer_snapshot(now, at_once=True)
        if self._lines is not None:
            # Whoever asked for so many samples gets what is said of them; at any other end no reader is waited for.
            self._lines.finish(lambda: stop.requested, self._upkeep.say, wait=self._session.over)
        self._upkeep.end()
        if stop.status == 0 and stop.requested and all(link.state == "connecting" for link in self._feed.links):
            raise unreachable(self._feed.links[0].endpoint, self._feed.links[0].note)
        if self._strict and (loss := self._loss(now)) != self._lost_before:
            self._upkeep.warn(f"--strict: {loss}")
            return LOSS_STATUS
        return stop.status

    @property
    def _unread(self) -> bool:
        """Whether nobody reads the lines any more."""
        return self._lines is not None and self._lines.gone

    def _loss(self, now: float) -> str:
        return lost(total(self._session.health(now)), self._session.monitor.window.dropped)

    @property
    def _place(self) -> Place | None:
        """Behind what was recorded so far."""
        if self._recorder is None:
            return None
        return Place(located(self._recorder.path), *self._recorder.position, self._session.outbox.run)

    def _turn(self) -> None:
        arrived = self._feed.receive()
        now = self._clock() if arrived is None else arrived.received
        changed = self._take_links(now)
        if arrived is not None:
            self._take(arrived)
            now = self._clock()
        changed |= self._take_flags(now)
        self._poll(now, at_once=changed)
        if self._publisher is not None:
            self._publisher.handle_subscriptions()
            if news := self._publisher.connections.news():
                self._upkeep.warn(news)
            self._offer_snapshot(now)

    def _take(self, entry: Entry) -> None:
        """Record what happened, and then let it act: what is said depends on what is recorded, and on nothing else."""
        if self._recorder is not None:
            self._recorder.write(entry)
        self._session.apply(entry)

    @property
    def _wait(self) -> float:
        """How long to sleep if nothing comes, s: until there is something to say all the same, or a tick."""
        now = self._clock()
        left = [due - now for due in (self._session.due, self._feed.due) if due is not None]
        return max(min([*left, TICK_SECONDS]), 0.0)

    def _take_links(self, now: float) -> bool:
        """Take in how the links are; whether any is otherwise than before."""
        changed = False
        for source, link in enumerate(self._feed.links):
            if link != self._session.links[source]:
                change = LinkChanged(source, now, link.state, link.since, link.reconnects, link.note, link.behind)
                self._upkeep.link(change)
                self._take(change)
                changed = True
        return changed

    def _take_flags(self, now: float) -> bool:
        """Take in what is added to each status; whether that is otherwise than before."""
        flags = Status.UNSAVED if self._upkeep.unsaved else Status.OK
        if flags == self._session.flags:
            return False
        self._take(Flagged(now, flags))
        return True

    def _poll(self, now: float, *, at_once: bool) -> None:
        """Say what is to be said though nothing came: when it is due, when a link is otherwise, and each tick."""
        due = self._session.due
        reached = due is not None and due <= now
        if not (at_once or reached) and self._look_due - TICK_SECONDS <= now < self._look_due:
            return
        self._look_due = now + TICK_SECONDS
        if self._strict:
            self._lost = self._loss(now) != self._lost_before
        outputs = self._session.poll(now)
        if outputs and self._recorder is not None:
            self._recorder.write(Polled(now))
        self._session.publish(outputs, now)
        if self._metrics is not None:
            show(self._session, self._metrics, now)

    def _offer_snapshot(self, now: float, at_once: bool = False) -> None:
        """A snapshot, ten a second at the most, fewer while it says the same; only while somebody subscribes to it."""
        session = self._session
        pair = session.monitor.config.pair
        since = now - self._snapshot_at  # negative when the clock was set back
        if self._publisher is None or (0 <= since < TICK_SECONDS and not at_once):
            return
        links = session.health(now)
        news = (session.monitor.window.pairs, session.outbox.seq, session.flags, links)
        if news == self._offered and 0 <= since < SNAPSHOT_SECONDS and not at_once:
            return
        if self._publisher.wants(snapshot_topic(pair)):
            self._snapshot_at, self._offered = now, news
            lag = session.outbox.lag
            links = tuple(msgspec.structs.replace(link, lag=lag) for link in links)
            snapshot = session.monitor.snapshot(
                run=session.outbox.run, seq=session.outbox.seq, timestamp=now, links=links
            )
            status = snapshot.status | session.flags
            self._publisher.send(snapshot_message(msgspec.structs.replace(snapshot, status=int(status))))


def show(session: Session, metrics: Metrics, now: float) -> None:
    """Have ``metrics`` show how a session is; counters and the status are known before there is a reading, too."""
    links = session.health(now)
    link = total(links)
    known: Fields = {
        **session.monitor.window.totals,
        "run": session.outbox.run,
        "seq": session.outbox.seq,
        "unmatched": None if link.tally is None else link.tally.unmatched,
        "status": int(status_of(None, link) | session.flags),
    }
    newest = {**known, **session.outbox.newest} | session.monitor.window.totals
    metrics.set(session.monitor.config.pair, newest, links)


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
    categories = config.bins.kind == "categories"
    x = rng.integers(0, 2, 64).astype(object) if categories else rng.random(64)
    # Whether samples will have times is not known yet, and some kernels are for those that do.
    times = np.arange(64.0) * (config.window.seconds or 64.0) / 64  # all inside a window of whatever duration
    for t in (times,) if config.window.seconds else (None, times):
        monitor = Monitor(config)
        monitor.feed(PairBatch(x=x, y=x.copy(), t=t))
        if config.window.seconds:  # a first window is full, and its bins are looked at
            later = times + config.window.seconds
            monitor.feed(PairBatch(x=x, y=x.copy(), t=later))
            t = later + config.window.seconds
        # A single pair takes a way of its own.
        monitor.feed(PairBatch(x=x[-1:], y=x[-1:], t=None if t is None else t[-1:]))
        monitor.window.reading(config.unit, config.estimator)
        monitor.window.batch_stderr(config.estimator)
        monitor.window.binned_batch_stderr()
        if config.ksg is not None:
            ksg.mi_nats(monitor.window.values[0], monitor.window.values[1], 1)
    # So does a batch that is longer than the window, and here the window must be short; and labels that are new.
    if config.window.pairs or categories:
        few = msgspec.structs.replace(config, bins=msgspec.structs.replace(config.bins, count=2))
        values = np.repeat(np.arange(8), 8).astype(object) if categories else x
        JointWindow(*bins_for(few), LEARN_FROM).extend(values, values)
