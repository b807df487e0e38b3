"""MI by nearest neighbours against scikit-learn, trees of scipy, and what must not change it."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy.spatial import cKDTree
from scipy.special import digamma
from sklearn.feature_selection import mutual_info_regression
from sklearn.feature_selection._mutual_info import _compute_mi_cc

from streammi import ConfigError, Monitor, PairBatch, Reading, analyse
from streammi.cli.options import JoinOptions, PairOptions
from streammi.cli.replay_override import Override
from streammi.config import FeedConfig, MonitorConfig, bins, span
from streammi.core.information.ksg import mi_nats
from streammi.recording.entries import Settings
from streammi.records import LinkHealth

LINK = LinkHealth(endpoint="tcp://127.0.0.1:5556", state="connected")
SEEDS = st.integers(0, 2**32 - 1)


def signals(kind: str, n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=(2, n))
    crossed = rng.random(n) < 0.5
    return {
        "independent": lambda: (a, b),
        "dependent": lambda: (a, 0.95 * a + 0.3 * b),
        "the same": lambda: (a, -2 * a),
        "heavy tails": lambda: (a / b, rng.standard_cauchy(n)),
        "all scales": lambda: (np.exp(5 * a), np.exp(5 * b)),
        "one spike": lambda: (np.append(a[1:], 1e9), a * b),
        "a cross": lambda: (np.where(crossed, 1e-6 * a, b), np.where(crossed, a, 1e-6 * b)),
        "walks": lambda: (np.cumsum(a), np.cumsum(b)),
    }[kind]()


KINDS = ["independent", "dependent", "the same", "heavy tails", "all scales", "one spike", "a cross", "walks"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("n", "k"), [(5, 4), (60, 1), (1000, 4), (700, 30)])
def test_it_is_that_of_scikit_learn(kind: str, n: int, k: int) -> None:
    """Which cuts it off at 0: what is below is held against trees of scipy."""
    x, y = signals(kind, n)
    found = mi_nats(x, y, k)
    assert found is not None
    assert max(found, 0.0) == pytest.approx(_compute_mi_cc(x / x.std(), y / y.std(), k), abs=1e-9)
    assert found == pytest.approx(by_trees(x / x.std(), y / y.std(), k), abs=1e-9)


def by_trees(x: np.ndarray, y: np.ndarray, k: int) -> float:
    """KSG's first estimator, word for word: strictly nearer than the k-th neighbour, but for rounding."""
    distances, _ = cKDTree(np.column_stack((x, y))).query(np.column_stack((x, y)), k + 1, p=np.inf)
    radius = distances[:, -1] * (1 - 1e-14)
    n_x, n_y = (cKDTree(v[:, None]).query_ball_point(v[:, None], radius, p=np.inf, return_length=True) for v in (x, y))
    return float(digamma(x.size) + digamma(k) - np.mean(digamma(n_x) + digamma(n_y)))


@settings(max_examples=40, deadline=None)
@given(SEEDS, st.integers(3, 60), st.integers(1, 8), st.sampled_from(KINDS))
def test_of_few_pairs_it_is_that_of_trees(seed: int, n: int, k: int, kind: str) -> None:
    x, y = signals(kind, n, seed)
    if n <= k:
        assert mi_nats(x, y, k) is None
    else:
        assert mi_nats(x, y, k) == pytest.approx(by_trees(x / x.std(), y / y.std(), k), abs=1e-9)


@settings(max_examples=40, deadline=None)
@given(SEEDS, st.integers(6, 80), st.integers(1, 5), st.integers(-(2**40), 2**40), st.integers(-900, 900))
def test_order_sides_place_and_scale_change_nothing(seed: int, n: int, k: int, shift: int, power: int) -> None:
    """To the last bit, of whole numbers that all differ: sums and differences of them are exact."""
    rng = np.random.default_rng(seed)
    x, y = (rng.permutation(2**14)[:n].astype(float) for _ in "xy")
    found, order = mi_nats(x, y, k), rng.permutation(n)
    assert mi_nats(x[order], y[order], k) == found
    assert mi_nats(y, x, k) == found
    assert mi_nats(x + shift, y - shift, k) == found
    assert mi_nats(np.ldexp(x, power), y, k) == found
    assert mi_nats(-x, y, k) == found
    assert mi_nats(3 * x, 0.1 * y + 7, k) == pytest.approx(found, abs=1e-12)


