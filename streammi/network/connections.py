"""The connections that others make to a socket of ours: who subscribes to what, and who takes more than is good for us.

ZeroMQ bounds neither how many connections there are, nor how many subscriptions one has, nor the frames of a message
whose last frame never comes: a high-water mark counts whole messages, and MAXMSGSIZE holds for one frame. Measured:
500,000 frames of 200 bytes with MORE set took a socket with a high-water mark of 10 from 16 to 213 MiB. But ZeroMQ
names each connection's descriptor, the kernel counts what came over it, and ZeroMQ lets go of one that is shut down,
with all that it left unfinished.
"""

import os
import socket as sockets
import termios
import time
from collections import Counter
from collections.abc import Callable
from typing import Any, Final

import zmq
from zmq.utils.monitor import parse_monitor_message

from streammi.network.kernel_sockets import break_off, bytes_received, duplicate, socket_inode, waiting_bytes

MAX_CONNECTIONS: Final = 512  # at a time; those that are still shaking hands go first
MAX_TOPICS: Final = 1000  # subscriptions of one connection
MAX_SENT: Final = 64 << 10  # bytes that one connection may send us, and
MAX_SENT_A_SECOND: Final = 128  # bytes more for each second that it lasts: a heartbeat every 2 s takes 8, with CURVE 42
REQUESTS: Final = 1000  # subscriptions taken in at a time: then it is time for others
WAITING: Final = 10  # requests of one connection that ZeroMQ may hold
LOOK_SECONDS: Final = 0.02  # between two looks at what each connection has sent: 3 GB/s come from this machine
LOOK_SHARE: Final = 0.1  # of the time, for looks at many connections
HANDSHAKE_BYTES: Final = 80  # who has sent less is no subscriber yet: a greeting of 64, and what introduces the socket
HEAD_BYTES: Final = 2  # of a request as it is sent
REFUSED_SECONDS: Final = 60.0  # between two words on those that were refused: some try again ten times a second
_REFUSALS: Final = (
    zmq.EVENT_HANDSHAKE_FAILED_AUTH | zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL | zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL
)
_EVENTS: Final = zmq.EVENT_ACCEPTED | zmq.EVENT_MONITOR_STOPPED | _REFUSALS


class Connection:
    """One connection, by its descriptor, which is ZeroMQ's: it may be closed at any time, its number be another's then.

    So it is known by its inode as well, and what is done is done to a duplicate that has this inode. Its requests
    ZeroMQ tells by the descriptor alone: until there was none left, they may be of one that had the number before.
    """

    def __init__(self, descriptor: int, inode: int, now: float) -> None:
        self.descriptor, self.inode, self.since = descriptor, inode, now
        self.topics: Counter[bytes] = Counter()
        self.is_cut = False
        self.sent = 0  # bytes, as of the last look
        self.read = 0, 0  # of these by ZeroMQ: at least, and at the most
        self._requests: list[bytes] | None = []  # so far, as long as another's may be among them

    @property
    def alive(self) -> bool:
        """True if it is still there."""
        return socket_inode(self.descriptor) == self.inode

    def measure(self) -> None:
        """Take note of what it has sent so far."""
        with duplicate(self.descriptor, self.inode) as socket:
            if socket is not None:
                # Megabytes may come between two calls to the kernel, when others have the processor meanwhile.
                before, unread = bytes_received(socket), waiting_bytes(socket, termios.FIONREAD)
                self.sent = bytes_received(socket)
                self.read = before - unread, self.sent - unread

    def note(self, request: bytes) -> None:
        """Take in a request: a byte that says which, and a topic."""
        if self._requests is not None:
            self._requests.append(request)
        self._apply(request)

    def settle(self) -> None:
        """Take note that no request was left: those to come are its own."""
        if self._requests is not None:
            self.disown()
            self._requests = None

    def disown(self) -> None:
        """Take back what another asked for that had its number: that came first, and not over this connection."""
        self.measure()
        if not self._requests or not self.sent:  # 0 where the kernel does not count
            return
        room, first = self.sent, len(self._requests)
        while first and (room := room - HEAD_BYTES - len(self._requests[first - 1])) >= 0:
            first -= 1
        if first:
            del self._requests[:first]
            self.topics.clear()
            for request in self._requests:
                self._apply(request)

    def asks_too_much(self, topic: bytes) -> bool:
        """True if it has more topics than one may have, or this one too often."""
        return len(self.topics) > MAX_TOPICS or self.topics[topic] > MAX_TOPICS

    def _apply(self, request: bytes) -> None:
        kind, topic = request[:1], request[1:]
        if kind == b"\1":
            self.topics[topic] += 1
        elif kind == b"\0":
            # Anyone may send a cancellation of what he never subscribed to: it counts for himself alone.
            self.topics[topic] -= 1
            if self.topics[topic] <= 0:
                del self.topics[topic]

    def cut(self) -> None:
        """Break it off; ZeroMQ then lets it go, and what it left unfinished."""
        self.is_cut = True
        self.topics.clear()
        with duplicate(self.descriptor, self.inode) as socket:
            if socket is not None:
                break_off(socket)


