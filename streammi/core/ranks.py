"""The ranks of values, and the order that they are in."""

from typing import Final

import numpy as np

from streammi.core.kernels import radix
from streammi.core.kernels.correlation import ranks
from streammi.records import FloatArray, IntArray

FEW: Final = 500  # values that numpy has in order sooner,
NOT_MANY: Final = 2000  # and without their places


def places(values: FloatArray) -> IntArray:
    """The places (n,) of values (n,), none of them NaN, from the least on; those of equal ones as they stand.

    1.2 ms of 100,000 values, where np.argsort takes 5 to 9 on an AMD EPYC, and 16 if equal ones are to stay in order.

    >>> places(np.array([3.0, -1.0, 3.0, 2.0])).tolist()
    [1, 3, 0, 2]
    """
    if values.size < FEW:
        return np.argsort(values, kind="stable")
    room = np.empty(radix.COUNTS + 4 * values.size, dtype=np.uint64)
    room[radix.COUNTS :][: values.size] = values.view(np.uint64)
    start = radix.sort(room)
    return room[start : start + values.size].view(np.int64)


def ascending(values: FloatArray) -> FloatArray:
    """Values (n,), none of them NaN, from the least on.

    >>> ascending(np.array([3.0, -1.0, 3.0, 2.0])).tolist()
    [-1.0, 2.0, 3.0, 3.0]
    """
    return np.sort(values) if values.size < NOT_MANY else values[places(values)]


def mean_ranks(values: FloatArray) -> FloatArray:
    """The ranks (n,) of values (n,) from 1 on; those of equal ones are their mean.

    >>> mean_ranks(np.array([3.0, -1.0, 3.0, 2.0])).tolist()
    [3.5, 1.0, 3.5, 2.0]
    """
    return _ranks(values, of_groups=False)


def group_ranks(values: FloatArray) -> FloatArray:
    """For each of values (n,), how many different ones are less; (n,).

    >>> group_ranks(np.array([3.0, -1.0, 3.0, 2.0])).tolist()
    [2.0, 0.0, 2.0, 1.0]
    """
    return _ranks(values, of_groups=True)


def _ranks(values: FloatArray, *, of_groups: bool) -> FloatArray:
    found, order = np.empty(values.size), places(values)
    ranks(values[order], order, of_groups, found)
    return found
