"""Messages of one source to rows of many channels: found in the first messages, then decoded; and what was lost."""

from typing import Any, Final

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from streammi.config import FeedConfig
from streammi.ingest.channel_finder import SHOWN
from streammi.ingest.channel_layout import ChannelLayout, Stream
from streammi.ingest.channel_silence import ChannelSilence
from streammi.ingest.decoder import Decoder
from streammi.ingest.held_messages import HeldMessages
from streammi.ingest.link_counts import described
from streammi.ingest.rates import Meter
from streammi.ingest.signal_reader import SignalReader
from streammi.network.frames import Frames, Messages
from streammi.network.silence import SilenceWatch, Spacing
from streammi.records import LinkHealth, RowBatch

ALONE_ROWS: Final = 100  # from which on it is said that none has two values
NEW_SECONDS: Final = 1.0  # between two looks for channels that were not there at first


class RowIntake:
    """The rows of the channels that fit ``patterns``; until these are known, the messages wait.

    A row is a message, or, of signals with times of their own, at each multiple of ``grid_s``, or without one at the
    pace of the slowest; values are held for ``hold_s`` then. ``names`` are empty until the channels are known.
    Channels that come later are counted in ``later`` and no part of the rows; a value that a message does not have is
    NaN, and a row that has none is left out and counted.
    """

    def __init__(
        self, config: FeedConfig, patterns: list[str], grid_s: float | None = None, hold_s: float | None = None
    ) -> None:
        self._config, self._grid, self._hold_s = config, grid_s, hold_s
        asked = grid_s is not None or hold_s is not None
        self._layout = ChannelLayout(config, patterns, asked=asked)
        self._held = HeldMessages(self._layout, patterns)
        self._streams: dict[str, Stream] = {}
        self._reader: Decoder | SignalReader | None = None
        self._only: str | None = None  # the topic that all channels have, of several
        self._meter, self._usable = Meter(), SilenceWatch()
        self._rows = self._empty = 0
        self._together = False  # whether a row had two values
        self._look_due = 0.0
        self._look_left = 0  # messages that are still to be looked at
        self._silence = ChannelSilence(0)
        self.names: tuple[str, ...] = ()
        self.later: dict[str, None] = {}
        self.missing = 0  # values that rows did not have
        self.unheld = 0  # messages that came, and went, before there were channels

    @property
    def notes(self) -> list[str]:
        """Notes for a person, as it is now."""
        notes = list(self._layout.notes) if self.names else []
        if self._rows >= ALONE_ROWS and not self._together:
            notes.append("no row has had two values, so there are no pairs")
        absent = self._held.lacking if self.names else []
        if absent:
            notes.append(f"not among the first messages, and not watched: {_listed(absent)}")
        if silent := [self.names[c] for c in self._silence.silent.tolist()]:
            notes.append(f"no number comes any more of {_listed(silent)}")
        if self.later:
            shown = _listed(list(self.later))
            one = len(self.later) == 1
            come = "1 channel has come since and is" if one else f"{len(self.later)} channels have come since and are"
            anew = "started anew (with no --state, or one in another folder) the monitor has"
            notes.append(f"{come} not watched: {shown}; {anew} {'it' if one else 'them'}")
        return notes

    @property
    def why_waiting(self) -> str:
        """Why there are no channels though messages came; empty where there are, or none came."""
        waited = self._held.first is not None and not self.names and not self._held
        return self._layout.why_none if waited else ""

    @property
    def late(self) -> int:
        """Samples that came after the row that they belong to was made."""
        return self._reader.aligned.late if isinstance(self._reader, SignalReader) else 0

    @property
    def expired(self) -> int:
        """Values that rows do not have, since the last one was too old."""
        return self._reader.aligned.expired if isinstance(self._reader, SignalReader) else 0

    @property
    def unused(self) -> int:
        """Samples that no row has: newer ones came before a row was made, or a clock was set back."""
        aligned = self._reader.aligned if isinstance(self._reader, SignalReader) else None
        return 0 if aligned is None else aligned.unused + aligned.dropped + aligned.untimed

    def decode(self, messages: Messages, received: float) -> RowBatch | None:
        """The rows in the messages; None where there are none."""
        if self._reader is None:
            self._held.add(messages, received)
            return None
        found = self._taken(self._rows_in(messages, received), received, len(messages))
        strangers = isinstance(self._reader, SignalReader) and self._reader.strangers
        if strangers or received >= self._look_due or received < self._look_due - 2 * NEW_SECONDS:
            self._look_due = received + NEW_SECONDS
            self._look_left = 3 * len(self.names) // 2 if self._layout.one_a_message else 1
        if strangers or self._look_left:
            self._look_for_new(messages)
        return found

    def restarted(self) -> None:
        """There is a new connection to the feed."""
        if isinstance(self._reader, Decoder):
            self._reader.restarted()

    def settle(self, now: float, *, final: bool = False) -> RowBatch | None:
        """The rows of what waited, once the channels are known; to be asked again until ``names`` are there."""
        if not self.settles(now) and not (final and self._reader is None and self._held):
            return None
        held = self._held.release()
        messages = [frames for _, batch in held for frames in batch]
        self._layout.settle()
        names = self._layout.names
        if len(names) < 2:
            self.unheld += len(messages)
            return None
        self.names, self._streams = tuple(names), self._layout.streams
        self._silence = ChannelSilence(len(names))
        self._begin(apart=self._layout.apart)
        if isinstance(self._reader, SignalReader):  # by their own arrival
            batches = [self._rows_in(batch, received) for received, batch in held]
            rows = np.concatenate([batch.rows for batch in batches])
            t = np.concatenate([batch.t for batch in batches if batch.t is not None])
            return self._taken(RowBatch(rows=rows, t=t, received=now), now, len(messages))
        return self._taken(self._rows_in(messages, now), now, len(messages))

    def end(self, now: float) -> RowBatch | None:
        """The rows in what was held back, now that no more will come."""
        if self._reader is None:
            found = self.settle(now, final=True)
            if self._reader is None or found is not None:
                return found
        return self._taken(self._rows_in([], now, final=True), now, 0)

    def describe(self, link: LinkHealth, now: float) -> LinkHealth:
        """The link, with the decoder's totals; ``pairs`` and ``rate`` are of rows."""
        if self._reader is None:
            waiting = f"looking for channels: {self.why_waiting}" if self.why_waiting else ""
            malformed = {"no channel": self.unheld} if self.unheld else {}
            messages = self.unheld + len(self._held)
            note = "; ".join(filter(None, (link.note, waiting)))
            return replace(link, messages=messages, malformed=malformed, note=note)
        message_rate, rate = self._meter.rates(now)
        link = self._usable.judged(link)
        counted = {"pairs": self._rows, "nonfinite": self._empty}
        found = described(link, self._reader, *self.notes, **counted, rate=rate, message_rate=message_rate)
        malformed = {**found.malformed, "no channel": self.unheld} if self.unheld else found.malformed
        return replace(found, malformed=malformed, messages=found.messages + self.unheld)

    @property
    def recognised(self) -> str:
        """How the format was recognised; empty before that."""
        return "" if self._reader is None else self._reader.recognised

    @property
    def spacings(self) -> tuple[Spacing, ...]:
        """How far apart what can be used is."""
        return (self._usable.spacing,)

    @property
    def numbered(self) -> bool:
        """True if the messages so far had sequence numbers, so that missing ones are known."""
        return self._reader is not None and self._reader.numbered

    def settles(self, now: float) -> bool:
        """True if ``settle`` has something to do at ``now``."""
        return self._reader is None and self._held.are_enough(now)

    def state(self) -> dict[str, Any]:
        """The state that ``restore`` needs: values that are copied before the next message."""
        kept = {name: getattr(self, name) for name in _SAVED}
        return (
            kept
            | self._held.state()
            | {
                "layout": self._layout.state(),
                "streams": {of: tuple(stream) for of, stream in self._streams.items()},
                "apart": isinstance(self._reader, SignalReader),
                "reader": None if self._reader is None else self._reader.state(),
                "meter": self._meter.state(),
                "usable": self._usable.state(),
                "silence": self._silence.state(),
                "names": list(self.names),
                "later": list(self.later),
            }
        )

    def restore(self, state: dict[str, Any]) -> None:
        """Take up the saved state of an intake with the same settings."""
        for name in _SAVED:
            setattr(self, name, state[name])
        self._layout.restore(state["layout"])
        self._held.restore(state)
        self.names, self.later = tuple(state["names"]), dict.fromkeys(state["later"])
        self._streams = {of: Stream(*stream) for of, stream in state["streams"].items()}
        if state["reader"] is not None:
            self._begin(apart=state["apart"]).restore(state["reader"])
        self._meter.restore(state["meter"])
        self._usable.restore(state["usable"])
        self._silence.restore(state["silence"])

    def _begin(self, *, apart: bool) -> Decoder | SignalReader:
        """Read what comes from now on."""
        if apart:
            topic = self._layout.topic
            self._reader = SignalReader(self._config, self._streams, self.names, topic, self._grid, self._hold_s)
            return self._reader
        (topic_of_all,) = self._streams
        self._only = topic_of_all or None
        self._reader = Decoder(self._config, self._streams[topic_of_all].paths, partial=True)
        return self._reader

    def _rows_in(self, messages: Messages, received: float, *, final: bool = False) -> RowBatch:
        assert self._reader is not None
        if self._only is not None:
            messages = [frames for frames in messages if self._is_of_channels(frames)]
        return self._reader.rows(messages, received, final=final)

    def _is_of_channels(self, frames: Frames) -> bool:
        """True if a message has the topic of the channels: others have the same paths, perhaps."""
        topic = self._layout.topic(frames) if any(frames) else ""
        if topic == self._only:
            return True
        if not self._layout.has_seen(topic):
            self._layout.take(frames)
            self.later = dict.fromkeys(self._layout.later)
        return False

    def _look_for_new(self, messages: Messages) -> None:
        """See whether there are channels that were not there at first: in the last message, and under new topics.

        Of channels that come one a message half as many again are looked at as there are.
        """
        new = list(messages[-self._look_left :]) if self._look_left else []
        self._look_left -= len(new)
        if isinstance(self._reader, SignalReader):
            new, self._reader.strangers = [*self._reader.strangers, *new], []
        for frames in new:
            self._layout.take(frames, always=True)
        self.later = dict.fromkeys(self._layout.later)

    def _taken(self, batch: RowBatch, received: float, messages: int) -> RowBatch | None:
        assert self._reader is not None
        there = np.isfinite(batch.rows)
        some: NDArray[np.bool_] = np.logical_or.reduce(there, axis=1)
        usable = np.zeros(self._reader.fresh) if isinstance(self._reader, SignalReader) else np.where(some, 0.0, np.nan)
        self._usable.add(received, messages, usable)
        full = int(np.count_nonzero(some))
        self._empty += len(some) - full
        if full < len(some):
            batch = RowBatch(rows=batch.rows[some], t=None if batch.t is None else batch.t[some], received=received)
        if full:
            self._silence.add(there[some])
        self._rows += full
        self._together |= bool((np.count_nonzero(there, axis=1) > 1).any())
        self.missing += full * len(self.names) - int(np.count_nonzero(there))
        self._meter.add(received, self._reader.messages, self._rows)
        return batch if full else None


_SAVED: Final = (
    "_rows", "_empty", "_together", "_look_due", "_look_left", "missing", "unheld",
)  # fmt: skip


def _listed(names: list[str]) -> str:
    return ", ".join(names[:SHOWN]) + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")