class Connections:
    """Those that others made to an XPUB or PUSH socket, which must not be bound yet; to be closed before it is."""

    def __init__(self, socket: zmq.Socket[Any], clock: Callable[[], float] = time.monotonic) -> None:
        self.cut = 0  # connections that were cut since the start
        self.why = ""  # the last one was
        self._said, self._say_at = 0, 0.0
        self._refused: Counter[str] = Counter()  # handshakes that failed since it was said last, by why
        self._refused_at = -REFUSED_SECONDS + clock()
        self._socket, self._clock = socket, clock
        self._connections: dict[int, Connection] = {}
        self._look_at = 0.0
        # With the 1000 of ZeroMQ one call goes on taking subscriptions in as fast as they come, before anybody can be
        # cut off: a flood of 5 s took 210 to 400 MiB, and takes 3.
        socket.setsockopt(zmq.RCVHWM, WAITING)
        self.events: zmq.Socket[Any] = socket.get_monitor_socket(_EVENTS)

    def __len__(self) -> int:
        return len(self._open())

    def subscriptions(self) -> list[bytes]:
        """The topics subscribed to since the last time, at most REQUESTS; and a look at all that is to be limited."""
        asked = []
        for _ in range(REQUESTS):
            if not self._socket.poll(0):
                for connection in self._connections.values():
                    connection.settle()
                break
            topic = self._request()
            if topic is not None:
                asked.append(topic)
        now = self._clock()
        accepted = False
        for _ in range(REQUESTS):
            if not self.events.poll(0):
                break
            event = parse_monitor_message(self.events.recv_multipart())
            if event["event"] == zmq.EVENT_ACCEPTED:
                self._known(int(event["value"]))
                accepted = True
            elif event["event"] & _REFUSALS:
                self._refused[refused(event["event"], event["value"], self._is_keyed)] += 1
        if accepted or now >= self._look_at:
            self._measure(now)
            self._look_at = now + max(LOOK_SECONDS, (self._clock() - now) / LOOK_SHARE)
        return asked

    def refusals(self) -> str | None:
        """Who was refused since it was said last, and what to do, once a minute at most; None for nobody."""
        now = self._clock()
        if not self._refused or now < self._refused_at + REFUSED_SECONDS:
            return None
        said = "; ".join(f"{n:,} because {why}" for why, n in self._refused.most_common())
        self._refused.clear()
        self._refused_at = now
        return f"connections refused: {said}"

    def news(self) -> str | None:
        """How many were cut since it was said last, and why, once a second at most; None when there is nothing new."""
        now, more = self._clock(), self.cut - self._said
        if not more or now < self._say_at:
            return None
        self._said, self._say_at = self.cut, now + 1.0
        return f"{more} connections cut off, {self.cut} since the start; of the last one: {self.why}"

    def wants(self, topic: bytes) -> bool:
        """True if somebody subscribes to messages of this topic."""
        return any(topic.startswith(prefix) for one in self._connections.values() for prefix in one.topics)

    def topics(self, prefix: bytes) -> set[bytes]:
        """The topics subscribed to that begin with this, and go on."""
        asked = (topic for one in self._connections.values() for topic in one.topics)
        return {topic for topic in asked if topic.startswith(prefix) and topic != prefix}

    def hold(self) -> list[sockets.socket]:
        """A duplicate of each, to be closed: a connection does not end before that, though ZeroMQ is done with it."""
        self.subscriptions()  # and who has come since
        held = []
        for one in self._open():
            with duplicate(one.descriptor, one.inode) as socket:
                if socket is not None:
                    held.append(socket.dup())
        return held

    def close(self) -> None:
        """Stop listening to the socket's events."""
        # ZeroMQ's thread waits where 2,000 are unread, and whoever disables the monitor waits for it, for ever.
        while self.events.poll(0):
            self.events.recv_multipart()
        self._socket.disable_monitor()
        self.events.close(0)

    @property
    def _is_keyed(self) -> bool:
        return bool(self._socket.getsockopt(zmq.CURVE_SERVER))

    def _open(self) -> list[Connection]:
        return [one for one in self._connections.values() if not one.is_cut]

    def _request(self) -> bytes | None:
        """Take in one request, if there is one; the topic if it is a subscription that was let through."""
        try:
            frame = self._socket.recv(zmq.NOBLOCK, copy=False)
        except zmq.Again:
            return None
        try:
            connection = self._known(int(frame.get(zmq.SRCFD)))
        except zmq.ZMQError:  # of one that has gone; it is forgotten with all its topics
            return None
        if connection is None:
            return None
        request = frame.bytes
        connection.note(request)
        if connection.asks_too_much(request[1:]):
            connection.disown()
        if connection.asks_too_much(request[1:]):
            self._cut(connection, f"it subscribed to more than {MAX_TOPICS} topics")
            return None
        return request[1:] if request[:1] == b"\1" else None

    def _known(self, descriptor: int) -> Connection | None:
        """The connection with this descriptor; None when it has gone already, or was cut."""
        inode = socket_inode(descriptor)
        known = self._connections.get(descriptor)
        if known is not None and known.inode == inode:
            # ZeroMQ may go on telling what it had read of one that was cut, until it notices: that is no new one.
            return None if known.is_cut else known
        self._connections.pop(descriptor, None)
        if inode is None or not self._is_ours(descriptor, inode):
            return None
        new = self._connections[descriptor] = Connection(descriptor, inode, self._clock())
        return new

    def _is_ours(self, descriptor: int, inode: int) -> bool:
        """True if it was made to the socket's endpoint; the number may be that of any other socket of ours by now."""
        with duplicate(descriptor, inode) as socket:
            if socket is None:
                return False
            here, endpoint = socket.getsockname(), self._socket.getsockopt_string(zmq.LAST_ENDPOINT)
            if socket.family == sockets.AF_UNIX:
                path = os.fsdecode(here)
                return bool(endpoint == f"ipc://{path.replace(chr(0), '@', 1)}")
            return bool(endpoint.rpartition(":")[2] == str(here[1]))

    def _measure(self, now: float) -> None:
        for connection in list(self._connections.values()):
            if not connection.alive:
                del self._connections[connection.descriptor]
                continue
            if connection.is_cut:
                continue
            connection.measure()
            if connection.sent > MAX_SENT + MAX_SENT_A_SECOND * (now - connection.since):
                self._cut(connection, f"it sent {connection.sent} bytes, and has nothing to say but what it wants")
        excess = len(self) - MAX_CONNECTIONS
        if excess > 0:
            # First those that are still shaking hands, the oldest of them first; then the newest.
            oldest_first = sorted(self._open(), key=lambda one: one.since)
            waiting = [one for one in oldest_first if one.sent < HANDSHAKE_BYTES]
            others = [one for one in reversed(oldest_first) if one.sent >= HANDSHAKE_BYTES]
            for connection in (waiting + others)[:excess]:
                self._cut(connection, f"there are more than {MAX_CONNECTIONS} connections")

    def _cut(self, connection: Connection, why: str) -> None:
        connection.cut()
        self.cut += 1
        self.why = why


def refused(kind: int, value: int, keyed: bool) -> str:
    """Why a handshake with one who connected to us failed, and what to do; ``keyed``: we let in by keys.

    >>> refused(zmq.EVENT_HANDSHAKE_FAILED_AUTH, 400, True)
    'their key is not among --authorized-keys (to let them in, put their public key there)'
    """
    if kind == zmq.EVENT_HANDSHAKE_FAILED_AUTH:
        return "their key is not among --authorized-keys (to let them in, put their public key there)"
    mismatch = kind == zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL and value == zmq.PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH
    if mismatch and keyed:
        return "they came without keys (they need our public key as --curve-server-key, and --curve-secret)"
    if mismatch:
        return "they came with keys, and we have none (--curve-secret and --authorized-keys here, or none there)"
    if kind == zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL and keyed:
        return "what they sent is no ZeroMQ, or their --curve-server-key is not our public key"
    if kind == zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL:
        return "what they sent is no ZeroMQ (another program has this address)"
    return "they hung up before they said who they are (a port scan, a health check, or keys that are not ours)"
