"""The hint that two signals both follow a cycle: that alone makes them look dependent."""

from typing import Any, Final

from streammi.config import MonitorConfig
from streammi.core.conditional.cycle import SAME, shared_cycle
from streammi.core.window.joint_window import JointWindow
from streammi.records import FloatArray

LASTING: Final = 3  # full windows in a row that show it: of two slow signals one in fifty windows does
MOST_REST: Final = 8  # windows from one look to the next, once several found the same: one takes as long as a reading
LEAST_SAMPLES: Final = 32  # of half a record
MOST_PAIRS: Final = 100_000  # of a window that is looked at, 30 ms


class CycleNote:
    """Looks for a cycle that both signals show, where no condition was given.

    At a reading of each window at first, and where a look finds something else than the one before; then less often.
    """

    def __init__(self, config: MonitorConfig, *, watches: bool = True) -> None:
        self._watches = watches and not config.given and config.bins.kind != "categories"
        self._counted = 0  # pairs seen when a window was counted last,
        self._rest = 0  # windows left to count before the next look
        self._period: int | None = None
        self._windows = 0  # looks in a row that found it; below 0, that found none
        self._said = False

    def update(self, window: JointWindow) -> list[str]:
        """Look, if it is time; what is to be said now, and was not said before."""
        if not self._watches:
            return []
        n, pairs = window.n, window.pairs
        if pairs - self._counted < n or n > MOST_PAIRS or window.fill < 1:
            return []
        self._counted = pairs
        if self._rest > 0:
            self._rest -= 1
            return []
        self._count(None if window.constant else shared_cycle(map(window.signal, (0, 1))))
        self._rest = min(2 ** max(abs(self._windows) - LASTING, 0), MOST_REST) - 1
        if not self.words or self._said:
            return []
        self._said = True
        return [self.words]

    def _count(self, found: int | None) -> None:
        """Count how many looks in a row have found the same."""
        if found is None or self._period is None:
            same = found is self._period
        else:
            same = abs(found - self._period) <= max(SAME * found, 1)
        step = -1 if found is None else 1
        self._windows = self._windows + step if same else step
        self._period = found

    @property
    def words(self) -> str:
        """The hint, while it holds; empty where there is none."""
        return hint(self._period) if self._windows >= LASTING and self._period is not None else ""

    def state(self) -> list[Any]:
        """Plain values that ``restore`` takes."""
        return [self._counted, self._rest, self._period, self._windows, self._said]

    def restore(self, state: list[Any]) -> None:
        """Take up a saved state."""
        self._counted, self._rest, self._period, self._windows, self._said = state


def hint(period: int) -> str:
    """The words about a cycle that both signals follow.

    >>> hint(50)
    'both follow a cycle of about 50 samples: try --given cycle:50'
    """
    return f"both follow a cycle of about {period:,} samples: try --given cycle:{period}"


def of_record(values: FloatArray) -> str:
    """The hint of a whole record (2, n), which shows the cycle in both of its halves too; empty where there is none."""
    half = values.shape[1] // 2
    if not 2 * LEAST_SAMPLES <= 2 * half <= MOST_PAIRS or (values == values[:, :1]).all(axis=1).any():
        return ""
    found = [shared_cycle(part) for part in (values, values[:, :half], values[:, half:])]
    if any(one is None for one in found):
        return ""
    periods = [one for one in found if one is not None]
    return hint(periods[0]) if max(periods) - min(periods) <= max(2 * SAME * periods[0], 2) else ""
