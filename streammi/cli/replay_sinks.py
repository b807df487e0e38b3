"""Where a replay's readings and pairs go: standard output, files, as lines or as tables."""

import os
import sys
from collections.abc import Callable
from contextlib import ExitStack, closing
from typing import Final, TextIO, cast

from streammi.errors import ConfigError
from streammi.publish.outbox import LINE_FORMS, LineForm, Outbox
from streammi.publish.tables import ReadingTable, SampleTable, TableForm, form_of
from streammi.records import PairBatch

OUTPUTS: Final = ("auto", "jsonl", "csv", "parquet", "influx")


class Sinks(ExitStack):
    """Readings in the form ``output`` to the file ``out``, or to standard output; pairs to the file ``samples_out``.

    The form ``auto`` goes by the name of the file, and is JSON lines where there is none. The files are made when what
    is replayed is there. Raises ConfigError for one that cannot be written, MissingExtra for Parquet without pyarrow.
    """

    def __init__(self, output: str, out: str | None, samples_out: str | None) -> None:
        super().__init__()
        if output == "auto":
            output = "jsonl" if out is None else form_of(out, "--out")
        self._output, self._out, self._samples_out = output, out, samples_out
        if out is not None and samples_out is not None and _same(out, samples_out):
            raise ConfigError("--samples-out", "another file than --out", samples_out)
        self._lines: TextIO | None = None
        self._table: ReadingTable | None = None

    def spare(self, *paths: str | os.PathLike[str]) -> None:
        """ConfigError for a file to be written that is one of those that are read: opening it would empty it."""
        for option, written in (("--out", self._out), ("--samples-out", self._samples_out)):
            if written is not None and any(_same(written, path) for path in paths):
                raise ConfigError(option, "another file than what is replayed", written)

    def outbox(self, pair: str, run: int) -> Outbox:
        """What says the readings of a pair."""
        if self._output in LINE_FORMS:
            if self._lines is None:
                self._lines = sys.stdout if self._out is None else self.enter_context(_created(self._out))
            return Outbox(pair, None, self._lines, run, form=cast(LineForm, self._output))
        if self._table is None:
            self._table = self.enter_context(closing(ReadingTable(self._out, cast(TableForm, self._output))))
        return Outbox(pair, None, None, run, on_reading=self._table.add)

    def on_pairs(self, *, labels: bool) -> Callable[[PairBatch], None] | None:
        """What takes the pairs, if anything does."""
        if self._samples_out is None:
            return None
        return self.enter_context(closing(SampleTable(self._samples_out, labels=labels))).add


def _same(path: str, other: str | os.PathLike[str]) -> bool:
    """Whether two names are of one file, which need not be there yet."""
    if os.path.exists(path) and os.path.exists(other):
        return os.path.samefile(path, other)
    return os.path.realpath(path) == os.path.realpath(other)


def _created(path: str) -> TextIO:
    try:
        return open(path, "w", encoding="utf-8")
    except OSError as error:
        raise ConfigError("--out", f"a file that can be written ({error.strerror})", path) from None
