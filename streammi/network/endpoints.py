"""Endpoints: that a socket can connect to them, and of those that are bound who can reach them, and that nobody else
has them."""

import errno
import os
import re
import socket as sockets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import zmq

from streammi.errors import ConfigError
from streammi.network.endpoint_form import EXAMPLES, MAX_PORT, port_rule, rule_of
from streammi.network.security import Keys, is_loopback
from streammi.system import file_lock

# Of what subscribers send: an endless subscription is cut off. 256 bytes would do for the topics, but not for the third
# message of CURVE's handshake, which has 290: no client would ever get in.
MAX_SUBSCRIPTION_BYTES: Final = 512
_OURS: Final = "an address of this machine"
_NOT_BOUND: Final = {
    errno.EADDRNOTAVAIL: _OURS,
    errno.ENODEV: _OURS,  # ZeroMQ's, for a name that nobody knows
    sockets.EAI_NONAME: _OURS,
    errno.EACCES: "an address that this user may bind",
    errno.ENAMETOOLONG: "one with a shorter path",
    errno.EPROTONOSUPPORT: "one that begins with tcp:// or ipc://",
}


def check_port(endpoint: str, option: str) -> None:
    """ConfigError for a port that ZeroMQ would take for another one.

    >>> check_port("tcp://127.0.0.1:99999", "--bind")
    Traceback (most recent call last):
    ...
    streammi.errors.ConfigError: --bind must be an endpoint with a port up to 65535, got 'tcp://127.0.0.1:99999'
    """
    if rule := port_rule(endpoint):
        raise ConfigError(option, rule, endpoint)


def split_address(address: str, option: str) -> tuple[str, int]:
    """Read ``HOST:PORT``; ConfigError for what is none.

    >>> split_address("127.0.0.1:9464", "--metrics"), split_address("[::1]:9464", "--metrics")
    (('127.0.0.1', 9464), ('::1', 9464))
    """
    host, _, port = address.rpartition(":")
    bracketed = host.startswith("[") and host.endswith("]")
    if not host or not port.isdecimal() or int(port) > MAX_PORT or (":" in host and not bracketed):
        raise ConfigError(option, "HOST:PORT, such as 127.0.0.1:9464", address)
    return host.strip("[]"), int(port)


def check_endpoint(endpoint: str, option: str) -> None:
    """ConfigError for what no socket can connect to; whether anybody is there is not asked."""
    if rule := rule_of(endpoint):
        raise ConfigError(option, rule, endpoint)
    with zmq.Context() as context, context.socket(zmq.SUB) as socket:
        socket.linger = 0
        socket.setsockopt(zmq.IPV6, int("[" in endpoint))
        try:
            socket.connect(endpoint)
        except zmq.ZMQError as error:
            raise ConfigError(option, f"{EXAMPLES} ({zmq.strerror(error.errno or 0)})", endpoint) from None


def check_binding(endpoint: str, option: str, *, keys: Keys, insecure: bool) -> None:
    """ConfigError for what cannot be bound, or what others could reach in plain text without being told to.

    Whether it is free is known only once it is bound.
    """
    if endpoint.startswith("inproc:"):  # ZeroMQ would bind it
        raise ConfigError(option, rule_of(endpoint), endpoint)
    if not re.search(r"^tcp://.*:[^:\]]+$|^(?!tcp:)\w+://.", endpoint):
        raise ConfigError(option, rule_of(endpoint) or EXAMPLES, endpoint)
    if not (insecure or keys.authorized is not None or is_loopback(endpoint)):
        rule = "on this machine (127.0.0.1 or ipc), or given with --authorized-keys or --insecure"
        raise ConfigError(option, rule, endpoint)
    check_port(endpoint, option)


def not_bound(number: int, words: str, what: str) -> str:
    """The rule that an address breaks which could not be bound, by the system's error ``number`` and its ``words``.

    >>> not_bound(errno.EADDRINUSE, "Address already in use", "endpoint")
    'a free endpoint (Address already in use)'
    >>> not_bound(errno.EADDRNOTAVAIL, "Cannot assign requested address", "endpoint")
    'an address of this machine (Cannot assign requested address)'
    """
    rule = _NOT_BOUND.get(number, f"a free {what}")
    return f"{rule} ({words})"


class Binding:
    """A socket bound to an endpoint that others cannot reach in plain text, and that nobody else has.

    Other machines may reach it only with keys, or where ``insecure`` says that they may; without either, an ipc
    endpoint is for this user alone. It is locked: ZeroMQ lets whoever binds it last take it from whoever has it, and
    nobody notices. ConfigError names ``option`` for what is no endpoint, or one that does not fit.
    """

    def __init__(self, socket: zmq.Socket[Any], endpoint: str, option: str, *, keys: Keys, insecure: bool) -> None:
        check_binding(endpoint, option, keys=keys, insecure=insecure)
        open_to_others = insecure or keys.authorized is not None
        keys.serve(socket)
        socket.setsockopt(zmq.IPV6, int("[" in endpoint))
        path = _ipc_path(endpoint)
        self._lock = None if path is None else _lock(path, option, endpoint)
        try:
            if path is None or open_to_others:
                socket.bind(endpoint)
            else:
                with _umask(0o077):
                    socket.bind(endpoint)
        except zmq.ZMQError as error:
            self.release()
            number = error.errno or 0
            raise ConfigError(option, not_bound(number, zmq.strerror(number), "endpoint"), endpoint) from None
        self.endpoint = str(socket.getsockopt_string(zmq.LAST_ENDPOINT))  # with the port that was chosen for *

    def release(self) -> None:
        """Let others have an ipc endpoint; to be called when the socket is closed."""
        if self._lock is not None:
            path, descriptor = self._lock
            self._lock = None
            Path(path).unlink(missing_ok=True)  # its folder may have been cleared away before us
            os.close(descriptor)


def _ipc_path(endpoint: str) -> str | None:
    """The file of an ipc endpoint; None for those that are none: abstract names cannot be taken over."""
    scheme, _, path = endpoint.partition("://")
    return path if scheme == "ipc" and path and path[0] not in "@*" else None


def _lock(path: str, option: str, endpoint: str) -> tuple[str, int]:
    """Lock an ipc endpoint against other programs of ours, and look for those that know no locks."""
    lock = f"{path}.lock"
    taken = ConfigError(option, "a free endpoint (another program is bound to it)", endpoint)
    if os.path.lexists(path) and not stat.S_ISSOCK(os.lstat(path).st_mode):  # ZeroMQ would delete it
        raise ConfigError(option, "a path where there is nothing, or a socket (something else is there)", endpoint)
    try:
        while True:
            descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
            try:
                file_lock.lock(descriptor)
                if os.fstat(descriptor).st_ino == _inode(lock):
                    break
            except BlockingIOError:
                os.close(descriptor)
                raise taken from None
            os.close(descriptor)  # whoever had it has just removed the file that we locked
    except OSError as error:
        raise ConfigError(option, f"an endpoint that can be locked ({error.strerror}: {lock})", endpoint) from None
    with sockets.socket(sockets.AF_UNIX) as probe:
        if len(path.encode()) < 108 and probe.connect_ex(path) == 0:
            os.unlink(lock)
            os.close(descriptor)
            raise taken
    return lock, descriptor


def _inode(path: str) -> int | None:
    try:
        return os.stat(path).st_ino
    except FileNotFoundError:
        return None


@contextmanager
def _umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)
