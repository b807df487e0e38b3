"""Conditional MI and transfer entropy: held against scikit-learn, brute force, and closed forms."""

import csv
import gzip
import json
import subprocess
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest
import zmq
from command_line import streammi
from dashboard_samples import explained
from dashboard_terminal import Television
from hypothesis import given, settings, strategies as st
from programs import started
from scipy.signal import lfilter
from scipy.stats import hypergeom
from sklearn.metrics import mutual_info_score

from streammi import (
    ChannelWindow,
    ConfigError,
    EdgeBins,
    Monitor,
    MonitorConfig,
    PairBatch,
    QuantileBins,
    UniformBins,
    analyse,
)
from streammi.cli.option_groups import arguments
from streammi.cli.options import JoinOptions, PairOptions
from streammi.cli.replay_sinks import Sinks
from streammi.cli.run_replay import replay_files, run_replay
from streammi.config import FeedConfig, bins, condition, span
from streammi.core.channels.analysis import matrices_of
from streammi.core.conditional import cycle
from streammi.core.conditional.conditional_window import ConditionalWindow
from streammi.core.conditional.division import learnt_bins
from streammi.core.conditional.given_null import GivenNull
from streammi.core.conditional.indirect import explained_by, weakest_sides
from streammi.core.conditional.rolling import rolling_cmi, rolling_te
from streammi.core.conditional.transfer_window import TransferWindow, direction
from streammi.core.information import estimators
from streammi.core.kernels import conditional as kernels
from streammi.ingest.decoder import Decoder
from streammi.ingest.files.pair_file import read_pairs
from streammi.monitor import cycle_note

NATS = np.log(2)
FOUR, EIGHT = UniformBins(-3, 3, 4), UniformBins(-3, 3, 8)


def cmi_oracle(x, y, z):
    """I(X;Y|Z) in nats as the mean over z of scikit-learn's MI of x and y there."""
    return sum(np.mean(z == k) * mutual_info_score(x[z == k], y[z == k]) for k in np.unique(z))


def symbols(values, bins):
    return np.clip(np.floor((values - bins.low) * bins.count / (bins.high - bins.low)), 0, bins.count - 1).astype(int)


def chain(n, seed, r=0.8):
    rng = np.random.default_rng(seed)
    x, e, f = rng.standard_normal((3, n))
    z = r * x + np.sqrt(1 - r * r) * e
    return x, r * z + np.sqrt(1 - r * r) * f, z


def test_rolling_cmi_is_scikit_learns_of_the_same_symbols_at_every_sample():
    x, y, z = chain(1200, 1)
    said = rolling_cmi(x, y, z, 200, FOUR, FOUR, EIGHT, unit="nat")
    coded = [symbols(v, b) for v, b in ((x, FOUR), (y, FOUR), (z, EIGHT))]
    assert np.isnan(said[:199]).all()
    for end in range(200, 1201, 7):
        part = slice(end - 200, end)
        assert said[end - 1] == pytest.approx(cmi_oracle(*(c[part] for c in coded)), abs=1e-12)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.integers(1, 90), min_size=1, max_size=8),
    st.integers(2, 60),
    st.sampled_from(["plugin", "grassberger", "extrapolated"]),
    st.booleans(),
    st.integers(0, 2**32 - 1),
)
def test_a_window_is_that_of_its_own_triples_however_they_came(cuts, size, estimator, learnt, seed):
    n = sum(cuts)
    rng = np.random.default_rng(seed)
    x, y, z = rng.standard_normal((3, n))
    x[rng.random(n) < 0.1] = np.nan
    bins = (QuantileBins(4), QuantileBins(4), QuantileBins(8)) if learnt else (FOUR, FOUR, EIGHT)
    at_once, in_parts, one_by_one = (ConditionalWindow(*bins, size, estimator=estimator) for _ in range(3))
    at_once.extend(x, y, z)
    start = 0
    for cut in cuts:
        in_parts.extend(x[start : start + cut], y[start : start + cut], z[start : start + cut])
        _ = in_parts.cmi  # counted on the way
        start += cut
    for triple in zip(x, y, z, strict=True):
        one_by_one.update(*triple)
    assert at_once == in_parts == one_by_one
    assert at_once.cmi == in_parts.cmi == one_by_one.cmi
    out = np.empty(n)
    emitting = ConditionalWindow(*bins, size, estimator=estimator)
    emitting.emit(x, y, z, out)
    assert emitting.cmi == at_once.cmi
    assert at_once.cmi is None or out[-1] == at_once.cmi
    restored = at_once.copy()
    for window in (at_once, restored):
        window.extend([0.1, 0.2], [0.3, 0.1], [1.0, -1.0])
    assert restored.cmi == at_once.cmi
    assert restored == at_once


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 9), min_size=3, max_size=4), st.integers(2, 40), st.integers(0, 2**32 - 1))
def test_counts_are_those_of_numpy_in_any_number_of_bins(sizes, size, seed):
    columns = np.random.default_rng(seed).integers(0, sizes, (100, len(sizes))).astype(float)
    x, y, *z = (UniformBins(0, count, count) for count in sizes)
    window = ConditionalWindow(x, y, z, size, estimator="plugin")
    out = np.empty(100)
    window.emit(columns[:, 0], columns[:, 1], columns[:, 2:], out)
    inside = columns[-size:].astype(int)
    expected = np.zeros(sizes, dtype=int)
    np.add.at(expected, tuple(inside.T), 1)
    np.testing.assert_array_equal(window.counts, expected.reshape(sizes[0], sizes[1], -1))
    condition = np.ravel_multi_index(tuple(inside.T[2:]), sizes[2:])
    assert out[-1] * NATS == pytest.approx(cmi_oracle(inside[:, 0], inside[:, 1], condition), abs=1e-12)
    again = ConditionalWindow(x, y, z, size, estimator="plugin")
    again.extend(*inside.T[:2], inside[:, 2:])
    assert window.sums == again.sums


