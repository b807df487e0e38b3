"""Paths such as ``imu/acc/x`` or ``imu.acc.x`` into nested messages."""

import re
from typing import Any, Final, TypeAlias

from streammi.errors import FeedError

Chain: TypeAlias = tuple[str | int, ...]  # keys and list indices, outermost first
MAX_DEPTH: Final = 32
_SEPARATORS = re.compile(r"[/.]")


def resolve(document: Any, path: str) -> Chain:
    """The keys that lead to ``path`` in this document; FeedError("no such path") where nothing does.

    A key that itself contains a separator is found first: ``{"cpu.load": 1}`` has the path ``cpu.load``.

    >>> resolve({"imu": {"acc": [1, 2]}}, "imu/acc/1")
    ('imu', 'acc', 1)
    """
    if isinstance(document, dict) and path in document:
        return (path,)
    chain: list[str | int] = []
    for key in _SEPARATORS.split(path.strip("/"))[:MAX_DEPTH]:
        step: str | int = int(key) if isinstance(document, list) and key.isdecimal() else key
        document = follow(document, (step,))
        chain.append(step)
    return tuple(chain)


def follow(document: Any, chain: Chain) -> Any:
    """What the keys lead to; FeedError("no such path") where one of them is missing."""
    for key in chain:
        try:
            document = document[key]
        except (KeyError, IndexError, TypeError):
            raise FeedError("no such path", "/".join(map(str, chain))) from None
    return document
