"""What follows a window: MI at each delay, and the shift null, which take in each pair that the window takes in."""

from typing import Any, Final

from streammi.config import MonitorConfig
from streammi.core.information.lags import LagBank
from streammi.core.significance import gtest
from streammi.core.significance.shift_null import Renewal, ShiftNull
from streammi.core.window.joint_window import JointWindow
from streammi.monitor.delay_profile import Delays
from streammi.records import DelayProfile, Reading

PEAK_NOTE: Final = "peak_lag: positive means that y follows x, negative that x follows y"
G_NOTE: Final = "p is by the G-test: it holds only where each sample is independent of those before it"


class DelaysAndNull:
    """What the settings ask for of the two; ``delays`` is None without --lags."""

    def __init__(self, config: MonitorConfig) -> None:
        self._config = config
        self.delays = None if config.lags is None else Delays(config.lags, config.window)
        bank = None if self.delays is None else self.delays.bank
        self._null = ShiftNull(config.null, bank) if config.null else None

    @property
    def by_name(self) -> dict[str, LagBank | ShiftNull]:
        """Each by the name that its state has."""
        named = {"bank": None if self.delays is None else self.delays.bank, "null": self._null}
        return {name: follower for name, follower in named.items() if follower is not None}

    @property
    def notes(self) -> list[str]:
        """Remarks for a person, at the start."""
        return [PEAK_NOTE] * (self.delays is not None) + [G_NOTE] * (self._config.test == "g")

    def plan(self, window: JointWindow) -> list[str]:
        """Before something is said: see to it that the delays are those that were asked for; notes on that."""
        if self.delays is None:
            return []
        if self.delays.plan(window) and self._null is not None:
            self._null.lags_moved()
        note = self.delays.note(window)
        return [note] if note else []

    def profile(self, window: JointWindow) -> DelayProfile | None:
        """MI at each delay; None where it was not asked for."""
        if self.delays is None:
            return None
        return self.delays.profile(window, self._config.estimator, self._config.unit)

    def complete(self, reading: Reading, window: JointWindow, renew: Renewal) -> Reading:
        """The window's reading with the best delay, and p, as far as they were asked for."""
        profile = self.profile(window)
        if self.delays is not None and profile is not None:
            reading = self.delays.with_peak(reading, profile)
        if self._null is not None:
            return self._null.complete(reading, window.table(self._config.estimator), renew=renew)
        return gtest.complete(reading, window.counts) if self._config.test == "g" else reading

    def state(self) -> list[Any] | None:
        """The state of the delays, beside those of ``by_name``."""
        return None if self.delays is None else self.delays.state()

    def restore(self, state: list[Any] | None) -> None:
        """Take up a saved state; those of ``by_name`` have their own."""
        if self.delays is not None and state is not None:
            self.delays.restore(state)
