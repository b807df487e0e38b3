"""The form of an endpoint: what is wrong with one that no socket can connect to, and how it would be written."""

import os
import re
from typing import Final

TRANSPORTS: Final = ("tcp", "ipc", "tipc", "vmci")
MAX_PORT: Final = 65535
EXAMPLES: Final = "an endpoint, such as tcp://127.0.0.1:5556 or ipc:///run/feed"
_OTHERS: Final = frozenset(("http", "https", "ws", "wss", "mqtt", "mqtts", "udp", "amqp", "redis", "kafka", "nats"))
_QUOTES: Final = "'\"`“”„‘’«»"
_HOST: Final = r"[A-Za-z0-9_][A-Za-z0-9_.\-]*"


def rule_of(endpoint: str) -> str:
    """The rule that an endpoint to connect to breaks, with how it would be written; empty where it breaks none.

    >>> rule_of("tcp:/127.0.0.1:5556")
    'an endpoint with two slashes, such as tcp://127.0.0.1:5556'
    >>> rule_of("localhost:5556"), rule_of("tcp://127.0.0.1:5556")
    ('an endpoint with its transport, such as tcp://localhost:5556 or ipc:///run/feed', '')
    """
    if endpoint != endpoint.strip():
        return "an endpoint without blanks around it"
    if endpoint.strip(_QUOTES) != endpoint:
        return f"an endpoint without quotes, such as {endpoint.strip(_QUOTES)}"
    if "," in endpoint and endpoint.count("://") > 1:
        first = endpoint.split(",")[0].strip()
        return f"an endpoint by itself, such as {first} (two are --x ENDPOINT#PATH --y ENDPOINT#PATH)"
    scheme, separator, rest = endpoint.partition("://")
    if not separator or (scheme.lower() == "tcp" and rest.startswith("/")):
        return _without_transport(endpoint)
    if scheme not in TRANSPORTS:
        return _other_transport(scheme, rest)
    if any(letter.isspace() or not letter.isprintable() for letter in endpoint):
        plain = "".join(letter for letter in endpoint if letter.isprintable() and not letter.isspace())
        return f"an endpoint without blanks in it, such as {plain}"
    if scheme == "tcp":
        return _of_tcp(rest)
    return _of_ipc(rest) if scheme == "ipc" else ""


def _without_transport(endpoint: str) -> str:
    """The rule for what has no ``://``, or more slashes than that."""
    if single := re.fullmatch(r"(tcp|ipc):*([/\\]*):*[/\\]*([^:/\\].*)", endpoint, re.IGNORECASE):
        scheme, slash, rest = single[1].lower(), "/" * bool(single[2]), single[3]
        return f"an endpoint with two slashes, such as {scheme}://{slash * (scheme == 'ipc')}{rest}"
    if os.path.isfile(endpoint):
        return "an endpoint such as tcp://127.0.0.1:5556; watch, replay and report take files"
    if re.fullmatch(r":?[0-9]+", endpoint):
        return f"an endpoint with its transport and host, such as tcp://127.0.0.1:{endpoint.lstrip(':')}"
    if endpoint.startswith(("/", "./", "~/")):
        return f"an endpoint with its transport, such as ipc://{endpoint} (there is no file of this name to read)"
    plain = re.fullmatch(rf"(\*|\[?[0-9A-Fa-f:]+\]?|{_HOST}):([0-9]+)", endpoint)
    if plain is None:
        host = endpoint if re.fullmatch(_HOST, endpoint) and "." not in endpoint.strip("0123456789.") else "127.0.0.1"
        file = " (there is no file of this name to read)" if re.search(r"/|\.[A-Za-z]\w*$", endpoint) else ""
        return f"an endpoint with its transport, such as tcp://{host}:5556 or ipc:///run/feed{file}"
    host, port = plain[1], plain[2]
    host = "127.0.0.1" if host == "*" else f"[{host}]" if ":" in host and host[0] != "[" else host
    return f"an endpoint with its transport, such as tcp://{host}:{port} or ipc:///run/feed"


def _other_transport(scheme: str, rest: str) -> str:
    """The rule for a transport that is none of ZeroMQ's between programs."""
    if scheme.lower() in TRANSPORTS:
        return f"an endpoint with its transport in small letters, such as {scheme.lower()}://{rest}"
    if scheme == "unix":
        return f"an endpoint with ZeroMQ's name of this transport, such as ipc://{rest}"
    if scheme == "file":
        return f"an endpoint such as tcp://127.0.0.1:5556; watch, replay and report take files, as {rest}"
    within = " (inproc is within one program)" if scheme == "inproc" else ""
    spoken = f" ({scheme} is another protocol)" if scheme.lower() in _OTHERS else ""
    almost = f", such as tcp://{rest}" if sorted(scheme.lower().strip()) == ["c", "p", "t"] else ""
    return f"an endpoint with a transport of ZeroMQ's between programs, tcp or ipc{almost}{within}{spoken}"


