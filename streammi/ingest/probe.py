"""What a feed looks like from its messages: formats, topics, rates, every number in them, and how to watch it. Pure."""

import math
import shlex
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import combinations
from statistics import median
from typing import Any, Final

import msgspec
import numpy as np

from streammi.config import FeedConfig
from streammi.errors import FeedError
from streammi.ingest.advice import is_reading
from streammi.ingest.clock import Clock, epoch_unit
from streammi.ingest.decoder import MAX_PATH, Decoder
from streammi.ingest.formats.columns import is_array, number, times
from streammi.ingest.formats.content import SEQ_NAMES, TIME_NAMES, Content, Wanted, has_records, signals
from streammi.ingest.formats.named import VALUES, by_name
from streammi.ingest.formats.registry import FORMATS, possible, recognise, topic_of
from streammi.ingest.recognition import Found, Recogniser
from streammi.ingest.sequence import GapCounter, Numbers
from streammi.network.frames import Frames, Messages, is_text

MAX_TOPICS: Final = 100
MAX_SIGNALS: Final = 500  # of a topic
MAX_DEPTH: Final = 8
MAX_ITEMS: Final = 32  # of a list of lists
WHOLE: Final = 500  # messages of a topic that are all read; of later ones fewer and fewer
TRIED: Final = 4  # signals of which pairs are tried
LABELS_SHOWN: Final = 5  # of a text
MAX_LABEL: Final = 40  # characters
NAMED: Final = {*VALUES, "bt", "bv"}  # numbers of a record that names its one signal
KEPT: Final = 50  # messages that what is proposed is tried on
KEPT_BYTES: Final = 64 << 20  # of them all: 100 topics of messages of 16 MiB would take 80 GB


class SignalSeen(msgspec.Struct, frozen=True, kw_only=True):
    """A number that messages carry."""

    path: str
    values: int  # that were looked at
    low: float | None  # None: none of them was finite
    high: float | None
    example: float | None
    array: bool = False  # many values a message

    @property
    def varies(self) -> bool:
        """Whether it had more than one value."""
        return self.low != self.high


class TextSeen(msgspec.Struct, frozen=True, kw_only=True):
    """A text that messages carry: a label, if there are few of them."""

    path: str
    values: tuple[str, ...]  # the first few
    more: bool  # than these


