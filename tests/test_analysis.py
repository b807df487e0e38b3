"""Recorded arrays at once, against scikit-learn, scipy and a window that is fed the same."""

import gzip
import re
from pathlib import Path

import numpy as np
import pytest
from scipy.signal import lfilter
from scipy.stats import spearmanr
from sklearn.metrics import mutual_info_score

import streammi
from streammi import ConfigError, QuantileBins, analyse

DATA = Path(__file__).parents[2] / "shared/data"


def autoregressive(phi, n, rng):
    return lfilter([1], [1, -phi], rng.normal(size=n + 500))[500:]


def test_the_whole_record_is_one_window():
    rng = np.random.default_rng(1)
    x = rng.normal(size=3000)
    y = x + rng.normal(size=3000)
    y[7] = np.nan
    found = analyse(x, y, bins=8, unit="nat")
    kept = np.isfinite(y)
    i, j = (QuantileBins(8).learn(v[kept]).symbols(v[kept]) for v in (x, y))
    assert found.reading.mi == pytest.approx(mutual_info_score(i, j), abs=1e-12)
    assert found.reading.spearman_r == pytest.approx(spearmanr(x[kept], y[kept]).statistic)
    assert (found.reading.n, found.reading.nonfinite, found.reading.fill) == (2999, 1, 1.0)
    assert found.reading.p == 0.01
    assert found.verdict == "linearly dependent"
    assert found.profile is None


def test_rolling_readings_are_those_of_the_window():
    rng = np.random.default_rng(2)
    x, y = rng.normal(size=(2, 1500))
    found = analyse(x, y, window=500, bins=6, null=0)
    assert found.at.tolist() == list(range(50, 1501, 50))
    window = streammi.JointWindow(QuantileBins(6), QuantileBins(6), 500)
    window.extend(x, y)
    assert found.rolling[-1].mi == pytest.approx(window.mi, abs=1e-12)
    assert found.events == ()


def test_two_slow_signals_are_not_called_dependent():
    rng = np.random.default_rng(3)
    p = [analyse(*(autoregressive(0.95, 3000, rng) for _ in "xy"), detector=None).reading.p for _ in range(40)]
    assert np.mean(np.array(p) <= 0.05) <= 0.1


def test_what_correlation_does_not_see():
    rng = np.random.default_rng(4)
    x = rng.uniform(-1, 1, 4000)
    found = analyse(x, x**2 + 0.1 * rng.normal(size=x.size))
    assert found.verdict == "dependent but not linearly"


@pytest.mark.parametrize("lag", [0, 13, 77, 200, -31])
def test_delays_are_found_in_the_record(lag):
    rng = np.random.default_rng(lag & 0xFF)
    x = rng.normal(size=4000)
    found = analyse(x, np.roll(x, lag) + rng.normal(size=x.size), lags=(-200, 200), null=39, detector=None)
    assert found.reading.peak_lag == lag
    assert found.reading.peak_p == 1 / 40
    assert found.profile.lags[np.argmax(found.profile.mi)] == lag


def test_no_delay_is_significant_where_there_is_none():
    rng = np.random.default_rng(5)
    found = [analyse(*rng.normal(size=(2, 1000)), lags=(-20, 20), null=39, detector=None) for _ in range(30)]
    assert np.mean([f.reading.peak_p <= 0.05 for f in found]) <= 0.15


def test_changes_are_events_with_their_time():
    rng = np.random.default_rng(6)
    x = rng.normal(size=9000)
    y = np.where(np.arange(9000) < 5000, rng.normal(size=9000), x + 0.3 * rng.normal(size=9000))
    t = 1e9 + 0.5 * np.arange(9000)
    by_pairs, by_time = analyse(x, y, t=t, window=400, null=0), analyse(x, y, t=t, window="200s", null=0)
    for found in (by_pairs, by_time):
        assert [e.kind for e in found.events] == ["gained"]
        assert 0 < found.events[0].timestamp - t[5000] <= 400
    assert by_pairs.rolling[-1].t1 == t[-1]


