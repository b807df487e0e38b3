"""Arrays of a kernel's own: of two types, each made in one place.

numpy's functions are compiled anew for each type and each shape that they are called with: 0.1 to 0.3 s each.
"""

from typing import Any

import numpy as np

from streammi.core.kernels.compiled import allocating_part


@allocating_part
def floats(size: int) -> Any:
    """Room for floats, (size,); whatever is in it."""
    return np.empty(size)


@allocating_part
def integers(size: int) -> Any:
    """Room for int64, (size,); whatever is in it."""
    return np.empty(size, dtype=np.int64)


@allocating_part
def zeros(size: int) -> Any:
    """Zeros, (size,), int64."""
    made = integers(size)
    for k in range(size):
        made[k] = 0
    return made
