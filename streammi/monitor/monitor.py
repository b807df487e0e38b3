"""Monitor: pairs in, readings and events out. No input or output, no clock of its own."""

from collections import deque
from collections.abc import Callable
from typing import Any, Final, TypeAlias

import msgspec
import numpy as np

from streammi.config import MonitorConfig, check_same, options_of
from streammi.core.bins.schedule import LEARN_FROM
from streammi.core.kernels.state_layout import SET_BACK_AFTER
from streammi.core.window.joint_window import JointWindow
from streammi.detect.alarms import Alarms, Fields
from streammi.detect.beside_baseline import BesideBaseline
from streammi.detect.links import LinkWatch
from streammi.detect.usual_readings import Band
from streammi.monitor.batch_parts import of_one_clock, timed
from streammi.monitor.bins import BinNotes, axis_infos, bins_for, shown_counts
from streammi.monitor.cadence import Cadence
from streammi.monitor.cycle_note import CycleNote
from streammi.monitor.detection_schedule import DetectionSchedule, detector_for
from streammi.monitor.history_levels import History
from streammi.monitor.reading_parts import ReadingParts
from streammi.monitor.signal_trace import SignalTraces
from streammi.monitor.window_notes import WindowNotes
from streammi.records import Event, LinkHealth, PairBatch, Reading, Snapshot, codec
from streammi.records.codec import State
from streammi.records.link_totals import total
from streammi.records.status import status_of
from streammi.records.verdict import TOO_FEW, is_dependent, verdict

Output: TypeAlias = tuple[float, Reading | Event]  # with its timestamp, s
EVENTS_KEPT: Final = 100


