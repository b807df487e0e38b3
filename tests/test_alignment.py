"""Signals with times of their own into rows: beside the definition, sample by sample, however they come."""

import math
import random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from streammi.ingest.pairing.row_grid import Alignment
from streammi.ingest.pairing.signal_clocks import BACK_RUN
from streammi.records import codec

Sample = tuple[int, float, float]  # channel, time, value
Rows = list[tuple[float, list[float]]]


def by_definition(samples: list[Sample], channels: int, grid: float, hold: float) -> Rows:
    """Each step of the grid, with the last value of each signal by then; those without any are no rows."""
    found: Rows = []
    steps = [math.ceil(t / grid - 1e-3) for _, t, _ in samples]
    for k in range(min(steps), max(steps) + 1):
        row = []
        for c in range(channels):
            last = [(t, v) for (one, t, v), step in zip(samples, steps, strict=True) if one == c and step <= k]
            t, v = last[-1] if last else (-math.inf, math.nan)
            row.append(v if k * grid - t <= hold + 1e-3 * grid else math.nan)
        if not all(map(math.isnan, row)):
            found.append((k * grid, row))
    return found


def refreshed(samples: list[Sample], channels: int, hold: float, settles: float) -> Rows:
    """A row where each signal that is not too old has a value that no row has had, and what comes just behind."""
    found: Rows = []
    complete = math.inf

    def row(at: float) -> None:
        values = [last.get(one, (-math.inf, math.nan)) for one in range(channels)]
        found.append((at, [v if at - own <= hold else math.nan for own, v in values]))
        fresh.clear()

    last: dict[int, tuple[float, float]] = {}
    newest = {c: max(t for one, t, _ in samples if one == c) for c, _, _ in samples}
    fresh: set[int] = set()
    before = 0.0
    for c, t, v in sorted(samples, key=lambda one: one[1]):
        if t > complete + settles:
            row(before)
            complete = math.inf
        last[c] = t, v
        fresh.add(c)
        if complete == math.inf and not any(t - newest[one] <= hold for one in newest if one not in fresh):
            complete = t
        before = t
    if complete < math.inf:
        row(before)
    return found


def rows_of(one: Alignment, samples: list[Sample], rng: random.Random, pieces: int = 7) -> Rows:
    """What it says of samples that come in pieces at one moment."""
    found: Rows = []

    def take(**how: Any) -> None:
        batch = one.rows(0.0, **how)
        assert batch.t is not None
        found.extend(zip(batch.t.tolist(), batch.rows.tolist(), strict=True))

    k = 0
    while k < len(samples):
        part = samples[k : k + rng.randint(1, pieces)]
        c, t, v = (np.array(column) for column in zip(*part, strict=True))
        one.add(c, v.astype(float), t.astype(float), 0.0)
        take()
        k += len(part)
    take(final=True)
    return found


def accounted(one: Alignment) -> int:
    return one.used + one.unused + one.dropped + one.untimed + one.waiting


TIMES = st.lists(st.integers(0, 400), min_size=1, max_size=30, unique=True).map(sorted)


@settings(max_examples=60)
@given(st.lists(TIMES, min_size=1, max_size=4), st.sampled_from([0.1, 1.0, 3.0]), st.floats(0.5, 9.0), st.randoms())
def test_rows_on_a_grid_are_those_of_the_definition(
    times: list[list[int]], grid: float, hold: float, rng: random.Random
) -> None:
    samples = [(c, k / 10, 10.0 * c + k / 1000) for c, own in enumerate(times) for k in own]
    in_order = sorted(samples, key=lambda one: (one[1], one[0]))
    one = Alignment(len(times), grid, hold)
    found = rows_of(one, interleaved(samples, len(times), rng), rng)
    expected = by_definition(in_order, len(times), grid, hold)
    if not one.late:  # whoever is a step and more behind the others comes late
        np.testing.assert_allclose([t for t, _ in found], [t for t, _ in expected], atol=1e-9)
        np.testing.assert_array_equal([row for _, row in found], [row for _, row in expected])
    assert accounted(one) == len(samples)


def interleaved(samples: list[Sample], channels: int, rng: random.Random) -> list[Sample]:
    """Each signal in its order, and the signals at about the same pace."""
    jitter = {c: rng.uniform(0, 0.4) for c in range(channels)}
    return sorted(samples, key=lambda one: (one[1] + jitter[one[0]], one[0]))


