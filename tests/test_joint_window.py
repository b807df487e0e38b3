"""JointWindow against counters in plain Python, scikit-learn and itself by other ways."""

import copy
import math
import pickle
import sys
from datetime import timedelta

import numpy as np
import oracles
import pytest
from hypothesis import given, settings, strategies as st

from streammi import Categories, ConfigError, EdgeBins, JointWindow, QuantileBins, UniformBins
from streammi.core.bins.binning import Bins, SpanBins

BINS = UniformBins(-2, 2, 7), EdgeBins([-3, -1, -0.5, 0, 2])
VALUES = st.one_of(st.floats(-3, 3), st.sampled_from([math.nan, math.inf, -math.inf, 1e308, -1e308, 5e-324, 0.0, 2.0]))
PAIRS = st.lists(st.tuples(VALUES, VALUES), max_size=60)


def symbols(pairs: list[tuple[float, float]]) -> list[tuple[int, int]]:
    edges = BINS[1].edges.tolist()
    return [(oracles.uniform_symbol(x, -2, 2, 7), oracles.edge_symbol(y, edges)) for x, y in pairs]


@given(PAIRS, st.integers(2, 20))
def test_counts_and_mi_equal_a_counter(pairs: list[tuple[float, float]], size: int) -> None:
    window = JointWindow(*BINS, size)
    for x, y in pairs:
        window.update(x, y)
    finite = [pair for pair in pairs if all(map(math.isfinite, pair))]
    inside = symbols(finite)[-size:]
    expected = np.zeros((7, 4), dtype=int)
    for i, j in inside:
        expected[i, j] += 1
    assert window.counts.tolist() == expected.tolist()
    assert window.x_counts.tolist() == expected.sum(1).tolist()
    assert window.y_counts.tolist() == expected.sum(0).tolist()
    assert window.n == len(inside)
    if not inside:
        assert window.mi is None
        assert window.reading() is None
        return
    reading = window.reading("nat")
    assert reading is not None
    assert window.mi == pytest.approx(oracles.mi_bits(inside), abs=1e-12)
    assert reading.mi == pytest.approx(oracles.sklearn_mi_nats(inside), abs=1e-12)
    assert reading.h_xy == pytest.approx(oracles.entropy_bits(expected.ravel()) * math.log(2), abs=1e-12)
    assert reading.nonfinite == len(pairs) - len(finite)
    outside = [pair for pair in finite if abs(pair[0]) > 2 or not -3 <= pair[1] <= 2]
    assert reading.clipped == len(outside)
    assert reading.x_clipped == sum(abs(x) > 2 for x, _ in finite[-size:])


@given(st.integers(0, 50), st.integers(28, 200), st.integers(2, 40), st.integers(0, 1 << 30))
def test_a_piece_longer_than_the_window_leaves_what_single_pairs_leave(
    before: int, many: int, size: int, seed: int
) -> None:
    """The pairs that have left again by its end are not counted, and must not be missed."""
    x, y = np.random.default_rng(seed).normal(0, 1.5, (2, before + many))  # some of them outside of the bins
    single, piece = JointWindow(*BINS, size), JointWindow(*BINS, size)
    for a, b in zip(x, y, strict=True):
        single.update(a, b)
    piece.extend(x[:before], y[:before])
    piece.extend(x[before:], y[before:])
    assert piece.to_bytes() == single.to_bytes()
    assert (piece.sums, piece.mi) == (single.sums, single.mi)
    assert piece.counts.tolist() == single.counts.tolist()


@given(PAIRS, st.integers(2, 20), st.randoms())
def test_every_way_in_gives_the_same_bits(pairs: list[tuple[float, float]], size: int, random: object) -> None:
    """One by one, in any pieces, and saved and restored on the way."""
    single, pieces = JointWindow(*BINS, size), JointWindow(*BINS, size)
    for x, y in pairs:
        single.update(x, y)
    rest = pairs
    while rest:
        cut = random.randint(1, len(rest))  # type: ignore[attr-defined]
        x, y = zip(*rest[:cut], strict=True)
        pieces.extend(x, y)
        pieces = JointWindow.from_bytes(pieces.to_bytes())
        rest = rest[cut:]
    assert single == pieces
    assert single.sums == pieces.sums
    assert single.to_bytes() == pieces.to_bytes()
    assert single.mi == pieces.mi


TIMES = st.lists(st.floats(0, 100), min_size=1, max_size=50)