def test_a_masked_value_of_a_condition_is_none():
    x, y, z = chain(300, 3)
    masked, absent = np.ma.masked_array(z, np.arange(300) % 7 == 0), z.copy()
    absent[::7] = np.nan
    found, expected = (rolling_cmi(x, y, values, 50, FOUR, FOUR, EIGHT) for values in (masked, absent))
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("estimator", ["plugin", "extrapolated"])
def test_what_is_emitted_is_what_a_window_says_after_each_triple(estimator):
    x, y, z = chain(700, 2)
    x[300:] += 50  # learnt anew on the way
    out = rolling_cmi(x, y, z, 100, *learnt_bins(100), estimator=estimator, min_count=1)
    window = ConditionalWindow(*learnt_bins(100), 100, estimator=estimator)
    for k, triple in enumerate(zip(x, y, z, strict=True)):
        window.update(*triple)
        assert (np.isnan(out[k]) and window.cmi is None) or out[k] == window.cmi
    assert window.epoch > 3


def test_a_time_window_holds_the_triples_of_its_seconds():
    x, y, z = chain(400, 3)
    t = np.cumsum(np.random.default_rng(0).exponential(0.1, 400))
    window = ConditionalWindow(FOUR, FOUR, EIGHT, "5s", estimator="plugin")
    for k in range(0, 400, 13):
        window.extend(x[k : k + 13], y[k : k + 13], z[k : k + 13], t[k : k + 13])
        newest = t[: k + 13][-1]
        inside = (t[: k + 13] > newest - 5) & (t[: k + 13] <= newest)
        assert window.n == inside.sum()
        coded = [symbols(v[: k + 13][inside], b) for v, b in ((x, FOUR), (y, FOUR), (z, EIGHT))]
        assert window.cmi * NATS == pytest.approx(cmi_oracle(*coded), abs=1e-10)  # fewer digits: room for 16 M


def test_two_conditions_are_one_of_both_together():
    rng = np.random.default_rng(4)
    a, b, x = rng.integers(0, 3, (3, 3000)).astype(float)
    three = EdgeBins([-0.5, 0.5, 1.5, 2.5])
    window = ConditionalWindow(three, three, [three, three], 3000, estimator="plugin")
    window.extend(x, (x + a + b) % 3, np.column_stack([a, b]))
    assert window.cmi == pytest.approx(np.log2(3), abs=0.01)
    one = ConditionalWindow(three, three, three, 3000, estimator="plugin")
    one.extend(x, (x + a + b) % 3, a)
    assert one.cmi == pytest.approx(0, abs=0.01)
    assert window.counts.shape == (3, 3, 9)


def test_the_reading_says_what_z_explains():
    x, y, z = chain(10_000, 5)
    window = ConditionalWindow(*learnt_bins(10_000), 10_000)
    window.extend(x, y, z)
    said = window.reading("nat")
    assert said.mi_corrected == pytest.approx(-0.5 * np.log(1 - 0.64**2), abs=0.03)
    assert said.cmi_corrected == pytest.approx(0, abs=0.015)
    assert said.explained > 0.9
    assert said.h_z == pytest.approx(np.log(12), abs=1e-3)
    assert said.cells == 8 * 8 * 12
    assert said.n == 10_000


