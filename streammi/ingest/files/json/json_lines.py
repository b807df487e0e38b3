"""JSON Lines as pairs: each line is a message, read as those of a live feed are."""

import re
from collections.abc import Iterator
from contextlib import closing
from typing import Any, Final

import msgspec
import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from streammi.config import FeedConfig
from streammi.errors import ConfigError
from streammi.ingest.decoder import Decoder
from streammi.ingest.files.file_options import PLAIN, FileOptions
from streammi.ingest.files.json.json_records import WHOLE, JsonRecords, records_in
from streammi.ingest.files.json.json_times import counted, time_path
from streammi.ingest.files.numbers.missing import hint_of, read_missing, sentinel_of
from streammi.ingest.files.sampled import listed
from streammi.ingest.files.table.no_table import LOOKED_AT, signal_a_record
from streammi.ingest.files.tables import rows_skipped
from streammi.ingest.files.text.source import Source
from streammi.ingest.files.times.newest_first import oldest_first
from streammi.ingest.files.times.time_format import SORTED, goes_back
from streammi.ingest.formats.columns import is_array
from streammi.ingest.record_fields import leaves
from streammi.network.frames import Frames
from streammi.records import FloatArray, LinkHealth, PairBatch

NOT_OF_JSON: Final = {  # of a table's options, and why
    "decimal": "whose numbers have a decimal point",
    "time_format": "whose times are numbers (--time-unit) or ISO 8601 such as 2026-11-28T08:00:00Z",
    "skip_rows": "which has no lines above its values",
    "columns": "whose values have their names",
}


def check_options(path: str, options: FileOptions) -> None:
    """ConfigError for an option of a table."""
    for name, why in NOT_OF_JSON.items():
        if getattr(options, name) != getattr(PLAIN, name):
            option = "--" + name.replace("_", "-")
            raise ConfigError(option, f"left out: {path} is JSON, {why}", getattr(options, name))


