"""Names of time zones, as they stand behind times."""

import re
from collections.abc import Sequence
from typing import Final

# Hours east of Greenwich. What is not of all the world is said: CST is China's as well, BST that of Bangladesh.
ZONES: Final = {
    "Z": 0, "UTC": 0, "GMT": 0, "WET": 0, "WEST": 1, "BST": 1, "CET": 1, "MEZ": 1, "CEST": 2, "MESZ": 2, "EET": 2,
    "EEST": 3, "MSK": 3, "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7,
    "JST": 9, "KST": 9, "HKT": 8, "SGT": 8, "AWST": 8, "ACST": 9.5, "ACDT": 10.5, "AEST": 10, "AEDT": 11, "NZST": 12,
    "NZDT": 13, "SAST": 2, "BRT": -3, "AKST": -9, "AKDT": -8, "HST": -10,
}  # fmt: skip
_OF_ALL: Final = frozenset({"Z", "UTC", "GMT"})
_NAMED_ZONE: Final = re.compile(r"(?<=\d)\s?(?:[AaPp]\.?[Mm]\.?\s?)?([A-Z]{2,5})\s*$")


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
