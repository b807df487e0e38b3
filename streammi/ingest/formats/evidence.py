"""Evidence that bytes are pairs of floats: what speaks for it, and what against. Raw pairs say nothing of themselves.

Measurements have exponents that lie close together and low bits that are spread or 0; what is no float (whole numbers,
pictures, letters, something packed) seldom has both. Bytes by chance are plausible float64s in one case of ten, and
float32s in one of two: one word shows nothing, and a hundred leave no doubt.
"""

import re
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from streammi.ingest.formats.column_major import OTHERWISE, is_column_major
from streammi.ingest.formats.float_bits import (
    CLOSE,
    CLOSE_SHARE,
    FLOAT32,
    FLOAT64,
    Layout,
    exponents,
    floats,
    is_nan,
    is_number,
    is_round,
    lie_close,
    shown,
    span_of,
    words_of,
)
from streammi.ingest.formats.last_bits import (
    COMPARED,
    are_halves,
    are_steps,
    follow_each_other,
    has_still_bit,
    octets_seen,
    together,
)
from streammi.ingest.formats.rows import enough_rows, unlike_rows
from streammi.ingest.formats.widths import ids, low_bits_known, made_of_float32, one_float64, partly_float32

SURE: Final = 13.8  # the logarithm of the odds that what was sent are such pairs: a million to one
LAST_BITS_OF: Final = 512  # words of a column of which the last bits are looked at: more say no more, and take 10 ms
ODD_SHARE: Final = 0.02  # of values: so many may be absurd
FEW: Final = 8  # different values say little; they must be round ones then
SHORT_DIGITS: Final = 4  # of a setting whose bytes are letters: 3.3 is b"33S@" as a float32
NAN_SUPPORT: Final = SURE / 2  # for pairs, as a logarithm: few programs write the word that is NaN for anything else
# A name of four letters, filled up or not: TEMP, Temp, t_01. Others are so by chance: 0.64 is b"B}$?" as a float32.
A_NAME: Final = re.compile(rb"[A-Za-z]?(?:[a-z]*|[A-Z]*)[ _.\-]?[0-9]*[ \0]*")
A_LONG_NAME: Final = re.compile(rb"[A-Za-z0-9 _./:#\-]+\0*")  # of eight: fewer are so by chance
CONSTANT_REACH: Final = 45  # binary orders of magnitude of a value that never changes: an address or a name is beyond
MANY_LETTERS: Final = 8  # values: fewer may be letters by chance
FAR_LIKE: Final = 12  # the same, of a constant that is farther from 1 than most
LIKE: Final = 4  # binary orders of magnitude that columns of one size are apart at most
SELDOM: Final = 12  # binary orders of magnitude from 1: a size that is seldom
LETTERS_SHARE: Final = 0.7  # of values
ALIKE_SHARE: Final = 0.4  # of values whose first bytes are like their last ones
STEP: Final = 4096  # a whole number that grows by less each time is a counter, not a float32


class Judgement(NamedTuple):
    """A judgement on messages: ``fits`` is true for pairs, None where that cannot be told yet; and why.

    ``sure``: more messages will not show that they are pairs after all.
    """

    fits: bool | None
    why: str
    sure: bool = False


