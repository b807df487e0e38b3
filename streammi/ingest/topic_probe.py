"""The messages of one topic, looked at one after the other: formats, signals, labels, times and sequence numbers."""

import math
from collections import Counter
from collections.abc import Callable
from itertools import islice
from statistics import median
from typing import Any, Final

import numpy as np

from streammi.errors import FeedError
from streammi.ingest.advice import is_reading
from streammi.ingest.clock import Clock
from streammi.ingest.decoder import MAX_PATH
from streammi.ingest.feed_numbers import FeedNumbers
from streammi.ingest.formats.beside_values import below, is_date
from streammi.ingest.formats.columns import is_array, number, times
from streammi.ingest.formats.content import SEQ_NAMES, TIME_NAMES, Content, Wanted
from streammi.ingest.formats.named import VALUES, by_name
from streammi.ingest.formats.record import is_seq, whole
from streammi.ingest.formats.registry import FORMATS, possible
from streammi.ingest.formats.samples import has_records, signals
from streammi.ingest.formats.split_columns import by_columns
from streammi.ingest.probe_report import SignalSeen, TextSeen, TopicSeen
from streammi.ingest.recognition import Found, Recogniser
from streammi.ingest.record_fields import MAX_SIGNALS, leaves
from streammi.ingest.sequence import Numbers
from streammi.ingest.time_units import epoch_unit
from streammi.network.frames import Frames, is_text

WHOLE: Final = 500  # messages of a topic that are all read; of later ones fewer and fewer
LABELS_SHOWN: Final = 5  # of a text
MAX_LABEL: Final = 40  # characters
NAMED: Final = {*VALUES, "bt", "bv"}  # numbers of a record that names its one signal
KEPT: Final = 50  # messages that what is proposed is tried on


class Room:
    """Bytes that messages may be kept in; none takes more than an eighth of what is left, so that each topic has some.

    >>> room = Room(800)
    >>> room.claim(100), room.claim(100), room.claim(80)
    (True, False, True)
    """

    def __init__(self, left: int) -> None:
        self._left = left

    def claim(self, size: int) -> bool:
        """True if there is room for a message of so many bytes; then it is taken."""
        if size > self._left // 8:
            return False
        self._left -= size
        return True


class TopicProbe:
    """The facts about one topic."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self.kept: list[Frames] = []
        self._messages = 0
        self._formats: Counter[str] = Counter()
        self._signals: dict[str, _SignalProbe] = {}
        self._memory: dict[str, Any] = {}
        self._time: str | None = None
        self._clock = Clock()
        self._ages: list[float] = []
        self._sequence: str | None = None
        self._numbers = FeedNumbers()
        self._recogniser = Recogniser(Wanted(("0", "1")))
        self._guess: Found | None = None
        self._unknown = ""
        self._texts: dict[str, dict[str, None]] = {}  # labels at a path, in their order
        self.monitor = False

    def take(self, name: str | None, frames: Frames, received: float) -> None:
        """Look at a message in the format ``name``; None where it does not say which that is."""
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
            content = FORMATS[name].read(frames, Wanted(FORMATS[name].parts(frames, self._memory), memory=self._memory))
        except FeedError:
            self._formats[f"{name}, unreadable"] += 1
            return
        if content is not None:
            self.monitor |= is_reading(frames, content.tree)
            self._look(content, received, FORMATS[name].header)

    def seen(self, topic: str, seconds: float, received: float) -> TopicSeen:
        """Everything heard of the topic in so many seconds, up to ``received``."""
        if self._guess is None:
            self._guess_from(self._recogniser.end, received)
        self._numbers.end()
        return TopicSeen(
            topic=topic,
            messages=self._messages,
            rate=self._messages / seconds if seconds > 0 else None,
            formats=dict(self._formats.most_common()),
            signals=tuple(signal.seen(path) for path, signal in self._signals.items()),
            timestamp=self._time,
            age=median(self._ages) if self._ages else None,
            sequence=self._sequence,
            missing=self._numbers.senders.gaps if self._sequence else None,
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
                    not special.intersection((path, path.rpartition("/")[0]))  # a time may be in parts
                    and 0 < len(path) <= MAX_PATH
                    and (path in self._signals or len(self._signals) < MAX_SIGNALS)
                ):
                    self._note(path, value)
        if content.first is not None and self._messages <= WHOLE:
            self._sequence = "sample numbers"
            many = max((_size(value) for _, value in leaves(tree)), default=1)
            self._numbers.earlier([Numbers(content.first, many)])

    def _note(self, path: str, value: Any) -> None:
        values = _numbers(value)
        if values is not None and values.size:
            self._signals.setdefault(path, _SignalProbe()).take(values, is_array(value))
        elif isinstance(value, str):
            seen = self._texts.setdefault(path, {}) if len(self._texts) < MAX_SIGNALS else {}
            if len(seen) <= LABELS_SHOWN:
                seen[value[:MAX_LABEL]] = None

    def _find_time(self, record: dict[Any, Any], received: float) -> str | None:
        at_top = ((name, record[name]) for name in TIME_NAMES if name in record)
        nested = [*below(record, TIME_NAMES, is_date)]
        # Where parts have times of their own, a pair of two of them has none.
        found = (*islice(at_top, 1), *nested) if len(nested) == 1 else islice(at_top, 1)
        return next((path for path, value in found if self._note_time(path, value, received)), None)

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
        at_top = ((name, record[name]) for name in SEQ_NAMES if is_seq(record.get(name)))
        found = (one for one in (*at_top, *below(record, SEQ_NAMES, is_seq)) if not is_array(one[1]))
        path, value = next(found, (None, None))
        if path is not None and self._messages <= WHOLE:
            self._sequence = path
            many = max((_size(value) for _, value in leaves(record)), default=1)
            self._numbers.of_message(Numbers(whole(value), 1, many))
        return path


class _SignalProbe:
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


def _records(tree: Any) -> list[Any]:
    """The records of a message; of those that name their one signal, each by its name."""
    if (table := by_columns(tree)) is not None:
        return table[:WHOLE]
    records = list(tree)[:WHOLE] if has_records(tree) else [tree]
    plain = NAMED | set(TIME_NAMES) | set(SEQ_NAMES)
    if all(
        isinstance(record, dict) and all(key in plain or _numbers(value) is None for key, value in record.items())
        for record in records
    ):
        return by_name(records) or records
    return records


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
    """True if a time is written as a number."""
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
