"""Moves of the delay at which MI is largest."""

from statistics import median
from typing import Any, Final, Literal

from streammi.detect.level import CALIBRATION
from streammi.detect.usual_readings import MEMORY
from streammi.records import Event, Reading
from streammi.records.verdict import is_dependent_with_delay


class Delay:
    """Watches the delay of the largest MI through the readings: moved."""

    def __init__(self, pair: str, unit: Literal["samples", "s"]) -> None:
        self._pair: Final = pair
        self._unit: Final = unit
        self._lags: list[float] = []
        self._new: list[float] = []  # readings in a row at another delay

    @property
    def unsettled(self) -> bool:
        """True if the newest reading was at an unusual delay that may be a new one: its MI is in transition too."""
        return bool(self._new)

    def update(self, reading: Reading, timestamp: float) -> list[Event]:
        """The events that a reading brings."""
        lag, peak = reading.peak_lag, reading.peak_mi
        if lag is None or peak is None or not is_dependent_with_delay(reading):
            self._new = []
            return []
        if len(self._lags) < CALIBRATION - 1:
            self._lags.append(lag)
            return []
        usual = median(self._lags)
        tolerance = max(1.5 * self._sample(reading), 4 * median(abs(v - usual) for v in self._lags))
        if abs(lag - usual) <= tolerance:
            self._lags, self._new = [*self._lags[-MEMORY:], lag], []
            return []
        self._new = [v for v in self._new if abs(v - lag) <= tolerance] + [lag]
        if len(self._new) < 2:
            return []
        self._lags, self._new = self._new, []
        now, before = self._where(lag, "follows", "is"), self._where(usual, "followed", "was")
        evidence = f"MI is largest ({peak:.3g} {reading.unit}) where {now}; before, where {before}"
        return [
            Event(
                pair=self._pair,
                kind="moved",
                timestamp=timestamp,
                size=lag - usual,
                unit=self._unit,
                evidence=evidence,
            )
        ]

    def state(self) -> dict[str, Any]:
        """Plain values and arrays that ``restore`` takes."""
        return vars(self)

    def restore(self, state: dict[str, Any]) -> None:
        """Take up a saved state."""
        vars(self).update(state)

    def _where(self, lag: float, follows: str, is_: str) -> str:
        if lag == 0:
            return f"neither signal {is_} delayed"
        first, second = ("y", "x") if lag > 0 else ("x", "y")
        return f"{first} {follows} {second} by {abs(lag):g} {self._unit}"

    def _sample(self, reading: Reading) -> float:
        """One sample in the delays' unit."""
        if self._unit == "samples" or reading.t0 is None or reading.t1 is None or reading.n < 2:
            return 1.0
        return (reading.t1 - reading.t0) / (reading.n - 1)
