"""The host in an endpoint, looked for: ZeroMQ tries a name that nobody has for ever, and says nothing of it."""

import socket


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
