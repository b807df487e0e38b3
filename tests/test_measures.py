"""Readings against scipy and scikit-learn, and what is said of them."""

import math

import numpy as np
import oracles
import pytest
from hypothesis import given, strategies as st
from hypothesis.extra import numpy as arrays
from scipy import stats
from sklearn.metrics import normalized_mutual_info_score

from streammi import ConfigError, JointWindow, Reading, UniformBins
from streammi.core.information import estimators, measures, rank_correlation

TABLE = estimators.table("plugin", 10_000, estimators.scale_bits(10_000))
CORRECTION = estimators.table("schuermann", 10_000, estimators.scale_bits(10_000))
JOINT = arrays.arrays(np.uint32, st.tuples(st.integers(1, 6), st.integers(1, 6)), elements=st.integers(0, 50)).filter(
    lambda joint: joint.sum() > 1
)


def reading_of(joint: np.ndarray, unit: str = "bit") -> Reading:
    x_counts, y_counts = joint.sum(1, dtype=np.uint32), joint.sum(0, dtype=np.uint32)
    n = int(joint.sum())
    return measures.reading(
        x_counts, y_counts, joint.ravel(), n, TABLE, CORRECTION, unit  # type: ignore[arg-type]
    )  # fmt: skip


@given(JOINT, st.sampled_from([("bit", 2.0), ("nat", math.e), ("ban", 10.0)]))
def test_entropies_are_those_of_scipy_in_each_unit(joint: np.ndarray, unit: tuple[str, float]) -> None:
    name, base = unit
    reading = reading_of(joint, name)
    assert (reading.unit, reading.n) == (name, joint.sum())
    assert reading.h_x == pytest.approx(stats.entropy(joint.sum(1), base=base), abs=1e-12)
    assert reading.h_y == pytest.approx(stats.entropy(joint.sum(0), base=base), abs=1e-12)
    assert reading.h_xy == pytest.approx(stats.entropy(joint.ravel(), base=base), abs=1e-12)
    assert reading.mi == pytest.approx(oracles.mi_nats_of_counts(joint) / math.log(base), abs=1e-12)
    assert reading.h_x_given_y == pytest.approx(reading.h_x - reading.mi, abs=1e-12)
    assert reading.h_y_given_x == pytest.approx(reading.h_y - reading.mi, abs=1e-12)
    assert min(reading.mi, reading.h_x, reading.h_y, reading.h_x_given_y, reading.h_y_given_x) >= 0
    corrected = oracles.mi_nats_by("schuermann", joint) / math.log(base)
    assert (reading.mi_corrected, reading.mi_binned) == pytest.approx((corrected, corrected), abs=1e-12)


def test_each_number_has_its_own_name() -> None:
    """They are handed to a Reading by their places."""
    seen = measures.Seen(0.5, True, False, 3, 4, measures.NO_GRAIN, (0.25, 0.75))
    totals = dict(zip(measures.Totals._fields, range(10, 18), strict=True))
    x_counts, y_counts, joint = (np.array(counts, dtype=np.uint32) for counts in ([3, 1], [2, 2], [2, 1, 0, 1]))
    reading = measures.reading(
        x_counts, y_counts, joint, 4, TABLE, TABLE, "bit", seen, (0.125, 0.375), measures.Totals(**totals),
        fill=0.875, times=(5.0, 6.0),
    )  # fmt: skip
    said = {"pearson_r": 0.5, "x_constant": True, "y_constant": False, "x_run": 3, "y_run": 4, "fill": 0.875}
    said |= {"stderr_batch": 0.125, "binned_stderr_batch": 0.375, "t0": 5.0, "t1": 6.0, "spans_gap": False}
    said |= totals | {"estimator": "plugin", "spearman_r": None, "mi_ksg": None, "cells": 4}
    assert {name: getattr(reading, name) for name in said} == said
    assert (reading.stderr, reading.mi_binned) == (reading.binned_stderr, reading.mi)
    assert (reading.dh_x, reading.dh_y) == (reading.h_x + 0.25, reading.h_y + 0.75)
    assert reading.dh_xy == pytest.approx(reading.dh_x + reading.dh_y - reading.mi_corrected)


