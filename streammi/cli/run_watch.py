"""Several processes as one command: a monitor beside its view, and a publisher beside both for the demo.

The view has the terminal and this process; what receives and counts runs beside it, so that drawing, a slow terminal or
a stopped session never delays it. They are joined by the same messages as over a network.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, Final, cast

import msgspec

from streammi.cli.option_groups import arguments
from streammi.cli.options import (
    ChannelOptions,
    FeedOptions,
    JoinOptions,
    KeyedOptions,
    KeyOptions,
    PairOptions,
    RunOptions,
    ViewOptions,
    check_unused,
)
from streammi.dashboard.capabilities import is_terminal
from streammi.errors import ConfigError
from streammi.network.security import PLAIN_TEXT, Keys, reachable_here
from streammi.system.log import Form, Log
from streammi.system.open_files import check_open_files
from streammi.system.signals import PARENT, Stop

FILE_RATE: Final = 500  # rows of a file a second, where it is watched as if it came live
OF_FILE: Final = frozenset(
    (
        "endpoint",
        "x",
        "y",
        "x_label",
        "y_label",
        "x_unit",
        "y_unit",
        *(field.name for field in fields(PairOptions)),
    )
) - {"given", "labels"}  # a publisher of a file sends two columns of numbers
GRACE_SECONDS: Final = 3.0  # for a process to end after it was asked to
MAX_FOLDER_BYTES: Final = 92  # the address of a Unix socket has 107


def run_watch(
    endpoint: str | None, feed: FeedOptions, joining: JoinOptions, pair: PairOptions, run: RunOptions,
    view: ViewOptions, keys: KeyOptions,
) -> int:  # fmt: skip
    """A monitor of ``endpoint``, or of those in ``feed``, and a view of it; returns the exit status."""
    # What is wrong is said here, before there is a second process and a screen.
    from streammi.cli.baseline import check_baseline  # the demo does not wait for these
    from streammi.cli.checks import check_command, check_monitor

    check_open_files()
    config = pair.config(*feed.names, endpoint or "")
    check_baseline(config, pair.baseline)
    check_command(config, run)
    known = keys.keys(run.publish)
    check_monitor(feed.config(endpoint, pair.labels, joining, pair.condition_paths), run, known)
    return _monitor_beside(endpoint, (feed, joining, pair, keys), run, view, known)


def run_watch_of_many(
    endpoint: str | None, feed: FeedOptions, pair: PairOptions, many: ChannelOptions, run: RunOptions,
    view: ViewOptions, keys: KeyOptions, given: set[str],
) -> int:  # fmt: skip
    """A monitor of every pair of many channels, and a view of it; ``given`` are the options' names.

    Returns the exit status.
    """
    from streammi.cli.checks import check_monitor
    from streammi.cli.run_channel_monitor import channel_settings, channel_source
    from streammi.core.channels.cuda import check_installed

    check_open_files()
    of_view = {field.name for field in fields(ViewOptions)}
    source = channel_source(endpoint, feed, pair, many, given - of_view)
    check_unused("with watch, whose screen has no lines: monitor says it", target=many.target)
    channel_settings(pair, many, given)
    if many.device is not None:
        check_installed(many.device)
    known = keys.keys(run.publish)
    check_monitor(source, run, known)
    return _monitor_beside(endpoint, (feed, pair, many, keys), run, view, known)


def run_watch_of_devices(
    endpoint: str | None, feed: FeedOptions, joining: JoinOptions, pair: PairOptions, devices: KeyedOptions,
    run: RunOptions, view: ViewOptions, keys: KeyOptions, given: set[str],
) -> int:  # fmt: skip
    """A monitor of many devices, and a view of it; ``given`` are the options' names. Returns the exit status."""
    from streammi.cli.checks import check_monitor
    from streammi.cli.keyed_settings import keyed_settings

    check_open_files()
    given = given - {field.name for field in fields(ViewOptions)}
    _, source = keyed_settings(endpoint, feed, joining, pair, devices, given)
    known = keys.keys(run.publish)
    check_monitor(source, run, known)
    return _monitor_beside(endpoint, (feed, joining, pair, devices, keys), run, view, known)


def _monitor_beside(
    endpoint: str | None, options: tuple[Any, ...], run: RunOptions, view: ViewOptions, keys: Keys
) -> int:
    """``monitor`` with these options and a view of it; returns the exit status."""
    # A monitor lets its own key in: that is how its view connects to it.
    own = msgspec.structs.replace(keys, server=keys.public if keys.authorized else None)
    with _private_folder() as folder:
        run = replace(run, publish=run.publish or _ipc(folder, "readings"))
        given = (word for one in (*options, run) for word in arguments(one))
        words = ["monitor", *([endpoint] if endpoint else []), *given, "--quiet"]
        log, link = Log(sys.stderr, cast(Form, run.log)), reachable_here(str(run.publish))
        return _view_beside([words], link, view, folder, own, log)


