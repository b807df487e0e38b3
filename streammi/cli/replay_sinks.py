"""Where a replay's readings and pairs go: standard output, files, as lines or as tables."""

import os
import sys
from collections.abc import Callable
from contextlib import ExitStack, closing
from importlib.util import find_spec
from typing import Any, Final, TextIO, cast, get_args

from streammi.cli.checks import check_writable
from streammi.errors import ConfigError, MissingExtra
from streammi.publish.outbox import LINE_FORMS, LineForm, Outbox
from streammi.publish.tables import ReadingTable, SampleTable, TableForm, form_of
from streammi.records import PairBatch
from streammi.system.spool import Spool

OUTPUTS: Final = ("auto", "jsonl", "csv", "parquet", "influx")


class Sinks(ExitStack):
    """Readings in the form ``output`` to the file ``out``, or to standard output; pairs to the file ``samples_out``.

    The form ``auto`` goes by the name of the file, and is JSON lines where there is none. The files are made when what
    is replayed is there. Nothing is left out for a slow reader: it is waited for until ``stopped`` says that it is time
    to end. Raises ConfigError for a file that cannot be written or does not fit the form.
    """

    def __init__(self, output: str, out: str | None, samples_out: str | None) -> None:
        super().__init__()
        self._output = form_by(output, out)
        self._samples_form = None if samples_out is None else form_of(samples_out, "--samples-out")
        self._out, self._samples_out = out, samples_out
        if out is not None and samples_out is not None and _same(out, samples_out):
            raise ConfigError("--samples-out", "another file than --out", samples_out)
        if out is None and self._output == "parquet":
            raise ConfigError("--out", "given where the output is parquet")
        for option, path, form in (("--out", out, self._output), ("--samples-out", samples_out, self._samples_form)):
            if path is not None:
                check_writable(path, option)
            if form == "parquet" and find_spec("pyarrow") is None:
                raise MissingExtra(f"{option} {path}", "pyarrow", "parquet")
        self.stopped: Callable[[], bool] = lambda: False
        self._spools: list[Spool] = []
        self._tables = ExitStack()
        self._lines: Spool | None = None
        self._table: ReadingTable | None = None

    def spare(self, *paths: str | os.PathLike[str]) -> None:
        """ConfigError for a file to be written that is one of those that are read: opening it would empty it."""
        for option, written in (("--out", self._out), ("--samples-out", self._samples_out)):
            if written is not None and any(_same(written, path) for path in paths):
                raise ConfigError(option, "another file than what is replayed", written)

    def outbox(self, pair: str, run: int) -> Outbox:
        """The outbox that says the readings of a pair."""
        if self._output in LINE_FORMS:
            if self._lines is None:
                self._lines = self._spool(self._out, "--out")
            return Outbox(pair, None, self._lines, run, form=cast(LineForm, self._output))
        if self._table is None:
            form = cast(TableForm, self._output)
            lines = None if form == "parquet" else self._spool(self._out, "--out")
            self._table = self._tables.enter_context(closing(ReadingTable(self._out, form, lines)))
        return Outbox(pair, None, None, run, on_reading=self._table.add)

    def lines(self, of: str, *forms: LineForm) -> tuple[Spool, LineForm]:
        """Where lines ``of`` many channels or keys go, and in which of the forms; ConfigError for one that is none."""
        for form in forms:
            if self._output == form:
                return self._spool(self._out, "--out"), form
        raise ConfigError("--output", f"{' or '.join(forms)} of many {of}", self._output)

    def on_pairs(self, *, labels: bool) -> Callable[[PairBatch], None] | None:
        """The taker of the pairs, if there is one."""
        if self._samples_out is None or self._samples_form is None:
            return None
        lines = None if self._samples_form == "parquet" else self._spool(self._samples_out, "--samples-out")
        table = SampleTable(self._samples_out, self._samples_form, lines, labels=labels)
        return self._tables.enter_context(closing(table)).add

    def finish(self, say: Callable[[str], object]) -> None:
        """Write what is left; ``say`` is told what somebody should know of it. Raises OSError where that fails."""
        try:
            self._tables.close()
        except BrokenPipeError:  # whose reader has gone: nothing is wrong
            self._tables.pop_all()
        spools, self._spools = self._spools, []
        for spool in spools:
            spool.finish(self.stopped, say)
            for note in spool.notes:
                say(note)

    def __exit__(self, *details: Any) -> bool | None:
        # Where it has not come to its end, what is there is written as far as that is no matter of waiting.
        for spool in self._spools:
            spool.patient = None
        self._tables.close()
        for spool in self._spools:
            spool.finish(lambda: True, wait=False)
        return super().__exit__(*details)

    def _spool(self, path: str | None, option: str) -> Spool:
        stream = sys.stdout if path is None else self.enter_context(_created(path, option))
        spool = Spool.on(stream, path or "standard output", patient=lambda: not self.stopped())
        self._spools.append(spool)
        return spool


def form_by(output: str, out: str | None) -> str:
    """The form of readings that go to ``out``, standard output for None; ConfigError where the name says another.

    >>> form_by("auto", None), form_by("auto", "live.csv"), form_by("influx", "live.lp")
    ('jsonl', 'csv', 'influx')
    """
    if out is None:
        return "jsonl" if output == "auto" else output
    if output == "auto":
        return form_of(out, "--out")
    end = os.path.splitext(out)[1].removeprefix(".")
    if end in get_args(TableForm) and end != output:
        raise ConfigError("--output", f"auto or {end} where --out is {out}", output)
    return output


def _same(path: str, other: str | os.PathLike[str]) -> bool:
    """True if two names are of one file, which need not be there yet."""
    if os.path.exists(path) and os.path.exists(other):
        return os.path.samefile(path, other)
    return os.path.realpath(path) == os.path.realpath(other)


def _created(path: str, option: str) -> TextIO:
    try:
        return open(path, "w", encoding="utf-8", newline="")
    except OSError as error:
        raise ConfigError(option, f"a file that can be written ({error.strerror})", path) from None
