"""The past, as columns of a chart: levels of different resolution joined, cut to a span and resampled.

A chart's columns are buckets of fixed time, so a column keeps its height while the picture moves on.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from streammi.records import FloatArray, HistoryLevel

SPANS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21600, 43200, 86400, 172800, 604800, 2592000)
DEFAULT_READINGS = 600  # a minute, at ten a second
GAP = 2.5  # times the usual distance: readings further apart than that are not joined by a line


@dataclass(frozen=True, slots=True)
class Past:
    """All readings of a history in order of time."""

    t: FloatArray  # (k,), s
    values: FloatArray  # (4, k): mi, low, high, null_q95
    reach: FloatArray  # (k,): how far back a point may be joined to the one before it, s
    warming: NDArray[np.bool_]  # (k,): the window was not full yet

    @property
    def mi(self) -> FloatArray:
        """Corrected MI, shape (k,)."""
        mi: FloatArray = self.values[0]
        return mi

    @property
    def apart(self) -> NDArray[np.bool_]:
        """True for the points before which something is missing, (k,); the first one of a finer level is near enough
        to the coarser one before it where that is as far as usual for coarse ones.
        """
        reach = np.maximum(self.reach, np.append(self.reach[:1], self.reach[:-1]))
        return np.asarray(np.diff(self.t, prepend=self.t[:1]) > reach)


@dataclass(frozen=True, slots=True)
class Columns:
    """One value a column, shape (n,); NaN where nothing is known. ``start`` and ``stop`` are in seconds.

    ``warming`` says of each whether the window was not full yet.
    """

    start: float
    stop: float
    mi: FloatArray
    low: FloatArray
    high: FloatArray
    null: FloatArray
    warming: NDArray[np.bool_]


def join(levels: tuple[HistoryLevel, ...], *, at_peak: bool = False) -> Past:
    """The levels as one: each coarser one only where the finer ones do not reach back to.

    ``at_peak``: MI is that at the best delay of each time, as far as it was known, and neither a range nor what chance
    reaches is kept of that.
    """
    parts: list[tuple[FloatArray, FloatArray, FloatArray, NDArray[np.bool_]]] = []
    start = np.inf
    for level in levels:
        if level.t.size and level.t.item(0) >= start:  # all of it is known more finely
            continue
        t, values = level.t, _values(level, at_peak)
        warming = np.zeros(len(t), bool) if level.fill is None else level.fill < 1
        if not np.isfinite(t.sum() + values[0].sum()):
            known = np.isfinite(t) & np.isfinite(values[0])
            t, values, warming = t[known], values[:, known], warming[known]
        t = np.maximum.accumulate(t)  # a clock that steps back does not fold the chart
        # The median distance; np.median takes six times as long.
        usual = float(np.sort(t[1:] - t[:-1])[(len(t) - 1) // 2]) if len(t) > 1 else 0.0
        older = int(t.searchsorted(start))
        t, values, warming = t[:older], values[:, :older], warming[:older]
        if not len(t):
            continue
        parts.append((t, values, np.full(len(t), GAP * usual), warming))
        start = float(t[0])
    if len(parts) == 1:
        return Past(*parts[0])
    if not parts:
        return Past(np.empty(0), np.empty((4, 0)), np.empty(0), np.empty(0, bool))
    return Past(*(np.concatenate(field, axis=-1) for field in zip(*parts[::-1], strict=True)))


def _values(level: HistoryLevel, at_peak: bool) -> FloatArray:
    if at_peak and level.peak is not None:
        return np.array((level.peak, level.peak, level.peak, np.full(len(level.t), np.nan)))
    return np.array((level.mi, level.low, level.high, level.null_q95))


def usual_span(past: Past) -> int:
    """The index in SPANS that shows what there is, up to the last ``DEFAULT_READINGS`` readings."""
    if len(past.t) < 2:
        return 0
    readings = DEFAULT_READINGS * float(past.reach[-1]) / GAP
    return int(np.searchsorted(SPANS[:-1], min(float(past.t[-1] - past.t[0]), readings) * 0.999))


def shown_span(past: Past, chosen: int | None) -> int:
    """The index in SPANS of what is shown: the chosen one, or the usual one."""
    return usual_span(past) if chosen is None else chosen


def columns(past: Past, n: int, span: float, back: float = 0.0) -> Columns:
    """The ``span`` seconds that end ``back`` seconds before the newest reading, in ``n`` columns."""
    width = span / n
    newest = float(past.t[-1]) if len(past.t) else 0.0
    stop = (math.floor((newest - back) / width) + 1) * width
    start = stop - span
    nothing = np.full(n, np.nan)
    first, last = past.t.searchsorted((start - span, stop))  # one span more, to join the line at the left edge
    if last <= first:
        return Columns(start, stop, nothing, nothing, nothing, nothing, np.zeros(n, bool))
    t, edges = past.t[first:last], start + width * np.arange(n + 1.0)
    at = t.searchsorted(edges)
    number = at[1:] - at[:-1]
    some = number > 0
    # One more at the end: reduceat wants the end of the last bucket to be inside.
    values = np.concatenate((past.values[:, first:last], past.values[:, last - 1 : last]), axis=1)

    def reduced(ufunc: np.ufunc, row: FloatArray) -> FloatArray:
        return np.where(some, ufunc.reduceat(row, at)[:-1], np.nan)

    def joined(row: FloatArray, mean: FloatArray) -> FloatArray:
        return _join_short_gaps(mean, t, row[:-1], past.reach[first:last], edges, some)

    mi, low, high, null = values
    known = np.isfinite(null)
    null_mean = nothing
    if known.any():
        finite = reduced(np.add, known.astype(float))
        with np.errstate(invalid="ignore", divide="ignore"):
            null_mean = joined(null, reduced(np.add, np.where(known, null, 0.0)) / finite)
    return Columns(
        start,
        stop,
        joined(mi, reduced(np.add, mi) / np.maximum(number, 1)),
        reduced(np.fmin, low),
        reduced(np.fmax, high),
        null_mean,
        _any_warming(past.warming[first:last], at),
    )


def _any_warming(warming: NDArray[np.bool_], at: NDArray[np.intp]) -> NDArray[np.bool_]:
    """For each column, true where a reading of it, or the next one, was of a window that was not full."""
    if not warming.any():
        return np.zeros(len(at) - 1, bool)
    # Of an empty stretch reduceat gives the element where it begins: the next one.
    return np.logical_or.reduceat(np.append(warming, False), at)[:-1]


def _join_short_gaps(
    values: FloatArray, t: FloatArray, mi: FloatArray, reach: FloatArray, edges: FloatArray, some: np.ndarray
) -> FloatArray:
    empty = (~some).nonzero()[0]
    if len(empty) == 0:
        return values
    centre = (edges[empty] + edges[empty + 1]) / 2
    after = t.searchsorted(centre)
    inside = (after > 0) & (after < len(t))
    empty, centre, after = empty[inside], centre[inside], after[inside]
    near = t[after] - t[after - 1] <= reach[after]
    values[empty[near]] = np.interp(centre[near], t, mi)
    return values


def at_time(past: Past, moment: float) -> float | None:
    """MI at ``moment``: of the last reading that is not after it, unless that is too long before.

    None too where the window was not full then.
    """
    index = int(np.searchsorted(past.t, moment, side="right")) - 1
    if index < 0 or moment - past.t[index] > past.reach[index] or past.warming[index]:
        return None
    return float(past.mi[index])
