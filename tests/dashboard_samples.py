"""Snapshots to draw, made with numpy alone: each a moment in the life of a monitor, at a fixed time."""

from datetime import UTC, datetime

import msgspec
import numpy as np

from streammi.config import Unit
from streammi.dashboard.capabilities import Look
from streammi.dashboard.drawing.glyphs import SETS, GlyphName
from streammi.dashboard.drawing.pens import Depth
from streammi.dashboard.viewer import Viewer
from streammi.monitor.signal_trace import columns_of
from streammi.records import (
    AxisInfo,
    DelayProfile,
    Event,
    EventKind,
    FloatArray,
    HistoryLevel,
    IntArray,
    LinkHealth,
    LinkState,
    Reading,
    SignalTrace,
    Snapshot,
    Tally,
)
from streammi.records.verdict import verdict

NOW = datetime(2026, 3, 14, 15, 9, 26, tzinfo=UTC).timestamp()
PER_BIT = {"bit": 1.0, "nat": np.log(2), "ban": np.log10(2)}


def entropy(counts: IntArray) -> float:
    share = counts[counts > 0] / counts.sum()
    return float(-(share * np.log2(share)).sum())


def reading_of(counts: IntArray, r: float | None, unit: Unit = "bit", **more: object) -> Reading:
    """Entropies of joint counts, as in any textbook."""
    scale = PER_BIT[unit]
    h_x, h_y, h_xy = (scale * entropy(c) for c in (counts.sum(axis=1), counts.sum(axis=0), counts))
    n, cells = int(counts.sum()), (counts > 0).sum()
    mi = h_x + h_y - h_xy
    bias = scale * (cells - (counts.sum(axis=1) > 0).sum() - (counts.sum(axis=0) > 0).sum() + 1) / (2 * n * np.log(2))
    fields = {
        "n": n, "unit": unit, "h_x": h_x, "h_y": h_y, "h_xy": h_xy,
        "h_x_given_y": h_xy - h_y, "h_y_given_x": h_xy - h_x,
        "mi": mi, "mi_corrected": float(mi - bias), "nmi": 2 * mi / (h_x + h_y) if h_x + h_y else None, "pearson_r": r,
        "stderr": scale * 0.021, "t0": NOW - 10.0, "t1": NOW, "pairs": 48_213 + n,
    }  # fmt: skip
    return Reading(**(fields | more))  # type: ignore[arg-type]


