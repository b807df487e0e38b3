"""JSON Lines as rows of many channels: each line is a message, read as those of a live feed are."""

from collections.abc import Iterator, Sequence
from contextlib import closing

import numpy as np

from streammi.config import FeedConfig
from streammi.errors import ConfigError
from streammi.ingest.files.channel_rows import ChannelRows
from streammi.ingest.files.file_options import FileOptions
from streammi.ingest.files.json.json_lines import check_options
from streammi.ingest.files.json.json_records import WHOLE, JsonRecords
from streammi.ingest.files.json.json_times import counted, time_path
from streammi.ingest.files.numbers.missing import read_missing
from streammi.ingest.files.tables import rows_skipped
from streammi.ingest.files.text.source import Source
from streammi.ingest.files.times.newest_first import rows_oldest_first
from streammi.ingest.files.times.time_format import SORTED, goes_back
from streammi.ingest.row_intake import RowIntake
from streammi.records import FloatArray, LinkHealth, RowBatch


class JsonRows(ChannelRows):
    """Iterates once over the rows of a file with a JSON object a line, or one array of them; as ``RowFile`` does.

    Signals that have a line each, by name, are rows at the pace of the slowest.
    """

    def __init__(self, source: Source, patterns: Sequence[str], t: str | None, options: FileOptions) -> None:
        check_options(source.path, options)
        self._source, self._records = source, JsonRecords(source)
        self._missing, _ = read_missing(options.missing)  # a text is no number anyway
        found, told = time_path(self._records.head) if t is None else ("", "")
        unit = counted(self._records.head, t or found, options) if t != "" else None
        if unit is not None and not unit.unit:
            raise ConfigError("--time", f"left out, or a column of times: {unit.said}", t or found or None)
        told = "; ".join(filter(None, (told, unit.said if unit is not None else "")))
        config = FeedConfig(
            endpoint=source.path, t=t or found or None, format="json", max_message=WHOLE,
            time_unit=options.time_unit if unit is None else unit.unit,
        )  # fmt: skip
        self._intake = RowIntake(config, list(patterns))
        self._looked_at = len(self._records.head)
        self._first = self._intake.decode([[record] for record in self._records.head], 0.0)
        self._first = self._first or self._intake.settle(0.0, final=True)
        self.names = self._intake.names
        if not self.names:
            why = self._intake.why_waiting or "there is no line"
            raise ConfigError(
                "--channels", f"all, or names or globs of numbers of {source.path} ({why})", list(patterns)
            )
        first = self._first.t if self._first is not None else None
        self._goes_back = first is not None and goes_back(first[np.isfinite(first)])
        times = [told] * bool(told) + [SORTED] * self._goes_back
        said = [*self._records.said, *times, *self._intake.notes]
        self.said = f"{source.path}: {'; '.join(said)}" if said else ""
        self.hint = ""

    @property
    def timed(self) -> bool:
        """True if the rows have times."""
        return self._first is not None and self._first.t is not None

    @property
    def progress(self) -> tuple[int, int]:
        """Bytes read so far, and of the whole file, 0 where that is not known."""
        return self._source.read, self._source.size

    @property
    def note(self) -> str:
        """One line on what was left out; empty for nothing."""
        link = self._intake.describe(LinkHealth(endpoint="", state="ended"), 0.0)
        parts = [f"{count:,} {reason}" for reason, count in link.malformed.items()]
        return "; ".join(filter(None, (rows_skipped(sum(link.malformed.values()), parts), link.note)))

    def __iter__(self) -> Iterator[tuple[FloatArray, FloatArray | None]]:
        with closing(self):
            yield from rows_oldest_first(self._rows()) if self._goes_back else self._rows()

    def _rows(self) -> Iterator[tuple[FloatArray, FloatArray | None]]:
        for batch in self._batches():
            if batch is not None:
                rows = batch.rows
                for value in self._missing:
                    rows = np.where(rows == value, np.nan, rows)
                yield rows, batch.t if self.timed else None

    def _batches(self) -> Iterator[RowBatch | None]:
        yield self._first
        left = self._looked_at  # of the records that were read already
        for _, records in self._records.blocks():
            new, left = records[left:], max(left - len(records), 0)
            yield self._intake.decode([[record] for record in new], 0.0)
        yield self._intake.end(0.0)

    def close(self) -> None:
        """Close the file; standard input stays open."""
        self._source.close()
