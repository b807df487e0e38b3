"""The frozen values that cross a stage, a thread or a socket.

Everything here is data: no behaviour beyond what can be read off the fields. Arrays are never written to after
they were put into a record. Times are seconds since the epoch (event time of a sample, or wall clock where the
name says so); information is in the unit that the record names.
"""

import math
from typing import Final, Literal, TypeAlias

import msgspec
import numpy as np
from numpy.typing import NDArray

from streammi.config import SignificanceTest
from streammi.config import Unit as Unit

LinkState: TypeAlias = Literal["connecting", "connected", "stalled", "lost", "ended"]
EventKind: TypeAlias = Literal[
    "gained", "lost", "shifted", "moved", "stuck", "saturated", "stalled", "recovered", "gap", "omitted"
]

UNIT_PER_BIT: Final[dict[Unit, float]] = {"bit": 1.0, "nat": math.log(2.0), "ban": math.log10(2.0)}

FloatArray: TypeAlias = NDArray[np.float64]
IntArray: TypeAlias = NDArray[np.int64]


class PairBatch(msgspec.Struct, frozen=True, eq=False, kw_only=True):
    """Pairs in the order they arrived, and what arrived with them that was not a pair.

    ``x`` and ``y`` have shape (n,): float64, or object arrays of labels where a signal is categorical. ``t`` is the
    samples' own time in seconds, shape (n,), or None when the feed has no timestamps. ``received`` is the wall clock
    at which the batch was taken off the wire.
    """

    x: NDArray[np.generic]
    y: NDArray[np.generic]
    t: FloatArray | None = None
    received: float = 0.0
    gaps: int = 0  # samples the feed's own sequence numbers say are missing before or inside this batch
    interrupted: bool = False  # samples may be missing before it or inside it: a connection broke, sources were joined


class SampleBatch(msgspec.Struct, frozen=True, eq=False, kw_only=True):
    """Samples of one signal in the order they arrived; arrays of shape (n,). Pairing makes pairs of two of these."""

    values: NDArray[np.generic]
    t: FloatArray | None = None  # s; None when the feed has no timestamps
    received: float = 0.0  # wall clock at which the batch was taken off the wire, s
    gaps: int = 0


class Reading(msgspec.Struct, frozen=True, kw_only=True, repr_omit_defaults=True):
    """What one window says: entropies and mutual information in ``unit``, and what is needed to believe them.

    None means not known (no data yet, r of a constant, a null that is warming up), never zero.
    """

    n: int  # pairs in the window
    unit: Unit
    h_x: float
    h_y: float
    h_xy: float
    h_x_given_y: float
    h_y_given_x: float
    mi: float  # plug-in: biased up by about (Kxy - Kx - Ky + 1)/(2n) nats
    mi_corrected: float  # by `estimator`; may be slightly negative
    nmi: float | None  # 2 I / (H(X) + H(Y)); None when neither signal varies
    pearson_r: float | None  # of the window's own values; None for a constant or for labels
    estimator: str = "schuermann"
    stderr: float | None = None  # of mi, delta method
    stderr_batch: float | None = None  # of mi, by batch means: for signals with a memory; where a detector looks
    h_x_stderr: float | None = None
    h_y_stderr: float | None = None
    h_xy_stderr: float | None = None
    spearman_r: float | None = None
    fill: float = 1.0  # share of the window that is filled, 0 to 1
    spans_gap: bool = False  # samples are missing inside the window, or may be: a connection broke
    t0: float | None = None  # event time of the oldest pair in the window
    t1: float | None = None  # event time of the newest pair
    epoch: int = 0  # how often the bins were fitted
    x_constant: bool = False  # every value in the window is the same
    y_constant: bool = False
    x_run: int = 0  # newest pairs with one and the same x
    y_run: int = 0
    x_clipped: int = 0  # pairs in the window whose x lay outside the bins' range
    y_clipped: int = 0
    pairs: int = 0  # totals since the start: pairs taken in,
    clipped: int = 0  # of those, with a value outside the bins' range,
    nonfinite: int = 0  # skipped: not finite,
    late: int = 0  # with a timestamp that stepped back,
    dropped: int = 0  # and of the late ones, those older than the window
    cells: int = 0  # of the joint histogram: the bins of x that hold a pair, times those of y
    # significance, when asked for: against delayed partners, or by the G-test
    test: SignificanceTest | None = None  # which one p is of, or will be once it has warmed up
    p: float | None = None  # against S partners (b + 1)/(S + 1), never 0
    z: float | None = None
    null_mean: float | None = None
    null_q95: float | None = None
    correlation_time: float | None = None  # samples until the faster signal forgets itself; partners start at twice it
    # delays, when asked for; positive: y follows x
    peak_lag: float | None = None  # samples; seconds for a time window, None where its samples are irregular
    peak_lag_s: float | None = None  # the same, where that is seconds; None where it is samples
    peak_mi: float | None = None
    peak_p: float | None = None  # of the maximum over all delays


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """A change that somebody should know of."""

    pair: str
    kind: EventKind
    timestamp: float  # by the readings' clock: the wall clock of a live feed, the samples' own time of a recording, s
    size: float | None  # how large: change of MI, of the delay, a share, a number of samples; None where it has none
    unit: str  # of `size`: bit, nat, ban, samples, share, s, lines
    evidence: str  # one sentence with the numbers that led to it
    signal: Literal["x", "y", "both"] = "both"


