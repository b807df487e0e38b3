"""The columns of a text table: CSV and its kin, a block of rows at a time."""

import csv
import re
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.csv

from streammi.errors import Reason
from streammi.ingest.files.file_options import FileOptions
from streammi.ingest.files.layout import BLANKS, Layout, decimal_in, is_comment, layout_of, split, without_comments
from streammi.ingest.files.number_format import NULLS
from streammi.ingest.files.source import Source, in_quotes
from streammi.ingest.files.tables import Block

SAMPLED: Final = 1 << 15  # bytes of the beginning by which is told how fields are written,
PIECES, PIECE = 16, 1 << 11  # and places behind it, of so many bytes each
_BLANKS: Final = re.compile(rb"[ \t]+")
_EDGES: Final = re.compile(rb"(?m)^[ \t]+|[ \t]+$")
_LITTLE: Final = 2048  # bytes of a block that are read field by field at once: to ask arrow takes as long


class CsvTable:
    """The names of a text table, and its rows in blocks; ``wanted`` are names that it must have, to tell its header."""

    def __init__(self, source: Source, options: FileOptions, wanted: Sequence[str]) -> None:
        self.source = source
        self.layout = layout_of(source.head, source.path, options, wanted)
        self.names = list(self.layout.names)
        self.units = list(self.layout.units)
        self.said = [*self.layout.said]
        if source.encoding != "utf-8":
            self.said.insert(0, source.encoding.upper())
        self.decimal = self.layout.decimal
        if not self.decimal:  # of whole numbers at the beginning, what is behind it may be none
            blocks = self.sample()
            columns = [
                [text for block in blocks for text in block.columns[k].to_pylist()] for k in range(len(self.names))
            ]
            self.decimal, words = decimal_in(columns, self.layout.delimiter)
            self.said += [words] if words else []

    def sample(self) -> list[Block]:
        """Rows from the beginning and from places all over, which are not used up."""
        lines = self.source.head.split(b"\n", self.layout.skip)
        body = lines[self.layout.skip] if len(lines) > self.layout.skip else b""
        pieces = [body[:SAMPLED], *_pieces(body[SAMPLED:]), *self.source.places()]
        return [self._by_rows(1, text, range(len(self.names)), whole=False) for text in pieces]

    def blocks(self, wanted: Sequence[int]) -> Iterator[Block]:
        """The columns ``wanted``, of one block of rows after the other."""
        left = self.layout.skip
        for line, text in self.source.blocks():
            if left:
                cut = text.split(b"\n", left)
                left -= len(cut) - 1
                text = cut[-1] if not left else b""
                line += len(cut) - 1
            if text:
                yield self._fast(line, text, wanted) or self._by_rows(line, text, wanted)

    def again(self, block: Block, wanted: Sequence[int]) -> Block:
        """The same block read field by field, so that each row's line is known."""
        return block if block.lines is not None else self._by_rows(block.first, block.text, wanted)

    def _fast(self, line: int, text: bytes, wanted: Sequence[int]) -> Block | None:
        """The block by arrow's parser; None where a row needs a look, and for the little that comes of a live one."""
        layout = self.layout
        if len(text) < _LITTLE or (layout.header and layout.delimiter.join(layout.header).encode() in text):
            return None  # the names come again: to labels they would be labels
        if layout.comment and layout.comment.encode() in text:
            text = without_comments(text, layout.comment)
        body = text
        if layout.delimiter == BLANKS:
            body = _BLANKS.sub(b" ", _EDGES.sub(b"", text))
        quoted = b'"' in body
        parse = pyarrow.csv.ParseOptions(
            delimiter=layout.delimiter,
            quote_char='"' if quoted else False,
            newlines_in_values=quoted and _has_long_rows(body),
        )
        names = [str(k) for k in range(len(self.names))]
        chosen = [names[k] for k in dict.fromkeys(wanted)]
        try:
            table = pyarrow.csv.read_csv(
                pa.BufferReader(body),
                pyarrow.csv.ReadOptions(use_threads=False, block_size=len(body) + 1, column_names=names),
                parse,
                pyarrow.csv.ConvertOptions(
                    check_utf8=False,
                    column_types=dict.fromkeys(chosen, pa.string()),
                    include_columns=chosen,
                    null_values=NULLS,
                    strings_can_be_null=True,
                ),
            )
        except pa.ArrowInvalid:  # a row with more fields, or fewer
            return None
        columns = {name: _one_chunk(table.column(name)) for name in chosen}
        return Block([columns[names[k]] for k in wanted], table.num_rows, line, text)

    def _by_rows(self, first: int, text: bytes, wanted: Sequence[int], *, whole: bool = True) -> Block:
        """The block field by field, with a look at each row; not ``whole``: its end may be missing."""
        layout, last = self.layout, max(wanted, default=0)
        rows: list[list[str]] = []
        lines: list[int] = []
        skipped: list[tuple[Reason, int, str]] = []
        for line, row in _rows(first, text.decode("utf-8", "replace"), layout):
            if tuple(row) == layout.header:
                skipped.append(("header again", line, ""))
            elif len(row) > last:
                rows.append([row[k] for k in wanted])
                lines.append(line)
            elif whole:
                skipped.append(("too few fields", line, layout.delimiter.join(row)))
        columns = list(zip(*rows, strict=True)) or [()] * len(wanted)
        return Block([pa.array(column, pa.string()) for column in columns], len(rows), first, text, lines, skipped)


def _pieces(text: bytes) -> Iterator[bytes]:
    """Whole lines from places all over a text, the last of them its end."""
    step = max(len(text) // PIECES, PIECE)
    for stop in reversed(range(len(text), 0, -step)):
        start = text.find(b"\n", max(stop - PIECE, 0), stop) + 1
        end = stop if stop == len(text) else text.rfind(b"\n", start, stop) + 1
        yield text[start:end] if 0 < start < end else b""


def _rows(first: int, text: str, layout: Layout) -> Iterator[tuple[int, list[str]]]:
    """The rows that are there, each with the number of its first line."""
    lines = text.removesuffix("\n").split("\n")
    if '"' not in text or layout.delimiter == BLANKS:
        for line, text in enumerate(lines, first):
            if text.strip() and not is_comment(text, layout.comment):
                yield line, (split([text], layout.delimiter)[0] if '"' in text else _plain(text, layout.delimiter))
        return
    reader = csv.reader((line + "\n" for line in lines), delimiter=layout.delimiter, skipinitialspace=True)
    line = first
    try:
        for row in reader:
            if row and not is_comment(row[0], layout.comment) and row != [""]:
                yield line, [field.strip() for field in row]
            line = first + reader.line_num
    except csv.Error:  # a field beyond all measure: a quote that is never closed
        yield line, [""]


def _plain(row: str, delimiter: str) -> list[str]:
    return row.split() if delimiter == BLANKS else [field.strip() for field in row.split(delimiter)]


def _has_long_rows(text: bytes) -> bool:
    ends = np.flatnonzero(np.frombuffer(text, dtype=np.uint8) == ord("\n"))
    return bool(in_quotes(text, ends).any())


def _one_chunk(column: pa.ChunkedArray) -> pa.Array:
    return column.chunk(0) if column.num_chunks == 1 else pa.concat_arrays([pa.array([], column.type), *column.chunks])
