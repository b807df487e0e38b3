"""Values in order: by the digits of their bits, from the last to the first, so that none is compared with another."""

from typing import Any, Final

import numpy as np

from streammi.core.kernels.compiled import kernel

# Unsigned, as everywhere here: see streammi.core.kernels.sliding.
_WIDTH: Final = np.uint64(8)  # bits of a digit: of 11 there are fewer digits, whose counts do not fit the nearest cache
_DIGITS: Final = np.uint64(8)
_DIGIT: Final = np.uint64(255)
COUNTS: Final = 8 << 8
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
    keys, other_keys = np.uint64(COUNTS), np.uint64(COUNTS) + n
    places, other_places = other_keys + n, other_keys + n + n
    for k in range(COUNTS):
        room[k] = _NONE
    at = _NONE
    while at < n:
        bits = room[keys + at]
        of_zero = bits if bits != _SIGN else _NONE
        # As unsigned numbers in the order of the values: of a negative one all bits are turned, of others the sign.
        key = of_zero ^ (_SIGN | (_NONE - (of_zero >> _TOP)))
        room[keys + at], room[places + at] = key, at
        digit = _NONE
        while digit < _DIGITS:
            room[(digit << _WIDTH) + (key >> (digit << np.uint64(3)) & _DIGIT)] += _ONE
            digit += _ONE
        at += _ONE
    digit = _NONE
    while digit < _DIGITS:
        counts, shift = digit << _WIDTH, digit << np.uint64(3)
        if room[counts + (room[keys] >> shift & _DIGIT)] < n:  # else all have the same
            start = _NONE
            for k in range(256):
                count = counts + np.uint64(k)
                start, room[count] = start + room[count], start
            at = _NONE
            while at < n:
                key = room[keys + at]
                count = counts + (key >> shift & _DIGIT)
                to = room[count]
                room[count] = to + _ONE
                room[other_keys + to], room[other_places + to] = key, room[places + at]
                at += _ONE
            keys, other_keys, places, other_places = other_keys, keys, other_places, places
        digit += _ONE
    return np.int64(places)  # type: ignore[return-value]
