"""The extrapolated estimator against its formula by scipy, and where it is not to extrapolate."""

import math
import pickle

import msgspec
import numpy as np
import oracles
import pytest
from numpy.typing import NDArray
from scipy import stats

from streammi import Categories, JointWindow, QuantileBins, UniformBins, rolling_mi
from streammi.core.bins.binning import Bins, EdgeBins
from streammi.core.bins.number import wanted_bins
from streammi.core.information.lags import LagBank
from streammi.core.kernels import nested


def coarse(joint: NDArray[np.integer]) -> NDArray[np.integer]:
    """Bins put together two and two, a last one of an odd number by itself."""
    return np.add.reduceat(np.add.reduceat(joint, range(0, joint.shape[0], 2), 0), range(0, joint.shape[1], 2), 1)


def added_of(joint: NDArray[np.integer], estimator: str = "schuermann") -> float:
    """Which part of the step from half as many bins is added, by the formula of the docs."""
    n = int(joint.sum())
    fine, half = (oracles.mi_nats_by(estimator, counts) for counts in (joint, coarse(joint)))
    of = {"schuermann": oracles.schuermann, "zhang": oracles.zhang}[estimator]
    margins = sum(of([int(c) for c in joint.sum(k) if c]) - of([n]) for k in (0, 1))
    wanted = max(0.976 * n**0.35, 4 if n >= 32 else 2) * math.exp(0.575 * min(max(half, 0), 3))
    finer = math.exp(margins / 2) / wanted
    spread = math.log((joint > 0).sum() + (joint == 1).sum() / 2) - margins + fine
    g = min(max(spread, 0), 0.41)
    shape = 1.71 + 0.033 * math.log(min(max(n, 100), 10_000) / 1000) - 5.73 * g + 7.03 * g**2
    seen = max(fine, 0) / (max(fine, 0) + 0.9 / math.sqrt(n))
    near = min(max((math.log2(finer) + 0.9) / 0.7, 0), 1)
    added = near * shape * seen + (1 - near) * 0.85
    trust = min(max((1.678 - math.log2(finer)) / (1.678 - 0.4), 0), 1)
    return float((1 + added) * trust - 1)


def expected_bits(joint: NDArray[np.integer]) -> float:
    """The formula of the docs, in bits."""
    fine, half = (oracles.mi_nats_by("schuermann", counts) for counts in (joint, coarse(joint)))
    return float(fine + added_of(joint) * (fine - half)) / math.log(2)


def coupled(r: float, n: int, seed: int = 0) -> NDArray[np.float64]:
    x, y = np.random.default_rng(seed).normal(size=(2, n))
    return np.array([x, r * x + math.sqrt(1 - r * r) * y])


def window_of(x: NDArray[np.generic], y: NDArray[np.generic], bins: Bins, **options: object) -> JointWindow:
    window = JointWindow(bins, bins, x.size, **options)  # type: ignore[arg-type]
    window.extend(x, y)
    return window


def said(x: NDArray[np.generic], y: NDArray[np.generic], bins: Bins) -> tuple[float, float]:
    """MI in bits, extrapolated and in the bins."""
    reading = window_of(x, y, bins).reading()
    assert reading is not None
    assert reading.mi_binned is not None
    return reading.mi_corrected, reading.mi_binned


@pytest.mark.parametrize("bins", [QuantileBins(), QuantileBins(7), UniformBins(-3, 3, 12), EdgeBins([-2, -1, 0, 1, 2])])
@pytest.mark.parametrize(("n", "r"), [(40, 0.5), (300, 0.9), (300, 0.0), (2000, 0.7)])
def test_it_is_the_formula(bins: Bins, n: int, r: float) -> None:
    x, y = coupled(r, n)
    window = window_of(x, y, bins)
    assert said(x, y, bins)[0] == pytest.approx(expected_bits(window.counts.astype(int)), abs=1e-5)


@pytest.mark.parametrize("bins", [UniformBins(-3, 3, 7), QuantileBins(6)])
def test_a_window_keeps_it_at_each_sample(bins: Bins) -> None:
    x, y = coupled(0.8, 400)
    window, out = JointWindow(bins, bins, 80, estimator="extrapolated"), []
    for k in range(400):
        window.update(x[k], y[k])
        out.append(window.mi)
        if k >= 79:
            expected = expected_bits(window.counts.astype(int))
            reading = window.reading()
            assert reading is not None
            assert (window.mi, reading.mi_corrected) == pytest.approx((expected, expected), abs=1e-5)
    np.testing.assert_array_equal(rolling_mi(x, y, 80, bins, bins, estimator="extrapolated")[79:], out[79:])
    window.evict()
    assert window.mi == pytest.approx(expected_bits(window.counts.astype(int)), abs=1e-5)
    for again in (window.copy(), pickle.loads(pickle.dumps(window))):  # noqa: S301
        assert again == window
        again.extend(x, y)
        window_again = window.copy()
        window_again.extend(x, y)
        assert again.mi == window_again.mi


