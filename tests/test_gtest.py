"""The G-test against scipy's."""

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings, strategies as st
from scipy.special import gammaincc

from streammi import JointWindow, UniformBins
from streammi.config import MonitorConfig, span
from streammi.core.significance import gtest
from streammi.core.significance.gtest import chi_square_tail as tail, g_test
from streammi.errors import ConfigError
from streammi.monitor import Monitor
from streammi.records import PairBatch
from streammi.records.verdict import verdict


@given(st.integers(1, 400), st.floats(0, 800))
def test_the_tail_is_scipys(freedom, x):
    assert tail(x, freedom) == pytest.approx(gammaincc(freedom / 2, x / 2), rel=1e-9, abs=1e-300)


@settings(deadline=None)
@given(st.integers(0, 2**32))
def test_the_g_test_is_scipys(seed):
    counts = np.random.default_rng(seed).integers(1, 30, size=(4, 5)).astype(np.uint32)
    expected = scipy.stats.chi2_contingency(counts, correction=False, lambda_="log-likelihood").pvalue
    assert g_test(counts) == pytest.approx(expected, rel=1e-9)
    padded = np.zeros((6, 7), dtype=np.uint32)
    padded[1:5, 2:] = counts
    assert g_test(padded) == g_test(counts)
    assert g_test(counts[:1]) is None


def test_z_is_how_far_g_lies_above_its_mean():
    axis = UniformBins(0, 1, 4)
    window = JointWindow(axis, axis, 400)
    x, y = np.random.default_rng(1).random((2, 400))
    window.extend(x, 0.3 * x + 0.7 * y)
    reading = gtest.complete(window.reading("nat"), window.counts)
    kx, ky = (np.count_nonzero(c) for c in (window.x_counts, window.y_counts))
    freedom = (kx - 1) * (ky - 1)
    assert reading.z == pytest.approx((2 * 400 * reading.mi - freedom) / np.sqrt(2 * freedom))
    assert reading.p == pytest.approx(scipy.stats.chi2.sf(2 * 400 * reading.mi, freedom))
    assert (reading.test, reading.null_mean, reading.null_q95) == ("g", None, None)


def said(test, n=2000, **options):
    x = np.random.default_rng(2).normal(size=n)
    config = MonitorConfig(window=span(500), every=span(500), test=test, **options)
    found = Monitor(config).feed(PairBatch(x=x, y=x + np.random.default_rng(3).normal(size=n)))
    return [reading for _, reading in found]


def test_a_monitor_judges_by_it_when_told_to():
    assert [r.p < 1e-9 for r in said("g")] == [True] * 4
    assert verdict(said("g")[-1]) == "linearly dependent (by the G-test: if the samples are independent)"
    assert {r.p for r in said("shift")} == {None}
    assert said("shift", 6000, null=99)[-1].p == 0.01


def test_a_few_pairs_a_cell_make_the_verdict_no_surer_than_corrected_mi_is():
    rng, said, below = np.random.default_rng(6), [], 0
    for _ in range(40):
        window = JointWindow(UniformBins(0, 10_000, 45), UniformBins(0, 10_000, 45), 10_000)
        window.extend(rng.permutation(10_000), rng.permutation(10_000))
        reading = gtest.complete(window.reading(), window.counts)
        below += reading.p <= 0.05
        said.append(verdict(reading))
    assert below > 12  # of unrelated signals, of which 2 should be
    assert said.count("not distinguishable from independent") > 32


def test_fewer_than_two_pairs_a_cell_say_nothing_by_it_either():
    window = JointWindow(UniformBins(0, 1000, 31), UniformBins(0, 1000, 31), 1000)
    window.extend(*(np.random.default_rng(seed).permutation(1000) for seed in (7, 8)))
    reading = gtest.complete(window.reading(), window.counts)
    assert reading.p < 0.05
    assert verdict(reading) == "too few samples to say"


def test_a_constant_has_no_p():
    axis = UniformBins(0, 1, 4)
    window = JointWindow(axis, axis, 50)
    window.extend(np.full(50, 0.5), np.random.default_rng(4).random(50))
    reading = gtest.complete(window.reading(), window.counts)
    assert (reading.p, reading.z, reading.test) == (None, None, None)


def test_one_test_at_a_time():
    with pytest.raises(ConfigError, match="--null must be left out with --test g"):
        MonitorConfig(test="g", null=99)
    with pytest.raises(ConfigError, match="--test must be shift or g"):
        MonitorConfig(test="chi2")
