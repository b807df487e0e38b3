"""CSV, CSV.gz and standard input as pairs, by column names; one line is one row.

Each block of text is read by numpy's C parser. A block in which that fails (an empty field, a quoted one, a bad one, a
short row) is read again field by field, which says what is wrong and in which line.
"""

import io
import math
import os
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from streammi.errors import Reason
from streammi.ingest.files.csv_table import CsvTable
from streammi.ingest.timestamps import is_missing, to_seconds_array
from streammi.records import FloatArray, LinkHealth, PairBatch

CHUNK: Final = 1 << 18  # bytes of text a batch: 8,000 rows of three numbers


def columns(path: str | os.PathLike[str]) -> list[str]:
    """The names of the columns of a CSV or CSV.gz file; ``ConfigError`` for what cannot be read as one."""
    with closing(CsvTable(os.fspath(path), CHUNK, None)) as table:
        return table.names


def given_column(path: str) -> str:
    """The rule that an option which names a column was to be given; ``ConfigError`` for what is no CSV file.

    The columns of a file are named, those of standard input are not: its first line is not to be taken from it.
    """
    if path == "-":
        return "given, a column of standard input"
    return f"given, a column of {path} ({', '.join(columns(path))})"


def read_pairs(
    path: str | os.PathLike[str],
    x: str,
    y: str,
    t: str | None = None,
    labels: bool = False,
    chunk: int = CHUNK,
    stdin: io.BufferedReader | None = None,
) -> "PairFile":
    """Pairs of the columns ``x`` and ``y`` of a CSV or CSV.gz file, or of standard input for ``-``.

    ``t`` is the column of the samples' time, in any form that ``timestamps`` reads; None takes the first of
    ``table.TIME_COLUMNS`` that is there and holds times, ``""`` none. ``labels``: values stay text. A batch is at most
    ``chunk`` bytes of text. The file is opened and its columns are looked up at once: ``ConfigError`` for a file that
    cannot be read (or, while iterating, turns out to be broken) and for a column that is not there.
    """
    table = CsvTable(os.fspath(path), chunk, stdin)
    try:
        wanted = [table.column("--x", x), table.column("--y", y)]
        if t:
            return PairFile(table, [*wanted, table.column("--t", t)], labels)
        found = table.time_column() if t is None else None
        return PairFile(table, wanted if found is None else [*wanted, found], labels, guessed=True)
    except BaseException:
        table.close()
        raise


