"""readings: the windows of many keys, of a batch or a streaming DataFrame."""

import importlib
from collections.abc import Callable
from typing import Any, Final

import msgspec
import numpy as np
from pyspark.sql import DataFrame, Observation, SparkSession, functions as F

from streammi import config
from streammi.config import Baseline, BinsConfig, MonitorConfig, Span
from streammi.errors import ConfigError, MissingExtra
from streammi.interop.spark import output_columns
from streammi.interop.spark.device import Device
from streammi.interop.spark.input_columns import Source
from streammi.interop.spark.plan import Keep, Plan, check, idle_of, span_of
from streammi.interop.spark.rows import Blocks
from streammi.interop.spark.shard_numbers import numbers_of
from streammi.interop.spark.workers import Readings

STORE: Final = "spark.sql.streaming.stateStore.providerClass"
ROCKSDB: Final = "org.apache.spark.sql.execution.streaming.state.RocksDBStateStoreProvider"
PARTITIONS: Final = "spark.sql.shuffle.partitions"
MOST_SHARDS: Final = 1 << 14


def readings(
    frame: DataFrame,
    *,
    key: str,
    x: str,
    y: str,
    t: str | None = None,
    seq: str | None = None,
    window: int | str | Span = 1000,
    every: int | str | Span | None = None,
    bins: int | str | BinsConfig = "auto",
    watermark: int | str | Span | None = None,
    idle: str | Span | None = None,
    events: bool = False,
    last: bool = False,
    keep: Keep = "values",
    shards: int | None = None,
    observation: str | Observation = "streammi",
    **settings: Any,
) -> DataFrame:
    """The readings of a window for each ``key`` of a DataFrame, batch or streaming, as a DataFrame.

    ``x`` and ``y`` are columns of numbers, or of arrays of numbers: then a row has many samples. The samples of a key
    are taken in the order of ``t``, their times (a timestamp, or seconds as a number), or of ``seq``, whole numbers, if
    it is given: with arrays, ``t`` is an array too, and ``seq`` the number of a row, or of its first sample. Rows of a
    batch DataFrame without either are taken in the order in which it has them.

    The settings are those of MonitorConfig, or as the command line takes them (``lags="-5:5"``, ``given="z"``, which is
    a column then, ``alarms="mi<0.2"``, ``baseline="1h"``). A reading falls behind each ``every`` samples of its key, or
    when their own clock has gone on by so many seconds: never where a micro-batch ends. By default that is once a
    window. A row may be overtaken by as much as ``watermark`` ("10s" with t, a number of samples with seq) and is
    sorted in; what comes later is left out, and counted in the readings' ``late`` and ``dropped``. Without one, rows
    are sorted within a micro-batch. Behind a gap that is longer than ``idle`` ("1h"; with t alone) a key begins anew,
    as if it had never been there, and its state is dropped when most others have gone on by so much.

    The columns are the key, ``timestamp`` (by the samples' clock, s; their number, where they have no times) and the
    fields of Reading, null where they are not known. With ``events`` there are rows of events as well, in columns that
    begin with ``event_``; what they say is in the order of a key's timestamps. ``last``, of a batch: with a reading at
    each key's end, of what none has counted. ``keep="symbols"`` keeps the bins of the values alone, a tenth of the
    state: what only the values say is null. ``shards`` share out the keys, by default one a shuffle partition.

    A value that is null, NaN or no number is a pair that is not finite: counted in ``nonfinite``, and in no window.
    Rows without a place in their key's order are left out, and counted in the metrics called ``observation``:
    ``without_key``, ``without_order`` (no time, or one beyond the year 9999, as milliseconds are) and ``uneven``
    (arrays of different lengths), of ``rows``; of rows of a sample each, ``nonfinite`` as well, and with ``seq`` and
    ``t`` ``without_time``: such a pair, too, is not finite.

    Raises ConfigError for columns and settings that cannot work.
    """
    _check_types(frame, events=events, last=last, observation=observation)
    names = {name: column for name, column in (("x_name", x), ("y_name", y)) if isinstance(column, str)}
    plan = Plan(
        config=_config(window, every, bins, names | settings),
        by_time=seq is None and t is not None,
        timed=t is not None,
        watermark=None if watermark is None else span_of(config.span(watermark, "watermark"), by_time=seq is None),
        idle=None if idle is None else idle_of(config.span(idle, "idle")),
        events=events,
        keep=keep,
        shards=_shards(frame.sparkSession, shards),
    )
    Device(check(plan), plan.watermark)  # what only a monitor refuses is refused here, and not by the workers
    if frame.isStreaming:
        _check_stream(frame.sparkSession, plan, seq, last=last)
    given = [condition.path for condition in plan.config.given if condition.path]
    source = Source(frame, key, x, y, t, seq, given)
    types = output_columns.types(source.key_name, source.key_type, events=events)
    schema = ", ".join(f"`{name}` {kind}" for name, kind in types.items())
    rows = _counted(source, plan, observation)
    if not frame.isStreaming:
        whole_keys = rows.repartition("key").sortWithinPartitions("key", *source.first)
        return whole_keys.mapInArrow(Readings(plan, source.layout, types, last=last), schema)
    from streammi.interop.spark.stateful_query import Windows  # imports pandas, which a batch needs not

    blocks = rows.mapInArrow(Blocks(source.layout), "shard int, data binary")
    return blocks.groupBy("shard").transformWithStateInPandas(Windows(plan, [*types]), schema, "Append", "None")


