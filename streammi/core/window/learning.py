"""Learning: the bins of a window's pairs, learnt from their values, and learnt anew where they no longer fit."""

import math
from typing import Any, Final, Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

from streammi.config import Span
from streammi.core.bins.axes import UNORDERED, Axes
from streammi.core.bins.binning import Axis, Codes
from streammi.core.bins.number import first_bits
from streammi.core.bins.refit import SETTLED, Ordered
from streammi.core.bins.schedule import LEARN_FROM, Schedule
from streammi.core.information.lags import mi_of
from streammi.core.kernels import sliding
from streammi.core.kernels.bin_fit import CHANCE, OF_Y
from streammi.core.kernels.state_layout import PAIRS
from streammi.core.window import grain as grains
from streammi.core.window.histogram import JointHistogram
from streammi.core.window.ring import PairRing
from streammi.records import FloatArray, IntArray

TRIALS: Final = 3  # of a number of bins
LONG: Final = 1 << 15  # pairs: what a look at coarse bins costs, 30 us, a short window with given bins cannot spare


class Follower(Protocol):
    """Something that counts the window's pairs in its own way, such as a bank of delays."""

    def learn(self, x_axis: Axis, y_axis: Axis) -> None:
        """Take up new bins, also for the pairs seen before."""

    def renumber(self, side: int, numbers: IntArray) -> None:
        """Of x (0) or y (1), whose values are numbers of labels: each becomes what ``numbers`` has in its place."""

    def extend(self, x: NDArray[Any], y: NDArray[Any], x_codes: Codes, y_codes: Codes, n: int) -> None:
        """Take in the pairs (values and codes, each of shape (m,)) that the window has just added; it now holds n."""


