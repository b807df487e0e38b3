"""The run: how long it goes on, what is kept of it, and where its readings go."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

import typer

from streammi.cli.help_panels import LIMITS, RUN, SAID
from streammi.cli.options.refusals import check_choice, check_unused
from streammi.config import byte_size, seconds
from streammi.errors import ConfigError
from streammi.system.commands import words_of
from streammi.system.log import FORMS

Insecure = Annotated[
    bool,
    typer.Option(
        "--insecure/--no-insecure",
        rich_help_panel=LIMITS,
        show_default=False,
        help="Allow unencrypted sockets that other machines can reach.",
    ),
]
Seconds = Annotated[
    float | None,
    typer.Option("--seconds", metavar="SECONDS", min=0.0, rich_help_panel=RUN, help="End after this many seconds."),
]


@dataclass(frozen=True)
class RunOptions:
    """How long a monitor runs, and where its readings go."""

    panel: ClassVar = RUN

    publish: Annotated[
        str | None,
        typer.Option("--publish", metavar="ENDPOINT", rich_help_panel=SAID, help="Publish readings on this endpoint."),
    ] = None
    insecure: Insecure = False
    metrics: Annotated[
        str | None,
        typer.Option(
            "--metrics", metavar="HOST:PORT", rich_help_panel=SAID, help="Serve metrics for Prometheus at this address."
        ),
    ] = None
    record: Annotated[
        str | None, typer.Option("--record", metavar="FILE", help="Record what arrives; see streammi replay.")
    ] = None
    record_limit: Annotated[
        str | None,
        typer.Option(
            "--record-limit",
            metavar="SIZE",
            help="Size of all its files together; the oldest are deleted first.  [default: 1GiB]",
        ),
    ] = None
    seconds: Seconds = None
    strict: Annotated[
        bool,
        typer.Option("--strict/--no-strict", show_default=False, help="End with status 3 as soon as anything is lost."),
    ] = False
    samples: Annotated[
        int | None,
        typer.Option("--samples", metavar="N", min=1, help="End after this many pairs, with a last reading."),
    ] = None
    state: Annotated[
        str | None, typer.Option("--state", metavar="DIR", help="Save the state in this folder, and resume from it.")
    ] = None
    state_every: Annotated[
        str | None,
        typer.Option("--state-every", metavar="DURATION", help="How often the state is saved.  [default: 5s]"),
    ] = None
    exec: Annotated[
        str | None,
        typer.Option(
            "--exec",
            metavar="COMMAND",
            rich_help_panel=SAID,
            help="Run this for each alarm, with the event as JSON on its standard input; once a second, 10 s at most.",
        ),
    ] = None
    log: Annotated[
        str,
        typer.Option(
            "--log", metavar="FORM", rich_help_panel=SAID, help="Format of messages: text or json, one line each."
        ),
    ] = "text"

    def __post_init__(self) -> None:
        check_choice("--log", self.log, FORMS)
        if self.record is None:
            check_unused("without --record", record_limit=self.record_limit)
        if self.state is None:
            check_unused("without --state", state_every=self.state_every)
        if self.publish is None and self.metrics is None:
            check_unused("without --publish or --metrics", insecure=self.insecure)
        _ = self.record_limit_bytes, self.state_every_s, self.command  # refused here, if at all

    @property
    def command(self) -> list[str] | None:
        """The words of --exec, None without it; ConfigError for what cannot be run."""
        return None if self.exec is None else words_of(self.exec, "--exec")

    @property
    def record_limit_bytes(self) -> int:
        """How much the files of a recording may take in all; ConfigError for what is no size."""
        return byte_size(self.record_limit or "1GiB")

    @property
    def state_every_s(self) -> float:
        """How often the state is saved, s; ConfigError for what is no duration."""
        try:
            every = seconds(self.state_every or "5s", "--state-every")
        except ConfigError:
            every = 0.0
        if not every:
            raise ConfigError("--state-every", "a duration such as 5s", self.state_every)
        return every
