"""When a feed is called silent: how long nothing may come, or nothing that can be used (NaN, the value is missing)."""

import math
from typing import Any, Final

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from streammi.records import LinkHealth

STALLED_SECONDS: Final = 3.0  # without a message, or a usable sample, at the least
STALLED_SHARE: Final = 3.0  # times as long as usual; so that one message a minute is no feed that stalls each minute
STALLED_DEVIATIONS: Final = 4.0  # and as much longer as usual: messages at random times are no feed that stalls either
USUAL_OVER: Final = 8  # distances
KEPT_SHARE: Final = 1 - 1 / USUAL_OVER  # of what was usual, with each distance
KNOWN_FROM: Final = 2  # distances: before that nobody knows how far apart messages are,
UNKNOWN_SECONDS: Final = 180.0  # and so long is waited: three times a minute
UNUSUAL_SHARE: Final = 2.0  # times as long as nothing may come: no more is learnt from one silence
# Pauses between bursts, such as a logger's that sends once a minute: after so many in a row, each longer than this, and
# as long as the others, they are usual, as long as they recur.
PAUSES: Final = 3
PAUSE_SECONDS: Final = 4.5
PAUSE_ALIKE: Final = 1.2  # the longest over the shortest
PAUSE_SHARE: Final = 1.5  # of the longest
UNUSABLE: Final = "nothing that comes can be used"


class Spacing:
    """How far apart the messages of a feed are, and so how long none may come before they are missed.

    A mean of the last distances and their mean deviation, as Jacobson's for the timer of a retransmission (1988,
    Congestion avoidance and control; RFC 6298). Messages that come together are no distance apart; that bursts of them
    come regularly is learnt from the pauses between.

    >>> fast, slow = Spacing(), Spacing()
    >>> fast.add(None, 50)
    >>> fast.patience, slow.patience
    (3.0, 180.0)
    >>> for gap in (None, 8.0, 8.0):
    ...     slow.add(gap)
    >>> slow.usual, slow.patience
    (8.0, 32.0)
    """

    def __init__(self) -> None:
        self._seen = self._gaps = 0  # messages, and distances between them
        self.usual = 0.0  # seconds from one to the next, those of late the most
        self._deviation = 0.0  # of single distances from that, s
        self._pauses: list[float] = []  # the last ones that were missed, s,
        self._going = 0.0  # and how long it has been going since, s

    @classmethod
    def of(cls, usual: float) -> "Spacing":
        """That of messages which are known to be so many seconds apart."""
        spacing = cls()
        spacing._gaps, spacing.usual = KNOWN_FROM, usual
        return spacing

    @property
    def started(self) -> bool:
        """True if there was a message."""
        return self._seen > 0

    @property
    def patience(self) -> float:
        """How long nothing may come before it is missed, s."""
        pauses = self._pauses
        if len(pauses) == PAUSES and min(pauses) >= PAUSE_SECONDS and max(pauses) <= PAUSE_ALIKE * min(pauses):
            return max(self._steady, PAUSE_SHARE * max(pauses))
        return self._steady

    @property
    def _steady(self) -> float:
        """The same, of a feed without pauses."""
        long = STALLED_SHARE * self.usual + STALLED_DEVIATIONS * self._deviation
        return max(STALLED_SECONDS if self._gaps >= KNOWN_FROM else UNKNOWN_SECONDS, long)

    def add(self, gap: float | None, count: int = 1) -> None:
        """So many messages came together, ``gap`` seconds after those before; None where that says nothing."""
        if gap is not None:
            steady = self._steady
            if self._pauses or gap >= steady:
                self._note_pause(gap, steady)
            self._learn(min(max(gap, 0.0), UNUSUAL_SHARE * steady))
        self._seen += count
        if count > 1:
            self._learn_together(count - 1)

    def state(self) -> dict[str, Any]:
        """Plain values and arrays that ``restore`` takes."""
        return vars(self) | {"_pauses": [*self._pauses]}

    def restore(self, state: dict[str, Any]) -> None:
        """Take up a saved state."""
        vars(self).update(state)

    def copy(self) -> "Spacing":
        """The same, to go on from by itself."""
        other = Spacing()
        other.restore(self.state())
        return other

    def _note_pause(self, gap: float, steady: float) -> None:
        """Note a distance that is missed, being ``steady`` or longer, or one since the last of these."""
        if gap >= steady:
            self._pauses, self._going = [*self._pauses[1 - PAUSES :], gap], 0.0
        else:
            self._going += gap
            if self._going > PAUSES * self._pauses[-1]:  # it pauses no more
                self._pauses = []

    def _learn(self, gap: float) -> None:
        self._gaps += 1
        if self._gaps == 1:
            self.usual, self._deviation = gap, gap / 2
            return
        weight = 1 / min(self._gaps, USUAL_OVER)
        self._deviation += (abs(gap - self.usual) - self._deviation) * weight
        self.usual += (gap - self.usual) * weight

    def _learn_together(self, many: int) -> None:
        """So many distances of nothing."""
        steps = min(many, USUAL_OVER)
        if self._gaps < USUAL_OVER:
            for _ in range(steps):
                self._learn(0.0)
        else:  # the same at once
            left = KEPT_SHARE**steps
            self._deviation = left * (self._deviation + steps * self.usual / (USUAL_OVER - 1))
            self.usual, self._gaps = left * self.usual, self._gaps + steps
        if many > USUAL_OVER:  # the rest, as if of these alone
            left = KEPT_SHARE ** (many - USUAL_OVER)
            self.usual, self._deviation = self.usual * left, self._deviation * left


