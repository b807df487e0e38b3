"""A monitor of many devices between its feed and whoever it tells."""

from collections.abc import Callable
from typing import Any

import msgspec

from streammi.config import FeedConfig, KeyedConfig
from streammi.ingest.keyed import KeyedDecoder
from streammi.ingest.link_counts import described
from streammi.ingest.rates import Meter
from streammi.monitor.keyed_monitor import KeyedMonitor
from streammi.network.silence import SilenceWatch
from streammi.publish.messages import Fields, influx_line, reading_message, reading_topic, result_fields
from streammi.publish.outbox import LineForm
from streammi.publish.publisher import Publisher
from streammi.recording.entries import Arrived
from streammi.records import KeyedBatch, LinkHealth, Reading, codec
from streammi.records.codec import State
from streammi.records.key_names import key_name
from streammi.records.status import Status, status_of
from streammi.system.spool import LineStream


class KeyedSession:
    """Counts what arrives, and says what is due, as lines and on a publisher; either may be None.

    A reading's topic is ``mi/<key>/<pair>``, as is its ``pair`` in a line of Influx; a line of JSON has the ``key``.
    """

    def __init__(
        self,
        config: KeyedConfig,
        source: FeedConfig,
        publisher: Publisher | None,
        lines: LineStream | None,
        run: int,
        *,
        form: LineForm = "jsonl",
        samples: int | None = None,
    ) -> None:
        self.monitor, self.decoder = KeyedMonitor(config), KeyedDecoder(source, config.key)
        self.link = LinkHealth(endpoint=source.endpoint, state="connecting")
        self.flags = Status.OK
        self.run, self.said, self.taken, self.changes = run, 0, 0, 0
        self.closed = False  # nobody reads the lines any more
        self._publisher, self._lines, self._form, self._samples = publisher, lines, form, samples
        self._seqs: dict[str, int] = {}  # of each key's last reading
        self._meter, self._usable = Meter(), SilenceWatch()

    @property
    def over(self) -> bool:
        """True if there is nothing left to do."""
        return self.closed or (self._samples is not None and self.taken >= self._samples)

    def take(self, arrived: Arrived) -> None:
        """Count what has arrived."""
        batch = self.decoder.decode_keyed(arrived.messages, arrived.received)
        self._usable.add(arrived.received, len(arrived.messages), batch.x, batch.y)
        self._count(batch)

    def end(self, now: float) -> None:
        """Count what was held back, and say what no reading has counted."""
        self._count(self.decoder.decode_keyed([], now, final=True))
        for key, reading in self.monitor.last(now):
            self._say(key, reading, self.health(now), now)

    def say(self, now: float, enough: Callable[[], bool]) -> bool:
        """Say what is due, one key at least, until it is ``enough``; whether that is all."""
        health = None
        for key, reading in self.monitor.readings(now):
            if health is None:
                health = self.health(now)
            elif enough():
                self._say(key, reading, health, now)
                return False
            self._say(key, reading, health, now)
        return True

    def drop_idle(self, now: float) -> None:
        """Let go of keys that are idle."""
        for key in self.monitor.drop_idle(now):
            self.changes += 1
            self._seqs.pop(key, None)
            if self._publisher is not None:
                self._publisher.forget(reading_topic(self.name(key)))

    def name(self, key: str) -> str:
        """A key's name in topics."""
        return f"{key_name(key)}/{self.monitor.config.pair.pair}"

    def health(self, now: float) -> LinkHealth:
        """The link, with what is known of its messages."""
        message_rate, rate = self._meter.rates(now)
        windows, nonfinite = self.monitor.windows, self.monitor.nonfinite
        note = f"{windows.refused:,} pairs of keys beyond --max-keys refused" if windows.refused else ""
        counted: dict[str, Any] = {"pairs": self.decoder.pairs - nonfinite, "nonfinite": nonfinite}
        link = self._usable.judged(self.link)
        return described(link, self.decoder, note, **counted, rate=rate, message_rate=message_rate)

    def known(self, now: float) -> Fields:
        """The totals that metrics show, of all keys together: nothing by key, whose number has no bound there."""
        totals = self.monitor.windows.all_totals
        status = int(status_of(None, self.health(now)) & ~Status.WARMING_UP | self.flags)
        return {**totals, "run": self.run, "seq": self.said, "status": status}

    def state(self) -> State:
        """All that what is said from now on depends on."""
        plain = {"decoder": self.decoder.state(), "seqs": self._seqs, "said": self.said}
        parts = {"session": ({"plain": codec.to_plain(plain)}, list[Any]()), "monitor": self.monitor.state()}
        return codec.joined(parts)

    def restore(self, state: State) -> None:
        """Take up the state of a session with the same settings; ``taken`` counts from here."""
        parts = codec.parts_of(state)
        plain = codec.from_plain(parts["session"][0]["plain"])
        self.decoder.restore(plain["decoder"])
        self._seqs, self.said = plain["seqs"], plain["said"]
        self.monitor.restore(*parts["monitor"])

    def _count(self, batch: KeyedBatch) -> None:
        if self._samples is not None:
            left = max(self._samples - self.taken, 0)
            batch = msgspec.structs.replace(batch, keys=batch.keys[:left], x=batch.x[:left], y=batch.y[:left])
        self.changes += 1
        self.taken += len(batch.keys)
        self.monitor.feed(batch)
        self._meter.add(batch.received, self.decoder.messages, self.decoder.pairs - self.monitor.nonfinite)

    def _say(self, key: str, reading: Reading, link: LinkHealth, now: float) -> None:
        self.said += 1
        self.changes += 1
        self._seqs[key] = seq = self._seqs.get(key, 0) + 1
        status = status_of(reading, link) | self.flags
        fields = result_fields(reading, run=self.run, seq=seq, timestamp=now, link=link, status=status)
        name = self.name(key)
        if self._publisher is not None:
            self._publisher.send(reading_message(name, fields))
        if self._lines is None:
            return
        line = influx_line(name, fields) if self._form == "influx" else _line(key, fields)
        try:
            self._lines.write(line + "\n")
            self._lines.flush()
        except BrokenPipeError:  # whoever read our lines has gone, as `| head` does: nothing is wrong
            self._lines, self.closed = None, True


def _line(key: str, fields: Fields) -> str:
    return msgspec.json.encode({"key": key, **fields}).decode()
