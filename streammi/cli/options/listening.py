"""Listening to a feed for a while, before anything of it is watched."""

from typing import Annotated

import typer

from streammi.cli.help_panels import FEED, RUN

ListenSeconds = Annotated[
    float, typer.Option("--seconds", metavar="SECONDS", min=0.1, rich_help_panel=RUN, help="How long to listen.")
]
OnlyTopic = Annotated[
    str,
    typer.Option("--topic", metavar="TOPIC", rich_help_panel=FEED, help="Look only at topics that start with this."),
]
PullFeed = Annotated[
    bool,
    typer.Option("--pull", rich_help_panel=FEED, help="Receive by PULL; takes messages away from other consumers."),
]
