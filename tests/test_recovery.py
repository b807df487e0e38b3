"""Whatever came before, a window's MI is that of a monitor that started with it, at the latest one window later.

The right values of the field's cases are entropies of a proportion, or scikit-learn's of the very same window.
"""

import math
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import mutual_info_score

from streammi import Categories, EdgeBins, JointWindow, Monitor, PairBatch, QuantileBins, Reading, analyse, rolling_mi
from streammi.config import MonitorConfig, bins, span
from streammi.core.bins.binning import SpanBins
from streammi.core.bins.number import wanted_bins
from streammi.core.information import estimators
from streammi.core.information.lags import LagBank
from streammi.interop.river import RollingMutualInformation

sys.path.insert(0, str(Path(__file__).parents[1] / "scripts"))

import histories


def entropy_bits(*shares: float) -> float:
    return -sum(p * math.log2(p) for p in shares if p > 0)


def identical_bits(x: np.ndarray) -> float:
    """The MI of a discrete signal with itself, by scikit-learn."""
    return float(mutual_info_score(x, x)) / math.log(2)


def readings(x: np.ndarray, y: np.ndarray, **settings: object) -> list[Reading]:
    monitor = Monitor(MonitorConfig(**({"window": span(1000), "every": span(500)} | settings)))
    outputs = [o for a in range(0, x.size, 317) for o in monitor.feed(PairBatch(x=x[a : a + 317], y=y[a : a + 317]))]
    return [reading for _, reading in outputs if isinstance(reading, Reading)]


def events(n: int, share: float, start: int = 1000) -> np.ndarray:
    rng = np.random.default_rng(1)
    return np.where(np.arange(n) >= start, rng.random(n) < share, False).astype(float)


@pytest.mark.parametrize("kind", ["auto", "8", "uniform", "uniform:16"])
@pytest.mark.parametrize("share", [0.3, 0.03])
@pytest.mark.parametrize("window", [500, 1000])
def test_events_after_a_silence(kind: str, share: float, window: int) -> None:
    """0.861 bit of events in 30 % of the pairs, 0.26 of events in 3 %."""
    x = events(6000, share)
    said = readings(x, 2 * x, bins=bins(kind), window=span(window), null=99)
    for reading in said:
        if reading.pairs >= 1000 + window:
            held = x[reading.pairs - window : reading.pairs]
            assert reading.mi == pytest.approx(identical_bits(held), abs=1e-9)
    assert said[-1].p == 0.01
    assert said[-1].mi == pytest.approx(entropy_bits(share, 1 - share), abs=0.07)


def test_one_third_after_a_silence() -> None:
    window = JointWindow(QuantileBins(), QuantileBins(), 500)
    for i in range(3000):
        value = float(i >= 1000 and i % 3 == 0)
        window.update(value, value)
    assert window.mi == pytest.approx(entropy_bits(1 / 3, 2 / 3), abs=0.002)  # 0.917


@pytest.mark.parametrize("share", [0.4, 0.01])
def test_on_and_off_after_a_silence(share: float) -> None:
    """40 on and 60 off, or 1 on and 99 off, over and over."""
    k = np.arange(4000)
    x = ((k % 100 < 100 * share) & (k >= 1000)).astype(float)
    assert readings(x, x)[-1].mi == pytest.approx(entropy_bits(share, 1 - share), abs=1e-9)


@pytest.mark.parametrize("silence", [2000, 2345])
@pytest.mark.parametrize("rule", [QuantileBins(), QuantileBins(5), SpanBins(), SpanBins(9)])
def test_active_silent_and_active_again(rule: QuantileBins | SpanBins, silence: int) -> None:
    rng = np.random.default_rng(3)
    x = rng.normal(size=6000)
    x[1500 : 1500 + silence] = 0.25
    y = x + rng.normal(0, 0.3, x.size) * (x != 0.25)
    window = JointWindow(rule, rule, 1000)
    for end in range(100, 6001, 100):
        window.extend(x[end - 100 : end], y[end - 100 : end])
        if end >= 1500 + silence + 1100:
            fresh = JointWindow(rule, rule, 1000)
            fresh.extend(x[end - 1000 : end], y[end - 1000 : end])
            assert window.mi == pytest.approx(fresh.mi, abs=0.2)


