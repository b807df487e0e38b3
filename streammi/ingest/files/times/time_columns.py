"""The column of a file that has its times, or those that have them together: by their names, and by what they hold."""

import re
import shlex
from collections.abc import Sequence
from typing import Final

import numpy as np

from streammi.errors import ConfigError
from streammi.ingest.files.file_options import FileOptions
from streammi.ingest.files.sampled import Sample, called, joined, place_of
from streammi.ingest.files.tables import Table
from streammi.ingest.files.times.date_forms import form_of_parts, forms_of_day_and
from streammi.ingest.files.times.found_time import FoundTime, are_fractions, days_and_fractions, finer, told, with_zones
from streammi.ingest.files.times.gps_weeks import gps_week_in, weeks_of_gps
from streammi.ingest.files.times.time_detection import TimeDetection
from streammi.ingest.files.times.time_format import (  # fmt: skip
    JUDGED_FROM,
    READABLE,
    TimeFormat,
    directed,
    is_restless,
    not_times,
)
from streammi.ingest.files.times.time_names import (  # fmt: skip
    fraction_in_name,
    is_time_name,
    is_zone_name,
    parts_of_dates,
    parts_of_days,
    rank_of,
)
from streammi.ingest.files.times.time_texts import textual
from streammi.ingest.time_units import UNITS

_HOURS: Final = re.compile(r"hh?mm|hrmn|time", re.IGNORECASE)
LOOKED_THROUGH: Final = 64  # columns that are looked through for dates, where none is called a time


def time_of(table: Table, sample: Sample, taken: Sequence[int], t: str | None, options: FileOptions) -> FoundTime:
    """Where the time is: in the columns of that name, or in the first that has times, by its name or what it holds."""
    if t == "":
        return FoundTime()
    search = _Search(table, sample, taken, options)
    return search.asked_for(t) if t else search.found()