def run_watch_of_file(
    file: str, feed: FeedOptions, pair: PairOptions, run: RunOptions, view: ViewOptions, given: set[str]
) -> int:
    """A publisher of a file, as if it came live, a monitor of it and a view; ``given`` are the options' names.

    Returns the exit status. At the end of the file the picture stays.
    """
    from streammi.cli.baseline import check_baseline
    from streammi.cli.checks import check_command
    from streammi.ingest.files.pair_file import given_column, read_pairs

    check_open_files()
    for name in sorted(given - OF_FILE - {field.name for kind in (RunOptions, ViewOptions) for field in fields(kind)}):
        raise ConfigError("--" + name.replace("_", "-"), "left out where a file is watched")
    for name in ("x", "y"):
        if name not in given:
            raise ConfigError(f"--{name}", given_column(file))
    read_pairs(file, feed.x, feed.y, None).close()  # what is wrong with it is said here, before there is a screen
    config = pair.config(feed.x, feed.y, file)
    check_baseline(config, pair.baseline)
    check_command(config, run)
    with _private_folder() as folder:
        samples, readings = _ipc(folder, "samples"), run.publish or _ipc(folder, "readings")
        publisher = ["publish", file, f"--bind={samples}", f"--x={feed.x}", f"--y={feed.y}", f"--rate={FILE_RATE}"]
        options = (word for one in (feed, pair, replace(run, publish=readings)) for word in arguments(one))
        log = Log(sys.stderr, cast(Form, run.log))
        monitor = ["monitor", samples, *options, "--quiet"]
        return _view_beside([publisher, monitor], reachable_here(readings), view, folder, log=log)


def run_demo(source: str, x: str | None, y: str | None, view: ViewOptions, seconds: float | None) -> int:
    """A publisher of ``source``, a monitor of it and a view; returns the exit status."""
    check_open_files()
    if source == "host":
        from streammi.samples.host import Host

        Host(time.monotonic).check({"--x": x, "--y": y})
    with _private_folder() as folder:
        samples, readings = _ipc(folder, "samples"), _ipc(folder, "readings")
        signals = _demo_signals(source, x, y)
        publisher = ["publish", source, f"--bind={samples}"]
        limit = [] if seconds is None else [f"--seconds={seconds}"]
        monitor = ["monitor", samples, *signals, "--quiet", f"--publish={readings}", *limit]
        return _view_beside([publisher, monitor], readings, view, folder)


def _demo_signals(source: str, x: str | None, y: str | None) -> list[str]:
    if source == "plant":
        return ["--channels=all", "--window=1000", "--every=0.5s", "--name=plant"]
    if source == "host":
        return [
            f"--x={x or 'cpu.percent'}",
            f"--y={y or 'memory.percent'}",
            "--window=240",
            "--name=host",
        ]
    return ["--x=x", "--y=y", "--window=2000", "--null=99", "--lags=-20:20", "--name=demo"]


@contextmanager
def _private_folder() -> Iterator[Path]:
    """A folder for sockets and messages, for as long as it lasts; ConfigError where there can be none."""
    try:
        made = tempfile.TemporaryDirectory(prefix="streammi-")
    except OSError as error:  # of a folder that TMPDIR names, or none that can be written to
        rule = f"a folder for the sockets between monitor and view ({error.strerror})"
        raise ConfigError("TMPDIR", rule, os.environ.get("TMPDIR")) from None
    with made as folder:
        if len(os.fsencode(folder)) > MAX_FOLDER_BYTES:
            raise ConfigError("TMPDIR", f"a path of at most {MAX_FOLDER_BYTES - 17} bytes: sockets lie in it", folder)
        yield Path(folder)


def _ipc(folder: Path, name: str) -> str:
    return f"ipc://{folder}/{name}"


def _view_beside(
    commands: Sequence[list[str]],
    link: str,
    view: ViewOptions,
    folder: Path,
    keys: Keys = PLAIN_TEXT,
    log: Log | None = None,
) -> int:
    """Run the commands beside a view of ``link``, which the last of them publishes on, until one of them ends.

    Returns the status of whichever ended with something to say.
    """
    drawn = view.resolved_output(is_terminal(os.environ, sys.stdout.isatty()), sys.stdout.isatty()) == "tui"
    # Their messages wait until the screen that they would be written over is restored; else they come at once.
    hidden = drawn and sys.stderr.isatty()
    logs = [folder / f"log{k}" if hidden else None for k in range(len(commands))]
    asked = False
    # Also before the view has the signals, and after: what runs beside it is ended in order.
    with Stop() as stop, ExitStack() as stack:
        beside = [stack.enter_context(_process(words, file)) for words, file in zip(commands, logs, strict=True)]
        from streammi.cli.run_view import AFTER_SCREEN, IN_LOG, run_view  # while they start

        def ended() -> bool:
            # A publisher whose file has ended has done what it was to do.
            return stop.requested or beside[-1].poll() is not None or any(process.poll() for process in beside)

        def ask_report() -> str:
            nonlocal asked
            asked = True
            beside[-1].send_signal(signal.SIGUSR1)
            return AFTER_SCREEN if hidden else IN_LOG

        status = run_view([link], view, keys=keys, ended=ended, ask_report=ask_report, log=log)
    for process, messages in zip(beside, logs, strict=True):
        failed = process.returncode not in (0, 128 + 15, -15)  # terminated by us is no news
        if messages is not None and (failed or (asked and process is beside[-1])):
            sys.stderr.write(messages.read_text())
        if failed:
            status = process.returncode if process.returncode > 0 else 128 - process.returncode
    return status or stop.status


@contextmanager
def _process(words: list[str], log: Path | None) -> Iterator[subprocess.Popen[bytes]]:
    """``streammi WORDS`` beside this process; asked to end, then made to, on the way out.

    Its messages go to ``log``, or to our standard error.
    """
    with nullcontext() if log is None else log.open("wb") as messages:
        process = subprocess.Popen(
            [sys.executable, "-m", "streammi", *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=messages,
            start_new_session=True,  # Ctrl-C is the view's; it then ends the others in order
            env=os.environ | {PARENT: str(os.getpid())},
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
