"""The detector of one monitored pair, and when it looks for changes."""

import math
from typing import Final, Literal

import numpy as np

from streammi.config import MonitorConfig, Span
from streammi.core.bins.binning import QuantileBins
from streammi.detect.detector import OVERLAP, Detector
from streammi.monitor.bins import bins_for
from streammi.monitor.cadence import Cadence
from streammi.records import PairBatch

LOOK_SECONDS: Final = 0.01  # between two looks: at 25 us each, 130 with a null, 1 % of a core


def detector_for(config: MonitorConfig) -> Detector | None:
    """The detector that the settings name, if any."""
    if config.detector is None:
        return None
    x, y = bins_for(config)
    fixed = (not isinstance(x, QuantileBins), not isinstance(y, QuantileBins))
    # Windows of a duration do not hold equally many pairs each.
    overlap = OVERLAP if config.window.pairs else OVERLAP + 0.05
    lag_unit: Literal["samples", "s"] = "samples" if config.window.pairs else "s"
    labels = config.bins.kind == "categories"
    return Detector(
        config.detector,
        config.pair,
        config.unit,
        overlap=overlap,
        lag_unit=lag_unit,
        fixed_bins=fixed,
        labels=labels,
        baseline=config.baseline,
    )


class DetectionSchedule:
    """When to look: at windows that overlap by as much as a detector can take, whatever is said how often.

    A live feed is looked at a hundred times a second at most: nobody could act on more. In a recording (``event_time``)
    each look is due, by the samples' own clock.
    """

    def __init__(self, window: Span, event_time: bool) -> None:
        self._event_time = event_time
        self._cadence = Cadence(_pace(window), event_time or window.seconds is not None)
        self._looked = -np.inf  # the received clock at the last look

    @property
    def waits(self) -> bool:
        """True if it takes the next sample to know that it was time to look before it."""
        return self._cadence.waits

    def due(self, batch: PairBatch) -> list[tuple[int, float]]:
        """Where in the batch to look: (samples before it, its timestamp)."""
        cuts = self._cadence.cuts(batch)
        if self._event_time or not cuts:
            return cuts
        if batch.received:  # else nobody has put a clock on it
            since = abs(batch.received - self._looked)  # a clock may be set back
            cuts = cuts[-int(min(since / LOOK_SECONDS, len(cuts))) :] if since >= LOOK_SECONDS else []
            self._looked = batch.received if cuts else self._looked
        return [(k, batch.received) for k, _ in cuts]

    def set_back(self, seconds: float) -> None:
        """The samples' clock was set back by so much."""
        self._cadence.set_back(seconds)

    def state(self) -> list[float]:
        """Plain values and arrays that ``restore`` takes."""
        return [*self._cadence.state(), self._looked]

    def restore(self, state: list[float]) -> None:
        """Take up a saved state."""
        *cadence, self._looked = state
        self._cadence.restore(cadence)


def _pace(window: Span) -> Span:
    """How far apart the windows are that a detector looks at."""
    if window.seconds is not None:
        return Span(seconds=(1 - OVERLAP) * window.seconds)
    assert window.pairs is not None
    return Span(pairs=math.ceil((1 - OVERLAP) * window.pairs))
