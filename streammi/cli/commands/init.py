"""``streammi init``: what it takes, and its help; cli.run_init runs it."""

from typing import Annotated

import typer

from streammi.cli.help_panels import SAID
from streammi.cli.option_groups import grouped
from streammi.cli.options import ConnectKeyOptions, ListenSeconds, OnlyTopic, PullFeed, check_unused, given_names


@grouped
def init(
    context: typer.Context,
    keys: ConnectKeyOptions,
    endpoint: Annotated[
        str | None, typer.Argument(metavar="ENDPOINT", help="Listen to this feed first, and fill in what it carries.")
    ] = None,
    out: Annotated[
        str | None,
        typer.Option(
            "--out", "-o", metavar="FILE", rich_help_panel=SAID, help="Write it here, not to standard output."
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", rich_help_panel=SAID, help="Replace a file that is there.")] = False,
    seconds: ListenSeconds = 5.0,
    topic: OnlyTopic = "",
    pull: PullFeed = False,
) -> None:
    """Write a commented file of options for monitor --config. It has every option of monitor, with what it is for.

    With ENDPOINT it listens there first, and fills in the feed's channels or its two signals. It asks nothing. If
    nothing comes that can be watched, it writes no file, and ends with status 1.

    \b
    Examples:
      streammi init > plant.toml
      streammi init tcp://127.0.0.1:5556 -o plant.toml
      streammi monitor --config plant.toml
    """
    from streammi.cli.run_init import run_init

    if endpoint is None:
        given = given_names(context)
        check_unused("without ENDPOINT", **{name: True for name in ("seconds", "topic", "pull") if name in given})
    if out is None:
        check_unused("without --out", force=force)
    parent = context.parent
    assert parent is not None
    parameters = parent.command.commands["monitor"].params  # type: ignore[attr-defined]  # the group's
    raise typer.Exit(run_init(parameters, endpoint, out, seconds, force=force, topic=topic, pull=pull, keys=keys))
