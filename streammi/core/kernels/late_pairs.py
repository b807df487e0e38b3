"""The pairs that belong to a window, by their times."""

from typing import Any

import numpy as np

from streammi.core.kernels.compiled import kernel
from streammi.core.kernels.state_layout import DROPPED, DROPPED_RUN, HEAD, LATE, SET_BACK_AFTER, N


@kernel
def admit(
    t: Any, times: Any, size: int, span: float, newest: float, state: Any, clock: Any, kept: Any
) -> tuple[int, int, float]:
    """Decide which pairs belong to the window by their times, until its clock turns out to be set back, or for all.

    A time below the newest is late. A late pair is kept, at the newest time, unless it is older than the window: by
    ``span`` seconds, or, in a count window (``size`` > 0) that is full, older than its oldest pair. After
    SET_BACK_AFTER dropped ones in a row the clock did not falter, it was set back (a feed in local time, each autumn).
    The last of them is kept, and the times of all pairs before are to go back with it, by ``back`` s; nothing behind it
    is looked at. A time that is not finite is no pair's. Returns how many pairs were looked at, how many of them are
    kept, m, and ``back``, below 0, or 0. ``kept`` receives which they are, ``clock[:m]`` their times.
    """
    m = 0
    head, n, capacity = state[HEAD], state[N], times.size
    for k in range(t.size):
        time = t[k]
        if not np.isfinite(time):
            kept[k] = False
            continue
        keep = True
        if time < newest:
            state[LATE] += 1
            if size > 0:
                if n + m >= size:
                    oldest = clock[m - size] if m >= size else times[(head - min(n, size - m) + capacity) % capacity]
                    keep = not time < oldest
            else:
                keep = not time <= newest - span
            state[DROPPED_RUN] = 0 if keep else state[DROPPED_RUN] + 1
            if state[DROPPED_RUN] == SET_BACK_AFTER:
                back = time - newest
                for at in range(m):  # added to a slice, numba's check that it fits takes 1.2 s to compile
                    clock[at] += back
                clock[m] = time
                kept[k] = True
                state[DROPPED_RUN] = 0
                return k + 1, m + 1, back
            state[DROPPED] += not keep
            time = newest
        else:
            state[DROPPED_RUN] = 0
        kept[k] = keep
        if keep:
            clock[m] = time
            newest = time
            m += 1
    return t.size, m, 0.0


@kernel
def in_order(t: Any, newest: float) -> bool:
    """True if times (n,), of which there is one at least, never step back, from ``newest`` on, and all are finite."""
    # No way out of the loop: so the compiler takes eight at a time.
    ordered = True
    for k in range(1, t.size):
        ordered &= t[k] >= t[k - 1]
    return ordered and t[0] >= newest and np.isfinite(t[0]) and np.isfinite(t[t.size - 1])
