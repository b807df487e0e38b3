"""What is an event and what is none: feeds that change in one known way, or not at all."""

import re

import numpy as np
import pytest
from scipy.signal import lfilter

from streammi import ConfigError, Event, JointWindow, Monitor, PairBatch, QuantileBins, UniformBins
from streammi.config import MonitorConfig, bins, span
from streammi.core.information.lags import LagBank
from streammi.detect.detector import Detector
from streammi.detect.level import Level
from streammi.detect.links import LinkWatch
from streammi.detect.observation import Observation
from streammi.detect.usual_readings import Usual
from streammi.records import LinkHealth


def autoregressive(phi, n, rng):
    return lfilter([np.sqrt(1 - phi * phi)], [1, -phi], rng.normal(size=n + 500))[500:]


def pair(r, n, rng, phi=0.0):
    x = autoregressive(phi, n, rng)
    return x, r * x + np.sqrt(1 - r * r) * autoregressive(phi, n, rng)


def events(x, y, n=60, bins=6, name="page-hinkley", every=10, lags=None, axis=None):
    """The events of a feed whose readings come every ``every`` samples."""
    fixed, axis = axis is not None, axis or QuantileBins(bins)
    window, detector, found = JointWindow(axis, axis, n), Detector(name, fixed_bins=(fixed, fixed)), []
    bank = None if lags is None else LagBank(lags)
    if bank:
        window.follow(bank)
    for stop in range(every, x.size + 1, every):
        window.extend(x[stop - every : stop], y[stop - every : stop])
        reading = window.reading()
        if reading is None:
            continue
        if bank:
            mi = bank.mi(window.table(None))
            peak = int(np.nanargmax(mi))
            reading = replace(reading, peak_lag=float(bank.delays[peak]), peak_mi=float(mi[peak]))
        found += detector.update(reading, float(stop))
    return found


def replace(reading, **fields):
    return type(reading)(**{f: fields.get(f, getattr(reading, f)) for f in reading.__struct_fields__})


@pytest.mark.parametrize("phi", [0.0, 0.9])
def test_a_stationary_feed_raises_no_alarm(phi):
    rng = np.random.default_rng(1)
    assert len([e for r in (0.0, 0.7) for e in events(*pair(r, 12_000, rng, phi), n=200)]) <= 1  # of 120 windows


@pytest.mark.parametrize(
    ("name", "patience"),
    [("page-hinkley", 3), ("adwin", 10), ("kswin", 8)],
)
@pytest.mark.parametrize(
    ("before", "after", "kind"), [(0.0, 0.9, "gained"), (0.9, 0.0, "lost"), (0.95, 0.7, "shifted")]
)
def test_a_change_of_level_is_reported_once_with_its_numbers(name, patience, before, after, kind):
    rng = np.random.default_rng(2)
    first, second = pair(before, 6000, rng), pair(after, 6000, rng)
    found = events(*np.concatenate([first, second], axis=1), n=200, bins=8, name=name)
    assert [e.kind for e in found] == [kind]
    (event,) = found
    assert 6000 < event.timestamp <= 6000 + patience * 200
    assert np.sign(event.size) == np.sign(after - before)
    assert event.unit == "bit"
    assert "usual spread" in event.evidence
    assert name in event.evidence


def test_how_often_readings_come_does_not_matter():
    rng = np.random.default_rng(3)
    x, y = np.concatenate([pair(0.0, 3000, rng), pair(0.9, 3000, rng)], axis=1)
    seldom, often = (events(x, y, n=100, every=every) for every in (50, 1))
    assert [(e.kind, e.timestamp) for e in seldom] == [(e.kind, e.timestamp) for e in often]


def test_a_stuck_input_is_said_to_be_that():
    rng = np.random.default_rng(4)
    x, y = pair(0.9, 9000, rng)
    y[4000:5000] = y[3999]
    found = events(x, y, n=200)
    assert [(e.kind, e.signal) for e in found] == [("stuck", "y"), ("recovered", "y")]
    assert 4000 < found[0].timestamp <= 4120
    assert 5000 < found[1].timestamp <= 5010
    assert found[0].evidence == f"y has not changed for {found[0].size} samples; before that it kept changing"
    assert found[1].evidence == f"y changes again, after {found[1].size} samples at least"
    assert found[1].size == 1001


def test_a_saturated_input_is_said_to_be_that():
    rng = np.random.default_rng(5)
    x, y = pair(0.9, 9000, rng)
    x[4000:5000] += 20
    found = events(x, y, n=200, axis=UniformBins(-4, 4, 6))
    assert [(e.kind, e.signal) for e in found] == [("saturated", "x"), ("recovered", "x")]
    assert found[0].size == pytest.approx(0.275, abs=0.03)
    assert found[0].unit == "share"


