"""Pairs as they come into the window: their codes, their counts and their values, and a glance at the bins."""

from typing import Any, Final

import numpy as np

from streammi.core.kernels.bin_fit import GLANCES, LEAST_GLANCE, OF_Y, SEEN, SOON, SOONEST, X_SHIFT, Y_SHIFT, astray
from streammi.core.kernels.coding import LARGEST, bin_edges, bin_uniform, code_of, uniform_code
from streammi.core.kernels.compiled import apart, kernel, part
from streammi.core.kernels.sliding import refill, slide, slide_one, slide_span
from streammi.core.kernels.state_layout import CHECK, DUE, FEW, GLANCE, HEAD, PAIRS, S_X, S_XY, S_Y, N

AHEAD: Final = 512  # pairs coded at a time at least: what a look at the bins makes stale is coded twice
CODED: Final = -1  # in place of a number of equal-width bins: the codes are there already

# An axis is one array: low, high, the number of equal-width bins, or 0, the bits of its codes that count, and how many
# edges there are between the bins; then what glances have seen, these edges, and the marks by which it is looked at:
# see core.kernels.bin_fit. One, because each array that comes from Python takes as long as several pairs do here.
LOW, HIGH, UNIFORM, BITS, INNER = range(5)
EDGES: Final = 5 + SEEN


@kernel
def take(
    x: Any, y: Any, x_codes: Any, y_codes: Any, out: Any, x_axis: Any, y_axis: Any, ring: Any, values: Any,
    state: Any, x_counts: Any, y_counts: Any, joint: Any, nest: Any, f: Any, whole: Any, unit_bits: float, floor: float,
) -> int:  # fmt: skip
    """Push the pairs ``x``, ``y`` (m,), all of them finite, into a count window, until a check is due, or all.

    Returns how many. Their codes go to ``x_codes`` and ``y_codes``, their values to the ring of ``values``, (2,
    capacity), and with an ``out`` of m the MI in bits after each there. All in one call: a call from Python costs more
    than the work on a few pairs, and so does a return to it for each glance. Of no pair at all, it looks only.
    """
    if x.size == 0:
        _look(values, ring, state, x_counts, y_counts, whole, unit_bits, x_axis, y_axis)
    start: Any = np.int64(0)  # typed, as X_SHIFT is
    coded = start
    while start < x.size:
        stop = min(x.size, start + min(state[GLANCE], state[CHECK]) - state[PAIRS])
        if stop > coded:
            ahead = min(x.size, max(stop, coded + AHEAD))
            _code(x[coded:ahead], x_axis, x_codes[coded:ahead])
            _code(y[coded:ahead], y_axis, y_codes[coded:ahead])
            coded = ahead
        part_x, part_y = x_codes[start:stop], y_codes[start:stop]
        _write(x, y, start, stop, values, state[HEAD])
        if out.size == 0 and stop - start >= max(ring.size, joint.size):
            refill(part_x, part_y, ring, state, x_counts, y_counts, joint, nest, f)
        else:
            emitted = out[start:stop] if out.size > 0 else out
            slide(part_x, part_y, ring, state, x_counts, y_counts, joint, nest, f, whole, unit_bits, floor, emitted)
        start = stop
        if _look(values, ring, state, x_counts, y_counts, whole, unit_bits, x_axis, y_axis):
            break
    return start  # type: ignore[no-any-return]


@kernel
def take_span(
    x: Any, y: Any, t: Any, x_codes: Any, y_codes: Any, span: float, limit: int, times: Any,
    x_axis: Any, y_axis: Any, ring: Any, values: Any, state: Any, x_counts: Any, y_counts: Any, joint: Any, nest: Any,
    f: Any, whole: Any, unit_bits: float, floor: float,
) -> int:  # fmt: skip
    """``take`` with times ``t`` (m,) that never step back, into a window of ``span`` seconds; see slide_span.

    It stops also where there is no room for more.
    """
    start: Any = np.int64(0)  # typed, as X_SHIFT is
    coded = start
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
        _write(x, y, start, start + taken, values, head)
        start += taken
        if taken == 0:
            break
        if _look(values, ring, state, x_counts, y_counts, whole, unit_bits, x_axis, y_axis):
            break
    return start  # type: ignore[no-any-return]


