"""When something is due: every so many samples, or every so many seconds of one clock or the other."""

import math

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
        """Plain values and arrays that ``restore`` takes."""
        return [self._samples, self._due, self._newest]

    def restore(self, state: list[float]) -> None:
        """Take up a saved state."""
        self._samples, self._due, self._newest = int(state[0]), state[1], state[2]

    def set_back(self, seconds: float) -> None:
        """The samples' clock was set back by so much: what is due by it is due as much earlier."""
        if self._event_time:
            self._due, self._newest = self._due - seconds, self._newest - seconds

    @property
    def waits(self) -> bool:
        """True if it takes the next sample to know that something was due before it: the one that moves the clock."""
        return self._every.seconds is not None and self._event_time

    @property
    def due(self) -> float | None:
        """When a reading by the received clock is due next, s; None where none is due by it."""
        return None if self._every.seconds is None or self._event_time else self._due

    def is_reached(self, now: float) -> bool:
        """True if a reading is due by the received clock, which is at ``now``."""
        seconds = self._every.seconds
        # Due in more than a whole interval: the clock was set back, and nobody is to wait until it is there again.
        return not (seconds is None or self._event_time or self._due - seconds <= now < self._due)

    def reached(self, now: float) -> bool:
        """True if a reading is due by the received clock, which is at ``now``; if so, the next one is due later."""
        seconds = self._every.seconds
        if seconds is None or not self.is_reached(now):
            return False
        late = (now - self._due) // seconds if np.isfinite(self._due) else np.nan
        self._due = self._due + (late + 1) * seconds if 0 <= late < 1000 else now + seconds
        return True

    def cuts(self, batch: PairBatch, *, ends: bool = True) -> list[tuple[int, float]]:
        """Where in the batch a reading is due: (samples before it, its timestamp). A time that is not finite is none.

        The received clock has one value a batch, and a reading by it has the whole of it: a part of a batch that is not
        its end (``ends``) has none.
        """
        if self._every.pairs is not None:
            return self._by_samples(batch, self._every.pairs)
        assert self._every.seconds is not None
        if not self._event_time:
            return [(batch.x.size, batch.received)] if ends and batch.x.size and self.reached(batch.received) else []
        if batch.t is None:
            raise ConfigError("--every", "a number of samples where the samples have no timestamps", str(self._every))
        return self._by_event_time(batch.t, self._every.seconds)

    def _by_samples(self, batch: PairBatch, every: int) -> list[tuple[int, float]]:
        """A reading every so many samples, at the samples' clock if that is wanted; by their numbers until it runs."""
        before, n = self._samples, batch.x.size
        self._samples += n
        places = range(every - before % every, n + 1, every)
        if not self._event_time:
            return [(k, batch.received) for k in places] if places else []
        clock = np.full(n, -np.inf) if batch.t is None else self._clock(batch.t)
        return [(k, clock.item(k - 1) if clock[k - 1] > -np.inf else float(before + k)) for k in places]

    def _by_event_time(self, t: FloatArray, seconds: float) -> list[tuple[int, float]]:
        """A reading when the samples' clock first reaches a due time, of the samples before it."""
        before, clock = self._newest, self._clock(t)
        cuts: list[tuple[int, float]] = []
        k = int(np.searchsorted(clock, -np.inf, side="right"))  # before it no sample has had a time
        while k < clock.size:
            now = clock.item(k)
            if self._due == -np.inf:
                self._due = _after(now, now + seconds)
            elif now >= self._due:
                cuts.append((k, clock.item(k - 1) if k else before))
                self._due = _after(now, self._due + ((now - self._due) // seconds + 1) * seconds)
            k += int(np.searchsorted(clock[k:], self._due))
        return cuts

    def _clock(self, t: FloatArray) -> FloatArray:
        """The samples' clock: the largest time so far of times (n,) and of those before; -inf until there is one."""
        clock: FloatArray = np.maximum.accumulate(np.where(np.isfinite(t), t, self._newest))
        np.maximum(clock, self._newest, out=clock)
        self._newest = clock.item(-1) if clock.size else self._newest
        return clock


def _after(now: float, due: float) -> float:
    """``due``, or, where times are so large that a step is lost in their rounding, the next time there is."""
    return due if now < due < math.inf else math.nextafter(now, math.inf)
