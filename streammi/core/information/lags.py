"""MI at many delays at once, and the shift null built on the same counters.

Sign convention, here and on every output: a positive delay L means that y follows x by L samples, I(x_t; y_{t+L}).
"""

from collections.abc import Iterable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from streammi.config import Unit
from streammi.core.bins.binning import Axis, Codes
from streammi.core.information.estimators import Table
from streammi.core.information.history import History
from streammi.core.information.measures import check_unit
from streammi.core.kernels import lagged, nested
from streammi.errors import ConfigError
from streammi.records import UNIT_PER_BIT, DelayProfile, FloatArray, IntArray
from streammi.records.codec import State

MAX_DELAYS: Final = 10_000


class LagBank:
    """Joint counts of the window at each delay: follow a JointWindow with it (``window.follow(bank)``).

    ``delays`` are whole numbers of samples, shape (D,). The window's places are those of the later signal: at delay
    L >= 0 the pairs (x_{s-L}, y_s) are counted, at L < 0 (x_s, y_{s+L}), s running over the places; exactly, whatever
    the window's length does. Costs 1.5 ns per delay and pair in batches of 1,000, 3 ns in batches of 100. Raises
    ConfigError for no delays or too many.

    >>> from streammi import JointWindow, UniformBins
    >>> from streammi.core.information import estimators
    >>> window, bank = JointWindow(UniformBins(0, 1, 2), UniformBins(0, 1, 2), 4), LagBank([-1, 0, 1])
    >>> window.follow(bank)
    >>> window.extend([0, 1, 0, 0, 1, 1], [1, 0, 1, 0, 0, 1])  # y is x one sample later
    >>> bank.mi(estimators.table("plugin", 4, 40)).round(3).tolist()
    [0.311, 0.0, 1.0]
    """

    def __init__(self, delays: Iterable[int]) -> None:
        self._history = History()
        self._axes: tuple[Axis, Axis] | None = None
        self._joint = np.zeros((0, 1, 1), dtype=np.uint32)
        self.move(delays)

    @property
    def delays(self) -> IntArray:
        """The delays in samples, shape (D,); positive: y follows x."""
        return self._delays

    @property
    def counts(self) -> NDArray[np.uint32]:
        """The joint counts at each delay, shape (D, Bx, By); a new array."""
        return self._joint.copy()

    @property
    def pairs(self) -> IntArray:
        """How many of the window's pairs have a partner at each delay, shape (D,)."""
        history = self._history
        pairs: IntArray = np.maximum(history.seen - np.maximum(self._starts, history.tail), 0)
        return pairs

    @property
    def history(self) -> History:
        """The signals as far as it remembers them."""
        return self._history

    @property
    def axes(self) -> tuple[Axis, Axis] | None:
        """The bins of x and y; None until they are learnt."""
        return self._axes

    def mi(self, table: Table) -> FloatArray:
        """MI in bits at each delay by the table's estimator, shape (D,).

        NaN where fewer than half of the window's pairs have a partner yet. ``table`` reaches the window's n.
        """
        return self._both(table)[0]

    def profile(self, table: Table, unit: Unit = "bit", seconds: float | None = None) -> DelayProfile:
        """MI in ``unit`` at each delay; the delays in seconds when a sample takes ``seconds``."""
        mi, binned = (values * UNIT_PER_BIT[check_unit(unit)] for values in self._both(table))
        lags = self._delays.astype(np.float64) * (1.0 if seconds is None else seconds)
        return DelayProfile(lags=lags, mi=mi, binned=binned, lag_unit="samples" if seconds is None else "s")

    def move(self, delays: Iterable[int], beyond: int = 0) -> None:
        """Take other delays, counted from the history there is; keep ``beyond`` pairs more of it than they need."""
        self._delays = check_delays(delays)
        self._history.reach = int(np.abs(self._delays).max()) + beyond
        self._count()

    def learn(self, x_axis: Axis, y_axis: Axis) -> None:
        """Code the history anew by other bins, and count it again."""
        self._axes = (x_axis, y_axis)
        self._history.code(self._axes)
        self._count()

    def renumber(self, side: int, numbers: IntArray) -> None:
        """Of x (0) or y (1), whose values are numbers of labels: each becomes what ``numbers`` has in its place."""
        values = self._history.values[side]
        values[:] = numbers[values.astype(np.int64)]

    def extend(self, x: NDArray[Any], y: NDArray[Any], x_codes: Codes, y_codes: Codes, n: int) -> None:
        """Take in the pairs, values and codes of shape (m,), that the window has just added; it now holds ``n``."""
        history = self._history
        before, tail = history.seen, history.tail
        history.extend(x, y, x_codes, y_codes, n)
        if self._axes is not None:
            self._add(tail, min(before, history.tail), -1)
            self._add(max(before, history.tail), history.seen, 1)
        history.forget()

    def state(self) -> State:
        """Plain values and arrays that ``restore`` takes."""
        history = self._history
        header = {"delays": self._delays.tolist(), "seen": history.seen, "n": history.n, "reach": history.reach}
        return header | {"room": history.room}, [history.values.copy()]

    def restore(self, header: dict[str, Any], arrays: list[NDArray[Any]]) -> None:
        """Take up a saved state; the counts are there again once the bank follows the restored window."""
        self._history.restore(arrays[0], header["seen"], header["n"], header["room"])
        self.move(header["delays"])
        self._history.reach = header["reach"]

    def _both(self, table: Table) -> tuple[FloatArray, FloatArray]:
        """MI at each delay, and that in the bins, (D,) each."""
        mi, binned, pairs = both_of(self._joint, table)
        few = pairs * 2 < self._history.n
        mi[few] = np.nan
        if binned is not mi:
            binned[few] = np.nan
        return mi, binned

    def _count(self) -> None:
        history = self._history
        self._starts = history.oldest + np.abs(self._delays)
        shape = (1, 1) if self._axes is None else (self._axes[0].count, self._axes[1].count)
        self._joint = np.zeros((self._delays.size, *shape), dtype=np.uint32)
        if self._axes is not None:
            self._add(history.tail, history.seen, 1)

    def _add(self, first: int, last: int, step: int) -> None:
        x, y, base = self._history.codes
        lagged.count_delays(x, y, self._delays, self._starts - base, first - base, last - base, step, self._joint)


