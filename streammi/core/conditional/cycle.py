"""Cycles: the phase of a known one as a condition, and the one that two signals both show."""

from typing import Final

import numpy as np

from streammi.records import FloatArray, IntArray

LEAST: Final = 4  # samples that a cycle has
CLEAR: Final = 0.25  # autocorrelation at the period: a quarter of the variance comes back
AS_HIGH: Final = 0.75  # of the highest peak: the first one so high is the period, and the others its multiples
TROUGH: Final = 0.3  # of the peak, below 0, half a period before it: what only fades has none
SAME: Final = 0.05  # of a period, or a sample: so near are those of two signals that share one


def phase(places: FloatArray | IntArray, period: float) -> FloatArray:
    """Where in a cycle of ``period`` places (n,), samples or seconds, are: from 0 up to 1, shape (n,).

    >>> phase(np.array([0.0, 12.0, 30.0]), 24.0).tolist()
    [0.0, 0.5, 0.25]
    """
    turns = np.asarray(places, dtype=np.float64) / period
    found: FloatArray = turns - np.floor(turns)
    return np.where(found < 1.0, found, 0.0)  # of a place just below 0


def shared_cycle(values: FloatArray) -> int | None:
    """The cycle in samples that both of two signals (2, n) show; None where there is none. O(n log n).

    >>> turns = 2 * np.pi * np.arange(300) / 30
    >>> shared_cycle(np.array([np.sin(turns), np.cos(turns) > 0.5]))
    30
    """
    first = _period(values[0])
    second = None if first is None else _period(values[1])  # most signals have none: half the work
    if first is None or second is None or abs(first - second) > max(SAME * first, 1):
        return None
    return round((first + second) / 2)


def _period(values: FloatArray) -> int | None:
    """The lag at which a signal comes back; None where it does not."""
    size = values.size // 2 + 1
    a = np.convolve(_autocorrelation(values)[:size], [0.25, 0.5, 0.25], "same")
    below = np.flatnonzero(a <= 0)
    if not below.size or a.size - below[0] < LEAST:
        return None
    top = a[below[0] : -1].max()
    if top < CLEAR:
        return None
    peaks = np.flatnonzero((a[1:-1] >= a[:-2]) & (a[1:-1] >= a[2:])) + 1
    for peak in peaks[(peaks >= max(below[0], LEAST)) & (a[peaks] >= AS_HIGH * top)].tolist():
        near = max(peak // 8, 1)
        period = peak - near + int(np.argmax(a[peak - near : peak + near + 1]))
        trough = a[max(period // 2 - near, 0) : period // 2 + near + 1].min()
        again = a[2 * period - near : 2 * period + near + 1]
        if trough < -TROUGH * a[period] and (2 * period + near >= a.size or again.max() >= a[period] / 2):
            return int(period)
    return None


def _autocorrelation(values: FloatArray) -> FloatArray:
    """That of the ranks, (n,), as if each lag had as many pairs: a spike would hide everything else."""
    ranks = np.unique(values, return_inverse=True)[1].astype(np.float64)
    ranks -= ranks.mean()
    n = ranks.size
    spectrum = np.fft.rfft(ranks, 1 << (2 * n - 1).bit_length())
    products = np.fft.irfft(spectrum * spectrum.conj())[:n]
    found: FloatArray = products / products[0] * n / (n - np.arange(n))
    return found
