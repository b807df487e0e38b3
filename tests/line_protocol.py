"""The InfluxDB line protocol as its specification has it, character by character; nothing of ours.

https://docs.influxdata.com/influxdb/v2/reference/syntax/line-protocol/
"""

import re
from typing import NamedTuple

FLOAT = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")  # neither NaN nor infinities
INTEGER = re.compile(r"[+-]?\d+[iu]")
TRUE, FALSE = {"t", "T", "true", "True", "TRUE"}, {"f", "F", "false", "False", "FALSE"}


class Point(NamedTuple):
    measurement: str
    tags: dict[str, str]
    fields: dict[str, float | int | bool | str]
    nanoseconds: int | None


def parse_line(line: str) -> Point:
    """One line; ValueError for what the specification does not allow."""
    if "\n" in line or not line or line.startswith("#"):
        raise ValueError(f"not one line of data: {line!r}")
    measurement, at = _text(line, 0, ", ", escaped=", ")
    if not measurement or measurement.startswith("_"):
        raise ValueError("a measurement is not empty and does not begin with _")
    tags: dict[str, str] = {}
    while line[at] == ",":
        key, at = _text(line, at + 1, "=", escaped=",= ")
        value, at = _text(line, at + 1, ", ", escaped=",= ")
        if not key or not value or key in tags:
            raise ValueError(f"tag {key!r} = {value!r}")
        if value.endswith("\\"):
            raise ValueError("a backslash before a separator escapes it")
        tags[key] = value
    fields: dict[str, float | int | bool | str] = {}
    separator = ","
    while separator == ",":
        key, at = _text(line, at + 1, "=", escaped=",= ")
        value, at = _value(line, at + 1)
        if not key or key in fields:
            raise ValueError(f"field {key!r}")
        fields[key] = value
        separator = line[at : at + 1]
    if separator == "":
        return Point(measurement, tags, fields, None)
    if separator != " ":
        raise ValueError(f"{separator!r} behind the fields")
    return Point(measurement, tags, fields, int(line[at + 1 :]))


def _text(line: str, at: int, ends: str, escaped: str) -> tuple[str, int]:
    """Characters up to an unescaped end; a backslash before anything else is a backslash."""
    found = []
    while line[at] not in ends:
        if line[at] == "\\" and line[at + 1] in escaped:
            at += 1
        elif line[at] in escaped:
            raise ValueError(f"unescaped {line[at]!r} at {at}")
        found.append(line[at])
        at += 1
    return "".join(found), at


def _value(line: str, at: int) -> tuple[float | int | bool | str, int]:
    if line[at] == '"':
        return _string(line, at + 1)
    end = min((k for k in (line.find(",", at), line.find(" ", at)) if k >= 0), default=len(line))
    word = line[at:end]
    if word in TRUE | FALSE:
        return word in TRUE, end
    if INTEGER.fullmatch(word):
        return int(word[:-1]), end
    if FLOAT.fullmatch(word):
        return float(word), end
    raise ValueError(f"no value: {word!r}")


def _string(line: str, at: int) -> tuple[str, int]:
    found = []
    while line[at] != '"':
        if line[at] == "\\" and line[at + 1] in '"\\':
            at += 1
        found.append(line[at])
        at += 1
    return "".join(found), at + 1
