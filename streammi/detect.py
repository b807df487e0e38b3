"""Changes in readings: what a person should know of, on river's drift detectors.

Readings of a rolling window are copies of each other, more or less, and a detector that is fed each one is a false
alarm machine. So a reading is looked at only when its window overlaps that of the one before by no more than
``overlap``. Nothing is concluded from a window that holds a stuck or saturated stretch, or the change that was just
reported.
"""

import math
from statistics import fmean, median
from typing import Any, Final, Literal, TypeAlias, get_args

from streammi import drift
from streammi.config import DetectorName
from streammi.core.measures import UNIT_PER_BIT, check_unit, noise_bits
from streammi.drift import CALIBRATION
from streammi.errors import ConfigError
from streammi.records import Event, EventKind, LinkHealth, Reading, Unit

DEFAULT: Final[DetectorName] = "page-hinkley"
OVERLAP: Final = 0.5  # share that two windows that are looked at may have in common
RECENT: Final = 3  # newest readings that do not count as usual yet
MEMORY: Final = 256  # readings since the last change that are remembered
PRIOR_WEIGHT: Final = 4.0  # readings that the expected spread counts for, beside the spread that is seen
# Of stationary feeds the readings' spread was 1.1 to 1.7 times their standard error, most for autocorrelated ones.
PRIOR_SPREAD: Final = 1.5
LEAST_SPREAD_BITS: Final = 0.05
LEAST_PAIRS: Final = 16
SUSPICIOUS_RUN: Final = (
    0.125  # of the window: that long a run of one value, and twice as long as ever, may be a stuck input
)
STUCK_RUN: Final = 0.5
SATURATED: Final = 0.25  # share of the window outside the bins' range
UNSATURATED: Final = 0.1
GAP_SECONDS: Final = 60.0  # between two reports of missing samples

Signal = Literal["x", "y"]
_Link: TypeAlias = tuple[str, str]  # its endpoint and signal


class Detector:
    """Events from readings: gained, lost, shifted, moved; of the inputs stuck, saturated and recovered.

    ``name`` is what decides on a change of the level of MI: "page-hinkley" within one or two windows, "adwin" and
    "kswin" within about ten and twenty, for feeds whose usual level wanders. ``overlap`` is the largest share
    that two windows in a row may have in common. With delays in the readings the level is that of the best delay,
    ``lag_unit`` is theirs. Raises ConfigError for another name or overlap.
    """

    def __init__(
        self,
        name: DetectorName = DEFAULT,
        pair: str = "xy",
        unit: Unit = "bit",
        *,
        overlap: float = OVERLAP,
        lag_unit: Literal["samples", "s"] = "samples",
    ) -> None:
        if name not in get_args(DetectorName):
            raise ConfigError("detector", ", ".join(get_args(DetectorName)), name)
        if not 0 <= overlap < 1:
            raise ConfigError("overlap", "at least 0 and below 1", overlap)
        self._pair, self._unit, self._overlap = pair, check_unit(unit), overlap
        self._inputs = [_Input("x"), _Input("y")]
        self._level = _Level(name, self._unit)
        self._delay = _Delay(lag_unit)
        self._looked_at: float = -math.inf  # pairs seen at the last reading that was looked at
        self._not_before: float = -math.inf  # pairs that must have been seen, so that the window is clean again

    def update(self, reading: Reading, timestamp: float) -> list[Event]:
        """The events that a reading brings; readings in order, in the detector's unit, ``timestamp`` in seconds."""
        events = [self._event(e, timestamp) for i in self._inputs for e in i.update(reading)]
        if any(i.trouble for i in self._inputs):
            self._not_before = (
                reading.pairs + 2 * reading.n
            )  # a window to be rid of it, one for the bins to be learnt again
        if any(i.suspicious for i in self._inputs) or reading.fill < 1 or reading.pairs < self._not_before:
            return events
        if reading.pairs - self._looked_at < (1 - self._overlap) * reading.n:
            return events
        self._looked_at = reading.pairs
        found = self._delay.update(reading)
        if not self._delay.unsettled:
            found += self._level.update(reading)
        if found:
            self._not_before = reading.pairs + reading.n
        return events + [self._event(e, timestamp) for e in found]

    def state(self) -> dict[str, Any]:
        """What ``restore`` needs: plain values, which are copied before the next reading."""
        parts = {"inputs": [vars(i) for i in self._inputs], "level": self._level.state(), "delay": vars(self._delay)}
        return parts | {"looked_at": self._looked_at, "not_before": self._not_before}

    def restore(self, state: dict[str, Any]) -> None:
        """Take up the saved state of a detector with the same settings."""
        for one, saved in zip(self._inputs, state["inputs"], strict=True):
            vars(one).update(saved)
        self._level.restore(state["level"])
        vars(self._delay).update(state["delay"])
        self._looked_at, self._not_before = state["looked_at"], state["not_before"]

    def _event(self, found: "_Found", timestamp: float) -> Event:
        return found.event(self._pair, timestamp)


