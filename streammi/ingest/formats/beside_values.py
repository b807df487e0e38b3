"""Times and sequence numbers that stand beside nested values, and not at the top of their record."""

import re
from collections.abc import Callable, Iterator
from typing import Any, Final

from streammi.ingest.formats.columns import is_array, is_time
from streammi.ingest.formats.content import TIME_NAMES
from streammi.ingest.formats.paths import Chain, follow
from streammi.ingest.formats.time_parts import is_calendar
from streammi.ingest.time_guesses import number_of
from streammi.ingest.time_units import epoch_unit

HEADER: Final = "header"  # beside the values, as ROS has it
MORE_NAMES: Final[dict[tuple[str, ...], tuple[str, ...]]] = {TIME_NAMES: (*TIME_NAMES, "stamp")}
MAX_DEPTH: Final = 4
_SOUNDS: Final = re.compile(r"time|date|stamp|_at$|_ts$|^ts_|epoch", re.IGNORECASE)


def is_date(value: Any) -> bool:
    """True if a value is a date by itself, or many: what only may be a time since a start may be anything else.

    >>> is_date(1_767_225_600_123), is_date("2026-01-01"), is_date({"sec": 1767225600, "nanosec": 0}), is_date(20.5)
    (True, True, True, False)
    """
    if is_array(value) and not is_calendar(value):
        return len(value) > 0 and is_date(value[0])
    number = number_of(value)
    return is_time(value) if number is None else epoch_unit(number) is not None


def nested(
    tree: Any, values: tuple[Chain | None, ...], names: tuple[str, ...], usable: Callable[[Any], bool]
) -> Chain | None:
    """The first of these names that stands beside all values or around them, or in a header there; the outermost first.

    >>> nested({"imu": {"header": {"stamp": 1.8e9}, "x": 1, "y": 2}}, (("imu", "x"), ("imu", "y")), TIME_NAMES, is_date)
    ('imu', 'header', 'stamp')
    """
    found = (chain for chain, there in _places(tree, values, names) if there and chain not in values)
    return next((chain for chain in found if usable(follow(tree, chain))), None)


def not_there(
    tree: Any, values: tuple[Chain | None, ...], names: tuple[str, ...], until: Chain | None
) -> Iterator[Chain]:
    """The places of these names, up to one of them, at which a record has nothing."""
    for chain, there in _places(tree, values, names):
        if chain == until:
            return
        if not there:
            yield chain


def _places(tree: Any, values: tuple[Chain | None, ...], names: tuple[str, ...]) -> Iterator[tuple[Chain, bool]]:
    """The places at which a time or a number would be found, and whether something is there."""
    around = [chain[:-1] for chain in values if chain is not None]
    shared = next((k for k, keys in enumerate(zip(*around, strict=False)) if len({*keys}) > 1), min(map(len, around)))
    more = MORE_NAMES.get(names, names)
    for depth in range(shared + 1):
        above = around[0][:depth]
        record = follow(tree, above)
        if not isinstance(record, dict):
            continue
        if depth:
            yield from (((*above, name), name in record) for name in more)
        header = record.get(HEADER)
        if isinstance(header, dict):
            yield from (((*above, HEADER, name), name in header) for name in more)
        else:
            yield (*above, HEADER), False


def below(
    tree: Any, names: tuple[str, ...], usable: Callable[[Any], bool], path: str = ""
) -> Iterator[tuple[str, Any]]:
    """What stands under these names anywhere in a record but at its top, with the path that leads to it.

    >>> list(below({"imu": {"header": {"stamp": 1.8e9}, "x": 1}}, TIME_NAMES, is_date))
    [('imu/header/stamp', 1800000000.0)]
    """
    more = MORE_NAMES.get(names, names)
    for key, value in tree.items():
        deeper = f"{path}{key}"
        if path and key in more and usable(value):
            yield deeper, value
        elif isinstance(value, dict) and deeper.count("/") < MAX_DEPTH:
            yield from below(value, names, usable, f"{deeper}/")


def likely_time(tree: Any) -> str:
    """The path of a date in a record under a name that only sounds like a time; empty where there is none.

    >>> likely_time({"x": 1, "createdTime": "2026-01-01T00:00:00Z"}), likely_time({"a": {"t": 1.8e9}})
    ('createdTime', 'a/t')
    """
    if not isinstance(tree, dict):
        return ""
    top = ((key, value) for key, value in tree.items() if isinstance(key, str) and _SOUNDS.search(key))
    found = (path for path, value in top if not isinstance(value, dict | list) and is_date(value))
    return next(found, "") or next((path for path, _ in below(tree, TIME_NAMES, is_date)), "")
