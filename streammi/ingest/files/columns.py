"""Which columns of a file are wanted, and how each is written: by its name, and by fields from all over the file."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from streammi.errors import ConfigError
from streammi.ingest.files.calendar_text import has_date, places_of
from streammi.ingest.files.file_options import FileOptions
from streammi.ingest.files.number_format import NumberFormat, format_of, sentinel_of
from streammi.ingest.files.tables import Block, Table
from streammi.ingest.files.time_format import (
    TimeFormat,
    is_restless,
    not_times,
    numeric_format,
    rank_of,
    time_format,
)
from streammi.records import FloatArray

LOOKED_THROUGH = 64  # columns that are looked through for dates, where none is called a time
LISTED = 40  # names in a message


class Columns(NamedTuple):
    """The columns of x, of y and, behind these, of the time, by their places; and how they are written."""

    wanted: tuple[int, ...]
    names: tuple[str, str]
    numbers: tuple[NumberFormat, NumberFormat]
    time: TimeFormat | None
    time_name: str
    said: tuple[str, ...]
    hint: str
    examples: str  # of values that are none
    reversed: bool  # the newest comes first, and is to be sorted

    def seconds(self, fields: Sequence[pa.Array]) -> FloatArray:
        """The times of rows in seconds, (n,), NaN where they cannot be read."""
        assert self.time is not None
        return self.time.seconds(joined(fields, self.time.digits))

    def field(self, k: int, text: Any) -> str:
        """A field of x or y, for a message."""
        return f"{self.names[k]} {str(text)[:40]!r}"


class Sample:
    """Fields from all over a file."""

    def __init__(self, blocks: Iterable[Block], width: int) -> None:
        self._blocks = list(blocks)
        self.width = width

    def column(self, k: int) -> pa.Array:
        """Those of a column."""
        parts = [block.columns[k] for block in self._blocks if block.rows]
        return pa.concat_arrays(parts) if parts else pa.array([], pa.string())


def columns_of(table: Table, x: str, y: str, t: str | None, options: FileOptions, labels: bool) -> Columns:
    """The columns of these names; ``ConfigError`` for one that is not there, and for a time that is none."""
    path = table.source.path
    places = [place_of(table.names, "--x", x, path), place_of(table.names, "--y", y, path)]
    sample = Sample(table.sample(), len(table.names))
    numbers, said, examples, hint = [], list[str](), list[str](), ""
    for name, k in zip((x, y), places, strict=True):
        column = sample.column(k)
        form = NumberFormat()
        if not labels:
            fields = column if is_text(column) else pa.array([], pa.string())
            form = format_of(fields, table.decimal, options.missing)
            values = form.array(column)[0] if is_text(column) else as_floats(column)
            if form.words and form.words != "decimal commas" and f"{name} {form.words}" not in said:
                said.append(f"{name} {form.words}")
            if (sentinel := sentinel_of(values)) is not None:
                hint = hint or f"{name} is {sentinel:g} again and again, far outside the rest: --missing={sentinel:g}?"
            if not np.isfinite(values).any() and len(column):
                examples.append(f"{name} (such as {column[0].as_py()!r})")
        numbers.append(form)
    found = time_of(table, sample, places, t, options)
    backwards = found.form is not None and found.form.backwards
    return Columns(
        wanted=(*places, *found.places),
        names=(x, y),
        numbers=(numbers[0], numbers[1]),
        time=found.form,
        time_name=found.name,
        said=(*said, *found.said),
        hint=hint,
        examples=" and ".join(dict.fromkeys(examples)) or f"{x} and {y} together",
        reversed=backwards,
    )


def place_of(names: Sequence[str], option: str, name: str, path: str) -> int:
    """The place of a column; ``name#2`` is the second of a name. ``ConfigError`` that lists those there are."""
    there = [k for k, one in enumerate(names) if one == name]
    if len(there) > 1:
        ways = ", ".join(f"{name}#{n}" for n in range(1, len(there) + 1))
        raise ConfigError(option, f"{ways}: {path} has {len(there)} columns of that name", name)
    if there:
        return there[0]
    base, mark, number = name.rpartition("#")
    again = [k for k, one in enumerate(names) if one == base]
    if mark and number.isdigit() and 1 <= int(number) <= len(again):
        return again[int(number) - 1]
    raise ConfigError(option, f"a column of {path} ({listed(names)})", name)


