"""The ZeroMQ side of a source: a SUB or PULL socket, drained in batches."""

import time
from collections.abc import Callable
from typing import Any, Final

import zmq

from streammi.config import FeedConfig
from streammi.errors import ConfigError
from streammi.ingest.frames import MAX_FRAMES
from streammi.ingest.link import Link
from streammi.records import LinkHealth
from streammi.security import PLAIN_TEXT, Keys

DRAIN_MESSAGES: Final = 1000
DRAIN_SECONDS: Final = 0.005  # then it is time to publish
DRAIN_BYTES: Final = 2 << 20  # stays in the caches on its way through
SOCKET_OPTIONS: Final = {
    # A connection to a host that vanished hangs for ever otherwise. ZMTP's own heartbeat is not for receivers: behind a
    # queue that is full for longer than its timeout no answer is read, so it cuts a healthy connection (744 messages
    # lost from a PUSH that the receiver did not read for 10 s), and libzmq 4.3.5 then aborts the process: its issue
    # 3937. The kernel answers these, whatever the queue.
    zmq.TCP_KEEPALIVE: 1,
    zmq.TCP_KEEPALIVE_IDLE: 2,
    zmq.TCP_KEEPALIVE_INTVL: 2,
    zmq.TCP_KEEPALIVE_CNT: 3,
    # The default has no back-off.
    zmq.RECONNECT_IVL: 100,
    zmq.RECONNECT_IVL_MAX: 10000,
    zmq.HANDSHAKE_IVL: 5000,
    zmq.CONNECT_TIMEOUT: 5000,
    zmq.LINGER: 0,
}


class Subscriber:
    """A source's socket. Raises ConfigError for an endpoint that cannot be connected to."""

    def __init__(
        self,
        config: FeedConfig,
        context: zmq.Context[Any],
        clock: Callable[[], float] = time.time,
        keys: Keys = PLAIN_TEXT,
    ) -> None:
        self._config, self._clock = config, clock
        self.socket = context.socket(zmq.PULL if config.pull else zmq.SUB)
        for option, value in SOCKET_OPTIONS.items():
            self.socket.setsockopt(option, value)
        self.socket.setsockopt(zmq.IPV6, int("[" in config.endpoint))
        self.socket.setsockopt(zmq.RCVHWM, config.receive_queue)
        self.socket.setsockopt(zmq.MAXMSGSIZE, config.max_message)
        keys.connect(self.socket)
        self._link = Link(self.socket, config.endpoint, clock(), keys)
        if not config.pull:
            self.socket.subscribe(config.topic)
        try:
            self.socket.connect(config.endpoint)
        except zmq.ZMQError as error:
            self.close()
            rule = f"an endpoint such as tcp://127.0.0.1:5556 or ipc:///run/feed ({error.strerror})"
            raise ConfigError("ENDPOINT", rule, config.endpoint) from None

    def receive(self) -> tuple[float, list[list[bytes]]]:
        """What has arrived, and when it was taken: at most DRAIN_MESSAGES, or what comes in DRAIN_SECONDS."""
        messages = self._drain()
        now = self._clock()
        self._link.update(now, len(messages))
        return now, messages

    @property
    def link(self) -> LinkHealth:
        """The link as of the last ``receive``; its messages are the intake's to describe."""
        link = self._link
        return LinkHealth(
            endpoint=self._config.endpoint,
            state=link.state,
            since=link.since,
            reconnects=link.reconnects,
            note=link.note or link.notice,
        )

    def close(self) -> None:
        """Close the socket and its monitor."""
        self._link.close()
        self.socket.close(0)

    def _drain(self) -> list[list[bytes]]:
        messages: list[list[bytes]] = []
        deadline = time.monotonic() + DRAIN_SECONDS
        size = 0
        receive = self.socket.recv
        try:
            while len(messages) < DRAIN_MESSAGES and size < DRAIN_BYTES:
                # A Frame knows whether more follow: 1.0 M messages/s, against 0.8 M when the socket is asked (RCVMORE)
                # and 0.6 M through recv_multipart.
                frame = receive(zmq.NOBLOCK, False)
                part = frame.bytes
                size += len(part)
                messages.append(self._rest([part]) if frame.more else [part])
                if not len(messages) & 63 and time.monotonic() > deadline:
                    break
        except zmq.Again:
            pass
        return messages

    def _rest(self, parts: list[bytes]) -> list[bytes]:
        """The other frames of a message, which arrives as a whole; those beyond the limit are not kept."""
        more = True
        while more:
            frame = self.socket.recv(zmq.NOBLOCK, False)
            more = frame.more
            if len(parts) <= MAX_FRAMES:
                parts.append(frame.bytes)
        return parts
