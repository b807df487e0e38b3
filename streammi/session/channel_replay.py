"""Recordings of many channels through a monitor again: the very same lines, unless the settings are others."""

from collections.abc import Callable

from streammi.config import options_of_channels
from streammi.monitor import Monitor
from streammi.recording.entries import Begin, Settings
from streammi.recording.reader import Recording
from streammi.session import diagnosis
from streammi.session.channel_outbox import Audience
from streammi.session.channel_session import ChannelSession
from streammi.session.diagnosis import Report
from streammi.session.replay import NOTHING, EntryReplay, progress_of
from streammi.system.spool import LineStream


class ChannelReplay(EntryReplay[ChannelSession]):
    """Of a monitor of many channels; its status is 1 where it had none."""

    monitor: Monitor | None = None  # of a pair: there is none

    def __init__(
        self,
        recording: Recording,
        lines: LineStream | None,
        settings: Callable[[Settings], Settings] = lambda recorded: recorded,
        device: str | None = None,
        audience: Audience | None = None,
    ) -> None:
        super().__init__(recording)
        self._lines, self._settings, self._audience = lines, settings, audience
        self._device = device

    def report(self, now: float) -> Report:
        """A first-aid report."""
        settings = {} if self._session is None else options_of_channels(self._session.settings)
        return diagnosis.report(now, settings, self.links(now), progress=progress_of(self))

    def _made(self, begin: Begin) -> ChannelSession:
        settings = self._settings(begin.settings)
        assert settings.channels is not None
        assert settings.feed is not None
        # Under other settings its tests begin elsewhere, and when they were done is not known.
        at_once = settings.channels != begin.settings.channels
        return ChannelSession(
            settings.channels, settings.feed, None, self._lines, begin.run, samples=settings.samples, at_once=at_once,
            say=self.notes.append, device=self._device, audience=self._audience,
        )  # fmt: skip

    def _ended(self) -> None:
        session = self._session
        if session is None:
            return
        session.close()
        if session.watched is None:
            self.status = NOTHING
            self.notes.append(f"no channels: {session.intake.why_waiting or 'no messages'}")
