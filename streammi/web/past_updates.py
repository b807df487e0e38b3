"""The past of a pair as it goes to browsers: all of it once, and then what is new since, to each what it lacks."""

from typing import Any, Final, NamedTuple, TypeAlias

import msgspec
import numpy as np

from streammi.dashboard.drawing.history_columns import Past

Json: TypeAlias = dict[str, Any]
Meaning: TypeAlias = tuple[int, bool, str]  # the monitor's run, whether MI is that at the best delay, and its unit
MOST_NEW: Final = 512  # points added by themselves; then all of it anew: the monitor has made coarser ones of them
DECIMALS: Final = 5


class Had(NamedTuple):
    """The past that a browser has: what it means, the time of its newest point, and how many were added to it."""

    meaning: Meaning
    newest: float
    added: int


def news(past: Past, meaning: Meaning, had: Had | None) -> tuple[Json | None, Had]:
    """The part that a browser lacks, and what it has then; None where it lacks nothing.

    >>> past = Past(np.arange(3.0), np.ones((4, 3)), np.full(3, 2.5), np.zeros(3, bool))
    >>> first, had = news(past, (1, False, "bit"), None)
    >>> first["whole"], first["t"], news(past, (1, False, "bit"), had)[0]
    (True, [0, 1000, 2000], None)
    """
    newest = float(past.t[-1]) if past.t.size else 0.0
    start = 0
    if had is not None and had.meaning == meaning and past.t.size and past.t[0] <= had.newest <= newest:
        start = int(np.searchsorted(past.t, had.newest, side="right"))
        added = had.added + past.t.size - start
        if added <= MOST_NEW:
            rows = None if start == past.t.size else _rows(past, start) | {"whole": False}
            return rows, Had(meaning, newest, added)
    return _rows(past, 0) | {"whole": True}, Had(meaning, newest, 0)


def _rows(past: Past, start: int) -> Json:
    """The points from ``start`` on: times in ms after the first, and before which of them something is missing."""
    t, values = past.t[start:], np.round(past.values[:, start:], DECIMALS)
    base = float(t[0]) if t.size else 0.0
    apart = past.apart
    mi, low, high, null = values
    found: Json = {
        "base": base,
        "t": np.rint((t - base) * 1e3).astype(np.int64).tolist(),
        "mi": mi.tolist(),
        "gaps": np.flatnonzero(apart[start:]).tolist(),
        "warming": np.flatnonzero(past.warming[start:]).tolist(),
    }
    if not (np.array_equal(low, mi) and np.array_equal(high, mi)):
        found |= {"low": low.tolist(), "high": high.tolist()}
    if np.isfinite(null).any():
        found["null"] = null.tolist()
    return found


def encode(rows: Json) -> bytes:
    """The rows as JSON; what is not known is null."""
    return msgspec.json.encode(rows)
