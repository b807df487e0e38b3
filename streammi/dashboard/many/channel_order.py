"""The order of the channels in the matrix, and its pairs by the blocks that are drawn as one dot."""

from collections.abc import Callable
from typing import Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from streammi.dashboard.many.pairs import number_of, sides
from streammi.records import IntArray

SCALES = (-64, -48, -32, -24, -16, -12, -8, -6, -4, -3, -2, 1, 2, 3, 4, 6, 8)  # dots a channel, or less channels a dot

FEW: Final = 0.25  # of all pairs
Mask: TypeAlias = NDArray[np.bool_]


class Blocks(NamedTuple):
    """All pairs, block after block; a block is on and above the diagonal."""

    pairs: IntArray  # (P,) numbers, those of a block together
    starts: IntArray  # (m,) where each block begins
    rows: IntArray  # (m,) of each
    columns: IntArray
    of_pair: IntArray  # (P,) the place of each pair's block in the three before


class Leaves:
    """Channels in an order, (C,), and where each of them is."""

    def __init__(self, order: IntArray) -> None:
        self.order = order
        self.place = np.empty_like(order)
        self.place[order] = np.arange(order.size)
        self._blocks: dict[int, Blocks] = {}
        self._largest: tuple[object, object, NDArray[np.float32]] | None = None

    def number(self, row: int, column: int) -> int | None:
        """The pair at two places; None on the diagonal."""
        if row == column:
            return None
        first, second = self.order[[row]], self.order[[column]]
        return int(number_of(first, second, self.order.size)[0])

    def blocks(self, size: int) -> Blocks:
        """The pairs by blocks of ``size`` x ``size`` places; once made it is kept, as it is of an order, not of values.

        >>> Leaves(np.array([2, 0, 1])).blocks(2).pairs.tolist()  # of (0, 1), (0, 2) and (1, 2): 0 and 2 come first
        [1, 0, 2]
        """
        if size not in self._blocks:
            first, second = (self.place[side] // size for side in sides(self.order.size))
            across = -(-self.order.size // size)
            block = np.minimum(first, second) * across + np.maximum(first, second)
            pairs = np.argsort(block, kind="stable")
            found, starts, of_sorted = np.unique(block[pairs], return_index=True, return_inverse=True)
            of_pair = np.empty_like(pairs)
            of_pair[pairs] = of_sorted
            self._blocks[size] = Blocks(pairs, starts, found // across, found % across, of_pair)
        return self._blocks[size]

    def largest(
        self, of: object, shade: str, size: int, values: NDArray[np.float32], chance: Callable[[], Mask | None]
    ) -> NDArray[np.float32]:
        """``largest`` of each block of a size: of one matrix they are found once, not at each key that is pressed."""
        if self._largest is None or self._largest[0] is not of or self._largest[1] != (shade, size):
            self._largest = of, (shade, size), largest(values, self.blocks(size), chance())
        return self._largest[2]


def largest(values: NDArray[np.float32], blocks: Blocks, chance: Mask | None = None) -> NDArray[np.float32]:
    """The value of each block that is farthest from 0, with its sign, (m,); NaN where none is known.

    Where ``chance`` is true, (P,), a value that is known counts as 0.
    """
    if chance is not None:
        others = (~chance).nonzero()[0]
        if others.size < FEW * values.size and not np.isnan(values).any():
            return _largest_of(values[others], blocks.of_pair[others], blocks.starts.size)
        values = values * ~chance
    sorted_ = values.take(blocks.pairs)
    high, low = np.fmax.reduceat(sorted_, blocks.starts), np.fmin.reduceat(sorted_, blocks.starts)
    found: NDArray[np.float32] = np.where(-low > high, low, high)
    return found


def _largest_of(values: NDArray[np.float32], block: IntArray, blocks: int) -> NDArray[np.float32]:
    """The same of some pairs, by the block of each, where all others are 0: of few in a quarter of the time."""
    high, low = np.zeros((2, blocks), np.float32)
    np.maximum.at(high, block, values)
    np.minimum.at(low, block, values)
    return np.where(-low > high, low, high)


def whole_scale(channels: int, across: int, down: int) -> int:
    """The largest scale at which all channels are seen.

    >>> whole_scale(32, 100, 70), whole_scale(1000, 100, 70)
    (2, -15)
    """
    room = min(across, down)
    if channels <= room:
        return min(room // max(channels, 1), SCALES[-1])
    return -channels // room


def zoomed(scale: int, whole: int, step: int) -> int | None:
    """The next larger or smaller scale; None, which is the scale at which all is seen, where it would be no larger.

    >>> zoomed(-15, -15, 1), zoomed(2, 2, 1), zoomed(3, 2, -1)
    (-12, 3, None)
    """
    if step > 0:
        found = next((one for one in SCALES if one > scale), scale)
    else:
        found = next((one for one in reversed(SCALES) if one < scale), whole)
    return found if found > whole else None