def mi_of(joint: NDArray[np.uint32], table: Table) -> tuple[FloatArray, IntArray]:
    """MI in bits of joint histograms (D, Bx, By), and how many pairs each holds, both (D,); 0 of an empty one."""
    mi, _, pairs = both_of(joint, table)
    return mi, pairs


def both_of(joint: NDArray[np.uint32], table: Table) -> tuple[FloatArray, FloatArray, IntArray]:
    """As ``mi_of``, with MI in the bins in the middle: the same array where nothing is extrapolated."""
    (pairs, margins, cells), binned = _sums_of(joint, table)
    grain = table.grain
    if grain is None or grain.sizes == joint.shape[1:]:
        return binned, binned, pairs
    coarse = np.zeros((joint.shape[0], *grain.sizes), dtype=np.uint32)
    nested.coarsen(joint, grain.x_parts, grain.y_parts, coarse)
    mi, (_, below) = binned.copy(), _sums_of(coarse, table)
    entropies = (2 * table.whole[pairs] - margins) * (table.unit_bits / np.maximum(pairs, 1))
    nested.extrapolate(mi, below, entropies, cells, pairs, grain.weight)
    return mi, binned, pairs


def _sums_of(joint: NDArray[np.uint32], table: Table) -> tuple[IntArray, FloatArray]:
    """The pairs of joint histograms, S_x + S_y and S_xy by the table, (3, D), and MI in bits, (D,)."""
    sums, bits = np.empty((3, joint.shape[0]), dtype=np.int64), np.empty(joint.shape[0])
    lagged.delay_bits(joint, table.f, table.whole, table.unit_bits, sums, bits)
    return sums, bits


def check_delays(delays: Iterable[int]) -> IntArray:
    """Delays in samples as an array, shape (D,); ConfigError for none, for too many, and for parts of samples."""
    array = np.array(list(delays))
    if not 1 <= array.size <= MAX_DELAYS:
        raise ConfigError("delays", f"between 1 and {MAX_DELAYS} of them", array.size)
    if array.dtype.kind not in "iu" or array.ndim != 1:
        raise ConfigError("delays", "whole numbers of samples", array.tolist())
    return array.astype(np.int64)
