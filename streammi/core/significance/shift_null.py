"""Is the MI more than chance? The shift null, for signals with a memory; gtest is for those without."""

import math
from collections.abc import Iterable
from typing import Any, Final, Literal, TypeAlias

import msgspec
import numpy as np
from numpy.typing import NDArray

from streammi.core.bins.binning import Axis, Codes
from streammi.core.information.estimators import Table
from streammi.core.information.lags import LagBank, check_delays, mi_of
from streammi.core.kernels import lagged
from streammi.errors import ConfigError
from streammi.records import UNIT_PER_BIT, FloatArray, IntArray, Reading
from streammi.records.codec import State

LEAST_PARTNERS: Final = 19  # (0 + 1)/(19 + 1): the fewest that can say p = 0.05
NEAREST: Final = 0.25  # windows: no partner is nearer, whatever the correlation time
SPREAD: Final = 4.0  # windows over which the partners are spread
FARTHEST_START: Final = 4.0  # windows: a memory of more than half of it is reported, not waited for
PEAKS_A_WINDOW: Final = 4  # partners whose maximum over the bank's delays is renewed a window: half the bank's own cost
GOLDEN: Final = 0.6180339887498949

Renewal: TypeAlias = Literal["none", "due", "all"]  # of the partners' maxima


class ShiftNull:
    """Compares the window's MI with that of ``partners`` pairs that cannot depend: one signal against the other's past.

    Follow a JointWindow with it (``window.follow(null)``) and ``complete`` its readings. The newest x meets what y was,
    and the newest y what x was, in turn, by long delays. Each partner has the signals' own memory, so that
    p = (b + 1)/(S + 1), b the partners that do at least as well as the window, holds for autocorrelated signals. The
    delays begin at twice the correlation time, at a quarter of a window at least, and are spread over four windows; p
    is None until there is that much history. They move away when the correlation time turns out longer, which means
    another warm-up.

    What is compared is MI / ((2**H(x) - 1) (2**H(y) - 1)): of independent signals MI is proportional to the effective
    number of bins less one of each, and a slow signal fills fewer of the window's bins a while ago than now. Both
    signals are delayed because either may be unusual just now, as a river in flood, and unlike all of its own past.
    False alarms at a nominal 5 %, 30 unrelated pairs of real sensors, windows of 256 to 1,000 pairs: 6 to 11 % by MI
    itself, 8 to 12 % with y alone delayed, 1 to 2 % this way.

    With ``bank``, a LagBank that follows the same window, ``peak_p`` is the p of its maximum over all delays.
    ``delays`` fixes the partners' delays. Raises ConfigError for fewer than 19 partners.
    """

    def __init__(self, partners: int = 99, bank: LagBank | None = None, delays: Iterable[int] | None = None) -> None:
        fixed = np.empty(0, dtype=np.int64) if delays is None else np.sort(check_delays(delays))
        self._fixed = delays is not None
        self._partners = fixed.size if self._fixed else partners
        if self._partners < LEAST_PARTNERS:
            raise ConfigError("null", f">= {LEAST_PARTNERS} delayed partners", self._partners)
        self._peaks_of = bank
        self._bank = LagBank([0])
        self._planned = 0  # pairs in the window for which the delays were chosen; 0: not yet
        self._next_plan = 0
        self.correlation_time: int | None = None  # samples after which the faster signal has forgotten itself
        self._take(fixed)

    @property
    def delays(self) -> IntArray:
        """By how many samples y, or for every other one x, is delayed, (S,), ascending; (0,) until they are chosen."""
        delays: IntArray = np.abs(self._bank.delays[1:])
        return delays

    def learn(self, x_axis: Axis, y_axis: Axis) -> None:
        """Take up new bins, also for the pairs seen before."""
        self._bank.learn(x_axis, y_axis)

    def renumber(self, side: int, numbers: IntArray) -> None:
        """Of x (0) or y (1), whose values are numbers of labels: each becomes what ``numbers`` has in its place."""
        self._bank.renumber(side, numbers)

    def extend(self, x: NDArray[Any], y: NDArray[Any], x_codes: Codes, y_codes: Codes, n: int) -> None:
        """Take in the pairs, values and codes of shape (m,), that the window has just added; it now holds ``n``."""
        history, start = self._bank.history, 0
        while start < x.size:
            # Cut where it is time to plan, so that what is kept of the past does not depend on how the pairs are cut.
            room = max(self._next_plan, n + 1) - history.seen
            stop = start + room if 0 < room < x.size - start else x.size
            part = slice(start, stop)
            held = min(n, history.n + stop - start)
            self._bank.extend(x[part], y[part], x_codes[part], y_codes[part], held)
            # The window is full once a pair has left it; before that its length is not known.
            if history.seen > n and history.seen >= self._next_plan and n > 1:
                self._plan(n)
                self._next_plan = history.seen + min(history.seen, int(SPREAD * n))
            start = stop

    def complete(self, reading: Reading, table: Table, *, renew: Renewal = "due") -> Reading:
        """The reading of the window just now with p, z, the null's mean and 95 % level, and peak_p, where known.

        ``table`` is that of the reading's ``mi_corrected``; the levels are those of the partners by it, in the
        reading's unit. p is that of MI in the bins: extrapolating adds to its spread, and no evidence (Gaussian pairs
        with r 0.2, windows of 1,000: p <= 0.05 in 77 % by the bins, 55 % extrapolated). The partners' maxima over the
        bank's delays are renewed in turn, four a window, when they are due; or all at once; or none, for somebody who
        only looks and must not change what is said next.
        """
        known = msgspec.structs.replace(reading, test="shift", correlation_time=self.correlation_time)
        if not self._warm:
            return msgspec.structs.replace(known, p_due=self._due(reading))
        if reading.constant:
            return known
        counts = self._bank.counts
        scores, scales = _scores(counts, _of_cells(table))
        own, null = scores.item(0), scores[1:]
        spread = float(null.std())
        levels = null if table.grain is None else mi_of(counts[1:], table)[0] / np.maximum(scales[1:], 1e-9)
        # A past with less in it is brought to the scale of now; no signals share more than the smaller entropy.
        levels = np.minimum(levels * (scales.item(0) * UNIT_PER_BIT[reading.unit]), min(reading.h_x, reading.h_y))
        return msgspec.structs.replace(
            known,
            p=_p(own, null),
            z=(own - float(null.mean())) / spread if spread > 0 else None,
            null_mean=float(levels.mean()),
            null_q95=float(np.quantile(levels, 0.95)),
            peak_p=self._peak_p(table, renew),
        )

    def lags_moved(self) -> None:
        """Take up other delays of the bank that ``peak_p`` is of: what its maxima were is forgotten."""
        self._next_plan = 0
        self._take(self.delays)

    def state(self) -> State:
        """Plain values and arrays that ``restore`` takes."""
        header, arrays = self._bank.state()
        plan = {"planned": self._planned, "next_plan": self._next_plan, "correlation_time": self.correlation_time}
        return {"bank": header, **plan, "renewed": self._renewed, "turn": self._turn}, [*arrays, self._peaks.copy()]

    def restore(self, header: dict[str, Any], arrays: list[NDArray[Any]]) -> None:
        """Take up a saved state; whole again once it follows the restored window."""
        self._bank.restore(header["bank"], arrays[:-1])
        self._planned, self._next_plan = header["planned"], header["next_plan"]
        self.correlation_time = header["correlation_time"]
        self._peaks, self._renewed, self._turn = np.array(arrays[-1]), header["renewed"], header["turn"]

    @property
    def _warm(self) -> bool:
        bank = self._bank
        return self._planned > 0 and bank.axes is not None and bool((bank.pairs == bank.history.n).all())

    def _due(self, reading: Reading) -> int:
        """About how many pairs are still to come until p is known, one at least."""
        history, n = self._bank.history, math.ceil(reading.n / max(reading.fill, 1e-9))
        farthest = int(self.delays[-1]) if self._planned else math.ceil((NEAREST + SPREAD) * n)
        return max(n + farthest - history.kept, 1)

    def _plan(self, n: int) -> None:
        """Measure the correlation time, and choose the delays where those there are will not do."""
        # Of the symbols, which is what MI is made of: a spike of 1e9 would make any signal look as if it had no memory.
        x, y, _ = self._bank.history.codes
        kept = self._bank.history.kept
        self.correlation_time = min(correlation_time(codes[:kept]) for codes in (x, y))
        clear = min(max(NEAREST * n, 2.0 * self.correlation_time), FARTHEST_START * n)
        clear += 2 * self._peaks_reach  # the partners' delays must not meet the bank's, where the dependence may be
        grown = not self._planned / 2 <= n <= self._planned * 2
        if self._fixed:
            self._planned = n
        elif grown or clear > 1.5 * self.delays[0]:
            self._planned = n
            self._take(np.unique(np.rint(np.linspace(clear, clear + SPREAD * n, self._partners)).astype(np.int64)))

    def _take(self, delays: IntArray) -> None:
        signed = np.where(np.arange(delays.size) % 2, delays, -delays)  # positive: x is delayed
        self._bank.move([0, *signed], beyond=self._peaks_reach)
        self._forget_peaks()

    @property
    def _peaks_reach(self) -> int:
        """The bank's longest delay, 0 without one."""
        return 0 if self._peaks_of is None else int(np.abs(self._peaks_of.delays).max())

    def _peak_p(self, table: Table, renew: Renewal) -> float | None:
        """p of the bank's maximum over its delays, against the partners' maxima over the same delays."""
        bank, table = self._peaks_of, _of_cells(table)
        if bank is None or not (bank.pairs == bank.history.n).all():
            return None
        history = self._bank.history
        if history.tail - history.oldest < int(self.delays[-1]) + int(np.abs(bank.delays).max()):
            return None
        due = PEAKS_A_WINDOW * (history.seen - self._renewed) // max(history.n, 1)
        renewed = {"none": 0, "due": min(due, self._partners), "all": self._partners}[renew]
        self._renew_peaks(bank.delays, table, renewed)
        null = self._peaks[np.isfinite(self._peaks)]
        if null.size < LEAST_PARTNERS:
            return None
        return _p(float(_scores(bank.counts, table)[0].max()), null)

    def _renew_peaks(self, lags: IntArray, table: Table, due: int) -> None:
        """Renew the maxima of the ``due`` partners whose turn it is."""
        history = self._bank.history
        if due < 1:
            return
        x, y, oldest = history.codes
        reach = int(np.abs(lags).max())
        axes = self._bank.axes
        assert axes is not None
        order = np.argsort(np.arange(self.delays.size) * GOLDEN % 1.0)  # in turn, and early ones far from each other
        first = history.tail - oldest - reach
        for _ in range(due):
            which = order[self._turn % order.size]
            joint = np.zeros((lags.size, axes[0].count, axes[1].count), dtype=np.uint32)
            delay = self._bank.delays.item(1 + which)
            x_from, y_from = first - max(delay, 0), first - max(-delay, 0)
            lagged.count_delays(x[x_from:], y[y_from:], lags, np.abs(lags), reach, reach + history.n, 1, joint)
            self._peaks[which] = _scores(joint, table)[0].max()
            self._turn += 1
        self._renewed = history.seen

    def _forget_peaks(self) -> None:
        self._peaks = np.full(max(self._bank.delays.size - 1, 0), np.nan)
        self._renewed, self._turn = self._bank.history.seen, 0


