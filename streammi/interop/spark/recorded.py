"""Recorded: the pairs of a recording, numbered, as a live monitor counted them; no Spark in it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa

from streammi.errors import ConfigError
from streammi.ingest.intake import Intake, intake_of
from streammi.recording.entries import Arrived, Begin, Ended, LinkChanged, files_of
from streammi.recording.reader import Recording
from streammi.records import PairBatch

SILENT: Final = ("stalled", "lost", "ended")  # a link over which nothing more is awaited soon
TYPES: Final = "run bigint, seq bigint, t double, x double, y double, received double"
SCHEMA: Final = pa.schema(
    [("run", pa.int64()), ("seq", pa.int64()), *((name, pa.float64()) for name in ("t", "x", "y", "received"))]
)


def origin(path: str) -> dict[str, int]:
    """The number of a recording's oldest file, and the start second of the run in it; ConfigError where there is none.

    Where one of them is another, pairs have other numbers.
    """
    files = files_of(Path(path))
    if not files:
        raise ConfigError("path", "that of a recording", path)
    return {"oldest": min(files), "run": Recording(path).begin.run}


def pairs_of(path: str) -> Iterator[tuple[int, float, PairBatch]]:
    """Each batch of pairs of a recording, with the start second of its run, and when it came.

    Raises ConfigError for what is no recording, and for one of labels.
    """
    intake: Intake | None = None
    begin: Begin | None = None
    silent: set[int] = set()
    taken = 0
    for entry in Recording(path):
        batches: list[PairBatch | None] = []
        if isinstance(entry, Begin):
            if intake is None or not (entry.continues or entry.resumed):
                source = entry.settings.feed or entry.settings.join
                assert source is not None
                if entry.settings.monitor.bins.kind == "categories":
                    raise ConfigError("path", "that of a recording of numbers", path)
                intake, begin, taken = intake_of(source), entry, 0
            continue
        assert intake is not None
        assert begin is not None
        at = entry.received if isinstance(entry, Arrived) else entry.at
        if isinstance(entry, Arrived):
            batches = [intake.decode(entry.source, entry.messages, at)]
        elif isinstance(entry, Ended):
            batches = [*intake.end(at), intake.settle()]
        elif isinstance(entry, LinkChanged):
            if entry.state in SILENT and entry.source not in silent:
                batches = [intake.settle()]
            silent = silent | {entry.source} if entry.state in SILENT else silent - {entry.source}
        for batch in batches:
            if batch is not None and batch.x.size:
                left = batch.x.size if begin.settings.samples is None else begin.settings.samples - taken
                taken += batch.x.size
                yield begin.run, at, _first(batch, max(left, 0))


def count(path: str) -> int:
    """How many pairs a recording has so far."""
    return sum(batch.x.size for _, _, batch in pairs_of(path))


def rows_of(path: str, start: int, end: int) -> Iterator[pa.RecordBatch]:
    """The pairs from number ``start`` up to ``end``, as rows; ConfigError where they are not all there."""
    number = 0
    for run, received, batch in pairs_of(path):
        first, last = max(start - number, 0), min(end - number, batch.x.size)
        if first < last:
            part = slice(first, last)
            n = last - first
            seq = np.arange(number + first, number + last)
            t = pa.nulls(n, pa.float64()) if batch.t is None else pa.array(batch.t[part], from_pandas=True)
            values = [batch.x[part].astype(np.float64), batch.y[part].astype(np.float64), np.full(n, received)]
            columns = [np.full(n, run), seq, t, *values]
            yield pa.RecordBatch.from_arrays([pa.array(column) for column in columns], schema=SCHEMA)
        number += batch.x.size
        if number >= end:
            return
    if number < end:
        raise ConfigError("path", f"a recording with the {end:,} pairs that the driver has found, on each worker", path)


def _first(batch: PairBatch, n: int) -> PairBatch:
    if batch.x.size <= n:
        return batch
    return PairBatch(x=batch.x[:n], y=batch.y[:n], t=None if batch.t is None else batch.t[:n])
