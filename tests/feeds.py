"""Publishers that go on until the end, a sender's in plain pyzmq and a monitor's, and waiting for what comes of it."""

import contextlib
import itertools
import os
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import zmq

from streammi.publish.publisher import Publisher

Messages = Iterable[list[bytes]]


@contextmanager
def repeating(turn: Callable[[], object], every_s: float = 0.01) -> Iterator[None]:
    """Another thread that does it again and again, so far apart, until the end."""
    ended = threading.Event()

    def run() -> None:
        while not ended.wait(every_s):
            turn()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


@contextmanager
def published(
    messages: Callable[[], Messages],
    endpoint: str = "tcp://127.0.0.1:*",
    every_s: float = 0.01,
    configure: Callable[[zmq.Socket[bytes]], None] = lambda publisher: None,
) -> Iterator[str]:
    """A PUB socket that sends these again and again; where it is bound."""
    with zmq.Context() as context, context.socket(zmq.PUB) as publisher:
        publisher.linger = 0
        configure(publisher)
        publisher.bind(endpoint)

        def send() -> None:
            for frames in messages():
                publisher.send_multipart(frames)

        with repeating(send, every_s):
            yield publisher.last_endpoint.decode()


@contextmanager
def monitor_that(says: Callable[[Publisher], object], every_s: float = 0.02) -> Iterator[str]:
    """A monitor as it is heard: its publisher, which ``says`` something again and again; where it is bound."""
    with zmq.Context() as context, closing(Publisher("tcp://127.0.0.1:*", context)) as publisher:

        def turn() -> None:
            publisher.handle_subscriptions()
            says(publisher)

        with repeating(turn, every_s):
            yield publisher.endpoint


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


def wait(condition: Callable[[], Any], seconds: float = 40.0, every_s: float = 0.01) -> Any:
    """The first thing that is true of what ``condition`` gives."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s"
        time.sleep(every_s)
    return found
