"""A live feed: the sockets of a pair's one source, or two."""

import time
from collections.abc import Callable, Sequence
from itertools import zip_longest
from typing import Any

import zmq

from streammi.ingest.intake import Links, SourceConfig, sources_of
from streammi.network.security import PLAIN_TEXT, Keys
from streammi.network.silence import Spacing
from streammi.network.subscriber import Subscriber
from streammi.recording.entries import Arrived


class Feed:
    """The source of a monitor's messages; ``streammi.ingest.intake`` makes pairs of them.

    ``spacings`` is what an earlier run has learnt of its sources. Raises ConfigError for an endpoint that cannot be
    connected to.
    """

    def __init__(
        self,
        config: SourceConfig,
        context: zmq.Context[Any],
        clock: Callable[[], float] = time.time,
        keys: Keys = PLAIN_TEXT,
        spacings: Sequence[Spacing] = (),
    ) -> None:
        self._subscribers: list[Subscriber] = []
        self._turn = 0  # the source that is asked first
        try:
            for one, spacing in zip_longest(sources_of(config), spacings):
                self._subscribers.append(Subscriber(one, context, clock, keys, spacing and spacing.copy()))
        except BaseException:
            self.close()
            raise

    @property
    def sockets(self) -> tuple[zmq.Socket[Any], ...]:
        """The sockets to poll for input; they change when a silent connection is replaced."""
        return tuple(subscriber.socket for subscriber in self._subscribers)

    @property
    def links(self) -> Links:
        """The links as of the last ``receive``, one a source."""
        return tuple([subscriber.link for subscriber in self._subscribers])

    @property
    def due(self) -> float | None:
        """When a link is called silent if nothing comes, s; None where none will be."""
        return min((due for one in self._subscribers if (due := one.due) is not None), default=None)

    def receive(self) -> Arrived | None:
        """The messages that have arrived of one source, the two in turn where there are two; None when nothing has.

        A batch has the messages of one source, so that what they give does not depend on the other's being there.
        """
        for _ in self._subscribers:
            source, self._turn = self._turn, (self._turn + 1) % len(self._subscribers)
            received, messages = self._subscribers[source].receive()
            if messages:
                return Arrived(source, received, messages)
        return None

    def close(self) -> None:
        """Close the sockets."""
        for subscriber in self._subscribers:
            subscriber.close()
