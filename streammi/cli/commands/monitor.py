"""``streammi monitor``: what it takes, and its help; cli.run_monitor runs it."""

import sys
from typing import Annotated, cast, get_args

import typer

from streammi.cli.help_panels import SAID
from streammi.cli.option_groups import grouped
from streammi.cli.options import (
    ChannelOptions,
    FeedOptions,
    JoinOptions,
    KeyedOptions,
    KeyOptions,
    OptionalEndpoint,
    PairOptions,
    RunOptions,
    check_choice,
    check_unused,
    given_names,
)
from streammi.cli.toml_options import ConfigFile


@grouped
def monitor(
    context: typer.Context,
    feed: FeedOptions,
    joining: JoinOptions,
    pair: PairOptions,
    many: ChannelOptions,
    devices: KeyedOptions,
    run: RunOptions,
    keys: KeyOptions,
    endpoint: OptionalEndpoint = None,
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            metavar="FORM",
            rich_help_panel=SAID,
            help="Format of the lines: jsonl (the default), or influx, for Telegraf.",
        ),
    ] = None,
    quiet: Annotated[
        bool,
        typer.Option(
            "--quiet/--no-quiet",
            "-q",
            show_default=False,
            rich_help_panel=SAID,
            help="Write no lines to standard output.",
        ),
    ] = False,
    config: ConfigFile = None,
) -> None:
    """Watch a feed without a screen. Readings come as JSON lines and, with --publish, on a socket.

    With --channels it watches every pair of many channels: which depend most, and which have changed. With --key it
    watches the same pair of many devices.

    \b
    Examples:
      streammi monitor tcp://127.0.0.1:5556 --x temperature --y power
      streammi monitor tcp://10.0.0.7:5556 --x imu/acc/x --y imu/gyr/z \\
          --window 10s --publish tcp://127.0.0.1:5557
      streammi monitor ipc:///run/bus --pull --window 5000 --bins 30 \\
          --x-range 0:1 --y-range=-1:1 --every 1000
      streammi monitor --x tcp://a:5556#boiler:flow \\
          --y tcp://b:5556#valve:position --pair nearest --tolerance 50ms
      streammi monitor tcp://127.0.0.1:5556 --x flow --y valve \\
          --record plant.rec --metrics 127.0.0.1:9464 --quiet
      streammi monitor tcp://127.0.0.1:5556 --channels 'rack*/temp,flow' \\
          --every 1s --publish tcp://127.0.0.1:5557
      streammi monitor tcp://127.0.0.1:5556 --x load --y temperature \\
          --key host --publish tcp://127.0.0.1:5557
      streammi monitor --config /etc/streammi/boiler.toml
    """
    from streammi.cli.baseline import with_baseline
    from streammi.cli.run_monitor import run_monitor
    from streammi.publish.outbox import LineForm

    if quiet:
        check_unused("with --quiet", output=output, target=many.target)
    form = cast(LineForm, check_choice("--output", output or "jsonl", get_args(LineForm)))
    lines = None if quiet else sys.stdout
    given = given_names(context)
    if devices.key is not None:
        from streammi.cli.keyed_settings import keyed_settings
        from streammi.cli.run_keyed import run_keyed

        of_keys, source_of_keys = keyed_settings(endpoint, feed, joining, pair, devices, given)
        known = keys.keys(run.publish)
        raise typer.Exit(run_keyed(of_keys, source_of_keys, run, lines, form=form, keys=known))
    if many.channels is not None:
        from streammi.cli.run_channel_monitor import channel_settings, channel_source, run_channel_monitor

        source = channel_source(endpoint, feed, pair, many, given)
        asked = channel_settings(pair, many, given)
        raise typer.Exit(
            run_channel_monitor(asked, source, run, lines, device=many.device, keys=keys.keys(run.publish))
        )
    many.check_unused(given)
    source_of_pair = feed.config(endpoint, pair.labels, joining, pair.condition_paths)
    settings = with_baseline(pair.config(*feed.names, endpoint or ""), pair.baseline)
    status = run_monitor(settings, source_of_pair, run, lines, form=form, keys=keys.keys(run.publish))
    raise typer.Exit(status)
