"""JointWindow against counters in plain Python, scikit-learn and itself by other ways."""

import copy
import math
import pickle
from datetime import timedelta

import numpy as np
import oracles
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streammi import Categories, ConfigError, EdgeBins, JointWindow, QuantileBins, UniformBins

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
    whole, pieces = (JointWindow(QuantileBins(count), QuantileBins(count), size) for _ in range(2))
    whole.extend(x, y)
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


def test_arrays_that_do_not_fit() -> None:
    window = JointWindow(*BINS, 10)
    with pytest.raises(ConfigError, match="one shape"):
        window.extend([1, 2], [1])
    with pytest.raises(ConfigError, match="numbers"):
        window.extend(["a"], [1])
    with pytest.raises(ConfigError, match="given for each pair"):
        JointWindow(*BINS, "1s").update(1, 2)
    assert window.n == 0


def test_any_kind_of_array_will_do() -> None:
    table = np.arange(40, dtype=np.float32).reshape(20, 2) / 10 - 2
    table.flags.writeable = False
    plain, strided = JointWindow(*BINS, 15), JointWindow(*BINS, 15)
    plain.extend(table[:, 0].astype(float).tolist(), table[:, 1].astype(float).tolist())
    strided.extend(table[:, 0], table[:, 1])
    assert plain == strided
    plain.extend([], [])
    assert plain == strided
    with pytest.raises(ValueError, match="read-only"):
        plain.counts[0, 0] = 1


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
