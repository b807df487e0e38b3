"""JointWindow: the joint histogram of a sliding window, in O(1) a sample, in integers."""

import math
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from streammi.config import MAX_WINDOW_PAIRS, EstimatorName, Span, span
from streammi.core import binning, codec, estimators, measures
from streammi.core.binning import UNLEARNT, Axis, Bins, Categories, Codes, Rule
from streammi.core.kernels import coding, layout, sliding, summary
from streammi.core.kernels.layout import HEAD, PAIRS, N
from streammi.errors import ConfigError
from streammi.records import FloatArray, Reading, Unit

CHUNK: Final = 1 << 15  # pairs coded at a time: codes and values stay in the second-level cache
LEARN_FROM: Final = 16  # pairs from which bins are learnt first
FIRST_CAPACITY: Final = 1024  # pairs that a time window has room for at first; doubled as needed
EMPTY: Final = np.empty(0)
NUMBER: Final = (float, int)  # a tuple: isinstance takes four times as long to look at float | int
BATCHES: Final = 5  # few, so that each is long: ten were up to 15 % more wrong where the memory is long
FORMAT: Final = "window 1"


class Follower(Protocol):
    """Something that counts the window's pairs in its own way, such as a bank of delays."""

    def learn(self, x_axis: Axis, y_axis: Axis) -> None:
        """Take up new bins, also for the pairs seen before."""

    def extend(self, x: NDArray[Any], y: NDArray[Any], x_codes: Codes, y_codes: Codes, n: int) -> None:
        """Take in the pairs (values and codes, each of shape (m,)) that the window has just added; it now holds n."""