def test_labels_beyond_their_limit_are_in_no_range():
    config = MonitorConfig(window=span(200), every=span(200), bins=bins("categories:4"), detector="page-hinkley")
    monitor = Monitor(config, event_time=True)
    rng = np.random.default_rng(5)
    labels = np.concatenate((rng.integers(0, 4, 1000), rng.integers(0, 8, 1000)))  # more at a time than the limit
    said = monitor.feed(PairBatch(x=labels.astype(object), y=(labels % 2).astype(object)))
    found = [item for _, item in said if isinstance(item, Event) and item.kind == "saturated"]
    assert [e.signal for e in found] == ["x"]
    assert found[0].evidence.startswith("x had a label beyond their limit in ")
    snapshot = monitor.snapshot(run=0, seq=0, timestamp=0.0, links=(LinkHealth(endpoint="a", state="connected"),))
    assert re.fullmatch(r"x has a label beyond their limit in \d\d% of the pairs", snapshot.verdict)


@pytest.mark.parametrize(
    ("before", "said"),
    [
        (0, "y has had one value from its first sample on: 200 samples so far"),
        (1, "y has not changed for 199 samples; it did in the 1 before that"),
        (40, "y has not changed for 160 samples; it did in the 40 before that"),
        (400, "y has not changed for 100 samples; before that it kept changing"),
    ],
)
def test_what_is_said_of_a_stuck_input_is_true_from_its_first_sample_on(before, said):
    rng = np.random.default_rng(4)
    x, y = pair(0.9, 1000, rng)
    y[before:] = 5.0
    found = events(x, y, n=200, every=100, axis=UniformBins(-4, 6, 6))
    assert [(e.kind, e.signal, e.evidence) for e in found] == [("stuck", "y", said)]


def test_of_pairs_that_nobody_looked_at_nothing_is_said():
    x, y = pair(0.9, 1000, np.random.default_rng(4))
    y[:] = 5.0
    found = events(x, y, n=200, every=500, axis=UniformBins(-4, 6, 6))
    assert [e.evidence for e in found] == ["y has not changed for 200 samples"]


def test_a_run_is_said_beside_the_longest_one_before():
    rng = np.random.default_rng(6)
    y = np.repeat(rng.normal(size=1000), 4)
    y[2000:] = 1.0
    found = events(rng.normal(size=y.size), y, n=200, every=3)
    assert [e.kind for e in found] == ["stuck"]
    assert found[0].evidence.endswith("before that the longest run seen was of 4")


def test_a_signal_of_few_values_is_not_stuck():
    rng = np.random.default_rng(6)
    state = np.cumsum(rng.random(20_000) < 0.02) % 2  # on and off for 50 samples on average
    assert events(state.astype(float), state + rng.normal(size=state.size), n=1000, every=100) == []


def test_a_delay_that_moves_is_reported_as_that():
    rng = np.random.default_rng(7)
    x = rng.normal(size=8000)
    y = np.concatenate([np.roll(x, 3)[:4000], np.roll(x, 9)[4000:]]) + 0.3 * rng.normal(size=x.size)
    found = events(x, y, n=200, lags=range(-15, 16))
    assert [(e.kind, e.size, e.unit) for e in found] == [("moved", 6.0, "samples")]
    assert 4000 < found[0].timestamp <= 4400
    assert "where y follows x by 9 samples; before, where y followed x by 3 samples" in found[0].evidence


def test_a_silent_feed_is_stalled_until_it_is_back():
    watch = LinkWatch("a")
    states = [("connected", 1.0), ("stalled", 5.0), ("lost", 9.0), ("connected", 12.0), ("connected", 12.0)]
    found = [watch.update(LinkHealth(endpoint="tcp://h:1", state=s, since=t), t) for s, t in states]
    assert [[e.kind for e in f] for f in found] == [[], ["stalled"], [], ["recovered"], []]
    assert found[1][0].timestamp == 5.0
    assert (found[3][0].size, found[3][0].unit, found[3][0].pair) == (7.0, "s", "a")


def test_each_link_is_watched_by_itself():
    watch = LinkWatch("a")
    first, second = (LinkHealth(endpoint=f"tcp://h:{k}", state="stalled", since=5.0) for k in (1, 2))
    assert [e.kind for health in (first, second, first) for e in watch.update(health, 5.0)] == ["stalled", "stalled"]


def test_missing_samples_are_reported_at_once_and_then_once_a_minute():
    watch = LinkWatch("a")
    totals = [(0.0, 0), (1.0, 3), (2.0, 4), (30.0, 9), (61.5, 10), (200.0, 10)]
    found = {
        now: [(e.kind, e.size, e.unit) for e in watch.update(LinkHealth(endpoint="h", state="connected", gaps=g), now)]
        for now, g in totals
    }
    assert {now: events for now, events in found.items() if events} == {
        1.0: [("gap", 3, "samples")],
        61.5: [("gap", 7, "samples")],
    }


def test_bins_that_were_given_can_be_left_also_beside_learnt_ones():
    rng = np.random.default_rng(5)
    x, y = pair(0.9, 9000, rng)
    x[4000:5000] += 20
    y[4000:5000] *= 20
    config = MonitorConfig(window=span(200), every=span(9000), x_range=(-4, 4), detector="page-hinkley")
    said = Monitor(config, event_time=True).feed(PairBatch(x=x, y=y))
    found = [(item.kind, item.signal) for _, item in said if isinstance(item, Event)]
    assert found == [("saturated", "x"), ("recovered", "x")]


