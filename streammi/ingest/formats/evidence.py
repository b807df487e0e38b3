"""Whether bytes are pairs of floats: what speaks for it, and what against. Raw pairs say nothing of themselves.

Measurements have exponents that lie close together and low bits that are spread or 0; what is no float (whole numbers,
pictures, letters, something packed) seldom has both. Bytes by chance are plausible float64s in one case of ten, and
float32s in one of two: one word shows nothing, and a hundred leave no doubt.
"""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from streammi.records import FloatArray

WORDS: Final = 4096  # that are looked at, of all messages
MESSAGE_WORDS: Final = 512  # of these, of one message
SURE: Final = 13.8  # the logarithm of the odds that what was sent are such pairs: a million to one
ODD_SHARE: Final = 0.02  # of values: so many may be absurd
CLOSE: Final = 10  # exponents around the middle one, in which those of a measurement lie
CLOSE_SHARE: Final = 0.9  # of them do
FEW: Final = 8  # different values say little; they must be round ones then
ROUND_DIGITS: Final = 7
SHORT_DIGITS: Final = 4  # of a setting whose bytes are letters: 3.3 is b"33S@" as a float32
CONSTANT_REACH: Final = 45  # binary orders of magnitude of a value that never changes: an address or a name is beyond
MANY_LETTERS: Final = 8  # values: fewer may be letters by chance
LETTERS_SHARE: Final = 0.7  # of values
ALIKE_SHARE: Final = 0.4  # of values whose first bytes are like their last ones
STEP: Final = 4096  # a whole number that grows by less each time is a counter, not a float32
STRUCT_PAIRS: Final = 8  # a message of a few more values may be a struct: a field may be unlike the next
STRUCT_MESSAGES: Final = 8  # from which on that shows
EPOCHS: Final = (9e8, 4.2e9)  # seconds that clocks show: 1998 to 2103
UNLIKE: Final = 2.0  # times as far apart as the messages are
WIDER: Final = 30.0  # times as widely spread


class Layout(NamedTuple):
    """A kind of float, by its bits."""

    name: str
    word: str  # numpy's name of a whole number as wide
    fraction: int  # bits
    bias: int
    reach: int  # binary orders of magnitude around 1 in which measurements lie
    kinds: int  # exponents that there are


FLOAT64: Final = Layout("<f8", "<u8", 52, 1023, 100, 2048)  # 8e-31 to 1e30
FLOAT32: Final = Layout("<f4", "<u4", 23, 127, 60, 256)  # 9e-19 to 1e18


class Judgement(NamedTuple):
    """Whether messages are pairs: None where that cannot be told yet. ``why`` it is, or is not."""

    fits: bool | None
    why: str


def judge(payloads: Sequence[bytes], layout: Layout, final: bool = False) -> Judgement:
    """Whether payloads are pairs of floats of this kind, one after the other; ``final``: nothing more will come.

    >>> judge([np.array([20.25, 19.8, 21.5, 20.1]).tobytes()], FLOAT64).fits  # two pairs: not yet
    >>> judge([np.random.default_rng(0).normal(20, 1, 40).tobytes()], FLOAT64)
    Judgement(fits=True, why='x 17.7 to 21.3, y 18.7 to 21.5')
    >>> judge([np.array([1, 2, 3, 4]).tobytes()], FLOAT64)  # whole numbers
    Judgement(fits=False, why='x would be 4.94066e-324')
    """
    columns = words_of(payloads, layout)
    score, values = 0.0, 0
    for name, column in zip("xy", columns, strict=True):
        if doubt := against(column, layout):
            return Judgement(False, f"{name} {doubt}")
        found = np.unique(column[is_number(column, layout)])
        values += found.size
        score += support(found, layout)
    if doubt := unlike_by_place(payloads, layout) or (
        made_of_float32(columns) or partly_float32(payloads) if layout is FLOAT64 else ""
    ):
        return Judgement(False, doubt)
    ranges = ", ".join(f"{name} {span_of(column, layout)}" for name, column in zip("xy", columns, strict=True))
    likely = score >= SURE and values >= FEW and low_bits_known(columns, layout)
    if final and not likely:  # by what there is: few different values, if they are round
        likely = score >= SURE or (values > 0 and all(is_round(column, layout) for column in columns))
    if likely and not may_be_struct(payloads, layout):
        doubts = [
            f"{name} {doubt}" for name, column in zip("xy", columns, strict=True) if (doubt := a_name(column, layout))
        ]
        if not doubts:
            return Judgement(True, ranges)
        if final:
            return Judgement(False, doubts[0])
    return Judgement(None, f"{values} different values are too few to tell")


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
    """Which words are neither 0, nor NaN or infinity as programs write them, nor the largest there is."""
    size = 8 * int(layout.word[2:])
    magnitude = words & np.uint64((1 << (size - 1)) - 1)
    infinite = np.uint64((layout.kinds - 1) << layout.fraction)
    quiet = infinite | np.uint64(1 << (layout.fraction - 1))
    largest = infinite - np.uint64(1)  # DBL_MAX or FLT_MAX, for "missing"
    missing = infinite | np.uint64(0x7A2)  # R's NA
    return ~np.isin(magnitude, np.array([0, infinite, quiet, largest, missing], dtype=np.uint64))


