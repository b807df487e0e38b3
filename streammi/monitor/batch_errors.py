"""The standard errors of a monitored pair for signals with a memory, made as often as can be afforded."""

from typing import Any, Final, TypeAlias

from streammi.config import MonitorConfig
from streammi.core.information.measures import NOT_KNOWN
from streammi.core.window.joint_window import JointWindow
from streammi.monitor.costly_estimates import is_often

MOST_PAIRS: Final = 1 << 17  # of a window of which a reading has them: 0.3 ms
PART: Final = 64  # of a window: a reading has them as they were when so little of it was another

Errors: TypeAlias = tuple[float | None, float | None]


class BatchErrors:
    """The errors of JointWindow.batch_errors, 8 us of 1,000 pairs, for each reading, without that each takes so long.

    Where readings follow each other closely, it is as it was a 64th of the window ago at the most: by that much of the
    window it cannot change by as much as it is off by chance, a quarter.
    """

    def __init__(self, config: MonitorConfig) -> None:
        self._estimator = config.estimator
        self._often = is_often(config)
        self._made: tuple[int, int, int] = (-1, 0, 0)  # pairs seen, and in the window, and which bins they had then
        self._errors: Errors = NOT_KNOWN

    def of_reading(self, window: JointWindow) -> Errors:
        """For the next reading; not known in windows of more than 131,072 pairs."""
        n, (pairs, n_then, epoch) = window.n, self._made
        if n > MOST_PAIRS:
            return NOT_KNOWN
        now = window.pairs, n, window.epoch
        moved = max(now[0] - pairs, abs(n - n_then)) >= n // PART
        if moved or not self._often or epoch != now[2] or pairs < 0:
            self._made, self._errors = now, self.afresh(window)
        return self._errors

    def of_snapshot(self, window: JointWindow) -> Errors:
        """For a snapshot, which changes nothing that readings say."""
        return NOT_KNOWN if window.n > MOST_PAIRS else self.afresh(window)

    def afresh(self, window: JointWindow) -> Errors:
        """As they are now."""
        return window.batch_errors(self._estimator)

    def state(self) -> list[Any]:
        """Plain values that ``restore`` takes."""
        return [self._made, self._errors]

    def restore(self, state: list[Any]) -> None:
        """Take up a saved state."""
        self._made, self._errors = tuple(state[0]), tuple(state[1])
