"""Signals that say nothing: stuck at a value, or outside its bins' range."""

from typing import Any, Final, Literal

from streammi.records import Event, EventKind, Reading
from streammi.records.verdict import LEAST_PAIRS, SATURATED, STUCK

# Of the window: that long a run of one value, and twice as long as ever, may be the beginning of a stuck input.
SUSPICIOUS_RUN: Final = 0.125
UNSATURATED: Final = 0.1  # well below SATURATED, so that what is at the limit is not reported again and again


class Input:
    """Watches one signal through the readings: stuck, saturated, recovered."""

    def __init__(self, pair: str, signal: Literal["x", "y"], fixed_bins: bool, labels: bool) -> None:
        self._pair: Final = pair
        self._signal: Final = signal
        self._fixed_bins = fixed_bins  # they stay as they are when values leave them
        self._labels = labels  # not numbers in a range
        self._run = self._longest = 1  # pairs for which the value is the same now, and was at most before
        self._pairs = 0
        self._changed = False  # it was seen to,
        self._seen_all = True  # and there is no pair that was in no window that was looked at
        self.suspicious = False
        self._stuck = self._saturated = False
        self._stuck_from = 0  # pairs seen before it stuck

    @property
    def trouble(self) -> bool:
        """True if its values say nothing of the signal now."""
        return self._stuck or self._saturated

    def update(self, reading: Reading, timestamp: float) -> list[Event]:
        """The events that a reading brings."""
        if reading.n < LEAST_PAIRS:
            return []
        [(_, constant, run, clipped)] = [side for side in reading.sides if side.name == self._signal]
        if run < self._run + reading.pairs - self._pairs and not self._stuck:  # the run seen last has ended
            self._longest = max(self._longest, self._run)
        self._changed |= run < reading.n
        self._seen_all &= reading.pairs - self._pairs <= reading.n
        seen, self._run, self._pairs = self._pairs, run, reading.pairs
        if reading.fill < 1:
            return []
        events = (
            self._stick(seen, constant, reading.n, timestamp),
            self._saturate(clipped if self._fixed_bins else 0, reading.n, timestamp),
        )
        return [event for event in events if event is not None]

    def state(self) -> dict[str, Any]:
        """Plain values and arrays that ``restore`` takes."""
        return vars(self)

    def restore(self, state: dict[str, Any]) -> None:
        """Take up a saved state."""
        vars(self).update(state)

    def _stick(self, seen: int, constant: bool, n: int, timestamp: float) -> Event | None:
        run = self._run
        unusual = run > 2 * self._longest
        self.suspicious = constant or (unusual and run >= max(SUSPICIOUS_RUN * n, 3))
        stuck = constant or (unusual and run >= STUCK * n)
        if stuck == self._stuck:
            return None
        self._stuck = stuck
        if not stuck:
            length = seen - self._stuck_from
            evidence = f"{self._signal} changes again, after {length} samples at least"
            return self._event("recovered", timestamp, length, "samples", evidence)
        self._stuck_from = self._pairs - run
        return self._event("stuck", timestamp, run, "samples", self._unchanged(run))

    def _unchanged(self, run: int) -> str:
        """The events of a run of one value, and of the signal before."""
        if not self._changed and self._seen_all:
            return f"{self._signal} has had one value from its first sample on: {self._pairs} samples so far"
        said = f"{self._signal} has not changed for {run} samples"
        if self._longest > 1:
            return f"{said}; before that the longest run seen was of {self._longest}"
        before = self._pairs - run
        if not self._changed or not before:
            return said
        return (
            f"{said}; before that it kept changing" if before > run else f"{said}; it did in the {before} before that"
        )

    def _saturate(self, outside: int, n: int, timestamp: float) -> Event | None:
        share = outside / n
        saturated = share > (UNSATURATED if self._saturated else SATURATED)
        if saturated == self._saturated:
            return None
        self._saturated = saturated
        was = "had a label beyond their limit" if self._labels else "was outside its bins' range"
        evidence = f"{self._signal} {was} in {outside} of the last {n} pairs ({share:.0%})"
        return self._event("saturated" if saturated else "recovered", timestamp, share, "share", evidence)

    def _event(self, kind: EventKind, timestamp: float, size: float | None, unit: str, evidence: str) -> Event:
        return Event(
            pair=self._pair,
            kind=kind,
            timestamp=timestamp,
            size=size,
            unit=unit,
            evidence=evidence,
            signal=self._signal,
        )
