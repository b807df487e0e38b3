"""Says each reading and event to everyone who wants to know."""

from collections.abc import Callable
from typing import Final, Literal, TypeAlias, get_args

import msgspec

from streammi.publish import messages
from streammi.publish.influx_lines import influx_event_line, influx_line
from streammi.publish.messages import Fields
from streammi.publish.publisher import Publisher
from streammi.records import Event, LinkHealth, Reading
from streammi.records.status import Status, status_of
from streammi.system.spool import LineStream

LineForm: TypeAlias = Literal["jsonl", "influx"]
LINE_FORMS: Final = get_args(LineForm)
TOO_FAST: Final = "they came faster than they were read"  # of lines

OTHER_CLOCK: Final = 1e8  # seconds from a sample's time to its reading: then that time is not since the epoch


class Outbox:
    """Says readings and events: as lines on ``lines``, as messages on ``publisher``; either may be None.

    ``on_reading`` is handed the fields of each reading as they are published, ``on_alarm`` the JSON of each alarm.
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
        on_alarm: Callable[[bytes], None] | None = None,
    ) -> None:
        self.seq = 0
        self.closed = False  # nobody reads the lines any more
        self.on_item: Callable[[float, Reading | Event], None] | None = None  # handed each thing as it is
        self.run = run
        self.newest: Fields = {}  # of the last reading,
        self.lag: float | None = None
        self.status = Status.OK
        self._pair, self._publisher, self._lines = pair, publisher, lines
        self._form, self._on_reading, self._on_alarm = form, on_reading, on_alarm

    def publish(self, timestamp: float, item: Reading | Event, link: LinkHealth, flags: Status = Status.OK) -> None:
        """Say one thing to everyone, ``flags`` added to its status; flushed, so that a reader of a pipe has it now."""
        if self.on_item is not None:
            self.on_item(timestamp, item)
        if isinstance(item, Event):
            frames = messages.event_message(item)
            if item.rule and self._on_alarm is not None:
                self._on_alarm(frames[1])
        else:
            self.seq += 1
            if item.t1 is not None and abs(timestamp - item.t1) < OTHER_CLOCK:
                link = msgspec.structs.replace(link, lag=timestamp - item.t1)
            self.lag, self.status = link.lag, status_of(item, link) | flags
            self.newest = messages.result_fields(
                item, run=self.run, seq=self.seq, timestamp=timestamp, link=link, status=self.status
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
            return influx_event_line(item)
        return influx_line(self._pair, self.newest)


def omitted_line(pair: str, form: LineForm, now: float, lines: int) -> str:
    """The event, in the form of the lines, in the place of so many that their reader was too slow for.

    It is not published: whoever reads the socket has missed nothing.

    >>> omitted_line("xy", "jsonl", 2.5, 812)[:79]
    '{"v":1,"pair":"xy","kind":"omitted","timestamp":2.5,"size":812.0,"unit":"lines"'
    """
    event = Event(
        pair=pair,
        kind="omitted",
        timestamp=now,
        size=float(lines),
        unit="lines",
        evidence=TOO_FAST,
    )
    if form == "influx":
        return influx_event_line(event) + "\n"
    return messages.event_message(event)[1].decode() + "\n"
