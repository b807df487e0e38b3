"""The messages of a monitor of one pair to whoever runs it, and its reports."""

from collections import deque
from typing import Final

import msgspec

from streammi.recording.entries import LinkChanged
from streammi.records import LinkHealth
from streammi.records.link_totals import tally_words, total
from streammi.session.log_messages import COMPLAINT_SECONDS, LogMessages, Operator, of_link
from streammi.session.session import Session

CHANGES_KEPT: Final = 30  # of the links, for reports
LOOK_SECONDS: Final = 1.0  # between two looks at what cannot be used


class PairLogMessages(LogMessages):
    """Says what becomes of a monitor of one pair; ``settings`` are those that a report shows."""

    def __init__(self, session: Session, settings: dict[str, str], operator: Operator) -> None:
        super().__init__(operator)
        self._session, self._settings = session, settings
        self._changes: deque[LinkChanged] = deque(maxlen=CHANGES_KEPT)
        self._malformed, self._nonfinite = self._unusable(0.0)
        self._malformed_due = self._look_due = 0.0
        self._stalled: set[str] = set()  # signals of the links whose messages cannot be used
        self._recognised = session.intake.recognised  # as it was said
        self._remarks = session.intake.remarks  # likewise
        self._remarks_due = 0.0

    def link(self, change: LinkChanged, before: LinkHealth) -> None:
        """Say and remember that a link has changed."""
        self._changes.append(change)
        super().link(change, before)

    def turn(self, wall: float, now: float) -> None:
        """The loop has turned; ``wall`` is the clock's time, ``now`` that of one which only goes forward, s."""
        self._service.alive(now, lambda: self._status(wall))
        self._say_notes()
        if self._missed is not None:
            self._say_missed(self._session.health(wall), self._session.intake.numbered)
        if now >= self._look_due:
            self._look_due = now + LOOK_SECONDS
            self._say_stalled(wall)
            self._say_recognised()
            if now >= self._remarks_due and self._say_remarks():
                self._remarks_due = now + COMPLAINT_SECONDS
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

    def end(self) -> None:
        """Say what is left to say."""
        super().end()
        self._say_recognised()
        self._say_remarks()
        self._say_empty()

    def sum_up(self) -> None:
        """Say what became of the samples of each source."""
        for link in self._session.health(0.0):
            if link.tally is not None:
                self._log.say(f"{link.signal}: {tally_words(link.tally)}", **msgspec.structs.asdict(link.tally))

    def _say_empty(self) -> None:
        """Say of a link that there was that nothing has come over it."""
        for link in self._session.health(0.0):
            if link.endpoint and link.state in ("connected", "stalled") and not link.messages:
                self._log.warn(of_link(link.endpoint, "connected, but nothing came"), endpoint=link.endpoint)

    def _say_notes(self) -> None:
        while self._session.monitor.notes:
            self._log.say(self._session.monitor.notes.pop(0))
        super()._say_notes()

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
                self._log.warn(
                    of_link(link.endpoint, f"stalled: {link.note}"), endpoint=link.endpoint, state=link.state
                )
            elif not stalled and link.signal in self._stalled:
                self._stalled.remove(link.signal)
                if link.state == "connected":  # any other state was said when it came
                    self._log.say(of_link(link.endpoint, link.state), endpoint=link.endpoint, state=link.state)

    def _say_recognised(self) -> None:
        """Say once what format a feed was recognised to be in, and on what that rests."""
        recognised = self._session.intake.recognised
        for link, now, before in zip(self._session.links, recognised, self._recognised, strict=True):
            if now and now != before:
                self._log.say(of_link(link.endpoint, now), endpoint=link.endpoint)
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
            self._malformed_due = now + COMPLAINT_SECONDS

    def _unusable(self, wall: float) -> tuple[int, int]:
        """Messages that yielded no pair so far, and pairs that are not finite."""
        malformed = sum(total(self._session.health(wall)).malformed.values())
        return malformed, self._session.monitor.window.nonfinite
