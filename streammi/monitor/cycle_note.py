"""The hint that two signals both follow a cycle: that alone makes them look dependent."""

from typing import Any, Final

from streammi.config import MonitorConfig
from streammi.core.conditional.cycle import SAME, shared_cycle
from streammi.core.window.joint_window import JointWindow
from streammi.records import FloatArray

LASTING: Final = 3  # full windows in a row that show it: of two slow signals one in fifty windows does
LEAST_SAMPLES: Final = 32  # of half a record
MOST_PAIRS: Final = 100_000  # of a window that is looked at, 30 ms


class CycleNote:
    """Looks once a window for a cycle that both signals show, where no condition was given."""

    def __init__(self, config: MonitorConfig) -> None:
        self._watches = not config.given and config.bins.kind != "categories"
        self._looked = 0  # pairs seen at the last look
        self._period: int | None = None
        self._windows = 0  # in a row that showed it
        self._said = False

    def update(self, window: JointWindow) -> list[str]:
        """Look, if it is time; what is to be said now, and was not said before."""
        n = window.n
        if not self._watches or window.fill < 1 or n > MOST_PAIRS or window.pairs - self._looked < n:
            return []
        self._looked = window.pairs
        found = None if window.constant else shared_cycle(window.values)
        same = found is not None and self._period is not None and abs(found - self._period) <= max(SAME * found, 1)
        self._windows = self._windows + 1 if same else int(found is not None)
        self._period = found
        if not self.words or self._said:
            return []
        self._said = True
        return [self.words]

    @property
    def words(self) -> str:
        """The hint, while it holds; empty where there is none."""
        return hint(self._period) if self._windows >= LASTING and self._period is not None else ""

    def state(self) -> list[Any]:
        """Plain values that ``restore`` takes."""
        return [self._looked, self._period, self._windows, self._said]

    def restore(self, state: list[Any]) -> None:
        """Take up a saved state."""
        self._looked, self._period, self._windows, self._said = state


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
