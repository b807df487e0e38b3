"""The last bits of floats, which those of a measurement fill: spread over all there are, or of round values.

The upper bits of any signal lie together, whatever it is written in. What is written in fewer bits (pixels, sound,
float16) or in another order has another sample, or the same one's upper bits, where a float has its last ones: these
lie together then, or follow those beside them.
"""

import math
from functools import reduce
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from streammi.records import FloatArray

OCTET: Final = 256
FREE: Final = 2  # bits by which words are spread beyond an octet, so that any of its values is as likely
CROWDED: Final = 2.0  # times as many equal octets as by chance
COMPARED: Final = 100  # pairs of words: with fewer, equal octets say little
ALIKE: Final = 24  # between an octet and the one beside it: of octets by chance 1 in 5 is as close
ALIKE_SHARE: Final = 0.5
FOLLOWING: Final = 40  # octets of which that many are not alike by chance
STRIDES: Final = (1, 2, 3, 4)  # octets from a pixel or a sample to the next
STILL_FROM: Final = 24  # words of which a bit is not always the same by chance: 52 bits, one in 100,000
LAST: Final = np.uint64(OCTET - 1)
NARROW: Final = (
    ("float16", 10, 32, 4),
    ("bfloat16", 7, 256, 5),
)  # bits of a fraction, exponents, how close
HALVES: Final = 16  # of which that many do not lie together by chance
HALVES_SHARE: Final = 0.85
LEVELS_FROM: Final = 8  # different values that are steps of one size
FINEST: Final = 1 << 7  # of a float's own steps are in one of a converter
DECIMAL: Final = 3  # such steps at least in a decimal one: of values by chance one in three is so
GAPS: Final = 32  # between them that are looked at
STEP_WITHIN: Final = 0.05  # of a step


class Seen(NamedTuple):
    """How many pairs of octets were compared, how many by chance would be equal, and how many are."""

    compared: int = 0
    expected: float = 0.0
    equal: int = 0

    @property
    def crowded(self) -> bool:
        """True if more are equal than chance has it."""
        return self.equal > CROWDED * self.expected + 4 * math.sqrt(self.expected) + 2