class Tally(msgspec.Struct, frozen=True):
    """What became of the samples of one of two joined sources; all but ``received`` add up to it."""

    received: int = 0
    paired: int = 0  # in at least one pair
    unmatched: int = 0  # no partner within the tolerance
    late: int = 0  # older than the source's newest time by more than the lateness
    duplicate: int = 0  # no partner, and an earlier sample of the source has the same time
    dropped: int = 0  # without a time, or pushed out because too many were waiting
    pending: int = 0  # waiting for what the other source may still send


class LinkHealth(msgspec.Struct, frozen=True, kw_only=True, repr_omit_defaults=True):
    """What one source's socket and decoder know of themselves; totals since the start.

    Of two joined sources each has its own, and ``pairs`` and ``rate`` are those of the join in both.
    """

    endpoint: str
    state: LinkState
    signal: Literal["x", "y", "both"] = "both"  # what comes over it
    since: float = 0.0  # wall clock of the last change of state
    messages: int = 0
    bytes: int = 0
    pairs: int = 0  # that count,
    nonfinite: int = 0  # and those that do not, for not being finite
    malformed: dict[str, int] = {}  # messages that yielded no pair, by reason
    gaps: int = 0  # samples missing by the feed's own sequence numbers
    resets: int = 0  # how often these began again
    reordered: int = 0  # messages that came after later ones
    repeated: int = 0  # samples that came twice, number, values and time, and were taken once
    reconnects: int = 0
    rate: float | None = None  # pairs a second over the last seconds; None before the first
    message_rate: float | None = None
    behind: bool = False  # its queue has been full for a while: more comes than can be counted
    lag: float | None = None  # seconds from a sample's timestamp to its reading; None without timestamps
    format: str | None = None  # as recognised
    tally: Tally | None = None  # of a source that is joined with another
    clock_offset: float | None = None  # seconds that the clock of y is ahead of x's, if both take equally long to come
    pair_offset: float | None = None  # median of y's time less x's over the last pairs, s
    note: str = ""  # one line for the person watching, empty when there is nothing to say


class HistoryLevel(msgspec.Struct, frozen=True, eq=False, kw_only=True):
    """Past readings at one resolution: each point stands for ``step`` readings; arrays of shape (k,), oldest first."""

    step: int
    t: FloatArray  # time of the point's last reading, s
    mi: FloatArray  # mean of mi_corrected over the point's readings
    low: FloatArray  # its minimum and maximum
    high: FloatArray
    null_q95: FloatArray  # NaN where there was no null
    peak: FloatArray | None = None  # mean of peak_mi, NaN where there was none
    fill: FloatArray | None = None  # its minimum: below 1 while the window was not full


class DelayProfile(msgspec.Struct, frozen=True, eq=False, kw_only=True):
    """MI at each delay; positive delays: y follows x."""

    lags: FloatArray  # (k,) samples, or seconds for a time window
    mi: FloatArray  # (k,), corrected, in the reading's unit
    lag_unit: Literal["samples", "s"] = "samples"


class AxisInfo(msgspec.Struct, frozen=True, eq=False, kw_only=True):
    """How one axis of the histogram is divided; exactly one of ``edges`` and ``labels`` is set once bins are known."""

    name: str  # the path or column the signal comes from
    edges: FloatArray | None = None  # (B + 1,)
    labels: tuple[str, ...] | None = None  # (B,)


class Snapshot(msgspec.Struct, frozen=True, eq=False, kw_only=True):
    """Everything a dashboard draws; made only while somebody looks."""

    pair: str
    run: int  # start second of the monitor: with seq it tells loss and restarts apart
    seq: int
    timestamp: float  # wall clock, s
    window: str  # "1000 pairs", "10 s"
    x: AxisInfo
    y: AxisInfo
    reading: Reading | None  # None before the first pair
    counts: IntArray | None  # (Bx, By); None before the bins are known
    history: tuple[HistoryLevel, ...] = ()  # finest first
    profile: DelayProfile | None = None
    events: tuple[Event, ...] = ()  # newest last, at most 100
    links: tuple[LinkHealth, ...] = ()
    verdict: str = ""  # plain words: see streammi.records.verdict
    status: int = 0  # as published: see streammi.publish.messages