def against(words: NDArray[Any], layout: Layout) -> str:
    """The reason why a column is no floats; empty where it is."""
    numbers = words[is_number(words, layout)]
    if not numbers.size:
        return ""
    odd = np.abs(exponents(numbers, layout) - layout.bias) > layout.reach
    if np.count_nonzero(odd) > ODD_SHARE * numbers.size:
        return f"would be {shown(numbers[odd][0], layout)}"
    numbers = np.unique(numbers)
    size = int(layout.word[2:])
    octets = numbers.astype(layout.word).view(np.uint8).reshape(-1, size)
    if numbers.size >= MANY_LETTERS and are_letters(numbers, layout):
        return f"would be letters, such as {bytes(octets[0])!r}"
    halves = octets.view("<u2").astype(np.int64)
    if numbers.size >= FEW / 2 and np.mean(np.ptp(octets.astype(np.int64), axis=1) <= 24) > ALIKE_SHARE:
        return "is alike in all its bytes, as a picture is"
    if numbers.size >= 2 * FEW and np.mean(np.abs(halves[:, -1] - halves[:, 0]) < 0x800) > ALIKE_SHARE:
        return "is alike in all its bytes, as a picture or a sound is"
    low = np.uint64((1 << (4 * size)) - 1)
    small = np.isin(numbers & low, np.array([0, low], dtype=np.uint64)).all()  # above 0 or below
    if numbers.size >= FEW / 2 and small and not lie_close(numbers, layout):
        return "would be of all sizes, as whole numbers in the other byte order are"
    steps = np.diff(words.astype(np.int64))
    if size == 4 and steps.size >= FEW - 1 and steps.min() > 0 and steps.max() <= min(STEP, 2 * steps.min()):
        return f"counts up by {np.median(steps):g} as a whole number"
    return ""


def are_letters(words: NDArray[Any], layout: Layout) -> bool:
    """Whether most values of a column, all of which are few, are letters: a name, not a number."""
    numbers = np.unique(words[is_number(words, layout)])
    octets = numbers.astype(layout.word).view(np.uint8).reshape(-1, int(layout.word[2:]))
    return bool(numbers.size) and bool(np.mean(((octets >= 0x20) & (octets < 0x7F)).all(axis=1)) > LETTERS_SHARE)


def a_name(words: NDArray[Any], layout: Layout) -> str:
    """Why a column of a few values, or of one, is a name or an address; empty where it is not."""
    numbers = np.unique(words[is_number(words, layout)])
    if are_letters(words, layout) and not is_round(words, layout, SHORT_DIGITS):
        return "would be letters"
    if numbers.size == 1 and abs(int(exponents(numbers, layout)[0]) - layout.bias) > CONSTANT_REACH:
        return f"would always be {shown(numbers[0], layout)}"
    return ""


def support(words: NDArray[Any], layout: Layout) -> float:
    """How much more likely a column's different words are of measurements than by chance, as a logarithm."""
    if not words.size:
        return 0.0
    plausible = words.size * float(np.log(layout.kinds / (2 * layout.reach + 1)))
    if not lie_close(words, layout):
        return plausible
    choice = float(np.log(2 * layout.reach / CLOSE))  # of the middle one
    return max(plausible, words.size * float(np.log(CLOSE_SHARE * layout.kinds / (2 * CLOSE + 1))) - choice)


