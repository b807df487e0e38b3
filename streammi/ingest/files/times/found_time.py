"""The columns that have a file's times, and those that have parts of them: fractions of seconds, or of days."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa

from streammi.ingest.files.sampled import Sample, is_text, joined
from streammi.ingest.files.times.date_forms import has_date, places_of
from streammi.ingest.files.times.time_format import TimeFormat
from streammi.ingest.time_units import UNITS, Unit
from streammi.records import FloatArray

LOOKED_AT: Final = 50  # texts that may have a zone of their own


class FoundTime(NamedTuple):
    """Where the time is, and what is said of it."""

    places: tuple[int, ...] = ()
    name: str = ""
    form: TimeFormat | None = None
    said: tuple[str, ...] = ()

    def seconds(self, fields: Sequence[pa.Array]) -> FloatArray:
        """The times of rows in seconds, (n,), NaN where they cannot be read."""
        assert self.form is not None
        return self.form.of(fields)


def told(name: str, form: TimeFormat) -> tuple[str, ...]:
    """The words on how the times of a name are written; none where that goes without saying."""
    return (f"{name} {form.said}".strip(),) if form.said else ()


def finer(found: FoundTime, sample: Sample, part: int, name: str, unit: Unit) -> FoundTime | None:
    """Times in whole seconds with a ``unit`` of each in the column ``part``; None where that is not what it has."""
    form = found.form
    textual = form is not None and form.unit is None and not form.spans
    if form is None or form.fraction is not None or not (form.epoch or form.of_day or textual):
        return None
    columns = [sample.column(k) for k in found.places]
    both = form._replace(fraction=unit)
    whole, seconds = form.of(columns), both.of([*columns, sample.column(part)])
    known = np.isfinite(seconds)
    parts = seconds[known] - whole[known]
    if not known.any() or (whole[known] % 1).any() or (parts < 0).any() or (parts >= 1).any():
        return None
    said = f"time in {' and '.join((*found.name.split(','), name))}, {unit.words} of each second"
    others = [word for word in found.said if not word.startswith("time in ")]
    return FoundTime((*found.places, part), f"{found.name},{name}", both, (said, *others))


def with_zones(found: FoundTime, columns: Sequence[pa.Array], name: str, zone: int, sample: Sample) -> FoundTime:
    """Dates in these ``columns`` with the zones in the column ``zone``, unless they have their own, or these are none.

    What cannot be read as a zone is said: without a word, the times would be hours off.
    """
    form = found.form
    if form is None or form.unit is not None or form.zone or not all(map(is_text, columns)):
        return found
    texts = [text for text in joined(columns, form.digits).to_pylist()[:LOOKED_AT] if text]
    places = [there for text in texts if (there := places_of(text, form.forms))]
    if not places or not has_date(places[0]) or any("z" in there for there in places):
        return found
    offsets = any(word in name.lower() for word in ("offset", "utc", "gmt", "tz"))
    both = form._replace(zoned=True, offsets=offsets)
    local, seconds = form.of(columns), both.of([*columns, sample.column(zone)])
    known = np.isfinite(local)
    names = (*found.name.split(","), name)
    if known.any() and np.isfinite(seconds[known]).all() and _back(seconds[known]) > _back(local[known]):
        return found  # with them the times go up and down: they number something else, such as rooms
    if not known.any() or np.isnan(seconds[known]).any():
        odd = next(iter(sample.column(zone).filter(pa.array(np.isnan(seconds))).to_pylist()), None)
        said = f"{name} is not read as a zone (such as {odd or ''!r}): times are as of UTC"
        return found._replace(said=(*found.said, said))
    others = [word for word in found.said if not word.startswith("time in ")]
    return FoundTime((*found.places, zone), ",".join(names), both, (f"time in {' and '.join(names)}", *others))


def _back(seconds: FloatArray) -> int:
    """How often times, (n,), go back."""
    return int(np.count_nonzero(np.diff(seconds) < 0))


def are_fractions(form: TimeFormat, column: pa.Array) -> bool:
    """True if a column has numbers from 0 to 1 that go on."""
    if form.unit is not UNITS["s"]:
        return False
    values = form.seconds(column)
    known = values[np.isfinite(values)]
    return bool(known.size > 1 and 0 <= known.min() < known.max() < 1)


def days_and_fractions(names: Sequence[str], day: int, part: int) -> FoundTime:
    """Whole days of a spreadsheet in one column, and the time of day as a fraction in another."""
    form = TimeFormat(unit=UNITS["excel"], fraction=UNITS["d"])
    both = names[day], names[part]
    return FoundTime((day, part), ",".join(both), form, (f"time in {' and '.join(both)}, {UNITS['excel'].words}",))
