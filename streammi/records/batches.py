"""Samples and pairs on their way, many at a time; their arrays are never written to."""

from typing import TypeAlias

import msgspec
import numpy as np
from numpy.typing import NDArray

FloatArray: TypeAlias = NDArray[np.float64]
IntArray: TypeAlias = NDArray[np.int64]


class PairBatch(msgspec.Struct, frozen=True, eq=False, kw_only=True):
    """Pairs in the order they arrived, and what arrived with them that was not a pair.

    ``x`` and ``y`` have shape (n,): float64, or object arrays of labels where a signal is categorical. ``t`` is the
    samples' own time in seconds, shape (n,), or None when the feed has no timestamps. ``received`` is the wall clock
    at which the batch was taken off the wire.
    """

    x: NDArray[np.generic]
    y: NDArray[np.generic]
    t: FloatArray | None = None
    received: float = 0.0
    z: FloatArray | None = None  # (n, k): the values of the conditions that messages hold, NaN where there is none
    gaps: int = 0  # samples the feed's own sequence numbers say are missing before or inside this batch
    interrupted: bool = False  # samples may be missing before it or inside it: a connection broke, sources were joined


class SampleBatch(msgspec.Struct, frozen=True, eq=False, kw_only=True):
    """Samples of one signal in the order they arrived; arrays of shape (n,). Pairing makes pairs of two of these."""

    values: NDArray[np.generic]
    t: FloatArray | None = None  # s; None when the feed has no timestamps
    received: float = 0.0  # wall clock at which the batch was taken off the wire, s
    gaps: int = 0


class KeyedBatch(msgspec.Struct, frozen=True, eq=False, kw_only=True):
    """Pairs of many devices in the order they arrived, with the key of each; ``x`` and ``y`` have shape (n,)."""

    keys: list[str]
    x: FloatArray
    y: FloatArray
    received: float = 0.0  # wall clock at which the batch was taken off the wire, s
