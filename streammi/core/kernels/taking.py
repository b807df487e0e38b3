"""Pairs as they come into the window: their codes, their counts and their values, and a glance at the bins."""

from typing import Any, Final

import numpy as np

from streammi.core.kernels.coding import bin_edges, bin_uniform
from streammi.core.kernels.compiled import kernel, part
from streammi.core.kernels.glancing import GLANCES, LEAST_GLANCE, astray
from streammi.core.kernels.sliding import refill, slide, slide_span
from streammi.core.kernels.slots import CHECK, DUE, FEW, GLANCE, HEAD, PAIRS, S_X, S_XY, S_Y, N

AHEAD: Final = 512  # pairs coded at a time at least: what a look at the bins makes stale is coded twice
CODED: Final = -1  # in place of a number of equal-width bins: the codes are there already

# An axis is one array: low, high, the number of equal-width bins, or 0, and the bits of its codes that count; how many
# edges there are between the bins, and these; and the marks by which it is looked at (see core.kernels.glancing). One,
# because each array that comes from Python costs as much time as a pair does here.
LOW, HIGH, UNIFORM, BITS, INNER = range(5)
AXIS: Final = 5


@kernel
def take(
    x: Any, y: Any, x_codes: Any, y_codes: Any, out: Any, x_axis: Any, y_axis: Any, ring: Any, values: Any,
    state: Any, x_counts: Any, y_counts: Any, joint: Any, nest: Any, f: Any, whole: Any, unit_bits: float, floor: float,
) -> int:  # fmt: skip
    """Push the pairs ``x``, ``y`` (m,), all of them finite, into a count window, until a check is due, or all.

    Returns how many. Their codes go to ``x_codes`` and ``y_codes``, their values to the ring of ``values``, (2,
    capacity), and with an ``out`` of m the MI in bits after each there. All in one call: a call from Python costs more
    than the work on a few pairs, and so does a return to it for each glance.
    """
    start = coded = 0
    while start < x.size:
        stop = min(x.size, start + min(state[GLANCE], state[CHECK]) - state[PAIRS])
        if stop > coded:
            ahead = min(x.size, max(stop, coded + AHEAD))
            _code(x[coded:ahead], x_axis, x_codes[coded:ahead])
            _code(y[coded:ahead], y_axis, y_codes[coded:ahead])
            coded = ahead
        part_x, part_y = x_codes[start:stop], y_codes[start:stop]
        _write(x[start:stop], values[0], state[HEAD])
        _write(y[start:stop], values[1], state[HEAD])
        if out.size == 0 and stop - start >= max(ring.size, joint.size):
            refill(part_x, part_y, ring, state, x_counts, y_counts, joint, nest, f)
        else:
            emitted = out[start:stop] if out.size > 0 else out
            slide(part_x, part_y, ring, state, x_counts, y_counts, joint, nest, f, whole, unit_bits, floor, emitted)
        start = stop
        if _look(values, ring, state, x_counts, y_counts, whole, unit_bits, x_axis, y_axis):
            break
    return start


@kernel
def take_span(
    x: Any, y: Any, t: Any, x_codes: Any, y_codes: Any, span: float, limit: int, times: Any,
    x_axis: Any, y_axis: Any, ring: Any, values: Any, state: Any, x_counts: Any, y_counts: Any, joint: Any, nest: Any,
    f: Any, whole: Any, unit_bits: float, floor: float,
) -> int:  # fmt: skip
    """``take`` with times ``t`` (m,) that never step back, into a window of ``span`` seconds; see slide_span.

    It stops also where there is no room for more.
    """
    start = coded = 0
    while start < x.size:
        stop = min(x.size, start + min(state[GLANCE], state[CHECK]) - state[PAIRS])
        if stop > coded:
            ahead = min(x.size, max(stop, coded + AHEAD))
            _code(x[coded:ahead], x_axis, x_codes[coded:ahead])
            _code(y[coded:ahead], y_axis, y_codes[coded:ahead])
            coded = ahead
        head = state[HEAD]
        taken = slide_span(
            x_codes[start:stop], y_codes[start:stop], t[start:stop], span, limit, state[FEW], ring, times, state,
            x_counts, y_counts, joint, nest, f,
        )  # fmt: skip
        _write(x[start : start + taken], values[0], head)
        _write(y[start : start + taken], values[1], head)
        start += taken
        if taken == 0:
            break
        if _look(values, ring, state, x_counts, y_counts, whole, unit_bits, x_axis, y_axis):
            break
    return start


@kernel
def push(
    x: float, y: float, x_axis: Any, y_axis: Any, ring: Any, values: Any, state: Any, x_counts: Any, y_counts: Any,
    joint: Any, nest: Any, f: Any, whole: Any, unit_bits: float, floor: float,
) -> float:  # fmt: skip
    """``take`` for one pair; returns MI in bits. A pair that is not finite changes nothing and returns NaN."""
    value, code, mi = np.empty(2), np.empty((2, 1), dtype=np.uint16), np.empty(1)
    value[0], value[1] = x, y
    skipped = _code(value[:1], x_axis, code[0])
    skipped += _code(value[1:], y_axis, code[1])
    if skipped:
        return np.nan
    head = state[HEAD]
    values[0, head], values[1, head] = x, y
    slide(code[0], code[1], ring, state, x_counts, y_counts, joint, nest, f, whole, unit_bits, floor, mi)
    _look(values, ring, state, x_counts, y_counts, whole, unit_bits, x_axis, y_axis)
    return mi[0]  # type: ignore[no-any-return]


@part
def _code(values: Any, axis: Any, out: Any) -> int:
    skipped = 0
    low, high, uniform, bits = axis[LOW], axis[HIGH], np.int64(axis[UNIFORM]), np.int64(axis[BITS])
    if uniform > 0:
        skipped = bin_uniform(values, low, high, uniform, out)
    elif uniform == 0:
        skipped = bin_edges(values, low, high, axis[AXIS : AXIS + np.int64(axis[INNER])], out)
    for k in range(out.size):
        out[k] &= bits
    return skipped


@part
def _marks(axis: Any) -> Any:
    return axis[AXIS + np.int64(axis[INNER]) :]


@part
def _write(values: Any, ring: Any, head: int) -> None:
    """Write the values (m,) into a ring from ``head`` on, as m single writes would leave it."""
    at, place = max(values.size - ring.size, 0), head
    if at > 0:
        place = (head + at) % ring.size
    while at < values.size:
        run = min(values.size - at, ring.size - place)
        for k in range(run):
            ring[place + k] = values[at + k]
        at += run
        place = 0


@part
def _look(
    values: Any, ring: Any, state: Any, x_counts: Any, y_counts: Any, whole: Any, unit_bits: float, x_axis: Any,
    y_axis: Any,
) -> bool:  # fmt: skip
    """True if a check is due, with the reason in DUE: it is time for one (1), or a glance finds so (see glancing)."""
    due = np.int64(state[PAIRS] >= state[CHECK])
    n = state[N]
    if state[PAIRS] >= state[GLANCE] or n < state[FEW]:
        state[GLANCE], state[FEW] = state[PAIRS] + max(n // GLANCES, LEAST_GLANCE), n - n // GLANCES
        bits = (whole[n] - state[S_X] - state[S_Y] + state[S_XY]) * unit_bits / n
        found = astray(values, ring, state, x_counts, y_counts, bits, _marks(x_axis), _marks(y_axis))
        due = np.int64(found) if found else due
    state[DUE] = due
    return due != 0  # type: ignore[no-any-return]
