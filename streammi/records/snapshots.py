"""Snapshots: everything a dashboard draws."""

from typing import Literal

import msgspec

from streammi.records.batches import FloatArray, IntArray
from streammi.records.events import Event
from streammi.records.links import LinkHealth
from streammi.records.published import INFORMATION, Published, declare
from streammi.records.readings import Reading


class HistoryLevel(msgspec.Struct, frozen=True, eq=False, kw_only=True):
    """Past readings at one resolution: each point stands for ``step`` readings; arrays of shape (k,), oldest first."""

    step: int
    t: FloatArray  # time of the point's last reading, s
    mi: FloatArray
    low: FloatArray
    high: FloatArray
    null_q95: FloatArray
    peak: FloatArray | None = None  # None of monitors before it was kept
    fill: FloatArray | None = None  # its minimum: below 1 while the window was not full


declare(
    HistoryLevel,
    mi=Published("Mean of mi_corrected over the point's readings", INFORMATION, None),
    low=Published("Its minimum", INFORMATION, None),
    high=Published("Its maximum", INFORMATION, None),
    null_q95=Published("NaN where there was no null", INFORMATION, None),
    peak=Published("Mean of peak_mi, NaN where there was none", INFORMATION, None),
)


class DelayProfile(msgspec.Struct, frozen=True, eq=False, kw_only=True):
    """MI at each delay; positive delays: y follows x."""

    lags: FloatArray  # (k,) samples, or seconds for a time window
    mi: FloatArray
    lag_unit: Literal["samples", "s"] = "samples"
    binned: FloatArray | None = None  # (k,) MI in the bins, less its bias


declare(
    DelayProfile,
    mi=Published("Corrected, (k,)", INFORMATION, None),
)


class SignalTrace(msgspec.Struct, frozen=True, eq=False, kw_only=True):
    """The window's own values over time, in columns: the least and the most of each, NaN where a column has none."""

    start: float  # of the first column, and
    stop: float  # the end of the last one: s, or pairs before the newest, which is at 0
    unit: Literal["pairs", "s"]
    x_low: FloatArray  # (k,), columns equally long
    x_high: FloatArray
    y_low: FloatArray
    y_high: FloatArray
    x_newest: FloatArray  # (m,) values of the newest pairs, oldest first
    y_newest: FloatArray


class AxisInfo(msgspec.Struct, frozen=True, eq=False, kw_only=True):
    """How one axis of the histogram is divided; exactly one of ``edges`` and ``labels`` is set once bins are known."""

    name: str  # what the signal is called: its label, or the path or column it comes from
    unit: str = ""  # of its values, as somebody has named it
    edges: FloatArray | None = None  # (B + 1,)
    labels: tuple[str, ...] | None = None  # (B,)

    @property
    def titled(self) -> str:
        """Its name and, where there is one, its unit."""
        return f"{self.name} ({self.unit})" if self.unit else self.name


class Snapshot(msgspec.Struct, frozen=True, eq=False, kw_only=True):
    """Everything a dashboard draws; made only while somebody looks."""

    pair: str
    run: int  # start second of the monitor: with seq it tells loss and restarts apart
    seq: int
    timestamp: float  # wall clock, s
    window: str  # "1000 pairs", "10 s"
    window_seconds: float | None = None  # None: it is of so many pairs
    x: AxisInfo
    y: AxisInfo
    reading: Reading | None  # None before the first pair
    counts: IntArray | None  # (Bx, By); None before the bins are known
    history: tuple[HistoryLevel, ...] = ()  # finest first
    profile: DelayProfile | None = None
    trace: SignalTrace | None = None  # None: of labels, or of monitors before it was sent
    events: tuple[Event, ...] = ()  # newest last, at most 100
    alarms: tuple[Event, ...] = ()  # that are raised, oldest first: the newest of each rule
    links: tuple[LinkHealth, ...] = ()
    given: str = ""  # the conditions' names, as a sentence has them
    devices: int | None = None  # of a monitor of devices as a whole: how many have a window; None of one pair
    key: str = ""  # where their messages name them
    verdict: str = ""  # plain words: see streammi.records.verdict
    status: int = 0  # as published: see streammi.publish.messages
