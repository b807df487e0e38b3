"""MI beyond what bins resolve: from two nested histograms to bins without end, and how many bins that wants.

Dividing signals into bins loses part of their MI, roughly in proportion to a bin's width. The coarse bins are those of
the fine ones, two and two put together, so that both histograms count the same pairs; each MI is corrected for its bias
by schuermann's table, and part of what the second halving has brought is added once more, in nats:

    I = I_fine + w (I_fine - I_coarse)
    w = (1.71 + 0.033 ln(n / 1000) - 5.73 g + 7.03 g^2) I_fine / (I_fine + 0.9 / sqrt(n))
    g = ln(K + K1 / 2) - H_fine(x, y), from 0 to 0.41;  n from 100 to 10,000

K cells hold a pair, K1 of them hold one alone. Where a density has edges, the pairs lie evenly in the cells within, g
is 0, and the loss falls with the width, or more slowly: w is 1 or above. Smooth ones thin out, there are more cells
than e^H, and the loss falls faster: w goes down to a half. The last factor lets MI of unrelated signals scatter less;
it is 0 where I_fine is not above 0.

It is otherwise in three cases. Of a signal that takes few values, so that T of two pairs in one bin have the same one,
there is not more to be found than these: w (1 - T), and a bin that holds one value only is not put together with
others. Where bins are coarse, g says little: for 0.87 to 0.54 times as many as wanted w becomes 0.85. And where they
are too fine for the correction to hold: for 1.32 to 3.2 times as many it becomes -1, which leaves the coarse bins.

Wanted are, of n pairs, B = 0.976 n^0.35 e^(0.575 I) bins an axis, I in nats: dependent pairs lie in fewer cells, and
allow finer ones. That was chosen by 18 distributions, w by 302 of 30 families, in least absolute errors at 100 to
10,000 pairs; both are judged by others: see scripts/accuracy.py.
"""

from functools import lru_cache
from typing import Any

import msgspec
import numpy as np

from streammi.core.kernels import nested
from streammi.records import FloatArray, IntArray


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


@lru_cache(maxsize=8)
def logs_held(cells: int) -> FloatArray:
    """``nested.log_held`` of all that so many cells can hold, (3 cells + 1,); shared, read-only.

    A call of log2 at each sample would take 5 ns of 22.
    """
    logs = np.empty(3 * cells + 1)
    nested.logs_held(logs)
    logs.flags.writeable = False
    return logs


def grain_of(x: tuple[IntArray, float], y: tuple[IntArray, float]) -> Grain:
    """The grain of two signals, of each one its parts and the share T of ties; the one with more of them decides."""
    (x_parts, x_ties), (y_parts, y_ties) = x, y
    sizes = x_parts.item(-1) + 1, y_parts.item(-1) + 1
    together = sizes[0] < x_parts.size, sizes[1] < y_parts.size
    ties = max(x_ties if together[0] else 0.0, y_ties if together[1] else 0.0)
    return Grain(x_parts, y_parts, sizes, 1 - ties if together[0] or together[1] else 0.0)
