"""The ``status`` number of a reading: what to know before believing it."""

from enum import IntFlag
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
    WARMING_UP = 1  # the window is not full yet
    SPANS_GAP = 2  # samples are missing inside the window
    CONNECTING = 4  # no connection to the feed yet
    STALLED = 8  # connected, but nothing comes, or nothing that can be used
    LOST = 16  # the connection to the feed broke
    ENDED = 32  # the feed is over: this is its last state
    STUCK = 64  # a signal is constant over the whole window: hx or hy says which
    CLIPPED = 128  # over 5 % of the values lie outside the bins' range: x_clipped and y_clipped say of which signal
    UNDERSAMPLED = 256  # fewer pairs than the joint histogram has cells: no estimator can be believed
    BEHIND = 512  # readings trail the samples: more arrives than can be counted
    UNSAVED = 1024  # the state or the recording cannot be written
    CAUGHT_UP = 2048  # made again, after a kill, of what was recorded: it may have been said before


# What the reference says more of some of them.
MORE: Final = {
    Status.CLIPPED: "over 5 % of x or y",
    Status.CAUGHT_UP: "may have been said before: see [leave it running](../how-to/service.md)",
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


def status_words(status: int) -> tuple[str, ...]:
    """The flags that are set, in words; empty when nothing needs to be said."""
    return tuple(str(flag.name).lower().replace("_", " ") for flag in Status if status & flag)
