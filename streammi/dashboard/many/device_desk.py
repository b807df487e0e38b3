"""A monitor of many devices as a view knows it: its newest snapshot as a whole, and the devices' readings."""

from collections.abc import Iterable

import numpy as np
from msgspec.structs import replace

from streammi.config import Unit
from streammi.dashboard.many.desk import Desk
from streammi.dashboard.many.device_list import ManyDevices, time_of
from streammi.dashboard.many.device_words import key_of
from streammi.dashboard.many.devices import Devices, Silent
from streammi.publish.device_readings import DeviceReading
from streammi.records import IntArray, Snapshot


class DeviceDesk(Desk):
    """The devices of one monitor: readings and choices in, what is shown out."""

    def __init__(self, snapshot: Snapshot) -> None:
        super().__init__()
        self.devices = Devices()
        self.newest = snapshot
        self._frozen: tuple[Snapshot, Devices] | None = None
        self._silent: tuple[Snapshot | None, Silent] = (None, Silent())  # as of a snapshot

    @property
    def shown(self) -> Snapshot:
        """The newest snapshot of the monitor as a whole, or that at the moment of freezing."""
        return self.newest if self._frozen is None else self._frozen[0]

    @property
    def _devices(self) -> Devices:
        """The devices as they are shown."""
        return self.devices if self._frozen is None else self._frozen[1]

    @property
    def unit(self) -> Unit:
        """The unit of the readings."""
        return self._devices.unit

    @property
    def run(self) -> int:
        """The run of the monitor that the newest is of."""
        return self.newest.run

    def take(self, snapshot: Snapshot) -> bool:
        """Take in how the monitor is as a whole; whether anything is new."""
        before, self.newest = self.newest, snapshot
        self.devices.limit(snapshot.devices or 0)
        return before is not snapshot  # also where only the time has passed: a device may be silent

    def hear(self, readings: Iterable[DeviceReading]) -> None:
        """Take in readings of devices."""
        for reading in readings:
            self.devices.take(reading)

    def freeze(self, frozen: bool) -> None:
        """Keep showing what is shown, or go on to what is newest."""
        self._frozen = (self.newest, self.devices.copy()) if frozen else None

    @property
    def behind(self) -> tuple[float, int] | None:
        """How far what is shown is behind, s and readings; None where it is not frozen."""
        if self._frozen is None:
            return None
        frozen = self._frozen[0]
        return self.newest.timestamp - frozen.timestamp, self.newest.seq - frozen.seq

    @property
    def hint(self) -> str:
        """The way back from the opened device."""
        return "esc: back to all devices"

    def own(self, label: str, snapshot: Snapshot) -> Snapshot:
        """A device's own snapshot, by its own name, with its past in this view.

        It is stalled where it is silent, and has ended where its monitor has let go of it: no snapshot says so.
        """
        number, state, since = self.devices.number(label), None, 0.0
        if number is None:
            state, since = "ended", snapshot.timestamp
        elif self.devices.are_silent(np.array([number]), time_of(self.newest))[0]:
            state, since = "stalled", self.devices.heard(number)
        links = snapshot.links if state is None else tuple(replace(k, state=state, since=since) for k in snapshot.links)
        return replace(snapshot, pair=key_of(label), history=self.devices.history(label), links=links)

    def label(self, number: int) -> str:
        """The name in topics of a device."""
        return self._devices.name(number)

    def number(self, label: str) -> int | None:
        """The device that topics call so; None where there is none."""
        return self.devices.number(label)

    def many(self, unit: Unit) -> ManyDevices:
        """All that is shown."""
        shown, devices = self.shown, self._devices
        if self.state.pair is not None and devices.is_gone(self.state.pair):
            self.state = replace(self.state, pair=None)
        self._sort(shown.timestamp)
        if self._silent[0] is not shown:  # once a second, however many pictures there are
            self._silent = shown, devices.silent(time_of(shown))
        return ManyDevices(
            whole=shown, devices=devices, silent=self._silent[1], state=self.state, unit=unit, order=self._order,
            place=self._place(),
        )  # fmt: skip

    def _in_order(self) -> IntArray:
        """The numbers of the devices that are wanted."""
        return self._devices.in_order(self.state.sort, self.state.words, self.shown.timestamp)

    def _news(self) -> object:
        """How many have come and gone, and whether it is of now."""
        return self._devices.comings, self._frozen is None
