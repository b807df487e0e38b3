"""TransferWindow: transfer entropy at each delay, both ways: which of two signals drives the other, and how late."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any, ClassVar, Final, Literal, TypeAlias

import msgspec
import numpy as np
from numpy.typing import ArrayLike, NDArray

from streammi.config import DEFAULT_PARTNERS, MAX_HISTORY, MAX_WINDOW_PAIRS, Span, Unit, span
from streammi.core import finite_values
from streammi.core.bins.binning import Axis, QuantileBins
from streammi.core.channels.channel_window import ChannelWindow
from streammi.core.conditional.division import OF_CELLS, TYPICAL, bins_of_triples
from streammi.core.conditional.past import HISTORY
from streammi.core.conditional.transfer_way import TransferWay
from streammi.core.information import estimators
from streammi.core.information.measures import check_unit
from streammi.errors import ConfigError
from streammi.records import UNIT_PER_BIT, FloatArray, IntArray, codec
from streammi.records.picklable import Picklable

MOST_DELAYS: Final = 1000
SHARED: Final = 3  # times B: what can be put together to B bins of a signal and to 1.5 B of its own past
SURE: Final = 0.025  # of two tests, so that a direction is named in 5 % where there is none
LEAST: Final = 39  # partners: the fewest that can be so sure
# A driver's own past is known in bins only, and what is left of it is found in the signal it drives: coupled maps that
# drive one way showed up to a tenth of it the other way, in any number of windows.
BOTH: Final = 0.25

Direction: TypeAlias = Literal["x drives y", "y drives x", "both", "neither", "cannot say"]


class TransferReading(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of a TransferWindow; information in ``unit``, of the delay at which it is largest."""

    n: int  # samples in the window
    unit: Unit
    te_xy: float | None  # what x, ``lag_xy`` samples ago, says of y beyond y's own past; None: too few samples
    te_yx: float | None
    lag_xy: int | None  # samples
    lag_yx: int | None
    te_xy_p: float | None  # of the largest over all delays; None until there is past enough
    te_yx_p: float | None
    direction: Direction
    epoch: int


