"""The columns of a file that are wanted, and how each is written: by its name, and by fields from all over the file."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from streammi.errors import ConfigError
from streammi.ingest.files.file_options import FileOptions
from streammi.ingest.files.numbers.missing import hint_of, sentinel_of
from streammi.ingest.files.numbers.number_format import NumberFormat, format_of
from streammi.ingest.files.sampled import Sample, as_floats, is_text, place_of
from streammi.ingest.files.tables import Table
from streammi.ingest.files.times.time_columns import time_of
from streammi.ingest.files.times.time_format import TimeFormat
from streammi.ingest.files.times.times_apart import times_apart
from streammi.records import FloatArray


class Columns(NamedTuple):
    """The columns of x, of y, of conditions and, behind these, of the time, by their places; how they are written."""

    wanted: tuple[int, ...]
    names: tuple[str, ...]  # without the time
    numbers: tuple[NumberFormat, ...]
    time: TimeFormat | None
    time_name: str
    said: tuple[str, ...]
    hint: str
    examples: str  # of values that are none
    reversed: bool  # the newest comes first, and is to be sorted

    def seconds(self, fields: Sequence[pa.Array]) -> FloatArray:
        """The times of rows in seconds, (n,), NaN where they cannot be read."""
        assert self.time is not None
        return self.time.of(fields)

    def field(self, k: int, text: Any) -> str:
        """A field of x or y, for a message."""
        return f"{self.names[k]} {str(text)[:40]!r}"


def why_doubtful(form: NumberFormat) -> str:
    """What keeps the numbers of a column from being read; empty for nothing."""
    if form.doubt:
        change = "if the decimal point changes, cut the file where it does"
        return f"{form.doubt}, and one of the marks is between thousands: --decimal tells which; {change}"
    return f"{form.unlike}, of different units" if form.unlike else ""


def refuse_doubtful(option: str, name: str, form: NumberFormat) -> None:
    """ConfigError for a column whose numbers are written in ways of which no one can be told from the other."""
    if form.doubt:
        raise ConfigError("--decimal", f"given: {name} has {why_doubtful(form)}")
    if form.unlike:
        raise ConfigError(option, f"a column of numbers in one unit ({name} has {form.unlike})", name)


def columns_of(table: Table, names: Sequence[str], t: str | None, options: FileOptions, labels: bool) -> Columns:
    """The columns of these names, of x, y and any conditions.

    ``ConfigError`` for one that is not there, and for a time that is none.
    """
    path = table.source.path
    asked = ("--x", "--y", *["--given"] * (len(names) - 2))
    places = [place_of(table.names, option, name, path) for option, name in zip(asked, names, strict=True)]
    sample = Sample(table)
    numbers, said, examples, hint = [], list[str](), list[str](), ""
    for option, name, k in zip(asked, names, places, strict=True):
        column = sample.column(k)
        form = NumberFormat()
        if not labels and pa.types.is_temporal(column.type) and not pa.types.is_duration(column.type):
            raise ConfigError(option, f"a column of numbers, not of times ({column.type})", name)
        if not labels:
            fields = column if is_text(column) else pa.array([], pa.string())
            form = format_of(fields, table.decimal, options.missing, sure=options.decimal != "auto")
            refuse_doubtful(option, name, form)
            values = form.array(column)[0] if is_text(column) else as_floats(column)
            if form.words and form.words != "decimal commas" and f"{name} {form.words}" not in said:
                bare = form.bare_in(fields)
                said.append(f"{name} {form.words}" + (f", also where none stands ({bare})" if bare else ""))
            if (sentinel := sentinel_of(values)) is not None:
                hint = hint or hint_of(name, sentinel)
            nothing = not np.isfinite(values).any() and len(column) > 0
            if nothing and option == "--given":
                raise ConfigError(option, f"a column of numbers ({name} has {str(column[0].as_py())!r})", name)
            if nothing:
                examples.append(f"{name} (such as {column[0].as_py()!r})")
        numbers.append(form)
    found = time_of(table, sample, places, t, options)
    apart = times_apart(table, sample, places, found, options) if not t else ""
    backwards = found.form is not None and found.form.backwards
    return Columns(
        wanted=(*places, *found.places),
        names=tuple(names),
        numbers=tuple(numbers),
        time=found.form,
        time_name=found.name,
        said=(*said, *found.said, *filter(None, [apart])),
        hint=hint,
        examples=" and ".join(dict.fromkeys(examples)) or f"{names[0]} and {names[1]} together",
        reversed=backwards,
    )
