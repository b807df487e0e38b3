"""Snapshots from monitors, taken in a thread of its own, and only while somebody looks: monitors make none in vain."""

import socket as sockets
import threading
from collections.abc import Callable, Sequence, Set
from typing import Final, TypeAlias

import zmq

from streammi.dashboard.choices import PairKey
from streammi.network.security import Keys
from streammi.publish.messages import snapshot_topic
from streammi.publish.shown import Said, ShownSource
from streammi.records import LinkState

LOOK_MS: Final = 500  # between two looks at how the connections are, where nothing comes
Post: TypeAlias = Callable[[int, list[Said], LinkState, str], None]


class Reader:
    """Hands what monitors send, and how the connections to them are, to ``post``, which is called in its thread."""

    def __init__(self, endpoints: Sequence[str], keys: Keys, post: Post) -> None:
        self._endpoints, self._keys, self._post = tuple(endpoints), keys, post
        self._wanted = self._over = False
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
            sources: list[ShownSource] = []
            try:
                while not self._over:
                    if self._wanted and not sources:
                        sources = [ShownSource(endpoint, context, keys=self._keys) for endpoint in self._endpoints]
                        self._given = frozenset()
                    elif not self._wanted:
                        self._close(sources)
                    if sources:
                        self._ask_for(sources)
                    self._wait(sources)
                    for monitor, source in enumerate(sources):
                        self._post(monitor, source.said(), source.link, source.note)
            finally:
                self._close(sources)

    def _ask_for(self, sources: Sequence[ShownSource]) -> None:
        asked = self._asked
        for monitor, pair in asked - self._given:
            sources[monitor].socket.subscribe(snapshot_topic(pair))
        for monitor, pair in self._given - asked:
            sources[monitor].socket.unsubscribe(snapshot_topic(pair))
        self._given = asked

    def _wait(self, sources: Sequence[ShownSource]) -> None:
        poller = zmq.Poller()
        poller.register(self._woken, zmq.POLLIN)
        for source in sources:  # readings of devices are taken by the way: a picture of them is made once a second
            poller.register(source.socket, zmq.POLLIN)
        more = any(source.waiting for source in sources)
        poller.poll(0 if more else LOOK_MS if sources else None)
        try:
            while self._woken.recv(64):
                pass
        except BlockingIOError:
            return

    def _close(self, sources: list[ShownSource]) -> None:
        for source in sources:
            source.close()
        sources.clear()

    def _wake(self) -> None:
        try:
            self._waking.send(b"\0")
        except (BlockingIOError, OSError):  # it is awake, or has ended
            return


def thread(reader: Reader) -> threading.Thread:
    """A thread that reads, not started yet."""
    return threading.Thread(target=reader.run, name="snapshots")
