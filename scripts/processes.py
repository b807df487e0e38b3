"""Processes that scripts and tests begin, and ports for them: free, and no other connection's when they are bound."""

import contextlib
import itertools
import os
import socket
import subprocess
import sys
from typing import Any

# Below the ports that systems give to connections that go out, Linux from 32768 on: one of those may be another
# connection's by the time it is bound. Each worker of the suite has a thousand of its own.
PORTS = range(20_000 + 1000 * int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:]), 32_768)
_next_port = itertools.count(os.getpid() % 1000)


def free_port() -> int:
    """A port of this machine that nobody listens at, and that this process does not give twice soon."""
    for number in itertools.islice(_next_port, 1000):
        port = PORTS[number % 1000]
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
    raise OSError(f"no port is free from {PORTS[0]} to {PORTS[999]}")


def begun(*words: str, **streams: Any) -> "subprocess.Popen[Any]":
    """``streammi`` with these words, as a process."""
    return subprocess.Popen([sys.executable, "-m", "streammi", *words], **streams)
