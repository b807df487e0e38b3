"""How the text of a table is laid out: what is between its fields, where its header is, and where its rows begin."""

import csv
import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from streammi.errors import ConfigError
from streammi.ingest.files.file_options import FileOptions
from streammi.ingest.files.numbers.decimal_point import decimal_of, thousands_in
from streammi.ingest.files.table.header import BELOW, given_names, header_of, is_units, named, names_in_comment
from streammi.ingest.files.table.rows import (  # fmt: skip
    BLANKS,
    COMMENTS,
    USUAL,
    Quoting,
    is_comment,
    is_value,
    quoting_of,
    rows_of,
    split,
    width_of,
)
from streammi.ingest.files.times.date_forms import places_of

DELIMITERS: Final = (",", ";", "\t", "|", "^", "~", BLANKS)
LOOKED_AT: Final = 400  # lines from which a table's layout is told,
FIELDS: Final = 5000  # by which is told whether they are values
LOOKED_ON: Final = 8000  # and where the names that are wanted are in none of them
NAMES_WITHIN: Final = 10  # rows, of a file that begins with them
_DOTTED: Final = re.compile(r"\s*[0-9]{1,2}\.[0-9]{1,2}\.(?:[0-9]{4}|[0-9]{2}(?![0-9]))")
_NAMES_OF: Final = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars", BLANKS: "blanks"}
_SEP: Final = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)
_CONTROL: Final = re.compile(r"[\x01-\x08\x0b\x0e-\x1f\x7f-\x9f]")  # what begins with one of these is no text
_SEPARATORS: Final = "\x01\x1c\x1d\x1e\x1f"  # between fields, of Hive and others
NULS: Final = 0.1  # the share of lines with NULs that a file has after a power cut; more have those that are no text


class Layout(NamedTuple):
    """All there is to know to read a table's text."""

    delimiter: str
    names: tuple[str, ...]
    skip: int  # lines before the first row
    decimal: str = "."  # empty: nothing says it
    comment: str = ""  # lines that begin so are none
    header: tuple[str, ...] = ()  # the fields of the line of names, which may come again
    said: tuple[str, ...] = ()  # what is worth a word
    units: tuple[str, ...] = ()  # of the columns, where they stand below their names
    least: int = 0  # fields of a row: between blanks nothing tells which one is missing
    quoting: Quoting = USUAL