class TopicSeen(msgspec.Struct, frozen=True, kw_only=True):
    """The messages of one topic."""

    topic: str
    messages: int
    rate: float | None  # messages a second
    formats: dict[str, int]  # messages that were looked at, the most frequent format first
    signals: tuple[SignalSeen, ...] = ()
    texts: tuple[TextSeen, ...] = ()
    timestamp: str | None = None  # where the samples' time is, and in which form
    age: float | None = None  # median of receive time less the samples' time, s
    sequence: str | None = None  # where a sequence number is
    missing: int | None = None  # samples, by these numbers, among the first messages
    guess: str = ""  # what the format rests on, where messages do not say it themselves
    unknown: str = ""  # why the first messages could not be read that are in no format


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What was heard."""

    endpoint: str
    seconds: float
    messages: int
    bytes: int
    topics: tuple[TopicSeen, ...]
    more_topics: int = 0  # messages of topics beyond MAX_TOPICS
    monitor: bool = False  # a streammi monitor publishes there
    problem: str = ""  # why nothing came, or nothing that can be read
    command: str | None = None  # that watches it


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
        self._topics: dict[str, _Topic] = {}
        self._received = 0.0
        self._room = _Room(KEPT_BYTES)
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
                self._topics.setdefault(topic, _Topic(self._room)).take(name, frames, received)
            else:
                self._more += 1

    def report(self, endpoint: str, seconds: float, problem: str = "", pull: bool = False) -> Report:
        """What was heard in so many seconds; ``problem`` is what the connection says when nothing was."""
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


class _Room:
    """Bytes that messages may be kept in; none takes more than an eighth of what is left, so that each topic has some.

    >>> room = _Room(800)
    >>> room.claim(100), room.claim(100), room.claim(80)
    (True, False, True)
    """

    def __init__(self, left: int) -> None:
        self._left = left

    def claim(self, size: int) -> bool:
        """Whether there is room for a message of so many bytes; then it is taken."""
        if size > self._left // 8:
            return False
        self._left -= size
        return True


class _Topic:
    """What is known of one topic."""

    def __init__(self, room: "_Room") -> None:
        self._room = room
        self.kept: list[Frames] = []
        self._messages = 0
        self._formats: Counter[str] = Counter()
        self._signals: dict[str, _Signal] = {}
        self._memory: dict[str, Any] = {}
        self._time: str | None = None
        self._clock = Clock()
        self._ages: list[float] = []
        self._sequence: str | None = None
        self._gaps = GapCounter()
        self._recogniser = Recogniser(Wanted(("0", "1")))
        self._guess: Found | None = None
        self._unknown = ""
        self._texts: dict[str, dict[str, None]] = {}  # labels at a path, in their order
        self.monitor = False

    def take(self, name: str | None, frames: Frames, received: float) -> None:
        self._messages += 1
        if self._messages % (1 + self._messages // WHOLE):
            return
        if len(self.kept) < KEPT and self._room.claim(sum(map(len, frames))):
            self.kept.append(frames)
        if name is not None:
            self._read(name, frames, received)
        elif self._guess is not None and self._guess.name in possible(frames):
            self._read(self._guess.name, frames, received)
        elif any(frames):
            self._guess_from(lambda: self._recogniser.take(frames), received)
        else:
            self._formats["empty"] += 1

    def _guess_from(self, look: Callable[[], Found | None], received: float) -> None:
        """Read what was held back once it is known what it is; count it when it is known to be nothing."""
        try:
            self._guess = look()
        except FeedError as error:
            self._formats["unknown"] += self._recogniser.refused
            self._unknown = self._unknown or str(error)
        if self._guess is not None:
            for frames in self._recogniser.release():
                self._read(self._guess.name, frames, received)

    def _read(self, name: str, frames: Frames, received: float) -> None:
        self._formats[name] += 1
        try:
            content = FORMATS[name].read(frames, Wanted(FORMATS[name].parts(frames), memory=self._memory))
        except FeedError:
            self._formats[f"{name}, unreadable"] += 1
            return
        if content is not None:
            self.monitor |= is_reading(frames, content.tree)
            self._look(content, received, FORMATS[name].header)

    def seen(self, topic: str, seconds: float, received: float) -> TopicSeen:
        if self._guess is None:
            self._guess_from(self._recogniser.end, received)
        return TopicSeen(
            topic=topic,
            messages=self._messages,
            rate=self._messages / seconds if seconds > 0 else None,
            formats=dict(self._formats.most_common()),
            signals=tuple(signal.seen(path) for path, signal in self._signals.items()),
            timestamp=self._time,
            age=median(self._ages) if self._ages else None,
            sequence=self._sequence,
            missing=self._gaps.gaps if self._sequence else None,
            texts=tuple(
                TextSeen(path=path, values=tuple(values)[:LABELS_SHOWN], more=len(values) > LABELS_SHOWN)
                for path, values in self._texts.items()
            ),
            guess="" if self._guess is None else str(self._guess),
            unknown=self._unknown,
        )

    def _look(self, content: Content, received: float, header: frozenset[str]) -> None:
        tree = signals(content.tree, Wanted(("0", "1"))) if isinstance(content.tree, np.ndarray) else content.tree
        records = _records(tree)
        if content.stamp is not None:
            self._note_time("behind the payload", content.stamp, received)
        for record in records:
            special: set[str | None] = set(header)
            if isinstance(record, dict):
                special |= {self._find_time(record, received), self._find_sequence(record)}
            for path, value in leaves(record):
                if (
                    path not in special
                    and 0 < len(path) <= MAX_PATH
                    and (path in self._signals or len(self._signals) < MAX_SIGNALS)
                ):
                    self._note(path, value)
        if content.first is not None and self._messages <= WHOLE:
            self._sequence = "sample numbers"
            self._gaps.check(Numbers(content.first, max((_size(value) for _, value in leaves(tree)), default=1)))

    def _note(self, path: str, value: Any) -> None:
        values = _numbers(value)
        if values is not None and values.size:
            self._signals.setdefault(path, _Signal()).take(values, is_array(value))
        elif isinstance(value, str):
            seen = self._texts.setdefault(path, {}) if len(self._texts) < MAX_SIGNALS else {}
            if len(seen) <= LABELS_SHOWN:
                seen[value[:MAX_LABEL]] = None

    def _find_time(self, record: dict[Any, Any], received: float) -> str | None:
        name = next((name for name in TIME_NAMES if name in record), None)
        return name if name is not None and self._note_time(name, record[name], received) else None

    def _note_time(self, where: str, value: Any, received: float) -> bool:
        try:
            self._clock.begin(received)
            seconds = times(value, _size(value), self._clock)[-1]
        except (FeedError, IndexError):
            return False
        self._time = f"{where}: {self._clock.words if _is_numeric(value) else 'ISO 8601'}"
        if epoch_unit(seconds) is not None and len(self._ages) < WHOLE:
            self._ages.append(received - float(seconds))
        return True

    def _find_sequence(self, record: dict[Any, Any]) -> str | None:
        name = next((name for name in SEQ_NAMES if type(record.get(name)) is int), None)
        if name is not None and self._messages <= WHOLE:
            self._sequence = name
            self._gaps.check(Numbers(record[name]))
        return name


class _Signal:
    def __init__(self) -> None:
        self._values, self._low, self._high, self._example = 0, math.inf, -math.inf, math.nan
        self._array = False

    def take(self, values: Any, array: bool) -> None:
        self._values += values.size
        self._array |= array
        finite = values[np.isfinite(values)]
        if finite.size:
            self._low, self._high = min(self._low, float(finite.min())), max(self._high, float(finite.max()))
            self._example = float(finite[-1])

    def seen(self, path: str) -> SignalSeen:
        known = self._low <= self._high
        low, high, example = (self._low, self._high, self._example) if known else (None, None, None)
        return SignalSeen(path=path, values=self._values, low=low, high=high, example=example, array=self._array)


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


def _records(tree: Any) -> list[Any]:
    """The records of a message; of those that name their one signal, each by its name."""
    records = list(tree)[:WHOLE] if has_records(tree) else [tree]
    plain = NAMED | set(TIME_NAMES) | set(SEQ_NAMES)
    if all(
        isinstance(record, dict) and all(key in plain or _numbers(value) is None for key, value in record.items())
        for record in records
    ):
        return by_name(records) or records
    return records


def leaves(tree: Any, path: str = "", depth: int = 0) -> Iterator[tuple[str, Any]]:
    """Everything in a record that is not itself made of named or numbered parts, with the path that leads to it.

    >>> list(leaves({"a": {"x": 1}, "b": [1, 2], "c": [[1], [2]]}))
    [('a/x', 1), ('b', [1, 2]), ('c/0', [1]), ('c/1', [2])]
    >>> list(leaves([1.5, 2.5]))
    [('0', 1.5), ('1', 2.5)]
    """
    if depth > MAX_DEPTH:
        return
    if isinstance(tree, dict):
        items: Any = tree.items()
    elif is_array(tree) and (not path or has_records(tree) or (isinstance(tree, np.ndarray) and tree.ndim > 1)):
        items = enumerate(tree[:MAX_ITEMS])
    else:
        yield path, tree
        return
    for key, value in items:
        yield from leaves(value, f"{path}/{key}" if path else str(key), depth + 1)


def _candidates(topic: TopicSeen) -> Iterator[tuple[str, str]]:
    """Pairs of signals that can be watched together: those that vary first."""
    ordered = sorted(topic.signals, key=lambda signal: not signal.varies)
    for array in (False, True):
        yield from combinations([signal.path for signal in ordered if signal.array == array][:TRIED], 2)


def _numbers(value: Any) -> Any:
    """A leaf as float64, shape (n,); None for what is no number."""
    values = value if is_array(value) else [value]
    if isinstance(values, np.ndarray) and values.dtype.kind in "fiub":
        with np.errstate(invalid="ignore", over="ignore"):  # a signalling NaN; what is too large for a float64
            return values.astype(np.float64)
    try:
        return np.array([number(one) for one in values])
    except (FeedError, RecursionError):
        return None


def _size(value: Any) -> int:
    return len(value) if is_array(value) else 1


def _is_numeric(value: Any) -> bool:
    """Whether a time is written as a number."""
    value = value[0] if is_array(value) and len(value) else value
    if isinstance(value, bytes):
        value = value.decode("latin-1") if is_text(value) else value
    try:
        float(value)
    except OverflowError:
        return True
    except (TypeError, ValueError):
        return False
    return True