class LinkWatch:
    """Events of a pair's links: stalled and recovered, and gap where samples are missing.

    A gap is reported at once; those of the next minute are added up, so that a feed that loses samples all the time
    does not fill the log.

    >>> watch, health = LinkWatch("xy"), LinkHealth(endpoint="tcp://h:1", state="connected", since=1.0)
    >>> watch.update(health, 2.0)
    []
    """

    def __init__(self, pair: str) -> None:
        self._pair = pair
        self._silent_since: dict[_Link, float] = {}
        self._gaps: dict[_Link, tuple[float, int]] = {}  # when they were reported last, and the total then

    def update(self, health: LinkHealth, now: float) -> list[Event]:
        """What has happened to a link, as of ``now`` (wall clock, s)."""
        link = (health.endpoint, health.signal)
        return self._silence(link, health) + self._gap(link, health, now)

    def state(self) -> dict[str, Any]:
        """What ``restore`` needs: plain values and tuples, which are copied before the next update."""
        return {"silent_since": self._silent_since, "gaps": self._gaps}

    def restore(self, state: dict[str, Any]) -> None:
        """Take up a saved state."""
        self._silent_since, self._gaps = state["silent_since"], state["gaps"]

    def _silence(self, link: "_Link", health: LinkHealth) -> list[Event]:
        at, silent_since = health.since, self._silent_since.get(link)
        if health.state in ("stalled", "lost") and silent_since is None:
            self._silent_since[link] = at
            said = f"{health.endpoint} is {health.state} after {health.pairs} pairs in {health.messages} messages"
            return [_Found("stalled", None, "s", said, health.signal).event(self._pair, at)]
        if health.state == "connected" and silent_since is not None:
            del self._silent_since[link]
            said = f"{health.endpoint} is back after {at - silent_since:.3g} s"
            return [_Found("recovered", at - silent_since, "s", said, health.signal).event(self._pair, at)]
        return []

    def _gap(self, link: "_Link", health: LinkHealth, now: float) -> list[Event]:
        at, reported = self._gaps.get(link, (-math.inf, 0))
        missing = health.gaps - reported
        if missing <= 0 or 0 <= now - at < GAP_SECONDS:
            return []
        self._gaps[link] = (now, health.gaps)
        since = "since the start" if at == -math.inf else f"in {now - at:.0f} s"
        said = f"{missing} samples of {health.endpoint} are missing {since}, by its own sequence numbers"
        return [_Found("gap", missing, "samples", said, health.signal).event(self._pair, now)]


class _Found:
    """An event that does not know yet whose and when it is."""

    def __init__(
        self, kind: EventKind, size: float | None, unit: str, evidence: str, signal: Literal["x", "y", "both"] = "both"
    ) -> None:
        self.kind, self.size, self.unit, self.evidence, self.signal = kind, size, unit, evidence, signal

    def event(self, pair: str, timestamp: float) -> Event:
        return Event(
            pair=pair, kind=self.kind, timestamp=timestamp, size=self.size, unit=self.unit,
            evidence=self.evidence, signal=self.signal,
        )  # fmt: skip


