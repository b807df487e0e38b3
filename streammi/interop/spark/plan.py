"""Plan: the settings of a job, as they go to the workers, and as its state remembers them."""

from typing import Any, Final, Literal, TypeAlias

import msgspec
import numpy as np

from streammi.config import MonitorConfig, Span
from streammi.core.bins.binning import UniformBins
from streammi.errors import ConfigError
from streammi.monitor.bins import bins_for
from streammi.records import FloatArray

Keep: TypeAlias = Literal["values", "symbols"]
# What is not known of a window of symbols: its own values say it.
OF_VALUES: Final = (
    "pearson_r", "spearman_r", "dh_x", "dh_y", "dh_xy", "x_constant", "y_constant", "x_run", "y_run",
)  # fmt: skip


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
    """The values that stand for the symbols of bins of equal width, ascending: below them, in each of them, above."""

    bins: UniformBins
    values: FloatArray

    @classmethod
    def of(cls, bins: UniformBins) -> "Table":
        """The middle of each bin, and what lies half a bin outside; ConfigError where rounding leaves no middle."""
        width = (bins.high - bins.low) / bins.count
        values = np.asarray(bins.low + width * (np.arange(-1, bins.count + 1) + 0.5), dtype=np.float64)
        inside = np.clip(np.arange(-1, bins.count + 1), 0, bins.count - 1)
        if not np.array_equal(bins.symbols(values), inside) or not (values[1:] > values[:-1]).all():
            raise ConfigError("keep", '"values" with bins as narrow as these', "symbols")
        return cls(bins, values)

    def stand_ins(self, values: FloatArray) -> FloatArray:
        """The value that stands for each of the values (n,); NaN for those that are not finite."""
        finite = np.isfinite(values)
        kept = np.where(finite, values, self.bins.low)
        numbers = self.bins.symbols(kept) + 1
        numbers[kept < self.bins.low], numbers[kept > self.bins.high] = 0, self.values.size - 1
        found: FloatArray = np.where(finite, self.values[numbers], np.nan)
        return found


def tables(plan: Plan) -> tuple[Table, Table] | None:
    """The values that stand for the symbols of x and y; None where their values are kept."""
    if plan.keep == "values":
        return None
    x, y = bins_for(plan.config)
    if not isinstance(x, UniformBins) or not isinstance(y, UniformBins):
        raise ConfigError("keep", '"values" where x_range and y_range are not both given', plan.keep)
    return Table.of(x), Table.of(y)


def check(plan: Plan) -> Plan:
    """The plan; ConfigError for settings that do not go together."""
    config = plan.config
    if plan.keep not in ("values", "symbols"):
        raise ConfigError("keep", '"values" or "symbols"', plan.keep)
    if config.bins.kind == "categories":
        raise ConfigError("bins", "of numbers on Spark: labels are not taken yet", str(config.bins))
    for name, span in (("window", config.window), ("every", config.every)):
        if span.seconds is not None and not plan.timed:
            raise ConfigError(name, "a number of pairs where no column t has times", str(span))
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
