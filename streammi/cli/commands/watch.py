"""``streammi watch``: what it takes, and its help; cli.run_watch runs it."""

import os

import typer

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
    ViewOptions,
    given_names,
)
from streammi.cli.toml_options import ConfigFile


@grouped
def watch(
    context: typer.Context,
    feed: FeedOptions,
    joining: JoinOptions,
    pair: PairOptions,
    many: ChannelOptions,
    devices: KeyedOptions,
    run: RunOptions,
    view: ViewOptions,
    keys: KeyOptions,
    endpoint: OptionalEndpoint = None,
    config: ConfigFile = None,
) -> None:
    """Watch a feed on the screen: monitor and view in one.

    With --channels it shows every pair of many channels: which depend most, and which have changed. With --key it shows
    the same pair of many devices. A logger's file is shown as if it came live, 500 rows a second.

    \b
    Examples:
      streammi watch tcp://127.0.0.1:5556 --x temperature --y power
      streammi watch logger.csv --x Temp --y Flow
      streammi watch tcp://10.0.0.7:5556 --x acc/x --y acc/y --window 10s \\
          --unit nat
      streammi watch ipc:///run/bus --x a --y b --null 99 --lags=-50:50 \\
          --publish tcp://127.0.0.1:5557
      streammi watch tcp://127.0.0.1:5556 --channels 'rack*/temp,flow'
      streammi watch tcp://127.0.0.1:5556 --x load --y temperature --key host
      streammi watch --x tcp://a:5556#boiler:flow \\
          --y tcp://b:5556#valve:position --tolerance 50ms
    """
    from streammi.cli.run_watch import run_watch, run_watch_of_devices, run_watch_of_many

    given = given_names(context)
    if devices.key is not None:
        raise typer.Exit(run_watch_of_devices(endpoint, feed, joining, pair, devices, run, view, keys, given))
    if many.channels is not None:
        raise typer.Exit(run_watch_of_many(endpoint, feed, pair, many, run, view, keys, given))
    many.check_unused(given)
    if endpoint is not None and "://" not in endpoint and os.path.isfile(endpoint):
        from streammi.cli.run_watch import run_watch_of_file

        raise typer.Exit(run_watch_of_file(endpoint, feed, pair, run, view, given))
    raise typer.Exit(run_watch(endpoint, feed, joining, pair, run, view, keys))