def _of_tcp(rest: str) -> str:
    """The rule for what is behind tcp://, which is HOST:PORT, or SOURCE;HOST:PORT."""
    address = rest.partition(";")[2] or rest
    host, _, port = address.rpartition(":")
    if path := re.fullmatch(r"([^/?#]*:[0-9]+)[/?#].*", rest):
        topic = " (--topic takes a topic; ENDPOINT#TOPIC:PATH is for --x and --y)" if "#" in rest else ""
        return f"an endpoint that ends with its port, such as tcp://{path[1]}{topic}"
    if user := re.fullmatch(r"[^@/]*@([^@]+)", rest):
        return f"an endpoint without a user, such as tcp://{user[1]}"
    if address.startswith("[") or ":" in host:
        return _of_ipv6(address)
    if dotted := re.fullmatch(r"((?:[0-9]{1,3}\.){3}[0-9]{1,3})[.;]([0-9]{2,5})", rest):
        return f"an endpoint with a colon before its port, such as tcp://{dotted[1]}:{dotted[2]}"
    if ":" not in address:
        return f"an endpoint with a port, such as tcp://{rest or '127.0.0.1'}:5556"
    if not port:
        return f"an endpoint with a port, such as tcp://{rest}5556"
    if host in ("", "*") or re.fullmatch(r"\*|0+", port):
        return "an endpoint with the host and the port of its publisher, such as tcp://127.0.0.1:5556"
    if not host.isascii():
        return f"an endpoint whose host is written in ASCII{_in_ascii(host, port)}"
    return port_rule(f"tcp://{rest}")


def _of_ipv6(address: str) -> str:
    """The rule for an address with more than one colon, which brackets are for."""
    if re.fullmatch(r"\[[^\]]*\]:?", address):
        return f"an endpoint with a port, such as tcp://{address.rstrip(':')}:5556"
    if not address.startswith("[") and re.fullmatch(r"[0-9A-Fa-f:]*(?:%\w+)?:[0-9]+", address) and "::" in address:
        host, _, port = address.rpartition(":")
        if host.endswith(":") and host != "::":  # ::1 is an address as well, but of all of it
            return f"an endpoint with an IPv6 address in brackets and a port, such as tcp://[{address}]:5556"
        return f"an endpoint with an IPv6 address in brackets, such as tcp://[{host}]:{port}"
    if not re.fullmatch(r"\[[^\]]+\]:\S+", address):
        host, _, ports = address.partition(":")
        once = f"tcp://{host}:{ports.partition(':')[0]}" if host and host[0] != "[" else "tcp://[::1]:5556"
        return f"an endpoint with one host and one port, such as {once}"
    return port_rule(f"tcp://{address}")


def port_rule(endpoint: str) -> str:
    """The rule that a port breaks that ZeroMQ would take for another one: it keeps 16 bits of whatever number there is.

    >>> port_rule("tcp://127.0.0.1:99999"), port_rule("tcp://127.0.0.1:5556")
    ('an endpoint with a port up to 65535', '')
    """
    scheme, _, rest = endpoint.partition("://")
    port = rest.rpartition(":")[2]
    # Of 1x and 5.5 it takes the digits in front. What has no port, or a blank behind it, is seen elsewhere.
    odd = ":" in rest and port != "" and not re.fullmatch(r"[0-9]+\s*|[0-9]*\*|.*\]", port)
    wrong = scheme == "tcp" and (odd or (re.fullmatch(r"[0-9]+", port) and int(port) > MAX_PORT))
    return f"an endpoint with a port up to {MAX_PORT}" if wrong else ""


def _in_ascii(host: str, port: str) -> str:
    try:
        return f", such as tcp://{host.encode('idna').decode()}:{port}"
    except UnicodeError:
        return ""


def _of_ipc(path: str) -> str:
    """The rule for what is behind ipc://, which is the path of a socket, or @NAME."""
    if not path or path == "*":
        return "an endpoint with the path of its publisher's socket, such as ipc:///run/feed"
    if path.startswith("@"):
        return ""
    if os.path.isdir(path):
        return f"an endpoint with a socket's path, such as ipc://{path.rstrip('/')}/feed ({path} is a folder)"
    folder = os.path.dirname(path)
    if folder and not os.path.isabs(path) and not os.path.isdir(folder) and os.path.isdir(f"/{folder}"):
        return f"an endpoint with three slashes before a full path, such as ipc:///{path}"
    return ""