def correlation_time(values: NDArray[Any]) -> int:
    """The first lag, in samples, at which the autocorrelation of values (n,) is below 1/e.

    n where there is none, 0 for a constant.

    >>> correlation_time(np.repeat([1.0, -1.0, 1.0, 1.0, -1.0, -1.0], 10))
    6
    """
    centred = values - values.mean()
    spectrum = np.fft.rfft(centred, 1 << (2 * values.size - 1).bit_length())
    products = np.fft.irfft(spectrum * spectrum.conj())[: values.size]
    if not products[0] > 0:
        return 0
    below = np.flatnonzero(products < products[0] / math.e)
    return int(below[0]) if below.size else values.size


def _scores(joint: NDArray[np.uint32], table: Table) -> tuple[FloatArray, FloatArray]:
    """MI in bits / ((2**H(x) - 1) (2**H(y) - 1)), and that divisor, of joint histograms (D, Bx, By); each (D,)."""
    mi, pairs = mi_of(joint, table)
    scale = _spare_bins(joint.sum(axis=2), pairs) * _spare_bins(joint.sum(axis=1), pairs)
    return mi / np.maximum(scale, 1e-9), scale


def _of_cells(table: Table) -> Table:
    return table if table.grain is None else msgspec.structs.replace(table, grain=None)


def _spare_bins(counts: NDArray[np.unsignedinteger[Any]], pairs: IntArray) -> FloatArray:
    """2**H - 1 of the counts (D, B) of a signal: its effective number of bins less one, (D,)."""
    share = counts / np.maximum(pairs, 1)[:, None]
    entropy = -(share * np.log2(np.where(share > 0, share, 1.0))).sum(axis=1)
    spare: FloatArray = np.exp2(entropy) - 1.0
    return spare


def _p(own: float, null: FloatArray) -> float:
    return (int((null >= own).sum()) + 1) / (null.size + 1)
