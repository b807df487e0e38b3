"""An HTTP server for a few requests at a time: whoever holds on to a connection is put out by those who come later.

prometheus-client's own server starts a thread for each connection, and never ends one that says nothing.
"""

import socket as sockets
import sys
import threading
from socketserver import ThreadingMixIn
from typing import Any, Final
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

MAX_REQUESTS: Final = 16  # at a time; the oldest goes
REQUEST_SECONDS: Final = 5.0  # in which something must come


class Handler(WSGIRequestHandler):
    """Says nothing to standard error: what is asked for is others' to choose."""

    timeout = REQUEST_SECONDS

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing."""


class Server(ThreadingMixIn, WSGIServer):
    """Serves the WSGI application ``application``. Raises OSError for an address that is taken."""

    daemon_threads = True
    request_queue_size = 128  # that the kernel holds; with the 5 of socketserver a scrape waits for seconds in a flood

    def __init__(self, host: str, port: int, application: Any) -> None:
        self.address_family = sockets.AF_INET6 if ":" in host else sockets.AF_INET
        self._requests: dict[sockets.socket, None] = {}  # oldest first
        self._lock = threading.Lock()
        super().__init__((host, port), Handler)
        self.set_app(application)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Answer in a thread; there are MAX_REQUESTS of them, and the moment it takes the oldest to end."""
        with self._lock:
            self._requests[request] = None
            if len(self._requests) > MAX_REQUESTS:
                oldest = next(iter(self._requests))
                del self._requests[oldest]
                _end(oldest)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Close a connection that has been answered, or cannot be."""
        with self._lock:
            self._requests.pop(request, None)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Let a connection go that ended, or was ended, before its answer: nobody is left to be told."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


def _end(request: sockets.socket) -> None:
    """End a connection; the thread that waits for it then goes on, and closes it."""
    try:
        request.shutdown(sockets.SHUT_RDWR)
    except OSError:  # the peer has ended it
        return
