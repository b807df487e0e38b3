"""Source: the columns of a DataFrame that has samples, as the workers take them."""

import sys
from typing import Final

from pyspark.errors import AnalysisException
from pyspark.sql import Column, DataFrame, SparkSession, functions as F
from pyspark.sql.types import (
    ArrayType,
    ByteType,
    DataType,
    DateType,
    DecimalType,
    DoubleType,
    FloatType,
    IntegerType,
    LongType,
    ShortType,
    StringType,
    TimestampNTZType,
    TimestampType,
)

from streammi.errors import ConfigError
from streammi.interop.spark import output_columns
from streammi.interop.spark.rows import LATEST, Layout

WHOLE: Final = (ByteType, ShortType, IntegerType, LongType)
NUMBERS: Final = (*WHOLE, FloatType, DoubleType, DecimalType, StringType)  # of texts, those that are numbers
TIMES: Final = (TimestampType, TimestampNTZType, DateType)
LARGEST: Final = sys.float_info.max
TEXT: Final = "string"  # of keys: with a collation, by which "a" may be "A", they would not be those of Spark
KEYS: Final = (TEXT, "tinyint", "smallint", "int", "bigint")
# What a cast takes beyond these ("2d" and "2f" as 2, "0x1p3" as 8) is no number to anybody else.
NUMBER: Final = r"^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$"
ORDERS: Final = {"t": (*NUMBERS[:-1], *TIMES), "seq": WHOLE}


class Source:
    """The columns of samples in ``frame``: key, x, y, and those of their times, their numbers and their conditions.

    Raises ConfigError for columns that are not there, or have no such values.
    """

    def __init__(
        self, frame: DataFrame, key: str, x: str, y: str, t: str | None, seq: str | None, given: list[str]
    ) -> None:
        self._frame = frame
        self.key_name, key_type = field_of(frame, "key", key)
        self.key_type = key_type.simpleString()
        if self.key_type not in KEYS:
            rule = "a column of texts (without a collation) or of whole numbers"
            raise ConfigError("key", rule, f"{key}: {self.key_type}")
        if self.key_name.lower() in output_columns.types("", "", events=True):
            raise ConfigError("key", "a column that is called otherwise than a field of a reading", key)
        self._key = column_of(frame, key).cast(TEXT if self.key_type == TEXT else "bigint")
        arrays = {
            name: isinstance(field_of(frame, name, column)[1], ArrayType) for name, column in (("x", x), ("y", y))
        }
        if arrays["x"] != arrays["y"]:
            raise ConfigError("y", f"{'arrays' if arrays['x'] else 'numbers'}, as x has", y)
        self.arrays = arrays["x"]
        self._times = t is not None and seq is not None  # beside the numbers, by which the samples are in order
        times = [time_column(frame, t, arrays=self.arrays)] if t is not None and seq is not None else []
        names = [("x", x), ("y", y), *((f"given {one}", one) for one in given)]
        numbers = [number_column(frame, name, column, arrays=self.arrays) for name, column in names]
        self._numbers = [*numbers[:2], *times, *numbers[2:]]
        self._order, self._order_type = order_column(frame, t, seq, arrays=self.arrays)
        self.layout = Layout(len(self._numbers), self.arrays, isinstance(self._order_type, ArrayType))
        self._names = ["shard", "key", "order", *(f"v{k}" for k in range(len(self._numbers)))]

    @property
    def spark(self) -> SparkSession:
        """The session."""
        return self._frame.sparkSession

    @property
    def streaming(self) -> bool:
        """True if the rows come as a stream."""
        return bool(self._frame.isStreaming)

    def rows(self, shard: Column) -> DataFrame:
        """The columns as Layout has them, with a ``shard`` made of the key."""
        made = [self._key, self._order, *self._numbers]
        named = [column.alias(name) for column, name in zip(made, self._names[1:], strict=True)]
        frame = self._frame.select(*named)
        return frame.select(shard.cast("int").alias("shard"), *self._names[1:])

    @property
    def first(self) -> list[Column]:
        """By what the rows of a key are sorted."""
        if not self.arrays:
            return [F.col("order"), F.col("v0"), F.col("v1")]
        return [F.get("order", F.lit(0)) if self.layout.ordered else F.col("order")]

    @property
    def faults(self) -> dict[str, Column]:
        """True of a row that has no place among the samples, by what it lacks."""
        order = F.col("order")
        faults = {"without_key": F.col("key").isNull(), "without_order": order.isNull()}
        if self.layout.ordered or self.arrays:
            values = [F.col(name) for name in self._names[3:]] + ([order] if self.layout.ordered else [])
            sizes = [F.coalesce(F.size(value), F.lit(-1)) for value in values]
            uneven = sizes[0] < 0
            for size in sizes[1:]:
                uneven = uneven | (size != sizes[0])
            faults["uneven"] = uneven & order.isNotNull()
        elif not isinstance(self._order_type, WHOLE):
            faults["without_order"] = order.isNull() | ~F.coalesce(F.abs(order) <= LATEST, F.lit(False))
        return faults

    @property
    def remarks(self) -> dict[str, Column]:
        """True of a row that is taken, and counts for nothing, by why; of none with arrays: the readings say it."""
        if self.arrays:
            return {}
        finite = [F.coalesce(F.abs(name) <= LARGEST, F.lit(False)) for name in self._names[3:5]]
        remarks = {"nonfinite": ~(finite[0] & finite[1])}
        return remarks | ({"without_time": F.col(self._names[5]).isNull()} if self._times else {})