class JointWindow:
    """The joint and marginal counts of the last ``size`` pairs, or of the pairs of the last seconds, and their MI.

    ``size`` is a number of pairs, or a duration (timedelta or "10s"): then each pair needs its time in seconds, and the
    window holds the pairs with newest - size < t <= newest. All sums are exact integers: whatever went through the
    window, and in whatever pieces, its state is that of a fresh window with the same pairs. ``estimator`` is the one
    that ``mi`` keeps at each sample. Raises ConfigError for a size, bins or an estimator that cannot work.

    >>> from streammi import UniformBins
    >>> window = JointWindow(UniformBins(0, 4, 4), UniformBins(0, 4, 4), size=4)
    >>> for v in (0, 1, 2, 3, 3):
    ...     window.update(v, v)
    >>> window.counts.diagonal().tolist(), window.mi  # of 1, 2, 3, 3: H = 1/4 2 + 1/4 2 + 1/2 1 bits
    ([0, 1, 1, 2], 1.5)
    """

    def __init__(
        self,
        x_bins: Bins,
        y_bins: Bins,
        size: int | str | timedelta | Span,
        *,
        estimator: EstimatorName = "plugin",
    ) -> None:
        self._span = span(size, "window", least_pairs=2)
        self._bins = (_check_bins(x_bins, "x_bins"), _check_bins(y_bins, "y_bins"))
        self._axes: list[Axis] = [UNLEARNT if isinstance(b, Rule) else b for b in self._bins]
        capacity = self._span.pairs or FIRST_CAPACITY
        self._digits = estimators.scale_bits(self._span.pairs or MAX_WINDOW_PAIRS)
        self._table = estimators.table(estimator, capacity, self._digits)
        self._ring = np.zeros(capacity, dtype=np.uint32)
        self._values = np.zeros((2, capacity))
        self._times: FloatArray | None = None if self._span.pairs else np.zeros(capacity)
        self._first, self._newest = math.inf, -math.inf  # times of the very first and the newest pair
        self._state = np.zeros(layout.STATE_SIZE, dtype=np.int64)
        self._allocate_counts()
        self._nonfinite = 0
        self._epoch = 0
        # Rules learn when this many pairs have come; never, when both axes are given.
        self._next_check = min(LEARN_FROM, capacity) if self._learns else -1
        self._learnt_shares: list[FloatArray] = [EMPTY, EMPTY]
        self._followers: list[Follower] = []
        self._numeric = not any(isinstance(b, Categories) for b in self._bins)
        self._mi: float | None = None  # what ``mi`` says, once it is known
        self._short = self._short_way()

    # What the window says -------------------------------------------------------------------------------------------

    @property
    def n(self) -> int:
        """Pairs in the window now."""
        return int(self._state[N])

    @property
    def pairs(self) -> int:
        """Pairs taken in since the start."""
        return int(self._state[PAIRS])

    @property
    def size(self) -> Span:
        """The window's length: pairs or seconds."""
        return self._span

    @property
    def x_axis(self) -> Axis | None:
        """How x is divided now; None until its bins are learnt."""
        return None if self._axes[0] is UNLEARNT else self._axes[0]

    @property
    def y_axis(self) -> Axis | None:
        """How y is divided now; None until its bins are learnt."""
        return None if self._axes[1] is UNLEARNT else self._axes[1]

    @property
    def counts(self) -> NDArray[np.uint32]:
        """The joint counts, shape (Bx, By), read-only."""
        return _read_only(self._joint.reshape(self._x_counts.size, self._y_counts.size))

    @property
    def x_counts(self) -> NDArray[np.uint32]:
        """The counts of x, shape (Bx,), read-only."""
        return _read_only(self._x_counts)

    @property
    def y_counts(self) -> NDArray[np.uint32]:
        """The counts of y, shape (By,), read-only."""
        return _read_only(self._y_counts)

    @property
    def values(self) -> FloatArray:
        """The window's own values, oldest first, shape (2, n); labels are their symbols."""
        head = self._state.item(HEAD)
        first = head - self._state.item(N)
        if first >= 0:
            return self._values[:, first:head].copy()
        return np.concatenate((self._values[:, first:], self._values[:, :head]), axis=1)

    @property
    def oldest(self) -> tuple[float, float] | None:
        """The values of the pair that will leave first; labels are their symbols. None while the window is empty."""
        at = (self._state.item(HEAD) - self.n) % self._ring.size
        return (self._values.item(0, at), self._values.item(1, at)) if self.n else None

    @property
    def sums(self) -> tuple[int, int, int]:
        """S_x, S_y, S_xy: the exact integer sums that ``mi`` is made of (see core.estimators)."""
        s_x, s_y, s_xy = self._state[layout.S_X : layout.S_XY + 1].tolist()
        return s_x, s_y, s_xy

    @property
    def mi(self) -> float | None:
        """MI in bits by the window's estimator, plug-in unless told otherwise; O(1). None while nothing is known."""
        if self._mi is None and self.n and self._learnt:
            s_x, s_y, s_xy = self.sums
            n = self.n
            mi = (self._table.whole.item(n) - s_x - s_y + s_xy) * (self._table.unit_bits / n)
            self._mi = max(self._floor, mi)
        return self._mi

    def reading(self, unit: Unit = "bit", estimator: EstimatorName | None = None) -> Reading | None:
        """Everything the window says, ``mi_corrected`` by ``estimator`` (None: the default); None while it is empty.

        O(Bx By) for the corrected value and the standard errors, and O(n) for Pearson's r, which is made of the
        window's own values each time.
        """
        measures.check_unit(unit)
        if not self.n or not self._learnt:
            return None
        n, state = self.n, self._state
        r, x_constant, y_constant, x_run, y_run = summary.compare(self._values, state.item(HEAD), n)
        return measures.reading(
            self._x_counts,
            self._y_counts,
            self._joint,
            n,
            self.table("plugin"),
            self.table(estimator),
            unit,
            pearson_r=r if self._numeric and math.isfinite(r) else None,
            x_constant=x_constant,
            y_constant=y_constant,
            x_run=x_run,
            y_run=y_run,
            fill=self._fill(),
            t0=self._time_at(n),
            t1=self._time_at(1),
            epoch=self._epoch,
            x_clipped=state.item(layout.X_CLIPPED),
            y_clipped=state.item(layout.Y_CLIPPED),
            pairs=state.item(PAIRS),
            clipped=state.item(layout.CLIPPED_TOTAL),
            nonfinite=self._nonfinite,
            late=state.item(layout.LATE),
            dropped=state.item(layout.DROPPED),
        )

    def batch_stderr(self) -> float | None:
        """Standard error of MI in bits by batch means: also for signals with a memory, if it is shorter than a batch.

        The spread of the pointwise MI's mean over fifths of the window. ``Reading.stderr`` holds for independent
        pairs: for AR(1) pairs with phi 0.98 the MI of windows of 1,000 varied 3.3 to 6.6 times as much as that says,
        and 1.2 to 1.5 times as much as this says. None below 5 pairs. O(n). Source: Fishman & Yarberry 1997, INFORMS
        Journal on Computing 9(3), 296-310.
        """
        if self.n < BATCHES or not self._learnt:
            return None
        means = np.empty(BATCHES)
        head, counts = self._state.item(HEAD), (self._x_counts, self._y_counts, self._joint)
        summary.batch_means(self._ring, head, self.n, *counts, means)
        batches: list[float] = means.tolist()
        mean = sum(batches) / BATCHES
        return math.sqrt(sum((m - mean) ** 2 for m in batches) / (BATCHES * (BATCHES - 1)))

    def table(self, estimator: EstimatorName | None) -> estimators.Table:
        """The fixed-point table of an estimator (None: the default) that reaches the window's n."""
        return estimators.table(estimator or estimators.DEFAULT, self._ring.size, self._digits)

    # What goes in ---------------------------------------------------------------------------------------------------

    def update(self, x: Any, y: Any, t: float | None = None) -> None:
        """Take in one pair; O(1)."""
        short, times = self._short, self._times
        plain = isinstance(x, NUMBER) and isinstance(y, NUMBER) and (t is None or self._newest <= t < math.inf)
        learns = self._state.item(PAIRS) + 1 == self._next_check
        if short is None or learns or not plain or (t is None) != (times is None):
            self.extend([x], [y], None if t is None else [t])
            return
        head = self._state.item(HEAD)
        mi = sliding.push(binning.number(x, "x"), binning.number(y, "y"), *short)
        if mi != mi:
            self._nonfinite += 1
            return
        self._mi = mi
        if times is not None and t is not None:
            times[head] = self._newest = float(t)
            self._first = min(self._first, self._newest)

    def extend(self, xs: ArrayLike, ys: ArrayLike, ts: ArrayLike | None = None) -> None:
        """Take in pairs, arrays of shape (n,), in order; ``ts`` are their times in seconds.

        A pair that is not finite is skipped and counted. A pair whose time steps back is counted as late; it is added
        at the window's newest time, unless it is older than the window: then it is dropped and counted. Raises
        ConfigError when the arrays differ in shape, or when a time window gets no times.
        """
        self._extend(xs, ys, ts, EMPTY)

    def emit(self, xs: ArrayLike, ys: ArrayLike, out: FloatArray) -> None:
        """Take in pairs without times, and write ``mi`` after each of them to ``out`` (n,), bits.

        A pair that is skipped repeats the value before it, NaN where there is none.
        """
        self._extend(xs, ys, None, out)

    def evict(self) -> None:
        """Take the oldest pair out before its time; O(1). ConfigError where there is none, or something follows."""
        if not self.n or self._followers:
            raise ConfigError("evict", "called of a window with pairs that nothing follows", repr(self))
        sliding.evict(self._ring, self._state, self._x_counts, self._y_counts, self._joint, self._table.f)
        self._mi = None

    def follow(self, follower: Follower) -> None:
        """Pass every pair that is added from now on to ``follower`` as well."""
        if self._learnt:
            follower.learn(*self._axes)
        self._followers.append(follower)
        self._short = None

    def copy(self) -> "JointWindow":
        """An independent window with the same pairs and counters, without followers."""
        return self.from_bytes(self.to_bytes())

    __copy__ = copy

    def __deepcopy__(self, memo: object) -> "JointWindow":
        return self.copy()

    def __reduce__(self) -> tuple[Callable[[bytes], "JointWindow"], tuple[bytes]]:
        return JointWindow.from_bytes, (self.to_bytes(),)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, JointWindow) and self.to_bytes() == other.to_bytes()

    __hash__ = None  # type: ignore[assignment]  # it changes

    def __repr__(self) -> str:
        return f"JointWindow({self._bins[0]!r}, {self._bins[1]!r}, {str(self._span)!r}) with {self.n} pairs"

    def state(self) -> codec.State:
        """The whole state as plain values and arrays; equal windows have equal ones."""
        at = self._order()
        header = {
            "span": [self._span.pairs, self._span.seconds],
            "bins": [binning.to_plain(b) for b in self._bins],
            "axes": [binning.to_plain(a) for a in self._axes],
            "estimator": self._table.estimator.name,
            "state": self._state[PAIRS:].tolist(),
            "times": [self._first, self._newest],
            "nonfinite": self._nonfinite,
            "epoch": self._epoch,
            "next_check": self._next_check,
        }
        arrays: list[NDArray[Any]] = [self._ring[at], self.values, *self._learnt_shares]
        if self._times is not None:
            arrays.append(self._times[at])
        return header, arrays

    @classmethod
    def from_state(cls, header: dict[str, Any], arrays: list[NDArray[Any]]) -> "JointWindow":
        """The window whose ``state`` this is, bit for bit."""
        x_bins, y_bins = (binning.from_plain(b) for b in header["bins"])
        window = cls(x_bins, y_bins, Span(*header["span"]), estimator=header["estimator"])
        ring, values, x_shares, y_shares, *times = arrays
        window._make_room(ring.size)
        window._axes = [binning.from_plain(a) for a in header["axes"]]
        window._ring[: ring.size] = ring
        window._values[:, : ring.size] = values
        if times:
            window._timestamps()[: ring.size] = times[0]
        window._state[PAIRS:] = header["state"]
        window._state[HEAD], window._state[N] = ring.size % window._ring.size, ring.size
        window._first, window._newest = header["times"]
        window._nonfinite, window._epoch, window._next_check = (header[k] for k in ("nonfinite", "epoch", "next_check"))
        window._learnt_shares = [x_shares, y_shares]
        window._recount()
        return window

    def to_bytes(self) -> bytes:
        """The whole state, with a version and a checksum; equal windows have equal bytes."""
        return codec.pack(FORMAT, *self.state())

    @classmethod
    def from_bytes(cls, data: bytes) -> "JointWindow":
        """The window that ``to_bytes`` saved, bit for bit; ConfigError when the bytes are cut, changed or foreign."""
        return cls.from_state(*codec.unpack(FORMAT, data))

    # How it is done -------------------------------------------------------------------------------------------------

    def _extend(self, xs: ArrayLike, ys: ArrayLike, ts: ArrayLike | None, out: FloatArray) -> None:
        x, y = as_values(xs, self._bins[0]), as_values(ys, self._bins[1])
        t = None if ts is None else binning.numbers(ts, "ts")
        if x.ndim != 1 or x.shape != y.shape or (t is not None and t.shape != x.shape):
            raise ConfigError(
                "xs, ys and ts", "arrays of one shape (n,)", [a.shape for a in (x, y, t) if a is not None]
            )
        if t is None and self._span.seconds:
            raise ConfigError("t", "given for each pair of a time window", None)
        for start in range(0, x.size, CHUNK):
            part = slice(start, start + CHUNK)
            self._extend_chunk(x[part], y[part], None if t is None else t[part], out[part])

    def _extend_chunk(self, x: NDArray[Any], y: NDArray[Any], t: FloatArray | None, out: FloatArray) -> None:
        usable = self.usable(x, y)
        if t is not None:
            usable &= np.isfinite(t)
        skipped = int(x.size - np.count_nonzero(usable))
        if skipped:
            self._nonfinite += skipped
            x, y, t = x[usable], y[usable], None if t is None else t[usable]
        if skipped and out.size:
            emitted = np.empty(x.size + 1)
            emitted[0] = math.nan if self.mi is None else self.mi
            self._admit(x, y, t, emitted[1:])
            np.take(emitted, np.cumsum(usable), out=out)
        else:
            self._admit(x, y, t, out)

    def usable(self, x: NDArray[Any], y: NDArray[Any]) -> NDArray[np.bool_]:
        """Which pairs can be binned: finite numbers, or labels."""
        usable = np.empty(x.size, dtype=np.bool_)
        if self._numeric:
            coding.finite_pairs(x, y, usable)
        else:
            usable[:] = [binning.is_label(a) and binning.is_label(b) for a, b in zip(x, y, strict=True)]
        return usable

    def _admit(self, x: NDArray[Any], y: NDArray[Any], t: FloatArray | None, out: FloatArray) -> None:
        """Add the pairs that their times let in, and learn where it is time to."""
        if t is None and self._times is not None:
            t = np.full(x.size, self._newest)  # a count window whose feed has lost its clock
        if t is not None:
            kept = np.empty(x.size, dtype=np.bool_)
            clock = np.empty(x.size)
            size, seconds = self._span.pairs or 0, self._span.seconds or math.inf
            m = sliding.admit(t, self._timestamps(), size, seconds, self._newest, self._state, clock, kept)
            if m < x.size:
                x, y = x[kept], y[kept]
            t = clock[:m]
        start = 0
        while start < x.size:
            stop = x.size if self._next_check < 0 else min(x.size, start + self._next_check - self.pairs)
            start += self._push(x[start:stop], y[start:stop], None if t is None else t[start:stop], out[start:stop])
            if self.pairs == self._next_check:
                self._learn()
                if out.size:
                    out[start - 1] = math.nan if self.mi is None else self.mi

    def _push(self, x: NDArray[Any], y: NDArray[Any], t: FloatArray | None, out: FloatArray) -> int:
        """Add pairs that belong to the window, all of them or as many as there is room for; returns how many."""
        self._mi = None
        x_codes, y_codes = self._code(0, x), self._code(1, y)
        head = self._state.item(HEAD)
        state, counts, table = self._state, (self._x_counts, self._y_counts, self._joint), self._table
        taken = x.size
        if self._span.seconds:
            assert t is not None
            times = self._timestamps()
            taken = sliding.slide_span(
                x_codes, y_codes, t, self._span.seconds, MAX_WINDOW_PAIRS, self._ring, times, state, *counts, table.f
            )
        else:
            if not self._learnt:
                out[:] = math.nan
            emit = out if self._learnt else EMPTY
            codes = x_codes, y_codes, self._ring, state
            if not emit.size and x.size >= max(self._ring.size, self._joint.size):
                sliding.refill(*codes, *counts, table.f)
            else:
                sliding.slide(*codes, *counts, table.f, table.whole, table.unit_bits, self._floor, emit)
            if t is not None:
                _write(self._timestamps(), head, t)
        _write(self._values[0], head, self._numbers(0, x[:taken], x_codes))
        _write(self._values[1], head, self._numbers(1, y[:taken], y_codes))
        if t is not None and taken:
            self._first, self._newest = min(self._first, float(t[0])), float(t[taken - 1])
        for follower in self._followers:
            follower.extend(x[:taken], y[:taken], x_codes[:taken], y_codes[:taken], self.n)
        if taken < x.size:
            self._make_room(2 * self._ring.size)
        return taken

    def _code(self, side: int, values: NDArray[Any]) -> Codes:
        axis = self._axes[side]
        if isinstance(axis, Categories):
            axis = self._axes[side] = axis.extended(values)
        codes = np.empty(values.size, dtype=np.uint16)
        axis.code(values, codes)
        return codes

    def _numbers(self, side: int, values: NDArray[Any], codes: Codes) -> NDArray[Any]:
        """What the ring of values keeps: the values, or for labels their symbols."""
        return codes[: values.size] & layout.SYMBOL if isinstance(self._axes[side], Categories) else values

    def _fill(self) -> float:
        if self._span.pairs:
            return self.n / self._span.pairs
        return min((self._newest - self._first) / (self._span.seconds or 1.0), 1.0)

    def newest_times(self, most: int) -> FloatArray:
        """The times in s of the newest pairs, ``most`` of them or as many as there are, oldest first; (0,) without."""
        head, n = self._state.item(HEAD), min(self._state.item(N), most)
        if self._times is None:
            return EMPTY
        return self._times[np.arange(head - n, head) % self._ring.size]

    def _time_at(self, back: int) -> float | None:
        """The time of the pair that is ``back`` pairs from the end; None when it is not known."""
        if self._times is None:
            return None
        t = self._times.item((self._state.item(HEAD) - back) % self._ring.size)
        return t if math.isfinite(t) else None

    def _short_way(self) -> tuple[Any, ...] | None:
        """The arguments of sliding.push, for a count window of numbers whose bins are known."""
        x, y = self._axes
        if self._span.seconds or self._followers or not self._learnt:
            return None
        if isinstance(x, Categories) or isinstance(y, Categories):
            return None
        counts = (self._x_counts, self._y_counts, self._joint)
        table = self._table
        ring = (self._ring, self._values, self._state)
        return (*x.scalars, *y.scalars, *ring, *counts, table.f, table.whole, table.unit_bits, self._floor)

    @property
    def _learnt(self) -> bool:
        return UNLEARNT is not self._axes[0] and UNLEARNT is not self._axes[1]

    @property
    def _learns(self) -> bool:
        return any(isinstance(b, Rule) for b in self._bins)

    @property
    def _floor(self) -> float:
        # The plug-in MI is never negative but for the last bit of a float; a corrected one may be, and is said so.
        return 0.0 if self._table.estimator.name == "plugin" else -math.inf

    def _timestamps(self) -> FloatArray:
        if self._times is None:
            self._times = np.full(self._ring.size, np.nan)
        return self._times

    def _order(self) -> NDArray[np.int64]:
        """The ring's places from the oldest pair to the newest, shape (n,)."""
        head, n = self._state.item(HEAD), self._state.item(N)
        return (np.arange(head - n, head) % self._ring.size).astype(np.int64)

    def _make_room(self, pairs: int) -> None:
        """Let the ring, with the newest pair last, have room for at least ``pairs``."""
        capacity = self._ring.size
        if pairs <= capacity:
            return
        while capacity < pairs:
            capacity *= 2
        at = self._order()
        n = at.size
        self._ring = _grown(self._ring[at], capacity)
        self._values = _grown(self._values[:, at], capacity)
        self._times = _grown(self._timestamps()[at], capacity)
        self._state[HEAD] = n
        self._table = estimators.table(self._table.estimator.name, capacity, self._digits)

    def _learn(self) -> None:
        """Fit the bins that learn from the window's own values, where they do not fit any more."""
        first_window = self.n == self.pairs
        misfits = [
            side
            for side, rule in enumerate(self._bins)
            if isinstance(rule, Rule) and (first_window or self._axes[side] is UNLEARNT or not self._fits(side, rule))
        ]
        if misfits:
            self._relearn(misfits)
        size, pairs = self._span.pairs, self.pairs
        self._next_check = pairs + max(self.n, min(LEARN_FROM, self._ring.size))
        if size and pairs < size:
            self._next_check = min(self._next_check, size)

    def _relearn(self, sides: list[int]) -> None:
        values, before = self.values, list(self._axes)
        for side in sides:
            rule = self._bins[side]
            assert isinstance(rule, Rule)
            self._axes[side] = rule.learn(values[side])
        if self._axes != before:
            self._epoch += 1
            self._rebin(values)
            if self.n == self.pairs:  # what lay outside of bins that were learnt too early did not lie outside
                flags = self._ring[self._order()] & np.uint32(layout.CLIPPED << 16 | layout.CLIPPED)
                self._state[layout.CLIPPED_TOTAL] = np.count_nonzero(flags)
            for follower in self._followers:
                follower.learn(*self._axes)

    def _fits(self, side: int, rule: Rule) -> bool:
        shares = self._shares()[side]
        clipped = self._state.item(layout.X_CLIPPED + side) / self.n
        return rule.fits(self._axes[side], shares, self._learnt_shares[side], clipped)

    def _shares(self) -> list[FloatArray]:
        return [self._x_counts / self.n, self._y_counts / self.n]

    def _rebin(self, values: FloatArray) -> None:
        """Code the window's ``values`` (2, n), oldest first, anew, and count them."""
        codes = [self._code_again(side, values[side]) for side in (0, 1)]
        self._ring[self._order()] = codes[0].astype(np.uint32) << 16 | codes[1]
        self._recount()
        self._learnt_shares = self._shares()

    def _code_again(self, side: int, values: FloatArray) -> Codes:
        axis = self._axes[side]
        if isinstance(axis, Categories):  # its ring of values holds the symbols
            symbols = values.astype(np.uint16)
            return np.where(symbols == axis.limit, symbols | layout.CLIPPED, symbols).astype(np.uint16)
        return self._code(side, values)

    def _recount(self) -> None:
        self._allocate_counts()
        state = self._state
        state[layout.X_CLIPPED], state[layout.Y_CLIPPED] = sliding.recount(
            self._ring, state[HEAD], state[N], self._x_counts, self._y_counts, self._joint
        )
        sums = state[layout.S_X : layout.S_XY + 1]
        sliding.table_sums(self._joint, self._x_counts, self._y_counts, self._table.f, sums)
        self._mi, self._short = None, self._short_way()

    def _allocate_counts(self) -> None:
        x_size, y_size = self._axes[0].count, self._axes[1].count
        self._x_counts = np.zeros(x_size, dtype=np.uint32)
        self._y_counts = np.zeros(y_size, dtype=np.uint32)
        self._joint = np.zeros(x_size * y_size, dtype=np.uint32)