def layout_of(head: bytes, path: str, options: FileOptions, wanted: Sequence[str] = ()) -> Layout:
    """The layout of a table by how it begins; ``wanted`` are names that columns must have. ``ConfigError`` for none.

    >>> from streammi.ingest.files.file_options import PLAIN
    >>> layout = layout_of(b"sep=;\\nlogger 7\\nzeit;x;y\\n01.03.2026;1,5;2\\n02.03.2026;1,6;3\\n", "", PLAIN)
    >>> layout.delimiter, layout.names, layout.skip, layout.decimal
    (';', ('zeit', 'x', 'y'), 3, ',')
    """
    lines = _lines(head, path, options.skip_rows or 0, wanted)
    start = min(options.skip_rows or 0, len(lines))
    asked = _SEP.fullmatch(lines[start]) if start < len(lines) else None
    start += asked is not None
    comment = next((mark for mark in COMMENTS if any(is_comment(line, mark) for line in lines[start:])), "")
    places = [k for k in range(start, len(lines)) if _is_row(lines[k]) and not is_comment(lines[k], comment)]
    if not places and options.skip_rows:
        raise ConfigError("--skip-rows", f"fewer lines than {path} begins with: none is left", options.skip_rows)
    if not places:
        raise _no_table(path)
    rows = [lines[k] for k in places]
    delimiter = asked[1] if asked else _delimiter(_around_names(rows, wanted), wanted, len(options.columns))
    quoting = quoting_of(rows, delimiter)
    fields, starts = rows_of(rows, delimiter, quoting)
    at = [places[k] for k in starts]  # the line of each row
    head_at, first, is_toa5 = header_of(fields, wanted)
    body = fields[first:] or fields
    header = tuple(fields[head_at]) if head_at is not None else ()
    above = lines[start : at[first] if first < len(at) else None]
    said: list[str] = []
    if head_at is None and (commented := names_in_comment(above, comment, body, delimiter, wanted)):
        header, said = commented, [f"names from the comment {comment} {' '.join(commented)}"[:80]]
    if delimiter != "," and not asked:
        said.append(f"{_NAMES_OF.get(delimiter, repr(delimiter))} between fields")
    if options.columns:
        names = given_names(options.columns, max(width_of(body), len(header)))
    else:
        names = named(header, body, path, delimiter)
        said += _header_said(names, header, 0 if head_at is None else at[head_at], start, options)
    if head_at is not None and first > head_at + 1:
        left = first - head_at - 1
        said.append(
            "TOA5"
            if is_toa5
            else "units or types below the names left out"
            if left <= BELOW
            else f"{left} rows below the names left out, which begin with words"
        )
    decimal, words = (options.decimal, "") if options.decimal != "auto" else _decimal(body, len(names), delimiter)
    below = fields[head_at + 1 : first] if head_at is not None else []
    return Layout(
        delimiter, names, at[first] if first < len(at) else len(lines) - (lines[-1] == ""), decimal, comment, header,
        (*said, *filter(None, [words])), tuple(next((row for row in below if is_units(row)), [])),
        width_of(body) if delimiter == BLANKS else 0, quoting,
    )  # fmt: skip


def _lines(head: bytes, path: str, skipped: int, wanted: Sequence[str]) -> list[str]:
    """The lines from which the layout is told; ``ConfigError`` for what is no text."""
    text = head.decode("utf-8", "replace")
    start = text[:4096].split("\n")[:-1] or [text[:4096]]
    nuls = sum(not _is_row(line) for line in start if line)
    if (control := _CONTROL.search(text[:4096])) or nuls > max(NULS * len(start), 1):
        byte, at = (ord(control[0]), control.start()) if control else (0, max(text.find("\0"), 0))
        mend = f"tr '\\{byte:03o}' ," if chr(byte) in _SEPARATORS else f"tr -d '\\{byte:03o}'"
        there = f" (line {text.count(chr(10), 0, at) + 1} has the byte 0x{byte:02X}, as no text has: {mend})"
        raise _no_table(path, there if at or control else "")
    if not text.strip("\0\n\t "):
        raise _no_table(path, " (there is nothing in it)")
    lines = text.split("\n", LOOKED_ON + skipped + 1)[: LOOKED_ON + skipped]
    short = lines[: LOOKED_AT + skipped]
    return short if not wanted or all(any(name in line for line in short) for name in wanted) else lines


def _around_names(rows: Sequence[str], wanted: Sequence[str]) -> Sequence[str]:
    """The rows by which is told what is between fields: those from the names on, behind a preamble."""
    there = (k for k, row in enumerate(rows) if all(name in row for name in wanted))
    return rows[next(there, 0) :]


def _is_row(line: str) -> bool:
    """True if there is something in a line, and it is whole: a power cut leaves NULs in a file."""
    return bool(line.strip()) and "\0" not in line


def _no_table(path: str, why: str = "") -> ConfigError:
    return ConfigError("file", f"text with a line of column names, and numbers below{why}", path)


def _header_said(
    names: Sequence[str], header: Sequence[str], line: int, start: int, options: FileOptions
) -> list[str]:  # fmt: skip
    if not header:
        return [f"no header: the columns are {', '.join(names[:4])}{', ...' if len(names) > 4 else ''}"]
    if len(names) > 1 and not names[0] and header[0] and len(names) == len(header) + 1:
        return ["the first column has no name"]
    return [f"names in line {line + 1}"] if line > start and options.skip_rows is None else []


