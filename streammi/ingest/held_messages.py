"""The first messages of many channels, which wait until it is known which channels there are."""

from collections.abc import Sequence
from typing import Any, Final

from streammi.ingest.channel_finder import ALL
from streammi.ingest.channel_layout import ChannelLayout
from streammi.network.frames import Frames, Messages

LOOK_SECONDS: Final = 1.0  # from the first message on, in which all channels come; of several topics, or signals apart,
APART_SECONDS: Final = 3.0  # so long, and twice as long as the last one took to come,
LONGEST_LOOK: Final = 10.0  # but no longer; nor are those waited for longer that were asked for by their names
MOST_HELD: Final = 256  # messages of a feed with one topic that wait for that,
MOST_HELD_APART: Final = 1 << 16  # and of any other one,
MOST_BYTES: Final = 1 << 26


class HeldMessages:
    """Holds messages, and says when they have waited long enough for what ``layout`` finds of the ``patterns``."""

    def __init__(self, layout: ChannelLayout, patterns: Sequence[str]) -> None:
        self._layout = layout
        self._by_name = [one for one in patterns if one != ALL and not set(one) & set("*?[")]
        self._only_names = len(self._by_name) == len(patterns)
        self._batches: list[tuple[float, list[Frames]]] = []  # as they came
        self._bytes = 0
        self.first: float | None = None  # when the first message came; None before that
        self._known = 0  # how many channels there were when one came last,
        self._grown_at = 0.0  # and when that was,
        self._grown_by = 0  # after how many messages

    def __len__(self) -> int:
        return sum(len(batch) for _, batch in self._batches)

    @property
    def lacking(self) -> list[str]:
        """The channels that were asked for by their names, and have not come."""
        return self._layout.lacking(self._by_name)

    def add(self, messages: Messages, received: float) -> None:
        """Hold these, once it was looked what is in them."""
        if self.first is None or not self._batches:
            self.first = received
        for k, frames in enumerate(messages, len(self) + 1):
            self._layout.take(frames)
            if self._layout.count > self._known:
                self._known, self._grown_at, self._grown_by = self._layout.count, received, k
        self._batches.append((received, list(messages)))
        self._bytes += sum(len(frame) for frames in messages for frame in frames)

    def are_enough(self, now: float) -> bool:
        """True if they wait no longer."""
        if self.first is None or not self._batches:
            return False
        looked, messages = now - self.first, len(self)
        if self._bytes >= MOST_BYTES or messages >= MOST_HELD_APART or not 0 <= looked < LONGEST_LOOK:
            return True
        if self._only_names:
            if self.lacking:
                return False
            if set(self._by_name) <= set(self._layout.names):
                return True
        if not self._layout.apart:
            return messages >= max(MOST_HELD, 2 * self._grown_by) or looked >= LOOK_SECONDS
        return looked >= max(APART_SECONDS, 2 * (self._grown_at - self.first))

    def release(self) -> list[tuple[float, list[Frames]]]:
        """Hand out all that is held, in batches with the time at which each came, s."""
        held, self._batches, self._bytes = self._batches, [], 0
        return held

    def state(self) -> dict[str, Any]:
        """The state that ``restore`` needs."""
        return {
            "held": [[received, [list(frames) for frames in batch]] for received, batch in self._batches],
            "_held_bytes": self._bytes,
            "_first": self.first,
            "_known": self._known,
            "_grown_at": self._grown_at,
            "_grown_by": self._grown_by,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Take up a saved state."""
        self._batches, self._bytes, self.first = state["held"], state["_held_bytes"], state["_first"]
        self._known, self._grown_at, self._grown_by = state["_known"], state["_grown_at"], state["_grown_by"]