class Monitor:
    """Watches one pair of signals: takes in batches of pairs, and returns the readings and events that become due.

    It has no clock of its own. A reading is due by the ``received`` time of the batches or, with ``event_time``, by the
    times of the samples. The same batches always give the same outputs. With ``hints`` it also looks for a cycle that
    both signals follow, which takes as long as a reading, and tells of it in its notes.

    >>> import numpy as np
    >>> from streammi.config import span
    >>> monitor = Monitor(MonitorConfig(window=span(4), every=span(4), x_range=(0, 1), y_range=(0, 1)))
    >>> [(_, reading)] = monitor.feed(PairBatch(x=np.array([0, 0, 1, 1.0]), y=np.array([0, 0, 1, 1.0])))
    >>> reading.mi
    1.0
    """

    def __init__(self, config: MonitorConfig, *, event_time: bool = False, hints: bool = True) -> None:
        self.config = config
        self.window = JointWindow(*bins_for(config), config.window)
        self.notes: list[str] = []  # what a person should know, once each; the application says them
        self._readings = ReadingParts(config)
        self._readings.follow(self.window)
        self._event_time = event_time
        self._cadence = Cadence(config.every, event_time)
        self._detector = detector_for(config)
        self._schedule = DetectionSchedule(config.window, event_time)
        self._links = LinkWatch(config.pair)
        self._alarms = Alarms(config)
        self._history = History()
        self._events: deque[Event] = deque(maxlen=EVENTS_KEPT)
        self._latest: Reading | None = None
        self._bin_notes = BinNotes(config)
        self._window_notes = WindowNotes(config.window)
        self._cycle_note = CycleNote(config, watches=hints)
        self._traces = SignalTraces()
        self.notes += self._bin_notes.before()
        self.notes += self._readings.followers.notes

    def __repr__(self) -> str:
        return f"<Monitor of {self.config.pair}: {self.window!r}>"

    def feed(self, batch: PairBatch) -> list[Output]:
        """Take in a batch; returns what became due in it, in order."""
        # Of one pair in a window of pairs nothing goes by its time but the window itself.
        if batch.x.size > 1 or self._event_time or self.config.window.seconds is not None:
            batch = timed(batch, self.config, event_time=self._event_time)
        if batch.gaps > 0 or batch.interrupted:
            with self._readings.gap.within(self.window, batch.x.size):
                return self._take_parts(batch)
        if batch.t is None or self.window.before_set_back(batch.t) == batch.t.size:  # nearly always
            return self._take(batch, True)
        return self._take_parts(batch)

    def link(self, health: LinkHealth, now: float) -> list[Output]:
        """The events that a feed's state brings as of ``now`` (wall clock, s): stalled, recovered, gap."""
        outputs = self._emit_events(self._links.update(health, now))
        return outputs + self._keep_events(self._alarms.of_time(now))

    def judge(self, published: Fields) -> list[Output]:
        """The alarms that a reading raises and ends, as it was published: also by what only its feed knows."""
        events = self._alarms.of_reading(published)
        self.notes += self._alarms.notes
        self._alarms.notes.clear()
        return self._keep_events(events)

    def last(self, timestamp: float) -> list[Output]:
        """The outputs at the end: the last reading, if pairs have come since the one before."""
        return self._emit_reading(timestamp) if self._uncounted else []

    def catch_up(self, now: float, *, at_once: bool) -> list[Output]:
        """The reading that is due by ``now`` (wall clock, s) of pairs that none has counted, though nothing more comes.

        ``at_once``: it is due now, and where every pair is counted, the newest is said again. Nothing changes where
        nothing is due.
        """
        if self._uncounted:
            return self._emit_reading(now) if self._cadence.reached(now) or at_once else []
        return [(now, self._latest)] if at_once and self._latest is not None else []

    @property
    def due(self) -> float | None:
        """When (wall clock, s) pairs that no reading has counted are due, though nothing more comes; None: never."""
        due = self._cadence.due
        return due if due is not None and self._uncounted else None

    @property
    def stuck(self) -> bool:
        """True if a signal is constant over a full window."""
        if self._latest is not None and not self._uncounted:
            return self._latest.fill >= 1 and self._latest.constant
        return self.window.fill >= 1 and self.window.constant

    def snapshot(self, *, run: int, seq: int, timestamp: float, links: tuple[LinkHealth, ...]) -> Snapshot:
        """Everything a dashboard draws, as of now; what is said later does not depend on whether somebody looked."""
        reading = self._readings.shown(self.window, self._band, timestamp)
        x, y = axis_infos(self.config, self.window)
        return Snapshot(
            pair=self.config.pair,
            run=run,
            seq=seq,
            timestamp=timestamp,
            window=str(self.config.window),
            window_seconds=self.config.window.seconds,
            x=x,
            y=y,
            reading=reading,
            counts=None if reading is None else shown_counts(self.window.counts.astype(np.int64), (x, y)),
            history=self._history.levels(),
            profile=None if reading is None else self._readings.followers.profile(self.window),
            trace=None if reading is None else self._traces.of(self.window),
            events=tuple(self._events),
            alarms=tuple(self._alarms.raised.values()),
            links=links,
            given=self._conditions,
            verdict=self.awaited if reading is None else self._verdict(reading),
            status=int(status_of(reading, total(links))),
        )

    @property
    def awaited(self) -> str:
        """The things still missing for a reading; empty where nothing has come yet."""
        few = self._window_notes.words(self.window)
        if few:
            return f"too few pairs to learn bins: {few}"
        if self.window.pairs:
            least = min(LEARN_FROM, self.config.window.pairs or LEARN_FROM)
            return f"learning the bins: {self.window.pairs} of {least} pairs so far"
        return f"none of {self.window.nonfinite:,} pairs is finite" if self.window.nonfinite else ""

    @property
    def normal(self) -> BesideBaseline | None:
        """The part that compares with a baseline; None without one."""
        return None if self._detector is None else self._detector.normal

    @property
    def _band(self) -> Band | None:
        """Between what readings normally are; None where that is not known."""
        return None if self.normal is None else self.normal.band

    def state(self, *, brief: bool = False) -> State:
        """Everything that it remembers, as plain values and arrays that are its own no more.

        ``brief``: without the settings, and what is only shown: history, events and notes of the past, and the newest
        reading, without which ``last``, ``catch_up`` and ``stuck`` know of nothing that was said.
        """
        plain = {
            "settings": None if brief else options_of(self.config),
            "cadence": self._cadence.state(),
            "looks": self._schedule.state(),
            "links": self._links.state(),
            "alarms": self._alarms.state(),
            "detector": None if self._detector is None else self._detector.state(),
            "events": [] if brief else [msgspec.structs.asdict(event) for event in self._events],
            "latest": None if brief or self._latest is None else msgspec.structs.asdict(self._latest),
            "notes": [] if brief else self.notes,
            "cycle": self._cycle_note.state(),
            **self._readings.state(),
            **self._bin_notes.state(),
            **self._window_notes.state(),
        }
        parts = {
            "monitor": ({"plain": codec.to_plain(plain)}, list[Any]()),
            "window": self.window.state(),
            "history": (History() if brief else self._history).state(),
        }
        return codec.joined(parts | self._readings.states())

    def restore(self, state: State) -> None:
        """Take up the state of a monitor with the same settings: from then on it says what that one would have said.

        Raises ConfigError when the settings differ.
        """
        parts = codec.parts_of(state)
        plain = codec.from_plain(parts["monitor"][0]["plain"])
        if plain["settings"] is not None:
            check_same(options_of(self.config), plain["settings"])
        self.window = JointWindow.from_state(*parts["window"])
        self._readings.restore(plain, parts)
        self._readings.follow(self.window)
        self._cadence.restore(plain["cadence"])
        self._schedule.restore(plain["looks"])
        self._links.restore(plain["links"])
        self._alarms.restore(plain["alarms"])
        if self._detector is not None:
            self._detector.restore(plain["detector"])
        self._history.restore(*parts["history"])
        self._events.extend(Event(**event) for event in plain["events"])
        self._latest = None if plain["latest"] is None else Reading(**plain["latest"])
        self._bin_notes.restore(plain)
        self._window_notes.restore(plain)
        self._cycle_note.restore(plain["cycle"])
        self.notes[:] = plain["notes"]

    def __reduce__(self) -> tuple[Callable[[MonitorConfig, bool, State], "Monitor"], tuple[MonitorConfig, bool, State]]:
        return _restored, (self.config, self._event_time, self.state())  # copies of window and bank would not be tied

    def _take_parts(self, batch: PairBatch) -> list[Output]:
        parts = of_one_clock(batch, self.window.before_set_back)
        return [output for part, ends in parts for output in self._take(part, ends)]

    def _take(self, part: PairBatch, ends: bool) -> list[Output]:
        """Take in a part of a batch, or all of it; returns what became due in it."""
        outputs: list[Output] = []
        start = 0
        cuts = self._cadence.cuts(part, ends=ends)
        looks = self._schedule.due(part) if self._detector is not None else []
        due: list[tuple[int, bool, bool, float]] = []
        if cuts or looks:
            # Of two at one place what is known first comes first, as it does where a batch ends there.
            due = [(k, self._cadence.waits, True, at) for k, at in cuts]
            due = sorted(due + [(k, self._schedule.waits, False, at) for k, at in looks]) if looks else due
        for stop, _, speaks, timestamp in due:
            self._extend(part, start, stop)
            outputs += self._emit_reading(timestamp) if speaks else self._detect(timestamp)
            start = stop
        if start < part.x.size:
            self._extend(part, start, part.x.size)
        return outputs

    def _extend(self, batch: PairBatch, start: int, stop: int) -> None:
        t = batch.t
        before = 0.0 if t is None else self.window.set_back
        if stop - start == 1:  # each sample has its reading: the short way is 20 times faster than arrays of one
            self.window.update(batch.x.item(start), batch.y.item(start), None if t is None else t.item(start))
        elif stop > start:
            part = slice(start, stop)
            self.window.extend(batch.x[part], batch.y[part], None if t is None else t[part])
        for relation in self._readings.relations.values():
            relation.extend(batch, start, stop)
        if not self._bin_notes.said_learnt:
            self.notes += self._bin_notes.learnt(self.window)
        if t is not None and self.window.set_back != before:  # at the last of them
            self._follow_clock(self.window.set_back - before)

    def _follow_clock(self, seconds: float) -> None:
        self._cadence.set_back(seconds)
        self._schedule.set_back(seconds)
        self._readings.gap.before_newest(self.window)
        self.notes.append(
            f"the samples' times go back by about {seconds:.4g} s, as after a clock is set back, or where older records"
            f" follow; the {SET_BACK_AFTER - 1} samples before that was clear were dropped as late"
        )

    def _verdict(self, reading: Reading) -> str:
        few = self._window_notes.words(self.window)
        if few:
            return f"{TOO_FEW}: {few}"
        said = verdict(reading, labels=self.config.bins.kind == "categories", given=self._conditions)
        if self.normal is not None and self.normal.outside:
            said += f"; {self.normal.words}"
        if self._cycle_note.words and is_dependent(reading):
            return "; ".join([said, *self._readings.words, self._cycle_note.words])
        return "; ".join([said, *self._readings.words])

    @property
    def _conditions(self) -> str:
        """The conditions' names, as a sentence has them."""
        return " and ".join(condition.words for condition in self.config.given)

    @property
    def _uncounted(self) -> bool:
        """True if pairs have come that no reading has counted, and a reading can be made of them."""
        window, latest = self.window, self._latest
        if latest is None:
            return window.n > 0 and window.x_axis is not None and window.y_axis is not None
        return (window.pairs, window.nonfinite, window.dropped) != (latest.pairs, latest.nonfinite, latest.dropped)

    def _emit_reading(self, timestamp: float) -> list[Output]:
        self.notes += self._readings.followers.plan(self.window)
        self.notes += self._bin_notes.relearnt(self.window, timestamp)
        self.notes += self._window_notes.update(self.window, timestamp)
        self.notes += self._cycle_note.update(self.window)
        reading = self._readings.emitted(self.window, self._band, timestamp)
        if reading is None:
            return []
        self._latest = reading
        self.notes += self._bin_notes.labels(self.window, reading)
        self._history.add(timestamp, reading.mi_corrected, reading.null_q95, reading.peak_mi, reading.fill)
        return [(timestamp, reading)]

    def _detect(self, timestamp: float) -> list[Output]:
        self.notes += self._readings.followers.plan(self.window)
        reading = self._readings.looked_at(self.window, self._band)
        if self._detector is None or reading is None:
            return []
        events = self._detector.update(reading, timestamp, lambda: self.window.values)
        if self.normal is not None:
            self.notes += self.normal.notes()
        return self._emit_events(events)

    def _emit_events(self, events: list[Event]) -> list[Output]:
        """Say events, and the alarms that they raise."""
        outputs: list[Output] = []
        for event in events:
            outputs += self._keep_events([event, *self._alarms.of_events([event])])
        return outputs

    def _keep_events(self, events: list[Event]) -> list[Output]:
        self._events += events
        return [(event.timestamp, event) for event in events]


def _restored(config: MonitorConfig, event_time: bool, state: State) -> Monitor:
    monitor = Monitor(config, event_time=event_time)
    monitor.restore(state)
    return monitor