@pytest.mark.parametrize("scale", [5e-324, 1e-310, 1e-160, 1e160, 1.7e308 / 3000])
def test_neither_the_least_nor_the_largest_numbers_are_lost(scale: float) -> None:
    x, y = (np.round(1000 * v / abs(v).max()) + np.arange(500) / 1e4 * (scale > 1) for v in signals("dependent", 500))
    assert mi_nats(x * scale, y * scale, 4) == pytest.approx(mi_nats(x, y, 4), abs=0.02)
    both = np.append(x[1:], -1000) * scale
    assert mi_nats(both, both, 4) == pytest.approx(mi_nats(x, x, 4), abs=0.05)


@pytest.mark.parametrize("step", [0.01, 0.1, 0.3, 1.0])
@pytest.mark.parametrize("r", [0.0, 0.75, 0.95])
def test_of_values_in_steps_it_is_that_of_scikit_learn_with_its_noise(step: float, r: float) -> None:
    """Neighbours at one and the same distance have no order: without parting them it is off by 0.3 nats.

    Which pairs of a cell are how near is chance, here and there: that alone moves one value by 0.03.
    """
    errors = []
    for seed in range(6):
        x, y = np.random.default_rng(seed).normal(size=(2, 1000))
        a, b = np.round(x / step) * step, np.round((r * x + np.sqrt(1 - r * r) * y) / step) * step
        found = mi_nats(a, b, 4)
        assert found is not None
        assert found == mi_nats(a.copy(), b.copy(), 4)
        errors.append(max(found, 0.0) - mutual_info_regression(a[:, None], b, n_neighbors=4, random_state=seed)[0])
    assert abs(np.mean(errors)) < 0.03
    assert max(map(abs, errors)) < 0.1


def test_two_levels_share_what_they_share() -> None:
    x = np.random.default_rng(0).random(2000) < 0.5
    assert mi_nats(x * 1.0, x * 20.0 + 5, 4) == pytest.approx(np.log(2), abs=0.02)
    noisy = x * 1.0 + np.where(np.arange(2000) % 2, 0.0, 1e-16)  # one value, but for rounding
    assert mi_nats(noisy, x * 20.0, 4) == pytest.approx(np.log(2), abs=0.02)


def test_a_constant_has_none() -> None:
    x = np.random.default_rng(0).normal(size=50)
    for constant in (0.0, 7.3, 1e308, 5e-324):
        assert mi_nats(x, np.full(50, constant), 4) is None
        assert mi_nats(np.full(50, constant), x, 4) is None


def test_what_nobody_would_want_is_refused() -> None:
    for k in (0, -1, 101, 2000, 2.5, "4"):
        with pytest.raises(ConfigError, match=f"--ksg must be 1 to 100 neighbours, such as 4, or left out .* {k!r}"):
            MonitorConfig(ksg=k)  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match=r"--ksg must be fewer neighbours than the 4 pairs of the window, .*got 4"):
        MonitorConfig(window=span(4), ksg=4)
    with pytest.raises(ConfigError, match="--ksg must be left out with a window of more than 20,000 pairs, got 4"):
        MonitorConfig(window=span(20_001), ksg=4)
    with pytest.raises(ConfigError, match=r"--ksg must be left out with --bins categories: .*, got 4"):
        MonitorConfig(bins=bins("categories"), ksg=4)
    assert MonitorConfig(window=span(20_000), ksg=20).ksg == 20
    assert MonitorConfig(window=span(4000), ksg=100).ksg == 100
    with pytest.raises(
        ConfigError, match=r"--ksg must be at most 20 neighbours in a window of 20000 pairs \(of 100: 4,000"
    ):
        MonitorConfig(window=span(20_000), ksg=100)


