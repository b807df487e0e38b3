"""The signals as a snapshot shows them, against a loop over the pairs."""

import msgspec
import numpy as np
import pytest
from dashboard_samples import linear, traced, viewer
from hypothesis import given, strategies as st

from streammi.config import MonitorConfig, bins, span
from streammi.dashboard.view import render
from streammi.errors import FeedError
from streammi.monitor import Monitor
from streammi.monitor.signal_trace import AT_ONCE, COLUMNS, GAP, POINTS, columns_of
from streammi.publish.snapshot_bytes import read_snapshot, snapshot_message
from streammi.records import FloatArray, PairBatch, SignalTrace


def trace_of(monitor: Monitor) -> SignalTrace | None:
    return monitor.snapshot(run=1, seq=1, timestamp=0.0, links=()).trace


def monitor_of(window: str, **more: object) -> Monitor:
    return Monitor(MonitorConfig(window=span(window), every=span("1s"), **more))  # type: ignore[arg-type]


steps = st.lists(st.integers(0, 40), min_size=1, max_size=60)


@given(steps=steps, columns=st.integers(1, 12), seed=st.integers(0, 99))
def test_each_column_has_the_least_and_the_most_of_its_pairs(steps: list[int], columns: int, seed: int) -> None:
    places = np.cumsum(np.array(steps, float))
    if places[0] == places[-1]:
        places = np.append(places, places[-1] + 1.0)
    values = np.random.default_rng(seed).normal(size=places.size)
    ends = np.linspace(places[0], places[-1], columns + 1)
    low, high = columns_of(values, places, ends)
    usual = (places[-1] - places[0]) / (places.size - 1)
    for k in range(columns):
        last = k == columns - 1
        mine = [v for v, t in zip(values, places, strict=True) if t >= ends[k] and (last or t < ends[k + 1])]
        if mine:
            assert (low[k], high[k]) == (min(mine), max(mine))
            continue
        before, after = places[places < ends[k]][-1], places[places >= ends[k + 1]][0]
        if after - before > GAP * usual:
            assert np.isnan(low[k])
            assert np.isnan(high[k])
        else:  # on the line between its neighbours
            either = [v for v, t in zip(values, places, strict=True) if t in (before, after)]
            assert min(either) <= low[k] == high[k] <= max(either)


@pytest.mark.parametrize("window", ["700", "7s"])
@pytest.mark.parametrize("timed", [True, False])
def test_a_snapshot_has_the_window_and_nothing_of_before(window: str, timed: bool) -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, 3000))
    t = np.arange(3000) * 0.01
    monitor = monitor_of(window)
    monitor.feed(PairBatch(x=x, y=y, t=t if timed or window == "7s" else None, received=30.0))
    trace = trace_of(monitor)
    assert trace is not None
    n = monitor.window.n
    assert (trace.x_low.min(), trace.x_high.max()) == (x[-n:].min(), x[-n:].max())
    assert (trace.y_low.min(), trace.y_high.max()) == (y[-n:].min(), y[-n:].max())
    assert trace.x_low.size == COLUMNS
    assert (trace.x_newest.tolist(), trace.y_newest.tolist()) == (x[-POINTS:].tolist(), y[-POINTS:].tolist())
    seconds = timed or window == "7s"
    assert (trace.unit, trace.start, trace.stop) == (("s", t[-n], t[-1]) if seconds else ("pairs", -n, 0.0))


def test_a_hole_in_the_feed_is_a_hole_in_the_line() -> None:
    t = np.concatenate((np.arange(100), 200 + np.arange(100))) * 0.1
    monitor = monitor_of("1000")
    monitor.feed(PairBatch(x=np.sin(t), y=np.cos(t), t=t, received=30.0))
    trace = trace_of(monitor)
    assert trace is not None
    empty = np.isnan(trace.x_low)
    middles = trace.start + (np.arange(empty.size) + 0.5) * (trace.stop - trace.start) / empty.size
    assert empty[(middles > 10) & (middles < 19.9)].all()
    assert not empty[(middles < 9.8) | (middles > 20.1)].any()


def test_of_a_long_window_the_trace_is_made_anew_only_now_and_then() -> None:
    rng = np.random.default_rng(1)
    monitor = monitor_of(str(2 * AT_ONCE))

    def add(n: int) -> FloatArray:
        x = rng.normal(size=n)
        monitor.feed(PairBatch(x=x, y=x))
        return x

    add(2 * AT_ONCE)
    first = trace_of(monitor)
    add(AT_ONCE // 64)
    assert trace_of(monitor) is first
    newest = add(AT_ONCE // 64 + 1)[-1]
    moved = trace_of(monitor)
    assert moved is not None
    assert moved.x_newest[-1] == newest


def test_labels_have_none() -> None:
    monitor = monitor_of("100", bins=bins("categories"))
    labels = np.array(["on", "off"] * 50, dtype=object)
    monitor.feed(PairBatch(x=labels, y=labels))
    assert trace_of(monitor) is None


def test_it_crosses_the_socket_as_it_is_and_not_with_columns_that_do_not_fit() -> None:
    sent = traced()
    back = read_snapshot(snapshot_message(sent)).trace
    assert back is not None
    assert sent.trace is not None
    for name in ("x_low", "x_high", "y_low", "y_high", "x_newest", "y_newest"):
        np.testing.assert_array_equal(getattr(back, name), getattr(sent.trace, name))
    torn = msgspec.structs.replace(sent, trace=msgspec.structs.replace(sent.trace, y_low=sent.trace.y_low[1:]))
    with pytest.raises(FeedError):
        read_snapshot(snapshot_message(torn))


def test_names_and_units_are_those_that_a_person_gave() -> None:
    monitor = monitor_of("100", x_name="a.b", x_label="Flow", x_unit="l/min", y_name="p")
    monitor.feed(PairBatch(x=np.arange(100.0), y=np.arange(100.0)))
    shot = monitor.snapshot(run=1, seq=1, timestamp=0.0, links=())
    assert (shot.x.titled, shot.y.titled) == ("Flow (l/min)", "p")


@pytest.mark.parametrize(("low", "high"), [(-1.7e308, 1.7e308), (3.0, 3.0), (0.0, 5e-324)])
def test_values_at_the_ends_of_what_floats_can_be_are_drawn(low: float, high: float) -> None:
    shot, m = linear(), 600
    wild = np.where(np.arange(m) % 2, low, high)
    trace = SignalTrace(
        start=-600.0, stop=0.0, unit="pairs", x_low=wild[:256], x_high=wild[:256], y_low=wild[:256],
        y_high=wild[:256], x_newest=wild[-512:], y_newest=wild[-512:],
    )  # fmt: skip
    for keys in ("", "mmm", "eee"):
        one = viewer(msgspec.structs.replace(shot, trace=trace))
        for key in keys:
            one.press(key)
        assert "SIGNALS" in "\n".join(render(one.scene(), 120, 40).lines()) or keys == "mmm"


def test_a_pair_without_points_shows_counts_where_points_were_asked_for() -> None:
    one = viewer(traced())
    for _ in range(3):
        one.press("m")
    assert "SCATTER" in "\n".join(render(one.scene(), 120, 40).lines())
    one.receive([linear()])  # of an older monitor
    assert "JOINT COUNTS" in "\n".join(render(one.scene(), 120, 40).lines())
