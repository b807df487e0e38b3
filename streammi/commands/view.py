"""Runs a view on a running monitor; nothing here computes, so that the first picture comes at once."""

import os
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from typing import TextIO, cast

import zmq

from streammi.dashboard.capabilities import Look, background_of, depth_of, glyphs_of, is_terminal
from streammi.dashboard.loop import ViewLoop
from streammi.dashboard.outputs import LineOutput, run_lines
from streammi.dashboard.source import LINE_QUEUE, SNAPSHOT_QUEUE, Source
from streammi.dashboard.terminal import Terminal
from streammi.dashboard.viewer import Viewer
from streammi.errors import ConfigError
from streammi.ingest.link import unreachable
from streammi.network.security import PLAIN_TEXT, Keys
from streammi.options import ViewOptions
from streammi.system.log import Log
from streammi.system.stop import Stop


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
    where that will be; None where there is no way to ask. Raises ConfigError for what cannot be shown.
    """
    out = out or sys.stdout
    output = options.resolved_output(is_terminal(os.environ, out.isatty()))
    if output == "jsonl" and len(endpoints) > 1:
        rule = "plain, influx or once of several monitors: the lines of jsonl do not say whose they are"
        raise ConfigError("--output", rule, output)
    topics, queue = (["snapshot/"], SNAPSHOT_QUEUE) if output == "tui" else (["mi/", "event/"], LINE_QUEUE)
    with ExitStack() as stack:
        context = stack.enter_context(zmq.Context())
        stop = stack.enter_context(Stop(seconds, reports=ask_report is not None))
        sources = [
            stack.enter_context(closing(Source(endpoint, context, *topics, queue=queue, keys=keys)))
            for endpoint in endpoints
        ]
        if output == "tui":
            return _draw(sources, options, stop, ended, ask_report)
        glyphs, log = glyphs_of(os.environ, options.glyphs), log or Log(sys.stderr)
        silent = run_lines(
            sources, cast(LineOutput, output), glyphs, out, log, stop, ended, ask_report or (lambda: None)
        )
        for source in silent:
            if stop.requested and stop.status == 0 and source.link == "connecting":
                raise unreachable(source.endpoint, source.note)
        return stop.status or int(output == "once" and bool(silent))


def _draw(
    sources: Sequence[Source],
    options: ViewOptions,
    stop: Stop,
    ended: Callable[[], bool],
    ask_report: Callable[[], str] | None,
) -> int:
    """Show the monitors on the terminal until it is time to stop; returns the exit status."""
    look = Look(
        glyphs=glyphs_of(os.environ, options.glyphs),
        depth=depth_of(os.environ),
        palette=options.palette,  # type: ignore[arg-type]  # checked by resolved_output
        background=background_of(os.environ, options.background),
    )
    # A monitor beside us has no address that says anything.
    endpoints = [source.endpoint for source in sources] if ask_report is None else [""]
    viewer = Viewer(look, readonly=options.readonly, reports=ask_report is not None, endpoints=endpoints)
    viewer.say("; ".join(dict.fromkeys(source.note for source in sources if source.note)))
    ask = options.background == "auto" and os.environ.get("TERM") != "linux"  # which would print the question
    with closing(Terminal.open(ask_background=ask)) as terminal, terminal:
        ViewLoop(sources, terminal, viewer, max_fps=options.max_fps, ask_report=ask_report).run(stop, ended)
    return stop.status
