"""Plan: the settings of a job, as they go to the workers, and as its state remembers them."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final, Literal, TypeAlias, get_args

import msgspec
import numpy as np

from streammi.config import MonitorConfig, Span
from streammi.core.bins.binning import UniformBins
from streammi.errors import ConfigError
from streammi.monitor.bins import bins_for
from streammi.records import FloatArray, LinkHealth, Tally
from streammi.records.published import fields_of

Keep: TypeAlias = Literal["values", "rounded", "symbols"]
ROUNDED: Final = 1 << 15  # parts of a range that are told apart with keep="rounded", and as many outside it
# What is not known of a window of symbols: its own values say it.
OF_VALUES: Final = (
    "pearson_r", "spearman_r", "dh_x", "dh_y", "dh_xy", "x_constant", "y_constant", "x_run", "y_run",
)  # fmt: skip

# What is said of a feed, not of its pairs: alarms about it would never be raised.
OF_FEED: Final = {"status", *(field.name for record in (LinkHealth, Tally) for field in fields_of(record))}
KINDS_OF_FEED: Final = ("stalled", "gap")


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """The settings of ``readings``. ``by_time``: samples are in the order of their times, else of their numbers."""

    config: MonitorConfig
    by_time: bool
    timed: bool  # they have times
    watermark: float | int | None = None  # s, or numbers: for so long a sample may be overtaken; None: within a batch
    idle: float | None = None  # s: behind a longer gap a key begins anew, and what is kept of it goes; None: never
    events: bool = False
    keep: Keep = "values"
    shards: int = 1

    @property
    def settings(self) -> dict[str, str]:
        """The settings on which the state depends, as text."""
        given = {name: str(value) for name, value in msgspec.structs.asdict(self.config).items() if value is not None}
        own = {name: str(getattr(self, name)) for name in ("watermark", "idle", "keep", "shards")}
        return given | own | {"order": "t" if self.by_time else "seq"}


class Table(msgspec.Struct, frozen=True, eq=False):
    """The values that stand for others in bins of equal width, each in the middle of a part of a bin; ascending.

    There are ``parts`` of each bin, and ``outside`` of their width below the range and above it: what is further off is
    in the last of them. So a value that stands for others is in their bin.
    """

    bins: UniformBins
    values: FloatArray
    parts: int
    outside: int

    @classmethod
    @lru_cache(maxsize=16)
    def of(cls, bins: UniformBins, parts: int = 1, outside: int = 1) -> "Table":
        """Such values, the same for all keys; ConfigError where rounding leaves no middle."""
        inside = bins.count * parts
        places = np.arange(-outside, inside + outside)
        values = np.asarray(bins.low + (bins.high - bins.low) / inside * (places + 0.5), dtype=np.float64)
        same = np.array_equal(bins.symbols(values), np.clip(places // parts, 0, bins.count - 1))
        beyond = (values[:outside] < bins.low).all() and (values[inside + outside :] > bins.high).all()
        if not (same and beyond and (values[1:] > values[:-1]).all()):
            raise ConfigError("keep", '"values" with bins as narrow as these', f"{bins.count} bins")
        return cls(bins, values, parts, outside)

    def stand_ins(self, values: FloatArray) -> FloatArray:
        """The value that stands for each of the values (n,); NaN for those that are not finite."""
        bins, inside = self.bins, self.bins.count * self.parts
        finite = np.isfinite(values)
        kept = np.where(finite, values, bins.low)
        symbols = bins.symbols(kept).astype(np.int64)
        below, above = kept < bins.low, kept > bins.high
        width = (bins.high - bins.low) / inside
        first = np.where(below, 0, np.where(above, inside, symbols * self.parts))
        with np.errstate(over="ignore"):
            steps = np.floor((kept - (bins.low + width * first)) / width)
        lowest = np.where(below, -self.outside, 0)
        most = np.where(below, -1, np.where(above, self.outside, self.parts) - 1)
        places = first + np.clip(steps, lowest, most).astype(np.int64)
        found: FloatArray = np.where(finite, self.values[places + self.outside], np.nan)
        return found


def tables(plan: Plan) -> tuple[Table, Table] | None:
    """The values that stand for those of x and y; None where these are kept."""
    if plan.keep == "values":
        return None
    x, y = bins_for(plan.config)
    if not isinstance(x, UniformBins) or not isinstance(y, UniformBins):
        raise ConfigError("keep", '"values" where x_range and y_range are not both given', plan.keep)
    if plan.keep == "symbols":
        return Table.of(x), Table.of(y)
    if max(x.count, y.count) > ROUNDED:
        raise ConfigError("keep", f'"values" with more than {ROUNDED:,} bins', plan.keep)
    x_parts, y_parts = ROUNDED // x.count, ROUNDED // y.count
    return Table.of(x, x_parts, ROUNDED // 2), Table.of(y, y_parts, ROUNDED // 2)


def check(plan: Plan) -> Plan:
    """The plan; ConfigError for settings that do not go together."""
    config = plan.config
    if plan.keep not in get_args(Keep):
        raise ConfigError("keep", '"values", "rounded" or "symbols"', plan.keep)
    if config.bins.kind == "categories":
        raise ConfigError("bins", "of numbers on Spark: labels are not taken yet", str(config.bins))
    if not plan.timed:
        for name, span in _lengths(config):
            if span is not None and span.seconds is not None:
                raise ConfigError(name, "a number, not a time, where no column t has times", str(span))
    for one in config.alarms:
        if one.field in OF_FEED or one.event in KINDS_OF_FEED or not (one.field or one.event):
            rule = "about what a job knows: this is known of a feed that streammi itself listens to"
            raise ConfigError("alarms", rule, one.rule)
    if (config.detector or config.alarms) and not plan.events:
        name = "alarms" if config.alarms else "detector"
        raise ConfigError("events", f"True with {name}, which makes events", plan.events)
    if plan.idle is not None and not plan.by_time:
        rule = "left out where the rows of a key are in the order of their numbers: these say not when it was idle"
        raise ConfigError("idle", rule, f"{plan.idle:g} s")
    if plan.keep == "symbols":
        _check_symbols(config)
    tables(plan)
    return plan


def _lengths(config: MonitorConfig) -> Iterator[tuple[str, Span | None]]:
    """The settings that are a number of something, or a time."""
    yield "window", config.window
    yield "every", config.every
    yield from (("given", condition.cycle) for condition in config.given)
    yield from (("alarms", one.hold) for one in config.alarms)
    yield "baseline", None if config.baseline is None else config.baseline.first


def _check_symbols(config: MonitorConfig) -> None:
    if config.estimator in (None, "extrapolated"):
        raise ConfigError(
            "estimator", 'one that needs no values, such as "grassberger", with keep="symbols"', config.estimator
        )
    for name in ("ksg", "given", "transfer", "detector", "alarms"):
        if getattr(config, name):
            raise ConfigError(name, 'left out with keep="symbols": it needs the values', getattr(config, name))


def idle_of(idle: Span) -> float:
    """An idle time in s; ConfigError for a number of samples."""
    if idle.seconds is None:
        raise ConfigError("idle", "a duration such as 1h", str(idle))
    return idle.seconds


def span_of(watermark: Span, *, by_time: bool) -> float | int:
    """A watermark in s, or in sample numbers; ConfigError for one in the other's."""
    found: Any = watermark.seconds if by_time else watermark.pairs
    if found is None:
        rule = "a duration such as 10s with t" if by_time else "a number of samples with seq"
        raise ConfigError("watermark", rule, str(watermark))
    return found  # type: ignore[no-any-return]
