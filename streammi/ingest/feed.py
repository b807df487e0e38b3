"""A live feed: the sockets of a pair's one source, or two, and the intake that makes pairs of their messages."""

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeAlias

import zmq

from streammi.config import JoinConfig
from streammi.ingest.intake import Links, SourceConfig, intake_of
from streammi.ingest.subscriber import Subscriber
from streammi.records import PairBatch
from streammi.security import PLAIN_TEXT, Keys

OnFrames: TypeAlias = Callable[[int, float, Sequence[Sequence[bytes]]], None]


class Feed:
    """What a monitor takes its pairs from.

    ``on_frames`` is handed the messages as they came: the number of their source (x's is 0), when they were taken off
    the wire, their frames. Raises ConfigError for an endpoint that cannot be connected to.
    """

    def __init__(
        self,
        config: SourceConfig,
        context: zmq.Context[Any],
        clock: Callable[[], float] = time.time,
        on_frames: OnFrames | None = None,
        keys: Keys = PLAIN_TEXT,
    ) -> None:
        self._intake = intake_of(config)
        self._subscribers: list[Subscriber] = []
        self._turn = 0  # the source that is asked first
        try:
            for source, one in enumerate((config.x, config.y) if isinstance(config, JoinConfig) else (config,)):
                hook = None if on_frames is None else partial(on_frames, source)
                self._subscribers.append(Subscriber(one, context, clock, hook, keys))
        except BaseException:
            self.close()
            raise

    @property
    def sockets(self) -> tuple[zmq.Socket[Any], ...]:
        """What to poll for input."""
        return tuple(subscriber.socket for subscriber in self._subscribers)

    def receive(self) -> PairBatch | None:
        """The pairs of what has arrived of one source, the two in turn where there are two; None when nothing has.

        A batch has the messages of one source, so that what they give does not depend on the other's being there.
        """
        for _ in self._subscribers:
            source, self._turn = self._turn, (self._turn + 1) % len(self._subscribers)
            received, messages = self._subscribers[source].receive()
            if messages:
                return self._intake.take(source, messages, received)
        return None

    def health(self, now: float) -> Links:
        """What the links and decoders know of themselves, one a source."""
        return self._intake.describe(tuple(subscriber.health(now) for subscriber in self._subscribers), now)

    def close(self) -> None:
        """Close the sockets."""
        for subscriber in self._subscribers:
            subscriber.close()
