"""MI at many delays, against the delayed pairs counted one at a time."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from streammi import Categories, ConfigError, JointWindow, QuantileBins, UniformBins
from streammi.core.information import estimators
from streammi.core.information.lags import LagBank
from streammi.core.significance.shift_null import ShiftNull

BINS = 4
UNIFORM = UniformBins(0, 1, BINS)
TABLE = estimators.table("plugin", 1 << 12, 40)


def delayed_counts(x, y, n, lag, bins=BINS):
    """The joint counts of the newest n pairs of the later signal, one pair at a time."""
    counts = np.zeros((bins, bins), dtype=int)
    for s in range(max(len(x) - n, 0), len(x)):
        i, j = (s - lag, s) if lag >= 0 else (s, s + lag)
        if min(i, j) >= 0:
            counts[x[i], y[j]] += 1
    return counts


def plug_in(counts):
    p = counts / counts.sum()
    outer = p.sum(1, keepdims=True) * p.sum(0, keepdims=True)
    return float((p[p > 0] * np.log2(p[p > 0] / outer[p > 0])).sum())


@settings(deadline=None, max_examples=60)
@given(
    st.integers(2, 40),
    st.lists(st.integers(-60, 60), min_size=1, max_size=6),
    st.lists(st.integers(1, 90), min_size=1, max_size=12),
    st.integers(0, 2**32),
)
def test_counts_are_those_of_the_delayed_window(size, delays, batches, seed):
    rng = np.random.default_rng(seed)
    x, y = rng.random((2, sum(batches)))
    window, bank = JointWindow(UNIFORM, UNIFORM, size), LagBank(delays)
    window.follow(bank)
    seen = 0
    for m in batches:
        window.extend(x[seen : seen + m], y[seen : seen + m])
        seen += m
        i, j = (x[:seen] * BINS).astype(int), (y[:seen] * BINS).astype(int)
        for d, lag in enumerate(delays):
            assert np.array_equal(bank.counts[d], delayed_counts(i, j, window.n, lag))
    assert np.array_equal(bank.pairs, bank.counts.sum((1, 2)))


@settings(deadline=None, max_examples=30)
@given(st.lists(st.floats(0, 3), min_size=1, max_size=60), st.integers(0, 2**32))
def test_time_windows_are_counted_exactly(gaps, seed):
    rng = np.random.default_rng(seed)
    t = np.cumsum(np.repeat(gaps, 5) / 5)
    x, y = rng.random((2, t.size))
    window, bank = JointWindow(UNIFORM, UNIFORM, "5s"), LagBank([-7, 0, 3])
    window.follow(bank)
    for start in range(0, t.size, 11):
        part = slice(start, start + 11)
        window.extend(x[part], y[part], t[part])
        seen = min(start + 11, t.size)
        i, j = (x[:seen] * BINS).astype(int), (y[:seen] * BINS).astype(int)
        for d, lag in enumerate(bank.delays):
            assert np.array_equal(bank.counts[d], delayed_counts(i, j, window.n, lag))
    assert np.array_equal(bank.counts[1], window.counts)


def test_mi_is_that_of_the_counts_and_not_known_before_there_is_a_partner():
    rng = np.random.default_rng(3)
    x, y = rng.random((2, 500))
    window, bank = JointWindow(UNIFORM, UNIFORM, 100), LagBank([-200, 0, 40, 60])
    window.follow(bank)
    window.extend(x[:100], y[:100])
    assert np.isnan(bank.mi(TABLE)).tolist() == [True, False, False, True]
    window.extend(x[100:], y[100:])
    expected = [plug_in(c) for c in bank.counts]
    assert bank.mi(TABLE) == pytest.approx(expected, abs=1e-12)
    assert bank.mi(TABLE)[1] == pytest.approx(window.mi, abs=1e-12)


def test_new_bins_count_the_history_again():
    rng = np.random.default_rng(4)
    x = np.concatenate([rng.normal(size=700), rng.normal(30, 5, size=900)])
    window, bank = JointWindow(QuantileBins(4), QuantileBins(4), 300), LagBank([0, 9, -250])
    window.follow(bank)
    for part in np.array_split(x, 40):
        window.extend(part, part**2)
    assert window.reading().epoch > 1
    i, j = window.x_axis.symbols(x), window.y_axis.symbols(x**2)
    for d, lag in enumerate(bank.delays):
        assert np.array_equal(bank.counts[d], delayed_counts(i, j, 300, lag))


def test_labels_have_delays_too():
    labels = np.array(list("abcabcabc" * 20), dtype=object)
    window, bank = JointWindow(Categories(list("abc")), QuantileBins(3), 60), LagBank([0, 3])
    window.follow(bank)
    window.extend(labels, np.arange(labels.size) % 3)
    assert bank.mi(TABLE) == pytest.approx([np.log2(3)] * 2)


@settings(deadline=None, max_examples=20)
@given(st.integers(1, 400), st.integers(0, 2**32))
def test_a_restored_bank_goes_on_as_if_nothing_had_happened(cut, seed):
    x, y = np.random.default_rng(seed).random((2, 600))
    window, bank = JointWindow(UNIFORM, UNIFORM, 50), LagBank([-30, 0, 80])
    window.follow(bank)
    window.extend(x[:cut], y[:cut])
    again, copy = window.copy(), LagBank([0])
    copy.restore(*bank.state())
    again.follow(copy)
    assert np.array_equal(copy.counts, bank.counts)
    for w in (window, again):
        w.extend(x[cut:], y[cut:])
    assert np.array_equal(copy.counts, bank.counts)
    assert np.array_equal(copy.mi(TABLE), bank.mi(TABLE), equal_nan=True)


@pytest.mark.parametrize("lag", [0, 1, 17, 100, 200, -33])
def test_a_delay_is_recovered_through_noise(lag):
    rng = np.random.default_rng(lag & 0xFF)
    x = rng.normal(size=3000)
    y = np.roll(x, lag) + rng.normal(size=3000)
    window, bank = JointWindow(QuantileBins(8), QuantileBins(8), 1000), LagBank(range(-200, 201))
    window.follow(bank)
    window.extend(x, y)
    profile = bank.profile(TABLE)
    assert profile.lags[np.nanargmax(profile.mi)] == lag


@pytest.mark.parametrize(
    ("delays", "said"),
    [
        ([], "delays must be between 1 and 10000 of them, got 0"),
        (range(10_001), "delays must be between 1 and 10000 of them, got 10001"),
        ([1, 2.5], r"delays must be whole numbers of samples, got \[1.0, 2.5\]"),
        ([True], "whole numbers"),
        ([1 << 70], "whole numbers"),
        (["1"], "whole numbers"),
    ],
)
def test_delays_that_cannot_be(delays, said):
    with pytest.raises(ConfigError, match=said):
        LagBank(delays)
    with pytest.raises(ConfigError, match=said):
        ShiftNull(delays=delays)