def field_of(frame: DataFrame, name: str, column: object) -> tuple[str, DataType]:
    """The name and type of a column that was given as ``name``; ConfigError where there is none."""
    if not isinstance(column, str) or not column:
        raise ConfigError(name, "the name of a column", column)
    rule = f"one of the columns {', '.join(frame.columns)}"
    plain = column.strip("`").lower()
    # Spark logs ten thousand characters on a name that it does not find, and takes a star for all columns.
    unknown = "." not in plain and plain not in map(str.lower, frame.columns)
    if column not in frame.columns and (unknown or plain.endswith("*")):
        raise ConfigError(name, rule, column)
    try:
        field = frame.select(column_of(frame, column)).schema[0]
    except AnalysisException as error:
        if error.getCondition() == "AMBIGUOUS_REFERENCE":
            rule = "a column whose name no other has"
        raise ConfigError(name, rule, column) from None
    return field.name, field.dataType


def column_of(frame: DataFrame, name: str) -> Column:
    """The column of this name, which may have dots in it; or what it names in Spark's way (place.value)."""
    return F.col("`" + name.replace("`", "``") + "`") if name in frame.columns else F.col(name)


def number_column(frame: DataFrame, name: str, column: str, *, arrays: bool = False) -> Column:
    """A column of numbers, or of arrays of them, as float64; what is none is null."""
    _, found = field_of(frame, name, column)
    kind = found.elementType if isinstance(found, ArrayType) else found
    if isinstance(found, ArrayType) != arrays or not isinstance(kind, NUMBERS):
        rule = f"a column of {'arrays of numbers' if arrays else 'numbers'}"
        raise ConfigError(name, rule, f"{column}: {found.simpleString()}")
    values = column_of(frame, column)
    if not isinstance(kind, StringType):
        return values.cast("array<double>" if arrays else "double")
    return F.transform(values.cast("array<string>"), _of_text) if arrays else _of_text(values.cast("string"))


def _of_text(column: Column) -> Column:
    """Texts as numbers; null for those that are none."""
    return F.when(column.rlike(NUMBER), column.try_cast("double"))


def order_column(frame: DataFrame, t: str | None, seq: str | None, *, arrays: bool = False) -> tuple[Column, DataType]:
    """The column by which rows are in order, float64 of times, else int64, or arrays; and of what it is made."""
    if seq is None and t is None:
        return F.monotonically_increasing_id(), LongType()
    name, column = ("t", t) if seq is None else ("seq", seq)
    _, found = field_of(frame, name, column)
    assert column is not None
    several = arrays and name == "t"
    kind = found.elementType if isinstance(found, ArrayType) else found
    if not isinstance(kind, ORDERS[name]) or isinstance(found, ArrayType) != several:
        what = "whole numbers" if name == "seq" else "times (timestamps, or seconds as numbers)"
        rule = f"a column of {'arrays of ' if several else ''}{what}"
        raise ConfigError(name, rule, f"{column}: {found.simpleString()}")
    places = column_of(frame, column)
    if name == "seq":
        return places.cast("bigint"), found
    if not several:
        return _seconds(places, kind), found
    if isinstance(kind, TIMES):
        return F.transform(places, lambda v: _seconds(v, kind)), found
    return places.cast("array<double>"), found


def time_column(frame: DataFrame, t: str, *, arrays: bool = False) -> Column:
    """A column of times, or of arrays of them, as seconds; null for those that are none."""
    times = order_column(frame, t, None, arrays=arrays)[0]
    return F.transform(times, _within) if arrays else _within(times)


def _within(column: Column) -> Column:
    return F.when(F.abs(column) <= LATEST, column)


def _seconds(column: Column, kind: DataType) -> Column:
    """Times as seconds since the epoch, float64, as near as can be."""
    if isinstance(kind, TIMES):
        return F.unix_micros(column.cast("timestamp")) / F.lit(1e6)
    return column.cast("double")
