"""Messages of a pair's one source, or two, to pairs, and what became of them. No socket and no clock.

Live feeds and replays of what was recorded from them are read by the same code, so they say the same.
"""

from typing import Any, Literal, Protocol, TypeAlias

from msgspec.structs import replace

from streammi.config import FeedConfig, JoinConfig
from streammi.ingest.decoder import Decoder
from streammi.ingest.link_counts import described, why_none
from streammi.ingest.pairing.join import Join
from streammi.ingest.rates import Meter
from streammi.network.frames import Messages
from streammi.network.silence import SilenceWatch, Spacing
from streammi.records import LinkHealth, PairBatch, SampleBatch

SourceConfig: TypeAlias = FeedConfig | JoinConfig
Links: TypeAlias = tuple[LinkHealth, ...]


class Intake(Protocol):
    """Reads the messages of numbered sources, from 0; x's is the first."""

    def decode(self, source: int, messages: Messages, received: float) -> PairBatch:
        """The pairs that are known now that these messages were taken off the wire at ``received``; maybe none."""

    def restarted(self, source: int) -> None:
        """There is a new connection to this source, behind which may be another sender."""

    def count(self, received: float, nonfinite: int) -> None:
        """Of all pairs that were taken until ``received``, so many were not finite, and count for nothing."""

    def settle(self) -> PairBatch | None:
        """The pairs that wait for something better which will not come soon; None where nothing ever waits."""

    def end(self, received: float) -> list[PairBatch]:
        """The pairs in messages whose format could not be told yet, now that no more will come; maybe none."""

    def describe(self, links: Links, now: float) -> Links:
        """The links, one a source, completed by what is known of their messages."""

    @property
    def spacings(self) -> tuple[Spacing, ...]:
        """How far apart what can be used is, of each source."""

    @property
    def recognised(self) -> tuple[str, ...]:
        """Of each source how its format was recognised, in one line; empty before that, and where it was given."""

    @property
    def remarks(self) -> tuple[str, ...]:
        """Of each source what was guessed of its values, or speaks against it; empty where there is nothing to say."""

    @property
    def detail(self) -> str:
        """Why the newest message without a pair had none; empty before there was one."""

    @property
    def numbered(self) -> bool:
        """True if the messages so far had sequence numbers, so that missing ones are known."""

    def state(self) -> dict[str, Any]:
        """The state that ``restore`` needs: values that are copied before the next message."""

    def restore(self, state: dict[str, Any]) -> None:
        """Take up the saved state of an intake with the same settings."""


def sources_of(config: SourceConfig) -> tuple[FeedConfig, ...]:
    """The sources by their numbers: the one, or x's and y's."""
    return (config.x, config.y) if isinstance(config, JoinConfig) else (config,)


def intake_of(config: SourceConfig) -> Intake:
    """The intake for these settings; ConfigError for those that cannot work."""
    return JoinIntake(config) if isinstance(config, JoinConfig) else PairIntake(config)


class PairIntake:
    """Both signals come in the same messages."""

    def __init__(self, config: FeedConfig) -> None:
        self._config = config
        self._decoder = Decoder(config)
        self._meter = Meter()
        self._usable = SilenceWatch()
        self._nonfinite = 0  # pairs

    def decode(self, source: int, messages: Messages, received: float) -> PairBatch:
        """The pairs in the messages."""
        return self._taken(self._decoder.decode(messages, received), received, len(messages))

    def end(self, received: float) -> list[PairBatch]:
        """The pairs in what was held back."""
        return [self._taken(self._decoder.end(received), received, 0)]

    def restarted(self, source: int) -> None:
        """There is a new connection to the one source."""
        self._decoder.restarted()

    def _taken(self, batch: PairBatch, received: float, messages: int) -> PairBatch:
        self._usable.add(received, messages, batch.x, batch.y)
        return batch

    def count(self, received: float, nonfinite: int) -> None:
        """Of all pairs so far, so many were not finite."""
        self._nonfinite = nonfinite
        self._meter.add(received, self._decoder.messages, self._decoder.pairs - nonfinite)

    def settle(self) -> PairBatch | None:
        """Nothing waits."""
        return None

    def describe(self, links: Links, now: float) -> Links:
        """The one link, with the decoder's totals."""
        (link,) = links
        message_rate, rate = self._meter.rates(now)
        link = self._usable.judged(link)
        more = {"pairs": self._decoder.pairs - self._nonfinite, "nonfinite": self._nonfinite, "rate": rate}
        why = why_none(self._decoder, x=self._config.x, y=self._config.y)
        return (described(link, self._decoder, **more, message_rate=message_rate, why_none=why),)

    @property
    def spacings(self) -> tuple[Spacing, ...]:
        """That of the one source."""
        return (self._usable.spacing,)

    @property
    def recognised(self) -> tuple[str, ...]:
        """How the format was recognised."""
        return (self._decoder.recognised,)

    @property
    def remarks(self) -> tuple[str, ...]:
        """The guesses about the values."""
        return (self._decoder.remarks,)

    @property
    def detail(self) -> str:
        """Why the newest message without a pair had none."""
        return self._decoder.detail

    @property
    def numbered(self) -> bool:
        """True if the source numbers its messages."""
        return self._decoder.numbered

    def state(self) -> dict[str, Any]:
        """The decoder's and the rates'."""
        parts = {"decoder": self._decoder.state(), "meter": self._meter.state(), "usable": self._usable.state()}
        return parts | {"nonfinite": self._nonfinite}

    def restore(self, state: dict[str, Any]) -> None:
        """Take up a saved state."""
        self._decoder.restore(state["decoder"])
        self._meter.restore(state["meter"])
        self._usable.restore(state["usable"])
        self._nonfinite = state["nonfinite"]


