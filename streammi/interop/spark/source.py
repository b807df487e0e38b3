"""Source: the columns of a DataFrame that has samples, as the workers take them."""

from typing import Final

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
from streammi.interop.spark import columns
from streammi.interop.spark.rows import Layout

WHOLE: Final = (ByteType, ShortType, IntegerType, LongType)
NUMBERS: Final = (*WHOLE, FloatType, DoubleType, DecimalType, StringType)  # of texts, those that are numbers
TIMES: Final = (TimestampType, TimestampNTZType, DateType)
ORDERS: Final = {"t": (*NUMBERS[:-1], *TIMES), "seq": WHOLE}


class Source:
    """The columns of samples in ``frame``: key, x, y, and those of their times, their numbers and their conditions.

    Raises ConfigError for columns that are not there, or have no such values.
    """

    def __init__(
        self, frame: DataFrame, key: str, x: str, y: str, t: str | None, seq: str | None, given: list[str]
    ) -> None:
        self._frame = frame
        self.key_name, key_type = self._field("key", key)
        if not isinstance(key_type, (StringType, *WHOLE)):
            raise ConfigError("key", "a column of texts or of whole numbers", f"{key}: {key_type.simpleString()}")
        if self.key_name in columns.types("", "", events=True):
            raise ConfigError("key", "a column that is called otherwise than a field of a reading", key)
        self.key_type = key_type.simpleString()
        self._key = F.col(key).cast("string" if isinstance(key_type, StringType) else "bigint")
        arrays = {name: isinstance(self._field(name, column)[1], ArrayType) for name, column in (("x", x), ("y", y))}
        if arrays["x"] != arrays["y"]:
            raise ConfigError("y", f"{'arrays' if arrays['x'] else 'numbers'}, as x has", y)
        self.arrays = arrays["x"]
        names = {"x": x, "y": y} | ({"t": t} if t is not None and seq is not None else {})
        names |= {f"given {one}": one for one in given}
        self._numbers = [self._number(name, column, self.arrays) for name, column in names.items()]
        self._order, ordered = self._ordered(t, seq)
        self.layout = Layout(len(self._numbers), self.arrays, ordered)
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
        """Whether a row has no place among the samples, by what it lacks."""
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
            faults["without_order"] = order.isNull() | F.isnan("order") | (F.abs(order) == float("inf"))
        return faults

    def _field(self, name: str, column: str) -> tuple[str, DataType]:
        if not isinstance(column, str) or not column:
            raise ConfigError(name, "the name of a column", column)
        try:
            field = self._frame.select(F.col(column)).schema[0]
        except Exception as error:
            if type(error).__name__ != "AnalysisException":
                raise
            raise ConfigError(name, f"one of the columns {', '.join(self._frame.columns)}", column) from None
        return field.name, field.dataType

    def _number(self, name: str, column: str, arrays: bool) -> Column:
        """A column of numbers, or of arrays of them, as float64; what is none is null."""
        _, found = self._field(name, column)
        kind = found.elementType if isinstance(found, ArrayType) else found
        if isinstance(found, ArrayType) != arrays or not isinstance(kind, NUMBERS):
            rule = f"a column of {'arrays of numbers' if arrays else 'numbers'}"
            raise ConfigError(name, rule, f"{column}: {found.simpleString()}")
        if not isinstance(kind, StringType):
            return F.col(column).cast("array<double>" if arrays else "double")
        return F.transform(column, lambda v: v.try_cast("double")) if arrays else F.col(column).try_cast("double")

    def _ordered(self, t: str | None, seq: str | None) -> tuple[Column, bool]:
        """The column by which samples are in order, and whether each sample of an array has its own."""
        if seq is None and t is None:
            self._order_type: DataType = LongType()
            return F.monotonically_increasing_id(), False
        name, column = ("t", t) if seq is None else ("seq", seq)
        assert column is not None
        _, found = self._field(name, column)
        ordered = isinstance(found, ArrayType)
        kind = self._order_type = found.elementType if isinstance(found, ArrayType) else found
        if not isinstance(kind, ORDERS[name]) or ordered != (self.arrays and name == "t"):
            what = "whole numbers" if name == "seq" else "times (timestamps, or seconds as numbers)"
            raise ConfigError(
                name,
                f"a column of {'arrays of ' if self.arrays and name == 't' else ''}{what}",
                f"{column}: {found.simpleString()}",
            )
        if name == "seq":
            return F.col(column).cast("bigint"), False
        if not ordered:
            return _seconds(F.col(column), kind), False
        if isinstance(kind, TIMES):
            return F.transform(column, lambda v: _seconds(v, kind)), True
        return F.col(column).cast("array<double>"), True


def _seconds(column: Column, kind: DataType) -> Column:
    """Times as seconds since the epoch, float64, as near as can be."""
    if isinstance(kind, TIMES):
        return F.unix_micros(column.cast("timestamp")) / F.lit(1e6)
    return column.cast("double")
