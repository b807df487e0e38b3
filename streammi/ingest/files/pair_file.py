"""Files as pairs, by column names: text tables, JSON Lines and Parquet, in one way for all who read files."""

import io
import os
import shlex
from collections.abc import Iterator
from contextlib import closing
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from streammi.errors import ConfigError, Reason
from streammi.ingest.files.file_options import PLAIN, FileOptions
from streammi.ingest.files.json.json_lines import JsonLines, paths_of
from streammi.ingest.files.json.json_records import JsonRecords, is_json
from streammi.ingest.files.parquet import ParquetTable, is_parquet
from streammi.ingest.files.sampled import as_floats, listed
from streammi.ingest.files.table.columns import Columns, columns_of
from streammi.ingest.files.table.csv_table import CsvTable
from streammi.ingest.files.table.footer import Footer
from streammi.ingest.files.table.no_table import no_table
from streammi.ingest.files.table.signal_rows import refuse_two_signals, signal_of
from streammi.ingest.files.tables import Block, Table, rows_skipped
from streammi.ingest.files.text.source import Source
from streammi.ingest.files.times.newest_first import oldest_first
from streammi.ingest.files.times.time_format import OfDay
from streammi.ingest.timestamps import is_missing
from streammi.records import FloatArray, LinkHealth, PairBatch

CHUNK: Final = 1 << 20  # bytes of text a batch
FAR_BACK: Final = 2 * 3600.0  # s: farther than any change of the hour
HALF_DAY, NEARLY = 43_200.0, 3_600.0  # s: by so much a clock of twelve hours steps back, from 12:59 to 1:00


def read_pairs(
    path: str | os.PathLike[str],
    x: str,
    y: str,
    t: str | None = None,
    labels: bool = False,
    chunk: int = CHUNK,
    stdin: io.BufferedReader | None = None,
    options: FileOptions = PLAIN,
    given: tuple[str, ...] = (),
) -> "PairFile | JsonLines":
    """Pairs of the columns ``x`` and ``y`` of a file, or of standard input for ``-``.

    ``t`` is the column of the samples' time (or two, ``Date,Time``); None takes the first that is one by its name and
    by what it holds, ``""`` none. ``labels``: values stay text. ``given`` are columns of conditions. A batch is at most
    about ``chunk`` bytes of text. The file is opened and its columns are looked up at once: ``ConfigError`` for a file
    that cannot be read (or, while iterating, turns out to be broken) and for a column that is not there.
    """
    path = os.fspath(path)
    if path != "-" and is_parquet(path):
        table: Table = ParquetTable(path, options)
        if x == y and x not in table.names and (rows := signal_of(table, x, "--x", labels=labels)) is not None:
            table = rows
        elif x != y and not {x, y} & {*table.names}:
            refuse_two_signals(table, x, y, path, labels=labels)
        return PairFile(table, columns_of(table, (x, y, *given), t, options, labels), labels)
    source = Source(path, chunk, stdin, (x, y, *given))
    try:
        if is_json(source.head):
            return JsonLines(source, x, y, t, labels, options, given)
        table = CsvTable(source, options, [x, y, *given])
        if x == y and x not in table.names and (rows := signal_of(table, x, "--x", labels=labels)) is not None:
            return PairFile(rows, columns_of(rows, (x, y), t, options, labels), labels)
        if x != y and not {x, y} & {*table.names}:
            refuse_two_signals(table, x, y, path, labels=labels)
        as_it_is = options.columns == () and not options.skip_rows
        if as_it_is and not {x, y} & {*table.names} and (what := no_table(source.head, (x, y))):
            both = f"columns {x} and {y}" if x != y else f"column {x}"
            raise ConfigError("file", f"a table with the {both}, and has {what}", path)
        return PairFile(table, columns_of(table, (x, y, *given), t, options, labels), labels)
    except BaseException:
        source.close()
        raise


def columns(path: str | os.PathLike[str], options: FileOptions = PLAIN) -> list[str]:
    """The names of a file's columns, or paths; ``ConfigError`` for what cannot be read as a table."""
    path = os.fspath(path)
    if is_parquet(path):
        return ParquetTable(path, options).names
    with closing(Source(path, CHUNK)) as source:
        if is_json(source.head):
            return paths_of([[record] for record in JsonRecords(source).head[:100]])
        return CsvTable(source, options, ()).names


def given_column(path: str, options: FileOptions = PLAIN) -> str:
    """The rule that an option which names a column was to be given; ``ConfigError`` for what is no table.

    The columns of a file are named, those of standard input are not: its first line is not to be taken from it.
    """
    if path == "-":
        return "given, a column of standard input"
    return f"given, a column of {path} ({listed(columns(path, options))})"


