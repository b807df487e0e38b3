"""Changes of the level of MI since the last change."""

from statistics import NormalDist, fmean
from typing import Any, Final

from streammi.config import DetectorName
from streammi.detect import drift
from streammi.detect.observation import Observation, kind_of_change
from streammi.detect.usual_readings import MEMORY, UNUSUAL, Usual
from streammi.records import Event, EventKind, Reading, Unit

CALIBRATION: Final = 4  # readings that say what is usual; before them nothing can be unusual
RECENT: Final = 3  # newest readings that do not count as usual yet: they may be the beginning of a change
# Of how far MI rises when pairs that were unrelated belong together, what a window half of which is of then shows:
# 0.23 to 0.26 of it, Gaussian r 0.5 to 0.99. The next one, half a window later, is all of then.
HALF_WAY: Final = 0.25
# river's detectors compare with what they have seen: without usual readings, as many as eight windows would have, a
# change soon after the start becomes part of what they call usual. Gaussian quantiles, so that they also spread.
ANCHOR: Final = tuple(sign * NormalDist().inv_cdf((k + 0.5) / 16) for k in range(8) for sign in (1, -1))


class Level:
    """Watches the level of MI, at the best delay where there are delays: gained, lost, shifted."""

    def __init__(self, name: DetectorName, pair: str, unit: Unit) -> None:
        self._name: Final = name
        self._pair, self._unit = pair, unit
        self.begin()

    def begin(self) -> None:
        """Forget what is usual, and learn it again."""
        self._values: list[float] = []  # MI in the bins: beyond them there is more of it, but it spreads more, too
        self._shown: list[float] = []  # the same readings as they are published
        self._errors: list[float] = []
        self._dependent: list[bool] = []
        self._usual = Usual()
        self._detector: Any = None  # until calibrated: most that lives for a short time never needs one
        self._waiting = False  # after an alarm, for the new level

    def update(self, observed: Observation, reading: Reading, timestamp: float) -> list[Event]:
        """The events that the newest observation brings."""
        mi, shown, error = observed.mi, observed.shown, observed.error
        self._values = [*self._values[-MEMORY:], mi]
        self._shown = [*self._shown[-MEMORY:], shown]
        self._errors = [*self._errors[-RECENT:], error]
        self._dependent = [*self._dependent[-MEMORY:], observed.dependent]
        if len(self._values) <= CALIBRATION:
            self._calibrate(mi, error)
            return []
        if not self._waiting and not self._alarms(mi):
            return []
        return self._changed(reading, timestamp)

    def state(self) -> dict[str, Any]:
        """Plain values and arrays that ``restore`` takes."""
        own = {
            "values": self._values,
            "shown": self._shown,
            "errors": self._errors,
            "dependent": self._dependent,
            "waiting": self._waiting,
        }
        memory = None if self._detector is None else drift.state_of(self._name, self._detector)
        return own | {"usual": vars(self._usual), "detector": memory}

    def restore(self, state: dict[str, Any]) -> None:
        """Take up a saved state."""
        self._values, self._errors, self._dependent = state["values"], state["errors"], state["dependent"]
        self._shown = state["shown"]
        self._waiting = state["waiting"]
        vars(self._usual).update(state["usual"])
        if state["detector"] is not None:
            self._detector = drift.drift_detector(self._name)
            seen = [self._usual.distance(value) for value in self._values] if self._values else []
            drift.restore(self._name, self._detector, state["detector"], seen)

    def _calibrate(self, mi: float, error: float) -> None:
        self._usual.add(mi, error)
        if len(self._values) == CALIBRATION:
            self._detector = drift.drift_detector(self._name)
            for value in (*map(self._usual.distance, self._values), *ANCHOR):
                self._detector.update(value)

    def _alarms(self, mi: float) -> bool:
        """True if the detector says that the level has changed."""
        if len(self._values) > CALIBRATION + RECENT and self._usual.contains(self._values[-1 - RECENT]):
            self._usual.add(self._values[-1 - RECENT], self._errors[0])
        self._detector.update(self._usual.distance(mi))
        return bool(self._detector.drift_detected)

    def _changed(self, reading: Reading, timestamp: float) -> list[Event]:
        spread, last = self._usual.spread, len(self._values) - 1
        split = change_point(self._values)
        before = fmean(self._values[:split])
        now, previous = (abs(value - before) for value in self._values[-1:-3:-1])
        # While it falls, until nothing of the old window is left: whether the dependence is lost is not known before.
        # How far it rises is mostly seen half a window later, unless the look before was half way there already.
        rises = self._values[-1] > before
        seen = rises and self._values[-2] > before and previous >= max(HALF_WAY * now, UNUSUAL * spread)
        self._waiting = now > previous + spread and last - split < (1 if rises else 2) and not seen
        if self._waiting:
            return []
        looks, over = [last if now >= previous else last - 1], ""
        kind, deviations = self._kind(split, looks), self._deviations(looks, before)
        if deviations < UNUSUAL and last > split:
            # No look is so far out by itself any more. Those since the change may be together; but a level that wanders
            # is as far away now and then, and only a dependence that has come or gone with it tells the two apart.
            looks, over = list(range(split, last + 1)), f" on average over {last + 1 - split} looks"
            kind, deviations = self._kind(split, looks), self._deviations(looks, before)
            deviations = 0.0 if kind == "shifted" else deviations
        if deviations < UNUSUAL:
            return []
        back = " and is coming back" if now < previous - spread else ""
        was, became = fmean(self._shown[:split]), fmean(self._shown[k] for k in looks)
        change = became - was
        evidence = (
            f"MI went from {was:.3g} to {became:.3g} {self._unit}{over}{back} "
            f"(windows of {reading.n} pairs), {deviations:.1f} times the usual spread; found by {self._name}"
        )
        self.begin()
        return [Event(pair=self._pair, kind=kind, timestamp=timestamp, size=change, unit=self._unit, evidence=evidence)]

    def _deviations(self, looks: list[int], before: float) -> float:
        """How far these looks are from a level on the average, in spreads."""
        return abs(fmean(self._values[k] for k in looks) - before) / self._usual.spread

    def _kind(self, split: int, looks: list[int]) -> EventKind:
        now = sum(self._dependent[k] for k in looks)
        return kind_of_change(sum(self._dependent[:split]) * 2 > split, now * 2 > len(looks))


def change_point(values: list[float]) -> int:
    """Where two levels explain the values best (least squares): the first index of the second, which may be one value.

    >>> change_point([0.1, 0.0, 0.1, 0.9, 1.0])
    3
    """

    def gain(k: int) -> float:
        before, after = values[:k], values[k:]
        return len(before) * len(after) * (fmean(before) - fmean(after)) ** 2

    return max(range(2, len(values)), key=gain)
