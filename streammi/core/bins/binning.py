"""Values to symbols: how each axis of the joint histogram is divided.

An *axis* (UniformBins, EdgeBins, and Categories of labels) is frozen and codes values at once. A *rule* (QuantileBins,
SpanBins) learns an EdgeBins or UniformBins axis from the window's own values.
"""

import math
import sys
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from streammi.core import finite_values
from streammi.core.bins.categories import Categories as Categories, Codes as Codes
from streammi.core.bins.number import INDEPENDENT_BITS, check_count, wanted_bins
from streammi.core.kernels import coding, state_layout
from streammi.core.ranks import ascending
from streammi.errors import ConfigError
from streammi.records import FloatArray


def as_values(values: ArrayLike, bins: "Bins", name: str) -> NDArray[Any]:
    """Values (n,) as these bins take them: contiguous float64, or objects where they are labels."""
    if isinstance(bins, Categories):
        return finite_values.labels(values, name)
    return finite_values.numbers(values, name, "numbers (labels need Categories bins)")


_NO_EDGES: Final = np.empty(0)


@lru_cache(maxsize=8)
def _even_edges(low: float, high: float, count: int) -> FloatArray:
    edges = np.linspace(low, high, count + 1)
    edges.flags.writeable = False
    return edges


@dataclass(frozen=True)
class UniformBins:
    """``count`` bins of equal width over [low, high]: symbol = floor((v - low) * count / (high - low)).

    A value outside goes to the end bin and counts as clipped; ``high`` itself belongs to the last bin.

    >>> UniformBins(0, 10, 5).symbols([0, 1.9, 2, 10, 11, -3]).tolist()
    [0, 0, 1, 4, 4, 0]
    """

    low: float
    high: float
    count: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "count", check_count(self.count))
        object.__setattr__(self, "low", finite_values.number(self.low, "low"))
        object.__setattr__(self, "high", finite_values.number(self.high, "high"))
        if not (math.isfinite(self.low) and math.isfinite(self.high) and self.low < self.high):
            raise ConfigError("low and high", "finite with low < high", (self.low, self.high))
        if not math.isfinite((self.high - self.low) * self.count):
            raise ConfigError("low and high", "so near that (high - low) * count is finite", (self.low, self.high))

    @property
    def edges(self) -> FloatArray:
        """The bins' edges, shape (count + 1,); read-only."""
        return _even_edges(self.low, self.high, self.count)

    def code(self, values: FloatArray, out: Codes) -> None:
        """Write the codes (see core.kernels.state_layout) of ``values`` (n,) to ``out`` (n,)."""
        coding.bin_uniform(values, self.low, self.high, self.count, out)

    @property
    def scalars(self) -> tuple[float, float, int, FloatArray]:
        """Itself as the kernel for one pair takes it."""
        return self.low, self.high, self.count, _NO_EDGES

    def symbols(self, values: ArrayLike) -> NDArray[np.int64]:
        """The symbols of values, shape (n,); ConfigError where one is not finite."""
        return _symbols(self, values)


