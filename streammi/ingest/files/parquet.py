"""The columns of a Parquet file."""

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet

from streammi.errors import ConfigError
from streammi.ingest.files.file_options import PLAIN, FileOptions
from streammi.ingest.files.table.csv_layout import decimal_in
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

    @property
    def is_live(self) -> bool:
        """False: nothing comes behind what is there."""
        return False


class ParquetTable:
    """Its names and rows; numbers, times and texts as they are typed; ``a.x`` is the field x of a struct a."""

    def __init__(self, path: str, options: FileOptions = PLAIN) -> None:
        for name in ("skip_rows", "columns"):
            if (given := getattr(options, name)) != getattr(PLAIN, name):
                option = "--" + name.replace("_", "-")
                raise ConfigError(option, f"left out: {path} is Parquet, whose columns have their names", given)
        try:
            self._file = pyarrow.parquet.ParquetFile(path, memory_map=False)
        except (pa.ArrowException, OSError) as error:
            cut = "footer" in str(error)
            why = "it has no end: it is still written, or was not written to its end" if cut else _first_line(error)
            raise ConfigError("file", f"whole Parquet ({why})", path) from None
        leaves = list(_leaves(self._file.schema_arrow))
        self._columns = {name: (chain, kind) for name, chain, kind in leaves}
        if twice := [name for name, count in Counter(name for name, _, _ in leaves).items() if count > 1]:
            raise ConfigError("file", f"Parquet with one column of each name ({twice[0]} is there twice)", path)
        self.names = list(self._columns)
        self.units: list[str] = []
        self.said: list[str] = []
        self._sample: list[Block] | None = None
        self.source: Any = _Read(path, self._file.metadata.num_rows)
        self.decimal = "." if options.decimal == "auto" else options.decimal
        texts = [k for k, (_, kind) in enumerate(self._columns.values()) if _is_text(kind)]
        if texts and options.decimal == "auto":
            columns = [[text or "" for text in self.sample(k).to_pylist()] for k in texts]
            decimal, words = decimal_in(columns, "")
            self.decimal = decimal or "."
            self.said += [words] if words else []

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
        chains = [self._columns[self.names[k]][0] for k in wanted]
        first = 1
        try:
            read = list(dict.fromkeys(".".join(chain) for chain in chains))
            for batch in self._file.iter_batches(rows, columns=read, row_groups=groups):
                yield Block([_plain(_at(batch, chain)) for chain in chains], batch.num_rows, first)
                first += batch.num_rows
        except (pa.ArrowException, OSError) as error:
            raise ConfigError("file", f"whole Parquet ({_first_line(error)})", self.source.path) from None


def _first_line(error: BaseException) -> str:
    return str(error).splitlines()[0][:120]


def _leaves(fields: Iterable[pa.Field], above: tuple[str, ...] = ()) -> Iterator[tuple[str, tuple[str, ...], Any]]:
    """The columns that have values, structs as those in them: the name, where it is, and the type."""
    for field in fields:
        chain = (*above, field.name)
        if pa.types.is_struct(field.type):
            yield from _leaves(field.type.fields, chain)
        else:
            yield ".".join(chain), chain, field.type


def _at(batch: pa.RecordBatch, chain: tuple[str, ...]) -> pa.Array:
    column = batch.column(chain[0])
    return pc.struct_field(column, list(chain[1:])) if len(chain) > 1 else column


def _is_text(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        return _is_text(kind.value_type)
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


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
        return column.cast(pa.string()).cast(pa.float64())  # which rounds once; arrow's own way is a bit off
    if _is_text(kind):
        return column.cast(pa.string())
    return pa.array([None if value is None else str(value) for value in column.to_pylist()], pa.string())