@pytest.mark.parametrize(
    "covariance",
    [
        [[1, 0, 0.6], [0, 1, 0.6], [0.6, 0.6, 1.08]],  # a collider
        [[1, 0.6, 0.5], [0.6, 1, 0.4], [0.5, 0.4, 1]],
    ],
)
def test_extrapolated_is_near_the_closed_form(covariance):
    matrix = np.array(covariance)
    sub = lambda *i: np.linalg.slogdet(matrix[np.ix_(i, i)])[1]  # noqa: E731
    truth = 0.5 * (sub(0, 2) + sub(1, 2) - sub(0, 1, 2) - sub(2))
    window = ConditionalWindow(*learnt_bins(10_000), 10_000)
    window.extend(*np.random.default_rng(6).multivariate_normal(np.zeros(3), matrix, 10_000).T)
    assert window.reading("nat").cmi_corrected == pytest.approx(truth, abs=0.03)


def test_p_is_small_of_a_direct_edge_and_not_of_what_z_explains():
    small = {"chain": 0, "direct": 0}
    for seed in range(20):
        x, y, z = chain(7000, seed)
        for name, other in (("chain", y), ("direct", y + 0.6 * x)):
            null = GivenNull()
            null.extend(x, 1000)
            small[name] += null.p(np.array([x[-1000:], other[-1000:], z[-1000:]])) <= 0.05
    assert small["chain"] <= 4
    assert small["direct"] == 20


def test_what_chance_gives_is_the_mean_over_all_orders_within_the_condition():
    """scipy's hypergeometric distribution of each cell; and a cell so large that a series says it."""
    rng = np.random.default_rng(4)
    x, y, z = rng.integers(0, 3, 3000), rng.integers(0, 2, 3000), rng.choice(4, 3000, p=[0.9, 0.06, 0.03, 0.01])
    x = np.where(z == 1, 0, x)  # a row that is empty elsewhere
    table = estimators.table("plugin", 4096, 40)
    found = np.empty(1)
    kernels.beyond_chance(x, y * 4 + z, 2, 4, np.zeros(1, dtype=np.int64), table.f, table.unit_bits, found)
    expected = 0.0
    for k in range(4):
        n = int((z == k).sum())
        for i, j in np.ndindex(3, 2):
            a, b, c = (int((z == k)[side].sum()) for side in (x == i, y == j, (x == i) & (y == j)))
            counts = np.arange(min(a, b) + 1)
            mean = hypergeom.pmf(counts, n, a, b) @ (counts * np.log2(np.maximum(counts, 1)))
            expected += c * np.log2(max(c, 1)) - mean
    assert found[0] == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize("which", [0, 1])
def test_nothing_is_left_given_one_of_the_two(which):
    x, y, _ = chain(7000, 3)
    null = GivenNull()
    null.extend(x, 1000)
    assert null.p(np.array([v[-1000:] for v in (x, y, (x, y)[which])])) > 0.05


def test_a_driver_with_a_delay_is_not_called_more_than_chance():
    """x follows z at once, y three samples later: given z they have nothing in common."""
    rng = np.random.default_rng(7)
    small = 0
    for _ in range(30):
        z, *noise = rng.standard_normal((3, 27_003))
        x, y = 0.85 * z[3:] + 0.53 * noise[0][3:], 0.85 * z[:-3] + 0.53 * noise[1][3:]
        null = GivenNull()
        null.extend(x, 3000)
        small += null.p(np.array([v[-3000:] for v in (x, y, z)])) <= 0.05
    assert small <= 5


def test_p_waits_for_the_past_it_needs():
    x, y, z = chain(3000, 8)
    null = GivenNull()
    null.extend(x, 1000)
    assert null.p(np.array([x[-1000:], y[-1000:], z[-1000:]])) is None
    with pytest.raises(ConfigError, match="null must be >= 19"):
        GivenNull(5)


# Transfer entropy -----------------------------------------------------------------------------------------------------


def te_oracle(x, y, lag):
    """Plug-in I(y_t; x_{t-lag} | y_{t-1}) in nats over all triples of arrays of symbols."""
    m = max(lag, 1)
    return cmi_oracle(y[m:], x[m - lag : x.size - lag], y[m - 1 : -1])