def judge(payloads: Sequence[bytes], layout: Layout, final: bool = False) -> Judgement:
    """The judgement on payloads that may be pairs of such floats, one after the other; ``final``: no more will come.

    >>> judge([np.array([20.25, 19.8, 21.5, 20.1]).tobytes()], FLOAT64).fits  # two pairs: not yet
    >>> judge([np.random.default_rng(0).normal(20, 1, 160).tobytes()], FLOAT64)
    Judgement(fits=True, why='x 17.6 to 21.8, y 17.6 to 22', sure=False)
    >>> judge([np.array([1, 2, 3, 4]).tobytes()], FLOAT64)  # whole numbers
    Judgement(fits=False, why='x would be 4.94066e-324', sure=True)
    """
    columns = words_of(payloads, layout)
    score, values = 0.0, 0
    for name, column in zip("xy", columns, strict=True):
        if doubt := against(column, layout):
            return Judgement(False, f"{name} {doubt}", sure=True)
        if doubt := alike(column, layout):
            return Judgement(False, f"{name} {doubt}")
        found = np.unique(column[is_number(column, layout)])
        values += found.size
        score += support(found, layout) + NAN_SUPPORT * bool(is_nan(column, layout).any())
    if doubt := unlike_rows(payloads, layout) or (
        made_of_float32(columns) or partly_float32(payloads)
        if layout is FLOAT64
        else ids(columns) or one_float64(payloads, columns)
    ):
        return Judgement(False, doubt)
    columns_first = is_column_major(payloads, layout, final)
    if columns_first:
        return Judgement(False, OTHERWISE)
    ranges = ", ".join(f"{name} {span_of(column, layout)}" for name, column in zip("xy", columns, strict=True))
    ends = last_bits(columns, layout)
    if ends.doubt:
        return Judgement(False, ends.doubt)
    likely = score >= SURE and values >= FEW and ends.known and low_bits_known(columns, layout)
    if final and not likely:  # by what there is: few different values, if they are round
        likely = score >= SURE or (values > 0 and all(is_round(column, layout) for column in columns))
    if likely and columns_first is False and enough_rows(payloads, layout, final):
        doubts = [
            f"{name} {doubt}"
            for name, column, other in zip("xy", columns, columns[::-1], strict=True)
            if (doubt := a_name(column, other, layout))
        ]
        if not doubts:
            return Judgement(True, ranges)
        if final:
            return Judgement(False, doubts[0])
    return Judgement(None, f"{values} different values are too few to tell")


class Ends(NamedTuple):
    """The evidence of the last bits of floats against them; ``known``: whether there are enough to say it."""

    doubt: str
    known: bool


def last_bits(columns: tuple[NDArray[Any], NDArray[Any]], layout: Layout) -> Ends:
    """The evidence of the last bits, which measurements fill; round values, or steps, say nothing of it."""
    columns = columns[0][:LAST_BITS_OF], columns[1][:LAST_BITS_OF]
    numbers = [np.unique(column[is_number(column, layout)]) for column in columns]
    spread = [one for one in numbers if not (is_round(one, layout, layout.digits) or _are_steps(one, layout))]
    seen = together([octets_seen(one, layout.fraction) for one in spread])
    if any(one.crowded for one in seen) or any(has_still_bit(one, layout.fraction) for one in spread):
        return Ends("would have last bits that lie together, as what has fewer bits", True)
    narrow = are_halves(np.concatenate(spread)) if layout is FLOAT32 and len(seen) > 1 else ""
    if narrow:
        return Ends(f"would have last bits that are {narrow}", True)
    if seen and len(spread) == len(columns) and follow_each_other(_in_order(columns, layout), int(layout.word[2:])):
        return Ends("would have last bits that follow each other, as a picture or a sound has", True)
    return Ends("", not seen or seen[0].compared >= COMPARED)


def _in_order(columns: tuple[NDArray[Any], NDArray[Any]], layout: Layout) -> NDArray[Any]:
    words = np.stack(columns, axis=1).ravel()
    return words[is_number(words, layout)]


