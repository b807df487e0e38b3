"""The ZeroMQ side of publishing: an XPUB socket with a last-value cache."""

from collections import Counter
from typing import Any, Final

import zmq

from streammi.endpoints import MAX_SUBSCRIPTION_BYTES, Binding
from streammi.errors import ConfigError
from streammi.security import PLAIN_TEXT, Keys

TOPICS_COUNTED: Final = 10_000  # different subscriptions; what comes beyond these is served, but not counted
SOCKET_OPTIONS: Final = {
    zmq.SNDHWM: 1000,
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

    Raises ConfigError for an endpoint that cannot be bound, or that others could reach in plain text. With keys, the
    context must be guarded by them.
    """

    def __init__(
        self, endpoint: str, context: zmq.Context[Any], *, keys: Keys = PLAIN_TEXT, insecure: bool = False
    ) -> None:
        self.socket = context.socket(zmq.XPUB)
        for option, value in SOCKET_OPTIONS.items():
            self.socket.setsockopt(option, value)
        try:
            self._binding = Binding(self.socket, endpoint, "--publish", keys=keys, insecure=insecure)
        except ConfigError:
            self.socket.close(0)
            raise
        self._newest: dict[bytes, list[bytes]] = {}
        self._subscriptions: Counter[bytes] = Counter()

    @property
    def endpoint(self) -> str:
        """Where it is bound, with the port that was chosen for ``*``."""
        return self._binding.endpoint

    def handle_subscriptions(self) -> None:
        """Take in who came and went; resend the newest reading of what somebody has just subscribed to."""
        while self.socket.poll(0):
            request = self.socket.recv()
            topic = request[1:]
            if request[:1] == b"\x00":
                self._subscriptions[topic] -= 1
                if self._subscriptions[topic] <= 0:
                    del self._subscriptions[topic]
            elif request[:1] == b"\x01":
                if topic in self._subscriptions or len(self._subscriptions) < TOPICS_COUNTED:
                    self._subscriptions[topic] += 1
                # XPUB sends to all subscribers of the topic: run and seq say that it is the reading they have.
                for known, frames in self._newest.items():
                    if known.startswith(topic):
                        self.socket.send_multipart(frames, zmq.NOBLOCK)

    def wants(self, topic: bytes) -> bool:
        """Whether somebody subscribes to messages of this topic."""
        return any(topic.startswith(prefix) for prefix in self._subscriptions)

    def send(self, frames: list[bytes]) -> None:
        """Send to whoever subscribes; never waits. The newest reading of a topic is kept for late joiners."""
        if frames[0].startswith(b"mi/"):
            self._newest[frames[0]] = frames
        self.socket.send_multipart(frames, zmq.NOBLOCK)

    def close(self) -> None:
        """Close after what was sent is delivered, or half a second."""
        self.socket.close()
        self._binding.release()