def coupled(n, seed, c=0.4, lag=3):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal(n)
    y = np.zeros(n)
    noise = rng.standard_normal(n)
    for t in range(1, n):
        x[t] += 0.5 * x[t - 1]
        y[t] = 0.5 * y[t - 1] + (c * x[t - lag] if t >= lag else 0) + noise[t]
    return x, y


def test_transfer_entropy_names_the_driver_and_its_delay():
    x, y = coupled(12_000, 1)
    for first, second, words in ((x, y, "x drives y"), (y, x, "y drives x")):
        window = TransferWindow(2000, delays=range(1, 7))
        window.extend(first, second)
        said = window.reading("nat")
        assert said.direction == words
        assert (said.lag_xy if words == "x drives y" else said.lag_yx) == 3


def test_transfer_windows_are_the_same_however_the_samples_came():
    x, y = coupled(3000, 2)
    x[500:510] = np.nan
    windows = [TransferWindow(400, delays=[1, 3, 7], partners=39) for _ in range(3)]
    for window, step in zip(windows, (3000, 61, 1), strict=True):
        for k in range(0, 3000, step):
            window.extend(x[k : k + step], y[k : k + step])
            if step == 61:
                window.profile()
    first, *others = (window.profile("nat") for window in windows)
    for other in others:
        np.testing.assert_array_equal(first, other)
    restored = windows[0].copy()
    np.testing.assert_array_equal(restored.profile("nat"), first)
    assert restored.reading() == windows[0].copy().reading()


def test_transfer_counts_are_those_of_brute_force():
    rng = np.random.default_rng(3)
    x, y = rng.integers(0, 2, (2, 900)).astype(float)
    y[2:] = np.where(rng.random(898) < 0.8, x[:-2], y[2:])
    window = TransferWindow(600, delays=[1, 2, 5])
    window.extend(x, y)
    forth, back = window.profile("nat")
    for k, lag in enumerate((1, 2, 5)):
        expected = te_oracle(x[-600:].astype(int), y[-600:].astype(int), lag)
        # Two symbols, two bins: nothing is extrapolated, and the correction of 8 cells is all that differs.
        assert forth[k] == pytest.approx(expected, abs=0.008)
        assert back[k] == pytest.approx(te_oracle(y[-600:].astype(int), x[-600:].astype(int), lag), abs=0.008)
    assert forth[1] > 0.2


def test_rolling_te_agrees_with_the_window():
    x, y = coupled(3000, 4)
    said = rolling_te(x, y, 1000, delay=3, unit="nat")
    assert np.isnan(said[:999]).all()
    assert np.isfinite(said[999:]).all()
    assert said[-1] > 3 * abs(rolling_te(y, x, 1000, delay=3, unit="nat")[-1])


def test_directions_need_both_sides():
    assert direction(None, 0.1, 0.01, 0.01) == "cannot say"
    assert direction(0.1, 0.1, 0.3, 0.3) == "neither"
    assert direction(0.1, 0.09, 0.01, 0.01) == "both"


@pytest.mark.parametrize(
    ("make", "rule"),
    [
        (lambda: ConditionalWindow(FOUR, FOUR, [FOUR] * 3, 100), "1 to 2 conditions"),
        (lambda: TransferWindow(100, delays=[0]), "from 1 on"),
        (lambda: TransferWindow(100, history=9), "1 to 4"),
        (lambda: rolling_te([1.0], [1.0], 10, delay=9), "1 to 8"),
        (lambda: ConditionalWindow(FOUR, FOUR, FOUR, 100).extend([1], [1], [[1, 2]]), "shape"),
        (lambda: ConditionalWindow(FOUR, FOUR, FOUR, "1s").extend([1], [1], [1]), "time window"),
    ],
)
def test_what_cannot_work_is_refused(make, rule):
    with pytest.raises(ConfigError, match=rule):
        make()


# In a monitor, and of a record ----------------------------------------------------------------------------------------


def noisy_sines(n, period, seed):
    rng = np.random.default_rng(seed)
    t = np.arange(n)
    return [1.4 * np.sin(2 * np.pi * t / period + phase) + rng.standard_normal(n) for phase in (0, 0.4)]


def monitor_of(**settings):
    return Monitor(MonitorConfig(**({"window": span(1000), "every": span(1000)} | settings)))


