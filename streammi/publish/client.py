"""Where snapshots and readings come from: a SUB socket on a running monitor."""

import time
from collections.abc import Callable, Sequence
from typing import Any, Final

import zmq

from streammi.errors import ConfigError
from streammi.network.endpoints import check_port
from streammi.network.link import Link
from streammi.network.security import PLAIN_TEXT, Keys
from streammi.network.silence import Spacing
from streammi.network.subscriber import SOCKET_OPTIONS, wire_bytes
from streammi.publish.matrices import matrix_topic, read_matrix
from streammi.publish.snapshot_bytes import read_snapshot
from streammi.records import LinkHealth, LinkState, MatrixSnapshot, Snapshot

SNAPSHOT_QUEUE: Final = 16  # messages: a picture needs the newest, what waits is old
SNAPSHOT_SECONDS: Final = 1.0  # between two of them at the most
LINE_QUEUE: Final = 1000
MAX_MESSAGE_BYTES: Final = 64 << 20
SILENT: Final = "nothing comes: it has no reading yet, or is not what a monitor was told to --publish at"
DRAIN_MESSAGES: Final = 1000  # then it is time to look at the keys,
DRAIN_BYTES: Final = MAX_MESSAGE_BYTES  # or after so many


def newest_of(messages: Sequence[list[bytes]]) -> list[list[bytes]]:
    """The newest message of each topic."""
    return list({frames[0]: frames for frames in messages}.values())


def read_shown(frames: Sequence[bytes]) -> Snapshot | MatrixSnapshot:
    """The snapshot of a pair, or of many channels: all that a view shows. FeedError for any other message."""
    return read_matrix(frames) if frames[0].startswith(matrix_topic("")) else read_snapshot(frames)


class Source:
    """Messages of a monitor whose topics start with one of ``topics``. ConfigError: an impossible endpoint."""

    def __init__(
        self,
        endpoint: str,
        context: zmq.Context[Any],
        *topics: str,
        queue: int = SNAPSHOT_QUEUE,
        keys: Keys = PLAIN_TEXT,
        clock: Callable[[], float] = time.time,
    ) -> None:
        check_port(endpoint, "ENDPOINT")
        self.endpoint, self._clock = endpoint, clock
        self.socket = context.socket(zmq.SUB)
        for option, value in SOCKET_OPTIONS.items():
            self.socket.setsockopt(option, value)
        self.socket.setsockopt(zmq.RCVHWM, queue)
        self.socket.setsockopt(zmq.MAXMSGSIZE, MAX_MESSAGE_BYTES)
        self.socket.setsockopt(zmq.IPV6, int("[" in endpoint))
        keys.connect(self.socket)
        for topic in topics:
            self.socket.subscribe(topic)
        self._keyed = keys.server is not None
        said = f"{MAX_MESSAGE_BYTES:,} bytes"
        self._link = Link(self.socket, endpoint, clock(), keys, said, spacing=Spacing.of(SNAPSHOT_SECONDS))
        self.malformed = 0  # messages that were none of ours
        self._messages = self._bytes = 0  # taken so far
        try:
            self.socket.connect(endpoint)
        except zmq.ZMQError as error:
            self.close()
            rule = f"an endpoint such as tcp://127.0.0.1:5557 ({zmq.strerror(error.errno or 0)})"
            raise ConfigError("ENDPOINT", rule, endpoint) from None

    @property
    def link(self) -> LinkState:
        """How the connection to the monitor is, as of the last ``messages``."""
        return self._link.state

    @property
    def note(self) -> str:
        """Why there is no connection, or what to know of the one there is; empty when there is nothing to say."""
        silent = SILENT if self._link.state == "stalled" and not self._messages else ""
        return "; ".join(filter(None, (self._link.note or self._link.notice, silent, self._link.warning)))

    @property
    def health(self) -> LinkHealth:
        """The health of the connection, as of the last ``messages``."""
        return LinkHealth(
            endpoint=self.endpoint,
            state=self._link.state,
            since=self._link.since,
            messages=self._messages,
            bytes=self._bytes,
            malformed={"no snapshot": self.malformed} if self.malformed else {},
            reconnects=self._link.reconnects,
            note=self.note,
        )

    def messages(self) -> list[list[bytes]]:
        """The messages that have arrived, at most DRAIN_MESSAGES, without waiting."""
        found: list[list[bytes]] = []
        size = 0
        while len(found) < DRAIN_MESSAGES and size < DRAIN_BYTES and self.socket.poll(0):
            found.append(self.socket.recv_multipart())
            size += sum(wire_bytes(len(frame), self._keyed) for frame in found[-1])
        self._messages += len(found)
        self._bytes += size
        self._link.update(self._clock(), len(found), size)
        return found

    def close(self) -> None:
        """Close the socket and its monitor."""
        self._link.close()
        self.socket.close(0)
