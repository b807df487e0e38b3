"""KeyedWindow: each key against a JointWindow, and a Monitor, that took that key's pairs alone."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from streammi import ConfigError, EdgeBins, JointWindow, KeyedWindow, Monitor, QuantileBins, UniformBins
from streammi.config import MonitorConfig, Span
from streammi.core.bins.binning import Bins, Categories, SpanBins
from streammi.monitor.bins import bins_for
from streammi.records import FloatArray, PairBatch

GIVEN: list[Bins] = [UniformBins(-1, 1, 5), EdgeBins([-2, -1, -0.5, 0, 2])]
LEARNT: list[Bins] = [QuantileBins(), QuantileBins(6), SpanBins(5)]


def made(n: int, keys: int, seed: int) -> tuple[list[str], FloatArray, FloatArray]:
    """Pairs of devices that come mixed: some often, some hardly; with ties, holes and values out of range."""
    rng = np.random.default_rng(seed)
    names = [f"device {k}" for k in np.minimum(rng.geometric(0.3, n), keys)]
    x = np.where(rng.random(n) < 0.3, rng.integers(-2, 3, n) / 2, rng.normal(size=n))
    y = x * rng.choice([0.0, 1.0], n) + rng.normal(size=n) * 0.3
    x[rng.random(n) < 0.03] = math.nan
    y[rng.random(n) < 0.03] = math.inf
    return names, x, y


def fed_in_pieces(windows: KeyedWindow, keys: list[str], x: FloatArray, y: FloatArray, seed: int) -> KeyedWindow:
    """The windows after the pairs, in pieces of any length, sometimes saved and restored in between."""
    rng = np.random.default_rng(seed)
    start = 0
    while start < len(keys):
        stop = start + int(rng.choice([1, 2, 7, 60, 400]))
        windows.extend(keys[start:stop], x[start:stop], y[start:stop])
        if rng.random() < 0.2:
            windows = KeyedWindow.from_bytes(windows.to_bytes())
        start = stop
    return windows


def of_key(key: str, keys: list[str], x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
    mine = np.array(keys) == key
    return x[mine], y[mine]


@given(
    seed=st.integers(0, 2**32),
    n=st.integers(1, 900),
    keys=st.integers(1, 9),
    size=st.integers(2, 150),
    x_bins=st.sampled_from(GIVEN),
    y_bins=st.sampled_from(GIVEN),
    unit=st.sampled_from(["bit", "nat"]),
    estimator=st.sampled_from([None, "plugin", "grassberger"]),
)
@settings(max_examples=60, deadline=None)
def test_each_key_with_given_bins_is_a_joint_window_of_its_pairs(
    seed: int, n: int, keys: int, size: int, x_bins: Bins, y_bins: Bins, unit: Any, estimator: Any
) -> None:
    names, x, y = made(n, keys, seed)
    windows = fed_in_pieces(KeyedWindow(x_bins, y_bins, size), names, x, y, seed)
    assert sorted(windows.keys) == sorted(set(names))
    for key in windows.keys:
        alone = JointWindow(x_bins, y_bins, size)
        alone.extend(*of_key(key, names, x, y))
        assert windows.window(key).sums == alone.sums
        np.testing.assert_array_equal(windows.window(key).counts, alone.counts)
        np.testing.assert_array_equal(windows.values(key), alone.values)
        assert windows.reading(key, unit, estimator) == alone.reading(unit, estimator)


@given(
    seed=st.integers(0, 2**32),
    n=st.integers(1, 700),
    size=st.integers(2, 120),
    x_bins=st.sampled_from(LEARNT),
    y_bins=st.sampled_from(LEARNT + GIVEN),
)
@settings(max_examples=40, deadline=None)
def test_each_key_with_learnt_bins_is_a_joint_window_that_its_window_fills(
    seed: int, n: int, size: int, x_bins: Bins, y_bins: Bins
) -> None:
    names, x, y = made(n, 4, seed)
    windows = fed_in_pieces(KeyedWindow(x_bins, y_bins, size), names, x, y, seed)
    for key in windows.keys:
        kept = windows.values(key)
        finite = np.isfinite(of_key(key, names, x, y)).all(axis=0)
        np.testing.assert_array_equal(kept, np.array(of_key(key, names, x, y))[:, finite][:, -size:])
        reading = windows.reading(key)
        if kept.shape[1] < min(16, size):
            assert reading is None
            continue
        assert reading is not None
        alone = JointWindow(x_bins, y_bins, max(kept.shape[1], 2))
        alone.extend(*kept)
        window = windows.window(key)
        assert (window.x_axis, window.y_axis) == (alone.x_axis, alone.y_axis)
        np.testing.assert_array_equal(window.counts, alone.counts)
        assert reading.mi == pytest.approx(window.mi, abs=1e-12)
        if kept.shape[1] == size:  # of another length only the fixed point's last digits are others
            totals = {"pairs", "clipped", "nonfinite"}
            ours, theirs = ({f: getattr(r, f) for f in r.__struct_fields__} for r in (reading, alone.reading()))
            assert {f: v for f, v in ours.items() if f not in totals} == {
                f: v for f, v in theirs.items() if f not in totals
            }


@pytest.mark.parametrize("pairs", [200, 230, 1000])
def test_a_reading_is_what_a_monitor_says_of_that_device(pairs: int) -> None:
    names, x, y = made(3 * pairs, 3, seed=pairs)
    config = MonitorConfig(window=Span(pairs=200), x_range=(-1, 1), y_range=(-1, 1), every=Span(pairs=1 << 20))
    monitor = Monitor(config)
    of_device = of_key("device 1", names, x, y)
    monitor.feed(PairBatch(x=of_device[0], y=of_device[1]))
    ((_, theirs),) = monitor.last(0.0)
    windows = KeyedWindow(*bins_for(config), 200)
    windows.extend(names, x, y)
    ours = windows.reading("device 1", batched=True)
    assert ours is not None
    fields = set(ours.__struct_fields__) - {"spearman_r"}  # ranks are not taken of thousands of keys
    assert {f: getattr(ours, f) for f in fields} == {f: getattr(theirs, f) for f in fields}


def test_a_key_beyond_the_limit_gets_no_window_and_is_counted_until_another_leaves() -> None:
    windows = KeyedWindow(QuantileBins(4), QuantileBins(4), 20, max_keys=2)
    windows.extend(["a", "b", "c", "a", "c"], [1, 2, 3, 4, 5], [1, 2, 3, 4, 5])
    assert windows.keys == ["a", "b"]
    assert windows.refused == 2
    assert "c" not in windows
    windows.forget("a")
    windows.extend(["c", "b", "a"], [7, 8, 9], [7, 8, 9])
    assert windows.keys == ["b", "c"]
    assert windows.refused == 3
    assert windows.values("c").tolist() == [[7], [7]]
    assert windows.totals("c")["pairs"] == 1
    restored = KeyedWindow.from_bytes(windows.to_bytes())
    assert restored.keys == ["b", "c"]
    assert restored.refused == 3
    assert restored.to_bytes() == windows.to_bytes()
    with pytest.raises(ConfigError, match="one that has a window, got 'a'"):
        windows.reading("a")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"size": "10s"}, "window must be a number of pairs"),
        ({"max_keys": 0}, "max_keys must be a whole number from 1"),
        ({"max_keys": 2.5}, "max_keys must be a whole number from 1"),
        ({"x_bins": Categories()}, "x_bins must be UniformBins"),
        ({"y_bins": 8}, "y_bins must be UniformBins"),
    ],
)
def test_what_cannot_work_is_refused(change: dict[str, Any], message: str) -> None:
    asked = {"x_bins": QuantileBins(), "y_bins": QuantileBins(), "size": 100} | change
    with pytest.raises(ConfigError, match=message):
        KeyedWindow(**asked)


def test_pairs_of_unequal_length_change_nothing() -> None:
    windows = KeyedWindow(QuantileBins(), QuantileBins(), 100)
    for keys, x in ((["a"], [1, 2]), (["a", "b"], [1]), (["a"], ["one"])):
        with pytest.raises(ConfigError):
            windows.extend(keys, x, [1])
    assert len(windows) == 0