@settings(max_examples=60)
@given(st.lists(TIMES, min_size=1, max_size=4), st.floats(1.0, 30.0), st.randoms())
def test_rows_at_the_pace_of_the_slowest_are_those_of_the_definition(
    times: list[list[int]], hold: float, rng: random.Random
) -> None:
    samples = [(c, k / 10 + c / 1000, 10.0 * c + k / 1000) for c, own in enumerate(times) for k in own]
    one = Alignment(len(times), None, hold)
    c, t, v = (np.array(column) for column in zip(*samples, strict=True))  # one signal after the other
    one.add(c, v, t, 0.0)
    batch = one.rows(0.0, final=True)
    assert batch.t is not None
    newest = [own[-1] / 10 + c / 1000 for c, own in enumerate(times)]
    live = np.array(newest) >= sorted(newest)[len(newest) // 2] - hold
    slowest = max(
        [u for u, there in zip(one.usual.tolist(), live.tolist(), strict=True) if there and u == u], default=0
    )
    expected = refreshed(samples, len(times), hold, min(0.25 * slowest, hold / 2))
    assert batch.t.tolist() == [t for t, _ in expected]
    np.testing.assert_array_equal(batch.rows.tolist(), [row for _, row in expected] or batch.rows.tolist())
    assert accounted(one) == len(samples)


@pytest.mark.parametrize("grid", [None, 1.0])
def test_interleaving_and_pieces_change_nothing(grid: float | None) -> None:
    values = np.random.default_rng(0).normal(size=(3, 300))
    samples = [(c, k + 0.1 * c, values[c, k]) for k in range(300) for c in range(3)]
    found = []
    for seed in range(4):
        rng = random.Random(seed)
        shuffled = sorted(samples, key=lambda one: one[1] + rng.uniform(0, 0.05 if seed else 0))
        one = Alignment(3, grid, 5.0)
        found.append(rows_of(one, shuffled, rng, pieces=1 + 5 * seed))
        assert one.late == 0
    assert repr(found[0]) == repr(found[1]) == repr(found[2]) == repr(found[3])
    assert len(found[0]) == (300 if grid is None else 301)


def fed(one: Alignment, samples: list[Sample], received: float | None = None) -> Rows:
    found: Rows = []
    for c, t, v in samples:
        now = t if received is None else received
        one.add(np.array([c]), np.array([v]), np.array([t]), now)
        batch = one.rows(now)
        assert batch.t is not None
        found += zip(batch.t.tolist(), batch.rows.tolist(), strict=True)
    return found


@pytest.mark.parametrize("grid", [None, 1.0])
def test_a_signal_that_dies_is_held_and_then_missing_and_the_others_go_on(grid: float | None) -> None:
    one = Alignment(2, grid)  # held three times as long as usual
    samples = sorted([(0, float(k), k) for k in range(100)] + [(1, k + 0.5, -k) for k in range(40)], key=lambda s: s[1])
    found = fed(one, samples)
    assert found[-1][0] >= 97
    values = {int(t): row[1] for t, row in found}
    assert values[39] == -38 or values[39] == -39
    assert math.isnan(values[60])
    assert sum(math.isnan(row[1]) for _, row in found) >= 50
    assert one.expired >= 50
    assert accounted(one) == len(samples)


def test_slow_signals_are_held_for_as_long_as_they_are_slow_and_nobody_waits_for_them() -> None:
    samples = sorted([(0, float(k), k) for k in range(200)] + [(1, 20.0 * k, k) for k in range(10)], key=lambda s: s[1])
    one = Alignment(2, 1.0)
    found = fed(one, samples)
    assert found[-1][0] >= 197
    assert all(row[1] == t // 20 for t, row in found if t >= 20)
    assert one.late == 0


@pytest.mark.parametrize("grid", [None, 1.0])
def test_a_clock_that_is_set_back_begins_anew(grid: float | None) -> None:
    one = Alignment(2, grid, 3.0)
    before = [(c, 1000.0 + k, k) for k in range(50) for c in (0, 1)]
    after = [(c, 200.0 + k, -k) for k in range(50) for c in (0, 1)]
    found = fed(one, before + after, received=0.0)
    assert one.set_back == 2
    times = [t for t, _ in found]
    assert times[-1] >= 247
    assert sum(t < 999 for t in times) >= 50 - 2 * BACK_RUN
    back = [(t, row) for t, row in found if t < 999]
    assert all(row[0] == row[1] == -(t - 200) for t, row in back[BACK_RUN:])
    assert all(math.isnan(row[0]) or math.isnan(row[1]) or row[0] == row[1] for _, row in back)
    assert accounted(one) == len(before + after)


@pytest.mark.parametrize("grid", [None, 1.0, 0.001])
def test_a_clock_that_jumps_by_years_makes_no_rows_of_the_years(grid: float | None) -> None:
    one = Alignment(2, grid)
    far = 1e9
    samples = [(c, t + k, k) for t in (0.0, far) for k in range(20) for c in (0, 1)]
    found = fed(one, samples, received=0.0)
    assert len(found) < 200_000
    assert found[-1][0] >= far + 18
    assert max(t for t, _ in found if t < far) < 200


def test_one_wild_time_stops_nobody() -> None:
    samples = [(c, float(k), k) for k in range(100) for c in range(3)]
    samples[150] = (0, 9e9, 50)  # of 50.0
    one = Alignment(3, 1.0, 3.0)
    found = fed(one, samples, received=0.0)
    assert found[-1][0] >= 98
    assert all(row[1] == row[2] == t for t, row in found)
    assert one.dropped == 1
    assert one.set_back == 1


def test_a_clock_an_hour_behind_is_said_and_missing_but_stops_nobody() -> None:
    samples = [(c, k - 3600.0 * (c == 2), k) for k in range(5000, 5100) for c in range(3)]
    one = Alignment(3, 1.0, 3.0)
    found = fed(one, samples, received=0.0)
    assert found[-1][0] >= 5098
    assert all(math.isnan(row[2]) and row[0] == row[1] == t for t, row in found if t > 5003)
    assert one.behind.tolist() == [0, 0, 3600]


def test_late_samples_are_counted_and_held_for_the_next_row() -> None:
    one = Alignment(2, 1.0, 5.0)
    found = fed(one, [(c, float(k), k) for k in range(10) for c in (0, 1)], received=0.0)
    found += fed(one, [(0, float(k), k) for k in range(10, 14)], received=9.0)  # the other is silent: for long
    found += fed(one, [(1, 10.0, 77.0), (0, 14.0, 14.0), (1, 14.0, 14.0)], received=9.0)
    assert one.late == 1
    assert dict(found)[14.0] == [14.0, 14.0]
    assert dict(found)[11.0] == [11.0, 9.0]


def test_without_times_all_are_of_when_they_came() -> None:
    one = Alignment(2, 1.0)
    for k in range(10):
        one.add(np.array([0]), np.array([1.0 * k]), np.array([5.0 + k]), 100.0 + k)
        one.add(np.array([1]), np.array([2.0 * k]), None, 100.0 + k)
    batch = one.rows(109.0)
    assert batch.t is not None
    assert batch.t.tolist() == [float(t) for t in range(100, 110)]
    np.testing.assert_array_equal(batch.rows[1:, 0], 1.0 * np.arange(1, 10))  # what had a time of its own went
    np.testing.assert_array_equal(batch.rows[:, 1], 2.0 * np.arange(10))


@pytest.mark.parametrize("grid", [None, 1.0])
def test_it_goes_on_from_its_state(grid: float | None) -> None:
    rng = random.Random(3)
    samples = [(rng.randrange(4), 0.1 * k + rng.uniform(-0.3, 0.3), k) for k in range(400)]
    one, two = Alignment(4, grid), Alignment(4, grid)
    fed(one, samples[:200])
    header, arrays = codec.unpack("a", codec.pack("a", {"plain": codec.to_plain(one.state())}, []))
    assert not arrays
    two.restore(codec.from_plain(header["plain"]))
    assert repr(fed(one, samples[200:])) == repr(fed(two, samples[200:]))
    assert repr(one.state()) == repr(two.state())


@pytest.mark.parametrize("lost", [0, 1, 2])
def test_a_sample_that_is_lost_sets_nobody_a_step_behind(lost: int) -> None:
    """Three signals step together; rows after a loss must not pair one's step with another's next one for ever."""
    samples = [(c, k + 0.1 * c, float(k)) for k in range(60) for c in range(3) if (c, k) != (lost, 20)]
    one = Alignment(3)
    found = fed(one, samples, received=0.0)
    apart = [int(t) for t, row in found if len(set(row)) > 1]
    assert len(apart) <= 1
    assert len(found) >= 57
