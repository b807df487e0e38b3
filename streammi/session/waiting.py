"""Waiting: what a loop sleeps for, a signal or something to read."""

from typing import Any, TypeAlias

import zmq

from streammi.ingest.feed import Feed
from streammi.publish.publisher import Publisher
from streammi.system.signals import Stop

Sockets: TypeAlias = tuple[zmq.Socket[Any], ...]


class Waiting:
    """Sleeps until there is a signal, or something to read from the feed, whose sockets may change, or a publisher."""

    def __init__(self, stop: Stop, feed: Feed, publisher: Publisher | None) -> None:
        self._feed, self._poller = feed, zmq.Poller()
        self._polled: Sockets = ()
        self._poller.register(stop.fileno(), zmq.POLLIN)
        for socket in () if publisher is None else publisher.sockets:
            self._poller.register(socket, zmq.POLLIN)

    def wait(self, milliseconds: int) -> None:
        """Sleep so long at the most."""
        if self._polled != self._feed.sockets:
            for socket in self._polled:
                self._poller.unregister(socket)
            self._polled = self._feed.sockets
            for socket in self._polled:
                self._poller.register(socket, zmq.POLLIN)
        self._poller.poll(milliseconds)
