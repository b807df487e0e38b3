"""How the text of a table is laid out: what is between its fields, where its header is, and where its rows begin."""

import csv
import re
from collections import Counter
from collections.abc import Sequence
from typing import Final, NamedTuple

from streammi.errors import ConfigError
from streammi.ingest.files.calendar_text import places_of
from streammi.ingest.files.file_options import FileOptions
from streammi.ingest.files.number_format import MISSING, decimal_of
from streammi.ingest.timestamps import is_missing

BLANKS: Final = " "  # as a delimiter: any number of them
DELIMITERS: Final = (",", ";", "\t", "|", BLANKS)
COMMENTS: Final = ("#", "%", "//")
_ERRORS: Final = (
    r"#(?:(?:N/?A|NV)\b|(?:DIV/0|VALUE|REF|NUM|NULL|WERT|BEZUG|ZAHL)!|NAME\?)"  # of spreadsheets: fields, no comments
)
LOOKED_AT: Final = 400  # lines from which a table's layout is told
MOST_COLUMNS: Final = 1 << 14
_NAMES_OF: Final = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars", BLANKS: "blanks"}
_ERROR: Final = re.compile(_ERRORS, re.IGNORECASE)
_SEP: Final = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)
_NUMBER: Final = re.compile(
    r"[+-]?(?:[0-9][0-9.,' ]*|[.,][0-9]+)(?:[eE][+-]?[0-9]+)?"
    r"\s*(?:%|°C|[kMmµuGn]?(?:W|V|A|Hz|g|m|s|Pa|bar|rpm|l|K|C))?|[+-]?(?:inf|nan).*",
    re.IGNORECASE,
)
_UNIT: Final = re.compile(
    r"|-|[\[(<].*[\])>]|%|°[CF]?|[kMmµunpG]?(?:s|sec|V|W|Wh|A|Ah|Hz|g|m|Pa|bar|N|J|K|C|l|B|Ohm|Ω|rad|deg|T)(?:[/·*^].*|\d)?"
    r"|rpm|ms|us|ns|min|hr?|days?|RN|TS|Smp|Avg|Min|Max|Std|Tot|mbar|hPa|ppm|ppb|lux|counts?|unit(?:s|less)?|(?:int|float|double)\d*"
    r"|string|str|text|date|time|datetime|timestamp|bool(?:ean)?|none|n/?a|m/s2?|km/h|dB[A-Z]?|pH|psi|W/m.?2?|deg\s?[CF]?|volts?"
)  # fmt: skip
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")  # what begins with one of these is no text


class Layout(NamedTuple):
    """What is to know to read a table's text."""

    delimiter: str
    names: tuple[str, ...]
    skip: int  # lines before the first row
    decimal: str = "."  # empty: nothing says it
    comment: str = ""  # lines that begin so are none
    header: tuple[str, ...] = ()  # the fields of the line of names, which may come again
    said: tuple[str, ...] = ()  # what is worth a word
    units: tuple[str, ...] = ()  # of the columns, where they stand below their names


def split(lines: Sequence[str], delimiter: str) -> list[list[str]]:
    """The fields of each row, as the csv module has them."""
    if delimiter == BLANKS:
        return [
            line.split() if '"' not in line else next(csv.reader([" ".join(line.split())], delimiter=" "), [])
            for line in lines
        ]
    return [[field.strip() for field in row] for row in csv.reader(lines, delimiter=delimiter, skipinitialspace=True)]


