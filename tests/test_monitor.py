"""Monitor: what is said, when, and of what."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streammi import ConfigError, Monitor, PairBatch, Reading
from streammi.config import MonitorConfig, bins, span
from streammi.records import LinkHealth

LINK = LinkHealth(endpoint="tcp://127.0.0.1:5556", state="connected")


def signals(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    return x, x + rng.normal(size=n)


@settings(max_examples=25)
@given(st.lists(st.integers(1, 400), min_size=1, max_size=30), st.integers(1, 300))
def test_every_n_samples_whatever_the_batches(sizes: list[int], every: int) -> None:
    config = MonitorConfig(window=span(100), every=span(every), bins=bins("4"))
    x, y = signals(sum(sizes))
    whole = Monitor(config).feed(PairBatch(x=x, y=y))
    pieces, monitor, start = [], Monitor(config), 0
    for size in sizes:
        pieces += monitor.feed(PairBatch(x=x[start : start + size], y=y[start : start + size]))
        start += size
    assert [reading for _, reading in whole] == [reading for _, reading in pieces]
    expected = [k for k in range(every, x.size + 1, every) if k >= 16]  # bins are learnt from 16 pairs
    assert [reading.pairs for _, reading in whole if isinstance(reading, Reading)] == expected


def test_readings_are_due_by_the_received_clock() -> None:
    monitor = Monitor(MonitorConfig(window=span(50), every=span("100ms"), bins=bins("4")))
    x, y = signals(1000)
    said = []
    for k in range(100):  # 10 ms apart
        part = slice(k * 10, k * 10 + 10)
        said += [t for t, _ in monitor.feed(PairBatch(x=x[part], y=y[part], received=100.0 + k / 100))]
    assert np.diff(said) == pytest.approx(0.1, abs=0.011)
    assert len(said) == pytest.approx(10, abs=1)


def test_durations_need_timestamps_in_a_recording() -> None:
    monitor = Monitor(MonitorConfig(), event_time=True)
    x, y = signals(10)
    with pytest.raises(ConfigError, match="--every must be a number of samples"):
        monitor.feed(PairBatch(x=x, y=y))


def test_the_last_reading_is_said_once() -> None:
    monitor = Monitor(MonitorConfig(window=span(50), every=span(100), bins=bins("4")))
    x, y = signals(150)
    monitor.feed(PairBatch(x=x, y=y))
    [(t, reading)] = monitor.last(7.0)
    assert isinstance(reading, Reading)
    assert (t, reading.pairs) == (7.0, 150)
    assert monitor.last(8.0) == []


def test_the_delay_and_its_significance_are_found() -> None:
    rng = np.random.default_rng(3)
    x = rng.normal(size=8000)
    y = np.roll(x, 7) + 0.3 * rng.normal(size=8000)
    monitor = Monitor(MonitorConfig(window=span(1000), every=span(8000), bins=bins("8"), lags=(-10, 10), null=99))
    [(_, reading)] = monitor.feed(PairBatch(x=x, y=y))
    assert isinstance(reading, Reading)
    assert reading.peak_lag == 7.0
    assert reading.peak_mi is not None
    assert reading.peak_mi > 1.0
    assert reading.p is not None
    assert reading.p > 0.01  # at no delay there is nothing


def test_a_snapshot_has_what_was_fed() -> None:
    monitor = Monitor(MonitorConfig(window=span(200), every=span(50), bins=bins("5"), x_name="a", y_name="b"))
    x, y = signals(500)
    monitor.feed(PairBatch(x=x, y=y, received=5.0))
    snapshot = monitor.snapshot(run=1, seq=2, timestamp=6.0, links=(LINK,))
    assert snapshot.counts is not None
    assert snapshot.counts.sum() == 200
    assert snapshot.x.edges is not None
    joint = np.histogram2d(x[-200:], y[-200:], bins=[edges_of(snapshot.x.edges), edges_of(snapshot.y.edges)])[0]  # type: ignore[arg-type]
    assert snapshot.counts.tolist() == joint.tolist()
    assert snapshot.history[0].t.size == 10
    assert snapshot.verdict


def edges_of(edges: np.ndarray) -> np.ndarray:
    """The same bins with open ends: what is outside belongs to the end bins."""
    open_ended = edges.copy()
    open_ended[0], open_ended[-1] = -np.inf, np.inf
    return open_ended


def test_too_many_bins_are_warned_of() -> None:
    assert "undersample" in Monitor(MonitorConfig(window=span(100), bins=bins("30"))).notes[0]
