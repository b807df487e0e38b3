"""Text such as x=1.5 y=2.5: names and values, a record a line."""

import re
from typing import Any, Final

from streammi.errors import FeedError
from streammi.ingest.formats.columns import is_number
from streammi.ingest.formats.content import Content, Wanted
from streammi.ingest.formats.format import Format
from streammi.ingest.formats.lines import lines
from streammi.ingest.formats.magic import named_text
from streammi.network.frames import Frames, is_text, last_frame, text_of, utf8

LOOKED_AT: Final = 4096  # bytes

# Possessive, and only where a word begins: each letter is looked at once.
_KEY: Final = r"(?<![\w./\-\[\]])(?P<key>[A-Za-z_][\w./\-\[\]]*+)"
# A comma right before a digit is of the value, a decimal comma or a list, which a number is not cut out of in silence.
_LIST: Final = r"(?:,[-+]?[0-9][^\s,;&|=:]*+(?=[\s,;&|]|$))*+"
_VALUE: Final = rf"(?P<value>\"(?:[^\"\\]|\\.){{0,1000}}+\"|'[^']{{0,1000}}'|[^\s,;&|]++{_LIST})"
_PAIR: Final = re.compile(rf"{_KEY}\s{{0,9}}=\s{{0,9}}{_VALUE}")
# For which there must be nothing else: 12:30 is a time.
_COLON: Final = re.compile(rf"{_KEY}\s{{0,9}}:\s{{0,9}}{_VALUE}")
_UNIT: Final = r"(?:[°µμΩ]?[^\W\d_]{1,6}(?:/[^\W\d_]{1,6})?[²³]?|[%‰])"
_NUMBER: Final = r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?"
_WITH_UNIT: Final = re.compile(rf"(?P<number>{_NUMBER})\s?(?P<unit>{_UNIT})")
# Behind a blank, if it is not the next name: Temp: 20 C Hum: 40 %.
_UNIT_BEHIND: Final = re.compile(rf"\s{_UNIT}(?=[\s,;&|]|$)(?!\s*[:=])")
# Where other words may stand behind a value, one that is a unit for sure.
_KNOWN_UNIT: Final = re.compile(
    r"\s(?:[fpnuµμmcdhkMGT]?(?:V|A|W|Hz|Pa|g|s|Ω|J|N|F|T|K|VA|VAr|Wh|Ah|bar|m[²³]?)|°?[CF]|°|%|‰|km/h|m/s[²2]?|mi|mph|ft"
    r"|psi|rpm|dB[mA]?|min|h|l/min|[lL]|ppm|ppb|lx|lux|degC|degF|deg|rad|mmHg|inHg)(?=[\s,;&|]|$)(?!\s*[:=])"
)
_BETWEEN: Final = re.compile(r"[\s,;&|]*")
_COMMA: Final = re.compile(r"[-+]?[0-9]+,[0-9]+")


def is_keyvalue(frames: Frames) -> bool:
    """True if the first line has names with values, of which one is a number, maybe with a decimal comma.

    >>> is_keyvalue([b"x=1.5 y=2.5"]), is_keyvalue([b"temp: 20.5 C, hum: 40"]), is_keyvalue([b"at 12:30 all = well"])
    (True, True, False)
    """
    payload = utf8(last_frame(frames))
    if not is_text(payload) or named_text(payload):
        return False
    found = lines(payload[:LOOKED_AT].decode("utf-8", "replace"))
    values = _values(found[0]) if found else {}
    numbers = (is_number(value) or _COMMA.fullmatch(value) or _WITH_UNIT.fullmatch(value) for value in values.values())
    return any(numbers)


def is_quantity(value: str) -> bool:
    """True if a value is a number, maybe with a unit behind it.

    >>> is_quantity("20.5"), is_quantity("20.5 C"), is_quantity("on")
    (True, True, False)
    """
    return is_number(value) or _WITH_UNIT.fullmatch(value) is not None


def read_keyvalue(frames: Frames, wanted: Wanted) -> Content:
    """Names and values between blanks, commas, semicolons, & or |; lines with different names make one record.

    A unit behind a number is left out, as long as it is the same in all messages.
    """
    records: list[dict[str, Any]] = []
    for line in lines(text_of(last_frame(frames))):
        values = _values(line)
        if records and not values.keys() & records[-1].keys():
            records[-1].update(values)
        elif values:
            records.append(dict(values))
    if not records:
        raise FeedError("not text", f"no name=value in {bytes(frames[-1][:40])!r}")
    if not wanted.labels:
        units = wanted.memory.setdefault("keyvalue", {})
        for record in records:
            for path in wanted.paths:
                if path in record:
                    record[path] = _without_unit(record[path], path, units)
    return Content(records)


def _without_unit(value: str, path: str, units: dict[str, str]) -> str:
    """A value without the unit that the feed's first one had; with another one it is no number. 0 needs none."""
    match = _WITH_UNIT.fullmatch(value)
    if not match and (not is_number(value) or float(value) == 0.0):
        return value
    number, unit = match.groups() if match else (value, "")
    first = units.setdefault(path, unit)
    return number if unit == first else f"{number} {unit or 'without a unit'}, others {first or 'without one'}"


def _values(line: str) -> dict[str, str]:
    """The names and values in a line; words among them are left out, but not among those with colons."""
    found: dict[str, str] = {}
    for pair in _PAIR.finditer(line):
        found[pair["key"]] = pair["value"].strip("\"'")
        if is_number(pair["value"]) and (unit := _KNOWN_UNIT.match(line, pair.end())):
            found[pair["key"]] += unit[0]
    if found:
        return found
    values: dict[str, str] = {}
    at = 0
    while match := _COLON.match(line, at):
        value, at = match["value"].strip("\"'"), match.end()
        if is_number(value) and (unit := _UNIT_BEHIND.match(line, at)):
            value, at = value + unit[0], unit.end()
        values[match["key"]] = value
        at = _BETWEEN.match(line, at).end()  # type: ignore[union-attr]
    return values if at == len(line) else {}


FORMAT: Final = Format("keyvalue", "[topic,] x=1.5 y=2.5", "names", is_keyvalue, read_keyvalue, by_chance=True)
