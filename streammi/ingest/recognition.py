"""The format of a feed, from its first messages. What says what it is settles it; raw bytes only with evidence."""

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple, NoReturn

from streammi.errors import FeedError
from streammi.ingest.formats.alternatives import STRUCT, Instead, instead
from streammi.ingest.formats.content import Wanted
from streammi.ingest.formats.csv import numbers_in_line
from streammi.ingest.formats.format import Format
from streammi.ingest.formats.json_text import parse_json
from streammi.ingest.formats.magic import named, named_text
from streammi.ingest.formats.other_texts import TEXTS, in_words
from streammi.ingest.formats.pairs import BESIDE
from streammi.ingest.formats.protobuf import protobuf
from streammi.ingest.formats.registry import FORMATS, possible, recognise
from streammi.ingest.formats.samples import samples
from streammi.ingest.side_frame import is_beside
from streammi.network.frames import Frames, Messages, is_text

HELD: Final = 20  # messages that may wait until it is known what they are
DROPPED_SHARE: Final = 0.15  # of the messages that are held: so many among them may be none, which are left out
HELD_BYTES: Final = 4 << 20  # of them all
AGREEING: Final = 3  # messages in one format, each of which may be in it by chance
LATEST: Final = 2 * AGREEING  # messages, of which that many are in one format, where others were in none


class Found(NamedTuple):
    """A feed's format, and what that rests on; a guess may be wrong."""

    name: str
    why: str
    guess: bool

    def __str__(self) -> str:
        row = FORMATS[self.name]
        if not self.guess:
            return f"read as {self.name} ({row.frames}), {self.why}; --format FORMAT overrides it"
        return f"a guess: {self.name} ({row.frames}), {self.why}; --format {self.name} if that is right, else another"


class Doubted(FeedError):
    """A refusal that more messages may lift: of few, pairs may look like something else by chance."""


