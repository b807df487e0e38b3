"""Values in order: by the digits of their bits, from the last to the first, so that none is compared with another."""

from typing import Any, Final

import numpy as np

from streammi.core.kernels.compiled import apart, kernel, part

# Unsigned, as everywhere here: see streammi.core.kernels.sliding.
_WIDTH: Final = np.uint64(8)  # bits of a digit: of 11 there are fewer digits, whose counts do not fit the nearest cache
_DIGIT: Final = np.uint64(255)
_VALUES: Final = np.uint64(256)
COUNTS: Final = 8 << 8
_ALL: Final = np.uint64(64)
_FIRST: Final = np.uint64(32)  # bits, behind those that all have in common, that nearly always decide
_NONE: Final = np.uint64(0)
_ONE: Final = np.uint64(1)
_SIGN: Final = np.uint64(1 << 63)
_TOP: Final = np.uint64(63)


@kernel
def sort(room: Any) -> int:
    """Put the places of values in order, those of equal ones as they stand.

    The ``room``, (COUNTS + 4 n,) of uint64, has the bits of ``n`` float64, none of them NaN, from COUNTS on. Returns
    from where on the places are there. -0.0 is 0.0.
    """
    n = np.uint64((room.size - COUNTS) // 4)
    keys, differ, at = np.uint64(COUNTS), _NONE, _NONE
    while at < n:
        bits = room[keys + at]
        of_zero = bits if bits != _SIGN else _NONE
        # As unsigned numbers in the order of the values: of a negative one all bits are turned, of others the sign.
        key = of_zero ^ (_SIGN | (_NONE - (of_zero >> _TOP)))
        room[keys + at], room[keys + n + n + at] = key, at
        differ |= key ^ room[keys]
        at += _ONE
    low = _NONE
    while differ >> low >> _FIRST:
        low += _WIDTH
    keys = _by_digits(room, keys, n, low, low + _FIRST)
    if low > _NONE and not _put_right(room, keys, n):
        keys = _by_digits(room, keys, n, _NONE, _ALL)
    return np.int64(keys + n + n)  # type: ignore[return-value]


@apart
@part
def _by_digits(room: Any, keys: Any, n: Any, low: Any, high: Any) -> Any:
    """Put the keys, and the places that are 2 n behind them, in the order of their bits from ``low`` to ``high``.

    Returns from where on the keys are now: of two stretches that follow each other one has them, the other is free.
    """
    for k in range(COUNTS):
        room[k] = _NONE
    at = _NONE
    while at < n:
        key, shift, counts = room[keys + at], low, _NONE
        while shift < high:
            room[counts + (key >> shift & _DIGIT)] += _ONE
            shift += _WIDTH
            counts += _VALUES
        at += _ONE
    shift, counts = low, _NONE
    while shift < high:
        if room[counts + (room[keys] >> shift & _DIGIT)] < n:  # else all have the same
            start = _NONE
            for k in range(256):
                count = counts + np.uint64(k)
                start, room[count] = start + room[count], start
            others = keys + n if keys == np.uint64(COUNTS) else keys - n
            at = _NONE
            while at < n:
                key = room[keys + at]
                count = counts + (key >> shift & _DIGIT)
                to = others + room[count]
                room[count] += _ONE
                room[to], room[to + n + n] = key, room[keys + n + n + at]
                at += _ONE
            keys = others
        shift += _WIDTH
        counts += _VALUES
    return keys


@apart
@part
def _put_right(room: Any, keys: Any, n: Any) -> bool:
    """Move the few keys that are less than those before them; False where these turn out to be many."""
    moves, at = n, _ONE
    while at < n:
        key = room[keys + at]
        if key < room[keys + at - _ONE]:
            place, to = room[keys + n + n + at], keys + at
            while to > keys and moves > _NONE and key < room[to - _ONE]:
                room[to], room[to + n + n] = room[to - _ONE], room[to + n + n - _ONE]
                to -= _ONE
                moves -= _ONE
            room[to], room[to + n + n] = key, place
            if moves == _NONE:
                return False
        at += _ONE
    return True
