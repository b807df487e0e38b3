"""Refusals before anything is done: before a socket is bound, a folder made, a kernel compiled."""

import os
from pathlib import Path
from typing import Final

from streammi.cli.options import RunOptions, check_unused
from streammi.config import MonitorConfig
from streammi.errors import ConfigError
from streammi.ingest.intake import SourceConfig, sources_of
from streammi.network.endpoints import check_binding, check_endpoint
from streammi.network.security import Keys
from streammi.publish.metrics import check_address

# Of a state's folder; a recording called `state` has them too.
STATE_FILES: Final = ("lock", "state", "state.0", "state.1", "state.new")


def check_monitor(source: SourceConfig, run: RunOptions, keys: Keys) -> None:
    """ConfigError, or MissingExtra, for what a monitor could not connect to, bind, serve or write."""
    sources = sources_of(source)
    for option, one in zip(("ENDPOINT",) if len(sources) == 1 else ("--x", "--y"), sources, strict=True):
        check_endpoint(one.endpoint, option)
    if run.publish is not None:
        check_binding(run.publish, "--publish", keys=keys, insecure=run.insecure)
    if run.metrics is not None:
        check_address(run.metrics, insecure=run.insecure)
    if run.record is not None:
        if run.state is not None:
            check_apart(run.state, run.record)
        if (
            run.state is None or Path(run.record).parent.resolve() != Path(run.state).resolve()
        ):  # which is made if need be
            check_writable(run.record, "--record")


def check_command(config: MonitorConfig, run: RunOptions) -> None:
    """ConfigError for a command that nothing would ever run."""
    if not config.alarms:
        check_unused("without --alarm, which it is run for", exec=run.exec)


def check_apart(state: str, record: str) -> None:
    """ConfigError for a recording that would have the names of the state's files, or one of them."""
    path = Path(record)
    if path.name in STATE_FILES and path.parent.resolve() == Path(state).resolve():
        raise ConfigError("--record", f"none of the files of --state ({', '.join(STATE_FILES)})", record)


def check_writable(path: str, option: str) -> None:
    """ConfigError where no file can be made, or written to; nothing is made, nothing emptied."""
    folder = Path(path).absolute().parent
    if os.path.isdir(path):
        why = "Is a directory"
    elif not folder.exists():
        why = "No such file or directory"
    elif not folder.is_dir():
        why = "Not a directory"
    elif not os.access(path if os.path.exists(path) else folder, os.W_OK):
        why = "Permission denied"
    else:
        return
    raise ConfigError(option, f"a file that can be written ({why})", path)
