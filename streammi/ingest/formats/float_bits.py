"""Words of bytes as floats: their parts, their values, and whether these are round."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from streammi.records import FloatArray

WORDS: Final = 4096  # that are looked at, of all messages
MESSAGE_WORDS: Final = 512  # of these, of one message
CLOSE: Final = 10  # exponents around the middle one, in which those of a measurement lie
CLOSE_SHARE: Final = 0.9  # of them do
ROUND_DIGITS: Final = 7


class Layout(NamedTuple):
    """A kind of float, by its bits."""

    name: str
    word: str  # numpy's name of a whole number as wide
    fraction: int  # bits
    bias: int
    reach: int  # binary orders of magnitude around 1 in which measurements lie
    kinds: int  # exponents that there are
    digits: int  # decimal ones of a value that somebody rounded: by chance there are more


FLOAT64: Final = Layout("<f8", "<u8", 52, 1023, 100, 2048, 13)  # 8e-31 to 1e30
FLOAT32: Final = Layout("<f4", "<u4", 23, 127, 60, 256, 6)  # 9e-19 to 1e18


def words_of(payloads: Sequence[bytes], layout: Layout) -> tuple[NDArray[Any], NDArray[Any]]:
    """The two columns of all payloads, as whole numbers; of each payload the first MESSAGE_WORDS."""
    size = int(layout.word[2:])
    each = max(min(MESSAGE_WORDS, WORDS // len(payloads)) & ~1, 2) * size
    words = np.frombuffer(b"".join(payload[:each] for payload in payloads), dtype=layout.word).reshape(-1, 2)
    return words[:, 0].astype(np.uint64), words[:, 1].astype(np.uint64)


def exponents(words: NDArray[Any], layout: Layout) -> NDArray[np.int64]:
    """The exponents of floats, as they are stored."""
    return ((words >> np.uint64(layout.fraction)) & np.uint64(layout.kinds - 1)).astype(np.int64)


def is_number(words: NDArray[Any], layout: Layout) -> NDArray[np.bool_]:
    """Mark the words that are neither 0, nor NaN or infinity as programs write them, nor the largest there is."""
    size = 8 * int(layout.word[2:])
    magnitude = words & np.uint64((1 << (size - 1)) - 1)
    infinite = np.uint64((layout.kinds - 1) << layout.fraction)
    quiet = infinite | np.uint64(1 << (layout.fraction - 1))
    largest = infinite - np.uint64(1)  # DBL_MAX or FLT_MAX, for "missing"
    missing = infinite | np.uint64(0x7A2)  # R's NA
    return ~np.isin(magnitude, np.array([0, infinite, quiet, largest, missing], dtype=np.uint64))


def is_nan(words: NDArray[Any], layout: Layout) -> NDArray[np.bool_]:
    """Mark the words that are NaN as programs write it, of either sign."""
    size = 8 * int(layout.word[2:])
    quiet = np.uint64((2 * layout.kinds - 1) << (layout.fraction - 1))
    found: NDArray[np.bool_] = words & np.uint64((1 << (size - 1)) - 1) == quiet
    return found


def floats(words: NDArray[Any], layout: Layout) -> FloatArray:
    """Words as the values that they are."""
    with np.errstate(invalid="ignore", over="ignore"):  # a signalling NaN
        return words.astype(layout.word).view(layout.name).astype(np.float64)


def shown(word: Any, layout: Layout) -> str:
    """A word's value in a few digits."""
    return f"{float(floats(np.array([word]), layout)[0]):g}"


def span_of(words: NDArray[Any], layout: Layout) -> str:
    """The range of a column, in words."""
    values = floats(words, layout)
    finite = values[np.isfinite(values)]
    return f"{finite.min():.3g} to {finite.max():.3g}" if finite.size else "never finite"


def is_round(words: NDArray[Any], layout: Layout, most: int = ROUND_DIGITS) -> bool:
    """True if all values of a column have few digits, as settings, states and quiet signals have."""
    values = np.unique(floats(words[is_number(words, layout)], layout))[:16]
    digits = [np.format_float_scientific(value.astype(layout.name), trim="-").partition("e")[0] for value in values]
    return all(len(one.replace(".", "").lstrip("-")) <= most for one in digits)


def lie_close(words: NDArray[Any], layout: Layout) -> bool:
    """True if the exponents of most words are near the middle one."""
    found = exponents(words, layout)
    return bool(np.mean(np.abs(found - np.median(found)) <= CLOSE) >= CLOSE_SHARE)
