"""The format that a feed is in: as given, as its first messages show it, or as later ones have changed it."""

from typing import Any, Final

from streammi.errors import FeedError
from streammi.ingest.formats.content import Wanted
from streammi.ingest.formats.csv import is_csv_header
from streammi.ingest.formats.format import Bulk
from streammi.ingest.formats.packing import unpacked
from streammi.ingest.formats.registry import FORMATS, format_of, possible, recognise
from streammi.ingest.recognition import HELD, Found, Recogniser, decided, has_samples
from streammi.ingest.recognition_check import RecognitionCheck, Seen
from streammi.ingest.restart_check import RestartCheck
from streammi.network.frames import Frames, Messages

MAX_STRANGE: Final = 1 << 16  # bytes of a message that is remembered though it cannot be read
SWITCH_AFTER: Final = 5  # messages in a row in one other format: then the feed has changed, not just one message


class FeedFormat:
    """How a feed's messages are read, one at a time (``row``) or many (``bulk``; None: only with ``in_bulk``).

    ``settled`` is false until that is known; ``is_guess`` says whether it may be wrong. ``recognised`` is on what it
    rests, ``doubt`` what has come since that speaks against it, and ``changed`` what became of it; ``hint`` is what a
    person should know of the newest message; empty for nothing.
    """

    def __init__(self, name: str, wanted: Wanted, *, in_bulk: bool = True) -> None:
        self._wanted, self._in_bulk = wanted, in_bulk
        self._auto = name == "auto"
        self.name: str | None = None  # None: not known yet
        self.row = format_of("json" if self._auto else name)
        self.bulk: Bulk | None = None
        self.settled, self.is_guess, self.is_packed = not self._auto, False, False
        self.recognised = self.doubt = self.changed = self.hint = ""
        self.recogniser = Recogniser(wanted)
        self._check, self._restart = RecognitionCheck(), RestartCheck()
        self._unlooked = 0  # messages that were read since bytes that are a guess were looked at last
        self._before = ""  # the format that the feed was in, as long as it is looked for anew
        self._other = "", 0  # the other format of the last messages, and how many they were
        self._strange: list[Frames] = []  # the last messages in a row that do not say which other format they are in
        self.contested = False  # the last message was in another format, or in none
        if not self._auto:
            self.use(name)

    def state(self) -> dict[str, Any]:
        """Its memory, as plain values, sets, tuples and arrays."""
        return {
            "format": self.name,
            "settled": self.settled,
            "recogniser": self.recogniser.state(),
            "recognised": self.recognised,
            "guess": self.is_guess,
            "second_look": self._check.state(),
            "restart": self._restart.state(),
            "unlooked": self._unlooked,
            "before": self._before,
            "doubt": self.doubt,
            "packed": self.is_packed,
            "hint": self.hint,
            "other": self._other,
            "strange": [list(frames) for frames in self._strange],
            "changed": self.changed,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Take up the saved state of a feed with the same settings."""
        self.is_packed, self.hint = state["packed"], state["hint"]
        if state["format"] is not None:
            self.use(state["format"])
        self.settled, self._other, self.changed = state["settled"], tuple(state["other"]), state["changed"]
        self.recognised, self.is_guess, self._strange = state["recognised"], state["guess"], state["strange"]
        self.contested = self._other[1] > 0 or bool(self._strange)
        self._check.restore(state["second_look"])
        self._restart.restore(state["restart"])
        self._unlooked, self._before = state["unlooked"], state["before"]
        self.doubt = state["doubt"]
        self.recogniser.restore(state["recogniser"])

    def use(self, name: str) -> None:
        """Read messages in this format from now on."""
        if name == self.name:
            return
        self.name, self.row = name, format_of(name)
        bulk = self.row.bulk
        # Packed raw bytes would be read as they are.
        reads_bulk = self._in_bulk and not (self.is_packed and self.row.judge is not None)
        self.bulk = bulk(self._wanted) if bulk is not None and reads_bulk else None

    # Before it is known ----------------------------------------------------------------------------------------------

    def find(self, frames: Frames, max_bytes: int) -> tuple[Found | None, Frames]:
        """The format that the next message shows, unless it is held back to know more; and the message, unpacked.

        FeedError for one that is in no format.
        """
        plain = unpacked(frames, max_bytes)
        packed = plain is not frames
        self.is_packed |= packed
        if plain[-1] and is_csv_header(plain, self._wanted.paths) and recognise(plain) is None:
            found: Found | None = Found("csv", "as its header is", False)
        else:
            found = self.recogniser.take(plain)
        if packed and found is not None and not found.guess:
            found = found._replace(why=f"packed by zlib, {found.why}")
        return found, plain

    def settle(self, found: Found | None) -> list[Frames]:
        """Take this for what the feed is in, if it is known; returns the messages that were held back until then."""
        if found is None:
            return []
        self.settled, self.is_guess, self.recognised = True, found.guess, str(found)
        self.use(found.name)
        self.changed = _change(self._before, found.name) or self.changed
        self._before = ""
        held = self.recogniser.release()
        if self._is_raw_guess:
            self._restart.learn(held, found.name, self._wanted)
        return held

    # Once it is known ------------------------------------------------------------------------------------------------

    def look_again(self, messages: Messages, received: float) -> None:
        """See whether bytes of which the format is a guess still are it: others would be read all the same."""
        if self.is_packed or not self.is_guess:
            return
        if self._restart.is_busy:
            self._unlooked += len(messages)
            return
        seen = self._check.take(messages, received, self.name or "", self._wanted)
        if seen is None:
            self._unlooked += len(messages)
            return
        if self._is_raw_guess and seen == Seen():
            self._restart.learn(messages[:HELD], self.name or "", self._wanted)
            self._unlooked = 0
        self.doubt = f"what came since speaks against it: {seen.doubt}; --format overrides it" if seen.doubt else ""
        if seen.other is not None:
            self._change_to(seen.other)
        self._unlooked += len(messages)

    def restarted(self) -> None:
        """There is a new connection, so the sender may be another: a guess holds no longer without a look."""
        if not self.is_guess:
            return
        if self.is_packed:
            self._look_anew()
        elif self._is_raw_guess:
            self._restart.begin()

    def known(self, messages: Messages) -> int:
        """So many of these messages, from the first on, may be read as the feed is known to be; ``hold`` the others."""
        return self._restart.like(messages, self.name or "", self._wanted)

    def hold(self, messages: Messages, *, final: bool = False) -> tuple[Messages, Messages]:
        """Hold messages that are unlike those before; returns what is to be read now that it is known how, and others
        that are still to be looked at.
        """
        check = self._restart
        for k, frames in enumerate(messages, 1):
            if read := self._resolved(check.hold(frames) or self._says_what_it_is(frames)):
                return read, messages[k:]
        return self._resolved(True) if final and check.held else [], []

    @property
    def waiting(self) -> str:
        """Why messages are held back, in words; empty where none are."""
        held = len(self._restart.held)
        if not held:
            return ""
        return f"values unlike those before: {held} messages wait until it is known whether they are {self.name} still"

    @property
    def _is_raw_guess(self) -> bool:
        return self.is_guess and not self.is_packed and self.row.judge is not None

    def _says_what_it_is(self, frames: Frames) -> bool:
        return not any(FORMATS[name].judge for name in possible(frames))

    def _resolved(self, final: bool) -> list[Frames]:
        """What was held back, once it is known what it is, or no more may wait; empty before that."""
        try:
            found = decided(self._restart.held, self._wanted, final, look=lambda payloads: "")
        except FeedError:
            found = None
        if found is None and not final:
            return []
        if found is not None and self._restart.is_still(self.name or "", found.name, self._wanted):
            found = found._replace(name=self.name or "")
        held = self._restart.release()
        if found is None:  # as at the start: what is no pairs is refused
            self._look_anew()
        elif found.name != self.name:
            self._change_to(found, 0)
            self._restart.learn(held, found.name, self._wanted)
        else:
            self._restart.learn(held, self.name or "", self._wanted)
        return held

    def _look_anew(self) -> None:
        """Know no more than at the start."""
        self._before, self.name, self.bulk = self.name or "", None, None
        self.settled = self.is_guess = False
        self.recognised = self.doubt = ""
        self._restart.forget()
        self._check.forget()

    def note_read(self) -> None:
        """A message could be read: those before it in another format were none of a row."""
        self._other, self._strange, self.contested = ("", 0), [], False

    def change(self, frames: Frames, error: FeedError) -> None:
        """Take in a message that cannot be read in the feed's format: FeedError, unless the feed has changed it."""
        if not self._auto:
            raise error
        self.contested = True
        name = recognise(frames)
        if name is not None:
            self._strange = []
        found = self._of_strangers(frames) if name is None else Found(name, "as the last messages are", False)
        if found is None or found.name == self.name or not has_samples(FORMATS[found.name], frames, self._wanted):
            raise error
        count = self._other[1] + 1 if self._other[0] == found.name else max(len(self._strange), 1)
        self._other = found.name, count
        if count < SWITCH_AFTER:
            raise FeedError("other format", f"{found.name} in a feed of {self.name}")
        self._change_to(found)

    def _of_strangers(self, frames: Frames) -> Found | None:
        """The format of the last messages in a row that do not say it themselves, with this one; None: not known."""
        if sum(map(len, frames)) > MAX_STRANGE or not possible(frames):
            self._strange = []
            return None
        self._strange = [*self._strange[1 - HELD :], frames]
        try:
            return decided(self._strange, self._wanted, False)
        except FeedError:
            return None

    def _change_to(self, found: Found, misread: int | None = None) -> None:
        misread = self._unlooked if misread is None else misread
        self.changed = _change(self.name or "", found.name)
        if misread and self.is_guess:
            self.changed += f"; up to {misread:,} messages before that were read as {self.name}, and count"
        self._unlooked = 0
        self._restart.forget()
        self._check.forget()
        self.note_read()
        self.is_guess, self.recognised, self.doubt = found.guess, str(found), ""
        self.use(found.name)


def _change(before: str, after: str) -> str:
    return f"the feed changed its format from {before} to {after}" if before and before != after else ""