class Recogniser:
    """Takes a feed's messages until it is known what they are.

    ``held`` are those from which that could not be told yet; nothing is read of them before it is known.

    >>> import numpy as np
    >>> recogniser = Recogniser(Wanted(("0", "1")))
    >>> for pair in np.random.default_rng(1).normal(20, 2, (11, 2)):
    ...     found = recogniser.take([pair.tobytes()])
    >>> found.name, found.why, len(recogniser.held)
    ('pairs', 'from 11 messages of 16 bytes: x 18.4 to 21.8, y 17.4 to 21.6', 11)
    """

    def __init__(self, wanted: Wanted) -> None:
        self.held: list[Frames] = []
        self.refused = 0  # messages that the last FeedError stands for
        self._wanted = wanted
        self._size = 0  # bytes held
        self._dropped = 0  # messages that came among those that are held, and cannot be what these are
        self._texts_refused = False
        self._payloads: list[bytes] = []  # the newest, of which one alone does not show what it is instead
        self._latest: list[str] = []  # formats that the latest messages were in, maybe by chance
        self._instead = Instead()
        self._refused_once = False  # raw bytes that were none of these: then others need more evidence
        self._doubted = False  # those that are held, once: likewise

    def take(self, frames: Frames) -> Found | None:
        """The format that the next message shows; None where that is too little, and it is held.

        FeedError for what is known to be in no format; the messages that it stands for are not held any more.
        """
        self.refused = 1
        self._latest = [*self._latest[1 - LATEST :], ""]
        name = recognise(frames)
        if name is not None and self._are_many(name):
            return Found(name, "as the first messages are", False)
        self._payloads = [*self._payloads[1 - HELD :], *frames[-1:]]
        names = possible(frames)
        if name is not None and not (self.held and any(FORMATS[one].judge for one in names)):
            raise FeedError("not recognised", f"{name}, maybe by chance: messages before it were in no format")
        if not names or named(frames[-1]):
            self._refused_once |= not is_text(frames[-1])
            raise unrecognised(frames, self._wanted, self._payloads, self._instead)
        if self._is_prose(frames) and self._are_prose():
            if self.held or self._texts_refused or not set(self._wanted.paths) <= {"0", "1"}:
                self.held.append(frames)
                self._refuse_texts()
            self._hold(frames)  # floats may be letters by chance: the next message shows it
            return None
        if all(FORMATS[name].judge for name in names) and not set(self._wanted.paths) <= {"0", "1"}:
            words = self._instead(self._payloads)
            raise FeedError(
                "not recognised", f"{len(frames[-1])} bytes without names (raw pairs have 0 and 1); {words or STRUCT}"
            )
        self._hold(frames)
        return self._decide(len(self.held) >= HELD or self._size > HELD_BYTES)

    def _are_many(self, name: str) -> bool:
        """True if a message shows its format: behind messages in none, a line of a picture may be CSV by chance."""
        if not FORMATS[name].by_chance:
            return True
        if not (self._refused_once or any(name not in possible(held) for held in self.held)):
            return True
        self._latest[-1] = name
        return self._latest.count(name) >= AGREEING

    def end(self) -> Found | None:
        """The format of the messages that are held, now that no more will come; None where there are none."""
        if self.held and self._are_prose():
            self._refuse_texts()
        return self._decide(True) if self.held else None

    def release(self) -> list[Frames]:
        """The messages that are held, which are held no more."""
        held, self.held, self._size, self._dropped, self._doubted = self.held, [], 0, 0, False
        return held

    def state(self) -> list[Any]:
        """Plain values and arrays that ``restore`` takes."""
        held = [list(frames) for frames in self.held]
        return [held, self._refused_once, self._texts_refused, self._latest, self._dropped, self._doubted]

    def restore(self, state: list[Any]) -> None:
        """Take up a saved state."""
        self.held, self._refused_once, self._texts_refused, self._latest, self._dropped, self._doubted = state
        self._size = sum(len(frame) for frames in self.held for frame in frames)

    def _hold(self, frames: Frames) -> None:
        self.held.append(frames)
        self._size += sum(map(len, frames))

    def _are_prose(self) -> bool:
        return all(map(self._is_prose, self.held))

    def _is_prose(self, frames: Frames) -> bool:
        """True for a text without values in any format, be it by chance, unless it is floats with a byte of no text."""
        if not is_text(frames[-1]):
            return False
        rows = [FORMATS[name] for name in possible(frames)]
        if any(row.judge for row in rows) and not _is_utf8(frames[-1]):
            return False
        return not any(row.judge is None and has_samples(row, frames, self._wanted) for row in rows)

    def _refuse_texts(self) -> NoReturn:
        """Refuse texts in no format, one of which was held because it might be floats."""
        self._texts_refused = True
        held = self.release()
        self.refused = len(held)
        raise unrecognised(held[-1], self._wanted)

    def _what_else(self) -> str:
        return self._instead(self._payloads)

    def _decide(self, final: bool) -> Found | None:
        """The format of all that is held; FeedError where it is none."""
        try:
            found = decided(self.held, self._wanted, final, self._payloads, self._instead)
            # Of what is by chance, those that might be pairs are held, and are more and more: the others count as well.
            if found is not None and self._dropped > DROPPED_SHARE * len(self.held):
                others = f"{self._dropped} messages among them cannot be"
                raise FeedError("not recognised", f"{found.why}, but {others}; {self._what_else()}")
            if found is None or len(self.held) >= HELD or not (self._refused_once or self._doubted):
                return found
            if final and self._refused_once:
                raise FeedError("not recognised", f"{found.why}, after messages that were none")
            return found if final else None
        except FeedError as error:
            if isinstance(error, Doubted) and not final:
                self._doubted = True
                return None
            self._refused_once = True
            if not final and len(self.held) > 1 and not _may_be(self.held[-1], self._wanted):
                self._size -= sum(map(len, self.held.pop()))  # this one alone is no such message
                self._dropped += 1
                raise
            self.refused = len(self.release())
            raise