def test_a_window_of_seconds_keeps_it_too() -> None:
    x, y = coupled(0.8, 500)
    window = JointWindow(UniformBins(-3, 3, 8), UniformBins(-3, 3, 8), "10s", estimator="extrapolated")
    window.extend(x, y, np.arange(500) / 12)
    assert window.n == 120
    assert window.mi == pytest.approx(expected_bits(window.counts.astype(int)), abs=1e-5)


def test_each_delay_has_its_own() -> None:
    x, y = coupled(0.9, 1500)
    window, bank = JointWindow(QuantileBins(10), QuantileBins(10), 1000), LagBank([-2, 0, 3])
    window.follow(bank)
    window.extend(x, y)
    profile = bank.profile(window.table(None))
    expected = [expected_bits(joint.astype(int)) for joint in bank.counts]
    np.testing.assert_allclose(profile.mi, expected, atol=1e-5)
    binned = [oracles.mi_nats_by("schuermann", joint.astype(int)) / math.log(2) for joint in bank.counts]
    assert profile.binned is not None
    np.testing.assert_allclose(profile.binned, binned, atol=1e-9)


@pytest.mark.parametrize(
    ("levels", "bins"),
    [
        (2, QuantileBins()),
        (8, QuantileBins()),
        (8, UniformBins(0, 8, 8)),
        (8, UniformBins(0, 8, 21)),
        (3, QuantileBins(9)),
    ],
)
def test_signals_of_few_values_are_not_extrapolated(levels: int, bins: Bins) -> None:
    rng = np.random.default_rng(1)
    x = rng.integers(0, levels, 1000)
    y = np.where(rng.random(1000) < 0.2, rng.integers(0, levels, 1000), x)
    extrapolated, binned = said(x.astype(float), y.astype(float), bins)
    assert extrapolated == binned
    streamed = rolling_mi(x, y, 1000, bins, bins, estimator="extrapolated")[-1]
    assert streamed == pytest.approx(binned, abs=1e-12)


def test_labels_are_not_extrapolated_and_a_number_beside_them_is() -> None:
    rng = np.random.default_rng(2)
    x = rng.integers(0, 3, 2000)
    y = x + 0.4 * rng.normal(size=2000)
    labels = np.array(list("abc"), dtype=object)[x]
    both = window_of(labels, labels[::-1].copy(), Categories()).reading()
    assert both is not None
    assert both.mi_corrected == both.mi_binned
    window = JointWindow(Categories(), QuantileBins(12), 2000)
    window.extend(labels, y)
    beside = window.reading()
    assert beside is not None
    assert beside.mi_binned is not None
    grid = np.linspace(-4, 6, 4001)
    density = np.array([stats.norm.pdf(grid, k, 0.4) for k in range(3)])
    truth = np.log2(3) - np.trapezoid(
        density.sum(0) / 3 * stats.entropy(density / density.sum(0), base=2, axis=0), grid
    )
    assert abs(beside.mi_corrected - truth) < abs(beside.mi_binned - truth)


@pytest.mark.parametrize("levels", [16, 24, 40])
def test_a_channel_of_many_levels_is_not_said_to_carry_more_than_it_does(levels: int) -> None:
    """Two and more levels a bin: what further halving could bring ends at single levels."""
    rng, found = np.random.default_rng(3), []
    truth = math.log2(levels / 2)  # a noisy typewriter: each key is itself or its neighbour
    for _ in range(40):
        x = rng.integers(0, levels, 1000)
        y = (x + rng.integers(0, 2, 1000)) % levels
        found.append(said(x.astype(float), y.astype(float), QuantileBins(10))[0])
    assert np.mean(found) <= truth + 2 * np.std(found) / math.sqrt(40)


def test_a_heavy_value_stays_by_itself_and_the_rest_is_extrapolated() -> None:
    rng, found = np.random.default_rng(4), []
    truth = 1 + 0.5 * -0.5 * math.log2(1 - 0.9**2)  # whether they are 0, and half of the time a Gaussian pair
    for seed in range(20):
        x, y = coupled(0.9, 2000, seed)
        x[rng.random(2000) < 0.5] = 0
        y[x == 0] = 0
        found.append(said(x, y, QuantileBins(12)))
    extrapolated, binned = np.mean(found, axis=0)
    assert abs(extrapolated - truth) < abs(binned - truth)
    assert extrapolated == pytest.approx(truth, abs=0.06)


