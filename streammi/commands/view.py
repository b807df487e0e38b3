"""Runs a view on a running monitor; nothing here computes, so that the first picture comes at once."""

import os
import sys
from collections.abc import Callable
from contextlib import ExitStack, closing
from typing import TextIO, cast

import zmq

from streammi.dashboard.capabilities import Look, background_of, depth_of, glyphs_of, is_terminal
from streammi.dashboard.loop import ViewLoop
from streammi.dashboard.outputs import LineOutput, run_lines
from streammi.dashboard.source import LINE_QUEUE, Source
from streammi.dashboard.terminal import Terminal
from streammi.dashboard.viewer import Viewer
from streammi.ingest.link import unreachable
from streammi.network.security import PLAIN_TEXT, Keys
from streammi.options import ViewOptions
from streammi.system.stop import Stop


def run_view(
    endpoint: str,
    options: ViewOptions,
    *,
    keys: Keys = PLAIN_TEXT,
    seconds: float | None = None,
    ended: Callable[[], bool] = lambda: False,
    out: TextIO | None = None,
    log: TextIO | None = None,
) -> int:
    """Show a running monitor on the terminal, or as lines; returns the exit status.

    ``ended`` says that what is shown has come to its end. Raises ConfigError for what cannot be shown.
    """
    out = out or sys.stdout
    output = options.resolved_output(is_terminal(os.environ, out.isatty()))
    look = Look(
        glyphs=glyphs_of(os.environ, options.glyphs),
        depth=depth_of(os.environ),
        palette=options.palette,  # type: ignore[arg-type]  # checked by resolved_output
        background=background_of(os.environ, options.background),
    )
    with ExitStack() as stack:
        context = stack.enter_context(zmq.Context())
        stop = stack.enter_context(Stop(seconds))
        if output == "tui":
            source = stack.enter_context(closing(Source(endpoint, context, "snapshot/", keys=keys)))
            ask = options.background == "auto" and os.environ.get("TERM") != "linux"  # which would print the question
            terminal = stack.enter_context(closing(Terminal.open(ask_background=ask)))
            viewer = Viewer(look, readonly=options.readonly, endpoint=endpoint)
            stack.enter_context(terminal)
            if source.note:
                viewer.say(source.note)
            ViewLoop(source, terminal, viewer, max_fps=options.max_fps).run(stop, ended)
            return stop.status
        source = stack.enter_context(closing(Source(endpoint, context, "mi/", "event/", queue=LINE_QUEUE, keys=keys)))
        came = run_lines(source, cast(LineOutput, output), look.glyphs, out, log or sys.stderr, stop, ended)
        if not came and stop.requested and stop.status == 0 and source.link == "connecting":
            raise unreachable(endpoint, source.note)
        return stop.status or (0 if came or output != "once" else 1)
