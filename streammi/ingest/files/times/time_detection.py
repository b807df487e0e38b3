"""One column of a file: whether it has times, dates or times of day, and how these are written."""

import re
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from streammi.ingest.files.file_options import FileOptions
from streammi.ingest.files.numbers.number_format import NumberFormat
from streammi.ingest.files.sampled import Sample, as_floats, is_text
from streammi.ingest.files.tables import Table
from streammi.ingest.files.times.date_forms import has_date, places_of
from streammi.ingest.files.times.date_parser import seconds_of
from streammi.ingest.files.times.time_format import TimeFormat, directed, epoch_seconds, is_restless
from streammi.ingest.files.times.time_names import rank_of
from streammi.ingest.files.times.time_numbers import HHMMSS, numeric_format
from streammi.ingest.files.times.time_of_day import of_day_without_signs
from streammi.ingest.files.times.time_texts import time_format, why_unread
from streammi.ingest.time_units import DAY, unit_in_name
from streammi.records import FloatArray

CLOCK_FROM: Final = 8  # times: so many numbers that go on as dates do, in a column of any name, are taken for times,
CLOCK_SINCE, CLOCK_UNTIL = 1_262_304_000.0, 2_208_988_800.0  # in the years 2010 to 2040
OLD_DAY, NEW_DAY = 38_353, 47_848  # 2005 to 2031, as spreadsheets count days
_OF_DATE: Final = re.compile(r"date|datum|fecha|data|dato|y+mm?d|dd?mm?y|mm?dd?y", re.IGNORECASE)
_OF_CLOCK: Final = re.compile(r"time|hour|ora|aika|klo|hora|heure|zeit|uhrzeit|tid|saat|czas", re.IGNORECASE)
_COMPACT: Final = re.compile(r"20[0-9]{10}(?:[0-9]{2}(?:[0-9]{3})?)?")
_DIGITS_OF_DAY: Final = re.compile(r"[0-9]{6}|[0-9]{8}")
_DOTTED: Final = re.compile(r"(?:[01]?\d|2[0-3])\.[0-5]\d\.[0-5]\d")  # a time of day in Italy and Finland, or a date
_LONG_NUMBER: Final = re.compile(r"[0-9]{9,19}(?:[.,][0-9]*)?")


