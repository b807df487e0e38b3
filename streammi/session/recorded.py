"""A session that is recorded: what is said depends on what is recorded, and on nothing else."""

from typing import Protocol

from streammi.recording.entries import Entry
from streammi.recording.writer import Recorder
from streammi.session.checkpoint import Place, located


class Applies(Protocol):
    """A session, as it is recorded."""

    @property
    def run(self) -> int:
        """When the monitor was started, s."""

    def apply(self, entry: Entry) -> None:
        """Take in what happened next, and say what comes of it."""


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
