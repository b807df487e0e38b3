"""The line of names above a table: which it is, what stands below it, and what the columns are called."""

import re
import unicodedata
from collections.abc import Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from streammi.errors import ConfigError
from streammi.ingest.files.table.rows import BLANKS, holds_values, is_absent, is_comment, is_value, split, width_of
from streammi.ingest.files.times.date_forms import has_date, places_of
from streammi.ingest.files.times.time_names import is_time_name

NAMED_WITHIN: Final = 60  # rows among which names are looked for
BODY: Final = 50  # rows behind the names by which is told how many fields a row has
BELOW: Final = 3  # rows below them that may be units or types
_UNIT: Final = re.compile(
    r"|-|[\[(<].*[\])>]|%|°[CF]?|[kMmµunpG]?(?:s|sec|V|W|Wh|A|Ah|Hz|g|m|Pa|bar|N|J|K|C|l|B|Ohm|Ω|rad|deg|T)(?:[/·*^].*|\d)?"
    r"|rpm|ms|us|ns|min|hr?|days?|RN|TS|Smp|Avg|Min|Max|Std|Tot|mbar|hPa|ppm|ppb|lux|counts?|unit(?:s|less)?|(?:int|float|double)\d*"
    r"|string|str|text|date|time|datetime|timestamp|bool(?:ean)?|none|n/?a|m/s2?|km/h|dB[A-Z]?|pH|psi|W/m.?2?|deg\s?[CFT]?"
    r"|(?i:(?:milli|micro|nano|kilo|mega)?(?:volts?|amp(?:ere)?s?|watts?|seconds?|met(?:er|re)s?|hertz|ohms?|pascals?|grams?)|celsius"
    r"|minutes?|hours?|kelvin|percent|degrees?)|yr|mo|dy|mn|degT|nmi|ft|-+"
)  # fmt: skip

_MARKS: Final = "#;!*"  # before a line that is none of values
_WORD: Final = re.compile(r"[^\W\d]")
_LABEL: Final = re.compile(r"[^\W\d_]{2}")


class Header(NamedTuple):
    """Where the names are, and where the rows begin, by the places of rows."""

    at: int | None  # None: nowhere
    first: int
    is_toa5: bool = False  # of Campbell's loggers


def header_of(fields: Sequence[Sequence[str]], wanted: Sequence[str]) -> Header:
    """Find the row that has the names, and the first of the body."""
    if fields[0] and fields[0][0] in ("TOA5", "TOB1", "TOACI1") and len(fields) > 1:
        return Header(1, next((k for k in range(2, len(fields)) if holds_values(fields[k])), len(fields)), is_toa5=True)
    at = _with_names(fields, wanted) if wanted else None
    if at is None:
        at = _by_what_follows(fields)
    if at is None:
        width = width_of(fields)
        body = (k for k, row in enumerate(fields) if len(row) == width and holds_values(row))
        return Header(None, next(body, len(fields)))
    first = at + 1
    while first < len(fields) and first <= at + BELOW and is_units(fields[first]) and not holds_values(fields[first]):
        first += 1
    return Header(at, _behind_labels(fields, first))


def _with_names(fields: Sequence[Sequence[str]], wanted: Sequence[str]) -> int | None:
    """The row that has these names: of several the first that has rows of the table below it."""
    there = [k for k, row in enumerate(fields) if set(wanted) <= set(row)]
    with_values = [k for k in there if holds_values(fields[k])]
    if len(with_values) > BELOW or any(_is_below_names(fields, k) for k in with_values[:1]):
        there = [k for k in there if k not in with_values]  # a signal a row, by its name
    if any(map(is_value, wanted)):  # the number of a column may stand in any row
        there = [k for k in there if _is_named_by_numbers(fields, k)]
    if len(there) > 1 and _begins_with_values(fields):
        below = ((k, fields[k + 1 : k + 2 + BELOW]) for k in there)
        return next((k for k, rows in below if any(_is_told(row[0]) for row in rows if row)), there[0])
    return there[0] if there else None


