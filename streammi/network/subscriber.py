"""The ZeroMQ side of a source: a SUB or PULL socket, drained in batches, and a second connection while it is silent."""

import time
from collections.abc import Callable
from typing import Any, Final

import zmq

from streammi.config import FeedConfig
from streammi.errors import ConfigError
from streammi.network.endpoints import check_port
from streammi.network.frames import MAX_FRAMES, MAX_MESSAGE_FRAMES
from streammi.network.link import READABLE, Link
from streammi.network.security import PLAIN_TEXT, Keys
from streammi.network.silence import Spacing
from streammi.network.topic_search import TopicSearch
from streammi.records import LinkHealth

BOX_BYTES: Final = 33  # that CURVE adds to a frame; ZeroMQ's limit is for both
READ_AHEAD: Final = 1 << 16  # bytes: ZeroMQ has read so much more than it has made messages of, at most
DRAIN_MESSAGES: Final = 1000
DRAIN_SECONDS: Final = 0.005  # then it is time to publish
DRAIN_BYTES: Final = 2 << 20  # stays in the caches on its way through
BEHIND_SECONDS: Final = 2.0  # with the queue full at each look: more comes than can be counted
BEHIND_NOTE: Final = "more comes than can be counted: what does not fit the queue a PUB drops, and a PUSH keeps"
LONG_LOOK: Final = 0.005  # seconds between two looks; what a look costs by itself is a tenth of it
SILENT_SECONDS: Final = 5.0  # then a subscription is made a second time, in case the first one's way here is cut
SILENT_SHARE: Final = 2.0  # times as long as usual
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
    """A source's socket. Raises ConfigError for an endpoint that cannot be connected to.

    A connection may be dead without anybody's saying so: a firewall forgot it, a relay hangs. So a silent SUB gets a
    spare beside it. Where the next message comes on both, the first one lives, and the spare goes; where it comes on
    the spare alone, the spare takes over. Nothing is lost by asking, and nothing comes twice. A PUSH would share its
    messages out between two: a PULL is left to the kernel's keepalive.
    """

    def __init__(
        self,
        config: FeedConfig,
        context: zmq.Context[Any],
        clock: Callable[[], float] = time.time,
        keys: Keys = PLAIN_TEXT,
        spacing: Spacing | None = None,
    ) -> None:
        self._config, self._context, self._keys, self._clock = config, context, keys, clock
        self._keyed = keys.server is not None
        self._head = wire_bytes(config.max_message, self._keyed) - config.max_message  # of a frame, at most
        self._spacing = spacing or Spacing()
        self.socket, self._link = self._connected()
        self._spare: tuple[zmq.Socket[Any], Link] | None = None
        self._topics: TopicSearch | None = None  # once, where nothing has ever come on a topic
        self._replaced = 0  # connections, by a spare
        self._full_since: float | None = None  # since when the queue has been full at each look
        self._behind = False
        self._looked = clock()

    def receive(self) -> tuple[float, list[list[bytes]]]:
        """The messages that have arrived, and when: at most DRAIN_MESSAGES, or those of DRAIN_SECONDS."""
        asked = self._clock()
        messages, taken = self._drain()
        now = self._clock() if messages else asked  # had the process stood still just now, this would be no silence
        self._link.update(now, len(messages), taken)
        if self._spare is not None or (not messages and self._is_silent(now)):
            messages = self._ask_anew(now, messages)
        self._watch_queue(now, len(messages))
        return now, messages

    @property
    def link(self) -> LinkHealth:
        """The link as of the last ``receive``; its messages are the intake's to describe."""
        link = self._link
        return LinkHealth(
            endpoint=self._config.endpoint,
            state=link.state,
            since=link.since,
            reconnects=self._replaced + link.reconnects,
            behind=self._behind,
            note="; ".join(
                filter(
                    None, (link.note or self._silence() or (self._behind and BEHIND_NOTE) or link.notice, link.warning)
                )
            ),
        )

    @property
    def due(self) -> float | None:
        """When the link is called silent if nothing comes, s; None where it is, or there is no connection."""
        return self._link.due

    def close(self) -> None:
        """Close the socket and its monitor."""
        self._drop_spare()
        self._link.close()
        self.socket.close(0)

    def _connected(self) -> tuple[zmq.Socket[Any], Link]:
        config = self._config
        check_port(config.endpoint, "ENDPOINT")
        socket = self._context.socket(zmq.PULL if config.pull else zmq.SUB)
        self._set_up(socket)
        message = MAX_MESSAGE_FRAMES * config.max_message
        queue = READ_AHEAD + message + config.receive_queue * config.max_message
        largest = f"{config.max_message:,} bytes (--max-message)"
        link = Link(
            socket, config.endpoint, self._clock(), self._keys, largest, message, queue, self._spacing, pull=config.pull
        )
        if not config.pull:
            socket.subscribe(config.topic)
        try:
            socket.connect(config.endpoint)
        except zmq.ZMQError as error:
            link.close()
            socket.close(0)
            rule = f"an endpoint such as tcp://127.0.0.1:5556 or ipc:///run/feed ({zmq.strerror(error.errno or 0)})"
            raise ConfigError("ENDPOINT", rule, config.endpoint) from None
        return socket, link

    def _set_up(self, socket: zmq.Socket[Any]) -> None:
        """Set what is to be set before a socket is connected."""
        config = self._config
        for option, value in SOCKET_OPTIONS.items():
            socket.setsockopt(option, value)
        socket.setsockopt(zmq.IPV6, int("[" in config.endpoint))
        socket.setsockopt(zmq.RCVHWM, config.receive_queue)
        socket.setsockopt(zmq.MAXMSGSIZE, config.max_message + BOX_BYTES * self._keyed)
        self._keys.connect(socket)

    def _watch_queue(self, now: float, taken: int) -> None:
        """Note whether there is more than can be counted: more than is taken at once, or a queue that fills while the
        last messages are counted. At high rates many messages a look are no sign of it, if the looks are short.

        Half a queue is a full one: libzmq does not go on to fill one that was full before half of it is taken.
        """
        slow, self._looked = now - self._looked > LONG_LOOK, now
        full = taken and int(self.socket.getsockopt(zmq.EVENTS)) & READABLE
        if not full and not (slow and 2 * taken >= self._config.receive_queue):
            self._full_since = None
        elif self._full_since is None:
            self._full_since = now
        self._behind = self._full_since is not None and now - self._full_since > BEHIND_SECONDS

    def _is_silent(self, now: float) -> bool:
        long = max(SILENT_SECONDS, SILENT_SHARE * self._spacing.usual)
        return not self._config.pull and self._link.is_open and now - self._link.heard > long

    def _listener(self) -> zmq.Socket[Any]:
        """A socket that hears the publisher, too, and takes no more than the first one may."""
        socket: zmq.Socket[Any] = self._context.socket(zmq.SUB)
        self._set_up(socket)
        socket.connect(self._config.endpoint)
        return socket

    def _ask_anew(self, now: float, messages: list[list[bytes]]) -> list[list[bytes]]:
        """Look after the spare of a connection that has been silent until these messages; what came on either."""
        if messages:
            self._drop_spare()
        elif self._spare is None:
            self._spare = self._connected()
            if self._config.topic and self._topics is None and not self._spacing.started:
                self._topics = TopicSearch(self._listener, self._config.topic.encode())
        else:
            socket, link = self._spare
            link.update(now, 0, 0)
            if not socket.poll(0):
                if not self._link.is_open:  # and then ZeroMQ connects it anew
                    self._drop_spare()
                return messages
            messages, taken = self._drain()
            if not messages:
                self._replaced += 1 + self._link.reconnects
                self._spare = self.socket, self._link
                self.socket, self._link = socket, link
                messages, taken = self._drain()
            self._drop_spare()
            self._link.update(now, len(messages), taken)
        return messages

    def _drop_spare(self) -> None:
        if self._topics is not None:
            self._topics.close()
        if self._spare is not None:
            socket, link = self._spare
            link.close()
            socket.close(0)
            self._spare = None

    def _silence(self) -> str:
        """The spare's word on a silence, once it is known; a feed that is only slow is none."""
        if self._spare is None or (self._spacing.started and self._link.state == "connected"):
            return ""
        if self._topics is not None:
            self._topics.update()
            if self._topics.words:
                return f"silent: {self._topics.words}"
        if self._spare[1].is_open:
            return "silent, but it takes new connections: it has nothing to say, or nothing on this topic"
        return "silent, and it takes no new connection" if self._spare[1].note else ""

    def _drain(self) -> tuple[list[list[bytes]], int]:
        """The messages, and how many bytes they were on their way."""
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
                size += len(part) + self._head
                if frame.more:
                    parts, more = self._rest(part)
                    size += more
                    messages.append(parts)
                else:
                    messages.append([part])
                if not len(messages) & 63 and time.monotonic() > deadline:
                    break
        except zmq.Again:
            pass
        return messages, size

    def _rest(self, first: bytes) -> tuple[list[bytes], int]:
        """The frames of a message, which arrives as a whole, up to the limit; and the bytes of all but the first."""
        parts, size, more = [first], 0, True
        while more:
            frame = self.socket.recv(zmq.NOBLOCK, False)
            size, more = size + wire_bytes(len(frame), self._keyed), frame.more
            if len(parts) <= MAX_FRAMES:
                parts.append(frame.bytes)
        return parts, size


def wire_bytes(n: int, keyed: bool) -> int:
    """The size of a frame of n bytes on its way, by ZMTP 3 (RFC 23) and CURVE (RFC 26).

    >>> wire_bytes(16, keyed=False), wire_bytes(300, keyed=False), wire_bytes(300, keyed=True)
    (18, 309, 342)
    """
    body = n + BOX_BYTES if keyed else n
    return body + (2 if body < 256 else 9)
