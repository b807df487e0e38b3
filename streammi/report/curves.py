"""Curves of any length in the memory of a picture: the least, the most and the mean of each stretch."""

from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from streammi.records import FloatArray

POINTS: Final = 1500  # that a picture has at the least, where there are as many samples; twice as many at the most


FARTHEST: Final = 1e300  # what is beyond is drawn there: no axis, and no sum, reaches much further


def within_reach(values: FloatArray) -> FloatArray:
    """Values as an axis can show them, of any shape.

    >>> within_reach(np.array([1.5, -1e308, np.nan])).tolist()
    [1.5, -1e+300, nan]
    """
    found: FloatArray = np.clip(values, -FARTHEST, FARTHEST)
    return found


class Curve(msgspec.Struct, frozen=True, eq=False):
    """Stretches of ``step`` samples each: where each begins, (k,), and of each column, (columns, k), what is in it.

    NaN where no value of a stretch is finite.
    """

    step: int
    t: FloatArray
    low: FloatArray
    high: FloatArray
    mean: FloatArray


class Decimator:
    """Samples of several columns in, a ``Curve`` out; memory is fixed. Whenever there are too many stretches, two
    become one, so that nothing has to be known of the length beforehand, and no peak is lost.

    >>> decimator = Decimator(1, points=1)
    >>> decimator.add(np.arange(5.0), np.array([[1.0, 5.0, np.nan, 2.0, 7.0]]))
    >>> curve = decimator.curve()
    >>> curve.step, curve.t.tolist(), curve.low.tolist(), curve.high.tolist(), curve.mean.round(2).tolist()
    (4, [0.0, 4.0], [[1.0, 7.0]], [[5.0, 7.0]], [[2.67, 7.0]])
    """

    def __init__(self, columns: int, points: int = POINTS) -> None:
        self._room = 2 * points
        self._step, self._n = 1, 0
        # Of each stretch: time; then least, most, sum and number of finite values of each column.
        self._t = np.empty(self._room)
        self._parts = np.empty((4, columns, self._room))
        self._left_t, self._left = np.empty(0), np.empty((columns, 0))  # samples of a stretch that is not whole yet

    def add(self, t: FloatArray, values: FloatArray) -> None:
        """Add samples: their places on the axis, (n,), and their values, (columns, n)."""
        values = np.where(np.isfinite(values), within_reach(values), np.nan)
        t, values = np.concatenate((self._left_t, t)), np.concatenate((self._left, values), axis=1)
        while t.size >= self._step:
            stretches = min(t.size // self._step, self._room - self._n)
            used = stretches * self._step
            self._append(*_stretches(t[:used], values[:, :used], self._step))
            t, values = t[used:], values[:, used:]
        self._left_t, self._left = t.copy(), values.copy()

    def curve(self) -> Curve:
        """The curve so far."""
        t, parts = self._t[: self._n], self._parts[:, :, : self._n]
        if self._left_t.size:
            rest, of_rest = _stretches(self._left_t, self._left, self._left_t.size)
            t, parts = np.concatenate((t, rest)), np.concatenate((parts, of_rest), axis=2)
        low, high, total, number = parts
        mean = np.divide(total, number, out=np.full(total.shape, np.nan), where=number > 0)
        return Curve(self._step, t.copy(), low.copy(), high.copy(), mean)

    def _append(self, t: FloatArray, parts: NDArray[np.float64]) -> None:
        end = self._n + t.size
        self._t[self._n : end], self._parts[:, :, self._n : end] = t, parts
        self._n = end
        if end == self._room:
            half = end // 2
            low, high, *sums = self._parts.reshape(4, -1, half, 2)
            merged = np.fmin.reduce(low, axis=2), np.fmax.reduce(high, axis=2), *(part.sum(axis=2) for part in sums)
            self._t[:half] = np.fmin.reduce(self._t.reshape(half, 2), axis=1)
            self._parts[:, :, :half] = np.stack(merged)
            self._step, self._n = 2 * self._step, half


def _stretches(t: FloatArray, values: FloatArray, step: int) -> tuple[FloatArray, NDArray[np.float64]]:
    """Whole stretches of ``step`` samples: where each begins, and its parts."""
    groups = values.reshape(values.shape[0], -1, step)
    known = np.isfinite(groups)
    clean = np.where(known, groups, np.nan)
    parts = (
        np.fmin.reduce(clean, axis=2),
        np.fmax.reduce(clean, axis=2),
        np.where(known, groups, 0.0).sum(axis=2),
        known.sum(axis=2).astype(np.float64),
    )
    return np.fmin.reduce(t.reshape(-1, step), axis=1), np.stack(parts)
