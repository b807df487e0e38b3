"""Everything known of each pair of many channels."""

from typing import TypeAlias

import msgspec
import numpy as np
from numpy.typing import NDArray

from streammi.config import Unit
from streammi.records.batches import FloatArray, IntArray
from streammi.records.events import Event
from streammi.records.links import LinkHealth
from streammi.records.triangles import sides, upper_triangle

SmallArray: TypeAlias = NDArray[np.float32]


class RowBatch(msgspec.Struct, frozen=True, eq=False, kw_only=True):
    """Rows of channels as they came: (n, C), NaN where a value is missing, and their times (n,) in s, if any."""

    rows: FloatArray
    t: FloatArray | None = None
    received: float = 0.0  # the wall clock, s


class ChannelMatrices(msgspec.Struct, frozen=True, eq=False, kw_only=True):
    """The measures of every pair of channels in one window: arrays (C, C), NaN where something is not known.

    ``mi`` is without its bias, in ``unit``; ``r`` is Pearson's; ``pairs`` says how many rows have both. ``p`` is the
    share of chance that reaches the MI, ``q`` the false discovery rate from which on a pair counts; both are None where
    nothing was tested, and ``untested`` says why. ``via`` is the channel that explains a pair, -1 for none.
    """

    names: tuple[str, ...]
    n: int  # rows in the window
    unit: Unit
    estimator: str
    mi: FloatArray  # corrected
    r: FloatArray  # Pearson's
    pairs: FloatArray  # rows in which both are there
    t0: float | None = None
    t1: float | None = None  # time of the newest row
    p: FloatArray | None = None
    q: FloatArray | None = None  # the false discovery rate from which on a pair counts
    untested: str = ""
    via: IntArray | None = None  # the channel that explains a pair's dependence, -1: none; None: not looked for

    def edges(self, rate: float) -> IntArray:
        """The pairs (i, j), i < j, that depend by more than chance, shape (k, 2); none where nothing was tested."""
        if self.q is None:
            return np.empty((0, 2), dtype=np.int64)
        numbers = np.flatnonzero(upper_triangle(self.q) <= rate)
        return np.column_stack(sides(numbers, len(self.names)))


class MatrixSnapshot(msgspec.Struct, frozen=True, eq=False, kw_only=True, omit_defaults=True):
    """The measures of every pair as shown: arrays of the upper triangle, row by row, (C (C-1) / 2,).

    They are float32; NaN where something is not known. ``change`` is MI less the usual, ``changed`` holds the numbers
    of the pairs that have changed. ``q`` is empty where nothing was tested, and ``untested`` says why. ``indirect``
    holds the pairs that depend only through a third channel: the pair's number and that channel's, shape (k, 2).
    """

    name: str
    run: int
    seq: int
    timestamp: float
    names: tuple[str, ...]
    n: int  # rows in the window
    rows: int  # since the start
    fill: float
    unit: Unit
    estimator: str
    mi: SmallArray
    r: SmallArray
    p: SmallArray | None = None
    q: SmallArray | None = None
    change: SmallArray | None = None
    changed: IntArray | None = None
    fdr: float = 0.05
    untested: str = ""
    window: str = ""
    t1: float | None = None
    missing: int = 0  # values that rows did not have
    links: tuple[LinkHealth, ...] = ()
    notes: tuple[str, ...] = ()
    indirect: IntArray | None = None  # None: not looked for
    usual_windows: int = 0  # windows that the usual is known from
    events: tuple[Event, ...] = ()  # newest last, at most 100
    said: IntArray | None = None  # the pairs that were asked for, by number; None: all
