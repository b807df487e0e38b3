"""What a file holds: its columns, their ranges and what is missing of them, its times, and how to replay it."""

import math
import shlex
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from itertools import combinations
from typing import Any, Final

import msgspec
import numpy as np
import pyarrow as pa

from streammi.errors import FeedError
from streammi.ingest.clock import Clock
from streammi.ingest.files.csv_table import CsvTable
from streammi.ingest.files.file_options import PLAIN, FileOptions
from streammi.ingest.files.json_records import JsonRecords, is_json
from streammi.ingest.files.number_format import NumberFormat, format_of, sentinel_of
from streammi.ingest.files.pair_file import CHUNK
from streammi.ingest.files.parquet import ParquetTable, is_parquet
from streammi.ingest.files.sampled import Sample, as_floats, is_text
from streammi.ingest.files.source import Source
from streammi.ingest.files.tables import Block, Table
from streammi.ingest.files.time_columns import FoundTime, time_of
from streammi.ingest.files.time_format import OfDay, TimeFormat
from streammi.ingest.formats.columns import is_array, is_time, number
from streammi.ingest.formats.content import TIME_NAMES
from streammi.ingest.formats.json_text import parse_json
from streammi.ingest.leaves import MAX_SIGNALS, leaves
from streammi.records import FloatArray

LABELS: Final = 6  # of a column of text that are shown
TIMES: Final = 1 << 20  # of JSON that are looked at
MANY: Final = 64  # from which on it is no column of labels


class ColumnSeen(msgspec.Struct, frozen=True, kw_only=True):
    """A column of a file."""

    name: str  # as --x takes it
    low: float | None = None  # of its numbers; None: it has none
    high: float | None = None
    example: str = ""
    missing: int = 0  # fields that are empty, or stand for no value
    unreadable: int = 0  # fields that are no number, where most are
    labels: tuple[str, ...] = ()  # the values of a column of text, where it has few
    written: str = ""  # how its numbers are written, where that is worth a word
    sentinel: float | None = None  # a value that may stand for none

    @property
    def varies(self) -> bool:
        """Whether it is a number with more than one value."""
        return self.low is not None and self.low != self.high


class FileReport(msgspec.Struct, frozen=True, kw_only=True):
    """What was found."""

    path: str
    rows: int  # that were looked at
    whole: bool  # and whether these are all
    form: str
    columns: tuple[ColumnSeen, ...] = ()
    said: tuple[str, ...] = ()  # of how it is written
    time: str = ""  # where the time is; empty: there is none
    first: float | None = None  # s since 1970, or from its start
    last: float | None = None
    step: float | None = None  # median, s
    skipped: dict[str, int] = {}
    problem: str = ""
    command: str | None = None  # that replays it


def probe_file(path: str, options: FileOptions, t: str | None, more: Iterator[bool]) -> FileReport:
    """Read a file for as long as ``more`` says so, and say what it holds; ``ConfigError`` for what is no table."""
    if path != "-" and is_parquet(path):
        return _of_table(ParquetTable(path), "Parquet", options, t, more)
    with closing(Source(path, CHUNK)) as source:
        if is_json(source.head):
            return _of_json(source, more)
        form = f"text, packed with {source.packing}" if source.packing else "text"
        return _of_table(CsvTable(source, options, ()), form, options, t, more)


def _of_table(table: Table, form: str, options: FileOptions, t: str | None, more: Iterator[bool]) -> FileReport:
    sample = Sample(table)
    time = time_of(table, sample, (), t, options)
    columns = [_Column(table, sample, k, options) for k in range(len(table.names))]
    times = _Times(time, time.form) if time.form is not None else None
    rows, whole, skipped = 0, True, Counter[str]()
    for block in table.blocks(range(len(table.names))):
        rows += block.rows + len(block.skipped)
        skipped.update(reason for reason, _, _ in block.skipped)
        for column in columns:
            column.take(block)
        if times is not None:
            times.take(block)
        if not next(more, False):
            whole = table.source.read == table.source.size > 0
            break
    seen = tuple(column.seen() for column in columns)
    pair = _pair([column for k, column in enumerate(seen) if k not in time.places])
    return FileReport(
        path=table.source.path, rows=rows, whole=whole, form=form, columns=seen, said=(*table.said, *time.said),
        time=time.name if times is not None else "", **(times.seen() if times is not None else {}),
        skipped=dict(skipped),
        problem="" if pair else _alone([column for column in seen if column.low is not None], table.source.path),
        command=pair and _command(table.source.path, *pair, options, t),
    )  # fmt: skip


