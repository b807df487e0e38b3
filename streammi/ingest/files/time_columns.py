"""Which column of a file has its times, or which two: by their names, and by what they hold."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa

from streammi.errors import ConfigError
from streammi.ingest.files.calendar_text import has_date, places_of
from streammi.ingest.files.file_options import FileOptions
from streammi.ingest.files.sampled import Sample, as_floats, is_text, joined, place_of
from streammi.ingest.files.tables import Table
from streammi.ingest.files.time_format import (
    TimeFormat,
    is_restless,
    not_times,
    numeric_format,
    of_day_without_signs,
    rank_of,
    time_format,
)
from streammi.records import FloatArray

LOOKED_THROUGH: Final = 64  # columns that are looked through for dates, where none is called a time


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
            found = _of_day(sample, k, found, options)
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
    if options.time_format is not None and said:
        raise ConfigError(
            "--time-format", f"one that reads the times of {table.source.path} ({said[0]})", options.time_format
        )
    return FoundTime(said=tuple(said))


def _way(options: FileOptions) -> str:
    """What would have a column read as times."""
    return "; --time-format says how it is written" if options.time_format is None else ""


def _of_day(sample: Sample, k: int, form: TimeFormat, options: FileOptions) -> TimeFormat:
    """Whole numbers that are rather times of day, such as 959 and 1000."""
    digits = _digits(sample, k) if form.unit is not None and options.time_unit == "auto" else 0
    if not digits:
        return form
    return (
        of_day_without_signs(np.array([float(v) for v in sample.column(k).to_pylist() if v not in (None, "")]), digits)
        or form
    )


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
    if form is not None and len(places) == 1:
        form = _of_day(sample, places[0], form, options)
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
        return None, f"no time in {name} (such as {str(present[0])[:40]!r}{_way(options)})"
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
