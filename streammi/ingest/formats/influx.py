"""Lines of the Influx line protocol."""

import re
from typing import Any, Final

from streammi.errors import FeedError
from streammi.ingest.formats.columns import is_number
from streammi.ingest.formats.content import Content, Wanted
from streammi.ingest.formats.format import Format
from streammi.ingest.formats.lines import lines
from streammi.ingest.formats.magic import named_text
from streammi.network.frames import Frames, is_text, last_frame, text_of, utf8

_LINE: Final = re.compile(
    r"(?P<name>(?:[^\\,\s=#]|\\.)(?:[^\\,\s=]|\\.)*)(?P<tags>(?:,(?:[^\\\s]|\\.)+)?)[ ]+"
    r'(?P<fields>(?:[^\\\s"]|\\.|"(?:[^\\"]|\\.)*")+)(?:[ ]+(?P<time>-?[0-9]{1,19}))?\s*'
)
_FIELD: Final = re.compile(r'(?P<key>(?:[^\\,=\s]|\\.)+)=(?P<value>"(?:[^\\"]|\\.)*"|[^\\",\s]+)(?:,|$)')
_TAG: Final = re.compile(r",(?P<key>(?:[^\\,=]|\\.)+)=(?P<value>(?:[^\\,=]|\\.)+)")
_ESCAPED: Final = re.compile(r'\\([,= "\\])')
_TRUTHS: Final = dict.fromkeys(("t", "T", "true", "True", "TRUE"), True) | dict.fromkeys(
    ("f", "F", "false", "False", "FALSE"), False
)


def is_influx(frames: Frames) -> bool:
    """True if the payload's first line is one of the Influx line protocol."""
    payload = utf8(last_frame(frames))
    if not is_text(payload) or named_text(payload):  # XML has names, = and blanks as well
        return False
    found = lines(payload[:4096].decode("utf-8", "replace"))
    return bool(found) and _LINE.fullmatch(found[0]) is not None and "=" in found[0]


def read_influx(frames: Frames, wanted: Wanted) -> Content:
    """``measurement,tag=a field=1,other=2i 1465839830100400200``, a record a line: fields by name, or below the
    measurement's, or below that of a series with its tags, ``measurement,tag=a``. Lines with one time and different
    measurements (or series, where one is asked for) make one record.
    """
    series_asked = any("," in path for path in wanted.paths)
    records: list[dict[str, Any]] = []
    several = ""
    for line in lines(text_of(last_frame(frames))):
        name, series, time, values = _influx(line)
        key = series if series_asked else name
        if not records or key in records[-1] or time != records[-1].get("timestamp"):
            records.append({} if time is None else {"timestamp": time})
        records[-1].update({key: value for key, value in values.items() if key != "timestamp"})
        records[-1].setdefault(name, values)
        records[-1].setdefault(series, values)
        if not (series_asked or wanted.keyed) and any(
            path in values or path.removeprefix(f"{name}/") in values for path in wanted.paths
        ):
            several = several or _several(name, series, values, wanted)
    if not records:
        raise FeedError("empty")
    return Content(records, hint=several)


def _several(name: str, series: str, values: dict[str, Any], wanted: Wanted) -> str:
    """A word on a measurement of which lines of several series come, which are mixed; empty where there is one."""
    first = wanted.memory.setdefault("influx", {}).setdefault(name, series)
    if first == series:
        return ""
    field = next(path for path in wanted.paths if path.removeprefix(f"{name}/") in values).removeprefix(f"{name}/")
    return f"lines of {first} and {series} are mixed: --x '{first}/{field}' takes those of one"


def _influx(line: str) -> tuple[str, str, int | None, dict[str, Any]]:
    """The measurement of a line, the same with its tags, its time, and its values, tags among them."""
    match = _LINE.fullmatch(line.strip())
    if match is None:
        raise FeedError("not Influx lines", repr(line[:60]))
    values: dict[str, Any] = {_plain(tag["key"]): _plain(tag["value"]) for tag in _TAG.finditer(match["tags"])}
    end, fields = 0, match["fields"]  # once: a group is copied each time it is asked for
    while field := _FIELD.match(fields, end):
        values[_plain(field["key"])] = _field(field["value"])
        end = field.end()
    if end != len(fields):
        raise FeedError("not Influx lines", repr(line[:60]))
    name = _plain(match["name"])
    return name, name + _plain(match["tags"]), None if match["time"] is None else int(match["time"]), values


def _plain(text: str) -> str:
    return _ESCAPED.sub(r"\1", text) if "\\" in text else text


def _field(value: str) -> float | bool | str:
    if value[0] == '"':
        return _plain(value[1:-1])
    if value in _TRUTHS:
        return _TRUTHS[value]
    number = value[:-1] if value[-1] in "iu" else value
    if not is_number(number):
        raise FeedError("not Influx lines", f"a field is {value[:40]!r}")
    return float(number)


FORMAT: Final = Format(
    "influx", "[topic,] Influx lines", "field, measurement/field, measurement,tag=a/field", is_influx, read_influx
)
