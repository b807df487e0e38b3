"""How many bins an axis a window wants."""

from typing import Final

from streammi.core.kernels import nested

MOST_BINS: Final = 64
LEAST_PAIRS: Final = 5  # in a bin: of two equal signals MI has no end
INDEPENDENT_BITS: Final = 0.75  # of MI, where it is not known: n pairs then want about sqrt(n / 5)


def wanted_bins(n: int, bits: float = INDEPENDENT_BITS) -> int:
    """The bins an axis that ``n`` pairs with so much MI want: an even number, so that each has a partner.

    0.976 n^0.35 e^(0.575 MI in nats), from 4 (2 below 32 pairs) to 64, with five pairs a bin or more where there are so
    many: see streammi.core.information.extrapolation.

    >>> [wanted_bins(n, 0) for n in (20, 200, 1_000, 10_000)], wanted_bins(1_000, bits=1.5), wanted_bins(1_000)
    ([2, 6, 10, 24], 20, 14)
    """
    base = 2.0 ** nested.base_bits(n)
    bins = base * 2.0 ** (nested.FINER * min(max(bits, 0.0), nested.MOST_BITS))
    return 2 * max(round(float(min(bins, MOST_BINS, max(n / LEAST_PAIRS, base))) / 2), 1)