def listed(names: Sequence[str]) -> str:
    """Names for a message."""
    more = f", and {len(names) - LISTED} more" if len(names) > LISTED else ""
    return ", ".join(name or "(no name)" for name in names[:LISTED]) + more


def is_text(column: pa.Array) -> bool:
    """Whether a column is text, and not typed."""
    return bool(pa.types.is_string(column.type) or pa.types.is_large_string(column.type))


def as_floats(column: pa.Array) -> FloatArray:
    """A column of numbers, (n,); NaN for all where it is of something else."""
    try:
        values: FloatArray = pc.cast(column, pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return np.full(len(column), np.nan)
    return values


def joined(fields: Sequence[pa.Array], digits: int = 0) -> pa.Array:
    """One column of texts from that of the date and that of the time of day, filled up to so many ``digits``."""
    if len(fields) == 1:
        return fields[0]
    day, hour = (field if is_text(field) else pc.cast(field, pa.string()) for field in fields)
    return pc.binary_join_element_wise(day, pc.utf8_lpad(hour, digits, "0") if digits else hour, " ")


class FoundTime(NamedTuple):
    """Where the time is, and what is said of it."""

    places: tuple[int, ...] = ()
    name: str = ""
    form: TimeFormat | None = None
    said: tuple[str, ...] = ()

    def seconds(self, fields: Sequence[pa.Array]) -> FloatArray:
        """The times of rows in seconds, (n,), NaN where they cannot be read."""
        assert self.form is not None
        return self.form.seconds(joined(fields, self.form.digits))


def time_of(table: Table, sample: Sample, taken: Sequence[int], t: str | None, options: FileOptions) -> FoundTime:
    """Where the time is: in the columns of that name, or in the first that has times, by its name or what it holds."""
    if t:
        return _asked_for(table, sample, t, options)
    if t == "":
        return FoundTime()
    said: list[str] = []
    ranked = sorted((rank, k) for k, name in enumerate(table.names) if (rank := rank_of(name)) is not None)
    named = [k for _, k in ranked if k not in taken]
    for k in named:
        found, why_not = _readable(table, sample, k, options)
        hours = found is not None and (found.of_day or _digits(sample, k))
        if hours and (pair := _with_date(table, sample, k, taken, options)) is not None:
            return pair._replace(said=(*said, *pair.said))
        if found is not None and _is_date(sample, k) and (pair := _with_hours(table, sample, k, taken, options)):
            return pair._replace(said=(*said, *pair.said))
        if found is not None:
            return FoundTime((k,), table.names[k], found, (*said, *_told(table.names[k], found)))
        if why_not:
            said.append(why_not)
    for k in range(min(len(table.names), LOOKED_THROUGH)):
        if k not in taken and k not in named and _has_dates(sample, k):
            found, _ = _readable(table, sample, k, options)
            if found is None:
                continue
            pair = _with_hours(table, sample, k, taken, options) if _is_date(sample, k) else None
            return pair or FoundTime(
                (k,), table.names[k], found, (*said, f"time in {table.names[k]}", *_told("", found))
            )
    return FoundTime(said=tuple(said))


def _told(name: str, form: TimeFormat) -> tuple[str, ...]:
    return (f"{name} {form.said}".strip(),) if form.said else ()


def _asked_for(table: Table, sample: Sample, t: str, options: FileOptions) -> FoundTime:
    names = [t] if t in table.names or "," not in t else [name.strip() for name in t.split(",")]
    path = table.source.path
    places = tuple(place_of(table.names, "--time", name, path) for name in names)
    if len(places) == 2 and (pair := _two(table, sample, *places, options)) is not None:
        return pair
    columns = [sample.column(k) for k in places[:1]]
    name = " ".join(names)
    form = _form(name, joined(columns), table.decimal, options) if len(places) == 1 else None
    if form is None and len(columns[0]):
        example = next((str(value) for value in joined(columns).to_pylist() if value not in (None, "")), "")
        raise not_times("--time", t, example)
    said = _told(name, form) if form is not None else ()
    if form is not None and form.unit is not None and is_restless(form.seconds(columns[0])):
        said = (*said, f"{name} goes up and down, as no clock does")
    return FoundTime(places, name, form or TimeFormat(), said)


def _form(name: str, column: pa.Array, decimal: str, options: FileOptions) -> TimeFormat | None:
    if pa.types.is_temporal(column.type):
        return TimeFormat()
    if is_text(column):
        texts = ["" if value is None else value for value in column.to_pylist()]
        return time_format(name, texts, decimal, options)
    return numeric_format(name, as_floats(column), options)


def _readable(table: Table, sample: Sample, k: int, options: FileOptions) -> tuple[TimeFormat | None, str]:
    """How a column's times are written; None where they are none, and what to say of it."""
    name, column = table.names[k], sample.column(k)
    form = _form(name, column, table.decimal, options)
    present = [value for value in column.to_pylist() if value not in (None, "")]
    if form is None:
        if not present:
            return None, ""
        return None, f"no time in {name} (such as {str(present[0])[:40]!r}; --time-format says how it is written)"
    if form.unit is not None and options.time_unit == "auto":
        seconds = form.seconds(column)
        if is_restless(seconds[np.isfinite(seconds)]):
            return None, f"no time in {name}: it goes up and down ({present[0]}, ... {present[-1]})"
    return form, ""


def _first(sample: Sample, k: int) -> dict[str, tuple[int, int]]:
    column = sample.column(k)
    if not is_text(column):
        return {}
    text = next((value for value in column.to_pylist() if value), "")
    return places_of(text) or {}


def _has_dates(sample: Sample, k: int) -> bool:
    """Whether a column has dates that look like no number."""
    column = sample.column(k)
    if pa.types.is_timestamp(column.type):
        return True
    text = next((value for value in column.to_pylist() if value), "") if is_text(column) else ""
    return not text.isdigit() and has_date(places_of(text) or {})


def _is_date(sample: Sample, k: int) -> bool:
    """Whether a column has days, without the time of day."""
    places = _first(sample, k)
    return has_date(places) and "H" not in places


def _is_hour(name: str, sample: Sample, k: int) -> bool:
    """Whether a column has times of day."""
    places = _first(sample, k)
    return ("H" in places and not has_date(places)) or (rank_of(name) is not None and _digits(sample, k) > 0)


def _digits(sample: Sample, k: int) -> int:
    """How many digits a column of times of day has that are written without signs, as 95959; 0 for another one."""
    column = sample.column(k)
    texts = [str(value) for value in column.to_pylist() if value not in (None, "")]
    size = max(map(len, texts), default=0)
    if size not in (3, 4, 5, 6) or not all(text.isascii() and text.isdigit() for text in texts):
        return 0
    digits = 4 if size < 5 else 6
    filled = [text.zfill(digits) for text in texts]
    return digits if all("00" <= text[:2] < "24" and max(text[2:4], text[4:]) < "60" for text in filled) else 0


def _with_date(table: Table, sample: Sample, k: int, taken: Sequence[int], options: FileOptions) -> FoundTime | None:
    """The time of day in a column, with the column that has its date."""
    days = [d for d in range(min(sample.width, LOOKED_THROUGH)) if d != k and d not in taken and _is_date(sample, d)]
    return _two(table, sample, min(days, key=lambda d: abs(d - k)), k, options) if days else None


def _with_hours(table: Table, sample: Sample, k: int, taken: Sequence[int], options: FileOptions) -> FoundTime | None:
    """The dates in a column, with the column that has the time of day."""
    hours = [
        h for h in range(min(sample.width, LOOKED_THROUGH))
        if h != k and h not in taken and _is_hour(table.names[h], sample, h)
    ]  # fmt: skip
    return _two(table, sample, k, min(hours, key=lambda h: abs(h - k)), options) if hours else None


def _two(table: Table, sample: Sample, day: int, hour: int, options: FileOptions) -> FoundTime | None:
    name = f"{table.names[day]},{table.names[hour]}"
    digits = _digits(sample, hour)
    form = _form(name, joined([sample.column(day), sample.column(hour)], digits), table.decimal, options)
    if form is None or form.unit is not None:
        return None
    form = form._replace(digits=digits)
    return FoundTime((day, hour), name, form, (f"time in {table.names[day]} and {table.names[hour]}", *_told("", form)))
