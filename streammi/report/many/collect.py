"""Everything that a report of many channels needs, collected while their rows and matrices go by."""

from collections.abc import Mapping
from typing import Final

import msgspec
import numpy as np

from streammi.config import EstimatorName
from streammi.core.bins.binning import Bins
from streammi.core.bins.number import MOST_BINS, wanted_bins
from streammi.core.channels.analysis import matrices_of
from streammi.core.channels.channel_window import ChannelWindow
from streammi.core.conditional.indirect import explained_by
from streammi.publish import matrices
from streammi.records import ChannelMatrices, Event, FloatArray, IntArray, LinkHealth, MatrixSnapshot, RowBatch
from streammi.report.collect import EVENTS_KEPT, SEED, Axis, axis_of
from streammi.report.curves import Curve, Decimator, within_reach
from streammi.report.many.past import Changes, LongPast
from streammi.report.many.sample import RowSample

ROOMS: Final = (10_000, 5_000, 2_000, 1_000)  # rows that stand for all; fewer of very many channels:
MOST_CELLS: Final = 40_000_000  # as their counts take four bytes a cell
SPARK: Final = 60  # points of a channel's own picture
DRAWN: Final = 8  # pairs of a kind, as points


class ChannelFacts(msgspec.Struct, frozen=True, eq=False):
    """A channel by itself: of so many rows in how many it has a value, and what these are."""

    name: str
    rows: int
    present: int
    same: int  # values that are those of the row before
    least: float
    most: float
    mean: float
    curve: Curve  # its values over time; one column


class Compared(msgspec.Struct, frozen=True, eq=False):
    """The matrices of now and of before, of as many rows each."""

    now: ChannelMatrices
    mi_before: FloatArray  # (C, C)
    r_before: FloatArray


class PairList(msgspec.Struct, frozen=True, eq=False):
    """Pairs of one kind, (i, j) each, the one to look at first in front."""

    title: str
    pairs: tuple[tuple[int, int], ...]
    beside: Compared | None = None

    @property
    def drawn(self) -> tuple[tuple[int, int], ...]:
        """Those that are drawn as points."""
        return self.pairs[:DRAWN]


class ManyFindings(msgspec.Struct, frozen=True, eq=False, kw_only=True):
    """Everything that a report shows of many channels."""

    found: ChannelMatrices  # of what the report is,
    matrix: MatrixSnapshot  # the same as triangles,
    of: str  # and what that is, in words
    last: MatrixSnapshot | None  # the newest window
    past: LongPast | None
    changes: Changes | None
    events: tuple[Event, ...]
    events_omitted: int
    channels: tuple[ChannelFacts, ...]  # empty of a running monitor, which does not say
    points: Mapping[tuple[int, int], FloatArray]  # (2, k) of the pairs that are drawn
    rows: int
    start: float  # of the rows, NaN where they have no times
    axis: Axis
    links: tuple[LinkHealth, ...] = ()
    indirect: tuple[tuple[int, int], ...] = ()
    compared: tuple[PairList, ...] = ()  # with a baseline
    target: str = ""
    tells: tuple[int, ...] = ()  # channels that tell most of it

    @property
    def unit(self) -> str:
        """The unit of MI."""
        return self.found.unit


