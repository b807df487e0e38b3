"""Significance: how often it errs on signals with a memory, and what it finds."""

import numpy as np
import pytest
from scipy.signal import lfilter

from streammi import ConfigError, JointWindow, Monitor, QuantileBins, Reading, UniformBins
from streammi.config import MonitorConfig, bins, span
from streammi.core.information.lags import LagBank
from streammi.core.significance.shift_null import ShiftNull, correlation_time
from streammi.records import PairBatch
from streammi.records.verdict import verdict


def autoregressive(phi, n, rng):
    return lfilter([1], [1, -phi], rng.normal(size=n + 500))[500:]


def p_values(x, y, n, **options):
    """The p of each window that does not overlap the one before, and the null itself."""
    window, null = JointWindow(QuantileBins(8), QuantileBins(8), n), ShiftNull(**options)
    window.follow(null)
    found = []
    for start in range(0, x.size - n + 1, n):
        window.extend(x[start : start + n], y[start : start + n])
        found.append(null.complete(window.reading(), window.table(None)).p)
    return found, null


@pytest.mark.parametrize("phi", [0.0, 0.5, 0.8, 0.9, 0.95])
def test_false_alarms_of_autocorrelated_signals_keep_to_the_nominal_rate(phi):
    rng = np.random.default_rng(5)
    x, y = autoregressive(phi, 250_000, rng), autoregressive(phi, 250_000, rng)
    p = np.array([v for v in p_values(x, y, 512)[0] if v is not None])
    assert p.size > 450  # 8 % is three standard errors above the nominal rate
    assert (p <= 0.05).mean() <= 0.08


def test_dependence_is_found():
    rng = np.random.default_rng(6)
    x = rng.normal(size=30_000)
    for y in (0.3 * x + np.sqrt(0.91) * rng.normal(size=x.size), x**2 + 2 * rng.normal(size=x.size)):
        p = [v for v in p_values(x, y, 1000)[0] if v is not None]
        assert np.mean(np.array(p) <= 0.05) >= 0.9


def test_nothing_is_said_before_there_is_enough_history():
    x, y = np.random.default_rng(7).normal(size=(2, 1200))
    found, null = p_values(x, y, 100)
    warm = 100 + null.delays[-1]
    assert null.delays[0] >= 25
    assert [p is not None for p in found] == [100 * (k + 1) >= warm for k in range(12)]


def test_while_it_warms_up_the_verdict_says_so():
    monitor = Monitor(MonitorConfig(window=span(100), every=span(100), bins=bins(4), null=19))
    x = np.random.default_rng(7).normal(size=1000)
    said = [item for _, item in monitor.feed(PairBatch(x=x, y=x)) if isinstance(item, Reading)]
    doubts = [verdict(reading).removeprefix("linearly dependent") for reading in said]
    warm = [reading.p is not None for reading in said].index(True)
    due = [reading.p_due for reading in said[:warm]]
    assert doubts == [f" (untested yet: for about {n} more pairs)" for n in due] + [""] * (10 - warm)
    assert 4 <= warm < 10
    assert [abs(n - (100 * warm - 75 - 100 * k)) <= 25 for k, n in enumerate(due)] == [True] * warm
    assert [reading.p_due for reading in said[warm:]] == [None] * (10 - warm)


def test_partners_are_kept_clear_of_a_longer_memory():
    rng = np.random.default_rng(8)
    x = np.concatenate([rng.normal(size=4000), autoregressive(0.99, 8000, rng)])
    y = np.concatenate([rng.normal(size=4000), autoregressive(0.99, 8000, rng)])
    window, null = JointWindow(QuantileBins(8), QuantileBins(8), 200), ShiftNull()
    window.follow(null)
    window.extend(x[:4000], y[:4000])
    assert null.correlation_time <= 2
    assert null.delays[0] == 50
    window.extend(x[4000:], y[4000:])
    assert null.correlation_time > 25
    assert null.delays[0] >= 2 * 25


def test_memory_is_bounded():
    window, null = JointWindow(UniformBins(0, 1, 4), UniformBins(0, 1, 4), 100), ShiftNull()
    window.follow(null)
    rng = np.random.default_rng(9)
    for _ in range(60):
        window.extend(*rng.random((2, 500)))
    assert null._bank.history.kept <= 3 * (500 + 100 + null.delays[-1]) // 2


