"""Two nested histograms of the same pairs: the coarse one's bins are those of the fine one, put together."""

import math
from typing import Any, Final

from streammi.core.kernels.compiled import kernel, part

# See streammi.core.information.extrapolation, where these are explained. All information here is in bits.
FACTOR: Final = 0.976  # bins an axis that n independent pairs want: so much,
POWER: Final = 0.35  # times n to the power of this,
FOUR_FROM: Final = 32  # but four from so many pairs on, and else two
FIRST: Final = 1.71  # of the step from the coarse to the fine bins is added beyond these, of 1,000 pairs spread evenly;
BY_PAIRS: Final = 0.033  # so much more for each e-fold of pairs,
FEWEST: Final = 100  # from so many
MOST: Final = 10_000  # to so many;
BY_SPREAD: Final = -5.73  # for each nat of spread,
BY_SQUARE: Final = 7.03  # and its square,
MOST_SPREAD: Final = 0.41  # up to here, where that is least
NOISE: Final = 0.9  # nats, divided by sqrt(n): MI of which half is added
COARSE: Final = -0.2  # log2 of 0.87: for so many times the bins that are wanted, and more;
COARSEST: Final = -0.9  # for 0.54 times as many and fewer,
FROM_COARSE: Final = 0.85  # this, whatever the spread
FINER: Final = 0.575  # bits of log2(bins an axis) that a bit of MI allows more
MOST_BITS: Final = 4.33  # of MI that allow more bins: 3 nats
IN_FULL: Final = 0.4  # log2 of 1.32: as many times as fine as wanted, and still extrapolated in full
NOT_AT_ALL: Final = 1.678  # log2 of 3.2: so many times as fine, and only the coarse bins count
_FACTOR_BITS: Final = math.log2(FACTOR)
_PER_BIT: Final = 1.0 / (NOT_AT_ALL - IN_FULL)  # a division at each sample would cost more than its look-ups
LN2: Final = 0.6931471805599453
_PER_COARSE: Final = 1.0 / (COARSE - COARSEST)
_LINEAR: Final = BY_SPREAD * LN2
_SQUARE: Final = BY_SQUARE * LN2 * LN2
_MOST_SPREAD: Final = MOST_SPREAD / LN2
# The cells of a joint histogram that hold a pair are counted in the lowest digits of S_xy, by the table itself (see
# core.information.estimators): 2 for each, 3 for one that holds one pair alone. A sum of their own would be kept along
# with S_xy wherever that is, for 1 ns of a sample. 1,024 x 1,024 cells are the most.
HELD_DIGITS: Final = 22
HELD: Final = (1 << HELD_DIGITS) - 1
_EULER: Final = 0.5772156649015329


def base_bits(n: int) -> float:
    """log2 of the bins an axis that ``n`` independent pairs want."""
    pairs = max(float(n), 1.0)
    return max(_FACTOR_BITS + POWER * math.log2(pairs), 2.0 if pairs >= FOUR_FROM else 1.0)


_base_bits: Final = part(base_bits)


@kernel
def of_pairs(n: int) -> tuple[float, float, float]:
    """All of ``extrapolated`` that ``n`` pairs alone decide: bins that they want, log2; the weight; noise, bits."""
    pairs = max(float(n), 1.0)
    first = FIRST + BY_PAIRS * math.log(min(max(pairs, FEWEST), MOST) / 1000.0)
    return _base_bits(n), first, NOISE / LN2 / math.sqrt(pairs)


@part
def weight_of(ties: float) -> float:
    """The weight of the step by the share of ties; of NaN, which is where no bins are put together, 0."""
    return 0.0 if ties != ties else 1 - ties


@part
def beyond(fine: Any, coarse: Any, whole: Any, unit: float, known: Any, weight: float) -> float:
    """``extrapolated`` of sums: pairs of values, S_x, S_y and S_xy of fine bins, the last three of coarse ones.

    ``whole`` is W of the table at so many pairs, ``unit`` the bits of its unit for each of them.
    """
    _, s_x, s_y, s_xy = fine
    c_x, c_y, c_xy = coarse
    above, below = (whole - s_x - s_y + s_xy) * unit, (whole - c_x - c_y + c_xy) * unit
    entropies = (whole - s_x) * unit + (whole - s_y) * unit
    return extrapolated(above, below, entropies, log_held(s_xy & HELD), known, weight)


