"""Spearman's r of one monitored pair, as often as it can be afforded."""

from typing import Any, Final

import msgspec

from streammi.config import MonitorConfig
from streammi.core.information import measures
from streammi.core.window.joint_window import JointWindow
from streammi.records import Reading

# The ranks take 80 us of 1,000 pairs, 1.6 ms of 20,000, 19 ms of 200,000.
MOST_IN_READING: Final = 20_000  # pairs up to which a reading has it,
MOST_IN_SNAPSHOT: Final = 200_000  # and a snapshot, as it was a 64th of the window ago at the most
SELDOM: Final = 0.01  # s between readings from which on each of them has it; closer ones a 64th of the window apart


class SpearmanSchedule:
    """Spearman's r of the window's own values; of labels there is none. Snapshots change nothing that readings say."""

    def __init__(self, config: MonitorConfig) -> None:
        self._labels = config.bins.kind == "categories"
        every = config.every.seconds
        self._often = every is None or every < SELDOM
        self._made: tuple[int, float | None] = (-1, None)  # pairs seen when it was computed, and the value
        self._said = 0  # pairs seen at the last reading that had it

    def of_reading(self, reading: Reading, window: JointWindow) -> Reading:
        """The window's reading with it, but not of a long window, or more often than it can be afforded."""
        n = reading.n
        too_soon = self._often and reading.pairs - self._said < n // 64
        if n > MOST_IN_READING or self._labels or too_soon:
            return reading
        self._said = reading.pairs
        return self._with(reading, window, moved=1)

    def of_snapshot(self, reading: Reading, window: JointWindow) -> Reading:
        """The window's reading with it, as a snapshot shows it."""
        if reading.n > MOST_IN_SNAPSHOT or self._labels:
            return reading
        return self._with(reading, window, moved=1 if reading.n <= MOST_IN_READING else reading.n // 64)

    def state(self) -> dict[str, Any]:
        """Plain values and arrays that ``restore`` takes."""
        return {"spearman": self._made, "ranked": self._said}

    def restore(self, state: dict[str, Any]) -> None:
        """Take up a saved state."""
        self._made, self._said = state["spearman"], state["ranked"]

    def _with(self, reading: Reading, window: JointWindow, moved: int) -> Reading:
        """With it newly made, where ``moved`` pairs have come since it was made last."""
        if self._made[0] < 0 or reading.pairs - self._made[0] >= moved:
            self._made = (reading.pairs, measures.spearman(*window.values))
        return msgspec.structs.replace(reading, spearman_r=self._made[1])
