"""One count up or down, and by how much that changes a sum of a table over the counts."""

from typing import Any, Final

import numpy as np

from streammi.core.kernels.compiled import part

# Indices are unsigned throughout: for a signed one the compiler adds Python's wrap-around at each access (14 instead of
# 9 ns a sample). Mixing the two would make a float, hence the typed constant.
ONE: Final = np.uint64(1)


@part
def put(counts: Any, cell: Any, f: Any) -> Any:
    """Count one more in a cell; returns what S, the sum of ``f`` over the counts, gains."""
    c = np.uint64(counts[cell])
    counts[cell] = c + ONE
    return f[c + ONE] - f[c]


@part
def take(counts: Any, cell: Any, f: Any) -> Any:
    """Count one less in a cell; returns what S loses."""
    c = np.uint64(counts[cell]) - ONE
    counts[cell] = c
    return f[c + ONE] - f[c]