@given(TIMES, st.floats(0.5, 60), st.integers(1, 7))
def test_a_time_window_holds_what_its_definition_says(t: list[float], seconds: float, piece: int) -> None:
    x = [k % 5 for k in range(len(t))]
    y = [k % 3 for k in range(len(t))]
    axes = UniformBins(0, 5, 5), UniformBins(0, 3, 3)
    single, pieces = JointWindow(*axes, timedelta(seconds=seconds)), JointWindow(*axes, timedelta(seconds=seconds))
    places: list[int] = []
    for k, places in enumerate(oracles.time_windows(t, single.size.seconds or 0)):
        single.update(x[k], y[k], t[k])
        assert single.n == len(places)
    for k in range(0, len(t), piece):
        pieces.extend(x[k : k + piece], y[k : k + piece], t[k : k + piece])
    expected = np.zeros((5, 3), dtype=int)
    for k in places:
        expected[x[k], y[k]] += 1
    assert single.counts.tolist() == expected.tolist()
    assert single == pieces
    reading = single.reading()
    assert reading is not None
    assert reading.late == sum(t[k] < max(t[:k]) for k in range(1, len(t)))
    assert JointWindow.from_bytes(single.to_bytes()) == single


@given(TIMES, st.integers(2, 12), st.integers(1, 7))
def test_a_count_window_with_times_holds_what_its_definition_says(t: list[float], size: int, piece: int) -> None:
    x = [k % 5 for k in range(len(t))]
    axes = UniformBins(0, 5, 5), UniformBins(0, 5, 5)
    single, pieces = JointWindow(*axes, size), JointWindow(*axes, size)
    places: list[int] = []
    for k, places in enumerate(oracles.timed_count_windows(t, size)):
        single.update(x[k], x[k], t[k])
        assert single.n == len(places)
    for k in range(0, len(t), piece):
        pieces.extend(x[k : k + piece], x[k : k + piece], t[k : k + piece])
    assert single.counts.diagonal().tolist() == [sum(x[k] == symbol for k in places) for symbol in range(5)]
    assert single == pieces
    reading = single.reading()
    assert reading is not None
    assert reading.late == sum(t[k] < max(t[:k]) for k in range(1, len(t)))
    assert reading.pairs + reading.dropped == len(t)
    assert reading.t1 == max(t)


FEEDS = {
    "numbers": st.one_of(
        st.floats(-3, 3), st.sampled_from([math.nan, math.inf, 1e308, 5e-324, 0.0]), st.integers(-2, 2)
    ),
    "labels": st.sampled_from(["a", "b", "c", "d", None, math.nan, 1.5, True]),
}
BINS_OF = {
    "numbers": [UniformBins(-2, 2, 7), EdgeBins([-1, 0, 2]), QuantileBins(3), QuantileBins(), SpanBins(4), SpanBins()],
    "labels": [Categories(limit=2), Categories(["a", "b"]), Categories()],
}
SIZES = st.one_of(st.integers(2, 40), st.floats(0.1, 30).map(lambda seconds: timedelta(seconds=seconds)))


@settings(max_examples=300)
@given(st.data(), SIZES)
def test_every_way_into_every_window_gives_the_same_bits(data: st.DataObject, size: int | timedelta) -> None:
    """Numbers and labels, bins that are given, learnt and learnt again, times that are late, missing or not finite."""
    kinds = data.draw(st.tuples(*[st.sampled_from(sorted(FEEDS))] * 2))
    bins: list[Bins] = [data.draw(st.sampled_from(BINS_OF[kind])) for kind in kinds]
    timed = isinstance(size, timedelta) or data.draw(st.booleans())
    moments = st.one_of(st.floats(0, 100), st.integers(0, 100), st.just(math.nan))
    rows = data.draw(st.lists(st.tuples(*(FEEDS[kind] for kind in kinds), moments), max_size=120))
    single, pieces = JointWindow(*bins, size), JointWindow(*bins, size)
    for x, y, t in rows:
        single.update(x, y, t if timed else None)
    while rows:
        cut = data.draw(st.integers(1, len(rows)))
        x, y, t = map(list, zip(*rows[:cut], strict=True))
        pieces.extend(x, y, t if timed else None)
        pieces = JointWindow.from_bytes(pieces.to_bytes())
        rows = rows[cut:]
    assert single.to_bytes() == pieces.to_bytes()
    assert single.sums == pieces.sums
    assert single.mi == pieces.mi
    assert single.reading() == pieces.reading()
    reading = single.reading()
    if reading is not None:
        assert single.counts.sum() == single.x_counts.sum() == single.y_counts.sum() == single.n == reading.n
        assert 0 <= reading.mi <= min(reading.h_x, reading.h_y) + 1e-9


