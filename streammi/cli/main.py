"""The command line: commands, and the only place that exits the process."""

import errno
import gc
import os
import sys
import warnings
from collections.abc import Sequence
from itertools import pairwise
from stat import S_ISFIFO
from typing import Annotated, TextIO, cast, get_args

import typer

from streammi import __version__
from streammi.cli.format_table import WithFormats
from streammi.cli.help_panels import FEED, FILE, RUN, SAID, PanelCommand
from streammi.cli.option_file import ConfigFile
from streammi.cli.option_groups import grouped
from streammi.cli.options import (
    BindKeyOptions,
    ConnectKeyOptions,
    Endpoints,
    FeedOptions,
    FileReadOptions,
    Insecure,
    JoinOptions,
    KeyOptions,
    OptionalEndpoint,
    PairOptions,
    RunOptions,
    Seconds,
    TimeColumn,
    ViewOptions,
    check_choice,
    check_unused,
)
from streammi.cli.usage import usage
from streammi.errors import StreammiError
from streammi.system.log import Form, Log
from streammi.system.spool import MIB, SpooledStream

FAILURE, USAGE_ERROR = 1, 2
ERRORS_ROOM = MIB  # of messages that nobody reads
NOT_WRITTEN = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)  # of an OSError: no defect of ours
# Typer uses the library click or, in newer versions, a copy of its own: the usage errors of whichever it is.
UsageError: type[Exception] = typer.BadParameter.__mro__[1]

BEGINNING = """\
streammi watches whether two live signals still depend on each other.

Where to begin:
  streammi demo                        see it work, on this machine
  streammi probe tcp://127.0.0.1:5556  what a feed carries, and the command that watches it
  streammi probe logger.csv            what is in a file, and the command that replays it
  streammi help first-signals          signals of your own on the screen, in five minutes

streammi help lists the pages of the documentation, streammi --help the commands."""

app = typer.Typer(
    name="streammi",
    help="Rolling mutual information between live signals: ZeroMQ in, terminal dashboard and publisher out.",
    epilog=(
        "Start with: streammi demo. All the rest: streammi help. "
        "Exit statuses: 0 as asked, 1 for a failure, 2 for what cannot work, 3 for loss with --strict, "
        "4 for a reading of before, 129, 130 and 143 by a signal."
    ),
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    rich_markup_mode=None,
)

# What runs is imported in the commands: --help answers without numpy and ZeroMQ.


@app.callback(invoke_without_command=True)
def streammi(
    context: typer.Context, version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False
) -> None:
    """Rolling mutual information between live signals: ZeroMQ in, terminal dashboard and publisher out."""
    if version:
        print(f"streammi {__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        print(BEGINNING, file=sys.stderr)
        raise typer.Exit(USAGE_ERROR)


@app.command(no_args_is_help=True, cls=PanelCommand)
@grouped
def monitor(
    feed: FeedOptions,
    joining: JoinOptions,
    pair: PairOptions,
    run: RunOptions,
    keys: KeyOptions,
    endpoint: OptionalEndpoint = None,
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            metavar="FORM",
            rich_help_panel=SAID,
            help="The lines: jsonl (the default), or influx, as Telegraf takes them.",
        ),
    ] = None,
    quiet: Annotated[
        bool,
        typer.Option(
            "--quiet/--no-quiet", "-q", show_default=False, rich_help_panel=SAID, help="No lines on standard output."
        ),
    ] = False,
    config: ConfigFile = None,
) -> None:
    """Watch a feed without a screen. Readings come as JSON lines and, with --publish, on a socket.

    \b
    Examples:
      streammi monitor tcp://127.0.0.1:5556 --x temperature --y power
      streammi monitor tcp://10.0.0.7:5556 --x imu/acc/x --y imu/gyr/z --window 10s --publish tcp://127.0.0.1:5557
      streammi monitor ipc:///run/bus --pull --window 5000 --bins 30 --x-range 0:1 --y-range=-1:1 --every 1000
      streammi monitor --x tcp://a:5556#boiler:flow --y tcp://b:5556#valve:position --pair nearest --tolerance 50ms
      streammi monitor tcp://127.0.0.1:5556 --x flow --y valve --record plant.rec --metrics 127.0.0.1:9464 --quiet
      streammi monitor --config /etc/streammi/boiler.toml
    """
    from streammi.cli.baseline import with_baseline
    from streammi.cli.run_monitor import run_monitor
    from streammi.publish.outbox import LineForm

    if quiet:
        check_unused("with --quiet", output=output)
    form = cast(LineForm, check_choice("--output", output or "jsonl", get_args(LineForm)))
    lines = None if quiet else sys.stdout
    source = feed.config(endpoint, pair.labels, joining)
    settings = with_baseline(pair.config(*feed.names, endpoint or ""), pair.baseline)
    status = run_monitor(settings, source, run, lines, form=form, keys=keys.keys(run.publish))
    raise typer.Exit(status)


