"""The state of a connection to a publisher, from the events of its socket and from what arrives."""

from collections.abc import Callable
from typing import Any, Final

import zmq
from zmq.utils.monitor import parse_monitor_message

from streammi.errors import ConfigError
from streammi.network.connections import LOOK_SECONDS, Connection
from streammi.network.kernel_sockets import socket_inode
from streammi.network.peer_search import PeerSearch
from streammi.network.security import Keys, is_loopback
from streammi.network.silence import Spacing
from streammi.records import LinkState

READABLE: Final = int(zmq.POLLIN)  # as a flag of an enum it takes 20 times as long
RETRY_SECONDS: Final = 10.0  # after a refusal
GIVEN_UP_SECONDS: Final = 0.5  # after a connection ended without ZeroMQ's saying that it tries again
NOT_READ: Final = "what came was no ZMTP, or a frame larger than"
MAX_UNFINISHED: Final = 64 << 20  # bytes of a message before its last frame
MAX_WAITING: Final = 256 << 20  # bytes that have come and were not taken
UNANSWERED_SECONDS: Final = 3.0  # then it is said that nobody is there yet
STILL: Final = "; still trying"
UNANSWERED: Final = f"nobody answers there yet{STILL}"
SEARCH_SECONDS: Final = 0.5  # that a run which ends waits for a word on its host, and on who is there
PLAIN_TEXT_NOTICE: Final = (
    "plain text from another machine: whoever is on the way can read it, and change it (streammi keygen)"
)
_REFUSALS: Final = (zmq.EVENT_HANDSHAKE_FAILED_AUTH, zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL)


class Link:
    """The state of a connection; ``note`` says why there is none, ``notice`` what to know while there is one.

    ``largest`` is the largest frame that the socket takes, in words; ``spacing`` is what is known of its messages.
    """

    def __init__(
        self,
        socket: zmq.Socket[Any],
        endpoint: str,
        now: float,
        keys: Keys,
        largest: str,
        unfinished: int = MAX_UNFINISHED,
        waiting: int = MAX_WAITING,
        spacing: Spacing | None = None,
        *,
        pull: bool | None = None,
    ) -> None:
        self.state: LinkState = "connecting"
        self.since = now
        self.reconnects = 0
        self.note = ""
        self.notice = "" if keys.server is not None or is_loopback(endpoint) else PLAIN_TEXT_NOTICE
        self._socket, self._endpoint = socket, endpoint
        self._keyed, self._largest = keys.server is not None, largest
        self.spacing = spacing or Spacing()
        self._heard = now
        self._message_at: float | None = None  # when one came last over the connection that there is
        self._connections = 0  # made so far
        self._open = 0  # now
        self._retry_at: float | None = None
        self._unreadable = 0  # connections that ZeroMQ has given up
        self._search: PeerSearch | None = None
        self._pull, self._vague = pull, False  # a refusal without a reason
        self._events = socket.get_monitor_socket()
        self._backlog = Backlog(unfinished, waiting)

    @property
    def is_open(self) -> bool:
        """True if there is a connection."""
        return self._open > 0

    @property
    def heard(self) -> float:
        """When a message came last, or the connection was made, s."""
        return self._heard

    @property
    def due(self) -> float | None:
        """When it is called silent if nothing comes, s; None where it is, or there is no connection."""
        return self._heard + self.spacing.patience if self.state == "connected" else None

    def update(self, now: float, messages: int, taken: int) -> None:
        """Take in the events since the last time, and that ``messages`` of ``taken`` bytes have arrived by ``now``."""
        while int(self._events.getsockopt(zmq.EVENTS)) & READABLE:
            self._on_event(parse_monitor_message(self._events.recv_multipart()), now)
        due = self._retry_at is not None and not self._retry_at - RETRY_SECONDS <= now < self._retry_at
        if due and not self._socket.poll(0):  # disconnect() throws away what has come and was not taken
            self._retry()
        self._heard = min(self._heard, now)  # a clock may be set back: nothing is heard later than now
        if messages:
            self.spacing.add(None if self._message_at is None else now - self._message_at, messages)
            self._heard = self._message_at = now
        self._backlog.measure(now, messages, taken, lambda: bool(self._socket.poll(0)))
        waiting = messages > 0 or bool(self._socket.poll(0)) if self._connections and not self._open else False
        if waiting:  # what had come before the connection ended is taken first: nothing of it is missed
            state: LinkState = "connected"
        elif not self._open:
            state = "lost" if self._connections else "connecting"
            silent = self.note in ("", UNANSWERED) and now - self.since > UNANSWERED_SECONDS
            if not self._connections and (silent or self._vague):
                self.note = self._unanswered()
        elif self._heard > 0 and now - self._heard >= self.spacing.patience:
            state = "stalled"
        else:
            state = "connected"
        if state != self.state:
            self.state, self.since = state, now

    @property
    def warning(self) -> str:
        """The faults since the start, which may come again; empty when there were none."""
        if not (self._backlog.cut or self._unreadable):
            return ""
        ends = ((self._backlog.cut, self._backlog.why), (self._unreadable, f"{NOT_READ} {self._largest}"))
        said = [f"cut off {times(n)}: {why}" for n, why in ends if n]
        return "; ".join([*said, "what was sent behind it may be lost"] if said else [])

    def close(self) -> None:
        """Stop listening to the socket's events."""
        self._socket.disable_monitor()
        self._events.close(0)

    def _unanswered(self) -> str:
        if self._search is None:
            self._search = PeerSearch(self._endpoint, pull=self._pull, keyed=self._keyed)
        if not self._search.why_none:
            return self.note or UNANSWERED
        still, self._vague = "" if self._vague else STILL, False  # as refusals are said
        return self._search.why_none + still

    def _on_event(self, event: Any, now: float) -> None:
        kind = event["event"]
        if kind == zmq.EVENT_HANDSHAKE_SUCCEEDED:
            self._open += 1
            self.reconnects += self._connections > 0
            self._connections += 1
            self._heard, self._message_at = now, None
            self.note, self._retry_at = "", None
        elif kind == zmq.EVENT_CONNECTED:
            self._backlog.watch(int(event["value"]), now)
        elif kind == zmq.EVENT_DISCONNECTED:
            self._backlog.forget()
            if self._open:
                self._open -= 1
                self._retry_at = now + GIVEN_UP_SECONDS
        elif kind == zmq.EVENT_CONNECT_RETRIED:
            self._retry_at = None
        elif kind in _REFUSALS or (kind == zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL and not self._backlog.broken_off):
            self.note = refusal(kind, event["value"], self._keyed)
            self._vague = kind not in _REFUSALS
            if kind in _REFUSALS:
                self._retry_at = now + RETRY_SECONDS

    def _retry(self) -> None:
        """Connect again: ZeroMQ gives up for good once it was refused, or has read what it cannot.

        A folder of keys may have changed since, and one large message is no reason to be deaf to the rest.
        """
        self._retry_at = None
        self._unreadable += not self.note
        self._socket.disconnect(self._endpoint)
        self._socket.connect(self._endpoint)


