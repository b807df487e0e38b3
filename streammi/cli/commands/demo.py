"""``streammi demo``: what it takes, and its help; cli.run_watch runs it."""

from typing import Annotated

import typer

from streammi.cli.help_panels import FEED
from streammi.cli.option_groups import grouped
from streammi.cli.options import (
    Seconds,
    ViewOptions,
    check_choice,
    check_unused,
)


@grouped
def demo(
    view: ViewOptions,
    source: Annotated[
        str,
        typer.Option(
            "--source",
            metavar="SOURCE",
            rich_help_panel=FEED,
            help="seed: made-up signals whose coupling changes; plant: 32 of them, some break; host: this machine's.",
        ),
    ] = "seed",
    x: Annotated[
        str | None,
        typer.Option("--x", metavar="PATH", rich_help_panel=FEED, help="With --source host: the first signal."),
    ] = None,
    y: Annotated[
        str | None,
        typer.Option("--y", metavar="PATH", rich_help_panel=FEED, help="With --source host: the second signal."),
    ] = None,
    seconds: Seconds = None,
) -> None:
    """See it work, on made-up signals. A publisher, a monitor and a dashboard, joined by sockets on this machine.

    \b
    Examples:
      streammi demo
      streammi demo --source plant
      streammi demo --source host
      streammi demo --source host --x cpu.percent --y net.received --seconds 60
    """
    from streammi.cli.run_watch import run_demo

    if check_choice("--source", source, ("seed", "plant", "host")) != "host":
        check_unused(f"with --source {source}", x=x, y=y)
    raise typer.Exit(run_demo(source, x, y, view, seconds))
