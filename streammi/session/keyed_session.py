"""A monitor of many devices between what it is fed, entry by entry, and whoever it tells.

A live run and a replay of its recording hand the same entries to the same code, so what they say is the same. Nothing
here looks at a clock: how many of the readings that are due are made is an entry too.
"""

from collections.abc import Iterable
from itertools import islice
from typing import Any

import msgspec

from streammi.config import FeedConfig, KeyedConfig
from streammi.ingest.keyed_decoder import KeyedDecoder
from streammi.ingest.link_counts import described, why_none
from streammi.ingest.rates import Meter
from streammi.monitor.keyed_monitor import KeyedMonitor
from streammi.network.silence import SilenceWatch
from streammi.publish.influx_lines import influx_line
from streammi.publish.messages import Fields, reading_message, reading_topic, result_fields
from streammi.publish.outbox import LineForm
from streammi.publish.publisher import Publisher
from streammi.recording.entries import Arrived, Begin, Due, Ended, Entry, Flagged, LinkChanged, Polled
from streammi.records import KeyedBatch, LinkHealth, Reading, Snapshot, codec
from streammi.records.codec import State
from streammi.records.key_names import key_name
from streammi.records.status import Status, status_of
from streammi.session.device_snapshots import snapshot_of_all, snapshot_of_device
from streammi.session.recorded_session import changed
from streammi.system.spool import LineStream


