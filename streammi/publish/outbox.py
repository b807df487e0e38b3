"""Says each reading and event to everyone who wants to know."""

from collections.abc import Callable
from typing import Final, Literal, Protocol, TextIO, TypeAlias, get_args

import msgspec

from streammi.publish import messages
from streammi.publish.messages import Fields
from streammi.publish.publisher import Publisher
from streammi.records import Event, LinkHealth, Reading
from streammi.records.status import Status, status_of

LineForm: TypeAlias = Literal["jsonl", "influx"]
LINE_FORMS: Final = get_args(LineForm)

OTHER_CLOCK: Final = 1e8  # seconds from a sample's time to its reading: then that time is not since the epoch


class LineStream(Protocol):
    """Something that takes text, as every text file does."""

    def write(self, text: str, /) -> object:
        """Take a line."""

    def flush(self) -> object:
        """Hand on what was taken."""


class UnfailingLines:
    """Lines for a stream that may not take them for a while, such as a file on a full disk.

    What was not taken is lost: ``unsaved`` holds meanwhile, and ``notes`` say so, and that it is over. That a reader
    has gone (BrokenPipeError) is passed on.
    """

    def __init__(self, stream: TextIO, name: str = "standard output") -> None:
        self.unsaved = False
        self.notes: list[str] = []
        self._stream, self._name, self._taken = stream, name, 0

    @property
    def summary(self) -> str:
        """How many lines were taken."""
        return f"{self._taken} lines"

    def write(self, text: str) -> None:
        """Write the text, and hand it on at once."""
        try:
            self._stream.write(text)
            self._stream.flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            if not self.unsaved:
                self.notes.append(f"{self._name}: {error.strerror}; lines are lost until it takes them again")
            self.unsaved = True
            return
        self._taken += 1
        if self.unsaved:
            self.notes.append(f"{self._name} takes lines again; by their seq you see which are lost")
            self.unsaved = False

    def flush(self) -> None:
        """Nothing is left to hand on."""


class Outbox:
    """Says readings and events: as lines on ``lines``, as messages on ``publisher``; either may be None.

    ``on_reading`` is handed the fields of each reading as they are published.
    """

    def __init__(
        self,
        pair: str,
        publisher: Publisher | None,
        lines: LineStream | None,
        run: int,
        *,
        form: LineForm = "jsonl",
        on_reading: Callable[[Fields], None] | None = None,
    ) -> None:
        self.seq = 0
        self.closed = False  # nobody reads the lines any more
        self.run = run
        self.newest: Fields = {}  # of the last reading
        self._pair, self._publisher, self._lines = pair, publisher, lines
        self._form, self._on_reading = form, on_reading

    def say(self, timestamp: float, item: Reading | Event, link: LinkHealth, flags: Status = Status.OK) -> None:
        """Say one thing to everyone, ``flags`` added to its status; flushed, so that a reader of a pipe has it now."""
        if isinstance(item, Event):
            frames = messages.event_message(item)
        else:
            self.seq += 1
            if item.t1 is not None and abs(timestamp - item.t1) < OTHER_CLOCK:
                link = msgspec.structs.replace(link, lag=timestamp - item.t1)
            status = status_of(item, link) | flags
            self.newest = messages.result_fields(
                item, run=self.run, seq=self.seq, timestamp=timestamp, link=link, status=status
            )
            frames = messages.reading_message(self._pair, self.newest)
        if self._publisher is not None:
            self._publisher.send(frames)
        try:
            if self._on_reading is not None and isinstance(item, Reading):
                self._on_reading(self.newest)
            if self._lines is not None:
                self._lines.write(self._line(item, frames[1]) + "\n")
                self._lines.flush()
        except BrokenPipeError:  # whoever read our lines has gone, as `| head` does: nothing is wrong
            self._lines = self._on_reading = None
            self.closed = True

    def _line(self, item: Reading | Event, payload: bytes) -> str:
        if self._form == "jsonl":
            return payload.decode()
        if isinstance(item, Event):
            return messages.influx_event_line(item)
        return messages.influx_line(self._pair, self.newest)