class _Search:
    """Looks through the columns of a table, but those that are taken, for times."""

    def __init__(self, table: Table, sample: Sample, taken: Sequence[int], options: FileOptions) -> None:
        self._names, self._path, self._sample, self._options = table.names, table.source.path, sample, options
        self._times = TimeDetection(table, sample, options)
        self._grows = table.source.is_live  # what has come of it so far may have come at one moment
        only = (
            taken[0] if taken and len(set(taken)) == 1 else None
        )  # of a signal alone, the times before it are its own
        self._free = [k for k in range(len(table.names)) if k not in taken]
        self._free.sort(key=lambda k: (k > only, abs(k - only)) if only is not None else (False, k))

    def found(self) -> FoundTime:
        """The first column, or columns, that are times."""
        said: list[str] = []
        pair = gps_week_in([name if k in self._free else "" for k, name in enumerate(self._names)])
        if pair and (weeks := self._of_weeks(*pair)) is not None:
            return weeks
        parts = {part: k for part, k in parts_of_dates(self._names).items() if k in self._free}
        clock = {} if parts else self._clock()
        ranks = {k: rank for k in self._free if (rank := rank_of(self._names[k])) is not None}
        named = [k for k in sorted(ranks, key=lambda k: ranks[k]) if k not in (*parts.values(), *clock.values())]
        for k in named:
            form, why_not = self._times.readable(k)
            if form is not None and not (parts and (form.of_day or not form.epoch)):
                found = self._with_what_it_lacks(k, form)
                if not (still := self._stands_still(found)):
                    return self._zoned(self._finer(found._replace(said=(*said, *found.said))))
                why_not = f"no time in {found.name}: {still}"
            said += [why_not] if why_not else []
        if parts and (whole := self._of_parts(parts)) is not None:
            return self._zoned(self._finer(whole._replace(said=(*said, *whole.said))))
        if clock and (whole := self._of_clock(clock)) is not None:
            return self._zoned(self._finer(whole))
        for k in self._free[:LOOKED_THROUGH]:
            if k in named or not self._times.looks_like_dates(k):
                continue
            if (form := self._times.readable(k)[0]) is not None:
                found = self._with_what_it_lacks(k, form)
                if self._stands_still(found):  # the day of a query, beside the times of what it found
                    continue
                told = () if len(found.places) > 1 else (f"time in {self._called(k)}",)
                return self._zoned(self._finer(found._replace(said=(*said, *told, *found.said))))
        if self._options.time_format is not None and said:
            rule = f"one that reads the times of {self._path} ({said[0]})"
            raise ConfigError("--time-format", rule, self._options.time_format)
        return self._unnamed(named) or FoundTime(said=(*said, *self._rising(named)))

    def _unnamed(self, named: Sequence[int]) -> FoundTime | None:
        """A column that goes on as a clock does and is written, or has a unit, as only times are; None for none."""
        for k in self._free[:LOOKED_THROUGH]:
            if k in named or not self._times.looks_like_clock(k):
                continue
            if (form := self._times.readable(k)[0]) is not None:
                found = FoundTime((k,), self._names[k], form, (f"time in {self._called(k)}", *told("", form)))
                if not self._stands_still(found):
                    return found
        return None

    def _rising(self, named: Sequence[int]) -> list[str]:
        """A word on the first column of numbers that only rise, and not by 1 with each row: it may be the time."""
        if self._options.time_unit != "auto" or self._options.time_format is not None:
            return []
        rising = (k for k in self._free[:LOOKED_THROUGH] if k not in named and self._times.only_rises(k))
        names = [self._called(k) for k in rising]
        return [f"no times; {names[0]} only rises: --time {shlex.quote(names[0])} takes it for one"] if names else []

    def _called(self, k: int) -> str:
        """A column's name, as options take it."""
        return called(self._names, k)

    def asked_for(self, t: str) -> FoundTime:
        """The column of this name, or the columns of these."""
        names = [t] if t in self._names or "," not in t else [name.strip() for name in t.split(",")]
        places = tuple(place_of(self._names, "--time", name, self._path) for name in names)
        if len(places) == 2 and (pair := self._two(*places)) is not None:
            return pair
        if len(places) > 1 and (finer := self._asked_for_finer(places)) is not None:
            return finer
        if len(places) == 2 and gps_week_in(names) == (0, 1) and (pair := self._of_weeks(*places)) is not None:
            return pair
        columns, name = [self._sample.column(k) for k in places], " ".join(names)
        if len(places) > 1:
            parts = {part: places[k] for part, k in parts_of_dates(names).items()}
            if self._options.time_format is None and parts and (whole := self._of_parts(parts)) is not None:
                return whole
            clock = {part: places[k] for part, k in parts_of_days(names).items()}
            days = [k for k in places if k not in clock.values()]
            if clock and len(days) < 2 and (whole := self._of_clock(clock, *days)) is not None:
                return whole
            form = self._times.form(name, joined(columns))
        else:
            form = self._times.form(self._times.named(places[0]), columns[0])
        if form is None and len(columns[0]):
            example = next((str(value) for value in joined(columns).to_pylist() if value not in (None, "")), "")
            raise not_times("--time", t, example)
        if form is None:
            return FoundTime(places, name, TimeFormat())
        if len(places) > 1:
            return FoundTime(places, name, form, told(name, form))
        form = self._times.as_time_of_day(places[0], form)
        said = told(name, form)
        if still := self._stands_still(FoundTime(places, name, form)):
            said = (*said, f"{name} {still.removeprefix('it ')}")
        if form.unit is not None and is_restless(form.seconds(columns[0])):
            said = (*said, f"{name} goes up and down, as no clock does")
        return FoundTime(places, name, form, said)

    def _with_what_it_lacks(self, k: int, form: TimeFormat) -> FoundTime:
        """A time, with the column that has its date, its time of day or the fraction of its seconds."""
        if (form.of_day or self._times.digits(k)) and (pair := self._with_date(k)) is not None:
            return pair
        if self._times.is_date(k) and (pair := self._with_hours(k)) is not None:
            return pair
        if self._times.is_date(k) and (clock := self._clock()) and (pair := self._of_clock(clock, k)) is not None:
            return pair
        if (pair := self._with_days(k, form)) is not None:
            return pair
        form = self._times.as_time_of_day(k, form)
        return FoundTime((k,), self._names[k], form, told(self._names[k], form))

    def _zoned(self, found: FoundTime) -> FoundTime:
        """Dates without a zone, with the column that has it."""
        zones = [z for z in self._free if z not in found.places and is_zone_name(self._names[z])]
        columns = [self._sample.column(k) for k in found.places]
        return with_zones(found, columns, self._names[zones[0]], zones[0], self._sample) if zones else found

    def _clock(self) -> dict[str, int]:
        """The columns of an hour, a minute and a second, as numbers, or of an hour alone."""
        found = parts_of_days(self._names).items()
        return {part: k for part, k in found if k in self._free and self._times.is_number(k)}

    def _of_clock(self, parts: dict[str, int], day: int | None = None) -> FoundTime | None:
        """An hour, a minute and perhaps a second in a column each, behind the column of the date where there is one."""
        days = [d for d in self._free[:LOOKED_THROUGH] if d not in parts.values() and self._times.is_date(d)]
        days = days if day is None else [day]
        ways = [((*days[:1], *parts.values()), forms_of_day_and(tuple(parts)))] if days and "H" in parts else []
        alone = [(tuple(parts.values()), (form_of_parts(tuple(parts)),))] if {"H", "M"} <= parts.keys() else []
        for places, forms in (*ways, *alone):
            texts = joined([self._sample.column(k) for k in places]).to_pylist()
            names = ",".join(self._names[k] for k in places)
            if (form := textual(names, [text or "" for text in texts], forms, ".")) is not None:
                return FoundTime(places, names, form, (f"time in {names}", *told("", form)))
        return None

    def _stands_still(self, found: FoundTime) -> str:
        """A word on times that are one and the same all over a file; empty for others, and for what still grows."""
        columns = [self._sample.column(k) for k in found.places]
        seconds = found.seconds(columns)
        seconds = seconds[np.isfinite(seconds)]
        if self._grows or seconds.size < JUDGED_FROM or seconds.min() < seconds.max():
            return ""
        return f"it stands still ({' '.join(str(column[0].as_py()) for column in columns)})"

    def _with_date(self, k: int) -> FoundTime | None:
        """The time of day in a column, with the column that has its date."""
        days = [d for d in self._free if d < LOOKED_THROUGH and d != k and self._times.is_date(d)]
        return self._two(min(days, key=lambda d: abs(d - k)), k) if days else None

    def _with_hours(self, k: int) -> FoundTime | None:
        """The dates in a column, with the column that has the time of day."""
        hours = [h for h in self._free if h < LOOKED_THROUGH and h != k and self._times.is_hour(h)]
        return self._two(k, min(hours, key=lambda h: abs(h - k))) if hours else None

    def _two(self, day: int, hour: int) -> FoundTime | None:
        names = self._names[day], self._names[hour]
        digits = self._times.digits(hour)
        columns = [self._sample.column(day), self._sample.column(hour)]
        form = self._times.form(",".join(names), joined(columns, digits))
        if form is None or form.unit is not None:
            return None
        if not self._times.is_hour(hour) and self._options.time_format is None:
            return None
        form = form._replace(digits=digits)
        return FoundTime((day, hour), ",".join(names), form, (f"time in {' and '.join(names)}", *told("", form)))

    def _finer(self, found: FoundTime) -> FoundTime:
        """Times in whole seconds, with the column that has ms, us or ns of each, as its name and its values say."""
        free = (part for part in self._free if part not in found.places)
        return next((finer for part in free if (finer := self._with_fraction(found, part)) is not None), found)

    def _asked_for_finer(self, places: Sequence[int]) -> FoundTime | None:
        """The columns of these places, of which the last has such fractions; None where it has none."""
        *first, part = places
        names = [self._names[k] for k in first]
        if fraction_in_name(self._times.named(part)) is None or any("," in name for name in names):
            return None
        return self._with_fraction(self.asked_for(",".join(names)), part)

    def _with_fraction(self, found: FoundTime, part: int) -> FoundTime | None:
        unit = fraction_in_name(self._times.named(part))
        return None if unit is None else finer(found, self._sample, part, self._names[part], unit)

    def _with_days(self, k: int, form: TimeFormat) -> FoundTime | None:
        """Fractions of a day in a column, with the column that has the days, as spreadsheets part their times."""
        whole = [d for d in self._free[:LOOKED_THROUGH] if d != k and is_time_name(self._names[d])]
        if not whole or not are_fractions(form, self._sample.column(k)):
            return None
        day = next((d for d in whole if self._times.are_days(d)), None)
        return None if day is None else days_and_fractions(self._names, day, k)

    def _of_weeks(self, week: int, of_week: int) -> FoundTime | None:
        """Weeks as GPS counts, and the time of each."""
        columns = [self._sample.column(week), self._sample.column(of_week)]
        if (form := weeks_of_gps(columns)) is None:
            return None
        names = self._names[week], self._names[of_week]
        return FoundTime((week, of_week), ",".join(names), form, (f"time in {' and '.join(names)}, {form.said}",))

    def _of_parts(self, parts: dict[str, int]) -> FoundTime | None:
        """A year, a month, a day, ..., each in a column of its own, the time of day perhaps as one."""
        digits, second = 0, parts.get("S")
        if "H" not in parts:
            parts = {part: k for part, k in parts.items() if part not in "MS"}
            free = [k for k in self._free if k not in parts.values()]
            hour = next((k for k in free if "H" in self._times.first_places(k)), None)
            if hour is None and (hour := next((k for k in free if _HOURS.search(self._names[k])), None)) is not None:
                digits = self._times.digits(hour)
            if hour is not None and (digits or "H" in self._times.first_places(hour)):
                parts, second = parts | {"HMS"[: digits // 2] or "T": hour}, None
        of_day = second is not None and "H" not in parts  # seconds since midnight
        places = (*parts.values(), *([second] if of_day and second is not None else []))
        form = TimeFormat(forms=(form_of_parts(tuple(parts)),), digits=digits, fraction=UNITS["s"] if of_day else None)
        seconds = form.of([self._sample.column(k) for k in places])
        if not seconds.size or np.isfinite(seconds).mean() < READABLE:
            return None
        names = ",".join(self._names[k] for k in places)
        return FoundTime(places, names, directed(form, seconds[np.isfinite(seconds)]), (f"time in {names}",))