@given(JOINT)
def test_normalised_mi_is_that_of_scikit_learn(joint: np.ndarray) -> None:
    reading = reading_of(joint)
    i, j = np.indices(joint.shape).reshape(2, -1).repeat(joint.ravel(), axis=1)
    if np.unique(i).size == np.unique(j).size == 1:
        assert reading.nmi is None
    else:
        assert reading.nmi == pytest.approx(normalized_mutual_info_score(i, j), abs=1e-9)


@given(JOINT)
def test_standard_errors_are_the_delta_methods(joint: np.ndarray) -> None:
    """The standard deviation of the pairs' own logarithms, divided by sqrt(n)."""
    reading = reading_of(joint)
    n = joint.sum()
    i, j = np.indices(joint.shape).reshape(2, -1).repeat(joint.ravel(), axis=1)
    p_x, p_y, p_xy = joint.sum(1)[i] / n, joint.sum(0)[j] / n, joint[i, j] / n
    for error, logs in [
        (reading.h_x_stderr, np.log2(p_x)),
        (reading.h_y_stderr, np.log2(p_y)),
        (reading.h_xy_stderr, np.log2(p_xy)),
        (reading.stderr, np.log2(p_xy / (p_x * p_y))),
    ]:
        assert error == pytest.approx(logs.std() / math.sqrt(n), abs=1e-7)


def test_the_standard_error_is_the_spread_of_repetitions() -> None:
    rng = np.random.default_rng(30)
    readings = []
    for _ in range(300):
        x = rng.random(1000)
        window = JointWindow(UniformBins(0, 1, 5), UniformBins(0, 2, 5), 1000)
        window.extend(x, x + rng.random(1000))
        reading = window.reading(estimator="schuermann")
        assert reading is not None
        readings.append(reading)
    spread = np.std([reading.mi for reading in readings])
    assert np.mean([reading.stderr for reading in readings]) == pytest.approx(spread, rel=0.15)  # type: ignore[arg-type]


@given(arrays.arrays(np.float64, (2, 30), elements=st.integers(-6, 6)))
def test_spearman_is_that_of_scipy(values: np.ndarray) -> None:
    r = rank_correlation.spearman(*values)
    if any(np.unique(side).size == 1 for side in values):
        assert r is None
    else:
        assert r == pytest.approx(stats.spearmanr(*values).statistic, abs=1e-12)


def test_spearman_needs_two_pairs() -> None:
    assert rank_correlation.spearman(np.array([1.0]), np.array([1.0])) is None
    assert rank_correlation.spearman(np.array([]), np.array([])) is None


def test_units_are_checked() -> None:
    assert [measures.check_unit(unit) for unit in ("bit", "nat", "ban")] == ["bit", "nat", "ban"]
    with pytest.raises(ConfigError, match="unit must be bit, nat or ban, got 'shannon'"):
        measures.check_unit("shannon")


@pytest.mark.parametrize("size", [1.7e308, 1e300, 1.0, 1e-308, 5e-322, 5e-324])
def test_pearsons_r_is_that_of_scipy_up_to_the_ends_of_the_numbers(size: float) -> None:
    rng = np.random.default_rng(33)
    x = rng.integers(-1, 2, 200).astype(float)
    y = np.where(rng.random(200) < 0.5, x, rng.integers(-1, 2, 200))
    window = JointWindow(UniformBins(-1, 1, 3), UniformBins(-1, 1, 3), 200)
    window.extend(x * size, y * size)
    reading = window.reading()
    assert reading is not None
    assert not reading.x_constant
    assert reading.pearson_r == pytest.approx(stats.pearsonr(x, y).statistic, abs=1e-12)
