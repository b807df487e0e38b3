"""The two signals as they are in the window, in as many columns as a screen has."""

from typing import Final

import numpy as np

from streammi.core.bins.binning import Categories
from streammi.core.window.joint_window import JointWindow
from streammi.records import FloatArray, SignalTrace

COLUMNS: Final = 256  # dots across half of a wide screen
POINTS: Final = 512  # in a scatter: more hide each other
GAP: Final = 5.0  # times the usual distance of two pairs: what is longer is one
AT_ONCE: Final = 20_000  # pairs whose columns are made for each snapshot: 0.1 ms; of more, each 64th of the window


class SignalTraces:
    """Makes the traces of one window; of a long one they are as they were a 64th of the window ago at the most."""

    def __init__(self) -> None:
        self._made: tuple[int, SignalTrace | None] = (-1, None)  # pairs seen when it was made

    def of(self, window: JointWindow) -> SignalTrace | None:
        """The window's trace; None of labels, which have no height, and of an empty window."""
        pairs, made = self._made
        if made is None or window.pairs - pairs >= (1 if window.n <= AT_ONCE else window.n // 64):
            self._made = window.pairs, _trace(window)
        return self._made[1]


def _trace(window: JointWindow) -> SignalTrace | None:
    if not window.n or isinstance(window.x_axis, Categories):
        return None
    values, times = window.values, window.newest_times(window.n)
    timed = times.size == window.n and bool(np.isfinite(times).all()) and times.item(0) < times.item(-1)
    places = times if timed else np.arange(-float(window.n), 0.0)
    stop = places.item(-1) if timed else 0.0
    ends = np.linspace(places.item(0), stop, min(COLUMNS, window.n) + 1)
    x, y = (columns_of(signal, places, ends) for signal in values)
    return SignalTrace(
        start=ends.item(0), stop=stop, unit="s" if timed else "pairs",
        x_low=x[0], x_high=x[1], y_low=y[0], y_high=y[1],
        x_newest=values[0, -POINTS:].copy(), y_newest=values[1, -POINTS:].copy(),
    )  # fmt: skip


def columns_of(values: FloatArray, places: FloatArray, ends: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The least and the most of ``values`` (n,) in the columns (k,) between ``ends`` (k + 1,).

    ``places`` (n,) say where along them each value is, and never step back. A column without a value of its own has
    that of the line from the one before it to the one behind it, but where these are too far apart: NaN.

    >>> low, high = columns_of(np.array([1.0, 3.0, 2.0]), np.array([0.0, 0.5, 2.0]), np.array([0.0, 1.0, 2.0]))
    >>> low.tolist(), high.tolist()
    ([1.0, 2.0], [3.0, 2.0])
    """
    firsts = np.searchsorted(places, ends[:-1])
    filled = np.append(firsts[1:], values.size) > firsts
    low, high = np.full((2, firsts.size), np.nan)
    low[filled] = np.minimum.reduceat(values, firsts[filled])
    high[filled] = np.maximum.reduceat(values, firsts[filled])
    empty = np.flatnonzero(~filled)
    usual = (places.item(-1) - places.item(0)) / max(values.size - 1, 1)
    bridged = empty[places[firsts[empty]] - places[firsts[empty] - 1] <= GAP * usual]
    low[bridged] = high[bridged] = np.interp((ends[bridged] + ends[bridged + 1]) / 2, places, values)
    return low, high
