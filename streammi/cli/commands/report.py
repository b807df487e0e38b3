"""``streammi report``: what it takes, and its help; cli.run_report runs it."""

import sys
from dataclasses import asdict
from importlib.util import find_spec
from typing import Annotated

import typer

from streammi.cli.help_panels import SAID
from streammi.cli.option_groups import grouped
from streammi.cli.options import (
    ChannelOptions,
    ColumnOfX,
    ColumnOfY,
    ConnectKeyOptions,
    FileReadOptions,
    JoinOptions,
    PairOptions,
    RecordedOrRunning,
    Seconds,
    TimeColumn,
    check_unused,
    given_names,
)
from streammi.errors import ConfigError, MissingExtra


@grouped
def report(
    context: typer.Context,
    joining: JoinOptions,
    pair: PairOptions,
    many: ChannelOptions,
    reading: FileReadOptions,
    keys: ConnectKeyOptions,
    file: RecordedOrRunning = None,
    x: ColumnOfX = None,
    y: ColumnOfY = None,
    t: TimeColumn = None,
    out: Annotated[
        str,
        typer.Option("--out", "-o", metavar="FILE", rich_help_panel=SAID, help="The page; beside it .readings.csv."),
    ] = "report.html",
    seconds: Seconds = None,
) -> None:
    """Make a page with charts, one HTML file to send to others. Of a recording, a file or a running monitor.

    It shows the two signals and the MI over time, the pairs as points and as a joint histogram, where the MI comes
    from, delays (--lags), entropies, events, what was skipped and why, and the command that makes it again. It needs
    no network and no scripts. The readings are in a table beside it.

    With --channels it covers every pair of a file's columns: the matrix of all, the strongest pairs and those that r
    does not find, what changed, and each channel by itself.

    To a running monitor it listens for --seconds (60). The monitor was told what to compute, so options that would
    change that are refused.

    \b
    Examples:
      streammi report room.csv.gz --x S1_Temp --y S1_Light -o room.html
      streammi report plant.rec --lags=-50:50
      streammi report logger.csv --x Temp --y Flow --window 2h --given Outside
      streammi report fault.csv --channels 'rack*,flow' --baseline normal.csv
      streammi report tcp://127.0.0.1:5557 --seconds 60 -o now.html
    """
    if find_spec("matplotlib") is None:
        raise MissingExtra("report", "matplotlib", "report")
    given = given_names(context)
    if file is not None and "://" in file:
        from streammi.cli.run_live_report import check_heeded, run_live_report

        check_heeded(given)
        status, said = run_live_report(file, out, seconds, keys.keys(), sys.argv[1:])
        raise typer.Exit(_said(status, said))
    check_unused("of a file", seconds=seconds, **asdict(keys))
    from streammi.cli.recorded_kind import kind_of
    from streammi.cli.replay_override import Override
    from streammi.cli.run_replay import replay_files, replay_recording
    from streammi.cli.run_report import AgainstChance, ReportSinks, file_size, run_report, shortened, with_defaults
    from streammi.report.collect import Collector
    from streammi.session.replay import Replay

    kind, bar = kind_of(file, x, y, many.channels), sys.stderr.isatty()
    if kind == "keys":
        raise ConfigError("--x", "given, with --y, where FILE is a recording of many keys", x)
    if kind == "channels of a file":
        from streammi.cli.run_channel_report import report_channels

        found = report_channels(file, t, pair, many, given, reading.reading(), out, sys.argv[1:], bar=bar)
        raise typer.Exit(_said(*found))
    if file is not None and kind == "channels":
        from streammi.cli.run_channel_report import report_recorded_channels

        reading.check_unused("where FILE is a recording")
        raise typer.Exit(_said(*report_recorded_channels(file, pair, many, given, out, sys.argv[1:], bar=bar)))
    many.check_unused(given)
    collector = Collector(arrival=kind == "pair")
    with ReportSinks(out, collector) as sinks:
        replayed: Replay
        if file is not None and kind == "pair":
            reading.check_unused("where FILE is a recording", but=("time_unit",))
            override = Override(given, pair, joining, x, y, t, reading.time_unit)
            replayed = replay_recording(file, AgainstChance(override, given), sinks)
        else:
            how = reading.reading()
            options = with_defaults(shortened(pair, given, file, x, y, how), given, file_size(file))
            replayed = replay_files(file, x, y, t, options, joining, sinks, None, how)
        sources = [file] if file is not None else [str(x), str(y)]
        status, made = run_report(replayed, sinks, sources, sys.argv[1:], bar=bar)
    if made:
        print(f"{out} and, the readings one a row, {sinks.table}")
    raise typer.Exit(status)


def _said(status: int, made: str) -> int:
    """The exit status, when it was said what was made."""
    if made:
        print(made)
    return status
