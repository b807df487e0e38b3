"""The report on a file: its columns, its times, and the command that replays it."""

import shlex
from datetime import UTC, datetime
from itertools import combinations
from typing import Final

import msgspec

from streammi.ingest.files.file_options import FileOptions
from streammi.ingest.files.numbers.switch_words import SWITCH_SAID
from streammi.ingest.files.times.time_names import is_time_name

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
    doubt: str = ""  # what keeps its numbers from being read
    written: str = ""  # how its numbers are written, where that is worth a word
    sentinel: float | None = None  # a value that may stand for none
    counts: bool = False  # it only rises, as the numbers of rows and times do

    @property
    def varies(self) -> bool:
        """True if it is a number with more than one value."""
        return self.low is not None and self.low != self.high


class FileReport(msgspec.Struct, frozen=True, kw_only=True):
    """The findings."""

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


def pair_of(columns: list[ColumnSeen]) -> tuple[str, str] | None:
    """The first two columns of numbers: those that vary before numbers of rows and times, and these before others."""

    def order(column: ColumnSeen) -> tuple[bool, bool]:
        return not column.varies, column.counts or is_time_name(column.name)

    numbers = [column for column in columns if column.low is not None]
    best = sorted(numbers, key=order)[:2]
    return next(combinations([column.name for column in numbers if column in best], 2), None)


def labels_of(columns: list[ColumnSeen], rows: int) -> tuple[str, str] | None:
    """The first two columns of few texts, which come again and again in so many rows."""

    def comes_often(column: ColumnSeen) -> bool:
        return 1 < len(column.labels) <= rows // 2 or (SWITCH_SAID in column.written and column.varies)

    often = [column for column in columns if not column.doubt and comes_often(column)]
    return next(combinations([column.name for column in often], 2), None)


def why_alone(columns: list[ColumnSeen], path: str) -> str:
    """Why there is no pair in a file."""
    numbers = [column for column in columns if column.low is not None]
    if doubtful := [column for column in columns if column.doubt]:
        return f"{doubtful[0].name} has {doubtful[0].doubt}"
    if len(numbers) == 1 and (names := next((column for column in columns if 1 < len(column.labels) <= MANY), None)):
        words = shlex.join(["--x", f"{path}:{names.labels[0]}", "--y", f"{path}:{names.labels[1]}"])
        named = f"if {names.name} names signals ({', '.join(names.labels[:3])}): streammi replay {words}"
        return f"there are no two columns of numbers; {named}"
    if not numbers:
        return "there is no column of numbers"
    both = f"--x {shlex.quote(f'{path}:{numbers[0].name}')} --y OTHER_FILE:COL"
    return f"there are no two columns of numbers; with another file: streammi replay {both}"


def command_of(path: str, x: str, y: str, options: FileOptions, t: str | None, *, labels: bool = False) -> str:
    """The command that replays a file, as a shell takes it."""
    given = [f"--{name.replace('_', '-')}={value}" for name, value in options.as_given().items()]
    words = ["streammi", "replay", path, "--x", x, "--y", y, *(["--time", t] if t is not None else []), *given]
    words += ["--bins", "categories"] if labels else []
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
