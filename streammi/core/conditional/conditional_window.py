"""ConditionalWindow: the conditional MI of a sliding window, in O(1) a sample, in integers."""

import math
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, ClassVar, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from streammi.config import MOST_CONDITIONS, EstimatorName, Span, Unit, span
from streammi.core import finite_values
from streammi.core.bins.binning import Axis, Bins
from streammi.core.channels.channel_window import ChannelWindow
from streammi.core.conditional import measures
from streammi.core.conditional.measures import ConditionalReading
from streammi.core.conditional.triple_counts import TripleCounts
from streammi.core.information.measures import check_unit
from streammi.errors import ConfigError
from streammi.records import FloatArray, IntArray, codec
from streammi.records.picklable import Picklable

CHUNK: Final = 1 << 15  # triples coded at a time: their values stay in the second-level cache


class ConditionalWindow(Picklable):
    """I(X;Y|Z) of the last ``size`` triples, or of those of the last seconds: what x tells of y beyond what z tells.

    ``size`` is a number of triples, or a duration (timedelta or "10s"), with which each triple needs its time in
    seconds. ``z_bins`` are those of the condition, or of each of two. All sums are exact integers, so the state is
    always that of a fresh window with the same triples and bins. ``cmi`` is computed by ``estimator`` at each sample.
    Raises ConfigError for settings that cannot work.

    I(X;Y|Z) = H(X,Z) + H(Y,Z) - H(X,Y,Z) - H(Z) (Cover & Thomas 2006, 2.61).

    >>> from streammi import UniformBins
    >>> half = UniformBins(0, 2, 2)
    >>> window = ConditionalWindow(half, half, half, size=4, estimator="plugin")
    >>> window.extend([0, 0, 1, 1], [0, 1, 0, 1], [0, 1, 1, 0])  # x and y are independent, z is x xor y
    >>> window.cmi
    1.0
    """

    FORMAT: ClassVar = "conditional 1"

    def __init__(
        self,
        x_bins: Bins,
        y_bins: Bins,
        z_bins: Bins | Sequence[Bins],
        size: int | str | timedelta | Span,
        *,
        estimator: EstimatorName = "extrapolated",
    ) -> None:
        conditions = [z_bins] if isinstance(z_bins, Bins) else list(z_bins)
        if not 1 <= len(conditions) <= MOST_CONDITIONS:
            raise ConfigError("z_bins", f"of 1 to {MOST_CONDITIONS} conditions", len(conditions))
        self._span = span(size, "window", least_pairs=2)
        names = ["x", "y", *(f"z{k}" for k in range(len(conditions)))]
        self._rows = ChannelWindow([x_bins, y_bins, *conditions], self._span, names)
        self._counts = TripleCounts(estimator, self._span)
        self._axes: list[Axis] = []
        self._first = self._last = 0  # the rows that are counted
        self._nonfinite = 0

    def __len__(self) -> int:
        return self.n

    def __repr__(self) -> str:
        return f"<ConditionalWindow of {self._span}, {self.n} in it>"

    @property
    def n(self) -> int:
        """Triples in the window now."""
        return self._rows.n

    @property
    def triples(self) -> int:
        """Triples taken in since the start."""
        return self._rows.rows

    @property
    def nonfinite(self) -> int:
        """Triples skipped since the start, because a value was not finite."""
        return self._nonfinite

    def since(self, t: float) -> int:
        """Triples in the window whose time, s, is later than ``t``; those that came without a time are none of them."""
        times = self._rows.ring.times_in_order()
        return 0 if times is None else int(np.count_nonzero(times > t))

    @property
    def size(self) -> Span:
        """The window's length: triples (its ``pairs``) or seconds."""
        return self._span

    @property
    def conditions(self) -> int:
        """How many signals are the condition."""
        return len(self._rows.names) - 2

    @property
    def epoch(self) -> int:
        """How often bins were learnt."""
        return int(self._rows.epochs.sum())

    @property
    def counts(self) -> IntArray:
        """The joint counts, shape (Bx, By, Bz), two conditions as one; a copy. ConfigError until bins are learnt."""
        return self._known_counts().xyz

    @property
    def sums(self) -> tuple[int, int, int, int]:
        """S_xyz, S_xz, S_yz and S_z: the exact integer sums that ``cmi`` is made of."""
        return self._known_counts().sums

    @property
    def cmi(self) -> float | None:
        """I(X;Y|Z) in bits by the window's estimator; O(1) a new triple. None while nothing is known."""
        counts = self._settled()
        return counts.bits() if counts is not None and counts.n else None

    def values(self) -> FloatArray:
        """The window's own values, oldest first, shape (2 + k, n)."""
        return np.array([self._rows.values(c) for c in range(len(self._rows.names))])

    def newest(self, m: int) -> FloatArray:
        """The newest values, oldest first, (2 + k, m) or as many as there is room for."""
        ring = self._rows.ring
        capacity = ring.values.shape[1]
        return ring.values[:, ring.numbers(max(ring.head - m, ring.head - capacity, 0), ring.head, capacity)]

    def update(self, x: float, y: float, z: ArrayLike, t: float | None = None) -> None:
        """Take in one triple, whose time in seconds is ``t``; ``z`` is one value, or one of each condition."""
        self.extend([x], [y], np.atleast_1d(np.asarray(z, dtype=np.float64))[None, :], None if t is None else [t])

    def extend(self, xs: ArrayLike, ys: ArrayLike, zs: ArrayLike, ts: ArrayLike | None = None) -> None:
        """Take in triples, arrays of shape (n,), in order; ``ts`` are their times in seconds.

        ``zs`` has shape (n,), or (n, k) of k conditions. A triple that is not finite is skipped and counted; times are
        as in JointWindow. Raises ConfigError, and leaves the window as it was, for arrays that are not of one shape.
        """
        columns, _, t = self._usable(xs, ys, zs, ts)
        self._rows.extend(columns.T, t)

    def emit(self, xs: ArrayLike, ys: ArrayLike, zs: ArrayLike, out: FloatArray) -> NDArray[np.bool_]:
        """Take in triples without times, as ``extend`` does, and write ``cmi`` after each to ``out`` (n,), bits.

        A triple that is skipped repeats the value before it, NaN where there is none. Returns which were not, (n,).
        """
        if self._span.pairs is None:
            raise ConfigError("window", "a number of pairs, where a value after each is asked for", str(self._span))
        last = self.cmi
        columns, usable, _ = self._usable(xs, ys, zs, None)
        taken = columns.shape[1]
        emitted = out if taken == out.size else np.empty(taken)
        start = 0
        while start < taken:
            # The row after which bins may be learnt anew comes by itself: those before it are counted by the old ones.
            stop = min(taken, start + max(min(self._rows.due - 1, CHUNK), 1))
            self._push(columns[:, start:stop], emitted[start:stop])
            start = stop
        if taken < out.size:
            before = np.concatenate(([math.nan if last is None else last], emitted))
            np.take(before, np.cumsum(usable), out=out)
        return usable

    def reading(self, unit: Unit = "bit") -> ConditionalReading | None:
        """Everything the window says, in ``unit``; None while it is empty or bins are not learnt. O(Bx By Bz)."""
        check_unit(unit)
        counts = self._settled()
        return measures.reading(counts, self.epoch, unit) if counts is not None and counts.n else None

    # Its state ------------------------------------------------------------------------------------------------------

    def state(self) -> codec.State:
        """The whole state as plain values and arrays; equal windows have equal ones."""
        rows, arrays = self._rows.state()
        return {"estimator": self._counts.estimator, "nonfinite": self._nonfinite, "rows": rows}, arrays

    @classmethod
    def from_state(cls, header: dict[str, Any], arrays: list[NDArray[Any]]) -> "ConditionalWindow":
        """The window whose ``state`` this is, bit for bit."""
        rows = ChannelWindow.from_state(header["rows"], arrays)
        x, y, *z = rows.bins
        window = cls(x, y, z, rows.size, estimator=header["estimator"])
        window._rows, window._nonfinite = rows, header["nonfinite"]
        return window

    # How it is done -------------------------------------------------------------------------------------------------

    def _usable(
        self, xs: ArrayLike, ys: ArrayLike, zs: ArrayLike, ts: ArrayLike | None
    ) -> tuple[FloatArray, NDArray[np.bool_], FloatArray | None]:
        """The triples that are finite, (2 + k, m), which of all they are, (n,), and their times; counts the others."""
        x, y = finite_values.numbers(xs, "xs"), finite_values.numbers(ys, "ys")
        t = None if ts is None else finite_values.numbers(ts, "ts")
        z = np.asanyarray(zs)  # with its mask
        columns = [finite_values.numbers(column, "zs") for column in (z.T if z.ndim == 2 else [z])]
        if len(columns) != self.conditions:
            raise ConfigError("zs", f"an array of shape (n, {self.conditions})", z.shape)
        finite_values.check_lengths("xs, ys, zs and ts", x, y, *columns, t)
        if t is None and self._span.seconds:
            raise ConfigError("ts", "given for each triple of a time window")
        usable = np.isfinite(x)
        for column in (y, *columns, *(() if t is None else (t,))):
            usable &= np.isfinite(column)
        found = np.stack([x, y, *columns])
        skipped = int(usable.size - np.count_nonzero(usable))
        if skipped:
            self._nonfinite += skipped
            found, t = found[:, usable], None if t is None else t[usable]
        return found, usable, t

    def _push(self, columns: FloatArray, out: FloatArray) -> None:
        """Take in triples (2 + k, m), with no look at the bins but behind the last, and write ``cmi`` after each."""
        ring, counts, axes = self._rows.ring, self._settled(), self._axes
        held = ring.symbols_between(ring.tail, ring.head)
        new = self._rows.take(columns)
        if counts is not None:
            codes = counts.codes(np.concatenate((held, new), axis=1))
            leaving = max(codes.size - ring.values.shape[1], 0)
            counts.slide(codes[held.shape[1] :], codes[:leaving], out)
        self._first, self._last = ring.tail, ring.head
        counts = self._settled()
        if counts is None:
            out[:] = math.nan
        elif self._axes is not axes:
            out[-1] = counts.bits()

    def _settled(self) -> TripleCounts | None:
        """The counts of the window as it is now; None until bins are learnt."""
        ring, axes = self._rows.ring, self._rows.axes
        known = [axis for axis in axes if axis is not None]
        if len(known) < len(axes):
            return None
        anew = len(known) != len(self._axes) or any(a is not b for a, b in zip(known, self._axes, strict=True))
        if anew or ring.head - self._first > ring.symbols.shape[1] or 2 * (ring.head - self._last) > ring.n:
            self._axes, self._first, self._last = known, ring.tail, ring.tail
            self._counts.clear(known, ring.values.shape[1])
        if ring.head > self._last or ring.tail > self._first:
            self._counts.reach(ring.values.shape[1])
            new, old = ring.symbols_between(self._last, ring.head), ring.symbols_between(self._first, ring.tail)
            self._counts.slide(self._counts.codes(new), self._counts.codes(old))
            self._first, self._last = ring.tail, ring.head
        return self._counts

    def _known_counts(self) -> TripleCounts:
        counts = self._settled()
        if counts is None:
            raise ConfigError("counts", "asked of a window with triples, whose bins are known", repr(self))
        return counts
