"""All that is known of the monitors that a view looks at: their pairs, channels and devices, and how each link is."""

from collections.abc import Callable, Sequence, Set

from streammi.config import Unit
from streammi.dashboard.alarms import Alarms
from streammi.dashboard.choices import PairKey
from streammi.dashboard.drawing.wording import unit_factor
from streammi.dashboard.many.desk import Desk
from streammi.dashboard.many.device_desk import DeviceDesk
from streammi.dashboard.many.pair_desk import PairDesk
from streammi.dashboard.received import Received
from streammi.dashboard.scene import Tab, is_delayed
from streammi.dashboard.tabs import Tabs
from streammi.publish.device_readings import DeviceReading
from streammi.publish.shown import Said
from streammi.records import LinkState, MatrixSnapshot, Snapshot
from streammi.records.link_totals import worst
from streammi.records.verdict import strength


class Monitors:
    """What has come of each monitor, in the order of ``endpoints``, and the numbers of its pairs.

    ``succeeded`` is told of a pair that has the number of one before, whose monitor has begun anew.
    """

    def __init__(self, endpoints: Sequence[str], succeeded: Callable[[PairKey, PairKey], None]) -> None:
        self._endpoints, self._succeeded = tuple(endpoints), succeeded
        self._numbers = Tabs(len(self._endpoints))
        self.pairs = Received(len(self._endpoints))
        self.desks: dict[PairKey, Desk] = {}  # of monitors of many channels, or devices
        self._beside: frozenset[PairKey] = frozenset()  # pairs of these that are looked at beside
        self.alarms = Alarms()

    def tick(self, now: float) -> bool:
        """Take note of this machine's wall clock, s; return whether the picture changes: how long a state lasts."""
        before, self.pairs.now = self.pairs.now, now
        if before is None or int(before) == int(now) or self.pairs.is_frozen:
            return False
        return any(self.state_of(key) != "connected" for key in self._numbers.keys)

    def receive(self, said: Sequence[Said], monitor: int = 0) -> bool:
        """Take in what was received from a monitor; return whether anything but the clock is new."""
        news = False
        for one in said:
            if isinstance(one, DeviceReading):
                continue
            if isinstance(one, MatrixSnapshot):
                news |= self._receive_matrix(one, monitor)
            elif one.devices is not None:
                news |= self._receive_devices(one, monitor)
            else:
                news |= self._receive_pair(one, monitor)
        heard = [one for one in said if isinstance(one, DeviceReading)]
        return self._hear(heard, monitor) or news

    def _receive_pair(self, snapshot: Snapshot, monitor: int) -> bool:
        key = (monitor, snapshot.pair)
        if any(place == monitor for place, _ in self.desks):  # one of many
            if snapshot.pair != self.opened(monitor) and key not in self._beside:  # another view asked for it
                return False
        elif key not in self.pairs.newest:
            self._give_number(key, snapshot.run)
        self.alarms.take(key, self.pairs.newest.get(key), snapshot)
        return self.pairs.take(key, snapshot)

    def _receive_devices(self, snapshot: Snapshot, monitor: int) -> bool:
        key = (monitor, snapshot.pair)
        self.pairs.came(key)
        desk = self.desks.get(key)
        if not isinstance(desk, DeviceDesk):
            self._give_number(key, snapshot.run)
            desk = self.desks[key] = DeviceDesk(snapshot)
        return desk.take(snapshot)

    def _hear(self, readings: Sequence[DeviceReading], monitor: int) -> bool:
        if not readings:
            return False
        desks = [desk for (place, _), desk in self.desks.items() if place == monitor and isinstance(desk, DeviceDesk)]
        for desk in desks:
            desk.hear(readings)
        return bool(desks)

    def _receive_matrix(self, snapshot: MatrixSnapshot, monitor: int) -> bool:
        key = (monitor, snapshot.name)
        desk = self.desks.get(key)
        self.pairs.came(key)
        if not isinstance(desk, PairDesk):
            self._give_number(key, snapshot.run)
            self.desks[key] = PairDesk(snapshot)
            return True
        if set(snapshot.events) - set(desk.newest.events):
            self.alarms.ring()
        return desk.take(snapshot)

    def connect(self, state: LinkState, note: str = "", monitor: int = 0) -> bool:
        """Take note of how the connection to a monitor is, and why there is none; return whether that is new."""
        # One that starts with this view compiles its kernels before it says anything: that is no silence.
        starting = not self._endpoints[monitor] and all(
            place != monitor for place, _ in (*self.pairs.newest, *self.desks)
        )
        if starting and state == "stalled":
            state, note = "connecting", ""
        return self.pairs.connect(monitor, state, note)

    @property
    def keys(self) -> tuple[PairKey, ...]:
        """The pairs in the order of their numbers; a monitor without one yet is in the place of its first."""
        return tuple(self._numbers.keys)

    def opened(self, monitor: int) -> str | None:
        """The pair of many channels, or the device, whose own view is open, as topics name it."""
        return next((desk.opened_label for (place, _), desk in self.desks.items() if place == monitor), None)

    def open_beside(self, pairs: Set[PairKey]) -> None:
        """Take in these pairs of monitors of many channels, too, as topics name them, and let go of others."""
        for gone in self._beside - pairs:
            self.pairs.forget(gone)
        self._beside = frozenset(pairs)

    def _give_number(self, key: PairKey, run: int) -> None:
        """Find a number for a pair that is new, and forget what had it before its monitor began anew."""
        before = self._numbers.add(key, run, self._run_of)
        if before is not None:
            self.pairs.forget(before)
            self.desks.pop(before, None)
            self._succeeded(before, key)

    def _run_of(self, key: PairKey) -> int | None:
        """The run of its monitor that the newest that is known of a pair is of."""
        known = self.desks.get(key) or self.pairs.newest.get(key)
        return None if known is None else known.run

    def state_of(self, key: PairKey) -> str:
        """The state of the link that is worst off of those that a pair comes over."""
        shown = self._shown(key)
        return worst(self.pairs.links[key[0]][0], *(feed.state for feed in (shown.links if shown else ())))

    def _shown(self, key: PairKey) -> Snapshot | MatrixSnapshot | None:
        """The newest that is shown of a pair, or of a monitor of many."""
        return self.desks[key].shown if key in self.desks else self.pairs.shown.get(key)

    def now(self, key: PairKey) -> float | None:
        """A monitor's wall clock now: that of its newest snapshot, and as long as has passed here since that came."""
        shown, passed = self._shown(key), self.pairs.age(key)
        return None if shown is None or passed is None else shown.timestamp + passed

    def behind(self, key: PairKey) -> tuple[float, int] | None:
        """How far what is shown is behind, s and readings; None where it is not frozen."""
        return self.desks[key].behind if key in self.desks else self.pairs.behind(key)

    def tabs(self, unit: Unit) -> tuple[Tab, ...]:
        """All of them as the header lists them."""
        tabs = []
        for key, label in zip(self.keys, self._numbers.labels(self._endpoints), strict=True):
            snapshot = self.pairs.shown.get(key)
            reading = snapshot and snapshot.reading
            mi = max(strength(reading), 0.0) * unit_factor(reading.unit, unit) if reading else None
            tabs.append(Tab(key, label, mi, self.state_of(key), is_delayed(snapshot)))
        return tuple(tabs)
