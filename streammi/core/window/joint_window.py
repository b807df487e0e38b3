"""JointWindow: the joint histogram of a sliding window, in O(1) a sample, in integers."""

import math
import sys
from datetime import timedelta
from typing import Any, ClassVar, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from streammi.config import EstimatorName, Span, span
from streammi.core import finite_values
from streammi.core.bins import binning
from streammi.core.bins.axes import EMPTY
from streammi.core.bins.binning import Axis, Bins
from streammi.core.information import estimators, measures
from streammi.core.information.extrapolation import Grain
from streammi.core.information.measures import NOT_KNOWN, Totals
from streammi.core.kernels import state_layout, window_update
from streammi.core.kernels.state_layout import DUE, PAIRS, N
from streammi.core.window import grain as grains
from streammi.core.window.contents import Contents
from streammi.core.window.histogram import Counts
from streammi.core.window.learning import Follower
from streammi.errors import ConfigError
from streammi.records import FloatArray, Reading, Unit, codec
from streammi.records.picklable import Picklable

CHUNK: Final = 1 << 15  # pairs taken in at a time: codes and values stay in the second-level cache
NUMBER: Final = (float, int)  # a tuple: isinstance takes four times as long to look at float | int
LARGEST: Final = sys.float_info.max
TENTHS: Final = 10
FIFTHS: Final = 5  # few, so that each is long: ten were up to 15 % more wrong where the memory is long
STUDENT: Final = 1.154  # 95 % of Student's t with 9 degrees of freedom, in times a Gaussian's