@dataclass(frozen=True, eq=False)
class EdgeBins:
    """Bins between given edges, shape (B + 1,): symbol k where edges[k] <= v < edges[k + 1], the last one closed.

    A value outside goes to the end bin and counts as clipped.

    >>> EdgeBins([0, 1, 10, 100]).symbols([0.5, 1, 9, 100, 1e9]).tolist()
    [0, 1, 1, 2, 2]
    """

    edges: FloatArray
    _inner: FloatArray = field(repr=False)  # the edges between the bins, padded for the search

    def __init__(self, edges: ArrayLike) -> None:
        array = finite_values.numbers(edges, "edges").copy()
        if array.size < 2 or not np.isfinite(array).all() or not (array[1:] > array[:-1]).all():
            raise ConfigError("edges", "at least two finite numbers in ascending order", edges)
        check_count(array.size - 1, "number of bins between the edges")
        self._keep(array)

    @classmethod
    def learnt(cls, edges: FloatArray) -> "EdgeBins":
        """Bins between edges that were learnt, and need not be checked; they are kept, and not copied."""
        made = cls.__new__(cls)
        made._keep(edges)
        return made

    def _keep(self, edges: FloatArray) -> None:
        edges.flags.writeable = False
        object.__setattr__(self, "edges", edges)
        inner = np.empty((1 << (edges.size - 2).bit_length()) - 1)
        inner[: edges.size - 2], inner[edges.size - 2 :] = edges[1:-1], np.inf
        object.__setattr__(self, "_inner", inner)

    @property
    def count(self) -> int:
        """The number of bins."""
        return self.edges.size - 1

    def __eq__(self, other: object) -> bool:
        return isinstance(other, EdgeBins) and np.array_equal(self.edges, other.edges)

    def __hash__(self) -> int:
        return hash(self.edges.tobytes())

    def __repr__(self) -> str:
        shown = [f"{edge:g}" for edge in self.edges.tolist()]
        if len(shown) > 8:
            shown[3:-1] = ["..."]
        return f"EdgeBins([{', '.join(shown)}])"

    def __reduce__(self) -> tuple[type["EdgeBins"], tuple[list[float]]]:
        return EdgeBins, (self.edges.tolist(),)  # a pickled array could be written to

    def code(self, values: FloatArray, out: Codes) -> None:
        """Write the codes (see core.kernels.state_layout) of ``values`` (n,) to ``out`` (n,)."""
        coding.bin_edges(values, self.edges[0], self.edges[-1], self._inner, out)

    @property
    def scalars(self) -> tuple[float, float, int, FloatArray]:
        """Itself as the kernel for one pair takes it."""
        return self.edges.item(0), self.edges.item(-1), 0, self._inner

    def symbols(self, values: ArrayLike) -> NDArray[np.int64]:
        """The symbols of values, shape (n,); ConfigError where one is not finite."""
        return _symbols(self, values)


Axis: TypeAlias = UniformBins | EdgeBins | Categories


def _symbols(axis: Axis, values: ArrayLike) -> NDArray[np.int64]:
    array = as_values(values, axis, "values")
    codes = np.empty(array.size, dtype=np.uint16)
    axis.code(array, codes)
    if (codes == state_layout.SKIP).any():
        raise ConfigError("values", "finite", values)
    return (codes & state_layout.SYMBOL).astype(np.int64)


# One symbol for everything, until there is something to learn from. This object, not one that equals it: somebody may
# ask for such an axis.
UNLEARNT = EdgeBins([-sys.float_info.max, sys.float_info.max])


@dataclass(frozen=True)
class _LearntBins:
    """Bins that are learnt: ``count`` of them; None takes the number from the window."""

    count: int | None = None

    def __post_init__(self) -> None:
        if self.count is not None:
            object.__setattr__(self, "count", check_count(self.count))

    def wanted(self, n: int, bits: float = INDEPENDENT_BITS) -> int:
        """How many bins ``n`` pairs with so much MI are to have, where there are values enough."""
        return self.count or wanted_bins(n, bits)


def in_order(values: FloatArray, known: FloatArray | None = None) -> FloatArray:
    """Values (n,), n >= 1, from the least on; ``known`` are the first m of them so, which saves most of the work.

    All zeros are 0.0: which of 0.0 and -0.0 came first would depend on what was known.

    >>> in_order(np.array([3.0, -0.0, 2.0, 1.0]), known=np.array([0.0, 3.0])).tolist()
    [0.0, 1.0, 2.0, 3.0]
    """
    if known is None:
        ordered = ascending(values)
    else:  # of two stretches in order "stable" makes one in a tenth of the time that sorting takes
        ordered = np.concatenate((known, ascending(values[known.size :])))
        ordered.sort(kind="stable")
    ordered += 0.0
    return ordered


@dataclass(frozen=True)
class QuantileBins(_LearntBins):
    """At most ``count`` bins that hold equal numbers of the window's pairs; None: as many as the window's pairs allow.

    They are learnt from the first window, and again from the values in the window when they no longer fit, at most
    once a window. The edges are values of the signal. So MI stays the same under an increasing transform of the signal
    and, where the values differ and their number is even, under a decreasing one.

    >>> QuantileBins(2).learn(np.array([1.0, 2.0, 3.0, 10.0])).edges[:2].tolist()
    [1.0, 3.0]
    """

    def learn(self, values: FloatArray, count: int | None = None, ordered: FloatArray | None = None) -> EdgeBins:
        """The equal-frequency axis of ``values``, shape (n,), n >= 1; fewer bins where values tie.

        ``count`` is the number of bins, by default the one wanted; ``ordered`` is what ``in_order`` says of the values,
        where somebody has asked it.
        """
        if ordered is None:
            ordered = in_order(values)
        count = count or self.wanted(ordered.size)
        lower = np.empty(count)
        made = coding.equal_frequency(ordered, count, lower)
        edges = _with_room(lower[:made], ordered, self.count or max(count, 3))
        # Above the largest value, so that a value that ties there has its own bin.
        return EdgeBins.learnt(_closed(edges, max(edges.item(-1), ordered.item(-1))))


