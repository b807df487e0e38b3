"""CSV text: lines of fields, with or without a header."""

import csv
import re
from typing import Final

from streammi.errors import FeedError
from streammi.ingest.formats.columns import is_number
from streammi.ingest.formats.content import Content, Wanted
from streammi.ingest.formats.format import Format
from streammi.ingest.formats.lines import lines
from streammi.ingest.formats.magic import named_text
from streammi.ingest.side_frame import is_beside
from streammi.network.frames import Frames, is_text, last_frame, text_of, utf8

LOOKED_AT: Final = 4096  # characters
COLUMNS_SHOWN: Final = 16
FLOATS: Final = (4, 8)  # bytes
DELIMITERS: Final = ";\t|,"  # in the order in which they are looked for; else blanks
_WHOLE: Final = re.compile(r"[-+]?[0-9]+")
_DECIMAL_COMMA: Final = re.compile(r"[-+]?[0-9]+,[0-9]+(?:[eE][-+]?[0-9]+)?")


def is_csv(frames: Frames) -> bool:
    """True if the payload is text in which a line has numbers only, or some among other fields."""
    payload = utf8(last_frame(frames))
    if not is_text(payload) or named_text(payload):
        return False
    if len(frames) > 1 and is_beside(payload) and frames[-2] and not is_text(frames[-2]):
        return False  # a time or a counter behind something in bytes
    rows = _rows(payload.decode("utf-8", "replace")[:LOOKED_AT])[:2]
    numeric = [sum(map(is_number, row)) for row in rows]
    return any(n and (n == len(row) or len(row) > 1) for n, row in zip(numeric, rows, strict=True))


def is_csv_header(frames: Frames, paths: tuple[str, ...]) -> bool:
    """True if the payload is a line of column names with all of ``paths`` among them.

    >>> is_csv_header([b"t;flow;valve"], ("flow", "valve")), is_csv_header([b"flow"], ("flow", "valve"))
    (True, False)
    """
    payload = utf8(last_frame(frames))
    if not is_text(payload):
        return False
    text = payload[:LOOKED_AT].decode("utf-8", "replace")
    rows = _rows(text)
    if not rows and _names_in_comment(text, paths) is not None:
        return True
    return len(rows) == 1 and not any(map(is_number, rows[0])) and set(paths) <= set(_names(rows[0]))


def header_in(frames: Frames) -> list[str] | None:
    """The fields of a payload that may be a line of column names, and of nothing else; None where it is none.

    >>> header_in([b"t;flow;valve"]), header_in([b"flow valve"]), header_in([b"flow,1"])
    (['t', 'flow', 'valve'], None, None)
    """
    payload = utf8(last_frame(frames)) if any(frames[-1:]) else b""
    if not is_text(payload) or b"=" in payload or b"{" in payload:
        return None
    rows = _rows(payload[:LOOKED_AT].decode("utf-8", "replace"))
    names = _names(rows[0]) if len(rows) == 1 and _delimiter(frames) is not None else []
    return names if len({*names}) == len(names) > 1 and all(names) and not any(map(is_number, names)) else None


def read_csv(frames: Frames, wanted: Wanted) -> Content | None:
    """Lines of fields between commas, semicolons, tabs or spaces: columns by number, and by name after a header line.

    A header is remembered for the messages that follow; None for a header alone. In a feed of labels only a line with
    the names that are wanted is one.
    """
    text = text_of(last_frame(frames))
    rows = _rows(text)
    if (names := _names_in_comment(text, wanted.paths)) is not None:
        wanted.memory["csv"] = names
        if not rows:
            return None
    if not rows:
        raise FeedError("empty")
    if _is_header(rows[0], wanted):
        _note_other_names(_names(rows[0]), wanted)
        wanted.memory["csv"] = _names(rows[0])
        rows = rows[1:]
        if not rows:
            return None
    width = len(rows[0])
    columns: dict[str, list[str]] = {}
    for k in range(width):
        columns[str(k)] = [row[k] if k < len(row) else "" for row in rows]
    names = wanted.memory.get("csv", [])
    if len(names) == width:
        columns |= {name: columns[str(k)] for k, name in enumerate(names)}
    return Content(columns, hint=wanted.memory.get("csv note", "") or _of_commas(rows[0], text))


def numbers_in(row: list[str]) -> str:
    """Where in the fields of a line without names its numbers are, in words; empty where there are no two.

    >>> numbers_in(["room", "20.5", "40"])
    'its numbers are in columns 1 and 2, counted from 0'
    """
    found = [str(k) for k, field in enumerate(row[:COLUMNS_SHOWN]) if is_number(field)]
    if len(found) < 2:
        return ""
    return f"its numbers are in columns {', '.join(found[:-1])} and {found[-1]}, counted from 0"