class JsonLines:
    """Iterates once over the pairs of a file with a JSON object a line, or one array of them; as ``PairFile`` does."""

    def __init__(
        self, source: Source, x: str, y: str, t: str | None, labels: bool, options: FileOptions,
        given: tuple[str, ...] = (),
    ) -> None:  # fmt: skip
        check_options(source.path, options)
        self._source, self._labels, self._untimed = source, labels, t == ""
        self._config = FeedConfig(
            endpoint=source.path, x=x, y=y, given=given, t=t or None, format="json", labels=labels,
            time_unit=options.time_unit, max_message=WHOLE,
        )  # fmt: skip
        self._missing = read_missing(options.missing)
        words = sorted(self._missing[1], key=len, reverse=True)
        written = b"|".join(re.escape(msgspec.json.encode(word)) for word in words)
        self._absent = re.compile(rb"(?:" + written + rb")(?!\s*:)") if words else None  # not the name of a value
        self._records = JsonRecords(source)
        self._time_said = ""
        if t is None:
            found, self._time_said = time_path(self._records.head, x)
            self._config = replace(self._config, t=found or None)
        told = counted(self._records.head, self._config.t or "", options) if t != "" else None
        if told is not None:
            self._untimed |= not told.unit
            self._config = replace(self._config, time_unit=told.unit or "auto")
            self._time_said = "; ".join(filter(None, (self._time_said, told.said)))
        self._decoder = Decoder(self._config)
        self._lines = self._finite = self._events = 0
        self._first_bad: dict[str, tuple[int, str]] = {}
        self.said, self.hint = "", ""
        self._timed = False
        self._look()

    @property
    def timed(self) -> bool:
        """True if the samples have timestamps."""
        return self._timed

    @property
    def empty(self) -> bool:
        """True if there is no line."""
        return not self._records.head

    @property
    def time_column(self) -> str | None:
        """The name of the time, where that is known; None without times."""
        return (self._config.t or "its time") if self._timed else None

    @property
    def rows(self) -> int:
        """Lines so far."""
        return self._lines

    @property
    def malformed(self) -> dict[str, int]:
        """Lines that yield no pair, by reason."""
        return self._decoder.malformed

    @property
    def progress(self) -> tuple[int, int]:
        """Bytes read so far, and of the whole file, 0 where that is not known."""
        return self._source.read, self._source.size

    @property
    def note(self) -> str:
        """One line on the lines that were skipped, and on what the numbers and times in them do."""
        parts = [
            f"{count} {reason}"
            + (f" (first in line {where[0]}: {where[1]})" if (where := self._first_bad.get(reason)) else "")
            for reason, count in self.malformed.items()
        ]
        skipped = rows_skipped(sum(self.malformed.values()), parts)
        events = f"lines of events left out: {self._events:,}" if self._events else ""
        return "; ".join(filter(None, (skipped, events, self._decoder.note, self._source.note)))

    @property
    def why_empty(self) -> str:
        """Why there was no pair of finite values; empty when there was one."""
        if self._finite:
            return ""
        if self._decoder.pairs:
            return (
                f"no pair: {self._config.x} and {self._config.y} are finite together in none of {self._lines:,} lines"
            )
        return f"no pair: {self.note or 'there is no line'}"

    def health(self) -> tuple[LinkHealth, ...]:
        """The file as the one link of a feed: what was read of it so far."""
        decoder = self._decoder
        malformed = {str(reason): count for reason, count in decoder.malformed.items()}
        return (
            LinkHealth(
                endpoint=self._source.path, state="ended", pairs=decoder.pairs, malformed=malformed, gaps=decoder.gaps,
                resets=decoder.resets, reordered=decoder.reordered, repeated=decoder.repeated,
            ),
        )  # fmt: skip

    def __iter__(self) -> Iterator[PairBatch]:
        with closing(self):
            batches = self._batches()
            back = self._goes_back
            yield from oldest_first(batches, self.time_column, self._source.path) if back else batches

    def _batches(self) -> Iterator[PairBatch]:
        for line, messages in self._messages():
            batch = self._decode(line, messages)
            if batch.x.size:
                yield batch

    def close(self) -> None:
        """Close the file; standard input stays open."""
        self._source.close()

    def _decode(self, line: int, messages: list[Frames]) -> PairBatch:
        before = dict(self.malformed)
        readings = [message for message in messages if not self._is_event(message)]
        self._events += len(messages) - len(readings)
        batch = self._decoder.decode(readings, 0.0)
        if self.malformed != before:
            self._note_bad(line, messages, before)
        self._lines += len(messages)
        if not self._labels:
            for value in self._missing[0]:
                for values in (batch.x, batch.y, *(() if batch.z is None else (batch.z,))):
                    values[values == value] = np.nan
            self._finite += int(np.count_nonzero(np.isfinite(batch.x) & np.isfinite(batch.y)))
        else:
            self._finite += batch.x.size
        return replace(batch, t=None) if self._untimed else batch

    def _is_event(self, message: Frames) -> bool:
        """True if this is a monitor's event, which its lines have among the readings, and x is of the readings."""
        row = message[0]
        told = row.startswith(b'{"v":') and b'"kind":"' in row and b'"pair":"' in row
        return told and f'"{self._config.x}":'.encode() not in row

    def _note_bad(self, line: int, messages: list[Frames], before: dict[str, int]) -> None:
        """Find, once for each reason, where it was first met."""
        new = {reason for reason, count in self.malformed.items() if count > before.get(reason, 0)}
        if new <= self._first_bad.keys():
            return
        alone = Decoder(self._config)
        for k, message in enumerate(messages):
            if self._is_event(message):
                continue
            known = dict(alone.malformed)
            alone.decode([message], 0.0)
            for reason in alone.malformed.keys() - known.keys():
                self._first_bad.setdefault(
                    reason, (line + k, message[0].decode("utf-8", "replace").split("\n")[0][:60])
                )

    def _messages(self) -> Iterator[tuple[int, list[Frames]]]:
        for line, records in self._records.blocks():
            yield line, [[self._without_missing(record)] for record in records]

    def _without_missing(self, record: bytes) -> bytes:
        """A record with null for each text that stands for no value."""
        return self._absent.sub(b"null", record) if self._absent is not None else record

    def _look(self) -> None:
        """Look whether there are such paths, and times: from the first records, which are not used up."""
        messages: list[Frames] = [[self._without_missing(record)] for record in self._records.head]
        trial = Decoder(self._config)
        batch = trial.decode(messages, 0.0)
        self._timed = batch.t is not None and bool(np.isfinite(batch.t).any()) and not self._untimed
        known = batch.t[np.isfinite(batch.t)] if batch.t is not None and self._timed else np.empty(0)
        self._goes_back = goes_back(known)
        back = f"{self.time_column} {SORTED}" if self._goes_back else ""
        said = [*self._records.said, *filter(None, [self._time_said, trial.note, back])]
        self.said = f"{self._source.path}: {'; '.join(said)}" if said else ""
        for name, values in ((self._config.x, batch.x), (self._config.y, batch.y)):
            if not self._labels and not self.hint and (sentinel := sentinel_of(self._known(values))) is not None:
                self.hint = hint_of(name, sentinel)
        if batch.x.size or not messages:
            return
        paths = paths_of(messages)
        x, y = self._config.x, self._config.y
        if what := signal_a_record(records_in([text for (text,) in messages[:LOOKED_AT]]), (x, y)):
            raise ConfigError("file", f"records with {x} and {y}, and has {what}", self._source.path)
        for option, path in (("--x", self._config.x), ("--y", self._config.y), ("--time", self._config.t)):
            if path is not None and paths and path.replace(".", "/") not in {name.replace(".", "/") for name in paths}:
                raise ConfigError(option, f"a path of {self._source.path} ({listed(paths, path)})", path)

    def _known(self, values: NDArray[Any]) -> FloatArray:
        """Values without those that stand for none."""
        return np.where(np.isin(values, self._missing[0]), np.nan, values) if self._missing[0] else values


def paths_of(messages: list[Frames]) -> list[str]:
    """The paths of the values in messages of JSON."""
    found: dict[str, None] = {}
    for record in records_in([text for (text,) in messages]):
        for one in record[:1] if is_array(record) else [record]:
            found |= dict.fromkeys(path for path, _ in leaves(one) if path)
    return list(found)
