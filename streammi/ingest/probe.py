"""A feed, described from its messages: formats, topics, rates, every number, and how to watch it. Pure."""

import shlex
from collections import Counter
from collections.abc import Iterator
from itertools import combinations
from typing import Final

from streammi.config import FeedConfig
from streammi.ingest.decoder import Decoder
from streammi.ingest.formats.registry import recognise, topic_of
from streammi.ingest.probe_report import Report, TopicSeen
from streammi.ingest.topic_probe import Room, TopicProbe
from streammi.network.frames import Messages

MAX_TOPICS: Final = 100
TRIED: Final = 4  # signals of which pairs are tried
KEPT_BYTES: Final = (
    64 << 20
)  # of the messages that what is proposed is tried on: 100 topics of messages of 16 MiB would take 80 GB


class Probe:
    """Takes a feed's messages; ``report`` says what they are.

    >>> probe = Probe()
    >>> probe.take([[b'{"a": {"x": 1.5}, "b": 7}'], [b'{"a": {"x": 2.5}, "b": 8}']], 0.0)
    >>> report = probe.report("tcp://127.0.0.1:5556", 1.0)
    >>> [(signal.path, signal.low, signal.high) for signal in report.topics[0].signals]
    [('a/x', 1.5, 2.5), ('b', 7.0, 8.0)]
    >>> report.command
    'streammi watch tcp://127.0.0.1:5556 --x a/x --y b'
    """

    def __init__(self, topic: str = "") -> None:
        self.messages = self.bytes = self._more = 0
        self._topic = topic
        self._topics: dict[str, TopicProbe] = {}
        self._received = 0.0
        self._room = Room(KEPT_BYTES)
        self._others: Counter[str] = Counter()  # topics that were not asked for

    def take(self, messages: Messages, received: float) -> None:
        """Look at messages that were taken off the wire at ``received``."""
        self._received = received
        for frames in messages:
            self.messages += 1
            self.bytes += sum(map(len, frames))
            name = recognise(frames) if any(frames) else None
            topic = topic_of(name, frames)
            if not topic.startswith(self._topic):
                if topic in self._others or len(self._others) < MAX_TOPICS:
                    self._others[topic] += 1
            elif topic in self._topics or len(self._topics) < MAX_TOPICS:
                self._topics.setdefault(topic, TopicProbe(self._room)).take(name, frames, received)
            else:
                self._more += 1

    def report(self, endpoint: str, seconds: float, problem: str = "", pull: bool = False) -> Report:
        """The report of so many seconds; ``problem`` is what the connection says when nothing was."""
        seen = [topic.seen(name, seconds, self._received) for name, topic in self._topics.items()]
        monitor = any(topic.monitor for topic in self._topics.values())
        command = f"streammi view {shlex.quote(endpoint)}" if monitor else self._command(endpoint, seen, pull)
        return Report(
            endpoint=endpoint,
            seconds=seconds,
            messages=self.messages,
            bytes=self.bytes,
            topics=tuple(seen),
            more_topics=self._more,
            monitor=monitor,
            problem=self._problem(problem, seen, command),
            command=command,
        )

    def _problem(self, problem: str, seen: list[TopicSeen], command: str | None) -> str:
        if not self.messages or command is not None:
            return problem
        if not seen:
            there = ", ".join(repr(topic) for topic, _ in self._others.most_common(10))
            return f"no topic starts with {self._topic!r}; there are {there}"
        if not any(topic.signals for topic in seen):
            if all(topic.unknown for topic in seen):
                return "nothing of it can be read"
            return "there is no number in what could be read"
        return "there are no two numbers that come together: a pair takes two"

    def _command(self, endpoint: str, seen: list[TopicSeen], pull: bool) -> str | None:
        """The line that watches the first two signals that vary: of one topic, else of two."""
        flag = " --pull" if pull else ""
        ordered = sorted(seen, key=lambda topic: topic.messages, reverse=True)
        for topic in ordered:
            for x, y in _candidates(topic):
                config = FeedConfig(endpoint=endpoint, x=x, y=y, topic=topic.topic)
                decoder = Decoder(config)
                if decoder.decode(self._topics[topic.topic].kept, 0.0).x.size + decoder.end(0.0).x.size:
                    named = f" --topic {shlex.quote(topic.topic)}" if topic.topic and len(seen) > 1 else ""
                    at = shlex.quote(endpoint)  # of IPv6 it has brackets, which a shell reads as a pattern
                    return f"streammi watch {at} --x {shlex.quote(x)} --y {shlex.quote(y)}{named}{flag}"
        apart = [(topic.topic, topic.signals[0].path) for topic in ordered if topic.signals]
        for topic in ordered:  # two of one topic that never come together
            alone = [signal.path for signal in topic.signals if not signal.array]
            apart += [(topic.topic, path) for path in alone[1:2] if len(apart) == 1]
        if len(apart) > 1 and not pull:
            x, y = (shlex.quote(f"{endpoint}#{topic}:{path}") for topic, path in apart[:2])
            return f"streammi watch --x {x} --y {y}"
        return next((_with_labels(endpoint, topic, len(seen) > 1, flag) for topic in ordered if _labels(topic)), None)


def _labels(topic: TopicSeen) -> list[str]:
    """Two signals of a topic of which one is made of few texts at least; empty where there are none."""
    texts = [text.path for text in topic.texts if not text.more and len(text.values) > 1]
    paths = [*texts, *(signal.path for signal in topic.signals)]
    return paths[:2] if texts and len(paths) > 1 else []


def _with_labels(endpoint: str, topic: TopicSeen, among_others: bool, flag: str) -> str:
    """The line that watches two signals as labels."""
    named = f" --topic {shlex.quote(topic.topic)}" if topic.topic and among_others else ""
    x, y = map(shlex.quote, _labels(topic))
    return f"streammi watch {shlex.quote(endpoint)} --x {x} --y {y} --bins categories{named}{flag}"


def _candidates(topic: TopicSeen) -> Iterator[tuple[str, str]]:
    """Pairs of signals that can be watched together: those that vary first."""
    ordered = sorted(topic.signals, key=lambda signal: not signal.varies)
    for array in (False, True):
        yield from combinations([signal.path for signal in ordered if signal.array == array][:TRIED], 2)