class PairFile:
    """Iterates once over a file's pairs in ``PairBatch`` es, and counts the rows that yield no pair.

    An empty field (or ``NA``, ``null``, ...) is NaN: the window counts it as not finite. A row with a field that is
    neither that nor a number, without a time that can be read, or with too few fields is skipped and counted in
    ``malformed`` by reason; ``first_line`` has the line of the first one of each.
    """

    def __init__(self, table: CsvTable, wanted: list[int], labels: bool, guessed: bool = False) -> None:
        self._table, self._wanted, self._labels, self._guessed = table, wanted, labels, guessed
        self.malformed: dict[Reason, int] = {}
        self.first_line: dict[Reason, int] = {}
        self._taken = 0
        self.rows = 0  # read so far, whole or not, without the header

    @property
    def timed(self) -> bool:
        """Whether the samples have timestamps."""
        return self.time_column is not None

    @property
    def time_column(self) -> str | None:
        """The column that the time is taken from; None when the pairs have none."""
        return self._table.names[self._wanted[2]] if len(self._wanted) > 2 else None

    @property
    def progress(self) -> tuple[int, int]:
        """Bytes read so far, and of the whole file, 0 where that is not known."""
        return self._table.read, self._table.size

    @property
    def note(self) -> str:
        """One line on the rows that were skipped; empty when there were none."""
        parts = [f"{n} {reason} (first in line {self.first_line[reason]})" for reason, n in self.malformed.items()]
        return f"{sum(self.malformed.values())} rows skipped: {', '.join(parts)}" if parts else ""

    def health(self) -> tuple[LinkHealth, ...]:
        """The file as the one link of a feed: what was read of it so far."""
        malformed = {str(reason): count for reason, count in self.malformed.items()}
        return (LinkHealth(endpoint=self._table.path, state="ended", pairs=self._taken, malformed=malformed),)

    def __iter__(self) -> Iterator[PairBatch]:
        with closing(self):
            for line, text in self._table.blocks():
                batch = self._fast(text) or self._by_rows(line, text)
                if len(batch.x):
                    self._taken += len(batch.x)
                    yield batch

    def close(self) -> None:
        """Close the file; standard input stays open."""
        self._table.close()

    def _fast(self, text: str) -> PairBatch | None:
        """The block by numpy's parser; None where a row needs looking at."""
        if '"' in text or "\n\n" in text or text.startswith("\n"):
            return None
        kind = "O" if self._labels else "f8"
        dtype = np.dtype([("x", kind), ("y", kind), ("t", "O")][: len(self._wanted)])
        try:
            table: NDArray[Any] = np.loadtxt(
                text.split("\n"),
                dtype=dtype,
                delimiter=self._table.delimiter,
                usecols=self._wanted,
                comments=None,
                ndmin=1,
            )
        except ValueError:
            return None
        x, y, t = table["x"].copy(), table["y"].copy(), None
        if self._labels and any(is_missing(label) for label in {*x.tolist(), *y.tolist()}):
            return None
        if self.time_column is not None:
            t = to_seconds_array(table["t"].tolist())
            if np.isnan(t).any():
                return None
        self.rows += len(table)
        self._guessed = False
        return PairBatch(x=x, y=y, t=t)

    def _by_rows(self, first: int, text: str) -> PairBatch:
        """The block field by field, with a look at each."""
        rows: list[list[str]] = []
        lines: list[int] = []
        for number, line in enumerate(text.removesuffix("\n").split("\n"), first):
            if not line:
                continue
            self.rows += 1
            row = self._table.split(line)
            if len(row) > max(self._wanted):
                rows.append([row[column] for column in self._wanted])
                lines.append(number)
            else:
                self._skip("too few fields", number)
        return self._pairs(rows, lines)

    def _pairs(self, rows: list[list[str]], lines: list[int]) -> PairBatch:
        fields = list(zip(*rows, strict=True)) or [()] * len(self._wanted)
        convert = _labels if self._labels else _numbers
        (x, x_bad), (y, y_bad) = convert(fields[0]), convert(fields[1])
        bad = x_bad | y_bad
        t = self._times(fields[2]) if len(fields) > 2 else None
        for row in np.flatnonzero(bad).tolist():
            self._skip("not a number", lines[row])
        if t is not None:
            for row in np.flatnonzero(np.isnan(t) & ~bad).tolist():
                self._skip("not a time", lines[row])
            bad |= np.isnan(t)
            t = t[~bad]
        return PairBatch(x=x[~bad], y=y[~bad], t=t)

    def _times(self, texts: Sequence[str]) -> FloatArray | None:
        """The times of a block; None, for good, if a column that was only guessed holds no times at its start."""
        t = to_seconds_array(list(texts))
        if self._guessed and len(t):
            self._guessed = False
            if np.isnan(t).all():
                del self._wanted[2]
                return None
        return t

    def _skip(self, reason: Reason, line: int) -> None:
        self.malformed[reason] = self.malformed.get(reason, 0) + 1
        self.first_line.setdefault(reason, line)


def _numbers(texts: Sequence[str]) -> tuple[NDArray[np.generic], NDArray[np.bool_]]:
    """Values, NaN where there is none, and which fields are neither a number nor empty."""
    values = np.full(len(texts), np.nan)
    bad = np.zeros(len(texts), dtype=bool)
    for row, text in enumerate(texts):
        try:
            values[row] = float(text)
        except ValueError:
            bad[row] = not is_missing(text)
    return values, bad


def _labels(texts: Sequence[str]) -> tuple[NDArray[np.generic], NDArray[np.bool_]]:
    """Labels as they are, NaN where there is none; none of them is bad."""
    values = np.empty(len(texts), dtype=object)
    values[:] = [math.nan if is_missing(text) else text for text in texts]
    return values, np.zeros(len(texts), dtype=bool)
