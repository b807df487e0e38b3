"""The page in a browser: where it is served, and to whom."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

import typer

from streammi.cli.help_panels import BROWSER


@dataclass(frozen=True)
class ServeOptions:
    """Where the page is served, and who may see it."""

    panel: ClassVar = BROWSER

    http: Annotated[str, typer.Option("--http", metavar="HOST:PORT", help="Serve the page here.")] = "127.0.0.1:8080"
    token: Annotated[
        str | None,
        typer.Option(
            "--token",
            metavar="FILE",
            help="Show the page only to whoever has the word in FILE; it is made where there is no such file.",
        ),
    ] = None
    allow_host: Annotated[
        list[str] | None,
        typer.Option(
            "--allow-host",
            metavar="NAME",
            help="A further name by which browsers ask for the page, as behind a proxy; again for more.",
        ),
    ] = None
