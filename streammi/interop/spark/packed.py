"""Columns of numbers in few bytes, every bit of them: decimals as small integers, symbols as bits."""

import struct
from typing import Final

import numpy as np
from numpy.typing import NDArray

from streammi.records import FloatArray
from streammi.records.codec import DamagedError

RAW, SINGLE, DECIMAL, STEPS, SYMBOLS, PLACES = range(6)
DIGITS: Final = 10  # behind the point, at most, of what is written as a decimal
NEGATIVE_ZEROS: Final = 16  # beside the digits: the largest of the whole numbers stands for -0.0
EXACT: Final = 2.0**53  # integers up to it are float64 exactly
TASTED: Final = 8  # values by which the number of digits is found
LARGEST_SINGLE: Final = float(np.finfo(np.float32).max)
_HEAD: Final = struct.Struct("<BBIqq")  # kind, digits or bits, count, least, first
_WIDTHS: Final = (np.dtype("<u1"), np.dtype("<u2"), np.dtype("<u4"))


def pack(values: FloatArray, table: FloatArray | None = None) -> bytes:
    """Finite values (n,) as bytes, exactly: ``unpack`` gives back the same bits.

    As integers of one, two or four bytes where all are decimals (20.13), or their steps are (times at a fixed rate); as
    float32 where that is exact; else as they are. With a ``table`` (k,), ascending, of the only values that there may
    be, at most 65,536: as their numbers in it, in as many bits as the largest needs, or in two bytes.

    >>> len(pack(np.arange(1000) * 0.25)), len(pack(np.random.default_rng(0).random(1000)))
    (22, 8022)
    """
    if table is not None:
        return _symbols(values, table)
    found = _decimals(values)
    if found is not None:
        return found
    first = values.item(0)
    if abs(first) <= LARGEST_SINGLE and float(np.float32(first)) == first:  # else a waste of time
        with np.errstate(over="ignore"):
            single = values.astype("<f4")
        if np.array_equal(single.astype(np.float64).view(np.int64), values.view(np.int64)):
            return _HEAD.pack(SINGLE, 0, values.size, 0, 0) + single.tobytes()
    return _HEAD.pack(RAW, 0, values.size, 0, 0) + values.astype("<f8").tobytes()


def unpack(data: bytes, table: FloatArray | None = None) -> FloatArray:
    """The values that ``pack`` made bytes of, with the same ``table``."""
    kind, parameter, n, least, first = _HEAD.unpack_from(data)
    body = memoryview(data)[_HEAD.size :]
    if kind == RAW:
        return np.frombuffer(body, dtype="<f8").astype(np.float64)
    if kind == SINGLE:
        return np.frombuffer(body, dtype="<f4").astype(np.float64)
    if kind == SYMBOLS and table is not None:
        bits = np.unpackbits(np.frombuffer(body, dtype=np.uint8), count=n * parameter).reshape(n, parameter)
        found: FloatArray = table[bits @ (1 << np.arange(parameter - 1, -1, -1))]
        return found
    if kind == PLACES and table is not None:
        chosen: FloatArray = table[np.frombuffer(body, dtype="<u2")]
        return chosen
    if kind not in (DECIMAL, STEPS):
        raise DamagedError("saved state", "of columns that are packed in a known way", kind)
    count = n - (kind == STEPS)
    whole = np.full(count, least, dtype=np.int64)
    if len(body):
        whole += np.frombuffer(body, dtype=_WIDTHS[(len(body) // count).bit_length() - 1])
    if kind == STEPS:
        whole = np.cumsum(np.concatenate(([first], whole)))
    values: FloatArray = whole / 10.0 ** (parameter % NEGATIVE_ZEROS)
    if parameter & NEGATIVE_ZEROS:
        values[whole == whole.max()] = -0.0
    return values


def _symbols(values: FloatArray, table: FloatArray) -> bytes:
    step = (table[-1] - table[0]) / (table.size - 1)
    numbers = np.rint((values - table[0]) / step).astype(np.int64)  # they lie at equal steps, but for rounding
    if not np.array_equal(table[np.clip(numbers, 0, table.size - 1)], values):
        numbers = np.searchsorted(table, values)
    bits = max(int(numbers.max(initial=0)).bit_length(), 1)
    if bits > 8:
        places: bytes = numbers.astype("<u2").tobytes()
        return _HEAD.pack(PLACES, 0, values.size, 0, 0) + places
    rows = (numbers[:, None] >> np.arange(bits - 1, -1, -1)) & 1
    return _HEAD.pack(SYMBOLS, bits, values.size, 0, 0) + np.packbits(rows.astype(np.uint8)).tobytes()


def _decimals(values: FloatArray) -> bytes | None:
    """The values as whole numbers of a power of ten, or by their steps, whichever is smaller; None for others."""
    digits = _likely_digits(values[:TASTED].tolist())
    zeros = np.signbit(values) & (values == 0)
    some = bool(zeros.any())
    positive = np.where(zeros, 0.0, values) if some else values
    while digits < DIGITS:
        whole = _whole(positive, digits)
        if whole is not None and some:
            whole[zeros] = whole.max() + 1
            return _offsets(DECIMAL, digits | NEGATIVE_ZEROS, whole, 0)
        if whole is not None:
            steps = None if whole.size < 2 else _offsets(STEPS, digits, np.diff(whole), int(whole[0]))
            if steps is not None and len(steps) == _HEAD.size:
                return steps  # at a fixed rate
            plain = _offsets(DECIMAL, digits, whole, 0)
            return min(filter(None, (plain, steps)), key=len, default=None)
        digits += 1
    return None


def _likely_digits(some: list[float]) -> int:
    """With how many digits behind the point these few values are decimals, so many at least; DIGITS for others.

    >>> _likely_digits([20.5, 20.13, 7.0]), _likely_digits([1 / 3])
    (2, 10)
    """
    digits = 0
    for value in some:
        while digits < DIGITS and round(value, digits) != value:
            digits += 1
    return digits


def _whole(values: FloatArray, digits: int) -> NDArray[np.int64] | None:
    """Values as whole numbers of 10**-digits; None where that is not exactly what they are."""
    scale = 10.0**digits
    with np.errstate(over="ignore"):
        scaled = values * scale
    if not (np.abs(scaled) < EXACT).all():
        return None
    whole = np.rint(scaled)
    same = np.array_equal((whole.astype(np.int64) / scale).view(np.int64), values.view(np.int64))  # -0.0 is another
    return whole.astype(np.int64) if same else None


def _offsets(kind: int, digits: int, whole: NDArray[np.int64], first: int) -> bytes | None:
    """Whole numbers as their least, and how far above it each is; None where that takes more than 4 bytes."""
    least = int(whole.min(initial=0)) if not whole.size else int(whole.min())
    above = whole - least
    most = int(above.max(initial=0))
    n = whole.size + (kind == STEPS)
    head = _HEAD.pack(kind, digits, n, least, first)
    if most == 0:
        return head
    width = next((w for w in _WIDTHS if most <= np.iinfo(w).max), None)
    return None if width is None else head + above.astype(width).tobytes()