class _Column:
    """What is known of a column."""

    def __init__(self, table: Table, sample: Sample, k: int, options: FileOptions) -> None:
        names = table.names
        self._name = names[k] or f"(column {k + 1})"
        if names.count(names[k]) > 1:
            self._name += f"#{names[: k + 1].count(names[k])}"
        self._k = k
        column = sample.column(k)
        self._form: NumberFormat | None = NumberFormat()
        values = as_floats(column)
        if is_text(column):
            self._form = format_of(column, table.decimal, options.missing)
            values, bad = self._form.array(column)
            known = np.isfinite(values).sum()
            if bad.sum() > known or not known:
                self._form = None
        words = self._form.words if self._form is not None else ""
        self._written = words.removeprefix("decimal commas").removeprefix(", ")  # which is said of the whole file
        self._sentinel = sentinel_of(values)
        self._low, self._high, self._missing, self._bad = math.inf, -math.inf, 0, 0
        self._example, self._labels, self._many = "", dict[str, None](), False

    def take(self, block: Block) -> None:
        column = block.columns[self._k]
        if self._form is None or pa.types.is_temporal(column.type):
            self._take_texts(column)
            return
        values, bad = self._form.array(column) if is_text(column) else (as_floats(column), np.zeros(len(column), bool))
        finite = values[np.isfinite(values)]
        self._bad += int(bad.sum())
        self._missing += int(len(values) - finite.size - bad.sum())
        if finite.size:
            self._low, self._high = min(self._low, float(finite.min())), max(self._high, float(finite.max()))
            self._example = f"{finite[-1]:g}"

    def seen(self) -> ColumnSeen:
        known = self._low <= self._high
        return ColumnSeen(
            name=self._name, low=self._low if known else None, high=self._high if known else None,
            example=self._example, missing=self._missing, unreadable=self._bad,
            labels=() if self._many else tuple(self._labels), written=self._written,
            sentinel=self._sentinel,
        )  # fmt: skip

    def _take_texts(self, column: pa.Array) -> None:
        self._missing += column.null_count
        for value in column.unique().to_pylist() if not self._many else ():
            if value not in (None, ""):
                self._example = str(value)
                self._labels[str(value)] = None
        self._many |= len(self._labels) > MANY


class _Times:
    """The times of a file."""

    def __init__(self, time: FoundTime, form: TimeFormat) -> None:
        self._time, self._of_day = time, OfDay() if form.of_day else None
        self._first, self._last, self._step = math.nan, math.nan, math.nan

    def take(self, block: Block) -> None:
        seconds: FloatArray = self._time.seconds([block.columns[k] for k in self._time.places])
        seconds = self._of_day(seconds) if self._of_day is not None else seconds
        known = seconds[np.isfinite(seconds)]
        if known.size:
            self._first = known.item(0) if math.isnan(self._first) else self._first
            self._last = known.item(-1)
            if math.isnan(self._step) and known.size > 1:
                self._step = float(np.median(np.abs(np.diff(known))))

    def seen(self) -> dict[str, Any]:
        found = {"first": self._first, "last": self._last, "step": self._step}
        return {name: None if math.isnan(value) else value for name, value in found.items()}


