"""The messages of a monitor of many channels to whoever runs it."""

from typing import Final

from msgspec.structs import replace

from streammi.recording.entries import LinkChanged
from streammi.records import LinkHealth
from streammi.session.channel_session import ChannelSession
from streammi.session.log_messages import COMPLAINT_SECONDS, LogMessages, Operator

LOOK_SECONDS: Final = 0.1  # between two looks at what there is to say


class ChannelLogMessages(LogMessages):
    """Says what becomes of a monitor of many channels."""

    def __init__(self, session: ChannelSession, operator: Operator) -> None:
        super().__init__(operator)
        self._session = session
        self._look_due = self._noted = 0.0
        self._note = ""
        self._unusable = sum(session.health(0.0).malformed.values())

    def turn(self, wall: float, now: float) -> None:
        """The loop has turned: say what there is to say, a few times a second."""
        session = self._session
        self._service.alive(now, lambda: f"{session.rows:,} rows of {len(session.intake.names)} channels")
        if now < self._look_due:
            return
        self._look_due = now + LOOK_SECONDS
        link = session.health(wall)
        self._say_missed((link,), session.intake.numbered)
        if now - self._noted >= COMPLAINT_SECONDS or not self._note:
            self._say_unusable(link, now)
        self._say_notes()

    def link(self, change: LinkChanged, before: LinkHealth) -> None:
        """Say that the link has changed; its note is said with those on the channels."""
        if change.state != before.state:
            super().link(replace(change, note=""), before)

    def sum_up(self) -> None:
        """Say why there were no channels."""
        if self._session.watched is None and (why := self._session.intake.why_waiting):
            self._log.say(f"no channels: {why}")

    def _say_unusable(self, link: LinkHealth, now: float) -> None:
        unusable = sum(link.malformed.values())
        if link.note and link.note not in (self._note, self._session.said_at_first):
            self._note, self._noted = link.note, now
            self._log.warn(f"{link.endpoint}: {link.note}", endpoint=link.endpoint)
        if unusable > self._unusable:
            reasons = ", ".join(f"{count:,} {reason}" for reason, count in link.malformed.items())
            self._unusable, self._noted, self._note = unusable, now, self._note or reasons
            self._log.warn(f"{unusable:,} messages cannot be used so far: {reasons}", endpoint=link.endpoint)
