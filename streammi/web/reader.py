"""Snapshots from monitors, taken in a thread of its own, and only while somebody looks: monitors make none in vain."""

import socket as sockets
import threading
from collections.abc import Callable, Sequence, Set
from typing import Any, Final, TypeAlias

import zmq

from streammi.dashboard.choices import PairKey
from streammi.errors import FeedError
from streammi.network.security import Keys
from streammi.publish.client import DRAIN_MESSAGES, Source, newest_of, read_shown
from streammi.publish.messages import snapshot_topic
from streammi.records import LinkState, Snapshot
from streammi.web.devices import Said, read_device

LOOK_MS: Final = 500  # between two looks at how the connections are, where nothing comes
TOPICS: Final = ("snapshot/", "matrix/")
DEVICE_QUEUE: Final = 20_000  # readings: of all devices the newest comes at once
Post: TypeAlias = Callable[[int, list[Said], LinkState, str], None]


class Reader:
    """Hands what monitors send, and how the connections to them are, to ``post``, which is called in its thread."""

    def __init__(self, endpoints: Sequence[str], keys: Keys, post: Post) -> None:
        self._endpoints, self._keys, self._post = tuple(endpoints), keys, post
        self._wanted = self._over = False
        self._notes: list[str] = []  # what to know of each monitor
        self._of_devices: dict[int, Source] = {}  # readings of those that have many devices,
        self._more = False  # and whether some of these still wait
        self._asked: Set[PairKey] = frozenset()  # pairs of many channels that are wanted by name,
        self._given: Set[PairKey] = frozenset()  # and those that monitors were asked for
        self._waking, self._woken = sockets.socketpair()
        for end in (self._waking, self._woken):
            end.setblocking(False)

    def want(self, wanted: bool) -> None:
        """Connect to the monitors, or leave them alone."""
        self._wanted = wanted
        self._wake()

    def ask(self, pairs: Set[PairKey]) -> None:
        """Ask monitors of many channels for these pairs, by the monitor and what topics call them, and no others."""
        self._asked = pairs
        self._wake()

    def end(self) -> None:
        """Have ``run`` return soon."""
        self._over = True
        self._wake()

    def run(self) -> None:
        """Read until the end."""
        with self._waking, self._woken, zmq.Context() as context:
            sources: list[Source] = []
            try:
                while not self._over:
                    if self._wanted and not sources:
                        sources = [Source(endpoint, context, *TOPICS, keys=self._keys) for endpoint in self._endpoints]
                        self._notes, self._given = [""] * len(sources), frozenset()
                    elif not self._wanted:
                        self._close(sources)
                    if sources:
                        self._ask_for(sources)
                    self._wait(sources)
                    self._more = False
                    for monitor, source in enumerate(sources):
                        self._hand_on(monitor, source, context)
            finally:
                self._close(sources)

    def _ask_for(self, sources: Sequence[Source]) -> None:
        asked = self._asked
        for monitor, pair in asked - self._given:
            sources[monitor].socket.subscribe(snapshot_topic(pair))
        for monitor, pair in self._given - asked:
            sources[monitor].socket.unsubscribe(snapshot_topic(pair))
        self._given = asked

    def _hand_on(self, monitor: int, source: Source, context: zmq.Context[Any]) -> None:
        """Hand on what has arrived from a monitor, and what to know of it; of one of devices ask for their readings."""
        found: list[Said] = []
        readings = self._of_devices.get(monitor)
        arrived: list[tuple[Callable[[Sequence[bytes]], Said], Sequence[bytes]]]
        arrived = [(read_shown, frames) for frames in newest_of(source.messages())]
        of_devices = readings.messages() if readings else []
        self._more |= len(of_devices) >= DRAIN_MESSAGES
        arrived += [(read_device, frames) for frames in newest_of(of_devices)]
        for read, frames in arrived:
            try:
                found.append(read(frames))
            except FeedError as error:
                self._notes[monitor] = f"a snapshot cannot be read: {error}"
            else:
                self._notes[monitor] = ""
        if readings is None and any(isinstance(one, Snapshot) and one.devices is not None for one in found):
            endpoint = self._endpoints[monitor]
            self._of_devices[monitor] = Source(endpoint, context, "mi/", queue=DEVICE_QUEUE, keys=self._keys)
        self._post(monitor, found, source.link, self._notes[monitor] or source.note)

    def _wait(self, sources: Sequence[Source]) -> None:
        poller = zmq.Poller()
        poller.register(self._woken, zmq.POLLIN)
        for source in sources:  # readings of devices are taken by the way: a picture of them is made once a second
            poller.register(source.socket, zmq.POLLIN)
        poller.poll(0 if self._more else LOOK_MS if sources else None)
        try:
            while self._woken.recv(64):
                pass
        except BlockingIOError:
            return

    def _close(self, sources: list[Source]) -> None:
        for source in (*sources, *self._of_devices.values()):
            source.close()
        sources.clear()
        self._of_devices.clear()

    def _wake(self) -> None:
        try:
            self._waking.send(b"\0")
        except (BlockingIOError, OSError):  # it is awake, or has ended
            return


def thread(reader: Reader) -> threading.Thread:
    """A thread that reads, not started yet."""
    return threading.Thread(target=reader.run, name="snapshots")
