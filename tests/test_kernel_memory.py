"""Arrays that kernels make are let go of: numba counts how many it makes and frees. See test_reading_memory too."""

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from numba.core.runtime import _nrt_python, rtsys

from streammi import (
    ChannelWindow,
    JointWindow,
    KeyedWindow,
    QuantileBins,
    UniformBins,
)
from streammi.core.information.estimators import ESTIMATORS

RNG = np.random.default_rng(0)
X = RNG.random(3000)
Y = X + RNG.random(3000)
GAPS = np.where(RNG.random((1200, 6)) < 0.1, np.nan, RNG.random((1200, 6)))


@pytest.fixture(autouse=True)
def counted() -> Iterator[None]:
    _nrt_python.memsys_enable_stats()
    yield
    _nrt_python.memsys_disable_stats()


def left(turn: Callable[[], object], turns: int = 10, *, made: bool = True) -> int:
    """How many more arrays there are after so many turns, once what is made once is there; ``made`` if any are."""
    turn()
    before = rtsys.get_allocation_stats()
    for _ in range(turns):
        turn()
    after = rtsys.get_allocation_stats()
    assert (after.mi_alloc > before.mi_alloc) == made
    return (after.mi_alloc - after.mi_free) - (before.mi_alloc - before.mi_free)


@pytest.mark.parametrize("bins", [UniformBins(0, 2, 16), QuantileBins(), QuantileBins(7)])
def test_of_a_pair(bins: UniformBins | QuantileBins) -> None:
    window = JointWindow(bins, bins, 1000)
    window.extend(X, Y)

    def turn() -> None:
        window.extend(X, Y)
        window.update(0.3, 0.4)
        for estimator in ESTIMATORS:
            window.reading("bit", estimator)

    assert left(turn, made=False) == 0


def test_of_many() -> None:
    window, keyed = ChannelWindow(QuantileBins(8), 1000), KeyedWindow(QuantileBins(8), QuantileBins(8), 500)
    keys = RNG.choice(["a", "b", "c"], 3000).tolist()
    assert left(lambda: (window.extend(GAPS), window.matrix("mi_corrected"), window.significance())) == 0
    assert left(lambda: (keyed.extend(keys, X, Y), keyed.reading("a")), made=False) == 0
