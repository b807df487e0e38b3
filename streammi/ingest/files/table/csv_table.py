"""The columns of a text table: CSV and its kin, a block of rows at a time."""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.csv

from streammi.errors import Reason
from streammi.ingest.files.file_options import FileOptions
from streammi.ingest.files.numbers.number_format import NULLS
from streammi.ingest.files.table.column_places import ColumnPlaces
from streammi.ingest.files.table.csv_layout import LOOKED_AT, Layout, decimal_in, layout_of
from streammi.ingest.files.table.rows import BLANKS, USUAL, holds_values, is_comment, is_value, split, without_comments
from streammi.ingest.files.tables import Block
from streammi.ingest.files.text.lines import in_quotes
from streammi.ingest.files.text.source import Source

SAMPLED: Final = 1 << 15  # bytes of the beginning by which is told how fields are written,
PIECES, PIECE = 16, 1 << 11  # and places behind it, of so many bytes each; and so many rows, where they are longer
SAMPLED_ROWS, PIECE_ROWS = 64, 2
FIELDS: Final = 1 << 16  # of all columns together that are looked at for the decimal point
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
        self._sample = self._sampled(wanted)
        with_values = [row for row in self._sample if holds_values(row)]
        of_labels = len(with_values) < 0.9 * len(self._sample)
        self._sample = self._sample if of_labels else with_values  # without the names of other tables
        self._places = ColumnPlaces(self.layout, options, of_labels=of_labels)
        self.decimal = self.layout.decimal
        if not self.decimal:  # of whole numbers at the beginning, what is behind it may be none
            rows = self._sample[:: max(len(self._sample) * len(self.names) // FIELDS, 1)]
            columns = [[row[k] for row in rows] for k in range(len(self.names))]
            self.decimal, words = decimal_in(columns, self.layout.delimiter)
            self.said += [words] if words else []

    def sample(self, k: int) -> pa.Array:
        """Fields of a column from the beginning and from places all over."""
        return pa.array([row[k] for row in self._sample], pa.string())

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

    def _sampled(self, wanted: Sequence[str]) -> list[list[str]]:
        """Rows from the beginning and from places all over, which are not used up; each with a field for each name."""
        lines = self.source.head.split(b"\n", self.layout.skip)
        body = lines[self.layout.skip] if len(lines) > self.layout.skip else b""
        stop = self._other_names(body, wanted)
        body = body if stop is None else body[:stop]
        row = body.find(b"\n") + 1
        start = max(SAMPLED, SAMPLED_ROWS * row)
        width = len(self.names)
        pieces = [
            body[:start],
            *_pieces(body[start:], max(PIECE, PIECE_ROWS * row)),
            *(self.source.places(row) if stop is None else []),
        ]
        found: list[list[str]] = []
        for piece in pieces:
            rows = [fields for _, fields in _rows(1, piece.decode("utf-8", "replace"), self.layout)]
            whole = rows if piece.endswith(b"\n") or piece is body else rows[:-1]
            found += [
                [*fields, *[""] * (width - len(fields))]
                for fields in whole
                if 2 * len(fields) > width and not any(fields[width:]) and tuple(fields) != self.layout.header
            ]
        return found

    def _other_names(self, body: bytes, wanted: Sequence[str]) -> int | None:
        """Where other columns begin: behind the names that are wanted, in another order; None for nowhere."""
        if not wanted or any(map(is_value, wanted)):
            return None
        start = -1
        for _ in range(LOOKED_AT):
            start = body.find(wanted[0].encode(), start + 1)
            if start < 0:
                return None
            begin, end = body.rfind(b"\n", 0, start) + 1, body.find(b"\n", start)
            row = split([body[begin : None if end < 0 else end].decode("utf-8", "replace")], self.layout.delimiter)[0]
            if set(wanted) <= set(row) and tuple(row) != self.layout.header and not holds_values(row):
                return begin
        return None

    def _fast(self, line: int, text: bytes, wanted: Sequence[int]) -> Block | None:
        """The block by arrow's parser; None where a row needs a look, and for the little that comes of a live one."""
        layout, places = self.layout, self._places
        if len(text) < _LITTLE or b"\0" in text or not places.hold or places.may_change(text, wanted):
            return None
        if layout.quoting != USUAL and (layout.quoting.mark.encode() in text):
            return None
        if layout.comment and layout.comment.encode() in text:
            text = without_comments(text, layout.comment)
        body = text
        if layout.delimiter == BLANKS:
            body = _BLANKS.sub(b" ", _EDGES.sub(b"", text))
        quoted = b'"' in body
        long = _inside_quotes(body) if quoted else []
        if long and _has_rows((line.decode("utf-8", "replace") for line in long), layout):
            return None
        parse = pyarrow.csv.ParseOptions(
            delimiter=layout.delimiter,
            quote_char='"' if quoted else False,
            newlines_in_values=len(long) > 0,
        )
        names = [str(k) for k in range(places.width)]
        chosen = [names[places.of(k)] for k in wanted]
        once = list(dict.fromkeys(chosen))
        try:
            table = pyarrow.csv.read_csv(
                pa.BufferReader(body),
                pyarrow.csv.ReadOptions(use_threads=False, block_size=len(body) + 1, column_names=names),
                parse,
                pyarrow.csv.ConvertOptions(
                    check_utf8=False,
                    column_types=dict.fromkeys(once, pa.string()),
                    include_columns=once,
                    null_values=NULLS,
                    strings_can_be_null=True,
                ),
            )
        except pa.ArrowInvalid:  # a row with more fields, or fewer
            return None
        except (
            pa.ArrowCancelled
        ):  # arrow stops for a signal, which whoever handles it has by now; not beside this thread
            with ThreadPoolExecutor(1) as beside:
                return beside.submit(self._fast, line, text, wanted).result()
        columns = {name: _one_chunk(table.column(name)) for name in once}
        return Block([columns[name] for name in chosen], table.num_rows, line, text)

    def _by_rows(self, first: int, text: bytes, wanted: Sequence[int]) -> Block:
        """The block field by field, with a look at each row."""
        places, delimiter = self._places, self.layout.delimiter
        rows: list[list[str]] = []
        lines: list[int] = []
        skipped: list[tuple[Reason, int, str]] = []
        for line, row in _rows(first, text.decode("utf-8", "replace"), self.layout):
            if (reason := places.why_none(row, wanted, line)) is not None:
                named = reason == "header again"
                skipped.append((reason, line, "" if named else delimiter.join(row).replace("\0", "\\0")))
            else:
                rows.append([row[places.of(k)] for k in wanted])
                lines.append(line)
        columns = list(zip(*rows, strict=True)) or [()] * len(wanted)
        return Block([pa.array(column, pa.string()) for column in columns], len(rows), first, text, lines, skipped)


def _pieces(text: bytes, size: int) -> Iterator[bytes]:
    """Whole lines from places all over a text, each of ``size`` at most, the last of them its end."""
    step = max(len(text) // PIECES, size)
    for stop in reversed(range(len(text), 0, -step)):
        start = text.find(b"\n", max(stop - size, 0), stop) + 1
        end = stop if stop == len(text) else text.rfind(b"\n", start, stop) + 1
        yield text[start:end] if 0 < start < end else b""


def _rows(first: int, text: str, layout: Layout) -> Iterator[tuple[int, list[str]]]:
    """The rows that are there, each with the number of its first line."""
    lines = text.removesuffix("\n").split("\n")
    if layout.quoting.mark not in text or layout.delimiter == BLANKS:
        for line, text in enumerate(lines, first):
            if text.strip() and not is_comment(text, layout.comment):
                yield line, (split([text], layout.delimiter)[0] if '"' in text else _plain(text, layout.delimiter))
        return
    yield from _quoted_rows(first, lines, layout)


def _quoted_rows(first: int, lines: Sequence[str], layout: Layout) -> Iterator[tuple[int, list[str]]]:
    """Rows some of whose fields are in quotes, which may have several lines; a quote that is never closed is a letter.

    It would take the rows behind it, up to the next quote, into its field.
    """
    start, last = 0, 0
    while start < len(lines):
        rest = (lines[k] + "\n" for k in range(start, len(lines)))
        reader = layout.quoting.reader(rest, layout.delimiter)
        last = start
        try:
            for row in reader:
                end = start + reader.line_num
                if end > last + 1 and _has_rows(lines[last + 1 : end], layout, row):
                    break
                if row and not is_comment(row[0], layout.comment) and row != [""]:
                    yield first + last, [field.strip() for field in row]
                last = end
            else:
                return
        except csv.Error:  # a field beyond all measure
            pass
        yield first + last, _plain(lines[last], layout.delimiter)
        start = last + 1


def _has_rows(lines: Iterable[str], layout: Layout, whole: Sequence[str] = ()) -> bool:
    """True if some of these lines are rows by themselves, with values where the ``whole`` that they are in has them."""
    places = [k for k, field in enumerate(whole) if "\n" not in field and is_value(field)]
    for line in lines:
        row = _plain(line, layout.delimiter) if layout.delimiter in line else []
        alike = all(is_value(row[k]) for k in places if k < len(row))
        if alike and len(row) >= len(layout.names) > 1 and holds_values(row):
            return True
    return False


def _plain(row: str, delimiter: str) -> list[str]:
    return row.split() if delimiter == BLANKS else [field.strip() for field in row.split(delimiter)]


def _inside_quotes(text: bytes) -> list[bytes]:
    """The lines whose beginning is inside a field in quotes."""
    ends = np.flatnonzero(np.frombuffer(text, dtype=np.uint8) == ord("\n"))
    starts = ends[in_quotes(text, ends)] + 1
    return [text[start : end if (end := text.find(b"\n", start)) >= 0 else None] for start in starts.tolist()]


def _one_chunk(column: pa.ChunkedArray) -> pa.Array:
    return column.chunk(0) if column.num_chunks == 1 else pa.concat_arrays([pa.array([], column.type), *column.chunks])
