"""Publishers that go on until the end, a sender's in plain pyzmq and a monitor's, and waiting for what comes of it."""

import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import zmq

from streammi.publish.publisher import Publisher

sys.path.insert(0, str(Path(__file__).parents[1] / "scripts"))

from processes import free_port as free_port

Messages = Iterable[list[bytes]]

# Seconds after which what is waited for is taken not to come, also where others keep the machine busy; pytest ends a
# test after 120.
PATIENCE = 100.0


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


def until_left(sender: "zmq.Socket[bytes]") -> None:
    """Wait until a PUSH socket knows that its receiver has gone: what is sent before would go with him."""
    wait(lambda: not sender.poll(0, zmq.POLLOUT))


def wait(condition: Callable[[], Any], seconds: float = PATIENCE, every_s: float = 0.01) -> Any:
    """The first thing that is true of what ``condition`` gives."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s"
        time.sleep(every_s)
    return found
