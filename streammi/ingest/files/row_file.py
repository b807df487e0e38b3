"""Files as rows of many channels: the columns of these names, or all that hold numbers."""

import fnmatch
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Final

import numpy as np
import pyarrow as pa

from streammi.errors import ConfigError
from streammi.ingest.channel_finder import said_of_texts
from streammi.ingest.files.channel_rows import ChannelRows
from streammi.ingest.files.file_options import PLAIN, FileOptions
from streammi.ingest.files.json.json_records import is_json
from streammi.ingest.files.json.json_rows import JsonRows
from streammi.ingest.files.numbers.missing import hint_of, sentinel_of
from streammi.ingest.files.numbers.number_format import NumberFormat, format_of
from streammi.ingest.files.pair_file import CHUNK
from streammi.ingest.files.parquet import ParquetTable, is_parquet
from streammi.ingest.files.sampled import Sample, as_floats, called, is_text, listed
from streammi.ingest.files.table.columns import refuse_doubtful
from streammi.ingest.files.table.csv_table import CsvTable
from streammi.ingest.files.tables import Block, Table
from streammi.ingest.files.text.source import Source
from streammi.ingest.files.times.newest_first import rows_oldest_first
from streammi.ingest.files.times.time_columns import time_of
from streammi.ingest.files.times.time_format import OfDay
from streammi.ingest.formats.beside_values import is_date
from streammi.ingest.timestamps import is_missing
from streammi.records import FloatArray

ALL: Final = "all"


def read_rows(
    path: str, patterns: Sequence[str], t: str | None = None, options: FileOptions = PLAIN
) -> "RowFile | JsonRows":
    """Rows of the columns of a file, or of standard input for ``-``, whose names match one of the ``patterns``.

    They are globs such as ``rack*``, or ``all``: each column of numbers but the time's, which is ``t``, or is found as
    for pairs. Raises ConfigError for a file that cannot be read and a pattern that fits no column of numbers.
    """
    if path != "-" and is_parquet(path):
        return RowFile(ParquetTable(path, options), patterns, t, options)
    source = Source(path, CHUNK)
    try:
        if is_json(source.head):
            return JsonRows(source, patterns, t, options)
        return RowFile(CsvTable(source, options, ()), patterns, t, options)
    except BaseException:
        source.close()
        raise


