"""Messages of one source to rows of many channels: found in the first messages, then decoded; and what was lost."""

from typing import Any, Final

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from streammi.config import FeedConfig
from streammi.ingest.channel_finder import SHOWN, ChannelFinder
from streammi.ingest.decoder import Decoder
from streammi.ingest.intake import Meter, described
from streammi.network.frames import Frames, Messages
from streammi.network.silence import SilenceWatch, Spacing
from streammi.records import LinkHealth, RowBatch

LOOK_SECONDS: Final = 1.0  # from the first message on, in which all channels come
MOST_HELD: Final = 256  # messages that wait for that,
MOST_BYTES: Final = 1 << 26
ALONE_ROWS: Final = 100  # from which on it is said that none has two values
NEW_SECONDS: Final = 1.0  # between two looks for channels that were not there at first


class RowIntake:
    """The rows of the channels that fit ``patterns``; until these are known, the messages wait.

    ``names`` are empty until then. Channels that come later are counted in ``later`` and no part of the rows; a value
    that a message does not have is NaN, and a row that has none is left out and counted.
    """

    def __init__(self, config: FeedConfig, patterns: list[str]) -> None:
        self._config, self._finder = config, ChannelFinder(config, patterns)
        self._held: list[Frames] = []
        self._held_bytes = 0
        self._first: float | None = None  # when the first message came
        self._decoder: Decoder | None = None
        self._meter, self._usable = Meter(), SilenceWatch()
        self._rows = self._empty = 0
        self._together = False  # whether a row had two values
        self._look_due = 0.0
        self.names: tuple[str, ...] = ()
        self.later: dict[str, None] = {}
        self.missing = 0  # values that rows did not have
        self.unheld = 0  # messages that came, and went, before there were channels

    @property
    def notes(self) -> list[str]:
        """Notes for a person, as it is now."""
        notes = list(self._finder.notes) if self.names else []
        if self._rows >= ALONE_ROWS and not self._together:
            notes.append("each message has one channel alone, so there are no pairs: messages must hold several")
        if self.later:
            more = f" and {len(self.later) - SHOWN} more" if len(self.later) > SHOWN else ""
            shown = ", ".join(list(self.later)[:SHOWN])
            notes.append(f"{len(self.later)} channels have come since and are not watched: {shown}{more}; start anew")
        return notes

    @property
    def why_waiting(self) -> str:
        """Why there are no channels though messages came; empty where there are, or none came."""
        waited = self._first is not None and not self.names and not self._held
        return self._finder.why_none if waited else ""

    def decode(self, messages: Messages, received: float) -> RowBatch | None:
        """The rows in the messages; None where there are none."""
        if self._decoder is None:
            self._hold(messages, received)
            return None
        if received >= self._look_due or received < self._look_due - 2 * NEW_SECONDS:
            self._look_due = received + NEW_SECONDS
            self._look_for_new(messages)
        return self._taken(self._decoder.rows(messages, received), received, len(messages))

    def settle(self, now: float, *, final: bool = False) -> RowBatch | None:
        """The rows of what waited, once the channels are known; to be asked again until ``names`` are there."""
        if not self.settles(now) and not (final and self._decoder is None and self._held):
            return None
        held, self._held, self._held_bytes = self._held, [], 0
        names = self._finder.names
        if len(names) < 2:
            self.unheld += len(held)
            return None
        self.names = tuple(names)
        self._decoder = Decoder(self._config, self.names, partial=True)
        return self._taken(self._decoder.rows(held, now), now, len(held))

    def end(self, now: float) -> RowBatch | None:
        """The rows in what was held back, now that no more will come."""
        if self._decoder is None:
            return self.settle(now, final=True)
        return self._taken(self._decoder.rows([], now, final=True), now, 0)

    def describe(self, link: LinkHealth, now: float) -> LinkHealth:
        """The link, with the decoder's totals; ``pairs`` and ``rate`` are of rows."""
        if self._decoder is None:
            waiting = f"looking for channels: {self.why_waiting}" if self.why_waiting else ""
            malformed = {"no channel": self.unheld} if self.unheld else {}
            messages = self.unheld + len(self._held)
            note = "; ".join(filter(None, (link.note, waiting)))
            return replace(link, messages=messages, malformed=malformed, note=note)
        message_rate, rate = self._meter.rates(now)
        link = self._usable.judged(link)
        counted = {"pairs": self._rows, "nonfinite": self._empty}
        found = described(link, self._decoder, *self.notes, **counted, rate=rate, message_rate=message_rate)
        malformed = {**found.malformed, "no channel": self.unheld} if self.unheld else found.malformed
        return replace(found, malformed=malformed, messages=found.messages + self.unheld)

    @property
    def recognised(self) -> str:
        """How the format was recognised; empty before that."""
        return "" if self._decoder is None else self._decoder.recognised

    @property
    def spacings(self) -> tuple[Spacing, ...]:
        """How far apart what can be used is."""
        return (self._usable.spacing,)

    @property
    def numbered(self) -> bool:
        """True if the messages so far had sequence numbers, so that missing ones are known."""
        return self._decoder is not None and self._decoder.numbered

    def settles(self, now: float) -> bool:
        """True if ``settle`` has something to do at ``now``."""
        if self._decoder is not None or self._first is None or not self._held:
            return False
        full = len(self._held) >= MOST_HELD or self._held_bytes >= MOST_BYTES
        return full or not 0 <= now - self._first < LOOK_SECONDS

    def state(self) -> dict[str, Any]:
        """The state that ``restore`` needs: values that are copied before the next message."""
        kept = {name: getattr(self, name) for name in _SAVED}
        return kept | {
            "finder": self._finder.state(),
            "held": [list(frames) for frames in self._held],
            "decoder": None if self._decoder is None else self._decoder.state(),
            "meter": self._meter.state(),
            "usable": self._usable.state(),
            "names": list(self.names),
            "later": list(self.later),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Take up the saved state of an intake with the same settings."""
        for name in _SAVED:
            setattr(self, name, state[name])
        self._finder.restore(state["finder"])
        self._held, self.names, self.later = state["held"], tuple(state["names"]), dict.fromkeys(state["later"])
        if state["decoder"] is not None:
            self._decoder = Decoder(self._config, self.names, partial=True)
            self._decoder.restore(state["decoder"])
        self._meter.restore(state["meter"])
        self._usable.restore(state["usable"])

    def _hold(self, messages: Messages, received: float) -> None:
        if self._first is None or not self._held:
            self._first = received
        for frames in messages:
            self._finder.take(frames)
        self._held += messages
        self._held_bytes += sum(len(frame) for frames in messages for frame in frames)

    def _look_for_new(self, messages: Messages) -> None:
        if messages:
            self._finder.take(messages[-1])
            self.later = dict.fromkeys(name for name in self._finder.names if name not in set(self.names))

    def _taken(self, batch: RowBatch, received: float, messages: int) -> RowBatch | None:
        assert self._decoder is not None
        there = np.isfinite(batch.rows)
        some: NDArray[np.bool_] = np.logical_or.reduce(there, axis=1)
        self._usable.add(received, messages, np.where(some, 0.0, np.nan))
        full = int(np.count_nonzero(some))
        self._empty += len(some) - full
        if full < len(some):
            batch = RowBatch(rows=batch.rows[some], t=None if batch.t is None else batch.t[some], received=received)
        self._rows += full
        self._together |= bool((np.count_nonzero(there, axis=1) > 1).any())
        self.missing += full * len(self.names) - int(np.count_nonzero(there))
        self._meter.add(received, self._decoder.messages, self._rows)
        return batch if full else None


_SAVED: Final = ("_held_bytes", "_first", "_rows", "_empty", "_together", "_look_due", "missing", "unheld")
