"""Delays in seconds: which are kept, what is said of them, and what where samples come irregularly."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

from streammi import ConfigError, Monitor, PairBatch, analyse
from streammi.config import LagSpan, MonitorConfig, lag_range, span
from streammi.core.information import sample_interval
from streammi.monitor.delay_profile import MOST_TIMED
from streammi.records import LinkHealth

LINK = LinkHealth(endpoint="", state="connected")


def signals(lag, n=3000, step=0.25, jitter=0.0, seed=1):
    """y follows x by ``lag`` samples; times in s."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    t = 1e9 + step * np.arange(n) + jitter * step * rng.uniform(-0.5, 0.5, n)
    return PairBatch(x=x, y=np.roll(x, lag) + 0.5 * rng.normal(size=n), t=t)


def monitor_of(lags, window="250s", **more):
    return Monitor(MonitorConfig(window=span(window), every=span(500), lags=lags, **more))


def last(monitor, batch):
    found = monitor.feed(batch)
    return found[-1][1]


@pytest.mark.parametrize("lag", [6, -6, 0])
@pytest.mark.parametrize("jitter", [0.0, 0.2])
def test_in_a_time_window_delays_are_in_seconds(lag, jitter):
    for lags in ((-10, 10), LagSpan(-2.5, 2.5)):
        monitor = monitor_of(lags)
        batch = signals(lag, jitter=jitter)
        reading = last(monitor, batch)
        assert reading.peak_lag == reading.peak_lag_s == pytest.approx(lag * 0.25, rel=0.02)
        profile = monitor.snapshot(run=0, seq=0, timestamp=0, links=(LINK,)).profile
        assert profile.lag_unit == "s"
        assert (profile.lags.size, profile.lags[0]) == (21, pytest.approx(-2.5, rel=0.02))
        assert monitor.notes[0] == "peak_lag: positive means that y follows x, negative that x follows y"


def test_in_a_window_of_pairs_they_are_in_samples():
    reading = last(monitor_of((-10, 10), "1000"), signals(6))
    assert (reading.peak_lag, reading.peak_lag_s) == (6, None)
    with pytest.raises(ConfigError, match="--lags must be in samples with a window of pairs"):
        monitor_of(LagSpan(-1, 1), "1000")


def test_irregular_samples_have_no_delay_in_seconds_and_that_is_said():
    rng = np.random.default_rng(2)
    batch = signals(6)
    batch = PairBatch(x=batch.x, y=batch.y, t=1e9 + np.cumsum(rng.exponential(0.25, 3000)))
    for lags, size, said in (((-10, 10), 21, "peak_lag stays null"), (LagSpan(-2, 2), 1, "no delays are kept")):
        monitor = monitor_of(lags)
        reading = last(monitor, batch)
        assert reading.peak_lag is None
        assert reading.peak_mi is not None
        profile = monitor.snapshot(run=0, seq=0, timestamp=0, links=(LINK,)).profile
        assert (profile.lag_unit, profile.lags.size) == ("samples", size)
        assert len([note for note in monitor.notes if said in note]) == 1


def test_a_faster_feed_gets_other_delays_and_what_it_was_judged_by_starts_again():
    slow, fast = signals(4, 2000, 0.5), signals(20, 12_000, 0.05, seed=3)
    monitor = monitor_of(LagSpan(-2, 2), "20s", null=19)
    assert last(monitor, slow).peak_lag == 2.0
    assert len(monitor._readings.followers.delays.bank.delays) == 9
    reading = last(monitor, PairBatch(x=fast.x, y=fast.y, t=fast.t + 2000))
    assert reading.peak_lag == pytest.approx(1.0)
    assert len(monitor._readings.followers.delays.bank.delays) == 81
    assert reading.peak_p == 0.05  # 1 / (19 + 1)


