"""Channels, or rows of pairs, a channel with all later ones each, that several threads share out among themselves.

Whoever is ready takes the next, without Python's lock: to hand a block of rows to a thread that has to wait for that
takes 20 us and more, so that two threads took no less time than one for 0.4 ms of work in blocks of 30 us. Each begins
with a share of its own, the same one each time, and helps with the others' then: of 2,016 pairs of 16 bins the counts
are 1 MB, and where any thread takes any pair, half of them are in the other processor's cache. When all is done is seen
without the lock too: to be woken up takes as long as 35 rows.
"""

from typing import Any, Final, TypeAlias

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numpy.typing import NDArray

from streammi.core.kernels.compiled import kernel, part

MOST_AT_ONCE: Final = 8  # rows: what they write down a column is in one cache line, which has one writer then
LEAST_TURNS: Final = 32  # of which the last ones are the shortest: whoever is done waits for little
NEXT, LAST, AT_ONCE = range(3)  # of a share: the next row, and how many are taken at once
DONE, ALL = range(2)  # behind them, rows
PATIENCE: Final = 20_000  # looks
APART: Final = 16  # int64: no two of them are in one cache line

Shares: TypeAlias = NDArray[np.int64]
Turns: TypeAlias = tuple[Shares, int]  # and whose share it is to begin with


def shares_of(first: int, last: int, threads: int = 1, at_once: int = 0) -> Shares:
    """The rows from ``first`` up to ``last`` for so many threads, (threads + 1, APART); see ``next_rows``.

    Each has as many pairs in its share; ``last`` is behind the last channel then. Or they are channels, as many in each
    share, so many of which are taken ``at_once``.
    """
    shares = np.zeros((threads + 1, APART), dtype=np.int64)
    count, start = last - first, first
    for k in range(threads):
        # Of n rows of n - 1, n - 2, ... pairs the first x hold the share 1 - (1 - x / n)**2 of all pairs.
        part = 1 - (1 - (k + 1) / threads) ** 0.5 if not at_once else (k + 1) / threads
        stop = first + round(part * count)
        shares[k, :3] = start, stop, at_once or max(min((stop - start) * threads // LEAST_TURNS, MOST_AT_ONCE), 1)
        start = stop
    shares[threads, ALL] = count
    return shares


def turns_of(first: int, last: int) -> Turns:
    """The rows from ``first`` up to ``last``, for one who does them all."""
    return shares_of(first, last), 0


def _place(context: Any, builder: Any, kind: Any, array: Any, row: Any, column: Any) -> Any:
    data = context.make_array(kind)(context, builder, array).data
    at = builder.add(builder.mul(row, ir.Constant(row.type, APART)), column)
    return builder.gep(data, [at])


def _adds(context: Any, shares: Any, row: Any, column: Any, count: Any) -> Any:
    """shares[row, column], to which ``count`` is added: no two threads get the same."""

    def write(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        place = _place(context, builder, signature.args[0], *given[:3])
        return builder.atomic_rmw("add", place, given[3], "acq_rel")

    return types.int64(shares, types.intp, types.intp, types.int64), write


def _looks(context: Any, shares: Any, row: Any, column: Any) -> Any:
    """shares[row, column] as it is now, with all that was written before somebody added to it."""

    def write(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        place = _place(context, builder, signature.args[0], *given)
        return builder.load_atomic(place, "acquire", 8)

    return types.int64(shares, types.intp, types.intp), write


def _yields(context: Any) -> Any:
    """Has the system run another thread, if one waits for this processor."""

    def write(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        kind = ir.FunctionType(ir.IntType(32), [])
        builder.call(cgutils.get_or_insert_function(builder.module, kind, "sched_yield"), [])  # type: ignore[no-untyped-call]
        return context.get_dummy_value()

    return types.void(), write


_let_others_run: Any = intrinsic(_yields)
_add: Any = intrinsic(_adds)
_look: Any = intrinsic(_looks)


@part
def next_rows(turns: Any, done: Any) -> Any:
    """The next rows that are this thread's to do, from the first up to the last; none where none is left.

    ``done`` are those before, which it has done.
    """
    shares, own = turns
    count = shares.shape[0] - 1
    if done > 0:
        _add(shares, count, DONE, done)
    for k in range(count):
        share = own + k if own + k < count else own + k - count
        last = shares[share, LAST]
        if _look(shares, share, NEXT) < last:
            first: Any = _add(shares, share, NEXT, shares[share, AT_ONCE])
            if first < last:
                return first, min(first + shares[share, AT_ONCE], last)
    return np.int64(0), np.int64(0)


@kernel
def are_done(shares: Any, looks: int) -> bool:
    """True once all rows are done, False after so many looks.

    Whoever has looked for 10 us lets others run: what is waited for may be one of them.
    """
    behind, look = shares.shape[0] - 1, 0
    while look < looks and _look(shares, behind, DONE) < shares[behind, ALL]:
        look += 1
        if look % PATIENCE == 0:
            _let_others_run()
    return look < looks
