"""MI beyond what bins resolve: from two nested histograms to bins without end, and how many bins that wants.

Dividing signals into bins loses part of their MI, roughly in proportion to a bin's width. The coarse bins are those of
the fine ones, two and two put together, so that both histograms count the same pairs; each MI is corrected for its bias
by schuermann's table, and what the second halving has brought is added once more:

    I = I_fine + w (I_fine - I_coarse),    w = 0.85

If the loss were in proportion to the width exactly, w would be 1; for smooth densities it is nearer to 1/3. w is less
in two cases. Of a signal that takes few values, so that T of two pairs in one bin have the same value, there is not
more to be found than these: w = 0.85 (1 - T), and a bin that holds one value only is not put together with others. And
where the bins are too fine for so many pairs, for the correction to hold: from B = 1.8 times as many as wanted, w falls
until at 3.2 times it is -1, which leaves the coarse bins.

Wanted are, of n pairs, B = 0.976 n^0.35 e^(0.575 I) bins an axis, I in nats: dependent pairs lie in fewer cells, and
allow finer ones. All constants were chosen on one set of distributions and judged on another: see scripts/accuracy.py.
"""

from typing import Any

import msgspec
import numpy as np

from streammi.core.kernels.nested import ADDED
from streammi.records import IntArray


class Grain(msgspec.Struct, frozen=True, eq=False):
    """The fine bins that make each coarse one, (Bx,) and (By,), how many of these there are, and the weight w."""

    x_parts: IntArray
    y_parts: IntArray
    sizes: tuple[int, int]
    weight: float

    def to_plain(self) -> list[list[int] | float]:
        """Plain values, for a saved state."""
        return [self.x_parts.tolist(), self.y_parts.tolist(), self.weight]

    @classmethod
    def from_plain(cls, plain: list[Any]) -> "Grain":
        """The grain that ``to_plain`` described."""
        x, y = (np.array(parts, dtype=np.int64) for parts in plain[:2])
        return cls(x_parts=x, y_parts=y, sizes=(x.item(-1) + 1, y.item(-1) + 1), weight=plain[2])

    def same(self, other: "Grain") -> bool:
        """True if another one says the same."""
        return (
            self.weight == other.weight
            and np.array_equal(self.x_parts, other.x_parts)
            and np.array_equal(self.y_parts, other.y_parts)
        )


def grain_of(x: tuple[IntArray, float], y: tuple[IntArray, float]) -> Grain:
    """The grain of two signals, of each one its parts and the share T of ties; the one with more of them decides."""
    (x_parts, x_ties), (y_parts, y_ties) = x, y
    sizes = x_parts.item(-1) + 1, y_parts.item(-1) + 1
    together = sizes[0] < x_parts.size, sizes[1] < y_parts.size
    ties = max(x_ties if together[0] else 0.0, y_ties if together[1] else 0.0)
    return Grain(x_parts, y_parts, sizes, ADDED * (1 - ties) if together[0] or together[1] else 0.0)
