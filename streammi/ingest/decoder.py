"""Messages to pairs, whatever their format, and what was no pair."""

from collections.abc import Callable, Iterator
from itertools import chain
from math import nan
from typing import Any, ClassVar, Final

import numpy as np

from streammi.config import FeedConfig
from streammi.errors import ConfigError, FeedError
from streammi.ingest.advice import Advice, advised
from streammi.ingest.clock import Clock
from streammi.ingest.duplicates import Duplicates
from streammi.ingest.feed_format import FeedFormat
from streammi.ingest.feed_numbers import FeedNumbers
from streammi.ingest.formats.columns import Batch
from streammi.ingest.formats.content import Samples, Wanted
from streammi.ingest.formats.named import by_name
from streammi.ingest.formats.nested_lists import hint_of
from streammi.ingest.formats.packing import unpacked
from streammi.ingest.formats.paths import has
from streammi.ingest.formats.record import numbers_of
from streammi.ingest.formats.registry import topic_of
from streammi.ingest.formats.samples import samples
from streammi.ingest.overlaps import Overlaps
from streammi.ingest.recognition import Found
from streammi.ingest.sequence import Numbers
from streammi.network.frames import MAX_FRAMES, MAX_MESSAGE_FRAMES, Frames, Messages, refused_for_size
from streammi.records import FloatArray, PairBatch, RowBatch, SampleBatch

MAX_PATH: Final = 256  # characters


