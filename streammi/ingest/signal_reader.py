"""Messages of signals that have times of their own, one a topic, a name or a message, to rows of all of them."""

from collections import Counter
from collections.abc import Callable
from typing import Any, Final

import numpy as np

from streammi.config import FeedConfig
from streammi.errors import FeedError
from streammi.ingest.channel_layout import Stream
from streammi.ingest.decoder import Decoder
from streammi.ingest.formats.columns import number, or_nan
from streammi.ingest.formats.content import SEQ_NAMES, Content, Samples
from streammi.ingest.formats.named import TIMES, by_name
from streammi.ingest.formats.record import is_seq
from streammi.ingest.formats.samples import samples
from streammi.ingest.formats.units import check_names
from streammi.ingest.pairing.row_grid import Alignment
from streammi.network.frames import Frames, Messages
from streammi.records import FloatArray, IntArray, RowBatch

SHOWN: Final = 3  # notes of decoders, or names
SLOW: Final = 10.0  # times as slow as most is the slowest signal, from which on that is said
COUNTS: Final = ("messages", "bytes", "gaps", "resets", "reordered", "repeated")


class NamedDecoder(Decoder):
    """Messages in, samples of named signals out: of each its number by ``numbers``, and its value.

    >>> decoder = NamedDecoder(FeedConfig(endpoint=""), {"temp": 0, "flow": 1})
    >>> batch = decoder.rows([[b'[{"bn": "", "bt": 1.8e9, "n": "flow", "v": 3}, {"n": "temp", "v": 20, "t": 1}]']], 0.0)
    >>> batch.rows.tolist(), batch.t.tolist()
    ([[1.0, 3.0], [0.0, 20.0]], [1800000000.0, 1800000001.0])
    """

    IN_BULK = False  # that reads what has the same paths

    def __init__(self, config: FeedConfig, numbers: dict[str, int]) -> None:
        self._numbers = numbers
        super().__init__(config, ("0", "1"))

    def _samples(self, frames: Frames) -> Samples | None:
        content = self._format.row.read(frames, self._wanted)
        records = None if content is None else by_name(content.tree)
        if content is None:
            return None
        if records is None:
            raise FeedError("no such path", "no record with a name and a value")
        check_names(content.tree, tuple(self._numbers), self._wanted)
        found = [
            (self._numbers[name], or_nan(value, number), record.get(TIMES[0]))
            for record in records
            for name, value in record.items()
            if name in self._numbers
        ]
        if not found:  # of others
            return None
        channels, values, times = (list(column) for column in zip(*found, strict=True))
        tree: dict[str, Any] = {"0": channels, "1": values}
        if any(time is not None for time in times):
            tree[TIMES[0]] = times
        first = content.tree[0] if isinstance(content.tree, list) else content.tree
        tree |= {name: first[name] for name in SEQ_NAMES if is_seq(first.get(name))}
        return samples(Content(tree, content.stamp, content.beside), self._wanted)._replace(places=None)