def test_a_monitor_tells_a_shared_cycle_from_dependence():
    x, y = noisy_sines(8000, 50, 1)
    *_, (_, last) = monitor_of(given=(condition("cycle:50"),)).feed(PairBatch(x=x, y=y))
    assert last.mi_corrected > 0.1
    assert abs(last.cmi) < 0.06
    assert last.cmi_p > 0.05
    assert last.explained > 0.8
    assert last.explained == pytest.approx((last.mi_corrected - last.cmi) / last.mi_corrected, abs=0.1)
    *_, (_, last) = monitor_of(given=(condition("cycle:50"),)).feed(PairBatch(x=x, y=y + x))
    assert last.cmi_p == 0.01


def said_of(x, y, z, **settings):
    """The last reading given z, and the verdict."""
    monitor = monitor_of(given=(condition("z"),), **settings)
    *_, (_, last) = monitor.feed(PairBatch(x=x, y=y, z=z[:, None]))
    return last, monitor.snapshot(run=0, seq=0, timestamp=0.0, links=()).verdict


def test_nothing_is_said_given_a_condition_that_has_stopped():
    """What was known of it before it stopped is of other pairs than the MI beside it."""
    x, y, z = chain(9000, 3)
    before, verdict = said_of(x[:6000], y[:6000], z[:6000])
    assert before.cmi == pytest.approx(0, abs=0.06)
    assert verdict.endswith("explained by z")
    z[6000:] = np.nan
    short, _ = said_of(x[:6400], y[:6400], z[:6400], every=span(100))
    assert short.cmi is not None
    after, verdict = said_of(x, y, z)
    assert (after.cmi, after.cmi_p, after.explained) == (None, None, None)
    assert verdict.endswith("; z not known in most of the window")
    t = np.arange(9000) / 100
    monitor = Monitor(MonitorConfig(window=span("10s"), every=span("10s"), given=(condition("z"),)))
    *_, (_, after) = monitor.feed(PairBatch(x=x, y=y, z=z[:, None], t=t))
    assert after.cmi is None


def test_a_condition_that_never_changes_explains_nothing_and_that_is_said():
    x, y, _ = chain(6000, 3)
    last, verdict = said_of(x, y, np.full(6000, 5.0))
    assert last.cmi is None
    assert verdict.endswith("z constant, which can explain nothing")
    assert analyse(x, y, given=np.full(6000, 5.0)).verdict.endswith("z constant, which can explain nothing")


def test_what_has_nothing_to_do_with_a_strong_dependence_explains_none_of_it():
    """MI of 2.3 nats, most of which the few bins of triples cannot resolve: that is nothing z accounts for."""
    rng = np.random.default_rng(5)
    x, e, z = rng.standard_normal((3, 6000))
    last, verdict = said_of(x, x + 0.1 * e, z)
    assert last.mi_corrected > 3
    assert abs(last.explained) < 0.1
    assert verdict.endswith("direct as far as z goes")


def test_x_is_no_condition_of_itself():
    with pytest.raises(ConfigError, match="nothing is left given itself"):
        FeedConfig(endpoint="", x="a", y="b", given=("b",))


def test_a_cycle_that_both_signals_show_is_hinted_at():
    x, y = noisy_sines(6000, 50, 1)
    monitor = monitor_of()
    monitor.feed(PairBatch(x=x, y=y))
    assert [note for note in monitor.notes if "cycle" in note] == [
        f"both follow a cycle of about {p} samples: try --given cycle:{p}" for p in (50,)
    ]
    assert "--given cycle:50" in monitor.snapshot(run=0, seq=0, timestamp=0.0, links=()).verdict
    assert analyse(x, y, null=0).verdict.endswith("both follow a cycle of about 50 samples: try --given cycle:50")
    assert "try" not in analyse(x, y, null=0, given="cycle:50").verdict
    assert "cycle" not in analyse(x, y).verdict  # by the null they are not dependent: it has their cycle too


def test_a_cycle_that_comes_late_is_looked_for_still_and_one_that_is_gone_no_more_hinted_at(monkeypatch):
    looks = []
    monkeypatch.setattr(cycle_note, "shared_cycle", lambda values: looks.append(1) or cycle.shared_cycle(values))
    rng = np.random.default_rng(0)
    x = rng.standard_normal(40_000)
    monitor = monitor_of()

    def verdict():
        return monitor.snapshot(run=0, seq=0, timestamp=0.0, links=()).verdict

    monitor.feed(PairBatch(x=x, y=x + rng.standard_normal(x.size)))
    assert 3 < len(looks) < 12  # 40 windows
    assert "cycle" not in verdict()
    sines = noisy_sines(12_000, 50, 1)
    monitor.feed(PairBatch(x=sines[0], y=sines[1]))  # 8 windows at most until the next look, and 3 that agree
    assert "both follow a cycle of about" in verdict()
    monitor.feed(PairBatch(x=x[:9000], y=x[:9000] + rng.standard_normal(9000)))
    assert "cycle" not in verdict()
    assert "dependent" in verdict()