class PairFile:
    """Iterates once over a file's pairs in ``PairBatch`` es, and counts the rows that yield no pair.

    An empty field (or ``NA``, ``null``, ...) is NaN: the window counts it as not finite. A row with a field that is
    neither that nor a number, without a time that can be read, or with too few fields is skipped and counted in
    ``malformed`` by reason; ``first_line`` has the line of the first one of each, ``examples`` what stood there.
    """

    def __init__(self, table: Table, columns: Columns, labels: bool) -> None:
        self._table, self._columns, self._labels = table, columns, labels
        self._of_day = OfDay() if columns.time is not None and columns.time.of_day else None
        self.malformed: dict[Reason, int] = {}
        self.first_line: dict[Reason, int] = {}
        self.examples: dict[Reason, str] = {}
        self._taken = self._missing = 0
        self._x_alone = self._y_alone = 0  # values of one of them, as long as there is no pair
        self._steps_back, self._last_t, self._farthest_back = 0, -np.inf, 0.0
        self._footer = Footer()
        self._by_half_days = True  # all of these steps back are of nearly twelve hours
        self.rows = 0  # read so far, whole or not, without the header

    @property
    def timed(self) -> bool:
        """True if the samples have timestamps."""
        return self._columns.time is not None

    @property
    def empty(self) -> bool:
        """True if there is no row below the names."""
        return len(self._table.sample(0)) == 0

    @property
    def time_column(self) -> str | None:
        """The column that the time is taken from; None when the pairs have none."""
        return self._columns.time_name if self.timed else None

    @property
    def said(self) -> str:
        """One line of what was guessed of how the file is written; empty for what goes without saying."""
        said = [*self._table.said, *self._columns.said]
        return f"{self._table.source.path}: {'; '.join(said)}" if said else ""

    @property
    def hint(self) -> str:
        """One line of what may be wrong with the values; empty for nothing."""
        return self._columns.hint

    @property
    def progress(self) -> tuple[int, int]:
        """Bytes read so far, and of the whole file, 0 where that is not known."""
        return self._table.source.read, self._table.source.size

    @property
    def note(self) -> str:
        """One line on the rows that were skipped; empty when there were none."""
        parts = [self._told(reason) for reason in self.malformed]
        skipped = rows_skipped(sum(self.malformed.values()), parts)
        back = ""
        if self._steps_back and not self._columns.reversed:
            often = "once" if self._steps_back == 1 else f"{self._steps_back:,} times"
            time = self._columns.time
            counts = time is not None and time.unit is not None and not time.epoch and not time.unit.is_date
            why = "local time in autumn, or rows out of order"
            if counts or self._farthest_back < -FAR_BACK:
                why = "a clock or counter that begins anew, older records below, or rows out of order"
            if self._by_half_days:
                why = "a clock of twelve hours without AM and PM; streammi takes 24 hours, or AM and PM"
            back = f"{self._columns.time_name} steps back {often}: {why}"
        return "; ".join(filter(None, (skipped, back, self._footer.words, self._table.source.note)))

    @property
    def why_empty(self) -> str:
        """Why there was no pair of finite values, with what stood in the file; empty when there was one."""
        if self._taken > self._missing:
            return ""
        if self._x_alone and self._y_alone:
            return f"no pair: {self._apart()}"
        if self.rows and self._missing:
            return f"no pair: {self._columns.examples} is finite in none of {self.rows:,} rows"
        return f"no pair: {self.note or 'there is no row below the names'}"

    def _apart(self) -> str:
        """Words on a file in which x and y have values, and never in the same row."""
        x, y = self._columns.names[:2]
        path = self._table.source.path
        apart = f"no row has both, {x} is in {self._x_alone:,} of {self.rows:,} and {y} in {self._y_alone:,}"
        if not self.timed or path == "-":
            return apart
        words = shlex.join(["--x", f"{path}:{x}", "--y", f"{path}:{y}"])
        return f"{apart}; {words} joins them by their times"

    def health(self) -> tuple[LinkHealth, ...]:
        """The file as the one link of a feed: what was read of it so far."""
        malformed = {str(reason): count for reason, count in self.malformed.items()}
        path = self._table.source.path
        return (LinkHealth(endpoint=path, state="ended", pairs=self._taken, malformed=malformed),)

    def __iter__(self) -> Iterator[PairBatch]:
        with closing(self):
            batches = self._batches()
            path = self._table.source.path
            for batch in oldest_first(batches, self.time_column, path) if self._columns.reversed else batches:
                self._taken += len(batch.x)
                yield batch

    def close(self) -> None:
        """Close the file; standard input stays open."""
        self._table.source.close()

    def _batches(self) -> Iterator[PairBatch]:
        wanted = self._columns.wanted
        for block in self._table.blocks(wanted):
            batch = self._pairs(block)
            if batch is None:
                batch = self._pairs(self._table.again(block, wanted))
            if batch is not None and len(batch.x):
                yield batch

    def _pairs(self, block: Block) -> PairBatch | None:
        """The pairs of a block; None where some are none, and their lines are not known."""
        (x, x_bad), (y, y_bad), *given = (self._values(block, k) for k in range(len(self._columns.names)))
        z = np.column_stack([values for values, _ in given]) if given else None
        bad = x_bad | y_bad
        t = None
        if self._columns.time is not None:
            t = self._columns.seconds(block.columns[len(self._columns.names) :])
            bad_t = np.isnan(t) & ~bad
        if block.lines is None and (bad.any() or (t is not None and bad_t.any())):
            return None
        self._count(block, x_bad, y_bad, None if t is None else bad_t)
        if t is not None:
            bad = bad | bad_t
            t = t[~bad]
            t = self._of_day(t) if self._of_day is not None else t
            self._watch(t)
        x, y, z = x[~bad], y[~bad], None if z is None else z[~bad]
        if not self._labels:
            self._footer.take(x, y)
        if x.dtype != np.object_:
            x_known, y_known = np.isfinite(x), np.isfinite(y.astype(np.float64))
            self._missing += int(np.count_nonzero(~(x_known & y_known)))
            if self._taken <= self._missing:
                self._x_alone += int(np.count_nonzero(x_known))
                self._y_alone += int(np.count_nonzero(y_known))
        return PairBatch(x=x, y=y, t=t, z=z)

    def _values(self, block: Block, k: int) -> tuple[NDArray[Any], NDArray[np.bool_]]:
        fields = block.columns[k]
        if self._labels:
            return _labels(fields), np.zeros(block.rows, dtype=bool)
        if pa.types.is_string(fields.type) or pa.types.is_large_string(fields.type):
            return self._columns.numbers[k].array(fields)
        values = as_floats(fields)
        values = values if values.flags.writeable else values.copy()
        for value in self._columns.numbers[k].missing:
            values[values == value] = np.nan
        return values, np.zeros(block.rows, dtype=bool)

    def _watch(self, t: FloatArray) -> None:
        if t.size:
            steps = np.diff(t, prepend=self._last_t)
            back = steps[steps < 0]
            self._steps_back += back.size
            self._farthest_back = min(self._farthest_back, float(back.min(initial=0.0)))
            self._by_half_days &= bool(((back > -HALF_DAY) & (back <= -HALF_DAY + NEARLY)).all())
            self._last_t = t.item(-1)

    def _count(
        self, block: Block, x_bad: NDArray[np.bool_], y_bad: NDArray[np.bool_], t_bad: NDArray[np.bool_] | None
    ) -> None:
        self.rows += block.rows + len(block.skipped)
        for reason, line, text in block.skipped:
            self._skip(reason, line, text)
        if block.lines is None:
            return
        for row in np.flatnonzero(x_bad | y_bad).tolist():
            k = 0 if x_bad[row] else 1
            self._skip("not a number", block.lines[row], self._columns.field(k, block.columns[k][row].as_py()))
        for row in np.flatnonzero(t_bad).tolist() if t_bad is not None else []:
            fields = " ".join(str(column[row].as_py()) for column in block.columns[len(self._columns.names) :])
            self._skip("not a time", block.lines[row], f"{self._columns.time_name} {fields[:40]!r}")

    def _skip(self, reason: Reason, line: int, text: str) -> None:
        self.malformed[reason] = self.malformed.get(reason, 0) + 1
        if reason not in self.first_line:
            self.first_line[reason], self.examples[reason] = line, text

    def _told(self, reason: Reason) -> str:
        example = self.examples[reason]
        there = f": {example}" if example else ""
        return f"{self.malformed[reason]} {reason} (first in line {self.first_line[reason]}{there[:80]})"


def _labels(fields: pa.Array) -> NDArray[Any]:
    """Labels as they are, NaN where there is none."""
    values = np.empty(len(fields), dtype=object)
    found = fields.to_pylist()
    values[:] = [
        np.nan if label is None or (isinstance(label, str) and is_missing(label)) else label for label in found
    ]
    return values
