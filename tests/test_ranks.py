"""Ranks and order against numpy's and scipy's, of values of every kind that a float64 has."""

import numpy as np
import pytest
from scipy import stats

from streammi.core import ranks

RNG = np.random.default_rng(0)
SIZES = 1, 7, ranks.FEW - 1, ranks.FEW, 3000
OF_BITS = RNG.integers(0, 2**64, 4000, dtype=np.uint64).view(np.float64)
KINDS = {
    "any bits": OF_BITS[~np.isnan(OF_BITS)],
    "normal": RNG.normal(size=3000),
    "ties": RNG.integers(-3, 3, 3000) / 7,
    "constant": np.full(3000, -0.1),
    "extremes": RNG.choice([-np.inf, -1e308, -5e-324, -0.0, 0.0, 5e-324, 1e308, np.inf], 3000),
    "far from zero": 1e12 + RNG.random(3000),
    "nearly the same, beside a 0": np.append(0.0, 1e6 + 1e-7 * RNG.integers(0, 2000, 2999)),
    "in order": np.arange(-1500.0, 1500.0),
    "backwards": np.arange(1500.0, -1500.0, -1),
}


@pytest.mark.parametrize("values", KINDS.values(), ids=KINDS)
def test_order_and_ranks_are_those_of_numpy_and_scipy(values: np.ndarray) -> None:
    for size in SIZES:
        some = values[:size]
        assert np.array_equal(ranks.places(some), np.argsort(some, kind="stable"))
        assert np.array_equal(ranks.ascending(some), np.sort(some))
        assert np.array_equal(ranks.mean_ranks(some), stats.rankdata(some))
        assert np.array_equal(ranks.group_ranks(some), stats.rankdata(some, "dense") - 1)


def test_values_that_lie_apart_or_may_not_be_written_to() -> None:
    values = RNG.normal(size=(ranks.FEW, 3))
    values.flags.writeable = False
    assert np.array_equal(ranks.mean_ranks(values[:, 1]), stats.rankdata(values[:, 1]))
    assert np.array_equal(ranks.places(values[::-1, 2]), np.argsort(values[::-1, 2], kind="stable"))
