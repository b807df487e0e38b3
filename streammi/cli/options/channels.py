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
    """The options that choose channels, and say what is told of every pair of them."""

    panel: ClassVar = MANY

    channels: Annotated[
        str | None,
        typer.Option(
            "--channels", metavar="GLOBS", help="Every pair of these: 'rack*/temp,flow', with commas, or all."
        ),
    ] = None
    grid: Annotated[
        str | None,
        typer.Option(
            "--grid", metavar="DURATION", help="Of signals with times of their own: a row each 1s; else by the slowest."
        ),
    ] = None
    hold: Annotated[
        str | None,
        typer.Option("--hold", metavar="DURATION", help="Hold a signal's last value for so long, and no longer."),
    ] = None
    pairs: Annotated[
        str | None,
        typer.Option(
            "--pairs", metavar="GLOBS", help="Live: say nothing of other pairs than 'rack*~flow', with commas."
        ),
    ] = None
    target: Annotated[
        str | None, typer.Option("--target", metavar="COL", help="Say what tells most of this one of the channels.")
    ] = None
    top: Annotated[int, typer.Option("--top", metavar="N", min=1, help="Say so many pairs of each kind.")] = 10
    fdr: Annotated[
        float,
        typer.Option("--fdr", metavar="SHARE", help="Of the pairs said to depend, so many may do so by chance."),
    ] = 0.05
    export: Annotated[
        str | None,
        typer.Option("--export", metavar="FILE", help="All pairs to a file: .csv, .jsonl, .parquet or .graphml."),
    ] = None
    device: Annotated[
        str | None,
        typer.Option("--device", metavar="cuda", help="Have an NVIDIA GPU count all pairs (streammi[gpu])."),
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
