"""Rows of pairs, a channel with all later ones each, that several threads share out among themselves while they count.

Whoever is ready takes the next, without Python's lock: to hand a block of rows to a thread that has to wait for that
takes 20 us and more, so that two threads took no less time than one for 0.4 ms of work in blocks of 30 us.
"""

from typing import Any, Final

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic
from numpy.typing import NDArray

from streammi.core.kernels.compiled import part

MOST_AT_ONCE: Final = 8  # rows: what they write down a column is in one cache line, which has one writer then
LEAST_TURNS: Final = 32  # of which the last ones are the shortest: whoever is done waits for little


def turns_of(first: int, last: int) -> NDArray[np.int64]:
    """The rows from ``first`` up to ``last``, for all who are to share them; see ``next_rows``."""
    at_once = max(min((last - first) // LEAST_TURNS, MOST_AT_ONCE), 1)
    return np.array([first, last, at_once], dtype=np.int64)


def _of_all(context: Any, turns: Any) -> Any:
    """turns[0], to which turns[2] is added: no two threads get the same."""

    def write(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        data = context.make_array(signature.args[0])(context, builder, given[0]).data
        at_once = builder.load(builder.gep(data, [ir.Constant(ir.IntType(64), 2)]))
        return builder.atomic_rmw("add", data, at_once, "monotonic")

    return types.int64(turns), write


_take: Any = intrinsic(_of_all)


@part
def next_rows(turns: Any) -> Any:
    """The next rows that are this thread's to do, from the first up to the last; none where none is left."""
    first: Any = _take(turns)
    return first, min(first + turns[2], turns[1])