@app.command(no_args_is_help=True, cls=PanelCommand)
@grouped
def watch(
    feed: FeedOptions,
    joining: JoinOptions,
    pair: PairOptions,
    run: RunOptions,
    view: ViewOptions,
    keys: KeyOptions,
    endpoint: OptionalEndpoint = None,
    config: ConfigFile = None,
) -> None:
    """Watch a feed on the screen: monitor and view in one.

    \b
    Examples:
      streammi watch tcp://127.0.0.1:5556 --x temperature --y power
      streammi watch tcp://10.0.0.7:5556 --x acc/x --y acc/y --window 10s --unit nat
      streammi watch ipc:///run/bus --x a --y b --null 99 --lags=-50:50 --publish tcp://127.0.0.1:5557
      streammi watch --x tcp://a:5556#boiler:flow --y tcp://b:5556#valve:position --tolerance 50ms
    """
    from streammi.cli.run_watch import run_watch

    raise typer.Exit(run_watch(endpoint, feed, joining, pair, run, view, keys))


@app.command(no_args_is_help=True, cls=WithFormats)
@grouped
def probe(
    endpoint: Annotated[
        str, typer.Argument(metavar="ENDPOINT|FILE", help="ZeroMQ endpoint, such as tcp://127.0.0.1:5556, or a file.")
    ],
    keys: ConnectKeyOptions,
    reading: FileReadOptions,
    seconds: Annotated[
        float, typer.Option("--seconds", metavar="SECONDS", min=0.1, rich_help_panel=RUN, help="Listen for so long.")
    ] = 5.0,
    t: Annotated[
        str | None,
        typer.Option("--t", "--time", metavar="COL", rich_help_panel=FILE, help="A file's time: COL, or DATE,TIME."),
    ] = None,
    topic: Annotated[
        str, typer.Option("--topic", metavar="TOPIC", rich_help_panel=FEED, help="Look only at topics that start so.")
    ] = "",
    pull: Annotated[
        bool, typer.Option("--pull", rich_help_panel=FEED, help="PULL: takes messages away from other consumers.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", rich_help_panel=SAID, help="Say it as JSON.")] = False,
) -> None:
    """Say what a feed or a file carries. It prints format, topics, rates, every number, and what watches it.

    Of a file: its columns, what is missing of them, its times, and what replays it; --seconds is how long it reads.
    Says what is wrong when nothing comes, or nothing that can be read; the exit status is then 1.

    \b
    Examples:
      streammi probe tcp://127.0.0.1:5556
      streammi probe tcp://10.0.0.7:5556 --seconds 30 --topic imu/
      streammi probe ipc:///run/bus --json | jq -r .command
      streammi probe logger.csv
    """
    if "://" not in endpoint:
        from streammi.cli.run_file_probe import run_file_probe

        check_unused("where a file is probed", topic=topic or None, pull=pull)
        raise typer.Exit(run_file_probe(endpoint, reading.reading(), t, seconds, as_json=json))
    from streammi.cli.run_probe import run_probe

    check_unused("where a feed is probed", t=t)
    reading.check_unused("where a feed is probed")
    raise typer.Exit(run_probe(endpoint, seconds, topic=topic, pull=pull, as_json=json, keys=keys.keys()))


