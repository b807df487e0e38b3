"""The bins of one monitored pair: those that its settings name, and what a person should know of them, once each."""

import math
from typing import Any, Final

from streammi.config import MonitorConfig
from streammi.core.bins.binning import Axis, Bins, Categories, QuantileBins, SpanBins, UniformBins
from streammi.core.bins.number import wanted_bins
from streammi.core.window.joint_window import JointWindow
from streammi.records import AxisInfo, IntArray, Reading
from streammi.records.key_names import spelled

AGAIN_SECONDS: Final = 60.0  # between two messages of bins that were learnt anew
MOVED: Final = 0.1  # of the range: ends that moved by less are what they were
TIMED_PAIRS: Final = 1000  # what a window of a duration is taken to hold, until it is seen


def bins_for(config: MonitorConfig) -> tuple[Bins, Bins]:
    """The bins of x and y: the range that was given, or what is to be learnt from the window."""
    kind, count = config.bins.kind, config.bins.count
    if kind == "categories":
        labels = Categories() if count is None else Categories(limit=count)
        return labels, labels
    learn = SpanBins if kind == "uniform" else QuantileBins
    fixed = count or wanted_bins(config.window.pairs or TIMED_PAIRS)

    def one(range_: tuple[float, float] | None) -> Bins:
        return learn(count) if range_ is None else UniformBins(*range_, fixed)

    return one(config.x_range), one(config.y_range)


def axis_infos(config: MonitorConfig, window: JointWindow) -> tuple[AxisInfo, AxisInfo]:
    """Both axes as a snapshot shows them."""
    x, y = config.called
    return axis_info(x, config.x_unit, window.x_axis), axis_info(y, config.y_unit, window.y_axis)


def axis_info(name: str, unit: str, axis: Axis | None) -> AxisInfo:
    """An axis as a snapshot shows it.

    >>> axis_info("pump", "", Categories([True, False, 7])).labels
    ('true', 'false', '7', 'other')
    """
    if isinstance(axis, Categories):
        return AxisInfo(name=name, unit=unit, labels=(*map(spelled, axis.labels), Categories.OTHER))
    return AxisInfo(name=name, unit=unit, edges=None if axis is None else axis.edges)


def shown_counts(counts: IntArray, axes: tuple[AxisInfo, AxisInfo]) -> IntArray:
    """The counts of the labels that there are: a window has room for more, and what it calls "other" is its last.

    >>> import numpy as np
    >>> axis = AxisInfo(name="x", labels=("a", "other"))
    >>> shown_counts(np.arange(9).reshape(3, 3), (axis, axis)).tolist()
    [[0, 2], [6, 8]]
    """
    for side, axis in enumerate(axes):
        if axis.labels is not None:
            counts = counts.take([*range(len(axis.labels) - 1), counts.shape[side] - 1], axis=side)
    return counts


class BinNotes:
    """Notes on the bins for a person: each method returns what is to be said by now and was not said before."""

    def __init__(self, config: MonitorConfig) -> None:
        self._config = config
        self.said_learnt = False  # which bins were taken from the first window
        self._too_many_labels = False
        self._seen: tuple[Axis | None, Axis | None] = (None, None)  # the axes as they were looked at last
        self._said: dict[str, list[float]] = {}  # by signal, what was said of its learnt bins: how many, from, to
        self._said_at = -math.inf  # s

    def before(self) -> list[str]:
        """Of the settings, before a pair has come."""
        return self._undersampling(self._config.window.pairs)

    def learnt(self, window: JointWindow) -> list[str]:
        """Once the first window is full: which bins were taken from it."""
        size = self._config.window.pairs
        if self.said_learnt or window.pairs < (size or TIMED_PAIRS):
            return []
        self.said_learnt = True
        self._seen = window.x_axis, window.y_axis
        self._said = self._learnt_bins(window)
        notes = [f"{name}: {_bins(*bins)}, taken from the first window" for name, bins in self._said.items()]
        # How many pairs a duration holds is seen only now.
        return notes if size else notes + self._undersampling(window.n)

    def relearnt(self, window: JointWindow, now: float) -> list[str]:
        """Where bins are no more what was said of them, once a minute at most; ``now`` is the time of a reading, s."""
        x, y = window.x_axis, window.y_axis
        same = x is self._seen[0] and y is self._seen[1]  # nearly always
        if same or not self.said_learnt or 0 <= now - self._said_at < AGAIN_SECONDS:
            return []
        self._seen = x, y
        bins = self._learnt_bins(window)
        moved = [name for name in bins if name not in self._said or _differ(bins[name], self._said[name])]
        if moved:
            self._said_at = now
            self._said |= {name: bins[name] for name in moved}
        return [f"{name}: {_bins(*bins[name])}, learnt anew" for name in moved]

    def _learnt_bins(self, window: JointWindow) -> dict[str, list[float]]:
        sides = (("x", window.x_axis, self._config.x_range), ("y", window.y_axis, self._config.y_range))
        return {
            name: [axis.count, axis.edges.item(0), axis.edges.item(-1)]
            for name, axis, range_ in sides
            if range_ is None and axis is not None and not isinstance(axis, Categories)
        }

    def labels(self, window: JointWindow, reading: Reading) -> list[str]:
        """Where a reading says that there are more labels than symbols for them."""
        if self._too_many_labels or not reading.clipped or self._config.bins.kind != "categories":
            return []
        self._too_many_labels = True
        sides = zip(reading.sides, (window.x_axis, window.y_axis), strict=True)
        return [
            f'{side.name}: more than {axis.limit} labels; all further ones count as one, "{Categories.OTHER}" '
            "(--bins categories:N takes N)"
            for side, axis in sides
            if isinstance(axis, Categories) and side.clipped
        ]

    def state(self) -> dict[str, Any]:
        """Plain values and arrays that ``restore`` takes."""
        said = {"said_bins": self._said, "said_bins_at": self._said_at}
        return said | {"learnt": self.said_learnt, "too_many_labels": self._too_many_labels}

    def restore(self, state: dict[str, Any]) -> None:
        """Take up a saved state."""
        self.said_learnt, self._too_many_labels = state["learnt"], state["too_many_labels"]
        self._said, self._said_at = state["said_bins"], state["said_bins_at"]

    def _undersampling(self, pairs: int | None) -> list[str]:
        """The user's number of bins is too large for so many pairs."""
        count = None if self._config.bins.kind == "categories" else self._config.bins.count
        if not count or not pairs or count * count <= pairs:
            return []
        return [
            f"{count} x {count} bins for {pairs} pairs undersample the joint histogram: MI will read too high; "
            f"--bins {wanted_bins(pairs)} or a window of {5 * count * count} pairs would not"
        ]


def _bins(count: float, low: float, high: float) -> str:
    return f"{'1 bin' if count == 1 else f'{count:.0f} bins'} from {low:g} to {high:g}"


def _differ(bins: list[float], said: list[float]) -> bool:
    """True if there are more or fewer bins, or they reach elsewhere."""
    (count, *ends), (count_said, *ends_said) = bins, said
    room = MOVED * max(ends[1] - ends[0], ends_said[1] - ends_said[0])
    return count != count_said or any(abs(a - b) > room for a, b in zip(ends, ends_said, strict=True))