def test_what_is_found_does_not_depend_on_the_unit():
    rng = np.random.default_rng(10)
    x, y = np.concatenate([pair(0.95, 3000, rng), pair(0.7, 3000, rng)], axis=1)
    found = {}
    for unit in ("bit", "nat", "ban"):
        config = MonitorConfig(window=span(200), every=span(6000), unit=unit, detector="page-hinkley")
        said = Monitor(config, event_time=True).feed(PairBatch(x=x, y=y))
        [found[unit]] = [item for _, item in said if isinstance(item, Event)]
    assert {(e.kind, e.timestamp) for e in found.values()} == {("shifted", found["bit"].timestamp)}
    assert found["nat"].size == pytest.approx(found["bit"].size * np.log(2))
    assert found["ban"].size == pytest.approx(found["bit"].size * np.log10(2))
    assert " ban" in found["ban"].evidence


def test_a_short_burst_is_reported_at_its_height():
    rng = np.random.default_rng(8)
    x, y = pair(0.0, 9000, rng)
    y[5000:5300] = x[5000:5300]
    found = events(x, y, n=200)
    assert found[0].kind == "gained"
    assert found[0].size > 0.5
    assert 5000 < found[0].timestamp <= 5400


def test_a_level_that_falls_and_comes_back_is_said_to():
    """From a line to a parabola: in between, the window holds some of both."""
    rng = np.random.default_rng(9)
    x = rng.random(8000)
    y = np.where(np.arange(8000) < 4050, x, (2 * x - 1) ** 2) + rng.normal(0, 0.1, 8000)
    found = events(x, y, n=400, bins=9)
    assert [e.kind for e in found] == ["shifted"]
    assert found[0].size < -0.3
    assert "and is coming back (windows of 400 pairs)" in found[0].evidence


def test_a_wandering_level_is_usual_after_a_while():
    usual = Usual()
    for k in range(2000):
        usual.add(1 + 0.3 * np.sin(k), error=0.01)
    assert usual.mean == pytest.approx(1.0, abs=0.01)
    assert usual.spread == pytest.approx(0.3 / np.sqrt(2), rel=0.03)
    for _ in range(3000):
        usual.add(2.0, error=0.01)
    assert usual.mean == pytest.approx(2.0, abs=0.001)
    assert usual.spread < 0.05  # what was is forgotten


def test_settings_are_checked():
    with pytest.raises(ConfigError, match="detector must be adwin, page-hinkley, kswin"):
        Detector("cusum")
    with pytest.raises(ConfigError, match="overlap"):
        Detector(overlap=1.0)


def levels(*steps, dependent=0.06):
    """When looks, beside usual ones about 0 that spread by 0.03 bit, bring events, and which."""
    window = JointWindow(UniformBins(0, 1, 2), UniformBins(0, 1, 2), 4)
    window.extend([0.1, 0.9], [0.1, 0.9])
    reading, level = window.reading(), Level("page-hinkley", "a", "bit")
    usual = [0.02, -0.02, 0.01, -0.01, 0.0, 0.02, -0.01, 0.01, -0.02, 0.0]
    looks = [Observation(mi, 0.03, 2 * mi, 0.06, mi > dependent) for mi in (*usual, *steps)]
    found = [(k - len(usual), event) for k, look in enumerate(looks) for event in level.update(look, reading, k)]
    return [k for k, _ in found], [event for _, event in found]


def test_a_rise_is_reported_when_it_is_seen_how_far_it_goes():
    """At once where the look before had a quarter of it, as a window half of which is new has; else with the next."""
    assert levels(0.16, 0.45, 0.46)[0] == [1]
    assert levels(0.45, 0.46)[0] == [1]
    assert levels(0.16, 0.8, 0.82)[0] == [2]  # unusual, but no quarter
    assert levels(0.05, 0.45, 0.46)[0] == [2]  # as usual as others are
    assert levels(-0.16, 0.45, 0.46)[0] == [2]  # the other way


def test_a_dependence_that_no_look_alone_shows_any_more_is_reported_by_its_average():
    when, [event] = levels(0.17, 0.075, 0.075, 0.075, 0.075)
    assert when == [3]
    assert event.kind == "gained"
    assert event.size == pytest.approx(2 * np.mean([0.17, 0.075, 0.075, 0.075]), abs=0.01)
    assert "on average over 4 looks" in event.evidence


@pytest.mark.parametrize(("looks", "dependent"), [([0.15, *[0.064] * 6], 0.06), ([0.17, *[0.075] * 4], 0.08)])
def test_what_is_within_the_spread_on_average_too_or_only_wanders_is_no_change(looks, dependent, monkeypatch):
    alarms, ask = [], Level._alarms
    monkeypatch.setattr(Level, "_alarms", lambda level, mi: alarms.append(ask(level, mi)) or alarms[-1])
    assert levels(*looks, 0.0, 0.0, dependent=dependent) == ([], [])
    assert any(alarms)  # river's detector adds up what is beyond one spread
