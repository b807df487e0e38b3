"""all_pairs: a measure of every pair of many channels, in a batch job."""

import math
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from pyspark.sql import DataFrame, functions as F

from streammi import config
from streammi.config import EstimatorName, Span, Unit
from streammi.core.bins import binning
from streammi.core.bins.binning import Bins, Categories, QuantileBins, SpanBins
from streammi.core.channels.matrices import MEASURES, Measure
from streammi.core.information.estimators import estimator as known_estimator
from streammi.core.information.measures import check_unit
from streammi.errors import ConfigError
from streammi.interop.spark.input_columns import TEXT, column_of, field_of, number_column, order_column
from streammi.interop.spark.tiles import PAIRS, LongBlocks, Question, Tiles, WideBlocks

SIZE: Final = 250  # channels of a block: a tile of two has 62,500 pairs, 30 ms for 1,000 rows
PIECES: Final = "tile int, side byte, data binary"


def all_pairs(
    frame: DataFrame,
    channels: str | Sequence[str],
    window: int | str | Span = 1000,
    *,
    value: str | None = None,
    t: str | None = None,
    seq: str | None = None,
    bins: Bins | int | str = "auto",
    measure: Measure = "mi",
    estimator: EstimatorName | None = None,
    unit: Unit = "bit",
    least: float | None = None,
    block: int = SIZE,
) -> DataFrame:
    """A measure of every pair of channels in the last ``window`` of a batch DataFrame: columns x, y and ``value``.

    ``channels`` are columns, each of them a channel; or the one column that names the channel of a row, whose value is
    in the column ``value``. The rows are in the order of ``t``, times, or ``seq``, whole numbers; values of channels
    with the same time, or number, stand beside each other; of several values of a channel at one the largest counts.
    Columns without either are taken in the order of the rows. ``window`` is a number of rows (where a row has the value
    of one channel, of different times), or a duration.

    Each pair is there once, with what ``ChannelWindow.matrix`` says of a window with these rows, bit for bit; those
    of which nothing is known are left out, and those below ``least``. ``bins`` are those of all channels, of streammi
    or as MonitorConfig has them; what is learnt is learnt by channel, from these rows. The matrix is never in one
    place: it is made in tiles of ``block`` channels by as many. Raises ConfigError for what cannot work.
    """
    _check_frame(frame)
    _check_asked(measure, unit, least, block)
    size = config.span(window, "window", least_pairs=2)
    if t is not None and seq is not None:
        raise ConfigError("t", "left out with seq, by which the rows are in order then", t)
    if size.seconds is not None and t is None:
        raise ConfigError("window", "a number of rows, or a duration with t", str(size))
    question = Question(
        bins=binning.to_plain(_bins(bins)),
        measure=measure,
        estimator=None if estimator is None else known_estimator(estimator).name,
        unit=unit,
        least=None if least is None else float(least),
    )
    if isinstance(channels, str):
        pieces = _of_long(frame, channels, value, t, seq, size, block)
    else:
        pieces = _of_wide(frame, _names(channels, value), t, seq, size, block)
    tiles = Tiles(question)
    return pieces.groupBy("tile").applyInArrow(lambda table: tiles(table), PAIRS)


def _check_frame(frame: object) -> None:
    if not isinstance(frame, DataFrame):
        raise ConfigError("frame", "a DataFrame of pyspark.sql", type(frame).__name__)
    if frame.isStreaming:
        raise ConfigError("frame", "a batch DataFrame: of a stream, what foreachBatch hands over", "a stream")


def _check_asked(measure: Any, unit: Any, least: Any, block: Any) -> None:
    """ConfigError for what cannot be asked of a pair, or made a tile."""
    if measure not in MEASURES or measure == "h_x_given_y":
        rule = "one of " + ", ".join(one for one in MEASURES if one != "h_x_given_y")
        raise ConfigError("measure", rule, measure)
    check_unit(unit)
    number = isinstance(least, int | float) and not isinstance(least, bool)
    if least is not None and not (number and math.isfinite(least)):
        raise ConfigError("least", "a finite number, in the unit of the measure", least)
    if isinstance(block, bool) or not isinstance(block, int) or not 1 <= block <= 4096:
        raise ConfigError("block", "1 to 4096 channels", block)


def _names(channels: Any, value: str | None) -> list[str]:
    """The names of columns that are a channel each."""
    if value is not None:
        raise ConfigError("value", "left out where each channel has a column", value)
    names = list(channels) if isinstance(channels, Sequence) else []
    if len(names) < 2 or len({*map(str, names)}) < len(names):
        raise ConfigError("channels", "two or more columns, each once, or the one that names them", channels)
    return names


def _bins(bins: Bins | int | str) -> Bins:
    if isinstance(bins, Categories):
        raise ConfigError("bins", "of numbers", bins)
    if isinstance(bins, Bins):
        return bins
    asked = config.bins(bins, "bins")
    if asked.kind == "categories":
        raise ConfigError("bins", "of numbers", bins)
    return SpanBins(asked.count) if asked.kind == "uniform" else QuantileBins(asked.count)


def _of_wide(frame: DataFrame, names: list[str], t: str | None, seq: str | None, size: Span, block: int) -> DataFrame:
    """The pieces of tiles of a frame with a column of each channel."""
    order = order_column(frame, t, seq)[0].alias("order")
    numbers = [number_column(frame, "channels", name).alias(f"v{k}") for k, name in enumerate(names)]
    rows = _window(_ordered(frame.select(order, *numbers)), size)
    blocks = WideBlocks(names, block)
    return rows.coalesce(1).mapInArrow(blocks, PIECES)


def _of_long(
    frame: DataFrame, channels: str, value: str | None, t: str | None, seq: str | None, size: Span, block: int
) -> DataFrame:
    """The pieces of tiles of a frame with a value of a channel in each row."""
    if t is None and seq is None:
        raise ConfigError("t or seq", "the column that says which values of channels stand beside each other", None)
    _, kind = field_of(frame, "channels", channels)
    if kind.simpleString() != TEXT:
        raise ConfigError("channels", "a column of texts, or a list of columns", f"{channels}: {kind.simpleString()}")
    order = order_column(frame, t, seq)[0].alias("order")
    number = number_column(frame, "value", value or "").alias("value")
    rows = _ordered(
        frame.select(column_of(frame, channels).alias("channel"), order, number).where("channel is not null")
    )
    found = [row[0] for row in _window(rows.select("order").distinct(), size).collect()]
    if not found:
        return frame.sparkSession.createDataFrame([], PIECES)
    places = np.sort(np.array(found))
    rows = rows.where(F.col("order") >= F.lit(places[0].item()))
    blocks = -(-rows.select("channel").distinct().count() // block)
    shared = F.pmod(F.xxhash64("channel"), F.lit(blocks)).cast("int").alias("block")
    made = LongBlocks(places, blocks)
    return (
        rows.select(shared, "channel", "order", "value").groupBy("block").applyInArrow(lambda rows: made(rows), PIECES)
    )


def _ordered(rows: DataFrame) -> DataFrame:
    """The rows that have a place in the order."""
    return rows.where(F.col("order").isNotNull() & ~F.isnan(F.col("order").cast("double")))


def _window(rows: DataFrame, size: Span) -> DataFrame:
    """The last rows by their order."""
    order = F.col("order")
    if size.pairs is not None:
        return rows.orderBy(order.desc()).limit(size.pairs)
    newest = rows.agg(F.max(order)).collect()[0][0]
    return rows if newest is None else rows.where(order > newest - size.seconds)
