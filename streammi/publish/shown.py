"""All that a view, in a terminal or in browsers, shows of a monitor, whatever kind of monitor it is."""

import time
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeAlias

import zmq

from streammi.errors import FeedError
from streammi.network.security import PLAIN_TEXT, Keys
from streammi.publish.client import DRAIN_MESSAGES, Source, newest_of, read_shown
from streammi.publish.device_readings import DeviceReading, read_device
from streammi.publish.matrices import matrix_topic
from streammi.publish.messages import reading_topic, snapshot_topic
from streammi.records import MatrixSnapshot, Snapshot

DEVICE_QUEUE: Final = 20_000  # readings: of all devices the newest comes at once
# What comes from a monitor: of a pair, of many channels, of devices as a whole or of one, and a device's reading.
Said: TypeAlias = Snapshot | MatrixSnapshot | DeviceReading


class ShownSource(Source):
    """The snapshots of a monitor and, of one of devices, the readings of each; ConfigError: an impossible endpoint."""

    def __init__(
        self,
        endpoint: str,
        context: zmq.Context[Any],
        *,
        keys: Keys = PLAIN_TEXT,
        clock: Callable[[], float] = time.time,
    ) -> None:
        topics = snapshot_topic("").decode(), matrix_topic("").decode()
        super().__init__(endpoint, context, *topics, keys=keys, clock=clock)
        self._context, self._keys = context, keys
        self._of_devices: Source | None = None  # their readings
        self._unreadable = ""  # why the newest message was
        self._pair: str | None = None  # that is asked for by name
        self.waiting = False  # some readings of devices still wait

    @property
    def note(self) -> str:
        """Why there is no connection, or what to know of the one there is; empty when there is nothing to say."""
        return "; ".join(filter(None, (super().note, self._unreadable)))

    def said(self) -> list[Said]:
        """The newest of each pair, of many channels, and of each device, among what has arrived, without waiting."""
        found: list[Said] = []
        self._read(read_shown, self.messages(), found)
        if self._of_devices is not None:
            of_devices = self._of_devices.messages()
            self.waiting = len(of_devices) >= DRAIN_MESSAGES
            self._read(read_device, of_devices, found)
        elif any(isinstance(one, Snapshot) and one.devices is not None for one in found):
            topic = reading_topic("").decode()
            self._of_devices = Source(self.endpoint, self._context, topic, queue=DEVICE_QUEUE, keys=self._keys)
        return found

    def ask_for(self, pair: str | None) -> None:
        """Ask for the snapshots of this one of many pairs or devices, and for no other's any more."""
        if pair == self._pair:
            return
        for topic, change in ((self._pair, self.socket.unsubscribe), (pair, self.socket.subscribe)):
            if topic is not None:
                change(snapshot_topic(topic))
        self._pair = pair

    def _read(self, read: Callable[[Sequence[bytes]], Said], messages: list[list[bytes]], found: list[Said]) -> None:
        for frames in newest_of(messages):
            try:
                found.append(read(frames))
            except FeedError as error:
                self.malformed += 1
                self._unreadable = f"a snapshot cannot be read: {error}"
            else:
                self._unreadable = ""

    def close(self) -> None:
        """Close all of its sockets."""
        if self._of_devices is not None:
            self._of_devices.close()
        super().close()
