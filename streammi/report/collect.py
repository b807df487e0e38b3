"""Everything that a report needs of a replay, collected while it runs, in memory that does not grow with it."""

from collections.abc import Sequence
from typing import Any, Final, Literal, TypeAlias

import msgspec
import numpy as np
from numpy.typing import NDArray

from streammi.config import MonitorConfig, Span, Unit
from streammi.core import finite_values
from streammi.core.window.joint_window import JointWindow
from streammi.monitor import Monitor
from streammi.monitor.bins import axis_infos, bins_for, shown_counts
from streammi.records import (
    AxisInfo,
    Event,
    FloatArray,
    IntArray,
    LinkHealth,
    PairBatch,
    Reading,
    SignalTrace,
    Snapshot,
)
from streammi.records.verdict import SIGNIFICANT
from streammi.report.curves import Curve, Decimator

SAMPLE: Final = 100_000  # pairs that stand for a whole recording, drawn at random: MI to 0.01 bit
EVENTS_KEPT: Final = 500
BUFFERED: Final = 256  # readings that are added at once
LABELS_DRAWN: Final = 64  # each further one is drawn as the same
SINCE_EPOCH: Final = 1e8  # s: a later time is a date,
MOST_DATE: Final = 2e11  # unless it is far too late for one
Axis: TypeAlias = Literal["sample", "pairs", "s", "date"]  # pairs: before the newest one
SEED: Final = 1  # the same recording has the same report
# Of the readings, over time; `warming` is mi_corrected while the window is not full.
COLUMNS: Final = ("mi_corrected", "null_mean", "null_q95", "peak_mi", "cmi", "te_xy", "te_yx", "h_x", "h_y", "h_xy")
OF_READINGS: Final = (*COLUMNS, "baseline_low", "baseline_high", "warming")


class Portrait(msgspec.Struct, frozen=True, eq=False):
    """Pairs as points and as a joint histogram, and the numbers of that."""

    title: str
    x: AxisInfo
    y: AxisInfo
    counts: IntArray  # (Bx, By)
    reading: Reading
    points: FloatArray  # (2, k); labels are their symbols


class Extreme(msgspec.Struct, frozen=True):
    """A reading that none is beyond: its MI, and where."""

    mi: float
    t: float


class Summary(msgspec.Struct):
    """The readings of full windows: how many, how many have a p, and in how many of those it is a finding."""

    readings: int = 0
    full: int = 0
    tested: int = 0
    found: int = 0
    least: Extreme | None = None
    most: Extreme | None = None

    def add(self, reading: Reading, t: float) -> None:
        """Add a reading."""
        self.readings += 1
        if reading.fill < 1:
            return
        self.full += 1
        mi = reading.mi_corrected
        if self.least is None or mi < self.least.mi:
            self.least = Extreme(mi, t)
        if self.most is None or mi > self.most.mi:
            self.most = Extreme(mi, t)
        if reading.p is not None:
            self.tested += 1
            self.found += reading.p <= SIGNIFICANT


class Findings(msgspec.Struct, frozen=True, eq=False, kw_only=True):
    """Everything that a report shows of a recording, or of a running monitor."""

    snapshot: Snapshot  # at its end
    unit: Unit
    null: bool  # whether MI is tested against delayed partners,
    detecting: bool | None  # and whether changes are looked for; None: nobody says
    series: Curve  # of x and y
    labels: tuple[tuple[str, ...], tuple[str, ...]]  # of x and of y by their numbers in the series; empty for numbers
    readings: Curve  # OF_READINGS
    axis: Axis  # of the readings and events,
    series_axis: Axis  # and of the series
    pairs: int
    portraits: tuple[Portrait, ...]
    events: tuple[Event, ...]
    events_omitted: int
    summary: Summary
    live: bool = False  # of a running monitor

    @property
    def names(self) -> tuple[str, str]:
        """The names of x and y."""
        return self.snapshot.x.name, self.snapshot.y.name

    def reading_curve(self, name: str) -> Curve:
        """One column of the readings over time."""
        k, curve = OF_READINGS.index(name), self.readings
        return Curve(curve.step, curve.t, curve.low[k], curve.high[k], curve.mean[k])