def test_labels():
    rng = np.random.default_rng(7)
    x = rng.integers(0, 3, 2000)
    y = (x + (rng.random(2000) < 0.1)) % 3
    found = analyse(np.array(list("abc"))[x], y, bins="categories", detector=None)
    assert found.reading.mi == pytest.approx(mutual_info_score(x, y) / np.log(2))
    assert found.reading.p == 0.01
    assert found.verdict == "dependent"


def test_a_short_record_has_no_p():
    x = np.sin(np.arange(40) / 20)
    found = analyse(x, x**2)
    assert found.reading.p is None
    ramp = QuantileBins().learn(x).symbols(x) - 1.0  # 3 bins: about 0 on the average
    ramp -= ramp.mean()
    overlaps = np.correlate(ramp, ramp, "full")[39:]
    assert found.reading.correlation_time == np.argmax(overlaps < overlaps[0] / np.e)


def test_a_short_record_says_how_long_it_should_be():
    x = np.random.default_rng(0).normal(size=500)  # without memory, so that it is the same for all lengths
    found = analyse(x[:40], x[:40], lags=(-5, 5))
    said = re.search(r"\(untested: about (\d+) samples are needed, 40 are there\)$", found.verdict)
    needed = int(said[1])
    assert analyse(x[: needed - 1], x[: needed - 1], lags=(-5, 5)).reading.p is None
    assert analyse(x[:needed], x[:needed], lags=(-5, 5)).reading.p is not None
    assert analyse(x[:40], x[:40], null=0).verdict == "linearly dependent (untested without null)"


def test_what_cannot_be_analysed_is_refused():
    with pytest.raises(ConfigError, match="of one length"):
        analyse([1.0, 2.0], [1.0])
    with pytest.raises(ConfigError, match="16 or more finite pairs"):
        analyse([1.0, 2.0], [1.0, np.nan])
    with pytest.raises(ConfigError, match="window must be a number of pairs where there are no times t"):
        analyse(np.arange(50.0), np.arange(50.0), window="10s")


@pytest.mark.skipif(not DATA.exists(), reason="needs the recordings beside the checkout")
def test_known_delays_of_real_pairs():
    def columns(path, *which):
        with gzip.open(DATA / path, "rt") as lines:
            return np.genfromtxt(lines, delimiter=",", skip_header=1, usecols=which).T

    furnace = analyse(*columns("gas_furnace/gasrate_co2.csv.gz", 0, 1), lags=(-20, 20), window=100)
    assert furnace.reading.peak_lag == 5
    up, down = np.log(columns("usgs/nf_shenandoah_daily_2008-2017.csv.gz", 1, 2))
    assert analyse(up, down, lags=(-10, 10)).reading.peak_lag == 1


def test_a_baseline_is_another_record_or_the_first_stretch():
    rng = np.random.default_rng(0)

    def pair(r, n):
        x, noise = rng.normal(size=(2, n))
        return np.array([x, r * x + np.sqrt(1 - r * r) * noise])

    normal, record = pair(0.9, 4000), np.concatenate([pair(0.9, 250), pair(0.0, 600)], axis=1)
    assert analyse(*record, window=200, null=0).events == ()
    [event] = analyse(*record, window=200, null=0, baseline=normal).events
    assert event.kind == "lost"
    assert 250 < event.timestamp <= 500
    stretch = np.concatenate([normal[:, :1000], record], axis=1)
    assert [e.kind for e in analyse(*stretch, window=200, null=0, baseline=1000).events] == ["lost"]
    with pytest.raises(ConfigError, match=r"baseline must be at least 2 windows of 200 pairs .*300 pairs gave"):
        analyse(*record, window=200, baseline=(normal[0, :300], normal[1, :300]))
    with pytest.raises(ConfigError, match=r"baseline must be the arrays \(x, y\)"):
        analyse(*record, window=200, baseline=[normal[0]])