def _is_below_names(fields: Sequence[Sequence[str]], at: int) -> bool:
    """True if a row has values, and one above it that is as long has none: signals are named in the rows."""
    row, above = fields[at], fields[:at][:NAMED_WITHIN]
    return holds_values(row) and any(len(other) == len(row) and _are_names(other) for other in above)


def _are_names(row: Sequence[str]) -> bool:
    """True if a row has a word in each field, and no values."""
    words = [field for field in row if field]
    return len(words) > 1 and all(map(_WORD.match, words)) and not holds_values(row) and not is_units(row)


def _is_named_by_numbers(fields: Sequence[Sequence[str]], at: int) -> bool:
    """True if a row has names, some of which are numbers, as in ``time,0,1``: those of rows are not 0, 1, ..."""
    row = fields[at]
    numbers = [field for field in row if _is_told(field)]
    again = (len(other) == len(row) and set(other) & (set(row) - set(numbers) - {""}) for other in fields[at + 1 :])
    above = any(len(other) == len(row) and holds_values(other) for other in fields[:at])
    plain = len(set(numbers)) == len(numbers) < len(row) and all(map(str.isdigit, numbers))
    return plain and not above and not any(again)


def _behind_labels(fields: Sequence[Sequence[str]], first: int) -> int:
    """The first row behind those that begin with a word where the rows of the table begin with a value.

    Programs write there what they know of each column: its unit, its type, its rate.
    """
    if not _begins_with_values(fields[first:]):
        return first
    behind = (k for k, row in enumerate(fields[first:]) if not _is_of_columns(row))
    return first + next(behind, 0)


def _is_of_columns(row: Sequence[str]) -> bool:
    """True if a row says something of each column, and is none of the table's."""
    if is_units(row) and not holds_values(row):
        return True
    return bool(row and _LABEL.match(row[0])) and not is_value(row[0])


