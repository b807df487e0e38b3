"""The delays of one monitored pair: which are kept, and what they are in seconds."""

from typing import Any, Final

import msgspec
import numpy as np

from streammi.config import MAX_WINDOW_PAIRS, EstimatorName, LagSpan, Span
from streammi.core.information import sample_interval
from streammi.core.information.lags import LagBank
from streammi.core.window.joint_window import JointWindow
from streammi.records import DelayProfile, Reading, Unit

MOST_TIMED: Final = 1001  # delays that are kept for a range in seconds; with more samples in it they are spread
NEWEST: Final = 4096  # pairs whose times say how far apart samples are
CHANGED: Final = 0.1  # of the interval: from here on other delays are taken


class Delays:
    """A bank of delays in samples or, when ``lags`` are seconds, of as many samples as those turn out to be.

    In a time window delays are said in seconds, positive: y follows x. Where samples come irregularly that cannot be:
    then they stay in samples, ``peak_lag`` is not known, and a note says so.
    """

    def __init__(self, lags: tuple[int, int] | LagSpan, window: Span) -> None:
        self._lags, self._timed = lags, window.seconds is not None
        self.bank = LagBank([0] if isinstance(lags, LagSpan) else range(lags[0], lags[1] + 1))
        self._step: float | None = None  # seconds a sample that the bank's delays were chosen for
        self._said_irregular = self._said_cut = False

    def plan(self, window: JointWindow) -> bool:
        """Choose the bank's delays where they are to be times; returns whether they have moved."""
        if not isinstance(self._lags, LagSpan):
            return False
        step = self._interval(window)
        if step is None or (self._step is not None and abs(step - self._step) <= CHANGED * self._step):
            return False
        self._step = step
        self.bank.move(sample_interval.delays_between(self._lags.first, self._lags.last, step, MOST_TIMED))
        return True

    def profile(self, window: JointWindow, estimator: EstimatorName | None, unit: Unit) -> DelayProfile:
        """MI at each delay, in seconds where that is known."""
        return self.bank.profile(window.table(estimator), unit, self._interval(window) if self._timed else None)

    def note(self, window: JointWindow) -> str:
        """A note on the delays, once; empty when there is nothing to say."""
        if isinstance(self._lags, LagSpan) and self._step and not self._said_cut:
            self._said_cut = True
            if max(abs(self._lags.first), abs(self._lags.last)) > MAX_WINDOW_PAIRS * self._step:
                most = MAX_WINDOW_PAIRS * self._step
                return f"--lags: delays of more than {MAX_WINDOW_PAIRS} samples, here {most:.3g} s, are not kept"
        if (
            not self._timed
            or self._said_irregular
            or window.n < sample_interval.LEAST_SAMPLES
            or self._interval(window)
        ):
            return ""
        self._said_irregular = True
        kept = "no delays are kept" if isinstance(self._lags, LagSpan) and self._step is None else "peak_lag stays null"
        return f"the samples come irregularly, so that a delay in samples is no time: {kept}"

    def with_peak(self, reading: Reading, profile: DelayProfile) -> Reading:
        """The reading with the delay at which MI is largest, where any is known."""
        return with_peak(reading, profile, in_seconds=self._timed)

    def state(self) -> list[Any]:
        """The state that ``restore`` needs beside the bank's own state."""
        return [self._step, self._said_irregular, self._said_cut]

    def restore(self, state: list[Any]) -> None:
        """Take up a saved state; the bank has its own."""
        self._step, self._said_irregular, self._said_cut = state

    def _interval(self, window: JointWindow) -> float | None:
        return sample_interval.interval(window.newest_times(NEWEST))


def with_peak(reading: Reading, profile: DelayProfile, *, in_seconds: bool) -> Reading:
    """The reading with the delay at which MI is largest, where any is known; a delay in another unit is left out."""
    known = np.isfinite(profile.mi)
    if not known.any() or reading.constant:  # MI of a constant is 0 at every delay
        return reading
    peak = int(np.argmax(np.where(known, profile.mi, -np.inf)))
    lag = float(profile.lags[peak]) if in_seconds == (profile.lag_unit == "s") else None
    lag_s = lag if in_seconds else None
    binned = None if profile.binned is None else float(profile.binned[peak])
    peak_mi = float(profile.mi[peak])
    return msgspec.structs.replace(reading, peak_lag=lag, peak_lag_s=lag_s, peak_mi=peak_mi, peak_binned=binned)