class ChannelCollector:
    """Takes the rows and the matrices of a replay; ``arrival``: the clock is that of arrival, not the rows'."""

    def __init__(self, *, arrival: bool) -> None:
        self._arrival = arrival
        self.timed = arrival
        self.names: tuple[str, ...] = ()
        self.last: MatrixSnapshot | None = None
        self.past: LongPast | None = None
        self.changes: Changes | None = None
        self.events: list[Event] = []
        self.omitted = 0
        self._begin(())

    def _begin(self, names: tuple[str, ...]) -> None:
        """Begin anew with these channels; a recording may have several runs."""
        channels = len(names)
        self.names = names
        self.sample = RowSample(channels, room_of(channels))
        self._series = Decimator(channels, SPARK)
        self._before = np.full((1, channels), np.nan)  # the row before
        self._present, self._same = (np.zeros(channels, np.int64) for _ in range(2))
        self._least, self._most = np.full(channels, np.inf), np.full(channels, -np.inf)
        self._sums = np.zeros(channels)
        self.last = self.past = self.changes = None

    def rows(self, names: tuple[str, ...], batch: RowBatch) -> None:
        """Take rows of the channels."""
        if names != self.names:
            self._begin(names)
        rows = batch.rows
        n = len(rows)
        if self._arrival:
            t = np.full(n, batch.received)
        elif batch.t is not None:
            t, self.timed = batch.t, True
        else:
            t = np.arange(self.sample.seen + 1.0, self.sample.seen + n + 1.0)
        known = np.isfinite(rows)
        self._present += np.count_nonzero(known, axis=0)
        with_before = np.concatenate((self._before, rows))
        self._same += np.count_nonzero(with_before[1:] == with_before[:-1], axis=0)
        self._before = with_before[-1:]
        self._least = np.minimum(self._least, np.min(rows, axis=0, where=known, initial=np.inf))
        self._most = np.maximum(self._most, np.max(rows, axis=0, where=known, initial=-np.inf))
        self._sums += np.sum(within_reach(rows), axis=0, where=known)
        self._series.add(t, rows.T)
        self.sample.add(np.where(known, rows, np.nan), t)

    def matrix(self, snapshot: MatrixSnapshot) -> None:
        """Take the matrices of a window."""
        if not snapshot.mi.size:
            return
        before, self.last = self.last, snapshot
        if self.past is None or self.changes is None or (before is not None and before.names != snapshot.names):
            self.past, self.changes = LongPast(snapshot.mi.size), Changes(snapshot.mi.size)
        if before is None or snapshot.seq != before.seq or snapshot.run != before.run:
            self.past.add(snapshot.timestamp, snapshot.mi, 0 if snapshot.changed is None else snapshot.changed.size)
            self.changes.add(snapshot)
        seen = set() if before is None else set(before.events)
        for event in snapshot.events:
            if event not in seen:
                if len(self.events) < EVENTS_KEPT:
                    self.events.append(event)
                else:
                    self.omitted += 1

    @property
    def axis(self) -> Axis:
        """The kind of the axis of time."""
        return axis_of(self._series.curve().t, timed=self.timed)

    def facts(self) -> tuple[ChannelFacts, ...]:
        """Each channel by itself."""
        curve, rows = self._series.curve(), self.sample.seen
        found = []
        for k, name in enumerate(self.names):
            present = int(self._present[k])
            mean = float(self._sums[k]) / present if present else np.nan
            own = Curve(curve.step, curve.t, curve.low[k], curve.high[k], curve.mean[k])
            least, most = (self._least.item(k), self._most.item(k)) if present else (np.nan, np.nan)
            found.append(ChannelFacts(name, rows, present, int(self._same[k]), least, most, mean, own))
        return tuple(found)

    def whole(self, bins: Bins, most: int | None = None) -> ChannelWindow:
        """The rows of the whole recording, or those that stand for them, ``most`` at most, as one window."""
        rows = self.sample.rows
        if most is not None and most < len(rows):
            rows = rows[np.sort(np.random.default_rng(SEED).choice(len(rows), most, replace=False))]
        window = ChannelWindow(bins, max(len(rows), 2), self.names)
        window.extend(rows)
        return window

    def of_whole(self) -> str:
        """The rows that the whole stands on, in words."""
        kept, step = len(self.sample.rows), self.sample.step
        if step == 1:
            return f"all {kept:,} rows"
        return f"{kept:,} of {self.sample.seen:,} rows, one at random of each {step:,}"

    def points(self, pairs: list[tuple[int, int]]) -> dict[tuple[int, int], FloatArray]:
        """The values of pairs, (2, k) each."""
        rows = self.sample.rows
        return {pair: both[:, np.isfinite(both).all(axis=0)] for pair in pairs for both in [rows[:, list(pair)].T]}


def tested_matrices(window: ChannelWindow, unit: str, estimator: EstimatorName | None, fdr: float) -> ChannelMatrices:
    """The matrices of a window, tested, with the channels that explain a pair."""
    found = matrices_of(window, unit, estimator)  # type: ignore[arg-type]  # checked by the options
    return msgspec.structs.replace(found, via=explained_by(window, found, fdr))


def as_snapshot(found: ChannelMatrices, fdr: float, rows: int) -> MatrixSnapshot:
    """Matrices as triangles."""
    return matrices.snapshot_of(found, name="", run=0, seq=0, timestamp=0.0, rows=rows, fill=1.0, fdr=fdr)


def as_matrices(snapshot: MatrixSnapshot) -> ChannelMatrices:
    """Triangles as matrices."""
    channels = len(snapshot.names)
    p, q = (None if one is None else matrices.square_of(one, channels) for one in (snapshot.p, snapshot.q))
    via: IntArray = np.full((channels, channels), -1, dtype=np.int64)
    if snapshot.indirect is not None:
        rows, columns = (side[snapshot.indirect[:, 0]] for side in np.triu_indices(channels, 1))
        via[rows, columns] = via[columns, rows] = snapshot.indirect[:, 1]
    return ChannelMatrices(
        names=snapshot.names, n=snapshot.n, unit=snapshot.unit, estimator=snapshot.estimator,
        mi=matrices.square_of(snapshot.mi, channels), r=matrices.square_of(snapshot.r, channels),
        pairs=np.full((channels, channels), float(snapshot.n)), p=p, q=q, untested=snapshot.untested, via=via,
        t1=snapshot.t1,
    )  # fmt: skip


def room_of(channels: int) -> int:
    """How many rows stand for all, of so many channels.

    >>> [room_of(channels) for channels in (2, 50, 200, 500)]
    [10000, 10000, 10000, 1000]
    """
    pairs = channels * (channels - 1) // 2
    for room in ROOMS:
        if pairs * min(wanted_bins(room), MOST_BINS) ** 2 <= MOST_CELLS:
            return room
    return ROOMS[-1]
