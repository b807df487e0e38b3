"""The number of bins an axis: what may be asked for, and what a window wants."""

from typing import Final

from streammi.config import MAX_BINS
from streammi.core.kernels import nested
from streammi.errors import ConfigError

MOST_BINS: Final = 64
LEAST_PAIRS: Final = 5  # in a bin: of two equal signals MI has no end
ERRORS: Final = 3.0  # standard errors of MI
NEAR: Final = 1.1  # times as many or as few bins are as good
INDEPENDENT_BITS: Final = 0.75  # of MI, where it is not known: n pairs then want about sqrt(n / 5)
# From so many pairs on, bins for that much MI are tried first: a curve with more turns than unrelated pairs have bins
# is not seen in these, and they were kept. Of fewer pairs more bins show chance: 0.03 nats of 100 unrelated ones.
GUESSED_FROM: Final = 150


def check_count(count: object, name: str = "count") -> int:
    """The number; ConfigError, with its name, where it is none that bins can have."""
    if isinstance(count, bool) or not hasattr(count, "__index__"):
        raise ConfigError(name, "a whole number", count)
    value = int(count.__index__())
    if not 1 <= value <= MAX_BINS:
        raise ConfigError(name, f"between 1 and {MAX_BINS}", count)
    return value


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


def first_bits(n: int) -> float:
    """The MI, in bits, by which ``n`` pairs are divided as long as nothing is known of them.

    >>> first_bits(100), first_bits(200)
    (0.0, 0.75)
    """
    return INDEPENDENT_BITS if n >= GUESSED_FROM else 0.0


def number_kept(used: int, n: int, bits: float, stderr: float) -> int:
    """How many bins ``n`` pairs with an MI of ``bits`` +- ``stderr`` are to have, where ``used`` are in use.

    These are left alone where they may be what is wanted, within three standard errors, a tenth and rounding: in a
    short window the number would change all the time, and MI with it.

    >>> number_kept(4, 50, 0.6, 0.15), number_kept(4, 50, 3.0, 0.0), number_kept(20, 1000, 1.5, 0.04)
    (4, 10, 20)
    """
    least, most = (wanted_bins(n, bits + errors * stderr) for errors in (-ERRORS, ERRORS))
    return used if least / NEAR - 1 <= used <= most * NEAR + 1 else wanted_bins(n, bits)
