"""Where snapshots and readings come from: a SUB socket on a running monitor."""

from typing import Any, Final

import zmq

from streammi.errors import ConfigError, FeedError
from streammi.publish.snapshots import read_snapshot
from streammi.records import Snapshot

SOCKET_OPTIONS: Final = {
    zmq.RCVHWM: 16,  # a picture needs the newest; what waits is old
    zmq.MAXMSGSIZE: 64 << 20,
    zmq.HEARTBEAT_IVL: 2000,
    zmq.HEARTBEAT_TIMEOUT: 6000,
    zmq.RECONNECT_IVL: 100,
    zmq.RECONNECT_IVL_MAX: 2000,
    zmq.HANDSHAKE_IVL: 5000,
    zmq.LINGER: 0,
}


class Source:
    """Messages of a monitor whose topics start with ``topic``. Raises ConfigError for an impossible endpoint."""

    def __init__(self, endpoint: str, context: zmq.Context[Any], topic: str, queue: int = 16) -> None:
        self.endpoint = endpoint
        self.socket = context.socket(zmq.SUB)
        for option, value in SOCKET_OPTIONS.items():
            self.socket.setsockopt(option, value)
        self.socket.setsockopt(zmq.RCVHWM, queue)
        self.socket.setsockopt(zmq.IPV6, int("[" in endpoint))
        self.socket.subscribe(topic)
        self.malformed = 0  # messages that were none of ours
        try:
            self.socket.connect(endpoint)
        except zmq.ZMQError as error:
            self.socket.close(0)
            rule = f"an endpoint such as tcp://127.0.0.1:5557 ({error.strerror})"
            raise ConfigError("ENDPOINT", rule, endpoint) from None

    def messages(self) -> list[list[bytes]]:
        """What has arrived, without waiting."""
        found: list[list[bytes]] = []
        while self.socket.poll(0):
            found.append(self.socket.recv_multipart())
        return found

    def snapshots(self) -> list[Snapshot]:
        """The newest snapshot of each pair among what has arrived."""
        newest = {frames[0]: frames for frames in self.messages()}
        snapshots = []
        for frames in newest.values():
            try:
                snapshots.append(read_snapshot(frames))
            except FeedError:
                self.malformed += 1
        return snapshots

    def close(self) -> None:
        """Close the socket."""
        self.socket.close(0)
