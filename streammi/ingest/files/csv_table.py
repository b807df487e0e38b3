"""The text of a CSV file or of standard input: its column names, and then blocks of whole rows as they come.

What is there is taken, and nothing waited for, so that standard input is a live source; one line is one row.
"""

import csv
import gzip
import io
import os
import re
import sys
import zlib
from collections.abc import Iterator
from typing import Final, cast

from streammi.errors import ConfigError

MAX_LINE: Final = 1 << 20  # bytes; what has no line end for longer than this is not CSV
TIME_COLUMNS: Final = ("timestamp", "time", "ts", "t", "t_s", "datetime", "date")
DELIMITERS: Final = ",;\t"
_CONTROL: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f]")  # a header with one of these would act on a terminal


class CsvTable:
    """The column names of an open CSV stream, and then its rows in blocks of text; ``ConfigError`` if it is not CSV."""

    def __init__(self, path: str, chunk: int, stdin: io.BufferedReader | None) -> None:
        if chunk < 1:
            raise ConfigError("chunk", ">= 1 bytes", chunk)
        self.path, self._chunk = path, chunk
        self._source, self._opened = _open(path, stdin)
        self._rest = b""
        self.read = 0  # bytes of the file so far, packed as it is
        self.size = os.fstat(self._opened[-1].fileno()).st_size if self._opened else 0  # 0: standard input
        self._line = 1  # number of the first line in _rest
        self._ended = False
        try:
            header = self._header()
        except BaseException:
            self.close()
            raise
        self.delimiter = max(DELIMITERS, key=header.count)
        self.names = [name.strip() for name in self.split(header)]

    def close(self) -> None:
        """Close what was opened here; standard input stays open."""
        for file in self._opened:
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
        while self._rest or not self._ended:
            cut = len(self._rest) if self._ended else self._rest.rfind(b"\n") + 1
            if not cut:
                self._fill()
                continue
            block, self._rest = self._rest[:cut], self._rest[cut:]
            line = self._line
            self._line += block.count(b"\n")
            yield line, block.decode("utf-8", "replace").replace("\r\n", "\n")

    def _header(self) -> str:
        while b"\n" not in self._rest and not self._ended:
            self._fill()
        header, _, self._rest = self._rest.partition(b"\n")
        self._line = 2
        text = header.decode("utf-8-sig", "replace").strip("\r")
        if not text.strip() or _CONTROL.search(text):
            raise ConfigError("file", "CSV that starts with a line of column names", self.path)
        return text

    def _fill(self) -> None:
        """Take what there is, at most ``chunk`` bytes of it, and wait only when there is nothing."""
        if len(self._rest) > max(MAX_LINE, self._chunk):
            raise ConfigError("file", f"CSV with rows of at most {MAX_LINE} bytes (line {self._line})", self.path)
        try:
            data = self._source.read1(self._chunk)
        except (EOFError, gzip.BadGzipFile, zlib.error):
            raise ConfigError("file", f"whole gzip (it is broken after line {self._line})", self.path) from None
        except OSError as error:
            raise ConfigError("file", f"readable ({error.strerror})", self.path) from None
        self._ended = not data
        if self._opened:
            self.read = self._opened[-1].tell()
        self._rest += data


def _open(path: str, stdin: io.BufferedReader | None) -> tuple[io.BufferedReader, list[io.BufferedReader]]:
    """The stream to read, and what is to be closed in the end, first to last."""
    opened: list[io.BufferedReader] = []
    try:
        if path == "-":
            source = stdin or cast(io.BufferedReader, sys.stdin.buffer)
        else:
            source = open(path, "rb")  # noqa: SIM115 -- the table closes it
            opened = [source]
        packed = source.peek(2)[:2] == b"\x1f\x8b"  # by content: a name may lie
    except OSError as error:
        raise ConfigError("file", f"readable ({error.strerror})", path) from None
    if not packed:
        return source, opened
    unpacked = cast(io.BufferedReader, gzip.GzipFile(fileobj=source))
    return unpacked, [unpacked, *opened]