def _begins_with_values(rows: Sequence[Sequence[str]]) -> bool:
    """True if rows begin with a number or a time, as nearly all of the second half of these do."""
    begin = [_is_told(row[0]) for row in rows[len(rows) // 2 :] if row and not is_absent(row[0])]
    return len(begin) >= BELOW and sum(begin) >= 0.95 * len(begin)


def _is_told(field: str) -> bool:
    return is_value(field) and not is_absent(field)


def _by_what_follows(fields: Sequence[Sequence[str]]) -> int | None:
    """The row of names by what it is, a text, and by what follows it: rows of values that are as long."""
    width = width_of(fields)
    fits = (width, width - 1) if is_open(fields) else (width,)
    rows = _until_values(fields, width)
    texts = [k for k, row in enumerate(rows) if len(row) in fits and any(row) and not holds_values(row)]
    if not texts:
        return None
    at = texts[0]
    if len(texts) <= 0.5 * len(rows):  # else there are labels, which are all text
        # There may be lines of another kind above it, and other tables below: rows of values follow at once.
        below = {k: fields[k + 1 : k + 1 + BELOW] for k in texts}
        alike = (k for k in texts if all(len(row) in (len(fields[k]), *fits) for row in below[k]))
        at = next((k for k in alike if any(map(holds_values, below[k]))), -1)
        if at < 0:  # none has values below it: behind rows of them it is a footer
            at = texts[-1]
            if any(len(row) == width and holds_values(row) for row in rows[:at]):
                return None
    while at > 0 and len(fields[at - 1]) == len(fields[at]) == width and is_units(fields[at]):
        at -= 1
    return at


def _until_values(fields: Sequence[Sequence[str]], width: int) -> Sequence[Sequence[str]]:
    """The rows as far as names are looked for: behind a long preamble as well."""
    first = next((k for k, row in enumerate(fields) if len(row) == width and holds_values(row)), 0)
    return fields[: max(NAMED_WITHIN, first + 1)]


def is_units(row: Sequence[str]) -> bool:
    """True if a row is one of units or types, as some loggers write below the names."""
    present = [field for field in row if field]
    return bool(present) and sum(_UNIT.fullmatch(field) is not None for field in present) >= 0.6 * len(present)


def names_in_comment(
    lines: Sequence[str], comment: str, body: Sequence[Sequence[str]], delimiter: str, wanted: Sequence[str]
) -> tuple[str, ...]:
    """The names in the last comment before the body that has as many fields as that, as in ``# t x y``."""
    width = width_of(body)
    found: list[tuple[str, ...]] = []
    for line in reversed([line for line in lines if is_comment(line, comment)]):
        text = line.strip().removeprefix(comment).lstrip(comment).strip()
        for way in (delimiter, BLANKS, ","):
            row = split([text], way)[0] if text else []
            if len(row) == width and not holds_values(row):
                found.append(tuple(row))
                break
    best = [row for row in found if set(wanted) <= set(row)] if wanted else []
    names = [row for row in found if not is_units(row)]
    return next(iter([*best, *names, *found]), ())


def is_open(fields: Sequence[Sequence[str]]) -> bool:
    """True if there is a delimiter behind each row's last field too."""
    width = width_of(fields)
    return all(not row[-1] for row in fields if len(row) == width)


def named(header: Sequence[str], body: Sequence[Sequence[str]], path: str, delimiter: str = ",") -> tuple[str, ...]:
    """The columns' names; by number where there are none. ``ConfigError`` where rows have more fields than names."""
    body = body[:BODY]
    width = width_of(body)
    names = [plain_name(name.strip().lstrip(_MARKS)) if k == 0 else plain_name(name) for k, name in enumerate(header)]
    if len(names) == width + 1 and not names[0] and header[0]:  # ! t x y
        names = names[1:]
    if not names:
        return tuple(str(k) for k in range(width))
    while len(names) > width and not names[-1]:
        names.pop()
    if len(names) >= width:
        return tuple(names)
    rows = [row for row in body if len(row) == width]
    if not any(field for row in rows for field in row[len(names) :]):
        return (*names, *[""] * (width - len(names)))
    if len(names) == width - 1 and _are_row_names(names, rows, delimiter):
        return ("", *names)  # R's row names, which have none themselves
    rule = f"given: the rows of {path} have {width} fields, as {', '.join(rows[0])[:60]}, and the names {len(names)}"
    raise ConfigError("--columns", f"{rule} ({', '.join(names)[:60]})")


def _are_row_names(names: Sequence[str], rows: Sequence[Sequence[str]], delimiter: str) -> bool:
    """True if the first fields of rows are their numbers, names or dates, as R writes them, and of no named column."""
    first, second = [row[0] for row in rows], [places_of(row[1]) or {} for row in rows]
    if all(map(str.isdigit, first)):
        steps = {int(after) - int(before) for before, after in pairwise(first)}
        alone = delimiter != "," or not is_time_name(names[0]) or all(second)  # 1,5 may be a number with a comma
        return first[0] in ("0", "1") and steps <= {1} and alone
    if all(has_date(places_of(field) or {}) for field in first):  # a blank may be between the date and the time of day
        return not is_time_name(names[0]) or all("H" in places and not has_date(places) for places in second)
    return not any(is_value(field) for field in first)


def plain_name(name: str) -> str:
    """A name as it is typed: composed letters, and blanks that are blanks.

    >>> plain_name("Gera\u0308t\u00a01 ") == "Gerät 1"
    True
    """
    return unicodedata.normalize("NFC", name).replace("\u00a0", " ").strip()


def given_names(columns: tuple[str, ...], width: int) -> tuple[str, ...]:
    """The names that somebody gave; the rest by number."""
    return (*columns, *(str(k) for k in range(len(columns), width)))