def test_a_fine_sampling_has_its_delays_spread():
    delays = sample_interval.delays_between(-5, 5, 1e-4, MOST_TIMED)
    assert (delays.size, delays[0], delays[-1]) == (MOST_TIMED, -50_000, 50_000)
    assert set(np.diff(delays)) == {100}


def test_a_record_at_once_says_the_same():
    batch = signals(6)
    by_time = {"t": batch.t, "window": "250s", "null": 0, "detector": None}
    for lags in ((-10, 10), "-10:10", "-2500ms:2.5s"):
        found = analyse(batch.x, batch.y, lags=lags, **by_time)
        assert found.reading.peak_lag == pytest.approx(1.5)
        assert found.rolling[-1].peak_lag == pytest.approx(1.5)
        assert found.profile.lag_unit == "s"
    assert analyse(batch.x, batch.y, lags=(-10, 10), null=0, detector=None).reading.peak_lag == 6
    t = batch.t[0] + np.arange(3000.0) ** 1.5
    with pytest.raises(ConfigError, match="lags must be in samples, such as -50:50, where these come irregularly"):
        analyse(batch.x, batch.y, lags="-5s:5s", **(by_time | {"t": t}))


@pytest.mark.parametrize(
    "text",
    ["", "5", "5:", "-5s:5", "-5s:", "5s:-5s", "1s:1s", "-5x:5x", "-1.5:2", "3:2", ".s:1s", "-99999999:-99999998"],
)
def test_delays_that_cannot_be_read(text):
    with pytest.raises(ConfigError, match="--lags"):
        lag_range(text)


@pytest.mark.parametrize("lags", [(3, 2), (0.5, 2), (1,), (0, 10_000), (99_999_999_990, 99_999_999_999)])
def test_delays_that_cannot_work_are_refused_of_programs_too(lags):
    with pytest.raises(ConfigError, match="--lags must be"):
        monitor_of(lags, "1000")


def test_a_delay_is_no_longer_than_the_longest_window():
    assert lag_range("-16777216:-16777000") == (-16_777_216, -16_777_000)
    kept = sample_interval.delays_between(-9e9, 9e9, 0.5, 3)
    assert kept.tolist() == [-16_777_216, 0, 16_777_216]
    # Here a sample is 1/4 s, so that 48 days are not too long, and 49 are.
    for first, notes in ((-48 * 86400.0, 0), (-49 * 86400.0, 1)):
        monitor = monitor_of(LagSpan(first, 0.0))
        assert last(monitor, signals(0)).peak_lag == 0
        assert len([note for note in monitor.notes if "more than 16777216 samples" in note]) == notes


def test_a_constant_has_no_delay():
    batch = signals(0, 1000)
    reading = last(monitor_of((-3, 3), "500"), PairBatch(x=np.full(1000, 5.0), y=batch.y, t=batch.t))
    assert (reading.peak_lag, reading.peak_mi) == (None, None)


@given(st.floats(1e-4, 1e4), st.integers(17, 200), st.floats(0, 1 / 18), st.integers(0, 2**32))
def test_the_interval_of_regular_times(step, n, jitter, seed):
    """Each time is off by an eighteenth of the interval at most: none is a quarter off the median, whatever that is."""
    rng = np.random.default_rng(seed)
    t = step * (np.arange(n) + jitter * rng.uniform(-1, 1, n))
    assert sample_interval.interval(t) == pytest.approx((t[-1] - t[0]) / (n - 1))
    assert sample_interval.interval(t[:16]) is None
    assert sample_interval.interval(np.zeros(n)) is None


def test_times_since_the_epoch_cost_no_digits():
    assert sample_interval.interval(1.8e9 + np.arange(4000) * 0.05) == pytest.approx(0.05, rel=1e-8)


def test_a_few_gaps_are_no_irregularity_and_many_are():
    t = np.arange(1000.0)
    for gaps, regular in ((20, True), (100, False)):
        away = np.random.default_rng(4).permutation(998)[:gaps] + 1
        assert (sample_interval.interval(np.delete(t, away)) is not None) == regular
