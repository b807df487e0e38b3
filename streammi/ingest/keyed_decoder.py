"""Messages of many devices to pairs with the key of each: a value in the message, or its topic."""

from typing import Any, Final

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from streammi.config import FeedConfig
from streammi.errors import ConfigError, FeedError
from streammi.ingest.decoder import Decoder
from streammi.ingest.formats.columns import number, or_nan
from streammi.ingest.formats.content import Samples
from streammi.ingest.formats.registry import topic_of
from streammi.network.frames import Frames, Messages
from streammi.records import FloatArray, KeyedBatch
from streammi.records.key_names import spelled

TOPIC: Final = "topic"  # --key: the topic of each message
MOST_CHARACTERS: Final = 256  # of a key
MOST_KNOWN: Final = 1 << 16  # topics that are not read again


class KeyedDecoder(Decoder):
    """Messages in, pairs with their keys out; ``key`` is the path of a value, or ``topic``.

    A number is the key that its digits are, and a boolean is true or false. Samples without a key, or with one of more
    than 256 characters, are counted as malformed, "no such path". Sequence numbers are not looked at: each device
    has its own.

    >>> decoder = KeyedDecoder(FeedConfig(endpoint="", x="a", y="b"), "id")
    >>> messages = [[b'{"id":"n7","a":1,"b":2}'], [b'{"a":1,"b":3}'], [b'{"id":7,"a":4,"b":"5"}']]
    >>> batch = decoder.decode_keyed(messages, 0.0)
    >>> batch.keys, batch.x.tolist(), batch.y.tolist(), decoder.malformed
    (['n7', '7'], [1.0, 4.0], [2.0, 5.0], {'no such path': 1})
    """

    def __init__(self, config: FeedConfig, key: str) -> None:
        if not key:
            raise ConfigError("--key", "a path such as device/id, or topic", key)
        self._by_topic = key == TOPIC
        self._known: dict[tuple[int, bytes], str] = {}  # topics as keys, by how many frames there are and the first
        self._known_of: str | None = None  # format
        paths = (config.x, config.y) if self._by_topic else (config.x, config.y, key)
        super().__init__(replace(config, labels=not self._by_topic), paths, keyed=not self._by_topic)
        self._topics: list[str | None] = []  # of the samples since the last batch
        self._frames: Frames = ()  # of the message that is read

    def decode_keyed(self, messages: Messages, received: float, *, final: bool = False) -> KeyedBatch:
        """The pairs in messages that were taken off the wire at ``received``; ``final`` as of ``decode``."""
        batch = self.decode(messages, received, final=final)
        if self._by_topic:
            keys, self._topics = self._topics, []
            x, y = batch.x, batch.y
        else:
            keys = list(map(_key_of, [] if batch.z is None else batch.z[:, 0].tolist()))
            x, y = _numbers(batch.x), _numbers(batch.y)
        if None in keys:
            known = np.array([key is not None for key in keys])
            missing = int((~known).sum())
            self._count(
                FeedError("no such path", f"no key: nothing, a list, or over {MOST_CHARACTERS} characters"), missing
            )
            self.pairs -= missing
            keys, x, y = [key for key in keys if key is not None], x[known], y[known]
        return KeyedBatch(keys=keys, x=x, y=y, received=received)  # type: ignore[arg-type]

    def _one(self, frames: Frames) -> None:
        before, self._frames = self._frames, frames
        super()._one(frames)
        self._frames = before

    def _add_run(self, found: Samples, messages: Messages, start: int, stop: int) -> None:
        if not self._by_topic or len(found.values[0]) == stop - start:
            if self._by_topic:
                self._topics += [self._topic(frames) for frames in messages[start:stop]]
            self._batch.add(found.values, found.t)
            return
        assert self._format.bulk is not None
        for frames in messages[start:stop]:  # which sample is of which message is not known
            _, one = self._format.bulk.read_run([frames], 0)
            if one is not None:
                self._frames = frames
                self._add(one)

    def _add(self, found: Samples) -> None:
        if self._by_topic:
            self._topics += [self._topic(self._frames)] * len(found.values[0])
        self._batch.add(found.values, found.t)

    def _topic(self, frames: Frames) -> str | None:
        if self.format != self._known_of:  # another format may have its topic elsewhere
            self._known, self._known_of = {}, self.format
        seen = len(frames), frames[0]
        if len(frames) > 1 and seen in self._known:
            return self._known[seen]
        try:
            frames[0].decode()
        except UnicodeDecodeError:  # shown with escapes it could be another's
            return None
        key = _key_of(topic_of(self.format, frames))
        if len(frames) > 1 and key is not None:
            if len(self._known) >= MOST_KNOWN:
                self._known.clear()
            self._known[seen] = key
        return key


def _key_of(value: Any) -> str | None:
    """A value as a key; None for what is none: null, a list, a text that is empty, too long or no characters."""
    if not isinstance(value, str):
        if not isinstance(value, int | float) or value != value:
            return None
        value = spelled(value)
    if not 1 <= len(value) <= MOST_CHARACTERS:
        return None
    return value if value.isascii() or not any("\ud800" <= c <= "\udfff" for c in value) else None


def _numbers(values: NDArray[Any]) -> FloatArray:
    """Values that were read as labels as numbers, NaN for what is none."""
    try:
        return values.astype(np.float64)
    except (ValueError, TypeError, OverflowError):
        return np.array([or_nan(value, number) for value in values.tolist()], dtype=np.float64)
