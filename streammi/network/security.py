"""Who may connect: CURVE keys, their files, and who is let in.

A key file is a ZPL certificate, as zmq.auth and czmq write and read it: ``NAME.key`` holds the public key and may go to
anyone, ``NAME.key_secret`` both and goes nowhere. zmq.auth's own helper leaves the secret one readable by everyone.
"""

import ipaddress
import os
import stat
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import msgspec

from streammi.errors import ConfigError

if TYPE_CHECKING:
    import zmq

KEY_CHARACTERS: Final = 40  # 32 bytes in Z85
CERTIFICATE_BYTES: Final = 1 << 16  # of a key file
WRITABLE: Final = stat.S_IWGRP | stat.S_IWOTH  # whoever can write to a key that we trust is whom we trust
REREAD_SECONDS: Final = 1.0  # after which a folder of keys is looked at again, when somebody connects
WARNED: Final = 16  # keys that are not let in: anybody may try any number of them
_PUBLIC: Final = """#   ZeroMQ CURVE public certificate, written by streammi keygen.
#   May go to anyone; what matters is that they get this one, and not another's.

metadata
curve
    public-key = "{public}"
"""
_SECRET: Final = """#   ZeroMQ CURVE **secret** certificate, written by streammi keygen.
#   Whoever has this file is taken for you: it stays on this machine, readable by you alone.

metadata
curve
    public-key = "{public}"
    secret-key = "{secret}"
"""


def is_loopback(endpoint: str) -> bool:
    """True if only this machine can reach an endpoint.

    >>> is_loopback("tcp://127.0.0.1:5556"), is_loopback("ipc:///run/feed"), is_loopback("tcp://*:5556")
    (True, True, False)
    """
    scheme, _, rest = endpoint.partition("://")
    if scheme in ("ipc", "inproc"):
        return True
    host = urlsplit(f"//{rest.rpartition(':')[0]}:0").hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:  # a name, an interface or *
        return False


def reachable_here(endpoint: str) -> str:
    """Where a program on this machine connects to what is bound to an endpoint.

    >>> reachable_here("tcp://*:5557"), reachable_here("tcp://[::]:5557"), reachable_here("ipc:///run/out")
    ('tcp://127.0.0.1:5557', 'tcp://[::1]:5557', 'ipc:///run/out')
    """
    for every, this in (
        ("tcp://*:", "tcp://127.0.0.1:"),
        ("tcp://0.0.0.0:", "tcp://127.0.0.1:"),
        ("tcp://[::]:", "tcp://[::1]:"),
    ):
        if endpoint.startswith(every):
            return this + endpoint.removeprefix(every)
    return endpoint


class Keys(msgspec.Struct, frozen=True):
    """Our own pair of keys, the key of whom we connect to, and the folder of the keys that we let in.

    Keys are Z85 text. Without any of them everything is plain text.
    """

    public: bytes | None = None
    secret: bytes | None = None
    server: bytes | None = None
    authorized: Path | None = None

    def connect(self, socket: "zmq.Socket[Any]") -> None:
        """Set what a socket needs before it connects; nothing where the peer is to speak plain text."""
        if self.server is not None:
            socket.curve_serverkey = self.server
            socket.curve_publickey, socket.curve_secretkey = self.public, self.secret

    def serve(self, socket: "zmq.Socket[Any]") -> None:
        """Set what a socket needs before it is bound; nothing where it is to speak plain text."""
        if self.authorized is not None:
            socket.curve_server = True
            socket.curve_publickey, socket.curve_secretkey = self.public, self.secret

    @contextmanager
    def guarding(self, context: "zmq.Context[Any]", warn: Callable[[str], None]) -> Iterator[None]:
        """Answer, while it lasts, who is let in to the sockets of a context; to be entered before they are bound.

        ``warn`` is told of keys that are not let in, each once, in a thread of its own.
        """
        if self.authorized is None:
            yield
            return
        from zmq.auth.thread import ThreadAuthenticator  # asyncio takes 60 ms to load: only who has keys waits for it

        authenticator = ThreadAuthenticator(context)
        authenticator.start()
        try:
            authenticator.configure_curve_callback("*", Authorized(self.authorized, self.public or b"", warn))
            yield
        finally:
            authenticator.stop()


PLAIN_TEXT: Final = Keys()


def read_keys(
    secret: str | None, *, server: str | None = None, authorized: str | None = None, serves: bool = True
) -> Keys:
    """The keys that options name; ConfigError where they do not make sense, or others could read or add to them.

    ``serves`` says whether there is a socket that others connect to.
    """
    if secret is None:
        for option, value in (("--curve-server-key", server), ("--authorized-keys", authorized)):
            if value is not None:
                raise ConfigError("--curve-secret", f"given with {option} (streammi keygen makes one)")
        return PLAIN_TEXT
    if server is None and authorized is None:
        raise ConfigError("--curve-secret", "given with --curve-server-key or --authorized-keys", secret)
    if authorized is not None and not serves:
        raise ConfigError("--authorized-keys", "given with an endpoint to publish on", authorized)
    public, own = read_secret(secret)
    return Keys(
        public,
        own,
        None if server is None else read_public(server, "--curve-server-key"),
        None if authorized is None else _checked_folder(authorized),
    )