class Decoder:
    """Messages in, pairs out, in order; what is not a pair is counted by reason and never stops anything.

    ``paths`` are the signals: two for ``decode``, with the conditions behind them, one for ``samples``, where
    ``others`` may come in other messages, as many as there are channels for ``rows``; ``keyed``: the last is that of a
    key; ``partial``: a message need not have all. A message without a usable value counts once in ``malformed``; the
    rules for values are those of streammi.ingest.formats.columns. With the format ``auto`` the first message decides
    from which values can be read and which says what it is; raw bytes wait until there is evidence enough
    (streammi.ingest.recognition), and are then read in the order they came. ``recognised`` says what it rests on, and
    ``note`` if it is a guess. A message in another format then counts as "other format", until SWITCH_AFTER of them
    came in a row: then the feed has changed, is read on, and ``note`` says so.

    >>> decoder = Decoder(FeedConfig(endpoint="", x="a", y="b"))
    >>> decoder.decode([[b'{"a": 1, "b": 2}'], [b'{"a": 1}'], [b""]], received=0.0).x.tolist(), decoder.malformed
    ([1.0], {'no such path': 1, 'empty': 1})
    """

    IN_BULK: ClassVar = True  # runs of messages of one kind may be read at once

    def __init__(
        self,
        config: FeedConfig,
        paths: tuple[str, ...] | None = None,
        others: tuple[str, ...] = (),
        *,
        keyed: bool = False,
        partial: bool = False,
    ) -> None:
        paths = (config.x, config.y, *config.given) if paths is None else paths
        for path in (*paths, config.t, config.seq):
            if path is not None and not 0 < len(path) <= MAX_PATH:
                option = {config.x: "--x", config.y: "--y", config.t: "--t", config.seq: "--seq"}.get(path, "a path")
                raise ConfigError(option, f"a path such as imu/acc/x or imu.acc.x, of 1 to {MAX_PATH} characters", path)
        self._clock = Clock(config.time_unit, config.t or "", asked=config.t is not None)
        self._wanted = Wanted(paths, config.t, config.seq, config.labels, keyed, partial, {}, self._clock)
        self._max_message = config.max_message
        self._sequence = FeedNumbers(shared=config.pull)
        self._said_gaps = 0  # by the batch before
        self._duplicates, self._overlaps = Duplicates(), Overlaps()
        self._last_t = nan
        self._format = FeedFormat(config.format, self._wanted, in_bulk=self.IN_BULK)
        self._advice = Advice(config.endpoint, paths)
        self._others = others
        self._found = False  # a message with all that is wanted
        self.malformed: dict[str, int] = {}
        self.detail = ""  # of the last message that was malformed,
        self.lacking = ""  # and the path of the signal that it lacked, where that was why
        self.messages = self.bytes = self.pairs = 0
        self._batch = Batch(len(paths), config.labels)  # what was read since the last batch was handed out

    @property
    def format(self) -> str | None:
        """The format, as given or recognised; None before that."""
        return self._format.name

    @property
    def recognised(self) -> str:
        """How the format was recognised, in one line, and on what that rests; empty before that, and where given."""
        return self._format.recognised

    @property
    def gaps(self) -> int:
        """Samples that are missing by the feed's own numbers, and did not come late either; and once for each message
        that should repeat some of the one before it, and does not.
        """
        return self._sequence.senders.gaps + self._overlaps.breaks

    @property
    def numbered(self) -> bool:
        """True if a message so far had a sequence number."""
        return self._sequence.senders.started

    @property
    def reordered(self) -> int:
        """Messages that came after later ones."""
        return self._sequence.senders.reordered

    @property
    def repeated(self) -> int:
        """Samples that came twice, and were taken once."""
        return self._duplicates.count + self._overlaps.count

    @property
    def resets(self) -> int:
        """How often the feed's numbers began again."""
        return self._sequence.senders.resets

    @property
    def remarks(self) -> str:
        """The guesses about the values, and what speaks against a guess; empty when there is nothing to say."""
        known = self._format
        said = (known.doubt, known.waiting, known.changed, known.hint, self._overlaps.remark, self._clock.note)
        return "; ".join(filter(None, said))

    @property
    def note(self) -> str:
        """One line for the person watching, empty when there is nothing to say."""
        known = self._format
        advice = "" if self.pairs else self._advice.words
        guess = known.recognised if known.is_guess else ""
        about = (guess, known.doubt, known.waiting, known.hint, advice, known.changed)
        notes = [note for note in about if note]
        notes += self._sequence.notes
        if self._duplicates.count:
            notes.append(f"{self._duplicates.count:,} samples came twice in a row, and count once")
        notes += [self._overlaps.note] if self._overlaps.note else []
        notes += [self._clock.note] if self._clock.note else []
        return "; ".join(notes)

    def decode(self, messages: Messages, received: float, *, final: bool = False) -> PairBatch:
        """The pairs in messages that were taken off the wire at ``received``.

        ``final``: no more will come, so those that were held back until it is known what they are come now.
        """
        (x, y, *given), t = self._columns(messages, received, final)
        z = np.column_stack(given) if given else None
        said, self._said_gaps = self._said_gaps, self.gaps
        return PairBatch(x=x, y=y, t=t, z=z, received=received, gaps=max(self._said_gaps - said, 0))

    def samples(self, messages: Messages, received: float, *, final: bool = False) -> SampleBatch:
        """The samples of the one signal in messages that were taken off the wire at ``received``; as ``decode``."""
        (values,), t = self._columns(messages, received, final)
        said, self._said_gaps = self._said_gaps, self.gaps
        return SampleBatch(values=values, t=t, received=received, gaps=max(self._said_gaps - said, 0))

    def rows(self, messages: Messages, received: float, *, final: bool = False) -> RowBatch:
        """The rows of all signals in messages that were taken off the wire at ``received``; as ``decode``."""
        columns, t = self._columns(messages, received, final)
        rows = np.ascontiguousarray(np.array(columns).T)  # column_stack takes three times as long of a thousand
        return RowBatch(rows=rows, t=t, received=received)

    def end(self, received: float) -> PairBatch:
        """The pairs in messages that were held back until it is known what they are, now that no more will come."""
        return self.decode([], received, final=True)

    def state(self) -> dict[str, Any]:
        """Its memory and its counts; the formats' memory may hold sets, tuples and arrays."""
        counted = {"messages": self.messages, "bytes": self.bytes, "pairs": self.pairs, "malformed": self.malformed}
        return {
            "counted": counted,
            "read": self._format.state(),
            "last_t": self._last_t,
            "clock": self._clock.state(),
            "beside": self._wanted.beside.state(),
            "numbers": self._sequence.state(),
            "copies": self._duplicates.state(),
            "overlaps": self._overlaps.state(),
            "memory": self._wanted.memory,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Take up the saved state of a decoder with the same settings."""
        for name, value in state["counted"].items():
            setattr(self, name, value)
        self._found = self.pairs > 0
        self._format.restore(state["read"])
        self._last_t = state["last_t"]
        self._clock.restore(state["clock"])
        self._wanted.beside.restore(state["beside"])
        self._sequence.restore(state["numbers"])
        self._duplicates.restore(state["copies"])
        self._overlaps.restore(state["overlaps"])
        self._said_gaps = self.gaps
        self._wanted.memory.update(state["memory"])

    # Converting a signalling NaN, or what is too large for a float64, would be warned of: the window counts both.
    @np.errstate(invalid="ignore", over="ignore")
    def _columns(
        self, messages: Messages, received: float, final: bool
    ) -> tuple[list[Any] | FloatArray, FloatArray | None]:
        self._clock.begin(received)
        messages = self._counted(messages)
        for part in self._known_parts(messages, received, final) if self._format.is_guess else (messages,):
            at = 0
            while at < len(part):
                if (bulk := self._format.bulk) is not None and not self._overlaps.looks:
                    start = at
                    at, found = bulk.read_run(part, at)
                    if found is not None:
                        if self._format.contested:
                            self._format.note_read()
                        self._add_run(found, part, start, at)
                if at < len(part):
                    self._one(part[at])
                    at += 1
        if final and not self._format.settled:
            self._safely(lambda: self._settle(self._format.recogniser.end()))
        if final:
            self._sequence.end()
        columns, t = self._batch.drain(self._last_t)
        if t is None or self._clock.is_none:
            self._last_t, t = nan, None
        elif t.size:
            self._last_t = t.item(-1)
        self.pairs += columns[0].size
        return columns, t

    def restarted(self) -> None:
        """There is a new connection to the feed, behind which may be another sender."""
        self._format.restarted()

    def _known_parts(self, messages: Messages, received: float, final: bool) -> Iterator[Messages]:
        """Messages whose format is a guess, in parts to be read one after the other: those unlike others as soon as it
        is known what they are.
        """
        while (known := self._format.known(messages)) < len(messages) or (final and self._format.waiting):
            yield messages[:known]
            read, messages = self._format.hold(messages[known:], final=final)
            yield read
        self._format.look_again(messages, received)
        yield messages

    def _counted(self, messages: Messages) -> Messages:
        """The messages that are within the limits; all are counted."""
        frames = [*chain.from_iterable(messages)]
        size = sum(map(len, frames))
        self.messages += len(messages)
        self.bytes += size
        # Nearly always all are small, and none has many frames: seen at once, in a tenth of the time of one by one.
        small = size <= self._max_message or (
            size <= MAX_MESSAGE_FRAMES * self._max_message and max(map(len, frames)) <= self._max_message
        )
        if not small or (len(frames) > MAX_FRAMES and max(map(len, messages)) > MAX_FRAMES):
            messages = [frames for frames in messages if self._within_limits(frames)]
        return messages

    def _one(self, frames: Frames) -> None:
        """Read one message in full, and count it when it has nothing."""
        self._safely(lambda: self._add_one(self._read(frames)) if self._format.settled else self._first(frames))

    def _safely(self, read: Callable[[], None]) -> None:
        self._format.recogniser.refused = 1
        try:
            read()
        except FeedError as error:
            self._count(error, self._format.recogniser.refused)
        except MemoryError:
            self._count(FeedError("too large", "a length that no buffer can have"))
        except RecursionError:  # what could just be decoded may be too deep to be shown
            self._count(FeedError("too deep", "more levels than Python has"))

    def _first(self, frames: Frames) -> None:
        """A message before it is known which format the feed is in."""
        if not any(frames):
            raise FeedError("empty")
        found, frames = self._format.find(frames, self._max_message)
        if found is None or found.guess:
            self._settle(found)
            return
        self._format.use(found.name)
        taken = self._samples(frames)
        if taken is not None:  # values could be read: that decides
            self._settle(found)
            self._add_one(taken)

    def _settle(self, found: Found | None) -> None:
        """The format is known, if it is: read what was held back."""
        for frames in self._format.settle(found):
            self._one(frames)

    def _add_run(self, found: Samples, messages: Messages, start: int, stop: int) -> None:
        """Add what the messages from ``start`` up to ``stop`` have."""
        self._add(found)

    def _add(self, found: Samples) -> None:
        numbers = found.numbers
        if numbers is not None:
            fresh = self._duplicates.without(found)
            if fresh is None:
                return
            found, numbers = fresh, fresh.numbers
        self._batch.add(found.values, found.t)
        if isinstance(numbers, Numbers):
            self._sequence.of_message(numbers)
        elif numbers is not None:
            self._sequence.of_each(numbers)

    def _add_one(self, found: Samples | None) -> None:
        """Add what a message read in full has, behind which earlier ones may turn out to have been numbered."""
        self._sequence.earlier(self._wanted.beside.earlier())
        if found is not None:
            found = self._overlaps.without(found)
            if len(found.values[0]):
                self._add(found)

    def _read(self, frames: Frames) -> Samples | None:
        if not any(frames):
            raise FeedError("empty")
        frames = unpacked(frames, self._max_message)
        try:
            found = self._samples(frames)
        except FeedError as error:
            self._format.change(frames, error)
            return self._samples(frames)
        if self._format.contested:
            self._format.note_read()
        return found

    def _samples(self, frames: Frames) -> Samples | None:
        content = self._format.row.read(frames, self._wanted)
        if content is None:
            return None
        self._format.hint = content.hint or hint_of(content.tree, self._wanted.paths)
        try:
            found = samples(content, self._wanted)
        except FeedError as error:
            if (numbers := numbers_of(content.tree, self._wanted)) is not None:
                self._sequence.of_message(numbers, samples=False)
            if error.reason != "no such path":
                raise
            if self._is_of_another(content.tree):
                return None
            self._advice.look(frames, topic_of(self.format, frames), content.tree)
            raise advised(error, self._advice.words) from None
        self._found = True
        if self._format.bulk is not None:
            self._format.bulk.learn(content, found.places)
        return found

    def _is_of_another(self, tree: Any) -> bool:
        """True if a message has another signal than the one that is wanted, which is known to come in others."""
        if len(self._wanted.paths) > 1 or not self._found:
            return False
        return any(has(tree, path) for path in self._others) or by_name(tree) is not None

    def _within_limits(self, frames: Frames) -> bool:
        refused = refused_for_size(frames, self._max_message)
        if refused is not None:
            self._count(refused)
        return refused is None

    def _count(self, error: FeedError, messages: int = 1) -> None:
        self.malformed[error.reason] = self.malformed.get(error.reason, 0) + messages
        self.detail, self.lacking = str(error), error.path
