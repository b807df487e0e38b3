"""One side of a join: what has arrived and is still waiting, in the order of its time, and what became of the rest."""

from collections import deque
from datetime import UTC, datetime
from statistics import median
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from streammi.records import FloatArray, Tally

RESTART_AFTER: Final = 100  # late samples in a row: the clock did not falter, it was set back
LAGS_KEPT: Final = 101  # batches over which the lag is taken
SAVED: Final = (
    "t", "values", "used", "steps", "restarts", "_newest", "_seen", "_late_run", "_closed_t", "_counts",
)  # fmt: skip

Values = NDArray[np.generic]


class ClockStep(msgspec.Struct, frozen=True):
    """A time that went back by more than the lateness: at which sample with a time (from 0), from when to when, s."""

    sample: int
    before: float
    after: float

    def __str__(self) -> str:
        when = datetime.fromtimestamp(self.before, UTC).isoformat() if abs(self.before) < 1e11 else f"{self.before:g}"
        return f"by {self.before - self.after:.10g} s at {when} (sample {self.sample})"


class Side:
    """Samples of one source that wait for partners: ``t`` (n,) ascending and, of one time, in the order they came.

    ``used`` (n,) says which are in a pair already and stay only because a later sample must be compared to them.
    """

    def __init__(self, lateness_s: float) -> None:
        self.t: FloatArray = np.empty(0)
        self.values: Values = np.empty(0)
        self.used = np.empty(0, dtype=bool)
        self.steps = 0  # how often the clock stepped back
        self.last_step: ClockStep | None = None
        self.restarts = 0  # of these, how often it stayed there
        self._lateness = lateness_s
        self._newest = -np.inf
        self._seen = 0  # samples with a time
        self._late_run = 0
        self._closed_t = np.nan  # time of the last sample that left
        self._counts = dict.fromkeys(("received", "paired", "unmatched", "late", "duplicate", "dropped"), 0)
        self._lags: deque[float] = deque(maxlen=LAGS_KEPT)

    @property
    def tally(self) -> Tally:
        """The fate of the samples so far."""
        return Tally(**self._counts, pending=int(np.count_nonzero(~self.used)))

    @property
    def note(self) -> str:
        """The steps of its clock, in words; empty when it never stepped back."""
        if not self.steps:
            return ""
        stayed = f", and was taken as set back {_times(self.restarts)}" if self.restarts else ""
        return f"stepped back {_times(self.steps)}, last {self.last_step}{stayed}"

    @property
    def newest(self) -> float:
        """The newest time so far, s; -inf before there was one."""
        return self._newest

    @property
    def watermark(self) -> float:
        """No sample older than this is let in any more, s."""
        return self._newest - self._lateness

    @property
    def lag_s(self) -> float | None:
        """Median of receive time minus sample time over the last batches; None before the first with both."""
        return median(self._lags) if self._lags else None

    def received(self, n: int, dropped: int, lag: float | None) -> None:
        """Count ``n`` samples, of which some are dropped at once."""
        self._counts["received"] += n
        self._counts["dropped"] += dropped
        if lag is not None and np.isfinite(lag):
            self._lags.append(lag)

    def add(self, values: Values, t: FloatArray) -> int:
        """Let samples in, or count them as late; returns how many, fewer than n when the clock turns out to be reset.

        The caller then settles what is waiting, calls ``restart`` and goes on with the rest.
        """
        newest = np.maximum.accumulate(np.concatenate(([self._newest], t)))
        late = t < newest[:-1] - self._lateness
        if late.any():
            n = self._judge(late, t, newest)
        else:
            n, self._late_run = len(t), 0
        self._newest = float(newest[n])
        self._seen += n
        on_time = ~late[:n]
        self._insert(values[:n][on_time], t[:n][on_time])
        return n

    def state(self) -> dict[str, Any]:
        """Plain values and arrays that ``restore`` takes; they are copied before more samples come."""
        step = None if self.last_step is None else msgspec.structs.astuple(self.last_step)
        return {name: getattr(self, name) for name in SAVED} | {"last_step": step, "_lags": list(self._lags)}

    def restore(self, state: dict[str, Any]) -> None:
        """Take up a saved state."""
        for name in SAVED:
            setattr(self, name, state[name])
        self.used = self.used.copy()  # it is written to
        self.last_step = None if state["last_step"] is None else ClockStep(*state["last_step"])
        self._lags.extend(state["_lags"])

    def restart(self) -> None:
        """Begin anew at any time; nothing may be waiting."""
        self._newest, self._closed_t, self._late_run = -np.inf, np.nan, 0

    def pair(self, rows: NDArray[np.intp]) -> None:
        """Count these waiting samples as paired, each once however often it is in a pair."""
        before = np.count_nonzero(self.used)
        self.used[rows] = True
        self._counts["paired"] += int(np.count_nonzero(self.used) - before)

    def close(self, n: int) -> None:
        """Let the oldest ``n`` go; those that are in no pair count as duplicate or unmatched."""
        if not n:
            return
        same = self.t[:n] == np.concatenate(([self._closed_t], self.t[: n - 1]))
        alone = ~self.used[:n]
        self._counts["duplicate"] += int(np.count_nonzero(alone & same))
        self._counts["unmatched"] += int(np.count_nonzero(alone & ~same))
        self._forget(n)

    def trim(self, limit: int) -> None:
        """Drop the oldest beyond ``limit``."""
        excess = len(self.t) - limit
        if excess > 0:
            self._counts["dropped"] += int(np.count_nonzero(~self.used[:excess]))
            self._forget(excess)

    def _forget(self, n: int) -> None:
        self._closed_t = float(self.t[n - 1])
        # Copies: a view would keep the whole of what was ever concatenated.
        self.t, self.values, self.used = self.t[n:].copy(), self.values[n:].copy(), self.used[n:].copy()

    def _insert(self, values: Values, t: FloatArray) -> None:
        if not len(t):
            return
        ordered = not len(self.t) or t[0] >= self.t[-1]
        self.values = np.concatenate((self.values, values)) if len(self.t) else values
        self.t = np.concatenate((self.t, t))
        self.used = np.concatenate((self.used, np.zeros(len(t), dtype=bool)))
        if not ordered or (t[1:] < t[:-1]).any():
            order = np.argsort(self.t, kind="stable")
            self.t, self.values, self.used = self.t[order], self.values[order], self.used[order]

    def _judge(self, late: NDArray[np.bool_], t: FloatArray, newest: FloatArray) -> int:
        """Count late samples and clock steps one by one (few); returns where the clock turns out to be set back."""
        for row in range(len(t)):
            if not late[row]:
                self._late_run = 0
                continue
            if not self._late_run:
                self.steps += 1
                self.last_step = ClockStep(self._seen + row, float(newest[row]), float(t[row]))
            self._late_run += 1
            if self._late_run >= RESTART_AFTER:
                self.restarts += 1
                return row
            self._counts["late"] += 1
        return len(t)


def _times(n: int) -> str:
    return "once" if n == 1 else f"{n} times"
