"""The names of columns of times."""

import re
from collections.abc import Sequence
from typing import Final

from streammi.ingest.time_units import TICKS, Unit, unit_in_name

# In the order in which they are looked for; without the unit behind them, and in small letters.
NAMES: Final = (
    *("timestamp", "time stamp", "time string", "datetime", "date time", "date/time", "time", "ts", "t", "epoch"),
    *("unix", "unixtime", "unix time", "utc", "utc time", "local time", "recorded", "recorded at", "date", "tmstamp"),
    *("received", "created"),
    *("zeit", "zeitstempel", "datum", "datum/zeit", "datum zeit", "uhrzeit", "messzeit", "zeitpunkt", "fecha", "hora"),
    *("heure", "horodatage", "uptime", "elapsed", "elapsed time", "millis", "micros", "seconds", "sec", "secs", "tijd"),
    *("second", "data", "created at", "timestamps", "ticks", "filetime", "datenum", "mjd", "jd", "julian date"),
    *("julian day", "modified julian date", "serial date", "excel date", "x value", "x axis", "time axis"),
    *("yyyymmdd", "yymmdd", "ddmmyyyy", "ddmmyy", "mmddyyyy", "mmddyy", "ymd", "dmy", "mdy", "hhmmss", "hhmm", "hms"),
    *("sekunden", "dato", "tid", "ora", "aika", "tarih", "saat", "czas"),
    *("čas", "дата", "время", "日時", "时间", "時間", "時刻", "日期", "日付", "시간", "날짜"),
    *("tow", "sow", "gpst", "decimal year", "year decimal", "decyear", "decimal date", "fractional year"),
)
_OF_CLOCKS: Final = (
    "gps|ntp|unix|utc|local|system|sys|device|dev|event|log|logger|record|recording|sample|sampling|sensor|server|host|excel"
    "|labview|cocoa|mac|posix|epoch|measurement|meas|acquisition|acq|capture|recv|receive|header|stamp|ros|absolute|relative|abs|rel"
)
_OF_EVENTS: Final = "logged|measured|recorded|created|updated|received|observed|sampled|captured|acquired"
_WITH_CLOCK: Final = re.compile(
    rf"(?:{_OF_CLOCKS})[ .]?(?:time|timestamp|time stamp|ts|stamp|secs?|seconds)|stamp"
    rf"|(?:{_OF_EVENTS}) (?:at|on|time)|last updated|when"
)
_OFFSET: Final = re.compile(r"[\s,;/_-]+(?:UTC|GMT)\s?[+-]\s?\d{1,2}(?::?\d\d)?$")  # Date Time, GMT+01:00
_UNITS_BEHIND: Final = (
    "s|ms|us|µs|ns|secs?|seconds|millis|micros|nanos|mins?|minutes|h|hrs?|hours|days|utc|local|gmt|cet"
)
_PARTS: Final = {
    part: frozenset(words.split())
    for part, words in {
        "Y": "year yr yyyy yy jahr année annee an año ano anno år jaar rok год 年",
        "m": "month mon mo monat mois mes mês mese månad måned maand miesiąc месяц 月",
        "d": "day dd tag dom jour jr día dia giorno dag dzień den день 日",
        "j": "doy yday jday julian",
        "H": "hour hr hh h stunde std heure hora ora timme uur godzina hodina час 時 时",
        "M": "minute min mn mi minuto minut minuut minuta минута 分",
        "S": "second sec ss s seconds secs sekunde seconde segundo secondo sekund sekunda секунда 秒",
    }.items()
}


def is_time_name(name: str) -> bool:
    """True if a column of this name usually has times; T is a temperature, t is not.

    >>> [is_time_name(name) for name in ("Timestamp", "Time [s]", "uptime_ms", "t", "T", "temperature", "rise time")]
    [True, True, True, True, False, False, False]
    """
    return rank_of(name) is not None


