"""The tables of scripts/accuracy.py in small, and the truths that they are held against."""

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "scripts"))

import accuracy
import drawn_truths
import fit_extrapolation
import fresh_truths
import further_truths
import truths
import unseen_truths
from scipy import stats
from sections import MISSED
from sklearn.metrics import mutual_info_score
from sklearn.utils import resample

from streammi import JointWindow, QuantileBins, UniformBins
from streammi.core.information import ksg

NO_DATA = Path("/nonexistent")


def lines(section, data=NO_DATA):
    return list(section(True, data))


def assert_met(found):
    assert any(": met" in line or "| met |" in line for line in found)
    assert not [line for line in found if MISSED in line]


@pytest.mark.parametrize("pair", accuracy.continuous(), ids=lambda pair: pair.name)
def test_cells_are_those_of_the_samples_and_their_mi_tends_to_the_truth(pair):
    n = 20_000
    x, y = pair.sample(np.random.default_rng(1), n)
    i, j = (np.argsort(np.argsort(v)) * 6 // n for v in (x, y))
    counts = np.zeros((6, 6))
    np.add.at(counts, (i, j), 1)
    cells = pair.cells(6)
    assert cells.sum() == pytest.approx(1)
    expected = (cells * n).clip(min=1e-6)
    some = expected > 1
    # Both margins are fixed, so that the statistic has 25 degrees of freedom at the most.
    assert ((counts - expected)[some] ** 2 / expected[some]).sum() < stats.chi2.ppf(0.999, 25)
    coarse, fine = (pair.nats - truths.mi_nats(pair.cells(b)) for b in (6, 32))
    assert -1e-6 <= fine <= coarse + 1e-9
    assert fine <= 0.12 * pair.nats + 1e-6


def test_channels_have_their_closed_forms():
    for cells, nats in truths.channels().values():
        assert truths.mi_nats(cells) == pytest.approx(nats, abs=1e-12)
        assert cells.sum() == pytest.approx(1)


def test_estimates_are_those_that_a_window_publishes():
    x, y = truths.gaussian(0.6).sample(np.random.default_rng(2), 300)
    i, j = (QuantileBins(5).learn(v).symbols(v) for v in (x, y))
    joint = np.zeros((1, 5, 5), dtype=np.uint32)
    np.add.at(joint[0], (i, j), 1)
    assert accuracy.estimated(joint, "plugin")[0] == pytest.approx(mutual_info_score(i, j), abs=1e-12)
    window = JointWindow(QuantileBins(5), QuantileBins(5), 300)
    window.extend(x, y)
    said = window.reading("nat", "schuermann").mi_corrected
    assert accuracy.estimated(joint, "schuermann")[0] == pytest.approx(said, abs=1e-12)


def test_the_default_estimator_is_the_one_with_the_least_error(monkeypatch):
    some = [truths.gaussian(0.3), truths.gaussian(0.9), truths.uniform_noise(0.1), truths.circle(0.1)]
    monkeypatch.setattr(accuracy, "continuous", lambda: some)
    found = lines(accuracy.estimator_errors)
    assert_met(found)
    assert len(found) > 2 * 4 * 2 * len(accuracy.BINS)


@pytest.mark.parametrize(
    "section",
    [
        accuracy.null_bias,
        accuracy.known_truth,
        accuracy.invariance,
        accuracy.standard_errors,
        accuracy.coverage,
        accuracy.arrow,
    ],
    ids=lambda section: section.__name__,
)
def test_bars(section):
    assert_met(lines(section))


def test_the_mi_of_the_signals_is_nearer_than_by_nearest_neighbours(monkeypatch):
    monkeypatch.setattr(accuracy, "SIGNALS", ((1000, 0.032, 30),))
    monkeypatch.setattr(truths, "chosen", list)
    monkeypatch.setattr(fresh_truths, "fresh", list)
    found = lines(accuracy.of_the_signals)
    assert_met(found)
    assert sum("judged on 10 distributions" in line for line in found) == 1


def test_the_mi_that_is_known_is_that_of_the_samples():
    """By nearest neighbours, which are within 0.02 nats at 20,000 pairs."""
    rng = np.random.default_rng(0)
    board, noise = further_truths.checkerboard(4), further_truths.exponentials(0.3)
    further = further_truths.diamond(), further_truths.disc(), board, noise, further_truths.joe(3.0)
    for pair in (*fresh_truths.fresh(), *further):
        assert ksg.mi_nats(*pair.sample(rng, 20_000), 4) == pytest.approx(pair.nats, abs=0.025), pair.name


DRAWN = {name: draw for name, _, draw in drawn_truths.FIRST + drawn_truths.SECOND} | unseen_truths.FAMILIES


@pytest.mark.parametrize("family", ["shares of a whole", "cross, turned", "noise that grows with x", "mixture"])
def test_truths_that_are_drawn_are_those_of_their_samples(family):
    """By nearest neighbours, which are too low by up to a twentieth where densities have edges."""
    nats, sample = DRAWN[family](np.random.default_rng(1))
    assert ksg.mi_nats(*sample(np.random.default_rng(2), 8000), 4) == pytest.approx(nats, abs=0.03 + 0.03 * nats)


def test_the_constants_that_are_fitted_are_those_of_the_estimator():
    rng = np.random.default_rng(3)
    for pair, n, bins in ((fresh_truths.gaussian(0.8), 100, 4), (fresh_truths.crossing(0.9), 1000, 24)):
        x, y = pair.sample(rng, n)
        known, *terms = fit_extrapolation.parts(x, y, bins)
        window = JointWindow(QuantileBins(bins), QuantileBins(bins), n)
        window.extend(x, y)
        assert known + np.dot(terms, fit_extrapolation.BUILT_IN) == pytest.approx(
            window.reading("nat").mi_corrected, abs=1e-7
        )


def test_unrelated_pairs_of_recordings_are_not_called_dependent():
    found = sorted(accuracy.DATA.glob("independent_constructed/*.csv.gz"))
    if not found:
        pytest.skip("needs the recordings beside the checkout")
    p = np.concatenate([accuracy.p_values(*accuracy.columns(path, 1, 2), 512, 8) for path in found])
    assert len(p) > 60
    shift, naive = (p <= 0.05).mean(axis=0)
    assert shift <= 0.08
    assert naive > 0.8


@pytest.mark.parametrize(
    "pair", [truths.gaussian(0.3), truths.circle(0.3), truths.parabola(2.0)], ids=lambda pair: pair.name
)
def test_power(pair):
    p = accuracy.p_values(*pair.sample(np.random.default_rng(5), 45_000), 1000, None)[:, 0]
    assert p.size == 40
    assert (p <= 0.05).mean() >= 0.9


def test_delays():
    assert_met(lines(accuracy.delays, accuracy.DATA))


def test_the_standard_error_is_the_bootstraps():
    """Of one window: its pairs drawn again with replacement, MI by scikit-learn; entropies likewise."""
    rng = np.random.default_rng(6)
    x, y = truths.gaussian(0.75).sample(rng, 500)
    axis = UniformBins(-2, 2, 6)
    window = JointWindow(axis, axis, 500)
    window.extend(x, y)
    reading = window.reading("nat", "schuermann")
    i, j = axis.symbols(x), axis.symbols(y)
    again = [resample(i, j, random_state=k) for k in range(400)]
    mi = [mutual_info_score(a, b) for a, b in again]
    h_x, h_y = ([stats.entropy(np.bincount(v[side])) for v in again] for side in (0, 1))
    h_xy = [stats.entropy(np.bincount(6 * a + b)) for a, b in again]
    # 400 draws give a standard deviation to 3.5 %; the bootstrap's own is of second order larger at 500 pairs.
    for ours, theirs in (
        (reading.stderr, mi),
        (reading.h_x_stderr, h_x),
        (reading.h_y_stderr, h_y),
        (reading.h_xy_stderr, h_xy),
    ):
        assert ours == pytest.approx(np.std(theirs), rel=0.15)


def test_a_missed_bar_ends_with_1(monkeypatch, capsys):
    monkeypatch.setattr(accuracy, "window_nats", lambda *_: 0.1)
    monkeypatch.setattr(sys, "argv", ["accuracy.py", "--quick", "--only", "null,invariance"])
    assert accuracy.main() == 1
    assert capsys.readouterr().out.endswith("4 bars missed\n")
