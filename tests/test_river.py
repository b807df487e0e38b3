"""The statistic for river, inside river itself."""

import copy
import datetime
import math
import pickle
import random

import numpy as np
import pytest
from river import compose, datasets, feature_selection, linear_model, metrics, preprocessing, stats, stream, utils
from sklearn.metrics import mutual_info_score

from streammi import Categories, ConditionalWindow, ConfigError, QuantileBins, TransferWindow, UniformBins
from streammi.core.conditional.division import learnt_bins
from streammi.interop.river import (
    RollingConditionalMutualInformation,
    RollingMutualInformation,
    RollingTransferEntropy,
)

UNIT = UniformBins(0, 1, 4)


def pairs(n, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.random(n)
    return [(float(a), float(b)) for a, b in zip(x, np.clip(x + rng.normal(0, 0.2, n), 0, 1), strict=True)]


def fed(statistic, data):
    for x, y in data:
        statistic.update(x, y)
    return statistic


def expected_nats(data, window):
    x, y = np.array(data[-window:]).T
    return mutual_info_score(*(np.minimum((v * 4).astype(int), 3) for v in (x, y)))


@pytest.mark.parametrize("n", [1, 7, 50, 51, 230])
def test_it_is_the_mutual_information_of_the_window(n):
    statistic = fed(RollingMutualInformation(50, UNIT, UNIT, estimator="plugin", unit="nat"), pairs(n))
    assert statistic.get() == pytest.approx(expected_nats(pairs(n), 50), abs=1e-12)
    assert statistic.n == min(n, 50)


def test_it_is_what_rivers_own_metric_says():
    metric = utils.Rolling(metrics.MutualInfo, window_size=40)
    statistic = RollingMutualInformation(40, UniformBins(0, 3, 3), UniformBins(0, 3, 3), estimator="plugin", unit="nat")
    labels = random.Random(1)
    for _ in range(300):
        x = labels.randrange(3)
        y = labels.choice((x, labels.randrange(3)))
        metric.update(y_true=x, y_pred=y)
        statistic.update(x, y)
        assert statistic.get() == pytest.approx(metric.get(), abs=1e-9)


def test_nothing_is_known_at_first():
    assert RollingMutualInformation().get() == 0.0
    assert repr(RollingMutualInformation()) == "RollingMutualInformation: 0."  # as of any statistic of river


@pytest.mark.parametrize(("size", "window"), [(30, 30), (30, 100)])
def test_rolling_takes_out_what_is_oldest(size, window):
    statistic = utils.Rolling(
        RollingMutualInformation, window_size=size, x_bins=UNIT, y_bins=UNIT, estimator="plugin", unit="nat"
    )
    data = [*pairs(80), (math.nan, 0.5), *pairs(60, seed=2)]
    statistic.obj = RollingMutualInformation(window, UNIT, UNIT, estimator="plugin", unit="nat")
    for k, pair in enumerate(data):
        statistic.update(*pair)
        inside = [p for p in data[max(k - size + 1, 0) : k + 1] if not math.isnan(p[0])]
        assert statistic.get() == pytest.approx(expected_nats(inside, size), abs=1e-12)


def test_time_rolling_takes_out_what_is_too_old():
    statistic = utils.TimeRolling(
        RollingMutualInformation, period=datetime.timedelta(seconds=10), x_bins=UNIT, y_bins=UNIT, estimator="plugin"
    )
    for k, (x, y) in enumerate(pairs(50)):
        statistic.update(x, y, t=datetime.datetime(2026, 1, 1) + datetime.timedelta(seconds=k))
    assert statistic.n == 10
    assert statistic.get() == pytest.approx(expected_nats(pairs(50), 10) / math.log(2), abs=1e-12)


def test_only_the_oldest_pair_can_be_reverted():
    statistic = fed(RollingMutualInformation(10), pairs(5))
    with pytest.raises(ConfigError, match="revert must be of the oldest pair"):
        statistic.revert(0.123, 0.456)


def test_categories_can_be_reverted():
    statistic = fed(RollingMutualInformation(10, UNIT, Categories()), [(0.1, "low"), (0.9, "high"), (0.8, "high")])
    statistic.revert(0.1, "low")
    assert statistic.n == 2
    statistic.revert(0.9, "high")
    assert statistic.n == 1


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda s: pickle.loads(pickle.dumps(s))])  # noqa: S301
def test_a_copy_goes_on_by_itself(copied):
    original = fed(RollingMutualInformation(40, QuantileBins(4)), pairs(60))
    twin = copied(original)
    assert (twin.get(), twin.n) == (original.get(), original.n)
    before = original.get()
    fed(twin, pairs(30, seed=5))
    assert original.get() == before
    assert fed(original, pairs(30, seed=5)).get() == twin.get() != before


