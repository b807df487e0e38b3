"""The rows of a table's text: lines to fields, and what is no row."""

import csv
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from streammi.ingest.files.numbers.digits import plain_digits
from streammi.ingest.files.numbers.missing import is_no_value
from streammi.ingest.files.times.date_forms import places_of

if TYPE_CHECKING:
    from _csv import Reader

BLANKS: Final = " "  # as a delimiter: any number of them
COMMENTS: Final = ("#", "%", "//")
_ERRORS: Final = r"#(?:(?:N/?A|NV)\b|[¡!]?[^\W\d_]{2,9}(?:/0)?[!?](?!\w))"  # of spreadsheets: fields, no comments
_ERROR: Final = re.compile(_ERRORS, re.IGNORECASE)
_NUMBER: Final = re.compile(
    r"[+-]?(?:[0-9][0-9.,']*|[1-9][0-9]{0,2}(?:[ \u00a0][0-9]{3})+(?:[.,][0-9]*)?|[.,][0-9]+)(?:[eE][+-]?[0-9]+)?"
    r"\s*(?:%|°C|[kMmµuGn]?(?:W|V|A|Hz|g|m|s|Pa|bar|rpm|l|K|C)|-)?|[+-]?(?:inf|nan).*",
    re.IGNORECASE,
)


class Quoting(NamedTuple):
    """What stands around fields that have the delimiter in them, and whether a backslash stands before it in these."""

    mark: str = '"'
    escaped: bool = False

    def reader(self, lines: Iterable[str], delimiter: str) -> "Reader":
        """The csv module's reader of such lines."""
        escape = "\\" if self.escaped else None
        return csv.reader(lines, delimiter=delimiter, quotechar=self.mark, escapechar=escape, skipinitialspace=True)


USUAL: Final = Quoting()


def rows_of(lines: Sequence[str], delimiter: str, quoting: Quoting = USUAL) -> tuple[list[list[str]], list[int]]:
    """The fields of each row, and the place of its first line among these; one in quotes may have several.

    >>> rows_of(['t,"x', 'y",z', "1,2,3"], ",")
    ([['t', 'x y', 'z'], ['1', '2', '3']], [0, 2])
    """
    if delimiter == BLANKS or not any(quoting.mark in line for line in lines):
        return split(lines, delimiter), list(range(len(lines)))
    reader = quoting.reader((line + "\n" for line in lines), delimiter)
    rows: list[list[str]] = []
    starts = [0]
    for row in reader:
        rows.append([" ".join(field.split("\n")).strip() for field in row])
        starts.append(reader.line_num)
    return rows, starts[:-1]


def quoting_of(lines: Sequence[str], delimiter: str) -> Quoting:
    """What is in quotes in these lines of a table: whatever makes more of its rows alike than the usual quotes.

    >>> quoting_of(["t,m,x", "1,'a, b',5", "2,c,6"], ","), quoting_of(["t,m,x", '1,"a \\\\"b, c\\\\" d",5'], ",")
    (Quoting(mark="'", escaped=False), Quoting(mark='"', escaped=True))
    >>> quoting_of(["t,m,x", "1,it's,5", "2,'6,7"], ",")
    Quoting(mark='"', escaped=False)
    """
    if delimiter == BLANKS:
        return USUAL
    ways = [Quoting("'")] if any(delimiter + "'" in line for line in lines) else []
    ways += [Quoting(escaped=True)] if any('\\"' in line for line in lines) else []
    if not ways:
        return USUAL
    alike = {way: _alike(lines, delimiter, way) for way in (USUAL, *ways)}
    best = max(ways, key=lambda way: alike[way])
    is_around_all = all(field[:1] == field[-1:] == best.mark for field in lines[0].split(delimiter))
    return best if alike[best] > alike[USUAL] or (is_around_all and not best.escaped) else USUAL


def _alike(lines: Sequence[str], delimiter: str, quoting: Quoting) -> tuple[int, int]:
    """How many rows have as many fields as most; of two ways, that with fewer fields is the better one."""
    try:
        rows, _ = rows_of(lines, delimiter, quoting)
    except csv.Error:
        return 0, 0
    width = width_of(rows)
    return sum(len(row) == width for row in rows), -width


def split(lines: Sequence[str], delimiter: str) -> list[list[str]]:
    """The fields of each line, as the csv module has them."""
    if delimiter == BLANKS:
        return [
            line.split() if '"' not in line else next(csv.reader([" ".join(line.split())], delimiter=" "), [])
            for line in lines
        ]
    return [[field.strip() for field in row] for row in csv.reader(lines, delimiter=delimiter, skipinitialspace=True)]


def is_comment(line: str, comment: str) -> bool:
    """True if a line, or the first field of a row, is a comment that begins so, and no #N/A of a spreadsheet.

    >>> [is_comment(line, "#") for line in ("# by hand", "  #t,x", "#N/A,2", "1,2")]
    [True, True, False, False]
    """
    return bool(comment) and line.lstrip().startswith(comment) and not _ERROR.match(line.lstrip())


def without_comments(text: bytes, comment: str) -> bytes:
    """Text with empty lines for comments."""
    mark = re.escape(comment).encode()
    return re.sub(rb"(?m)^[ \t]*(?!" + _ERRORS.encode() + rb")" + mark + rb".*$", b"", text)


def width_of(rows: Sequence[Sequence[str]]) -> int:
    """How many fields most rows have."""
    return Counter(map(len, rows)).most_common(1)[0][0]


def is_value(field: str) -> bool:
    """True if a field is a number, a time or nothing, and no name."""
    field = field.strip()
    if is_absent(field):
        return True
    field = plain_digits(field)
    return _NUMBER.fullmatch(field) is not None or places_of(field) is not None


def is_absent(field: str) -> bool:
    """True if a field says that there is no value."""
    return is_no_value(field)


def holds_values(row: Sequence[str]) -> bool:
    """True if a row is one of a table's body: a number or a time in it."""
    return any(is_value(field) and not is_absent(field) for field in row)
