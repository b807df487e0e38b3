"""Fields from all over a file, by the names of its columns."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from streammi.config.did_you_mean import meant
from streammi.errors import ConfigError
from streammi.ingest.files.table.header import plain_name
from streammi.ingest.files.tables import Table
from streammi.ingest.time_units import UNITS
from streammi.records import FloatArray

LISTED: Final = 40  # names in a message,
NAME: Final = 80  # letters of each,
LETTERS: Final = 400  # and of all


class Sample:
    """Fields from all over a file."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._columns: dict[int, pa.Array] = {}

    def column(self, k: int) -> pa.Array:
        """Those of a column."""
        if k not in self._columns:
            self._columns[k] = self._table.sample(k)
        return self._columns[k]


def called(names: Sequence[str], k: int) -> str:
    """The name of a column as options take it, which is that of no other.

    >>> [called(["", "x", "x", "y"], k) for k in range(4)]
    ['column 1', 'x#1', 'x#2', 'y']
    """
    name = names[k]
    if not name:
        return f"column {k + 1}"
    return f"{name}#{names[: k + 1].count(name)}" if names.count(name) > 1 else name


def place_of(names: Sequence[str], option: str, name: str, path: str) -> int:
    """The place of a column; ``name#2`` is the second of a name. ``ConfigError`` that lists those there are."""
    name = plain_name(name) or name
    there = [k for k, one in enumerate(names) if one == name]
    if len(there) > 1:
        ways = ", ".join(f"{name}#{n}" for n in range(1, len(there) + 1))
        raise ConfigError(option, f"{ways}: {path} has {len(there)} columns of that name", name)
    if there:
        return there[0]
    if without := [k for k, one in enumerate(names) if not one and name == called(names, k)]:
        return without[0]
    base, mark, number = name.rpartition("#")
    again = [k for k, one in enumerate(names) if one == base]
    if mark and number.isdigit() and 1 <= int(number) <= len(again):
        return again[int(number) - 1]
    raise ConfigError(option, f"a column of {path} ({listed(names, name)})", name)


def listed(names: Sequence[str], given: str = "") -> str:
    """Names for a message, with the one that was meant by ``given``, which is none of them.

    >>> listed(["t", "x"] + [f"values/{k}" for k in range(400)])[-50:]
    '/32, values/33, values/34, values/35, and 364 more'
    """
    there = [_short(name) or called(names, k) for k, name in enumerate(names[:LISTED])]
    while len(", ".join(there)) > LETTERS and len(there) > 1:
        there.pop()
    more = f", and {len(names) - len(there)} more" if len(names) > len(there) else ""
    question = meant(given, names)
    return ", ".join(there) + more + (f": {question}" if question else "")


def _short(name: str) -> str:
    return f"{name[:NAME]}..." if len(name) > NAME else name


def is_text(column: pa.Array) -> bool:
    """True if a column is text, and not typed."""
    return bool(pa.types.is_string(column.type) or pa.types.is_large_string(column.type))


def as_floats(column: pa.Array) -> FloatArray:
    """A column of numbers, or of durations as seconds, (n,); NaN for all where it is of something else."""
    try:
        if pa.types.is_duration(column.type):
            column = pc.divide(
                pc.cast(pc.cast(column, pa.int64()), pa.float64(), safe=False), UNITS[column.type.unit].per
            )
        values: FloatArray = pc.cast(column, pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return np.full(len(column), np.nan)
    return values


def joined(fields: Sequence[pa.Array], digits: int = 0) -> pa.Array:
    """One column from that of the date and that of the time of day, which is filled up to so many ``digits``."""
    if len(fields) == 1 and not digits:
        return fields[0]
    *day, hour = (field if is_text(field) else pc.cast(field, pa.string()) for field in fields)
    hour = pc.utf8_lpad(hour, digits, "0") if digits else hour
    return pc.binary_join_element_wise(*day, hour, " ") if day else hour
