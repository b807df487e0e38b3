"""CSV, CSV.gz and standard input as pairs, by column names; one line is one row.

The text is taken in blocks as they come, so that standard input is a live source, and each block is read by numpy's
C parser. A block in which that fails (an empty field, a quoted one, a bad one, a short row) is read again field by
field, which says what is wrong and in which line.
"""

import csv
import gzip
import io
import math
import os
import sys
import zlib
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Any, BinaryIO, Final, Self

import numpy as np
from numpy.typing import NDArray

from streammi.errors import ConfigError, Reason
from streammi.ingest.timestamps import is_missing, to_seconds_array
from streammi.records import FloatArray, PairBatch

CHUNK: Final = 1 << 18  # bytes of text a batch: 8,000 rows of three numbers
MAX_LINE: Final = 1 << 20  # bytes; what has no line end for longer than this is not CSV
TIME_COLUMNS: Final = ("timestamp", "time", "ts", "t", "t_s", "datetime", "date")
DELIMITERS: Final = ",;\t"


def columns(path: str | os.PathLike[str]) -> list[str]:
    """The names of the columns of a CSV or CSV.gz file; ``ConfigError`` for what cannot be read as one."""
    with _Table(os.fspath(path), CHUNK, None) as table:
        return table.names


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
    ``TIME_COLUMNS`` that is there and holds times, ``""`` none. ``labels``: values stay text. ``chunk`` is the bytes of
    text a batch. The file is opened and its columns are looked up at once: ``ConfigError`` for a file that cannot be
    read and for a column that is not there.
    """
    table = _Table(os.fspath(path), chunk, stdin)
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

    def __init__(self, table: "_Table", wanted: list[int], labels: bool, guessed: bool = False) -> None:
        self._table, self._wanted, self._labels, self._guessed = table, wanted, labels, guessed
        self.malformed: dict[Reason, int] = {}
        self.first_line: dict[Reason, int] = {}
        self.rows = 0  # read so far, whole or not, without the header

    @property
    def time_column(self) -> str | None:
        """The column that the time is taken from; None when the pairs have none."""
        return self._table.names[self._wanted[2]] if len(self._wanted) > 2 else None

    @property
    def note(self) -> str:
        """One line on the rows that were skipped; empty when there were none."""
        parts = [f"{n} {reason} (first in line {self.first_line[reason]})" for reason, n in self.malformed.items()]
        return f"{sum(self.malformed.values())} rows skipped: {', '.join(parts)}" if parts else ""

    def __iter__(self) -> Iterator[PairBatch]:
        with self:
            for line, text in self._table.blocks():
                batch = self._fast(text) or self._by_rows(line, text)
                if len(batch.x):
                    yield batch

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

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


class _Table:
    """The header of an open CSV stream, and the blocks of whole rows after it."""

    def __init__(self, path: str, chunk: int, stdin: io.BufferedReader | None) -> None:
        if chunk < 1:
            raise ConfigError("chunk", ">= 1 bytes", chunk)
        self.path, self._chunk = path, chunk
        self._files = _open(path, stdin)  # the last one is read, all are ours to close
        self._rest = b""
        self._line = 1  # number of the first line in _rest
        self._ended = False
        try:
            header = self._header()
        except BaseException:
            self.close()
            raise
        self.delimiter = max(DELIMITERS, key=header.count)
        self.names = [name.strip() for name in self.split(header)]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close what was opened here; standard input stays open."""
        for file in self._files:
            file.close()

    def column(self, option: str, name: str) -> int:
        """The place of a column; ``ConfigError`` that lists those there are."""
        if name not in self.names:
            raise ConfigError(option, f"a column of {self.path} ({', '.join(self.names)})", name)
        return self.names.index(name)

    def time_column(self) -> int | None:
        """The place of the first column with one of the usual names of a time, in any case but for the letter t."""
        lower = [name if len(name) == 1 else name.lower() for name in self.names]  # T is a temperature
        return next((lower.index(name) for name in TIME_COLUMNS if name in lower), None)

    def split(self, line: str) -> list[str]:
        """The fields of one row."""
        if '"' not in line:
            return line.split(self.delimiter)
        return next(csv.reader([line], delimiter=self.delimiter))

    def blocks(self) -> Iterator[tuple[int, str]]:
        """Whole rows as text, and the number of the first one's line."""
        while True:
            cut = len(self._rest) if self._ended else self._rest.rfind(b"\n") + 1
            if cut:
                block, self._rest = self._rest[:cut], self._rest[cut:]
                line = self._line
                self._line += block.count(b"\n")
                yield line, block.decode("utf-8", "replace").replace("\r\n", "\n")
            elif self._ended:
                return
            self._fill()

    def _header(self) -> str:
        while b"\n" not in self._rest and not self._ended:
            self._fill()
        header, _, self._rest = self._rest.partition(b"\n")
        self._line = 2
        text = header.decode("utf-8-sig", "replace").strip("\r")
        if not text.strip() or "\0" in text:
            raise ConfigError("file", "CSV that starts with a line of column names", self.path)
        return text

    def _fill(self) -> None:
        """Take what there is, at most ``chunk`` bytes of it, and wait only when there is nothing."""
        if len(self._rest) > max(MAX_LINE, self._chunk):
            raise ConfigError("file", f"CSV with rows of at most {MAX_LINE} bytes (line {self._line})", self.path)
        try:
            data = self._files[-1].read1(self._chunk)
        except (EOFError, gzip.BadGzipFile, zlib.error):
            raise ConfigError("file", f"whole gzip (it is broken after line {self._line})", self.path) from None
        except OSError as error:
            raise ConfigError("file", f"readable ({error.strerror})", self.path) from None
        self._ended = not data
        self._rest += data


def _open(path: str, stdin: BinaryIO | None) -> list[Any]:
    """The open files of a source, the one to read from last; ``ConfigError`` for what cannot be opened."""
    if path == "-":
        return [stdin or sys.stdin.buffer]
    try:
        file = open(path, "rb")  # noqa: SIM115 -- closed by _Table
    except OSError as error:
        raise ConfigError("file", f"readable ({error.strerror})", path) from None
    if file.peek(2)[:2] == b"\x1f\x8b":  # by content: a name may lie
        return [file, gzip.GzipFile(fileobj=file)]
    return [file]


def _end_of_rows(text: bytes) -> int:
    """Where the last whole row ends: after a line end that is not inside quotes; 0 where there is none."""
    cut = text.rfind(b"\n") + 1
    while cut and text.count(b'"', 0, cut) % 2:
        cut = text.rfind(b"\n", 0, cut - 1) + 1
    return cut
