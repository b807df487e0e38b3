"""The feed: which messages to receive, what to take from them, and how those of two sources become pairs."""

import math
from dataclasses import asdict, dataclass
from typing import Annotated, ClassVar, Final

import typer
from msgspec.structs import replace

from streammi.cli.help_panels import FEED, LIMITS, TWO
from streammi.cli.options.refusals import check_unused
from streammi.config import MAX_MESSAGE, RECEIVE_QUEUE, FeedConfig, JoinConfig, seconds, signal
from streammi.errors import ConfigError

OptionalEndpoint = Annotated[
    str | None,
    typer.Argument(
        metavar="ENDPOINT", help="Address of the feed; for watch also a file. Omit if --x and --y name endpoints."
    ),
]


# What a condition needs that is no cycle.
ONE_SOURCE: Final = "a cycle, where x and y come from two sources: a path is one of the messages that hold both"


@dataclass(frozen=True)
class JoinOptions:
    """How the samples of two sources become pairs."""

    panel: ClassVar = TWO

    pair: Annotated[
        str | None,
        typer.Option(
            "--pair", metavar="MODE", help="Two sources: nearest (the default), exact, previous or interpolate."
        ),
    ] = None
    tolerance: Annotated[
        str | None,
        typer.Option("--tolerance", metavar="DURATION", help="Two sources: no pair farther apart than this."),
    ] = None
    lateness: Annotated[
        str | None,
        typer.Option(
            "--lateness",
            metavar="DURATION",
            help="Two sources: how far out of order samples may come.  [default: 0s]",
        ),
    ] = None

    def config(self, x: FeedConfig, y: FeedConfig) -> JoinConfig:
        """The settings of two joined sources; ConfigError names the option that is wrong."""
        if self.pair == "exact" and self.tolerance is not None:
            raise ConfigError("--tolerance", "left out with --pair exact, which allows none", self.tolerance)
        return JoinConfig(
            x=x,
            y=y,
            mode=self.pair or "nearest",  # type: ignore[arg-type]  # JoinConfig checks the names
            tolerance_s=math.inf if self.tolerance is None else seconds(self.tolerance, "--tolerance"),
            lateness_s=seconds(self.lateness or "0s", "--lateness"),
        )

    def check_unused(self) -> None:
        """ConfigError when any of these is given though there is one source."""
        check_unused("where both signals have one source", **asdict(self))


@dataclass(frozen=True)
class FeedOptions:
    """The options of a feed: which messages to receive, and what to take from them."""

    panel: ClassVar = FEED

    x: Annotated[
        str,
        typer.Option("--x", metavar="PATH", help="The first signal, such as imu/acc/x, or ENDPOINT#TOPIC:PATH."),
    ] = "0"
    y: Annotated[
        str, typer.Option("--y", metavar="PATH", help="The second signal, likewise; raw pairs have 0 and 1.")
    ] = "1"
    t: Annotated[
        str | None,
        typer.Option("--t", metavar="PATH", help="Time of the samples; found by its usual names if not given."),
    ] = None
    time_unit: Annotated[
        str,
        typer.Option("--time-unit", metavar="UNIT", help="Unit of numeric times: s, ms, us, gps, ...; auto guesses."),
    ] = "auto"
    topic: Annotated[
        str, typer.Option("--topic", metavar="TOPIC", help="Take only messages whose topic starts with this.")
    ] = ""
    pull: Annotated[
        bool,
        typer.Option(
            "--pull/--no-pull",
            show_default=False,
            help="Receive by PULL instead of SUB; takes messages away from other consumers.",
        ),
    ] = False
    format: Annotated[
        str,
        typer.Option(
            "--format",
            metavar="FORMAT",
            help="Format of the messages; auto recognises it (probe --help lists them).",
        ),
    ] = "auto"
    receive_queue: Annotated[
        int,
        typer.Option(
            "--receive-queue", metavar="N", rich_help_panel=LIMITS, help="How many messages may wait to be counted."
        ),
    ] = RECEIVE_QUEUE
    max_message: Annotated[
        int,
        typer.Option(
            "--max-message",
            metavar="BYTES",
            rich_help_panel=LIMITS,
            help="Size of the largest frame that a message may have.",
        ),
    ] = MAX_MESSAGE

    def config(
        self, endpoint: str | None, labels: bool, joining: JoinOptions, conditions: tuple[str, ...] = ()
    ) -> FeedConfig | JoinConfig:
        """The settings of a feed from ``endpoint``, or from one each for x and y; ConfigError says which is missing.

        ``conditions`` are paths in the messages that hold x and y.
        """
        given = {"ENDPOINT": endpoint, "--x": self.x, "--y": self.y, "--t": self.t, "--topic": self.topic}
        for option, text in given.items():
            if text is not None and not _is_text(text):
                raise ConfigError(option, "text in UTF-8", text)
        common = FeedConfig(
            endpoint=endpoint or "",
            t=self.t,
            time_unit=self.time_unit,
            pull=self.pull,
            format=self.format,
            labels=labels,
            receive_queue=self.receive_queue,
            max_message=self.max_message,
        )
        if self._sources(endpoint):
            if conditions:
                raise ConfigError("--given", ONE_SOURCE, ", ".join(conditions))
            if self.topic:
                raise ConfigError("--topic", "a part of --x and --y where these have their own endpoints", self.topic)
            x, y = signal(self.x, "--x"), signal(self.y, "--y")
            return joining.config(
                replace(common, endpoint=x.endpoint, topic=x.topic, x=x.path),
                replace(common, endpoint=y.endpoint, topic=y.topic, y=y.path),
            )
        joining.check_unused()
        return replace(common, x=self.x, y=self.y, given=conditions, topic=self.topic)

    @property
    def names(self) -> tuple[str, str]:
        """The names of the signals."""
        given = (("--x", self.x), ("--y", self.y))
        x, y = (signal(text, option).name if "://" in text else text for option, text in given)
        return x, y

    def _sources(self, endpoint: str | None) -> bool:
        """True if x and y have their own endpoints."""
        x, y = "://" in self.x, "://" in self.y
        if x != y:
            option, value = ("--y", self.y) if x else ("--x", self.x)
            raise ConfigError(option, "ENDPOINT#TOPIC:PATH too where the other signal is", value)
        if x and endpoint is not None:
            raise ConfigError("ENDPOINT", "left out where --x and --y have their own", endpoint)
        if not x and endpoint is None:
            raise ConfigError("ENDPOINT", "given, or a part of both --x and --y (ENDPOINT#TOPIC:PATH)", endpoint)
        return x


def _is_text(argument: str) -> bool:
    """True if an argument is text: other bytes could not be recorded, saved or published."""
    try:
        argument.encode()
    except UnicodeEncodeError:
        return False
    return True
