"""Reads a file for a while and says what it holds, and how to replay it."""

import os
import shlex
import sys
import time
from collections.abc import Iterator
from typing import Final, TextIO

import msgspec

from streammi.errors import ConfigError
from streammi.ingest.files.file_options import FileOptions
from streammi.ingest.files.file_probe import probe_file
from streammi.ingest.files.file_report import ColumnSeen, FileReport, moment
from streammi.ingest.files.numbers.missing import hint_of
from streammi.ingest.probe_report import range_text
from streammi.recording.reader import is_recording
from streammi.system.log import harmless
from streammi.system.signals import Stop

SHOWN: Final = 40  # columns, in words; all of them in JSON
NOTHING: Final = 1  # exit status


def run_file_probe(
    path: str, options: FileOptions, t: str | None, seconds: float, *, as_json: bool = False, out: TextIO | None = None
) -> int:
    """Say what is in a file; returns 0, or 1 where it is nothing that can be replayed.

    Raises ConfigError for a file that cannot be read.
    """
    out = out or sys.stdout
    if path != "-" and not os.path.exists(path):
        raise ConfigError("ENDPOINT|FILE", "an endpoint such as tcp://127.0.0.1:5556, or a file that is there", path)
    if path != "-" and is_recording(path):
        report = FileReport(
            path=path,
            rows=0,
            whole=False,
            form="a recording of streammi",
            command=shlex.join(["streammi", "replay", path]),
        )
    else:
        with Stop(stdin=path == "-") as stop:
            report = probe_file(path, options, t, _until(time.monotonic() + seconds, stop))
    print(msgspec.json.encode(report).decode() if as_json else words(report), file=out, flush=True)
    return 0 if report.command else NOTHING


def _until(deadline: float, stop: Stop) -> Iterator[bool]:
    while time.monotonic() < deadline and not stop.requested:
        yield True


def words(report: FileReport) -> str:
    """A report for a person."""
    rows = "" if not report.columns else f", {report.rows:,} rows" + ("" if report.whole else " looked at, and more")
    lines = [f"{report.path}: {report.form}{rows}"]
    if report.said:
        lines.append(f"  {'; '.join(report.said)}")
    width = min(max((len(column.name) for column in report.columns), default=0), 40)
    lines += [_of_column(column, width) for column in report.columns[:SHOWN]]
    if len(report.columns) > SHOWN:
        lines.append(f"  and {len(report.columns) - SHOWN} more columns")
    if report.columns:
        lines.append(_of_time(report))
    if report.skipped:
        lines.append("  rows skipped: " + ", ".join(f"{count} {reason}" for reason, count in report.skipped.items()))
    lines += [f"  {hint}" for column in report.columns if (hint := _hint(column))]
    for part in (report.problem, report.command):
        lines += ["", part] if part else []
    return "\n".join(map(harmless, lines))


def _of_column(column: ColumnSeen, width: int) -> str:
    notes = [f"{column.missing:,} missing"] if column.missing else []
    notes += [f"{column.unreadable:,} that are no number"] if column.unreadable else []
    notes += [note for note in (column.written, column.doubt) if note]
    more = "".join(f", {note}" for note in notes)
    if column.low is not None and column.high is not None:
        return f"  {column.name:<{width}}  {range_text(column.low, column.high)}, such as {column.example}{more}"
    if column.labels:
        shown = ", ".join(column.labels[:6])
        rest = ", ..." if len(column.labels) > 6 else " (labels: --bins categories)"
        return f"  {column.name:<{width}}  text: {shown}{rest}{more}"
    return f"  {column.name:<{width}}  " + (f"text, such as {column.example}{more}" if column.example else "nothing")


def _of_time(report: FileReport) -> str:
    if not report.time:
        return "  no times: a window is a number of rows"
    if report.first is None or report.last is None:
        return f"  time: {report.time}"
    step = "" if report.step is None else f", a row each {report.step:.6g} s"
    return f"  time: {report.time}, {moment(report.first)} to {moment(report.last)}{step}"


def _hint(column: ColumnSeen) -> str:
    if column.sentinel is None:
        return ""
    return hint_of(column.name, column.sentinel)