def read_secret(path: str) -> tuple[bytes, bytes]:
    """The public and the secret key of a file that its owner alone can read."""
    import zmq

    text, mode = _certificate(path, "--curve-secret")
    secret = _field(text, b"secret-key")
    if secret is None:
        instead = "" if _field(text, b"public-key") is None else "; this one has the public key alone"
        raise ConfigError("--curve-secret", f"a file with a secret key, such as NAME.key_secret{instead}", path)
    if mode & 0o077:
        raise ConfigError("--curve-secret", f"readable by its owner alone (chmod 600 {path})", path)
    public = _key(secret, "--curve-secret", path, derive=zmq.curve_public)
    if _field(text, b"public-key") not in (None, public):
        raise ConfigError("--curve-secret", "a file whose two keys belong together", path)
    return public, secret


def read_public(given: str, option: str) -> bytes:
    """A public key: the 40 characters themselves, or a file with them."""
    if len(given) == KEY_CHARACTERS and not os.path.exists(given):
        return _key(given.encode(), option, given)
    text, mode = _certificate(given, option)
    key = _field(text, b"public-key")
    if key is None:
        raise ConfigError(option, "a file with a public key, such as NAME.key, or the key's 40 characters", given)
    if mode & WRITABLE:
        raise ConfigError(option, f"writable by its owner alone (chmod go-w {given})", given)
    return _key(key, option, given)


def write_keys(folder: Path) -> tuple[Path, Path]:
    """Make a pair of keys, named like the folder: the files of the public one and of the secret one.

    Nothing is overwritten: ConfigError where one of them is there already, or cannot be written.
    """
    import zmq

    public, secret = (key.decode() for key in zmq.curve_keypair())
    name = folder.resolve().name or "streammi"
    paths = folder / f"{name}.key", folder / f"{name}.key_secret"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for path in paths:
            if path.exists():
                raise FileExistsError(None, "a key is there already", str(path))
        _create(paths[1], _SECRET.format(public=public, secret=secret), 0o600)
        _create(paths[0], _PUBLIC.format(public=public), 0o644)
    except OSError as error:
        raise ConfigError("DIR", f"a folder to make new keys in ({error.strerror})", error.filename) from None
    return paths


def _create(path: Path, text: str, mode: int) -> None:
    """Write a new file that has its mode from the first byte on, whatever the umask; never through a link."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w") as file:
        os.fchmod(file.fileno(), mode)
        file.write(text)


class Authorized:
    """Says who is let in: whose keys are in a folder as it is now, and whoever has our own.

    A file that comes to be unreadable while we run lets nobody in, and keeps nobody else out.
    """

    def __init__(
        self,
        folder: Path,
        own: bytes,
        warn: Callable[[str], None] = lambda words: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._folder, self._own, self._warn, self._clock = folder, own, warn, clock
        self._refused: set[bytes] = set()  # that were warned of
        self._keys: frozenset[bytes] = frozenset()
        self._read_at = -REREAD_SECONDS

    def callback(self, domain: str, key: bytes) -> bool:
        """True if a key may connect; called by the authenticator, for each connection."""
        # Not for each: a flood of connections would make us read files and do nothing else.
        if self._clock() - self._read_at >= REREAD_SECONDS:
            self._read_at = self._clock()
            self._keys = frozenset(_readable(sorted(self._folder.glob("*.key"))))
        let_in = key == self._own or key in self._keys
        if not let_in and key not in self._refused and len(self._refused) < WARNED:
            self._refused.add(key)
            name = key.decode("ascii", "backslashreplace")
            self._warn(f"a client is not let in: its key {name} is in no file of {self._folder}")
        return let_in


def _readable(paths: list[Path]) -> Iterator[bytes]:
    for path in paths:
        try:
            yield read_public(str(path), "--authorized-keys")
        except ConfigError:
            continue


def _checked_folder(folder: str) -> Path:
    path = Path(folder)
    if not path.is_dir():
        raise ConfigError("--authorized-keys", "a folder of public keys (NAME.key)", folder)
    if path.stat().st_mode & WRITABLE:
        raise ConfigError("--authorized-keys", f"writable by its owner alone (chmod go-w {folder})", folder)
    for key in sorted(path.glob("*.key")):
        read_public(str(key), "--authorized-keys")
    return path


def _certificate(path: str, option: str) -> tuple[bytes, int]:
    """A key file's content and mode."""
    try:
        with open(path, "rb", opener=_not_waiting) as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise ConfigError(option, "a key file", path)
            return file.read(CERTIFICATE_BYTES), status.st_mode
    except OSError as error:
        raise ConfigError(option, f"a key file that can be read ({error.strerror})", path) from None


def _not_waiting(path: str, flags: int) -> int:
    """Open what may be a pipe, which would wait for somebody to write into it."""
    return os.open(path, flags | os.O_NONBLOCK | os.O_CLOEXEC)


def _field(text: bytes, name: bytes) -> bytes | None:
    for line in text.splitlines():
        key, equals, value = line.strip().partition(b"=")
        if equals and key.strip() == name:
            return value.strip(b" \t'\"")
    return None


def _key(key: bytes, option: str, given: str, derive: Any = None) -> bytes:
    """The key, or what is derived from it; ConfigError where it is none."""
    from zmq.error import ZMQError
    from zmq.utils import z85

    try:
        if len(key) != KEY_CHARACTERS or len(z85.decode(key)) != 32:
            raise ValueError
        return bytes(key if derive is None else derive(key))
    except (ValueError, KeyError, ZMQError, struct.error):
        raise ConfigError(option, "a key of 40 characters in Z85", given) from None