def layout_of(head: bytes, path: str, options: FileOptions, wanted: Sequence[str] = ()) -> Layout:
    """The layout of a table by how it begins; ``wanted`` are names that columns must have. ``ConfigError`` for none.

    >>> from streammi.ingest.files.file_options import PLAIN
    >>> layout = layout_of(b"sep=;\\nlogger 7\\nzeit;x;y\\n01.03.2026;1,5;2\\n02.03.2026;1,6;3\\n", "", PLAIN)
    >>> layout.delimiter, layout.names, layout.skip, layout.decimal
    (';', ('zeit', 'x', 'y'), 3, ',')
    """
    text = head.decode("utf-8", "replace")
    if _CONTROL.search(text[:4096].rstrip("\0")) or not text.strip("\0\n\t "):
        raise ConfigError("file", "text with a line of column names, and numbers below", path)
    lines = text.split("\n")[: LOOKED_AT + (options.skip_rows or 0)]
    start = min(options.skip_rows or 0, len(lines))
    asked = _SEP.fullmatch(lines[start]) if start < len(lines) else None
    start += asked is not None
    comment = next((mark for mark in COMMENTS if any(is_comment(line, mark) for line in lines[start:])), "")
    places = [k for k in range(start, len(lines)) if lines[k].strip() and not is_comment(lines[k], comment)]
    if not places:
        raise ConfigError("file", "text with a line of column names, and numbers below", path)
    rows = [lines[k] for k in places]
    delimiter = asked[1] if asked else _delimiter(rows, wanted)
    fields = split(rows, delimiter)
    head_at, first, toa5 = _header(fields, wanted)
    header = tuple(fields[head_at]) if head_at is not None else ()
    said: list[str] = []
    commented = _commented_names(
        lines[start : places[first] if first < len(places) else None], comment, fields, first, delimiter
    )
    if head_at is None and commented:
        header, said = commented, [f"names from the comment {comment} {' '.join(commented)}"[:80]]
    width = max(len(header), _width(fields[first:] or fields))
    names = _named(header, width, _is_open(fields))
    if delimiter != "," and not asked:
        said.append(f"{_NAMES_OF.get(delimiter, repr(delimiter))} between fields")
    if options.columns:
        names = _given_names(options.columns, width, path)
    elif not header:
        said.append(f"no header: the columns are {', '.join(names[:4])}{', ...' if width > 4 else ''}")
    elif head_at is not None and places[head_at] > start and options.skip_rows is None:
        said.append(f"names in line {places[head_at] + 1}")
    if head_at is not None and first > head_at + 1:
        said.append("units or types below the names left out" if not toa5 else "TOA5")
    decimal = options.decimal
    if decimal == "auto":
        body = fields[first:]
        columns = [[row[k] for row in body if k < len(row)] for k in range(min(width, MOST_COLUMNS))]
        decimal, words = decimal_in(columns, delimiter)
        said += [words] if words else []
    skip = places[first] if first < len(places) else len(lines) - (lines[-1] == "")
    below = fields[head_at + 1 : first] if head_at is not None else []
    units = next((row for row in below if len(row) <= width and _is_units(row)), [])
    return Layout(delimiter, names, skip, decimal, comment, header, tuple(said), tuple(units))


def decimal_in(columns: Sequence[Sequence[str]], delimiter: str) -> tuple[str, str]:
    """The decimal point of a table, empty where nothing says it; and what is to be said of that."""
    decimal, open_ = decimal_of([[text for text in column if not places_of(text)] for column in columns])
    if decimal == ",":
        return ",", "decimal commas"
    if not open_:
        return decimal, ""
    semicolons = delimiter == ";"  # which are between fields where commas are taken
    if "." in open_:
        return ".", f"points are decimal ({open_}; else --decimal ,)" if semicolons else ""
    if semicolons:
        return ",", f"decimal commas ({open_}; else --decimal .)"
    return ".", f"commas between thousands ({open_}; else --decimal ,)"


def is_comment(line: str, comment: str) -> bool:
    """Whether a line, or the first field of a row, is a comment that begins so, and no #N/A of a spreadsheet.

    >>> [is_comment(line, "#") for line in ("# by hand", "  #t,x", "#N/A,2", "1,2")]
    [True, True, False, False]
    """
    return bool(comment) and line.lstrip().startswith(comment) and not _ERROR.match(line.lstrip())


def without_comments(text: bytes, comment: str) -> bytes:
    """Text with empty lines for comments."""
    mark = re.escape(comment).encode()
    return re.sub(rb"(?m)^[ \t]*(?!" + _ERRORS.encode() + rb")" + mark + rb".*$", b"", text)


def _delimiter(lines: Sequence[str], wanted: Sequence[str]) -> str:
    """What is between the fields: what parts the most lines alike, and where the names that are wanted are fields."""
    best: tuple[tuple[float, ...], str] = ((-1.0,), ",")
    for rank, delimiter in enumerate(DELIMITERS):
        if delimiter != BLANKS and not any(delimiter in line for line in lines):
            continue
        try:
            rows = split(lines[:200], delimiter)
        except csv.Error:
            continue
        width = _width(rows)
        alike = [row for row in rows if len(row) == width]
        has_names = bool(wanted) and not any(map(is_value, wanted)) and any(set(wanted) <= set(row) for row in rows)
        values = [field for row in alike[-50:] for field in row]
        numeric = sum(map(is_value, values)) / max(len(values), 1)
        score = (
            float(has_names and width > 1), float(width > 1) * len(alike) / len(rows) * (0.2 + numeric), float(-rank),
        )  # fmt: skip
        best = max(best, (score, delimiter))
    return best[1] if best[0][0] >= 0 and best[0][1:2] != (0.0,) else ","


