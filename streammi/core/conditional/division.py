"""How finely x, y and a condition are divided, and how what their bins cannot resolve is made up for."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from streammi.config import MAX_BINS, EstimatorName
from streammi.core.bins.binning import Axis, Categories, QuantileBins
from streammi.errors import ConfigError
from streammi.records import IntArray

TYPICAL: Final = 1000  # samples that a window of seconds is taken to hold, for the number of bins
# Tuned by simulation on Gaussian triples with closed forms (chain, driver, collider, direct edges) and coupled AR(1)
# signals; scripts/conditional.py judges on others. A condition in few bins leaves some of its effect behind, and too
# few triples a cell say too much: 1,000 triples in 4, 4 and 6 bins, 10,000 in 8, 8 and 12.
TRIPLES: Final = 14.0  # for each of B^3
FINER: Final = 1.5
# Bins up to which what is lost falls like 1/B, so that all of it is extrapolated; from there on less.
FULL_WEIGHT: Final = 6.8
# Each of two conditions has the bins of one to this power: 3 or fewer leave most of its effect behind.
OF_TWO: Final = 0.6
LEAST: Final = 4  # bins that can be halved and still say something
OF_CELLS: Final[EstimatorName] = "grassberger"  # below the extrapolation: the least bias where the truth is 0


def bins_of_triples(n: int) -> tuple[int, int]:
    """How many bins x and y, and a condition, are to have of ``n`` triples: B, the largest even number with 14 triples
    for each of B x B x B cells, and 1.5 B, even too.

    >>> bins_of_triples(1000), bins_of_triples(3100), bins_of_triples(10_000)
    ((4, 6), (6, 8), (8, 12))
    """
    count = 2 * int(round((n / TRIPLES) ** (1 / 3), 6) / 2)  # 2.0 is 1.9999999 otherwise
    count = min(max(count, 2), 2 * (MAX_BINS // 4))
    return count, finer(count)


def finer(count: int) -> int:
    """How many bins a condition of signals with ``count`` bins is to have."""
    return max(2 * round(FINER * count / 2), 2)


def learnt_bins(n: int, conditions: int = 1) -> tuple[QuantileBins, ...]:
    """Equal-frequency bins of x, y and each of the conditions, for windows of ``n`` triples.

    >>> learnt_bins(1000)
    (QuantileBins(count=4), QuantileBins(count=4), QuantileBins(count=6))
    """
    own, of_condition = bins_of_triples(n)
    each = of_condition if conditions == 1 else max(LEAST, 2 * round(of_condition**OF_TWO / 2))
    return (QuantileBins(own), QuantileBins(own), *[QuantileBins(each)] * conditions)


class Nest(msgspec.Struct, frozen=True, eq=False):
    """The coarse bin of each bin of x, of y and of the condition, and the weight of what is gained between the two."""

    x_parts: IntArray
    y_parts: IntArray
    z_parts: IntArray
    weight: float


def nest(axes: Sequence[Axis]) -> Nest | None:
    """Neighbouring bins of x, y and the conditions put together in twos; labels, which have no neighbours, stay.

    None where x or y is of labels, or has fewer than four bins: then nothing is extrapolated.
    """
    x, y, *conditions = axes
    fewest = min(x.count, y.count)
    if isinstance(x, Categories) or isinstance(y, Categories) or fewest < LEAST:
        return None
    z_parts = np.zeros(1, dtype=np.int64)
    for axis in conditions:
        own = halves(axis.count) if axis.count >= LEAST and not isinstance(axis, Categories) else np.arange(axis.count)
        z_parts = (z_parts[:, None] * (own[-1] + 1) + own[None, :]).ravel()
    return Nest(halves(x.count), halves(y.count), z_parts, weight(fewest))


def halves(count: int) -> IntArray:
    """The coarse bin of each of ``count`` bins, two by two."""
    return np.arange(count) // 2


def weight(fewest: int) -> float:
    """By how much of the gain from coarse bins to ``fewest`` ones is extrapolated."""
    return min(1.0, FULL_WEIGHT / fewest) if fewest >= LEAST else 0.0


def condition_sizes(sizes: NDArray[Any]) -> tuple[int, int, int]:
    """How many symbols x, y and all conditions together have, of the ``sizes`` (2 + k,) of each; ConfigError for more
    cells than there is room for."""
    x, y = sizes[:2].tolist()
    z = int(np.prod(sizes[2:]))
    if x * y * z > MOST_CELLS:
        raise ConfigError("bins", f"so few that x, y and the condition have {MOST_CELLS:,} cells at most", (x, y, z))
    return x, y, z


MOST_CELLS: Final = 1 << 26  # 256 MiB of counts
