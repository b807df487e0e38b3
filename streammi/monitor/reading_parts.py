"""The parts of a monitored pair's reading: the window's own numbers, and what is computed beside them and added."""

from typing import Any

import msgspec

from streammi.config import MonitorConfig
from streammi.core.significance.shift_null import Renewal
from streammi.core.window.joint_window import JointWindow
from streammi.detect.usual_readings import Band
from streammi.monitor.batch_errors import BatchErrors, Errors
from streammi.monitor.conditional import relations
from streammi.monitor.costly_estimates import quantities
from streammi.monitor.delays_and_null import DelaysAndNull
from streammi.monitor.last_gap import LastGap
from streammi.records import Reading
from streammi.records.codec import State


class ReadingParts:
    """Makes the readings of a window: those that are emitted, looked at by a detector, or shown.

    Whoever takes pairs into the window does so with ``relations`` too, and says in ``gap`` where samples are missing.
    What is shown changes nothing that the others say.
    """

    def __init__(self, config: MonitorConfig) -> None:
        self._config = config
        self.gap = LastGap()
        self.followers = DelaysAndNull(config)
        self.relations = relations(config)
        self._errors = BatchErrors(config)
        self._afresh = quantities(config)

    def follow(self, window: JointWindow) -> None:
        """See to it that each pair that the window takes in from now on is taken in by those that follow it."""
        for follower in self.followers.by_name.values():
            window.follow(follower)

    def emitted(self, window: JointWindow, normal: Band | None, timestamp: float) -> Reading | None:
        """The reading that is emitted now; None before there is one. ``normal`` is where a baseline's are."""
        reading = self._of(window, normal, self._errors.of_reading(window), "due")
        if reading is None:
            return None
        for quantity in self._afresh:
            reading = quantity.of_reading(reading, window, timestamp)
        for relation in self.relations.values():
            reading = relation.complete(reading, timestamp, renew=True)
        return reading

    def looked_at(self, window: JointWindow, normal: Band | None) -> Reading | None:
        """The reading that a detector looks at now."""
        return self._of(window, normal, self._errors.afresh(window), "due")

    def shown(self, window: JointWindow, normal: Band | None, timestamp: float) -> Reading | None:
        """The reading of a snapshot."""
        reading = self._of(window, normal, self._errors.of_snapshot(window), "none")
        if reading is None:
            return None
        for quantity in self._afresh:
            reading = quantity.of_snapshot(reading, window, timestamp)
        for relation in self.relations.values():
            reading = relation.complete(reading, timestamp, renew=False)
        return reading

    @property
    def words(self) -> list[str]:
        """The words on what conditions and signals' own past account for."""
        return [relation.words for relation in self.relations.values() if relation.words]

    def state(self) -> dict[str, Any]:
        """The plain part of the state; ``states`` has the others."""
        return {
            "hole": self.gap.place,
            "delays": self.followers.state(),
            "errors": self._errors.state(),
            "afresh": [quantity.state() for quantity in self._afresh],
        }

    def states(self) -> dict[str, State]:
        """The states of the parts that have arrays, by name."""
        return {name: part.state() for name, part in (self.followers.by_name | self.relations).items()}

    def restore(self, plain: dict[str, Any], parts: dict[str, State]) -> None:
        """Take up the saved state, of parts of the same settings."""
        for name, part in (self.followers.by_name | self.relations).items():
            part.restore(*parts[name])
        self.gap.place = plain["hole"]
        self._errors.restore(plain["errors"])
        for quantity, state_of_it in zip(self._afresh, plain["afresh"], strict=True):
            quantity.restore(state_of_it)
        self.followers.restore(plain["delays"])

    def _of(self, window: JointWindow, normal: Band | None, errors: Errors, renew: Renewal) -> Reading | None:
        reading = window.reading(self._config.unit, self._config.estimator, errors)
        if reading is None:
            return None
        if self.gap.is_spanned(window):
            reading = msgspec.structs.replace(reading, spans_gap=True)
        if normal is not None:
            reading = msgspec.structs.replace(reading, baseline_low=normal.low, baseline_high=normal.high)
        return self.followers.complete(reading, window, renew)
