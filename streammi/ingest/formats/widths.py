"""The width of the words of raw bytes: float64s that are rather float32s, and float32s that are rather others."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from streammi.ingest.formats.float_bits import FLOAT32, FLOAT64, Layout, exponents, floats, is_number, words_of

FEW: Final = 8  # different words say little
FORWARD: Final = 5  # times that by chance do not all go forward
EPOCHS: Final = (9e8, 4.2e9)  # seconds that clocks show: 1998 to 2103
WIDE: Final = 8  # bytes of a float64
LARGEST_COUNT: Final = float(1 << 20)
DENSE: Final = 4  # whole numbers that are of one range, for each of the different ones in it


def made_of_float32(columns: tuple[NDArray[Any], NDArray[Any]]) -> str:
    """Why float64s are rather float32 pairs; empty where they are not.

    The low half of a float64 is the x of float32 pairs, or else it is spread over all numbers (or 0, where they are
    round; or it has 3 bits, where they were float32 once).
    """
    for name, column in zip("xy", columns, strict=True):
        low = low_halves(column)
        if looks_float32(low) and not is_clock(column):
            return f"{name} would be made of float32 values"
        varied = np.unique(column >> np.uint64(32)).size >= 4
        kept = np.unique(column & np.uint64(0xFFFFFFFF))
        if varied and low.size and np.count_nonzero(is_number(kept, FLOAT32) | (kept == 0)) == 1:
            return f"{name} would have low bits that never change"
    return ""


def partly_float32(payloads: Sequence[bytes]) -> str:
    """The doubt that float64s of some messages, those of one length, are rather float32s; empty for none."""
    for length in sorted({len(payload) for payload in payloads}):
        x, y = words_of([payload for payload in payloads if len(payload) == length], FLOAT64)
        if looks_float32(np.concatenate([low_halves(x), low_halves(y)])) and not is_clock(x) and not is_clock(y):
            return f"a message of {length:,} bytes would be made of float32 values"
    return ""


def ids(columns: tuple[NDArray[Any], NDArray[Any]]) -> str:
    """Why float32s are rather whole numbers that grow from one to the next; empty where they are not."""
    x, y = (column.astype(np.int64) for column in columns)
    words = x if not y.any() else np.stack([x, y], axis=1).ravel()  # of 64 bits: y would be their upper halves
    if words.size >= FEW and (np.diff(words) > 0).all():
        return "would grow from each value to the next, as whole numbers do that are ids or counts"
    return ""


def one_float64(payloads: Sequence[bytes], columns: tuple[NDArray[Any], NDArray[Any]]) -> str:
    """Why float32s, two in each message, are rather one float64: a count, or a time that goes forward; else empty.

    >>> counts = np.arange(8.0)
    >>> pairs = counts.view("<u4").astype("<u8").reshape(-1, 2)
    >>> one_float64([bytes(8)] * 8, (pairs[:, 0], pairs[:, 1]))
    'would be a count, as one float64'
    """
    if any(len(payload) != WIDE for payload in payloads) or len(columns[0]) < FORWARD:
        return ""
    words = columns[0].astype(np.uint64) | columns[1].astype(np.uint64) << np.uint64(32)
    values = floats(words, FLOAT64)
    steps = np.diff(values[np.isfinite(values)])
    if not steps.size:
        return ""
    # Of pairs (0.0, y) those with y near 2 to 10 are whole numbers as well, but powers of two.
    whole = values.size >= FEW and (values == np.floor(values)).all() and np.abs(values).max() < LARGEST_COUNT
    even = np.ptp(steps) == 0 or np.ptp(values) < DENSE * np.unique(values).size
    if whole and steps.any() and even:
        return "would be a count, as one float64"
    # Of pairs whose y stands still, x makes a time that goes to and fro.
    return "would be times, as one float64" if steps.any() and is_clock(words) else ""


def is_clock(column: NDArray[Any]) -> bool:
    """True if float64s are times that go forward: all but their last bits stay as they are for long."""
    values = floats(column, FLOAT64)
    values = values[np.isfinite(values)]
    if not values.size or (np.diff(values) < 0).any():
        return False
    return any(EPOCHS[0] * unit <= values[0] and values[-1] <= EPOCHS[1] * unit for unit in (1.0, 1e3, 1e6, 1e9))


def low_halves(column: NDArray[Any]) -> NDArray[Any]:
    """The low halves of float64s that say something: not 0, as of round values, and not of 3 bits."""
    low = column[is_number(column, FLOAT64)] & np.uint64(0xFFFFFFFF)
    known: NDArray[Any] = low[(low & np.uint64(0x1FFFFFFF)) != 0]
    return known


def looks_float32(low: NDArray[Any]) -> bool:
    """True if low halves are float32s: their exponents lie together, which those of a fraction's bits do not."""
    different = np.unique(low)
    if different.size < FEW:
        return False
    found = exponents(different, FLOAT32)
    middle = np.median(found)
    return bool(abs(middle - FLOAT32.bias) < FLOAT32.reach and np.mean(np.abs(found - middle) <= 12) > 0.7)


def low_bits_known(columns: tuple[NDArray[Any], NDArray[Any]], layout: Layout) -> bool:
    """True if there is enough to tell the two widths apart."""
    if layout is FLOAT32:
        return True
    for column in columns:
        low, numbers = low_halves(column), int(np.count_nonzero(is_number(column, layout)))
        if numbers and low.size >= numbers / 2 and np.unique(low).size < FEW:
            return False
    return True


def is_zero(payloads: Sequence[bytes]) -> bool:
    """True if the x of float32 pairs is 0 throughout: or these are the low halves of round float64s."""
    low, high = words_of(payloads, FLOAT32)
    return not is_number(low, FLOAT32).any() and bool(is_number(high, FLOAT32).any())
