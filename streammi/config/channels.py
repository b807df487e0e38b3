"""The settings of a monitor of many channels."""

from typing import Final, get_args

import msgspec

from streammi.config.monitor import BinsConfig, EstimatorName, Unit
from streammi.config.spans import Span
from streammi.errors import ConfigError

MOST_HELD: Final = 100_000  # rows of a grid in which a value is held


class ChannelConfig(msgspec.Struct, frozen=True, kw_only=True):
    """The settings of many channels: what is computed of every pair of ``names``, and how often it is said."""

    names: tuple[str, ...]
    window: Span = Span(pairs=1000)  # rows, or seconds
    bins: BinsConfig = BinsConfig(kind="quantile", count=8)
    every: Span = Span(seconds=1.0)
    unit: Unit = "bit"
    estimator: EstimatorName | None = None  # of what is corrected; None: the default
    tested: bool = True  # once a window's rows, whether each pair depends by more than chance
    threads: int = 1

    def __post_init__(self) -> None:
        if self.bins.kind == "categories":
            raise ConfigError("bins", "auto, N, quantile:N or uniform:N of many channels", "categories")
        if self.unit not in get_args(Unit):
            raise ConfigError("unit", "bit, nat or ban", self.unit)
        if self.estimator is not None and self.estimator not in get_args(EstimatorName):
            raise ConfigError("estimator", "one of " + ", ".join(get_args(EstimatorName)), self.estimator)


class ChannelSettings(msgspec.Struct, frozen=True, kw_only=True):
    """A monitor of many channels: of which, what is computed of them, and what is said of it."""

    name: str
    config: ChannelConfig  # needs no names: they are those of the channels that fit
    patterns: tuple[str, ...]  # globs, or "all"
    grid_s: float | None = None  # rows are made each so many seconds; None: at the pace of the slowest signal
    hold_s: float | None = None  # for so long a value is held; None: three times as long as it usually takes to change
    pairs: tuple[str, ...] = ()  # globs a~b of the pairs that are said; none: all
    target: str | None = None  # the channel of which it is said what tells most of it
    top: int = 10  # pairs that are said
    fdr: float = 0.05

    def __post_init__(self) -> None:
        if not self.patterns:
            raise ConfigError("--channels", "all, or names or globs with commas between", "")
        if self.grid_s is not None and self.hold_s is not None and self.hold_s > MOST_HELD * self.grid_s:
            raise ConfigError("--hold", f"at most {MOST_HELD:,} times --grid", f"{self.hold_s:g} s")
        for one in self.pairs:
            if one.count("~") != 1 or "" in one.split("~"):
                raise ConfigError("--pairs", "globs of two channels with ~ between, such as rack*~flow", one)
        if self.top < 1:
            raise ConfigError("--top", ">= 1", self.top)
        if not 0 < self.fdr < 1:
            raise ConfigError("--fdr", "a share between 0 and 1", self.fdr)
