"""Snapshots from monitors, taken in a thread of its own, and only while somebody looks: monitors make none in vain."""

import socket as sockets
import threading
from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

import zmq

from streammi.network.security import Keys
from streammi.publish.client import Source
from streammi.records import LinkState, Snapshot

LOOK_MS: Final = 500  # between two looks at how the connections are, where nothing comes
Post: TypeAlias = Callable[[int, list[Snapshot], LinkState, str], None]


class Reader:
    """Hands what monitors send, and how the connections to them are, to ``post``, which is called in its thread."""

    def __init__(self, endpoints: Sequence[str], keys: Keys, post: Post) -> None:
        self._endpoints, self._keys, self._post = tuple(endpoints), keys, post
        self._wanted = self._over = False
        self._waking, self._woken = sockets.socketpair()
        for end in (self._waking, self._woken):
            end.setblocking(False)

    def want(self, wanted: bool) -> None:
        """Connect to the monitors, or leave them alone."""
        self._wanted = wanted
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
                        sources = [
                            Source(endpoint, context, "snapshot/", keys=self._keys) for endpoint in self._endpoints
                        ]
                    elif not self._wanted:
                        _close(sources)
                    self._wait(sources)
                    for monitor, source in enumerate(sources):
                        found = [one for one in source.snapshots() if isinstance(one, Snapshot)]  # no matrices
                        self._post(monitor, found, source.link, source.note)
            finally:
                _close(sources)

    def _wait(self, sources: Sequence[Source]) -> None:
        poller = zmq.Poller()
        poller.register(self._woken, zmq.POLLIN)
        for source in sources:
            poller.register(source.socket, zmq.POLLIN)
        poller.poll(LOOK_MS if sources else None)
        try:
            while self._woken.recv(64):
                pass
        except BlockingIOError:
            return

    def _wake(self) -> None:
        try:
            self._waking.send(b"\0")
        except (BlockingIOError, OSError):  # it is awake, or has ended
            return


def thread(reader: Reader) -> threading.Thread:
    """A thread that reads, not started yet."""
    return threading.Thread(target=reader.run, name="snapshots")


def _close(sources: list[Source]) -> None:
    for source in sources:
        source.close()
    sources.clear()
