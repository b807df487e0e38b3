"""Everything that a monitor of any kind stands on while it runs, checked first and opened in one order."""

import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from typing import NamedTuple, TextIO, cast

import msgspec
import zmq

from streammi.cli.checks import check_monitor
from streammi.cli.kernel_cache import compiling, warn_uncached
from streammi.cli.options import RunOptions
from streammi.ingest.intake import Links, SourceConfig
from streammi.network.security import Keys
from streammi.publish.metrics import Metrics, MetricsServer
from streammi.publish.outbox import LineForm, omitted_line
from streammi.publish.publisher import Publisher
from streammi.recording.entries import Begin
from streammi.recording.writer import Recorder, check_recording
from streammi.session.log_messages import Operator, Writer
from streammi.session.resume import MissedReport, Resumed, resume_from
from streammi.session.state_keeper import Keeper
from streammi.system.log import Form, Log
from streammi.system.open_files import check_open_files
from streammi.system.service_manager import Notifier, notifier
from streammi.system.signals import Stop, parent_of
from streammi.system.spool import Spool


class Outlets(NamedTuple):
    """Whatever a monitor's readings and state go to, opened."""

    publisher: Publisher | None
    metrics: Metrics | None
    keeper: Keeper | None


@dataclass(frozen=True, slots=True)
class Resources:
    """A monitor's signals, service manager, sockets and log; ``stack`` closes what is opened."""

    run: RunOptions
    keys: Keys
    said: Log
    stack: ExitStack
    stop: Stop
    service: Notifier
    context: "zmq.Context[zmq.Socket[bytes]]"

    def outlets(
        self, settings: Mapping[str, str], topics: str, *, of_metrics: str = "", most_topics: int = 1
    ) -> Outlets:
        """Open the outlets that the options ask for; named once all are open, as any may be refused.

        ``settings`` are those that a state depends on; ``topics`` and ``of_metrics`` say what is published, and of what
        metrics are.
        """
        run, opened = self.run, self.stack.enter_context
        publisher = metrics = server = keeper = None
        if run.record is not None:
            check_recording(run.record)
        if run.publish is not None:
            publisher = Publisher(run.publish, self.context, keys=self.keys, insecure=run.insecure, topics=most_topics)
            opened(closing(publisher))
        if run.metrics is not None:
            metrics = Metrics()
            server = opened(closing(MetricsServer(run.metrics, metrics, insecure=run.insecure)))
        if run.state is not None:
            keeper = opened(closing(Keeper(run.state, dict(settings), run.state_every_s)))
        if publisher is not None:
            self.said.say(f"publishing {topics} on {publisher.endpoint}")
        if server is not None:
            self.said.say(f"metrics on {server.url}{of_metrics}")
        return Outlets(publisher, metrics, keeper)

    def going_on(self, session: Resumed, begin: Begin, keeper: Keeper | None) -> Begin:
        """Let the session go on from the saved state, where there is one; returns how its recording begins then."""
        if keeper is None or keeper.saved_at is None:
            return begin
        whole = resume_from(session, begin.settings, keeper.hand_over(), self.run.record, self.said, self.stop)
        return msgspec.structs.replace(begin, resumed=whole, seq=session.seq, taken=session.taken)

    def missed(self, keeper: Keeper | None, links: Links) -> MissedReport | None:
        """The part that says how much was missed since the saved state that is gone on from; None without one."""
        saved_at = None if keeper is None else keeper.saved_at
        return None if saved_at is None else MissedReport(saved_at, links)

    def operator(self, *writers: Writer | None, missed: MissedReport | None) -> Operator:
        """Whoever is told what the ``writers`` that there are have noted, and what was ``missed``."""
        return Operator(self.said, self.service, [one for one in writers if one is not None], missed)

    def recorder(self, begin: Begin) -> Recorder | None:
        """Open the recording that the options ask for; None without one."""
        if self.run.record is None:
            return None
        return self.stack.enter_context(closing(Recorder(self.run.record, begin, self.run.record_limit_bytes)))

    def spool(self, lines: TextIO | None, of: str, form: LineForm, clock: Callable[[], float]) -> Spool | None:
        """Hand lines of the pair or channels ``of`` on to ``lines``, which may not take them; None for no lines."""
        if lines is None:
            return None
        return Spool.on(lines, omitted=lambda many: omitted_line(of, form, clock(), many))

    def compile(self, warm_up: Callable[[], None]) -> None:
        """Load or compile kernels before the feed is connected: nothing queues up, and is lost, behind a compiler."""
        began = time.monotonic()
        with compiling():
            warm_up()
        warn_uncached(self.said, f"{time.monotonic() - began:.1f} s")


@contextmanager
def monitor_resources(
    source: SourceConfig, run: RunOptions, keys: Keys, log: TextIO | None, clock: Callable[[], float]
) -> Iterator[Resources]:
    """Refuse what cannot work, and open what each monitor needs; ConfigError, or MissingExtra, names what is wrong."""
    check_open_files()
    check_monitor(source, run, keys)
    said = Log(log or sys.stderr, cast(Form, run.log), clock)
    with ExitStack() as stack:
        stop = stack.enter_context(Stop(parent=parent_of(os.environ), service=True))
        service = stack.enter_context(closing(notifier()))
        context = stack.enter_context(zmq.Context())
        stack.enter_context(keys.guarding(context, said.warn))
        yield Resources(run, keys, said, stack, stop, service, context)
