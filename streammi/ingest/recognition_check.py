"""A guess is looked at again: whether raw pairs still are what they were taken for, also after a restart."""

from typing import Any, Final, NamedTuple

from streammi.errors import FeedError
from streammi.ingest.formats.content import Wanted
from streammi.ingest.formats.magic import named
from streammi.ingest.formats.registry import FORMATS
from streammi.ingest.recognition import HELD, Found, decided
from streammi.network.frames import Frames, Messages

EVERY: Final = 1.0  # s: looking takes a fifth of a millisecond
KEPT: Final = 4096  # bytes of a payload, which show what it is; with what is left over of whole pairs
PAIR: Final = 16  # bytes


class Seen(NamedTuple):
    """The finding of a second look: another format that it is now, or what speaks against the one it was."""

    other: Found | None = None
    doubt: str = ""


class RecognitionCheck:
    """Looks once a second at the next messages of a feed that was taken for raw pairs by a guess.

    >>> import numpy as np
    >>> look, values = RecognitionCheck(), np.random.default_rng(1).normal(20, 2, (12, 2))
    >>> look.take([[pair.tobytes()] for pair in values], 0.0, "pairs", Wanted(("0", "1")))
    Seen(other=None, doubt='')
    >>> look.take([[pair.tobytes()] for pair in values], 1.5, "pairs32", Wanted(("0", "1"))).other.name
    'pairs'
    """

    def __init__(self) -> None:
        self._seen: list[Frames] = []
        self._next = 0.0

    def take(self, messages: Messages, received: float, name: str, wanted: Wanted) -> Seen | None:
        """Look at messages that came at ``received``; None while there is nothing new to say."""
        if received < self._next:
            return None
        newest = messages[: HELD - len(self._seen)]
        self._seen += [[_cut(frames[-1])] for frames in newest if any(frames) and _may_be(name, frames)]
        seen = self._judged(name, wanted) if self._seen else None
        if seen is not None:
            self._seen, self._next = [], received + EVERY
        return seen

    def forget(self) -> None:
        """What was seen was in another format."""
        self._seen = []

    def state(self) -> list[Any]:
        """The state that ``restore`` needs."""
        return [[list(frames) for frames in self._seen], self._next]

    def restore(self, state: list[Any]) -> None:
        """Take up a saved state."""
        self._seen, self._next = state

    def _judged(self, name: str, wanted: Wanted) -> Seen | None:
        judge = FORMATS[name].judge
        enough = len(self._seen) >= HELD
        if judge is None:
            return Seen()
        if what := next(filter(None, (named(frames[-1]) for frames in self._seen)), ""):
            return Seen(doubt=what)
        fits, why, _ = judge(self._seen, False)
        if fits is None:
            return Seen() if enough else None
        if fits:
            return Seen()
        try:
            other = decided(self._seen, wanted, False)
        except FeedError:
            other = None
        if other is not None and other.name != name:
            return Seen(other)
        return Seen(doubt=f"as {name} {why}") if enough else None


def _may_be(name: str, frames: Frames) -> bool:
    """True if a message is read in this format; what is not is refused, and said, without a second look."""
    return FORMATS[name].recognise(frames) or bool(frames[-1] and named(frames[-1]))


def _cut(payload: bytes) -> bytes:
    return payload if len(payload) <= KEPT else payload[: KEPT + len(payload) % PAIR]
