"""The ZeroMQ side of publishing: an XPUB socket with a last-value cache."""

from collections.abc import Callable
from typing import Any, Final

import zmq

from streammi.errors import ConfigError
from streammi.network.connections import Connections
from streammi.network.endpoints import MAX_SUBSCRIPTION_BYTES, Binding
from streammi.network.security import PLAIN_TEXT, Keys

QUEUE: Final = 1000  # messages that wait for a subscriber; one that is slower misses some
SOCKET_OPTIONS: Final = {
    zmq.LINGER: 500,
    zmq.MAXMSGSIZE: MAX_SUBSCRIPTION_BYTES,
    zmq.HEARTBEAT_IVL: 2000,
    zmq.HEARTBEAT_TIMEOUT: 6000,
    zmq.HEARTBEAT_TTL: 6000,
    zmq.HANDSHAKE_IVL: 5000,
    zmq.XPUB_VERBOSER: 1,  # each subscriber is heard of, also one that wants what others have
}


class Publisher:
    """Publishes two-frame messages; a late joiner gets the newest reading of its topics at once.

    ``topics`` is how many there may be. Raises ConfigError for an endpoint that cannot be bound, or that others could
    reach in plain text. With keys, the context must be guarded by them.
    """

    def __init__(
        self,
        endpoint: str,
        context: zmq.Context[Any],
        *,
        keys: Keys = PLAIN_TEXT,
        insecure: bool = False,
        topics: int = 1,
    ) -> None:
        self.socket = context.socket(zmq.XPUB)
        # A late joiner gets the newest of each topic at once, and what is said meanwhile.
        for option, value in {**SOCKET_OPTIONS, zmq.SNDHWM: max(QUEUE, 2 * topics)}.items():
            self.socket.setsockopt(option, value)
        self.connections = Connections(self.socket)
        try:
            self._binding = Binding(self.socket, endpoint, "--publish", keys=keys, insecure=insecure)
        except ConfigError:
            self.connections.close()
            self.socket.close(0)
            raise
        self._newest: dict[bytes, list[bytes]] = {}

    @property
    def endpoint(self) -> str:
        """Where it is bound, with the port that was chosen for ``*``."""
        return self._binding.endpoint

    @property
    def sockets(self) -> tuple[zmq.Socket[Any], ...]:
        """The sockets to poll for input: then it is time for ``handle_subscriptions``."""
        return self.socket, self.connections.events

    def handle_subscriptions(self) -> None:
        """Take in who came and went; resend the newest reading of what somebody has just subscribed to."""
        asked = self.connections.subscriptions()
        # XPUB sends to all subscribers of the topic: run and seq say that it is the reading they have. Once, however
        # many ask for it.
        for known, frames in self._newest.items() if asked else ():
            if any(known.startswith(topic) for topic in asked):
                self.socket.send_multipart(frames, zmq.NOBLOCK)

    def serve(self, warn: Callable[[str], None]) -> None:
        """Take in who came and went, and warn of those who were cut off, or refused."""
        self.handle_subscriptions()
        for news in (self.connections.news(), self.connections.refusals()):
            if news:
                warn(news)

    def wants(self, topic: bytes) -> bool:
        """True if somebody subscribes to messages of this topic."""
        return self.connections.wants(topic)

    def topics(self, prefix: bytes) -> set[bytes]:
        """The topics that somebody subscribes to, of those that begin with this, and go on."""
        return self.connections.topics(prefix)

    def send(self, frames: list[bytes]) -> None:
        """Send to whoever subscribes; never waits. The newest reading of a topic is kept for late joiners."""
        if frames[0].startswith(b"mi/"):
            self._newest[frames[0]] = frames
        self.socket.send_multipart(frames, zmq.NOBLOCK)

    def forget(self, topic: bytes) -> None:
        """Keep nothing of a topic for late joiners any more."""
        self._newest.pop(topic, None)

    def close(self) -> None:
        """Close after what was sent is delivered, or half a second."""
        self.connections.close()
        self.socket.close()
        self._binding.release()