@app.command("view", no_args_is_help=True, cls=PanelCommand)
@grouped
def view_(endpoints: Endpoints, view: ViewOptions, keys: ConnectKeyOptions, seconds: Seconds = None) -> None:
    """Show a running monitor, or several, from anywhere. Piped, the readings as lines.

    \b
    Examples:
      streammi view tcp://127.0.0.1:5557
      streammi view tcp://plant:5557 tcp://plant:5558 tcp://plant:5559
      streammi view tcp://plant:5557 --output jsonl | jq .mi_corrected
      streammi view tcp://127.0.0.1:5557 --output once
      streammi view tcp://plant:5557 --curve-server-key plant.key --curve-secret alice/alice.key_secret
    """
    from streammi.cli.run_view import run_view

    raise typer.Exit(run_view(endpoints, view, keys=keys.keys(), seconds=seconds))


@app.command(cls=PanelCommand)
@grouped
def demo(
    view: ViewOptions,
    source: Annotated[
        str,
        typer.Option(
            "--source",
            metavar="SOURCE",
            rich_help_panel=FEED,
            help="seed: made-up signals whose coupling changes; host: this machine's own.",
        ),
    ] = "seed",
    x: Annotated[
        str | None,
        typer.Option("--x", metavar="PATH", rich_help_panel=FEED, help="With --source host: the first signal."),
    ] = None,
    y: Annotated[
        str | None,
        typer.Option("--y", metavar="PATH", rich_help_panel=FEED, help="With --source host: the second signal."),
    ] = None,
    seconds: Seconds = None,
) -> None:
    """See it work. A publisher, a monitor and a dashboard, joined by real sockets on this machine.

    \b
    Examples:
      streammi demo
      streammi demo --source host
      streammi demo --source host --x cpu.percent --y net.received --seconds 60
    """
    from streammi.cli.run_watch import run_demo

    if check_choice("--source", source, ("seed", "host")) == "seed":
        check_unused("with --source seed", x=x, y=y)
    raise typer.Exit(run_demo(source, x, y, view, seconds))


@app.command(no_args_is_help=True, cls=PanelCommand)
@grouped
def publish(
    source: Annotated[
        str, typer.Argument(metavar="SOURCE", help="CSV, JSON Lines or Parquet, - for standard input, host or seed.")
    ],
    bind: Annotated[str, typer.Option("--bind", metavar="ENDPOINT", rich_help_panel=SAID, help="Where to publish.")],
    keys: BindKeyOptions,
    reading: FileReadOptions,
    x: Annotated[str | None, typer.Option("--x", metavar="COL", rich_help_panel=FEED, help="Column of x.")] = None,
    y: Annotated[str | None, typer.Option("--y", metavar="COL", rich_help_panel=FEED, help="Column of y.")] = None,
    t: TimeColumn = None,
    rate: Annotated[
        float | None,
        typer.Option(
            "--rate", metavar="HZ", rich_help_panel=SAID, help="Samples a second; a file goes as fast as it can."
        ),
    ] = None,
    loop: Annotated[
        bool, typer.Option("--loop", rich_help_panel=FEED, help="Begin again at the end of the file.")
    ] = False,
    format_: Annotated[
        str, typer.Option("--format", metavar="FORMAT", rich_help_panel=SAID, help="json or pairs (raw float64).")
    ] = "json",
    batch: Annotated[
        int, typer.Option("--batch", metavar="N", min=1, rich_help_panel=SAID, help="Samples a message.")
    ] = 1,
    push: Annotated[
        bool, typer.Option("--push", rich_help_panel=SAID, help="PUSH instead of PUB: waits rather than drop.")
    ] = False,
    insecure: Insecure = False,
    seconds: Seconds = None,
) -> None:
    """Publish samples to try things with. A recording, this machine's own readings, or made-up signals.

    \b
    Examples:
      streammi publish seed --bind tcp://127.0.0.1:5556
      streammi publish host --bind tcp://127.0.0.1:5556 --rate 5
      streammi publish room.csv.gz --x S1_Sound --y S2_Sound --bind tcp://127.0.0.1:5556 --rate 100 --loop
    """
    from streammi.cli.run_publish import run_publish

    if source == "seed":
        check_unused("where SOURCE is seed", x=x, y=y)
    if source in ("seed", "host", "-"):
        check_unused("where SOURCE is no file", loop=loop)
    if source in ("seed", "host"):
        check_unused("where SOURCE is no file", t=t)
        reading.check_unused("where SOURCE is no file")
    check_choice("--format", format_, ("json", "pairs"))
    status = run_publish(
        source,
        bind,
        x=x,
        y=y,
        t=t,
        options=reading.reading(),
        rate=rate,
        loop=loop,
        pairs=format_ == "pairs",
        batch=batch,
        push=push,
        insecure=insecure,
        keys=keys.keys(),
        seconds=seconds,
    )
    raise typer.Exit(status)