def _are_steps(words: NDArray[Any], layout: Layout) -> bool:
    values = floats(words, layout)
    return are_steps(values, np.spacing(np.abs(values).astype(layout.name)).astype(np.float64))


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
    low = np.uint64((1 << (4 * size)) - 1)
    small = np.isin(numbers & low, np.array([0, low], dtype=np.uint64)).all()  # above 0 or below
    if numbers.size >= FEW / 2 and small and not lie_close(numbers, layout):
        return "would be of all sizes, as whole numbers in the other byte order are"
    fractions = np.unique(numbers & np.uint64((1 << layout.fraction) - 1))
    if numbers.size >= FEW / 2 and fractions.size == 1 and fractions[0] and not is_round(numbers, layout):
        return "would be powers of two apart, as whole numbers in the other byte order are"
    steps = np.diff(words.astype(np.int64))
    if size == 4 and steps.size >= FEW - 1 and steps.min() > 0 and steps.max() <= min(STEP, 2 * steps.min()):
        return f"counts up by {np.median(steps):g} as a whole number"
    return ""


def alike(words: NDArray[Any], layout: Layout) -> str:
    """Why a column is rather pixels or sound; empty where it is not. Of few values floats are so, too: 1.1, and 2.6."""
    numbers = np.unique(words[is_number(words, layout)])
    octets = numbers.astype(layout.word).view(np.uint8).reshape(-1, int(layout.word[2:]))
    halves = octets.view("<u2").astype(np.int64)
    if numbers.size >= FEW / 2 and np.mean(np.ptp(octets.astype(np.int64), axis=1) <= 24) > ALIKE_SHARE:
        return "is alike in all its bytes, as a picture is"
    if numbers.size >= 2 * FEW and np.mean(np.abs(halves[:, -1] - halves[:, 0]) < 0x800) > ALIKE_SHARE:
        return "is alike in all its bytes, as a picture or a sound is"
    return ""


def are_letters(words: NDArray[Any], layout: Layout) -> bool:
    """True if most values of a column, all of which are few, are letters: a name, not a number."""
    numbers = np.unique(words[is_number(words, layout)])
    octets = numbers.astype(layout.word).view(np.uint8).reshape(-1, int(layout.word[2:]))
    return bool(numbers.size) and bool(np.mean(((octets >= 0x20) & (octets < 0x7F)).all(axis=1)) > LETTERS_SHARE)


def a_name(words: NDArray[Any], other: NDArray[Any], layout: Layout) -> str:
    """Why a column of a few values, or of one, is a name or an address; empty where it is not. Letters that are as
    small or large as the other column are none by chance: 2.5e-12 is b"!I2," as a float32.
    """
    numbers = np.unique(words[is_number(words, layout)])
    if are_letters(words, layout) and not (is_round(words, layout, SHORT_DIGITS) or _is_like(words, other, layout)):
        names = [word.tobytes() for word in numbers.astype(layout.word)]
        shape = A_LONG_NAME if layout is FLOAT64 else A_NAME
        if np.mean([shape.fullmatch(one) is not None for one in names]) > LETTERS_SHARE:
            return "would be letters"
    far = numbers.size == 1 and abs(int(exponents(numbers, layout)[0]) - layout.bias) > CONSTANT_REACH
    if far and not _is_like(words, other, layout, FAR_LIKE):
        return f"would always be {shown(numbers[0], layout)}"
    return ""


def _is_like(words: NDArray[Any], other: NDArray[Any], layout: Layout, reach: int = LIKE) -> bool:
    """True if two columns are of one size that is seldom: near 1 many are."""
    sizes = [exponents(one[is_number(one, layout)], layout) - layout.bias for one in (words, other)]
    if not all(one.size for one in sizes):
        return False
    this, that = (float(np.median(one)) for one in sizes)
    return abs(this - that) <= reach and abs(this) > SELDOM


def support(words: NDArray[Any], layout: Layout) -> float:
    """How much more likely a column's different words are of measurements than by chance, as a logarithm."""
    if not words.size:
        return 0.0
    plausible = words.size * float(np.log(layout.kinds / (2 * layout.reach + 1)))
    if not lie_close(words, layout):
        return plausible
    choice = float(np.log(2 * layout.reach / CLOSE))  # of the middle one
    return max(plausible, words.size * float(np.log(CLOSE_SHARE * layout.kinds / (2 * CLOSE + 1))) - choice)
