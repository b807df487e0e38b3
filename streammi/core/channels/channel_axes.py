"""ChannelAxes: how each channel is divided now; given once, or learnt from its own values and learnt again."""

import math
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from streammi.config import Span
from streammi.core.bins import binning
from streammi.core.bins.axes import NEVER, Axes
from streammi.core.bins.binning import UNLEARNT, Axis, Bins, Categories, Codes, Rule
from streammi.core.kernels import slots
from streammi.errors import ConfigError
from streammi.records import FloatArray, IntArray

# A channel's bins are learnt as those of a pair are, the other signal of which has one bin.
_ALONE: Final = binning.UniformBins(-1.0, 1.0, 1)


class ChannelAxes:
    """The axes of C channels: what was asked for in ``bins``, and what they are ``now``.

    Each is learnt, reviewed and learnt again by itself (see core.bins.axes), by its own values that are there: a pair's
    other signal has no say, as it has in a JointWindow. Where the number of bins is not given it is the one that
    independent signals want. ``seen`` (C,) counts the values that came. The arrays are those that
    core.kernels.channels.code takes.
    """

    def __init__(self, bins: Sequence[Bins], span: Span) -> None:
        self.bins = list(bins)
        self._span = span
        self._learners = [Axes(b, _ALONE, span.pairs or NEVER) if isinstance(b, Rule) else None for b in self.bins]
        self.learnt = np.array([one is not None for one in self._learners])
        self.labelled = [c for c, b in enumerate(self.bins) if isinstance(b, Categories)]
        channels = len(self.bins)
        self.seen = np.zeros(channels, dtype=np.int64)
        self.clipped = np.zeros(channels, dtype=np.int64)  # values outside the range that was given, since the start
        self.absent = np.zeros(channels, dtype=np.int64)  # values that were not finite, since the start
        self.equal, self.sizes = np.zeros(channels, dtype=np.bool_), np.ones(channels, dtype=np.int64)
        self.low, self.high = np.zeros(channels), np.zeros(channels)
        self.inner: FloatArray = np.full((channels, 1), np.inf)
        self.now: list[Axis] = [UNLEARNT] * channels
        for c, axis in enumerate(self.bins):
            self._take(c, UNLEARNT if isinstance(axis, Rule) else axis)
        self._dues = np.array([self._due_of(c) for c in range(channels)]).reshape(channels, 3).T.copy()

    @property
    def widths(self) -> IntArray:
        """How many symbols each channel has or, where its number of bins is given, may have; (C,)."""
        given = [b.count or 0 if isinstance(b, Rule) else b.count for b in self.bins]
        return np.maximum(self.sizes, np.array(given, dtype=np.int64))

    @property
    def known(self) -> NDArray[np.bool_]:
        """Which channels have their bins: given, or learnt by now; (C,)."""
        return np.array([axis is not UNLEARNT for axis in self.now])

    @property
    def epochs(self) -> IntArray:
        """How often the bins of each were learnt: from the first window, as it filled, and then anew; (C,)."""
        return np.array([0 if one is None else one.epoch for one in self._learners], dtype=np.int64)

    def due(self, t: FloatArray | None) -> int:
        """How many of the next rows, with times ``t``, may come until some channel's bins are looked at: a bound."""
        checks, times, soonest = self._dues
        room = checks - self.seen
        if t is not None and self._span.seconds:
            room = np.minimum(room, np.searchsorted(t, times) + 1)
        return int(min(np.maximum(room, soonest - self.seen).min(), NEVER))

    def now_due(self, newest: float) -> IntArray:
        """The channels whose bins are to be looked at, now that the newest row has this time."""
        checks, times, soonest = self._dues
        found: IntArray = np.flatnonzero((self.seen >= soonest) & ((self.seen >= checks) | (newest >= times)))
        return found

    def set_back(self, back: float) -> None:
        """The clock of the rows was set back by so many seconds, below 0."""
        if back:
            for axes in self._learners:
                if axes is not None:
                    axes.next_time += back
            self._dues[1] += back

    def codes(self, c: int, values: FloatArray) -> Codes:
        """The codes (n,) of a channel's values (n,), see core.kernels.slots."""
        axis, codes = self.now[c], np.full(values.size, slots.SKIP, dtype=np.uint16)
        there = np.isfinite(values)
        found = np.empty(int(there.sum()), dtype=np.uint16)
        axis.code(values[there].astype(object) if isinstance(axis, Categories) else values[there], found)
        if self._learners[c] is not None:
            found &= np.uint16(slots.SYMBOL)
        codes[there] = found
        return codes

    def check(self, c: int, held: FloatArray, t: FloatArray | None, f: IntArray, times: tuple[float, float]) -> bool:
        """See whether the bins of channel ``c`` still fit its values in the window, and learn them anew if not.

        ``held`` (n,) are the values of the window's rows, NaN where there is none, ``t`` (n,) their times, ``f`` a
        table of c log2 c up to n, ``times`` those of the very first and the newest row. Returns whether they changed.
        """
        axes = self._learners[c]
        assert axes is not None
        there = np.isfinite(held)
        values = np.zeros((2, int(there.sum())))
        values[0] = held[there]
        n, seen, full = values.shape[1], self.seen.item(c), held.size == self._span.pairs
        before, was = 0, axes.now[0]
        if n:
            before = self._learn(axes, values, f, full=full or n < seen)
        axes.filled = axes.filled or n < seen or full
        self._wait(axes, n, seen, (before, None if t is None else t[there]), times)
        self._dues[:, c] = self._due_of(c)
        self._take(c, axes.now[0])
        return axes.now[0] != was

    def state(self) -> tuple[dict[str, Any], list[NDArray[Any]]]:
        """What ``restore`` needs: plain values, and the shares that bins were learnt with."""
        header = {
            "bins": [binning.to_plain(b) for b in self.bins],
            "axes": [None if one is None else one.state() for one in self._learners],
        }
        shares = [one.learnt_shares[0] for one in self._learners if one is not None]
        return header, [self.seen, self.clipped, self.absent, *shares]

    def restore(self, header: dict[str, Any], arrays: list[NDArray[Any]]) -> None:
        """Take up a saved state."""
        seen, clipped, absent, *shares = arrays
        self.seen, self.clipped, self.absent = seen.copy(), clipped.copy(), absent.copy()
        left = iter(shares)
        for c, (axes, state) in enumerate(zip(self._learners, header["axes"], strict=True)):
            if axes is not None:
                axes.restore(state, [next(left), np.empty(0)])
                self._take(c, axes.now[0])
                self._dues[:, c] = self._due_of(c)

    def _learn(self, axes: Axes, values: FloatArray, f: IntArray, *, full: bool) -> int:
        """Learn from ``values`` (2, n) where that is called for; returns how many of them to see off before more."""
        n, first = values.shape[1], not axes.filled
        learn, before = (True, 0) if first else axes.review(values, _counts(axes, values), f, 0.0)
        if learn:
            wanted, was = axes.wanted(n, 0.0), axes.now[0]
            axes.learn(values, wanted)
            if axes.now[0] != was:
                axes.epoch = 1 if first else axes.epoch + 1
            own, _, _ = _counts(axes, values)
            axes.remember((own, np.array([n])), n, wanted)
        return axes.review_first(values, f) if first and full else before

    def _wait(
        self, axes: Axes, n: int, seen: int, left: tuple[int, FloatArray | None], times: tuple[float, float]
    ) -> None:
        """Set when the bins are looked at again, as JointWindow does: ``left`` are the oldest values that are to leave
        before, and the times (n,) of all.
        """
        before, t = left
        first, newest = times
        values, time = max(n, axes.least), math.inf
        if self._span.seconds:
            start = newest if axes.filled else first
            if before and t is not None:
                start, values = t.item(before - 1), NEVER
            time = start + self._span.seconds
        elif not axes.filled:
            assert self._span.pairs is not None
            values = min(values, self._span.pairs - n)
        elif before:
            values = before
        axes.wait(seen, values, time)

    def _due_of(self, c: int) -> tuple[float, float, float]:
        axes = self._learners[c]
        return (NEVER, math.inf, NEVER) if axes is None else (axes.next_check, axes.next_time, axes.soonest)

    def _take(self, c: int, axis: Axis) -> None:
        """Have an axis, and the kernel know it."""
        self.now[c], self.sizes[c] = axis, axis.count
        if isinstance(axis, Categories):  # labels are coded by themselves: see ``codes``
            self.low[c], self.high[c] = UNLEARNT.edges
            return
        self.equal[c] = isinstance(axis, binning.UniformBins)
        self.low[c], self.high[c], _, inner = axis.scalars
        if inner.size > self.inner.shape[1]:
            wider = np.full((self.inner.shape[0], inner.size), np.inf)
            wider[:, : self.inner.shape[1]] = self.inner
            self.inner = wider
        self.inner[c] = np.inf
        self.inner[c, : inner.size] = inner


def _counts(axes: Axes, values: FloatArray) -> tuple[IntArray, IntArray, IntArray]:
    """The counts of a channel's values, of the signal with one bin beside it, and of both."""
    own = np.bincount(axes.code(0, values[0]), minlength=axes.now[0].count)
    return own, np.array([values.shape[1]]), own


def check_bins(bins: object, channels: int | None) -> list[Bins]:
    """The bins of each channel, given as one for all or as one each; ConfigError for what cannot work."""
    each = isinstance(bins, Sequence) and not isinstance(bins, str)
    several: list[Any] = list(bins) if each else [bins] * (channels or 1)  # type: ignore[call-overload]
    for one in several:
        if not isinstance(one, Bins) or (isinstance(one, Categories) and not one.labels):
            rule = (
                "UniformBins, EdgeBins, QuantileBins, SpanBins or Categories with their labels, or one for each channel"
            )
            raise ConfigError("bins", rule, one)
    if channels is not None and len(several) != channels:
        raise ConfigError("bins", f"one for all channels, or {channels}, one for each", f"{len(several)} of them")
    return several