def test_late_pairs_of_a_full_count_window() -> None:
    window = JointWindow(UniformBins(0, 4, 4), UniformBins(0, 4, 4), 3)
    window.extend([0, 1, 2], [0, 1, 2], [10.0, 11.0, 12.0])
    window.update(3, 3, 10.5)  # late, yet younger than the oldest: added at the newest time
    reading = window.reading()
    assert reading is not None
    assert (reading.late, reading.dropped, reading.t0, reading.t1) == (1, 0, 11.0, 12.0)
    window.update(3, 3, 10.9)  # older than the window: dropped
    reading = window.reading()
    assert reading is not None
    assert (reading.late, reading.dropped, reading.pairs) == (2, 1, 4)


def test_a_time_window_grows_beyond_its_first_ring() -> None:
    rng = np.random.default_rng(1)
    x, y = rng.random((2, 10_000))
    window = JointWindow(UniformBins(0, 1, 8), UniformBins(0, 1, 8), "5s")
    window.extend(x, y, np.arange(10_000) * 1e-3)
    joint = np.histogram2d(x[-5000:], y[-5000:], 8, range=[[0, 1], [0, 1]])[0]
    assert window.counts.tolist() == joint.tolist()
    assert window.mi == pytest.approx(oracles.mi_nats_of_counts(joint.astype(int)) / math.log(2), abs=1e-11)


def test_a_million_updates_leave_the_sums_of_a_fresh_window() -> None:
    rng = np.random.default_rng(2)
    x, y = rng.standard_t(1.5, (2, 1_000_000))
    x[::1000], y[::777] = 1e9, np.nan
    axes = UniformBins(-3, 3, 30), UniformBins(-3, 3, 30)
    old, fresh = JointWindow(*axes, 1000), JointWindow(*axes, 1000)
    old.extend(x, y)
    kept = np.isfinite(y)
    fresh.extend(x[kept][-1000:], y[kept][-1000:])
    assert old.sums == fresh.sums
    assert old.counts.tolist() == fresh.counts.tolist()


@pytest.mark.parametrize("estimator", ["plugin", "miller_madow", "zhang", "grassberger", "jackknife"])
def test_each_estimator_is_kept_at_each_sample(estimator: str) -> None:
    rng = np.random.default_rng(3)
    window = JointWindow(*BINS, 200, estimator=estimator)  # type: ignore[arg-type]
    window.extend(*rng.normal(size=(2, 1000)))
    reading = window.reading("bit", estimator)  # type: ignore[arg-type]
    assert reading is not None
    assert window.mi == pytest.approx(reading.mi_corrected, abs=1e-10)


def test_the_textbook_example_in_three_units() -> None:
    rng = np.random.default_rng(4)
    x = rng.random(1000)
    y = x + rng.normal(0, 0.1, 1000)
    joint, x_edges, y_edges = np.histogram2d(x, y, 30)
    window = JointWindow(EdgeBins(x_edges), EdgeBins(y_edges), 1000)
    window.extend(x, y)
    nats = oracles.mi_nats_of_counts(joint.astype(int))
    for unit, per_nat in (("bit", 1 / math.log(2)), ("nat", 1.0), ("ban", 1 / math.log(10))):
        reading = window.reading(unit)  # type: ignore[arg-type]
        assert reading is not None
        assert reading.mi == pytest.approx(nats * per_nat, abs=1e-12)
        per_bit = math.log(2) * per_nat
        assert reading.h_x == pytest.approx(oracles.entropy_bits(joint.sum(1).astype(int)) * per_bit, abs=1e-12)
        assert reading.h_y == pytest.approx(oracles.entropy_bits(joint.sum(0).astype(int)) * per_bit, abs=1e-12)
        assert reading.h_xy == pytest.approx(oracles.entropy_bits(joint.ravel().astype(int)) * per_bit, abs=1e-12)
        assert reading.h_x_given_y == pytest.approx(reading.h_xy - reading.h_y)


def test_r_is_that_of_the_window_after_spikes_have_left_it() -> None:
    rng = np.random.default_rng(5)
    x, y = rng.normal(size=(2, 5000))
    x[:3000:100] = 1e9
    y[:3000:77] = -1e300
    window = JointWindow(*BINS, 500)
    window.extend(x, y)
    reading = window.reading()
    assert reading is not None
    assert reading.pearson_r == pytest.approx(np.corrcoef(x[-500:], y[-500:])[0, 1], abs=1e-12)


