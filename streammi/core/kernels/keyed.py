"""Pairs of many keys, mixed, into the rings of their windows."""

from typing import Any, Final

from streammi.core.kernels.coding import LARGEST
from streammi.core.kernels.compiled import kernel

# What is kept of each key: the place of its next pair, how many pairs there are in its window, and its totals.
HEAD, N, PAIRS, CLIPPED, NONFINITE = range(5)
STATE_SIZE: Final = 5


@kernel
def enter(
    slots: Any, x: Any, y: Any, x_low: float, x_high: float, y_low: float, y_high: float, values: Any, state: Any
) -> None:
    """Write the pairs ``x``, ``y`` (m,) into the rings of the keys ``slots`` (m,), in order; below 0 is no key.

    ``values`` (K, 2, size) are the rings, ``state`` (K, STATE_SIZE) is theirs. A pair that is not finite is counted,
    and so is one with a value beyond the range from ``low`` to ``high`` of its signal. Nothing is binned or counted
    here: a reading looks at all values of the window for r, and counting them takes less than that.
    """
    size = values.shape[2]
    for k in range(slots.size):
        slot = slots[k]
        if slot < 0:
            continue
        if not ((abs(x[k]) <= LARGEST) & (abs(y[k]) <= LARGEST)):
            state[slot, NONFINITE] += 1
            continue
        head = state[slot, HEAD]
        values[slot, 0, head], values[slot, 1, head] = x[k], y[k]
        state[slot, HEAD] = head + 1 if head + 1 < size else 0
        state[slot, N] += state[slot, N] < size
        state[slot, PAIRS] += 1
        state[slot, CLIPPED] += (x[k] < x_low) | (x[k] > x_high) | (y[k] < y_low) | (y[k] > y_high)
