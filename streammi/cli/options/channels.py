"""Many channels: which of a recording's, and what is said of their pairs."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, ClassVar, Final

import typer

from streammi.cli.help_panels import MANY
from streammi.cli.options.refusals import check_unused
from streammi.config import seconds
from streammi.errors import ConfigError

_COMMA: Final = re.compile(r"(?<!\\),")


@dataclass(frozen=True)
class ChannelOptions:
    """The options that choose channels, and what is reported of every pair of them."""

    panel: ClassVar = MANY

    channels: Annotated[
        str | None,
        typer.Option(
            "--channels", metavar="GLOBS", help="Watch every pair of these channels: 'rack*/temp,flow', or all."
        ),
    ] = None
    grid: Annotated[
        str | None,
        typer.Option(
            "--grid",
            metavar="DURATION",
            help="Interval of rows, such as 1s, for signals with times of their own; default: the slowest signal's.",
        ),
    ] = None
    hold: Annotated[
        str | None,
        typer.Option("--hold", metavar="DURATION", help="How long the last value of a signal is held."),
    ] = None
    pairs: Annotated[
        str | None,
        typer.Option("--pairs", metavar="GLOBS", help="Live: report only these pairs, such as 'rack*~flow,a~b'."),
    ] = None
    target: Annotated[
        str | None,
        typer.Option("--target", metavar="COL", help="Rank the channels by how much they tell about this one."),
    ] = None
    top: Annotated[int, typer.Option("--top", metavar="N", min=1, help="How many pairs of each kind to report.")] = 10
    fdr: Annotated[
        float,
        typer.Option(
            "--fdr",
            metavar="SHARE",
            help="False discovery rate: the share of reported pairs that may depend by chance alone.",
        ),
    ] = 0.05
    export: Annotated[
        str | None,
        typer.Option("--export", metavar="FILE", help="Write all pairs to a file: .csv, .jsonl, .parquet or .graphml."),
    ] = None
    device: Annotated[
        str | None,
        typer.Option("--device", metavar="cuda", help="Count all pairs on an NVIDIA GPU (needs streammi[gpu])."),
    ] = None

    def check_unused(self, given: set[str]) -> None:
        """ConfigError when any of these is given without --channels."""
        names = ("target", "top", "fdr", "export", "grid", "hold", "pairs", "device")
        check_unused("without --channels", **{name: getattr(self, name) for name in names if name in given})

    @property
    def grid_s(self) -> float | None:
        """How far apart rows are, s; None where it is not given. ConfigError for what is no duration above 0."""
        return _duration(self.grid, "--grid")

    @property
    def hold_s(self) -> float | None:
        """For how long a value is held, s, likewise."""
        return _duration(self.hold, "--hold")

    @property
    def of_pairs(self) -> tuple[str, ...]:
        """The globs of pairs."""
        return tuple(names_in(self.pairs or ""))

    def patterns(self) -> list[str]:
        """The globs; ConfigError for none, and for a rate that is none."""
        found = names_in(self.channels or "")
        if not found:
            raise ConfigError("--channels", "all, or names or globs with commas between", self.channels)
        if not 0 < self.fdr < 1:
            raise ConfigError("--fdr", "a share between 0 and 1", self.fdr)
        return found


def names_in(text: str) -> list[str]:
    r"""The names or globs with commas between; a comma in a name, as of a series of Influx, has a backslash before it.

    >>> names_in(r"rack*/temp, flow,,weather\,site=roof/a")
    ['rack*/temp', 'flow', 'weather,site=roof/a']
    """
    found = (one.replace("\\,", ",").strip() for one in _COMMA.split(text))
    return [one for one in found if one]


def in_one(names: Iterable[str]) -> str:
    """The text of which ``names_in`` makes these names."""
    return ",".join(name.replace(",", "\\,") for name in names)


def _duration(text: str | None, name: str) -> float | None:
    if text is None:
        return None
    found = seconds(text, name)
    if not found > 0:
        raise ConfigError(name, "a duration > 0, such as 1s", text)
    return found