def test_r_of_a_constant_is_not_known() -> None:
    window = JointWindow(*BINS, 10)
    window.extend([1.0] * 10, range(10))
    reading = window.reading()
    assert reading is not None
    assert reading.pearson_r is None
    assert (reading.x_constant, reading.y_constant) == (True, False)
    assert reading.mi == 0.0


@settings(max_examples=30)
@given(st.integers(2, 400), st.integers(1, 12), st.integers(0, 2**32 - 1))
def test_learnt_bins_do_not_depend_on_the_pieces(size: int, count: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(2, 1000)).round(1).cumsum(axis=1)  # drifts out of its first bins
    whole, pieces, single = (JointWindow(QuantileBins(count), QuantileBins(count), size) for _ in range(3))
    whole.extend(x, y)
    for a, b in zip(x.tolist(), y.tolist(), strict=True):
        single.update(a, b)
    assert whole == single
    assert whole.mi == single.mi
    start = 0
    while start < 1000:
        stop = start + int(rng.integers(1, 200))
        pieces.extend(x[start:stop], y[start:stop])
        pieces = pickle.loads(pickle.dumps(pieces))  # noqa: S301 -- our own bytes
        start = stop
    assert whole == pieces
    axis = whole.x_axis
    assert axis is not None
    assert whole.x_counts.sum() == whole.n == size


@pytest.mark.parametrize("bins", [QuantileBins(4), SpanBins(4)])
@pytest.mark.parametrize("value", [0.0, 3.5])
def test_bins_are_learnt_though_pairs_leave_before_there_are_many(bins: Bins, value: float) -> None:
    """A window of 10 s at one pair a second never holds the 16 pairs from which bins are learnt otherwise."""
    window = JointWindow(bins, bins, "10s")
    for k in range(30):
        window.update(value, value, float(k))
    reading = window.reading()
    assert reading is not None
    assert (reading.n, reading.mi, reading.x_constant) == (10, 0.0, True)
    window.extend(np.arange(100.0), np.arange(100.0), 30 + np.arange(100) / 10)
    window.extend(np.arange(100.0), np.arange(100.0), 40 + np.arange(100) / 10)
    reading = window.reading()
    assert reading is not None
    assert reading.mi > (1.9 if isinstance(bins, QuantileBins) else -1)  # a range is learnt once, and kept


def test_labels_are_learnt_up_to_the_limit() -> None:
    window = JointWindow(Categories(limit=2), Categories(["on", "off"]), 10)
    window.extend(["a", "b", "c", None, "a"], ["on", "off", "off", "on", "unknown"])
    assert window.x_counts.tolist() == [2, 1, 1]
    assert window.y_counts.tolist() == [1, 2, 1]
    reading = window.reading()
    assert reading is not None
    assert (reading.nonfinite, reading.clipped, reading.pearson_r) == (1, 2, None)
    assert copy.deepcopy(window) == window


@pytest.mark.parametrize("size", [0, 1, -5, 1.5, "0s", "-1s", "soon", True, None, 1 << 40])
def test_sizes_that_cannot_work(size: object) -> None:
    with pytest.raises(ConfigError, match="window must be"):
        JointWindow(*BINS, size)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (([1, 2], [1]), r"xs and ys must be of one length, got \(2, 1\)"),
        (([1, 2], [1, 2], [1]), r"xs, ys and ts must be of one length, got \(2, 2, 1\)"),
        ((np.zeros((2, 2)), np.zeros((2, 2))), r"xs must be an array of shape \(n,\), got \(2, 2\)"),
        ((1.0, 2.0), r"xs must be an array of shape \(n,\), got \(\)"),
        (([1], ["a"]), r"ys must be numbers \(labels need Categories bins\), got \['a'\]"),
        ((["a"], [1]), "numbers"),
        ((["1"], [1]), "numbers"),
        (([[1], [1, 2]], [1]), "numbers"),
        (([1], np.array([1j])), "numbers"),
        ((np.array(["2020-01-01"], dtype="M8[s]"), [1]), "numbers"),
        (([10**400], [1]), "numbers"),
        (([1], [1], ["noon"]), "ts must be numbers"),
    ],
)
def test_arrays_that_cannot_be_pairs(arguments: tuple[object, ...], said: str) -> None:
    window = JointWindow(*BINS, 10)
    before = window.to_bytes()
    with pytest.raises(ConfigError, match=said):
        window.extend(*arguments)  # type: ignore[arg-type]
    assert window.to_bytes() == before