class SignalReader:
    """The rows of the channels of ``streams``, a topic each; counts as a Decoder does, of all topics together.

    ``topic`` says that of a message. Messages of topics that have no channels are ``strangers``: their number is
    known, and the first one of each topic is there to be looked at.
    """

    def __init__(
        self,
        config: FeedConfig,
        streams: dict[str, Stream],
        names: tuple[str, ...],
        topic: Callable[[Frames], str],
        grid_s: float | None,
        hold_s: float | None,
    ) -> None:
        self._topic, self._names = topic, names
        self._decoders = {of: _decoder_of(config, stream) for of, stream in streams.items()}
        self._channels = {of: np.array(stream.numbers) for of, stream in streams.items()}
        self._whole = list(streams) == [""]  # one stream, of a feed with one topic or none
        self._named = {of for of, stream in streams.items() if stream.named}
        self.aligned = Alignment(len(names), grid_s, hold_s)
        self._all = dict.fromkeys(COUNTS, 0)  # of all topics,
        self._each: dict[str, tuple[int, ...]] = {}  # and of each that was heard of
        self._malformed: Counter[str] = Counter()  # likewise
        self._bad: dict[str, dict[str, int]] = {}
        self._notes: dict[str, str] = {}
        self._given = hold_s is not None or grid_s is not None
        self.strangers: list[Frames] = []
        self._strange: set[str] = set()  # topics of these so far
        self._others = self._other_bytes = 0
        self._untimed = ""  # the first signal that had no times
        self.fresh = 0  # samples that came with the newest messages

    def rows(self, messages: Messages, received: float, *, final: bool = False) -> RowBatch:
        """The rows that are known now that these messages were taken off the wire at ``received``."""
        found: list[tuple[IntArray, FloatArray, FloatArray | None]] = []
        for of, own in self._by_topic(messages, final).items():
            batch = self._decoders[of].rows(own, received, final=final)
            self._count(of)
            if batch.rows.size:
                found.append(self._samples_of(of, batch))
        self.fresh = sum(values.size for _, values, _ in found)
        if self.fresh:
            channels, values = (np.concatenate([one[k] for one in found]) for k in (0, 1))
            self.aligned.add(channels, values, self._times_of(found), received)
        return self.aligned.rows(received, final=final)

    @property
    def messages(self) -> int:
        """Messages so far."""
        return self._others + self._all["messages"]

    @property
    def bytes(self) -> int:
        """Bytes so far."""
        return self._other_bytes + self._all["bytes"]

    @property
    def malformed(self) -> dict[str, int]:
        """Messages that had nothing of use, by reason."""
        return dict(self._malformed)

    @property
    def gaps(self) -> int:
        """Samples that are missing by the signals' own numbers."""
        return self._all["gaps"]

    @property
    def resets(self) -> int:
        """How often numbers began again."""
        return self._all["resets"]

    @property
    def reordered(self) -> int:
        """Messages that came after later ones."""
        return self._all["reordered"]

    @property
    def repeated(self) -> int:
        """Samples that came twice."""
        return self._all["repeated"]

    @property
    def numbered(self) -> bool:
        """True if all signals that were heard of have sequence numbers."""
        return all(self._decoders[of].numbered for of in self._each)

    @property
    def format(self) -> str | None:
        """The format of the first that is known."""
        return next((one.format for one in self._decoders.values() if one.format is not None), None)

    @property
    def recognised(self) -> str:
        """How it was recognised."""
        return next((one.recognised for one in self._decoders.values() if one.recognised), "")

    @property
    def note(self) -> str:
        """Remarks for a person on the messages, and on how rows are made of them."""
        own = {note: of for of, note in self._notes.items() if note}
        notes = [f"{of}: {note}" if of else note for note, of in list(own.items())[:SHOWN]]
        if len(own) > SHOWN:
            notes.append(f"and {len(own) - SHOWN} more such notes")
        return "; ".join([*notes, *self._of_clocks()])

    def state(self) -> dict[str, Any]:
        """The state that ``restore`` needs: values that are copied before the next message."""
        return {
            "decoders": {of: decoder.state() for of, decoder in self._decoders.items()},
            "aligned": self.aligned.state(),
            "strange": sorted(self._strange),
            "others": [self._others, self._other_bytes],
            "untimed": self._untimed,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Take up the saved state of one of the same channels."""
        for of, saved in state["decoders"].items():
            self._decoders[of].restore(saved)
        for of in self._decoders:
            self._count(of)
        self.aligned.restore(state["aligned"])
        self._strange, self._untimed = set(state["strange"]), state["untimed"]
        self._others, self._other_bytes = state["others"]

    def _by_topic(self, messages: Messages, final: bool) -> dict[str, list[Frames]]:
        if self._whole:
            return {"": list(messages)}
        found: dict[str, list[Frames]] = {of: [] for of in self._decoders} if final else {}
        for frames in messages:
            of = self._topic(frames) if any(frames) else ""
            if of in self._decoders:
                found.setdefault(of, []).append(frames)
                continue
            self._others += 1
            self._other_bytes += sum(map(len, frames))
            if of not in self._strange:
                self._strange.add(of)
                self.strangers.append(frames)
        return found

    def _samples_of(self, of: str, batch: RowBatch) -> tuple[IntArray, FloatArray, FloatArray | None]:
        """The samples in rows of a topic's own channels: numbers of channels, values and times (n,)."""
        if of in self._named:
            channels, values = batch.rows[:, 0].astype(np.int64), batch.rows[:, 1]
            there = np.isfinite(values)
            return channels[there], values[there], None if batch.t is None else batch.t[there]
        rows, columns = np.nonzero(np.isfinite(batch.rows))
        t = None if batch.t is None else batch.t[rows]
        return self._channels[of][columns], batch.rows[rows, columns], t

    def _times_of(self, found: list[tuple[IntArray, FloatArray, FloatArray | None]]) -> FloatArray | None:
        """The times of samples, topic by topic; None where one has none."""
        times = [t for _, _, t in found if t is not None]
        if len(times) == len(found):
            return np.concatenate(times)
        if not self.aligned.by_arrival:
            self._untimed = self._names[
                next(channels.item(0) for channels, values, t in found if t is None and values.size)
            ]
        return None

    def _count(self, of: str) -> None:
        """Take the counts of a topic's decoder into those of all: of a thousand topics few have news at a time."""
        decoder, before = self._decoders[of], self._each.get(of)
        now = tuple(getattr(decoder, name) for name in COUNTS)
        if decoder.malformed:
            self._malformed.subtract(self._bad.get(of, {}))
            self._bad[of] = dict(decoder.malformed)
            self._malformed.update(self._bad[of])
        for k, name in enumerate(COUNTS):
            self._all[name] += now[k] - (before[k] if before is not None else 0)
        self._each[of] = now
        if decoder.note != self._notes.get(of, ""):
            self._notes[of] = decoder.note

    def _of_clocks(self) -> list[str]:
        """Remarks for a person on the signals' clocks."""
        aligned, notes = self.aligned, []
        if aligned.by_arrival and self._untimed:
            notes.append(f"{self._untimed} has no times of its own: rows are by the time of arrival")
        behind, usual = aligned.behind, aligned.usual
        off = np.flatnonzero(np.abs(behind) > aligned.holds)
        off = off[behind[off] > 0]
        if off.size:
            worst = int(off[np.argmax(behind[off])])
            many = f"{off.size} signals have nothing new, or clocks that are behind: " if off.size > 1 else ""
            notes.append(f"{many}{self._names[worst]} is {_seconds(behind[worst])} behind the others, too old for rows")
        known = np.where(np.isnan(usual), 0.0, usual)
        slowest = int(np.argmax(known))
        if not self._given and known[slowest] > SLOW * float(np.median(known)) > 0:
            notes.append(
                f"rows are made at the pace of the slowest, {self._names[slowest]}: one in {_seconds(known[slowest])}; "
                "--grid 1s makes more"
            )
        if aligned.set_back:
            notes.append(f"clocks were set back {aligned.set_back:,} times")
        return notes


def _decoder_of(config: FeedConfig, stream: Stream) -> Decoder:
    if stream.named:
        return NamedDecoder(config, dict(zip(stream.paths, stream.numbers, strict=True)))
    return Decoder(config, stream.paths, partial=True)


def _seconds(seconds: float) -> str:
    return f"{seconds:.3g} s" if seconds < 1000 else f"{seconds:,.0f} s"