def test_bins_that_are_too_fine_for_the_pairs_are_put_together() -> None:
    found = [said(*coupled(0, 500, seed), QuantileBins(32)) for seed in range(60)]
    extrapolated, binned = np.mean(found, axis=0)
    assert abs(extrapolated) < 0.03
    assert binned > 0.1


def test_turns_that_the_bins_of_unrelated_pairs_do_not_resolve_are_seen() -> None:
    found = []
    for seed in range(12):
        x, noise = np.random.default_rng(seed).random((2, 200))
        found.append(said(x, np.sin(8 * math.pi * x) + noise / 2, QuantileBins())[0])
    assert np.mean(found) > 0.7


def test_dependent_pairs_have_finer_bins_and_a_new_dependence_other_ones() -> None:
    numbers = [window_of(*coupled(r, 1000), QuantileBins()).x_counts.size for r in (0, 0.75, 0.95, 0.995)]
    assert numbers == sorted(numbers)
    assert numbers[0] == wanted_bins(1000, 0)
    assert numbers[-1] > 2 * numbers[0]
    window = JointWindow(QuantileBins(), QuantileBins(), 1000)
    for r, number in ((0.99, 34), (0.0, 10), (0.99, 34)):
        window.extend(*coupled(r, 4000, int(100 * r)))
        assert window.x_counts.size == pytest.approx(number, abs=4)
        reading = window.reading("nat")
        assert reading is not None
        assert reading.mi_corrected == pytest.approx(-0.5 * math.log(1 - r * r), abs=0.15)


def zhang_bits(joint: NDArray[np.integer]) -> float:
    """MI of a histogram by Zhang's estimator."""
    return oracles.mi_nats_by("zhang", joint) / math.log(2)


@pytest.mark.parametrize(("n", "digits"), [(60, 9), (1_500, 9), (1_500, 1)])  # of one digit many values are the same
def test_a_reading_says_what_the_windows_own_values_say_wherever_its_ring_begins(n: int, digits: int) -> None:
    x, y = (v.round(digits) for v in coupled(0.8, 2 * n + 77))
    axis = UniformBins(-3, 3, 12)
    window, fresh = JointWindow(axis, axis, n), JointWindow(axis, axis, n)
    for k in range(0, x.size, 41):
        window.extend(x[k : k + 41], y[k : k + 41])
    x, y = x[-n:], y[-n:]
    fresh.extend(x, y)
    assert window.batch_errors() == fresh.batch_errors()
    said, anew = (one.reading(estimator="plugin") for one in (window, fresh))
    assert said is not None
    assert anew is not None
    assert msgspec.structs.replace(said, pairs=n, clipped=anew.clipped) == anew
    assert said.pearson_r == pytest.approx(np.corrcoef(x, y)[0, 1], abs=1e-13)
    shares = []
    for values, dh, h in ((x, said.dh_x, said.h_x), (y, said.dh_y, said.h_y)):
        symbols, bits, same, others = axis.symbols(values), 0.0, 0, 0
        for k in np.unique(symbols).tolist():
            held = values[symbols == k]
            same, others = same + int((held == held[0]).sum()) - 1, others + held.size - 1
            low, high = values.min() if k == 0 else axis.edges[k], values.max() if k == 11 else axis.edges[k + 1]
            beyond = high - held.mean() if k == 0 else held.mean() - low
            bits += held.size * min(math.log2(high - low), math.log2(math.e * beyond) if k in (0, 11) else math.inf)
        assert dh == pytest.approx(h + bits / n, abs=1e-12)
        shares.append(same / others)
    grain = window.table("extrapolated").grain
    assert grain is not None
    assert grain.weight == pytest.approx(1 - max(shares), abs=1e-15)