def test_a_clone_has_the_settings_and_no_data():
    original = fed(RollingMutualInformation(40, QuantileBins(4), Categories(["a", "b"]), "zhang", "nat"), [(1.0, "a")])
    clone = original.clone()
    assert clone._get_params() == original._get_params()
    assert clone.n == 0
    assert original.clone({"window_size": 7}).window_size == 7
    assert fed(original, [(0.5, "b")] * 20).clone(include_attributes=True).n == original.n


def test_features_that_matter_are_selected_also_where_they_are_not_linear():
    """Friedman's data: y depends on the first five of ten features, on the third through a square around its middle."""
    data = datasets.synth.Friedman(seed=42).take(3000)
    chosen = {
        name: feature_selection.SelectKBest(similarity=similarity, k=5, use_abs=True)
        for name, similarity in {"mi": RollingMutualInformation(2000), "pearson": stats.PearsonCorr()}.items()
    }
    for x, y in data:
        for selector in chosen.values():
            selector.learn_one(x, y)
    kept = {name: set(selector.transform_one(x)) for name, selector in chosen.items()}
    assert kept["mi"] == {0, 1, 2, 3, 4}
    assert kept["pearson"] != kept["mi"]


def test_it_works_in_a_pipeline_for_labels():
    similarity = RollingMutualInformation(300, y_bins=Categories([False, True]))
    model = compose.Pipeline(
        feature_selection.SelectKBest(similarity=similarity, k=5),
        preprocessing.StandardScaler(),
        linear_model.LogisticRegression(),
    )
    accuracy = metrics.Accuracy()
    for x, y in datasets.Phishing().take(1200):
        prediction = model.predict_one(x)
        accuracy.update(y, prediction)
        model.learn_one(x, y)
    assert accuracy.get() > 0.8
    clone = model.clone()
    assert not clone["SelectKBest"].similarities


def test_it_takes_what_rivers_streams_give():
    statistic = RollingMutualInformation(50)
    for x, y in stream.iter_array(np.random.default_rng(1).random((60, 1)), np.arange(60)):
        statistic.update(x[0], y)
    assert statistic.n == 50


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"window_size": 1}, "window must be >= 2"),
        ({"unit": "bits"}, "unit must be bit, nat or ban"),
        ({"estimator": "best"}, "estimator must be"),
        ({"x_bins": 5}, "x_bins must be"),
    ],
)
def test_settings_are_checked(settings, message):
    with pytest.raises(ConfigError, match=message):
        RollingMutualInformation(**settings)


# Given a third signal, and which drives which -------------------------------------------------------------------------


@pytest.mark.parametrize("conditions", [1, 2])
def test_conditional_mutual_information_is_that_of_the_library(conditions):
    x, y, *z = np.random.default_rng(1).standard_normal((2 + conditions, 260))
    y = y + x + sum(z)
    statistic = RollingConditionalMutualInformation(100, conditions, unit="nat")
    assert statistic.get() == 0.0
    for row in zip(x.tolist(), y.tolist(), *(one.tolist() for one in z), strict=True):
        statistic.update(*row)
    statistic.update(math.nan, 1.0, *[1.0] * conditions)  # skipped
    x_bins, y_bins, *z_bins = learnt_bins(100, conditions)
    window = ConditionalWindow(x_bins, y_bins, z_bins, 100)
    window.extend(x, y, np.column_stack(z))
    assert statistic.get() == pytest.approx(window.cmi * math.log(2), abs=1e-12)
    assert copy.deepcopy(statistic).get() == statistic.get()


def test_a_feature_that_drives_the_target_is_selected():
    rng = np.random.default_rng(2)
    driver, follower, noise = rng.standard_normal((3, 700))
    target = 0.6 * noise
    target[1:] += driver[:-1]
    follower[1:] = target[:-1] + 0.3 * follower[1:]
    selector = feature_selection.SelectKBest(similarity=RollingTransferEntropy(600, delays=[1, 2]), k=1)
    for a, b, y in zip(driver.tolist(), follower.tolist(), target.tolist(), strict=True):
        selector.learn_one({"driver": a, "follower": b}, y=y)
    assert selector.transform_one({"driver": 1.0, "follower": 1.0}) == {"driver": 1.0}
    window = TransferWindow(600, delays=[1, 2])
    window.extend(driver, target)
    statistic = RollingTransferEntropy(600, delays=[1, 2], unit="nat")
    assert statistic.get() == 0.0
    assert statistic.reading is None
    for pair in zip(driver.tolist(), target.tolist(), strict=True):
        statistic.update(*pair)
    assert statistic.get() == window.profile("nat")[0].max()
    assert statistic.reading.lag_xy == 1
