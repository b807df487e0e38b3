"""Paths such as ``imu/acc/x`` or ``imu.acc.x`` into nested messages."""

import re
from functools import lru_cache
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from streammi.errors import FeedError

Chain: TypeAlias = tuple[Any, ...]  # the keys and list indices that lead to a value, outermost first

_SEPARATOR: Final = re.compile(r"[/.]")
_INDEX: Final = re.compile(r"-?[0-9]{1,9}")
EACH: Final = "*"  # in a path, each element of a list
_REMEMBERED: Final = 4096  # paths, which are those that somebody asked for, and their ends


def find(tree: Any, path: str) -> Chain:
    """The keys and indices that lead to ``path`` in this tree; ``FeedError("no such path")`` where nothing does.

    A key may itself contain separators: at each level the longest piece of the path that is a key is taken. A number
    is an index into a list or an array (-1: its last element), or a key of that number.

    >>> find({"imu": {"acc": [1, 2]}}, "imu/acc/1")
    ('imu', 'acc', 1)
    >>> find({"cpu.load": {"1/5": 0.7}, "cpu": {"load": {}}}, "cpu.load.1/5")
    ('cpu.load', '1/5')
    """
    chain = _find(tree, path)
    if chain is None:
        raise FeedError("no such path", repr(path)[:80], path)
    return chain


def has(tree: Any, path: str) -> bool:
    """True if there is something at this path.

    >>> has({"a": {"b": 1}}, "a/b"), has({"a": {"b": 1}}, "a/c")
    (True, False)
    """
    return _find(tree, path) is not None


def follow(tree: Any, chain: Chain) -> Any:
    """The value to which the keys and indices lead."""
    for key in chain:
        tree = tree[key]
    return tree


@lru_cache(_REMEMBERED)
def heads(path: str) -> tuple[str, ...]:
    """The pieces that a path can begin with, longest first.

    >>> heads("a/b.c")
    ('a/b.c', 'a/b', 'a')
    """
    return (path, *(path[: cut.start()] for cut in reversed(list(_SEPARATOR.finditer(path)))))


def into_records(tree: Any, path: str) -> tuple[Chain, str] | None:
    """The keys to a list of records that a path leads through, and the rest of the path, below each of them; None where
    it leads through none. A path goes through a list where it has a name, or ``*``, and not an index.

    >>> into_records({"d": {"samples": [{"x": 1}, {"x": 2}]}}, "d/samples/x")
    (('d', 'samples'), 'x')
    >>> into_records({"d": [[1, 2], [3, 4]]}, "d/*/0"), into_records({"d": [[1, 2], [3, 4]]}, "d/0")
    ((('d',), '0'), None)
    """
    if isinstance(tree, dict):
        for head in heads(path):
            if len(head) == len(path) or (key := _key(tree, head)) is None:
                continue
            if found := into_records(tree[key], path[len(head) + 1 :]):
                return (key, *found[0]), found[1]
    elif isinstance(tree, list) and (not tree or isinstance(tree[0], dict | list)):
        head = heads(path)[-1]
        if head == EACH:
            return ((), path[len(head) + 1 :]) if len(path) > len(head) else None
        index = _index(head)
        if index is None:
            return (), path
        if -len(tree) <= index < len(tree) and len(head) < len(path):
            found = into_records(tree[index], path[len(head) + 1 :])
            return None if found is None else ((index, *found[0]), found[1])
    return None


def _find(tree: Any, path: str) -> Chain | None:
    if isinstance(tree, dict):
        for head in heads(path):
            if (key := _key(tree, head)) is not None and (chain := _below(tree, key, head, path)) is not None:
                return chain
    elif isinstance(tree, list | np.ndarray):
        head = heads(path)[-1]
        index = _index(head)
        if index is not None and -_length(tree) <= index < _length(tree):
            return _below(tree, index, head, path)
    return None


def _length(tree: list[Any] | NDArray[Any]) -> int:
    """How many elements there are; an array of no dimensions has none."""
    # np.ndim of a list makes an array of it, which costs, and fails: [b"\xa0", "a"] raises UnicodeDecodeError.
    return len(tree) if isinstance(tree, list) or tree.ndim else 0


def _below(tree: Any, key: Any, head: str, path: str) -> Chain | None:
    if len(head) == len(path):
        return (key,)
    rest = _find(tree[key], path[len(head) + 1 :])
    return None if rest is None else (key, *rest)


def _key(tree: dict[Any, Any], head: str) -> Any:
    if head in tree:
        return head
    index = _index(head)
    return index if index is not None and index in tree else None  # msgpack and CBOR have maps from numbers


@lru_cache(_REMEMBERED)
def _index(head: str) -> int | None:
    return int(head) if _INDEX.fullmatch(head) else None
