"""The contents of a file: its columns, their ranges and what is missing of them, its times, and how to replay it."""

import math
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import numpy as np
import pyarrow as pa

from streammi.ingest.files.file_options import FileOptions
from streammi.ingest.files.file_report import MANY, ColumnSeen, FileReport, command_of, labels_of, pair_of, why_alone
from streammi.ingest.files.json.json_probe import json_report
from streammi.ingest.files.json.json_records import is_json
from streammi.ingest.files.numbers.missing import sentinel_of
from streammi.ingest.files.numbers.number_format import NumberFormat, format_of
from streammi.ingest.files.numbers.only_rises import OnlyRises
from streammi.ingest.files.pair_file import CHUNK
from streammi.ingest.files.parquet import ParquetTable, is_parquet
from streammi.ingest.files.sampled import Sample, as_floats, called, is_text
from streammi.ingest.files.table.columns import why_doubtful
from streammi.ingest.files.table.csv_table import CsvTable
from streammi.ingest.files.table.no_table import no_table
from streammi.ingest.files.tables import Block, Table
from streammi.ingest.files.text.source import Source
from streammi.ingest.files.times.found_time import FoundTime
from streammi.ingest.files.times.time_columns import time_of
from streammi.ingest.files.times.time_format import OfDay, TimeFormat
from streammi.records import FloatArray


def probe_file(path: str, options: FileOptions, t: str | None, more: Iterator[bool]) -> FileReport:
    """Read a file for as long as ``more`` says so, and say what it holds; ``ConfigError`` for what is no table."""
    if path != "-" and is_parquet(path):
        return _of_table(ParquetTable(path, options), "Parquet", options, t, more)
    with closing(Source(path, CHUNK)) as source:
        if is_json(source.head):
            return json_report(source, options, t, more)
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
    others = [column for k, column in enumerate(seen) if k not in time.places]
    numbers, labels = pair_of(others), labels_of(others, rows)
    pair = numbers or labels
    what = "" if pair else no_table(table.source.head, ())
    return FileReport(
        path=table.source.path, rows=rows, whole=whole, form=form, columns=seen, said=(*table.said, *time.said),
        time=time.name if times is not None else "", **(times.seen() if times is not None else {}),
        skipped=dict(skipped),
        problem="" if pair else (what and f"there is {what}") or why_alone(others, table.source.path),
        command=pair and command_of(table.source.path, *pair, options, t, labels=numbers is None),
    )  # fmt: skip


class _Column:
    """The facts about a column."""

    def __init__(self, table: Table, sample: Sample, k: int, options: FileOptions) -> None:
        self._name, self._k = called(table.names, k), k
        column = sample.column(k)
        self._form: NumberFormat | None = NumberFormat()
        self._doubt = ""
        values = as_floats(column)
        if is_text(column):
            self._form = format_of(column, table.decimal, options.missing, sure=options.decimal != "auto")
            values, bad = self._form.array(column)
            known = np.isfinite(values).sum()
            self._doubt = why_doubtful(self._form)
            if bad.sum() > known or not known or self._doubt:
                self._form = None
        words = self._form.words if self._form is not None else ""
        self._written = words.removeprefix("decimal commas").removeprefix(", ")  # which is said of the whole file
        self._sentinel = sentinel_of(values)
        self._low, self._high, self._missing, self._bad = math.inf, -math.inf, 0, 0
        self._example, self._labels, self._many = "", dict[str, None](), False
        self._rises = OnlyRises()

    def take(self, block: Block) -> None:
        column = block.columns[self._k]
        if self._form is None or pa.types.is_temporal(column.type):
            self._take_texts(column)
            return
        values, bad = self._form.array(column) if is_text(column) else (as_floats(column), np.zeros(len(column), bool))
        finite = values[np.isfinite(values)]
        self._rises.take(finite)
        self._bad += int(bad.sum())
        self._missing += int(len(values) - finite.size - bad.sum())
        if finite.size:
            self._low, self._high = min(self._low, float(finite.min())), max(self._high, float(finite.max()))
            self._example = f"{finite[-1]:.10g}"

    def seen(self) -> ColumnSeen:
        known = self._low <= self._high
        return ColumnSeen(
            name=self._name, low=self._low if known else None, high=self._high if known else None,
            example=self._example, missing=self._missing, unreadable=self._bad,
            labels=() if self._many else tuple(self._labels), written=self._written,
            sentinel=self._sentinel, doubt=self._doubt, counts=self._rises.told,
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