@pytest.mark.parametrize(("n", "bins"), [(203, 6), (2_003, 6), (30_011, 2)])  # few and many pairs a cell; very many
def test_the_error_for_a_memory_is_that_of_leaving_out_each_tenth(n: int, bins: int) -> None:
    x, y = coupled(0.7, n)
    axis = UniformBins(-3, 3, bins)
    window = JointWindow(axis, axis, n)
    window.extend(np.roll(x, n // 3), np.roll(y, n // 3))
    window.extend(x, y)
    i, j = axis.symbols(x), axis.symbols(y)
    left, added = [], added_of(window.counts.astype(int), "zhang")
    for run in range(10):
        keep = np.ones(n, dtype=bool)
        keep[n % 10 + n // 10 * run :][: n // 10] = False
        joint = np.zeros((bins, bins), dtype=int)
        np.add.at(joint, (i[keep], j[keep]), 1)
        left.append(zhang_bits(joint) + added * (zhang_bits(joint) - zhang_bits(coarse(joint))))
    assert window.batch_errors()[0] == pytest.approx(1.154 * math.sqrt(9 * np.var(left)), rel=2e-3)


def test_the_error_is_that_of_leaving_out_each_pair() -> None:
    x, y = coupled(0.9, 150)
    window = window_of(x, y, UniformBins(-3, 3, 6))
    reading, joint, n = window.reading("nat"), window.counts.astype(int), 150
    assert reading is not None
    added = added_of(joint)

    def of(counts: NDArray[np.integer]) -> float:
        fine, half = (oracles.mi_nats_by("zhang", one) for one in (counts, coarse(counts)))
        return fine + added * (fine - half)

    cells = [(c, of(joint - (np.arange(36).reshape(6, 6) == k))) for k, c in enumerate(joint.ravel()) if c]
    counts, left = np.array(cells).T
    mean = (counts * left).sum() / n
    variance = (n - 1) / n * float((counts * (left - mean) ** 2).sum())
    fine, half = (oracles.mi_nats_of_counts(c) - oracles.mi_nats_by("schuermann", c) for c in (joint, coarse(joint)))
    unrelated = (half + (1 + added) ** 2 * (fine - half)) / n
    step = oracles.mi_nats_by("schuermann", joint) - oracles.mi_nats_by("schuermann", coarse(joint))
    expected = math.sqrt(max(variance - unrelated, unrelated) + (0.36 * added * step) ** 2)
    assert reading.stderr == pytest.approx(expected, rel=0.02)


@pytest.mark.parametrize(
    ("law", "error"),
    [
        (stats.norm(5, 0.01), 0.03),
        (stats.norm(0, 1e6), 0.03),
        (stats.uniform(0, 1e-3), 0.02),
        (stats.expon(scale=3), 0.04),
        (stats.t(3), 0.09),
    ],
)
@pytest.mark.parametrize("bins", [QuantileBins(), UniformBins(-1e9, 1e9, 1000)])
def test_differential_entropies(law: stats.rv_continuous, error: float, bins: Bins) -> None:
    rng = np.random.default_rng(5)
    x, y = law.rvs((2, 4000), random_state=rng)
    if isinstance(bins, UniformBins):
        bins = UniformBins(float(x.min()), float(x.max()), 24)
    reading = window_of(x, y, bins).reading("nat")
    assert reading is not None
    assert reading.dh_x == pytest.approx(float(law.entropy()), abs=error)
    assert reading.dh_y == pytest.approx(float(law.entropy()), abs=error)
    assert reading.dh_xy == pytest.approx(reading.dh_x + reading.dh_y - reading.mi_corrected)  # type: ignore[operator]


def test_what_has_no_density_has_no_differential_entropy() -> None:
    rng = np.random.default_rng(6)
    x = rng.normal(size=500)
    for y in (np.ones(500), rng.integers(0, 5, 500), np.where(rng.random(500) < 0.3, 0, rng.normal(size=500))):
        reading = window_of(x, y.astype(float), QuantileBins(8)).reading()
        assert reading is not None
        assert reading.dh_x is not None
        assert (reading.dh_y, reading.dh_xy) == (None, None)
    labels = window_of(np.array(["a", "b"] * 20, dtype=object), np.array(["a", "b"] * 20, dtype=object), Categories())
    reading = labels.reading()
    assert reading is not None
    assert (reading.dh_x, reading.dh_y, reading.dh_xy) == (None, None, None)


def test_the_cells_that_hold_a_pair_are_counted_with_the_sums() -> None:
    """2 for each, 3 for one that holds one pair alone, in the lowest digits, while pairs come and go."""
    x, y = coupled(0.6, 900)
    bins = UniformBins(-3, 3, 24)
    for size in (7, 200, "20s"):
        window = JointWindow(bins, bins, size, estimator="extrapolated")
        for k in range(0, 900, 30):
            window.extend(x[k : k + 30], y[k : k + 30], np.arange(k, k + 30) / 10)
            held = 2 * (window.counts > 0).sum() + (window.counts == 1).sum()
            assert window.sums[2] & nested.HELD == held


def test_more_is_added_where_pairs_end_at_an_edge_than_where_they_thin_out() -> None:
    rng, added = np.random.default_rng(7), []
    u = rng.random(10_000)
    for x, y in ((u, u + rng.uniform(-0.3, 0.3, u.size)), coupled(0.8, 10_000)):
        window = window_of(x, y, QuantileBins(32))
        added.append(added_of(window.counts.astype(int)))
        assert said(x, y, QuantileBins(32))[0] == pytest.approx(expected_bits(window.counts.astype(int)), abs=1e-7)
    assert added[0] > added[1] + 0.4 > 0.8


def test_mi_of_unrelated_signals_scatters_little_about_0() -> None:
    found = np.array([said(*coupled(0, 500, seed), QuantileBins()) for seed in range(200)])
    assert abs(found[:, 0].mean()) < 0.006
    assert found[:, 0].std() < 1.75 * found[:, 1].std()