CHANGES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "quiet before": lambda x: np.where(np.arange(x.size) < 2300, 1e-9 * x, x),
    "stuck before": lambda x: np.where(np.arange(x.size) < 2300, 7.0, x),
    "a millionth before": lambda x: np.where(np.arange(x.size) < 2300, x, 1e6 * x),
    "a million times before": lambda x: np.where(np.arange(x.size) < 2300, 1e6 * x, x),
    "another level before": lambda x: np.where(np.arange(x.size) < 2300, x, x + 1000),
    "the other sign before": lambda x: np.where(np.arange(x.size) < 2300, abs(x), -abs(x)),
    "two levels before": lambda x: np.where(np.arange(x.size) < 2300, x > 0, x),
    "two levels now": lambda x: np.where(np.arange(x.size) < 2300, x, x > 0),
    "steps now": lambda x: np.where(np.arange(x.size) < 2300, x, np.round(x)),
    "spikes now": lambda x: np.where(np.arange(x.size) < 2300, 0, np.where(x > 2.33, x, 0)),
    "nothing before": lambda x: np.where(np.arange(x.size) < 2300, np.nan, x),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("rule", [QuantileBins(), QuantileBins(8), SpanBins(), SpanBins(8)])
@pytest.mark.parametrize("size", [200, 1000, "10s"])
def test_one_window_after_a_change(change: str, rule: QuantileBins | SpanBins, size: int | str) -> None:
    """At 2,300, in the midst of windows of 200 and of 1,000 pairs."""
    rng = np.random.default_rng(5)
    base, n = rng.normal(size=5000), size if isinstance(size, int) else 1000
    x, y = CHANGES[change](base), CHANGES[change](base + rng.normal(0, 0.3, 5000))
    t = None if isinstance(size, int) else 0.01 * np.arange(5000)
    window, start = JointWindow(rule, rule, size), 0
    for end in range(2300 + n + n // 16, 5001, n // 2):
        window.extend(x[start:end], y[start:end], None if t is None else t[start:end])
        start = end
        fresh = JointWindow(rule, rule, n)
        fresh.extend(x[end - n : end], y[end - n : end])
        now, then = window.reading(), fresh.reading()
        assert now is not None
        assert then is not None
        allowed = max(0.05, 3 * (then.stderr or 0.0)) + 3 * 14 / (n * math.log(2))
        assert abs(now.mi - then.mi) <= allowed
        assert now.mi > 0 or then.mi <= allowed


def test_delays_and_partners_are_counted_by_the_new_bins() -> None:
    rng = np.random.default_rng(6)
    x = np.where(np.arange(8000) < 3100, 0.0, rng.normal(size=8000))
    y = np.roll(x, 7)
    window, bank = JointWindow(QuantileBins(4), QuantileBins(4), 500), LagBank([0, 7])
    window.follow(bank)
    window.extend(x, y)
    assert window.reading().epoch > 1
    assert bank.mi(estimators.table("plugin", 500, 40)).tolist() == pytest.approx([0, 2], abs=0.15)
    said = readings(x, y, window=span(500), lags=(-10, 10), null=99)[-1]
    assert said.peak_lag == 7
    assert said.peak_p <= 0.05
    found = analyse(x, y, window=500, lags=(-10, 10), null=0)
    assert found.rolling[-1].peak_lag == 7
    assert found.rolling[-1].peak_mi > 1.5


def test_rolling_mi_and_river_recover_too() -> None:
    x = events(4000, 0.3)
    right = identical_bits(x[-500:])
    assert rolling_mi(x, x, 500, QuantileBins(), QuantileBins())[-1] == pytest.approx(right, abs=1e-9)
    statistic = RollingMutualInformation(500, estimator="plugin")
    for value in x.tolist():
        statistic.update(value, value)
    assert statistic.get() == pytest.approx(right, abs=1e-9)


@pytest.mark.parametrize("factor", [10.0, 0.1])
def test_as_many_bins_as_a_changed_rate_asks_for(factor: float) -> None:
    """A window of 10 s whose rate grows tenfold, or falls to a tenth."""
    rng = np.random.default_rng(7)
    t = np.concatenate([0.01 * np.arange(3000), 30 + 0.01 / factor * np.arange(int(3000 * factor))])
    x = rng.normal(size=t.size)
    window = JointWindow(QuantileBins(), QuantileBins(), "10s")
    within = t < 41
    window.extend(x[within], 2 * x[within], t[within])
    n = window.n
    assert window.x_counts.size == pytest.approx(wanted_bins(n, math.inf), rel=0.25)
    assert window.mi == pytest.approx(math.log2(window.x_counts.size), abs=0.1)


@pytest.mark.parametrize("rule", [QuantileBins(), QuantileBins(6), SpanBins(8)])
@pytest.mark.parametrize("size", [60, 700, "3s"])
def test_when_bins_are_learnt_depends_on_the_samples_alone(rule: QuantileBins | SpanBins, size: int | str) -> None:
    rng = np.random.default_rng(8)
    x = np.concatenate([rng.normal(size=700), np.zeros(1100), 1e6 * rng.random(900), rng.normal(size=1300)])
    x[rng.random(x.size) < 0.02] = np.nan
    y = x**2
    t = np.cumsum(np.where(np.arange(x.size) < 2000, 0.01, 0.05))
    times = t if isinstance(size, str) else None
    whole = JointWindow(rule, rule, size)
    whole.extend(x, y, times)
    for pieces in (lambda: 1, lambda: 7, lambda: int(rng.integers(1, 400))):
        window, start = JointWindow(rule, rule, size), 0
        while start < x.size:
            part = slice(start, start + pieces())
            window.extend(x[part], y[part], None if times is None else times[part])
            start = part.stop
            if rng.random() < 0.05:
                window = JointWindow.from_bytes(window.to_bytes())
        assert window == whole


def test_a_window_longer_than_what_comes() -> None:
    """It is never full: its bins are learnt at each doubling, whatever was before."""
    x = events(1100, 0.3, start=300)
    window = JointWindow(QuantileBins(), QuantileBins(), 5000)
    window.extend(x, x)
    assert window.mi == pytest.approx(identical_bits(x), abs=1e-9)


@pytest.mark.parametrize("rule", [QuantileBins(), QuantileBins(8), SpanBins(8)])
def test_a_signal_that_does_not_change_keeps_its_bins(rule: QuantileBins | SpanBins) -> None:
    rng = np.random.default_rng(9)
    x = rng.normal(20, 2, 24_800)
    window = JointWindow(rule, rule, 1000)
    window.extend(x, x + rng.normal(0, 1, x.size))
    reading = window.reading()
    assert reading is not None
    assert reading.epoch == 1  # learnt from the first window, and never again
    assert (reading.clipped, reading.x_clipped, reading.y_clipped) == (0, 0, 0)


@pytest.mark.parametrize("rule", [QuantileBins(), QuantileBins(3), SpanBins(), SpanBins(7)])
@pytest.mark.parametrize("size", [20, 400, "4s"])
def test_the_first_values_that_are_others_are_told_apart_at_once(
    rule: QuantileBins | SpanBins, size: int | str
) -> None:
    """Of two signals that stand still but for the same few spikes, before and after a window is full."""
    n = size if isinstance(size, int) else 400
    x = np.zeros(3 * n)
    x[[n // 2 + 9, 2 * n + 5, 2 * n + n // 3]] = 1.0, -2.0, -2.5
    window, t = JointWindow(rule, rule, size), 0.01 * np.arange(x.size)
    for k, value in enumerate(x.tolist()):
        window.update(value, 2 * value, t.item(k) if isinstance(size, str) else None)
        if value:
            assert window.mi == pytest.approx(identical_bits(x[max(k + 1 - n, 0) : k + 1] != 0), abs=1e-9)


def test_only_what_is_outside_a_range_that_was_given_is_clipped() -> None:
    """x is learnt, whatever its bins, and y has a range."""
    rng = np.random.default_rng(10)
    x, y = 10 * rng.normal(size=(2, 3000)) + 10 * np.arange(3000) / 3000
    for learnt in (QuantileBins(4), SpanBins(4)):
        one, many = (JointWindow(learnt, EdgeBins([-5, 0, 5]), 400) for _ in range(2))
        many.extend(x, y)
        for a, b in zip(x.tolist(), y.tolist(), strict=True):
            one.update(a, b)
        reading = many.reading()
        assert reading is not None
        assert one == many
        assert (reading.x_clipped, reading.clipped) == (0, np.count_nonzero(abs(y) > 5))
        assert reading.y_clipped == np.count_nonzero(abs(y[-400:]) > 5)


@pytest.mark.parametrize("size", [100, 1000, "10s"])
@pytest.mark.parametrize("start", [2300, 2000])
def test_labels_of_another_time_make_room(size: int | str, start: int) -> None:
    """Eight labels at a time are told apart, one window after they have come, whatever others came before."""
    rng, n = np.random.default_rng(11), size if isinstance(size, int) else 1000
    k = rng.integers(0, 6, 5000) + 6 * (np.arange(5000) >= start) + 3 * (np.arange(5000) >= start + n // 2)
    x, t = np.array([f"state {i}" for i in k], dtype=object), 0.01 * np.arange(5000)
    times = t if isinstance(size, str) else None
    window, bank = JointWindow(Categories(limit=8), Categories(limit=8), size), LagBank([0, 30])
    window.follow(bank)
    begun = 0
    for end in range(start + n // 2 + n + n // 16, 5001, n // 2):
        while begun < end:
            part = slice(begun, min(begun + int(rng.integers(1, 700)), end))
            window.extend(x[part], x[part], None if times is None else times[part])
            begun = part.stop
        assert window.mi == pytest.approx(identical_bits(k[end - n : end]), abs=1e-9)
        assert window.reading().x_clipped == 0
        delayed = mutual_info_score(k[end - n - 30 : end - 30], k[end - n : end]) / math.log(2)
        if end - n - 30 >= start + n // 2:
            assert bank.mi(estimators.table("plugin", 1024, 40))[1] == pytest.approx(delayed, abs=1e-9)
        assert JointWindow.from_bytes(window.to_bytes()) == window


def test_random_histories() -> None:
    """Some of those of scripts/histories.py: two windows after a change there is nothing to be seen of it."""
    tally = histories.Tally()
    for seed in range(40):
        for check in histories.history(seed, windows=(100, 1000)):
            tally.add(check)
    assert tally.checks.total() > 150
    assert tally.share("steady", 2) <= 0.02
    assert tally.share("steady", 1) <= 0.03
    assert not any(zeros for (_, _, later), zeros in tally.zeros.items() if later == 2)


@pytest.mark.parametrize("rule", [QuantileBins(), QuantileBins(12), SpanBins(), SpanBins(16)])
@pytest.mark.parametrize("n", [100, 777, 2000])
@pytest.mark.parametrize("scale", [1e6, 1e-4])
def test_exactly_one_window_after_a_change_of_scale(rule: QuantileBins | SpanBins, n: int, scale: float) -> None:
    """The last pairs of before, a few of which spoil a range, are left out of what is learnt as they leave."""
    rng = np.random.default_rng(n)
    scales = np.repeat([scale, 1.0], [3 * n + 7, 2 * n - 7])
    x, noise = rng.normal(size=(2, 5 * n)) * scales
    y = x + 0.3 * noise
    window, fresh = JointWindow(rule, rule, n), JointWindow(rule, rule, n)
    for start in range(0, 4 * n + 7, 331):
        stop = min(start + 331, 4 * n + 7)
        window.extend(x[start:stop], y[start:stop])
    fresh.extend(x[3 * n + 7 : 4 * n + 7], y[3 * n + 7 : 4 * n + 7])
    now, new = window.reading(), fresh.reading()
    assert now is not None
    assert new is not None
    within = 0.15 if isinstance(rule, SpanBins) else 0.05
    assert now.mi == pytest.approx(new.mi, abs=max(within, 3 * (new.stderr or 0)))


@pytest.mark.parametrize(
    ("seed", "others"),
    [
        (411, False),
        (807, False),
        (761, False),
        (5014, True),
        (5139, True),
        (40138, False),
        (40663, False),
        (40443, True),
        (9126, True),
        (9137, True),
    ],
)
def test_histories_that_were_off(seed: int, others: bool) -> None:
    """MI was 0 for a window or two: a fall of the rate, a jump within a jump, all pairs in one of too many bins.

    Or in one bin of a range, as the value that had made it wide had left and nobody had looked yet.
    """
    signals = histories.OTHERS if others else histories.SIGNALS
    checks = list(histories.history(seed, signals=signals))
    assert [str(check) for check in checks if check.missed] == []
    assert len(checks) > 1
