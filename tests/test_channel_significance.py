"""What stands out among many channels: few edges are false, also of slow signals; orders are those of brute force."""

import numpy as np
import pytest
from scipy.signal import lfilter
from scipy.stats import false_discovery_control, kstest
from sklearn.metrics import mutual_info_score

from streammi import ChannelWindow, QuantileBins, UniformBins
from streammi.core.channels import ranking
from streammi.core.channels.significance import Significance, _lags, adjusted
from streammi.records import FloatArray, triangles

UPPER = np.triu_indices(32, 1)


def memories(n: int, phi: FloatArray, seed: int) -> FloatArray:
    """AR(1) channels with these coefficients, rows (n, C)."""
    noise = np.random.default_rng(seed).normal(size=(n + 500, phi.size))
    return np.column_stack([lfilter([1.0], [1.0, -p], noise[:, c]) for c, p in enumerate(phi)])[500:]


def significance_of(rows: FloatArray) -> Significance:
    window = ChannelWindow(QuantileBins(8), len(rows))
    window.extend(rows)
    return window.significance()


@pytest.mark.parametrize("phi", [0.0, 0.9, 0.98])
def test_p_is_even_where_nothing_depends_whatever_the_memory(phi: float) -> None:
    """By the G-test 73 % of such pairs are below 0.05 at phi 0.9."""
    rates, least = [], []
    for seed in range(3):
        found = significance_of(memories(1000, np.full(32, phi), seed))
        p = found.p[UPPER]
        rates.append(np.mean(p < 0.05))
        least.append(found.q[UPPER].min())
    assert 0.03 < np.mean(rates) < 0.07
    assert np.sum(np.array(least) <= 0.05) <= 1


def test_slow_and_fast_channels_have_one_null() -> None:
    """Also p of the slow channels' pairs alone, and of the fast ones' alone, is even, but for what channels share."""
    phi = np.repeat([0.0, 0.95], 16)
    slow, fast = [], []
    for seed in range(4):
        p = significance_of(memories(1000, phi, seed)).p
        fast.append(p[:16, :16][np.triu_indices(16, 1)])
        slow.append(p[16:, 16:][np.triu_indices(16, 1)])
    assert kstest(np.concatenate(fast), "uniform").statistic < 0.08
    assert kstest(np.concatenate(slow), "uniform").statistic < 0.12


def test_lags_stand_for_the_pairs_of_rows_that_are_so_far_apart() -> None:
    lags, weights = _lags(50, n := 200)
    came = np.arange(n)
    apart = came[:, None] - came
    moved = (came + 70) % n
    seam = np.where(moved[:, None] - moved == apart, apart, n)  # none across it
    for there, own in zip((apart, seam), weights, strict=True):
        far = np.abs(there[np.abs(there) <= lags[-1]])
        assert own.sum() == pytest.approx(far.size / n)
        assert own @ lags == pytest.approx(far.sum() / n)


def test_edges_are_found_linear_or_not() -> None:
    rows = memories(1000, np.resize([0.0, 0.9], 32), 1)
    rows /= rows.std(axis=0)
    rows[:, 7] += 2 * rows[:, 3]
    rows[:, 20] += 1.5 * rows[:, 11] ** 2
    q = significance_of(rows).q
    edges = {(i, j) for i, j in zip(*UPPER, strict=True) if q[i, j] <= 0.05}
    assert {(3, 7), (11, 20)} <= edges
    assert len(edges) <= 4
    assert np.array_equal(q, q.T, equal_nan=True)


def test_missing_values_are_moved_with_their_rows() -> None:
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(800, 8))
    rows[:, 1] += 2 * rows[:, 0]
    rows[rng.random(rows.shape) < 0.3] = np.nan
    found = significance_of(rows)
    assert found.q[0, 1] <= 0.05
    assert np.nanmin(found.q[2:, 2:]) > 0.05
    assert np.isnan(found.p.diagonal()).all()


def test_what_has_no_null_is_not_significance_of() -> None:
    rows = memories(400, np.full(32, 0.3), 2)
    rows[:, 5] = 3.0  # constant
    rows[:, 6] = np.arange(400)  # a memory as long as the window
    p = significance_of(rows).p
    assert np.isnan(p[5]).all()
    assert np.isnan(p[6]).all()
    assert np.isfinite(p[0, [1, 2, 3, 4, 7]]).all()
    none = significance_of(np.cumsum(np.cumsum(memories(400, np.zeros(4), 1), axis=0), axis=0))
    assert none.untested.startswith("untested: about ")
    assert none.untested.endswith(" rows are needed, 400 are there")
    assert np.isnan(none.p).all()
    alone = significance_of(np.column_stack((rows[:, 0], np.full(400, 2.0), np.full(400, np.nan))))
    assert alone.untested == "untested: there are no two channels that vary"


def test_false_discovery_rates_are_scipys() -> None:
    p = np.random.default_rng(0).random(500) ** 2
    np.testing.assert_allclose(adjusted(p), false_discovery_control(p))


def test_orders_are_those_of_brute_force() -> None:
    rng = np.random.default_rng(4)
    rows = rng.random((500, 6))
    rows[:, 1] = rows[:, 0] * 0.7 + 0.3 * rows[:, 1]
    rows[:, 2] = (2 * rows[:, 0] - 1) ** 2
    rows[:, 3] = rows[:, 1]
    window = ChannelWindow(UniformBins(0, 1, 6), 500)
    window.extend(rows)
    mi, r = window.matrix(), window.matrix("pearson_r")
    symbols = np.minimum((rows * 6).astype(int), 5).T
    scores = {
        (i, j): mutual_info_score(symbols[i], symbols[j]) / np.log(2) for i in range(6) for j in range(6) if i != j
    }
    ordered = sorted((-round(s, 12), pair) for pair, s in scores.items() if pair[0] < pair[1])
    assert list(map(tuple, ranking.pairs_by(mi, 5).tolist())) == [pair for _, pair in ordered[:5]]
    assert ranking.pairs_by(ranking.beyond_r(mi, r), 1).tolist() == [[0, 2]]  # a parabola
    chosen: list[int] = []
    while len(chosen) < 5:
        left = [c for c in range(1, 6) if c not in chosen]
        chosen.append(max(left, key=lambda c: scores[0, c] - sum(scores[c, d] for d in chosen) / max(len(chosen), 1)))
    assert ranking.least_redundant(mi, 0).tolist() == chosen
    assert chosen.index(3) > 2  # says again what 1 says


@pytest.mark.parametrize("channels", [1, 2, 7, 30])
@pytest.mark.parametrize("unknown", [0.0, 0.5, 1.0])
def test_the_largest_pairs_are_those_of_all_sorted(channels: int, unknown: float) -> None:
    rng = np.random.default_rng(channels)
    square = rng.integers(0, 9, (channels, channels)) / 4  # many are alike: the first in order come first
    square[rng.random(square.shape) < unknown] = np.nan
    pairs = [(i, j) for i in range(channels) for j in range(i + 1, channels) if not np.isnan(square[i, j])]
    ordered = sorted(pairs, key=lambda pair: -square[pair])
    for most in (1, 3, channels, 10**6, None):
        assert list(map(tuple, ranking.pairs_by(square, most).tolist())) == ordered[:most]
    assert triangles.upper_triangle(square, np.float32).tolist() == pytest.approx(
        square[np.triu_indices(channels, 1)].tolist(), nan_ok=True
    )
    assert np.array_equal(
        triangles.sides(np.arange(channels * (channels - 1) // 2), channels), np.triu_indices(channels, 1)
    )