def _of_json(source: Source, more: Iterator[bool]) -> FileReport:
    """JSON Lines: the paths of their numbers."""
    paths, rows, whole, skipped = dict[str, _Path](), 0, True, Counter[str]()
    clock, times, time = Clock(), list[float](), ""
    records = JsonRecords(source)
    for record in _objects_of(records, skipped):
        if record is None:  # a block of lines is done
            if not next(more, False):
                whole = source.read == source.size > 0
                break
            continue
        rows += 1
        name = next((name for name in TIME_NAMES if name in record and is_time(record[name])), "")
        for path, value in leaves(record):
            if path != name and (path in paths or len(paths) < MAX_SIGNALS):
                paths.setdefault(path, _Path()).take(value)
        if name and len(times) < TIMES:
            time = time or name
            times.append(float(clock.one(record[name])))
    columns = tuple(path.seen(name, rows) for name, path in paths.items())
    pair = _pair(list(columns))
    known = np.array([t for t in times if math.isfinite(t)])
    said = (*records.said, *filter(None, [clock.note]))
    span = {"first": known.item(0), "last": known.item(-1)} if known.size and len(times) < TIMES else {}
    return FileReport(
        path=source.path, rows=rows + sum(skipped.values()), whole=whole,
        form=records.form, columns=columns, said=said, time="" if clock.is_none else time, **span,
        skipped=dict(skipped),
        step=float(np.median(np.abs(np.diff(known)))) if known.size > 1 else None,
        problem="" if pair else "there are no two numbers that come together: a pair takes two",
        command=pair and _command(source.path, *pair, PLAIN, None),
    )  # fmt: skip


def _objects_of(records: JsonRecords, skipped: Counter[str]) -> Iterator[dict[str, Any] | None]:
    """The objects, and None behind each block of them."""
    for _, block in records.blocks():
        for text in block:
            yield from _objects(text, skipped)
        yield None


def _objects(text: bytes, skipped: Counter[str]) -> Iterator[dict[str, Any]]:
    try:
        found = parse_json(text)
    except FeedError as error:
        skipped[error.reason] += 1
        return
    yield from (one for one in (found if isinstance(found, list) else [found]) if isinstance(one, dict))


class _Path:
    """What is known of the values at a path."""

    def __init__(self) -> None:
        self._low, self._high, self._finite, self._example = math.inf, -math.inf, 0, ""
        self._labels, self._numbers = dict[str, None](), False

    def take(self, value: Any) -> None:
        for one in value if is_array(value) else [value]:
            try:
                found = number(one)
            except FeedError:
                self._example = str(one)
                if len(self._labels) <= MANY:
                    self._labels[str(one)] = None
                continue
            self._numbers = True
            if math.isfinite(found):
                self._low, self._high, self._finite = min(self._low, found), max(self._high, found), self._finite + 1
                self._example = f"{found:g}"

    def seen(self, name: str, rows: int) -> ColumnSeen:
        known = self._numbers and self._low <= self._high
        return ColumnSeen(
            name=name, low=self._low if known else None, high=self._high if known else None, example=self._example,
            missing=max(rows - self._finite, 0) if known else 0,
            labels=() if known or len(self._labels) > MANY else tuple(self._labels),
        )  # fmt: skip


def _pair(columns: list[ColumnSeen]) -> tuple[str, str] | None:
    """The first two columns of numbers, those that vary before others."""
    numbers = sorted((column for column in columns if column.low is not None), key=lambda column: not column.varies)
    return next(combinations([column.name for column in numbers], 2), None)


def _alone(numbers: list[ColumnSeen], path: str) -> str:
    """Why there is no pair in a file."""
    if not numbers:
        return "there is no column of numbers"
    both = f"--x {shlex.quote(f'{path}:{numbers[0].name}')} --y OTHER_FILE:COL"
    return f"there are no two columns of numbers; with another file: streammi replay {both}"


def _command(path: str, x: str, y: str, options: FileOptions, t: str | None) -> str:
    given = [f"--{name.replace('_', '-')}={value}" for name, value in options.as_given().items()]
    words = ["streammi", "replay", path, "--x", x, "--y", y, *(["--time", t] if t is not None else []), *given]
    return shlex.join(words)


def moment(seconds: float) -> str:
    """A time for a person: of the calendar, or from a start.

    >>> moment(1767225600.5), moment(12.5)
    ('2026-01-01 00:00:00.5Z', '12.5 s')
    """
    if abs(seconds) < 1e8:
        return f"{seconds:.10g} s"
    try:
        when = datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        return f"{seconds:.10g} s"
    return f"{when:%Y-%m-%d %H:%M:%S.%f}".rstrip("0").rstrip(".") + "Z"
