"""When something is due: every so many samples, or every so many seconds of one clock or the other."""

import numpy as np

from streammi.config import Span
from streammi.errors import ConfigError
from streammi.records import FloatArray, PairBatch


class Cadence:
    """When a reading is due: every N samples, or every so many seconds of the received or the event clock."""

    def __init__(self, every: Span, event_time: bool) -> None:
        self._every, self._event_time = every, event_time
        self._samples = 0
        self._due = -np.inf
        self._newest = -np.inf

    def state(self) -> list[float]:
        """What ``restore`` needs."""
        return [self._samples, self._due, self._newest]

    def restore(self, state: list[float]) -> None:
        """Take up a saved state."""
        self._samples, self._due, self._newest = int(state[0]), state[1], state[2]

    def cuts(self, batch: PairBatch) -> list[tuple[int, float]]:
        """Where in the batch a reading is due: (samples before it, its timestamp)."""
        n = batch.x.size
        if self._every.pairs is not None:
            first, before = self._every.pairs - self._samples % self._every.pairs, self._samples
            self._samples += n
            return [(k, self._stamp(batch, k, before)) for k in range(first, n + 1, self._every.pairs)]
        assert self._every.seconds is not None
        if not self._event_time:
            return self._by_received(batch, self._every.seconds)
        if batch.t is None:
            raise ConfigError("--every", "a number of samples where the samples have no timestamps", str(self._every))
        return self._by_event_time(batch.t, self._every.seconds)

    def _stamp(self, batch: PairBatch, k: int, before: int) -> float:
        """The time of the batch's k-th sample; where event time is wanted and there is none, its number."""
        if not self._event_time:
            return batch.received
        return float(before + k) if batch.t is None else float(batch.t[k - 1])

    def _by_received(self, batch: PairBatch, seconds: float) -> list[tuple[int, float]]:
        # Due in more than a whole interval: the clock was set back, and nobody is to wait until it is there again.
        if not batch.x.size or self._due - seconds <= batch.received < self._due:
            return []
        late = (batch.received - self._due) // seconds if np.isfinite(self._due) else np.nan
        self._due = self._due + (late + 1) * seconds if 0 <= late < 1000 else batch.received + seconds
        return [(batch.x.size, batch.received)]

    def _by_event_time(self, t: FloatArray, seconds: float) -> list[tuple[int, float]]:
        """A reading when the samples' clock first reaches a due time, of the samples before it."""
        clock = np.maximum.accumulate(np.where(np.isfinite(t), t, self._newest))
        np.maximum(clock, self._newest, out=clock)
        cuts: list[tuple[int, float]] = []
        k = 0
        while k < clock.size:
            if not np.isfinite(self._due):
                self._due = float(clock[k]) + seconds
            k += int(np.searchsorted(clock[k:], self._due))
            if k < clock.size:
                cuts.append((k, float(clock[k - 1]) if k else float(self._newest)))
                self._due += (float(clock[k] - self._due) // seconds + 1) * seconds
        self._newest = float(clock[-1]) if clock.size else self._newest
        return cuts