def test_a_replay_with_what_it_does_not_go_with_leaves_it_out() -> None:
    """Or else a recording with --ksg could not be replayed with a longer window, or as labels."""
    recorded = Settings(monitor=MonitorConfig(ksg=7), feed=FeedConfig(endpoint="inproc://a"))

    def replayed(**given: object) -> int | None:
        return Override(given, PairOptions(**given), JoinOptions())(recorded).monitor.ksg  # type: ignore[arg-type]

    assert [replayed(), replayed(window="20s"), replayed(window="5000"), replayed(ksg=2)] == [7, 7, 7, 2]
    assert [replayed(window="50000"), replayed(window="7"), replayed(bins="categories")] == [None] * 3
    assert replayed(window="7", ksg=2) == 2
    with pytest.raises(ConfigError, match="--ksg must be left out with a window of more than 20,000 pairs, got 2"):
        replayed(window="50000", ksg=2)


@pytest.mark.parametrize("window", ["100", "2s"])
@pytest.mark.parametrize("unit", ["bit", "nat", "ban"])
def test_each_reading_has_that_of_its_window_in_its_unit(window: str, unit: str) -> None:
    x, y = signals("dependent", 1000)
    x[::50] = np.nan
    t = np.arange(1000) * 0.02
    config = MonitorConfig(window=span(window), every=span(100), unit=unit, ksg=3)  # type: ignore[arg-type]
    said = Monitor(config, event_time=True).feed(PairBatch(x=x, y=y, t=t))
    per_nat = {"bit": 1 / np.log(2), "nat": 1.0, "ban": np.log10(np.e)}[unit]
    assert len(said) == 10
    for at, reading in said:
        assert isinstance(reading, Reading)
        seen = np.isfinite(x) & (t <= at + 1e-9)
        a, b = (v[seen][-reading.n :] for v in (x, y))
        assert reading.mi_ksg == pytest.approx(per_nat * by_trees(a / a.std(), b / b.std(), 3), abs=1e-9)


@pytest.mark.parametrize(("k", "seconds"), [(4, 0.02), (20, 0.06)])
def test_it_is_made_as_often_as_it_can_be_afforded(k: int, seconds: float) -> None:
    """At 100,000 pairs/s with a reading each ten of them, 20 us of the clock pass for each pair of the window."""
    x, y = signals("independent", 25_000)
    monitor = Monitor(MonitorConfig(window=span(1000), every=span(10), ksg=k, bins=bins("4")))
    made = []
    for start in range(0, 25_000, 100):
        at = 1e9 + start * 1e-5
        said = monitor.feed(PairBatch(x=x[start : start + 100], y=y[start : start + 100], received=at))
        monitor.snapshot(run=1, seq=1, timestamp=at, links=(LINK,))
        made += [at for at, item in said if isinstance(item, Reading) and item.mi_ksg is not None]
    assert np.diff(made[-4:]) == pytest.approx(seconds, abs=0.0011)
    again = monitor.feed(PairBatch(x=x[:100], y=y[:100], received=1e9 - 3600.0))
    assert any(isinstance(item, Reading) and item.mi_ksg is not None for _, item in again)  # the clock was set back


def test_a_long_window_of_seconds_has_none() -> None:
    x, y = signals("dependent", 20_100)
    t = np.arange(20_100) / 1000
    config = MonitorConfig(window=span("1h"), every=span(6700), ksg=4, bins=bins("4"))
    said = Monitor(config, event_time=True).feed(PairBatch(x=x, y=y, t=t))
    assert [isinstance(r, Reading) and r.mi_ksg is not None for _, r in said] == [True, True, False]


def test_a_record_has_it_as_a_whole() -> None:
    x, y = signals("dependent", 1500)
    found = analyse(x, y, window=500, ksg=4, null=0, unit="nat")
    assert found.reading.mi_ksg == mi_nats(x, y, 4)
    assert all(reading.mi_ksg is not None for reading in found.rolling)
    assert analyse(x, y, window=500, null=0).reading.mi_ksg is None
