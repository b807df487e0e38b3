"""GivenNull: is what x says of y beyond the condition more than chance? By x delayed against y and the condition."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from streammi.config import DEFAULT_PARTNERS, MAX_WINDOW_PAIRS
from streammi.core.bins.binning import QuantileBins
from streammi.core.conditional.past import HISTORY, Past, far_delays, shifts_around
from streammi.core.information import estimators
from streammi.core.kernels import conditional as kernels
from streammi.core.significance.shift_null import LEAST_PARTNERS
from streammi.errors import ConfigError
from streammi.records import FloatArray, IntArray
from streammi.records.codec import State

# Bins in which chance is judged. What a condition in few bins leaves of its effect is no chance and would count as
# evidence, the more of it the more triples there are; bins that are not needed cost power. 4 of x and y, and of z 12 at
# 1,000 triples and 34 at 10,000.
OWN_BINS: Final = 4
CONDITION_BINS: Final = 12.0
# Each of two conditions has these to this power: with fewer, p <= 0.05 came in up to 19 % of windows.
OF_TWO: Final = 0.75
GROWTH: Final = 0.45
ROUNDING: Final = 1e-6  # bits, of all triples: where the condition is y itself, nothing but this is left


class GivenNull:
    """p of the conditional MI: x is delayed, by ``partners`` long delays, against y and the condition together.

    What y and the condition have in common stays, as does each signal's own memory; only x's part is broken. So p is
    (b + 1)/(S + 1), b the delays at which the conditional MI is at least as large as now. Raises ConfigError for fewer
    than 19 partners.

    x that depends on the condition fills fewer cells than one that is delayed, so each conditional MI is taken less
    what the margins of its own cells give on the average: without that, a delayed driver came out below 0.05 in 11 % of
    windows of 10,000, and by Grassberger's estimator weak edges were found in 59 instead of 84 %.
    """

    def __init__(self, partners: int = DEFAULT_PARTNERS) -> None:
        if partners < LEAST_PARTNERS:
            raise ConfigError("null", f">= {LEAST_PARTNERS} delayed partners", partners)
        self._partners = partners
        self._past = Past()
        self._digits = estimators.scale_bits(MAX_WINDOW_PAIRS)

    def extend(self, x: FloatArray, n: int) -> None:
        """Take in the values of x (m,) that a window has just added; it now holds ``n``."""
        self._past.extend(x, int((HISTORY + 1) * n) + 1)

    def p(self, values: FloatArray, *, around: bool = False) -> float | None:
        """p for the triples of a window, ``values`` (2 + k, n) of x, y and k conditions; None until x has past enough.

        ``around``: they are a whole record, and x is shifted around in a circle. O(S n).
        """
        n = values.shape[1]
        if around:
            past, delays = np.tile(values[0], 2), shifts_around(values[0], self._partners)
        else:
            past = self._past.newest(int((HISTORY + 1) * n) + 1)
            delays = far_delays(past, n, self._partners)
        if delays.size < LEAST_PARTNERS or (values[:2] == values[:2, :1]).all(axis=1).any():
            return None
        own, of_z = OWN_BINS, max(2, round(CONDITION_BINS * (n / 1000) ** GROWTH))
        x = QuantileBins(own).learn(past).symbols(past)
        y = _symbols(values[1], own)
        each = of_z if len(values) == 3 else max(2, round(of_z**OF_TWO))
        z = np.zeros(n, dtype=np.int64)
        for one in values[2:]:
            z = z * each + _symbols(one, each)
        z_size = each ** (len(values) - 2)
        table = estimators.table("plugin", 1 << max(n - 1, 1).bit_length(), self._digits)
        found = np.empty(delays.size + 1)
        of_now = np.concatenate(([0], delays))
        kernels.beyond_chance(x, y * z_size + z, own, z_size, of_now, table.f, table.unit_bits, found)
        return (int((found[1:] >= found[0] - ROUNDING).sum()) + 1) / (delays.size + 1)

    def state(self) -> State:
        """Plain values and arrays that ``restore`` takes."""
        return {}, [self._past.newest().copy()]

    def restore(self, header: dict[str, Any], arrays: list[NDArray[Any]]) -> None:
        """Take up a saved state."""
        self._past = Past()
        self._past.extend(arrays[0], arrays[0].size)


def _symbols(values: FloatArray, count: int) -> IntArray:
    return QuantileBins(count).learn(values).symbols(values)
