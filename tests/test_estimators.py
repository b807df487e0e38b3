"""The estimators' tables against their formulas, by scipy and by leaving one out."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import digamma as scipy_digamma

from streammi import ConfigError
from streammi.core import estimators

COUNTS = st.lists(st.integers(1, 50), min_size=1, max_size=20)


def plugin(counts: list[int]) -> float:
    n = sum(counts)
    return math.fsum(-c / n * math.log(c / n) for c in counts)


def jackknife(counts: list[int]) -> float:
    n = sum(counts)
    left_out = [c * plugin([d - (k == j) for k, d in enumerate(counts) if d - (k == j)]) for j, c in enumerate(counts)]
    return n * plugin(counts) - (n - 1) / n * math.fsum(left_out)


def zhang(counts: list[int]) -> float:
    n = sum(counts)
    return float(scipy_digamma(n) - sum(c * scipy_digamma(c) for c in counts) / n)


def grassberger(counts: list[int]) -> float:
    n = sum(counts)
    g = [scipy_digamma(c) + (-1) ** c / 2 * (scipy_digamma((c + 1) / 2) - scipy_digamma(c / 2)) for c in counts]
    return math.log(n) - float(np.dot(counts, g)) / n


FORMULAS = {
    "plugin": plugin,
    "miller_madow": lambda counts: plugin(counts) + (len(counts) - 1) / (2 * sum(counts)),
    "zhang": zhang,
    "grassberger": grassberger,
    "jackknife": jackknife,
}


@pytest.mark.parametrize("name", FORMULAS)
@given(counts=COUNTS)
def test_tables_give_the_formulas(name: str, counts: list[int]) -> None:
    n = sum(counts)
    if n == 1:
        return
    table = estimators.table(name, 1000, estimators.scale_bits(1000))
    total = int(table.f[counts].sum())
    entropy = (table.whole.item(n) - total) * table.unit_bits / n
    assert entropy * math.log(2) == pytest.approx(FORMULAS[name](counts), abs=1e-10)


@given(st.floats(0.5, 1e7))
def test_digamma(x: float) -> None:
    assert estimators.digamma(np.array([x]))[0] == pytest.approx(scipy_digamma(x), rel=1e-13, abs=1e-13)


@pytest.mark.parametrize("size", [2, 100, 12345, 1 << 20])
def test_no_sum_can_overflow(size: int) -> None:
    """The largest sum over a window is that of one cell with everything, for each estimator."""
    for name in estimators.ESTIMATORS:
        table = estimators.table(name, size, estimators.scale_bits(size))
        assert int(np.abs(table.f).max()) < 2**62


def test_an_unknown_name_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ConfigError, match="miller_madow"):
        estimators.estimator("chao_shen")
