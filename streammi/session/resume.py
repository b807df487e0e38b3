"""Going on from a saved state: what was recorded behind it is taken first, and what was missed since is said."""

from pathlib import Path

from streammi.entries import Begin, Settings
from streammi.ingest.intake import Links
from streammi.ingest.recording import Recording, is_recording
from streammi.journal import Position
from streammi.session.checkpoint import Checkpoint, printable, time_of_day
from streammi.session.session import Session
from streammi.system.log import Log
from streammi.system.stop import Stop


def go_on(session: Session, settings: Settings, saved: Checkpoint, recording: str | None, log: Log, stop: Stop) -> bool:
    """Let the session go on from what was saved, and from what was recorded behind it; whether all of it was recorded.

    ``recording`` is where it will be recorded further. When ``stop`` is requested on the way it is left half done.
    """
    session.restore(saved.session)
    recorded = _go_on_recorded(session, settings, saved, recording, log, stop)
    session.resume()
    return recorded


def _go_on_recorded(
    session: Session, settings: Settings, saved: Checkpoint, recording: str | None, log: Log, stop: Stop
) -> bool:
    log.say(f"going on from {session.monitor.window.pairs} pairs, saved at {time_of_day(saved.saved)}")
    if saved.place is None or recording is None or saved.place.recording != printable(Path(recording).absolute()):
        return False
    if not is_recording(recording):
        log.warn(f"what was recorded since is gone: there is no {recording}")
        return False
    place, reached = Position(*saved.place[1:]), 0
    recorded, before = Recording(recording), session.monitor.window.pairs
    for position, entry in recorded.entries(Position(place.file, 0)):
        if position.file == place.file:
            reached = position.records
        if position <= place:
            continue
        if stop.requested:
            return False
        if not isinstance(entry, Begin):
            session.apply(entry)
        elif (entry.settings.feed, entry.settings.join) != (settings.feed, settings.join):
            log.warn(f"{recording} goes on with another feed, which was left out")
            return False
        elif not entry.continues:  # a process that was killed before it saved anything
            session.resume()
    for note in recorded.notes:
        log.warn(note)
    log.say(f"took {session.monitor.window.pairs - before} more pairs from {recording}")
    if reached < place.records:  # the state was brought to the disk at once, the recording when the system saw fit
        log.warn(f"{recording} lacks {place.records - reached} entries that the state holds: a replay will differ")
    return reached >= place.records


class Resumed:
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
