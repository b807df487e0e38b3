"""The same readings without a screen: JSON lines, plain lines, InfluxDB lines, or one reading."""

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from datetime import tzinfo
from functools import partial
from typing import Final, Literal, NamedTuple, TextIO, TypeAlias, cast

import numpy as np
import zmq

from streammi.dashboard.drawing import charts
from streammi.dashboard.drawing.cells import printable
from streammi.dashboard.drawing.glyphs import Glyphs
from streammi.dashboard.drawing.wording import clock, duration, number, place, signed
from streammi.dashboard.panels.events import event_words
from streammi.errors import FeedError
from streammi.publish.client import Source
from streammi.publish.influx_lines import influx_event_line, influx_line
from streammi.publish.matrices import pair_topic
from streammi.publish.messages import Fields, event_topic, published_reading, read_event, read_reading, reading_topic
from streammi.publish.outbox import LINE_FORMS, TOO_FAST, LineForm, omitted_line
from streammi.records import Event, Reading
from streammi.records.status import OF_BEFORE, status_words
from streammi.records.verdict import at_peak, best_delay, delay_stands_out, leads_with_delay, strength, verdict
from streammi.system.log import Log, harmless, harmless_json
from streammi.system.signals import Stop
from streammi.system.spool import Spool

LineOutput: TypeAlias = Literal["jsonl", "plain", "influx", "once"]
SPARK: Final = 24  # readings of a plain line's sparkline
LOOK_MS: Final = 100  # between two looks at whether it has ended


class Lines:
    """Turns messages into lines, by the name of the output.

    ``jsonl``: the published JSON as it came, readings and events. ``plain``: words, with a sparkline of the last
    readings. ``influx``: both in the line protocol. ``once``: words. ``place`` tells the monitor from others.
    """

    def __init__(
        self,
        output: LineOutput,
        glyphs: Glyphs,
        zone: tzinfo | None = None,
        place: str = "",
        wall: Callable[[], float] = time.time,
    ) -> None:
        self.of_before = False  # the newest reading: its feed gives no more
        self._wall = wall
        self._output, self._glyphs, self._zone, self._place = output, glyphs, zone, place
        self._recent: dict[str, deque[float]] = {}

    def line(self, frames: list[bytes]) -> str | None:
        """The line of one message; None for one that has none in this output."""
        try:
            if frames[0].startswith(event_topic("")):
                return self._event(read_event(frames), frames[1])
            among_many = frames[0].startswith(pair_topic(""))
            pair, fields = read_reading(frames, pair_topic("") if among_many else reading_topic(""))
        except FeedError:
            return None
        self.of_before = bool(int(_float(fields, "status") or 0) & OF_BEFORE)
        match self._output:
            case "jsonl":
                return harmless_json(frames[1].decode())
            case "influx":
                return harmless(influx_line(pair, fields, self._place))
        said = self._among_many(pair, fields) if among_many else self._reading(pair, fields)
        return printable(said, ascii_only=self._glyphs.name == "ascii")

    def _event(self, event: Event, payload: bytes) -> str | None:
        match self._output:
            case "jsonl":
                return harmless_json(payload.decode())
            case "influx":
                return harmless(influx_event_line(event, self._place))
            case "once":
                return None
        words = [
            clock(event.timestamp, self._zone),
            self._named(event.pair),
            _readable(event_words(event)),
            _readable(event.evidence),
        ]
        return printable("  ".join(filter(None, words)), ascii_only=self._glyphs.name == "ascii")

    def _reading(self, pair: str, fields: Fields) -> str:
        reading, unit = published_reading(fields), fields.get("unit")
        mi, error, r = (_float(fields, name) for name in ("mi_corrected", "stderr", "r"))
        known = f"{number(mi)} {unit}" + ("" if error is None else f" {self._glyphs.plus_minus}{number(error)}")
        # Labels have no correlation, and neither has a constant, which is said first.
        said = "" if reading is None else verdict(reading, labels=r is None, untested="untested")
        led = reading is not None and leads_with_delay(reading)
        words = [said, f"{known} without delay"] if led else [known, said]
        words += [] if r is None else [f"r {signed(r, 2)}"]
        words += [] if reading is None else _significance(reading)
        words += status_words(int(_float(fields, "status") or 0))
        said_at = _float(fields, "timestamp")
        if self._output == "once" and self.of_before and said_at is not None:
            words.append(f"no more of now: as of {duration(max(self._wall() - said_at, 0.0))} ago")
        words = [self._named(pair), *map(_readable, filter(None, words))]
        if self._output == "plain":
            words.insert(0, clock(_float(fields, "timestamp"), self._zone))
            words.append(self._sparkline(pair, mi if reading is None else strength(reading)))
        return "  ".join(words)

    def _among_many(self, pair: str, fields: Fields) -> str:
        """One of the pairs of many channels that depend most."""
        mi, r, p, change = (_float(fields, name) for name in ("mi", "r", "p", "change"))
        words = [f"{fields.get('x')} ~ {fields.get('y')}", f"{number(mi)} {fields.get('unit')}"]
        words += [] if r is None else [f"r {signed(r, 2)}"]
        words += [] if p is None else [f"p {p:.3g}"]
        words += [] if change is None else [f"usually {number(None if mi is None else mi - change)}"]
        words = [*map(_readable, words), self._place] if self._place else list(map(_readable, words))
        if self._output == "plain":
            words = [clock(_float(fields, "timestamp"), self._zone), *words, self._sparkline(pair, mi)]
        return "  ".join(words)

    def _named(self, pair: str) -> str:
        return f"{pair} {self._place}" if self._place else pair

    def _sparkline(self, pair: str, mi: float | None) -> str:
        recent = self._recent.setdefault(pair, deque(maxlen=SPARK))
        recent.append(np.nan if mi is None else max(mi, 0.0))
        return charts.sparkline(np.array(recent), self._glyphs)


