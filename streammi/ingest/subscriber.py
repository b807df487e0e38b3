"""The ZeroMQ side of a source: a SUB or PULL socket, drained in batches, and what its link is doing."""

import time
from collections.abc import Callable, Sequence
from typing import Any, Final

import zmq
from zmq.utils.monitor import parse_monitor_message

from streammi.config import FeedConfig
from streammi.errors import ConfigError
from streammi.records import LinkHealth, LinkState

DRAIN_MESSAGES: Final = 1000
DRAIN_SECONDS: Final = 0.005  # then it is time to publish
DRAIN_BYTES: Final = 2 << 20  # stays in the caches on its way through
MAX_FRAMES: Final = 64  # a message; what has more is malformed
STALLED_SECONDS: Final = 3.0  # without a message on a link that had some
SOCKET_OPTIONS: Final = {
    # A half-open connection hangs for ever otherwise.
    zmq.HEARTBEAT_IVL: 2000,
    zmq.HEARTBEAT_TIMEOUT: 6000,
    zmq.HEARTBEAT_TTL: 6000,
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
        on_frames: Callable[[float, Sequence[Sequence[bytes]]], None] | None = None,
        configure: Callable[[zmq.Socket[Any]], None] | None = None,
    ) -> None:
        self._config, self._clock, self._on_frames = config, clock, on_frames
        self.socket = context.socket(zmq.PULL if config.pull else zmq.SUB)
        for option, value in SOCKET_OPTIONS.items():
            self.socket.setsockopt(option, value)
        self.socket.setsockopt(zmq.IPV6, int("[" in config.endpoint))
        self.socket.setsockopt(zmq.RCVHWM, config.receive_queue)
        self.socket.setsockopt(zmq.MAXMSGSIZE, config.max_message)
        if configure is not None:
            configure(self.socket)
        self._link = Link(self.socket, clock())
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
        if messages and self._on_frames is not None:
            self._on_frames(now, messages)
        return now, messages

    def health(self, now: float) -> LinkHealth:
        """What the link knows of itself; its messages are the intake's to describe."""
        link = self._link
        link.update(now, 0)
        return LinkHealth(
            endpoint=self._config.endpoint,
            state=link.state,
            since=link.since,
            reconnects=link.reconnects,
            note=link.note,
        )

    def close(self) -> None:
        """Close the socket and its monitor."""
        self._link.close(self.socket)
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


class Link:
    """The state of a connection, from the events of its socket and from what arrives."""

    def __init__(self, socket: zmq.Socket[Any], now: float) -> None:
        self.state: LinkState = "connecting"
        self.since = now
        self.reconnects = 0
        self.note = ""
        self._heard = now
        self._connections = 0  # made so far
        self._open = 0  # now
        self._events = socket.get_monitor_socket()

    def update(self, now: float, messages: int) -> None:
        """Take in the events since the last time, and that ``messages`` have arrived by ``now``."""
        while self._events.poll(0):
            self._on_event(parse_monitor_message(self._events.recv_multipart()))
        if messages:
            self._heard = now
        if not self._open:
            state: LinkState = "lost" if self._connections else "connecting"
        elif self._heard > 0 and now - self._heard > STALLED_SECONDS:
            state = "stalled"
        else:
            state = "connected"
        if state != self.state:
            self.state, self.since = state, now

    def close(self, socket: zmq.Socket[Any]) -> None:
        """Stop listening to the socket's events."""
        socket.disable_monitor()
        self._events.close(0)

    def _on_event(self, event: Any) -> None:
        kind = event["event"]
        if kind == zmq.EVENT_HANDSHAKE_SUCCEEDED:
            self._open += 1
            self.reconnects += self._connections > 0
            self._connections += 1
            self.note = ""
        elif kind == zmq.EVENT_DISCONNECTED:
            self._open = max(self._open - 1, 0)
        elif kind in (zmq.EVENT_HANDSHAKE_FAILED_AUTH, zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL):
            self.note = "the peer refuses us: it wants other keys, or does not speak ZeroMQ"
        elif kind == zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL:
            self.note = "the peer breaks off during the handshake: it may want CURVE keys"