def test_a_cycle_of_a_long_signal_is_found_though_a_part_is_looked_at_first():
    for period in (5, 90, 1500, 15_000):
        assert cycle.shared_cycle(np.array(noisy_sines(40_000, period, 1))) == pytest.approx(period, rel=0.03)
    assert cycle.shared_cycle(np.random.default_rng(0).random((2, 40_000))) is None
    assert cycle.shared_cycle((np.random.default_rng(0).random((2, 40_000)) < 1e-4).astype(float)) is None


@pytest.mark.parametrize("phi", [0.0, 0.9, 0.98])
def test_signals_that_are_only_slow_show_no_cycle(phi):
    rng = np.random.default_rng(0)
    for _ in range(5):
        x, y = lfilter([1], [1, -phi], rng.standard_normal((2, 12_000)))[:, 2000:]
        monitor = monitor_of()
        monitor.feed(PairBatch(x=x, y=y + 0.5 * x))
        assert not [note for note in monitor.notes if "cycle" in note]


def test_a_cycle_in_seconds_is_that_of_the_samples_times():
    x, y = noisy_sines(8000, 50, 2)
    t = np.arange(8000) / 10  # 50 samples are 5 s
    *_, (_, by_time) = monitor_of(given=(condition("cycle:5s"),)).feed(PairBatch(x=x, y=y, t=t))
    *_, (_, by_number) = monitor_of(given=(condition("cycle:50"),)).feed(PairBatch(x=x, y=y, t=t))
    assert by_time.cmi == pytest.approx(by_number.cmi, abs=0.03)  # a phase of 0.3 may be 0.29999
    *_, (_, without) = monitor_of(given=(condition("cycle:5s"),)).feed(PairBatch(x=x, y=y))
    assert without.cmi is None  # there are no times


def test_a_monitor_goes_on_from_its_state_and_does_not_mind_the_cuts():
    x, y = coupled(9000, 6)
    settings = {"given": (condition("cycle:24"),), "transfer": True, "null": 19}
    whole, parts = monitor_of(**settings), monitor_of(**settings)
    expected = whole.feed(PairBatch(x=x, y=y))
    said = []
    for k in range(0, 9000, 500):
        said += parts.feed(PairBatch(x=x[k : k + 500], y=y[k : k + 500]))
        parts.snapshot(run=0, seq=0, timestamp=0.0, links=())  # somebody looks
        again = monitor_of(**settings)
        again.restore(parts.state())
        parts = again
    assert said == expected
    assert said[-1][1].direction == 1
    assert said[-1][1].te_xy_lag == 3


def test_a_record_is_analysed_given_values_and_cycles():
    x, y, z = chain(3000, 9)
    found = analyse(x, y, given=z, transfer=True)
    assert found.verdict == "linearly dependent; explained by z"
    assert found.reading.direction == 0
    assert analyse(x, y + x, given=z).verdict.endswith(("direct as far as z goes", "partly explained by z"))
    other = np.random.default_rng(1).standard_normal(3000)
    assert analyse(x, other, given=x + other).verdict.endswith("only together with z")
    assert "z and the cycle of 50 samples" in analyse(x, y + x, given=(z, "cycle:50")).verdict


def test_a_known_delay_of_a_real_pair():
    """Box and Jenkins' gas furnace: the rate of gas drives the CO2, which follows about five samples later."""
    rate, co2 = recorded("gas_furnace/gasrate_co2.csv.gz", "gas_rate_ft3min", "co2_pct")
    reading = analyse(rate, co2, window=100, transfer=True).reading
    assert reading.direction == 1
    assert reading.te_xy_lag in (3, 4, 5, 6)


