"""Changed pairs among those of many channels: MI beside what it was in the windows before.

Of each pair the mean and the spread of MI over earlier windows are kept, on Fisher's scale (``records.linear``): in
bits MI of unrelated signals has so long a tail that of 500 pairs some would seem to change in two windows of three. A
spread from a few windows is a poor one, so
it is drawn towards that of all pairs (as limma does it: Smyth 2004, Stat. Appl. Genet. Mol. Biol. 3(1)), and MI
now counts as changed where it is farther off than Student's t allows, once in ``RATE`` windows over all pairs together
(Bonferroni). A change that lasts for ``SETTLED`` windows is how the pair is.
"""

import math
from functools import lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from streammi.errors import ConfigError
from streammi.records import FloatArray, IntArray
from streammi.records.codec import State
from streammi.records.linear import fisher_z
from streammi.records.triangles import sides

LEAST_WINDOWS: Final = 4  # before anything is said
MOST_WINDOWS: Final = 64  # that count: older ones fade
PRIOR: Final = 4  # windows that the spread of all pairs counts for
RATE: Final = 0.02  # windows in which some pair is falsely said to have changed, at most, if each were normal
LEAST_SPREAD: Final = 0.01  # of z
SETTLED: Final = 32  # windows


class ChangedPairs:
    """The usual MI of P pairs, by window, and which are not so now.

    >>> usual, rng = ChangedPairs(3), np.random.default_rng(0)
    >>> for _ in range(8):
    ...     usual.learn(0.5 + 0.02 * rng.normal(size=3))
    >>> usual.look(np.array([0.5, 0.1, 0.52])).tolist()
    [False, True, False]
    """

    def __init__(self, pairs: int) -> None:
        self.windows = 0
        self.mean: FloatArray = np.full(pairs, np.nan)  # bits
        self._z: FloatArray = np.full(pairs, np.nan)  # the mean of Fisher's z of MI
        self._n: IntArray = np.zeros(pairs, dtype=np.int64)  # windows of each
        self._squares = np.zeros(pairs)
        self._odd: IntArray = np.zeros(pairs, dtype=np.int64)  # windows since it changed
        self.changed: NDArray[np.bool_] = np.zeros(pairs, dtype=np.bool_)

    def look(self, mi: FloatArray, values: FloatArray | None = None) -> NDArray[np.bool_]:
        """Find the pairs, with MI (P,) in bits now, that have changed.

        ``values`` (P,) says from how many pairs of values each MI is, where these are not as many for all.
        """
        if self.windows >= LEAST_WINDOWS and mi.size:
            freedom = np.maximum(self._n - 1, 1) + PRIOR
            with np.errstate(invalid="ignore"):
                spread = np.sqrt(self._spread(freedom, values) * (1 + 1 / np.maximum(self._n, 1)))
                off = np.abs(fisher_z(mi) - self._z) / spread
                limit = np.array([0.0, *(t_beyond(f, RATE / mi.size) for f in range(1, int(freedom.max()) + 1))])
                self.changed = (self._n >= LEAST_WINDOWS) & (off > limit[freedom.astype(np.int64)])
        return self.changed

    def learn(self, mi: FloatArray, values: FloatArray | None = None) -> None:
        """Take in MI (P,) of one more window, which overlaps with none before; ``values`` as for ``look``."""
        self.look(mi, values)
        self.windows += 1
        self._odd = np.where(self.changed, self._odd + 1, 0)
        anew = self._odd > SETTLED
        self._n[anew], self._squares[anew], self._odd[anew] = 0, 0.0, 0
        usual = np.isfinite(mi) & (~self.changed | anew)
        self.changed = self.changed & ~anew
        n = np.minimum(self._n + 1, MOST_WINDOWS)
        z, known = fisher_z(mi), self._n > 0
        before, step = np.where(known, self.mean, mi), np.where(known, z - self._z, 0.0)
        self.mean = np.where(usual, before + (mi - before) / n, self.mean)
        self._z = np.where(usual, z - step + step / n, self._z)
        fading = np.where(self._n >= MOST_WINDOWS, 1 - 1 / MOST_WINDOWS, 1.0)
        self._squares = np.where(usual, fading * self._squares + step * (z - self._z), self._squares)
        self._n = np.where(usual, n, self._n)

    def state(self) -> State:
        """Plain values and arrays that ``restore`` takes."""
        changed = self.changed.astype(np.uint8)
        arrays: list[NDArray[Any]] = [self.mean, self._z, self._n, self._squares, self._odd, changed]
        return {"windows": self.windows}, [array.copy() for array in arrays]

    def restore(self, state: State) -> None:
        """Take up the saved state of one of as many pairs."""
        header, (mean, z, n, squares, odd, changed) = state
        if mean.shape != self.mean.shape:
            raise ConfigError("saved state", f"of {self.mean.size} pairs", mean.size)
        self.windows, self.changed = header["windows"], changed.astype(np.bool_)
        self.mean, self._z, self._n = mean.copy(), z.copy(), n.copy()
        self._squares, self._odd = squares.copy(), odd.copy()

    def _spread(self, freedom: FloatArray, values: FloatArray | None) -> FloatArray:
        """The variance of each pair, drawn towards that of all: their median, as if all had as many values.

        Of a tenth of the values it is ten times as large: of channels with gaps the median itself made chance a change.
        """
        known = self._n >= LEAST_WINDOWS
        there = np.ones(self._n.size) if values is None else np.fmax(values, 1.0)  # NaN: not known yet
        share = there / there.max()
        own = self._squares[known] / (self._n[known] - 1) * share[known]
        of_all = np.maximum((float(np.median(own)) if own.size else 0.0) / share, LEAST_SPREAD**2)
        found: FloatArray = (PRIOR * of_all + self._squares) / freedom
        return found


@lru_cache(maxsize=1024)
def t_beyond(freedom: int, share: float) -> float:
    """The \\|t\\| beyond which Student's t with so many degrees of freedom lies in this share of cases.

    From the sums of Abramowitz & Stegun 26.7.3 and 26.7.4, by bisection.

    >>> round(t_beyond(10, 0.05), 3)
    2.228
    """
    low, high = 0.0, math.pi / 2  # of atan(t / sqrt(freedom))
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if 1 - _within(freedom, middle) > share else (low, middle)
    return math.tan(low) * math.sqrt(freedom)


def _within(freedom: int, angle: float) -> float:
    """The share of cases within t, of which ``angle`` is atan(t / sqrt(freedom))."""
    cosine, odd = math.cos(angle), freedom % 2
    term, total = cosine if odd else 1.0, 0.0
    for k in range(2 - (not odd), freedom, 2):
        total += term
        term *= k / (k + 1) * cosine**2
    if odd:
        return 2 / math.pi * (angle + math.sin(angle) * total)
    return math.sin(angle) * total


def told(changed: NDArray[np.bool_], before: NDArray[np.bool_], channels: int) -> tuple[IntArray, str]:
    """The pairs that have just changed, by number, and, where a channel has most of many, which one: "" for none.

    A bus that fails breaks a thousand pairs: one thing is to be said.
    """
    new: IntArray = np.flatnonzero(changed & ~before)
    counts = np.bincount(np.concatenate(sides(new, channels)), minlength=channels)
    most = int(np.argmax(counts)) if new.size else 0
    return new, str(most) if new.size and counts[most] >= math.ceil(new.size / 2) and new.size > 2 else ""
