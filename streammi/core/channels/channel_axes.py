"""ChannelAxes: how each channel is divided now; given once, or learnt from its own values and learnt again."""

import math
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from streammi.config import Span
from streammi.core.bins import binning
from streammi.core.bins.axes import Axes
from streammi.core.bins.binning import UNLEARNT, Axis, Bins, Categories, Codes, Rule
from streammi.core.bins.refit import Finding
from streammi.core.bins.schedule import LEARN_FROM, Schedule
from streammi.core.kernels import bin_fit, state_layout
from streammi.core.kernels.state_layout import NEVER
from streammi.errors import ConfigError
from streammi.records import FloatArray, IntArray

# A channel's bins are learnt as those of a pair are, the other signal of which has one bin.
_ALONE: Final = binning.UniformBins(-1.0, 1.0, 1)
_NONE: Final = np.zeros(0, dtype=np.int64)
GLANCES: Final = 2  # in a window: of a hundred channels each one costs as much as its pairs


class _Learner:
    """How one channel is divided, and when that is looked at; ``state`` is as core.kernels.state_layout has it."""

    def __init__(self, rule: Rule, span: Span) -> None:
        self.axes = Axes(rule, _ALONE)
        self.state = np.zeros(state_layout.STATE_SIZE, dtype=np.int64)
        self.schedule = Schedule(self.state, min(LEARN_FROM, span.pairs or NEVER), span.seconds or 0.0)

    @property
    def dues(self) -> tuple[float, float, float]:
        """With how many values, or a row of which time, but not before how many, it is to be looked at."""
        check, glance = self.state[[state_layout.CHECK, state_layout.GLANCE]].tolist()
        soonest = min(self.schedule.soonest, glance)
        return min(check, glance), self.schedule.next_time, soonest