class Collector:
    """Takes the pairs, readings and events of a replay; ``arrival``: the clock is that of arrival, not the samples'."""

    def __init__(self, *, arrival: bool) -> None:
        self._arrival = arrival
        self._series, self._readings = Decimator(2), Decimator(len(OF_READINGS))
        self._codes: tuple[dict[str, int], dict[str, int]] = {}, {}
        self._seen = self._taken = 0  # pairs, and those of them that are finite
        self.sample: NDArray[Any] | None = None  # (2, SAMPLE)
        self._random = np.random.default_rng(SEED)
        self._buffer: list[tuple[float, ...]] = []
        self._events: list[Event] = []
        self._omitted = 0
        self._timed = arrival
        self.newest = 0.0  # time of what was said last, s
        self.summary = Summary()

    def pairs(self, batch: PairBatch) -> None:
        """Take pairs, before they are counted."""
        n = batch.x.size
        if self._arrival:
            t = np.full(n, batch.received)
        elif batch.t is not None:
            t, self._timed = batch.t, True
        else:
            t = np.arange(self._seen + 1.0, self._seen + n + 1.0)
        self._seen += n
        self._series.add(t, np.stack([self._drawn(side, values) for side, values in enumerate((batch.x, batch.y))]))
        usable = finite_values.usable(batch.x, batch.y)
        self._draw(np.stack((batch.x, batch.y)) if usable.all() else np.stack((batch.x[usable], batch.y[usable])))

    def item(self, timestamp: float, item: Reading | Event) -> None:
        """Take a reading or an event."""
        self.newest = timestamp
        if isinstance(item, Event):
            if len(self._events) < EVENTS_KEPT:
                self._events.append(item)
            else:
                self._omitted += 1
            return
        self.summary.add(item, timestamp)
        values = [getattr(item, name) for name in OF_READINGS[:-1]]
        numbers = [np.nan if value is None else float(value) for value in values]
        mi, warming = (np.nan, numbers[0]) if item.fill < 1 else (numbers[0], np.nan)
        self._buffer.append((timestamp, mi, *numbers[1:], warming))
        if len(self._buffer) == BUFFERED:
            self._flush()

    def findings(self, monitor: Monitor, links: Sequence[LinkHealth], now: float) -> Findings:
        """Everything found, once all was replayed through ``monitor``."""
        self._flush()
        snapshot = monitor.snapshot(run=0, seq=self.summary.readings, timestamp=now, links=tuple(links))
        portraits = filter(None, (self._whole(monitor.config), _last(monitor, snapshot)))
        series = self._series.curve()
        axis = axis_of(series.t, timed=self._timed)
        return Findings(
            snapshot=snapshot,
            unit=monitor.config.unit,
            null=bool(monitor.config.null),
            detecting=bool(monitor.config.detector),
            series=series,
            labels=(tuple(self._codes[0]), tuple(self._codes[1])),
            readings=self._readings.curve(),
            axis=axis,
            series_axis=axis,
            pairs=self._taken,
            portraits=tuple(portraits),
            events=tuple(self._events),
            events_omitted=self._omitted,
            summary=self.summary,
        )

    def heard(self, snapshot: Snapshot) -> Findings:
        """Everything found of a running monitor, of which ``snapshot`` is the newest: signals as far as it has them."""
        self._flush()
        readings, reading, trace = self._readings.curve(), snapshot.reading, snapshot.trace
        points = np.empty((2, 0)) if trace is None else np.stack((trace.x_newest, trace.y_newest))
        portraits: tuple[Portrait, ...] = ()
        if reading is not None and snapshot.counts is not None and snapshot.counts.any():
            portraits = (Portrait("The last window", snapshot.x, snapshot.y, snapshot.counts, reading, points),)
        series = _series_of(trace)
        timed = trace is not None and trace.unit == "s"
        return Findings(
            snapshot=snapshot,
            unit="bit" if reading is None else reading.unit,
            null=reading is not None and reading.test == "shift",
            detecting=None,
            series=series,
            labels=((), ()),
            readings=readings,
            axis=axis_of(np.append(readings.t, snapshot.timestamp), timed=True),
            series_axis=axis_of(series.t, timed=True) if timed else "pairs",
            pairs=0 if reading is None else reading.pairs,
            portraits=portraits,
            events=snapshot.events,
            events_omitted=0,
            summary=self.summary,
            live=True,
        )

    def _flush(self) -> None:
        if self._buffer:
            t, *values = np.array(self._buffer).T
            self._readings.add(t, np.stack(values))
            self._buffer.clear()

    def _drawn(self, side: int, values: NDArray[Any]) -> FloatArray:
        """The values as a chart draws them: numbers, and of labels how many others came first."""
        if values.dtype != object:
            return values.astype(np.float64)
        codes = self._codes[side]
        for label in dict.fromkeys(values):
            if label is not None and str(label) not in codes and len(codes) < LABELS_DRAWN:
                codes[str(label)] = len(codes)
        other = float(LABELS_DRAWN)
        return np.array([np.nan if label is None else float(codes.get(str(label), other)) for label in values])

    def _draw(self, pairs: NDArray[Any]) -> None:
        """Keep a random sample of all pairs so far, each as likely as any other (Vitter 1985, algorithm R)."""
        if self.sample is None:
            self.sample = np.empty((2, SAMPLE), dtype=pairs.dtype)
        free = min(max(SAMPLE - self._taken, 0), pairs.shape[1])
        self.sample[:, self._taken : self._taken + free] = pairs[:, :free]
        later = pairs[:, free:]
        places = self._random.integers(0, self._taken + free + 1 + np.arange(later.shape[1]))
        kept = places < SAMPLE
        self.sample[:, places[kept]] = later[:, kept]  # of two at one place the later one stays
        self._taken += pairs.shape[1]

    def _whole(self, config: MonitorConfig) -> Portrait | None:
        """The pairs of the whole recording, or those drawn from it, as one window."""
        n = min(self._taken, SAMPLE)
        if n < 2 or self.sample is None:
            return None
        # In no order, so that whatever bins are learnt from is like the rest.
        x, y = self.sample[:, self._random.permutation(n)]
        of_all = MonitorConfig(
            window=Span(pairs=n), bins=config.bins, x_range=config.x_range, y_range=config.y_range, unit=config.unit
        )
        window = JointWindow(*bins_for(of_all), n)
        window.extend(x, y)
        title = "The whole recording" if n == self._taken else f"The whole recording ({n:,} pairs drawn at random)"
        return _portrait(title, window, config)


