"""A running monitor's service to whoever runs it: messages, reports, and what the service manager is told."""

from collections import deque
from collections.abc import Sequence
from typing import Final, Protocol

import msgspec

from streammi.recording.entries import LinkChanged
from streammi.records.link_totals import tally_words, total
from streammi.session.resume import MissedReport
from streammi.session.session import Session
from streammi.system.log import Log
from streammi.system.service_manager import Notifier

CHANGES_KEPT: Final = 30  # of the links, for reports
LOOK_SECONDS: Final = 1.0  # between two looks at what cannot be used
MALFORMED_SECONDS: Final = 60.0  # between two messages about messages that yield no pair


class Writer(Protocol):
    """Something that writes to a disk, notes what a person should act on, and says how far it is."""

    notes: list[str]

    @property
    def unsaved(self) -> bool:
        """True if something that should be written is not, at the moment."""

    @property
    def summary(self) -> str:
        """The last file written."""


class Upkeep:
    """Says what the parts of a run have noted; ``settings`` are those that a report shows."""

    def __init__(
        self,
        session: Session,
        settings: dict[str, str],
        writers: Sequence[Writer],
        log: Log,
        service: Notifier,
        resumed: MissedReport | None = None,
    ) -> None:
        self._session, self._settings, self._writers = session, settings, writers
        self._log, self._service, self._resumed = log, service, resumed
        self._changes: deque[LinkChanged] = deque(maxlen=CHANGES_KEPT)
        self._malformed, self._nonfinite = self._unusable(0.0)
        self._malformed_due = self._look_due = 0.0
        self._stalled: set[str] = set()  # signals of the links whose messages cannot be used
        self._recognised = session.intake.recognised  # as it was said
        self._remarks = session.intake.remarks  # likewise
        self._remarks_due = 0.0

    @property
    def unsaved(self) -> bool:
        """True if something that should be written is not, at the moment."""
        return any(writer.unsaved for writer in self._writers)

    def link(self, change: LinkChanged) -> None:
        """Say and remember that a link has changed."""
        before = self._session.links[change.source]
        self._changes.append(change)
        if change.state != before.state:
            self._log.say(_of(before.endpoint, change.state), endpoint=before.endpoint, state=change.state)
        if change.note and change.note != before.note:
            self._log.warn(_of(before.endpoint, change.note), endpoint=before.endpoint)

    def ready(self) -> None:
        """The loop begins to turn."""
        self._service.ready()

    def turn(self, wall: float, now: float) -> None:
        """The loop has turned; ``wall`` is the clock's time, ``now`` that of one which only goes forward, s."""
        self._service.alive(now, lambda: self._status(wall))
        self._say_notes()
        if self._resumed is not None:
            missed = self._resumed.missed(self._session.health(wall), self._session.intake.numbered)
            if missed is not None:
                self._log.say(missed)
                self._resumed = None
        if now >= self._look_due:
            self._look_due = now + LOOK_SECONDS
            self._say_stalled(wall)
            self._say_recognised()
            if now >= self._remarks_due and self._say_remarks():
                self._remarks_due = now + MALFORMED_SECONDS
            if now >= self._malformed_due:
                self._sample_malformed(wall, now)

    def report(self, wall: float) -> None:
        """Write a first-aid report into the log."""
        from streammi.session import diagnosis  # late: nearly no run ever needs it

        session = self._session
        written = {type(writer).__name__.lower(): writer.summary for writer in self._writers}
        sections = diagnosis.report(
            wall, self._settings, session.health(wall), self._changes, session.monitor.window.reading(), written=written
        )
        self._log.report("report", sections)

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
        self._say_recognised()
        self._say_remarks()
        for link in self._session.health(0.0):
            if link.tally is not None:
                self._log.say(f"{link.signal}: {tally_words(link.tally)}", **msgspec.structs.asdict(link.tally))

    def _say_notes(self) -> None:
        while self._session.monitor.notes:
            self._log.say(self._session.monitor.notes.pop(0))
        for writer in self._writers:
            while writer.notes:
                self._log.warn(writer.notes.pop(0))
        while self._service.notes:
            self._log.warn(self._service.notes.pop(0))

    def _status(self, wall: float) -> str:
        link = total(self._session.health(wall))
        rate = "" if link.rate is None else f", {link.rate:.3g} a second"
        nonfinite = f", {link.nonfinite} not finite" if link.nonfinite else ""
        return f"{link.endpoint} {link.state}, {link.pairs} pairs{rate}{nonfinite}"

    def _say_stalled(self, wall: float) -> None:
        """Say of a link that is connected that nothing which comes over it can be used, and when that is over."""
        for link, known in zip(self._session.health(wall), self._session.links, strict=True):
            stalled = link.state != known.state
            if stalled and link.signal not in self._stalled:
                self._stalled.add(link.signal)
                self._log.warn(_of(link.endpoint, f"stalled: {link.note}"), endpoint=link.endpoint, state=link.state)
            elif not stalled and link.signal in self._stalled:
                self._stalled.remove(link.signal)
                if link.state == "connected":  # any other state was said when it came
                    self._log.say(_of(link.endpoint, link.state), endpoint=link.endpoint, state=link.state)

    def _say_recognised(self) -> None:
        """Say once what format a feed was recognised to be in, and on what that rests."""
        recognised = self._session.intake.recognised
        for link, now, before in zip(self._session.links, recognised, self._recognised, strict=True):
            if now and now != before:
                self._log.say(_of(link.endpoint, now), endpoint=link.endpoint)
        self._recognised = recognised

    def _say_remarks(self) -> bool:
        """Say what is newly guessed of a feed's values, or speaks against it; whether there was anything to say."""
        remarks, before = self._session.intake.remarks, self._remarks
        new = [
            (link.endpoint, now)
            for link, now, then in zip(self._session.links, remarks, before, strict=True)
            if now and now != then
        ]
        for endpoint, remark in new:
            self._log.warn(f"{endpoint}: {remark}", endpoint=endpoint)
        self._remarks = remarks
        return bool(new)

    def _sample_malformed(self, wall: float, now: float) -> None:
        """Say that there were messages without a pair, and why there was none in the newest; or pairs of no numbers."""
        malformed, nonfinite = self._unusable(wall)
        if malformed > self._malformed:
            more = malformed - self._malformed
            why = self._session.intake.detail
            self._log.warn(f"messages that yielded no pair: {more}, the newest: {why}", messages=more)
        if nonfinite > self._nonfinite:
            more = nonfinite - self._nonfinite
            self._log.warn(f"pairs that are not finite (NaN, infinite or absent), and not counted: {more}", pairs=more)
        if (malformed, nonfinite) != (self._malformed, self._nonfinite):
            self._malformed, self._nonfinite = malformed, nonfinite
            self._malformed_due = now + MALFORMED_SECONDS

    def _unusable(self, wall: float) -> tuple[int, int]:
        """Messages that yielded no pair so far, and pairs that are not finite."""
        malformed = sum(total(self._session.health(wall)).malformed.values())
        return malformed, self._session.monitor.window.nonfinite


def _of(endpoint: str, words: str) -> str:
    """The words behind the endpoint that they are about, where there is one: pairs may come without a socket."""
    return f"{endpoint}: {words}" if endpoint else words
