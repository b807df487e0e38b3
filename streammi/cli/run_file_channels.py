"""Reads many channels of a file, and says of every pair of them what stands out."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final, TextIO

from msgspec.structs import replace

from streammi.cli.channel_baseline import bins_of_options, compared_with
from streammi.cli.channel_findings import lines_of
from streammi.cli.checks import check_writable
from streammi.cli.kernel_cache import warn_uncached
from streammi.cli.options import ChannelOptions, PairOptions
from streammi.config import Span, span
from streammi.core.channels.analysis import matrices_of
from streammi.core.channels.channel_window import ChannelWindow
from streammi.core.channels.cuda import arithmetic_of
from streammi.core.conditional.indirect import explained_by
from streammi.errors import ConfigError
from streammi.ingest.files.channel_rows import counted
from streammi.ingest.files.file_options import PLAIN, FileOptions
from streammi.ingest.files.json.json_rows import JsonRows
from streammi.ingest.files.row_file import RowFile, read_rows
from streammi.publish.pair_tables import check_end, write_pairs
from streammi.system.log import Log

NOTHING: Final = 1  # exit status where there was no pair
LEAST_ROWS: Final = 16  # from which bins are learnt
HEEDED: Final = (
    "file",
    "t",
    "channels",
    "target",
    "top",
    "fdr",
    "export",
    "device",
    "window",
    "bins",
    "unit",
    "estimator",
    "baseline",
    "missing",
    "decimal",
    "time_format",
    "time_unit",
    "skip_rows",
    "columns",
)


def run_file_channels(
    file: str | None,
    t: str | None,
    pair: PairOptions,
    many: ChannelOptions,
    given: set[str],
    options: FileOptions = PLAIN,
    out: TextIO | None = None,
    log: TextIO | None = None,
) -> int:
    """Say what stands out among the pairs of a file's channels; returns the exit status, 1 where there are none.

    It is of the whole file, or of its last ``--window``. ``given`` are the names of the options that were given:
    ConfigError for one that nothing heeds here, and for what cannot work.
    """
    out, said = out or sys.stdout, Log(log or sys.stderr)
    size = _checked(file, pair, many, given)
    assert file is not None
    rows = read_rows(file, many.patterns(), t, options)
    names, target = rows.names, many.target
    if target is not None and target not in names:
        rows.close()
        target_of(target, names)
    window = _window_of(rows, pair, size, many.device, said)
    if window.n < LEAST_ROWS or len(names) < 2:
        said.say(f"no pair: {counted(len(names), window.n)} in {file}")
        return NOTHING
    found = matrices_of(window, pair.unit, pair.estimator)  # type: ignore[arg-type]
    found = replace(found, via=explained_by(window, found, many.fdr))
    before = compared_with(pair, many, found, options, t, said)
    if many.export is not None:
        write_pairs(many.export, found, many.fdr, None if before is None else before.mi, "--export")
    for line in lines_of(file, window, found, before, many):
        print(line, file=out)
    out.flush()
    warn_uncached(said, "seconds")
    return 0


def target_of(target: str, names: Sequence[str]) -> str:
    """The target; ConfigError for one that is none of the channels."""
    if target not in names:
        raise ConfigError("--target", f"one of the channels ({', '.join(names[:10])})", target)
    return target


def _checked(file: str | None, pair: PairOptions, many: ChannelOptions, given: set[str]) -> Span | None:
    """The window's length, None for all; ConfigError for what cannot work, before anything is read."""
    many.patterns()
    for name in sorted(given):
        if name not in HEEDED:
            raise ConfigError("--" + name.replace("_", "-"), "left out with --channels")
    if file is None:
        raise ConfigError("FILE", "given with --channels")
    if many.export is not None:
        check_end(many.export, "--export")
        check_writable(many.export, "--export")
        if Path(many.export).exists() and Path(file).exists() and Path(many.export).samefile(file):
            raise ConfigError("--export", "another file than what is replayed", many.export)
    if many.device is not None:
        arithmetic_of(many.device)
    bins_of_options(pair)
    pair.config("x", "y", "")  # the names of the unit and the estimator
    return span(pair.window, "--window", least_pairs=2) if "window" in given else None


def _window_of(
    rows: RowFile | JsonRows, pair: PairOptions, size: Span | None, device: str | None, said: Log
) -> ChannelWindow:
    """The window at the end of a file, after all its rows, or the last of them that it holds."""
    for line in (rows.said, rows.hint):
        if line:
            said.say(line)
    if size is not None and size.seconds is not None and not rows.timed:
        rows.close()
        raise ConfigError("--window", "a number of rows where they have no times", pair.window)
    if size is None:
        values, _ = rows.whole()
        window = ChannelWindow(bins_of_options(pair), max(len(values), 2), rows.names, device=device)
        window.extend(values)
    else:
        window = ChannelWindow(bins_of_options(pair), size, rows.names, device=device)
        for values, times in rows:
            window.extend(values, times)
    if rows.note:
        said.say(rows.note)
    return window
