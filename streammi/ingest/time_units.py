"""Units of numeric times: what one of them counts, and from when on."""

import re
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from streammi.errors import ConfigError
from streammi.records import FloatArray

DAY: Final = 86_400.0
FIRST, LAST = 631_152_000.0, 4_102_444_800.0  # 1990 and 2100, s: what is taken for a time since 1970
TICKS_FROM, TICKS_TO = 630_822_816_000_000_000, 649_757_376_000_000_000  # 2000 to 2060 in ticks since the year 1
GPS_EPOCH: Final = 315_964_800.0
# Seconds of GPS time at which each leap second had been put in: UTC is so many behind.
_LEAPS: Final = np.array([
    46_828_800.0, 78_364_801.0, 109_900_802.0, 173_059_203.0, 252_028_804.0, 315_187_205.0, 346_723_206.0,
    393_984_007.0, 425_520_008.0, 457_056_009.0, 504_489_610.0, 551_750_411.0, 599_184_012.0, 820_108_813.0,
    914_803_214.0, 1_025_136_015.0, 1_119_744_016.0, 1_167_264_017.0,
])  # fmt: skip


class Unit(NamedTuple):
    """The unit of a clock's numbers: one is ``seconds / per`` seconds, from ``zero`` on."""

    name: str
    words: str
    per: int = 1
    seconds: int = 1
    zero: float = 0.0  # the number that is 1970
    places: int | None = None  # of a second that are kept: less is the rounding of a float64 of this size

    @property
    def is_date(self) -> bool:
        """True if its numbers are dates, and count from no start of their own."""
        return self.zero != 0.0

    def array(self, values: NDArray[np.number]) -> FloatArray:
        """Times in seconds, shape (n,), NaN where there is none."""
        seconds = np.asarray(values, dtype=np.float64)
        if self.zero:
            seconds = seconds - self.zero
        if self.name == "year":
            return _of_years(seconds)
        if self.name == "gps":
            seconds = seconds - np.searchsorted(_LEAPS, values, side="right")
        if self.seconds != 1:
            seconds = seconds * self.seconds
        if self.per != 1:
            seconds = seconds / self.per
        return seconds if self.places is None else np.round(seconds, self.places)

    def one(self, value: float) -> float:
        """One time in seconds; a whole number is rounded once, not twice."""
        return value / self.per if self.per != 1 and not self.zero else float(self.array(np.array([value]))[0])


UNITS: Final = {
    unit.name: unit
    for unit in (
        Unit("s", "seconds"),
        Unit("ms", "milliseconds", 1_000),
        Unit("us", "microseconds", 1_000_000),
        Unit("ns", "nanoseconds", 1_000_000_000),
        Unit("min", "minutes", 1, 60),
        Unit("h", "hours", 1, 3600),
        Unit("d", "days", 1, 86_400),
        Unit("excel", "days since 1899, as spreadsheets count", 1, 86_400, 25_569.0, 3),
        Unit("excel1904", "days since 1904, as old spreadsheets count", 1, 86_400, 24_107.0, 3),
        Unit("matlab", "days since the year 0, as MATLAB counts", 1, 86_400, 719_529.0, 4),
        Unit("jd", "Julian days", 1, 86_400, 2_440_587.5, 4),
        Unit("mjd", "modified Julian days", 1, 86_400, 40_587.0, 5),
        Unit("year", "years, with their part behind the point", 1, 1, 0.0, 0),
        Unit("labview", "seconds since 1904, as LabVIEW counts", 1, 1, 2_082_844_800.0),
        Unit("ntp", "seconds since 1900, as NTP counts", 1, 1, 2_208_988_800.0),
        Unit("gps", "seconds since 1980, as GPS counts", 1, 1, -GPS_EPOCH),
        Unit("y2000", "seconds since 2000", 1, 1, -946_684_800.0),
        Unit("cocoa", "seconds since 2001, as Apple counts", 1, 1, -978_307_200.0),
        Unit("ticks", "ticks of 100 ns since the year 1, as .NET counts", 10**7, 1, 621_355_968_000_000_000.0, 5),
        Unit("webkit", "microseconds since 1601, as Chrome counts", 10**6, 1, 11_644_473_600_000_000.0, 5),
        Unit("filetime", "ticks of 100 ns since 1601, as Windows counts", 10**7, 1, 116_444_736_000_000_000.0, 5),
    )
}
TICKS: Final = tuple(UNITS[name] for name in ("s", "ms", "us", "ns"))  # each 1,000 times finer than the one before
DATES: Final = tuple(unit for unit in UNITS.values() if unit.is_date)
_IN_NAMES: Final = {
    "s": "s sec secs second seconds sek sekunde sekunden seconde secondes segundos secondi sekunder",
    "ms": "ms msec msecs millis millisecond milliseconds millisekunden",
    "us": "us µs μs usec usecs micros microsecond microseconds mikrosekunden",
    "ns": "ns nsec nsecs nanos nanosec nanosecs nanosecond nanoseconds",
    "min": "min mins minute minutes mn minuten minutos minuti minuter", "d": "day days tage jours giorni dagen días",
    "h": "h hr hrs hour hours std stunde stunden heure heures horas ore uur uren timmar",
}  # fmt: skip
_BY_WORD: Final = {word: UNITS[name] for name, words in _IN_NAMES.items() for word in words.split()}
_DATE_WORDS: Final = {
    "labview": "labview", "mjd": "mjd", "jd": "jd", "julian": "jd", "gps": "gps", "gpst": "gps", "ticks": "ticks",
    "filetime": "filetime", "matlab": "matlab", "datenum": "matlab", "ntp": "ntp", "excel": "excel", "cocoa": "cocoa",
}  # fmt: skip