class TransferWindow(Picklable):
    """Transfer entropy x -> y and y -> x in the last ``size`` samples, at each of ``delays``; O(1) a sample and delay.

    T(x -> y; L) = I(y_t; x_{t-L} | y_{t-1}, ..., y_{t-K}): what x tells of y, L samples later, beyond y's own last
    ``history`` samples (Schreiber 2000, Phys. Rev. Lett. 85, 461; with a delay: Wibral et al. 2013, PLoS ONE
    8(2)). Counted are the triples that lie in the window as a whole, exactly. ``partners`` long delays of the driver
    are what chance gives. Raises ConfigError for what cannot work.

    A cause that nobody measures can drive both, one of them later: then it is named as if the first drove the second.

    >>> window = TransferWindow(1000, delays=[1, 2, 3])
    >>> x = np.random.default_rng(0).standard_normal(8000)
    >>> window.extend(x, np.roll(x, 2) + np.random.default_rng(1).standard_normal(8000))
    >>> said = window.reading()
    >>> said.direction, said.lag_xy
    ('x drives y', 2)
    """

    FORMAT: ClassVar = "transfer 1"

    def __init__(
        self,
        size: int | str | timedelta | Span,
        *,
        delays: Iterable[int] = (1,),
        history: int = 1,
        partners: int = DEFAULT_PARTNERS,
        bins: int | None = None,
    ) -> None:
        self._span = span(size, "window", least_pairs=2)
        self.delays = _check_delays(delays)
        if isinstance(history, bool) or history not in range(1, MAX_HISTORY + 1):
            raise ConfigError("history", f"1 to {MAX_HISTORY} samples", history)
        if partners < LEAST:
            raise ConfigError("null", f">= {LEAST} delayed partners", partners)
        self.history, self._partners, self._bins = history, partners, bins
        self._count = bins or bins_of_triples(self._span.pairs or TYPICAL)[0]
        axis = QuantileBins(SHARED * self._count)
        self._rows = ChannelWindow([axis, axis], self._span, ["x", "y"])
        self._ways = tuple(TransferWay(source, self.delays, history, partners) for source in (0, 1))
        self._axes: list[Axis] = []
        self._first = self._last = 0  # the rows that are counted
        self._digits = estimators.scale_bits(self._span.pairs or MAX_WINDOW_PAIRS)

    def __len__(self) -> int:
        return self.n

    def __repr__(self) -> str:
        return f"<TransferWindow of {self._span}, {self.n} in it, {self.delays.size} delays>"

    @property
    def n(self) -> int:
        """Samples in the window now."""
        return self._rows.n

    @property
    def size(self) -> Span:
        """The window's length: samples (its ``pairs``) or seconds."""
        return self._span

    def update(self, x: float, y: float, t: float | None = None) -> None:
        """Take in one sample of each, whose time in seconds is ``t``."""
        self.extend([x], [y], None if t is None else [t])

    def extend(self, xs: ArrayLike, ys: ArrayLike, ts: ArrayLike | None = None) -> None:
        """Take in samples, arrays of shape (n,), in order; ``ts`` are their times in seconds.

        A sample that is not finite is missing: whatever needs it is not counted, and the others keep their places.
        """
        x, y = finite_values.numbers(xs, "xs"), finite_values.numbers(ys, "ys")
        finite_values.check_lengths("xs and ys", x, y)
        before = self._rows.rows
        self._rows.extend(np.stack([x, y], axis=1), ts)
        came = self._rows.rows - before
        ring = self._rows.ring
        capacity = ring.values.shape[1]
        for way in self._ways if came else ():
            # More than there is room for: what has left it already is past all the same.
            values = (x, y)[way.source][-came:]
            if came <= capacity:
                values = ring.values[way.source, ring.numbers(ring.head - came, ring.head, capacity)]
            way.past.extend(values, int((HISTORY + 1) * self.n) + way.reach)

    def profile(self, unit: Unit = "bit") -> tuple[FloatArray, FloatArray]:
        """Transfer entropy x -> y and y -> x in ``unit`` at each delay, (D,) each; NaN where nothing is counted."""
        per_bit = UNIT_PER_BIT[check_unit(unit)]
        if not self._settled():
            nothing = np.full(self.delays.size, np.nan)
            return nothing, nothing.copy()
        x_way, y_way = (way.bits(self._table) * per_bit for way in self._ways)
        return x_way, y_way

    def p_values(self, *, renew: bool = True, around: bool = False) -> tuple[float | None, float | None]:
        """p of the largest transfer entropy over all delays, x -> y and y -> x; None until there is past enough.

        A part of what chance gives is made anew each time, as many triples as take about 5 ms; not with ``renew``
        False, for somebody who only looks, and must not change what is said next. ``around``: the window holds a whole
        record, and chance is that of the driver shifted around in a circle.
        """
        if not self._settled():
            return None, None
        n = self._rows.n
        x_way, y_way = (way.p(n, self._digits, self._partners, renew=renew, around=around) for way in self._ways)
        return x_way, y_way

    def reading(self, unit: Unit = "bit", p: tuple[float | None, float | None] | None = None) -> TransferReading | None:
        """Everything the window says, in ``unit``; None while it is empty or bins are not learnt.

        ``p`` are those of a moment ago, where new ones would cost too much.
        """
        profiles = self.profile(unit)
        if not self._axes:
            return None
        best = [_largest(profile) for profile in profiles]
        found = [None if k is None else profile.item(k) for profile, k in zip(profiles, best, strict=True)]
        lags = [None if k is None else self.delays.item(k) for k in best]
        p = self.p_values() if p is None else p
        return TransferReading(
            n=self.n,
            unit=unit,
            te_xy=found[0],
            te_yx=found[1],
            lag_xy=lags[0],
            lag_yx=lags[1],
            te_xy_p=p[0],
            te_yx_p=p[1],
            direction=direction(found[0], found[1], p[0], p[1]),
            epoch=int(self._rows.epochs.sum()),
        )

    # Its state ------------------------------------------------------------------------------------------------------

    def state(self) -> codec.State:
        """The whole state as plain values and arrays; equal windows have equal ones."""
        rows, arrays = self._rows.state()
        settings = {"delays": self.delays.tolist(), "history": self.history, "partners": self._partners}
        ways = [way.state() for way in self._ways]
        header = {"settings": settings | {"bins": self._bins}, "rows": rows, "ways": [plain for plain, _ in ways]}
        return header, [*(array for _, pair in ways for array in pair), *arrays]

    @classmethod
    def from_state(cls, header: dict[str, Any], arrays: list[NDArray[Any]]) -> "TransferWindow":
        """The window whose ``state`` this is, bit for bit."""
        x_past, x_maxima, y_past, y_maxima, *rest = arrays
        rows = ChannelWindow.from_state(header["rows"], rest)
        window = cls(rows.size, **header["settings"])
        window._rows = rows
        for way, plain, past, maxima in zip(
            window._ways, header["ways"], (x_past, y_past), (x_maxima, y_maxima), strict=True
        ):
            way.restore(plain, past, maxima)
        return window

    # How it is done -------------------------------------------------------------------------------------------------

    @property
    def _table(self) -> estimators.Table:
        return estimators.table(OF_CELLS, self._rows.ring.values.shape[1], self._digits)

    def _settled(self) -> bool:
        """True if anything is counted, now that all that came is."""
        axes = [axis for axis in self._rows.axes if axis is not None]
        if len(axes) < 2 or not self._rows.n:
            return False
        ring = self._rows.ring
        anew = not self._axes or any(a is not b for a, b in zip(axes, self._axes, strict=True))
        if anew or ring.head - self._first > ring.symbols.shape[1] or 2 * (ring.head - self._last) > ring.n:
            self._axes, self._first, self._last = axes, ring.tail, ring.tail
            for way in self._ways:
                way.clear([axis.count for axis in axes], self._count, ring.missing)
        if ring.head > self._last or ring.tail > self._first:
            symbols = ring.symbols_between(self._first, ring.head)
            at = ring.tail - self._first, self._last - self._first, ring.head - self._first
            for way in self._ways:
                way.slide(symbols, *at)
            self._first, self._last = ring.tail, ring.head
        return True


