"""ChannelWindow: every entry against a JointWindow of that pair and of the same rows, and against numpy."""

import copy
import math
import pickle
import threading
import tracemalloc
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy.stats import entropy

from streammi import Categories, ChannelWindow, ConfigError, EdgeBins, JointWindow, QuantileBins, UniformBins
from streammi.core.bins.binning import Bins, SpanBins
from streammi.core.channels import helpers
from streammi.core.channels.helpers import Helpers
from streammi.core.channels.matrices import MEASURES
from streammi.core.kernels import channel_correlation
from streammi.core.kernels.compiled import kernel
from streammi.core.kernels.turns import Turns, are_done, next_rows, shares_of
from streammi.records import FloatArray

GIVEN: list[Bins] = [UniformBins(-2, 2, 7), EdgeBins([-3, -1, -0.5, 0, 2]), Categories([-1, 0, 1])]
LEARNT: list[Bins] = [QuantileBins(8), QuantileBins(), SpanBins(6)]
BINS = st.one_of(st.sampled_from(GIVEN + LEARNT), st.just(GIVEN + LEARNT))


def made_rows(n: int, channels: int, seed: int, missing: float = 0.0) -> FloatArray:
    """Rows (n, channels) of related channels: some are functions of others, some take few values, some jump."""
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(n, channels))
    rows[:, 1::3] = rows[:, 0::3][:, : rows[:, 1::3].shape[1]] ** 2 + 0.1 * rows[:, 1::3]
    rows[:, 2::5] = np.round(rows[:, 2::5])
    rows[n // 2 :, 3::4] *= 5
    rows[rng.random((n, channels)) < missing * (rng.random(channels) < 0.6)] = math.nan
    return rows


def fed(window: ChannelWindow, rows: FloatArray, t: FloatArray | None, seed: int) -> ChannelWindow:
    """The window after the rows in pieces of any length, sometimes counted, sometimes saved and restored in between."""
    rng = np.random.default_rng(seed)
    start = 0
    while start < len(rows):
        stop = start + int(rng.integers(1, 1 + min(3 ** int(rng.integers(0, 7)), len(rows))))
        window.extend(rows[start:stop], None if t is None else t[start:stop])
        start = stop
        what = rng.random()
        if what < 0.3:
            window.settle()
        elif what < 0.4:
            window = ChannelWindow.from_bytes(window.to_bytes())
    return window


def said(window: JointWindow, measure: str, estimator: Any) -> float:
    """What a JointWindow says, NaN where that is nothing."""
    reading = window.reading(estimator=estimator)
    found = None if reading is None else window.mi if measure == "mi" else getattr(reading, measure)
    return math.nan if found is None else found


def check(window: ChannelWindow, inside: FloatArray, measures: Sequence[str] = MEASURES, estimator: Any = None) -> None:
    """Each entry of the matrices is, bit for bit, what a JointWindow with the same axes says of the rows inside."""
    channels = inside.shape[1]
    found = {measure: window.matrix(measure, estimator=estimator) for measure in measures}  # type: ignore[arg-type]
    for i in range(channels):
        for j in range(channels):
            x_axis, y_axis = window.axes[i], window.axes[j]
            if x_axis is None or y_axis is None:
                assert all(math.isnan(matrix[i, j]) for matrix in found.values())
                continue
            pair = JointWindow(x_axis, y_axis, max(len(inside), 2))
            pair.extend(inside[:, i], inside[:, j])
            assert np.array_equal(window.counts(i, j), pair.counts)
            for measure, matrix in found.items():
                expected = 0.0 if measure == "n" and not pair.n else said(pair, measure, estimator)
                if len(inside):
                    np.testing.assert_array_equal(matrix[i, j], expected, f"{measure} of {i} and {j}")


@settings(deadline=None, max_examples=25)
@given(
    bins=BINS,
    size=st.integers(2, 300),
    n=st.integers(1, 700),
    missing=st.sampled_from([0.0, 0.02, 0.9]),
    seed=st.integers(0, 1 << 30),
    estimator=st.sampled_from([None, "schuermann", "miller_madow"]),
)
def test_every_entry_is_that_of_the_pairs_own_window(
    bins: Any, size: int, n: int, missing: float, seed: int, estimator: Any
) -> None:
    channels = 6 if isinstance(bins, list) else 2 + seed % 4
    rows = made_rows(n, channels, seed, missing)
    window = fed(ChannelWindow(bins, size), rows, None, seed)
    assert window.n == min(n, size)
    assert window.rows == n
    assert window.missing.tolist() == np.isnan(rows).sum(axis=0).tolist()
    # Digits after the point depend on the length asked for: the pair's own window is to have the same.
    inside = np.vstack((np.full((max(size - n, 0), channels), math.nan), rows[-size:]))
    check(window, inside, estimator=estimator)
    own = [np.bincount(axis.symbols(v[np.isfinite(v)]), minlength=axis.count) for axis, v in axes_and(window, inside)]
    for c, expected in enumerate(own):
        assert window.counts(c, c).diagonal().tolist() == expected.tolist()


@kernel
def one_turn(turns: Any, done: Any) -> Any:
    """As a kernel has it, to be called from Python."""
    return next_rows(turns, done)


def axes_and(window: ChannelWindow, inside: FloatArray) -> list[tuple[Any, FloatArray]]:
    everything = EdgeBins([-1e300, 1e300])
    return [(axis or everything, inside[:, c]) for c, axis in enumerate(window.axes)]


def beyond_given(bins: Any, values: np.ndarray) -> np.ndarray:
    """Which values (n,) are outside of a range that somebody gave."""
    if isinstance(bins, QuantileBins | SpanBins):
        return np.zeros(values.size, dtype=bool)
    if isinstance(bins, Categories):
        return ~np.isin(values, bins.labels)
    low, high = (bins.low, bins.high) if isinstance(bins, UniformBins) else (bins.edges[0], bins.edges[-1])
    return (values < low) | (values > high)


@settings(deadline=None, max_examples=15)
@given(bins=BINS, seconds=st.integers(1, 60), n=st.integers(1, 400), seed=st.integers(0, 1 << 30))
def test_a_time_window_holds_the_rows_of_its_seconds(bins: Any, seconds: int, n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    channels = 6 if isinstance(bins, list) else 3
    rows, t = made_rows(n, channels, seed, 0.1), np.cumsum(rng.exponential(0.3, n))
    window = fed(ChannelWindow(bins, f"{seconds}s"), rows, t, seed)
    inside = t > t[-1] - seconds
    assert window.n == inside.sum()
    assert (window.t0, window.t1) == (t[inside][0], t[-1])
    for i, j in ((0, 1), (2, 0), (1, 1)):
        if window.axes[i] is None or window.axes[j] is None:
            continue
        pair = window.pair(i, j)
        there = np.isfinite(rows[inside][:, [i, j]]).all(axis=1)
        assert pair.n == there.sum()
        out = [beyond_given(window.bins[c], rows[inside][there, c]) for c in (i, j)]
        for one in (pair, JointWindow.from_bytes(pair.to_bytes())):
            said_of = one.reading()
            assert said_of is None or (said_of.x_clipped, said_of.y_clipped) == (out[0].sum(), out[1].sum())
            assert one.totals["clipped"] == (out[0] | out[1]).sum()
        for measure in MEASURES:
            expected = 0.0 if measure == "n" and not pair.n else said(pair, measure, None)
            np.testing.assert_array_equal(window.matrix(measure)[i, j], expected)


@given(st.data())
@settings(deadline=None, max_examples=20)
def test_late_rows_are_those_of_a_joint_window(data: st.DataObject) -> None:
    """Late, dropped, without a time, a clock that is set back: as the pairs of a window that runs along."""
    seed = data.draw(st.integers(0, 1 << 30))
    rng = np.random.default_rng(seed)
    size = data.draw(st.sampled_from([20, "5s"]))
    n = 400
    t = np.cumsum(rng.exponential(0.3, n)) - 40 * (np.arange(n) > 220)
    t[rng.random(n) < 0.05] -= 3
    t[rng.random(n) < 0.02] = math.nan
    rows = rng.normal(size=(n, 2))
    window, pair = fed(ChannelWindow(GIVEN[0], size), rows, t, seed), JointWindow(GIVEN[0], GIVEN[0], size)
    pair.extend(*rows.T, t)
    assert (window.n, window.rows, window.t1) == (pair.n, pair.pairs, pair.newest_times(1)[0])
    assert window.counts(0, 1).tolist() == pair.counts.tolist()
    assert window.values(0).tolist() == pair.values[0].tolist()
    totals = pair.totals
    assert window.totals == {
        "rows": totals["pairs"], "late": totals["late"], "dropped": totals["dropped"], "untimed": totals["nonfinite"]
    }  # fmt: skip


@pytest.mark.parametrize("bins", [QuantileBins(8), SpanBins(6)])  # of a number that is not given, a pair has a say
@pytest.mark.parametrize("size", [100, "30s"])
def test_bins_are_learnt_again_where_they_no_longer_fit(size: Any, bins: Bins) -> None:
    """One window after a jump those of each channel are as if they had been learnt of that window."""
    rng = np.random.default_rng(3)
    rows = rng.normal(size=(1500, 2)) + np.repeat([[0, 0], [30, 0], [0, 40]], 500, axis=0)
    t = np.arange(1500) * 0.3
    window = ChannelWindow(bins, size)
    for start in range(0, 1500, 7):
        window.extend(rows[start : start + 7], t[start : start + 7])
        if 120 < start % 500 < 490 and start > 500:
            for c, axis in enumerate(window.axes):
                assert axis is not None
                own = np.bincount(axis.symbols(window.values(c)), minlength=bins.count or 0)
                fresh = bins.learn(window.values(c))
                fit = np.bincount(fresh.symbols(window.values(c)), minlength=bins.count or 0)
                assert entropy(own) == pytest.approx(entropy(fit), abs=0.35 if isinstance(bins, QuantileBins) else 0.7)
    assert window.epochs.min() > 1


@pytest.mark.parametrize("timed", [False, True])
def test_pieces_change_nothing_that_is_learnt(timed: bool) -> None:
    """Whatever is missing, and whenever the channels learn, the state is that of rows one by one."""
    rows = made_rows(900, 7, 11, 0.3)
    rows[:, 6] = np.where(np.arange(900) < 300, 0.0, rows[:, 6])  # silent at first
    rows[100:500, 5] = math.nan
    rows[:, 4] += np.arange(900) / 15  # never at rest
    t = np.cumsum(np.random.default_rng(1).exponential(1, 900)) if timed else None
    single = ChannelWindow(QuantileBins(6), "60s" if timed else 60)
    for k, row in enumerate(rows):
        single.update(row, None if t is None else t[k])
    for seed in range(3):
        pieces = fed(ChannelWindow(QuantileBins(6), "60s" if timed else 60), rows, t, seed)
        assert pieces == single
        np.testing.assert_array_equal(pieces.matrix("mi_corrected"), single.matrix("mi_corrected"))
    assert single.epochs.max() > 3


def test_a_refit_counts_only_that_channels_pairs_anew() -> None:
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(2000, 5))
    rows[1000:, 2] += 20
    window = ChannelWindow(QuantileBins(8), 500)
    window.extend(rows[:1000])
    before, epochs = window.axes, window.epochs
    window.extend(rows[1000:])
    same = [a == b for a, b in zip(before, window.axes, strict=True)]
    assert (window.epochs > epochs).tolist() == [False, False, True, False, False]
    assert same == [True, True, False, True, True]
    check(window, rows[-500:])


def test_many_channels_on_threads_and_by_either_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """300 channels: slid and counted anew, on one thread and on three, the integers are numpy's."""
    monkeypatch.setattr(helpers, "SHARE_NS", 1)  # on threads also where that is not worth the while
    rng = np.random.default_rng(5)
    rows = rng.random((700, 300)) * 0.6 + rng.random((700, 1)) * 0.4
    rows[rng.random(700) < 0.01, 17] = math.nan
    window, other = ChannelWindow(UniformBins(0, 1, 8), 400, threads=3), ChannelWindow(UniformBins(0, 1, 8), 400)
    other.extend(rows)
    for start in range(0, 700, 50):  # slid
        window.extend(rows[start : start + 50])
        window.settle()
    for measure in ("mi", "mi_corrected", "pearson_r"):
        np.testing.assert_array_equal(window.matrix(measure), other.matrix(measure))  # type: ignore[arg-type]
    mi = window.matrix("mi")
    for i, j in [*rng.integers(0, 300, (40, 2)).tolist(), [17, 3], [299, 17], [0, 1], [298, 299]]:
        x, y = rows[-400:, i], rows[-400:, j]
        there = np.isfinite(x) & np.isfinite(y)
        expected = np.histogram2d(x[there], y[there], bins=8, range=[[0, 1], [0, 1]])[0]
        if i != j:
            assert window.counts(i, j).tolist() == expected.tolist()
        pair = JointWindow(UniformBins(0, 1, 8), UniformBins(0, 1, 8), 400)
        pair.extend(x, y)
        assert mi[i, j] == pair.mi


@pytest.mark.parametrize(
    ("threads", "cost_ns", "sharing"), [(1, 1e9, 1), (2, 9e4, 1), (2, 1e5, 2), (4, 1.6e5, 3), (4, 1e9, 4)]
)
def test_a_short_hop_is_done_at_once_and_a_long_one_by_all_threads(threads: int, cost_ns: float, sharing: int) -> None:
    """20 us go by until another thread is awake: each is to have 50 us of work at least."""
    crew, all_there = Helpers(threads), threading.Barrier(sharing)
    found: list[tuple[int, int]] = []
    rows = np.zeros((300, 300))
    given = rows, np.ones(300), np.zeros(300, np.bool_), np.ones(300, np.bool_), np.empty((300, 300))

    def work(turns: Turns) -> None:
        found.append((threading.get_ident(), turns[1]))
        all_there.wait(timeout=30)
        channel_correlation.correlations(rows, *given, turns)

    crew.do(cost_ns, (work, 300, 0))
    assert len({one for one, _ in found}) == len(found) == sharing
    assert sorted(own for _, own in found) == list(range(sharing))


@settings(deadline=None, max_examples=30)
@given(
    channels=st.integers(1, 400), threads=st.integers(1, 9), at_once=st.sampled_from([0, 1, 8, 32]),
    order=st.lists(st.integers(0, 8), min_size=500, max_size=500),
)  # fmt: skip
def test_each_row_is_one_threads(channels: int, threads: int, at_once: int, order: list[int]) -> None:
    """Whoever asks when: each row is given once, and all are done when all who had some say so."""
    shares = shares_of(0, channels, threads, at_once)
    assert shares[:threads, 0].tolist() == [0, *shares[: threads - 1, 1].tolist()]
    assert shares[threads - 1, 1] == channels
    held, given = dict.fromkeys(range(threads), 0), list[int]()
    for own in [*(one % threads for one in order), *range(threads), *range(threads)]:
        first, last = one_turn((shares, own), held[own])
        given += range(first, last)
        held[own] = last - first
        assert are_done(shares, 2) == (len(given) - sum(held.values()) == channels)
    assert sorted(given) == list(range(channels))


@pytest.mark.parametrize(("size", "expected"), [(200, "uint8"), (300, "uint16"), (70_000, "uint32")])
def test_counts_are_as_small_as_the_window_allows(size: int, expected: str) -> None:
    window = ChannelWindow(UniformBins(0, 1, 2), size)
    rows = np.full((size + 5, 2), 0.3)  # all of them in one cell
    window.extend(rows)
    assert window.counts(0, 1)[0, 0] == size
    assert window._counts.counts.dtype == expected
    assert window.matrix("mi").tolist() == [[0.0, 0.0], [0.0, 0.0]]


def test_it_is_saved_copied_and_pickled_whole() -> None:
    window = fed(ChannelWindow([QuantileBins(5), UniformBins(-1, 1, 4), SpanBins()], 50, ["a", "b", "c"]),
                 made_rows(120, 3, 1, 0.2), None, 1)  # fmt: skip
    for other in (copy.copy(window), copy.deepcopy(window), pickle.loads(pickle.dumps(window))):  # noqa: S301
        assert other == window
        assert other.names == ("a", "b", "c")
        np.testing.assert_array_equal(other.matrix(), window.matrix())
        rows = made_rows(90, 3, 2)
        other.extend(rows)
        longer = window.copy()
        for row in rows:
            longer.update(row)
        assert other == longer
    assert ChannelWindow.from_bytes(ChannelWindow(QuantileBins(4), "5s").to_bytes()).names == ()
    data = bytearray(window.to_bytes())
    data[-3] ^= 1
    with pytest.raises(ConfigError, match="checksum"):
        ChannelWindow.from_bytes(bytes(data))


def test_what_is_not_known_is_nan() -> None:
    window = ChannelWindow([UniformBins(0, 1, 4), UniformBins(0, 1, 4), QuantileBins(4)], 50, ["a", "b", "c"])
    assert np.isnan(window.matrix("mi")).all()
    window.extend([[0.1, math.nan, 1.0], [math.nan, 0.2, math.inf]])
    matrix = window.matrix("mi")
    assert np.isnan(matrix).tolist() == [[False, True, True], [True, False, True], [True, True, True]]
    np.testing.assert_array_equal(window.matrix("n")[:2], [[1, 0, math.nan], [0, 1, math.nan]])
    assert window.missing.tolist() == [1, 1, 1]
    assert window.axes[2] is None
    with pytest.raises(ConfigError, match="bins are known"):
        window.pair("a", "c")


def test_units_and_masks_and_none() -> None:
    rows = made_rows(100, 3, 4)
    window = ChannelWindow(UniformBins(-3, 3, 6), 80)
    window.extend(np.ma.masked_invalid(rows))
    window.extend([[None, 1, 2]])
    assert window.missing.tolist() == [1, 0, 0]
    np.testing.assert_allclose(window.matrix(unit="nat"), window.matrix() * math.log(2))
    np.testing.assert_array_equal(window.matrix("nmi", unit="nat"), window.matrix("nmi"))


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda: ChannelWindow(UniformBins(0, 1, 2), 1), "size must be >= 2"),
        (lambda: ChannelWindow("auto", 10), "bins must be UniformBins"),
        (lambda: ChannelWindow(Categories(), 10, ["a"]), "with their labels"),
        (lambda: ChannelWindow([UniformBins(0, 1, 2)], 10, ["a", "b"]), "one for all channels, or 2"),
        (lambda: ChannelWindow(UniformBins(0, 1, 2), 10, ["a", "a"]), "'a' twice"),
        (lambda: ChannelWindow(UniformBins(0, 1, 2), 10, "ab"), "a list with a name for each channel"),
        (lambda: ChannelWindow(UniformBins(0, 1, 2), 10, threads=0), "threads must be"),
        (lambda: ChannelWindow(UniformBins(0, 1, 2), 10, ["a", "b"]).update([1]), "of 2 values"),
        (lambda: ChannelWindow(UniformBins(0, 1, 2), 10).extend([1, 2]), r"shape \(n, C\)"),
        (lambda: ChannelWindow(UniformBins(0, 1, 2), 10).extend([["x", "y"]]), "rows must be numbers"),
        (lambda: ChannelWindow(UniformBins(0, 1, 2), "1s").extend([[1, 2]]), "each row of a time window"),
        (lambda: ChannelWindow(UniformBins(0, 1, 2), 10).extend([[1, 2]], [1, 2]), "one length"),
        (lambda: ChannelWindow(UniformBins(0, 1, 2), 10).matrix(), "knows its channels"),
        (lambda: ChannelWindow(UniformBins(0, 1, 2), 10, ["a", "b"]).counts("a", "q"), "one of a, b"),
        (lambda: ChannelWindow(UniformBins(0, 1, 2), 10, ["a", "b"]).matrix("corr"), "measure must be one of mi"),  # type: ignore[arg-type]
        (lambda: ChannelWindow(UniformBins(0, 1, 1024), 10, list(map(str, range(100)))), "cells at most"),
    ],
)
def test_what_cannot_work_says_why(make: Any, why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        make()


def test_memory_is_that_of_the_counts() -> None:
    """64 MB of counts and 8 of values for 1,000 channels: nothing else grows with the pairs; here at 300."""
    tracemalloc.start()
    window = ChannelWindow(UniformBins(0, 1, 8), 1000)
    rows = np.random.default_rng(0).random((1000, 300))
    window.extend(rows)
    window.settle()
    window.matrix()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    counts, sums, matrix = 300 * 299 // 2 * 64 * 2, 300 * 299 // 2 * 8, 300 * 300 * 8
    assert peak < 1.25 * (counts + sums + matrix) + 5 * rows.nbytes


def test_rows_stay_as_whoever_gave_them_has_them() -> None:
    rows = np.asfortranarray(np.random.default_rng(0).random((50, 3)))  # its columns are not copied on the way
    rows[3, 1] = np.inf
    before = rows.copy()
    window = ChannelWindow(UniformBins(0, 1, 4), 20, ["a", "b", "c"])
    window.extend(rows)
    np.testing.assert_array_equal(rows, before)
    assert window.missing.tolist() == [0, 1, 0]


def test_correlations_at_once_are_those_one_by_one() -> None:
    rng = np.random.default_rng(4)
    rows = rng.normal(size=(700, 9)) * 10.0 ** rng.integers(-4, 5, 9) + 1e3
    rows[:, 5] = rows[:, 0] * 2 - 7
    rows[:, 6] = 0.1  # constant
    rows[650, 2] = 1e9
    rows[::7, 7], rows[::5, 8] = np.nan, np.nan
    for columns in ([0, 1, 2, 3, 4, 5, 6], list(range(9)), [7, 8], [6, 7]):
        window = ChannelWindow(QuantileBins(8), 300)
        window.extend(rows[:, columns])
        exact, found = window.matrix("pearson_r"), window.correlations()
        np.testing.assert_allclose(found, exact, rtol=0, atol=1e-12)
        for i in range(len(columns)):
            for j in range(i):
                np.testing.assert_array_equal(window.correlation(j, i), exact[j, i])


@pytest.mark.parametrize("bins", [QuantileBins(8), UniformBins(-2, 2, 7), EdgeBins([-3, -1, 0, 2])])
def test_a_row_at_a_time_has_the_symbols_of_many(bins: Bins) -> None:
    rows = made_rows(260, 4, 3, 0.1)
    rows[3, :] = [1e308, -1e308, math.inf, 5e-324]
    one, other = ChannelWindow(bins, 100), ChannelWindow(bins, 100)
    other.extend(rows)
    for row in rows:
        one.update(row)
    assert one == other
    assert np.array_equal(one.ring.symbols_between(160, 260), other.ring.symbols_between(160, 260))
    assert (one.clipped.tolist(), one.missing.tolist()) == (other.clipped.tolist(), other.missing.tolist())