class Learning:
    """Sees to it that the ``axes`` fit the pairs in the ring, and that these are counted by them.

    ``state`` is the window's own, see core.kernels.state_layout. Where the estimator extrapolates, the coarse bins are
    looked at as well, also where the fine ones are given.
    """

    def __init__(self, span: Span, axes: Axes, ring: PairRing, histogram: JointHistogram, state: IntArray) -> None:
        self._span, self._axes, self._ring, self._histogram, self._state = span, axes, ring, histogram, state
        self.schedule = Schedule(state, min(LEARN_FROM, ring.capacity), span.seconds or 0.0)
        self.followers: list[Follower] = []
        self._ordered: Ordered = UNORDERED  # the first window's values, as far as it has filled
        if not axes.learns and histogram.nest is None:
            self.schedule.never()

    def check(self) -> None:
        """See whether the bins still fit, and learn them anew if not; set what is next."""
        axes, schedule, ring = self._axes, self.schedule, self._ring
        reason = schedule.reason()
        if not schedule.filled:
            self._fill()
        elif axes.learns and (reason > 1 or schedule.reviews):
            self._review(reason)
        if self._histogram.nest is not None:
            histogram = self._histogram
            histogram.coarsen(ring, grains.seen(ring, histogram.x, histogram.y, axes.now).grain)
            schedule.check_within(max(ring.n, schedule.least if axes.learns else LONG))

    def _fill(self) -> None:
        """Learn as the first window fills, and see whether there is a jump in it once it is full."""
        axes, schedule, ring, n = self._axes, self.schedule, self._ring, self._ring.n
        values, whole = ring.values_in_order(), n == self._state.item(PAIRS)
        schedule.filled = not whole or n == self._span.pairs
        if axes.learns:
            ordered = axes.in_order(values, self._ordered if whole else UNORDERED)
            self._learn(values, axes.wanted(n, first_bits(n)), ordered, first=True, marks=schedule.filled)
            self._ordered = UNORDERED if schedule.filled else ordered
            axes.epoch = 1
        if not schedule.filled:
            left = math.inf if self._span.seconds else ring.capacity - n
            schedule.after_filling(n, left, ring.first + self._span.seconds if self._span.seconds else math.inf)
        elif axes.learns:
            found = axes.review_first(values, self._histogram.table_of("plugin").f)
            schedule.after_review(found, n, self._leaves(found.before), ring.newest, learnt=True)
            schedule.look_by(found, n, self._leaves(found.narrower))
        else:
            schedule.never()

    def _review(self, reason: int) -> None:
        """Look at the bins, because of a glance's ``reason`` or as had been set, and learn them anew where needed."""
        axes, schedule, ring, histogram = self._axes, self.schedule, self._ring, self._histogram
        n, values = ring.n, ring.values_in_order()
        bits = self._mi(histogram.joint) if axes.adapts else 0.0
        ordered = axes.in_order(values)
        found = axes.review(values, histogram.counts, histogram.table_of("plugin").f, bits, ordered)
        learn = schedule.may_learn(found, n, ring.newest)
        if learn:
            # What has jumped is another signal, whose bins are as many as those of one that is new.
            anew = schedule.awaited or found.far_off
            numbers = axes.wanted(n, first_bits(n)) if anew else axes.kept_numbers(axes.numbers, histogram.joint, bits)
            since = found.before if found.before <= SETTLED * n else 0
            ordered = axes.in_order(values[:, since:]) if since else ordered
            if self._learn(values, numbers, ordered, first=anew, since=since):
                axes.epoch += 1
                schedule.learnt()
        elif found.fits:
            entries = ring.entries[ring.places()]
            axes.remember(histogram.counts, values, entries, histogram.mi_in_bins(), max(reason, 1))
        # Labels that have no symbol still have none, until others leave.
        wait = 0 if found.needed or reason % OF_Y != CHANCE else n // 2
        schedule.after_review(found, n, self._leaves(found.before), ring.newest, learnt=learn, wait=wait)
        schedule.look_by(found, n, self._leaves(found.narrower))

    def _leaves(self, pairs: int) -> float:
        """When, in s, the last of so many of its oldest pairs leaves a window of seconds; inf for none."""
        if not pairs or not self._span.seconds:
            return math.inf
        last = self._ring.time_at(self._ring.n - pairs + 1)
        return (self._ring.newest if last is None else last) + self._span.seconds

    def _learn(
        self,
        values: FloatArray,
        numbers: list[int],
        ordered: Ordered,
        *,
        first: bool = False,
        since: int = 0,
        marks: bool = True,
    ) -> bool:
        """Learn about so many bins from the ``values`` (2, n) ``since`` a place, and count by them; True if changed.

        These values are ``ordered`` as well. It takes bins to know how many their MI allows: where it allows others,
        these are tried. Without ``marks`` nothing is remembered of them, for no glance will compare with it.
        """
        axes, ring, histogram, before = self._axes, self._ring, self._histogram, list(self._axes.now)
        places = ring.places()
        for trial in range(TRIALS):
            for side, number_of in enumerate(axes.learn(values, numbers, since, ordered)):
                if number_of is not None:
                    values[side] = ring.values[side, places] = number_of[values[side].astype(np.int64)]
                    for follower in self.followers:
                        follower.renumber(side, number_of)
            ring.entries[places] = entries = axes.entries(values)
            if not axes.adapts or trial == TRIALS - 1:
                break
            joint = self._counted()
            bits = self._mi(joint)
            others = axes.wanted(ring.n, bits) if first else axes.kept_numbers(numbers, joint, bits)
            if others == numbers:
                break
            numbers = others
        changed = axes.now != before
        if changed:
            histogram.recount(ring, *axes.sizes, grains.unseen(axes.now))
            for follower in self.followers:
                follower.learn(*axes.now)
        axes.numbers = numbers
        if marks:
            axes.remember(histogram.counts, values, entries, histogram.mi_in_bins())
        else:
            axes.forget()
        return changed

    def _counted(self) -> NDArray[np.uint32]:
        """The joint counts (Bx * By,) of the window's pairs by the bins as they are now."""
        x_size, y_size = self._axes.sizes
        x, y, joint = (np.zeros(size, dtype=np.uint32) for size in (x_size, y_size, x_size * y_size))
        f = self._histogram.table.f
        sliding.recount(self._ring.entries, self._state.copy(), x, y, joint, None, f)
        return joint

    def _mi(self, joint: NDArray[Any]) -> float:
        """MI in bits of joint counts (Bx * By,) of the window's pairs, extrapolated."""
        cells = joint.reshape(self._axes.sizes)
        x_counts, y_counts = (cells.sum(axis=side, dtype=np.uint32) for side in (1, 0))
        grain = grains.seen(self._ring, x_counts, y_counts, self._axes.now).grain
        table = msgspec.structs.replace(self._histogram.table_of("extrapolated"), grain=grain)
        return mi_of(cells[None], table)[0].item(0)
