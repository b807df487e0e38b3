"""The facts that a file of this folder gives of its format."""

from collections.abc import Callable
from typing import Any, Final, NamedTuple, Protocol

from streammi.ingest.formats.content import Content, Places, Samples, Wanted
from streammi.ingest.formats.evidence import Judgement
from streammi.network.frames import Frames, Messages, is_text

SHORT: Final = 64  # bytes, which can be decoded in more than one way


class Bulk(Protocol):
    """Reads runs of messages that are like one that was read before."""

    def learn(self, content: Content, places: Places | None) -> None:
        """Expect messages like this one."""

    def read_run(self, messages: Messages, start: int) -> tuple[int, Samples | None]:
        """Read messages from ``start`` on, up to the first that is different; returns its index."""


def by_number(frames: Frames, memory: dict[str, Any]) -> tuple[str, ...]:
    """The paths of columns, to ask a message for whose parts have no names."""
    return ("0", "1")


def never(frames: Frames) -> bool:
    """No message is in a format by chance that says what it is."""
    return False


def says_little(decoded: Callable[[], Any], payload: bytes) -> bool:
    """True if what is decoded may be there by chance: a few bytes without a name among them."""
    if len(payload) >= SHORT:  # and decoding it may take long
        return False
    tree = decoded()
    while isinstance(tree, list) and tree:
        tree = tree[0]
    names = (key for key in tree if isinstance(key, str)) if isinstance(tree, dict) else ()
    return not any(is_text(name.encode("utf-8", "replace")) for name in names)


class Format(NamedTuple):
    """A row of the table of formats.

    ``recognise`` may raise FeedError, which means no. ``read`` returns None where there is nothing of interest, and
    raises FeedError where a message cannot be read. Those with one sample a message at high rates have a ``bulk``. Raw
    bytes have a ``judge``: one message is not enough.
    """

    name: str
    frames: str  # what a message consists of
    paths: str  # what --x and --y are, by example
    recognise: Callable[[Frames], bool]
    read: Callable[[Frames, Wanted], Content | None]
    bulk: Callable[[Wanted], Bulk] | None = None
    judge: Callable[[Messages, bool], Judgement] | None = None  # of what says nothing of itself; see evidence.judge
    doubtful: Callable[[Frames], bool] = never  # whether a message may be in it by chance
    by_chance: bool = False  # whether a few bytes may be in it: behind messages in none, one alone shows nothing
    variant: Callable[[str], "Format"] | None = None  # what the name may say behind a colon; may raise ConfigError
    topic_from: int | None = 2  # so many frames: then the first is a topic; None: never
    # What to ask one message for, by it and the memory that ``read`` has; may raise FeedError.
    parts: Callable[[Frames, dict[str, Any]], tuple[str, ...]] = by_number
    joins: bool = False  # ``read`` joins channels that come one a message
    header: frozenset[str] = frozenset()  # keys that say how to read the rest