class KeyedSession:
    """Counts what arrives, and says what is due, as lines and on a publisher; either may be None. ``run`` is its name.

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
        self._paths = source.x, source.y
        self.links = [LinkHealth(endpoint=source.endpoint, state="connecting")]
        self.flags = Status.OK
        self.catching_up = False  # what is taken in was recorded by a run that may have said what comes of it
        self.run, self.seq, self.taken, self.changes = run, 0, 0, 0
        self.closed = False  # nobody reads the lines any more
        self._limits = config.max_keys, config.idle_s
        self._publisher, self._lines, self._form, self._samples = publisher, lines, form, samples
        self._seqs: dict[str, int] = {}  # of each key's last reading
        self._named: dict[str, str] = {}  # keys that somebody asked for, by their names in topics
        self._meter, self._usable = Meter(), SilenceWatch()

    @property
    def link(self) -> LinkHealth:
        """The link as its socket knows it."""
        return self.links[0]

    @property
    def over(self) -> bool:
        """True if there is nothing left to do."""
        return self.closed or (self._samples is not None and self.taken >= self._samples)

    @property
    def counts(self) -> str:
        """The name of what a state that is gone on from has so many of."""
        return f"pairs of {len(self.monitor.windows):,} keys"

    @property
    def counted(self) -> int:
        """The pairs taken in so far, also before the state that was gone on from."""
        return self.decoder.pairs

    def apply(self, entry: Entry) -> None:
        """Take in what happened next, and say what comes of it."""
        self.changes += 1
        match entry:
            case Arrived():
                self._take(entry)
            case Due(at, most):
                self._say(islice(self.monitor.readings(at), most), at)
            case LinkChanged():
                if entry.reconnects > self.link.reconnects:
                    self.decoder.restarted()
                self.links = [changed(self.link, entry)]
            case Polled(at):
                self._drop_idle(at)
            case Flagged(_, flags):
                self.flags = Status(flags)
            case Ended(at):
                self._count(self.decoder.decode_keyed([], at, final=True))
                self._say(self.monitor.last(at), at)
            case Begin():
                self.run, self.seq, self.taken = entry.run, entry.seq, entry.taken
                if entry.resumed:
                    self.decoder.restarted()
                if (keys := entry.settings.keys) is not None:
                    self.monitor.limit(keys.max_keys, keys.idle_s)

    def resume(self) -> None:
        """Go on after a pause of the monitor itself, from now on with its own limits."""
        self.decoder.restarted()
        if not self.catching_up:
            self.monitor.limit(*self._limits)

    def name(self, key: str) -> str:
        """A key's name in topics."""
        return f"{key_name(key)}/{self.monitor.config.pair.pair}"

    def health(self, now: float) -> LinkHealth:
        """The link, with what is known of its messages."""
        message_rate, rate = self._meter.rates(now)
        windows, nonfinite = self.monitor.windows, self.monitor.nonfinite
        note = f"{windows.refused:,} pairs of keys beyond --max-keys refused" if windows.refused else ""
        counted: dict[str, Any] = {"pairs": self.decoder.pairs - nonfinite, "nonfinite": nonfinite}
        counted["why_none"] = why_none(self.decoder, x=self._paths[0], y=self._paths[1])
        link = self._usable.judged(self.link)
        return described(link, self.decoder, note, **counted, rate=rate, message_rate=message_rate)

    def known(self, now: float) -> Fields:
        """The totals that metrics show, of all keys together: nothing by key, whose number has no bound there."""
        totals = self.monitor.windows.all_totals
        status = int(status_of(None, self.health(now)) & ~Status.WARMING_UP | self._flags)
        return {**totals, "run": self.run, "seq": self.seq, "status": status}

    def snapshot(self, now: float) -> Snapshot:
        """The snapshot of the monitor as a whole."""
        origin = {"run": self.run, "seq": self.seq, "timestamp": now}
        return snapshot_of_all(self.monitor.windows, self.monitor.config, self.health(now), **origin)

    def device(self, name: str, now: float) -> Snapshot | None:
        """The snapshot of one device by its name in topics; None where no device that has a window is called so."""
        key = self._key_of(name)
        if key is None:
            return None
        origin = {"pair": name, "run": self.run, "seq": self._seqs.get(key, 0), "timestamp": now}
        return snapshot_of_device(self.monitor.windows, key, self.monitor.config, self.health(now), **origin)

    def state(self) -> State:
        """All that what is said from now on depends on."""
        plain = {"decoder": self.decoder.state(), "seqs": self._seqs, "seq": self.seq, "flags": int(self.flags)}
        plain |= {"link": msgspec.structs.asdict(self.link), "meter": self._meter.state()}
        plain["usable"] = self._usable.state()
        parts = {"session": ({"plain": codec.to_plain(plain)}, list[Any]()), "monitor": self.monitor.state()}
        return codec.joined(parts)

    def restore(self, state: State) -> None:
        """Take up the state of a session with the same settings; ``taken`` counts from here."""
        parts = codec.parts_of(state)
        plain = codec.from_plain(parts["session"][0]["plain"])
        self.decoder.restore(plain["decoder"])
        self._seqs, self.seq, self.flags = plain["seqs"], plain["seq"], Status(plain["flags"])
        self.links = [LinkHealth(**plain["link"])]
        self._meter.restore(plain["meter"])
        self._usable.restore(plain["usable"])
        self.monitor.restore(*parts["monitor"])

    @property
    def _flags(self) -> Status:
        return self.flags | (Status.CAUGHT_UP if self.catching_up else Status.OK)

    def _key_of(self, name: str) -> str | None:
        """The key that has a window and is called so in topics."""
        windows, (label, slash, pair) = self.monitor.windows, name.partition("/")
        if not slash or pair != self.monitor.config.pair.pair:
            return None
        key = self._named.get(label, label)
        if key not in windows or key_name(key) != label:  # one that is written otherwise: looked for once
            found = next((key for key in windows.keys if key_name(key) == label), None)
            self._named = {} if found is None else {**self._named, label: found}
            return found
        return key

    def _take(self, arrived: Arrived) -> None:
        """Count what has arrived."""
        batch = self.decoder.decode_keyed(arrived.messages, arrived.received)
        self._usable.add(arrived.received, len(arrived.messages), batch.x, batch.y)
        self._count(batch)

    def _drop_idle(self, now: float) -> None:
        """Let go of keys that are idle."""
        for key in self.monitor.drop_idle(now):
            self._seqs.pop(key, None)
            if self._publisher is not None:
                self._publisher.forget(reading_topic(self.name(key)))

    def _count(self, batch: KeyedBatch) -> None:
        if self._samples is not None:
            left = max(self._samples - self.taken, 0)
            batch = msgspec.structs.replace(batch, keys=batch.keys[:left], x=batch.x[:left], y=batch.y[:left])
        self.taken += len(batch.keys)
        self.monitor.feed(batch)
        self._meter.add(batch.received, self.decoder.messages, self.decoder.pairs - self.monitor.nonfinite)

    def _say(self, readings: Iterable[tuple[str, Reading]], now: float) -> None:
        """Say these readings of keys."""
        health = self.health(now)
        for key, reading in readings:
            self._say_one(key, reading, health, now)

    def _say_one(self, key: str, reading: Reading, link: LinkHealth, now: float) -> None:
        self.seq += 1
        self._seqs[key] = seq = self._seqs.get(key, 0) + 1
        status = status_of(reading, link) | self._flags
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
