"""Who may see the page: the hosts by which it is asked for, the token, and where its requests come from; pure.

A page of somebody else's that runs in a browser here can send requests to this machine, also under a name of its own
that it has pointed at us (DNS rebinding): so it is looked at by which name we are asked, and who asks. An address
cannot be pointed elsewhere, a name can.
"""

import hashlib
import hmac
import ipaddress
import os
import secrets
import socket
import stat
from http.cookies import CookieError, SimpleCookie
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import msgspec

from streammi.errors import ConfigError

COOKIE: Final = "streammi"
LEAST_TOKEN: Final = 16  # characters
MOST_TOKEN: Final = 1024
OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


class Access(msgspec.Struct, frozen=True):
    """The names by which the page may be asked for, and the token for it; without one everybody may see it."""

    names: frozenset[str] = frozenset()
    token: str | None = None

    def knows(self, host: str | None) -> bool:
        """True if a request with this Host header is meant for us.

        >>> access = Access(frozenset({"plant"}))
        >>> [access.knows(host) for host in ("127.0.0.1:8080", "[::1]:8080", "localhost", "Plant:80", "evil.example")]
        [True, True, True, True, False]
        """
        name = _name(host)
        if not name:
            return False
        return name == "localhost" or name.endswith(".localhost") or name in self.names or _is_address(name)

    def same_origin(self, origin: str | None, host: str | None) -> bool:
        """True if a request does not come from another page: one without an origin comes from no page at all.

        >>> access = Access()
        >>> access.same_origin("http://localhost:8080", "localhost:8080"), access.same_origin(None, "localhost:8080")
        (True, True)
        >>> access.same_origin("http://evil.example", "localhost:8080"), access.same_origin("null", "localhost:8080")
        (False, False)
        """
        return origin is None or urlsplit(origin).netloc.lower() == (host or "").lower()

    def admits(self, cookies: str | None, token: str | None) -> bool:
        """True if a request has the token, or the cookie that stands for it."""
        if self.token is None:
            return True
        if token is not None:
            return hmac.compare_digest(token.encode(), self.token.encode())
        try:
            found = SimpleCookie(cookies or "").get(COOKIE)
        except CookieError:
            return False
        return found is not None and hmac.compare_digest(found.value.encode(), self.cookie.encode())

    @property
    def cookie(self) -> str:
        """The value that stands for the token in a cookie: it is none, and lasts as long as the token does."""
        return hashlib.sha256(f"streammi cookie {self.token}".encode()).hexdigest()


def _name(host: str | None) -> str:
    """The name or the address in a Host header, in lower case; empty where there is none."""
    if not host or set(host) & set("/?#@\\ "):
        return ""
    try:
        return (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        return ""


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return False
    return True


def own_names() -> frozenset[str]:
    """The names that this machine has for itself."""
    name = socket.gethostname().lower()
    return frozenset({name, name.partition(".")[0]} - {""})


def read_token(path: str) -> str:
    """The token in a file that nobody else can read; one is made where there is no such file. ConfigError otherwise."""
    file = Path(path)
    try:
        if not file.exists():
            return _make_token(file)
        if not file.is_file():
            raise ConfigError("--token", "a file", path)
        if file.stat().st_mode & OTHERS:
            raise ConfigError("--token", f"a file that nobody else can read (chmod 600 {path})", path)
        token = file.read_bytes()[: MOST_TOKEN + 2].decode("ascii").strip()
    except OSError as error:
        raise ConfigError("--token", f"a file that can be read, or made ({error.strerror})", path) from None
    except UnicodeDecodeError:
        token = ""
    if not (LEAST_TOKEN <= len(token) <= MOST_TOKEN and token.isprintable() and " " not in token):
        rule = f"a file with one word of {LEAST_TOKEN} to {MOST_TOKEN} letters and digits, or none yet, to be made"
        raise ConfigError("--token", rule, path)
    return token


def _make_token(file: Path) -> str:
    token = secrets.token_urlsafe(24)
    with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        out.write(f"{token}\n")
    return token
