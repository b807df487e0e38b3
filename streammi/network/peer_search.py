"""The peer at an endpoint, asked who it is: ZeroMQ tries what is no publisher for ever, and says nothing of it."""

import socket
import threading
from contextlib import suppress
from typing import Final

from streammi.network.host_search import host_of, why_no_host

CONNECT_SECONDS: Final = 3.0
ANSWER_SECONDS: Final = 1.5
MARK: Final = b"streammi asks who is there"  # where a greeting has 31 bytes that nobody reads
# ZMTP 3 (RFC 23): a signature, the version, a mechanism, and that we are no server.
GREETING: Final = b"\xff" + bytes(8) + b"\x7f\x03\x00" + b"NULL".ljust(20, b"\0") + b"\0" + MARK.ljust(31, b"\0")
VERSION: Final = 12  # bytes of it, up to the version and with it
HEARD: Final = {False: ("PUB", "XPUB"), True: ("PUSH",)}  # by a SUB, and by a PULL
_OTHERS: Final = (
    (b"HTTP/", "an HTTP server"),
    (b"<", "an HTTP server"),
    (b"SSH-", "an SSH server"),
    (b"220", "a mail or FTP server"),
    (b"-ERR", "a Redis server"),
    (b"\x15\x03", "a TLS server"),
    (b"AMQP", "an AMQP broker"),
)


def who_is_there(endpoint: str, *, pull: bool | None = None, keyed: bool | None = None) -> str:
    """Say why a peer cannot be heard, in words; empty where it can, or where that is not known.

    ``pull``: by a PULL socket; ``keyed``: with CURVE keys; None where that is not known. Nothing is taken from a peer:
    no handshake ends. OSError where there is no connection. Takes CONNECT_SECONDS and thrice ANSWER_SECONDS at most,
    and as long as a name server does.
    """
    if (host := host_of(endpoint)) and (why := why_no_host(host)):
        return why
    with _connected(endpoint, host) as peer:
        peer.settimeout(ANSWER_SECONDS)
        greeting = _greeting(peer)
        plain = greeting[12:17] == b"NULL\0" and not keyed
        return _of_greeting(greeting, keyed) or (_of_kind(_socket_type(peer), pull) if plain else "")


class PeerSearch:
    """Asks who is at an endpoint, in a thread of its own: nobody waits for what does not answer."""

    def __init__(self, endpoint: str, *, pull: bool | None = None, keyed: bool | None = None) -> None:
        self.why_none = ""  # as far as it is known
        self._asked = endpoint, pull, keyed
        self._thread = threading.Thread(target=self._look, name="peer", daemon=True)
        self._thread.start()

    def wait(self, seconds: float) -> str:
        """Why it cannot be heard, once that is known, or after so long."""
        self._thread.join(seconds)
        return self.why_none

    def _look(self) -> None:
        endpoint, pull, keyed = self._asked
        with suppress(OSError):  # nobody is there, yet
            self.why_none = who_is_there(endpoint, pull=pull, keyed=keyed)


def _connected(endpoint: str, host: str) -> socket.socket:
    """A connection to the peer, past ZeroMQ. OSError where there is none."""
    kind, _, rest = endpoint.partition("://")
    if kind == "tcp" and rest.rpartition(":")[2].isdecimal():
        return socket.create_connection((host, int(rest.rpartition(":")[2])), CONNECT_SECONDS)
    if kind != "ipc":
        raise OSError(f"no way to ask {endpoint}")
    peer = socket.socket(socket.AF_UNIX)
    try:
        peer.settimeout(CONNECT_SECONDS)
        peer.connect(f"\0{rest[1:]}" if rest.startswith("@") else rest)
    except BaseException:
        peer.close()
        raise
    return peer


def _greeting(peer: socket.socket) -> bytes:
    """The greeting of a peer, or whatever it says instead: a part of ours at a time, as it may hang up at the rest."""
    greeting = b""
    with suppress(OSError):
        peer.sendall(GREETING[:VERSION])
        greeting = _read(peer, len(GREETING))
        if len(greeting) >= len(GREETING):
            peer.sendall(GREETING[VERSION:])
        else:
            peer.sendall(GREETING[VERSION:] + b"\r\n\r\n")  # which ends a line, for what waits for one
            greeting += _read(peer, 2 * len(GREETING))
    return greeting


def _read(peer: socket.socket, n: int) -> bytes:
    """As many bytes as come, up to n, before it hangs up."""
    found = b""
    with suppress(OSError):
        while len(found) < n and (more := peer.recv(n - len(found))):
            found += more
    return found


def _of_greeting(greeting: bytes, keyed: bool | None) -> str:
    """Why somebody who greets so cannot be heard."""
    if MARK in greeting:
        return "an echo is there: it sends back what it gets"
    if not greeting:
        return "something listens there, but it does not answer as ZeroMQ does"
    if greeting[:1] != b"\xff" or len(greeting) < 12:
        other = next((words for start, words in _OTHERS if greeting.startswith(start)), "something")
        return f"{other} is there, which is no ZeroMQ (it says {greeting[:20]!r})"
    if greeting[10] < 3:
        return "an old ZeroMQ is there, before 4.0"
    mechanism = greeting[12:32].rstrip(b"\0").decode("latin-1")
    if mechanism == "CURVE" and keyed is False:
        return "the peer wants CURVE keys: give --curve-server-key and --curve-secret"
    if mechanism == "NULL" and keyed:
        return "the peer speaks plain text: it does not have the key --curve-server-key"
    return "" if mechanism in ("NULL", "CURVE") else f"the peer wants {mechanism}, and streammi speaks NULL and CURVE"


def _socket_type(peer: socket.socket) -> str:
    """The type of socket that a peer without keys is, by the properties that it sends; empty where it sends none."""
    head = _read(peer, 2)
    body = _read(peer, head[1]) if len(head) == 2 and head[0] == 4 else b""  # a short command
    if not body.startswith(b"\x05READY"):
        return ""
    at = 6
    while at < len(body):
        name = body[at + 1 : at + 1 + body[at]]
        at += 1 + len(name)
        value = body[at + 4 : at + 4 + int.from_bytes(body[at : at + 4], "big")]
        at += 4 + len(value)
        if name.lower() == b"socket-type":
            return value.decode("latin-1")
    return ""


def _of_kind(kind: str, pull: bool | None) -> str:
    """Why a socket of this type cannot be heard.

    >>> _of_kind("PUSH", False), _of_kind("XPUB", True), _of_kind("PUB", None)
    ('a PUSH socket is there: --pull takes its messages', 'an XPUB socket is there: leave out --pull', '')
    """
    if not kind or kind in (HEARD[pull] if pull is not None else (*HEARD[False], *HEARD[True])):
        return ""
    is_there = f"{'an' if kind[0] in 'XR' and kind[:2] in ('XP', 'XS') else 'a'} {kind} socket is there"
    if pull is False and kind in HEARD[True]:
        return f"{is_there}: --pull takes its messages"
    if pull and kind in HEARD[False]:
        return f"{is_there}: leave out --pull"
    return f"{is_there}, and streammi hears PUB and XPUB, or PUSH with --pull"
