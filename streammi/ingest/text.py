"""Formats made of text: JSON, Glances' export, CSV and Influx lines."""

import csv
import json
import re
from typing import Any, Final

import msgspec

from streammi.errors import FeedError
from streammi.ingest.columns import is_number
from streammi.ingest.content import ASCII_SECONDS, Content, Wanted
from streammi.ingest.frames import Frames, is_text, last_frame, text_of
from streammi.ingest.paths import heads

GLANCES_PLUGINS: Final = frozenset(
    b"alert amps cloud connections containers core cpu diskio docker folders fs gpu help ip irq load mem memswap"
    b" network now npu percpu ports processcount processlist programlist psutilversion quicklook raid sensors smart"
    b" system uptime version vms wifi".split()
)
MAX_DIGITS: Final = 19  # of a whole number that is kept as one: nanoseconds since the epoch
MAX_PLUGINS: Final = 256

_LINE_END: Final = re.compile(r"[\r\n]+")
_LINE: Final = re.compile(
    r"(?P<name>(?:[^\\,\s=#]|\\.)(?:[^\\,\s]|\\.)*)(?P<tags>(?:,(?:[^\\\s]|\\.)+)?)[ ]+"
    r'(?P<fields>(?:[^\\\s"]|\\.|"(?:[^\\"]|\\.)*")+)(?:[ ]+(?P<time>-?[0-9]{1,19}))?\s*'
)
_FIELD: Final = re.compile(r'(?P<key>(?:[^\\,=\s]|\\.)+)=(?P<value>"(?:[^\\"]|\\.)*"|[^\\",\s]+)(?:,|$)')
_TAG: Final = re.compile(r",(?P<key>(?:[^\\,=]|\\.)+)=(?P<value>(?:[^\\,=]|\\.)+)")
_ESCAPED: Final = re.compile(r'\\([,= "\\])')
_TRUTHS: Final = dict.fromkeys(("t", "T", "true", "True", "TRUE"), True) | dict.fromkeys(
    ("f", "F", "false", "False", "FALSE"), False
)


def parse_json(payload: bytes) -> Any:
    """What JSON says, with the NaN and Infinity that Python's own encoder writes; bad UTF-8 in a text is replaced.

    >>> parse_json(b'{"x": NaN, "y": 1e999}')
    {'x': nan, 'y': inf}
    """
    try:
        return msgspec.json.decode(payload)
    except RecursionError:
        raise FeedError("too deep") from None
    except (msgspec.MsgspecError, UnicodeDecodeError):
        pass
    try:
        return json.loads(payload.decode("utf-8", "replace"), strict=False, parse_int=_whole)
    except RecursionError:
        raise FeedError("too deep") from None
    except ValueError as error:
        raise FeedError("not JSON", f"{error} in {payload[:40]!r}") from None


def _whole(digits: str) -> int | float:
    return int(digits) if len(digits) <= MAX_DIGITS else float(digits)


def is_json(frames: Frames) -> bool:
    """Whether the payload begins as a JSON object or array does."""
    payload, _ = _json_payload(frames)
    return payload[:64].lstrip()[:1] in (b"{", b"[") and is_text(payload)


def read_json(frames: Frames, wanted: Wanted) -> Content:
    """The last frame, or the one before where the last is a time in ASCII seconds; ``topic {json}`` in one as well."""
    payload, stamp = _json_payload(frames)
    if not payload.strip():
        raise FeedError("empty")
    return Content(parse_json(payload), stamp)


def _json_payload(frames: Frames) -> tuple[bytes, bytes | None]:
    if len(frames) > 1 and ASCII_SECONDS.fullmatch(frames[-1]):
        return frames[-2], frames[-1]
    payload = last_frame(frames)
    if len(frames) == 1 and payload[:1] not in (b"{", b"["):
        topic, _, rest = payload.partition(b" ")  # send_string(f"{topic} {json}"), as many tutorials have it
        if rest[:1] in (b"{", b"[") and is_text(topic):
            return rest, None
    return payload, None


def is_glances(frames: Frames) -> bool:
    """Whether these are a prefix, the name of one of Glances' plugins, and JSON."""
    return len(frames) == 3 and frames[1] in GLANCES_PLUGINS and is_json(frames)


def read_glances(frames: Frames, wanted: Wanted) -> Content | None:
    """``[prefix, plugin, json]``, a message for each plugin in turn; paths begin with the plugin's name.

    Values of several plugins belong together when they come in one turn, which ends where a plugin comes again. None
    while a turn is not complete, and for the plugins that nobody asked for.
    """
    if len(frames) != 3:
        raise FeedError("wrong frames", f"{len(frames)} frames, not prefix, plugin and JSON")
    plugin = text_of(frames[1])
    turn: dict[str, Any] = wanted.memory.setdefault("glances", {"seen": [], "held": {}, "said": True})
    lacking: list[str] = []
    if plugin in turn["seen"] or len(turn["seen"]) > MAX_PLUGINS:
        lacking = [] if turn["said"] else _lacking(turn["held"], wanted)
        turn.update(seen=[], held={}, said=False)
    turn["seen"].append(plugin)
    if any(plugin in heads(path) for path in wanted.paths):
        turn["held"][plugin] = parse_json(frames[2])
        if not _lacking(turn["held"], wanted):
            turn["said"] = True
            return Content(turn["held"])
    if lacking:
        raise FeedError("no such path", f"no plugin for {lacking[0][:40]!r}")
    return None


