"""Two nested histograms of the same pairs: the coarse one's bins are those of the fine one, put together."""

import math
from typing import Any, Final

from streammi.core.kernels.compiled import kernel, part

# See streammi.core.information.extrapolation, where these are explained. All information here is in bits.
FACTOR: Final = 0.976  # bins an axis that n independent pairs want: so much,
POWER: Final = 0.35  # times n to the power of this,
FOUR_FROM: Final = 32  # but four from so many pairs on, and else two
ADDED: Final = 0.85  # of the step from the coarse to the fine bins, beyond these
FINER: Final = 0.575  # bits of log2(bins an axis) that a bit of MI allows more
MOST_BITS: Final = 4.33  # of MI that allow more bins: 3 nats
IN_FULL: Final = 0.848  # log2 of 1.8: as many times as fine as wanted, and still extrapolated in full
NOT_AT_ALL: Final = 1.678  # log2 of 3.2: so many times as fine, and only the coarse bins count
_FACTOR_BITS: Final = math.log2(FACTOR)
_PER_BIT: Final = 1.0 / (NOT_AT_ALL - IN_FULL)  # a division at each sample would cost more than its look-ups
LN2: Final = 0.6931471805599453
_EULER: Final = 0.5772156649015329


@kernel
def base_bits(n: int) -> float:
    """log2 of the bins an axis that ``n`` independent pairs want."""
    pairs = max(float(n), 1.0)
    return max(_FACTOR_BITS + POWER * math.log2(pairs), 2.0 if pairs >= FOUR_FROM else 1.0)


@kernel
def extrapolated(fine: float, coarse: float, entropies: float, base: float, weight: float) -> float:
    """MI in bits, of bins without end, from that of fine and of coarse bins.

    ``entropies`` is H(x) + H(y) of the fine bins, ``base`` log2 of the bins an axis that as many independent pairs
    want, ``weight`` which part of the step is to be added.
    """
    over = 0.5 * entropies - base - FINER * min(max(coarse, 0.0), MOST_BITS)
    trust = min(max((NOT_AT_ALL - over) * _PER_BIT, 0.0), 1.0)
    return fine + ((1.0 + weight) * trust - 1.0) * (fine - coarse)


@part
def weight_of(ties: float) -> float:
    """The weight of the step by the share of ties; of NaN, which is where no bins are put together, 0."""
    return 0.0 if ties != ties else ADDED * (1 - ties)


@part
def beyond(fine: Any, coarse: Any, whole: Any, unit: float, base: float, weight: float) -> float:
    """``extrapolated`` of sums: pairs of values, S_x, S_y and S_xy of fine bins, the last three of coarse ones.

    ``whole`` is W of the table at so many pairs, ``unit`` the bits of its unit for each of them.
    """
    _, s_x, s_y, s_xy = fine
    c_x, c_y, c_xy = coarse
    above, below = (whole - s_x - s_y + s_xy) * unit, (whole - c_x - c_y + c_xy) * unit
    return extrapolated(above, below, (whole - s_x) * unit + (whole - s_y) * unit, base, weight)


@kernel
def extrapolate(fine: Any, coarse: Any, entropies: Any, pairs: Any, weight: float) -> None:
    """``extrapolated`` of arrays (D,) each, of as many pairs each, written to ``fine``."""
    for d in range(fine.size):
        fine[d] = extrapolated(fine[d], coarse[d], entropies[d], base_bits(pairs[d]), weight)


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