def _readable(words: str) -> str:
    """The words with a minus that programs read."""
    return words.replace("−", "-")


def _significance(reading: Reading) -> list[str]:
    """p, and what else is known of the delays than that one leads."""
    words = [] if reading.p is None else [f"p {reading.p:.3g}"]
    if reading.peak_mi is None:
        return words
    if leads_with_delay(reading):
        return words + ([] if reading.peak_p is None else [f"p {reading.peak_p:.3g} over all delays"])
    return [*words, at_peak(reading) if delay_stands_out(reading) else best_delay(reading)]


def _float(fields: Fields, name: str) -> float | None:
    value = fields.get(name)
    return float(value) if isinstance(value, float | int) else None


class Said(NamedTuple):
    """The outcome of a run without a screen."""

    silent: list[Source]  # which had no reading
    of_before: bool  # a reading that was said once is no more of now


def run_lines(
    sources: Sequence[Source],
    output: LineOutput,
    glyphs: Glyphs,
    out: TextIO,
    log: Log,
    stop: Stop,
    ended: Callable[[], bool],
) -> Said:
    """Write a line a message until it is time to stop; with the output ``once`` one reading of each source.

    Why there is no connection is said on ``log``. A reader of ``out`` that is slow
    holds nothing up: it is told how many lines were left out. One that goes away, as ``| head`` does, ends it; nothing
    is wrong then.
    """
    spool = Spool.on(out, omitted=partial(_omitted, output, glyphs))
    places = [place(source.endpoint) if len(sources) > 1 else "" for source in sources]
    lines = {source: Lines(output, glyphs, place=name) for source, name in zip(sources, places, strict=True)}
    poller = _poller(sources, stop)
    silent, of_before, said = list(sources), False, dict.fromkeys(sources, "")
    while not stop.requested:
        over = ended()
        poller.poll(LOOK_MS)
        stop.drain()
        for source, line in _arrived(lines):
            if output == "once" and source not in silent:
                continue
            try:
                spool.write(line + "\n")
            except BrokenPipeError:
                return Said([], of_before)
            of_before |= output == "once" and lines[source].of_before
            silent = [other for other in silent if other is not source]
        _say_notes(said, log)
        _warn(spool, log)
        if spool.gone:
            return Said([], of_before)
        if over or (output == "once" and not silent):
            break
    spool.finish(lambda: stop.requested, log.say, wait=output == "once")
    _warn(spool, log)
    return Said(silent, of_before)


def _poller(sources: Sequence[Source], stop: Stop) -> zmq.Poller:
    """Wakes when a message or a signal comes."""
    poller = zmq.Poller()
    for socket in (*(source.socket for source in sources), stop.fileno()):
        poller.register(socket, zmq.POLLIN)
    return poller


def _warn(spool: Spool, log: Log) -> None:
    while spool.notes:
        log.warn(spool.notes.pop(0))


def _omitted(output: LineOutput, glyphs: Glyphs, lines: int) -> str:
    """The line in the place of so many that were left out."""
    if output in LINE_FORMS:
        return omitted_line("", cast(LineForm, output), time.time(), lines)
    return printable(f"{lines} lines left out: {TOO_FAST}\n", ascii_only=glyphs.name == "ascii")


def _arrived(lines: dict[Source, Lines]) -> Iterator[tuple[Source, str]]:
    for source, said_by in lines.items():
        for line in map(said_by.line, source.messages()):
            if line is not None:
                yield source, line


def _say_notes(said: dict[Source, str], log: Log) -> None:
    """Say what each source has to say of its connection, once."""
    for source, before in said.items():
        if source.note != before:
            said[source] = source.note
            if source.note:
                log.say(f"{source.endpoint}: {source.note}")