@pytest.mark.parametrize("bins", [BINS[0], QuantileBins(4)])
@pytest.mark.parametrize("value", ["a", "1", 1j, 10**400, [1, 2]])
def test_values_that_are_no_number(bins: Bins, value: object) -> None:
    window = JointWindow(bins, bins, 10)
    with pytest.raises(ConfigError, match="must be"):
        window.update(value, 1.0)
    assert window.n == 0


@pytest.mark.parametrize("bins", [BINS[0], QuantileBins(4)])
def test_a_value_that_is_missing_is_no_pair(bins: Bins) -> None:
    window = JointWindow(bins, bins, 10)
    window.update(None, 1.0)
    window.update(1.0, math.nan)
    window.update(1.0, 1.0)
    assert (window.n, window.pairs) == (1, 1)


def test_a_time_window_needs_times() -> None:
    with pytest.raises(ConfigError, match="given for each pair"):
        JointWindow(*BINS, "1s").update(1, 2)


@pytest.mark.parametrize("time", ["noon", 10**400])
def test_times_that_are_none(time: object) -> None:
    window = JointWindow(*BINS, 10)
    window.update(1, 2, 3.0)
    before = window.to_bytes()
    with pytest.raises(ConfigError, match="ts must be numbers"):
        window.update(1, 2, time)  # type: ignore[arg-type]
    assert window.to_bytes() == before


def test_what_is_masked_is_no_pair() -> None:
    window = JointWindow(*BINS, 10)
    window.extend(np.ma.array([1, 2, 0, 1], mask=[0, 1, 0, 0]), np.ma.array([1.0, 1.0, -2.0, 1.0], mask=[0, 0, 0, 1]))
    reading = window.reading()
    assert reading is not None
    assert (window.values.tolist(), reading.nonfinite) == ([[1.0, 0.0], [1.0, -2.0]], 2)
    labels = JointWindow(Categories(), BINS[0], 10)
    labels.extend(np.ma.array(["a", "b", "c"], mask=[0, 1, 0]), [0, 1, 2])
    assert labels.x_axis == Categories(limit=64).extended(np.array(["a", "c"], dtype=object))


def test_one_bin_that_takes_any_number_is_an_axis_like_others() -> None:
    whole = EdgeBins([-sys.float_info.max, sys.float_info.max])
    window = JointWindow(whole, BINS[0], 10)
    window.extend([1.0, 2.0], [-1.0, 1.0])
    assert window.mi == JointWindow.from_bytes(window.to_bytes()).mi == 0.0


def test_a_window_says_what_it_is() -> None:
    window = JointWindow(UniformBins(0, 1, 4), EdgeBins([0, 1]), "10s")
    assert len(window) == 0
    window.update(0.5, 0.5, 1.0)
    assert len(window) == window.n == 1
    assert (
        repr(window) == "<JointWindow of 10 s, 1 in it: x UniformBins(low=0.0, high=1.0, count=4), y EdgeBins([0, 1])>"
    )
    assert len(repr(window.reading())) < 500


def test_what_a_reading_is_asked_for_is_checked_before_there_is_one() -> None:
    with pytest.raises(ConfigError, match="unit must be"):
        JointWindow(*BINS, 10).reading("bits")  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [0.0, -0.0, 5e-324, 1e308, -1e308, 1.5])
@pytest.mark.parametrize("n", [2, 3, 7, 14, 1000])
def test_constants_share_nothing_whatever_their_number(value: float, n: int) -> None:
    """Exactly nothing: 1e-16 bits of nothing would be a normalised MI of 1."""
    for bins in (UniformBins(-1, 1, 4), QuantileBins(4), SpanBins(4)):
        window = JointWindow(bins, bins, n)
        window.extend(np.full(n, value), np.full(n, value))
        reading = window.reading()
        assert reading is not None
        assert (reading.h_x, reading.h_xy, reading.mi, window.mi) == (0.0, 0.0, 0.0, 0.0)
        assert (reading.nmi, reading.pearson_r, reading.x_constant, reading.stderr) == (None, None, True, 0.0)


def test_one_pair_is_a_window_too() -> None:
    for size in (5, "10s"):
        window = JointWindow(*BINS, size)
        window.update(1.0, 1.0, 7.0)
        reading = window.reading()
        assert reading is not None
        assert (reading.n, reading.mi, reading.mi_corrected, reading.t0, reading.t1) == (1, 0.0, 0.0, 7.0, 7.0)


