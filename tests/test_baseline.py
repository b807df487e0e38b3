"""A baseline: what is normal is learnt from a recording or from the first stretch, and what leaves it is found."""

import math
import sys
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace
from scipy import stats

from streammi import ConfigError, Event, Monitor, PairBatch, Reading
from streammi.cli.baseline import check_baseline, stretch, with_baseline
from streammi.config import Baseline, MonitorConfig, options_of, span
from streammi.core.kernels.divergence import divergence_nats
from streammi.detect.cusum import uncertainty
from streammi.detect.shape import MOST_KEPT, Looks
from streammi.monitor.baseline import learn

sys.path.insert(0, str(Path(__file__).parents[1] / "scripts"))

import detection

SETTINGS = MonitorConfig(window=span(200), every=span(100), detector="page-hinkley")


def pair(r, n, seed):
    x, noise = np.random.default_rng(seed).normal(size=(2, n))
    return PairBatch(x=x, y=r * x + np.sqrt(1 - r * r) * noise)


def joined(*parts):
    return PairBatch(x=np.concatenate([p.x for p in parts]), y=np.concatenate([p.y for p in parts]))


def fed(config, batch):
    monitor = Monitor(config, event_time=True)
    return monitor, [item for _, item in monitor.feed(batch)]


def events(items):
    return [item for item in items if isinstance(item, Event)]


def test_a_fault_in_the_second_window_after_the_start_is_found_with_a_baseline_and_not_without():
    feed = joined(pair(0.9, 250, 1), pair(0.0, 600, 2))
    config = replace(SETTINGS, baseline=learn(SETTINGS, [pair(0.9, 3000, 0)], "normal.csv"))
    monitor, items = fed(config, feed)
    [event] = events(items)
    assert event.kind == "lost"
    assert 250 < event.timestamp <= 500
    assert " outside what was normal: " in event.evidence
    assert events(fed(SETTINGS, feed)[1]) == []
    verdict = monitor.snapshot(run=0, seq=0, timestamp=0.0, links=()).verdict
    assert "; not what was normal: " in verdict


def test_the_band_is_where_19_of_20_readings_are():
    config = replace(SETTINGS, baseline=learn(SETTINGS, [pair(0.8, 20_000, 0)], "normal.csv"))
    _, items = fed(config, pair(0.8, 40_000, 3))
    readings = [item for item in items if isinstance(item, Reading) and item.fill == 1][::2]
    inside = np.mean([r.baseline_low <= r.mi_corrected <= r.baseline_high for r in readings])
    assert 0.9 < inside < 0.99
    assert events(items) == []  # in 400 looks


def test_of_few_looks_a_reading_has_to_be_as_much_farther_out_as_students_t_is():
    for looks in (6, 14, 47, 400):
        t = stats.t.ppf(stats.norm.cdf(4), 8 + looks / 1.5 - 1) / 4
        assert uncertainty(looks) == pytest.approx(t * math.sqrt(1 + 1.5 / looks), rel=0.01)


def test_the_first_stretch_is_a_baseline_too():
    config = replace(SETTINGS, baseline=Baseline(first=span(1000)))
    monitor, items = fed(config, joined(pair(0.9, 1100, 1), pair(0.0, 600, 2)))
    assert [event.kind for event in events(items)] == ["lost"]
    assert [r.baseline_low is None for r in items if isinstance(r, Reading)][7:11] == [True, True, False, False]
    assert any(note.startswith("normal from now on is ") for note in monitor.notes)


def along(curve, n, seed):
    """A point that wanders, and where it is on a curve."""
    rng = np.random.default_rng(seed)
    x = np.cumsum(rng.normal(size=n)) * 0.1
    x = 1.5 * np.sin(x)
    return PairBatch(x=x, y=curve(x) + 0.1 * rng.normal(size=n))


def test_another_shape_with_as_much_mi_is_found_and_another_stretch_of_the_same_curve_is_not():
    normal = along(np.sin, 6000, 0)
    config = replace(SETTINGS, baseline=learn(SETTINGS, [normal], "normal.csv"))
    same, mirrored = along(np.sin, 4000, 10), along(lambda x: -np.sin(x), 1000, 20)
    assert events(fed(config, same)[1]) == []
    monitor, items = fed(config, joined(same, mirrored))
    [event] = events(items)
    assert (event.kind, event.unit) == ("reshaped", "bit")
    assert 4000 < event.timestamp <= 4400
    assert event.size > 0.2
    assert "; MI is " in event.evidence
    assert "; not the shape that was normal" in monitor.snapshot(run=0, seq=0, timestamp=0.0, links=()).verdict
    without = replace(config, baseline=replace(config.baseline, shape=None))
    assert events(fed(without, joined(same, mirrored))[1]) == []


def test_a_shape_that_comes_back_is_normal_again():
    config = replace(SETTINGS, baseline=learn(SETTINGS, [pair(0.9, 6000, 0)], "normal.csv"))
    mirrored = pair(0.9, 1500, 2)
    feed = joined(pair(0.9, 600, 1), PairBatch(x=mirrored.x, y=-mirrored.y), pair(0.9, 3000, 3))
    monitor, items = fed(config, feed)
    assert [event.kind for event in events(items)] == ["reshaped"]
    assert not monitor.normal.outside


