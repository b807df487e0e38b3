"""Links: what a source's socket and decoder know of themselves."""

from typing import Final, Literal, NamedTuple, TypeAlias

import msgspec

from streammi.records.published import Published, declare

LinkState: TypeAlias = Literal["connecting", "connected", "stalled", "lost", "ended"]


class State(NamedTuple):
    """The description of a link's state, and how a screen marks it; its glyph and its flag have the state's name."""

    meaning: str
    tone: Literal["good", "warn", "bad", "dim"]
    badness: int


LINK_STATES: Final[dict[str, State]] = {
    "connected": State("samples come", "good", 0),
    "stalled": State("connected, but nothing usable comes", "warn", 3),
    "connecting": State("no publisher was reached yet", "warn", 2),
    "lost": State("the connection broke", "bad", 4),
    "ended": State("the feed is over", "dim", 1),
}
OTHER: Final = State("of a newer monitor: not known here", "warn", 2)


def state_of(state: str) -> State:
    """The description of a link's state; ``OTHER`` for one that is not known here."""
    return LINK_STATES.get(state, OTHER)


def badness(state: str) -> int:
    """How bad a state is: the higher the worse."""
    return state_of(state).badness


def is_stale(state: str) -> bool:
    """True if what came over a link in this state, or was waited for and never came, is no more of now."""
    return state in ("connecting", "stalled", "lost", "ended")


class Tally(msgspec.Struct, frozen=True):
    """The fate of the samples of one of two joined sources; all but ``received`` add up to it."""

    received: int = 0
    paired: int = 0  # in at least one pair
    unmatched: int = 0  # within the tolerance
    late: int = 0  # older than the source's newest time by more than the lateness
    duplicate: int = 0  # no partner, and an earlier sample of the source has the same time
    dropped: int = 0  # without a time, or pushed out because too many were waiting
    pending: int = 0  # waiting for what the other source may still send


declare(
    Tally,
    unmatched=Published(
        "Samples of two joined sources that found no partner",
        metric="unmatched_samples",
        option="--pair",
        counter=True,
        after="repeated",
    ),
)


class LinkHealth(msgspec.Struct, frozen=True, kw_only=True, repr_omit_defaults=True):
    """The state and the totals since the start of one source's socket and decoder.

    Of two joined sources each has its own, and ``pairs`` and ``rate`` are those of the join in both.
    """

    endpoint: str
    state: str  # a LinkState; of a newer monitor perhaps another word
    signal: str = "both"  # what comes over it: "x", "y" or both
    since: float = 0.0  # wall clock of the last change of state
    messages: int = 0
    bytes: int = 0
    pairs: int = 0  # that count,
    nonfinite: int = 0  # and those that do not, for not being finite
    malformed: dict[str, int] = {}  # by reason
    why_none: str = ""  # why the newest of them yielded none, the reason first, and of which signal; empty: not known
    gaps: int = 0
    resets: int = 0
    reordered: int = 0
    repeated: int = 0  # with number, values and time
    reconnects: int = 0
    rate: float | None = None  # None before the first
    message_rate: float | None = None
    behind: bool = False  # its queue has been full for a while: more comes than can be counted
    lag: float | None = None  # None without timestamps
    format: str | None = None  # as recognised
    tally: Tally | None = None  # of a source that is joined with another
    clock_offset: float | None = None  # if both take equally long to come
    pair_offset: float | None = None
    note: str = ""  # one line for the person watching, empty when there is nothing to say


declare(
    LinkHealth,
    messages=Published("Messages received", metric="messages", counter=True, after="clipped"),
    bytes=Published("Bytes received", "bytes", None, "received_bytes", counter=True),
    malformed=Published("Messages that yielded no pair", metric="malformed_messages", counter=True, after="late"),
    gaps=Published(
        "Samples missing by the feed's own numbers; one that comes late stays counted",
        metric="missing_samples",
        counter=True,
        after="pairs",
    ),
    resets=Published("How often the feed's own numbers began again", metric="sequence_resets", counter=True),
    reordered=Published("Messages that came after later ones", metric="reordered_messages", counter=True),
    repeated=Published(
        "Samples that came twice in a row, and were taken once", metric="repeated_samples", counter=True
    ),
    reconnects=Published("Connections made again", metric="reconnects", counter=True, after="messages"),
    rate=Published("Pairs that count (are finite) a second, of late", "pairs/s", metric="pairs_per_second"),
    lag=Published("From the newest sample's timestamp to its reading", "s", metric="lag_seconds"),
    clock_offset=Published(
        "How far the clock of y is ahead of x's",
        "s",
        metric="clock_offset_seconds",
        option="--pair",
        after="unmatched",
    ),
    pair_offset=Published(
        "Median of y's time less x's over the last pairs", "s", metric="pair_offset_seconds", option="--pair"
    ),
)
