"""The contents of a file of JSON: the paths of its records, and their values."""

import math
from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np

from streammi.errors import FeedError
from streammi.ingest.clock import Clock
from streammi.ingest.files.file_options import FileOptions
from streammi.ingest.files.file_report import MANY, TIMES, ColumnSeen, FileReport, command_of, pair_of
from streammi.ingest.files.json.json_lines import check_options
from streammi.ingest.files.json.json_records import JsonRecords
from streammi.ingest.files.json.json_times import counted, time_path
from streammi.ingest.files.numbers.only_rises import OnlyRises
from streammi.ingest.files.text.source import Source
from streammi.ingest.formats.columns import is_array, is_time, number
from streammi.ingest.formats.content import TIME_NAMES
from streammi.ingest.formats.json_text import parse_json
from streammi.ingest.record_fields import MAX_SIGNALS, leaves


def json_report(source: Source, options: FileOptions, t: str | None, more: Iterator[bool]) -> FileReport:
    """JSON Lines: the paths of their numbers; ``ConfigError`` for an option of a table."""
    check_options(source.path, options)
    paths, rows, whole, skipped = dict[str, _Path](), 0, True, Counter[str]()
    records = JsonRecords(source)
    deep, told = time_path(records.head) if t is None else (t.replace(".", "/"), "")
    unit = counted(records.head, deep, options) if t != "" else None
    untimed = t == "" or (unit is not None and not unit.unit)
    clock, times, time = Clock(options.time_unit if unit is None else unit.unit or "auto"), list[float](), ""
    for record in _objects_of(records, skipped):
        if record is None:  # a block of lines is done
            if not next(more, False):
                whole = source.read == source.size > 0
                break
            continue
        rows += 1
        usual = () if untimed or t else TIME_NAMES
        name = next((name for name in usual if name in record and is_time(record[name])), "")
        for path, value in leaves(record):
            if path == deep and not untimed and len(times) < TIMES and is_time(value):
                time = deep
                times.append(float(clock.one(value)))
            if path not in (name, deep) and (path in paths or len(paths) < MAX_SIGNALS):
                paths.setdefault(path, _Path()).take(value)
        if name and len(times) < TIMES:
            time = time or name
            times.append(float(clock.one(record[name])))
    columns = tuple(path.seen(name, rows) for name, path in paths.items())
    pair = pair_of(list(columns))
    known = np.array([t for t in times if math.isfinite(t)])
    said = (*records.said, *filter(None, [told * (not deep), unit.said if unit is not None else clock.note]))
    span = {"first": known.item(0), "last": known.item(-1)} if known.size and len(times) < TIMES else {}
    return FileReport(
        path=source.path, rows=rows + sum(skipped.values()), whole=whole,
        form=records.form, columns=columns, said=said, time="" if clock.is_none else time, **span,
        skipped=dict(skipped),
        step=float(np.median(np.abs(np.diff(known)))) if known.size > 1 else None,
        problem="" if pair else "there are no two numbers that come together: a pair takes two",
        command=pair and command_of(source.path, *pair, options, t),
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
    """The facts about the values at a path."""

    def __init__(self) -> None:
        self._low, self._high, self._finite, self._example = math.inf, -math.inf, 0, ""
        self._labels, self._numbers, self._rises = dict[str, None](), False, OnlyRises()

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
                self._rises.one(found)
                self._example = f"{found:.10g}"

    def seen(self, name: str, rows: int) -> ColumnSeen:
        known = self._numbers and self._low <= self._high
        return ColumnSeen(
            name=name, low=self._low if known else None, high=self._high if known else None, example=self._example,
            missing=max(rows - self._finite, 0) if known else 0,
            labels=() if known or len(self._labels) > MANY else tuple(self._labels), counts=self._rises.told,
        )  # fmt: skip