class SilenceWatch:
    """When a source's messages brought a usable sample last, by their own arrival: nothing here looks at a clock.

    >>> usable, link = SilenceWatch(), LinkHealth(endpoint="tcp://a:1", state="connected", since=10.0)
    >>> found = []
    >>> for received, value in ((10.5, 1.0), (11.0, np.nan), (13.5, np.nan), (14.0, 2.0)):
    ...     usable.add(received, 9, np.full(9, value))
    ...     found.append(usable.judged(link).state)
    >>> found
    ['connected', 'connected', 'stalled', 'connected']
    """

    def __init__(self) -> None:
        self._came: float | None = None  # when messages came last, s
        self._last: float | None = None  # and usable samples
        self._messages, self._usable = Spacing(), Spacing()
        self._back = 0.0  # when usable samples came again after others had come instead

    @property
    def spacing(self) -> Spacing:
        """How far apart usable samples are, or, before there was one, messages."""
        return self._usable if self._usable.started else self._messages

    def add(self, received: float, messages: int, *columns: NDArray[Any]) -> None:
        """So many messages came at ``received`` with these columns (n,) of samples, maybe none."""
        before, self._came = self._came, received
        if self._last is None:
            self._messages.add(None if before is None else received - before, messages)
        if self._last is not None and received < self._last:
            self._last = received  # a clock may be set back: nothing was usable later than now
        if not _has_usable(columns):
            return
        if self._last is None:
            self._back = received if before is not None else 0.0
        # It was missed only if messages went on coming for so long; before it had come, that is.
        elif (
            before is not None
            and before - self._last >= STALLED_SECONDS
            and before - self._last >= self._usable.patience
        ):
            self._back = received
        self._usable.add(None if self._last is None else received - self._last, columns[0].size)
        self._last = received

    def judged(self, link: LinkHealth) -> LinkHealth:
        """The link; stalled where messages went on coming for a while after the last usable sample."""
        if link.state != "connected" or self._came is None:
            return link
        due = max(link.since, self._last or link.since) + self.spacing.patience
        if self._came < due:
            return replace(link, since=self._back) if self._back > link.since else link
        return replace(link, state="stalled", since=due, note="; ".join(filter(None, (link.note, UNUSABLE))))

    def state(self) -> dict[str, Any]:
        """Plain values and arrays that ``restore`` takes."""
        spacings = {"messages": self._messages.state(), "usable": self._usable.state()}
        return spacings | {"came": self._came, "last": self._last, "back": self._back}

    def restore(self, state: dict[str, Any]) -> None:
        """Take up a saved state."""
        self._messages.restore(state["messages"])
        self._usable.restore(state["usable"])
        self._came, self._last, self._back = state["came"], state["last"], state["back"]


def _has_usable(columns: tuple[NDArray[Any], ...]) -> bool:
    if not columns[0].size:
        return False
    if all(map(_is_some, [column.item(-1) for column in columns])):  # nearly always, and much faster than a look at all
        return True
    if any(column.dtype == object for column in columns):  # labels, None where there is none
        return any(all(map(_is_some, pair)) for pair in zip(*columns, strict=True))
    return bool(np.logical_and.reduce([np.isfinite(column) for column in columns]).any())


def _is_some(value: Any) -> bool:
    return value is not None and (not isinstance(value, float) or math.isfinite(value))