class JointWindow(Picklable):
    """The joint and marginal counts of the last ``size`` pairs, or of the pairs of the last seconds, and their MI.

    ``size`` is a number of pairs, or a duration (timedelta or "10s"). With a duration each pair needs its time in
    seconds, and the window holds the pairs with newest - size < t <= newest. All sums are exact integers, so the state
    is always that of a fresh window with the same pairs, whatever went through it before. ``mi`` is computed by
    ``estimator`` at each sample. Raises ConfigError for a size, bins or an estimator that cannot work.

    >>> from streammi import UniformBins
    >>> window = JointWindow(UniformBins(0, 4, 4), UniformBins(0, 4, 4), size=4)
    >>> for v in (0, 1, 2, 3, 3):
    ...     window.update(v, v)
    >>> window.counts.diagonal().tolist(), window.mi  # of 1, 2, 3, 3: H = 1/4 2 + 1/4 2 + 1/2 1 bits
    ([0, 1, 1, 2], 1.5)
    """

    FORMAT: ClassVar = "window 5"

    def __init__(
        self,
        x_bins: Bins,
        y_bins: Bins,
        size: int | str | timedelta | Span,
        *,
        estimator: EstimatorName = "plugin",
    ) -> None:
        self._span = span(size, "window", least_pairs=2)
        bins = _check_bins(x_bins, "x_bins"), _check_bins(y_bins, "y_bins")
        self._contents = Contents(*bins, self._span, estimators.estimator(estimator).name)
        self._axes, self._ring, self._state = self._contents.axes, self._contents.ring, self._contents.state
        self._histogram = self._contents.histogram
        self._nonfinite = 0

    @classmethod
    def learnt_at_once(
        cls, x_bins: Bins, y_bins: Bins, size: int | str | timedelta | Span, xs: ArrayLike, ys: ArrayLike
    ) -> "JointWindow":
        """The window of these pairs (n,) and no others, whose bins are learnt once, from all of them.

        Pair by pair they would be learnt at each doubling of the first window, too; where that is full, as here.
        """
        window = cls(x_bins, y_bins, size)
        window._contents.learn_first_at(len(xs))  # type: ignore[arg-type]
        window.extend(xs, ys)
        return window

    @classmethod
    def of_axes(
        cls, x_axis: Axis, y_axis: Axis, size: int | str | timedelta | Span, learnt: tuple[bool, bool]
    ) -> "JointWindow":
        """The empty window of axes that stay as they are; values beyond those of x or y that were ``learnt``, by other
        values perhaps, are not clipped: nobody gave their range.

        >>> from streammi import UniformBins
        >>> window = JointWindow.of_axes(UniformBins(0, 1, 2), UniformBins(0, 1, 2), 4, learnt=(True, False))
        >>> window.extend([0, 9, 9], [0, 1, 9])
        >>> reading = window.reading()
        >>> reading.x_clipped, reading.y_clipped, reading.clipped
        (0, 1, 1)
        """
        window = cls(x_axis, y_axis, size)
        window._contents.clip_nothing_of(learnt)
        return window

    # What the window says -------------------------------------------------------------------------------------------

    def __len__(self) -> int:
        return self._ring.n

    def __repr__(self) -> str:
        x, y = self._axes.bins
        return f"<JointWindow of {self._span}, {self.n} in it: x {x!r}, y {y!r}>"

    @property
    def n(self) -> int:
        """Pairs in the window now."""
        return self._state.item(N)

    @property
    def pairs(self) -> int:
        """Pairs taken in since the start."""
        return self._state.item(PAIRS)

    @property
    def dropped(self) -> int:
        """Pairs dropped since the start, because they were older than the window when they came."""
        return self._state.item(state_layout.DROPPED)

    @property
    def nonfinite(self) -> int:
        """Pairs skipped since the start, because a value was not finite."""
        return self._nonfinite

    @property
    def totals(self) -> dict[str, int]:
        """The totals since the start, by their names in a Reading."""
        state = self._state
        return {
            "pairs": self.pairs,
            "clipped": state.item(state_layout.CLIPPED_TOTAL),
            "nonfinite": self._nonfinite,
            "dropped": self.dropped,
            "late": state.item(state_layout.LATE),
            "epoch": self._axes.epoch,
        }

    @property
    def epoch(self) -> int:
        """How often bins were learnt: from the first window, and then anew."""
        return self._axes.epoch

    @property
    def size(self) -> Span:
        """The window's length: pairs or seconds."""
        return self._span

    @property
    def x_axis(self) -> Axis | None:
        """How x is divided now; None until its bins are learnt."""
        return self._axes.known_one(0)

    @property
    def y_axis(self) -> Axis | None:
        """How y is divided now; None until its bins are learnt."""
        return self._axes.known_one(1)

    @property
    def counts(self) -> Counts:
        """The joint counts, shape (Bx, By): a read-only view, which goes on with the window until bins are learnt."""
        return _read_only(self._histogram.joint.reshape(self._axes.sizes))

    @property
    def x_counts(self) -> Counts:
        """The counts of x, shape (Bx,): a view like ``counts``."""
        return _read_only(self._histogram.x)

    @property
    def y_counts(self) -> Counts:
        """The counts of y, shape (By,): a view like ``counts``."""
        return _read_only(self._histogram.y)

    @property
    def values(self) -> FloatArray:
        """The window's own values, oldest first, shape (2, n); labels are their symbols."""
        kept = self._ring.values_in_order()
        for side in (0, 1):
            kept[side] = self._axes.shown(side, kept[side])
        return kept

    def signal(self, side: int) -> FloatArray:
        """The window's own values of x (0) or y (1), oldest first, shape (n,); labels are their symbols."""
        return self._axes.shown(side, self._ring.signal_in_order(side))

    @property
    def oldest(self) -> tuple[float, float] | None:
        """The values of the pair that will leave first; labels are their symbols. None while the window is empty."""
        if not self.n:
            return None
        x, y = (self._axes.shown(side, np.array([v])).item() for side, v in enumerate(self._ring.values_at(self.n)))
        return x, y

    def newest_times(self, most: int) -> FloatArray:
        """The times in s of the newest pairs, ``most`` of them or as many as there are, oldest first; (0,) without."""
        times = self._ring.times
        return EMPTY if times is None else times[self._ring.places(most)]

    @property
    def set_back(self) -> float:
        """By how many seconds altogether the clock of the pairs was set back, so far."""
        return self._ring.set_back

    @property
    def fill(self) -> float:
        """The share of the window that is filled, 0 to 1."""
        return self._fill()

    @property
    def constant(self) -> bool:
        """True if a signal has one value in the whole window; O(n) where all of it is in one bin. False if empty."""
        if not self.n or min(np.count_nonzero(self.x_counts), np.count_nonzero(self.y_counts)) != 1:
            return False
        values = self.values
        return bool((values == values[:, :1]).all(axis=1).any())

    @property
    def sums(self) -> tuple[int, int, int]:
        """S_x, S_y, S_xy: the exact integer sums that ``mi`` is made of (see core.information.estimators)."""
        return self._histogram.sums

    @property
    def mi(self) -> float | None:
        """MI in bits by the window's estimator, plug-in unless told otherwise; O(1). None while nothing is known."""
        mi = self._contents.mi
        return self._contents.find_mi() if mi is None else mi

    def reading(
        self,
        unit: Unit = "bit",
        estimator: EstimatorName | None = None,
        batch_errors: tuple[float | None, float | None] = NOT_KNOWN,
    ) -> Reading | None:
        """Everything the window says, ``mi_corrected`` by ``estimator`` (None: the default); None while it is empty.

        O(Bx By) for the corrected value and the standard errors, and O(n) for Pearson's r, which is made of the
        window's own values each time. ``batch_errors`` are what the method of this name says, where somebody wants it.
        """
        measures.check_unit(unit)
        ring, n = self._ring, self._ring.n
        if not n or not self._axes.known:
            return None
        seen = self._contents.values()
        correction = _with_grain(self._histogram.table_of(estimator), seen.grain)
        state: list[int] = self._state.tolist()
        totals = Totals(
            state[state_layout.X_CLIPPED],
            state[state_layout.Y_CLIPPED],
            state[PAIRS],
            state[state_layout.CLIPPED_TOTAL],
            self._nonfinite,
            state[state_layout.LATE],
            state[state_layout.DROPPED],
            self._axes.epoch,
        )
        return measures.reading(
            *self._histogram.counts,
            n,
            self._histogram.table_of("plugin"),
            correction,
            unit,
            seen,
            batch_errors,
            totals,
            fill=self._fill(),
            times=(None, None) if ring.times is None else (ring.time_at(n), ring.time_at(1)),
        )

    def batch_errors(self, estimator: EstimatorName | None = None) -> tuple[float | None, float | None]:
        """Standard errors in bits of corrected MI and of MI in the bins, also for signals with a memory; O(n).

        Of the first: by leaving out each tenth of the window in turn, and as much larger as Student's t is of ten
        values, so that MI is within 1.96 of it in 95 % of windows, if the memory is shorter than a tenth.
        ``Reading.stderr`` holds for independent pairs: for AR(1) pairs with phi 0.9 it is a third of this. None below
        20 pairs. Source: Kuensch 1989, Annals of Statistics 17(3), 1217-1241.

        Of the second: by batch means, the spread of the pointwise MI's mean over fifths of the window, where the memory
        is shorter than these. For AR(1) pairs with phi 0.98 the MI of windows of 1,000 varied 1.2 to 1.5 times as much
        as this says. None below 5 pairs. Source: Fishman & Yarberry 1997, INFORMS Journal on Computing 9(3), 296-310.
        """
        if self.n < FIFTHS or not self._axes.known:
            return NOT_KNOWN
        grain = self.table(estimator).grain or grains.unseen(self._axes.now, extrapolated=False)
        without, means = self._histogram.spreads(self._ring, TENTHS, grain)
        of_mi = STUDENT * math.sqrt((TENTHS - 1) * without) if self.n >= 2 * TENTHS else None
        return of_mi, math.sqrt(means / (FIFTHS - 1))

    def table(self, estimator: EstimatorName | None) -> estimators.Table:
        """The fixed-point table of an estimator (None: the default) that reaches the window's n.

        For one that extrapolates it says by which of the bins, as the window's values are now; O(n).
        """
        table = self._histogram.table_of(estimator)
        if table.estimator.name != "extrapolated" or not self.n or not self._axes.known:
            return table
        return _with_grain(table, self._contents.values().grain)

    # What goes in and out -------------------------------------------------------------------------------------------

    def update(self, x: Any, y: Any, t: float | None = None) -> None:
        """Take in one pair, whose time in seconds is ``t``, as ``extend`` does with arrays of one; O(1)."""
        contents, ring = self._contents, self._ring
        single, times = contents.single, ring.times
        if t is None:
            follows = times is None
        else:
            follows = times is not None and isinstance(t, NUMBER) and ring.newest <= t <= LARGEST
        if single is None or not (follows and isinstance(x, NUMBER) and isinstance(y, NUMBER)):
            self.extend([x], [y], None if t is None else [t])
            return
        try:
            mi = window_update.push(float(x), float(y), *single)
        except OverflowError:
            raise ConfigError("x and y", f"numbers up to {LARGEST:g}", (x, y)) from None
        if mi != mi:
            self._nonfinite += 1
            return
        contents.mi = mi
        if t is not None:
            ring.stamp(float(t))
        if self._state.item(DUE):
            contents.look()

    def extend(self, xs: ArrayLike, ys: ArrayLike, ts: ArrayLike | None = None) -> None:
        """Take in pairs, arrays of shape (n,), in order; ``ts`` are their times in seconds.

        A pair that is not finite, or masked, is skipped and counted. A pair whose time steps back is counted as late;
        it is added at the window's newest time, unless it is older than the window: then it is dropped and counted.
        From the hundredth in a row on the clock is taken as set back, and the times of the pairs before with it.
        Raises ConfigError, and leaves the window as it was, for values that are no numbers where bins are not
        Categories, for arrays that are not of one shape (n,), and when a time window gets no times.
        """
        self._extend(xs, ys, ts, EMPTY)

    def emit(self, xs: ArrayLike, ys: ArrayLike, out: FloatArray) -> None:
        """Take in pairs without times, as ``extend`` does, and write ``mi`` after each of them to ``out`` (n,), bits.

        A pair that is skipped repeats the value before it, NaN where there is none.
        """
        self._extend(xs, ys, None, out)

    def before_set_back(self, ts: FloatArray) -> int:
        """How many of the pairs that come next, with the times ``ts`` (n,) in s, have one and the same clock.

        At the last of so many it turns out to be set back, or they are all. The time of a pair that will be skipped is
        to be NaN.
        """
        return self._ring.before_set_back(ts, self._span)

    def evict(self) -> None:
        """Take the oldest pair out before its time; O(1). ConfigError where there is none, or something follows."""
        if not self._state.item(N) or self._contents.followers:
            raise ConfigError("evict", "called of a window with pairs that nothing follows", repr(self))
        self._contents.evict()

    def follow(self, follower: Follower) -> None:
        """Pass every pair that is added from now on to ``follower`` as well."""
        self._contents.follow(follower)

    # Its state ------------------------------------------------------------------------------------------------------

    def state(self) -> codec.State:
        """The whole state as plain values and arrays; equal windows have equal ones."""
        header, arrays = self._contents.saved()
        return header | {"nonfinite": self._nonfinite}, arrays

    @classmethod
    def from_state(cls, header: dict[str, Any], arrays: list[NDArray[Any]]) -> "JointWindow":
        """The window whose ``state`` this is, bit for bit."""
        x_bins, y_bins = (binning.from_plain(b) for b in header["bins"])
        window = cls(x_bins, y_bins, Span(*header["span"]), estimator=header["estimator"])
        window._contents.restore(header, arrays)
        window._nonfinite = header["nonfinite"]
        return window

    # How it is done -------------------------------------------------------------------------------------------------

    def _extend(self, xs: ArrayLike, ys: ArrayLike, ts: ArrayLike | None, out: FloatArray) -> None:
        x_bins, y_bins = self._axes.bins
        x, y = binning.as_values(xs, x_bins, "xs"), binning.as_values(ys, y_bins, "ys")
        t = None if ts is None else finite_values.numbers(ts, "ts")
        finite_values.check_lengths("xs and ys" if t is None else "xs, ys and ts", x, y, t)
        if t is None and self._span.seconds:
            raise ConfigError("ts", "given for each pair of a time window")
        if 0 < x.size <= CHUNK:
            self._extend_chunk(x, y, t, out)
            return
        for start in range(0, x.size, CHUNK):
            part = slice(start, start + CHUNK)
            self._extend_chunk(x[part], y[part], None if t is None else t[part], out[part])

    def _extend_chunk(self, x: NDArray[Any], y: NDArray[Any], t: FloatArray | None, out: FloatArray) -> None:
        usable = finite_values.usable(x, y)
        if t is not None:
            usable &= np.isfinite(t)
        skipped = int(x.size - np.count_nonzero(usable))
        if skipped:
            self._nonfinite += skipped
            x, y, t = x[usable], y[usable], None if t is None else t[usable]
        if skipped and out.size:
            emitted = np.empty(x.size + 1)
            emitted[0] = math.nan if self.mi is None else self.mi
            self._contents.admit(x, y, t, emitted[1:])
            np.take(emitted, np.cumsum(usable), out=out)
        else:
            self._contents.admit(x, y, t, out)

    def _fill(self) -> float:
        if self._span.pairs:
            return self.n / self._span.pairs
        return min((self._ring.newest - self._ring.first) / (self._span.seconds or 1.0), 1.0)


def _with_grain(table: estimators.Table, grain: Grain) -> estimators.Table:
    """The table of one that extrapolates with what it goes from; any other as it is."""
    if table.estimator.name != "extrapolated":
        return table
    return estimators.Table(table.estimator, table.f, table.whole, table.unit_bits, grain)


def _check_bins(bins: Bins, name: str) -> Bins:
    if not isinstance(bins, Bins):
        raise ConfigError(name, "UniformBins, EdgeBins, QuantileBins, SpanBins or Categories", bins)
    return bins


def _read_only(array: Counts) -> Counts:
    view = array.view()
    view.flags.writeable = False
    return view
