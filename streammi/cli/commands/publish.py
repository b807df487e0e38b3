"""``streammi publish``: what it takes, and its help; cli.run_publish runs it."""

from typing import Annotated

import typer

from streammi.cli.help_panels import FEED, SAID
from streammi.cli.option_groups import grouped
from streammi.cli.options import (
    BindKeyOptions,
    FileReadOptions,
    Insecure,
    Seconds,
    TimeColumn,
    check_choice,
    check_unused,
)


@grouped
def publish(
    source: Annotated[
        str,
        typer.Argument(metavar="SOURCE", help="CSV, JSON Lines or Parquet, - for standard input, host, seed or plant."),
    ],
    bind: Annotated[str, typer.Option("--bind", metavar="ENDPOINT", rich_help_panel=SAID, help="Where to publish.")],
    keys: BindKeyOptions,
    reading: FileReadOptions,
    x: Annotated[str | None, typer.Option("--x", metavar="COL", rich_help_panel=FEED, help="Column of x.")] = None,
    y: Annotated[str | None, typer.Option("--y", metavar="COL", rich_help_panel=FEED, help="Column of y.")] = None,
    t: TimeColumn = None,
    rate: Annotated[
        float | None,
        typer.Option(
            "--rate", metavar="HZ", rich_help_panel=SAID, help="Samples a second; a file goes as fast as it can."
        ),
    ] = None,
    loop: Annotated[
        bool, typer.Option("--loop", rich_help_panel=FEED, help="Begin again at the end of the file; its times go on.")
    ] = False,
    format_: Annotated[
        str, typer.Option("--format", metavar="FORMAT", rich_help_panel=SAID, help="json or pairs (raw float64).")
    ] = "json",
    batch: Annotated[
        int, typer.Option("--batch", metavar="N", min=1, rich_help_panel=SAID, help="Samples a message.")
    ] = 1,
    push: Annotated[
        bool, typer.Option("--push", rich_help_panel=SAID, help="PUSH instead of PUB: waits rather than drop.")
    ] = False,
    insecure: Insecure = False,
    seconds: Seconds = None,
) -> None:
    """Publish samples to try things out. Those of a file, this machine's own readings, or made-up ones.

    \b
    Examples:
      streammi publish seed --bind tcp://127.0.0.1:5556
      streammi publish host --bind tcp://127.0.0.1:5556 --rate 5
      streammi publish room.csv.gz --x S1_Sound --y S2_Sound \\
          --bind tcp://127.0.0.1:5556 --rate 100 --loop
    """
    from streammi.cli.run_publish import run_publish

    if source in ("seed", "plant"):
        check_unused(f"where SOURCE is {source}", x=x, y=y)
    if source in ("seed", "host", "plant", "-"):
        check_unused("where SOURCE is no file", loop=loop)
    if source in ("seed", "host", "plant"):
        check_unused("where SOURCE is no file", t=t)
        reading.check_unused("where SOURCE is no file")
    check_choice("--format", format_, ("json", "pairs"))
    status = run_publish(
        source,
        bind,
        x=x,
        y=y,
        t=t,
        options=reading.reading(),
        rate=rate,
        loop=loop,
        pairs=format_ == "pairs",
        batch=batch,
        push=push,
        insecure=insecure,
        keys=keys.keys(),
        seconds=seconds,
    )
    raise typer.Exit(status)