@given(st.lists(st.tuples(*[st.floats(allow_nan=False, allow_infinity=False)] * 2), min_size=2, max_size=40))
def test_learnt_bins_take_any_finite_numbers(pairs: list[tuple[float, float]]) -> None:
    x, y = zip(*pairs, strict=True)
    for bins in (QuantileBins(4), SpanBins(4)):
        window = JointWindow(bins, bins, len(pairs))
        window.extend(x, y)
        reading = window.reading()
        assert reading is not None
        assert reading.n == len(pairs)
        assert reading.clipped == 0
        r = reading.pearson_r
        assert r is None or -1 <= r <= 1


@settings(max_examples=200)
@given(st.lists(st.tuples(*[st.floats(-1e6, 1e6)] * 2), min_size=3, max_size=30), st.sampled_from([1, 1e-290, 1e290]))
def test_r_is_that_of_numpy_at_any_scale(pairs: list[tuple[float, float]], scale: float) -> None:
    x, y = np.round(np.array(pairs).T, 3)
    window = JointWindow(*BINS, 40)
    window.extend(x * scale, y * scale)
    reading = window.reading()
    assert reading is not None
    assert (reading.x_constant, reading.y_constant) == (np.unique(x).size == 1, np.unique(y).size == 1)
    if reading.pearson_r is None:
        assert reading.x_constant or reading.y_constant
    else:
        x, y = x - x.mean(), y - y.mean()
        assert reading.pearson_r == pytest.approx(float(x @ y / math.sqrt((x @ x) * (y @ y))), abs=1e-9)


def test_any_kind_of_array_will_do() -> None:
    table = (np.arange(40).reshape(20, 2) - 20).astype(np.int8)
    plain = JointWindow(*BINS, 15)
    plain.extend(table[:, 0].tolist(), table[:, 1].tolist())
    for kind in ("int8", "int64", "float16", "float32", ">f8", "float64", "object"):
        other = JointWindow(*BINS, 15)
        columns = table.astype(kind)
        columns.flags.writeable = False
        other.extend(columns[:, 0], columns[:, 1])
        assert other == plain
    for turn in (float, int, np.float64, np.float32, np.int16):
        other = JointWindow(*BINS, 15)
        for x, y in table:
            other.update(turn(x), turn(y))
        assert other == plain
    plain.extend([], [])
    assert plain == other


def test_counts_can_be_looked_at_only() -> None:
    window = JointWindow(*BINS, 10)
    window.update(1, 1)
    for counts in (window.counts, window.x_counts, window.y_counts):
        with pytest.raises(ValueError, match="read-only"):
            counts[0] = 1


def test_labels_may_come_from_numpy() -> None:
    plain, other, single = (JointWindow(Categories(), Categories(), 10) for _ in range(3))
    plain.extend(["a", "b", "a"], [1, 2, 3])
    other.extend(np.array(["a", "b", "a"]), np.array([1, 2, 3]))
    for x, y in zip(np.array(["a", "b", "a"]), np.array([1, 2, 3]), strict=True):
        single.update(x, y)
    assert plain.n == 3
    assert plain == other == single
    with pytest.raises(ConfigError, match=r"xs must be an array of shape \(n,\), got \(2, 1\)"):
        plain.extend([["a"], ["b"]], [1, 2])


def test_a_copy_goes_its_own_way() -> None:
    window = JointWindow(*BINS, 10)
    window.extend(range(5), range(5))
    for twin in (window.copy(), copy.copy(window), copy.deepcopy(window), pickle.loads(pickle.dumps(window))):  # noqa: S301
        assert twin == window
        twin.update(1, 1)
        assert twin != window
        assert window.n == 5
    assert window != "window"
    assert JointWindow(*BINS, 11) != JointWindow(*BINS, 10)
    with pytest.raises(TypeError, match="unhashable"):
        hash(window)


