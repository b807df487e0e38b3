"""The ``status`` number of a reading: what to know before believing it."""

from enum import IntFlag
from functools import lru_cache
from typing import Final

from streammi.records.links import LinkHealth
from streammi.records.readings import Reading

# Of the window's pairs, for one signal: worth knowing. From a quarter on MI is made by the end bins, and the event
# "saturated" says so.
CLIPPED_SHARE: Final = 0.05


class Status(IntFlag):
    """The flags of a reading, as a sum; 0 is a full window on a live feed.

    >>> status_words(Status.WARMING_UP | Status.STALLED)
    ('warming up', 'stalled')
    """

    OK = 0
    WARMING_UP = 1
    SPANS_GAP = 2
    CONNECTING = 4
    STALLED = 8
    LOST = 16
    ENDED = 32
    STUCK = 64
    CLIPPED = 128
    UNDERSAMPLED = 256
    BEHIND = 512
    UNSAVED = 1024
    CAUGHT_UP = 2048


MEANINGS: Final = {
    Status.WARMING_UP: "The window is not full yet",
    Status.SPANS_GAP: "Samples are missing inside the window",
    Status.CONNECTING: "No connection to the feed yet",
    Status.STALLED: "Connected, but nothing comes, or nothing that can be used",
    Status.LOST: "The connection to the feed broke",
    Status.ENDED: "The feed is over: this is its last state",
    Status.STUCK: "A signal is constant over the whole window; `hx` or `hy` is 0 then",
    Status.CLIPPED: "Over 5 % of x or y lie outside the bins' range: `x_clipped` and `y_clipped` say how many",
    Status.UNDERSAMPLED: "The window has fewer pairs than the histogram has cells: do not believe its MI",
    Status.BEHIND: "Samples come faster than they can be counted, so readings are late",
    Status.UNSAVED: "The state or the recording cannot be written",
    Status.CAUGHT_UP: "Made from the recording after a kill: it may have been published before",
}

# What holds of the moment rather than of the window: when one of these comes or goes, a reading follows at once.
_OF_NOW: Final = (
    Status.CONNECTING | Status.STALLED | Status.LOST | Status.ENDED | Status.STUCK | Status.BEHIND | Status.UNSAVED
)


# With one of these a reading is of before: its feed gives no more.
OF_BEFORE: Final = Status.CONNECTING | Status.STALLED | Status.LOST | Status.ENDED


def status_of(reading: Reading | None, link: LinkHealth) -> Status:
    """The flags of a reading and its feed; add with ``|`` what only others know (a gap, a full disk)."""
    status = Status.__members__.get(link.state.upper(), Status.OK)
    if link.behind:
        status |= Status.BEHIND
    if reading is None:
        return status | Status.WARMING_UP
    if reading.spans_gap:
        status |= Status.SPANS_GAP
    if reading.fill < 1:
        status |= Status.WARMING_UP
    if reading.constant:
        status |= Status.STUCK
    x, y = reading.sides
    if max(x.clipped, y.clipped) > CLIPPED_SHARE * reading.n:
        status |= Status.CLIPPED
    if reading.cells > reading.n:
        status |= Status.UNDERSAMPLED
    return status


def of_now(status: Status) -> Status:
    """The flags that hold of the moment; a signal that is constant so far is stuck only once the window is full.

    >>> of_now(Status.WARMING_UP | Status.STUCK | Status.LOST)
    <Status.LOST: 16>
    """
    return status & _OF_NOW & ~(Status.STUCK if status & Status.WARMING_UP else Status.OK)


@lru_cache(maxsize=256)  # a screen asks ten times a second; flags of an enumeration cost 8 us
def status_words(status: int) -> tuple[str, ...]:
    """The flags that are set, in words; empty when nothing needs to be said."""
    return tuple(str(flag.name).lower().replace("_", " ") for flag in Status if status & flag)