def numbers_in_line(payload: bytes) -> str:
    """The same of the first line of a text."""
    rows = _rows(payload[:LOOKED_AT].decode("utf-8", "replace"))
    return numbers_in(rows[0]) if rows else ""


def _is_header(row: list[str], wanted: Wanted) -> bool:
    """True if these fields are names of columns, and not values of which none is a number, as labels are.

    Names are those that are wanted; of columns by number, the first line without a number, and that line again.
    """
    if any(map(is_number, row)):
        return False
    names = _names(row)
    if set(wanted.paths) <= set(names):
        return True
    known = wanted.memory.get("csv")
    return not wanted.labels and (known is None or sorted(known) == sorted(names))


def _note_other_names(names: list[str], wanted: Wanted) -> None:
    """Keep a word on columns that are asked for by their numbers, where a later header has others there."""
    before = wanted.memory.get("csv", names)
    for path in wanted.paths:
        k = int(path) if path.isdecimal() and path not in names else len(names)
        if k < min(len(before), len(names)) and before[k] != names[k]:
            wanted.memory["csv note"] = f"column {k} was {before[k]} and is {names[k]} by a later header: ask by name"


def _of_commas(row: list[str], text: str) -> str:
    """A word on whole numbers between commas of which every second one may be the decimals of the one before it."""
    pairs = len(row) % 2 == 0 and len(row) >= 4 and all(map(_WHOLE.fullmatch, row)) and "," in text
    if not pairs or not any(len(one) > 1 and one[0] == "0" for one in row[1::2]):
        return ""
    return f"{','.join(row)[:40]} may be numbers with decimal commas, read as {len(row)} whole ones: send points"


def _names_in_comment(text: str, paths: tuple[str, ...]) -> list[str] | None:
    """The names that are wanted, in a comment as of Zeek (#fields ts x y) or numpy (# x y); None without one."""
    if not text.startswith("#"):
        return None
    for line in re.split(r"[\r\n]+", text):
        words = re.split(r"[,;\t ]+", line.lstrip("# ").removeprefix("fields").strip())
        if line.startswith("#") and set(paths) <= set(words):
            return words
    return None


def _names(row: list[str]) -> list[str]:
    return [name.strip() for name in row]


def _is_prose(frames: Frames) -> bool:
    """True if words and numbers stand between blanks: a sentence does that as well."""
    rows = _rows(text_of(last_frame(frames))[:LOOKED_AT])[:1]
    return any(len(row) > 1 and not all(map(is_number, row)) and _delimiter(frames) is None for row in rows)


def _may_be_floats(payload: bytes) -> bool:
    """True if a few letters in front of as many NULs may be a float and 0.0: b" 25," is 2.45e-12 as a float32."""
    letters = len(payload.rstrip(b"\0"))
    return letters <= FLOATS[-1] and len(payload) in (2 * size for size in FLOATS if letters <= size)


def _delimiter(frames: Frames) -> str | None:
    return next((d for d in DELIMITERS if d in text_of(last_frame(frames))), None)


def _rows(text: str) -> list[list[str]]:
    found = lines(text)
    if not found:
        return []
    delimiter = next((d for d in DELIMITERS if d in found[0]), None)
    if delimiter == "," and all(map(_DECIMAL_COMMA.fullmatch, found[0].split())) and len(found[0].split()) > 1:
        delimiter = None  # 20,5 19,8
    elif delimiter == "," and ", " in found[0] and all(map(_DECIMAL_COMMA.fullmatch, found[0].split(", "))):
        return [_decimals(line.split(", ")) for line in found]  # 20,5, 19,8
    if delimiter is None:
        return [_decimals(line.split()) for line in found]
    try:
        rows = [row for row in csv.reader(found, delimiter=delimiter, skipinitialspace=True) if row]
    except csv.Error as error:
        raise FeedError("not text", str(error)) from None
    return rows if delimiter == "," else [_decimals(row) for row in rows]


def _decimals(row: list[str]) -> list[str]:
    """A row in which a decimal comma is a point; where there are points too, a comma is something else."""
    if any("." in field and is_number(field) for field in row):
        return row
    return [field.replace(",", ".") if _DECIMAL_COMMA.fullmatch(field.strip()) else field for field in row]


FORMAT: Final = Format(
    "csv",
    "[topic,] CSV text",
    "0, 1, ... or names of a header",
    is_csv,
    read_csv,
    doubtful=lambda frames: _is_prose(frames) or _may_be_floats(last_frame(frames)),
    by_chance=True,
)
