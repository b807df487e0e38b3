"""The time in records of JSON that have none of the usual names at the top: by its name, wherever it stands."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np

from streammi.ingest.files.file_options import FileOptions
from streammi.ingest.files.json.json_records import records_in
from streammi.ingest.files.times.time_names import rank_of
from streammi.ingest.files.times.time_numbers import numeric_format
from streammi.ingest.formats.columns import is_array, is_time
from streammi.ingest.formats.content import TIME_NAMES
from streammi.ingest.record_fields import leaves
from streammi.ingest.time_units import UNITS

LOOKED_AT: Final = 50  # records


def time_path(texts: Sequence[bytes], beside: str = "") -> tuple[str, str]:
    """The path of the times in these records, the nearest to ``beside``, and a word on it.

    The path is empty where there is none, and where a feed's would do.

    >>> time_path([b'{"a": {"made": 1, "Date": "2026-03-01"}}', b'{"a": {"Date": "2026-03-02"}}'])
    ('a/Date', 'time in a/Date')
    >>> time_path([b'{"time": 1, "x": {"date": 2}}']), time_path([b'{"x": 1, "Date": "1.3."}'])
    (('', ''), ('', "no time in Date (such as '1.3.')"))
    """
    records = [record for record in records_in(texts[:LOOKED_AT]) if isinstance(record, dict)]
    if not records or any(name in records[0] and is_time(records[0][name]) for name in TIME_NAMES):
        return "", ""
    above = beside.replace(".", "/").rpartition("/")[0]
    found: list[tuple[bool, int, str, Any]] = []
    for path, value in leaves(records[0]):
        parent, _, name = path.rpartition("/")
        rank = rank_of(name.lstrip("@$"))
        if path != beside and rank is not None and not is_array(value) and path not in TIME_NAMES:
            found.append((parent != above, rank, path, value))
    found.sort(key=lambda one: one[:3])
    for _, _, path, value in found:
        if is_time(value) and (len(records) < 2 or _changes(records, path)):
            return path, f"time in {path}"
    return "", next((f"no time in {path} (such as {value!r})" for _, _, path, value in found), "")


class Counted(NamedTuple):
    """What numeric times count, where that is no matter of course; ``unit`` is empty for what cannot be read so."""

    unit: str
    said: str


def counted(texts: Sequence[bytes], path: str, asked: FileOptions) -> Counted | None:
    """What the numbers at ``path``, or at a usual name of a time, count in these records, as files' columns do.

    None where they are seconds or no numbers, or since 1970 in any unit, which a feed's clock tells.

    >>> from streammi.ingest.files.file_options import PLAIN
    >>> days = [b'{"time": %.8f}' % (46082 + k / 86400) for k in range(9)]
    >>> counted(days, "", PLAIN).unit, counted([b'{"time": 1772359200}'] * 9, "", PLAIN)
    ('excel', None)
    """
    if asked.time_unit != "auto":
        return None
    records = [record for record in records_in(texts) if isinstance(record, dict)]
    name = path or next((name for name in TIME_NAMES if records and name in records[0]), "")
    values = [value for record in records for one, value in leaves(record) if one == name]
    try:
        numbers = np.array([float(value) for value in values if value is not None], dtype=np.float64)
    except (TypeError, ValueError):
        return None
    form = numeric_format(name.rpartition("/")[2], numbers, asked) if numbers.size > 1 else None
    if form is None or form.epoch or form.of_day or form.unit in (UNITS["s"], UNITS["ticks"]):
        return None
    if form.unit is None:
        example = next(value for value in values if value is not None)
        return Counted("", f"no time in {name} (such as {example}, {form.said}): write 2026-03-01T10:00:00Z")
    return Counted(form.unit.name, f"{name} {form.said}")


def _changes(records: Sequence[dict[str, Any]], path: str) -> bool:
    """True if what stands there is another time now and then: when a file was made is the same in all records."""
    values = [next((value for one, value in leaves(record) if one == path), None) for record in records]
    present = [str(value) for value in values if value is not None]
    return len(set(present)) > 1 and 2 * len(present) > len(records)
