"""Whether what comes can be used: a feed of NaN, or of messages without the value, is as good as silent."""

import math
from typing import Any, Final

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from streammi.records import LinkHealth

STALLED_SECONDS: Final = 3.0  # without a message, or a usable sample, on a link that had some
STALLED_SHARE: Final = 3.0  # times as long as usual; so that one message a minute is no feed that stalls each minute
USUAL_OVER: Final = 8.0  # arrivals
UNUSABLE: Final = "nothing that comes can be used"


def patience(usual: float) -> float:
    """How long nothing may come before it is missed, s; ``usual`` is the time between two arrivals of late."""
    return max(STALLED_SECONDS, STALLED_SHARE * usual)


class Usable:
    """When a source's messages brought a usable sample last, by their own arrival: nothing here looks at a clock.

    >>> usable, link = Usable(), LinkHealth(endpoint="tcp://a:1", state="connected", since=10.0)
    >>> found = []
    >>> for received, value in ((10.5, 1.0), (11.0, np.nan), (13.5, np.nan), (14.0, 2.0)):
    ...     usable.add(received, np.array([value]))
    ...     found.append(usable.judged(link).state)
    >>> found
    ['connected', 'connected', 'stalled', 'connected']
    """

    def __init__(self) -> None:
        self._came: float | None = None  # when messages came last, s
        self._last: float | None = None  # and usable samples
        self._usual = 0.0  # seconds between these
        self._back = 0.0  # when usable samples came again after others had come instead

    def add(self, received: float, *columns: NDArray[Any]) -> None:
        """Messages came at ``received`` with these columns (n,) of samples, maybe none."""
        before, self._came = self._came, received
        if self._last is not None and received < self._last:
            self._last = received  # a clock may be set back: nothing was usable later than now
        if not _has_usable(columns):
            return
        if self._last is None:
            self._back = received if before is not None else 0.0
        else:
            # It was missed only if messages went on coming for so long; before it had come, that is.
            if before is not None and before - self._last >= patience(self._usual):
                self._back = received
            self._usual += (received - self._last - self._usual) / USUAL_OVER
        self._last = received

    def judged(self, link: LinkHealth) -> LinkHealth:
        """The link; stalled where messages went on coming for a while after the last usable sample."""
        if link.state != "connected" or self._came is None:
            return link
        due = max(link.since, self._last or link.since) + patience(self._usual)
        if self._came < due:
            return replace(link, since=self._back) if self._back > link.since else link
        return replace(link, state="stalled", since=due, note="; ".join(filter(None, (link.note, UNUSABLE))))

    def state(self) -> tuple[float | None, float | None, float, float]:
        """What ``restore`` needs."""
        return self._came, self._last, self._usual, self._back

    def restore(self, state: tuple[float | None, float | None, float, float]) -> None:
        """Take up a saved state."""
        self._came, self._last, self._usual, self._back = state


def _has_usable(columns: tuple[NDArray[Any], ...]) -> bool:
    if not columns[0].size:
        return False
    if any(column.dtype == object for column in columns):  # labels, None where there is none
        return any(all(map(_is_some, pair)) for pair in zip(*columns, strict=True))
    if all(np.isfinite(column[-1]) for column in columns):  # nearly always, and 20 times faster than a look at all
        return True
    return bool(np.logical_and.reduce([np.isfinite(column) for column in columns]).any())


def _is_some(value: Any) -> bool:
    return value is not None and (not isinstance(value, float) or math.isfinite(value))