def test_levels_are_in_the_readings_unit():
    x, y = np.random.default_rng(10).normal(size=(2, 6000))
    window, null = JointWindow(QuantileBins(8), QuantileBins(8), 500), ShiftNull()
    window.follow(null)
    window.extend(x, y)
    bits, nats = (null.complete(window.reading(u), window.table(None)) for u in ("bit", "nat"))
    assert nats.null_q95 == pytest.approx(bits.null_q95 * np.log(2))
    assert bits.null_mean == pytest.approx(0, abs=0.01)
    assert (bits.p, bits.z) == (nats.p, nats.z)
    assert (bits.mi_corrected > bits.null_q95) == (bits.p < 0.05)


def peak_ps(x, y):
    window, bank = JointWindow(QuantileBins(6), QuantileBins(6), 200), LagBank(range(-10, 11))
    null = ShiftNull(39, bank)
    window.follow(bank)
    window.follow(null)
    found = []
    for start in range(0, x.size, 200):
        window.extend(x[start : start + 200], y[start : start + 200])
        found.append(null.complete(window.reading(), window.table(None)).peak_p)
    return np.array([p for p in found if p is not None])


def test_the_maximum_over_delays_is_judged_by_maxima():
    rng = np.random.default_rng(11)
    x, noise = autoregressive(0.7, 40_000, rng), autoregressive(0.7, 40_000, rng)
    assert (peak_ps(x, noise) <= 0.05).mean() <= 0.1
    assert (peak_ps(x, np.roll(x, 7) + 0.5 * noise) <= 0.05).mean() >= 0.9


def test_a_restored_null_goes_on_as_if_nothing_had_happened():
    x, y = np.random.default_rng(12).normal(size=(2, 3000))
    window, bank = JointWindow(UniformBins(-2, 2, 5), UniformBins(-2, 2, 5), 100), LagBank([-3, 0, 3])
    null = ShiftNull(19, bank)
    window.follow(bank)
    window.follow(null)
    window.extend(x[:2000], y[:2000])
    null.complete(window.reading(), window.table(None))
    again, other_bank = window.copy(), LagBank([0])
    other = ShiftNull(19, other_bank)
    other_bank.restore(*bank.state())
    other.restore(*null.state())
    again.follow(other_bank)
    again.follow(other)
    for w in (window, again):
        w.extend(x[2000:], y[2000:])
    readings = [n.complete(w.reading(), w.table(None)) for n, w in ((null, window), (other, again))]
    assert readings[0].p is not None
    assert readings[0].peak_p is not None
    assert readings[0] == readings[1]


def test_constants_have_no_p():
    window, null = JointWindow(UniformBins(0, 1, 4), UniformBins(0, 1, 4), 50), ShiftNull(19)
    window.follow(null)
    window.extend(np.full(1000, 0.5), np.random.default_rng(13).random(1000))
    reading = null.complete(window.reading(), window.table(None))
    assert reading.p is None
    assert reading.correlation_time == 0


def test_partners_are_checked():
    with pytest.raises(ConfigError, match="null must be >= 19"):
        ShiftNull(3)


@pytest.mark.parametrize(("phi", "expected"), [(0.5, 2), (0.9, 10), (0.98, 50)])
def test_correlation_time_of_an_autoregressive_signal(phi, expected):
    values = autoregressive(phi, 200_000, np.random.default_rng(14))
    assert correlation_time(values) == pytest.approx(expected, rel=0.12)  # -1 / log(phi), rounded up


def test_chance_is_never_more_than_the_window_could_hold():
    rng = np.random.default_rng(11)
    slow = np.stack([autoregressive(0.99, 4000, rng) for _ in "xy"]) * np.where(np.arange(4000) < 2500, 0.02, 1.0)
    monitor = Monitor(MonitorConfig(window=span(200), every=span(50), null=39))
    said = [item for _, item in monitor.feed(PairBatch(x=slow[0], y=slow[1])) if isinstance(item, Reading)]
    known = [reading for reading in said if reading.null_q95 is not None]
    most = np.array([min(reading.h_x, reading.h_y) for reading in known])
    assert (np.array([reading.null_q95 for reading in known]) <= most).all()
    assert (np.array([reading.null_mean for reading in known]) <= most).all()
    assert np.mean([reading.p <= 0.05 for reading in known]) < 0.2  # two slow signals that do not belong together
