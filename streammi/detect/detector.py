"""Detector: events from readings.

Readings of a rolling window are copies of each other, more or less, and a detector that is fed each one is a false
alarm machine. So a reading is looked at only when its window overlaps that of the one before by no more than
``overlap``. Nothing is concluded from a window that holds a stuck or saturated stretch, or the change that was just
reported.
"""

import math
from collections.abc import Callable
from typing import Any, Final, Literal, get_args

from streammi.config import DEFAULT_DETECTOR, Baseline, DetectorName
from streammi.core.information.measures import check_unit
from streammi.detect.beside_baseline import BesideBaseline
from streammi.detect.delay import Delay
from streammi.detect.inputs import Input
from streammi.detect.level import Level
from streammi.detect.observation import observation_of
from streammi.errors import ConfigError
from streammi.records import Event, FloatArray, Reading, Unit

OVERLAP: Final = 0.5  # share that two windows that are looked at may have in common


class Detector:
    """Events from readings: gained, lost, shifted, moved; of the inputs stuck, saturated and recovered.

    ``name`` is what decides on a change of the level of MI: "page-hinkley" within one or two windows, "adwin" and
    "kswin" within three to six. ``overlap`` is the largest share that two windows in a row may have in common. With
    delays in the readings the level is that of the best delay, ``lag_unit`` is theirs. ``fixed_bins`` says of x and y
    whether their bins stay as they are when values leave them: only then a signal can be saturated; ``labels`` says
    that both are labels. ``baseline`` is what is normal: MI that leaves it is found from the first look on. Raises
    ConfigError for another name or overlap.

    >>> from streammi import JointWindow, UniformBins
    >>> window, detector = JointWindow(UniformBins(0, 2, 2), UniformBins(0, 2, 2), 20), Detector(pair="a")
    >>> kinds = []
    >>> for k in range(400):
    ...     window.update(k % 2, k % 2 if k < 200 else k // 2 % 2)  # from the 200th on, y no longer depends on x
    ...     kinds += [(e.kind, e.timestamp) for e in detector.update(window.reading(), timestamp=k)]
    >>> kinds
    [('lost', 229)]
    """

    def __init__(
        self,
        name: DetectorName = DEFAULT_DETECTOR,
        pair: str = "xy",
        unit: Unit = "bit",
        *,
        overlap: float = OVERLAP,
        lag_unit: Literal["samples", "s"] = "samples",
        fixed_bins: tuple[bool, bool] = (False, False),
        labels: bool = False,
        baseline: Baseline | None = None,
    ) -> None:
        if name not in get_args(DetectorName):
            raise ConfigError("detector", ", ".join(get_args(DetectorName)), name)
        if not 0 <= overlap < 1:
            raise ConfigError("overlap", "at least 0 and below 1", overlap)
        self._step = 1 - overlap  # of a window
        self._inputs = [Input(pair, "x", fixed_bins[0], labels), Input(pair, "y", fixed_bins[1], labels)]
        self._labels = labels
        self._level = Level(name, pair, check_unit(unit))
        self.normal = None if baseline is None else BesideBaseline(pair, unit, baseline)
        self._delay = Delay(pair, lag_unit)
        self._looked_at: float = -math.inf  # pairs seen at the last reading that was looked at
        self._not_before: float = -math.inf  # pairs that must have been seen, so that the window is clean again

    def update(self, reading: Reading, timestamp: float, values: Callable[[], FloatArray] | None = None) -> list[Event]:
        """The events that a reading brings; readings in order, in the detector's unit, ``timestamp`` in seconds.

        ``values`` gives those of the reading's window, (2, n): a baseline's shape is held against them.
        """
        events = [event for one in self._inputs for event in one.update(reading, timestamp)]
        if any(one.trouble for one in self._inputs):
            # One window to be rid of it, and one for the bins to be learnt again.
            self._not_before = reading.pairs + 2 * reading.n
        if any(one.suspicious for one in self._inputs) or reading.fill < 1 or reading.pairs < self._not_before:
            return events
        if reading.pairs - self._looked_at < self._step * reading.n:
            return events
        self._looked_at = reading.pairs
        found = self._delay.update(reading, timestamp)
        if found:
            self._level.begin()  # what it saw on the way says nothing
            if self.normal is not None:
                self.normal.forget()
        elif not self._delay.unsettled:
            found = self._judge(reading, timestamp, values)
        if found:
            self._not_before = reading.pairs + reading.n
        return events + found

    def _judge(self, reading: Reading, timestamp: float, values: Callable[[], FloatArray] | None) -> list[Event]:
        """The change of level to be said: beside the baseline, or, outside it or where there is none, by itself."""
        observed, normal = observation_of(reading), self.normal
        # Of labels there is no shape, and where delays are looked at it is that of another delay.
        shown = None if normal is None or values is None or self._labels or reading.peak_mi is not None else values()
        if normal is not None and normal.watches:
            return normal.update(observed, reading, timestamp, shown)
        found = self._level.update(observed, reading, timestamp)
        if normal is not None and normal.follow(observed, found, shown):
            self._level.begin()
        return found

    def state(self) -> dict[str, Any]:
        """The state that ``restore`` needs: plain values, which are copied before the next reading."""
        parts = {"inputs": [one.state() for one in self._inputs], "level": self._level.state()}
        own: dict[str, Any] = {"looked_at": self._looked_at, "not_before": self._not_before}
        own["normal"] = None if self.normal is None else self.normal.state()
        return parts | {"delay": self._delay.state()} | own

    def restore(self, state: dict[str, Any]) -> None:
        """Take up the saved state of a detector with the same settings."""
        for one, saved in zip(self._inputs, state["inputs"], strict=True):
            one.restore(saved)
        self._level.restore(state["level"])
        self._delay.restore(state["delay"])
        self._looked_at, self._not_before = state["looked_at"], state["not_before"]
        if self.normal is not None:
            self.normal.restore(state["normal"])