class _Input:
    """Whether one signal is stuck at a value, or outside its bins' range."""

    def __init__(self, signal: Signal) -> None:
        self._signal = signal
        self._run = self._longest = 1  # pairs for which the value is the same now, and was at most before
        self._pairs = 0
        self.suspicious = False
        self._stuck = self._saturated = False

    @property
    def trouble(self) -> bool:
        """Whether its values say nothing of the signal now."""
        return self._stuck or self._saturated

    def update(self, reading: Reading) -> list[_Found]:
        if reading.n < LEAST_PAIRS:
            return []
        x = self._signal == "x"
        run, constant = (reading.x_run, reading.x_constant) if x else (reading.y_run, reading.y_constant)
        # Bins that were learnt are learnt again when values leave them; only a range that was given can be left.
        outside = 0 if reading.epoch else reading.x_clipped if x else reading.y_clipped
        if run < self._run + reading.pairs - self._pairs and not self._stuck:  # the run seen last has ended
            self._longest = max(self._longest, self._run)
        self._run, self._pairs = run, reading.pairs
        if reading.fill < 1:
            return []
        return self._stick(run, constant, reading.n) + self._saturate(outside / reading.n, reading.n)

    def _stick(self, run: int, constant: bool, n: int) -> list[_Found]:
        unusual = run > 2 * self._longest
        self.suspicious = constant or (unusual and run >= max(SUSPICIOUS_RUN * n, 3))
        stuck = constant or (unusual and run >= STUCK_RUN * n)
        if stuck == self._stuck:
            return []
        self._stuck = stuck
        if stuck:
            evidence = f"{self._signal} has not changed for {run} pairs; before, for {self._longest} at most"
            return [_Found("stuck", run, "samples", evidence, self._signal)]
        return [_Found("recovered", None, "samples", f"{self._signal} changes again", self._signal)]

    def _saturate(self, share: float, n: int) -> list[_Found]:
        saturated = share > (UNSATURATED if self._saturated else SATURATED)
        if saturated == self._saturated:
            return []
        self._saturated = saturated
        now = f"{self._signal} was outside its bins' range for {share:.0%} of the last {n} pairs"
        if saturated:
            return [_Found("saturated", share, "share", now, self._signal)]
        return [_Found("recovered", share, "share", f"{now} only", self._signal)]


