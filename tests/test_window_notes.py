"""A window of seconds that holds too few pairs says so, and a feed that only begins does not."""

import numpy as np
import pytest

from streammi import Monitor, PairBatch
from streammi.config import MonitorConfig, span
from streammi.records import LinkHealth
from streammi.records.verdict import TOO_FEW

LINK = (LinkHealth(endpoint="tcp://a:1", state="connected"),)


def fed(monitor: Monitor, times: np.ndarray, seed: int = 0) -> tuple[list[str], str]:
    """The notes, and the verdict at the end, of a sample at each of these times (s), as they would come live."""
    rng, notes = np.random.default_rng(seed), list[str]()
    for at in times.tolist():
        monitor.feed(PairBatch(x=rng.random(1), y=rng.random(1), t=np.array([at]), received=at))
        notes += [note for note in monitor.notes if "a window of" in note]
        monitor.notes.clear()
    return notes, monitor.snapshot(run=0, seq=0, timestamp=0.0, links=LINK).verdict


@pytest.mark.parametrize(
    ("every", "window", "holds", "least"),
    [
        (5.0, "10s", "2 pairs", 80),
        (60.0, "10s", "1 pair", 160),
        (1.0, "10s", "10 pairs", 16),
        (3.0, "30s", "10 pairs", 48),
    ],
)
@pytest.mark.parametrize("given", [None, (0.0, 1.0)])
def test_a_window_that_holds_too_few_is_said_once_and_on_the_screen(
    every: float, window: str, holds: str, least: int, given: tuple[float, float] | None
) -> None:
    monitor = Monitor(MonitorConfig(window=span(window), x_range=given, y_range=given))
    notes, verdict = fed(monitor, 1e6 + every * np.arange(60))
    assert len(notes) == 1
    assert f"a window of {span(window)} holds {holds}: too few" in notes[0]
    assert f"(--window {least}s)" in notes[0]
    assert verdict == f"{TOO_FEW}: a window of {span(window)} holds {holds}"


def test_before_there_are_bins_it_is_said_as_well() -> None:
    monitor = Monitor(MonitorConfig(window=span("10s")))
    notes, verdict = fed(monitor, 1e6 + 5.0 * np.arange(12))
    assert (len(notes), verdict) == (1, "too few pairs to learn bins: a window of 10 s holds 2 pairs")


def test_a_feed_that_begins_or_begins_again_is_not_slow() -> None:
    """A stray sample a minute before, a pause, two pauses: what comes then fills the window."""
    steady = np.arange(0.0, 60.0, 0.1)
    for times in (
        steady,
        np.concatenate(([-60.0], steady)),
        np.concatenate((steady, steady + 600.0)),
        np.concatenate((steady, steady + 600.0, [2000.0], steady + 2060.0)),
    ):
        notes, verdict = fed(Monitor(MonitorConfig(window=span("10s"), every=span("100ms"))), 1e6 + times)
        assert notes == []
        assert "window" not in verdict


def test_one_that_holds_more_later_says_no_more_that_it_does_not() -> None:
    monitor = Monitor(MonitorConfig(window=span("10s")))
    times = np.concatenate((5.0 * np.arange(20), 100.0 + 0.1 * np.arange(400)))
    notes, verdict = fed(monitor, 1e6 + times)
    assert (len(notes), "window" in verdict) == (1, False)


def test_it_goes_on_from_a_saved_state_without_saying_it_again() -> None:
    monitor = Monitor(MonitorConfig(window=span("10s")))
    times = 1e6 + 5.0 * np.arange(60)
    assert len(fed(monitor, times[:30])[0]) == 1
    again = Monitor(MonitorConfig(window=span("10s")))
    again.restore(monitor.state())
    assert fed(again, times[30:])[0] == []


def level(monitor: Monitor, low: float, high: float, start: int, n: int = 3000) -> list[str]:
    """What is said of the bins while n samples come evenly between low and high, a thousand a second."""
    rng = np.random.default_rng(start)
    t = 1e6 + (start + np.arange(n)) / 1000
    monitor.notes.clear()
    for part in np.split(np.arange(n), n // 100):
        x = rng.uniform(low, high, part.size)
        monitor.feed(PairBatch(x=x, y=rng.random(part.size), t=t[part], received=float(t[part[-1]])))
    return list(monitor.notes)


def test_bins_that_were_learnt_anew_are_said_anew_but_not_each_time() -> None:
    monitor = Monitor(MonitorConfig(window=span(500)))
    first = level(monitor, 12.1, 28.1, 0)
    assert [note.partition(" ")[0] for note in first] == ["x:", "y:"]
    assert first[0].endswith("taken from the first window")
    assert level(monitor, 12.1, 28.1, 3000) == []
    (moved,) = level(monitor, 112.1, 128.1, 6000)
    assert moved.startswith("x: ")
    assert moved.endswith(", learnt anew")
    low, high = (float(word) for word in moved.partition("from ")[2].partition(",")[0].split(" to "))
    assert 12.0 <= low <= 112.5  # learnt while both were in the window, or after
    assert 127.5 <= high <= 128.1
    # Other ranges all the time: one message a minute, of the last of them.
    many = [note for k in range(20) for note in level(monitor, 1e3 * k, 1e3 * k + 9, 9000 + 3000 * k)]
    assert 1 <= len([note for note in many if note.startswith("x: ")]) <= 2
    assert [note for note in many if note.startswith("y: ")] == []
