"""The messages of a monitor of many devices to whoever runs it."""

from typing import Final

from streammi.session.keyed_session import KeyedSession
from streammi.session.log_messages import COMPLAINT_SECONDS, LogMessages, Operator

LOOK_SECONDS: Final = 0.1  # between two looks at what there is to say
LATE_SECONDS: Final = 5.0  # for which readings wait, or for as long as is between two of a key: then that is said


class KeyedLogMessages(LogMessages):
    """Says what becomes of a monitor of many devices."""

    def __init__(self, session: KeyedSession, operator: Operator) -> None:
        super().__init__(operator)
        self._session = session
        self._look_due = self._complaint_due = 0.0
        self._unusable = self._malformed

    def turn(self, wall: float, now: float) -> None:
        """The loop has turned: say what there is to say, a few times a second, and complaints once a minute."""
        self._service.alive(now, lambda: f"{len(self._session.monitor.windows):,} keys")
        if now < self._look_due:
            return
        self._look_due = now + LOOK_SECONDS
        if self._missed is not None:
            self._say_missed((self._session.health(wall),), False)
        self._say_notes()
        if now >= self._complaint_due and self._complained():
            self._complaint_due = now + COMPLAINT_SECONDS

    def end(self) -> None:
        """Say what is left to say."""
        self._complained()
        super().end()

    def sum_up(self) -> None:
        """Say how many pairs of how many keys there were."""
        windows = self._session.monitor.windows
        self._log.say(f"{self._session.taken:,} pairs of {len(windows):,} keys, {windows.refused:,} refused")

    def _say_notes(self) -> None:
        notes = self._session.monitor.notes
        while notes:
            self._log.warn(notes.pop(0))
        super()._say_notes()

    def _complained(self) -> bool:
        """Say what could not be used since the last time, and that readings are late; whether there was anything."""
        session, unusable = self._session, self._malformed
        more, self._unusable = unusable - self._unusable, unusable
        if more:
            self._log.warn(f"messages or pairs that could not be used: {more}, the newest: {session.decoder.detail}")
        every = session.monitor.config.pair.every
        late = self.waited > max(every.seconds or 0.0, LATE_SECONDS)
        if late:
            words = f"readings come late: for {self.waited:.0f} s more were due than could be made (--every {every})"
            self._log.warn(words)
        return bool(more or late)

    @property
    def _malformed(self) -> int:
        return sum(self._session.decoder.malformed.values())