def direction(te_xy: float | None, te_yx: float | None, p_xy: float | None, p_yx: float | None) -> Direction:
    """The direction, which signal drives which, in words, by both transfer entropies and their p.

    >>> direction(0.5, 0.01, 0.01, 0.01), direction(0.5, 0.2, 0.01, 0.01), direction(0.1, 0.2, 0.5, 0.01)
    ('x drives y', 'both', 'y drives x')
    """
    if te_xy is None or te_yx is None or p_xy is None or p_yx is None:
        return "cannot say"
    if p_xy > SURE and p_yx > SURE:
        return "neither"
    if p_xy <= SURE and p_yx <= SURE and min(te_xy, te_yx) >= BOTH * max(te_xy, te_yx):
        return "both"
    if p_xy <= SURE and p_yx <= SURE:
        return "x drives y" if te_xy > te_yx else "y drives x"
    return "x drives y" if p_xy <= SURE else "y drives x"


def _check_delays(delays: Iterable[int]) -> IntArray:
    array = np.array(list(delays))
    if not 1 <= array.size <= MOST_DELAYS or array.ndim != 1:
        raise ConfigError("delays", f"between 1 and {MOST_DELAYS} of them", array.size)
    if array.dtype.kind not in "iu" or array.min() < 1 or array.max() > MAX_WINDOW_PAIRS:
        raise ConfigError("delays", "whole numbers of samples, from 1 on", array.tolist())
    return array.astype(np.int64)


def _largest(profile: FloatArray) -> int | None:
    return int(np.nanargmax(profile)) if np.isfinite(profile).any() else None
