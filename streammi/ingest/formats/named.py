"""Records that name their one signal, such as {"name": "temp", "value": 3}, as records of signals by name.

SenML (RFC 8428) is such a list, with base fields in front. Those that belong to one time make one record.
"""

from typing import Any, Final

from streammi.ingest.time_units import epoch_unit

NAMES: Final = (
    "name",
    "n",
    "signal",
    "sensor",
    "metric",
    "variable",
    "parameter",
    "channel",
    "tag",
    "topic",
    "id",
    "key",
)
VALUES: Final = ("value", "v", "val", "reading", "vb", "vs", "doubleValue", "floatValue", "intValue", "longValue",
                 "double_value", "float_value", "int_value", "long_value")  # fmt: skip
TIMES: Final = ("timestamp", "time", "ts", "t")
TOGETHER: Final = 1.0  # s
RECENT: Final = 1 << 28  # s: a smaller time of SenML is one since now, and says nothing by itself


def by_name(tree: Any, *, together: bool = False) -> list[dict[str, Any]] | None:
    """A named record, or a list of them, by the names of their signals; None for anything else.

    ``together``: where each signal is named once, those of one second are one record, as Sparkplug's metrics are.

    >>> by_name({"name": "temp", "value": 3, "time": 60})
    [{'temp': 3, 'timestamp': 60}]
    >>> by_name([{"bn": "room/", "bt": 1.7e9, "n": "x", "v": 1}, {"n": "y", "v": 2}, {"n": "x", "v": 3, "t": 5}])
    [{'room/x': 1, 'timestamp': 1700000000.0, 'room/y': 2}, {'room/x': 3, 'timestamp': 1700000005.0}]
    """
    if isinstance(tree, dict) and _named(tree, {}) is None:
        return _below(tree, together)
    records = tree if isinstance(tree, list) else [tree]
    found: list[dict[str, Any]] = []
    base: dict[str, Any] = {}
    before: Any = None
    once = together and _each_once(records)
    for record in records:
        if not isinstance(record, dict):
            return None
        base |= {key: record[key] for key in ("bn", "bt", "bv") if key in record}
        one = _named(record, base)
        if one is None:
            if record.keys() & {"bn", "bt"}:
                continue  # base values alone
            return None
        name, value, time = one
        if not found or name in found[-1] or not (time == before or (once and _are_near(time, before))):
            found.append({})
            before = time
        found[-1][name] = value
        if time is not None:
            found[-1].setdefault("timestamp", time)
    return found or None


def _each_once(records: list[Any]) -> bool:
    """True if no two records name one signal: then those of about one time belong together."""
    names = [next((one[key] for key in NAMES if key in one), None) for one in records if isinstance(one, dict)]
    return len({*map(str, names)}) == len(records)


def _are_near(time: Any, other: Any) -> bool:
    """True for two dates in numbers of one unit that are no more than a second apart."""
    if not (isinstance(time, int | float) and isinstance(other, int | float)):
        return False
    unit = epoch_unit(time)
    return unit is not None and unit == epoch_unit(other) and abs(time - other) <= TOGETHER * unit.per


def _below(tree: dict[Any, Any], together: bool) -> list[dict[str, Any]] | None:
    """The named records under the only key with a list of some, such as Sparkplug's metrics, with the time beside."""
    lists = [value for value in tree.values() if isinstance(value, list) and value and isinstance(value[0], dict)]
    found = by_name(lists[0], together=together) if len(lists) == 1 else None
    time = next((tree[one] for one in TIMES if one in tree), None)
    for record in found or ():
        if time is not None:
            record.setdefault("timestamp", time)
    return found


def _named(record: dict[Any, Any], base: dict[str, Any]) -> tuple[str, Any, Any] | None:
    """The name, value and time of a record."""
    key = next((name for name in NAMES if isinstance(record.get(name), str)), None)
    value = next((name for name in VALUES if name in record), None)
    if value is None or (key is None and "bn" not in base):
        return None
    name = str(base.get("bn", "")) + (record[key] if key is not None else "")
    time = next((record[one] for one in TIMES if one in record), None)
    found = record[value]
    if base:
        time = _seconds(base.get("bt", 0)) + _seconds(time)
        time = time if time >= RECENT else None
        if "bv" in base and isinstance(found, int | float):
            found = found + base["bv"]
    return name, found, time


def _seconds(time: Any) -> float:
    return float(time) if isinstance(time, int | float) else 0.0
