"""The shape of a dependence beside a baseline's: how the signals go together, whatever MI says of how much.

A valve that sticks can leave MI as it was: the flow still follows something. So the joint histogram of a window, by the
baseline's own bins, is held against the baseline's joint histogram once this has been given the window's margins: what
wanders along the same curve has the same shape, what leaves it has not.
"""

import math
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from streammi.config import Shape, Unit
from streammi.core.kernels.divergence import divergence_nats
from streammi.detect.usual_readings import Usual
from streammi.records import UNIT_PER_BIT, FloatArray

BINS: Final = 8  # an axis, of equal frequency in the baseline
# Of independence in the baseline's histogram, so that no cell is impossible. With 0.03 three times as many of 264
# pairs of a plant's signals were called changed in the second half of its normal run.
EVEN: Final = 0.1
LEAST_LOOKS: Final = 6  # of which each is held against those that share nothing with it
MOST_LOOK: Final = 4096  # pairs of a look: of longer windows every second, third, ... counts
MOST_KEPT: Final = 1 << 17  # pairs that are remembered while a baseline is learnt: 2 MiB
# Chosen by faults 6, 14 and 19 of scripts/detection.py, half of the plant's pairs, and 120 made-up stationary feeds.
ALLOWED: Final = 1.5  # spreads that do not count, of each look
LIMIT: Final = 12.0  # of what is beyond, summed over looks


class Looks:
    """The windows of a baseline that is learnt; of a long one every second, fourth, ... is kept."""

    def __init__(self) -> None:
        self.windows: list[FloatArray] = []  # (2, m) each
        self.every, self.seen = 1, 0

    def add(self, values: FloatArray) -> None:
        """Take in the values (2, n) of a look's window."""
        if self.seen % self.every == 0:
            self.windows.append(_thinned(values))
        self.seen += 1
        if sum(window.shape[1] for window in self.windows) > MOST_KEPT and len(self.windows) > 1:
            del self.windows[1::2]
            self.every *= 2

    def learnt(self) -> Shape | None:
        """Their shape; None where they are too few, or a signal has one value."""
        if len(self.windows) < LEAST_LOOKS:
            return None
        x, y = np.concatenate(self.windows, axis=1)
        x_edges, y_edges = _edges(x), _edges(y)
        if not x_edges.size or not y_edges.size:
            return None
        counts = [_counts(window, x_edges, y_edges) for window in self.windows]
        whole, usual = np.sum(counts, axis=0), Usual(math.inf)
        for k, one in enumerate(counts):
            # Windows that overlap share pairs: beside itself each would look more like the rest than any other does.
            rest = whole - np.sum(counts[max(k - 1, 0) : k + 2], axis=0)
            usual.add(*_distance(one, _possible(rest)))
        return Shape(
            x_edges=tuple(x_edges.tolist()),
            y_edges=tuple(y_edges.tolist()),
            counts=tuple(int(c) for c in whole.ravel().tolist()),
            looks=usual.n,
            mean=usual.mean,
            squares=usual.squares,
            expected=usual.expected,
        )

    def state(self) -> list[Any]:
        """Plain values and arrays that ``restore`` takes."""
        return [list(self.windows), self.every, self.seen]

    def restore(self, state: list[Any]) -> None:
        """Take up a saved state."""
        windows, self.every, self.seen = state
        self.windows = list(windows)


class BesideShape:
    """Sums of how far looks are from a baseline's shape, less what is allowed for each (Page 1954)."""

    def __init__(self, shape: Shape) -> None:
        self._x_edges, self._y_edges = np.array(shape.x_edges), np.array(shape.y_edges)
        size = self._x_edges.size + 1, self._y_edges.size + 1
        self._normal = _possible(np.array(shape.counts, dtype=np.float64).reshape(size))
        self._usual = Usual(math.inf)
        self._usual.n, self._usual.mean = shape.looks, shape.mean
        self._usual.squares, self._usual.expected = shape.squares, shape.expected
        self.sum, self.run = 0.0, 0  # looks since it was 0
        self.distance, self.nats = 0.0, 0.0

    @property
    def left(self) -> bool:
        """True if the shape is no more the baseline's."""
        return self.sum > LIMIT

    def update(self, values: FloatArray) -> None:
        """Take in the values (2, n) of a look's window: ``distance`` is how far it is, in spreads beyond the usual."""
        self.nats, _ = _distance(_counts(_thinned(values), self._x_edges, self._y_edges), self._normal)
        self.distance = self._usual.distance(self.nats)
        self.sum = max(self.sum + self.distance - ALLOWED, 0.0)
        self.run = self.run + 1 if self.sum > 0 else 0

    def beyond(self, unit: Unit) -> float:
        """How much farther than usual the newest look is."""
        return (self.nats - self._usual.mean) * UNIT_PER_BIT[unit] / UNIT_PER_BIT["nat"]

    def evidence(self, unit: Unit) -> str:
        """How far the newest look is, in words."""
        return (
            f"{self.beyond(unit):.3g} {unit} farther from the baseline's, both given the same margins, than "
            f"{self._usual.n} looks at the baseline were on average: {self.distance:.1f} times their spread"
        )


def _thinned(values: FloatArray) -> FloatArray:
    return values[:, :: -(-values.shape[1] // MOST_LOOK)]


def _edges(values: NDArray[Any]) -> FloatArray:
    """Between bins of equal frequency, (B - 1,); fewer where values come often, none of a constant."""
    edges = np.unique(np.quantile(values, np.arange(1, BINS) / BINS))
    above: FloatArray = edges[edges > values.min()]
    return above


def _counts(values: FloatArray, x_edges: FloatArray, y_edges: FloatArray) -> FloatArray:
    """The joint histogram of values (2, n)."""
    i, j = np.searchsorted(x_edges, values[0], "right"), np.searchsorted(y_edges, values[1], "right")
    size = x_edges.size + 1, y_edges.size + 1
    counts: FloatArray = np.bincount(i * size[1] + j, minlength=size[0] * size[1]).astype(np.float64)
    return counts.reshape(size)


def _possible(counts: FloatArray) -> FloatArray:
    """A histogram in which no cell is impossible; its sum is 1."""
    share = counts / counts.sum()
    independent = share.sum(axis=1, keepdims=True) * share.sum(axis=0, keepdims=True)
    possible: FloatArray = (1 - EVEN) * share + EVEN * independent + 1e-9
    return possible


def _distance(counts: FloatArray, normal: FloatArray) -> tuple[float, float]:
    """How far a look's histogram is, in nats, less its bias, and how much that is expected to spread.

    Of one and the same shape, 2 n times it is chi-square with (Bx - 1)(By - 1) degrees of freedom.
    """
    n, freedom = float(counts.sum()), (counts.shape[0] - 1) * (counts.shape[1] - 1)
    return divergence_nats(counts, normal) - freedom / (2 * n), math.sqrt(2 * freedom) / (2 * n)
