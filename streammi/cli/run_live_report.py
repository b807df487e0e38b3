"""``streammi report ENDPOINT``: listens to a running monitor for a while, and makes a page of what it heard."""

import os
import shlex
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Final

import zmq
from msgspec.structs import replace
from rich.console import Console
from rich.progress import BarColumn, Progress, TimeRemainingColumn

from streammi.cli.moment_report import versions
from streammi.cli.run_report import SIGNALLED, table_beside, write
from streammi.cli.run_view import no_reading
from streammi.errors import ConfigError
from streammi.network.endpoints import check_endpoint
from streammi.network.security import Keys
from streammi.publish.client import LINE_QUEUE, Source
from streammi.publish.messages import Fields
from streammi.publish.tables import ReadingTable
from streammi.report.live import TOPICS, Listener
from streammi.report.many.collect import ManyFindings
from streammi.report.many.live import TOPIC as OF_MANY, ManyListener
from streammi.report.origin import Origin
from streammi.system.log import Log
from streammi.system.signals import Stop

USUAL_SECONDS: Final = 60.0
NO_READING: Final = 1  # exit status
LOOK_SECONDS: Final = 0.2
TOP: Final = 10  # pairs of each kind, of a monitor of many channels
POINTS_SECONDS: Final = 5.0  # that are waited for
HEEDED: Final = frozenset({"file", "out", "seconds", "curve_server_key", "curve_secret"})


def check_heeded(given: set[str]) -> None:
    """ConfigError for an option that is given though a running monitor has computed, and read, what it did."""
    for name in sorted(given - HEEDED):
        raise ConfigError("--" + name.replace("_", "-"), "left out of a running monitor, which has options of its own")


def run_live_report(
    endpoint: str, out: str, seconds: float | None, keys: Keys, words: Sequence[str]
) -> tuple[int, str]:
    """Listen, and write the page; returns the exit status, and where it is: nowhere, if nothing was heard."""
    check_endpoint(endpoint, "FILE")
    table_path, log = table_beside(out), Log(sys.stderr)
    seconds = USUAL_SECONDS if seconds is None else seconds
    with ExitStack() as stack:
        tables = stack.enter_context(Tables(table_path))
        listener = Listener(tables.add)
        context = stack.enter_context(zmq.Context())
        stop = stack.enter_context(Stop(seconds))
        topics = (*TOPICS, OF_MANY)
        source = stack.enter_context(closing(Source(endpoint, context, *topics, queue=LINE_QUEUE, keys=keys)))
        started = time.monotonic()
        many = ManyListener()
        _listen(source, lambda frames: (many if _is_of_many(frames, many) else listener).take(frames), stop, seconds)
        heard = time.monotonic() - started
        of_many = many.findings()
        if of_many is not None:
            of_many = _with_points(of_many, source, many, stop)
    ended = ["ended by a signal: this is of what was heard until then"] if stop.status > SIGNALLED else []
    made = Origin(
        source=f"{endpoint}, heard for {heard:.0f} s",
        command=shlex.join(["streammi", *words]),
        sections={},
        notes=[*([source.note] if source.note else []), *ended],
        table="",
    )
    if of_many is not None:
        return stop.status, _write_many(of_many, replace(made, notes=[*many.notes, *made.notes]), out)
    if listener.of_devices:
        raise ConfigError("FILE", "a monitor of a pair or of channels: devices are shown by streammi serve", endpoint)
    found = listener.findings()
    if found is None:
        log.fail(no_reading(source, round(heard, 1)))
        return stop.status or NO_READING, ""
    from streammi.report.figures import draw
    from streammi.report.page import page

    table = os.path.basename(table_path) if listener.readings else ""
    made = replace(made, notes=[*listener.notes, *made.notes], table=table, sections=versions())
    write(out, page(found, draw(found), made))
    return stop.status, f"{out} and, the readings one a row, {table_path}" if listener.readings else out


def _is_of_many(frames: list[bytes], many: ManyListener) -> bool:
    """True for matrices, and for the pairs of a monitor of which matrices came."""
    return frames[0].startswith(OF_MANY.encode()) or (frames[0].startswith(b"snapshot/") and many.newest is not None)


def _with_points(found: ManyFindings, source: Source, many: ManyListener, stop: Stop) -> ManyFindings:
    """The same with the values of the pairs that are drawn, which the monitor is asked for, once each."""
    from streammi.report.many.page import drawn_pairs

    drawn = drawn_pairs(found, TOP)
    asked = many.topics(drawn)
    for topic in asked:
        source.socket.subscribe(topic)
    started = time.monotonic()
    while many.topics(drawn) and time.monotonic() - started < POINTS_SECONDS and stop.status <= SIGNALLED:
        source.socket.poll(round(LOOK_SECONDS * 1000))
        for frames in source.messages():
            if _is_of_many(frames, many):
                many.take(frames)
    return replace(found, points=many.points)


def _write_many(found: ManyFindings, made: Origin, out: str) -> str:
    from streammi.cli.run_channel_report import pairs_beside, write_page

    table = pairs_beside(out)
    made = replace(made, sections=versions(), table=os.path.basename(table), of_table="The pairs")
    return write_page(found, TOP, made, (out, table))


class Tables(ExitStack):
    """The table of the readings, made with the first of them; ConfigError where that cannot be done."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self._path = path
        self._table: ReadingTable | None = None

    def add(self, fields: Fields) -> None:
        """Add a reading."""
        if self._table is None:
            try:
                file = Path(self._path).open("w", encoding="utf-8", newline="")  # noqa: SIM115 - closed with the stack
            except OSError as error:
                rule = f"beside a table that can be written ({error.strerror}: {self._path})"
                raise ConfigError("--out", rule) from None
            self.enter_context(file)
            self._table = self.enter_context(closing(ReadingTable(None, "csv", file)))
        self._table.add(fields)


def _listen(source: Source, take: Callable[[list[bytes]], object], stop: Stop, seconds: float) -> None:
    poller = zmq.Poller()
    for each in (source.socket, stop.fileno()):
        poller.register(each, zmq.POLLIN)
    columns = ("listening", BarColumn(), TimeRemainingColumn())
    hidden = not sys.stderr.isatty()
    with Progress(*columns, console=Console(file=sys.stderr), transient=True, disable=hidden) as shown:
        task, started = shown.add_task("", total=seconds), time.monotonic()
        while not stop.requested:
            poller.poll(round(LOOK_SECONDS * 1000))
            stop.drain()
            for frames in source.messages():
                take(frames)
            shown.update(task, completed=time.monotonic() - started)