class RowFile(ChannelRows):
    """Iterates once over a file's rows, (n, C) of the channels ``names``, and their times (n,), None without.

    A field that is no number is missing, NaN, and counted in ``not_numbers``; a row whose time cannot be read is left
    out, and counted in ``untimed``.
    """

    def __init__(self, table: Table, patterns: Sequence[str], t: str | None, options: FileOptions) -> None:
        self._table = table
        path, sample = table.source.path, Sample(table)
        found = time_of(table, sample, (), t, options)
        self._time, self._time_places = found.form, found.places if found.form is not None else ()
        self._of_day = OfDay() if found.form is not None and found.form.of_day else None
        names = [called(table.names, k) for k in range(len(table.names))]
        forms = {k: form for k in range(len(names)) if (form := _form(sample.column(k), table, options)) is not None}
        free = [k for k in forms if k not in self._time_places]
        places = dict.fromkeys(k for pattern in patterns for k in _matching(pattern, names, free, path))
        doubtful = [k for k in places if forms[k].doubt or forms[k].unlike]
        for k in doubtful:
            if ALL not in patterns:
                refuse_doubtful("--channels", names[k], forms[k])
            del places[k]
        left_out = [f"{names[k]} left out ({forms[k].doubt or forms[k].unlike})" for k in doubtful]
        texts = [k for k in range(len(names)) if k not in forms and k not in self._time_places and _has_text(sample, k)]
        fitting = (k for pattern in patterns for k in texts if _fits(pattern, names[k]))
        left_out += said_of_texts({names[k]: False for k in fitting})
        self._places = tuple(places)
        self._forms = [forms[k] for k in self._places]
        self.names = tuple(names[k] for k in self._places)
        self.said = "; ".join((*table.said, *found.said, *left_out))
        sentinels = {name: s for name, k in zip(self.names, places, strict=True) if (s := _sentinel(sample, k, forms))}
        name = next(iter(sentinels), "")
        self.hint = hint_of(name, sentinels[name]) if name else ""
        self.not_numbers = self.untimed = self.skipped = 0

    @property
    def timed(self) -> bool:
        """True if the rows have times."""
        return self._time is not None

    @property
    def progress(self) -> tuple[int, int]:
        """Bytes read so far, and of the whole file, 0 where that is not known."""
        return self._table.source.read, self._table.source.size

    @property
    def note(self) -> str:
        """One line on what was left out; empty for nothing."""
        parts = [
            f"{count:,} {what}"
            for count, what in (
                (self.not_numbers, "fields that are no numbers are taken as missing"),
                (self.untimed, "rows without a time that can be read are left out"),
                (self.skipped, "rows that are none are left out"),
            )
            if count
        ]
        return "; ".join(parts)

    def __iter__(self) -> Iterator[tuple[FloatArray, FloatArray | None]]:
        with closing(self):
            rows = map(self._rows, self._table.blocks((*self._places, *self._time_places)))
            back = self._time is not None and self._time.backwards
            yield from rows_oldest_first(rows) if back else rows

    def close(self) -> None:
        """Close the file; standard input stays open."""
        self._table.source.close()

    def _rows(self, block: Block) -> tuple[FloatArray, FloatArray | None]:
        values = np.empty((block.rows, len(self._places)))
        for c, (form, column) in enumerate(zip(self._forms, block.columns, strict=False)):
            values[:, c], bad = _numbers(form, column)
            self.not_numbers += bad
        self.skipped += len(block.skipped)
        if self._time is None:
            return values, None
        t = self._time.of(block.columns[len(self._places) :])
        known = np.isfinite(t)
        self.untimed += int(t.size - np.count_nonzero(known))
        values, t = values[known], t[known]
        return values, t if self._of_day is None else self._of_day(t)


def _numbers(form: NumberFormat, column: pa.Array) -> tuple[FloatArray, int]:
    """The numbers of a column, and how many of its fields are none."""
    if is_text(column):
        values, bad = form.array(column)
        return np.where(bad, np.nan, values), int(np.count_nonzero(bad))
    values = as_floats(column).copy()
    for value in form.missing:
        values[values == value] = np.nan
    return values, 0


def _form(column: pa.Array, table: Table, options: FileOptions) -> NumberFormat | None:
    """How the numbers of a column are written; None where it holds none, or more of something else."""
    fields = column if is_text(column) else pa.array([], pa.string())
    form = format_of(fields, table.decimal, options.missing, sure=options.decimal != "auto")
    if pa.types.is_temporal(column.type):
        return None
    values, bad = _numbers(form, column)
    known = int(np.count_nonzero(np.isfinite(values)))
    return form if known and known >= bad else None


def _sentinel(sample: Sample, k: int, forms: dict[int, NumberFormat]) -> float | None:
    return sentinel_of(_numbers(forms[k], sample.column(k))[0])


def _fits(pattern: str, name: str) -> bool:
    return pattern in (ALL, name) or fnmatch.fnmatchcase(name, pattern)


def _has_text(sample: Sample, k: int) -> bool:
    """True if a column has texts that are values, and no times."""
    column = sample.column(k)
    texts = (text for text in column.to_pylist() if text is not None and not is_missing(text))
    return is_text(column) and not is_date(next(texts, "2026-01-01"))


def _matching(pattern: str, names: Sequence[str], numeric: Sequence[int], path: str) -> list[int]:
    fitting = [k for k in numeric if _fits(pattern, names[k])]
    if not fitting:
        there = listed([names[k] for k in numeric], pattern) or "there are none"
        raise ConfigError("--channels", f"all, or names or globs of columns of numbers of {path} ({there})", pattern)
    return fitting