def as_values(values: ArrayLike, bins: Bins) -> NDArray[Any]:
    """Values as the window takes them: contiguous float64, or objects where they are labels."""
    return binning.labels_of(values) if isinstance(bins, Categories) else binning.numbers(values, "values")


def _check_bins(bins: Bins, name: str) -> Bins:
    if not isinstance(bins, Bins):
        raise ConfigError(name, "UniformBins, EdgeBins, QuantileBins, SpanBins or Categories", bins)
    return bins


def _write(ring: NDArray[Any], head: int, values: NDArray[Any]) -> None:
    """Write ``values`` (m,) into the ring from ``head`` on, as m single writes would leave it."""
    skipped = max(values.size - ring.size, 0)
    values, head = values[skipped:], (head + skipped) % ring.size
    first = min(values.size, ring.size - head)
    ring[head : head + first] = values[:first]
    ring[: values.size - first] = values[first:]


def _grown(array: NDArray[Any], capacity: int) -> NDArray[Any]:
    grown = np.zeros((*array.shape[:-1], capacity), dtype=array.dtype)
    grown[..., : array.shape[-1]] = array
    return grown


def _read_only(array: NDArray[np.uint32]) -> NDArray[np.uint32]:
    view = array.view()
    view.flags.writeable = False
    return view
