"""Contents: the pairs of a window in their bins, as they come and leave."""

import math
from functools import lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from streammi.config import MAX_WINDOW_PAIRS, EstimatorName, Span
from streammi.core.bins import binning
from streammi.core.bins.axes import EMPTY, Axes
from streammi.core.bins.binning import Bins, Categories, Codes, UniformBins
from streammi.core.bins.marks import blank
from streammi.core.information.extrapolation import Grain
from streammi.core.information.measures import Seen
from streammi.core.kernels import state_layout, window_update
from streammi.core.kernels.bin_fit import SEEN, UNSEEN
from streammi.core.kernels.state_layout import DUE, PAIRS
from streammi.core.window import grain as grains
from streammi.core.window.histogram import JointHistogram
from streammi.core.window.learning import Follower, Learning
from streammi.core.window.ring import PairRing
from streammi.records import FloatArray, codec

FIRST_CAPACITY: Final = 1024  # pairs that a time window has room for at first; doubled as needed
NOTHING_SEEN: Final = (float(UNSEEN),) * SEEN
NO_CODES: Final = np.empty(0, dtype=np.uint16)
LABELS_AT_ONCE: Final = 1024  # coded at a time: what a look at the bins makes stale is coded twice


class Contents:
    """The pairs of a window of ``span``: in a ``ring``, by the ``axes``, counted in a ``histogram``.

    All of them are finite, or labels. ``mi`` is what the estimator says of them, where that is known already.
    """

    def __init__(self, x_bins: Bins, y_bins: Bins, span: Span, estimator: EstimatorName) -> None:
        self.span = span
        capacity = span.pairs or FIRST_CAPACITY
        self.axes = Axes(x_bins, y_bins)
        self.state = np.zeros(state_layout.STATE_SIZE, dtype=np.int64)  # see core.kernels.state_layout
        self.ring = PairRing(capacity, self.state, timed=span.pairs is None)
        most = span.pairs or MAX_WINDOW_PAIRS
        grain = grains.unseen(self.axes.now)
        self.histogram = JointHistogram(estimator, capacity, most, self.axes.sizes, self.state, grain)
        self._learning = Learning(span, self.axes, self.ring, self.histogram, self.state)
        self._schedule = self._learning.schedule
        self._seen: tuple[tuple[int, ...], Seen] | None = None  # what the values say, and of which pairs
        self._look: grains.Look | None = None  # at them, as long as the bins stay the same
        self.mi: float | None = None
        self.changed()

    def changed(self) -> None:
        """Take note that there are other bins, or other arrays for the pairs in them."""
        self.mi, self._seen, self._look = None, None, None
        histogram, table = self.histogram, self.histogram.table
        self._places: tuple[Any, ...] = (  # as core.kernels.window_update has them
            self._axis(0), self._axis(1), self.ring.entries, self.ring.values, self.state, *histogram.kept, table.f,
            table.whole, table.unit_bits, histogram.floor,
        )  # fmt: skip
        self._labels = not self.axes.numeric
        alone = not self.span.seconds and not self._learning.followers and self.axes.known and not self._labels
        self.single = self._places if alone else None

    def find_mi(self) -> float | None:
        """MI in bits by the window's estimator; O(1). None while nothing is known."""
        if self.mi is None and self.ring.n and self.axes.known:
            self.mi = self.histogram.mi()
        return self.mi

    def values(self) -> Seen:
        """The facts by the window's values; O(n), once for the same pairs."""
        key = self.state.item(PAIRS), self.ring.n, self.axes.epoch
        if self._seen is None or self._seen[0] != key:
            if self._look is None:
                self._look = grains.Look(self.ring, self.histogram.x, self.histogram.y, self.axes.now)
            self._seen = key, self._look.seen(self.ring.head, self.ring.n)
        return self._seen[1]

    def admit(self, x: NDArray[Any], y: NDArray[Any], t: FloatArray | None, out: FloatArray) -> None:
        """Add the pairs that their times ``t`` (n,) let in; MI in bits after each goes to ``out``, (n,) or empty."""
        ring, start = self.ring, 0
        if t is None and ring.newest > -math.inf:
            t = np.full(x.size, ring.newest)  # a count window whose feed has lost its clock
        if t is None:
            self._add(x, y, None, out)
            return
        while start < x.size:  # once, but where the clock is set back
            set_back = ring.set_back
            kept, clock = ring.admit(t[start:], self.span)
            if ring.set_back != set_back:
                self._schedule.set_back(ring.set_back - set_back)
            part = slice(start, start + kept.size)
            some = part if clock.size == kept.size else start + np.flatnonzero(kept)
            self._add(x[some], y[some], clock, out[part])
            start += kept.size

    def learn_first_at(self, pairs: int) -> None:
        """Let bins be learnt for the first time when so many pairs have come; before one has."""
        self._schedule.first_at(pairs)

    def clip_nothing_of(self, learnt: tuple[bool, bool]) -> None:
        """Take the bins of x and y, where they are ``learnt``, for no range that somebody gave; before a pair comes."""
        self.axes.clips = [clips and not one for clips, one in zip(self.axes.clips, learnt, strict=True)]
        self.changed()

    def check(self) -> None:
        """See whether the bins still fit."""
        self._learning.check()
        self.changed()

    def look(self) -> None:
        """Glance at the bins, and see whether they still fit if a glance, or the schedule, says so."""
        window_update.take(EMPTY, EMPTY, NO_CODES, NO_CODES, EMPTY, *self._places)
        if self.state.item(DUE):
            self.check()

    def evict(self) -> None:
        """Take the oldest pair, of which there is one at least, out before its time; O(1)."""
        self.histogram.evict(self.ring)
        self.mi = None

    @property
    def followers(self) -> list[Follower]:
        """The followers of the pairs."""
        return self._learning.followers

    def follow(self, follower: Follower) -> None:
        """Pass every pair that is added from now on to ``follower`` as well."""
        if self.axes.known:
            follower.learn(*self.axes.now)
        self.followers.append(follower)
        self.single = None

    # Its state ------------------------------------------------------------------------------------------------------

    def saved(self) -> codec.State:
        """The whole state as plain values and arrays; equal ones have equal ones."""
        axes, ring = self.axes, self.ring
        at = ring.places()
        header = {
            "span": [self.span.pairs, self.span.seconds],
            "bins": [binning.to_plain(b) for b in axes.bins],
            "estimator": self.histogram.table.estimator.name,
            "state": self.state[PAIRS:].tolist(),
            "times": [ring.first, ring.newest, ring.set_back],
            "grain": self.histogram.grain.to_plain(),
            "schedule": self._schedule.to_plain(),
            **axes.state(),
        }
        arrays: list[NDArray[Any]] = [ring.entries[at], ring.values_in_order(), *axes.marks]
        if ring.times is not None:
            arrays.append(ring.times[at])
        return header, arrays

    def restore(self, header: dict[str, Any], arrays: list[NDArray[Any]]) -> None:
        """Take up a saved state, of the same bins, span and estimator, bit for bit."""
        entries, values, x_marks, y_marks, *times = arrays
        axes, ring = self.axes, self.ring
        axes.restore(header, x_marks, y_marks)
        self._schedule.restore(header["schedule"])
        self._make_room(entries.size)
        ring.refill(entries, values, times[0] if times else None)
        ring.first, ring.newest, ring.set_back = header["times"]
        self.state[PAIRS:] = header["state"]
        self.histogram.recount(ring, *axes.sizes, Grain.from_plain(header["grain"]))
        self.changed()

    # How it is done -------------------------------------------------------------------------------------------------

    def _add(self, x: NDArray[Any], y: NDArray[Any], t: FloatArray | None, out: FloatArray) -> None:
        """Add pairs that belong to the window, and look at the bins where it is time to."""
        schedule, ring, start, m = self._schedule, self.ring, 0, x.size
        while start < m:
            times = None if t is None else t[start:]
            stop = min(m, start + schedule.room(times))
            if self._labels:
                stop = min(stop, start + LABELS_AT_ONCE)
            if start or stop < m:
                part = slice(start, stop)
                start += self._take(x[part], y[part], None if t is None else t[part], out[part])
            else:
                start += self._take(x, y, t, out)
            if schedule.is_due(ring.newest):
                self.check()
                if out.size:
                    mi = self.find_mi()
                    out[start - 1] = math.nan if mi is None else mi

    def _take(self, x: NDArray[Any], y: NDArray[Any], t: FloatArray | None, out: FloatArray) -> int:
        """Add pairs that belong to the window, until a check is due or there is no room; returns how many."""
        axes, ring = self.axes, self.ring
        self.mi = None
        x_codes, y_codes = np.empty((2, x.size), dtype=np.uint16)
        x, y = self._kept(0, x, x_codes), self._kept(1, y, y_codes)
        head, m = ring.head, x.size
        if self.span.seconds:
            assert t is not None
            timed = self.span.seconds, MAX_WINDOW_PAIRS, ring.timestamps()
            taken = window_update.take_span(x, y, t, x_codes, y_codes, *timed, *self._places)
        else:
            if out.size and not axes.known:
                out[:], out = math.nan, EMPTY
            taken = window_update.take(x, y, x_codes, y_codes, out, *self._places)
        if t is not None:
            ring.stamp_all(head, t[:taken])
        for follower in self.followers:
            follower.extend(x[:taken], y[:taken], x_codes[:taken], y_codes[:taken], ring.n)
        if taken < m and not self.state.item(DUE):
            self._make_room(2 * ring.capacity)
            self.changed()
        return taken

    def _kept(self, side: int, values: NDArray[Any], codes: Codes) -> NDArray[Any]:
        """The values (m,) as the ring keeps them: themselves, or of labels a number, whose ``codes`` are written."""
        axis = self.axes.now[side]
        if not isinstance(axis, Categories):
            # Numbers that may not be written to are others to the compiler, which would begin anew with them.
            return values if values.flags.writeable else values.copy()
        codes[:] = self.axes.code(side, values)
        return self.axes.kept_values(side, values, codes).astype(np.float64)

    def _make_room(self, pairs: int) -> None:
        """Let the ring, with the newest pair last, have room for at least ``pairs``, and the sums reach as far."""
        self.ring.make_room(pairs)
        self.histogram.reach(self.ring.capacity)

    def _axis(self, side: int) -> FloatArray:
        """How x (0) or y (1) is divided, as core.kernels.window_update has it."""
        axis, bits = self.axes.now[side], self.axes.kept_bits(side)
        if isinstance(axis, Categories):
            return _described(0.0, 0.0, window_update.CODED, bits, EMPTY, self.axes.marks[side])
        if isinstance(axis, UniformBins) and not self.axes.learns:
            return _given(*axis.scalars[:3], bits).copy()
        return _described(*axis.scalars[:3], bits, axis.scalars[3], self.axes.marks[side])


def _described(low: float, high: float, uniform: int, bits: int, inner: FloatArray, marks: FloatArray) -> FloatArray:
    """An axis as core.kernels.window_update has it, of which nothing has been seen."""
    return np.concatenate(((low, high, uniform, bits, inner.size, *NOTHING_SEEN), inner, marks.ravel()))


@lru_cache(maxsize=64)
def _given(low: float, high: float, count: int, bits: int) -> FloatArray:
    """Such an axis of bins that are given, as each window that is made for some hundred pairs has them."""
    return _described(low, high, count, bits, EMPTY, blank(count))