def _check_types(frame: object, *, events: object, last: object, observation: object) -> None:
    """ConfigError for what is given as something that it cannot be."""
    if not isinstance(frame, DataFrame):
        rule = "a DataFrame of pyspark.sql (spark.createDataFrame makes one of pandas, .to_spark() of pandas on Spark)"
        raise ConfigError("frame", rule, type(frame).__name__)
    for name, value in (("events", events), ("last", last)):
        if not isinstance(value, bool):
            raise ConfigError(name, "True or False", value)
    if not observation or not isinstance(observation, str | Observation):
        raise ConfigError("observation", "a name, or an Observation", observation)


def _config(window: Any, every: Any, bins: Any, settings: dict[str, Any]) -> MonitorConfig:
    """The settings of each key's monitor, from what they are on the command line, or as MonitorConfig has them."""
    known = _KINDS.keys() - {"endpoint"}
    for name in settings:
        if name not in known:
            raise ConfigError("settings", f"among {', '.join(sorted(known))}", name)
    size = config.span(window, "window", least_pairs=2)
    read = {name: _read(name, value) for name, value in settings.items()}
    read["window"], read["every"] = size, size if every is None else config.span(every, "every")
    read["bins"] = bins if isinstance(bins, BinsConfig) else config.bins(bins, "bins")
    return MonitorConfig(**read)


def _read(name: str, value: Any) -> Any:
    """A setting, of its type; ConfigError where it is of another, which the workers would find out."""
    value = _READ[name](value) if name in _READ else value
    try:
        return msgspec.convert(value.item() if isinstance(value, np.generic) else value, _KINDS[name], strict=False)
    except msgspec.ValidationError:
        raise ConfigError(name, "as MonitorConfig has it, or as the command line takes it", value) from None


def _range(value: Any, name: str) -> Any:
    if isinstance(value, tuple | list):
        value = ":".join(map(str, value))
    return config.value_range(value, name) if isinstance(value, str) else value


def _several(value: Any, read: Callable[[str], Any]) -> tuple[Any, ...]:
    """One or several, each as text or as it is."""
    several = value if isinstance(value, tuple | list) else [] if value is None else [value]
    return tuple(read(one) if isinstance(one, str) else one for one in several)


def _baseline(value: Any) -> Baseline | None:
    if value is None or isinstance(value, Baseline):
        return value
    return Baseline(first=config.span(value, "baseline"))


_KINDS: Final = {field.name: field.type for field in msgspec.structs.fields(MonitorConfig)}
_READ: Final[dict[str, Callable[[Any], Any]]] = {
    "x_range": lambda value: _range(value, "x_range"),
    "y_range": lambda value: _range(value, "y_range"),
    "lags": lambda value: config.lag_range(value, "lags") if isinstance(value, str) else value,
    "given": lambda value: _several(value, lambda text: config.condition(text, "given")),
    "alarms": lambda value: _several(value, config.alarm),
    "baseline": _baseline,
}


def _shards(spark: SparkSession, shards: int | None) -> int:
    if shards is None:
        return int(spark.conf.get(PARTITIONS) or 1)
    if isinstance(shards, bool) or not isinstance(shards, int) or not 1 <= shards <= MOST_SHARDS:
        raise ConfigError("shards", f"a whole number from 1 to {MOST_SHARDS:,}", shards)
    return shards


def _check_stream(spark: SparkSession, plan: Plan, seq: str | None, *, last: bool) -> None:
    """ConfigError for what a stream cannot have, MissingExtra where Spark itself lacks something for it."""
    if not plan.timed and seq is None:
        raise ConfigError("t or seq", "the column by which a stream's rows are in order: Spark keeps none", None)
    if last:
        raise ConfigError("last", "left out with a streaming DataFrame, which has no end", last)
    for package, name in (("pandas", "pandas"), ("google.protobuf", "protobuf")):
        try:
            importlib.import_module(package)
        except ModuleNotFoundError:
            raise MissingExtra("a streaming query", name, "spark") from None
    if spark.conf.get(STORE) != ROCKSDB:
        raise ConfigError(STORE, f"{ROCKSDB}, the one that transformWithState works with", spark.conf.get(STORE))


def _counted(source: Source, plan: Plan, observation: str | Observation) -> DataFrame:
    """The rows that have a place among the samples; the others are counted."""
    numbers = F.array(*(F.lit(n) for n in numbers_of(plan.shards)))
    shard = F.element_at(numbers, (F.pmod(F.xxhash64("key"), F.lit(plan.shards)) + 1).cast("int"))
    rows = source.rows(shard if source.streaming else F.lit(0))
    faults = source.faults
    counted = {**faults, **source.remarks}
    counts = [F.count_if(F.coalesce(fault, F.lit(False))).alias(name) for name, fault in counted.items()]
    rows = rows.observe(observation, F.count(F.lit(1)).alias("rows"), *counts)
    for fault in faults.values():
        rows = rows.where(~F.coalesce(fault, F.lit(True)))
    return rows