def history_of(mi: FloatArray, *, null: float | None = None, every: float = 0.1) -> tuple[HistoryLevel, ...]:
    """The last reading at NOW; a second level four times as coarse."""
    t = NOW - every * np.arange(mi.size)[::-1]
    q95 = np.full(mi.size, np.nan if null is None else null)
    fine = HistoryLevel(step=1, t=t[-512:], mi=mi[-512:], low=mi[-512:], high=mi[-512:], null_q95=q95[-512:])
    whole = mi[: mi.size // 4 * 4].reshape(-1, 4)
    coarse = HistoryLevel(
        step=4, t=t[3 : mi.size // 4 * 4 : 4], mi=whole.mean(axis=1), low=whole.min(axis=1), high=whole.max(axis=1),
        null_q95=q95[: whole.shape[0]],
    )  # fmt: skip
    return (fine, coarse)


def link(state: LinkState = "connected", **more: object) -> LinkHealth:
    fields = {
        "endpoint": "tcp://127.0.0.1:5556", "state": state, "since": NOW - 3723.0, "messages": 48_213,
        "bytes": 3_471_336,
        "pairs": 49_213, "rate": 9_987.0, "message_rate": 9_987.0, "lag": 0.0021, "format": "json",
    }  # fmt: skip
    return LinkHealth(**(fields | more))  # type: ignore[arg-type]


def event(kind: EventKind, before: float, size: float | None, unit: str, evidence: str, **more: object) -> Event:
    return Event(
        pair="boiler",
        kind=kind,
        timestamp=NOW - before,
        size=size,
        unit=unit,
        evidence=evidence,
        **more,  # type: ignore[arg-type]
    )


def snapshot_of(x: FloatArray, y: FloatArray, bins: int = 16, pair: str = "boiler", **more: object) -> Snapshot:
    x_edges, y_edges = (np.histogram_bin_edges(v, bins) for v in (x, y))
    counts = np.histogram2d(x, y, (x_edges, y_edges))[0].astype(np.int64)
    rng = np.random.default_rng(bins)
    r = float(np.corrcoef(x, y)[0, 1])
    reading = reading_of(counts, r, spearman_r=r * 0.97)
    wander = np.cumsum(rng.normal(0, 0.02, 900))
    mi = np.clip(reading.mi_corrected + wander - wander[-1], 0, None)
    fields = {
        "pair": pair, "run": int(NOW) - 3723, "seq": 37_230, "timestamp": NOW, "window": f"{x.size} pairs",
        "x": AxisInfo(name="flow", edges=x_edges), "y": AxisInfo(name="valve", edges=y_edges), "reading": reading,
        "counts": counts, "history": history_of(mi), "links": (link(),), "verdict": "linearly dependent",
    }  # fmt: skip
    return Snapshot(**(fields | more))  # type: ignore[arg-type]


def _uniform(n: int = 1000, seed: int = 7) -> tuple[np.random.Generator, FloatArray]:
    rng = np.random.default_rng(seed)
    return rng, rng.random(n)


def linear(bins: int = 16, n: int = 1000) -> Snapshot:
    rng, x = _uniform(n)
    return snapshot_of(x, x + rng.normal(0, 0.1, n), bins)


def learnt() -> Snapshot:
    """y is x squared, in bins of equally many pairs: by rank a straight line."""
    x = (np.arange(4000) + 0.5) / 4000
    x_edges, y_edges = np.linspace(0, 1, 17), np.linspace(0, 1, 17) ** 2
    counts = np.histogram2d(x, x * x, (x_edges, y_edges))[0].astype(np.int64)
    return msgspec.structs.replace(
        snapshot_of(x, x * x), reading=reading_of(counts, 0.97), counts=counts,
        x=AxisInfo(name="flow", edges=x_edges), y=AxisInfo(name="valve", edges=y_edges),
        history=history_of(np.full(300, 3.9)),
    )  # fmt: skip


def parabola() -> Snapshot:
    """r is 0 and MI is not: with everything there is to show."""
    rng, x = _uniform(2000, 3)
    y = (2 * x - 1) ** 2 + rng.normal(0, 0.08, 2000)
    shot = snapshot_of(x, y, 20)
    assert shot.reading is not None
    lags = np.arange(-50.0, 51.0)
    profile = 0.04 + 0.01 * rng.random(101) + 1.25 * np.exp(-((lags - 5) ** 2) / 18)
    mi = np.concatenate(
        [
            0.05 + 0.04 * rng.random(420),
            np.linspace(0.1, shot.reading.mi_corrected, 60),
            np.full(420, shot.reading.mi_corrected),
        ]
    )
    mi[480:] += rng.normal(0, 0.03, 420)
    mi[-1] = shot.reading.mi_corrected
    return msgspec.structs.replace(
        shot,
        reading=msgspec.structs.replace(
            shot.reading, p=0.01, z=41.2, null_mean=0.06, null_q95=0.11, correlation_time=3.0, peak_lag=5.0,
            peak_mi=1.29, peak_p=0.01, clipped=63, late=2,
        ),
        history=history_of(mi, null=0.11),
        profile=DelayProfile(lags=lags, mi=profile),
        events=(
            event("stalled", 71.0, 3.2, "s", "no message for 3.2 s while connected"),
            event("recovered", 67.8, None, "", "messages again"),
            event("gained", 41.0, 1.18, "bit", "MI rose from 0.07 to 1.25 bit (ADWIN, 64 separate readings)"),
            event("moved", 12.5, 2.0, "samples", "the peak went from +3 to +5 samples"),
        ),
        links=(link(malformed={"not JSON": 3, "no such path": 1}, gaps=12),),
        verdict="dependent but not linearly",
    )  # fmt: skip


def independent() -> Snapshot:
    """A corrected value below 0."""
    rng, x = _uniform(1000, 11)
    shot = snapshot_of(x, rng.random(1000), 16)
    assert shot.reading is not None
    mi = rng.normal(0.0, 0.02, 700)
    return msgspec.structs.replace(
        shot,
        reading=msgspec.structs.replace(shot.reading, mi_corrected=-0.012, p=0.47, null_mean=0.0, null_q95=0.035),
        history=history_of(mi, null=0.035),
        verdict="not distinguishable from independent",
    )


def delayed() -> Snapshot:
    """y follows x by 7 samples, and not a bit without delay: what `--lags=-20:20` finds without `--null`."""
    rng, x = _uniform(1000, 11)
    shot = snapshot_of(x, rng.random(1000), 16)
    assert shot.reading is not None
    lags = np.arange(-20.0, 21.0)
    reading = msgspec.structs.replace(shot.reading, mi_corrected=-0.002, peak_lag=7.0, peak_mi=0.9964)
    fine = history_of(rng.normal(0.0, 0.005, 400))[0]
    peak = np.full(400, 0.9964)
    return msgspec.structs.replace(
        shot, reading=reading, history=(msgspec.structs.replace(fine, peak=peak, fill=np.ones(400)),),
        profile=DelayProfile(lags=lags, mi=np.where(lags == 7, 0.9964, 0.004)), verdict=verdict(reading),
    )  # fmt: skip


def explained() -> Snapshot:
    """Both follow the load, and x, besides, drives y."""
    shot = linear()
    assert shot.reading is not None
    reading = msgspec.structs.replace(
        shot.reading, cmi=0.1, cmi_p=0.01, explained=0.9, te_xy=0.2, te_yx=0.01, te_xy_lag=12, te_yx_lag=3,
        te_xy_p=0.01, te_yx_p=0.6, direction=1,
    )  # fmt: skip
    given = "motor/load"
    return msgspec.structs.replace(shot, reading=reading, given=given, verdict=verdict(reading, given=given))


def traced() -> Snapshot:
    """With the signals themselves, a hole in them, and values beyond the bins."""
    rng = np.random.default_rng(5)
    t = np.delete(np.arange(1200), np.s_[500:560]) * 0.01
    x = 21 + 4 * np.sin(t) + rng.normal(0, 0.4, t.size)
    y = (x - 21) ** 2 / 4 + rng.normal(0, 0.4, t.size)
    shot = snapshot_of(x[:600], y[:600])
    ends = np.linspace(0, t.item(-1), 257)
    (x_low, x_high), (y_low, y_high) = (columns_of(values, t, ends) for values in (x, y))
    trace = SignalTrace(
        start=0.0, stop=t.item(-1), unit="s", x_low=x_low, x_high=x_high, y_low=y_low, y_high=y_high,
        x_newest=x[-512:], y_newest=y[-512:],
    )  # fmt: skip
    units = {"x": msgspec.structs.replace(shot.x, unit="degC"), "y": msgspec.structs.replace(shot.y, unit="kW")}
    return msgspec.structs.replace(shot, trace=trace, verdict="dependent but not linearly", **units)


def warming_up() -> Snapshot:
    rng, x = _uniform(1000)
    shot = snapshot_of(x[:37], x[:37] + rng.normal(0, 0.1, 37), 8, history=())
    assert shot.reading is not None
    return msgspec.structs.replace(
        shot,
        window="1000 pairs",
        reading=msgspec.structs.replace(shot.reading, fill=0.037, t0=None, t1=None, stderr=None, spearman_r=None),
        links=(link(rate=None, message_rate=None, lag=None),),
        verdict="too few samples to say",
    )


def stalled() -> Snapshot:
    return msgspec.structs.replace(
        linear(), links=(link("stalled", rate=0.0, since=NOW - 12, note="connected, but nothing has come for 12 s"),)
    )


def joined() -> Snapshot:
    """Two sources, of which one is silent and has lost samples."""
    both = {"clock_offset": 0.0123, "pair_offset": -0.002}
    x = link(signal="x", tally=Tally(received=500, paired=480, unmatched=20), **both)
    y = link(
        "stalled", signal="y", endpoint="tcp://10.0.0.8:5556", gaps=7, resets=1, since=NOW - 12,
        tally=Tally(received=490, paired=480, late=8, duplicate=2), note="connected, but nothing has come for 12 s",
        **both,
    )  # fmt: skip
    return msgspec.structs.replace(linear(), links=(x, y))


def lost() -> Snapshot:
    return msgspec.structs.replace(linear(), links=(link("lost", rate=None, since=NOW - 40, reconnects=3),))


def stuck() -> Snapshot:
    """y is constant: nothing is undefined by chance, all of it is None."""
    x = _uniform()[1]
    edges = np.linspace(0, 1, 17)
    counts = np.histogram2d(x, np.full(1000, 0.3), (edges, edges))[0].astype(np.int64)
    reading = reading_of(counts, None, y_constant=True, mi_corrected=0.0, stderr=0.0)
    return snapshot_of(
        x, x, reading=reading, counts=counts, history=history_of(np.zeros(300)), verdict="y is constant",
        events=(event("stuck", 8.0, 1.0, "share", "y has been 0.3 for 1,000 pairs", signal="y"),),
    )  # fmt: skip


def labels() -> Snapshot:
    rng = np.random.default_rng(4)
    counts = rng.integers(0, 60, (5, 3)) + np.eye(5, 3, dtype=np.int64) * 200
    return msgspec.structs.replace(
        linear(), counts=counts, reading=reading_of(counts, None),
        x=AxisInfo(name="mode", labels=("idle", "starting", "heating", "cooling", "other")),
        y=AxisInfo(name="alarm", labels=("none", "warning", "other")), verdict="dependent",
    )  # fmt: skip


def wide_names() -> Snapshot:
    return msgspec.structs.replace(
        linear(), pair="ボイラー温度", x=AxisInfo(name="流量センサー一号", edges=np.linspace(0, 1, 17)),
        y=AxisInfo(name="vɐ́l̥ve·ệ·👩‍🔧", edges=np.linspace(-0.3, 1.3, 17)),
    )  # fmt: skip


def hostile_names() -> Snapshot:
    evil = "\x1b[2J\x1b]0;owned\x07\x1b[31mred\x9b1;1H\u202eabc\r\n\x00" + "x" * 300
    return msgspec.structs.replace(
        linear(), x=AxisInfo(name=evil, edges=np.linspace(0, 1, 17)), y=AxisInfo(name=evil, labels=(evil,) * 16),
        verdict=evil, window=evil, links=(link(endpoint=evil, note=evil, format=evil, malformed={evil: 3}),),
        events=(event("gap", 3.0, 12.0, "samples", evil),),
    )  # fmt: skip


def empty() -> Snapshot:
    """Connected; nothing has come."""
    return Snapshot(
        pair="boiler", run=int(NOW), seq=0, timestamp=NOW, window="1000 pairs", x=AxisInfo(name="flow"),
        y=AxisInfo(name="valve"), reading=None, counts=None,
        links=(LinkHealth(endpoint="tcp://127.0.0.1:5556", state="connecting"),),
    )  # fmt: skip


def two_pairs() -> list[Snapshot]:
    return [parabola(), msgspec.structs.replace(lost(), pair="pump~valve")]


SAMPLES = {
    f.__name__: f
    for f in (
        linear, learnt, parabola, independent, warming_up, stalled, joined, lost, delayed, explained, traced, stuck,
        labels, wide_names,
        hostile_names, empty,
    )
}  # fmt: skip


def viewer(*snapshots: Snapshot, glyphs: GlyphName = "braille", depth: Depth = "truecolor", **more: object) -> Viewer:
    """A viewer that has received the snapshots, in UTC."""
    one = Viewer(Look(glyphs=SETS[glyphs], depth=depth), endpoints=["tcp://127.0.0.1:5557"], zone=UTC, **more)  # type: ignore[arg-type]
    one.connect("connected")
    one.receive(list(snapshots))
    return one
