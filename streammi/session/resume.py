"""Going on from a saved state: what was recorded behind it is taken first, and what was missed since is said."""

from collections.abc import Iterator
from typing import Protocol

from streammi.errors import ConfigError
from streammi.ingest.intake import Links
from streammi.recording.entries import Begin, Entry, Settings
from streammi.recording.framing import Position
from streammi.recording.reader import Recording, is_recording
from streammi.records.codec import State
from streammi.session.checkpoint import Checkpoint, Place, located
from streammi.system.log import Log, time_of_day
from streammi.system.signals import Stop


class Resumed(Protocol):
    """A session that goes on from a saved state."""

    catching_up: bool  # what is taken in was recorded by a run that may have said what comes of it

    @property
    def seq(self) -> int:
        """The newest reading's number."""

    @property
    def taken(self) -> int:
        """How many pairs or rows this run has taken in."""

    @property
    def counts(self) -> str:
        """The name of what it counts: pairs, rows."""

    @property
    def counted(self) -> int:
        """How many of these so far."""

    def restore(self, state: State) -> None:
        """Take up the state of a session with the same settings."""

    def apply(self, entry: Entry) -> None:
        """Take in what happened next, and say what comes of it."""

    def resume(self) -> None:
        """Go on after a pause of the monitor itself: what was sent meanwhile is not here."""


def resume_from(
    session: Resumed, settings: Settings, saved: Checkpoint, recording: str | None, log: Log, stop: Stop
) -> bool:
    """Let the session go on from what was saved, and from what was recorded behind it; whether all of it was recorded.

    ``recording`` is where it will be recorded further. When ``stop`` is requested on the way it is left half done.
    """
    try:
        session.restore(saved.session)
    except (LookupError, TypeError, ValueError, AttributeError, RecursionError) as error:  # whole, but not of this form
        why = f"{type(error).__name__}: {error}"
        rule = f"a state that this version of streammi can read, or another folder to begin anew ({why})"
        raise ConfigError("--state", rule, f"one saved at {time_of_day(saved.saved)}") from error
    session.catching_up = True
    recorded = _resume_from_recording(session, settings, saved, recording, log, stop)
    session.catching_up = False
    session.resume()
    return recorded


def _resume_from_recording(
    session: Resumed, settings: Settings, saved: Checkpoint, recording: str | None, log: Log, stop: Stop
) -> bool:
    before = session.counted
    log.say(f"going on from {before} {session.counts}, saved at {time_of_day(saved.saved)}")
    if saved.place is None:
        return False
    if recording is None or located(saved.place.recording) != located(recording):
        now = "is not given" if recording is None else f"is {recording}"
        log.warn(f"what was recorded since, at {saved.place.recording}, is not taken: --record {now}")
        return False
    recorded = _readable(recording)
    if recorded is None:
        log.warn(f"what was recorded since is gone: no recording can be read at {recording}")
        return False
    behind = Behind(saved.place)
    for entry in behind.entries(recorded):
        if stop.requested:
            return False
        if not isinstance(entry, Begin):
            session.apply(entry)
        elif (entry.settings.feed, entry.settings.join) != (settings.feed, settings.join):
            log.warn(f"{recording} goes on with another feed, which was left out")
            return False
        elif not entry.continues or entry.lost:  # a process that was killed before it saved anything, or a hole
            session.resume()
    for note in recorded.notes:
        log.warn(note)
    log.say(f"took {session.counted - before} more {session.counts} from {recording}")
    if behind.lacks:
        log.warn(f"{recording} {behind.lacks}: a replay will differ")
    return not behind.lacks


class Behind:
    """The entries behind a place in a recording; then ``lacks`` says what is not there of those before it."""

    def __init__(self, place: Place) -> None:
        self.lacks = ""
        self._place = place

    def entries(self, recorded: Recording) -> Iterator[Entry]:
        """All of them, in order."""
        place = Position(self._place.file, self._place.entries)
        reached, remade, later = 0, False, False
        for position, entry in recorded.entries(Position(place.file, 0)):
            if position.file == place.file:
                reached = position.records
                if isinstance(entry, Begin):  # somebody removed the files, and a later run made some of their names
                    remade = self._place.run not in (0, entry.run)
            later |= position.file > place.file
            if position > place or remade:
                yield entry
        if remade:
            self.lacks = "was made anew since the state was saved"
        elif 0 < reached < place.records or not (reached or later):
            # The state was brought to the disk at once, the recording when the system saw fit. Where the whole file is
            # gone but not what came behind it, it went at the recording's limit.
            self.lacks = f"lacks {place.records - reached} entries that the state holds"


def _readable(path: str) -> Recording | None:
    """The recording, None where there is nothing of one."""
    try:
        return Recording(path) if is_recording(path) else None
    except ConfigError:
        return None


class MissedReport:
    """Says once what was missed between the state that a monitor goes on from and the first messages after it."""

    def __init__(self, saved: float, links: Links) -> None:
        self._saved, self._links = saved, links

    def missed(self, links: Links, numbered: bool) -> str | None:
        """The sentence; None while a source has sent nothing yet."""
        if any(now.messages == then.messages for now, then in zip(links, self._links, strict=True)):
            return None
        since = f"since {time_of_day(self._saved)}"
        if sum(link.resets for link in links) > sum(link.resets for link in self._links):
            return f"how many samples are missing {since} is not known: the feed's numbers began again"
        if not numbered:
            return f"how many samples are missing {since} is not known: the feed does not number them"
        missing = sum(link.gaps for link in links) - sum(link.gaps for link in self._links)
        return f"{missing} samples are missing {since}, by the feed's own numbers"
