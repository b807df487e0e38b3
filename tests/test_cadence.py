"""When something is due, against the rule applied to one sample after the other."""

import math

import numpy as np
import pytest
from hypothesis import given, strategies as st

from streammi import ConfigError, PairBatch
from streammi.config import Span
from streammi.monitor.cadence import Cadence

Cuts = list[tuple[int, float]]


def batches(t: list[float], pieces: list[int]) -> list[PairBatch]:
    """Samples with these times in batches of these lengths, the last one taking the rest."""
    cut = np.split(np.array(t), np.clip(np.cumsum(pieces), 0, len(t)))
    return [PairBatch(x=part, y=part, t=part) for part in cut]


def cuts_of(cadence: Cadence, parts: list[PairBatch]) -> Cuts:
    found, start = [], 0
    for part in parts:
        found += [(start + k, at) for k, at in cadence.cuts(part)]
        start += part.x.size
    return found


def by_the_rule(t: list[float], seconds: float) -> Cuts:
    """The samples' clock is the largest time so far; the first due time lies ``seconds`` after the first of them."""
    found: Cuts = []
    clock, due = -math.inf, math.inf
    for k, time in enumerate(t):
        before, clock = clock, max(clock, time) if math.isfinite(time) else clock
        if before == -math.inf < clock:
            due = clock + seconds
        if clock >= due:
            found.append((k, before))
            while due <= clock:
                due += seconds
    return found


# Quarters, of which floats make no rounding.
TIMES = st.one_of(st.integers(-200, 200).map(lambda k: k / 4), st.sampled_from([math.nan, math.inf, -math.inf]))
PIECES = st.lists(st.integers(0, 9), max_size=9)


@given(st.lists(TIMES, max_size=50), st.sampled_from([0.25, 1.0, 7.5]), PIECES)
def test_a_reading_is_due_when_the_samples_clock_says_so(t: list[float], seconds: float, pieces: list[int]) -> None:
    cadence = Cadence(Span(seconds=seconds), event_time=True)
    assert cuts_of(cadence, batches(t, pieces)) == by_the_rule(t, seconds)
    again = Cadence(Span(seconds=seconds), event_time=True)
    again.restore(cadence.state())
    later = batches([60.0, 61.0, 75.0], [])
    assert cuts_of(again, later) == cuts_of(cadence, later)


@pytest.mark.timeout(60)
@given(st.lists(st.floats(), max_size=20), st.floats(1e-9, 1e9), PIECES)
def test_no_time_is_too_large_for_a_step(t: list[float], seconds: float, pieces: list[int]) -> None:
    """Of times in nanoseconds one is 256 from the next: 0.1 added to them is nothing."""
    found = cuts_of(Cadence(Span(seconds=seconds), event_time=True), batches(t, pieces))
    assert [k for k, _ in found] == sorted({k for k, _ in found})
    assert all(math.isfinite(at) for _, at in found)


@given(st.lists(st.integers(0, 20), max_size=20), st.integers(1, 9))
def test_a_reading_is_due_every_so_many_samples(sizes: list[int], every: int) -> None:
    cadence = Cadence(Span(pairs=every), event_time=False)
    parts = [PairBatch(x=np.zeros(n), y=np.zeros(n), received=float(k)) for k, n in enumerate(sizes)]
    found = cuts_of(cadence, parts)
    assert [k for k, _ in found] == list(range(every, sum(sizes) + 1, every))
    ends = np.cumsum(sizes)
    assert [at for _, at in found] == [float(np.searchsorted(ends, k)) for k, _ in found]


@given(st.lists(TIMES, max_size=30), st.integers(1, 5), PIECES)
def test_readings_every_so_many_samples_have_the_samples_clock(t: list[float], every: int, pieces: list[int]) -> None:
    found = cuts_of(Cadence(Span(pairs=every), event_time=True), batches(t, pieces))
    known = [[time for time in t[:k] if math.isfinite(time)] for k, _ in found]
    assert [at for _, at in found] == [max(times, default=k) for times, (k, _) in zip(known, found, strict=True)]


def test_the_received_clock_counts_on_where_it_was_asked_for() -> None:
    cadence = Cadence(Span(seconds=1.0), event_time=False)
    one = np.zeros(3)
    at = [0.0, 0.5, 1.0, 1.5, 3.25, 3.5, 4.0]
    assert [len(cadence.cuts(PairBatch(x=one, y=one, received=t))) for t in at] == [1, 0, 1, 0, 1, 0, 1]
    at = [4.5, 4.25, 1e9, 1e9 + 0.5, 5000.0, 5000.5, 5001.0]  # a step back too short to tell, one ahead, one back
    assert [len(cadence.cuts(PairBatch(x=one, y=one, received=t))) for t in at] == [0, 0, 1, 0, 1, 0, 1]
    assert cadence.cuts(PairBatch(x=np.zeros(0), y=np.zeros(0), received=9.0)) == []


def test_samples_without_times_have_no_clock() -> None:
    with pytest.raises(ConfigError, match="--every must be a number of samples where the samples have no timestamps"):
        Cadence(Span(seconds=1.0), event_time=True).cuts(PairBatch(x=np.zeros(2), y=np.zeros(2)))
