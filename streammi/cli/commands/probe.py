"""``streammi probe``: what it takes, and its help; cli.run_probe and cli.run_file_probe run it."""

from typing import Annotated

import typer

from streammi.cli.help_panels import FILE, SAID
from streammi.cli.option_groups import grouped
from streammi.cli.options import (
    ConnectKeyOptions,
    FileReadOptions,
    ListenSeconds,
    OnlyTopic,
    PullFeed,
    check_unused,
)


@grouped
def probe(
    endpoint: Annotated[
        str, typer.Argument(metavar="ENDPOINT|FILE", help="ZeroMQ endpoint, such as tcp://127.0.0.1:5556, or a file.")
    ],
    keys: ConnectKeyOptions,
    reading: FileReadOptions,
    seconds: ListenSeconds = 5.0,
    t: Annotated[
        str | None,
        typer.Option("--t", "--time", metavar="COL", rich_help_panel=FILE, help="A file's time: COL, or DATE,TIME."),
    ] = None,
    topic: OnlyTopic = "",
    pull: PullFeed = False,
    json: Annotated[bool, typer.Option("--json", rich_help_panel=SAID, help="Say it as JSON.")] = False,
) -> None:
    """Show what a feed or a file carries. For a feed: format, topics, rates, each number and the command to watch it.

    For a file: columns, missing values, times and the command to replay it; --seconds is how long it reads. If nothing
    comes, or nothing that can be read, it says why, and ends with status 1.

    \b
    Examples:
      streammi probe tcp://127.0.0.1:5556
      streammi probe tcp://10.0.0.7:5556 --seconds 30 --topic imu/
      streammi probe ipc:///run/bus --json | jq -r .command
      streammi probe logger.csv
    """
    if "://" not in endpoint:
        from streammi.cli.run_file_probe import run_file_probe

        check_unused("where a file is probed", topic=topic or None, pull=pull)
        raise typer.Exit(run_file_probe(endpoint, reading.reading(), t, seconds, as_json=json))
    from streammi.cli.run_probe import run_probe

    check_unused("where a feed is probed", t=t)
    reading.check_unused("where a feed is probed")
    raise typer.Exit(run_probe(endpoint, seconds, topic=topic, pull=pull, as_json=json, keys=keys.keys()))
