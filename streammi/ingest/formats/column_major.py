"""Messages that have one signal behind the other, as MATLAB stores columns: taken for pairs, both would be mixed."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from streammi.ingest.formats.float_bits import Layout
from streammi.records import FloatArray

LEAST: Final = 4  # pairs of a message in which it can show
ENOUGH: Final = 3  # messages from which on it is known, and not only suspected
LOOKED_AT: Final = 4096  # values of a half
MESSAGES: Final = 20
BLOCKS: Final = (4, 8, 32)  # that a half is cut into; and single values
JUMP: Final = 2.0  # times as far as any other step goes the one in the middle
AS_FAR: Final = 1.15  # times as far as to the value after the next it is to the next one, at most, within one signal
SMOOTH: Final = 0.8  # times as far, of a signal that is not noise
MAYBE_SMOOTH: Final = 0.95  # times as far, of one that may be so
EVEN: Final = 0.85  # of the steps from x to y and from y to x, the shorter ones: as long as the others at least
MANY: Final = 100  # values from which on that shows
OTHERWISE: Final = "the halves of a message are unlike: a column behind the other"


def is_column_major(payloads: Sequence[bytes], layout: Layout, final: bool = False) -> bool | None:
    """True if messages have one column behind the other; None where that is only suspected.

    Each half then goes its own way: from a value to the next it is no farther than to the one after that, which of x
    and y in turn is so only where they are alike; and the farthest step is the one in the middle, or all are short.
    ``final``: nothing more will come.

    >>> from streammi.ingest.formats.float_bits import FLOAT64
    >>> x, y = np.random.default_rng(1).normal([[20], [5]], 1, (2, 300))
    >>> [is_column_major([x.tobytes() + y.tobytes()] * n, FLOAT64) for n in (1, 3)]
    [None, True]
    >>> is_column_major([np.stack([x, y], axis=1).tobytes()] * 3, FLOAT64)
    False
    """
    least = 2 * LEAST * np.dtype(layout.name).itemsize
    rows = [_values(one, layout) for one in payloads[:MESSAGES] if len(one) >= least]
    rows = [one for one in rows if one.size]
    if not rows:
        return False
    near, far = (np.mean([_steps(one, by) for one in rows]) for by in (1, 2))
    if not far or near > AS_FAR * far:
        return False
    whole = all(np.isfinite(np.frombuffer(one, dtype=layout.name)).all() for one in payloads[:MESSAGES])
    even = whole and (sum(one.size for one in rows) < MANY or _are_even(rows))  # else x and y in turn, alike
    if even and near < SMOOTH * far and sum(one.size for one in rows) >= MANY:
        return True
    jumps = max(float(np.median([_jump(one, count) for one in rows])) for count in (None, *BLOCKS))
    if len(rows) < ENOUGH and not final and (jumps > JUMP or (even and near < MAYBE_SMOOTH * far)):
        return None
    return jumps > JUMP


def in_turn(payload: bytes, layout: Layout) -> bytes:
    """A payload with one column behind the other as pairs."""
    words: NDArray[np.uint64] = np.frombuffer(payload, dtype=layout.word)
    return words.reshape(2, -1).T.tobytes()


def _values(payload: bytes, layout: Layout) -> FloatArray:
    """The values of a payload around its middle, shape (2, n); what is not finite is as the one before it."""
    halves = np.frombuffer(payload, dtype=layout.name).reshape(2, -1)
    with np.errstate(invalid="ignore", over="ignore"):
        values = np.concatenate([halves[0, -LOOKED_AT:], halves[1, :LOOKED_AT]]).astype(np.float64)
    finite = np.isfinite(values)
    if not finite.all():
        last = np.maximum.accumulate(np.where(finite, np.arange(values.size), 0))
        values = values[last]
    return values.reshape(2, -1) if np.isfinite(values).all() else np.empty((2, 0))


def _steps(halves: FloatArray, by: int, every: int = 1) -> float:
    """How far it is on average to the next value, or to the one after it, in either half, in ranks."""
    ranks = np.stack([np.unique(half, return_inverse=True)[1] for half in halves])
    return float(np.abs(ranks[:, by::every] - ranks[:, :-by:every]).mean() / ranks.shape[1])


def _are_even(rows: list[FloatArray]) -> bool:
    """True if every second step is as far as the others: from x to y it is shorter where these are alike."""
    ways = [np.mean([_steps(one[:, at : one.shape[1] // 2 * 2 - at], 1, 2) for one in rows]) for at in (0, 1)]
    return bool(min(ways) >= EVEN * max(ways))


def _jump(halves: FloatArray, count: int | None) -> float:
    """How many times as far as the farthest other step goes the one in the middle, of blocks or of single values."""
    length = 1 if count is None else halves.shape[1] // count
    if not length:
        return 0.0
    fit = halves.shape[1] // length * length
    blocks = np.concatenate([halves[0, -fit:], halves[1, :fit]]).reshape(-1, length).mean(axis=1)
    steps = np.abs(np.diff(blocks))
    middle = len(steps) // 2
    others = float(np.delete(steps, middle).max())
    return float(steps[middle]) / others if others else 0.0
