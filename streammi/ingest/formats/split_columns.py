"""Rows whose names stand beside them, such as {"columns": ["x", "y"], "data": [[1, 2]]}, as records by these names.

So pandas writes a table (orient="split"), InfluxDB answers a query, and Grafana shows one.
"""

from typing import Any, Final

NAMES: Final = ("columns", "fields", "names", "header", "headers", "channels", "keys", "labels", "signals")
ROWS: Final = ("data", "values", "rows", "records", "points")
NAMED: Final = ("name", "text", "key", "label")
MAX_DEPTH: Final = 5
MOST: Final = 1 << 12  # names


def by_columns(tree: Any, depth: int = 0) -> list[dict[str, Any]] | None:
    """The rows of a message as records; None where there are none, or several tables of them.

    >>> by_columns({"columns": ["x", "y"], "data": [[1, 2], [3, 4]]})
    [{'x': 1, 'y': 2}, {'x': 3, 'y': 4}]
    >>> by_columns({"results": [{"series": [{"columns": [{"text": "x"}, {"text": "y"}], "values": [1, 2]}]}]})
    [{'x': 1, 'y': 2}]
    """
    if isinstance(tree, list):
        return by_columns(tree[0], depth + 1) if len(tree) == 1 and depth < MAX_DEPTH else None
    if not isinstance(tree, dict):
        return None
    names = names_in(tree)
    rows = next((tree[key] for key in ROWS if isinstance(tree.get(key), list)), None)
    if names and rows:
        return _records(names, rows)
    found = [by_columns(value, depth + 1) for value in tree.values() if isinstance(value, dict | list)]
    tables = [one for one in found if one is not None] if depth < MAX_DEPTH else []
    return tables[0] if len(tables) == 1 else None


def names_in(tree: dict[Any, Any]) -> list[str]:
    """The names of columns that a record has beside them; none where it has none.

    >>> names_in({"dtype": "float64", "channels": ["x", "y"]}), names_in({"channels": 2})
    (['x', 'y'], [])
    """
    return next((names for key in NAMES if (names := _names(tree.get(key)))), [])


def _names(value: Any) -> list[str] | None:
    """The names of columns, as texts or with their types; None for anything else."""
    if not isinstance(value, list) or not 2 <= len(value) <= MOST:
        return None
    found = [next((one[key] for key in NAMED if key in one), None) if isinstance(one, dict) else one for one in value]
    names = [name for name in found if isinstance(name, str)]
    return names if len({*names}) == len(value) else None


def _records(names: list[str], rows: list[Any]) -> list[dict[str, Any]] | None:
    rows = rows if isinstance(rows[0], list) else [rows]
    if any(not isinstance(row, list) or len(row) != len(names) for row in rows):
        return None
    return [dict(zip(names, row, strict=True)) for row in rows]
