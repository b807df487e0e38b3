"""MI beside what a baseline has taught to be normal: it has left that, or is back."""

import math
from statistics import fmean
from typing import Any, Final

from msgspec import convert, to_builtins
from msgspec.structs import replace

from streammi.config import LEAST_WINDOWS, Baseline, Unit
from streammi.detect.cusum import PageTest, uncertainty
from streammi.detect.observation import Observation, kind_of_change
from streammi.detect.shape import ALLOWED, BesideShape, Looks
from streammi.detect.usual_readings import UNUSUAL, Band, Usual, band_of, shown_of, usual_of
from streammi.records import Event, FloatArray, Reading

LEAST_LOOKS: Final = 2 * LEAST_WINDOWS - 1  # that a baseline of the fewest windows has
BACK: Final = 8  # looks in a row, four windows, whose mean is within half a spread: it is normal again


class BesideBaseline:
    """Watches MI beside a baseline: gained, lost, shifted where it leaves that, however soon after the start.

    And reshaped where MI is what it was, but the signals go together in another way. A baseline that is to be learnt
    first is what the first stretch of looks shows. ``outside`` says whether it was left since; what MI does until it is
    back is not looked at here, but for that.
    """

    def __init__(self, pair: str, unit: Unit, baseline: Baseline) -> None:
        self._pair, self._unit = pair, unit
        self.baseline = baseline
        self.outside = False
        # By MI in the bins, and as it is published.
        self._learning: tuple[Usual, Usual] | None = None if baseline.looks else (Usual(math.inf), Usual(math.inf))
        self._dependent = 0  # of the looks that are learnt from
        self._elapsed, self._newest = 0.0, math.nan  # s of the stretch, and when it was looked at last
        self._windows = Looks()
        self._looks: list[Observation] = []
        self._distances: list[float] = []  # of the newest looks outside, from the baseline's shape
        self._reshaped = False  # it was left by its shape, not by how much MI there is
        self._notes: list[str] = []
        self._begin()

    @property
    def watches(self) -> bool:
        """True if the level is compared with the baseline now, or learnt for it: nothing else is to judge it."""
        return not self.outside

    @property
    def band(self) -> Band | None:
        """Where MI normally is; None while that is still learnt."""
        return self._band

    @property
    def words(self) -> str:
        """The words on a pair that has left it."""
        if self._reshaped:
            return "not the shape that was normal"
        return f"not what was normal: {self._band} {self._unit}"

    def notes(self) -> list[str]:
        """Notes on the baseline for a person, once each: that it is learnt, and what it is."""
        notes, self._notes = self._notes, []
        return notes

    def update(
        self, observed: Observation, reading: Reading, timestamp: float, values: FloatArray | None = None
    ) -> list[Event]:
        """The events that a look brings; ``values`` (2, n) are those of its window, where its shape is looked at."""
        if self._learning is not None:
            if values is not None:
                self._windows.add(values)
            self._learn(*self._learning, observed, reading, timestamp)
            return []
        if self._shape is not None and values is not None:
            self._shape.update(values)
        self._looks.append(observed)
        distances = self._shown.distance(observed.shown), self._usual.distance(observed.mi)
        self._against.update(*(distance / self._uncertainty for distance in distances))
        run = 0 if self._shape is None else self._shape.run
        del self._looks[: -max(self._against.longest, run, 2)]
        if self._against.drift_detected:
            return self._left(self._against.since, reading, timestamp)
        if self._shape is None or not self._shape.left or self._shape.run < 2:  # until nothing of before is left
            return []
        if abs(self._shown.distance(observed.shown)) >= UNUSUAL:
            return self._left(min(self._shape.run, len(self._looks)), reading, timestamp)
        return self._left_in_shape(self._shape, reading, timestamp)

    def follow(self, observed: Observation, found: list[Event], values: FloatArray | None = None) -> bool:
        """Follow a pair outside the baseline; ``found`` is what another detector has found. Whether it is normal again.

        Its shape is to be that of the baseline again, too.
        """
        self._looks = [*self._looks[1 - BACK :], observed]
        mean = fmean(one.mi for one in self._looks)
        settled = len(self._looks) == BACK and abs(self._usual.distance(mean)) <= 0.5
        if self._shape is not None and values is not None:
            self._shape.update(values)
            self._distances = [*self._distances[1 - BACK :], self._shape.distance]
            settled &= fmean(self._distances) <= 1
            found = found if self._shape.distance <= ALLOWED else []
        if settled or (found and abs(self._usual.distance(observed.mi)) <= 1):
            self.outside = self._reshaped = False
            self._begin()
        return not self.outside

    def forget(self) -> None:
        """Let what was seen last say nothing of the level."""
        self._begin()

    def learnt(self, source: str) -> Baseline:
        """The baseline that the looks so far have taught."""
        if self._learning is None:
            return replace(self.baseline, source=source)
        usual, shown = self._learning
        many = self._dependent * 2 > usual.n
        return Baseline(
            source=source,
            looks=usual.n,
            mean=usual.mean,
            squares=usual.squares,
            expected=usual.expected,
            shown_mean=shown.mean,
            shown_squares=shown.squares,
            shown_expected=shown.expected,
            dependent=many,
            shape=self._windows.learnt(),
        )

    def state(self) -> dict[str, Any]:
        """The state that ``restore`` needs."""
        plain = {name: value for name, value in vars(self).items() if name in _PLAIN}
        learning = None if self._learning is None else [dict(vars(one)) for one in self._learning]
        return plain | {
            "learning": learning,
            "windows": self._windows.state(),
            "against": vars(self._against),
            "shape": None if self._shape is None else [self._shape.sum, self._shape.run],
            "looks": [list(observed) for observed in self._looks],
            "baseline": to_builtins(replace(self.baseline, first=None)),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Take up a saved state."""
        vars(self).update({name: state[name] for name in _PLAIN})
        self.baseline = replace(convert(state["baseline"], Baseline), first=self.baseline.first)
        self._learning = None
        if state["learning"] is not None:
            self._learning = Usual(math.inf), Usual(math.inf)
            for usual, saved in zip(self._learning, state["learning"], strict=True):
                vars(usual).update(saved)
        self._windows.restore(state["windows"])
        distances = self._distances
        self._begin()
        self._distances = distances
        vars(self._against).update(state["against"])
        if self._shape is not None:
            self._shape.sum, self._shape.run = state["shape"]
        self._looks = [Observation(*observed) for observed in state["looks"]]

    def _begin(self) -> None:
        """Compare anew."""
        known = self._learning is None
        self._usual = usual_of(self.baseline) if known else Usual()
        self._shown = shown_of(self.baseline) if known else Usual()
        self._band = band_of(self.baseline) if known else None
        looks = max(self.baseline.looks, 1)
        self._against, self._uncertainty = PageTest(looks), uncertainty(looks)
        shape = self.baseline.shape if known else None
        self._shape = None if shape is None else BesideShape(shape)
        self._looks, self._distances = [], []

    def _learn(self, usual: Usual, shown: Usual, observed: Observation, reading: Reading, timestamp: float) -> None:
        usual.add(observed.mi, observed.error)
        shown.add(observed.shown, observed.shown_error)
        self._dependent += observed.dependent
        first = self.baseline.first
        if first is None:
            return
        if not math.isnan(self._newest):
            self._elapsed += max(timestamp - self._newest, 0.0)  # a clock may be set back
        else:
            spanned = None if reading.t0 is None or reading.t1 is None else reading.t1 - reading.t0
            self._elapsed = spanned or 0.0
        self._newest = timestamp
        over = self._elapsed >= first.seconds if first.seconds is not None else reading.pairs >= (first.pairs or 0)
        if over and usual.n >= LEAST_LOOKS:
            self.baseline = replace(self.learnt("the start"), first=first)
            self._learning, self._windows = None, Looks()
            self._begin()
            short = first.seconds is not None and usual.n == LEAST_LOOKS and self._elapsed > 1.5 * first.seconds
            taken = f"{reading.pairs} pairs: {first} have too few" if short else str(first)
            self._notes.append(
                f"normal from now on is {self._band} {self._unit}, by {usual.n} looks at the first {taken}"
            )

    def _left(self, since: int, reading: Reading, timestamp: float) -> list[Event]:
        """MI has left what is normal: the event, or none yet while it is still on its way."""
        usual, band = self._shown, self._band
        assert band is not None
        mean, spread = usual.mean, usual.spread
        newest = [abs(observed.shown - mean) for observed in self._looks[-2:]]
        falling = self._looks[-1].shown < mean
        # Until nothing of the window before is left; how far it rises is mostly seen half a window later.
        if newest[-1] > newest[0] + spread and since <= (2 if falling else 1):
            return []
        looks = self._looks[-since:]
        last = looks[-1]
        level, over = last.shown, ""
        dependent = last.dependent
        if abs(last.shown - mean) < UNUSUAL * spread:
            level, over = fmean(observed.shown for observed in looks), f" on average over {since} looks"
            dependent = sum(observed.dependent for observed in looks) * 2 > since
        kind = kind_of_change(self.baseline.dependent, dependent)
        where = "outside" if level < band.low or level > band.high else "away from the middle of"
        evidence = (
            f"MI is {level:.3g} {self._unit}{over} (windows of {reading.n} pairs), {where} what was normal: "
            f"{band} {self._unit}, {mean:.3g} on average of {self.baseline.looks} looks"
        )
        self.outside = True
        self._looks.clear()
        size = level - mean
        return [Event(pair=self._pair, kind=kind, timestamp=timestamp, size=size, unit=self._unit, evidence=evidence)]

    def _left_in_shape(self, shape: BesideShape, reading: Reading, timestamp: float) -> list[Event]:
        evidence = (
            f"the joint histogram of {reading.n} pairs is {shape.evidence(self._unit)}; "
            f"MI is {reading.mi_corrected:.3g} {self._unit}, normal is {self._band}"
        )
        self.outside = self._reshaped = True
        self._looks.clear()
        size, unit = shape.beyond(self._unit), self._unit
        event = Event(
            pair=self._pair, kind="reshaped", timestamp=timestamp, size=size, unit=unit, evidence=evidence
        )  # fmt: skip
        return [event]


_PLAIN: Final = ("outside", "_reshaped", "_distances", "_dependent", "_elapsed", "_newest")
