"""The records of a file of JSON: an object a line, or one document that has them all, wherever it has them."""

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any, Final

import msgspec

from streammi.errors import FeedError
from streammi.ingest.files.text.source import Source
from streammi.ingest.formats.columns import is_time
from streammi.ingest.formats.json_text import parse_json, parse_lines
from streammi.ingest.time_units import epoch_unit

WHOLE: Final = 1 << 28  # bytes of a document that is held as a whole
LOOKED_AT: Final = 1000  # records, of a first look
TOLD_FROM: Final = 3  # lines by which is told whether each is a record
_SIGNS: Final = re.compile(rb'"(?:[^"\\]|\\.)*+"?|[\[\]{}]', re.DOTALL)
_INSIDE: Final = "records in "
DEPTH: Final = 6  # of what the records are in
_JSON: Final = re.compile(rb"[\s\x1e]*(?:\{|\[\s*(?:[\[{\"\]]|-?[0-9]|null|true|false))")


def is_json(head: bytes) -> bool:
    """True if a file begins as JSON does, and not with a [Section].

    >>> [is_json(head) for head in (b'{"x": 1}', b' [\\n{"x"', b"[1, 2]", b"[Data]", b"x,y")]
    [True, True, True, False, False]
    """
    return _JSON.match(head) is not None