@kernel
def push(
    x: float, y: float, x_axis: Any, y_axis: Any, ring: Any, values: Any, state: Any, x_counts: Any, y_counts: Any,
    joint: Any, nest: Any, f: Any, whole: Any, unit_bits: float, floor: float,
) -> float:  # fmt: skip
    """``take`` for one pair; returns MI in bits. A pair that is not finite changes nothing and returns NaN.

    DUE says then that it is time to look at the bins, or to glance: which is left to ``take``, of no pair, as it takes
    as long to compile as all else here.
    """
    if not (abs(x) <= LARGEST and abs(y) <= LARGEST):
        return np.nan
    head = state[HEAD]
    values[0, head], values[1, head] = x, y
    counts = x_counts, y_counts, joint
    x_code, y_code = _code_of(x, x_axis), _code_of(y, y_axis)
    mi = slide_one(x_code, y_code, ring, state, counts, nest, f, whole, unit_bits, floor)
    state[DUE] = state[PAIRS] >= min(state[CHECK], state[GLANCE]) or state[N] < state[FEW]
    return mi


@part
def _code_of(v: Any, axis: Any) -> Any:
    """As ``_code``, of one value that is finite."""
    low, high, uniform, bits = axis[LOW], axis[HIGH], int(axis[UNIFORM]), np.int64(axis[BITS])
    inner = axis[EDGES : EDGES + np.int64(axis[INNER])]
    code = np.int64(uniform_code(v, low, high, uniform)) if uniform > 0 else code_of(v, low, high, inner)
    return np.uint64(code & bits)


@part
def _code(values: Any, axis: Any, out: Any) -> int:
    skipped = 0
    low, high, uniform, bits = axis[LOW], axis[HIGH], int(axis[UNIFORM]), np.int64(axis[BITS])
    if uniform > 0:
        skipped = bin_uniform(values, low, high, uniform, out)
    elif uniform == 0:
        skipped = bin_edges(values, low, high, axis[EDGES : EDGES + np.int64(axis[INNER])], out)
    for k in range(out.size):
        out[k] &= bits
    return skipped


@part
def _write(x: Any, y: Any, start: int, stop: int, values: Any, head: int) -> None:
    """Write the values from ``start`` to ``stop`` into a ring (2, capacity) from ``head`` on, as if one by one."""
    size = values.shape[1]
    at, place = start, head
    if stop - start > size:
        at = stop - size
        place = (head + at - start) % size
    while at < stop:
        run = min(stop - at, size - place)
        _copy(x[at : at + run], values[0, place : place + run])
        _copy(y[at : at + run], values[1, place : place + run])
        at += run
        place = 0


@part
def _copy(values: Any, out: Any) -> None:
    # By places from 0 on, or the compiler sees to negative ones, and copies one by one: 0.8 ns a value instead of 0.2.
    for k in range(values.size):
        out[k] = values[k]


@apart
@part
def _look(
    values: Any, ring: Any, state: Any, x_counts: Any, y_counts: Any, whole: Any, unit_bits: float, x_axis: Any,
    y_axis: Any,
) -> bool:  # fmt: skip
    """True if a check is due, with the reason in DUE: it is time for one (1), or a glance finds so (see bin_fit)."""
    due = np.int64(state[PAIRS] >= state[CHECK])
    n = state[N]
    if state[PAIRS] >= state[GLANCE] or n < state[FEW]:
        state[GLANCE], state[FEW] = state[PAIRS] + max(n // GLANCES, LEAST_GLANCE), n - n // GLANCES
        bits = (whole[n] - state[S_X] - state[S_Y] + state[S_XY]) * unit_bits / n
        x_marks, y_marks = x_axis[EDGES + np.int64(x_axis[INNER]) :], y_axis[EDGES + np.int64(y_axis[INNER]) :]
        x_seen, y_seen = x_axis[INNER + 1 : EDGES], y_axis[INNER + 1 : EDGES]
        found = astray(values[0], ring, state, X_SHIFT, x_counts, bits, x_marks, x_seen)
        if found == 0:
            found = astray(values[1], ring, state, Y_SHIFT, y_counts, bits, y_marks, y_seen)
            found += OF_Y if found else 0
        if found == 0:
            soon = max(min(x_seen[SOON], y_seen[SOON]), state[PAIRS] + max(n // SOONEST, 1))
            state[GLANCE] = np.int64(min(soon, state[GLANCE]))
        due = np.int64(found) if found else due
    state[DUE] = due
    return due != 0  # type: ignore[no-any-return]
