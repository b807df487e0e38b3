"""A running monitor's service to whoever runs it: what is said in the log, and what the service manager is told."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Final, NamedTuple, Protocol

from streammi.ingest.intake import Links
from streammi.recording.entries import LinkChanged
from streammi.records import LinkHealth
from streammi.session.resume import MissedReport
from streammi.system.log import Log
from streammi.system.service_manager import Notifier

COMPLAINT_SECONDS: Final = 60.0  # between two messages about what cannot be used


class Writer(Protocol):
    """Something that writes to a disk, notes what a person should act on, and says how far it is."""

    notes: list[str]

    @property
    def unsaved(self) -> bool:
        """True if something that should be written is not, at the moment."""

    @property
    def summary(self) -> str:
        """The last file written."""


class Operator(NamedTuple):
    """The ones that a run tells what a person should know, and what it has to tell of."""

    log: Log
    service: Notifier
    writers: Sequence[Writer] = ()
    missed: MissedReport | None = None  # since the state that it goes on from


class LogMessages(ABC):
    """Says what the parts of a run have noted, and once what was missed since the state that it goes on from."""

    def __init__(self, operator: Operator) -> None:
        self._log, self._service, self._writers, self._missed = operator
        self.waited = 0.0  # how long readings that are due wait now, s: the loop's to say

    @property
    def unsaved(self) -> bool:
        """True if something that should be written is not, at the moment."""
        return any(writer.unsaved for writer in self._writers)

    def ready(self) -> None:
        """The loop begins to turn."""
        self._service.ready()

    @abstractmethod
    def turn(self, wall: float, now: float) -> None:
        """The loop has turned; ``wall`` is the clock's time, ``now`` that of one which only goes forward, s."""

    def link(self, change: LinkChanged, before: LinkHealth) -> None:
        """Say that a link has changed."""
        if change.state != before.state:
            self._log.say(of_link(before.endpoint, change.state), endpoint=before.endpoint, state=change.state)
        if change.note and change.note != before.note:
            self._log.warn(of_link(before.endpoint, change.note), endpoint=before.endpoint)

    def say(self, message: str) -> None:
        """Say what somebody may want to know."""
        self._log.say(message)

    def warn(self, message: str) -> None:
        """Say what somebody should act on."""
        self._log.warn(message)

    def stopping(self) -> None:
        """The loop turns no more: what is left may take as long as the disk does, and no watchdog is to end it."""
        self._service.stopping()

    def end(self) -> None:
        """Say what is left to say."""
        self._say_notes()

    @abstractmethod
    def sum_up(self) -> None:
        """Say what came of a run whose feed has answered."""

    def _say_missed(self, links: Links, numbered: bool) -> None:
        if self._missed is not None and (missed := self._missed.missed(links, numbered)) is not None:
            self._log.say(missed)
            self._missed = None

    def _say_notes(self) -> None:
        for notes in (*(writer.notes for writer in self._writers), self._service.notes):
            while notes:
                self._log.warn(notes.pop(0))


def of_link(endpoint: str, words: str) -> str:
    """The words behind the endpoint that they are about, where there is one: pairs may come without a socket."""
    return f"{endpoint}: {words}" if endpoint else words
