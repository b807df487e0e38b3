"""``streammi serve``: what it takes, and its help; cli.run_serve runs it."""

from importlib.util import find_spec

import typer

from streammi.cli.option_groups import grouped
from streammi.cli.options import ConnectKeyOptions, Endpoints, Seconds, ServeOptions
from streammi.errors import MissingExtra


@grouped
def serve(endpoints: Endpoints, page: ServeOptions, keys: ConnectKeyOptions, seconds: Seconds = None) -> None:
    """Show a running monitor, or several, in a browser, read-only.

    Only this machine can reach the page, unless --http names another address; then --token is needed.

    \b
    Examples:
      streammi serve tcp://127.0.0.1:5557
      streammi serve tcp://plant:5557 tcp://plant:5558 --http 127.0.0.1:9000
      streammi serve tcp://127.0.0.1:5557 --http 0.0.0.0:8080 --token page.token
    """
    if find_spec("websockets") is None:
        raise MissingExtra("serve", "websockets", "web")
    from streammi.cli.run_serve import run_serve

    raise typer.Exit(run_serve(endpoints, page, keys=keys.keys(), seconds=seconds))
