"""Recordings of many devices through a monitor again: the very same lines, unless the settings are others."""

from collections.abc import Callable

from streammi.config import options_of
from streammi.monitor import Monitor
from streammi.publish.outbox import LineForm
from streammi.recording.entries import Begin, Settings
from streammi.recording.reader import Recording
from streammi.session import diagnosis
from streammi.session.diagnosis import Report
from streammi.session.keyed_session import KeyedSession
from streammi.session.replay import NOTHING, EntryReplay, progress_of
from streammi.system.spool import LineStream


class KeyedReplay(EntryReplay[KeyedSession]):
    """Of a monitor of many devices; its status is 1 where there was none."""

    monitor: Monitor | None = None  # of one pair: there is none

    def __init__(
        self,
        recording: Recording,
        lines: LineStream,
        settings: Callable[[Settings], Settings] = lambda recorded: recorded,
        form: LineForm = "jsonl",
    ) -> None:
        super().__init__(recording)
        self._lines, self._settings, self._form = lines, settings, form

    def report(self, now: float) -> Report:
        """A first-aid report."""
        settings = {} if self._session is None else options_of(self._session.monitor.config.pair)
        return diagnosis.report(now, settings, self.links(now), progress=progress_of(self))

    def _made(self, begin: Begin) -> KeyedSession:
        settings = self._settings(begin.settings)
        assert settings.keys is not None
        assert settings.feed is not None
        return KeyedSession(
            settings.keys, settings.feed, None, self._lines, begin.run, form=self._form, samples=settings.samples
        )

    def _ended(self) -> None:
        session = self._session
        if session is None:
            return
        self.notes += session.monitor.notes
        if not session.decoder.pairs:
            self.status = NOTHING
            self.notes.append(f"no pairs of any key: {session.decoder.detail or 'no messages'}")