def decided(
    messages: Messages,
    wanted: Wanted,
    final: bool,
    payloads: Sequence[bytes] = (),
    look: Callable[[list[bytes]], str] = instead,
) -> Found | None:
    """The format of messages that may each be in it by chance; None: that cannot be told yet; FeedError: none.

    ``final``: nothing more will come that could tell. ``payloads``: the newest, for what they may be instead, by
    ``look``.
    """
    names = set(FORMATS).intersection(*map(possible, messages))
    rows = [row for row in FORMATS.values() if row.name in names]
    fitting: list[Found] = []
    waiting = False
    sure = True
    doubts: list[str] = []
    for row in rows:
        if row.judge is None:
            if all(has_samples(row, frames, wanted) for frames in messages):
                enough = final or len(messages) >= AGREEING
                fitting += [Found(row.name, f"as {_many(messages)} are", True)] * enough
                waiting |= not enough
            else:
                doubts.append(f"as {row.name} they have no values at {' and '.join(map(repr, wanted.paths))}")
            continue
        fits, why, is_sure = row.judge(messages, final)
        if fits:
            fitting.append(Found(row.name, f"from {_many(messages)}: {why}", True))
        elif fits is None and not final:
            waiting = True
        else:
            doubts.append(f"as {row.name} {why}")
            sure &= is_sure
    if waiting and not fitting:
        return None
    if waiting and FORMATS[fitting[0].name].judge is not None:
        return None
    if fitting:
        return fitting[0]
    other = look([*payloads] or [frames[-1] for frames in messages if frames])
    kind = FeedError if sure else Doubted
    raise kind("not recognised", f"{_many(messages)}: {'; '.join(doubts)}; {other}")


def has_samples(row: Format, frames: Frames, wanted: Wanted) -> bool:
    """True if a message has samples in this format; a message that is a part of one, as far as it can be told."""
    try:
        content = row.read(
            frames, Wanted(wanted.paths, wanted.t, wanted.seq, wanted.labels, wanted.keyed, wanted.partial, {})
        )
        return content is None or bool(samples(content, wanted))
    except FeedError:
        return False


def unrecognised(
    frames: Frames,
    wanted: Wanted,
    refused: Sequence[bytes] = (),
    look: Callable[[list[bytes]], str] = instead,
) -> FeedError:
    """Says what a message in none of the formats is not; by payloads that were ``refused``, ``look`` says what else."""
    payload = next((frame for frame in reversed(frames) if frame), b"")
    if what := named(payload):
        return FeedError("other format", what)
    behind = is_beside(payload) and len(frames) > 1 and not is_text(frames[-2])
    if is_text(payload) and not behind:
        return _not_json(payload)
    if set(wanted.paths) <= {"0", "1"}:
        if (behind or len(frames) > 2) and any(possible([frame]) for frame in frames[-2:] if frame):
            return FeedError("wrong frames", f"{len(frames)} frames, not a topic and pairs; {BESIDE}")
        return FeedError("odd length", f"{len(payload)} bytes are no pairs; {look([*(refused or [payload])])}")
    if fields := protobuf([*refused]):
        return FeedError("other format", f"they may be Protocol Buffers ({fields}), which have no names in them")
    return FeedError("other format", f"of no format known: {payload[:20]!r}; {STRUCT}")


def _not_json(payload: bytes) -> FeedError:
    if what := named_text(payload):
        return FeedError("other format", what)
    if payload.lstrip()[:1] not in (b"{", b"["):
        return FeedError("not JSON", f"{payload[:40]!r}; {in_words(payload) or numbers_in_line(payload) or TEXTS}")
    try:
        parse_json(payload)
    except FeedError as error:
        return error
    return FeedError("not JSON", repr(payload[:40]))


def _may_be(frames: Frames, wanted: Wanted) -> bool:
    try:
        decided([frames], wanted, False)
    except FeedError as error:
        return isinstance(error, Doubted)
    return True


def _is_utf8(payload: bytes) -> bool:
    try:
        payload.decode()
    except UnicodeDecodeError:
        return False
    return True


def _many(messages: Messages) -> str:
    sizes = {sum(map(len, frames[-1:])) for frames in messages}
    least, most = f"{min(sizes):,}", f"{max(sizes):,}"
    of = least if least == most else f"{least} to {most}"
    return f"a message of {of} bytes" if len(messages) == 1 else f"{len(messages)} messages of {of} bytes"