class JsonRecords:
    """The records of an open file, as bytes of JSON, once; ``head`` are the first ones, which are not used up."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self.said: list[str] = []
        lines = [text for line in source.head.split(b"\n")[:LOOKED_AT] if (text := _bare(line))]
        more = len(lines) > 1 or not source.ended  # of a live source, the first line may be all there is so far
        self._in_lines = more and len(lines) > 0 and all(map(_is_record, lines[:TOLD_FROM]))
        self._whole: list[bytes] = []
        if self._in_lines:
            self.head = lines
        else:
            self._whole = self._records(b"".join(source.rest(WHOLE)))
            self.head = self._whole[:LOOKED_AT]

    @property
    def form(self) -> str:
        """The name of it."""
        return "JSON Lines" if self._in_lines else "JSON"

    def blocks(self) -> Iterator[tuple[int, list[bytes]]]:
        """The records as they come, and the line of the first of them; their number where there are no lines."""
        if self._in_lines:
            for line, text in self._source.blocks():
                yield line, [record for row in text.split(b"\n") if (record := _bare(row))]
        for start in range(0, len(self._whole), LOOKED_AT):
            yield start + 1, self._whole[start : start + LOOKED_AT]

    def _records(self, text: bytes) -> list[bytes]:
        """The records of a document; itself where it is one, or cannot be read, which is then said of it."""
        try:
            found = parse_json(text)
        except FeedError:
            several = parse_lines(text)
            if several is not None:
                return [msgspec.json.encode(one) for one in several]
            whole = without_cut_end(text)
            if whole is None:
                return [text]
            found = parse_json(whole)
            self.said.append("cut off at its end: the records before are taken")
        rows, where = _rows_of(found, DEPTH)
        if rows is None:
            return [text]
        self.said += [where] if where else []
        return [msgspec.json.encode(row) for row in rows]


def without_cut_end(text: bytes) -> bytes | None:
    """A document up to the last whole record of its array, and closed there; None where it was not cut off.

    >>> without_cut_end(b'{"data": [{"x": [1, 2]}, {"x": [3, 4]}, {"x": [5'), without_cut_end(b'[{"x": 1}]')
    (b'{"data": [{"x": [1, 2]}, {"x": [3, 4]}]}', None)
    """
    inside = bytearray()
    stop, around = 0, b""
    for sign in _SIGNS.finditer(text):
        bracket = sign[0]
        if bracket in (b"[", b"{"):
            inside += bracket
        elif bracket in (b"]", b"}"):
            if not inside or abs(inside[-1] - bracket[0]) > 2:  # of another kind: what is wrong is not the end
                return None
            inside.pop()
            if inside.endswith(b"[") and (not stop or len(inside) <= len(around)):
                stop, around = sign.end(), bytes(inside)
    if not inside or not stop:
        return None
    return text[:stop] + around[::-1].translate(bytes.maketrans(b"[{", b"]}"))


def records_in(texts: Sequence[bytes]) -> list[Any]:
    """The records that these are, without those that are no JSON."""
    found: list[Any] = []
    for text in texts:
        with suppress(FeedError):
            found.append(parse_json(text))
    return found


def _bare(line: bytes) -> bytes:
    """A line without what stands around the records of an array: brackets, commas, separators.

    >>> [_bare(line) for line in (b"[", b' {"x": 1},', b'[{"x": 1},', b'{"x": 1}]', b"]", b"[1, 2],")]
    [b'', b'{"x": 1}', b'{"x": 1}', b'{"x": 1}', b'', b'[1, 2]']
    """
    text = line.strip(b" \t\r\x1e\0")
    text = text.removesuffix(b",").rstrip()
    if text[:2] in (b"[{", b"[[") and text.count(b"[") > text.count(b"]"):
        text = text[1:]
    if text[-2:] in (b"}]", b"]]") and text.count(b"]") > text.count(b"["):
        text = text[:-1]
    return b"" if text in (b"[", b"]") else text


def _is_record(text: bytes) -> bool:
    try:
        return isinstance(parse_json(text), dict | list)
    except FeedError:
        return False


def _rows_of(found: Any, depth: int) -> tuple[list[Any] | None, str]:
    """The records in what JSON says, and what is to be said of where they were; None where it is one itself."""
    if isinstance(found, list):
        if found and isinstance(found[0], list) and _are_names(found[0]):
            return [dict(zip(found[0], row, strict=False)) for row in found[1:]], "names in the first row"
        if len(found) == 1 and depth and (inner := _rows_of(found[0], depth - 1))[0]:  # a list of one answer
            return inner
        return found, ""
    if not isinstance(found, dict) or not depth:
        return None, ""
    for names in ("columns", "fields", "header", "names"):  # beside rows without names
        rows = next((value for key, value in found.items() if key != names and _is_table(value)), None)
        if rows is not None and isinstance(found.get(names), list) and (called := _names_in(found[names])):
            named = [dict(zip(called, row, strict=False)) for row in rows]
            return _with_times(named, found.get("index")), f"names in {names}"
    columns = {key: value for key, value in found.items() if isinstance(value, list | dict) and len(value) > 1}
    if len(columns) > 1 and (beside := _beside(columns)) is not None:
        return beside
    # What has the most records is what they are in.
    inside = [(key, value) for key, value in found.items() if isinstance(value, list | dict)]
    best: tuple[list[Any] | None, str] = (None, "")
    for key, value in inside:
        rows, where = _rows_of(value, depth - 1) if value else (None, "")
        if rows and isinstance(rows[0], dict | list) and len(rows) > len(best[0] or ()):
            within = where and not where.startswith(_INSIDE)
            best = rows, where if within else _INSIDE + "/".join(filter(None, (key, where.removeprefix(_INSIDE))))
    return best


def _beside(columns: dict[str, Any]) -> tuple[list[Any], str] | None:
    """Records that are written column by column, or under a number each; None for others."""
    values = list(columns.values())
    if all(isinstance(one, list) and not any(isinstance(x, list | dict) for x in one) for one in values):
        if len(set(map(len, values))) == 1:
            return [dict(zip(columns, row, strict=True)) for row in zip(*values, strict=True)], "columns side by side"
        return None
    if not all(isinstance(one, dict) for one in values) or any(set(one) != set(values[0]) for one in values):
        return None
    if _are_numbers_or_times(list(columns)):
        by = "number" if all(map(str.isdigit, columns)) else "time"
        return _with_times(values, list(columns)), f"records by {by}"
    if any(isinstance(x, list | dict) for one in values for x in one.values()):
        return None
    if not _are_numbers_or_times(list(values[0])):
        return None
    rows = [{name: one[key] for name, one in columns.items()} for key in values[0]]
    return _with_times(rows, list(values[0])), "columns side by side"


def _are_numbers_or_times(keys: Sequence[str]) -> bool:
    return all(key.isdigit() for key in keys) or all(key[:1].isdigit() and is_time(key) for key in keys[:LOOKED_AT])


def _with_times(rows: list[Any], index: Any) -> list[Any]:
    """Records with the times under which they stand, or that stand beside them; numbers of rows are none.

    >>> _with_times([{"x": 1}, {"x": 2}], ["1772359200000", "1772359201000"])[1]
    {'time': 1772359201000, 'x': 2}
    >>> _with_times([{"x": 1}, {"x": 2}], [0, 1])
    [{'x': 1}, {'x': 2}]
    """
    if not isinstance(index, list) or len(index) != len(rows) or not all(isinstance(row, dict) for row in rows):
        return rows
    keys = [int(key) if isinstance(key, str) and key.isdigit() else key for key in index]
    times = (epoch_unit(key) is not None if isinstance(key, int | float) else is_time(key) for key in keys[:LOOKED_AT])
    if not keys or any("time" in row for row in rows[:1]) or not all(times):
        return rows
    return [{"time": key, **row} for key, row in zip(keys, rows, strict=True)]


def _is_table(value: Any) -> bool:
    """True if these are several records: objects, or rows."""
    return isinstance(value, list) and len(value) > 0 and all(isinstance(one, dict | list) for one in value[:3])


def _are_names(row: Sequence[Any]) -> bool:
    return len(row) > 1 and all(isinstance(one, str) for one in row) and len(set(row)) == len(row)


def _names_in(value: Sequence[Any]) -> list[str]:
    """The names in a list of them, or of what describes columns."""
    names = [one.get("name") if isinstance(one, dict) else one for one in value]
    return [str(name) for name in names] if all(isinstance(name, str | int) for name in names) else []