def axis_of(t: FloatArray, *, timed: bool) -> Axis:
    """The kind of an axis with these places, which are times where it is ``timed``, else numbers of samples."""
    known = t[np.isfinite(t)]
    if not timed:
        return "sample"
    return "date" if known.size and known.min() > SINCE_EPOCH and known.max() < MOST_DATE else "s"


def _series_of(trace: SignalTrace | None) -> Curve:
    """The two signals over a window as a curve, a stretch a column."""
    if trace is None:
        nothing = np.empty((2, 0))
        return Curve(1, np.empty(0), nothing, nothing, nothing)
    low, high = np.stack((trace.x_low, trace.y_low)), np.stack((trace.x_high, trace.y_high))
    ends = np.linspace(trace.start, trace.stop, low.shape[1] + 1)
    return Curve(1, (ends[:-1] + ends[1:]) / 2, low, high, (low + high) / 2)


def _last(monitor: Monitor, snapshot: Snapshot) -> Portrait | None:
    if snapshot.reading is None:
        return None
    return _portrait("The last window", monitor.window, monitor.config, snapshot.reading)


def _portrait(
    title: str, window: JointWindow, config: MonitorConfig, reading: Reading | None = None
) -> Portrait | None:
    reading = reading or window.reading(config.unit, config.estimator)
    if reading is None:
        return None
    axes = axis_infos(config, window)
    counts, points = window.counts.astype(np.int64), window.values
    for side, axis in enumerate(axes):
        if axis.labels is not None:  # "other", the last, comes right behind those that are there
            points[side][points[side] == counts.shape[side] - 1] = len(axis.labels) - 1
    return Portrait(title, *axes, shown_counts(counts, axes), reading, points)
