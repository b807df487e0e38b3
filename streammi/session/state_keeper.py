"""The saving of a monitor's state, beside the loop that runs it, every so often and at the end."""

import time
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Final, Protocol

from streammi.config import check_same
from streammi.errors import ConfigError
from streammi.records.codec import State
from streammi.session.checkpoint import Checkpoint, Place, StateFolder
from streammi.system.log import time_of_day


class Kept(Protocol):
    """Something whose state is saved when it has changed."""

    changes: int  # without another one the state is the same

    def state(self) -> State:
        """All that what is said from now on depends on, which is its own no more."""


PAUSE_SHARE: Final = 0.01  # of the time that the loop may stand still to copy a state: a huge one is saved less often


class Keeper:
    """Saves what a session remembers, beside the loop that runs it, one state at a time.

    ``unsaved`` is true from a write that failed to one that worked; ``notes`` say both. Raises ConfigError for a
    folder that cannot be used, or whose state was made with other settings.
    """

    def __init__(self, path: str, settings: dict[str, str], every_s: float) -> None:
        self.notes: list[str] = []  # what somebody should act on; the application says them
        self.unsaved = False
        self.newest: tuple[float, int] | None = None  # wall clock and bytes of the newest state on the disk
        self._folder = StateFolder(path)
        self._settings, self._every = settings, every_s
        self._due = self._wait = 0.0
        self._thread = ThreadPoolExecutor(1, "checkpoint")
        self._writing: tuple[float, int, Future[int]] | None = None  # since when, what state of the session, and how
        self._kept = -1  # which state of the session is on the disk
        try:
            self.saved = self._folder.newest()  # what there is to go on from
            if self.saved is not None:
                self._check_same(self.saved.settings)
        except ConfigError:
            self.close()
            raise
        self.saved_at = None if self.saved is None else self.saved.saved
        self.notes += self._folder.notes
        if self.saved is not None and self._folder.damaged:
            self.notes.append(f"going on from the other state: what came after {time_of_day(self.saved.saved)} is lost")
        elif self._folder.damaged:
            self.notes.append(f"no whole state is left in {path}: beginning anew")

    def hand_over(self) -> Checkpoint:
        """The state to go on from, which is then no longer kept here: it is as large as the monitor."""
        assert self.saved is not None
        saved, self.saved = self.saved, None
        return saved

    @property
    def summary(self) -> str:
        """The last state that was saved, in words."""
        if self.newest is None:
            return f"nothing yet in {self._folder.path}"
        return f"{self.newest[1]} bytes in {self._folder.path} at {time_of_day(self.newest[0])}"

    def keep(self, session: Kept, place: Place | None, now: float) -> bool:
        """Begin to save the session when it is time to; ``place`` is behind what it has taken of the recording.

        A feed that is silent costs no writing: what is on the disk already is not saved again.
        """
        self._note_written()
        if self._writing is not None or self._due - self._wait <= now < self._due or session.changes == self._kept:
            return False
        start = time.perf_counter()
        checkpoint = Checkpoint(self._settings, now, session.state(), place)
        self._wait = max(self._every, (time.perf_counter() - start) / PAUSE_SHARE)
        self._due = now + self._wait
        self._writing = now, session.changes, self._thread.submit(self._folder.write, checkpoint)
        return True

    def keep_last(self, session: Kept, place: Place | None, now: float) -> None:
        """Save the session, and wait until it is saved."""
        if self._writing is not None:
            wait([self._writing[2]])
        self._due = 0.0
        self.keep(session, place, now)
        self.close()

    def close(self) -> None:
        """Wait for the state that is being written, and let others use the folder."""
        self._thread.shutdown()
        self._note_written()
        self._folder.close()

    def _check_same(self, then: dict[str, str]) -> None:
        try:
            check_same(self._settings, then)
        except ConfigError as error:
            raise self._folder.refusal(error) from None

    def _note_written(self) -> None:
        """Take note of how the writing ended."""
        if self._writing is None or not self._writing[2].done():
            return
        (saved, changes, writing), self._writing = self._writing, None
        error = writing.exception()
        if error is None:
            self.newest, self._kept = (saved, writing.result()), changes
            if self.unsaved:
                self.notes.append("the state is saved again")
            self.unsaved = False
        elif not isinstance(error, OSError):
            raise error
        else:
            if not self.unsaved:
                self.notes.append(f"cannot save the state in {self._folder.path} ({error.strerror}): going on without")
            self.unsaved = True
