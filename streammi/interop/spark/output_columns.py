"""The columns of a table of readings and events: their types, and outputs as columns."""

from typing import Any, Final, get_args

import msgspec
import pyarrow as pa

from streammi.monitor import Output
from streammi.records import Event, Reading

# The Arrow type of each SQL type that a column may have.
ARROW: Final = {
    "bigint": pa.int64(), "double": pa.float64(), "string": pa.string(), "boolean": pa.bool_(), "int": pa.int32(),
    "smallint": pa.int16(), "tinyint": pa.int8(),
}  # fmt: skip
_TYPES: Final = {int: "bigint", float: "double", str: "string", bool: "boolean"}
EVENT: Final = ("kind", "size", "unit", "evidence", "signal", "rule")  # of an event, each as event_<name>


def _type(annotation: Any) -> str:
    """The SQL type of a field; all may be null."""
    plain = [one for one in (get_args(annotation) or (annotation,)) if one is not type(None)]
    return _TYPES.get(plain[0], "string")


READING: Final = {field.name: _type(field.type) for field in msgspec.structs.fields(Reading)}
_EVENT_TYPES: Final = {field.name: _type(field.type) for field in msgspec.structs.fields(Event)}


def types(key: str, key_type: str, *, events: bool) -> dict[str, str]:
    """The names and SQL types of the columns.

    >>> list(types("id", "string", events=False).items())[:4]
    [('id', 'string'), ('timestamp', 'double'), ('n', 'bigint'), ('unit', 'string')]
    """
    of_events = {f"event_{name}": _EVENT_TYPES[name] for name in EVENT} if events else {}
    return {key: key_type, "timestamp": "double", **READING, **of_events}


def columns(outputs: list[tuple[Any, Output]], *, events: bool) -> list[list[Any]]:
    """Outputs with their keys as columns, in the order of ``types``; None where there is nothing."""
    items = [item for _, (_, item) in outputs]
    made = [[key for key, _ in outputs], [timestamp for _, (timestamp, _) in outputs]]
    of_reading = [item if isinstance(item, Reading) else None for item in items]
    made += [[None if one is None else getattr(one, name) for one in of_reading] for name in READING]
    if events:
        of_event = [item if isinstance(item, Event) else None for item in items]
        made += [[None if one is None else getattr(one, name) for one in of_event] for name in EVENT]
    return made
