"""What is known of every pair of many channels."""

import msgspec
import numpy as np

from streammi.config import Unit
from streammi.records.batches import FloatArray, IntArray


class RowBatch(msgspec.Struct, frozen=True, eq=False, kw_only=True):
    """Rows of channels as they came: (n, C), NaN where a value is missing, and their times (n,) in s, if any."""

    rows: FloatArray
    t: FloatArray | None = None
    received: float = 0.0  # the wall clock, s


class ChannelMatrices(msgspec.Struct, frozen=True, eq=False, kw_only=True):
    """What one window says of every pair of channels: arrays (C, C), NaN where something is not known.

    Information is in ``unit``. ``p`` and ``q`` are None where nothing was tested, and ``untested`` says why.
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
        found: IntArray = np.argwhere(np.triu(np.nan_to_num(self.q, nan=1.0) <= rate, 1))
        return found
