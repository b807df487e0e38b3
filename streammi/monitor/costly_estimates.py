"""Estimates computed afresh from the values of a monitored pair's window, as often as can be afforded."""

from collections.abc import Callable
from functools import partial
from typing import Any, Final, NamedTuple, TypeAlias

import msgspec

from streammi.config import MonitorConfig, max_ksg_pairs
from streammi.core.information import ksg, rank_correlation
from streammi.core.window.joint_window import JointWindow
from streammi.records import UNIT_PER_BIT, FloatArray, Reading

SELDOM: Final = 0.01  # s between readings from which on each of them has it; closer ones a 64th of the window apart


def is_often(config: MonitorConfig) -> bool:
    """True if readings may come so closely that not each of them can be afforded what is costly."""
    return config.every.seconds is None or config.every.seconds < SELDOM


Quantity: TypeAlias = Callable[[FloatArray, FloatArray], float | None]


class Cost(NamedTuple):
    """How often something can be afforded."""

    most_in_reading: int  # pairs of a window up to which a reading has it,
    most_in_snapshot: int  # and a snapshot, as it was a 64th of the window ago at the most
    rest: float = 0.0  # s for each pair of the window from one time to the next


# The ranks take 50 us of 1,000 pairs, 1.7 ms of 20,000, 28 ms of 200,000.
SPEARMAN: Final = Cost(most_in_reading=20_000, most_in_snapshot=200_000)


def ksg_cost(k: int) -> Cost:
    """That of ``k`` neighbours: of 4, 1.1 us a pair of 1,000 pairs, 1.4 of 20,000; of 20, 3.8; of 100, 18.

    So it is at most a tenth of a core, whatever comes.
    """
    most = max_ksg_pairs(k)
    return Cost(most_in_reading=most, most_in_snapshot=most, rest=(10 + 2.5 * k) * 1e-6)


class Afresh:
    """One field of a reading, made of the window's own values; of labels there is none.

    Snapshots change nothing that readings say.
    """

    def __init__(self, field: str, quantity: Quantity, cost: Cost, config: MonitorConfig) -> None:
        self._field, self._quantity, self._cost = field, quantity, cost
        self._labels = config.bins.kind == "categories"
        self._often = is_often(config)
        self._made: tuple[int, float | None] = (-1, None)  # pairs seen when it was computed, and the value
        self._said = 0, -float("inf")  # pairs seen at the last reading that had it, and its time
        self._shown = -float("inf")  # time of the last snapshot for which it was computed

    def of_reading(self, reading: Reading, window: JointWindow, timestamp: float) -> Reading:
        """The window's reading with it, but not of a long window, or more often than it can be afforded."""
        n, (pairs, at) = reading.n, self._said
        too_soon = (self._often and reading.pairs - pairs < n // 64) or self._rests(n, timestamp - at)
        if n > self._cost.most_in_reading or self._labels or too_soon:
            return reading
        self._said = reading.pairs, timestamp
        if self._made[0] != reading.pairs:
            self._make(reading, window)
        return self._with(reading)

    def of_snapshot(self, reading: Reading, window: JointWindow, timestamp: float) -> Reading:
        """The window's reading with it, as a snapshot shows it."""
        n = reading.n
        if n > self._cost.most_in_snapshot or self._labels:
            return reading
        moved = 1 if n <= self._cost.most_in_reading else n // 64
        first = self._made[0] < 0
        if first or (reading.pairs - self._made[0] >= moved and not self._rests(n, timestamp - self._shown)):
            self._shown = timestamp
            self._make(reading, window)
        return self._with(reading)

    def state(self) -> list[Any]:
        """Plain values that ``restore`` takes."""
        return [self._made, self._said, self._shown]

    def restore(self, state: list[Any]) -> None:
        """Take up a saved state."""
        self._made, self._said, self._shown = tuple(state[0]), tuple(state[1]), state[2]

    def _rests(self, n: int, seconds: float) -> bool:
        """True if it is too soon so many seconds after the last time; nobody waits for a clock that was set back."""
        return 0 <= seconds < self._cost.rest * n

    def _make(self, reading: Reading, window: JointWindow) -> None:
        self._made = reading.pairs, self._quantity(*window.values)

    def _with(self, reading: Reading) -> Reading:
        return msgspec.structs.replace(reading, **{self._field: self._made[1]})


def quantities(config: MonitorConfig) -> tuple[Afresh, ...]:
    """Everything of the kind that a monitor with these settings says."""
    made = [Afresh("spearman_r", rank_correlation.spearman, SPEARMAN, config)]
    if config.ksg is not None:
        made.append(Afresh("mi_ksg", partial(mi_ksg, config), ksg_cost(config.ksg), config))
    return tuple(made)


def mi_ksg(config: MonitorConfig, x: FloatArray, y: FloatArray) -> float | None:
    """Mutual information by nearest neighbours as these settings want it, in their unit."""
    assert config.ksg is not None
    nats = ksg.mi_nats(x, y, config.ksg)
    return None if nats is None else nats * UNIT_PER_BIT[config.unit] / UNIT_PER_BIT["nat"]
