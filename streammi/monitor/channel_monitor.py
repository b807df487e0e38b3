"""ChannelMonitor: rows of many channels in, matrices of all their pairs out. No I/O, no clock of its own."""

import math
from collections.abc import Iterator
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from streammi.config import ChannelConfig
from streammi.core.bins.binning import Bins, QuantileBins, SpanBins
from streammi.core.channels.analysis import matrices_of
from streammi.core.channels.channel_window import ChannelWindow
from streammi.monitor.cadence import Cadence
from streammi.records import ChannelMatrices, FloatArray, PairBatch, RowBatch
from streammi.records.codec import State


class ChannelMonitor:
    """Takes rows, and says the matrices of the window when they are due, by the received clock or the rows' own.

    Whether pairs depend by more than chance is found once a window's rows, which takes as long as eight matrices or
    more, and said again with each until then; so is ``untested``.

    >>> from streammi.config import Span
    >>> monitor = ChannelMonitor(ChannelConfig(names=("a", "b"), window=Span(pairs=100), every=Span(pairs=50)))
    >>> rows = np.random.default_rng(0).normal(size=(120, 2))
    >>> [(at, said.n) for at, said in monitor.feed(RowBatch(rows=rows, received=7.0))]
    [(7.0, 50), (7.0, 100)]
    """

    def __init__(self, config: ChannelConfig, *, event_time: bool = False, device: str | None = None) -> None:
        self.config, self._event_time, self._device = config, event_time, device
        self.window = ChannelWindow(bins_of(config), config.window, config.names, threads=config.threads, device=device)
        self._cadence = Cadence(config.every, event_time)
        self._test: tuple[FloatArray | None, FloatArray | None, str] = None, None, "untested"
        self._tested_at = -math.inf  # rows
        self._said_at = 0  # rows that were taken in when something was said last

    def feed(self, batch: RowBatch) -> list[tuple[float, ChannelMatrices]]:
        """Take in rows; returns what is due among them, each with its timestamp."""
        return list(self.readings(batch))

    def readings(self, batch: RowBatch) -> Iterator[tuple[float, ChannelMatrices]]:
        """Take in rows; what is due among them as the window is at it, each with its timestamp."""
        column = np.zeros(len(batch.rows))
        due = self._cadence.cuts(PairBatch(x=column, y=column, t=batch.t, received=batch.received))
        start = 0
        for stop, at in due:
            self._take(batch, start, stop)
            start = stop
            yield from self.said(at)
        self._take(batch, start, len(batch.rows))

    def said(self, at: float) -> list[tuple[float, ChannelMatrices]]:
        """The matrices of the window now, with that timestamp; nothing while it is empty."""
        window, config = self.window, self.config
        self._said_at = window.rows
        if not window.n:
            return []
        test = config.tested and window.rows - self._tested_at >= window.n and window.fill >= 1
        found = matrices_of(window, config.unit, config.estimator, tested=test, exact=False)
        if test:
            self._test, self._tested_at = (found.p, found.q, found.untested), window.rows
        p, q, untested = self._test
        return [(at, msgspec.structs.replace(found, p=p, q=q, untested=untested))]

    def is_due(self, now: float) -> bool:
        """True if ``catch_up`` has something to say at ``now``, by the received clock."""
        return self.window.rows > self._said_at and self._cadence.is_reached(now)

    def catch_up(self, now: float) -> list[tuple[float, ChannelMatrices]]:
        """The readings that are due by the received clock though no row came: of rows of which nothing was said yet."""
        return self.said(now) if self.is_due(now) and self._cadence.reached(now) else []

    def state(self) -> State:
        """Plain values and arrays that ``restore`` takes; the next test is due at once then."""
        header, arrays = self.window.state()
        return {"window": header, "cadence": self._cadence.state(), "said_at": self._said_at}, arrays

    def restore(self, header: dict[str, Any], arrays: list[NDArray[Any]]) -> None:
        """Take up a saved state: from then on it says what it would have said."""
        self.window = ChannelWindow.from_state(header["window"], arrays, self._device)
        self._cadence.restore(header["cadence"])
        self._said_at = header["said_at"]

    def _take(self, batch: RowBatch, start: int, stop: int) -> None:
        if start < stop:
            before = self.window.set_back
            self.window.extend(batch.rows[start:stop], None if batch.t is None else batch.t[start:stop])
            self._cadence.set_back(self.window.set_back - before)


def bins_of(config: ChannelConfig) -> Bins:
    """The bins of each channel, which are learnt from it."""
    return (SpanBins if config.bins.kind == "uniform" else QuantileBins)(config.bins.count)
