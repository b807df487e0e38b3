"""A session that is recorded: what is said depends on what is recorded, and on nothing else."""

from typing import Protocol

from msgspec.structs import replace

from streammi.recording.entries import Entry, LinkChanged
from streammi.recording.writer import Recorder
from streammi.records import LinkHealth
from streammi.session.checkpoint import Place, located


class Applies(Protocol):
    """A session, as it is recorded."""

    @property
    def run(self) -> int:
        """When the monitor was started, s."""

    def apply(self, entry: Entry) -> None:
        """Take in what happened next, and say what comes of it."""


def change_of(source: int, at: float, link: LinkHealth, before: LinkHealth) -> LinkChanged | None:
    """How a source's link is, as its socket knows it, where that is otherwise than ``before``; else None."""
    now = LinkChanged(source, at, link.state, link.since, link.reconnects, link.note, link.behind)
    then = LinkChanged(source, at, before.state, before.since, before.reconnects, before.note, before.behind)
    return None if now == then else now


def changed(link: LinkHealth, to: LinkChanged) -> LinkHealth:
    """The link as it is from now on."""
    return replace(link, state=to.state, since=to.since, reconnects=to.reconnects, note=to.note, behind=to.behind)


class Recorded:
    """Hands a session what happens to it, recorded before it acts; without a recorder not recorded."""

    def __init__(self, session: Applies, recorder: Recorder | None) -> None:
        self._session, self._recorder = session, recorder

    def take(self, entry: Entry) -> None:
        """Record what happened, and then let it act."""
        self.note(entry)
        self._session.apply(entry)

    def note(self, entry: Entry) -> None:
        """Record what has acted already."""
        if self._recorder is not None:
            self._recorder.write(entry)

    @property
    def place(self) -> Place | None:
        """Behind what was recorded so far."""
        if self._recorder is None:
            return None
        return Place(located(self._recorder.path), *self._recorder.position, self._session.run)
