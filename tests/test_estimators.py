"""The estimators' tables against their formulas, by scipy and by leaving one out."""

import math

import numpy as np
import oracles
import pytest
from hypothesis import given, strategies as st
from scipy.special import digamma

from streammi import ConfigError, JointWindow, UniformBins
from streammi.core.information import estimators

COUNTS = st.lists(st.integers(1, 50), min_size=1, max_size=20).filter(lambda counts: sum(counts) > 1)
TABLES = {name: estimators.table(name, 1000, estimators.scale_bits(1000)) for name in oracles.ENTROPIES}


def test_each_estimator_has_its_oracle() -> None:
    assert set(estimators.ESTIMATORS) == {*oracles.ENTROPIES, "extrapolated"}  # which is none of entropies


@pytest.mark.parametrize("name", oracles.ENTROPIES)
@given(counts=COUNTS)
def test_tables_give_the_formulas(name: str, counts: list[int]) -> None:
    table = TABLES[name]
    n = sum(counts)
    entropy_bits = (table.whole.item(n) - int(table.f[counts].sum())) * table.unit_bits / n
    assert entropy_bits * math.log(2) == pytest.approx(oracles.ENTROPIES[name](counts), abs=1e-10)


@pytest.mark.parametrize("name", [name for name in oracles.ENTROPIES if name != "grassberger"])
def test_a_constant_has_no_entropy(name: str) -> None:
    """Exactly none, whatever its length; Grassberger's estimator alone says otherwise, by about 1/(2n)."""
    assert TABLES[name].whole.tolist() == TABLES[name].f.tolist()


@pytest.mark.parametrize("name", oracles.ENTROPIES)
def test_a_window_keeps_its_estimator_at_each_sample(name: str) -> None:
    rng = np.random.default_rng(6)
    x, y = rng.random((2, 150))
    window = JointWindow(UniformBins(0, 1, 5), UniformBins(0, 1, 4), 60, estimator=name)  # type: ignore[arg-type]
    for k in range(150):
        window.update(x[k], y[k])
        if k:
            expected = oracles.mi_nats_by(name, window.counts.astype(int)) / math.log(2)
            assert window.mi == pytest.approx(max(expected, 0.0) if name == "plugin" else expected, abs=1e-11)
    reading = window.reading("nat", name)  # type: ignore[arg-type]
    assert reading is not None
    assert reading.estimator == name
    assert reading.mi_corrected == pytest.approx(oracles.mi_nats_by(name, window.counts.astype(int)), abs=1e-11)


@given(st.floats(0.5, 1e7))
def test_digamma(x: float) -> None:
    assert estimators.digamma(np.array([x]))[0] == pytest.approx(digamma(x), rel=1e-13, abs=1e-13)


@pytest.mark.parametrize("size", [2, 100, 12345, 1 << 20])
def test_no_sum_can_overflow(size: int) -> None:
    """The largest sum over a window is that of one cell with everything, or of as many cells as pairs."""
    for name in estimators.ESTIMATORS:
        table = estimators.table(name, size, estimators.scale_bits(size))
        assert max(abs(table.f.item(size)), abs(table.whole.item(size)), size * abs(table.f.item(1))) < 2**62
        assert int(np.abs(table.f).max()) < 2**62


def test_an_unknown_name_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ConfigError, match="miller_madow"):
        estimators.estimator("chao_shen")


def test_a_correction_is_right_on_the_average_because_nothing_bounds_it() -> None:
    """X = Y uniform over 8 values: 3 bits, of which a window of 16 pairs holds less."""
    rng, said, bounded = np.random.default_rng(2), [], []
    window = JointWindow(UniformBins(0, 8, 8), UniformBins(0, 8, 8), 16)
    for _ in range(2000):
        x = rng.integers(0, 8, 16) + 0.5
        window.extend(x, x)
        reading = window.reading(estimator="schuermann")
        assert reading is not None
        said.append(reading.mi_corrected)
        bounded.append(min(reading.mi_corrected, reading.h_x, reading.h_y))
    assert np.mean(said) == pytest.approx(3, abs=0.05)
    assert np.mean(bounded) < 2.7
