"""Device: the monitor of one key, and the samples that wait for those before them."""

from itertools import pairwise
from typing import Any, Final

import msgspec
import numpy as np

from streammi.core.bins import binning
from streammi.core.bins.axes import Axes
from streammi.interop.spark.plan import OF_VALUES, Plan, tables
from streammi.interop.spark.samples import Samples, X, Y, joined
from streammi.monitor import Monitor, Output
from streammi.publish.messages import result_fields
from streammi.records import LinkHealth, PairBatch, Reading, codec
from streammi.records.codec import State

OVERHEAD: Final = 1 << 14  # bytes of a device in memory beside its arrays, about
LINK: Final = LinkHealth(endpoint="", state="connected")  # of what a job reads nothing more is known
UNKNOWN: Final[dict[str, Any]] = dict.fromkeys(OF_VALUES)


class Device:
    """Takes the samples of one key in any order, and says what its monitor says of them in theirs.

    A sample waits until one has come whose order is more than ``hold`` larger; with None nothing waits. What comes
    behind one that the monitor has is late: it is counted, and left out. Behind a gap that is longer than the plan's
    ``idle`` all begins anew.
    """

    def __init__(self, plan: Plan, hold: float | None) -> None:
        self._plan, self._hold = plan, hold
        self.tables = tables(plan)
        self.monitor = self._new_monitor()
        self.lives = 0  # how often its window began anew
        self.size = 0  # bytes in memory, about, as of the newest state
        self.waiting: Samples | None = None
        self.newest = self.last = -np.inf  # orders: the largest that has come, and that the monitor has
        self.behind = 0  # samples that came too late, or twice, or without a place in the order

    def feed(self, parts: list[Samples]) -> list[Output]:
        """Take in samples; returns what is due by them."""
        samples = joined(parts if self.waiting is None else [self.waiting, *parts])
        coming = len(samples)
        samples = samples.at(self._in_time(samples)).sorted()
        if not self._plan.by_time:
            samples = samples.without_copies()
        self.behind += coming - len(samples)
        self.waiting = None
        if not len(samples):
            return []
        self.newest = max(self.newest, samples.order[-1].item())
        if self._hold is not None:
            limit = self.newest - self._hold if self._hold else self.newest
            ready = int(np.searchsorted(samples.order, limit, side="left"))
            if ready < len(samples):
                self.waiting = samples.at(slice(ready, None))
            samples = samples.at(slice(ready))
        return self._take(samples) if len(samples) else []

    def flush(self, *, last: bool = False) -> list[Output]:
        """Take in what waits: nothing more comes. ``last``: with a reading of what none has counted."""
        outputs = [] if self.waiting is None else self._take(self.waiting)
        self.waiting = None
        if last:
            window = self.monitor.window
            at = window.newest_times(1)
            outputs += self._said(self.monitor.last(at.item() if at.size else float(window.pairs + window.nonfinite)))
        return outputs

    def _in_time(self, samples: Samples) -> Any:
        """A mask (n,) of the samples that stand behind no other that the monitor has."""
        order = samples.order
        if self._plan.by_time:
            return np.isfinite(order) & (order >= self.last)
        return order > self.last

    def _new_monitor(self) -> Monitor:
        return Monitor(self._plan.config, event_time=True, hints=False)

    def _take(self, samples: Samples) -> list[Output]:
        """Take in samples in order; where the key was idle before one, the window begins anew with it."""
        idle = self._plan.idle
        if idle is None:
            return self._feed(samples)
        outputs: list[Output] = []
        before = samples.order[0] if self.last == -np.inf else self.last
        cuts = np.flatnonzero(np.diff(samples.order, prepend=before) > idle).tolist()
        for start, stop in pairwise([0, *cuts, len(samples)]):
            if start in cuts:
                self.monitor, self.behind = self._new_monitor(), 0
                self.lives += 1
            if start < stop:
                outputs += self._feed(samples.at(slice(start, stop)))
        return outputs

    def _feed(self, samples: Samples) -> list[Output]:
        self.last = samples.order[-1].item()
        numbers, plan = samples.numbers, self._plan
        x, y = numbers[X], numbers[Y]
        if self.tables is not None:
            x, y = self.tables[X].stand_ins(x), self.tables[Y].stand_ins(y)
        first = 3 if plan.timed and not plan.by_time else 2
        t = (samples.order if plan.by_time else numbers[2]) if plan.timed else None
        z = np.ascontiguousarray(numbers[first:].T) if len(numbers) > first else None
        outputs = self.monitor.feed(PairBatch(x=x, y=y, t=t, z=z))
        self.monitor.notes.clear()
        return self._said(outputs)

    def _said(self, outputs: list[Output]) -> list[Output]:
        """The outputs with what the monitor does not know, and the alarms that the readings raise."""
        said: list[Output] = []
        for timestamp, item in outputs:
            if not isinstance(item, Reading):
                said.append((timestamp, item))
                continue
            reading = self._completed(item)
            said.append((timestamp, reading))
            if self._plan.config.alarms:
                fields = result_fields(reading, run=0, seq=0, timestamp=timestamp, link=LINK)
                said += self.monitor.judge(fields)
        return said

    def _completed(self, reading: Reading) -> Reading:
        changed: dict[str, Any] = UNKNOWN if self._plan.keep == "symbols" else {}
        if self.behind:
            changed = changed | {"late": reading.late + self.behind, "dropped": reading.dropped + self.behind}
        return msgspec.structs.replace(reading, **changed) if changed else reading

    # Its state ------------------------------------------------------------------------------------------------------

    def state(self) -> tuple[State, Any, Any]:
        """The state without the window's pairs; their values (2, n), and their times (n,), or None."""
        parts = codec.parts_of(self.monitor.state(brief=True))
        window, (_, values, x_marks, y_marks, *times) = parts["window"]
        parts["window"] = window, [x_marks, y_marks]
        own = {"newest": self.newest, "last": self.last, "behind": self.behind}
        waiting = self.waiting
        parts["device"] = own, [] if waiting is None else [waiting.order, waiting.place, waiting.numbers]
        self.size = OVERHEAD + 2 * sum(array.nbytes for array in (values, *codec.joined(parts)[1]))
        return codec.joined(parts), values, times[0] if times else None

    @classmethod
    def from_state(cls, plan: Plan, hold: float | None, state: State, values: Any, times: Any) -> "Device":
        """The one whose ``state`` this is, bit for bit."""
        device = cls(plan, hold)
        parts = codec.parts_of(state)
        own, waiting = parts.pop("device")
        device.newest, device.last, device.behind = own["newest"], own["last"], own["behind"]
        device.waiting = Samples(*waiting) if waiting else None
        window, (x_marks, y_marks) = parts["window"]
        axes = Axes(*map(binning.from_plain, window["bins"]))
        axes.restore(window, x_marks, y_marks)
        entries = axes.entries(values)
        parts["window"] = window, [entries, values, x_marks, y_marks, *([] if times is None else [times])]
        device.monitor.restore(codec.joined(parts))
        return device
