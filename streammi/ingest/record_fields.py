"""The numbers and texts of a record, each with the path that leads to it."""

from collections.abc import Iterator
from typing import Any, Final

import numpy as np

from streammi.ingest.formats.columns import is_array
from streammi.ingest.formats.samples import has_records

MAX_SIGNALS: Final = 500  # of a topic
MAX_DEPTH: Final = 12
MAX_ITEMS: Final = 32  # of a list of lists


def leaves(tree: Any, path: str = "", depth: int = 0, items: int = MAX_ITEMS) -> Iterator[tuple[str, Any]]:
    """Everything in a record that is not itself made of named or numbered parts, with the path that leads to it.

    >>> list(leaves({"a": {"x": 1}, "b": [1, 2], "c": [[1], [2]]}))
    [('a/x', 1), ('b', [1, 2]), ('c/0', [1]), ('c/1', [2])]
    >>> list(leaves({"samples": [{"x": 1, "y": 2}, {"x": 3, "y": 4}]}))
    [('samples/x', [1, 3]), ('samples/y', [2, 4])]
    >>> list(leaves([1.5, 2.5]))
    [('0', 1.5), ('1', 2.5)]
    """
    if depth > MAX_DEPTH:
        return
    if path and _are_samples(tree):
        tree = {key: [record[key] for record in tree] for key in tree[0]}
    if isinstance(tree, dict):
        parts: Any = tree.items()
    elif is_array(tree) and (not path or has_records(tree) or (isinstance(tree, np.ndarray) and tree.ndim > 1)):
        parts = enumerate(tree[:items])
    else:
        yield path, tree
        return
    for key, value in parts:
        yield from leaves(value, f"{path}/{key}" if path else str(key), depth + 1, items)


def _are_samples(tree: Any) -> bool:
    """True if a list is made of records of numbers with the same names, and not of things that are named in them."""
    if not isinstance(tree, list) or not tree or not all(isinstance(one, dict) for one in tree):
        return False
    return all(one.keys() == tree[0].keys() and not _has_others(one) for one in tree)


def _has_others(record: dict[Any, Any]) -> bool:
    return any(isinstance(value, str | list | np.ndarray) for value in record.values())
