"""The columns of a Parquet file."""

import os
from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet

from streammi.errors import ConfigError
from streammi.ingest.files.tables import Block

MAGIC: Final = b"PAR1"
ROWS: Final = 1 << 16  # of a block
SAMPLED: Final = 2000  # rows of each place that is looked into
PLACES: Final = 16  # row groups


def is_parquet(path: str) -> bool:
    """True if a file begins as Parquet does; a pipe, which can be read only once, is not looked into."""
    if not os.path.isfile(path):
        return False
    try:
        with open(path, "rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except OSError:
        return False  # opening it again says why


class _Read:
    """How far a file was read."""

    def __init__(self, path: str, size: int) -> None:
        self.path, self.size, self.read, self.note = path, size, 0, ""

    def close(self) -> None:
        """There is nothing to close: Parquet closes its file."""


class ParquetTable:
    """Its names and rows; numbers, times and texts as they are typed."""

    def __init__(self, path: str) -> None:
        try:
            self._file = pyarrow.parquet.ParquetFile(path, memory_map=False)
        except (pa.ArrowException, OSError) as error:
            raise ConfigError("file", f"whole Parquet ({str(error).splitlines()[0][:120]})", path) from None
        self._types = {field.name: field.type for field in self._file.schema_arrow}
        self.names = list(self._types)
        self.units: list[str] = []
        self.said: list[str] = []
        self.decimal = "."
        self._sample: list[Block] | None = None
        self.source: Any = _Read(path, self._file.metadata.num_rows)

    def sample(self, k: int) -> pa.Array:
        """Fields of a column from the first, the last and some row groups between."""
        if self._sample is None:
            groups = self._file.metadata.num_row_groups
            chosen = np.unique(np.linspace(0, max(groups - 1, 0), min(groups, PLACES)).astype(int)).tolist()
            every = range(len(self.names))
            found = (next(self._batches(every, SAMPLED, [group]), None) for group in chosen)
            self._sample = [block for block in found if block is not None]
        parts = [block.columns[k] for block in self._sample if block.rows]
        return pa.concat_arrays(parts) if parts else pa.array([], pa.string())

    def blocks(self, wanted: Sequence[int]) -> Iterator[Block]:
        """The columns ``wanted``, of one block of rows after the other."""
        for block in self._batches(wanted, ROWS):
            self.source.read += block.rows
            yield block

    def again(self, block: Block, wanted: Sequence[int]) -> Block:
        """The same block, with the number of each row."""
        block.lines = list(range(block.first, block.first + block.rows))
        return block

    def _batches(self, wanted: Sequence[int], rows: int, groups: list[int] | None = None) -> Iterator[Block]:
        names = [self.names[k] for k in wanted]
        first = 1
        try:
            for batch in self._file.iter_batches(rows, columns=list(dict.fromkeys(names)), row_groups=groups):
                yield Block([_plain(batch.column(name)) for name in names], batch.num_rows, first)
                first += batch.num_rows
        except (pa.ArrowException, OSError) as error:
            why = str(error).splitlines()[0][:120]
            raise ConfigError("file", f"whole Parquet ({why})", self.source.path) from None


def _plain(column: pa.Array) -> pa.Array:
    """A column as numbers, times or texts."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        return _plain(column.dictionary_decode())
    if (
        pa.types.is_floating(kind)
        or pa.types.is_integer(kind)
        or pa.types.is_boolean(kind)
        or pa.types.is_temporal(kind)
    ):
        return column
    if pa.types.is_decimal(kind):
        return column.cast(pa.float64())
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return column.cast(pa.string())
    return pa.array([None if value is None else str(value) for value in column.to_pylist()], pa.string())
