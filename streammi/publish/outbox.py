"""Says each reading and event to everyone who wants to know."""

from typing import TextIO

import msgspec

from streammi.publish import messages
from streammi.publish.publisher import Publisher
from streammi.publish.status import Status, status_of
from streammi.records import Event, LinkHealth, Reading


class Outbox:
    """Says readings and events: as JSON lines on ``lines``, as messages on ``publisher``; either may be None."""

    def __init__(self, pair: str, publisher: Publisher | None, lines: TextIO | None, run: int) -> None:
        self.seq = 0
        self.closed = False  # nobody reads the lines any more
        self.run = run
        self._pair, self._publisher, self._lines = pair, publisher, lines

    def say(self, timestamp: float, item: Reading | Event, link: LinkHealth, flags: Status = Status.OK) -> None:
        """Say one thing to everyone, ``flags`` added to its status; flushed, so that a reader of a pipe has it now."""
        if isinstance(item, Event):
            frames = messages.event_message(item)
        else:
            self.seq += 1
            if item.t1 is not None:
                link = msgspec.structs.replace(link, lag=timestamp - item.t1)
            status = status_of(item, link) | flags
            frames = messages.reading_message(
                self._pair, item, link=link, run=self.run, seq=self.seq, timestamp=timestamp, status=status
            )
        if self._publisher is not None:
            self._publisher.send(frames)
        if self._lines is not None:
            try:
                self._lines.write(frames[1].decode() + "\n")
                self._lines.flush()
            except BrokenPipeError:  # whoever read our lines has gone, as `| head` does: nothing is wrong
                self._lines = None
                self.closed = True