class Backlog:
    """Breaks off a connection over which more has come than may wait: of a message without its end, or in all.

    ZeroMQ keeps the frames of a message until its last one comes, and whole messages by their number: neither RCVHWM
    nor MAXMSGSIZE bounds their bytes. 256 messages of 64 frames of 1 MiB took 3 GiB in 5 s. A connection brings one
    message after the other, so what comes while no message does is one that has not ended; and what has come and was
    not taken waits.
    """

    def __init__(self, unfinished: int, waiting: int) -> None:
        self._limits = unfinished, waiting  # bytes
        self.cut = 0  # since the start
        self.why = ""  # the last time
        self.broken_off = False  # the connection that there is, or was last
        self._connection: Connection | None = None
        self._before = 0  # bytes that came over the connections before this one
        self._came = 0  # over all of them at least, as of the last look
        self._taken = 0  # of these
        self._mark = 0  # bytes that had come when there was a message the last time
        self._messages = 0  # since the last look
        self._look_at = 0.0

    def watch(self, descriptor: int, now: float) -> None:
        """A connection was made."""
        inode = socket_inode(descriptor)
        self._connection = None if inode is None else Connection(descriptor, inode, now)
        self._before = self._mark = self._came  # what has come stays when a connection ends
        self.broken_off = False

    def forget(self) -> None:
        """It has ended; its descriptor's number may be that of another feed."""
        self._connection = None

    def measure(self, now: float, messages: int, taken: int, more: Callable[[], bool]) -> None:
        """Take note that ``messages`` of ``taken`` bytes were taken; measure every LOOK_SECONDS at most.

        ``more`` says whether there is another message by now: it may have come since those were taken.
        """
        self._messages += messages
        self._taken += taken
        if self._connection is None or self._look_at - LOOK_SECONDS <= now < self._look_at:
            return
        self._look_at = now + LOOK_SECONDS
        self._connection.measure()
        least, most = self._connection.read
        self._came = max(self._came, self._before + least)
        at_most = max(self._came, self._before + most)
        # What came over an earlier connection behind its last look is not known; heads are counted at their longest.
        self._taken = min(self._taken, at_most)
        unfinished, waiting = self._limits
        if self._messages or (self._came - self._mark > unfinished and more()):
            self._mark, self._messages = at_most, 0
        elif self._came - self._mark > unfinished:
            self._cut(f"a message did not end within {unfinished:,} bytes")
        if self._came - self._taken > waiting:
            self._cut(f"more than {waiting:,} bytes waited to be counted")

    def _cut(self, why: str) -> None:
        if self._connection is not None:
            self._connection.cut()
            self._connection = None
            self.cut += 1
            self.why, self.broken_off = why, True


def times(n: int) -> str:
    """How often, in words.

    >>> times(1), times(1000)
    ('once', '1,000 times')
    """
    return "once" if n == 1 else f"{n:,} times"


def refusal(kind: int, value: int, keyed: bool) -> str:
    """Why a handshake failed, in words; ``keyed`` says whether we came with keys.

    >>> refusal(zmq.EVENT_HANDSHAKE_FAILED_AUTH, 400, True)
    'the peer refuses our key: it is not among those it lets in'
    """
    if kind == zmq.EVENT_HANDSHAKE_FAILED_AUTH:
        return "the peer refuses our key: it is not among those it lets in"
    if kind == zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL and value == zmq.PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH:
        if keyed:
            return "the peer speaks plain text: it does not have the key --curve-server-key"
        return "the peer wants CURVE keys: give --curve-server-key and --curve-secret"
    # No more is known when the peer closes first.
    if keyed:
        return "the handshake fails: the peer does not have the key --curve-server-key, or is no publisher"
    return "the handshake fails: the peer may want CURVE keys, or be no publisher (PUB; with --pull, PUSH)"


def unreachable(endpoint: str, note: str) -> ConfigError:
    """The error with which a run that never had a connection ends; ``note`` is the link's."""
    return ConfigError("ENDPOINT", f"reachable ({why_unreached(endpoint, note)})", endpoint)


def why_unreached(endpoint: str, note: str) -> str:
    """Why there is no connection, by the ``note`` of a link, in words that hold once nobody tries any more."""
    if note not in ("", UNANSWERED, PLAIN_TEXT_NOTICE):
        return note.removesuffix(STILL)
    return PeerSearch(endpoint).wait(SEARCH_SECONDS) or "nobody answered"