class ChannelAxes:
    """The axes of C channels: what was asked for in ``bins``, and what they are ``now``.

    Each is learnt, reviewed and learnt again by itself (see core.bins.axes), by its own values that are there: a pair's
    other signal has no say, as it has in a JointWindow. Where the number of bins is not given it is the one that
    independent signals want. ``seen`` (C,) counts the values that came. The arrays are those that
    core.kernels.channel_rows.take_in takes.
    """

    def __init__(self, bins: Sequence[Bins], span: Span) -> None:
        self.bins = list(bins)
        self._span = span
        self._learners = [_Learner(b, span) if isinstance(b, Rule) else None for b in self.bins]
        self.learnt = np.array([one is not None for one in self._learners])
        self._learns = bool(self.learnt.any())
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
        never: tuple[float, float, float] = NEVER, math.inf, NEVER
        dues = [never if one is None else one.dues for one in self._learners]
        self._dues = np.array(dues).reshape(channels, 3).T.copy()

    @property
    def divided(self) -> tuple[Any, Any, Any, Any, Any, Any]:
        """How each is divided now, and whether that was learnt, as core.kernels.channel_rows has it; (C,) each."""
        return self.equal, self.low, self.high, self.sizes, self.inner, self.learnt

    @property
    def totals(self) -> tuple[IntArray, IntArray, IntArray]:
        """``seen``, ``absent`` and ``clipped``, to be added to."""
        return self.seen, self.absent, self.clipped

    @property
    def widths(self) -> IntArray:
        """How many symbols each channel has or, where its number of bins is given, may have; (C,)."""
        given = [b.count or 0 if isinstance(b, Rule) else b.count for b in self.bins]
        return np.maximum(self.sizes, np.array(given, dtype=np.int64))

    @property
    def known(self) -> NDArray[np.bool_]:
        """The channels that have their bins: given, or learnt by now; (C,)."""
        return np.array([axis is not UNLEARNT for axis in self.now])

    @property
    def epochs(self) -> IntArray:
        """How often the bins of each were learnt: from the first window, as it filled, and then anew; (C,)."""
        return np.array([0 if one is None else one.axes.epoch for one in self._learners], dtype=np.int64)

    def due(self, t: FloatArray | None) -> int:
        """How many of the next rows, with times ``t``, may come until some channel's bins are looked at: a bound."""
        if not self._learns:
            return NEVER
        checks, times, soonest = self._dues
        room = checks - self.seen
        if t is not None and self._span.seconds:
            room = np.minimum(room, np.searchsorted(t, times) + 1)
        return int(min(np.maximum(room, soonest - self.seen).min(), NEVER))

    def now_due(self, newest: float) -> IntArray:
        """The channels whose bins are to be looked at, now that the newest row has this time."""
        if not self._learns:
            return _NONE
        checks, times, soonest = self._dues
        found: IntArray = np.flatnonzero((self.seen >= soonest) & ((self.seen >= checks) | (newest >= times)))
        return found

    def set_back(self, back: float) -> None:
        """The clock of the rows was set back by so many seconds, below 0."""
        if back:
            for one in self._learners:
                if one is not None:
                    one.schedule.set_back(-back)
            self._dues[1] += back

    def codes(self, c: int, values: FloatArray) -> Codes:
        """The codes (n,) of a channel's values (n,), see core.kernels.state_layout."""
        axis, codes = self.now[c], np.full(values.size, state_layout.SKIP, dtype=np.uint16)
        there = np.isfinite(values)
        found = np.empty(int(there.sum()), dtype=np.uint16)
        axis.code(values[there].astype(object) if isinstance(axis, Categories) else values[there], found)
        if self._learners[c] is not None:
            found &= np.uint16(state_layout.SYMBOL)
        codes[there] = found
        return codes

    def check(self, c: int, held: FloatArray, t: FloatArray | None, f: IntArray, times: tuple[float, float]) -> bool:
        """See whether the bins of channel ``c`` still fit its values in the window, and learn them anew if not.

        ``held`` (n,) are the values of the window's rows, NaN where there is none, ``t`` (n,) their times, ``f`` a
        table of c log2 c up to n, ``times`` those of the very first and the newest row. Returns whether they changed.
        """
        one = self._learners[c]
        assert one is not None
        there, axes, schedule = np.isfinite(held), one.axes, one.schedule
        values = np.zeros((2, int(there.sum())))
        values[0] = held[there]
        n, seen, was = values.shape[1], self.seen.item(c), axes.now[0]
        one.state[state_layout.PAIRS] = seen
        first, newest = times
        if schedule.filled and not n:
            schedule.glance(n, LEARN_FROM)
        elif schedule.filled:
            self._review(one, values, None if t is None else t[there], f, newest)
        elif n:
            numbers = axes.wanted(n, 0.0)
            axes.learn(values, numbers)
            axes.epoch, axes.numbers = 1, numbers
            axes.remember(*_counted(axes, values), 0.0)
        if not schedule.filled:
            schedule.filled = n < seen or held.size == self._span.pairs
            if schedule.filled and n:
                found = axes.review_first(values, f)
                self._look_again(schedule, found, n, t, newest, learnt=True)
            elif self._span.seconds:
                schedule.after_filling(n, math.inf, first + self._span.seconds)
            else:
                schedule.after_filling(n, max((self._span.pairs or 0) - n, 1), math.inf)
        self._dues[:, c] = one.dues
        self._take(c, axes.now[0])
        return axes.now[0] != was

    def state(self) -> tuple[dict[str, Any], list[NDArray[Any]]]:
        """The state that ``restore`` needs: plain values, and the shares that bins were learnt with."""
        header = {
            "bins": [binning.to_plain(b) for b in self.bins],
            "axes": [None if one is None else one.axes.state() for one in self._learners],
            "schedules": [None if one is None else one.schedule.to_plain() for one in self._learners],
        }
        arrays = [array for one in self._learners if one is not None for array in (one.axes.marks[0], one.state)]
        return header, [self.seen, self.clipped, self.absent, *arrays]

    def restore(self, header: dict[str, Any], arrays: list[NDArray[Any]]) -> None:
        """Take up a saved state."""
        seen, clipped, absent, *marks = arrays
        self.seen, self.clipped, self.absent = seen.copy(), clipped.copy(), absent.copy()
        left = iter(marks)
        for c, one in enumerate(self._learners):
            if one is not None:
                one.axes.restore(header["axes"][c], next(left), one.axes.marks[1])
                one.state[:] = next(left)
                one.schedule.restore(header["schedules"][c])
                self._take(c, one.axes.now[0])
                self._dues[:, c] = one.dues

    def _review(self, one: _Learner, values: FloatArray, t: FloatArray | None, f: IntArray, newest: float) -> None:
        """Look at the bins of ``values`` (2, n), which have the times ``t``, and learn them anew where needed."""
        axes, schedule, n = one.axes, one.schedule, values.shape[1]
        counts, _, entries = _counted(axes, values)
        reason = 0
        if schedule.glances(newest):
            reason, soon = bin_fit.glance(values[0], entries, counts[0], axes.marks[0].ravel())
            if not reason:
                schedule.glance(n, LEARN_FROM, soon)
                return
        found = axes.review(values, counts, f, 0.0)
        learn = schedule.may_learn(found, n, newest)
        if learn:
            schedule.learnt()
            was = axes.now[0]
            axes.learn(values, axes.numbers)
            axes.epoch += axes.now[0] != was
        if learn or found.fits:
            axes.remember(*_counted(axes, values), 0.0, 0 if learn else max(reason, 1))
        wait = n // GLANCES
        self._look_again(schedule, found, n, t, newest, learnt=learn, wait=wait)

    def _look_again(
        self,
        schedule: Schedule,
        found: Finding,
        n: int,
        t: FloatArray | None,
        newest: float,
        *,
        learnt: bool,
        wait: int = 0,
    ) -> None:
        """Set when a channel's bins are looked at next, after what was ``found``."""
        before, narrower = (self._leaves(pairs, t, newest) for pairs in (found.before, found.narrower))
        schedule.after_review(found, n, before, newest, learnt=learnt, wait=wait)
        schedule.look_by(found, n, narrower)

    def _leaves(self, pairs: int, t: FloatArray | None, newest: float) -> float:
        """When, in s, the last of so many of the oldest values leaves a window of seconds; inf for none."""
        if not pairs or not self._span.seconds:
            return math.inf
        return (newest if t is None else t.item(pairs - 1)) + self._span.seconds

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


def _counted(axes: Axes, values: FloatArray) -> tuple[Any, FloatArray, NDArray[np.uint32]]:
    """Counts, values and entries of a channel's values (2, n), as core.bins.axes has them of it beside one bin."""
    entries = axes.entries(values)
    own = np.bincount(entries >> np.uint32(16), minlength=axes.now[0].count).astype(np.uint32)
    return (own, np.array([values.shape[1]], dtype=np.uint32), own), values, entries


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