@pytest.mark.parametrize(
    ("make", "rule"),
    [
        (lambda: condition("cycle:"), "with its length"),
        (lambda: condition("cycle:1"), ">= 2 pairs"),
        (lambda: monitor_of(given=tuple(map(condition, "abc"))), "at most 2"),
        (lambda: monitor_of(given=(condition("a"),), bins=bins("categories")), "left out with --bins categories"),
        (lambda: monitor_of(transfer=True, bins=bins("categories")), "left out"),
        (lambda: monitor_of(history=2), "given with --transfer"),
        (lambda: monitor_of(transfer=True, history=0), "1 to 4"),
        (lambda: analyse([1.0] * 99, [1.0] * 99, given="z"), "values, or a cycle"),
        (lambda: analyse([1.0] * 99, [1.0] * 99, given=[1.0]), "of one length"),
    ],
)
def test_conditions_that_cannot_be_heeded_are_refused(make, rule):
    with pytest.raises(ConfigError, match=rule):
        make()


# From messages and files ----------------------------------------------------------------------------------------------


def test_conditions_come_with_the_messages_that_hold_x_and_y():
    decoder = Decoder(FeedConfig(endpoint="", x="a", y="b", given=("env/temp",)))
    batch = decoder.decode(
        [
            [b'{"a": 1, "b": 2, "env": {"temp": 3}}'],
            [b'{"a": 4, "b": 5, "env": {"temp": null}}'],
            [b'{"a": 6, "b": 7}'],
        ],
        received=0.0,
    )
    assert batch.x.tolist() == [1, 4]
    assert batch.z[0].tolist() == [3]
    assert np.isnan(batch.z[1]).all()
    assert decoder.malformed == {"no such path": 1}


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_conditions_are_columns_of_files(tmp_path, suffix):
    x, y, z = chain(200, 1)
    table = pa.table({"x": x, "y": y, "load": z})
    path = tmp_path / f"a{suffix}"
    if suffix == ".csv":
        pyarrow.csv.write_csv(table, path)
    elif suffix == ".parquet":
        pyarrow.parquet.write_table(table, path)
    else:
        path.write_text("".join(json.dumps(row) + "\n" for row in table.to_pylist()))
    batches = list(read_pairs(path, "x", "y", given=("load",)))
    np.testing.assert_allclose(np.concatenate([batch.z for batch in batches])[:, 0], z)


def test_a_replay_says_what_a_column_explains(tmp_path):
    x, y, z = chain(9000, 4)
    pyarrow.csv.write_csv(pa.table({"x": x, "y": y, "load": z}), tmp_path / "a.csv")
    with Sinks("jsonl", str(tmp_path / "out.jsonl"), None) as sinks:
        options = PairOptions(given=["load"], every="3000")
        run_replay(replay_files(str(tmp_path / "a.csv"), "x", "y", None, options, JoinOptions(), sinks, None), sinks)
    last = json.loads((tmp_path / "out.jsonl").read_text().splitlines()[-1])
    assert last["cmi_p"] > 0.05
    assert last["explained"] > 0.8
    assert last["te_xy"] is None


def test_a_live_feed_says_the_same_when_it_is_replayed(tmp_path):
    x, y, z = chain(7000, 5)
    recording = tmp_path / "feed.rec"
    with zmq.Context() as context, context.socket(zmq.PUSH) as sender:
        sender.linger = 0
        port = sender.bind_to_random_port("tcp://127.0.0.1")
        words = [f"tcp://127.0.0.1:{port}", "--pull", "--x", "a", "--y", "b", "--given", "c", "--given", "cycle:7"]
        words += ["--transfer", "--every", "500", "--record", str(recording)]
        with started("monitor", *words, stdout=subprocess.PIPE) as process:
            for row in zip(x.tolist(), y.tolist(), z.tolist(), strict=True):
                sender.send(json.dumps(dict(zip("abc", row, strict=True))).encode())
            assert process.stdout is not None
            lines = []
            while not any(b'"pairs":7000' in line for line in lines):
                lines.append(process.stdout.readline())
                assert lines[-1]
            process.terminate()
            lines += process.stdout.readlines()
    readings = [json.loads(line) for line in lines if b'"cmi"' in line]
    last = next(line for line in readings if line["pairs"] == 7000)
    assert last["explained"] > 0.7
    assert last["cmi_p"] > 0.05
    assert last["te_xy_p"] is not None
    assert streammi("replay", str(recording)).stdout.encode() == b"".join(lines)


def test_options_given_twice_reach_the_monitor_beside_a_screen():
    assert arguments(PairOptions(given=["a/b", "cycle:24h"])) == ["--given=a/b", "--given=cycle:24h"]


