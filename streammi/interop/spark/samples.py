"""Samples: pairs of one key with their place in the order, and blocks of them as bytes."""

from collections.abc import Iterator
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from streammi.records import FloatArray, codec

KIND: Final = "spark samples 1"
X, Y = 0, 1  # rows of ``numbers``


class Samples(msgspec.Struct, frozen=True, eq=False):
    """Samples of one key. ``order`` (n,) are their times in s, float64, or their numbers, int64.

    ``place`` (n,) is where each stood in its row of arrays, 0 in a row of its own. ``numbers`` (m, n) are x, y, then
    the time where the order is by number and there is one, then the conditions.
    """

    order: NDArray[Any]
    place: NDArray[np.uint32]
    numbers: FloatArray

    def __len__(self) -> int:
        return self.order.size

    def at(self, index: Any) -> "Samples":
        """Those at these places, or in this slice."""
        return Samples(self.order[index], self.place[index], self.numbers[:, index])

    def sorted(self) -> "Samples":
        """In their order; what has the same place in it goes by all its values, so that each sorting is the same.

        >>> Samples(np.array([2.0, 1.0]), np.zeros(2, np.uint32), np.array([[5.0, 6.0], [7.0, 8.0]])).sorted().numbers
        array([[6., 5.],
               [8., 7.]])
        """
        if not (self.order[1:] < self.order[:-1]).any():
            index = None
            order, place = self.order, self.place
        else:
            index = np.argsort(self.order, kind="stable")
            order, place = self.order[index], self.place[index]
        ties = order[1:] == order[:-1]
        if (place[1:] <= place[:-1])[ties].any():
            return self.at(np.lexsort((*self.numbers[::-1], self.place, self.order)))
        return self if index is None else self.at(index)

    def without_copies(self) -> "Samples":
        """Sorted ones with each place in the order once."""
        again = (self.order[1:] == self.order[:-1]) & (self.place[1:] == self.place[:-1])
        return self.at(np.concatenate(([True], ~again))) if again.any() else self


def joined(parts: list[Samples]) -> Samples:
    """Several as one, in turn; there is one at least."""
    if len(parts) == 1:
        return parts[0]
    columns = zip(*((part.order, part.place) for part in parts), strict=True)
    order, place = (np.concatenate(column) for column in columns)
    return Samples(order, place, np.concatenate([part.numbers for part in parts], axis=1))


def to_block(keys: list[str | int], sizes: list[int], samples: Samples) -> bytes:
    """Samples of several keys as bytes: so many of each, one key after the other."""
    arrays = [samples.order, samples.numbers]
    if samples.place.any():
        arrays.append(samples.place)
    return codec.pack(KIND, {"keys": keys, "sizes": sizes}, arrays)


def of_block(data: bytes) -> Iterator[tuple[str | int, Samples]]:
    """The keys of a block and the samples of each."""
    header, (order, numbers, *place) = codec.unpack(KIND, data)
    samples = Samples(order, place[0] if place else np.zeros(order.size, dtype=np.uint32), numbers)
    start = 0
    for key, size in zip(header["keys"], header["sizes"], strict=True):
        yield key, samples.at(slice(start, start + size))
        start += size
