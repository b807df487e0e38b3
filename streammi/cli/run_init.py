"""Writes a commented TOML file of monitor's options, filled in with what a feed was heard to carry."""

import os
import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from streammi.cli.checks import check_writable
from streammi.cli.help_panels import COMPUTED, FEED, LIMITS, MANY, RUN, SAID, TWO, WINDOW
from streammi.cli.options import ConnectKeyOptions
from streammi.cli.toml_options import TABLES
from streammi.errors import ConfigError
from streammi.system.log import Log

NOTHING: Final = 1  # exit status where nothing came that can be watched
SHOWN: Final = 40  # channels that are named one by one: of more all are taken
OF_PANEL: Final = {
    FEED: "source", TWO: "pair", MANY: "channels", WINDOW: "window", COMPUTED: "computed", SAID: "output", RUN: "run",
    LIMITS: "limits",
}  # fmt: skip
# What a value looks like where there is no default that says so.
EXAMPLES: Final[dict[str, object]] = {
    "endpoint": "tcp://127.0.0.1:5556", "x": "temperature", "y": "power", "t": "timestamp", "pair": "nearest",
    "tolerance": "50ms", "lateness": "0s", "channels": ["rack*/temp", "flow"], "grid": "1s", "hold": "10s",
    "target": "flow", "key": "host", "max-keys": 10_000, "key-idle": "10m",
    "x-range": "0:100", "y-range": "-1:1", "estimator": "extrapolated", "lags": "-50:50",
    "given": ["load", "cycle:24h"], "pairs": ["rack*~flow"],
    "history": 1, "ksg": 4, "baseline": "first:1h", "alarm": ["mi<0.2 for 10s"], "name": "plant", "test": "shift",
    "publish": "tcp://127.0.0.1:5557", "metrics": "127.0.0.1:9464", "record": "plant.rec", "record-limit": "1GiB",
    "seconds": 3600, "samples": 100_000, "state": "/var/lib/streammi/plant", "state-every": "5s",
    "exec": "/usr/local/bin/page-somebody", "output": "jsonl", "curve-server-key": "server.key",
    "curve-secret": "monitor.key_secret", "authorized-keys": "clients",
}  # fmt: skip
LEFT_OUT: Final = ("config", "help", "export")  # the last is of replay
HEAD: Final = """\
# Options of a monitor. Run it with: streammi monitor --config FILE
#
# Every option is here, with what it is for. A line such as "# key = value" is not in force; remove the # to give the
# option. The value shown is the default, or an example. What is on the command line overrides this file.
# All options: streammi help options
"""


def run_init(
    parameters: Sequence[Any],
    endpoint: str | None,
    out: str | None,
    seconds: float,
    *,
    force: bool = False,
    topic: str = "",
    pull: bool = False,
    keys: ConnectKeyOptions,
) -> int:
    """Write the file, of the options that ``parameters`` declare; returns the exit status.

    Raises ConfigError for a file that is there already, unless by ``force``, and an endpoint that cannot be used.
    """
    if out is not None:
        check_writable(out, "--out")
        if os.path.exists(out) and not force:
            raise ConfigError("--out", "a file that is not there yet (--force replaces it)", out)
    log, active = Log(sys.stderr), dict[str, object]()
    said: list[str] = []
    if endpoint is not None:
        from streammi.cli.run_probe import listen, words  # loads ZeroMQ

        heard = listen(endpoint, seconds, topic=topic, pull=pull, keys=keys.keys())
        if heard.stopped:
            return heard.stopped
        said = words(heard.report).splitlines()
        active = watched(heard.report, heard.layout.names, apart=heard.layout.apart)
        if not active:
            for line in said:
                log.say(line)
            return NOTHING
        asked = {"topic": topic, "pull": pull} | keys.given()
        active |= {option: value for option, value in asked.items() if value}
    text = config_text(parameters, active, said)
    if out is None:
        sys.stdout.write(text)
    else:
        Path(out).write_text(text, encoding="utf-8")
        log.say(f"wrote {out}; run it with: streammi monitor --config {shlex.quote(out)}")
    return 0


def watched(report: Any, names: list[str], *, apart: bool) -> dict[str, object]:
    """The options that watch what was heard: its channels, or its two signals; empty where there is nothing to."""
    if report.monitor or not report.command:
        return {}
    if len(names) > 2 or (apart and len(names) > 1):
        return {"endpoint": report.endpoint, "channels": names if len(names) <= SHOWN else ["all"]}
    words = shlex.split(report.command)[2:]
    found: dict[str, object] = {} if words[0].startswith("--") else {"endpoint": words.pop(0)}
    flags = [word for word in words if word.startswith("--")]
    for flag in flags:
        value = words[words.index(flag) + 1 :][:1]
        found[flag.removeprefix("--")] = value[0] if value and not value[0].startswith("--") else True
    return found


def config_text(parameters: Sequence[Any], active: Mapping[str, object], said: Sequence[str] = ()) -> str:
    """The file: every option in its table, those of ``active`` in force; ``said`` is what was heard of the feed.

    What is in force and in no parameter would be lost: ConfigError.
    """
    tables: dict[str, list[str]] = {table: [] for table in TABLES}
    written = set()
    for parameter in sorted(parameters, key=lambda one: one.param_type_name != "argument"):  # ENDPOINT comes first
        key = str(max(parameter.opts, key=len).removeprefix("--"))
        if key in LEFT_OUT:
            continue
        table = OF_PANEL.get(getattr(parameter, "rich_help_panel", None) or FEED, "run")
        names = {option: name for name, option in TABLES[table].items()}
        default = parameter.default if isinstance(parameter.default, str | int | float) else None
        value = active.get(key, EXAMPLES.get(key, default))
        if key in ("x", "y") and "channels" in active:
            value = EXAMPLES[key]
        text = f"{names.get(key, key)} = {_toml('' if value is None else value)}"
        tables[table] += [*_comment(parameter.help or ""), text if key in active else f"# {text}", ""]
        written.add(key)
    if left := set(active) - written:
        raise ConfigError("options", "those of monitor", ", ".join(sorted(left)))
    parts = [HEAD, *(["\n".join(["#", *(f"# {line}".rstrip() for line in said)]) + "\n"] if said else [])]
    parts += [f"[{table}]\n" + "\n".join(lines).rstrip() + "\n" for table, lines in tables.items() if lines]
    return "\n".join(parts)


def _comment(text: str) -> list[str]:
    return [f"# {text}"] if text else []


def _toml(value: object) -> str:
    """A value as TOML writes it.

    >>> _toml(["a", "b"]), _toml(True), _toml(0.5), _toml('say "no"')
    ('["a", "b"]', 'true', '0.5', '"say \\\\"no\\\\""')
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, list):
        if len(value) > 4:
            return "[\n" + "".join(f"  {_toml(one)},\n" for one in value) + "]"
        return f"[{', '.join(map(_toml, value))}]"
    import json

    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")