def octets_seen(words: NDArray[Any], fraction: int) -> list[Seen]:
    """Each octet of the fraction of different words as it is seen, from the last one that is used.

    Of no more octets than the words are spread over.

    >>> spread = np.random.default_rng(1).normal(20, 2, 40).view("<u8")
    >>> [seen.crowded for seen in octets_seen(spread, 52)]
    [False, False, False, False, False]
    >>> halves = np.random.default_rng(1).normal(20, 2, 80).astype("<f2").view("<u4").astype("<u8")
    >>> [seen.crowded for seen in octets_seen(halves, 23)]
    [False, True]
    """
    if words.size < 2:
        return []
    first, last = free_bits(words, fraction)
    many = words.size * (words.size - 1) // 2
    found = []
    for at in range(first, last - 7, 8):
        counts = np.bincount(((words >> np.uint64(at)) & np.uint64(OCTET - 1)).astype(np.int64), minlength=OCTET)
        found.append(Seen(many, many / OCTET, int((counts * (counts - 1)).sum()) // 2))
    return found


def free_bits(words: NDArray[Any], fraction: int) -> tuple[int, int]:
    """The first bit of the fraction that is used, and the one behind the last that is free to be 0 or 1, as the words
    are spread."""
    used = int(np.bitwise_or.reduce(words))
    sign = np.uint64(1 << (31 if fraction < 32 else 63))
    magnitudes = np.sort(words & (sign - np.uint64(1))).astype(np.float64)
    low, high = magnitudes[words.size // 4], magnitudes[3 * words.size // 4]
    return (used & -used).bit_length() - 1, min(int(np.log2(max(high - low, 1))) - FREE, fraction)


def has_still_bit(words: NDArray[Any], fraction: int) -> bool:
    """True if a bit that is free to change is always the same in many different words.

    >>> has_still_bit(np.random.default_rng(1).normal(20, 2, 80).astype("<f2").view("<u4").astype("<u8"), 23)
    True
    """
    if words.size < STILL_FROM:
        return False
    first, last = free_bits(words, fraction)
    ones = [np.count_nonzero(words & np.uint64(1 << at)) for at in range(first, last)]
    return any(one in (0, words.size) for one in ones)


def together(columns: list[list[Seen]]) -> list[Seen]:
    """The octets of several columns that are seen, as those of one."""
    most = max(map(len, columns), default=0)
    parts = [[column[k] for column in columns if k < len(column)] for k in range(most)]
    return [Seen(*(sum(each) for each in zip(*part, strict=True))) for part in parts]


def follow_each_other(words: NDArray[Any], width: int) -> bool:
    """True if the last octet of words of ``width`` bytes, in their order, is close to the one a stride on, as those of
    pixels and samples are.

    >>> pixels = np.linspace(60, 140, 320).astype("u1").view("<u4").astype("<u8")
    >>> floats = np.random.default_rng(1).normal(20, 2, 80).view("<u8")
    >>> follow_each_other(pixels, 4), follow_each_other(floats, 8)
    (True, False)
    """
    for stride in STRIDES:
        if stride < width:
            kept = np.unique(words)
            here, there = kept, kept >> np.uint64(8 * stride)
        else:
            neighbours = np.unique(np.stack([words[:-1], words[1:]]), axis=1)
            here, there = neighbours[:, neighbours[0] != neighbours[1]]
        steps = ((there & LAST) - (here & LAST) + np.uint64(128)) & LAST
        close = np.abs(steps.astype(np.int64) - 128) <= ALIKE
        if close.size >= FOLLOWING and np.mean(close) > ALIKE_SHARE:
            return True
    return False


def are_halves(words: NDArray[Any]) -> str:
    """The narrow float that both halves of different float32s are; empty where they are none.

    >>> are_halves(np.random.default_rng(1).normal(0, 1, 80).astype("<f2").view("<u4").astype("<u8"))
    'float16'
    >>> are_halves(np.random.default_rng(1).normal(0, 1, 80).astype("<f4").view("<u4").astype("<u8"))
    ''
    """
    low = words & np.uint64(0xFFFF)
    for name, fraction, kinds, reach in NARROW:
        exponents = ((low >> np.uint64(fraction)) & np.uint64(kinds - 1)).astype(np.int64)
        if low.size >= HALVES and np.mean(np.abs(exponents - np.median(exponents)) <= reach) > HALVES_SHARE:
            return name
    return ""


def are_steps(values: FloatArray, steps: FloatArray) -> bool:
    """True if different values are whole steps of one size apart, as those of a converter, of fractions and of decimals
    are; ``steps`` is what each of them resolves.

    >>> sevenths = np.array([1, 2, 5, 7, 8, 9, 11, 30]) / 7
    >>> tenths = np.array([101325.1, 101325.7, 101324.9, 101325, 101320.3, 101330.2, 101321.6, 101322.2])
    >>> by_chance = np.random.default_rng(1).normal(20, 2, 9)
    >>> [are_steps(values, np.spacing(values)) for values in (sevenths, tenths, by_chance)]
    [True, True, False]
    """
    if values.size < LEVELS_FROM:
        return False
    finest = float(steps.max())
    decimal = 10.0 ** math.ceil(math.log10(DECIMAL * finest))
    if (np.abs(values - np.round(values / decimal) * decimal) <= np.maximum(steps, finest / DECIMAL)).all():
        return True
    gaps = np.unique(np.diff(np.unique(values)))[:GAPS].tolist()
    least = reduce(lambda a, b: _common(a, b, FINEST * finest), gaps)
    if least < FINEST * finest:
        return False
    off = (values - values.min()) / least
    return bool(np.abs(off - np.round(off)).max() <= STEP_WITHIN)


def _common(larger: float, smaller: float, least: float) -> float:
    """The number that both are whole multiples of, as Euclid finds it; less than ``least`` where it is not more."""
    while smaller > least:
        larger, smaller = smaller, abs(math.remainder(larger, smaller))
    return larger
