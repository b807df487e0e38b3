"""The topics that a publisher has, looked for where none comes on the one that is asked for."""

import math
import re
import time
from collections.abc import Callable
from typing import Any, Final

import zmq

from streammi.network.frames import is_text

SECONDS: Final = 2.0  # that are listened for from the first message on,
MESSAGES: Final = 500  # or as many of these: all that a publisher sends comes
SHOWN: Final = 5
LONGEST: Final = 40  # characters of a topic


class TopicSearch:
    """Listens on everything that a publisher sends for a while; ``words`` say which topics there are instead.

    ``connected`` makes a socket that is connected, and subscribed to nothing.
    """

    def __init__(self, connected: Callable[[], zmq.Socket[Any]], topic: bytes) -> None:
        self.words = ""
        self._topic, self._seen = topic, dict[str, None]()
        self._taken = 0
        self._until = math.inf
        self._socket: zmq.Socket[Any] | None = connected()
        self._socket.subscribe(b"")

    def update(self) -> None:
        """Take in what has come."""
        if self._socket is None:
            return
        try:
            while self._taken < MESSAGES:
                frames = self._socket.recv_multipart(zmq.NOBLOCK)
                self._taken += 1
                self._until = min(self._until, time.monotonic() + SECONDS)
                self._note(frames[0])
        except zmq.Again:
            if time.monotonic() < self._until:
                return
        self.close()

    def close(self) -> None:
        """Listen no more."""
        if self._socket is not None:
            self._socket.close(0)
            self._socket = None

    def _note(self, first: bytes) -> None:
        if first.startswith(self._topic):
            self.words = ""
            self.close()
            self._taken = MESSAGES
            return
        name = first[: LONGEST + 1].decode("utf-8", "replace") if first and is_text(first) else ""
        self._seen.setdefault(re.split(r"[\s{\[]", name, maxsplit=1)[0][:LONGEST])
        shown = ", ".join(repr(topic) if topic else "messages without one" for topic in [*self._seen][:SHOWN])
        more = ", ..." if len(self._seen) > SHOWN else ""
        self.words = f"nothing on topic {self._topic.decode('utf-8', 'replace')!r} yet; there are {shown}{more}"
