"""Units that records name beside their values: a value in another one than those before it is not of the same scale."""

from typing import Any, Final

from streammi.errors import FeedError
from streammi.ingest.formats.content import UnitOf, Wanted
from streammi.ingest.formats.paths import Chain, follow

_ENDS: Final = ("_unit", "_units", "_uom", "Unit", "Units")
_BESIDE: Final = ("unit", "units", "uom", "unitCode", "unit_of_measurement")
_SHORT: Final = ("v", "value", "val", "reading")  # of a record with such a value, u is its unit
LONGEST: Final = 32  # characters


def units_of(tree: Any, values: tuple[Chain | None, ...], wanted: Wanted) -> tuple[UnitOf | None, ...]:
    """Of each value where its unit is, and which one the feed's first had; empty where no value has one.

    >>> units_of({"t": {"value": 20, "unit": "C"}, "p": 3}, (("t", "value"), ("p",)), Wanted(()))
    ((('t', 'unit'), 'C'), None)
    """
    if wanted.keyed or wanted.labels:  # each device may have its own
        return ()
    found = [None if chain is None else _unit_of(tree, chain) for chain in values]
    if not any(found):
        return ()
    first = wanted.memory.setdefault("units", {})
    return tuple(
        None if one is None or chain is None else (one[0], first.setdefault("/".join(map(str, chain)), one[1]))
        for one, chain in zip(found, values, strict=True)
    )


def in_another(tree: Any, unit: UnitOf | None) -> str:
    """The unit of a value, in words, if it is another one than the feed's first; else empty."""
    if unit is None or (now := follow(tree, unit[0])) == unit[1]:
        return ""
    return f"in {str(now)[:LONGEST]!r}, those before in {unit[1]!r}"


def check_names(records: Any, names: tuple[str, ...], wanted: Wanted) -> None:
    """FeedError for a record of one of these names in another unit than the feed's first, as of SenML (RFC 8428)."""
    first, base = wanted.memory.setdefault("units", {}), ("", "")
    for record in records if isinstance(records, list) else (records,):
        if not isinstance(record, dict):
            continue
        base = record.get("bn", base[0]), record.get("bu", base[1])
        own = next((record[one] for one in ("n", "name") if isinstance(record.get(one), str)), "")
        name = f"{base[0]}{own}"
        unit = next((record[one] for one in ("u", *_BESIDE) if isinstance(record.get(one), str)), base[1])
        if name in names and isinstance(unit, str) and unit and first.setdefault(name, unit) != unit:
            raise FeedError("another unit", f"{name} in {unit[:LONGEST]!r}, those before in {first[name]!r}")


def _unit_of(tree: Any, chain: Chain) -> UnitOf | None:
    record, key = follow(tree, chain[:-1]), chain[-1]
    if not isinstance(record, dict) or not isinstance(key, str):
        return None
    names = (*(key + end for end in _ENDS), *_BESIDE, *(("u",) if key in _SHORT else ()))
    name = next((name for name in names if isinstance(record.get(name), str)), None)
    if name is None or not 0 < len(record[name]) <= LONGEST:
        return None
    return (*chain[:-1], name), record[name]
