"""Monitor: what is said, when, and of what."""

from itertools import pairwise

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy import stats

from streammi import ConfigError, Event, JointWindow, Monitor, PairBatch, QuantileBins, Reading
from streammi.config import MonitorConfig, bins, lag_range, span
from streammi.records import LinkHealth
from streammi.records.status import Status, status_of

LINK = LinkHealth(endpoint="tcp://127.0.0.1:5556", state="connected")


def signals(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    return x, x + rng.normal(size=n)


@settings(max_examples=25)
@given(st.lists(st.integers(1, 400), min_size=1, max_size=30), st.integers(1, 300))
def test_every_n_samples_whatever_the_batches(sizes: list[int], every: int) -> None:
    config = MonitorConfig(window=span(100), every=span(every), bins=bins("4"))
    x, y = signals(sum(sizes))
    whole = Monitor(config).feed(PairBatch(x=x, y=y))
    pieces, monitor, start = [], Monitor(config), 0
    for size in sizes:
        pieces += monitor.feed(PairBatch(x=x[start : start + size], y=y[start : start + size]))
        start += size
    assert [reading for _, reading in whole] == [reading for _, reading in pieces]
    expected = [k for k in range(every, x.size + 1, every) if k >= 16]  # bins are learnt from 16 pairs
    assert [reading.pairs for _, reading in whole if isinstance(reading, Reading)] == expected


def test_what_is_said_at_one_place_is_in_one_order_however_the_batches_are_cut() -> None:
    """A reading every five samples, and looks by the samples' clock: one of them brings an event at such a place."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=600)
    y, t = x * (np.arange(600) < 300) + rng.normal(size=600) * 0.3, np.arange(600) * 0.01

    def said(step: int) -> list[tuple[float, Reading | Event]]:
        config = MonitorConfig(window=span("1s"), every=span(5), detector="page-hinkley")
        monitor = Monitor(config, event_time=True)
        parts = [slice(start, start + step) for start in range(0, 600, step)]
        return [item for part in parts for item in monitor.feed(PairBatch(x=x[part], y=y[part], t=t[part]))]

    whole = said(600)
    assert any(isinstance(item, Event) for _, item in whole)
    assert said(5) == said(7) == whole


def test_readings_are_due_by_the_received_clock() -> None:
    monitor = Monitor(MonitorConfig(window=span(50), every=span("100ms"), bins=bins("4")))
    x, y = signals(1000)
    said = []
    for k in range(100):  # 10 ms apart
        part = slice(k * 10, k * 10 + 10)
        said += [t for t, _ in monitor.feed(PairBatch(x=x[part], y=y[part], received=100.0 + k / 100))]
    assert np.diff(said) == pytest.approx(0.1, abs=0.011)
    assert len(said) == pytest.approx(10, abs=1)


@pytest.mark.parametrize("step", [-3600.0, -0.25, 3600.0])
def test_readings_go_on_when_the_clock_is_set(step: float) -> None:
    monitor = Monitor(MonitorConfig(window=span(50), every=span("100ms"), bins=bins("4")))
    x, y = signals(1000)
    said = []
    for k in range(100):
        part = slice(k * 10, k * 10 + 10)
        now = 1e5 + k / 100 + (step if k >= 50 else 0.0)
        said += [k for _ in monitor.feed(PairBatch(x=x[part], y=y[part], received=now))]
    assert max(np.diff(said)) <= 11
    assert len(said) == pytest.approx(10, abs=2)


def test_a_window_of_seconds_goes_by_arrival_where_samples_have_no_time() -> None:
    """A feed without timestamps, or one message without one, is nothing that a monitor ends of."""
    monitor = Monitor(MonitorConfig(window=span("2s"), every=span("100ms"), bins=bins("4"), detector="page-hinkley"))
    x, y = signals(1000)
    said = []
    for k in range(100):
        part = slice(k * 10, k * 10 + 10)
        t = None if k < 50 else 1e6 + np.full(10, k / 10)
        said += monitor.feed(PairBatch(x=x[part], y=y[part], t=t, received=1e6 + k / 10))
    assert len(said) >= 90
    assert {reading.n for _, reading in said[30:]} == {200}
    assert said[20][1].t1 == said[20][0]


@pytest.mark.parametrize("event_time", [True, False])
def test_changes_are_looked_for_again_once_the_samples_clock_was_set_back(
    event_time: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A window of time is looked at by the samples' own clock, and a recording is read by it."""
    config = MonitorConfig(window=span("2s"), every=span("100ms"), bins=bins("4"), detector="page-hinkley")
    monitor = Monitor(config, event_time=event_time)
    looks: list[int] = []
    monkeypatch.setattr(monitor, "_detect", lambda at: looks.append(monitor.window.pairs) or [])
    said: list[int] = []
    x, y = signals(4000)
    for k in range(400):
        part = slice(k * 10, k * 10 + 10)
        t = 1e6 + np.arange(k * 10, k * 10 + 10) / 100 - (3600 if k >= 200 else 0)
        said += [monitor.window.pairs for _ in monitor.feed(PairBatch(x=x[part], y=y[part], t=t, received=1e6 + k))]
    for pairs in (looks, said):
        assert max(pairs) > 3700
        assert max(np.diff(pairs)) < 350
    assert [note for note in monitor.notes if "times go back by about 3599 s" in note]


def test_durations_need_timestamps_in_a_recording() -> None:
    monitor = Monitor(MonitorConfig(), event_time=True)
    x, y = signals(10)
    with pytest.raises(ConfigError, match="--every must be a number of samples"):
        monitor.feed(PairBatch(x=x, y=y))


def test_the_last_reading_is_said_once() -> None:
    monitor = Monitor(MonitorConfig(window=span(50), every=span(100), bins=bins("4")))
    x, y = signals(150)
    monitor.feed(PairBatch(x=x, y=y))
    [(t, reading)] = monitor.last(7.0)
    assert isinstance(reading, Reading)
    assert (t, reading.pairs) == (7.0, 150)
    assert monitor.last(8.0) == []


def test_the_delay_and_its_significance_are_found() -> None:
    rng = np.random.default_rng(3)
    x = rng.normal(size=8000)
    y = np.roll(x, 7) + 0.3 * rng.normal(size=8000)
    monitor = Monitor(MonitorConfig(window=span(1000), every=span(8000), bins=bins("8"), lags=(-10, 10), null=99))
    [(_, reading)] = monitor.feed(PairBatch(x=x, y=y))
    assert isinstance(reading, Reading)
    assert reading.peak_lag == 7.0
    assert reading.peak_mi is not None
    assert reading.peak_mi > 1.0
    assert reading.p is not None
    assert reading.p > 0.01  # at no delay there is nothing


def test_a_snapshot_has_what_was_fed() -> None:
    monitor = Monitor(MonitorConfig(window=span(200), every=span(50), bins=bins("5"), x_name="a", y_name="b"))
    x, y = signals(500)
    monitor.feed(PairBatch(x=x, y=y, received=5.0))
    snapshot = monitor.snapshot(run=1, seq=2, timestamp=6.0, links=(LINK,))
    assert snapshot.counts is not None
    assert snapshot.counts.sum() == 200
    assert snapshot.x.edges is not None
    joint = np.histogram2d(x[-200:], y[-200:], bins=[edges_of(snapshot.x.edges), edges_of(snapshot.y.edges)])[0]  # type: ignore[arg-type]
    assert snapshot.counts.tolist() == joint.tolist()
    assert snapshot.history[0].t.size == 10
    assert snapshot.verdict


def test_a_monitor_that_is_handed_its_pairs_has_a_snapshot_without_a_link() -> None:
    monitor = Monitor(MonitorConfig(window=span(200), every=span(50), bins=bins("5")))
    for status in (Status.WARMING_UP, Status.OK):
        assert monitor.snapshot(run=1, seq=0, timestamp=0.0, links=()).status == status
        x, y = signals(200)
        monitor.feed(PairBatch(x=x, y=y))


def edges_of(edges: np.ndarray) -> np.ndarray:
    """The same bins with open ends: what is outside belongs to the end bins."""
    open_ended = edges.copy()
    open_ended[0], open_ended[-1] = -np.inf, np.inf
    return open_ended


@pytest.mark.parametrize("every", [1, 16, 250])
def test_pearson_and_spearman_are_of_the_window_whatever_went_through_it(every: int) -> None:
    """After spikes of 1e9, through ties and over a constant stretch, beside scipy on the same pairs."""
    rng = np.random.default_rng(12)
    x, y = rng.normal(size=(2, 3000))
    y += x
    x[300:310], y[350] = 1e9, -1e9
    x[1200:1500], y[1200:1500] = np.round(x[1200:1500]), np.round(2 * y[1200:1500]) / 2
    y[2000:2200] = 7.0
    monitor = Monitor(MonitorConfig(window=span(100), every=span(every)), event_time=True)
    said = [item for _, item in monitor.feed(PairBatch(x=x, y=y)) if isinstance(item, Reading)]
    for reading in said:
        a, b = (v[max(reading.pairs - 100, 0) : reading.pairs] for v in (x, y))
        if np.ptp(a) == 0 or np.ptp(b) == 0:
            assert (reading.pearson_r, reading.spearman_r) == (None, None)
            continue
        assert reading.pearson_r == pytest.approx(stats.pearsonr(a, b).statistic, abs=1e-9)
        assert reading.spearman_r == pytest.approx(stats.spearmanr(a, b).statistic, abs=1e-12)


def test_long_windows_and_labels_have_no_spearman_in_each_reading() -> None:
    x, y = signals(30_000)
    long = MonitorConfig(window=span(25_000), every=span(30_000), bins=bins("8"))
    monitor = Monitor(long)
    [(_, reading)] = monitor.feed(PairBatch(x=x, y=y))
    assert isinstance(reading, Reading)
    assert reading.spearman_r is None
    shown = monitor.snapshot(run=1, seq=1, timestamp=1.0, links=(LINK,)).reading
    assert shown is not None
    assert shown.spearman_r == pytest.approx(stats.spearmanr(x[-25_000:], y[-25_000:]).statistic, abs=1e-12)
    labels = Monitor(MonitorConfig(window=span(50), every=span(50), bins=bins("categories")))
    letters = np.array(list("ab" * 25), dtype=object)
    [(_, reading)] = labels.feed(PairBatch(x=letters, y=letters))
    assert isinstance(reading, Reading)
    assert (reading.pearson_r, reading.spearman_r) == (None, None)


def test_who_looks_does_not_change_what_is_said() -> None:
    x, y = signals(600)
    config = MonitorConfig(window=span(300), every=span(1), bins=bins("4"))
    seen, unseen = Monitor(config), Monitor(config)
    ranked = []
    for k in range(0, 600, 3):
        batch = PairBatch(x=x[k : k + 3], y=y[k : k + 3])
        said = unseen.feed(batch)
        assert seen.feed(batch) == said
        seen.snapshot(run=1, seq=1, timestamp=1.0, links=(LINK,))
        ranked += [item.pairs for _, item in said if isinstance(item, Reading) and item.spearman_r is not None]
    assert set(np.diff(ranked[-50:])) == {4}  # a reading a sample: ranks are taken every 64th of the window


def test_errors_of_readings_a_sample_are_those_of_a_window_just_before() -> None:
    """And right for its own wherever a 64th of it is new, or bins were learnt."""
    x, y = signals(900)
    x[700:] *= 40
    config = MonitorConfig(window=span(320), every=span(1), detector=None)
    window, monitor = JointWindow(QuantileBins(), QuantileBins(), 320), Monitor(config)
    own = list[tuple[float | None, float | None]]()
    made, epochs = [19], {0}
    for k in range(900):
        window.update(x[k], y[k])
        own.append(window.batch_errors())
        for _, reading in monitor.feed(PairBatch(x=x[k : k + 1], y=y[k : k + 1])):
            assert isinstance(reading, Reading)
            if own[k][1] == reading.binned_stderr_batch:
                made.append(k)
            assert reading.epoch in epochs or made[-1] == k
            assert reading.binned_stderr_batch == own[made[-1]][1]
            epochs.add(reading.epoch)
    assert epochs >= {1, 2}
    assert max(np.diff(made)) == 5
    every_fifth = Monitor(msgspec.structs.replace(config, every=span(5)))
    said = every_fifth.feed(PairBatch(x=x, y=y))
    assert [reading.binned_stderr_batch for _, reading in said] == [errors[1] for errors in own[19::5]]


def coupled_then_not(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Dependent for the first half."""
    x, y = signals(n)
    y[n // 2 :] = np.random.default_rng(1).normal(size=n - n // 2)
    return x, y


@pytest.mark.parametrize("every", [1, 130, 5000])
def test_changes_are_found_at_the_detectors_own_pace(every: int) -> None:
    config = MonitorConfig(window=span(200), every=span(every), bins=bins("5"), detector="page-hinkley")
    x, y = coupled_then_not(6000)
    said = Monitor(config, event_time=True).feed(PairBatch(x=x, y=y))
    times = [t for t, _ in said]
    assert times == sorted(times)
    [(at, event)] = [(t, item) for t, item in said if isinstance(item, Event)]
    assert (event.kind, at) == ("lost", event.timestamp)
    assert at == 3300  # every 100 samples, whatever ``every`` is


@settings(max_examples=10)
@given(st.lists(st.integers(1, 700), min_size=10, max_size=10))
def test_events_do_not_depend_on_the_batches(sizes: list[int]) -> None:
    x, y = coupled_then_not(4000)
    config = MonitorConfig(window=span(120), every=span(50), bins=bins("4"), detector="page-hinkley")
    whole = Monitor(config, event_time=True).feed(PairBatch(x=x, y=y))
    monitor, edges = Monitor(config, event_time=True), [0, *np.cumsum(sizes).tolist(), x.size]
    pieces = [out for a, b in pairwise(edges) for out in monitor.feed(PairBatch(x=x[a:b], y=y[a:b]))]
    assert pieces == whole
    assert any(isinstance(item, Event) for _, item in whole)


def test_a_time_window_is_looked_at_by_its_own_clock() -> None:
    x, y = coupled_then_not(6000)
    t = np.cumsum(np.random.default_rng(2).exponential(0.01, 6000))
    config = MonitorConfig(window=span("2s"), every=span("1s"), bins=bins("5"), detector="page-hinkley")
    said = Monitor(config, event_time=True).feed(PairBatch(x=x, y=y, t=t))
    [event] = [item for _, item in said if isinstance(item, Event)]
    assert event.kind == "lost"
    assert t[3000] < event.timestamp < t[3000] + 4


@pytest.mark.parametrize(("seconds", "looks_expected"), [(0.004, 76), (0.045, 806), (1.0, 2000)])
def test_a_fast_feed_is_looked_at_a_hundred_times_a_second(seconds: float, looks_expected: int) -> None:
    x, y = coupled_then_not(200_000)
    config = MonitorConfig(window=span(200), every=span(10_000), bins=bins("5"), detector="page-hinkley")
    monitor = Monitor(config)
    looks = []
    look = monitor._detect
    monitor._detect = lambda at: looks.append(at) or look(at)  # type: ignore[method-assign, func-returns-value]
    for k in range(200):
        part = slice(k * 1000, (k + 1) * 1000)
        monitor.feed(PairBatch(x=x[part], y=y[part], received=100 + k * seconds))
    assert len(looks) == pytest.approx(looks_expected, abs=1)
    assert "lost" in [e.kind for e in monitor.snapshot(run=1, seq=1, timestamp=1.0, links=(LINK,)).events]


def test_what_happens_to_the_link_is_among_the_events() -> None:
    monitor = Monitor(MonitorConfig(pair="a"))
    assert monitor.link(LINK, 1.0) == []
    [(at, event)] = monitor.link(LinkHealth(endpoint=LINK.endpoint, state="stalled", since=9.0), 9.1)
    assert isinstance(event, Event)
    assert (at, event.kind, event.pair) == (9.0, "stalled", "a")
    assert monitor.snapshot(run=1, seq=1, timestamp=9.2, links=(LINK,)).events == (event,)


def test_too_many_bins_are_warned_of() -> None:
    assert "undersample" in Monitor(MonitorConfig(window=span(100), bins=bins("30"))).notes[0]


def labelled(n, *more):
    labels = [f"label {k % n}" for k in range(300)] + list(more)
    return PairBatch(x=np.array(labels, dtype=object), y=np.array(labels, dtype=object))


def test_labels_beyond_the_limit_are_one_and_that_is_said():
    monitor = Monitor(MonitorConfig(window=span(300), every=span(100), bins=bins("categories:5")))
    *_, (_, reading) = monitor.feed(labelled(7))
    assert reading.n == 300
    assert reading.h_x == pytest.approx(np.log2(7) - 2 / 7, abs=0.01)  # two of seven labels are one
    assert [note.partition(";")[0] for note in monitor.notes] == ["x: more than 5 labels", "y: more than 5 labels"]
    monitor = Monitor(MonitorConfig(window=span(300), every=span(100), bins=bins("categories:7")))
    monitor.feed(labelled(7))
    assert monitor.notes == []


def test_too_many_bins_for_the_pairs_are_said_and_flagged():
    rng = np.random.default_rng(1)
    x, y, t = *rng.normal(size=(2, 4000)), np.arange(4000.0)
    for window, warned in (("200", True), ("200s", True), ("2000", False), ("2000s", False)):
        monitor = Monitor(MonitorConfig(window=span(window), every=span(4000), bins=bins(20)))
        ((_, reading),) = monitor.feed(PairBatch(x=x, y=y, t=t))
        assert any("20 x 20 bins for 200 pairs undersample" in note for note in monitor.notes) == warned
        flagged = status_of(reading, LINK)
        assert bool(flagged & Status.UNDERSAMPLED) == warned
        assert 300 < reading.cells <= 400  # less what chance makes of MI
    monitor = Monitor(MonitorConfig(window=span(200), every=span(4000)))
    ((_, reading),) = monitor.feed(PairBatch(x=x, y=y))
    assert status_of(reading, LINK) == Status.OK


def test_what_is_said_does_not_depend_on_who_looks():
    config = MonitorConfig(window=span(100), every=span(100), bins=bins("4"), null=19, lags=lag_range("-3:3"))
    x, y = signals(3000)
    unseen, seen = Monitor(config), Monitor(config)
    for start in range(0, 3000, 20):
        batch = PairBatch(x=x[start : start + 20], y=y[start : start + 20])
        readings = unseen.feed(batch)
        assert seen.feed(batch) == readings
        seen.snapshot(run=0, seq=0, timestamp=0.0, links=(LINK,))
    assert readings[-1][1].peak_p is not None


@st.composite
def clocks(draw: st.DrawFn) -> np.ndarray:
    """Times at 8 a second that go wrong, each at its own place: for one sample, or, set back or ahead, for good."""
    t = 1e6 + np.arange(draw(st.integers(300, 900))) / 8
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, t.size - 1))
        stop = draw(st.sampled_from([at + 1, t.size]))
        t[at:stop] += draw(st.sampled_from([1e7, 3600.0, 2.0, -2.0, -3600.0, np.nan]))
    return t


@settings(max_examples=40)
@given(
    clocks(),
    st.lists(st.integers(1, 400), max_size=12),
    st.sampled_from(["2s", 40]),
    st.sampled_from(["1s", 30]),
    st.sampled_from([None, "page-hinkley"]),
)
def test_what_is_said_does_not_depend_on_the_batches_whatever_the_clock_does(
    t: np.ndarray, sizes: list[int], window: str | int, every: str | int, detector: str | None
) -> None:
    config = MonitorConfig(window=span(window), every=span(every), bins=bins("4"), detector=detector)
    x, y = signals(t.size)

    def said(stops: list[int]) -> tuple[list[str], list[str]]:
        monitor, outputs = Monitor(config, event_time=True), []
        for part in np.split(np.arange(t.size), stops):
            outputs += monitor.feed(PairBatch(x=x[part], y=y[part], t=t[part]))
        return sorted(map(repr, outputs)), monitor.notes

    one_by_one = said(list(range(1, t.size)))
    assert said([]) == one_by_one
    assert said(np.clip(np.cumsum(sizes, dtype=int), 0, t.size).tolist()) == one_by_one


@pytest.mark.parametrize("window", ["60s", 60])
@pytest.mark.parametrize(("at", "wrong", "stays"), [(2000, 1e7, False), (3000, -3600.0, True)])
def test_readings_go_on_within_the_batch_in_which_the_samples_clock_is_set_back(
    window: str | int, at: int, wrong: float, stays: bool
) -> None:
    x, y = signals(8000)
    t = 1e9 + np.arange(8000.0)
    t[at : None if stays else at + 1] += wrong
    monitor = Monitor(MonitorConfig(window=span(window), every=span("10s"), bins=bins("4")), event_time=True)
    readings = [item for _, item in monitor.feed(PairBatch(x=x, y=y, t=t)) if isinstance(item, Reading)]
    pairs = [reading.pairs for reading in readings]
    assert len(pairs) >= 800 - 10 - 6 - 2  # behind 99 dropped pairs and, in a window of pairs, 60 at a time that stays
    assert max(np.diff(pairs)) <= 60 + 20
    # Those 99 are missing before the pair with which that was clear, as long as there is one of before in the window.
    clear = at if stays else at + (1 if isinstance(window, str) else 60)
    assert [one.pairs for one in readings if one.spans_gap] == [
        one.pairs for one in readings if one.pairs > clear > one.pairs - one.n
    ]
    assert any(one.spans_gap for one in readings)
    assert readings[-1].dropped == 99


def test_a_reading_by_the_received_clock_has_the_whole_batch_also_where_the_samples_clock_is_set_back() -> None:
    x, y = signals(1000)
    t = 1e6 + np.arange(1000.0) - np.where(np.arange(1000) < 300, 0, 3600)
    monitor = Monitor(MonitorConfig(window=span("60s"), every=span("1s"), bins=bins("4"), detector="page-hinkley"))
    [reading] = [item for _, item in monitor.feed(PairBatch(x=x, y=y, t=t, received=5.0)) if isinstance(item, Reading)]
    assert (reading.pairs, reading.dropped, reading.t1) == (901, 99, t[-1])


@pytest.mark.parametrize("every", ["2s", 2])
@pytest.mark.parametrize("window", ["9s", 9])
def test_the_time_of_a_pair_that_is_skipped_moves_no_clock(every: str | int, window: str | int) -> None:
    config = MonitorConfig(window=span(window), every=span(every), x_range=(0, 900), y_range=(0, 900))
    t = 1e6 + np.arange(900.0)
    t[300:] -= 3600.0
    x, wrong = t - 1e6, t.copy()
    x[[3, 350, 700]], wrong[[3, 350, 700]] = np.nan, 1e9
    said = Monitor(config, event_time=True).feed(PairBatch(x=x, y=x, t=wrong))
    assert said == Monitor(config, event_time=True).feed(PairBatch(x=x, y=x, t=np.where(np.isnan(x), np.nan, t)))
    assert [reading.dropped for _, reading in said if isinstance(reading, Reading)][-1] == 99
    assert len(said) == pytest.approx(400, abs=60)


@pytest.mark.parametrize("start", [-5000.0, 0.0, 2.0**30])
def test_where_a_clock_begins_is_of_no_account(start: float) -> None:
    """Signals that change their range twice, in a window of seconds: bins are learnt anew as often, by any clock."""
    scale = np.repeat([1.0, 0.01, 30.0, 1.0], 200)
    x, y = signals(scale.size)
    said = []
    for begin in (start, 1e9):
        monitor = Monitor(MonitorConfig(window=span("5s"), every=span("1s"), detector=None), event_time=True)
        t = begin + np.arange(x.size) / 8
        outputs = monitor.feed(PairBatch(x=x * scale, y=y * scale, t=t))
        said.append([(reading.n, reading.mi, reading.mi_corrected, reading.epoch) for _, reading in outputs])
    assert said[0] == said[1]
    assert said[0][-1][-1] > 3
