"""``streammi replay``: what it takes, and its help; cli.run_replay runs it."""

import os
import sys
from stat import S_ISFIFO
from typing import Annotated, TextIO

import typer

from streammi.cli.help_panels import RUN, SAID
from streammi.cli.option_groups import grouped
from streammi.cli.options import (
    ChannelOptions,
    ColumnOfX,
    ColumnOfY,
    FileReadOptions,
    JoinOptions,
    PairOptions,
    RecordedFile,
    TimeColumn,
    check_choice,
    given_names,
)


@grouped
def replay(
    context: typer.Context,
    joining: JoinOptions,
    pair: PairOptions,
    many: ChannelOptions,
    reading: FileReadOptions,
    file: RecordedFile = None,
    x: ColumnOfX = None,
    y: ColumnOfY = None,
    t: TimeColumn = None,
    speed: Annotated[
        float | None,
        typer.Option(
            "--speed",
            metavar="FACTOR",
            min=1e-6,
            rich_help_panel=RUN,
            help="1: as fast as it came. Not given: as fast as can be.",
        ),
    ] = None,
    output: Annotated[
        str,
        typer.Option(
            "--output", metavar="FORM", rich_help_panel=SAID, help="jsonl, csv, parquet or influx; auto: by --out."
        ),
    ] = "auto",
    out: Annotated[
        str | None,
        typer.Option(
            "--out", "-o", metavar="FILE", rich_help_panel=SAID, help="Readings to a file: .jsonl, .csv or .parquet."
        ),
    ] = None,
    samples_out: Annotated[
        str | None,
        typer.Option("--samples-out", metavar="FILE", rich_help_panel=SAID, help="The pairs to a file, likewise."),
    ] = None,
) -> None:
    """Run a recording or a logger's file through a monitor. The readings come as JSON lines, as fast as it can.

    What monitor --record wrote gives the very same readings as live, with the settings that were recorded; options
    that you give replace these. The readings of other files go by the file's own times. What is guessed about how a
    file is written is said in a line on standard error. A file without any pair ends with status 1.

    With --channels it prints which pairs of a file's columns, in all of its rows or in the last --window, depend most,
    which depend without being correlated, and, compared with a --baseline, which have changed.

    \b
    Examples:
      streammi replay plant.rec | cmp - live.jsonl
      streammi replay plant.rec --window 5000 --null 99 --out readings.parquet \\
          --samples-out pairs.parquet
      streammi replay room.csv.gz --x S1_Sound --y S2_Sound --every 100
      streammi replay --x disk.csv.gz:value --y net.csv.gz:value \\
          --pair nearest --tolerance 150s
      streammi replay logger.csv --x Temp --y Durchfluss --time Datum,Uhrzeit \\
          --missing=-9999
      streammi replay plant.csv --channels 'rack*,flow' --export pairs.parquet
      streammi replay fault.csv --channels all --baseline normal.csv \\
          --target yield
      streammi replay plant.csv --x flow --y valve --window 2h --every 10m \\
          --unit nat --output csv
    """
    from streammi.cli.recorded_kind import kind_of
    from streammi.cli.replay_channels import replay_channels
    from streammi.cli.replay_keys import replay_keys
    from streammi.cli.replay_override import Override
    from streammi.cli.replay_sinks import OUTPUTS, Sinks
    from streammi.cli.run_replay import replay_files, replay_recording, run_replay
    from streammi.session.replay import Replay

    given = given_names(context)
    kind = kind_of(file, x, y, many.channels)
    if kind == "channels of a file":
        from streammi.cli.run_file_channels import run_file_channels

        raise typer.Exit(run_file_channels(file, t, pair, many, given, reading.reading()))
    check_choice("--output", output, OUTPUTS)
    with Sinks(output, out, samples_out) as sinks:
        replayed: Replay
        if file is not None and kind == "channels":
            reading.check_unused("where FILE is a recording")
            replayed = replay_channels(file, pair, many, given, sinks)
        elif file is not None and kind == "keys":
            reading.check_unused("where FILE is a recording")
            replayed = replay_keys(file, pair, given, sinks)
        elif file is not None and kind == "pair":
            many.check_unused(given)
            reading.check_unused("where FILE is a recording", but=("time_unit",))
            replayed = replay_recording(file, Override(given, pair, joining, x, y, t, reading.time_unit), sinks)
        else:
            many.check_unused(given)
            replayed = replay_files(file, x, y, t, pair, joining, sinks, speed, reading.reading())
        # Not where lines come to the same terminal: what is behind a pipe may write them there.
        bar = sys.stderr.isatty() and (out is not None or not (sys.stdout.isatty() or _is_pipe(sys.stdout)))
        status = run_replay(replayed, sinks, speed, bar=bar)
    raise typer.Exit(status)


def _is_pipe(stream: TextIO) -> bool:
    return S_ISFIFO(os.fstat(stream.fileno()).st_mode)
