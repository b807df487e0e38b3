"""The lines and messages of a monitor of many channels: what its matrices tell, to everyone who wants to know."""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from streammi.ingest.row_intake import RowIntake
from streammi.publish import matrices
from streammi.publish.messages import VERSION, Fields, event_message
from streammi.records import ChannelMatrices, Event, LinkHealth, MatrixSnapshot, RowBatch
from streammi.records.status import Status
from streammi.session.watched_pairs import WatchedPairs
from streammi.system.spool import LineStream


class Outlet(Protocol):
    """Where messages go: a Publisher."""

    def send(self, frames: list[bytes]) -> None:
        """Send to whoever subscribes."""


class Audience(Protocol):
    """Whoever is to see all of it: each row and each matrix."""

    def rows(self, names: tuple[str, ...], batch: RowBatch) -> None:
        """Take rows of the channels, before they are counted."""

    def matrix(self, snapshot: MatrixSnapshot) -> None:
        """Take the matrices of a window."""


class ChannelOutbox:
    """Says what there is of each window: a line on ``lines``, messages on ``outlet``; either may be None."""

    def __init__(self, name: str, outlet: Outlet | None, lines: LineStream | None) -> None:
        self.closed = False  # nobody reads the lines any more
        self._name, self._outlet, self._lines = name, outlet, lines

    def note(self, channels: int) -> str:
        """A remark for a person on what is not published of so many channels; empty for none."""
        if self._outlet is None or matrices.fits(channels):
            return ""
        return f"no matrix/{self._name} is published: {channels:,} channels do not fit a message"

    def publish(
        self, watched: WatchedPairs, found: ChannelMatrices, events: Sequence[Event], intake: RowIntake,
        link: LinkHealth, status: Status, origin: Fields,
    ) -> None:  # fmt: skip
        """Say what the matrices tell, and the events; ``origin``: by which run, with which number, and when."""
        top = {watched.changes.pair(i, j): watched.fields(found, i, j) for i, j in watched.best(found)}
        line = watched.of_target(found) | {"v": VERSION, "name": self._name, **origin}
        line |= watched.summary(found, list(top.values())) | _counted(watched, intake, link)
        line |= {"status": int(status), "unit": found.unit}
        messages = [event_message(event) for event in events]
        if self._outlet is not None:
            of_pair = origin | {"status": int(status)}
            for frames in (*(matrices.pair_message(pair, of_pair | fields) for pair, fields in top.items()), *messages):
                self._outlet.send(frames)
        self._write([msgspec.json.encode(line), *(frames[1] for frames in messages)])

    def _write(self, lines: list[bytes]) -> None:
        if self._lines is not None and not self.closed:
            try:
                self._lines.write("".join(line.decode() + "\n" for line in lines))
                self._lines.flush()
            except BrokenPipeError:  # whoever read our lines has gone, as `| head` does: nothing is wrong
                self.closed = True


def _counted(watched: WatchedPairs, intake: RowIntake, link: LinkHealth) -> dict[str, object]:
    """The fields of a line on what became of the feed's messages."""
    totals = watched.window.totals
    return {
        "missing": intake.missing, "later": len(intake.later), "gaps": link.gaps,
        "malformed": sum(link.malformed.values()), "empty": link.nonfinite, "late": totals["late"] + intake.late,
        "unused": intake.unused, "expired": intake.expired, "dropped": totals["dropped"], "rate": link.rate,
    }  # fmt: skip