def _width(rows: Sequence[Sequence[str]]) -> int:
    """How many fields most rows have."""
    return Counter(map(len, rows)).most_common(1)[0][0]


def is_value(field: str) -> bool:
    """Whether a field is a number, a time or nothing, and no name."""
    field = field.strip()
    if is_missing(field) or field.lower() in MISSING:
        return True
    return _NUMBER.fullmatch(field) is not None or places_of(field) is not None


def _holds_values(row: Sequence[str]) -> bool:
    """Whether a row is one of a table's body: a number or a time in it."""
    return any(is_value(field) and not (is_missing(field) or field.lower() in MISSING) for field in row)


def _header(fields: Sequence[Sequence[str]], wanted: Sequence[str]) -> tuple[int | None, int, bool]:
    """Which row has the names (None: none has), which is the first of the body, and whether it is Campbell's TOA5."""
    if fields[0] and fields[0][0] in ("TOA5", "TOB1", "TOACI1") and len(fields) > 1:
        first = next((k for k in range(2, len(fields)) if _holds_values(fields[k])), len(fields))
        return 1, first, True
    width = _width(fields)
    named = None
    if wanted and not any(map(is_value, wanted)):  # the number of a column may stand in any row
        named = next((k for k, row in enumerate(fields[:200]) if set(wanted) <= set(row)), None)
    if named is None:
        body = next((k for k, row in enumerate(fields) if len(row) == width and _holds_values(row)), len(fields))
        fits = (width, width - 1) if _is_open(fields) else (width,)
        texts = [k for k, row in enumerate(fields[:60]) if len(row) in fits and any(row) and not _holds_values(row)]
        if not texts:
            return None, body, False
        # The last, as there may be lines of another kind above it; the first where all are text, as labels are.
        named = texts[-1] if len(texts) <= 0.5 * len(fields[:60]) else texts[0]
        named = next(k for k in texts if fields[k] == fields[named])  # it may come again
        body = named + 1
        while named > 0 and len(fields[named - 1]) == len(fields[named]) == width and _is_units(fields[named]):
            named -= 1
    first = named + 1
    while first < len(fields) and first <= named + 3 and _is_units(fields[first]) and not _holds_values(fields[first]):
        first += 1
    return named, first, False


def _is_units(row: Sequence[str]) -> bool:
    """Whether a row is one of units or types, as some loggers write below the names."""
    present = [field for field in row if field]
    return bool(present) and sum(_UNIT.fullmatch(field) is not None for field in present) >= 0.6 * len(present)


def _commented_names(
    lines: Sequence[str], comment: str, fields: Sequence[Sequence[str]], first: int, delimiter: str
) -> tuple[str, ...]:
    """The names in the last comment before the body that has as many fields as that, as in ``# t x y``."""
    width = _width(fields[first:] or fields)
    for line in reversed([line for line in lines if is_comment(line, comment)]):
        text = line.strip().removeprefix(comment).lstrip(comment).strip()
        for way in (delimiter, BLANKS, ","):
            row = split([text], way)[0] if text else []
            if len(row) == width and not _holds_values(row):
                return tuple(row)
    return ()


def _is_open(fields: Sequence[Sequence[str]]) -> bool:
    """Whether there is a delimiter behind each row's last field too."""
    width = _width(fields)
    return all(not row[-1] for row in fields if len(row) == width)


def _named(header: Sequence[str], width: int, is_open: bool) -> tuple[str, ...]:
    """The columns' names; by number where there are none."""
    names = [name.strip().lstrip("#").strip() if k == 0 else name.strip() for k, name in enumerate(header)]
    if not names:
        return tuple(str(k) for k in range(width))
    if len(names) == width - 1 and not is_open:
        return ("", *names)  # R's row names, which have none themselves
    return (*names, *[""] * (width - len(names)))


def _given_names(columns: tuple[str, ...], width: int, path: str) -> tuple[str, ...]:
    if len(columns) > width:
        raise ConfigError("--columns", f"a name for each column of {path}, at most {width}", ",".join(columns))
    return (*columns, *(str(k) for k in range(len(columns), width)))