class _Level:
    """Whether the level of MI has changed since the last change."""

    def __init__(self, name: DetectorName, unit: Unit) -> None:
        self._name, self._unit = name, unit
        self._per_bit = UNIT_PER_BIT[unit]
        self._begin()

    def _begin(self) -> None:
        self._values: list[float] = []
        self._errors: list[float] = []
        self._detector = drift.drift_detector(self._name)
        self._usual: float | None = None  # the level that deviations are from
        self._alarm = False

    def update(self, reading: Reading) -> list[_Found]:
        mi = reading.mi_corrected if reading.peak_mi is None else reading.peak_mi
        self._values = [*self._values[-MEMORY:], mi]
        self._errors = [*self._errors[-MEMORY:], reading.stderr or 0.0]
        if len(self._values) < CALIBRATION:
            return []
        spread = self._spread()
        if self._usual is None:
            self._usual = fmean(self._values)
            for value in self._values[:-1]:
                self._detector.update((value - self._usual) / spread)
        self._detector.update((mi - self._usual) / spread)
        self._alarm |= self._detector.drift_detected
        return self._changed(reading, spread) if self._alarm else []

    def state(self) -> dict[str, Any]:
        own = {"values": self._values, "errors": self._errors, "usual": self._usual, "alarm": self._alarm}
        return own | {"detector": drift.state_of(self._name, self._detector)}

    def restore(self, state: dict[str, Any]) -> None:
        self._values, self._errors = state["values"], state["errors"]
        self._usual, self._alarm = state["usual"], state["alarm"]
        usual, spread = self._usual, self._spread() if self._usual is not None else 1.0
        seen = [] if usual is None else [(value - usual) / spread for value in self._values]
        drift.restore(self._name, self._detector, state["detector"], seen)

    def _spread(self) -> float:
        """Standard deviation of the usual readings: what they show, and what their standard errors let expect."""
        usual = self._values[: max(CALIBRATION, len(self._values) - RECENT)]
        expected = max(PRIOR_SPREAD * fmean(self._errors[: len(usual)]), LEAST_SPREAD_BITS * self._per_bit)
        mean = fmean(usual)
        seen = sum((v - mean) ** 2 for v in usual)
        return math.sqrt((PRIOR_WEIGHT * expected**2 + seen) / (PRIOR_WEIGHT + len(usual) - 1))

    def _changed(self, reading: Reading, spread: float) -> list[_Found]:
        split = _change_point(self._values)
        before, after, now = fmean(self._values[:split]), fmean(self._values[split:]), self._values[-1]
        none = 3 * noise_bits(reading) * self._per_bit if reading.null_q95 is None else reading.null_q95
        if now < before and now > none and split == len(self._values) - 1:
            return []  # falling: the next window tells whether anything is left
        self._begin()
        kind: EventKind = "shifted"
        if before <= none < after:
            kind = "gained"
        elif now <= none < before:
            kind, after = "lost", now
        evidence = (
            f"MI went from {before:.3g} to {after:.3g} {self._unit}, {abs(after - before) / spread:.1f} times "
            f"its usual spread of {spread:.2g}; windows of {reading.n} pairs, {self._name}"
        )
        return [_Found(kind, after - before, self._unit, evidence)]


class _Delay:
    """Whether the delay at which MI is largest has moved."""

    def __init__(self, unit: Literal["samples", "s"]) -> None:
        self._unit = unit
        self._lags: list[float] = []
        self._new: list[float] = []  # readings in a row at another delay

    @property
    def unsettled(self) -> bool:
        """Whether the newest reading was at an unusual delay that may be a new one: its MI is in transition too."""
        return bool(self._new)

    def update(self, reading: Reading) -> list[_Found]:
        lag, peak = reading.peak_lag, reading.peak_mi
        if lag is None or peak is None or not _is_peak(reading, peak):
            self._new = []
            return []
        if len(self._lags) < CALIBRATION - 1:
            self._lags.append(lag)
            return []
        usual = median(self._lags)
        tolerance = max(1.5 * self._step(reading), 4 * median(abs(v - usual) for v in self._lags))
        if abs(lag - usual) <= tolerance:
            self._lags, self._new = [*self._lags[-MEMORY:], lag], []
            return []
        self._new = [v for v in self._new if abs(v - lag) <= tolerance] + [lag]
        if len(self._new) < 2:
            return []
        self._lags, self._new = self._new, []
        evidence = (
            f"MI is largest ({peak:.3g} {reading.unit}) where y follows x by {lag:g} {self._unit}; it was {usual:g}"
        )
        return [_Found("moved", lag - usual, self._unit, evidence)]

    def _step(self, reading: Reading) -> float:
        """One sample in the delays' unit."""
        if self._unit == "samples" or reading.t0 is None or reading.t1 is None or reading.n < 2:
            return 1.0
        return (reading.t1 - reading.t0) / (reading.n - 1)


def _is_peak(reading: Reading, peak: float) -> bool:
    if reading.peak_p is not None:
        return reading.peak_p <= 0.05
    return peak > 6 * noise_bits(reading) * UNIT_PER_BIT[reading.unit]  # the largest of many: three would not do


def _change_point(values: list[float]) -> int:
    """Where two levels explain the values best (least squares); the second part may be one value."""

    def gain(k: int) -> float:
        before, after = values[:k], values[k:]
        return len(before) * len(after) * (fmean(before) - fmean(after)) ** 2

    return max(range(2, len(values)), key=gain)