def rank_of(name: str) -> int | None:
    """The place of a column's name among NAMES, None for none of them."""
    plain = re.sub(r"\s*[\[({].*?[\])}]\s*", " ", name.strip()).strip(" :#_-")
    plain = re.sub(r"\s*(?:/|,|\bin\b)\s*(\w+)$", lambda unit: "" if unit_in_name(unit[1]) else unit[0], plain)
    plain = _OFFSET.sub("", plain)
    if len(plain) == 1:
        return NAMES.index("t") if plain == "t" else None
    plain = re.sub(r"[-_\s]+", " ", re.sub(r"(?<=[a-z])(?=[A-Z][a-z])", " ", plain).lower())
    if plain in NAMES:
        return NAMES.index(plain)
    if re.match(r"time \d+ ", plain + " "):  # Time  1 - default sample rate, of several
        return len(NAMES)
    plain = " ".join(re.split(r"[./]", plain)[-2:])  # header.stamp.secs
    short = re.sub(rf"(?:[ /.]|(?<=time)|(?<=uptime))(?:{_UNITS_BEHIND})$", "", plain)
    if short in NAMES:
        return NAMES.index(short)
    return len(NAMES) if _WITH_CLOCK.fullmatch(short) else None


def fraction_in_name(name: str) -> Unit | None:
    """The unit of a column that has nothing but fractions of seconds, by its name; None for another one.

    >>> [(fraction_in_name(name) or TICKS[0]).name for name in ("ms", "nsecs", "stamp.nanosec", "uptime_ms")]
    ['ms', 'ns', 'ns', 's']
    """
    if name.strip().lower() in ("millitm", "millitm."):  # as Rockwell's logs have it
        return TICKS[1]
    unit = unit_in_name(name)
    *words, _ = re.findall(r"[A-Z]?[a-zµμ]+|[A-Z]+", name) or [""]
    plain = {"time", "timestamp", "stamp", "header", "fraction", "sub", "part", "of", "second", "tv", "ts", "t"}
    return unit if unit in TICKS[1:] and {word.lower() for word in words} <= plain else None


def parts_of_dates(names: Sequence[str]) -> dict[str, int]:
    """The places of columns that have a year, month, day, hour, ... each, by strptime's letters; none without a day.

    >>> parts_of_dates(["#YY", "MM", "DD", "hh", "mm", "WSPD"]), parts_of_dates(["year", "sales"])
    ({'Y': 0, 'm': 1, 'd': 2, 'H': 3, 'M': 4}, {})
    """
    found = _parts_in(names)
    if {"Y", "d"} <= found.keys() and not {"m", "j"} & found.keys():  # year and day, as scientists count
        found["j"] = found.pop("d")
    dated = "Y" in found and ("j" in found or {"m", "d"} <= found.keys())
    return {part: found[part] for part in "YmdjHMS" if part in found} if dated else {}


def parts_of_days(names: Sequence[str]) -> dict[str, int]:
    """Likewise of an hour, a minute and a second, or an hour alone.

    >>> parts_of_days(["date", "hour", "min", "sec"]), parts_of_days(["sec", "nsec"])
    ({'H': 1, 'M': 2, 'S': 3}, {})
    """
    found = _parts_in(names)
    told = "H" in found and ("M" in found or "S" not in found)
    return {part: found[part] for part in "HMS" if part in found} if told else {}


def _parts_in(names: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for k, name in enumerate(names):
        plain = re.sub(r"[\[(].*?[\])]", "", name).strip(" #:").replace("_", " ")
        plain = "doy" if plain.lower() == "day of year" else plain
        part = {"MM": "m", "mm": "M"}.get(plain) or next(
            (p for p, words in _PARTS.items() if plain.lower() in words), ""
        )
        if part and part not in found:
            found[part] = k
    if {"H", "S"} <= found.keys() and "M" not in found and "m" in names:  # h, m, s
        found["M"] = names.index("m")
    return found


def is_zone_name(name: str) -> bool:
    """True if a column of this name has the zones of the times beside it.

    >>> [is_zone_name(name) for name in ("TZ", "utc_offset", "Time zone", "offset")]
    [True, True, True, False]
    """
    plain = re.sub(r"[-_\s]+", " ", name.strip().lower())
    return (
        re.fullmatch(r"tz|time ?zone|zone|(?:utc|gmt|tz|zone|time ?zone) ?offset|offset from (?:utc|gmt)", plain)
        is not None
    )
