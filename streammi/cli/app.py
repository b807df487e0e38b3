"""The command line as a whole: its commands, in the order in which --help lists them."""

import sys
from typing import Annotated

import typer

from streammi import __version__
from streammi.cli.commands.demo import demo
from streammi.cli.commands.grafana import grafana
from streammi.cli.commands.help import help_
from streammi.cli.commands.init import init
from streammi.cli.commands.keygen import keygen
from streammi.cli.commands.monitor import monitor
from streammi.cli.commands.probe import probe
from streammi.cli.commands.publish import publish
from streammi.cli.commands.replay import replay
from streammi.cli.commands.report import report
from streammi.cli.commands.serve import serve
from streammi.cli.commands.view import view
from streammi.cli.commands.watch import watch
from streammi.cli.format_table import WithFormats
from streammi.cli.help_panels import PanelCommand, help_with
from streammi.cli.usage_errors import USAGE_ERROR

BEGINNING = """\
streammi shows, live, how strongly two signals depend on each other.

Where to begin:
  streammi demo                        see it work, on this machine
  streammi probe tcp://127.0.0.1:5556  what a feed carries, and the command that watches it
  streammi probe logger.csv            what is in a file, and the command that replays it
  streammi help first-signals          signals of your own on the screen, in five minutes

streammi help lists the pages of the documentation, streammi --help the commands."""

# What runs is imported in the commands: --help answers without numpy and ZeroMQ.

app = typer.Typer(
    name="streammi",
    help="Rolling mutual information between live signals: ZeroMQ in, terminal dashboard and publisher out.",
    epilog=(
        "Start with: streammi demo. The documentation: streammi help. "
        "Exit statuses: 0 ended as asked, 1 failure, 2 wrong usage, 3 loss with --strict, "
        "4 an outdated reading, 129, 130 and 143 ended by a signal."
    ),
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    rich_markup_mode=None,
)


@app.callback(invoke_without_command=True)
def streammi(
    context: typer.Context, version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False
) -> None:
    """Rolling mutual information between live signals: ZeroMQ in, terminal dashboard and publisher out."""
    if version:
        print(f"streammi {__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        print(BEGINNING, file=sys.stderr)
        raise typer.Exit(USAGE_ERROR)


LIVE = help_with(unused={"export"}, every="100ms; with --channels 1s, with --key 10s")
app.command(no_args_is_help=True, cls=LIVE)(monitor)
app.command(no_args_is_help=True, cls=LIVE)(watch)
app.command(no_args_is_help=True, cls=WithFormats)(probe)
app.command(cls=PanelCommand)(init)
app.command(no_args_is_help=True, cls=PanelCommand)(view)
app.command(no_args_is_help=True, cls=PanelCommand)(serve)
app.command(cls=PanelCommand)(demo)
app.command(no_args_is_help=True, cls=PanelCommand)(publish)
REPLAYED = help_with(every="100ms; 100 samples of a file without times")
app.command(no_args_is_help=True, cls=REPLAYED)(replay)
REPORTED = help_with(
    unused={"export"}, window="1000, or a tenth of a short file", every="a tenth of the window, or more", null="99"
)
app.command(no_args_is_help=True, cls=REPORTED)(report)
app.command()(grafana)
app.command(no_args_is_help=True)(keygen)
app.command("help")(help_)
