"""Whether MI is what a baseline has taught to be normal: it has left that, or is back."""

import math
from statistics import fmean
from typing import Any, Final

from msgspec.structs import replace

from streammi.config import LEAST_WINDOWS, Baseline, Unit
from streammi.detect.against import Against
from streammi.detect.look import Look, kind_of_change
from streammi.detect.usual import UNUSUAL, Band, Usual, band_of, shown_of, usual_of
from streammi.records import Event, Reading

LEAST_LOOKS: Final = 2 * LEAST_WINDOWS - 1  # that a baseline of the fewest windows has
BACK: Final = 8  # looks in a row, four windows, whose mean is within half a spread: it is normal again


class Normal:
    """Watches MI beside a baseline: gained, lost, shifted where it leaves that, however soon after the start.

    A baseline that is to be learnt first is what the first stretch of looks shows. ``outside`` says whether MI has left
    it since; what it does until it is back is not looked at here, but for that.
    """

    def __init__(self, pair: str, unit: Unit, baseline: Baseline) -> None:
        self._pair, self._unit = pair, unit
        self.baseline = baseline
        self.outside = False
        # By MI in the bins, and as it is published.
        self._learning: tuple[Usual, Usual] | None = None if baseline.looks else (Usual(math.inf), Usual(math.inf))
        self._dependent = 0  # of the looks that are learnt from
        self._elapsed, self._newest = 0.0, math.nan  # s of the stretch, and when it was looked at last
        self._looks: list[Look] = []
        self._notes: list[str] = []
        self._begin()

    @property
    def watches(self) -> bool:
        """Whether the level is compared with the baseline now, or learnt for it: nothing else is to judge it."""
        return not self.outside

    @property
    def band(self) -> Band | None:
        """Where MI normally is; None while that is still learnt."""
        return self._band

    @property
    def words(self) -> str:
        """What is said of MI that has left it."""
        return f"not what was normal: {self._band} {self._unit}"

    def notes(self) -> list[str]:
        """What a person should know of the baseline, once: what it is, when it is learnt."""
        notes, self._notes = self._notes, []
        return notes

    def update(self, look: Look, reading: Reading, timestamp: float) -> list[Event]:
        """The events that a look brings."""
        if self._learning is not None:
            self._learn(*self._learning, look, reading, timestamp)
            return []
        self._looks.append(look)
        self._against.update(self._shown.distance(look.shown), self._usual.distance(look.mi))
        del self._looks[: -max(self._against.longest, 2)]
        return self._left(reading, timestamp) if self._against.drift_detected else []

    def follow(self, look: Look, found: list[Event]) -> bool:
        """Follow MI outside the baseline; ``found`` is what another detector has found. Whether it is normal again."""
        self._looks = [*self._looks[1 - BACK :], look]
        mean = fmean(one.mi for one in self._looks)
        settled = len(self._looks) == BACK and abs(self._usual.distance(mean)) <= 0.5
        if settled or (found and abs(self._usual.distance(look.mi)) <= 1):
            self.outside = False
            self._begin()
        return not self.outside

    def forget(self) -> None:
        """What was seen last says nothing of the level."""
        self._begin()

    def learnt(self, source: str) -> Baseline:
        """What the looks so far have taught."""
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
        )

    def state(self) -> dict[str, Any]:
        """What ``restore`` needs."""
        plain = {name: value for name, value in vars(self).items() if name in _PLAIN}
        learning = None if self._learning is None else [dict(vars(one)) for one in self._learning]
        baseline = {name: getattr(self.baseline, name) for name in _LEARNT}
        looks = [list(look) for look in self._looks]
        return plain | {
            "learning": learning, "against": vars(self._against), "looks": looks, "baseline": baseline
        }  # fmt: skip

    def restore(self, state: dict[str, Any]) -> None:
        """Take up a saved state."""
        vars(self).update({name: state[name] for name in _PLAIN})
        self.baseline = replace(self.baseline, **state["baseline"])
        self._learning = None
        if state["learning"] is not None:
            self._learning = Usual(math.inf), Usual(math.inf)
            for usual, saved in zip(self._learning, state["learning"], strict=True):
                vars(usual).update(saved)
        self._begin()
        vars(self._against).update(state["against"])
        self._looks = [Look(*look) for look in state["looks"]]

    def _begin(self) -> None:
        """Compare anew."""
        known = self._learning is None
        self._usual = usual_of(self.baseline) if known else Usual()
        self._shown = shown_of(self.baseline) if known else Usual()
        self._band = band_of(self.baseline) if known else None
        self._against = Against(max(self.baseline.looks, 1))
        self._looks = []

    def _learn(self, usual: Usual, shown: Usual, look: Look, reading: Reading, timestamp: float) -> None:
        usual.add(look.mi, look.error)
        shown.add(look.shown, look.shown_error)
        self._dependent += look.dependent
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
            self._learning = None
            self._begin()
            short = first.seconds is not None and usual.n == LEAST_LOOKS and self._elapsed > 1.5 * first.seconds
            taken = f"{reading.pairs} pairs: {first} have too few" if short else str(first)
            self._notes.append(
                f"normal from now on is {self._band} {self._unit}, by {usual.n} looks at the first {taken}"
            )

    def _left(self, reading: Reading, timestamp: float) -> list[Event]:
        """MI has left what is normal: the event, or none yet while it is still on its way."""
        usual, band = self._shown, self._band
        assert band is not None
        mean, spread = usual.mean, usual.spread
        newest = [abs(look.shown - mean) for look in self._looks[-2:]]
        falling = self._looks[-1].shown < mean
        # Until nothing of the window before is left; how far it rises is mostly seen half a window later.
        if newest[-1] > newest[0] + spread and self._against.since <= (2 if falling else 1):
            return []
        since = self._looks[-self._against.since :]
        last = since[-1]
        level, over = last.shown, ""
        dependent = last.dependent
        if abs(last.shown - mean) < UNUSUAL * spread:
            level, over = fmean(look.shown for look in since), f" on average over {len(since)} looks"
            dependent = sum(look.dependent for look in since) * 2 > len(since)
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


_PLAIN: Final = ("outside", "_dependent", "_elapsed", "_newest")
_LEARNT: Final = tuple(name for name in Baseline.__struct_fields__ if name != "first")
