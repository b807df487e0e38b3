"""The host in an endpoint, looked for: ZeroMQ tries a name that nobody has for ever, and says nothing of it."""

import socket
import threading


def host_of(endpoint: str) -> str:
    """The host in an endpoint; empty where there is none.

    >>> host_of("tcp://pump.example:5556"), host_of("tcp://eth0:0;[::1]:5556"), host_of("ipc:///run/feed")
    ('pump.example', '::1', '')
    """
    kind, _, rest = endpoint.partition("://")
    return rest.rpartition(";")[2].rpartition(":")[0].strip("[]") if kind == "tcp" else ""


def why_no_host(host: str) -> str:
    """Why a host has no address, in words; empty where it has one. May take as long as a name server does."""
    try:
        socket.getaddrinfo(host, None)
    except socket.gaierror as error:
        if error.errno == socket.EAI_AGAIN:
            return f"no name server says where {host} is"
        return f"there is no host {host}"
    except (OSError, UnicodeError) as error:  # no name at all, such as one with a part of 64 letters
        return f"{host} is no name of a host ({error})"
    return ""


class HostSearch:
    """Looks for the host in an endpoint, in a thread of its own: nobody waits for a name server that is silent."""

    def __init__(self, endpoint: str) -> None:
        self.why_none = ""  # as far as it is known
        self._host = host_of(endpoint)
        self._thread = threading.Thread(target=self._look, name="host", daemon=True)
        self._thread.start()

    def wait(self, seconds: float) -> str:
        """Why there is none, once that is known, or after so long."""
        self._thread.join(seconds)
        return self.why_none

    def _look(self) -> None:
        self.why_none = why_no_host(self._host) if self._host else ""