def lie_close(words: NDArray[Any], layout: Layout) -> bool:
    """Whether the exponents of most words are near the middle one."""
    found = exponents(words, layout)
    return bool(np.mean(np.abs(found - np.median(found)) <= CLOSE) >= CLOSE_SHARE)


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
    """Whether float64s of some messages, those of one length, are rather float32s; empty where they are not."""
    for length in sorted({len(payload) for payload in payloads}):
        x, y = words_of([payload for payload in payloads if len(payload) == length], FLOAT64)
        if looks_float32(np.concatenate([low_halves(x), low_halves(y)])) and not is_clock(x) and not is_clock(y):
            return f"a message of {length:,} bytes would be made of float32 values"
    return ""


def is_clock(column: NDArray[Any]) -> bool:
    """Whether float64s are times that go forward: all but their last bits stay as they are for long."""
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
    """Whether low halves are float32s: their exponents lie together, which those of a fraction's bits do not."""
    different = np.unique(low)
    if different.size < FEW:
        return False
    found = exponents(different, FLOAT32)
    middle = np.median(found)
    return bool(abs(middle - FLOAT32.bias) < FLOAT32.reach and np.mean(np.abs(found - middle) <= 12) > 0.7)


def low_bits_known(columns: tuple[NDArray[Any], NDArray[Any]], layout: Layout) -> bool:
    """Whether there is enough to tell the two widths apart."""
    if layout is FLOAT32:
        return True
    for column in columns:
        low, numbers = low_halves(column), int(np.count_nonzero(is_number(column, layout)))
        if numbers and low.size >= numbers / 2 and np.unique(low).size < FEW:
            return False
    return True


def is_zero(payloads: Sequence[bytes]) -> bool:
    """Whether the x of float32 pairs is 0 throughout: or these are the low halves of round float64s."""
    low, high = words_of(payloads, FLOAT32)
    return not is_number(low, FLOAT32).any() and bool(is_number(high, FLOAT32).any())


def may_be_struct(payloads: Sequence[bytes], layout: Layout) -> bool:
    """Whether all messages have a few pairs, as many each, and too few messages came to tell one field from another."""
    pair = 2 * int(layout.word[2:])
    sizes = {len(payload) for payload in payloads}
    return len(sizes) == 1 and pair < max(sizes) <= STRUCT_PAIRS * pair and len(payloads) < STRUCT_MESSAGES


def unlike_by_place(payloads: Sequence[bytes], layout: Layout) -> str:
    """Whether a message's first pair is unlike its second one every time: fields of a struct, not one signal."""
    pair = 2 * int(layout.word[2:])
    sizes = {len(payload) for payload in payloads}
    if len(sizes) != 1 or not pair < max(sizes) <= STRUCT_PAIRS * pair or len(payloads) < STRUCT_MESSAGES:
        return ""
    values = floats(np.frombuffer(b"".join(payloads), dtype=layout.word), layout).reshape(len(payloads), -1, 2)
    if not np.isfinite(values).all():
        return ""
    between, within = values.mean(axis=0).var(axis=0), values.var(axis=0).mean(axis=0)
    width = np.median(np.abs(values - np.median(values, axis=0)), axis=0)
    narrow = (width.min(axis=0) > 0) & (width.max(axis=0) > WIDER * width.min(axis=0))
    still = values.var(axis=0) == 0
    if (between > UNLIKE * within).any() or narrow.any() or (still.any(axis=0) & ~still.all(axis=0)).any():
        return f"a message's {values.shape[1]} pairs are unlike each other, always in the same way: a struct"
    return ""


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
    """Whether all values of a column have few digits, as settings, states and quiet signals have."""
    values = np.unique(floats(words[is_number(words, layout)], layout))[:16]
    digits = [np.format_float_scientific(value.astype(layout.name), trim="-").partition("e")[0] for value in values]
    return all(len(one.replace(".", "").lstrip("-")) <= most for one in digits)