@dataclass(frozen=True)
class SpanBins(_LearntBins):
    """``count`` bins of equal width over the range of the window's values; None takes the number from it.

    Learnt from the first window and learnt again when they no longer fit, as QuantileBins are.

    >>> SpanBins(2).learn(np.array([1.0, 2.0, 5.0]))
    UniformBins(low=1.0, high=5.0, count=2)
    """

    def learn(self, values: FloatArray, count: int | None = None, ordered: FloatArray | None = None) -> Axis:
        """The equal-width axis over ``values``, shape (n,), n >= 1; as QuantileBins where they are all the same.

        ``count`` is the number of bins, by default the one wanted; ``ordered`` is as for QuantileBins.
        """
        low, high = float(values.min()), float(values.max())
        count = count or self.wanted(values.size)
        if low == high:
            return QuantileBins(self.count).learn(values, count, ordered)
        if not math.isfinite((high - low) * count):  # beyond the largest number
            return QuantileBins(count).learn(values, ordered=ordered)
        return UniformBins(low, high, count)


def _with_room(lower: FloatArray, ordered: FloatArray, count: int) -> FloatArray:
    """Lower edges by which a value that more than half of ``ordered`` (n,) have shares its bin with nothing above it.

    Where all have it, as far as ``count`` allows, there is one bin more for what is above, and one for what is below.
    So what comes next is told from it: in one bin with it, MI was 0 until somebody looked.
    """
    value, n = ordered.item(ordered.size // 2), ordered.size
    first, last = (int(np.searchsorted(ordered, value, side)) for side in ("left", "right"))
    above = math.nextafter(value, math.inf)
    if last - first == n:
        edges = math.nextafter(value, -math.inf), value, above, math.nextafter(above, math.inf)
        return np.array(edges[min(max(3 - count, 0), 1) : min(count + 1, 3)]) if np.isfinite(edges).all() else lower
    k = int(np.searchsorted(lower, value)) + 1
    if 2 * (last - first) > n and k < lower.size and lower[k - 1] == value and lower[k] == ordered[last]:
        lower[k] = above
    return lower


def _closed(lower: FloatArray, largest: float) -> FloatArray:
    """Lower edges and a top edge just above ``largest``, or, where there is no number above it, at it."""
    top = math.nextafter(largest, math.inf)
    if math.isfinite(top):
        return np.append(lower, top)
    below = lower[lower < largest]
    return np.append(below if below.size else np.nextafter(largest, 0.0), largest)


Rule: TypeAlias = QuantileBins | SpanBins
Bins: TypeAlias = Axis | Rule


def to_plain(bins: Bins) -> list[Any]:
    """Bins as a list of plain values, for a saved state."""
    if bins is UNLEARNT:
        return ["unlearnt"]
    match bins:
        case UniformBins():
            return ["uniform", bins.low, bins.high, bins.count]
        case EdgeBins():
            return ["edges", bins.edges.tolist()]
        case Categories():
            return ["categories", *bins.plain()]
        case QuantileBins():
            return ["quantile", bins.count]
        case SpanBins():
            return ["span", bins.count]


def from_plain(plain: list[Any]) -> Any:
    """The bins that ``to_plain`` described.

    >>> from_plain(to_plain(UniformBins(0, 1, 2)))
    UniformBins(low=0.0, high=1.0, count=2)
    """
    kind, *rest = plain
    if kind == "categories":
        return Categories.from_plain(*rest)
    if kind == "unlearnt":
        return UNLEARNT
    return {"uniform": UniformBins, "edges": EdgeBins, "quantile": QuantileBins, "span": SpanBins}[kind](*rest)
