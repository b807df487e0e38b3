"""Who may connect: what is reachable from other machines."""

import ipaddress
from urllib.parse import urlsplit


def is_loopback(endpoint: str) -> bool:
    """Whether only this machine can reach an endpoint.

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
