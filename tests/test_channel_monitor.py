"""A monitor of many channels: what it says when, and that pieces and pauses change nothing of it."""

import numpy as np
import pytest

from streammi import ConfigError
from streammi.config import BinsConfig, ChannelConfig, Span
from streammi.core.bins.binning import QuantileBins
from streammi.core.channels.channel_window import ChannelWindow
from streammi.monitor import ChannelMonitor
from streammi.publish.matrices import snapshot_of
from streammi.records import ChannelMatrices, RowBatch
from streammi.records.pair_words import pair_words

NAMES = tuple("abcd")


def rows_of(n: int) -> np.ndarray:
    rows = np.random.default_rng(2).normal(size=(n, 4))
    rows[:, 1] += 2 * rows[:, 0]
    rows[::9, 3] = np.nan
    return rows


def same(first: list[tuple[float, ChannelMatrices]], second: list[tuple[float, ChannelMatrices]]) -> None:
    assert [at for at, _ in first] == [at for at, _ in second]
    for (_, a), (_, b) in zip(first, second, strict=True):
        for name in ("mi", "r", "pairs", "p", "q"):
            np.testing.assert_array_equal(getattr(a, name), getattr(b, name))


@pytest.mark.parametrize(
    ("window", "every", "times"),
    [(Span(pairs=200), Span(pairs=70), False), (Span(seconds=20.0), Span(seconds=5.0), True)],
)
def test_what_it_says_is_what_its_window_says_then(window: Span, every: Span, times: bool) -> None:
    config = ChannelConfig(names=NAMES, window=window, every=every)
    rows, t = rows_of(900), np.arange(900) / 10 if times else None
    whole = ChannelMonitor(config, event_time=True).feed(RowBatch(rows=rows, t=t))
    pieces, monitor = [], ChannelMonitor(config, event_time=True)
    for start in range(0, 900, 41):
        part = slice(start, start + 41)
        pieces += monitor.feed(RowBatch(rows=rows[part], t=None if t is None else t[part]))
    same(whole, pieces)
    for at, said in whole:
        count = int(at) if t is None else int(np.searchsorted(t, at, side="right"))
        own = ChannelWindow(QuantileBins(8), window, NAMES)
        own.extend(rows[:count], None if t is None else t[:count])
        np.testing.assert_array_equal(said.mi, own.matrix("mi_corrected"))
        assert said.n == own.n
    tested = [said for _, said in whole if said.q is not None]
    assert whole[0][1].untested == "untested"
    assert tested
    assert all(said.edges(0.05).tolist() == [[0, 1]] for said in tested)


def test_it_goes_on_from_its_state() -> None:
    config = ChannelConfig(names=NAMES, window=Span(pairs=150), every=Span(pairs=40), tested=False)
    rows = rows_of(600)
    first, second = ChannelMonitor(config), ChannelMonitor(config)
    first.feed(RowBatch(rows=rows[:333], received=1.0))
    second.restore(*first.state())
    said = [monitor.feed(RowBatch(rows=rows[333:], received=2.0)) for monitor in (first, second)]
    assert [at for at, _ in said[0]] == [at for at, _ in said[1]] == [2.0] * 7
    for (_, a), (_, b) in zip(*said, strict=True):
        np.testing.assert_array_equal(a.mi, b.mi)
        assert a.p is None


def test_settings_that_cannot_work_are_refused() -> None:
    with pytest.raises(ConfigError, match="bins must be auto"):
        ChannelConfig(names=("a",), bins=BinsConfig(kind="categories"))
    with pytest.raises(ConfigError, match="unit must be bit"):
        ChannelConfig(names=("a",), unit="byte")  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="estimator must be one of"):
        ChannelConfig(names=("a",), estimator="best")  # type: ignore[arg-type]


@pytest.mark.parametrize("gaps", [False, True])
def test_a_pair_with_a_constant_channel_is_said_to_be_constant(gaps: bool) -> None:
    """It was said to be untested: that is also what a pair of slow channels is."""
    rng = np.random.default_rng(1)
    rows = rng.normal(size=(1000, 3))
    rows[:, 1] = 4.5
    rows[: 300 * gaps, 1] = np.nan
    monitor = ChannelMonitor(ChannelConfig(names=("a", "b", "c"), window=Span(pairs=1000), every=Span(pairs=1000)))
    ((at, found),) = monitor.feed(RowBatch(rows=rows, received=7.0))
    snapshot = snapshot_of(found, name="channels", run=1, seq=1, timestamp=at, fdr=0.05, links=(), rows=1000, fill=1.0)
    assert [word for word, _ in pair_words(snapshot, np.arange(3))] == ["constant", "chance", "constant"]