@kernel
def log_held(held: Any) -> float:
    """log2 of how many cells hold a pair, by the lowest digits of their S_xy; 0 of none."""
    return math.log2(0.5 * held) if held > 2 else 0.0


@kernel
def logs_held(out: Any) -> None:
    """``log_held`` of 0, 1, 2 ..., written to ``out``."""
    for held in range(out.size):
        out[held] = log_held(held)


@kernel
def extrapolated(
    fine: float, coarse: float, entropies: float, log_held: float, known: tuple[float, float, float], weight: float
) -> float:
    """MI in bits, of bins without end, from that of fine and of coarse bins.

    ``entropies`` is H(x) + H(y) of the fine bins, ``log_held`` log2 of how many of their cells hold a pair,
    ``known`` what ``of_pairs`` says, ``weight`` which part of all that is to be added.
    """
    base, first, noise = known
    spread = min(max(log_held - entropies + fine, 0.0), _MOST_SPREAD)
    positive = max(fine, 0.0)
    added = (first + spread * (_LINEAR + _SQUARE * spread)) * positive / (positive + noise)
    over = 0.5 * entropies - base - FINER * min(max(coarse, 0.0), MOST_BITS)
    # Branches, as they nearly always go one way: without them a sample took 2 ns more of 23.
    if over < COARSE:
        added = FROM_COARSE + max((over - COARSEST) * _PER_COARSE, 0.0) * (added - FROM_COARSE)
    factor = weight * added
    if over > IN_FULL:
        factor = (1.0 + factor) * max((NOT_AT_ALL - over) * _PER_BIT, 0.0) - 1.0
    return fine + factor * (fine - coarse)


@kernel
def extrapolate(fine: Any, coarse: Any, entropies: Any, sums: Any, pairs: Any, weight: float) -> None:
    """``extrapolated`` of arrays (D,) each, with the ``sums`` S_xy of as many pairs each, written to ``fine``."""
    for d in range(fine.size):
        fine[d] = extrapolated(fine[d], coarse[d], entropies[d], log_held(sums[d] & HELD), of_pairs(pairs[d]), weight)


@kernel
def coarsen(joint: Any, x_parts: Any, y_parts: Any, out: Any) -> None:
    """Add the counts of joint histograms (D, Bx, By) up in ``out`` (D, Cx, Cy), whose bins the parts (B,) name."""
    for d in range(joint.shape[0]):
        for i in range(joint.shape[1]):
            row, x = joint[d, i], x_parts[i]
            for j in range(row.size):
                out[d, x, y_parts[j]] += row[j]


@part
def log_of(c: Any, f: Any, unit_bits: float) -> Any:
    """log2 of a count from 1 on, by the table of c log2 c."""
    return f[c] * unit_bits / c


# By Zhang's estimator, whose terms c psi(c) are smooth in c: by Schuermann's, which alternate, errors came out up to
# 1.7 times too large. psi by its series (Abramowitz & Stegun 6.3.18): 5e-4 nats off at c = 2, less above.
@part
def term_of(c: Any, f: Any, unit_bits: float) -> Any:
    """Zhang's term of a cell, in bits, by the table of c log2 c."""
    if c < 2:
        return -_EULER / LN2 * c
    return f[c] * unit_bits - (0.5 + 1.0 / (12.0 * c)) / LN2


@part
def step_of(c: Any, f: Any, unit_bits: float) -> Any:
    """By how much that term grows with the cell's last pair."""
    if c < 2:
        return -_EULER / LN2 * c
    part_of_one = 1.0 / c
    return f[c] * unit_bits * part_of_one + (1.0 - (0.5 + part_of_one / 12.0) * part_of_one) / LN2
