"""Values to symbols, against the definitions in plain Python and numpy's histograms."""

import copy
import math
import pickle
from fractions import Fraction

import numpy as np
import oracles
import pytest
from hypothesis import assume, given, strategies as st

from streammi import Categories, ConfigError, EdgeBins, QuantileBins, UniformBins
from streammi.core import finite_values as as_given
from streammi.core.bins import binning
from streammi.core.bins.binning import SpanBins
from streammi.core.bins.number import wanted_bins
from streammi.core.kernels import state_layout

FINITE = st.floats(allow_nan=False, allow_infinity=False)
EXTREME = [0.0, -0.0, 5e-324, -5e-324, 1e308, -1e308, 1.7976931348623157e308, 1e-300]


def codes(axis: binning.Axis, values: list[float]) -> np.ndarray:
    out = np.empty(len(values), dtype=np.uint16)
    axis.code(np.array(values), out)  # type: ignore[arg-type]
    return out


@given(st.lists(st.one_of(FINITE, st.sampled_from(EXTREME))), FINITE, FINITE, st.integers(1, 1024))
def test_uniform_symbols_are_the_definitions(values: list[float], low: float, high: float, count: int) -> None:
    assume(low < high and math.isfinite((high - low) * count))
    axis = UniformBins(low, high, count)
    expected = [oracles.uniform_symbol(v, low, high, count) for v in values]
    assert axis.symbols(values).tolist() == expected
    assert (codes(axis, values) & state_layout.CLIPPED > 0).tolist() == [not low <= v <= high for v in values]


@given(st.lists(st.integers(-4000, 4000)), st.integers(1, 60))
def test_uniform_bins_on_exact_numbers(values: list[int], count: int) -> None:
    """Where the arithmetic is exact, the edges fall where fractions put them, also those that are values."""
    axis = UniformBins(-1024, 1024, count)
    exact = [math.floor(Fraction(v + 1024) * count / 2048) for v in values]
    assert axis.symbols(values).tolist() == [min(max(symbol, 0), count - 1) for symbol in exact]


@given(st.lists(FINITE, min_size=2, max_size=70, unique=True), st.lists(FINITE))
def test_edge_symbols_are_the_definitions(edges: list[float], values: list[float]) -> None:
    edges.sort()
    axis = EdgeBins(edges)
    assert axis.count == len(edges) - 1
    for probe in (values, edges, EXTREME):
        assert axis.symbols(probe).tolist() == [oracles.edge_symbol(v, edges) for v in probe]
        outside = [not edges[0] <= v <= edges[-1] for v in probe]
        assert (codes(axis, probe) & state_layout.CLIPPED > 0).tolist() == outside


@pytest.mark.parametrize("count", [1, 2, 7, 30, 64, 1000])
def test_counts_are_those_of_numpy(count: int) -> None:
    x = np.random.default_rng(20).normal(size=10_000)
    edges = np.histogram_bin_edges(x, count)
    for axis in (EdgeBins(edges), UniformBins(x.min(), x.max(), count)):
        assert np.bincount(axis.symbols(x), minlength=count).tolist() == np.histogram(x, count)[0].tolist()
        assert axis.edges == pytest.approx(edges)


