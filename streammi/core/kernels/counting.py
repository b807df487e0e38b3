"""One count up or down, and sums of a table over counts: by how much they change with it, or all of it."""

from typing import Any, Final

import numpy as np

from streammi.core.kernels.compiled import part

# Indices are unsigned throughout: for a signed one the compiler adds Python's wrap-around at each access (14 instead of
# 9 ns a sample). Mixing the two would make a float, hence the typed constant.
ONE: Final = np.uint64(1)
_NOTHING: Final = np.int64(0)


@part
def put(counts: Any, cell: Any, f: Any) -> Any:
    """Count one more in a cell; returns what S, the sum of ``f`` over the counts, gains, or 0 where ``f`` is None."""
    c = np.uint64(counts[cell])
    counts[cell] = c + ONE
    return _NOTHING if f is None else f[c + ONE] - f[c]


@part
def take(counts: Any, cell: Any, f: Any) -> Any:
    """Count one less in a cell; returns what S loses, or 0."""
    c = np.uint64(counts[cell]) - ONE
    counts[cell] = c
    return _NOTHING if f is None else f[c + ONE] - f[c]


# The same by a table of these differences: one look-up where the two above have two, 1 ns of 6 for a triple.
@part
def step_up(counts: Any, cell: Any, steps: Any) -> Any:
    """As ``put``, by how much ``f`` grows from each count to the next."""
    c = np.uint64(counts[cell])
    counts[cell] = c + ONE
    return steps[c]


@part
def step_down(counts: Any, cell: Any, steps: Any) -> Any:
    """As ``take``, likewise."""
    c = np.uint64(counts[cell]) - ONE
    counts[cell] = c
    return steps[c]


@part
def sum_of(cells: Any, f: Any) -> Any:
    """S, the sum of ``f`` over the counts of cells (k,)."""
    total = np.int64(0)
    for c in cells:
        total += f[np.uint64(c)]
    return total


@part
def sums_of(cells: Any, rows: Any, columns: Any, f: Any) -> Any:
    """How many pairs are in the cells (rows * columns,), and S_x, S_y of their margins and S_xy."""
    n = np.int64(0)
    s_x = s_y = s_xy = np.int64(0)
    for a in range(rows):
        c = np.int64(0)
        for b in range(columns):
            cell = np.uint64(cells[a * columns + b])
            c += np.int64(cell)
            s_xy += f[cell]
        s_x += f[np.uint64(c)]
        n += c
    for b in range(columns):
        c = np.int64(0)
        for a in range(rows):
            c += np.int64(cells[a * columns + b])
        s_y += f[np.uint64(c)]
    return n, s_x, s_y, s_xy
