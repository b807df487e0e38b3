"""Names of time zones, as they stand behind times."""

import re
from collections.abc import Sequence
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from streammi.records import IntArray

# Hours east of Greenwich. What is not of all the world is said: CST is China's as well, BST that of Bangladesh.
ZONES: Final = {
    "Z": 0, "UTC": 0, "GMT": 0, "WET": 0, "WEST": 1, "BST": 1, "CET": 1, "MEZ": 1, "CEST": 2, "MESZ": 2, "EET": 2,
    "EEST": 3, "MSK": 3, "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7,
    "JST": 9, "KST": 9, "HKT": 8, "SGT": 8, "AWST": 8, "ACST": 9.5, "ACDT": 10.5, "AEST": 10, "AEDT": 11, "NZST": 12,
    "NZDT": 13, "SAST": 2, "BRT": -3, "AKST": -9, "AKDT": -8, "HST": -10, "IST": 5.5, "ICT": 7, "WIB": 7, "EAT": 3,
    "CAT": 2, "WAT": 1, "ART": -3,
}  # fmt: skip
_OF_ALL: Final = frozenset({"Z", "UTC", "GMT"})
PLACE: Final = r"[A-Z][A-Za-z]+(?:/[A-Z][A-Za-z_+-]+){1,2}\d{0,2}|[A-Z]{3}\d[A-Z]{3}"  # Europe/Berlin, EST5EDT
_NAMED_ZONE: Final = re.compile(rf"(?<=\d)\s?(?:[AaPp]\.?[Mm]\.?\s?)?([A-Z]{{2,5}}|{PLACE})\s*$")
# Behind or in a column's name: time (CET), Date Time, GMT+01:00, timestamp_utc, Zeit [Europe/Berlin].
_IN_NAME: Final = re.compile(
    rf"(?:^|[\s,;(\[/_-])(?P<zone>(?:UTC|GMT)\s?[+-]\s?\d{{1,2}}(?::?\d\d)?|[A-Z]{{3,5}}|{PLACE})[)\]]*\s*$"
)


_PERFMON: Final = re.compile(r"^\(PDH-CSV [\d.]+\) \(.*\)\((-?\d{1,3})\)$")


def zone_of(text: str) -> str:
    """The name of the zone that stands behind a time; empty where there is none.

    >>> zone_of("2026-03-01 10:00:00 CST"), zone_of("2026-03-01 10:00 PM"), zone_of("2026-03-01T10:00Z")
    ('CST', '', 'Z')
    """
    match = _NAMED_ZONE.search(text)
    name = match[1] if match else "Z" if text.rstrip().endswith("Z") else ""
    return "" if name in ("AM", "PM") else name


def zones_in(texts: Sequence[str]) -> str:
    """A word on the names of zones behind times: each is taken for one, though others may have the same name."""
    names = dict.fromkeys(name for text in texts if (name := zone_of(text)) in ZONES and name not in _OF_ALL)
    return " and ".join(f"{name} as UTC{ZONES[name]:+g}" for name in names)


def ahead_of_utc(name: str, local: IntArray) -> IntArray | int | None:
    """Seconds that a zone is ahead of Greenwich at ``local`` times in s, (n,), or always; None for one not known.

    Of the hour that comes twice in autumn it is the first.

    >>> ahead_of_utc("CET", np.array([0])), ahead_of_utc("Europe/Nowhere", np.array([0]))
    (3600, None)
    >>> ahead_of_utc("Europe/Berlin", np.array([1772359200, 1783000000])).tolist()
    [3600, 7200]
    """
    name = name.upper() if name == "z" else name
    if name in ZONES:
        return int(ZONES[name] * 3600)
    if offset := re.fullmatch(r"(?:UTC|GMT)\s?([+-])\s?(\d{1,2})(?::?(\d\d))?", name):
        return (int(offset[2]) * 3600 + int(offset[3] or 0) * 60) * (-1 if offset[1] == "-" else 1)
    if not re.fullmatch(PLACE, name):
        return None
    try:
        there = pc.assume_timezone(
            pa.array(local, pa.timestamp("s")), name, ambiguous="earliest", nonexistent="earliest"
        )
    except pa.ArrowInvalid:  # none of the system's
        return None
    utc: IntArray = pc.cast(there, pa.int64()).to_numpy(zero_copy_only=False)
    return np.asarray(local) - utc


def zone_in_name(name: str) -> str:
    """The zone that the name of a column of times has in it; empty for none that is known.

    >>> zone_in_name("(PDH-CSV 4.0) (W. Europe Standard Time)(-60)")
    'UTC+1:00'
    >>> [zone_in_name(name) for name in ("time (CET)", "Date Time, GMT-07:00", "Zeit [Europe/Berlin]", "t_utc", "TIME")]
    ['CET', 'GMT-07:00', 'Europe/Berlin', '', '']
    """
    if bias := _PERFMON.search(name):  # minutes west of Greenwich
        hours, minutes = divmod(abs(int(bias[1])), 60)
        return f"UTC{'-' if int(bias[1]) > 0 else '+'}{hours}:{minutes:02d}"
    match = _IN_NAME.search(name)
    if match is None:
        return ""
    zone = match["zone"]
    return "" if zone in _OF_ALL or ahead_of_utc(zone, np.array([0])) is None else zone