@pytest.mark.parametrize("size", [(200, 60), (120, 40), (80, 24)])
def test_the_screen_shows_what_is_left_and_who_drives(size):
    television = Television(explained(), size=size)
    television.show()
    words = " ".join(television.text.split())
    assert "WHY" in words
    assert "given motor/load" in words
    assert "bit left, p 0.01" in words
    if size[1] > 24:
        assert "12 samples ahead, p 0.01" in words


# Of many channels -----------------------------------------------------------------------------------------------------


def plant_of(n, seed):
    """The load drives pump and flow, the flow the valve; the noise is nobody's."""
    rng = np.random.default_rng(seed)
    load, e, f, g, noise = rng.standard_normal((5, n))
    flow = load + 0.5 * f
    return np.column_stack([load, load + 0.5 * e, flow, flow + 0.3 * g, noise])


@pytest.mark.parametrize("seed", range(3))
def test_pairs_that_depend_through_a_third_are_named_with_it(seed):
    names = ["load", "pump", "flow", "valve", "noise"]
    window = ChannelWindow(QuantileBins(), 3000, names)
    window.extend(plant_of(3000, seed))
    via = explained_by(window, matrices_of(window), 0.05)
    said = {(names[i], names[j]): names[k] for (i, j), k in np.ndenumerate(via) if i < j and k >= 0}
    # 1 in 20 that z explains is called direct all the same.
    assert said.items() <= {("load", "valve"): "flow", ("pump", "flow"): "load", ("pump", "valve"): "load"}.items()
    assert len(said) >= 2
    np.testing.assert_array_equal(via, via.T)


def test_direct_edges_are_not_called_indirect():
    mi = np.array([[0, 0.9, 0.85], [0.9, 0, 0.95], [0.85, 0.95, 0]])
    assert weakest_sides(mi, np.array([[0, 1], [0, 2], [1, 2]])).size == 0  # within a tenth
    assert weakest_sides(mi, np.array([[0, 1], [0, 2]]), tolerance=0.0).size == 0  # no triangle
    x, y, z = chain(3000, 1)
    window = ChannelWindow(QuantileBins(), 3000, ["x", "y", "z"])
    window.extend(np.column_stack([x, y + 0.4 * x, z]))
    assert (explained_by(window, matrices_of(window), 0.05) == -1).all()


@pytest.mark.parametrize("channels", [3, 5, 17])
def test_weakest_sides_are_those_of_every_triangle(channels):
    rng = np.random.default_rng(channels)
    mi = np.round(rng.random((channels, channels)), 1)  # many are alike
    mi = np.maximum(mi, mi.T)
    edges = np.argwhere(np.triu(rng.random(mi.shape) < 0.7, 1))
    linked = {tuple(edge) for edge in edges.tolist()}
    expected = {}
    for i, j in linked:
        ways = [
            (min(mi[i, k], mi[k, j]), -k)
            for k in range(channels)
            if (min(i, k), max(i, k)) in linked and (min(j, k), max(j, k)) in linked
        ]
        if ways and mi[i, j] < 0.9 * max(ways)[0]:
            expected[i, j] = -max(ways)[1]
    found = weakest_sides(mi, edges)
    assert {(i, j): k for i, j, k in found.tolist()} == expected
    strengths = mi[found[:, 0], found[:, 1]]
    assert (np.diff(strengths) <= 0).all()


def recorded(name, *columns):
    """Columns of a real recording beside the checkout."""
    path = Path(__file__).parents[2] / "shared/data" / name
    if not path.is_file():
        pytest.skip("no recordings beside the checkout")
    with gzip.open(path, "rt") as file:
        rows = list(csv.DictReader(file))
    return [np.array([float(row[column] or "nan") for row in rows]) for column in columns]


def test_upstream_drives_downstream_by_a_day():
    up, down = recorded("usgs/nf_shenandoah_daily_2008-2017.csv.gz", "q_up_01632000_cfs", "q_down_01634000_cfs")
    reading = analyse(up, down, transfer=True, window=500).reading
    assert reading.direction == 1
    assert reading.te_xy_lag == 1


def test_the_valve_explains_what_a_controlled_pair_has_in_common():
    """Of the Tennessee Eastman plant: the stripper's temperature and its steam, both set by the steam valve."""
    temperature, steam, valve = recorded("tep/normal_d00_te.csv.gz", "XMEAS18", "XMEAS19", "XMV9")
    found = analyse(temperature, steam, given=valve, window=200)
    assert found.reading.mi_corrected > 1.5
    assert found.verdict == "linearly dependent; explained by z"
    assert abs(found.reading.cmi) < 0.1
