"""Where the channels of a feed are: all in each message, or a signal a topic or a name, with times of their own."""

from typing import Any, Final, NamedTuple

from streammi.config import FeedConfig
from streammi.ingest.channel_finder import BARE, SHOWN, ChannelFinder, said_of_texts
from streammi.ingest.formats.registry import recognise, topic_of
from streammi.network.frames import Frames

MOST_TOPICS: Final = 20_000
LEAST_TOPICS: Final = 16  # from which on topics that come once may be none,
PER_TOPIC: Final = 1.5  # messages a topic below which they come once
WHOLE: Final = 64  # messages of a topic that are all looked at; of later ones fewer and fewer


class Stream(NamedTuple):
    """The channels in the messages of one topic: their paths, or names of their own, and their numbers."""

    paths: tuple[str, ...]
    numbers: tuple[int, ...]
    named: bool  # records name their one signal


class ChannelLayout:
    """Looks at messages, topic by topic, for the channels that fit ``patterns``.

    ``apart``: they are signals with times of their own, because that was asked for, they come under several topics,
    name their one signal, or come one a message. Of several topics a channel's name begins with its topic, and is
    the topic alone where its messages have one number and no name for it.

    >>> layout = ChannelLayout(FeedConfig(endpoint=""), ["all"])
    >>> for frames in ([b"rack1", b'{"temp": 20, "fan": 1}'], [b"flow", b"3.5"], [b"flow", b"3.6"]):
    ...     layout.take(frames)
    >>> layout.names, layout.apart
    (['rack1/temp', 'rack1/fan', 'flow'], True)
    """

    def __init__(self, config: FeedConfig, patterns: list[str], *, asked: bool = False) -> None:
        self._config, self._patterns, self._asked = config, patterns, asked
        self._finders: dict[str, ChannelFinder] = {}
        self._seen: dict[str, int] = {}  # messages of each topic
        self._as_one = False
        self._known: dict[tuple[int, bytes], str] = {}  # topics, by how many frames there are and the first
        self._watched: set[tuple[str, str]] = set()
        self.count = 0  # channels so far
        self.beyond = 0  # messages of topics that are not looked at: there are too many

    def topic(self, frames: Frames) -> str:
        """The topic of a message; "" where all are taken for one."""
        if self._as_one:
            return ""
        seen = len(frames), frames[0]
        if len(frames) > 1 and seen in self._known:
            return self._known[seen]
        given = self._config.format
        topic = topic_of(recognise(frames) if given == "auto" else given, frames)
        if len(frames) > 1 and len(self._known) < MOST_TOPICS:
            self._known[seen] = topic
        return topic

    @property
    def topics(self) -> int:
        """How many topics were seen."""
        return len(self._finders)

    def settle(self) -> None:
        """The channels so far are those that are watched.

        Topics that are others with each message, and have the same channels, are none.
        """
        finders = list(self._finders.values())
        once = sum(self._seen.values()) < PER_TOPIC * len(finders)
        if len(finders) >= LEAST_TOPICS and once and len({tuple(one.names) for one in finders}) == 1:
            self._finders, self._seen = {"": finders[0]}, {}
            self._as_one = True
        self._watched = {(topic, path) for topic, finder in self._finders.items() for path in finder.names}

    @property
    def later(self) -> list[str]:
        """The channels that have come since ``settle``."""
        found = {topic: finder.names for topic, finder in self._finders.items() if finder.count}
        return [
            _name(topic, path, len(paths))
            for topic, paths in found.items()
            for path in paths
            if (topic, path) not in self._watched
        ]

    def has_seen(self, topic: str) -> bool:
        """True if a message of this topic was looked at, or none of it will be."""
        return topic in self._finders or len(self._finders) >= MOST_TOPICS

    def take(self, frames: Frames, *, always: bool = False) -> None:
        """Look at one message, ``always``, or of a topic's later ones at fewer and fewer."""
        topic = self.topic(frames) if any(frames) else ""
        if not any(frames) and self._finders:
            return
        finder = self._finders.get(topic)
        if finder is None:
            if len(self._finders) >= MOST_TOPICS:
                self.beyond += 1
                return
            finder = self._finders[topic] = ChannelFinder(self._config, self._patterns, topic)
        self._seen[topic] = seen = self._seen.get(topic, 0) + 1
        if always or seen <= WHOLE or seen & (seen - 1) == 0:
            before = finder.count
            finder.take(frames)
            self.count += finder.count - before

    @property
    def names(self) -> list[str]:
        """The channels so far, no two of one name."""
        return [name for names in self._named().values() for name in names]

    def lacking(self, patterns: list[str]) -> list[str]:
        """Those of the names that were asked for that no channel has."""
        names = [*self.names, *self.texts] if patterns else []
        return [one for one in patterns if not any(name == one or name.endswith(f"/{one}") for name in names)]

    @property
    def streams(self) -> dict[str, Stream]:
        """The channels of each topic that has any; under ""  those of messages without one.

        Other topics that come later are others, even where their messages have the same paths: another device's.
        """
        found, at = {}, 0
        for topic, names in self._named().items():
            finder = self._finders[topic]
            numbers = tuple(range(at, at + len(names)))
            found[topic] = Stream(tuple(finder.names), numbers, finder.named)
            at += len(names)
        return found

    @property
    def apart(self) -> bool:
        """True if the channels have times of their own."""
        found = [finder for finder in self._finders.values() if finder.count]
        alone = self.count > 1 and any(one.named or one.is_alone for one in found)
        return self._asked or len(found) > 1 or alone

    @property
    def one_a_message(self) -> bool:
        """True if messages of one topic, or of none, have one channel each."""
        found = [finder for finder in self._finders.values() if finder.count]
        return len(found) == 1 and (found[0].named or found[0].together < 2)

    @property
    def notes(self) -> list[str]:
        """Remarks for a person on how the messages were taken."""
        notes = [note for finder in self._finders.values() if finder.names for note in finder.notes]
        if self.beyond:
            notes.append(f"there are more than {MOST_TOPICS:,} topics: {self.beyond:,} messages are not looked at")
        return [*dict.fromkeys(notes), *said_of_texts(self.texts)]

    @property
    def texts(self) -> dict[str, bool]:
        """The names of texts that were asked for, and are no channels, and whether each has been a number so far."""
        several = len(self._finders) > 1
        return {
            (_name(topic, path, finder.count + len(finder.texts)) if several else path): is_number
            for topic, finder in self._finders.items()
            for path, is_number in finder.texts.items()
        }

    @property
    def why_none(self) -> str:
        """Why there are not two channels, and what there is."""
        finders = list(self._finders.values())
        if len(finders) < 2:
            return finders[0].why_none if finders else "no messages"
        some = next((finder for finder in finders if finder.names), None)
        if some is not None:
            return some.why_none
        shown = ", ".join(list(self._finders)[:SHOWN])
        more = f" and {len(finders) - SHOWN} more" if len(finders) > SHOWN else ""
        return f"{finders[0].why_none} (topics {shown}{more})"

    def state(self) -> dict[str, Any]:
        """Its memory; may hold sets, tuples and arrays."""
        finders = {topic: finder.state() for topic, finder in self._finders.items()}
        counted = {"seen": self._seen, "beyond": self.beyond, "count": self.count}
        return {"finders": finders, "as_one": self._as_one, "watched": sorted(self._watched), **counted}

    def restore(self, state: dict[str, Any]) -> None:
        """Take up the saved state of one that was asked for the same."""
        self._seen, self.beyond, self._as_one = state["seen"], state["beyond"], state["as_one"]
        self._watched, self.count = set(state["watched"]), state["count"]
        for topic, saved in state["finders"].items():
            self._finders[topic] = ChannelFinder(self._config, self._patterns, topic)
            self._finders[topic].restore(saved)

    def _named(self) -> dict[str, list[str]]:
        """The names of each topic's channels."""
        found = {topic: finder.names for topic, finder in self._finders.items() if finder.names}
        if len(found) < 2:
            return found
        taken: set[str] = set()
        named: dict[str, list[str]] = {}
        for topic, paths in found.items():
            named[topic] = [_free(_name(topic, path, len(paths)), taken) for path in paths]
        return named


def _name(topic: str, path: str, many: int) -> str:
    if not topic:
        return path
    return topic if many == 1 and path in BARE else f"{topic}/{path}"


def _free(name: str, taken: set[str]) -> str:
    """The name, with a number behind it where there is one like it: a/b of the topic a, and a/b of no topic."""
    free, k = name, 1
    while free in taken:
        k += 1
        free = f"{name}#{k}"
    taken.add(free)
    return free