class TimeDetection:
    """Tells of each column of a table, by its number ``k``, what times it has, from fields all over the file."""

    def __init__(self, table: Table, sample: Sample, options: FileOptions) -> None:
        self._names, self._units, self._decimal = table.names, table.units, table.decimal
        self._sample, self._options = sample, options

    def named(self, k: int) -> str:
        """A column's name, with the unit that stands below it."""
        unit = self._units[k] if k < len(self._units) else ""
        return f"{self._names[k]} [{unit}]" if unit else self._names[k]

    def form(self, name: str, column: pa.Array) -> TimeFormat | None:
        """How the times in ``column`` are written, which is called so; None where they are none."""
        if pa.types.is_temporal(column.type):
            kind = column.type
            form = TimeFormat(epoch=bool(pa.types.is_timestamp(kind)), of_day=bool(pa.types.is_time(kind)))
            seconds = form.seconds(column)
            return directed(form, seconds[np.isfinite(seconds)])
        if is_text(column):
            texts = ["" if value is None else value for value in column.to_pylist()]
            return time_format(name, texts, self._decimal, self._options)
        return numeric_format(name, as_floats(column), self._options)

    def readable(self, k: int) -> tuple[TimeFormat | None, str]:
        """How a column's times are written; None where they are none, and what to say of it."""
        name, column = self._names[k], self._sample.column(k)
        form = self.form(self.named(k), column)
        present = [value for value in column.to_pylist() if value not in (None, "")]
        if form is None:
            if not present:
                return None, ""
            text = str(present[0])[:40]
            way = why_unread(text) or ("--time-format says how it is written" if not self._options.time_format else "")
            return None, f"no time in {name} (such as {text!r}{'; ' * bool(way)}{way})"
        if form.unit is not None and self._options.time_unit == "auto":
            seconds = form.seconds(column)
            if is_restless(seconds[np.isfinite(seconds)]):
                return None, f"no time in {name}: it goes up and down ({present[0]}, ... {present[-1]})"
        return form, ""

    def as_time_of_day(self, k: int, form: TimeFormat) -> TimeFormat:
        """Whole numbers that are rather times of day, such as 959 and 1000."""
        digits = self.digits(k) if form.unit is not None and self._options.time_unit == "auto" else 0
        if not digits:
            return form
        values = [float(value) for value in self._sample.column(k).to_pylist() if value not in (None, "")]
        return of_day_without_signs(np.array(values), digits) or form

    def first_places(self, k: int) -> dict[str, tuple[int, int]]:
        """The places of the parts of a date and a time in the first of a column's texts; none where it has none."""
        column = self._sample.column(k)
        if pa.types.is_temporal(column.type) and not pa.types.is_duration(column.type):
            column = pc.cast(column.drop_null()[:1], pa.string())
        if not is_text(column):
            return {}
        text = next((value for value in column.to_pylist() if value), "")
        return places_of(text) or {}

    def looks_like_dates(self, k: int) -> bool:
        """True if a column has dates that look like nothing else, though it is called nothing of the kind."""
        column = self._sample.column(k)
        if pa.types.is_timestamp(column.type):
            return True
        if not is_text(column):
            return _are_clock(as_floats(column))
        text = next((value for value in column.to_pylist() if value), "")
        if _LONG_NUMBER.fullmatch(text):
            values, bad = NumberFormat(self._decimal).array(column)
            return not bad.any() and _are_clock(values)
        return not text.isdigit() and has_date(places_of(text) or {})

    def looks_like_clock(self, k: int) -> bool:
        """True if a column goes on and is written as times are: 10:00:05, 20260301100005, or with their unit below."""
        column = self._sample.column(k)
        texts = [text for text in column.to_pylist() if text] if is_text(column) else []
        if not texts or len(texts) < CLOCK_FROM:
            return False
        places = places_of(texts[0]) or {}
        signed = {"H", "M", "S"} <= places.keys() and not has_date(places)
        below = self._units[k] if k < len(self._units) else ""
        unit = unit_in_name(below) if below and below != "m" else None  # metres
        if not signed and unit is None and not all(_COMPACT.fullmatch(text) for text in texts):
            return False
        form = self.readable(k)[0]
        return form is not None and _goes_on(form.seconds(column), DAY if form.of_day else 0.0)

    def only_rises(self, k: int) -> bool:
        """True if a column has numbers that only rise, and not by 1 with each row, as numbers of rows do."""
        column = self._sample.column(k)
        values = NumberFormat(self._decimal).array(column)[0] if is_text(column) else as_floats(column)
        steps = np.diff(values)
        return values.size >= CLOCK_FROM and bool((steps > 0).all()) and not bool((steps == 1).any())

    def is_date(self, k: int) -> bool:
        """True if a column has days, without the time of day."""
        places = self.first_places(k)
        column = self._sample.column(k)
        if 2 * sum(value in (None, "") for value in column.to_pylist()) > len(column):  # it stands in a few rows only
            return False
        return (has_date(places) and "H" not in places and not self._is_dotted(k)) or self._is_short_date(k)

    def _is_short_date(self, k: int) -> bool:
        """True if a column that is called so has days of six digits, such as 010326, or of eight: 01032026."""
        texts = [str(value) for value in self._sample.column(k).to_pylist() if value not in (None, "")]
        if not _OF_DATE.search(self._names[k]) or not all(_DIGITS_OF_DAY.fullmatch(text) for text in texts):
            return False
        form, whole = self.form("", pa.array([f"{text} 000000" for text in texts], pa.string())), len(texts) > 0
        return whole and form is not None and form.unit is None

    def is_number(self, k: int) -> bool:
        """True if a column has numbers, and no text with signs."""
        column = self._sample.column(k)
        text = next((text for text in column.to_pylist() if text), "") if is_text(column) else "0"
        return text.replace(".", "", 1).strip().isdigit()

    def are_days(self, k: int) -> bool:
        """True if a column has whole days of our times, as spreadsheets count them."""
        column = self._sample.column(k)
        values = NumberFormat(self._decimal).array(column)[0] if is_text(column) else as_floats(column)
        known = values[np.isfinite(values)]
        return bool(known.size and (known % 1 == 0).all() and known.min() >= OLD_DAY and known.max() < NEW_DAY)

    def is_hour(self, k: int) -> bool:
        """True if a column has times of day."""
        places = self.first_places(k)
        column = self._sample.column(k)
        if is_text(column) and HHMMSS.fullmatch(next((text for text in column.to_pylist() if text), "")):
            return True
        if self._is_dotted(k):
            return True
        return ("H" in places and not has_date(places)) or (rank_of(self._names[k]) is not None and self.digits(k) > 0)

    def _is_dotted(self, k: int) -> bool:
        """True if a column has times of day with points, 10.05.00, which as dates are in no calendar, or called so."""
        column = self._sample.column(k)
        texts = [text for text in column.to_pylist() if text] if is_text(column) else []
        if not texts or not all(map(_DOTTED.fullmatch, texts)):
            return False
        return bool(_OF_CLOCK.fullmatch(self._names[k].strip()) or np.isnan(seconds_of(pa.array(texts))).any())

    def digits(self, k: int) -> int:
        """How many digits a column of times of day has that are written without signs, as 95959; 0 for another one."""
        column = self._sample.column(k)
        texts = [str(value) for value in column.to_pylist() if value not in (None, "")]
        size = max(map(len, texts), default=0)
        if size not in (3, 4, 5, 6) or not all(text.isascii() and text.isdigit() for text in texts):
            return 0
        digits = 4 if size < 5 else 6
        filled = [text.zfill(digits) for text in texts]
        return digits if all("00" <= text[:2] < "24" and max(text[2:4], text[4:]) < "60" for text in filled) else 0


def _goes_on(seconds: FloatArray, round_s: float) -> bool:
    """True if times, (n,), hardly ever go back, but where a clock that goes round by so much begins anew."""
    steps = np.diff(seconds[np.isfinite(seconds)])
    back = steps < 0
    if round_s:
        back &= steps > -round_s / 2
    return bool((steps > 0).any()) and bool(np.count_nonzero(back) <= 0.02 * steps.size)


def _are_clock(values: FloatArray) -> bool:
    """True if numbers are dates of our days that go on: there are others of this size, but these do not."""
    seconds = epoch_seconds(values)
    seconds = seconds[np.isfinite(seconds)]
    if seconds.size < CLOCK_FROM or seconds.size < values.size or not (seconds >= CLOCK_SINCE).all():
        return False
    steps = np.diff(seconds)
    return bool((steps >= 0).all() or (steps <= 0).all()) and bool(steps.any()) and seconds.max() < CLOCK_UNTIL
