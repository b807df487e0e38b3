"""Runs the page in a browser: a server between running monitors and whoever looks at them."""

import asyncio
import socket as sockets
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from streammi.cli.options import ServeOptions
from streammi.errors import ConfigError
from streammi.network.endpoints import check_endpoint, not_bound, split_address
from streammi.network.security import PLAIN_TEXT, Keys, is_loopback
from streammi.system.log import Log
from streammi.system.open_files import A_VIEW, ENOUGH, check_open_files
from streammi.system.signals import Stop
from streammi.web.access import Access, own_names, read_token
from streammi.web.server import Server

BACKLOG: Final = 128


def run_serve(
    endpoints: Sequence[str],
    options: ServeOptions,
    *,
    keys: Keys = PLAIN_TEXT,
    seconds: float | None = None,
    log: Log | None = None,
) -> int:
    """Serve the page until it is time to stop; returns the exit status. ConfigError for what cannot be served."""
    log = log or Log(sys.stderr)
    check_open_files(ENOUGH + A_VIEW * len(endpoints))
    for endpoint in endpoints:
        check_endpoint(endpoint, "ENDPOINT")
    host, port = split_address(options.http, "--http")
    if options.token is None and not is_loopback(f"tcp://{options.http}"):
        raise ConfigError("--http", "on this machine (127.0.0.1:8080), or given with --token", options.http)
    made = options.token is not None and not Path(options.token).exists()
    token = None if options.token is None else read_token(options.token)
    names = own_names() | {name.lower() for name in (host, *(options.allow_host or ()))}
    with listening(host, port, options.http) as listener, Stop(seconds) as stop:
        server = Server(endpoints, listener, Access(frozenset(names), token), keys, log.warn)

        def ready() -> None:
            if made:
                log.say(f"the token is in {options.token}, which was made")
            where = url(listener)
            log.say(
                f"the page is at {where}" + ("" if token is None else f"?token=... with the word in {options.token}")
            )

        stop.answer(lambda: log.say(server.state()))
        asyncio.run(server.run(stop, ready))
        return stop.status


def listening(host: str, port: int, address: str) -> sockets.socket:
    """A socket that listens there; ConfigError for an address that is taken, or is none of this machine's."""
    try:
        [(family, *_, place), *_] = sockets.getaddrinfo(host, port, type=sockets.SOCK_STREAM, flags=sockets.AI_PASSIVE)
        return sockets.create_server(place[:2], family=family, backlog=BACKLOG)
    except OSError as error:
        raise ConfigError("--http", not_bound(error.errno or 0, str(error.strerror), "address"), address) from None


def url(listener: sockets.socket) -> str:
    """Where a browser on this machine finds the page, with the port that was chosen for 0."""
    host, port = listener.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/"