def test_the_distance_of_shapes_is_that_of_scipy_and_does_not_see_the_margins():
    rng = np.random.default_rng(0)
    joint, normal = rng.integers(1, 60, (2, 5, 4)).astype(float)
    rows, columns = rng.random(5), rng.random(4)
    fitted = normal / normal.sum()
    for _ in range(500):
        fitted *= (joint.sum(1) / joint.sum() / fitted.sum(1))[:, None]
        fitted *= joint.sum(0) / joint.sum() / fitted.sum(0)
    expected = stats.entropy(joint.ravel(), fitted.ravel())
    assert divergence_nats(joint, normal) == pytest.approx(expected, abs=1e-9)
    assert divergence_nats(joint, normal * rows[:, None] * columns) == pytest.approx(expected, abs=1e-6)
    assert divergence_nats(joint, joint * rows[:, None] * columns) == pytest.approx(0, abs=1e-6)


def test_what_is_remembered_of_a_long_baseline_is_bounded():
    looks, rng = Looks(), np.random.default_rng(0)
    for _ in range(300):
        looks.add(rng.normal(size=(2, 10_000)))
    assert sum(window.shape[1] for window in looks.windows) <= MOST_KEPT
    shape = looks.learnt()
    assert shape.looks == len(looks.windows) > 20
    assert sum(shape.counts) == sum(window.shape[1] for window in looks.windows)
    assert abs(shape.mean) < 0.003


def test_what_comes_back_is_normal_again():
    config = replace(SETTINGS, baseline=learn(SETTINGS, [pair(0.9, 3000, 0)], "normal.csv"))
    monitor, items = fed(config, joined(pair(0.9, 600, 1), pair(0.0, 3000, 2), pair(0.9, 3000, 3)))
    assert [event.kind for event in events(items)] == ["lost", "gained"]
    assert not monitor.normal.outside


@pytest.mark.parametrize("first", [None, span(1000)])
@pytest.mark.parametrize("cut", [300, 700, 1300, 1900])
def test_a_saved_monitor_goes_on_as_if_nothing_had_been(first, cut):
    baseline = Baseline(first=first) if first else learn(SETTINGS, [pair(0.9, 3000, 0)], "normal.csv")
    config = replace(SETTINGS, baseline=baseline)
    feed = joined(pair(0.9, 1150, 1), pair(0.0, 1000, 2))
    through = fed(config, feed)[1]
    one, before = fed(config, PairBatch(x=feed.x[:cut], y=feed.y[:cut]))
    other = Monitor(config, event_time=True)
    other.restore(one.state())
    after = [item for _, item in other.feed(PairBatch(x=feed.x[cut:], y=feed.y[cut:]))]
    assert [*before, *after] == through
    assert events(through)


def test_a_file_teaches_what_its_arrays_do(tmp_path):
    normal, path = pair(0.9, 3000, 0), tmp_path / "normal.csv"
    np.savetxt(path, np.stack((normal.x, normal.y), axis=1), delimiter=",", header="a,b", comments="", fmt="%.17g")
    named = replace(SETTINGS, x_name="a", y_name="b")
    taught = learn(SETTINGS, [normal], str(path))
    assert with_baseline(named, str(path)).baseline == taught
    assert with_baseline(SETTINGS, f"{path}#a,b").baseline == replace(taught, source=f"{path}#a,b")
    assert with_baseline(named, "off").baseline is None
    assert str(taught.looks) in options_of(replace(named, baseline=taught))["--baseline"]


def test_a_baseline_that_cannot_teach_is_refused_by_its_name(tmp_path):
    path = tmp_path / "short.csv"
    path.write_text("a,b\n" + "".join(f"{k % 7},{k % 5}\n" for k in range(300)))
    named = replace(SETTINGS, x_name="a", y_name="b")
    with pytest.raises(
        ConfigError, match=r"--baseline must be at least 2 windows of 200 pairs .*300 pairs gave 2 looks"
    ):
        with_baseline(named, str(path))
    with pytest.raises(ConfigError, match=r"--baseline must be a duration .* or a file that can be read .*nofile.csv"):
        check_baseline(named, str(tmp_path / "nofile.csv"))
    with pytest.raises(ConfigError, match=r"--baseline must be a file with the columns x and y, or FILE#X,Y .*a, b"):
        check_baseline(SETTINGS, str(path))
    with pytest.raises(ConfigError, match=r"--baseline must be at least 2 windows of 200 pairs, got '399 pairs'"):
        replace(SETTINGS, baseline=stretch("399"))
    with pytest.raises(ConfigError, match=r"--baseline must be left out with --detect off"):
        with_baseline(replace(named, detector=None), str(path))
    with pytest.raises(ConfigError, match=r"--baseline must be a number of pairs or a duration .*, got '1hour'"):
        stretch("1hour")


@pytest.mark.skipif(not detection.DATA.exists(), reason="needs the recordings beside the checkout")
@pytest.mark.parametrize("case", [*detection.BROKEN, *detection.SOUND], ids=str)
def test_beside_a_normal_run_every_break_is_found_and_nothing_else(case):
    broken = case in detection.BROKEN
    assert [bool(case.found(window)) for window in detection.WINDOWS] == 3 * [broken]