def _lacking(held: dict[str, Any], wanted: Wanted) -> list[str]:
    return [path for path in wanted.paths if not any(head in held for head in heads(path))]


def is_csv(frames: Frames) -> bool:
    """Whether the payload is text in which a line has numbers only, or some among other fields."""
    payload = last_frame(frames)
    if not is_text(payload):
        return False
    rows = _rows(payload.decode("utf-8", "replace")[:4096])[:2]
    numeric = [sum(map(is_number, row)) for row in rows]
    return any(n and (n == len(row) or len(row) > 1) for n, row in zip(numeric, rows, strict=True))


def is_csv_header(frames: Frames, paths: tuple[str, ...]) -> bool:
    """Whether the payload is a line of column names with all of ``paths`` among them.

    >>> is_csv_header([b"t;flow;valve"], ("flow", "valve")), is_csv_header([b"flow"], ("flow", "valve"))
    (True, False)
    """
    payload = last_frame(frames)
    if not is_text(payload):
        return False
    rows = _rows(payload[:4096].decode("utf-8", "replace"))
    return len(rows) == 1 and set(paths) <= set(_names(rows[0]))


def read_csv(frames: Frames, wanted: Wanted) -> Content | None:
    """Lines of fields between commas, semicolons, tabs or spaces: columns by number, and by name after a header line.

    A header is remembered for the messages that follow; None for a header alone. In a feed of labels only a line with
    the names that are wanted is one.
    """
    rows = _rows(text_of(last_frame(frames)))
    if not rows:
        raise FeedError("empty")
    if _is_header(rows[0], wanted):
        wanted.memory["csv"] = _names(rows[0])
        rows = rows[1:]
        if not rows:
            return None
    width = len(rows[0])
    columns: dict[str, list[str]] = {}
    for k in range(width):
        columns[str(k)] = [row[k] if k < len(row) else "" for row in rows]
    names = wanted.memory.get("csv", [])
    if len(names) == width:
        columns |= {name: columns[str(k)] for k, name in enumerate(names)}
    return Content(columns)


def _is_header(row: list[str], wanted: Wanted) -> bool:
    """Whether these fields are names of columns, and not values of which none is a number, as labels are.

    Names are those that are wanted; of columns by number, the first line without a number, and that line again.
    """
    if any(map(is_number, row)):
        return False
    names = _names(row)
    return set(wanted.paths) <= set(names) or (not wanted.labels and wanted.memory.get("csv") in (None, names))


def _names(row: list[str]) -> list[str]:
    return [name.strip() for name in row]


def _rows(text: str) -> list[list[str]]:
    lines = _lines(text)
    if not lines:
        return []
    delimiter = next((d for d in ";\t," if d in lines[0]), None)
    if delimiter is None:
        return [line.split() for line in lines]
    try:
        return [row for row in csv.reader(lines, delimiter=delimiter, skipinitialspace=True) if row]
    except csv.Error as error:
        raise FeedError("not text", str(error)) from None


def is_influx(frames: Frames) -> bool:
    """Whether the payload's first line is one of the Influx line protocol."""
    payload = last_frame(frames)
    if not is_text(payload):
        return False
    lines = _lines(payload[:4096].decode("utf-8", "replace"))
    return bool(lines) and _LINE.fullmatch(lines[0]) is not None and "=" in lines[0]


def read_influx(frames: Frames, wanted: Wanted) -> Content:
    """``measurement,tag=a field=1,other=2i 1465839830100400200``, a record a line: fields by name, or below the
    measurement's. Lines with one time and different measurements make one record.
    """
    records: list[dict[str, Any]] = []
    for line in _lines(text_of(last_frame(frames))):
        name, time, values = _influx(line)
        if not records or name in records[-1] or time != records[-1].get("timestamp"):
            records.append({} if time is None else {"timestamp": time})
        records[-1].update({key: value for key, value in values.items() if key != "timestamp"})
        records[-1].setdefault(name, values)
    if not records:
        raise FeedError("empty")
    return Content(records)


def _lines(text: str) -> list[str]:
    # Not splitlines(), which also ends a line at U+0085 and U+2028: a label or a text field may hold these.
    return [line for line in _LINE_END.split(text) if line.strip() and not line.startswith("#")]


def _influx(line: str) -> tuple[str, int | None, dict[str, Any]]:
    match = _LINE.fullmatch(line.strip())
    if match is None:
        raise FeedError("not Influx lines", repr(line[:60]))
    values: dict[str, Any] = {_plain(tag["key"]): _plain(tag["value"]) for tag in _TAG.finditer(match["tags"])}
    end = 0
    while field := _FIELD.match(match["fields"], end):
        values[_plain(field["key"])] = _field(field["value"])
        end = field.end()
    if end != len(match["fields"]):
        raise FeedError("not Influx lines", repr(line[:60]))
    return _plain(match["name"]), None if match["time"] is None else int(match["time"]), values


def _plain(text: str) -> str:
    return _ESCAPED.sub(r"\1", text)


def _field(value: str) -> float | bool | str:
    if value[0] == '"':
        return _plain(value[1:-1])
    if value in _TRUTHS:
        return _TRUTHS[value]
    number = value[:-1] if value[-1] in "iu" else value
    if not is_number(number):
        raise FeedError("not Influx lines", f"a field is {value[:40]!r}")
    return float(number)
