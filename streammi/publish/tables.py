"""Readings and samples as tables: CSV, JSON lines or Parquet, written as they come."""

import csv
import math
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Literal, Protocol, TypeAlias, get_args

import msgspec
import numpy as np
from numpy.typing import NDArray

from streammi.errors import ConfigError
from streammi.publish.messages import FIELDS, Fields
from streammi.records import PairBatch
from streammi.system.spool import LineStream

TableForm: TypeAlias = Literal["csv", "jsonl", "parquet"]
ColumnType: TypeAlias = type[int] | type[float] | type[str]
Columns: TypeAlias = Mapping[str, Sequence[Any] | NDArray[Any]]
ROWS: Final = 1000  # readings that are written together
GROUP_ROWS: Final = 65_536  # of Parquet: 8,000 pairs in groups of a message each took 6.6 MB, ten times what CSV takes


def form_of(path: str, option: str) -> TableForm:
    """The form of a table by the end of its file's name.

    >>> form_of("readings.parquet", "--out")
    'parquet'
    """
    end = Path(path).suffix.removeprefix(".")
    if end not in get_args(TableForm):
        raise ConfigError(option, "a name that ends in .csv, .jsonl or .parquet", path)
    return end  # type: ignore[return-value]


class Table(Protocol):
    """Takes columns of equal length; a value that is not known is None, or NaN in an array."""

    def write(self, columns: Columns) -> None:
        """Add rows."""

    def close(self) -> None:
        """Finish the file."""


def open_table(
    path: str | None, form: TableForm, types: Mapping[str, ColumnType], option: str, lines: LineStream | None
) -> Table:
    """A table in a new Parquet file, or as text on ``lines``; ConfigError for a file that cannot be written."""
    if form == "parquet":
        if path is None:
            raise ConfigError(option, "given where the output is parquet", path)
        return ParquetTable(path, types, option)
    assert lines is not None
    return (CsvTable if form == "csv" else JsonTable)(lines, types)


class _TextTable:
    def __init__(self, lines: LineStream, types: Mapping[str, ColumnType]) -> None:
        self._lines, self._names = lines, list(types)

    def _rows(self, columns: Columns) -> list[list[Any]]:
        values = [_listed(columns[name]) for name in self._names]
        return [list(row) for row in zip(*values, strict=True)]

    def close(self) -> None:
        """Nothing is left to write; who opened the lines ends them."""


class CsvTable(_TextTable):
    """A header, and a line a row; what is not known is empty."""

    def __init__(self, lines: LineStream, types: Mapping[str, ColumnType]) -> None:
        super().__init__(lines, types)
        self._writer = csv.writer(lines, lineterminator="\n")
        self._writer.writerow(self._names)

    def write(self, columns: Columns) -> None:
        """Add rows."""
        self._writer.writerows(self._rows(columns))


class JsonTable(_TextTable):
    """A JSON object a line; what is not known is null."""

    def write(self, columns: Columns) -> None:
        """Add rows."""
        for row in self._rows(columns):
            self._lines.write(msgspec.json.encode(dict(zip(self._names, row, strict=True))).decode() + "\n")


class ParquetTable:
    """Typed columns, compressed; what is not known is null."""

    def __init__(self, path: str | os.PathLike[str], types: Mapping[str, ColumnType], option: str) -> None:
        import pyarrow
        import pyarrow.parquet

        self._arrow, self._path = pyarrow, os.fspath(path)
        self._held: list[Any] = []  # tables that are not written yet
        self._rows = 0  # in them
        arrow_types = {int: pyarrow.int64(), float: pyarrow.float64(), str: pyarrow.string()}
        self._schema = pyarrow.schema([(name, arrow_types[kind]) for name, kind in types.items()])
        try:
            self._writer = pyarrow.parquet.ParquetWriter(os.fspath(path), self._schema)
        except OSError as error:
            reason = error.strerror or str(error)
            raise ConfigError(option, f"a file that can be written ({reason})", os.fspath(path)) from None

    def write(self, columns: Columns) -> None:
        """Add rows."""
        arrays = [self._arrow.array(columns[field.name], type=field.type, from_pandas=True) for field in self._schema]
        self._held.append(self._arrow.Table.from_arrays(arrays, schema=self._schema))
        self._rows += self._held[-1].num_rows
        if self._rows >= GROUP_ROWS:
            self._flush()

    def close(self) -> None:
        """Write the rest, and what a reader of the file looks for."""
        self._flush()
        with self._named():
            self._writer.close()

    def _flush(self) -> None:
        held, self._held, self._rows = self._held, [], 0
        if held:
            with self._named():
                self._writer.write_table(self._arrow.concat_tables(held).combine_chunks())

    @contextmanager
    def _named(self) -> Iterator[None]:
        """What cannot be written has the name of the file with it: arrow leaves it out."""
        try:
            yield
        except OSError as error:
            raise OSError(error.errno, os.strerror(error.errno) if error.errno else str(error), self._path) from None


class ReadingTable:
    """Readings as published, a row each."""

    def __init__(self, path: str | None, form: TableForm, lines: LineStream | None) -> None:
        self._types = reading_types()
        self._table = open_table(path, form, self._types, "--out", lines)
        self._rows: list[Fields] = []

    def add(self, fields: Fields) -> None:
        """Add one; what is not finite is not known, as in the published JSON."""
        self._rows.append({k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in fields.items()})
        if len(self._rows) >= ROWS:
            self._flush()

    def close(self) -> None:
        """Finish the file."""
        self._flush()
        self._table.close()

    def _flush(self) -> None:
        rows, self._rows = self._rows, []
        if rows:
            self._table.write({name: [row.get(name) for row in rows] for name in self._types})


class SampleTable:
    """The pairs that the readings are made of: ``received`` and ``t`` in seconds where they are known, ``x``, ``y``."""

    def __init__(self, path: str, form: TableForm, lines: LineStream | None, *, labels: bool) -> None:
        value: ColumnType = str if labels else float
        types: dict[str, ColumnType] = {"received": float, "t": float, "x": value, "y": value}
        self._labels = labels
        self._table = open_table(path, form, types, "--samples-out", lines)

    def add(self, batch: PairBatch) -> None:
        """Add the pairs of a batch."""
        n = batch.x.size
        received = np.full(n, batch.received or np.nan)
        t = np.full(n, np.nan) if batch.t is None else batch.t
        x, y = (_texts(v) if self._labels else v for v in (batch.x, batch.y))
        self._table.write({"received": received, "t": t, "x": x, "y": y})

    def close(self) -> None:
        """Finish the file."""
        self._table.close()


def reading_types() -> dict[str, ColumnType]:
    """The fields of a published reading and their types; all but ``unit`` are numbers."""
    return {str(field.name): int if field.name == "malformed" else field.kind for field in FIELDS}


def _texts(values: NDArray[Any]) -> list[str | None]:
    """Labels as text; None where there is none."""
    return [None if isinstance(value, float) and value != value else str(value) for value in values.tolist()]


def _listed(values: Sequence[Any] | NDArray[Any]) -> list[Any]:
    """The values, None for NaN."""
    if isinstance(values, np.ndarray):
        return [None if value != value else value for value in values.tolist()]
    return list(values)