def _decimal(body: Sequence[Sequence[str]], width: int, delimiter: str) -> tuple[str, str]:
    columns: list[list[str]] = [[] for _ in range(width)]
    for row in body:
        for column, field in zip(columns, row, strict=False):
            column.append(field)
    return decimal_in(columns, delimiter)


def decimal_in(columns: Sequence[Sequence[str]], delimiter: str) -> tuple[str, str]:
    """The decimal point of a table, empty where nothing says it; and what is to be said of that."""
    numbers = [[text for text in column if not places_of(text)] for column in columns]
    decimal, open_ = decimal_of(numbers)
    if decimal == ",":
        return ",", "decimal commas"
    if not open_:
        return decimal, ""
    between, beside = thousands_in(numbers)
    if between == ".":
        return ",", f"points between thousands ({open_}, beside {beside}; else --decimal .)"
    if between == ",":
        return ".", f"commas between thousands ({open_}, beside {beside}; else --decimal ,)"
    # Semicolons are between fields where commas are taken, and dates with points where these are no decimal points.
    semicolons = delimiter == ";"
    dotted = any(_DOTTED.match(text) for column in columns for text in column[:LOOKED_AT])
    if "." in open_:
        return ".", f"points are decimal ({open_}; else --decimal ,)" if semicolons else ""
    if semicolons or dotted:
        return ",", f"decimal commas ({open_}; else --decimal .)"
    return ".", f"commas between thousands ({open_}; else --decimal ,)"


def _delimiter(lines: Sequence[str], wanted: Sequence[str], named: int) -> str:
    """Find what is between the fields: it parts the most lines alike, and makes the wanted names fields.

    ``named`` is how many fields have been given a name, 0 for unknown. ``ConfigError`` where it may be one or another.
    """
    lines = lines[: LOOKED_AT // 2]
    scores: dict[str, tuple[float, ...]] = {}
    headed = False  # one of them parts names and rows alike
    with_tabs = sum("\t" in line for line in lines)
    for rank, delimiter in enumerate(DELIMITERS):
        if delimiter != BLANKS and not any(delimiter in line for line in lines):
            continue
        try:
            rows = split(lines, delimiter)
        except csv.Error:
            continue
        width = width_of(rows)
        alike = [row for row in rows if len(row) == width]
        has_names = bool(wanted) and not any(map(is_value, wanted)) and any(set(wanted) <= set(row) for row in rows)
        values = [field for row in alike[-50:] for field in row][-FIELDS:]
        good = 0.2 + sum(map(is_value, values)) / max(len(values), 1)
        if delimiter == BLANKS and 2 * with_tabs > len(lines):
            good *= 0.8  # these are rather in the fields
        if width > 1 and any(len(row) == width and not any(map(is_value, row)) for row in rows[:NAMES_WITHIN]):
            good *= 1.3  # names, parted as the rows are
            headed |= len(alike) > 0.9 * len(rows)
        elif delimiter == BLANKS and headed:
            good *= 0.5  # within dates and texts of a table that has names
        told = float(has_names and width > 1) + float(width == named > 1)
        scores[delimiter] = (told, float(width > 1) * len(alike) / len(rows) * good, float(-rank))
    best = max(scores, key=lambda one: scores[one], default=",")
    if best == "," and scores.get(best, ())[:2] == scores.get(BLANKS, (0.0,))[:2]:
        raise _either_delimiter(lines[-1])
    return best if best in scores and scores[best][:2] != (0.0, 0.0) else ","


def _either_delimiter(line: str) -> ConfigError:
    """The refusal of rows such as ``1 234,567 890``: three columns with blanks between, or two with commas."""
    ways = " or ".join(f"{len(split([line], way)[0])} with {_NAMES_OF[way]}" for way in (",", BLANKS))
    return ConfigError("--columns", f"given, a name for each: {line.strip()[:60]!r} may be {ways} between")
