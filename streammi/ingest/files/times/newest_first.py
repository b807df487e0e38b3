"""Pairs, or rows of channels, of a file that has the newest first: put in order."""

from collections.abc import Iterator
from typing import Final

import numpy as np

from streammi.errors import ConfigError
from streammi.records import FloatArray, PairBatch

SORTED_AT_MOST: Final = 20_000_000  # pairs, of 24 bytes, that are held to be sorted


def oldest_first(batches: Iterator[PairBatch], time: str | None, path: str) -> Iterator[PairBatch]:
    """All of them, the oldest first; ``ConfigError`` for more than can be held, which names the column ``time``."""
    held: list[PairBatch] = []
    pairs = 0
    for batch in batches:
        held.append(batch)
        pairs += len(batch.x)
        if pairs > SORTED_AT_MOST:
            rule = f"at most {SORTED_AT_MOST:,} rows where the newest comes first: sort it by {time}"
            raise ConfigError("file", rule, path)
    if not held:
        return
    x, y = (np.concatenate([getattr(batch, name) for batch in held]) for name in "xy")
    t = np.concatenate([batch.t for batch in held if batch.t is not None])
    given = [batch.z for batch in held if batch.z is not None]
    z = np.concatenate(given) if given else None
    order = t.size - 1 - np.argsort(t[::-1], kind="stable")  # of one time, the later row came first
    for start in range(0, order.size, 1 << 15):
        rows = order[start : start + (1 << 15)]
        yield PairBatch(x=x[rows], y=y[rows], t=t[rows], z=None if z is None else z[rows])


def rows_oldest_first(
    parts: Iterator[tuple[FloatArray, FloatArray | None]],
) -> Iterator[tuple[FloatArray, FloatArray | None]]:
    """All rows, (n, C), and their times, (n,), likewise."""
    held = [(rows, t) for rows, t in parts if t is not None]
    if not held:
        return
    values, t = (np.concatenate(one) for one in zip(*held, strict=True))
    order = t.size - 1 - np.argsort(t[::-1], kind="stable")
    yield values[order], t[order]
