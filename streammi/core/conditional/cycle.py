"""Cycles: the phase of a known one as a condition, and the one that two signals both show."""

from collections.abc import Iterable
from typing import Final

import numpy as np
from numpy.fft import irfft, rfft  # here: numpy imports it at its first use, and a feed would wait

from streammi.core.ranks import group_ranks
from streammi.records import FloatArray, IntArray

LEAST: Final = 4  # samples that a cycle has
CLEAR: Final = 0.25  # autocorrelation at the period: a quarter of the variance comes back
AS_HIGH: Final = 0.75  # of the highest peak: the first one so high is the period, and the others its multiples
TROUGH: Final = 0.3  # of the peak, below 0, half a period before it: what only fades has none
SAME: Final = 0.05  # of a period, or a sample: so near are those of two signals that share one
LONG: Final = 1 << 14  # values, 2 ms: of more a part is looked at first, 1 ms; of 100,000 all take 12 ms
STRETCHES: Final = 4  # of a long signal that are such a part,
PART: Final = 1 << 13  # values in all; then so many that are far apart
PERHAPS: Final = 0.125  # autocorrelation of a part where that of the whole may be CLEAR; by chance it is 0.05 somewhere


def phase(places: FloatArray | IntArray, period: float) -> FloatArray:
    """Where in a cycle of ``period`` places (n,), samples or seconds, are: from 0 up to 1, shape (n,).

    >>> phase(np.array([0.0, 12.0, 30.0]), 24.0).tolist()
    [0.0, 0.5, 0.25]
    """
    turns = np.asarray(places, dtype=np.float64) / period
    found: FloatArray = turns - np.floor(turns)
    return np.where(found < 1.0, found, 0.0)  # of a place just below 0


def shared_cycle(values: Iterable[FloatArray]) -> int | None:
    """The cycle in samples that both of two signals (n,) show; None where there is none. O(n log n).

    The second is not asked for where the first one has none, as most signals.

    >>> turns = 2 * np.pi * np.arange(300) / 30
    >>> shared_cycle(np.array([np.sin(turns), np.cos(turns) > 0.5]))
    30
    """
    signals = iter(values)
    first = _period(next(signals))
    second = None if first is None else _period(next(signals))
    if first is None or second is None or abs(first - second) > max(SAME * first, 1):
        return None
    return round((first + second) / 2)


def _period(values: FloatArray) -> int | None:
    """The lag at which a signal comes back; None where it does not."""
    if values.size > LONG and not _may_come_back(values):
        return None
    a = _smoothed(_autocorrelation(_ranks(values)))
    below, top = _highest(a)
    if top < CLEAR:
        return None
    peaks = np.flatnonzero((a[1:-1] >= a[:-2]) & (a[1:-1] >= a[2:])) + 1
    for peak in peaks[(peaks >= max(below, LEAST)) & (a[peaks] >= AS_HIGH * top)].tolist():
        near = max(peak // 8, 1)
        period = peak - near + int(np.argmax(a[peak - near : peak + near + 1]))
        trough = a[max(period // 2 - near, 0) : period // 2 + near + 1].min()
        again = a[2 * period - near : 2 * period + near + 1]
        if trough < -TROUGH * a[period] and (2 * period + near >= a.size or again.max() >= a[period] / 2):
            return int(period)
    return None


def _may_come_back(values: FloatArray) -> bool:
    """True if a part of a long signal shows anything like a cycle: a short one in stretches, a long one far apart.

    A cycle has a trough half a period before its peak, so that a long one is as clear in every twelfth value. Of two
    slow signals, of which a part may show one, the whole is looked at as well.
    """
    each = PART // STRETCHES
    starts = np.linspace(0, values.size - each, STRETCHES).astype(np.int64).tolist()
    for part in (np.array([values[at : at + each] for at in starts]), values[:: -(-values.size // PART)]):
        ranks = _ranks(part)
        if not ranks.any() or _highest(_smoothed(_autocorrelation(ranks)))[1] >= PERHAPS:
            return True
    return False


def _highest(a: FloatArray) -> tuple[int, float]:
    """The lag at which an autocorrelation (k,) is below 0 first, and the most that it is behind that; -1 if never."""
    below = np.flatnonzero(a <= 0)
    if not below.size or a.size - below[0] < LEAST:
        return 0, -1.0
    return below.item(0), a[below[0] : -1].max().item()


def _smoothed(a: FloatArray) -> FloatArray:
    """The autocorrelation up to half of the signal, a bit blurred: a period need not be a whole number of samples."""
    return np.convolve(a, [0.25, 0.5, 0.25], "same")


def _ranks(values: FloatArray) -> FloatArray:
    """The ranks of values, of any shape, around 0: a spike would hide everything else."""
    ranks = group_ranks(values.ravel()).reshape(values.shape)
    ranks -= ranks.mean()
    return ranks


def _autocorrelation(signal: FloatArray) -> FloatArray:
    """That of a signal (n,) around 0, or stretches of it (k, n), up to lag n / 2, as if each lag had as many pairs."""
    n = signal.shape[-1]
    size = n // 2 + 1
    room = _fast(n + size - 1)
    spectrum = rfft(signal, room).reshape(-1, room // 2 + 1)
    products = irfft((spectrum.real**2 + spectrum.imag**2).sum(axis=0), room)[:size]
    found: FloatArray = products / products[0] * n / (n - np.arange(size))
    return found


def _fast(n: int) -> int:
    """The least number from ``n`` on of which transforms are fast.

    >>> _fast(1501), _fast(150_001)
    (1536, 153600)
    """
    return min(odd << (-(-n // odd) - 1).bit_length() for odd in (1, 3, 5, 9, 15, 25, 75))