@app.command(no_args_is_help=True, cls=PanelCommand)
@grouped
def replay(
    context: typer.Context,
    joining: JoinOptions,
    pair: PairOptions,
    reading: FileReadOptions,
    file: Annotated[
        str | None,
        typer.Argument(
            metavar="FILE",
            help="What --record wrote; CSV, JSON Lines or Parquet; - for standard input; or x and y have a file each.",
        ),
    ] = None,
    x: Annotated[
        str | None, typer.Option("--x", metavar="COL", rich_help_panel=FEED, help="Column of x, or FILE:COL; a path.")
    ] = None,
    y: Annotated[
        str | None, typer.Option("--y", metavar="COL", rich_help_panel=FEED, help="Column of y, likewise.")
    ] = None,
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
            "--out", metavar="FILE", rich_help_panel=SAID, help="Readings to a file: .jsonl, .csv or .parquet."
        ),
    ] = None,
    samples_out: Annotated[
        str | None,
        typer.Option("--samples-out", metavar="FILE", rich_help_panel=SAID, help="The pairs to a file, likewise."),
    ] = None,
) -> None:
    """Run a recording through a monitor again. Of a live feed, or the file of a logger.

    What monitor --record wrote gives the very same readings as live, under the settings that were recorded; options
    that are given replace these. Of other files the readings are by the file's own times. Whatever is guessed of how a
    file is written is said in a line on standard error; the status is 1 where there is no pair in it.

    \b
    Examples:
      streammi replay plant.rec | cmp - live.jsonl
      streammi replay plant.rec --window 5000 --null 99 --out readings.parquet --samples-out pairs.parquet
      streammi replay room.csv.gz --x S1_Sound --y S2_Sound --every 100
      streammi replay --x disk.csv.gz:value --y net.csv.gz:value --pair nearest --tolerance 150s
      streammi replay logger.csv --x Temp --y Durchfluss --time Datum,Uhrzeit --missing=-9999
      streammi replay plant.csv --x flow --y valve --window 2h --every 10m --unit nat --output csv
    """
    from streammi.cli.replay_override import Override
    from streammi.cli.replay_sinks import OUTPUTS, Sinks
    from streammi.cli.run_replay import Replay, replay_files, replay_recording, run_replay
    from streammi.recording.reader import is_recording

    check_choice("--output", output, OUTPUTS)
    with Sinks(output, out, samples_out) as sinks:
        replayed: Replay
        if file is not None and is_recording(file):
            reading.check_unused("where FILE is a recording", but=("time_unit",))
            given = {name for name in context.params if "COMMANDLINE" in str(context.get_parameter_source(name))}
            replayed = replay_recording(file, Override(given, pair, joining, x, y, t, reading.time_unit), sinks)
        else:
            replayed = replay_files(file, x, y, t, pair, joining, sinks, speed, reading.reading())
        # Not where lines come to the same terminal: what is behind a pipe may write them there.
        bar = sys.stderr.isatty() and (out is not None or not (sys.stdout.isatty() or _is_pipe(sys.stdout)))
        status = run_replay(replayed, sinks, speed, bar=bar)
    raise typer.Exit(status)


def _is_pipe(stream: TextIO) -> bool:
    return S_ISFIFO(os.fstat(stream.fileno()).st_mode)


@app.command()
def grafana() -> None:
    """Print a Grafana dashboard. It is of what --metrics serves, as JSON to import.

    \b
    Examples:
      streammi grafana > dashboard.json
    """
    import json

    from streammi.publish.grafana import dashboard

    print(json.dumps(dashboard(), indent=2))


