"""A signal of a table that has a signal a row: its name in one column, its value in another."""

import re
import shlex
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from streammi.errors import ConfigError
from streammi.ingest.files.numbers.number_format import format_of
from streammi.ingest.files.sampled import as_floats, called, is_text, listed
from streammi.ingest.files.tables import Block, Table
from streammi.ingest.files.times.time_format import epoch_seconds
from streammi.ingest.files.times.time_names import rank_of

MANY: Final = 0.3  # of the fields of a signal
_VALUES: Final = re.compile(
    r"\w*value|val|state|reading|\w*wert|valeur|valor|valore|waarde|result|measurement|значение|値", re.IGNORECASE
)


def signal_of(table: Table, signal: str, option: str, *, labels: bool = False) -> "SignalRows | None":
    """The rows of ``table`` that have this signal, by the one column that names it; None where there is none such.

    ``ConfigError``, which names the ``option``, where its values may be in several columns.
    """
    places = range(len(table.names))
    keys = [k for k in places if signal in _texts(table.sample(k)).to_pylist()]
    if len(keys) != 1:
        return None
    rows = _are(table.sample(keys[0]), signal)
    others = [k for k in places if k != keys[0] and rank_of(table.names[k]) is None]
    fitting = [k for k in others if labels or _has_numbers(table.sample(k).filter(rows), table.decimal)]
    named = [k for k in fitting if _VALUES.fullmatch(table.names[k].strip())]
    varied = [k for k in fitting if len(table.sample(k).filter(rows).drop_null().unique()) > 1]
    value = next((some[0] for some in (named, varied, fitting) if len(some) == 1), None)
    if value is None and fitting:
        several = listed([called(table.names, k) for k in fitting])
        raise ConfigError(option, f"a column, or named beside one column of numbers (there are {several})", signal)
    return None if value is None else SignalRows(table, keys[0], value, signal)


def refuse_two_signals(table: Table, x: str, y: str, path: str, *, labels: bool) -> None:
    """ConfigError, with the words that pair them, for two signals of a table that has a signal a row."""
    if path == "-" or any(signal_of(table, one, "--x", labels=labels) is None for one in (x, y)):
        return
    words = shlex.join(["--x", f"{path}:{x}", "--y", f"{path}:{y}"])
    raise ConfigError("file", f"left out: {path} has a signal a row, and {words} pairs them", path)


class SignalRows:
    """A table of those rows of another one that have a signal, whose values stand in a column of its name."""

    def __init__(self, table: Table, key: int, value: int, signal: str) -> None:
        self._table, self._key, self._signal = table, key, signal
        self.names = [signal if k == value else name for k, name in enumerate(table.names)]
        self.units, self.source = table.units, table.source
        where = f"{called(table.names, value)} where {called(table.names, key)} is {signal}"
        self.said = [*table.said, f"{signal} is {where}"]

    @property
    def decimal(self) -> str:
        """The decimal point of its texts."""
        return self._table.decimal

    def sample(self, k: int) -> pa.Array:
        """Fields of a column from the beginning and from places all over."""
        return self._table.sample(k).filter(_are(self._table.sample(self._key), self._signal))

    def blocks(self, wanted: Sequence[int]) -> Iterator[Block]:
        """The columns ``wanted``, of one block of rows after the other."""
        return map(self._own, self._table.blocks((*wanted, self._key)))

    def again(self, block: Block, wanted: Sequence[int]) -> Block:
        """The same block, with the line of each row."""
        return block if block.lines is not None else self._own(self._table.again(block, (*wanted, self._key)))

    def _own(self, block: Block) -> Block:
        *columns, keys = block.columns
        rows = _are(keys, self._signal)
        there = np.flatnonzero(rows.to_numpy(zero_copy_only=False)).tolist()
        lines = None if block.lines is None else [block.lines[k] for k in there]
        return Block([c.filter(rows) for c in columns], len(there), block.first, block.text, lines, block.skipped)


def _texts(column: pa.Array) -> pa.Array:
    """A column of names as text, empty for one of anything else."""
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind)):
        return pa.array([], pa.string())
    return pc.utf8_trim_whitespace(pc.cast(column, pa.string()))


def _are(column: pa.Array, signal: str) -> pa.Array:
    """The rows (n,) of a column of names that have this one."""
    return pc.equal(_texts(column), signal).fill_null(False)


def _has_numbers(column: pa.Array, decimal: str) -> bool:
    """True if many of these fields are numbers: beside faults, there may be less than half."""
    if pa.types.is_temporal(column.type) or pa.types.is_nested(column.type):
        return False
    values = format_of(column, decimal, None).array(column)[0] if is_text(column) else as_floats(column)
    known = values[np.isfinite(values)]
    return known.size > MANY * values.size and not bool(np.isfinite(epoch_seconds(known)).all())  # nor times
