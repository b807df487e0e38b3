"""``streammi view``: what it takes, and its help; cli.run_view runs it."""

import typer

from streammi.cli.option_groups import grouped
from streammi.cli.options import (
    ConnectKeyOptions,
    Endpoints,
    Seconds,
    ViewOptions,
)


@grouped
def view(endpoints: Endpoints, view: ViewOptions, keys: ConnectKeyOptions, seconds: Seconds = None) -> None:
    """Show a running monitor, or several, from anywhere. Piped, it prints the readings as lines.

    \b
    Examples:
      streammi view tcp://127.0.0.1:5557
      streammi view tcp://plant:5557 tcp://plant:5558 tcp://plant:5559
      streammi view tcp://plant:5557 --output jsonl | jq .mi_corrected
      streammi view tcp://127.0.0.1:5557 --output once
      streammi view tcp://plant:5557 --curve-server-key plant.key \\
          --curve-secret alice/alice.key_secret
    """
    from streammi.cli.run_view import run_view

    raise typer.Exit(run_view(endpoints, view, keys=keys.keys(), seconds=seconds))