@app.command(no_args_is_help=True)
def keygen(
    folder: Annotated[str, typer.Argument(metavar="DIR", help="A folder for the two files, which are named like it.")],
) -> None:
    """Make a pair of CURVE keys. With them a feed or a monitor is read by those you choose and by nobody else.

    \b
    Each side has a pair. Who connects gives --curve-secret and, as --curve-server-key, the other side's NAME.key.
    Who is connected to gives --curve-secret and --authorized-keys DIR, a folder of the NAME.key of all it lets in.

    \b
    Examples:
      streammi keygen plant
      streammi keygen alice
      mkdir -m 700 in; cp alice/alice.key in/
      streammi monitor ipc:///bus --publish 'tcp://*:5557' --curve-secret plant/plant.key_secret --authorized-keys in
      streammi view tcp://plant:5557 --curve-secret alice/alice.key_secret --curve-server-key plant/plant.key
    """
    from pathlib import Path

    from streammi.network.security import write_keys

    public, secret = write_keys(Path(folder))
    print(f"{secret}  stays here, readable by you alone: --curve-secret {secret}")
    print(f"{public}  goes to those you connect to, for their --authorized-keys folder,")
    print(f"{'':{len(str(public))}}  and to those who connect to you, as their --curve-server-key")


def _pages_named(incomplete: str) -> list[str]:
    from streammi.cli.pages import pages

    return [name for name in pages() if name.startswith(incomplete)]


@app.command("help")
def help_(
    context: typer.Context,
    topic: Annotated[
        str | None, typer.Argument(metavar="PAGE", autocompletion=_pages_named, help="A page, or a command.")
    ] = None,
) -> None:
    """Print a page of the documentation. Without a name, the list of them; of a command, what it takes.

    \b
    Examples:
      streammi help
      streammi help first-signals
      streammi help fields | grep spearman
      streammi help monitor
    """
    from streammi.cli.pages import contents, page_of, pages, show

    assert context.parent is not None
    commands = context.parent.command.commands  # type: ignore[attr-defined]
    found = pages()
    if topic is None:
        print(contents(found), end="")
    elif topic in commands:
        command = commands[topic]
        print(command.get_help(command.context_class(command, info_name=topic, parent=context.parent)))
    else:
        show(page_of(topic, found, list(commands)).text, sys.stdout)


def log_form(words: Sequence[str]) -> Form:
    """What --log asks for among the words of a command, which may be wrong otherwise.

    >>> log_form(["monitor", "--log", "json"]), log_form(["monitor", "--log=json"]), log_form(["view"])
    ('json', 'json', 'text')
    """
    return "json" if "--log=json" in words or ("--log", "json") in pairwise(words) else "text"


def main() -> None:
    """Run the command line; exit with 0, 1 for a failure, 2 for what cannot work, or 128 + the signal that ended it."""
    # Somebody may have closed them.
    sys.stdout, stderr = (stream or open(os.devnull, "w") for stream in (sys.stdout, sys.stderr))  # noqa: SIM115
    errors = sys.stderr = SpooledStream(stderr, ERRORS_ROOM)
    log = Log(errors, log_form(sys.argv[1:]))
    errors.spool.omitted = log.omitted
    log.take_over()
    # Of what river brings along, where nothing can be written: nothing here has anything to do with it.
    warnings.filterwarnings("ignore", message=".*joblib will operate in serial mode")
    status = _run(log)
    try:
        sys.stdout.flush()
    except OSError as error:
        if status == 0 and not isinstance(error, BrokenPipeError):  # whose reader has gone: nothing is wrong
            status = _fail_to_write(error, log)
        # The interpreter would complain of it on the way out.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.stderr = errors.end()
    gc.freeze()  # else the interpreter looks through all there is on its way out: 0.3 s, or 2 s on a busy machine
    sys.exit(status)


def _run(log: Log) -> int:
    """Run the command; what it fails of is said on ``log``. Returns the exit status."""
    try:
        return int(app(standalone_mode=False, obj=log) or 0)
    except StreammiError as error:
        log.fail(str(error))
        return USAGE_ERROR
    except UsageError as error:
        said = usage(error)
        if "\n" in said:  # the help, where nothing was given
            print(said, file=sys.stderr)
        else:
            log.fail(said)
        return USAGE_ERROR
    except Exception as error:  # noqa: BLE001 - said in full, and ended with
        if isinstance(error, OSError) and error.errno in NOT_WRITTEN:
            return _fail_to_write(error, log)
        log.defect(error)
        return FAILURE


def _fail_to_write(error: OSError, log: Log) -> int:
    log.fail(f"cannot write to {error.filename or 'standard output'}: {error.strerror}")
    return FAILURE
