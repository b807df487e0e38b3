"""Runs a view on a running monitor; nothing here computes, so that the first picture comes at once."""

import os
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from dataclasses import asdict
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final, TextIO, cast

import zmq

from streammi.cli.options import ViewOptions
from streammi.dashboard.capabilities import Look, background_of, depth_of, glyphs_of, is_terminal
from streammi.dashboard.line_output import LineOutput, Said, run_lines
from streammi.dashboard.loop import ViewLoop
from streammi.dashboard.terminal import Terminal
from streammi.dashboard.viewer import Viewer
from streammi.errors import ConfigError, MissingExtra
from streammi.network.endpoints import check_endpoint
from streammi.network.link import unreachable, why_unreached
from streammi.network.security import PLAIN_TEXT, Keys
from streammi.publish.client import LINE_QUEUE, Source
from streammi.publish.shown import ShownSource
from streammi.records import Snapshot
from streammi.system.log import Log
from streammi.system.open_files import A_VIEW, ENOUGH, check_open_files
from streammi.system.signals import Stop

if TYPE_CHECKING:
    from streammi.session import diagnosis

NO_READING: Final = 1  # exit statuses of the output once
NOT_OF_NOW: Final = 4
ONCE_SECONDS: Final = 10.0  # for a first reading, where nobody says how long
LINE_TOPICS: Final = ("mi/", "pair/", "event/")
AFTER_SCREEN: Final = "report: printed when this screen closes"
IN_LOG: Final = "report: see the log"


def run_view(
    endpoints: Sequence[str],
    options: ViewOptions,
    *,
    keys: Keys = PLAIN_TEXT,
    seconds: float | None = None,
    ended: Callable[[], bool] = lambda: False,
    ask_report: Callable[[], str] | None = None,
    out: TextIO | None = None,
    log: Log | None = None,
) -> int:
    """Show running monitors on the terminal, or as lines; returns the exit status.

    ``ended`` says that what is shown has come to its end; ``ask_report`` asks it for a first-aid report, and answers
    where that will be; None where there is no way to ask: then the report is of this view. Raises ConfigError for what
    cannot be shown.
    """
    out = out or sys.stdout
    output = options.resolved_output(is_terminal(os.environ, out.isatty()), out.isatty())
    _check(endpoints, output)
    if output == "once" and seconds is None and ask_report is None:  # a monitor beside us may take longer to start
        seconds = ONCE_SECONDS
    log = log or Log(sys.stderr)
    with ExitStack() as stack:
        context = stack.enter_context(zmq.Context())
        stop = stack.enter_context(Stop(seconds))
        if output == "tui":
            shown = [stack.enter_context(closing(ShownSource(one, context, keys=keys))) for one in endpoints]
            own = Reports(shown, asdict(options), log, hidden=sys.stderr.isatty())
            stack.callback(own.show)
            return _draw(shown, options, stop, ended, ask_report or own.make, beside=ask_report is not None)
        sources = [
            stack.enter_context(closing(Source(one, context, *LINE_TOPICS, queue=LINE_QUEUE, keys=keys)))
            for one in endpoints
        ]
        own = Reports(sources, asdict(options), log, hidden=False)
        glyphs = glyphs_of(os.environ, options.glyphs)
        stop.answer(ask_report or own.make)
        said = run_lines(sources, cast(LineOutput, output), glyphs, out, log, stop, ended)
        return _status_once(said, stop, log, seconds) if output == "once" else _status(said, stop)


def _check(endpoints: Sequence[str], output: str) -> None:
    """ConfigError for what cannot be shown, or not so."""
    if output == "jsonl" and len(endpoints) > 1:
        rule = "plain, influx or once of several monitors: the lines of jsonl do not say whose they are"
        raise ConfigError("--output", rule, output)
    check_open_files(ENOUGH + A_VIEW * len(endpoints))
    for endpoint in endpoints:
        check_endpoint(endpoint, "ENDPOINT")


def _status_once(said: Said, stop: Stop, log: Log, seconds: float | None) -> int:
    """The exit status where one reading of each was asked for; who had none is named."""
    for source in said.silent:
        log.fail(no_reading(source, seconds))
    return stop.status or (NO_READING if said.silent else NOT_OF_NOW if said.of_before else 0)


def _status(said: Said, stop: Stop) -> int:
    """The exit status of lines; ConfigError for a monitor that never answered until the time was over."""
    for source in said.silent:
        if stop.requested and stop.status == 0 and source.link == "connecting":
            raise unreachable(source.endpoint, source.note)
    return stop.status


def no_reading(source: Source, seconds: float | None) -> str:
    """Why a source said nothing in the time there was."""
    why = why_unreached(source.endpoint, source.note) if source.link == "connecting" else source.note
    within = "" if seconds is None else f" within {seconds:g} s"
    return f"no reading of {source.endpoint}{within}: {why or 'its monitor has none yet'}"


class Reports:
    """First-aid reports of a view on ``log``; ``hidden``: they wait for the end of its screen."""

    def __init__(self, sources: Sequence[Source], settings: dict[str, object], log: Log, *, hidden: bool) -> None:
        self._sources, self._settings, self._log, self._hidden = sources, settings, log, hidden
        self._kept: diagnosis.Report | None = None  # the newest

    def make(self) -> str:
        """Make a report; returns where it will be."""
        from streammi.session import diagnosis  # late: nearly no run ever needs it

        self._kept = diagnosis.report(time.time(), self._settings, [source.health for source in self._sources])
        if self._hidden:
            return AFTER_SCREEN
        self.show()
        return IN_LOG

    def show(self) -> None:
        """Write what waits."""
        if self._kept is not None:
            self._log.report("report", self._kept)
            self._kept = None


def page_of(snapshot: Snapshot, folder: Path, endpoints: Sequence[str]) -> str:
    """Write a report with pictures of what is shown; returns where it is, or why there is none."""
    if find_spec("matplotlib") is None:
        return str(MissingExtra("report", "matplotlib", "report"))
    from streammi.cli.moment_report import save_page  # late: few ever need it

    return save_page(snapshot, folder, endpoints[0] if len(endpoints) == 1 else "")


def _draw(
    sources: Sequence[ShownSource],
    options: ViewOptions,
    stop: Stop,
    ended: Callable[[], bool],
    ask_report: Callable[[], str],
    *,
    beside: bool,
) -> int:
    """Show the monitors on the terminal until it is time to stop; returns the exit status.

    ``beside``: what is shown runs beside this process, as part of the same command.
    """
    look = Look(
        glyphs=glyphs_of(os.environ, options.glyphs),
        depth=depth_of(os.environ),
        palette=options.palette,  # type: ignore[arg-type]  # checked by resolved_output
        background=background_of(os.environ, options.background),
    )
    # A monitor beside us has no address that says anything.
    endpoints = [""] if beside else [source.endpoint for source in sources]
    viewer = Viewer(look, readonly=options.readonly, reports=beside, endpoints=endpoints)
    viewer.show_message("; ".join(dict.fromkeys(source.note for source in sources if source.note)))
    ask = options.background == "auto" and os.environ.get("TERM") != "linux"  # which would print the question
    with closing(Terminal.open(ask_background=ask)) as terminal, terminal:
        fps, bell = options.max_fps, options.bell
        make_page = partial(page_of, endpoints=endpoints)
        ViewLoop(sources, terminal, viewer, max_fps=fps, bell=bell, ask_report=ask_report, make_page=make_page).run(
            stop, ended
        )
    return stop.status
