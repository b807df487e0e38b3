"""The format that a feed is in: as given, as its first messages show it, or as later ones have changed it."""

from typing import Any, Final

from streammi.errors import FeedError
from streammi.ingest.formats.content import Wanted
from streammi.ingest.formats.csv import is_csv_header
from streammi.ingest.formats.format import Bulk
from streammi.ingest.formats.packing import unpacked
from streammi.ingest.formats.registry import FORMATS, format_of, possible, recognise
from streammi.ingest.recognition import HELD, Found, Recogniser, decided, has_samples
from streammi.ingest.recognition_check import RecognitionCheck
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
        self._check = RecognitionCheck()
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
        return self.recogniser.release()

    # Once it is known ------------------------------------------------------------------------------------------------

    def look_again(self, messages: Messages, received: float) -> None:
        """See whether bytes of which the format is a guess still are it: others would be read all the same."""
        if self.is_packed:
            return
        seen = self._check.take(messages, received, self.name or "", self._wanted)
        if seen is None:
            return
        self.doubt = f"what came since speaks against it: {seen.doubt}; --format overrides it" if seen.doubt else ""
        if seen.other is not None:
            self._change_to(seen.other)

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

    def _change_to(self, found: Found) -> None:
        self.changed = f"the feed changed its format from {self.name} to {found.name}"
        self.note_read()
        self.is_guess, self.recognised, self.doubt = found.guess, str(found), ""
        self.use(found.name)
