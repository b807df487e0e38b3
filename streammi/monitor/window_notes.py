"""Notes on a window of seconds for a person: how many pairs it holds shows only once they come."""

import math
from typing import Any, Final

from streammi.config import Span
from streammi.core.window.joint_window import JointWindow
from streammi.records.verdict import LEAST_PAIRS

LASTING: Final = (
    3  # stretches as long as the window, one after the other: a feed that begins, or begins again, is not slow
)


def never_full(span: Span, samples: int | None, seconds: float | None) -> str:
    """A note at the start on a window that a run will not fill; empty for one that it may.

    >>> from streammi.config import span
    >>> never_full(span(1000), 500, None), never_full(span("10s"), 500, 60.0)
    ('--samples 500 ends it before a window of 1000 pairs is full', '')
    """
    if samples is not None and span.pairs is not None and samples < span.pairs:
        return f"--samples {samples} ends it before a window of {span} is full"
    if seconds is not None and span.seconds is not None and seconds < span.seconds:
        return f"--seconds {seconds:g} ends it before a window of {span} is full"
    return ""


class WindowNotes:
    """Notes that a window of seconds holds too few pairs for anything to be said of them, and goes on to."""

    def __init__(self, span: Span) -> None:
        self._span = span
        self._start: tuple[float, int] | None = None  # of the stretch: by the clock of the readings (s), and pairs then
        self._few = 0  # stretches in a row that had too few pairs
        self._said = False

    def update(self, window: JointWindow, now: float) -> list[str]:
        """The notes that are due by now and were not said before; ``now`` is the time of a reading, s."""
        seconds = self._span.seconds
        if seconds is None:
            return []
        if self._start is None or now < self._start[0]:
            self._start = now, window.pairs
        lasted, came = now - self._start[0], window.pairs - self._start[1]
        if lasted < seconds:
            return []
        self._start = now, window.pairs
        self._few = self._few + 1 if came * seconds < LEAST_PAIRS * lasted else 0
        if self._said or not self._lasting:
            return []
        self._said = True
        return [f"{self._holds(window)}: too few to say anything of them; {self._enough(window.n)}"]

    @property
    def _lasting(self) -> bool:
        return self._few >= LASTING

    def words(self, window: JointWindow) -> str:
        """The fault of the window now; empty where there is none."""
        return self._holds(window) if self._lasting and window.n < LEAST_PAIRS else ""

    def _holds(self, window: JointWindow) -> str:
        return f"a window of {self._span} holds {window.n} pair{'s' * (window.n != 1)}"

    def state(self) -> dict[str, Any]:
        """Plain values and arrays that ``restore`` takes."""
        return {"few_start": self._start, "few": self._few, "few_said": self._said}

    def restore(self, state: dict[str, Any]) -> None:
        """Take up a saved state."""
        self._start, self._few, self._said = state["few_start"], state["few"], state["few_said"]

    def _enough(self, n: int) -> str:
        """The window that would hold the fewest of which anything can be said, and one for bins that tell something."""
        least, good = (math.ceil((self._span.seconds or 0.0) * pairs / max(n, 1)) for pairs in (LEAST_PAIRS, 200))
        return f"{LEAST_PAIRS} are the least (--window {least}s), some hundreds are better (--window {good}s)"