def _of_years(years: FloatArray) -> FloatArray:
    """Years with their part behind the point, (n,), as seconds since 1970."""
    whole = np.floor(years)
    leaps = np.floor((whole - 1) / 4) - np.floor((whole - 1) / 100) + np.floor((whole - 1) / 400)
    is_leap = (whole % 4 == 0) & ((whole % 100 != 0) | (whole % 400 == 0))
    found: FloatArray = np.round(DAY * (365 * (whole - 1970) + leaps - 477 + (years - whole) * (365 + is_leap)))
    return found


def time_unit(name: str, option: str = "--time-unit") -> Unit | None:
    """The unit of this name, None for ``auto``; ``ConfigError`` for any other."""
    if name != "auto" and name not in UNITS:
        raise ConfigError(option, f"auto, {', '.join(UNITS)}", name)
    return UNITS.get(name)


def unit_in_name(name: str) -> Unit | None:
    """The unit that the name of a time ends with, as a word of its own; None where there is none.

    >>> [(unit or TICKS[0]).name for unit in map(unit_in_name, ("t_ms", "uptime (us)", "Time [ns]", "elapsedMillis"))]
    ['ms', 'us', 'ns', 'ms']
    >>> unit_in_name("timestamp"), unit_in_name("pressures")
    (None, None)
    """
    words = _words(name)
    return _BY_WORD.get(words[-1].lower()) if words else None


def date_unit_in_name(name: str) -> Unit | None:
    """The unit of dates that the name of a time has among its words.

    >>> [(unit or TICKS[0]).name for unit in map(date_unit_in_name, ("LabVIEW Time", "MJD", "gps_time", "time"))]
    ['labview', 'mjd', 'gps', 's']
    """
    found = (word for word in re.findall(r"[a-z]+", name.lower()) if word in _DATE_WORDS)
    word = next(found, None)
    if word == "jd" and "modified" in name.lower():
        word = "mjd"
    return UNITS[_DATE_WORDS[word]] if word else None


def epoch_unit(number: float) -> Unit | None:
    """The unit in which a number is a time since 1970 of the years 1990 to 2100; None where it is so in none.

    So it also tells whether a number that stands beside a message can be its time, or is rather a counter.

    >>> [unit and unit.name for unit in map(epoch_unit, (1700000000.5, 1700000000500, 1700000000500000000, 4711))]
    ['s', 'ms', 'ns', None]
    """
    if TICKS_FROM <= number < TICKS_TO:  # nobody had nanoseconds in the first half of 1990
        return None
    return next((unit for unit in TICKS if FIRST <= number / unit.per < LAST), None)


def is_ticks(number: float) -> bool:
    """True if a number is a time of the years 2000 to 2060 as .NET counts, which no other time is.

    >>> is_ticks(639079560000000000), is_ticks(1700000000500000000)
    (True, False)
    """
    return TICKS_FROM <= number < TICKS_TO


def _words(name: str) -> list[str]:
    return re.findall(r"[A-Z]?[a-zµμ]+|[A-Z]+", name)