@pytest.mark.parametrize("axis", [UniformBins(0, 1, 4), EdgeBins([0, 0.5, 1])])
def test_what_is_not_finite_has_no_symbol(axis: binning.Axis) -> None:
    assert codes(axis, [math.nan, math.inf, -math.inf]).tolist() == [state_layout.SKIP] * 3


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: UniformBins(1, 1, 4), "low and high must be finite with low < high"),
        (lambda: UniformBins(2, 1, 4), "low and high must be"),
        (lambda: UniformBins(math.nan, 1, 4), "low and high must be"),
        (lambda: UniformBins(-1e308, 1e308, 4), "low and high must be"),
        (lambda: UniformBins(0, 1e308, 4), "low and high must be"),
        (lambda: UniformBins("low", 1, 4), "low must be a number, got 'low'"),
        (lambda: UniformBins(0, None, 4), "high must be a number, got None"),
        (lambda: UniformBins(0, 1, 0), "count must be between 1 and 1024, got 0"),
        (lambda: UniformBins(0, 1, 1025), "count must be between"),
        (lambda: UniformBins(0, 1, 2.0), "count must be a whole number"),
        (lambda: UniformBins(0, 1, True), "count must be a whole number"),
        (lambda: QuantileBins(0), "count must be between"),
        (lambda: SpanBins(-1), "count must be between"),
        (lambda: EdgeBins([]), "edges must be at least two"),
        (lambda: EdgeBins([1]), "edges must be at least two"),
        (lambda: EdgeBins([1, 1]), "ascending"),
        (lambda: EdgeBins([2, 1]), "ascending"),
        (lambda: EdgeBins([0, math.nan, 1]), "finite"),
        (lambda: EdgeBins([0, math.inf]), "finite"),
        (lambda: EdgeBins([[0, 1], [2, 3]]), "edges must be"),
        (lambda: EdgeBins([[0, 1], [2]]), "edges must be numbers"),
        (lambda: EdgeBins("abc"), "edges must be numbers"),
        (lambda: EdgeBins(range(2000)), "number of bins"),
        (lambda: Categories([]), "at least one label"),
        (lambda: Categories(["a", "a"]), "all different"),
        (lambda: Categories([1, True]), "all different"),
        (lambda: Categories([None]), "strings"),
        (lambda: Categories([math.nan]), "strings"),
        (lambda: Categories([["a"]]), "labels must be"),
        (lambda: Categories(5), "labels must be"),
        (lambda: Categories(limit=0), "limit must be between 1 and 1024, got 0"),
        (lambda: Categories("on"), "labels must be a list of labels"),
        (lambda: Categories({"on", "off"}), "in the order of their symbols"),
        (lambda: UniformBins("0", 1, 4), "low must be a number, got '0'"),
        (lambda: EdgeBins(np.ma.array([0, 1, 2], mask=[0, 1, 0])), "edges must be at least two finite"),
        (lambda: UniformBins(0, 1, 4).symbols([0.5, math.nan]), r"values must be finite, got \[0.5, nan\]"),
        (lambda: EdgeBins([0, 1]).symbols([[0.5]]), r"values must be an array of shape \(n,\), got \(1, 1\)"),
        (lambda: Categories(["a"]).symbols("a"), r"values must be an array of shape \(n,\), got \(\)"),
    ],
)
def test_bins_that_cannot_work(make: object, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        make()  # type: ignore[operator]


def test_edges_are_the_bins_own() -> None:
    edges = np.array([0.0, 1.0, 2.0])
    axis = EdgeBins(edges)
    edges[1] = 5.0
    assert axis.edges.tolist() == [0.0, 1.0, 2.0]
    with pytest.raises(ValueError, match="read-only"):
        axis.edges[0] = 1.0
    assert axis == EdgeBins([0, 1, 2])
    assert hash(axis) == hash(EdgeBins([0, 1, 2]))
    for twin in (copy.deepcopy(axis), pickle.loads(pickle.dumps(axis))):  # noqa: S301
        assert twin == axis
        assert not twin.edges.flags.writeable


def test_bins_are_shown_in_one_line() -> None:
    assert repr(EdgeBins([0, 1, 10.5])) == "EdgeBins([0, 1, 10.5])"
    assert repr(EdgeBins(range(100))) == "EdgeBins([0, 1, 2, ..., 99])"


@given(st.lists(FINITE, min_size=1, max_size=300, unique=True), st.integers(1, 40))
def test_quantile_bins_share_equally(values: list[float], count: int) -> None:
    axis = QuantileBins(count).learn(np.array(values))
    held = np.bincount(axis.symbols(values), minlength=axis.count)
    if max(values) < 1.7976931348623157e308 and len(values) > 1:
        assert axis.count == min(count, len(values))
        assert set(axis.edges[:-1]) <= set(values)
        assert held.max() - held.min() <= 1
    assert not (codes(axis, values) & state_layout.CLIPPED).any()


@given(st.lists(st.integers(0, 12), min_size=1, max_size=200), st.integers(1, 15))
def test_quantile_bins_of_ties(values: list[int], count: int) -> None:
    array = np.array(values, dtype=float)
    axis = QuantileBins(count).learn(array)
    held = np.bincount(axis.symbols(array), minlength=axis.count)
    if len(set(values)) == 1:
        return  # see test_what_comes_above_the_value_of_most_is_told_from_it
    assert axis.count <= min(count, len(set(values)))
    assert held.min() > 0
    if len(set(values)) <= count:
        assert axis.count == len(set(values))


@given(st.lists(st.integers(-1000, 1000), min_size=1, max_size=200), st.integers(1, 20))
def test_quantile_bins_do_not_see_an_increasing_transform(values: list[int], count: int) -> None:
    plain = np.array(values, dtype=float)
    bent = np.expm1(plain / 100) * 7 - 3
    assume(np.unique(bent).size == np.unique(plain).size)
    symbols = [QuantileBins(count).learn(v).symbols(v).tolist() for v in (plain, bent)]
    assert symbols[0] == symbols[1]


@given(st.integers(1, 60), st.integers(1, 400))
def test_quantile_bins_do_not_see_a_decreasing_transform(count: int, n: int) -> None:
    """Of values that all differ; with an odd number of them and an even one of bins the middle value is on an edge."""
    assume(n > 1 and (n % 2 == 0 or count % 2))
    values = np.random.default_rng(n).permutation(n).astype(float)
    up, down = (QuantileBins(count).learn(v).symbols(v) for v in (values, -values))
    assert np.array_equal(up, up.max() - down)
    sizes = np.bincount(up)
    assert sizes.size == min(count, n)
    assert sizes.max() - sizes.min() <= 1


@given(st.lists(st.one_of(FINITE, st.sampled_from(EXTREME)), min_size=1, max_size=60), st.integers(1, 20))
def test_a_learnt_range_holds_all_it_was_learnt_from(values: list[float], count: int) -> None:
    for rule in (SpanBins(count), QuantileBins(count), SpanBins(), QuantileBins()):
        axis = rule.learn(np.array(values))
        assert not (codes(axis, values) & state_layout.CLIPPED).any()
        assert axis.symbols(values).max() < axis.count


def test_a_range_is_that_of_the_values() -> None:
    assert SpanBins(3).learn(np.array([4.0, -2.0, 1.0])) == UniformBins(-2, 4, 3)
    assert SpanBins().learn(np.arange(1000.0)).count == wanted_bins(1000)


@given(st.sets(st.integers(1, 9), max_size=4), st.integers(-3, 3), st.integers(1, 12))
def test_what_comes_above_the_value_of_most_is_told_from_it(others: set[int], value: int, count: int) -> None:
    """And what comes below, where there is no other value."""
    values = np.array([value] * 20 + [value + k for k in others], dtype=float)
    near = [math.nextafter(value, -math.inf), float(value), math.nextafter(value, math.inf)]
    below, own, above = QuantileBins(count).learn(values).symbols(near).tolist()
    assert own < above or count == 1
    assert below < own or others or count < 3
    constant = SpanBins(count).learn(np.full(9, float(value))).symbols(near).tolist()
    assert constant == [[0, 0, 0], [0, 0, 1], [0, 1, 2]][min(count, 3) - 1]


def test_labels_keep_the_symbol_they_were_given() -> None:
    axis = Categories(limit=3).extended(np.array(["b", "a", "b"], dtype=object))
    assert axis.labels == ("b", "a")
    grown = axis.extended(np.array(["c", "d", "a"], dtype=object))
    assert grown.labels == ("b", "a", "c")
    assert grown.symbols(["a", "b", "c", "d"]).tolist() == [1, 0, 2, 3]
    assert grown.extended(np.array(["e"], dtype=object)) is grown
    assert Categories(["x"]).extended(np.array(["y"], dtype=object)).labels == ("x",)


def test_labels_of_numpy_are_labels() -> None:
    assert Categories(np.array([3, 1])) == Categories([3, 1])
    assert Categories(np.array(["on", "off"])).symbols(np.array(["off", "on"])).tolist() == [1, 0]
    given_ = np.array([np.int64(1), np.str_("a"), None], dtype=object)
    given_.flags.writeable = False
    assert [type(label) for label in as_given.labels(given_, "x")] == [int, str, type(None)]


@pytest.mark.parametrize(
    ("value", "label"),
    [
        ("a", True),
        ("ä", True),
        (True, True),
        (2**63 - 1, True),
        (0.5, True),
        ("\ud800", False),
        (2**63, False),
        (math.nan, False),
        (None, False),
        (b"a", False),
        ((1,), False),
    ],
)
def test_what_a_label_is(value: object, label: bool) -> None:
    assert as_given.is_label(value) is label


LABELS = st.one_of(st.text(max_size=5), st.integers(-9, 9), st.floats(10.5, 99.5)).filter(as_given.is_label)
BINS = st.one_of(
    st.builds(UniformBins, st.floats(-9, 0), st.floats(1, 9), st.integers(1, 99)),
    st.lists(st.floats(-9, 9), min_size=2, unique=True).map(sorted).map(EdgeBins),
    st.lists(LABELS, min_size=1, unique=True).map(Categories),
    st.sampled_from([binning.UNLEARNT, EdgeBins(binning.UNLEARNT.edges)]),
    st.integers(1, 9).map(lambda limit: Categories(limit=limit)),
    st.builds(QuantileBins, st.one_of(st.none(), st.integers(1, 9))),
    st.builds(SpanBins, st.one_of(st.none(), st.integers(1, 9).map(np.int64))),
)


@given(BINS)
def test_bins_as_plain_values_and_back(bins: binning.Bins) -> None:
    plain = binning.to_plain(bins)
    back = binning.from_plain(plain)
    assert back == bins
    assert (back is binning.UNLEARNT) == (bins is binning.UNLEARNT)
    assert isinstance(plain[-1], list | float | int | str | None)
    assert not any(isinstance(value, np.generic) for value in plain)
