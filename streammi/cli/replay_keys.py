"""``streammi replay`` of a recording of many devices: as recorded, but for the options given now."""

from collections.abc import Collection
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from streammi.cli.options import JoinOptions, PairOptions
from streammi.cli.replay_override import Override
from streammi.cli.replay_sinks import Sinks
from streammi.errors import ConfigError
from streammi.recording.entries import Settings, files_of
from streammi.recording.reader import Recording
from streammi.session.keyed_replay import KeyedReplay

HEEDED: Final = frozenset((
    "window", "bins", "x_range", "y_range", "every", "unit", "estimator", "name", "file", "speed", "output", "out",
))  # fmt: skip


def replay_keys(path: str, pair: PairOptions, given: Collection[str], sinks: Sinks) -> KeyedReplay:
    """The replay; ``given`` are the names of the options that were given: ConfigError for one that is not heeded."""
    for name in sorted(set(given) - HEEDED):
        raise ConfigError("--" + name.replace("_", "-"), "left out where FILE is a recording of many keys")
    sinks.spare(*files_of(Path(path)).values())
    recording, changed_pair = Recording(path), Override(given, pair, JoinOptions())

    def override(recorded: Settings) -> Settings:
        assert recorded.keys is not None
        changed = changed_pair(replace(recorded, monitor=recorded.keys.pair)).monitor
        return replace(recorded, keys=replace(recorded.keys, pair=changed))

    override(recording.begin.settings)  # refused here, if at all
    lines, form = sinks.lines("keys", "jsonl", "influx")
    return KeyedReplay(recording, lines, override, form)