class JoinIntake:
    """Each signal has its source; samples are joined by their times."""

    def __init__(self, config: JoinConfig) -> None:
        # Where both come from one place, each side sees the other's messages too.
        together = config.x.endpoint == config.y.endpoint
        x_others, y_others = ((config.y.y,), (config.x.x,)) if together else ((), ())
        self._decoders = Decoder(config.x, (config.x.x,), x_others), Decoder(config.y, (config.y.y,), y_others)
        self._paths = config.x.x, config.y.y
        self._join = Join(config.mode, config.tolerance_s, config.lateness_s)
        self._meters = Meter(), Meter()
        self._usable = SilenceWatch(), SilenceWatch()
        self._pair_meter = Meter()
        self._pairs = self._nonfinite = 0
        self._before_gap = 0  # pairs that may still come from before the last gap: so many samples were waiting

    def decode(self, source: int, messages: Messages, received: float) -> PairBatch:
        """The pairs that are settled by the samples in the messages."""
        return self._taken(source, self._decoders[source].samples(messages, received), received, len(messages))

    def end(self, received: float) -> list[PairBatch]:
        """The pairs that are settled by what was held back."""
        ended = [decoder.samples([], received, final=True) for decoder in self._decoders]
        return [self._taken(source, samples, received, 0) for source, samples in enumerate(ended)]

    def restarted(self, source: int) -> None:
        """There is a new connection to x's source, or y's."""
        self._decoders[source].restarted()

    def _taken(self, source: int, samples: SampleBatch, received: float, messages: int) -> PairBatch:
        decoder = self._decoders[source]
        self._usable[source].add(received, messages, samples.values)
        batch = self._behind_gap(self._join.add("y" if source else "x", samples))
        self._pairs += batch.x.size
        self._meters[source].add(received, decoder.messages, decoder.pairs)
        return batch

    def count(self, received: float, nonfinite: int) -> None:
        """Of all pairs so far, so many were not finite."""
        self._nonfinite = nonfinite
        self._pair_meter.add(received, 0, self._pairs - nonfinite)

    def _behind_gap(self, batch: PairBatch) -> PairBatch:
        """A gap is known before the pairs of what was waiting come: it is somewhere among them, or behind."""
        if batch.gaps:
            self._before_gap = max(self._join.x.tally.pending, self._join.y.tally.pending)
        elif batch.x.size and self._before_gap > 0:
            self._before_gap -= batch.x.size
            return replace(batch, interrupted=True)
        return batch

    def settle(self) -> PairBatch | None:
        """The pairs that wait only for a partner that is still nearer, or late."""
        batch = self._behind_gap(self._join.settle())
        self._pairs += batch.x.size
        return batch

    def describe(self, links: Links, now: float) -> Links:
        """Both links, each with its decoder's totals and the lot of its samples."""
        _, rate = self._pair_meter.rates(now)
        names: tuple[Literal["x", "y"], ...] = ("x", "y")
        found = []
        sides = zip(links, names, self._decoders, self._paths, self._meters, self._usable, strict=True)
        for link, name, decoder, path, meter, usable in sides:
            side = self._join.x if name == "x" else self._join.y
            notes = (f"the clock of {name} {side.note}" if side.note else "", self._join.note if name == "x" else "")
            link = described(
                usable.judged(link), decoder, *notes, signal=name, tally=side.tally,
                pairs=self._pairs - self._nonfinite, nonfinite=self._nonfinite, rate=rate,
                message_rate=meter.rates(now)[0], why_none=why_none(decoder, **{name: path}),
                clock_offset=self._join.clock_offset_s, pair_offset=self._join.pair_offset_s,
            )  # fmt: skip
            found.append(link)
        return tuple(found)

    @property
    def spacings(self) -> tuple[Spacing, ...]:
        """Those of x and y."""
        return tuple(usable.spacing for usable in self._usable)

    @property
    def recognised(self) -> tuple[str, ...]:
        """How each format was recognised."""
        return tuple(decoder.recognised for decoder in self._decoders)

    @property
    def remarks(self) -> tuple[str, ...]:
        """The guesses about the values of each."""
        return tuple(decoder.remarks for decoder in self._decoders)

    @property
    def detail(self) -> str:
        """Why the newest messages without a sample had none, of each source."""
        return "; ".join(decoder.detail for decoder in self._decoders if decoder.detail)

    @property
    def numbered(self) -> bool:
        """True if both sources number their messages."""
        return all(decoder.numbered for decoder in self._decoders)

    def state(self) -> dict[str, Any]:
        """The decoders', the join's and the rates'."""
        meters = [meter.state() for meter in (*self._meters, self._pair_meter)]
        decoders = [decoder.state() for decoder in self._decoders]
        return {
            "decoders": decoders,
            "join": self._join.state(),
            "meters": meters,
            "usable": [usable.state() for usable in self._usable],
            "pairs": self._pairs,
            "nonfinite": self._nonfinite,
            "before_gap": self._before_gap,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Take up a saved state."""
        for decoder, saved in zip(self._decoders, state["decoders"], strict=True):
            decoder.restore(saved)
        for meter, points in zip((*self._meters, self._pair_meter), state["meters"], strict=True):
            meter.restore(points)
        for usable, last in zip(self._usable, state["usable"], strict=True):
            usable.restore(last)
        self._join.restore(state["join"])
        self._pairs, self._nonfinite, self._before_gap = state["pairs"], state["nonfinite"], state["before_gap"]