@settings(max_examples=200)
@given(st.data())
def test_bytes_that_were_changed_are_refused(data: st.DataObject) -> None:
    window = JointWindow(*BINS, 20)
    window.extend(range(30), range(30))
    saved = bytearray(window.to_bytes())
    if data.draw(st.booleans()):
        del saved[data.draw(st.integers(0, len(saved) - 1)) :]
    else:
        saved[data.draw(st.integers(0, len(saved) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(ConfigError, match="saved state"):
        JointWindow.from_bytes(bytes(saved))


@pytest.mark.parametrize("n", [5, 17, 400, 799])
def test_the_batch_means_error_is_that_of_five_runs_of_pairs(n: int) -> None:
    rng = np.random.default_rng(n)
    x, y = rng.random((2, 900))
    window = JointWindow(UniformBins(0, 1, 3), UniformBins(0, 1, 4), n)
    window.extend(x, y)
    i, j = (x[-n:] * 3).astype(int), (y[-n:] * 4).astype(int)
    p = np.zeros((3, 4))
    np.add.at(p, (i, j), 1 / n)
    pointwise = np.log2(p[i, j] / p.sum(1)[i] / p.sum(0)[j])
    means = pointwise[n % 5 :].reshape(5, n // 5).mean(axis=1)
    assert window.batch_errors()[1] == pytest.approx(means.std(ddof=1) / np.sqrt(5), abs=1e-12)


def test_the_batch_means_error_is_not_known_of_a_few_pairs() -> None:
    window = JointWindow(UniformBins(0, 1, 3), UniformBins(0, 1, 4), 10)
    window.extend([0.1, 0.2, 0.3, 0.4], [0.1, 0.2, 0.3, 0.4])
    assert window.batch_errors() == (None, None)
    window.extend(*np.random.default_rng(0).random((2, 5)))
    of_mi, of_binned = window.batch_errors()
    assert of_mi is None
    assert of_binned is not None


@given(st.lists(st.sampled_from([0.0, -0.0, 1.5, -2.0, 3.0]), min_size=150, max_size=150), st.integers(1, 149))
def test_bins_of_a_window_that_fills_do_not_depend_on_what_was_known_of_their_order(
    values: list[float], saved: int
) -> None:
    """What has been sorted at each doubling is gone on with, and in no saved state; 0.0 and -0.0 have no order."""
    whole = JointWindow(QuantileBins(), QuantileBins(5), 140)
    for v, w in zip(values, values[::-1], strict=True):
        whole.update(v, w)
    parts = JointWindow(QuantileBins(), QuantileBins(5), 140)
    parts.extend(values[:saved], values[::-1][:saved])
    again = JointWindow.from_bytes(parts.to_bytes())
    again.extend(values[saved:], values[::-1][saved:])
    assert again.to_bytes() == whole.to_bytes()


@given(st.lists(st.booleans(), max_size=120), st.integers(2, 9))
def test_pairs_that_were_taken_out_were_never_there(evicts: list[bool], size: int) -> None:
    rng = np.random.default_rng(3)
    window, inside = JointWindow(UniformBins(0, 1, 3), UniformBins(0, 1, 2), size), []
    for evict in evicts:
        if evict and inside:
            assert window.oldest == inside.pop(0)
            window.evict()
        else:
            inside.append(tuple(rng.uniform(-0.2, 1.2, 2).tolist()))
            window.update(*inside[-1])
            inside = inside[-size:]
        fresh = JointWindow(UniformBins(0, 1, 3), UniformBins(0, 1, 2), size)
        for pair in inside:
            fresh.update(*pair)
        assert (window.n, window.sums, window.mi) == (fresh.n, fresh.sums, fresh.mi)
        assert window.counts.tolist() == fresh.counts.tolist()
        assert window.values.tolist() == fresh.values.tolist()


def test_an_empty_window_has_nothing_to_take_out() -> None:
    window = JointWindow(UniformBins(0, 1, 3), UniformBins(0, 1, 2), 4)
    assert window.oldest is None
    with pytest.raises(ConfigError, match="evict"):
        window.evict()


def test_bins_are_refitted_from_the_windows_own_values_once_a_window_on_the_average() -> None:
    """A signal that wanders never fits for long: at each refit the bins are those of a fresh window."""
    rng = np.random.default_rng(11)
    x, y = np.cumsum(rng.normal(size=(2, 20_000)), axis=1)
    window = JointWindow(QuantileBins(6), QuantileBins(6), 200)
    at, epoch = [], 0
    for k in range(20_000):
        window.update(x[k], y[k])
        reading = window.reading() if window.pairs % 10 == 0 else None
        if reading is None or reading.epoch == epoch:
            continue
        epoch = reading.epoch
        at.append(k)
    full = [k for k in at if k >= 200]
    assert len(full) > 50
    assert len(full) <= 20_000 / 200 + 5
    assert np.diff(full).min() >= 20  # seen each ten samples
    before = len(at) - len(full)
    assert before <= 6  # 16, 32, 64, 128 pairs, and the full window


def test_bins_that_fit_are_left_alone() -> None:
    x, y = np.random.default_rng(12).normal(size=(2, 50_000))
    window = JointWindow(QuantileBins(6), QuantileBins(6), 1000)
    window.extend(x[:1000], y[:1000])
    reading = window.reading()
    assert reading is not None
    epoch = reading.epoch
    window.extend(x[1000:], y[1000:])
    reading = window.reading()
    assert reading is not None
    assert reading.epoch - epoch <= 3  # of 49 windows


@pytest.mark.parametrize("size", [20, "2s"])
@pytest.mark.parametrize("piece", [1, 7, 1000])
def test_a_clock_that_is_set_back_for_good_is_followed(size: int | str, piece: int) -> None:
    """In autumn local time goes back by an hour: a hundred samples are dropped at most, and not an hour's."""
    rng = np.random.default_rng(1)
    n, at, back = 600, 300, 3600.0
    x = rng.integers(0, 4, n).astype(float)
    y, t = rng.permuted(x), 1e6 + 0.125 * np.arange(n)
    t[at:] -= back
    window = JointWindow(UniformBins(0, 4, 4), UniformBins(0, 4, 4), size)
    for start in range(0, n, piece):
        part = slice(start, start + piece)
        if piece == 1:
            window.update(x.item(start), y.item(start), t.item(start))
        else:
            window.extend(x[part], y[part], t[part])
        if start + piece >= at + 105:
            assert 0 <= window.n - (20 if size == 20 else 16) <= 1  # two pairs have the time at which it was set
    reading = window.reading()
    assert reading is not None
    assert (reading.pairs, reading.dropped, reading.late) == (n - 99, 99, 100)
    assert (window.set_back, reading.t1) == (t[at - 1] - t[at + 99], t[-1])
    fresh = JointWindow(UniformBins(0, 4, 4), UniformBins(0, 4, 4), size)
    fresh.extend(x[at + 99 :], y[at + 99 :], t[at + 99 :])
    assert (window.counts == fresh.counts).all()
    assert (window.newest_times(30) == fresh.newest_times(30)).all()
    assert JointWindow.from_bytes(window.to_bytes()) == window


@st.composite
def faltering_times(draw: st.DrawFn) -> np.ndarray:
    """Times at 10 a second, shaken by up to 5 s, that go wrong for a while or for good; some are none."""
    rng = np.random.default_rng(draw(st.integers(0, 1 << 30)))
    t = 1e6 + np.arange(draw(st.integers(1, 700))) / 10
    t += draw(st.sampled_from([0.0, 0.3, 5.0])) * rng.uniform(-1, 1, t.size)
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, t.size - 1))
        t[at : at + draw(st.sampled_from([1, 99, 100, 130, t.size]))] += draw(st.sampled_from([3600.1, -3600.1, -7.3]))
    t[rng.random(t.size) < draw(st.sampled_from([0.0, 0.1]))] = draw(st.sampled_from([math.nan, math.inf, -math.inf]))
    return t


@pytest.mark.parametrize("size", [20, "2s"])
@given(faltering_times(), st.lists(st.integers(1, 300), max_size=9))
def test_the_clock_is_set_back_at_the_same_pairs_whatever_the_pieces(
    size: int | str, t: np.ndarray, pieces: list[int]
) -> None:
    """And what is said of it beforehand is so, and leaves the window as it was."""
    single, pieced, asked = (JointWindow(UniformBins(0, 4, 4), UniformBins(0, 4, 4), size) for _ in range(3))
    v = np.arange(t.size) % 5.0
    set_back = []
    for k, time in enumerate(t.tolist()):
        before = single.set_back
        single.update(v.item(k), v.item(k), time)
        if single.set_back != before:
            set_back.append(k + 1)
    assert set_back == oracles.set_back_behind(t.tolist(), single.size)
    for part in np.split(np.arange(t.size), np.clip(np.cumsum(pieces, dtype=int), 0, t.size)):
        pieced.extend(v[part], v[part], t[part])
        assert JointWindow.from_bytes(pieced.to_bytes()) == pieced
    assert pieced.to_bytes() == single.to_bytes()
    start = 0
    for stop in [*set_back, t.size]:
        state = asked.to_bytes()
        assert asked.before_set_back(t[start:]) == stop - start
        assert asked.to_bytes() == state
        asked.extend(v[start:stop], v[start:stop], t[start:stop])
        start = stop
    assert asked == single


def test_a_second_sender_whose_clock_is_behind_sets_nothing_back() -> None:
    window = JointWindow(UniformBins(0, 4, 4), UniformBins(0, 4, 4), "2s")
    for k in range(2000):
        window.update(1.0, 1.0, 1e6 + k / 10)
        window.update(1.0, 1.0, 1e6 + k / 10 - 3600)
    assert (window.n, window.set_back) == (20, 0.0)
    reading = window.reading()
    assert reading is not None
    assert reading.dropped == 2000
